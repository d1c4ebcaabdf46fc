"""Looks names up on threads of its own.

The loop's own lookup shares its few threads with everything else (four in uvloop), so a handful of
names whose servers never answer would stop all work of that kind, for the half minute that the
system's resolver waits. Which addresses may be used is decided later, in ``guard``.
"""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from aiohttp.abc import AbstractResolver, ResolveResult

_THREADS = 32


class Resolver(AbstractResolver):
    """The system's resolver (hosts file included), for aiohttp's connector."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="resolve")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """All addresses of ``host``. Raises ``OSError`` (gaierror) when there is none."""
        ask = partial(socket.getaddrinfo, host, port, family, socket.SOCK_STREAM)
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, ask)
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, protocol, _, address in found
        ]

    async def close(self) -> None:
        """Let go of the threads; lookups that nobody waits for any more end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)
