"""`ravelin run` with `firewall: { manage: true }`, in the lab of bans_lab."""

import os
import pwd

import bans_lab
from bans_lab import HONEST, USER, BansTest, LabGateway

MANAGED = ("firewall: {{ manage: true, policy: {directory}/policy.yaml, state: {directory}/state, "
           "socket: {directory}/agent.sock }}")

EXTRA_PORT = 8446
EXTRA = """  - name: extra
    bind: "0.0.0.0:8446"
    tls: { certificates: [ { chain: server.crt, key: server.key } ] }
    routes: [ { match: { path: /served }, pool: web } ]
"""
# Nothing of what the gateway serves, or of where it goes.
BARE_POLICY = """policy: v1
name: gateway
zones:
  wan: { interfaces: [wan0, cli0, prx0] }
  lan: { interfaces: [lan0] }
rules:
  wan -> host:
    - { allow: udp/9999, id: probes }
"""


class ManagedTest(BansTest):
    def configure(self, gateway, more=""):
        """The configuration of the lab, and more listeners."""
        config = bans_lab.CONFIG.replace("firewall: {{ socket: {directory}/agent.sock }}", MANAGED)
        text = config.format(directory=gateway.directory, ban=self.BAN)
        gateway.write(text.replace("pools:\n", more + "pools:\n"))

    def setUp(self):
        super().setUp()

        def prepare(gateway):
            self.directory = gateway.directory
            self.configure(gateway)
            self.write_policy()
            os.chmod(gateway.directory, 0o755)
            user = pwd.getpwnam(USER)
            os.chown(gateway.directory + "/server.key", user.pw_uid, user.pw_gid)

        self.gateway = LabGateway("", prepare=prepare, command=("ip", "netns", "exec", self.host.name))
        self.addCleanup(self.gateway.close)
        self.context = self.gateway.client_context()
        self.context.check_hostname = False
        self.wait_connected()


class BareTest(ManagedTest):
    """The policy says nothing of the gateway: what it serves is open because it serves it."""

    def write_policy(self, text=BARE_POLICY):
        path = f"{self.directory}/policy.yaml"
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(path + ".new", path)

    def served(self, port=bans_lab.PLAIN_PORT):
        connection = self.connect(self.client, HONEST, port)
        status = self.ask(connection, "/served")
        connection.close()
        return status

    def is_open(self, port):
        return not self.is_silent(self.client, HONEST, port)
