"""What routes do to the requests they take: splits, header rules, rewrites, limits, error pages, maintenance."""

import collections
import json
import os
import subprocess
import time

from harness import ADMIN, BINARY, Case, ok, simple_config, unittest, wait_until

ALL = "    routes:\n      - { name: all, pool: web }\n"


def named(name):
    return lambda head, body: ok(name)


class Actions(Case):
    def serve(self, routes, pools=("web",), answer=None, files=None, **arguments):
        """A gateway with these routes; each pool has one server, by default one that answers with the pool's name."""
        self.servers = {name: self.backend(answer or named(name.encode())) for name in pools}
        text = simple_config([self.servers["web"]], top=ADMIN, **arguments).replace(ALL, "    routes:\n" + routes)
        for name in pools[1:]:
            text += f'  - {{ name: {name}, servers: [{{ name: s0, address: "127.0.0.1:{self.servers[name].port}" }}] }}\n'

        def prepare(gateway):
            for name, content in (files or {}).items():
                with open(os.path.join(gateway.directory, name), "w") as file:
                    file.write(content)

        return self.gateway(text, prepare=prepare)

    def asked(self, gateway, path, *arguments):
        command = [BINARY, "route", f"GET https://gw.test:{gateway.port}{path}", *arguments, "-c", gateway.config, "--json"]
        return json.loads(subprocess.run(command, capture_output=True, text=True).stdout)["listeners"][0]


SPLIT = '''      - name: canary
        split: [{ pool: web, weight: 90 }, { pool: green, weight: 10 }]
        sticky: { cookie: session }
'''


class Splits(Actions):
    def test_shares_are_exact_on_each_worker(self):
        gateway = self.serve(SPLIT, ("web", "green"))
        client = self.client(gateway)  # one connection is one worker
        seen = [client.get().body for _ in range(100)]
        self.assertEqual(collections.Counter(seen), {b"web": 90, b"green": 10})
        gaps = [i for i, body in enumerate(seen) if body == b"green"]
        self.assertTrue(all(b - a == 10 for a, b in zip(gaps, gaps[1:])), gaps)  # spread evenly
        self.assert_metric(gateway, 90, "ravelin_requests_total", route="canary", pool="web", code="200")
        self.assert_metric(gateway, 10, "ravelin_requests_total", route="canary", pool="green", code="200")
        self.assertEqual({r["pool"] for r in gateway.access_records()}, {"web", "green"})

    def test_a_client_stays_in_its_part(self):
        gateway = self.serve(SPLIT, ("web", "green"))
        parts = {}
        for _ in range(3):
            for user in range(20):
                body = self.client(gateway).get(fields=f"Cookie: a=b; session=u{user}\r\n").body.decode()
                self.assertEqual(parts.setdefault(user, body), body)
        self.assertEqual({user for user, part in parts.items() if part == "green"}, {4, 14})  # by the hash, for ever

    def test_the_command_knows_the_part(self):
        gateway = self.serve(SPLIT, ("web", "green"))
        self.assertEqual(self.asked(gateway, "/", "-H", "Cookie: session=u4")["pool"], "green")
        self.assertEqual(self.asked(gateway, "/", "-H", "Cookie: session=u5")["pool"], "web")
        answer = self.asked(gateway, "/")
        self.assertEqual((answer["pool"], answer["what"]), (None, 'forwarded in turn to pools "web" (weight 90), "green" (weight 10)'))

    def test_weights_follow_a_reload(self):
        gateway = self.serve(SPLIT, ("web", "green"))
        with open(gateway.config) as file:
            text = file.read()
        gateway.write(text.replace("weight: 90", "weight: 0"))
        gateway.reload()
        client = self.client(gateway)
        self.assertEqual({client.get().body for _ in range(20)}, {b"green"})


