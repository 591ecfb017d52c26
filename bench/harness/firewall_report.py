"""The firewall's measurements as rows, a table, and what was promised of them. Pure."""

import statistics

from harness.report import align, number, ratio

SUBJECT = "ravelin"
STEPS = {"load": "load", "resident": "load, resident", "replace": "replace", "one_more": "file with one more", "element": "one element"}
MEASURES = {"wall_ms": ("", "ms"), "cpu_ms": (" CPU", "ms"), "rss_kib": (" RSS", "MiB")}
WAYS = ("ravelin", "agent", "nft -f", "nft -j", "nft, sized", "nft, sorted", "ipset")
KIB_PER_MIB = 1024
BAN_ROWS = {"single_us": "µs", "single_p99_us": "µs", "batch 64": "bans/s", "batch 256": "bans/s", "batch 1024": "bans/s"}
PACKET_ROWS = {"connection": "new connection", "late": "by a last rule", "packet": "denied packet"}


def summarise(done):
    rows = [row for case, rounds in done["sets"].items() for row in summarise_set(case, rounds)]
    rows += summarise_bans(done["bans"])
    return rows + (summarise_packets(done["packets"]) if done["packets"] else [])


def comparison(case, what, unit, values, subject=SUBJECT):
    """A row: {way: [one value per round]} as medians, and the medians of the rounds' ratios to each other way."""
    return {
        "case": case, "what": what, "unit": unit, "rounds": values,
        "median": {way: statistics.median(found) for way, found in values.items()},
        "ratios": {way: ratio(values[subject], found) for way, found in values.items() if way != subject},
    }


def summarise_set(case, rounds):
    rows = []
    for step, step_name in STEPS.items():
        for measure, (suffix, unit) in MEASURES.items():
            values = {}
            for way in WAYS:
                found = [done[way][step][measure] for done in rounds if measure in done.get(way, {}).get(step, {})]
                if found and (step == "load" or measure == "wall_ms"):
                    values[way] = [value / (KIB_PER_MIB if measure == "rss_kib" else 1) for value in found]
            if SUBJECT in values:
                rows.append(comparison(case, step_name + suffix, unit, values))
    return rows


def summarise_bans(rounds):
    rows = []
    for key, unit in BAN_ROWS.items():
        values = {way: [done[way][key] for done in rounds] for way in ("ravelin", "agent", "nft -f", "ipset")
                  if rounds and key in rounds[0][way]}
        if values:
            rows.append(comparison("bans", key.removesuffix("_us").replace("_", " "), unit, values))
    return rows


def summarise_packets(packets):
    rows = []
    for policy, depth in packets["depth"].items():
        shape, count = policy.split()
        for key, name in PACKET_ROWS.items():
            values = {way: packets["rounds"][f"{policy} {way}"][key] for way in ("ravelin", "linear", "ufw")}
            if not all(values.values()):
                continue
            row = comparison(f"packets-{shape}", f"{int(count):,} rules, {name}", "CPU µs", values)
            none = packets["rounds"]["none"][key]
            if none:
                row["median"]["no rules"] = statistics.median(none)
            smallest = packets["rounds"][f"{shape} 10 ravelin"][key]
            row["growth"] = ratio(values["ravelin"], smallest)
            row |= {"shape": shape, "count": int(count), "key": key, "depth": depth}
            rows.append(row)
    return rows


# ---- what was promised ----
def find(rows, case, what):
    return next((row for row in rows if row["case"] == case and row["what"] == what), None)


def targets(rows):
    """[(what, value, limit, whether it holds)]"""
    found = []

    def at_most(what, value, limit):
        found.append((what, value, f"≤ {limit}", value <= limit))

    def at_least(what, value, limit):
        found.append((what, value, f"≥ {limit}", value >= limit))

    for case in ("hosts-1m", "nets-100k"):
        if row := find(rows, case, "load, resident"):
            at_most(f"{case}: from text to enforced in the resident process ÷ nft -f", row["ratios"]["nft -f"]["median"], 0.2)
    if row := find(rows, "hosts-1m", "load RSS"):
        at_most("hosts-1m: resident memory, MiB", row["median"][SUBJECT], 64)
    if row := find(rows, "bans", "single"):
        at_most("one ban over the agent's socket, ms", row["median"]["agent"] / 1000, 0.3)
        at_least("bans a second in batches over the agent's socket, the slowest", min(
            row["median"]["agent"] for row in rows if row["case"] == "bans" and row["unit"] == "bans/s"), 20_000)
    largest = [row for row in rows if row.get("count") == 10_000]
    if grown := [row for row in largest if row["key"] != "packet"]:
        at_most("10,000 rules ÷ 10 rules, CPU of a new connection, worst shape", max(
            row["growth"]["median"] for row in grown), 1.5)
        for way in ("linear", "ufw"):
            at_least(f"{way} ÷ ours at 10,000 rules, a new connection by a last rule, worst shape", min(
                1 / row["ratios"][way]["median"] for row in grown if row["key"] == "late"), 5)
    return found


def findings(rows):
    return [f"{what}: {value:.2f}, promised {limit}" for what, value, limit, holds in targets(rows) if not holds]


# ---- tables ----
def table(report):
    rows = report["rows"]
    text = wide_table([row for row in rows if "depth" not in row], WAYS, ("nft -f", "ipset"))
    text += wide_table([row for row in rows if "depth" in row], ("no rules", "ravelin", "linear", "ufw"), ("linear", "ufw"))
    for row in rows:
        if row.get("count") == 10_000 and row["key"] == "connection":
            depth, load = row["depth"], report["runs"]["packets"]["load_ms"]
            policy = f"{row['shape']} {row['count']}"
            times = ", ".join(f"{way} {load[f'{policy} {way}']:.0f} ms" for way in ("ravelin", "linear", "ufw"))
            text += (f"{row['shape']}, 10,000 rules: {depth['lookups']} lookups at most, {depth['plain_rules']} rules compared "
                     f"one by one; from the file to enforced: {times}\n")
    text += ("÷: median of the rounds' ratios, Ravelin over the peer. load: a process from its start to its end; all else of "
             "Ravelin: in the\nresident process, from the file to the kernel's answer.\n")
    for what, value, limit, holds in targets(rows):
        text += f"{'holds ' if holds else 'MISSED'}  {what}: {value:.2f} ({limit})\n" if value < 1000 else (
            f"{'holds ' if holds else 'MISSED'}  {what}: {value:,.0f} ({limit})\n")
    return text + f"Other programs used {report['foreign_cpu_percent_max']:.0f} % of a CPU meanwhile.\n"


def wide_table(rows, ways, peers):
    if not rows:
        return ""
    ways = [way for way in ways if any(way in row["median"] for row in rows)]
    lines = [["case", "what", "unit", *ways, *(f"÷ {peer}" for peer in peers)]]
    for row in rows:
        cells = [row["case"], row["what"], row["unit"], *(number(row["median"].get(way)) for way in ways)]
        cells += [f"{row['ratios'][peer]['median']:.3f}" if peer in row["ratios"] else "-" for peer in peers]
        lines.append(cells)
    return align(lines) + "\n"
