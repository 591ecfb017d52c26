"""What a reload may change about listeners and servers, and what becomes of those who are connected."""

import os
import socket
import ssl
import threading
import time

from harness import ADMIN, Case, DEADLINE, free_port, is_refused, ok, openssl, simple_config, unittest, wait_until

TLS = "tls: { certificates: [ { chain: server.crt, key: server.key } ], tickets: { rotate: 60s } }"


def listener(name, bind, more):
    return f'  - {{ name: {name}, bind: "{bind}", {more}, routes: [ {{ name: {name}, pool: web }} ] }}\n'


class Listeners(Case):
    def setUp(self):
        self.server = self.backend()
        self.base = simple_config([self.server], top=ADMIN)
        self.first, self.second = free_port(), free_port()

    def text(self, *listeners):
        return self.base.replace("pools:\n", "".join(listeners) + "pools:\n")

    def reload(self, gateway, *listeners):
        gateway.write(self.text(*listeners))
        gateway.reload()
        self.assertNotIn("reload failed", gateway.log())

    def get(self, gateway, port, tls):
        with_close = self.client(gateway, to=port, tls=tls)
        return with_close.get(fields="Connection: close\r\n").status


class Addresses(Listeners):
    def test_change_under_the_same_name(self):
        gateway = self.gateway(self.text(listener("more", f"127.0.0.1:{self.first}", TLS)))
        early = self.client(gateway, to=self.first)
        both = listener("more", f"127.0.0.1:{self.first}", TLS).replace(
            f'"127.0.0.1:{self.first}"', f'["127.0.0.1:{self.first}", "127.0.0.1:{self.second}"]')
        self.reload(gateway, both)
        self.assertEqual([self.get(gateway, port, True) for port in (self.first, self.second)], [200, 200])
        self.reload(gateway, listener("more", f"127.0.0.1:{self.second}", TLS))
        self.assertEqual(self.get(gateway, self.second, True), 200)
        self.assertEqual(early.get().status, 200)
        wait_until(lambda: is_refused(self.first), "the first address is gone")
        self.reload(gateway, listener("more", f"127.0.0.1:{self.first}", TLS))
        self.assertEqual(self.get(gateway, self.first, True), 200)

    def test_go_with_a_listener_that_is_renamed(self):
        gateway = self.gateway(self.text(listener("old", f"127.0.0.1:{self.first}", TLS)))
        for name in ("new", "old", "newer"):
            waiting = self.client(gateway, to=self.first)
            self.reload(gateway, listener(name, f"127.0.0.1:{self.first}", TLS))
            self.assertEqual(waiting.get(fields="Connection: close\r\n").status, 200)
            self.assertEqual(self.get(gateway, self.first, True), 200)
        wait_until(lambda: len(gateway.access_records()) == 6, "all are logged")
        records = sorted(gateway.access_records(), key=lambda record: record["time"])  # each worker writes its own
        self.assertEqual(records[-1]["listener"], "newer")

    def test_are_swapped_between_two_listeners(self):
        clear = "plaintext: allowed"
        gateway = self.gateway(self.text(listener("a", f"127.0.0.1:{self.first}", TLS),
                                         listener("b", f"127.0.0.1:{self.second}", clear)))
        self.reload(gateway, listener("a", f"127.0.0.1:{self.second}", TLS),
                    listener("b", f"127.0.0.1:{self.first}", clear))
        self.assertEqual(self.get(gateway, self.second, True), 200)
        self.assertEqual(self.get(gateway, self.first, False), 200)

    def test_a_unix_socket_goes_and_comes_back(self):
        path = lambda gateway: os.path.join(gateway.directory, "x.sock")
        more = listener("local", "unix:{dir}/x.sock", "plaintext: allowed")
        gateway = self.gateway(self.text(more))
        for _ in range(3):
            self.assertEqual(self.get(gateway, path(gateway), False), 200)
            self.reload(gateway)
            self.assertFalse(os.path.exists(path(gateway)))
            self.reload(gateway, more)
        self.assertEqual(self.get(gateway, path(gateway), False), 200)
        self.assertEqual(gateway.stop(), 0)
        self.assertFalse(os.path.exists(path(gateway)))

    def test_tls_may_be_taken_away_and_given_back(self):
        secret = listener("more", f"127.0.0.1:{self.first}", TLS)
        clear = listener("more", f"127.0.0.1:{self.first}", "plaintext: allowed")
        gateway = self.gateway(self.text(secret))
        early = self.client(gateway, to=self.first)
        self.assertEqual(early.get().status, 200)
        self.reload(gateway, clear)
        self.assertEqual(self.get(gateway, self.first, False), 200)
        with self.assertRaises(OSError):
            self.client(gateway, to=self.first)
        self.reload(gateway, secret)
        self.assertEqual(self.get(gateway, self.first, True), 200)
        self.assertEqual(self.client(gateway, to=self.first, tls=False).get().status, 400)
        self.assertEqual(gateway.stop(), 0)


