"""The closed loop as a picture: SVG, of checks a second and of latency against outstanding."""
import html
import math
import statistics


WIDTH, HEIGHT = 960, 400
PANEL_WIDTH, PANEL_HEIGHT, TOP = 340, 270, 50
LEFTS = (80, 560)
COLOURS = {"echo": "#888888", "fundgate": "#0b6e4f", "redis": "#c8102e", "postgres": "#336791",
           "mariadb": "#c0765a"}


class Panel:
    """Axes: outstanding in powers of two; values from 0 or, logarithmic, from a power of ten."""

    def __init__(self, left, title, outstanding, most, least=None):
        self.left, self.title, self.outstanding = left, title, outstanding
        self.most, self.least = most, least

    def x(self, outstanding):
        first, last = math.log2(self.outstanding[0]), math.log2(self.outstanding[-1])
        return self.left + PANEL_WIDTH * (math.log2(outstanding) - first) / max(last - first, 1)

    def y(self, value):
        if self.least is None:
            share = value / self.most
        else:
            share = math.log10(value / self.least) / math.log10(self.most / self.least)
        return TOP + PANEL_HEIGHT * (1 - share)

    def ticks(self):
        if self.least is None:
            step = 10 ** math.floor(math.log10(self.most))
            while self.most / step < 4:
                step /= 2
            return [step * i for i in range(int(self.most / step) + 1)]
        return [self.least * 10 ** i for i in range(int(math.log10(self.most / self.least)) + 1)]

    def frame(self):
        yield text(self.left, TOP - 16, self.title, weight="bold")
        for value in self.ticks():
            y = self.y(value)
            yield (f'<line x1="{self.left}" y1="{y:.1f}" x2="{self.left + PANEL_WIDTH}"'
                   f' y2="{y:.1f}" stroke="#dddddd"/>')
            yield text(self.left - 8, y + 4, f"{value:,.0f}", "end")
        for outstanding in self.outstanding:
            yield text(self.x(outstanding), TOP + PANEL_HEIGHT + 20, str(outstanding), "middle")
        yield text(self.left + PANEL_WIDTH / 2, TOP + PANEL_HEIGHT + 38, "outstanding", "middle")

    def line(self, server, points):
        colour = COLOURS[server]
        path = " ".join(f"{self.x(at):.1f},{self.y(value):.1f}" for at, value in points)
        yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        for at, value in points:
            yield f'<circle cx="{self.x(at):.1f}" cy="{self.y(value):.1f}" r="3" fill="{colour}"/>'


def text(x, y, words, anchor="start", weight="normal", colour="#222222"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}"'
            f' fill="{colour}">{html.escape(words)}</text>')


def _series(rounds, figure):
    """By server: (outstanding, median) of the closed loop."""
    series = {}
    for cell in rounds.cells:
        values = rounds.figures(cell, figure) if cell.section == "closed loop" else []
        if values:
            series.setdefault(cell.server, []).append((cell.outstanding, statistics.median(values)))
    return series


def draw(rounds):
    """The picture; empty if no closed loop was measured."""
    rates, latencies = _series(rounds, "rate"), _series(rounds, "p99")
    if not rates:
        return ""
    outstanding = sorted({at for points in rates.values() for at, _ in points})
    all_latencies = [value for points in latencies.values() for _, value in points]
    panels = (
        (Panel(LEFTS[0], "checks a second", outstanding,
               1.1 * max(value for points in rates.values() for _, value in points)), rates),
        (Panel(LEFTS[1], "p99, microseconds", outstanding,
               10 ** math.ceil(math.log10(max(all_latencies))),
               10 ** math.floor(math.log10(min(all_latencies)))), latencies))
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}"'
             ' font-family="sans-serif" font-size="12">',
             '<rect width="100%" height="100%" fill="white"/>']
    for panel, series in panels:
        parts += panel.frame()
        for server, points in series.items():
            parts += panel.line(server, points)
    for place, server in enumerate(rates):
        parts.append(text(LEFTS[0] + 150 * place, HEIGHT - 12, server, weight="bold",
                          colour=COLOURS[server]))
    return "\n".join(parts + ["</svg>"]) + "\n"
