"""`bench slow`: what a thousand slow clients do to the others. A fresh gateway serves requests at a
fixed rate, once alone and once with slowhttptest at its door, in turn."""

import dataclasses
import os
import re
import shutil
import subprocess
import tempfile
import time
import urllib.request

from harness import processes
from harness.gateways import Setup, output_of
from harness.measure import Noise
from harness.processes import BenchError, Process

OPENING_SECONDS_MAX = 15
SETTLING_SECONDS = 0.3
WARMUP_SECONDS_MAX = 0.5  # the gateway bears slow clients for ten seconds
SPARE = 1.05  # slowhttptest gives up a few connections while it opens them
OPEN_SHARE_MIN = 0.95  # of the slow connections wanted, at both ends of the window
SPINNING_PERCENT = 5  # of the load CPU; moving a thousand connections takes 1 or 2
ATTEMPTS = 8
# Above the send buffer a loopback connection begins with: the response cannot hide in the kernel.
READ_BYTES = 4 * 1024 * 1024


@dataclasses.dataclass(frozen=True)
class Mode:
    name: str
    options: tuple  # of slowhttptest
    path: str
    held: str  # what the gateway has as many of as there are slow connections (METRICS)


def make_modes(interval):
    """Each sends, or reads, a little every `interval` seconds: far less than a gateway must accept."""
    every = str(interval)
    return (
        Mode("headers", ("-H", "-i", every), "/", "connections"),
        Mode("body", ("-B", "-i", every), "/sink", "requests_in_flight"),
        Mode("read", ("-X", "-n", every), f"/bytes/{READ_BYTES}", "requests_in_flight"),
    )


def select(modes, wanted):
    return [mode for mode in modes if not wanted or any(mode.name.startswith(word) for word in wanted)]


def find_program():
    program = shutil.which("slowhttptest")
    if program is None:
        raise BenchError("slowhttptest is not there: scripts/setup --test")
    return program


def version(program):
    """In the first lines of its help; that exits 1."""
    found = re.search(r"version ([\d.]+)", subprocess.run(
        [program, "-h"], capture_output=True, text=True, check=False).stdout)
    return found.group(1) if found else output_of([program, "-h"])


class Unusable(BenchError):
    """The slow clients were not what they should be in this window: take it again."""


