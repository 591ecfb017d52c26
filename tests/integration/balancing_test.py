"""Which server a request goes to: by the hash of a key, by the cookie that binds a session, by priority,
zone and panic."""

import collections
import os
import re
import subprocess
import threading

from harness import ADMIN, Case, DEADLINE, ok, simple_config, unittest, wait_until

CHECKS = "    health: { interval: 50ms, timeout: 500ms, rise: 1, fall: 2 }\n    ejection: { consecutive_failures: 0 }\n"


class Balancing(Case):
    def named(self, name):
        """A server that answers with its name, and its checks by whether it is well."""
        backend = self.backend(lambda head, body: ok(name.encode()) if backend.is_well else None)
        backend.is_well = True
        return backend

    def servers(self, count):
        self.backends = [self.named(f"s{i}") for i in range(count)]
        return self.backends

    def ravelin(self, gateway, *arguments):
        return subprocess.run([os.environ["RAVELIN_BINARY"], *arguments, "-c", gateway.config], capture_output=True,
                              text=True, timeout=DEADLINE)

    def order(self, gateway, *arguments):
        self.assertEqual(self.ravelin(gateway, *arguments).returncode, 0)

    def requests_seen(self, index):
        return [head for head, _ in self.backends[index].seen() if not head.startswith(b"GET /check")]


SOCKET = "admin: { socket: admin.sock, listen: \"127.0.0.1:{admin}\" }"


class Hash(Balancing):
    def owners(self, gateway, users):
        client = self.client(gateway)
        return {user: client.get(fields=f"X-User: {user}\r\n").body.decode() for user in users}

    def test_a_header_decides_on_every_worker_and_after_a_restart(self):
        config = "    balance: hash\n    hash: { key: { header: X-User } }"
        servers = self.servers(3)
        users = [f"user{i}" for i in range(40)]
        gateway = self.start(*servers, pool=config)
        before = self.owners(gateway, users)
        self.assertEqual(set(before.values()), {"s0", "s1", "s2"})
        for _ in range(6):  # connections of both workers
            self.assertEqual(self.owners(gateway, users), before)
        self.assertEqual(gateway.stop(), 0)
        self.assertEqual(self.owners(self.start(*servers, pool=config), users), before)

    def test_only_the_keys_of_a_drained_server_move_and_they_come_back(self):
        gateway = self.start(*self.servers(3), pool="    balance: hash\n    hash: { key: { header: X-User } }", top=SOCKET)
        users = [f"user{i}" for i in range(40)]
        before = self.owners(gateway, users)
        self.order(gateway, "server", "drain", "web/s1")
        wait_until(lambda: "s1" not in self.owners(gateway, users).values(), "nothing goes to s1")
        during = self.owners(gateway, users)
        self.assertEqual({u: s for u, s in during.items() if before[u] != "s1"},
                         {u: s for u, s in before.items() if s != "s1"})
        self.order(gateway, "server", "ready", "web/s1")
        wait_until(lambda: self.owners(gateway, users) == before, "every key is where it was")

    def test_without_the_header_the_client_decides(self):
        # Without a bound: the place of the request before is given back a moment after its answer left.
        pool = "    balance: hash\n    hash: { key: { header: X-User }, load_max_percent: 0 }"
        gateway = self.start(*self.servers(3), pool=pool)
        bodies = {self.client(gateway).get(path=f"/{i}").body for i in range(12)}
        self.assertEqual(len(bodies), 1)

    def test_what_one_server_would_have_too_much_of_goes_on_to_the_next(self):
        release = threading.Event()
        self.addCleanup(release.set)
        held = [self.backend(lambda head, body: release.wait(DEADLINE) and ok(b"late")) for _ in range(2)]
        gateway = self.start(*held, pool="    balance: hash\n    hash: { key: path, load_max_percent: 120 }", top=ADMIN)
        clients = [self.client(gateway) for _ in range(10)]
        for count, client in enumerate(clients, 1):
            client.send(b"GET /same HTTP/1.1\r\nHost: gw.test\r\n\r\n")
            wait_until(lambda: sum(len(b.seen()) for b in held) == count, f"{count} are in flight")
        self.assertEqual(max(len(b.seen()) for b in held), 6)  # 120 % of half of ten
        release.set()
        self.assertEqual({client.read_response().body for client in clients}, {b"late"})
        wait_until(lambda: (gateway.metric("ravelin_hash_overflows_total", pool="web") or 0) >= 4, "they are counted")


