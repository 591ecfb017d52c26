"""One question to the firewall's agent, in the words of its socket: firewall_client.py SOCKET JSON prints
the answer. Written apart from the program's own client, from messages/codec.h."""

import array
import json
import os
import socket
import struct
import sys

FIREWALL_QUESTION, FIREWALL_ANSWER, BAN_REQUEST, BAN_RESULT = 12, 13, 2, 3


def header(kind, number, descriptors, body):
    return struct.pack("<4sBBHIHH", b"RVLN", 1, 0, kind, number, descriptors, len(body)) + body


def text(value):
    return struct.pack("<H", len(value)) + value.encode()


def ask(path, question):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as agent:
        agent.settimeout(30)
        agent.connect(path)
        body = os.memfd_create("question")
        os.write(body, json.dumps(question).encode())
        socket.send_fds(agent, [header(FIREWALL_QUESTION, 1, 1, text(question["command"]))], [body])
        os.close(body)
        _, descriptors, _, _ = socket.recv_fds(agent, 65535, 4)
        with os.fdopen(descriptors[0], "rb") as answer:
            answer.seek(0)
            return json.loads(answer.read())


if __name__ == "__main__":
    print(ask(sys.argv[1], json.loads(sys.argv[2]))["text"])
