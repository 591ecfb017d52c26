"""How much one client may ask of a route: rates and requests in flight, counted over both workers."""

import os
import socket
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from harness import ADMIN, Case, DEADLINE, ok, simple_config, unittest, wait_until

GET = b"GET / HTTP/1.1\r\nHost: gw.test\r\n\r\n"


def limits(text):
    return f", limits: {{ {text} }}"


class Rate(Case):
    def statuses(self, gateway, count, fields="", **connection):
        client = self.client(gateway, **connection)
        return [client.get(fields=fields).status for _ in range(count)]

    def test_a_burst_passes_and_the_next_is_told_when_to_come_back(self):
        server = self.backend()
        gateway = self.start(server, route=limits("rate: { requests: 1, per: 1h, burst: 3 }"), top=ADMIN)
        client = self.client(gateway)
        self.assertEqual([client.get().status for _ in range(3)], [200] * 3)
        refused = client.get()
        self.assertEqual(refused.status, 429)
        self.assertIn(int(refused.field("retry-after")), range(3500, 3601))
        self.assertEqual(refused.field("proxy-status"), "ravelin; error=http_request_denied")
        self.assertIn(b"reason: rate_limited", refused.body)
        self.assertEqual(client.get().status, 429)  # on the same connection
        self.assert_metric(gateway, 2, "ravelin_errors_total", listener="web", reason="rate_limited")
        self.assert_metric(gateway, 2, "ravelin_requests_total", route="all", code="429")
        record = gateway.record("rate_limited")
        self.assertEqual((record["status"], record["route"]), (429, "all"))
        self.assertEqual(len(server.seen()), 3)

    def test_workers_share_one_count(self):
        server = self.backend()
        gateway = self.start(server, route=limits("rate: { requests: 1, per: 1h, burst: 100 }"))
        with ThreadPoolExecutor(8) as pool:  # 16 connections: both workers have some
            runs = [pool.submit(self.statuses, gateway, 20) for _ in range(16)]
            statuses = [status for run in runs for status in run.result()]
        self.assertEqual((statuses.count(200), statuses.count(429)), (100, 220))
        self.assertEqual(len(server.seen()), 100)

    def test_tokens_come_back(self):
        gateway = self.start(self.backend(), route=limits("rate: { requests: 20, per: 1s, burst: 1 }"))
        client = self.client(gateway)
        self.assertEqual(client.get().status, 200)
        wait_until(lambda: client.get().status == 200, "a token comes back")

    def test_a_request_with_a_body_is_refused_before_the_body(self):
        gateway = self.start(self.backend(), route=limits("rate: { requests: 1, per: 1h }"))
        client = self.client(gateway)
        self.assertEqual(client.get().status, 200)
        client.send(b"POST / HTTP/1.1\r\nHost: gw.test\r\nContent-Length: 1000000\r\n\r\n")
        response = client.read_response()
        self.assertEqual((response.status, response.field("connection")), (429, "close"))

    def test_keys_tell_clients_apart(self):
        gateway = self.start(self.backend(),
                             route=limits("rate: { requests: 1, per: 1h, burst: 2, key: { header: X-Api-Key } }"))
        for key in ("alice", "bob"):
            self.assertEqual(self.statuses(gateway, 3, f"X-Api-Key: {key}\r\n"), [200, 200, 429])
        self.assertEqual(self.statuses(gateway, 3), [200, 200, 429])  # without one: by client
        self.assertEqual(self.statuses(gateway, 1, "X-Api-Key: a\r\nX-Api-Key: b\r\n"), [429])

    def test_certificates_tell_clients_apart(self):
        config = simple_config([self.backend()], route=limits("rate: { requests: 1, per: 1h, key: certificate }"))
        config = config.replace("key: server.key } ] }",
                                "key: server.key } ], client_auth: { mode: request, ca: ca.pem } }")
        gateway = self.gateway(config)
        for name in ("one", "two"):
            gateway.make_certificate((name,), name)
            context = gateway.client_context()
            context.load_cert_chain(*(os.path.join(gateway.directory, f"{name}.{end}") for end in ("crt", "key")))
            self.assertEqual(self.statuses(gateway, 2, context=context), [200, 429])
        self.assertEqual(self.statuses(gateway, 2), [200, 429])

    def test_behind_a_trusted_proxy_its_clients_count(self):
        gateway = self.start(self.backend(), route=limits("rate: { requests: 1, per: 1h }"),
                             listener="    forwarded: { trusted: 127.0.0.1 }")
        for client in ("192.0.2.1", "192.0.2.2"):
            self.assertEqual(self.statuses(gateway, 2, f"X-Forwarded-For: {client}\r\n"), [200, 429])
        self.assertEqual(self.statuses(gateway, 1, "X-Forwarded-For: 198.51.100.1, 192.0.2.1\r\n"), [429])

    def test_what_strangers_forge_changes_nothing(self):
        gateway = self.start(self.backend(), route=limits("rate: { requests: 1, per: 1h }"))
        statuses = [self.statuses(gateway, 1, f"X-Forwarded-For: 192.0.2.{i}\r\n")[0] for i in range(1, 6)]
        self.assertEqual(statuses, [200] + [429] * 4)

    def test_routes_take_the_listeners_or_their_own(self):
        config = simple_config([self.backend()], listener="    limits: { rate: { requests: 1, per: 1h } }")
        config = config.replace("      - { name: all, pool: web }", """      - { name: all, pool: web }
      - { name: own, match: { path: /own }, pool: web, limits: { rate: { requests: 2, per: 1h } } }
      - { name: free, match: { path: /free }, pool: web, limits: { rate: off } }
      - { name: fixed, match: { path: /fixed }, respond: { body: x } }""")
        gateway = self.gateway(config)
        client = self.client(gateway)
        for path, statuses in (("/", [200, 429, 429]), ("/own", [200, 200, 429]), ("/free", [200] * 3),
                               ("/fixed", [200, 429, 429])):
            self.assertEqual([client.get(path).status for _ in range(3)], statuses, path)

    def test_a_reload_forgives_nothing(self):
        config = simple_config([self.backend()], route=limits("rate: { requests: 1, per: 1h, burst: 2 }"))
        gateway = self.gateway(config)
        self.assertEqual(self.statuses(gateway, 3), [200, 200, 429])
        gateway.write(config.replace("burst: 2", "burst: 3"))
        gateway.reload()
        self.assertEqual(self.statuses(gateway, 2), [200, 429])

    def test_a_reload_to_a_quicker_rate_counts_at_once(self):
        config = simple_config([self.backend()], route=limits("rate: { requests: 1, per: 24h, burst: 2 }"))
        gateway = self.gateway(config)
        self.assertEqual(self.statuses(gateway, 3), [200, 200, 429])
        gateway.reload()
        self.assertEqual(self.statuses(gateway, 1), [429])
        gateway.write(config.replace("per: 24h", "per: 1h"))
        for _ in range(2):
            gateway.reload()
            self.assertEqual(self.statuses(gateway, 3)[-1], 429)
        gateway.write(config.replace("requests: 1, per: 24h, burst: 2", "requests: 1000, per: 1s"))
        gateway.reload()
        self.assertEqual(self.statuses(gateway, 1), [200])


