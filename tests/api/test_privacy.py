"""Who learns what, in the API: told before, changed by those who may, and kept from everybody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from server.domain.calling import contacts, participations, questions
from server.domain.calling.contacts import Typed
from storage import contacts as rows
from storage import posts as post_rows
from storage.accounts import Account
from storage.calls import Details
from tests.api.people import House, Member

BASE = "/api/beckon/v1"


@pytest.fixture
async def organiser(house: House) -> Member:
    return await house.member("organiser")


async def a_call(house: House, organiser: Member) -> tuple[Account, str]:
    garden = await house.community(organiser, "garden")
    soon = datetime.now(UTC) + timedelta(days=7)
    post = await house.call(organiser, garden, Details(soon, None, "UTC"), "Dig")
    async with house.work.transaction() as tx:
        await questions.put(tx, post, [questions.Asked("What do you bring?")])
    return garden, str(post.id)


async def answered(house: House, call_id: str, address: str = "guest@mail.example") -> None:
    typed = Typed(address, "going", "Guest", ("Bread",), ("answer",))
    async with house.work.transaction() as tx:
        mailing = replace(tx, site=replace(tx.site, mail=True))
        post = await post_rows.by_id(tx.conn, int(call_id))
        assert post
        await contacts.begin(mailing, post, typed)
        made = await rows.by_id(tx.conn, await tx.conn.fetchval("select max(id) from contacts"))
        assert made
        await contacts.confirm(mailing, await contacts.new_link(tx, made, "confirm"))


async def test_a_call_says_who_learns_what(house: House, organiser: Member) -> None:
    _, call_id = await a_call(house, organiser)
    told = await house.stranger.good("GET", f"{BASE}/calls/{call_id}")
    assert told["privacy"].keys() == {"card", "join", "client", "email"}
    assert "A vote is not secret" in told["privacy"]["card"]
    assert "never your address" in told["privacy"]["email"]


async def test_the_audience_is_told_before(house: House, organiser: Member) -> None:
    garden, _ = await a_call(house, organiser)

    async def of(**asked: str) -> str:
        found = await house.stranger.good("GET", f"{BASE}/audience", params=asked)
        return found["sentence"]

    assert (await of()).startswith("Everybody on the web")
    assert (await of(visibility="direct")).startswith("Only the people you mention")
    assert "Garden passes it on" in await of(visibility="public", community_id=str(garden.id))
    assert "how many of their people" in await of(kind="petition")
    assert "A vote is not secret" in await of(kind="petition", door="card")
    for wrong in ({"visibility": "secret"}, {"kind": "party"}, {"kind": "event", "door": "cellar"}):
        answer = await house.stranger.ask("GET", f"{BASE}/audience", params=wrong)
        assert answer.status == 422, wrong


async def test_the_audience_gives_no_private_community_away(
    house: House, organiser: Member
) -> None:
    made = await organiser.good(
        "POST",
        f"{BASE}/communities",
        json={"name": "den", "title": "Den", "policy": "invited", "visibility": "private"},
    )
    asked = {"community_id": made["id"]}
    other = await house.member("other")
    for who in (house.stranger, other):
        assert (await who.ask("GET", f"{BASE}/audience", params=asked)).status == 404
    assert (await organiser.ask("GET", f"{BASE}/audience", params=asked)).status == 200


async def test_what_is_kept_is_told_to_everybody(house: House) -> None:
    told = await house.stranger.good("GET", f"{BASE}/retention")
    assert {r["name"]: r["days"] for r in told} | {"contact_data": 90, "receipts": 365} == {
        r["name"]: r["days"] for r in told
    }


async def test_organisers_alone_change_what_is_agreed_to(house: House, organiser: Member) -> None:
    _, call_id = await a_call(house, organiser)
    path = f"{BASE}/calls/{call_id}/consents"
    first = await house.stranger.good("GET", path)
    assert [(c["purpose"], c["version"]) for c in first] == [("answer", 1), ("news", 1)]
    wanted = {"purpose": "answer", "text": "The garden keeps my address for a month."}
    member = await house.member("member")
    assert (await member.ask("PUT", path, json=wanted)).status == 403
    assert (await house.stranger.ask("PUT", path, json=wanted)).status == 401
    for wrong in ({"purpose": "fun"}, {"text": "too short"}, {"text": "x" * 1001}):
        assert (await organiser.ask("PUT", path, json=wanted | wrong)).status == 422
    assert await house.stranger.good("GET", path) == first
    changed = await organiser.good("PUT", path, json=wanted)
    assert changed == {**wanted, "version": 2}
    assert await organiser.good("PUT", path, json=wanted) == changed, "no event"
    assert (await house.stranger.good("GET", path))[0] == changed


async def test_organisers_see_who_answered_by_email_and_no_address(
    house: House, organiser: Member
) -> None:
    _, call_id = await a_call(house, organiser)
    await answered(house, call_id)
    await answered(house, call_id, "second@mail.example")
    path = f"{BASE}/calls/{call_id}/contacts"
    found = await organiser.good("GET", path)
    assert [(c["name"], c["answer"], c["agreed"]) for c in found] == [
        ("Guest", "going", ["answer"])
    ] * 2
    assert found[0]["fields"] == [{"name": "What do you bring?", "value": "Bread"}]
    assert "mail.example" not in str(found)
    rest = await organiser.good("GET", path, params={"after": found[0]["id"]})
    assert [c["id"] for c in rest] == [found[1]["id"]]
    member = await house.member("member")
    assert (await member.ask("GET", path)).status == 403
    assert (await house.stranger.ask("GET", path)).status == 401
    assert (await house.stranger.good("GET", f"{BASE}/calls/{call_id}"))["confirmed"] == 2


@pytest.mark.parametrize("mark", ["official", "commercial"])
async def test_an_office_or_a_firm_sees_nobody(house: House, organiser: Member, mark: str) -> None:
    """Not even as the organiser of the call."""
    _, call_id = await a_call(house, organiser)
    await answered(house, call_id)
    member = await house.member("member")
    async with house.work.transaction() as tx:
        post = await post_rows.by_id(tx.conn, int(call_id))
        assert post and member.account
        await participations.answer(tx, member.account, post, "going", "client")
    lists = [f"{BASE}/calls/{call_id}/{of}" for of in ("contacts", "participants")]
    for path in lists:
        assert len(await organiser.good("GET", path)) == 1
    marked = await organiser.good("PUT", f"{BASE}/affiliation", json={"affiliation": mark})
    assert [role["name"] for role in marked["roles"]] == [mark.capitalize()]
    shown = await house.stranger.good("GET", f"/api/v1/accounts/{organiser.id}")
    assert shown["roles"] == marked["roles"]
    for path in lists:
        refused = await organiser.ask("GET", path)
        assert refused.status == 403
        assert "do not see who takes part" in str(refused.json)


async def test_who_is_marked_does_not_lay_it_down_to_look(house: House, organiser: Member) -> None:
    boss = await house.member("boss", role="admin")
    own, path = f"{BASE}/affiliation", f"{BASE}/admin/accounts/{organiser.id}/affiliation"
    await organiser.good("PUT", own, json={"affiliation": "official"})
    for said in ("", "none"):
        assert (await organiser.ask("PUT", own, json={"affiliation": said})).status == 422
    assert (await organiser.ask("PUT", own, json={"affiliation": "commercial"})).status == 403
    assert (await organiser.ask("PUT", path, json={"affiliation": ""})).status == 403
    assert (await boss.good("PUT", path, json={"affiliation": ""}))["roles"] == []
    assert (await boss.good("PUT", path, json={"affiliation": "commercial"}))["roles"] != []
    assert (await boss.ask("PUT", path, json={"affiliation": "royal"})).status == 422


async def test_another_person_of_an_office_sees_nobody_either(
    house: House, organiser: Member
) -> None:
    """Else who is marked would look as a pseudonym; who it is stays their own."""
    _, call_id = await a_call(house, organiser)
    await answered(house, call_id)
    made = await organiser.good("POST", f"{BASE}/persons", json={"username": "quiet"})
    token = {"Authorization": f"Bearer {made['access_token']}"}
    account = made["person"]["account"]
    quiet = Member(organiser.http, organiser.base, None, token)
    group = (await organiser.good("GET", f"{BASE}/calls/{call_id}"))["community"]["id"]
    await quiet.good("POST", f"/api/v1/accounts/{group}/follow")
    role = {"account_id": account["id"], "role": "moderator"}
    await organiser.good("POST", f"{BASE}/communities/{group}/roles", json=role)
    paths = [f"{BASE}/calls/{call_id}/{of}" for of in ("contacts", "participants", "export.csv")]
    assert (await quiet.get(paths[0])).status == 200
    await organiser.good("PUT", f"{BASE}/affiliation", json={"affiliation": "official"})
    for path in paths:
        assert (await quiet.get(path)).status == 403, path
    assert "Official" not in str(
        await house.stranger.good("GET", f"/api/v1/accounts/{account['id']}")
    )
