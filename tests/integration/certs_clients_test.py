"""TLS clients of other people, and testssl, before, during and after rotations of what they are shown."""

import os
import subprocess
import tempfile
import threading

from certs_test import StoreCase
from harness import unittest, wait_until
from testssl_test import ACCEPTED, EXPECTED, answer, run_testssl, serious
from tls_clients import Refused, first_fingerprint, make_clients

NAME = "www.example.test"
ROTATIONS = int(os.environ.get("RAVELIN_ROTATIONS", "6"))

OF_A_STORE = {
    # A leaf of the own CA lives for a week.
    "cert_expirationStatus": r"expires < 30 days",
    "cert_notAfter": r"^\d{4}-\d\d-\d\d \d\d:\d\d$",
    # It leaves out the name here, and without one there is nothing to show. testssl_test.py has it answered.
    "secure_renego": r"OpenSSL handshake didn't succeed",
}


class AroundARotation(StoreCase):
    def backend(self, *_):
        return super().backend(answer)

    def begin(self):
        self.store.run("ca", "init", "--name", "Test", "--permit", ".test")
        self.store.run("issue", NAME, "--issuer", "local", "--key", "p256,rsa2048")
        self.shown_by = {}  # fingerprint: generation
        return self.serve()

    def learn(self):
        """Takes down what the served generation looks like; returns its number."""
        number = self.store.current(NAME)
        for kind in ("ec", "rsa"):
            with open(f"{self.store.folder}/gateway/certs/{NAME}/gen/{number:06}/{kind}.pem", "rb") as file:
                self.shown_by[first_fingerprint(file.read())] = number
        return number

    def generation(self, client, gateway):
        return self.shown_by[client.shake(gateway.port, NAME, self.ca())]


class Clients(AroundARotation):
    def setUp(self):
        super().setUp()
        self.clients = make_clients()
        for client in self.clients:
            self.addCleanup(client.close)

    def test_each_client_is_served_before_during_and_after(self):
        gateway = self.begin()
        first = self.learn()
        for client in self.clients:
            self.assertEqual(self.generation(client, gateway), first, client.label)
        seen = {client.label: [] for client in self.clients}
        failures = []
        stopping = threading.Event()

        def shake_until_stopped(client):
            while not stopping.is_set():
                try:
                    seen[client.label].append(client.shake(gateway.port, NAME, self.ca()))
                except Refused as refused:
                    failures.append(str(refused))

        threads = [threading.Thread(target=shake_until_stopped, args=(c,), daemon=True) for c in self.clients]
        for thread in threads:
            thread.start()
        for _ in range(ROTATIONS):
            counts = {label: len(shown) for label, shown in seen.items()}
            self.store.run("rotate", NAME)
            self.learn()
            # Each has met this generation, or at least come and gone since.
            wait_until(lambda: all(len(shown) > counts[label] for label, shown in seen.items()) or failures,
                       "every client shakes hands between two rotations", deadline=120)
        stopping.set()
        for thread in threads:
            thread.join(timeout=60)
        self.assertEqual(failures, [])
        for label, shown in seen.items():
            generations = [self.shown_by[mark] for mark in shown]  # nothing else was ever shown
            self.assertEqual(generations, sorted(generations), label)
        last = self.learn()
        for client in self.clients:
            # A session of before goes on under the certificate it began with: the second is a full handshake.
            self.assertIn(last, (self.generation(client, gateway), self.generation(client, gateway)), client.label)
        print("\n".join(f"{label:28} {len(shown):4} handshakes" for label, shown in seen.items()))
        print(f"{ROTATIONS} rotations, {len(self.clients)} clients, {sum(map(len, seen.values()))} handshakes, "
              f"{len(failures)} failed")
        for result in ("handshake_failed", "handshake_key_unavailable", "handshake_unknown_name"):
            self.assertEqual(gateway.metric("ravelin_tls_handshakes_total", result=result), 0, result)

    def test_each_client_refuses_a_certificate_it_cannot_verify(self):
        """What shows that the clients look at all."""
        gateway = self.begin()
        self.learn()
        with tempfile.NamedTemporaryFile(suffix=".pem") as stranger:
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                            "-days", "3", "-subj", "/CN=stranger", "-keyout", "/dev/null", "-out", stranger.name],
                           check=True, capture_output=True)
            for client in self.clients:
                with self.assertRaises(Refused, msg=client.label):
                    client.shake(gateway.port, NAME, stranger.name)


class Testssl(AroundARotation):
    """Parts of it before, after, and while what it looks at is replaced every second: with RAVELIN_TESTSSL=whole
    the whole of it then, which takes minutes."""

    IS_WHOLE = os.environ.get("RAVELIN_TESTSSL") == "whole"
    PARTS = ("--protocols", "--server-defaults", "--server-preference", "--fs")

    def look(self, gateway, *sections):
        return run_testssl(NAME, gateway.port, self.ca(), self.directory, *sections)

    def assert_nothing_serious(self, findings, text):
        self.assertEqual(serious(findings, {**ACCEPTED, **OF_A_STORE}), [], text)

    def test_it_finds_nothing_before_during_and_after(self):
        gateway = self.begin()
        before, text = self.look(gateway, *self.PARTS)
        self.assert_nothing_serious(before, text)
        rotated = [0]
        stopping = threading.Event()

        def rotate_until_stopped():
            while not stopping.wait(1):
                self.store.run("rotate", NAME)
                rotated[0] += 1

        thread = threading.Thread(target=rotate_until_stopped, daemon=True)
        thread.start()
        try:
            during, text = self.look(gateway, *(() if self.IS_WHOLE else self.PARTS))
        finally:
            stopping.set()
            thread.join(timeout=60)
        self.assert_nothing_serious(during, text)
        if self.IS_WHOLE:
            self.assertEqual(EXPECTED - {found["id"].split(" ")[0] for found in during}, set(), text[-3000:])
        self.assertGreater(rotated[0], 3)
        after, text = self.look(gateway, *self.PARTS)
        self.assert_nothing_serious(after, text)
        offered = ("TLS1", "cipher_order", "PFS")
        what = lambda findings: {(f["id"], f["finding"]) for f in findings if f["id"].startswith(offered)}
        self.assertEqual(what(before), what(after))
        print(f"testssl: {len(before)} findings before, {len(during)} during {rotated[0]} rotations, {len(after)} after, "
              "none serious")


if __name__ == "__main__":
    unittest.main()
