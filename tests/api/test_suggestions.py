"""Whom one may want to follow, and the directory of those who want to be found."""

from __future__ import annotations

from server.domain.members.accounts import edit_profile
from tests.api.conftest import Running
from tests.api.fields import check
from tests.api.people import House, Member


async def follow(one: Member, *others: Member) -> None:
    for other in others:
        await one.good("POST", f"/api/v1/accounts/{other.id}/follow")


async def suggested(reader: Member) -> list[tuple[str, str]]:
    """Name and reason of each."""
    found = await reader.good("GET", "/api/v2/suggestions")
    check(found, ["Suggestion"])
    plain = await reader.good("GET", "/api/v1/suggestions")
    assert plain == [entry["account"] for entry in found]
    return [(entry["account"]["username"], entry["sources"][0]) for entry in found]


async def test_friends_of_friends_come_first(house: House) -> None:
    reader, one, two = [await house.member(name) for name in ("reader", "one", "two")]
    both, single, popular = [await house.member(name) for name in ("both", "single", "popular")]
    assert await suggested(reader) == []
    await follow(reader, one, two)
    await follow(one, both, single, reader)
    await follow(two, both)
    for n in range(3):
        await follow(await house.member(f"fan{n}"), popular)
    assert await suggested(reader) == [
        ("both", "friends_of_friends"),
        ("single", "friends_of_friends"),
        ("popular", "most_followed"),
    ]
    await follow(reader, single)
    assert await reader.good("DELETE", f"/api/v1/suggestions/{both.id}") == {}
    assert await reader.good("DELETE", f"/api/v1/suggestions/{both.id}") == {}
    assert await suggested(reader) == [("popular", "most_followed")]
    assert ("both", "friends_of_friends") not in await suggested(one)
    assert (await reader.delete("/api/v1/suggestions/1")).status == 404
    assert len(await reader.good("GET", "/api/v2/suggestions?limit=1")) == 1


async def test_some_are_never_suggested(house: House) -> None:
    reader, friend = await house.member("reader"), await house.member("friend")
    names = ("shy", "blocked", "blocker", "asked")
    shy, blocked, blocker, asked = [await house.member(name) for name in names]
    await follow(reader, friend)
    await follow(friend, shy, blocked, blocker, asked)
    assert shy.account
    assert asked.account
    async with house.work.transaction() as tx:
        await edit_profile(tx, shy.account, discoverable=False)
        await edit_profile(tx, asked.account, locked=True)
    await reader.good("POST", f"/api/v1/accounts/{blocked.id}/block")
    await blocker.good("POST", f"/api/v1/accounts/{reader.id}/block")
    await follow(reader, asked)
    assert await suggested(reader) == []


async def test_scopes(house: House, here: Running) -> None:
    reader, other = await house.member("reader"), await house.member("other")
    narrow = await here.token(reader.account, "read:accounts")
    only_reads = Member(house.http, house.base, reader.account, narrow)
    assert (await only_reads.get("/api/v2/suggestions")).status == 200
    assert (await only_reads.delete(f"/api/v1/suggestions/{other.id}")).status == 403
    app = Member(house.http, house.base, None, await here.token(None, "read write"))
    assert (await app.get("/api/v2/suggestions")).status == 422
    assert (await house.stranger.get("/api/v2/suggestions")).status == 401


async def test_the_directory(house: House) -> None:
    first, second, shy = [await house.member(name) for name in ("first", "second", "shy")]
    far = await house.remote("far_writer")
    assert shy.account
    async with house.work.transaction() as tx:
        await edit_profile(tx, shy.account, discoverable=False)
    for writer in (second, shy, first):
        await writer.says("hello")

    async def found(query: str) -> list[str]:
        people = await house.stranger.good("GET", f"/api/v1/directory?{query}")
        check(people, ["Account"])
        return [person["id"] for person in people]

    assert await found("") == [first.id, second.id]
    assert await found("limit=1&offset=1") == [second.id]
    assert await found("order=new") == [str(far.id), second.id, first.id]
    assert await found("order=new&local=true") == [second.id, first.id]
    assert await found("offset=9") == []
