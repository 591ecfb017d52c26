"""A real name server on loopback: BIND with zones of the test's own, some of which take dynamic updates."""

import os
import socket
import struct
import subprocess

from dns_server import wire_name
from harness import wait_until
from ports import free_port

NAMED = "/usr/sbin/named"
TXT, CAA = 16, 257


def write(path, text, mode=0o600):
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, mode)
    return path


def make_key(path, name="acme", algorithm="hmac-sha256"):
    text = subprocess.run(["/usr/sbin/tsig-keygen", "-a", algorithm, name], capture_output=True, text=True, check=True,
                          timeout=30).stdout
    return write(path, text)


class Bind:
    """`zones`: name -> the records behind SOA and NS. The keys in `keys` may update all of them."""

    def __init__(self, folder, zones, keys=(), options=""):
        self.folder = folder
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        names = "".join(f'key "{name}"; ' for name, _ in keys)
        update = f"allow-update {{ {names}}};" if keys else ""
        text = "".join(f'include "{path}";\n' for _, path in keys)
        text += f"""
options {{
  directory "{folder}"; pid-file "{folder}/named.pid"; session-keyfile "{folder}/session.key";
  listen-on port {self.port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
  recursion no; dnssec-validation no; notify no; empty-zones-enable no; {options}
}};
controls {{ }};
"""
        for zone, records in zones.items():
            write(f"{folder}/{zone}.db", f"$TTL 60\n@ SOA ns.{zone}. ops.{zone}. 1 60 60 600 1\n@ NS ns.{zone}.\n"
                                         f"ns A 127.0.0.1\n{records}\n")
            text += f'zone "{zone}" {{ type primary; file "{folder}/{zone}.db"; {update} }};\n'
        write(f"{folder}/named.conf", text)
        self.log = open(f"{folder}/named.log", "w")
        self.process = subprocess.Popen([NAMED, "-c", f"{folder}/named.conf", "-g", "-n", "1", "-p", str(self.port)],
                                        stdout=self.log, stderr=self.log)
        try:
            wait_until(self._answers, "named answers")
        except AssertionError as error:
            self.close()
            with open(f"{folder}/named.log") as file:
                raise AssertionError(f"{error}\n{file.read()}") from error

    def _answers(self):
        try:
            return self.ask("nothing.test", TXT) is not None
        except OSError:
            return False

    def ask(self, name, kind):
        """The data of the records of that type, whatever their name."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            question = struct.pack("!6H", 7, 0, 1, 0, 0, 0) + wire_name(name) + struct.pack("!HH", kind, 1)
            connection.sendall(struct.pack("!H", len(question)) + question)
            stream = connection.makefile("rb")
            size, = struct.unpack("!H", stream.read(2))
            answer = stream.read(size)
        count, = struct.unpack_from("!H", answer, 6)
        at, found = len(question), []
        for _ in range(count):
            at = self._behind_name(answer, at)
            its_kind, _, _, size = struct.unpack_from("!HHIH", answer, at)
            if its_kind == kind:
                found.append(answer[at + 10:at + 10 + size])
            at += 10 + size
        return found

    @staticmethod
    def _behind_name(answer, at):
        while answer[at] != 0:
            if answer[at] >= 0xc0:
                return at + 2
            at += 1 + answer[at]
        return at + 1

    def texts(self, name):
        return sorted(data[1:].decode() for data in self.ask(name, TXT))

    def said(self):
        with open(f"{self.folder}/named.log") as file:
            return file.read()

    def close(self):
        self.process.terminate()
        self.process.wait(15)
        self.log.close()
