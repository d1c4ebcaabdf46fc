"""A domain's world with a worker and a real mail relay: what happens around a call, through every door."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from federation.fetch import Egress, EgressConfig
from server import mail, text
from server.arriving import resolve
from server.arriving.resolve import Net
from server.config import load
from server.domain.calling import contacts
from server.jobs import later
from storage import contacts as contact_rows
from storage.accounts import Account
from storage.posts import Post
from tests.domain.conftest import World
from tests.domain.test_calls import say
from tests.relay import Kept, relay

ADDRESS = "neighbour@mail.example"
FIRST = re.compile("You have a place|Your answer counts|All places are taken|A place is free")
"""How a receipt begins."""


@dataclass
class Around:
    """``people``: who takes part in a call, by the door through which they answered."""

    world: World
    kept: Kept
    net: Net
    people: dict[str, Account] = field(default_factory=dict)

    async def work(self) -> None:
        """Everything that is due now, to the end."""
        while await later.work_once(self.net):
            pass

    async def letters(self, to: Account) -> list[str]:
        """What somebody was written in private, the oldest first, but for the receipt of their answer: elsewhere
        as it waits to be sent."""
        async with self.world.work.reading() as tx:
            rows = await tx.conn.fetch(
                "select p.source from posts p join post_mentions m on m.post_id = p.id"
                " where m.account_id = $1 and p.visibility = 'direct' order by p.id",
                to.id,
            )
        away = [said for _, said in await self.sent(to) if not FIRST.match(said)]
        return [row["source"] for row in rows] + away

    async def sent(self, to: Account) -> list[tuple[datetime, str]]:
        """What waits to be sent to somebody elsewhere about their answers, and since when."""
        async with self.world.work.reading() as tx:
            rows = await tx.conn.fetch(
                "select created_at, body from outbox where subject like '%/receipts/%' order by id"
            )
        notes = [(row["created_at"], json.loads(row["body"])["object"]) for row in rows]
        return [(at, text.plain(note["content"])) for at, note in notes if note["to"] == [to.uri]]

    def mails(self) -> list[str]:
        return [str(each["Subject"]) for each in self.kept.mails]

    async def by_email(self, post: Post, address: str = ADDRESS) -> None:
        """Somebody without an account answers, and confirms."""
        async with self.world.work.transaction() as tx:
            await contacts.begin(tx, post, contacts.Typed(address, "going", agreed=("answer",)))
            found = await contact_rows.by_id(
                tx.conn, await tx.conn.fetchval("select max(id) from contacts")
            )
            assert found
            await contacts.confirm(tx, await contacts.new_link(tx, found, "confirm"))
        await self.work()
        self.kept.mails.clear()

    async def everybody_comes(self, post: Post) -> None:
        """One person through each door, and one who only thinks about it."""
        member, undecided = await self.world.person("member"), await self.world.person("undecided")
        voter = await self.world.stranger("voter", "mastodon.example")
        joiner = await self.world.stranger("joiner", "mobilizon.example")
        self.people = {"client": member, "card": voter, "join": joiner, "maybe": undecided}
        for door, who in self.people.items():
            said, through = ("maybe", "client") if door == "maybe" else ("going", door)
            await say(self.world, who, post, said, through)
        await self.by_email(post)

    async def told(self) -> dict[str, int]:
        """How many letters each has."""
        return {door: len(await self.letters(who)) for door, who in self.people.items()}


@asynccontextmanager
async def at_work(world: World, port: int) -> AsyncIterator[Around]:
    """With a relay on ``port``."""
    settings = load(
        {
            "BECKON_SMTP_URL": f"smtp+plain://127.0.0.1:{port}",
            "BECKON_SMTP_FROM": "The valley <noreply@a.example>",
        }
    )
    async with relay(port) as kept, Egress(EgressConfig("test", None, ())) as egress:
        net = await resolve.open_net(world.work, egress, relay=mail.relay(settings))
        yield Around(world, kept, net)
