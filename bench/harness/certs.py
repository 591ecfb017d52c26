"""The certificates' benchmark: stores are made, gateways started with them, asked and ended."""

import dataclasses
import json
import os
import resource
import shutil
import subprocess
import tempfile
import time

from harness import certs_gateways, processes
from harness.cases import CONNECTION, HANDSHAKE, Case
from harness.certificates import make_client_certificate
from harness.certs_gateways import Shown, name_of
from harness.firewall import cpu_seconds
from harness.gateways import Setup
from harness.measure import Backend, drive
from harness.processes import BenchError, Process

CASES = ("ready", "swap", "handshakes")
PEERS = ("haproxy", "nginx")
FIRST_NAMES = 2000  # with each of which a handshake is made, twice
SWAPS = 200
DISK_BYTES_PER_NAME = 25_000  # of a store on a file system with blocks of 4 KiB
IDLE_CPU_PERCENT = 5
IDLE_SECONDS_MAX = 60
WORKERS_OF_SWAP = 2


@dataclasses.dataclass(frozen=True)
class Sizes:
    """How many names: Ravelin is measured with few and all, peers with few and twice as many."""

    few: int
    all: int

    def of(self, way):
        return (self.few, self.all) if way == "ravelin" else (self.few, 2 * self.few)


def sizes_of(names):
    return Sizes(max(1, names // 10), names)


def select(only):
    return [name for name in CASES if not only or any(name.startswith(start) for start in only)]


class Run:
    """Stores in a directory, made or found there, and what is measured with them."""

    def __init__(self, plan, sizes, directory, tell):
        self.plan, self.sizes, self.directory, self.tell = plan, sizes, directory, tell
        self.backend = Backend(plan)
        self.rebuilds = {}
        self.client = make_client_certificate(plan.directory)
        self.folder = os.path.join(directory, f"pem-{sizes.all}")
        self.stores = {}

    def program(self, name):
        return os.path.join(self.plan.programs, name)

    def make_stores(self):
        for names in dict.fromkeys((self.sizes.few, self.sizes.all)):
            self.stores[names] = os.path.join(self.directory, f"store-{names}")
            if not os.path.isdir(self.stores[names]):
                self.make_store(names)
            self.rebuilds[names] = self.rebuild(self.stores[names])

    def make_store(self, names):
        self.tell(f"a store of {names:,} names")
        free, wanted = shutil.disk_usage(self.directory).free, DISK_BYTES_PER_NAME * names
        if free < 2 * wanted:
            raise BenchError(f"{self.directory}: {wanted >> 20} MiB are needed, {free >> 20} MiB are free")
        unfinished = self.stores[names] + ".unfinished"
        for folder in (unfinished, self.folder) if names == self.sizes.all else (unfinished,):
            shutil.rmtree(folder, ignore_errors=True)
        command = [self.program("bench_make_store"), unfinished, str(names)]
        if names == self.sizes.all:
            command += [self.folder, str(min(names, max(1, 2 * self.sizes.few)))]
        output_of(command)
        os.rename(unfinished, self.stores[names])

    def rebuild(self, store):
        self.tell(f"ravelin certs index --store {store}")
        before, start = children_seconds(), time.monotonic()
        output_of([self.program("ravelin"), "certs", "index", "--store", store])
        return {"wall_ms": 1000 * (time.monotonic() - start), "cpu_ms": 1000 * (children_seconds() - before)}

    def shown(self, names, client_ca=""):
        return Shown(self.stores[min(self.stores, key=lambda size: abs(size - names))], self.folder, names, client_ca)

    def setup(self, way, workers=1):
        directory = tempfile.mkdtemp(prefix=f"{way.split(',')[0]}-", dir=self.plan.directory)
        return Setup(directory=directory, programs=self.plan.programs, backend_port=self.backend.port, chain="", key="",
                     cpus=[self.plan.gateway_cpu], workers=workers)

    # ---- time to ready, memory, first handshakes ----
    def ready(self, way, names):
        setup = self.setup(way)
        command, env = certs_gateways.command(way, setup, self.shown(names))
        starter = [self.program("bench_ready"), str(setup.port), name_of(names - 1), str(self.plan.gateway_cpu), *command]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        with Process(starter, [self.plan.load_cpu], os.path.join(setup.directory, "ready.out"), env=env, **pipes) as process:
            told = processes.parse_result(process.popen.stdout.readline(), process)
            pids = processes.family(told["pid"])
            found = {"ready_ms": told["ready_ms"], "cpu_ms": on_cpu_ms(pids)}
            pids = settle(told["pid"])
            found |= memory_of(pids)
            found |= self.first_handshakes(setup, names, pids)
            found["rss_mib_after_first"] = memory_of(pids)["rss_mib"]
            process.popen.stdin.close()
            process.popen.wait(timeout=60)
        shutil.rmtree(setup.directory)
        return found

    def first_handshakes(self, setup, names, pids):
        count = max(1, min(FIRST_NAMES, names // 2))
        output = output_of(pinned(self.plan.load_cpu, [
            self.program("bench_first_handshakes"), str(setup.port), str(max(1, names // count)), str(count), "2",
            ",".join(map(str, pids))]))
        first, again = json.loads(output)["passes"]
        return {"first": first, "again": again}

    # ---- swaps ----
    def swap(self):
        store, names = self.stores[self.sizes.all], self.sizes.all
        program, samples = self.program("bench_swap"), min(SWAPS, names)
        found = json.loads(output_of([program, store, str(names), str(samples)]))
        setup = self.setup("ravelin", WORKERS_OF_SWAP)
        setup.cpus = [self.plan.gateway_cpu, self.plan.load_cpu]
        command, _ = certs_gateways.command("ravelin", setup, self.shown(names))
        with setup.start(command) as process:
            process.wait_for_port(setup.port)
            settle(process.pid)
            socket = os.path.join(setup.directory, "admin.sock")
            found |= json.loads(output_of([program, store, str(names), str(samples), socket]))
        return found

    # ---- full and resumed handshakes ----
    def handshakes(self, way, is_mutual, is_resumed):
        setup = self.setup(way)
        shown = self.shown(1, self.client["ca"] if is_mutual else "")
        shown = dataclasses.replace(shown, store=self.stores[self.sizes.all])
        load = [*HANDSHAKE, "--server-name", name_of(0)]
        load += ["--client-chain", self.client["chain"], "--client-key", self.client["key"]] if is_mutual else []
        case = Case(handshake_case(is_mutual, is_resumed), (*load, "--resume") if is_resumed else tuple(load), CONNECTION,
                    connections=32)
        command, env = certs_gateways.command(way, setup, shown)
        with setup.start(command, env=env) as process:
            process.wait_for_port(setup.port)
            settle(process.pid)
            found = drive(self.plan, case, setup, process, self.backend, [self.plan.load_cpu])
        shutil.rmtree(setup.directory)
        return found


def handshake_case(is_mutual, is_resumed):
    return ("mTLS " if is_mutual else "") + ("resumed" if is_resumed else "full")


def settle(pid):
    """Until what a gateway does after its start is done, as Ravelin's first look at what is to be renewed. Its processes."""
    end = time.monotonic() + IDLE_SECONDS_MAX
    while True:
        pids = processes.family(pid)
        before, start = on_cpu_ms(pids), time.monotonic()
        time.sleep(0.5)
        percent = (on_cpu_ms(pids) - before) / 10 / (time.monotonic() - start)
        if percent < IDLE_CPU_PERCENT:
            return pids
        if time.monotonic() > end:
            raise BenchError(f"process {pid} is not idle a minute after its start")


def on_cpu_ms(pids):
    """CPU time of the processes' threads, finer than the ticks of /proc/PID/stat; threads that have ended are missing."""
    total = 0
    for pid in pids:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/schedstat") as file:
                total += int(file.read().split()[0])
    return total / 1e6


def memory_of(pids):
    """rss: of all processes together; pss: pages they share are counted once."""
    kib = {"Rss": 0, "Pss": 0}
    for pid in pids:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            for line in file:
                key = line.split(":")[0]
                if key in kib:
                    kib[key] += int(line.split()[1])
    return {"rss_mib": kib["Rss"] / 1024, "pss_mib": kib["Pss"] / 1024}


def children_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def pinned(cpu, command):
    return ["taskset", "-c", str(cpu), *command]


def output_of(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchError(f"{' '.join(command[:4])}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def measure(plan, names, stores, chosen, peers, rounds, tell):
    """{"rebuild": {names: …}, "ready": [{way: {names: …}}, …], "swap": [...], "handshakes": [{case: {way: …}}, …]}"""
    before, start = cpu_seconds(), time.monotonic()
    run = Run(plan, sizes_of(names), stores or plan.directory, tell)
    done = {"names": names, "few": run.sizes.few, "ready": [], "swap": [], "handshakes": []}
    with run.backend.process:
        run.make_stores()
        done["rebuild"] = run.rebuilds
        for number in range(rounds):
            tell(f"round {number + 1}/{rounds}")
            if "ready" in chosen:
                done["ready"].append(ready_round(run, peers, number))
            if "handshakes" in chosen:
                done["handshakes"].append(handshake_round(run, peers, number))
        if "swap" in chosen:  # last, for the index is not current afterwards
            tell("swap")
            done["swap"].append(run.swap())
    busy, ours = (after - earlier for after, earlier in zip(cpu_seconds(), before))
    done["foreign_cpu_percent"] = max(0, 100 * (busy - ours) / (time.monotonic() - start))
    return done


def rotated(ways, number):
    turn = number % len(ways)
    return [*ways[turn:], *ways[:turn]]


def chosen_of(ways, peers):
    """Ravelin, and of the others those that are wanted (None = all)."""
    return [way for way in ways if peers is None or way not in PEERS or way in peers]


def ready_round(run, peers, number):
    found = {}
    for way in rotated(chosen_of(("ravelin", *PEERS), peers), number):
        for names in run.sizes.of(way):
            run.tell(f"ready  {way}  {names:,} names")
            found.setdefault(way, {})[names] = run.ready(way, names)
    return found


def handshake_round(run, peers, number):
    found = {}
    for is_mutual in (False, True):
        for is_resumed in (False, True):
            case = handshake_case(is_mutual, is_resumed)
            for way in rotated(chosen_of(certs_gateways.WAYS, peers), number):
                run.tell(f"handshakes  {case}  {way}")
                found.setdefault(case, {})[way] = run.handshakes(way, is_mutual, is_resumed)
    return found
