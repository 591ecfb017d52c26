"""The benchmark of keys in a process of their own: full handshakes beside the same with the keys in the gateway."""

import dataclasses
import os
import shutil
import statistics
import tempfile

from harness.cases import CONNECTION, HANDSHAKE, Case
from harness.gateways import Setup
from harness.measure import Backend, drive

KEYS = ("p256", "rsa2048")
WAYS = ("here", "apart")
CPU_MAX = 1.15  # of both processes, beside one
RATE_MIN = 0.9


def select(only):
    return [key for key in KEYS if not only or any(key.startswith(start) for start in only)]


def one(plan, backend, name, way):
    directory = tempfile.mkdtemp(prefix=f"{name}-{way}-", dir=plan.directory)
    chain, key = plan.certificates[name]
    setup = Setup(directory=directory, programs=plan.programs, backend_port=backend.port, chain="", key="",
                  cpus=[plan.gateway_cpu])
    certificates = f"        - {{ chain: {chain}, key: {key}, default: true }}"
    config = setup.render("ravelin-certs.yaml.in", STORE="", CERTIFICATES=certificates, CLIENT_AUTH="")
    case = Case(f"{name}, {way}", HANDSHAKE, CONNECTION, connections=32)
    with setup.start([os.path.join(plan.programs, "bench_gateway_keys"), way, config]) as process:
        process.wait_for_port(setup.port)
        found = drive(plan, case, setup, process, backend, [plan.load_cpu])
    shutil.rmtree(directory)
    return found


def measure(plan, chosen, rounds, tell):
    """[{key: {way: result}}], one per round; the ways take turns at being first."""
    backend = Backend(plan)
    done = []
    with backend.process:
        for number in range(rounds):
            found = {}
            for name in chosen:
                for way in WAYS if number % 2 == 0 else reversed(WAYS):
                    tell(f"round {number + 1}/{rounds}  {name}  {way}")
                    found.setdefault(name, {})[way] = one(plan, backend, name, way)
            done.append(found)
    return done


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
            values = {way: [number.of(found[name][way]) for found in done] for way in WAYS}
            rows.append({
                "case": name, "what": number.what, "bound": number.bound, "rounds": values,
                **{way: statistics.median(values[way]) for way in WAYS},
                "ratio": statistics.median(apart / here for apart, here in zip(values["apart"], values["here"])),
            })
    return rows


def findings(rows):
    """What is above its bound."""
    found = []
    for row in rows:
        is_cpu = row["what"].startswith("CPU")
        if row["ratio"] > CPU_MAX if is_cpu else row["ratio"] < RATE_MIN:
            found.append(f"{row['case']}: {row['what']}: {row['ratio']:.3f} ({row['bound']})")
    return found


def table(done):
    lines = [f"{'key':<10}{'':<42}{'here':>10}{'apart':>10}{'apart : here':>15}{'bound':>10}"]
    lines += [f"{row['case']:<10}{row['what']:<42}{row['here']:>10,.0f}{row['apart']:>10,.0f}{row['ratio']:>15.3f}"
              f"{row['bound']:>10}" for row in done["rows"]]
    return "\n".join(lines) + "\n"
