"""From pairs to medians and ratios, as a table. Pure."""

import statistics

from harness.report import align, number, ratio

RATIO_MAX = 2.0  # what the others may feel of slow clients, at p99
LATENCIES = ("p50_us", "p99_us", "p999_us")


def summarise(by_mode):
    """by_mode: {mode name: [pair, …]}. One row per mode."""
    return [summarise_mode(name, pairs) for name, pairs in by_mode.items()]


def summarise_mode(name, pairs):
    row = {"mode": name, "ratios": {}}
    for side in ("without", "with"):
        runs = [pair[side] for pair in pairs]
        keys = [*LATENCIES, "gateway_busy_percent", "load_cpu_percent", "slow_cpu_percent"]
        if side == "with":
            keys += ["rss_bytes_per_slow_connection", "slow_opened_seconds"]
        row[side] = {key: statistics.median(run[key] for run in runs) for key in keys}
    for key in LATENCIES:
        row["ratios"][key] = ratio(*([pair[side][key] for pair in pairs] for side in ("with", "without")))
    row["slow_open_min"] = min(pair["with"]["slow_open"] for pair in pairs)
    row["slow_open_max"] = max(pair["with"]["slow_at_start"]["established"] for pair in pairs)
    return row


def findings(rows):
    """The modes in which the others waited too long."""
    return [f"slow clients ({row['mode']}) more than double p99 of the others" for row in rows
            if row["ratios"]["p99_us"]["median"] > RATIO_MAX]


def table(report):
    lines = [[
        "mode", "slow clients", "p50 µs", "p99 µs", "p99.9 µs", "gateway %", "load CPU %", "open",
        "KiB/connection",
    ]]
    for row in report["rows"]:
        for side in ("without", "with"):
            values = row[side]
            cells = [row["mode"] if side == "without" else "", side]
            cells += [number(values[key]) for key in (*LATENCIES, "gateway_busy_percent", "load_cpu_percent")]
            if side == "with":
                cells += [f"{row['slow_open_min']}–{row['slow_open_max']}",
                          number(values["rss_bytes_per_slow_connection"] / 1024)]
            lines.append(cells + ["-"] * (len(lines[0]) - len(cells)))
        ratios = row["ratios"]
        for label, key in (("ratio", "median"), ("min", "min"), ("max", "max")):
            cells = ["", label, *(f"{ratios[latency][key]:.2f}" for latency in LATENCIES)]
            lines.append(cells + [""] * (len(lines[0]) - len(cells)))
    text = align(lines)
    settings = report["settings"]
    pairs = len(next(iter(report["runs"].values())))
    text += (
        f"{settings['rate']:.0f} requests/s, {pairs} pairs; slow clients move every "
        f"{settings['slow_interval']} s. ratio: median of the pairs' ratios, with over "
        f"without (at p99 at most {RATIO_MAX:.0f}).\n"
        "open: fewest and most slow connections before and after a window; KiB: growth of resident memory.\n"
    )
    foreign = report["foreign_cpu_percent_max"]
    return text + f"Other programs used up to {foreign:.0f} % of a CPU meanwhile.\n"
