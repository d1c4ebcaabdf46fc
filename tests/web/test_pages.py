"""Profiles, communities, posts and tags: what they show, what they hide, joining and leaving."""

from __future__ import annotations

import re

import pytest

from server.domain.posting import drafts, posts
from server.domain.posting.drafts import Draft, Typed
from storage import follows
from storage.accounts import Account
from storage.posts import Post
from tests.web.house import DOMAIN, House


async def write(house: House, author: Account, text: str, **more: object) -> Post:
    async with house.work.transaction() as tx:
        made = await posts.publish(tx, author, await drafts.draft(tx, author, Typed(text, **more)))
    assert made
    return made


async def test_the_start_shows_communities_and_open_calls(house: House) -> None:
    organiser = await house.person("organiser")
    group = await house.community(organiser)
    post = await house.call(organiser, group)
    page = await (await house.browser()).get("/")
    assert "Green Valley" in page.words
    assert "The shared garden" in page.words
    assert f'href="/calls/{post.id}"' in page.text
    assert 'href="/sign-in"' in page.text
    mine = await (await house.browser(organiser)).get("/")
    assert "When it asks for your server, type green.example" in mine.words
    assert "Your communities The shared garden @garden" in mine.words


async def test_a_community_shows_how_to_join_and_counts_its_members(house: House) -> None:
    organiser, member = await house.person("organiser"), await house.person("quietmember")
    group = await house.community(organiser)
    browser = await house.browser(member)
    assert (await browser.post("/@garden/follow")).headers["Location"] == "/@garden"
    assert "You are a member" in (await browser.get("/@garden")).words
    page = await (await house.browser()).get("/@garden")
    for needed in (
        "2 members",
        "Beds & berries",
        "Tools go back",
        "@organiser",
        f"@garden@{DOMAIN}",
    ):
        assert needed in page.words, needed
    assert "quietmember" not in page.text
    assert f'type="application/activity+json" href="{group.uri}"' in page.text
    await browser.post("/@garden/unfollow")
    assert "1 member " in (await browser.get("/@garden")).words


async def test_organisers_answer_requests_to_join(house: House) -> None:
    organiser = await house.person("organiser")
    await house.community(organiser, community_policy="request")
    asking = [await house.person(name) for name in ("hopeful", "stranger")]
    for person in asking:
        await (await house.browser(person)).post("/@garden/follow")
    steward = await house.browser(organiser)
    assert "@hopeful" in (await steward.get("/@garden")).words
    await steward.post("/@garden/requests", account=str(asking[0].id), verdict="admit")
    await steward.post("/@garden/requests", account=str(asking[1].id), verdict="refuse")
    assert "Asking to join" not in (await steward.get("/@garden")).words
    seen = [(await (await house.browser(p)).get("/@garden")).words for p in asking]
    assert "You are a member" in seen[0]
    assert "Ask to join" in seen[1]


async def test_nobody_else_sees_or_answers_requests(house: House) -> None:
    organiser, asking = await house.person("organiser"), await house.person("hopeful")
    group = await house.community(organiser, community_policy="request")
    hopeful = await house.browser(asking)
    await hopeful.post("/@garden/follow")
    page = await hopeful.get("/@garden")
    assert "You have asked to join" in page.words
    assert "Asking to join" not in page.words
    refused = await hopeful.post("/@garden/requests", account=str(asking.id), verdict="admit")
    assert refused.status == 403
    async with house.work.reading() as tx:
        assert not await follows.is_following(tx.conn, asking.id, group.id)


async def test_joining_needs_the_token_of_the_form(house: House) -> None:
    organiser, member = await house.person("organiser"), await house.person("member")
    group = await house.community(organiser)
    assert (await (await house.browser(member)).post("/@garden/follow", token="")).status == 403
    assert (await house.reload(group)).followers_count == 1


