"""What members hear of a call of another server in which they take part: each change, and each once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from federation import parse
from server.arriving import drafts
from server.domain.calling import calls_elsewhere
from server.domain.tx import Arrived
from storage import calls as call_rows
from storage import participations as rows
from storage import posts as post_rows
from storage.accounts import Account
from storage.participations import Said
from storage.posts import Post
from tests.domain.conftest import World

BASE = "https://b.example/calls"
NEVER = datetime(2000, 1, 1, tzinfo=UTC)


async def arrives(world: World, author: Account, number: int, **more: object) -> Post:
    """The call of this number, or an Update of it."""
    uri = f"{BASE}/{number}"
    call = {"type": "cta:Call", "kind": "volunteer", "state": "open"}
    words = {
        key: more.pop(key) for key in ("state", "superEvent", "outcome", "card") if key in more
    }
    document = {
        "id": uri, "type": "Event", "attributedTo": author.uri, "name": "Soup", "content": "<p>Soup",
        "to": ["https://www.w3.org/ns/activitystreams#Public"],
        "startTime": "2030-05-01T10:00:00Z", "cta:call": call | words, **more,
    }  # fmt: skip
    value = parse.parse_post(document)
    details, reported = drafts.details_of(value), drafts.reported_of(value)
    async with world.work.transaction() as tx:
        known = await post_rows.by_uri(tx.conn, uri)
        if known:
            await calls_elsewhere.hear(tx, known, details, reported)
            return known
        draft = await drafts.draft_of(tx, author, value)
        made = await calls_elsewhere.receive(
            tx, author, draft, details, reported, Arrived(uri, document)
        )
    assert made
    return made


async def goes(world: World, who: Account, post: Post) -> None:
    async with world.work.transaction() as tx:
        said = Said("going", 0, True, "granted", "confirmed", "client")
        await rows.put(tx.conn, post.id, who.id, said, tx.now)


async def bells(world: World, who: Account, since: datetime = NEVER) -> int:
    async with world.work.reading() as tx:
        return await tx.conn.fetchval(
            "select count(*) from notifications where account_id = $1 and type = 'update'"
            " and created_at > $2",
            who.id, since,
        )  # fmt: skip


async def test_each_change_is_told_and_not_only_the_first(world: World) -> None:
    author, member = await world.stranger("organiser", "b.example"), await world.person("member")
    post = await arrives(world, author, 1)
    await goes(world, member, post)
    changes = (
        {"startTime": "2030-05-02T10:00:00Z"},
        {"startTime": "2030-05-02T10:00:00Z", "state": "cancelled"},
        {"startTime": "2030-05-02T10:00:00Z", "state": "open"},
        {"startTime": "2030-05-02T10:00:00Z", "state": "open", "outcome": "<p>Forty bowls"},
    )
    for more in changes:
        before = world.clock.now()
        world.clock.forward(hours=1)
        await arrives(world, author, 1, **more)
        assert await bells(world, member, before) == 1, more
        world.clock.forward(hours=1)
        again = world.clock.now()
        world.clock.forward(hours=1)
        await arrives(world, author, 1, **more)
        assert await bells(world, member, again) == 0, more


async def test_who_is_in_three_shifts_hears_once_that_all_are_off(world: World) -> None:
    author, member = await world.stranger("organiser", "b.example"), await world.person("member")
    await arrives(world, author, 1)
    shifts = [await arrives(world, author, n, superEvent=f"{BASE}/1") for n in (2, 3, 4)]
    for shift in shifts:
        await goes(world, member, shift)
    for n in (2, 3, 4, 1):
        await arrives(
            world, author, n, superEvent=f"{BASE}/1" if n > 1 else None, state="cancelled"
        )
    assert await bells(world, member) == 1


async def test_two_calls_do_not_share_a_card(world: World) -> None:
    author = await world.stranger("organiser", "b.example")
    card = "https://b.example/cards/1"
    posts = [await arrives(world, author, n, card=card) for n in (1, 2)]
    async with world.work.reading() as tx:
        found = await call_rows.by_ids(tx.conn, [post.id for post in posts])
    assert [found[post.id].card_uri for post in posts] == [card, None]


@pytest.mark.parametrize("secret", [False, True])
async def test_counts_beyond_all_people_fit_in(world: World, *, secret: bool) -> None:
    """A host may say whatever it likes: what is added up has a place too."""
    author = await world.stranger("organiser", "b.example")
    said = [{"name": f"Day {n}", "count": 10**9} for n in range(4)]
    document = {
        "id": f"{BASE}/9", "type": "Question", "attributedTo": author.uri, "name": "When?",
        "content": "<p>When?", "to": ["https://www.w3.org/ns/activitystreams#Public"],
        "endTime": "2030-05-01T10:00:00Z", "oneOf": [{"type": "Note", "name": each["name"]} for each in said],
        "votersCount": 10**9,
        "cta:call": {
            "type": "cta:Call", "kind": "decision", "state": "open",
            "secretUntilClosed": secret, "answers": said,
        },
    }  # fmt: skip
    value = parse.parse_post(document)
    async with world.work.transaction() as tx:
        draft = await drafts.draft_of(tx, author, value)
        details, reported = drafts.details_of(value), drafts.reported_of(value)
        arrived = Arrived(value.id, document)
        post = await calls_elsewhere.receive(tx, author, draft, details, reported, arrived)
        assert post
        call = await call_rows.by_id(tx.conn, post.id)
    assert call
    assert call.counted == (10**9 if secret else 4 * drafts.COUNT_MAX)
