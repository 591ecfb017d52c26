"""Private keys that are not in plain files: in a PKCS#11 token (SoftHSM), and under a passphrase."""

import os
import shutil
import socket
import ssl
import subprocess
import tempfile

from harness import ADMIN, BINARY, Case, Load, openssl, unittest, wait_until

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "493817"
DOCUMENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "certificates.md")


class Token:
    """A SoftHSM token "web" in a folder of its own."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="ravelin-token-")
        self.folder = os.path.join(self.directory, "tokens")
        os.mkdir(self.folder)
        conf = os.path.join(self.directory, "softhsm2.conf")
        with open(conf, "w") as file:
            file.write(f"directories.tokendir = {self.folder}\nobjectstore.backend = file\nlog.level = ERROR\n")
        self.env = {**os.environ, "SOFTHSM2_CONF": conf}
        self.objects = 0
        self.util("--init-token", "--free", "--label", "web", "--so-pin", "87654321", "--pin", PIN)

    def util(self, *arguments):
        subprocess.run(["softhsm2-util", *arguments], env=self.env, check=True, stdout=subprocess.DEVNULL)

    def put(self, key, label):
        """A copy of a key in a file becomes an object."""
        plain = os.path.join(self.directory, "plain")
        openssl("pkcs8", "-topk8", "-nocrypt", "-in", key, "-out", plain)
        self.objects += 1
        self.util("--import", plain, "--token", "web", "--label", label, "--id", f"{self.objects:02x}", "--pin", PIN)
        os.unlink(plain)

    def pull_out(self):
        os.rename(self.folder, self.folder + ".away")

    def put_in(self):
        os.rename(self.folder + ".away", self.folder)

    def close(self):
        shutil.rmtree(self.directory, ignore_errors=True)


def write_secret(path, text, mode=0o600):
    with open(path + ".new", "w") as file:
        file.write(text + "\n")
    os.chmod(path + ".new", mode)
    os.rename(path + ".new", path)


def make_rsa(directory, name, host):
    """Like Gateway.make_certificate(), with an RSA key."""
    at = lambda end: os.path.join(directory, f"{name}.{end}")  # noqa: E731
    with open(at("ext"), "w") as file:
        file.write(f"subjectAltName=DNS:{host}\nextendedKeyUsage=serverAuth\n")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={host}", "-keyout", at("key"), "-out", at("csr"))
    openssl("x509", "-req", "-in", at("csr"), "-CA", f"{directory}/ca.pem", "-CAkey", f"{directory}/ca.key",
            "-CAcreateserial", "-days", "5", "-extfile", at("ext"), "-out", at("crt"))
    os.chmod(at("key"), 0o600)


def config(certificates, backend, server=""):
    entries = "".join(f"        - {entry}\n" for entry in certificates)
    return f"""version: 1
workers: 2
{ADMIN}
log: {{ level: info, access: access.log }}
listeners:
  - name: web
    bind: "127.0.0.1:{{port}}"
    timeouts: {{ handshake: 5s }}
    tls:
      certificates:
{entries}    routes: [ {{ pool: web }} ]
pools:
  - name: web
    servers: [ {{ name: s0, address: "127.0.0.1:{backend.port}"{server} }} ]
