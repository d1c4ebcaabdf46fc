"""Habits of neighbours that a plain reading of the specifications would refuse or take wrongly."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest

from server.domain.members import follows
from storage.accounts import Account
from tests.federation.instance import Instance
from tests.federation.peer import Json, Peer, Person, cavage_headers, peer

PINS = "select count(*) from pins n join posts p on p.id = n.post_id where p.uri = $1"


def nameless(by: Person, kind: str, note: Json) -> Json:
    """A pin as Mastodon's AddNoteSerializer and RemoveNoteSerializer write it: without an id."""
    return {
        "@context": "https://www.w3.org/ns/activitystreams",
        "type": kind,
        "actor": by.uri,
        "target": f"{by.uri}/featured",
        "object": note["id"],
    }


async def told(ours: Instance, garden: Account, microblog: Peer) -> tuple[Person, Json]:
    by = microblog.person("reader")
    note = microblog.note(by, "<p>Seeds</p>", [garden.uri])
    assert (await microblog.send(by, microblog.create(by, note), ours.inbox)).status == 202
    await ours.settle()
    return by, note


async def followed(ours: Instance, member: Account, server: Peer, by: Person) -> None:
    """Pins are heard of those whom somebody here follows."""
    known = await ours.known(by.uri)
    assert known
    async with ours.work.transaction() as tx:
        await follows.follow(tx, member, known)
    await ours.settle()
    (asked,) = server.of_type("Follow")
    accept = server.activity(by, "Accept", asked)
    assert (await server.send(by, accept, ours.inbox)).status == 202
    await ours.settle()


async def test_mastodon_pins_a_post_by_an_activity_without_an_id(
    ours: Instance, garden: Account, microblog: Peer, organiser: Account
) -> None:
    by, note = await told(ours, garden, microblog)
    await followed(ours, organiser, microblog, by)
    for second, (kind, pinned) in enumerate((("Add", 1), ("Remove", 0), ("Add", 1))):
        microblog.now = ours.clock.now() + timedelta(seconds=second)
        assert (await microblog.send(by, nameless(by, kind, note), ours.inbox)).status == 202
        await ours.settle()
        assert await ours.value(PINS, note["id"]) == pinned, kind


async def test_nothing_else_comes_without_an_id(
    ours: Instance, garden: Account, microblog: Peer
) -> None:
    by, note = await told(ours, garden, microblog)
    like = nameless(by, "Like", note)
    assert await microblog.send(by, like, ours.inbox) == (400, "no_id")


async def test_the_same_pin_that_is_sent_twice_is_one(
    ours: Instance, garden: Account, microblog: Peer
) -> None:
    """Somebody who saw the request could not pin again what was taken down since."""
    by, note = await told(ours, garden, microblog)
    before = await ours.value("select count(*) from inbox")
    body = orjson.dumps(nameless(by, "Add", note))
    headers = cavage_headers(by.private, by.key_id, ours.inbox, body)
    for _ in range(2):
        assert (await microblog.post(ours.inbox, body, headers)).status == 202
    assert await ours.value("select count(*) from inbox") == before + 1


@pytest.mark.parametrize(
    ("kind", "count"),
    [
        ("Follow", "select count(*) from follows where accepted_at is not null and target_id = $1"),
        ("Like", "select count(*) from favourites f join posts p on p.id = f.post_id"
                 " where p.account_id = $1"),
        ("Announce", "select count(*) from posts b join posts p on p.id = b.reblog_of_id"
                     " where p.account_id = $1"),
    ],
)  # fmt: skip
async def test_takahe_does_again_under_the_same_id_what_it_has_undone(
    ours: Instance, microblog: Peer, organiser: Account, kind: str, count: str
) -> None:
    """And a crash of theirs, or a second road, may bring each of it twice."""
    baker = microblog.person("baker")
    post = await ours.publish(organiser, "Bread")
    about = organiser.uri if kind == "Follow" else post.uri
    done = microblog.activity(baker, kind, about, id=f"{baker.uri}/{kind}/3/")
    undone = microblog.activity(baker, "Undo", done, id=f"{baker.uri}/{kind}/3/#undo")
    steps = ((done, 1), (done, 1), (undone, 0), (undone, 0), (done, 1), (undone, 0), (done, 1))
    for second, (activity, there) in enumerate(steps):
        microblog.now = ours.clock.now() + timedelta(seconds=second)
        assert (await microblog.send(baker, activity, ours.inbox)).status == 202
        await ours.settle()
        assert await ours.value(count, organiser.id) == there, second


async def test_a_poll_of_pleroma_is_open_until_the_time_that_it_calls_closed(
    ours: Instance, garden: Account
) -> None:
    async with peer("pleroma") as forest:
        fox = forest.person("fox")
        ends = ours.clock.now() + timedelta(days=3)
        options = [{"type": "Note", "name": name} for name in ("Wood", "Field")]
        question = forest.note(
            fox, "Where?", [garden.uri], type="Question", oneOf=options, closed=ends.isoformat()
        )
        assert (await forest.send(fox, forest.create(fox, question), ours.inbox)).status == 202
        await ours.settle()
        post = await ours.post(question["id"])
        assert post
        row = (await ours.rows("select ends_at, closed_at from polls where post_id = $1", post.id))[
            0
        ]
        assert (row["ends_at"], row["closed_at"]) == (ends, None)