class Sticky(Balancing):
    STICKY = "    sticky: { cookie: srv }"

    def cookie_of(self, response):
        line = response.field("set-cookie")
        return line and re.fullmatch(r"(srv=[0-9a-f]{32}); Path=/; Secure; HttpOnly; SameSite=Lax", line).group(1)

    def bind(self, gateway, name=None):
        """A new session: its cookie and its server; of the named server if any."""
        for _ in range(50):
            response = self.client(gateway).get()
            if name in (None, response.body):
                return self.cookie_of(response), response.body
        self.fail(f"no session for {name}")

    def get(self, gateway, cookie):
        return self.client(gateway).get(fields=f"Cookie: a=1; {cookie}; b=2\r\n")

    def test_a_session_stays_on_its_server_and_the_cookie_here(self):
        gateway = self.start(*self.servers(3), pool=self.STICKY, top=ADMIN)
        cookie, server = self.bind(gateway)
        for _ in range(10):
            response = self.get(gateway, cookie)
            self.assertEqual((response.body, response.field("set-cookie")), (server, None))
        seen = self.requests_seen(int(server[1:]))
        self.assertIn(b"\r\nCookie: a=1; b=2\r\n", seen[-1])
        self.assertFalse([head for i in range(3) for head in self.requests_seen(i) if b"srv=" in head])
        self.assert_metric(gateway, 10, "ravelin_sticky_requests_total", pool="web", result="followed")
        self.assert_metric(gateway, 1, "ravelin_sticky_requests_total", pool="web", result="new")

    def test_a_forged_cookie_is_replaced_and_counted(self):
        gateway = self.start(*self.servers(3), pool=self.STICKY, top=ADMIN)
        for forged in ("srv=s1", "srv=" + "0" * 32, "srv="):
            response = self.get(gateway, forged)
            self.assertEqual(response.status, 200)
            self.assertIsNotNone(self.cookie_of(response))
        self.assert_metric(gateway, 3, "ravelin_sticky_requests_total", pool="web", result="refused")

    def test_a_key_file_makes_cookies_hold_beyond_a_restart(self):
        def write_key(gateway):
            path = os.path.join(gateway.directory, "sticky.key")
            with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
                file.write("k" * 40 + "\n")

        servers = self.servers(3)
        keyed = simple_config(servers, pool="    sticky: { cookie: srv, key: sticky.key }")
        first = self.gateway(keyed, prepare=write_key)
        cookie, server = self.bind(first)
        self.assertEqual(first.stop(), 0)
        again = self.gateway(keyed, prepare=write_key)
        self.assertEqual({self.get(again, cookie).body for _ in range(6)}, {server})
        stranger = self.start(*servers, pool=self.STICKY)
        self.assertIsNotNone(self.cookie_of(self.get(stranger, cookie)))

    def test_a_drained_server_keeps_its_sessions_and_gets_no_new_ones(self):
        gateway = self.start(*self.servers(2), pool=self.STICKY, top=SOCKET)
        cookie, _ = self.bind(gateway, b"s0")
        self.order(gateway, "server", "drain", "web/s0")
        self.assertEqual({self.get(gateway, cookie).body for _ in range(5)}, {b"s0"})
        self.assertEqual({self.bind(gateway)[1] for _ in range(5)}, {b"s1"})
        self.order(gateway, "server", "maint", "web/s0")
        response = self.get(gateway, cookie)
        self.assertEqual(response.body, b"s1")
        self.assertEqual(self.get(gateway, self.cookie_of(response)).body, b"s1")
        self.assert_metric(gateway, 1, "ravelin_sticky_requests_total", pool="web", result="moved")

    def test_a_server_that_fails_loses_the_session_to_one_that_answers(self):
        gateway = self.start(*self.servers(2), pool=self.STICKY + "\n    ejection: { consecutive_failures: 0 }")
        cookie, _ = self.bind(gateway, b"s0")
        self.backends[0].is_well = False
        response = self.get(gateway, cookie)
        self.assertEqual((response.status, response.body), (200, b"s1"))
        self.assertEqual(self.get(gateway, self.cookie_of(response)).body, b"s1")

    def test_a_full_server_keeps_the_session_that_another_answers_once(self):
        release = threading.Event()
        self.addCleanup(release.set)

        def slow(head, body):
            if b"/hold" in head:
                release.wait(DEADLINE)
            return ok(b"s0")

        other = self.named("s1")
        gateway = self.start(self.backend(slow), other, pool=self.STICKY, server=", connections_max: 1", top=ADMIN)
        cookie, _ = self.bind(gateway, b"s0")
        holding = self.client(gateway)
        holding.send(f"GET /hold HTTP/1.1\r\nHost: gw.test\r\nCookie: {cookie}\r\n\r\n".encode())
        wait_until(lambda: self.get(gateway, cookie).body == b"s1", "s0 is full")
        self.assertIsNone(self.get(gateway, cookie).field("set-cookie"))
        release.set()
        self.assertEqual(holding.read_response().body, b"s0")
        wait_until(lambda: self.get(gateway, cookie).body == b"s0", "the session is where it was")


