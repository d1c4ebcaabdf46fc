"""What moderators do with an app, and that it is kept to wherever the account comes up."""

from __future__ import annotations

from typing import Any

import pytest

from server.domain.members import sign_up
from server.errors import Conflict
from storage import check
from storage import users as user_rows
from storage.accounts import Account
from tests.api.conftest import PASSWORD, Running
from tests.api.people import House, Member

ACCOUNTS = "/api/v1/admin/accounts"


async def waiting(house: House, name: str) -> Account:
    """Somebody who signed up and waits for a moderator."""
    wish = sign_up.Wish(name, f"{name}@people.example", PASSWORD, agreement=True, reason="Beans")
    async with house.work.transaction() as tx:
        await sign_up.set_mode(tx, "approved")
    ready = await sign_up.prepare(house.work, wish)
    async with house.work.transaction() as tx:
        return (await sign_up.sign_up(tx, ready))[1]


async def act(by: Member, whom: str, kind: str) -> int:
    answer = await by.post(f"{ACCOUNTS}/{whom}/action", json={"type": kind})
    return answer.status


# --- who may

EVERY = [
    ("GET", ACCOUNTS),
    ("GET", "/api/v2/admin/accounts"),
    ("GET", f"{ACCOUNTS}/ID"),
    ("DELETE", f"{ACCOUNTS}/ID"),
    ("POST", f"{ACCOUNTS}/ID/action"),
    *[("POST", f"{ACCOUNTS}/ID/{verb}") for verb in ("approve", "reject", "enable")],
    *[("POST", f"{ACCOUNTS}/ID/{verb}") for verb in ("unsensitive", "unsilence", "unsuspend")],
    *[("GET", f"/api/v1/admin/trends/{noun}") for noun in ("tags", "statuses", "links")],
]


@pytest.mark.parametrize(("method", "path"), EVERY)
async def test_it_takes_the_role_and_the_scope(house: House, method: str, path: str) -> None:
    member, moderator = (
        await house.member("gardener"),
        await house.member("baker", role="moderator"),
    )
    at = path.replace("ID", member.id)
    scoped = Member(
        house.http,
        house.base,
        member.account,
        await house.sign_in(member.account, scope="admin:read admin:write"),
    )
    narrow = Member(
        house.http,
        house.base,
        moderator.account,
        await house.sign_in(moderator.account, scope="read write"),
    )
    body = {"type": "suspend"}
    assert (await house.stranger.ask(method, at, json=body)).status == 401
    assert (await scoped.ask(method, at, json=body)).status == 403
    assert (await narrow.ask(method, at, json=body)).status == 403
    assert (await member.get("/api/v1/preferences")).status == 200


async def test_nobody_judges_their_like(house: House) -> None:
    admin, other = await house.member("a", role="admin"), await house.member("b", role="admin")
    moderator = await house.member("c", role="moderator")
    peer = await house.member("d", role="moderator")
    for by, whom in ((moderator, admin), (moderator, peer), (admin, other), (admin, admin)):
        for kind in ("none", "sensitive", "disable", "silence", "suspend"):
            assert await act(by, whom.id, kind) == 403
        for verb in ("enable", "unsensitive", "unsilence", "unsuspend"):
            assert (await by.post(f"{ACCOUNTS}/{whom.id}/{verb}")).status == 403
    assert await act(admin, moderator.id, "suspend") == 200


# --- looking


