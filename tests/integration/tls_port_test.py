"""TLS as clients meet it: their certificates, sessions and tickets, and names of another policy."""

import os
import subprocess

from harness import ADMIN, Case, connect, free_port, openssl, simple_config, unittest, wait_until

CERTIFICATES = "certificates: [ { chain: server.crt, key: server.key } ]"


def revoke(gateway, name):
    """crl.pem: the CA's list, with NAME.crt on it if given."""
    directory = gateway.directory
    for file, text in (("index.txt", ""), ("crlnumber", "01\n"),
                       ("crl.cnf", f"[ca]\ndefault_ca = d\n[d]\ndatabase = {directory}/index.txt\ndefault_md = sha256\n"
                                   f"crlnumber = {directory}/crlnumber\ndefault_crl_days = 5\n")):
        with open(os.path.join(directory, file), "w") as out:
            out.write(text)
    ca = ("ca", "-config", f"{directory}/crl.cnf", "-cert", f"{directory}/ca.pem", "-keyfile", f"{directory}/ca.key")
    if name is not None:
        openssl(*ca, "-revoke", f"{directory}/{name}.crt")
    openssl(*ca, "-gencrl", "-out", f"{directory}/crl.pem")


class ClientCertificates(Case):
    def start_with(self, mode, crl=False, revoked=None):
        def prepare(gateway):
            for name in ("friend", "foe"):
                gateway.make_certificate((name,), name=name)
            revoke(gateway, revoked)
            openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "5",
                    "-subj", "/CN=stranger", "-keyout", f"{gateway.directory}/stranger.key",
                    "-out", f"{gateway.directory}/stranger.crt")

        more = ", crl: crl.pem" if crl else ""
        auth = f"client_auth: {{ mode: {mode}, ca: ca.pem{more} }}" if mode != "none" else "client_auth: { mode: none }"
        self.server = self.backend()
        text = simple_config([self.server], top=ADMIN).replace("key: server.key } ]", f"key: server.key }} ], {auth}")
        return self.gateway(text, prepare=prepare)

    def is_served(self, gateway, certificate=None):
        context = gateway.client_context()
        if certificate is not None:
            context.load_cert_chain(*(f"{gateway.directory}/{certificate}.{end}" for end in ("crt", "key")))
        try:
            response = self.client(gateway, context=context).get()
        except OSError:  # refused within the handshake, or by an alert after it
            return False
        return response is not None and response.status == 200

    def refusals(self, gateway):
        return [line for line in gateway.log().splitlines() if "reason=handshake_client_certificate" in line]

    def test_none_asks_for_nothing(self):
        gateway = self.start_with("none")
        self.assertTrue(self.is_served(gateway))
        self.assertTrue(self.is_served(gateway, "stranger"))

    def test_request_takes_a_good_one_or_none(self):
        gateway = self.start_with("request")
        self.assertTrue(self.is_served(gateway))
        self.assertTrue(self.is_served(gateway, "friend"))
        self.assertFalse(self.is_served(gateway, "stranger"))

    def test_require_takes_a_good_one_and_tells_why_not(self):
        gateway = self.start_with("require")
        self.assertTrue(self.is_served(gateway, "friend"))
        self.assertFalse(self.is_served(gateway))
        self.assertFalse(self.is_served(gateway, "stranger"))
        wait_until(lambda: len(self.refusals(gateway)) == 2, "both refusals are logged")
        for line in self.refusals(gateway):
            self.assertIn("client=127.0.0.1", line)
            self.assertIn("sni=gw.test", line)
        self.assertEqual(["no certificate" in line for line in self.refusals(gateway)].count(True), 1)
        self.assert_metric(gateway, 2, "ravelin_tls_handshakes_total", result="handshake_client_certificate")
        self.assertEqual(len(self.server.seen()), 1)

    def test_a_revoked_one_is_refused_once_the_list_says_so(self):
        gateway = self.start_with("require", crl=True)
        self.assertTrue(self.is_served(gateway, "foe"))
        revoke(gateway, "foe")
        gateway.reload()
        self.assertNotIn("reload failed", gateway.log())
        self.assertTrue(self.is_served(gateway, "friend"))
        self.assertFalse(self.is_served(gateway, "foe"))
        wait_until(lambda: len(self.refusals(gateway)) == 1, "the refusal is logged")
        self.assertIn("revoked", self.refusals(gateway)[0])


