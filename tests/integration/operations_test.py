"""Reload, drain, certificates and server loss while clients are being served: nothing is lost."""

import os
import socket
import ssl
import subprocess
import threading
import time
import unittest

from harness import MEMORY_FACTOR, Backend, Gateway, Load, ok, simple_config, wait_until


class Operations(unittest.TestCase):
    def setUp(self):
        self.backends = [Backend() for _ in range(3)]
        for backend in self.backends:
            self.addCleanup(backend.close)

    def start(self, **arguments):
        self.text = simple_config(self.backends, **arguments)
        gateway = Gateway(self.text)
        self.addCleanup(gateway.close)
        return gateway

    def test_reloads_under_load_lose_no_request(self):
        gateway = self.start()
        for fresh in (False, True):
            load = Load(gateway, fresh=fresh)
            for _ in range(15):
                gateway.reload()
                time.sleep(0.1)
            requests, failures = load.stop()
            self.assertEqual(failures, [])
            self.assertGreater(requests, 50)
        self.assertNotIn("reload failed", gateway.log())

    def test_a_broken_file_changes_nothing(self):
        gateway = self.start()
        gateway.write(self.text.replace("pool: web", "pool: nowhere"))
        gateway.reload()
        self.assertIn("reload failed", gateway.log())
        self.assertIn("nowhere", gateway.log())
        self.assertEqual(gateway.client().get().status, 200)

    def test_a_killed_backend_fails_no_request(self):
        gateway = self.start(pool="    health: { path: /, interval: 200ms, timeout: 100ms, rise: 1, fall: 1 }")
        load = Load(gateway)
        time.sleep(0.5)
        self.backends[1].close()
        time.sleep(1.5)
        requests, failures = load.stop()
        self.assertEqual(failures, [])
        self.assertGreater(requests, 100)

    def test_many_reloads_do_not_grow_memory(self):
        gateway = self.start()
        for _ in range(50):
            gateway.reload()
        before = gateway.rss_kib()
        for _ in range(int(os.environ.get("RAVELIN_RELOADS", "400"))):
            gateway.reload()
        self.assertEqual(gateway.client().get().status, 200)
        self.assertLess(gateway.rss_kib(), before * (1 + 0.05 * MEMORY_FACTOR))

    def test_sigterm_lets_requests_end_and_exits_0(self):
        slow = self.backends[0]
        slow.answer = lambda head, body: (time.sleep(1), ok(b"late"))[1]
        gateway = Gateway(simple_config([slow]))
        self.addCleanup(gateway.close)
        client = gateway.client()
        client.send(b"GET / HTTP/1.1\r\nHost: gw.test\r\n\r\n")
        wait_until(lambda: slow.connections == 1, "the request has reached the backend")
        code = []
        stopper = threading.Thread(target=lambda: code.append(gateway.stop()))
        stopper.start()
        response = client.read_response()
        self.assertEqual((response.body, response.field("connection")), (b"late", "close"))
        stopper.join(timeout=40)
        self.assertEqual(code, [0])

    def test_a_new_certificate_is_served_without_a_lost_handshake(self):
        gateway = self.start()
        load = Load(gateway, fresh=True)
        serial = self.serial(gateway)
        gateway.make_certificate(("gw.test", "localhost"))
        wait_until(lambda: self.serial(gateway) != serial, "the new certificate is served")
        requests, failures = load.stop()
        self.assertEqual(failures, [])

    def test_a_broken_certificate_keeps_the_last_good_one(self):
        gateway = self.start()
        serial = self.serial(gateway)
        with open(os.path.join(gateway.directory, "server.crt"), "w") as file:
            file.write("-----BEGIN CERTIFICATE-----\nnot one\n-----END CERTIFICATE-----\n")
        wait_until(lambda: "changed certificate refused" in gateway.log(), "the broken file is reported")
        self.assertEqual(self.serial(gateway), serial)
        time.sleep(1.5)
        self.assertEqual(gateway.log().count("changed certificate refused"), 1)

    def serial(self, gateway):
        client = gateway.client()
        pem = client.socket.getpeercert()["serialNumber"]
        client.close()
        return pem

    def test_sick_handshakes_are_named_in_the_log(self):
        gateway = self.start()
        with self.assertRaises(OSError):
            gateway.client(sni="unknown.test")
        wait_until(lambda: "reason=handshake_unknown_name" in gateway.log(), "the failed handshake is logged")
        self.assertIn("sni=unknown.test", gateway.log())

    def test_slow_heads_are_cut_and_others_served(self):
        gateway = self.start(listener="    timeouts: { header: 500ms }")
        slow = []
        for _ in range(50):
            slow.append(gateway.client())
            slow[-1].send(b"GET / HTTP/1.1\r\nHost: gw")  # before its time is over
        self.assertEqual(gateway.client().get().status, 200)
        self.assertEqual(slow[0].read_response().status, 408)

    def test_half_a_tls_record_in_a_body_costs_no_cpu(self):
        gateway = self.start()
        raw = socket.create_connection(("127.0.0.1", gateway.port), timeout=10)
        self.addCleanup(raw.close)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = gateway.client_context().wrap_bio(incoming, outgoing, server_hostname="gw.test")
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                raw.sendall(outgoing.read())
                incoming.write(raw.recv(65536))
        tls.write(b"POST / HTTP/1.1\r\nHost: gw.test\r\nContent-Length: 2000\r\n\r\n")
        raw.sendall(outgoing.read())
        tls.write(b"x" * 2000)
        record = outgoing.read()
        raw.sendall(record[:1000])
        time.sleep(0.3)
        before = gateway.cpu_seconds()
        time.sleep(1)
        self.assertLess(gateway.cpu_seconds() - before, 0.4)
        raw.sendall(record[1000:])
        incoming.write(raw.recv(65536))
        answer = b""
        while b"hello" not in answer:
            try:
                answer += tls.read(65536)
            except ssl.SSLWantReadError:
                incoming.write(raw.recv(65536))
        self.assertTrue(answer.startswith(b"HTTP/1.1 200 OK"))

    def test_connection_limits_refuse_only_the_surplus(self):
        gateway = self.start(listener="    connections: { max: 100, per_client_max: 5 }")
        wait_until(lambda: self.try_five(gateway), "five connections are admitted")

    def try_five(self, gateway):
        clients = []
        try:
            clients = [gateway.client() for _ in range(5)]
            with self.assertRaises(OSError):
                gateway.client()
            self.assertTrue(all(client.get().status == 200 for client in clients))
            return True
        except OSError:
            return False
        finally:
            for client in clients:
                client.close()


class Demo(unittest.TestCase):
    def test_demo_check_succeeds(self):
        from harness import BINARY
        import tempfile
        with tempfile.TemporaryDirectory() as directory:
            done = subprocess.run([BINARY, "demo", "--check", "--dir", directory], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertTrue(done.stdout.startswith("https://localhost:"), done.stdout)
            self.assertIn(os.path.join(directory, "ca.pem"), done.stdout.splitlines()[0])


if __name__ == "__main__":
    unittest.main()