async def test_the_list_and_its_filters(house: House) -> None:
    moderator = await house.member("organiser", role="moderator")
    gardener = await house.member("gardener")
    far = await house.remote("visitor")
    asking = await waiting(house, "newcomer")
    await act(moderator, gardener.id, "disable")

    async def listed(query: str, path: str = "/api/v2/admin/accounts") -> set[str]:
        return {a["username"] for a in await moderator.good("GET", f"{path}?{query}")}

    assert await listed("") == {"organiser", "gardener", "visitor", "newcomer"}
    assert await listed("origin=remote") == await listed("remote=true", ACCOUNTS) == {"visitor"}
    assert await listed("status=pending") == await listed("pending=1", ACCOUNTS) == {"newcomer"}
    assert await listed("status=disabled") == {"gardener"}
    assert await listed("status=active") == {"organiser", "visitor"}
    assert await listed("status=silenced") == await listed("status=suspended") == set()
    assert (
        await listed("permissions=staff") == await listed("staff=true", ACCOUNTS) == {"organiser"}
    )
    assert await listed("username=GARD") == {"gardener"}
    assert await listed("by_domain=far.example") == {"visitor"}
    assert await listed("email=Gardener@people.example") == {"gardener"}
    assert await listed(f"max_id={far.id}") == {"organiser", "gardener"}
    shown = await moderator.good("GET", f"{ACCOUNTS}/{asking.id}")
    assert (shown["invite_request"], shown["approved"], shown["confirmed"]) == (
        "Beans",
        False,
        True,
    )
    assert shown["email"] == "newcomer@people.example"
    assert (await moderator.get(f"{ACCOUNTS}/1")).status == 404


# --- letting in


async def test_approving_and_rejecting(house: House) -> None:
    moderator = await house.member("organiser", role="moderator")
    one, other = await waiting(house, "newcomer"), await waiting(house, "robot")
    approved = await moderator.good("POST", f"{ACCOUNTS}/{one.id}/approve")
    assert approved["approved"]
    assert (await house.stranger.get(f"/api/v1/accounts/{one.id}")).status == 200
    rejected = await moderator.good("POST", f"{ACCOUNTS}/{other.id}/reject")
    assert rejected["username"] == "robot"
    assert (await moderator.get(f"{ACCOUNTS}/{other.id}")).status == 404
    for verb in ("approve", "reject"):
        assert (await moderator.post(f"{ACCOUNTS}/{one.id}/{verb}")).status == 403
    far = await house.remote("visitor")
    assert (await moderator.post(f"{ACCOUNTS}/{far.id}/approve")).status == 404


# --- disabling and suspending


async def test_who_is_disabled_is_out_and_comes_back(house: House, here: Running) -> None:
    moderator, gardener = (
        await house.member("organiser", role="moderator"),
        await house.member("gardener"),
    )
    said = await gardener.says("beans")
    assert await act(moderator, gardener.id, "disable") == 200
    assert (await gardener.get("/api/v1/timelines/home")).status == 401
    sent = {"name": "gardener", "password": PASSWORD}
    async with here.http.post("/sign-in", data=sent, allow_redirects=False) as got:
        assert got.status == 401
    assert (await house.stranger.get(f"/api/v1/statuses/{said['id']}")).status == 200
    assert not (await moderator.good("POST", f"{ACCOUNTS}/{gardener.id}/enable"))["disabled"]
    assert (await gardener.get("/api/v1/timelines/home")).status == 200
    far = await house.remote("visitor")
    assert await act(moderator, str(far.id), "disable") == 422


async def ways_to(house: House, reader: Member, author: str, post: str) -> dict[str, Any]:
    """What a reader is shown of somebody and their post, by each way to it."""
    lists = {
        "home": "/api/v1/timelines/home",
        "public": "/api/v1/timelines/public",
        "tag": "/api/v1/timelines/tag/beans",
        "profile": f"/api/v1/accounts/{author}/statuses",
        "favourites": "/api/v1/favourites",
    }
    found: dict[str, Any] = {n: bool(await reader.good("GET", p)) for n, p in lists.items()}
    found["post"] = (await reader.get(f"/api/v1/statuses/{post}")).status == 200
    found["search"] = bool((await reader.good("GET", "/api/v2/search?q=gardener"))["accounts"])
    async with house.http.get(f"/posts/{post}") as got:
        found["page"] = got.status == 200
    activity = {"Accept": "application/activity+json"}
    async with house.http.get(f"/posts/{post}", headers=activity) as got:
        found["document"] = got.status == 200
    return found


