"""Lists of a member's own: who is in them, what they show, and what an exclusive one takes from home."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Running
from tests.api.fields import check
from tests.api.people import House, Member

LISTS = "/api/v1/lists"


async def make(keeper: Member, title: str = "Friends", **more: Any) -> str:
    made = await keeper.good("POST", LISTS, json={"title": title, **more})
    check(made, "List")
    return made["id"]


async def put_in(keeper: Member, list_id: str, *others: Member) -> None:
    for other in others:
        await keeper.good("POST", f"/api/v1/accounts/{other.id}/follow")
    body = {"account_ids": [other.id for other in others]}
    assert await keeper.good("POST", f"{LISTS}/{list_id}/accounts", json=body) == {}


async def shown(reader: Member, path: str) -> list[str]:
    """What the posts of a timeline say, boosts as what they boost."""
    page = await reader.good("GET", f"/api/v1/timelines/{path}")
    return [(s["reblog"] or s)["content"].removeprefix("<p>").removesuffix("</p>") for s in page]


async def test_a_list_is_kept_as_asked_for(house: House) -> None:
    keeper = await house.member("keeper")
    list_id = await make(keeper, replies_policy="none", exclusive="true")
    one = f"{LISTS}/{list_id}"
    row = {"id": list_id, "title": "Friends", "replies_policy": "none", "exclusive": True}
    assert await keeper.good("GET", one) == row
    assert await keeper.good("GET", LISTS) == [row]
    edited = await keeper.good("PUT", one, data={"title": "Neighbours"})
    assert edited == row | {"title": "Neighbours"}
    assert await keeper.good("PUT", one, json={"exclusive": False}) == edited | {"exclusive": False}
    assert await keeper.good("DELETE", one) == {}
    assert await keeper.good("GET", LISTS) == []
    assert (await keeper.get(one)).status == 404


@pytest.mark.parametrize(
    "wrong", [{"title": " "}, {"title": "x" * 257}, {"replies_policy": "some"}]
)
async def test_what_cannot_be_a_list_is_refused(house: House, wrong: dict[str, str]) -> None:
    keeper = await house.member("keeper")
    list_id = await make(keeper)
    assert (await keeper.post(LISTS, json={"title": "T", **wrong})).status == 422
    assert (await keeper.put(f"{LISTS}/{list_id}", json=wrong)).status == 422
    assert [row["title"] for row in await keeper.good("GET", LISTS)] == ["Friends"]


async def test_there_are_at_most_fifty(house: House) -> None:
    keeper = await house.member("keeper")
    for n in range(50):
        await make(keeper, str(n))
    assert (await keeper.post(LISTS, json={"title": "one more"})).status == 422


async def test_only_who_is_followed_stands_in_a_list(house: House) -> None:
    keeper, friend = await house.member("keeper"), await house.member("friend")
    other = await house.member("other")
    list_id = await make(keeper)
    accounts = f"{LISTS}/{list_id}/accounts"
    await put_in(keeper, list_id, friend)
    mixed = {"account_ids": [keeper.id, other.id]}
    assert (await keeper.post(accounts, json=mixed)).status == 404
    assert [a["id"] for a in await keeper.good("GET", accounts)] == [friend.id]
    assert (await keeper.post(accounts, json={"account_ids": [friend.id]})).status == 422
    assert await keeper.good("POST", accounts, data={"account_ids[]": keeper.id}) == {}
    found = await keeper.good("GET", f"/api/v1/accounts/{friend.id}/lists")
    assert [row["id"] for row in found] == [list_id]
    assert await keeper.good("GET", f"/api/v1/accounts/{other.id}/lists") == []
    await keeper.good("POST", f"/api/v1/accounts/{friend.id}/unfollow")
    assert [a["id"] for a in await keeper.good("GET", accounts)] == [keeper.id]


@pytest.mark.parametrize("where", ["data", "json", "params"])
async def test_taking_somebody_out(house: House, where: str) -> None:
    keeper, friend = await house.member("keeper"), await house.member("friend")
    list_id = await make(keeper)
    accounts = f"{LISTS}/{list_id}/accounts"
    await put_in(keeper, list_id, friend)
    name = "account_ids" if where == "json" else "account_ids[]"
    for _ in range(2):
        assert await keeper.good("DELETE", accounts, **{where: {name: friend.id}}) == {}
        assert await keeper.good("GET", accounts) == []


async def test_members_come_in_pages_or_all_at_once(house: House) -> None:
    keeper = await house.member("keeper")
    friends = [await house.member(f"friend{n}") for n in range(5)]
    list_id = await make(keeper)
    await put_in(keeper, list_id, *friends)
    accounts = f"{LISTS}/{list_id}/accounts"
    whole = await keeper.get(f"{accounts}?limit=0")
    assert {a["id"] for a in whole.json} == {f.id for f in friends}
    assert whole.links == {}
    first = await keeper.get(f"{accounts}?limit=2")
    second = await keeper.get(first.links["next"])
    third = await keeper.get(second.links["next"])
    assert [*first.json, *second.json, *third.json] == whole.json
    assert "next" not in third.links


async def test_somebody_elses_list_is_not_there(house: House, here: Running) -> None:
    keeper, other = await house.member("keeper"), await house.member("other")
    list_id = await make(keeper)
    one = f"{LISTS}/{list_id}"
    body = {"title": "Mine", "account_ids": [other.id]}
    for method, path in [
        ("GET", one), ("PUT", one), ("DELETE", one), ("GET", f"{one}/accounts"),
        ("POST", f"{one}/accounts"), ("DELETE", f"{one}/accounts"),
        ("GET", f"/api/v1/timelines/list/{list_id}"),
    ]:  # fmt: skip
        assert (await other.ask(method, path, json=body)).status == 404, (method, path)
    narrow = await here.token(keeper.account, "read:lists")
    only_reads = Member(house.http, house.base, keeper.account, narrow)
    assert (await only_reads.get(one)).status == 200
    assert (await only_reads.put(one, json=body)).status == 403
    app = Member(house.http, house.base, None, await here.token(None, "read write"))
    assert (await app.get(LISTS)).status == 422


async def test_a_list_shows_what_its_members_post(house: House) -> None:
    keeper, friend = await house.member("keeper"), await house.member("friend")
    other = await house.member("other")
    await friend.says("before the list")
    list_id = await make(keeper)
    await put_in(keeper, list_id, friend)
    await friend.says("to all")
    await friend.says("to followers", visibility="private")
    await friend.says("@keeper to one", visibility="direct")
    await keeper.says("mine")
    theirs = await other.says("boosted")
    await friend.good("POST", f"/api/v1/statuses/{theirs['id']}/reblog")
    path = f"list/{list_id}"
    assert await shown(keeper, f"list/{await make(keeper, 'Nobody')}") == []
    assert await shown(keeper, path) == ["boosted", "to followers", "to all", "before the list"]
    await keeper.good("POST", f"/api/v1/accounts/{friend.id}/follow", json={"reblogs": False})
    assert await shown(keeper, path) == ["to followers", "to all", "before the list"]
    first = await keeper.get(f"/api/v1/timelines/{path}?limit=2")
    rest = await keeper.get(first.links["next"])
    assert len(first.json) == 2
    assert [s["content"] for s in rest.json] == ["<p>before the list</p>"]
    up = await keeper.get(f"/api/v1/timelines/{path}?limit=2&min_id=0")
    assert [s["content"] for s in up.json] == ["<p>to all</p>", "<p>before the list</p>"]


async def test_a_request_to_follow_shows_nothing_private(house: House) -> None:
    keeper, shy = await house.member("keeper"), await house.member("shy", locked=True)
    list_id = await make(keeper)
    await put_in(keeper, list_id, shy)
    await shy.says("to all")
    await shy.says("to followers", visibility="private")
    assert await shown(keeper, f"list/{list_id}") == ["to all"]


async def test_a_boost_stands_once(house: House) -> None:
    keeper, friend = await house.member("keeper"), await house.member("friend")
    other, writer = await house.member("other"), await house.member("writer")
    list_id = await make(keeper)
    await put_in(keeper, list_id, friend, other)
    far, near = await writer.says("from outside"), await friend.says("from inside")
    for booster in (friend, other):
        await booster.good("POST", f"/api/v1/statuses/{far['id']}/reblog")
    await other.good("POST", f"/api/v1/statuses/{near['id']}/reblog")
    assert await shown(keeper, f"list/{list_id}") == ["from outside", "from inside"]


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [
        ("none", {"a thread", "to the keeper", "alone"}),
        ("list", {"a thread", "to the keeper", "to a member", "alone"}),
        ("followed", {"a thread", "to the keeper", "to a member", "to who is followed", "alone"}),
    ],
)
async def test_replies_by_policy(house: House, policy: str, wanted: set[str]) -> None:
    names = ("keeper", "friend", "other", "followed", "stranger")
    people = {name: await house.member(name) for name in names}
    keeper, friend = people["keeper"], people["friend"]
    list_id = await make(keeper, replies_policy=policy)
    await put_in(keeper, list_id, friend, people["other"])
    await keeper.good("POST", f"/api/v1/accounts/{people['followed'].id}/follow")
    alone = await friend.says("alone")
    for name, text in [
        ("keeper", "to the keeper"), ("other", "to a member"), ("followed", "to who is followed"),
        ("stranger", "to a stranger"),
    ]:  # fmt: skip
        post = await people[name].says("say something", visibility="direct")
        async with house.work.transaction() as tx:
            await tx.conn.execute(
                "update posts set visibility = 'unlisted' where id = $1", int(post["id"])
            )
        await friend.says(text, in_reply_to_id=post["id"])
    await friend.says("a thread", in_reply_to_id=alone["id"])
    found = set(await shown(keeper, f"list/{list_id}")) - {"say something"}
    assert found == wanted


async def test_an_exclusive_lists_members_leave_home(house: House) -> None:
    keeper, friend = await house.member("keeper"), await house.member("friend")
    other, writer = await house.member("other"), await house.member("writer")
    list_id = await make(keeper)
    await put_in(keeper, list_id, friend)
    await keeper.good("POST", f"/api/v1/accounts/{other.id}/follow")
    await friend.says("first")
    await other.says("other")
    await keeper.says("mine")
    assert await shown(keeper, "home") == ["mine", "other", "first"]
    await keeper.good("PUT", f"{LISTS}/{list_id}", json={"exclusive": True})
    assert await shown(keeper, "home") == ["mine", "other"]
    await friend.says("second")
    theirs = await writer.says("boosted")
    await friend.good("POST", f"/api/v1/statuses/{theirs['id']}/reblog")
    assert await shown(keeper, "home") == ["mine", "other"]
    assert await shown(keeper, f"list/{list_id}") == ["boosted", "second", "first"]
    await put_in(keeper, list_id, other)
    assert await shown(keeper, "home") == ["mine"]
    await keeper.good("POST", f"{LISTS}/{list_id}/accounts", json={"account_ids": [keeper.id]})
    await keeper.says("mine too")
    assert await shown(keeper, "home") == ["mine too", "mine"]
    await keeper.good("DELETE", f"{LISTS}/{list_id}")
    await friend.says("third")
    assert await shown(keeper, "home") == ["third", "mine too", "mine"]


async def test_communities_stand_beside_them(house: House) -> None:
    keeper = await house.member("keeper")
    garden = await house.community(keeper, "garden")
    list_id = await make(keeper)
    body = {"account_ids": [str(garden.id)]}
    await keeper.good("POST", f"{LISTS}/{list_id}/accounts", json=body)
    assert [row["id"] for row in await keeper.good("GET", LISTS)] == [list_id, str(garden.id)]
    found = await keeper.good("GET", f"/api/v1/accounts/{garden.id}/lists")
    assert [row["id"] for row in found] == [list_id, str(garden.id)]
    await keeper.says("@garden seeds")
    assert await shown(keeper, f"list/{list_id}") == await shown(keeper, f"list/{garden.id}")
