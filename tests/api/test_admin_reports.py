"""What moderators do with reports through an app, and who may not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.people import House, Member

REPORTS = "/api/v1/admin/reports"
VERBS = ("assign_to_self", "unassign", "resolve", "reopen")
EVERY = [
    ("GET", REPORTS),
    ("GET", f"{REPORTS}/ID"),
    ("PUT", f"{REPORTS}/ID"),
    *[("POST", f"{REPORTS}/ID/{verb}") for verb in VERBS],
]


@pytest.fixture
async def organiser(house: House) -> Member:
    async with house.work.transaction() as tx:
        await tx.conn.execute("update instance set rules = '{Be kind,No spam}'")
    return await house.member("organiser", role="moderator")


async def reported(house: House, visibility: str = "public") -> tuple[Member, dict[str, Any], str]:
    """Who was rude, with what post, and the report about it."""
    reader, rude = await house.member("reader"), await house.member("rude")
    post = await rude.says("@reader rude words", visibility=visibility)
    sent = {"account_id": rude.id, "status_ids": [post["id"]], "rule_ids": ["2"]}
    return rude, post, (await reader.good("POST", "/api/v1/reports", json=sent))["id"]


@pytest.mark.parametrize(("method", "path"), EVERY)
async def test_it_takes_the_role_and_the_scope(
    house: House, organiser: Member, method: str, path: str
) -> None:
    rude, _, report = await reported(house)
    at = path.replace("ID", report)
    scoped = await house.sign_in(rude.account, scope="admin:read admin:write")
    other = await house.sign_in(organiser.account, scope="admin:read:accounts admin:write:accounts")
    member = Member(house.http, house.base, rude.account, scoped)
    narrow = Member(house.http, house.base, organiser.account, other)
    assert (await house.stranger.ask(method, at)).status == 401
    assert (await member.ask(method, at)).status == 403
    assert (await narrow.ask(method, at)).status == 403
    assert (await organiser.ask(method, at)).status == 200
    missing = path.replace("ID", "9")
    assert (await organiser.ask(method, missing)).status == (200 if path == REPORTS else 404)


async def test_a_report_is_shown_with_its_post_whoever_may_see_that(
    house: House, organiser: Member
) -> None:
    rude, post, report = await reported(house, "direct")
    assert (await organiser.get(f"/api/v1/statuses/{post['id']}")).status == 404
    shown = await organiser.good("GET", f"{REPORTS}/{report}")
    assert [s["id"] for s in shown["statuses"]] == [post["id"]]
    assert shown["account"]["username"] == "reader"
    assert shown["target_account"]["email"] == "rude@people.example"
    assert shown["target_account"]["account"]["id"] == rude.id
    assert [r["text"] for r in shown["rules"]] == ["No spam"]
    assert (shown["category"], shown["action_taken"]) == ("violation", False)
    assert shown["assigned_account"] is shown["action_taken_by_account"] is None
    await rude.good("DELETE", f"/api/v1/statuses/{post['id']}")
    assert (await organiser.good("GET", f"{REPORTS}/{report}"))["statuses"] == []


async def test_a_report_is_taken_on_closed_and_opened_again(
    house: House, organiser: Member
) -> None:
    second = await house.member("second", role="moderator")
    _, _, report = await reported(house)
    at = f"{REPORTS}/{report}"

    async def listed(query: str = "") -> list[str]:
        return [r["id"] for r in await organiser.good("GET", f"{REPORTS}?{query}")]

    taken = await organiser.good("POST", f"{at}/assign_to_self")
    assert taken["assigned_account"]["id"] == organiser.id
    assert (await second.good("POST", f"{at}/unassign"))["assigned_account"] is None
    assert (await listed(), await listed("resolved=true")) == ([report], [])
    closed = await organiser.good("POST", f"{at}/resolve")
    assert closed["action_taken_by_account"]["id"] == organiser.id
    again = await second.good("POST", f"{at}/resolve")
    assert again["action_taken_by_account"]["id"] == organiser.id
    assert again["action_taken_at"] == closed["action_taken_at"]
    assert (await listed(), await listed("resolved=true")) == ([], [report])
    opened = await organiser.good("POST", f"{at}/reopen")
    assert (opened["action_taken"], opened["action_taken_by_account"]) == (False, None)


async def test_reports_are_found_by_who_made_them_and_about_whom(
    house: House, organiser: Member
) -> None:
    rude, _, report = await reported(house)
    at = f"{REPORTS}?target_account_id="
    assert [r["id"] for r in await organiser.good("GET", f"{at}{rude.id}")] == [report]
    assert await organiser.good("GET", f"{at}{organiser.id}") == []
    assert await organiser.good("GET", f"{REPORTS}?account_id={rude.id}") == []


async def test_a_report_is_sorted(house: House, organiser: Member) -> None:
    _, _, report = await reported(house)
    at = f"{REPORTS}/{report}"
    sorted_ = await organiser.good("PUT", at, json={"category": "spam", "rule_ids": []})
    assert (sorted_["category"], sorted_["rules"]) == ("spam", [])
    assert (await organiser.put(at, json={"category": "boring"})).status == 422
    assert (await organiser.put(at, json={"rule_ids": ["7"]})).status == 422
    assert (await organiser.good("GET", at))["category"] == "spam"
