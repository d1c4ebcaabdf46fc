"""A private community for tests: its members, and servers that ask for what is in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from apsig.draft import Signer

from server.domain.groups import communities
from server.domain.members import follows
from storage import communities as rows
from storage.accounts import Account
from tests.federation.instance import Instance
from tests.federation.peer import ACTIVITY_JSON, Peer, Person


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads(self.body)
        return found


async def get(
    peer: Peer, url: str, by: Person | None = None, *, accept: str = ACTIVITY_JSON, signs: str = ""
) -> Answer:
    """GET of a document of ours; ``by``: who signs it, if anybody does; ``signs``: another address."""
    headers = {"Accept": accept} | (signing(signs or url, by) if by else {})
    async with peer.session.get(url, headers=headers, allow_redirects=False) as answer:
        return Answer(answer.status, answer.headers, await answer.read())


def signing(url: str, by: Person) -> dict[str, str]:
    """The headers by which somebody signs a GET."""
    headers = {"Date": datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")}
    signed = Signer(
        headers=dict(headers), private_key=by.private, method="GET", url=url, key_id=by.key_id,
        body=b"", signed_headers=["(request-target)", "host", "date"],
    ).sign()  # fmt: skip
    return headers | {k: v for k, v in signed.items() if k.lower() in ("date", "signature")}


async def private(ours: Instance, founder: Account, policy: str = "request") -> Account:
    async with ours.work.transaction() as tx:
        return await communities.create(
            tx, founder, "shed", "The shed", about="Where tools are kept",
            community_policy=policy, visibility="private",
        )  # fmt: skip


async def join(ours: Instance, peer: Peer, person: Person, group: Account) -> None:
    """Somebody of a peer asks to join and is let in."""
    await peer.send(person, peer.activity(person, "Follow", group.uri), ours.inbox)
    await ours.settle()
    asking = await ours.known(person.uri)
    assert asking
    async with ours.work.transaction() as tx:
        (steward,) = await rows.stewards(tx.conn, group.id)
        await communities.decide(tx, steward, group, asking, admitted=True)
    await ours.settle()


async def enter(ours: Instance, member: Account, group: Account) -> None:
    """One of ours becomes a member."""
    async with ours.work.transaction() as tx:
        made = await follows.follow(tx, member, group)
        await follows.accept(tx, group, made, member)
