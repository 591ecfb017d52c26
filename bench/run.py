#!/usr/bin/env python3
"""bench/run.py gateway: Ravelin beside nginx, HAProxy and the floor program, in one run.
bench/run.py slow: what a thousand slow clients do to the others, with and without in turn.
bench/run.py adaptive: how the shares of three servers follow when one of them becomes slow.
bench/run.py certs: a store of a hundred thousand names: ready, memory, swaps, handshakes beside HAProxy and nginx.
bench/run.py token: full handshakes with a key in SoftHSM beside the same key in a file.
bench/run.py keys: full handshakes with the keys in a process of their own beside the same with them in the gateway.
bench/run.py firewall: loading, bans and packets beside nft, ipset, plain rules and ufw's, in network namespaces.

Rounds are interleaved (every gateway once per case and round, in a rotating order), each measurement
on a fresh process pinned to the first CPU, load and backend on the second. The method in full:
docs/benchmarks.md. Needs the programs of bench/ (cmake -DRAVELIN_BENCH=ON), openssl, setpriv, taskset; slow
also needs slowhttptest.
"""

import argparse
import datetime
import os
import platform
import resource
import signal
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
BENCH = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, BENCH)

from harness import (  # noqa: E402
    adaptive, adaptive_report, certs, certs_report, firewall, firewall_report, gateways, keys, report, slow, slow_report, tokens,
)
from harness.cases import CASES, select  # noqa: E402
from harness.certificates import make_certificates  # noqa: E402
from harness.measure import Backend, Plan, measure, openssl_share  # noqa: E402
from harness.processes import BenchError  # noqa: E402

DONE, ABOVE, USAGE, COULD_NOT = 0, 1, 2, 4
NOISE_PERCENT_MAX = 5
RATES = {"gateway": 10_000, "slow": 2_000, "adaptive": 600}  # requests/s of the open loop, by benchmark


def parse_arguments():
    parser = argparse.ArgumentParser(prog="bench", description="\n".join(__doc__.splitlines()[:6]))
    parser.add_argument("name", choices=list(BENCHMARKS), help="which benchmark")
    parser.add_argument("--rounds", type=int, default=5, help="slow: pairs")
    parser.add_argument("--seconds", type=float, default=4.0, help="per measurement, after the warm-up")
    parser.add_argument("--quick", action="store_true", help="two short rounds: does it work at all")
    parser.add_argument(
        "--only", metavar="CASE", action="append",
        help="a case, or how several begin; may be repeated: " + ", ".join(case.name for case in CASES)
        + "; of slow: " + ", ".join(mode.name for mode in slow.make_modes(1))
        + "; of adaptive: " + ", ".join(f"{way.gateway} {way.name}" for way in adaptive.WAYS)
        + "; of certs: " + ", ".join(certs.CASES)
        + "; of token: " + ", ".join(tokens.KEYS)
        + "; of keys: " + ", ".join(keys.KEYS)
        + "; of firewall: " + ", ".join(firewall.CASES),
    )
    parser.add_argument(
        "--peers", metavar="A,B", type=lambda text: text.split(","),
        help="these gateways only: " + ",".join(gateways.ALL),
    )
    parser.add_argument(
        "--rate", type=float,
        help="requests/s of the latency case ({gateway:,}), beside the slow clients ({slow:,}), or to three servers ({adaptive:,})".format(**RATES),
    )
    parser.add_argument("--names", type=int, help="certs: in the store (100,000; quick: 1,000)")
    parser.add_argument("--stores", metavar="DIR", help="certs: where stores of a run before are, or are left; else they are temporary")
    parser.add_argument("--slow-clients", type=int, default=1000, metavar="N", help="slow: how many")
    parser.add_argument("--slow-interval", type=int, default=5, metavar="S", help="slow: seconds between two pieces")
    parser.add_argument("--opening-rate", type=int, default=1000, metavar="N", help="slow: opened per second, at most")
    parser.add_argument(
        "--build", default=os.path.join(os.path.dirname(BENCH), "build", "release"),
        help="build directory with bin/ravelin and bin/bench_*",
    )
    parser.add_argument("--results", default=os.path.join(BENCH, "results"), help="where the JSON goes")
    arguments = parser.parse_args()
    arguments.rate = RATES.get(arguments.name, 1) if arguments.rate is None else arguments.rate
    arguments.names = arguments.names or (1_000 if arguments.quick else 100_000)
    counts = (arguments.names, arguments.rounds, arguments.rate, arguments.slow_clients, arguments.slow_interval, arguments.opening_rate)
    if min(counts) < 1 or arguments.seconds <= 0:
        parser.error("names, rounds, seconds, rates, clients and interval must be positive")
    return arguments


