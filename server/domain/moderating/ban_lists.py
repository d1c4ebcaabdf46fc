"""Shared ban lists: a public community may publish whom it bans, and another may follow that list.

What is on a list bans nobody by itself: each entry is a proposal, which a steward of the community that
follows the list accepts (a ban like any other, whose reason names the list) or dismisses for good. So
nobody elsewhere decides who may speak here, and a list that is taken over does no harm. The list of a
community of another server is read once a day (server/jobs/ban_lists.py). Whoever is taken off a list is
proposed no more; who was banned after a proposal stays banned until a steward here lifts it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from server.clock import stamp
from server.domain import policy
from server.domain.moderating import group_moderation
from server.domain.moderating.group_moderation import REASON_MAX, Ban, Steward
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from server.i18n import mark
from storage import accounts, communities, hold_rules
from storage import ban_lists as rows
from storage import group_moderation as ban_rows
from storage.accounts import Account
from storage.ban_lists import BanList, Proposal

JOB = "ban_list"
MOST = 1000
"""Entries of a list; the latest."""
MAX_LISTS = 10
EVERY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Listed:
    """Somebody on a list. ``uri``: of the account."""

    uri: str
    reason: str = ""
    until: datetime | None = None


async def share(tx: Tx, by: Steward, *, shared: bool) -> None:
    """Publish the list of bans, or no more. A repeat is no event. Raises ``Forbidden`` for a community that is
    not public."""
    stands = await hold_rules.settings(tx.conn, by.community.id)
    if stands.shares_bans == shared:
        return
    row = await communities.by_id(tx.conn, by.community.id)
    policy.may_share_bans(public=row is not None and row.visibility == "public").require()
    await hold_rules.put_settings(tx.conn, replace(stands, shares_bans=shared))
    await group_moderation.log(tx, by, "ban_list", "Shared" if shared else "Shared no more")


async def shared(tx: Tx, community: Account) -> list[Listed]:
    """Whom it bans, as everybody may read. Raises ``NotFound`` where it does not share that."""
    settings = await hold_rules.settings(tx.conn, community.id)
    row = await communities.by_id(tx.conn, community.id)
    if not settings.shares_bans or row is None or row.visibility != "public":
        raise NotFound
    found = await ban_rows.bans(tx.conn, community.id, tx.now, 2**63 - 1, 0, MOST)
    people = await accounts.by_ids(tx.conn, [ban.account_id for ban in found])
    return [
        Listed(people[ban.account_id].uri, ban.reason, ban.until)
        for ban in found
        if ban.account_id in people
    ]


async def follow(tx: Tx, by: Steward, source: Account) -> BanList:
    """Follow the list of another community, ours or not; it is read soon. Raises ``Invalid``."""
    if not source.is_group or source.id == by.community.id:
        raise Invalid("A list is of another community.", field="account_id")
    if source.local and not (await hold_rules.settings(tx.conn, source.id)).shares_bans:
        raise Invalid("That community does not share its list.", field="account_id")
    await communities.hold(tx.conn, by.community.id)
    stand = await rows.of_community(tx.conn, by.community.id)
    if len(stand) >= MAX_LISTS:
        raise Invalid(
            mark("A community follows at most %(most)s lists.", most=MAX_LISTS), field="account_id"
        )
    made = await rows.add(tx.conn, by.community.id, source.id, tx.now)
    await tx.later(f"{JOB}:{made.id}", JOB, {"id": made.id}, tx.now)
    await group_moderation.log(tx, by, "ban_list", f"Follows {source.uri}")
    return made


async def unfollow(tx: Tx, by: Steward, list_id: int) -> None:
    """What it proposed goes; bans stay. Raises ``NotFound``."""
    if not await rows.drop(tx.conn, list_id, by.community.id):
        raise NotFound
    await group_moderation.log(tx, by, "ban_list", "Follows one list less")


async def heard(tx: Tx, list_: BanList, found: Sequence[Listed] | None, failure: str = "") -> None:
    """What stands on a list now; None: it could not be read, and what it proposed stays. Asks again in a
    day."""
    if await rows.by_id(tx.conn, list_.id) is None:
        return
    if found is not None:
        entries = list({each.uri: each for each in found[:MOST]}.values())
        standing = [e for e in entries if e.until is None or e.until > tx.now]
        await rows.propose(
            tx.conn,
            list_.id,
            [e.uri for e in standing],
            [e.reason[:REASON_MAX] for e in standing],
            [e.until for e in standing],
            tx.now,
        )
    await rows.read(tx.conn, list_.id, tx.now, None if found is not None else failure)
    # The job that reads now is still there: without a mark of its own the next would be the same one.
    args = {"id": list_.id, "after": stamp(tx.now)}
    await tx.later(f"{JOB}:{list_.id}", JOB, args, tx.now + EVERY)


async def proposal(tx: Tx, by: Steward, proposal_id: int) -> Proposal:
    """One that waits. Raises ``NotFound``."""
    row = await rows.hold(tx.conn, proposal_id, by.community.id)
    if row is None or row.state != "proposed":
        raise NotFound
    return row


async def accept(tx: Tx, by: Steward, proposal_id: int, person: Account) -> None:
    """Ban whom it names, ``person``, with the list in the reason. Raises ``NotFound``, and as ``ban``."""
    row = await proposal(tx, by, proposal_id)
    if row.uri != person.uri:
        raise NotFound
    list_ = await rows.by_id(tx.conn, row.list_id)
    source = await accounts.by_id(tx.conn, list_.source_id) if list_ else None
    named = f"From the list of @{source.handle}" if source else "From a list"
    reason = f"{named}: {row.reason}" if row.reason else named
    until = row.until if row.until and row.until > tx.now else None
    await group_moderation.ban(tx, by, person, Ban(until, reason[:REASON_MAX]))
    await rows.decide(tx.conn, row.id, "accepted")


async def dismiss(tx: Tx, by: Steward, proposal_id: int) -> None:
    """It is not proposed again. Raises ``NotFound``."""
    row = await proposal(tx, by, proposal_id)
    await rows.decide(tx.conn, row.id, "dismissed")
