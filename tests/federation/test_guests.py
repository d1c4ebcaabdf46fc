"""Guests over `Join`, between two instances: asked for, granted, changed and refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from federation import parse
from federation.activities import Join
from federation.errors import Refused
from server.domain.calling import calls, participations
from server.domain.calling.drafting import Wanted
from server.errors import Forbidden
from storage import participations as rows
from storage.accounts import Account
from storage.calls import Details
from storage.participations import Participation
from storage.posts import Post
from tests.federation.answering import Remote
from tests.federation.five import Five, neighbours
from tests.federation.instance import Instance
from tests.federation.peer import Peer


@dataclass
class Two:
    """``home`` has the call, ``away`` a member of its community. ``copy``: of the call there."""

    both: Five
    home: Instance
    away: Instance
    keeper: Account
    reader: Account
    post: Post
    copy: Post

    async def come(self, guests: int | None) -> tuple[Participation | None, Participation | None]:
        """What stands where they are, and at the host, when all is done that follows."""
        async with self.away.work.transaction() as tx:
            await participations.answer(
                tx, self.reader, self.copy, "going", "client", guests=guests
            )
        return await self.standing()

    async def standing(self) -> tuple[Participation | None, Participation | None]:
        await self.both.settle()
        there = await self.home.known(self.reader.uri)
        assert there
        async with self.away.work.reading() as tx:
            here = await rows.of_account(tx.conn, self.copy.id, self.reader.id)
        async with self.home.work.reading() as tx:
            return here, await rows.of_account(tx.conn, self.post.id, there.id)


@pytest.fixture
async def two(template_url: str, tmp_path: Path) -> AsyncIterator[Two]:
    async with neighbours(template_url, tmp_path) as near:
        both, home, away = near.both, near.home, near.away
        keeper, reader, group = near.keeper, near.reader, near.group
        details = Details(
            home.clock.now() + timedelta(days=7), None, "UTC", capacity=4, guests_max=3
        )
        async with home.work.transaction() as tx:
            post = await calls.create(tx, keeper, group, Wanted("Feast", details))
        await both.settle()
        copy = await away.post(post.uri)
        assert copy
        yield Two(both, home, away, keeper, reader, post, copy)


async def test_guests_are_asked_for_granted_and_changed(two: Two) -> None:
    assert (await two.away.call(two.copy)).guests_max == 3
    for guests in (2, 1, 3):
        here, there = await two.come(guests)
        assert here
        assert there
        assert (here.state, here.guests) == (there.state, there.guests) == ("granted", guests)
    call = await two.home.call(two.post)
    assert (call.counted, call.taken) == (1, 4)
    two.both.clock.forward(minutes=5)
    await two.both.settle()
    copy = await two.away.call(two.copy)
    assert (copy.counted, copy.taken) == (1, 4)


async def test_where_there_is_no_room_for_more_both_know_what_stands(two: Two) -> None:
    await two.come(1)
    async with two.home.work.transaction() as tx:
        await participations.answer(tx, two.keeper, two.post, "going", "client", guests=1)
    here, there = await two.come(3)
    assert here
    assert there
    assert (here.state, here.guests) == (there.state, there.guests) == ("granted", 1)
    with pytest.raises(Forbidden, match="3 guests at most"):
        await two.come(4)


async def test_who_needs_more_places_than_there_are_hears_no(two: Two) -> None:
    await two.home.rows("update calls set capacity = 2")
    here, there = await two.come(3)
    assert here
    assert (here.state, there) == ("refused", None)


async def test_a_plain_join_brings_nobody(
    ours: Instance, microblog: Peer, organiser: Account, garden: Account
) -> None:
    event = await ours.event(organiser, garden, "Feast", 5)
    await ours.rows("update calls set guests_max = 2")
    one = Remote(ours, microblog, microblog.person("eater", key=1), event, garden)
    await one.join()
    assert (await ours.call(event)).taken == 1
    await one.send({**one.a_join(), "cta:guests": 2})
    assert (await ours.call(event)).taken == 3
    assert "bad_guests" in await one.send({**one.a_join(), "cta:guests": "2"})
    assert (await ours.call(event)).taken == 3


@pytest.mark.parametrize("said", ["2", 2.5, True, -1, 11, [1], {"is": 1}])
def test_what_is_no_number_of_guests_is_refused(said: object) -> None:
    actor = "https://b.example/users/eater"
    join = {
        "id": f"{actor}/joins/1",
        "type": "Join",
        "actor": actor,
        "object": "https://a.example/calls/1",
    }
    with pytest.raises(Refused) as refused:
        parse.parse_activity({**join, "cta:guests": said})
    assert refused.value.reason == "bad_guests"
    found = parse.parse_activity(join)
    assert isinstance(found, Join)
    assert found.guests is None
