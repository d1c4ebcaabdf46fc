"""Five instances through bad weather: one is gone for good, one is slow, one talks nonsense, one comes back
after nine days. At the end all who live agree, nothing is lost and nothing is there twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from server.arriving import resolve
from server.domain.calling import participations
from server.domain.members import follows
from server.domain.posting import drafts, marks, posts
from storage.accounts import Account
from storage.posts import Post
from tests.federation.five import Five, Server, five
from tests.federation.invariants import check
from tests.federation.peer import Json

NAMES = ("home", "slow", "mad", "away", "gone")
SAID = """
    select p.uri, p.title, p.content, p.visibility, parent.uri as answers, a.uri as author
    from posts p join accounts a on a.id = p.account_id
    left join posts parent on parent.id = p.in_reply_to_id
    where p.kind <> 'boost' and p.community_id = (select id from accounts where uri = $1)
    order by p.uri
"""
LIKED = """
    select p.uri, a.uri as by from favourites f
    join posts p on p.id = f.post_id join accounts a on a.id = f.account_id
    where p.community_id = (select id from accounts where uri = $1)
    order by p.uri, a.uri
"""
SHARED = """
    select original.uri, count(*) from posts b
    join posts original on original.id = b.reblog_of_id
    where b.account_id = (select id from accounts where uri = $1)
    group by original.uri order by original.uri
