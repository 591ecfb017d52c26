"""What lies between a request and its server: kept connections that die, TLS to servers, places on
servers and the queue for them, backups."""

import os
import resource
import socket
import ssl
import threading
import time

from harness import ADMIN, Case, DEADLINE, ok, openssl, simple_config, unittest, wait_until

GET = b"GET / HTTP/1.1\r\nHost: gw.test\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: gw.test\r\nContent-Length: 2\r\n\r\nhi"


class KeptConnections(Case):
    def dying(self):
        """A server that answers the first request of each connection and dies of the second."""
        def serve(connection):
            buffered = b""
            for i in range(2):
                while b"\r\n\r\n" not in buffered:
                    piece = connection.recv(65536)
                    if not piece:
                        return
                    buffered += piece
                backend.requests.append((buffered, b""))
                buffered = b""
                if i == 0:
                    connection.sendall(ok(b"fine"))

        backend = self.backend(raw=serve)
        return backend

    def test_a_get_on_a_dead_connection_is_sent_again_unseen(self):
        backend = self.dying()
        gateway = self.start(backend, pool="    ejection: { consecutive_failures: 1 }")
        client = self.client(gateway)
        self.assertEqual([client.get().body for _ in range(10)], [b"fine"] * 10)
        self.assertEqual(backend.connections, 10)
        self.assertNotIn("ejected", gateway.log())  # it was no fault of the server

    def test_an_empty_body_makes_no_difference(self):
        for method in ("GET", "OPTIONS"):
            for framing, body in (("Content-Length: 0", ""), ("Transfer-Encoding: chunked", "0\r\n\r\n")):
                backend = self.dying()
                gateway = self.start(backend, pool="    ejection: { consecutive_failures: 1 }")
                client = self.client(gateway)
                for _ in range(10):
                    client.send(f"{method} / HTTP/1.1\r\nHost: gw.test\r\n{framing}\r\n\r\n{body}".encode())
                    self.assertEqual(client.read_response().body, b"fine")
                self.assertEqual(backend.connections, 10)
                self.assertNotIn("ejected", gateway.log())
                gateway.stop()

    def test_a_body_that_a_dead_connection_took_is_no_fault_of_the_server(self):
        for method in ("GET", "POST"):
            gateway = self.start(self.dying(), pool="    ejection: { consecutive_failures: 1 }")
            client = self.client(gateway)
            self.assertEqual(client.get().status, 200)
            client.send(f"{method} / HTTP/1.1\r\nHost: gw.test\r\nContent-Length: 4\r\n\r\nbody".encode())
            self.assertEqual(client.read_response().status, 502)
            self.assertEqual(self.client(gateway).get().status, 200)
            self.assertNotIn("ejected", gateway.log())
            gateway.stop()

    def test_a_get_on_a_dead_connection_is_sent_again_even_without_retries(self):
        client = self.client(self.start(self.dying(), route=", retry: { attempts: 0 }"))
        self.assertEqual([client.get().body for _ in range(4)], [b"fine"] * 4)

    def test_a_post_on_a_dead_connection_is_never_sent_twice(self):
        backend = self.dying()
        client = self.client(self.start(backend))
        self.assertEqual(client.get().status, 200)
        client.send(POST)
        response = client.read_response()
        self.assertEqual((response.status, response.field("proxy-status")), (502, "ravelin; error=connection_terminated"))
        self.assertEqual(len([head for head, _ in backend.requests if head.startswith(b"POST")]), 1)

    def test_a_connection_the_server_has_closed_is_not_used_again(self):
        closed = threading.Semaphore(0)

        def serve(connection):
            connection.recv(65536)
            connection.sendall(ok(b"fine"))
            connection.close()
            closed.release()

        client = self.client(self.start(self.backend(raw=serve)))
        for request in (GET, POST) * 5:
            client.send(request)
            self.assertEqual(client.read_response().status, 200)
            self.assertTrue(closed.acquire(timeout=DEADLINE))

    def test_a_connection_is_let_go_of_when_it_was_idle_too_long(self):
        ended = []
        backend = self.backend(raw=lambda c: (c.recv(65536), c.sendall(ok(b"fine")), ended.append(c.recv(65536))))
        client = self.client(self.start(backend, pool="    timeouts: { idle: 200ms }"))
        self.assertEqual(client.get().status, 200)
        wait_until(lambda: ended == [b""], "the gateway closes the idle connection")

    def test_what_a_server_says_of_idle_connections_is_kept_to(self):
        answer = b"HTTP/1.1 200 OK\r\nKeep-Alive: timeout=2, max=100\r\nContent-Length: 4\r\n\r\nfine"
        lasted = []

        def speak(connection):
            connection.recv(65536)
            connection.sendall(answer)
            began = time.monotonic()
            self.assertEqual(connection.recv(65536), b"")
            lasted.append(time.monotonic() - began)

        client = self.client(self.start(self.backend(raw=speak)))
        self.assertEqual(client.get().status, 200)
        wait_until(lambda: lasted, "the gateway closes the idle connection")
        self.assertLess(lasted[0], 2)

    def test_a_connection_is_let_go_of_before_the_server_would_close_it(self):
        ended = []

        def speak(connection):
            connection.recv(65536)
            connection.sendall(ok(b"fine"))
            connection.settimeout(1.2)
            try:
                ended.append("by the gateway" if connection.recv(65536) == b"" else "not")
            except TimeoutError:
                ended.append("by the server")

        client = self.client(self.start(self.backend(raw=speak)))
        for count in (1, 2, 3):
            self.assertEqual(client.get().status, 200)
            wait_until(lambda count=count: len(ended) == count, "the connection's end")
        self.assertEqual(ended, ["by the server", "by the server", "by the gateway"])

    def test_connections_that_are_kept_no_longer_go_quietly(self):
        barrier = threading.Barrier(4, timeout=DEADLINE)

        def together(head, body):
            barrier.wait()
            return ok(b"fine")

        leaving = self.backend(together)
        gateway = self.start(leaving, pool="    idle_connections_max: 1")
        clients = [self.client(gateway) for _ in range(4)]
        for client in clients:
            client.send(GET)
        self.assertEqual({client.read_response().status for client in clients}, {200})
        wait_until(lambda: len(leaving.open) <= 2, "each worker keeps one")
        gateway.write(simple_config([self.backend()]))
        gateway.reload()
        wait_until(lambda: not leaving.open, "the server that left is let go of")
        self.assertEqual({client.get().status for client in clients}, {200})
        self.assertEqual(gateway.stop(), 0)

    def test_a_reset_says_so(self):
        def reset(connection):
            connection.recv(65536)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            connection.close()

        gateway = self.start(self.backend(raw=reset))
        self.assertEqual(self.client(gateway).get().status, 502)
        self.assertEqual(gateway.record("upstream_reset")["status"], 502)


