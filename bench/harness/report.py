"""From the rounds' results to medians and ratios, as a table and as JSON. Pure, but for the file."""

import json
import os
import statistics

SUBJECT = "ravelin"
NO_PEER = ("floor", SUBJECT)


def summarise(cases, rounds):
    """rounds: a list of {case name: {gateway name: result}}. One row per case and metric."""
    return [summarise_metric(case, metric, rounds) for case in cases for metric in case.metrics]


def summarise_metric(case, metric, rounds):
    values = {}
    for results in rounds:
        for gateway, result in results.get(case.name, {}).items():
            values.setdefault(gateway, []).append(metric.read(result))
    row = {
        "case": case.name, "metric": metric.name, "unit": metric.unit, "rounds": values,
        "median": {gateway: statistics.median(numbers) for gateway, numbers in values.items()},
        "ratios": {},
    }
    peers = [gateway for gateway in values if gateway not in NO_PEER]
    if SUBJECT in values and peers:
        best = min(peers, key=row["median"].get)
        row["best_peer"] = best
        row["ratios"] = {peer: ratio(values[SUBJECT], values[peer]) for peer in peers}
        row["ratios"]["best"] = row["ratios"][best]
    return row


def ratio(ours, theirs):
    """The median over the rounds of the ratio inside a round: drift of the machine cancels out."""
    ratios = [mine / other for mine, other in zip(ours, theirs)]
    return {"median": statistics.median(ratios), "min": min(ratios), "max": max(ratios)}


def growth(rounds, gateways, case, plain):
    """CPU per request of `case` over that of `plain`, by gateway, medians over the rounds."""
    grown = {}
    for gateway in gateways:
        ratios = [
            cpu(results[case][gateway]) / cpu(results[plain][gateway])
            for results in rounds
            if gateway in results.get(case, {}) and gateway in results.get(plain, {})
        ]
        if ratios:
            grown[gateway] = statistics.median(ratios)
    return grown


def cpu(result):
    return result["cpu_us"] / result["requests"]


def table(report):
    gateways = report["gateways"]
    peers = [name for name in gateways if name not in NO_PEER] if SUBJECT in gateways else []
    header = ["case", "unit", *gateways, *(f"÷ {peer}" for peer in peers)]
    lines = [header]
    for row in report["rows"]:
        name = row["case"] if row["metric"] in ("cpu", "rss") else f"{row['case']} {row['metric']}"
        cells = [name, row["unit"]]
        cells += [number(row["median"].get(gateway)) for gateway in gateways]
        for peer in peers:
            found = row["ratios"].get(peer)
            mark = " *" if len(peers) > 1 and peer == row.get("best_peer") else ""
            cells.append(f"{found['median']:.2f}{mark}" if found else "-")
        lines.append(cells)
    text = align(lines)
    if peers:
        text += "÷: median of the rounds' ratios, Ravelin over the peer; * the better peer.\n"
    if report.get("route_growth"):
        grown = ", ".join(f"{name} {value:.2f}" for name, value in report["route_growth"].items())
        text += f"CPU per request at 10,000 routes over 10: {grown}\n"
    for name, grown in report.get("everything_growth", {}).items():
        text += "".join(f"CPU per request, {name} over small: {value:.2f}\n" for value in grown.values())
    if report.get("openssl_kib"):
        share = report["openssl_kib"]
        text += (
            f"OpenSSL's own share of an idle connection: {share['released']:.1f} KiB "
            f"({share['kept']:.1f} without SSL_MODE_RELEASE_BUFFERS)\n"
        )
    foreign = report["foreign_cpu_percent_max"]
    rounds = len(report["runs"])
    return text + f"{rounds} rounds; other programs used up to {foreign:.0f} % of a CPU meanwhile.\n"


def number(value):
    if value is None:
        return "-"
    return f"{value:.1f}" if value < 1000 else f"{value:.0f}"


def align(lines):
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    text = ""
    for line in lines:
        left = [cell.ljust(width) for cell, width in zip(line[:2], widths[:2])]
        right = [cell.rjust(width) for cell, width in zip(line[2:], widths[2:])]
        text += "  ".join(left + right).rstrip() + "\n"
    return text


def write_json(report, directory):
    os.makedirs(directory, exist_ok=True)
    path = os.path.join(directory, f"{report['name']}-{report['utc']}.json")
    with open(path, "w") as file:
        json.dump(report, file, indent=1, ensure_ascii=False)
        file.write("\n")
    return path
