"""PROXY protocol headers for tests, written from the specification: making them, and reading one off a
socket a gateway has opened."""

import ipaddress
import struct

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def v1(source, destination, source_port=4711, port=443):
    family = "TCP6" if ":" in source else "TCP4"
    return f"PROXY {family} {source} {destination} {source_port} {port}\r\n".encode()


def v2(source=None, destination=None, source_port=4711, port=443, tlvs=b"", command=1):
    """Without a source: AF_UNSPEC."""
    family, addresses = 0, b""
    if source is not None:
        ends = [ipaddress.ip_address(source), ipaddress.ip_address(destination)]
        family = 0x11 if ends[0].version == 4 else 0x21
        addresses = ends[0].packed + ends[1].packed + struct.pack(">HH", source_port, port)
    rest = addresses + tlvs
    return SIGNATURE + bytes([0x20 | command, family]) + struct.pack(">H", len(rest)) + rest


def tlv(kind, value):
    return bytes([kind]) + struct.pack(">H", len(value)) + value


def read_exactly(connection, size):
    data = b""
    while len(data) < size:
        piece = connection.recv(size - len(data))
        if not piece:
            raise OSError("the connection ended early")
        data += piece
    return data


def read_header(connection):
    """(command, source, source port, destination, port, {type: value}) of the header in front; command is
    "v1", "v2" or "v2 local", the addresses None where there are none."""
    start = read_exactly(connection, 12)
    if start != SIGNATURE:
        while not start.endswith(b"\r\n"):
            start += read_exactly(connection, 1)
        words = start.decode().split()
        if words[1] == "UNKNOWN":
            return "v1", None, 0, None, 0, {}
        return "v1", words[2], int(words[4]), words[3], int(words[5]), {}
    command, family, size = struct.unpack(">BBH", read_exactly(connection, 4))
    rest = read_exactly(connection, size)
    kind = "v2 local" if command & 15 == 0 else "v2"
    source = destination = None
    source_port = port = 0
    length = {0x11: 4, 0x21: 16}.get(family, 0)
    if length:
        source = str(ipaddress.ip_address(rest[:length]))
        destination = str(ipaddress.ip_address(rest[length:2 * length]))
        source_port, port = struct.unpack(">HH", rest[2 * length:2 * length + 4])
        rest = rest[2 * length + 4:]
    return kind, source, source_port, destination, port, read_tlvs(rest)


def read_tlvs(data):
    found = {}
    while data:
        kind, size = struct.unpack(">BH", data[:3])
        found[kind], data = data[3:3 + size], data[3 + size:]
    return found
