"""What an intruder inside a process of Ravelin can do: nothing but what the role itself does. A test-only
program confines itself as a role and tries; the same attempts without the confinement show what they prove."""

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

PROGRAM = os.environ.get("RAVELIN_COMPROMISED_ROLE", "build/release/bin/compromised_role")
# Sanitizers trace, fork and look around themselves: their calls are allowed in such a build.
IS_SANITIZED = os.environ.get("RAVELIN_SANITIZED", "") != ""
NOBODY = pwd.getpwnam("nobody")
ROLES = ("config_reader", "gateway", "keys", "firewall", "certs")

ENDED = "SIGSYS"
DONE = "done"

# What a role does, and must still be able to.
OWN_WORK = {
    "config_reader": {"read_own", "make_thread", "speak_on_handed"},
    "gateway": {"read_own", "write_own", "make_thread", "speak_on_handed", "connect_allowed"},
    "keys": {"read_own", "write_own", "make_thread", "speak_on_handed"},
    "firewall": {"read_own", "write_own", "make_thread", "speak_on_handed", "speak_to_firewall", "fork_child"},
    "certs": {"read_own", "write_own", "make_thread", "speak_on_handed", "connect_allowed", "make_tcp_socket"},
}
OWN_WORK["gateway"].add("make_tcp_socket")

# What nobody can, and how it ends. None: with any error at all.
FILES = {name: "EACCES" for name in (
    "read_key", "read_key_by_way_of_root", "list_others", "write_outside", "write_own_memory")}
SYSTEM_CALLS = {
    "truncate_key": "EPERM", "make_code": "EPERM", "turn_into_code": "EPERM", "signal_another": "EPERM",
    "make_packet_socket": "EPERM", "make_raw_socket": "EPERM", "make_child_in_a_user_namespace": "EPERM",
    "make_child_with_hidden_flags": "ENOSYS", "allow_core_dumps": "EPERM",
    "type_into_the_terminal": "EPERM", "signal_another_by_descriptor": "EPERM",
}
FATAL = ("exec_program", "exec_from_memory", "trace_another", "read_another", "mount_something",
         "leave_for_a_user_namespace", "load_bpf", "look_at_keyrings", "set_up_a_ring", "load_a_kernel",
         "load_a_module", "count_events", "handle_faults", "become_root", "take_capabilities")
NOT_THE_FIREWALLS = {"fork_child": "EPERM", "spawn_program": "EPERM", "speak_to_firewall": "EPERM"}


class Lab(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="ravelin-confine-")
        self.addCleanup(shutil.rmtree, self.directory)
        os.chmod(self.directory, 0o755)
        self.program = shutil.copy(PROGRAM, self.directory + "/compromised_role")
        for name in ("read", "write", "other"):
            os.mkdir(f"{self.directory}/{name}")
            os.chmod(f"{self.directory}/{name}", 0o777)
        for path in ("read/file", "other/key.pem"):
            with open(f"{self.directory}/{path}", "w") as file:
                file.write("secret\n")
            os.chmod(f"{self.directory}/{path}", 0o666)  # what keeps it closed is the confinement alone
        self.ports = []
        for _ in range(2):
            listener = socket.create_server(("127.0.0.1", 0))
            self.addCleanup(listener.close)
            self.ports.append(listener.getsockname()[1])

    def as_nobody(self):
        """How to start a program without privileges, by whoever runs this."""
        if os.geteuid() != 0:
            return {}
        return {"user": NOBODY.pw_uid, "group": NOBODY.pw_gid, "extra_groups": []}

    def start_victim(self, **who):
        victim = subprocess.Popen(["/bin/sleep", "600"], **who)
        self.addCleanup(victim.wait)
        self.addCleanup(victim.kill)
        return victim.pid

    def attempt(self, role, names, victim=0, who=None, **options):
        """What came of each attempt, and the lines before: report and gaps."""
        environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}  # which traces the process
        words = {"role": role, "dir": self.directory, "victim": victim, "connect": self.ports[0],
                 "forbidden": self.ports[1], **options}
        done = subprocess.run([self.program, *(f"{key}={value}" for key, value in words.items()), *names],
                              capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, env=environment,
                              **(who or {}))
        lines = [line.split(" ", 1) for line in done.stdout.splitlines()]
        outcomes = dict(line for line in lines if line[0] not in ("report", "gap", "error"))
        if done.returncode < 0:
            outcomes[names[len(outcomes)]] = signal.Signals(-done.returncode).name
        elif done.returncode != 0:
            self.fail(done.stdout + done.stderr)
        self.report = [line[1] for line in lines if line[0] == "report"]
        self.gaps = [line[1] for line in lines if line[0] == "gap"]
        return outcomes

    def attempt_each(self, role, names, **options):
        """Each in a process of its own, since some are the last thing it does."""
        outcomes = {}
        for name in names:
            outcomes.update(self.attempt(role, [name], **options))
        return outcomes


