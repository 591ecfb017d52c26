"""Servers whose address is a name: they start down, come up when the name appears, follow its addresses by
their TTL, and keep the last good ones whatever the name servers do."""

import threading

from dns_server import NXDOMAIN, REFUSED, SERVFAIL, DnsServer, a, aaaa
from harness import ADMIN, Case, ok, unittest, wait_until

FAST = "ttl_min: 100ms, after_failure: 100ms, timeout: 300ms, tries: 1"


def config(dns, servers, options=FAST, pool=""):
    lines = "".join(f'      - {{ name: s{i}, address: "{address}" }}\n' for i, address in enumerate(servers))
    return f"""version: 1
workers: 2
{ADMIN}
dns: {{ servers: "{dns.address}", {options} }}
log: {{ level: info, access: access.log }}
listeners:
  - name: web
    bind: "127.0.0.1:{{port}}"
    plaintext: allowed
    routes: [ {{ name: all, pool: web }} ]
pools:
  - name: web
    queue: {{ max: 10, timeout: 100ms }}
{pool}
    servers:
{lines}"""


class Names(Case):
    def dns(self):
        server = DnsServer()
        self.addCleanup(server.close)
        return server

    def at(self, address, port):
        """A backend that answers with its address."""
        return self.backend(lambda head, body: ok(address.encode()), port=port, host=address)

    def get(self, gateway):
        """The body of a 200, else the status."""
        client = self.client(gateway, tls=False)
        response = client.get()
        client.close()
        return response.body.decode() if response.status == 200 else response.status

    def becomes(self, gateway, expected):
        wait_until(lambda: self.get(gateway) == expected, f"requests are answered by {expected}")

    def pair(self):
        """Two backends on one port: at 127.0.0.2 and 127.0.0.3."""
        first = self.at("127.0.0.2", 0)
        return first, self.at("127.0.0.3", first.port), first.port

    def test_a_server_comes_up_when_its_name_appears(self):
        dns, (_, _, port) = self.dns(), self.pair()
        gateway = self.gateway(config(dns, [f"app.internal:{port}"]))
        self.assertEqual(self.get(gateway), 503)
        self.assertEqual(gateway.metric("ravelin_server_up", pool="web", server="s0"), 0)
        wait_until(lambda: dns.asked("app.internal") >= 4, "a name that is not there is asked for again")
        self.assertEqual(gateway.log().count("name not resolved"), 1)
        dns.say("app.internal", a("127.0.0.2"))
        self.becomes(gateway, "127.0.0.2")
        self.assertEqual(gateway.metric("ravelin_server_up", pool="web", server="s0"), 1)
        self.assertIn("name resolved name=app.internal records=127.0.0.2", gateway.log())
        self.assertGreater(gateway.metric("ravelin_dns_queries_total", result="not_found"), 3)
        self.assertGreater(gateway.metric("ravelin_dns_queries_total", result="ok"), 0)

    def test_a_changed_address_is_followed_after_the_ttl(self):
        dns, (_, _, port) = self.dns(), self.pair()
        dns.say("app.internal", a("127.0.0.2", ttl=1))
        gateway = self.gateway(config(dns, [f"app.internal:{port}"]))
        self.becomes(gateway, "127.0.0.2")
        dns.say("app.internal", a("127.0.0.3", ttl=3600))
        self.becomes(gateway, "127.0.0.3")  # though connections to the other one are kept
        asked = dns.asked("app.internal")
        self.assertLess(asked, 40)  # by the TTL, not by ttl_min
        dns.say("app.internal", a("127.0.0.2"))
        self.assertEqual([self.get(gateway) for _ in range(5)], ["127.0.0.3"] * 5)
        self.assertEqual(dns.asked("app.internal"), asked)  # an hour has not passed

    def test_a_ttl_of_zero_and_one_of_years_stay_within_bounds(self):
        dns, (_, _, port) = self.dns(), self.pair()
        dns.say("app.internal", a("127.0.0.2", ttl=0))
        gateway = self.gateway(config(dns, [f"app.internal:{port}"], FAST + ", ttl_max: 1s"))
        self.becomes(gateway, "127.0.0.2")
        dns.say("app.internal", a("127.0.0.3", ttl=2**31 - 1))
        self.becomes(gateway, "127.0.0.3")
        dns.say("app.internal", a("127.0.0.2"))
        self.becomes(gateway, "127.0.0.2")

    def test_the_last_good_addresses_outlast_every_failure(self):
        dns, (_, _, port) = self.dns(), self.pair()
        dns.say("app.internal", a("127.0.0.2", ttl=0))
        gateway = self.gateway(config(dns, [f"app.internal:{port}"]))
        self.becomes(gateway, "127.0.0.2")
        for how in ({"code": SERVFAIL}, {"code": REFUSED}, {"code": NXDOMAIN}, {"silent": True}, {"delay": 1}, {}):
            dns.say("app.internal", **how)
            before = dns.asked("app.internal")
            wait_until(lambda: dns.asked("app.internal") >= before + 2, f"the name is asked for, with {how}")
            self.assertEqual(self.get(gateway), "127.0.0.2")
        dns.say("app.internal", a("0.0.0.0", ttl=0), a("255.255.255.255"), aaaa("ff02::1"))
        before = dns.asked("app.internal")
        wait_until(lambda: dns.asked("app.internal") >= before + 4, "the name is asked for, with lies")
        self.assertEqual(self.get(gateway), "127.0.0.2")
        self.assertEqual(gateway.log().count("name not resolved; the last good answer is kept"), 1)
        dns.close()  # nobody there at all
        self.assertEqual(self.get(gateway), "127.0.0.2")
        self.assertGreater(gateway.metric("ravelin_dns_queries_total", result="failed"), 0)
        self.assertGreater(gateway.metric("ravelin_dns_queries_total", result="timeout"), 0)

    def test_recovery_is_seen_and_said(self):
        dns, (_, _, port) = self.dns(), self.pair()
        dns.say("app.internal", a("127.0.0.2", ttl=0))
        gateway = self.gateway(config(dns, [f"app.internal:{port}"]))
        self.becomes(gateway, "127.0.0.2")
        dns.say("app.internal", code=SERVFAIL)
        wait_until(lambda: "the last good answer is kept" in gateway.log(), "the failure is said")
        dns.say("app.internal", a("127.0.0.3"))
        self.becomes(gateway, "127.0.0.3")

    def test_lies_beside_a_good_address_are_named_and_not_used(self):
        dns, (_, _, port) = self.dns(), self.pair()
        dns.say("app.internal", a("0.0.0.0", ttl=0), a("127.0.0.2", ttl=0), a("224.0.0.1", ttl=0))
        gateway = self.gateway(config(dns, [f"app.internal:{port}"]))
        self.becomes(gateway, "127.0.0.2")
        before = dns.asked("app.internal")
        wait_until(lambda: dns.asked("app.internal") >= before + 4, "the name is asked for again")
        # Said once, and once more after each time nothing could be had (a slow machine's time-outs).
        self.assertIn(gateway.log().count("only a part of an answer is used"),
                      range(1, 2 + gateway.log().count("the last good answer is kept")))
        self.assertIn("0.0.0.0 (unspecified); 224.0.0.1 (multicast)", gateway.log())

    def test_a_cut_answer_comes_over_tcp(self):
        dns, (_, _, port) = self.dns(), self.pair()
        dns.say("app.internal", a("127.0.0.2"), *[a(f"127.0.1.{i}") for i in range(1, 15)], cut=True)
        gateway = self.gateway(config(dns, [f"app.internal:{port}"]))
        self.becomes(gateway, "127.0.0.2")
        self.assertIn("tcp", {question[2] for question in dns.questions})

    def test_of_several_addresses_one_that_is_dead_is_passed_over(self):
        dns, (_, second, port) = self.dns(), self.pair()
        second.close()
        dns.say("app.internal", a("127.0.0.3"), a("127.0.0.2"))
        gateway = self.gateway(config(dns, [f"app.internal:{port}"]))
        self.becomes(gateway, "127.0.0.2")

    def test_a_reload_asks_other_name_servers(self):
        old, new, (_, _, port) = self.dns(), self.dns(), self.pair()
        old.say("app.internal", a("127.0.0.2", ttl=1))
        new.say("app.internal", a("127.0.0.3", ttl=1))
        gateway = self.gateway(config(old, [f"app.internal:{port}"]))
        self.becomes(gateway, "127.0.0.2")
        gateway.write(config(new, [f"app.internal:{port}"]))
        gateway.reload()
        self.becomes(gateway, "127.0.0.3")

    def test_a_thousand_names_are_resolved_few_at_a_time(self):
        dns, (_, _, port) = self.dns(), self.pair()
        for i in range(1000):
            dns.say(f"n{i}.internal", a("127.0.0.2", ttl=3600))
        names = [f"n{i}.internal:{port}" for i in range(1000)]
        gateway = self.gateway(config(dns, names, "timeout: 2s, tries: 4"))
        wait_until(lambda: gateway.metric("ravelin_server_up", pool="web") == 1000, "all names are resolved", 60)
        # A socket for each name server, not for each name.
        self.assertLess(gateway.metric("process_open_fds"), 120)
        self.assertEqual(self.get(gateway), "127.0.0.2")

    def test_a_dead_name_server_holds_up_neither_requests_nor_the_end(self):
        dns, (first, _, port) = self.dns(), self.pair()
        dns.default.silent = True
        names = [f"n{i}.internal:{port}" for i in range(200)] + [f"127.0.0.2:{first.port}"]
        gateway = self.gateway(config(dns, names, "timeout: 30s"))
        wait_until(lambda: dns.asked("n0.internal") > 0, "names are asked for")
        self.becomes(gateway, "127.0.0.2")
        ended = []
        stopper = threading.Thread(target=lambda: ended.append(gateway.stop()))
        stopper.start()
        stopper.join(timeout=15)
        self.assertEqual(ended, [0])


if __name__ == "__main__":
    unittest.main()
