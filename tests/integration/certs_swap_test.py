"""What clients make of a new generation: one they refuse is taken back, or given up while it is tried on some."""

import collections
import datetime
import os
import socket
import ssl
import threading
import time

from certs_test import StoreCase
from harness import DEADLINE, openssl, unittest, wait_until

NAME = "www.example.test"


def address(number):
    """Every address of loopback's network is a client of its own."""
    return f"127.0.{number // 250 + 1}.{number % 250 + 1}"


class SwapCase(StoreCase):
    """Generation 1 is of the own CA, generation 2 of a CA that the clients know; they know no other."""

    def start_two(self, ends=None):
        self.store.run("ca", "init", "--name", "Test", "--permit", ".test")
        if ends is None:  # else it would be renewed at once
            self.store.run("issue", NAME, "--issuer", "local")
        self.sign("known", ends)
        self.store.run("import", NAME, "--chain", self.path("known.crt"), self.path("known-ca.crt"),
                       "--key", self.path("known.key"))
        gateway = self.serve()
        self.contexts = {version: self.context(version) for version in
                         (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)}
        return gateway

    def path(self, name):
        return f"{self.directory}/{name}"

    def context(self, version=None, ca="known-ca.crt"):
        context = ssl.create_default_context(cafile=self.path(ca))
        if version is not None:
            context.minimum_version = context.maximum_version = version
        return context

    def sign(self, who, ends=None):
        """A CA in WHO-ca.crt and a certificate of it in WHO.crt."""
        new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        openssl("req", "-x509", *new_key, "-days", "10", "-subj", f"/CN={who} CA",
                "-keyout", self.path(f"{who}-ca.key"), "-out", self.path(f"{who}-ca.crt"))
        openssl("req", *new_key, "-subj", f"/CN={NAME}", "-keyout", self.path(f"{who}.key"),
                "-out", self.path(f"{who}.csr"))
        os.chmod(self.path(f"{who}.key"), 0o600)
        with open(self.path("ca.cnf"), "w") as file:
            file.write(f"[ca]\ndefault_ca=own\n[own]\ndatabase={self.path('index')}\nnew_certs_dir={self.directory}\n"
                       f"default_md=sha256\npolicy=any\nrand_serial=yes\nx509_extensions=leaf\n[any]\n"
                       f"commonName=supplied\n[leaf]\nsubjectAltName=DNS:{NAME}\nextendedKeyUsage=serverAuth\n"
                       f"keyUsage=critical,digitalSignature\nbasicConstraints=critical,CA:FALSE\n"
                       f"authorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n")
        with open(self.path("index"), "w"):
            pass
        now = datetime.datetime.now(datetime.timezone.utc)
        end = ends or now + datetime.timedelta(days=5)
        openssl("ca", "-batch", "-config", self.path("ca.cnf"), "-cert", self.path(f"{who}-ca.crt"),
                "-keyfile", self.path(f"{who}-ca.key"), "-notext",
                "-startdate", (now - datetime.timedelta(hours=1)).strftime("%Y%m%d%H%M%SZ"),
                "-enddate", end.strftime("%Y%m%d%H%M%SZ"),
                "-in", self.path(f"{who}.csr"), "-out", self.path(f"{who}.crt"))

    def shake(self, gateway, number, context=None):
        """The serial number that a client is shown and takes."""
        if context is None:
            context = self.contexts[list(self.contexts)[number % 2]]
        raw = socket.create_connection(("127.0.0.1", gateway.port), timeout=DEADLINE,
                                       source_address=(address(number), 0))
        with context.wrap_socket(raw, server_hostname=NAME) as tls:
            return tls.getpeercert()["serialNumber"]

    def takes(self, gateway, number, context=None):
        try:
            self.shake(gateway, number, context)
            return True
        except ssl.SSLError:
            return False

    def all_take(self, gateway, numbers):
        return all([self.takes(gateway, number) for number in numbers])

    def none_takes(self, gateway, numbers):
        return not any([self.takes(gateway, number) for number in numbers])

    def events(self):
        """Of the history, oldest first."""
        text = self.store.run("show", NAME).split("history:\n")[1]
        return [line.split("  ")[2].split(" by ")[0] for line in text.splitlines()]

    def seen(self, gateway):
        return gateway.metric("ravelin_certificate_refusing_clients", name=NAME)

    def rolled_back(self, gateway, reason="alerts"):
        return gateway.metric("ravelin_certificate_rollbacks_total", reason=reason)


