"""Every collected HTTP/1 case through the real TLS port: no malformed request reaches a backend, no legal
one is refused, and what may be normalised arrives as one unambiguous request at most."""

import base64
import json
import os
import unittest

from harness import Backend, Gateway, simple_config

CASES = os.path.join(os.path.dirname(__file__), "..", "data", "http_cases.json")


def load_cases():
    with open(CASES) as file:
        return [case for case in json.load(file) if case["proto"] == "h1"]


class HttpCases(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.backend = Backend()
        cls.gateway = Gateway(simple_config([cls.backend], listener="    timeouts: { header: 1s, body_idle: 1s, idle: 1s }"))

    @classmethod
    def tearDownClass(cls):
        cls.gateway.close()
        cls.backend.close()

    def drive(self, case):
        before = len(self.backend.seen())
        client = self.gateway.client()
        statuses = []
        try:
            client.send(base64.b64decode(case["raw_base64"]))
            while (response := client.read_response()) is not None:
                statuses.append(response.status)
        except (OSError, ValueError):
            pass
        client.close()
        return statuses, self.backend.seen()[before:]

    def test_all_93_cases_are_here(self):
        self.assertEqual(len(load_cases()), 93)

    def test_every_case(self):
        for case in load_cases():
            with self.subTest(case["id"]):
                statuses, arrived = self.drive(case)
                smuggled = [head for head, _ in arrived if b"/smuggled" in head.split(b"\r\n")[0]]
                self.assertEqual(smuggled, [], case["why"])
                if case["expect"] == "accept":
                    self.assertEqual(len(arrived), 1, f"{case['why']}: {statuses}")
                    self.assertEqual(statuses[:1], [200], case["why"])
                elif case["expect"] == "reject":
                    self.assertEqual(arrived, [], case["why"])
                    self.assertTrue(all(status >= 400 for status in statuses), f"{case['why']}: {statuses}")
                    self.assertLessEqual(len(statuses), 1)
                else:
                    self.assertLessEqual(len(arrived), 1, case["why"])
                    for head, _ in arrived:
                        lower = head.lower()
                        self.assertLessEqual(lower.count(b"\r\ncontent-length:") + lower.count(b"\r\ntransfer-encoding:"), 1)
                        self.assertEqual(lower.count(b"\r\nhost:"), 1)


if __name__ == "__main__":
    unittest.main()
