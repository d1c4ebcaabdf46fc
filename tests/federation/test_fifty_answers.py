"""Fifty at once, through four doors, for ten places: ten come, forty wait in order of receipt, and all know."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine
from typing import Any

from storage.accounts import Account
from storage.posts import Post
from tests.federation.answering import Member, Remote, member
from tests.federation.instance import Instance
from tests.federation.peer import Json, Peer

PLACES = 10
VOTERS, JOINERS, CLIENTS, BROWSERS = 13, 13, 12, 12
WAITING = re.compile(r"You are number (\d+) on the waiting list")


async def test_fifty_answers_for_ten_places(
    ours: Instance, microblog: Peer, organiser: Account, garden: Account
) -> None:
    event = await ours.event(organiser, garden, "Turn the compost", PLACES)
    voters = [remote(ours, microblog, garden, event, f"voter{n}") for n in range(VOTERS)]
    joiners = [remote(ours, microblog, garden, event, f"joiner{n}") for n in range(JOINERS)]
    clients = [await member(ours, microblog, f"client{n}", event) for n in range(CLIENTS)]
    browsers = [await member(ours, microblog, f"browser{n}", event) for n in range(BROWSERS)]
    done = asyncio.Event()
    arriving = asyncio.create_task(work(ours, done))
    await asyncio.gather(
        *mixed(
            [v.post(v.a_vote()) for v in voters],
            [j.post(j.a_join()) for j in joiners],
            [c.client() for c in clients],
            [b.page() for b in browsers],
        )
    )
    done.set()
    await arriving
    await ours.settle()

    line = await in_line(ours, event)
    assert len(line) == len(set(line)) == 50
    call = await ours.call(event)
    assert (call.counted, call.waiting) == (PLACES, 40)
    places = {person: at - PLACES for at, person in enumerate(line, start=1)}
    assert heard_by(voters, places)
    assert answers_to(microblog, joiners) == {
        j.who.uri: "Accept" if places[j.who.uri] <= 0 else "TentativeAccept" for j in joiners
    }
    for one in (*clients, *browsers):
        await knows(one, places[one.account.uri])
    assert await on_the_card(ours, event) == PLACES
    async with microblog.session.get(event.uri, headers={"Accept": "text/html"}) as seen:
        page = await seen.text()
    assert "<b>10</b>" in page
    assert "40 on the waiting list" in page


def remote(ours: Instance, server: Peer, garden: Account, event: Post, name: str) -> Remote:
    return Remote(ours, server, server.person(name, key=1), event, garden)


def mixed(*doors: list[Coroutine[Any, Any, None]]) -> list[Coroutine[Any, Any, None]]:
    """One of each door after the other, so that no door has the places for itself."""
    longest = max(len(door) for door in doors)
    return [door[n] for n in range(longest) for door in doors if n < len(door)]


async def work(ours: Instance, done: asyncio.Event) -> None:
    """What arrives is applied beside the requests of members."""
    while not done.is_set():
        await ours.apply()
        await asyncio.sleep(0)


async def in_line(ours: Instance, event: Post) -> list[str]:
    """Everybody in order of receipt: those with a place are the first, whatever door they came through."""
    rows = await ours.rows(
        "select a.uri, p.state from participations p join accounts a on a.id = p.account_id"
        " where p.post_id = $1 order by p.turn",
        event.id,
    )
    assert [r["state"] for r in rows] == ["granted"] * PLACES + ["waiting"] * 40
    return [r["uri"] for r in rows]


def heard_by(voters: list[Remote], places: dict[str, int]) -> bool:
    """Each voter has one message: of their place, or with their number."""
    for voter in voters:
        (said,) = [w for m, w in zip(voter.messages(), voter.words(), strict=True) if m]
        number = WAITING.search(said)
        at = places[voter.who.uri]
        if at <= 0:
            assert "You have a place" in said
        else:
            assert number
            assert int(number[1]) == at
    return True


def answers_to(server: Peer, joiners: list[Remote]) -> dict[str, str]:
    asked = {j.said["id"]: j.who.uri for j in joiners}
    heard: list[Json] = server.of_type("Accept", "TentativeAccept", "Reject")
    return {asked[d["object"]["id"]]: d["type"] for d in heard if d["object"]["id"] in asked}


async def knows(one: Member, at: int) -> None:
    """By the API; and who waits has a message in their client."""
    answer = await one.answer()
    assert answer["state"] == ("granted" if at <= 0 else "waiting")
    assert answer["place_in_line"] == (None if at <= 0 else at)
    said = await one.messages()
    found = [int(n[1]) for n in (WAITING.search(words) for words in said) if n]
    assert found == ([] if at <= 0 else [at])


async def on_the_card(ours: Instance, event: Post) -> int:
    """What the poll of the call shows."""
    return await ours.value(
        "select votes_count from poll_options where post_id = $1 and position = 0", event.id
    )
