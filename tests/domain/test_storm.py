"""Many people at once, on the same few things: whatever order they meet in, the data stays sound."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeAlias

import pytest

from server.domain import calls, follows, polls, posts
from server.domain.posts import Draft, PollDraft, Typed
from server.domain.tx import Tx
from server.errors import BeckonError
from storage import accounts as account_rows
from storage import calls as call_rows
from storage import follows as follow_rows
from storage import posts as post_rows
from storage.accounts import Account
from storage.calls import Details
from storage.posts import Post
from tests.domain.conftest import World

TASKS = 8
STEPS = 250


@dataclass
class Storm:
    """What everybody fights over. ``people`` are ours and of other servers."""

    world: World
    people: list[Account]
    community: Account
    posts: list[int] = field(default_factory=list[int])

    async def post(self, tx: Tx, dice: random.Random) -> Post | None:
        return await post_rows.by_id(tx.conn, dice.choice(self.posts))


Deed: TypeAlias = Callable[[Storm, Tx, Account, random.Random], Awaitable[None]]


async def _draft(tx: Tx, author: Account, typed: Typed) -> Draft:
    return await posts.draft(tx, author, typed)


async def _say(storm: Storm, tx: Tx, me: Account, dice: random.Random) -> None:
    poll = PollDraft((("a", 0), ("b", 0)), ends_at=tx.now + timedelta(days=1))
    typed = Typed(
        "Tea",
        poll=poll if dice.random() < 0.3 else None,
        community=storm.community if dice.random() < 0.5 else None,
    )
    made = await posts.publish(tx, me, await _draft(tx, me, typed))
    assert made
    storm.posts[dice.randrange(len(storm.posts))] = made.id


async def _reply(storm: Storm, tx: Tx, me: Account, dice: random.Random) -> None:
    parent = await storm.post(tx, dice)
    if parent and parent.reblog_of_id is None:
        other = dice.choice(storm.people)
        typed = Typed(f"@{other.username} yes", in_reply_to=parent)
        made = await posts.publish(tx, me, await _draft(tx, me, typed))
        assert made
        storm.posts[dice.randrange(len(storm.posts))] = made.id


async def _edit(storm: Storm, tx: Tx, me: Account, dice: random.Random) -> None:
    post = await storm.post(tx, dice)
    if post and post.kind != "event":
        await posts.edit(tx, me, post, await _draft(tx, me, Typed(f"Tea {dice.random()}")))


async def _delete(storm: Storm, tx: Tx, me: Account, dice: random.Random) -> None:
    post = await storm.post(tx, dice)
    if post and post.kind != "event":
        author = await account_rows.by_id(tx.conn, post.account_id)
        assert author
        await posts.delete(tx, author, post)


def _to_post(verb: Callable[[Tx, Account, Post], Awaitable[object]]) -> Deed:
    async def deed(storm: Storm, tx: Tx, me: Account, dice: random.Random) -> None:
        post = await storm.post(tx, dice)
        if post:
            await verb(tx, me, post)

    return deed


def _to_account(verb: Callable[[Tx, Account, Account], Awaitable[object]]) -> Deed:
    async def deed(storm: Storm, tx: Tx, me: Account, dice: random.Random) -> None:
        await verb(tx, me, dice.choice([*storm.people, storm.community]))

    return deed


async def _decide(storm: Storm, tx: Tx, me: Account, dice: random.Random) -> None:
    asking = dice.choice(storm.people)
    request = await follow_rows.between(tx.conn, asking.id, me.id)
    if request:
        await (follows.accept if dice.random() < 0.7 else follows.reject)(tx, me, request, asking)


async def _vote(storm: Storm, tx: Tx, me: Account, dice: random.Random) -> None:
    post = await storm.post(tx, dice)
    if post and post.kind in ("question", "event"):
        await polls.vote(tx, me, post, [dice.randrange(2)])


async def _answer(storm: Storm, tx: Tx, me: Account, dice: random.Random) -> None:
    post = await storm.post(tx, dice)
    if post and await call_rows.by_id(tx.conn, post.id):
        await calls.answer(tx, me, post, dice.choice(calls.ANSWERS), "join")


async def _withdraw(storm: Storm, tx: Tx, me: Account, dice: random.Random) -> None:
    post = await storm.post(tx, dice)
    if post and post.kind == "event":
        await calls.withdraw(tx, me, post)


async def _pin(tx: Tx, actor: Account, post: Post) -> None:
    await posts.pin(tx, actor, post, added=True)


async def _unpin(tx: Tx, actor: Account, post: Post) -> None:
    await posts.pin(tx, actor, post, added=False)


DEEDS: tuple[Deed, ...] = (
    _say,
    _reply,
    _reply,
    _edit,
    _delete,
    _to_post(posts.boost),
    _to_post(posts.unboost),
    _to_post(posts.like),
    _to_post(posts.unlike),
    _to_post(_pin),
    _to_post(_unpin),
    _to_account(follows.follow),
    _to_account(follows.follow),
    _to_account(follows.unfollow),
    _to_account(follows.block),
    _to_account(follows.unblock),
    _decide,
    _vote,
    _answer,
    _answer,
    _withdraw,
)


async def _gather(world: World) -> Storm:
    people = [await world.person(name) for name in ("gardener", "baker", "organiser")]
    people.append(await world.person("keeper"))
    async with world.work.transaction() as tx:
        await tx.conn.execute("update accounts set locked = true where username = 'keeper'")
        people[-1] = await account_rows.by_id(tx.conn, people[-1].id) or people[-1]
    people += [await world.stranger(name, f"{name}.example") for name in ("guest", "walker")]
    community = await world.community("garden", people[2])
    storm = Storm(world, people, community)
    async with world.work.transaction() as tx:
        for _ in range(4):
            starts = tx.now + timedelta(days=3)
            details = Details(starts, None, "Europe/Rome", capacity=2)
            wanted = calls.Wanted("Digging", details)
            storm.posts.append((await calls.create(tx, people[2], community, wanted)).id)
        for _ in range(6):
            made = await posts.publish(tx, people[0], await _draft(tx, people[0], Typed("Tea")))
            assert made
            storm.posts.append(made.id)
    return storm


async def _rage(storm: Storm, dice: random.Random) -> None:
    for _ in range(STEPS):
        deed, me = dice.choice(DEEDS), dice.choice(storm.people)
        with suppress(BeckonError):
            async with storm.world.work.transaction() as tx:
                await deed(storm, tx, me, dice)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_storm_leaves_the_data_sound(world: World, seed: int) -> None:
    storm = await _gather(world)
    raging = [_rage(storm, random.Random(seed * 100 + n)) for n in range(TASKS)]
    found = await asyncio.gather(*raging, return_exceptions=True)
    assert [error for error in found if error] == []
