"""Revocation lists of clients, fetched over HTTP: a server that is well, down, slow or lies, and clients with certificates."""

import http.server
import os
import socket
import ssl
import subprocess
import threading
import time

from harness import BINARY, Case, openssl, simple_config, unittest, wait_until

ADMIN = 'admin: { socket: "{dir}/admin.sock", listen: "127.0.0.1:{admin}" }'
FETCHES = "ravelin_client_crl_fetches_total"


class ListServer:
    """Answers every GET with `answer`: bytes of a list, or what it does with the request."""

    def __init__(self, port=0):
        self.answer = b""
        self.asked = 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked += 1
                answer = outer.answer
                if callable(answer):
                    return answer(self)
                self.send_response(200)
                self.send_header("Content-Type", "application/pkix-crl")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def status(code, **fields):
    def answer(handler):
        handler.send_response(code)
        for name, value in fields.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
    return answer


def huge(handler):
    handler.send_response(200)
    handler.end_headers()
    try:
        for _ in range(80):
            handler.wfile.write(b"\x30" * 65536)
    except OSError:
        pass


def silent(handler):
    try:
        handler.connection.recv(1)  # until the gateway has had enough
    except OSError:
        pass


class Authority:
    """Makes lists of the CA in DIRECTORY/ca.pem, or of its twin: the same name and another key."""

    def __init__(self, directory):
        self.directory = directory
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "10",
                "-subj", "/CN=test CA", "-keyout", self.at("twin.key"), "-out", self.at("twin.pem"))
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "10",
                "-subj", "/CN=other CA", "-keyout", self.at("other.key"), "-out", self.at("other.pem"))

    def at(self, name):
        return os.path.join(self.directory, name)

    def list(self, number, revoked=(), seconds=3600, signer="ca", form="DER"):
        with open(self.at("index.txt"), "w") as index:
            for name in revoked:
                serial = subprocess.run(["openssl", "x509", "-in", self.at(name + ".crt"), "-noout", "-serial"], check=True,
                                        capture_output=True, text=True).stdout.strip().split("=")[1]
                index.write(f"R\t350101000000Z\t250101000000Z\t{serial}\tunknown\t/CN={name}\n")
        with open(self.at("crlnumber"), "w") as file:
            file.write(f"{number:04X}\n")
        with open(self.at("crl.cnf"), "w") as file:
            file.write(f"[ca]\ndefault_ca = d\n[d]\ndatabase = {self.at('index.txt')}\ndefault_md = sha256\n"
                       f"crlnumber = {self.at('crlnumber')}\n")
        openssl("ca", "-config", self.at("crl.cnf"), "-cert", self.at(signer + ".pem"), "-keyfile", self.at(signer + ".key"),
                "-gencrl", "-crlsec", str(seconds), "-out", self.at("made.pem"))
        openssl("crl", "-in", self.at("made.pem"), "-outform", form, "-out", self.at("made"))
        with open(self.at("made"), "rb") as file:
            return file.read()


