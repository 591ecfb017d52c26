"""Our ACME client against a CA that misbehaves (acme_shim.py): it waits when told to, tries again where
that helps, gives up in time, costs no second order, and says whose fault it was."""

import email.utils
import json
import os
import tempfile
import time
import unittest

from acme_lab import Pebble, Pki, Tool, certificates
from acme_shim import (Shim, answer, changed, endless_body, hangs_up, lost, not_http, problem, replaced, silent,
                       slow_body)

PROFILES = {"meta": {"profiles": {"classic": "https://localhost/classic", "shortlived": "six days"}}}
INVALID, NOT_FOUND, DENIED, CONFLICT, UNAVAILABLE, TIMEOUT, PROTOCOL, TLS = range(8)


def processing(order):
    """What an order says that the CA still works on."""
    if order.get("status") == "valid":
        order["status"] = "processing"
        del order["certificate"]


class Faults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory()
        cls.pki = Pki(cls.place.name)
        cls.pebble = Pebble(cls.place.name, cls.pki)
        cls.shim = Shim(cls.pki, cls.pebble, **PROFILES)

    @classmethod
    def tearDownClass(cls):
        cls.shim.close()
        cls.pebble.close()
        cls.place.cleanup()

    def setUp(self):
        self.own = tempfile.TemporaryDirectory()
        self.addCleanup(self.own.cleanup)
        self.shim.heal()
        self.tool = Tool(self.own.name, self.shim)
        self.tool.run("account")

    def fails(self, *words, code=None, **options):
        """One issue that comes to nothing, within its deadline, for these reasons."""
        began = time.monotonic()
        out = self.tool.issue("www.example.test", expect=1, **options)
        self.assertLess(time.monotonic() - began, options.get("deadline", 20) + 3)
        for word in words:
            self.assertIn(word, out["error"])
        self.assertIn(self.shim.authority, out["error"])
        if code is not None:
            self.assertEqual(out["code"], code, out["error"])
        return out

    def orders(self):
        return [payload for _, payload in self.shim.asked("/order-plz")]

    # ---- being told to wait ----

    def test_a_short_wait_is_sat_out(self):
        for retry_after in ("2", email.utils.formatdate(time.time() + 3, usegmt=True)):
            with self.subTest(retry_after=retry_after):
                self.shim.heal()
                self.shim.fails("/order-plz", problem(429, "rateLimited", retry_after=retry_after))
                self.tool.issue("www.example.test")
                first, second = [at for at, _ in self.shim.asked("/order-plz")]
                self.assertGreater(second - first, 1.0)

    def test_a_long_wait_is_handed_to_who_asked(self):
        self.shim.fails("/order-plz", problem(429, "rateLimited", "too many; see https://ca.test/unpause?x=1",
                                              retry_after="7200"))
        out = self.fails("new order: too many; see https://ca.test/unpause?x=1 (rateLimited)", code=UNAVAILABLE)
        self.assertEqual(out["retry_after"], 7200)
        self.assertFalse(out["final"])
        self.assertEqual(len(self.orders()), 1)

    def test_a_wait_of_years_is_one_of_a_day(self):
        self.shim.fails("/order-plz", problem(503, "serverInternal", retry_after="999999999999999999999"))
        self.assertEqual(self.fails()["retry_after"], 86400)

    def test_too_many_without_a_time_is_not_asked_again(self):
        self.shim.fails("/order-plz", problem(429, "rateLimited"))
        self.assertNotIn("retry_after", self.fails("rateLimited"))
        self.assertEqual(len(self.orders()), 1)

    # ---- failures that pass ----

    def test_server_errors_are_sat_out(self):
        self.shim.fails("/order-plz", problem(500, "serverInternal"), count=2)
        self.tool.issue("www.example.test")
        self.assertEqual(len(self.orders()), 3)

    def test_a_storm_of_them_is_given_up(self):
        self.shim.fails("/order-plz", answer(502, "text/html", b"<h1>bad gateway</h1>"), count=1000)
        self.fails("new order: status 502", "text/html", code=UNAVAILABLE)
        self.assertEqual(len(self.orders()), 5)

    def test_any_one_answer_may_be_lost(self):
        for path in ("/nonce-plz", "/dir", "/order-plz", "/authZ/", "/chalZ/", "/finalize-order/", "/my-order/",
                     "/certZ/"):
            with self.subTest(path=path):
                self.shim.heal()
                self.shim.fails(path, lost)
                self.tool.issue("www.example.test")
                # The same bytes on a new connection are refused for their nonce: no third order.
                self.assertEqual(len(self.orders()), 3 if path == "/order-plz" else 1)

    def test_a_ca_that_hangs_up_is_given_up_and_the_order_kept(self):
        self.shim.fails("/finalize-order/", hangs_up, count=1000)
        self.fails("finalizing the order", "closed the connection", code=UNAVAILABLE, deadline=5)
        self.shim.heal()
        self.tool.issue("www.example.test", resume=True)
        self.assertEqual(self.orders(), [])

    def test_a_silent_ca_is_given_up_in_time(self):
        self.shim.fails("/order-plz", silent, count=1000)
        self.fails("new order", "no answer in time", code=TIMEOUT, deadline=2, request_deadline=1)

    def test_a_stop_ends_any_wait(self):
        waits = {"/dir": silent, "/order-plz": problem(429, "rateLimited", retry_after="50"), "/my-order/": silent}
        for path, act in waits.items():
            with self.subTest(path=path):
                self.shim.heal()
                self.shim.fails(path, act, count=1000)
                began = time.monotonic()
                self.tool.issue("www.example.test", expect=1, stop_after_ms=800)
                self.assertLess(time.monotonic() - began, 2.5)

    def test_a_new_key_whose_acceptance_is_lost_is_kept(self):
        before = self.tool.run("account")["account"]
        self.shim.fails("/rollover-account-key", lost)
        self.tool.run("change-key")
        self.assertEqual(len(self.shim.asked("/rollover-account-key")), 2)
        self.assertEqual(self.tool.run("account")["account"], before)
        self.tool.issue("www.example.test")
        self.shim.fails("/rollover-account-key", problem(403, "unauthorized", "not today"))
        self.assertIn("not today", self.tool.run("change-key", 1)["error"])
        self.tool.issue("www.example.test")

    def test_a_slow_body_is_given_up_in_time(self):
        self.shim.fails("/dir", slow_body, count=1000)
        self.fails("directory", "no answer in time", code=TIMEOUT, deadline=2, request_deadline=1)

    def test_a_deadline_that_comes_while_the_ca_is_asked_is_the_orders(self):
        """The CA works: nobody shall order from another one."""
        asked = []

        def slower(handler, body):
            asked.append(body)
            if len(asked) > 1:
                time.sleep(5)
            changed(processing)(handler, body)
        self.shim.fails("/my-order/", slower, count=1000)
        self.shim.fails("/finalize-order/", changed(processing), count=1000)
        self.fails("waiting for the order", "the CA needs longer than 3s", code=TIMEOUT, deadline=3)
        self.shim.heal()
        self.tool.issue("www.example.test", resume=True)
        self.assertEqual(self.orders(), [])

    def test_endless_processing_ends_with_the_deadline_and_goes_on_later(self):
        for path in ("/my-order/", "/finalize-order/"):
            self.shim.fails(path, changed(processing), count=1000)
        self.fails("the CA needs longer than 3s", code=TIMEOUT, deadline=3)
        self.shim.heal()
        self.tool.issue("www.example.test", resume=True)
        self.assertEqual(self.orders(), [])

    def test_an_order_that_asks_for_hours_is_left_until_then(self):
        def act(handler, body):
            status, headers, content = handler.ask_pebble(body)
            order = json.loads(content)
            order["status"] = "processing"
            handler.send(status, headers + [("Retry-After", "3600")], json.dumps(order).encode())
        self.shim.fails("/finalize-order/", act)
        began = time.monotonic()
        self.assertEqual(self.fails("the CA needs longer")["retry_after"], 3600)
        self.assertLess(time.monotonic() - began, 5)

    # ---- answers that are none ----

    def test_answers_that_are_not_acme_are_refused_where_they_came(self):
        elsewhere = ("Location", "https://elsewhere.test/order")
        cases = {
            "malformed JSON": (answer(200, "application/json", b'{"status": '), "is not JSON"),
            "no object": (answer(200, "application/json", b"[]"), "no object"),
            "missing keys": (answer(200, "application/json", b'{"status":"pending"}'), '"identifiers" is missing'),
            "wrong types": (answer(200, "application/json", b'{"status": 7}'), '"status" is not a text'),
            "unknown status": (answer(200, "application/json", b'{"status": "maybe"}'), '"status" is a word'),
            "wrong content type": (answer(200, "text/html", b"<h1>hello</h1>"), 'of type "text/html"'),
            "problem that is none": (answer(400, "application/problem+json", b"{"), "status 400, problem: is not JSON"),
            "redirect": (answer(302, "text/html", b"", elsewhere), 'redirects to "https://elsewhere.test/order"'),
            "huge body": (endless_body, "larger than 1MiB"),
            "huge head": (answer(200, "x" * 20000, b""), "the head of the answer is larger than 16KiB"),
            "not HTTP": (not_http, "the answer is not HTTP"),
        }
        for name, (act, words) in cases.items():
            with self.subTest(name):
                self.shim.heal()
                self.shim.fails("/order-plz", act)
                self.fails("new order", words, code=PROTOCOL)
                self.assertEqual(len(self.orders()), 1)

    def test_an_order_without_a_place_is_refused(self):
        def act(handler, body):
            status, headers, content = handler.ask_pebble(body)
            handler.send(status, [one for one in headers if one[0] != "Location"], content)
        self.shim.fails("/order-plz", act)
        self.fails("does not say where the order is", code=PROTOCOL)

    def test_urls_and_tokens_that_lead_elsewhere_are_refused(self):
        def plain(order):
            order["finalize"] = order["finalize"].replace("https:", "http:")

        def climbing(authorization):
            for challenge in authorization["challenges"]:
                challenge["token"] = "../../etc/passwd"

        def other(authorization):
            authorization["identifier"]["value"] = "bank.test"
        for path, change, words in (("/order-plz", plain, '"finalize" is not an https URL'),
                                    ("/authZ/", climbing, '"token" is not base64url'),
                                    ("/authZ/", other, "a name that was not ordered")):
            with self.subTest(words):
                self.shim.heal()
                self.shim.fails(path, changed(change))
                self.fails(words, code=PROTOCOL)

    def test_an_order_for_other_names_is_refused(self):
        self.shim.fails("/order-plz", changed(lambda order: order["identifiers"].append(
            {"type": "dns", "value": "more.test"})))
        self.fails("the CA's order is for other names", code=PROTOCOL)

    def test_a_certificate_for_another_key_or_other_names_is_refused(self):
        direct = Tool(f"{self.own.name}", self.pebble, key=f"{self.own.name}/other.key", note=f"{self.own.name}/n2")
        other_key = direct.issue("www.example.test")["pem"].encode()
        self.shim.fails("/certZ/", replaced(other_key))
        self.fails("a certificate for another key", code=PROTOCOL)
        other_names = self.tool.issue("other.example.test")["pem"].encode()
        self.shim.fails("/certZ/", replaced(other_names))
        out = self.tool.run("issue", 1, names=["www.example.test"], csr_names=["www.example.test"],
                            note=f"{self.own.name}/n3")
        self.assertIn("a certificate for other names (other.example.test; ordered: www.example.test)", out["error"])

    def test_text_that_is_no_certificate_is_refused(self):
        for pem in (b"hello", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b""):
            with self.subTest(pem=pem):
                self.shim.heal()
                self.shim.fails("/certZ/", replaced(pem))
                self.fails("downloading the certificate")
        self.shim.heal()
        self.shim.fails("/certZ/", answer(200, "text/plain", b"hello"))
        self.fails('of type "text/plain"', code=PROTOCOL)

    # ---- what a CA refuses ----

    def test_subproblems_are_all_told_and_final_when_all_are(self):
        names = [{"type": f"urn:ietf:params:acme:error:{kind}", "detail": detail,
                  "identifier": {"type": "dns", "value": name}}
                 for kind, detail, name in (("caa", "CAA says no", "a.test"),
                                            ("rejectedIdentifier", "on a list", "b.test"))]
        self.shim.fails("/order-plz", problem(403, "compound", "some names", subproblems=names))
        out = self.fails("some names (compound); a.test: CAA says no (caa); b.test: on a list (rejectedIdentifier)",
                         code=DENIED)
        self.assertTrue(out["final"])

    def test_a_refused_finalize_costs_no_second_order(self):
        self.shim.fails("/finalize-order/", problem(400, "badCSR", "weak key"))
        self.assertTrue(self.fails("finalizing the order: weak key (badCSR)")["final"])
        self.assertEqual(len(self.orders()), 1)

    def test_nonces_that_are_never_good_are_given_up(self):
        self.shim.fails("/order-plz", problem(400, "badNonce"), count=100000)
        self.fails("badNonce", code=PROTOCOL, deadline=20)
        self.assertEqual(len(self.orders()), 200)

    def test_what_is_pending_after_a_failure_is_deactivated(self):
        empty = f"{self.own.name}/empty"
        for kind in ("http-01", "tls-alpn-01"):
            os.makedirs(f"{empty}/{kind}")
        names = ["a.example.test", "b.example.test", "c.example.test"]
        # The CA looks at the first one only.
        self.shim.fails("/chalZ/", answer(200, "application/json", b"{}"), count=1)
        self.shim.fails("/chalZ/", problem(403, "unauthorized", "no"), count=1)
        self.tool.issue(*names, board=empty, expect=1)
        deactivated = [payload for _, payload in self.shim.asked("/authZ/") if payload]
        self.assertEqual(deactivated, [{"status": "deactivated"}] * 3)

    # ---- renewal information, replacements, profiles ----

    def test_the_window_is_told_and_the_old_certificate_named(self):
        old = self.tool.issue("www.example.test")
        self.shim.renewal = {"suggestedWindow": {"start": "2026-01-02T04:00:00.5Z", "end": "2026-01-03T05:00:00+01:00"},
                             "explanationURL": "https://ca.test/why"}
        window = self.tool.run("window", pem=old["pem"])
        self.assertEqual(window, {"ok": True, "start": 1767326400, "end": 1767412800, "ask_again": 7200,
                                  "explanation": "https://ca.test/why"})
        self.assertEqual(len(self.shim.asked(f"/renewal/{old['id']}")), 1)
        self.shim.heal()
        self.tool.issue("www.example.test", replaces=old["id"], profile="shortlived")
        self.assertEqual([(one["replaces"], one["profile"]) for one in self.orders()], [(old["id"], "shortlived")])

    def test_a_window_that_is_none_is_refused(self):
        old = self.tool.issue("www.example.test")
        for window in ({}, {"suggestedWindow": {"start": "2026-01-02T00:00:00Z"}},
                       {"suggestedWindow": {"start": "2026-01-02T00:00:00Z", "end": "2026-01-01T00:00:00Z"}},
                       {"suggestedWindow": {"start": "soon", "end": "later"}}):
            with self.subTest(window=window):
                self.shim.renewal = window
                self.assertIn("renewal information", self.tool.run("window", 1, pem=old["pem"])["error"])

    def test_already_replaced_drops_the_replacement_once(self):
        self.shim.fails("/order-plz", problem(409, "alreadyReplaced"))
        self.tool.issue("www.example.test", replaces="AA.BB")
        self.assertEqual([one.get("replaces") for one in self.orders()], ["AA.BB", None])
        # What else CAs say of a certificate they do not know as this account's.
        for kind, status in (("malformed", 400), ("unauthorized", 403), ("malformed", 404)):
            self.shim.heal()
            self.shim.fails("/order-plz", problem(status, kind))
            self.tool.issue("www.example.test", replaces="AA.BB")
            self.assertEqual([one.get("replaces") for one in self.orders()], ["AA.BB", None])
        self.shim.heal()
        self.shim.fails("/order-plz", problem(409, "alreadyReplaced"), count=10)
        self.fails("alreadyReplaced", code=PROTOCOL, replaces="AA.BB")
        self.assertEqual(len(self.orders()), 2)

    # ---- who is on the other side ----

    def test_a_server_that_is_not_trusted_or_another_is_not_talked_to(self):
        with tempfile.TemporaryDirectory() as folder:
            stranger = Pki(folder)
            self.fails("directory", "its certificate is not trusted", code=TLS, ca=stranger.ca)
            os.mkdir(f"{folder}/other")
            other = Pki(f"{folder}/other", "DNS:other.test")
            shim = Shim(other, self.pebble)
            self.addCleanup(shim.close)
            out = Tool(folder, shim, ca=other.ca).issue("www.example.test", expect=1)
            self.assertIn("hostname mismatch", out["error"].lower())
            self.assertEqual(shim.requests, [])

    def test_an_address_is_checked_like_a_name(self):
        address = self.shim.directory.replace("localhost", "127.0.0.1")
        folder = f"{self.own.name}/by-address"
        os.mkdir(folder)
        # Pebble is asked by the name the shim has; what the directory says leads to names again.
        self.assertIn("account", Tool(folder, self.shim, directory=address).run("account"))

    def test_plain_http_is_no_directory(self):
        out = self.tool.run("account", 1, directory=self.shim.directory.replace("https", "http"))
        self.assertIn("is not an https URL", out["error"])

    def test_nobody_there(self):
        out = self.tool.issue("www.example.test", expect=1, directory="https://127.0.0.1:1/dir", deadline=5)
        self.assertIn("connecting to 127.0.0.1:1: connection refused", out["error"])
        self.assertEqual(out["code"], UNAVAILABLE)

    def test_leaf_first(self):
        self.assertGreater(len(certificates(self.tool.issue("www.example.test")["pem"])), 1)


if __name__ == "__main__":
    unittest.main()
