"""ravelin firewall explain and what plan says of other tables, by the real binary in a network namespace."""

import json
import os
import signal
import subprocess
import tempfile
import unittest

import net_lab

BINARY = os.path.abspath(os.environ.get("RAVELIN_BINARY", "build/release/bin/ravelin"))
DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "firewall")

POLICY = """policy: v1
name: web
zones:
  wan: { interfaces: [wan0] }
  lan: { interfaces: [lan0] }
services:
  web: tcp/443
rules:
  wan -> host:
    - { allow: web, id: web }
    - reject: tcp/113
  lan -> wan:
    - allow: any
"""


class Explain(unittest.TestCase):
    def setUp(self):
        net_lab.require_privilege(self)
        self.lab = net_lab.Lab()
        self.addCleanup(self.lab.close)
        self.gateway, self.world = self.lab.host("gw"), self.lab.host("world")
        self.lab.join(self.gateway, "wan0", ["192.0.2.254/24"], self.world, "eth0", ["192.0.2.1/24"])
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.directory = temporary.name
        self.policy = f"{self.directory}/policy.yaml"
        with open(self.policy, "w", encoding="utf-8") as file:
            file.write(POLICY)

    def ravelin(self, *arguments, code=0):
        command = ["ip", "netns", "exec", self.gateway.name, BINARY, "firewall", *arguments,
                   "--state", f"{self.directory}/state", "--socket", f"{self.directory}/agent.sock"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
                              check=False)
        self.assertEqual(code, done.returncode, f"{arguments}: {done.stdout}{done.stderr}")
        return done.stdout or done.stderr

    def test_a_packet_is_explained_by_a_file(self):
        said = self.ravelin("explain", self.policy, "in=wan from=203.0.113.9 to=wan-address service=web")
        self.assertIn("tcp/443 from 203.0.113.9 to 192.0.2.254, wan (wan0) -> this host", said)
        self.assertTrue(said.endswith("policy.yaml:10 (web)\n"), said)
        said = self.ravelin("explain", self.policy, "in=wan from=203.0.113.9 to=host service=tcp/113", "--json",
                            code=1)
        answer = json.loads(said)
        self.assertEqual(("rejected", 11), (answer["verdict"], answer["by"]["line"]))
        self.assertTrue(answer["agree"])

    def test_without_a_file_the_confirmed_revision_is_asked(self):
        packet = "in=wan from=203.0.113.9 to=host service=web"
        self.ravelin("explain", packet, code=4)
        self.ravelin("apply", self.policy, "--no-confirm")
        os.rename(self.policy, self.policy + ".gone")
        self.assertIn("allowed by", self.ravelin("explain", packet))
        self.assertIn('did you mean "wan"', self.ravelin("explain", packet.replace("wan", "wam"), code=3))

    def test_plan_tells_of_other_tables_in_the_way(self):
        self.assertNotIn("Other tables", self.ravelin("plan", self.policy))
        for name in ("ufw", "docker"):
            self.gateway.run("nft", "-f", f"{DATA}/{name}.nft")
        said = self.ravelin("plan", self.policy)
        self.assertIn("table ip filter (docker, iptables, ufw): chain INPUT drops by policy at input priority 0: "
                      "what we allow over IPv4 to this host (web)", said)
        self.assertIn("table ip6 filter (iptables, ufw): chain INPUT", said)
        self.assertIn("docker forwards for docker0, which is in no zone", said)
        told = json.loads(self.ravelin("plan", self.policy, "--json"))["other_tables"]
        self.assertEqual(5, len(told), told)

    def trace(self, packet, *flags):
        """A running trace whose table is there."""
        tracer = subprocess.Popen(
            ["ip", "netns", "exec", self.gateway.name, BINARY, "firewall", "explain", self.policy, packet, "--trace",
             *flags, "--state", f"{self.directory}/state"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(lambda: (tracer.kill(), tracer.communicate()))
        while "looking for packets" not in tracer.stderr.readline():
            self.assertIsNone(tracer.poll())
        return tracer

    def test_a_live_packet_is_traced_to_the_line_that_decides(self):
        self.ravelin("apply", self.policy, "--no-confirm")
        tracer = self.trace("in=wan from=192.0.2.1 to=host service=tcp/113", "--for", "2s")
        self.world.tcp("192.0.2.254", 443)
        self.world.tcp("192.0.2.254", 113)
        said, _ = tracer.communicate(timeout=30)
        self.assertEqual(0, tracer.returncode)
        self.assertIn("policy.yaml:11", said)
        self.assertIn("input: goto z_wan_host", said)
        self.assertNotIn("web", said)
        self.assertNotIn("ravelin_trace", self.gateway.run("nft", "list", "tables"))

    def test_the_table_of_a_trace_goes_however_it_ends(self):
        self.ravelin("apply", self.policy, "--no-confirm")
        tables = lambda: self.gateway.run("nft", "list", "tables")
        for end in (signal.SIGINT, signal.SIGKILL):
            tracer = self.trace("in=wan")
            self.assertIn("ravelin_trace", tables())
            tracer.send_signal(end)
            tracer.communicate(timeout=30)
            self.assertNotIn("ravelin_trace", tables(), end)
        self.assertIn("no such packet came", self.ravelin("explain", self.policy, "in=wan from=203.0.113.9",
                                                          "--trace", "--for", "1s", code=1))


if __name__ == "__main__":
    unittest.main()
