"""Copies of requests for another pool: how many, what is in them, and that whatever becomes of them no client
notices."""

import threading
import time

from harness import ADMIN, MEMORY_FACTOR, Backend, Case, ok, simple_config, unittest, wait_until

POST = b"POST /in HTTP/1.1\r\nHost: gw.test\r\n"


def fields_of(head):
    """The request line, and the fields as a set of lines."""
    lines = head.split(b"\r\n")
    return lines[0], sorted(lines[1:])


class Mirrors(Case):
    def mirrored(self, shadow=None, rules="", route="", pool="", server=None, top="", main=None):
        """A gateway before one server, and a shadow of it: a backend, or an answer."""
        self.main = self.backend(main)
        self.shadow = shadow if isinstance(shadow, Backend) else self.backend(shadow)
        text = simple_config([self.main], route=f", mirror: {{ pool: shadow{rules} }}{route}", top=ADMIN + "\n" + top)
        text += f"""  - name: shadow
{pool}
    servers:
      - {{ name: t0, address: "127.0.0.1:{self.shadow.port}"{server or ""} }}
"""
        self.gate = self.gateway(text)
        return self.gate

    def results(self):
        found = {}
        for result in ("answered", "failed", "timeout", "no_server", "dropped", "too_large", "incomplete", "ended"):
            value = self.gate.metric("ravelin_mirrored_requests_total", pool="shadow", result=result)
            if value:
                found[result] = int(value)
        return found

    def wait_for(self, **results):
        try:
            wait_until(lambda: self.results() == results, "the copies have ended")
        except AssertionError:
            self.assertEqual(self.results(), results)

    def ask(self, client, count, path="/"):
        for _ in range(count):
            response = client.get(path)
            self.assertEqual((response.status, response.body), (200, b"hello"))


class Copies(Mirrors):
    def test_are_the_request_with_its_method_path_fields_and_body(self):
        gateway = self.mirrored(route=", request_headers: { set: { X-Route: \"{route}\" } }, rewrite: { prefix: /app }")
        client = self.client(gateway)
        requests = [b"GET /a?b=c HTTP/1.1\r\nHost: gw.test\r\nCookie: d=e\r\nX-Own: yes\r\n\r\n",
                    POST + b"Content-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello",
                    POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n",
                    b"DELETE /x HTTP/1.1\r\nHost: gw.test\r\n\r\n"]
        for request in requests:
            client.send(request)
            self.assertEqual(client.read_response().status, 200)
        wait_until(lambda: len(self.shadow.seen()) == len(requests), "every request is copied")
        by_id = {head.lower().split(b"x-request-id: ")[1][:32]: (head, body) for head, body in self.shadow.seen()}
        for head, body in self.main.seen():
            copied_head, copied_body = by_id[head.lower().split(b"x-request-id: ")[1][:32]]
            line, fields = fields_of(head)
            copied_line, copied_fields = fields_of(copied_head)
            self.assertEqual((copied_line, copied_body), (line, body))
            self.assertEqual(copied_fields, sorted(fields + [b"X-Mirrored-By: ravelin"]))
        self.wait_for(answered=len(requests))

    def test_are_a_share_of_the_requests(self):
        gateway = self.mirrored(rules=", percent: 20")
        count = 600
        self.ask(self.client(gateway), count)
        wait_until(lambda: self.results().get("answered", 0) == len(self.shadow.seen()), "the copies have ended")
        # Binomial, n = 600, p = 0.2: mean 120, deviation 9.8; five of those.
        self.assertTrue(70 <= len(self.shadow.seen()) <= 170, len(self.shadow.seen()))
        self.assertEqual(len(self.main.seen()), count)

    def test_of_no_share_are_none(self):
        gateway = self.mirrored(rules=", percent: 0")
        self.ask(self.client(gateway), 20)
        self.assertEqual((self.shadow.seen(), self.results()), ([], {}))

    def test_are_not_copied_again_nor_are_upgrades(self):
        gateway = self.mirrored()
        client = self.client(gateway)
        self.assertEqual(client.get(fields="X-Mirrored-By: somebody\r\n").status, 200)
        self.assertEqual(client.get(fields="Connection: upgrade\r\nUpgrade: x\r\n").status, 200)
        self.ask(client, 1)
        self.wait_for(answered=1)
        self.assertEqual(len(self.shadow.seen()), 1)

    def test_do_not_ask_whether_to_go_on(self):
        def main(connection):
            head = b""
            while b"\r\n\r\n" not in head:
                head += connection.recv(65536)
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            while not head.endswith(b"late"):
                head += connection.recv(65536)
            connection.sendall(ok(b"hello"))

        gateway = self.mirrored()
        self.main.raw = main
        client = self.client(gateway)
        client.send(POST + b"Expect: 100-continue\r\nContent-Length: 4\r\n\r\n")
        self.assertIn(b"100 Continue", client.receive())
        client.send(b"late")
        self.assertEqual(client.read_response().status, 200)
        self.wait_for(answered=1)
        head, body = self.shadow.seen()[0]
        self.assertEqual(body, b"late")
        self.assertNotIn(b"expect", head.lower())

    def test_come_with_the_clients_address_where_that_is_asked(self):
        import proxy_protocol
        told = []

        def raw(connection):
            told.append(proxy_protocol.read_header(connection)[1])
            connection.recv(65536)
            connection.sendall(ok(b"fine"))

        self.mirrored(self.backend(raw=raw), pool="    proxy_protocol: v2")
        self.ask(self.client(self.gate), 2)
        self.wait_for(answered=2)
        self.assertEqual(told, ["127.0.0.1", "127.0.0.1"])

    def test_use_kept_connections(self):
        gateway = self.mirrored()
        client = self.client(gateway)
        for i in range(20):
            self.ask(client, 1)
            self.wait_for(answered=i + 1)
        self.assertLessEqual(self.shadow.connections, 2)

    def test_keep_to_the_limits_of_nobody(self):
        """Neither of the client's nor of the gateway's own count of requests."""
        gateway = self.mirrored(lambda head, body: time.sleep(1) or ok(b"slow"),
                                route=", limits: { concurrent: { requests: 1 } }", top="overload: { requests_max: 1 }")
        self.ask(self.client(gateway), 20)


