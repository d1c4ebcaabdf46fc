"""Direct posts by conversation: whose they are, how they grow, and who is left out."""

from __future__ import annotations

from datetime import timedelta

from server.api.conversations import entities
from server.domain.posting import posts
from server.domain.posting.drafts import Draft
from server.domain.tx import Arrived
from storage import conversations
from storage.timelines import Page
from tests.api.conftest import Running
from tests.api.fields import check
from tests.api.people import House
from tests.api.working import run_jobs

CONVERSATIONS = "/api/v1/conversations"


async def test_a_direct_post_is_a_conversation_for_both(house: House) -> None:
    writer, reader = await house.member("writer"), await house.member("reader")
    post = await writer.says("@reader hello", visibility="direct")
    (mine,) = await writer.good("GET", CONVERSATIONS)
    (theirs,) = await reader.good("GET", CONVERSATIONS)
    check([mine, theirs], ["Conversation"])
    assert (mine["unread"], theirs["unread"]) == (False, True)
    assert [a["id"] for a in mine["accounts"]] == [reader.id]
    assert [a["id"] for a in theirs["accounts"]] == [writer.id]
    assert mine["last_status"]["id"] == theirs["last_status"]["id"] == post["id"]
    assert int(theirs["id"]) < 2**31


async def test_it_grows_with_its_thread_and_splits_by_who_takes_part(house: House) -> None:
    writer, reader = await house.member("writer"), await house.member("reader")
    third = await house.member("third")
    first = await writer.says("@reader one", visibility="direct")
    answer = await reader.says("@writer two", visibility="direct", in_reply_to_id=first["id"])
    (seen,) = await writer.good("GET", CONVERSATIONS)
    assert (seen["last_status"]["id"], seen["unread"]) == (answer["id"], True)
    (own,) = await reader.good("GET", CONVERSATIONS)
    assert own["unread"] is False  # who answers has read
    wider = await writer.says(
        "@reader @third three", visibility="direct", in_reply_to_id=answer["id"]
    )
    page = await reader.good("GET", CONVERSATIONS)
    assert [c["last_status"]["id"] for c in page] == [wider["id"], answer["id"]]
    (added,) = await third.good("GET", CONVERSATIONS)
    assert {a["id"] for a in added["accounts"]} == {writer.id, reader.id}


async def test_what_is_not_direct_makes_none(house: House) -> None:
    writer, reader = await house.member("writer"), await house.member("reader")
    for visibility in ("public", "unlisted", "private"):
        await writer.says("@reader hello", visibility=visibility)
    assert await reader.good("GET", CONVERSATIONS) == []


async def test_a_note_to_oneself(house: House) -> None:
    writer = await house.member("writer")
    await writer.says("remember", visibility="direct")
    (seen,) = await writer.good("GET", CONVERSATIONS)
    assert ([a["id"] for a in seen["accounts"]], seen["unread"]) == ([writer.id], False)


async def test_read_unread_and_deleted(house: House) -> None:
    writer, reader = await house.member("writer"), await house.member("reader")
    first = await writer.says("@reader one", visibility="direct")
    (seen,) = await reader.good("GET", CONVERSATIONS)
    one = f"{CONVERSATIONS}/{seen['id']}"
    assert (await reader.good("POST", f"{one}/read"))["unread"] is False
    assert (await reader.good("GET", CONVERSATIONS))[0]["unread"] is False
    assert (await reader.good("POST", f"{one}/unread"))["unread"] is True
    assert await reader.good("DELETE", one) == {}
    assert await reader.good("GET", CONVERSATIONS) == []
    assert (await reader.get(f"/api/v1/statuses/{first['id']}")).status == 200
    await writer.says("@reader two", visibility="direct", in_reply_to_id=first["id"])
    assert len(await reader.good("GET", CONVERSATIONS)) == 1
    assert len(await writer.good("GET", CONVERSATIONS)) == 1


