"""A name server on 127.0.0.1 for tests, UDP and TCP on one port: what it says is set, name by name, and
may change, lie, come late, be cut or not come at all."""

import socket
import struct
import threading
import time

A, CNAME, AAAA, SRV = 1, 5, 28, 33
OK, SERVFAIL, NXDOMAIN, REFUSED = 0, 2, 3, 5


def wire_name(name):
    labels = [label.encode() for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def a(address, ttl=60):
    return (A, ttl, socket.inet_pton(socket.AF_INET, address))


def aaaa(address, ttl=60):
    return (AAAA, ttl, socket.inet_pton(socket.AF_INET6, address))


def srv(target, port, priority=0, weight=0, ttl=60):
    return (SRV, ttl, struct.pack("!HHH", priority, weight, port) + wire_name(target))


class Answer:
    """`records`: of a(), aaaa(), srv(). `delay` in seconds; `silent`: none; `cut`: over UDP only the TC flag."""

    def __init__(self, *records, code=OK, delay=0, silent=False, cut=False):
        self.records, self.code, self.delay, self.silent, self.cut = records, code, delay, silent, cut


class DnsServer:
    def __init__(self):
        self.lock = threading.Lock()
        self.answers = {}
        self.default = Answer(code=NXDOMAIN)
        self.questions = []  # (name, type, "udp" or "tcp")
        self.udp, self.tcp = self._bind()
        self.port = self.udp.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self.threads = [threading.Thread(target=self._serve_udp, daemon=True),
                        threading.Thread(target=self._serve_tcp, daemon=True)]
        for thread in self.threads:
            thread.start()

    @staticmethod
    def _bind():
        for _ in range(50):
            udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            udp.bind(("127.0.0.1", 0))
            try:
                return udp, socket.create_server(udp.getsockname(), backlog=64)
            except OSError:
                udp.close()
        raise OSError("no port is free for both UDP and TCP")

    def say(self, name, *records, **how):
        """From now on. A name without an answer does not exist."""
        with self.lock:
            self.answers[name] = Answer(*records, **how)

    def forget(self, name):
        with self.lock:
            self.answers.pop(name, None)

    def asked(self, name):
        with self.lock:
            return sum(1 for question in self.questions if question[0] == name)

    def _answer(self, question, transport):
        if len(question) < 17:
            return None
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]].decode(errors="replace"))
            at += 1 + question[at]
        name, kind = ".".join(labels).lower(), struct.unpack("!H", question[at + 1:at + 3])[0]
        with self.lock:
            self.questions.append((name, kind, transport))
            answer = self.answers.get(name, self.default)
        if answer.delay:
            time.sleep(answer.delay)
        if answer.silent:
            return None
        cut = answer.cut and transport == "udp"
        records = [] if cut else [record for record in answer.records if record[0] == kind]
        body = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", record[0], 1, record[1], len(record[2])) + record[2]
                        for record in records)
        flags = 0x8180 | answer.code | (0x0200 if cut else 0)
        return question[:2] + struct.pack("!HHHHH", flags, 1, len(records), 0, 0) + question[12:at + 5] + body

    def _serve_udp(self):
        while True:
            try:
                question, peer = self.udp.recvfrom(4096)
            except OSError:
                return
            threading.Thread(target=self._reply_udp, args=(question, peer), daemon=True).start()

    def _reply_udp(self, question, peer):
        message = self._answer(question, "udp")
        if message is not None:
            try:
                self.udp.sendto(message, peer)
            except OSError:
                pass

    def _serve_tcp(self):
        while True:
            try:
                connection, _ = self.tcp.accept()
            except OSError:
                return
            threading.Thread(target=self._talk_tcp, args=(connection,), daemon=True).start()

    def _talk_tcp(self, connection):
        with connection, connection.makefile("rb") as stream:
            connection.settimeout(10)
            try:
                while len(length := stream.read(2)) == 2:
                    message = self._answer(stream.read(struct.unpack("!H", length)[0]), "tcp")
                    if message is not None:
                        connection.sendall(struct.pack("!H", len(message)) + message)
            except OSError:
                pass

    def close(self):
        for listening in (self.udp, self.tcp):
            try:
                listening.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            listening.close()
