"""Servers that come and go while the gateway runs: from a watched file and by the operator's orders, which
outlive reloads and, saved, restarts. No request is lost by any of it."""

import json
import os
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import threading
import time

from harness import ADMIN, BINARY, Case, Gateway, Load, ok, unittest, wait_until

TLS = "tls: { certificates: [ { chain: server.crt, key: server.key } ] }"


def config(pool, top="", overrides=True):
    """One listener and one pool, `web`, of these lines."""
    saved = ", overrides: overrides.json" if overrides else ""
    return f"""version: 1
workers: 2
admin: {{ socket: admin.sock, listen: "127.0.0.1:{{admin}}"{saved} }}
{top}
log: {{ level: info, access: access.log }}
listeners:
  - {{ name: web, bind: "127.0.0.1:{{port}}", {TLS}, routes: [ {{ name: all, pool: web }} ] }}
pools:
  - name: web
{pool}
"""


def listed(backends, names="abcdefgh"):
    return "".join(f'      - {{ name: {name}, address: "127.0.0.1:{backend.port}" }}\n'
                   for name, backend in zip(names, backends))


FILE = "    discover: { file: { path: servers.yaml } }\n"


class DiscoveryCase(Case):
    def ravelin(self, gateway, *arguments):
        return subprocess.run([os.path.abspath(BINARY), *arguments, "--socket",
                               os.path.join(gateway.directory, "admin.sock")],
                              capture_output=True, text=True, timeout=60, cwd=gateway.directory)

    def order(self, gateway, *arguments):
        done = self.ravelin(gateway, "server", *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def refused(self, gateway, *arguments):
        done = self.ravelin(gateway, "server", *arguments)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        return done.stderr

    def servers(self, gateway):
        """name -> what is said of it, of pool web."""
        answer = json.loads(self.order(gateway, "list", "--json"))
        return {server["server"]: server for server in answer["pools"][0]["servers"]}

    def wait_for_servers(self, gateway, names):
        wait_until(lambda: sorted(self.servers(gateway)) == sorted(names), f"the servers are {names}")

    def generation(self, gateway):
        return json.loads(self.ravelin(gateway, "status", "--json").stdout)["generation"]

    def named(self, name, **arguments):
        return self.backend(lambda head, body: ok(name.encode()), **arguments)

    def answers(self, gateway, count=12):
        """Who answers, of so many requests."""
        client = self.client(gateway)
        return {client.get().body.decode() for _ in range(count)}

    def follow(self, gateway, names):
        wait_until(lambda: self.answers(gateway) == set(names), f"{names} answer")

    def write(self, gateway, text, name="servers.yaml"):
        path = os.path.join(gateway.directory, name)
        with open(path + ".new", "w") as file:
            file.write(text)
        os.rename(path + ".new", path)

    def restart(self, gateway):
        """The same directory and ports, another process."""
        self.assertEqual(gateway.stop(), 0)
        self.start_again(gateway)

    def start_again(self, gateway):
        with open(gateway.log_path, "wb") as log:
            gateway.process = subprocess.Popen([os.path.abspath(BINARY), "run", "-c", gateway.config],
                                               stdout=log, stderr=log)
        wait_until(gateway.is_listening, "the gateway listens again")


class Files(DiscoveryCase):
    def start_with_file(self, backends, pool="", **arguments):
        def prepare(gateway):
            self.write(gateway, "servers:\n" + listed(backends))
        return self.gateway(config(FILE + pool), prepare=prepare, **arguments)

    def test_servers_come_and_go_under_load_without_a_failed_request(self):
        backends = [self.named(name) for name in "abcd"]
        gateway = self.start_with_file(backends[:2])
        load = Load(gateway)
        before = self.generation(gateway)
        for round_ in range(12):
            some = [backends[(round_ + i) % 4] for i in range(1 + round_ % 3)]
            self.write(gateway, "servers:\n" + listed(some, "abcd"[round_ % 4:] + "abcd"))
            self.wait_for_servers(gateway, ("abcd"[round_ % 4:] + "abcd")[:len(some)])
        self.assertEqual(load.stop()[1], [])
        self.assertGreater(load.requests, 100)
        self.assertGreaterEqual(self.generation(gateway), before + 12)
        self.assertTrue(all(backend.seen() for backend in backends))
        self.assertNotIn("reloaded", gateway.log())
        lines = [line for line in gateway.log().splitlines() if "the servers of a pool have changed" in line]
        self.assertGreaterEqual(len(lines), 12)
        self.assertIn("pool=web", lines[0])
        self.assertIn("source=file", lines[0])

    def test_a_half_written_file_changes_nothing_and_is_told_once(self):
        first, second = self.named("a"), self.named("b")
        gateway = self.start_with_file([first])
        path = os.path.join(gateway.directory, "servers.yaml")
        whole = "servers:\n" + listed([first, second])
        with open(path, "w") as file:
            file.write(whole[:-20])
            file.flush()
            wait_until(lambda: f"{path}:3:" in gateway.log(), "the log names the place")
            self.assertEqual(self.answers(gateway), {"a"})
            file.write(whole[-20:])
        self.follow(gateway, "ab")
        self.assertEqual(gateway.log().count("the last good list stays"), 1)
        self.assertIn("is good again", gateway.log())
        os.unlink(path)
        wait_until(lambda: gateway.log().count("the last good list stays") == 2, "a missing file is told")
        self.assertEqual(self.answers(gateway), {"a", "b"})

    def test_a_pool_without_servers_says_so_until_there_is_one(self):
        gateway = self.gateway(config(FILE))
        self.assertIn("the pool is without them", gateway.log())
        self.assertEqual(self.client(gateway).get().status, 503)
        self.assertEqual(gateway.record("no_server")["status"], 503)
        self.assertEqual(self.servers(gateway), {})
        self.write(gateway, "servers:\n" + listed([self.named("a")]))
        self.follow(gateway, "a")
        self.write(gateway, "servers: []\n")
        wait_until(lambda: self.client(gateway).get().status == 503, "the pool is empty again")

    def test_every_algorithm_holds_without_servers(self):
        backend = self.named("a")
        for pool in ("balance: round_robin", "balance: least_requests", "balance: power_of_two",
                     "balance: hash", "sticky: { cookie: srv, secure: false }", "panic_percent: 50",
                     "adaptive: true", "circuit: { error_percent: 50 }"):
            with self.subTest(pool):
                gateway = self.gateway(config(FILE + f"    {pool}\n"))
                self.assertEqual(self.client(gateway).get(fields="Cookie: srv=x\r\n").status, 503)
                self.write(gateway, "servers:\n" + listed([backend]))
                self.follow(gateway, "a")
                self.write(gateway, "servers: []\n")
                wait_until(lambda: self.client(gateway).get().status == 503, "it is empty again")
                self.assertEqual(gateway.stop(), 0)

    def test_kept_connections_and_health_of_servers_that_stay_are_kept(self):
        stays, goes = self.named("a"), self.named("b")
        health = "    health: { interval: 100ms }\n"
        gateway = self.start_with_file([stays, goes], health)
        self.follow(gateway, "ab")
        since = self.servers(gateway)["a"]["changed"]
        client = self.client(gateway)
        for _ in range(4):
            client.get()
        requests = len([head for head, _ in stays.seen() if b"/healthz" not in head])
        wait_until(lambda: gateway.metric("ravelin_server_connections", state="active") == 0, "nothing is in use")
        kept = int(gateway.metric("ravelin_server_connections", server="a", state="idle"))
        self.assertGreater(kept, 0)
        self.write(gateway, "servers:\n" + listed([stays]))
        self.wait_for_servers(gateway, ["a"])
        self.assertEqual(gateway.metric("ravelin_server_connections", server="a", state="idle"), kept)
        wait_until(lambda: gateway.metric("ravelin_server_connections", server="b", state="idle") == 0,
                   "those of the server that left are closed")
        self.assertEqual(self.servers(gateway)["a"]["changed"], since)
        checked = len(goes.seen())
        client.get()
        wait_until(lambda: len(stays.seen()) > requests + 5, "the one that stays is checked on")
        self.assertLessEqual(len(goes.seen()), checked + 1)

    def test_many_changes_make_few_generations(self):
        backend = self.named("a")
        gateway = self.start_with_file([backend])
        before, start = self.generation(gateway), time.monotonic()
        path = os.path.join(gateway.directory, "admin.sock")
        for i in range(40):
            self.post(path, "/v1/servers/web", {"address": f"127.0.0.1:{20000 + i}", "weight": 0})
        self.wait_for_servers(gateway, ["a"] + [f"127.0.0.1:{20000 + i}" for i in range(40)])
        took = time.monotonic() - start
        wait_until(lambda: "joining" not in [s["state"] for s in self.servers(gateway).values()], "all are in")
        self.assertLessEqual(self.generation(gateway) - before, took / 0.2 + 3)
        self.assertEqual(gateway.metric("ravelin_pool_servers", pool="web", source="file"), 1)
        self.assertEqual(gateway.metric("ravelin_pool_servers", pool="web", source="operator"), 40)

    def post(self, path, target, body):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10)
            client.connect(path)
            text = json.dumps(body)
            client.sendall(f"POST {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                           f"Content-Length: {len(text)}\r\n\r\n{text}".encode())
            answer = b"".join(iter(lambda: client.recv(65536), b""))
        self.assertTrue(answer.startswith(b"HTTP/1.1 201"), answer)

    def test_a_thousand_servers_change_cheaply(self):
        backend = self.named("a")
        lines = [f'      - {{ address: "127.1.{i // 250}.{i % 250 + 1}:9", weight: 0 }}\n' for i in range(1000)]

        def text(count):
            return "servers:\n" + listed([backend]) + "".join(lines[:count])

        def prepare(gateway):
            self.write(gateway, text(1000))
        gateway = self.gateway(config(FILE.replace("yaml }", "yaml }, servers_max: 2000")), prepare=prepare)
        self.follow(gateway, "a")
        load = Load(gateway, clients=1)
        changes, before = 5, gateway.cpu_seconds()
        for i in range(changes):
            self.write(gateway, text(999 - i))
            wait_until(lambda: gateway.metric("ravelin_pool_servers", source="file") == 1000 - i, "it is followed")
        self.assertEqual(load.stop()[1], [])
        self.assertLess((gateway.cpu_seconds() - before) / changes, 1.5)  # the load's own part included

    def test_a_reload_keeps_what_a_source_knows(self):
        first, second = self.named("a"), self.named("b")
        gateway = self.start_with_file([first, second])
        self.write(gateway, "servers: [ {")
        wait_until(lambda: "the last good list stays" in gateway.log(), "the broken file is told")
        gateway.write(config(FILE + "    balance: least_requests\n"))
        gateway.reload()
        self.assertEqual(sorted(self.servers(gateway)), ["a", "b"])
        gateway.write(config(listed([first], "x").join(["    servers:\n", ""])))
        gateway.reload()
        self.assertEqual(sorted(self.servers(gateway)), ["x"])

    def test_a_broken_ca_at_a_reload_leaves_the_servers_that_are_there(self):
        server = self.named("a")

        def prepare(gateway):
            gateway.make_certificate(("back.test",), name="back")
            server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            server.tls.load_cert_chain(*(os.path.join(gateway.directory, f) for f in ("back.crt", "back.key")))
            shutil.copy(os.path.join(gateway.directory, "ca.pem"), os.path.join(gateway.directory, "back-ca.pem"))
            self.write(gateway, f"""servers:
  - {{ name: a, address: "127.0.0.1:{server.port}", tls: {{ ca: back-ca.pem, name: back.test }} }}
""")

        gateway = self.gateway(config(FILE), prepare=prepare)
        self.follow(gateway, "a")
        with open(os.path.join(gateway.directory, "back-ca.pem"), encoding="utf-8") as file:
            good = file.read()
        self.write(gateway, "-----BEGIN CERTIFICATE-----\ngarbage\n", name="back-ca.pem")
        for _ in range(2):
            gateway.reload()
            self.assertEqual(self.answers(gateway), {"a"})
        self.assertEqual(gateway.log().count('server "a" of file keeps the TLS files it had before'), 1)
        self.write(gateway, good, name="back-ca.pem")
        gateway.reload()
        self.assertEqual(self.answers(gateway), {"a"})

    def test_check_looks_into_the_file(self):
        gateway = self.gateway(config(FILE))
        def check():
            return subprocess.run([os.path.abspath(BINARY), "check", "-c", gateway.config],
                                  capture_output=True, text=True, timeout=60)
        done = check()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("is not there; the pool begins without its servers", done.stderr)
        self.write(gateway, "servers:\n  - address: nowhere\n")
        done = check()
        self.assertEqual(done.returncode, 3)
        self.assertIn("servers.yaml:2:14: servers[0].address", done.stderr)


class Orders(DiscoveryCase):
    def setUp(self):
        self.a, self.b, self.c = (self.named(name) for name in "abc")

    def start_pool(self, *backends, pool="", **arguments):
        return self.gateway(config("    servers:\n" + listed(backends) + pool, **arguments))

    def test_a_server_is_added_removed_and_restored(self):
        gateway = self.start_pool(self.a)
        shown = self.order(gateway, "add", "web", f"127.0.0.1:{self.b.port}", "--name", "b", "--weight", "1")
        self.assertIn("b (by operator)", shown)
        self.follow(gateway, "ab")
        self.order(gateway, "remove", "web/a")
        self.follow(gateway, "b")
        self.assertEqual(self.servers(gateway)["b"]["source"], "operator")
        self.assertIn("is removed already", self.refused(gateway, "remove", "web/a"))
        self.assertIn("server restore web/a", self.refused(gateway, "add", "web", "127.0.0.1:1", "--name", "a"))
        self.order(gateway, "restore", "web/a")
        self.follow(gateway, "ab")
        self.order(gateway, "remove", "web/b")
        self.follow(gateway, "a")
        self.assertIn("is not removed by an order", self.refused(gateway, "restore", "web/b"))
        self.assertNotIn("web/b", self.order(gateway, "overrides"))

    def test_what_makes_no_sense_is_refused_by_name(self):
        gateway = self.start_pool(self.a)
        address = f"127.0.0.1:{self.a.port}"
        for arguments, said in [
                (("add", "nine", "127.0.0.1:1"), 'pool "nine" is not defined (defined: web)'),
                (("add", "web", "127.0.0.1:1", "--name", "a"), 'server "a" is already in pool "web"'),
                (("add", "web", address, "--name", "b"), f'server "a" of pool "web" has the address {address}'),
                (("add", "web", "nowhere"), '"nowhere"'),
                (("add", "web", "127.0.0.1:1", "--tls-ca", "missing.pem"), "missing.pem"),
                (("remove", "web/nine"), 'server "nine" is not in pool "web" (it has: a)'),
                (("remove", "nine/a"), 'pool "nine" is not defined'),
                (("remove", "web/a"), "is the last one of its pool"),
                (("drain", "web/a", "--save"), "admin.overrides")]:
            with self.subTest(arguments):
                if "--save" in arguments:
                    gateway.write(config("    servers:\n" + listed([self.a]), overrides=False))
                    self.restart(gateway)
                self.assertIn(said, self.refused(gateway, *arguments))
        self.assertEqual(self.servers(gateway)["a"]["state"], "up")

    def test_the_last_server_goes_where_others_may_be_found(self):
        gateway = self.start_pool(self.a, pool=FILE)
        self.order(gateway, "remove", "web/a")
        wait_until(lambda: self.client(gateway).get().status == 503, "the pool is empty")
        self.order(gateway, "restore", "web/a")
        self.follow(gateway, "a")

    def test_plaintext_beside_tls_must_be_meant(self):
        gateway = self.gateway(config('    servers: [ { name: a, address: "127.0.0.1:1", tls: { name: a.test } } ]\n'))
        self.assertIn("spoken to with TLS", self.refused(gateway, "add", "web", "127.0.0.1:2"))
        self.order(gateway, "add", "web", "127.0.0.1:2", "--plaintext")
        self.order(gateway, "add", "web", "127.0.0.1:3", "--tls-ca", "ca.pem", "--tls-name", "b.test")

    def test_requests_on_a_removed_server_end_and_its_checks_do(self):
        begun, finish = threading.Event(), threading.Event()

        def slow(head, body):
            if b"/slow" in head:
                begun.set()
                finish.wait(10)
            return ok(b"slow")
        server = self.backend(slow)
        gateway = self.start_pool(self.a, server, pool="    health: { interval: 50ms, path: /healthz }\n")
        self.order(gateway, "drain", "web/a")
        client = self.client(gateway)
        client.send(b"GET /slow HTTP/1.1\r\nHost: gw.test\r\n\r\n")
        self.assertTrue(begun.wait(10))
        self.order(gateway, "ready", "web/a")
        self.order(gateway, "remove", "web/b")
        self.assertEqual(self.answers(gateway), {"a"})
        checks = len(server.seen())
        more = len(self.a.seen())
        wait_until(lambda: len(self.a.seen()) > more + 10, "the other is checked on")
        self.assertLessEqual(len(server.seen()), checks + 1)
        finish.set()
        self.assertEqual(client.read_response().body, b"slow")

    def test_who_waits_for_a_place_is_served_though_the_pool_changes(self):
        gate = threading.Event()

        def slow(head, body):
            gate.wait(10)
            return ok(b"ok")
        server = self.backend(slow)
        pool = f'    servers: [ {{ name: s, address: "127.0.0.1:{server.port}", connections_max: 1 }} ]\n'
        gateway = self.gateway(config(pool + "    queue: { max: 100, timeout: 20s }\n"))
        clients = [self.client(gateway) for _ in range(8)]
        for client in clients[:4]:
            client.send(b"GET / HTTP/1.1\r\nHost: gw.test\r\n\r\n")
        wait_until(lambda: gateway.metric("ravelin_upstream_queue_length") == 3, "three wait")
        self.order(gateway, "add", "web", f"127.0.0.1:{server.port + 1}", "--weight", "0")
        wait_until(lambda: len(self.servers(gateway)) == 2, "the pool has changed")
        for client in clients[4:]:
            client.send(b"GET / HTTP/1.1\r\nHost: gw.test\r\n\r\n")
        wait_until(lambda: gateway.metric("ravelin_upstream_queue_length") == 7, "four more wait")
        gate.set()
        self.assertEqual([client.read_response().status for client in clients], [200] * 8)

    def test_orders_survive_a_reload_and_say_when_they_have_no_effect(self):
        gateway = self.start_pool(self.a, self.b)
        self.order(gateway, "drain", "web/a")
        self.order(gateway, "weight", "web/b", "7")
        self.order(gateway, "add", "web", f"127.0.0.1:{self.c.port}", "--name", "c")
        gateway.write(config("    servers:\n" + listed([self.a, self.b]) + "    balance: least_requests\n"))
        gateway.reload()
        servers = self.servers(gateway)
        self.assertEqual([servers[name]["state"] for name in "abc"], ["drain", "up", "up"])
        self.assertEqual(servers["b"]["weight"], 7)
        gateway.write(config("    servers:\n" + listed([self.b], "b")))
        for _ in range(2):
            gateway.reload()
        self.assertEqual(sorted(self.servers(gateway)), ["b", "c"])
        self.assertEqual(gateway.log().count("without effect"), 1)
        self.assertIn("none: there is no such server", self.order(gateway, "overrides"))
        gateway.write(config("    servers:\n" + listed([self.a, self.b])))
        gateway.reload()
        self.assertEqual(self.servers(gateway)["a"]["state"], "drain")
        self.order(gateway, "ready", "web/a")
        self.follow(gateway, "abc")

    def test_a_configured_weight_that_changes_ends_the_order(self):
        gateway = self.start_pool(self.a, self.b)
        self.order(gateway, "weight", "web/b", "7", "--save")
        servers = listed([self.a, self.b]).replace('" }\n', '", weight: 3 }\n')
        gateway.write(config("    servers:\n" + servers))
        gateway.reload()
        self.assertEqual(self.servers(gateway)["b"]["weight"], 3)
        self.restart(gateway)
        self.assertEqual(self.servers(gateway)["b"]["weight"], 3)

    def test_only_saved_orders_survive_a_restart(self):
        gateway = self.start_pool(self.a, self.b)
        path = os.path.join(gateway.directory, "overrides.json")
        self.order(gateway, "drain", "web/a", "--save")
        self.order(gateway, "add", "web", f"127.0.0.1:{self.c.port}", "--name", "c", "--save")
        self.order(gateway, "weight", "web/b", "9")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        shown = self.order(gateway, "overrides")
        self.assertEqual(sorted(line.split()[1] for line in shown.splitlines() if " saved" in line and "not" not in line),
                         ["a", "c"])
        self.assertIn("not saved", shown)
        self.restart(gateway)
        servers = self.servers(gateway)
        self.assertEqual([servers[name]["state"] for name in "abc"], ["drain", "up", "up"])
        self.assertEqual(servers["b"]["weight"], 1)
        self.follow(gateway, "bc")
        self.order(gateway, "ready", "web/a", "--save")
        self.order(gateway, "remove", "web/c")  # taken back for now alone
        self.assertIn("taken back", self.order(gateway, "overrides"))
        self.restart(gateway)
        self.assertEqual({name: one["state"] for name, one in self.servers(gateway).items()},
                         {"a": "up", "b": "up", "c": "up"})

    def test_a_removed_server_stays_away_after_a_restart(self):
        gateway = self.start_pool(self.a, self.b)
        self.order(gateway, "remove", "web/a", "--save")
        self.restart(gateway)
        self.assertEqual(sorted(self.servers(gateway)), ["b"])
        self.order(gateway, "restore", "web/a", "--save")
        self.restart(gateway)
        self.assertEqual(sorted(self.servers(gateway)), ["a", "b"])

    def test_a_broken_file_of_orders_is_told_and_left_alone(self):
        gateway = self.start_pool(self.a, self.b)
        path = os.path.join(gateway.directory, "overrides.json")
        self.order(gateway, "drain", "web/a", "--save")
        with open(path) as file:
            text = file.read()
        with open(path, "w") as file:
            file.write(text.replace('"drain"', '"explode"'))
        self.restart(gateway)
        self.assertIn(f"{path}:2:", gateway.log())
        self.assertEqual(self.servers(gateway)["a"]["state"], "up")
        self.assertIn("to be mended or removed", self.refused(gateway, "drain", "web/b", "--save"))
        self.assertEqual(self.servers(gateway)["b"]["state"], "up")
        self.order(gateway, "drain", "web/b")
        with open(path, "w") as file:
            file.write(text)
        self.order(gateway, "drain", "web/b", "--save")
        self.restart(gateway)
        self.assertEqual({name: one["state"] for name, one in self.servers(gateway).items()},
                         {"a": "drain", "b": "drain"})

    def test_killed_while_it_saves_it_leaves_the_old_or_the_new(self):
        gateway = self.start_pool(self.a, self.b)
        path = os.path.join(gateway.directory, "overrides.json")
        self.order(gateway, "drain", "web/b", "--save")
        for round_ in range(5):
            stop = threading.Event()

            def give_orders():
                while not stop.is_set():
                    for verb in ("drain", "ready"):
                        self.ravelin(gateway, "server", verb, "web/a", "--save")
            orders = threading.Thread(target=give_orders, daemon=True)
            orders.start()
            time.sleep(0.05 + 0.02 * round_)
            gateway.kill()
            stop.set()
            orders.join(timeout=20)
            with open(path) as file:
                names = [one["server"] for one in json.load(file)["overrides"]]
            self.assertIn(names, (["b"], ["a", "b"]))
            os.path.exists(sock := os.path.join(gateway.directory, "admin.sock")) and os.unlink(sock)
            self.start_again(gateway)
            self.assertEqual(self.servers(gateway)["b"]["state"], "drain")


if __name__ == "__main__":
    unittest.main()
