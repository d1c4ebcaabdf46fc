"""Who is limited, or whose media are marked: what others are shown, and that it can be taken back."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest

from tests.api.people import House, Member
from tests.samples import picture

ACCOUNTS = "/api/v1/admin/accounts"


@pytest.fixture
async def moderator(house: House) -> Member:
    return await house.member("organiser", role="moderator")


async def act(by: Member, whom: str, kind: str, **more: Any) -> None:
    await by.good("POST", f"{ACCOUNTS}/{whom}/action", json={"type": kind, **more})


async def ways_to(reader: Member, author: Member, post: str) -> dict[str, bool]:
    """Where a reader comes upon somebody and their post without asking for them."""
    lists = {
        "public": "/api/v1/timelines/public",
        "tag": "/api/v1/timelines/tag/beans",
        "thread": None,
        "directory": "/api/v1/directory?order=new",
        "accounts": "/api/v2/search?q=limit&type=accounts",
        "posts": "/api/v2/search?q=sprout&type=statuses",
    }
    found: dict[str, bool] = {}
    for name, path in lists.items():
        if path is None:
            shown = (await reader.good("GET", f"/api/v1/statuses/{post}/context"))["ancestors"]
        else:
            shown = await reader.good("GET", path)
        listed = shown["accounts"] + shown["statuses"] if isinstance(shown, dict) else shown
        found[name] = any(author.id in (e["id"], e.get("account", {}).get("id")) for e in listed)
    return found


async def test_who_is_limited_comes_unasked_to_followers_alone(
    house: House, moderator: Member
) -> None:
    limited, reader, friend = [await house.member(n) for n in ("limited", "reader", "friend")]
    await friend.good("POST", f"/api/v1/accounts/{limited.id}/follow")
    post = await limited.says("#beans sprout")
    await reader.good("POST", f"/api/v1/statuses/{post['id']}/favourite")
    answer = (await friend.says("yes", in_reply_to_id=post["id"]))["id"]
    assert all((before := await ways_to(reader, limited, answer)).values()), before
    await act(moderator, limited.id, "silence")
    assert not any((found := await ways_to(reader, limited, answer)).values()), found
    followed = await ways_to(friend, limited, answer)
    assert followed == before | {"directory": False, "posts": followed["posts"]}, followed
    stranger = await house.stranger.good("GET", "/api/v1/timelines/public")
    assert limited.id not in {s["account"]["id"] for s in stranger}
    assert limited.id in {
        s["account"]["id"] for s in await limited.good("GET", "/api/v1/timelines/public")
    }
    profile = await reader.good("GET", f"/api/v1/accounts/{limited.id}")
    assert profile["limited"] is True
    assert await reader.good("GET", f"/api/v1/accounts/{limited.id}/statuses")
    assert (await reader.get(f"/api/v1/statuses/{post['id']}")).status == 200
    shown = await moderator.good("GET", "/api/v2/admin/accounts?status=silenced")
    assert [a["id"] for a in shown if a["silenced"]] == [limited.id]
    assert not (await moderator.good("POST", f"{ACCOUNTS}/{limited.id}/unsilence"))["silenced"]
    assert await ways_to(reader, limited, answer) == before
    assert "limited" not in await reader.good("GET", f"/api/v1/accounts/{limited.id}")


async def test_what_the_limited_do_waits_unless_one_follows_them(
    house: House, moderator: Member
) -> None:
    limited, reader, friend = [await house.member(n) for n in ("limited", "reader", "friend")]
    await friend.good("POST", f"/api/v1/accounts/{limited.id}/follow")
    await act(moderator, limited.id, "silence")
    await limited.says("@reader @friend hello")
    assert await reader.good("GET", "/api/v1/notifications?types[]=mention") == []
    (asked,) = await reader.good("GET", "/api/v1/notifications/requests")
    assert asked["account"]["id"] == limited.id
    assert len(await friend.good("GET", "/api/v1/notifications?types[]=mention")) == 1


async def test_marked_media_are_behind_a_click(house: House, moderator: Member) -> None:
    member, reader = await house.member("member"), await house.member("reader")
    upload = await member.good("POST", "/api/v1/media", data={"file": BytesIO(picture())})
    shown = await member.says("look", media_ids=[upload["id"]])
    plain = await member.says("no picture")

    async def marked(by: Member, post: dict[str, Any]) -> bool:
        return (await by.good("GET", f"/api/v1/statuses/{post['id']}"))["sensitive"]

    assert not await marked(reader, shown)
    await act(moderator, member.id, "sensitive")
    assert await marked(reader, shown)
    assert not await marked(reader, plain)
    assert not await marked(member, shown)
    assert (await moderator.good("GET", f"{ACCOUNTS}/{member.id}"))["sensitized"]
    await moderator.good("POST", f"{ACCOUNTS}/{member.id}/unsensitive")
    assert not await marked(reader, shown)


async def test_an_action_answers_a_report_and_is_told(house: House, moderator: Member) -> None:
    rude, reader = await house.member("rude"), await house.member("reader")
    post = await rude.says("rude words")
    sent = {"account_id": rude.id, "status_ids": [post["id"]]}
    report = (await reader.good("POST", "/api/v1/reports", json=sent))["id"]
    foreign = {"type": "silence", "report_id": report}
    at = f"{ACCOUNTS}/{reader.id}/action"
    assert (await moderator.post(at, json=foreign)).status == 422
    assert (await moderator.post(at, json={"type": "silence", "text": "x" * 5001})).status == 422
    assert not (await moderator.good("GET", f"{ACCOUNTS}/{reader.id}"))["silenced"]
    await act(moderator, rude.id, "silence", report_id=report, text="Be kind")
    closed = await moderator.good("GET", f"/api/v1/admin/reports/{report}")
    assert closed["action_taken_by_account"]["id"] == moderator.id
    (told,) = await rude.good("GET", "/api/v1/notifications?types[]=moderation_warning")
    warning = told["moderation_warning"]
    assert (warning["action"], warning["text"]) == ("silence", "Be kind")
    assert warning["status_ids"] == [post["id"]]
    assert told["account"]["id"] == warning["target_account"]["id"] == rude.id


async def test_doing_nothing_without_a_word_tells_nothing(house: House, moderator: Member) -> None:
    member = await house.member("member")
    await act(moderator, member.id, "none", send_email_notification=True)
    assert await member.good("GET", "/api/v1/notifications") == []
    await act(moderator, member.id, "none", text="Mind the hedge")
    (told,) = await member.good("GET", "/api/v1/notifications")
    assert told["moderation_warning"]["action"] == "none"
