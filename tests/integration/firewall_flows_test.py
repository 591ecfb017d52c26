"""Flows that exist when a policy comes that denies them: ended by apply, in network namespaces, by the real
binary; what it allows goes on, and with --keep-established everything does."""

import json
import os
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import net_lab
from harness import wait_until

BINARY = os.path.abspath(os.environ.get("RAVELIN_BINARY", "build/release/bin/ravelin"))

BEFORE = """policy: v1
name: gate
zones:
  wan: { interfaces: [wan0] }
  lan: { interfaces: [lan0], networks: [10.9.0.0/24, "fd09::/64"] }
rules:
  wan -> host:
    - { allow: [tcp/8080, tcp/9090, ssh], id: all }
  lan -> wan:
    - { allow: [tcp/8080, tcp/9090], id: out }
  wan -> lan:
    - { allow: [tcp/8080, tcp/9090], id: in }
"""
# 9090 is denied everywhere.
AFTER = BEFORE.replace("tcp/9090, ssh", "ssh").replace(", tcp/9090", "")


class Echo:
    """A connection that stays, and says whether what is sent still comes back."""

    def __init__(self, host, address, port):
        def connect():
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            client = socket.socket(family, socket.SOCK_STREAM)
            client.settimeout(2)
            client.connect((address, port))
            return client
        self.socket = host.inside(connect)

    def works(self, timeout=0.5):
        self.socket.settimeout(timeout)
        try:
            self.socket.sendall(b"x")
            return self.socket.recv(1) == b"x"
        except (socket.timeout, TimeoutError, ConnectionError):
            return False

    def is_reset(self):
        """The host it talked to told it that it is over."""
        try:
            self.socket.settimeout(2)
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def close(self):
        self.socket.close()


