"""Votes that a group announces without a proof, as Lemmy does: they move the score of its own posts alone."""

from __future__ import annotations

import pytest

from server.arriving import budgets
from server.domain.moderating import host_blocks
from server.domain.posting import dislikes, marks
from storage import budgets as budget_rows
from storage import group_votes
from storage.posts import Post
from tests.federation.instance import Instance
from tests.federation.peer import Json, Peer, Person, peer
from tests.federation.test_group_moderation import (
    Group,
    far,
    in_shed,
    joined,
    lemmy,
    sent,
    shed,
    stored,
)

__all__ = ["far", "lemmy", "shed"]


@pytest.fixture
async def post(ours: Instance, microblog: Peer, shed: Group, far: Person) -> Post:
    return await in_shed(ours, shed, microblog, far)


async def score(ours: Instance, post: Post) -> int:
    """What a client is shown: with the counted votes."""
    now = await stored(ours, post.uri)
    async with ours.work.reading() as tx:
        told = await group_votes.score(tx.conn, post.id)
    return now.favourites_count - now.dislikes_count + told


async def told(ours: Instance, shed: Group, said: Json) -> str:
    return await sent(ours, shed.server, shed.who, shed.announce(said))


async def test_they_move_the_score_and_no_count(
    ours: Instance, microblog: Peer, shed: Group, post: Post
) -> None:
    """Once each, whatever is repeated; the last word of each counts."""
    voters = [microblog.person(f"voter{n}", key=1) for n in range(3)]
    for voter in (*voters, voters[0]):
        assert await told(ours, shed, microblog.activity(voter, "Like", post.uri)) == "done"
    assert await score(ours, post) == 3
    against = microblog.activity(voters[0], "Dislike", post.uri)
    assert await told(ours, shed, against) == "done"
    assert await score(ours, post) == 1
    undo = microblog.activity(voters[0], "Undo", against)
    for _ in range(2):
        assert await told(ours, shed, {**undo, "id": microblog.url("/undo/1")}) == "done"
    assert await score(ours, post) == 2
    now = await stored(ours, post.uri)
    assert (now.favourites_count, now.dislikes_count) == (0, 0)
    assert await ours.value("select count(*) from accounts where username like 'voter%'") == 0
    assert await ours.value("select count(*) from notifications") == 0


async def test_who_votes_by_themselves_is_not_counted_again(
    ours: Instance, microblog: Peer, shed: Group, post: Post
) -> None:
    voter = microblog.person("voter", key=1)
    like = microblog.activity(voter, "Like", post.uri)
    assert await told(ours, shed, like) == "done"
    assert await sent(ours, microblog, voter, microblog.activity(voter, "Like", post.uri)) == "done"
    assert await score(ours, post) == (await stored(ours, post.uri)).favourites_count == 1


async def test_a_group_tells_of_its_own_posts_alone(
    ours: Instance, microblog: Peer, shed: Group, post: Post
) -> None:
    """The worst that a group can do is to boast of what was posted to it."""
    barn = await joined(ours, microblog, "barn", shed.reader, key=1)
    mine = await ours.publish(shed.reader, "hello")
    voter = microblog.person("voter")
    for about in (post, mine):
        said = microblog.activity(voter, "Like", about.uri)
        assert await told(ours, barn, said) == "unproven"
        assert await told(ours, barn, microblog.activity(voter, "Undo", said)) == "unproven"
        assert await score(ours, about) == 0
    nowhere = microblog.activity(voter, "Dislike", microblog.url("/notes/0"))
    assert await told(ours, barn, nowhere) == "unproven"
    assert await ours.value("select count(*) from group_votes") == 0


async def test_nobody_votes_for_us(ours: Instance, shed: Group, post: Post) -> None:
    like = shed.server.activity(shed.who, "Like", post.uri)
    said = {**like, "id": f"{shed.reader.uri}/likes/1", "actor": shed.reader.uri}
    assert await told(ours, shed, said) == "own_activity"
    assert await score(ours, post) == 0
    async with ours.work.transaction() as tx:
        await marks.like(tx, shed.reader, post)
    assert await told(ours, shed, said | {"id": f"{shed.reader.uri}/likes/2"}) == "own_activity"
    async with ours.work.transaction() as tx:
        await dislikes.dislike(tx, shed.reader, post)
    assert await score(ours, post) == -1


async def test_too_many_are_refused(
    ours: Instance, microblog: Peer, shed: Group, post: Post
) -> None:
    await ours.value(
        "insert into group_votes select $1, sha256(n::text::bytea), 1, now()"
        " from generate_series(1, $2) n",
        post.id, group_votes.MOST,
    )  # fmt: skip
    late = microblog.activity(microblog.person("late"), "Like", post.uri)
    assert await told(ours, shed, late) == "too_many_votes"
    assert await score(ours, post) == group_votes.MOST


async def test_what_a_domain_may_tell_has_an_end(
    ours: Instance, microblog: Peer, shed: Group, post: Post
) -> None:
    async with ours.work.transaction() as tx:
        rule = budgets.TOLD_VOTES
        await budgets.take(tx, rule, shed.server.host, count=rule.limit)
        assert await budget_rows.since(tx.conn, budgets.window(rule, tx.now))
    late = microblog.activity(microblog.person("late"), "Like", post.uri)
    assert await told(ours, shed, late) == "waiting"
    assert await score(ours, post) == 0


async def test_a_voter_of_a_host_that_is_kept_out_is_none(
    ours: Instance, shed: Group, post: Post
) -> None:
    async with peer("mastodon") as loud:
        voter = loud.person("voter")
        async with ours.work.transaction() as tx:
            await host_blocks.block(tx, loud.host, host_blocks.Terms("suspend"))
        await ours.settle()
        said = loud.activity(voter, "Like", post.uri)
        assert await told(ours, shed, said) == "host_suspended"
        assert loud.requests == []
    assert await score(ours, post) == 0
