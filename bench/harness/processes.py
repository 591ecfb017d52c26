"""Processes of one benchmark run: started here, pinned here, ended here by their own id."""

import json
import os
import random
import signal
import socket
import subprocess
import time


class BenchError(Exception):
    """The run cannot go on; the text says why."""


class Process:
    """A child that ends with this program, whatever happens to it. `cpus`: the CPUs it may use."""

    def __init__(self, command, cpus, log_path, env=None, **pipes):
        pinned = ["setpriv", "--pdeathsig", "TERM", "taskset", "-c", ",".join(map(str, cpus))]
        self.name = os.path.basename(command[0])
        self.log_path = log_path
        with open(log_path, "ab") as log:
            pipes.setdefault("stdin", subprocess.DEVNULL)
            pipes.setdefault("stdout", log)
            self.popen = subprocess.Popen(
                pinned + command, stderr=log, env={**os.environ, **(env or {})}, **pipes
            )
        self.pid = self.popen.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)
            try:
                self.popen.wait(timeout=3)
            except subprocess.TimeoutExpired:
                # Workers first: killing only the parent would leave them behind.
                for pid in reversed(family(self.pid)):
                    os.kill(pid, signal.SIGKILL)
                self.popen.wait()

    def yield_cpu(self):
        """From now on it runs only while nobody else wants its CPU."""
        os.sched_setscheduler(self.pid, os.SCHED_IDLE, os.sched_param(0))

    def check_alive(self):
        if self.popen.poll() is not None:
            raise BenchError(f"{self.name} ended: {self.log_tail()}")

    def log_tail(self):
        with open(self.log_path, "r", errors="replace") as log:
            return log.read()[-2000:].strip() or "(no message)"

    def wait_for_port(self, port, timeout=20):
        """Until something accepts on 127.0.0.1:port."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            self.check_alive()
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise BenchError(f"{self.name} does not accept on port {port}: {self.log_tail()}")


def family(pid):
    """The process and all its descendants, parents first."""
    children = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat") as file:
                parent = int(file.read().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry))
        except (FileNotFoundError, ProcessLookupError):
            continue
    pids = [pid]
    for member in pids:
        pids.extend(children.get(member, []))
    return pids


def resident_bytes(pids):
    """Resident memory of the processes together. A page they share counts in each."""
    page = os.sysconf("SC_PAGE_SIZE")
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/statm") as file:
            total += int(file.read().split()[1]) * page
    return total


def cpu_seconds(pids):
    tick = os.sysconf("SC_CLK_TCK")
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / tick


def machine_busy_seconds(cpu=""):
    """CPU time the whole machine, or one CPU, has spent on anything, stolen time included."""
    with open("/proc/stat") as file:
        line = next(line for line in file if line.split()[0] == f"cpu{cpu}")
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, line.split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def established(port):
    """Connections that the server on 127.0.0.1:port holds open, as the kernel sees it."""
    with open("/proc/net/tcp") as file:
        rows = [line.split() for line in file.readlines()[1:]]
    return sum(1 for row in rows if row[1].endswith(f":{port:04X}") and row[3] == "01")


def free_port():
    """Below the ephemeral range, where no client connection can sit."""
    for _ in range(1000):
        port = random.randrange(18000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise BenchError("no free port between 18000 and 32000")


def parse_result(text, process):
    """The load generator's last line."""
    lines = text.strip().splitlines()
    try:
        result = json.loads(lines[-1])
    except (IndexError, ValueError) as error:
        raise BenchError(f"{process.name} printed no result: {process.log_tail()}") from error
    if result["error"]:
        raise BenchError(f"the load generator met an error: {result['error']}")
    return result
