"""Answers the gateway gives itself: redirects and fixed responses, and the listener that only redirects."""

from harness import ADMIN, Case, free_port, simple_config, unittest, wait_until

ROUTES = '''    routes:
      - { name: all, match: { host: gw.test }, pool: web }
      - { name: normal, match: { host: normal.test }, pool: web, path_policy: normalise }
      - { name: robots, match: { host: gw.test, path_exact: /robots.txt }, respond: { body: "User-agent: *" } }
      - { name: gone, match: { host: gw.test, path: /gone/ }, respond: { status: 410, content_type: text/html, body: "<p>gone" } }
      - { name: empty, match: { host: gw.test, path_exact: /empty }, respond: { status: 204 } }
      - { name: old, match: { host: gw.test, path: /old/ }, redirect: { location: "https://new.test{path}{query}" } }
      - { name: moved, match: { host: gw.test, path: /moved/ }, redirect: { status: 302, location: "/new?from={host}" } }
'''


class Answers(Case):
    def setUp(self):
        self.server = self.backend()
        self.plain = free_port()
        text = simple_config([self.server], top=ADMIN).replace("    routes:\n      - { name: all, pool: web }\n", ROUTES)
        text = text.replace("pools:\n", f'  - {{ name: plain, bind: "127.0.0.1:{self.plain}", redirect: https }}\npools:\n')
        self.started = self.gateway(text, names=("gw.test", "localhost", "normal.test"))

    def test_fixed_responses(self):
        client = self.client(self.started)
        for path, status, kind, body in (("/robots.txt", 200, "text/plain; charset=utf-8", b"User-agent: *"),
                                         ("/gone/a", 410, "text/html", b"<p>gone"), ("/empty", 204, None, b"")):
            response = client.get(path)
            self.assertEqual((response.status, response.field("content-type"), response.body), (status, kind, body))
            self.assertIsNotNone(response.field("strict-transport-security"))
        client.send(b"HEAD /robots.txt HTTP/1.1\r\nHost: gw.test\r\n\r\n")
        response = client.read_response(b"HEAD")
        self.assertEqual((response.status, response.field("content-length")), (200, "13"))
        self.assertEqual(client.get("/other").status, 200)  # the server's, on the same connection
        self.assertEqual(len(self.server.seen()), 1)

    def test_options_of_the_gateway_itself(self):
        for to in (None, self.plain):
            client = self.client(self.started, to=to, tls=to is None)
            for host in ("gw.test", "nobody.test"):
                client.send(f"OPTIONS * HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
                response = client.read_response()
                self.assertEqual((response.status, response.field("content-length"), response.field("connection")),
                                 (204, None, None))
            client.send(b"OPTIONS http://gw.test HTTP/1.1\r\nHost: gw.test\r\n\r\n")  # the same, to a proxy
            self.assertEqual(client.read_response().status, 204)
        client = self.client(self.started)
        client.send(b"OPTIONS / HTTP/1.1\r\nHost: gw.test\r\n\r\n")
        self.assertEqual(client.read_response().status, 200)  # the server's
        self.assertEqual(len(self.server.seen()), 1)
        wait_until(lambda: len(self.started.access_records()) == 7, "all are logged")
        self.assertEqual({record["reason"] for record in self.started.access_records()}, {"none"})

    def test_redirects_of_routes(self):
        client = self.client(self.started)
        for path, status, location in (("/old/a?x=1", 308, "https://new.test/old/a?x=1"), ("/old/a", 308, "https://new.test/old/a"),
                                       ("/moved/x", 302, "/new?from=gw.test")):
            response = client.get(path)
            self.assertEqual((response.status, response.field("location")), (status, location))
        self.assertEqual(self.server.seen(), [])

    def test_a_location_that_is_too_long_is_414(self):
        limits, plain = "    limits: { request_line_max: 64KiB, header_max: 64KiB }\n", free_port()
        text = simple_config([self.server], listener=limits).replace("pool: web }", 'redirect: { location: "https://new.test{path}{path}{path}" } }')
        text = text.replace("pools:\n", f'  - name: plain\n    bind: "127.0.0.1:{plain}"\n    redirect: https\n{limits}pools:\n')
        gateway = self.gateway(text)
        for port, longest in ((None, 10_000), (plain, 32_000)):
            for size, status in ((longest, 308), (longest + 1_000, 414), (60_000, 414)):
                client = self.client(gateway, to=port, tls=port is None)
                self.assertEqual(client.get("/" + "p" * size).status, status, (port, size))
        wait_until(lambda: [r["reason"] for r in gateway.access_records()].count("line_too_long") == 4, "the refused are logged")

    def test_the_last_answer_of_a_connection_says_so(self):
        text = simple_config([self.server], listener="    limits: { requests_per_connection_max: 2 }")
        gateway = self.gateway(text.replace("    routes:\n      - { name: all, pool: web }\n", ROUTES), names=("gw.test", "localhost"))
        for path, host, status in (("/old/a", "gw.test", 308), ("/gone/a", "gw.test", 410), ("/a", "localhost", 404), ("/a/../b", "gw.test", 400)):
            client = self.client(gateway)
            self.assertIsNone(client.get("/old/b").field("connection"))
            response = client.get(path, host=host)
            self.assertEqual((response.status, response.field("connection")), (status, "close"))
            self.assertTrue(client.is_closed())

    def test_an_answer_to_a_body_nobody_reads_closes(self):
        client = self.client(self.started)
        client.send(b"POST /gone/x HTTP/1.1\r\nHost: gw.test\r\nContent-Length: 5\r\n\r\nhello")
        response = client.read_response()
        self.assertEqual((response.status, response.field("connection")), (410, "close"))
        self.assertTrue(client.is_closed())

    def redirect(self, path, host="gw.test"):
        client = self.client(self.started, to=self.plain, tls=False)
        response = client.get(path, host=host)
        return response.status, response.field("location")

    def test_the_https_listener_redirects_hosts_that_are_routed(self):
        here = f"https://gw.test:{self.started.port}"
        self.assertEqual(self.redirect("/a/b?x=1"), (308, here + "/a/b?x=1"))
        self.assertEqual(self.redirect("/a", host=f"gw.test:{self.plain}"), (308, here + "/a"))
        self.assertEqual(self.redirect("/", host="GW.Test"), (308, here + "/"))
        self.assertEqual(self.redirect("/", host="evil.test"), (404, None))
        self.assertEqual(self.started.record("no_route")["host"], "evil.test")

    def test_the_https_listener_redirects_the_path_that_would_be_routed_or_refuses_it(self):
        for path in ("/a/../b", "/a/./b", "//evil.test/", "/a%2Fb", "/a//b"):
            status, location = self.redirect(path)
            if status == 400:
                continue
            self.assertEqual(status, 308, path)
            self.assertNotIn("/.", location.removeprefix("https://"))
            self.assertNotIn("//", location.removeprefix("https://"))
        self.assertEqual(self.redirect("/a/../b", host="normal.test"), (308, f"https://normal.test:{self.started.port}/b"))
        self.assertEqual(self.redirect("/%61", host="normal.test"), (308, f"https://normal.test:{self.started.port}/a"))
        self.assertEqual(self.redirect("/../..", host="normal.test"), (400, None))  # out of the root
        self.assertEqual(self.server.seen(), [])

    def test_the_https_listener_proxies_nothing_and_sends_no_hsts(self):
        client = self.client(self.started, to=self.plain, tls=False)
        client.send(b"POST / HTTP/1.1\r\nHost: gw.test\r\nContent-Length: 5\r\n\r\nhello")
        response = client.read_response()
        self.assertEqual((response.status, response.field("connection")), (308, "close"))
        self.assertIsNone(response.field("strict-transport-security"))
        self.assertEqual(self.server.seen(), [])


if __name__ == "__main__":
    unittest.main()
