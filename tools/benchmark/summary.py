"""Medians and spreads of rounds, ratios within rounds, and their tables."""
import statistics

import cells

AT_LEAST, AT_MOST = "at least", "at most"


def key(cell):
    return (cell.server, cell.load, cell.outstanding, cell.spread, cell.rate, cell.rows)


class Rounds:
    """Results by cell, one a round."""

    def __init__(self, cells):
        self.cells = cells
        self.results = {key(cell): [] for cell in cells}

    def add(self, cell, result):
        self.results[key(cell)].append(result)

    def figures(self, cell, name):
        return [result[name] for result in self.results[key(cell)] if name in result]

    def errors(self):
        return [f"{cell.title}, {cell.outstanding} outstanding: {result['errors']} errors, the"
                f" first: {result['first_error']}"
                for cell in self.cells for result in self.results[key(cell)]
                if result.get("errors")]


def spread_of(values):
    """Half the distance between the smallest and the largest, in percent of the median."""
    middle = statistics.median(values)
    return 50 * (max(values) - min(values)) / middle if middle else 0


def _find(rounds, server, load, outstanding=1, **more):
    for cell in rounds.cells:
        wanted = {"server": server, "load": load, "outstanding": outstanding,
                  "spread": "uniform", "rate": 0, "rows": 0, **more}
        if all(getattr(cell, name) == value for name, value in wanted.items()):
            return cell
    return None


def _ratios(rounds, one, other, figure="rate"):
    if one is None or other is None:
        return []
    return [a / b for a, b in zip(rounds.figures(one, figure), rounds.figures(other, figure)) if b]


def claims(rounds):
    """(what, values of all rounds, AT_LEAST or AT_MOST, goal, unit), for what was measured."""
    def check(outstanding, server="fundgate", **more):
        return _find(rounds, server, "check", outstanding, **more)

    found = []

    def compare(what, one, other, goal):
        found.append((what, _ratios(rounds, one, other), AT_LEAST, goal, ""))

    for at, of_echo, of_redis, of_postgres in ((64, 0.55, 1.2, 2.5), (256, 0.75, 1.1, None)):
        compare(f"Check / bare echo at {at}", check(at), check(at, "echo"), of_echo)
        for title, peer, goal in (("Redis + Lua", "redis", of_redis),
                                  ("PostgreSQL", "postgres", of_postgres),
                                  ("MariaDB", "mariadb", None)):
            compare(f"Check / {title} at {at}", check(at), _find(rounds, peer, peer, at), goal)
    append = _find(rounds, "", "append")
    if append is not None and check(1) is not None:
        parts = (rounds.figures(cell, "p50") for cell in (check(1), check(1, "echo"), append))
        found.append(("one outstanding: p50 beyond echo and one synced append",
                      [whole - echo - disk for whole, echo, disk in zip(*parts)],
                      AT_MOST, 60, "us"))
    batch = _find(rounds, "fundgate", "batch", cells.BATCHES)
    compare("BatchCheck of 64 / bare RocksDB writer", batch, _find(rounds, "", "groups"), 0.6)
    compare("BatchCheck of 64 / bare echo of it", batch,
            _find(rounds, "echo", "batch", cells.BATCHES), None)
    for at in (64, 256):
        compare(f"StreamChecks / bare bidi echo at {at}", _find(rounds, "fundgate", "stream", at),
                _find(rounds, "echo", "stream", at), 0.6)
    compare("Check, one hot account / uniform", check(64, spread="hot"), check(64), 0.9)
    compare("Check, Zipf / uniform", check(64, spread="zipf"), check(64), None)
    loaded = _find(rounds, "fundgate", "check", rate=cells.PEAK, rows=cells.PEAK)
    if loaded is not None:
        for figure, goal in (("p50", 600), ("p99", 4000)):
            found.append((f"{cells.PEAK} checks/s beside {cells.PEAK} rows/s: {figure}",
                          rounds.figures(loaded, figure), AT_MOST, goal, "us"))
    return [claim for claim in found if claim[1]]


def _number(value):
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"


def results_table(rounds):
    lines = [f"{'':34}{'out-':>6}{'checks/s':>10}{'+-%':>5}{'p50':>9}{'p99':>10}{'p99.9':>10}"
             f"{'max':>10}{'CPU us':>8}",
             f"{'':34}{'stdg':>6}{'':15}{'us':>9}{'us':>10}{'us':>10}{'us':>10}{'a check':>8}"]
    section = None
    for cell in rounds.cells:
        rates = rounds.figures(cell, "rate")
        if not rates:
            continue
        if cell.section != section:
            section = cell.section
            lines.append(section)
        middles = [statistics.median(values) if values else None
                   for values in (rounds.figures(cell, name)
                                  for name in ("p50", "p99", "p99_9", "max", "cpu_of_check"))]
        asked = f"{cell.rate:.0f}/s" if cell.rate else str(cell.outstanding)
        lines.append(f"  {cell.title:32}{asked:>6}{_number(statistics.median(rates)):>10}"
                     f"{spread_of(rates):5.0f}{_number(middles[0]):>9}{_number(middles[1]):>10}"
                     f"{_number(middles[2]):>10}{_number(middles[3]):>10}{_number(middles[4]):>8}")
    return "\n".join(lines)


def claims_table(rounds):
    lines = [f"{'ratios within rounds':56}{'median':>9}{'least':>9}{'most':>9}  goal"]
    for what, values, bound, goal, unit in claims(rounds):
        middle = statistics.median(values)
        wanted = ""
        if goal is not None:
            is_held = middle >= goal if bound == AT_LEAST else middle <= goal
            wanted = f"{bound} {goal:g} {unit}".strip() + ("" if is_held else "   NOT MET")
        lines.append(f"  {what:54}{_number(middle):>9}{_number(min(values)):>9}"
                     f"{_number(max(values)):>9}  {wanted}")
    return "\n".join(lines)
