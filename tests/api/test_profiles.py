"""Notes, featured accounts, followers in common, hidden collections, and one's own profile."""

from __future__ import annotations

import pytest

from tests.api.conftest import Running
from tests.api.fields import check
from tests.api.people import House, Member

ACCOUNTS = "/api/v1/accounts"


@pytest.fixture
async def reader(house: House) -> Member:
    return await house.member("reader")


@pytest.fixture
async def other(house: House) -> Member:
    return await house.member("other")


async def follow(who: Member, whom: Member) -> None:
    await who.good("POST", f"{ACCOUNTS}/{whom.id}/follow")


async def relation(who: Member, whom: Member) -> dict[str, object]:
    return (await who.good("GET", f"{ACCOUNTS}/relationships?id={whom.id}"))[0]


async def test_a_note_is_for_its_writer_only(reader: Member, other: Member) -> None:
    answer = await reader.good(
        "POST", f"{ACCOUNTS}/{other.id}/note", data={"comment": " met here "}
    )
    check(answer, "Relationship")
    assert answer["note"] == "met here"
    await reader.good("POST", f"{ACCOUNTS}/{other.id}/note", json={"comment": "again"})
    assert (await relation(reader, other))["note"] == "again"
    assert (await relation(other, reader))["note"] == ""
    gone = await reader.good("POST", f"{ACCOUNTS}/{other.id}/note", json={"comment": ""})
    assert gone["note"] == ""


async def test_notes_that_are_refused(house: House, reader: Member, other: Member) -> None:
    path = f"{ACCOUNTS}/{other.id}/note"
    assert (await reader.post(path, json={"comment": "x" * 2001})).status == 422
    assert (await reader.post(f"{ACCOUNTS}/1/note", json={"comment": "x"})).status == 404
    assert (await house.stranger.post(path, json={"comment": "x"})).status == 401
    assert (await relation(reader, other))["note"] == ""


@pytest.mark.parametrize(("add", "drop"), [("pin", "unpin"), ("endorse", "unendorse")])
async def test_only_whom_one_follows_is_featured(
    house: House, reader: Member, other: Member, add: str, drop: str
) -> None:
    one = f"{ACCOUNTS}/{other.id}"
    assert (await reader.post(f"{one}/{add}")).status == 422
    await follow(reader, other)
    assert (await reader.good("POST", f"{one}/{add}"))["endorsed"] is True
    await reader.good("POST", f"{one}/{add}")
    for asker, path in (
        (reader, "/api/v1/endorsements"),
        (reader, f"{ACCOUNTS}/{reader.id}/endorsements"),
        (house.stranger, f"{ACCOUNTS}/{reader.id}/endorsements"),
    ):
        assert [a["id"] for a in await asker.good("GET", path)] == [other.id]
    assert (await reader.good("POST", f"{one}/{drop}"))["endorsed"] is False
    assert await reader.good("GET", "/api/v1/endorsements") == []


async def test_featuring_ends_with_the_follow(reader: Member, other: Member) -> None:
    await follow(reader, other)
    await reader.good("POST", f"{ACCOUNTS}/{other.id}/pin")
    answer = await reader.good("POST", f"{ACCOUNTS}/{other.id}/unfollow")
    assert (answer["following"], answer["endorsed"]) == (False, False)
    assert await reader.good("GET", "/api/v1/endorsements") == []


async def test_a_request_to_follow_is_not_enough(house: House, reader: Member) -> None:
    shy = await house.member("shy", locked=True)
    await follow(reader, shy)
    assert (await reader.post(f"{ACCOUNTS}/{shy.id}/pin")).status == 422


async def test_endorsements_page(house: House, reader: Member) -> None:
    names = ["one", "two", "three"]
    people = [await house.member(name) for name in names]
    for person in people:
        await follow(reader, person)
        await reader.good("POST", f"{ACCOUNTS}/{person.id}/pin")
    first = await reader.get("/api/v1/endorsements?limit=2")
    assert [a["id"] for a in first.json] == [people[2].id, people[1].id]
    second = await reader.get(first.links["next"])
    assert [a["id"] for a in second.json] == [people[0].id]


async def test_a_follower_is_removed(reader: Member, other: Member) -> None:
    await follow(other, reader)
    answer = await reader.good("POST", f"{ACCOUNTS}/{other.id}/remove_from_followers")
    assert answer["followed_by"] is False
    again = await reader.good("POST", f"{ACCOUNTS}/{other.id}/remove_from_followers")
    assert again["followed_by"] is False
    assert (await relation(other, reader))["following"] is False
    await follow(other, reader)
    assert (await relation(other, reader))["following"] is True


async def test_whom_one_knows_in_common(house: House, reader: Member, other: Member) -> None:
    between, hidden = await house.member("between"), await house.member("hidden")
    for person in (between, hidden):
        await follow(reader, person)
        await follow(person, other)
    await hidden.good("PATCH", f"{ACCOUNTS}/update_credentials", json={"hide_collections": True})
    wanted = [other.id, "1", other.id, between.id]
    path = f"{ACCOUNTS}/familiar_followers"
    found = await reader.good("GET", path, params={"id[]": wanted})
    assert [entry["id"] for entry in found] == [other.id, "1", between.id]
    assert [a["id"] for a in found[0]["accounts"]] == [between.id]
    check(found[0]["accounts"], ["Account"])
    assert [entry["accounts"] for entry in found[1:]] == [[], []]
    await other.good("PATCH", f"{ACCOUNTS}/update_credentials", json={"hide_collections": True})
    assert (await reader.good("GET", f"{path}?id={other.id}"))[0]["accounts"] == []
    assert (await house.stranger.get(path)).status == 401


