"""A gateway host between an attacker, an honest client and a proxy on one side and a backend on the other: the gateway
and the firewall's agent run on it as two users, and bans go from one to the other."""

import json
import os
import signal
import socket
import ssl
import subprocess
import threading
import time

import net_lab
from harness import Backend, Gateway, unittest, wait_until

BINARY = os.path.abspath(os.environ.get("RAVELIN_BINARY", "build/release/bin/ravelin"))
WAN, PROBES = "192.0.2.254", 9999
PLAIN_PORT, MTLS_PORT, PROXIED_PORT = 443, 8443, 8444
HONEST, PROXY = "198.51.100.7", "203.0.113.5"
USER = "nobody"

POLICY = """policy: v1
name: gateway
zones:
  wan: { interfaces: [wan0, cli0, prx0] }
  lan: { interfaces: [lan0] }
bans: { never: [203.0.113.5] }
rules:
  wan -> host:
    - { allow: [tcp/443, tcp/8443, tcp/8444, udp/9999], id: served }
  host -> lan:
    - { allow: tcp/8080, id: backend }
"""

CONFIG = """version: 1
workers: 2
user: nobody
admin: {{ socket: admin.sock }}
log: {{ level: info, access: access.log }}
firewall: {{ socket: {directory}/agent.sock }}
abuse:
  budget: 100
  window: 1h
  ban: {ban}
  ban_factor: 1
  ban_max: {ban}
  triggers:
    - {{ name: honeypot, paths: [/wp-login.php, /.git/], count: 1 }}
    - {{ name: scanner, statuses: [404], count: 5, window: 1h }}
    - {{ name: greedy, event: rate_limited, count: 5, window: 1h }}
    - {{ name: strangers, event: client_certificate, count: 3, window: 1h }}
    - {{ name: broken, event: failed_handshake, count: 6, window: 1h }}
    - {{ name: flood, event: handshake, count: 40, window: 10s }}
listeners:
  - name: web
    bind: ["0.0.0.0:443", "[::]:443"]
    tls: {{ certificates: [ {{ chain: server.crt, key: server.key }} ] }}
    forwarded: {{ trusted: [203.0.113.5] }}
    routes:
      - {{ name: limited, match: {{ path: /limited }}, pool: web, limits: {{ rate: {{ requests: 1, per: 1h }} }} }}
      - {{ name: all, match: {{ path: /served }}, pool: web }}
  - name: members
    bind: "0.0.0.0:8443"
    tls:
      certificates: [ {{ chain: server.crt, key: server.key }} ]
      client_auth: {{ mode: require, ca: ca.pem }}
    routes: [ {{ match: {{ host: members.test }}, pool: web }} ]
  - name: proxied
    bind: "0.0.0.0:8444"
    proxy_protocol: {{ from: [203.0.113.5] }}
    tls: {{ certificates: [ {{ chain: server.crt, key: server.key }} ] }}
    routes: [ {{ match: {{ path: /served }}, pool: web }} ]
pools:
  - {{ name: web, servers: [ {{ address: "10.1.0.2:8080" }} ] }}
"""


class LabGateway(Gateway):
    """The gateway in its namespace, which only its log tells from outside."""

    def is_listening(self):
        if self.process.poll() is not None:
            raise AssertionError("the gateway ended: " + self.log())
        return "gateway: listening" in self.log()


