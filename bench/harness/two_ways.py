"""Full handshakes of one gateway with its keys held in two ways, side by side: what the benchmarks of tokens and of a
key process share."""

import os
import shutil
import statistics
import tempfile

from harness.cases import CONNECTION, HANDSHAKE, Case
from harness.gateways import Setup
from harness.measure import drive

KEYS = ("p256", "rsa2048")


def select(only):
    return [key for key in KEYS if not only or any(key.startswith(start) for start in only)]


def one(plan, backend, name, way, key_text, command, **process):
    """A fresh gateway with this key: the load generator's result. `key_text` stands behind the chain in the
    configuration; `command` makes the gateway's command line of the configuration's path."""
    directory = tempfile.mkdtemp(prefix=f"{name}-{way}-", dir=plan.directory)
    chain, _ = plan.certificates[name]
    setup = Setup(directory=directory, programs=plan.programs, backend_port=backend.port, chain="", key="",
                  cpus=[plan.gateway_cpu])
    certificates = f"        - {{ chain: {chain}, {key_text}, default: true }}"
    config = setup.render("ravelin-certs.yaml.in", STORE="", CERTIFICATES=certificates, CLIENT_AUTH="")
    case = Case(f"{name}, {way}", HANDSHAKE, CONNECTION, connections=32)
    with setup.start(command(config), **process) as started:
        started.wait_for_port(setup.port)
        found = drive(plan, case, setup, started, backend, [plan.load_cpu])
    shutil.rmtree(directory)
    return found


def interleave(backend, ways, chosen, rounds, tell, run):
    """[{key: {way: result}}], one per round; the ways take turns at being first. `run(name, way)` measures one."""
    done = []
    with backend.process:
        for number in range(rounds):
            found = {}
            for name in chosen:
                for way in ways if number % 2 == 0 else reversed(ways):
                    tell(f"round {number + 1}/{rounds}  {name}  {way}")
                    found.setdefault(name, {})[way] = run(name, way)
            done.append(found)
    return done


def row(done, name, ways, of):
    """Of one key and number: each round's values, their medians, and the median of the ratios second : first."""
    values = {way: [of(found[name][way]) for found in done] for way in ways}
    first, second = (values[way] for way in ways)
    return {"case": name, "rounds": values, **{way: statistics.median(values[way]) for way in ways},
            "ratio": statistics.median(b / a for a, b in zip(first, second))}
