"""One server of three is sick, each way alone: it hangs, errs, or is slow. It is put out within a bound and
comes back when it is well; the good ones never go; clients and servers notice little meanwhile."""

import itertools
import time

from harness import ADMIN, Case, Load, ok, unittest, wait_until

CLIENTS = 8
OUT_WITHIN = 60  # seconds; a loaded machine asks slowly, and judging takes requests
BACK_WITHIN = 30
FINE_S = 0.002  # what a well server takes: without it there is nothing to be ten times as slow as
POOL = ("    ejection: { consecutive_failures: 0, base_time: 2s, error_percent: 0.5, latency_factor: 4, window: 20s }\n"
        "    retry_budget: { percent: 20, min_per_s: 1 }")
ROUTE = ", retry: { attempts: 1, on: [connect, closed, timeout, 503], per_try_timeout: 400ms }"


class SickServer(Case):
    def setUp(self):
        self.is_sick = True
        self.turn = itertools.count()

    def fine(self, head, body):
        time.sleep(FINE_S)
        return ok(b"fine")

    def start_with(self, ill, every):
        """Of the third server's answers one of `every` comes from `ill`."""
        def answer(head, body):
            if self.is_sick and next(self.turn) % every == 0:
                return ill()
            return self.fine(head, body)

        self.servers = [self.backend(self.fine), self.backend(self.fine), self.backend(answer)]
        self.gw = self.start(*self.servers, pool=POOL, route=ROUTE, top=ADMIN)
        self.load = Load(self.gw, CLIENTS)
        self.addCleanup(self.load.stop)

    def put_out(self):
        return [line for line in self.gw.log().splitlines() if "server ejected" in line]

    def check(self, why):
        wait_until(self.put_out, "the sick server is out", OUT_WITHIN)
        self.assertIn(why, self.put_out()[0])
        self.is_sick = False
        wait_until(lambda: self.gw.metric("ravelin_server_up", server="s2") == 1, "it is back", BACK_WITHIN)
        before = len(self.servers[2].seen())
        wait_until(lambda: len(self.servers[2].seen()) > before + 20, "it is asked again", BACK_WITHIN)
        asked, failures = self.load.stop()
        for line in self.put_out():
            self.assertIn("server=s2", line)
        sent = sum(len(server.seen()) for server in self.servers)
        self.assertLessEqual(sent, 1.2 * asked, "a retry storm")
        self.assertLessEqual(len(failures), 0.01 * asked, failures[:20])

    def test_that_hangs_for_one_request_of_a_hundred(self):
        self.start_with(lambda: time.sleep(2), every=100)  # and closes
        self.check("% errors in")

    def test_that_errs_for_one_request_of_twenty(self):
        self.start_with(lambda: b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy", every=20)
        self.check("% errors in")

    def test_that_is_ten_times_as_slow(self):
        self.start_with(lambda: time.sleep(10 * FINE_S) or ok(b"slow"), every=1)
        self.check("ms to the first byte")


if __name__ == "__main__":
    unittest.main()
