"""Somebody who was a member of a private community, left it, and is invited anew asks for everything that it called to.

Whoever is invited, or could ask to be let in, is told that the community is there and what it says of itself. Of what
was called to within they are told nothing, by any address with any id of it, until they join.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.api.networked import Town, town
from tests.api.people import Member
from tests.hostile.test_anonymous_crawl import (
    APART,
    BECKON,
    HOLE,
    STREAMS,
    World,
    _call,
    _ids,
    _routes,
)

__all__ = ["town"]

WORD = "frobnicated"


@pytest.fixture
async def world(town: Town) -> World:
    house = town.house
    async with house.work.transaction() as tx:
        await tx.conn.execute(APART)
    by, other = await house.member("organiser"), await house.member("member")
    wish = {"name": "shed", "title": "The shed", "policy": "request", "visibility": "private"}
    made = await by.good("POST", f"{BECKON}/communities", json=wish)
    here = f"{BECKON}/communities/{made['id']}"
    await by.good("POST", f"{here}/invites", json={"account_id": other.id})
    await other.good("POST", f"{here}/join", json={})
    await _call(by, other, here, WORD)
    await _more(by, other, here)
    for own in await other.good("GET", f"/api/v1/accounts/{other.id}/statuses?limit=40"):
        await other.good("DELETE", f"/api/v1/statuses/{own['id']}")
    await other.good("POST", f"/api/v1/accounts/{made['id']}/unfollow")
    await by.good("POST", f"{here}/invites", json={"account_id": other.id})
    await town.later(minutes=10)
    return World(town, other, await _ids(house, [int(made["id"])]), ["shed"], [made["id"]])


async def _more(by: Member, other: Member, here: str) -> None:
    """A series, somebody to write to, a reason, something counted outside."""
    soon = (datetime.now(UTC) + timedelta(days=9)).replace(microsecond=0).isoformat()
    weekly = {"title": f"{WORD} weekly", "about": WORD, "starts_at": soon, "rule": "FREQ=DAILY"}
    await by.good("POST", f"{here}/series", json=weekly)
    contact = await by.good("POST", f"{here}/calls", json={"kind": "contact", "title": WORD})
    asked = f"{BECKON}/calls/{contact['id']}"
    sent = {"name": WORD, "address": f"{WORD}@town.example", "role": WORD}
    (target,) = await by.good("POST", f"{asked}/targets", json=sent)
    told = {"answered": True, "said": WORD}
    await other.good("POST", f"{asked}/targets/{target['id']}/report", json=told)
    await by.good(
        "POST",
        f"{asked}/claims",
        json={"people": 3, "what": WORD, "evidence": f"https://paper.example/{WORD}"},
    )
    wish = {"kind": "decision", "variant": "consent", "title": WORD}
    decided = await by.good("POST", f"{here}/calls", json=wish)
    objects = {"answer": "object", "reason": WORD}
    await by.good("POST", f"{BECKON}/calls/{decided['id']}/answer", json=objects)


async def test_who_is_invited_is_told_of_no_call(world: World) -> None:
    leaks: set[str] = set()
    asked = [p for m, p in _routes(world) if m == "GET" and p[-1] != "/" and STREAMS not in p]
    for pattern in asked:
        for real in sorted(world.ids) if "{" in pattern else [""]:
            url = world.stranger.base + HOLE.sub(real, pattern)
            headers = dict(world.stranger.token)
            async with world.stranger.http.get(url, headers=headers, allow_redirects=False) as got:
                told = f"{got.headers}\n{await got.text(errors='replace')}"
                assert got.status != 500, url
            leaks |= {f"{pattern} {real}"} if WORD in told else set()
    assert sorted(leaks) == []
