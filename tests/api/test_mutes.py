"""Mutes, blocks, blocked hosts: what they hide, where, from whom, and that nobody else notices."""

from __future__ import annotations

import pytest

from server.domain.members import follows
from server.domain.posting.drafts import Draft
from storage.accounts import Account
from tests.api.conftest import Running
from tests.api.fields import check
from tests.api.people import House, Member


async def follow(who: Member, other: Member, **options: object) -> None:
    await who.good("POST", f"/api/v1/accounts/{other.id}/follow", json=options)


async def contents(who: Member, path: str) -> list[str]:
    """What a timeline shows, oldest first, as words."""
    page = await who.good("GET", path)
    words = [(s["reblog"] or s)["content"] for s in page]
    return [w.removeprefix("<p>").removesuffix("</p>").split("<")[0].strip() for w in words][::-1]


async def relation(who: Member, other: str) -> dict[str, object]:
    found = await who.good("GET", f"/api/v1/accounts/relationships?id={other}")
    check(found, ["Relationship"])
    return found[0]


FEEDS = (
    "/api/v1/timelines/home",
    "/api/v1/timelines/public",
    "/api/v1/timelines/tag/soup",
)


@pytest.mark.parametrize("act", ["mute", "block"])
async def test_whom_one_mutes_or_blocks_is_in_no_feed(house: House, act: str) -> None:
    me, loud, friend = [await house.member(n) for n in ("me_too", "loud", "friend")]
    await follow(me, loud)
    await follow(me, friend)
    said = await loud.says("one #soup")
    await friend.good("POST", f"/api/v1/statuses/{said['id']}/reblog")
    await friend.says("two #soup")
    assert {"one", "two"} <= set(await contents(me, FEEDS[0]))
    await me.good("POST", f"/api/v1/accounts/{loud.id}/{act}")
    other = await loud.says("three #soup")
    await friend.good("POST", f"/api/v1/statuses/{other['id']}/reblog")
    for path in FEEDS:
        assert await contents(me, path) == ["two"], path
    assert "three" in await contents(friend, FEEDS[0])
    found = await me.good("GET", "/api/v2/search", params={"q": said["uri"], "resolve": "true"})
    assert found["statuses"] == []
    # Who looks at it on purpose sees it.
    assert (await me.get(f"/api/v1/statuses/{said['id']}")).status == 200
    assert len(await me.good("GET", f"/api/v1/accounts/{loud.id}/statuses")) == 2


async def test_a_thread_has_holes_where_somebody_is_muted(house: House) -> None:
    me, loud, friend = [await house.member(n) for n in ("me_too", "loud", "friend")]
    head = await friend.says("head")
    middle = await loud.says("middle", in_reply_to_id=head["id"])
    last = await friend.says("last", in_reply_to_id=middle["id"])
    await me.good("POST", f"/api/v1/accounts/{loud.id}/mute")
    below = await me.good("GET", f"/api/v1/statuses/{head['id']}/context")
    above = await me.good("GET", f"/api/v1/statuses/{last['id']}/context")
    assert [s["id"] for s in below["descendants"]] == [last["id"]]
    assert [s["id"] for s in above["ancestors"]] == [head["id"]]
    whole = await friend.good("GET", f"/api/v1/statuses/{head['id']}/context")
    assert len(whole["descendants"]) == 2


async def test_a_mute_ends_by_itself_and_brings_everything_back(
    here: Running, house: House
) -> None:
    me, loud = await house.member("me_too"), await house.member("loud")
    await follow(me, loud)
    await loud.says("before")
    path = f"/api/v1/accounts/{loud.id}"
    muted = await me.good("POST", f"{path}/mute", data={"duration": "3600"})
    check(muted, "Relationship")
    assert (muted["muting"], muted["muting_notifications"]) == (True, True)
    listed = await me.good("GET", "/api/v1/mutes")
    assert [(a["id"], a["mute_expires_at"]) for a in listed] == [
        (loud.id, muted["muting_expires_at"])
    ]
    await loud.says("@me_too during")
    assert await contents(me, FEEDS[0]) == []
    assert await me.good("GET", "/api/v1/notifications") == []
    here.clock.forward(hours=2)
    assert len(await contents(me, FEEDS[0])) == 2
    assert (await relation(me, loud.id))["muting"] is False
    assert await me.good("GET", "/api/v1/mutes") == []
    await loud.says("@me_too after")
    assert len(await me.good("GET", "/api/v1/notifications")) == 1


