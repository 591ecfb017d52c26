"""OCSP responses stapled from files: made by `openssl ocsp`, seen by `openssl s_client`."""

import os
import re
import subprocess
import time

from harness import ADMIN, BINARY, Case, openssl, simple_config, unittest, wait_until
from certificates_onward_test import make_intermediate


class Responder:
    """The intermediate's responder for leaf.crt, in the gateway's directory."""

    def __init__(self, directory):
        self.directory = directory
        make_intermediate(directory)
        with open(self.at("extensions"), "w") as file:
            file.write("subjectAltName=DNS:gw.test\nextendedKeyUsage=serverAuth\nkeyUsage=digitalSignature\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=gw.test",
                "-keyout", self.at("leaf.key"), "-out", self.at("request.csr"))
        openssl("x509", "-req", "-in", self.at("request.csr"), "-CA", self.at("intermediate.pem"), "-CAkey",
                self.at("intermediate.key"), "-CAcreateserial", "-days", "5", "-extfile", self.at("extensions"),
                "-out", self.at("leaf.pem"))
        with open(self.at("leaf.crt"), "w") as chain:
            chain.write(open(self.at("leaf.pem")).read() + open(self.at("intermediate.pem")).read())
        os.chmod(self.at("leaf.key"), 0o600)

    def at(self, name):
        return os.path.join(self.directory, name)

    def respond(self, to="staple.der", about="leaf.pem", status="V", signer="intermediate", minutes=60):
        """Puts a response into a file by one rename. Status: V is good, R revoked."""
        serial = subprocess.run(["openssl", "x509", "-in", self.at(about), "-noout", "-serial"], check=True,
                                capture_output=True, text=True).stdout.strip().split("=")[1]
        revoked = "250101000000Z" if status == "R" else ""
        with open(self.at("index.txt"), "w") as index:
            index.write(f"{status}\t350101000000Z\t{revoked}\t{serial}\tunknown\t/CN=gw.test\n")
        openssl("ocsp", "-issuer", self.at("intermediate.pem"), "-cert", self.at(about), "-reqout", self.at("request.der"))
        openssl("ocsp", "-index", self.at("index.txt"), "-rsigner", self.at(signer + ".pem"), "-rkey",
                self.at(signer + ".key"), "-CA", self.at("intermediate.pem"), "-reqin", self.at("request.der"),
                "-respout", self.at(to + ".new"), "-nmin", str(minutes))
        os.rename(self.at(to + ".new"), self.at(to))


class Stapling(Case):
    def start_stapling(self, prepare=lambda responder: responder.respond()):
        text = simple_config([self.backend()], top=ADMIN).replace(
            "{ chain: server.crt, key: server.key }", "{ chain: leaf.crt, key: leaf.key, staple: staple.der }")

        def prepared(gateway):
            self.responder = Responder(gateway.directory)
            prepare(self.responder)
        return self.gateway(text, prepare=prepared)

    def stapled(self, gateway, version="-tls1_3"):
        """What a client sees: "good", "revoked", or None without a staple."""
        shown = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{gateway.port}", "-servername", "gw.test",
                                "-status", version], input=b"", capture_output=True).stdout.decode(errors="replace")
        if "OCSP response: no response sent" in shown:
            return None
        return re.search(r"Cert Status: (\w+)", shown).group(1)

    def expiry(self, gateway):
        return gateway.metric("ravelin_ocsp_staple_expiry_seconds")

    def test_a_good_response_is_stapled_in_both_versions(self):
        gateway = self.start_stapling()
        self.assertEqual(self.stapled(gateway), "good")
        self.assertEqual(self.stapled(gateway, "-tls1_2"), "good")
        self.assertIn("OCSP response is stapled", gateway.log())
        self.assertGreater(self.expiry(gateway), time.time())

    def test_a_wrong_one_is_refused_once_with_its_reason(self):
        wrong = (
            (lambda r: open(r.at("staple.der"), "wb").write(b"nonsense"), "is no OCSP response in DER"),
            (lambda r: r.respond(about="under.pem"), "is about another certificate"),
            (lambda r: r.respond(status="R"), "says that the certificate is revoked"),
            (lambda r: r.respond(signer="ca"), "is not signed by who may say so"),
            (lambda r: None, "staple.der"),
        )
        for make, reason in wrong:
            with self.subTest(reason):
                gateway = self.start_stapling(make)
                self.assertIsNone(self.stapled(gateway))
                refused = [line for line in gateway.log().splitlines() if "OCSP response refused" in line]
                self.assertEqual(len(refused), 1, gateway.log())
                self.assertIn(reason, refused[0])
                self.assertEqual(self.expiry(gateway), 0)
                checked = subprocess.run([BINARY, "check", "-c", gateway.config], capture_output=True, text=True)
                self.assertEqual(checked.returncode, 0, checked.stderr)
                self.assertIn("staple", checked.stderr)

    def test_a_new_file_is_taken_and_a_broken_one_leaves_the_last_good(self):
        gateway = self.start_stapling(lambda responder: None)
        self.assertIsNone(self.stapled(gateway))
        self.responder.respond()
        wait_until(lambda: self.stapled(gateway) == "good", "the file that appeared is stapled")
        with open(self.responder.at("staple.der"), "wb") as file:
            file.write(b"nonsense")
        wait_until(lambda: "the one before is stapled until it expires" in gateway.log(), "the broken one is reported")
        self.assertEqual(self.stapled(gateway), "good")

    def test_it_goes_with_the_certificate_it_is_about(self):
        gateway = self.start_stapling()
        self.assertEqual(self.stapled(gateway), "good")
        Responder(gateway.directory)  # another certificate in the same files
        wait_until(lambda: "certificate replaced" in gateway.log(), "the new certificate is served")
        wait_until(lambda: self.stapled(gateway) is None, "the old response is not")
        self.assertIn("OCSP response refused", gateway.log())


if __name__ == "__main__":
    unittest.main(verbosity=2)
