"""`firewall: { manage: true }`: `ravelin run` has the firewall's agent as one of its processes."""

import json
import os
import random
import signal
import socket
import threading
import time

import bans_lab
from bans_lab import BINARY, HONEST, USER
from harness import Backend, ok, unittest, wait_until
from managed_lab import BARE_POLICY, EXTRA, EXTRA_PORT, BareTest, ManagedTest

KILLS = int(os.environ.get("RAVELIN_KILLS", "10"))


class Managed(ManagedTest):
    def chains(self):
        return self.host.run("nft", "list", "table", "inet", "ravelin").count("chain ")

    def processes(self):
        status = self.host.run(bans_lab.BINARY, "status", "--json", "--socket", f"{self.directory}/admin.sock")
        return {process["role"]: process for process in json.loads(status)["processes"]}

    def test_the_agent_applies_the_policy_and_takes_bans(self):
        self.assertEqual(set(self.gateway.roles()), {"gateway", "firewall", "keys"})
        wait_until(lambda: all(process["confinement"] for process in self.processes().values()), "all have said it")
        processes = self.processes()
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


class OneGeneration(BareTest):
    """The policy says nothing of the gateway: what it serves is open because it serves it."""

    def test_what_is_served_is_open_and_the_gateway_goes_nowhere_else(self):
        self.assertEqual(self.served(), 200)
        self.assertFalse(self.is_open(EXTRA_PORT))
        log = self.gateway.log()
        self.assertLess(log.index("supervisor: ready role=firewall"), log.index("supervisor: started role=gateway"))
        rules = self.ravelin("show")
        self.assertIn("listener-web-443", rules)
        self.assertIn("gateway-egress", rules)
        # As the gateway's user: its server, and no other port there.
        attempt = "import socket,sys; socket.create_connection(('10.1.0.2', int(sys.argv[1])), timeout=2)"
        as_gateway = ("setpriv", "--reuid", USER, "--clear-groups", "python3", "-c", attempt)
        self.host.run(*as_gateway, "8080")
        with self.assertRaises(Exception):
            self.host.run(*as_gateway, "8081")
        # An operator's own change does not close what is served.
        self.ravelin("apply", f"{self.directory}/policy.yaml", "--no-confirm")
        self.assertEqual(self.served(), 200)

    def test_what_the_policy_says_of_the_host_s_own_packets_holds(self):
        attempt = "import socket,sys; socket.create_connection(('10.1.0.2', int(sys.argv[1])), timeout=2)"
        self.host.run("python3", "-c", attempt, "8080")  # others are as free as before
        self.write_policy(BARE_POLICY + "  host -> lan:\n    - { allow: tcp/22, id: ssh }\n")
        wait_until(lambda: "the policy has changed and is applied" in self.gateway.log(), "the policy is followed")
        with self.assertRaises(Exception):
            self.host.run("python3", "-c", attempt, "8080")
        self.assertEqual(self.served(), 200)

    def test_a_reload_opens_first_and_closes_last(self):
        self.configure(self.gateway, EXTRA)
        self.gateway.reload()
        self.assertEqual(self.served(EXTRA_PORT), 200)
        self.configure(self.gateway)
        self.gateway.reload()
        wait_until(lambda: not self.is_open(EXTRA_PORT), "it is closed")
        self.assertEqual(self.served(), 200)

    def test_what_the_firewall_refuses_is_not_served(self):
        self.write_policy(BARE_POLICY + "tests:\n  - { never: { in: wan, from: any, to: host, service: tcp/8446 } }\n")
        wait_until(lambda: "the policy has changed and is applied" in self.gateway.log(), "the policy is followed")
        self.configure(self.gateway, EXTRA)
        self.gateway.reload()
        self.assertRegex(self.gateway.log(), r"reload failed.*the firewall: .*policy\.yaml:\d+")
        self.assertFalse(self.is_open(EXTRA_PORT))
        self.assertEqual(self.served(), 200)
        self.write_policy()
        wait_until(lambda: self.gateway.log().count("the policy has changed and is applied") == 2, "it is followed")
        self.gateway.reload()
        self.assertEqual(self.served(EXTRA_PORT), 200)

    def upgrade(self):
        self.host.run(BINARY, "upgrade", "--socket", f"{self.directory}/admin.sock")

    def test_an_upgrade_opens_first_and_is_given_up_where_the_firewall_refuses(self):
        self.write_policy(BARE_POLICY + "tests:\n  - { never: { in: wan, from: any, to: host, service: tcp/8446 } }\n")
        wait_until(lambda: "the policy has changed and is applied" in self.gateway.log(), "the policy is followed")
        self.configure(self.gateway, EXTRA)
        before = self.gateway.pid()
        with self.assertRaisesRegex(AssertionError, r"the firewall: .*policy\.yaml:\d+"):
            self.upgrade()
        self.assertEqual(self.gateway.pid(), before)
        self.assertFalse(self.is_open(EXTRA_PORT))
        self.assertEqual(self.served(), 200)
        self.write_policy()
        wait_until(lambda: self.gateway.log().count("the policy has changed and is applied") == 2, "it is followed")
        self.upgrade()
        self.assertNotEqual(self.gateway.pid(), before)
        self.assertEqual(self.served(EXTRA_PORT), 200)

    def test_what_the_gateway_refuses_is_not_open(self):
        taken = self.host.inside(lambda: socket.create_server(("0.0.0.0", EXTRA_PORT)))
        self.addCleanup(taken.close)
        self.configure(self.gateway, EXTRA)
        self.gateway.reload()
        self.assertIn("reload failed", self.gateway.log())
        wait_until(lambda: not self.is_open(EXTRA_PORT), "it is closed again")
        self.assertEqual(self.served(), 200)

    def test_killed_anywhere_it_is_one_or_the_other(self):
        delays = random.Random(7)
        for turn in range(KILLS):
            is_extra = turn % 2 == 0
            self.configure(self.gateway, EXTRA if is_extra else "")
            before, ended = self.reloads(), self.ends()
            role = ("firewall", "gateway")[turn // 2 % 2]
            killed = self.gateway.pid(role)
            self.gateway.process.send_signal(signal.SIGHUP)
            time.sleep(delays.random() * 0.08)
            os.kill(killed, signal.SIGKILL)
            wait_until(lambda: self.gateway.roles().get(role) not in (None, killed), f"another {role} runs")
            if role != "gateway":
                wait_until(lambda: self.ends() > ended, "the reload has ended")
            wait_until(lambda: self.attempt_served() == 200, "it serves")
            if role != "gateway" and self.reloads() > before:
                wait_until(lambda: self.is_bound(EXTRA_PORT) == is_extra, f"it serves what was reloaded in turn {turn}")
            # What is served and what is open are the same.
            wait_until(lambda: self.is_open(EXTRA_PORT) == self.is_bound(EXTRA_PORT), f"{role} killed in turn {turn}")

    def test_a_machine_that_fails_anywhere_comes_back_to_one_generation(self):
        delays = random.Random(11)
        for turn in range(max(KILLS // 2, 2)):
            is_extra = turn % 2 == 0
            self.configure(self.gateway, EXTRA if is_extra else "")
            self.gateway.process.send_signal(signal.SIGHUP)
            time.sleep(delays.random() * 0.1)
            self.gateway.kill()
            self.assertIn("table inet ravelin", self.host.run("nft", "list", "ruleset"))
            self.gateway.start()
            self.assertEqual(self.served(), 200)
            self.assertEqual((self.is_bound(EXTRA_PORT), self.is_open(EXTRA_PORT)), (is_extra, is_extra), turn)

    def reloads(self):
        return self.gateway.log().count("configuration reloaded")

    def ends(self):
        return self.reloads() + self.gateway.log().count("reload failed")

    def attempt_served(self):
        try:
            return self.served()
        except OSError:
            return None

    def is_bound(self, port):
        return f":{port} " in self.host.run("ss", "-Hltn")


class Quarantine(ManagedTest):
    """Servers that are out are cut off in the kernel, for the gateway's user alone."""

    POOL = """  - name: web
    quarantine: [ejected, down, drain, maint]
    health: { path: /health, interval: 100ms, timeout: 1s, rise: 1, fall: 2 }
    servers: [ { address: "10.1.0.2:8080" }, { name: other, address: "10.1.0.2:8081" } ]
"""

    def setUp(self):
        self.other, self.is_healthy = None, True
        super().setUp()

    def answer(self, head, _body):
        if head.startswith(b"GET /health ") and not self.is_healthy:
            return b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"
        return ok(b"hello")

    def asked(self, path):
        """How often the other server was asked for it."""
        return sum(head.startswith(b"GET %b " % path) for head, _ in self.other.requests)

    def configure(self, gateway, more=""):
        if self.other is None:
            self.other = self.server.inside(lambda: Backend(self.answer, port=8081, host="10.1.0.2"))
            self.addCleanup(self.other.close)
        super().configure(gateway, more)
        with open(gateway.config, encoding="utf-8") as file:
            text = file.read()
        # Nothing is banned here: this is all the firewall is told.
        text = text[:text.index("abuse:")] + text[text.index("listeners:"):text.index("  - { name: web, servers:")]
        gateway.write(text + self.POOL)

    def write_policy(self):
        path = f"{self.directory}/policy.yaml"
        with open(path, "w", encoding="utf-8") as file:
            file.write(BARE_POLICY)

    def order(self, *words):
        self.host.run(BINARY, "server", *words, "--socket", f"{self.directory}/admin.sock")

    def cut_off(self):
        return "10.1.0.2 . 8081" in self.host.run("nft", "list", "set", "inet", "ravelin", "quarantine4")

    def reaches(self, port, user=None):
        attempt = ("import socket,sys\ntry: socket.create_connection(('10.1.0.2', int(sys.argv[1])), timeout=5)\n"
                   "except ConnectionRefusedError: print('refused')\nelse: print('reached')")
        as_user = ("setpriv", "--reuid", user, "--clear-groups") if user else ()
        return self.host.run(*as_user, "python3", "-c", attempt, str(port)).strip() == "reached"

    def is_used(self):
        before = self.asked(b"/served")
        for _ in range(6):
            connection = self.connect(self.client, HONEST)
            self.assertEqual(self.ask(connection, "/served"), 200)
            connection.close()
        return self.asked(b"/served") > before

    def test_a_drained_server_is_cut_off_and_put_back(self):
        self.assertFalse(self.cut_off())
        self.assertTrue(self.is_used())
        self.order("drain", "web/other")
        wait_until(self.cut_off, "the server is cut off")
        self.assertFalse(self.reaches(8081, USER))
        self.assertTrue(self.reaches(8080, USER))
        self.assertTrue(self.reaches(8081))  # others on this host
        self.assertFalse(self.is_used())
        checks = self.asked(b"/health")
        wait_until(lambda: self.asked(b"/health") > checks + 3, "checks get through")
        self.assertIn("10.1.0.2:8081 is cut off", self.ravelin("status"))
        self.assertIn("quarantine", self.ravelin("show"))
        self.order("ready", "web/other")
        wait_until(lambda: not self.cut_off(), "the server is put back")
        self.assertTrue(self.is_used())
        self.assertEqual(self.ravelin("drift"), "the table is as it was put there\n")

    def test_a_server_that_is_down_is_cut_off_until_it_is_healthy(self):
        self.is_healthy = False
        wait_until(self.cut_off, "the server is cut off")
        self.is_healthy = True
        wait_until(lambda: not self.cut_off(), "the server is put back")
        self.assertTrue(self.is_used())

    def test_it_outlives_the_agent_a_reload_and_another_policy(self):
        self.order("maint", "web/other")
        wait_until(self.cut_off, "the server is cut off")
        killed = self.gateway.pid("firewall")
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: self.gateway.roles().get("firewall") not in (None, killed), "another agent runs")
        wait_until(self.cut_off, "the next agent cuts it off")
        self.gateway.reload()
        self.assertTrue(self.cut_off())
        with open(f"{self.directory}/policy.yaml", "a", encoding="utf-8") as file:
            file.write("    - { allow: udp/9998, id: more }\n")
        wait_until(lambda: "the policy has changed and is applied" in self.gateway.log(), "the policy is followed")
        self.assertTrue(self.cut_off())

    def test_the_gateway_that_drains_says_no_more_of_it(self):
        self.order("maint", "web/other")
        wait_until(self.cut_off, "the server is cut off")
        held = self.connect(self.client, HONEST)  # keeps the one before for a while
        self.assertEqual(self.ask(held, "/served"), 200)
        before = self.gateway.pid()
        self.host.run(BINARY, "upgrade", "--socket", f"{self.directory}/admin.sock")
        self.assertNotEqual(self.gateway.pid(), before)
        wait_until(lambda: not self.cut_off(), "the next gateway, which has no such order, puts it back", deadline=40)
        self.assertTrue(self.is_used())
        held.close()

    def test_the_next_gateway_puts_back_what_it_uses(self):
        self.order("maint", "web/other")
        wait_until(self.cut_off, "the server is cut off")
        os.kill(self.gateway.pid(), signal.SIGKILL)  # which forgets an order that is not saved
        wait_until(lambda: not self.cut_off(), "the server is put back")
        self.assertTrue(self.is_used())


if __name__ == "__main__":
    unittest.main()
