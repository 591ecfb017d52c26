"""What is logged of a tunnel once it has ended: who asked for it, and how it came to its end."""

import socket
import struct
import threading

from harness import ADMIN, Case, DEADLINE, fill, simple_config, unittest, wait_until

SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"


def echo(connection):
    connection.recv(65536)
    connection.sendall(SWITCH)
    while data := connection.recv(65536):
        connection.sendall(data.upper())


class Tunnels(Case):
    def open(self, gateway, path="/ws", fields="", ahead=b""):
        client = self.client(gateway)
        client.send(f"GET {path} HTTP/1.1\r\nHost: gw.test\r\nUser-Agent: of the tunnel\r\nReferer: https://gw.test/page\r\n"
                    f"Connection: Upgrade\r\nUpgrade: websocket\r\n{fields}\r\n".encode() + ahead)
        self.assertEqual(client.read_response().status, 101)
        return client

    def talk(self, client, frame):
        client.send(frame)
        self.assertEqual(fill(client.receive, b"", len(frame)), frame.upper())

    def record(self, gateway, status=101):
        return wait_until(lambda: next((r for r in gateway.access_records() if r["status"] == status), None),
                          f"the {status} is logged")


class Asked(Tunnels):
    def check(self, gateway, client, path):
        """Others' requests go by in the memory there is, and the tunnel's record is of the tunnel."""
        for size in (10, 10_000, 50_000):
            other = self.client(gateway)
            other.send(b"GET /other HTTP/1.1\r\nHost: other.test\r\nCookie: session=SECRET\r\nX-Long: %s\r\n\r\n" % (b"s" * size))
            self.assertIn(other.read_response().status, (200, 400, 431, 502))
        client.close()
        record = self.record(gateway)
        self.assertEqual((record["method"], record["path"], record["host"], record["user_agent"], record["referer"]),
                         ("GET", path, "gw.test", "of the tunnel", "https://gw.test/page"))

    def start(self):
        """With one worker: whatever it lets go of is the next one's."""
        return self.gateway(simple_config([self.backend(raw=echo)]).replace("workers: 2", "workers: 1"))

    def test_a_tunnel_that_said_nothing(self):
        gateway = self.start()
        self.check(gateway, self.open(gateway), "/ws")

    def test_a_tunnel_that_was_used(self):
        gateway = self.start()
        client = self.open(gateway)
        for size in (1, 3000, 60_000):
            self.talk(client, b"x" * size)
        self.check(gateway, client, "/ws")

    def test_a_tunnel_whose_head_took_a_large_block_and_was_used_ahead_of_its_answer(self):
        gateway = self.start()
        client = self.open(gateway, path="/ws?" + "q" * 2000, fields=f"X-Long: {'l' * 8000}\r\n", ahead=b"early frame")
        self.assertEqual(fill(client.receive, client.buffered, 11), b"EARLY FRAME")
        self.talk(client, b"late frame")
        self.check(gateway, client, "/ws?" + "q" * 2000)


class Ends(Tunnels):
    def start(self, raw=echo, route="", top=""):
        return self.gateway(simple_config([self.backend(raw=raw)], route=route, top=top + ADMIN))

    def check(self, gateway, reason, carried=4):
        record = self.record(gateway)
        self.assertEqual((record["status"], record["reason"], record["bytes_in"], record["bytes_out"]),
                         (101, reason, carried, carried))
        if reason != "none":
            self.assert_metric(gateway, 1, "ravelin_errors_total", reason=reason)

    def used(self, gateway):
        client = self.open(gateway)
        self.talk(client, b"said")
        return client

    def test_both_sides_have_said_their_piece(self):
        gateway = self.start()
        self.used(gateway).socket.unwrap()
        self.check(gateway, "none")

    def test_the_server_says_that_it_is_done(self):
        def serve(connection):
            connection.recv(65536)
            connection.sendall(SWITCH)
            connection.sendall(connection.recv(4).upper())

        gateway = self.start(raw=serve)
        client = self.used(gateway)
        self.assertTrue(client.is_closed())
        client.socket.unwrap()
        self.check(gateway, "none")

    def test_nothing_was_said_for_too_long(self):
        gateway = self.start(route=", timeouts: { tunnel_idle: 1s }")
        client = self.used(gateway)
        self.assertTrue(client.is_closed())
        self.check(gateway, "tunnel_idle")

    def test_the_client_goes_without_a_word(self):
        gateway = self.start()
        self.used(gateway).close()  # without close_notify: not the end of one direction, but of all
        self.check(gateway, "client_closed")

    def test_the_client_resets_it(self):
        gateway = self.start()
        client = self.used(gateway)
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
        self.check(gateway, "client_closed")

    def test_the_server_resets_it(self):
        def serve(connection):
            connection.recv(65536)
            connection.sendall(SWITCH)
            connection.sendall(connection.recv(4).upper())
            taken.wait(DEADLINE)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        taken = threading.Event()
        self.addCleanup(taken.set)
        gateway = self.start(raw=serve)
        client = self.used(gateway)
        taken.set()
        self.assertTrue(client.is_closed())
        self.check(gateway, "upstream_reset")

    def test_the_gateway_stops(self):
        gateway = self.start(top="drain_timeout: 1s\n")
        self.used(gateway)
        self.assertEqual(gateway.stop(), 0)
        record = self.record(gateway)
        self.assertEqual((record["status"], record["reason"], record["bytes_in"]), (101, "draining", 4))


if __name__ == "__main__":
    unittest.main()
