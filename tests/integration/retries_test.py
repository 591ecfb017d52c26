"""Which failures of a try the route sends again, how long a try may take, and the budget of retries."""

import time

from harness import ADMIN, DEADLINE, Backend, Case, ok, unittest, wait_until

UNAVAILABLE = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy"
NO_EJECTION = "    ejection: { consecutive_failures: 0 }"


def retry(rules):
    return f", retry: {{ {rules} }}"


class Retries(Case):
    def pair(self, bad, rules, pool=NO_EJECTION, route=""):
        """A gateway before a bad server, which is asked first, and a good one."""
        self.bad, self.good = self.backend(bad), self.backend()
        return self.start(self.bad, self.good, route=retry(rules) + route, pool=pool, top=ADMIN)

    def statuses(self, gateway, count, method=b"GET"):
        client = self.client(gateway)
        found = []
        for _ in range(count):
            client.send(method + b" / HTTP/1.1\r\nHost: gw.test\r\n" + (b"Content-Length: 0\r\n" if method == b"POST" else b"")
                        + b"\r\n")
            found.append(client.read_response(method).status)
        return found


class Causes(Retries):
    def test_a_status_that_is_named_goes_to_another_server(self):
        gateway = self.pair(lambda head, body: UNAVAILABLE, "on: [503]")
        self.assertEqual(self.statuses(gateway, 8), [200] * 8)
        self.assertGreaterEqual(len(self.bad.seen()), 3)
        self.assert_metric(gateway, len(self.bad.seen()), "ravelin_upstream_retries_total", reason="upstream_error_status")

    def test_one_that_is_not_is_passed_on(self):
        gateway = self.pair(lambda head, body: UNAVAILABLE, "on: [502]")
        self.assertEqual(sorted(set(self.statuses(gateway, 8))), [200, 503])

    def test_the_last_answer_is_passed_on_whatever_it_is(self):
        gateway = self.start(self.backend(lambda head, body: UNAVAILABLE), self.backend(lambda head, body: UNAVAILABLE),
                             route=retry("attempts: 1, on: [503]"), pool=NO_EJECTION)
        client = self.client(gateway)
        response = client.get()
        self.assertEqual((response.status, response.body), (503, b"busy"))

    def test_a_post_is_not_sent_again_after_a_status(self):
        gateway = self.pair(lambda head, body: UNAVAILABLE, "on: [503]")
        self.assertEqual(sorted(set(self.statuses(gateway, 6, b"POST"))), [200, 503])
        self.assertEqual(len(self.bad.seen()) + len(self.good.seen()), 6)

    def test_a_try_that_takes_too_long_goes_to_another_server(self):
        gateway = self.pair(lambda head, body: time.sleep(3) or ok(b"late"), "on: [timeout], per_try_timeout: 150ms")
        began = time.monotonic()
        self.assertEqual(self.statuses(gateway, 4), [200] * 4)
        self.assertLess(time.monotonic() - began, 2.5)
        self.assert_metric(gateway, len(self.bad.seen()), "ravelin_upstream_retries_total", reason="first_byte_timeout")

    def test_without_timeout_among_the_causes_it_is_504(self):
        gateway = self.pair(lambda head, body: time.sleep(3) or ok(b"late"), "on: [connect], per_try_timeout: 150ms")
        self.assertEqual(sorted(self.statuses(gateway, 1) + self.statuses(gateway, 1)), [200, 504])

    def test_connect_may_be_no_cause(self):
        gone = Backend()
        gone.close()
        gateway = self.start(gone, self.backend(), route=retry("on: [closed]"), pool=NO_EJECTION)
        self.assertEqual(sorted(set(self.statuses(gateway, 4))), [200, 502])


class Budget(Retries):
    def test_keeps_retries_a_part_of_the_requests(self):
        gateway = self.start(self.backend(lambda head, body: UNAVAILABLE), self.backend(lambda head, body: UNAVAILABLE),
                             route=retry("attempts: 5, on: [503]"), top=ADMIN,
                             pool=NO_EJECTION + "\n    retry_budget: { percent: 20, min_per_s: 0 }")
        count = 200
        self.assertEqual(set(self.statuses(gateway, count)), {503})
        retries = gateway.metric("ravelin_upstream_retries_total")
        self.assertGreaterEqual(retries, 0.2 * count)
        self.assertLessEqual(retries, 0.2 * count + 20)  # ten saved up by each of two workers


