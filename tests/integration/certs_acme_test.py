"""Certificates of an ACME CA with the gateway answering its questions: ordered when it starts, renewed
unattended, rotated by hand."""

import base64
import datetime
import os
import socket
import ssl
import tempfile

from acme_lab import EAB_KEY, Pebble, Pki, describe, verify
from acme_shim import Shim, problem
from bind_lab import Bind, make_key
from certs_test import Handshakes, Store
from harness import DEADLINE, Case, unittest, wait_until
from ports import free_port

CONFIG = """
version: 1
workers: 2
admin: {{ socket: "{{dir}}/admin.sock", listen: "127.0.0.1:{{admin}}" }}
certs:
  store: {store}
  look_every: 1s
  issuers:
{issuers}
  names:
{names}
listeners:
  - name: web
    bind: "127.0.0.1:{tls}"
    tls: {{ certificates: [ {{ store: true }} ] }}
    routes: [ {{ match: {{ host: www.example.test }}, pool: web }}, {{ pool: web }} ]
  - {{ name: plain, bind: "127.0.0.1:{http}", redirect: https }}
pools:
  - {{ name: web, servers: [ {{ address: "127.0.0.1:{backend}" }} ] }}
"""


DOCUMENT = os.path.join(os.path.dirname(__file__), "../../docs/certificates.md")


def documented(key):
    """The example of a configuration in docs/certificates.md that has this key."""
    with open(DOCUMENT) as file:
        blocks = file.read().split("```")
    return next(block.removeprefix("yaml\n") for block in blocks if block.startswith("yaml\n") and f"{key}:" in block)


