"""What arrives for a community of ours and waits there, in the shape of Lemmy's, over signed HTTP."""

from __future__ import annotations

import pytest

from server.domain.moderating import group_moderation, held_posts, hold_rules
from server.domain.moderating.group_moderation import Steward
from server.domain.moderating.hold_rules import Wanted
from server.domain.tx import Tx
from storage.accounts import Account
from tests.federation.instance import Instance
from tests.federation.members import get
from tests.federation.peer import Json, Peer, Person
from tests.federation.test_group_moderation import (
    announced,
    comment,
    follow,
    lemmy,
    member,
    page,
    seen,
    sent,
    stored,
)

__all__ = ["lemmy", "member"]


async def steward(tx: Tx, garden: Account, organiser: Account) -> Steward:
    return await group_moderation.steward(tx, garden, organiser)


@pytest.fixture
async def guarded(ours: Instance, organiser: Account, garden: Account) -> Account:
    """The garden, which looks at whatever says seeds."""
    async with ours.work.transaction() as tx:
        wanted = Wanted("word", "seeds to share")
        await hold_rules.add(tx, garden, organiser, "organiser", wanted)
    return garden


async def creates(server: Peer) -> list[str]:
    return [document["object"]["id"] for document in announced(server, "Create")]


async def arrives(ours: Instance, server: Peer, by: Person, document: Json) -> None:
    assert await sent(ours, server, by, server.create(by, document)) == "done"


async def test_a_post_from_elsewhere_waits_and_is_passed_on_as_it_came(
    ours: Instance,
    lemmy: Peer,
    microblog: Peer,
    organiser: Account,
    guarded: Account,
    member: Person,
) -> None:
    reader = microblog.person("reader")
    await follow(ours, microblog, reader, guarded)
    document = page(lemmy, member, guarded.uri)
    create = lemmy.create(member, document)
    assert await sent(ours, lemmy, member, create) == "done"
    post = await stored(ours, document["id"])
    assert post.held
    assert await creates(lemmy) == []
    assert microblog.of_type("Announce") == []
    assert not await seen(ours, post, organiser)
    assert not await seen(ours, post, None)
    counts = "select posts_count from accounts where uri = $1"
    assert await ours.value(counts, member.uri) == 0
    async with ours.work.transaction() as tx:
        await held_posts.let_through(tx, await steward(tx, guarded, organiser), post.id)
    await ours.settle()
    (carried,) = announced(lemmy, "Create")
    assert carried == create
    assert [d["object"] for d in microblog.of_type("Announce")] == [post.uri]
    assert await seen(ours, await stored(ours, post.uri), None)
    assert await ours.value(counts, member.uri) == 1


async def test_a_comment_waits_and_nothing_answers_it(
    ours: Instance, lemmy: Peer, organiser: Account, garden: Account, member: Person
) -> None:
    head = await ours.publish(organiser, "Hello", title="Hello", community=garden)
    async with ours.work.transaction() as tx:
        wanted = Wanted("newcomer", amount=1)
        await hold_rules.add(tx, garden, organiser, "organiser", wanted)
    first = comment(lemmy, member, garden.uri, head.uri)
    await arrives(ours, lemmy, member, first)
    assert (await stored(ours, first["id"])).held
    assert (await stored(ours, head.uri)).replies_count == 0
    second = comment(lemmy, member, garden.uri, first["id"])
    outcome = await sent(ours, lemmy, member, lemmy.create(member, second))
    assert "removed" in outcome or "refused" in outcome
    assert await ours.post(second["id"]) is None


async def test_its_last_change_follows_it(
    ours: Instance, lemmy: Peer, organiser: Account, guarded: Account, member: Person
) -> None:
    document = page(lemmy, member, guarded.uri)
    await arrives(ours, lemmy, member, document)
    later = lemmy.serve({**document, "content": "<p>Bulbs</p>", "updated": "2026-11-22T11:00:00Z"})
    update = lemmy.activity(member, "Update", later, to=document["to"], cc=[guarded.uri])
    assert await sent(ours, lemmy, member, update) == "done"
    assert announced(lemmy, "Update") == []
    post = await stored(ours, document["id"])
    assert "Bulbs" in post.content
    async with ours.work.transaction() as tx:
        await held_posts.let_through(tx, await steward(tx, guarded, organiser), post.id)
    await ours.settle()
    assert await creates(lemmy) == [post.uri]
    assert [d["id"] for d in announced(lemmy, "Update")] == [update["id"]]


