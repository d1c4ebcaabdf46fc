"""Everything that clients are sent obeys the field table; the table itself refuses what it must."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server.domain.posts import Draft, PollDraft
from storage.calls import Details
from tests.api.fields import check
from tests.api.people import House, Member

DAY = timedelta(days=1)


@pytest.fixture
async def busy(house: House) -> tuple[House, Member]:
    """A home with one post of each kind, and something of everything beside it."""
    reader = await house.member("reader", role="admin")
    organiser = await house.member("organiser")
    far = await house.remote("far_writer")
    garden = await house.community(organiser, "garden")
    for other in (organiser.id, str(garden.id), str(far.id)):
        await reader.post(f"/api/v1/accounts/{other}/follow")
    await organiser.post(f"/api/v1/accounts/{reader.id}/follow")
    soon = datetime.now(UTC) + DAY
    await house.call(organiser, garden, Details(soon, None, "Europe/Rome", "Shed", "1 Lane"), "Dig")
    await organiser.says("@garden hello #Spring @reader", title="A plan", spoiler_text="long")
    await organiser.says("quiet", poll={"options": ["a", "b"], "expires_in": 3600})
    files = ({"kind": "image", "url": "https://far.example/a.png", "width": 4, "height": 2},
             {"kind": "video", "url": "https://far.example/b.mp4", "focus": [0.1, 0.2]},
             {"kind": "document", "url": "https://far.example/c.pdf", "description": "minutes"},
             {"kind": "link", "url": "https://news.example/story"})  # fmt: skip
    async with house.work.transaction() as tx:
        await tx.conn.execute("update follows set accepted_at = now() where target_id = $1", far.id)
    await house.arrives(far, "1", Draft(content="<p>x</p>", attachments=files, summary="cw"))
    await house.arrives(far, "2", Draft(kind="article", title="T & <T>", content="<p>x</p>"))
    poll = PollDraft((("yes", 3), ("no", 1)), closed_at=soon - 2 * DAY, voters_count=None)
    await house.arrives(far, "3", Draft(kind="question", content="<p>?</p>", poll=poll))
    own = await reader.says("mine")
    await organiser.post(f"/api/v1/statuses/{own['id']}/favourite")
    await organiser.post(f"/api/v1/statuses/{own['id']}/reblog")
    return house, reader


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
    check(me, "Account")
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
async def test_the_table_refuses(house: House, spoil: dict[str, Any]) -> None:
    writer = await house.member("writer")
    post = await writer.says("hello")
    check(post, "Status")
    with pytest.raises(AssertionError):
        check(copy.deepcopy(post) | spoil, "Status")
