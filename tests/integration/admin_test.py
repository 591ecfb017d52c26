"""The operator's side of a running gateway: status, reload, orders to servers, metrics, readiness."""

import json
import os
import signal
import socket
import stat
import subprocess
import threading
import unittest

from harness import BINARY, Backend, Gateway, free_port, simple_config, wait_until

ASK = "import socket,sys;s=socket.socket(socket.AF_UNIX);s.connect(sys.argv[1]);" \
      "s.sendall(b'GET /v1/status HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n');" \
      "sys.stdout.write(b''.join(iter(lambda:s.recv(65536),b'')).decode())"


class Admin(unittest.TestCase):
    def setUp(self):
        self.backends = [Backend() for _ in range(2)]
        for backend in self.backends:
            self.addCleanup(backend.close)
        self.admin_port = free_port()
        self.text = simple_config(
            self.backends,
            top=f'admin: {{ socket: admin.sock, listen: "127.0.0.1:{self.admin_port}" }}')
        self.gateway = Gateway(self.text)
        self.addCleanup(self.gateway.close)
        self.socket = os.path.join(self.gateway.directory, "admin.sock")
        wait_until(lambda: self.get("/readyz")[0] == 200, "every worker serves")

    def ravelin(self, *arguments):
        return subprocess.run([BINARY, *arguments, "-c", self.gateway.config], capture_output=True, text=True,
                              timeout=60)

    def status(self):
        done = self.ravelin("status", "--json")
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return json.loads(done.stdout)

    def get(self, path):
        try:
            client = socket.create_connection(("127.0.0.1", self.admin_port), timeout=10)
        except ConnectionRefusedError:
            return 0, ""  # not listening yet
        with client:
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            text = b"".join(iter(lambda: client.recv(65536), b"")).decode()
        head, _, body = text.partition("\r\n\r\n")
        return int(head.split(" ")[1]), body

    def sample(self, name):
        status, text = self.get("/metrics")
        self.assertEqual(status, 200)
        for line in text.splitlines():
            if line.startswith(name + " "):
                return float(line.rsplit(" ", 1)[1])
        self.fail(f"{name} is not in\n{text}")

    def test_status_says_what_is_served(self):
        self.assertEqual(self.gateway.client().get().status, 200)
        status = self.status()
        self.assertTrue(status["ready"])
        self.assertEqual(status["pid"], self.gateway.pid())
        self.assertEqual(status["generation"], 1)
        self.assertEqual(status["listeners"],
                         [{"listener": "web", "addresses": [f"127.0.0.1:{self.gateway.port}"], "tls": True}])
        self.assertEqual([worker["generation"] for worker in status["workers"]], [1, 1])
        self.assertEqual([server["state"] for server in status["pools"][0]["servers"]], ["up", "up"])
        self.assertEqual(sorted(status["certificates"][0]["names"]), ["gw.test", "localhost"])
        text = self.ravelin("status")
        self.assertEqual(text.returncode, 0)
        self.assertIn(": ready, up ", text.stdout)

    def test_a_drained_server_gets_nothing_until_it_is_back(self):
        client = self.gateway.client()
        self.assertEqual(self.ravelin("server", "drain", "web/s0").returncode, 0)
        before = len(self.backends[0].seen())
        wait_until(lambda: client.get().status == 200 and len(self.backends[1].seen()) > 20, "s1 serves alone")
        self.assertLessEqual(len(self.backends[0].seen()), before + 2)  # until the workers know
        self.assertEqual(self.sample('ravelin_server_draining{pool="web",server="s0"}'), 1)
        self.assertEqual(self.sample('ravelin_server_up{pool="web",server="s0"}'), 0)
        self.assertEqual(self.ravelin("server", "ready", "web/s0").returncode, 0)
        before = len(self.backends[0].seen())
        wait_until(lambda: client.get().status == 200 and len(self.backends[0].seen()) > before, "s0 serves again")

    def test_a_weight_shifts_the_load_and_lasts_over_a_reload(self):
        done = self.ravelin("server", "weight", "web/s0", "9")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("9 (of 1)", done.stdout)
        self.assertEqual(self.sample('ravelin_server_weight{pool="web",server="s0"}'), 9)
        self.assertEqual(self.ravelin("reload").stdout, "reloaded: generation 2\n")
        self.assertEqual(self.status()["pools"][0]["servers"][0]["weight"], 9)
        client = self.gateway.client()
        seen = [len(backend.seen()) for backend in self.backends]
        for _ in range(100):
            self.assertEqual(client.get().status, 200)
        shares = [len(backend.seen()) - count for backend, count in zip(self.backends, seen)]
        self.assertAlmostEqual(shares[0], 90, delta=2)
        self.assertIn("web   s0      ", self.ravelin("server", "weight", "web/s0", "default").stdout)
        self.assertEqual(self.status()["pools"][0]["servers"][0]["weight"], 1)

    def test_orders_to_nobody_are_refused(self):
        done = self.ravelin("server", "drain", "web/s9")
        self.assertEqual(done.returncode, 3)
        self.assertIn("s9", done.stderr)
        self.assertEqual(self.ravelin("server", "drain", "nowhere/s0").returncode, 3)
        self.assertEqual(self.ravelin("server", "drain", "web").returncode, 2)

    def test_a_bad_configuration_is_refused_with_its_findings(self):
        self.gateway.write(self.text.replace("pool: web", "pool: nowhere"))
        done = self.ravelin("reload")
        self.assertEqual(done.returncode, 3)
        self.assertIn('pool "nowhere" is not defined', done.stderr)
        status = self.status()
        self.assertEqual((status["generation"], status["last_reload"]["ok"]), (1, False))
        self.assertEqual(self.sample("ravelin_config_reload_success"), 0)
        self.assertEqual(self.gateway.client().get().status, 200)
        self.gateway.write(self.text)
        self.assertEqual(self.ravelin("reload").returncode, 0)
        self.assertEqual(self.sample("ravelin_config_reload_success"), 1)

    def test_metrics_show_what_the_control_thread_knows(self):
        self.assertEqual(self.sample('ravelin_server_up{pool="web",server="s0"}'), 1)
        self.assertGreater(self.sample('ravelin_certificate_expiry_seconds{name="gw.test"}'), 1.7e9)
        self.assertGreater(self.sample("ravelin_config_reload_success_timestamp_seconds"), 1.7e9)
        self.assertEqual(self.sample('ravelin_log_dropped_total{log="access"}'), 0)

    def test_metrics_show_what_the_workers_do(self):
        busy = self.sample('ravelin_worker_busy_seconds_total{worker="0"}')
        self.assertTrue(0 < busy < 60, busy)
        looks = 'ravelin_worker_event_loop_lag_seconds_count{worker="1"}'
        before = self.sample(looks)
        wait_until(lambda: self.sample(looks) > before + 2, "the loops are looked at")

    def test_readiness_ends_when_draining_begins(self):
        self.release = threading.Event()
        for backend in self.backends:
            backend.answer = lambda head, body: self.held()
        self.addCleanup(self.release.set)
        client = self.gateway.client()
        client.send(b"GET / HTTP/1.1\r\nHost: gw.test\r\n\r\n")
        wait_until(lambda: self.status()["requests_in_flight"] == 1, "the request is in flight")
        self.gateway.process.send_signal(signal.SIGTERM)
        wait_until(lambda: self.get("/readyz")[0] == 503, "the gateway says it drains")
        self.assertIn("draining", self.get("/readyz")[1])
        self.assertEqual(self.get("/healthz")[0], 200)
        self.assertEqual(self.ravelin("status").returncode, 1)
        self.release.set()
        self.assertEqual(client.read_response().status, 200)
        self.assertEqual(self.gateway.process.wait(timeout=40), 0)
        self.assertFalse(os.path.exists(self.socket))
        self.assertEqual(self.ravelin("status").returncode, 4)

    def held(self):
        self.release.wait(timeout=10)
        return b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    def test_the_socket_is_for_those_who_may(self):
        mode = os.lstat(self.socket).st_mode
        self.assertTrue(stat.S_ISSOCK(mode))
        self.assertEqual(stat.S_IMODE(mode), 0o660)
        own = subprocess.run(["python3", "-c", ASK, self.socket], capture_output=True, text=True, timeout=30)
        self.assertTrue(own.stdout.startswith("HTTP/1.1 200 "), own.stdout + own.stderr)
        if os.geteuid() == 0:  # another user, even where the mode would let him connect
            os.chmod(self.gateway.directory, 0o755)
            os.chmod(self.socket, 0o666)
            other = subprocess.run(["python3", "-c", ASK, self.socket], capture_output=True, text=True, timeout=30,
                                   user=65534, group=65534, extra_groups=[])
            self.assertTrue(other.stdout.startswith("HTTP/1.1 403 "), other.stdout + other.stderr)
            self.assertIn("group ravelin-admin", other.stdout)

    def test_an_address_in_use_is_an_error_at_start(self):
        other = self.text.replace("{port}", str(free_port())).replace("admin.sock", "other.sock")
        path = os.path.join(self.gateway.directory, "other.yaml")
        with open(path, "w") as file:
            file.write(other)
        done = subprocess.run([BINARY, "run", "-c", path], capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 4)
        self.assertIn(f"admin.listen: listening on 127.0.0.1:{self.admin_port}: address already in use", done.stderr)
        self.assertFalse(os.path.exists(os.path.join(self.gateway.directory, "other.sock")))


if __name__ == "__main__":
    unittest.main()
