"""Keys that were asked for: when, and what came of it, in memory."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from federation import keys
from federation.errors import Refused, Unreachable
from federation.origin import domain_of, host_of

KEY_RETRY = timedelta(minutes=5)
KEYS_REMEMBERED = 10_000
FAILED_KEYS_OF_DOMAIN = 50
"""Keys that may be under way or missing at the hosts of one domain within ``KEY_RETRY``; all others wait."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """When a key was asked for, and what comes of it: the same for all who wait for it or come soon."""

    at: datetime
    found: asyncio.Future[keys.ActorKey]


@dataclass(slots=True)
class Misses:
    """How many keys of a domain were asked for since then and did not come."""

    since: datetime
    count: int = 0


class Attempts:
    """One fetch per key and interval, however many signatures name it, good or bad, at once or later.

    Signatures can name any number of keys of somebody else's server: it is asked for a few of those
    that are not there, and no more.
    """

    def __init__(self) -> None:
        self._last: OrderedDict[str, Attempt] = OrderedDict()
        self._misses: OrderedDict[str, Misses] = OrderedDict()

    def recent(self, key_id: str, now: datetime) -> asyncio.Future[keys.ActorKey] | None:
        """The attempt of the last minutes, done or still under way."""
        last = self._last.get(key_id)
        return last.found if last and now - last.at < KEY_RETRY else None

    def begin(
        self, key_id: str, now: datetime, fetch: Coroutine[Any, Any, keys.ActorKey]
    ) -> asyncio.Future[keys.ActorKey]:
        """A task of its own: whoever asked first may go away and the others still get the key.

        Raises ``Unreachable`` where too many keys of this domain did not come.
        """
        try:
            misses = self._missed(domain_of(host_of(key_id)), now)
        except (Refused, Unreachable):
            fetch.close()
            raise
        found = asyncio.ensure_future(fetch)
        found.add_done_callback(lambda done: _looked_at(done, misses))
        self._last[key_id] = Attempt(now, found)
        self._last.move_to_end(key_id)
        if len(self._last) > KEYS_REMEMBERED:
            self._last.popitem(last=False)
        return found

    def _missed(self, domain: str, now: datetime) -> Misses:
        """Counts one more until it comes."""
        misses = self._misses.get(domain)
        if misses is None or now - misses.since >= KEY_RETRY:
            misses = self._misses[domain] = Misses(now)
            self._misses.move_to_end(domain)
        if misses.count >= FAILED_KEYS_OF_DOMAIN:
            raise Unreachable("too_many_keys", f"Too many keys of {domain} could not be had.")
        misses.count += 1
        if len(self._misses) > KEYS_REMEMBERED:
            self._misses.popitem(last=False)
        return misses


def _looked_at(done: asyncio.Future[keys.ActorKey], misses: Misses) -> None:
    """Those who waited may all be gone: then nobody else takes note of a failure."""
    if not done.cancelled() and done.exception() is None:
        misses.count -= 1
