"""Where clients come in: every kind of listener, the options of accepted sockets, a gateway that is out
of descriptors, and listeners that come and go while clients connect."""

import ctypes
import os
import resource
import select
import signal
import socket
import struct
import subprocess
import threading
import time

from harness import ADMIN, BINARY, Case, DEADLINE, free_port, is_refused, simple_config, unittest, wait_until

SO_ATTACH_FILTER, SO_DETACH_FILTER = 26, 27  # asm-generic/socket.h
GET = b"GET / HTTP/1.1\r\nHost: gw.test\r\nConnection: close\r\n\r\n"


def with_listener(text, name, bind, more="plaintext: allowed"):
    """The configuration with one more listener, which proxies to the same pool."""
    listener = f'  - {{ name: {name}, bind: "{bind}", {more}, routes: [ {{ name: {name}, pool: web }} ] }}\n'
    return text.replace("pools:\n", listener + "pools:\n")


class Listeners(Case):
    def test_serves_on_ipv4_ipv6_and_unix_sockets_side_by_side(self):
        tls = "tls: { certificates: [ { chain: server.crt, key: server.key } ] }"
        text = simple_config([self.backend()])
        text = with_listener(text, "six", "[::]:{port}", tls)  # the port of the IPv4 listener, too
        text = with_listener(text, "local", "unix:{dir}/web.sock")
        gateway = self.gateway(text)
        self.assertEqual(self.client(gateway).get("/four").status, 200)
        self.assertEqual(self.client(gateway, to=("::1", gateway.port)).get("/six").status, 200)
        self.assertEqual(self.client(gateway, to=gateway.directory + "/web.sock", tls=False).get("/local").status, 200)
        wait_until(lambda: len(gateway.access_records()) == 3, "three requests are logged")
        self.assertEqual(sorted((r["path"], r["listener"]) for r in gateway.access_records()),
                         [("/four", "web"), ("/local", "local"), ("/six", "six")])

    def test_no_second_gateway_takes_part_of_the_connections(self):
        text = simple_config([self.backend()])
        gateway = self.gateway(text)
        for bind in ("127.0.0.1", "0.0.0.0"):
            other = os.path.join(gateway.directory, "other.yaml")
            with open(other, "w") as file:
                file.write(text.replace("127.0.0.1:{port}", f"{bind}:{gateway.port}").replace("access.log", "other.log"))
            for more in ((), ("--one-process",)):
                done = subprocess.run([BINARY, "run", "-c", other, *more], capture_output=True, text=True, timeout=DEADLINE * 3)
                self.assertEqual(done.returncode, 4, done.stderr)
                self.assertIn(f"listening on {bind}:{gateway.port}: address already in use", done.stderr)
        self.assertEqual([self.client(gateway).get().status for _ in range(20)], [200] * 20)

    def test_an_address_of_another_gateway_is_none_to_reload_to(self):
        text, other = simple_config([self.backend()]), self.gateway(simple_config([self.backend()]))
        gateway = self.gateway(text)
        gateway.write(with_listener(text, "more", f"127.0.0.1:{other.port}"))
        gateway.reload()
        self.assertIn("address already in use", gateway.log())
        other.stop()
        gateway.reload()
        self.assertEqual(self.client(gateway, to=other.port, tls=False).get().status, 200)

    def test_a_wildcard_and_one_of_its_addresses_may_be_one_gateways(self):
        port = free_port()
        text = simple_config([self.backend()])
        both = with_listener(with_listener(text, "any", f"0.0.0.0:{port}"), "one", f"127.0.0.1:{port}")
        for arguments in ((), ("--one-process",)):
            gateway = self.gateway(both, arguments=arguments)
            self.assertEqual(self.client(gateway, to=("127.0.0.2", port), tls=False).get("/any").status, 200)
            self.assertEqual(self.client(gateway, to=port, tls=False).get("/one").status, 200)
            for name, address in (("any", "0.0.0.0"), ("one", "127.0.0.1"), ("any", "0.0.0.0")):  # one in place of the other
                gateway.write(with_listener(text, name, f"{address}:{port}"))
                gateway.reload()
                self.assertEqual(self.client(gateway, to=port, tls=False).get("/").status, 200)
            self.assertNotIn("reload failed", gateway.log())
            self.assertEqual(gateway.stop(), 0)

    def test_an_ipv6_listener_takes_no_ipv4(self):
        port = free_port()
        gateway = self.gateway(with_listener(simple_config([self.backend()]), "six", f"[::]:{port}"))
        self.assertEqual(self.client(gateway, to=("::1", port), tls=False).get().status, 200)
        with self.assertRaises(ConnectionRefusedError):
            self.client(gateway, to=port, tls=False)

    def test_a_unix_socket_serves_again_after_a_kill(self):
        text = with_listener(simple_config([self.backend()]), "local", "unix:{dir}/web.sock")
        path = []
        for _ in range(2):
            gateway = self.gateway(text.replace("{dir}/web.sock", path[0]) if path else text)
            path.append(gateway.directory + "/web.sock")
            self.assertEqual(self.client(gateway, to=path[0], tls=False).get().status, 200)
            gateway.kill()


