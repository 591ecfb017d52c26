"""Servers that fall ill and recover: active checks of each kind, ejection, and what the log says."""

import os
import re
import ssl
import threading

from harness import ADMIN, Backend, Case, ok, simple_config, unittest, wait_until

CHECKED = "    health: {{ {0}, interval: 50ms, timeout: 300ms, rise: 3, fall: 2, jitter_percent: 0 }}\n" \
          "    ejection: {{ consecutive_failures: 0 }}"


def is_check(request):
    return b"/health" in request[0].split(b"\r\n")[0]


class Health(Case):
    def wait_for(self, gateway, line, count=1):
        wait_until(lambda: len(self.lines(gateway, line)) == count, f"{count} times: {line}")

    def lines(self, gateway, text, server="s1"):
        """The gateway's log lines about one server."""
        return [line for line in gateway.log().splitlines() if text in line and f"server={server}" in line]

    def serves(self, gateway, backend, count=20):
        """Whether `backend` gets any of `count` requests, none of which may fail."""
        before = len([r for r in backend.seen() if not is_check(r)])
        client = self.client(gateway)
        self.assertEqual({client.get().status for _ in range(count)}, {200})
        return len([r for r in backend.seen() if not is_check(r)]) > before


class HttpChecks(Health):
    def ill(self):
        """A server whose answer to checks is `self.answer`."""
        self.answer = ok(b"all ready")
        return self.backend(lambda head, body: self.answer if is_check((head, body)) else ok(b"hello"))

    def start_checked(self, more="kind: http, path: /health, host: check.test, status: 200, body_contains: ready"):
        self.sick = self.ill()
        return self.start(self.backend(lambda head, body: ok(b"ready")), self.sick, pool=CHECKED.format(more), top=ADMIN)

    def test_each_unmet_expectation_takes_the_server_out_and_a_met_one_brings_it_back(self):
        gateway = self.start_checked()
        self.assertTrue(self.serves(gateway, self.sick))
        bad = [(b"HTTP/1.1 500 Oops\r\nContent-Length: 5\r\n\r\nready", "500"),
               (b"HTTP/1.1 204 No Content\r\n\r\n", "204"), (ok(b"starting"), "wanted text"), (b"garbage\r\n\r\n", ""), (None, "closed")]
        for i, (answer, told) in enumerate(bad, 1):
            self.answer = answer
            self.wait_for(gateway, "server down", i)
            self.assertFalse(self.serves(gateway, self.sick))
            self.assertIn("2 checks in a row failed", self.lines(gateway, "server down")[-1])
            self.assertIn(told, self.lines(gateway, "server down")[-1])
            self.answer = ok(b"all ready")
            self.wait_for(gateway, "server up", i)
            self.assertIn("3 checks in a row passed", self.lines(gateway, "server up")[-1])
            self.assertTrue(self.serves(gateway, self.sick))
        self.assertEqual({r[0].split(b"\r\n")[1] for r in self.sick.seen() if is_check(r)}, {b"Host: check.test"})

    def test_a_state_is_logged_once_and_shown_in_the_metrics(self):
        gateway = self.start_checked()
        self.answer = None
        self.wait_for(gateway, "server down")
        failed = gateway.metric("ravelin_server_check_failures_total", server="s1")
        wait_until(lambda: gateway.metric("ravelin_server_check_failures_total", server="s1") > failed + 5, "it stays down")
        self.assertEqual(len(self.lines(gateway, "server down")), 1)
        self.assert_metric(gateway, 0, "ravelin_server_up", server="s1")
        self.assert_metric(gateway, 1, "ravelin_server_up", server="s0")
        self.assertEqual(self.lines(gateway, "server", server="s0"), [])
        self.answer = ok(b"all ready")
        self.wait_for(gateway, "server up")
        self.assert_metric(gateway, 1, "ravelin_server_up", server="s1")

    def test_rise_and_fall_are_counted_in_a_row(self):
        gateway = self.start_checked()
        answers = iter("bgbgbgbb" + "gbggbggg")  # down only at "bb", up only at "ggg"
        given = []

        def answer(head, body):
            if not is_check((head, body)):
                return ok(b"hello")
            given.append(next(answers, "g"))
            return ok(b"all ready") if given[-1] == "g" else None

        self.sick.answer = answer
        self.wait_for(gateway, "server down")
        self.assertEqual("".join(given[:8]), "bgbgbgbb")
        self.wait_for(gateway, "server up")
        self.assertGreaterEqual(len(given), 16)
        self.assertEqual(len(self.lines(gateway, "server down")), 1)

    def test_a_check_that_hangs_has_failed(self):
        gateway = self.start_checked()
        hanging = self.backends_that_hang(gateway)
        self.wait_for(gateway, "server down")
        self.assertIn("no answer within 300 ms", self.lines(gateway, "server down")[0])
        hanging.set()
        self.wait_for(gateway, "server up")

    def backends_that_hang(self, gateway):
        release = threading.Event()
        self.addCleanup(release.set)
        self.sick.answer = lambda head, body: ok(b"ready") if not is_check((head, body)) or release.wait(10) else None
        return release

    def test_no_server_left_is_503_with_its_reason(self):
        backend = self.backend(lambda head, body: None)
        gateway = self.start(backend, pool=CHECKED.format("path: /health"), top=ADMIN)
        wait_until(lambda: "server down" in gateway.log(), "the only server is down")
        response = self.client(gateway).get()
        self.assertEqual((response.status, response.field("proxy-status")), (503, "ravelin; error=destination_unavailable"))
        self.assertEqual(gateway.record("no_healthy_server")["status"], 503)


