"""What the gateway does to a request and its response on the way, against backends that behave and that
do not."""

import os
import socket
import ssl
import threading
import time
import unittest

from harness import ADMIN, MEMORY_FACTOR, Backend, Gateway, connect, fill, free_port, ok, simple_config, wait_until


class Proxying(unittest.TestCase):
    def start(self, *backends, **arguments):
        gateway = Gateway(simple_config(backends, **arguments))
        self.addCleanup(gateway.close)
        return gateway

    def backend(self, *arguments, **named):
        backend = Backend(*arguments, **named)
        self.addCleanup(backend.close)
        return backend

    def client(self, gateway, **arguments):
        client = gateway.client(**arguments)
        self.addCleanup(client.close)
        return client

    def test_forwards_a_request_with_the_fields_backends_need(self):
        backend = self.backend()
        client = self.client(self.start(backend))
        response = client.get("/a/b?x=1", fields="X-Forwarded-For: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\nX-Forwarded-Prefix: /6.6.6.6\r\nConnection: x-private\r\nX-Private: 1\r\nX_Alias: 1\r\n")
        self.assertEqual(response.status, 200)
        head = backend.seen()[0][0].decode()
        self.assertTrue(head.startswith("GET /a/b?x=1 HTTP/1.1\r\n"), head)
        lines = [line.lower() for line in head.split("\r\n")]
        self.assertIn("host: gw.test", lines)
        self.assertIn("x-forwarded-for: 127.0.0.1", lines)
        self.assertIn("x-forwarded-proto: https", lines)
        self.assertIn("x-real-ip: 127.0.0.1", lines)
        self.assertIn("via: 1.1 ravelin", lines)
        self.assertEqual([line for line in lines if "6.6.6.6" in line or "x-private" in line or "x_alias" in line], [])
        self.assertEqual(len([line for line in lines if line.startswith("x-request-id: ")]), 1)

    def test_keeps_forwarding_fields_of_trusted_sources(self):
        backend = self.backend()
        gateway = self.start(backend, listener='    forwarded: { trusted: ["127.0.0.0/8"], forwarded: true }')
        self.client(gateway).get("/", fields="X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-Proto: http\r\nX-Request-Id: abc\r\n")
        lines = [line.lower() for line in backend.seen()[0][0].decode().split("\r\n")]
        self.assertIn("x-forwarded-for: 9.9.9.9, 127.0.0.1", lines)
        self.assertIn("x-forwarded-proto: http", lines)
        self.assertIn("x-request-id: abc", lines)
        self.assertIn('forwarded: for=127.0.0.1;proto=https;host="gw.test"', lines)

    def test_serves_many_requests_on_one_connection_and_reuses_the_upstream_one(self):
        backend = self.backend()
        client = self.client(self.start(backend))
        for _ in range(50):
            self.assertEqual(client.get().body, b"hello")
        self.assertEqual(backend.connections, 1)

    def test_answers_pipelined_requests_in_order(self):
        backend = self.backend(lambda head, body: ok(head.split(b" ")[1]))
        client = self.client(self.start(backend))
        client.send(b"".join(b"GET /%d HTTP/1.1\r\nHost: gw.test\r\n\r\n" % i for i in range(20)))
        self.assertEqual([client.read_response().body for _ in range(20)], [b"/%d" % i for i in range(20)])

    def test_carries_bodies_both_ways_with_either_framing(self):
        def echo(head, body):
            if b"/chunked" in head:
                chunks = b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + 70000]), body[i:i + 70000]) for i in range(0, len(body), 70000))
                return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\nX-Sum: 1\r\n\r\n"
            return ok(body)

        client = self.client(self.start(self.backend(echo)))
        payload = os.urandom(3_000_000)
        for path in (b"/chunked", b"/length"):
            client.send(b"POST %s HTTP/1.1\r\nHost: gw.test\r\nContent-Length: %d\r\n\r\n" % (path, len(payload)))
            client.send(payload)  # the backend answers when it has all of it
            response = client.read_response()
            self.assertEqual(response.status, 200)
            self.assertEqual(response.body, payload)
        client.send(b"POST /length HTTP/1.1\r\nHost: gw.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;a=b\r\n world\r\n0\r\n\r\n")
        self.assertEqual(client.read_response().body, b"hello world")

    def test_passes_trailers_on_but_those_that_decide_something(self):
        received = []

        def speak(connection):
            got = b""
            while b"\r\n\r\n" not in got.partition(b"\r\n0\r\n")[2]:
                got += connection.recv(65536)
            received.append(got)
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                               b"3\r\nabc\r\n0\r\nX-Down: 2\r\nContent-Length: 7\r\n\r\n")

        client = self.client(self.start(self.backend(raw=speak)))
        client.send(b"POST / HTTP/1.1\r\nHost: gw.test\r\nTransfer-Encoding: chunked\r\n\r\n"
                    b"5\r\nhello\r\n0\r\nX-Up: 1\r\nAuthorization: x\r\n\r\n")
        answer = b""
        while b"\r\n\r\n" not in answer.partition(b"\r\n0\r\n")[2]:
            piece = client.receive()
            self.assertNotEqual(piece, b"")
            answer += piece
        self.assertEqual(received[0].partition(b"\r\n0\r\n")[2], b"X-Up: 1\r\n\r\n")
        self.assertEqual(answer.partition(b"\r\n0\r\n")[2], b"X-Down: 2\r\n\r\n")

    def test_streams_a_response_that_ends_by_close(self):
        backend = self.backend(lambda head, body: None, raw=lambda c: (c.recv(65536), c.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + b"z" * 300000)))
        client = self.client(self.start(backend))
        self.assertEqual(client.get().body, b"z" * 300000)

    def test_head_204_and_304_have_no_body(self):
        answers = {b"HEAD": b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n", b"/204": b"HTTP/1.1 204 No Content\r\n\r\n",
                   b"/304": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n"}
        backend = self.backend(lambda head, body: next((a for key, a in answers.items() if key in head), ok(b"x")))
        client = self.client(self.start(backend))
        client.send(b"HEAD / HTTP/1.1\r\nHost: gw.test\r\n\r\n")
        self.assertEqual(client.read_response(b"HEAD").field("content-length"), "1234")
        self.assertEqual(client.get("/204").status, 204)
        self.assertEqual(client.get("/304").status, 304)
        self.assertEqual(client.get("/after").body, b"x")

    def test_http10_gets_close_or_keep_alive_and_never_chunks(self):
        backend = self.backend(lambda head, body: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
        gateway = self.start(backend)
        client = self.client(gateway)
        client.send(b"GET / HTTP/1.0\r\nHost: gw.test\r\n\r\n")
        response = client.read_response()
        self.assertEqual(response.body, b"abc")
        self.assertIsNone(response.field("transfer-encoding"))
        self.assertTrue(client.is_closed())

    def test_http10_may_keep_its_connection(self):
        client = self.client(self.start(self.backend()))
        for _ in range(3):
            client.send(b"GET / HTTP/1.0\r\nHost: gw.test\r\nConnection: keep-alive\r\n\r\n")
            response = client.read_response()
            self.assertEqual((response.body, response.field("connection")), (b"hello", "keep-alive"))
        client.send(b"GET / HTTP/1.0\r\nHost: gw.test\r\n\r\n")
        self.assertEqual(client.read_response().body, b"hello")
        self.assertTrue(client.is_closed())

    def test_relays_100_continue_and_103(self):
        def raw(connection):
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n")
            got = connection.recv(65536)
            connection.sendall(ok(got))

        client = self.client(self.start(self.backend(raw=raw)))
        client.send(b"POST / HTTP/1.1\r\nHost: gw.test\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        seen = b""
        while b"100 Continue\r\n\r\n" not in seen:
            seen += client.receive()
        self.assertIn(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", seen)
        client.send(b"hello")
        self.assertEqual(client.read_response().body, b"hello")

    def test_early_response_ends_the_upload(self):
        def raw(connection):
            connection.recv(1000)
            connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig")
            time.sleep(0.2)

        client = self.client(self.start(self.backend(raw=raw)))
        client.send(b"POST / HTTP/1.1\r\nHost: gw.test\r\nContent-Length: 100000000\r\n\r\n" + b"x" * 10000)
        response = client.read_response()
        self.assertEqual((response.status, response.body), (413, b"big"))
        self.assertEqual(response.field("connection"), "close")

    def test_an_answer_reaches_a_client_that_goes_on_uploading(self):
        """As most clients do, it looks for the answer only once everything is sent."""
        gateway = self.start(self.backend(), listener="    limits: { body_max: 1MiB }")
        client = self.client(gateway)
        client.send(b"POST / HTTP/1.1\r\nHost: gw.test\r\nContent-Length: 20000000\r\n\r\n")
        for _ in range(20):
            client.send(b"x" * 1_000_000)
        self.assertEqual(client.read_response().status, 413)

    @staticmethod
    def speak_websocket(connection):
        head = connection.recv(65536)
        if b"pgrade: websocket" not in head:
            return
        connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nhi ")
        while data := connection.recv(65536):
            connection.sendall(data.upper())

    def open_websocket(self, gateway):
        client = self.client(gateway)
        client.send(b"GET /ws HTTP/1.1\r\nHost: gw.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        self.assertEqual(client.read_response().status, 101)
        return client

    def test_a_tunnel_goes_on_over_reloads_that_take_its_server_away(self):
        gateway = self.start(self.backend(raw=self.speak_websocket))
        client = self.open_websocket(gateway)
        self.assertEqual(fill(client.receive, client.buffered, 3), b"hi ")
        for frame in (b"one", b"two"):
            gateway.write(simple_config([self.backend()]))
            gateway.reload()
            self.assertEqual(self.client(gateway).get().body, b"hello")
            client.send(frame)
            self.assertEqual(fill(client.receive, b"", len(frame)), frame.upper())

    def test_tunnels_a_websocket_only_after_101(self):
        client = self.open_websocket(self.start(self.backend(raw=self.speak_websocket)))
        client.send(b"frames")
        seen = fill(client.receive, client.buffered, 9)
        self.assertEqual(seen, b"hi FRAMES")
        for size in (1, 2_000, 50_000, 300_000):  # smaller and larger than any buffer of the gateway
            frame = os.urandom(size // 2).hex().encode()
            client.send(frame)
            self.assertEqual(fill(client.receive, b"", len(frame)), frame.upper())

    def test_a_tunnel_counts_what_it_carried(self):
        def raw(connection):
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
            fill(lambda: connection.recv(65536), b"", 100_000)
            connection.sendall(b"y" * 30_000)

        gateway = self.start(self.backend(raw=raw), top=ADMIN)
        client = self.client(gateway)
        client.send(b"GET /ws HTTP/1.1\r\nHost: gw.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        self.assertEqual(client.read_response().status, 101)
        client.send(b"x" * 100_000)
        self.assertEqual(fill(client.receive, client.buffered, 30_000), b"y" * 30_000)
        client.close()
        record = self.records(gateway, 1)[0]
        self.assertEqual((record["status"], record["bytes_in"], record["bytes_out"]), (101, 100_000, 30_000))

    def test_an_upgrade_is_ignored_where_the_route_has_none(self):
        backend = self.backend()
        client = self.client(self.start(backend, route=", upgrades: false"))
        response = client.get("/ws", fields="Connection: Upgrade\r\nUpgrade: websocket\r\n")
        self.assertEqual((response.status, response.body), (200, b"hello"))
        self.assertNotIn(b"pgrade", backend.seen()[0][0])
        self.assertEqual(client.get("/after").status, 200)

    def test_101_nobody_asked_for_is_502(self):
        backend = self.backend(lambda head, body: b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")
        response = self.client(self.start(backend)).get()
        self.assertEqual(response.status, 502)
        self.assertEqual(response.field("proxy-status").split(";")[0], "ravelin")

    def test_garbage_from_a_backend_is_502_and_never_pooled(self):
        bad = [b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
               b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", b"HTTP/1.1 200 OK\r\nA: \x01\r\nContent-Length: 0\r\n\r\n",
               b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"]
        answers = iter(bad)
        backend = self.backend(lambda head, body: next(answers))
        gateway = self.start(backend, pool="    ejection: { consecutive_failures: 0 }")
        for i in range(len(bad)):
            self.assertEqual(self.client(gateway).get().status, 502, bad[i])
        self.assertEqual(backend.connections, len(bad))
        reasons = {record["reason"] for record in self.records(gateway, len(bad))}
        self.assertEqual(reasons, {"upstream_bad_response"})

    def test_bytes_after_a_response_never_answer_the_next_request(self):
        backend = self.backend(lambda head, body: ok(b"one") + ok(b"evil"))
        gateway = self.start(backend)
        client = self.client(gateway)
        self.assertEqual([client.get().body for _ in range(5)], [b"one"] * 5)
        self.assertEqual(backend.connections, 5)

    def test_a_dead_server_is_passed_over(self):
        alive, dead = self.backend(), self.backend()
        gateway = self.start(alive, dead)
        dead.close()
        client = self.client(gateway)
        self.assertEqual([client.get().status for _ in range(20)], [200] * 20)

    def test_a_post_is_not_sent_twice(self):
        backend = self.backend(lambda head, body: None)
        gateway = self.start(backend, pool="    ejection: { consecutive_failures: 0 }")
        client = self.client(gateway)
        client.send(b"POST / HTTP/1.1\r\nHost: gw.test\r\nContent-Length: 1\r\n\r\nx")
        self.assertEqual(client.read_response().status, 502)
        self.assertEqual(len(backend.seen()), 1)

    def test_a_silent_server_is_504_in_time(self):
        backend = self.backend(raw=lambda connection: time.sleep(3))
        gateway = self.start(backend, route=", timeouts: { first_byte: 200ms }, retry: { attempts: 0 }")
        began = time.monotonic()
        self.assertEqual(self.client(gateway).get().status, 504)
        self.assertLess(time.monotonic() - began, 2.5)

    def test_a_truncated_body_is_visible_as_such(self):
        backend = self.backend(raw=lambda c: (c.recv(65536), c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")))
        client = self.client(self.start(backend))
        client.send(b"GET / HTTP/1.1\r\nHost: gw.test\r\n\r\n")
        self.assertIsNone(client.read_response())

    def test_a_truncated_response_without_framing_ends_in_a_reset(self):
        """HTTP/1.0 knows no chunks: the end of the connection is all that says that the body is whole."""
        def raw(connection):
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
            time.sleep(0.2)  # the head and the piece go on before the end comes

        plain = free_port()
        text = simple_config([self.backend(raw=raw)]).replace(
            "pools:\n", f'  - {{ name: plain, bind: "127.0.0.1:{plain}", plaintext: allowed, routes: [ {{ name: plain, pool: web }} ] }}\npools:\n')
        gateway = Gateway(text)
        self.addCleanup(gateway.close)
        context = gateway.client_context()
        for port, tls in ((gateway.port, True), (plain, False)):
            connection = connect(port)
            self.addCleanup(connection.close)
            if tls:
                connection = context.wrap_socket(connection, server_hostname="gw.test", suppress_ragged_eofs=False)
                self.addCleanup(connection.close)
            connection.sendall(b"GET / HTTP/1.0\r\nHost: gw.test\r\n\r\n")
            seen = fill(lambda: connection.recv(65536), b"", 1)
            while not seen.endswith(b"abc"):
                seen += connection.recv(65536)
            # Without close_notify Python says SSLEOFError, be it a reset or not.
            with self.assertRaises(ssl.SSLEOFError if tls else ConnectionResetError):
                connection.recv(1)

    def test_slow_readers_do_not_make_the_gateway_hoard(self):
        body = b"x" * 30_000_000
        backend = self.backend(lambda head, b: ok(body))
        gateway = self.start(backend)
        base = gateway.rss_kib()
        clients = [self.client(gateway) for _ in range(8)]
        for client in clients:
            client.send(b"GET / HTTP/1.1\r\nHost: gw.test\r\n\r\n")
        time.sleep(1)
        self.assertLess(gateway.rss_kib() - base, 20_000 * MEMORY_FACTOR)
        self.assertEqual(len(clients[0].read_response().body), len(body))

    def test_plain_http_on_the_tls_port_gets_a_clear_400(self):
        client = self.client(self.start(self.backend()), tls=False)
        client.send(b"GET / HTTP/1.1\r\nHost: gw.test\r\n\r\n")
        response = client.read_response()
        self.assertEqual(response.status, 400)
        self.assertEqual(response.body, b"This port speaks HTTPS. Use https:// instead of http:// here\n")
        self.assertEqual(response.rest, b"")

    def test_unknown_hosts_paths_and_methods(self):
        backend = self.backend()
        gateway = Gateway(simple_config([backend]).replace(
            "- { name: all, pool: web }", "- { name: api, match: { host: gw.test, path: /v1/, methods: [GET] }, pool: web }"))
        self.addCleanup(gateway.close)
        client = self.client(gateway)
        self.assertEqual(client.get("/v1/x").status, 200)
        self.assertEqual(client.get("/v1x").status, 404)
        self.assertEqual(client.get("/v1/x", host="other.test").status, 404)
        client.send(b"DELETE /v1/x HTTP/1.1\r\nHost: gw.test\r\n\r\n")
        response = client.read_response()
        self.assertEqual((response.status, response.field("allow")), (405, "GET"))

    def test_a_failed_request_is_logged_with_its_reason(self):
        gateway = self.start(self.backend())
        self.assertEqual(self.client(gateway).get("/a/../b").status, 400)
        record = self.records(gateway, 1)[0]
        self.assertEqual((record["status"], record["reason"]), (400, "bad_path"))

    def records(self, gateway, count):
        def enough():
            records = gateway.access_records()
            return records if len(records) >= count else None

        return wait_until(enough, f"{count} access records")


if __name__ == "__main__":
    unittest.main()
