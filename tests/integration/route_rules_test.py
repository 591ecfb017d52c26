"""What routes ask of a request beyond host, path and method, and who may use them."""

import json
import subprocess

from harness import ADMIN, BINARY, Case, ok, simple_config, unittest

ALL = "    routes:\n      - { name: all, pool: web }\n"


def named(name):
    return lambda head, body: ok(name)


class Rules(Case):
    def serve(self, routes, pools=("web",), listener="", **arguments):
        """A gateway with these routes; each pool has one server that answers with the pool's name."""
        self.servers = {name: self.backend(named(name.encode())) for name in pools}
        text = simple_config([self.servers["web"]], listener=listener, top=ADMIN).replace(ALL, "    routes:\n" + routes)
        for name in pools[1:]:
            text += f'  - {{ name: {name}, servers: [{{ name: s0, address: "127.0.0.1:{self.servers[name].port}" }}] }}\n'
        return self.gateway(text, **arguments)

    def answer(self, gateway, path="/", fields="", **arguments):
        response = self.client(gateway, **arguments).get(path, fields=fields)
        return response.body.decode() if response.status == 200 else response.status


CONDITIONS = '''      - { name: plain, match: { path: /v1 }, pool: web }
      - { name: canary, match: { path: /v1, headers: { X-Canary: "1" } }, pool: canary }
      - { name: old, match: { path: /v1, headers: { User-Agent: { prefix: "old/" }, X-Canary: { present: false } } }, pool: old }
      - { name: debug, match: { path: /v1, query: { debug: "1" } }, pool: debug }
      - { name: tokens, match: { path: /token, methods: [POST], headers: { X-Token: { present: true } } }, pool: web }
'''


class Conditions(Rules):
    def test_headers_and_query_choose_the_route(self):
        gateway = self.serve(CONDITIONS, ("web", "canary", "old", "debug"))
        for path, fields, expected in (
                ("/v1", "", "web"), ("/v1", "X-Canary: 1\r\n", "canary"), ("/v1", "x-canary: 1\r\n", "canary"),
                ("/v1", "X-Canary: 2\r\n", "web"), ("/v1", "X-Canary: 1\r\nX-Canary: 1\r\n", "web"),
                ("/v1", "User-Agent: old/3\r\n", "old"), ("/v1", "User-Agent: old/3\r\nX-Canary: 1\r\n", "canary"),
                ("/v1?debug=1", "", "debug"), ("/v1?a&debug=%31", "", "debug"), ("/v1?debug=0&debug=1", "", "web"),
                ("/v1?debug=1", "X-Canary: 1\r\n", "canary"), ("/v1/below?debug=1", "", "debug"), ("/v2", "X-Canary: 1\r\n", 404),
                ("/token", "", 404), ("/token", "X-Token: a\r\n", 405)):
            with self.subTest(path=path, fields=fields):
                self.assertEqual(self.answer(gateway, path, fields), expected)

    def test_the_command_says_which_and_why(self):
        gateway = self.serve(CONDITIONS, ("web", "canary", "old", "debug"))

        def asked(*arguments):
            out = subprocess.run([BINARY, "route", *arguments, "-c", gateway.config, "--json"], capture_output=True, text=True)
            return json.loads(out.stdout)["listeners"][0]

        answer = asked(f"GET https://gw.test:{gateway.port}/v1", "-H", "X-Canary: 1")
        self.assertEqual((answer["route"], answer["pool"]), ("canary", "canary"))
        why = {row["route"]: row["why"] for row in answer["candidates"]}
        self.assertEqual(why["debug"], 'wants that query parameter "debug" is "1"')
        self.assertIn("more specific", why["plain"])
        self.assertEqual(asked(f"GET https://gw.test:{gateway.port}/v1?debug=1")["route"], "debug")


CLIENTS = '''      - { name: plain, match: { path: /v1 }, pool: web }
      - { name: local, match: { path: /v1, from: 127.0.0.0/30 }, pool: local }
      - { name: office, match: { path: /v1, from: [192.0.2.0/24, "2001:db8::/32"] }, pool: office }
      - { name: admin, match: { path: /admin }, pool: web, allow: [127.0.0.0/8, 192.0.2.0/24], deny: [127.0.0.2, 192.0.2.66] }
'''
POOLS = ("web", "local", "office")


