"""The real binary on loopback: a gateway in a temporary directory, backends that record what reaches
them, and clients that speak raw bytes. Every wait has a deadline; everything started is ended."""

import http.client
import json
import os
import select
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

from ports import free_port

BINARY = os.environ.get("RAVELIN_BINARY", "build/release/bin/ravelin")
DEADLINE = 10.0  # seconds; sanitizer builds are slow
MEMORY_FACTOR = float(os.environ.get("RAVELIN_MEMORY_FACTOR", "1"))  # what a sanitizer build may use more


def wait_until(condition, what, deadline=DEADLINE):
    end = time.monotonic() + deadline
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"not within {deadline} s: {what}")


class Backend:
    """A server that records every request it reads whole and answers with `answer(head, body)`, which
    returns bytes (sent as they are), or None to close. `raw` handlers get the socket instead. With a
    context in `tls` it speaks TLS."""

    def __init__(self, answer=None, raw=None, port=0, host="127.0.0.1"):
        self.requests = []
        self.connections = 0
        self.answer = answer or (lambda head, body: ok(b"hello"))
        self.raw = raw
        self.tls = None
        self.lock = threading.Lock()
        self.open = set()
        self.listener = socket.create_server((host, port), backlog=512)
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
                self.open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            connection.settimeout(DEADLINE)
            if self.tls is not None:
                connection = self.tls.wrap_socket(connection, server_side=True)
            if self.raw is not None:
                self.raw(connection)
            else:
                self._requests(connection)
        except OSError:
            pass
        finally:
            with self.lock:
                self.open.discard(connection)
            connection.close()

    def _requests(self, connection):
        buffered = b""
        while True:
            while b"\r\n\r\n" not in buffered:
                piece = connection.recv(65536)
                if not piece:
                    return
                buffered += piece
            head, buffered = buffered.split(b"\r\n\r\n", 1)
            body, buffered = self._body(connection, head, buffered)
            with self.lock:
                self.requests.append((head, body))
            answer = self.answer(head, body)
            if answer is None:
                return
            connection.sendall(answer)

    def _body(self, connection, head, buffered):
        lower = head.lower()
        if b"\r\ntransfer-encoding: chunked" in lower:
            return read_chunked(lambda: connection.recv(65536), buffered)
        length = 0
        for line in lower.split(b"\r\n")[1:]:
            if line.startswith(b"content-length:"):
                length = int(line.split(b":", 1)[1])
        buffered = fill(lambda: connection.recv(65536), buffered, length)
        if len(buffered) < length:
            raise OSError("the body ended early")
        return buffered[:length], buffered[length:]

    def seen(self):
        with self.lock:
            return list(self.requests)

    def close(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)  # an accept() under way would outlive close()
        except OSError:
            pass
        self.listener.close()
        with self.lock:
            connections = list(self.open)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def fill(receive, buffered, size):
    """`buffered` and what follows it, `size` bytes or more; less when the end comes first."""
    pieces, have = [buffered], len(buffered)
    while have < size and (piece := receive()):
        pieces.append(piece)
        have += len(piece)
    return b"".join(pieces)


def read_chunked(receive, buffered):
    body = b""
    while True:
        while b"\r\n" not in buffered:
            piece = receive()
            if not piece:
                raise OSError("the body ended early")
            buffered += piece
        line, buffered = buffered.split(b"\r\n", 1)
        size = int(line.split(b";")[0], 16)
        if size == 0:
            while not (buffered.startswith(b"\r\n") or b"\r\n\r\n" in buffered):
                piece = receive()
                if not piece:
                    raise OSError("the trailer ended early")
                buffered += piece
            rest = buffered[2:] if buffered.startswith(b"\r\n") else buffered.split(b"\r\n\r\n", 1)[1]
            return body, rest
        buffered = fill(receive, buffered, size + 2)
        if len(buffered) < size + 2:
            raise OSError("a chunk ended early")
        body += buffered[:size]
        buffered = buffered[size + 2:]


def ok(body, extra=b""):
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n%s" % (len(body), extra, body)


class Response:
    def __init__(self, status, head, body, rest):
        self.status, self.head, self.body, self.rest = status, head, body, rest

    def field(self, name):
        for line in self.head.split(b"\r\n")[1:]:
            key, _, value = line.partition(b":")
            if key.strip().lower() == name.lower().encode():
                return value.strip().decode()
        return None


def connect(to):
    """A socket to a port of 127.0.0.1, to a Unix socket's path, or to a (host, port)."""
    if isinstance(to, str):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(DEADLINE)
        connection.connect(to)
        return connection
    return socket.create_connection(("127.0.0.1", to) if isinstance(to, int) else to, timeout=DEADLINE)


