"""kill -9 at every step that writes to the store: what was served is served, nothing half done is, and the
order that was begun goes on. strace kills the command as it enters its Nth write of some kind."""

import json
import os
import random
import subprocess

from certs_test import StoreCase
from harness import BINARY, unittest

RUNS = int(os.environ.get("RAVELIN_KILLS", "60"))
NAME = "www.example.test"
STEPS = ("fsync", "rename", "write", "pwrite64", "mkdir", "symlink", "unlink", "chmod", "fchmod", "ftruncate")


def strace(*arguments):
    """Runs `strace -f`. The leak check of a sanitizer build traces its process, too, and only one can: it is off."""
    options = os.environ.get("ASAN_OPTIONS", "")
    return subprocess.run(["strace", "-f", "-qq", *arguments], capture_output=True, text=True, timeout=120, check=False,
                          env={**os.environ, "ASAN_OPTIONS": f"{options}:detect_leaks=0".lstrip(":")})


class KilledAnywhere(StoreCase):
    def killed(self, step, turn, *arguments):
        """Runs the command, killed as it enters its `turn`th call of `step`. False: it made fewer of them."""
        done = strace("-o", "/dev/null", "-e", f"trace={step}", "-e", f"inject={step}:signal=SIGKILL:when={turn}",
                      os.path.abspath(BINARY), "certs", *arguments, "--store", self.store.folder)
        if done.returncode not in (0, -9, 137):
            raise AssertionError(f"{arguments} with {step} {turn}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.returncode != 0

    def issued(self):
        with open(f"{self.store.folder}/ca/issued.jsonl") as file:
            return sum(1 for line in file if line.endswith("\n"))

    def is_whole(self, number):
        """Whether the key of that generation is the certificate's, as openssl sees it."""
        folder = f"{self.store.folder}/gateway/certs/{NAME}/gen/{number:06}"
        keys = f"{self.store.folder}/private/keys/{NAME}/{number:06}"
        json.load(open(f"{folder}/meta.json"))
        of = [subprocess.run(["openssl", *what], capture_output=True, text=True, check=True).stdout
              for what in (("x509", "-in", f"{folder}/ec.pem", "-noout", "-pubkey"),
                           ("pkey", "-in", f"{keys}/ec.key", "-pubout"))]
        return of[0] == of[1]

    def places(self, *arguments):
        """Every (step, turn) of one run, in no order; as many as RUNS, again and again if need be."""
        all_of_them = []
        trace = f"{self.directory}/trace"
        done = strace("-o", trace, "-e", "trace=" + ",".join(STEPS), os.path.abspath(BINARY), "certs", *arguments,
                      "--store", self.store.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(trace) as file:
            lines = file.read().splitlines()
        for step in STEPS:
            count = sum(f" {step}(" in line for line in lines)
            all_of_them += [(step, turn) for turn in range(1, count + 1)]
        random.seed(1)
        random.shuffle(all_of_them)
        return [all_of_them[i % len(all_of_them)] for i in range(RUNS)], len(all_of_them)

    def test_a_rotation_killed_anywhere_is_resumed_and_never_half_served(self):
        gateway = self.start(names=(NAME,))
        self.store.config = None
        places, kinds = self.places("rotate", NAME)
        killed = resumed = 0
        for step, turn in places:
            before, ordered = self.store.current(NAME), self.issued()
            was_killed = self.killed(step, turn, "rotate", NAME)
            killed += was_killed
            after = self.store.current(NAME)
            self.assertIn(after - before, (0, 1), f"{step} {turn}")
            self.assertTrue(self.is_whole(after), f"{step} {turn}")
            self.assertIn(NAME, self.store.run("list"), f"{step} {turn}")
            text = self.store.run("rotate", NAME)
            resumed += "going on with the order" in text
            # One order for what the killed run began, whoever finished it; another if it had finished.
            expected = 2 if after != before else 1
            self.assertEqual(self.issued() - ordered, expected, f"{step} {turn}\n{text}")
            self.assertTrue(self.is_whole(self.store.current(NAME)), f"{step} {turn}")
        print(f"{len(places)} rotations, {killed} killed at {kinds} places, {resumed} orders resumed")
        self.assertGreater(killed, len(places) * 0.8)
        self.assertGreater(resumed, 0)
        self.served(gateway, NAME)
        gateway.kill()
        self.served(self.serve(), NAME)

    def test_a_rollback_killed_anywhere_leaves_one_of_the_two(self):
        self.start(names=(NAME,))
        self.store.config = None
        self.store.run("rotate", NAME)
        places, _ = self.places("rollback", NAME)
        for step, turn in places[:max(10, RUNS // 4)]:
            self.killed(step, turn, "rollback", NAME)
            self.assertIn(self.store.current(NAME), (1, 2), f"{step} {turn}")
            self.assertIn(NAME, self.store.run("list"), f"{step} {turn}")
            if self.store.current(NAME) == 1:
                self.store.run("rollback", NAME, "--to", "2")
            else:
                self.store.run("rollback", NAME, "--to", "1")
                self.store.run("rollback", NAME, "--to", "2")


if __name__ == "__main__":
    unittest.main()
