"""What the gateway is to the machine it runs on: a process that gives up its privileges, needs no service
manager, and ends when it is told to."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from harness import ADMIN, BINARY, Case, DEADLINE, ok, simple_config, unittest, wait_until

USER = "nobody"


def threads_of(gateway):
    """The status of each thread, as a map."""
    directory = f"/proc/{gateway.pid()}/task"
    found = {}
    for thread in os.listdir(directory):
        with open(f"{directory}/{thread}/status") as file:
            found[thread] = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    return found


def free_low_port():
    for port in range(1023, 600, -1):
        try:
            socket.create_server(("127.0.0.1", port)).close()
            return port
        except OSError:
            pass
    raise AssertionError("no port below 1024 is free")


class Privileges(Case):
    def setUp(self):
        if os.geteuid() != 0:
            self.fail("run as root: who starts without privileges has none to give up")

    def give_away(self, gateway):
        """All files belong to the user the gateway becomes."""
        user = pwd.getpwnam(USER)
        for directory, _, files in os.walk(gateway.directory):
            for path in [directory] + [os.path.join(directory, file) for file in files]:
                os.chown(path, user.pw_uid, user.pw_gid)

    def give_away_all_but_the_key(self, gateway):
        self.give_away(gateway)
        os.chown(gateway.directory + "/server.key", 0, 0)

    def test_every_thread_becomes_the_user_and_keeps_no_capability(self):
        text = simple_config([self.backend()], top=f"user: {USER}")
        gateway = self.gateway(text, prepare=self.give_away)
        self.assertEqual(self.client(gateway).get().status, 200)
        user = pwd.getpwnam(USER)
        wait_until(lambda: len(threads_of(gateway)) >= 4, "two workers, the control thread and the log run")
        threads = threads_of(gateway)
        for name, status in threads.items():
            with self.subTest(thread=status["Name"]):
                self.assertEqual(set(status["Uid"].split()), {str(user.pw_uid)})
                self.assertEqual(set(status["Gid"].split()), {str(user.pw_gid)})
                self.assertLessEqual(set(status["Groups"].split()), {str(user.pw_gid)})
                self.assertEqual(status["NoNewPrivs"], "1")
                for kind in ("CapEff", "CapPrm", "CapInh", "CapAmb"):
                    self.assertEqual(int(status[kind], 16), 0, kind)
                self.assertEqual(status["Seccomp"], "2")  # a filter
        self.assertNotIn("serves as root", gateway.log())

    def test_root_without_a_user_is_told_that_it_serves_as_root(self):
        gateway = self.gateway(simple_config([self.backend()]))
        wait_until(lambda: "warn  gateway: serves as root: set `user`" in gateway.log(), "it says so")

    def test_private_keys_that_it_could_read_are_named(self):
        told = "could read private keys"
        gateway = self.gateway(simple_config([self.backend()]))
        wait_until(lambda: told in gateway.log(), "beside the configuration they are within its reach")
        self.assertRegex(gateway.log(), rf"{told}.* keys=1 first={gateway.directory}/server\.key\n")
        gateway.reload()
        self.assertEqual(gateway.log().count(told), 1, "a reload that brings none says nothing")
        shutil.copy(gateway.directory + "/server.key", gateway.directory + "/other.key")
        gateway.write(simple_config([self.backend()]).replace("key: server.key", "key: other.key"))
        gateway.reload()
        wait_until(lambda: gateway.log().count(told) == 2, "one that brings another key does")
        self.assertRegex(gateway.log(), rf"{told}.* keys=1 first={gateway.directory}/other\.key\n")

        elsewhere = tempfile.mkdtemp(prefix="ravelin-keys-")
        self.addCleanup(shutil.rmtree, elsewhere)
        gateway = self.gateway(simple_config([self.backend()]).replace("key: server.key", f"key: {elsewhere}/server.key"),
                               prepare=lambda gateway: shutil.move(gateway.directory + "/server.key", elsewhere))
        self.assertEqual(self.client(gateway).get().status, 200)
        self.assertIn("serves as root", gateway.log())  # by then the other would have been told
        self.assertNotIn(told, gateway.log())

        gateway = self.gateway(simple_config([self.backend()], top=f"user: {USER}"), prepare=self.give_away_all_but_the_key)
        self.assertEqual(self.client(gateway).get().status, 200)
        self.assertNotIn(told, gateway.log())

    def test_a_reload_still_works_and_may_bind_a_low_port(self):
        text = simple_config([self.backend()], top=f"user: {USER}")
        gateway = self.gateway(text, prepare=self.give_away)
        low = free_low_port()
        listener = f'  - {{ name: low, bind: "127.0.0.1:{low}", plaintext: allowed, routes: [ {{ pool: web }} ] }}\n'
        gateway.write(text.replace("pools:\n", listener + "pools:\n"))
        gateway.reload()
        self.assertNotIn("reload failed", gateway.log())
        self.assertEqual(self.client(gateway, to=low, tls=False).get().status, 200)
        self.assertEqual(self.client(gateway).get().status, 200)
        os.rename(gateway.directory + "/access.log", gateway.directory + "/access.log.1")
        gateway.process.send_signal(signal.SIGUSR1)
        wait_until(lambda: os.path.exists(gateway.directory + "/access.log"), "the access log is opened anew")

    def test_an_unknown_user_is_an_error_at_start(self):
        gateway = self.gateway(simple_config([self.backend()]))
        path = gateway.directory + "/other.yaml"
        with open(gateway.config) as file, open(path, "w") as other:
            other.write("user: nobody-of-this-name\n" + file.read().replace(f":{gateway.port}", f":{gateway.admin_port}"))
        done = subprocess.run([BINARY, "run", "-c", path], capture_output=True, text=True, timeout=60)
        self.assertIn(done.returncode, (3, 4))
        self.assertIn('user: "nobody-of-this-name" does not exist', done.stderr)


class Surroundings(Case):
    def test_needs_no_service_manager_no_environment_and_no_terminal(self):
        kept = {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
        gateway = self.gateway(simple_config([self.backend()]), env=kept, cwd="/", start_new_session=True,
                               preexec_fn=lambda: os.close(0))
        self.assertEqual(self.client(gateway).get().status, 200)
        gateway.reload()
        self.assertNotIn("reload failed", gateway.log())
        self.assertEqual(self.client(gateway).get().status, 200)
        self.assertEqual(gateway.stop(), 0)

    def test_a_client_that_closes_early_does_not_end_it(self):
        gateway = self.gateway(simple_config([self.backend(lambda head, body: ok(b"x" * 1_000_000))]))
        for _ in range(20):
            client = self.client(gateway)
            client.send(b"GET / HTTP/1.1\r\nHost: gw.test\r\n\r\n" * 3)
            client.close()
        self.assertEqual(self.client(gateway).get().status, 200)


class Stop(Case):
    def start_held(self, top):
        self.release = threading.Event()
        self.addCleanup(self.release.set)
        server = self.backend(lambda head, body: self.release.wait(3 * DEADLINE) and ok(b"late"))
        gateway = self.start(server, top=top)
        client = self.client(gateway)
        client.send(b"GET / HTTP/1.1\r\nHost: gw.test\r\n\r\n")
        wait_until(lambda: len(server.seen()) == 1, "a request is in flight")
        return gateway, client

    def test_the_drain_timeout_ends_what_is_left(self):
        gateway, client = self.start_held("drain_timeout: 1s")
        began = time.monotonic()
        gateway.process.send_signal(signal.SIGTERM)
        response = client.read_response()
        self.assertEqual((response.status, response.field("retry-after")), (503, "1"))
        self.assertEqual(gateway.process.wait(timeout=40), 0)
        self.assertGreaterEqual(time.monotonic() - began, 0.99)
        self.assertIn("drain timeout: connections are cut", gateway.log())
        self.assertEqual(gateway.record("draining")["status"], 503)

    def test_a_second_signal_ends_it_at_once(self):
        gateway, client = self.start_held("drain_timeout: 1h")
        for _ in range(2):
            gateway.process.send_signal(signal.SIGTERM)
            wait_until(lambda: "shutting down" in gateway.log(), "the first signal has been seen")
        self.assertEqual(gateway.process.wait(timeout=40), 0)


if __name__ == "__main__":
    unittest.main()