class Client:
    """One connection to the gateway."""

    def __init__(self, gateway, tls=True, sni="gw.test", context=None, to=None):
        self.socket = connect(gateway.port if to is None else to)
        if tls:
            context = context or gateway.client_context()
            self.socket = context.wrap_socket(self.socket, server_hostname=sni)
        self.buffered = b""

    def send(self, data):
        self.socket.sendall(data)

    def receive(self):
        try:
            return self.socket.recv(65536)
        except (ConnectionResetError, ssl.SSLError):
            return b""

    def read_response(self, method=b"GET"):
        """The next final response; None when the connection ends first. Interim ones are skipped."""
        while True:
            while b"\r\n\r\n" not in self.buffered:
                piece = self.receive()
                if not piece:
                    return None
                self.buffered += piece
            head, self.buffered = self.buffered.split(b"\r\n\r\n", 1)
            status = int(head.split(b" ", 2)[1])
            if status >= 200 or status == 101:
                break
        lower = head.lower()
        if method == b"HEAD" or status in (101, 204, 304):
            return Response(status, head, b"", self.buffered)
        if b"\r\ntransfer-encoding: chunked" in lower:
            body, self.buffered = read_chunked(self.receive, self.buffered)
            return Response(status, head, body, self.buffered)
        length = None
        for line in lower.split(b"\r\n")[1:]:
            if line.startswith(b"content-length:"):
                length = int(line.split(b":", 1)[1])
        if length is None:
            body, self.buffered = fill(self.receive, self.buffered, float("inf")), b""
            return Response(status, head, body, b"")
        self.buffered = fill(self.receive, self.buffered, length)
        if len(self.buffered) < length:
            return None
        body, self.buffered = self.buffered[:length], self.buffered[length:]
        return Response(status, head, body, self.buffered)

    def is_closed(self):
        """Whether the gateway closes within the deadline, without another byte."""
        try:
            return self.buffered == b"" and self.receive() == b""
        except TimeoutError:
            return False

    def get(self, path="/", host="gw.test", fields=""):
        self.send(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n".encode())
        return self.read_response()

    def close(self):
        self.socket.close()


class Gateway:
    """`ravelin run` with a configuration text; {port}, {admin} (another free port) and {dir} in it are
    replaced. `prepare` is called with the gateway before it runs; `command` goes in front of `binary`, `arguments` behind
    what it is told."""

    def __init__(self, config, names=("gw.test", "localhost"), prepare=None, command=(), binary=BINARY, arguments=(),
                 **process):
        self.directory = tempfile.mkdtemp(prefix="ravelin-test-")
        self.port = free_port()
        self.admin_port = free_port()
        self.make_certificate(names)
        self.config = os.path.join(self.directory, "ravelin.yaml")
        self.write(config)
        self.log_path = os.path.join(self.directory, "log")
        if prepare is not None:
            prepare(self)
        self.command = [*command, os.path.abspath(binary), "run", "-c", self.config, *arguments]
        self.options = process
        self.start()

    def start(self):
        """At first, and again once it has ended; the log begins anew."""
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, **self.options)
        try:
            wait_until(self.is_listening, "the gateway listens")
        except AssertionError:
            self.close()
            raise

    def write(self, config):
        text = config.replace("{port}", str(self.port)).replace("{admin}", str(self.admin_port))
        text = text.replace("{dir}", self.directory)
        temporary = self.config + ".new"
        with open(temporary, "w") as file:
            file.write(text)
        os.rename(temporary, self.config)

    def make_certificate(self, names, name="server"):
        """A CA in ca.pem, and a leaf it signs in NAME.crt and NAME.key, each written in one rename."""
        ca, ca_key = os.path.join(self.directory, "ca.pem"), os.path.join(self.directory, "ca.key")
        if not os.path.exists(ca):
            openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "10",
                    "-subj", "/CN=test CA", "-keyout", ca_key, "-out", ca)
        key, crt, csr = (os.path.join(self.directory, f"{name}.{end}") for end in ("key", "crt", "csr"))
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={names[0]}",
                "-keyout", key + ".new", "-out", csr)
        extensions = os.path.join(self.directory, "extensions")
        with open(extensions, "w") as file:
            file.write("subjectAltName=" + ",".join(f"DNS:{n}" for n in names) + "\nextendedKeyUsage=serverAuth,clientAuth\n")
        openssl("x509", "-req", "-in", csr, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial", "-days", "5",
                "-extfile", extensions, "-out", crt + ".new")
        os.chmod(key + ".new", 0o600)
        os.rename(crt + ".new", crt)
        os.rename(key + ".new", key)

    def client_context(self):
        context = ssl.create_default_context(cafile=os.path.join(self.directory, "ca.pem"))
        context.set_alpn_protocols(["http/1.1"])
        return context

    def is_listening(self):
        if self.process.poll() is not None:
            raise AssertionError("the gateway ended: " + self.log())
        if "gateway: listening" not in self.log():  # all is bound and privileges are dropped
            return False
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        except OSError:
            return False

    def client(self, **arguments):
        return Client(self, **arguments)

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def access_records(self):
        with open(os.path.join(self.directory, "access.log")) as file:
            return [json.loads(line) for line in file]

    def record(self, reason):
        """The first access record with this reason, once it is there."""
        return wait_until(lambda: next((r for r in self.access_records() if r["reason"] == reason), None),
                          f"an access record says {reason}")

    def metric(self, name, /, **labels):
        """The sum of the samples of `name` with these labels, read at {admin}."""
        connection = http.client.HTTPConnection("127.0.0.1", self.admin_port, timeout=DEADLINE)
        connection.request("GET", "/metrics")
        lines = connection.getresponse().read().decode().splitlines()
        connection.close()
        wanted = [f'{label}="{value}"' for label, value in labels.items()]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines
                   if line.partition("{")[0].partition(" ")[0] == name and all(w in line for w in wanted))

    def pid(self, role="gateway"):
        """Of the process of this role, once it runs."""
        return wait_until(lambda: self.roles().get(role), f"the {role} process runs")

    def roles(self):
        """Role -> process id, of those the supervisor has started."""
        found = {}
        for pid in children_of(self.process.pid):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    words = file.read().split(b"\0")
            except OSError:
                continue
            if len(words) > 2 and words[1] == b"role":
                found[words[2].decode()] = pid
        return found

    def reload(self):
        before = self.log().count("configuration reloaded") + self.log().count("reload failed")
        self.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.log().count("configuration reloaded") + self.log().count("reload failed") > before,
                   "the reload has ended")

    def rss_kib(self):
        with open(f"/proc/{self.pid()}/status") as file:
            for line in file:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1])
        raise AssertionError("no VmRSS")

    def cpu_seconds(self):
        with open(f"/proc/{self.pid()}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=40)

    def kill(self):
        """All processes at once, as a service manager does or the machine when it fails."""
        ends = [os.pidfd_open(pid) for pid in children_of(self.process.pid)]
        self.process.kill()
        for end in ends:
            try:
                signal.pidfd_send_signal(end, signal.SIGKILL)
            except ProcessLookupError:
                pass  # without its supervisor it has ended by itself
            select.select([end], [], [], DEADLINE)  # readable once it has ended
            os.close(end)
        self.process.wait()

    def close(self):
        if self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)


