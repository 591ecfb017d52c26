"""Clients that stop sending: with the request complete they still get their response, in the middle of a
body they are noticed."""

import socket
import ssl
import threading
import time

from harness import ADMIN, Case, DEADLINE, ok, simple_config, unittest, wait_until

GET = b"GET / HTTP/1.1\r\nHost: gw.test\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: gw.test\r\nContent-Length: 10\r\n\r\n"


class MemoryTls:
    """A TLS client whose side can end while the other goes on, which Python's sockets cannot."""

    def __init__(self, case, gateway):
        self.socket = socket.create_connection(("127.0.0.1", gateway.port), timeout=DEADLINE)
        case.addCleanup(self.socket.close)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = gateway.client_context().wrap_bio(self.incoming, self.outgoing, server_hostname="gw.test")
        self.run(self.tls.do_handshake)

    def run(self, step):
        while True:
            try:
                result = step()
                self.transmit()
                return result
            except ssl.SSLWantReadError:
                self.transmit()
                piece = self.socket.recv(65536)
                self.incoming.write(piece) if piece else self.incoming.write_eof()

    def transmit(self):
        if self.outgoing.pending:
            self.socket.sendall(self.outgoing.read())

    def send(self, data):
        self.run(lambda: self.tls.write(data))

    def end(self):
        """close_notify, then FIN."""
        try:
            self.tls.unwrap()
        except ssl.SSLWantReadError:
            pass
        self.transmit()
        self.socket.shutdown(socket.SHUT_WR)

    def read_all(self):
        data = b""
        while True:
            try:
                piece = self.run(lambda: self.tls.read(65536))
            except OSError:
                return data
            if not piece:
                return data
            data += piece


class HalfClose(Case):
    def setUp(self):
        self.release = threading.Event()
        self.addCleanup(self.release.set)
        self.server = self.backend(lambda head, body: self.release.wait(DEADLINE) and ok(b"got " + body))

    def start(self, tls):
        text = simple_config([self.server])
        return self.gateway(text if tls else text.replace("    tls: {", "    plaintext: allowed #"))

    def test_a_plain_client_that_ends_its_side_gets_the_response(self):
        gateway = self.start(tls=False)
        for request, answer in ((GET, b"got "), (POST + b"0123456789", b"got 0123456789")):
            client = self.client(gateway, tls=False)
            before = len(self.server.seen())
            client.send(request)
            client.socket.shutdown(socket.SHUT_WR)
            wait_until(lambda: len(self.server.seen()) > before, "the request has reached the server")
            self.release.set()
            self.assertEqual(client.read_response().body, answer)
            self.assertTrue(client.is_closed())

    def test_pipelined_requests_before_the_end_are_all_answered(self):
        self.release.set()
        client = self.client(self.start(tls=False), tls=False)
        client.send(GET * 5)
        client.socket.shutdown(socket.SHUT_WR)
        self.assertEqual([client.read_response().body for _ in range(5)], [b"got "] * 5)
        self.assertTrue(client.is_closed())

    def test_a_tls_client_that_ends_its_side_gets_the_response(self):
        gateway = self.start(tls=True)
        for request, answer in ((GET, b"got "), (POST + b"0123456789", b"got 0123456789")):
            client = MemoryTls(self, gateway)
            client.send(request)
            client.end()
            wait_until(lambda: self.server.seen() and self.server.seen()[-1][1] == answer[4:], "the request is there")
            self.release.set()
            self.assertRegex(client.read_all(), b"\r\n\r\n" + answer + b"$")

    def test_a_body_that_ends_early_is_noticed(self):
        for tls in (False, True):
            ended = threading.Event()

            def serve(connection):
                while connection.recv(65536):
                    pass
                ended.set()

            self.server.raw = serve
            gateway = self.start(tls)
            client = MemoryTls(self, gateway) if tls else self.client(gateway, tls=False)
            client.send(POST + b"half")
            wait_until(lambda: self.server.connections > 0, "the request has begun")
            if tls:
                client.end()
            else:
                client.socket.shutdown(socket.SHUT_WR)
            self.assertTrue(ended.wait(DEADLINE), "the server is told")
            record = gateway.record("client_closed")
            self.assertEqual((record["status"], record["bytes_in"]), (0, 4))

    def test_a_client_that_vanishes_within_its_body_is_noticed(self):
        gateway = self.start(tls=False)
        client = self.client(gateway, tls=False)
        client.send(POST + b"half")
        wait_until(lambda: self.server.connections == 1, "the request has begun")
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.close()
        self.assertEqual(gateway.record("client_closed")["status"], 0)
        self.release.set()


def reset(client):
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.socket.close()


