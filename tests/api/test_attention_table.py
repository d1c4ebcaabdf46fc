"""Every level with every kind of event, awake and in quiet hours, at every door by which somebody is told.

``attention.txt`` is the table: for each the bell (a notification in Mastodon's API), the push (a push service on
loopback), the stream (a WebSocket) and the digest (a mail through a real relay): ``now``, ``later`` (when the quiet
hours are over) or ``never``. All is done once, for one member of each level and hour.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from federation.fetch import Egress
from server import mail
from server.arriving.resolve import Net, open_net
from server.config import load
from server.domain.mailing import digests
from server.domain.members import attention
from server.domain.posting import drafts, posts
from server.jobs import later, push
from storage import accounts
from storage.attention import LEVELS, Attention
from tests.api.conftest import Running, serving
from tests.api.people import House, Member
from tests.api.test_push import Phone, Service, service, subscribed
from tests.api.test_streaming import Ear, listening, marked
from tests.relay import Kept, relay
from tests.tls_peer import egress_config

__all__ = ["service"]

TABLE = Path(__file__).with_name("attention.txt")
BECKON = "/api/beckon/v1"
EVENTS = ("thread", "announcement", "call", "mention")
HOURS = ("awake", "quiet")
CHOICES = ("none chosen", *LEVELS)
ALERTS = {"alerts": {"mention": True, "status": True}}
TITLE = "Mend the boats"
Who = tuple[str, str]


@dataclass
class Town:
    here: Running
    house: House
    net: Net
    kept: Kept


@pytest.fixture
async def town(
    database_url: str, free_port: Callable[[], int], tmp_path: Path
) -> AsyncIterator[Town]:
    port = free_port()
    sends = {
        "BECKON_SMTP_URL": f"smtp+plain://127.0.0.1:{port}",
        "BECKON_SMTP_FROM": "n@a.example",
    }
    async with (
        relay(port) as kept,
        Egress(egress_config(tmp_path, "127.0.0.1/32")) as egress,
        serving(
            database_url,
            free_port(),
            data=str(tmp_path),
            smtp_url=sends["BECKON_SMTP_URL"],
            smtp_from=sends["BECKON_SMTP_FROM"],
        ) as here,
    ):
        net = await open_net(here.work, egress, relay=mail.relay(load(sends)))
        house = House(here.work, here.http, here.base, here.member, here.token)
        yield Town(here, house, net, kept)


@dataclass
class Listener:
    """A member with a telephone and an open client."""

    who: Member
    phone: Phone
    ear: Ear

    async def bell(self) -> set[str]:
        """The numbers of the statuses about which there is a notification."""
        found: Any = await self.who.good("GET", "/api/v1/notifications")
        return {n["status"]["id"] for n in found if n["status"]}

    async def rang(self) -> set[str]:
        """The same, by what the telephone was told."""
        found: Any = await self.who.good("GET", "/api/v1/notifications")
        numbers = {str(told["notification_id"]) for told in self.phone.rings()}
        return {n["status"]["id"] for n in found if n["id"] in numbers}

    async def streamed(self, house: House) -> set[str]:
        """All until something that comes last."""
        await marked(house, self.who)
        found: set[str] = set()
        while (frame := await self.ear.raw())["event"] != "filters_changed":
            if frame["event"] == "notification":
                found.add(json.loads(frame["payload"])["status"]["id"])
        return found


async def chosen(town: Town, group: Any, who: Member, level: str, hours: str) -> None:
    await who.good("POST", f"/api/v1/accounts/{group['id']}/follow")
    if level != CHOICES[0]:
        path = f"{BECKON}/communities/{group['id']}/attention"
        await who.good("PUT", path, json={"level": level})
    now = town.here.work.clock.now()
    minute = now.hour * 60 + now.minute
    quiet = ((minute - 60) % 1440, (minute + 120) % 1440) if hours == "quiet" else (None, None)
    assert who.account
    async with town.here.work.transaction() as tx:
        await attention.choose(tx, who.account.user_id or 0, Attention("UTC", *quiet))


async def happened(
    organiser: Member, other: Member, group: Any, names: list[str]
) -> dict[str, str]:
    """One of each event; the number of its status by its name."""
    assert organiser.account
    thread = await other.says("@river Hello")
    starts = {"starts_at": "2040-05-01T10:00:00Z", "timezone": "UTC"}
    call = await organiser.good(
        "POST", f"{BECKON}/communities/{group['id']}/calls", json={"title": TITLE, **starts}
    )
    named = await other.says(f"@river {' '.join(f'@{name}' for name in names)} Who?")
    return {"thread": thread["id"], "call": call["id"], "mention": named["id"]}


async def announced(town: Town, organiser: Member, group: Any) -> str:
    assert organiser.account
    async with town.here.work.transaction() as tx:
        community = await accounts.by_id(tx.conn, int(group["id"]))
        draft = drafts.Draft(
            content="<p>Hello</p>", community=community, title="We meet", kind="page"
        )
        made = await posts.publish(tx, organiser.account, draft)
    assert made
    return str(made.id)


async def work(town: Town) -> None:
    while await later.work_once(town.net) or await push.work_once(town.net):
        pass


def digested(town: Town, name: str) -> set[str]:
    """The titles of calls in the mails that somebody got."""
    mine = [m.get_content() for m in town.kept.mails if m["To"].startswith(f"{name}@")]
    return {"call"} if any(TITLE in text for text in mine) else set()


def word(event: object, at_once: set[Any], in_the_end: set[Any]) -> str:
    return "now" if event in at_once else "later" if event in in_the_end else "never"


async def test_every_level_event_hour_and_door(town: Town, service: Service) -> None:
    organiser, other = await town.house.member("organiser"), await town.house.member("other")
    wish = {"name": "river", "title": "The river"}
    group = await organiser.good("POST", f"{BECKON}/communities", json=wish)
    await other.good("POST", f"/api/v1/accounts/{group['id']}/follow")
    async with AsyncExitStack() as stack:
        people: dict[Who, Listener] = {}
        for number, (level, hours) in enumerate(product(CHOICES, HOURS)):
            who = await town.house.member(f"member{number}")
            await chosen(town, group, who, level, hours)
            phone = await subscribed(service, who, f"/send/{number}", **ALERTS)
            ear = await stack.enter_async_context(listening(who, "?stream=user"))
            people[level, hours] = Listener(who, phone, ear)
        names = [f"member{number}" for number in range(len(people))]
        made = await happened(organiser, other, group, names)
        made["announcement"] = await announced(town, organiser, group)
        async with town.here.work.transaction() as tx:
            for one in people.values():
                assert one.who.account
                await digests.make(tx, one.who.account.user_id or 0)
        await work(town)
        seen = await observed(town, people)
        town.here.clock.forward(hours=3)
        await work(town)
        after = await observed(town, people, stream=False)
    assert table(made, seen, after) == TABLE.read_text()


Seen = Mapping[Who, tuple[set[str], set[str], set[str], set[str]]]


async def observed(town: Town, people: Mapping[Who, Listener], *, stream: bool = True) -> Seen:
    """By member: the bell, the push, the stream and the digest."""
    return {
        who: (
            await one.bell(),
            await one.rang(),
            await one.streamed(town.house) if stream else set(),
            digested(town, f"member{number}"),
        )
        for number, (who, one) in enumerate(people.items())
    }


def table(made: Mapping[str, str], seen: Seen, after: Seen) -> str:
    head = (
        f"{'level':<12} {'event':<13} {'hours':<6} {'bell':<6} {'push':<6} {'stream':<6} digest\n"
    )
    lines = [head]
    for level, event, hours in product(CHOICES, EVENTS, HOURS):
        at_once, in_the_end = seen[level, hours], after[level, hours]
        about = (made[event], made[event], made[event], event)
        said = [word(a, x, y) for a, x, y in zip(about, at_once, in_the_end, strict=True)]
        lines.append(
            f"{level:<12} {event:<13} {hours:<6} {said[0]:<6} {said[1]:<6} {said[2]:<6} {said[3]}\n"
        )
    return "".join(lines)
