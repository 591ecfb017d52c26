"""An agent that follows a policy's files: what somebody took back, or did not confirm in time, stays so until they
change, whoever is killed meanwhile."""

import os
import signal
import time
import unittest

from firewall_lab import ADMIN, LOCKOUT, OPS, POLICY, WEB, FirewallTest

os.environ.pop("SSH_CONNECTION", None)
MORE = POLICY.replace("tcp/443]", "tcp/443, tcp/9100]")
FOLLOWS = 3.0  # twice as long as an agent takes to notice


class Following(FirewallTest):
    def setUp(self):
        super().setUp()
        self.apply()
        self.process = self.agent(self.policy())

    def is_more(self):
        return self.world.tcp(WEB, 9100, timeout=0.4) == "open"

    def stays_less(self):
        end = time.monotonic() + FOLLOWS
        while time.monotonic() < end:
            self.assertFalse(self.is_more(), self.agent_log())

    def try_more(self, within):
        """At once, before the agent finds it by itself."""
        self.write(MORE)
        self.apply("--confirm-within", within)
        self.assertTrue(self.is_more())

    def follows_again(self):
        self.write(MORE + "# written anew\n")
        self.wait_until(self.is_more, "another text is followed")

    def test_what_is_not_confirmed_in_time_is_not_followed_back(self):
        self.try_more("2s")
        self.wait_until(lambda: not self.is_more(), "it is undone")
        self.stays_less()
        self.assertIn("was taken back, or not confirmed in time", self.agent_log())
        self.follows_again()

    def test_nor_is_it_by_an_agent_that_is_started_again(self):
        self.try_more("60s")
        self.kill(self.process, signal.SIGKILL)
        self.wait_until(lambda: not self.is_more(), "the guard has undone it")
        self.process = self.agent(self.policy())
        self.stays_less()
        self.kill(self.process, signal.SIGTERM)
        self.agent(self.policy())
        self.stays_less()
        self.follows_again()

    def test_nor_is_what_was_rolled_back(self):
        self.try_more("60s")
        self.ravelin("confirm", "2")
        self.ravelin("rollback", "1")
        self.assertFalse(self.is_more())
        self.stays_less()
        self.apply("--no-confirm")  # said once more, it holds
        self.assertTrue(self.is_more())
        time.sleep(FOLLOWS)
        self.assertTrue(self.is_more())

    def test_off_stays_off(self):
        self.ravelin("off", "--yes")
        end = time.monotonic() + FOLLOWS
        while time.monotonic() < end:
            self.assertEqual("open", self.world.tcp(WEB, 22, timeout=0.4))
        self.write(MORE)
        self.wait_until(lambda: self.world.tcp(WEB, 22, timeout=0.4) == "silent", "another policy is followed")


class GoingBack(FirewallTest):
    def test_a_revision_that_cuts_off_who_asks_is_refused_as_any_policy(self):
        self.write(LOCKOUT)
        self.ravelin("apply", self.policy(), "--no-confirm", "--allow-lockout")
        self.write(POLICY)
        self.apply()
        session = {"SSH_CONNECTION": f"{ADMIN} 40000 {OPS} 22"}
        _, said = self.ravelin("rollback", "1", code=3, environment=session)
        self.assertIn("management would be cut off", said)
        self.assertIn("your own session from 10.9.0.7 would be cut off", said)
        self.assertIn("nothing is changed", said)
        self.assertEqual("open", self.ssh())
        text, _ = self.ravelin("rollback", "1", "--allow-lockout", "--confirm-within", "2s")
        self.assertIn("revision 3 is applied: the policy of revision 1; without `ravelin firewall confirm 3`", text)
        self.assertEqual("unreachable", self.ssh())
        self.wait_until(lambda: self.ssh() == "open", "nobody has confirmed it")


if __name__ == "__main__":
    unittest.main()