class Flows(unittest.TestCase):
    def setUp(self):
        net_lab.require_privilege(self)
        self.lab = net_lab.Lab()
        self.addCleanup(self.lab.close)
        self.gateway, self.world, self.inner = (self.lab.host(name) for name in ("gw", "world", "lan"))
        self.lab.join(self.gateway, "wan0", ["192.0.2.254/24", "2001:db8::254/64"],
                      self.world, "eth0", ["192.0.2.1/24", "2001:db8::1/64"])
        self.lab.join(self.gateway, "lan0", ["10.9.0.254/24", "fd09::254/64"],
                      self.inner, "eth0", ["10.9.0.7/24", "fd09::7/64"])
        self.gateway.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        self.world.run("ip", "route", "add", "10.9.0.0/24", "via", "192.0.2.254")
        self.inner.run("ip", "route", "add", "default", "via", "10.9.0.254")
        self.inner.run("ip", "-6", "route", "add", "default", "via", "fd09::254")
        self.world.run("ip", "-6", "route", "add", "fd09::/64", "via", "2001:db8::254")
        for host in (self.gateway, self.world, self.inner):
            for port in (22, 8080, 9090):
                self.echo(host, port)
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.directory = temporary.name

    def echo(self, host, port):
        program = ("import socketserver,socket\n"
                   "class H(socketserver.BaseRequestHandler):\n"
                   "  def handle(self):\n"
                   "    while data := self.request.recv(64): self.request.sendall(data)\n"
                   "class S(socketserver.ThreadingTCPServer):\n"
                   "  address_family = socket.AF_INET6; allow_reuse_address = daemon_threads = True\n"
                   "  def handle_error(self, *_): pass  # a connection that is ended\n"
                   f"S(('::', {port}), H).serve_forever()\n")
        server = subprocess.Popen(["ip", "netns", "exec", host.name, "python3", "-c", program])
        self.addCleanup(lambda: (server.kill(), server.wait()))
        while host.tcp("::1", port, timeout=0.05) == "refused":
            self.assertIsNone(server.poll())

    def connect(self, host, address, port):
        made = Echo(host, address, port)
        self.addCleanup(made.close)
        self.assertTrue(made.works(2), f"{address}:{port}")
        return made

    def ravelin(self, *arguments, code=0, environment=None):
        command = ["ip", "netns", "exec", self.gateway.name, BINARY, "firewall", *arguments,
                   "--state", f"{self.directory}/state", "--socket", f"{self.directory}/agent.sock"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
                              check=False, env={**os.environ, **(environment or {})})
        self.assertEqual(code, done.returncode, f"{arguments}: {done.stdout}{done.stderr}")
        return done.stdout

    def apply(self, text, *flags, environment=None):
        path = f"{self.directory}/policy.yaml"
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return self.ravelin("apply", path, "--no-confirm", *flags, environment=environment)

    def test_what_the_new_policy_denies_stops_and_the_rest_goes_on(self):
        self.apply(BEFORE)
        denied = [self.connect(self.world, "192.0.2.254", 9090), self.connect(self.world, "2001:db8::254", 9090),
                  self.connect(self.inner, "192.0.2.1", 9090), self.connect(self.inner, "2001:db8::1", 9090)]
        allowed = [self.connect(self.world, "192.0.2.254", 8080), self.connect(self.world, "2001:db8::254", 8080),
                   self.connect(self.inner, "192.0.2.1", 8080), self.connect(self.inner, "2001:db8::1", 8080),
                   self.connect(self.gateway, "192.0.2.1", 9090)]  # host -> any is not governed
        said = self.apply(AFTER)
        self.assertIn("-> 192.0.2.254:9090, denied by the end of the lists", said)
        self.assertIn("-> [2001:db8::1]:9090, denied by the end of the lists", said)
        self.assertNotIn(":8080", said)
        self.assertEqual([False] * 4, [one.works() for one in denied])
        self.assertEqual([True] * 5, [one.works(2) for one in allowed])

    def test_keep_established_keeps_both(self):
        self.apply(BEFORE)
        both = [self.connect(self.world, "192.0.2.254", port) for port in (8080, 9090)]
        self.assertIn("go on (--keep-established)", self.apply(AFTER, "--keep-established"))
        self.assertEqual([True, True], [one.works(2) for one in both])

    def test_json_and_plan_tell_them(self):
        self.apply(BEFORE)
        flow = self.connect(self.world, "192.0.2.254", 9090)
        path = f"{self.directory}/policy.yaml"
        with open(path, "w", encoding="utf-8") as file:
            file.write(AFTER)
        planned = json.loads(self.ravelin("plan", path, "--json"))["flows"]
        self.assertEqual((1, 0), (planned["denied"], planned["ended"]))
        self.assertTrue(flow.works(2))
        told = json.loads(self.ravelin("apply", path, "--no-confirm", "--json"))["flows"]
        self.assertEqual((1, 1), (told["denied"], told["ended"]))
        self.assertTrue(told["list"][0]["flow"].startswith("tcp 192.0.2.1:"))

    def test_the_operators_own_session_lives_even_through_a_lockout(self):
        self.apply(BEFORE)
        mine = self.connect(self.world, "192.0.2.254", 22)
        session = {"SSH_CONNECTION": f"192.0.2.1 {mine.socket.getsockname()[1]} 192.0.2.254 22"}
        self.apply(AFTER.replace("tcp/8080, ssh", "tcp/8080"), "--allow-lockout", environment=session)
        self.assertTrue(mine.works(2))

    def test_a_forward_that_moves_elsewhere_ends_what_it_carried(self):
        nat = "nat:\n  - { forward: tcp/8443, via: wan, to: \"10.9.0.7:9090\" }\nrules:\n"
        self.apply(BEFORE.replace("rules:\n", nat))
        through = self.connect(self.world, "192.0.2.254", 8443)
        self.assertNotIn("Established", self.apply(AFTER.replace("rules:\n", nat)))
        self.assertTrue(through.works(2))
        self.assertIn("-> 192.0.2.254:8443 (to 10.9.0.7:9090)", self.apply(AFTER))
        self.assertFalse(through.works())

    def test_going_back_ends_what_the_earlier_policy_denies(self):
        self.apply(AFTER)
        self.apply(BEFORE)
        flow = self.connect(self.world, "192.0.2.254", 9090)
        self.assertIn("-> 192.0.2.254:9090, denied by the end of the lists", self.ravelin("rollback", "1"))
        self.assertFalse(flow.works())

    def test_what_is_being_sent_does_not_bring_a_flow_back(self):
        self.apply(BEFORE)
        busy = self.connect(self.world, "192.0.2.254", 9090)
        sending = threading.Event()
        sending.set()

        def send():
            while sending.is_set():
                busy.works(0.1)
        sender = threading.Thread(target=send)
        sender.start()
        self.addCleanup(sender.join)
        self.addCleanup(sending.clear)
        self.apply(AFTER)
        time.sleep(1)  # of sending on
        sending.clear()
        sender.join()
        self.assertFalse(busy.works(2))

    def test_ends_of_this_host_are_reset_and_its_listeners_are_not(self):
        self.apply(BEFORE)
        flow, own = self.connect(self.world, "192.0.2.254", 9090), self.connect(self.inner, "192.0.2.1", 9090)
        self.apply(AFTER)
        self.assertTrue(flow.is_reset())
        self.assertFalse(own.works())  # passes through: nobody here can tell its ends
        self.apply(AFTER)  # what is gone already is not looked for among who listens
        self.apply(BEFORE)
        self.assertTrue(self.connect(self.world, "192.0.2.254", 9090).works(2))

    def test_a_change_that_nobody_confirms_takes_its_flows_along(self):
        self.apply(AFTER)
        path = f"{self.directory}/policy.yaml"
        with open(path, "w", encoding="utf-8") as file:
            file.write(BEFORE)
        self.ravelin("apply", path, "--confirm-within", "3s")
        flow = self.connect(self.world, "192.0.2.254", 9090)
        stays = self.connect(self.world, "192.0.2.254", 8080)
        self.assertTrue(flow.works(2))
        wait_until(lambda: not flow.works(), "the timer takes its flow along", 15)
        self.assertTrue(stays.works(2))


if __name__ == "__main__":
    unittest.main()
