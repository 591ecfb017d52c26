"""The firewall's benchmark: which cases there are, and one run of them."""

import os
import resource
import tempfile
import time

from harness.firewall_bans import BanRun
from harness.firewall_lab import Lab, run as command_output
from harness.firewall_packets import COUNTS, PacketRun, policy_generator
from harness.firewall_sets import CASES as SET_CASES, SetRun
from harness.processes import BenchError, machine_busy_seconds

PACKET_CASES = [f"packets-{shape}" for shape in policy_generator.SHAPES]
CASES = [case.name for case in SET_CASES] + ["bans"] + PACKET_CASES
PROGRAMS = {"nft": ["nft", "--version"], "ipset": ["ipset", "--version"], "iptables": ["iptables-nft", "--version"]}


def select(only):
    return [name for name in CASES if not only or any(name.startswith(start) for start in only)]


def rounds_of(weight, rounds, quick):
    return 1 if quick else max(1, round(rounds * weight))


def measure(programs, chosen, rounds, quick, tell):
    """{"sets": {case: [round, …]}, "bans": [round, …], "packets": {…}}, each where it was chosen."""
    versions = {}
    for name, words in PROGRAMS.items():
        try:
            versions[name] = command_output(*words).splitlines()[0].strip()
        except FileNotFoundError as error:
            raise BenchError(f"{words[0]} is missing; scripts/setup --test installs it") from error
    before, start = cpu_seconds(), time.monotonic()
    done = {"versions": versions, "sets": {}, "bans": [], "packets": None}
    with tempfile.TemporaryDirectory(prefix="ravelin-bench-") as directory, Lab(programs) as lab:
        for case in SET_CASES:
            if case.name in chosen:
                count = rounds_of(case.weight, rounds, quick)
                done["sets"][case.name] = measure_rounds(
                    case.name, SetRun(lab, case, made(directory, case.name)), count, tell)
        if "bans" in chosen:
            done["bans"] = measure_rounds("bans", BanRun(lab, made(directory, "bans")), rounds_of(1, rounds, quick), tell)
        shapes = [shape for shape in policy_generator.SHAPES if f"packets-{shape}" in chosen]
        if shapes:
            done["packets"] = measure_packets(
                PacketRun(lab, made(directory, "packets"), shapes, (COUNTS[0], COUNTS[2]) if quick else COUNTS, tell),
                rounds_of(1, rounds, quick))
    busy, ours = (after - earlier for after, earlier in zip(cpu_seconds(), before))
    done["foreign_cpu_percent"] = max(0, 100 * (busy - ours) / (time.monotonic() - start))
    return done


def measure_rounds(name, one, count, tell):
    found = []
    for number in range(count):
        tell(f"{name}  round {number + 1}/{count}")
        found.append(one.round(number))
    return found


def measure_packets(one, rounds):
    one.prepare()
    one.tell("packets  traffic")
    return {"depth": one.depth, "load_ms": one.load_ms, "rounds": one.measure(rounds)}


def made(directory, name):
    path = os.path.join(directory, name)
    os.mkdir(path)
    return path


def cpu_seconds():
    """(of the whole machine, of this program and all it has waited for)."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return machine_busy_seconds(), sum(usage.ru_utime + usage.ru_stime for usage in used)
