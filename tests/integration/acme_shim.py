"""A CA between the client and Pebble that misbehaves as told: it passes requests on, writes down what the
client asked for, and for as many requests as a fault lasts does something else."""

import base64
import http.client
import http.server
import json
import ssl
import threading
import time

PASSED_ON = ("Content-Type", "Replay-Nonce", "Location", "Link", "Retry-After")


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Fault:
    """For the next `count` requests whose path starts so: `act(handler, path, body)` instead."""

    def __init__(self, path, act, count=1, method=None):
        self.path, self.act, self.count, self.method = path, act, count, method


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self):
        # The handshake belongs to the connection's own thread.
        self.request = self.server.shim.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def answer_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        shim = self.server.shim
        fault = shim.note(self.command, self.path, body)
        try:
            if fault is not None:
                fault.act(self, body)
            else:
                self.pass_on(body)
        except (ConnectionError, ssl.SSLError):
            self.close_connection = True

    do_GET = do_POST = do_HEAD = answer_any

    def ask_pebble(self, body):
        shim = self.server.shim
        connection = http.client.HTTPSConnection("localhost", shim.pebble.port, timeout=10,
                                                 context=shim.pebble.pki.client_context())
        headers = {"Host": shim.authority}
        for name in ("Content-Type", "Accept", "User-Agent"):
            if self.headers.get(name):
                headers[name] = self.headers[name]
        connection.request(self.command, self.path, body or None, headers)
        answer = connection.getresponse()
        content = answer.read()
        kept = [(name, value) for name, value in answer.getheaders() if name.title() in PASSED_ON]
        connection.close()
        return answer.status, kept, content

    def pass_on(self, body, change=lambda content: content):
        shim = self.server.shim
        if self.path.startswith("/renewal/"):
            window = shim.renewals.get(self.path.removeprefix("/renewal/"), shim.renewal)
            self.send(200, [("Content-Type", "application/json"), ("Retry-After", shim.ask_again)],
                      json.dumps(window).encode())
            return
        status, headers, content = self.ask_pebble(body)
        if self.path == "/dir":
            directory = json.loads(content)
            directory.update(shim.directory_members())
            content = json.dumps(directory).encode()
        self.send(status, headers, change(content))

    def send(self, status, headers, content):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_):
        pass


class Shim:
    def __init__(self, pki, pebble, **directory):
        self.pebble = pebble
        self.pki = pki
        self.board, self.hook, self.responder = pebble.board, pebble.hook, pebble.responder
        self.context = pki.server_context()
        self.lock = threading.Lock()
        self.faults = []
        self.requests = []  # (time, method, path, payload)
        self.renewal = {}
        self.renewals = {}  # by certID, in place of it
        self.ask_again = "7200"
        self.extra = directory
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.shim = self
        self.server.handle_error = lambda *_: None  # clients that do not trust us go away
        self.authority = f"localhost:{self.server.server_address[1]}"
        self.directory = f"https://{self.authority}/dir"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def directory_members(self):
        return {"renewalInfo": f"https://{self.authority}/renewal", **self.extra}

    def note(self, method, path, body):
        payload = None
        if method == "POST":
            text = decode(json.loads(body)["payload"])
            payload = json.loads(text) if text else None
        with self.lock:
            self.requests.append((time.monotonic(), method, path, payload))
            for fault in self.faults:
                if fault.count > 0 and path.startswith(fault.path) and fault.method in (None, method):
                    fault.count -= 1
                    return fault
        return None

    def fails(self, path, act, count=1, method=None):
        with self.lock:
            self.faults.append(Fault(path, act, count, method))

    def heal(self):
        with self.lock:
            self.faults.clear()
            self.requests.clear()

    def asked(self, path):
        with self.lock:
            return [(at, payload) for at, _, asked, payload in self.requests if asked.startswith(path)]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


# ---- what a fault does ----

def problem(status, kind, detail="as the test wants it", retry_after=None, **members):
    content = json.dumps({"type": f"urn:ietf:params:acme:error:{kind}", "detail": detail, **members}).encode()
    headers = [("Content-Type", "application/problem+json")]
    if retry_after is not None:
        headers.append(("Retry-After", retry_after))
    return lambda handler, body: handler.send(status, headers, content)


def answer(status, content_type, content, *headers):
    return lambda handler, body: handler.send(status, [("Content-Type", content_type), *headers], content)


def changed(change):
    """Pebble's own answer, with its JSON changed in place."""
    def act(handler, body):
        def apply(content):
            value = json.loads(content)
            change(value)
            return json.dumps(value).encode()
        handler.pass_on(body, apply)
    return act


def replaced(content):
    return lambda handler, body: handler.pass_on(body, lambda _: content)


def lost(handler, body):
    """The CA does as asked, and its answer never comes."""
    handler.ask_pebble(body)
    handler.close_connection = True


def hangs_up(handler, body):
    handler.close_connection = True


def silent(handler, body):
    time.sleep(3)
    handler.close_connection = True


def slow_body(handler, body):
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for _ in range(30):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.1)
    handler.close_connection = True


def endless_body(handler, body):
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.end_headers()
    handler.close_connection = True
    for _ in range(64):
        handler.wfile.write(b" " * 65536)


def not_http(handler, body):
    handler.wfile.write(b"220 mail.example.test ESMTP\r\n")
    handler.close_connection = True
