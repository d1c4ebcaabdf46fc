"""A site with a movable clock, driven through the verbs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from server.domain.groups import communities
from server.domain.members import accounts
from server.domain.tx import Site, Tx, Work
from server.sealing import Secret
from server.urls import Urls
from storage import check, db
from storage.accounts import Account, Profile
from tests.clock import MovableClock


@dataclass
class World:
    """What the tests of the domain act with."""

    work: Work
    clock: MovableClock
    people: dict[str, Account] = field(default_factory=dict)
    checked: bool = True  # whether the data must be sound at the end

    async def person(self, name: str) -> Account:
        async with self.work.transaction() as tx:
            self.people[name] = await accounts.create(tx, "person", name)
        return self.people[name]

    async def stranger(self, name: str, host: str, kind: str = "person") -> Account:
        """A remote actor, as resolve would have remembered it."""
        uri = f"https://{host}/users/{name}"
        profile = Profile(
            username=name,
            url=f"https://{host}/@{name}",
            inbox=f"{uri}/inbox",
            shared_inbox=f"https://{host}/inbox",
            followers_uri=f"{uri}/followers",
            featured_uri=f"{uri}/featured",
        )
        async with self.work.transaction() as tx:
            return await accounts.remember(tx, uri, host, kind, profile, [], None)

    async def community(self, name: str, founder: Account, policy: str = "open") -> Account:
        async with self.work.transaction() as tx:
            return await communities.create(
                tx, founder, name, name.title(), community_policy=policy
            )

    async def sent(self, tx: Tx) -> list[dict[str, object]]:
        """What waits to leave: the activity, with the inboxes it goes to under ``_inboxes``."""
        import orjson

        rows = await tx.conn.fetch(
            "select o.body, array_agg(d.inbox order by d.inbox) as inboxes from outbox o"
            " join deliveries d on d.outbox_id = o.id group by o.id order by o.id"
        )
        return [{**orjson.loads(r["body"]), "_inboxes": list(r["inboxes"])} for r in rows]


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    clock = MovableClock(datetime(2026, 3, 1, 12, 0, tzinfo=UTC))
    async with db.pool(database_url, size=8) as pool:
        secret = Secret(b"a secret of thirty-two bytes ...")
        site = Site(
            Urls("a.example", "https://a.example"), federates=True, mail=True, secret=secret
        )
        made = World(Work(pool, clock, site), clock)
        yield made
        async with pool.acquire() as conn:
            assert not made.checked or await check.faults(conn) == []
