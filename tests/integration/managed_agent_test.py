"""`firewall: { manage: true }`: whatever happens to the agent and its policy, what serves is open and the gateway goes
nowhere else; and a reload takes what it can take."""

import os
import signal
import time

from bans_lab import BINARY, USER
from harness import unittest, wait_until
from managed_lab import BARE_POLICY, EXTRA, EXTRA_PORT, BareTest

# What the gateway serves is what this policy's test forbids.
AGAINST = BARE_POLICY + "tests:\n  - { never: { in: wan, from: any, to: host, service: tcp/443 } }\n"
FOLLOWS = 3.0  # twice as long as an agent takes to notice


class Whole(BareTest):
    def is_whole(self):
        rules = self.ravelin("show")
        return "listener-web-443" in rules and "gateway-egress" in rules

    def stays_whole(self):
        end = time.monotonic() + FOLLOWS
        while time.monotonic() < end:
            self.assertTrue(self.is_whole(), self.gateway.log())
            self.assertEqual(self.served(), 200)
            time.sleep(0.5)  # 40 handshakes in ten seconds are a flood

    def condition(self):
        return self.host.run(BINARY, "status", "--json", "--socket", f"{self.directory}/admin.sock")

    def test_an_agent_started_while_the_policy_is_refused_never_follows_without_what_the_gateway_needs(self):
        self.write_policy(AGAINST)
        wait_until(lambda: "the policy has changed and is not applied" in self.gateway.log(), "it is refused")
        killed = self.gateway.pid("firewall")
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: "what the gateway needs is not in force" in self.gateway.log(), "the next one says so", 30)
        self.stays_whole()
        wait_until(lambda: '"degraded"' in self.condition(), "status says so")
        self.write_policy(BARE_POLICY + "    - { allow: udp/9998, id: more }\n")
        wait_until(lambda: "more" in self.ravelin("show"), "the mended policy is followed", 20)
        self.stays_whole()
        self.assertNotIn('"degraded"', self.condition())

    def test_a_change_that_waits_over_a_restart_keeps_it(self):
        self.write_policy(BARE_POLICY + "    - { allow: udp/9998, id: more }\n")
        self.ravelin("apply", f"{self.directory}/policy.yaml", "--confirm-within", "120s")
        revision = self.revision()
        self.assertEqual(self.gateway.stop(), 0)
        self.gateway.start()
        self.ravelin("confirm", revision)
        self.stays_whole()
        self.assertIn("more", self.ravelin("show"))

    def revision(self):
        pending = [line for line in self.ravelin("history").splitlines() if "unconfirmed" in line]
        return pending[-1].split()[0]

    def test_an_earlier_revision_has_what_the_gateway_needs_now(self):
        self.configure(self.gateway, EXTRA)
        self.gateway.reload()
        self.assertEqual(self.served(EXTRA_PORT), 200)
        self.ravelin("rollback", "1")
        self.assertEqual(self.served(EXTRA_PORT), 200)
        self.stays_whole()

    def test_what_a_slow_agent_does_after_the_reload_was_given_up_is_undone(self):
        agent = self.gateway.pid("firewall")
        os.kill(agent, signal.SIGSTOP)
        self.configure(self.gateway, EXTRA)
        self.gateway.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "its agent does not answer" in self.gateway.log(), "it is given up", 40)
        os.kill(agent, signal.SIGCONT)
        wait_until(lambda: self.gateway.log().count("what the gateway needs is in force") >= 3, "both are done", 20)
        wait_until(lambda: not self.is_open(EXTRA_PORT), "what is not served is not open", 10)
        self.assertEqual(self.served(), 200)

    def test_what_a_reload_cannot_take_it_refuses(self):
        os.chown(self.gateway.directory + "/server.key", 0, 0)
        with open(self.gateway.config, encoding="utf-8") as file:
            text = file.read()
        other = f"{self.directory}/other.yaml"
        with open(other, "w", encoding="utf-8") as file:
            file.write(BARE_POLICY)
        for turn, (what, changed) in enumerate({
                "`user` changes with `ravelin upgrade`": text.replace(f"user: {USER}", "user: games"),
                "`firewall.policy`, ": text.replace(f"policy: {self.directory}/policy.yaml", f"policy: {other}"),
                "and `firewall.socket` change with": text.replace("/state,", "/elsewhere,")}.items()):
            self.assertNotEqual(changed, text)
            self.gateway.write(changed)
            self.gateway.reload()
            wait_until(lambda turn=turn: self.gateway.log().count("reload failed") > turn, "it is refused")
            self.assertIn(what, self.gateway.log())
        self.stays_whole()


if __name__ == "__main__":
    unittest.main()