class Confined(Lab):
    def check_role(self, role, victim, **options):
        own = OWN_WORK[role]
        with self.subTest("its own work", role=role):
            self.assertEqual(self.attempt(role, sorted(own), victim, **options), {name: DONE for name in own})
            self.assertEqual(self.gaps, [], "nothing is missing on this kernel")
        expected = {**FILES, **SYSTEM_CALLS}
        expected.update({name: error for name, error in NOT_THE_FIREWALLS.items() if role != "firewall"})
        if IS_SANITIZED:
            expected = FILES
        with self.subTest("what it is refused", role=role):
            self.assertEqual(self.attempt(role, sorted(expected), victim, **options), expected)
        if not IS_SANITIZED:
            with self.subTest("what it is ended for", role=role):
                outcomes = self.attempt_each(role, FATAL, victim=victim, **options)
                self.assertEqual(outcomes, {name: ENDED for name in FATAL})
        self.check_ways_round(role, victim, options)

    def check_ways_round(self, role, victim, options):
        """Any error will do: more than one thing stands in the way."""
        names = ["read_key_by_way_of_another", "read_key_by_a_link", "move_key", "open_another_s_memory",
                 "read_another_s_environment"]
        with self.subTest("ways round", role=role):
            for name, outcome in self.attempt(role, names, victim, **options).items():
                self.assertNotEqual(outcome, DONE, name)
        with open(f"{self.directory}/other/key.pem") as file:
            self.assertEqual(file.read(), "secret\n")

    def test_without_privileges_each_role_does_its_work_and_nothing_else(self):
        who = self.as_nobody()
        victim = self.start_victim(**who)
        for role in ROLES:
            self.check_role(role, victim, who=who)

    def test_a_role_that_was_root_does_its_work_and_nothing_else(self):
        if os.geteuid() != 0:
            self.fail("run as root: who starts without privileges has none to give up")
        victim = self.start_victim(**self.as_nobody())
        for role in ROLES:
            self.check_role(role, victim, user="nobody")
            self.assertIn("user nobody", self.report[0])
            expected = "net_admin" if role == "firewall" else "none"
            self.assertIn(f"capabilities {expected},", self.report[0])

    def test_the_firewall_may_be_root_and_can_do_no_more(self):
        if os.geteuid() != 0:
            self.fail("run as root")
        self.check_role("firewall", self.start_victim(), user="")
        self.assertIn("user open (user root", self.report[0])

    def test_tcp_ports_are_those_it_was_given(self):
        for role in ("gateway", "certs"):
            outcomes = self.attempt(role, ["connect_allowed", "connect_forbidden", "bind_tcp"], who=self.as_nobody())
            self.assertEqual(outcomes, {"connect_allowed": DONE, "connect_forbidden": "EACCES", "bind_tcp": "EACCES"})

    def test_who_has_no_network_makes_no_socket(self):
        for role in ("config_reader", "keys", "firewall"):
            self.assertEqual(self.attempt(role, ["make_tcp_socket"], who=self.as_nobody()),
                             {"make_tcp_socket": "EPERM"}, role)


