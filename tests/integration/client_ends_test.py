"""Clients that stop sending: with the request complete they still get their response, in the middle of a
body they are noticed."""

import socket
import ssl
import threading

from harness import Case, DEADLINE, ok, simple_config, unittest, wait_until

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


if __name__ == "__main__":
    unittest.main()
