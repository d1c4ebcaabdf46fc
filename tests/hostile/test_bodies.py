"""Bodies that come slowly, or that wait for a key that comes slowly, fill no memory."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import orjson
import pytest

from server.activitypub import bodies
from storage.accounts import Account
from tests.federation.instance import Instance
from tests.federation.peer import Answer, Peer, cavage_headers, client_context
from tests.hostile.unchanged import unchanged

LENGTH = 60_000


@pytest.fixture
async def untouched(ours: Instance, garden: Account) -> AsyncIterator[None]:
    async with unchanged(ours):
        yield


async def _post(ours: Instance, attacker: Peer, garden: Account) -> Answer:
    """A large Follow, by somebody whose key was never asked for."""
    who = attacker.person(f"crowd{attacker.number()}")
    follow = attacker.activity(who, "Follow", garden.uri, summary="x" * LENGTH)
    body = orjson.dumps(follow)
    headers = cavage_headers(who.private, who.key_id, ours.inbox, body)
    return await attacker.post(ours.inbox, body, headers)


async def test_what_waits_for_a_slow_key_is_bounded(
    ours: Instance, attacker: Peer, garden: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "MAX_HELD_OF_ADDRESS", 3 * LENGTH)
    attacker.held = asyncio.Event()
    crowd = [asyncio.ensure_future(_post(ours, attacker, garden)) for _ in range(6)]
    done, waiting = set[asyncio.Future[Answer]](), set(crowd)
    while len(done) < 4:  # two fit, and wait for their keys
        more, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        done |= more
    assert {task.result() for task in done} == {Answer(503, "busy")}
    attacker.held.set()
    attacker.held = None
    assert {answer.status for answer in await asyncio.gather(*waiting)} == {202}
    assert (await _post(ours, attacker, garden)).status == 202, "what was held is given back"


async def test_a_body_that_drips_is_given_up(
    ours: Instance, untouched: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "SECONDS", 0.2)
    host, _, port = ours.host.partition(":")
    reader, writer = await asyncio.open_connection(
        host, int(port), ssl=client_context(), family=socket.AF_INET
    )
    head = f"POST /inbox HTTP/1.1\r\nHost: {ours.host}\r\nContent-Length: 1000\r\n"
    writer.write((head + "Content-Type: application/activity+json\r\n\r\n{").encode())
    await writer.drain()
    assert b" 408 " in await reader.readline()
    writer.close()
