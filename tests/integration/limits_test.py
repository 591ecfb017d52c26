"""Too much of anything: each surplus is refused with its own reason, and others are served meanwhile."""

import threading

from harness import MEMORY_FACTOR, ADMIN, Case, DEADLINE, ok, unittest, wait_until

LIMITS = "    limits: { request_line_max: 1KiB, header_max: 4KiB, header_count_max: 20, chunk_extension_max: 100, " \
         "trailer_max: 500, body_max: 10KiB }"
HEAD = b"POST /big HTTP/1.1\r\nHost: gw.test\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"

# What is sent, and the status and the reason it must meet.
OVERSIZED = {
    "request line": (b"GET /" + b"x" * 1100 + b" HTTP/1.1\r\nHost: gw.test\r\n\r\n", 414, "line_too_long"),
    "request line without an end": (b"GET /" + b"x" * 1100, 414, "line_too_long"),
    "one field": (HEAD + b"X-Long: " + b"x" * 4100 + b"\r\n\r\n", 431, "header_too_large"),
    "one field without an end": (HEAD + b"X-Long: " + b"x" * 4100, 431, "header_too_large"),
    "many fields": (HEAD + b"".join(b"X-%d: 1\r\n" % i for i in range(20)) + b"\r\n", 431, "too_many_fields"),
    "all fields": (HEAD + b"".join(b"X-%d: %s\r\n" % (i, b"x" * 300) for i in range(18)), 431, "header_too_large"),
    "Content-Length": (HEAD + b"Content-Length: 10241\r\n\r\n", 413, "body_too_large"),
    "huge Content-Length": (HEAD + b"Content-Length: 9223372036854775807\r\n\r\n", 413, "body_too_large"),
    "chunked body": (CHUNKED + (b"400\r\n%s\r\n" % (b"x" * 1024)) * 11 + b"0\r\n\r\n", 413, "body_too_large"),
    "one chunk": (CHUNKED + b"7fffffffffffffff\r\n" + b"x" * 11000, 413, "body_too_large"),
    "chunk size": (CHUNKED + b"0" * 16 + b"5\r\nhello\r\n0\r\n\r\n", 400, "bad_chunk"),
    "chunk size beyond counting": (CHUNKED + b"ffffffffffffffff\r\nhello", 400, "bad_chunk"),
    "chunk extension": (CHUNKED + b"5;a=" + b"x" * 100 + b"\r\nhello\r\n0\r\n\r\n", 400, "bad_chunk"),
    "chunk extensions in all": (CHUNKED + b"1;abc=def\r\nx\r\n" * 20 + b"0\r\n\r\n", 400, "bad_chunk"),
    "chunk extension without an end": (CHUNKED + b"5;a=" + b"x" * 200, 400, "bad_chunk"),
    "trailer": (CHUNKED + b"0\r\nX-Sum: " + b"x" * 500 + b"\r\n\r\n", 400, "bad_trailer"),
    "trailers": (CHUNKED + b"0\r\n" + b"X-Sum: 1\r\n" * 60 + b"\r\n", 400, "bad_trailer"),
    "trailer without an end": (CHUNKED + b"0\r\nX-Sum: " + b"x" * 600, 400, "bad_trailer"),
}