async def test_a_refusal_is_told_to_its_server_alone(
    ours: Instance,
    lemmy: Peer,
    microblog: Peer,
    organiser: Account,
    guarded: Account,
    member: Person,
) -> None:
    reader = microblog.person("reader")
    await follow(ours, microblog, reader, guarded)
    document = page(lemmy, member, guarded.uri)
    await arrives(ours, lemmy, member, document)
    post = await stored(ours, document["id"])
    async with ours.work.transaction() as tx:
        by = await steward(tx, guarded, organiser)
        await held_posts.refuse(tx, by, post.id, "Not here")
    await ours.settle()
    (gone,) = announced(lemmy, "Delete")
    assert (gone["object"], gone["summary"]) == (post.uri, "Not here")
    assert microblog.of_type("Announce") == []
    assert not await seen(ours, post, organiser)


async def test_its_author_takes_it_back_unheard(
    ours: Instance, lemmy: Peer, guarded: Account, member: Person
) -> None:
    document = page(lemmy, member, guarded.uri)
    await arrives(ours, lemmy, member, document)
    gone = lemmy.activity(member, "Delete", document["id"], cc=[guarded.uri])
    assert await sent(ours, lemmy, member, gone) == "done"
    assert await ours.post(document["id"]) is None
    assert await ours.value("select count(*) from held_posts") == 0
    assert announced(lemmy, "Delete") == []


async def test_a_change_that_would_be_caught_is_not_taken(
    ours: Instance, lemmy: Peer, guarded: Account, member: Person
) -> None:
    document = page(lemmy, member, guarded.uri, content="<p>Bulbs</p>")
    await arrives(ours, lemmy, member, document)
    said = {"content": "<p>Seeds to share</p>", "updated": "2026-11-22T11:00:00Z"}
    later = lemmy.serve({**document, **said})
    update = lemmy.activity(member, "Update", later, to=document["to"], cc=[guarded.uri])
    assert "edit_caught" in await sent(ours, lemmy, member, update)
    assert announced(lemmy, "Update") == []
    assert "Bulbs" in (await stored(ours, document["id"])).content


async def test_slow_mode_holds_what_comes_too_soon(
    ours: Instance, lemmy: Peer, organiser: Account, garden: Account, member: Person
) -> None:
    async with ours.work.transaction() as tx:
        await hold_rules.slow(tx, garden, organiser, "organiser", 3600)
    for _ in range(2):
        await arrives(ours, lemmy, member, page(lemmy, member, garden.uri))
    assert len(await creates(lemmy)) == 1
    assert await ours.value("select reason from held_posts") == "slow_mode"
    ours.clock.forward(hours=1)
    await arrives(ours, lemmy, member, page(lemmy, member, garden.uri))
    assert len(await creates(lemmy)) == 2


async def test_more_than_a_few_of_one_author_are_refused_by_name(
    ours: Instance, lemmy: Peer, guarded: Account, member: Person
) -> None:
    for _ in range(hold_rules.MAX_OF_AUTHOR):
        await arrives(ours, lemmy, member, page(lemmy, member, guarded.uri))
    more = lemmy.create(member, page(lemmy, member, guarded.uri))
    assert "too_many_held" in await sent(ours, lemmy, member, more)


async def test_a_held_post_of_ours_is_nowhere_to_be_fetched(
    ours: Instance, lemmy: Peer, organiser: Account, guarded: Account
) -> None:
    author = await ours.member("author")
    post = await ours.publish(author, "Seeds to share", title="Seeds", community=guarded)
    await ours.settle()
    assert (await get(lemmy, post.uri, lemmy.person("asker"))).status == 404
    for collection in (f"{author.uri}/outbox?page=true", f"{guarded.uri}/outbox"):
        assert post.uri.encode() not in (await get(lemmy, collection)).body
    outbox = (await get(lemmy, f"{author.uri}/outbox")).json
    assert outbox["totalItems"] == 0
    assert await creates(lemmy) == []
    async with ours.work.transaction() as tx:
        await held_posts.let_through(tx, await steward(tx, guarded, organiser), post.id)
    assert (await get(lemmy, post.uri)).status == 200
