#!/usr/bin/python3
r"""Makes a check with Python's standard grpcio, from the protos alone.

Generates the stubs with protoc and grpc_python_plugin into a folder that is removed again, asks,
and prints the verdict and its reasons. The exit code is fundctl's: 0 ALLOW, 10 HOLD, 11 BLOCK, 1 an
error of the gate, 2 wrong usage, 3 no gate answered.

Needs Debian's python3-grpcio, python3-protobuf, protobuf-compiler and protobuf-compiler-grpc.
Example:
  tests/end_to_end/python_check.py refund --key r1 --account m1 --order o1 --currency CNY \
      --minor-units 1234
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

PROTOS = pathlib.Path(__file__).resolve().parents[2] / "proto"
EXIT_CODES = {"VERDICT_ALLOW": 0, "VERDICT_HOLD": 10, "VERDICT_BLOCK": 11}
UNREACHABLE = {"UNAVAILABLE", "DEADLINE_EXCEEDED"}


def parse_arguments():
    parser = argparse.ArgumentParser(description="Makes a check from the protos alone.")
    parser.add_argument("checkpoint")
    parser.add_argument("--address", default="127.0.0.1:7443")
    parser.add_argument("--key", required=True)
    parser.add_argument("--account", required=True)
    parser.add_argument("--order", default="")
    parser.add_argument("--currency", default="CNY")
    parser.add_argument("--minor-units", type=int, required=True)
    parser.add_argument("--timeout", type=float, default=5.0, help="seconds")
    parser.add_argument("--protos", type=pathlib.Path, default=PROTOS, help="root of the imports")
    return parser.parse_args()


def generate_stubs(protos, folder):
    files = sorted(str(path) for path in (protos / "fundgate" / "v1").glob("*.proto"))
    subprocess.run(
        ["protoc", "-I", str(protos), f"--python_out={folder}", f"--grpc_out={folder}",
         "--plugin=protoc-gen-grpc=/usr/bin/grpc_python_plugin", *files],
        check=True)


def check(arguments):
    # Found only now: these modules have just been generated.
    import grpc
    from fundgate.v1 import check_pb2, gate_pb2_grpc, money_pb2, verdict_pb2

    request = check_pb2.CheckRequest(
        checkpoint=arguments.checkpoint,
        idempotency_key=arguments.key,
        account_id=arguments.account,
        order_id=arguments.order,
        amount=money_pb2.Money(currency_code=arguments.currency,
                               minor_units=arguments.minor_units))
    with grpc.insecure_channel(arguments.address) as channel:
        try:
            decision = gate_pb2_grpc.GateStub(channel).Check(request, timeout=arguments.timeout)
        except grpc.RpcError as error:
            print(f"{error.code().name}: {error.details()}", file=sys.stderr)
            return 3 if error.code().name in UNREACHABLE else 1
    verdict = verdict_pb2.Verdict.Name(decision.verdict)
    print(verdict.removeprefix("VERDICT_"), decision.decision_id)
    for reason in decision.reasons:
        code = verdict_pb2.ReasonCode.Name(reason.code).removeprefix("REASON_CODE_")
        print(f"  {code} {reason.name}: {reason.message}")
    return EXIT_CODES.get(verdict, EXIT_CODES["VERDICT_HOLD"])


def main():
    arguments = parse_arguments()
    with tempfile.TemporaryDirectory() as folder:
        generate_stubs(arguments.protos, folder)
        sys.path.insert(0, folder)
        return check(arguments)


if __name__ == "__main__":
    sys.exit(main())
