"""Shifts through every door: another Beckon, a card on a microblog, and events on Mobilizon."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from server.domain.calling import calls, deleting, participations
from server.domain.calling.drafting import Wanted
from server.domain.calling.shifts import Shift
from server.domain.posting import polls
from storage import participations as rows
from storage.accounts import Account
from storage.calls import Details
from storage.participations import Participation
from storage.posts import Post
from storage.shift_roles import Role
from tests.federation.acting import follows_us, outcome
from tests.federation.five import Five, neighbours
from tests.federation.instance import Instance
from tests.federation.peer import Json, Peer, peer

NOTE = "Ring at the green door"


async def soup(at: Instance, by: Account, group: Account) -> Post:
    starts = at.clock.now() + timedelta(days=7)
    roles = (Role(0, "cook", 0, 1, "cooking"), Role(0, "newcomer", 1, 1, ""))
    shifts = (
        Shift("Morning", starts, starts + timedelta(hours=2), roles=roles),
        Shift("Evening", starts + timedelta(hours=8), None, 1),
    )
    details = Details(None, None, "UTC", "The hall")
    async with at.work.transaction() as tx:
        asked = Wanted("Soup", details, kind="volunteer", shifts=shifts, note=NOTE)
        return await calls.create(tx, by, group, asked)


async def below(at: Instance, post: Post) -> list[Post]:
    found = await at.rows(
        "select p.uri from calls c join posts p on p.id = c.post_id where c.parent_id = $1 order by p.uri",
        post.id,
    )
    posts = [await at.post(row["uri"]) for row in found]
    return [post for post in posts if post]


@dataclass
class Two:
    """``home`` has the call, ``away`` a member of its community."""

    both: Five
    home: Instance
    away: Instance
    keeper: Account
    post: Post
    reader: Account

    async def copy(self, post: Post) -> Post:
        found = await self.away.post(post.uri)
        assert found
        return found

    async def place(self, at: Instance, post: Post) -> Participation | None:
        async with at.work.reading() as tx:
            who = self.reader.id if at is self.away else (await at.known(self.reader.uri)).id  # type: ignore[union-attr]
            return await rows.of_account(tx.conn, post.id, who)


@pytest.fixture
async def two(template_url: str, tmp_path: Path) -> AsyncIterator[Two]:
    async with neighbours(template_url, tmp_path) as near:
        both, home, away = near.both, near.home, near.away
        keeper, reader, group = near.keeper, near.reader, near.group
        post = await soup(home, keeper, group)
        await both.settle()
        yield Two(both, home, away, keeper, post, reader)


async def test_another_beckon_has_the_shifts_and_asks_for_a_role(two: Two) -> None:
    morning, evening = await below(two.home, two.post)
    copies = await below(two.away, await two.copy(two.post))
    assert [(c.uri, c.title) for c in copies] == [
        (morning.uri, "Morning"),
        (evening.uri, "Evening"),
    ]
    homes = await two.away.value(
        "select count(*) from home_entries where account_id = $1", two.reader.id
    )
    assert homes == 1
    async with two.away.work.transaction() as tx:
        await participations.answer(tx, two.reader, copies[0], "going", "client", role="cook")
    await two.both.settle()
    here, there = await two.place(two.home, morning), await two.place(two.away, copies[0])
    assert here
    assert there
    assert (here.state, here.role, here.door) == ("granted", "cook", "join")
    assert (there.state, there.role) == ("granted", "cook")
    assert NOTE not in str(
        await two.home.rows("select convert_from(body, 'UTF8') as b from outbox")
    )


async def test_a_vote_on_the_card_of_another_beckon_moves_to_another_shift(two: Two) -> None:
    morning, evening = await below(two.home, two.post)
    parent = await two.copy(two.post)
    for at in (0, 1):
        async with two.away.work.transaction() as tx:
            await polls.vote(tx, two.reader, parent, [at])
        await two.both.settle()
    taken = await two.place(two.home, evening)
    assert taken
    assert taken.state == "granted"
    assert await two.place(two.home, morning) is None
    assert (await two.home.call(two.post)).counted == 1


async def test_calling_off_a_shift_is_heard_there(two: Two) -> None:
    _, evening = await below(two.home, two.post)
    async with two.home.work.transaction() as tx:
        await calls.edit(tx, two.keeper, evening, state="cancelled")
    await two.both.settle()
    assert (await two.away.call(await two.copy(evening))).state == "cancelled"
    assert (await two.away.call(await two.copy(two.post))).state == "open"
    async with two.home.work.transaction() as tx:
        await calls.edit(tx, two.keeper, two.post, state="closed")
    await two.both.settle()
    morning, _ = await below(two.away, await two.copy(two.post))
    assert (await two.away.call(morning)).state == "closed"
    async with two.home.work.transaction() as tx:
        await deleting.delete(tx, two.keeper, two.post)
    await two.both.settle()
    assert await two.away.value("select count(*) from calls") == 0


async def test_another_text_of_the_whole_is_heard_of_each_shift(two: Two) -> None:
    now = await two.home.call(two.post)
    said = Wanted(
        "Soup for the street",
        Details(now.starts_at, None, "UTC"),
        about="Bring a spoon",
        kind="volunteer",
    )
    async with two.home.work.transaction() as tx:
        await calls.edit(tx, two.keeper, two.post, wanted=said)
    await two.both.settle()
    morning, _ = await below(two.away, await two.copy(two.post))
    assert "Bring a spoon" in morning.content


async def test_a_microblog_sees_one_card_and_votes_for_a_shift(
    ours: Instance, microblog: Peer
) -> None:
    keeper = await ours.member("keeper")
    group = await ours.community(keeper, "kitchen")
    voter = microblog.person("voter")
    await follows_us(ours, microblog, voter, group)
    post = await soup(ours, keeper, group)
    await ours.settle()
    (card,) = [d["object"] for d in microblog.of_type("Create")]
    assert [option["name"] for option in card["oneOf"]] == ["Morning", "Evening"]
    assert "The hall" in card["content"]
    assert NOTE not in str(card)
    morning, evening = await below(ours, post)
    assert await outcome(ours, microblog, voter, microblog.vote(voter, card, "Morning")) == "done"
    assert (await ours.call(morning)).counted == 1
    assert await outcome(ours, microblog, voter, microblog.vote(voter, card, "Evening")) == "done"
    assert [(await ours.call(one)).counted for one in (morning, evening)] == [0, 1]
    async with ours.work.transaction() as tx:
        await calls.edit(tx, keeper, post, state="closed")
    await ours.settle()
    told = [d["object"] for d in microblog.of_type("Update")]
    assert {d["id"] for d in told} == {card["id"]}
    assert [o["name"] for o in told[-1]["oneOf"]] == ["Morning", "Evening"]
    assert [o["replies"]["totalItems"] for o in told[-1]["oneOf"]] == [0, 1]
    assert "closed" in told[-1]


async def test_mobilizon_joins_a_shift_and_is_told_that_the_whole_is_not_joined(
    ours: Instance,
) -> None:
    async with peer("mobilizon") as events:
        keeper = await ours.member("keeper")
        group = await ours.community(keeper, "kitchen")
        who = events.person("helper")
        other = events.person("other", key=1)
        await follows_us(ours, events, who, group)
        post = await soup(ours, keeper, group)
        await ours.settle()
        made: list[Json] = [d["object"] for d in events.of_type("Create")]
        whole, second, first = sorted(made, key=lambda d: str(d["name"]))
        assert [whole["name"], first["name"], second["name"]] == [
            "Soup",
            "Soup: Morning",
            "Soup: Evening",
        ]
        assert (whole["joinMode"], whole["externalParticipationUrl"]) == ("external", post.url)
        assert (first["joinMode"], first["maximumAttendeeCapacity"]) == ("free", 2)
        joined = events.activity(who, "Join", whole["id"])
        assert await outcome(ours, events, who, joined) == "done"
        assert events.of_type("Reject")[-1]["object"]["id"] == joined["id"]
        for person, answered in ((who, "Accept"), (other, "TentativeAccept")):
            joined = events.activity(person, "Join", second["id"])
            assert await outcome(ours, events, person, joined) == "done"
            assert events.of_type(answered)[-1]["object"]["id"] == joined["id"]
        left = events.activity(who, "Leave", second["id"])
        assert await outcome(ours, events, who, left) == "done"
        assert events.of_type("Accept")[-1]["object"]["actor"] == other.uri
        assert (await ours.call(post)).counted == 1
        wrong = events.activity(who, "Join", first["id"], **{"cta:role": "king"})
        assert await outcome(ours, events, who, wrong) == "unknown_answer"
        assert NOTE not in str(events.received)