class BansTest(unittest.TestCase):
    BAN = "600s"

    def setUp(self):
        net_lab.require_privilege(self)
        self.lab = net_lab.Lab()
        self.addCleanup(self.lab.close)
        names = ("gw", "bad", "good", "prx", "be")
        self.host, self.attacker, self.client, self.proxy, self.server = (self.lab.host(name) for name in names)
        attackers = [f"192.0.2.{n}/24" for n in range(1, 120)] + ["2001:db8:0:1::1/48"]
        self.lab.join(self.host, "wan0", [f"{WAN}/24", "2001:db8::254/48"], self.attacker, "eth0", attackers)
        self.lab.join(self.host, "cli0", ["198.51.100.254/24"], self.client, "eth0", [f"{HONEST}/24"])
        self.lab.join(self.host, "prx0", ["203.0.113.254/24"], self.proxy, "eth0", [f"{PROXY}/24"])
        self.lab.join(self.host, "lan0", ["10.1.0.254/24"], self.server, "eth0", ["10.1.0.2/24"])
        for host, via in ((self.client, "198.51.100.254"), (self.proxy, "203.0.113.254")):
            host.run("ip", "route", "add", "default", "via", via)
        self.backend = self.server.inside(lambda: Backend(port=8080, host="10.1.0.2"))
        self.addCleanup(self.backend.close)
        self.gateway = None

    def start(self, agent=True):
        prefix = ("ip", "netns", "exec", self.host.name)

        def prepare(gateway):
            os.chmod(gateway.directory, 0o755)
            self.directory = gateway.directory
            gateway.write(CONFIG.format(directory=gateway.directory, ban=self.BAN))
            self.write_policy()
            if agent:
                self.ravelin("apply", f"{self.directory}/policy.yaml", "--no-confirm")
                self.start_agent()
        self.gateway = LabGateway("", prepare=prepare, command=prefix)
        self.addCleanup(self.gateway.close)
        self.context = self.gateway.client_context()
        self.context.check_hostname = False
        if agent:
            self.wait_connected()

    def write_policy(self):
        with open(f"{self.directory}/policy.yaml", "w", encoding="utf-8") as file:
            file.write(POLICY)

    def wait_connected(self):
        wait_until(lambda: self.why("192.0.2.1")["gateway"]["firewall"]["connected"], "the agent takes bans")

    # ---- the firewall's side ----
    def firewall_flags(self):
        return ["--state", f"{self.directory}/state", "--socket", f"{self.directory}/agent.sock"]

    def ravelin(self, *arguments, codes=(0,)):
        done = subprocess.run(["ip", "netns", "exec", self.host.name, BINARY, "firewall", *arguments,
                               *self.firewall_flags()], capture_output=True, text=True, timeout=60, check=False,
                              stdin=subprocess.DEVNULL)
        self.assertIn(done.returncode, codes, f"{arguments}: {done.stdout}{done.stderr}")
        return done.stdout

    def start_agent(self):
        with open(f"{self.directory}/agent.log", "a", encoding="utf-8") as log:
            self.agent = subprocess.Popen(["ip", "netns", "exec", self.host.name, BINARY, "firewall", "watch",
                                           "--gateway-user", USER, *self.firewall_flags()], stdout=log, stderr=log)
        self.addCleanup(self.kill_agent)
        wait_until(lambda: os.path.exists(f"{self.directory}/agent.sock"), "the agent listens")

    def kill_agent(self):
        if self.agent.poll() is None:
            self.agent.send_signal(signal.SIGKILL)
            self.agent.wait(timeout=30)
        if os.path.exists(f"{self.directory}/agent.sock"):
            os.unlink(f"{self.directory}/agent.sock")

    def bans(self):
        return {ban["target"]: ban for ban in json.loads(self.ravelin("bans", "--json"))["bans"]}

    def in_kernel(self, set_name):
        return self.host.run("nft", "list", "set", "inet", "ravelin", set_name)

    def why(self, subject, code=None):
        done = subprocess.run(["ip", "netns", "exec", self.host.name, BINARY, "why", subject, "--socket",
                               f"{self.directory}/admin.sock", "--state", f"{self.directory}/state",
                               "--firewall-socket", f"{self.directory}/agent.sock", "--json"],
                              capture_output=True, text=True, timeout=60, check=False)
        if code is not None:
            self.assertEqual(code, done.returncode, done.stdout + done.stderr)
        return json.loads(done.stdout)

    # ---- whoever connects ----
    def connect(self, host, source, port=PLAIN_PORT, timeout=5.0, address=None, context=None, preface=b""):
        """A TLS connection from `source`, made in `host`."""
        def make():
            raw = socket.create_connection((address or WAN, port), timeout=timeout, source_address=(source, 0))
            try:
                raw.sendall(preface)
                return (context or self.context).wrap_socket(raw, server_hostname="gw.test")
            except (OSError, ssl.SSLError):
                raw.close()
                raise
        return host.inside(make)

    @staticmethod
    def ask(connection, path, fields=""):
        """The status of a response; None when the connection ends instead."""
        try:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: gw.test\r\n{fields}\r\n".encode())
            data = b""
            while b"\r\n\r\n" not in data:
                piece = connection.recv(65536)
                if not piece:
                    return None
                data += piece
            head, _, body = data.partition(b"\r\n\r\n")
            length = next((int(line.split(b":")[1]) for line in head.lower().split(b"\r\n")
                           if line.startswith(b"content-length:")), 0)
            while len(body) < length:
                piece = connection.recv(65536)
                if not piece:
                    return None
                body += piece
            return int(head.split(b" ")[1])
        except OSError:
            return None

    def is_silent(self, host, source, port=PLAIN_PORT, address=None):
        """Whether not even a SYN is answered."""
        def attempt():
            try:
                socket.create_connection((address or WAN, port), timeout=0.5, source_address=(source, 0)).close()
                return False
            except (socket.timeout, TimeoutError):
                return True
            except OSError:
                return False
        return host.inside(attempt)

    def assert_dropped(self, source, what, port=PLAIN_PORT, address=None):
        wait_until(lambda: self.is_silent(self.attacker, source, port, address), f"{what}: {source} is dropped")

    def attempt(self, *arguments, **named):
        """Like connect, for those who are turned away: None then."""
        try:
            return self.connect(*arguments, **named)
        except (OSError, ssl.SSLError):
            return None


class HonestClient:
    """Asks on a kept connection and on fresh ones, all the time, and counts what went wrong."""

    def __init__(self, test):
        self.test, self.good, self.bad, self.stopping = test, 0, [], False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        kept = self.test.connect(self.test.client, HONEST, address="198.51.100.254")
        while not self.stopping:
            try:
                fresh = self.test.connect(self.test.client, HONEST, address="198.51.100.254")
                answers = [self.test.ask(one, "/served") for one in (kept, fresh)]
                fresh.close()
            except OSError as error:
                answers = [error]
            self.good += answers.count(200)
            self.bad += [answer for answer in answers if answer != 200]
            time.sleep(0.35)  # fewer handshakes than drain
        kept.close()

    def stop(self):
        self.stopping = True
        self.thread.join(timeout=30)
        self.test.assertEqual([], self.bad)
        self.test.assertGreater(self.good, 3)
