"""Servers that misbehave: what their clients get, and that memory and other clients do not notice."""

import threading

from harness import MEMORY_FACTOR, ADMIN, Case, DEADLINE, ok, simple_config, unittest, wait_until

ROUTES = '''    routes:
      - { name: good, match: { path: /good/ }, pool: good }
      - { name: bad, pool: web, timeouts: { first_byte: 700ms }, retry: { attempts: 0 } }
'''
HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


class BadServers(Case):
    """One pool misbehaves, another is well; both behind one listener."""

    def start_with(self, raw):
        self.release = threading.Event()
        self.addCleanup(self.release.set)
        self.bad, self.good = self.backend(raw=raw), self.backend(lambda head, body: ok(b"well"))
        text = simple_config([self.bad], top=ADMIN, pool="    ejection: { consecutive_failures: 0 }")
        text = text.replace("    routes:\n      - { name: all, pool: web }\n", ROUTES)
        text += f'  - {{ name: good, servers: [ {{ address: "127.0.0.1:{self.good.port}" }} ] }}\n'
        return self.gateway(text)

    def sends(self, *pieces, endless=b""):
        """A server that sends this, and the last piece for ever."""
        def raw(connection):
            connection.recv(65536)
            for piece in pieces:
                connection.sendall(piece)
            while endless:
                connection.sendall(endless)
        return raw

    def hangs(self, *pieces):
        def raw(connection):
            connection.recv(65536)
            for piece in pieces:
                connection.sendall(piece)
            self.release.wait(DEADLINE)
        return raw

    def check(self, raw, status, reason, clients=10):
        """Each of many clients gets `status`, or is cut when its response has begun (status 0)."""
        gateway = self.start_with(raw)
        self.assertEqual(self.client(gateway).get("/good/").body, b"well")
        before = gateway.rss_kib()
        bad = [self.client(gateway) for _ in range(clients)]
        for client in bad:
            client.send(b"GET /bad HTTP/1.1\r\nHost: gw.test\r\n\r\n")
        other = self.client(gateway)
        for _ in range(20):
            self.assertEqual(other.get("/good/").body, b"well")
        for client in bad:
            try:
                response = client.read_response()
                self.assertEqual(0 if response is None else response.status, status)
            except OSError:  # cut in the middle of a chunked body
                self.assertEqual(status, 0)
        self.assertLess(gateway.rss_kib() - before, 20_000 * MEMORY_FACTOR)
        record = gateway.record(reason)
        self.assertEqual((record["pool"], record["status"]), ("web", status or 200))
        wait_until(lambda: gateway.metric("ravelin_errors_total", listener="web", reason=reason) == clients, "all are counted")
        return gateway

    def test_an_endless_head_is_502(self):
        self.check(self.sends(HEAD, endless=b"X-More: yes\r\n" * 100), 502, "upstream_header_too_large")

    def test_one_endless_field_is_502(self):
        self.check(self.sends(HEAD + b"X-More: ", endless=b"x" * 1000), 502, "upstream_header_too_large")

    def test_endless_interim_responses_are_502(self):
        self.check(self.sends(endless=b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 10), 502, "upstream_bad_response")

    def test_endless_garbage_is_502(self):
        self.check(self.sends(endless=b"garbage" * 1000), 502, "upstream_header_too_large")

    def test_an_endless_chunk_size_is_cut(self):
        self.check(self.sends(CHUNKED, endless=b"0" * 1000), 0, "upstream_bad_response")

    def test_an_endless_chunk_extension_is_cut(self):
        self.check(self.sends(CHUNKED + b"5;a=", endless=b"x" * 1000), 0, "upstream_bad_response")

    def test_an_endless_trailer_is_cut(self):
        self.check(self.sends(CHUNKED + b"5\r\nhello\r\n0\r\n", endless=b"X-More: yes\r\n" * 100), 0, "upstream_bad_response")

    def test_a_server_that_closes_at_once_is_502(self):
        self.check(self.sends(), 502, "upstream_closed")

    def test_a_server_that_closes_within_its_head_is_502(self):
        self.check(self.sends(HEAD + b"X-Half: "), 502, "upstream_closed")

    def test_a_server_that_closes_within_its_body_is_cut(self):
        self.check(self.sends(HEAD + b"Content-Length: 100\r\n\r\nhalf"), 0, "upstream_body_truncated")

    def test_a_server_that_closes_within_its_chunks_is_cut(self):
        self.check(self.sends(CHUNKED + b"5\r\nhello\r\n3\r\nha"), 0, "upstream_body_truncated")

    def test_a_server_that_hangs_is_504(self):
        self.check(self.hangs(), 504, "first_byte_timeout")

    def test_a_server_that_hangs_within_its_head_is_504(self):
        self.check(self.hangs(HEAD), 504, "first_byte_timeout")

    def test_a_server_that_hangs_within_its_body_is_cut(self):
        self.check(self.hangs(HEAD + b"Content-Length: 100\r\n\r\nhalf"), 0, "upstream_body_timeout")

    def test_a_second_answer_goes_to_nobody(self):
        gateway = self.start_with(self.sends(ok(b"first") + ok(b"second")))
        for client in [self.client(gateway) for _ in range(3)]:
            self.assertEqual([client.get("/bad").body for _ in range(3)], [b"first"] * 3)
            self.assertEqual(client.get("/good/").body, b"well")
        self.assertEqual(self.bad.connections, 9)

    def test_unasked_bytes_end_a_kept_connection(self):
        speak, ended = threading.Event(), threading.Event()

        def raw(connection):
            connection.recv(65536)
            connection.sendall(ok(b"asked"))
            speak.wait(DEADLINE)
            connection.sendall(ok(b"unasked"))
            try:
                connection.recv(65536)
            except ConnectionResetError:
                pass
            ended.set()

        client = self.client(self.start_with(raw))
        self.assertEqual(client.get("/bad").body, b"asked")
        speak.set()
        self.assertTrue(ended.wait(DEADLINE), "the gateway lets go of the connection")
        self.assertEqual(client.get("/bad").body, b"asked")


if __name__ == "__main__":
    unittest.main()
