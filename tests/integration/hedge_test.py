"""Slow requests that go to a second server as well: when, how many, which answer counts, and that nothing of
the other is left behind."""

import http.client
import json
import socket
import threading
import time

import proxy_protocol
from harness import ADMIN, DEADLINE, Backend, Case, ok, unittest, wait_until

UNAVAILABLE = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy"
NO_EJECTION = "    ejection: { consecutive_failures: 0 }"
SLOW = 0.4  # seconds; a hedge leaves after 50 to 90 ms
HANG = 1.5  # longer than anything that is hedged takes


class Counter:
    """Turns of several servers together, from 0."""

    def __init__(self):
        self.value, self.lock = -1, threading.Lock()

    def next(self):
        with self.lock:
            self.value += 1
            return self.value


def after(seconds, answer=b"", then=None):
    """An answer that takes its time; None closes the connection instead."""
    def late(head, body):
        time.sleep(seconds)
        return then if then is not None or answer is None else ok(answer)
    return late


def in_turn(*answers):
    """The answers of several servers together: the first request gets the first, whoever takes it."""
    turns = Counter()
    return lambda head, body: answers[turns.next() % len(answers)](head, body)


class Hedges(Case):
    def hedged(self, *servers, rules="after: 50ms, percent_max: 100", route="", pool=NO_EJECTION, **more):
        """A gateway before these servers, each a backend or an answer. All requests of one client come to one
        worker; which server it asks first is open."""
        self.servers = [s if isinstance(s, Backend) else self.backend(s) for s in servers]
        gateway = self.start(*self.servers, route=f", hedge: {{ {rules} }}{route}", pool=pool, top=ADMIN, **more)
        self.gate = gateway
        return gateway

    def pair(self, first, second, **more):
        """Before two servers: whichever is asked first answers `first`."""
        answers = in_turn(first, second)
        return self.hedged(answers, answers, **more)

    def results(self):
        found = {}
        for result in ("won", "lost", "failed", "ended", "denied", "no_server"):
            value = self.gate.metric("ravelin_hedges_total", pool="web", result=result)
            if value:
                found[result] = int(value)
        return found

    def wait_for(self, **results):
        wait_until(lambda: self.results() == results, f"hedges are {results}, not {self.results()}")

    def sent(self):
        return sum(len(server.seen()) for server in self.servers)

    def places(self):
        """Requests in flight, by server, as the gateway counts them."""
        connection = http.client.HTTPConnection("127.0.0.1", self.gate.admin_port, timeout=DEADLINE)
        connection.request("GET", "/v1/status")
        status = json.loads(connection.getresponse().read())
        connection.close()
        return [s["in_flight"] for pool in status["pools"] if pool["pool"] == "web" for s in pool["servers"]]

    def assert_nothing_left(self):
        wait_until(lambda: sum(self.places()) == 0, "every place is given back")
        in_use = lambda: self.gate.metric("ravelin_server_connections", pool="web", state="active")
        wait_until(lambda: in_use() == 0, "no connection is in use")

    def first_record(self, condition):
        return wait_until(lambda: next((r for r in self.gate.access_records() if condition(r)), None), "the access record")


