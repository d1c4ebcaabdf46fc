"""Whoever looks at a page without an account is given no cookie, and is sent to nobody else: not for a picture, a style
or a font, and whatever others have written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urljoin, urlsplit

from aiohttp import hdrs
from bs4 import BeautifulSoup

from server.app import make_app
from server.config import Settings
from server.domain.calling import kinds
from tests.api.networked import Town, town
from tests.hostile.test_anonymous_crawl import HOLE

__all__ = ["town"]

BECKON = "/api/beckon/v1"
LOADED = {
    "img": ("src", "srcset"), "script": ("src",), "iframe": ("src",), "video": ("src", "poster"),
    "audio": ("src",), "source": ("src", "srcset"), "track": ("src",), "embed": ("src",),
    "object": ("data",), "input": ("src",), "image": ("href",), "use": ("href",),
}  # fmt: skip
"""What a browser asks for by itself, by element (HTML, 4.8)."""
RELS = {"stylesheet", "icon", "preload", "prefetch", "preconnect", "dns-prefetch", "modulepreload", "manifest"}  # fmt: skip
"""Links that are followed unasked (HTML, 4.6.6); others wait for a click."""
FOREIGN = '<img src="https://watcher.example/1.gif"> https://watcher.example/a #river'


def loads(html: str) -> Iterator[str]:
    """The addresses that a browser asks for when it shows a page."""
    page = BeautifulSoup(html, "html.parser")
    for element in page.find_all(True):
        names = LOADED.get(element.name, ())
        if element.name == "link" and RELS & set(element.get("rel") or ()):
            names = ("href",)
        yield from (str(element[name]) for name in names if element.get(name))
        assert "url(" not in str(element.get("style", ""))
    assert not page.find_all("base")


async def filled(town: Town) -> set[str]:
    """A community with a call of every kind and a thread, by somebody who links elsewhere; ids and names."""
    by = await town.house.member("organiser")
    wish = {"name": "river", "title": "The river", "about": FOREIGN, "purpose": FOREIGN}
    group = await by.good("POST", f"{BECKON}/communities", json=wish)
    starts = (town.ours.clock.now() + timedelta(days=9)).isoformat()
    found = {group["id"], "river", "organiser"}
    for kind, facts in kinds.KINDS.items():
        asked = {"kind": kind, "title": "Together", "about": FOREIGN}
        asked |= {"starts_at": starts} if facts.timed else {}
        asked |= {"external_url": "https://watcher.example/give"} if facts.linked else {}
        asked |= {"options": ["One", "Two"]} if kind == "decision" else {}
        made = await by.good("POST", f"{BECKON}/communities/{group['id']}/calls", json=asked)
        found.add(made["id"])
    found.add((await by.says(f"@river {FOREIGN}"))["id"])
    return found


async def test_no_page_sets_a_cookie_or_loads_from_elsewhere(town: Town) -> None:
    """Every GET there is, with every id that there is something for."""
    ids = await filled(town)
    app = make_app(Settings(domain=town.ours.host), town.ours.work, town.ours.net)
    patterns = {
        route.resource.canonical
        for route in app.router.routes()
        if route.resource and route.method == hdrs.METH_GET
    }
    pages: set[str] = set()
    stranger = town.house.stranger
    for pattern in sorted(p for p in patterns if not p.startswith("/api/v1/streaming")):
        for path in sorted({HOLE.sub(real, pattern) for real in ids}):
            async with stranger.http.get(
                stranger.base + path, headers={"Accept": "text/html"}, allow_redirects=False
            ) as answer:
                assert answer.headers.getall("Set-Cookie", []) == [], path
                if answer.status != 200 or answer.content_type != "text/html":
                    continue
                html = await answer.text()
            pages.add(pattern)
            hosts = {urlsplit(urljoin(stranger.base + path, each)).netloc for each in loads(html)}
            assert hosts <= {town.ours.host, ""}, path
    assert {"/", "/about", "/@{name}", "/calls/{id}", "/posts/{id}"} <= pages
    assert len(pages) > 15
