"""A domain that was gone for long comes back, perhaps in other hands: who was let in asks again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.domain.groups import communities
from storage.accounts import Account
from tests.federation.acting import follows_us, outcome
from tests.federation.instance import Instance
from tests.federation.peer import Peer, Person


@pytest.fixture
async def plot(ours: Instance, organiser: Account) -> Account:
    """A community whose organisers decide who joins."""
    return await ours.community(organiser, "plot", "request")


@pytest.fixture
async def reader(ours: Instance, microblog: Peer, organiser: Account, plot: Account) -> Person:
    """Somebody who was let into the plot, and follows the organiser, whom everybody may follow."""
    who = microblog.person("reader")
    await follows_us(ours, microblog, who, organiser)
    asked = microblog.activity(who, "Follow", plot.uri)
    assert await outcome(ours, microblog, who, asked) == "done"
    account = await ours.known(who.uri)
    assert account
    async with ours.work.transaction() as tx:
        await communities.decide(tx, organiser, plot, account, admitted=True)
        await communities.grant(tx, organiser, plot, account, "moderator")
    await ours.settle()
    return who


async def moderates(ours: Instance, plot: Account) -> bool:
    sql = (
        "select exists (select from community_roles where community_id = $1 and role = 'moderator')"
    )
    return await ours.value(sql, plot.id)


async def away(ours: Instance, server: Peer, organiser: Account, days: int) -> None:
    """It takes nothing of what is sent to it for so long."""
    server.down = True
    await ours.publish(organiser, "Where are you?")
    await ours.settle()
    for _ in range(days):
        ours.clock.forward(days=1)
        await ours.settle()
    server.down = False
    server.now = ours.clock.now()


async def speaks(ours: Instance, server: Peer, who: Person, about: Account) -> str:
    return await outcome(ours, server, who, server.activity(who, "Follow", about.uri))


async def waits(ours: Instance, who: Person, target: Account) -> bool:
    return await ours.value(
        "select accepted_at is null from follows f join accounts a on a.id = f.follower_id"
        " where a.uri = $1 and f.target_id = $2",
        who.uri, target.id,
    )  # fmt: skip


@pytest.mark.parametrize("first", ["it speaks", "it is sent something"])
async def test_who_comes_back_with_other_keys_is_let_in_anew(
    ours: Instance, microblog: Peer, organiser: Account, plot: Account, reader: Person, first: str
) -> None:
    """Whatever is first: that it speaks, or that it takes what was sent."""
    await away(ours, microblog, organiser, 31)
    other = microblog.person("reader", key=2)
    if first == "it is sent something":
        ours.clock.forward(days=2)
        await ours.publish(organiser, "Here again?")
        await ours.settle()
        ours.clock.forward(minutes=10)
        microblog.now = ours.clock.now()
    assert await speaks(ours, microblog, other, organiser) == "done"
    assert await waits(ours, reader, plot)
    assert not await moderates(ours, plot)
    assert not await waits(ours, reader, organiser)
    told = await ours.rows(
        "select type, account_id from notifications where type = 'follow_request'"
    )
    assert [row["account_id"] for row in told] == [organiser.id]
    account = await ours.known(reader.uri)
    assert account
    microblog.received.clear()
    async with ours.work.transaction() as tx:
        await communities.decide(tx, organiser, plot, account, admitted=True)
    await ours.settle()
    assert not await waits(ours, reader, plot)
    assert [d["actor"] for d in microblog.of_type("Accept")] == [plot.uri]


@pytest.mark.parametrize(("days", "key"), [(31, 0), (5, 2)])
async def test_the_same_keys_or_a_short_absence_are_no_reason(
    ours: Instance,
    microblog: Peer,
    organiser: Account,
    plot: Account,
    reader: Person,
    days: int,
    key: int,
) -> None:
    await away(ours, microblog, organiser, days)
    same = microblog.person("reader", key=key)
    ours.clock.forward(minutes=10)
    microblog.now = ours.clock.now() + timedelta()
    assert await speaks(ours, microblog, same, organiser) == "done"
    assert not await waits(ours, reader, plot)
    assert await moderates(ours, plot)
    assert await ours.value("select count(*) from notifications where type = 'follow_request'") == 0