def make_plan(arguments, directory):
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        raise BenchError("two CPUs are needed: one for the gateway, one for load and backend")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard < 20_000 and not arguments.quick:
        raise BenchError(f"the limit of open files is {hard}: 20,000 are needed (ulimit -n)")
    quick = arguments.quick
    return Plan(
        programs=os.path.join(os.path.abspath(arguments.build), "bin"),
        directory=directory,
        certificates=make_certificates(directory),
        gateway_cpu=cpus[0],
        load_cpu=cpus[1],
        seconds=0.8 if quick else arguments.seconds,
        warmup=0.3 if quick else 1.0,
        rate=2_000 if quick else arguments.rate,
        idle_connections=500 if quick else 10_000,
    )


def run_rounds(plan, cases, chosen, count):
    """[{case name: {gateway name: result}}], one per round."""
    backend = Backend(plan)
    rounds = []
    with backend.process:
        for number in range(count):
            results = {}
            for index, case in enumerate(cases):
                turn = (number + index) % len(chosen)
                for gateway in chosen[turn:] + chosen[:turn]:
                    if not gateways.can_run(gateway, case):
                        continue
                    progress(f"round {number + 1}/{count}  {case.name}  {gateway.name}")
                    results.setdefault(case.name, {})[gateway.name] = measure(
                        plan, case, gateway, backend
                    )
            check_same_tls(results)
            rounds.append(results)
    progress("")
    return rounds


def check_same_tls(results):
    """Every gateway must have negotiated the same, with the same number of tickets."""
    for case, by_gateway in results.items():
        seen = {
            name: (run["tls"], round(run["tickets"] / run["handshakes"]))
            for name, run in by_gateway.items()
        }
        if len(set(seen.values())) > 1:
            raise BenchError(f"{case}: the gateways did not negotiate the same TLS: {seen}")


def progress(text):
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{text}")
        sys.stderr.flush()
    elif text:
        print(text, file=sys.stderr, flush=True)


def describe_machine():
    with open("/proc/cpuinfo") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "")
    return {
        "cpu": model, "cpus": os.cpu_count(), "kernel": platform.release(),
        "openssl": gateways.output_of(["openssl", "version"]), "load_average": os.getloadavg(),
        "commit": gateways.output_of(["git", "-C", BENCH, "describe", "--always", "--dirty"]),
    }


def run_slow(arguments):
    modes = slow.select(slow.make_modes(arguments.slow_interval), arguments.only)
    if not modes:
        raise BenchError(f"no mode {', '.join(arguments.only)}")
    by_mode = {mode.name: [] for mode in modes}
    count = 2 if arguments.quick else arguments.rounds
    with tempfile.TemporaryDirectory(prefix="ravelin-bench-") as directory:
        plan = make_plan(arguments, directory)
        machine = describe_machine()
        backend = Backend(plan)
        with backend.process:
            attack = slow.Run(plan, backend, arguments.slow_clients, arguments.opening_rate)
            for number in range(count):
                for mode in modes:
                    progress(f"pair {number + 1}/{count}  {mode.name}")
                    by_mode[mode.name].append(attack.pair(mode))
    progress("")
    runs = [pair[side] for pairs in by_mode.values() for pair in pairs for side in ("without", "with")]
    return {
        **describe_run(arguments, machine, runs),
        "slowhttptest": slow.version(attack.program),
        "settings": {
            "seconds": plan.seconds, "warmup": attack.plan.warmup, "rate": plan.rate,
            "slow_clients": arguments.slow_clients, "slow_interval": arguments.slow_interval,
            "opening_rate": arguments.opening_rate,
            "modes": {mode.name: [*mode.options, mode.path] for mode in modes},
        },
        "rows": slow_report.summarise(by_mode),
        "runs": by_mode,
    }


def run_adaptive(arguments):
    ways = adaptive.select(arguments.only, arguments.peers)
    if not ways:
        raise BenchError("no such way of balancing")
    with tempfile.TemporaryDirectory(prefix="ravelin-bench-") as directory:
        plan = make_plan(arguments, directory)
        plan.rate = arguments.rate
        machine = describe_machine()
        runs = []
        for number, way in enumerate(ways):
            progress(f"{number + 1}/{len(ways)}  {way.gateway}, {way.name}")
            runs.append((way, adaptive.measure(plan, way)))
    progress("")
    return {
        **describe_run(arguments, machine, [result for _, result in runs]),
        "settings": {"rate": plan.rate, "connections": adaptive.CONNECTIONS, "slots": adaptive.SLOTS,
                     "service_ms": adaptive.SERVICE_MS, "slower": adaptive.SLOWER},
        "rows": adaptive_report.summarise(runs),
        "runs": [result for _, result in runs],
    }


def describe_run(arguments, machine, runs):
    return {
        "name": arguments.name,
        "utc": datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ"),
        "quick": arguments.quick,
        "machine": machine,
        "foreign_cpu_percent_max": max(run["foreign_cpu_percent"] for run in runs),
    }


