"""What packets cost behind policies of different sizes: as Ravelin compiles them, as rules one by one,
and as ufw writes them."""

import json
import os
import sys
import time

from harness.firewall_lab import inside, run

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "firewall"))
import policy_generator  # noqa: E402

COUNTS = (10, 100, 1_000, 10_000)
WAYS = ("ravelin", "linear", "ufw")
SLICE_MS = 30


def load(lab, way, name, directory):
    """Puts a policy into a namespace; milliseconds of it."""
    start = time.monotonic()
    if way == "ravelin":
        inside(name, lab.program("bench_firewall_load"), "feed", os.path.join(directory, "policy.yaml"),
               os.path.join(directory, "state"))
    elif way == "linear":
        inside(name, "nft", "-f", os.path.join(directory, "linear.nft"))
    else:
        with open(os.path.join(directory, "ufw.rules"), encoding="ascii") as rules:
            inside(name, "iptables-nft-restore", stdin=rules)
    return (time.monotonic() - start) * 1000


class PacketRun:
    """All policies at once, each in a namespace of its own, so that they can take turns."""

    def __init__(self, lab, directory, shapes, counts, tell):
        self.lab, self.directory, self.tell = lab, directory, tell
        self.policies = [(shape, count) for shape in shapes for count in counts]
        self.depth, self.load_ms, self.places = {}, {}, []
        self.client = lab.open()

    def prepare(self):
        for shape, count in self.policies:
            self.tell(f"packets  {shape} {count}")
            directory = os.path.join(self.directory, f"{shape}-{count}")
            os.mkdir(directory)
            policy_generator.write(shape, count, directory)
            text = run(self.lab.program("bench_firewall_load"), "depth", os.path.join(directory, "policy.yaml"))
            self.depth[f"{shape} {count}"] = json.loads(text)
            for way in WAYS:
                self._place(f"{shape} {count} {way}", way, directory)
        # Without any ruleset, with the probes of one of them that are to come through.
        probes = os.path.join(directory, "probes.txt")
        with open(probes, encoding="ascii") as file:
            allowed = [line for line in file if not line.startswith("udp")]
        os.mkdir(none := os.path.join(self.directory, "none"))
        with open(os.path.join(none, "probes.txt"), "w", encoding="ascii") as file:
            file.writelines(allowed)
        self._place("none", None, none)

    def _place(self, name, way, directory):
        server = self.lab.open()
        address = self.lab.join(server, policy_generator.INTERFACE, self.client, len(self.places))
        if way is not None:
            self.load_ms[name] = load(self.lab, way, server, directory)
        self.places.append(",".join((name, server, self.client, address, os.path.join(directory, "probes.txt"))))

    def measure(self, rounds):
        """{"SHAPE COUNT WAY": {"connection": [µs, …], "late": […], "packet": […]}, "none": …}"""
        cpu = sorted(os.sched_getaffinity(0))[-1]
        text = run("taskset", "-c", str(cpu), self.lab.program("bench_firewall_traffic"), str(rounds), str(SLICE_MS),
                   *self.places)
        return json.loads(text)
