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


class OnTheDisk(StoreCase):
    """A rotation puts on the disk what it is about to lead to, before it leads there."""

    def calls(self):
        trace = f"{self.directory}/trace"
        done = strace("-y", "-o", trace, "-e", "trace=write,fsync,rename", os.path.abspath(BINARY), "certs", "rotate", NAME,
                      "--store", self.store.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(trace) as file:
            return [line.split(None, 1)[1] for line in file]

    def next(self, calls, begin, name, about):
        """The place of the next such call from `begin` on."""
        for at in range(begin, len(calls)):
            if calls[at].startswith(f"{name}(") and about in calls[at]:
                return at
        raise AssertionError(f"no {name} of {about} from here on:\n" + "".join(calls[begin:]))

    def moved(self, calls, begin, source, target):
        """The place after a name is on the disk: the folder it is in is synced at once."""
        at = self.next(calls, begin, "rename", f'"{source}", "{target}"') + 1
        self.assertEqual(self.next(calls, at, "fsync", f"<{os.path.dirname(target)}>"), at)
        return at + 1

    def filled(self, calls, begin, folder, files):
        """The place after a folder is there for good: each of its files, the folder, its name."""
        synced = begin
        for file in files:
            written = self.next(calls, begin, "write", f"<{folder}.tmp/{file}>")
            synced = max(synced, self.next(calls, written + 1, "fsync", f"<{folder}.tmp/{file}>"))
        at = self.next(calls, synced + 1, "fsync", f"<{folder}.tmp>")
        return self.moved(calls, at + 1, f"{folder}.tmp", folder)

    def journal(self, calls, begin, word):
        at = self.next(calls, begin, "write", f"<{os.path.realpath(self.store.folder)}/gateway/journal>, \"{word} ")
        return self.next(calls, at + 1, "fsync", "/gateway/journal>") + 1

    def test_all_of_a_generation_is_there_before_the_link_leads_to_it(self):
        self.start(names=(NAME,))
        root = os.path.realpath(self.store.folder)
        certificate = f"{root}/gateway/certs/{NAME}"
        calls = self.calls()
        at = self.filled(calls, 0, f"{root}/private/keys/{NAME}/000002", ("ec.key",))
        at = self.filled(calls, at, f"{certificate}/gen/000002", ("ec.pem", "meta.json"))
        at = self.journal(calls, at, "begin")
        at = self.moved(calls, at, f"{certificate}/current.new", f"{certificate}/current")
        self.journal(calls, at, "done")


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