class AcmeCase(Case):
    def setUp(self):
        super().setUp()
        holder = tempfile.TemporaryDirectory(prefix="ravelin-acme-")
        self.addCleanup(holder.cleanup)
        self.folder = holder.name
        self.pki = Pki(self.folder)
        self.http, self.tls = free_port(), free_port()
        self.store = Store(f"{self.folder}/store")
        self.server = self.backend()

    def pebble(self, ports=None, **config):
        folder = tempfile.mkdtemp(dir=self.folder)
        pebble = Pebble(folder, self.pki, ports=ports or (self.http, self.tls), **config)
        self.addCleanup(pebble.close)
        return pebble

    def issuer(self, name, directory, more=""):
        return f"    {name}: {{ acme: \"{directory}\", ca_file: {self.pki.ca}{more} }}\n"

    def start_with(self, issuers, names):
        text = CONFIG.format(store=self.store.folder, issuers=issuers, names=names, tls=self.tls, http=self.http,
                             backend=self.server.port)

        def prepare(gateway):
            gateway.port = self.tls
            self.store.config = gateway.config

        return self.gateway(text, prepare=prepare)

    def shown(self, name):
        """The chain's leaf as PEM, whoever signed it; None when the name is refused."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        raw = socket.create_connection(("127.0.0.1", self.tls), timeout=DEADLINE)
        try:
            with context.wrap_socket(raw, server_hostname=name) as tls:
                return ssl.DER_cert_to_PEM_cert(tls.getpeercert(binary_form=True))
        except ssl.SSLError:
            return None

    def issuer_of(self, name):
        pem = self.shown(name)
        return describe(pem, "-issuer") if pem else ""

    def await_issuer(self, gateway, name, issuer):
        try:
            wait_until(lambda: issuer in self.issuer_of(name), f"{name} is of {issuer}", 30)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{gateway.log()}") from error


class Unattended(AcmeCase):
    def test_a_placeholder_is_shown_until_the_ca_has_signed(self):
        pebble = self.pebble()
        self.store.run("ca", "init", "--name", "Own", "--permit", ".test")
        gateway = self.start_with(self.issuer("pebble", pebble.directory), "    - { name: www.example.test }\n")
        self.assertIn("a placeholder of the own CA", gateway.log())
        self.await_issuer(gateway, "www.example.test", "Pebble")
        self.assertEqual(os.listdir(f"{self.store.folder}/gateway/challenges"), [])
        chain = open(f"{self.store.folder}/gateway/certs/www.example.test/current/ec.pem").read()
        self.assertEqual(verify(self.folder, chain, pebble.ask("/roots/0")).returncode, 0)
        self.assertEqual(gateway.metric("ravelin_certificate_renewal_failures", name="www.example.test"), 0)

    def test_tls_alpn_01_and_both_kinds_of_key(self):
        pebble = self.pebble()
        gateway = self.start_with(
            self.issuer("pebble", pebble.directory, ", challenges: tls-alpn-01"),
            "    - { name: www.example.test, also: [example.test], keys: [p256, rsa2048] }\n")
        self.await_issuer(gateway, "example.test", "Pebble")
        self.assertEqual(self.store.json("show", "www.example.test")["keys"], "p256+rsa2048")

    def test_a_wildcard_by_the_dns_hook(self):
        pebble = self.pebble()
        gateway = self.start_with(
            self.issuer("pebble", pebble.directory, f", challenges: dns-01, dns_hook: {pebble.hook}"),
            '    - { name: "*.shop.example.test" }\n')
        self.await_issuer(gateway, "any.shop.example.test", "Pebble")

    def test_dynamic_updates_as_they_are_documented(self):
        key = make_key(f"{self.folder}/dns.key")
        bind = Bind(tempfile.mkdtemp(dir=self.folder), {"example.test": "* A 127.0.0.1"}, [("acme", key)])
        self.addCleanup(bind.close)
        pebble = self.pebble(name_server=bind.address)
        # As docs/certificates.md has it, with what is there in place of what is named.
        issuers, names = documented("dns_update").split("  names:\n")
        issuers = issuers.partition("  issuers:\n")[2]
        for documented_word, word in (("https://acme-v02.api.letsencrypt.org/directory", pebble.directory),
                                      ("192.0.2.1:53", bind.address), ("/etc/ravelin/dns.key", key)):
            self.assertIn(documented_word, issuers)
            issuers = issuers.replace(documented_word, word)
        gateway = self.start_with(f"{issuers}      ca_file: {self.pki.ca}\n", names.replace("example.com", "example.test"))
        self.await_issuer(gateway, "any.shop.example.test", "Pebble")

    def test_a_wildcard_and_its_base_by_dynamic_updates(self):
        key = make_key(f"{self.folder}/dns.key")
        bind = Bind(tempfile.mkdtemp(dir=self.folder), {"example.test": "* A 127.0.0.1"}, [("acme", key)])
        self.addCleanup(bind.close)
        pebble = self.pebble(name_server=bind.address)
        update = f', challenges: dns-01, dns_update: {{ server: "{bind.address}", key_file: {key} }}'
        gateway = self.start_with(self.issuer("pebble", pebble.directory, update),
                                  '    - { name: "*.shop.example.test", also: [shop.example.test] }\n')
        self.await_issuer(gateway, "any.shop.example.test", "Pebble")
        self.await_issuer(gateway, "shop.example.test", "Pebble")
        self.assertEqual(bind.texts("_acme-challenge.shop.example.test"), [])
        self.assertEqual(bind.said().count("adding an RR at '_acme-challenge.shop.example.test' TXT"), 2)

    def test_short_lived_certificates_are_renewed_under_load_and_none_is_lost(self):
        pebble = self.pebble(certificateValidityPeriod=30)
        gateway = self.start_with(self.issuer("pebble", pebble.directory), "    - { name: www.example.test }\n")
        self.await_issuer(gateway, "www.example.test", "Pebble")
        root = f"{self.folder}/root.pem"
        with open(root, "w") as file:
            file.write(pebble.ask("/roots/0"))
        load = Handshakes(gateway, root, ("www.example.test",), clients=2)
        wait_until(lambda: self.store.current("www.example.test") >= 3, "two renewals", 60)
        load.stop()
        self.assertEqual(load.failures, [])
        self.assertGreaterEqual(len(load.serials), 2)

    def test_by_hand_a_generation_is_taken_back_and_the_account_gets_a_new_key(self):
        pebble = self.pebble()
        self.store.run("ca", "init", "--name", "Own", "--permit", ".test")
        gateway = self.start_with(self.issuer("pebble", pebble.directory), "    - { name: www.example.test }\n")
        self.await_issuer(gateway, "www.example.test", "Pebble")
        account = self.store.json("accounts")["accounts"][0]["account"]
        self.assertTrue(account.startswith("https://"), account)
        self.store.run("accounts", "roll-key")
        self.store.run("rotate", "www.example.test")
        serial = self.store.json("revoke", "www.example.test", "--reason", "superseded")["serials"][0]
        self.assertEqual(pebble.status_of(serial)["Status"], "Revoked")
        self.assertEqual(self.store.json("accounts")["accounts"][0]["account"], account)
        plan = self.store.json("plan")
        # Of the account, the domain, the names.
        self.assertEqual([(limit["issuer"], limit["assumed"]) for limit in plan["limits"]], [("pebble", True)] * 3)
        self.store.run("accounts", "deactivate", "pebble")
        self.assertEqual(self.store.json("accounts")["accounts"][0]["account"], "")

    def test_a_ca_that_is_dead_is_stood_in_for_by_the_next(self):
        pebble = self.pebble()
        dead = f"https://localhost:{free_port()}/dir"
        gateway = self.start_with(self.issuer("dead", dead) + self.issuer("pebble", pebble.directory),
                                  "    - { name: www.example.test }\n")
        self.await_issuer(gateway, "www.example.test", "Pebble")

    def test_a_ca_that_refuses_is_stood_in_for_by_the_next(self):
        good = self.pebble()
        name = 0
        shims = []

        def busy():
            shims.append(Shim(self.pki, self.pebble()))
            self.addCleanup(shims[-1].close)
            shims[-1].fails("/order-plz", problem(503, "serverInternal", "closed today", retry_after="3600"), count=1000)
            return shims[-1]

        refusing = {
            "external account": (lambda: self.pebble(externalAccountBindingRequired=True,
                                                     externalAccountMACKeys={"kid-1": EAB_KEY}),
                                 "give the key id and HMAC key"),
            "names it does not sign": (lambda: self.pebble(domainBlocklist=["example.test"]), "rejectedIdentifier"),
            "names it cannot prove": (lambda: self.pebble(ports=(free_port(), free_port())), "http-01"),
            "no time": (busy, "closed today (serverInternal)"),
        }
        for title, (make, words) in refusing.items():
            with self.subTest(title):
                name += 1
                www = f"www{name}.example.test"
                bad = make()
                gateway = self.start_with(self.issuer("bad", bad.directory) + self.issuer("good", good.directory),
                                          f"    - {{ name: {www} }}\n")
                self.await_issuer(gateway, www, "Pebble")
                shown = self.store.run("show", www)
                self.assertIn("issue by good", shown)
                self.assertIn("issuer bad: ", shown)
                self.assertIn(words, shown)
                chain = open(f"{self.store.folder}/gateway/certs/{www}/current/ec.pem").read()
                self.assertEqual(verify(self.folder, chain, good.ask("/roots/0")).returncode, 0)
                gateway.stop()

    def test_a_dead_ca_leaves_what_is_served(self):
        pebble = self.pebble()
        gateway = self.start_with(self.issuer("pebble", pebble.directory), "    - { name: www.example.test }\n")
        self.await_issuer(gateway, "www.example.test", "Pebble")
        before = self.shown("www.example.test")
        pebble.process.kill()
        pebble.process.wait(DEADLINE)
        text = self.store.run("rotate", "www.example.test", code=4)
        self.assertIn("issuer pebble", text)
        self.assertEqual(self.shown("www.example.test"), before)
        self.assertIn("WARN last 1 tries failed", self.store.run("list"))


def window(days):
    """A renewal window of a day, that many days from now."""
    begin = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
    return {"suggestedWindow": {"start": begin.isoformat(timespec="seconds"),
                                "end": (begin + datetime.timedelta(days=1)).isoformat(timespec="seconds")}}


def cert_id(pem):
    """certID of RFC 9773, made by OpenSSL's reading of the certificate."""
    def encoded(text):
        return base64.urlsafe_b64encode(bytes.fromhex(text)).rstrip(b"=").decode()
    lines = describe(pem, "-ext", "authorityKeyIdentifier").splitlines()
    serial = describe(pem, "-serial").strip().partition("=")[2]
    if int(serial[0], 16) >= 8:
        serial = "00" + serial
    return encoded(lines[1].strip().removeprefix("keyid:").replace(":", "")) + "." + encoded(serial)


