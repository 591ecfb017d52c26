"""A disk that is full, read-only or failing at any step: what is served stays, the error says where, and what was
begun goes on once there is room."""

import ctypes
import os
import random
import ssl
import subprocess

from certs_kill_test import STEPS, strace
from certs_test import StoreCase
from harness import BINARY, unittest, wait_until

RUNS = int(os.environ.get("RAVELIN_FAULTS", "60"))
NAME = "www.example.test"
ERRORS = ("ENOSPC", "EROFS", "EIO", "EDQUOT")
CLONE_NEWNS = 0x20000
WITHOUT_PRIVILEGE = "these tests mount small disks of their own, which needs root: sudo ctest -R certs_disk"
LIBC = ctypes.CDLL(None, use_errno=True)


def issued(folder):
    """Certificates the own CA has signed."""
    path = f"{folder}/ca/issued.jsonl"
    if not os.path.exists(path):
        return 0
    with open(path) as file:
        return sum(1 for line in file if line.endswith("\n"))


class FailingAnywhere(StoreCase):
    """strace lets the command's Nth call of some kind fail."""

    def run_failing(self, step, turn, error):
        return strace("-o", "/dev/null", "-e", f"trace={step}", "-e", f"inject={step}:error={error}:when={turn}",
                      os.path.abspath(BINARY), "certs", "rotate", NAME, "--store", self.store.folder)

    def places(self):
        """Every (step, turn) of one rotation, in no order."""
        trace = f"{self.directory}/trace"
        done = strace("-o", trace, "-e", "trace=" + ",".join(STEPS), os.path.abspath(BINARY), "certs", "rotate", NAME,
                      "--store", self.store.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(trace) as file:
            lines = file.read().splitlines()
        found = [(step, turn) for step in STEPS
                 for turn in range(1, sum(f" {step}(" in line for line in lines) + 1)]
        random.seed(2)
        random.shuffle(found)
        return found

    def test_an_error_anywhere_leaves_what_is_served_and_costs_no_second_order(self):
        gateway = self.start(names=(NAME,))
        self.store.config = None
        places = self.places()
        refused = survived = 0
        for i in range(RUNS):
            step, turn = places[i % len(places)]
            error = ERRORS[i % len(ERRORS)]
            where = f"{step} {turn} {error}"
            before, ordered = self.store.current(NAME), issued(self.store.folder)
            done = self.run_failing(step, turn, error)
            after = self.store.current(NAME)
            self.assertIn(after - before, (0, 1), where)
            if done.returncode == 0:
                survived += 1  # nothing that counts: an old generation not tidied away, a line of output
                self.assertEqual(after, before + 1, f"{where}\n{done.stdout}{done.stderr}")
            else:
                refused += 1
                self.assertEqual(done.returncode, 4, f"{where}\n{done.stdout}{done.stderr}")
            # One order for both runs, unless the first has been through.
            self.store.run("rotate", NAME)
            self.assertEqual(issued(self.store.folder) - ordered, 2 if after != before else 1, where)
            self.served(gateway, NAME)
        print(f"{RUNS} rotations with an error at {len(places)} places: {refused} refused, {survived} went through")
        self.assertGreater(refused, RUNS // 2)
        self.assertEqual(gateway.metric("ravelin_certificate_store_refused"), 0)


class SmallDisk(StoreCase):
    """The store on a disk of its own, in a mount namespace of this process's own."""

    @classmethod
    def setUpClass(cls):
        if LIBC.unshare(CLONE_NEWNS) != 0:
            raise AssertionError(WITHOUT_PRIVILEGE)
        subprocess.run(["mount", "--make-rprivate", "/"], check=True, timeout=20)

    def setUp(self):
        super().setUp()
        os.mkdir(self.store.folder, 0o700)
        self.mount("-t", "tmpfs", "-o", "size=4m,mode=0700", "none", self.store.folder)
        self.addCleanup(subprocess.run, ["umount", "-l", self.store.folder], check=False, timeout=20)

    @staticmethod
    def mount(*arguments):
        subprocess.run(["mount", *arguments], check=True, timeout=20)

    def is_made_read_only(self):
        return subprocess.run(["mount", "-o", "remount,ro", self.store.folder], check=False, capture_output=True,
                              timeout=20).returncode == 0

    def fill(self):
        """Not a byte is left; returns what to remove to make room."""
        path = f"{self.store.folder}/locks/filler"
        with open(path, "wb", buffering=0) as file:
            try:
                for _ in range(10_000):
                    file.write(b"x" * 1024)
            except OSError:
                return path
        raise AssertionError("the disk does not fill up")

    def test_a_full_disk_is_said_before_anything_is_ordered(self):
        gateway = self.start(names=(NAME,))
        serial, ordered = self.served(gateway, NAME), issued(self.store.folder)
        filler = self.fill()
        text = self.store.run("rotate", NAME, code=4)
        self.assertIn("no space left on device", text)
        self.assertIn(self.store.folder, text)
        self.assertEqual(issued(self.store.folder), ordered)
        self.assertEqual(self.served(gateway, NAME), serial)
        again = self.serve()
        self.assertEqual(self.served(again, NAME), serial)
        os.remove(filler)
        self.assertIn("generation 1 -> 2", self.store.run("rotate", NAME))
        self.assertEqual(issued(self.store.folder), ordered + 1)

    def test_a_read_only_store_is_served_and_nothing_else(self):
        gateway = self.start(names=(NAME,))
        serial = self.served(gateway, NAME)
        wait_until(self.is_made_read_only, "nobody writes at this moment")
        text = self.store.run("rotate", NAME, code=4)
        self.assertIn("read-only file system", text)
        self.assertIn(NAME, self.store.run("list"))
        self.assertIn("result: 1 certificates, 0 failed", self.store.run("check", NAME))
        again = self.serve()
        self.assertEqual(self.served(again, NAME), serial)
        self.mount("-o", "remount,rw", self.store.folder)
        self.store.run("rotate", NAME)
        wait_until(lambda: self.served(again, NAME) != serial, "the new one is served")

    def test_unattended_renewal_waits_for_room_and_goes_on(self):
        self.store.run("ca", "init", "--name", "Test", "--permit", ".test")
        filler = self.fill()
        gateway = self.serve("[ { name: www.example.test } ]")
        wait_until(lambda: "a certificate was not renewed" in gateway.log(), "it says so")
        self.assertIn("no space left on device", gateway.log())
        with self.assertRaises(ssl.SSLError):
            self.served(gateway, NAME)
        os.remove(filler)
        ordered = issued(self.store.folder)
        self.store.run("renew")
        self.served(gateway, NAME)
        self.assertEqual(issued(self.store.folder), ordered + 1)


if __name__ == "__main__":
    unittest.main()