class OnOtherKernels(Lab):
    """Each mechanism alone, and neither: what holds then, and what is said."""

    def test_without_landlock_system_calls_are_still_held_and_the_gaps_are_told(self):
        outcomes = self.attempt("gateway", ["read_key", "speak_to_firewall", "fork_child"], abi=0,
                                who=self.as_nobody())
        self.assertEqual(outcomes["read_key"], DONE, "nothing else keeps it closed")
        self.assertEqual(outcomes["speak_to_firewall"], "EPERM")
        self.assertEqual(outcomes["fork_child"], DONE if IS_SANITIZED else "EPERM")
        self.assertEqual([gap.split(":")[0] for gap in self.gaps], ["files", "ports", "signals"])

    def test_debian_12_holds_files_and_says_that_ports_are_open(self):
        outcomes = self.attempt("gateway", ["read_key", "write_own", "connect_forbidden", "signal_another",
                                            "truncate_key"],
                                self.start_victim(**self.as_nobody()), abi=2, who=self.as_nobody())
        self.assertEqual(outcomes["connect_forbidden"], DONE)
        self.assertEqual(outcomes["write_own"], DONE)
        self.assertEqual(outcomes["read_key"], "EACCES")
        # What that version does not know is held by the list of calls.
        self.assertEqual(outcomes["truncate_key"], "EPERM")
        self.assertEqual(outcomes["signal_another"], DONE if IS_SANITIZED else "EPERM")
        self.assertEqual(self.gaps, ["ports: needs Landlock 4 (Linux 6.7), this kernel has 2",
                                     "signals: needs Landlock 6 (Linux 6.12), this kernel has 2"])

    def test_without_seccomp_files_ports_and_signals_are_still_held(self):
        victim = self.start_victim(**self.as_nobody())
        outcomes = self.attempt("gateway", ["fork_child", "read_key", "connect_forbidden", "signal_another",
                                            "trace_another", "read_another", "exec_program", "truncate_key"],
                                victim, seccomp="no", who=self.as_nobody())
        self.assertEqual(outcomes.pop("fork_child"), DONE)
        for name, outcome in outcomes.items():
            self.assertIn(outcome, ("EACCES", "EPERM"), name)
        self.assertEqual(self.gaps, ["system_calls: this kernel has no seccomp filters"])

    def test_without_a_confinement_the_attempts_succeed(self):
        """What makes the other tests mean something."""
        victim = self.start_victim(**self.as_nobody())
        names = ["read_key", "read_key_by_way_of_root", "read_key_by_a_link", "list_others", "write_outside",
                 "fork_child", "spawn_program", "make_code", "turn_into_code", "signal_another",
                 "connect_forbidden", "bind_tcp", "speak_to_firewall", "look_at_keyrings", "write_own_memory",
                 "signal_another_by_descriptor", "move_key"]
        outcomes = self.attempt("gateway", names, victim, who=self.as_nobody(), confine="no")
        self.assertEqual(outcomes, {name: DONE for name in names})


class Report(Lab):
    def test_it_names_every_mechanism(self):
        self.attempt("gateway", ["read_own"], who=self.as_nobody())
        text = self.report[0]
        for part in (r"^user \w+,", "capabilities none", "no new privileges", "no core dump",
                     r"\d+ paths \(Landlock \d\)", "TCP ports: 1 to connect to, 0 to bind",
                     "signals and abstract sockets stay inside", r"\d+ system calls"):
            self.assertRegex(text, part)
        self.assertIsNone(re.search("MISSING|open", text))

    def test_an_unknown_user_is_an_error(self):
        if os.geteuid() != 0:
            self.fail("run as root")
        with self.assertRaisesRegex(AssertionError, 'user: "nobody-of-this-name" does not exist'):
            self.attempt("gateway", ["read_own"], user="nobody-of-this-name")


if __name__ == "__main__":
    unittest.main()