async def test_who_is_suspended_is_not_seen_and_comes_back(house: House, here: Running) -> None:
    moderator, reader = (
        await house.member("organiser", role="moderator"),
        await house.member("reader"),
    )
    gardener = await house.member("gardener")
    await reader.post(f"/api/v1/accounts/{gardener.id}/follow")
    post = (await gardener.says("#beans"))["id"]
    await reader.post(f"/api/v1/statuses/{post}/favourite")
    before = await ways_to(house, reader, gardener.id, post)
    assert all(before.values()), before
    assert await act(moderator, gardener.id, "suspend") == 200
    assert (await gardener.get("/api/v1/timelines/home")).status == 401
    assert not any((found := await ways_to(house, reader, gardener.id, post)).values()), found
    assert (await reader.good("GET", f"/api/v1/accounts/{gardener.id}"))["suspended"] is True
    sent = {"name": "gardener", "password": PASSWORD}
    async with here.http.post("/sign-in", data=sent, allow_redirects=False) as got:
        assert got.status == 401
    assert not (await moderator.good("POST", f"{ACCOUNTS}/{gardener.id}/unsuspend"))["suspended"]
    after = await ways_to(house, reader, gardener.id, post)
    assert after == before
    assert (await gardener.get("/api/v1/timelines/home")).status == 200


# --- deleting


async def test_who_is_deleted_leaves_a_name_that_nobody_can_take(house: House) -> None:
    admin = await house.member("keeper", role="admin")
    moderator = await house.member("organiser", role="moderator")
    gardener, far = await house.member("gardener"), await house.remote("visitor")
    reader = await house.member("reader")
    await reader.good("POST", f"/api/v1/accounts/{gardener.id}/follow")
    post = await gardener.says("beans")
    await gardener.says("mine", in_reply_to_id=(await reader.says("yours"))["id"])
    for whom in (gardener.id, str(far.id)):
        assert (await admin.delete(f"{ACCOUNTS}/{whom}")).status == 403  # not suspended
        await act(moderator, whom, "suspend")
        assert (await moderator.delete(f"{ACCOUNTS}/{whom}")).status == 403
        await admin.good("DELETE", f"{ACCOUNTS}/{whom}")
    async with house.work.reading() as tx:
        rows = await tx.conn.fetch("select id from posts where account_id = $1", int(gardener.id))
        known = await user_rows.by_email(tx.conn, "gardener@people.example")
        faults = await check.faults(tx.conn)
    assert (rows, known, faults) == ([], None, [])
    left = await admin.good("GET", f"{ACCOUNTS}/{gardener.id}")
    assert (left["username"], left["email"], left["suspended"]) == ("gardener", None, True)
    assert (await admin.good("GET", f"{ACCOUNTS}/{far.id}"))["suspended"] is True
    assert (await reader.good("GET", f"/api/v1/accounts/{reader.id}"))["following_count"] == 0
    activity = {"Accept": "application/activity+json"}
    async with house.http.get(f"/posts/{post['id']}", headers=activity) as got:
        assert got.status == 410
    with pytest.raises(Conflict):
        await house.member("gardener")
    other = await house.member("other", role="admin")
    assert (await admin.delete(f"{ACCOUNTS}/{other.id}")).status == 403


async def test_what_cannot_be_kept_to_is_refused(house: House) -> None:
    moderator, gardener = (
        await house.member("organiser", role="moderator"),
        await house.member("gardener"),
    )
    for kind in ("", "king"):
        assert await act(moderator, gardener.id, kind) == 422
    assert await act(moderator, gardener.id, "none") == 200
    async with house.work.reading() as tx:
        assert gardener.account
        assert gardener.account.user_id
        user = await user_rows.by_id(tx.conn, gardener.account.user_id)
    assert user
    assert user.disabled_at is None
