"""The PROXY protocol on both sides: headers of balancers in front, and headers to the servers behind."""

import socket
import ssl

from harness import ADMIN, Backend, Case, Client, DEADLINE, connect, simple_config, unittest, wait_until
from listeners_test import with_listener
from proxy_protocol import read_header, read_tlvs, tlv, v1, v2

FROM_LOOPBACK = "    proxy_protocol: { from: [127.0.0.0/8] }\n    timeouts: { handshake: 600ms }"


class ProxiedClient(Client):
    """A client behind a balancer that sends `header`."""

    def __init__(self, gateway, header, to=None, tls=True):
        self.socket = connect(gateway.port if to is None else to)
        self.buffered = b""
        self.socket.sendall(header)
        if tls:
            self.socket = gateway.client_context().wrap_socket(self.socket, server_hostname="gw.test")


class InFront(Case):
    def proxied(self, gateway, header, **arguments):
        client = ProxiedClient(gateway, header, **arguments)
        self.addCleanup(client.close)
        return client

    def last_fields(self, backend):
        head, _ = backend.seen()[-1]
        return dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])

    def test_the_client_the_header_names_counts_and_the_peer_is_logged(self):
        backend = self.backend()
        gateway = self.start(backend, listener=FROM_LOOPBACK)
        for header, client in ((v1("203.0.113.7", "198.51.100.1"), "203.0.113.7"),
                               (v2("203.0.113.8", "198.51.100.1"), "203.0.113.8"),
                               (v2("2001:db8::9", "2001:db8::1", tlvs=tlv(2, b"x.test")), "2001:db8::9")):
            with self.subTest(client):
                self.assertEqual(self.proxied(gateway, header).get().status, 200)
                fields = self.last_fields(backend)
                self.assertEqual(fields[b"X-Forwarded-For"].decode(), client)
                self.assertEqual(fields[b"X-Real-IP"].decode(), client)
                self.assertEqual(fields[b"X-Forwarded-Port"], b"443")
                record = wait_until(lambda: next((r for r in gateway.access_records() if r["client"] == client), None),
                                    "the request is logged")
                self.assertEqual((record["client_port"], record["peer"]), (4711, "127.0.0.1"))
                self.assertGreater(record["peer_port"], 0)

    def test_a_header_that_comes_in_pieces_is_one(self):
        backend = self.backend()
        gateway = self.start(backend, listener="    proxy_protocol: { from: [127.0.0.0/8] }")
        for header in (v1("203.0.113.7", "198.51.100.1"), v2("203.0.113.7", "198.51.100.1", tlvs=tlv(4, b"x" * 40))):
            connection = connect(gateway.port)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for i in range(len(header)):
                connection.sendall(header[i:i + 1])
            client = ProxiedClient.__new__(ProxiedClient)
            client.buffered = b""
            client.socket = gateway.client_context().wrap_socket(connection, server_hostname="gw.test")
            self.addCleanup(client.close)
            self.assertEqual(client.get().status, 200)
            self.assertEqual(self.last_fields(backend)[b"X-Forwarded-For"], b"203.0.113.7")

    def test_checks_of_a_balancer_are_the_balancers_own_connections(self):
        backend = self.backend()
        gateway = self.start(backend, listener=FROM_LOOPBACK)
        for header in (b"PROXY UNKNOWN\r\n", v2(command=0), v2("203.0.113.7", "198.51.100.1", command=0), v2()):
            self.assertEqual(self.proxied(gateway, header).get().status, 200)
            self.assertEqual(self.last_fields(backend)[b"X-Forwarded-For"], b"127.0.0.1")
        self.assertTrue(all("peer" not in r for r in gateway.access_records()))

    def test_what_is_malformed_is_closed_logged_and_counted(self):
        gateway = self.start(self.backend(), listener=FROM_LOOPBACK, top=ADMIN)
        for data, detail in ((b"GET / HTTP/1.1\r\n\r\n", "does not begin with a header"),
                             (b"PROXY TCP4 1.2.3.4 5.6.7.8 1 99999\r\n", "not a port"),
                             (v2("203.0.113.7", "198.51.100.1", tlvs=tlv(3, b"abcd")), "the checksum is wrong")):
            connection = connect(gateway.port)
            self.addCleanup(connection.close)
            connection.sendall(data)
            self.assertIn(self.end_of(connection), (b"", None))
            wait_until(lambda: detail in gateway.log(), "the log says " + detail)
        self.assertIn('PROXY protocol header refused listener=web peer=127.0.0.1 reason=bad_proxy_header', gateway.log())
        self.assert_metric(gateway, 3, "ravelin_errors_total", listener="web", reason="bad_proxy_header")

    def test_who_says_nothing_is_cut_and_who_only_looks_is_not_an_error(self):
        gateway = self.start(self.backend(), listener=FROM_LOOPBACK, top=ADMIN)
        connect(gateway.port).close()
        half = connect(gateway.port)
        self.addCleanup(half.close)
        half.sendall(b"PROXY TCP4 203.0")
        self.assertIn(self.end_of(half), (b"", None))
        self.assert_metric(gateway, 1, "ravelin_errors_total", listener="web", reason="proxy_header_timeout")
        self.assertEqual(gateway.metric("ravelin_errors_total", listener="web", reason="bad_proxy_header"), 0)

    def end_of(self, connection):
        """b"" or None (a reset): the gateway closed without a byte."""
        connection.settimeout(DEADLINE)
        try:
            return connection.recv(1)
        except ConnectionResetError:
            return None

    def test_a_stranger_is_served_without_a_header_and_believed_none(self):
        backend = self.backend()
        gateway = self.start(backend, listener="    proxy_protocol: { from: [192.0.2.0/24] }", top=ADMIN)
        self.assertEqual(self.client(gateway).get().status, 200)
        self.assertEqual(self.last_fields(backend)[b"X-Forwarded-For"], b"127.0.0.1")
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.proxied(gateway, v1("203.0.113.7", "198.51.100.1"))
        self.assertEqual(len(backend.seen()), 1)

    def test_the_limit_for_one_client_counts_the_client_behind_the_balancer(self):
        listener = FROM_LOOPBACK + "\n    connections: { max: 100, per_client_max: 1 }"
        gateway = self.start(self.backend(), listener=listener, top=ADMIN)
        first = self.proxied(gateway, v1("203.0.113.7", "198.51.100.1"))
        self.assertEqual(first.get().status, 200)
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.proxied(gateway, v1("203.0.113.7", "198.51.100.1"))
        self.assertEqual(self.proxied(gateway, v1("203.0.113.8", "198.51.100.1")).get().status, 200)
        self.assert_metric(gateway, 1, "ravelin_connections_rejected_total", reason="client_connection_limit")
        first.close()

        def comes_in():
            try:
                return self.proxied(gateway, v1("203.0.113.7", "198.51.100.1")).get().status == 200
            except (ssl.SSLError, ConnectionError):
                return False
        wait_until(comes_in, "the place is free again")

    def test_on_a_unix_socket(self):
        backend = self.backend()
        text = with_listener(simple_config([backend]), "local", "unix:{dir}/web.sock",
                             "plaintext: allowed, proxy_protocol: { from: unix }")
        gateway = self.gateway(text)
        path = gateway.directory + "/web.sock"
        client = self.proxied(gateway, v2("203.0.113.7", "198.51.100.1"), to=path, tls=False)
        self.assertEqual(client.get().status, 200)
        self.assertEqual(self.last_fields(backend)[b"X-Forwarded-For"], b"203.0.113.7")
        check = self.proxied(gateway, v2(command=0), to=path, tls=False)
        self.assertEqual(check.get().status, 200)

    def test_a_reload_turns_it_on_and_off(self):
        gateway = self.start(self.backend())
        self.assertEqual(self.client(gateway).get().status, 200)
        plain = open(gateway.config).read()
        gateway.write(plain.replace("    routes:", "    proxy_protocol: { from: [127.0.0.1] }\n    routes:", 1))
        gateway.reload()
        self.assertEqual(self.proxied(gateway, v1("203.0.113.7", "198.51.100.1")).get().status, 200)
        gateway.write(plain)
        gateway.reload()
        self.assertEqual(self.client(gateway).get().status, 200)


