"""Load over plain HTTP/1.1 on kept connections, with little work per request on this side."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """``seconds`` from the first byte sent to the last one read; ``size`` of the body in bytes."""

    status: int
    seconds: float
    size: int


def request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """A whole request, ready to be written."""
    lines = [f"{method} {path} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


async def drive(port: int, requests: Iterator[bytes], connections: int) -> list[Answer]:
    """Send what the iterator gives until it ends, on so many connections at once."""
    answers: list[Answer] = []
    await asyncio.gather(*(_connection(port, requests, answers) for _ in range(connections)))
    return answers


async def _connection(port: int, requests: Iterator[bytes], answers: list[Answer]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for message in requests:
            began = time.perf_counter()
            writer.write(message)
            status, size = await _read(reader)
            answers.append(Answer(status, time.perf_counter() - began, size))
    finally:
        writer.close()


async def _read(reader: asyncio.StreamReader) -> tuple[int, int]:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
    await reader.readexactly(length)
    return int(head.split(b" ", 2)[1]), length


def until(deadline: float, messages: Iterator[bytes]) -> Iterator[bytes]:
    """What ``messages`` gives, until a time of ``time.perf_counter``."""
    for message in messages:
        if time.perf_counter() >= deadline:
            return
        yield message


def percentile(values: list[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]
