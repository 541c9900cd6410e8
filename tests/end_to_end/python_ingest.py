#!/usr/bin/python3
r"""Reports what happened with Python's standard grpcio, from the protos alone.

A service that reports by itself is its own primary: what it has sent is all there is, so that its
probe names the position that it has just sent. Its position is a count, NAME:COUNT; a real service
keeps its reports in a table of its own, numbered, and goes on behind what GetPosition says. The
exit code is 0 once the gate has it on disk, 1 on an error of the gate.

Needs what python_check.py needs.
Examples:
  tests/end_to_end/python_ingest.py ledger movement payment --key p1 --account m1 --order o1 \
      --amount CNY:10000
  tests/end_to_end/python_ingest.py shop fact bid --key i1 --money price=CNY:100
"""
import argparse
import pathlib
import sys
import tempfile

from python_check import PROTOS, generate_stubs


def parse_arguments():
    parser = argparse.ArgumentParser(description="Reports what happened, from the protos alone.")
    parser.add_argument("source", help="a source of the policy that reports by itself")
    parser.add_argument("--address", default="127.0.0.1:7443")
    parser.add_argument("--timeout", type=float, default=10.0, help="seconds")
    parser.add_argument("--protos", type=pathlib.Path, default=PROTOS, help="root of the imports")
    kinds = parser.add_subparsers(dest="content", required=True)
    movement = kinds.add_parser("movement", help="money that moved")
    movement.add_argument("kind")
    movement.add_argument("--order", default="")
    movement.add_argument("--amount", required=True, help="CODE:MINOR_UNITS")
    fact = kinds.add_parser("fact", help="something that is no money")
    fact.add_argument("kind", help="its name")
    fact.add_argument("--text", action="append", default=[], help="FIELD=TEXT")
    fact.add_argument("--money", action="append", default=[], help="FIELD=CODE:MINOR_UNITS")
    for verb in (movement, fact):
        verb.add_argument("--key", required=True)
        verb.add_argument("--account", default="")
    return parser.parse_args()


def money(text):
    from fundgate.v1 import money_pb2
    code, units = text.split(":")
    return money_pb2.Money(currency_code=code, minor_units=int(units))


def event(arguments):
    from fundgate.v1 import event_pb2
    # The same report always has the same id: sent again it has no effect.
    told = event_pb2.Event(event_id=f"{arguments.kind}/{arguments.key}")
    if arguments.content == "movement":
        told.movement.kind = arguments.kind
        after = told.movement.after
        after.status = event_pb2.MOVEMENT_STATUS_HAPPENED
        after.idempotency_key = arguments.key
        after.account_id = arguments.account
        after.order_id = arguments.order
        after.amount.CopyFrom(money(arguments.amount))
        return told
    told.fact.name = arguments.kind
    told.fact.key = arguments.key
    told.fact.account_id = arguments.account
    for field in arguments.text:
        name, value = field.split("=", 1)
        told.fact.fields[name].string_value = value
    for field in arguments.money:
        name, value = field.split("=", 1)
        told.fact.fields[name].money_value.CopyFrom(money(value))
    return told


def report(arguments):
    # Found only now: these modules have just been generated.
    import grpc
    from fundgate.v1 import ingest_pb2, ingest_pb2_grpc

    with grpc.insecure_channel(arguments.address) as channel:
        ingest = ingest_pb2_grpc.IngestStub(channel)
        try:
            granted = ingest.GetPosition(
                ingest_pb2.GetPositionRequest(source=arguments.source), timeout=arguments.timeout)
            count = int(granted.position.rpartition(":")[2] or 0)
            position = f"{arguments.source}:{count + 1}"
            request = ingest_pb2.IngestRequest(
                source=arguments.source, epoch=granted.epoch, previous_position=granted.position,
                position=position, events=[event(arguments)],
                probe=ingest_pb2.Probe(head_position=position, read_after=granted.gate_time))
            for ack in ingest.Ingest(iter([request]), timeout=arguments.timeout):
                if not ack.probe_now:
                    print(ack.position)
        except grpc.RpcError as error:
            print(f"{error.code().name}: {error.details()}", file=sys.stderr)
            return 1
    return 0


def main():
    arguments = parse_arguments()
    with tempfile.TemporaryDirectory() as folder:
        generate_stubs(arguments.protos, folder)
        sys.path.insert(0, folder)
        return report(arguments)


if __name__ == "__main__":
    sys.exit(main())
