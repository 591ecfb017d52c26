"""The process that renews certificates, apart from the gateway: its end is nobody's loss, what it was about to do is
done by the next one, and the gateway cannot write to the store."""

import json
import os
import signal
import subprocess
import time

from certs_swap_test import NAME, SwapCase
from certs_test import Handshakes, StoreCase
from harness import BINARY, unittest, wait_until

KILLS = int(os.environ.get("RAVELIN_KILLS", "10"))


def wanted(name):
    return f"[ {{ name: {name}, issuers: [own] }} ]"


def ready(gateway):
    return gateway.log().count("supervisor: ready role=certs")


class Process(StoreCase):
    @staticmethod
    def processes(gateway):
        done = subprocess.run([BINARY, "status", "-c", gateway.config, "--json"], capture_output=True, text=True,
                              timeout=30, check=True)
        return {process["role"]: process for process in json.loads(done.stdout)["processes"]}

    def kill(self, gateway):
        before = ready(gateway)
        os.kill(gateway.pid("certs"), signal.SIGKILL)
        wait_until(lambda: ready(gateway) > before, "the next one is ready")

    def test_its_end_is_no_handshake_s_loss_and_the_next_one_goes_on(self):
        gateway = self.start(names=("www.example.test",))
        serving = gateway.pid()
        clients = Handshakes(gateway, self.ca(), ("www.example.test",), clients=2)
        for _ in range(KILLS):
            self.kill(gateway)
            time.sleep(0.1)
        # What it knows of the gateway, and the gateway of it, is another connection each time.
        gateway.write(self.text(wanted("new.example.test")))
        gateway.reload()
        wait_until(lambda: os.path.exists(f"{self.store.folder}/gateway/certs/new.example.test/current"), "it is issued")
        wait_until(lambda: gateway.metric("ravelin_certificate_renew_at_seconds", name="new.example.test") > 0, "it is told")
        clients.stop()
        print(f"the certs process killed {KILLS} times: {clients.done} handshakes, {len(clients.failures)} lost")
        self.assertEqual(clients.failures, [])
        self.assertGreater(clients.done, KILLS)
        self.assertEqual(gateway.pid(), serving)
        self.assertEqual(self.processes(gateway)["certs"]["condition"], "ready")

    def test_a_reload_of_the_same_configuration_leaves_it_alone(self):
        gateway = self.start(names=("www.example.test",))
        renewing = gateway.pid("certs")
        gateway.reload()
        gateway.reload()
        self.assertEqual(gateway.pid("certs"), renewing)

    def test_it_writes_to_the_store_and_the_gateway_reaches_no_key(self):
        gateway = self.start(names=("www.example.test",))
        wait_until(lambda: all(process["may_do"] for process in self.processes(gateway).values()), "all have said it")
        may = {role: process["may_do"] for role, process in self.processes(gateway).items()}
        store = os.path.realpath(self.store.folder)
        self.assertTrue([line for line in may["certs"] if "writes" in line and store in line], may["certs"])
        reached = [line for line in may["gateway"] if store in line]
        self.assertFalse([line for line in reached if "writes" in line], may["gateway"])
        self.assertTrue(reached, may["gateway"])
        for line in reached:
            for path in line.split(store)[1:]:
                self.assertRegex(path, r"^/(gateway|FORMAT)\b", line)
        # The ring of ticket keys is made and rotated there, and used here.
        self.store.run("tickets", "rotate")
        wait_until(lambda: "session ticket keys of the store" in gateway.log(), "the gateway has them")

    def test_something_is_shown_before_the_gateway_opens(self):
        self.store.run("ca", "init", "--name", "Test", "--permit", ".test")
        gateway = self.serve(wanted("www.example.test"))
        self.served(gateway, "www.example.test")
        log = gateway.log()
        self.assertLess(log.index("supervisor: ready role=certs"), log.index("supervisor: started role=gateway"))


class Watch(SwapCase):
    def test_a_swap_is_watched_on_by_the_next_one(self):
        gateway = self.start_two()
        clients = range(20)
        self.assertTrue(self.all_take(gateway, clients))
        self.store.run("rotate", NAME)
        self.assertTrue(self.none_takes(gateway, clients[:19]))
        before = ready(gateway)
        os.kill(gateway.pid("certs"), signal.SIGKILL)
        wait_until(lambda: ready(gateway) > before, "the next one is ready")
        self.assertEqual(self.store.current(NAME), 3)
        self.assertTrue(self.none_takes(gateway, [19]))
        wait_until(lambda: self.all_take(gateway, clients), "the one before is served again")
        wait_until(lambda: self.rolled_back(gateway) == 1, "it is counted")


if __name__ == "__main__":
    unittest.main()