def run_gateway(arguments):
    cases = select(arguments.only)
    if not cases:
        raise BenchError(f"no case {', '.join(arguments.only)}")
    with tempfile.TemporaryDirectory(prefix="ravelin-bench-") as directory:
        plan = make_plan(arguments, directory)
        chosen = gateways.available(plan.programs, arguments.peers)
        machine = describe_machine()
        rounds = run_rounds(plan, cases, chosen, 2 if arguments.quick else arguments.rounds)
        share = openssl_share(plan) if any(case.name == "idle" for case in cases) else None
    runs = [result for results in rounds for by in results.values() for result in by.values()]
    names = [gateway.name for gateway in chosen]
    return {
        **describe_run(arguments, machine, runs),
        "gateways": {gateway.name: gateway.version(plan.programs) for gateway in chosen},
        "settings": {
            "seconds": plan.seconds, "warmup": plan.warmup, "rate": plan.rate,
            "idle_connections": plan.idle_connections,
        },
        "rows": report.summarise(cases, rounds),
        "route_growth": report.growth(rounds, names, "routes-10000", "routes-10"),
        "everything_growth": {
            case.name: report.growth(rounds, names, case.name, "small")
            for case in cases if case.everything
        },
        "openssl_kib": share,
        "runs": rounds,
    }


def run_firewall(arguments):
    chosen = firewall.select(arguments.only)
    if not chosen:
        raise BenchError(f"no case {', '.join(arguments.only)}")
    machine = describe_machine()
    programs = os.path.join(os.path.abspath(arguments.build), "bin")
    done = firewall.measure(programs, chosen, arguments.rounds, arguments.quick, progress)
    progress("")
    return {
        **describe_run(arguments, machine, [done]), "versions": done["versions"],
        "rows": firewall_report.summarise(done), "runs": done,
    }


def run_certs(arguments):
    chosen = certs.select(arguments.only)
    if not chosen:
        raise BenchError(f"no case {', '.join(arguments.only)}")
    rounds = 1 if arguments.quick else arguments.rounds
    with tempfile.TemporaryDirectory(prefix="ravelin-bench-") as directory:
        plan = make_plan(arguments, directory)
        machine = describe_machine()
        done = certs.measure(plan, arguments.names, arguments.stores, chosen, arguments.peers, rounds, progress)
    progress("")
    versions = {name: gateways.ALL[name].version(plan.programs) for name in ("ravelin", *certs.PEERS)}
    return {
        **describe_run(arguments, machine, [done]), "gateways": versions, "settings": {"seconds": plan.seconds},
        "rows": certs_report.summarise(done), "runs": done,
    }


def run_token(arguments):
    return run_ways(arguments, tokens)


def run_keys(arguments):
    return run_ways(arguments, keys)


def run_ways(arguments, ways):
    """Each key in several ways, by turns."""
    chosen = ways.select(arguments.only)
    if not chosen:
        raise BenchError(f"no key {', '.join(arguments.only)}")
    with tempfile.TemporaryDirectory(prefix="ravelin-bench-") as directory:
        plan = make_plan(arguments, directory)
        machine = describe_machine()
        rounds = ways.measure(plan, chosen, 2 if arguments.quick else arguments.rounds, progress)
    progress("")
    runs = [found for by_key in rounds for by_way in by_key.values() for found in by_way.values()]
    return {
        **describe_run(arguments, machine, runs), "settings": {"seconds": plan.seconds},
        "rows": ways.summarise(rounds), "runs": rounds,
    }


def main():
    arguments = parse_arguments()
    # SIGTERM ends the gateways too, by unwinding.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(COULD_NOT))
    run, table, judge = BENCHMARKS[arguments.name]
    try:
        done = run(arguments)
    except (BenchError, OSError) as error:
        print(f"\nbench: {error}", file=sys.stderr)
        return COULD_NOT
    except (KeyboardInterrupt, subprocess.TimeoutExpired) as error:
        print(f"\nbench: ended early: {error!r}", file=sys.stderr)
        return COULD_NOT
    print(table(done), end="")
    print(f"written: {os.path.relpath(report.write_json(done, arguments.results))}")
    if done["foreign_cpu_percent_max"] > NOISE_PERCENT_MAX:
        print("bench: the machine was not quiet; take the numbers again", file=sys.stderr)
    findings = judge(done["rows"])
    for finding in findings:
        print(f"bench: {finding}", file=sys.stderr)
    return ABOVE if findings else DONE


# By name: how it runs, its table, and what its rows say against what is promised.
BENCHMARKS = {
    "gateway": (run_gateway, report.table, lambda rows: []),
    "slow": (run_slow, slow_report.table, slow_report.findings),
    "certs": (run_certs, certs_report.table, certs_report.findings),
    "token": (run_token, tokens.table, lambda rows: []),
    "keys": (run_keys, keys.table, keys.findings),
    "firewall": (run_firewall, firewall_report.table, firewall_report.findings),
    "adaptive": (run_adaptive, adaptive_report.table, adaptive_report.shortfalls),
}


if __name__ == "__main__":
    sys.exit(main())
