"""How long a ban takes: in a resident process, and by the commands an operator would run."""

import json
import os
import statistics
import time

from harness.firewall_lab import inside
from harness.firewall_sets import POLICY, write
from harness.processes import Process

HELD = 100_000  # bans that are there before
BATCH = 1024
SINGLES = 10
PATIENCE = 10  # seconds until the agent listens


def addresses(first, count):
    return [f"12.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}" for number in range(first, first + count)]


class BanRun:
    def __init__(self, lab, directory):
        self.lab, self.directory, self.states = lab, directory, 0
        self.policy = write(directory, "policy.yaml", POLICY)
        write(directory, "list.txt", "198.18.0.1\n")

    def ravelin(self):
        self.states += 1
        name = self.lab.open()
        try:
            text, _ = self.lab.measured(name, self.lab.program("bench_firewall_bans"), self.policy,
                                        os.path.join(self.directory, f"bans-{self.states}"), str(HELD))
        finally:
            self.lab.close(name)
        return self._read(text)

    def agent(self):
        """Over the socket of `ravelin firewall watch`, its process and the one that asks on the same machine."""
        self.states += 1
        where = os.path.join(self.directory, f"agent-{self.states}")
        socket, flags = f"{where}.sock", ["--state", where, "--socket", f"{where}.sock"]
        name, program = self.lab.open(), [self.lab.program("ravelin"), "firewall"]
        try:
            inside(name, *program, "apply", self.policy, "--no-confirm", *flags)
            command = ["ip", "netns", "exec", name, *program, "watch", *flags]
            with Process(command, sorted(os.sched_getaffinity(0)), f"{where}.log") as agent:
                end = time.monotonic() + PATIENCE
                while not os.path.exists(socket) and time.monotonic() < end:
                    agent.check_alive()
                    time.sleep(0.05)
                text, _ = self.lab.measured(name, self.lab.program("bench_firewall_bans"), "--agent", socket, str(HELD))
        finally:
            self.lab.close(name)
        return self._read(text)

    @staticmethod
    def _read(text):
        found = json.loads(text)
        return {"single_us": found["single_us"], "single_p99_us": found["single_p99_us"], "cpu_us": found["single_cpu_us"],
                **{f"batch {size}": found[f"batch_{size}"]["bans_per_second"] for size in (64, 256, 1024)}}

    def commands(self, one, batch, prepare):
        """Single bans by one command each, then BATCH in one file."""
        name = self.lab.open()
        try:
            inside(name, *prepare)
            single = [self.lab.measured(name, *one(address))[1]["wall_ms"] for address in addresses(1 << 22, SINGLES)]
            usage = self.lab.measured(name, *batch)[1]
        finally:
            self.lab.close(name)
        return {"single_us": statistics.median(single) * 1000, f"batch {BATCH}": BATCH / usage["wall_ms"] * 1000}

    def nft(self):
        held = ", ".join(f"{address} timeout 1h" for address in addresses(0, HELD))
        table = write(self.directory, "bans.nft", "table inet bench {\nset ban4 { type ipv4_addr; flags timeout; size 262144; "
                      f"elements = {{ {held} }}\n}}\n}}\n")
        fresh = ", ".join(f"{address} timeout 1h" for address in addresses(1 << 23, BATCH))
        batch = write(self.directory, "batch.nft", f"add element inet bench ban4 {{ {fresh} }}\n")
        return self.commands(lambda address: ("nft", f"add element inet bench ban4 {{ {address} timeout 1h }}"),
                             ("nft", "-f", batch), ("nft", "-f", table))

    def ipset(self):
        def lines(found):
            return "".join(f"add ban4 {address} timeout 3600\n" for address in found)
        table = write(self.directory, "bans.ipset", "create ban4 hash:ip timeout 3600 maxelem 1000000\n" + lines(addresses(0, HELD)))
        batch = write(self.directory, "batch.ipset", lines(addresses(1 << 23, BATCH)))
        return self.commands(lambda address: ("ipset", "add", "ban4", address, "timeout", "3600"),
                             ("ipset", "-file", batch, "restore"), ("ipset", "-file", table, "restore"))

    def round(self, number):
        ways = [("ravelin", self.ravelin), ("agent", self.agent), ("nft -f", self.nft), ("ipset", self.ipset)]
        turn = number % len(ways)
        return {name: measure() for name, measure in ways[turn:] + ways[:turn]}
