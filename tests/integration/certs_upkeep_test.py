"""What keeps a store for years: its state in sight, the index made anew, a backup that works."""

import json
import os
import re
import shutil
import subprocess

from certs_test import StoreCase
from harness import BINARY, unittest, wait_until

DOCS = os.path.join(os.path.dirname(__file__), "../../docs/certificates.md")


class StatusOfTheStore(StoreCase):
    def status(self, gateway, *arguments):
        done = subprocess.run([BINARY, "status", "-c", gateway.config, *arguments], capture_output=True, text=True,
                              timeout=30, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_shows_certificates_what_is_next_and_the_last_failure(self):
        wanted = "[ { name: never.example.com, issuers: [own] } ]"  # outside the CA's constraints
        gateway = self.start(names=("www.example.test", "api.example.test"), wanted=wanted)
        wait_until(lambda: "last_failure" in json.loads(self.status(gateway, "--json"))["store"],
                   "the failure is in the status")
        store = json.loads(self.status(gateway, "--json"))["store"]
        self.assertEqual((store["certificates"], store["workers"], store["workers_serving"]), (2, 2, 2))
        self.assertEqual({expiry["name"] for expiry in store["soonest"]}, {"www.example.test", "api.example.test"})
        self.assertEqual({renewal["name"] for renewal in store["next_renewals"]},
                         {"www.example.test", "api.example.test", "never.example.com"})
        self.assertEqual(store["last_failure"]["name"], "never.example.com")
        self.assertIn("never.example.com", store["last_failure"]["error"])
        self.assertIn("ticket_key_made", store)
        text = self.status(gateway)
        self.assertIn(f"store {self.store.folder}: 2 certificates, served by 2 of 2 workers", text)
        self.assertRegex(text, r"session ticket key: \d+ s old")
        self.assertRegex(text, r"last failure: never\.example\.com, \d+ s ago, 1 in a row: issuer own: ")
        self.assertRegex(text, r"(?m)^ENDS FIRST +GENERATION +NOT AFTER +LEFT$")
        self.assertRegex(text, r"(?m)^www\.example\.test .* half of its lifetime is over$")

    def test_a_rotation_shows_at_once(self):
        gateway = self.start(names=("www.example.test",))
        self.store.run("rotate", "www.example.test")
        soonest = json.loads(self.status(gateway, "--json"))["store"]["soonest"]
        self.assertEqual([(one["name"], one["generation"]) for one in soonest], [("www.example.test", 2)])


class Upkeep(StoreCase):
    def test_the_gateway_makes_an_index_with_a_revoked_key_anew(self):
        self.store.run("ca", "init", "--name", "Test", "--permit", ".test")
        self.store.run("issue", "www.example.test", "--issuer", "local")
        self.store.run("index")
        self.store.run("rotate", "www.example.test")
        self.store.run("revoke", "www.example.test", "--reason", "key-compromise")
        gateway = self.serve()
        self.assertIn("a key was revoked since it was made", gateway.log())
        wait_until(lambda: "the store's index was made anew" in gateway.log(), "the index is made anew")
        gateway.stop()
        again = self.serve()
        self.assertIn("index=used", again.log())
        self.served(again, "www.example.test")


    def test_commands_that_change_much_make_it_anew(self):
        self.store.run("ca", "init", "--name", "Test", "--permit", ".test")
        self.store.run("issue", "www.example.test", "--issuer", "local")
        for command in (("renew",), ("rotate", "--all")):
            with self.subTest(command=command):
                self.store.run("index")
                self.store.run("rotate", "www.example.test")
                self.store.run("revoke", "www.example.test", "--reason", "key-compromise")
                self.store.run("rotate", "www.example.test")
                index = os.stat(f"{self.store.folder}/gateway/public.bin").st_ino
                self.store.run("rotate", "www.example.test")  # one is not much
                self.assertEqual(os.stat(f"{self.store.folder}/gateway/public.bin").st_ino, index)
                self.store.run(*command)
                self.assertNotEqual(os.stat(f"{self.store.folder}/gateway/public.bin").st_ino, index)
        gateway = self.serve()
        self.assertIn("index=used", gateway.log())


class BackUp(StoreCase):
    def setUp(self):
        super().setUp()
        self.secret = f"{self.directory}/secret"
        with open(self.secret, "w") as file:
            file.write("correct horse battery staple\n")
        os.chmod(self.secret, 0o600)
        self.file = f"{self.directory}/certs.backup"

    def back_up(self):
        self.store.run("ca", "init", "--name", "Test", "--permit", ".test")
        self.store.run("issue", "www.example.test", "--issuer", "local")
        self.store.run("rotate", "www.example.test")
        text = self.store.run("backup", "--out", self.file, "--pass-file", self.secret)
        self.assertIn("1 certificates are in ", text)
        self.assertEqual(os.stat(self.file).st_mode & 0o777, 0o600)

    def test_a_lost_store_comes_back_served_and_can_be_rolled_back(self):
        self.back_up()
        shutil.copytree(self.store.folder, f"{self.directory}/before", symlinks=True)
        shutil.rmtree(self.store.folder)
        self.assertIn("1 certificates are restored", self.store.run("restore", self.file, "--pass-file", self.secret))
        gateway = self.serve()
        second = self.served(gateway, "www.example.test")
        self.assertIn("served by 2/2 workers", self.store.run("rollback", "www.example.test"))
        self.assertNotEqual(self.served(gateway, "www.example.test"), second)
        self.store.run("rotate", "www.example.test")  # the own CA works as before
        self.assertEqual(self.store.current("www.example.test"), 3)
        self.assertIn("0 failed", self.store.run("check", "www.example.test"))

    def test_the_wrong_passphrase_and_a_store_that_is_there_change_nothing(self):
        self.back_up()
        self.assertIn("is not empty", self.store.run("restore", self.file, "--pass-file", self.secret, code=4))
        self.assertEqual(self.store.current("www.example.test"), 2)
        other = f"{self.directory}/other"
        with open(other, "w") as file:
            file.write("wrong\n")
        os.chmod(other, 0o600)
        shutil.rmtree(self.store.folder)
        text = self.store.run("restore", self.file, "--pass-file", other, code=3)
        self.assertIn("the passphrase is another, or it was changed", text)
        self.assertIn("nothing was restored", text)
        with open(self.file, "r+b") as file:
            file.truncate(os.path.getsize(self.file) - 1)
        self.assertIn("it is cut off", self.store.run("restore", self.file, "--pass-file", self.secret, code=3))
        self.assertEqual([name for name in os.listdir(self.directory) if name.startswith("store")], [])

    def test_a_passphrase_others_can_read_is_refused(self):
        self.back_up()
        os.chmod(self.secret, 0o644)
        self.store.run("backup", "--out", self.file, "--pass-file", self.secret, code=3)

    def test_the_commands_of_the_documentation_work(self):
        self.back_up()
        with open(DOCS) as file:
            text = file.read()
        example = re.search(r"### A backup.*?```sh\n(.*?)```", text, re.S).group(1)
        commands = [line for line in example.splitlines() if line.startswith("ravelin ")]
        self.assertEqual(len(commands), 2)
        shutil.copytree(self.store.folder, f"{self.directory}/certs", symlinks=True)
        for command in commands:
            done = subprocess.run([os.path.abspath(BINARY), *command.split()[1:]], cwd=self.directory,
                                  capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 0, command + done.stdout + done.stderr)
        self.store.folder = f"{self.directory}/restored"
        self.assertEqual(self.store.current("www.example.test"), 2)


if __name__ == "__main__":
    unittest.main()
