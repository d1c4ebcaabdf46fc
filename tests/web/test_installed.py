"""The pages as an app: what a browser reads before it installs one, and what is never kept."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient
from PIL import Image

from server import pictures
from server.web import assets, installed
from tests.web.house import House

SHEET = Path(assets.__file__).parents[1] / "assets" / "beckon.css"


async def test_the_manifest_says_what_is_installed(house: House) -> None:
    browser = await house.browser()
    page = await browser.get("/")
    assert '<link rel="manifest" href="/manifest.webmanifest">' in page.text
    answer = await browser.get("/manifest.webmanifest")
    assert answer.headers["Content-Type"].startswith("application/manifest+json")
    told = json.loads(answer.text)
    assert told["name"] == house.work.site.title or house.work.site.urls.domain
    assert (told["start_url"], told["scope"], told["display"]) == ("/", "/", "standalone")
    assert [each["url"] for each in told["shortcuts"]] == ["/calls", "/communities"]
    for path in ("/calls", "/communities"):
        assert (await browser.get(path)).status == 200


async def test_the_manifest_speaks_the_language_of_the_reader(house: House) -> None:
    browser = await house.browser()
    answer = await browser.get("/manifest.webmanifest", **{"Accept-Language": "ar"})
    told = json.loads(answer.text)
    assert (told["lang"], told["dir"]) == ("ar", "rtl")


async def test_each_icon_of_the_manifest_is_there(house: House) -> None:
    told = json.loads((await (await house.browser()).get("/manifest.webmanifest")).text)
    async with TestClient(house.server) as client:
        for icon in told["icons"]:
            async with client.get(icon["src"]) as answer:
                assert answer.content_type == icon["type"]
        assert (await client.get("/assets/icon-180.png")).status == 200
        assert (await client.get("/assets/icon-181.png")).status == 404


@pytest.mark.parametrize("size", pictures.ICON_SIZES)
def test_an_icon_stays_inside_of_every_mask(size: int) -> None:
    """A circle of 80 % of the side is left of it (W3C Web App Manifest, 3.1.5.3)."""
    icon = Image.open(io.BytesIO(pictures.icon(size))).convert("RGB")
    assert icon.size == (size, size)
    assert icon.getpixel((size // 2, round(size * 0.41))) == pictures.SKY
    outside = {
        icon.getpixel((x, y))
        for x in range(0, size, 3)
        for y in range(0, size, 3)
        if (x - size / 2) ** 2 + (y - size / 2) ** 2 > (0.4 * size) ** 2
    }
    assert outside == {pictures.NEAR}


def test_the_colours_are_those_of_the_sheet() -> None:
    papers = re.findall(r"--paper: (#[0-9a-f]{6})", SHEET.read_text())
    assert papers == list(installed.PAPER.values())


async def test_every_page_has_the_colours_of_both_themes(house: House) -> None:
    page = (await (await house.browser()).get("/about")).text
    for theme, colour in installed.PAPER.items():
        query = f"(prefers-color-scheme: {theme})"
        assert f'<meta name="theme-color" media="{query}" content="{colour}">' in page


async def test_the_worker_is_asked_for_anew_and_names_the_files_of_this_version(
    house: House,
) -> None:
    answer = await (await house.browser()).get("/worker.js")
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert answer.headers["Cache-Control"] == "no-cache"
    assert all(path in answer.text for path in assets.VERSIONED.values())


async def test_the_policy_lets_our_worker_and_no_other(house: House) -> None:
    policy = (await (await house.browser()).get("/")).headers["Content-Security-Policy"]
    assert "worker-src 'self'" in policy
    assert "manifest-src 'self'" in policy


async def test_the_page_without_a_connection_is_the_same_for_everybody(house: House) -> None:
    """The worker keeps it, whoever is signed in."""
    gardener = await house.person("gardener")
    theirs = await (await house.browser(gardener)).get("/offline")
    assert theirs.status == 200
    assert "gardener" not in theirs.text
    assert theirs.text == (await (await house.browser()).get("/offline")).text
