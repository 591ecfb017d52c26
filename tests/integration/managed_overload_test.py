"""While the gateway is overloaded: what the kernel does for it (`overload.kernel`)."""

import os
import signal
import socket
import struct
import threading

import bans_lab
from bans_lab import HONEST
from harness import unittest, wait_until
from managed_lab import BARE_POLICY, EXTRA_PORT, ManagedTest


class OverloadTest(ManagedTest):
    """A gateway that is overloaded, or not, as its configuration says."""

    KERNEL = ""
    FULL = "overload:\n  memory_max: 16MiB\n  refuse_connections: off\n  shed_requests: off\n"
    CALM = "overload:\n  memory_max: off\n"

    def configure(self, gateway, more=""):
        super().configure(gateway, more)
        with open(gateway.config, encoding="utf-8") as file:
            config = file.read()
        # Connections that end before their handshake are what is tried here.
        self.assertIn("    - { name: broken", config)
        gateway.write("".join(line for line in config.splitlines(keepends=True) if "name: broken" not in line)
                      .replace("budget: 100\n", "budget: 100000\n"))
        self.overload(gateway, self.CALM)

    def overload(self, gateway, text):
        with open(gateway.config, encoding="utf-8") as file:
            config = file.read().replace(self.FULL + self.KERNEL, "").replace(self.CALM + self.KERNEL, "")
        gateway.write(config.replace("abuse:\n", text + self.KERNEL + "abuse:\n"))

    def write_policy(self):
        with open(f"{self.directory}/policy.yaml", "w", encoding="utf-8") as file:
            file.write(BARE_POLICY)

    def is_tightened(self):
        return "443" in self.host.run("nft", "list", "set", "inet", "ravelin", "overload").partition("elements")[2]

    def become(self, text, is_tightened):
        self.overload(self.gateway, text)
        self.gateway.reload()
        wait_until(lambda: self.is_tightened() == is_tightened, "the limits hold" if is_tightened else "they are gone")


class Overload(OverloadTest):
    """While the gateway is overloaded each source has fewer new connections, but for named proxies."""

    KERNEL = "  kernel: { new_per_second: 1, burst: 3 }\n"

    def connects(self, host, source, times):
        """How many of so many connections are taken."""
        return sum(not self.is_silent(host, source) for _ in range(times))

    def test_it_tightens_and_relaxes_by_itself(self):
        self.assertFalse(self.is_tightened())
        self.assertEqual(self.connects(self.attacker, "192.0.2.20", 8), 8)
        self.become(self.FULL, True)
        self.assertLess(self.connects(self.attacker, "192.0.2.20", 8), 8)
        self.assertEqual(self.connects(self.attacker, "192.0.2.21", 3), 3)
        self.assertEqual(self.connects(self.proxy, bans_lab.PROXY, 8), 8)
        self.assertIn("the gateway is overloaded", self.ravelin("status"))
        os.kill(self.gateway.pid("firewall"), signal.SIGKILL)
        wait_until(lambda: self.gateway.log().count("supervisor: ready role=firewall") == 2, "another agent runs")
        wait_until(self.is_tightened, "the limits hold again")
        self.become(self.CALM, False)
        self.assertEqual(self.connects(self.attacker, "192.0.2.20", 8), 8)


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


SYN, ACK = 2, 16


def forged(source, port, flags, number=0):
    """A packet of TCP (RFC 9293, 3.1) with an invented source, for a raw socket."""
    addresses = socket.inet_aton(source) + socket.inet_aton(bans_lab.WAN)

    def header(check):
        return struct.pack("!HHIIBBHHH", port, bans_lab.PLAIN_PORT, number, number, 5 << 4, flags, 64240, check, 0)
    tcp = header(checksum(addresses + struct.pack("!HH", socket.IPPROTO_TCP, 20) + header(0)))
    return struct.pack("!BBHHHBBH", 0x45, 0, 40, 0, 0, 64, socket.IPPROTO_TCP, 0) + addresses + tcp