"""


def in_token(name, label=None, more=""):
    return f'{{ chain: {name}.crt, key: "pkcs11:token=web;object={label or name};type=private{more}", pin_file: pin }}'


EC, RSA = in_token("ec"), in_token("rsa", more="?module-path=" + MODULE)


class TokenCase(Case):
    def setUp(self):
        self.token = Token()
        self.addCleanup(self.token.close)
        self.server = self.backend()

    def prepare(self, gateway):
        """ec.crt and rsa.crt, whose keys are in the token alone, and the PIN."""
        gateway.make_certificate(["ec.test", "gw.test"], name="ec")
        make_rsa(gateway.directory, "rsa", "rsa.test")
        for name in ("ec", "rsa"):
            self.token.put(f"{gateway.directory}/{name}.key", name)
            os.unlink(f"{gateway.directory}/{name}.key")
        write_secret(gateway.directory + "/pin", PIN)

    def start_with(self, certificates=(EC, RSA), server="", prepare=None):
        return self.gateway(config(certificates, self.server, server), prepare=prepare or self.prepare, env=self.token.env)

    def check(self, gateway, certificates, server=""):
        """`ravelin check` with other certificates: exit code and what it says."""
        path = os.path.join(gateway.directory, "checked.yaml")
        with open(path, "w") as file:
            file.write(config(certificates, self.server, server).replace("{port}", "1").replace("{admin}", "2"))
        done = subprocess.run([BINARY, "check", "-c", path], env=self.token.env, capture_output=True, text=True)
        return done.returncode, done.stderr

    def context(self, gateway, version):
        context = gateway.client_context()
        context.minimum_version = context.maximum_version = version
        return context

    def serial(self, gateway, sni="ec.test"):
        client = self.client(gateway, sni=sni)
        return client.socket.getpeercert()["serialNumber"]


class KeysInAToken(TokenCase):
    def test_handshakes_of_both_versions_and_key_types(self):
        gateway = self.start_with()
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            for name in ("ec.test", "rsa.test"):
                client = self.client(gateway, sni=name, context=self.context(gateway, version))
                self.assertEqual(client.get(host=name).status, 200, (version, name))
        self.assert_metric(gateway, 4, "ravelin_token_signatures_total", token="web", result="ok")
        self.assert_metric(gateway, 0, "ravelin_token_signatures_total", token="web", result="failed")
        self.assert_metric(gateway, 1, "ravelin_token_up", token="web")

    def test_both_types_of_key_for_one_name(self):
        def prepare(gateway):
            self.prepare(gateway)
            make_rsa(gateway.directory, "second", "ec.test")
            self.token.put(gateway.directory + "/second.key", "second")
        gateway = self.start_with([EC, in_token("second")], prepare=prepare)
        for suite in ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256"):
            context = self.context(gateway, ssl.TLSVersion.TLSv1_2)
            context.set_ciphers(suite)
            client = self.client(gateway, sni="ec.test", context=context)
            self.assertEqual(client.socket.cipher()[0], suite)

    def test_beside_certificates_of_a_store(self):
        def prepare(gateway):
            self.prepare(gateway)
            store = ["--store", gateway.directory + "/store"]
            for command in (["ca", "init", "--permit", ".test"], ["issue", "stored.test", "--issuer", "local"]):
                subprocess.run([BINARY, "certs", *command, *store], check=True, capture_output=True)
        text = "certs: { store: store }\n" + config([EC, "{ store: true }"], self.server)
        gateway = self.gateway(text, prepare=prepare, env=self.token.env)
        root = ssl.create_default_context(cafile=gateway.directory + "/store/ca/root.pem")
        for sni, context in (("stored.test", root), ("ec.test", None), ("stored.test", root)):
            self.assertEqual(self.client(gateway, sni=sni, context=context).get(host=sni).status, 200)
        self.assert_metric(gateway, 1, "ravelin_token_signatures_total", token="web")

    def test_a_resumed_session_asks_for_no_signature(self):
        gateway = self.start_with()
        context = self.context(gateway, ssl.TLSVersion.TLSv1_2)
        first = self.client(gateway, sni="ec.test", context=context)
        self.assertEqual(first.get().status, 200)
        before = gateway.metric("ravelin_token_signatures_total", token="web")
        raw = socket.create_connection(("127.0.0.1", gateway.port))
        again = context.wrap_socket(raw, server_hostname="ec.test", session=first.socket.session)
        self.addCleanup(again.close)
        self.assertTrue(again.session_reused)
        self.assertEqual(gateway.metric("ravelin_token_signatures_total", token="web"), before)

    def test_many_clients_at_once(self):
        gateway = self.start_with()
        load = Load(gateway, clients=8, fresh=True)
        wait_until(lambda: load.requests >= 200, "200 full handshakes", deadline=60)
        requests, failures = load.stop()
        self.assertEqual(failures, [])
        self.assertGreaterEqual(gateway.metric("ravelin_token_signatures_total", token="web", result="ok"), requests)

    def test_a_reload_rotates_to_another_object(self):
        gateway = self.start_with()
        before = self.serial(gateway)
        gateway.make_certificate(["ec.test", "gw.test"], name="next")
        self.token.put(gateway.directory + "/next.key", "next")
        os.unlink(gateway.directory + "/next.key")
        load = Load(gateway, clients=2, fresh=True)
        wait_until(lambda: load.requests >= 10, "clients are served")
        gateway.write(config([in_token("next"), RSA], self.server))
        gateway.reload()
        self.assertIn("configuration reloaded", gateway.log())
        wait_until(lambda: self.serial(gateway) != before, "the next certificate is shown")
        wait_until(lambda: load.requests >= 20, "clients are served")
        self.assertEqual(load.stop()[1], [])

    def test_a_reload_that_names_no_key_changes_nothing(self):
        gateway = self.start_with()
        gateway.write(config([in_token("ec", label="none")], self.server))
        gateway.reload()
        self.assertIn("reload failed", gateway.log())
        self.assertIn('has no private key', gateway.log())
        self.assertEqual(self.client(gateway, sni="ec.test").get().status, 200)

    def test_a_new_certificate_for_the_same_object_needs_no_reload(self):
        gateway = self.start_with()
        before = self.serial(gateway)
        directory = gateway.directory
        gateway.make_certificate(["ec.test", "gw.test"], name="other")
        with self.subTest("of another key: refused, the one before stays"):
            shutil.copy(directory + "/ec.crt", directory + "/kept.crt")
            os.rename(directory + "/other.crt", directory + "/ec.crt")
            wait_until(lambda: "E_KEY_MISMATCH" in gateway.log(), "it is refused", deadline=20)
            self.assertEqual(self.serial(gateway), before)
        with self.subTest("the file comes back"):
            os.rename(directory + "/kept.crt", directory + "/ec.crt")
            wait_until(lambda: "certificate files are good again" in gateway.log(), "all is well", deadline=20)

    def test_a_token_that_goes_away_comes_back(self):
        gateway = self.start_with()
        kept = self.client(gateway, sni="ec.test")
        self.assertEqual(kept.get().status, 200)
        self.token.pull_out()
        for _ in range(5):
            with self.assertRaises((ssl.SSLError, OSError)):
                gateway.client(sni="ec.test")
        self.assertEqual(kept.get().status, 200)
        self.assert_metric(gateway, 5, "ravelin_tls_handshakes_total", result="handshake_key_unavailable")
        self.assert_metric(gateway, 0, "ravelin_token_up", token="web")
        self.assertEqual(gateway.log().count("a token does not let its keys be used"), 1)
        self.token.put_in()

        def serves():
            try:
                return self.client(gateway, sni="ec.test").get().status == 200
            except OSError:
                return False
        wait_until(serves, "the token signs again", deadline=60)
        self.assertIn("a token is there again", gateway.log())
        self.assert_metric(gateway, 1, "ravelin_token_up", token="web")
        self.assertIsNone(gateway.process.poll())
        self.assertEqual(gateway.stop(), 0)

    def test_neither_pin_nor_key_is_told(self):
        gateway = self.start_with()
        self.client(gateway, sni="ec.test").get()
        shown = subprocess.run([BINARY, "config", "show", "-c", gateway.config], capture_output=True, text=True)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertIn("pin_file", shown.stdout)
        self.assertNotIn(PIN, shown.stdout + gateway.log())

    def test_a_client_certificate_for_servers(self):
        peers = []

        def prepare(gateway):
            self.prepare(gateway)
            gateway.make_certificate(["backend.test"], name="backend")
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(gateway.directory + "/backend.crt", gateway.directory + "/backend.key")
            context.load_verify_locations(gateway.directory + "/ca.pem")
            context.verify_mode = ssl.CERT_REQUIRED
            self.server.tls = context
            serve = self.server._requests

            def requests(connection):
                peers.append(dict(part[0] for part in connection.getpeercert()["subject"])["commonName"])
                serve(connection)
            self.server._requests = requests
        own = ('tls: { ca: ca.pem, name: backend.test, certificate: ec.crt, '
               'key: "pkcs11:token=web;object=ec;type=private", pin_file: pin }')
        gateway = self.start_with([RSA], server=", " + own, prepare=prepare)
        client = self.client(gateway, sni="rsa.test")
        self.assertEqual(client.get(host="rsa.test").status, 200)
        self.assertEqual(peers, ["ec.test"])
        code, said = self.check(gateway, [RSA], server=", " + own.replace("object=ec", "object=rsa"))
        self.assertEqual(code, 3)
        self.assertIn("E_KEY_MISMATCH", said)


class WhatCheckSays(TokenCase):
    def refused(self, certificate, *texts, place="listeners[0].tls.certificates[0].key", code=3):
        got, said = self.check(self.running, [certificate])
        self.assertEqual(got, code, said)
        for text in (*texts, place):
            self.assertIn(text, said)
        self.assertRegex(said, r"checked\.yaml:11:\d+: ")
        self.assertNotIn(PIN, said)

    def test_every_mistake_has_its_words(self):
        self.running = gateway = self.start_with()
        write_secret(gateway.directory + "/wrong", "111111")
        write_secret(gateway.directory + "/open", PIN, mode=0o644)
        write_secret(gateway.directory + "/empty", "")
        self.assertEqual(self.check(gateway, [EC, RSA])[0], 0)
        self.refused(EC.replace("pin_file: pin", "pin_file: wrong"), "refuses the PIN in", "/wrong", "E_KEY_TOKEN")
        self.refused(EC.replace("pin_file: pin", "pin_file: open"), "chmod 600", "E_KEY_TOKEN")
        self.refused(EC.replace("pin_file: pin", "pin_file: empty"), "its first line", "E_KEY_TOKEN")
        self.refused(EC.replace("pin_file: pin", "pin_file: gone"), "/gone", "E_KEY_TOKEN")
        self.refused(EC.replace(", pin_file: pin", ""), "wants a PIN", "pin_file", "E_KEY_TOKEN")
        self.refused(in_token("ec", label="none"), 'has no private key', '"ec", "rsa"', "E_KEY_TOKEN")
        self.refused(EC.replace("token=web", "token=other"), "no token fits", '"web"', "E_KEY_TOKEN")
        self.refused(in_token("ec", more="?module-path=/none.so"), "/none.so does not load", "E_KEY_TOKEN")
        self.refused(in_token("ec", more="?pin-value=" + PIN), "has a PIN in it")
        self.refused(EC.replace("object=ec;", ""), "does not say which key", "E_KEY_TOKEN")
        self.refused(in_token("ec", label="rsa"), "E_KEY_MISMATCH", "ec.crt", place="listeners[0].tls.certificates[0]")
        self.refused(EC.replace("pin_file", "pass_file"), '"pass_file" is for keys in files',
                     place="listeners[0].tls.certificates[0]")
        self.refused("{ chain: server.crt, key: server.key, pin_file: pin }", '"pin_file" is for keys in tokens',
                     place="listeners[0].tls.certificates[0]")

    def test_the_documented_example_is_good(self):
        gateway = self.start_with()
        gateway.make_certificate(["www.test"], name="www")
        self.token.put(gateway.directory + "/www.key", "www")
        write_secret(gateway.directory + "/web.pin", PIN)
        with open(DOCUMENT) as file:
            example = file.read().split("## Keys in a token", 1)[1].split("```yaml\n", 1)[1].split("```", 1)[0]
        path = os.path.join(gateway.directory, "example.yaml")
        with open(path, "w") as file:
            file.write("version: 1\n" + example + 'pools: [ { name: web, servers: [ { address: "127.0.0.1:1" } ] } ]\n')
        done = subprocess.run([BINARY, "check", "-c", path], env=self.token.env, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_two_objects_of_one_name(self):
        self.running = gateway = self.start_with()
        gateway.make_certificate(["ec.test"], name="twin")
        self.token.put(gateway.directory + "/twin.key", "ec")
        self.refused(EC, "has several private keys", "add id=")
        self.assertEqual(self.check(gateway, [in_token("ec", more=";id=%01")])[0], 0)

    def test_a_gateway_does_not_start_without_its_key(self):
        def prepare(gateway):
            self.prepare(gateway)
            self.token.pull_out()
        with self.assertRaises(AssertionError) as ended:
            self.start_with(prepare=prepare)
        self.assertIn("libsofthsm2.so does not start", str(ended.exception))


class KeysUnderAPassphrase(Case):
    PASS = "correct horse"

    def seal(self, gateway, name, passphrase, traditional=False):
        """NAME.key becomes encrypted, in one rename."""
        path = f"{gateway.directory}/{name}.key"
        command = ["openssl", "ec", "-aes256"] if traditional else ["openssl", "pkcs8", "-topk8", "-v2", "aes-256-cbc"]
        subprocess.run([*command, "-in", path, "-passout", "pass:" + passphrase, "-out", path + ".new"], check=True,
                       stderr=subprocess.DEVNULL)
        os.chmod(path + ".new", 0o600)
        os.rename(path + ".new", path)

    def start_sealed(self, traditional=False):
        def prepare(gateway):
            self.seal(gateway, "server", self.PASS, traditional)
            write_secret(gateway.directory + "/pass", self.PASS)
        self.server = self.backend()
        return self.gateway(config(["{ chain: server.crt, key: server.key, pass_file: pass }"], self.server), prepare=prepare)

    def check(self, gateway):
        done = subprocess.run([BINARY, "check", "-c", gateway.config], capture_output=True, text=True)
        return done.returncode, done.stderr

    def test_both_forms_are_served(self):
        for traditional in (False, True):
            gateway = self.start_sealed(traditional)
            self.assertEqual(self.client(gateway).get().status, 200)
            self.assertEqual(self.check(gateway)[0], 0)
            self.assertNotIn(self.PASS, gateway.log())

    def test_a_wrong_passphrase_has_its_place(self):
        gateway = self.start_sealed()
        write_secret(gateway.directory + "/pass", "another")
        code, said = self.check(gateway)
        self.assertEqual(code, 3)
        self.assertRegex(said, r"ravelin\.yaml:11:\d+: listeners\[0\]\.tls\.certificates\[0\]\.key: .*server\.key: "
                               r"the passphrase given is not the key's \[E_KEY_ENCRYPTED\]")
        self.assertNotIn("another", said)

    def test_an_encrypted_key_without_one_is_refused(self):
        gateway = self.start_sealed()
        gateway.write(config(["{ chain: server.crt, key: server.key }"], self.server))
        code, said = self.check(gateway)
        self.assertEqual(code, 3)
        self.assertIn("pass_file", said)

    def test_a_passphrase_for_a_plain_key_is_a_warning(self):
        gateway = self.start_sealed()
        gateway.make_certificate(["gw.test"])
        code, said = self.check(gateway)
        self.assertEqual(code, 0)
        self.assertIn("protects nothing", said)
        self.assertIn("E_KEY_PASSPHRASE", said)

    def test_a_passphrase_others_can_read_is_refused(self):
        gateway = self.start_sealed()
        os.chmod(gateway.directory + "/pass", 0o644)
        code, said = self.check(gateway)
        self.assertEqual(code, 3)
        self.assertIn("chmod 600", said)

    def test_key_and_passphrase_are_replaced_without_a_reload(self):
        gateway = self.start_sealed()
        before = self.client(gateway).socket.getpeercert()["serialNumber"]
        gateway.make_certificate(["gw.test"], name="next")
        self.seal(gateway, "next", "a new one")
        for end in ("crt", "key"):
            os.rename(f"{gateway.directory}/next.{end}", f"{gateway.directory}/server.{end}")
        wait_until(lambda: "E_KEY_ENCRYPTED" in gateway.log(), "the key does not open", deadline=20)
        self.assertEqual(self.client(gateway).socket.getpeercert()["serialNumber"], before)
        write_secret(gateway.directory + "/pass", "a new one")
        wait_until(lambda: "certificate replaced" in gateway.log(), "it is taken over", deadline=20)
        wait_until(lambda: self.client(gateway).socket.getpeercert()["serialNumber"] != before, "the new one is shown")

    def test_no_core_is_left_behind(self):
        gateway = self.start_sealed()
        with open(f"/proc/{gateway.pid()}/limits") as file:
            core = next(line for line in file if line.startswith("Max core file size"))
        self.assertEqual(core.split()[4:6], ["0", "0"])


if __name__ == "__main__":
    unittest.main()
