"""Collections of whole threads (FEP-7888, FEP-f228): ours as others read them, and theirs as we do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from server.activitypub import objects
from server.domain.posting import threads
from server.jobs import threads as jobs
from storage.accounts import Account
from storage.posts import Post
from tests.federation.instance import Instance
from tests.federation.members import get
from tests.federation.peer import AS, Json, Peer, Person

OLD = (datetime.now(UTC) - timedelta(hours=2)).isoformat()


@pytest.fixture
def far(microblog: Peer) -> Person:
    return microblog.person("far")


async def arrived(ours: Instance, server: Peer, by: Person, document: Json) -> Post:
    create = server.create(by, document)
    await server.send(by, create, ours.inbox)
    await ours.settle()
    assert await ours.outcome(create["id"]) == "done"
    found = await ours.post(document["id"])
    assert found
    return found


# --- ours ---


async def test_every_post_of_a_thread_names_its_collection(
    ours: Instance, organiser: Account, microblog: Peer
) -> None:
    head = await ours.publish(organiser, "Who has seeds?")
    reply = await ours.publish(organiser, "I mean beans", in_reply_to=head)
    context = (await get(microblog, head.uri)).json["context"]
    assert (await get(microblog, reply.uri)).json["context"] == context
    listed = (await get(microblog, context)).json
    assert listed["id"] == context
    assert listed["orderedItems"] == [head.uri, reply.uri]
    assert listed["attributedTo"] == organiser.uri


async def test_a_thread_that_began_elsewhere_in_our_community_is_listed_too(
    ours: Instance, organiser: Account, garden: Account, microblog: Peer, far: Person
) -> None:
    note = microblog.note(far, "<p>Who has seeds?</p>", [garden.uri], audience=garden.uri)
    head = await arrived(ours, microblog, far, note)
    reply = await ours.publish(organiser, "I do", in_reply_to=head)
    context = (await get(microblog, reply.uri)).json["context"]
    listed = (await get(microblog, context)).json
    assert listed["orderedItems"] == [note["id"], reply.uri]
    assert listed["attributedTo"] == garden.uri


async def test_a_thread_of_nobody_here_is_not_ours_to_list(
    ours: Instance, organiser: Account, microblog: Peer, far: Person
) -> None:
    note = microblog.note(far, "<p>Hello</p>", [organiser.uri])
    head = await arrived(ours, microblog, far, note)
    assert (await get(microblog, f"https://{ours.host}/posts/{head.id}/context")).status == 404
    reply = await ours.publish(organiser, "Hello", in_reply_to=head)
    assert "context" not in (await get(microblog, reply.uri)).json


async def test_a_long_thread_has_pages(
    ours: Instance, organiser: Account, microblog: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "THREAD_PAGE", 2)
    head = await ours.publish(organiser, "One")
    posts = [head, *[await ours.publish(organiser, f"{n}", in_reply_to=head) for n in range(4)]]
    whole = (await get(microblog, f"{head.uri}/context")).json
    assert whole["totalItems"] == 5
    assert "orderedItems" not in whole
    found: list[str] = []
    following = whole["first"]
    while following:
        page = (await get(microblog, following)).json
        assert page["partOf"] == whole["id"]
        found += page["orderedItems"]
        following = page.get("next")
    assert found == [post.uri for post in posts]


async def test_what_is_not_public_is_in_no_list(
    ours: Instance, organiser: Account, microblog: Peer
) -> None:
    head = await ours.publish(organiser, "One")
    await ours.publish(organiser, "Two", in_reply_to=head, visibility="private")
    listed = (await get(microblog, f"{head.uri}/context")).json
    assert listed["orderedItems"] == [head.uri]
    assert listed["totalItems"] == 1


# --- theirs ---


class Thread:
    """One on another server that names the collection of all its posts."""

    def __init__(self, ours: Instance, server: Peer, by: Person) -> None:
        self.ours, self.server, self.by = ours, server, by
        self.address = server.url("/contexts/1")

    def note(self, words: str, answers: Json | None = None, **more: object) -> Json:
        given = {"published": OLD, "context": self.address} | more
        if answers:
            given["inReplyTo"] = answers["id"]
        return self.server.note(self.by, f"<p>{words}</p>", [], **given)

    def lists(self, items: list[object], path: str = "/contexts/1", **more: object) -> None:
        self.server.serve(
            {
                "@context": AS,
                "id": self.server.url(path),
                "type": "OrderedCollection",
                "orderedItems": items,
                **more,
            }
        )

    async def read(self, head: Post) -> None:
        async with self.ours.work.transaction() as tx:
            assert await threads.begin(tx, head)
        await self.ours.settle()

    async def size(self, head: Post) -> int:
        return await self.ours.value("select count(*) from posts where thread_id = $1", head.id)


@pytest.fixture
def thread(ours: Instance, microblog: Peer, far: Person) -> Thread:
    return Thread(ours, microblog, far)


async def begun(thread: Thread, organiser: Account, head: Json) -> Post:
    head["cc"] = [organiser.uri]
    return await arrived(thread.ours, thread.server, thread.by, head)


async def test_the_collection_of_a_thread_is_read_and_no_replies_besides(
    thread: Thread, organiser: Account, microblog: Peer
) -> None:
    head = thread.note("head", replies=microblog.url("/replies/1"))
    first = thread.note("first", head)
    second = thread.note("second", first)
    thread.lists([head["id"], first["id"], second["id"]])
    row = await begun(thread, organiser, head)
    await thread.read(row)
    assert await thread.size(row) == 3
    assert microblog.asked("/contexts/1") == 1
    assert microblog.asked("/replies/1") == 0


async def test_what_does_not_belong_to_the_thread_is_not_kept(
    thread: Thread, organiser: Account
) -> None:
    head = thread.note("head")
    other = thread.note("other")
    thread.lists([other["id"], {"id": other["id"], "type": "Note", "inReplyTo": head["id"]}])
    row = await begun(thread, organiser, head)
    await thread.read(row)
    assert await thread.size(row) == 1
    assert await thread.ours.post(other["id"]) is None


async def test_where_nothing_is_to_be_had_replies_are_asked_for(
    thread: Thread, organiser: Account, microblog: Peer
) -> None:
    head = thread.note("head", replies=microblog.url("/replies/1"))
    first = thread.note("first", head)
    thread.lists([first["id"]], "/replies/1")
    row = await begun(thread, organiser, head)
    await thread.read(row)
    assert await thread.size(row) == 2


async def test_a_collection_of_another_server_is_not_asked_for(
    ours: Instance, thread: Thread, organiser: Account, microblog: Peer
) -> None:
    """Mastodon's conversations are tags, and a third server vouches for nothing."""
    head = thread.note("head", context=f"https://{ours.host}/posts/1/context")
    row = await begun(thread, organiser, head)
    await thread.read(row)
    assert await thread.size(row) == 1


async def test_pages_that_lead_in_a_ring_end(
    thread: Thread, organiser: Account, microblog: Peer
) -> None:
    head = thread.note("head")
    first = thread.note("first", head)
    one, two = (microblog.url(f"/contexts/1/{n}") for n in (1, 2))
    thread.lists([], first=one)
    thread.lists([first["id"]], "/contexts/1/1", type="OrderedCollectionPage", next=two)
    thread.lists([], "/contexts/1/2", type="OrderedCollectionPage", next=one)
    row = await begun(thread, organiser, head)
    await thread.read(row)
    assert await thread.size(row) == 2
    assert [microblog.asked(f"/contexts/1/{n}") for n in (1, 2)] == [1, 1]


async def test_a_thread_of_thousands_is_read_in_part(
    thread: Thread, organiser: Account, microblog: Peer
) -> None:
    head = thread.note("head")
    absent = [microblog.url(f"/absent/{n}") for n in range(100)]
    thread.lists(list(absent))
    row = await begun(thread, organiser, head)
    await thread.read(row)
    asked = [path for _, path in microblog.requests if path.startswith("/absent/")]
    assert 0 < len(asked) <= jobs.POSTS
