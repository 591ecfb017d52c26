"""No wait is for ever: each deadline ends what it is for, in time, under its own reason."""

import socket
import threading
import time

from harness import ADMIN, Case, DEADLINE, connect, ok, unittest, wait_until


class FullQueue:
    """A server that nobody gets through to: its queue is full, so further SYNs are dropped."""

    def __init__(self, case):
        listener = socket.socket()
        case.addCleanup(listener.close)
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        self.port = listener.getsockname()[1]
        while True:
            filler = socket.socket()
            case.addCleanup(filler.close)
            filler.settimeout(0.3)
            try:
                filler.connect(("127.0.0.1", self.port))
            except TimeoutError:
                return


class Deadlines(Case):
    def setUp(self):
        self.release = threading.Event()
        self.addCleanup(self.release.set)

    def start(self, *backends, **arguments):
        return super().start(*backends, top=ADMIN, **arguments)

    def silent(self):
        """A server that takes every request and says nothing."""
        return self.backend(raw=lambda connection: self.release.wait(DEADLINE))

    def check(self, gateway, reason, status):
        """The reason stands in the log and in the metric; the record."""
        record = gateway.record(reason)
        self.assertEqual(record["status"], status)
        wait_until(lambda: gateway.metric("ravelin_errors_total", listener="web", reason=reason) >= 1, "it is counted")
        return record

    def answer_of(self, gateway, reason, status, error=None):
        """A GET ends in time with this status, and the reason is known everywhere."""
        began = time.monotonic()
        response = self.client(gateway).get()
        self.assertLess(time.monotonic() - began, DEADLINE - 2)
        self.assertEqual(response.status, status)
        if error is not None:
            self.assertEqual(response.field("proxy-status"), f"ravelin; error={error}")
        return self.check(gateway, reason, status)

    def test_a_handshake_that_never_ends_is_cut(self):
        gateway = self.start(self.backend(), listener="    timeouts: { handshake: 400ms }")
        began = time.monotonic()
        clients = [connect(gateway.port) for _ in range(5)]
        for client, sent in zip(clients, (b"", b"\x16", b"\x16\x03\x01\x02\x00", b"\x16\x03\x01\x02\x00\x01", b"")):
            self.addCleanup(client.close)
            client.sendall(sent)
        self.assertEqual(self.client(gateway).get().status, 200)
        for client in clients:
            self.assertEqual(client.recv(100), b"")
        self.assertGreaterEqual(time.monotonic() - began, 0.39)
        wait_until(lambda: gateway.log().count("reason=handshake_timeout") == 5, "each is logged")
        self.assertIn("client=127.0.0.1", gateway.log())
        for name, labels in (("ravelin_tls_handshakes_total", {"result": "handshake_timeout"}),
                             ("ravelin_errors_total", {"reason": "handshake_timeout"})):
            self.assert_metric(gateway, 5, name, listener="web", **labels)

    def test_an_idle_connection_is_closed_and_a_used_one_is_not(self):
        gateway = self.start(self.backend(), listener="    timeouts: { idle: 1s }")
        used, idle = self.client(gateway), self.client(gateway)
        self.assertEqual(idle.get().status, 200)
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            self.assertEqual(used.get().status, 200)
        self.assertTrue(idle.is_closed())
        self.assert_metric(gateway, 1, "ravelin_errors_total", reason="idle_timeout")

    def test_a_client_that_never_asks_is_closed(self):
        gateway = self.start(self.backend(), listener="    timeouts: { header: 300ms }")
        self.assertTrue(self.client(gateway).is_closed())
        self.assert_metric(gateway, 1, "ravelin_errors_total", reason="header_timeout")

    def test_a_body_that_stops_is_408(self):
        gateway = self.start(self.backend(), listener="    timeouts: { body_idle: 300ms }")
        client = self.client(gateway)
        client.send(b"POST / HTTP/1.1\r\nHost: gw.test\r\nContent-Length: 10\r\n\r\nhalf")
        response = client.read_response()
        self.assertEqual((response.status, response.field("proxy-status")), (408, "ravelin; error=http_request_error"))
        self.assertTrue(client.is_closed())
        self.check(gateway, "body_timeout", 408)

    def test_a_client_that_does_not_read_is_cut(self):
        gateway = self.start(self.backend(lambda head, body: ok(b"x" * 30_000_000)),
                             listener="    timeouts: { body_idle: 500ms }")
        client = self.client(gateway)
        client.send(b"GET / HTTP/1.1\r\nHost: gw.test\r\n\r\n")
        self.check(gateway, "write_timeout", 200)
        self.assertIsNone(client.read_response())

    def slow_reader(self, gateway):
        """A client whose kernel takes little ahead of it, so that it reads at the pace of its calls."""
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.settimeout(DEADLINE)
        raw.connect(("127.0.0.1", gateway.port))
        client = gateway.client_context().wrap_socket(raw, server_hostname="gw.test")
        self.addCleanup(client.close)
        client.sendall(b"GET / HTTP/1.1\r\nHost: gw.test\r\n\r\n")
        return client

    def read_at(self, client, rate, seconds):
        """Until it ends; the bytes read."""
        began, got = time.monotonic(), 0
        try:
            while (now := time.monotonic() - began) < seconds:
                if got <= rate * now:
                    piece = client.recv(max(1, rate // 20))
                    if not piece:
                        break
                    got += len(piece)
                time.sleep(0.02)
        except OSError:
            pass
        return got

    def test_a_client_that_reads_steadily_is_not_cut_however_long_the_kernel_takes_no_more(self):
        gateway = self.start(self.backend(lambda head, body: ok(b"x" * 30_000_000)),
                             listener="    timeouts: { body_idle: 2s, min_rate: 10KiB }")
        self.assertGreater(self.read_at(self.slow_reader(gateway), 20_000, 13), 200_000)
        self.assertEqual(gateway.access_records(), [])

    def test_a_client_that_reads_below_the_minimum_rate_is_cut(self):
        gateway = self.start(self.backend(lambda head, body: ok(b"x" * 30_000_000)),
                             listener="    timeouts: { body_idle: 60s, min_rate: 2KiB }")
        self.assertLess(self.read_at(self.slow_reader(gateway), 100, 15), 2000)
        record = self.check(gateway, "write_timeout", 200)
        self.assertLess(record["total_us"], 25_000_000)

    def test_a_body_below_the_minimum_rate_is_408_and_a_long_one_above_it_is_not(self):
        gateway = self.start(self.backend(lambda head, body: ok(b"%d" % len(body))),
                             listener="    timeouts: { min_rate: 100 }")
        slow, steady = self.client(gateway), self.client(gateway)
        for client in (slow, steady):
            client.send(b"POST / HTTP/1.1\r\nHost: gw.test\r\nContent-Length: 12000\r\n\r\n")
        began = time.monotonic()
        for _ in range(12):  # for twelve seconds: the rate is judged over ten
            steady.send(b"x" * 1000)
            try:
                slow.send(b"x" * 10)
            except OSError:
                pass
            time.sleep(1)
        self.assertEqual(steady.read_response().body, b"12000")
        self.assertEqual(slow.read_response().status, 408)
        self.assertGreaterEqual(time.monotonic() - began, 10)
        self.check(gateway, "body_too_slow", 408)

    def test_a_server_that_does_not_take_the_connection_is_504(self):
        self.answer_of(self.start(FullQueue(self), pool="    timeouts: { connect: 300ms }"),
                       "connect_timeout", 504, "connection_timeout")

    def test_a_head_that_trickles_is_504(self):
        def trickle(connection):
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
            while not self.release.wait(0.02):
                connection.sendall(b"x")

        self.answer_of(self.start(self.backend(raw=trickle), route=", timeouts: { first_byte: 500ms }"),
                       "first_byte_timeout", 504, "http_response_timeout")

    def test_a_response_that_stops_is_cut(self):
        def stop(connection):
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            self.release.wait(DEADLINE)

        gateway = self.start(self.backend(raw=stop), route=", timeouts: { first_byte: 300ms }")
        client = self.client(gateway)
        client.send(b"GET / HTTP/1.1\r\nHost: gw.test\r\n\r\n")
        self.assertIsNone(client.read_response())
        self.check(gateway, "upstream_body_timeout", 200)

    def test_the_whole_request_has_a_deadline(self):
        gateway = self.start(self.silent(), route=", timeouts: { request: 400ms }")
        self.answer_of(gateway, "request_timeout", 504, "http_response_timeout")

    def test_the_whole_request_has_a_deadline_while_it_streams(self):
        def stream(connection):
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while not self.release.wait(0.02):
                connection.sendall(b"1\r\nx\r\n")

        gateway = self.start(self.backend(raw=stream), route=", timeouts: { request: 500ms }")
        client = self.client(gateway)
        client.send(b"GET / HTTP/1.1\r\nHost: gw.test\r\n\r\n")
        with self.assertRaises(OSError):  # in the middle of the chunks
            client.read_response()
        self.check(gateway, "request_timeout", 200)

    def test_the_whole_request_has_a_deadline_while_it_connects(self):
        gateway = self.start(FullQueue(self), route=", timeouts: { request: 400ms }",
                             pool="    timeouts: { connect: 60s }")
        self.answer_of(gateway, "request_timeout", 504)

    def test_the_whole_request_has_a_deadline_while_it_queues(self):
        gateway = self.start(self.silent(), server=", connections_max: 1", pool="    queue: { timeout: 60s }",
                             route=", timeouts: { request: 700ms }")
        clients = [self.client(gateway) for _ in range(2)]
        for client in clients:
            client.send(b"GET / HTTP/1.1\r\nHost: gw.test\r\n\r\n")
        self.assertEqual([client.read_response().status for client in clients], [504, 504])

    def test_a_server_that_says_neither_100_nor_anything_is_504(self):
        gateway = self.start(self.silent(), listener="    timeouts: { body_idle: 20s, min_rate: 0 }",
                             route=", timeouts: { first_byte: 400ms }")
        client = self.client(gateway)
        client.send(b"POST / HTTP/1.1\r\nHost: gw.test\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
        self.assertEqual(client.read_response().status, 504)
        self.check(gateway, "first_byte_timeout", 504)

    def test_once_the_server_has_said_100_it_is_the_clients_turn(self):
        def go_on(connection):
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.release.wait(DEADLINE)

        gateway = self.start(self.backend(raw=go_on), listener="    timeouts: { body_idle: 400ms }",
                             route=", timeouts: { first_byte: 20s }")
        client = self.client(gateway)
        client.send(b"POST / HTTP/1.1\r\nHost: gw.test\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
        self.assertTrue(client.receive().startswith(b"HTTP/1.1 100 "))
        self.assertEqual(client.read_response().status, 408)
        self.check(gateway, "body_timeout", 408)


class Turns(Case):
    """The clock of one side does not run while it is the other's turn."""

    def test_a_try_begins_to_count_when_the_client_has_sent_its_body(self):
        def answer(head, body):
            time.sleep(0.2)
            return ok(body)

        gateway = self.start(self.backend(answer), route=", retry: { per_try_timeout: 600ms }")
        client = self.client(gateway)
        client.send(b"POST / HTTP/1.1\r\nHost: gw.test\r\nContent-Length: 4\r\n\r\n")
        for piece in (b"s", b"l", b"o", b"w"):
            time.sleep(0.25)
            client.send(piece)
        response = client.read_response()
        self.assertEqual((response.status, response.body), (200, b"slow"))

    def test_a_try_with_a_body_ends_as_well(self):
        release = threading.Event()
        self.addCleanup(release.set)
        backend = self.backend(lambda head, body: release.wait(DEADLINE) and ok(b"late"))
        gateway = self.start(backend, route=", retry: { per_try_timeout: 300ms }")
        client = self.client(gateway)
        client.send(b"POST / HTTP/1.1\r\nHost: gw.test\r\nContent-Length: 4\r\n\r\nbody")
        self.assertEqual(client.read_response().status, 504)

    def test_a_client_is_not_late_because_the_server_did_not_read(self):
        size = 32 << 20

        def pause(connection):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            time.sleep(1.5)
            got = 0
            while got < size:  # the head counts for a few bytes of the body: the rest stays unread
                piece = connection.recv(1 << 20)
                if not piece:
                    return
                got += len(piece)
            connection.sendall(ok(b"taken"))

        gateway = self.start(self.backend(raw=pause), listener="    timeouts: { body_idle: 500ms }")
        client = self.client(gateway)
        client.send(b"POST / HTTP/1.1\r\nHost: gw.test\r\nContent-Length: %d\r\n\r\n" % size)
        body = memoryview(bytes(size))
        while body:  # the last piece comes a while after the server has begun to read
            if len(body) == 1 << 20:
                time.sleep(0.2)
            client.send(body[:1 << 20])
            body = body[1 << 20:]
        self.assertEqual(client.read_response().body, b"taken")

    def test_a_server_is_not_late_because_the_client_did_not_read(self):
        size = 32 << 20

        def answer(connection):
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + bytes(size - 10))
            time.sleep(0.2)
            connection.sendall(bytes(10))

        gateway = self.start(self.backend(raw=answer), route=", timeouts: { first_byte: 500ms }")
        client = self.client(gateway)
        client.send(b"GET / HTTP/1.1\r\nHost: gw.test\r\n\r\n")
        time.sleep(1.5)
        self.assertEqual(len(client.read_response().body), size)


if __name__ == "__main__":
    unittest.main()