class Bodies(Mirrors):
    def post(self, client, size, chunked=False):
        if chunked:
            client.send(POST + b"Transfer-Encoding: chunked\r\n\r\n")
            for _ in range(size // 1000):
                client.send(b"3e8\r\n" + b"x" * 1000 + b"\r\n")
            client.send(b"0\r\n\r\n")
        else:
            client.send(POST + b"Content-Length: %d\r\n\r\n" % size + b"x" * size)
        self.assertEqual(client.read_response().status, 200)

    def test_up_to_the_bound_are_copied_and_larger_ones_are_not(self):
        gateway = self.mirrored(rules=", body_max: 10000")
        client = self.client(gateway)
        for chunked in (False, True):
            self.post(client, 10000, chunked)
            self.post(client, 11000, chunked)
        self.wait_for(answered=2, too_large=2)
        self.assertEqual([len(body) for _, body in self.shadow.seen()], [10000, 10000])
        self.assertEqual(len(self.main.seen()), 4)

    def test_of_many_pieces_are_copied_whole(self):
        gateway = self.mirrored(rules=", body_max: 4MiB")
        client = self.client(gateway)
        for chunked in (False, True):
            self.post(client, 3_000_000, chunked)
        self.wait_for(answered=2)
        self.assertEqual([body for _, body in self.shadow.seen()], [b"x" * 3_000_000] * 2)

    def test_that_do_not_come_whole_are_not_copied(self):
        gateway = self.mirrored()
        client = self.client(gateway)
        client.send(POST + b"Content-Length: 100\r\n\r\nonly this")
        wait_until(lambda: self.main.connections == 1, "the request is on its way")
        client.close()
        self.wait_for(incomplete=1)
        self.assertEqual(self.shadow.connections, 0)

    def test_do_not_fill_the_memory(self):
        """Many bodies under way to a shadow that reads none: the bound holds, the rest is dropped."""
        reads_nothing = self.backend(raw=lambda connection: time.sleep(8))
        gateway = self.mirrored(reads_nothing, rules=", body_max: 1MiB, in_flight_max: 4, timeout: 5s")
        client = self.client(gateway)
        self.post(client, 1000)
        before = gateway.rss_kib()
        for _ in range(60):
            self.post(client, 1_000_000)
        results = self.results()
        self.assertGreaterEqual(results.get("dropped", 0), 30)
        self.assertLess(gateway.rss_kib() - before, (4 * 1024 + 8 * 1024) * MEMORY_FACTOR)


class Shadows(Mirrors):
    """What a bad shadow does to the client: nothing."""

    def assert_unnoticed(self, count=30):
        began = time.monotonic()
        self.ask(self.client(self.gate), count)
        self.assertLess(time.monotonic() - began, 2.0)  # one wait for any of them would be 5 s
        self.assertTrue(all(r["reason"] == "none" for r in self.gate.access_records()))

    def test_that_hangs(self):
        self.mirrored(lambda head, body: time.sleep(8) or ok(b"late"), rules=", timeout: 5s")
        self.assert_unnoticed()

    def test_that_is_dead(self):
        gone = Backend()
        gone.close()
        self.mirrored(gone, pool="    ejection: { consecutive_failures: 0 }")
        self.assert_unnoticed()
        self.wait_for(failed=30)

    def test_that_is_dead_and_ejected(self):
        gone = Backend()
        gone.close()
        self.mirrored(gone, pool="    ejection: { consecutive_failures: 3, base_time: 60s, max_percent: 100 }")
        self.assert_unnoticed()
        wait_until(lambda: sum(self.results().values()) == 30, "every copy is counted")

    def test_that_answers_garbage(self):
        self.mirrored(lambda head, body: b"\x00\x01\x02 what\r\n\r\n", pool="    ejection: { consecutive_failures: 0 }")
        self.assert_unnoticed()
        self.wait_for(failed=30)

    def test_that_closes_at_once(self):
        self.mirrored(lambda head, body: None, pool="    ejection: { consecutive_failures: 0 }")
        self.assert_unnoticed()
        self.wait_for(failed=30)

    def test_that_breaks_off_is_counted_once(self):
        def half(connection):
            connection.recv(1000)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")

        self.mirrored(self.backend(raw=half), pool="    ejection: { consecutive_failures: 0 }")
        self.assert_unnoticed()
        self.wait_for(failed=30)
        self.assertEqual(self.gate.metric("ravelin_server_requests_total", pool="shadow"), 30)

    def test_that_answers_too_much(self):
        self.mirrored(lambda head, body: ok(b"x" * 8_000_000))
        self.assert_unnoticed(5)
        self.wait_for(answered=5)
        self.assertEqual(self.shadow.connections, 5)  # not read to the end: not kept

    def test_that_refuses_the_bodies(self):
        def refuse(connection):
            connection.recv(1000)
            connection.sendall(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

        gateway = self.mirrored(self.backend(raw=refuse), rules=", body_max: 4MiB, timeout: 5s",
                                pool="    ejection: { consecutive_failures: 0 }")
        client = self.client(gateway)
        client.send(POST + b"Content-Length: 3000000\r\n\r\n" + b"x" * 3_000_000)
        self.assertEqual(client.read_response().status, 200)
        wait_until(lambda: sum(self.results().values()) == 1, "the copy has ended")

    def test_that_sends_interim_answers_and_errors(self):
        self.mirrored(lambda head, body: b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n")
        self.assert_unnoticed(10)
        self.wait_for(answered=10)
        self.assertEqual(self.gate.metric("ravelin_server_requests_total", pool="shadow", code="500"), 10)
        self.assertEqual(self.gate.metric("ravelin_server_requests_total", pool="web", code="500"), 0)

    def test_that_is_late_counts_as_that(self):
        self.mirrored(lambda head, body: time.sleep(3) or ok(b"late"), rules=", timeout: 200ms",
                      pool="    ejection: { consecutive_failures: 0 }")
        self.assert_unnoticed(3)
        self.wait_for(timeout=3)

    def test_has_a_bounded_number_of_copies_under_way(self):
        self.mirrored(lambda head, body: time.sleep(8) or ok(b"late"), rules=", in_flight_max: 3, timeout: 5s")
        self.ask(self.client(self.gate), 20)  # one client: one worker
        wait_until(lambda: len(self.shadow.seen()) == 3, "three copies have come")
        self.assertEqual(self.results(), {"dropped": 17})

    def test_is_not_queued_for(self):
        self.mirrored(lambda head, body: time.sleep(8) or ok(b"late"), server=", connections_max: 2", rules=", timeout: 5s")
        self.ask(self.client(self.gate), 10)
        self.wait_for(no_server=8)


class Ends(Mirrors):
    def test_a_stop_does_not_wait_for_copies(self):
        self.mirrored(lambda head, body: time.sleep(60) or ok(b"late"), rules=", timeout: 60s")
        client = self.client(self.gate)
        self.ask(client, 10)
        wait_until(lambda: len(self.shadow.seen()) == 10, "the copies are under way")
        client.close()
        began = time.monotonic()
        self.assertEqual(self.gate.stop(), 0)
        self.assertLess(time.monotonic() - began, 6)

    def test_a_stop_while_bodies_of_copies_are_on_their_way(self):
        reads_nothing = self.backend(raw=lambda connection: time.sleep(20))
        gateway = self.mirrored(reads_nothing, rules=", body_max: 16MiB, timeout: 60s")
        client = self.client(gateway)
        for _ in range(3):
            client.send(POST + b"Content-Length: 12000000\r\n\r\n" + b"x" * 12_000_000)
            self.assertEqual(client.read_response().status, 200)
        client.close()
        began = time.monotonic()
        self.assertEqual(gateway.stop(), 0)
        self.assertLess(time.monotonic() - began, 6)

    def test_a_reload_lets_copies_end_and_counts_them(self):
        may_end = threading.Event()
        gateway = self.mirrored(lambda head, body: may_end.wait(20) and ok(b"late"),
                                rules=", in_flight_max: 5, timeout: 20s")
        client = self.client(gateway)
        self.ask(client, 5)
        for _ in range(3):
            gateway.reload()
        self.ask(client, 5)
        self.assertEqual(self.results(), {"dropped": 5})  # those of the generation before still count
        may_end.set()
        self.wait_for(dropped=5, answered=5)
        self.ask(client, 1)
        self.wait_for(dropped=5, answered=6)

    def test_a_pool_may_leave_while_copies_run(self):
        gateway = self.mirrored(lambda head, body: time.sleep(1) or ok(b"late"))
        client = self.client(gateway)
        self.ask(client, 5)
        wait_until(lambda: len(self.shadow.seen()) == 5, "the copies are under way")
        gateway.write(simple_config([self.main], top=ADMIN))
        gateway.reload()
        self.ask(client, 5)
        self.wait_for(answered=5)


if __name__ == "__main__":
    unittest.main()
