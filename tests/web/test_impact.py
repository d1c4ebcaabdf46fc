"""The page on what came of a community's calls."""

from __future__ import annotations

from datetime import date
from xml.etree import ElementTree

from server.domain.calling import calls
from server.domain.calling.drafting import Wanted
from server.domain.calling.impact import Period
from server.web.impact import HEIGHT, WIDTH, bars
from storage.calls import Details
from tests.web.house import House


async def test_progress_is_drawn_and_said(house: House) -> None:
    founder = await house.person("organiser")
    group = await house.community(founder)
    async with house.work.transaction() as tx:
        wanted = Wanted("Keep the <library>", Details(None, None, "UTC", goal=8), kind="petition")
        post = await calls.create(tx, founder, group, wanted)
    for name in ("a", "b", "c", "d"):
        await house.answer(await house.person(name), post, "sign", "client")
    seen = await (await house.browser()).get("/@garden/impact")
    assert seen.status == 200
    assert "Keep the <library> 4 8" in seen.words
    assert 'aria-label="50.0 percent of the goal"' in seen.text
    assert "<script>" not in seen.text
    assert "style=" not in seen.text
    drawings = [part.split("</svg>")[0] for part in seen.text.split("<svg")[1:]]
    assert len(drawings) == 2
    for drawing in drawings:
        ElementTree.fromstring(f"<svg{drawing}</svg>")
    assert "Petition 1 4 0 4 not told 0" in seen.words


async def test_of_a_private_community_there_is_none(house: House) -> None:
    founder = await house.person("organiser")
    browser, own = await house.browser(), await house.browser(founder)
    for name, more, status in (
        ("shed", {"visibility": "private", "community_policy": "request"}, 404),
        ("hall", {"visibility": "unlisted"}, 200),
    ):
        await house.community(founder, name, **more)
        seen = await browser.get(f"/@{name}/impact")
        assert seen.status == status
        assert ("noindex" in seen.text) or status == 404
        assert (await own.get(f"/@{name}/impact")).status == status
    assert (await browser.get("/@organiser/impact")).status == 404


def test_bars_stay_in_their_drawing() -> None:
    days = [Period(date(2030, 1, n), date(2030, 1, n), n, None) for n in range(1, 29)]
    for drawn in (bars(days), bars(days[:1]), bars([])):
        assert all(b.x >= 0 and b.x + b.width <= WIDTH for b in drawn)
        assert all(b.y >= 0 and abs(b.y + b.height - HEIGHT) < 0.2 for b in drawn)
