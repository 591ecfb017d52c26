"""kill -9 at any moment of an apply: the kernel has the old policy or the new one, whole, and never less.
RAVELIN_KILLS=N kills so often; the default keeps the suite short."""

import json
import os
import random
import re
import signal
import subprocess
import time
import unittest

from firewall_lab import POLICY, FirewallTest

KILLS = int(os.environ.get("RAVELIN_KILLS", "40"))
NARROW = POLICY
WIDE = POLICY.replace("tcp/443]", "tcp/443, tcp/9100]")


class Killed(FirewallTest):
    def policy_of(self, revision):
        with open(f"{self.directory}/state/revisions/{revision}/bundle.json", encoding="utf-8") as file:
            files = json.load(file)["files"]
        return next(iter(files.values()))["text"]

    def check_kernel(self, where):
        """What the table holds is one revision's policy, all of it; what it denies stays denied."""
        listing = self.gateway.run("nft", "list", "table", "inet", "ravelin")
        revision = int(re.search(r'return comment "(\d+) ', listing).group(1))
        is_wide = "9100" in self.policy_of(revision)
        self.assertEqual(is_wide, "tcp . 9100" in listing, f"{where}: revision {revision} is not whole")
        for chain in ("raw_pre", "input", "z_wan_host", "z_ops_host"):
            self.assertIn(f"chain {chain} {{", listing, where)
        self.assertRegex(listing, r'counter packets \d+ bytes \d+ drop comment "from an interface in no zone"', where)
        return revision

    def test_the_old_policy_or_the_new_one_wherever_it_is_cut_off(self):
        random.seed(4)
        self.apply()
        began = time.monotonic()
        self.apply()
        whole = time.monotonic() - began
        killed = 0
        for turn in range(KILLS):
            self.write(WIDE if turn % 2 == 0 else NARROW)
            # Every third change waits to be confirmed: then an agent and its guard are about, too.
            waits = turn % 3 == 0
            process = subprocess.Popen(self.command("apply", self.policy(), *(("--confirm-within", "1s") if waits else ("--no-confirm",))),
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(random.uniform(0, whole * (3 if waits else 1.2)))
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                killed += 1
            process.wait(timeout=30)
            if waits:
                self.kill_agents()
            self.check_kernel(f"turn {turn}")
            if turn % 10 == 0:
                self.assertEqual("silent", self.world.tcp("192.0.2.254", 22, timeout=0.3), f"turn {turn}")
        self.assertGreater(killed, KILLS // 4)
        self.wait_until(lambda: subprocess.run(self.command("ban", "192.0.2.77"), capture_output=True, timeout=60,
                                               check=False).returncode == 0, "the next command takes over", 15)
        self.ravelin("drift")
        self.assertEqual("silent", self.world.tcp("192.0.2.254", 22, timeout=0.3))
        self.assertEqual("open", self.world.tcp("192.0.2.254", 80))

    def kill_agents(self):
        """Whoever was started for the change: those with our state directory on their command line."""
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as file:
                    words = file.read().decode(errors="replace").split("\0")
                with open(f"/proc/{entry}/comm", encoding="ascii") as file:
                    is_guard = "guard" in file.read()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if f"{self.directory}/state" in words and "--until-confirmed" in words and not is_guard:
                try:
                    os.kill(int(entry), signal.SIGKILL)
                except ProcessLookupError:
                    pass


if __name__ == "__main__":
    unittest.main()
