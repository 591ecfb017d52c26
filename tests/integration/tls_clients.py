"""TLS clients of other people, each made to shake hands once with a name at a port, to verify everything, and
to say which certificate it was shown. OpenSSL, GnuTLS, curl and Python are needed, Node and Java are used where
the machine has them."""

import contextlib
import hashlib
import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading

from harness import DEADLINE

PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.S)
REQUEST = "GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n"
VERSIONS = ("1.2", "1.3")


def fingerprint(der):
    return hashlib.sha256(der).hexdigest()


def first_fingerprint(text):
    """Of the first certificate in a text; None: there is none."""
    found = PEM.search(text)
    return found and fingerprint(ssl.PEM_cert_to_DER_cert(found.group().decode()))


class Refused(Exception):
    """A handshake that failed, or a request without an answer."""


class Command:
    """A program that is run once for each handshake. `arguments` may name {port}, {name} and {ca}."""

    def __init__(self, label, arguments, sends_request=True):
        self.label, self.arguments, self.sends_request = label, arguments, sends_request

    def shake(self, port, name, ca):
        arguments = [a.format(port=port, name=name, ca=ca) for a in self.arguments]
        request = REQUEST.format(name=name).encode() if self.sends_request else b""
        done = subprocess.run(arguments, input=request, capture_output=True, timeout=60, check=False)
        text = done.stdout + done.stderr
        shown = first_fingerprint(text)
        # gnutls-cli's status is that of the end of the connection: what counts is the answer.
        is_answered = re.search(rb"HTTP/1.1 200", text) if self.sends_request else done.returncode == 0
        if not is_answered or shown is None:
            raise Refused(f"{self.label}: exit {done.returncode}: {text.decode(errors='replace')[-1500:]}")
        return shown

    def close(self):
        pass


class PythonClient:
    def __init__(self, version):
        self.label = f"Python, TLS {version}"
        self.version = ssl.TLSVersion.TLSv1_2 if version == "1.2" else ssl.TLSVersion.TLSv1_3

    def shake(self, port, name, ca):
        context = ssl.create_default_context(cafile=ca)
        context.minimum_version = context.maximum_version = self.version
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as raw, \
                    context.wrap_socket(raw, server_hostname=name) as tls:
                tls.sendall(REQUEST.format(name=name).encode())
                if not tls.recv(4096).startswith(b"HTTP/1.1 200"):
                    raise Refused(f"{self.label}: no answer")
                return fingerprint(tls.getpeercert(True))
        except OSError as error:
            raise Refused(f"{self.label}: {error!r}") from error

    def close(self):
        pass


