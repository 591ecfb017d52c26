"""Our ACME client against Pebble: every kind of challenge, with and without external account binding,
whatever part of the nonces the CA refuses; accounts, chains, revocation, crashes."""

import glob
import json
import os
import stat
import subprocess
import tempfile
import unittest

from acme_lab import EAB_KEY, TOOL, Pebble, Pki, Tool, certificates, describe, run, verify

CHALLENGES = ("http-01", "tls-alpn-01", "dns-01")


class Lab(unittest.TestCase):
    ENVIRONMENT = {}
    CONFIG = {}

    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory()
        cls.folder = cls.place.name
        cls.pki = Pki(cls.folder)
        cls.pebble = Pebble(cls.folder, cls.pki, cls.ENVIRONMENT, **cls.CONFIG)

    @classmethod
    def tearDownClass(cls):
        cls.pebble.close()
        cls.place.cleanup()

    def setUp(self):
        self.own = tempfile.TemporaryDirectory()
        self.addCleanup(self.own.cleanup)

    def tool(self, **options):
        tool = Tool(self.own.name, self.pebble, **options)
        self.addCleanup(self.says_no_secret, tool)
        return tool

    def says_no_secret(self, tool):
        """Neither the account's key nor what proves a name stands in what was said or logged."""
        self.assertNotIn("PRIVATE KEY", tool.said)
        for authorization in self.pebble.responder.served:
            for part in authorization.split("."):
                self.assertNotIn(part, tool.said)
        self.assertEqual(self.pebble.responder.leftovers(), [])

    def check_chain(self, out, *names):
        verified = verify(self.own.name, out["pem"], self.pebble.ask("/roots/0"))
        self.assertEqual(verified.returncode, 0, verified.stderr)
        text = describe(certificates(out["pem"])[0], "-ext", "subjectAltName")
        for name in names:
            self.assertIn(f":{name}", text)


class Matrix(Lab):
    def issue_by_all(self, **options):
        for challenge in CHALLENGES:
            with self.subTest(challenge=challenge):
                name = f"{challenge}.example.test"
                tool = self.tool(challenges=[challenge], accounts=f"{self.own.name}/{challenge}", **options)
                self.check_chain(tool.issue(name, "www." + name), name, "www." + name)

    def test_every_challenge(self):
        self.issue_by_all()


class MatrixSomeNoncesRefused(Matrix):
    ENVIRONMENT = {"PEBBLE_WFE_NONCEREJECT": "5"}


class MatrixMostNoncesRefused(Matrix):
    ENVIRONMENT = {"PEBBLE_WFE_NONCEREJECT": "60"}


class MatrixExternalAccount(Matrix):
    CONFIG = {"externalAccountBindingRequired": True, "externalAccountMACKeys": {"kid-1": EAB_KEY}}

    def test_every_challenge(self):
        self.issue_by_all(eab_kid="kid-1", eab_key=EAB_KEY)

    def test_without_one_the_error_says_what_is_missing(self):
        out = self.tool().issue("a.example.test", expect=1)
        self.assertIn("give the key id and HMAC key", out["error"])

    def test_a_wrong_key_is_the_ca_s_no(self):
        out = self.tool(eab_kid="kid-1", eab_key="A" * 43).issue("a.example.test", expect=1)
        self.assertIn("new account", out["error"])
        unknown = self.tool(eab_kid="kid-2", eab_key=EAB_KEY).issue("a.example.test", expect=1)
        self.assertIn("new account", unknown["error"])


class MatrixExternalAccountSomeNoncesRefused(MatrixExternalAccount):
    ENVIRONMENT = {"PEBBLE_WFE_NONCEREJECT": "5"}


class MatrixExternalAccountMostNoncesRefused(MatrixExternalAccount):
    ENVIRONMENT = {"PEBBLE_WFE_NONCEREJECT": "60"}


