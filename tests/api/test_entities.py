"""What a reader is sent fits the entities as they are declared; the declaration refuses what it must."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.api import world
from tests.api.fields import check
from tests.api.people import House, Member


@pytest.fixture
async def busy(house: House) -> tuple[House, Member]:
    """A home with one post of each kind, and something of everything beside it."""
    return house, await world.busy(house)


async def test_home_is_what_strict_decoders_take(busy: tuple[House, Member]) -> None:
    _, reader = busy
    home = await reader.good("GET", "/api/v1/timelines/home?limit=40")
    check(home, ["Status"])
    assert {"Dig", "A plan", "T &amp; &lt;T&gt;"} <= _strong(home)
    assert len(home) == 7


def _strong(home: list[Any]) -> set[str]:
    contents = [(s["reblog"] or s)["content"] for s in home]
    return {c.split("<strong>")[1].split("</strong>")[0] for c in contents if "<strong>" in c}


async def test_a_stranger_is_sent_no_marks(busy: tuple[House, Member]) -> None:
    house, _ = busy
    page = await house.stranger.good("GET", "/api/v1/timelines/public?limit=40")
    check(page, ["Status"])
    assert page
    assert not any("favourited" in s for s in page)


async def test_everything_else_is_too(busy: tuple[House, Member]) -> None:
    _, reader = busy
    check(await reader.good("GET", "/api/v1/notifications"), ["Notification"])
    me = await reader.good("GET", "/api/v1/accounts/verify_credentials")
    check(me, "CredentialAccount")
    assert me["source"]["follow_requests_count"] == 0
    home = await reader.good("GET", "/api/v1/timelines/home")
    for post in home:
        one = f"/api/v1/statuses/{(post['reblog'] or post)['id']}"
        check(await reader.good("GET", one), "Status")
        check(await reader.good("GET", f"{one}/context"), "Context")
        check(await reader.good("GET", f"{one}/history"), ["StatusEdit"])
        check(await reader.good("GET", f"{one}/source"), "StatusSource")
        check(await reader.good("GET", f"{one}/favourited_by"), ["Account"])
    ids = [s["account"]["id"] for s in home]
    check(
        await reader.good("GET", "/api/v1/accounts/relationships", params={"id[]": ids}),
        ["Relationship"],
    )
    check(await reader.good("GET", "/api/v1/lists"), ["List"])
    check(await reader.good("GET", "/api/v2/search?q=spring"), "Search")
    check(await reader.good("GET", "/api/v1/tags/Été"), "Tag")


@pytest.mark.parametrize(
    "spoil",
    [
        {"created_at": "2026-01-01T00:00:00Z"},
        {"id": 5},
        {"content": None},
        {"media_attachments": None},
        {"visibility": "local"},
        {"url": ""},
        {"replies_count": True},
        {"surprise": 1},
    ],
)
async def test_the_declaration_refuses(house: House, spoil: dict[str, Any]) -> None:
    writer = await house.member("writer")
    post = await writer.says("hello")
    check(post, "Status")
    with pytest.raises(AssertionError):
        check(copy.deepcopy(post) | spoil, "Status")


FILE = {
    "id": "1", "type": "video", "url": "https://far.example/b.mp4", "preview_url": None,
    "remote_url": None, "preview_remote_url": None, "text_url": None, "description": None,
    "blurhash": None, "meta": {},
}  # fmt: skip


def test_a_film_beside_a_post_has_a_preview() -> None:
    """Android drops one without; of an upload it may be missing."""
    check(FILE, "MediaAttachment")
    check(FILE | {"type": "audio"}, "ShownAttachment")
    check(FILE | {"preview_url": "https://far.example/b.png"}, "ShownAttachment")
    for wrong in ({}, {"type": "image", "url": None}):
        with pytest.raises(AssertionError):
            check(FILE | wrong, "ShownAttachment")


async def test_a_notification_about_a_post_has_it(house: House) -> None:
    member, other = await house.member("member"), await house.member("other")
    await other.says("@member hello")
    await other.good("POST", f"/api/v1/accounts/{member.id}/follow")
    follow, mention = await member.good("GET", "/api/v1/notifications")
    assert "status" not in follow
    check(follow, "Notification")
    del mention["status"]
    with pytest.raises(AssertionError):
        check(mention, "Notification")
