"""From the shares of `bench adaptive` to a table, and whether what was promised holds. Pure."""

import statistics

from harness.adaptive import BEFORE_S, SETTLED_S, SETTLING_S, SLOWER
from harness.report import align

OFF_PERCENT_MAX = 15  # of the final share, SETTLING_S after the change
DEVIATION_PERCENT_MAX = 10  # of the shares of single seconds, from then on


def summarise(runs):
    """One row per way: runs is [(way, result)]."""
    return [summarise_way(way, result) for way, result in runs]


def summarise_way(way, result):
    after = result["shares"][BEFORE_S:]
    settled = after[SETTLING_S:]
    final = statistics.mean(settled)
    at_15 = statistics.mean(after[SETTLING_S - 1:SETTLING_S + 2])
    return {
        "gateway": way.gateway, "way": way.name, "requests_per_s": result["requests"] / result["seconds"],
        "p50_us": result["p50_us"], "p99_us": result["p99_us"], "share": final,
        "share_off_percent": 100 * abs(at_15 - final) / final if final else 0.0,
        "share_deviation_percent": 100 * statistics.pstdev(settled) / final if final else 0.0,
    }


def shortfalls(rows):
    """What was asked and is not so; empty when all is."""
    found = []
    by_way = {row["way"]: row for row in rows if row["gateway"] == "ravelin"}
    for row in by_way.values():
        if "adaptive" not in row["way"]:
            continue
        if row["share_off_percent"] > OFF_PERCENT_MAX:
            found.append(f"{row['way']}: after 15 s the share is {row['share_off_percent']:.0f} % off")
        if row["share_deviation_percent"] > DEVIATION_PERCENT_MAX:
            found.append(f"{row['way']}: the share swings by {row['share_deviation_percent']:.0f} %")
        plain = by_way.get(row["way"].removesuffix(", adaptive"))
        if plain and "round robin" in row["way"] and row["p99_us"] >= plain["p99_us"]:
            found.append(f"{row['way']}: p99 is not below that without")
    return found


def table(report):
    lines = [["gateway", "way", "requests/s", "p50 ms", "p99 ms", "share %", "off % after 15 s", "deviation %"]]
    for row in report["rows"]:
        lines.append([
            row["gateway"], row["way"], f"{row['requests_per_s']:.0f}", f"{row['p50_us'] / 1000:.1f}",
            f"{row['p99_us'] / 1000:.1f}", f"{100 * row['share']:.1f}", f"{row['share_off_percent']:.1f}",
            f"{row['share_deviation_percent']:.1f}",
        ])
    foreign = report["foreign_cpu_percent_max"]
    return align(lines) + (
        f"{report['settings']['rate']:.0f} requests/s over three servers, one of them {SLOWER} times as slow from second "
        f"{BEFORE_S} on. Latencies and deviation: of the {SETTLED_S} s that begin {SETTLING_S} s later.\n"
        f"share: of the slow server; deviation: of its share in single seconds, as a part of it.\n"
        f"Other programs used up to {foreign:.0f} % of a CPU meanwhile.\n"
    )
