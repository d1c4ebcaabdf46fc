"""Posts: written once, shown to whom they are for, carried by communities, and taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.domain import sight
from server.domain.groups import communities
from server.domain.members import follows
from server.domain.posting import drafts, marks, polls, posts
from server.domain.tx import Arrived
from server.errors import Forbidden, Invalid, NotFound
from storage import accounts, notifications, outbox, timelines
from storage import follows as follow_rows
from storage import posts as post_rows
from storage.accounts import Account
from storage.notifications import Asked
from storage.posts import Post
from storage.timelines import Page
from tests.domain.conftest import World


async def write(world: World, who: Account, text: str, **more: object) -> Post:
    async with world.work.transaction() as tx:
        draft = await drafts.draft(tx, who, drafts.Typed(text, **more))  # type: ignore[arg-type]
        post = await posts.publish(tx, who, draft)
    assert post
    return post


async def home(world: World, who: Account) -> list[Post]:
    async with world.work.reading() as tx:
        ids = await timelines.home(tx.conn, who.id, Page(40), tx.now)
        return await sight.posts_by_ids(tx, ids, who)


async def follow(world: World, who: Account, target: Account) -> None:
    async with world.work.transaction() as tx:
        await follows.follow(tx, who, target)


async def test_a_post_reaches_followers_and_mentioned_people(world: World) -> None:
    baker, reader, other = [await world.person(n) for n in ("baker", "reader", "other")]
    await follow(world, reader, baker)
    post = await write(world, baker, "Bread for @other, #Bread")
    assert [p.id for p in await home(world, reader)] == [post.id]
    assert [p.id for p in await home(world, baker)] == [post.id]
    assert await home(world, other) == []
    async with world.work.reading() as tx:
        told = await notifications.page(tx.conn, other.id, Page(10), Asked(["mention"]))
    assert [(n.from_account_id, n.post_id) for n in told] == [(baker.id, post.id)]
    assert post.tags == ["bread"]
    assert 'class="u-url mention"' in post.content


async def test_a_private_post_is_seen_by_followers_only(world: World) -> None:
    baker, reader, other = [await world.person(n) for n in ("baker", "reader", "other")]
    await follow(world, reader, baker)
    post = await write(world, baker, "Only for you", visibility="private")
    async with world.work.reading() as tx:
        assert (await sight.post(tx, post.id, reader)).id == post.id
        for viewer in (other, None):
            with pytest.raises(NotFound):
                await sight.post(tx, post.id, viewer)
    async with world.work.transaction() as tx:
        await follows.unfollow(tx, reader, baker)
    assert await home(world, reader) == []
    async with world.work.reading() as tx:
        with pytest.raises(NotFound):
            await sight.post(tx, post.id, reader)


async def test_a_community_carries_heads_as_one_boost(world: World) -> None:
    organiser, member = await world.person("organiser"), await world.person("member")
    group = await world.community("river", organiser)
    await follow(world, member, group)
    head = await write(world, organiser, "@river Who has boots?")
    assert head.community_id == group.id
    reply = await write(world, member, "@organiser I do", in_reply_to=head)
    assert reply.community_id == group.id
    assert reply.thread_id == head.id
    shown = await home(world, member)
    assert [p.reblog_of_id for p in shown if p.account_id == group.id] == [head.id]
    async with world.work.reading() as tx:
        assert await timelines.community(tx.conn, group.id, Page(40)) == [head.id]
        fresh = await post_rows.by_id(tx.conn, head.id)
    assert fresh
    assert (fresh.replies_count, fresh.reblogs_count) == (1, 0)


async def test_a_closed_community_takes_posts_from_members_only(world: World) -> None:
    organiser, stranger = await world.person("organiser"), await world.person("stranger")
    group = await world.community("tenants", organiser, "request")
    with pytest.raises(Forbidden) as refused:
        await write(world, stranger, "@tenants hello")
    assert refused.value.reason == "not_a_member"
    await follow(world, stranger, group)
    with pytest.raises(Forbidden):
        await write(world, stranger, "@tenants hello")
    async with world.work.transaction() as tx:
        with pytest.raises(Forbidden):
            await communities.decide(tx, stranger, group, stranger, admitted=True)
        await communities.decide(tx, organiser, group, stranger, admitted=True)
    assert (await write(world, stranger, "@tenants hello")).community_id == group.id


async def test_a_remote_post_is_carried_as_it_came(world: World) -> None:
    organiser = await world.person("organiser")
    group = await world.community("river", organiser)
    author = await world.stranger("author", "b.example")
    lemmy = await world.stranger("member", "lemmy.example")
    microblog = await world.stranger("member", "mastodon.example")
    async with world.work.transaction() as tx:
        for reader, software in ((lemmy, "lemmy"), (microblog, "mastodon")):
            await outbox.describe(tx.conn, reader.host, software, "1", None, tx.now)
            await follows.follow(tx, reader, group, uri=f"{reader.uri}/follow")
        await tx.conn.execute("delete from outbox")
        document = {
            "id": "https://b.example/a/1",
            "type": "Create",
            "object": {"id": "https://b.example/p/1"},
        }
        draft = drafts.Draft(content="<p>Hi</p>", community=group)
        arrived = Arrived("https://b.example/p/1", document)
        assert await posts.publish(tx, author, draft, arrived=arrived)
        assert await posts.publish(tx, author, draft, arrived=arrived) is None
        sent = await world.sent(tx)
    by_inbox = {inbox: a["object"] for a in sent for inbox in a["_inboxes"]}  # type: ignore[union-attr]
    assert by_inbox == {
        "https://lemmy.example/inbox": document,
        "https://mastodon.example/inbox": "https://b.example/p/1",
    }
    assert len(sent) == 2


async def test_history_enters_no_home(world: World) -> None:
    reader = await world.person("reader")
    author = await world.stranger("author", "b.example")
    async with world.work.transaction() as tx:
        await follows.follow(tx, reader, author)
        asked = await follow_rows.between(tx.conn, reader.id, author.id)
        assert asked
        await follow_rows.accept(tx.conn, asked, tx.now)
        old = drafts.Draft(content="<p>Old</p>", published_at=tx.now - timedelta(days=30))
        await posts.publish(tx, author, old, arrived=Arrived("https://b.example/p/1", {}))
    assert await home(world, reader) == []


async def test_what_was_deleted_does_not_come_back(world: World) -> None:
    author = await world.stranger("author", "b.example")
    arrived = Arrived("https://b.example/p/1", {})
    async with world.work.transaction() as tx:
        post = await posts.publish(tx, author, drafts.Draft(content="<p>x</p>"), arrived=arrived)
        assert post
        await posts.delete(tx, author, post, arrived=arrived)
        assert await posts.publish(tx, author, drafts.Draft(), arrived=arrived) is None


async def test_likes_and_boosts_count_once_and_are_taken_back(world: World) -> None:
    baker, reader = await world.person("baker"), await world.person("reader")
    post = await write(world, baker, "Bread")
    async with world.work.transaction() as tx:
        for _ in range(2):
            await marks.like(tx, reader, post)
            await marks.boost(tx, reader, post)
        fresh = await post_rows.by_id(tx.conn, post.id)
        assert fresh
        assert (fresh.favourites_count, fresh.reblogs_count) == (1, 1)
        for _ in range(2):
            await marks.unlike(tx, reader, post)
            await marks.unboost(tx, reader, post)
        fresh = await post_rows.by_id(tx.conn, post.id)
        assert fresh
        assert (fresh.favourites_count, fresh.reblogs_count) == (0, 0)
        told = await notifications.page(tx.conn, baker.id, Page(10), Asked(["favourite", "reblog"]))
        assert told == []


async def test_nobody_changes_what_is_not_theirs(world: World) -> None:
    baker, thief = await world.person("baker"), await world.person("thief")
    post = await write(world, baker, "Bread")
    hidden = await write(world, baker, "Secret", visibility="private")
    async with world.work.transaction() as tx:
        for act in (
            posts.edit(tx, thief, post, drafts.Draft(content="x")),
            posts.delete(tx, thief, post),
            marks.pin(tx, thief, post, added=True),
            marks.boost(tx, thief, hidden),
        ):
            with pytest.raises(Forbidden):
                await act


async def test_a_poll_takes_one_vote_each_until_its_end(world: World) -> None:
    baker, reader = await world.person("baker"), await world.person("reader")
    ends = world.clock.now() + timedelta(hours=1)
    draft = drafts.PollDraft((("Rye", 0), ("Wheat", 0)), ends_at=ends)
    post = await write(world, baker, "Which?", poll=draft)
    async with world.work.transaction() as tx:
        await polls.vote(tx, reader, post, [1])
    for who, choices, reason in (
        (reader, [0], "already_voted"),
        (baker, [0], "own_poll"),
        (reader, [7], "choices"),
        (reader, [0, 1], "choices"),
    ):
        with pytest.raises(Invalid) as refused:
            async with world.work.transaction() as tx:
                await polls.vote(tx, who, post, choices)
        assert refused.value.field == reason
    world.clock.forward(hours=2)
    other = await world.person("other")
    with pytest.raises(Invalid) as refused:
        async with world.work.transaction() as tx:
            await polls.vote(tx, other, post, [0])
    assert refused.value.field == "poll_ended"
    async with world.work.transaction() as tx:
        await polls.close(tx, post.id)
        told = await notifications.page(tx.conn, reader.id, Page(10), Asked(["poll"]))
    assert [n.post_id for n in told] == [post.id]


async def test_who_is_blocked_reaches_nobody(world: World) -> None:
    baker, pest = await world.person("baker"), await world.person("pest")
    post = await write(world, baker, "Bread")
    await follow(world, pest, baker)
    async with world.work.transaction() as tx:
        await follows.block(tx, baker, pest)
        for act in (
            marks.like(tx, pest, post),
            marks.boost(tx, pest, post),
            follows.follow(tx, pest, baker),
        ):
            with pytest.raises(Forbidden) as refused:
                await act
            assert refused.value.reason == "blocked"
        with pytest.raises(NotFound):
            await sight.post(tx, post.id, pest)
        row = await accounts.by_id(tx.conn, baker.id)
    assert row
    assert row.followers_count == 0


async def test_who_had_a_post_by_a_boost_hears_of_its_end(world: World) -> None:
    organiser = await world.person("organiser")
    group = await world.community("river", organiser)
    reader = await world.stranger("reader", "mastodon.example")
    author = await world.stranger("author", "b.example")
    async with world.work.transaction() as tx:
        await follows.follow(tx, reader, group, uri=f"{reader.uri}/follow")
    ours = await write(world, organiser, "@river Who has boots?")
    async with world.work.transaction() as tx:
        arrived = Arrived("https://b.example/p/1", {"id": "https://b.example/a/1"})
        draft = drafts.Draft(content="<p>I do</p>", community=group)
        theirs = await posts.publish(tx, author, draft, arrived=arrived)
        assert theirs
        await tx.conn.execute("delete from outbox")
        await posts.delete(tx, organiser, ours)
        await posts.delete(tx, author, theirs, arrived=arrived)
        sent = [
            a for a in await world.sent(tx) if "https://mastodon.example/inbox" in a["_inboxes"]
        ]  # type: ignore[operator]
    assert [a["type"] for a in sent] == ["Delete", "Undo"]
    undone = sent[1]["object"]
    assert isinstance(undone, dict)
    assert (undone["type"], undone["object"]) == ("Announce", "https://b.example/p/1")