class UpstreamTls(Case):
    def start_tls(self, name="back.test", ca="ca.pem"):
        self.server = self.backend()
        self.names = []

        def prepare(gateway):
            gateway.make_certificate(("back.test",), name="back")
            openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "10",
                    "-subj", "/CN=other CA", "-keyout", os.path.join(gateway.directory, "other.key"),
                    "-out", os.path.join(gateway.directory, "other.pem"))
            self.server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.server.tls.load_cert_chain(*(os.path.join(gateway.directory, f) for f in ("back.crt", "back.key")))
            self.server.tls.sni_callback = lambda _, sni, __: self.names.append(sni)

        return self.gateway(simple_config([self.server], server=f", tls: {{ ca: {ca}, name: {name} }}"), prepare=prepare)

    def test_a_server_with_the_right_certificate_is_used(self):
        gateway = self.start_tls()
        client = self.client(gateway)
        self.assertEqual([client.get().status for _ in range(3)], [200] * 3)
        self.assertEqual((self.names, self.server.connections), (["back.test"], 1))

    def test_a_server_with_another_name_gets_no_request(self):
        self.refused(self.start_tls(name="else.test"))

    def test_a_server_of_another_ca_gets_no_request(self):
        self.refused(self.start_tls(ca="other.pem"))

    def test_a_response_that_ends_by_close_is_whole_only_after_a_close_notify(self):
        gateway = self.start_tls()

        def raw(connection):
            is_whole = b"/whole" in connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nabc")
            if is_whole:
                connection.unwrap()

        self.server.raw = raw
        self.assertEqual(self.client(gateway).get("/whole").body, b"abc")
        with self.assertRaises(OSError):
            self.client(gateway).get("/cut")
        self.assertEqual(gateway.record("upstream_body_truncated")["path"], "/cut")

    def refused(self, gateway):
        response = self.client(gateway).get()
        self.assertEqual((response.status, response.field("proxy-status")), (502, "ravelin; error=tls_protocol_error"))
        record = gateway.record("upstream_tls_failed")
        self.assertEqual((record["status"], record["server"]), (502, "s0"))
        self.assertEqual(self.server.seen(), [])


