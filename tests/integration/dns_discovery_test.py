"""Servers of a pool that DNS names: they come and go with its answers, keep what is good when it fails, and meet
what the operator ordered."""

import json
import ssl
import subprocess

from dns_server import SERVFAIL, DnsServer, a, srv
from harness import BINARY, Case, ok, unittest, wait_until


def config(dns, pool):
    return f"""version: 1
workers: 2
admin: {{ socket: admin.sock, listen: "127.0.0.1:{{admin}}" }}
dns: {{ servers: "{dns.address}", ttl_min: 100ms, after_failure: 100ms, timeout: 300ms, tries: 1 }}
log: {{ level: info, access: access.log }}
listeners:
  - name: web
    bind: "127.0.0.1:{{port}}"
    plaintext: allowed
    routes: [ {{ name: all, pool: web }} ]
pools:
  - name: web
{pool}
"""


class Discovered(Case):
    def setUp(self):
        self.dns = DnsServer()
        self.addCleanup(self.dns.close)
        self.backends = {}
        first = self.at("127.0.0.2", 0)
        self.port = first.port
        for address in ("127.0.0.3", "127.0.0.4"):
            self.at(address, self.port)

    def at(self, address, port):
        self.backends[address] = self.backend(lambda head, body: ok(address.encode()), port=port, host=address)
        return self.backends[address]

    def begin(self, dns, more=""):
        self.gw = self.gateway(config(self.dns, f"    discover: {{ dns: {{ {dns} }}{more} }}\n"))
        return self.gw

    def by_name(self, more=""):
        return self.begin(f"name: app.internal, port: {self.port}", more)

    def answered_by(self):
        """Who answers twelve requests in turn; statuses of those that are not 200."""
        client = self.client(self.gw, tls=False)
        found = set()
        for _ in range(12):
            response = client.get()
            found.add(response.body.decode() if response.status == 200 else response.status)
        client.close()
        return found

    def becomes(self, *expected):
        wait_until(lambda: self.answered_by() == set(expected), f"answered by {expected}")

    def servers(self):
        done = subprocess.run([BINARY, "server", "list", "--json", "--socket", f"{self.gw.directory}/admin.sock"],
                              capture_output=True, text=True, check=True)
        return {server["server"]: server for pool in json.loads(done.stdout)["pools"] for server in pool["servers"]}

    def order(self, *words):
        done = subprocess.run([BINARY, "server", *words, "--socket", f"{self.gw.directory}/admin.sock"],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_each_address_is_a_server_and_they_follow_the_answers(self):
        self.by_name()
        self.assertEqual(self.answered_by(), {503})
        self.dns.say("app.internal", a("127.0.0.2", ttl=0), a("127.0.0.3", ttl=0))
        self.becomes("127.0.0.2", "127.0.0.3")
        self.dns.say("app.internal", a("127.0.0.3", ttl=0), a("127.0.0.4", ttl=0))
        self.becomes("127.0.0.3", "127.0.0.4")
        self.assertEqual(sorted(self.servers()), [f"127.0.0.3:{self.port}", f"127.0.0.4:{self.port}"])
        self.assertIn("source=dns", self.gw.log())

    def test_a_failure_or_an_empty_answer_leaves_them(self):
        self.dns.say("app.internal", a("127.0.0.2", ttl=0), a("127.0.0.3", ttl=0))
        self.by_name()
        self.becomes("127.0.0.2", "127.0.0.3")
        for failure in ({"code": SERVFAIL}, {}, {"silent": True}):
            self.dns.say("app.internal", **failure)
            asked = self.dns.asked("app.internal")
            wait_until(lambda: self.dns.asked("app.internal") > asked + 2, "it is asked again")
            self.assertEqual(self.answered_by(), {"127.0.0.2", "127.0.0.3"})
        status = subprocess.run([BINARY, "status", "--socket", f"{self.gw.directory}/admin.sock"],
                                capture_output=True, text=True, check=True).stdout
        self.assertRegex(status, r"web +dns +app.internal: 2 servers, answered .*; failing for .* s: .*app.internal")

    def test_targets_of_a_service_have_their_port_priority_and_weight(self):
        self.dns.say("_http._tcp.app.internal", srv("one.internal", self.port, priority=10, weight=30),
                     srv("two.internal", self.port, priority=10, weight=10),
                     srv("three.internal", self.port, priority=20, weight=1))
        for number, name in enumerate(("one", "two", "three"), 2):
            self.dns.say(f"{name}.internal", a(f"127.0.0.{number}"))
        self.begin("name: _http._tcp.app.internal, records: srv")
        self.becomes("127.0.0.2", "127.0.0.3")
        listed = self.servers()
        self.assertEqual(sorted(listed), [f"{name}.internal:{self.port}" for name in ("one", "three", "two")])
        one, three, two = (listed[name] for name in sorted(listed))
        self.assertEqual(one["weight"], 3 * two["weight"])
        self.assertLess(one["priority"], three["priority"])

    def test_no_answer_chooses_the_name_that_is_verified(self):
        def prepare(gateway):
            for address, name in (("127.0.0.2", "app.internal"), ("127.0.0.3", "evil.example")):
                gateway.make_certificate((name,), name=name)
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(*(f"{gateway.directory}/{name}.{end}" for end in ("crt", "key")))
                self.backends[address].tls = context

        found = "dns: {{ name: _https._tcp.app.internal, records: srv }}, server: {{ tls: {{ ca: ca.pem{} }} }}"
        self.dns.say("one.internal", a("127.0.0.2"))
        self.dns.say("evil.example", a("127.0.0.3"))
        self.dns.say("_https._tcp.app.internal", srv("one.internal", self.port, ttl=0))
        text = config(self.dns, "    discover: { " + found.format(", name: app.internal") + " }\n")
        self.gw = self.gateway(text, prepare=prepare)
        self.becomes("127.0.0.2")
        self.dns.say("_https._tcp.app.internal", srv("evil.example", self.port, ttl=0))
        self.becomes(502)
        self.gw.write(config(self.dns, "    discover: { " + found.format("") + " }\n"))
        self.gw.reload()
        self.assertIn("pools[0].discover.server.tls: needs", self.gw.log())

    def test_what_is_beyond_servers_max_is_left_out_and_said(self):
        self.dns.say("app.internal", a("127.0.0.2"), a("127.0.0.3"), a("127.0.0.4"))
        self.by_name(more=", servers_max: 2")
        self.becomes("127.0.0.2", "127.0.0.3")
        self.assertIn("servers_max", self.gw.log())

    def test_a_removed_one_stays_away_whatever_dns_says(self):
        self.dns.say("app.internal", a("127.0.0.2", ttl=0), a("127.0.0.3", ttl=0))
        self.by_name()
        self.becomes("127.0.0.2", "127.0.0.3")
        self.order("remove", f"web/127.0.0.3:{self.port}")
        self.becomes("127.0.0.2")
        self.dns.say("app.internal", a("127.0.0.3", ttl=0), a("127.0.0.4", ttl=0))
        self.becomes("127.0.0.4")
        self.order("restore", f"web/127.0.0.3:{self.port}")
        self.becomes("127.0.0.3", "127.0.0.4")


if __name__ == "__main__":
    unittest.main()
