"""`ravelin run` as processes: who starts whom, and what is left of it when one of them is killed."""

import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import threading
import time

from ports import free_port
from harness import ADMIN, BINARY, MEMORY_FACTOR, Case, Load, children_of, is_refused, simple_config, unittest, wait_until

KILLS = int(os.environ.get("RAVELIN_KILLS", "10"))
UPGRADES = int(os.environ.get("RAVELIN_UPGRADES", "4"))


def has_ended(pid):
    """Ended, whoever is to collect it."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] in "ZX"
    except OSError:
        return True


class Probe:
    """Asks again and again on connections of its own, and notes when which answer came."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.answers, self.lost, self.refused = [], 0, 0
        self.stopping = False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.stopping:
            try:
                client = self.gateway.client()
                response = client.get()
                client.close()
                if response is not None and response.status == 200:
                    self.answers.append(time.monotonic())
                else:
                    self.lost += 1
            except ConnectionRefusedError:
                self.refused += 1
            except OSError:
                self.lost += 1

    def answer_after(self, moment):
        return wait_until(lambda: next((at for at in self.answers if at > moment), None), "an answer comes")

    def stop(self):
        self.stopping = True
        self.thread.join(timeout=30)


class Start(Case):
    def test_a_refused_configuration_ends_it_with_its_findings(self):
        gateway = self.gateway(simple_config([self.backend()]))
        path = gateway.directory + "/broken.yaml"
        with open(path, "w") as file:
            file.write("version: 1\nlistners: []\n")
        done = subprocess.run([BINARY, "run", "-c", path], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 3)
        self.assertIn('broken.yaml:2:1: unknown key "listners"', done.stderr)

    def supervisor_says(self, gateway):
        done = subprocess.run([BINARY, "status", "--json", "--socket", gateway.directory + "/admin.sock"],
                              capture_output=True, text=True, timeout=60)
        return next(process for process in json.loads(done.stdout)["processes"] if process["role"] == "supervisor")

    def test_with_broken_files_it_starts_with_what_served_last(self):
        text = simple_config([self.backend()], top=ADMIN.replace("{ ", '{ socket: "{dir}/admin.sock", '))
        kept = tempfile.mkdtemp(prefix="ravelin-kept-") + "/last-good"
        self.addCleanup(shutil.rmtree, os.path.dirname(kept))
        gateway = self.gateway(text, arguments=("--last-good", kept))
        wait_until(lambda: os.path.exists(kept), "what serves is kept")
        self.assertEqual(os.stat(kept).st_mode & 0o777, 0o600)
        with open(kept, "rb") as file:
            first = file.read()
        gateway.write(text.replace("routes:", "rutes:"))
        gateway.reload()
        self.assertIn("reload failed", gateway.log())
        for _ in range(2):  # nor is it lost when it has served so once
            gateway.kill()
            gateway.start()
            self.assertEqual(self.client(gateway).get().status, 200)
            self.assertIn('unknown key "rutes"', gateway.log())
            self.assertIn("what served last is served", gateway.log())
            said = self.supervisor_says(gateway)
            self.assertEqual(said["condition"], "degraded")
            self.assertIn("what served last is served", said["last_end"])
        with open(kept, "rb") as file:
            self.assertEqual(file.read(), first)
        gateway.write(text + "# mended\n")
        gateway.reload()
        self.assertEqual(self.supervisor_says(gateway)["condition"], "ready")
        with open(kept, "rb") as file:
            self.assertIn(b"# mended", file.read())

    def test_what_others_may_have_written_is_not_served(self):
        text = simple_config([self.backend()])
        kept = tempfile.mkdtemp(prefix="ravelin-kept-") + "/last-good"
        self.addCleanup(shutil.rmtree, os.path.dirname(kept))
        gateway = self.gateway(text, arguments=("--last-good", kept))
        wait_until(lambda: os.path.exists(kept), "what serves is kept")
        gateway.kill()
        os.chmod(kept, 0o620)
        gateway.write(text.replace("routes:", "rutes:"))
        done = subprocess.run([BINARY, "run", "-c", gateway.config, "--last-good", kept], capture_output=True, text=True,
                              timeout=60)
        self.assertEqual(done.returncode, 3)
        self.assertIn("others may have written it", done.stderr)
        os.chmod(kept, 0o600)
        with open(kept, "wb") as file:
            file.write(b"nonsense")
        done = subprocess.run([BINARY, "run", "-c", gateway.config, "--last-good", kept], capture_output=True, text=True,
                              timeout=60)
        self.assertEqual(done.returncode, 3)
        self.assertIn("last-good", done.stderr)

    def test_an_address_in_use_ends_it_with_the_reason(self):
        taken = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(taken.close)
        gateway = self.gateway(simple_config([self.backend()]))
        path = gateway.directory + "/other.yaml"
        with open(gateway.config) as file, open(path, "w") as other:
            other.write(file.read().replace(f":{gateway.port}", f":{taken.getsockname()[1]}"))
        done = subprocess.run([BINARY, "run", "-c", path], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 4)
        self.assertIn('listener "web"', done.stderr)
        self.assertIn("address already in use", done.stderr)

    def test_a_role_is_for_the_supervisor_alone(self):
        done = subprocess.run([BINARY, "role", "gateway"], capture_output=True, text=True, timeout=60)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("ravelin run", done.stderr)