class Places(Case):
    def setUp(self):
        self.release = threading.Event()
        self.addCleanup(self.release.set)

    def held(self):
        """A server that answers only when released."""
        return self.backend(lambda head, body: self.release.wait(DEADLINE) and ok(b"late"))

    def test_a_server_never_has_more_requests_than_its_places(self):
        lock = threading.Lock()
        now, most = [0, 0], [0, 0]

        def counting(index):
            def answer(head, body):
                with lock:
                    now[index] += 1
                    most[index] = max(most[index], now[index])
                time.sleep(0.005)  # the work; more than enough for others to come
                with lock:
                    now[index] -= 1
                return None if b"/die" in head else ok(b"done")
            return answer

        gateway = self.start(self.backend(counting(0)), self.backend(counting(1)), server=", connections_max: 3",
                             pool="    ejection: { consecutive_failures: 0 }", top=ADMIN)
        wrong = []

        def ask():
            client = gateway.client()
            for i in range(30):
                client.send(b"GET /die HTTP/1.1\r\nHost: gw.test\r\n\r\n" if i % 10 == 9 else GET)
                response = client.read_response()
                if response is None or response.status != (502 if i % 10 == 9 else 200):
                    wrong.append(response and response.status)
            client.close()

        threads = [threading.Thread(target=ask) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])
        self.assertEqual(most, [3, 3])
        self.assert_metric(gateway, 0, "ravelin_upstream_queue_length")

    def waiting(self, gateway, count):
        wait_until(lambda: gateway.metric("ravelin_upstream_queue_length", pool="web") == count, f"{count} wait")

    def ask(self, gateway):
        client = self.client(gateway)
        client.send(GET)
        return client

    def test_the_queue_is_bounded_and_its_surplus_is_refused_at_once(self):
        backend = self.held()
        gateway = self.start(backend, server=", connections_max: 1", pool="    queue: { max: 2, timeout: 60s }", top=ADMIN)
        served = [self.ask(gateway)]
        wait_until(lambda: len(backend.seen()) == 1, "the server is full")
        served += [self.ask(gateway), self.ask(gateway)]
        self.waiting(gateway, 2)
        surplus = self.client(gateway)
        response = surplus.get()
        self.assertEqual((response.status, response.field("retry-after")), (503, "1"))
        self.assertEqual(response.field("proxy-status"), "ravelin; error=connection_limit_reached")
        self.release.set()
        self.assertEqual([client.read_response().body for client in served], [b"late"] * 3)
        self.assertEqual(surplus.get().status, 200)
        self.assertEqual(gateway.record("queue_full")["status"], 503)
        self.assert_metric(gateway, 1, "ravelin_errors_total", reason="queue_full")
        waited = [r for r in gateway.access_records() if "queue_us" in r and r["reason"] == "none"]
        self.assertGreaterEqual(len(waited), 2)

    def test_who_waits_too_long_is_told_so(self):
        backend = self.held()
        gateway = self.start(backend, server=", connections_max: 1", pool="    queue: { timeout: 500ms }", top=ADMIN)
        first = self.ask(gateway)
        wait_until(lambda: len(backend.seen()) == 1, "the server is full")
        began = time.monotonic()
        waiting = [self.ask(gateway) for _ in range(3)]
        self.assertEqual([client.read_response().status for client in waiting], [503] * 3)
        self.assertGreaterEqual(time.monotonic() - began, 0.49)
        self.release.set()
        self.assertEqual(first.read_response().body, b"late")
        self.assertGreaterEqual(gateway.record("queue_timeout")["queue_us"], 490_000)
        wait_until(lambda: gateway.metric("ravelin_errors_total", reason="queue_timeout") == 3, "three are counted")
        self.assertEqual(len(backend.seen()), 1)

    def test_a_client_that_gives_up_leaves_its_place_to_the_next(self):
        backend = self.held()
        gateway = self.start(backend, server=", connections_max: 1", top=ADMIN)
        clients = [self.ask(gateway)]
        wait_until(lambda: len(backend.seen()) == 1, "the server is full")
        clients += [self.ask(gateway) for _ in range(3)]
        self.waiting(gateway, 3)
        clients[0].close()
        clients[1].close()
        self.release.set()
        self.assertEqual([client.read_response().body for client in clients[2:]], [b"late"] * 2)
        self.assertEqual(self.client(gateway).get().body, b"late")
        self.waiting(gateway, 0)


