"""Certificates of a store: issued by the own CA, served, rotated under load, taken back."""

import json
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading

from harness import ADMIN, BINARY, DEADLINE, Case, unittest, wait_until

CONFIG = """
version: 1
workers: 2
admin: {{ socket: "{{dir}}/admin.sock", listen: "127.0.0.1:{{admin}}" }}
certs:
  store: {{dir}}/store
  issuers: {{ own: {{ ca: local }} }}
  names: {names}
listeners:
  - name: web
    bind: "127.0.0.1:{{port}}"
    tls: {{ certificates: [ {{ store: true }} ] }}
    routes: [ {{ pool: web }} ]
pools:
  - {{ name: web, servers: [ {{ address: "127.0.0.1:{backend}" }} ] }}
"""
NAMES = ("www.example.test", "api.example.test", "*.shop.example.test")


class Store:
    """`ravelin certs` on a folder of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.config = None

    def run(self, *arguments, code=0):
        place = ["-c", self.config] if self.config else ["--store", self.folder]
        done = subprocess.run([os.path.abspath(BINARY), "certs", *arguments, *place],
                              capture_output=True, text=True, timeout=900, check=False)
        if done.returncode != code:
            raise AssertionError(f"certs {arguments}: exit {done.returncode}, not {code}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def json(self, *arguments, code=0):
        return json.loads(self.run(*arguments, "--json", code=code))

    def current(self, name):
        return int(os.readlink(f"{self.folder}/gateway/certs/{name.replace('*', '+')}/current").split("/")[1])


class Handshakes:
    """Clients that shake hands without a pause, verify the whole chain and the name, and count."""

    def __init__(self, gateway, ca, names, clients=4):
        self.gateway, self.ca, self.names = gateway, ca, names
        self.done, self.resumed, self.failures = 0, 0, []
        self.serials = set()
        self.stopping = False
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self._run, args=(i,), daemon=True) for i in range(clients)]
        for thread in self.threads:
            thread.start()

    def _run(self, index):
        context = ssl.create_default_context(cafile=self.ca)
        context.maximum_version = ssl.TLSVersion.TLSv1_2 if index % 2 else ssl.TLSVersion.TLSv1_3
        session, turn = None, index
        while not self.stopping:
            name = self.names[turn % len(self.names)].replace("*", "any")
            turn += 1
            try:
                raw = socket.create_connection(("127.0.0.1", self.gateway.port), timeout=DEADLINE)
                # Every other client comes back with its session, by the same name.
                keep = session if session is not None and session[0] == name else None
                with context.wrap_socket(raw, server_hostname=name, session=keep and keep[1]) as tls:
                    serial = tls.getpeercert()["serialNumber"]
                    tls.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
                    if not tls.recv(4096).startswith(b"HTTP/1.1 200"):
                        raise OSError("no answer")
                    resumed = tls.session_reused
                    session = (name, tls.session) if index >= 2 and not resumed else None
                    if session is not None:
                        turn -= 1
                with self.lock:
                    self.done += 1
                    self.resumed += resumed
                    self.serials.add(serial)
            except OSError as error:
                with self.lock:
                    self.failures.append(f"{name}: {error!r}")

    def stop(self):
        self.stopping = True
        for thread in self.threads:
            thread.join(timeout=20)


class StoreCase(Case):
    def setUp(self):
        super().setUp()
        self.directory = tempfile.mkdtemp(prefix="ravelin-store-")
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.store = Store(f"{self.directory}/store")

    def ca(self):
        return f"{self.store.folder}/ca/root.pem"

    def start(self, names=NAMES, wanted="[]"):
        """The own CA, a certificate for each name, and a gateway that serves them."""
        self.store.run("ca", "init", "--name", "Test", "--permit", ".test")
        for name in names:
            self.store.run("issue", name, "--issuer", "local")
        return self.serve(wanted)

    def serve(self, wanted="[]"):
        self.server = self.backend()
        gateway = self.gateway(self.text(wanted))
        self.store.config = gateway.config
        return gateway

    def text(self, wanted):
        """A configuration that wants these certificates, once there is a server."""
        return CONFIG.format(names=wanted, backend=self.server.port).replace("{dir}/store", self.store.folder)

    def served(self, gateway, name):
        """The serial number a client is shown that verifies everything."""
        context = ssl.create_default_context(cafile=self.ca())
        raw = socket.create_connection(("127.0.0.1", gateway.port), timeout=DEADLINE)
        with context.wrap_socket(raw, server_hostname=name.replace("*", "any")) as tls:
            return tls.getpeercert()["serialNumber"]


class FromTheStore(StoreCase):
    def test_the_first_steps(self):
        gateway = self.start()
        first = self.served(gateway, "www.example.test")
        text = self.store.run("rotate", "www.example.test")
        self.assertIn("generation 1 -> 2", text)
        self.assertIn("served by 2/2 workers", text)
        second = self.served(gateway, "www.example.test")
        self.assertNotEqual(first, second)
        self.assertIn("served by 2/2 workers", self.store.run("rollback", "www.example.test"))
        self.assertEqual(self.served(gateway, "www.example.test"), first)
        self.assertEqual(self.store.current("www.example.test"), 1)
        listed = self.store.json("list")
        self.assertEqual([c["name"] for c in listed["certificates"]], sorted(NAMES))
        self.assertEqual(listed["warnings"], 0)
        shown = self.store.run("show", "www.example.test")
        self.assertIn("rollback by", shown)

    def test_a_wildcard_serves_one_label_and_no_other_name_is_served(self):
        gateway = self.start(names=("*.shop.example.test",))
        self.served(gateway, "*.shop.example.test")
        for name in ("shop.example.test", "a.b.shop.example.test", "www.example.test"):
            with self.assertRaises(ssl.SSLError, msg=name) as refused:
                self.served(gateway, name)
            self.assertIn("UNRECOGNIZED_NAME", str(refused.exception).upper().replace(" ", "_"))

    def test_an_address_is_served_to_clients_that_go_there(self):
        self.store.run("ca", "init", "--name", "Test", "--permit", ".test,127.0.0.0/8")
        self.store.run("issue", "127.0.0.1", "--issuer", "local")
        self.store.run("issue", "127.0.0.2", "--issuer", "local")
        gateway = self.serve()
        first = self.served(gateway, "127.0.0.1")  # Python sends no name, and verifies the address
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.served(gateway, "127.0.0.2")
        with self.assertRaises(ssl.SSLError) as refused:
            self.served(gateway, "www.example.test")
        self.assertIn("UNRECOGNIZED_NAME", str(refused.exception).upper())
        self.assertIn("show generation 2", self.store.run("rotate", "127.0.0.1"))
        self.assertNotEqual(self.served(gateway, "127.0.0.1"), first)
        self.assertNotIn("show generation", self.store.run("rotate", "127.0.0.2"))

    def test_both_kinds_of_key_are_served(self):
        self.store.run("ca", "init", "--name", "Test", "--permit", ".test")
        self.store.run("issue", "www.example.test", "--issuer", "local", "--key", "p256,rsa2048")
        gateway = self.serve()
        for kind in ("ECDSA", "RSA"):
            context = ssl.create_default_context(cafile=self.ca())
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            context.set_ciphers(f"ECDHE-{kind}-AES128-GCM-SHA256")
            raw = socket.create_connection(("127.0.0.1", gateway.port), timeout=DEADLINE)
            with context.wrap_socket(raw, server_hostname="www.example.test") as tls:
                self.assertIn(kind, tls.cipher()[0])

    def test_new_names_and_removed_ones_need_no_reload(self):
        gateway = self.start(names=("www.example.test",))
        self.assertIn("served by 2/2 workers", self.store.run("issue", "new.example.test", "--issuer", "own"))
        self.served(gateway, "new.example.test")
        self.store.run("remove", "new.example.test")

        def is_gone():
            try:
                self.served(gateway, "new.example.test")
                return False
            except ssl.SSLError:
                return True

        wait_until(is_gone, "the removed name is refused")
        self.served(gateway, "www.example.test")

    def test_a_gateway_starts_from_the_index_and_from_what_came_after_it(self):
        self.store.run("ca", "init", "--name", "Test", "--permit", ".test")
        for name in NAMES[:2]:
            self.store.run("issue", name, "--issuer", "local")
        self.assertIn("2 certificates", self.store.run("index"))
        self.store.run("rotate", NAMES[0])
        self.store.run("issue", NAMES[2], "--issuer", "local")
        gateway = self.serve()
        self.assertIn("index=used", gateway.log())
        for name in NAMES:
            self.served(gateway, name)
        self.assertEqual(gateway.metric("ravelin_certificate_store_certificates"), 3)
        self.assertEqual(gateway.metric("ravelin_certificate_generation", name=NAMES[0]), 2)

    def test_a_damaged_index_is_not_used(self):
        self.store.run("ca", "init", "--name", "Test", "--permit", ".test")
        self.store.run("issue", NAMES[0], "--issuer", "local")
        self.store.run("index")
        with open(f"{self.store.folder}/gateway/public.bin", "r+b") as file:
            file.truncate(100)
        gateway = self.serve()
        self.assertIn("cut off", gateway.log())
        self.served(gateway, NAMES[0])

    def test_a_broken_generation_is_refused_and_the_one_before_is_served(self):
        gateway = self.start(names=("www.example.test",))
        first = self.served(gateway, "www.example.test")
        self.store.run("issue", "api.example.test", "--issuer", "own")
        # Someone who does not use the command: another certificate's key, and the link by hand.
        folder = f"{self.store.folder}/gateway/certs/www.example.test"
        shutil.copytree(f"{folder}/gen/000001", f"{folder}/gen/000002")
        os.chmod(f"{folder}/gen/000002", 0o700)
        keys = f"{self.store.folder}/private/keys"
        shutil.copytree(f"{keys}/api.example.test/000001", f"{keys}/www.example.test/000002")
        meta = json.load(open(f"{folder}/gen/000002/meta.json"))
        meta["number"] = 2
        with open(f"{folder}/gen/000002/meta.json", "w") as file:
            json.dump(meta, file)
        os.symlink("gen/000002", f"{folder}/current.new")
        os.rename(f"{folder}/current.new", f"{folder}/current")
        with open(f"{self.store.folder}/gateway/journal", "a") as file:
            file.write("done www.example.test 000002\n")
        wait_until(lambda: "a generation is refused" in gateway.log(), "the broken one is reported")
        self.assertEqual(self.served(gateway, "www.example.test"), first)
        self.assertEqual(gateway.metric("ravelin_certificate_store_refused"), 1)
        self.store.run("rotate", "www.example.test")
        self.assertNotEqual(self.served(gateway, "www.example.test"), first)
        self.assertEqual(gateway.metric("ravelin_certificate_store_refused"), 0)

    def test_a_store_open_to_others_is_refused_with_the_remedy(self):
        self.store.run("ca", "init", "--name", "Test", "--permit", ".test")
        self.store.run("issue", NAMES[0], "--issuer", "local")
        os.chmod(self.store.folder, 0o750)
        self.assertIn(f"chmod 700 {self.store.folder}", self.store.run("list", code=4))
        with self.assertRaises(AssertionError) as refused:
            self.serve()
        self.assertIn(f"chmod 700 {self.store.folder}", str(refused.exception))

    def test_names_outside_the_own_ca_are_refused_and_nothing_changes(self):
        self.start(names=("www.example.test",))
        text = self.store.run("issue", "www.example.com", "--issuer", "own", code=3)
        self.assertIn("www.example.com", text)
        self.assertIn("nothing is served yet", self.store.run("list"))
        self.assertEqual(self.store.current("www.example.test"), 1)

    def test_sessions_resume_at_any_gateway_of_the_store_until_the_ticket_keys_are_replaced(self):
        first = self.start(names=("www.example.test",))
        context = ssl.create_default_context(cafile=self.ca())
        context.maximum_version = ssl.TLSVersion.TLSv1_2

        def shake(gateway, session=None):
            raw = socket.create_connection(("127.0.0.1", gateway.port), timeout=DEADLINE)
            with context.wrap_socket(raw, server_hostname="www.example.test", session=session) as tls:
                return tls.session, tls.session_reused

        session, _ = shake(first)
        second = self.serve()
        self.assertTrue(shake(second, session)[1])
        self.assertEqual(len(self.store.json("tickets")["keys"]), 1)
        self.store.run("tickets", "rotate")
        wait_until(lambda: not shake(second, session)[1], "the ticket of before is not taken any more")
        self.assertLess(second.metric("ravelin_tls_ticket_key_age_seconds"), 60)

    def test_mistakes_of_the_section_are_found_by_check_and_stop_a_start(self):
        gateway = self.start(names=("www.example.test",))
        with open(gateway.config) as file:
            text = file.read()
        bad = text.replace("names: []", "names: [ { name: www.example.test, issuers: [nobody], keys: [p257] } ]")
        path = f"{self.directory}/bad.yaml"
        with open(path, "w") as file:
            file.write(bad)
        for command in ("check", "run"):
            done = subprocess.run([os.path.abspath(BINARY), command, "-c", path], capture_output=True, text=True,
                                  timeout=30, check=False)
            self.assertEqual(done.returncode, 3, command)
            self.assertIn('issuer "nobody" is not defined (defined: own)', done.stderr)
            self.assertIn("is no kind of key", done.stderr)
            self.assertRegex(done.stderr, r"bad.yaml:\d+:\d+: certs.names\[0\]")
        with open(gateway.config, "w") as file:
            file.write(bad)
        gateway.reload()
        self.assertIn("reload failed", gateway.log())
        self.served(gateway, "www.example.test")

    def test_the_configuration_says_what_is_wanted(self):
        wanted = '[ { name: www.example.test, also: [example.test], keys: [p256, rsa2048] } ]'
        self.store.run("ca", "init", "--name", "Test", "--permit", ".test")
        self.store.run("issue", "old.example.test", "--issuer", "local")
        gateway = self.serve(wanted)
        self.served(gateway, "example.test")  # a placeholder, before anybody was asked
        wait_until(lambda: self.store.json("show", "www.example.test")["issuer"] == "own", "its issuer has signed")
        shown = self.store.json("show", "www.example.test")
        self.assertEqual(shown["keys"], "p256+rsa2048")
        self.assertEqual(shown["names"], ["www.example.test", "example.test"])


class UnderLoad(StoreCase):
    def test_rotations_fail_no_handshake(self):
        rounds = int(os.environ.get("RAVELIN_ROTATIONS", "20"))
        gateway = self.start()
        load = Handshakes(gateway, self.ca(), NAMES)
        wait_until(lambda: load.done > 20, "the clients shake hands")
        for i in range(rounds):
            self.store.run("rotate", NAMES[i % len(NAMES)])
            if i % 5 == 4:
                self.store.run("rollback", NAMES[i % len(NAMES)])
        load.stop()
        failed = sum(gateway.metric("ravelin_tls_handshakes_total", result=reason)
                     for reason in ("handshake_failed", "handshake_key_unavailable", "handshake_unknown_name"))
        print(f"{rounds} rotations, {load.done} handshakes ({load.resumed} resumed), {len(load.serials)} certificates, "
              f"{gateway.metric('ravelin_tls_handshakes_straddled_total', result='ok'):.0f} straddled, "
              f"{len(load.failures)} failed")
        self.assertEqual(load.failures, [])
        self.assertEqual(failed, 0)
        self.assertGreater(load.resumed, 0)
        self.assertGreater(len(load.serials), rounds / 2)
        self.assertEqual(gateway.metric("ravelin_tls_handshakes_straddled_total", result="failed"), 0)


if __name__ == "__main__":
    unittest.main()
