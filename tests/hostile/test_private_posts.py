"""Who was told the id of a post for few people can do nothing with it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from server.domain.members import follows
from server.domain.posting.drafts import PollDraft
from storage.accounts import Account
from storage.posts import Post
from tests.federation.acting import follows_us, outcome
from tests.federation.instance import Instance
from tests.federation.peer import Json, Peer, Person


async def touched(ours: Instance) -> list[dict[str, Any]]:
    """What an act on a post leaves behind."""
    return [
        *await ours.rows("select id from posts order by id"),
        *await ours.rows("select post_id from favourites"),
        *await ours.rows("select post_id from poll_votes"),
        *await ours.rows("select id from notifications where type <> 'follow'"),
    ]


async def poll(ours: Instance, author: Account, visibility: str) -> Post:
    ends = ours.clock.now() + timedelta(days=1)
    asked = PollDraft((("Yes", 0), ("No", 0)), ends_at=ends)
    return await ours.publish(author, "Shall we?", visibility=visibility, poll=asked)


def _like(peer: Peer, by: Person, post: Post) -> Json:
    return peer.activity(by, "Like", post.uri)


def _react(peer: Peer, by: Person, post: Post) -> Json:
    return peer.activity(by, "EmojiReact", post.uri, content="🌱")


def _boost(peer: Peer, by: Person, post: Post) -> Json:
    return peer.activity(by, "Announce", post.uri)


def _reply(peer: Peer, by: Person, post: Post) -> Json:
    author = post.uri.partition("/posts/")[0]
    return peer.create(by, peer.note(by, "<p>I read this</p>", [author], inReplyTo=post.uri))


def _vote(peer: Peer, by: Person, post: Post) -> Json:
    return peer.vote(by, {"id": post.uri, "attributedTo": post.uri}, "Yes")


def _poll_vote(peer: Peer, by: Person, post: Post) -> Json:
    return peer.activity(by, "PollVote", post.uri, choice_text="Yes")


AS_IF_ABSENT = frozenset({"unknown_object", "unknown_poll", "nobody_asked"})
ACTS = (_like, _react, _boost, _reply, _vote, _poll_vote)


@pytest.mark.parametrize("visibility", ["private", "direct"])
@pytest.mark.parametrize("act", ACTS)
async def test_a_stranger_cannot_touch_what_was_not_for_them(
    ours: Instance, attacker: Peer, organiser: Account, visibility: str, act: Any
) -> None:
    post = await poll(ours, organiser, visibility)
    thief = attacker.person("thief")
    before = await touched(ours)
    assert await outcome(ours, attacker, thief, act(attacker, thief, post)) in AS_IF_ABSENT
    assert await touched(ours) == before


@pytest.mark.parametrize("act", [_like, _react, _reply, _vote])
async def test_who_follows_may_until_they_are_removed(
    ours: Instance, microblog: Peer, organiser: Account, act: Any
) -> None:
    reader = microblog.person("reader")
    account = await follows_us(ours, microblog, reader, organiser)
    post = await poll(ours, organiser, "private")
    assert await outcome(ours, microblog, reader, act(microblog, reader, post)) == "done"
    async with ours.work.transaction() as tx:
        await follows.remove_follower(tx, organiser, account)
    later = await poll(ours, organiser, "private")
    assert await outcome(ours, microblog, reader, act(microblog, reader, later)) in AS_IF_ABSENT


async def test_who_is_named_may_answer(ours: Instance, microblog: Peer, organiser: Account) -> None:
    reader = microblog.person("reader")
    assert (
        await outcome(ours, microblog, reader, microblog.activity(reader, "Follow", organiser.uri))
        == "done"
    )
    text = f"@reader@{microblog.host} Can you lend me a spade?"
    post = await ours.publish(organiser, text, visibility="direct")
    assert await outcome(ours, microblog, reader, _reply(microblog, reader, post)) == "done"


async def test_a_follower_cannot_spread_what_is_for_followers(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    reader = microblog.person("reader")
    await follows_us(ours, microblog, reader, organiser)
    post = await ours.publish(organiser, "For friends", visibility="private")
    before = await touched(ours)
    assert await outcome(ours, microblog, reader, _boost(microblog, reader, post)) == "not_public"
    assert await touched(ours) == before
