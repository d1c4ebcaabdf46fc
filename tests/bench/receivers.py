"""Many servers in one process: each a port with TLS that answers 202 to everything, and counts.

Run as ``python -m tests.bench.receivers PORTS CERTIFICATE KEY``. Says its ports as JSON on a line; for
each line that it reads it says how many requests came so far and over how many connections; ends when
there is nothing more to read.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
from typing import cast

import orjson
import uvloop

ANSWER = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"


class Inbox(asyncio.Protocol):
    """One connection. Bodies are skipped by their Content-Length."""

    requests = 0
    connections = 0

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)  # uvloop's is no subclass of it
        Inbox.connections += 1

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._take():
            Inbox.requests += 1
            assert self._transport, "it is connected"
            self._transport.write(ANSWER)

    def _take(self) -> bool:
        """Whether a whole request was there."""
        head, found, _ = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return False
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        whole = len(head) + 4 + length
        if len(self._buffer) < whole:
            return False
        del self._buffer[:whole]
        return True


async def serve(count: int, certificate: str, key: str) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    loop = asyncio.get_running_loop()
    ports: list[int] = []
    for _ in range(count):
        server = await loop.create_server(Inbox, "127.0.0.1", 0, ssl=context)
        ports.append(server.sockets[0].getsockname()[1])
    say(ports)
    while await asyncio.to_thread(sys.stdin.readline):
        say([Inbox.requests, Inbox.connections])


def say(values: list[int]) -> None:
    sys.stdout.write(orjson.dumps(values).decode() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