class Orders(Lab):
    ENVIRONMENT = {"PEBBLE_ALTERNATE_ROOTS": "1", "PEBBLE_CHAIN_LENGTH": "2"}
    CONFIG = {"domainBlocklist": ["blocked.test"]}

    def test_a_wildcard_and_its_parent_by_dns(self):
        out = self.tool(challenges=list(CHALLENGES)).issue("*.wild.test", "wild.test")
        self.check_chain(out, "*.wild.test", "wild.test")

    def test_a_wildcard_that_nobody_can_prove_names_what_is_offered(self):
        out = self.tool(hook="").issue("*.wild.test", expect=1)
        self.assertIn("*.wild.test: the CA offers dns-01; what can be answered here: http-01, tls-alpn-01",
                      out["error"])

    def test_an_address(self):
        for challenge in ("http-01", "tls-alpn-01"):
            with self.subTest(challenge=challenge):
                self.check_chain(self.tool(challenges=[challenge]).issue("127.0.0.1"), "127.0.0.1")

    def test_fifty_names(self):
        names = [f"n{i}.many.test" for i in range(50)]
        self.check_chain(self.tool().issue(*names), *names)

    def test_the_preferred_root_is_taken(self):
        roots = [self.pebble.ask(f"/roots/{i}") for i in (0, 1)]
        for at, root in enumerate(roots):
            name = describe(root, "-subject", "-nameopt", "multiline").split("=")[-1].strip()
            out = self.tool(preferred=name).issue("chain.example.test")
            self.assertEqual(verify(self.own.name, out["pem"], root).returncode, 0)
            self.assertNotEqual(verify(self.own.name, out["pem"], roots[1 - at]).returncode, 0)
            for certificate in certificates(out["pem"])[1:]:  # no root at the end
                self.assertNotEqual(describe(certificate, "-subject").removeprefix("subject"),
                                    describe(certificate, "-issuer").removeprefix("issuer"))

    def test_a_root_that_is_not_there_is_warned_of(self):
        tool = self.tool(preferred="No Such Root")
        self.check_chain(tool.issue("chain.example.test"), "chain.example.test")
        self.assertIn("the CA has no chain to the preferred root", tool.said)

    def test_lifetimes_are_as_asked_even_in_the_past(self):
        out = self.tool().issue("old.example.test", not_before="2026-01-01T00:00:00Z",
                                not_after="2026-02-01T00:00:00Z")
        text = describe(certificates(out["pem"])[0], "-dates")
        self.assertIn("notBefore=Jan  1 00:00:00 2026 GMT", text)
        self.assertIn("notAfter=Feb  1 00:00:00 2026 GMT", text)
        renewed = self.tool().issue("old.example.test")
        self.check_chain(renewed, "old.example.test")

    def test_a_name_the_ca_rejects_is_final_and_in_its_words(self):
        out = self.tool().issue("www.blocked.test", expect=1)
        self.assertTrue(out["final"])
        self.assertIn("rejectedIdentifier", out["error"])

    def test_a_name_that_cannot_be_proven_is_not_final_and_in_the_ca_s_words(self):
        empty = f"{self.own.name}/empty"
        for kind in CHALLENGES:
            os.makedirs(f"{empty}/{kind}")
        # One name: Pebble 2.4 may lock up for good when it refuses two of an order at once.
        out = self.tool(board=empty).issue("a.example.test", expect=1)
        self.assertFalse(out["final"])
        self.assertRegex(out["error"], r"a\.example\.test: http-01: .*\(unauthorized\)")
        self.assertIn("(token)", out["error"])

    def test_a_request_for_other_names_is_refused(self):
        out = self.tool().issue("a.example.test", csr_names=["b.example.test"], expect=1)
        self.assertIn("finalizing the order", out["error"])

    def test_no_names_are_no_order(self):
        out = self.tool().issue(expect=1)
        self.assertIn("an order has 1 to 100 names, not 0", out["error"])

    def test_a_profile_and_a_replacement_the_ca_does_not_know_are_dropped(self):
        tool = self.tool()
        self.check_chain(tool.issue("p.example.test", profile="shortlived", replaces="AA.BB"), "p.example.test")
        self.assertIn("the CA has no such profile", tool.said)

    def test_after_a_crash_the_same_order_goes_on(self):
        for dies_at in ("note", "put_up", "take_down"):
            with self.subTest(dies_at=dies_at):
                tool = self.tool()
                names = ("a.crash.test", "b.crash.test")
                tool.issue(*names, dies_at=dies_at, expect=9)
                with open(tool.options["note"]) as file:
                    noted = json.load(file)["order"]
                out = tool.issue(*names, resume=True)
                self.assertEqual(out["order"], noted)
                # It is valid now: the same chain once more, without an order.
                self.assertEqual(tool.issue(*names, resume=True)["pem"], out["pem"])
                for left in glob.glob(f"{self.pebble.board}/*/*"):  # of who died before taking it down
                    os.unlink(left)

    def test_a_valid_order_for_another_key_makes_room_for_a_new_one(self):
        tool = self.tool()
        out = tool.issue("key.example.test")
        os.unlink(tool.options["key"])
        again = tool.issue("key.example.test", resume=True)
        self.assertNotEqual(again["order"], out["order"])

    def test_an_order_of_another_account_for_other_names_or_unknown_is_not_gone_on_with(self):
        tool = self.tool()
        out = tool.issue("one.example.test")
        other = tool.issue("two.example.test", resume=True)
        self.assertNotEqual(other["order"], out["order"])
        stranger = self.tool(accounts=f"{self.own.name}/others")
        self.assertNotEqual(stranger.issue("two.example.test", resume=True)["order"], other["order"])
        with open(tool.options["note"]) as file:
            note = json.load(file)
        for change in ({"order": note["order"] + "x"}, {"directory": "https://other.test/dir"}):
            with open(tool.options["note"], "w") as file:
                json.dump({**note, **change}, file)
            self.check_chain(stranger.issue("two.example.test", resume=True), "two.example.test")

    def test_revocation_with_its_reason(self):
        tool = self.tool()
        out = tool.issue("revoked.example.test")
        self.assertEqual(self.pebble.status_of(out["serial"])["Status"], "Valid")
        tool.run("revoke", pem=out["pem"], reason=1)
        status = self.pebble.status_of(out["serial"])
        self.assertEqual((status["Status"], status["Reason"]), ("Revoked", 1))
        tool.run("revoke", pem=out["pem"], reason=1)  # once more is done, too

    def test_a_certificate_of_another_account_is_not_revoked(self):
        out = self.tool().issue("mine.example.test")
        refused = self.tool(accounts=f"{self.own.name}/others").run("revoke", 1, pem=out["pem"])
        self.assertIn("revoking the certificate", refused["error"])
        self.assertEqual(self.pebble.status_of(out["serial"])["Status"], "Valid")

    def test_a_ca_without_renewal_information_says_nothing(self):
        tool = self.tool()
        out = tool.issue("quiet.example.test")
        self.assertIsNone(tool.run("window", pem=out["pem"])["window"])


