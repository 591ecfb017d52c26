"""What testssl.sh (Debian's 3.0.8) says of the default profile, with an ECDSA and an RSA certificate on one
name: nothing of MEDIUM or worse but what concerns the test's own certificates. The whole run, a minute or two,
without a name looked up and without a byte to any other address."""

import json
import os
import re
import shutil
import subprocess
import unittest

from harness import Backend, Gateway, ok, openssl, simple_config

SECONDS_MAX = 1000  # it forks a great deal: one minute here, eight on a machine that is slow and busy
HARMLESS = {"OK", "INFO", "LOW", "DEBUG"}

# Findings that are not about the gateway: an id, and what testssl says of it. Anything else that it says
# under the same id is a finding.
ACCEPTED = {
    # The local openssl program has no GOST engine.
    "engine_problem": r"No engine or GOST support",
    # The test's CA gives no address where to ask whether a certificate was revoked.
    "cert_revocation": r"Neither CRL nor OCSP URI provided",
    # With TLS 1.3 openssl's s_client, at the end of its input, often closes before the ticket behind the
    # handshake is there (a third of the time against s_server too). tests/gateway/tls/ticket_test.cc resumes.
    "sessionresumption_ticket": r"check failed because of connect problem",
}

# Without these the run was not complete: one or more of each part.
EXPECTED = {
    "SSLv2", "SSLv3", "TLS1", "TLS1_1", "TLS1_2", "TLS1_3", "ALPN",
    "cipherlist_NULL", "cipherlist_aNULL", "cipherlist_EXPORT", "cipherlist_LOW", "cipherlist_3DES_IDEA",
    "cipherlist_AVERAGE", "cipherlist_STRONG", "PFS", "PFS_ciphers", "PFS_ECDHE_curves", "cipher_order",
    "protocol_negotiated", "TLS_extensions", "cert_numbers", "cert_trust", "cert_chain_of_trust",
    "HTTP_status_code", "HSTS_time", "X-Frame-Options", "heartbleed", "CCS", "ticketbleed", "ROBOT",
    "secure_renego", "secure_client_renego", "CRIME_TLS", "BREACH", "POODLE_SSL", "fallback_SCSV", "SWEET32",
    "FREAK", "DROWN", "LOGJAM", "BEAST", "LUCKY13", "RC4", "clientsimulation-openssl_303", "scanTime",
}

CERTIFICATES = """certificates:
        - { chain: ecdsa.crt, key: ecdsa.key, default: true }
        - { chain: rsa.crt, key: rsa.key }"""
KEY_TYPES = {"ecdsa": ("ec", "-pkeyopt", "ec_paramgen_curve:P-256"), "rsa": ("rsa:2048",)}


def run_testssl(name, port, ca, directory, *sections):
    """What it finds, and what it prints; everything without `sections`."""
    if shutil.which("testssl") is None:
        raise AssertionError("testssl is not installed: scripts/setup --test")
    report = os.path.join(directory, "testssl.json")
    if os.path.exists(report):  # it adds nothing to one that is there
        os.remove(report)
    done = subprocess.run(
        ["testssl", "--quiet", "--color", "0", "--warnings", "batch", "--nodns", "none", "--ip", "127.0.0.1",
         "--add-ca", ca, *sections, "--jsonfile", report, f"{name}:{port}"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        timeout=SECONDS_MAX, cwd=directory, env={**os.environ, "TERM": "dumb"}, check=False)
    if not os.path.exists(report):
        raise AssertionError("testssl wrote no report: " + done.stdout[-3000:])
    with open(report) as file:
        return json.load(file), done.stdout


def serious(findings, accepted=ACCEPTED):
    """Those of MEDIUM or worse that are about the gateway."""
    return [(found["severity"], found["id"], found["finding"]) for found in findings
            if found["severity"] not in HARMLESS
            and not re.search(accepted.get(found["id"].split(" ")[0], r"(?!)"), found["finding"])]


class BothKinds(Gateway):
    def make_certificate(self, names, name="server"):
        """An RSA and an ECDSA leaf as a public CA would issue them: 90 days, for servers only."""
        path = lambda file: os.path.join(self.directory, file)
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650",
                "-subj", "/CN=test CA", "-keyout", path("ca.key"), "-out", path("ca.pem"))
        with open(path("extensions"), "w") as file:
            file.write("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
                       "extendedKeyUsage=serverAuth\nsubjectAltName=" + ",".join(f"DNS:{n}" for n in names) + "\n")
        for kind, options in KEY_TYPES.items():
            openssl("req", "-newkey", *options, "-nodes", "-subj", f"/CN={names[0]}",
                    "-keyout", path(f"{kind}.key"), "-out", path(f"{kind}.csr"))
            openssl("x509", "-req", "-in", path(f"{kind}.csr"), "-CA", path("ca.pem"), "-CAkey", path("ca.key"),
                    "-CAcreateserial", "-days", "90", "-extfile", path("extensions"), "-out", path(f"{kind}.crt"))
            os.chmod(path(f"{kind}.key"), 0o600)


