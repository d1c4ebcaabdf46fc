"""Feeds as readers take them: against the schema of RFC 4287, and RSS where followers of Mastodon look for it."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from server.domain.posting import posts
from server.domain.posting.drafts import Draft
from server.web import atom
from server.web.atom import ATOM, Entry, Feed
from storage.accounts import Account
from storage.posts import Post
from tests.web.house import House

SCHEMA = etree.RelaxNG(etree.parse(Path(__file__).with_name("atom.rng")))
NS = {"a": ATOM}
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def checked(body: bytes) -> Any:
    """The feed, if it is one. What the schema cannot say: RFC 4287, 4.1.1 and 4.1.2."""
    feed = etree.fromstring(body)
    SCHEMA.assertValid(feed)
    for each in [feed, *feed.findall("a:entry", NS)]:
        assert len(each.findall("a:link[@rel='alternate']", NS)) == 1
    ids = [entry.findtext("a:id", namespaces=NS) for entry in feed.findall("a:entry", NS)]
    assert len(set(ids)) == len(ids)
    return feed


def texts(feed: Any, name: str) -> list[str]:
    return [entry.findtext(f"a:{name}", namespaces=NS) for entry in feed.findall("a:entry", NS)]


async def says(house: House, author: Account, content: str, **more: Any) -> Post:
    async with house.work.transaction() as tx:
        made = await posts.publish(tx, author, Draft(content=content, **more))
    assert made
    return made


async def test_a_community_a_person_a_call_and_the_instance_have_a_feed(house: House) -> None:
    organiser = await house.person("organiser")
    neighbour = await house.person("neighbour")
    group = await house.community(organiser)
    call = await house.call(organiser, group)
    thread = await says(
        house,
        organiser,
        "<p>Who has <em>seeds</em> &amp; &lt;b&gt;?</p>",
        community=group,
        title="Seeds",
    )
    reply = await says(house, neighbour, "Bring boots", in_reply_to=call)
    own = await says(house, organiser, "Only mine #Spring")
    expected = {
        "/@garden.atom": [thread.uri, call.uri],
        "/@organiser.atom": [own.uri, thread.uri, call.uri],
        f"/calls/{call.id}.atom": [reply.uri, call.uri],
        "/feed.atom": [own.uri, thread.uri, call.uri],
    }
    browser = await house.browser()
    for path, uris in expected.items():
        seen = await browser.get(path)
        assert seen.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
        feed = checked(seen.text.encode())
        assert texts(feed, "id") == uris, path
        assert feed.findtext("a:id", namespaces=NS).endswith(path)
        (self_link,) = feed.findall("a:link[@rel='self']", NS)
        assert self_link.get("href") == feed.findtext("a:id", namespaces=NS)
    feed = checked((await browser.get("/@garden.atom")).text.encode())
    assert texts(feed, "title") == ["Seeds", "Turn the compost"]
    assert texts(feed, "content")[0] == "<p>Who has <em>seeds</em> &amp; &lt;b&gt;?</p>"
    assert feed.findtext("a:subtitle", namespaces=NS) == "Beds & berries"


async def test_a_feed_of_nothing_is_a_feed(house: House) -> None:
    await house.person("quiet")
    for path in ("/@quiet.atom", "/feed.atom"):
        feed = checked((await (await house.browser()).get(path)).text.encode())
        assert texts(feed, "id") == []


async def test_rss_is_where_mastodon_has_it(house: House) -> None:
    member = await house.person("member")
    post = await says(house, member, "Hello #Spring", tags=("spring",))
    await says(house, member, "not for all", visibility="private")
    seen = await (await house.browser()).get("/@member.rss")
    assert seen.headers["Content-Type"] == "application/rss+xml; charset=utf-8"
    channel = etree.fromstring(seen.text.encode()).find("channel")
    (item,) = channel.findall("item")
    assert item.findtext("guid") == post.uri
    assert item.findtext("link") == post.url
    assert item.findtext("category") == "spring"
    assert parsedate_to_datetime(item.findtext("pubDate")) == post.published_at.replace(
        microsecond=0
    )
    for needed in ("title", "link", "description"):
        assert channel.findtext(needed)


async def test_a_warning_is_not_read_past(house: House) -> None:
    member = await house.person("member")
    await says(house, member, "the end of the book", summary="Spoiler", sensitive=True)
    feed = checked((await (await house.browser()).get("/@member.atom")).text.encode())
    assert (texts(feed, "title"), texts(feed, "content")) == (["Spoiler"], ["<p>Spoiler</p>"])


async def test_pages_lead_to_their_calendars_and_feeds(house: House) -> None:
    organiser = await house.person("organiser")
    post = await house.call(organiser, await house.community(organiser))
    await house.community(organiser, "shed", community_policy="request", visibility="private")
    browser = await house.browser(organiser)
    for page, base, forms in (
        ("/", "/feed", ("atom",)),
        ("/", "/calendar", ("ics",)),
        ("/@garden", "/@garden", ("ics", "atom")),
        ("/@organiser", "/@organiser", ("ics", "atom", "rss")),
        (f"/calls/{post.id}", f"/calls/{post.id}", ("ics", "atom")),
    ):
        head = etree.HTML((await browser.get(page)).text).find("head")
        linked = {link.get("href") for link in head.findall("link[@rel='alternate']")}
        assert {f"{base}.{form}" for form in forms} <= linked, page
        for form in forms:
            assert (await browser.get(f"{base}.{form}")).status == 200
    hidden = await browser.get("/@shed")
    assert hidden.status == 200
    assert "shed.ics" not in hidden.text
    assert "shed.atom" not in hidden.text


@given(st.text(), st.text(), st.lists(st.text(min_size=1), max_size=3))
def test_any_text_is_well_formed(title: str, html: str, tags: list[str]) -> None:
    entry = Entry("https://a.example/1", "https://a.example/1", title, html, title,
                  "https://a.example/@a", AT, AT, ["t" + tag for tag in tags])  # fmt: skip
    feed = Feed("https://a.example/f", "https://a.example/", title, html, AT, [entry])
    read = checked(atom.atom(feed))
    again = read.findtext("a:entry/a:content", namespaces=NS)
    said = atom.NOT_XML.sub("", html).replace("\r\n", "\n").replace("\r", "\n")
    assert again.replace("\r\n", "\n").replace("\r", "\n") == said
    assert etree.fromstring(atom.rss(feed)).findtext("channel/item/guid") == entry.id


async def test_a_feed_with_a_slash_behind_it_is_the_same_feed(house: House) -> None:
    await house.person("gardener")
    browser = await house.browser()
    for path in ("/feed.atom", "/@gardener.atom", "/@gardener.rss"):
        there, again = await browser.get(path), await browser.get(f"{path}/")
        assert (there.status, again.status, again.text) == (200, 200, there.text)
