"""What those who run the instance can count."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.people import House, Member

MEASURES, DIMENSIONS = "/api/v1/admin/measures", "/api/v1/admin/dimensions"
KEYS = ["active_users", "new_users", "interactions", "opened_reports", "resolved_reports"]


@pytest.mark.parametrize("path", [MEASURES, DIMENSIONS])
async def test_it_takes_the_role_and_the_scope(house: House, path: str) -> None:
    member = await house.member("gardener")
    moderator = await house.member("organiser", role="moderator")
    narrow = await house.sign_in(moderator.account, scope="read write admin:read:accounts")
    other = Member(house.http, house.base, moderator.account, narrow)
    assert (await house.stranger.post(path)).status == 401
    assert (await member.post(path)).status == 403
    assert (await other.post(path)).status == 403
    assert await moderator.good("POST", path) == []


async def test_each_day_is_counted(house: House) -> None:
    moderator = await house.member("organiser", role="moderator")
    reader, rude = await house.member("reader"), await house.member("rude")
    post = await rude.says("rude words")
    await rude.says("and more")
    await reader.good("POST", f"/api/v1/statuses/{post['id']}/favourite")
    await reader.good("POST", "/api/v1/reports", json={"account_id": rude.id})

    async def counted(**more: Any) -> dict[str, tuple[str, str, str]]:
        found = await moderator.good("POST", MEASURES, json={"keys": [*KEYS, "what"], **more})
        assert all(len(m["data"]) == len(found[0]["data"]) for m in found)
        return {m["key"]: (m["total"], m["previous_total"], m["data"][-1]["value"]) for m in found}

    now = await counted()
    assert now == {
        "active_users": ("1", "0", "1"),
        "new_users": ("3", "0", "3"),
        "interactions": ("1", "0", "1"),
        "opened_reports": ("1", "0", "1"),
        "resolved_reports": ("0", "0", "0"),
    }
    past = await counted(start_at="2001-01-01", end_at="2001-01-31T10:00:00Z")
    assert {total for total, _, _ in past.values()} == {"0"}


@pytest.mark.parametrize(
    "span",
    [
        {"start_at": "yesterday"},
        {"end_at": "0001-01-01"},
        {"start_at": "2001-01-01", "end_at": "2003-01-01"},
        {"start_at": "2003-01-01", "end_at": "2001-01-01"},
    ],
)
async def test_days_that_make_no_sense_are_refused(house: House, span: dict[str, str]) -> None:
    moderator = await house.member("organiser", role="moderator")
    assert (await moderator.post(MEASURES, json={"keys": KEYS, **span})).status == 422


async def test_nothing_is_ranked(house: House) -> None:
    moderator = await house.member("organiser", role="moderator")
    asked = {"keys": ["languages", "servers", "what"]}
    assert await moderator.good("POST", DIMENSIONS, json=asked) == [
        {"key": "languages", "data": []},
        {"key": "servers", "data": []},
    ]