class Concurrent(Case):
    def test_holds_the_surplus_off_and_gives_places_back(self):
        release = threading.Event()
        self.addCleanup(release.set)
        server = self.backend(lambda head, body: release.wait(DEADLINE) and ok(b"done"))
        gateway = self.start(server, route=limits("concurrent: { requests: 3 }"), top=ADMIN)
        admitted = [self.client(gateway) for _ in range(3)]
        for client in admitted:
            client.send(GET)
        wait_until(lambda: len(server.seen()) == 3, "three requests are in flight")
        surplus = self.client(gateway)
        refused = surplus.get()
        self.assertEqual((refused.status, refused.field("retry-after")), (429, "1"))
        self.assertIn(b"reason: concurrency_limited", refused.body)
        self.assert_metric(gateway, 1, "ravelin_errors_total", listener="web", reason="concurrency_limited")
        release.set()
        self.assertEqual([client.read_response().body for client in admitted], [b"done"] * 3)
        self.assertEqual([surplus.get().status for _ in range(5)], [200] * 5)

    def test_clients_that_leave_and_servers_that_fail_leak_no_place(self):
        hold = threading.Event()
        self.addCleanup(hold.set)

        def answer(head, body):
            if b"GET /hold" in head:
                hold.wait(DEADLINE)
            return None if b"GET /fail" in head else ok(b"done")

        server = self.backend(answer)
        gateway = self.start(server, route=limits("concurrent: { requests: 2 }") + ", retry: { attempts: 0 }",
                             top=ADMIN)
        def held():
            return sum(b"GET /hold" in head for head, _ in server.seen())

        for turn in range(1, 6):
            hold.clear()
            leavers = [self.client(gateway) for _ in range(2)]
            for leaver in leavers:
                leaver.send(b"GET /hold HTTP/1.1\r\nHost: gw.test\r\n\r\n")
            wait_until(lambda: held() == 2 * turn, "both have arrived")
            self.assertEqual(self.client(gateway).get().status, 429)
            for leaver in leavers:
                leaver.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                leaver.close()  # with a reset
            hold.set()
            client = self.client(gateway)
            wait_until(lambda: client.get("/").status == 200, "a place is free")
            self.assertIn(client.get("/fail").status, (502, 429))
            wait_until(lambda: gateway.metric("ravelin_requests_in_flight") == 0, "nothing is in flight")
        hold.clear()
        wait_until(lambda: gateway.metric("ravelin_requests_in_flight") == 0, "nothing is in flight")
        for client in [self.client(gateway) for _ in range(2)]:
            client.send(b"GET /hold HTTP/1.1\r\nHost: gw.test\r\n\r\n")
        wait_until(lambda: held() == 12, "both places were free")
        self.assertEqual(self.client(gateway).get().status, 429)