class Backups(Case):
    def test_serve_only_while_no_other_can(self):
        alive = {"primary": True}
        primary = self.backend(lambda head, body: ok(b"primary") if alive["primary"] else None)
        backup = self.backend(lambda head, body: ok(b"backup"))
        text = simple_config([primary, backup], pool="    health: { interval: 50ms, timeout: 500ms, rise: 2, fall: 2 }\n"
                                                       "    ejection: { consecutive_failures: 0 }")
        gateway = self.gateway(text.replace(f'127.0.0.1:{backup.port}"', f'127.0.0.1:{backup.port}", backup: true'))
        client = self.client(gateway)
        self.assertEqual({client.get().body for _ in range(20)}, {b"primary"})
        alive["primary"] = False
        wait_until(lambda: client.get().body == b"backup", "the backup stands in")
        wait_until(lambda: "server down" in gateway.log(), "the primary is known to be down")
        self.assertEqual({client.get().body for _ in range(20)}, {b"backup"})
        alive["primary"] = True
        wait_until(lambda: client.get().body == b"primary", "the primary is back")
        self.assertEqual({client.get().body for _ in range(20)}, {b"primary"})


class OwnShortage(Case):
    def test_without_descriptors_no_server_is_blamed(self):
        limit = 120
        gateway = self.gateway(
            simple_config([self.backend()], pool="    ejection: { consecutive_failures: 1 }",
                          top="overload: { stop_keep_alive: off, refuse_connections: off, shed_requests: off }").replace(
                "    tls: {", "    plaintext: allowed #"),
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
        clients = [self.client(gateway, tls=False) for _ in range(limit)]
        wait_until(lambda: "out of descriptors: accepting pauses" in gateway.log(), "no descriptor is left")
        response = clients[0].get()
        self.assertEqual((response.status, response.field("proxy-status")),
                         (503, "ravelin; error=proxy_internal_response"))
        self.assertIn("too many open files", gateway.record("overload")["detail"])
        self.assertNotIn("ejected", gateway.log())
        for client in clients[1:]:
            client.close()
        wait_until(lambda: self.client(gateway, tls=False).get().status == 200, "there are descriptors again")


class SurplusOfServers(Case):
    def test_a_record_after_the_response_answers_no_other_request(self):
        """Both come in one segment: the second lies in the TLS engine when the first has been read."""
        def serve(connection):
            while connection.recv(65536):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
                connection.sendall(ok(b"asked"))
                connection.sendall(ok(b"unasked"))
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)

        server = self.backend(raw=serve)

        def prepare(gateway):
            gateway.make_certificate(("back.test",), name="back")
            server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            server.tls.load_cert_chain(*(os.path.join(gateway.directory, f) for f in ("back.crt", "back.key")))

        gateway = self.gateway(simple_config([server], server=", tls: { ca: ca.pem, name: back.test }"), prepare=prepare)
        client = self.client(gateway)
        self.assertEqual([client.get().body for _ in range(20)], [b"asked"] * 20)
        self.assertEqual(server.connections, 20)


if __name__ == "__main__":
    unittest.main()
