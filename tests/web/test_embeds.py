"""A call in the pages of others: the card, the code for it, and what it tells to nobody."""

from __future__ import annotations

import gzip
import json

import pytest
from aiohttp import ClientSession

from server.web import zipping
from storage.posts import Post
from tests.web.house import OURS, Browser, House

CARD = 10_000
PAGE = 60_000
"""Bytes over the wire."""


async def _call(house: House, capacity: int | None = None) -> Post:
    organiser = await house.person("organiser")
    return await house.call(organiser, await house.community(organiser), capacity=capacity)


async def wire(house: House, path: str) -> tuple[int, bytes]:
    """How many bytes come for ``path``, and what is in them."""
    asks = {"Accept-Encoding": "gzip", "Accept": "text/html"}
    async with (
        ClientSession(auto_decompress=False) as http,
        http.get(house.server.make_url(path), headers=asks) as response,
    ):
        body = await response.read()
        assert response.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in response.headers["Vary"]
    return len(body), gzip.decompress(body)


async def test_the_card_stands_in_any_page_and_knows_nobody(house: House) -> None:
    post = await _call(house, capacity=4)
    organiser = await house.browser(await house.person("gardener"))
    seen = await organiser.get(f"/calls/{post.id}/embed")
    assert seen.status == 200
    policy = seen.headers["Content-Security-Policy"]
    assert "frame-ancestors *" in policy
    assert "script-src" not in policy
    assert "form-action 'none'" in policy
    assert "Set-Cookie" not in seen.headers
    assert "gardener" not in seen.text
    assert "<form" not in seen.text
    assert "<script" not in seen.text
    assert "Turn the compost" in seen.words
    assert "0 people for 4 places" in seen.words
    assert f'href="{post.url}" target="_blank"' in seen.text


async def test_the_card_and_the_page_are_light(house: House) -> None:
    post = await _call(house, capacity=4)
    card, _ = await wire(house, f"/calls/{post.id}/embed")
    style, _ = await wire(house, "/assets/embed.css")
    assert card + style <= CARD
    page, text = await wire(house, f"/calls/{post.id}")
    sheet, _ = await wire(house, "/assets/beckon.css")
    script, _ = await wire(house, "/assets/beckon.js")
    assert page + sheet + script <= PAGE
    assert b"Turn the compost" in text


async def test_pages_with_a_secret_are_not_compressed(house: House) -> None:
    """Else how small they get would tell what stands there."""
    post = await _call(house)
    member = await house.browser(await house.person("member"))
    seen = await member.get(f"/calls/{post.id}", **{"Accept-Encoding": "gzip"})
    assert seen.status == 200
    assert "Content-Encoding" not in seen.headers
    stranger = await house.browser()
    seen = await stranger.get("/answers/nonsense", **{"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in seen.headers


@pytest.mark.parametrize(
    ("accepts", "wanted"),
    [
        ("gzip", True), ("br, GZIP;q=0.5", True), ("gzip; q=1", True), ("", False),
        ("br", False), ("gzip;q=0", False), ("gzip; q=0.000", False), ("identity", False),
    ],
)  # fmt: skip
def test_only_who_takes_gzip_gets_it(accepts: str, wanted: bool) -> None:
    assert zipping.wanted(accepts) is wanted


async def told(browser: Browser, **query: str) -> tuple[int, dict[str, object]]:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    seen = await browser.get(f"/oembed?{asked}", Accept="application/json")
    return seen.status, json.loads(seen.text)


async def test_other_sites_are_told_how_to_show_it(house: House) -> None:
    post = await _call(house)
    stranger = await house.browser()
    page = await stranger.get(f"/calls/{post.id}")
    assert f"{OURS}/oembed?url=" in page.text
    status, card = await told(stranger, url=post.url, maxwidth="300")
    assert status == 200
    assert (card["type"], card["version"], card["width"]) == ("rich", "1.0", 300)
    assert card["title"] == "Turn the compost"
    assert f'<iframe src="{post.url}/embed"' in str(card["html"])
    assert "sandbox=" in str(card["html"])


async def test_what_is_asked_wrongly_is_refused(house: House) -> None:
    post = await _call(house)
    stranger = await house.browser()
    assert (await told(stranger, url=f"{OURS}/calls/1"))[0] == 404
    assert (await told(stranger, url="https://hill.example/calls/1"))[0] == 404
    assert (await told(stranger, url=post.url, format="xml"))[0] == 501
    assert (await told(stranger, url=post.url, maxwidth="wide"))[0] == 400
    assert (await told(stranger, url=post.url, maxwidth="0"))[0] == 400


async def test_a_title_stays_within_its_attribute(house: House) -> None:
    organiser = await house.person("organiser")
    group = await house.community(organiser)
    post = await house.call(organiser, group, title='"><script>alert(1)</script>')
    stranger = await house.browser()
    _, card = await told(stranger, url=post.url)
    assert "<script" not in str(card["html"])
    assert "<script>" not in (await stranger.get(f"/calls/{post.id}/embed")).text


async def test_calls_of_others_and_of_private_communities_are_not_embedded(house: House) -> None:
    elsewhere = await house.call_elsewhere("hill.example")
    organiser = await house.person("organiser")
    group = await house.community(organiser)
    post = await house.call(organiser, group)
    async with house.work.transaction() as tx:
        await tx.conn.execute("update posts set visibility = 'members' where id = $1", post.id)
    browser = await house.browser(organiser)
    for number in (elsewhere.id, post.id, 1, "nonsense"):
        for what in ("embed", "counts.json"):
            assert (await browser.get(f"/calls/{number}/{what}")).status == 404, (number, what)
    assert (await told(browser, url=post.url))[0] == 404


async def test_the_counts_alone_are_what_the_page_says(house: House) -> None:
    post = await _call(house, capacity=4)
    stranger = await house.browser()
    await house.answer(await house.person("gardener"), post, door="page")
    counts = json.loads((await stranger.get(f"/calls/{post.id}/counts.json")).text)["counts"]
    assert "<b>1</b> person for 4 places" in counts
    page = await stranger.get(f"/calls/{post.id}")
    assert counts.strip() in page.text
    assert f'data-counts="/calls/{post.id}/counts.json"' in page.text
