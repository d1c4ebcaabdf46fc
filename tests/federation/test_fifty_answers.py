"""Fifty at once, through five doors, for ten places: ten come, forty wait in order of receipt, and all know.

Who answers by e-mail has typed so before; their answer is received when they press the button behind the link in the
mail, which a real relay was given.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from server import mail
from server.config import load
from server.domain.calling import contacts
from storage import calls
from storage import contacts as contact_rows
from storage.accounts import Account
from storage.posts import Post
from tests.federation.answering import Member, Remote, member
from tests.federation.instance import LOOPBACK, Instance, instance
from tests.federation.invariants import check
from tests.federation.peer import Json, Peer
from tests.relay import Kept, relay

PLACES = 10
VOTERS = JOINERS = CLIENTS = BROWSERS = WRITERS = 10
WAITING = re.compile(r"You are number (\d+) on the waiting list")


STAMP = re.compile(r'name="stamp" value="([^"]+)"')
LINK = re.compile(r"https://\S+/answers/\S+")


@dataclass
class Writer:
    """Somebody with an address and no account. ``receipt``: the page that they were led to."""

    ours: Instance
    server: Peer
    kept: Kept
    call: Post
    address: str
    receipt: str = ""

    @property
    def mails(self) -> list[str]:
        return [m.get_content() for m in self.kept.mails if m["To"] == self.address]

    async def write(self) -> None:
        at = f"https://{self.ours.host}/calls/{self.call.id}"
        async with self.server.session.get(at, headers={"Accept": "text/html"}) as seen:
            stamp = STAMP.search(await seen.text())
        assert stamp
        self.ours.clock.forward(minutes=1)
        form = {"email": self.address, "said": "going", "stamp": stamp[1], "agree_answer": "1"}
        origin = {"Origin": f"https://{self.ours.host}"}
        async with self.server.session.post(f"{at}/by-email", data=form, headers=origin) as done:
            assert done.status == 200, await done.text()

    async def confirm(self) -> None:
        (asked,) = self.mails
        link = LINK.search(asked)
        assert link
        async with self.server.session.post(link[0], allow_redirects=False) as done:
            assert done.status == 303
            self.receipt = f"https://{self.ours.host}{done.headers['Location']}"

    async def knows(self, at: int) -> None:
        """By the page behind their link, and by mail."""
        _, receipt = self.mails
        async with self.server.session.get(self.receipt) as seen:
            page = await seen.text()
        for told in (receipt, page):
            found = [int(n[1]) for n in (WAITING.search(told),) if n]
            assert found == ([] if at <= 0 else [at])
        assert at > 0 or "Your answer to this call counts" in receipt


@pytest.fixture
async def posted(
    database_url: str, tmp_path: Path, free_port: Callable[[], int]
) -> AsyncIterator[tuple[Instance, Kept]]:
    """An instance that sends mail."""
    port = free_port()
    settings = {"BECKON_SMTP_URL": f"smtp+plain://127.0.0.1:{port}"}
    settings["BECKON_SMTP_FROM"] = "The valley <noreply@green.example>"
    async with (
        relay(port) as kept,
        instance(database_url, tmp_path, LOOPBACK, relay=mail.relay(load(settings))) as made,
    ):
        yield made, kept
        await check(made)


async def test_fifty_answers_for_ten_places(posted: tuple[Instance, Kept], microblog: Peer) -> None:
    ours, kept = posted
    organiser = await ours.member("organiser")
    garden = await ours.community(organiser, "garden")
    event = await ours.event(organiser, garden, "Turn the compost", PLACES)
    voters = [remote(ours, microblog, garden, event, f"voter{n}") for n in range(VOTERS)]
    joiners = [remote(ours, microblog, garden, event, f"joiner{n}") for n in range(JOINERS)]
    clients = [await member(ours, microblog, f"client{n}", event) for n in range(CLIENTS)]
    browsers = [await member(ours, microblog, f"browser{n}", event) for n in range(BROWSERS)]
    writers = [
        Writer(ours, microblog, kept, event, f"writer{n}@mail.example") for n in range(WRITERS)
    ]
    for writer in writers:
        await writer.write()
    await ours.settle()
    done = asyncio.Event()
    arriving = asyncio.create_task(work(ours, done))
    await asyncio.gather(
        *mixed(
            [v.post(v.a_vote()) for v in voters],
            [j.post(j.a_join()) for j in joiners],
            [c.client() for c in clients],
            [b.page() for b in browsers],
            [w.confirm() for w in writers],
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
    for writer in writers:
        await writer.knows(places[writer.address])
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
        "select a.uri, p.contact_id, p.state from participations p left join accounts a on a.id = p.account_id"
        " where p.post_id = $1 order by p.turn",
        event.id,
    )
    by_mail = await addresses(ours, event)
    assert [r["state"] for r in rows] == ["granted"] * PLACES + ["waiting"] * 40
    return [r["uri"] or by_mail[r["contact_id"]] for r in rows]


async def addresses(ours: Instance, event: Post) -> dict[int, str]:
    """Of who answered by e-mail, by the contact."""
    async with ours.work.reading() as tx:
        call = await calls.by_id(tx.conn, event.id)
        assert call
        found = await contact_rows.of_call(tx.conn, event.id, 0, 50)
        people = {row.id: await contacts.read(tx, row, call) for row in found}
    return {number: person.address for number, person in people.items() if person}


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