class Race(Hedges):
    def test_the_second_server_answers_for_a_slow_one(self):
        gateway = self.hedged(after(HANG, b"slow"), lambda head, body: ok(b"quick"))
        client = self.client(gateway)
        for _ in range(4):
            began = time.monotonic()
            response = client.get()
            self.assertEqual((response.status, response.body), (200, b"quick"))
            self.assertLess(time.monotonic() - began, HANG - 0.3)
        self.assertGreaterEqual(self.results()["won"], 2)
        won = self.first_record(lambda r: r.get("hedge") == "won")
        self.assertEqual((won["server"], won["retries"], won["reason"]), ("s1", 0, "none"))
        self.assertNotIn("hedge", self.first_record(lambda r: r.get("hedge") is None))
        self.assert_nothing_left()

    def test_the_first_answer_counts_when_both_are_slow(self):
        gateway = self.hedged(after(SLOW, b"slow"), after(SLOW, b"slow"))
        self.assertEqual(self.client(gateway).get().status, 200)
        self.wait_for(lost=1)
        self.assertEqual(self.sent(), 2)
        self.assertEqual(self.first_record(lambda r: True)["hedge"], "lost")
        self.assert_nothing_left()

    def test_what_is_quick_is_sent_once(self):
        gateway = self.hedged(lambda head, body: ok(b"a"), lambda head, body: ok(b"b"))
        client = self.client(gateway)
        for _ in range(30):
            self.assertEqual(client.get().status, 200)
        self.assertEqual((self.sent(), self.results()), (30, {}))

    def test_no_byte_of_the_loser_reaches_the_client(self):
        """Both answer at nearly the same time, many times over, on kept connections."""
        gateway = self.hedged(after(0.07, b"a" * 3000), after(0.005, b"b" * 3000))
        client = self.client(gateway)
        for _ in range(25):
            response = client.get()
            self.assertIn(response.body, (b"a" * 3000, b"b" * 3000))
            self.assertEqual(response.rest, b"")
        self.assert_nothing_left()

    def test_a_large_answer_of_the_winner_is_whole(self):
        large = bytes(range(256)) * 8192
        gateway = self.hedged(after(HANG, b"slow"), lambda head, body: ok(large))
        client = self.client(gateway)
        for _ in range(3):
            self.assertEqual(client.get().body, large)
        self.assert_nothing_left()

    def test_head_requests_too(self):
        gateway = self.hedged(after(HANG, then=b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"),
                              lambda head, body: b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
        client = self.client(gateway)
        for _ in range(2):
            client.send(b"HEAD / HTTP/1.1\r\nHost: gw.test\r\n\r\n")
            self.assertEqual(client.read_response(b"HEAD").field("content-length"), "5")


class Failures(Hedges):
    """What fails by itself while another is under way."""

    def test_a_second_server_that_is_down_does_no_harm(self):
        gone = Backend()
        gone.close()
        gateway = self.hedged(after(SLOW, b"slow"), gone, route=", retry: { attempts: 0, on: [connect] }")
        client = self.client(gateway)
        statuses = {client.get().status for _ in range(3)}
        self.assertIn(200, statuses)
        self.assertLessEqual(statuses, {200, 502})  # 502: the turn of the one that is down, without a retry
        self.assertGreaterEqual(self.results()["failed"], 1)
        self.assertNotIn("won", self.results())
        self.assert_nothing_left()

    def test_the_hedge_goes_on_when_the_first_closes(self):
        gateway = self.pair(after(0.25, None), after(0.6, b"hedge"), route=", retry: { attempts: 0 }")
        response = self.client(gateway).get()
        self.assertEqual((response.status, response.body), (200, b"hedge"))
        self.wait_for(won=1)
        record = self.first_record(lambda r: True)
        self.assertEqual((record["retries"], record["hedge"], record["reason"]), (1, "won", "none"))
        self.assert_metric(gateway, 1, "ravelin_upstream_retries_total", reason="upstream_closed")
        self.assertEqual(self.sent(), 2)
        self.assert_nothing_left()

    def test_and_when_the_first_answers_a_status_that_is_retried(self):
        gateway = self.pair(after(0.25, then=UNAVAILABLE), after(0.6, b"hedge"), route=", retry: { on: [503] }")
        response = self.client(gateway).get()
        self.assertEqual((response.status, response.body), (200, b"hedge"))
        self.assert_metric(gateway, 1, "ravelin_upstream_retries_total", reason="upstream_error_status")
        self.assertEqual(self.sent(), 2)

    def test_without_a_hedge_left_that_status_is_an_answer(self):
        gateway = self.hedged(after(0.25, then=UNAVAILABLE), after(0.25, then=UNAVAILABLE),
                              route=", retry: { attempts: 1, on: [503] }")
        response = self.client(gateway).get()
        self.assertEqual((response.status, response.body), (503, b"busy"))
        self.assert_nothing_left()

    def test_both_fail_and_the_retry_rules_go_on(self):
        turns = Counter()

        def answer(head, body):
            if turns.next() >= 2:
                return ok(b"third")
            time.sleep(0.25)
            return None

        gateway = self.hedged(answer, answer, answer, route=", retry: { attempts: 3 }")
        response = self.client(gateway).get()
        self.assertEqual((response.status, response.body), (200, b"third"))
        self.assertEqual(self.sent(), 3)
        self.assert_nothing_left()

    def test_both_fail_and_there_is_no_retry(self):
        gateway = self.hedged(after(0.25, None), after(0.25, None), route=", retry: { attempts: 0 }")
        self.assertEqual(self.client(gateway).get().status, 502)
        self.assertEqual(self.sent(), 2)
        self.wait_for(failed=1)
        self.assert_nothing_left()

    def test_losing_is_no_failure_and_failing_is(self):
        """The slow server loses again and again and stays; one that closes is put out."""
        gateway = self.hedged(after(SLOW, b"slow"), lambda head, body: ok(b"quick"),
                              pool="    ejection: { consecutive_failures: 2, base_time: 60s }")
        client = self.client(gateway)
        for _ in range(10):
            self.assertEqual(client.get().status, 200)
        self.assertGreaterEqual(self.results()["won"], 4)
        self.assertNotIn("server ejected", gateway.log())
        self.assertEqual(gateway.metric("ravelin_server_answers_total", pool="web", server="s0"), 0)
        self.assertEqual(gateway.metric("ravelin_server_requests_total", pool="web", server="s0", code="000"), 0)

    def test_a_first_that_fails_under_a_hedge_is_counted(self):
        gateway = self.hedged(after(0.25, None), after(0.5, b"hedge"),
                              pool="    ejection: { consecutive_failures: 1, base_time: 60s }")
        client = self.client(gateway)
        for _ in range(2):
            self.assertEqual(client.get().status, 200)
        wait_until(lambda: "server ejected" in gateway.log(), "the server that closes is put out")
        self.assertEqual(gateway.metric("ravelin_server_up", server="s1"), 1)


class Bounds(Hedges):
    def test_p99_is_below_the_hang_and_servers_get_a_tenth_more(self):
        turns = Counter()

        def answer(head, body):
            if turns.next() % 20 == 19:
                time.sleep(HANG)
            return ok(b"fine")

        gateway = self.hedged(answer, answer, answer, rules="after: 50ms")
        count, client, times = 300, self.client(gateway), []
        for _ in range(count):
            began = time.monotonic()
            self.assertEqual(client.get().status, 200)
            times.append(time.monotonic() - began)
        self.assertLess(sorted(times)[int(0.99 * count) - 1], HANG - 0.3)
        self.assertLessEqual(self.sent(), 1.1 * count)
        self.assertGreaterEqual(self.results()["won"], 0.03 * count)
        self.assert_nothing_left()

    def test_no_more_than_percent_max_are_sent_twice(self):
        gateway = self.hedged(after(0.15), after(0.15), rules="after: 50ms, percent_max: 10")
        count, client = 40, self.client(gateway)
        for _ in range(count):
            self.assertEqual(client.get().status, 200)
        results = self.results()
        self.assertLessEqual(self.sent(), 1.1 * count)
        self.assertEqual(results["denied"] + results.get("lost", 0) + results.get("won", 0), count)
        self.assertGreaterEqual(results["denied"], 0.9 * count)
        self.assertGreaterEqual(results.get("lost", 0) + results.get("won", 0), 2)

    def test_what_has_effects_or_a_body_is_never_sent_twice(self):
        gateway = self.hedged(after(SLOW), after(SLOW))
        client = self.client(gateway)
        requests = [b"POST / HTTP/1.1\r\nHost: gw.test\r\nContent-Length: 0\r\n\r\n",
                    b"PUT / HTTP/1.1\r\nHost: gw.test\r\nContent-Length: 2\r\n\r\nhi",
                    b"DELETE / HTTP/1.1\r\nHost: gw.test\r\n\r\n",
                    b"GET / HTTP/1.1\r\nHost: gw.test\r\nContent-Length: 2\r\n\r\nhi",
                    b"GET / HTTP/1.1\r\nHost: gw.test\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"]
        for request in requests:
            client.send(request)
            self.assertEqual(client.read_response().status, 200)
        self.assertEqual((self.sent(), self.results()), (len(requests), {}))

    def test_no_session_is_sent_to_another_server(self):
        gateway = self.hedged(after(SLOW), after(SLOW), pool=NO_EJECTION + "\n    sticky: { cookie: srv }")
        client = self.client(gateway)
        cookie = client.get().field("set-cookie").split(";")[0]
        self.wait_for(lost=1)  # without a cookie it may go anywhere
        before = self.sent()
        for _ in range(3):
            self.assertEqual(client.get(fields=f"Cookie: {cookie}\r\n").status, 200)
        self.assertEqual((self.sent() - before, self.results()), (3, {"lost": 1}))

    def test_a_new_session_is_bound_to_the_server_that_answered(self):
        gateway = self.hedged(after(HANG, b"s0"), lambda head, body: ok(b"s1"),
                              pool=NO_EJECTION + "\n    sticky: { cookie: srv }")
        for _ in range(3):
            client = self.client(gateway)
            response = client.get()
            cookie = response.field("set-cookie").split(";")[0]
            self.assertEqual(client.get(fields=f"Cookie: {cookie}\r\n").body, response.body)

    def test_it_waits_for_no_place(self):
        gateway = self.hedged(after(SLOW), after(SLOW), server=", connections_max: 1")
        clients = [self.client(gateway) for _ in range(2)]
        for client in clients:
            client.send(b"GET / HTTP/1.1\r\nHost: gw.test\r\n\r\n")
        for client in clients:
            self.assertEqual(client.read_response().status, 200)
        self.assertEqual((self.sent(), self.results()), (2, {"no_server": 2}))
        self.assert_nothing_left()


class Ends(Hedges):
    """What ends while both run."""

    def test_a_client_that_goes_away_leaves_nothing_behind(self):
        gateway = self.hedged(after(HANG), after(HANG))
        for _ in range(4):
            client = self.client(gateway)
            client.send(b"GET / HTTP/1.1\r\nHost: gw.test\r\n\r\n")
        wait_until(lambda: sum(self.places()) == 8, "both servers are asked")
        for connection in range(4):
            client.close()
        self.assert_nothing_left()
        self.assertEqual(self.client(gateway).get().status, 200)

    def test_the_deadline_of_the_request_ends_both_and_blames_none(self):
        gateway = self.hedged(after(HANG), after(HANG), route=", timeouts: { request: 300ms }",
                              pool="    ejection: { consecutive_failures: 1 }")
        response = self.client(gateway).get()
        self.assertEqual(response.status, 504)
        self.assertEqual(gateway.record("request_timeout")["hedge"], "ended")
        self.assertNotIn("server ejected", gateway.log())
        self.assert_nothing_left()

    def test_no_first_byte_in_time_is_504_and_the_fault_of_both(self):
        gateway = self.hedged(after(HANG), after(HANG),
                              route=", timeouts: { first_byte: 300ms }, retry: { attempts: 0 }")
        self.assertEqual(self.client(gateway).get().status, 504)
        gateway.record("first_byte_timeout")
        for server in ("s0", "s1"):
            self.assertEqual(gateway.metric("ravelin_server_requests_total", pool="web", server=server, code="000"), 1)
        self.assert_nothing_left()

    def test_a_try_of_its_own_may_be_late_while_the_hedge_runs(self):
        gateway = self.pair(after(HANG), after(0.7, b"hedge"), rules="after: 500ms, percent_max: 100",
                            route=", retry: { attempts: 0, on: [timeout], per_try_timeout: 1s }")
        response = self.client(gateway).get()
        self.assertEqual((response.status, response.body), (200, b"hedge"))
        self.assert_metric(gateway, 1, "ravelin_upstream_retries_total", reason="first_byte_timeout")
        self.assert_nothing_left()

    def test_a_stop_cuts_both(self):
        gateway = self.hedged(after(20), after(20), route="")
        client = self.client(gateway)
        client.send(b"GET / HTTP/1.1\r\nHost: gw.test\r\n\r\n")
        wait_until(lambda: sum(self.places()) == 2, "both servers are asked")
        gateway.write(open(gateway.config).read().replace("version: 1\n", "version: 1\ndrain_timeout: 1s\n"))
        gateway.reload()
        began = time.monotonic()
        self.assertEqual(gateway.stop(), 0)
        self.assertLess(time.monotonic() - began, 8)
        response = client.read_response()
        self.assertTrue(response is None or response.status == 503)

    def test_a_reload_lets_both_run(self):
        gateway = self.hedged(after(HANG), after(HANG))
        client = self.client(gateway)
        client.send(b"GET / HTTP/1.1\r\nHost: gw.test\r\n\r\n")
        wait_until(lambda: sum(self.places()) == 2, "both servers are asked")
        gateway.reload()
        self.assertEqual(client.read_response().status, 200)
        self.assert_nothing_left()


class Servers(Hedges):
    def test_each_gets_its_own_proxy_header(self):
        headers = []

        def raw(delay):
            def serve(connection):
                headers.append(proxy_protocol.read_header(connection)[0])
                connection.recv(65536)
                time.sleep(delay)
                connection.sendall(ok(b"fine"))
            return serve

        gateway = self.hedged(self.backend(raw=raw(SLOW)), self.backend(raw=raw(SLOW)),
                              pool=NO_EJECTION + "\n    proxy_protocol: v1")
        self.assertEqual(self.client(gateway).get().body, b"fine")
        self.wait_for(lost=1)
        self.assertEqual(headers, ["v1", "v1"])
        self.assert_nothing_left()

    def test_a_connect_that_hangs_is_hedged_too(self):
        """A server that takes no connection: its backlog is full."""
        full = Backend()
        full.close()
        listener = socket.create_server(("127.0.0.1", 0), backlog=0)
        self.addCleanup(listener.close)
        full.port = listener.getsockname()[1]
        for _ in range(4):
            connection = socket.socket()
            self.addCleanup(connection.close)
            connection.setblocking(False)
            connection.connect_ex(("127.0.0.1", full.port))
        gateway = self.hedged(full, lambda head, body: ok(b"quick"))
        client = self.client(gateway)
        for _ in range(3):
            began = time.monotonic()
            self.assertEqual(client.get().body, b"quick")
            self.assertLess(time.monotonic() - began, 1.5)  # before timeouts.connect, 3 s
        self.assertGreaterEqual(self.results()["won"], 1)
        self.assert_nothing_left()

    def test_a_hash_goes_to_the_next_on_the_ring(self):
        gateway = self.hedged(after(HANG, b"a"), lambda head, body: ok(b"b"), lambda head, body: ok(b"c"),
                              pool=NO_EJECTION + "\n    balance: hash\n    hash: { key: path }")
        client = self.client(gateway)
        for i in range(12):
            self.assertIn(client.get(f"/{i}").body, (b"b", b"c"))
        self.assert_nothing_left()

    def test_an_open_circuit_or_one_server_sends_none(self):
        gateway = self.hedged(after(SLOW))
        self.assertEqual(self.client(gateway).get().status, 200)
        self.assertEqual((self.sent(), self.results()), (1, {}))
        self.assertIn("has no effect: pool \"web\" has one server", gateway.log())


if __name__ == "__main__":
    unittest.main()