"""
REFUSALS = {"own_activity"}
"""What an instance refuses of others that wish it well: to be told what its own people did."""


@dataclass
class Village:
    """One community at home, and somebody of each server who belongs to it."""

    five: Five
    people: dict[str, Account]
    garden: Account

    def server(self, name: str) -> Server:
        return next(s for s in self.five.servers if s.name == name)

    async def seen(self, name: str, uri: str) -> Post:
        found = await self.server(name).here.post(uri)
        assert found, f"{name} does not know {uri}"
        return found

    async def here(self, name: str, account: Account) -> Account:
        """An account as a server knows it."""
        found = await self.server(name).here.known(account.uri)
        assert found, f"{name} does not know {account.uri}"
        return found

    async def say(self, name: str, text: str, answers: str | None = None) -> Post:
        parent = await self.seen(name, answers) if answers else None
        return await self.server(name).here.publish(
            self.people[name],
            text,
            community=await self.here(name, self.garden),
            in_reply_to=parent,
        )

    async def act(self, name: str, verb: Any, uri: str, *more: Any) -> None:
        server, post = self.server(name), await self.seen(name, uri)
        async with server.here.work.transaction() as tx:
            await verb(tx, self.people[name], post, *more)

    async def board(self, name: str) -> list[Json]:
        """What a server knows to stand in the community."""
        return await self.server(name).here.rows(SAID, self.garden.uri)


@pytest.fixture
async def village(template_url: str, tmp_path: Path) -> AsyncIterator[Village]:
    async with five(template_url, tmp_path, NAMES) as made:
        home = made.servers[0]
        people = {s.name: await s.person(f"{s.name}_keeper") for s in made.servers}
        garden = await home.here.community(people["home"], "garden")
        found = Village(made, people, garden)
        for server in made.servers[1:]:
            await _join(found, server)
        await made.settle()
        yield found


async def _join(village: Village, server: Server) -> None:
    """The community, its organiser, and each other."""
    me = village.people[server.name]
    others = [village.garden, *(p for n, p in village.people.items() if n != server.name)]
    for other in others:
        known = await resolve.actor(server.here.net, other.uri)
        async with server.here.work.transaction() as tx:
            await follows.follow(tx, me, known)


async def test_five_instances_through_bad_weather(village: Village) -> None:
    home = village.server("home")
    await _fair_days(village)
    event = await home.here.event(village.people["home"], village.garden, "Digging day", 3)
    await village.five.settle()

    await _the_weather_turns(village)
    await _a_slow_one_holds_up_nobody(village)
    await _life_goes_on(village, event.uri)
    await _nine_days(village)
    await _back_again(village)

    await _all_agree(village)
    await _answers_are_counted_once(village, event)
    await _who_is_gone_costs_nothing(village)


async def _fair_days(village: Village) -> None:
    head = await village.say("home", "Who has seeds?")
    await village.five.settle()
    for name in NAMES[1:]:
        await village.say(name, f"{name} has some", head.uri)
        await village.act(name, marks.like, head.uri)
    await village.five.settle()
    boards = [await village.board(name) for name in NAMES]
    assert len(boards[0]) == 5
    assert all(board == boards[0] for board in boards)


async def _the_weather_turns(village: Village) -> None:
    """What the one who goes away for long has said last is still on its way."""
    away = village.server("away")
    await village.say("away", "I shall be gone for a while")
    for name in ("away", "gone"):
        village.server(name).weather.down = True
    assert await away.here.value("select count(*) from deliveries") > 0
    village.server("mad").weather.mad = True


async def _a_slow_one_holds_up_nobody(village: Village) -> None:
    """While the slow one holds what it was sent, the others get the same post."""
    slow, home = village.server("slow"), village.server("home")
    slow.weather.slow = asyncio.Event()
    mad = village.server("mad")
    mad.weather.mad = False
    await village.say("home", "Water is short")
    while await home.here.apply() or await home.here.jobs():
        pass
    sending = asyncio.create_task(village.five.settle())
    await mad.weather.takes(1)
    assert not sending.done()
    slow.weather.slow.set()
    await sending
    assert slow.weather.held > 0
    slow.weather.slow = None
    mad.weather.mad = True


async def _life_goes_on(village: Village, event: str) -> None:
    said = [await village.say("home", f"Note {number}") for number in range(4)]
    await village.five.settle()
    await village.say("slow", "Note 1 is right", said[1].uri)
    await village.act("slow", marks.like, said[2].uri)
    await village.act("slow", marks.boost, said[2].uri)
    await village.say("mad", "I hear you not")
    await _a_newcomer(village, village.server("mad"))
    await village.act("mad", participations.answer, event, "going", "join")
    await village.act("slow", participations.answer, event, "going", "join")
    await village.five.live(minutes=10)
    await _changed(village, said[0].uri, "Note 0, better", "Note 0, best")
    await village.act("home", marks.like, said[3].uri)
    await village.act("home", marks.unlike, said[3].uri)
    async with village.server("home").here.work.transaction() as tx:
        await posts.delete(tx, village.people["home"], await village.seen("home", said[3].uri))
    await village.five.live(minutes=10)


async def _a_newcomer(village: Village, server: Server) -> None:
    """Somebody whose key can only be had from a server that talks nonsense."""
    newcomer = await server.person("newcomer")
    async with server.here.work.transaction() as tx:
        await follows.follow(tx, newcomer, await village.here(server.name, village.garden))
    await village.five.settle()
    assert server.weather.turned["GET"] > 0
    assert await village.server("home").here.known(newcomer.uri) is None


async def _changed(village: Village, uri: str, *texts: str) -> None:
    here = village.server("home").here
    for text in texts:
        async with here.work.transaction() as tx:
            typed = drafts.Typed(text, community=village.garden)
            wanted = await drafts.draft(tx, village.people["home"], typed)
            await posts.edit(tx, village.people["home"], await village.seen("home", uri), wanted)
        await village.five.live(minutes=5)


async def _nine_days(village: Village) -> None:
    """Who is not there is knocked at ever more rarely; who talked nonsense comes to its senses."""
    for _ in range(4):
        await village.five.live(hours=6)
    village.server("mad").weather.mad = False
    knocks = village.server("gone").weather.turned.total()
    for _ in range(16):
        await village.five.live(hours=12)
    assert village.server("gone").weather.turned.total() - knocks < 60


async def _back_again(village: Village) -> None:
    """Every host is due within a day; deliveries that stood aside within a little more."""
    village.server("away").weather.down = False
    for _ in range(8):
        await village.five.live(hours=12)


async def _all_agree(village: Village) -> None:
    living = [name for name in NAMES if name != "gone"]
    boards = {name: await village.board(name) for name in living}
    texts = [row["content"] for row in boards["home"]]
    assert len(texts) == 5 + 1 + 1 + 1 + 3 + 2, texts
    assert any("best" in text for text in texts)
    assert not any("Note 3" in text for text in texts)
    for name, board in boards.items():
        assert board == boards["home"], name
    liked = {n: await village.server(n).here.rows(LIKED, village.garden.uri) for n in living}
    assert all(rows == liked["home"] for rows in liked.values())
    assert len(liked["home"]) == 5
    for name in living:
        here = village.server(name).here
        shared = await here.rows(SHARED, village.garden.uri)
        assert {row["count"] for row in shared} == {1}
        waiting = await here.rows("select distinct host from deliveries")
        assert {row["host"] for row in waiting} <= {village.server("gone").here.host}, name
        refused = await here.rows(
            "select reason, count(*) from inbox where state = 'refused' group by 1"
        )
        assert {row["reason"] for row in refused} <= REFUSALS, (name, refused)
        assert await here.value("select count(*) from inbox where state = 'waiting'") == 0
        await check(here)


async def _answers_are_counted_once(village: Village, event: Post) -> None:
    home = village.server("home").here
    members = await home.value(
        "select followers_count from accounts where id = $1", village.garden.id
    )
    assert members == len(NAMES) + 1
    given = await home.rows(
        "select a.uri, n.state from participations n join accounts a on a.id = n.account_id"
        " where n.post_id = $1 order by 1",
        event.id,
    )
    assert sorted(row["uri"] for row in given) == sorted(
        village.people[name].uri for name in ("slow", "mad")
    )
    assert {row["state"] for row in given} == {"granted"}
    for name in ("slow", "mad", "away"):
        shown = await village.seen(name, event.uri)
        call = await village.server(name).here.call(shown)
        assert call.confirmed + call.expressed == 2, name


async def _who_is_gone_costs_nothing(village: Village) -> None:
    """After two weeks its queue is dropped; those of it who follow are kept."""
    home, gone = village.server("home").here, village.server("gone").here
    await village.five.live(days=4)
    assert await home.value("select count(*) from deliveries where host = $1", gone.host) == 0
    followed = await home.value(
        "select count(*) from follows f join accounts a on a.id = f.follower_id where a.host = $1",
        gone.host,
    )
    assert followed == 2
