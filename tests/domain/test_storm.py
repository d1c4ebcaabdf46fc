"""Many people at once, on the same few things: whatever order they meet in, the data stays sound."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TypeAlias

import pytest

from server.decoding.made import File, Made
from server.domain import notifications
from server.domain.calling import calls, drafting, participations
from server.domain.groups import communities
from server.domain.members import accounts as account_verbs
from server.domain.members import farewell, follows, lists, moves, mutes, people, users
from server.domain.moderating import (
    announcements,
    domain_blocks,
    filters,
    group_moderation,
    reports,
)
from server.domain.posting import dislikes, drafts, marks, media, polls, posts, quotes, scheduled
from server.domain.posting.composing import Wanted
from server.domain.posting.drafts import Draft, PollDraft, Typed
from server.domain.tx import Tx
from server.errors import BeckonError
from storage import accounts as account_rows
from storage import announcements as announcement_rows
from storage import calls as call_rows
from storage import conversations as conversation_rows
from storage import follows as follow_rows
from storage import lists as list_rows
from storage import media as media_rows
from storage import moves as move_rows
from storage import notification_requests as request_rows
from storage import posts as post_rows
from storage import quotes as quote_rows
from storage.accounts import Account
from storage.calls import Details
from storage.db import Deadlock, ForeignKeyViolation
from storage.posts import Post
from storage.timelines import Page
from tests.domain.conftest import World

TASKS = 8
TOUCHED = (
    "select from reports",
    "select from media",
    "select from filters",
    "select from lists",
    "select from tombstones",
    "select from jobs where kind = 'publish_scheduled'",
    "select from posts where visibility = 'members'",
    "select from moderation_log",
)
"""Rows that no later deed takes away: without them the storm went past what it should try. Deeds that come to
pass a few times only, such as a ban or a move, are not asked for: by chance they may not."""
STEPS = 250


@dataclass
class Storm:
    """What everybody fights over. ``people`` are ours and of other servers."""

    world: World
    people: list[Account]
    community: Account
    shed: Account
    """A private community."""
    posts: list[int] = field(default_factory=list[int])
    steered: list[int] = field(default_factory=list[int])
    """Posts of the two communities."""
    guests: list[Account] = field(default_factory=list[Account])
    """Of other servers, who will be forgotten one after the other."""
    plans: list[int] = field(default_factory=list[int])
    crossed: list[str] = field(default_factory=list[str])
    """Two who waited for each other: rare, or the order in which verbs lock is wrong."""

    async def post(self, tx: Tx, dice: random.Random) -> Post | None:
        return await post_rows.by_id(tx.conn, dice.choice(self.posts))


Deed: TypeAlias = Callable[[Storm, Tx, Account, random.Random], Awaitable[None]]


async def _draft(tx: Tx, author: Account, typed: Typed) -> Draft:
    return await drafts.draft(tx, author, typed)


async def _say(storm: Storm, tx: Tx, me: Account, dice: random.Random) -> None:
    poll = PollDraft((("a", 0), ("b", 0)), ends_at=tx.now + timedelta(days=1))
    typed = Typed(
        "Tea",
        poll=poll if dice.random() < 0.3 else None,
        community=dice.choice((storm.community, storm.shed, None, None)),
    )
    made = await posts.publish(tx, me, await _draft(tx, me, typed))
    assert made
    storm.posts[dice.randrange(len(storm.posts))] = made.id
    if made.community_id:
        storm.steered[dice.randrange(len(storm.steered))] = made.id


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
        await verb(tx, me, dice.choice([*storm.people, storm.community, storm.shed]))

    return deed


async def _decide(storm: Storm, tx: Tx, me: Account, dice: random.Random) -> None:
    asking, asked = dice.choice(storm.people), dice.choice((me, storm.shed))
    request = await follow_rows.between(tx.conn, asking.id, asked.id)
    if request:
        answer = follows.accept if dice.random() < 0.7 else follows.reject
        await answer(tx, asked, request, asking)


async def _vote(storm: Storm, tx: Tx, me: Account, dice: random.Random) -> None:
    post = await storm.post(tx, dice)
    if post and post.kind in ("question", "event"):
        await polls.vote(tx, me, post, [dice.randrange(2)])


async def _answer(storm: Storm, tx: Tx, me: Account, dice: random.Random) -> None:
    post = await storm.post(tx, dice)
    if post and await call_rows.by_id(tx.conn, post.id):
        await participations.answer(
            tx, me, post, dice.choice(("going", "maybe", "declined")), "join"
        )


async def _withdraw(storm: Storm, tx: Tx, me: Account, dice: random.Random) -> None:
    post = await storm.post(tx, dice)
    if post and post.kind == "event":
        await participations.withdraw(tx, me, post)


async def _pin(tx: Tx, actor: Account, post: Post) -> None:
    await marks.pin(tx, actor, post, added=True)


async def _unpin(tx: Tx, actor: Account, post: Post) -> None:
    await marks.pin(tx, actor, post, added=False)


async def _quote(storm: Storm, tx: Tx, me: Account, dice: random.Random) -> None:
    quoted = await storm.post(tx, dice)
    if quoted and quoted.reblog_of_id is None:
        await quotes.require(tx, me, quoted)
        made = await posts.publish(tx, me, await _draft(tx, me, Typed("This", quote=quoted)))
        assert made
        storm.posts[dice.randrange(len(storm.posts))] = made.id


async def _settle_quote(storm: Storm, tx: Tx, me: Account, dice: random.Random) -> None:
    """Its author takes one back, lets it be, or refuses it."""
    quoted = await storm.post(tx, dice)
    found = await quote_rows.of_post(tx.conn, quoted.id, Page(1)) if quoted else []
    if not quoted or not found:
        return
    quoting, author = await post_rows.by_id(tx.conn, found[0].id), await _author(tx, quoted)
    assert quoting
    match dice.randrange(3):
        case 0 if author.local:
            await quotes.revoke(tx, author, quoted, quoting)
        case 1:
            await quotes.approved(tx, quoting, f"{quoted.uri}/quotes/{dice.random()}")
        case _:
            await quotes.refused(tx, quoting)


async def _author(tx: Tx, post: Post) -> Account:
    author = await account_rows.by_id(tx.conn, post.account_id)
    assert author
    return author


async def _whisper(storm: Storm, tx: Tx, me: Account, dice: random.Random) -> None:
    """A private word, in a conversation or as the first of one; somebody reads theirs."""
    parent = await storm.post(tx, dice)
    names = " ".join(f"@{a.username}" for a in dice.sample(storm.people, 2))
    answered = parent if parent and parent.visibility == "direct" else None
    typed = Typed(names, visibility="direct", in_reply_to=answered)
    made = await posts.publish(tx, me, await _draft(tx, me, typed))
    assert made
    storm.posts[dice.randrange(len(storm.posts))] = made.id


async def _read(storm: Storm, tx: Tx, me: Account, dice: random.Random) -> None:
    for found in await conversation_rows.page(tx.conn, me.id, Page(2)):
        if dice.random() < 0.7:
            await conversation_rows.set_unread(tx.conn, found.id, me.id, unread=False)
        else:
            await conversation_rows.delete(tx.conn, found.id, me.id)
    await conversation_rows.sweep(tx.conn)


async def _show(storm: Storm, tx: Tx, me: Account, dice: random.Random) -> None:
    """A file, and often a post with it, now or later."""
    file = (await media.begin(tx, me, "image")).id
    await media_rows.expect(tx.conn, file, [f"{dice.getrandbits(128):032x}.png"])
    await media.finish(tx, file, Made("image", File("x.png", 4, 2)))
    if dice.random() < 0.5:
        shown = await media.choose(tx, me, [file])
        made = await posts.publish(tx, me, await _draft(tx, me, Typed("", attachments=shown)))
        assert made
        storm.posts[dice.randrange(len(storm.posts))] = made.id
    else:
        wanted = Wanted("Later", media_ids=(file,))
        row = await scheduled.keep(tx, me, wanted, tx.now + timedelta(days=dice.randrange(1, 99)))
        storm.plans.append(row.id)


async def _replan(storm: Storm, tx: Tx, me: Account, dice: random.Random) -> None:
    if not storm.plans:
        return
    plan = dice.choice(storm.plans)
    match dice.randrange(3):
        case 0:
            await scheduled.move(tx, me, plan, tx.now + timedelta(days=dice.randrange(1, 99)))
        case 1:
            await scheduled.drop(tx, me, plan)
        case _:
            await scheduled.publish(replace(tx, now=tx.now + timedelta(days=99)), plan)


async def _shun(storm: Storm, tx: Tx, me: Account, dice: random.Random) -> None:
    other, post = dice.choice(storm.people), await storm.post(tx, dice)
    match dice.randrange(6):
        case 0 if other.id != me.id:
            await mutes.mute(tx, me, other, notifications=dice.random() < 0.5)
        case 1:
            await mutes.unmute(tx, me, other)
        case 2 if post:
            await mutes.mute_thread(tx, me, post)
        case 3 if post:
            await mutes.unmute_thread(tx, me, post)
        case 4:
            await domain_blocks.block(tx, me, "guest.example")
        case _:
            await domain_blocks.unblock(tx, me, "guest.example")


async def _sort(storm: Storm, tx: Tx, me: Account, dice: random.Random) -> None:
    """Lists, filters, and who is let in."""
    mine = await list_rows.of(tx.conn, me.id)
    if len(mine) < 3:
        await lists.create(tx, me, lists.Settings("One", exclusive=dice.random() < 0.5))
    elif dice.random() < 0.7:
        await lists.add(tx, me, dice.choice(mine), [dice.choice(storm.people).id])
    else:
        await list_rows.delete(tx.conn, dice.choice(mine).id)
    post = await storm.post(tx, dice)
    if post and dice.random() < 0.2:
        made = await filters.create(tx, me, filters.Settings("Tea", ["home"]), [])
        await filters.add_post(tx, me, made, post)


async def _screen(storm: Storm, tx: Tx, me: Account, dice: random.Random) -> None:
    choice = dice.choice(notifications.ACTIONS)
    await notifications.choose(tx, me, {"for_not_following": choice, "for_new_accounts": "accept"})
    waiting = [r.id for r in await request_rows.page(tx.conn, me.id, Page(3))]
    await dice.choice((notifications.accept, notifications.dismiss))(tx, me, waiting)


async def _complain(storm: Storm, tx: Tx, me: Account, dice: random.Random) -> None:
    post = await storm.post(tx, dice)
    if post:
        about = reports.Complaint([post.id], "Too loud", forward=True)
        await reports.report(tx, me, await _author(tx, post), about)


async def _cheer(storm: Storm, tx: Tx, me: Account, dice: random.Random) -> None:
    """Of people."""
    other = dice.choice(storm.people)
    await people.note(tx, me, other, dice.choice(("", "of old")))
    if other.id != me.id and dice.random() < 0.5:
        await follows.follow(tx, me, other)
        await dice.choice((people.endorse, people.unendorse))(tx, me, other)


async def _herald(storm: Storm, tx: Tx, me: Account, dice: random.Random) -> None:
    """What is announced: one deed at a time, as every door does."""
    said = await announcement_rows.current(tx.conn, tx.now)
    if not said or dice.random() < 0.1:
        await announcements.announce(tx, "We meet")
        return
    match dice.randrange(12):
        case 0:
            await announcements.withdraw(tx, said[-1].id)
        case 1 | 2 | 3:
            await announcements.dismiss(tx, me, said[-1].id)
        case 4 | 5:
            await announcements.unreact(tx, me, said[0].id, dice.choice("🌱🌷"))
        case _:
            await announcements.react(tx, me, said[0].id, dice.choice("🌱🌷"))


async def _forget(storm: Storm, tx: Tx, me: Account, dice: random.Random) -> None:
    if storm.guests and dice.random() < 0.3:
        await farewell.forget(tx, storm.guests.pop())


async def _steer(storm: Storm, tx: Tx, me: Account, dice: random.Random) -> None:
    """What is done to posts by those who steer."""
    post = await post_rows.by_id(tx.conn, dice.choice(storm.steered))
    if post is None or post.community_id is None:
        return
    community = await account_rows.by_id(tx.conn, post.community_id)
    assert community
    by = await group_moderation.steward(tx, community, storm.people[2])
    if dice.random() < 0.2:
        await group_moderation.feature(tx, by, post, added=dice.random() < 0.6)
        return
    verbs = (
        group_moderation.lock,
        group_moderation.unlock,
        group_moderation.unlock,
        group_moderation.remove,
        group_moderation.restore,
        group_moderation.restore,
    )
    await dice.choice(verbs)(tx, by, post)


async def _guard(storm: Storm, tx: Tx, me: Account, dice: random.Random) -> None:
    """Who may be in a community, and who has a say in it."""
    community, person = dice.choice((storm.community, storm.shed)), dice.choice(storm.people)
    by = await group_moderation.steward(tx, community, storm.people[2])
    match dice.randrange(8):
        case 0:
            until = dice.choice((None, tx.now + timedelta(days=1)))
            ban = group_moderation.Ban(until, remove_data=dice.random() < 0.5)
            await group_moderation.ban(tx, by, person, ban)
        case 1 | 2:
            await group_moderation.unban(tx, by, person, restore_data=dice.random() < 0.7)
        case 3:
            await communities.invite(tx, by.account, community, person)
        case 4:
            await communities.grant(tx, by.account, community, person, "moderator")
        case _:
            await communities.dismiss(tx, by.account, community, person)


async def _move(storm: Storm, tx: Tx, me: Account, dice: random.Random) -> None:
    """A guest is somebody else now; those who follow them go along, as the job has it."""
    if len(storm.guests) < 2:
        return
    old, new = storm.guests[0], storm.guests[1]
    match dice.randrange(4):
        case 0:
            new = await move_rows.set_aliases(tx.conn, new.id, [old.uri])
        case 1:
            found = await account_rows.by_ids(tx.conn, [old.id, new.id])
            await moves.arrived(tx, found[old.id], found[old.id], found[new.id])
        case 2:
            await moves.carry_blocks(tx, old.id, new.id, 0)
        case _:
            await moves.carry_followers(tx, old.id, new.id, 0)


DEEDS: tuple[Deed, ...] = (
    _steer,
    _steer,
    _guard,
    _guard,
    _move,
    _to_post(dislikes.dislike),
    _to_post(dislikes.undislike),
    _quote,
    _quote,
    _settle_quote,
    _whisper,
    _whisper,
    _read,
    _show,
    _show,
    _replan,
    _shun,
    _sort,
    _screen,
    _complain,
    _cheer,
    _herald,
    _forget,
    _say,
    _reply,
    _reply,
    _edit,
    _delete,
    _to_post(marks.boost),
    _to_post(marks.unboost),
    _to_post(marks.like),
    _to_post(marks.unlike),
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
    async with world.work.transaction() as tx:
        await account_verbs.instance_actor(tx)
        people = [
            (await users.register(tx, f"{name}@a.example", name, None))[1]
            for name in ("gardener", "baker", "organiser", "keeper")
        ]
        await tx.conn.execute("update accounts set locked = true where username = 'keeper'")
        await tx.conn.execute("update users set role = 'moderator' where email like 'keeper%'")
        people[-1] = await account_rows.by_id(tx.conn, people[-1].id) or people[-1]
    people += [await world.stranger(name, f"{name}.example") for name in ("guest", "walker")]
    community = await world.community("garden", people[2])
    async with world.work.transaction() as tx:
        shed = await communities.create(
            tx, people[2], "shed", "Shed", community_policy="request", visibility="private"
        )
    storm = Storm(world, people, community, shed)
    async with world.work.transaction() as tx:
        for _ in range(4):
            starts = tx.now + timedelta(days=3)
            details = Details(starts, None, "Europe/Rome", capacity=2)
            wanted = drafting.Wanted("Digging", details)
            storm.posts.append((await calls.create(tx, people[2], community, wanted)).id)
        for _ in range(6):
            made = await posts.publish(tx, people[0], await _draft(tx, people[0], Typed("Tea")))
            assert made
            storm.posts.append(made.id)
        for where in (community, community, community, shed, shed):
            typed = Typed("Tea", community=where)
            made = await posts.publish(tx, people[2], await _draft(tx, people[2], typed))
            assert made
            storm.steered.append(made.id)
        storm.posts[:0] = storm.steered
    await _invite(storm)
    return storm


async def _invite(storm: Storm) -> None:
    """Guests who follow, answer, like, boost and quote, and are quoted and answered in turn."""
    storm.guests = [await storm.world.stranger(f"guest{n}", "away.example") for n in range(24)]
    host = storm.people[0]
    async with storm.world.work.transaction() as tx:
        for guest in storm.guests:
            parent = await post_rows.by_id(tx.conn, storm.posts[-1])
            assert parent
            await follows.follow(tx, guest, host, uri=f"{guest.uri}/follows/1")
            await follows.follow(tx, host, guest)
            said = await posts.publish(tx, guest, Draft(in_reply_to=parent))
            quoted = await posts.publish(tx, guest, Draft(quote=quotes.Quoting(parent)))
            assert said
            assert quoted
            await quotes.approved(tx, quoted, f"{guest.uri}/stamp")
            await marks.like(tx, guest, parent)
            await marks.boost(tx, guest, parent)
            storm.posts += [said.id, quoted.id]


async def _rage(storm: Storm, dice: random.Random) -> None:
    for _ in range(STEPS):
        deed, me = dice.choice(DEEDS), dice.choice(storm.people)
        # What went between two looks, and what two held crosswise, every door tries once more
        # (server/middleware.py, server/arriving/inbox.py).
        try:
            async with storm.world.work.transaction() as tx:
                await deed(storm, tx, me, dice)
        except Deadlock as error:
            storm.crossed.append(f"{error.detail} {error.context}")
        except (BeckonError, ForeignKeyViolation):
            pass


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_storm_leaves_the_data_sound(world: World, seed: int) -> None:
    storm = await _gather(world)
    raging = [_rage(storm, random.Random(seed * 100 + n)) for n in range(TASKS)]
    found = await asyncio.gather(*raging, return_exceptions=True)
    assert [error for error in found if error] == []
    assert len(storm.crossed) < TASKS, storm.crossed
    async with world.work.reading() as tx:
        untouched = [
            name for name in TOUCHED if not await tx.conn.fetchval(f"select exists ({name})")
        ]
    assert untouched == []