class Bandwidth(Case):
    """Half a megabyte at 256 KiB a second: two seconds, give or take a busy machine."""

    SIZE = 512 * 1024

    def test_a_response_is_slowed_down_and_whole(self):
        body = os.urandom(self.SIZE)
        gateway = self.start(self.backend(lambda head, _: ok(body)),
                             route=limits("bandwidth: { down: 256KiB }"))
        client, other = self.client(gateway), self.client(gateway)
        before, cpu = time.monotonic(), gateway.cpu_seconds()
        client.send(GET)
        self.assertEqual(client.read_response().body, body)
        took = time.monotonic() - before
        self.assertGreater(took, 1.4)
        self.assertLess(took, 8)
        self.assertLess(gateway.cpu_seconds() - cpu, 0.5)  # nobody spins while it waits
        before = time.monotonic()
        other.send(b"HEAD / HTTP/1.1\r\nHost: gw.test\r\n\r\n")
        self.assertEqual(other.read_response(b"HEAD").status, 200)
        self.assertLess(time.monotonic() - before, 1)

    def test_an_upload_is_slowed_down_and_whole(self):
        body = os.urandom(self.SIZE)
        server = self.backend(lambda head, received: ok(b"%d" % len(received)))
        gateway = self.start(server, route=limits("bandwidth: { up: 256KiB }"))
        client = self.client(gateway)
        before = time.monotonic()
        client.send(b"POST / HTTP/1.1\r\nHost: gw.test\r\nContent-Length: %d\r\n\r\n" % len(body))
        client.send(body)
        self.assertEqual(client.read_response().body, b"%d" % len(body))
        took = time.monotonic() - before
        self.assertGreater(took, 1.4)
        self.assertEqual(server.seen()[0][1], body)

    def test_who_is_slowed_down_is_not_blamed_for_it(self):
        body = os.urandom(256 * 1024)
        gateway = self.start(self.backend(lambda head, _: ok(body)),
                             route=limits("bandwidth: { down: 32KiB }") + ", timeouts: { first_byte: 500ms }",
                             listener="    timeouts: { body_idle: 500ms, min_rate: 1MiB }")
        client = self.client(gateway)
        client.send(GET)
        self.assertEqual(client.read_response().body, body)


if __name__ == "__main__":
    unittest.main()