HEADERS = '''      - name: api
        match: { path: /api }
        pool: web
        request_headers:
          remove: [X-Debug]
          set:
            X-Facts: "{client} {scheme} {host} {path} {query} {method} {listener} {route} {pool} {sni} {tls.version}"
            Accept-Language: de
          add: { X-Id: "{request_id}" }
        response_headers:
          remove: [Server, X-Secret]
          set: { X-Route: "{route}", Cache-Control: no-store }
          add: { Vary: Origin }
      - { name: old, match: { path: /old }, redirect: { location: "{scheme}://{host}/new{path}{query}" }, response_headers: { set: { X-Route: "{route}" } } }
      - { name: fixed, match: { path: /fixed }, respond: { body: x }, response_headers: { set: { Content-Type: text/html, X-Route: "{route}" } } }
      - { name: plain, pool: web }
'''


class HeaderRules(Actions):
    def answer(self, head, body):
        return ok(b"hello", b"Server: secret/1\r\nX-Secret: 1\r\nX-Secret: 2\r\nVary: Accept\r\nCache-Control: public\r\n")

    def test_requests_are_changed_on_their_way_to_the_server(self):
        gateway = self.serve(HEADERS, answer=self.answer)
        client = self.client(gateway)
        client.get("/api/x?y=1", fields="X-Debug: 1\r\nx-debug: 2\r\nX-Facts: forged\r\nAccept-Language: fr\r\nAccept: */*\r\n")
        head = self.servers["web"].seen()[0][0].decode()
        lines = head.split("\r\n")
        self.assertIn("X-Facts: 127.0.0.1 https gw.test /api/x ?y=1 GET web api web gw.test 1.3", lines)
        self.assertIn("Accept-Language: de", lines)
        self.assertIn("Accept: */*", lines)
        self.assertNotIn("debug", head.lower())
        self.assertNotIn("forged", head)
        self.assertNotIn("fr", [line.rpartition(" ")[2] for line in lines])
        given = next(line for line in lines if line.startswith("X-Id: ")).removeprefix("X-Id: ")
        self.assertIn("X-Request-Id: " + given, lines)
        self.assertEqual(wait_until(gateway.access_records, "a record")[0]["id"], given)

    def test_responses_are_changed_on_their_way_to_the_client(self):
        gateway = self.serve(HEADERS, answer=self.answer)
        client = self.client(gateway)
        head = client.get("/api").head.decode()
        self.assertNotIn("ecret", head)
        self.assertIn("\r\nX-Route: api", head)
        self.assertIn("\r\nCache-Control: no-store", head)
        self.assertNotIn("public", head)
        self.assertEqual([line for line in head.split("\r\n") if line.startswith("Vary")], ["Vary: Accept", "Vary: Origin"])
        plain = client.get("/").head.decode()
        self.assertIn("\r\nServer: secret/1", plain)
        self.assertNotIn("X-Route", plain)

    def test_own_answers_are_changed_too(self):
        gateway = self.serve(HEADERS, answer=self.answer)
        client = self.client(gateway)
        redirect = client.get("/old/a?b=c")
        self.assertEqual((redirect.field("location"), redirect.field("x-route")), ("https://gw.test/new/old/a?b=c", "old"))
        fixed = client.get("/fixed")
        self.assertEqual((fixed.field("content-type"), fixed.field("x-route"), fixed.body), ("text/html", "fixed", b"x"))
        refused = client.get("/fixed/../x")  # by the route /x would meet
        self.assertEqual((refused.status, refused.field("x-route")), (400, None))

    def test_values_that_make_a_head_too_large_are_refused(self):
        gateway = self.serve('''      - name: echo
        pool: web
        response_headers: { set: { X-A: "{query}{query}{query}{query}{query}{query}", X-B: "{query}{query}{query}{query}{query}{query}" } }
''')
        client = self.client(gateway)
        response = client.get("/?" + "a" * 2000)
        self.assertEqual((response.status, len(response.field("x-a"))), (200, 6 * 2001))
        self.assertEqual(client.get("/?" + "a" * 4000).status, 431)
        self.assertEqual(gateway.record("header_too_large")["detail"], "too large with the route's response_headers")


REWRITES = '''      - { name: api, match: { path: /v1 }, rewrite: { prefix: /internal/api/ }, pool: web }
      - { name: strip, match: { path: /strip/ }, rewrite: { prefix: / }, pool: web, path_policy: normalise }
      - { name: page, match: { path: /app }, rewrite: { path: /index.html }, pool: web }
'''


