"""Policies that follow from the gateway's configuration, applied by the real kernel around a gateway that runs:
what it serves is open, what it does not need to send does not leave, and its servers listen to it alone."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import unittest

from firewall_lab import BINARY, FirewallTest
from harness import openssl, wait_until

POLICY = """policy: v1
name: gateway
include: derived.yaml
zones:
  wan: { interfaces: [wan0] }
  ops: { interfaces: [ops0], networks: [10.9.0.0/24, "fd09::/64"] }
management: { service: ssh, from: 10.9.0.7, in: ops }
rules:
  wan -> host: [ { deny: any, id: wan-rest } ]
  ops -> host: [ { allow: ssh, from: 10.9.0.7 }, { deny: any } ]
tests:
  - { packet: { in: wan, from: 192.0.2.1, to: host, service: tcp/443 }, expect: allow, by: listener-web-443 }
"""
CONFIG = """version: 1
user: nobody
admin: {{ socket: "{dir}/admin.sock" }}
listeners:
  - name: web
    bind: ["0.0.0.0:443", "[::]:443"]
    tls: {{ certificates: [ {{ chain: server.crt, key: server.key, default: true }} ] }}
    routes: [ {{ pool: web }} ]
pools:
  - {{ name: web, servers: [ {{ address: "10.9.0.7:8080" }} ] }}
"""
HTTP_SERVER = """
import http.server
class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("0.0.0.0", 8080), Answer).serve_forever()
"""
CONNECT = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=1).close()
    print("open")
except ConnectionRefusedError:
    print("refused")
except OSError:
    print("stopped")
"""


class Derived(FirewallTest):
    def setUp(self):
        super().setUp()
        for server in self.gateway.servers:  # 443 is the gateway's here
            server.shutdown(socket.SHUT_RDWR)
            server.close()
        self.gateway.servers.clear()
        os.chmod(self.directory, 0o755)
        self.start_processes()
        self.write(self.derive(), "derived.yaml")
        self.write(POLICY)

    def start_processes(self):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                "/CN=gw.test", "-addext", "subjectAltName=DNS:gw.test", "-keyout", f"{self.directory}/server.key",
                "-out", f"{self.directory}/server.crt")
        os.chmod(f"{self.directory}/server.key", 0o600)
        self.write(CONFIG.format(dir=self.directory), "ravelin.yaml")
        self.start(self.ops, sys.executable, "-c", HTTP_SERVER)
        wait_until(lambda: self.ops.tcp("127.0.0.1", 8080, timeout=0.2) != "refused", "the server listens")
        self.log = f"{self.directory}/log"
        self.start(self.gateway, BINARY, "run", "-c", f"{self.directory}/ravelin.yaml")
        wait_until(lambda: "gateway: listening" in self.text_of(self.log), "the gateway listens")

    def start(self, host, *command):
        with open(f"{self.directory}/log", "ab") as log:
            process = subprocess.Popen(["ip", "netns", "exec", host.name, *command], stdout=log, stderr=log)
        self.addCleanup(lambda: (process.send_signal(signal.SIGTERM), process.wait(timeout=20)))

    @staticmethod
    def text_of(path):
        with open(path, errors="replace") as file:
            return file.read()

    def derive(self, *arguments):
        done = subprocess.run([BINARY, "firewall", "derive", "-c", f"{self.directory}/ravelin.yaml", *arguments],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(0, done.returncode, done.stderr)
        return done.stdout

    def get(self, host, address):
        """The answer to a request over TLS, from a host of the lab."""
        def request():
            context = ssl.create_default_context(cafile=f"{self.directory}/server.crt")
            with socket.create_connection((address, 443), timeout=2) as raw, \
                    context.wrap_socket(raw, server_hostname="gw.test") as tls:
                tls.sendall(b"GET / HTTP/1.1\r\nHost: gw.test\r\nConnection: close\r\n\r\n")
                answer = b""
                while piece := tls.recv(4096):
                    answer += piece
            return answer.split(b"\r\n")[0].decode()
        return host.inside(request)

    def connect_as(self, user, address, port):
        return self.gateway.run("setpriv", f"--reuid={user}", "--clear-groups", sys.executable, "-c", CONNECT,
                                address, str(port)).strip()

    def test_what_is_served_is_open_and_nothing_else(self):
        self.apply()
        self.gateway.listen(9100)
        for address in ("192.0.2.254", "2001:db8::254"):
            self.assertEqual("HTTP/1.1 200 OK", self.get(self.world, address))
            self.assertEqual("silent", self.world.tcp(address, 9100, timeout=0.4))

    def test_the_gateway_s_user_reaches_its_servers_and_nothing_else(self):
        self.world.listen(8080)
        self.ops.listen(25)
        self.apply()
        self.assertEqual("HTTP/1.1 200 OK", self.get(self.world, "192.0.2.254"))
        self.assertEqual("open", self.connect_as("nobody", "10.9.0.7", 8080))
        for address, port in (("10.9.0.7", 25), ("192.0.2.1", 8080)):
            self.assertEqual("stopped", self.connect_as("nobody", address, port), (address, port))
            self.assertEqual("open", self.connect_as("root", address, port), (address, port))

    def test_rules_say_where_they_come_from(self):
        self.apply()
        self.get(self.world, "192.0.2.254")
        explained = self.ravelin("explain", self.policy(), "in=wan from=192.0.2.1 to=host service=tcp/443")[0]
        self.assertIn("listener-web-443", explained)
        self.assertIn("ravelin.yaml:5: listener web", self.text_of(f"{self.directory}/derived.yaml"))

    def test_a_server_of_a_pool_listens_to_its_gateway_alone(self):
        exported = self.gateway.run(BINARY, "firewall", "export", "-c", f"{self.directory}/ravelin.yaml", "--for", "web",
                                    "--management", "10.9.0.254")
        self.assertIn("gateways: 10.9.0.254", exported)  # as its routes are
        self.write(exported, "backend.yaml")
        applied = self.ops.run(BINARY, "firewall", "apply", f"{self.directory}/backend.yaml", "--no-confirm",
                               "--state", f"{self.directory}/backend", "--socket", f"{self.directory}/backend.sock")
        self.assertIn("revision 1 is applied", applied)
        self.assertEqual("HTTP/1.1 200 OK", self.get(self.world, "192.0.2.254"))
        self.gateway.run("ip", "addr", "add", "10.9.0.77/24", "dev", "ops0")
        self.ops.listen(9100)
        self.assertEqual("silent", self.gateway.tcp("10.9.0.7", 8080, timeout=0.4, source="10.9.0.77"))
        self.assertEqual("silent", self.gateway.tcp("10.9.0.7", 9100, timeout=0.4))

    def test_derive_looks_at_the_policy_that_includes_it(self):
        self.assertIn("host-egress", self.derive("--policy", self.policy()))
        self.write(POLICY.replace("rules:\n", "rules:\n  host -> wan: [ { allow: ntp } ]\n").replace("include: derived.yaml\n", "")
                   .replace(POLICY[POLICY.index("tests:"):], ""), "strict.yaml")
        self.assertNotIn("host-egress", self.derive("--policy", f"{self.directory}/strict.yaml"))


if __name__ == "__main__":
    unittest.main()