class Process:
    """A program that shakes hands for each line "port name ca" it reads, with the sessions it has kept, and
    answers "shown FINGERPRINT" or "refused WHY"."""

    def __init__(self, label, arguments, source, file_name):
        self.label = label
        self.directory = tempfile.mkdtemp(prefix="ravelin-client-")
        path = os.path.join(self.directory, file_name)
        with open(path, "w") as file:
            file.write(source)
        self.process = subprocess.Popen([*arguments[:1], path, *arguments[1:]], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def shake(self, port, name, ca):
        try:
            self.process.stdin.write(f"{port} {name} {ca}\n")
            self.process.stdin.flush()
        except BrokenPipeError as error:
            raise Refused(f"{self.label}: it has ended") from error
        timer = threading.Timer(60, self.process.kill)
        timer.start()
        line = self.process.stdout.readline().strip()
        timer.cancel()
        word, _, rest = line.partition(" ")
        if word != "shown":
            raise Refused(f"{self.label}: {rest or 'it has ended'}")
        return rest

    def close(self):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait(timeout=30)
        self.process.stdout.close()
        shutil.rmtree(self.directory, ignore_errors=True)


NODE = """
const tls = require('tls'), fs = require('fs'), crypto = require('crypto');
const version = 'TLSv' + process.argv[2];
let kept = null;  // a session, and what was shown when it began
let turn = Promise.resolve();
function shake([port, name, ca]) {
  return new Promise((resolve) => {
    let shown = '', answer = '', next = null;
    const socket = tls.connect({ host: '127.0.0.1', port: +port, servername: name, ca: fs.readFileSync(ca),
                                 minVersion: version, maxVersion: version, session: kept?.session });
    socket.setTimeout(20000, () => socket.destroy(new Error('timeout')));
    socket.on('session', (session) => { next = session; });
    socket.on('secureConnect', () => {
      shown = socket.isSessionReused() ? kept.shown
          : crypto.createHash('sha256').update(socket.getPeerCertificate().raw).digest('hex');
      socket.write(`GET / HTTP/1.1\\r\\nHost: ${name}\\r\\nConnection: close\\r\\n\\r\\n`);
    });
    socket.on('data', (data) => { answer += data; });
    socket.on('error', (error) => resolve('refused ' + error.message));
    socket.on('close', () => {
      // Every other handshake is a full one.
      kept = kept || !next ? null : { session: next, shown };
      resolve(answer.startsWith('HTTP/1.1 200') ? 'shown ' + shown : 'refused no answer');
    });
  });
}
require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
  turn = turn.then(() => shake(line.split(' '))).then((said) => console.log(said));
});
"""

JAVA = """
import java.io.*;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.*;
import java.security.cert.*;
import java.util.*;
import javax.net.ssl.*;

public class Shake {
  public static void main(String[] arguments) throws Exception {
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
    SSLContext context = null;
    int turn = 0;
    for (String line; (line = lines.readLine()) != null;) {
      String[] words = line.split(" ");
      try {
        // A context keeps its sessions: every other handshake is a full one.
        if (turn++ % 2 == 0) context = trusting(words[2]);
        System.out.println("shown " + shake(context, "TLSv" + arguments[0], Integer.parseInt(words[0]), words[1]));
      } catch (IOException error) {
        System.out.println("refused " + error);
      }
    }
  }

  static SSLContext trusting(String ca) throws Exception {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    try (InputStream in = new FileInputStream(ca)) {
      store.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  static String shake(SSLContext context, String version, int port, String name) throws Exception {
    try (Socket plain = new Socket("127.0.0.1", port);
         SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, name, port, true)) {
      socket.setSoTimeout(20000);
      SSLParameters parameters = socket.getSSLParameters();
      parameters.setProtocols(new String[] {version});
      parameters.setServerNames(List.of(new SNIHostName(name)));
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      socket.setSSLParameters(parameters);
      socket.getOutputStream().write(
          ("GET / HTTP/1.1\\r\\nHost: " + name + "\\r\\nConnection: close\\r\\n\\r\\n").getBytes(StandardCharsets.US_ASCII));
      String status = new BufferedReader(new InputStreamReader(socket.getInputStream())).readLine();
      if (status == null || !status.startsWith("HTTP/1.1 200")) throw new IOException("no answer");
      byte[] leaf = socket.getSession().getPeerCertificates()[0].getEncoded();
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(leaf));
    }
  }
}
"""


def openssl_clients():
    base = ["openssl", "s_client", "-connect", "127.0.0.1:{port}", "-servername", "{name}", "-verify_hostname", "{name}",
            "-CAfile", "{ca}", "-verify_return_error", "-ign_eof"]
    yield Command("OpenSSL, TLS 1.2, ECDSA", [*base, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"])
    yield Command("OpenSSL, TLS 1.2, RSA", [*base, "-tls1_2", "-cipher", "ECDHE-RSA-AES256-GCM-SHA384"])
    yield Command("OpenSSL, TLS 1.3, ECDSA", [*base, "-tls1_3", "-sigalgs", "ECDSA+SHA256"])
    yield Command("OpenSSL, TLS 1.3, RSA", [*base, "-tls1_3", "-sigalgs", "RSA-PSS+SHA256"])


def gnutls_clients():
    base = ["gnutls-cli", "127.0.0.1", "--port", "{port}", "--sni-hostname", "{name}", "--verify-hostname", "{name}",
            "--x509cafile", "{ca}", "--print-cert"]
    for label, priority in (
            ("TLS 1.2, ECDSA", "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA"),
            ("TLS 1.2, RSA", "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+ECDHE-RSA"),
            ("TLS 1.3", "NORMAL:-VERS-ALL:+VERS-TLS1.3")):
        yield Command(f"GnuTLS, {label}", [*base, "--priority", priority])


def curl_clients():
    for version in VERSIONS:
        yield Command(f"curl, TLS {version}", [
            "curl", "-sS", "-i", "--resolve", "{name}:{port}:127.0.0.1", "--cacert", "{ca}", f"--tlsv{version}",
            "--tls-max", version, "-w", "%{{certs}}", "https://{name}:{port}/"])


def make_clients():
    """Every client; close() each."""
    clients = [*openssl_clients(), *gnutls_clients(), *curl_clients(), *map(PythonClient, VERSIONS)]
    for program in ("openssl", "gnutls-cli", "curl"):
        if shutil.which(program) is None:
            raise AssertionError(f"{program} is not installed: scripts/setup --test")
    if shutil.which("node"):
        clients += [Process(f"Node, TLS {v}", ["node", v], NODE, "shake.js") for v in VERSIONS]
    if shutil.which("javac"):
        clients += [Process(f"Java, TLS {v}", ["java", v], JAVA, "Shake.java") for v in VERSIONS]
    return clients