def answer(_head, _body):
    """An application's page: which security fields it wants is its business, so it has some."""
    return ok(b"hello", b"Content-Type: text/plain\r\nX-Content-Type-Options: nosniff\r\n"
              b"X-Frame-Options: DENY\r\nContent-Security-Policy: default-src 'none'\r\n")


class Testssl(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.backend = Backend(answer)
        config = simple_config([cls.backend]).replace(
            "certificates: [ { chain: server.crt, key: server.key } ]", "@").replace(
            "tls: { @ }", "tls:\n      " + CERTIFICATES)
        cls.gateway = BothKinds(config)
        cls.addClassCleanup(cls.backend.close)
        cls.addClassCleanup(cls.gateway.close)
        cls.findings, cls.output = run_testssl("gw.test", cls.gateway.port, os.path.join(cls.gateway.directory, "ca.pem"),
                                               cls.gateway.directory)

    def find(self, name):
        """What was found under an id, over all certificates."""
        return [found for found in self.findings if found["id"].split(" ")[0] == name]

    def one(self, name):
        found = self.find(name)
        self.assertEqual(len(found), 1, name)
        return found[0]["finding"]

    def test_the_run_is_complete(self):
        seen = {found["id"].split(" ")[0] for found in self.findings}
        self.assertEqual(EXPECTED - seen, set(), self.output[-3000:])
        self.assertRegex(self.one("HTTP_status_code"), r"^200")
        self.assertEqual(self.one("cert_numbers"), "2")

    def test_nothing_of_medium_or_worse(self):
        self.assertEqual(serious(self.findings), [])

    def test_only_tls_1_2_and_1_3_are_offered(self):
        for old in ("SSLv2", "SSLv3", "TLS1", "TLS1_1"):
            self.assertEqual(self.one(old), "not offered", old)
        self.assertEqual(self.one("TLS1_2"), "offered")
        self.assertRegex(self.one("TLS1_3"), r"^offered")

    def test_every_cipher_has_forward_secrecy(self):
        self.assertRegex(self.one("PFS"), r"^offered")
        secret = set(self.one("PFS_ciphers").split())
        # "xc030   ECDHE-RSA-AES256-GCM-SHA384   ECDH 256   AESGCM   256   TLS_ECDHE_…"
        offered = {found["finding"].split()[1] for found in self.findings if found["id"].startswith("cipher_x")}
        self.assertEqual(offered, secret)
        self.assertEqual(len(offered), 9)

    def test_both_certificates_are_shown_and_trusted(self):
        keys = sorted(found["finding"] for found in self.find("cert_keySize"))
        self.assertEqual(len(keys), 2)
        self.assertTrue(keys[0].startswith("EC 256") and keys[1].startswith("RSA 2048"), keys)
        for found in self.find("cert_chain_of_trust"):
            self.assertRegex(found["finding"], r"^(passed|All certificate trust checks passed)")


if __name__ == "__main__":
    unittest.main()