async def test_a_full_page_of_home_lies_behind_the_muted(house: House) -> None:
    me, loud, friend = [await house.member(n) for n in ("me_too", "loud", "friend")]
    await follow(me, loud)
    await follow(me, friend)
    for n in range(3):
        await friend.says(f"quiet {n}")
    for n in range(5):
        await loud.says(f"loud {n}")
    await me.good("POST", f"/api/v1/accounts/{loud.id}/mute")
    assert await contents(me, f"{FEEDS[0]}?limit=3") == ["quiet 0", "quiet 1", "quiet 2"]
    assert await contents(me, f"{FEEDS[0]}?limit=2&min_id=0") == ["quiet 0", "quiet 1"]
    await me.good("POST", f"/api/v1/accounts/{loud.id}/unmute")
    assert len(await contents(me, FEEDS[0])) == 8


async def test_one_may_mute_and_still_be_told(house: House) -> None:
    me, loud = await house.member("me_too"), await house.member("loud")
    path = f"/api/v1/accounts/{loud.id}/mute"
    await me.good("POST", path, json={"notifications": False})
    await loud.says("@me_too one")
    assert len(await me.good("GET", "/api/v1/notifications")) == 1
    # A second mute replaces the first.
    assert (await me.good("POST", path))["muting_notifications"] is True
    await loud.says("@me_too two")
    assert len(await me.good("GET", "/api/v1/notifications")) == 1


async def test_only_others_are_muted_and_only_with_the_scope(here: Running, house: House) -> None:
    me, other = await house.member("me_too"), await house.member("other")
    assert (await me.post(f"/api/v1/accounts/{me.id}/mute")).status == 403
    assert (await me.post("/api/v1/accounts/999/mute")).status == 404
    assert (await house.stranger.post(f"/api/v1/accounts/{other.id}/mute")).status == 401
    assert me.account
    reader = Member(house.http, house.base, me.account, await here.token(me.account, "read"))
    app = Member(house.http, house.base, None, await here.token(None))
    post = await me.says("x")
    for path in (
        f"/api/v1/accounts/{other.id}/mute",
        f"/api/v1/statuses/{post['id']}/mute",
        "/api/v1/domain_blocks?domain=far.example",
    ):
        assert (await reader.post(path)).status == 403, path
        assert (await app.post(path)).status == 422, path


async def test_a_muted_conversation_is_not_told_of(house: House) -> None:
    me, other = await house.member("me_too"), await house.member("other")
    post = await me.says("hello")
    assert post["muted"] is False
    reply = await other.says("@me_too hi", in_reply_to_id=post["id"])
    muted = await me.good("POST", f"/api/v1/statuses/{reply['id']}/mute")
    assert muted["muted"] is True
    assert (await me.good("GET", f"/api/v1/statuses/{post['id']}"))["muted"] is True
    assert (await other.good("GET", f"/api/v1/statuses/{post['id']}"))["muted"] is False
    await other.says("@me_too again", in_reply_to_id=reply["id"])
    await other.good("POST", f"/api/v1/statuses/{post['id']}/favourite")
    assert len(await me.good("GET", "/api/v1/notifications")) == 1
    again = await me.good("POST", f"/api/v1/statuses/{post['id']}/unmute")
    assert again["muted"] is False
    await other.says("@me_too still there?", in_reply_to_id=reply["id"])
    assert len(await me.good("GET", "/api/v1/notifications")) == 2


async def test_a_conversation_one_cannot_see_cannot_be_muted(house: House) -> None:
    me, other = await house.member("me_too"), await house.member("other")
    post = await other.says("secret", visibility="private")
    for act in ("mute", "unmute"):
        assert (await me.post(f"/api/v1/statuses/{post['id']}/{act}")).status == 404


async def tied(house: House, me: Member, far: Account) -> None:
    """Follows in both directions."""
    assert me.account
    async with house.work.transaction() as tx:
        await follows.follow(tx, me.account, far)
        made = await follows.follow(tx, far, me.account, uri=f"{far.uri}/follow")
        assert made.accepted_at
        await tx.conn.execute("update follows set accepted_at = now() where target_id = $1", far.id)
        await tx.conn.execute(
            "update accounts set following_count = following_count + 1 where id = $1",
            me.account.id,
        )
        await tx.conn.execute(
            "update accounts set followers_count = followers_count + 1 where id = $1", far.id
        )


