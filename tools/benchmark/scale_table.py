"""What tools/bench --scale says of its figures."""
import statistics

RATIO = 0.75
MOST_MIB = 2048
MOST_START_S = 5
TITLES = {"check 64": "Check, 64 outstanding", "check 256": "Check, 256 outstanding",
          "batch 4": "BatchCheck of 64, 4 under way"}


def _middle(rounds, figure):
    return statistics.median(one[figure] for one in rounds)


def speed_lines(speed):
    rounds = speed["rounds"]
    lines = [f"{'':34}{'empty':>10}{'new keys':>10}{'ratio':>8}{'old keys':>10}{'ratio':>8}"
             f"{'p99 us':>9}  goal {RATIO}"]
    for name, title in TITLES.items():
        empty, new, old = (rounds.get(f"{of} {name} {keys}") for of, keys in
                           (("empty", "scattered"), ("filled", "scattered"), ("filled", "old")))
        if not (empty and new and old):
            continue
        ratios = [statistics.median(a["rate"] / b["rate"] for a, b in zip(one, empty))
                  for one in (new, old)]
        met = "" if ratios[0] >= RATIO else "NOT MET"
        lines.append(f"  {title:32}{_middle(empty, 'rate'):>10,.0f}{_middle(new, 'rate'):>10,.0f}"
                     f"{ratios[0]:>8.2f}{_middle(old, 'rate'):>10,.0f}{ratios[1]:>8.2f}"
                     f"{_middle(new, 'p99'):>9,.0f}  {met}")
        if all("cpu_of_check" in one for rounds_of in (empty, new, old) for one in rounds_of):
            times = [_middle(one, "cpu_of_check") for one in (empty, new, old)]
            lines.append(f"  {'- processor time of one, us':32}{times[0]:>10.0f}{times[1]:>10.0f}"
                         f"{times[0] / times[1]:>8.2f}{times[2]:>10.0f}{times[0] / times[2]:>8.2f}")
        lines.append(f"  {'- first round, nothing remembered':32}{empty[0]['rate']:>10,.0f}"
                     f"{new[0]['rate']:>10,.0f}{new[0]['rate'] / empty[0]['rate']:>8.2f}"
                     f"{old[0]['rate']:>10,.0f}{old[0]['rate'] / empty[0]['rate']:>8.2f}"
                     f"{new[0]['p99']:>9,.0f}")
    return lines


def _row(what, value, goal=""):
    return f"  {what:66}{value:>14}  {goal}"


def _limit(value, most, unit):
    return f"at most {most} {unit}" + ("" if value <= most else "   NOT MET")


def memory_lines(phases):
    peaks = [phases[name][figure] for name, figure in
             (("speed", "filled_peak_mib"), ("sustained", "peak_mib"), ("forget", "peak_mib"))
             if name in phases]
    if not peaks:
        return []
    return [_row("resident memory at its peak, MiB", f"{max(peaks):,.0f}",
                 _limit(max(peaks), MOST_MIB, "MiB"))]


def restart_lines(restart):
    lines = []
    for start in restart["starts"]:
        how = "nothing remembered" if start["cold"] else "files remembered"
        lines.append(_row(f"serving after kill -9, {start['log_bytes'] / 2**20:.0f} MiB of log,"
                          f" {how}, s", f"{start['serving_s']:.2f}",
                          _limit(start["serving_s"], MOST_START_S, "s")))
    return lines


def sustained_lines(sustained):
    stalled, slowed, stopped = sustained["stalls"].values()
    load = sustained["load"]
    return [_row("sustained batches, checks a second", f"{load['rate']:,.0f}"),
            _row("- p50, p99, most of a batch, ms",
                 f"{load['p50'] / 1e3:.0f} {load['p99'] / 1e3:.0f} {load['max'] / 1e3:.0f}"),
            _row("- writes stalled by compaction, s; slowed, stopped",
                 f"{stalled:.1f} {slowed:.0f} {stopped:.0f}"),
            _row("- files grew by, bytes a check, not compacted",
                 f"{sustained['grown_bytes'] / max(load['checks'], 1):,.0f}")]


def disk_lines(disk):
    decisions = max(disk["decisions"], 1)
    grown = {name: after - before for name, (before, after) in disk["tables"].items()}
    journal = grown.pop("journal")
    return [_row("disk of a decision after compaction, bytes: journal",
                 f"{journal / decisions:,.0f}"),
            _row("- state: its key, timer, windows, and books",
                 f"{sum(grown.values()) / decisions:,.0f}")]


def forget_lines(forget):
    lines = [_row("checks beside nothing: p50, p99, ms",
                  f"{forget['calm']['p50'] / 1e3:.1f} {forget['calm']['p99'] / 1e3:.1f}"),
             _row(f"serving with {forget['overdue']:,} keys to forget, s",
                  f"{forget['serving_s']:.2f}")]
    if forget["rounds"]:
        lines += [_row("keys forgotten a second",
                       f"{_middle(forget['rounds'], 'forgotten_per_second'):,.0f}"),
                  _row("- checks beside it: p50, p99, ms",
                       f"{_middle(forget['rounds'], 'p50') / 1e3:.1f} "
                       f"{_middle(forget['rounds'], 'p99') / 1e3:.1f}")]
    return lines


def table(known):
    state, phases = known["state"], known["phases"]
    lines = [f"{state['keys']:,} keys, {state['books']:,} books; --store-memory"
             f" {state['memory_mib']}", ""]
    if "fill" in phases:
        fill = phases["fill"]
        lines.append(_row("filled in, s; GB", f"{fill['seconds']:.0f} {fill['bytes'] / 1e9:.2f}"))
    if "speed" in phases:
        lines += speed_lines(phases["speed"])
    lines += memory_lines(phases)
    for name, lines_of in (("restart", restart_lines), ("sustained", sustained_lines),
                           ("disk", disk_lines), ("forget", forget_lines)):
        if name in phases:
            lines += lines_of(phases[name])
    return "\n".join(line.rstrip() for line in lines).rstrip()
