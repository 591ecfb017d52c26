"""`ravelin certs issue --dry-run`: what a CA would find of the names, with BIND as the resolver."""

import os
import tempfile

from bind_lab import Bind, make_key
from certs_test import StoreCase
from harness import Backend, free_port, unittest

RECORDS = """www A 127.0.0.1
two A 127.0.0.1
away A 127.0.0.9
empty TXT nothing
noone CAA 0 issue ";"
noone A 127.0.0.1
mine CAA 0 issue "letsencrypt.org; validationmethods=http-01"
mine A 127.0.0.1
other CAA 0 issue "other.test"
other A 127.0.0.1
wild CAA 0 issue "letsencrypt.org"
wild CAA 0 issuewild "other.test"
critical CAA 128 tbs "unknown"
critical A 127.0.0.1
alias CNAME www
"""
CONFIG = """
version: 1
workers: 2
admin: {{ socket: "{{dir}}/admin.sock" }}
dns: {{ servers: "{dns}" }}
certs:
  store: {store}
  issuers:
    le: {{ acme: "https://acme-v02.api.letsencrypt.org/directory", challenges: http-01 }}
    zone: {{ acme: "https://acme-v02.api.letsencrypt.org/directory", challenges: dns-01, dns_update: {{ server: "{dns}", key_file: {key} }} }}
    private: {{ acme: "https://ca.internal/directory", challenges: dns-01, dns_hook: /bin/false }}
listeners:
  - {{ name: web, bind: "127.0.0.1:{tls}", tls: {{ certificates: [ {{ store: true }} ] }}, routes: [ {{ pool: web }} ] }}
  - {{ name: plain, bind: "127.0.0.1:{http}", plaintext: allowed, routes: [ {{ pool: web }} ] }}
pools:
  - {{ name: web, servers: [ {{ address: "127.0.0.1:{backend}" }} ] }}
"""


class Rehearsed(StoreCase):
    def setUp(self):
        super().setUp()
        place = tempfile.TemporaryDirectory(prefix="ravelin-rehearse-")
        self.addCleanup(place.cleanup)
        self.bind = Bind(place.name, {"test": RECORDS})
        self.addCleanup(self.bind.close)
        self.key = make_key(f"{place.name}/dns.key")
        self.http, self.tls = free_port(), free_port()
        self.store.run("ca", "init", "--name", "Test", "--permit", ".test")
        server = self.backend()

        def prepare(gateway):
            gateway.port = self.tls
            self.store.config = gateway.config

        text = CONFIG.format(dns=self.bind.address, store=self.store.folder, key=self.key, http=self.http, tls=self.tls,
                             backend=server.port)
        self.running = self.gateway(text, prepare=prepare)

    def lines(self, *names, issuer="le", code=0, port=None):
        answer = self.store.json("issue", *names, "--issuer", issuer, "--dry-run", "--http-port",
                                 str(port or self.http), code=code)
        self.assertEqual(answer["would_fail"], code == 1)
        return [f"{line['level']} {line['code']} {line['text']}" for line in answer["checks"]]

    def has(self, lines, *wanted):
        for want in wanted:
            self.assertTrue(any(want in line for line in lines), f"{want!r} is not in {lines}")

    def test_a_name_that_leads_here_is_fine(self):
        lines = self.lines("www.test", "alias.test")
        self.has(lines, "ok  dns: www.test -> 127.0.0.1 (this machine)", "ok  dns: alias.test -> 127.0.0.1",
                 "ok  http: www.test answers challenges through this gateway",
                 "ok  http: alias.test answers challenges", "ok  caa: www.test: any CA may issue",
                 "ok  le: budget with this order: 1/300 orders in 3 h, 1/50 certificates for")
        self.assertEqual(os.listdir(f"{self.store.folder}/gateway/challenges"), [])

    def test_names_without_an_address_and_those_elsewhere_are_told(self):
        self.has(self.lines("empty.test", code=1), "fail E_DNS dns: empty.test has no address")
        self.has(self.lines("gone.test", code=1), "fail E_DNS dns: gone.test has no address")
        # No address of an interface, and nobody there.
        self.has(self.lines("away.test"),
                 "warn E_DNS_ELSEWHERE dns: away.test -> 127.0.0.9: none of this machine's addresses",
                 f"warn E_HTTP http: away.test at 127.0.0.9:{self.http}: connecting: connection refused")

    def test_http_that_does_not_come_here_fails(self):
        self.has(self.lines("www.test", code=1, port=free_port()),
                 "fail E_HTTP http: www.test at 127.0.0.1:", "connection refused")
        stranger = Backend()
        self.addCleanup(stranger.close)
        self.has(self.lines("www.test", code=1, port=stranger.port), "fail E_HTTP", "another's than this gateway's")

    def test_caa_says_who_may_issue(self):
        self.has(self.lines("mine.test", "deep.mine.test", issuer="zone"),
                 "ok  caa: mine.test: mine.test lets letsencrypt.org issue",
                 "ok  caa: deep.mine.test: mine.test lets letsencrypt.org issue")
        for name, words in (("other.test", "other.test allows other.test alone"),
                            ("noone.test", "noone.test allows no CA at all"),
                            ("critical.test", 'a critical property no CA knows ("tbs")'),
                            ("*.wild.test", "wild.test allows other.test alone")):
            with self.subTest(name):
                self.has(self.lines(name, issuer="zone", code=1), f"fail E_CAA caa: {name}: ", words)
        self.has(self.lines("wild.test", issuer="zone"), "ok  caa: wild.test")
        self.has(self.lines("other.test", issuer="private"),
                 "warn E_CAA caa: other.test: other.test allows other.test alone, and whether that is private is not known")
        self.has(self.lines("noone.test", issuer="private", code=1), "fail E_CAA")

    def test_a_key_others_can_read_is_found(self):
        os.chmod(self.key, 0o644)
        self.has(self.lines("www.test", issuer="zone", code=1), "fail E_DNS_KEY zone: ", "chmod")

    def test_a_resolver_that_is_away_is_a_warning(self):
        self.bind.close()
        self.bind.close = lambda: None
        self.has(self.lines("www.test", issuer="private"), f"warn E_CAA caa: www.test: name server {self.bind.address}")
        self.has(self.lines("www.test"), f"warn E_DNS dns: name server {self.bind.address}", "connection refused")


if __name__ == "__main__":
    unittest.main()