class OtherChecks(Health):
    def test_a_tcp_check_sees_whether_the_port_is_open(self):
        sick = self.backend()
        gateway = self.start(self.backend(), sick, pool=CHECKED.format("kind: tcp"))
        self.assertTrue(self.serves(gateway, sick))
        sick.close()
        self.wait_for(gateway, "server down")
        self.assertIn("connection refused", self.lines(gateway, "server down")[0])
        back = Backend(port=sick.port)
        self.addCleanup(back.close)
        self.wait_for(gateway, "server up")
        self.assertTrue(self.serves(gateway, back))

    def test_a_tls_check_sees_the_certificate(self):
        servers = [self.backend(), self.backend()]

        def prepare(gateway):
            for name in ("back", "else"):
                gateway.make_certificate((f"{name}.test",), name=name)
            self.contexts = {}
            for name in ("back", "else"):
                self.contexts[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                self.contexts[name].load_cert_chain(*(os.path.join(gateway.directory, f"{name}.{e}") for e in ("crt", "key")))
            for server in servers:
                server.tls = self.contexts["back"]

        gateway = self.gateway(simple_config(servers, pool=CHECKED.format("kind: tls") + "\n    idle_connections_max: 0",
                                             server=", tls: { ca: ca.pem, name: back.test }"), prepare=prepare)
        self.assertTrue(self.serves(gateway, servers[1]))
        servers[1].tls = self.contexts["else"]
        self.wait_for(gateway, "server down")
        self.assertRegex(self.lines(gateway, "server down")[0], "tls: .*(name|mismatch)")
        self.assertFalse(self.serves(gateway, servers[1]))
        servers[1].tls = self.contexts["back"]
        self.wait_for(gateway, "server up")
        self.assertTrue(self.serves(gateway, servers[1]))


class Ejection(Health):
    def test_failures_in_a_row_eject_for_longer_each_time(self):
        self.bad = True
        sick = self.backend(lambda head, body: None if self.bad else ok(b"well"))
        gateway = self.start(self.backend(), sick, top=ADMIN,
                             pool="    ejection: { consecutive_failures: 3, base_time: 400ms, max_time: 1s }")
        client = self.client(gateway)

        def ejected(times):
            self.assertEqual(client.get().status, 200)  # a GET goes to the other server
            return len(self.lines(gateway, "server ejected")) == times

        for times in (1, 2, 3):
            wait_until(lambda: ejected(times), f"ejected {times} times")
            self.assertFalse(self.serves(gateway, sick, 10))
            self.assert_metric(gateway, 0, "ravelin_server_up", server="s1")
            self.wait_for(gateway, "server back", times)
        lines = self.lines(gateway, "server ejected")
        self.assertIn("3 failures in a row, the last: upstream_closed", lines[0])
        self.assertEqual([re.search(r"for (\d+) ms", line).group(1) for line in lines], ["400", "800", "1000"])
        self.bad = False
        wait_until(lambda: self.serves(gateway, sick), "the server is used again")
        self.assertEqual(len(self.lines(gateway, "server ejected")), 3)

    def test_a_good_answer_between_failures_starts_the_count_again(self):
        answers = iter([None, None, ok(b"x")] * 10)
        sick = self.backend(lambda head, body: next(answers))
        gateway = self.start(self.backend(), sick, pool="    ejection: { consecutive_failures: 3 }")
        self.assertTrue(self.serves(gateway, sick, 40))
        self.assertEqual(self.lines(gateway, "server ejected"), [])

    def test_the_last_usable_server_is_not_ejected(self):
        gateway = self.start(self.backend(lambda head, body: None), pool="    ejection: { consecutive_failures: 2 }")
        client = self.client(gateway)
        self.assertEqual([client.get().status for _ in range(5)], [502] * 5)
        wait_until(lambda: "server not ejected: too few others of its pool are usable" in gateway.log(), "the log says so")


class CommandChecks(Health):
    def test_a_program_judges_by_its_exit_code_and_is_killed_when_it_hangs(self):
        script = "echo $$ $RAVELIN_POOL $RAVELIN_SERVER $RAVELIN_PORT >> {dir}/asked; " \
                 "test -e {dir}/hang && sleep 60; test ! -e {dir}/ill || test $RAVELIN_SERVER = s0"
        check = f"    health: {{{{ kind: command, command: [/bin/sh, -c, '{script}'], interval: 50ms, timeout: 1s, rise: 1, fall: 1 }}}}"
        backends = [self.backend(), self.backend()]
        gateway = self.gateway(simple_config(backends, pool=check.replace("{{", "{").replace("}}", "}"), top=ADMIN))
        path = os.path.join(gateway.directory, "asked")
        wait_until(lambda: os.path.exists(path), "the program has run")
        open(os.path.join(gateway.directory, "ill"), "w").close()
        self.wait_for(gateway, "server down")
        self.assertIn("the command ended with 1", self.lines(gateway, "server down")[0])
        self.assertFalse(self.serves(gateway, backends[1]))
        os.unlink(os.path.join(gateway.directory, "ill"))
        self.wait_for(gateway, "server up")
        open(os.path.join(gateway.directory, "hang"), "w").close()
        wait_until(lambda: "has not ended within 1000 ms" in gateway.log(), "a hanging program is a failed check")
        with open(path) as file:
            asked = [line.split() for line in file]
        self.assertEqual({tuple(line[1:]) for line in asked},
                         {("web", f"s{i}", str(backend.port)) for i, backend in enumerate(backends)})
        self.assertEqual(gateway.stop(), 0)
        wait_until(lambda: not any(os.path.exists(f"/proc/{line[0]}") for line in asked), "no program is left behind")


if __name__ == "__main__":
    unittest.main()
