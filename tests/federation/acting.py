"""What people of two servers do to each other in a test, from the first request to the last answer."""

from __future__ import annotations

from server.arriving import resolve
from server.domain.members import follows
from storage.accounts import Account
from tests.federation.instance import Instance
from tests.federation.peer import Json, Peer, Person


async def outcome(ours: Instance, server: Peer, who: Person, document: Json) -> str:
    """Deliver, do the work, and see what it became."""
    assert (await server.send(who, document, ours.inbox)).status == 202
    await ours.settle()
    return await ours.outcome(document["id"])


async def followed(ours: Instance, reader: Account, server: Peer, who: Person) -> Account:
    """``reader`` of ours follows somebody there, who says yes. Gives whom they follow."""
    account = await resolve.actor(ours.net, who.uri)
    async with ours.work.transaction() as tx:
        await follows.follow(tx, reader, account)
    await ours.settle()
    asked = server.of_type("Follow")[-1]
    assert await outcome(ours, server, who, server.activity(who, "Accept", asked)) == "done"
    server.received.clear()
    return account


async def follows_us(ours: Instance, server: Peer, who: Person, target: Account) -> Account:
    """Somebody there follows one of ours, and is let in. Gives who follows."""
    asked = server.activity(who, "Follow", target.uri)
    assert await outcome(ours, server, who, asked) == "done"
    assert server.of_type("Accept")[-1]["object"]["id"] == asked["id"]
    server.received.clear()
    account = await ours.known(who.uri)
    assert account
    return account
