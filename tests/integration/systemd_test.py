"""The service manager's side: what it is told, and the sockets it passes. systemd itself is not needed
for the first; for the second its systemd-socket-activate stands in for the manager."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from harness import Case, DEADLINE, Gateway, connect, free_port, simple_config, unittest


class Manager:
    """A NOTIFY_SOCKET."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="ravelin-notify-")
        self.path = os.path.join(self.directory, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(DEADLINE)

    def next(self, skip=b"WATCHDOG=1"):
        while True:
            message = self.socket.recv(4096)
            if message != skip:
                return dict(line.split("=", 1) for line in message.decode().splitlines())

    def close(self):
        self.socket.close()
        shutil.rmtree(self.directory, ignore_errors=True)


def read_bytes(path):
    """Of /proc; empty when the process has ended."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError):
        return b""


class Told(Case):
    def managed(self, config, **environment):
        self.manager = Manager()
        self.addCleanup(self.manager.close)
        variables = {**os.environ, "NOTIFY_SOCKET": self.manager.path, **environment}
        return self.gateway(config, env=variables)

    def test_ready_reloading_and_stopping(self):
        gateway = self.managed(simple_config([self.backend()]))
        self.assertEqual(self.manager.next()["READY"], "1")
        self.assertEqual(self.client(gateway).get().status, 200)
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        gateway.process.send_signal(signal.SIGHUP)
        reloading = self.manager.next()
        self.assertEqual(reloading["RELOADING"], "1")
        self.assertGreaterEqual(int(reloading["MONOTONIC_USEC"]), before)
        self.assertEqual(self.manager.next()["READY"], "1")
        gateway.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.manager.next()["STOPPING"], "1")
        self.assertEqual(gateway.process.wait(DEADLINE), 0)

    def test_a_reload_that_fails_ends_too(self):
        gateway = self.managed(simple_config([self.backend()]))
        self.assertEqual(self.manager.next()["READY"], "1")
        gateway.write("version: 1\n")
        gateway.process.send_signal(signal.SIGHUP)
        self.assertEqual(self.manager.next()["RELOADING"], "1")
        self.assertEqual(self.manager.next()["READY"], "1")

    def test_signs_of_life_come_as_often_as_asked(self):
        self.managed(simple_config([self.backend()]), WATCHDOG_USEC="1500000")
        signs = 0
        while signs < 3:
            signs += "WATCHDOG" in self.manager.next(skip=None)


    def stop_the_reader(self, gateway):
        """A reload whose reader is stopped in the middle: its pid."""
        supervisor = gateway.process.pid
        for _ in range(50):
            gateway.process.send_signal(signal.SIGHUP)
            given_up = time.monotonic() + 1
            while time.monotonic() < given_up:
                for pid in read_bytes(f"/proc/{supervisor}/task/{supervisor}/children").split():
                    pid = int(pid)
                    # Before it is the program itself its parent waits for it.
                    if b"\0read\0" not in read_bytes(f"/proc/{pid}/cmdline"):
                        continue
                    os.kill(pid, signal.SIGSTOP)
                    if b") T " in read_bytes(f"/proc/{pid}/stat"):
                        return pid
        self.fail("the reader was never caught while it read")

    def test_signs_of_life_go_on_while_a_reload_waits_for_its_reader(self):
        gateway = self.managed(simple_config([self.backend()]), WATCHDOG_USEC="1500000")
        self.assertEqual(self.manager.next()["READY"], "1")
        reader = self.stop_the_reader(gateway)
        self.addCleanup(os.kill, reader, signal.SIGCONT)
        stopped, latest, gaps = time.monotonic(), time.monotonic(), []
        while time.monotonic() - stopped < 5:
            if "WATCHDOG" in self.manager.next(skip=None):
                gaps.append(time.monotonic() - latest)
                latest = time.monotonic()
        self.assertGreaterEqual(len(gaps), 5, gaps)
        self.assertLess(max(gaps), 1.5, gaps)


class ActivatedGateway(Gateway):
    """Started by systemd-socket-activate on the first connection, with the sockets "web" (at its port) and
    "second"."""

    def __init__(self, config, second):
        if shutil.which("systemd-socket-activate") is None:
            raise AssertionError("systemd-socket-activate is missing: scripts/setup --test")
        command = []

        def prepare(gateway):
            command.extend(["systemd-socket-activate", "--fdname=web:second", "-l", f"127.0.0.1:{gateway.port}",
                            "-l", f"127.0.0.1:{second}"])
        super().__init__(config, prepare=prepare, command=command)

    def is_listening(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            pass
        return super().is_listening()


class PassingGateway(Gateway):
    """Gets a listening socket as a service manager would pass it."""

    def __init__(self, config, listener):
        script = f'export LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=web; exec "$0" "$@" 3<&{listener.fileno()}'

        def prepare(gateway):
            gateway.port = listener.getsockname()[1]
        super().__init__(config, prepare=prepare, command=("sh", "-c", script), pass_fds=(listener.fileno(),))


class Passed(Case):
    def config(self, backend, bind):
        return simple_config([backend]).replace('bind: "127.0.0.1:{port}"', f"bind: {bind}")

    def activated(self, config, second):
        gateway = ActivatedGateway(config, second)
        self.addCleanup(gateway.close)
        return gateway

    def test_are_served_by_their_name(self):
        backend = self.backend()
        port = free_port()
        text = self.config(backend, "[systemd:web, systemd:second]")
        gateway = self.activated(text, port)
        for to in (gateway.port, port):
            for _ in range(8):
                self.assertEqual(self.client(gateway, to=to).get().status, 200)
        self.assertIn("(systemd:web)", gateway.log())

    def test_a_reload_may_let_go_of_one_and_take_it_again(self):
        backend = self.backend()
        port = free_port()
        both = self.config(backend, "[systemd:web, systemd:second]")
        gateway = self.activated(both, port)
        self.assertEqual(self.client(gateway, to=port).get().status, 200)
        gateway.write(self.config(backend, "systemd:web"))
        gateway.reload()
        waiting = connect(port)  # queues: the socket is the manager's and stays open
        self.addCleanup(waiting.close)
        self.assertEqual(self.client(gateway).get().status, 200)
        gateway.write(both)
        gateway.reload()
        waiting = gateway.client_context().wrap_socket(waiting, server_hostname="gw.test")
        self.addCleanup(waiting.close)
        waiting.sendall(b"GET / HTTP/1.1\r\nHost: gw.test\r\nConnection: close\r\n\r\n")
        self.assertTrue(waiting.recv(4096).startswith(b"HTTP/1.1 200"))

    def test_a_name_nobody_passed_is_an_error_that_tells_the_names(self):
        port = free_port()
        text = self.config(self.backend(), "systemd:wbe")
        with self.assertRaises(AssertionError) as ended:
            self.activated(text, port)
        self.assertIn('no socket "wbe" was passed by the service manager (passed: web, second)', str(ended.exception))

    def test_without_a_service_manager_it_is_an_error_too(self):
        with self.assertRaises(AssertionError) as ended:
            self.gateway(self.config(self.backend(), "systemd:web"))
        self.assertIn('no socket "web" was passed by the service manager (passed: none)', str(ended.exception))

    def test_what_queues_while_it_stops_is_served_by_the_next(self):
        """The sockets belong to this test here, as they do to the manager: it passes them twice."""
        backend = self.backend()
        listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.addCleanup(listener.close)
        text = self.config(backend, "systemd:web")

        def start():
            gateway = PassingGateway(text, listener)
            self.addCleanup(gateway.close)
            return gateway
        first = start()
        self.assertEqual(self.client(first).get().status, 200)
        self.assertEqual(first.stop(), 0)
        waiting = connect(listener.getsockname()[1])
        second = start()
        waiting = second.client_context().wrap_socket(waiting, server_hostname="gw.test")
        self.addCleanup(waiting.close)
        waiting.sendall(b"GET / HTTP/1.1\r\nHost: gw.test\r\nConnection: close\r\n\r\n")
        self.assertTrue(waiting.recv(4096).startswith(b"HTTP/1.1 200"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