class Run:
    """What holds for all pairs. `count`: slow connections."""

    def __init__(self, plan, backend, count, opening_rate):
        self.plan = dataclasses.replace(plan, warmup=min(plan.warmup, WARMUP_SECONDS_MAX))
        self.backend = backend
        self.count, self.opening_rate = count, opening_rate
        self.program = find_program()

    def pair(self, mode):
        """{"without": result, "with": result}."""
        alone = self.measure(mode, is_besieged=False)
        for attempt in range(ATTEMPTS):
            try:
                return {"without": alone, "with": self.measure(mode, is_besieged=True), "attempts": attempt + 1}
            except Unusable:
                if attempt + 1 == ATTEMPTS:
                    raise

    def measure(self, mode, is_besieged):
        directory = tempfile.mkdtemp(prefix="slow-", dir=self.plan.directory)
        chain, key = self.plan.certificates["p256"]
        setup = Setup(
            directory=directory, programs=self.plan.programs, backend_port=self.backend.port, chain=chain,
            key=key, cpus=[self.plan.gateway_cpu],
        )
        admin_port = processes.free_port()
        config = setup.render("ravelin-slow.yaml.in", ADMIN_PORT=admin_port)
        program = os.path.join(setup.programs, "ravelin")
        try:
            with setup.start([program, "run", "-c", config]) as gateway:
                gateway.wait_for_port(setup.port)
                time.sleep(0.1)
                if is_besieged:
                    result = self.besiege(mode, setup, gateway, admin_port)
                else:
                    result = self.drive(setup, gateway, [])
                gateway.check_alive()
        except BenchError as error:
            side = "with" if is_besieged else "without"
            raise type(error)(f"{mode.name}, {side} slow clients: {error}") from error
        shutil.rmtree(directory)
        return result

    def besiege(self, mode, setup, gateway, admin_port):
        """The same measurement while the slow connections are open, and the proof that they were."""
        before = processes.resident_bytes([gateway.pid])
        # -p: no further probe of its own after the first. Version 1.8.2 keeps polling the descriptor of what
        # ended, and spins unless a later connection gets the same one.
        command = [
            self.program, *mode.options, "-c", str(round(self.count * SPARE)), "-r", str(self.opening_rate),
            "-l", "600", "-p", "600", "-u", f"https://127.0.0.1:{setup.port}{mode.path}",
        ]
        log_path = os.path.join(setup.directory, "slowhttptest.out")
        with Process(command, [self.plan.load_cpu], log_path) as slow:
            began = time.monotonic()
            wait_for_slow(slow, admin_port, mode.held, self.count)
            opened = time.monotonic() - began
            time.sleep(SETTLING_SECONDS)
            slow.yield_cpu()  # the load generator measures time on the same CPU
            grown = processes.resident_bytes([gateway.pid]) - before
            at_start = read_held(setup.port, admin_port)
            result = self.drive(setup, gateway, [slow.pid])
            at_end = read_held(setup.port, admin_port)
        least = min(held[name] for held in (at_start, at_end) for name in ("established", mode.held))
        if least < OPEN_SHARE_MIN * self.count:
            raise Unusable(
                f"{self.count} slow connections were wanted; before the window there were {at_start}, after it "
                f"{at_end}: it must fit into the time the gateway bears them"
            )
        if result["slow_cpu_percent"] > SPINNING_PERCENT:
            raise Unusable(f"slowhttptest spins: it used {result['slow_cpu_percent']:.0f} % of the load CPU")
        result.update(
            slow_open=least, slow_at_start=at_start, slow_at_end=at_end, slow_opened_seconds=opened,
            rss_bytes_per_slow_connection=grown / at_start["established"],
        )
        return result

    def drive(self, setup, gateway, slow_pids):
        """bench_load's result with how busy both CPUs were."""
        plan = self.plan
        command = [
            os.path.join(plan.programs, "bench_load"), "--mode", "rate", "--port", str(setup.port),
            "--connections", "64", "--seconds", str(plan.seconds), "--warmup", str(plan.warmup),
            "--rate", str(plan.rate), "--pids", str(gateway.pid),
        ]
        noise = Noise([gateway.pid, self.backend.process.pid, *slow_pids])
        busy = Busy(plan.load_cpu, slow_pids)
        pipes = {"stdout": subprocess.PIPE, "text": True}
        with Process(command, [plan.load_cpu], os.path.join(setup.directory, "load.out"), **pipes) as load:
            output, _ = load.popen.communicate(timeout=plan.seconds + plan.warmup + 60)
            result = processes.parse_result(output, load)
        result["load_cpu_percent"], result["slow_cpu_percent"] = busy.percent()
        result["foreign_cpu_percent"] = noise.percent()
        used = result["cpu_user_us"] + result["cpu_system_us"]
        result["gateway_busy_percent"] = 100 * used / 1e6 / result["seconds"]
        result["load_busy_percent"] = 100 * result["load_cpu_us"] / 1e6 / result["seconds"]
        return result


class Busy:
    """How busy a whole CPU was, and what some processes had of it."""

    def __init__(self, cpu, pids):
        self.cpu, self.pids = cpu, pids
        self.began, self.before = time.monotonic(), self.read()

    def read(self):
        return processes.machine_busy_seconds(self.cpu), processes.cpu_seconds(self.pids)

    def percent(self):
        elapsed = time.monotonic() - self.began
        return [100 * (after - before) / elapsed for before, after in zip(self.before, self.read())]


def wait_for_slow(slow, admin_port, name, count):
    """Until the gateway says that it holds as many."""
    end = time.monotonic() + OPENING_SECONDS_MAX
    while (held := scrape(admin_port)[name]) < count:
        if slow.popen.poll() is not None or time.monotonic() > end:
            raise Unusable(f"only {held} of {count} slow connections opened: {slow.log_tail()}")
        time.sleep(0.1)


def read_held(port, admin_port):
    """What kernel and gateway say is open. Outside the window: it is work for the gateway's CPU."""
    time.sleep(0.05)  # the gateway notices the end of the load generator
    return {"established": processes.established(port), **scrape(admin_port)}


METRICS = {
    "ravelin_connections": "connections",
    "ravelin_requests_in_flight": "requests_in_flight",
    "ravelin_errors_total": "errors",
}


def scrape(port):
    """What the gateway itself says it holds, summed over labels."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as response:
        text = response.read().decode()
    seen = dict.fromkeys(METRICS.values(), 0)
    for name, value in re.findall(r"(?m)^(\w+)(?:\{[^}]*\})? ([\d.e+]+)$", text):
        if name in METRICS:
            seen[METRICS[name]] += int(float(value))
    return seen
