"""One measurement: a gateway is started for a case, driven, read and ended."""

import contextlib
import dataclasses
import os
import shutil
import subprocess
import tempfile
import time

from harness import everything, processes
from harness.gateways import Setup
from harness.processes import BenchError, Process
from harness.targets import load_list, make_targets


@dataclasses.dataclass
class Plan:
    """What holds for the whole run."""

    programs: str
    directory: str
    certificates: dict
    gateway_cpu: int
    load_cpu: int
    seconds: float
    warmup: float
    rate: float
    idle_connections: int


class Backend:
    """The one backend behind all gateways, running from the first measurement to the last."""

    def __init__(self, plan):
        self.port = processes.free_port()
        command = [os.path.join(plan.programs, "bench_backend"), str(self.port)]
        self.process = Process(command, [plan.load_cpu], os.path.join(plan.directory, "backend.out"))
        self.process.wait_for_port(self.port)

    def pin(self, cpus):
        self.process.check_alive()
        os.sched_setaffinity(self.process.pid, cpus)


def measure(plan, case, gateway, backend):
    """A fresh process of the gateway, one case: the load generator's result with what was read
    around it. Raises BenchError when a request failed."""
    both = [plan.gateway_cpu, plan.load_cpu]
    gateway_cpus, load_cpus = ([both[0]], [both[1]]) if case.workers == 1 else (both, both)
    backend.pin(load_cpus)
    directory = tempfile.mkdtemp(prefix=f"{gateway.name}-", dir=plan.directory)
    chain, key = plan.certificates[case.certificate]
    setup = Setup(
        directory=directory, programs=plan.programs, backend_port=backend.port, chain=chain, key=key,
        cpus=gateway_cpus, workers=case.workers, access_log=case.access_log,
        everything=case.everything, targets=make_targets(case.routes),
    )
    try:
        with contextlib.ExitStack() as stack:
            if case.access_log and gateway.logs_over_tcp:
                stack.enter_context(start_log_sink(setup, load_cpus))
            process = stack.enter_context(gateway.start(setup))
            process.wait_for_port(setup.port)
            time.sleep(0.1)  # start-up work is over before the warm-up begins
            result = drive(plan, case, setup, process, backend, load_cpus)
            process.check_alive()
        if case.access_log:
            check_log(os.path.join(directory, "access.log"), result)
    except BenchError as error:
        raise BenchError(f"{case.name}, {gateway.name}: {error}") from error
    shutil.rmtree(directory)
    return result


def drive(plan, case, setup, process, backend, load_cpus):
    pids = processes.family(process.pid)
    connections = plan.idle_connections if case.name == "idle" else case.connections
    command = [
        os.path.join(plan.programs, "bench_load"), *case.load, "--port", str(setup.port),
        "--connections", str(connections), "--seconds", str(plan.seconds),
        "--warmup", str(plan.warmup), "--rate", str(plan.rate), "--pids", ",".join(map(str, pids)),
    ]
    if setup.targets:
        asked = everything.asked(case.everything, setup.targets)
        command += ["--targets", setup.write("targets.txt", load_list(asked))]
    log_path = os.path.join(setup.directory, "load.out")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    noise = Noise([*pids, backend.process.pid])
    with Process(command, load_cpus, log_path, **pipes) as load:
        held = {}
        if case.name == "idle":
            held = hold(load, pids, connections)
        output, _ = load.popen.communicate(timeout=plan.seconds + plan.warmup + 120)
        result = processes.parse_result(output, load)
    result.update(held)
    result["cpu_us"] = result["cpu_user_us"] + result["cpu_system_us"]
    if result["seconds"]:
        result["gateway_busy_percent"] = 100 * result["cpu_us"] / 1e6 / result["seconds"]
        result["load_busy_percent"] = 100 * result["load_cpu_us"] / 1e6 / result["seconds"]
    result["foreign_cpu_percent"] = noise.percent()
    return result


def hold(load, pids, connections):
    """How much the gateway grew from nothing to all connections idle."""
    before = processes.resident_bytes(pids)
    line = load.popen.stdout.readline()
    if '"held"' not in line:
        processes.parse_result(line, load)
    time.sleep(2)  # what a gateway frees lazily is given time
    grown = processes.resident_bytes(pids) - before
    load.popen.stdin.write("\n")
    load.popen.stdin.flush()
    return {"rss_bytes_per_connection": grown / connections}


class Noise:
    """How much CPU others used meanwhile: neither the gateway, nor backend, load or this program."""

    def __init__(self, pids):
        self.pids = pids
        self.began = time.monotonic()
        self.before = self.foreign()

    def foreign(self):
        times = os.times()
        own = times.user + times.system + times.children_user + times.children_system
        return processes.machine_busy_seconds() - processes.cpu_seconds(self.pids) - own

    def percent(self):
        """Of one CPU; ticks make it uncertain by a percent or two."""
        elapsed = time.monotonic() - self.began
        return max(0.0, 100 * (self.foreign() - self.before) / elapsed)


def start_log_sink(setup, cpus):
    setup.log_port = processes.free_port()
    program = os.path.join(setup.programs, "bench_log_sink")
    path = os.path.join(setup.directory, "access.log")
    log_path = os.path.join(setup.directory, "log_sink.out")
    sink = Process([program, str(setup.log_port), path], cpus, log_path)
    sink.wait_for_port(setup.log_port)
    return sink


def check_log(path, result):
    """An access log that was not written would make a gateway look cheap."""
    if not os.path.exists(path):
        raise BenchError("no access log was written")
    with open(path, "rb") as log:
        lines = sum(chunk.count(b"\n") for chunk in iter(lambda: log.read(1 << 20), b""))
    if lines < result["requests"]:
        raise BenchError(f"{lines} lines in the log for at least {result['requests']} requests")


def openssl_share(plan):
    """Resident KiB of a server's SSL object after one request, with and without released buffers."""
    chain, key = plan.certificates["p256"]
    share = {}
    for buffers in ("released", "kept"):
        command = [
            os.path.join(plan.programs, "bench_openssl_share"), str(processes.free_port()),
            str(plan.idle_connections), chain, key, buffers,
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        if done.returncode != 0:
            raise BenchError(f"bench_openssl_share: {done.stderr.strip()}")
        share[buffers] = int(done.stdout) / 1024
    return share
