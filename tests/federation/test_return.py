"""A host that was away for days comes back: the right things, in the right order, none of them twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from server.domain.moderating import host_blocks
from server.domain.moderating.host_blocks import Terms
from server.domain.posting import marks, posts
from server.domain.posting.drafts import Draft
from server.jobs import deliver
from server.jobs.deliver import Flow
from storage import outbox
from storage.accounts import Account
from storage.posts import Post
from tests.federation.instance import Instance
from tests.federation.peer import Json, Peer, Person


@pytest.fixture
async def reader(ours: Instance, microblog: Peer, organiser: Account) -> Person:
    """Somebody of the microblog who follows the organiser."""
    return await follower(ours, microblog, "reader", organiser)


async def follower(ours: Instance, server: Peer, name: str, target: Account) -> Person:
    who = server.person(name)
    await server.send(who, server.activity(who, "Follow", target.uri), ours.inbox)
    await ours.settle()
    assert server.of_type("Accept")
    server.received.clear()
    return who


@pytest.fixture
async def away(ours: Instance, microblog: Peer, reader: Person) -> AsyncIterator[Peer]:
    """The microblog, down, and known to be."""
    microblog.down = True
    yield microblog


async def edit(ours: Instance, author: Account, post: Post, text: str) -> None:
    async with ours.work.transaction() as tx:
        await posts.edit(tx, author, post, Draft(content=f"<p>{text}</p>", source=text))


async def delete(ours: Instance, author: Account, post: Post) -> None:
    async with ours.work.transaction() as tx:
        await posts.delete(tx, author, post)


async def days_pass(ours: Instance, days: int) -> None:
    for _ in range(days):
        ours.clock.forward(days=1, minutes=5)
        await ours.settle()


async def back(ours: Instance, server: Peer) -> list[tuple[str, str]]:
    """What reaches it when it is up again: type, and what about."""
    server.down = False
    ours.clock.forward(days=1, hours=5)
    await ours.settle()
    return [(r.type, about(r.document)) for r in server.received]


async def speak(ours: Instance, server: Peer, who: Person, post: Post) -> None:
    server.now = ours.clock.now()
    like = server.activity(who, "Like", post.uri)
    assert (await server.send(who, like, ours.inbox)).status == 202


def about(document: Json) -> str:
    inner = document["object"]
    return inner if isinstance(inner, str) else inner["id"]


async def test_what_was_superseded_is_not_sent(
    ours: Instance, away: Peer, organiser: Account
) -> None:
    kept = await ours.publish(organiser, "first")
    gone = await ours.publish(organiser, "a mistake")
    await ours.settle()
    for day in range(4):
        await edit(ours, organiser, kept, f"version {day}")
        await edit(ours, organiser, gone, f"mistake {day}")
        await days_pass(ours, 1)
    await delete(ours, organiser, gone)
    assert await back(ours, away) == [
        ("Create", kept.uri),
        ("Update", kept.uri),
        ("Delete", gone.uri),
    ]
    assert "version 3" in away.of_type("Update")[0]["object"]["content"]
    assert await ours.value("select count(*) from deliveries") == 0


async def test_what_was_undone_meanwhile_is_not_sent(
    ours: Instance, away: Peer, reader: Person, organiser: Account
) -> None:
    first = await ours.publish(organiser, "away")
    await ours.settle()
    note = away.note(reader, "<p>nice</p>", [organiser.uri])
    await away.send(reader, away.create(reader, note), ours.inbox)
    away.down = False
    await ours.apply()
    away.down = True
    theirs = await ours.post(note["id"])
    assert theirs
    async with ours.work.transaction() as tx:
        await marks.like(tx, organiser, theirs)
    async with ours.work.transaction() as tx:
        await marks.unlike(tx, organiser, theirs)
    async with ours.work.transaction() as tx:
        await marks.like(tx, organiser, theirs)
    sent = await back(ours, away)
    assert ("Create", first.uri) in sent
    assert [kind for kind, _ in sent if kind in ("Like", "Undo")] == ["Like"]


async def test_an_undo_of_what_may_have_arrived_is_sent(
    ours: Instance, away: Peer, reader: Person, organiser: Account
) -> None:
    """It was sent once, and nobody knows whether the other side had read it when the line broke."""
    boosted = await ours.publish(organiser, "to be boosted")
    async with ours.work.transaction() as tx:
        await marks.boost(tx, organiser, boosted)
    await ours.settle()
    await days_pass(ours, 1)
    async with ours.work.reading() as tx:
        await tx.conn.execute("update deliveries set attempts = 1")
    async with ours.work.transaction() as tx:
        await marks.unboost(tx, organiser, boosted)
    sent = await back(ours, away)
    assert [kind for kind, _ in sent] == ["Create", "Undo"]


async def test_one_thing_is_told_in_its_order(
    ours: Instance, away: Peer, organiser: Account
) -> None:
    made = [await ours.publish(organiser, f"post {n}") for n in range(10)]
    await ours.settle()
    for post in made:
        await edit(ours, organiser, post, "changed")
    sent = await back(ours, away)
    assert len(sent) == len(set(sent)) == 20
    for post in made:
        assert [kind for kind, uri in sent if uri == post.uri] == ["Create", "Update"]


async def test_a_host_that_speaks_is_tried_at_once(
    ours: Instance, away: Peer, reader: Person, organiser: Account
) -> None:
    post = await ours.publish(organiser, "hello")
    await ours.settle()
    await days_pass(ours, 3)
    away.down = False
    await ours.settle()
    assert away.of_type("Create") == [], "it is not its time yet"
    ours.clock.forward(minutes=30)
    await speak(ours, away, reader, post)
    await ours.settle()
    assert [d["object"]["id"] for d in away.of_type("Create")] == [post.uri]


async def test_a_host_that_speaks_and_takes_nothing_is_not_tried_with_every_word(
    ours: Instance, away: Peer, reader: Person, organiser: Account
) -> None:
    post = await ours.publish(organiser, "hello")
    await ours.settle()
    await days_pass(ours, 1)
    ours.clock.forward(minutes=11)
    away.status, away.down = 500, False
    tries: list[int] = []
    for _ in range(4):
        await speak(ours, away, reader, post)
        await ours.settle()
        tries.append(sum(method == "POST" for method, _ in away.requests))
    assert tries[1] == tries[-1]


async def test_a_host_that_was_given_up_hears_what_is_new(
    ours: Instance, away: Peer, reader: Person, organiser: Account
) -> None:
    """What waited for it is dropped, its followers are kept."""
    old = await ours.publish(organiser, "old")
    await ours.settle()
    await days_pass(ours, 16)
    assert await ours.value("select count(*) from deliveries") == 0
    assert await ours.value("select given_up_at is not null from hosts where host = $1", away.host)
    away.down = False
    await speak(ours, away, reader, old)
    new = await ours.publish(organiser, "new")
    await ours.settle()
    assert [about(d) for d in away.of_type("Create")] == [new.uri]
    state = await ours.rows("select failures, given_up_at from hosts where host = $1", away.host)
    assert state == [{"failures": 0, "given_up_at": None}]


# At a rate that it can bear


async def test_a_host_that_comes_back_is_sent_one_then_two_then_four() -> None:
    flow, under_way, most = Flow(1), 0, list[int]()

    async def send() -> None:
        nonlocal under_way
        async with flow.place():
            under_way += 1
            most.append(under_way)
            for _ in range(5):
                await asyncio.sleep(0)
            under_way -= 1
            flow.widen()

    await asyncio.gather(*(send() for _ in range(12)))
    assert most[0] == 1
    assert max(most[:3]) == 2
    assert max(most) == deliver.PARALLEL


async def test_a_pause_that_a_host_asks_for_is_kept(
    ours: Instance, microblog: Peer, reader: Person, organiser: Account
) -> None:
    for number in range(12):
        await ours.publish(organiser, f"post {number}")
    taken = 0

    async def two_and_no_more(request: web.Request) -> web.StreamResponse | None:
        nonlocal taken
        taken += 1
        headers = {"Retry-After": "7200"}
        return None if taken <= 2 else web.Response(status=429, headers=headers)

    microblog.answers = two_and_no_more
    await ours.settle()
    assert len(microblog.received) <= 2
    asked = taken
    assert asked <= 2 + deliver.PARALLEL
    ours.clock.forward(hours=1, minutes=55)
    await ours.settle()
    assert taken == asked
    microblog.answers = None
    ours.clock.forward(minutes=30)
    await ours.settle()
    assert len(microblog.of_type("Create")) == 12
    assert len({r.document["id"] for r in microblog.received}) == 12


# Inboxes that are not there any more


async def test_an_inbox_that_moved(
    ours: Instance, microblog: Peer, reader: Person, organiser: Account
) -> None:
    document = reader.document()
    document["endpoints"] = {"sharedInbox": microblog.url("/new/inbox")}
    microblog.serve(document)
    microblog.absent = {"/inbox": 404}
    post = await ours.publish(organiser, "hello")
    await ours.settle()
    ours.clock.forward(minutes=7)
    await ours.settle()
    assert [about(d) for d in microblog.of_type("Create")] == [post.uri]
    known = await ours.known(reader.uri)
    assert known
    assert known.shared_inbox == microblog.url("/new/inbox")


@pytest.mark.parametrize("status", [404, 410])
async def test_who_is_gone_for_good_follows_nobody(
    ours: Instance, microblog: Peer, reader: Person, organiser: Account, status: int
) -> None:
    del microblog.documents["/users/reader"]
    microblog.absent = {"/inbox": status}
    await ours.publish(organiser, "hello")
    await ours.settle()
    ours.clock.forward(days=1)
    await ours.settle()
    assert await ours.value("select count(*) from follows") == (0 if status == 410 else 1)
    assert await ours.value("select count(*) from deliveries") == 0


async def test_an_inbox_that_errs_loses_nobody(
    ours: Instance, microblog: Peer, reader: Person, organiser: Account
) -> None:
    """The actor is still there: what the inbox does not want is dropped, and nothing else."""
    microblog.absent = {"/inbox": 410}
    await ours.publish(organiser, "hello")
    await ours.settle()
    ours.clock.forward(days=1)
    await ours.settle()
    assert await ours.value("select count(*) from follows") == 1
    assert await ours.value("select count(*) from deliveries") == 0


async def test_a_proxy_that_says_gone_of_everything_loses_nobody(
    ours: Instance, microblog: Peer, reader: Person, organiser: Account
) -> None:
    del microblog.documents["/users/reader"]
    microblog.absent, microblog.software = {"/inbox": 410}, None
    await ours.publish(organiser, "hello")
    await ours.settle()
    ours.clock.forward(days=1)
    await ours.settle()
    assert await ours.value("select count(*) from follows") == 1


async def test_what_one_inbox_never_takes_is_dropped_at_last(
    ours: Instance, microblog: Peer, reader: Person, organiser: Account
) -> None:
    """Its host takes all else, so it is not the host that is given up."""
    refused = await ours.publish(organiser, "never")

    async def answers(request: web.Request) -> web.Response | None:
        return web.Response(status=500) if b"never" in await request.read() else None

    microblog.answers = answers
    seen: list[int] = []
    for day in range(20):
        await ours.publish(organiser, f"day {day}")
        await days_pass(ours, 1)
        seen.append(await ours.value("select count(*) from deliveries"))
    assert seen[0] == 1
    assert all(seen[:13])
    assert seen[-1] == 0
    assert refused.uri not in {about(document) for document in microblog.of_type("Create")}
    assert len(microblog.of_type("Create")) == 20


async def test_a_host_that_was_shut_out_while_a_worker_holds_its_lane_gets_nothing(
    ours: Instance, microblog: Peer, reader: Person, organiser: Account
) -> None:
    await ours.publish(organiser, "hello")
    (lane,) = await deliver.claim(ours.net, 1)
    async with ours.work.transaction() as tx:
        await host_blocks.block(tx, microblog.host, Terms("suspend"))
    await deliver.run(ours.net, lane)
    assert microblog.received == []
    await ours.settle()
    assert await ours.value("select count(*) from deliveries") == 0


# What is remembered of hosts


async def test_hosts_of_nobody_are_forgotten(
    ours: Instance, microblog: Peer, reader: Person
) -> None:
    async with ours.work.transaction() as tx:
        await outbox.meet(tx.conn, [f"n{n}.troll.example" for n in range(5)])
    ours.clock.forward(days=100)
    await ours.settle()
    async with ours.work.transaction() as tx:
        hosts = await tx.conn.fetch("select host from hosts")
        await outbox.forget_hosts(tx.conn, tx.now)
        left = await tx.conn.fetch("select host from hosts")
    assert len(hosts) == 6
    assert [row["host"] for row in left] == [microblog.host]