class Clients(Rules):
    def test_the_peer_decides_where_it_is_not_trusted(self):
        gateway = self.serve(CLIENTS, POOLS)
        for forged in ("", "X-Forwarded-For: 192.0.2.1\r\n", "X-Forwarded-For: 192.0.2.1, 127.0.0.1\r\n", "Forwarded: for=192.0.2.1\r\n",
                       "X-Real-IP: 192.0.2.1\r\n", "X-Forwarded-For: 192.0.2.66\r\n"):
            with self.subTest(forged=forged):
                self.assertEqual(self.answer(gateway, "/v1", forged), "local")
                self.assertEqual(self.answer(gateway, "/admin", forged), "web")

    def test_a_trusted_proxy_tells_who_the_client_is(self):
        gateway = self.serve(CLIENTS, POOLS, listener="    forwarded: { trusted: [127.0.0.1, 198.51.100.0/24] }\n")
        for fields, route, admin in (
                ("", "local", "web"),  # the proxy itself
                ("X-Forwarded-For: 192.0.2.1\r\n", "office", "web"), ("X-Forwarded-For: 203.0.113.9\r\n", "web", 403),
                ("X-Forwarded-For: 2001:db8::7\r\n", "office", 403), ("X-Forwarded-For: 192.0.2.66\r\n", "office", 403),
                ("X-Forwarded-For: 192.0.2.1, 203.0.113.9\r\n", "web", 403),  # the client forged the first
                ("X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-For: 203.0.113.9\r\n", "web", 403),
                ("X-Forwarded-For: 203.0.113.9, 192.0.2.1, 198.51.100.7\r\n", "office", "web")):  # over two trusted hops
            with self.subTest(fields=fields):
                self.assertEqual(self.answer(gateway, "/v1", fields), route)
                self.assertEqual(self.answer(gateway, "/admin", fields), admin)

    def test_a_denied_client_gets_403_and_a_reason(self):
        gateway = self.serve(CLIENTS, POOLS, listener="    forwarded: { trusted: [127.0.0.1] }\n")
        client = self.client(gateway)
        response = client.get("/admin/x", fields="X-Forwarded-For: 192.0.2.66\r\n")
        self.assertEqual(response.status, 403)
        self.assertEqual(response.field("proxy-status"), "ravelin; error=http_request_denied")
        record = gateway.record("client_denied")
        self.assertEqual((record["status"], record["route"], record["detail"]), (403, "admin", "client 192.0.2.66 may not use this route"))
        self.assert_metric(gateway, 1, "ravelin_errors_total", listener="web", reason="client_denied")
        self.assertEqual(client.get("/admin/x", fields="X-Forwarded-For: 192.0.2.1\r\n").status, 200)  # on the same connection
        self.assertEqual(len(self.servers["web"].seen()), 1)

    def test_a_denied_upload_ends_the_connection(self):
        gateway = self.serve(CLIENTS, POOLS, listener="    forwarded: { trusted: [127.0.0.1] }\n")
        client = self.client(gateway)
        client.send(b"POST /admin HTTP/1.1\r\nHost: gw.test\r\nX-Forwarded-For: 192.0.2.66\r\nContent-Length: 5\r\n\r\nhello")
        self.assertEqual(client.read_response().status, 403)
        self.assertTrue(client.is_closed())

    def test_the_command_refuses_what_could_not_arrive(self):
        gateway = self.serve(CLIENTS, POOLS)
        for arguments, text in ((("-H", "no colon"), 'header "no colon" is refused: '), (("-H", "X_A: 1"), 'header "X_A: 1" is dropped'),
                                (("-H", "Host: x"), 'header "Host: x": the host stands in the URL'), (("-H", "A: b\r\nC: d"), "is refused"),
                                (("--from", "here"), '--from "here" is not an IP address')):
            with self.subTest(arguments=arguments):
                done = subprocess.run([BINARY, "route", "GET https://gw.test/", *arguments, "-c", gateway.config], capture_output=True, text=True)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(text, done.stderr)

    def test_the_command_takes_an_address(self):
        gateway = self.serve(CLIENTS, POOLS, listener="    forwarded: { trusted: [198.51.100.7] }\n")

        def asked(path, *arguments):
            command = [BINARY, "route", f"GET https://gw.test:{gateway.port}{path}", *arguments, "-c", gateway.config, "--json"]
            return json.loads(subprocess.run(command, capture_output=True, text=True).stdout)["listeners"][0]

        self.assertEqual(asked("/v1", "--from", "192.0.2.9")["route"], "office")
        self.assertEqual(asked("/v1")["route"], "plain")
        denied = asked("/admin", "--from", "192.0.2.66")
        self.assertEqual((denied["status"], denied["taken"], denied["what"]), (403, False, "client 192.0.2.66 may not use this route"))
        behind = asked("/admin", "--from", "198.51.100.7", "-H", "X-Forwarded-For: 127.0.0.2, 192.0.2.1")
        self.assertEqual((behind["client"], behind["status"], behind["route"]), ("192.0.2.1", 0, "admin"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
