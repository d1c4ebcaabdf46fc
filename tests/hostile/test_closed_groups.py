"""Private communities and who is not in them: by which door does anything come out?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.api.people import House, Member

BECKON = "/api/beckon/v1"
WORD = "lanternword"


@dataclass(frozen=True)
class Shed:
    """A private community with one post; ``leaver`` was a member, ``outsider`` never was."""

    house: House
    organiser: Member
    member: Member
    leaver: Member
    outsider: Member
    id: str
    post: dict[str, Any]

    @property
    def path(self) -> str:
        return f"{BECKON}/communities/{self.id}"


@pytest.fixture
async def shed(house: House) -> Shed:
    names = ("organiser", "member", "leaver", "outsider")
    organiser, member, leaver, outsider = [await house.member(name) for name in names]
    sent = {"name": "shed", "title": "Shed", "policy": "request", "visibility": "private"}
    made = await organiser.good("POST", f"{BECKON}/communities", json=sent)
    group = made["account"]["id"]
    for each in (member, leaver):
        await each.good("POST", f"/api/v1/accounts/{group}/follow")
        await organiser.good("POST", f"{BECKON}/communities/{group}/requests/{each.id}/approve")
        await outsider.good("POST", f"/api/v1/accounts/{each.id}/follow")
    await outsider.good("POST", f"/api/v1/accounts/{organiser.id}/follow")
    poll = {"options": ["yes", "no"], "expires_in": 3600}
    text = f"@shed @leaver the key #{WORD} https://example.com/{WORD}"
    post = await member.says(text, poll=poll)
    return Shed(house, organiser, member, leaver, outsider, group, post)


async def leaks(shed: Shed, viewer: Member) -> list[str]:
    post, group, author = shed.post["id"], shed.id, shed.member.id
    one = f"/api/v1/statuses/{post}"
    singles = (
        one, f"{one}/context", f"{one}/history", f"{one}/source", f"{one}/favourited_by",
        f"{one}/reblogged_by", f"{one}/quotes", f"/api/v1/polls/{shed.post['poll']['id']}",
        f"{shed.path}/members", f"{shed.path}/log", f"{shed.path}/requests", f"{shed.path}/roles",
    )  # fmt: skip
    lists = (
        f"/api/v1/accounts/{group}/followers",
        f"/api/v1/accounts/{group}/statuses",
        f"/api/v1/accounts/{author}/statuses",
        f"/api/v1/accounts/{author}/following",
        f"/api/v1/accounts/{shed.organiser.id}/following",
        f"/api/v1/accounts/{author}/endorsements",
        f"/api/v1/accounts/familiar_followers?id[]={group}",
        "/api/v1/suggestions",
        "/api/v2/suggestions",
        "/api/v1/timelines/home",
        "/api/v1/timelines/public",
        f"/api/v1/timelines/tag/{WORD}",
        "/api/v1/favourites",
        "/api/v1/bookmarks",
        "/api/v1/notifications",
        "/api/v2/notifications",
        "/api/v1/trends/statuses",
        "/api/v1/trends/tags",
        "/api/v1/trends/links",
        f"/api/v2/search?q={WORD}",
        f"/api/v2/search?q={WORD}&type=hashtags",
        f"/api/v1/accounts/{author}/featured_tags",
        f"/api/v1/tags/{WORD}",
        f"/api/v1/statuses?id[]={post}",
        f"/api/v2/search?q={shed.post['uri']}&resolve=true",
        f"/api/v2/search?q={shed.post['url']}",
        f"/api/v1/accounts/{author}/statuses?tagged={WORD}",
        f"/api/v1/accounts/{author}/statuses?pinned=true",
        f"/api/v1/timelines/list/{group}",
        "/api/v1/conversations",
    )
    out: list[str] = []
    for path in singles:
        answer = await viewer.get(path)
        if answer.status == 200:
            out.append(path)
    for path in lists:
        answer = await viewer.get(path)
        shown = str(answer.json)
        named = ("'acct': 'shed'", "'acct': 'member'") if "follow" in path else ("'acct': 'shed'",)
        if any(word in shown for word in (f"'id': '{post}'", "the key", *named)):
            out.append(path)
    return out


async def test_nothing_comes_out(shed: Shed) -> None:
    one = f"/api/v1/statuses/{shed.post['id']}"
    for name in ("favourite", "bookmark"):
        await shed.leaver.good("POST", f"{one}/{name}")
    sent = {"status": "I have it", "in_reply_to_id": shed.post["id"]}
    await shed.leaver.good("POST", "/api/v1/statuses", json=sent)
    assert await leaks(shed, shed.outsider) == []
    assert await leaks(shed, shed.house.stranger) == []
    await shed.leaver.good("POST", f"/api/v1/accounts/{shed.id}/unfollow")
    assert await leaks(shed, shed.leaver) == []


async def test_one_for_the_invited_is_nowhere(house: House) -> None:
    organiser, outsider = await house.member("organiser"), await house.member("outsider")
    sent = {"name": "den", "title": "Den", "policy": "invited", "visibility": "private"}
    made = await organiser.good("POST", f"{BECKON}/communities", json=sent)
    host = house.base.partition("//")[2]
    paths = (
        "/@den",
        "/@den.ics",
        f"/.well-known/webfinger?resource=acct:den@{host}",
        f"/api/v1/accounts/lookup?acct=den@{host}",
        f"/api/v1/accounts/{made['id']}/statuses",
        f"/api/v1/accounts/{made['id']}/followers",
        f"/api/v1/accounts/{made['id']}/featured_tags",
        f"/api/v1/accounts/{made['id']}/endorsements",
        f"/api/oembed?url={house.base}/@den",
    )
    for path in paths:
        for viewer in (house.stranger, outsider):
            headers = dict(viewer.token)
            async with house.http.get(house.base + path, headers=headers) as answer:
                shown = await answer.text()
                assert answer.status in (401, 404), (path, answer.status)
            assert "Den" not in shown, path


async def test_a_member_reports_what_is_said_in_a_private_community(shed: Shed) -> None:
    """Whoever reads it may report it; for others it is not there."""
    sent = {"account_id": shed.member.id, "status_ids": [shed.post["id"]], "comment": "Untrue"}
    assert (await shed.outsider.post("/api/v1/reports", json=sent)).status == 404
    made = await shed.organiser.good("POST", "/api/v1/reports", json=sent)
    assert made["status_ids"] == [shed.post["id"]]
