"""A payment platform in small: plays the story, or does business until it is told to stop.

Needs the gate's stubs on the PYTHONPATH; tools/run calls it as it should be.
"""

import argparse
import pathlib
import signal
import sys
import threading

import screen
from business import Business
from gate_client import GateClient
from payments import PaymentService
from stage import WentWrong
from story import Story


def parse_arguments():
    parser = argparse.ArgumentParser(prog="simulator", description=__doc__)
    parser.add_argument("--gate", required=True, metavar="HOST:PORT")
    parser.add_argument("--database", required=True, metavar="HOST:PORT")
    parser.add_argument("--password-file", required=True, type=pathlib.Path,
                        help="of the database's account service")
    verbs = parser.add_subparsers(dest="verb", required=True)
    story = verbs.add_parser("story", help="plays the story; exit code 1 if it went wrong")
    story.add_argument("--bin", required=True, type=pathlib.Path, help="where fundctl lies")
    story.add_argument("--socket", required=True, help="of the database, for who types by hand")
    story.add_argument("--pause", type=float, default=0, help="seconds between two scenes")
    verbs.add_parser("business", help="goes on until SIGTERM")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    gate = GateClient(arguments.gate)
    host, _, port = arguments.database.rpartition(":")
    password = arguments.password_file.read_text().strip()

    def connect():
        return PaymentService(gate, host, int(port), password)

    if arguments.verb == "business":
        stopped = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stopped.set())
        Business(connect).go_on(stopped)
        return 0
    try:
        fundctl = [str(arguments.bin / "fundctl"), "--address", arguments.gate]
        Story(connect(), fundctl, arguments.socket, arguments.pause).play(connect())
    except WentWrong as error:
        screen.wrong(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
