"""The gateways that are compared: how each is configured and started. Configurations are the files
in bench/configs; the placeholders @LIKE_THIS@ in them are filled in here."""

import dataclasses
import os
import re
import shutil
import subprocess

from harness import everything
from harness.processes import BenchError, Process, free_port
from harness.targets import haproxy_map, nginx_servers, ravelin_routes

CONFIGS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "configs")


@dataclasses.dataclass
class Setup:
    """What a gateway is started for. All of them get the same."""

    directory: str
    programs: str  # where bench_floor and ravelin are
    backend_port: int
    chain: str
    key: str
    cpus: list
    workers: int = 1
    access_log: bool = False
    everything: str = ""
    targets: list = dataclasses.field(default_factory=list)  # (host, path prefix); empty = one route
    port: int = dataclasses.field(default_factory=free_port)
    log_port: int = 0  # of the TCP log sink, for who cannot write a file

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def render(self, template, **more):
        values = {
            "PORT": self.port, "BACKEND_PORT": self.backend_port, "CHAIN": self.chain, "KEY": self.key,
            "WORKERS": self.workers, "DIR": self.directory, **more,
        }
        with open(os.path.join(CONFIGS, template)) as file:
            text = file.read()
        # A switchable line starts with @LOG@ or @NOLOG@.
        text = re.sub(r"(?m)^@LOG@ ?" + ("" if self.access_log else r".*\n"), "", text)
        text = re.sub(r"(?m)^@NOLOG@ ?" + (r".*\n" if self.access_log else ""), "", text)
        text = re.sub(r"@([A-Z_]+)@", lambda match: str(values[match.group(1)]), text)
        return self.write(template.removesuffix(".in"), text)

    def start(self, command, **kwargs):
        name = os.path.basename(command[0])
        return Process(command, self.cpus, os.path.join(self.directory, f"{name}.out"), **kwargs)


class Floor:
    name = "floor"
    logs_over_tcp = False

    def program(self, programs):
        return os.path.join(programs, "bench_floor")

    def version(self, _programs):
        return "bench/floor.cc"

    def start(self, setup):
        return setup.start([
            self.program(setup.programs), str(setup.port), str(setup.backend_port), setup.chain,
            setup.key, str(setup.workers),
        ])


class Nginx:
    name = "nginx"
    logs_over_tcp = False

    def program(self, _programs):
        return shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")

    def version(self, programs):
        return output_of([self.program(programs), "-v"]).split("/")[-1]

    def start(self, setup):
        user = "user root;" if os.geteuid() == 0 else ""
        config = setup.render("nginx.conf.in", USER=user, SERVERS=nginx_servers(setup.targets, setup.port))
        return setup.start([self.program(None), "-p", setup.directory, "-c", config])


class Haproxy:
    name = "haproxy"
    logs_over_tcp = True

    def program(self, _programs):
        return shutil.which("haproxy", path=os.environ["PATH"] + ":/usr/sbin")

    def version(self, programs):
        return output_of([self.program(programs), "-v"]).split()[2]

    def start(self, setup):
        with open(setup.chain) as chain, open(setup.key) as key:
            setup.write("haproxy.pem", chain.read() + key.read())
        setup.write("routes.map", haproxy_map(setup.targets))
        rule = f"use_backend %[base,map_beg({setup.directory}/routes.map,none)]"
        config = setup.render(
            "haproxy.cfg.in", LOG_PORT=setup.log_port,
            ROUTES=rule if setup.targets else "default_backend web",
        )
        # 2.6 has no setting for the number of session tickets; OpenSSL's own configuration file has.
        env = {"OPENSSL_CONF": os.path.join(CONFIGS, "one-ticket.cnf")}
        return setup.start([self.program(None), "-db", "-f", config], env=env)


class Ravelin:
    name = "ravelin"
    logs_over_tcp = False

    def program(self, programs):
        return os.path.join(programs, "ravelin")

    def version(self, programs):
        return output_of([self.program(programs), "--version"]).split()[-1]

    def start(self, setup):
        if setup.everything:
            config = setup.render("ravelin-everything.yaml.in", ROUTES=everything.routes(setup.targets),
                                  POOLS=everything.pools(setup.backend_port))
        else:
            config = setup.render("ravelin.yaml.in", ROUTES=ravelin_routes(setup.targets))
        return setup.start([self.program(setup.programs), "run", "-c", config])


ALL = {gateway.name: gateway for gateway in (Floor(), Nginx(), Haproxy(), Ravelin())}


def can_run(gateway, case):
    """Everything is Ravelin's alone. The floor reads nothing: it has nothing to log and no route to look up, and an idle client
    keeps its backend connection (twice the descriptors)."""
    if case.everything:
        return gateway.name == "ravelin"
    return gateway.name != "floor" or not (case.access_log or case.routes or case.name == "idle")


def available(programs, wanted):
    """The gateways of `wanted` (None = all) whose program exists, in order."""
    gateways = []
    for name in wanted or ALL:
        if name not in ALL:
            raise BenchError(f'no gateway "{name}" (there are: {", ".join(ALL)})')
        program = ALL[name].program(programs)
        if program and os.access(program, os.X_OK):
            gateways.append(ALL[name])
        elif wanted:
            raise BenchError(f"{name} is not there: build or install it first")
    return gateways


def output_of(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    text = (done.stdout + done.stderr).strip()
    return text.splitlines()[0] if text else "unknown"