async def test_those_of_others_are_not_there(house: House) -> None:
    writer, reader = await house.member("writer"), await house.member("reader")
    await writer.says("@reader one", visibility="direct")
    (seen,) = await reader.good("GET", CONVERSATIONS)
    one = f"{CONVERSATIONS}/{seen['id']}"
    for path in (f"{one}/read", f"{one}/unread", f"{CONVERSATIONS}/x/read"):
        assert (await writer.post(path)).status == 404
    assert (await writer.delete(one)).status == 404
    assert (await house.stranger.get(CONVERSATIONS)).status == 401
    assert (await reader.good("GET", CONVERSATIONS))[0]["unread"] is True


async def test_whom_one_blocks_reaches_nobody(house: House) -> None:
    reader = await house.member("reader")
    far = await house.remote("far")
    await reader.good("POST", f"/api/v1/accounts/{far.id}/block")
    assert reader.account
    draft = Draft(content="<p>x</p>", visibility="direct", mentions=(reader.account,))
    await house.arrives(far, "1", draft)
    assert await reader.good("GET", CONVERSATIONS) == []


async def test_what_arrives_late_is_history(house: House, here: Running) -> None:
    reader, far = await house.member("reader"), await house.remote("far")
    assert reader.account
    old = here.clock.now() - timedelta(days=9)
    draft = Draft(
        content="<p>x</p>", visibility="direct", mentions=(reader.account,), published_at=old
    )
    await house.arrives(far, "1", draft)
    (seen,) = await reader.good("GET", CONVERSATIONS)
    assert seen["unread"] is False


async def test_a_deleted_post_gives_way_to_the_one_before(house: House, here: Running) -> None:
    writer, reader = await house.member("writer"), await house.member("reader")
    first = await writer.says("@reader one", visibility="direct")
    last = await writer.says("@reader two", visibility="direct", in_reply_to_id=first["id"])
    await writer.good("DELETE", f"/api/v1/statuses/{last['id']}")
    (seen,) = await reader.good("GET", CONVERSATIONS)
    assert seen["last_status"]["id"] == first["id"]
    await writer.good("DELETE", f"/api/v1/statuses/{first['id']}")
    assert await reader.good("GET", CONVERSATIONS) == []
    async with here.work.transaction() as tx:
        await tx.later("clean", "clean", {}, tx.now)
    await run_jobs(here.work)
    async with here.work.reading() as tx:
        assert await tx.conn.fetchval("select count(*) from conversations") == 0


async def test_who_blocked_one_since_is_shown_without_a_post(house: House) -> None:
    writer, reader = await house.member("writer"), await house.member("reader")
    await writer.says("@reader one", visibility="direct")
    await writer.good("POST", f"/api/v1/accounts/{reader.id}/block")
    (seen,) = await reader.good("GET", CONVERSATIONS)
    assert seen["last_status"] is None


async def test_pages_by_the_newest_post(house: House) -> None:
    writer, reader = await house.member("writer"), await house.member("reader")
    posts = [await writer.says(f"@reader {n}", visibility="direct") for n in range(3)]
    newest = [p["id"] for p in posts[::-1]]
    first = await reader.get(f"{CONVERSATIONS}?limit=2")
    assert [c["last_status"]["id"] for c in first.json] == newest[:2]
    assert f"max_id={newest[1]}" in first.links["next"]
    second = await reader.get(first.links["next"])
    assert [c["last_status"]["id"] for c in second.json] == newest[2:]
    above = await reader.get(second.links["prev"])
    assert [c["last_status"]["id"] for c in above.json] == newest[:2]


async def test_the_direct_timeline(house: House) -> None:
    writer, reader, other = [await house.member(n) for n in ("writer", "reader", "other")]
    post = await writer.says("@reader one", visibility="direct")
    await writer.says("@reader not this", visibility="private")
    for member in (writer, reader):
        page = await member.good("GET", "/api/v1/timelines/direct")
        assert [s["id"] for s in page] == [post["id"]]
    assert await other.good("GET", "/api/v1/timelines/direct") == []