class FetchedLists(Case):
    def setUp(self):
        self.lists = ListServer()
        self.addCleanup(lambda: self.lists and self.lists.close())

    def start_with(self, more="", first=lambda ca: ca.list(1)):
        """Clients must show a certificate; `first` makes what the server answers to begin with."""
        url = f"http://127.0.0.1:{self.lists.port}/clients.crl"
        auth = f"client_auth: {{ mode: require, ca: ca.pem, crl: \"{url}\", crl_refresh: 1s{more} }}"
        text = simple_config([self.backend()], top=ADMIN).replace("key: server.key } ]", f"key: server.key }} ], {auth}")

        def prepare(gateway):
            for name in ("friend", "foe"):
                gateway.make_certificate((name,), name=name)
            self.ca = Authority(gateway.directory)
            self.lists.answer = first(self.ca)
        return self.gateway(text, prepare=prepare)

    def context(self, gateway, name):
        context = gateway.client_context()
        context.load_cert_chain(*(f"{gateway.directory}/{name}.{end}" for end in ("crt", "key")))
        return context

    def is_served(self, gateway, name):
        try:
            response = self.client(gateway, context=self.context(gateway, name)).get()
        except OSError:  # refused within the handshake, or by an alert after it
            return False
        return response is not None and response.status == 200

    def lists_used(self, gateway):
        return gateway.log().count("a CRL of clients is in use")

    def await_lists(self, gateway, count):
        wait_until(lambda: self.lists_used(gateway) == count, f"{count} lists were taken over")

    def await_served(self, gateway, name):
        """Workers follow a moment after a list is taken over."""
        wait_until(lambda: self.is_served(gateway, name), f"{name} is served")

    def restart(self, gateway):
        self.assertEqual(gateway.stop(), 0)
        with open(gateway.log_path, "wb") as log:
            gateway.process = subprocess.Popen([os.path.abspath(BINARY), "run", "-c", gateway.config], stdout=log, stderr=log)
        wait_until(gateway.is_listening, "the gateway listens again")

    def status(self, gateway):
        return subprocess.run([BINARY, "status", "-c", gateway.config], capture_output=True, text=True).stdout

    def test_the_revoked_are_refused_once_the_list_says_so_and_served_before(self):
        gateway = self.start_with()
        self.await_lists(gateway, 1)
        self.await_served(gateway, "friend")
        kept = self.client(gateway, context=self.context(gateway, "foe"))
        self.assertEqual(kept.get().status, 200)
        self.lists.answer = self.ca.list(2, revoked=["foe"])
        self.await_lists(gateway, 2)
        self.assertTrue(kept.is_closed())  # nobody stays whom the list has named since
        self.assertFalse(self.is_served(gateway, "foe"))
        self.assertTrue(self.is_served(gateway, "friend"))
        self.assertEqual(gateway.metric(FETCHES, result="taken"), 2)
        self.assertGreater(gateway.metric("ravelin_client_crl_expiry_seconds", listener="web", issuer="CN=test CA"), time.time())
        self.assertLess(time.time() - gateway.metric("ravelin_client_crl_issued_seconds"), 600)
        self.assertLess(time.time() - gateway.metric("ravelin_client_crl_fetch_success_timestamp_seconds"), 600)
        self.assertRegex(self.status(gateway), r"CN=test CA +web +good +\d+ min \d+ s +1 +http://127.0.0.1")

        gateway.reload()
        self.assertFalse(self.is_served(gateway, "foe"))
        self.assertTrue(self.is_served(gateway, "friend"))
        self.assertEqual(self.lists_used(gateway), 2)

    def test_a_list_that_names_nobody_new_ends_no_connection(self):
        gateway = self.start_with(first=lambda ca: ca.list(1, revoked=["foe"]))
        self.await_lists(gateway, 1)
        self.await_served(gateway, "friend")
        kept = self.client(gateway, context=self.context(gateway, "friend"))
        self.assertEqual(kept.get().status, 200)
        self.lists.answer = self.ca.list(2, revoked=["foe"], form="PEM")
        self.await_lists(gateway, 2)
        self.assertEqual(kept.get().status, 200)
        gateway.reload()
        self.assertEqual(kept.get().status, 200)

    def test_what_is_no_newer_list_of_the_ca_leaves_the_last_good_one(self):
        gateway = self.start_with(first=lambda ca: ca.list(5, revoked=["foe"]))
        self.await_lists(gateway, 1)
        bad = (
            (b"<html>not found</html>", "refused", "is no CRL in DER or PEM"),
            (self.ca.list(6)[:-1], "refused", "is no CRL in DER or PEM"),
            (self.ca.list(6, signer="twin"), "refused", "its signature is not that CA's"),
            (self.ca.list(6, signer="other"), "refused", "is signed by none of the CAs in"),
            (self.ca.list(4), "older", "is not newer than the one held"),
            (huge, "failed", "is larger than 4MiB"),
            (status(404), "failed", "status 404"),
            (status(302, Location="http://127.0.0.1/x"), "failed", "redirects are not followed"),
        )
        for answer, result, reason in bad:
            with self.subTest(reason=reason):
                before = gateway.metric(FETCHES, result=result)
                self.lists.answer = answer
                wait_until(lambda: reason in gateway.log() and gateway.metric(FETCHES, result=result) > before + 1,
                           "it was asked for twice and said so")  # fetches of the case before may still be counted
                told = [line for line in gateway.log().splitlines() if reason in line]
                self.assertEqual(len(told), 1 if reason != "is no CRL in DER or PEM" else len(told), gateway.log())
                self.assertIn("the CRL of clients was not got", told[0])
                self.assertIn(reason, self.status(gateway))
                self.assertFalse(self.is_served(gateway, "foe"))
                self.assertTrue(self.is_served(gateway, "friend"))
        self.assertEqual(self.lists_used(gateway), 1)
        self.lists.answer = self.ca.list(6)
        self.await_lists(gateway, 2)
        self.assertTrue(self.is_served(gateway, "foe"))
        self.assertIn("the CRL of clients is fetched again", gateway.log())

    def test_a_server_that_never_answers_is_given_up_and_stops_nothing(self):
        gateway = self.start_with(first=lambda ca: ca.list(1, revoked=["foe"]))
        self.await_lists(gateway, 1)
        self.lists.answer = silent
        wait_until(lambda: gateway.metric(FETCHES, result="failed") > 0, "it is given up", deadline=30)
        wait_until(lambda: "no answer in time" in gateway.log(), "the log says why")
        self.assertTrue(self.is_served(gateway, "friend"))
        self.assertFalse(self.is_served(gateway, "foe"))
        self.lists.answer = self.ca.list(2)
        self.await_lists(gateway, 2)
        self.lists.answer = silent
        asked = self.lists.asked
        wait_until(lambda: self.lists.asked > asked, "it is asked again")
        began = time.monotonic()
        self.assertEqual(gateway.stop(), 0)
        self.assertLess(time.monotonic() - began, 5)

    def test_a_restart_needs_no_server(self):
        gateway = self.start_with(more=", crl_cache: kept", first=lambda ca: ca.list(3, revoked=["foe"]))
        self.await_lists(gateway, 1)
        self.lists.close()
        self.lists = None
        self.restart(gateway)
        self.assertTrue(self.is_served(gateway, "friend"))
        self.assertFalse(self.is_served(gateway, "foe"))
        wait_until(lambda: "the CRL of clients was not got" in gateway.log(), "that the server is gone is said")
        self.assertRegex(self.status(gateway), r"CN=test CA +web +good")
        kept = os.path.join(gateway.directory, "kept")
        self.assertEqual(os.stat(kept).st_mode & 0o777, 0o700)
        (file,) = os.listdir(kept)
        # What lies there is not believed for that.
        with open(os.path.join(kept, file), "wb") as out:
            out.write(self.ca.list(9, signer="twin"))
        self.restart(gateway)
        self.assertFalse(self.is_served(gateway, "friend"))
        self.assertIn("no CRL of a CA of clients is there yet", gateway.log())

    def test_before_the_first_list_clients_are_treated_as_configured(self):
        for policy, served in (("refuse", False), ("accept", True)):
            with self.subTest(policy):
                gateway = self.start_with(more=f", crl_expired: {policy}", first=lambda ca: status(503))
                wait_until(lambda: "no CRL of a CA of clients is there yet" in gateway.log(), "it is said")
                self.assertEqual(self.is_served(gateway, "friend"), served)
                self.assertEqual(gateway.metric("ravelin_client_crl_expiry_seconds"), 0)
                self.assertRegex(self.status(gateway), r"CN=test CA +web +missing")
                self.lists.answer = self.ca.list(1, revoked=["foe"])
                self.await_lists(gateway, 1)
                self.await_served(gateway, "friend")
                self.assertFalse(self.is_served(gateway, "foe"))

    def test_an_expired_list_refuses_all_or_names_whom_it_named(self):
        for policy, served in (("refuse", False), ("accept", True)):
            with self.subTest(policy):
                gateway = self.start_with(more=f", crl_expired: {policy}", first=lambda ca: ca.list(1, ["foe"], seconds=12))
                self.await_lists(gateway, 1)
                self.await_served(gateway, "friend")
                context = self.context(gateway, "friend")
                kept = self.client(gateway, context=context)
                self.assertEqual(kept.get().status, 200)
                session = kept.socket.session
                wait_until(lambda: "a CRL of clients has expired" in gateway.log(), "its end is noticed", deadline=40)
                self.assertEqual(self.is_served(gateway, "friend"), served)
                self.assertFalse(self.is_served(gateway, "foe"))
                wait_until(lambda: gateway.metric(FETCHES, result="expired") > 0, "the server has no better one")
                self.assertRegex(self.status(gateway), r"CN=test CA +web +expired")
                if served:
                    self.assertEqual(kept.get().status, 200)
                else:
                    self.assertTrue(kept.is_closed())
                    self.assertFalse(self.resumes(gateway, context, session))
                self.lists.answer = self.ca.list(2)
                self.await_lists(gateway, 2)
                self.assertTrue(self.is_served(gateway, "foe"))

    def resumes(self, gateway, context, session):
        try:
            with socket.create_connection(("127.0.0.1", gateway.port), timeout=5) as raw:
                with context.wrap_socket(raw, server_hostname="gw.test", session=session) as tls:
                    tls.sendall(b"GET / HTTP/1.1\r\nHost: gw.test\r\n\r\n")
                    return tls.recv(100).startswith(b"HTTP/1.1 200")
        except (OSError, ssl.SSLError):
            return False

    def test_a_file_that_ends_while_it_is_used_is_treated_the_same(self):
        auth = "client_auth: { mode: require, ca: ca.pem, crl: [ clients.crl ] }"
        text = simple_config([self.backend()], top=ADMIN).replace("key: server.key } ]", f"key: server.key }} ], {auth}")

        def prepare(gateway):
            gateway.make_certificate(("friend",), name="friend")
            self.ca = Authority(gateway.directory)
            with open(self.ca.at("clients.crl"), "wb") as file:
                file.write(self.ca.list(1, seconds=15, form="PEM"))
        gateway = self.gateway(text, prepare=prepare)
        self.assertTrue(self.is_served(gateway, "friend"))
        wait_until(lambda: "a CRL of clients has expired" in gateway.log(), "its end is noticed", deadline=40)
        self.assertFalse(self.is_served(gateway, "friend"))
        gateway.reload()
        self.assertIn("reload failed", gateway.log())
        with open(gateway.config) as file:
            config = file.read()
        gateway.write(config.replace("crl: [ clients.crl ]", "crl: [ clients.crl ], crl_expired: accept"))
        gateway.reload()
        self.assertTrue(self.is_served(gateway, "friend"))

    def test_check_says_what_is_wrong_with_it(self):
        gateway = self.start_with()
        with open(gateway.config) as file:
            config = file.read()
        url = f"http://127.0.0.1:{self.lists.port}/clients.crl"
        rows = (
            (config, 0, 'is fetched and not kept'),
            (config.replace(url, "http://user@ca.test/x"), 3, "has user information in it"),
            (config.replace(url, "http:///x"), 3, "has a host that is neither a name nor an address"),
            (config.replace(f'crl: "{url}", crl_refresh: 1s', "crl_expired: accept"), 3, 'has no effect without "crl"'),
            (config.replace("crl_refresh: 1s", "crl_cache: kept, crl_refresh: 1s"), 0, ""),
        )
        for text, code, said in rows:
            with self.subTest(said):
                gateway.write(text)
                checked = subprocess.run([BINARY, "check", "-c", gateway.config], capture_output=True, text=True)
                self.assertEqual(checked.returncode, code, checked.stderr)
                self.assertIn(said, checked.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