class Outliers(Retries):
    """One server of three is sick; it goes out, the others never, and clients notice little."""

    EJECTION = "    ejection: { consecutive_failures: 0, base_time: 60s, error_percent: 1, latency_factor: 4, window: 5s }"

    def one_sick(self, *sick, route="", **named):
        self.servers = [self.backend(), self.backend(), self.backend(*sick, **named)]
        return self.start(*self.servers, pool=self.EJECTION, route=route, top=ADMIN)

    def ask_until_ejected(self, gateway):
        client = self.client(gateway)
        end = time.monotonic() + 30
        while "server ejected" not in gateway.log():
            self.assertLess(time.monotonic(), end, "the sick server is still in")
            for _ in range(50):
                client.get()
        self.assertIn("server=s2", next(line for line in gateway.log().splitlines() if "server ejected" in line))
        for server in ("s0", "s1"):
            self.assertEqual(gateway.metric("ravelin_server_up", server=server), 1)
        before = len(self.servers[2].seen())
        self.assertEqual({client.get().status for _ in range(30)}, {200})
        self.assertEqual(len(self.servers[2].seen()), before)

    def test_by_errors(self):
        turns = iter(range(10**9))
        gateway = self.one_sick(lambda head, body: UNAVAILABLE if next(turns) % 10 == 0 else ok(b"fine"))
        self.ask_until_ejected(gateway)
        self.assertIn("% errors in", gateway.log())

    def test_by_responses_that_are_not_whole(self):
        cut_off = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\nhello"
        gateway = self.one_sick(raw=lambda connection: (connection.recv(65536), connection.sendall(cut_off)))

        def ask():
            for _ in range(30):
                client = self.client(gateway)
                client.get()
                client.close()
            return "server ejected" in gateway.log()

        wait_until(ask, "the sick server is ejected", 3 * DEADLINE)
        self.assertRegex(gateway.log(), "100.0 % errors in [0-9]+ requests")

    def test_by_latency(self):
        gateway = self.one_sick(lambda head, body: time.sleep(0.03) or ok(b"slow"))
        self.ask_until_ejected(gateway)
        self.assertIn("ms to the first byte", gateway.log())

    def test_not_when_all_are_sick(self):
        turns = iter(range(10**9))
        gateway = self.start(*(self.backend(lambda head, body: UNAVAILABLE if next(turns) % 4 == 0 else ok(b"fine"))
                               for _ in range(3)), pool=self.EJECTION, top=ADMIN)
        client = self.client(gateway)
        end = time.monotonic() + 4
        while time.monotonic() < end:
            client.get()
        self.assertNotIn("server ejected", gateway.log())


class Circuit(Retries):
    def test_opens_while_most_fail_and_closes_when_they_do_not(self):
        self.failing = True
        server = self.backend(lambda head, body: UNAVAILABLE if self.failing else ok(b"fine"))
        pool = NO_EJECTION + "\n    circuit: { error_percent: 50, requests_min: 10, window: 2s, open_for: 1s, probe_percent: 50 }"
        gateway = self.start(server, pool=pool, route=retry("attempts: 0"), top=ADMIN)
        client = self.client(gateway)
        self.wait_for_state(gateway, client, 1)
        before = len(server.seen())
        response = client.get()
        if gateway.metric("ravelin_pool_circuit", pool="web") == 1:
            self.assertEqual((response.status, len(server.seen())), (503, before))
            self.assertIn("ravelin", response.field("Proxy-Status"))
        self.assertEqual(gateway.record("circuit_open")["status"], 503)
        self.failing = False
        self.wait_for_state(gateway, client, 0)
        self.assertEqual({client.get().status for _ in range(20)}, {200})
        self.assertIn("circuit open pool=web", gateway.log())
        self.assertIn("circuit closed pool=web", gateway.log())

    def wait_for_state(self, gateway, client, state):
        end = time.monotonic() + 20
        while gateway.metric("ravelin_pool_circuit", pool="web") != state:
            self.assertLess(time.monotonic(), end, f"the circuit does not become {state}")
            for _ in range(20):
                client.get()


if __name__ == "__main__":
    unittest.main()
