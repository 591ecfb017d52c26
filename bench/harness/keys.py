"""The benchmark of keys in a process of their own: full handshakes beside the same with the keys in the gateway."""

import dataclasses
import os

from harness.measure import Backend
from harness.two_ways import KEYS, interleave, one, row, select

WAYS = ("here", "apart")
CPU_MAX = 1.15  # of both processes, beside one
RATE_MIN = 0.9


def measure(plan, chosen, rounds, tell):
    backend = Backend(plan)
    program = os.path.join(plan.programs, "bench_gateway_keys")

    def run(name, way):
        return one(plan, backend, name, way, f"key: {plan.certificates[name][1]}", lambda config: [program, way, config])

    return interleave(backend, WAYS, chosen, rounds, tell, run)


@dataclasses.dataclass(frozen=True)
class Number:
    what: str
    of: callable
    bound: str


NUMBERS = (
    Number("CPU of all processes, us per handshake", lambda run: run["cpu_us"] / run["requests"], f"<= {CPU_MAX}"),
    Number("full handshakes per second", lambda run: run["requests"] / run["seconds"], f">= {RATE_MIN}"),
)


def summarise(done):
    """A row per key and number: medians, and the median of the ratios apart : here."""
    rows = []
    for name in done[0]:
        for number in NUMBERS:
            rows.append({**row(done, name, WAYS, number.of), "what": number.what, "bound": number.bound})
    return rows


def findings(rows):
    """What is above its bound."""
    found = []
    for each in rows:
        is_cpu = each["what"].startswith("CPU")
        if each["ratio"] > CPU_MAX if is_cpu else each["ratio"] < RATE_MIN:
            found.append(f"{each['case']}: {each['what']}: {each['ratio']:.3f} ({each['bound']})")
    return found


def table(done):
    lines = [f"{'key':<10}{'':<42}{'here':>10}{'apart':>10}{'apart : here':>15}{'bound':>10}"]
    lines += [f"{each['case']:<10}{each['what']:<42}{each['here']:>10,.0f}{each['apart']:>10,.0f}{each['ratio']:>15.3f}"
              f"{each['bound']:>10}" for each in done["rows"]]
    return "\n".join(lines) + "\n"
