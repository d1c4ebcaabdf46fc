"""Who of those who take part in a call is named to its organisers: the rule (``kinds.shows``), with the accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from server.domain.calling import kinds
from server.domain.tx import Tx
from storage import accounts, participations
from storage.accounts import Account
from storage.calls import Call
from storage.participations import Participation
from storage.posts import Post


async def answered(tx: Tx, call: Call) -> list[Participation]:
    """Who takes part, then who waits, in order of receipt: what every list of them is made of. Of a call whose
    counts are secret until it closes nobody is told before what anybody said: ``answer`` is empty then."""
    found = await participations.participants(tx.conn, call.post_id)
    return [replace(row, answer="") for row in found] if call.hides_counts else found


async def people(
    tx: Tx, post: Post, call: Call, found: Sequence[Participation]
) -> dict[int, Account]:
    """By account id, without those who are counted and not named. Callers asked before whether the viewer sees people
    at all (``communities.require_people``)."""
    shown = [
        row.account_id
        for row in found
        if row.account_id and kinds.shows(call.kind, post.visibility, row.answer)
    ]
    return await accounts.by_ids(tx.conn, shown) if shown else {}
