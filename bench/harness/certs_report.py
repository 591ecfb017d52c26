"""The certificates' measurements as rows, a table, and what was promised of them. Pure."""

import statistics

from harness.certs import PEERS
from harness.firewall_report import comparison
from harness.report import align, number, ratio

SUBJECT = "ravelin"
FILES = "ravelin, files"
WAYS = (SUBJECT, FILES, *PEERS)
PROMISED_NAMES = 100_000  # what is promised is promised for these
PROMISED = {"ready": 1000, "resident memory": 150, "resident memory after first handshakes": 150, "journal line to served by every worker": 1000}
READY_ROWS = (
    ("ready", "ms", lambda found: found["ready_ms"]),
    ("ready, CPU time", "ms", lambda found: found["cpu_ms"]),
    ("memory", "MiB", lambda found: found["pss_mib"]),
    ("resident memory", "MiB", lambda found: found["rss_mib"]),
    ("resident memory after first handshakes", "MiB", lambda found: found["rss_mib_after_first"]),
)
FIRST_ROWS = (
    ("handshake with a name for the first time", lambda found: found["first"]["cpu_us"]),
    ("with the same names again", lambda found: found["again"]["cpu_us"]),
)
SWAP_ROWS = (
    ("journal line to served by every worker", "served", "p50_us"),
    ("the same, 99th percentile", "served", "p99_us"),
    ("the same, least", "served", "min_us"),
    ("following it in the control thread", "follow", "p50_us"),
    ("the same, CPU time", "follow_cpu", "p50_us"),
    ("of that the new view", "view", "p50_us"),
)


def extrapolate(few, twice, factor):
    """From what `few` names and twice as many take to `factor` times as many: along a straight line."""
    return twice + (twice - few) * (factor - 2)


def summarise(done):
    rows = rebuild_rows(done)
    if done["ready"]:
        for names in dict.fromkeys((done["few"], 2 * done["few"], done["names"])):
            rows += ready_rows(done, names)
        rows += first_rows(done)
    return rows + swap_rows(done) + handshake_rows(done)


def rebuild_rows(done):
    return [
        row("index", f"{names:,} names: certs index, {what}", "ms", {SUBJECT: [found[key]]})
        for names, found in done["rebuild"].items() for what, key in (("time", "wall_ms"), ("CPU time", "cpu_ms"))
    ]


def row(case, what, unit, values, estimated=(), limit=None):
    if SUBJECT in values:
        made = comparison(case, what, unit, values)
    else:
        made = {"case": case, "what": what, "unit": unit, "rounds": values, "ratios": {},
                "median": {way: statistics.median(found) for way, found in values.items()}}
    return made | {"estimated": list(estimated), "limit": limit}


def limit_of(done, what):
    return PROMISED.get(what) if done["names"] == PROMISED_NAMES else None


def ready_rows(done, names):
    rows = []
    for what, unit, read in READY_ROWS:
        values, estimated = {}, []
        for way in (way for way in (SUBJECT, *PEERS) if way in done["ready"][0]):
            sizes = [found[way] for found in done["ready"]]
            if names in sizes[0]:
                values[way] = [read(by_size[names]) for by_size in sizes]
            elif way != SUBJECT:
                estimated.append(way)
                factor = names / done["few"]
                values[way] = [
                    extrapolate(read(by_size[done["few"]]), read(by_size[2 * done["few"]]), factor) for by_size in sizes]
        if not values:
            continue
        limit = limit_of(done, what) if names == done["names"] else None
        rows.append(row("ready", f"{names:,} names: {what}", unit, values, estimated, limit))
    return rows


def first_rows(done):
    rows = []
    for names in dict.fromkeys((done["few"], done["names"])):
        for what, read in FIRST_ROWS:
            values = {way: [read(found[way][names]) for found in done["ready"]]
                      for way in (SUBJECT, *PEERS) if names in done["ready"][0].get(way, {})}
            rows.append(row("first", f"{names:,} names: {what}", "CPU µs", values))
    return rows


def swap_rows(done):
    if not done["swap"]:
        return []
    return [
        row("swap", what, "µs", {SUBJECT: [found[part][key] for found in done["swap"]]}, limit=limit_of(done, what))
        for what, part, key in SWAP_ROWS
    ]


def handshake_rows(done):
    rows = []
    for case in done["handshakes"][0] if done["handshakes"] else ():
        values = {way: [found[case][way]["cpu_us"] / found[case][way]["requests"] for found in done["handshakes"]]
                  for way in WAYS if way in done["handshakes"][0][case]}
        rows.append(row("handshakes", case, "CPU µs", values))
    return rows


# ---- what was promised ----
def findings(rows):
    return [told(one) for one in rows if one["limit"] is not None and one["median"][SUBJECT] > one["limit"]]


def told(one):
    return f"{one['case']}, {one['what']}: {one['median'][SUBJECT]:.1f} {one['unit']}, promised ≤ {one['limit']}"


# ---- the table ----
def table(report):
    rows = report["rows"]
    ways = [way for way in WAYS if any(way in one["median"] for one in rows)]
    peers = [way for way in ways if way != SUBJECT]
    lines = [["case", "what", "unit", *ways, *(f"÷ {peer}" for peer in peers)]]
    for one in rows:
        cells = [one["case"], one["what"], one["unit"]]
        cells += [("≈ " if way in one["estimated"] else "") + number(one["median"].get(way)) for way in ways]
        cells += [f"{one['ratios'][peer]['median']:.4f}" if peer in one["ratios"] else "-" for peer in peers]
        lines.append(cells)
    text = align(lines)
    text += "÷: median of the rounds' ratios, Ravelin over the peer. ≈: along a straight line through the two sizes measured.\n"
    if report["runs"]["ready"]:
        text += first_cost(report["runs"])
    for one in rows:
        if one["limit"] is not None:
            text += f"{'MISSED' if one['median'][SUBJECT] > one['limit'] else 'holds '}  {told(one)}\n"
    return text + f"Other programs used {report['foreign_cpu_percent_max']:.0f} % of a CPU meanwhile.\n"


def first_cost(runs):
    """What a certificate that is not parsed yet costs its first handshake."""
    pairs = [found[SUBJECT][runs["names"]] for found in runs["ready"]]
    cost = statistics.median(one["first"]["cpu_us"] - one["again"]["cpu_us"] for one in pairs)
    over = ratio([one["first"]["cpu_us"] for one in pairs], [one["again"]["cpu_us"] for one in pairs])["median"]
    return f"A name's first handshake costs Ravelin {cost:.0f} CPU µs more than its second ({over:.2f} times).\n"