async def test_hidden_collections_are_the_owners_only(
    house: House, reader: Member, other: Member
) -> None:
    await follow(reader, other)
    await follow(other, reader)
    me = await other.good(
        "PATCH", f"{ACCOUNTS}/update_credentials", json={"hide_collections": "true"}
    )
    assert (me["hide_collections"], me["source"]["hide_collections"]) == (True, True)
    for line in ("followers", "following"):
        path = f"{ACCOUNTS}/{other.id}/{line}"
        assert await reader.good("GET", path) == await house.stranger.good("GET", path) == []
        assert [a["id"] for a in await other.good("GET", path)] == [reader.id]
    assert (await reader.good("GET", f"{ACCOUNTS}/{other.id}"))["followers_count"] == 1
    await other.good("PATCH", f"{ACCOUNTS}/update_credentials", json={"note": "still hidden"})
    assert await reader.good("GET", f"{ACCOUNTS}/{other.id}/followers") == []


async def test_who_blocks_one_shows_them_no_collections(
    house: House, reader: Member, other: Member
) -> None:
    third = await house.member("third")
    await follow(third, other)
    await other.good("POST", f"{ACCOUNTS}/{reader.id}/block")
    assert await reader.good("GET", f"{ACCOUNTS}/{other.id}/followers") == []
    assert len(await third.good("GET", f"{ACCOUNTS}/{other.id}/followers")) == 1


async def test_fields_are_one_line_with_links(reader: Member) -> None:
    fields = [{"name": "Web", "value": "https://a.example/x <b>\n#tag"}]
    me = await reader.good(
        "PATCH", f"{ACCOUNTS}/update_credentials", json={"fields_attributes": fields}
    )
    (shown,) = me["fields"]
    assert "<p>" not in shown["value"]
    assert '<a href="https://a.example/x"' in shown["value"]
    assert "&lt;b&gt;" in shown["value"]
    assert shown["verified_at"] is None
    assert me["source"]["fields"][0]["value"] == "https://a.example/x <b>\n#tag"


async def test_who_runs_the_server_has_a_badge(house: House, reader: Member) -> None:
    admin = await house.member("keeper", role="admin")
    shown = await reader.good("GET", f"{ACCOUNTS}/{admin.id}")
    assert shown["roles"] == [{"id": "2", "name": "Admin", "color": ""}]
    assert (await reader.good("GET", f"{ACCOUNTS}/lookup?acct=keeper"))["roles"] == shown["roles"]
    assert (await reader.good("GET", f"{ACCOUNTS}/{reader.id}"))["roles"] == []
    far = await house.remote("far")
    assert "roles" not in await reader.good("GET", f"{ACCOUNTS}/{far.id}")


async def test_several_accounts_and_no_proofs(house: House, reader: Member, other: Member) -> None:
    wanted = {"id[]": [other.id, "1", reader.id]}
    found = await house.stranger.good("GET", ACCOUNTS, params=wanted)
    assert [a["id"] for a in found] == [other.id, reader.id]
    assert await reader.good("GET", f"{ACCOUNTS}/{other.id}/identity_proofs") == []


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
async def test_a_profile_is_what_was_typed(reader: Member, method: str) -> None:
    sent = {
        "display_name": "The reader", "note": "Likes #tea", "bot": True, "locked": "1",
        "discoverable": False, "indexable": True, "hide_collections": True,
        "fields_attributes": {"0": {"name": "Web", "value": "https://a.example"}},
        "avatar_description": "A spade",
    }  # fmt: skip
    tea = await reader.good("POST", "/api/v1/featured_tags", json={"name": "tea"})
    made = await reader.good(method, "/api/v1/profile", json=sent)
    check(made, "Profile")
    assert (made["note"], made["fields"][0]["value"]) == ("Likes #tea", "https://a.example")
    assert "<a " in made["formatted_note"]
    assert (made["avatar_description"], made["featured_tags"]) == ("A spade", [tea])
    for name in ("bot", "locked", "discoverable", "indexable", "hide_collections"):
        assert made[name] is (name != "discoverable")
    assert await reader.good("GET", "/api/v1/profile") == made
    me = await reader.good("GET", f"{ACCOUNTS}/verify_credentials")
    assert (me["bot"], me["locked"], me["hide_collections"]) == (True, True, True)


async def test_a_profile_needs_its_scope(house: House, here: Running, reader: Member) -> None:
    weak = Member(house.http, house.base, reader.account, await here.token(reader.account, "read"))
    assert (await weak.get("/api/v1/profile")).status == 200
    assert (await weak.ask("PATCH", "/api/v1/profile", json={"note": "x"})).status == 403
    app = Member(house.http, house.base, None, await here.token(None))
    assert (await app.get("/api/v1/profile")).status == 422
    assert (await house.stranger.get("/api/v1/profile")).status == 401
