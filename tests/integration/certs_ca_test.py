"""ravelin certs ca: an own certificate authority, its certificates in real clients and in the gateway."""

import json
import os
import shutil
import stat
import subprocess
import tempfile
import unittest

import harness

BINARY = os.path.abspath(harness.BINARY)
DOCUMENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "certificates.md")
OTHER_CA = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=other"]


def make_request(directory, name, san):
    """NAME.key and NAME.csr; the path of the request."""
    path = os.path.join(directory, name)
    harness.openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/",
                    "-keyout", f"{path}.key", "-addext", f"subjectAltName={san}", "-out", f"{path}.csr")
    os.chmod(f"{path}.key", 0o600)
    return f"{path}.csr"


def make_system(directory):
    """A Debian that trusts one other CA."""
    for folder in ("usr/local/share/ca-certificates", "usr/share/ca-certificates", "etc/ssl/certs"):
        os.makedirs(os.path.join(directory, folder))
    with open(os.path.join(directory, "etc/ca-certificates.conf"), "w", encoding="utf-8") as file:
        file.write("other.crt\n")
    harness.openssl(*OTHER_CA, "-keyout", "/dev/null", "-out", os.path.join(directory, "usr/share/ca-certificates/other.crt"))
    return os.path.join(directory, "etc/ssl/certs/ca-certificates.crt")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class OwnCa(harness.Case):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.directory = temporary.name
        self.store = os.path.join(self.directory, "certs")
        self.ca = os.path.join(self.store, "ca")

    def run_ca(self, *arguments, code=0, store=True):
        where = ["--store", self.store] if store else []
        done = subprocess.run([BINARY, "certs", "ca", *arguments, *where], capture_output=True, text=True, timeout=60,
                              stdin=subprocess.DEVNULL, cwd=self.directory, check=False)
        self.assertEqual(code, done.returncode, f"{arguments}: {done.stdout}{done.stderr}")
        return done.stdout if code == 0 else done.stderr

    def answer(self, *arguments):
        return json.loads(self.run_ca(*arguments, "--json"))

    def init(self, *arguments):
        return self.answer("init", "--name", "Lab", "--permit", ".dev.test,127.0.0.0/8", *arguments)

    def issue(self, name, san, *arguments):
        """The path of the chain."""
        chain = os.path.join(self.directory, f"{name}.crt")
        self.run_ca("issue", "--csr", make_request(self.directory, name, san), "--out", chain, *arguments)
        return chain

    def verify(self, chain, *arguments):
        done = subprocess.run(["openssl", "verify", "-x509_strict", "-CAfile", f"{self.ca}/root.pem", "-untrusted", chain,
                               *arguments, chain], capture_output=True, text=True, timeout=30, check=False)
        return "OK" if done.returncode == 0 else done.stderr

    def test_init_makes_a_ca_with_limits_once(self):
        made = self.init()
        self.assertEqual([".dev.test", "127.0.0.0/8"], made["permitted"])
        self.assertEqual(0o700, stat.S_IMODE(os.stat(self.store).st_mode))
        text = subprocess.run(["openssl", "x509", "-in", f"{self.ca}/issuing.pem", "-noout", "-text"], capture_output=True,
                              text=True, check=True).stdout
        self.assertIn("X509v3 Name Constraints: critical", text)
        self.assertIn("CA:TRUE, pathlen:0", text)
        printed = subprocess.run(["openssl", "x509", "-in", f"{self.ca}/root.pem", "-noout", "-fingerprint", "-sha256"],
                                 capture_output=True, text=True, check=True).stdout
        self.assertIn(made["sha256"], printed.replace(":", "").lower())
        self.assertIn("already holds a certificate authority", self.run_ca("init", code=4))

    def test_bad_input_is_refused_before_anything_is_made(self):
        for arguments, said in ((["--permit", "10.0.0.1/8"], "--permit: "), (["--permit", "any,.dev.test"], "stands alone"),
                                (["--name", "x" * 41], "1 to 40 bytes"), (["--lifetime", "1m"], "1h to 60d"),
                                (["--lifetime", "soon"], "--lifetime: ")):
            self.assertIn(said, self.run_ca("init", *arguments, code=3))
        self.assertFalse(os.path.exists(self.store))
        self.run_ca(code=2)
        self.run_ca("init", "--config", "x", code=2)

    def test_store_comes_from_the_configuration(self):
        with open(os.path.join(self.directory, "ravelin.yaml"), "w", encoding="utf-8") as file:
            file.write("version: 1\ncerts: { store: certs, names: [ anything ] }\nlisteners: []\n")
        config = os.path.join(self.directory, "ravelin.yaml")
        self.run_ca("init", "-c", config, store=False)
        self.assertTrue(os.path.exists(f"{self.ca}/root.pem"))
        self.run_ca("show", "-c", config, store=False)
        with open(config, "w", encoding="utf-8") as file:
            file.write("certs: { store: [ 1 ] }\n")
        self.assertIn("ravelin.yaml:1:17: certs.store: ", self.run_ca("show", "-c", config, store=False, code=3))
        self.assertIn("nowhere.yaml", self.run_ca("show", "-c", "nowhere.yaml", store=False, code=3))

    def test_open_keys_are_refused_with_the_chmod(self):
        self.init()
        os.chmod(f"{self.ca}/issuing.key", 0o644)
        self.assertIn(f"chmod 600 {self.ca}/issuing.key", self.run_ca("show", code=3))
        os.chmod(f"{self.ca}/issuing.key", 0o600)
        os.chmod(self.ca, 0o755)
        self.assertIn(f"chmod 700 {self.ca}", self.run_ca("show", code=3))

    def test_verifiers_accept_what_it_signs_and_it_refuses_the_rest(self):
        self.init()
        chain = self.issue("www", "DNS:www.dev.test,IP:127.0.0.1")
        self.assertEqual("OK", self.verify(chain, "-purpose", "sslserver", "-verify_hostname", "www.dev.test"))
        self.assertEqual("OK", self.verify(chain, "-verify_ip", "127.0.0.1"))
        self.assertIn("mismatch", self.verify(chain, "-verify_hostname", "other.dev.test"))
        self.assertNotEqual("OK", self.verify(chain, "-purpose", "sslclient"))
        outside = make_request(self.directory, "outside", "DNS:www.example.com")
        self.assertIn('"www.example.com" is outside the names of the CA "Lab"', self.run_ca("issue", "--csr", outside, code=3))
        self.assertIn("no profile", self.run_ca("issue", "--csr", outside, "--profile", "ca", code=3))
        self.run_ca("issue", "--csr", chain, code=3)
        self.run_ca("issue", "--csr", "nowhere.csr", code=4)
        self.assertEqual((1, 1, 0), tuple(self.answer("show")[key] for key in ("signed", "live", "revoked")))

    def test_constraints_stop_a_stolen_key(self):
        self.init()
        outside = make_request(self.directory, "outside", "DNS:www.example.com")
        extensions = os.path.join(self.directory, "extensions")
        with open(extensions, "w", encoding="utf-8") as file:
            file.write("subjectAltName=DNS:www.example.com\n")
        forged = os.path.join(self.directory, "forged.crt")
        harness.openssl("x509", "-req", "-in", outside, "-CA", f"{self.ca}/issuing.pem", "-CAkey", f"{self.ca}/issuing.key",
                        "-CAcreateserial", "-extfile", extensions, "-out", forged)
        self.assertIn("permitted subtree violation", self.verify(forged, "-untrusted", f"{self.ca}/issuing.pem"))

    def test_works_without_the_root_key(self):
        self.init()
        os.rename(f"{self.ca}/root.key", os.path.join(self.directory, "safe"))
        self.assertEqual("OK", self.verify(self.issue("www", "DNS:www.dev.test")))
        self.assertFalse(self.answer("show")["root"]["has_key"])
        self.assertIn("elsewhere", self.run_ca("show"))

    def test_gateway_takes_its_clients_and_turns_away_the_revoked(self):
        self.init()
        server = self.issue("www", "DNS:gw.dev.test")
        good = self.issue("good", "DNS:good.dev.test", "--profile", "client")
        bad = self.issue("bad", "DNS:bad.dev.test", "--profile", "peer")
        config = harness.simple_config([self.backend()]).replace("server.crt", server).replace(
            "server.key", server.replace(".crt", ".key")).replace(
            " } ] }", f" }} ], client_auth: {{ mode: require, ca: {self.ca}/bundle.pem, crl: {self.ca}/crl.pem }} }}", 1)
        gateway = self.gateway(config)

        def curl(certificate):
            done = subprocess.run(["curl", "-sS", "--max-time", "10", "--cacert", f"{self.ca}/root.pem", "--cert", certificate,
                                   "--key", certificate.replace(".crt", ".key"), "--resolve",
                                   f"gw.dev.test:{gateway.port}:127.0.0.1", f"https://gw.dev.test:{gateway.port}/"],
                                  capture_output=True, text=True, timeout=30, check=False)
            return done.stdout if done.returncode == 0 else done.stderr

        self.assertEqual("hello", curl(good))
        self.assertEqual("hello", curl(bad))
        revoked = self.answer("revoke", bad, "--reason", "key-compromise")
        self.assertEqual(f"{self.ca}/crl.pem", revoked["crl"])
        gateway.reload()
        self.assertEqual("hello", curl(good))
        self.assertIn("revoked", curl(bad))
        self.assertIn("compromised", self.run_ca("issue", "--csr", bad.replace(".crt", ".csr"), code=3))

    def test_revocation_by_number_and_the_lists(self):
        self.init()
        chain = self.issue("www", "DNS:www.dev.test")
        serial = subprocess.run(["openssl", "x509", "-in", chain, "-noout", "-serial"], capture_output=True, text=True,
                                check=True).stdout.strip().split("=")[1]
        before = self.answer("crl")
        lists = os.path.join(self.directory, "crl.pem")
        check = ("-crl_check_all", "-CRLfile", lists)
        with open(lists, "w", encoding="utf-8") as file:
            file.write(self.run_ca("crl"))
        self.assertEqual("OK", self.verify(chain, *check))
        self.run_ca("revoke", serial)
        after = self.answer("crl")
        self.assertEqual((0, 1), (before["revoked"], after["revoked"]))
        self.assertGreater(after["number"], before["number"])
        with open(lists, "w", encoding="utf-8") as file:
            file.write(after["pem"])
        self.assertIn("certificate revoked", self.verify(chain, *check))
        self.assertEqual(after["number"], self.answer("crl")["number"])
        self.assertGreater(self.answer("crl", "--renew")["number"], after["number"])
        self.assertIn("records no certificate", self.run_ca("revoke", "0" * 32, code=3))
        self.assertIn("no reason", self.run_ca("revoke", serial, "--reason", "bored", code=3))

    def test_trust_goes_into_a_system_and_out(self):
        made = self.init()
        system = os.path.join(self.directory, "system")
        bundle = make_system(system)
        added = self.answer("trust", "--root", system)
        self.assertTrue(added["trusted"])
        self.assertTrue(added["file"].endswith(f"/ravelin-{made['sha256'][:16]}.crt"))
        self.assertIn(read(f"{self.ca}/root.pem").strip(), read(bundle))
        chain = self.issue("www", "DNS:www.dev.test")
        harness.openssl("verify", "-CAfile", bundle, "-untrusted", chain, chain)
        undone = subprocess.run([BINARY, *added["undo"].split()[1:]], capture_output=True, text=True, timeout=60, check=True)
        self.assertIn("no longer trusted", undone.stdout)
        self.assertNotIn(read(f"{self.ca}/root.pem").strip(), read(bundle))
        self.assertFalse(self.answer("trust", "--remove", "--root", system)["changed"])
        shutil.rmtree(os.path.join(system, "usr/local"))
        self.assertIn("by hand", self.run_ca("trust", "--root", system, code=4))

    def test_any_name_comes_with_a_warning(self):
        done = subprocess.run([BINARY, "certs", "ca", "init", "--permit", "any", "--store", self.store], capture_output=True,
                              text=True, timeout=60, check=True)
        self.assertIn("may sign any name", done.stderr)
        self.assertEqual("OK", self.verify(self.issue("www", "DNS:www.example.com")))

    def test_root_leaves_files_that_the_owner_can_read(self):
        if os.geteuid() != 0:
            self.assertNotEqual(0, os.stat(self.directory).st_uid)  # without root there is nothing to become
            return
        os.chmod(self.directory, 0o755)
        os.mkdir(self.store, 0o700)
        os.chown(self.store, 65534, 65534)
        self.init()
        owners = {os.stat(os.path.join(self.ca, name)).st_uid for name in os.listdir(self.ca)}
        self.assertEqual({65534}, owners)

    def test_the_document_tells_the_truth(self):
        blocks = read(DOCUMENT).split("## An own CA", 1)[1].split("\n## ", 1)[0].split("```sh\n")[1:]
        commands = "".join(block.split("```", 1)[0] for block in blocks)
        self.assertGreater(commands.count("ravelin certs ca "), 6)
        make_system(os.path.join(self.directory, "system"))
        os.symlink(BINARY, os.path.join(self.directory, "ravelin"))
        # The system of the machine the test runs on is none of its business.
        script = "set -e\n" + commands.replace("ca trust", "ca trust --root system")
        done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=120, cwd=self.directory, check=False,
                              env={"PATH": f"{self.directory}:/usr/bin:/bin"})
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        self.assertIn("app.crt: OK", done.stdout)
        self.assertIn("BEGIN X509 CRL", read(os.path.join(self.directory, "crl.pem")))


if __name__ == "__main__":
    unittest.main()
