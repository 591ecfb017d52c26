"""ravelin firewall watch: the agent that owns the table. What is not confirmed is undone, also after
kill -9; what others change is put right; files are followed; bans come over the socket."""

import json
import os
import signal
import socket
import subprocess
import time
import unittest

from firewall_lab import LOCKOUT, OPS, POLICY, FirewallTest

# Called sshd, it has one connection and runs what it is told, as sshd and sudo do: nothing in the environment
# tells of the session.
SSHD = """
import json, os, socket, subprocess, sys
with open("/proc/self/comm", "w") as file:
    file.write("sshd")
os.environ.pop("SSH_CONNECTION", None)
with socket.create_server(("", 2222)) as server:
    print("listening", flush=True)
    connection, _ = server.accept()
print("connected", flush=True)
for line in sys.stdin:
    done = subprocess.run(json.loads(line), stdin=subprocess.DEVNULL, capture_output=True, text=True)
    print(json.dumps([done.returncode, done.stdout + done.stderr]), flush=True)
"""


class Session:
    def __init__(self, test):
        self.process = subprocess.Popen(["ip", "netns", "exec", test.gateway.name, "python3", "-c", SSHD],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        test.addCleanup(self.close, test)
        test.assertEqual("listening\n", self.process.stdout.readline())
        self.client = test.ops.inside(socket.create_connection, (OPS, 2222), 5)
        test.assertEqual("connected\n", self.process.stdout.readline())

    def run(self, command):
        """Exit code and what was said."""
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        return tuple(json.loads(self.process.stdout.readline()))

    def close(self, test):
        test.kill(self.process, signal.SIGKILL)
        self.process.stdin.close()
        self.process.stdout.close()
        if hasattr(self, "client"):
            self.client.close()


class Confirming(FirewallTest):
    def lock_out(self, seconds):
        """Applies a policy that cuts management off, though the checks say so."""
        self.write(LOCKOUT)
        text, _ = self.ravelin("apply", self.policy(), "--confirm-within", f"{seconds}s", "--allow-lockout")
        self.assertIn("without `ravelin firewall confirm 2`", text)
        self.assertEqual("unreachable", self.ssh())

    def test_a_change_nobody_confirms_is_undone_in_time(self):
        self.apply()
        self.lock_out(2)
        self.wait_until(lambda: self.ssh() == "open", "the old policy is back", 6)
        states = [one["state"] for one in json.loads(self.ravelin("history", "--json")[0])["revisions"]]
        self.assertEqual(["confirmed", ""], states)
        self.wait_until(lambda: not os.path.exists(f"{self.directory}/agent.sock"), "the agent is gone")
        self.assertIn("now unguarded", self.state_log())

    def state_log(self):
        with open(f"{self.directory}/state/agent.log", encoding="utf-8") as file:
            return file.read()

    def test_a_confirmed_change_stays_and_its_agent_ends(self):
        self.apply()
        self.write(POLICY.replace("tcp/443]", "tcp/443, tcp/9100]"))
        self.apply("--confirm-within", "3s")
        self.assertEqual("open", self.world.tcp("192.0.2.254", 9100))
        self.ravelin("confirm", "2")
        self.wait_until(lambda: not os.path.exists(f"{self.directory}/agent.sock"), "the agent is gone")
        time.sleep(3.5)
        self.assertEqual("open", self.world.tcp("192.0.2.254", 9100))

    def test_the_first_policy_unconfirmed_leaves_no_table(self):
        self.apply("--confirm-within", "1s")
        self.assertEqual("silent", self.world.tcp("192.0.2.254", 22, timeout=0.4))
        self.wait_until(lambda: self.world.tcp("192.0.2.254", 22) == "open", "the table is gone", 5)

    def test_the_guard_undoes_what_a_killed_agent_left_behind(self):
        self.apply()
        agent = self.agent()
        self.lock_out(600)
        self.assertIn("ravelin-guard\n", [self.name(pid) for pid in self.children(agent.pid)])
        self.kill_agent(agent)
        self.wait_until(lambda: self.ssh() == "open", "the guard has put the old policy back", 5)

    def test_an_agent_started_again_goes_on_counting_down(self):
        self.apply()
        agent = self.agent()
        self.lock_out(4)
        began = time.monotonic()
        for pid in self.children(agent.pid):  # the guard first: then nobody is left to undo it
            if "guard" in self.name(pid):
                os.kill(pid, signal.SIGKILL)
        self.kill_agent(agent)
        self.assertEqual("unreachable", self.ssh())
        self.agent()
        self.assertIn("still waits to be confirmed", self.agent_log())
        self.wait_until(lambda: self.ssh() == "open", "undone by the one started again", 8)
        self.assertGreater(time.monotonic() - began, 3.5)

    def test_confirming_from_a_session_older_than_the_change_proves_nothing(self):
        self.apply()
        self.agent()
        self.write(POLICY.replace("tcp/443]", "tcp/443, tcp/9100]"))
        self.apply("--confirm-within", "60s")
        # The question as `confirm` asks it over SSH, from a session that began before the change.
        answer = self.ask({"command": "confirm", "revision": 2, "session_age": 3600})
        self.assertIn("proves nothing", answer)
        self.ravelin("confirm", "2")

    def test_a_session_counts_though_sudo_takes_it_out_of_the_environment(self):
        session = Session(self)
        code, said = session.run(self.command("apply", self.policy()))
        self.assertEqual(3, code, said)
        self.assertIn("your own session from 10.9.0.7 would be cut off", said)
        self.apply("--confirm-within", "60s")
        code, said = session.run(self.command("confirm", "1"))
        self.assertEqual(3, code, said)
        self.assertIn("proves nothing", said)
        self.ravelin("confirm", "1")

    def ask(self, question):
        program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "firewall_client.py")
        return subprocess.run(["python3", program, f"{self.directory}/agent.sock", json.dumps(question)],
                              capture_output=True, text=True, timeout=30, check=True).stdout

    def kill_agent(self, process):
        """The agent itself; `ip netns exec` became it by exec."""
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=10)

    @staticmethod
    def children(pid):
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(word) for word in file.read().split()]

    @staticmethod
    def name(pid):
        try:
            with open(f"/proc/{pid}/comm", encoding="ascii") as file:
                return file.read()
        except FileNotFoundError:
            return ""