class Gone(Case):
    """Who has ended the connection waits for no response: the server is let off, and so is the queue."""

    def setUp(self):
        self.begun, self.ended = threading.Event(), threading.Event()

        def serve(connection):
            while not connection.recv(65536).endswith(b"\r\n\r\n"):
                pass
            self.begun.set()
            if connection.recv(1) == b"":
                self.ended.set()

        self.server = self.backend()
        self.server.raw = serve

    def start(self, tls, pool="", server=""):
        text = simple_config([self.server], top=ADMIN, pool=pool, server=server)
        return self.gateway(text if tls else text.replace("    tls: {", "    plaintext: allowed #"))

    def check_is_noticed(self, gateway):
        self.assertTrue(self.ended.wait(DEADLINE), "the server is told")
        record = gateway.record("client_closed")
        self.assertEqual((record["status"], record["server"]), (0, "s0"))
        self.assertEqual(gateway.metric("ravelin_requests_in_flight", listener="web"), 0)

    def test_a_reset_while_the_server_works_is_noticed(self):
        for tls in (False, True):
            with self.subTest(tls=tls):
                self.begun.clear()
                self.ended.clear()
                gateway = self.start(tls)
                client = self.client(gateway, tls=tls)
                client.send(GET)
                self.assertTrue(self.begun.wait(DEADLINE))
                reset(client)
                self.check_is_noticed(gateway)

    def test_a_reset_while_two_servers_are_asked_is_noticed(self):
        begun, ended = threading.Semaphore(0), threading.Semaphore(0)

        def serve(connection):
            connection.recv(65536)
            begun.release()
            if connection.recv(1) == b"":
                ended.release()

        servers = [self.backend(raw=serve) for _ in range(2)]
        gateway = self.gateway(simple_config(servers, route=", hedge: { after: 50ms, percent_max: 100 }", top=ADMIN)
                               .replace("    tls: {", "    plaintext: allowed #"))
        client = self.client(gateway, tls=False)
        client.send(GET)
        for _ in range(2):
            self.assertTrue(begun.acquire(timeout=DEADLINE), "both are asked")
        reset(client)
        for _ in range(2):
            self.assertTrue(ended.acquire(timeout=DEADLINE), "both are told")
        self.assertEqual(gateway.record("client_closed")["status"], 0)

    def test_a_tls_client_that_ends_without_a_word_is_noticed(self):
        gateway = self.start(tls=True)
        client = MemoryTls(self, gateway)
        client.send(GET)
        self.assertTrue(self.begun.wait(DEADLINE))
        client.socket.shutdown(socket.SHUT_WR)  # no close_notify
        self.check_is_noticed(gateway)

    def test_who_has_gone_leaves_the_queue(self):
        gateway = self.start(tls=False, pool="    queue: { timeout: 60s }", server=", connections_max: 1")
        first = self.client(gateway, tls=False)
        first.send(GET)
        self.assertTrue(self.begun.wait(DEADLINE))
        second = self.client(gateway, tls=False)
        second.send(GET)
        wait_until(lambda: gateway.metric("ravelin_upstream_queue_length", pool="web") == 1, "the second queues")
        port = second.socket.getsockname()[1]
        reset(second)
        wait_until(lambda: gateway.metric("ravelin_upstream_queue_length", pool="web") == 0, "it has left")
        record = gateway.record("client_closed")
        self.assertEqual((record["status"], record["client_port"]), (0, port))

    def test_an_empty_body_is_waited_for_by_nobody(self):
        release = threading.Event()
        self.addCleanup(release.set)
        server = self.backend(lambda head, body: release.wait(DEADLINE) and ok(b"got it"))
        gateway = self.gateway(simple_config([server], pool="    queue: { timeout: 60s }", server=", connections_max: 1",
                                             top=ADMIN).replace("    tls: {", "    plaintext: allowed #").replace("workers: 2", "workers: 1"))
        first, second = self.client(gateway, tls=False), self.client(gateway, tls=False)
        first.send(GET)
        wait_until(lambda: len(server.seen()) == 1, "the server works")
        second.send(b"POST / HTTP/1.1\r\nHost: gw.test\r\nContent-Length: 0\r\n\r\n")
        wait_until(lambda: gateway.metric("ravelin_upstream_queue_length", pool="web") == 1, "the second queues")
        release.set()
        self.assertEqual([client.read_response().body for client in (first, second)], [b"got it"] * 2)
        self.assertEqual(self.client(gateway, tls=False).get().body, b"got it")
        self.assertEqual(server.connections, 1)  # kept after the empty body

    def test_a_request_that_comes_while_the_one_before_is_answered_is_served_at_once(self):
        release = threading.Event()
        self.addCleanup(release.set)
        server = self.backend(lambda head, body: release.wait(DEADLINE) and ok(b"got it"))
        gateway = self.gateway(simple_config([server]).replace("    tls: {", "    plaintext: allowed #"))
        client = self.client(gateway, tls=False)
        client.send(GET)
        wait_until(lambda: len(server.seen()) == 1, "the server works")
        client.send(GET)
        release.set()
        begun = time.monotonic()
        self.assertEqual([client.read_response().body for _ in range(2)], [b"got it"] * 2)
        self.assertLess(time.monotonic() - begun, 0.9)  # nothing is looked for again after a second


if __name__ == "__main__":
    unittest.main()
