"""`firewall: { manage: true }`: `ravelin run` has the firewall's agent as one of its processes."""

import json
import os
import pwd
import signal
import threading
import time

import bans_lab
from bans_lab import HONEST, USER, BansTest, LabGateway
from harness import unittest, wait_until

KILLS = int(os.environ.get("RAVELIN_KILLS", "10"))
MANAGED = ("firewall: {{ manage: true, policy: {directory}/policy.yaml, state: {directory}/state, "
           "socket: {directory}/agent.sock }}")


class Managed(BansTest):
    def setUp(self):
        super().setUp()

        def prepare(gateway):
            self.directory = gateway.directory
            config = bans_lab.CONFIG.replace("firewall: {{ socket: {directory}/agent.sock }}", MANAGED)
            gateway.write(config.format(directory=gateway.directory, ban=self.BAN))
            self.write_policy()
            os.chmod(gateway.directory, 0o755)
            user = pwd.getpwnam(USER)
            os.chown(gateway.directory + "/server.key", user.pw_uid, user.pw_gid)

        self.gateway = LabGateway("", prepare=prepare, command=("ip", "netns", "exec", self.host.name))
        self.addCleanup(self.gateway.close)
        self.context = self.gateway.client_context()
        self.context.check_hostname = False
        self.wait_connected()

    def chains(self):
        return self.host.run("nft", "list", "table", "inet", "ravelin").count("chain ")

    def test_the_agent_applies_the_policy_and_takes_bans(self):
        self.assertEqual(set(self.gateway.roles()), {"gateway", "firewall", "keys"})
        status = self.host.run(bans_lab.BINARY, "status", "--json", "--socket", f"{self.directory}/admin.sock")
        processes = {process["role"]: process for process in json.loads(status)["processes"]}
        self.assertEqual(set(processes), {"supervisor", "gateway", "firewall", "keys"})
        for role, process in processes.items():
            self.assertIn("system calls", process["confinement"], role)
        may = {role: process["may_do"] for role, process in processes.items()}
        self.assertIn("starts programs", may["supervisor"])
        self.assertIn("has net_admin", may["firewall"])
        self.assertIn("makes no socket", may["keys"])
        self.assertIn("starts no program", may["gateway"])
        self.assertFalse([line for line in may["gateway"] if line.startswith("has ")])
        wait_until(lambda: "table inet ravelin" in self.host.run("nft", "list", "ruleset"), "the table is there")
        connection = self.connect(self.attacker, "192.0.2.9")
        self.ask(connection, "/wp-login.php")
        wait_until(lambda: self.why("192.0.2.9")["kernel"].get("in_kernel"), "the ban is in the kernel")

    def test_a_killed_agent_loses_no_request_and_leaves_the_table(self):
        wait_until(lambda: "table inet ravelin" in self.host.run("nft", "list", "ruleset"), "the table is there")
        chains = self.chains()
        asked, failed = [0], []
        stopping = threading.Event()

        def ask():
            while not stopping.wait(0.3):  # 40 handshakes in ten seconds are a flood
                try:
                    connection = self.connect(self.client, HONEST)
                    status = self.ask(connection, "/served")
                    connection.close()
                    asked[0] += 1
                    if status != 200:
                        failed.append(status)
                except OSError as error:
                    failed.append(repr(error))

        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        gateway = self.gateway.pid()
        for _ in range(KILLS):
            killed = self.gateway.pid("firewall")
            os.kill(killed, signal.SIGKILL)
            self.assertEqual(self.chains(), chains)
            wait_until(lambda: self.gateway.roles().get("firewall") not in (None, killed), "another agent runs")
            time.sleep(0.3)
        self.wait_connected()
        stopping.set()
        thread.join(timeout=30)
        print(f"the agent killed {KILLS} times: {asked[0]} requests, {len(failed)} lost")
        self.assertEqual(failed, [])
        self.assertGreater(asked[0], KILLS // 2)
        self.assertEqual(self.gateway.pid(), gateway)

    def test_with_the_gateway_s_end_the_table_stays(self):
        wait_until(lambda: "table inet ravelin" in self.host.run("nft", "list", "ruleset"), "the table is there")
        self.assertEqual(self.gateway.stop(), 0)
        self.assertIn("table inet ravelin", self.host.run("nft", "list", "ruleset"))


if __name__ == "__main__":
    unittest.main()
