"""An instance that speaks with listed servers only, and what each process remembers of who may come in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from federation.errors import Refused
from server.arriving import resolve
from server.arriving.stances import Stances
from server.domain.members import follows
from server.domain.moderating import host_allows, host_blocks
from server.domain.moderating.host_blocks import Stance, Terms
from server.errors import Forbidden, NotFound
from storage import instance
from storage.accounts import Account
from tests.federation.instance import Instance
from tests.federation.peer import Peer, peer


@pytest.fixture
async def stranger() -> AsyncIterator[Peer]:
    async with peer("mastodon") as made:
        yield made


async def limit(ours: Instance, *friends: Peer, limited: bool = True) -> None:
    async with ours.work.transaction() as tx:
        await instance.settle(tx.conn, ours.host, ours.host, tx.now)
        for friend in friends:
            await host_allows.allow(tx, friend.host)
        await host_allows.limit(tx, limited=limited)


async def reason_of(ours: Instance, uri: str) -> str:
    with pytest.raises(Refused) as refused:
        await resolve.actor(ours.net, uri, refresh=True)
    return refused.value.reason


async def test_only_listed_servers_deliver_and_are_asked(
    ours: Instance, microblog: Peer, stranger: Peer, garden: Account
) -> None:
    await limit(ours, microblog)
    friend, outsider = microblog.person("friend"), stranger.person("outsider")
    let_in = await microblog.send(
        friend, microblog.activity(friend, "Follow", garden.uri), ours.inbox
    )
    assert let_in.status == 202
    follow = stranger.activity(outsider, "Follow", garden.uri)
    assert await stranger.send(outsider, follow, ours.inbox) == (403, "host_not_allowed")
    assert await reason_of(ours, outsider.uri) == "host_not_allowed"
    assert await resolve.search(ours.net, f"@outsider@{stranger.host}") is None
    assert stranger.requests == []
    await ours.settle()
    assert await ours.value("select count(*) from follows where target_id = $1", garden.id) == 2


async def test_a_block_of_a_listed_server_holds(ours: Instance, microblog: Peer) -> None:
    await limit(ours, microblog)
    async with ours.work.transaction() as tx:
        await host_blocks.block(tx, microblog.host, Terms("suspend"))
    assert await reason_of(ours, microblog.person("friend").uri) == "host_suspended"


async def test_who_is_not_listed_is_not_seen_nor_sent_anything_until_all_is_as_before(
    ours: Instance, stranger: Peer, organiser: Account
) -> None:
    outsider = stranger.person("outsider")
    follow = stranger.activity(outsider, "Follow", organiser.uri)
    assert (await stranger.send(outsider, follow, ours.inbox)).status == 202
    await ours.settle()
    await ours.publish(organiser, "before")
    await limit(ours)
    known = await ours.known(outsider.uri)
    assert known
    assert known.suspended_by_host
    waiting = "select count(*) from deliveries"
    assert await ours.value(waiting) == 0
    await ours.publish(organiser, "meanwhile")
    assert await ours.value(waiting) == 0
    await limit(ours, limited=False)
    back = await ours.known(outsider.uri)
    assert back
    assert back.suspended_at is None
    await ours.publish(organiser, "after")
    assert await ours.value(waiting) == 1


async def test_what_a_moderator_decided_outlives_the_limit(ours: Instance, stranger: Peer) -> None:
    met = await resolve.actor(ours.net, stranger.person("rude").uri)
    async with ours.work.transaction() as tx:
        await tx.conn.execute("update accounts set suspended_at = now() where id = $1", met.id)
    await limit(ours)
    await limit(ours, limited=False)
    after = await ours.known(met.uri)
    assert after
    assert after.suspended_at


async def test_nobody_follows_who_is_not_listed(
    ours: Instance, stranger: Peer, organiser: Account
) -> None:
    met = await resolve.actor(ours.net, stranger.person("outsider").uri)
    await limit(ours)
    known = await ours.known(met.uri)
    assert known
    async with ours.work.transaction() as tx:
        with pytest.raises((Forbidden, NotFound)):
            await follows.follow(tx, organiser, known)


async def until(stances: Stances, host: str, wanted: Stance) -> None:
    async with asyncio.timeout(5):
        found = await stances.of(host)
        while found != wanted:
            await asyncio.sleep(0)  # what is remembered waits for nothing: let the change be heard
            found = await stances.of(host)


async def test_a_change_counts_at_once_in_every_process(ours: Instance, database_url: str) -> None:
    """Each process has a memory of its own; a change by any way reaches all."""
    one, two = Stances(ours.work), Stances(ours.work)
    async with one.hearing(database_url), two.hearing(database_url):
        for each in (one, two):
            await until(each, "far.example", Stance())
        async with ours.work.transaction() as tx:
            made = await host_blocks.block(tx, "example", Terms("silence"))
        for each in (one, two):
            await until(each, "far.example", Stance(silenced=True))
        async with ours.work.transaction() as tx:
            await host_blocks.lift(tx, made)
        await limit(ours)
        refused = Stance("host_not_allowed", media_refused=True, reports_refused=True)
        for each in (one, two):
            await until(each, "far.example", refused)
        async with ours.work.transaction() as tx:
            await host_allows.allow(tx, "far.example")
        for each in (one, two):
            await until(each, "far.example", Stance())


async def test_what_is_remembered_is_not_asked_again(ours: Instance, database_url: str) -> None:
    stances = Stances(ours.work)
    async with stances.hearing(database_url):
        async with asyncio.timeout(5):
            while not stances.remembers("far.example"):
                await stances.of("far.example")
        async with ours.work.transaction() as tx:
            await tx.conn.execute("alter table host_blocks disable trigger hosts_changed")
            await host_blocks.block(tx, "far.example", Terms("suspend"))
        assert await stances.of("far.example") == Stance()


async def test_a_process_that_hears_nothing_remembers_nothing(ours: Instance) -> None:
    stances = Stances(ours.work)
    assert await stances.of("far.example") == Stance()
    async with ours.work.transaction() as tx:
        await host_blocks.block(tx, "far.example", Terms("suspend"))
    assert (await stances.of("far.example")).suspended
