"""What is measured: the cases, and what of a run's result each one reports."""

import dataclasses

MIB = 1024 * 1024


@dataclasses.dataclass(frozen=True)
class Metric:
    name: str
    unit: str
    read: object  # the load generator's result -> number; less is better


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    load: tuple  # arguments of bench_load
    metrics: tuple
    certificate: str = "p256"
    workers: int = 1
    access_log: bool = False
    routes: int = 0  # 0 = one route for everything
    everything: str = ""  # Ravelin alone with all its features in use, and who meets them: see everything.py
    connections: int = 64


def cpu_per(unit):
    return Metric("cpu", f"CPU µs/{unit}", lambda run: run["cpu_us"] / run["requests"])


def latency(name, key):
    return Metric(name, "µs", lambda run: run[key])


KEEPALIVE = ("--mode", "keepalive")
HANDSHAKE = ("--mode", "handshake")
REQUEST = (cpu_per("request"),)
CONNECTION = (cpu_per("connection"),)

CASES = (
    Case("small", KEEPALIVE, REQUEST),
    Case("handshake-p256", HANDSHAKE, CONNECTION, connections=32),
    Case("handshake-rsa2048", HANDSHAKE, CONNECTION, connections=32, certificate="rsa2048"),
    Case("resumed-p256", (*HANDSHAKE, "--resume"), CONNECTION, connections=32),
    Case("download-1mib", (*KEEPALIVE, "--download", str(MIB)), (cpu_per("MiB"),), connections=8),
    Case("upload-1mib", (*KEEPALIVE, "--upload", str(MIB)), (cpu_per("MiB"),), connections=8),
    Case(
        "idle",
        ("--mode", "idle"),
        (Metric("rss", "KiB/connection", lambda run: run["rss_bytes_per_connection"] / 1024),),
        connections=10_000,
    ),
    Case("small-2-workers", KEEPALIVE, REQUEST, workers=2),
    Case("routes-10", KEEPALIVE, REQUEST, routes=10),
    Case("routes-10000", KEEPALIVE, REQUEST, routes=10_000),
    Case("everything-beside", KEEPALIVE, REQUEST, routes=10_000, everything="beside"),
    Case("everything-few", KEEPALIVE, REQUEST, routes=10_000, everything="few"),
    Case("everything-all", KEEPALIVE, REQUEST, routes=10_000, everything="all"),
    Case(
        "latency",
        ("--mode", "rate"),
        (latency("p50", "p50_us"), latency("p99", "p99_us"), latency("p99.9", "p999_us")),
    ),
    Case("small-logged", KEEPALIVE, REQUEST, access_log=True),
)


def select(wanted):
    """The cases whose name starts with one of `wanted`; all for None. Exact names win."""
    if not wanted:
        return list(CASES)
    names = {case.name for case in CASES}
    return [
        case
        for case in CASES
        if any(case.name == word or (word not in names and case.name.startswith(word)) for word in wanted)
    ]
