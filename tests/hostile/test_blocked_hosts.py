"""Ways round a member who wants nothing of a host."""

from __future__ import annotations

from server.domain.moderating import domain_blocks
from storage.accounts import Account
from tests.federation.instance import Instance
from tests.federation.peer import Peer
from tests.hostile.test_activities import outcome


async def test_a_letter_from_a_blocked_host_begins_no_conversation(
    ours: Instance, attacker: Peer, microblog: Peer, organiser: Account
) -> None:
    async with ours.work.transaction() as tx:
        await domain_blocks.block(tx, organiser, attacker.host)
    for server in (attacker, microblog):
        who = server.person("writer")
        letter = server.note(who, "<p>Read me</p>", [organiser.uri], to=[organiser.uri], cc=[])
        assert await outcome(ours, server, who, server.create(who, letter)) == "done"
    rows = await ours.rows(
        "select a.host from conversations c join accounts a on a.id = any(c.participants)"
        " where c.account_id = $1",
        organiser.id,
    )
    assert [row["host"] for row in rows] == [microblog.host]
