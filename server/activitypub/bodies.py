"""Bodies at the inbox door: how large, how long, and how much of them at once.

A body is held from its first byte until its sender is answered, which may take as long as the server of a
key: what one address, and all together, may have here at a time is bounded, so that slow senders and slow
keys fill no memory. One that comes too slowly is given up.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiohttp import web

from federation.errors import Refused
from server.limits import neighbourhood
from server.peer import address_of

MAX_BODY = 1024 * 1024  # Mastodon's limit too
MAX_HELD = 64 * 1024 * 1024
"""Bytes of bodies whose senders wait for an answer."""
MAX_HELD_OF_ADDRESS = 16 * 1024 * 1024
"""A large server sends from few addresses, and what it sends is known and answered at once."""
SECONDS = 30.0
"""For a whole body."""


@dataclass(slots=True)
class Held:
    """What is held now, by address and in all."""

    by_address: Counter[str] = field(default_factory=Counter[str])
    total: int = 0

    @contextmanager
    def share(self, request: web.Request) -> Generator[Share]:
        """What this request holds, given back at the end."""
        share = Share(self, neighbourhood(address_of(request)))
        try:
            yield share
        finally:
            share.give_back()


@dataclass(slots=True)
class Share:
    """Of one request."""

    held: Held
    address: str
    size: int = 0

    def grow(self, more: int) -> None:
        """Raises ``Refused``: ``too_large``, and ``busy`` where too much is held."""
        self.size += more
        self.held.total += more
        self.held.by_address[self.address] += more
        if self.size > MAX_BODY:
            raise Refused("too_large", "The activity is larger than 1 MiB.")
        of_address = self.held.by_address[self.address]
        if self.held.total > MAX_HELD or of_address > MAX_HELD_OF_ADDRESS:
            raise Refused("busy", "Too much is waiting here; try again later.")

    def give_back(self) -> None:
        self.held.total -= self.size
        self.held.by_address[self.address] -= self.size
        if not self.held.by_address[self.address]:
            del self.held.by_address[self.address]


async def read(request: web.Request, share: Share) -> bytes:
    """The body, counted while it comes. Raises ``Refused``: as ``grow``, ``wrong_type``, ``too_slow``."""
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise Refused("wrong_type", "A compressed body is not accepted.")
    if (request.content_length or 0) > MAX_BODY:
        raise Refused("too_large", "The activity is larger than 1 MiB.")
    body = bytearray()
    try:
        async with asyncio.timeout(SECONDS):
            async for chunk in request.content.iter_any():
                share.grow(len(chunk))
                body += chunk
    except TimeoutError as error:
        raise Refused("too_slow", f"A body has {SECONDS:.0f} seconds.") from error
    return bytes(body)