class End(Case):
    def test_the_end_of_the_supervisor_is_the_end_of_all(self):
        for how, status in ((signal.SIGTERM, 0), (signal.SIGINT, 0), (signal.SIGKILL, -signal.SIGKILL)):
            with self.subTest(signal=how.name):
                gateway = self.gateway(simple_config([self.backend()]))
                children = children_of(gateway.process.pid)
                self.assertTrue(children)
                gateway.process.send_signal(how)
                self.assertEqual(gateway.process.wait(timeout=40), status)
                wait_until(lambda: all(has_ended(pid) for pid in children), "nobody is left", 20)
                self.assertTrue(is_refused(gateway.port))


class Killed(Case):
    def test_a_killed_gateway_comes_back_on_the_same_sockets(self):
        gateway = self.gateway(simple_config([self.backend()], top=ADMIN))
        probe = Probe(gateway)
        self.addCleanup(probe.stop)
        after = []
        for _ in range(KILLS):
            probe.answer_after(time.monotonic())
            if KILLS > 10:
                time.sleep(1.1)  # who ends sooner more than ten times in a row is waited for (back_off.h)
            killed = gateway.pid()
            os.kill(killed, signal.SIGKILL)
            moment = time.monotonic()
            after.append(probe.answer_after(moment) - moment)
            wait_until(lambda: gateway.roles().get("gateway") not in (None, killed), "another one runs")
        probe.stop()
        print(f"killed {KILLS} times: first answer after a median of {1000 * statistics.median(after):.0f} ms, "
              f"{1000 * max(after):.0f} ms at most; {probe.lost} requests in flight lost, {probe.refused} refused")
        self.assertEqual(probe.refused, 0)
        self.assertLessEqual(probe.lost, KILLS)  # one at a time is in flight
        if KILLS >= 50:  # as often as it is promised for, of a machine that does nothing else
            self.assertLessEqual(statistics.median(after), 0.3)
        self.assertIn("signal 9 (Killed)", gateway.log())
        self.assertEqual(gateway.stop(), 0)

    def test_a_reload_while_it_starts_is_done_once_it_serves(self):
        text = simple_config([self.backend()])
        gateway = self.gateway(text)
        other = gateway.admin_port
        gateway.write(text.replace("pools:\n", f'  - {{ name: more, bind: "127.0.0.1:{other}", plaintext: allowed, '
                                   "routes: [ { pool: web } ] }\npools:\n", 1))
        os.kill(gateway.pid(), signal.SIGKILL)
        for _ in range(50):  # all the way through its start
            gateway.process.send_signal(signal.SIGHUP)
            time.sleep(0.01)
        wait_until(lambda: not is_refused(other), "what is new is served")
        self.assertEqual(self.client(gateway, to=other, tls=False).get().status, 200)
        self.assertNotIn("signal 1 ", gateway.log())

    def test_after_a_failed_reload_it_comes_back_with_what_it_served(self):
        text = simple_config([self.backend()])
        gateway = self.gateway(text)
        gateway.write("version: 1\nlistners: []\n")
        gateway.reload()
        self.assertIn("reload failed", gateway.log())
        killed = gateway.pid()
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: gateway.roles().get("gateway") not in (None, killed), "another one runs")
        self.assertEqual(self.client(gateway).get().status, 200)

    def test_after_a_reload_it_comes_back_with_what_is_new(self):
        backend = self.backend()
        text = simple_config([backend])
        gateway = self.gateway(text)
        other = gateway.admin_port
        gateway.write(text.replace("pools:\n", f'  - {{ name: more, bind: "127.0.0.1:{other}", plaintext: allowed, '
                                   "routes: [ { pool: web } ] }\npools:\n", 1))
        gateway.reload()
        self.assertEqual(self.client(gateway, to=other, tls=False).get().status, 200)
        os.kill(gateway.pid(), signal.SIGKILL)
        self.assertEqual(self.client(gateway, to=other, tls=False).get().status, 200)
        gateway.write(text)
        gateway.reload()
        wait_until(lambda: is_refused(other), "what is gone is closed")
        self.assertEqual(self.client(gateway).get().status, 200)

    def test_one_that_cannot_start_any_more_is_tried_again_more_slowly(self):
        gateway = self.gateway(simple_config([self.backend()]))
        wait_until(lambda: "supervisor: ready role=gateway" in gateway.log(), "it serves")
        chain, gone = gateway.directory + "/server.crt", gateway.directory + "/gone"
        os.rename(chain, gone)
        os.kill(gateway.pid(), signal.SIGKILL)
        wait_until(lambda: gateway.log().count("is started again") >= 3, "it is tried again and again", 20)
        os.rename(gone, chain)
        self.assertEqual(self.client(gateway).get().status, 200)
        self.assertIsNone(gateway.process.poll())