class Synproxy(OverloadTest):
    """While the gateway is overloaded the kernel answers handshakes with cookies."""

    KERNEL = "  kernel: { new_per_second: 1, burst: 6, synproxy: [web] }\n"
    FLOOD = 200
    BODY = 1 << 20
    UNWELCOME = "192.0.2.60"

    def configure(self, gateway, more=""):
        super().configure(gateway, more)
        with open(gateway.config, encoding="utf-8") as file:
            config = file.read()
        proxies = "    forwarded: { trusted: [203.0.113.5] }\n"
        self.assertIn(proxies, config)
        gateway.write(config.replace(proxies, proxies + "    timeouts: { min_rate: 0, body_idle: 5m }\n"))

    def write_policy(self):
        with open(f"{self.directory}/policy.yaml", "w", encoding="utf-8") as file:
            file.write(BARE_POLICY + f"  any -> host:\n    - {{ deny: tcp/443, from: {self.UNWELCOME}, id: unwelcome }}\n")

    def send(self, packets):
        """From the attacker's host, whoever they say they are from."""
        def send():
            with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
                for packet in packets:
                    raw.sendto(packet, (bans_lab.WAN, 0))
        self.attacker.inside(send)

    def flood(self, flags, first_port):
        """From sources that are not there."""
        self.send([forged(f"192.0.2.{130 + i % 100}", first_port + i, flags, i) for i in range(self.FLOOD)])

    def tracked(self):
        return int(self.host.run("sysctl", "-n", "net.netfilter.nf_conntrack_count"))

    def be_loose(self, loose):
        self.host.run("sysctl", "-qw", f"net.netfilter.nf_conntrack_tcp_loose={loose}")

    def cookies(self, column):
        """Of /proc/net/stat/synproxy, which has a line for each processor."""
        names, *rows = self.host.run("cat", "/proc/net/stat/synproxy").splitlines()
        return sum(int(row.split()[names.split().index(column)], 16) for row in rows)

    def connections_of(self, source):
        return self.host.run("ss", "-Htn", "state", "all", "dst", source)

    # A gateway that is overloaded closes connections that have been answered; those under way stay.
    def begin(self, host, source, address=None):
        connection = self.connect(host, source, address=address)
        self.addCleanup(connection.close)
        connection.sendall(b"POST /served HTTP/1.1\r\nHost: gw.test\r\nContent-Length: %d\r\n\r\n" % self.BODY)
        connection.sendall(b"x" * (self.BODY // 2))
        return connection

    def finish(self, connection):
        connection.sendall(b"x" * (self.BODY - self.BODY // 2))
        head = b""
        while b"\r\n\r\n" not in head:
            piece = connection.recv(65536)
            self.assertTrue(piece, "an answer comes")
            head += piece
        self.assertTrue(head.startswith(b"HTTP/1.1 200 "), head)

    def test_a_flood_takes_no_place_and_who_connects_is_served(self):
        before = self.begin(self.client, HONEST)
        tracked = self.tracked()
        self.flood(SYN, 10000)
        wait_until(lambda: self.tracked() >= tracked + self.FLOOD, "while all is well each of them is a connection")
        self.assertEqual(self.cookies("syn_received"), 0)
        self.become(self.FULL, True)
        self.assertIn("443", self.in_kernel("syn_ports").partition("elements")[2])
        self.assertIn("handshakes are answered with cookies", self.ravelin("status"))
        tracked = self.tracked()
        self.flood(SYN, 20000)
        wait_until(lambda: self.cookies("syn_received") >= self.FLOOD, "they are answered")
        self.assertLess(self.tracked(), tracked + self.FLOOD // 4)
        during = []
        for loose in (1, 0):
            self.be_loose(loose)
            for host, source, address in ((self.client, HONEST, None), (self.proxy, bans_lab.PROXY, None),
                                          (self.attacker, "2001:db8:0:1::1", "2001:db8::254")):
                self.finish(self.begin(host, source, address))
                during.append(self.begin(host, source, address))
        self.assertEqual(self.cookies("cookie_valid"), 2 * len(during))
        self.finish(before)
        self.finish(during.pop())
        self.become(self.CALM, False)
        self.assertNotIn("elements", self.in_kernel("syn_ports"))
        answered = self.cookies("syn_received")
        for connection in [*during, self.begin(self.client, HONEST)]:
            self.finish(connection)
        self.assertEqual(self.cookies("syn_received"), answered)
        self.assertEqual(self.ravelin("drift"), "the table is as it was put there\n")

    def test_the_rules_hold_for_who_brings_a_cookie(self):
        self.become(self.FULL, True)
        self.ravelin("ban", "192.0.2.50")
        for loose in (1, 0):
            self.be_loose(loose)
            # Who is banned is not answered, nor is a port that is not served.
            self.assertTrue(self.is_silent(self.attacker, "192.0.2.50"))
            self.assertTrue(self.is_silent(self.client, HONEST, EXTRA_PORT))
            # Who may not connect gets no further than the answer.
            self.assertFalse(self.is_silent(self.attacker, self.UNWELCOME))
            self.assertIsNone(self.attempt(self.attacker, self.UNWELCOME, timeout=1.0))
            self.assertEqual(self.connections_of(self.UNWELCOME), "")
            # So does who has had his share.
            source = f"192.0.2.{20 + loose}"
            taken = sum(self.attempt(self.attacker, source, timeout=0.5) is not None for _ in range(10))
            self.assertIn(taken, range(6, 10))
            # A cookie nobody was given opens nothing.
            invalid = self.cookies("cookie_invalid")
            self.flood(ACK, 30000 + 1000 * loose)
            wait_until(lambda: self.cookies("cookie_invalid") >= invalid + self.FLOOD, "they are refused")
            self.assertEqual(self.connections_of("192.0.2.130"), "")

    def test_a_handshake_this_host_lost_is_made_again(self):
        # The kernel takes no second question of clients that offer larger segments.
        self.client.run("ip", "link", "set", "eth0", "mtu", "1400")
        self.become(self.FULL, True)
        # Another table loses what comes in the client's place.
        self.host.run("nft", "add table inet lossy; add chain inet lossy in { type filter hook input priority -5 ; };"
                      " add rule inet lossy in iifname lo tcp dport 443 counter drop")
        done = []
        thread = threading.Thread(target=lambda: done.append(self.begin(self.client, HONEST)), daemon=True)
        thread.start()
        wait_until(lambda: "packets 0 " not in self.host.run("nft", "list", "chain", "inet", "lossy", "in"), "it is lost")
        self.host.run("nft", "delete", "table", "inet", "lossy")
        thread.join(timeout=15)
        self.assertTrue(done, "the client is connected")
        self.finish(done[0])


if __name__ == "__main__":
    unittest.main()
