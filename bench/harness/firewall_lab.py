"""Network namespaces of a benchmark's own, and commands measured in them. Nothing here touches the
ruleset of the machine itself."""

import json
import os
import secrets
import subprocess

from harness.processes import BenchError

TIMEOUT = 300  # seconds, for any one command


class Lab:
    """Makes namespaces and, at its end, takes all of them down."""

    def __init__(self, programs):
        if os.geteuid() != 0:
            raise BenchError("network namespaces and nftables need root")
        self.programs = programs
        self.tag = f"ravelin-bench-{secrets.token_hex(3)}"
        self.names = []
        self.count = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for name in list(self.names):
            self.close(name)

    def open(self):
        self.count += 1
        name = f"{self.tag}-{self.count}"
        run("ip", "netns", "add", name)
        self.names.append(name)
        run("ip", "-n", name, "link", "set", "lo", "up")
        return name

    def close(self, name):
        # First the tables, by a command that waits for it: the kernel would else do it some time later, in
        # the middle of the next measurement.
        inside(name, "nft", "flush", "ruleset", check=False)
        inside(name, "ipset", "destroy", check=False)
        run("ip", "netns", "del", name)
        self.names.remove(name)

    def program(self, name):
        return os.path.join(self.programs, name)

    def measured(self, name, *command):
        """(what the command printed, {wall_ms, cpu_ms, rss_kib})."""
        text = run(self.program("bench_measured"), name, *command)
        *printed, usage = text.strip().splitlines()
        return "\n".join(printed), json.loads(usage)

    def join(self, server, interface, client, number):
        """A cable between two of them; the server's address. All of 10/8 is behind the client, which answers for it."""
        peer, network = f"to{number}", f"172.16.{number}"
        run("ip", "link", "add", interface, "netns", server, "type", "veth", "peer", "name", peer, "netns", client)
        for name, device, host in ((server, interface, 1), (client, peer, 2)):
            inside(name, "sysctl", "-qw", "net.ipv4.conf.all.rp_filter=0", f"net.ipv4.conf.{device}.rp_filter=0")
            run("ip", "-n", name, "addr", "add", f"{network}.{host}/24", "dev", device)
            run("ip", "-n", name, "link", "set", device, "up")
        run("ip", "-n", server, "route", "add", "10.0.0.0/8", "via", f"{network}.2")
        run("ip", "-n", client, "route", "replace", "local", "10.0.0.0/8", "dev", "lo")
        return f"{network}.1"


def inside(name, *command, **options):
    return run("ip", "netns", "exec", name, *command, **options)


def run(*command, check=True, stdin=None):
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, stdin=stdin)
    if check and done.returncode != 0:
        raise BenchError(f"{' '.join(command)[:200]}: {done.stderr.strip()[-500:] or done.returncode}")
    return done.stdout