class Leaving(Listeners):
    """A listener that a reload removes serves what has come, and no more."""

    def start(self):
        self.text_with = listener("more", f"127.0.0.1:{self.first}", TLS)
        return self.gateway(self.text(self.text_with))

    def test_its_kept_connections_end(self):
        gateway = self.start()
        idle, used = self.client(gateway, to=self.first), self.client(gateway, to=self.first)
        for client in (idle, used):
            self.assertIsNone(client.get().field("connection"))
        self.reload(gateway)
        response = used.get()
        self.assertEqual((response.status, response.field("connection")), (200, "close"))
        self.assertTrue(used.is_closed())
        self.assertTrue(idle.is_closed())
        self.assertEqual(self.client(gateway).get().status, 200)

    def test_under_another_name_too(self):
        gateway = self.start()
        idle = self.client(gateway, to=self.first)
        self.assertEqual(idle.get().status, 200)
        self.reload(gateway, self.text_with.replace("name: more", "name: less"))
        self.assertTrue(idle.is_closed())
        self.assertEqual(self.get(gateway, self.first, True), 200)

    def test_requests_in_flight_end(self):
        release = threading.Event()
        self.addCleanup(release.set)
        self.server.answer = lambda head, body: release.wait(DEADLINE) and ok(b"late")
        gateway = self.start()
        client, first = (self.client(gateway, to=self.first) for _ in range(2))
        client.send(b"GET / HTTP/1.1\r\nHost: gw.test\r\n\r\n")
        wait_until(self.server.seen, "the request is with the server")
        self.reload(gateway)
        time.sleep(6)  # past the time in which idle connections end
        release.set()
        self.assertEqual(client.read_response().body, b"late")
        self.assertTrue(client.is_closed())
        response = first.get()  # it was accepted
        self.assertEqual((response.body, response.field("connection")), (b"late", "close"))

    def test_one_that_comes_back_keeps_its_connections(self):
        gateway = self.start()
        client = self.client(gateway, to=self.first)
        self.assertEqual(client.get().status, 200)
        self.reload(gateway)
        self.reload(gateway, self.text_with)
        time.sleep(6)
        self.assertIsNone(client.get().field("connection"))


class Policies(Listeners):
    """A reload that asks more of connections asks it of those that are there, too."""

    MTLS = TLS.replace(" ], ", " ], client_auth: { mode: require, ca: ca.pem }, ")

    def kept(self, gateway, tls, used):
        client = self.client(gateway, to=self.first, tls=tls)
        if used:
            self.assertEqual(client.get().status, 200)
        return client

    def check(self, before, after, tls):
        """No connection of before is served after: those that were used end at once, the others when they ask."""
        gateway = self.gateway(self.text(listener("more", f"127.0.0.1:{self.first}", before)))
        used, unused, begun = (self.kept(gateway, tls, is_used) for is_used in (True, False, False))
        begun.send(b"GET /begun HTTP/1.1\r\n")
        self.reload(gateway, listener("more", f"127.0.0.1:{self.first}", after))
        self.assertTrue(used.is_closed())
        self.assertEqual(unused.get().status, 421)
        self.assertTrue(unused.is_closed())
        begun.send(b"Host: gw.test\r\n\r\n")
        self.assertEqual(begun.read_response().status, 421)
        self.assertEqual(len(self.server.seen()), 1)
        self.assertEqual(gateway.record("misdirected")["detail"], "the listener has another TLS policy now")

    def test_tls_with_client_certificates_is_asked_of_plain_connections(self):
        self.check("plaintext: allowed", self.MTLS, tls=False)

    def test_tls_is_asked_of_plain_connections(self):
        self.check("plaintext: allowed", TLS, tls=False)

    def test_client_certificates_are_asked_of_tls_connections(self):
        self.check(TLS, self.MTLS, tls=True)

    def test_other_routes_cost_no_connection_and_no_request(self):
        for tls, more in ((False, "plaintext: allowed"), (True, TLS)):
            before = listener("more", f"127.0.0.1:{self.first}", more)
            gateway = self.gateway(self.text(before))
            used, unused, begun = (self.kept(gateway, tls, is_used) for is_used in (True, False, False))
            begun.send(b"GET /begun HTTP/1.1\r\n")
            self.reload(gateway, before.replace("pool: web", "respond: { body: other }"))
            begun.send(b"Host: gw.test\r\n\r\n")
            self.assertIn(begun.read_response().body, (b"hello", b"other"))
            for client in (used, unused, begun):
                self.assertEqual(client.get().body, b"other")
                self.assertEqual(client.get().body, b"other")
            gateway.stop()


class Settings(Case):
    def test_that_only_a_restart_applies_are_named(self):
        text = simple_config([self.backend()])
        gateway = self.gateway(text)
        gateway.write(text.replace("workers: 2", "workers: 1"))
        gateway.reload()
        self.assertIn("a changed setting is applied by a restart only key=workers", gateway.log())

    def test_the_log_level_follows(self):
        text = simple_config([self.backend()])
        gateway = self.gateway(text)
        gateway.write(text.replace("level: info", "level: error"))
        gateway.reload()
        gateway.write(text)
        gateway.process.send_signal(1)
        gateway.write(text.replace("pool: web", "pool: nowhere"))
        wait_until(lambda: gateway.process.send_signal(1) or "reload failed" in gateway.log(), "errors are still said")

    def test_another_ca_for_a_server_counts_at_once(self):
        server = self.backend()

        def prepare(gateway):
            gateway.make_certificate(("back.test",), name="back")
            server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            server.tls.load_cert_chain(*(os.path.join(gateway.directory, f) for f in ("back.crt", "back.key")))
            openssl("x509", "-in", os.path.join(gateway.directory, "ca.pem"), "-out",
                    os.path.join(gateway.directory, "back-ca.pem"))

        text = simple_config([server], server=", tls: { ca: back-ca.pem, name: back.test }")
        gateway = self.gateway(text, prepare=prepare)
        client = self.client(gateway)
        self.assertEqual(client.get().status, 200)
        gateway.reload()
        self.assertEqual(client.get().status, 200)
        self.assertLessEqual(server.connections, 2)  # one a worker: an unchanged CA ends nothing
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "10",
                "-subj", "/CN=other CA", "-keyout", os.path.join(gateway.directory, "other.key"),
                "-out", os.path.join(gateway.directory, "back-ca.pem"))
        gateway.reload()
        self.assertEqual(client.get().status, 502)


if __name__ == "__main__":
    unittest.main()
