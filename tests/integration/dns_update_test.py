"""dns-01 by dynamic updates, against BIND: records come and go, and what is refused is refused in words."""

import json
import os
import subprocess
import tempfile
import unittest

from bind_lab import Bind, make_key, write

TOOL = os.environ.get("RAVELIN_DNS_UPDATE_TOOL", "build/release/bin/dns_update_tool")
WWW = "_acme-challenge.www.example.test"
ZONES = {
    "example.test": "www A 127.0.0.1\n"
                    "_acme-challenge.alias CNAME alias.acme.test.\n"
                    "_acme-challenge.circle CNAME circle2\ncircle2 CNAME _acme-challenge.circle\n"
                    "deep.er A 127.0.0.1",
    "acme.test": "",
}


class Held:
    """The tool with its challenges up."""

    def __init__(self, options, expect=True):
        self.process = subprocess.Popen([TOOL, json.dumps(options)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.said = json.loads(self.process.stdout.readline())
        if self.said["ok"] != expect:
            self.end()
            raise AssertionError(f"{self.said}")

    def end(self):
        """The log."""
        return self.process.communicate(timeout=30)[1]


class Updates(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory(prefix="ravelin-dns-")
        cls.keys = {name: make_key(f"{cls.place.name}/{name}.key", name, f"hmac-{name}")
                    for name in ("sha256", "sha384", "sha512")}
        cls.key = cls.keys["sha256"]
        cls.bind = Bind(cls.place.name, ZONES, cls.keys.items())

    @classmethod
    def tearDownClass(cls):
        cls.bind.close()
        cls.place.cleanup()

    def held(self, *names, expect=True, **options):
        challenges = [[name, f"{name} {i}"] for i, name in enumerate(names)]
        held = Held({"server": self.bind.address, "key_file": self.key, "challenges": challenges, **options}, expect)
        self.addCleanup(lambda: held.process.poll() is None and held.end())
        return held

    def refused(self, *words, names=("www.example.test",), **options):
        held = self.held(*names, expect=False, **options)
        for word in words:
            self.assertIn(word, held.said["error"])
        self.assertIn(options.get("server", self.bind.address), held.said["error"])
        self.assertEqual(self.bind.texts(WWW), [])
        return held.end()

    def test_a_record_comes_and_goes_with_every_algorithm(self):
        for name, key in self.keys.items():
            with self.subTest(name):
                held = self.held("www.example.test", key_file=key)
                self.assertEqual(self.bind.texts(WWW), held.said["values"])
                self.assertEqual(held.end(), "")
                self.assertEqual(self.bind.texts(WWW), [])

    def test_a_wildcard_and_its_base_stand_side_by_side(self):
        held = self.held("www.example.test", "www.example.test")
        self.assertEqual(self.bind.texts(WWW), sorted(held.said["values"]))
        self.assertEqual(len(set(held.said["values"])), 2)
        held.end()
        self.assertEqual(self.bind.texts(WWW), [])

    def test_what_others_put_there_stays(self):
        other = self.held("www.example.test", zone="example.test")
        ours = self.held("example.test", "www.example.test")
        self.assertEqual(len(self.bind.texts(WWW)), 2)
        ours.end()
        self.assertEqual(self.bind.texts(WWW), other.said["values"])
        other.end()

    def test_aliases_are_followed_to_their_zone(self):
        held = self.held("alias.example.test")
        self.assertEqual(self.bind.texts("alias.acme.test"), held.said["values"])
        held.end()
        self.assertEqual(self.bind.texts("alias.acme.test"), [])

    def test_an_alias_the_server_does_not_know_is_the_resolvers_word(self):
        with tempfile.TemporaryDirectory() as folder:
            other = Bind(folder, {"elsewhere.test": "_acme-challenge.www CNAME www.acme.test."})
            self.addCleanup(other.close)
            held = self.held("www.elsewhere.test", resolvers=["127.0.0.1:1", other.address])
            self.assertEqual(self.bind.texts("www.acme.test"), held.said["values"])
            held.end()

    def test_aliases_in_a_circle_come_to_an_end(self):
        self.refused_name("circle.example.test", "more than 8 aliases (CNAME)")

    def refused_name(self, name, word):
        held = self.held(name, expect=False)
        self.assertIn(word, held.said["error"])

    def test_an_unknown_key_a_wrong_secret_and_a_wrong_clock_are_told_apart(self):
        stranger = make_key(f"{self.place.name}/stranger.key", "stranger")
        self.refused('has no key "stranger" for hmac-sha256 (BADKEY)', key_file=stranger)
        secret = make_key(f"{self.place.name}/secret.key", "sha256")
        self.refused('has another secret for key "sha256" (BADSIG)', key_file=secret)
        self.refused("this clock is", "behind the name server's", "(BADTIME)", skew=-3600)
        self.refused("this clock is", "ahead of the name server's", "(BADTIME)", skew=3600)

    def test_zones_that_are_not_the_servers_are_refused(self):
        self.refused('zone "strange.test" is not one of its own (NOTAUTH)', zone="strange.test")
        self.refused('the name is not in zone "acme.test" (NOTZONE)', zone="acme.test")
        self.refused("has no zone with _acme-challenge.www.strange.test in it", names=["www.strange.test"],
                     resolvers=[])

    def test_a_zone_that_takes_no_updates_says_so(self):
        with tempfile.TemporaryDirectory() as folder:
            fixed = Bind(folder, {"example.test": "www A 127.0.0.1"})
            self.addCleanup(fixed.close)
            self.refused("BADKEY", server=fixed.address)
            key = make_key(f"{folder}/other.key", "other")
            with tempfile.TemporaryDirectory() as second:
                closed = Bind(second, {"acme.test": ""}, [("other", key)], options="allow-query { none; };")
                self.addCleanup(closed.close)
                self.refused("has no zone", "(REFUSED)", server=closed.address, key_file=key, names=["www.acme.test"])
                self.refused('zone "acme.test" takes no such update with this key (REFUSED)', server=closed.address, key_file=key,
                             names=["www.acme.test"], zone="acme.test")

    def test_a_secondary_has_to_have_it_too(self):
        with tempfile.TemporaryDirectory() as folder:
            stale = Bind(folder, {"example.test": "www A 127.0.0.1"})
            self.addCleanup(stale.close)
            held = self.held("www.example.test", secondaries=[self.bind.address, stale.address], deadline=1,
                             expect=False)
            self.assertIn(f"waiting for {WWW} at name server {stale.address}", held.said["error"])
            held.end()
            self.assertEqual(self.bind.texts(WWW), [])

    def test_nobody_there_and_a_key_others_can_read(self):
        self.refused("connection refused", server="127.0.0.1:1", deadline=2)
        open_key = write(f"{self.place.name}/open.key", open(self.key).read(), 0o644)
        held = self.held("www.example.test", key_file=open_key, expect=False)
        self.assertIn("chmod", held.said["error"])


if __name__ == "__main__":
    unittest.main()
