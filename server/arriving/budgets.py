"""What other servers may use up here: so much of everything, for all hosts of one registrable domain together.

A name below a domain costs nothing, and a server of many people is one domain too; so each rule is far above
what the largest of servers sends to a small one, and far below what would fill a disk or hold up the others.
What must hold in all processes and after a restart is counted in a row per domain and window (``take``);
what protects processors and connections is counted in memory (``Turns``, and the waiting arrivals in
``server/arriving/arrivals.py``). Whoever is over a budget is refused as ``over_budget``, which time mends: at the door with
503 and Retry-After, and for what has arrived by waiting, some hours at most, before it is refused for good.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from federation.errors import Unreachable
from federation.origin import domain_of
from server.domain.tx import Tx
from storage import budgets
from storage.budgets import Used
from storage.db import Connection

HOUR = 3600
DAY = 24 * HOUR


@dataclass(frozen=True, slots=True)
class Rule:
    """At most ``limit`` in each window of ``seconds``."""

    name: str
    limit: int
    seconds: int


ACCOUNTS = Rule("accounts met", 5000, HOUR)
"""Strangers whose keys or profiles are asked for: everybody who likes one widely shared post."""
HOSTS = Rule("hosts met", 300, DAY)
"""New names below one domain. Hosters of hundreds of small servers have one domain (masto.host)."""
POSTS = Rule("posts fetched", 6000, HOUR)
"""For threads, boosts and quotes; what is sent to us whole is not fetched."""
CARRIED = Rule("carried for a domain", 6000, HOUR)
"""What makes communities of ours send something to all who follow them."""
CARRIED_OF_ONE = Rule("carried for an account", 600, HOUR)
BURIED = Rule("deletions of the unknown", 10_000, HOUR)
"""Each leaves a row, so that what comes too late stays away. Tools that delete old posts send thousands."""
UNDONE = Rule("undoings of the unknown", 1000, DAY)
"""Each leaves a row for two days. They are few: most Undos carry what they undo."""
FLAGS = Rule("reports", 50, DAY)
"""Each rings at every moderator's."""
VOTES = Rule("votes in a poll", 2000, HOUR)
TOLD_VOTES = Rule("votes told by groups", 20_000, HOUR)
"""Without a proof; they move a score."""
READERS = Rule("readers of private groups", 500, HOUR)
"""For each another server is asked whether it knows them."""
ANSWERS = Rule("answers to a call", 500, HOUR)
TALLIES = Rule("tallies", 500, HOUR)
"""One call makes twenty of them at most."""
COPIES = Rule("copies of a call", 20, DAY)
"""Each is a call that nobody here follows, in the list of one of ours."""
TIES = Rule("ties asked for", 20, DAY)
"""Each rings at those who steer a community of ours."""
UNASKED = Rule("mentions by strangers", 500, HOUR)
"""Who is mentioned does not follow who mentions. Of a domain never heard of before: ``UNASKED_OF_NEW``."""
UNASKED_OF_NEW = Rule("mentions by strangers of a new domain", 50, HOUR)
RECEIPTS = Rule("messages about places", 500, DAY)
"""To those who take part, of one domain. Beyond, they are told nothing, and what they said still counts."""
SHAPES = Rule("documents in another JSON-LD shape", 1000, HOUR)
"""Each takes up to a tenth of a second to read; whoever writes so writes everything so."""
NEW = timedelta(days=2)

RULES = (
    ACCOUNTS, HOSTS, POSTS, CARRIED, CARRIED_OF_ONE, BURIED, UNDONE, FLAGS, VOTES, TOLD_VOTES, READERS, ANSWERS, TALLIES,
    COPIES, TIES, UNASKED,
    UNASKED_OF_NEW, RECEIPTS, SHAPES,
)  # fmt: skip

AT_ONCE = 8
"""Fetches from the hosts of one domain in one process."""
SLOW = 1.0
"""Seconds. A lane of arrivals that takes longer waits for somebody's server."""
PLACES = 128
"""Lanes of arrivals under way in one process, with the slow ones."""


class OverBudget(Unreachable):
    """``retry_after``: seconds until the window ends."""

    def __init__(self, rule: str, key: str, retry_after: int) -> None:
        super().__init__("over_budget", "Too much of this came from there.", cause=f"{rule}: {key}")
        self.retry_after = retry_after


def window(rule: Rule, now: datetime) -> datetime:
    """When the present window began."""
    at = int(now.timestamp())
    return datetime.fromtimestamp(at - at % rule.seconds, UTC)


async def take(tx: Tx, rule: Rule, host: str, *, of: object = None, count: int = 1) -> None:
    """Count something for the domain of a host, in the transaction that does it. Raises ``OverBudget``.

    ``of``: what it is counted for besides, such as one poll.
    """
    domain = domain_of(host)
    await take_key(tx, rule, domain if of is None else f"{domain} {of}", count=count)


async def take_key(tx: Tx, rule: Rule, key: str, *, count: int = 1) -> None:
    """The same, for something else than a domain."""
    since = window(rule, tx.now)
    if not await budgets.take(tx.conn, rule.name, key, since, count, rule.limit):
        left = since + timedelta(seconds=rule.seconds) - tx.now
        raise OverBudget(rule.name, key, max(1, int(left.total_seconds())))


async def exhausted(conn: Connection, now: datetime) -> list[Used]:
    """The budgets of which nothing is left in their present window."""
    limits = {rule.name: rule for rule in RULES}
    rows = await budgets.since(conn, now - timedelta(seconds=DAY))
    return [
        row
        for row in rows
        if (rule := limits.get(row.rule))
        and row.since == window(rule, now)
        and row.used >= rule.limit
    ]


@dataclass(slots=True)
class _Line:
    gate: asyncio.Semaphore
    users: int = 0


@dataclass(slots=True)
class Turns:
    """Who fetches from a domain at the same time: a few, and the others wait for their turn.

    ``last``: the last domain whose arrivals had theirs. ``places``: of each lane of arrivals under way its
    domain, and since when, in the seconds of the event loop.
    """

    lines: dict[str, _Line] = field(default_factory=dict[str, _Line])
    last: str = ""
    places: dict[str, tuple[str, float]] = field(default_factory=dict[str, tuple[str, float]])

    @property
    def each(self) -> int:
        """How many lanes one domain may be given at once: fewer, the fewer places are free."""
        return max(1, (PLACES - len(self.places)) // 4)

    def full(self, now: float) -> list[str]:
        """The domains whose servers are slow in enough lanes already: others are not to wait for them."""
        slow = Counter(domain for domain, since in self.places.values() if now - since >= SLOW)
        most = max(1, (PLACES - len(self.places)) // 16)
        return [domain for domain, count in slow.items() if count >= most]

    @asynccontextmanager
    async def at(self, host: str) -> AsyncGenerator[None]:
        domain = domain_of(host)
        line = self.lines.setdefault(domain, _Line(asyncio.Semaphore(AT_ONCE)))
        line.users += 1
        try:
            async with line.gate:
                yield
        finally:
            line.users -= 1
            if not line.users:
                self.lines.pop(domain, None)
