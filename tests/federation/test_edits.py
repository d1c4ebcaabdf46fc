"""What others change, take back and react with: in any order, and once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server.arriving import resolve
from server.domain.posting import marks
from storage import posts as post_rows
from storage.accounts import Account
from tests.federation.acting import followed, follows_us, outcome
from tests.federation.instance import Instance
from tests.federation.peer import Json, Peer, Person

LIKES = ("Like", "EmojiReact")


@pytest.fixture
async def author(ours: Instance, microblog: Peer, organiser: Account) -> Person:
    """Somebody there whom one of ours follows."""
    made = microblog.person("author")
    await followed(ours, organiser, microblog, made)
    return made


async def stored(ours: Instance, uri: str) -> post_rows.Post:
    found = await ours.post(uri)
    assert found
    return found


def at(minutes: int) -> str:
    return (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()


async def told(ours: Instance, server: Peer, by: Person, note: Json, **changed: Any) -> str:
    return await outcome(ours, server, by, server.activity(by, "Update", {**note, **changed}))


# Edits


async def test_edits_that_overtake_each_other(
    ours: Instance, microblog: Peer, author: Person
) -> None:
    """The last version stays, and the history has each that was seen, in order."""
    note = microblog.note(author, "<p>One</p>", [])
    assert await outcome(ours, microblog, author, microblog.create(author, note)) == "done"
    three = {"content": "<p>Three</p>", "updated": at(-1)}
    assert await told(ours, microblog, author, note, **three) == "done"
    two = {"content": "<p>Two</p>", "updated": at(-2)}
    assert await told(ours, microblog, author, note, **two) == "stale"
    assert await told(ours, microblog, author, note, **three) == "done"
    post = await stored(ours, note["id"])
    assert post.content == "<p>Three</p>"
    async with ours.work.reading() as tx:
        history = [v.content for v in await post_rows.edits(tx.conn, post.id)]
    assert history == ["<p>One</p>"]


async def test_everything_of_a_post_can_change(
    ours: Instance, microblog: Peer, author: Person
) -> None:
    note = microblog.note(author, "<p>One</p>", [])
    assert await outcome(ours, microblog, author, microblog.create(author, note)) == "done"
    picture = {
        "type": "Document", "mediaType": "image/png", "url": microblog.url("/a.png"), "name": "A bed",
    }  # fmt: skip
    changed = {
        "summary": "Slugs", "sensitive": True, "contentMap": {"de": "<p>Schnecken</p>"},
        "content": "<p>Schnecken</p>", "attachment": [picture],
    }  # fmt: skip
    assert await told(ours, microblog, author, note, **changed, updated=at(0)) == "done"
    post = await stored(ours, note["id"])
    assert (post.summary, post.sensitive, post.language) == ("Slugs", True, "de")
    assert [(a["url"], a["description"]) for a in post.attachments] == [
        (microblog.url("/a.png"), "A bed")
    ]
    assert await told(ours, microblog, author, note, updated=at(1)) == "done"
    post = await stored(ours, note["id"])
    assert (post.summary, post.sensitive, post.attachments) == ("", False, [])


async def test_the_counts_of_a_poll_change_without_an_edit(
    ours: Instance, microblog: Peer, author: Person
) -> None:
    def counted(yes: int, no: int) -> list[Json]:
        return [
            {"type": "Note", "name": name, "replies": {"type": "Collection", "totalItems": n}}
            for name, n in (("Yes", yes), ("No", no))
        ]

    poll = microblog.note(
        author, "<p>Dig?</p>", [], type="Question", oneOf=counted(0, 0), endTime=at(60)
    )
    assert await outcome(ours, microblog, author, microblog.create(author, poll)) == "done"
    assert await told(ours, microblog, author, poll, oneOf=counted(3, 1), votersCount=4) == "done"
    post = await stored(ours, poll["id"])
    sql = "select votes_count from poll_options where post_id = $1 order by position"
    assert [r["votes_count"] for r in await ours.rows(sql, post.id)] == [3, 1]
    assert post.edited_at is None
    renamed = [{"type": "Note", "name": "Never"}, *counted(9, 9)[1:]]
    assert await told(ours, microblog, author, poll, oneOf=renamed, votersCount=9) == "done"
    assert [r["votes_count"] for r in await ours.rows(sql, post.id)] == [3, 1]


async def test_a_post_that_is_gone_leaves_nothing(
    ours: Instance, microblog: Peer, author: Person, organiser: Account
) -> None:
    """Boosted, liked, kept, pinned and answered: ``storage.check`` counts again afterwards."""
    note = microblog.note(author, "<p>One</p>", [])
    assert await outcome(ours, microblog, author, microblog.create(author, note)) == "done"
    added = microblog.activity(author, "Add", note["id"], target=f"{author.uri}/featured")
    assert await outcome(ours, microblog, author, added) == "done"
    post = await stored(ours, note["id"])
    async with ours.work.transaction() as tx:
        await marks.boost(tx, organiser, post)
        await marks.like(tx, organiser, post)
        await marks.bookmark(tx, organiser, post, kept=True)
    reply = await ours.publish(organiser, "I agree", in_reply_to=post)
    gone = microblog.activity(author, "Delete", {"id": note["id"], "type": "Tombstone"})
    assert await outcome(ours, microblog, author, gone) == "done"
    for table in ("favourites", "bookmarks", "pins"):
        assert await ours.rows(f"select 1 from {table}") == []
    assert await ours.value("select count(*) from posts where reblog_of_id is not null") == 0
    assert (await stored(ours, reply.uri)).in_reply_to_id is None
    assert await outcome(ours, microblog, author, microblog.create(author, note)) == "done"
    assert await ours.post(note["id"]) is None


# Reactions


@pytest.mark.parametrize("kind", LIKES)
@pytest.mark.parametrize("whole", [True, False])
async def test_a_reaction_is_a_like_and_is_taken_back(
    ours: Instance, microblog: Peer, organiser: Account, kind: str, whole: bool
) -> None:
    """FEP-c0e0; the picture of a custom emoji is left alone. Undone by the activity or by its id."""
    fan = microblog.person("fan")
    post = await ours.publish(organiser, "The beans are up")
    icon = {"type": "Image", "url": "http://127.0.0.1/secret.png"}
    emoji = {"type": "Emoji", "name": ":bean:", "icon": icon}
    reaction = microblog.activity(fan, kind, post.uri, content=":bean:", tag=[emoji])
    assert await outcome(ours, microblog, fan, reaction) == "done"
    assert (await stored(ours, post.uri)).favourites_count == 1
    undo = microblog.activity(fan, "Undo", reaction if whole else reaction["id"])
    assert await outcome(ours, microblog, fan, undo) == "done"
    assert (await stored(ours, post.uri)).favourites_count == 0


async def test_one_of_several_reactions_is_taken_back(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    fan = microblog.person("fan")
    post = await ours.publish(organiser, "The beans are up")
    like = microblog.activity(fan, "Like", post.uri)
    reaction = microblog.activity(fan, "EmojiReact", post.uri, content="🌱")
    for sent in (like, reaction, microblog.activity(fan, "Undo", reaction)):
        assert await outcome(ours, microblog, fan, sent) == "done"
    assert (await stored(ours, post.uri)).favourites_count == 1
    assert await outcome(ours, microblog, fan, microblog.activity(fan, "Undo", like)) == "done"
    assert (await stored(ours, post.uri)).favourites_count == 0


# Actors


async def test_who_says_that_they_are_gone_has_to_be(
    ours: Instance, microblog: Peer, author: Person
) -> None:
    """Believed when the origin says so too; asked for again while it does not."""
    gone = microblog.activity(author, "Delete", author.uri)
    assert await outcome(ours, microblog, author, gone) == "waiting"
    assert await ours.known(author.uri)
    microblog.documents.pop("/users/author")
    ours.clock.forward(hours=1)
    await ours.settle()
    assert await ours.outcome(gone["id"]) == "done"
    assert await ours.known(author.uri) is None
    again = microblog.activity(author, "Delete", author.uri)
    asked = len(microblog.requests)
    assert (await microblog.send(author, again, ours.inbox)).status == 202
    await ours.settle()
    assert len(microblog.requests) == asked  # a stranger's leaving is nobody's business


async def test_somebody_long_unseen_can_still_leave(
    ours: Instance, microblog: Peer, author: Person
) -> None:
    """Their document is gone by the time that we would look at it anew."""
    ours.clock.forward(days=40)
    microblog.now = ours.clock.now()
    microblog.documents.pop("/users/author")
    gone = microblog.activity(author, "Delete", author.uri)
    assert await outcome(ours, microblog, author, gone) == "done"
    assert await ours.known(author.uri) is None


async def test_a_handle_changes_hands_and_accounts_never_do(
    ours: Instance, microblog: Peer, author: Person, organiser: Account
) -> None:
    """A new actor with a known handle gets it when WebFinger says so, and neither followers nor posts."""
    other = microblog.person("other")
    microblog.serve({**other.document(), "preferredUsername": "author"})
    thief = await resolve.actor(ours.net, other.uri)
    old = await ours.known(author.uri)
    assert old
    assert (thief.username, thief.handle_lost, old.handle_lost) == ("author", True, False)
    microblog.people["author"] = other
    thief = await resolve.actor(ours.net, other.uri, refresh=True)
    old = await ours.known(author.uri)
    assert old
    assert (thief.handle_lost, old.handle_lost, old.id != thief.id) == (False, True, True)
    sql = "select target_id from follows where follower_id = $1"
    assert [r["target_id"] for r in await ours.rows(sql, organiser.id)] == [old.id]


async def test_a_key_is_changed_by_the_origin_alone(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    fan = microblog.person("fan")
    await follows_us(ours, microblog, fan, organiser)
    post = await ours.publish(organiser, "The beans are up")
    renewed = Person(fan.uri, fan.name, key=1)
    said = microblog.activity(renewed, "Update", renewed.document())
    refused = await microblog.send(renewed, said, ours.inbox)
    assert (refused.status, refused.reason) == (401, "signature_wrong")
    microblog.serve(renewed.document())
    ours.clock.forward(minutes=10)
    like = microblog.activity(renewed, "Like", post.uri)
    assert await outcome(ours, microblog, renewed, like) == "done"
