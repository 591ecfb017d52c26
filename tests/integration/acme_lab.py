"""An ACME CA of one's own on loopback: Pebble, its DNS, and whoever answers its questions (http-01 and
tls-alpn-01 from files that acme_tool writes, dns-01 by a hook program). Everything started is ended."""

import base64
import hashlib
import http.server
import json
import os
import socket
import ssl
import subprocess
import tempfile
import threading
import urllib.request

from harness import DEADLINE, wait_until
from ports import free_port

TOOL = os.environ.get("RAVELIN_ACME_TOOL", "build/release/bin/acme_tool")
EAB_KEY = base64.urlsafe_b64encode(bytes(range(32))).rstrip(b"=").decode()
HOOK = """#!/usr/bin/env python3
import json, sys, urllib.request
what, name, value = sys.argv[1:]
path = "/set-txt" if what == "present" else "/clear-txt"
body = json.dumps({"host": name + ".", "value": value}).encode()
urllib.request.urlopen("http://127.0.0.1:%d" + path, data=body, timeout=5).read()
"""


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, timeout=60, **options)


class Pki:
    """The CA that Pebble's own HTTPS certificate comes from, and that certificate."""

    def __init__(self, folder, names="DNS:localhost,IP:127.0.0.1"):
        self.ca, self.chain, self.key = (f"{folder}/{name}" for name in ("ca.pem", "srv.pem", "srv.key"))
        ca_key, request, extensions = f"{folder}/ca.key", f"{folder}/srv.csr", f"{folder}/ext"
        ec = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        run("openssl", "req", "-x509", *ec, "-days", "30", "-subj", "/CN=test CA", "-keyout", ca_key,
            "-out", self.ca, "-addext", "basicConstraints=critical,CA:TRUE",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        run("openssl", "req", *ec, "-subj", "/CN=localhost", "-keyout", self.key, "-out", request)
        with open(extensions, "w") as file:
            file.write(f"subjectAltName={names}\nextendedKeyUsage=serverAuth\n")
        run("openssl", "x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", ca_key,
            "-CAcreateserial", "-days", "30", "-extfile", extensions, "-out", self.chain)

    def server_context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain, self.key)
        return context

    def client_context(self):
        return ssl.create_default_context(cafile=self.ca)


class Responder:
    """Answers http-01 and tls-alpn-01 from what stands in `folder`."""

    def __init__(self, folder, http_port, tls_port):
        self.folder = folder
        self.served = set()  # every key authorization somebody asked for
        for kind in ("http-01", "tls-alpn-01"):
            os.makedirs(f"{folder}/{kind}")
        responder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                prefix = "/.well-known/acme-challenge/"
                name = self.path[len(prefix):] if self.path.startswith(prefix) else ""
                answer = responder.find("http-01", name)
                self.send_response(200 if answer else 404)
                self.end_headers()
                self.wfile.write(answer or b"")

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", http_port), Handler)
        self.http_thread = threading.Thread(target=self.http.serve_forever, daemon=True)
        self.http_thread.start()
        self.tls = socket.create_server(("127.0.0.1", tls_port))
        self.tls_thread = threading.Thread(target=self._accept_tls, daemon=True)
        self.tls_thread.start()

    def find(self, kind, name):
        if not name or "/" in name:
            return None
        try:
            with open(f"{self.folder}/{kind}/{name}", "rb") as file:
                authorization = file.read()
        except FileNotFoundError:
            return None
        self.served.add(authorization.decode())
        return authorization

    def _accept_tls(self):
        while True:
            try:
                connection, _ = self.tls.accept()
            except OSError:
                return
            threading.Thread(target=self._shake_hands, args=(connection,), daemon=True).start()

    def _shake_hands(self, connection):
        def choose(tls, name, _):
            if name and name.endswith(".in-addr.arpa"):
                name = ".".join(reversed(name.removesuffix(".in-addr.arpa").split(".")))
            authorization = self.find("tls-alpn-01", name)
            if authorization is None:
                return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
            tls.context = self._context(name, authorization)
            return None

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(["acme-tls/1"])
        context.sni_callback = choose
        connection.settimeout(DEADLINE)
        try:
            context.wrap_socket(connection, server_side=True).close()
        except OSError:
            connection.close()

    def _context(self, name, authorization):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(["acme-tls/1"])
        digest = hashlib.sha256(authorization).hexdigest()
        with tempfile.TemporaryDirectory() as folder:
            key, chain = f"{folder}/key", f"{folder}/chain"
            kind = "IP" if name.replace(".", "").isdigit() else "DNS"
            run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-days", "2", "-subj", "/CN=challenge", "-keyout", key, "-out", chain,
                "-addext", f"subjectAltName={kind}:{name}",
                "-addext", f"1.3.6.1.5.5.7.1.31=critical,DER:0420{digest}")
            context.load_cert_chain(chain, key)
        return context

    def leftovers(self):
        return [name for kind in ("http-01", "tls-alpn-01") for name in os.listdir(f"{self.folder}/{kind}")]

    def close(self):
        self.http.shutdown()
        self.http.server_close()
        try:
            self.tls.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.tls.close()


