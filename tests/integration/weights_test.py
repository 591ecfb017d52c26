"""Weights that follow the load and what servers and their agents say, through real requests."""

import socket
import threading
import time

from harness import ADMIN, Case, DEADLINE, ok, unittest, wait_until

SLOW_S = 0.04  # what the slow server takes; the other takes a tenth


def after(seconds, extra=b""):
    def answer(_head, _body):
        time.sleep(seconds)
        return ok(b"hello", extra)
    return answer


class Agent:
    """An agent as HAProxy's: each connection gets `line` and ends."""

    def __init__(self, line):
        self.line = line
        self.asked = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(DEADLINE)
                try:
                    self.asked.append(connection.recv(100))
                    connection.sendall(self.line)
                except OSError:
                    pass

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Weights(Case):
    def agent(self, line):
        agent = Agent(line)
        self.addCleanup(agent.close)
        return agent

    def factor(self, gateway, server, cause):
        return gateway.metric("ravelin_server_weight_factor", server=server, cause=cause)

    def shares(self, gateway, backends, count):
        before = [len(backend.seen()) for backend in backends]
        client = self.client(gateway)
        self.assertEqual({client.get().status for _ in range(count)}, {200})
        return [len(backend.seen()) - was for backend, was in zip(backends, before)]


class Adaptive(Weights):
    def keep_asking(self, gateway, until):
        client = self.client(gateway)

        def ask():
            for _ in range(20):
                self.assertEqual(client.get().status, 200)
            return until()

        wait_until(ask, "the weights follow", 3 * DEADLINE)

    def test_a_slow_server_gets_less_and_a_recovered_one_its_share_again(self):
        fast, slow = self.backend(after(SLOW_S / 10)), self.backend(after(SLOW_S))
        gateway = self.start(fast, slow, pool="    adaptive: { interval: 100ms }", top=ADMIN)
        self.keep_asking(gateway, lambda: self.factor(gateway, "s1", "load") < 0.35)
        self.assertGreater(self.factor(gateway, "s0", "load"), 0.8)
        shares = self.shares(gateway, [fast, slow], 60)
        self.assertLess(shares[1], shares[0] / 2)
        slow.answer = after(SLOW_S / 10)
        self.keep_asking(gateway, lambda: self.factor(gateway, "s1", "load") > 0.7)

    def test_a_server_that_hangs_gets_less_whatever_was_retried_before(self):
        served, hangs = threading.Event(), threading.Event()
        self.addCleanup(served.set)

        def absent(_head, _body):
            if hangs.is_set():
                served.wait(2 * DEADLINE)
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"

        gateway = self.start(self.backend(after(SLOW_S)), self.backend(absent), route=", retry: { on: [404] }", top=ADMIN,
                             pool="    adaptive: { interval: 100ms }\n    ejection: { consecutive_failures: 0 }\n"
                                  "    retry_budget: { percent: 100, min_per_s: 100 }")
        retried = lambda: gateway.metric("ravelin_upstream_retries_total") >= 40
        self.keep_asking(gateway, lambda: retried() and self.factor(gateway, "s1", "load") > 0.8)
        hangs.set()
        for client in [self.client(gateway) for _ in range(16)]:
            client.send(b"GET / HTTP/1.1\r\nHost: gw.test\r\n\r\n")
        wait_until(lambda: self.factor(gateway, "s1", "load") < 0.5, "what waits counts")

    def test_without_it_weights_stay(self):
        fast, slow = self.backend(after(0)), self.backend(after(SLOW_S / 2))
        gateway = self.start(fast, slow, top=ADMIN)
        self.assertEqual(self.shares(gateway, [fast, slow], 60), [30, 30])
        self.assertEqual(self.factor(gateway, "s1", "load"), 1)


class Reports(Weights):
    def test_a_field_of_the_response_sets_the_weight(self):
        plain = self.backend()
        modest = self.backend(after(0, b"X-Server-Weight: 25%\r\n"))
        gateway = self.start(plain, modest, pool="    weight_header: x-server-weight", top=ADMIN)
        self.shares(gateway, [plain, modest], 4)
        wait_until(lambda: self.factor(gateway, "s1", "reported") == 0.25, "the report counts")
        self.assertEqual(self.shares(gateway, [plain, modest], 50), [40, 10])

    def test_nonsense_in_the_field_counts_for_nothing(self):
        plain = self.backend()
        for value in (b"much", b"-5", b"1000", b""):
            odd = self.backend(after(0, b"X-Server-Weight: %s\r\n" % value))
            gateway = self.start(plain, odd, pool="    weight_header: X-Server-Weight", top=ADMIN)
            self.shares(gateway, [plain, odd], 4)
            self.assertEqual(self.factor(gateway, "s1", "reported"), 1)

    def test_an_agent_sets_weight_and_state(self):
        plain, minded = self.backend(), self.backend()
        steady, agent = self.agent(b"100%\n"), self.agent(b"50% up\r\n")
        pool = "    agent: { interval: 50ms, send: \"how are you?\" }"
        gateway = self.gateway(f"""version: 1
workers: 2
{ADMIN}
listeners:
  - name: web
    bind: "127.0.0.1:{{port}}"
    tls: {{ certificates: [ {{ chain: server.crt, key: server.key }} ] }}
    routes: [ {{ pool: web }} ]
pools:
  - name: web
{pool}
    servers:
      - {{ name: s0, address: "127.0.0.1:{plain.port}", agent_port: {steady.port} }}
      - {{ name: s1, address: "127.0.0.1:{minded.port}", agent_port: {agent.port} }}
""")
        wait_until(lambda: self.factor(gateway, "s1", "reported") == 0.5, "the agent's weight counts")
        self.assertEqual(self.shares(gateway, [plain, minded], 30), [20, 10])
        self.assertEqual(agent.asked[0], b"how are you?")
        agent.line = b"maint # new disk\n"
        wait_until(lambda: "server maint" in gateway.log(), "the agent's order counts")
        self.assertIn("in maintenance, by its agent: new disk", gateway.log())
        self.assertEqual(self.shares(gateway, [plain, minded], 10), [10, 0])
        agent.line = b"ready 100%\n"
        wait_until(lambda: gateway.metric("ravelin_server_up", server="s1") == 1, "it is back")
        agent.line = b"gibberish\n"
        wait_until(lambda: gateway.metric("ravelin_server_agent_failures_total", server="s1") >= 2, "nonsense is counted")
        self.assertEqual(gateway.metric("ravelin_server_up", server="s1"), 1)


class SlowStart(Weights):
    def test_a_server_that_comes_back_is_given_time(self):
        backends = [self.backend(), self.backend()]
        gateway = self.start(*backends, pool="    slow_start: 60s", top="admin: { socket: admin.sock, listen: \"127.0.0.1:{admin}\" }")
        self.assertEqual(self.factor(gateway, "s1", "slow_start"), 1)
        self.order(gateway, "maint")
        self.order(gateway, "ready")
        self.assertAlmostEqual(self.factor(gateway, "s1", "slow_start"), 0.1, delta=0.05)
        shares = self.shares(gateway, backends, 44)
        self.assertGreater(shares[0], 4 * shares[1])

    def order(self, gateway, verb):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(DEADLINE)
        connection.connect(gateway.directory + "/admin.sock")
        with connection:
            connection.sendall(f"POST /v1/servers/web/s1/{verb} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                               "Content-Length: 0\r\n\r\n".encode())
            self.assertIn(b" 200 ", connection.recv(65536))


if __name__ == "__main__":
    unittest.main()