class Accounts(Lab):
    def test_one_account_is_made_and_kept_where_nobody_else_reads_it(self):
        tool = self.tool(contacts=["mailto:ops@example.test"])
        first = tool.run("account")["account"]
        self.assertEqual(tool.run("account")["account"], first)
        folder = tool.account_folder()
        self.assertEqual(stat.S_IMODE(os.stat(folder).st_mode), 0o700)
        for name in ("account.json", "key.pem"):
            self.assertEqual(stat.S_IMODE(os.stat(f"{folder}/{name}").st_mode), 0o600)

    def test_processes_that_register_at_once_share_one_account(self):
        tool = self.tool()
        options = json.dumps(tool.options)
        started = [subprocess.Popen([TOOL, "account", options], stdout=subprocess.PIPE, text=True)
                   for _ in range(6)]
        said = [json.loads(one.communicate(timeout=60)[0])["account"] for one in started]
        self.assertEqual(len(set(said)), 1)

    def test_a_crash_after_registering_finds_the_account_again(self):
        tool = self.tool()
        first = tool.run("account")["account"]
        os.unlink(tool.account_folder() + "/account.json")
        self.assertEqual(tool.run("account")["account"], first)

    def test_a_key_others_can_read_or_that_is_gone_is_refused(self):
        tool = self.tool()
        tool.run("account")
        key = tool.account_folder() + "/key.pem"
        os.chmod(key, 0o644)
        self.assertIn(f"chmod 600 {key}", tool.run("account", 1)["error"])
        os.unlink(key)
        self.assertIn("the account's key is gone", tool.run("account", 1)["error"])

    def test_the_key_rolls_over(self):
        tool = self.tool()
        before = tool.run("account")["account"]
        path = tool.account_folder() + "/key.pem"
        with open(path) as file:
            old = file.read()
        tool.run("change-key")
        with open(path) as file:
            self.assertNotEqual(file.read(), old)
        self.assertEqual(tool.run("account")["account"], before)
        self.check_chain(tool.issue("rolled.example.test"), "rolled.example.test")
        with open(path, "w") as file:  # the old key is no longer the account's
            file.write(old)
        refused = tool.run("change-key", 1)
        self.assertIn("changing the account's key", refused["error"])

    def test_a_key_that_another_process_changed_is_read_anew(self):
        tool = self.tool()
        account = tool.run("account")["account"]
        out = tool.issue("behind.example.test", key_changed_behind=True)
        self.check_chain(out, "behind.example.test")
        tool.run("revoke", pem=out["pem"], key_changed_behind=True)
        self.assertEqual(self.pebble.status_of(out["serial"])["Status"], "Revoked")
        self.assertEqual(tool.run("account")["account"], account)
        self.assertEqual(glob.glob(tool.account_folder() + "/retired-*"), [])

    def test_a_crash_on_either_side_of_the_roll_over_is_settled(self):
        tool = self.tool()
        before = tool.run("account")["account"]
        folder = tool.account_folder()
        with open(f"{folder}/key.pem") as file:
            old = file.read()
        tool.run("change-key")
        os.rename(f"{folder}/key.pem", f"{folder}/next-key.pem")  # the CA took it, we fell before the rename
        with open(f"{folder}/key.pem", "w") as file:
            file.write(old)
        os.chmod(f"{folder}/key.pem", 0o600)
        self.assertEqual(tool.run("account")["account"], before)
        self.check_chain(tool.issue("settled.example.test"), "settled.example.test")
        # A next key the CA has never met: we fell before it was asked.
        run_key = f"{folder}/next-key.pem"
        with open(run_key, "w") as file:
            file.write(self.fresh_key())
        os.chmod(run_key, 0o600)
        self.assertEqual(tool.run("account")["account"], before)
        self.assertFalse(os.path.exists(run_key))

    def fresh_key(self):
        return run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256").stdout.decode()

    def test_a_deactivated_account_is_set_aside_and_another_made_once(self):
        tool = self.tool()
        first = tool.run("account")["account"]
        folder = tool.account_folder()
        kept = {}
        for name in ("account.json", "key.pem"):
            with open(f"{folder}/{name}") as file:
                kept[name] = file.read()
        tool.run("deactivate")
        for name, text in kept.items():  # as if somebody else had done it
            with open(f"{folder}/{name}", "w") as file:
                file.write(text)
            os.chmod(f"{folder}/{name}", 0o600)
        self.check_chain(tool.issue("again.example.test"), "again.example.test")
        self.assertIn("the CA no longer takes the account", tool.said)
        self.assertNotEqual(tool.run("account")["account"], first)
        self.assertEqual(len(glob.glob(f"{folder}/retired-*/key.pem")), 2)

    def test_an_account_at_another_place_than_remembered_is_found_by_its_key(self):
        tool = self.tool()
        account = tool.run("account")["account"]
        path = tool.account_folder() + "/account.json"
        with open(path) as file:
            saved = json.load(file)
        saved["url"] += "000"
        with open(path, "w") as file:
            json.dump(saved, file)
        self.check_chain(tool.issue("new.example.test"), "new.example.test")
        self.assertEqual(tool.run("account")["account"], account)

    def test_an_account_the_ca_has_forgotten_is_made_anew(self):
        tool = self.tool()
        account = tool.run("account")["account"]
        folder = tool.account_folder()
        with open(f"{folder}/key.pem", "w") as file:
            file.write(self.fresh_key())
        # The key of another account is no reason to leave this one.
        refused = tool.issue("new.example.test", expect=1)
        self.assertIn("JWS verification error", refused["error"])
        self.assertEqual(glob.glob(f"{folder}/retired-*"), [])
        with open(f"{folder}/account.json") as file:
            saved = json.load(file)
        with open(f"{folder}/account.json", "w") as file:
            json.dump({**saved, "url": saved["url"] + "000"}, file)
        self.check_chain(tool.issue("new.example.test"), "new.example.test")
        self.assertNotEqual(tool.run("account")["account"], account)
        self.assertEqual(len(glob.glob(f"{folder}/retired-*/account.json")), 1)

    def test_the_account_of_another_directory_is_never_used(self):
        tool = self.tool()
        tool.run("account")
        path = tool.account_folder() + "/account.json"
        with open(path) as file:
            saved = json.load(file)
        saved["directory"] = "https://other.test/dir"
        with open(path, "w") as file:
            json.dump(saved, file)
        self.assertIn("is the account at https://other.test/dir, not at", tool.run("account", 1)["error"])


if __name__ == "__main__":
    unittest.main()
