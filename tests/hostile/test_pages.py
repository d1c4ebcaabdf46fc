"""What a page of ours may be made to do: lead elsewhere, hide where a link goes, or be written all over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote, urlsplit

import pytest
from aiohttp import web

from server.web.routes import PAGES
from server.web.routes import routes as web_routes
from storage.accounts import Account
from tests.federation.acting import followed, outcome
from tests.federation.instance import Instance
from tests.federation.peer import Json, Peer
from tests.web.conftest import house
from tests.web.house import House

__all__ = ["house"]

EVIL: Final = (
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "\\\\evil.example/",
    "/%2Fevil.example/",
    "/%5Cevil.example/",
    "https:evil.example",
    "javascript:alert(1)//evil.example",
    "data:text/html,evil.example",
    "/\t/evil.example/",
    "/a\r\nLocation: https://evil.example/",
    "https://127.0.0.1@evil.example/",
    "/sign-in?next=//evil.example/",
)
NAMES: Final = (
    "next after uri url object acct id redirect_uri return_to continue on-success on-cancel"
    " state domain tag code text content"
).split()


def leads_away(location: str, ours: str) -> bool:
    """As a browser would read it: a backslash is a slash to it, and it takes blanks out."""
    read = re.sub(r"[\t\r\n]", "", location).replace("\\", "/")
    host = urlsplit(read).netloc
    return bool(host) and host != ours


def asked() -> Iterator[str]:
    """Every page, with every name that such an address could be given by."""
    every = [r.path for r in web_routes() if isinstance(r, web.RouteDef) and r.method == "GET"]
    for path in (*every, *PAGES):
        if path.endswith((".png", ".ico", ".svg", ".webp")):
            continue
        yield re.sub(r"{[^}]+}", "1", path.replace("{name:[A-Za-z0-9_]+}", "reader"))


@pytest.mark.parametrize("evil", EVIL)
async def test_no_address_of_ours_leads_elsewhere(house: House, evil: str) -> None:
    """Mastodon CVE-2026-33868. By a redirect at once, and by signing in, out, on or back."""
    reader = await house.person("reader")
    browser, stranger = await house.browser(reader), await house.browser()
    query = "&".join(f"{name}={quote(evil, safe='')}" for name in NAMES)
    for path in asked():
        for who in (browser, stranger):
            seen = await who.get(f"{path}?{query}")
            assert seen.status < 500, path
            assert not leads_away(seen.headers.get("Location", ""), ""), (path, seen.headers)
            assert "Refresh" not in seen.headers
            assert 'http-equiv="refresh"' not in seen.text
    for path in ("/sign-in", "/sign-out", "/authorize_interaction", "/intents/follow", "/visit"):
        done = await stranger.post(path, **dict.fromkeys(NAMES, evil))
        assert not leads_away(done.headers.get("Location", ""), ""), (path, done.headers)
    for path in (f"/{quote(evil, safe='')}", f"/web/{quote(evil, safe='')}"):
        seen = await browser.get(path)
        assert not leads_away(seen.headers.get("Location", ""), ""), (path, seen.headers)


async def test_no_class_of_others_hides_where_a_link_goes(house: House) -> None:
    """Mastodon leaves out parts of an address by ``invisible``; so would whoever deceives."""
    style = await (await house.browser()).get("/assets/beckon.css")
    assert ".prose" in style.text
    assert ".invisible" not in style.text


LINKS: Final = {
    '<a href="https://evil.example/in">https://bank.example/in</a>': "evil.example",
    '<a href="https://evil.example/in">bank.example</a>': "evil.example",
    '<a href="https://evil.example/"><span class="invisible">https://evil.example/</span>bank.example</a>': "",
    '<a href="https://evil.example/"><b>www.bank.example</b>/in</a>': "evil.example",
    '<a href="https://bank.example.evil.example/">bank.example</a>': "bank.example.evil.example",
    '<a href="https://xn--bnk-5cd.example/">bаnk.example</a>': "xn--bnk-5cd.example",
    '<a href="https://bank.example/in">bank.example</a>': "",
    '<a href="https://www.bank.example/">BANK.example/in</a>': "",
    '<a href="https://evil.example/">Our bank</a>': "",
    '<a href="mailto:me@evil.example">bank.example</a>': "",
}
"""Links, and the host that is shown beside them."""


@pytest.mark.parametrize(("link", "host"), LINKS.items())
async def test_a_link_that_names_another_host_says_where_it_goes(
    ours: Instance, attacker: Peer, organiser: Account, link: str, host: str
) -> None:
    mallory = attacker.person("mallory")
    post = await ours.publish(organiser, "The beans are up")
    note = attacker.note(mallory, f"<p>{link}</p>", [organiser.uri], inReplyTo=post.uri)
    assert await outcome(ours, attacker, mallory, attacker.create(mallory, note)) == "done"
    page = f"https://{ours.host}/posts/{post.id}"
    plain = {"Accept": "text/html", "Accept-Encoding": "identity"}  # this session unpacks nothing
    async with attacker.session.get(page, headers=plain) as answer:
        shown = re.findall(r'</a> <span class="small soft">\(([^)]*)\)</span>', await answer.text())
    assert shown == ([host] if host else [])


TOWER: Final = "Z" + "\u0300\u0334\u20d2\u0489" * 100
LONG: Final = "W" * 10_000


async def shown(ours: Instance, server: Peer, note: Json) -> Json:
    post = await ours.post(note["id"])
    assert post
    async with server.session.get(f"https://{ours.host}/api/v1/statuses/{post.id}") as answer:
        found: Json = await answer.json()
    return found


@pytest.mark.parametrize("mark", [TOWER, f"<p>{TOWER}</p>", "Z" + "&#768;&#820;" * 200])
async def test_marks_are_not_piled_up_over_the_page(
    ours: Instance, attacker: Peer, organiser: Account, mark: str
) -> None:
    """Text that grows over what stands above and below it."""
    mallory = attacker.person("mallory")
    field = {"type": "PropertyValue", "name": mark, "value": mark}
    attacker.serve({**mallory.document(), "name": mark, "summary": mark, "attachment": [field]})
    await followed(ours, organiser, attacker, mallory)
    note = attacker.note(
        mallory, mark, [organiser.uri], type="Question", summary=mark,
        oneOf=[{"type": "Note", "name": f"{n}{mark}"} for n in range(2)],
    )  # fmt: skip
    assert await outcome(ours, attacker, mallory, attacker.create(mallory, note)) == "done"
    found = await shown(ours, attacker, note)
    said = str([found["content"], found["spoiler_text"], found["poll"], found["account"]])
    assert "Z\u0300\u0334" in said
    assert re.search("[\u0300-\u036f\u0483-\u0489\u20d0-\u20ff]{4}", said) is None


@pytest.mark.parametrize(
    "word", ["Tiếng Việt", "a\u0323\u0302\u0301", "ทดสอบที่นี่", "הַשָּׁלוֹם", "1\ufe0f\u20e3"]
)
async def test_marks_of_languages_stay(
    ours: Instance, attacker: Peer, organiser: Account, word: str
) -> None:
    mallory = attacker.person("mallory")
    note = attacker.note(mallory, f"<p>{word}</p>", [organiser.uri])
    assert await outcome(ours, attacker, mallory, attacker.create(mallory, note)) == "done"
    assert (await shown(ours, attacker, note))["content"] == f"<p>{word}</p>"


async def test_what_has_no_end_is_cut(ours: Instance, attacker: Peer, organiser: Account) -> None:
    """Unbroken text, names of a megabyte, addresses of four thousand letters (Mastodon issue 34593)."""
    mallory = attacker.person("mallory")
    field = {"type": "PropertyValue", "name": LONG, "value": LONG}
    attacker.serve(
        {**mallory.document(), "name": LONG, "summary": LONG, "attachment": [field] * 40}
    )
    await followed(ours, organiser, attacker, mallory)
    far = "https://far.example/" + "a" * 4096
    picture = {"type": "Image", "url": far, "name": LONG, "mediaType": "image/png"}
    tag = [
        {"type": "Hashtag", "name": f"#{LONG}"},
        {"type": "Emoji", "name": f":{LONG}:", "icon": picture},
    ]
    note = attacker.note(
        mallory, LONG * 30, [organiser.uri], type="Question", summary=LONG, url=far, attachment=[picture],
        oneOf=[{"type": "Note", "name": f"{n}{LONG}"} for n in range(30)],
    )  # fmt: skip
    note["tag"] += tag
    assert await outcome(ours, attacker, mallory, attacker.create(mallory, note)) == "done"
    found = await shown(ours, attacker, note)
    assert len(found["content"]) <= 40_000
    assert len(found["spoiler_text"]) <= 500
    assert len(found["account"]["display_name"]) <= 500
    assert len(found["account"]["fields"]) <= 32
    assert max(len(option["title"]) for option in found["poll"]["options"]) <= 500
    assert max(len(tag["name"]) for tag in found["tags"]) <= 500
    assert found["media_attachments"] == found["emojis"] == []
    assert far not in str(found)
