"""Ports for servers of tests that run at the same time: below those the kernel gives to clients, each to one process."""
import fcntl
import os
import random
import socket
import tempfile

FIRST, LAST = 20000, 32000


class Ports:
    """A byte of one file stands for a port, and its lock for the process that has it."""

    def __init__(self):
        self.given = set()  # a process's own locks do not stop it
        self.locks = os.open(f"{tempfile.gettempdir()}/ravelin-test-ports-{os.getuid()}", os.O_RDWR | os.O_CREAT, 0o600)

    def take(self):
        for port in random.sample(range(FIRST, LAST), 1000):
            if port not in self.given and self.lock(port) and is_free(port):
                self.given.add(port)
                return port
        raise AssertionError("no port is free")

    def lock(self, port):
        try:
            fcntl.lockf(self.locks, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
        except (BlockingIOError, PermissionError):
            return False
        return True


def is_free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


PORTS = Ports()


def free_port():
    """One that nobody listens on, and that was given to nobody: what is asked for twice is bound later."""
    return PORTS.take()
