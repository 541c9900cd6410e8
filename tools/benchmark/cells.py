"""What is measured: one cell is one kind of load on one server, measured once a round."""
import dataclasses
import json

OUTSTANDING = [1, 16, 64, 256]
PEAK = 12_000  # checks a second, and rows a second beside them, that a large platform has
PEER_CONNECTIONS = 256
BATCHES = 4    # under way


@dataclasses.dataclass(frozen=True)
class Cell:
    section: str      # of the table
    server: str       # "" for the disk itself
    load: str         # as bench_load calls it; of the disk as bench_writer does
    outstanding: int = 1
    spread: str = "uniform"
    rate: float = 0   # open loop: questions a second
    rows: float = 0   # a second, fed to the gate meanwhile

    @property
    def title(self):
        words = [self.server or f"disk: {self.load}"]
        if self.load in ("batch", "stream"):
            words.append(self.load)
        if self.spread != "uniform":
            words.append(self.spread)
        if self.rows:
            words.append(f"+ {self.rows:.0f} rows/s")
        return " ".join(words)


def unary(section, server, **more):
    return Cell(section, server, "check" if server in ("echo", "fundgate") else server, **more)


def all_cells(peers, rate):
    """In the order of measuring: what is compared stands next to each other."""
    servers = ["echo", "fundgate", *peers]
    cells = [Cell("one outstanding: the disk's part", "", "append")]
    for outstanding in OUTSTANDING:
        cells += [unary("closed loop", server, outstanding=outstanding) for server in servers]
    for spread in ("zipf", "hot"):
        cells += [unary("distributions", server, outstanding=64, spread=spread)
                  for server in servers[1:]]
    cells += [Cell("batches of 64", "", "groups"), Cell("batches of 64", "", "judged"),
              Cell("batches of 64", "echo", "batch", BATCHES),
              Cell("batches of 64", "fundgate", "batch", BATCHES)]
    for outstanding in (64, 256):
        cells += [Cell("streams", server, "stream", outstanding) for server in servers[:2]]
    cells += [unary("open loop", server, rate=rate,
                    outstanding=PEER_CONNECTIONS if server in peers else 1) for server in servers]
    cells += [unary("open loop", "echo", rate=PEAK), unary("open loop", "fundgate", rate=PEAK),
              unary("open loop", "fundgate", rate=PEAK, rows=PEAK)]
    return list(dict.fromkeys(cells))  # --rate may be the peak


def command(cell, address, name, seconds, place, bin_folder):
    """What measures a cell."""
    if not cell.server:
        return [bin_folder / "bench_writer", cell.load, place / "disk", seconds]
    return [bin_folder / "bench_load", cell.load, "--address", address, "--name", name,
            "--seconds", seconds, "--outstanding", cell.outstanding, "--spread", cell.spread,
            "--rate", cell.rate]


def read_result(text):
    """The line that a measuring program has printed."""
    return json.loads(text.splitlines()[-1])
