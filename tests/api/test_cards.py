"""Previews of links: which post has one, what a page may say, and who is never asked."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation import preview
from server import text
from server.domain.moderating import host_blocks
from server.domain.posting.drafts import Draft
from tests import samples
from tests.api.fields import check
from tests.api.networked import Pages, Town, pages, town
from tests.api.people import Member

__all__ = ["pages", "town"]

STATUSES = "/api/v1/statuses"
PAGE = """<html lang="it-IT"><head><title>no</title>
<meta property="og:title" content="Seeds &amp; tools"><meta name="author" content="A gardener">
<meta property="og:description" content="What  to
 bring <b>today</b>"><meta property="og:site_name" content="The garden">
<meta property="og:image" content="/seeds.png"><meta property="og:image:alt" content="Seeds">
<meta property="og:image:width" content="1200"><meta property="og:image:height" content="630">
<meta property="article:published_time" content="2026-03-01T10:00:00Z"></head>"""


@pytest.fixture
async def writer(town: Town) -> Member:
    return await town.house.member("writer")


async def card_of(town: Town, writer: Member, said: Any) -> Any:
    await town.later(minutes=2)
    return (await writer.good("GET", f"{STATUSES}/{said['id']}"))["card"]


async def test_a_link_gets_a_card(town: Town, writer: Member, pages: Pages) -> None:
    url = pages.put("/seeds", PAGE)
    said = await writer.says(f"Look: {url}#list and https://other.example/")
    assert said["card"] is None
    card = await card_of(town, writer, said)
    check(card, "PreviewCard")
    image = card.pop("image")
    assert image.startswith(f"https://{town.ours.host}/media/remote/")
    assert pages.asked == ["/seeds"]  # the picture only when somebody looks
    assert card == {
        "url": url, "title": "Seeds & tools", "description": "What to bring <b>today</b>",
        "language": "it", "type": "link", "author_name": "A gardener", "author_url": "",
        "provider_name": "The garden", "provider_url": "", "html": "", "width": 1200, "height": 630,
        "image_description": "Seeds", "embed_url": "", "blurhash": None,
        "published_at": "2026-03-01T10:00:00.000Z",
        "authors": [{"name": "A gardener", "url": "", "account": None}],
    }  # fmt: skip


async def test_a_page_is_asked_once_for_all_posts(town: Town, writer: Member, pages: Pages) -> None:
    url = pages.put("/seeds", PAGE)
    first, second = [await writer.says(f"{n} {url}") for n in range(2)]
    assert (await card_of(town, writer, first)) == (await card_of(town, writer, second))
    third = await writer.says(f"again {url}", visibility="unlisted")
    assert third["card"]["title"] == "Seeds & tools"
    await town.later(days=8)
    await writer.says(f"later {url}")
    await town.later(minutes=2)
    assert pages.asked == ["/seeds", "/seeds"]


async def test_a_host_that_is_kept_out_is_not_asked(
    town: Town, writer: Member, pages: Pages
) -> None:
    url = pages.put("/seeds", PAGE)
    async with town.house.work.transaction() as tx:
        await host_blocks.block(tx, pages.host, host_blocks.Terms("suspend"))
    assert await card_of(town, writer, await writer.says(url)) is None
    assert pages.asked == []


@pytest.mark.parametrize("visibility", ["private", "direct"])
async def test_what_is_not_public_asks_nobody(
    town: Town, writer: Member, pages: Pages, visibility: str
) -> None:
    url = pages.put("/secret", PAGE)
    said = await writer.says(url, visibility=visibility)
    assert await card_of(town, writer, said) is None
    assert pages.asked == []
    # Nor does it show what another post made known.
    await writer.says(url)
    assert await card_of(town, writer, said) is None


async def test_media_people_and_tags_have_no_card(town: Town, writer: Member, pages: Pages) -> None:
    url = pages.put("/seeds", PAGE)
    far = await town.house.remote("far")
    picture = {"kind": "image", "url": "https://far.example/a.png", "media_type": "image/png"}
    html = f'<a href="{url}">x</a>'
    shapes = [
        Draft(content=html, attachments=(picture,)),
        Draft(content=f'<a class="mention" href="{url}">x</a>'),
        Draft(content=f'<a href="{url}">@somebody</a>'),
        Draft(content=f'<a href="{url}">#<span>tag</span></a>'),
        Draft(content=f'<p class="quote-inline">RE: {html}</p>'),
        Draft(content=f'<a href="{far.url}">far</a>', mentions=(far,)),
        Draft(content=f'<a href="http://{pages.host}/seeds">x</a>'),
        Draft(content=f'<a href="https://{town.ours.host}/about">x</a>'),
        Draft(content='<a href="https://[/">x</a>'),
    ]
    made = [await town.house.arrives(far, str(n), draft) for n, draft in enumerate(shapes)]
    await town.later(minutes=2)
    assert pages.asked == []
    ids = [str(post.id) for post in made]
    shown = await writer.good("GET", STATUSES, params={"id[]": ids})
    assert [s["card"] for s in shown] == [None] * len(made)


async def test_a_link_post_of_the_threadiverse_has_one(
    town: Town, writer: Member, pages: Pages
) -> None:
    url = pages.put("/seeds", PAGE)
    far = await town.house.remote("far")
    link = {"kind": "link", "url": url}
    post = await town.house.arrives(far, "1", Draft(kind="page", title="T", attachments=(link,)))
    assert (await card_of(town, writer, {"id": post.id}))["title"] == "Seeds & tools"


async def test_an_edit_changes_the_card(town: Town, writer: Member, pages: Pages) -> None:
    said = await writer.says(pages.put("/a", "<title>A</title>"))
    assert (await card_of(town, writer, said))["title"] == "A"
    one = f"{STATUSES}/{said['id']}"
    await writer.good("PUT", one, json={"status": pages.put("/b", "<title>B</title>")})
    assert (await card_of(town, writer, said))["title"] == "B"
    await writer.good("PUT", one, json={"status": "no link"})
    assert await card_of(town, writer, said) is None


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        ("<p>no title</p>", "text/html"),
        (PAGE, "application/json"),
        ("", "text/html"),
    ],
)
async def test_pages_that_give_none(
    town: Town, writer: Member, pages: Pages, body: str, media_type: str
) -> None:
    said = await writer.says(pages.put("/x", body, media_type))
    assert await card_of(town, writer, said) is None
    await writer.says(f"again https://{pages.host}/x")
    await town.later(minutes=2)
    assert pages.asked == ["/x"]  # what gave nothing is left alone for days


async def test_of_a_large_page_the_beginning_is_read(
    town: Town, writer: Member, pages: Pages
) -> None:
    said = await writer.says(pages.put("/large", PAGE + "<p>x</p>" * 1024 * 1024))
    assert (await card_of(town, writer, said))["title"] == "Seeds & tools"
    late = " " * 1024 * 1024 + PAGE
    said = await writer.says(pages.put("/late", late))
    assert await card_of(town, writer, said) is None


async def test_its_picture_is_fetched_by_us(town: Town, writer: Member, pages: Pages) -> None:
    picture = samples.picture()
    pages.found["/seeds.png"] = ("image/jpeg", picture)
    card = await card_of(town, writer, await writer.says(pages.put("/seeds", PAGE)))
    async with writer.http.get(card["image"]) as response:
        assert (response.status, await response.read()) == (200, picture)
    async with writer.http.get(card["image"][:-1]) as response:
        assert response.status == 404
    assert pages.asked == ["/seeds", "/seeds.png"]


async def test_a_picture_that_cannot_be_fetched_is_not_offered(
    town: Town, writer: Member, pages: Pages
) -> None:
    page = PAGE.replace('"/seeds.png"', '"http://pictures.example/seeds.png"')
    card = await card_of(town, writer, await writer.says(pages.put("/seeds", page)))
    assert (card["image"], card["width"], card["height"]) == (None, 0, 0)


async def test_the_post_of_another_server_has_one(town: Town, writer: Member, pages: Pages) -> None:
    far = await town.house.remote("far")
    html = f'<p>look <a href="{pages.put("/seeds", PAGE)}">here</a></p>'
    post = await town.house.arrives(far, "1", Draft(content=html))
    assert (await card_of(town, writer, {"id": post.id}))["image"]


async def test_a_boost_shows_the_card_inside(town: Town, writer: Member, pages: Pages) -> None:
    said = await writer.says(pages.put("/seeds", PAGE))
    await card_of(town, writer, said)
    boost = await writer.good("POST", f"{STATUSES}/{said['id']}/reblog")
    assert (boost["card"], boost["reblog"]["card"]["title"]) == (None, "Seeds & tools")


async def test_the_timeline_of_a_link(town: Town, writer: Member, pages: Pages) -> None:
    url = pages.put("/seeds", PAGE)
    said = [await writer.says(f"{n} {url}") for n in range(2)]
    await writer.says(f"hidden {url}", visibility="unlisted")
    asked = {"url": f"{url}#top"}
    found = await town.house.stranger.good("GET", "/api/v1/timelines/link", params=asked)
    assert [s["id"] for s in found] == [said[1]["id"], said[0]["id"]]
    assert await writer.good("GET", "/api/v1/timelines/link") == []


async def test_cards_that_nobody_needs_go(town: Town, writer: Member, pages: Pages) -> None:
    said = await writer.says(pages.put("/seeds", PAGE))
    await card_of(town, writer, said)
    await writer.good("DELETE", f"{STATUSES}/{said['id']}")
    async with town.ours.work.transaction() as tx:
        await tx.later("clean", "clean", {}, tx.now)
    await town.later(days=31)
    assert await town.ours.value("select count(*) from cards") == 0


@pytest.mark.parametrize(
    ("body", "header", "title"),
    [
        ("<title>привет</title>".encode("cp1251"), "text/html; charset=windows-1251", "привет"),
        ("<title>é</title>".encode(), "text/html; charset=nonsense", "é"),
        ("<meta charset=latin1><title>é</title>".encode("latin1"), "text/html", "é"),
        (b"<title>a\n\tb\x00</title>", "text/html", "a b\ufffd"),
        (b"<title>" + b"x" * 400 + b"</title>", "text/html", "x" * 299 + "…"),
        ("<title>a\u202eb</title>".encode(), "text/html", "ab"),
    ],
)
def test_titles(body: bytes, header: str, title: str) -> None:
    found = preview.parse(body, header, "https://a.example/")
    assert found
    assert found.title == title


@pytest.mark.parametrize(
    "image",
    ["javascript:alert(1)", "data:x", "https://u:p@a.example/", "https://[", "a b", "ftp://x/"],
)
def test_pictures_lie_on_the_web(image: str) -> None:
    page = f'<title>x</title><meta property="og:image" content="{image}">'
    found = preview.parse(page.encode(), "text/html", "https://a.example/x")
    assert found
    assert found.image in (None, "https://a.example/a%20b")


@given(st.binary(max_size=2000))
def test_nothing_breaks_the_reader(body: bytes) -> None:
    preview.parse(body, "text/html", "https://a.example/")
    preview.parse(b"<title>x</title><meta property=og:image content='" + body, "x", "https://a/")


@given(st.text(max_size=500))
def test_nothing_breaks_the_links(html: str) -> None:
    assert isinstance(text.links(text.clean(html)), list)