class HeaderedBackend(Backend):
    """Takes a PROXY header in front of every connection, before TLS."""

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.headers = []

    def _serve(self, connection):
        try:
            connection.settimeout(DEADLINE)
            header = read_header(connection)
            with self.lock:
                self.headers.append(header)
        except OSError:
            connection.close()
            return
        super()._serve(connection)

    def of_requests(self):
        with self.lock:
            return [h for h in self.headers if h[1] is not None]


class Behind(Case):
    def headered(self, *arguments, **named):
        backend = HeaderedBackend(*arguments, **named)
        self.addCleanup(backend.close)
        return backend

    def test_a_server_learns_each_clients_address(self):
        for version in ("v1", "v2"):
            with self.subTest(version):
                backend = self.headered()
                gateway = self.start(backend, server=f", proxy_protocol: {version}")
                client = self.client(gateway)
                self.assertEqual(client.get().status, 200)
                host, port = client.socket.getsockname()
                self.assertEqual(backend.headers, [(version, host, port, "127.0.0.1", gateway.port, {})])

    def test_no_connection_serves_two_requests(self):
        backend = self.headered()
        gateway = self.start(backend, pool="    proxy_protocol: v1")
        client, other = self.client(gateway), self.client(gateway)
        for each in (client, client, other):
            self.assertEqual(each.get().status, 200)
        ports = [h[2] for h in backend.headers]
        mine, theirs = client.socket.getsockname()[1], other.socket.getsockname()[1]
        self.assertEqual(ports, [mine, mine, theirs])
        self.assertEqual(backend.connections, 3)

    def test_in_front_of_tls_with_what_is_known_of_the_client(self):
        backend = self.headered()
        add = "{ version: v2, add: [tls, authority, request_id] }"
        tls = f", tls: {{ ca: ca.pem, name: backend.test }}, proxy_protocol: {add}"

        def prepare(gateway):
            gateway.make_certificate(["backend.test"], name="backend")
            gateway.make_certificate(["client-7"], name="client")
            backend.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            backend.tls.load_cert_chain(gateway.directory + "/backend.crt", gateway.directory + "/backend.key")

        text = simple_config([backend], server=tls).replace(
            "key: server.key } ] }", "key: server.key } ], client_auth: { mode: request, ca: ca.pem } }")
        gateway = self.gateway(text, prepare=prepare)
        context = gateway.client_context()
        self.assertEqual(self.client(gateway, context=context).get().status, 200)
        plain = backend.headers[0][5]
        self.assertEqual(plain[2], b"gw.test")
        wait_until(gateway.access_records, "the request is logged")
        self.assertEqual(plain[5].decode(), gateway.access_records()[0]["id"])
        self.assertEqual(plain[0x20][:5], b"\x01\0\0\0\x01")
        facts = read_tlvs(plain[0x20][5:])
        self.assertEqual(facts[0x21], b"TLSv1.3")
        self.assertTrue(facts[0x23].startswith(b"TLS_"))
        context = gateway.client_context()
        context.load_cert_chain(gateway.directory + "/client.crt", gateway.directory + "/client.key")
        self.assertEqual(self.client(gateway, context=context).get().status, 200)
        known = backend.headers[1][5][0x20]
        self.assertEqual(known[:5], b"\x07\0\0\0\0")
        self.assertEqual(read_tlvs(known[5:])[0x22], b"client-7")

    def test_health_checks_say_that_they_are_our_own(self):
        for version, command in (("v1", "v1"), ("v2", "v2 local")):
            with self.subTest(version):
                backend = self.headered()
                self.start(backend, pool="    health: { path: /, interval: 50ms }", server=f", proxy_protocol: {version}")
                wait_until(lambda: len(backend.headers) >= 2, "two checks came")
                self.assertTrue(all(h[:2] == (command, None) for h in backend.headers))

    def test_the_address_a_balancer_told_is_passed_on(self):
        backend = self.headered()
        gateway = self.start(backend, listener=FROM_LOOPBACK, server=", proxy_protocol: v2")
        client = ProxiedClient(gateway, v2("203.0.113.7", "198.51.100.1"))
        self.addCleanup(client.close)
        self.assertEqual(client.get().status, 200)
        self.assertEqual(backend.headers[0][:5], ("v2", "203.0.113.7", 4711, "198.51.100.1", 443))

    def test_a_client_on_a_unix_socket_has_no_address(self):
        for version in ("v1", "v2"):
            backend = self.headered()
            gateway = self.gateway(with_listener(simple_config([backend], server=f", proxy_protocol: {version}"),
                                                 "local", "unix:{dir}/web.sock"))
            client = self.client(gateway, to=gateway.directory + "/web.sock", tls=False)
            self.assertEqual(client.get().status, 200)
            self.assertEqual(backend.headers[0][:2], (version, None))

    def test_a_reload_that_turns_it_on_uses_no_older_connection(self):
        backend = self.backend()
        gateway = self.start(backend)
        self.assertEqual(self.client(gateway).get().status, 200)
        headered = self.headered()
        text = open(gateway.config).read()
        gateway.write(text.replace(f"127.0.0.1:{backend.port}\"", f"127.0.0.1:{headered.port}\", proxy_protocol: v1"))
        gateway.reload()
        self.assertEqual(self.client(gateway).get().status, 200)
        self.assertEqual(len(headered.headers), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