def children_of(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(child) for child in file.read().split()]
    except OSError:
        return []


class Load:
    """Clients that send GETs without a pause and count what goes wrong."""

    def __init__(self, gateway, clients=4, fresh=False):
        self.gateway, self.fresh = gateway, fresh
        self.requests, self.failures = 0, []
        self.stopping = False
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(clients)]
        for thread in self.threads:
            thread.start()

    def _run(self):
        client = None
        while not self.stopping:
            try:
                if client is None or self.fresh:
                    client = self.gateway.client()
                response = client.get()
                with self.lock:
                    self.requests += 1
                    if response is None or response.status != 200:
                        self.failures.append("closed" if response is None else response.status)
                if response is None or response.field("connection") == "close" or self.fresh:
                    client.close()
                    client = None
            except OSError as error:
                with self.lock:
                    self.failures.append(repr(error))
                client = None

    def stop(self):
        self.stopping = True
        for thread in self.threads:
            thread.join(timeout=20)
        return self.requests, self.failures


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


ADMIN = 'admin: { listen: "127.0.0.1:{admin}" }'  # for Gateway.metric()


def is_refused(port):
    """Whether nobody listens on that port of 127.0.0.1."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        pass
    return False


def simple_config(backends, listener="", pool="", route="", top="", server=""):
    servers = "".join(f'      - {{ name: s{i}, address: "127.0.0.1:{b.port}"{server} }}\n' for i, b in enumerate(backends))
    return f"""version: 1
workers: 2
{top}
log: {{ level: info, access: access.log }}
listeners:
  - name: web
    bind: "127.0.0.1:{{port}}"
    tls: {{ certificates: [ {{ chain: server.crt, key: server.key }} ] }}
{listener}
    routes:
      - {{ name: all, pool: web{route} }}
pools:
  - name: web
{pool}
    servers:
{servers}"""


class Case(unittest.TestCase):
    """What a test starts ends with it."""

    def backend(self, *arguments, **named):
        backend = Backend(*arguments, **named)
        self.addCleanup(backend.close)
        return backend

    def gateway(self, config, **arguments):
        gateway = Gateway(config, **arguments)
        self.addCleanup(gateway.close)
        return gateway

    def start(self, *backends, **arguments):
        return self.gateway(simple_config(backends, **arguments))

    def client(self, gateway, **arguments):
        client = gateway.client(**arguments)
        self.addCleanup(client.close)
        return client

    def assert_metric(self, gateway, expected, name, **labels):
        """A request is counted after its answer has left: a client may be earlier."""
        end = time.monotonic() + DEADLINE / 5
        while (value := gateway.metric(name, **labels)) != expected and time.monotonic() < end:
            time.sleep(0.02)
        self.assertEqual(value, expected)