class Groups(Balancing):
    def config(self, count, notes, **arguments):
        """simple_config with something behind the address of each server."""
        text = simple_config(self.servers(count), **arguments)
        for backend, note in zip(self.backends, notes):
            text = text.replace(f'127.0.0.1:{backend.port}"', f'127.0.0.1:{backend.port}"{note}')
        return text

    def spread(self, gateway, count=20):
        client = self.client(gateway)
        return collections.Counter(client.get().body.decode() for _ in range(count))

    def test_the_next_priority_waits_until_none_is_left(self):
        gateway = self.gateway(self.config(3, ["", ", priority: 1", ", priority: 2"], pool=CHECKS, top=SOCKET))
        self.assertEqual(set(self.spread(gateway)), {"s0"})
        self.backends[0].is_well = False
        wait_until(lambda: set(self.spread(gateway)) == {"s1"}, "priority 1 stands in")
        self.backends[1].is_well = False
        wait_until(lambda: set(self.spread(gateway)) == {"s2"}, "priority 2 stands in")
        self.backends[0].is_well = True
        wait_until(lambda: set(self.spread(gateway)) == {"s0"}, "priority 0 is back")
        self.assertIn("priority 2", self.ravelin(gateway, "status").stdout)

    def test_the_own_zone_is_preferred_and_spills_over(self):
        notes = [", zone: a", ", zone: a", ", zone: b"]
        gateway = self.gateway(self.config(3, notes, pool="    zone_spill_percent: 100", top=SOCKET + "\nzone: a"))
        self.assertEqual(set(self.spread(gateway)), {"s0", "s1"})
        self.order(gateway, "server", "drain", "web/s1")
        wait_until(lambda: "s1" not in self.spread(gateway), "s1 is drained")
        self.assertEqual(self.spread(gateway, 40), {"s0": 20, "s2": 20})  # half of the zone is left

    def test_in_panic_all_are_used_and_it_is_told_once(self):
        gateway = self.gateway(self.config(3, ["", "", ""], pool=CHECKS + "    panic_percent: 50", top=SOCKET))
        self.assertEqual(gateway.metric("ravelin_pool_panic", pool="web"), 0)
        checks = [len(backend.seen()) for backend in self.backends]
        for backend in self.backends[:2]:
            backend.is_well = False
        wait_until(lambda: gateway.metric("ravelin_pool_panic", pool="web") == 1, "the pool panics")
        before = [len([h for h, _ in b.seen() if b"X-Try" in h]) for b in self.backends]
        client = self.client(gateway)
        for i in range(12):
            client.get(fields="X-Try: 1\r\n")
        tried = [len([h for h, _ in b.seen() if b"X-Try" in h]) for b in self.backends]
        self.assertTrue(all(t > b for t, b in zip(tried, before)), (checks, before, tried))
        self.assertIn("(panic)", self.ravelin(gateway, "status").stdout)
        for backend in self.backends[:2]:
            backend.is_well = True
        wait_until(lambda: gateway.metric("ravelin_pool_panic", pool="web") == 0, "the panic is over")
        self.assertEqual(gateway.log().count("panic: too few servers are healthy"), 1)


class Explained(Balancing):
    def test_the_route_command_tells_what_decides(self):
        gateway = self.start(*self.servers(2), pool="    balance: hash\n    hash: { key: { cookie: sid } }\n    sticky: { cookie: srv }")
        done = subprocess.run([os.environ["RAVELIN_BINARY"], "route", "-c", gateway.config, "https://gw.test/"],
                              capture_output=True, text=True, timeout=DEADLINE)
        self.assertIn('forwarded to pool "web", bound to a server by cookie "srv", server by hash of cookie "sid"', done.stdout)


if __name__ == "__main__":
    unittest.main()
