"""Calls of a private community: who is sent them, who may answer, and what everybody else is told, which is nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from server.arriving import resolve
from server.domain import sight
from server.domain.calling import (
    calls,
    contacts,
    deleting,
    kinds,
    opened,
    outcomes,
    participations,
)
from server.domain.calling.contacts import Typed
from server.domain.calling.drafting import Wanted
from server.domain.calling.shifts import Shift
from server.domain.groups import communities
from server.domain.members import follows
from server.domain.moderating import group_moderation
from server.domain.posting import drafts, posts
from server.errors import Forbidden
from storage import accounts
from storage.accounts import Account
from storage.calls import Details
from storage.posts import Post
from tests.federation.five import Five, five
from tests.federation.instance import Instance
from tests.federation.members import enter, get, join, private
from tests.federation.peer import PUBLIC, Peer, Person, peer

TITLE = "Strike fund meeting"


def wanted(ours: Instance, kind: str, **more: object) -> Wanted:
    details = Details(None, None, "UTC", goal=10)
    if kinds.KINDS[kind].timed:
        details = replace(details, starts_at=ours.clock.now() + timedelta(days=30))
    if kinds.KINDS[kind].linked:
        details = replace(details, external_url="https://give.example/")
    if kinds.KINDS[kind].places:
        details = replace(details, capacity=1)
    options = ("Mondays", "Fridays") if kind == "decision" else ()
    made = Wanted(TITLE, details, about="#fund money", kind=kind, options=options)
    return replace(made, **more)  # pyright: ignore[reportArgumentType] - fields of it


async def make(ours: Instance, by: Account, group: Account, kind: str, **more: object) -> Post:
    async with ours.work.transaction() as tx:
        made = await calls.create(tx, by, group, wanted(ours, kind, **more))
    await ours.settle()
    return made


async def say(ours: Instance, who: Account, post: Post, said: str | None = None) -> str:
    async with ours.work.transaction() as tx:
        row = await participations.answer(tx, who, post, said, "client")
    await ours.settle()
    return row.state


async def counted(ours: Instance, post: Post) -> int:
    return (await ours.call(post)).counted


def texts(peer_: Peer) -> str:
    return orjson.dumps([r.document for r in peer_.received]).decode()


@pytest.fixture
async def shed(ours: Instance, organiser: Account) -> Account:
    return await private(ours, organiser)


@pytest.fixture
async def member(ours: Instance, shed: Account) -> Account:
    made = await ours.member("member")
    await enter(ours, made, shed)
    return made


@pytest.fixture
async def reader(ours: Instance, microblog: Peer, shed: Account) -> Person:
    """A member on a server like Mastodon."""
    made = microblog.person("reader")
    await join(ours, microblog, made, shed)
    microblog.received.clear()
    return made


@pytest.fixture
async def outside() -> AsyncIterator[Peer]:
    async with peer("mastodon") as made:
        yield made


# --- who is sent it, and who sees it ---


@pytest.mark.parametrize("kind", kinds.KINDS)
async def test_members_are_sent_a_call_of_each_kind_and_nobody_else(
    ours: Instance, organiser: Account, shed: Account, microblog: Peer, reader: Person,
    member: Account, outside: Peer, kind: str,
) -> None:  # fmt: skip
    follower, instance = outside.person("follower"), outside.person("server", "Application")
    for who, target in ((follower, organiser.uri), (instance, f"https://{ours.host}/actor")):
        await outside.send(who, outside.activity(who, "Follow", target), ours.inbox)
    await ours.settle()
    outside.received.clear()
    post = await make(ours, organiser, shed, kind)
    assert post.visibility == "members"
    (create,) = microblog.of_type("Create", "Announce")
    card = create["object"]
    assert card["type"] == "Question"
    assert card["attributedTo"] == shed.uri
    for document in (create, card):
        assert (document["to"], document.get("cc", [])) == ([f"{shed.uri}/followers"], [])
    assert "proof" not in create
    assert PUBLIC not in texts(microblog)
    assert outside.received == []
    async with ours.work.reading() as tx:
        stranger = await accounts.by_id(tx.conn, (await tx.conn.fetchval(
            "select id from accounts where uri = $1", follower.uri)))  # fmt: skip
        for viewer, sees in ((member, True), (organiser, True), (None, False), (stranger, False)):
            assert bool(await sight.visible(tx, [post], viewer)) == sees
    told = await ours.rows("select account_id from notifications where post_id = $1", post.id)
    assert {row["account_id"] for row in told} <= {member.id, organiser.id}
    assert await ours.value("select count(*) from tag_names where name = 'fund'") == 0
    assert reader


async def test_what_becomes_of_it_is_told_to_members_alone(
    ours: Instance, organiser: Account, shed: Account, microblog: Peer, reader: Person,
    outside: Peer, member: Account,
) -> None:  # fmt: skip
    follower = outside.person("follower")
    await outside.send(follower, outside.activity(follower, "Follow", organiser.uri), ours.inbox)
    await ours.settle()
    outside.received.clear()
    post = await make(ours, organiser, shed, "petition")
    await say(ours, member, post, "sign")
    ours.clock.forward(minutes=5)
    await ours.settle()
    async with ours.work.transaction() as tx:
        await calls.edit(tx, organiser, post, state="closed")
    await ours.settle()
    async with ours.work.transaction() as tx:
        await outcomes.note(tx, organiser, post, "We have the money")
    await ours.settle()
    async with ours.work.transaction() as tx:
        await deleting.delete(tx, organiser, post)
    await ours.settle()
    about = microblog.of_type("Update", "Delete")
    assert [d["type"] for d in about].count("Delete") == 1
    assert any("We have the money" in orjson.dumps(d).decode() for d in about)
    for document in about:
        assert (document["to"], document.get("cc", [])) == ([f"{shed.uri}/followers"], [])
    assert PUBLIC not in texts(microblog)
    assert outside.received == []
    assert await ours.value("select count(*) from tombstones where kind is not null") == 0
    assert reader


async def test_what_came_of_it_is_said_in_its_thread_for_members(
    ours: Instance, organiser: Account, shed: Account, member: Account
) -> None:
    post = await make(ours, organiser, shed, "petition")
    async with ours.work.transaction() as tx:
        await calls.edit(tx, organiser, post, state="closed")
        await outcomes.note(tx, organiser, post, "We have the money")
    (said,) = await ours.rows("select * from posts where in_reply_to_id = $1", post.id)
    assert (said["visibility"], said["community_id"]) == ("members", shed.id)
    async with ours.work.reading() as tx:
        row = await sight.post(tx, said["id"], member)
        assert await sight.visible(tx, [row], None) == []


async def test_a_milestone_is_said_to_members_alone(
    ours: Instance, organiser: Account, shed: Account, microblog: Peer, member: Account, outside: Peer
) -> None:  # fmt: skip
    microblog.software = "lemmy"
    await join(ours, microblog, microblog.person("reader"), shed)
    follower, instance = outside.person("follower"), outside.person("server", "Application")
    for who, target in ((follower, organiser.uri), (instance, f"https://{ours.host}/actor")):
        await outside.send(who, outside.activity(who, "Follow", target), ours.inbox)
    await ours.settle()
    outside.received.clear()
    details = Details(None, None, "UTC", goal=1)
    post = await make(ours, organiser, shed, "petition", details=details)
    microblog.received.clear()
    await say(ours, member, post, "sign")
    ours.clock.forward(minutes=5)
    await ours.settle()
    (said,) = await ours.rows("select * from posts where source like '%The goal is reached%'")
    assert (said["visibility"], said["community_id"]) == ("members", shed.id)
    async with ours.work.reading() as tx:
        row = await sight.post(tx, said["id"], member)
        assert await sight.visible(tx, [row], None) == []
    homes = await ours.rows("select account_id from home_entries where subject_id = $1", said["id"])
    assert {home["account_id"] for home in homes} == {member.id, organiser.id}
    announced = microblog.of_type("Announce")
    (embedded,) = (d for d in announced if b"The goal is" in orjson.dumps(d))
    assert (embedded["to"], embedded.get("cc", [])) == ([f"{shed.uri}/followers"], [])
    assert PUBLIC not in texts(microblog)
    assert outside.received == []


@pytest.mark.parametrize("software", ["gancio", "mobilizon", "wordpress"])
async def test_software_that_would_show_it_to_others_is_not_sent_it(
    ours: Instance, organiser: Account, shed: Account, software: str
) -> None:
    async with peer(software) as there:
        who = there.person("member")
        await join(ours, there, who, shed)
        there.received.clear()
        post = await make(ours, organiser, shed, "event")
        assert there.received == []
        assert (await get(there, post.uri, who)).status == 404


async def test_shifts_are_for_members_too(
    ours: Instance, organiser: Account, shed: Account, member: Account
) -> None:
    at = ours.clock.now() + timedelta(days=3)
    post = await make(
        ours, organiser, shed, "volunteer", shifts=(Shift("Soup", at, capacity=1), Shift("Tea", at))
    )
    rows = await ours.rows("select visibility from posts p join calls c on c.post_id = p.id")
    assert [row["visibility"] for row in rows] == ["members"] * 3
    async with ours.work.reading() as tx:
        (first, _) = await tx.conn.fetch(
            "select * from calls where parent_id = $1 order by 1", post.id
        )
        soup = await sight.post(tx, first["post_id"], member)
    stranger = await ours.member("stranger")
    with pytest.raises(Forbidden) as refused:
        await say(ours, stranger, soup)
    assert refused.value.reason == "for_its_members"
    assert await say(ours, member, soup) == "granted"


# --- who answers ---


@pytest.mark.parametrize("kind", kinds.KINDS)
async def test_members_answer_and_nobody_else(
    ours: Instance, organiser: Account, shed: Account, member: Account, kind: str
) -> None:
    post, stranger = await make(ours, organiser, shed, kind), await ours.member("stranger")
    with pytest.raises(Forbidden) as refused:
        await say(ours, stranger, post)
    assert refused.value.reason == "for_its_members"
    assert await say(ours, member, post) == "granted"
    assert await counted(ours, post) == 1


async def test_what_is_opened_is_on_no_wire(
    ours: Instance, organiser: Account, shed: Account, microblog: Peer, reader: Person
) -> None:
    """Members elsewhere see that one more takes part, and neither who, nor by what address."""
    post, stranger = await make(ours, organiser, shed, "event"), await ours.member("passer_by")
    async with ours.work.transaction() as tx:
        await opened.put(tx, organiser, post, "A neighbour")
        url = (await opened.standing(tx, organiser, post)).url
        assert url
        token = url.rpartition("/")[2]
        await opened.answer(tx, stranger, token, "going", None, [])
    ours.clock.forward(minutes=10)
    await ours.settle()
    updates = microblog.of_type("Update")
    assert updates
    assert updates[-1]["object"]["votersCount"] == 1
    for word in (token, "/open/", "A neighbour", "passer_by"):
        assert word not in texts(microblog)


async def test_a_member_votes_on_the_card_and_another_person_there_does_not(
    ours: Instance, organiser: Account, shed: Account, microblog: Peer, reader: Person
) -> None:
    post = await make(ours, organiser, shed, "petition")
    (create,) = microblog.of_type("Create")
    other = microblog.person("other", key=1)
    for who, outcome, people in ((other, "unknown_poll", 0), (reader, "done", 1)):
        vote = microblog.vote(who, create["object"], "Count me")
        await microblog.send(who, vote, ours.inbox)
        await ours.settle()
        assert await ours.outcome(vote["id"]) == outcome
        assert await counted(ours, post) == people


async def test_a_join_of_who_is_no_member_is_refused_as_if_nothing_were_there(
    ours: Instance, organiser: Account, shed: Account, microblog: Peer, reader: Person
) -> None:
    post = await make(ours, organiser, shed, "event")
    other = microblog.person("other", key=1)
    for who, outcome in ((other, "unknown_call"), (reader, "done")):
        asks = microblog.activity(who, "Join", post.uri, to=[organiser.uri])
        await microblog.send(who, asks, ours.inbox)
        await ours.settle()
        assert await ours.outcome(asks["id"]) == outcome
    assert [a["object"]["actor"] for a in microblog.of_type("Accept", "Reject")] == [reader.uri]


async def test_who_has_no_account_is_told_that_only_members_answer(
    ours: Instance, organiser: Account, shed: Account
) -> None:
    post = await make(ours, organiser, shed, "petition")
    site = replace(ours.work.site, mail=True)
    async with ours.work.transaction() as tx:
        with pytest.raises(Forbidden) as refused:
            await contacts.begin(replace(tx, site=site), post, Typed("a@mail.example", "sign"))
    assert refused.value.reason == "for_its_members"
    assert "with an account" in refused.value.sentence
    assert await ours.value("select count(*) from contacts") == 0


async def test_who_leaves_gives_back_their_place_and_sees_no_more(
    ours: Instance, organiser: Account, shed: Account, member: Account
) -> None:
    post, next_ = await make(ours, organiser, shed, "event"), await ours.member("next")
    await enter(ours, next_, shed)
    assert (await say(ours, member, post), await say(ours, next_, post)) == ("granted", "waiting")
    async with ours.work.transaction() as tx:
        await follows.unfollow(tx, member, shed)
    await ours.settle()
    states = await ours.rows("select account_id, state from participations order by id")
    assert {r["state"] for r in states if r["account_id"] == next_.id} == {"granted"}
    assert await counted(ours, post) == 1
    async with ours.work.reading() as tx:
        assert await sight.visible(tx, [post], member) == []
    with pytest.raises(Forbidden):
        await say(ours, member, post)


async def test_a_member_elsewhere_who_is_banned_hears_no_more(
    ours: Instance, organiser: Account, shed: Account, microblog: Peer, reader: Person
) -> None:
    post = await make(ours, organiser, shed, "event")
    (create,) = microblog.of_type("Create")
    vote = microblog.vote(reader, create["object"], kinds.COMING[0].title)
    await microblog.send(reader, vote, ours.inbox)
    await ours.settle()
    assert await counted(ours, post) == 1
    banned = await ours.known(reader.uri)
    assert banned
    async with ours.work.transaction() as tx:
        by = await group_moderation.steward(tx, shed, organiser)
        await group_moderation.ban(tx, by, banned, group_moderation.Ban(reason="loud"))
    await ours.settle()
    microblog.received.clear()
    assert await counted(ours, post) == 0
    ours.clock.forward(hours=1)
    await make(ours, organiser, shed, "petition")
    async with ours.work.transaction() as tx:
        await calls.edit(tx, organiser, post, state="cancelled")
    await ours.settle()
    assert TITLE not in texts(microblog)
    assert (await get(microblog, post.uri, reader)).status == 404


# --- what may be fetched ---

OF_CALL = ("", "/activity", "/replies", "/context", "/attendees", "/organizers", "/page")


@pytest.mark.parametrize("kind", ["event", "decision"])
async def test_strangers_fetch_what_is_not_there_and_members_what_is_theirs(
    ours: Instance, organiser: Account, shed: Account, microblog: Peer, reader: Person, kind: str
) -> None:
    post, other = await make(ours, organiser, shed, kind), microblog.person("other", key=1)
    base = f"https://{ours.host}"
    nothing = await get(microblog, f"{base}/calls/1")
    card = f"{base}/cards/{post.id}"
    for url in [*(post.uri + part for part in OF_CALL), card]:
        for who in (None, other):
            answer = await get(microblog, url, who)
            assert (answer.status, answer.body) == (404, nothing.body), url
            assert answer.headers["Cache-Control"] == "no-store"
    got = await get(microblog, card, reader)
    assert (got.status, got.headers["Cache-Control"]) == (200, "private, no-store")
    assert got.json["to"] == [f"{shed.uri}/followers"]
    sent_on = await get(microblog, post.uri, reader)
    assert (sent_on.status, sent_on.headers["Location"]) == (302, card)
    assert sent_on.headers["Cache-Control"] == "private, no-store"
    for page in (".ics", ".atom", "/poster"):
        assert (await get(microblog, f"{base}/calls/{post.id}{page}", accept="*/*")).status == 404


async def test_once_deleted_nobody_else_is_told_that_it_was_there(
    ours: Instance, organiser: Account, shed: Account, microblog: Peer
) -> None:
    post = await make(ours, organiser, shed, "decision")
    async with ours.work.transaction() as tx:
        await deleting.delete(tx, organiser, post)
    for url in (post.uri, f"{post.uri}/page", f"https://{ours.host}/cards/{post.id}"):
        for accept in ("text/html", "application/activity+json"):
            assert (await get(microblog, url, accept=accept)).status == 404, url


# --- from another server of ours ---


@pytest.fixture
async def both(template_url: str, tmp_path: Path) -> AsyncIterator[Five]:
    async with five(template_url, tmp_path, ["home", "away"]) as made:
        yield made


@pytest.mark.parametrize("kind", ["petition", "event", "decision"])
async def test_a_member_on_another_server_of_ours_answers_by_name(both: Five, kind: str) -> None:
    """Their own server counts nothing apart: the call's knows its members."""
    home, away = (server.here for server in both.servers)
    organiser, neighbour = await home.member("organiser"), await away.member("neighbour")
    stranger = await away.member("stranger")
    group = await private(home, organiser)
    for at, host in ((home, away.host), (away, home.host)):
        await at.value("insert into hosts (host, software) values ($1, 'beckon')"
                       " on conflict (host) do update set software = 'beckon'", host)  # fmt: skip
    followed = await resolve.actor(away.net, group.uri)
    async with away.work.transaction() as tx:
        await follows.follow(tx, neighbour, followed)
    await both.settle()
    asking = await home.known(neighbour.uri)
    assert asking
    async with home.work.transaction() as tx:
        await communities.decide(tx, organiser, group, asking, admitted=True)
    await both.settle()
    async with home.work.transaction() as tx:
        post = await calls.create(tx, organiser, group, wanted(home, kind))
    await both.settle()
    copy = await away.post(post.uri)
    assert copy
    assert (copy.visibility, copy.is_call) == ("members", True)
    async with away.work.reading() as tx:
        assert await sight.visible(tx, [copy], neighbour)
        assert not await sight.visible(tx, [copy], stranger)
        assert not await sight.visible(tx, [copy], None)
    async with away.work.transaction() as tx:
        await participations.answer(tx, neighbour, copy, None, "client")
    await both.settle()
    (joined,) = await home.rows("select * from participations")
    assert (joined["account_id"], joined["state"]) == (asking.id, "granted")
    assert await home.value("select count(*) from tallies") == 0


async def test_a_reply_among_members_answers_it(
    ours: Instance, organiser: Account, shed: Account, member: Account
) -> None:
    post = await make(ours, organiser, shed, "petition")
    async with ours.work.transaction() as tx:
        typed = drafts.Typed("Count me in", in_reply_to=post, visibility="private")
        reply = await posts.publish(tx, member, await drafts.draft(tx, member, typed))
    assert reply
    assert reply.visibility == "members"
    assert await counted(ours, post) == 1
