#!/usr/bin/env python3
"""The plots of docs/balancing.md, as SVG, from what bench_simulate_balancing wrote.

plot_balancing.py FOLDER_WITH_CSV FOLDER_FOR_SVG
"""

import collections
import csv
import os
import sys

COLOURS = {"round_robin": "#c0392b", "least_requests": "#2471a3", "power_of_two": "#1e8449", "hash": "#b9770e"}
WIDTH, HEIGHT = 720, 300
LEFT, RIGHT, TOP, BOTTOM = 60, 150, 34, 40
INK, GRID = "#444", "#ddd"


def text(x, y, what, size=12, anchor="start", colour=INK):
    return f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}">{what}</text>'


def nice_ceiling(value):
    step = 1
    while True:
        for factor in (1, 2, 2.5, 5):
            if value <= step * factor * 4:
                return step * factor, 4
        step *= 10


class Plot:
    """A frame with a scale on the left; content in data coordinates."""

    def __init__(self, title, unit, highest):
        self.step, self.steps = nice_ceiling(highest)
        self.highest = self.step * self.steps
        self.parts = [text(LEFT, 20, title, 14), text(LEFT - 6, TOP - 4, unit, 11, "end")]
        for i in range(self.steps + 1):
            y = self.y(i * self.step)
            self.parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="{GRID}"/>')
            self.parts.append(text(LEFT - 6, y + 4, f"{i * self.step:g}", 11, "end"))

    def y(self, value):
        return HEIGHT - BOTTOM - value / self.highest * (HEIGHT - BOTTOM - TOP)

    def legend(self, names):
        for i, (name, colour) in enumerate(names):
            y = TOP + 12 + 20 * i
            self.parts.append(f'<rect x="{WIDTH - RIGHT + 14}" y="{y - 9}" width="12" height="10" fill="{colour}"/>')
            self.parts.append(text(WIDTH - RIGHT + 32, y, name))

    def svg(self):
        body = "\n".join(self.parts)
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">\n'
                f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>\n{body}\n</svg>\n')


def line_plot(title, unit, series, bands, end_s):
    """series: {name: [(seconds, value)]}; bands: [(from, to, label)] of the simulated change."""
    plot = Plot(title, unit, max(v for points in series.values() for _, v in points))
    scale = (WIDTH - RIGHT - LEFT) / end_s
    for begin, end, label in bands:
        plot.parts.insert(0, f'<rect x="{LEFT + begin * scale:.0f}" y="{TOP}" width="{(end - begin) * scale:.0f}" '
                             f'height="{HEIGHT - BOTTOM - TOP}" fill="#f4f1e4"/>')
        plot.parts.append(text(LEFT + (begin + end) / 2 * scale, TOP + 12, label, 11, "middle"))
    for name, points in series.items():
        path = "L".join(f"{LEFT + s * scale:.1f} {plot.y(v):.1f}" for s, v in points)
        plot.parts.append(f'<path d="M{path}" fill="none" stroke="{COLOURS[name]}" stroke-width="1.5"/>')
    for second in range(0, int(end_s) + 1, 2):
        plot.parts.append(text(LEFT + second * scale, HEIGHT - BOTTOM + 18, f"{second} s", 11, "middle"))
    plot.legend([(name, COLOURS[name]) for name in series])
    return plot.svg()


def bar_plot(title, unit, groups, colours):
    """groups: [(label, [value per colour])]; colours: [(name, colour)]."""
    plot = Plot(title, unit, max(v for _, values in groups for v in values))
    room = (WIDTH - RIGHT - LEFT) / len(groups)
    width = room * 0.7 / len(colours)
    for g, (label, values) in enumerate(groups):
        for i, value in enumerate(values):
            x = LEFT + room * (g + 0.15) + width * i
            plot.parts.append(f'<rect x="{x:.1f}" y="{plot.y(value):.1f}" width="{width - 2:.1f}" '
                              f'height="{plot.y(0) - plot.y(value):.1f}" fill="{colours[i][1]}"/>')
            plot.parts.append(text(x + width / 2 - 1, plot.y(value) - 4, f"{value:.0f}", 11, "middle"))
        plot.parts.append(text(LEFT + room * (g + 0.5), HEIGHT - BOTTOM + 18, label, 12, "middle"))
    plot.legend(colours)
    return plot.svg()


def smooth(points, width=3):
    """The mean of `width` intervals: single ones jump with chance."""
    return [(points[i][0], sum(v for _, v in points[max(0, i - width + 1):i + 1]) / min(width, i + 1))
            for i in range(len(points))]


def of_server(rows, scenario, server, column):
    series = collections.defaultdict(list)
    for row in rows:
        if row["scenario"] == scenario and row["server"] == server:
            series[row["algorithm"]].append((float(row["at_ms"]) / 1000, float(row[column])))
    return {name: smooth(points) for name, points in series.items()}


def main(source, target):
    with open(os.path.join(source, "summary.csv"), encoding="utf-8") as file:
        summary = list(csv.DictReader(file))
    with open(os.path.join(source, "timeline.csv"), encoding="utf-8") as file:
        timeline = list(csv.DictReader(file))

    def latencies(scenario):
        return [(row["algorithm"], [float(row["p50_ms"]), float(row["p99_ms"])])
                for row in summary if row["scenario"] == scenario]

    both = [("median", "#85929e"), ("99th percentile", "#2c3e50")]
    plots = {
        "slow_server": bar_plot("Latency with one of five servers three times as slow", "ms", latencies("slow_server"), both),
        "hot_keys": bar_plot("hash with hot keys: latency by load_max_percent", "ms", latencies("hot_keys"), both),
        "changing_server": line_plot("Requests in flight on a server that is a quarter as fast for a while", "in flight",
                                     of_server(timeline, "changing_server", "4", "in_flight"), [(4, 8, "slow")], 12),
        "leaving_server": line_plot("Requests completed by a server that is down for a while", "per 100 ms",
                                    of_server(timeline, "leaving_server", "4", "completed"), [(4, 7, "down")], 10),
    }
    for name, svg in plots.items():
        with open(os.path.join(target, f"balancing_{name}.svg"), "w", encoding="utf-8") as file:
            file.write(svg)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
