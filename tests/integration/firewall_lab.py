"""A gateway host with a world and an operator's host beside it, and ravelin firewall on the gateway."""

import os
import signal
import subprocess
import tempfile
import time
import unittest

import net_lab

BINARY = os.path.abspath(os.environ.get("RAVELIN_BINARY", "build/release/bin/ravelin"))
WEB, OPS = "192.0.2.254", "10.9.0.254"
ADMIN = "10.9.0.7"

POLICY = """policy: v1
name: web
zones:
  wan: { interfaces: [wan0] }
  ops: { interfaces: [ops0], networks: [10.9.0.0/24, "fd09::/64"] }
addresses:
  admins: [10.9.0.7, "fd09::7"]
services:
  web: [tcp/80, tcp/443]
management: { service: ssh, from: admins }
rules:
  wan -> host:
    - { allow: web, id: web }
  ops -> host:
    - { allow: ssh, from: admins, id: ssh }
    - reject: any
tests:
  - { name: web is public, packet: { in: wan, from: 192.0.2.1, to: host, service: tcp/80 }, expect: allow, by: web }
  - { name: ssh is not, packet: { in: wan, from: 192.0.2.1, to: host, service: tcp/22 }, expect: deny }
  - { never: { in: wan, to: host, service: tcp/22 } }
"""
# What an operator would regret: management is cut off.
LOCKOUT = POLICY.replace("    - { allow: ssh, from: admins, id: ssh }\n", "")


class FirewallTest(unittest.TestCase):
    def setUp(self):
        net_lab.require_privilege(self)
        self.lab = net_lab.Lab()
        self.addCleanup(self.lab.close)
        self.gateway, self.world, self.ops = (self.lab.host(name) for name in ("gw", "world", "ops"))
        self.lab.join(self.gateway, "wan0", ["192.0.2.254/24", "2001:db8::254/64"],
                      self.world, "eth0", ["192.0.2.1/24", "192.0.2.2/24", "2001:db8::1/64"])
        self.lab.join(self.gateway, "ops0", ["10.9.0.254/24", "fd09::254/64"],
                      self.ops, "eth0", ["10.9.0.7/24", "10.9.0.8/24", "fd09::7/64", "203.0.113.9/24"])
        for port in (22, 80, 443, 9100):
            self.gateway.listen(port)
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.directory = temporary.name
        self.write(POLICY)

    def write(self, text, name="policy.yaml"):
        with open(f"{self.directory}/{name}.new", "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(f"{self.directory}/{name}.new", f"{self.directory}/{name}")

    def command(self, *arguments):
        words = ["ip", "netns", "exec", self.gateway.name, BINARY, "firewall", *arguments]
        if arguments[0] not in ("check", "test"):
            words += ["--state", f"{self.directory}/state", "--socket", f"{self.directory}/agent.sock"]
        return words

    def ravelin(self, *arguments, code=0, environment=None):
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=60,
                              stdin=subprocess.DEVNULL, check=False, env={**os.environ, **(environment or {})})
        self.assertEqual(code, done.returncode, f"{arguments}: {done.stdout}{done.stderr}")
        return done.stdout, done.stderr

    def policy(self):
        return f"{self.directory}/policy.yaml"

    def apply(self, *arguments):
        return self.ravelin("apply", self.policy(), *(arguments or ("--no-confirm",)))

    def agent(self, *arguments):
        """A resident agent; killed at the end of the test if it still runs. A command cannot tell whether it
        listens: without an agent it would do the work itself, beside one that is about to begin."""
        begun = self.watching()
        with open(f"{self.directory}/agent.log", "a", encoding="utf-8") as log:
            process = subprocess.Popen(self.command("watch", *arguments), stdout=log, stderr=log)
        self.addCleanup(self.kill, process, signal.SIGKILL)
        self.wait_until(lambda: self.watching(process) > begun, "the agent listens")
        return process

    def watching(self, process=None):
        """How many agents have said so."""
        if process is not None and process.poll() is not None:
            self.fail(f"the agent ended: {self.agent_log()}")
        return self.agent_log().count(" firewall: watching ") if os.path.exists(f"{self.directory}/agent.log") else 0

    def agent_log(self):
        with open(f"{self.directory}/agent.log", encoding="utf-8") as file:
            return file.read()

    @staticmethod
    def kill(process, how):
        if process.poll() is None:
            process.send_signal(how)
            process.wait(timeout=30)

    def wait_until(self, condition, what, deadline=10.0):
        end = time.monotonic() + deadline
        while time.monotonic() < end:
            if condition():
                return
            time.sleep(0.05)
        log = self.agent_log() if os.path.exists(f"{self.directory}/agent.log") else ""
        self.fail(f"not within {deadline} s: {what}\n{log}")

    def ssh(self):
        return self.ops.tcp(OPS, 22, timeout=0.4, source=ADMIN)

    def web(self, source=None):
        return self.world.tcp(WEB, 80, timeout=0.4, source=source)