class Oversized(Case):
    def test_everything_too_large_has_its_answer_and_its_reason(self):
        server = self.backend()
        gateway = self.start(server, listener=LIMITS, top=ADMIN)
        other = self.client(gateway)
        counts = {}
        for name, (sent, status, reason) in OVERSIZED.items():
            with self.subTest(name):
                client = self.client(gateway)
                client.send(sent)
                self.assertEqual(other.get("/small").status, 200)
                response = client.read_response()
                self.assertEqual((response.status, response.field("connection")), (status, "close"))
                self.assertEqual(response.field("proxy-status"), "ravelin; error=http_request_error")
                self.assertIn(f"reason: {reason}".encode(), response.body)
                self.assertTrue(client.is_closed())
            counts[reason] = counts.get(reason, 0) + 1
        wait_until(lambda: len(gateway.access_records()) == 2 * len(OVERSIZED), "every request is logged")
        logged = [(r["status"], r["reason"]) for r in gateway.access_records() if r["reason"] != "none"]
        self.assertEqual(sorted(logged), sorted((status, reason) for _, status, reason in OVERSIZED.values()))
        for reason, count in counts.items():
            self.assert_metric(gateway, count, "ravelin_errors_total", listener="web", reason=reason)
        self.assertEqual([head for head, _ in server.seen() if b"/big" in head], [])

    def test_what_is_just_small_enough_passes(self):
        server = self.backend(lambda head, body: ok(b"%d" % len(body)))
        client = self.client(self.start(server, listener=LIMITS))
        path = b"x" * (1024 - len(b"GET / HTTP/1.1\r\n"))
        for request, answer in ((b"GET /%s HTTP/1.1\r\nHost: gw.test\r\n\r\n" % path, b"0"),
                                (HEAD + b"Content-Length: 10240\r\n\r\n" + b"x" * 10240, b"10240"),
                                (CHUNKED + (b"400\r\n%s\r\n" % (b"x" * 1024)) * 10 + b"0\r\n\r\n", b"10240"),
                                (CHUNKED + b"0000000000000005;a=%s\r\nhello\r\n0\r\n\r\n" % (b"x" * 90), b"5"),
                                (HEAD + b"".join(b"X-%d: 1\r\n" % i for i in range(18)) + b"Content-Length: 0\r\n\r\n", b"0")):
            client.send(request)
            self.assertEqual(client.read_response().body, answer)

    def test_the_largest_limits_hold(self):
        server = self.backend()
        gateway = self.start(server, listener="    limits: { request_line_max: 64KiB, header_max: 64KiB, header_count_max: 128 }")
        client = self.client(gateway)
        start, end = b"GET / HTTP/1.1\r\nHost: gw.test\r\n", b"\r\n\r\n"
        for head in (start + b"Cookie: " + b"c" * 40_000 + end, start + b"".join(b"X-%d: 1\r\n" % i for i in range(127)) + b"\r\n",
                     start + b"Cookie: " + b"c" * (65536 - len(start + b"Cookie: " + end)) + end,
                     b"GET /" + b"p" * 60_000 + b" HTTP/1.1\r\nHost: gw.test\r\n\r\n"):
            client.send(head)
            self.assertEqual(client.read_response().status, 200, head[:60])
            self.assertIn(max(head.split(b"\r\n"), key=len).split(b" ")[1], server.seen()[-1][0])
        for head, status in ((start + b"Cookie: " + b"c" * 65536 + end, 431),
                             (start + b"".join(b"X-%d: 1\r\n" % i for i in range(128)) + b"\r\n", 431)):
            client = self.client(gateway)
            client.send(head)
            self.assertEqual(client.read_response().status, status)

    def test_an_endless_request_ends_at_the_limit(self):
        gateway = self.start(self.backend(), listener=LIMITS)
        before = gateway.rss_kib()
        for start, piece in ((b"GET / HTTP/1.1\r\n", b"X-More: yes\r\n" * 100), (CHUNKED, b"1\r\nx\r\n" * 1000),
                             (CHUNKED + b"0\r\n", b"X-More: yes\r\n" * 100)):
            client = self.client(gateway)
            client.send(start)
            with self.assertRaises(OSError):
                for _ in range(100_000):
                    client.send(piece)
        self.assertEqual(self.client(gateway).get().status, 200)
        self.assertLess(gateway.rss_kib() - before, 20_000 * MEMORY_FACTOR)


class Overload(Case):
    def test_sheds_the_newest_at_once_and_lets_the_others_end(self):
        release = threading.Event()
        self.addCleanup(release.set)
        server = self.backend(lambda head, body: release.wait(DEADLINE) and ok(b"done"))
        gateway = self.start(server, top="overload: { requests_max: 3 }\n" + ADMIN)
        admitted = [self.client(gateway) for _ in range(3)]
        for client in admitted:
            client.send(b"GET / HTTP/1.1\r\nHost: gw.test\r\n\r\n")
        wait_until(lambda: len(server.seen()) == 3, "three requests are in flight")
        shed = self.client(gateway)
        for _ in range(2):
            response = shed.get()
            self.assertEqual((response.status, response.field("retry-after")), (503, "1"))
            self.assertEqual(response.field("proxy-status"), "ravelin; error=proxy_internal_response")
        self.assert_metric(gateway, 2, "ravelin_errors_total", listener="web", reason="overload")
        self.assertEqual(gateway.record("overload")["status"], 503)
        release.set()
        self.assertEqual([client.read_response().body for client in admitted], [b"done"] * 3)
        self.assertEqual(shed.get().body, b"done")  # on the connection that was kept
        self.assertEqual(len(server.seen()), 4)


if __name__ == "__main__":
    unittest.main()