async def test_a_long_page_takes_as_many_queries_as_a_short_one(house: House) -> None:
    reader = await house.member("reader")
    assert reader.account
    for n in range(4):
        writer = await house.member(f"writer{n}")
        await writer.says("@reader hello", visibility="direct")
    taken: list[int] = []
    for limit in (1, 4):
        seen: list[str] = []
        async with house.work.reading() as tx:
            with tx.conn.query_logger(lambda record, seen=seen: seen.append(record.query)):
                rows = await conversations.page(tx.conn, reader.account.id, Page(limit))
                assert len(await entities(tx, rows, reader.account)) == limit
        taken.append(len(seen))
    assert taken[0] == taken[1]


async def test_an_edit_that_names_somebody_lets_them_in(house: House) -> None:
    writer, first, second = [await house.member(name) for name in ("writer", "first", "second")]
    for reader in (first, second):  # what strangers write in private waits as a request
        await reader.good("POST", f"/api/v1/accounts/{writer.id}/follow")
    said = await writer.says("@first psst", visibility="direct")
    one = f"/api/v1/statuses/{said['id']}"
    assert (await second.get(one)).status == 404
    await writer.good("PUT", one, json={"status": "@first @second psst"})
    mentions = "/api/v1/notifications?types[]=mention"
    (told,) = await second.good("GET", mentions)
    assert told["status"]["id"] == said["id"]
    (found,) = await second.good("GET", CONVERSATIONS)
    assert (found["unread"], found["last_status"]["id"]) == (True, said["id"])
    assert {a["username"] for a in found["accounts"]} == {"writer", "first"}
    for before in (writer, first):  # they have it already, and are told of no more
        assert len(await before.good("GET", CONVERSATIONS)) == 1
    await writer.good("PUT", one, json={"status": "@second @first psst!"})
    assert len(await second.good("GET", mentions)) == len(await first.good("GET", mentions)) == 1


async def test_an_edit_from_elsewhere_tells_whom_it_names(house: House) -> None:
    reader, far = await house.member("reader"), await house.remote("far")
    post = await house.arrives(far, "1", Draft(content="hello"))
    assert reader.account
    draft = Draft(content="hello @reader", mentions=(reader.account,))
    for _ in range(2):
        async with house.work.transaction() as tx:
            arrived = Arrived(f"{post.uri}/update", {"id": post.uri})
            await posts.edit(tx, far, post, draft, arrived=arrived)
    (told,) = await reader.good("GET", "/api/v1/notifications")
    assert (told["type"], told["status"]["id"]) == ("mention", str(post.id))


async def test_an_old_edit_that_arrives_late_tells_nobody(house: House, here: Running) -> None:
    reader, far = await house.member("reader"), await house.remote("far")
    post = await house.arrives(far, "1", Draft(content="hello"))
    assert reader.account
    edited = here.clock.now()
    here.clock.forward(days=3)
    draft = Draft(content="hello @reader", mentions=(reader.account,), edited_at=edited)
    async with house.work.transaction() as tx:
        await posts.edit(tx, far, post, draft, arrived=Arrived(f"{post.uri}/1", {"id": post.uri}))
    assert await reader.good("GET", "/api/v1/notifications") == []


async def test_who_blocks_the_writer_is_not_let_in_by_an_edit(house: House) -> None:
    writer, _, second = [await house.member(name) for name in ("writer", "first", "second")]
    await second.good("POST", f"/api/v1/accounts/{writer.id}/block")
    said = await writer.says("@first psst", visibility="direct")
    one = f"/api/v1/statuses/{said['id']}"
    await writer.good("PUT", one, json={"status": "@first @second psst"})
    assert await second.good("GET", CONVERSATIONS) == []
    assert await second.good("GET", "/api/v1/notifications") == []
