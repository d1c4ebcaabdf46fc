"""Threads of other servers are completed when a member opens them, within bounds, and quietly."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server.jobs import threads
from storage.accounts import Account
from tests.api.fields import check
from tests.api.networked import Town, town
from tests.api.people import Member
from tests.federation.peer import AS, Json, Peer, peer
from tests.federation.worlds import microblog

__all__ = ["microblog", "town"]

HEADER = "Mastodon-Async-Refresh"


@pytest.fixture
async def other() -> AsyncIterator[Peer]:
    async with peer() as made:
        yield made


class Thread:
    """One on another server, of which we have the head."""

    def __init__(self, town: Town, server: Peer, reader: Member) -> None:
        self.town, self.server, self.reader = town, server, reader
        self.author = server.person("author")
        self.head: Json = {}
        self.id = ""

    async def begin(self, **more: Any) -> None:
        """The head arrives, as its author is followed; whether it did is checked."""
        self.head = self.note("head", None, **more)
        await self.reader.good("GET", f"/api/v2/search?resolve=true&q={self.head['id']}")
        found = await self.town.ours.post(self.head["id"])
        assert found
        self.id = str(found.id)

    def note(self, words: str, answers: Json | None, by: Peer | None = None, **more: Any) -> Json:
        server = by or self.server
        who = server.people.get("author") or server.person("author")
        old = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
        given = {"published": old, "inReplyTo": answers["id"] if answers else None} | more
        return server.note(who, f"<p>{words}</p>", [], **given)

    def replies(self, of: Json, items: list[object], path: str = "/replies/1") -> None:
        """The post embeds an empty first page, as Mastodon does, and names the next one."""
        page = self.server.url(path)
        self.server.serve({"@context": AS, "id": page, "type": "CollectionPage", "items": items})
        first = {"type": "CollectionPage", "next": page, "items": []}
        of["replies"] = {"id": f"{of['id']}/replies", "type": "Collection", "first": first}

    async def opened(self, by: Member | None = None) -> tuple[list[str], str | None]:
        """The words of the answers, and what the header said."""
        answer = await (by or self.reader).get(f"/api/v1/statuses/{self.id}/context")
        assert answer.status == 200
        return [s["content"] for s in answer.json["descendants"]], answer.headers.get(HEADER)


@pytest.fixture
async def thread(town: Town, microblog: Peer) -> Thread:
    return Thread(town, microblog, await town.house.member("reader"))


async def test_a_thread_is_completed_and_the_client_is_told(thread: Thread, other: Peer) -> None:
    await thread.begin()
    near = thread.note("near", thread.head)
    far = thread.note("far", near, by=other)
    thread.replies(thread.head, [near["id"]])
    thread.replies(near, [{"id": far["id"], "type": "Note", "content": "forged"}], "/replies/2")
    words, header = await thread.opened()
    assert words == []
    assert header == f'id="{thread.id}", retry=3, result_count=0'
    path = f"/api/v1_alpha/async_refreshes/{thread.id}"
    running = await thread.reader.good("GET", path)
    check(running, "AsyncRefresh")
    assert running["async_refresh"]["status"] == "running"
    await thread.town.ours.settle()
    assert (await thread.reader.good("GET", path))["async_refresh"] == {
        "id": thread.id, "status": "finished", "result_count": 2,
    }  # fmt: skip
    assert await thread.opened() == (["<p>near</p>", "<p>far</p>"], None)


async def test_what_is_found_enters_no_home_and_notifies_nobody(thread: Thread, town: Town) -> None:
    await thread.begin()
    far = await town.ours.known(thread.author.uri)
    assert isinstance(far, Account)
    await thread.reader.good("POST", f"/api/v1/accounts/{far.id}/follow")
    async with town.ours.work.transaction() as tx:
        await tx.conn.execute("update follows set accepted_at = now()")
    me = thread.reader.account
    assert me
    tag = [{"type": "Mention", "href": me.uri, "name": "@reader"}]
    thread.replies(thread.head, [thread.note("near", thread.head, tag=tag, cc=[me.uri])["id"]])
    await thread.opened()
    await town.ours.settle()
    assert (await thread.opened())[0] == ["<p>near</p>"]
    assert await thread.reader.good("GET", "/api/v1/timelines/home") == []
    assert await thread.reader.good("GET", "/api/v1/notifications") == []


async def test_it_is_asked_once_in_a_while(thread: Thread, town: Town) -> None:
    await thread.begin()
    thread.replies(thread.head, [])
    for _ in range(3):
        await thread.opened()
    await town.ours.settle()
    asked = thread.server.asked("/replies/1")
    assert asked == 1
    await thread.opened()
    await town.later(minutes=16)
    assert thread.server.asked("/replies/1") == 1
    await thread.opened()
    await town.ours.settle()
    assert thread.server.asked("/replies/1") == 2


async def test_who_may_not_start_one(thread: Thread, town: Town) -> None:
    await thread.begin()
    thread.replies(thread.head, [])
    assert (await thread.opened(town.house.stranger))[1] is None
    path = f"/api/v1_alpha/async_refreshes/{thread.id}"
    assert (await town.house.stranger.get(path)).status == 401
    assert (await thread.reader.get(path)).status == 404
    own = await thread.reader.says("mine")
    answer = await thread.reader.get(f"/api/v1/statuses/{own['id']}/context")
    assert HEADER not in answer.headers
    await town.ours.settle()
    assert thread.server.asked("/replies/1") == 0


async def test_what_does_not_belong_is_left_out(thread: Thread, town: Town, other: Peer) -> None:
    await thread.begin()
    stray = thread.note("stray", None)
    thread.note("unlisted elsewhere", stray)
    now = datetime.now(UTC).isoformat()
    listed: list[object] = [
        stray["id"],
        thread.note("to a stray", stray)["id"],
        thread.note("just now", thread.head, published=now)["id"],
        thread.author.uri,
        "https://127.0.0.1:1/nobody",
        f"https://{town.ours.host}/posts/1",
        {"type": "Note"},
        thread.server.url("/missing"),
        thread.note("good", thread.head)["id"],
    ]
    forged = thread.note("forged", thread.head, by=other)
    forged["attributedTo"] = thread.author.uri
    listed.append(forged["id"])
    thread.replies(thread.head, listed)
    await thread.opened()
    await town.ours.settle()
    assert (await thread.opened())[0] == ["<p>good</p>"]
    assert await town.ours.value("select count(*) from posts") == 2


async def test_a_collection_of_another_server_is_not_read(
    thread: Thread, town: Town, other: Peer
) -> None:
    await thread.begin()
    reply = thread.note("reply", thread.head)
    page = {"@context": AS, "id": other.url("/r"), "type": "Collection", "items": [reply["id"]]}
    other.serve(page)
    thread.head["replies"] = other.url("/r")
    await thread.opened()
    await town.ours.settle()
    assert (other.asked("/r"), (await thread.opened())[0]) == (0, [])
    thread.server.redirects["/moved"] = other.url("/r")
    thread.head["replies"] = thread.server.url("/moved")
    await town.later(minutes=16)
    await thread.opened()
    await town.ours.settle()
    assert (await thread.opened())[0] == []


async def test_it_ends(thread: Thread, town: Town) -> None:
    """However long the thread is, and where it goes in a circle."""
    await thread.begin()
    many = [thread.note(str(n), thread.head) for n in range(threads.POSTS + 10)]
    thread.replies(thread.head, [note["id"] for note in many])
    thread.server.documents["/replies/1"]["next"] = thread.server.url("/replies/1")
    for note in many:
        note["replies"] = thread.head["replies"]
    await thread.opened()
    await town.ours.settle()
    found = await town.ours.value("select found from thread_refreshes")
    assert found == threads.POSTS - 1  # the head was asked too
    assert thread.server.asked("/replies/1") == threads.COLLECTIONS


async def test_a_server_that_is_gone_ends_it(thread: Thread, town: Town) -> None:
    await thread.begin()
    thread.server.down = True
    assert (await thread.opened())[1]
    await town.ours.settle()
    assert await thread.opened() == ([], None)


async def test_one_that_never_ended_is_over_after_a_while(thread: Thread, town: Town) -> None:
    await thread.begin()
    assert (await thread.opened())[1]
    town.ours.clock.forward(minutes=3)
    assert (await thread.opened())[1] is None