class AcceptedSockets(Case):
    PIDFD_GETFD = 438  # the same number on every architecture

    def test_are_sent_at_once_and_watched_for_dead_peers(self):
        if os.geteuid() != 0:
            self.fail("run as root: only root may look at the gateway's sockets")
        gateway = self.start(self.backend())
        client = self.client(gateway)
        self.assertEqual(client.get().status, 200)
        with self.copy_of(gateway, client.socket.getsockname()) as accepted:
            self.assertEqual(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY), 1)
            self.assertEqual(accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE), 1)
            self.assertLessEqual(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE), 300)

    def copy_of(self, gateway, peer):
        """The gateway's socket to `peer`."""
        process = os.pidfd_open(gateway.pid())
        self.addCleanup(os.close, process)
        for name in os.listdir(f"/proc/{gateway.pid()}/fd"):
            fd = ctypes.CDLL(None, use_errno=True).syscall(self.PIDFD_GETFD, process, int(name), 0)
            if fd < 0:
                continue
            try:
                copy = socket.socket(fileno=fd)
            except OSError:
                os.close(fd)
                continue
            try:
                if copy.getpeername() == peer:
                    return copy
            except OSError:
                pass
            copy.close()
        self.fail(f"no socket of the gateway leads to {peer}")


class OutOfDescriptors(Case):
    def test_pauses_accepting_and_serves_those_who_waited(self):
        limit = (160, 160)
        gateway = self.gateway(
            simple_config([self.backend()], top="overload: { stop_keep_alive: off, refuse_connections: off, "
                          "shed_requests: off }").replace("    tls: {", "    plaintext: allowed #"),
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, limit))
        clients = [self.client(gateway, tls=False) for _ in range(limit[0] + 60)]
        wait_until(lambda: "out of descriptors: accepting pauses" in gateway.log(), "the log says what is wrong")
        before = gateway.cpu_seconds()
        time.sleep(1)
        self.assertLess(gateway.cpu_seconds() - before, 0.4)
        for client in clients[:limit[0]]:
            client.close()
        self.assertEqual({client.get().status for client in clients[limit[0]:]}, {200})
        self.assertEqual(self.client(gateway, tls=False).get().status, 200)


class Visitors:
    """Clients that connect, ask once and leave. Whoever was connected must be answered; a listener that
    is gone may refuse the connection itself."""

    def __init__(self, gateway, to, tls=False, clients=2):
        self.gateway, self.to, self.tls = gateway, to, tls
        self.answered, self.refused, self.failures = 0, 0, []
        self.stopping = False
        self.lock = threading.Lock()
        self.context = gateway.client_context()
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(clients)]
        for thread in self.threads:
            thread.start()

    def _run(self):
        while not self.stopping:
            try:
                connection = socket.create_connection(self.to, timeout=10)
            except OSError:
                with self.lock:
                    self.refused += 1
                continue
            step = "handshake"
            try:
                if self.tls:
                    connection = self.context.wrap_socket(connection, server_hostname="gw.test")
                step = "request"
                connection.sendall(GET)
                step = "answer"
                answer = b"".join(iter(lambda: connection.recv(65536), b""))
                failure = None if answer.startswith(b"HTTP/1.1 200 ") else f"answer {answer[:40]}"
            except OSError as error:
                failure = f"port {self.to[1]}, {step}: {error!r}"
            connection.close()
            with self.lock:
                self.answered += failure is None
                if failure is not None:
                    self.failures.append(failure)

    def stop(self):
        self.stopping = True
        for thread in self.threads:
            thread.join(timeout=20)


