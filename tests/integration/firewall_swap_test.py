"""Policies swapped as fast as the kernel takes them, under traffic: no packet of a new flow that both
policies deny gets through, none that both allow is lost. RAVELIN_SWAPS=N swaps so often; the default keeps
the suite short."""

import os
import re
import socket
import subprocess
import threading
import time
import unittest

from firewall_lab import POLICY, WEB, FirewallTest

SWAPPER = os.path.abspath(os.environ.get("RAVELIN_SWAPPER", "build/release/bin/policy_swaps"))
SWAPS = int(os.environ.get("RAVELIN_SWAPS", "2000"))
ALLOWED, DENIED = 5000, 5001


class Stream(threading.Thread):
    """Packets from the world to a port, each of a new flow: every one has another source port."""

    def __init__(self, host, source, port):
        super().__init__(daemon=True)
        self.port = port
        self.sent = 0
        self.is_over = threading.Event()
        self.sockets = host.inside(self.make, source)

    @staticmethod
    def make(source):
        sockets = []
        for port in range(20000, 20000 + 4000):
            one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            one.bind((source, port))
            sockets.append(one)
        return sockets

    def run(self):
        while not self.is_over.is_set():
            for one in self.sockets:
                one.sendto(b"x", (WEB, self.port))
                self.sent += 1
                if self.is_over.is_set():
                    return
                time.sleep(0.0001)

    def close(self):
        self.is_over.set()
        self.join(timeout=10)
        for one in self.sockets:
            one.close()


class Swapping(FirewallTest):
    def test_nothing_denied_passes_and_nothing_allowed_is_lost(self):
        policy = POLICY.replace("web: [tcp/80, tcp/443]", "web: [tcp/80, udp/5000]")
        self.write(policy, "a.yaml")
        # The other one has more rules before and behind, so that every chain of the pair is made anew.
        self.write(policy.replace("    - { allow: web, id: web }\n",
                                  "    - { deny: tcp/8080, from: 198.51.100.0/24 }\n    - { allow: web, id: web }\n"
                                  "    - { allow: ping, limit: 5/s }\n"), "b.yaml")
        counts = {port: self.receiver(port) for port in (ALLOWED, DENIED)}
        # No flow may become known, or conntrack would let it pass: connection tracking forgets at once.
        for name in ("nf_conntrack_udp_timeout", "nf_conntrack_udp_timeout_stream"):
            self.gateway.run("sysctl", "-qw", f"net.netfilter.{name}=1")
        swapper = subprocess.Popen(["ip", "netns", "exec", self.gateway.name, SWAPPER, f"{self.directory}/a.yaml",
                                    f"{self.directory}/b.yaml", str(SWAPS)], stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.kill, swapper, 9)
        self.assertEqual("started\n", swapper.stdout.readline())
        streams = [Stream(self.world, source, port) for source, port in (("192.0.2.1", ALLOWED), ("192.0.2.2", DENIED))]
        for stream in streams:
            stream.start()
        said = swapper.stdout.read()
        self.assertEqual(0, swapper.wait(timeout=120), said)
        for stream in streams:
            stream.close()
        time.sleep(0.3)
        allowed, denied = streams
        print(f"{said.strip()}; sent {allowed.sent} allowed and {denied.sent} denied packets")
        self.assertGreater(min(allowed.sent, denied.sent), 1000)
        self.assertEqual(0, counts[DENIED](), "denied packets that passed")
        self.assertEqual(allowed.sent, counts[ALLOWED](), "allowed packets that arrived")
        self.assertRegex(said, re.escape(f"{SWAPS} swaps"))

    def receiver(self, port):
        """Counts datagrams to a port of the gateway."""
        def make():
            server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            server.bind(("0.0.0.0", port))
            return server
        server = self.gateway.inside(make)
        self.gateway.servers.append(server)
        seen = [0]

        def count():
            while True:
                try:
                    data, _ = server.recvfrom(64)
                except OSError:
                    return
                if not data:
                    return
                seen[0] += 1
        threading.Thread(target=count, daemon=True).start()
        return lambda: seen[0]


if __name__ == "__main__":
    unittest.main()
