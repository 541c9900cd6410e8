"""Measures Fundgate beside what a payment team would build itself: all in one run, in turn, on the
same machine. Prints tables; writes all figures as JSON and a picture as SVG.

tools/bench calls it as it should be.
"""
import argparse
import contextlib
import datetime
import json
import os
import pathlib
import platform
import signal
import statistics
import sys
import tempfile

import cells as measured
import plot
import servers
import summary


def parse_arguments():
    parser = argparse.ArgumentParser(prog="benchmark", description=__doc__)
    parser.add_argument("--bin", required=True, type=pathlib.Path, help="where the binaries lie")
    parser.add_argument("--out", required=True, type=pathlib.Path, help="folder for the results")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each cell in each round")
    parser.add_argument("--rate", type=float, default=4000, help="of the open loop over all")
    parser.add_argument("--peers", default="redis,postgres,mariadb", help="which; empty for none")
    parser.add_argument("--only", default="",
                        help="sections whose names begin with one of these words")
    return parser.parse_args()


class Bench:
    def __init__(self, arguments, place, stack):
        self.arguments = arguments
        self.place = place
        self._stack = stack
        self._servers = {}
        self._feeder = None
        self._names = 0

    def start(self, kind):
        server = kind(self.place, self.arguments.bin)
        self._stack.callback(server.stop)
        server.up()
        self._servers[server.name] = server

    def feed(self, rows=0):
        """Makes the gate be fed with so many rows a second; what the feeder before it saw."""
        report = self._feeder.report() if self._feeder is not None else ""
        self._feeder = servers.Feeder(self.place, self.arguments.bin, self._servers["fundgate"],
                                      rows)
        self._stack.callback(self._feeder.stop)
        self._feeder.up()
        return report

    def measure(self, cell):
        server = self._servers.get(cell.server)
        if cell.rows:
            self.feed(cell.rows)
        self._names += 1
        before = server.processor_time() if server else 0
        begun = os.times().elapsed
        command = measured.command(cell, server.address if server else "", f"b{self._names}",
                                   self.arguments.seconds, self.place, self.arguments.bin)
        result = measured.read_result(servers.run(*command))
        if server:
            # Of the whole time, connecting and warming up included, as the checks are too.
            result["server_cores"] = ((server.processor_time() - before)
                                      / max(os.times().elapsed - begun, 0.001))
            if result["rate"]:
                result["cpu_of_check"] = (1e6 * (result["server_cores"] + result["client_cores"])
                                          / result["rate"])
        if cell.rows:
            result["feeder"] = measured.read_result(self.feed())
        return result


def describe_machine():
    cpu = [line.partition(":")[2].strip() for line in open("/proc/cpuinfo", encoding="ascii")
           if line.startswith("model name")]
    return {"at": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "cores": os.cpu_count(), "processor": cpu[0] if cpu else "",
            "kernel": platform.release(), "load": os.getloadavg()[0]}


def write(arguments, machine, rounds):
    arguments.out.mkdir(parents=True, exist_ok=True)
    figures = [{"section": cell.section, "server": cell.server, "load": cell.load,
                "outstanding": cell.outstanding, "spread": cell.spread, "rate": cell.rate,
                "rows": cell.rows, "rounds": rounds.results[summary.key(cell)]}
               for cell in rounds.cells]
    ratios = [{"what": what, "median": statistics.median(values), "rounds": values, "bound": bound,
               "goal": goal} for what, values, bound, goal, _ in summary.claims(rounds)]
    (arguments.out / "load.json").write_text(
        json.dumps({"machine": machine, "seconds": arguments.seconds, "cells": figures,
                    "ratios": ratios}, indent=1) + "\n")
    (arguments.out / "load.svg").write_text(plot.draw(rounds))


def main():
    arguments = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    peers = [kind for kind in servers.PEERS if kind.name in arguments.peers.split(",")]
    chosen = [cell for cell in measured.all_cells([kind.name for kind in peers], arguments.rate)
              if cell.section.startswith(tuple(arguments.only.split(",")))]
    rounds = summary.Rounds(chosen)
    machine = describe_machine()
    with contextlib.ExitStack() as stack:
        # On the disk that is measured, not in memory; others may look in, for PostgreSQL's user.
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="fundgate-bench-"))
        place = pathlib.Path(folder)
        place.chmod(0o711)
        bench = Bench(arguments, place, stack)
        for kind in [servers.Echo, servers.Fundgate, *peers]:
            bench.start(kind)
        bench.feed()
        for number in range(1, arguments.rounds + 1):
            for done, cell in enumerate(chosen, 1):
                rounds.add(cell, bench.measure(cell))
                if sys.stderr.isatty():
                    print(f"\rround {number} of {arguments.rounds}, {done} of {len(chosen)} ",
                          end="", file=sys.stderr)
        if sys.stderr.isatty():
            print(file=sys.stderr)
    write(arguments, machine, rounds)
    print(f"{machine['cores']} cores, {machine['processor']}, load {machine['load']:.1f} before;"
          f" {arguments.rounds} rounds of {arguments.seconds:g} s; medians\n")
    print(summary.results_table(rounds))
    print()
    print(summary.claims_table(rounds))
    errors = rounds.errors()
    for error in errors:
        print("ERROR: " + error)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
