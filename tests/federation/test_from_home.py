"""Taking part in a call seen elsewhere, from one's own server: two steps, for every kind of call."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from server.domain.calling import calls, kinds
from server.domain.calling.drafting import Wanted
from storage.calls import Details
from storage.posts import Post
from tests.conftest import database_of, fresh_database
from tests.federation.answering import TOKEN, member
from tests.federation.instance import LOOPBACK, Instance, instance
from tests.federation.peer import Peer

BROWSER = {"Accept": "text/html"}


@pytest.fixture
async def home(template_url: str, tmp_path: Path, ours: Instance) -> AsyncIterator[Instance]:
    """The visitor's own server."""
    folder = tmp_path / "home"
    folder.mkdir()
    async with (
        fresh_database(template_url, database_of(template_url)) as url,
        instance(url, folder, LOOPBACK, clock=ours.clock) as made,
    ):
        # As its NodeInfo says; the tests' own client names itself otherwise.
        await ours.value("insert into hosts (host, software) values ($1, 'beckon')", made.host)
        yield made


async def made(ours: Instance, kind: str) -> Post:
    organiser = await ours.member("organiser")
    garden = await ours.community(organiser, "garden")
    details = Details(None, None, "UTC")
    if kinds.KINDS[kind].timed:
        details = replace(details, starts_at=ours.clock.now() + timedelta(days=30))
    if kinds.KINDS[kind].linked:
        details = replace(details, external_url="https://give.example/")
    options = ("Mondays", "Fridays") if kind == "decision" else ()
    async with ours.work.transaction() as tx:
        return await calls.create(
            tx, organiser, garden, Wanted("Together", details, kind=kind, options=options)
        )


async def seen(http: aiohttp.ClientSession, url: str, cookie: dict[str, str]) -> str:
    async with http.get(url, headers={**BROWSER, **cookie}) as page:
        assert page.status == 200, url
        return await page.text()


@pytest.mark.parametrize("kind", kinds.KINDS)
async def test_in_two_steps(ours: Instance, home: Instance, microblog: Peer, kind: str) -> None:
    """Step one: say where home is. Step two: press the answer there. All else browsers do by themselves."""
    call = await made(ours, kind)
    visitor = await member(home, microblog, "visitor", call)
    http = microblog.session
    steps = 0

    shown = await seen(http, call.url, {})
    assert 'action="/take-part"' in shown
    form = {"uri": call.uri, "kind": "join", "handle": f"@visitor@{home.host}"}
    async with http.post(f"https://{ours.host}/take-part", data=form) as led:
        steps += 1
        there = html.unescape(led.headers["Refresh"].partition("url=")[2])
    assert urlsplit(there).netloc == home.host

    at_home = await seen(http, there, dict(visitor.cookie))
    token = TOKEN.search(at_home)
    found = re.search(r'action="(/calls/\d+)/answer"', at_home)
    first = re.search(r'name="said" value="([a-z_0-9]+)"', at_home)
    assert token
    assert found
    assert first
    pressed = {"said": first[1], "csrf": token[1]}
    async with http.post(
        f"https://{home.host}{found[1]}/answer",
        data=pressed,
        headers=visitor.cookie,
        allow_redirects=False,
    ) as done:
        steps += 1
        assert done.status == 303
    assert steps == 2

    for _ in range(2):
        await home.settle()
        await ours.settle()
    state, account = await home.value("select (state, account_id is not null) from participations")
    assert (state, account) == ("granted", True)
    if kinds.KINDS[kind].named:
        assert (await ours.call(call)).counted == 1