class Replaced(AcmeCase):
    """Renewals that say which certificate they replace (RFC 9773), by the unattended renewal."""

    def setUp(self):
        super().setUp()
        self.shim = Shim(self.pki, self.pebble())
        self.addCleanup(self.shim.close)
        self.shim.renewal = window(60)
        self.shim.ask_again = "1"
        self.running = self.start_with(self.issuer("ca", self.shim.directory), "    - { name: www.example.test }\n")
        self.await_issuer(self.running, "www.example.test", "Pebble")

    def orders(self):
        return [payload.get("replaces") for _, payload in self.shim.asked("/order-plz")]

    def await_generation(self, number):
        try:
            wait_until(lambda: self.store.current("www.example.test") >= number, f"generation {number}", 30)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.running.log()}") from error

    def test_a_window_moved_into_the_past_renews_and_names_what_it_replaces(self):
        first = cert_id(self.shown("www.example.test"))
        wait_until(lambda: self.shim.asked(f"/renewal/{first}"), "the CA is asked when to renew")
        self.assertEqual(self.orders(), [None])
        self.shim.renewals[first] = window(-2)
        self.await_generation(2)
        self.assertEqual(self.orders(), [None, first])
        wait_until(lambda: "renewal by scheduler" in self.store.run("show", "www.example.test"), "it is noted")
        # What replaced it has a window to come: it stays.
        second = cert_id(self.shown("www.example.test"))
        wait_until(lambda: len(self.shim.asked(f"/renewal/{second}")) > 1, "the CA is asked about the new one")
        self.assertEqual(self.store.current("www.example.test"), 2)

    def test_what_was_replaced_before_is_renewed_all_the_same(self):
        first = cert_id(self.shown("www.example.test"))
        self.shim.fails("/order-plz", problem(409, "alreadyReplaced"))
        self.shim.renewals[first] = window(-2)
        self.await_generation(2)
        self.assertEqual(self.orders(), [None, first, None])

    def test_a_rollback_is_not_replaced_a_second_time(self):
        first = cert_id(self.shown("www.example.test"))
        self.assertIn("said to replace", self.store.run("rotate", "www.example.test"))
        self.store.run("rollback", "www.example.test")
        self.assertNotIn("said to replace", self.store.run("rotate", "www.example.test"))
        self.assertEqual(self.orders(), [None, first, None])


