"""ravelin firewall in network namespaces: a policy is applied by the real binary, and real connections
pass and fail as it says."""

import json
import unittest

from firewall_lab import POLICY, FirewallTest


class Firewall(FirewallTest):
    def test_connections_pass_and_fail_as_written(self):
        self.assertEqual("open", self.world.tcp("192.0.2.254", 22))  # before there is a policy
        self.assertIn("revision 1 is applied", self.apply()[0])
        for web in ("192.0.2.254", "2001:db8::254"):
            self.assertEqual("open", self.world.tcp(web, 80), web)
            self.assertEqual("open", self.world.tcp(web, 443), web)
            self.assertEqual("silent", self.world.tcp(web, 22, timeout=0.4), web)
            self.assertEqual("silent", self.world.tcp(web, 9100, timeout=0.4), web)
        for gateway, admin in (("10.9.0.254", "10.9.0.7"), ("fd09::254", "fd09::7")):
            self.assertEqual("open", self.ops.tcp(gateway, 22, source=admin), gateway)
        self.assertEqual("unreachable", self.ops.tcp("10.9.0.254", 22, source="10.9.0.8"))
        self.assertEqual("unreachable", self.ops.tcp("10.9.0.254", 80, source="10.9.0.7"))

    def test_spoofed_sources_are_dropped(self):
        self.apply()
        self.gateway.run("ip", "route", "add", "203.0.113.9/32", "dev", "ops0")
        self.assertEqual("silent", self.ops.tcp("10.9.0.254", 22, timeout=0.4, source="203.0.113.9"))

    def test_show_counts_by_line_and_prints_what_nft_lists(self):
        self.apply()
        self.world.tcp("192.0.2.254", 80)
        rules = json.loads(self.ravelin("show", "--json")[0])["rules"]
        counted = {rule["rule"]: rule["packets"] for rule in rules}
        self.assertEqual(1, counted["policy.yaml:13 web"])
        self.assertEqual(0, counted["policy.yaml:15 ssh"])
        listed = self.gateway.run("nft", "-t", "list", "table", "inet", "ravelin")
        shown = self.ravelin("show", "--nft")[0]
        self.assertEqual(normalised(listed), normalised(shown))

    def test_a_change_of_one_of_many_like_rules_leaves_the_others(self):
        rules = [f"    - {{ allow: tcp/9100, via: wan{i} }}\n" for i in range(9, 0, -1)]
        rules += ["    - { deny: tcp/9100, via: wan0 }\n", "    - { allow: any }\n"]
        for first in ("allow", "reject", "deny"):
            rules[0] = f"    - {{ {first}: tcp/9100, via: wan9 }}\n"
            self.write(f"policy: v1\nname: many\nzones: {{ wan: {{ interfaces: [\"wan*\"] }} }}\n"
                       f"rules:\n  wan -> host:\n{''.join(rules)}")
            self.apply()
            self.assertEqual("open", self.world.tcp("192.0.2.254", 80), first)
            self.assertEqual("silent", self.world.tcp("192.0.2.254", 9100, timeout=0.4), first)

    def test_a_policy_that_fails_its_own_tests_is_refused(self):
        self.apply()
        self.write(POLICY.replace("allow: web, id: web", "allow: [web, ssh], id: web"))
        _, errors = self.ravelin("apply", self.policy(), "--no-confirm", code=3)
        self.assertIn("policy.yaml:19", errors)
        self.assertIn("nothing is changed", errors)
        self.assertEqual("silent", self.world.tcp("192.0.2.254", 22, timeout=0.4))

    def test_management_cannot_be_cut_off_by_accident(self):
        self.apply()
        self.write(POLICY.replace("    - { allow: ssh, from: admins, id: ssh }\n", ""))
        _, errors = self.ravelin("apply", self.policy(), "--no-confirm", code=3)
        self.assertIn("management would be cut off", errors)
        self.assertEqual("open", self.ops.tcp("10.9.0.254", 22, source="10.9.0.7"))
        self.ravelin("apply", self.policy(), "--no-confirm", "--allow-lockout")
        self.assertEqual("unreachable", self.ops.tcp("10.9.0.254", 22, source="10.9.0.7"))
        self.ravelin("rollback", "1")
        self.assertEqual("open", self.ops.tcp("10.9.0.254", 22, source="10.9.0.7"))

    def test_without_a_terminal_apply_wants_to_know_about_confirming(self):
        _, errors = self.ravelin("apply", self.policy(), code=2)
        self.assertIn("--confirm-within TIME or --no-confirm", errors)

    def test_bans_are_enforced_told_and_lifted(self):
        self.world.run("ip", "addr", "add", "2001:db8:2::1/64", "dev", "eth0", "nodad")
        self.gateway.run("ip", "route", "add", "2001:db8:2::/64", "dev", "wan0")
        self.apply()
        self.ravelin("ban", "192.0.2.1", "--for", "10m", "--reason", "scanner")
        self.assertEqual("open", self.world.tcp("2001:db8::254", 80, source="2001:db8:2::1"))
        self.ravelin("ban", "2001:db8:2::1", "--for", "10m")
        self.assertEqual("silent", self.world.tcp("192.0.2.254", 80, timeout=0.4))
        self.assertEqual("silent", self.world.tcp("2001:db8::254", 80, timeout=0.4, source="2001:db8:2::1"))
        answer = json.loads(self.ravelin("is-banned", "192.0.2.1", "--json")[0])
        self.assertEqual("scanner", answer["reason"])
        self.assertIn("2001:db8:2::/64", self.ravelin("bans")[0])
        self.ravelin("is-banned", "192.0.2.77", code=1)
        self.ravelin("unban", "192.0.2.1")
        self.assertEqual("open", self.world.tcp("192.0.2.254", 80))
        for target in ("10.9.0.7", "2001:db8::1", "fe80::1"):
            _, errors = self.ravelin("ban", target, code=3)
            self.assertIn("never banned", errors)

    def test_without_an_agent_a_flushed_table_is_told_and_put_back_by_the_next_command(self):
        self.apply()
        self.ravelin("drift")
        self.gateway.run("nft", "flush", "ruleset")
        text, _ = self.ravelin("drift", code=1)
        self.assertIn("table inet ravelin is gone", text)
        self.ravelin("ban", "192.0.2.77")
        self.assertEqual("silent", self.world.tcp("192.0.2.254", 22, timeout=0.4))

    def test_a_rule_of_another_hand_is_drift(self):
        self.apply()
        self.gateway.run("nft", "insert", "rule", "inet", "ravelin", "input", "accept")
        text, _ = self.ravelin("drift", code=1)
        self.assertIn("chain input", text)
        self.ravelin("ban", "192.0.2.77")
        self.ravelin("drift")

    def test_a_plan_and_a_policy_are_not_applied_together(self):
        plan = f"{self.directory}/web.plan"
        self.ravelin("plan", self.policy(), "--out", plan)
        for words in ((self.policy(), "--plan", plan), ("--plan", plan, self.policy())):
            _, errors = self.ravelin("apply", *words, "--no-confirm", code=2)
            self.assertIn("excludes", errors)
        self.assertEqual("open", self.world.tcp("192.0.2.254", 22))
        self.ravelin("apply", "--plan", plan, "--no-confirm")
        self.assertEqual("silent", self.world.tcp("192.0.2.254", 22, timeout=0.4))

    def test_off_asks_and_removes_the_table(self):
        self.apply()
        _, errors = self.ravelin("off", code=2)
        self.assertIn("--yes", errors)
        self.ravelin("off", "--yes")
        self.assertEqual("open", self.world.tcp("192.0.2.254", 22))
        self.assertNotIn("ravelin", self.gateway.run("nft", "list", "ruleset"))

    def test_plan_tells_what_would_change_and_changes_nothing(self):
        self.apply()
        self.write(POLICY.replace("web: [tcp/80, tcp/443]", "web: [tcp/80, tcp/443, tcp/9100]"))
        before = self.gateway.run("nft", "list", "ruleset")
        text, _ = self.ravelin("plan", self.policy())
        self.assertIn("+ tcp/9100 from any (wan) to host is now allowed", text)
        self.assertIn("lookups for a new connection", text)
        self.assertEqual(before, self.gateway.run("nft", "list", "ruleset"))

    def test_a_plan_is_applied_as_it_was_made_or_not_at_all(self):
        self.apply()
        plan = f"{self.directory}/plan.json"
        self.ravelin("plan", self.policy(), "--detailed-exitcode")
        self.write(POLICY.replace("web: [tcp/80, tcp/443]", "web: [tcp/80, tcp/443, tcp/9100]"))
        self.ravelin("plan", self.policy(), "--out", plan, "--detailed-exitcode", code=1)
        self.write("policy: v1")  # what is in the file now does not matter
        self.ravelin("apply", "--plan", plan, "--no-confirm")
        self.assertEqual("open", self.world.tcp("192.0.2.254", 9100))
        _, errors = self.ravelin("apply", "--plan", plan, "--no-confirm", code=4)
        self.assertIn("plan again", errors)

    def test_addresses_of_this_host_are_never_banned(self):
        self.apply()
        _, errors = self.ravelin("ban", "192.0.2.254", code=3)
        self.assertIn("never banned", errors)

    def test_history_tells_who_applied_what(self):
        self.apply()
        self.apply()
        revisions = json.loads(self.ravelin("history", "--json")[0])["revisions"]
        self.assertEqual(["", "confirmed"], [one["state"] for one in revisions])
        self.assertEqual("root", revisions[0]["by"])

    def test_check_says_where_and_what(self):
        self.write(POLICY.replace("from: admins, id", "from: admin, id"))
        _, errors = self.ravelin("check", self.policy(), code=3)
        self.assertRegex(errors, r"policy\.yaml:15:\d+: .*\"admin\".*did you mean \"admins\"")


def normalised(text):
    """Without counts, which go on, and flags, which the ruleset does not know of."""
    words = []
    for line in text.splitlines():
        if line.strip() in ("", "flags", "flags owner") or line.strip().startswith("# Warning"):
            continue
        parts = line.split()
        for at, part in enumerate(parts[:-1]):
            if part in ("packets", "bytes") and parts[at + 1].isdigit():
                parts[at + 1] = "0"
        words.append(" ".join(parts))
    return words


if __name__ == "__main__":
    unittest.main()
