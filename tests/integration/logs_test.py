"""Where the logs go and what is in them: journald and syslog sockets, chosen fields, samples."""

import json
import os
import shutil
import socket
import struct
import tempfile
import time

from harness import Case, Gateway, ok, simple_config, unittest, wait_until


class LogSocket:
    """What a log daemon listens on; `messages` reads what has come."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="ravelin-log-")
        self.path = os.path.join(self.directory, "log")
        self.heard = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.setblocking(False)

    def messages(self):
        while True:
            try:
                self.heard.append(self.socket.recv(65536))
            except BlockingIOError:
                return self.heard

    def close(self):
        self.socket.close()
        shutil.rmtree(self.directory, ignore_errors=True)


class SocketGateway(Gateway):
    """Says in its log socket, not in its log, that it listens."""

    def __init__(self, config, daemon):
        self.daemon = daemon
        super().__init__(config)

    def log(self):
        text = super().log() + b"\n".join(self.daemon.messages()).decode(errors="replace")
        return text + ("\ngateway: listening" if "] listening" in text else "")  # as the harness knows it


def journald_fields(message):
    fields = {}
    while message:
        line, _, rest = message.partition(b"\n")
        key, equals, value = line.partition(b"=")
        if not equals:
            size, = struct.unpack("<Q", rest[:8])
            value, rest = rest[8:8 + size], rest[9 + size:]
        fields[key.decode()] = value.decode()
        message = rest
    return fields


class Sinks(Case):
    def start_with(self, sink):
        self.daemon = LogSocket()
        self.addCleanup(self.daemon.close)
        text = simple_config([self.backend()]).replace("level: info,", f"level: info, sink: {sink}, socket: {self.daemon.path},")
        gateway = SocketGateway(text, self.daemon)
        self.addCleanup(gateway.close)
        return gateway

    def test_journald_gets_structured_fields(self):
        gateway = self.start_with("journald")
        entries = [journald_fields(message) for message in self.daemon.messages()]
        listening = next(e for e in entries if "listening" in e["MESSAGE"])
        self.assertEqual(listening["MESSAGE"], f"gateway: listening listener=web address=127.0.0.1:{gateway.port}")
        self.assertEqual({k: v for k, v in listening.items() if k != "MESSAGE"},
                         {"PRIORITY": "6", "SYSLOG_IDENTIFIER": "ravelin", "RAVELIN_PART": "gateway",
                          "RAVELIN_LISTENER": "web", "RAVELIN_ADDRESS": f"127.0.0.1:{gateway.port}"})

    def test_syslog_gets_structured_data(self):
        gateway = self.start_with("syslog")
        message = next(m.decode() for m in self.daemon.messages() if b"listening" in m)
        self.assertRegex(message, rf'^<30>1 \d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}Z - ravelin {gateway.pid()} gateway '
                                  rf'\[ravelin@32473 listener="web" address="127.0.0.1:{gateway.port}"\] listening$')

    def test_a_daemon_that_is_gone_stops_nobody(self):
        gateway = self.start_with("syslog")
        self.daemon.close()
        for _ in range(3):
            self.assertEqual(self.client(gateway).get().status, 200)
        gateway.stop()

    def test_a_socket_that_is_not_there_is_an_error_at_start(self):
        text = simple_config([self.backend()]).replace("level: info,", "level: info, sink: syslog, socket: /nowhere/log,")
        with self.assertRaises(AssertionError) as ended:
            self.gateway(text)
        self.assertIn("opening the log socket /nowhere/log: no such file or directory", str(ended.exception))


class Fields(Case):
    def lines(self, gateway):
        with open(os.path.join(gateway.directory, "access.log")) as file:
            return [json.loads(line) for line in file]

    def with_log(self, more, *backends):
        return simple_config(backends).replace("access: access.log", "access: access.log, " + more)

    def test_only_the_chosen_ones_are_written_and_a_reload_changes_them(self):
        backend = self.backend()
        gateway = self.gateway(self.with_log("fields: [status, client, total_us]", backend))
        self.assertEqual(self.client(gateway).get().status, 200)
        wait_until(lambda: self.lines(gateway), "the request is logged")
        self.assertEqual(list(self.lines(gateway)[0]), ["time", "client", "status", "total_us"])
        gateway.write(self.with_log("fields_without: [client, client_port, user_agent]", backend))
        gateway.reload()
        self.assertEqual(self.client(gateway).get(fields="User-Agent: x\r\n").status, 200)
        wait_until(lambda: len(self.lines(gateway)) == 2, "the second is logged")
        self.assertFalse({"client", "client_port", "user_agent"} & set(self.lines(gateway)[1]))
        self.assertLessEqual({"id", "status", "server", "total_us"}, set(self.lines(gateway)[1]))

    def test_a_sample_keeps_errors_and_what_is_slow(self):
        def answer(head, body):
            if b"/slow" in head:
                time.sleep(0.3)
            if b"/broken" in head:
                return b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"
            return ok(b"hello")
        backend = self.backend(answer)
        gateway = self.gateway(self.with_log("sample: { percent: 0, keep_errors: true, keep_slower: 250ms }", backend))
        client = self.client(gateway)
        for path, status in (("/quick", 200), ("/broken", 500), ("/quick", 200), ("/slow", 200), ("/end", 200)):
            self.assertEqual(client.get(path).status, status)
        wait_until(lambda: len(self.lines(gateway)) == 2, "two are logged")
        gateway.stop()
        self.assertEqual([(line["path"], line["status"]) for line in self.lines(gateway)],
                         [("/broken", 500), ("/slow", 200)])

    def test_a_percentage_is_kept_by_chance(self):
        gateway = self.gateway(self.with_log("sample: { percent: 50 }", self.backend()))
        client = self.client(gateway)
        for _ in range(200):
            self.assertEqual(client.get().status, 200)
        gateway.stop()
        self.assertTrue(50 < len(self.lines(gateway)) < 150, len(self.lines(gateway)))


class Ids(Case):
    """One request, one id: at the server, in the log and in the gateway's own answers."""

    def ids(self, sent, trusted):
        """Of a request that is forwarded and of one that is not: as told elsewhere, and as logged."""
        server = self.backend()
        gateway = self.start(server, listener="    forwarded: { trusted: 127.0.0.1 }" if trusted else "",
                             route=", match: { path: /here }")
        client = self.client(gateway)
        self.assertEqual(client.get("/here", fields=f"X-Request-Id: {sent}\r\n").status, 200)
        answer = client.get("/there", fields=f"X-Request-Id: {sent}\r\n")
        self.assertEqual(answer.status, 404)
        head = server.seen()[0][0].decode()
        told = [line.partition(": ")[2] for line in head.split("\r\n") if line.startswith("X-Request-Id:")]
        told.append(answer.body.decode().rpartition("request: ")[2].strip())
        wait_until(lambda: len(gateway.access_records()) == 2, "both are logged")
        return told, [record["id"] for record in gateway.access_records()]

    def test_that_a_trusted_client_gives_is_the_one_everywhere(self):
        self.assertEqual(self.ids("from-the-balancer", trusted=True), (["from-the-balancer"] * 2,) * 2)

    def test_that_others_give_is_nowhere(self):
        for sent, trusted in (("from-a-client", False), ("x" * 129, True)):
            told, logged = self.ids(sent, trusted)
            self.assertEqual(told, logged)
            self.assertNotIn(sent, told)


if __name__ == "__main__":
    unittest.main(verbosity=2)
