"""`bench adaptive`: three servers, one of which becomes four times as slow under load. How the shares of
the servers follow, and what the clients feel, with each gateway's ways of balancing."""

import dataclasses
import os
import subprocess
import sys
import tempfile
import time

from harness import processes
from harness.gateways import ALL, Setup
from harness.measure import Noise
from harness.processes import BenchError, Process

SLOTS, SERVICE_MS = 4, 12  # of each server: some 330 requests/s, until it is slow
SLOWER = 4
CONNECTIONS = 192
BEFORE_S, SETTLING_S, SETTLED_S = 10, 15, 60


@dataclasses.dataclass(frozen=True)
class Way:
    """One gateway with one way of balancing."""

    gateway: str
    name: str
    balance: str

    @property
    def is_adaptive(self):
        return "adaptive" in self.name


WAYS = (
    Way("ravelin", "round robin, adaptive", "    balance: round_robin\n    adaptive: true"),
    Way("ravelin", "round robin", "    balance: round_robin"),
    Way("ravelin", "least requests, adaptive", "    balance: least_requests\n    adaptive: true"),
    Way("ravelin", "least requests", "    balance: least_requests"),
    Way("haproxy", "leastconn", "balance leastconn"),
    Way("haproxy", "roundrobin", "balance roundrobin"),
    Way("nginx", "least_conn", "    least_conn;"),
    Way("nginx", "round robin", ""),
)

SERVER_LINES = {
    "ravelin": '      - {{ name: s{i}, address: "127.0.0.1:{port}" }}',
    "haproxy": "  server s{i} 127.0.0.1:{port} pool-max-conn -1",
    "nginx": "    server 127.0.0.1:{port} max_fails=0;",
}
TEMPLATES = {"ravelin": "ravelin-pool.yaml.in", "haproxy": "haproxy-pool.cfg.in", "nginx": "nginx-pool.conf.in"}


def select(wanted, peers):
    return [way for way in WAYS if (not peers or way.gateway in peers)
            and (not wanted or any(f"{way.gateway} {way.name}".startswith(word) for word in wanted))]


class PacedServer(Process):
    def __init__(self, directory, cpu, index):
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "paced_server.py")
        super().__init__([sys.executable, script, str(SLOTS), str(SERVICE_MS)], [cpu],
                         os.path.join(directory, f"server{index}.out"), stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, text=True)
        self.port = int(self.popen.stdout.readline())

    def order(self, text):
        self.popen.stdin.write(text + "\n")
        self.popen.stdin.flush()
        return int(self.popen.stdout.readline())


def measure(plan, way):
    """The shares of the slow server second by second, and the load generator's result of the settled minute."""
    directory = tempfile.mkdtemp(prefix=f"{way.gateway}-", dir=plan.directory)
    servers = [PacedServer(directory, plan.load_cpu, index) for index in range(3)]
    try:
        return drive(plan, way, directory, servers)
    except BenchError as error:
        raise BenchError(f"{way.gateway}, {way.name}: {error}") from error
    finally:
        for server in servers:
            server.stop()


def drive(plan, way, directory, servers):
    chain, key = plan.certificates["p256"]
    setup = Setup(directory=directory, programs=plan.programs, backend_port=0, chain=chain, key=key,
                  cpus=[plan.gateway_cpu])
    with start(setup, way, servers) as gateway:
        gateway.wait_for_port(setup.port)
        time.sleep(0.3)
        command = [
            os.path.join(plan.programs, "bench_load"), "--mode", "rate", "--port", str(setup.port), "--connections",
            str(CONNECTIONS), "--rate", str(plan.rate), "--warmup", str(BEFORE_S + SETTLING_S),
            "--seconds", str(SETTLED_S), "--pids", str(gateway.pid),
        ]
        noise = Noise([gateway.pid, *(server.pid for server in servers)])
        with Process(command, [plan.load_cpu], os.path.join(directory, "load.out"), stdout=subprocess.PIPE,
                     text=True) as load:
            shares = watch(servers)
            output, _ = load.popen.communicate(timeout=120)
            result = processes.parse_result(output, load)
        gateway.check_alive()
        result["foreign_cpu_percent"] = noise.percent()
    result["shares"] = shares
    return result


def start(setup, way, servers):
    lines = "\n".join(SERVER_LINES[way.gateway].format(i=i, port=server.port) for i, server in enumerate(servers))
    if way.gateway == "haproxy":
        with open(setup.chain) as chain, open(setup.key) as key:
            setup.write("haproxy.pem", chain.read() + key.read())
    config = setup.render(TEMPLATES[way.gateway], BALANCE=way.balance, SERVERS=lines,
                          USER="user root;" if os.geteuid() == 0 else "")
    program = ALL[way.gateway].program(setup.programs)
    arguments = {"ravelin": ["run", "-c", config], "haproxy": ["-db", "-f", config],
                 "nginx": ["-p", setup.directory, "-c", config]}
    return setup.start([program, *arguments[way.gateway]])


def watch(servers):
    """The first server's share of the answers in each second; it is slow from second BEFORE_S on."""
    shares = []
    began = time.monotonic()
    before = [server.order("count") for server in servers]
    for second in range(1, BEFORE_S + SETTLING_S + SETTLED_S + 1):
        time.sleep(max(0.0, began + second - time.monotonic()))
        now = [server.order(f"speed {SLOWER}" if server is servers[0] and second == BEFORE_S else "count")
               for server in servers]
        answered = [after - earlier for after, earlier in zip(now, before)]
        shares.append(answered[0] / max(1, sum(answered)))
        before = now
    return shares
