"""Hosts as network namespaces, joined by veth: a lab of its own for each test, taken apart afterwards.
Code runs inside a host on a thread that has entered its namespace; the process itself stays outside."""

import concurrent.futures
import ctypes
import os
import secrets
import socket
import subprocess
import threading

CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)
WITHOUT_PRIVILEGE = "kernel tests need root (network namespaces, nftables): sudo ctest -L kernel"


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: {done.stderr.strip() or done.returncode}")
    return done.stdout


class Host:
    def __init__(self, name):
        self.name = name
        self.servers = []
        run("ip", "netns", "add", name)
        self.run("ip", "link", "set", "lo", "up")
        # Addresses are of use at once, not after a second of duplicate detection.
        self.run("sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0", "net.ipv6.conf.all.accept_dad=0")

    def run(self, *command, **options):
        return run("ip", "netns", "exec", self.name, *command, **options)

    def inside(self, function, *arguments):
        """What `function` returns, called on a thread in this host."""
        def enter():
            with open(f"/run/netns/{self.name}", encoding="ascii") as namespace:
                if LIBC.setns(namespace.fileno(), CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), WITHOUT_PRIVILEGE)
            return function(*arguments)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            return pool.submit(enter).result(timeout=60)

    def listen(self, port, kind=socket.SOCK_STREAM, family=socket.AF_INET6):
        """A server that greets who connects (TCP) or echoes (UDP)."""
        def make():
            server = socket.socket(family, kind)
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            server.bind(("::" if family == socket.AF_INET6 else "0.0.0.0", port))
            if kind == socket.SOCK_STREAM:
                server.listen(512)
            return server
        server = self.inside(make)
        self.servers.append(server)
        threading.Thread(target=self._serve, args=(server, kind), daemon=True).start()
        return server

    @staticmethod
    def _serve(server, kind):
        while True:
            try:
                if kind == socket.SOCK_STREAM:
                    connection, _ = server.accept()
                    connection.sendall(b"hello")
                    connection.close()
                else:
                    data, peer = server.recvfrom(2048)
                    server.sendto(data, peer)
            except OSError:
                return

    def tcp(self, address, port, timeout=1.0, source=None):
        """How a connection from here ends: "open", "refused", "unreachable" or "silent"."""
        def connect():
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            with socket.socket(family, socket.SOCK_STREAM) as client:
                client.settimeout(timeout)
                if source:
                    client.bind((source, 0))
                try:
                    client.connect((address, port))
                    return "open" if client.recv(5) == b"hello" else "closed"
                except ConnectionRefusedError:
                    return "refused"
                except (socket.timeout, TimeoutError):
                    return "silent"
                except OSError:
                    return "unreachable"
        return self.inside(connect)

    def close(self):
        for server in self.servers:
            # A thread that waits in accept wakes up from shutdown, not from close.
            try:
                server.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            server.close()
        subprocess.run(["ip", "netns", "del", self.name], check=False, capture_output=True, timeout=60)


class Lab:
    def __init__(self):
        self.tag = secrets.token_hex(3)
        self.hosts = []

    def host(self, name):
        made = Host(f"rv-{self.tag}-{name}")
        self.hosts.append(made)
        return made

    def join(self, a, a_interface, a_addresses, b, b_interface, b_addresses):
        """A cable between two hosts; addresses with their prefix length."""
        run("ip", "link", "add", a_interface, "netns", a.name, "type", "veth", "peer", "name", b_interface,
            "netns", b.name)
        for host, interface, addresses in ((a, a_interface, a_addresses), (b, b_interface, b_addresses)):
            for address in addresses:
                host.run("ip", "addr", "add", address, "dev", interface, *(["nodad"] if ":" in address else []))
            host.run("ip", "link", "set", interface, "up")

    def close(self):
        for host in self.hosts:
            host.close()


def require_privilege(test):
    if os.geteuid() != 0:
        test.fail(WITHOUT_PRIVILEGE)