async def test_nothing_of_a_blocked_host_is_left(house: House) -> None:
    me, friend = await house.member("me_too"), await house.member("friend")
    far = await house.remote("far_writer")
    await follow(me, friend)
    await tied(house, me, far)
    assert me.account
    post = await house.arrives(far, "1", Draft(content="<p>far</p>", mentions=(me.account,)))
    await friend.says("near")
    assert await contents(me, FEEDS[0]) == ["far", "near"]
    ties = await me.good("GET", "/api/v1/domain_blocks/preview?domain=FAR.example")
    assert ties == {"following_count": 1, "followers_count": 1}
    assert await me.good("POST", "/api/v1/domain_blocks", data={"domain": "far.example"}) == {}
    stands = await relation(me, str(far.id))
    assert (stands["domain_blocking"], stands["following"], stands["followed_by"]) == (
        True,
        False,
        False,
    )
    await friend.good("POST", f"/api/v1/statuses/{post.id}/reblog")
    await house.arrives(far, "2", Draft(content="<p>far two</p>", mentions=(me.account,)))
    for path in FEEDS[:2]:
        assert await contents(me, path) == ["near"], path
    assert "far two" in await contents(friend, FEEDS[1])
    told = await me.good("GET", "/api/v1/notifications")
    check(told, ["Notification"])
    assert [(n["type"], n["account"]["id"]) for n in told] == [("severed_relationships", me.id)]
    lost = told[0]["event"]
    assert (lost["type"], lost["target_name"]) == ("user_domain_block", "far.example")
    assert (lost["followers_count"], lost["following_count"], lost["purged"]) == (1, 1, False)


async def test_blocked_hosts_are_listed_and_unblocked(house: House) -> None:
    me, other = await house.member("me_too"), await house.member("other")
    path = "/api/v1/domain_blocks"
    for host in ("a.example", "b.example"):
        for _ in range(2):
            await me.good("POST", path, json={"domain": host})
    assert await me.good("GET", path) == ["b.example", "a.example"]
    assert await other.good("GET", path) == []
    first = await me.get(f"{path}?limit=1")
    assert first.json == ["b.example"]
    assert (await me.get(first.links["next"])).json == ["a.example"]
    # A form, JSON, and the query are all in use.
    await me.good("DELETE", path, data={"domain": "a.example"})
    await me.good("DELETE", f"{path}?domain=b.example")
    assert await me.good("GET", path) == []
    assert await me.good("GET", "/api/v1/notifications") == []  # nothing was severed


@pytest.mark.parametrize("bad", ["", "not a host", "https://a.example/", "a/b"])
async def test_what_is_no_host_is_refused(house: House, bad: str) -> None:
    me = await house.member("me_too")
    assert (await me.post("/api/v1/domain_blocks", json={"domain": bad})).status == 422
    ours = house.base.removeprefix("http://")
    assert (await me.post("/api/v1/domain_blocks", json={"domain": ours})).status == 422
    assert await me.good("GET", "/api/v1/domain_blocks") == []


async def test_only_chosen_languages_reach_home(house: House) -> None:
    me, writer = await house.member("me_too"), await house.member("writer")
    path = f"/api/v1/accounts/{writer.id}/follow"
    made = await me.good("POST", path, data={"languages[]": ["it", "EN"]})
    assert made["languages"] == ["it", "en"]
    await writer.says("ciao", language="it")
    await writer.says("hello", language="en")
    await writer.says("hallo", language="de")
    await writer.says("no language")
    shown = await contents(me, FEEDS[0])
    assert "hallo" not in shown
    assert {"ciao", "hello"} <= set(shown)
    kept = await me.good("POST", path, json={"reblogs": False})
    assert (kept["languages"], kept["showing_reblogs"]) == (["it", "en"], False)
    assert (await me.good("POST", path, json={"languages": []}))["languages"] is None
    await writer.says("tschüss", language="de")
    assert "tschüss" in await contents(me, FEEDS[0])


async def test_who_asked_is_told_of_each_post(house: House) -> None:
    me, writer, other = [await house.member(n) for n in ("me_too", "writer", "other")]
    await follow(me, writer, notify=True)
    theirs = await other.says("theirs")
    first = await writer.says("first")
    await writer.says("also mine", in_reply_to_id=first["id"])
    await writer.says("an answer", in_reply_to_id=theirs["id"])
    await writer.good("POST", f"/api/v1/statuses/{theirs['id']}/reblog")
    await writer.says("@me_too by name")
    told = await me.good("GET", "/api/v1/notifications")
    assert [n["type"] for n in told] == ["mention", "status", "status"]
    assert told[2]["status"]["id"] == first["id"]
    await follow(me, writer, notify=False)
    await writer.says("later")
    assert len(await me.good("GET", "/api/v1/notifications")) == 3
