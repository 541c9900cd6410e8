"""Measures a gate on the state of years beside one that has just begun: speed, memory, starting
after `kill -9`, disk, compaction, and the forgetting of keys. Prints a table; writes all figures as
JSON.

tools/bench --scale calls it as it should be.
"""
import argparse
import contextlib
import json
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

import cells
import scale_table
import servers

PHASES = ["fill", "speed", "restart", "sustained", "disk", "forget"]
KILLS = 3
CHECKS_BEFORE_KILL_S = 5
CALM_RATE = 2000  # checks a second beside which keys are forgotten
MOST_FORGETTING_S = 60
SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)


def parse_arguments():
    parser = argparse.ArgumentParser(prog="benchmark", description=__doc__)
    parser.add_argument("--bin", required=True, type=pathlib.Path, help="where the binaries lie")
    parser.add_argument("--out", required=True, type=pathlib.Path, help="folder for the results")
    parser.add_argument("--keys", type=int, default=100_000_000)
    parser.add_argument("--books", type=int, default=10_000_000)
    parser.add_argument("--overdue", type=int, default=0,
                        help="keys to be forgotten; 0: a hundredth")
    parser.add_argument("--memory", type=int, default=1536, help="MiB, for both gates' stores")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3, help="of each cell in each round")
    parser.add_argument("--sustained", type=float, default=60, help="seconds")
    parser.add_argument("--keep", type=pathlib.Path, help="fill this folder, or use what is in it")
    parser.add_argument("--phases", default=",".join(PHASES))
    arguments = parser.parse_args()
    arguments.phases = arguments.phases.split(",")
    for phase in arguments.phases:
        if phase not in PHASES:
            parser.error(f"--phases knows {', '.join(PHASES)}; not '{phase}'")
    if arguments.keys < 2 * arguments.books or arguments.books < 1:
        parser.error("--keys must be at least twice --books")
    arguments.overdue = arguments.overdue or max(arguments.keys // 100, 1)
    return arguments


def forget_pages(folder):
    """What the system remembers of these files is dropped: they will be read from the disk."""
    for path in pathlib.Path(folder).rglob("*"):
        if path.is_file():
            with open(path, "rb") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def size_of(folder):
    return sum(path.stat().st_size for path in pathlib.Path(folder).rglob("*") if path.is_file())


class Gate(servers.Server):
    """A gate over a folder of its own or over a filled one, with what it tells of itself."""

    def __init__(self, place, arguments, name, data=None):
        self.name = name
        super().__init__(place, arguments.bin)
        self.data = data or self.folder / "data"
        self._memory = arguments.memory
        self._metrics = ""
        self.serving_after = 0.0

    def up(self):
        port_file, metrics_file = self.folder / "port", self.folder / "metrics"
        port_file.unlink(missing_ok=True)
        metrics_file.unlink(missing_ok=True)
        begun = time.monotonic()
        self.start(self.bin / "fundgated", "--listen", "127.0.0.1:0", "--data", self.data,
                   "--policy", servers.ROOT / "config" / "policy.yaml", "--port-file", port_file,
                   "--store-memory", self._memory, "--metrics", "127.0.0.1:0",
                   "--metrics-port-file", metrics_file)
        self.await_until(lambda: port_file.exists() and port_file.read_text().strip(), every=0.002)
        self.serving_after = time.monotonic() - begun
        self.address = "127.0.0.1:" + port_file.read_text().strip()
        self.await_until(metrics_file.exists)
        self._metrics = f"http://127.0.0.1:{metrics_file.read_text().strip()}/metrics"

    def metrics(self):
        """By name, or by name and labels as they are written."""
        with urllib.request.urlopen(self._metrics, timeout=60) as page:
            text = page.read().decode()
        return {name + ("{" + labels + "}" if labels else ""): float(value)
                for name, labels, value in SAMPLE.findall(text)}

    def tables(self):
        prefix = 'fundgate_store_table_bytes{table="'
        return {name[len(prefix):-2]: value for name, value in self.metrics().items()
                if name.startswith(prefix)}

    def _proc(self, file, field):
        text = pathlib.Path(f"/proc/{self._process.pid}/{file}").read_text()
        return int(re.search(rf"^{field}:\s*(\d+)", text, re.MULTILINE).group(1))

    def resident_mib(self):
        return self._proc("status", "VmRSS") / 1024

    def peak_mib(self):
        return self._proc("status", "VmHWM") / 1024

    def read_bytes(self):
        """From the disk, not from what the system remembers of it."""
        return self._proc("io", "read_bytes")

    def kill(self):
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()


class Scale:
    def __init__(self, arguments, place, stack):
        self.arguments = arguments
        self.place = place
        self._stack = stack
        self._names = 0
        self._filled = (arguments.keep or place / "filled").resolve()
        self._shop = {}

    # ---- What the phases have in common ----

    def begin(self, gate):
        """Starts a gate and what feeds it; ends both with this program."""
        self._stack.callback(gate.stop)
        gate.up()
        gate.feeder = self.feed(gate)

    def feed(self, gate):
        feeder = servers.Feeder(self.place, self.arguments.bin, gate)
        self._stack.callback(feeder.stop)
        feeder.up()
        return feeder

    def filled_gate(self):
        return Gate(self.place, self.arguments, f"filled-{time.monotonic_ns()}", self._filled)

    def end(self, gate):
        gate.feeder.stop()
        gate.stop()

    def load(self, gate, load, keys, outstanding=64, rate=0, seconds=None):
        """The command of a load."""
        self._names += 1
        command = [self.arguments.bin / "bench_load", load, "--address", gate.address, "--name",
                   f"s{time.monotonic_ns()}-{self._names}", "--seed", self._names,
                   "--seconds", seconds or self.arguments.seconds, "--outstanding", outstanding,
                   "--rate", rate, "--keys", keys]
        if gate.data == self._filled:
            command += ["--orders", self._shop["orders"], "--accounts", self._shop["accounts"],
                        "--keys-of-order", self._shop["keys_of_order"]]
        return command

    def measure(self, gate, *load, **more):
        before, begun = gate.read_bytes(), time.monotonic()
        cpu = gate.processor_time()
        result = cells.read_result(servers.run(*self.load(gate, *load, **more)))
        result["server_cores"] = (gate.processor_time() - cpu) / (time.monotonic() - begun)
        if result["rate"]:
            result["cpu_of_check"] = 1e6 * result["server_cores"] / result["rate"]
        result["disk_read_bytes"] = gate.read_bytes() - before
        result["resident_mib"] = gate.resident_mib()
        return result

    # ---- Phases ----

    def fill(self):
        about = self._filled / "population"
        if about.exists():
            self._shop = self.read_shop()
            return {"reused": True, "bytes": size_of(self._filled)}
        begun = time.monotonic()
        command = [self.arguments.bin / "bench_fill", self._filled, "--keys", self.arguments.keys,
                   "--books", self.arguments.books]
        if subprocess.run([str(word) for word in command], check=False).returncode != 0:
            raise SystemExit("tools/bench: the store was not filled")
        self._shop = self.read_shop()
        return {"reused": False, "seconds": time.monotonic() - begun,
                "bytes": size_of(self._filled)}

    def read_shop(self):
        lines = (self._filled / "population").read_text().split()
        shop = {name: int(value) for name, value in zip(lines[::2], lines[1::2])}
        wanted = (self.arguments.books, self.arguments.keys // self.arguments.books)
        if (shop["orders"], shop["keys_of_order"]) != wanted:
            raise SystemExit(
                f"tools/bench: {self._filled} holds {shop['orders'] * shop['keys_of_order']} keys "
                f"and {shop['orders']} books: say so with --keys and --books, or remove it")
        return shop

    def speed(self):
        """The same questions to both, in turn."""
        forget_pages(self._filled)
        empty = Gate(self.place, self.arguments, "empty")
        filled = self.filled_gate()
        self.begin(empty)
        self.begin(filled)
        questions = [("check", 64), ("check", 256), ("batch", cells.BATCHES)]
        measured = [(gate, load, keys, outstanding) for load, outstanding in questions
                    for gate, keys in ((empty, "scattered"), (filled, "scattered"),
                                       (filled, "old"))]
        rounds = {f"{'empty' if gate is empty else 'filled'} {load} {outstanding} {keys}": []
                  for gate, load, keys, outstanding in measured}
        for _ in range(self.arguments.rounds):
            for name, (gate, load, keys, outstanding) in zip(rounds, measured):
                rounds[name].append(self.measure(gate, load, keys, outstanding))
        result = {"rounds": rounds, "filled_peak_mib": filled.peak_mib(),
                  "empty_peak_mib": empty.peak_mib(), "filled_metrics": filled.metrics()}
        self.end(filled)
        self.end(empty)
        return result

    def restart(self):
        """Killed under load, and started again; the last time with nothing remembered."""
        gate = self.filled_gate()
        self.begin(gate)
        starts = []
        for number in range(1, KILLS + 1):
            load = subprocess.Popen(
                [str(word) for word in self.load(gate, "batch", "scattered", cells.BATCHES,
                                                 seconds=4 * CHECKS_BEFORE_KILL_S)],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self._stack.callback(load.kill)
            time.sleep(CHECKS_BEFORE_KILL_S)
            gate.kill()
            load.kill()
            load.wait()
            gate.feeder.stop()
            is_cold = number == KILLS
            logs = sum(path.stat().st_size for path in self._filled.glob("*.log"))
            if is_cold:
                forget_pages(self._filled)
            gate.up()
            begun = time.monotonic()
            gate.feeder = self.feed(gate)
            self.measure(gate, "check", "scattered", 1, seconds=0.1)
            starts.append({"cold": is_cold, "log_bytes": logs, "serving_s": gate.serving_after,
                           "first_checks_s": gate.serving_after + time.monotonic() - begun,
                           "resident_mib": gate.resident_mib()})
        self.end(gate)
        return {"starts": starts}

    def sustained(self):
        gate = self.filled_gate()
        self.begin(gate)
        before, size = gate.metrics(), size_of(self._filled)
        load = self.measure(gate, "batch", "scattered", cells.BATCHES,
                            seconds=self.arguments.sustained)
        after = gate.metrics()
        names = ["fundgate_store_write_stall_seconds_total",
                 'fundgate_store_write_stalls_total{how="slowed"}',
                 'fundgate_store_write_stalls_total{how="stopped"}']
        result = {"load": load, "stalls": {name: after[name] - before[name] for name in names},
                  "pending_compaction_bytes": after["fundgate_store_pending_compaction_bytes"],
                  "grown_bytes": size_of(self._filled) - size, "peak_mib": gate.peak_mib()}
        self.end(gate)
        return result

    def disk(self):
        """What decisions take once all is compacted: of a gate that has nothing else."""
        gate = Gate(self.place, self.arguments, f"disk-{time.monotonic_ns()}")
        self.begin(gate)
        self.end(gate)
        before = self.compact(gate)  # the orders, and that they were paid
        self.begin(gate)
        load = self.measure(gate, "batch", "scattered", cells.BATCHES,
                            seconds=self.arguments.sustained / 3)
        decisions = sum(value for name, value in gate.metrics().items()
                        if name.startswith("fundgate_decisions_total{"))
        self.end(gate)
        after = self.compact(gate)
        return {"load": load, "decisions": decisions,
                "tables": {name: [before[name], after[name]] for name in after}}

    def compact(self, gate):
        """The bytes of each table of a gate that has ended, all compacted."""
        tables = json.loads(servers.run(self.arguments.bin / "bench_fill", gate.data, "--compact"))
        return {name: after for name, (_, after) in tables.items()}

    def forget(self):
        gate = self.filled_gate()
        self.begin(gate)
        calm = self.measure(gate, "check", "scattered", rate=CALM_RATE, seconds=10)
        self.end(gate)
        servers.run(self.arguments.bin / "bench_fill", self._filled, "--overdue",
                    self.arguments.overdue)
        self._shop = self.read_shop()
        gate = self.filled_gate()
        begun = time.monotonic()
        self.begin(gate)
        serving, rounds, forgotten = gate.serving_after, [], []
        while time.monotonic() - begun < MOST_FORGETTING_S:
            count, at = gate.metrics()["fundgate_keys_forgotten_total"], time.monotonic()
            result = self.measure(gate, "check", "scattered", rate=CALM_RATE, seconds=5)
            result["forgotten"] = gate.metrics()["fundgate_keys_forgotten_total"] - count
            result["forgotten_per_second"] = result["forgotten"] / (time.monotonic() - at)
            if result["forgotten"] == 0:
                break
            rounds.append(result)
        forgotten = gate.metrics()["fundgate_keys_forgotten_total"]
        result = {"calm": calm, "rounds": rounds, "overdue": self.arguments.overdue,
                  "serving_s": serving, "forgotten": forgotten, "peak_mib": gate.peak_mib()}
        self.end(gate)
        return result


def errors_in(figures):
    """Sentences about loads that had errors, wherever they stand."""
    if isinstance(figures, dict):
        if figures.get("errors"):
            yield f"{figures['errors']:.0f} errors, the first: {figures['first_error']}"
        figures = figures.values()
    elif not isinstance(figures, list):
        return
    for one in figures:
        yield from errors_in(one)


def write(arguments, phases):
    """Adds to what earlier calls found of the same state. All of it."""
    arguments.out.mkdir(parents=True, exist_ok=True)
    path = arguments.out / "scale.json"
    state = {"keys": arguments.keys, "books": arguments.books, "memory_mib": arguments.memory}
    known = json.loads(path.read_text()) if path.exists() else {}
    if known.get("state") != state:
        known = {"state": state, "phases": {}}
    known["phases"].update(phases)
    path.write_text(json.dumps(known, indent=1) + "\n")
    return known


def main():
    arguments = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    phases = {}
    with contextlib.ExitStack() as stack:
        # On the disk that is measured, not in memory.
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="fundgate-scale-"))
        scale = Scale(arguments, pathlib.Path(folder), stack)
        filled = scale.fill()
        if "fill" in arguments.phases and not filled["reused"]:
            phases["fill"] = filled
        for phase in arguments.phases:
            if phase != "fill":
                print(f"measuring: {phase}", file=sys.stderr)
                phases[phase] = getattr(scale, phase)()
    print(scale_table.table(write(arguments, phases)))
    errors = list(errors_in(phases))
    for error in errors:
        print("ERROR: " + error)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