class Pebble:
    """Pebble with its DNS; `environment` and `config` change what it does. With `ports` (http, tls) someone
    else answers its questions there; with `name_server` (ADDRESS:PORT) names are what that says."""

    def __init__(self, folder, pki, environment=None, ports=None, name_server=None, **config):
        self.folder = folder
        self.pki = pki
        self.port, self.management, http_port, tls_port, dns, self.dns_management = (free_port() for _ in range(6))
        self.board = f"{folder}/board"
        self.responder = None
        if ports is None:
            self.responder = Responder(self.board, http_port, tls_port)
        else:
            http_port, tls_port = ports
        self.hook = f"{folder}/hook"
        with open(self.hook, "w") as file:
            file.write(HOOK % self.dns_management)
        os.chmod(self.hook, 0o755)
        settings = {
            "listenAddress": f"127.0.0.1:{self.port}", "managementListenAddress": f"127.0.0.1:{self.management}",
            "certificate": pki.chain, "privateKey": pki.key, "httpPort": http_port, "tlsPort": tls_port,
            "ocspResponderURL": "", "externalAccountBindingRequired": False,
            "certificateValidityPeriod": 7776000, **config}
        with open(f"{folder}/pebble.json", "w") as file:
            json.dump({"pebble": settings}, file)
        everything = {**os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_AUTHZREUSE": "0",
                      "PEBBLE_WFE_NONCEREJECT": "0", **(environment or {})}
        self.log = open(f"{folder}/pebble.log", "w")
        self.dns = subprocess.Popen(
            ["pebble-challtestsrv", "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-dns01", f"127.0.0.1:{dns}",
             "-http01", "", "-https01", "", "-tlsalpn01", "", "-management", f"127.0.0.1:{self.dns_management}"],
            stdout=self.log, stderr=self.log)
        self.process = subprocess.Popen(
            ["pebble", "-config", f"{folder}/pebble.json", "-dnsserver", name_server or f"127.0.0.1:{dns}", "-strict"],
            stdout=self.log, stderr=self.log, env=everything)
        self.authority = f"localhost:{self.port}"
        self.directory = f"https://{self.authority}/dir"
        try:
            wait_until(self._answers, "Pebble answers")
        except AssertionError:
            self.close()
            raise

    def _answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.dns_management), timeout=1).close()
            return self.ask("/roots/0")
        except OSError:
            return None

    def ask(self, path):
        """What the management port says."""
        url = f"https://localhost:{self.management}{path}"
        with urllib.request.urlopen(url, timeout=DEADLINE, context=self.pki.client_context()) as answer:
            return answer.read().decode()

    def status_of(self, serial):
        return json.loads(self.ask(f"/cert-status-by-serial/{serial.lower().lstrip('0')}"))

    def close(self):
        for process in (self.process, self.dns):
            process.terminate()
        for process in (self.process, self.dns):
            process.wait(DEADLINE)
        if self.responder is not None:
            self.responder.close()
        self.log.close()


class Tool:
    """acme_tool with one account folder and one order at one CA."""

    def __init__(self, folder, pebble, **options):
        self.folder = folder
        self.options = {"directory": pebble.directory, "ca": pebble.pki.ca, "accounts": f"{folder}/accounts",
                        "board": pebble.board, "hook": pebble.hook, "note": f"{folder}/note",
                        "key": f"{folder}/leaf.key", **options}
        self.said = ""

    def run(self, command, expect=0, **options):
        merged = {**self.options, **options}
        done = subprocess.run([TOOL, command, json.dumps(merged)], capture_output=True, text=True, timeout=120)
        self.said += done.stdout + done.stderr
        if done.returncode != expect:
            raise AssertionError(f"{command}: exit {done.returncode}, not {expect}\n{done.stdout}{done.stderr}")
        return json.loads(done.stdout) if done.stdout else {}

    def issue(self, *names, expect=0, **options):
        """A fresh key and a fresh order, unless `resume`."""
        if not options.pop("resume", False):
            for path in (self.options["note"], self.options["key"]):
                if os.path.exists(path):
                    os.unlink(path)
        names = list(names)
        return self.run("issue", expect, **{"names": names, "csr_names": names, **options})

    def account_folder(self):
        accounts = self.options["accounts"]
        return f"{accounts}/{os.listdir(accounts)[0]}"


def certificates(pem):
    end = "-----END CERTIFICATE-----\n"
    return [part + end for part in pem.split(end) if part.strip()]


def verify(folder, pem, root, when=None):
    """What `openssl verify` says of the chain under this root."""
    leaf, *above = certificates(pem)
    paths = {}
    for name, text in (("leaf", leaf), ("above", "".join(above) or leaf), ("root", root)):
        paths[name] = f"{folder}/verify-{name}.pem"
        with open(paths[name], "w") as file:
            file.write(text)
    command = ["openssl", "verify", "-CAfile", paths["root"], "-untrusted", paths["above"]]
    if when is not None:
        command += ["-attime", str(int(when))]
    return subprocess.run(command + [paths["leaf"]], capture_output=True, text=True, timeout=60)


def describe(pem, *what):
    return run("openssl", "x509", "-noout", *what, input=pem.encode()).stdout.decode()