class ComingAndGoing(Case):
    def start_visited(self):
        self.second = free_port()
        self.text = simple_config([self.backend(), self.backend()], top="drain_timeout: 10s\noverload: { lag_max: 0s }\n" + ADMIN)
        gateway = self.gateway(with_listener(self.text, "second", f"127.0.0.1:{self.second}"))
        visitors = [Visitors(gateway, ("127.0.0.1", gateway.port), tls=True),
                    Visitors(gateway, ("127.0.0.1", self.second), clients=4)]
        return gateway, visitors

    def test_listeners_come_and_go_and_nobody_connected_is_lost(self):
        gateway, visitors = self.start_visited()
        for i in range(6):
            was = visitors[1].answered
            gateway.write(self.text)
            gateway.reload()
            wait_until(lambda: is_refused(self.second), "the second listener is gone")
            gateway.write(with_listener(self.text, "second", f"127.0.0.1:{self.second}"))
            gateway.reload()
            wait_until(lambda: visitors[1].answered > was + 20, "the second listener serves again")
        for group in visitors:
            group.stop()
            self.assertEqual(group.failures, [], gateway.log())
            self.assertGreater(group.answered, 20)
        self.assertEqual(visitors[0].refused, 0)
        self.assertNotIn("reload failed", gateway.log())

    def test_a_stop_answers_everybody_who_is_connected(self):
        gateway, visitors = self.start_visited()
        wait_until(lambda: all(group.answered > 20 for group in visitors), "everybody is being served")
        gateway.process.send_signal(signal.SIGTERM)
        self.assertEqual(gateway.process.wait(timeout=40), 0)
        for group in visitors:
            group.stop()
            self.assertEqual(group.failures, [], gateway.log())

    def test_a_client_connected_before_the_reload_may_ask_after_it(self):
        gateway, visitors = self.start_visited()
        early = self.client(gateway, to=self.second, tls=False)
        for group in visitors:
            group.stop()
        gateway.write(self.text)
        gateway.reload()
        self.assertEqual(early.get().status, 200)

    def test_a_handshake_that_takes_long_is_waited_for(self):
        gateway, visitors = self.start_visited()
        for group in visitors:
            group.stop()
        deaf = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))  # BPF_RET | BPF_K, no byte
        program = struct.pack("HP", 1, ctypes.addressof(deaf))
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)
            client.setblocking(False)
            begun = time.monotonic()
            client.connect_ex(("127.0.0.1", self.second))
            gateway.write(self.text)
            gateway.reload()
            # It misses the answer, and the one a second later; the next comes after two more.
            time.sleep(max(0, begun + 1.5 - time.monotonic()))
            client.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)
            client.settimeout(10)
            self.assertEqual(select.select([], [client], [], 10)[1], [client])
            client.sendall(GET)
            self.assertTrue(client.recv(65536).startswith(b"HTTP/1.1 200 "))
        self.assertGreater(time.monotonic() - begun, 2)
        wait_until(lambda: is_refused(self.second), "then the listener is gone")

    def test_a_listener_that_leaves_answers_no_new_handshake(self):
        """Else the last of them might be answered in the moment before it closes."""
        gateway, visitors = self.start_visited()
        for group in visitors:
            group.stop()
        gateway.write(self.text)
        gateway.reload()
        end = time.monotonic() + 0.7  # of the 0.8 s it stays; the supervisor sees to it
        while time.monotonic() < end:
            with socket.socket() as client:
                client.setblocking(False)
                client.connect_ex(("127.0.0.1", self.second))
                if not select.select([], [client], [], 0.05)[1]:
                    return
                self.assertEqual(client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), 0, "it has closed before")
        self.fail("it goes on answering")

    def test_a_listener_that_comes_back_at_once_stays(self):
        gateway, visitors = self.start_visited()
        gateway.write(self.text)
        gateway.reload()
        gateway.write(with_listener(self.text, "second", f"127.0.0.1:{self.second}"))
        gateway.reload()
        end = time.monotonic() + 2.5  # longer than the one before takes to close
        while time.monotonic() < end:
            self.assertEqual(self.client(gateway, to=self.second, tls=False).get().status, 200)
        for group in visitors:
            group.stop()
            self.assertEqual(group.failures, [], gateway.log())


if __name__ == "__main__":
    unittest.main()
