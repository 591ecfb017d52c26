"""What the gateway does when a resource runs short: less for everybody, in steps, and back again."""

import os
import resource
import ssl

from harness import ADMIN, Case, unittest, wait_until


class Overload(Case):
    def active(self, gateway, action):
        return gateway.metric("ravelin_overload_active", action=action)

    def limit_descriptors(self, gateway, percent):
        """Such that this much of the limit is in use."""
        used = len(os.listdir(f"/proc/{gateway.pid()}/fd"))
        limit = used * 100 // percent
        hard = resource.prlimit(gateway.pid(), resource.RLIMIT_NOFILE)[1]
        resource.prlimit(gateway.pid(), resource.RLIMIT_NOFILE, (limit, hard))

    def is_refused(self, gateway):
        try:
            return self.client(gateway).get() is None
        except (OSError, ssl.SSLError):
            return True

    def test_steps_in_as_descriptors_run_short_and_out_again(self):
        gateway = self.start(self.backend(), top=ADMIN, listener="    timeouts: { handshake: 1m }")
        crowd = [self.client(gateway, tls=False) for _ in range(120)]  # so that one more is less than a percent
        kept = [self.client(gateway) for _ in range(3)]
        for client in kept:
            self.assertIsNone(client.get().field("connection"))
        soft = resource.prlimit(gateway.pid(), resource.RLIMIT_NOFILE)
        wait_until(lambda: gateway.metric("ravelin_connections") >= 123, "all are connected")
        self.limit_descriptors(gateway, 89)
        wait_until(lambda: self.active(gateway, "stop_keep_alive") == 1, "the first action begins")
        self.assertTrue(all(client.is_closed() for client in kept))  # they were idle
        answer = self.client(gateway).get()
        self.assertEqual((answer.status, answer.field("connection")), (200, "close"))
        self.assertEqual(self.active(gateway, "refuse_connections"), 0)
        self.assertIn("action begins action=stop_keep_alive resource=descriptors", gateway.log())

        self.limit_descriptors(gateway, 95)
        wait_until(lambda: self.active(gateway, "refuse_connections") == 1, "the second action begins")
        self.assertTrue(self.is_refused(gateway))
        self.assertEqual(self.active(gateway, "shed_requests"), 0)
        self.assertGreater(gateway.metric("ravelin_connections_rejected_total", reason="overload"), 0)

        resource.prlimit(gateway.pid(), resource.RLIMIT_NOFILE, soft)
        wait_until(lambda: self.active(gateway, "stop_keep_alive") == 0, "all is over")
        self.assertEqual(self.active(gateway, "refuse_connections"), 0)
        answer = self.client(gateway).get()
        self.assertEqual((answer.status, answer.field("connection")), (200, None))
        self.assertIn("action ends action=refuse_connections", gateway.log())
        self.assertEqual(len(crowd), 120)

    def test_sheds_requests_when_memory_runs_short(self):
        top = "overload: { memory_max: 16MiB, stop_keep_alive: off, refuse_connections: off, " \
              "shed_requests: { enter: 50, leave: 40 } }\n"
        server = self.backend()
        gateway = self.start(server, top=top + ADMIN)
        self.assertGreater(gateway.rss_kib(), 8 * 1024)
        wait_until(lambda: self.active(gateway, "shed_requests") == 1, "it is noticed")
        client = self.client(gateway)
        for _ in range(2):  # on one connection
            answer = client.get()
            self.assertEqual((answer.status, answer.field("retry-after")), (503, "1"))
        self.assert_metric(gateway, 2, "ravelin_errors_total", listener="web", reason="overload")
        self.assertEqual(gateway.record("overload")["detail"], "overload.shed_requests")
        self.assertEqual(server.seen(), [])

    def test_does_nothing_while_all_is_well(self):
        gateway = self.start(self.backend(), top=ADMIN)
        self.limit_descriptors(gateway, 50)
        wait_until(lambda: gateway.metric("ravelin_overload_pressure_ratio", resource="descriptors") > 0.4,
                   "it is measured")
        client = self.client(gateway)
        for _ in range(3):
            self.assertIsNone(client.get().field("connection"))
        self.assertEqual(gateway.metric("ravelin_overload_active"), 0)


if __name__ == "__main__":
    unittest.main()
