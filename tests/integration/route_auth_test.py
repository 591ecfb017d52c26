"""Routes that want a user name and password."""

import base64
import os
import select
import subprocess
import time
import warnings

from harness import ADMIN, BINARY, DEADLINE, Case, simple_config, unittest, wait_until

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import crypt

ALL = "    routes:\n      - { name: all, pool: web }\n"
ROUTES = '''    routes:
      - name: secret
        match: { path: /secret }
        basic_auth: { realm: "the vault", users: users }
        request_headers: { set: { X-User: "{user}" } }
        pool: web
      - { name: fixed, match: { path: /fixed }, basic_auth: { users: users }, respond: { body: inside } }
      - { name: all, pool: web }
'''
QUICK, SLOW = "$6$rounds=1000$saltsalt$", "$6$rounds=1000000$saltsalt$"


def basic(user, password):
    return "Authorization: Basic " + base64.b64encode(f"{user}:{password}".encode()).decode() + "\r\n"


class Auth(Case):
    def serve(self, users):
        self.server = self.backend()

        def prepare(gateway):
            self.write_users(gateway, users)

        return self.gateway(simple_config([self.server], top=ADMIN).replace(ALL, ROUTES), prepare=prepare)

    def write_users(self, gateway, users, mode=0o600):
        path = os.path.join(gateway.directory, "users")
        with open(path, "w") as file:
            file.write("# the users\n" + "".join(f"{name}:{crypt.crypt(password, setting)}\n" for name, password, setting in users))
        os.chmod(path, mode)
        return path

    def test_the_right_password_opens_and_nothing_else_does(self):
        gateway = self.serve([("alice", "open sesame", QUICK), ("bob", "wonder", "$2y$04$abcdefghijklmnopqrstuu"), ("carol", "see", "$y$j75$abcdefgh$")])
        client = self.client(gateway)
        for user, password in (("alice", "open sesame"), ("bob", "wonder"), ("carol", "see")):
            self.assertEqual(client.get("/secret", fields=basic(user, password)).status, 200)
        for fields in ("", basic("alice", "wrong"), basic("mallory", "open sesame"), basic("alice", ""), "Authorization: Basic ???\r\n",
                       "Authorization: Bearer x\r\n", basic("alice", "open sesame") * 2):
            with self.subTest(fields=fields):
                response = client.get("/secret", fields=fields)
                self.assertEqual((response.status, response.field("www-authenticate")), (401, 'Basic realm="the vault", charset="UTF-8"'))
                self.assertEqual(response.field("proxy-status"), "ravelin; error=http_request_denied")
        self.assertEqual(client.get("/").status, 200)
        self.assert_metric(gateway, 7, "ravelin_errors_total", reason="unauthorized")
        self.assertEqual(len(self.server.seen()), 4)

    def test_the_server_gets_the_name_and_not_the_password(self):
        gateway = self.serve([("alice", "open sesame", QUICK)])
        client = self.client(gateway)
        client.get("/secret", fields=basic("alice", "open sesame") + "X-User: forged\r\n")
        client.get("/", fields=basic("alice", "other"))
        secret, plain = (head.decode() for head, _ in self.server.seen())
        self.assertIn("\r\nX-User: alice\r\n", secret + "\r\n")
        self.assertNotIn("forged", secret)
        self.assertNotIn("uthorization", secret)
        self.assertIn("\r\nAuthorization: Basic ", plain)  # not this route's to take
        client.get("/secret", fields=basic("alice", "wrong"))
        records = wait_until(lambda: len(r := gateway.access_records()) == 3 and r, "three records")
        self.assertEqual([r.get("user") for r in records], ["alice", None, None])
        self.assertEqual(records[2]["detail"], "wrong user name or password")

    def test_a_body_is_forwarded_once_the_password_is_verified(self):
        gateway = self.serve([("alice", "open sesame", QUICK)])
        client = self.client(gateway)
        body = b"x" * 100_000
        client.send(f"POST /secret HTTP/1.1\r\nHost: gw.test\r\n{basic('alice', 'open sesame')}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        self.assertEqual(client.read_response().status, 200)
        self.assertEqual(self.server.seen()[0][1], body)
        client.send(f"POST /secret HTTP/1.1\r\nHost: gw.test\r\n{basic('alice', 'wrong')}Content-Length: 5\r\n\r\nhello".encode())
        self.assertEqual(client.read_response().status, 401)
        self.assertTrue(client.is_closed())
        self.assertEqual(len(self.server.seen()), 1)

    def test_the_gateways_own_answers_are_guarded_too(self):
        gateway = self.serve([("alice", "open sesame", QUICK)])
        client = self.client(gateway)
        self.assertEqual(client.get("/fixed").status, 401)
        self.assertEqual(client.get("/fixed", fields=basic("alice", "open sesame")).body, b"inside")

    def test_others_are_served_while_passwords_are_verified(self):
        gateway = self.serve([("alice", "open sesame", SLOW)])
        waiting = [self.client(gateway) for _ in range(40)]
        others = [self.client(gateway) for _ in range(6)]  # of either worker
        for client in waiting:
            client.get()  # nothing of the handshake is left to read
        for i, client in enumerate(waiting):
            client.send(f"GET /secret HTTP/1.1\r\nHost: gw.test\r\n{basic('alice', f'wrong{i}')}\r\n".encode())
        for client in others:
            self.assertEqual(client.get().status, 200)
        answered, _, _ = select.select([client.socket for client in waiting], [], [], 0)
        self.assertLess(len(answered), len(waiting))
        self.assertEqual(waiting[0].read_response().status, 401)

    def test_a_good_password_is_remembered_until_it_changes(self):
        gateway = self.serve([("alice", "open sesame", SLOW)])
        client = self.client(gateway)

        def seconds():
            began = time.monotonic()
            self.assertEqual(client.get("/secret", fields=basic("alice", "open sesame")).status, 200)
            return time.monotonic() - began

        first = seconds()
        self.assertLess(min(seconds() for _ in range(5)), first / 2)
        self.write_users(gateway, [("alice", "new words", QUICK)])
        gateway.reload()
        self.assertEqual(client.get("/secret", fields=basic("alice", "open sesame")).status, 401)
        self.assertEqual(client.get("/secret", fields=basic("alice", "new words")).status, 200)

    def test_a_flood_of_passwords_is_turned_away(self):
        gateway = self.serve([("alice", "open sesame", SLOW)])
        flood = [self.client(gateway, tls=True) for _ in range(90)]
        for i, client in enumerate(flood):
            client.send(f"GET /secret HTTP/1.1\r\nHost: gw.test\r\n{basic('mallory', f'guess{i}')}\r\n".encode())
        self.assertEqual(gateway.record("auth_overload")["status"], 503)
        answered, _, _ = select.select([client.socket for client in flood], [], [], DEADLINE)
        responses = [client.read_response() for client in flood if client.socket in answered]
        self.assertIn((503, "1"), [(response.status, response.field("retry-after")) for response in responses])
        self.assertEqual(self.client(gateway).get().status, 200)

    def test_the_check_names_the_line_and_whoever_may_read_it(self):
        gateway = self.serve([("alice", "open sesame", QUICK)])

        def check():
            done = subprocess.run([BINARY, "check", "-c", gateway.config], capture_output=True, text=True)
            return done.returncode, done.stderr

        path = self.write_users(gateway, [("alice", "x", QUICK)], mode=0o644)
        code, text = check()
        self.assertEqual(code, 0)
        self.assertIn(f"warning: listeners[0].routes[0].basic_auth.users: {path} can be read by everybody", text)
        with open(path, "a") as file:
            file.write("bob:plain words\n")
        code, text = check()
        self.assertEqual(code, 3)
        self.assertIn(f"listeners[0].routes[0].basic_auth.users: {path}:3: write a hash of", text)
        self.assertNotIn("plain words", text)
        gateway.reload()
        self.assertIn("reload failed", gateway.log())
        self.assertEqual(self.client(gateway).get("/secret", fields=basic("alice", "open sesame")).status, 200)


if __name__ == "__main__":
    unittest.main(verbosity=2)