class Keys(Case):
    """Private keys are in a process of their own."""

    @staticmethod
    def private_numbers(path):
        """The private number of an EC key, as files and as OpenSSL's numbers have it."""
        text = subprocess.run(["openssl", "pkey", "-in", path, "-noout", "-text"], capture_output=True, text=True, check=True).stdout
        digits = re.search(r"priv:([\s0-9a-f:]+)pub:", text).group(1)
        number = bytes.fromhex(re.sub(r"[\s:]", "", digits))[-32:]
        return number, number[::-1]

    @staticmethod
    def has_in_memory(pid, needles):
        with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
            for line in maps:
                place, rights = line.split()[:2]
                if not rights.startswith("rw"):
                    continue
                begin, end = (int(side, 16) for side in place.split("-"))
                if MEMORY_FACTOR > 1 and end - begin > 1 << 32:
                    continue  # a sanitizer's notes on every byte there might be
                try:
                    memory.seek(begin)
                    content = memory.read(end - begin)
                except (OSError, ValueError, OverflowError):
                    continue
                if any(needle in content for needle in needles):
                    return True
        return False

    def test_the_gateway_has_no_private_key(self):
        if os.geteuid() != 0:
            self.fail("run as root: who is not may not look into processes")
        gateway = self.gateway(simple_config([self.backend()]))
        self.assertEqual(self.client(gateway).get().status, 200)
        numbers = self.private_numbers(gateway.directory + "/server.key")
        self.assertTrue(self.has_in_memory(gateway.pid("keys"), numbers), "it is somewhere")
        self.assertFalse(self.has_in_memory(gateway.pid(), numbers), "but not there")
        self.assertFalse(self.has_in_memory(gateway.process.pid, numbers), "nor there")

    def test_what_the_key_process_signs_is_counted_from_its_start(self):
        gateway = self.gateway(simple_config([self.backend()], top=ADMIN))
        for _ in range(3):
            self.assertEqual(self.client(gateway).get().status, 200)
        self.assertEqual(gateway.metric("ravelin_key_signatures_total", result="ok"), 3)
        self.assertEqual(gateway.metric("ravelin_key_signatures_total", result="refused"), 0)
        self.assertGreater(gateway.metric("ravelin_key_signing_seconds_total"), 0)
        self.assertEqual(gateway.metric("ravelin_keys_held"), 1)
        os.kill(gateway.pid("keys"), signal.SIGKILL)
        self.assertEqual(self.client(gateway).get().status, 200)
        self.assertEqual(gateway.metric("ravelin_key_signatures_total", result="ok"), 1)

    def test_a_killed_key_process_loses_no_handshake(self):
        gateway = self.gateway(simple_config([self.backend()]))
        serving = gateway.pid()
        load = Load(gateway, clients=2, fresh=True)
        served = lambda: gateway.log().count("supervisor: ready role=keys")
        wait_until(lambda: served() == 1, "one serves")
        for number in range(KILLS):
            os.kill(gateway.pid("keys"), signal.SIGKILL)
            # One that never came to serve would be waited for longer and longer.
            wait_until(lambda: served() == number + 2, "another one serves")
            time.sleep(0.1)
        done, failures = load.stop()
        print(f"the key process killed {KILLS} times: {done} requests with a handshake each, {len(failures)} lost")
        self.assertEqual(failures, [])
        self.assertGreater(done, KILLS)
        self.assertEqual(gateway.pid(), serving)

    def test_a_reload_of_the_same_configuration_starts_it_anew_once(self):
        gateway = self.gateway(simple_config([self.backend()]))
        for _ in range(3):
            gateway.reload()
        self.assertEqual(self.client(gateway).get().status, 200)
        self.assertEqual(gateway.stop(), 0)
        self.assertEqual(gateway.log().count("supervisor: started role=keys"), 4)

    def test_a_reload_may_bring_other_keys(self):
        backend = self.backend()
        text = simple_config([backend])
        gateway = self.gateway(text)
        gateway.make_certificate(("other.test", "gw.test"), name="other")
        load = Load(gateway, clients=1, fresh=True)
        gateway.write(text.replace("chain: server.crt, key: server.key", "chain: other.crt, key: other.key"))
        gateway.reload()
        self.assertNotIn("reload failed", gateway.log())
        self.assertEqual(self.client(gateway, sni="other.test").get(host="other.test").status, 200)
        wait_until(lambda: gateway.log().count("supervisor: started role=keys") == 3, "the former key is let go")
        gateway.write(text.replace("chain: server.crt, key: server.key", "chain: other.crt, key: server.key"))
        gateway.reload()
        self.assertIn("reload failed", gateway.log())
        self.assertEqual(self.client(gateway, sni="other.test").get(host="other.test").status, 200)
        self.assertEqual(load.stop()[1], [])


