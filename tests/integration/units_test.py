"""The systemd unit set as it is shipped: what systemd itself says about it. Nothing is installed or started."""

import functools
import os
import re
import shutil
import subprocess
import tempfile
import unittest

SHIPPED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../packaging/systemd")
EXPOSURE_MAX = 2.5
SERVICES = ("ravelin.service", "ravelin-firewall.service")
# What each role's own confinement calls.
FOR_CONFINEMENT = ("seccomp", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self", "prctl",
                   "capset", "setresuid", "setresgid", "setgroups", "prlimit64")


def read(name):
    with open(os.path.join(SHIPPED, name)) as file:
        return file.read()


def settings(text, key):
    return re.findall(rf"^{key}=(.*)$", text, re.MULTILINE)


def system_calls(name):
    """All the filter of a unit allows; systemd-analyze knows what is in its groups."""
    allowed = set()
    for line in settings(read(name), "SystemCallFilter"):
        named = set()
        for word in line.removeprefix("~").split():
            named |= group(word) if word.startswith("@") else {word}
        allowed = allowed - named if line.startswith("~") else allowed | named
    return allowed


@functools.cache
def group(name):
    done = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True)
    words = [line.strip() for line in done.stdout.splitlines()[1:] if not line.strip().startswith("#")]
    return set().union(*(group(word) if word.startswith("@") else {word} for word in words if word))


class Units(unittest.TestCase):
    def setUp(self):
        if shutil.which("systemd-analyze") is None:
            self.fail("systemd-analyze is missing: scripts/setup --test")
        self.directory = tempfile.mkdtemp(prefix="ravelin-units-")
        self.addCleanup(shutil.rmtree, self.directory)

    def copy(self, name, text=None):
        """One whose programs are there."""
        path = os.path.join(self.directory, name)
        with open(path, "w") as file:
            file.write((text or read(name)).replace("/usr/bin/ravelin", "/bin/true"))
        return path

    def exposure(self, path):
        done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", path],
                              capture_output=True, text=True)
        found = re.search(r"Overall exposure level for \S+: (\d+\.\d+)", done.stdout)
        self.assertIsNotNone(found, done.stdout + done.stderr)
        self.assertNotIn("ignoring", done.stderr)  # a word this systemd does not know protects nobody
        return float(found[1])

    def test_systemd_finds_no_fault_with_them(self):
        paths = [self.copy(name) for name in (*SERVICES, "ravelin.socket")]
        result = subprocess.run(["systemd-analyze", "verify", "--man=no", *paths], capture_output=True, text=True)
        about_us = [line for line in (result.stdout + result.stderr).splitlines() if "ravelin" in line]
        self.assertEqual(about_us, [])

    def test_they_are_exposed_by_2_5_at_most(self):
        for name in SERVICES:
            with self.subTest(name):
                self.assertLessEqual(self.exposure(self.copy(name)), EXPOSURE_MAX)

    def test_without_privileges_it_is_exposed_less(self):
        text = read("ravelin.service").replace("[Install]", read("unprivileged.conf") + "\n[Install]")
        self.assertLessEqual(self.exposure(self.copy("ravelin.service", text)), 2.0)

    def test_the_figure_rises_without_the_sandbox(self):
        text = re.sub(r"^(Protect|Private|Restrict|SystemCall|NoNew|Capability).*$", "", read("ravelin.service"),
                      flags=re.MULTILINE)
        self.assertGreater(self.exposure(self.copy("ravelin.service", text)), 7)

    def test_roles_can_confine_themselves_in_them(self):
        for name in SERVICES:
            self.assertEqual(set(FOR_CONFINEMENT) - system_calls(name), set(), name)
        capabilities = set(settings(read("ravelin.service"), "CapabilityBoundingSet")[0].split())
        self.assertEqual(capabilities, {"CAP_NET_BIND_SERVICE", "CAP_NET_ADMIN", "CAP_SETUID", "CAP_SETGID",
                                        "CAP_SETPCAP", "CAP_KILL"})

    def test_what_no_process_needs_is_closed_in_them(self):
        for name in SERVICES:
            for call in ("ptrace", "mount", "bpf", "keyctl", "io_uring_setup", "kexec_load", "init_module",
                         "unshare", "setns", "process_vm_readv", "reboot", "userfaultfd", "perf_event_open"):
                self.assertNotIn(call, system_calls(name), name)

    def test_users_and_directories_come_about(self):
        if os.geteuid() != 0:
            self.fail("run as root: directories are given to users")
        root = os.path.join(self.directory, "root")
        os.makedirs(root + "/etc")
        for tool, name in (("systemd-sysusers", "ravelin.sysusers"), ("systemd-tmpfiles", "ravelin.tmpfiles")):
            command = [tool, f"--root={root}", *(["--create"] if tool.endswith("tmpfiles") else [])]
            path = shutil.copy(os.path.join(SHIPPED, name), root + "/" + name + ".conf")
            with open(root + "/etc/group", "a") as groups:
                groups.write("adm:x:4:\n" if name.endswith("sysusers") else "")
            done = subprocess.run([*command, path], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
        with open(root + "/etc/passwd") as passwd:
            users = {line.split(":")[0]: int(line.split(":")[2]) for line in passwd}
        self.assertLessEqual({"ravelin", "ravelin-keys", "ravelin-certs"}, set(users))
        for path, mode, owner in (("/run/ravelin", 0o755, 0), ("/var/lib/ravelin", 0o1775, 0),
                                  ("/var/lib/ravelin/firewall", 0o700, 0),
                                  ("/var/lib/ravelin/certs", 0o700, users["ravelin"]),
                                  ("/var/log/ravelin", 0o750, 0)):
            status = os.stat(root + path)
            self.assertEqual((status.st_mode & 0o7777, status.st_uid), (mode, owner), path)


if __name__ == "__main__":
    unittest.main(verbosity=2)
