"""Keeping hosts out or down from an app: who may, what others are then shown, and how it is lifted."""

from __future__ import annotations

from typing import Any

import pytest

from server.api.host_blocks import obscured
from server.domain.posting.drafts import Draft
from storage.accounts import Account
from tests.api.people import House, Member

BLOCKS = "/api/v1/admin/domain_blocks"
ACCOUNTS = "/api/v1/admin/accounts"
PICTURE = {"kind": "image", "url": "https://far.example/a.png", "width": 4, "height": 2}


@pytest.fixture
async def admin(house: House) -> Member:
    return await house.member("keeper", role="admin")


async def block(admin: Member, domain: str = "far.example", **terms: Any) -> str:
    sent = {"domain": domain, "severity": "suspend", **terms}
    return (await admin.good("POST", BLOCKS, json=sent))["id"]


async def stands(admin: Member, account: Account) -> tuple[bool, bool]:
    """Suspended, silenced."""
    shown = await admin.good("GET", f"{ACCOUNTS}/{account.id}")
    return shown["suspended"], shown["silenced"]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
async def test_it_takes_an_administrator_and_the_scope(
    house: House, admin: Member, method: str
) -> None:
    made = await block(admin)
    at = BLOCKS if method == "POST" else f"{BLOCKS}/{made}"
    moderator = await house.member("organiser", role="moderator")
    narrow = await house.sign_in(admin.account, scope="admin:read:reports admin:write:reports")
    other = Member(house.http, house.base, admin.account, narrow)
    sent = {"domain": "loud.example"}
    assert (await house.stranger.ask(method, at, json=sent)).status == 401
    assert (await moderator.ask(method, at, json=sent)).status == 403
    assert (await other.ask(method, at, json=sent)).status == 403
    assert (await admin.ask(method, at, json=sent)).status == 200
    if method != "POST":
        assert (await admin.ask(method, f"{BLOCKS}/99", json=sent)).status == 404


@pytest.mark.parametrize(
    "sent",
    [
        {"domain": ""},
        {"domain": "no host/at all"},
        {"domain": "far.example", "severity": "burn"},
        {"domain": "far.example", "public_comment": "x" * 5001},
        {"domain": "taken.example"},
    ],
)
async def test_what_makes_no_sense_is_refused(admin: Member, sent: dict[str, str]) -> None:
    await block(admin, "taken.example")
    assert (await admin.post(BLOCKS, json=sent)).status == 422
    assert len(await admin.good("GET", BLOCKS)) == 1


async def test_nobody_blocks_their_own_server(house: House, admin: Member) -> None:
    ours = house.work.site.urls.domain
    plain = ours.partition(":")[0]
    for domain in (ours, plain):
        assert (await admin.post(BLOCKS, json={"domain": domain})).status == 422


async def test_a_suspended_host_is_not_seen_and_comes_back(house: House, admin: Member) -> None:
    reader = await house.member("reader")
    near, far = await house.remote("near"), await house.remote("far")
    await house.arrives(far, "1", Draft(content="<p>x</p>"))
    own = await house.remote("alone")
    await admin.good("POST", f"{ACCOUNTS}/{own.id}/action", json={"type": "suspend"})

    async def seen() -> bool:
        public = await reader.good("GET", "/api/v1/timelines/public")
        found = (await reader.good("GET", "/api/v2/search?q=far"))["accounts"]
        assert bool(public) == bool(found)
        return bool(public)

    assert await seen()
    made = await block(admin, "example")
    assert not await seen()
    assert await stands(admin, far) == await stands(admin, near) == (True, False)
    assert (await admin.post(f"{ACCOUNTS}/{far.id}/unsuspend")).status == 422
    await admin.good("DELETE", f"{BLOCKS}/{made}")
    assert await seen()
    assert await stands(admin, far) == (False, False)
    assert await stands(admin, own) == (True, False)


async def test_what_is_decided_about_one_outlives_the_block(house: House, admin: Member) -> None:
    far = await house.remote("far")
    made = await block(admin)
    await admin.good("POST", f"{ACCOUNTS}/{far.id}/action", json={"type": "suspend"})
    await admin.good("DELETE", f"{BLOCKS}/{made}")
    assert await stands(admin, far) == (True, False)


async def test_the_strictest_block_holds_and_one_can_be_changed(
    house: House, admin: Member
) -> None:
    far = await house.remote("far")
    wide = await block(admin, "example", severity="silence")
    narrow = await block(admin, "far.example")
    assert await stands(admin, far) == (True, True)
    await admin.good("PUT", f"{BLOCKS}/{narrow}", json={"severity": "noop"})
    assert await stands(admin, far) == (False, True)
    await admin.good("DELETE", f"{BLOCKS}/{wide}")
    assert await stands(admin, far) == (False, False)
    await block(admin, "ar.example")  # no part of the name between the dots
    assert await stands(admin, far) == (False, False)


async def test_refused_media_are_not_shown(house: House, admin: Member) -> None:
    far = await house.remote("far")
    await house.arrives(far, "1", Draft(content="<p>x</p>", attachments=(PICTURE,)))
    (before,) = await admin.good("GET", "/api/v1/timelines/public")
    assert len(before["media_attachments"]) == 1
    await block(admin, severity="noop", reject_media=True)
    (after,) = await admin.good("GET", "/api/v1/timelines/public")
    assert after["media_attachments"] == []


async def test_everybody_is_told_what_may_be_told(house: House, admin: Member) -> None:
    await block(admin, "loud.example", public_comment="Spam", private_comment="secret")
    await block(admin, "hidden.example", severity="silence", obfuscate=True)
    await block(admin, "plain.example", severity="noop", reject_media=True)
    told = await house.stranger.good("GET", "/api/v1/instance/domain_blocks")
    assert [(b["domain"], b["severity"], b["comment"]) for b in told] == [
        (obscured("hidden.example"), "silence", None),
        ("loud.example", "suspend", "Spam"),
    ]
    assert obscured("hidden.example") == "hid***.****ple"
    assert "secret" not in str(told)
    kept = await admin.good("GET", f"{BLOCKS}?limit=2")
    assert [b["domain"] for b in kept] == ["plain.example", "hidden.example"]