class Confined(Case):
    def test_a_reload_beyond_what_the_gateway_may_open_says_so_and_an_upgrade_brings_it(self):
        text = simple_config([self.backend()], top='admin: { socket: "{dir}/admin.sock" }')
        gateway = self.gateway(text)
        wait_until(lambda: "supervisor: ready role=gateway" in gateway.log(), "it serves")
        other = tempfile.mkdtemp(prefix="ravelin-other-")
        self.addCleanup(shutil.rmtree, other)
        for name in ("server.crt", "server.key"):
            shutil.copy(gateway.directory + "/" + name, other)
        gateway.write(text.replace("chain: server.crt, key: server.key", f"chain: {other}/server.crt, key: {other}/server.key"))
        gateway.reload()
        self.assertIn(f"the gateway was started without access to {other} (read)", gateway.log())
        self.assertEqual(self.client(gateway).get().status, 200)
        done = subprocess.run([BINARY, "upgrade", "--socket", gateway.directory + "/admin.sock"], capture_output=True,
                              text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.client(gateway).get().status, 200)
        gateway.reload()
        self.assertIn("configuration reloaded", gateway.log())


class Upgrade(Case):
    """The program is replaced on the disk, then under the listening sockets."""

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="ravelin-upgrade-")
        self.addCleanup(shutil.rmtree, self.directory)
        self.program = self.directory + "/ravelin"
        shutil.copy(BINARY, self.program)

    def start_from(self, server, top=""):
        text = simple_config([server], top=ADMIN.replace("{ ", '{ socket: "{dir}/admin.sock", ') + "\n" + top)
        gateway = self.gateway(text, binary=self.program)
        self.socket = gateway.directory + "/admin.sock"
        wait_until(lambda: self.condition() == "ready", "the gateway serves")
        return gateway

    def condition(self):
        done = subprocess.run([BINARY, "status", "--json", "--socket", self.socket], capture_output=True, text=True, timeout=60)
        return next(process["condition"] for process in json.loads(done.stdout)["processes"] if process["role"] == "gateway")

    def replace(self, make):
        """As package managers do: under a new name, then renamed."""
        make(self.program + ".new")
        os.chmod(self.program + ".new", 0o755)
        os.rename(self.program + ".new", self.program)

    def upgrade(self):
        return subprocess.run([BINARY, "upgrade", "--socket", self.socket], capture_output=True, text=True, timeout=180)

    def test_no_request_is_lost(self):
        gateway = self.start_from(self.backend(), top="drain_timeout: 5s")
        load = Load(gateway, clients=3)
        fresh = Load(gateway, clients=1, fresh=True)
        pids = [gateway.pid()]
        for _ in range(UPGRADES):
            self.replace(lambda path: shutil.copy(BINARY, path))
            done = self.upgrade()
            self.assertEqual(done.returncode, 0, done.stderr + gateway.log())
            pids.append(int(done.stdout.split()[-1]))
        requests, failures = load.stop()
        more, lost = fresh.stop()
        print(f"{UPGRADES} upgrades, {requests + more} requests, {len(failures) + len(lost)} lost")
        self.assertEqual(failures + lost, [])
        self.assertGreater(requests, UPGRADES)
        self.assertEqual(len(set(pids)), UPGRADES + 1)
        wait_until(lambda: len(children_of(gateway.process.pid)) == len(gateway.roles()), "those before have drained")
        self.assertEqual(gateway.stop(), 0)

    def test_the_gateway_is_the_new_program(self):
        gateway = self.start_from(self.backend())
        inode = os.stat(self.program).st_ino
        self.replace(lambda path: shutil.copy(BINARY, path))
        self.assertEqual(self.upgrade().returncode, 0)
        wait_until(lambda: os.stat(f"/proc/{gateway.pid()}/exe").st_ino == os.stat(self.program).st_ino, "it is")
        self.assertNotEqual(os.stat(self.program).st_ino, inode)

    def test_fewer_workers_serve_the_sockets_of_all(self):
        gateway = self.start_from(self.backend())
        with open(gateway.config) as file:
            text = file.read()
        for workers in (4, 1):
            gateway.write(re.sub(r"^workers: \d+$", f"workers: {workers}", text, flags=re.M))
            self.assertEqual(self.upgrade().returncode, 0)
        for _ in range(32):  # with a socket that nobody accepts from, one in four would wait
            client = self.client(gateway)
            self.assertEqual(client.get().status, 200)
            client.close()

    def test_an_address_that_leaves_with_an_upgrade_is_closed(self):
        gateway = self.start_from(self.backend())
        with open(gateway.config) as file:
            text = file.read()
        other = free_port()
        gateway.write(text.replace("pools:\n", f'  - {{ name: more, bind: "127.0.0.1:{other}", plaintext: allowed, '
                                   "routes: [ { pool: web } ] }\npools:\n", 1))
        self.assertEqual(self.upgrade().returncode, 0)
        self.assertEqual(self.client(gateway, to=other, tls=False).get().status, 200)
        gateway.write(text)
        self.assertEqual(self.upgrade().returncode, 0)
        wait_until(lambda: is_refused(other), "what is gone is closed")
        self.assertEqual(self.client(gateway).get().status, 200)

    def test_who_queues_at_an_address_that_leaves_with_an_upgrade_is_served(self):
        gateway = self.start_from(self.backend())
        with open(gateway.config) as file:
            text = file.read()
        other, file_name = free_port(), self.directory + "/more.sock"
        gateway.write(text.replace("pools:\n", f'  - {{ name: more, bind: ["127.0.0.1:{other}", "unix:{file_name}"], '
                                   "plaintext: allowed, routes: [ { pool: web } ] }\npools:\n", 1))
        self.assertEqual(self.upgrade().returncode, 0)
        before = gateway.pid("gateway")
        os.kill(before, signal.SIGSTOP)
        self.addCleanup(lambda: os.path.exists(f"/proc/{before}") and os.kill(before, signal.SIGCONT))
        clients = []
        for family, address in [(socket.AF_INET, ("127.0.0.1", other))] * 200 + [(socket.AF_UNIX, file_name)] * 100:
            clients.append(socket.socket(family))
            self.addCleanup(clients[-1].close)
            clients[-1].connect(address)
        gateway.write(text)
        gateway.process.send_signal(signal.SIGUSR2)  # who holds the admin socket does not answer
        wait_until(lambda: f"the one before drains pid={gateway.pid()} before={before}" in gateway.log(), "the new one serves",
                   deadline=60)
        os.kill(before, signal.SIGCONT)
        for client in clients:
            client.settimeout(20)
            client.sendall(b"GET / HTTP/1.1\r\nHost: gw.test\r\n\r\n")
            self.assertEqual(client.recv(12), b"HTTP/1.1 200")
        wait_until(lambda: is_refused(other), "what is gone is closed")

    def test_a_websocket_stays_on_the_old_one_within_the_bound(self):
        def serve(connection):
            while b"\r\n\r\n" not in connection.recv(65536):
                pass
            connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
            while data := connection.recv(100):
                connection.sendall(data.upper())

        gateway = self.start_from(self.backend(raw=serve), top="drain_timeout: 4s")
        client = self.client(gateway)
        client.send(b"GET /ws HTTP/1.1\r\nHost: gw.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        self.assertEqual(client.read_response().status, 101)
        before = gateway.pid()
        began = time.monotonic()
        self.assertEqual(self.upgrade().returncode, 0)
        client.send(b"still there")
        self.assertEqual(client.receive(), b"STILL THERE")
        wait_until(lambda: has_ended(before), "the old gateway ends", 30)
        self.assertGreater(time.monotonic() - began, 3)
        self.assertTrue(client.is_closed())

    def test_a_program_that_does_not_work_changes_nothing(self):
        gateway = self.start_from(self.backend())
        load = Load(gateway, clients=2)
        pid = gateway.pid()

        def write(text):
            def make(path):
                with open(path, "w") as file:
                    file.write(text)
            return make

        for what, text, why in (("does not start", "#!/bin/sh\nexit 7\n", "exit status 7"),
                                ("is no program", "not a program", "starting " + self.program),
                                ("never serves", f'#!/bin/sh\n[ "$2" = read ] && exec {os.path.abspath(BINARY)} "$@"\nexit 9\n',
                                 "exit status 9")):
            with self.subTest(program=what):
                self.replace(write(text))
                done = self.upgrade()
                self.assertEqual(done.returncode, 4, done.stdout)
                self.assertIn(why, done.stderr)
                self.assertEqual(gateway.pid(), pid)
        self.replace(lambda path: shutil.copy(BINARY, path))
        gateway.write("version: 1\nlistners: []\n")
        done = self.upgrade()
        self.assertEqual(done.returncode, 4)
        self.assertIn('unknown key "listners"', done.stderr)
        _, failures = load.stop()
        self.assertEqual(failures, [])
        self.assertEqual(gateway.pid(), pid)


if __name__ == "__main__":
    unittest.main()