class Guarding(FirewallTest):
    def test_nobody_else_can_change_the_table(self):
        self.apply()
        self.agent()
        self.gateway.run("nft", "flush", "ruleset")  # skips what is owned
        with self.assertRaises(AssertionError):
            self.gateway.run("nft", "delete", "table", "inet", "ravelin")
        self.assertEqual("silent", self.world.tcp("192.0.2.254", 22, timeout=0.4))
        self.assertTrue(json.loads(self.ravelin("status", "--json")[0])["protected"])
        self.ravelin("drift")

    def test_the_table_outlives_its_agent_and_is_adopted_with_its_counters(self):
        self.apply()
        first = self.agent()
        self.assertEqual("open", self.web())
        self.kill(first, signal.SIGTERM)
        self.assertEqual("silent", self.world.tcp("192.0.2.254", 22, timeout=0.4))
        self.agent()
        rules = {one["rule"]: one["packets"] for one in json.loads(self.ravelin("show", "--json")[0])["rules"]}
        self.assertEqual(1, rules["policy.yaml:13 web"])

    def test_a_changed_policy_is_applied_once_it_is_whole_and_good(self):
        self.apply()
        self.agent(self.policy())
        self.assertEqual("silent", self.world.tcp("192.0.2.254", 9100, timeout=0.4))
        self.write(POLICY.replace("tcp/443]", "tcp/443, tcp/9100]"))
        self.wait_until(lambda: self.world.tcp("192.0.2.254", 9100, timeout=0.4) == "open", "the new policy holds")
        self.write(LOCKOUT)
        self.wait_until(lambda: "is not applied" in self.agent_log(), "the bad policy is refused")
        self.assertIn("management would be cut off", self.agent_log())
        self.assertEqual("open", self.ssh())
        self.write("policy: v1\nzones: [")
        self.wait_until(lambda: self.agent_log().count("is not applied") == 2, "the broken policy is refused")
        self.assertEqual("open", self.ssh())

    def test_feeds_are_followed_and_a_bad_one_never_replaces_a_good_one(self):
        feed = f"{self.directory}/drop.txt"
        self.write("192.0.2.1\n192.0.2.128/25\n", "drop.txt")
        self.write(POLICY.replace("rules:\n", f"feeds:\n  drop: {{ file: {feed} }}\nrules:\n").replace(
            "    - { allow: web, id: web }\n", "    - { deny: any, from: feed/drop, id: drop }\n    - { allow: web, id: web }\n"))
        self.apply()
        agent = self.agent()
        self.assertEqual("silent", self.web("192.0.2.1"))
        self.assertEqual("open", self.web("192.0.2.2"))
        self.write("192.0.2.2\n", "drop.txt")
        self.wait_until(lambda: self.web("192.0.2.2") == "silent", "the feed is followed")
        self.assertEqual("open", self.web("192.0.2.1"))
        for bad in ("", "<html>sorry</html>\n" * 50, "192.0.2.2\n192.0."):
            self.write(bad, "drop.txt")
            time.sleep(1.5)
            self.assertEqual("silent", self.web("192.0.2.2"), bad)
        told = [line for line in self.agent_log().splitlines() if "a feed cannot be read" in line]
        self.assertEqual(3, len(told), "each of them, once")
        self.assertIn("what was read last is used", told[-1])
        self.assertIn('feed "drop": ', self.ravelin("status")[0])
        # Nor in another process, nor after a boot: "192.0.2.2\n192.0." is still there, then nothing is.
        self.kill(agent, signal.SIGTERM)
        agent = self.agent()
        self.assertEqual("silent", self.web("192.0.2.2"))
        os.unlink(feed)
        self.kill(agent, signal.SIGKILL)
        self.gateway.run("nft", "flush", "ruleset")
        self.agent()
        self.assertEqual("silent", self.web("192.0.2.2"))
        self.assertEqual("open", self.web("192.0.2.1"))

    def test_a_prefix_that_is_delegated_anew_is_followed(self):
        """By the policy that is in force, whether a file is followed or not."""
        def delegate(site):
            for host, interface, last in ((self.gateway, "wan0", 5), (self.world, "eth0", 7)):
                host.run("ip", "-6", "address", "add", f"2001:db8:{site}:100::{last}/56", "dev", interface, "nodad")

        delegate(1)
        self.write(POLICY.replace("    - { allow: web, id: web }\n",
                                  "    - { allow: tcp/9100, to: \"pd(wan,0)::5\", id: site }\n    - { allow: web, id: web }\n"))
        self.apply()
        self.agent()
        self.assertEqual("open", self.world.tcp("2001:db8:1:100::5", 9100))
        delegate(2)
        self.gateway.run("ip", "-6", "address", "del", "2001:db8:1:100::5/56", "dev", "wan0")
        self.wait_until(lambda: self.world.tcp("2001:db8:2:100::5", 9100, timeout=0.4) == "open", "the rule follows", 15)
        self.assertIn("the table has those of now", self.agent_log())
        self.assertEqual(1, len(json.loads(self.ravelin("history", "--json")[0])["revisions"]))
        self.ravelin("drift")
        self.gateway.run("ip", "-6", "address", "add", "2001:db8:1:100::5/56", "dev", "wan0", "nodad")
        self.gateway.run("ip", "-6", "address", "del", "2001:db8:2:100::5/56", "dev", "wan0")
        self.wait_until(lambda: self.world.tcp("2001:db8:1:100::5", 9100, timeout=0.4) == "open", "and back", 15)

    def is_saved(self, address):
        path = f"{self.directory}/state/bans.json"
        if not os.path.exists(path):
            return False
        with open(path, encoding="utf-8") as file:
            return address in file.read()

    def test_bans_outlive_a_killed_agent(self):
        self.apply()
        agent = self.agent()
        self.ravelin("ban", "192.0.2.1", "--for", "10m", "--reason", "scanner")
        self.assertEqual("silent", self.web("192.0.2.1"))
        # In the kernel at once, on the disk within a second.
        self.wait_until(lambda: self.is_saved("192.0.2.1"), "the ban is on the disk")
        self.kill(agent, signal.SIGKILL)
        self.gateway.run("nft", "flush", "ruleset")  # nobody owns it now
        self.assertEqual("open", self.web("192.0.2.1"))
        self.agent()
        self.assertEqual("silent", self.web("192.0.2.1"))
        self.assertEqual("open", self.web("192.0.2.2"))

    def test_nobody_else_keeps_root_from_confirming(self):
        """Idle connections of any local user, as many as the agent has places and more."""
        os.chmod(self.directory, 0o711)
        self.apply()
        self.agent("--gateway-user", "nobody")
        self.apply("--confirm-within", "60s")
        hold = ("import socket, sys, time\n"
                "held = [socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(300)]\n"
                "for one in held:\n"
                "    one.connect(sys.argv[1])\n"
                "print(held[0].recv(4096)[-48:], flush=True)\n"
                "time.sleep(60)\n")
        stranger = subprocess.Popen(["python3", "-c", hold, f"{self.directory}/agent.sock"], user=54321,
                                    stdout=subprocess.PIPE, text=True)
        self.addCleanup(stranger.stdout.close)
        self.addCleanup(self.kill, stranger, signal.SIGKILL)
        self.assertIn("only root and the gateway may ask the firewall", stranger.stdout.readline())
        self.ravelin("confirm", "2")

    def test_ranges_are_banned_inside_each_other(self):
        self.apply()
        self.agent()
        for target, time_ in (("192.0.2.0/30", "2h"), ("192.0.2.0/24", "1h"), ("2001:db8:2::/56", "2h"),
                              ("2001:db8:2::/48", "1h"), ("192.0.2.128/25", "3h")):
            self.ravelin("ban", target, "--for", time_)
        self.assertEqual("silent", self.web())
        listed = self.gateway.run("nft", "list", "set", "inet", "ravelin", "ban4_net")
        # A new ban puts all ranges in anew, each for the time it has left.
        for part in (r"192\.0\.2\.0/30 timeout (2h|1h59m)", r"192\.0\.2\.4-192\.0\.2\.127 timeout (1h|59m)",
                     r"192\.0\.2\.128/25 timeout (3h|2h59m)"):
            self.assertRegex(listed, part)
        self.ravelin("unban", "192.0.2.0/24")
        self.assertEqual("open", self.web())
        self.ravelin("is-banned", "2001:db8:2:1::1")

    def test_metrics_tell_how_it_goes(self):
        path = f"{self.directory}/firewall.prom"
        self.apply()
        self.agent("--metrics-file", path)
        self.web()
        self.ravelin("ban", "192.0.2.9")
        self.wait_until(lambda: os.path.exists(path) and 'ravelin_bans{family="ipv4"} 1' in self.read(path), "the ban is counted")
        text = self.read(path)
        for sample in ("ravelin_firewall_up 1", "ravelin_firewall_table_protected 1", "ravelin_firewall_revision 1",
                       'ravelin_firewall_packets_total{rule="policy.yaml:13 web"} 1'):
            self.assertIn(sample, text)

    @staticmethod
    def read(path):
        with open(path, encoding="utf-8") as file:
            return file.read()


if __name__ == "__main__":
    unittest.main()
