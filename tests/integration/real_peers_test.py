"""Programs others wrote on both sides: HAProxy sends and takes the PROXY protocol, and a WebSocket
library talks to itself through the gateway."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile

from harness import ADMIN, Case, Client, DEADLINE, free_port, simple_config, unittest, wait_until

# Where Debian's packages are, whatever Python runs this.
sys.path.append("/usr/lib/python3/dist-packages")
try:
    import websockets
except ImportError:
    websockets = None


class HAProxy:
    """haproxy with this configuration, below some defaults."""

    DEFAULTS = "global\n  maxconn 200\ndefaults\n  timeout connect 5s\n  timeout client 20s\n  timeout server 20s\n"

    def __init__(self, text, port):
        self.directory = tempfile.mkdtemp(prefix="ravelin-haproxy-")
        path = os.path.join(self.directory, "haproxy.cfg")
        with open(path, "w") as file:
            file.write(self.DEFAULTS + text)
        self.log = open(os.path.join(self.directory, "log"), "wb")
        self.process = subprocess.Popen([shutil.which("haproxy", path="/usr/sbin:/usr/bin"), "-db", "-f", path],
                                        stdout=self.log, stderr=self.log)
        wait_until(lambda: self.accepts(port), "haproxy listens")

    def accepts(self, port):
        if self.process.poll() is not None:
            raise AssertionError("haproxy ended: " + open(self.log.name, errors="replace").read())
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return True
        except OSError:
            return False

    def close(self):
        self.process.terminate()
        self.process.wait(DEADLINE)
        self.log.close()
        shutil.rmtree(self.directory, ignore_errors=True)


class Balancers(Case):
    def haproxy(self, text, port):
        if shutil.which("haproxy", path="/usr/sbin:/usr/bin") is None:
            self.fail("haproxy is missing: scripts/setup --test")
        peer = HAProxy(text, port)
        self.addCleanup(peer.close)

    def test_haproxy_in_front_names_its_clients(self):
        for send in ("send-proxy", "send-proxy-v2", "send-proxy-v2 proxy-v2-options crc32c,unique-id"):
            with self.subTest(send):
                backend = self.backend()
                gateway = self.start(backend, listener="    proxy_protocol: { from: [127.0.0.0/8] }", top=ADMIN)
                front = free_port()
                self.haproxy(f"frontend in\n  mode tcp\n  unique-id-format %ci%cp\n  bind 127.0.0.1:{front}\n  default_backend out\n"
                             f"backend out\n  mode tcp\n  server gateway 127.0.0.1:{gateway.port} {send} check inter 100ms\n", front)
                raw = socket.create_connection(("127.0.0.1", front), timeout=DEADLINE, source_address=("127.0.0.7", 0))
                client = Client.__new__(Client)
                client.buffered = b""
                client.socket = gateway.client_context().wrap_socket(raw, server_hostname="gw.test")
                self.addCleanup(client.close)
                self.assertEqual(client.get().status, 200)
                head, _ = backend.seen()[-1]
                self.assertIn(b"\r\nX-Forwarded-For: 127.0.0.7\r\n", head)
                self.assertIn(b"\r\nX-Forwarded-Port: %d\r\n" % front, head)
                record = wait_until(lambda: next(iter(gateway.access_records()), None), "the request is logged")
                self.assertEqual((record["client_port"], record["peer"]),
                                 (client.socket.getsockname()[1], "127.0.0.1"))
                self.assertEqual(gateway.metric("ravelin_errors_total", reason="bad_proxy_header"), 0)

    def test_haproxy_behind_learns_the_clients_address(self):
        for version in ("v1", "v2", "{ version: v2, add: [tls, authority, request_id] }"):
            with self.subTest(version):
                backend = self.backend()
                behind = free_port()
                self.haproxy(f"frontend in\n  mode http\n  bind 127.0.0.1:{behind} accept-proxy\n"
                             "  http-request set-header X-Seen %[src]:%[src_port]\n"
                             "  http-request set-header X-Authority %[fc_pp_authority]\n  default_backend out\n"
                             f"backend out\n  mode http\n  server app 127.0.0.1:{backend.port}\n", behind)
                text = simple_config([], pool="    health: { path: /check, interval: 100ms }")
                gateway = self.gateway(text + f'      - {{ name: s0, address: "127.0.0.1:{behind}", proxy_protocol: {version} }}\n')
                client = self.client(gateway)
                self.assertEqual(client.get().status, 200)
                head = next(head for head, _ in backend.seen() if b"/check" not in head.split(b"\r\n")[0])
                host, port = client.socket.getsockname()
                fields = head.lower().split(b"\r\n")
                self.assertIn(f"x-seen: {host}:{port}".encode(), fields)
                if "authority" in version:
                    self.assertIn(b"x-authority: gw.test", fields)
                wait_until(lambda: any(b"/check" in head.split(b"\r\n")[0] for head, _ in backend.seen()), "checks pass")
                self.assertNotIn("server down", gateway.log())


class WebSockets(Case):
    """python3-websockets on both ends."""

    def run_through(self, talk, serve):
        if websockets is None:
            self.fail("python3-websockets is missing: scripts/setup --test")
        asyncio.run(asyncio.wait_for(self.both_ends(talk, serve), 4 * DEADLINE))

    async def both_ends(self, talk, serve):
        async with websockets.serve(serve, "127.0.0.1", 0, max_size=None) as server:
            port = server.sockets[0].getsockname()[1]
            text = simple_config([]) + f'      - {{ name: s0, address: "127.0.0.1:{port}" }}\n'
            gateway = await asyncio.to_thread(self.gateway, text)
            async with websockets.connect(f"wss://gw.test:{gateway.port}/chat", ssl=gateway.client_context(),
                                          server_hostname="gw.test", host="127.0.0.1", port=gateway.port,
                                          max_size=None) as client:
                await talk(client)

    async def echo(self, connection, *_):
        async for message in connection:
            await connection.send(message)

    def test_messages_of_every_size_go_both_ways(self):
        async def talk(client):
            for message in ("", "text", b"\0bytes", "ü" * 70_000, os.urandom(4 * 1024 * 1024)):
                await client.send(message)
                self.assertEqual(await client.recv(), message)
        self.run_through(talk, self.echo)

    def test_many_at_once_keep_their_order(self):
        async def talk(client):
            async def send():
                for i in range(2000):
                    await client.send(f"{i}")
            sending = asyncio.create_task(send())
            for i in range(2000):
                self.assertEqual(await client.recv(), f"{i}")
            await sending
        self.run_through(talk, self.echo)

    def test_pings_are_answered_from_either_end(self):
        answered = []

        async def serve(connection, *_):
            await (await connection.ping())
            answered.append("server's")
            await self.echo(connection)

        async def talk(client):
            await (await client.ping(b"from the client"))
            await client.send("x")
            self.assertEqual(await client.recv(), "x")
        self.run_through(talk, serve)
        self.assertEqual(answered, ["server's"])

    def test_a_close_arrives_with_its_code_and_reason(self):
        closed = []

        async def serve(connection, *_):
            try:
                await connection.recv()
                await connection.recv()
            except websockets.ConnectionClosed as end:
                closed.append((end.rcvd.code, end.rcvd.reason))

        async def from_client(client):
            await client.send("x")
            await client.close(4001, "enough")
        self.run_through(from_client, serve)
        self.assertEqual(closed, [(4001, "enough")])

        async def closing(connection, *_):
            await connection.close(4002, "go away")

        async def to_client(client):
            with self.assertRaises(websockets.ConnectionClosed) as ended:
                await client.recv()
            self.assertEqual((ended.exception.rcvd.code, ended.exception.rcvd.reason), (4002, "go away"))
        self.run_through(to_client, closing)


if __name__ == "__main__":
    unittest.main(verbosity=2)