class Rewrites(Actions):
    def sent(self, gateway, path):
        before = len(self.servers["web"].seen())
        self.assertEqual(self.client(gateway).get(path).status, 200)
        return self.servers["web"].seen()[before][0].split(b" ", 2)[1].decode()

    def test_the_server_sees_the_new_path_and_the_same_query(self):
        gateway = self.serve(REWRITES)
        for path, sent in (("/v1/users?a=%2F", "/internal/api/users?a=%2F"), ("/v1", "/internal/api/"), ("/v1/", "/internal/api/"),
                           ("/strip/a/b", "/a/b"), ("/strip/", "/"), ("/app/any/where?x", "/index.html?x")):
            with self.subTest(path=path):
                self.assertEqual(self.sent(gateway, path), sent)
                self.assertEqual(self.asked(gateway, path)["sent_path"], sent.partition("?")[0])
        self.assertEqual(wait_until(gateway.access_records, "records")[0]["path"], "/v1/users?a=%2F")

    def test_no_spelling_climbs_out(self):
        gateway = self.serve(REWRITES)
        self.assertEqual(self.sent(gateway, "/strip/a/../b"), "/b")
        self.assertEqual(self.sent(gateway, "/strip//a"), "/a")
        self.assertEqual(self.sent(gateway, "/strip/%61"), "/a")
        for path in ("/strip/../admin", "/v1/../admin", "/v1/%2e%2e/admin"):
            with self.subTest(path=path):
                self.assertIn(self.client(gateway).get(path).status, (400, 404))

    def test_a_long_path_is_rewritten_whole(self):
        gateway = self.serve(REWRITES)
        path = "/a" * 3000
        self.assertEqual(self.sent(gateway, "/v1" + path), "/internal/api" + path)