class AfterASwap(SwapCase):
    def test_what_twenty_clients_refuse_is_taken_back(self):
        gateway = self.start_two()
        clients = range(20)
        self.assertTrue(self.all_take(gateway, clients))
        text = self.store.run("rotate", NAME)
        self.assertIn("generation 2 -> 3", text)
        self.assertIn(f"probe: 127.0.0.1:{gateway.port}: TLS 1.2 and 1.3 show generation 3", text)
        self.assertTrue(self.none_takes(gateway, clients[:19]))
        self.assertTrue(self.none_takes(gateway, clients[:19]))  # the same ones count once
        wait_until(lambda: self.seen(gateway) == 19, "nineteen clients are counted")
        time.sleep(1.2)  # two looks
        self.assertEqual(self.store.current(NAME), 3)
        self.assertTrue(self.none_takes(gateway, [19]))
        began = time.monotonic()
        wait_until(lambda: self.all_take(gateway, clients), "the one before is served again")
        print(f"taken back {time.monotonic() - began:.2f} s after the twentieth client's alert")
        self.assertEqual(self.store.current(NAME), 2)
        self.assertEqual(self.events(), ["issue", "import", "rotate", "refused", "rollback"])
        self.assertIn("20 clients that took the one before refuse it", self.store.run("show", NAME))
        self.assertIn("a generation was taken back", gateway.log())
        wait_until(lambda: self.rolled_back(gateway) == 1, "it is counted")
        # Once: someone who wants it all the same gets it.
        self.store.run("rollback", NAME, "--to", "3")
        self.assertTrue(self.none_takes(gateway, clients))
        wait_until(lambda: "it stays: it was gone to by rollback" in gateway.log(), "it is left alone")
        self.assertEqual(self.store.current(NAME), 3)
        self.assertEqual(self.rolled_back(gateway), 1)

    def test_strangers_are_not_listened_to(self):
        gateway = self.start_two()
        self.assertTrue(self.all_take(gateway, range(5)))
        self.store.run("rotate", NAME)
        self.assertTrue(self.none_takes(gateway, range(60)))
        wait_until(lambda: self.seen(gateway) == 5, "those who took the one before are counted")
        time.sleep(1.2)
        self.assertEqual(self.store.current(NAME), 3)

    def test_a_key_in_other_hands_is_not_gone_back_to(self):
        gateway = self.start_two()
        self.assertTrue(self.all_take(gateway, range(30)))
        self.store.run("rotate", NAME, "--because", "key-compromise")
        self.assertTrue(self.none_takes(gateway, range(30)))
        wait_until(lambda: "it stays: the key before is in other hands" in gateway.log(), "it is left alone")
        self.assertEqual(self.store.current(NAME), 3)
        self.assertEqual(self.rolled_back(gateway), 0)

    def test_one_that_has_ended_is_not_gone_back_to(self):
        ends = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=20)
        gateway = self.start_two(ends)
        self.assertTrue(self.all_take(gateway, range(25)))
        self.store.run("issue", NAME, "--issuer", "local")
        wait_until(lambda: datetime.datetime.now(datetime.timezone.utc) > ends, "it has ended", 30)
        time.sleep(1)
        self.assertTrue(self.none_takes(gateway, range(25)))
        wait_until(lambda: "it stays: generation 1 ended on" in gateway.log(), "it is left alone")
        self.assertEqual(self.store.current(NAME), 2)

    def test_one_of_two_gateways_acts_and_the_other_follows(self):
        first = self.start_two()
        second = self.serve()
        for gateway in (first, second):
            self.assertTrue(self.all_take(gateway, range(22)))
        self.store.run("rotate", NAME, "--no-probe")
        time.sleep(0.5)
        threads = [threading.Thread(target=self.none_takes, args=(gateway, range(22))) for gateway in (first, second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for gateway in (first, second):
            wait_until(lambda: self.all_take(gateway, range(22)), "the one before is served again")
        self.assertEqual(self.events().count("refused"), 1)
        wait_until(lambda: self.rolled_back(first) + self.rolled_back(second) == 1, "it is counted once")

    def test_it_can_be_left_out(self):
        self.start_two()
        self.assertNotIn("probe:", self.store.run("rotate", NAME, "--no-probe"))
        self.assertIn("probe", self.store.json("rotate", NAME))


class Impostor:
    """Someone who listens on the gateway's port too, and gets most of its connections."""

    def __init__(self, port, chain, key):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(chain, key)
        self.stopping = False
        self.sockets = []
        for _ in range(60):
            listener = socket.socket()
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            listener.bind(("127.0.0.1", port))
            listener.listen(8)
            listener.settimeout(0.05)
            self.sockets.append(listener)
        self.threads = [threading.Thread(target=self._serve, args=(s,), daemon=True) for s in self.sockets]
        for thread in self.threads:
            thread.start()

    def _serve(self, listener):
        while not self.stopping:
            try:
                connection, _ = listener.accept()
                connection.settimeout(5)
                with self.context.wrap_socket(connection, server_side=True) as tls:
                    tls.recv(1)
            except OSError:
                pass

    def close(self):
        self.stopping = True
        for thread in self.threads:
            thread.join(timeout=10)
        for listener in self.sockets:
            listener.close()


class Probe(SwapCase):
    def test_a_certificate_of_nobody_s_at_the_own_listener_takes_the_rotation_back(self):
        gateway = self.start_two()
        self.sign("impostor")
        impostor = Impostor(gateway.port, self.path("impostor.crt"), self.path("impostor.key"))
        try:
            text = self.store.run("rotate", NAME, code=4)
        finally:
            impostor.close()
        self.assertIn("another certificate is shown", text)
        self.assertIn("was taken back", text)
        self.assertEqual(self.store.current(NAME), 2)
        self.assertEqual(self.events()[-2:], ["refused", "rollback"])
        wait_until(lambda: self.all_take(gateway, range(3)), "the one before is served")

    def test_the_gateway_takes_it_back_by_itself(self):
        gateway = self.start_two()
        self.sign("impostor")
        impostor = Impostor(gateway.port, self.path("impostor.crt"), self.path("impostor.key"))
        try:
            self.store.config = None  # on the store alone: the command asks nobody
            self.store.run("rotate", NAME)
            wait_until(lambda: self.store.current(NAME) == 2, "it is taken back", 20)
        finally:
            impostor.close()
        self.assertIn("a generation was taken back", gateway.log())
        wait_until(lambda: self.rolled_back(gateway, "probe") == 1, "it is counted")


class Canary(SwapCase):
    def counts(self, gateway, numbers, context):
        return collections.Counter(self.shake(gateway, number, context) for number in numbers)

    def own(self):
        return ssl.create_default_context(cafile=self.ca())

    def start_own(self):
        """Generation 1, of the own CA, and the serial number of it."""
        gateway = self.start(names=(NAME,))
        return gateway, self.shake(gateway, 1, self.own())

    def test_a_share_of_the_clients_is_shown_it_and_the_same_ones_each_time(self):
        gateway, first = self.start_own()
        context, clients = self.own(), range(400)
        text = self.store.run("rotate", NAME, "--canary", "25%")
        self.assertIn("canary: generation 2 for 25% of the clients, beside 1", text)
        self.assertIn("served by 2/2 workers", text)
        self.assertEqual(self.store.current(NAME), 1)
        shown = {number: self.shake(gateway, number, context) for number in clients}
        tried = [number for number in clients if shown[number] != first]
        print(f"25 %: {len(tried)} of {len(clients)} clients")
        self.assertTrue(60 <= len(tried) <= 140, len(tried))
        for number in list(clients)[::7]:
            self.assertEqual(self.shake(gateway, number, context), shown[number])
        self.assertEqual(gateway.metric("ravelin_certificate_canary_share", name=NAME), 0.25)
        self.assertIn("canary: generation 2 for 25%", self.store.run("list"))
        self.assertIn("canary: generation 2 for 25% of the clients", self.store.run("show", NAME))
        checked = self.store.run("check", NAME, "--against", f"127.0.0.1:{gateway.port}")
        self.assertIn("0 failed", checked)
        # More of them: those of before stay.
        self.store.run("canary", NAME, "60%")
        more = [number for number in clients if self.shake(gateway, number, context) != first]
        self.assertTrue(set(tried) <= set(more))
        self.assertTrue(200 <= len(more) <= 280, len(more))
        # The gateway starts again with it.
        second = self.serve()
        self.assertEqual([n for n in clients[:60] if self.shake(second, n, context) != first],
                         [n for n in more if n < 60])
        self.assertIn("generation 1 -> 2", self.store.run("canary", NAME, "--finish"))
        self.assertEqual(self.store.current(NAME), 2)
        # The command has waited for the second one alone.
        wait_until(lambda: first not in self.counts(gateway, clients[:40], context), "the first follows")
        self.assertEqual(set(self.counts(gateway, clients[:40], context)), {self.shake(gateway, 0, context)})
        self.assertEqual(self.events(), ["issue", "canary", "canary", "rotate"])
        self.assertEqual(os.listdir(f"{self.store.folder}/gateway/canary"), [])

    def test_finishing_and_ending_lose_no_handshake(self):
        gateway, first = self.start_own()
        stop, done, failures = threading.Event(), [], []

        def run(begin):
            context, number = self.own(), begin
            while not stop.is_set():
                number = begin + (number + 1) % 40
                try:
                    done.append(self.shake(gateway, number, context))
                except OSError as error:
                    failures.append(f"{number}: {error!r}")

        threads = [threading.Thread(target=run, args=(100 * i,), daemon=True) for i in range(4)]
        for thread in threads:
            thread.start()
        for step in (("rotate", NAME, "--canary", "50%"), ("canary", NAME, "--end"),
                     ("rotate", NAME, "--canary", "5%"), ("canary", NAME, "80%"), ("canary", NAME, "--finish"),
                     ("rotate", NAME, "--canary", "50%"), ("rotate", NAME)):
            self.store.run(*step)
            time.sleep(0.1)
        stop.set()
        for thread in threads:
            thread.join()
        print(f"{len(done)} handshakes, {len(set(done))} certificates, {len(failures)} failed")
        self.assertEqual(failures, [])
        self.assertGreater(len(set(done)), 3)
        self.assertNotIn("canary", self.store.json("list")["certificates"][0])

    def test_one_that_a_few_clients_refuse_is_given_up(self):
        gateway = self.start_two()
        clients = range(60)
        self.assertTrue(self.all_take(gateway, clients))
        self.store.run("rotate", NAME, "--canary", "50%", "--for", "1h")
        refused = [number for number in clients if not self.takes(gateway, number)]
        self.assertTrue(15 <= len(refused) <= 45, len(refused))
        wait_until(lambda: self.all_take(gateway, clients), "all get the one beside it")
        self.assertEqual(self.store.current(NAME), 2)
        self.assertIn("a canary was given up", gateway.log())
        self.assertEqual(self.events(), ["issue", "import", "canary", "refused", "canary"])
        wait_until(lambda: self.rolled_back(gateway) == 1, "it is counted")

    def test_without_trouble_all_get_it_when_its_time_is_over(self):
        gateway, first = self.start_own()
        self.store.run("rotate", NAME, "--canary", "5%", "--for", "2s")
        wait_until(lambda: self.store.current(NAME) == 2, "it is finished")
        wait_until(lambda: self.shake(gateway, 3, self.own()) != first, "all get it")
        self.assertEqual(self.events(), ["issue", "canary", "rotate"])

    def test_mistakes_are_refused_and_change_nothing(self):
        gateway, first = self.start_own()
        self.assertIn("is no share of the clients", self.store.run("rotate", NAME, "--canary", "100%", code=3))
        self.assertIn("for all clients at once",
                      self.store.run("rotate", NAME, "--canary", "5%", "--because", "key-compromise", code=3))
        self.assertIn("no canary", self.store.run("canary", NAME, "--finish", code=4))
        self.assertEqual(self.store.current(NAME), 1)
        # A record that a crash left, of a generation that is gone.
        self.store.run("rotate", NAME, "--canary", "99%")
        folder = f"{self.store.folder}/gateway/certs/{NAME}/gen/000002"
        os.chmod(folder, 0o700)
        for file in os.listdir(folder):
            os.unlink(f"{folder}/{file}")
        os.rmdir(folder)
        second = self.serve()
        self.assertEqual(set(self.counts(second, range(20), self.own())), {first})
        self.assertIn("a canary is not shown", second.log())


if __name__ == "__main__":
    unittest.main()
