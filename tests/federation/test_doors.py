"""Whoever takes part, through whatever door, can take it back through every door that they have."""

from __future__ import annotations

import pytest

from server.domain.calling import calls
from storage.accounts import Account
from storage.posts import Post
from tests.federation.answering import Remote, member
from tests.federation.instance import Instance
from tests.federation.peer import Peer, peer

ANY = ("leave", "undo_join", "delete_actor", "keyword")
MESSAGED = ("link", "answer_to_receipt", "delete_what_was_said")
FROM_ELSEWHERE = {
    "vote": (*ANY, *MESSAGED, "undo_by_id"),
    "join": (*ANY, "undo_by_id"),
    "reply": (*ANY, *MESSAGED, "edit"),
}
HERE = ("out_by_api", "out_by_page", "out_by_keyword")
OF_MEMBERS = {
    "client": HERE,
    "own_api": HERE,
    "page": HERE,
    "reply": (*HERE, "out_by_delete", "out_by_edit"),
}


def pairs(table: dict[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    return [(way_in, out) for way_in, outs in table.items() for out in outs]


@pytest.fixture
async def event(ours: Instance, organiser: Account, garden: Account) -> Post:
    return await ours.event(organiser, garden, "Turn the compost", 1)


async def is_empty(ours: Instance, event: Post) -> bool:
    """Nobody takes part; that somebody did is known, and not who; no link leads anywhere."""
    call = await ours.call(event)
    rows = await ours.rows("select state, account_id, uri from participations")
    links = await ours.value("select count(*) from participation_tokens")
    gone = [(r["state"], r["account_id"], r["uri"]) for r in rows] == [("withdrawn", None, None)]
    return gone and (call.counted, call.waiting, links) == (0, 0, 0)


@pytest.mark.parametrize(("way_in", "out"), pairs(FROM_ELSEWHERE))
async def test_from_elsewhere(
    ours: Instance, microblog: Peer, garden: Account, event: Post, way_in: str, out: str
) -> None:
    visitor = Remote(ours, microblog, microblog.person("visitor"), event, garden)
    assert await getattr(visitor, way_in)() == "done"
    assert (await ours.call(event)).counted == 1
    assert await getattr(visitor, out)() == "done"
    assert await is_empty(ours, event)


@pytest.mark.parametrize(("way_in", "out"), pairs(OF_MEMBERS))
async def test_of_members(
    ours: Instance, microblog: Peer, event: Post, way_in: str, out: str
) -> None:
    reader = await member(ours, microblog, "reader", event)
    await getattr(reader, way_in)()
    assert (await ours.call(event)).counted == 1
    await getattr(reader, out)()
    await ours.settle()
    assert await is_empty(ours, event)


async def test_nobody_takes_back_what_another_said(
    ours: Instance, microblog: Peer, garden: Account, event: Post
) -> None:
    """Neither by naming its id, nor with another's message, nor by a guess."""
    visitor = Remote(ours, microblog, microblog.person("visitor"), event, garden)
    await visitor.vote()
    async with peer("mastodon") as far:
        other = Remote(ours, far, far.person("other"), event, garden, visitor.said)
        await other.delete_what_was_said()
        await other.undo_by_id()
        await other.undo_join()
        note = far.note(
            other.who, "<p>#withdraw</p>", [garden.uri], inReplyTo=visitor.messages()[-1]["id"]
        )
        await other.send(far.create(other.who, note))
        async with far.session.post(visitor.links()[0][:-9] + "_" * 9) as refused:
            assert refused.status == 404
        async with far.session.post(
            visitor.links()[0], headers={"Origin": "https://evil.example"}
        ) as refused:
            assert refused.status == 403
    assert (await ours.call(event)).counted == 1


async def test_a_keyword_of_a_comment_on_a_comment_is_none(
    ours: Instance, microblog: Peer, garden: Account, event: Post
) -> None:
    visitor = Remote(ours, microblog, microblog.person("visitor"), event, garden)
    assert await visitor.send(visitor.a_reply("What a call")) == "done"
    assert await visitor.send(visitor.a_reply("count me in", to=visitor.said["id"])) == "done"
    assert (await ours.call(event)).counted == 0
    assert (await ours.post(event.uri)) is not None
    assert await ours.value("select count(*) from posts where not local and kind = 'note'") == 2


async def test_too_late_it_is_a_comment(
    ours: Instance, microblog: Peer, organiser: Account, garden: Account, event: Post
) -> None:
    async with ours.work.transaction() as tx:
        await calls.edit(tx, organiser, event, state="closed")
    visitor = Remote(ours, microblog, microblog.person("visitor"), event, garden)
    assert await visitor.reply() == "done"
    assert await ours.value("select count(*) from participations") == 0
    assert await ours.value("select replies_count from posts where id = $1", event.id) == 1


async def test_an_edit_may_say_something_else(
    ours: Instance, microblog: Peer, garden: Account, event: Post
) -> None:
    """A comment that becomes the keyword counts; what a reply says now is what counts."""
    visitor = Remote(ours, microblog, microblog.person("visitor"), event, garden)
    assert await visitor.send(visitor.a_reply("Shall I?", to=event.uri)) == "done"
    said = {**visitor.said, "content": "<p>count me in</p>", "updated": "2039-01-01T00:00:00Z"}
    assert (
        await visitor.send(microblog.activity(visitor.who, "Update", microblog.serve(said)))
        == "done"
    )
    call = await ours.call(event)
    assert (call.confirmed, call.expressed) == (0, 1)
    assert await ours.value("select door from participations") == "reply"
