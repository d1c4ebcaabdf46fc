"""A thread becomes a call: both know of each other, here and on other servers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api.networked import Town, town
from tests.api.people import House, Member
from tests.federation.peer import peer
from tests.federation.test_microblog import follow

__all__ = ["town"]

BECKON = "/api/beckon/v1"
SOON = (datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)).isoformat()


async def garden(organiser: Member) -> Any:
    sent = {"name": "garden", "title": "The garden"}
    return await organiser.good("POST", f"{BECKON}/communities", json=sent)


async def test_a_thread_becomes_an_event(house: House) -> None:
    organiser, member = await house.member("organiser"), await house.member("member")
    await garden(organiser)
    said = await member.says("@garden The river is full of rubbish", title="The river")
    path = f"{BECKON}/posts/{said['id']}/call"
    for who, status in ((member, 403), (house.stranger, 401)):
        assert (await who.post(path, json={"starts_at": SOON})).status == status
    call = await organiser.good("POST", path, json={"starts_at": SOON})
    assert (call["kind"], call["title"]) == ("event", "The river")
    assert "full of rubbish" in call["about"]
    assert said["url"] in call["about"]
    (made,) = await house.stranger.good("GET", f"{BECKON}/posts/{said['id']}/calls")
    assert made["id"] == call["id"]
    origin = await house.stranger.good("GET", f"{BECKON}/calls/{call['id']}/origin")
    assert origin["id"] == said["id"]
    thread = await house.stranger.good("GET", f"/api/v1/statuses/{said['id']}/context")
    (reply,) = thread["descendants"]
    assert reply["account"]["id"] == organiser.id
    assert call["url"] in reply["content"]


async def test_any_kind_in_other_words(house: House) -> None:
    organiser = await house.member("organiser")
    await garden(organiser)
    said = await organiser.says("@garden We should ask the council")
    sent = {"kind": "petition", "title": "Clean the river", "about": "Sign"}
    call = await organiser.good("POST", f"{BECKON}/posts/{said['id']}/call", json=sent)
    assert (call["kind"], call["title"]) == ("petition", "Clean the river")
    assert "Sign" in call["about"]
    assert "council" not in call["about"]


async def test_what_becomes_no_call(house: House) -> None:
    organiser = await house.member("organiser")
    made = await garden(organiser)
    at_home = await organiser.says("hello")
    assert (await organiser.post(f"{BECKON}/posts/{at_home['id']}/call")).status == 422
    locked = await organiser.says("@garden Enough of this")
    await organiser.good("POST", f"{BECKON}/communities/{made['id']}/posts/{locked['id']}/lock")
    answer = await organiser.post(f"{BECKON}/posts/{locked['id']}/call", json={"starts_at": SOON})
    assert answer.status == 403
    past = {"starts_at": "2020-01-01T10:00:00Z"}
    open_ = await organiser.says("@garden Come")
    assert (await organiser.post(f"{BECKON}/posts/{open_['id']}/call", json=past)).status == 422
    assert await organiser.good("GET", f"{BECKON}/communities/{made['id']}/calls") == []
    shed = {"name": "shed", "title": "S", "policy": "invited", "visibility": "private"}
    await organiser.good("POST", f"{BECKON}/communities", json=shed)
    inside = await organiser.says("@shed The key is gone")
    outsider = await house.member("outsider")
    for path in ("call", "calls"):
        method = "POST" if path == "call" else "GET"
        answer = await outsider.ask(method, f"{BECKON}/posts/{inside['id']}/{path}")
        assert answer.status == 404
    assert (await outsider.get(f"{BECKON}/calls/{open_['id']}/origin")).status == 404


@pytest.mark.parametrize("software", ["mastodon", "lemmy"])
async def test_readers_elsewhere_find_the_way(town: Town, software: str) -> None:
    """Whoever follows the community gets the reply with the link; the page of the call, to which each form of it leads,
    links back."""
    organiser = await town.house.member("organiser")
    made = await garden(organiser)
    async with peer(software) as server:
        group = await town.ours.known(made["uri"])
        assert group
        await follow(town.ours, server, server.person("reader"), group)
        await town.ours.settle()
        said = await organiser.says("@garden The river", title="The river")
        call = await organiser.good(
            "POST", f"{BECKON}/posts/{said['id']}/call", json={"starts_at": SOON}
        )
        await town.ours.settle()
        told = str([each.document for each in server.received])
        assert call["url"] in told
        async with town.house.http.get(call["url"], headers={"Accept": "text/html"}) as answer:
            page = await answer.text()
        assert said["url"] in page


async def test_what_was_said_to_members_alone_becomes_no_call(house: House) -> None:
    """Where a private community opens, it stays theirs."""
    organiser = await house.member("organiser")
    sent = {"name": "shed", "title": "Shed", "policy": "request", "visibility": "private"}
    made = await organiser.good("POST", f"{BECKON}/communities", json=sent)
    said = await organiser.says("@shed My landlord locked me out")
    opened = {"visibility": "public", "policy": "open"}
    await organiser.good("PATCH", f"{BECKON}/communities/{made['id']}", json=opened)
    path = f"{BECKON}/posts/{said['id']}/call"
    assert (await organiser.post(path, json={"kind": "petition"})).status == 403
    assert await house.stranger.good("GET", f"{BECKON}/communities/{made['id']}/calls") == []
