"""Several processes on one store: one at a time changes a certificate, the others follow; who was stopped
for longer than a lease lasts is fenced off. And a store of many names that is replaced as a whole."""

import fcntl
import os
import signal
import subprocess
import time

from certs_test import Handshakes, StoreCase
from harness import BINARY, unittest, wait_until

NAMES = int(os.environ.get("RAVELIN_NAMES", "40"))
PUBLISHES = int(os.environ.get("RAVELIN_PUBLISHES", "40"))


class OneAtATime(StoreCase):
    def rotate(self):
        return subprocess.Popen([os.path.abspath(BINARY), "certs", "rotate", "www.example.test", "--store",
                                 self.store.folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def stopped_holder(self):
        """A rotation that has the lease and is stopped with its key made: an RSA key takes a while."""
        self.store.run("issue", "www.example.test", "--issuer", "local", "--key", "rsa4096")
        for _ in range(20):
            process = self.rotate()
            pending = f"{self.store.folder}/private/pending/www.example.test/plan.json"
            end = time.monotonic() + 10
            while not os.path.exists(pending) and process.poll() is None and time.monotonic() < end:
                time.sleep(0.001)
            time.sleep(0.05)
            process.send_signal(signal.SIGSTOP)
            time.sleep(0.05)
            if process.poll() is None and os.path.exists(pending) and not self.is_writing():
                return process
            process.send_signal(signal.SIGCONT)
            process.communicate(timeout=60)
        raise AssertionError("no rotation could be stopped under way")

    def is_writing(self):
        """Whether someone is within the few writes that nobody else may come between."""
        with open(self.lock()) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def lock(self):
        return f"{self.store.folder}/locks/www.example.test"

    def test_the_second_is_told_who_is_at_it(self):
        self.start(names=("api.example.test",))
        self.store.config = None
        holder = self.stopped_holder()
        text = self.store.run("rotate", "www.example.test", code=4)
        self.assertIn(f"process {holder.pid} on ", text)
        holder.send_signal(signal.SIGCONT)
        holder.communicate(timeout=60)
        self.assertEqual(holder.returncode, 0)
        self.assertEqual(self.store.current("www.example.test"), 2)

    def test_the_command_leaves_no_core_behind(self):
        self.start(names=("api.example.test",))
        self.store.config = None
        holder = self.stopped_holder()
        with open(f"/proc/{holder.pid}/limits") as file:
            core = next(line for line in file if line.startswith("Max core file size"))
        holder.send_signal(signal.SIGCONT)
        holder.communicate(timeout=60)
        self.assertEqual(core.split()[4:6], ["0", "0"])

    def test_a_holder_stopped_past_its_lease_is_fenced_off(self):
        gateway = self.start(names=("api.example.test",))
        self.store.config = None
        holder = self.stopped_holder()
        # Its lease runs out: written down here instead of waiting a minute for it.
        with open(self.lock(), "r+") as file:
            before, _, rest = file.read().partition('"expires":')
            file.seek(len(before))
            file.write('"expires":1}' + " " * (len(rest) - 2))
        self.store.config = gateway.config  # it waits until every worker serves it
        self.store.run("rotate", "www.example.test")
        self.store.config = None
        taken = self.store.current("www.example.test")
        serial = self.served(gateway, "www.example.test")
        holder.send_signal(signal.SIGCONT)
        _, errors = holder.communicate(timeout=60)
        self.assertEqual(holder.returncode, 4, errors)
        self.assertIn("the lease has gone to process", errors)
        self.assertEqual(self.store.current("www.example.test"), taken)
        self.assertEqual(self.served(gateway, "www.example.test"), serial)

    def test_a_killed_holder_is_in_nobody_s_way(self):
        self.start(names=("api.example.test",))
        self.store.config = None
        holder = self.stopped_holder()
        holder.kill()
        holder.communicate(timeout=60)
        self.store.run("rotate", "www.example.test")

    def test_two_gateways_follow_one_store(self):
        first = self.start(names=("www.example.test",))
        second = self.serve()
        self.store.run("rotate", "www.example.test")
        serial = self.served(second, "www.example.test")
        wait_until(lambda: self.served(first, "www.example.test") == serial, "both serve the same")


class Many(StoreCase):
    def test_a_store_replaced_over_and_over_fails_no_handshake(self):
        names = [f"n{i}.example.test" for i in range(NAMES)]
        self.store.run("ca", "init", "--name", "Test", "--permit", ".test")
        for name in names:
            self.store.run("issue", name, "--issuer", "local")
        self.store.run("index")
        gateway = self.serve()
        load = Handshakes(gateway, self.ca(), names)
        wait_until(lambda: load.done > 20, "the clients shake hands")
        published = 0
        while published < PUBLISHES:
            # A tenth of all, one by one; then all of them at once.
            for name in names[:max(1, NAMES // 10)]:
                self.store.run("rotate", name)
                published += 1
            self.store.config, config = None, self.store.config
            self.store.run("rotate", "--all")
            self.store.config = config
            published += NAMES
        load.stop()
        straddled = gateway.metric("ravelin_tls_handshakes_straddled_total", result="ok")
        print(f"{NAMES} names, {published} publishes, {load.done} handshakes ({load.resumed} resumed), "
              f"{straddled:.0f} straddled, {len(load.failures)} failed")
        self.assertEqual(load.failures, [])
        self.assertEqual(gateway.metric("ravelin_tls_handshakes_straddled_total", result="failed"), 0)
        self.assertEqual(gateway.metric("ravelin_certificate_store_refused"), 0)


if __name__ == "__main__":
    unittest.main()
