"""Test certificates for one run, made by the openssl program: a CA and a leaf per key type."""

import os
import subprocess

from harness.processes import BenchError

LEAF = """basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth
subjectAltName=DNS:bench.test,DNS:*.bench.test
"""

KEY_TYPES = {
    "p256": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "rsa2048": ["-newkey", "rsa:2048"],
}


def make_certificates(directory):
    """{"p256": (chain, key), "rsa2048": (chain, key)}: PEM files, keys readable by the owner only."""
    os.umask(0o077)
    path = lambda name: os.path.join(directory, name)
    openssl("req", "-x509", *KEY_TYPES["p256"], "-nodes", "-keyout", path("ca.key"), "-out",
            path("ca.crt"), "-days", "30", "-subj", "/CN=Ravelin benchmark CA")
    with open(path("leaf.ext"), "w") as file:
        file.write(LEAF)
    made = {}
    for name, key_type in KEY_TYPES.items():
        openssl("req", *key_type, "-nodes", "-keyout", path(f"{name}.key"), "-out",
                path(f"{name}.csr"), "-subj", "/CN=bench.test")
        openssl("x509", "-req", "-in", path(f"{name}.csr"), "-CA", path("ca.crt"), "-CAkey",
                path("ca.key"), "-CAcreateserial", "-days", "30", "-extfile", path("leaf.ext"),
                "-out", path(f"{name}.crt"))
        made[name] = (path(f"{name}.crt"), path(f"{name}.key"))
    return made


def make_client_certificate(directory):
    """{"ca": …, "chain": …, "key": …}: a P-256 client certificate of the CA that make_certificates() made."""
    path = lambda name: os.path.join(directory, name)
    with open(path("client.ext"), "w") as file:
        file.write(LEAF.replace("serverAuth", "clientAuth").replace("DNS:bench.test,DNS:*.bench.test", "DNS:client.bench.test"))
    openssl("req", *KEY_TYPES["p256"], "-nodes", "-keyout", path("client.key"), "-out", path("client.csr"), "-subj", "/CN=client")
    openssl("x509", "-req", "-in", path("client.csr"), "-CA", path("ca.crt"), "-CAkey", path("ca.key"), "-CAcreateserial",
            "-days", "30", "-extfile", path("client.ext"), "-out", path("client.crt"))
    return {"ca": path("ca.crt"), "chain": path("client.crt"), "key": path("client.key")}


def openssl(*arguments):
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchError(f"openssl {arguments[0]}: {done.stderr.strip()}")
