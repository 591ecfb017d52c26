"""`ravelin certs`: what comes from elsewhere and goes there, what is checked, planned and taken back."""

import json
import os
import shutil
import stat
import subprocess

from certs_test import NAMES, StoreCase
from harness import BINARY, free_port, unittest, wait_until

WWW = "www.example.test"


def openssl(*arguments, stdin=None):
    done = subprocess.run(["openssl", *arguments], input=stdin, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        raise AssertionError(f"openssl {arguments}: {done.stderr}")
    return done.stdout


class CommandCase(StoreCase):
    def file(self, name, text="", mode=0o600):
        path = f"{self.directory}/{name}"
        with open(path, "w") as out:
            out.write(text)
        os.chmod(path, mode)
        return path

    def foreign(self, name=WWW, days=90, kind="ec"):
        """A CA of two floors made by OpenSSL, and a certificate of it: paths of its files."""
        d = f"{self.directory}/foreign-{kind}"
        os.mkdir(d)
        ca = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n"
        new = ["-newkey", "rsa:2048"] if kind == "rsa" else ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        leaf = (f"subjectAltName=DNS:{name}\nbasicConstraints=critical,CA:FALSE\n"
                "keyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n")
        above = None
        for who, subject, extensions in (("root", "Corp Root", ca), ("ica", "Corp Issuing CA 2", ca), ("leaf", name, leaf)):
            openssl("req", *new, "-nodes", "-keyout", f"{d}/{who}.key", "-subj", f"/CN={subject}", "-out", f"{d}/{who}.csr")
            with open(f"{d}/{who}.ext", "w") as out:
                out.write(extensions + "subjectKeyIdentifier=hash\n")
            sign = ["-CA", f"{d}/{above}.pem", "-CAkey", f"{d}/{above}.key"] if above else ["-signkey", f"{d}/{who}.key"]
            openssl("x509", "-req", "-in", f"{d}/{who}.csr", *sign, "-extfile", f"{d}/{who}.ext", "-days", str(days),
                    "-out", f"{d}/{who}.pem")
            above = who
        return d

    def own(self, *names):
        self.store.run("ca", "init", "--name", "Test", "--permit", ".test")
        for name in names:
            self.store.run("issue", name, "--issuer", "local")


class FromElsewhere(CommandCase):
    def test_a_pair_is_imported_its_chain_put_right_and_exported_again(self):
        d = self.foreign()
        bundle = self.file("bundle.pem", "".join(open(f"{d}/{who}.pem").read() for who in ("root", "ica", "leaf", "leaf")))
        text = self.store.run("import", WWW, "--chain", bundle, "--key", f"{d}/leaf.key")
        for note in ("1 certificates were there twice", "the order was put right", 'the root "CN=Corp Root" is left out'):
            self.assertIn(note, text)
        self.assertIn("generation 0 -> 1: imported", text)
        self.assertIn("never (no issuer)", self.store.run("list"))
        out = f"{self.directory}/out"
        self.store.run("export", WWW, "--out", out)
        self.assertEqual(stat.S_IMODE(os.stat(out).st_mode), 0o700)
        self.assertEqual(stat.S_IMODE(os.stat(f"{out}/ec.key").st_mode), 0o600)
        with open(f"{out}/ec.pem") as chain:
            self.assertEqual(chain.read().count("BEGIN CERTIFICATE"), 2)
        openssl("verify", "-CAfile", f"{d}/root.pem", "-untrusted", f"{out}/ec.pem", f"{out}/ec.pem")
        self.assertEqual(openssl("pkey", "-in", f"{out}/ec.key", "-pubout"),
                         openssl("x509", "-in", f"{out}/ec.pem", "-pubkey", "-noout"))
        self.assertIn("export by", self.store.run("show", WWW))

    def test_a_dry_run_checks_and_changes_nothing(self):
        self.own("api.example.test")
        d = self.foreign()
        given = ("import", WWW, "--chain", f"{d}/leaf.pem", f"{d}/ica.pem", "--key", f"{d}/leaf.key", "--dry-run")
        self.assertIn("nothing was changed", self.store.run(*given))
        self.assertEqual(self.store.json(*given)["names"], [WWW])
        self.assertFalse(os.path.exists(f"{self.store.folder}/gateway/certs/{WWW}"))
        self.store.run("import", "other.example.test", *given[2:], code=3)

    def test_what_is_wrong_is_said_with_its_code_and_nothing_changes(self):
        self.own("api.example.test")
        d = self.foreign()
        old = self.foreign(days=1, kind="rsa")
        sealed = f"{self.directory}/sealed.key"
        openssl("pkey", "-in", f"{d}/leaf.key", "-aes256", "-passout", "pass:secret", "-out", sealed)
        whole = ["--chain", f"{d}/leaf.pem", f"{d}/ica.pem"]
        for arguments, code, text in (
                (["--chain", f"{d}/leaf.pem", "--key", f"{d}/leaf.key"], "E_CHAIN_MISSING", '"CN=Corp Issuing CA 2"'),
                (whole, "E_KEY_PARSE", "--key FILE"),
                ([*whole, "--key", f"{d}/ica.key"], "E_KEY_MISMATCH", 'that of the CA "CN=Corp Issuing CA 2"'),
                ([*whole, "--key", f"{old}/leaf.key"], "E_KEY_MISMATCH", "none of the 2"),
                ([*whole, "--key", sealed], "E_KEY_ENCRYPTED", "--pass-file"),
                ([*whole, "--key", sealed, "--pass-file", self.file("wrong", "wrong\n")], "E_KEY_ENCRYPTED", "not the key's"),
                (["--chain", self.file("prose", "hello")], "E_CERT_PARSE", "neither PEM, DER nor PKCS#12")):
            said = self.store.run("import", WWW, *arguments, code=3)
            self.assertIn(code, said)
            self.assertIn(text, said)
            self.assertIn("nothing was changed", said)
        said = self.store.run("import", WWW, *whole, "--key", sealed, "--pass-file", self.file("open", "secret\n", 0o644), code=3)
        self.assertIn("chmod 600", said)
        self.assertFalse(os.path.exists(f"{self.store.folder}/gateway/certs/{WWW}"))
        self.store.run("import", WWW, *whole, "--key", sealed, "--pass-file", self.file("right", "secret\n"))

    def test_pkcs12_comes_and_goes_with_its_passphrase_in_a_file(self):
        d = self.foreign()
        secret = self.file("secret", "correct horse\n")
        given = f"{self.directory}/given.pfx"
        make = ["pkcs12", "-export", "-in", f"{d}/leaf.pem", "-inkey", f"{d}/leaf.key", "-certfile", f"{d}/ica.pem",
                "-passout", f"file:{secret}"]
        openssl(*make, "-out", given)
        self.assertIn("E_KEY_ENCRYPTED", self.store.run("import", WWW, "--chain", given, code=3))
        self.store.run("import", WWW, "--chain", given, "--pass-file", secret)
        out = f"{self.directory}/out.p12"
        self.store.run("export", WWW, "--out", out, code=2)
        self.store.run("export", WWW, "--out", out, "--pass-file", secret)
        self.assertEqual(stat.S_IMODE(os.stat(out).st_mode), 0o600)
        read = subprocess.run(["openssl", "pkcs12", "-in", out, "-info", "-noenc", "-passin", f"file:{secret}"],
                              capture_output=True, text=True, timeout=60, check=True)
        self.assertIn("PBES2, PBKDF2, AES-256-CBC", read.stderr)
        self.assertEqual(read.stdout.count("BEGIN CERTIFICATE"), 2)
        # As Windows wrote them for twenty years.
        legacy = f"{self.directory}/legacy.pfx"
        openssl(*make, "-legacy", "-certpbe", "PBE-SHA1-RC2-40", "-out", legacy)
        said = self.store.run("import", WWW, "--chain", legacy, "--pass-file", secret, code=3)
        self.assertIn("E_PKCS12_LEGACY", said)
        self.assertIn("openssl pkcs12 -legacy", said)

    def test_two_keys_are_imported_and_one_of_them_goes_into_pkcs12(self):
        pairs = []
        for kind, flags in (("ec", ("--chain", "--key")), ("rsa", ("--also-chain", "--also-key"))):
            d = self.foreign(kind=kind)
            pairs += [flags[0], f"{d}/leaf.pem", f"{d}/ica.pem", flags[1], f"{d}/leaf.key"]
        self.store.run("import", WWW, *pairs)
        self.assertEqual(self.store.json("show", WWW)["keys"], "p256+rsa2048")
        secret = self.file("secret", "correct horse\n")
        out = ("--out", f"{self.directory}/out.p12", "--pass-file", secret)
        self.assertIn("--key ec or rsa", self.store.run("export", WWW, *out, code=3))
        self.store.run("export", WWW, *out, "--key", "rsa")

    def test_a_key_goes_nowhere_others_can_read_it(self):
        self.own(WWW)
        out = f"{self.directory}/shared"
        os.mkdir(out)
        os.chmod(out, 0o755)
        self.assertIn(f"chmod 700 {out}", self.store.run("export", WWW, "--out", out, code=4))
        self.assertEqual(os.listdir(out), [])
        self.assertNotIn("export by", self.store.run("show", WWW))
        os.chmod(out, 0o777)
        secret = self.file("secret", "correct horse\n")
        self.assertIn("chmod go-w", self.store.run("export", WWW, "--out", f"{out}/a.p12", "--pass-file", secret, code=4))

    def test_an_older_generation_is_exported_by_its_number(self):
        self.own(WWW)
        self.store.run("rotate", WWW)
        out = f"{self.directory}/out"
        self.assertEqual(self.store.json("export", WWW, "--to", "1", "--out", out)["generation"], 1)
        with open(f"{out}/ec.pem") as chain, open(f"{self.store.folder}/gateway/certs/{WWW}/gen/000001/ec.pem") as kept:
            self.assertEqual(chain.read(), kept.read())


class Checked(CommandCase):
    def codes(self, answer):
        return [line["code"] for certificate in answer["certificates"] for line in certificate["checks"] if line["code"]]

    def test_what_is_in_order_is_ok_and_a_listener_shows_it(self):
        self.own()
        self.store.run("issue", WWW, "--issuer", "local", "--key", "p256,rsa2048")
        gateway = self.serve()
        text = self.store.run("check", WWW, "--against", f"127.0.0.1:{gateway.port}")
        for part in ("p256 key matches", "rsa2048 key matches", "chain: www.example.test -> ", "TLS 1.2 ec key", "TLS 1.3 ec key",
                     "TLS 1.2 rsa key", "TLS 1.3 rsa key", "generation 1 is shown", "1 certificates, 0 failed, 0 warnings"):
            self.assertIn(part, text)
        self.assertEqual(self.codes(self.store.json("check")), [])

    def test_a_listener_that_shows_something_else_is_found_out(self):
        gateway = self.start(names=(WWW,))
        against = ("--against", f"127.0.0.1:{gateway.port}")
        self.store.run("check", *against)
        # A copy of the store in which a newer generation is served, of which the gateway knows nothing.
        copy = f"{self.directory}/copy"
        shutil.copytree(self.store.folder, copy, symlinks=True)
        self.store.config, self.store.folder = None, copy
        self.store.run("rotate", WWW)
        answer = self.store.json("check", WWW, *against, code=1)
        self.assertEqual(set(self.codes(answer)), {"E_SERVED_OTHER"})
        self.assertIn("generation 1 is shown, not 2", json.dumps(answer))
        self.store.run("issue", "api.example.test", "--issuer", "local")
        self.assertEqual(set(self.codes(self.store.json("check", "api.example.test", *against, code=1))), {"E_HANDSHAKE"})

    def test_nobody_there_is_another_matter_than_a_wrong_answer(self):
        self.own(WWW)
        text = self.store.run("check", "--against", f"127.0.0.1:{free_port()}", code=4)
        self.assertIn("E_UNREACHABLE", text)
        self.store.run("check", "--against", "nonsense", code=3)

    def test_too_little_time_is_exit_1(self):
        self.own(WWW)
        self.store.run("check")
        text = self.store.run("check", "--warn", "30d", "--crit", "1d", code=1)
        self.assertIn("warn  E_EXPIRES_SOON", text)
        self.assertIn("fail  E_EXPIRES_SOON", self.store.run("check", "--crit", "30d", code=1))
        self.store.run("check", "--warn", "soon", code=3)

    def test_the_line_for_nagios_has_its_own_exit_codes(self):
        self.own(*NAMES[:2])
        self.assertRegex(self.store.run("check", "--nagios"), r"^CERTS OK \(2 certificates, 0 in trouble\) \| days_left=\d+ in_trouble=0\n$")
        self.assertIn("CERTS WARNING - ", self.store.run("check", "--nagios", "--warn", "30d", "--crit", "1d", code=1))
        self.assertIn("CERTS CRITICAL - ", self.store.run("check", "--nagios", "--crit", "30d", code=2))
        self.assertIn("CERTS UNKNOWN", self.store.run("check", "nobody.example.test", "--nagios", code=3))

    def test_a_key_that_others_can_read_is_found(self):
        self.own(WWW)
        os.chmod(f"{self.store.folder}/private/keys/{WWW}/000001/ec.key", 0o644)
        self.assertEqual(self.codes(self.store.json("check", code=1)), ["E_KEY_PERMS"])


class Rehearsed(CommandCase):
    def test_an_order_is_gone_through_without_one(self):
        self.own()
        self.assertIn("the own CA may sign all of them", self.store.run("issue", WWW, "--dry-run"))
        self.assertFalse(os.path.exists(f"{self.store.folder}/gateway/certs/{WWW}"))
        text = self.store.run("issue", "www.example.com", "--issuer", "local", "--key", "p256,dsa", "--dry-run", code=1)
        self.assertIn("E_NAME_CONSTRAINTS", text)
        self.assertIn("E_KEY_KIND", text)
        self.assertIn("E_ISSUER", self.store.run("issue", WWW, "--issuer", "nobody", "--dry-run", code=1))

    def test_what_an_acme_ca_needs_is_looked_at(self):
        self.own()
        self.store.config = self.file("ravelin.yaml", f"""
version: 1
admin: {{ socket: "{self.directory}/admin.sock" }}
dns: {{ servers: "127.0.0.1:1" }}
certs:
  store: {self.store.folder}
  issuers: {{ le: {{ acme: "https://127.0.0.1:{free_port()}/directory" }} }}
""")
        answer = self.store.json("issue", "*.example.test", "--dry-run", code=1)
        self.assertEqual([line["code"] for line in answer["checks"] if line["code"]],
                         ["E_GATEWAY", "E_CHALLENGE", "E_CAA"])


class PlannedAndRenewed(CommandCase):
    def test_what_comes_is_planned_by_day_and_issuer(self):
        self.own(*NAMES)
        answer = self.store.json("plan", "--days", "30")
        self.assertEqual(sorted(each["name"] for each in answer["certificates"]), sorted(NAMES))
        # A week each: renewed every three days and a half.
        total = sum(day["orders"]["local"] for day in answer["days"])
        self.assertGreater(total, 20)
        self.assertLess(total, 31)
        self.assertEqual(answer["limits"], [])
        self.assertIn("no limit is exceeded", self.store.run("plan", "--days", "7"))

    def test_the_limits_of_a_public_ca_are_looked_at(self):
        self.own()
        names = "[ " + ", ".join(f"{{ name: n{i}.example.test, issuers: [le] }}" for i in range(301)) + " ]"
        config = self.file("ravelin.yaml", f"""
version: 1
certs:
  store: {self.store.folder}
  issuers: {{ le: {{ acme: "https://127.0.0.1:{free_port()}/directory" }} }}
  names: {names}
""")
        self.store.config = config
        text = self.store.run("plan", code=1)
        self.assertIn("WARN le: 301 of 300 orders in 3 h", text)
        self.assertIn("a limit is exceeded", text)

    def known_ca(self, names, issued=()):
        """A store whose certificates look like Let's Encrypt's, and a configuration that names it."""
        for name in issued:
            # The own CA in its place, under its name.
            self.store.config = self.file("own.yaml", f"""
version: 1
admin: {{ socket: {self.directory}/none.sock }}
certs: {{ store: {self.store.folder}, issuers: {{ le: {{ ca: local }} }} }}
""")
            self.store.run("issue", name, "--issuer", "le")
        listed = "[ " + ", ".join(f"{{ name: {name} }}" for name in names) + " ]"
        self.store.config = self.file("ravelin.yaml", f"""
version: 1
certs:
  store: {self.store.folder}
  issuers: {{ le: {{ acme: "https://acme-v02.api.letsencrypt.org/directory", challenges: dns-01, dns_hook: /bin/false }} }}
  names: {listed}
dns: {{ servers: "127.0.0.1:1" }}
""")

    def test_what_counts_for_a_domain_and_what_is_exempt_is_told(self):
        self.own()
        new = [f"n{i}.example.test" for i in range(51)]
        self.known_ca(new + [WWW], issued=[WWW])
        text = self.store.run("plan", code=1)
        self.assertIn("WARN le: 52 of 50 certificates for example.test in 7 d", text)
        # The one that was issued counts, too. It is a week's, and renewed with the word what it replaces: exempt each time.
        self.assertIn(" (1 ARI exempt)", text)
        answer = self.store.json("plan", code=1)
        self.assertEqual(sum(day["ari_exempt"].get("le", 0) for day in answer["days"]),
                         sum(day["orders"]["le"] for day in answer["days"]) - 51)
        self.known_ca(new[:49])
        self.assertIn("ok   le: 50 of 50 certificates for example.test in 7 d", self.store.run("plan"))

    def test_a_dry_run_says_what_is_left(self):
        self.own()
        self.known_ca([WWW], issued=[WWW, *(f"n{i}.example.test" for i in range(3))])
        text = self.store.run("issue", "new.example.test", "--issuer", "le", "--dry-run")
        self.assertIn("le: budget with this order: 5/300 orders in 3 h, 5/50 certificates for example.test in 7 d, "
                      "1/5 orders for the names of new.example.test in 7 d", text)
        text = self.store.run("rotate", WWW, "--dry-run")
        self.assertIn("le: budget: it says what it replaces (ARI): no limit counts it", text)
        self.assertEqual(self.store.current(WWW), 1)

    def test_what_is_due_is_renewed_once(self):
        self.own(*NAMES[:2])
        self.assertIn("0 certificates are due", self.store.run("renew"))
        # Other names than are served: due at once.
        want = f"{self.store.folder}/gateway/certs/{WWW}/want.json"
        with open(want) as file:
            wanted = json.load(file)
        wanted["names"].append("new.example.test")
        with open(want, "w") as file:
            json.dump(wanted, file)
        due = self.store.json("renew", "--dry-run")["due"]
        self.assertEqual(due, [{"name": WWW, "why": "its names have changed"}])
        self.assertEqual(self.store.current(WWW), 1)
        self.assertIn("generation 1 -> 2", self.store.run("renew"))
        self.assertIn("new.example.test", self.store.json("show", WWW)["names"])
        self.assertIn("renewal by", self.store.run("show", WWW))
        self.assertEqual(self.store.json("renew")["due"], [])


class TakenBack(CommandCase):
    def test_a_generation_goes_on_the_list_of_its_ca(self):
        gateway = self.start(names=(WWW,))
        serial = self.served(gateway, WWW)
        said = self.store.run("revoke", WWW, "--generation", "1", "--reason", "key-compromise", code=3)
        self.assertIn("rotate first", said)
        said = self.store.run("rotate", WWW, "--because", "key-compromise")
        self.assertIn(f"next: ravelin certs revoke {WWW} --reason key-compromise", said)
        self.assertIn("ravelin certs tickets rotate", said)
        self.assertNotIn("undo:", said)
        answer = self.store.json("revoke", WWW, "--reason", "key-compromise")
        self.assertEqual((answer["generation"], len(answer["keys"])), (1, 1))
        self.assertEqual([int(each, 16) for each in answer["serials"]], [int(serial, 16)])
        with open(f"{self.store.folder}/ca/revoked.jsonl") as file:
            listed = file.read()
        self.assertIn(answer["serials"][0], listed)
        self.assertIn("E_KEY_COMPROMISED", self.store.run("rollback", WWW, code=3))
        self.assertIn("revoke by", self.store.run("show", WWW))
        self.assertNotEqual(self.served(gateway, WWW), serial)

    def test_its_key_is_refused_in_files_of_the_configuration_too(self):
        self.own(WWW)
        out = f"{self.directory}/out"
        self.store.run("export", WWW, "--out", out)
        self.server = self.backend()
        pair = f"{{ chain: {out}/ec.pem, key: {out}/ec.key }}, {{ store: true }}"
        gateway = self.gateway(self.text("[]").replace("{ store: true }", pair))
        self.store.config = gateway.config
        self.store.run("rotate", WWW, "--because", "key-compromise")
        self.store.run("revoke", WWW, "--reason", "key-compromise")
        wait_until(lambda: "a certificate is served whose key was revoked" in gateway.log(), "it is said")
        check = subprocess.run([BINARY, "check", "-c", gateway.config], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(check.returncode, 3, check.stderr)
        self.assertIn(f"{out}/ec.pem: its key was revoked", check.stderr)
        self.assertIn("E_KEY_COMPROMISED", check.stderr)
        gateway.reload()
        self.assertIn("reload failed", gateway.log())
        gateway.write(self.text("[]"))
        gateway.reload()
        self.assertEqual(gateway.log().count("reload failed"), 1)

    def test_the_served_one_is_taken_back_by_force_alone(self):
        self.own(WWW)
        self.assertIn("no generation before", self.store.run("revoke", WWW, code=3))
        self.store.run("revoke", WWW, "--generation", "1", code=3)
        self.store.run("revoke", WWW, "--generation", "1", "--force")
        self.store.run("revoke", WWW, "--reason", "boredom", code=3)


class Accounts(CommandCase):
    def test_only_acme_cas_have_accounts(self):
        self.own()
        self.assertIn("no ACME CA is configured", self.store.run("accounts", code=3))
        self.store.config = self.file("ravelin.yaml", f"""
version: 1
certs:
  store: {self.store.folder}
  issuers:
    le: {{ acme: "https://127.0.0.1:{free_port()}/directory", contact: "mailto:ops@example.test" }}
    own: {{ ca: local }}
""")
        self.assertIn("none yet", self.store.run("accounts"))
        self.assertEqual([each["issuer"] for each in self.store.json("accounts", "show")["accounts"]], ["le"])
        self.assertIn("has no account yet", self.store.run("accounts", "roll-key", code=3))
        self.assertIn("say which issuer's account: le", self.store.run("accounts", "deactivate", code=3))
        self.assertIn("is no ACME CA", self.store.run("accounts", "show", "own", code=3))


if __name__ == "__main__":
    unittest.main()