class OtherPolicy(Case):
    def test_a_host_of_another_tls_policy_is_421(self):
        port = free_port()
        text = simple_config([self.backend()], top=ADMIN)
        text = text.replace("{ name: all, pool: web }", "{ name: open, match: { host: gw.test }, pool: web }")
        text = text.replace("pools:\n", f'''  - name: closed
    bind: "127.0.0.1:{port}"
    tls: {{ {CERTIFICATES}, client_auth: {{ mode: require, ca: ca.pem }} }}
    routes: [ {{ name: closed, match: {{ host: localhost, path: /private/ }}, pool: web }} ]
  - name: twin
    bind: "127.0.0.1:{free_port()}"
    tls: {{ {CERTIFICATES} }}
    routes: [ {{ name: twin, match: {{ host: twin.test }}, pool: web }} ]
pools:
''')
        gateway = self.gateway(text)
        client = self.client(gateway)
        response = client.get("/private/x", host="localhost")
        self.assertEqual((response.status, response.field("proxy-status")), (421, "ravelin; error=http_request_error"))
        self.assertEqual(client.get(host="gw.test").status, 200)  # the connection is as good as before
        self.assertEqual(client.get(host="twin.test").status, 404)  # the same policy, another listener
        self.assertEqual(client.get(host="nobody.test").status, 404)
        self.assertEqual(gateway.record("misdirected")["host"], "localhost")
        self.assert_metric(gateway, 1, "ravelin_errors_total", listener="web", reason="misdirected")


class Sessions(Case):
    def s_client(self, gateway, *arguments):
        """What openssl s_client says about one request."""
        ask = "GET / HTTP/1.1\r\nHost: gw.test\r\nConnection: close\r\n\r\n"
        done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{gateway.port}", "-servername", "gw.test",
                               "-CAfile", f"{gateway.directory}/ca.pem", "-alpn", "http/1.1", "-ign_eof", "-msg", *arguments],
                              input=ask, capture_output=True, text=True, timeout=60)
        self.assertIn("HTTP/1.1 200 OK", done.stdout, done.stderr)
        return done.stdout

    def test_each_handshake_gets_one_ticket_without_early_data(self):
        gateway = self.start(self.backend())
        session = f"{gateway.directory}/session"
        early = f"{gateway.directory}/early"
        with open(early, "w") as file:
            file.write("GET /early HTTP/1.1\r\nHost: gw.test\r\n\r\n")
        for version in ("-tls1_3", "-tls1_2"):
            said = self.s_client(gateway, version, "-sess_out", session)
            self.assertEqual(said.count(", NewSessionTicket"), 1)
            self.assertIn("New, TLSv1", said)
            if version == "-tls1_3":
                self.assertIn("Max Early Data: 0", said)
                said = self.s_client(gateway, version, "-sess_in", session, "-early_data", early)
                self.assertNotIn("Early data was accepted", said)
            else:
                said = self.s_client(gateway, version, "-sess_in", session)
            self.assertIn("Reused, TLSv1", said)
        wait_until(lambda: len(gateway.access_records()) == 4, "four requests are logged")
        records = sorted(gateway.access_records(), key=lambda record: record["time"])  # of two workers
        self.assertEqual([record["tls_resumed"] for record in records], [False, True, False, True])

    def test_a_client_that_resumes_again_and_again_gets_a_new_ticket_each_time(self):
        gateway = self.start(self.backend())
        context, session, tickets = gateway.client_context(), None, set()
        for i in range(5):
            tls = context.wrap_socket(connect(gateway.port), server_hostname="gw.test", session=session)
            self.addCleanup(tls.close)
            self.assertEqual(tls.session_reused, i > 0)
            tls.sendall(b"GET / HTTP/1.1\r\nHost: gw.test\r\n\r\n")
            self.assertTrue(tls.recv(65536).startswith(b"HTTP/1.1 200 "))
            session = tls.session
            tickets.add(session.id)
        self.assertEqual(len(tickets), 5)


if __name__ == "__main__":
    unittest.main()