@pytest.mark.parametrize("visibility", ["private", "direct"])
async def test_what_is_not_public_has_no_page_even_for_its_author(
    house: House, visibility: str
) -> None:
    author = await house.person("gardener")
    post = await write(house, author, "a secret of ours #hush", visibility=visibility)
    for browser in (await house.browser(), await house.browser(author)):
        assert (await browser.get(f"/posts/{post.id}")).status == 404
        for path in ("/@gardener", "/tags/hush"):
            assert "a secret of ours" not in (await browser.get(path)).text


async def test_a_thread_shows_public_comments_only(house: House) -> None:
    author, other = await house.person("gardener"), await house.person("neighbour")
    head = await write(house, author, "The **frost** is coming #frost")
    said = await write(house, other, "Cover the beds", in_reply_to=head, visibility="unlisted")
    await write(house, other, "between us", in_reply_to=head, visibility="private")
    browser = await house.browser()
    page = await browser.get(f"/posts/{head.id}")
    assert "The **frost** is coming #frost" in page.words
    assert "Cover the beds" in page.words
    assert "between us" not in page.words
    assert "A comment in this thread" in (await browser.get(f"/posts/{said.id}")).words
    assert "The **frost**" in (await browser.get("/tags/FROST")).words
    assert "The **frost**" in (await browser.get("/@gardener")).words


async def test_stored_html_is_cleaned_again_on_its_way_out(house: House) -> None:
    author = await house.person("gardener")
    draft = Draft(content='<p>hi<script>alert(1)</script><a href="javascript:alert(2)">x</a></p>')
    async with house.work.transaction() as tx:
        post = await posts.publish(tx, author, draft)
    assert post
    page = await (await house.browser()).get(f"/posts/{post.id}")
    assert "hi" in page.words
    assert "alert" not in page.text


async def test_a_link_to_an_account_elsewhere_goes_to_the_web_only(house: House) -> None:
    stranger = await house.elsewhere("stranger", "hill.example")
    async with house.work.transaction() as tx:
        await tx.conn.execute(
            "update accounts set url = 'javascript:alert(3)' where id = $1", stranger.id
        )
    head = await write(house, await house.person("gardener"), "hello")
    async with house.work.transaction() as tx:
        parts = Draft(content="<p>answer</p>", in_reply_to=head, visibility="public")
        await posts.publish(tx, stranger, parts)
    page = await (await house.browser()).get(f"/posts/{head.id}")
    assert "answer" in page.words
    assert "javascript:" not in page.text


async def test_what_was_deleted_is_gone_and_what_never_was_is_not_found(house: House) -> None:
    author = await house.person("gardener")
    post = await write(house, author, "soon gone")
    async with house.work.transaction() as tx:
        await posts.remove(tx, post)
    browser = await house.browser()
    assert (await browser.get(f"/posts/{post.id}")).status == 410
    assert (await browser.get("/posts/12345")).status == 404
    assert (await browser.get("/@nobody")).status == 404


async def test_the_suspended_have_no_page(house: House) -> None:
    author = await house.person("gardener")
    post = await write(house, author, "hello")
    await house.suspend(author)
    browser = await house.browser()
    assert (await browser.get("/@gardener")).status == 404
    assert (await browser.get(f"/posts/{post.id}")).status == 404


async def test_only_the_listed_files_are_assets(house: House) -> None:
    browser = await house.browser()
    sheet = await browser.get("/assets/beckon.css")
    assert sheet.headers["Content-Type"].startswith("text/css")
    assert "url(" not in sheet.text
    for name in ("base.html", "..%2Fpages.py", "nothing.css"):
        assert (await browser.get(f"/assets/{name}")).status == 404


async def test_a_page_names_its_icon(house: House) -> None:
    """Otherwise every browser asks for /favicon.ico, which is not there."""
    browser = await house.browser()
    page = await browser.get("/sign-in")
    icon = re.search('<link rel="icon" href="([^"]+)"', page.text)
    assert icon
    assert (await browser.get(icon[1])).headers["Content-Type"].startswith("image/svg+xml")
