"""Acting on what is elsewhere: members who are sent here, and visitors who go home to take part."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote, unquote

import pytest

from server.domain.groups import communities
from server.web.intents import onward
from storage import follows, posts
from tests.federation.peer import Peer, peer
from tests.web.house import DOMAIN, House, open_house

BASE = f"https://{DOMAIN}"


@pytest.fixture
async def microblog() -> AsyncIterator[Peer]:
    async with peer("mastodon") as made:
        yield made


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(database_url, net=tmp_path) as made:
        yield made


def hidden(text: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', text)
    assert found
    return found[1]


# Members who are sent here


@pytest.mark.parametrize("path", ["/authorize_interaction?uri=", "/intents/follow?object="])
async def test_a_member_follows_whom_they_saw_elsewhere(
    house: House, microblog: Peer, path: str
) -> None:
    reader = await house.person("reader")
    browser = await house.browser(reader)
    baker = microblog.person("baker")
    for named in (baker.uri, f"acct:baker@{microblog.host}"):
        page = await browser.get(path + quote(named, safe=""))
        assert page.status == 200
        assert f"@baker@{microblog.host}" in page.words
    async with house.work.reading() as tx:
        assert await tx.conn.fetchval("select count(*) from follows") == 0
    done = await browser.post("/intents/follow", id=hidden(page.text, "id"))
    assert done.status == 200
    async with house.work.reading() as tx:
        made = await follows.between(tx.conn, reader.id, int(hidden(page.text, "id")))
    assert made
    again = await browser.get(path + quote(baker.uri, safe=""))
    assert "You have asked" in again.words


async def test_a_stranger_signs_in_first_and_comes_back(house: House, microblog: Peer) -> None:
    path = "/intents/follow?object=" + quote(microblog.person("baker").uri, safe="")
    sent_away = await (await house.browser()).get(path)
    back = unquote(sent_away.headers["Location"].removeprefix("/sign-in?next="))
    assert unquote(back) == unquote(path)
    assert microblog.requests == []


async def test_a_call_or_a_post_is_shown_on_its_own_page(house: House) -> None:
    organiser = await house.person("organiser")
    call = await house.call(organiser, await house.community(organiser))
    browser = await house.browser(organiser)
    for kind in ("object", "join"):
        found = await browser.get(f"/intents/{kind}?object={quote(call.uri, safe='')}")
        assert found.headers["Location"] == f"/calls/{call.id}"
    far = await house.call_elsewhere("far.example")
    found = await browser.get(f"/authorize_interaction?uri={quote(far.uri, safe='')}")
    assert found.headers["Location"] == f"/calls/{far.id}"


async def test_a_member_likes_and_passes_on(house: House, microblog: Peer) -> None:
    reader = await house.person("reader")
    browser = await house.browser(reader)
    note = microblog.note(microblog.person("baker"), "<p>Fresh bread</p>", [])
    for kind in ("like", "announce"):
        page = await browser.get(f"/intents/{kind}?object={quote(note['id'], safe='')}")
        assert "Fresh bread" in page.words
        assert (await browser.post(f"/intents/{kind}", id=hidden(page.text, "id"))).status == 200
    async with house.work.reading() as tx:
        row = await posts.by_uri(tx.conn, note["id"])
    assert row
    assert (row.favourites_count, row.reblogs_count) == (1, 1)


async def test_a_member_writes_and_answers(house: House, microblog: Peer) -> None:
    reader = await house.person("reader")
    browser = await house.browser(reader)
    note = microblog.note(microblog.person("baker"), "<p>Fresh bread</p>", [])
    about = f"content={quote('Yes <please>')}&inReplyTo={quote(note['id'], safe='')}"
    page = await browser.get(f"/intents/create?{about}")
    assert "Yes &lt;please&gt;" in page.text
    parent = hidden(page.text, "in_reply_to")
    done = await browser.post("/intents/create", content="Yes please", in_reply_to=parent)
    assert done.status == 200
    async with house.work.reading() as tx:
        (row,) = await tx.conn.fetch(
            "select * from posts where local and account_id = $1", reader.id
        )
    assert row["in_reply_to_id"] == int(parent)
    assert (await browser.post("/intents/create", content=" ")).status == 422


async def test_nothing_is_done_without_the_form(house: House, microblog: Peer) -> None:
    reader = await house.person("reader")
    browser = await house.browser(reader)
    page = await browser.get(
        f"/intents/follow?object={quote(microblog.person('baker').uri, safe='')}"
    )
    sent = {"id": hidden(page.text, "id")}
    assert (await browser.post("/intents/follow", token="", **sent)).status == 403
    assert (await (await house.browser()).post("/intents/follow", **sent)).status == 401
    async with house.work.reading() as tx:
        assert await tx.conn.fetchval("select count(*) from follows") == 0
    assert (await browser.post("/intents/object", **sent)).status == 404
    assert (await browser.post("/intents/follow", id="x")).status == 400


@pytest.mark.parametrize("about", ["", "nobody", "https://127.0.0.1:1/x", "javascript:alert(1)"])
async def test_what_leads_nowhere_is_said(house: House, about: str) -> None:
    browser = await house.browser(await house.person("reader"))
    page = await browser.get(f"/intents/follow?object={quote(about, safe='')}")
    assert page.status == 404


@pytest.mark.parametrize(
    "text",
    [
        "//evil.example",
        "/%2Fevil.example\r\nX: y",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "http://evil.example/",
        "https://bank.example@evil.example/",
        "https:evil.example",
        "(close)",
        "",
    ],
)
async def test_nobody_is_led_astray_afterwards(house: House, text: str) -> None:
    reader, baker = await house.person("reader"), await house.person("baker")
    browser = await house.browser(reader)
    assert onward(text) is None
    done = await browser.post("/intents/follow", id=str(baker.id), after=text)
    assert done.status == 200
    assert "Location" not in done.headers
    assert "Refresh" not in done.headers
    assert "evil" not in done.text
    asked = f"/intents/follow?object={quote(baker.uri, safe='')}&on-cancel={quote(text, safe='')}"
    assert 'href="/"' in (await browser.get(asked)).text


async def test_where_to_go_on_to_is_shown_and_not_done(house: House) -> None:
    reader, baker = await house.person("reader"), await house.person("baker")
    browser = await house.browser(reader)
    after = 'https://far.example/back?x="><script>'
    done = await browser.post("/intents/follow", id=str(baker.id), after=after)
    assert 'href="https://far.example/back?x=' in done.text
    assert "<script>" not in done.text
    assert "Location" not in done.headers
    assert onward("/@baker") == "/@baker"


# Visitors who go home


async def test_a_visitor_takes_part_from_their_server(house: House, microblog: Peer) -> None:
    organiser = await house.person("organiser")
    group = await house.community(organiser)
    call = await house.call(organiser, group)
    visitor = microblog.person("visitor")
    microblog.says(
        f"visitor@{microblog.host}",
        visitor.uri,
        **{
            "http://ostatus.org/schema/1.0/subscribe": microblog.url("/authorize?uri={uri}"),
            "https://w3id.org/fep/3b86/Join": microblog.url("/join?o={object}&s={on-success}"),
        },
    )
    browser = await house.browser()
    for path, uri, kind, there in (
        (f"/calls/{call.id}", call.uri, "join", "/join?o={}&amp;s="),
        ("/@garden", group.uri, "follow", "/authorize?uri={}"),
        ("/@organiser", organiser.uri, "follow", "/authorize?uri={}"),
    ):
        page = await browser.get(path)
        assert (hidden(page.text, "uri"), hidden(page.text, "kind")) == (uri, kind)
        led = await browser.post(
            "/take-part", uri=uri, kind=kind, handle=f"@visitor@{microblog.host}"
        )
        at = microblog.url(there.format(quote(uri, safe="")))
        assert f'href="{at}"' in led.text
        assert led.headers["Refresh"] == f"0; url={at.replace('&amp;', '&')}"
        assert microblog.host in led.words


@pytest.mark.parametrize(
    ("handle", "said"),
    [
        ("", "A handle is written as"),
        ("visitor", "The address cannot be used"),
        ("@visitor@127.0.0.1:1", "cannot be reached"),
        ("@visitor@10.0.0.1", "not public"),
        ("<script>@x.example", "A handle is written as"),
    ],
)
async def test_a_handle_that_leads_nowhere_is_said_beside_it(
    house: House, handle: str, said: str
) -> None:
    baker = await house.person("baker")
    browser = await house.browser()
    page = await browser.post("/take-part", uri=baker.uri, kind="follow", handle=handle)
    assert page.status == 422
    assert said in page.words
    assert "<script>" not in page.text
    assert "Refresh" not in page.headers


async def test_a_server_that_says_nothing_of_it(house: House, microblog: Peer) -> None:
    baker = await house.person("baker")
    microblog.person("visitor")
    browser = await house.browser()
    sent = {"uri": baker.uri, "kind": "follow"}
    page = await browser.post("/take-part", **sent, handle=f"visitor@{microblog.host}")
    assert page.status == 422
    assert "does not say how" in page.words
    microblog.says(f"visitor@{microblog.host}", "x", **{
        "http://ostatus.org/schema/1.0/subscribe": "javascript:alert('{uri}')"
    })  # fmt: skip
    page = await browser.post("/take-part", **sent, handle=f"visitor@{microblog.host}")
    assert page.status == 422
    assert "javascript" not in page.text


async def test_it_is_for_what_is_ours_alone_and_from_our_pages(house: House) -> None:
    baker = await house.person("baker")
    browser = await house.browser()
    sent = {"uri": baker.uri, "kind": "follow", "handle": "a@b.example"}
    for wrong in ({"uri": "https://evil.example/"}, {"kind": "pay"}, {"uri": f"{BASE}.evil/"}):
        assert (await browser.post("/take-part", **{**sent, **wrong})).status == 400
    assert (await browser.post("/take-part", origin="https://evil.example", **sent)).status == 403


async def test_nobody_asks_other_servers_without_end(house: House) -> None:
    baker = await house.person("baker")
    browser = await house.browser()
    sent = {"uri": baker.uri, "kind": "follow", "handle": "a@127.0.0.1:1"}
    seen = {(await browser.post("/take-part", **sent)).status for _ in range(31)}
    assert seen == {422, 429}


async def test_nobody_is_led_to_what_they_may_not_know_of(house: House) -> None:
    keeper, outsider = await house.person("keeper"), await house.person("outsider")
    async with house.work.transaction() as tx:
        den = await communities.create(
            tx, keeper, "den", "Den", community_policy="invited", visibility="private"
        )
    browser = await house.browser(outsider)
    page = await browser.get("/intents/follow?object=" + quote(den.uri, safe=""))
    assert page.status == 404
    assert "Den" not in page.words
    for path, form in (("/intents/follow", {"id": str(den.id)}), ("/@den/follow", {})):
        assert (await browser.post(path, **form)).status == 404, path
    keepers = await house.browser(keeper)
    known = await keepers.get("/intents/follow?object=" + quote(den.uri, safe=""))
    assert known.status == 200
