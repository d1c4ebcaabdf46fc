"""Link headers as real clients read them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest
from aiohttp import web

from server.api import paging
from server.clock import Clock
from server.config import Settings
from server.context import CONTEXT, Context
from server.domain.tx import Site, Work
from server.urls import Urls
from storage import db
from storage.timelines import TOP, Page
from tests.api.people import House

BASE = "https://beckon.example"


@pytest.fixture
async def pages(database_url: str, free_port: Callable[[], int]) -> AsyncIterator[str]:
    """Answers pages whose rows have the ids of the parameter ``rows``."""

    async def answer(request: web.Request) -> web.Response:
        found = [int(row) for row in request.query.get("rows", "").split() if row]
        asked = paging.page(request, 20, 40)
        seen = [asked.limit, asked.max_id, asked.since_id, asked.min_id]
        return web.json_response(seen, headers=paging.link(request, found))

    async with db.pool(database_url, size=1) as pool:
        app = web.Application()
        app[CONTEXT] = Context(
            Settings(), Work(pool, Clock(), Site(Urls("beckon.example", BASE), federates=False))
        )
        app.router.add_get("/{tail:.*}", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        port = free_port()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield f"http://127.0.0.1:{port}"
        await runner.cleanup()


async def ask(base: str, path: str) -> tuple[Page, str | None]:
    async with aiohttp.ClientSession() as http, http.get(base + path) as got:
        return Page(*await got.json()), got.headers.get("Link")


async def test_next_first_with_all_that_was_asked(pages: str) -> None:
    _, link = await ask(
        pages, "/api/v1/timelines/public/?rows=9+8&local=true&types[]=a&max_id=10&access_token=s"
    )
    kept = f"{BASE}/api/v1/timelines/public?rows=9+8&local=true&types%5B%5D=a"
    assert link == f'<{kept}&max_id=8>; rel="next", <{kept}&min_id=9>; rel="prev"'


async def test_no_raw_comma_or_semicolon_in_an_address(pages: str) -> None:
    """megalodon splits at both and throws."""
    _, link = await ask(pages, "/api/v1/timelines/tag/a,b;c?rows=1&any=x,y;z")
    assert link is not None
    assert link.count(",") == 1
    assert link.count(";") == 2


async def test_an_empty_page_has_no_link(pages: str) -> None:
    assert (await ask(pages, "/api/v1/timelines/home"))[1] is None


@pytest.mark.parametrize(
    ("query", "page"),
    [
        ("", Page(20)),
        ("limit=5", Page(5)),
        ("limit=100", Page(40)),
        ("limit=0", Page(1)),
        ("limit=-3", Page(20)),
        ("limit=many", Page(20)),
        ("max_id=7&since_id=3", Page(20, 7, 3)),
        ("min_id=0", Page(20, TOP, 0, 0)),
        ("max_id=x&since_id=-1&min_id=", Page(20)),
        ("max_id=99999999999999999999", Page(20)),
    ],
)
async def test_cursors_are_clamped_or_ignored(pages: str, query: str, page: Page) -> None:
    assert (await ask(pages, f"/?{query}"))[0] == page


async def test_an_odd_question_makes_no_header_that_a_proxy_would_refuse(house: House) -> None:
    writer = await house.member("writer")
    await writer.says("hello")
    for query in ("x" * 3000, "&".join(f"any[]={n}" for n in range(500))):
        answer = await writer.get(f"/api/v1/timelines/public?{query}=1")
        assert (answer.status, len(answer.json)) == (200, 1)
        assert len(answer.headers.get("Link", "")) < 4000