class ByHand(AcmeCase):
    def test_rotate_orders_anew_through_the_running_gateway(self):
        pebble = self.pebble()
        gateway = self.start_with(self.issuer("pebble", pebble.directory), "    - { name: www.example.test }\n")
        self.await_issuer(gateway, "www.example.test", "Pebble")
        first = self.shown("www.example.test")
        self.assertIn("served by 2/2 workers", self.store.run("rotate", "www.example.test"))
        self.assertNotEqual(self.shown("www.example.test"), first)
        self.assertIn("served by 2/2 workers", self.store.run("rollback", "www.example.test"))
        self.assertEqual(self.shown("www.example.test"), first)

    def test_without_a_gateway_the_error_says_what_to_do(self):
        pebble = self.pebble()
        config = f"{self.folder}/certs.yaml"
        with open(config, "w") as file:
            file.write(f"version: 1\ncerts: {{ store: {self.store.folder}, issuers: {{ pebble: {{ acme: \"{pebble.directory}\", "
                       f"ca_file: {self.pki.ca} }} }} }}\nadmin: {{ socket: {self.folder}/none.sock }}\n")
        self.store.config = config
        text = self.store.run("issue", "www.example.test", code=4)
        self.assertIn("is the gateway running", text)


if __name__ == "__main__":
    unittest.main()
