"""Clients that break the rules lose the right to be served, for a while, and nobody else does."""

import contextlib
import json
import re
import socket
import ssl
import subprocess

from harness import ADMIN, BINARY, Case, Client, DEADLINE, simple_config, unittest, wait_until

SMUGGLING = b"POST / HTTP/1.1\r\nHost: gw.test\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
BAD_CHUNK = b"POST / HTTP/1.1\r\nHost: gw.test\r\nX-Forwarded-For: %s\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n"
ABUSE = "abuse: { budget: 100, window: 1h, ban: 1h%s }\n"
BOTH = 'admin: { listen: "127.0.0.1:{admin}", socket: admin.sock }\n'


class From(Client):
    """A connection from another address of this machine."""

    def __init__(self, gateway, source):
        self.socket = socket.create_connection(("127.0.0.1", gateway.port), timeout=DEADLINE,
                                               source_address=(source, 0))
        self.socket = gateway.client_context().wrap_socket(self.socket, server_hostname="gw.test")
        self.buffered = b""


class Abuse(Case):
    def come_from(self, gateway, source):
        client = From(gateway, source)
        self.addCleanup(client.close)
        return client

    def is_served(self, gateway, source="127.0.0.1"):
        try:
            return self.come_from(gateway, source).get().status == 200
        except (OSError, ssl.SSLError, AttributeError):
            return False

    def misbehave(self, gateway, times=20):
        """Bad requests from 127.0.0.1, each on a new connection, until one is not taken; how many were answered."""
        for turn in range(times):
            try:
                client = self.client(gateway)
                client.send(SMUGGLING)
                self.assertEqual(client.read_response().status, 400)
            except (OSError, ssl.SSLError, AttributeError):
                return turn
        return times

    def abuse(self, gateway, *command):
        done = subprocess.run([BINARY, "abuse", *command, "--socket", f"{gateway.directory}/admin.sock", "--json"],
                              capture_output=True, timeout=DEADLINE, check=True)
        return json.loads(done.stdout)["clients"]

    def test_who_sends_garbage_is_banned_and_others_are_served(self):
        server = self.backend()
        gateway = self.start(server, top=ABUSE % "" + BOTH)
        kept = self.client(gateway)
        self.assertEqual(kept.get().status, 200)
        self.assertIn(self.misbehave(gateway), (5, 6))  # of 20 points each, over 100
        self.assertFalse(self.is_served(gateway))
        self.assertTrue(self.is_served(gateway, "127.0.0.2"))
        self.assertTrue(kept.is_closed())  # the connection it had before
        self.assert_metric(gateway, 1, "ravelin_abuse_bans_total", listener="web", reason="bad_framing")
        self.assert_metric(gateway, 1, "ravelin_abuse_clients", state="banned")
        self.assertGreater(gateway.metric("ravelin_connections_rejected_total", reason="banned"), 0)
        line = re.search(r".*client banned.*", gateway.log()).group()
        self.assertIn("client=127.0.0.1", line)
        self.assertRegex(line, r'reason=bad_framing rule="" for=1h offence=1 listener=web request=[0-9a-f]{32}')
        culprit = re.search(r"request=(\w+)", line).group(1)
        self.assertIn(culprit, [r["id"] for r in gateway.access_records() if r["reason"] == "bad_framing"])
        self.assertEqual(len(server.seen()), 2)

    def test_the_operator_sees_the_worst_and_forgives(self):
        gateway = self.start(self.backend(), top=ABUSE % "" + BOTH)
        self.misbehave(gateway)
        worst = self.abuse(gateway, "list")[0]
        self.assertTrue(worst["client"].startswith("127.0.0.1"))
        self.assertGreater(worst["points"], 90)
        self.assertIn(worst["banned_for_s"], range(3500, 3601))
        self.assertEqual(self.abuse(gateway, "forget", "127.0.0.1"), [])
        self.assertTrue(self.is_served(gateway))

    def test_a_ban_ends(self):
        gateway = self.start(self.backend(), top="abuse: { budget: 10, window: 1s, ban: 1s }\n")
        self.misbehave(gateway)
        wait_until(lambda: self.is_served(gateway), "the ban is over")

    def test_who_is_never_banned_is_answered_each_time(self):
        gateway = self.start(self.backend(), top=ABUSE % ", never: 127.0.0.1")
        self.assertEqual(self.misbehave(gateway, 12), 12)
        self.assertTrue(self.is_served(gateway))

    def test_without_the_section_nobody_is_banned(self):
        gateway = self.start(self.backend())
        self.assertEqual(self.misbehave(gateway, 30), 30)

    def test_behind_a_proxy_its_client_is_banned_and_not_the_proxy(self):
        gateway = self.start(self.backend(), top=ABUSE % "" + BOTH,
                             listener="    forwarded: { trusted: 127.0.0.1 }")
        for _ in range(6):
            client = self.client(gateway)
            client.send(BAD_CHUNK % b"192.0.2.1")
            self.assertIn(client.read_response().status, (400, 403))
        proxy = self.client(gateway)
        wait_until(lambda: proxy.get(fields="X-Forwarded-For: 192.0.2.1\r\n").status == 403, "it is banned")
        self.assertEqual(proxy.get(fields="X-Forwarded-For: 192.0.2.2\r\n").status, 200)  # on the same connection
        self.assertEqual(proxy.get().status, 200)
        self.assertTrue(self.abuse(gateway, "list")[0]["client"].startswith("192.0.2.1"))

    def test_garbage_instead_of_a_handshake_counts(self):
        gateway = self.start(self.backend(), top="abuse: { budget: 20, window: 1h, ban: 1h }\n" + ADMIN)
        for _ in range(6):
            client = self.client(gateway, tls=False)
            try:
                client.send(b"\x16\x03\x01garbage, not a client hello" + bytes(20))
                client.receive()
            except OSError:
                pass
        wait_until(lambda: gateway.metric("ravelin_abuse_bans_total") == 1, "it is banned")
        self.assertFalse(self.is_served(gateway))
        self.assertTrue(self.is_served(gateway, "127.0.0.2"))

    def test_slow_heads_count(self):
        gateway = self.start(self.backend(), top="abuse: { budget: 25, window: 1h, ban: 1h }\n" + ADMIN,
                             listener="    timeouts: { header: 200ms }")
        slow = [self.client(gateway) for _ in range(4)]
        for client in slow:
            client.send(b"GET / HTTP/1.1\r\nHost:")
        wait_until(lambda: gateway.metric("ravelin_abuse_bans_total", reason="header_timeout") == 1, "it is banned")
        self.assertTrue(self.is_served(gateway, "127.0.0.2"))

    def test_connections_that_are_not_used_hardly_count(self):
        gateway = self.start(self.backend(), top="abuse: { budget: 25, window: 1h, ban: 1h }\n" + BOTH,
                             listener="    timeouts: { header: 200ms }")
        unused = [self.client(gateway) for _ in range(20)]  # as browsers open them ahead of need
        for client in unused:
            self.assertTrue(client.is_closed())
        wait_until(lambda: self.abuse(gateway, "list")[0]["points"] >= 19, "each has cost a point")
        self.assertTrue(self.is_served(gateway))
        with contextlib.suppress(OSError):  # once it is banned
            for _ in range(6):  # but not in any number
                self.client(gateway).is_closed()
        wait_until(lambda: gateway.metric("ravelin_abuse_bans_total", reason="header_timeout") == 1, "it is banned")

    def test_a_reload_keeps_bans_and_may_end_one(self):
        config = simple_config([self.backend()], top=ABUSE % "")
        gateway = self.gateway(config)
        self.misbehave(gateway)
        gateway.reload()
        self.assertFalse(self.is_served(gateway))
        gateway.write(config.replace("ban: 1h", "ban: 1h, never: 127.0.0.1"))
        gateway.reload()
        self.assertTrue(self.is_served(gateway))


if __name__ == "__main__":
    unittest.main()
