"""Certificates that go on behind the gateway: a client's, told to the servers (RFC 9440), and the
gateway's own, shown to servers that want one."""

import base64
import os
import re
import socket
import ssl
import subprocess
import threading

from harness import BINARY, Backend, Case, Client, openssl, simple_config, unittest, wait_until


def der_of(path):
    """The DER of each certificate of a PEM file."""
    text = open(path).read()
    return [ssl.PEM_cert_to_DER_cert(pem)
            for pem in re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", text, re.S)]


def make_intermediate(directory):
    """intermediate.pem under ca.pem, and under.crt/.key below it, whose chain holds both."""
    at = lambda name: os.path.join(directory, name)  # noqa: E731
    for name, subject, issuer, extensions in (
            ("intermediate", "/CN=intermediate", "ca", "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign"),
            ("under", "/CN=under", "intermediate", "extendedKeyUsage=clientAuth\nkeyUsage=digitalSignature")):
        with open(at("extensions"), "w") as file:
            file.write(extensions + "\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", subject,
                "-keyout", at(name + ".key"), "-out", at("request.csr"))
        openssl("x509", "-req", "-in", at("request.csr"), "-CA", at(issuer + ".pem"), "-CAkey", at(issuer + ".key"),
                "-CAcreateserial", "-days", "5", "-extfile", at("extensions"), "-out", at(name + ".pem"))
    with open(at("under.crt"), "w") as chain:
        chain.write(open(at("under.pem")).read() + open(at("intermediate.pem")).read())


class ToldToServers(Case):
    def start_with(self, forward, mode="request", listener=""):
        self.server = self.backend()
        text = simple_config([self.server], listener=listener).replace(
            "key: server.key } ] }",
            f"key: server.key }} ], client_auth: {{ mode: {mode}, ca: ca.pem{forward} }} }}")

        def prepare(gateway):
            gateway.make_certificate(["client"], name="client")
            make_intermediate(gateway.directory)

        return self.gateway(text, prepare=prepare)

    def context(self, gateway, name):
        context = gateway.client_context()
        if name:
            context.load_cert_chain(f"{gateway.directory}/{name}.crt", f"{gateway.directory}/{name}.key")
        return context

    def fields(self, name):
        head, _ = self.server.seen()[-1]
        return [line.split(b": ", 1)[1].decode() for line in head.split(b"\r\n")[1:]
                if line.lower().startswith(name.encode() + b":")]

    def encoded(self, der):
        return ":" + base64.b64encode(der).decode() + ":"

    EVIL = "Client-Cert: :ZXZpbA==:\r\nclient-cert-chain: :ZXZpbA==:\r\n"

    def test_the_certificate_is_sent_on_as_the_client_showed_it(self):
        gateway = self.start_with(", forward: certificate")
        client = self.client(gateway, context=self.context(gateway, "client"))
        for _ in range(2):
            self.assertEqual(client.get(fields=self.EVIL).status, 200)
            self.assertEqual(self.fields("client-cert"), [self.encoded(der_of(gateway.directory + "/client.crt")[0])])
            self.assertEqual(self.fields("client-cert-chain"), [])

    def test_the_chain_is_sent_on_without_its_root(self):
        gateway = self.start_with(", forward: chain")
        leaf, intermediate = der_of(gateway.directory + "/under.crt")
        context = self.context(gateway, "under")
        client = self.client(gateway, context=context)
        self.assertEqual(client.get(fields=self.EVIL).status, 200)
        self.assertEqual(self.fields("client-cert"), [self.encoded(leaf)])
        self.assertEqual(self.fields("client-cert-chain"), [self.encoded(intermediate)])

    def test_a_resumed_session_sends_the_same(self):
        gateway = self.start_with(", forward: chain")
        leaf, intermediate = der_of(gateway.directory + "/under.crt")
        context = self.context(gateway, "under")
        first = self.client(gateway, context=context)
        self.assertEqual(first.get().status, 200)
        session = first.socket.session
        first.close()
        raw = socket.create_connection(("127.0.0.1", gateway.port))
        again = Client.__new__(Client)
        again.buffered = b""
        again.socket = context.wrap_socket(raw, server_hostname="gw.test", session=session)
        self.addCleanup(again.close)
        self.assertEqual(again.get().status, 200)
        self.assertTrue(again.socket.session_reused)
        self.assertEqual(self.fields("client-cert"), [self.encoded(leaf)])
        self.assertEqual(self.fields("client-cert-chain"), [self.encoded(intermediate)])

    def test_a_client_without_one_can_claim_none(self):
        for forward in (", forward: certificate", ""):
            for trusted in ("", "    forwarded: { trusted: [127.0.0.1] }"):
                gateway = self.start_with(forward, listener=trusted)
                self.assertEqual(self.client(gateway).get(fields=self.EVIL).status, 200)
                claimed = self.fields("client-cert") + self.fields("client-cert-chain")
                believed = trusted and not forward
                self.assertEqual(claimed, [":ZXZpbA==:"] * 2 if believed else [], (forward, trusted))

    def test_a_listener_that_asks_for_no_certificate_passes_none_either(self):
        self.server = self.backend()
        gateway = self.start(self.server)
        self.assertEqual(self.client(gateway).get(fields=self.EVIL).status, 200)
        self.assertEqual(self.fields("client-cert") + self.fields("client-cert-chain"), [])


class ShownToServers(Case):
    """A server that wants a certificate, and remembers whose it got."""

    def strict(self, gateway, backend):
        gateway.make_certificate(["backend.test"], name="backend")
        gateway.make_certificate(["gateway-1"], name="own")
        self.peers = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(gateway.directory + "/backend.crt", gateway.directory + "/backend.key")
        context.load_verify_locations(gateway.directory + "/ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED
        backend.tls = context
        serve = backend._requests

        def requests(connection):
            subject = dict(part[0] for part in connection.getpeercert()["subject"])
            self.peers.append((subject["commonName"], connection.getpeercert()["serialNumber"]))
            serve(connection)
        backend._requests = requests

    TLS = ", tls: { ca: ca.pem, name: backend.test, certificate: own.crt, key: own.key }"

    def test_a_server_that_requires_one_is_used_and_checked(self):
        backend = self.backend()
        gateway = self.gateway(simple_config([backend], pool="    health: { path: /, interval: 100ms }", server=self.TLS),
                               prepare=lambda g: self.strict(g, backend))
        self.assertEqual(self.client(gateway).get().status, 200)
        wait_until(lambda: len(self.peers) >= 3, "checks and a request came in")
        self.assertEqual({name for name, _ in self.peers}, {"gateway-1"})

    def test_without_one_it_is_refused(self):
        backend = self.backend()
        tls = ", tls: { ca: ca.pem, name: backend.test }"
        gateway = self.gateway(simple_config([backend], server=tls), prepare=lambda g: self.strict(g, backend))
        self.assertEqual(self.client(gateway).get().status, 502)
        self.assertEqual(backend.seen(), [])

    def test_a_changed_certificate_is_shown_without_a_reload(self):
        backend = self.backend()
        gateway = self.gateway(simple_config([backend], server=self.TLS), prepare=lambda g: self.strict(g, backend))
        client = self.client(gateway)
        self.assertEqual(client.get().status, 200)
        before = self.peers[-1][1]
        gateway.make_certificate(["gateway-1"], name="own")
        wait_until(lambda: "client certificate replaced" in gateway.log(), "the certificate is taken over")
        wait_until(lambda: client.get().status == 200 and self.peers[-1][1] != before, "the new one is shown")
        os.rename(gateway.directory + "/backend.key", gateway.directory + "/own.key")
        wait_until(lambda: "changed client certificate refused" in gateway.log(), "the broken one is reported")
        self.assertIn("E_KEY_MISMATCH", gateway.log())
        self.assertEqual(self.client(gateway).get().status, 200)

    def test_its_key_must_not_be_readable_by_others(self):
        backend = self.backend()

        def prepare(gateway):
            self.strict(gateway, backend)
            os.chmod(gateway.directory + "/own.key", 0o644)
            self.checked = subprocess.run([BINARY, "check", "-c", gateway.config], capture_output=True, text=True)
            os.chmod(gateway.directory + "/own.key", 0o600)
        self.gateway(simple_config([backend], server=self.TLS), prepare=prepare)
        self.assertEqual(self.checked.returncode, 3)
        self.assertIn("pools[0].servers[0].tls.certificate", self.checked.stderr)
        self.assertIn("E_KEY_PERMS", self.checked.stderr)


class OverUnixSockets(Case):
    """Servers on Unix sockets: requests, checks, TLS."""

    def local(self, path):
        backend = UnixBackend(path)
        self.addCleanup(backend.close)
        return backend

    def start_local(self, server="", pool="", prepare=lambda gateway: None):
        text = simple_config([], pool=pool) + f'      - {{ name: local, address: "unix:{{dir}}/back.sock"{server} }}\n'

        def prepared(gateway):
            self.server = self.local(gateway.directory + "/back.sock")
            prepare(gateway)
        return self.gateway(text, prepare=prepared)

    def test_serve_requests_on_kept_connections(self):
        gateway = self.start_local()
        client = self.client(gateway)
        self.assertEqual([client.get().status for _ in range(3)], [200] * 3)
        self.assertEqual(self.server.connections, 1)

    def test_are_checked(self):
        gateway = self.start_local(pool="    health: { path: /healthz, interval: 50ms, fall: 1, rise: 1 }")
        wait_until(lambda: any(b"/healthz" in head for head, _ in self.server.seen()), "a check came")
        path = gateway.directory + "/back.sock"
        self.server.close()
        os.unlink(path)
        wait_until(lambda: "server down" in gateway.log(), "the server is down")
        self.assertEqual(self.client(gateway).get().status, 503)
        self.local(path)
        wait_until(lambda: self.client(gateway).get().status == 200, "it serves again")

    def test_speak_tls(self):
        def prepare(gateway):
            gateway.make_certificate(["back.test"], name="back")
            self.server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.server.tls.load_cert_chain(gateway.directory + "/back.crt", gateway.directory + "/back.key")
        gateway = self.start_local(server=", tls: { ca: ca.pem, name: back.test }", prepare=prepare,
                                   pool="    health: { kind: tls, interval: 50ms }")
        self.assertEqual(self.client(gateway).get().status, 200)
        wait_until(lambda: self.server.connections >= 3, "checks came too")
        self.assertNotIn("server down", gateway.log())


class UnixBackend(Backend):
    def __init__(self, path):
        self.path = path
        super().__init__()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(64)
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()


if __name__ == "__main__":
    unittest.main(verbosity=2)
