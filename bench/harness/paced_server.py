#!/usr/bin/env python3
"""paced_server.py SLOTS SERVICE_MS: a web server that takes its time, for `bench adaptive`.

It works on SLOTS requests at a time, each for SERVICE_MS on average (half to one and a half of it, evenly);
the others wait in line. Prints its port. Then each line of standard input is an order, each answered with a
line: "speed N" makes every request take N times as long from now on; "count" tells how many were answered."""

import asyncio
import random
import sys

BODY = bytes(ord("0") + i % 61 for i in range(1024))  # as bench/pattern.h: bench_load compares it
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


class PacedServer:
    def __init__(self, slots, service_s):
        self.slots = asyncio.Semaphore(slots)
        self.service_s = service_s
        self.times = 1.0
        self.answered = 0
        self.random = random.Random(1)

    async def serve(self, reader, writer):
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                async with self.slots:
                    await asyncio.sleep(self.service_s * self.times * self.random.uniform(0.5, 1.5))
                self.answered += 1
                writer.write(ANSWER)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def obey(self, order):
        word, *rest = order.split()
        if word == "speed":
            self.times = float(rest[0])
        return self.answered


async def main():
    server = PacedServer(int(sys.argv[1]), float(sys.argv[2]) / 1000)
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, backlog=1024)
    print(listener.sockets[0].getsockname()[1], flush=True)
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while order := await orders.readline():
        print(server.obey(order.decode()), flush=True)


asyncio.run(main())