class Limits(Actions):
    def test_the_routes_body_limit_wins(self):
        gateway = self.serve('''      - { name: small, match: { path: /small }, pool: web, limits: { body_max: 10 } }
      - { name: large, match: { path: /large }, pool: web, limits: { body_max: 0 } }
      - { name: all, pool: web }
''', listener="    limits: { body_max: 1000 }\n")

        def post(path, size, chunked=False):
            client = self.client(gateway)
            body = b"x" * size
            if chunked:
                client.send(b"POST %s HTTP/1.1\r\nHost: gw.test\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (path.encode(), size, body))
            else:
                client.send(b"POST %s HTTP/1.1\r\nHost: gw.test\r\nContent-Length: %d\r\n\r\n%s" % (path.encode(), size, body))
            return client.read_response().status

        for chunked in (False, True):
            with self.subTest(chunked=chunked):
                self.assertEqual([post("/small", 10, chunked), post("/small", 11, chunked)], [200, 413])
                self.assertEqual([post("/all", 1000, chunked), post("/all", 1001, chunked)], [200, 413])
                self.assertEqual(post("/large", 5000, chunked), 200)

    def test_the_routes_body_timeout_wins(self):
        gateway = self.serve('''      - { name: quick, match: { path: /quick }, pool: web, timeouts: { body_idle: 300ms } }
      - { name: all, pool: web }
''')
        client = self.client(gateway)
        began = time.monotonic()
        client.send(b"POST /quick HTTP/1.1\r\nHost: gw.test\r\nContent-Length: 5\r\n\r\nhe")
        self.assertEqual(client.read_response().status, 408)
        self.assertLess(time.monotonic() - began, 9)  # the listener's is 30 s
        self.assertEqual(gateway.record("body_timeout")["route"], "quick")


PAGES = '''      - { name: own, match: { path: /own }, pool: web, allow: 192.0.2.1, error_pages: { 403: no.html, 5xx: down.json } }
      - { name: get, match: { path: /get, methods: [GET] }, pool: web }
      - { name: broken, match: { path: /broken }, pool: dead, error_pages: { 5xx: down.json } }
      - { name: served, match: { path: /served }, pool: web }
'''
FILES = {"no.html": "<p>{status} {reason} {request_id} {other} a{b}", "down.json": '{"status":{status},"reason":"{reason}"}',
         "4xx.txt": "sorry {status}", "soon.html": "<p>soon"}


class ErrorPages(Actions):
    def test_pages_take_the_place_of_the_gateways_text(self):
        gateway = self.serve(PAGES, ("web", "dead"), answer=lambda head, body: b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nmine",
                             files=FILES, listener="    error_pages: { 4xx: 4xx.txt }\n")
        self.servers["dead"].close()
        client = self.client(gateway)
        denied = client.get("/own")
        self.assertEqual((denied.status, denied.field("content-type")), (403, "text/html; charset=utf-8"))
        given = wait_until(gateway.access_records, "a record")[0]["id"]
        self.assertEqual(denied.body.decode(), f"<p>403 client_denied {given} {{other}} a{{b}}")
        self.assertEqual(denied.field("proxy-status"), "ravelin; error=http_request_denied")
        missing = client.get("/nothing")
        self.assertEqual((missing.status, missing.body, missing.field("content-type")), (404, b"sorry 404", "text/plain; charset=utf-8"))
        client.send(b"PUT /get HTTP/1.1\r\nHost: gw.test\r\n\r\n")
        wrong = client.read_response()
        self.assertEqual((wrong.status, wrong.body, wrong.field("allow")), (405, b"sorry 405", "GET"))
        down = client.get("/broken")
        self.assertEqual((down.status, down.field("content-type")), (502, "application/json"))
        self.assertEqual(json.loads(down.body), {"status": 502, "reason": "connect_failed"})
        self.assertEqual(client.get("/served").body, b"mine")  # what a server says stays as it is
        bad = self.client(gateway)
        bad.send(b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n")
        self.assertEqual(bad.read_response().body, b"sorry 400")
        client.send(b"HEAD /nothing HTTP/1.1\r\nHost: gw.test\r\n\r\n")
        self.assertEqual(client.read_response(b"HEAD").field("content-length"), "9")

    def test_a_page_that_cannot_be_read_changes_nothing(self):
        gateway = self.serve(PAGES, ("web", "dead"), files=FILES)
        os.remove(os.path.join(gateway.directory, "no.html"))
        check = subprocess.run([BINARY, "check", "-c", gateway.config], capture_output=True, text=True)
        self.assertEqual(check.returncode, 3)
        self.assertIn("routes[0].error_pages.403: opening " + os.path.join(gateway.directory, "no.html"), check.stderr)
        gateway.reload()
        self.assertIn("reload failed", gateway.log())
        self.assertTrue(self.client(gateway).get("/own").body.startswith(b"<p>403 client_denied"))  # held since the start


class Maintenance(Actions):
    def test_answers_503_with_its_page_and_lets_some_through(self):
        gateway = self.serve('''      - { name: shop, match: { path: /shop }, pool: web, maintenance: { page: soon.html, retry_after: 10m, except: 192.0.2.0/24 } }
      - { name: bare, match: { path: /bare }, pool: web, maintenance: {} }
      - { name: all, pool: web }
''', files=FILES, listener="    forwarded: { trusted: 127.0.0.1 }\n")
        client = self.client(gateway)
        shop = client.get("/shop")
        self.assertEqual((shop.status, shop.body, shop.field("retry-after"), shop.field("content-type")),
                         (503, b"<p>soon", "600", "text/html; charset=utf-8"))
        self.assertEqual(client.get("/bare").field("retry-after"), "600")
        self.assertEqual(client.get("/shop", fields="X-Forwarded-For: 192.0.2.7\r\n").status, 200)
        self.assertEqual(client.get("/shop", fields="X-Forwarded-For: 192.0.3.7\r\n").status, 503)
        self.assertEqual(client.get("/").status, 200)
        self.assertEqual(gateway.record("maintenance")["route"], "shop")
        self.assert_metric(gateway, 3, "ravelin_errors_total", reason="maintenance")
        self.assertEqual((self.asked(gateway, "/shop")["what"], self.asked(gateway, "/shop", "--from", "127.0.0.1", "-H", "X-Forwarded-For: 192.0.2.7")["status"]),
                         ("in maintenance", 0))


if __name__ == "__main__":
    unittest.main(verbosity=2)
