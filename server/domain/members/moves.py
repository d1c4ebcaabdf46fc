"""Moving: an account or a community is followed at another address from now on (FEP-7628).

Both sides have to agree. The new account names the old one in ``alsoKnownAs``; the old one sends the
``Move`` itself (push mode), or has said before that the new one takes its place (pull mode, for when its
server is gone). That it names the new one as another name of its own does not say so: whoever has moved
names the account that they left, whose server could take the followers back with it for ever. Then
those of ours who follow the old one follow the new one, with what they had set, a batch at a time in jobs;
who blocks, mutes or has a note about the old one has so for the new one. Once a week and account, and never
on from an account that has itself moved, so that no chain and no ring of moves is walked.

An account of ours that has moved posts no more and its followers are told; its owner may take that back.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from server.domain import effects, policy
from server.domain.groups import roles
from server.domain.members import follows
from server.domain.moderating import group_moderation
from server.domain.tx import Tx
from server.errors import Forbidden, Invalid
from server.i18n import mark
from storage import accounts, lists, moves
from storage import communities as community_rows
from storage import follows as follow_rows
from storage.accounts import Account
from storage.follows import Follow

COOLDOWN = timedelta(days=7)  # Mastodon's, for what arrives
BATCH = 100
ALIASES_MAX = 20
FOLLOWERS, BLOCKS = "carry_followers", "carry_blocks"
"""The kinds of job."""


# Of ours


async def add_alias(tx: Tx, account: Account, other: Account) -> Account:
    """Say that another account is this one too, so that it may move here. Raises ``Invalid``."""
    if other.id == account.id:
        raise Invalid("An account is no other name of itself.", field="alias")
    known = [uri for uri in account.also_known_as if uri != other.uri]
    if len(known) >= ALIASES_MAX:
        raise Invalid(
            mark("An account has at most %(most)s other names.", most=ALIASES_MAX), field="alias"
        )
    return await _put_aliases(tx, account, [*known, other.uri])


async def drop_alias(tx: Tx, account: Account, uri: str) -> Account:
    return await _put_aliases(tx, account, [u for u in account.also_known_as if u != uri])


async def _put_aliases(tx: Tx, account: Account, uris: list[str]) -> Account:
    if uris == account.also_known_as:
        return account
    changed = await moves.set_aliases(tx.conn, account.id, uris)
    await effects.profile(tx, changed)
    return changed


async def depart(tx: Tx, account: Account, target: Account) -> Account:
    """An account of ours moves away: its followers everywhere are told. Raises ``Forbidden``."""
    _verdict(tx, account, target, linked=True).require()
    moved = await moves.put(tx.conn, account.id, target.uri, tx.now)
    await effects.profile(tx, moved)
    await effects.move(tx, moved, target)
    await _carry(tx, moved, target)
    return moved


async def stay(tx: Tx, account: Account) -> Account:
    """Take a move back: the account may post again. Who follows it elsewhere by now stays there."""
    if account.moved_to is None:
        return account
    here = await moves.put(tx.conn, account.id, None, None)
    await effects.profile(tx, here)
    return here


async def require_organiser(tx: Tx, community: Account, actor: Account) -> None:
    """One organiser moves a community of ours. Raises ``Forbidden``."""
    if await community_rows.role(tx.conn, community.id, actor.id) != "organiser":
        policy.NOT_A_STEWARD.require()


def free_again(account: Account, now: datetime) -> datetime | None:
    """Until when it cannot move, as it has lately; None where it can."""
    until = account.moved_at + COOLDOWN if account.moved_at else now
    return until if until > now else None


# Of others


async def concerns_us(tx: Tx, uri: str) -> bool:
    """Whether the move of this account means anything here, and may be looked at now.

    Raises ``Forbidden``: it has moved before, so nothing is fetched for it again.
    """
    account = await accounts.by_uri(tx.conn, uri)
    if account is None or not await moves.concerns(tx.conn, account.id):
        return False
    if _lately(tx, account):
        policy.MOVED_LATELY.require()
    return True


async def arrived(tx: Tx, by: Account, old: Account, new: Account) -> None:
    """``by`` (one of the two) says that ``old`` is ``new`` now. Raises ``Forbidden``.

    Both were asked anew before, or are ours.
    """
    await follow_rows.hold(tx.conn, old.id, new.id)
    old = await accounts.by_id(tx.conn, old.id) or old  # another move may have come meanwhile
    linked = by.id == old.id or new.uri in (old.moved_to, old.copied_to)
    if old.local:
        policy.NOT_LINKED.require()  # ours say it here, and by no activity of others
    _verdict(tx, old, new, linked=linked).require()
    await moves.put(tx.conn, old.id, new.uri, tx.now)
    await _carry(tx, old, new)


def _verdict(tx: Tx, old: Account, new: Account, *, linked: bool) -> policy.Verdict:
    return policy.may_move(
        named=old.uri in new.also_known_as,
        linked=linked,
        moved_on=new.moved_to is not None,
        lately=_lately(tx, old),
        alike=old.is_group == new.is_group and new.kind != "application" and old.id != new.id,
        hidden=new.is_hidden,
    )


def _lately(tx: Tx, account: Account) -> bool:
    return free_again(account, tx.now) is not None


# What is carried over


async def _carry(tx: Tx, old: Account, new: Account) -> None:
    await roles.lay_down(tx, old)
    await moves.carry_mutes(tx.conn, old.id, new.id, tx.now)
    await moves.carry_notes(tx.conn, old.id, new.id)
    await _carry_bans(tx, old, new)
    await _next(tx, BLOCKS, old.id, new.id, 0)
    await _next(tx, FOLLOWERS, old.id, new.id, 0)


async def _carry_bans(tx: Tx, old: Account, new: Account) -> None:
    """Who was shown out comes back under no other name: another membership ends as well."""
    for community_id in await moves.carry_bans(tx.conn, old.id, new.id, tx.now):
        community = await accounts.by_id(tx.conn, community_id)
        if community and community.local:
            await group_moderation.expel(tx, community, new)


async def _next(tx: Tx, kind: str, old_id: int, new_id: int, after: int) -> None:
    args = {"old": old_id, "new": new_id, "after": after}
    await tx.later(f"move:{old_id}", kind, args, tx.now)


async def carry_followers(tx: Tx, old_id: int, new_id: int, after: int) -> None:
    """A batch of those of ours who follow the old account; then a job for the next one."""
    found = await accounts.by_ids(tx.conn, [old_id, new_id])
    rows = await moves.followers(tx.conn, old_id, after, BATCH)
    if len(found) < 2 or not rows:
        return
    await follow_rows.hold_all(tx.conn, [old_id, new_id, *(row.follower_id for row in rows)])
    for row in rows:
        await _follow_over(tx, row, found[old_id], found[new_id])
    await _next(tx, FOLLOWERS, old_id, new_id, rows[-1].id)


async def _follow_over(tx: Tx, row: Follow, old: Account, new: Account) -> None:
    follower = await accounts.by_id(tx.conn, row.follower_id)
    if follower is None or not await _follow_new(tx, row, follower, old, new):
        return
    await lists.carry(tx.conn, follower.id, old.id, new.id)
    # Who steers a community of ours that has moved can still take it back.
    if await community_rows.role(tx.conn, old.id, follower.id) is None:
        await follows.unfollow(tx, follower, old)


async def _follow_new(tx: Tx, row: Follow, follower: Account, old: Account, new: Account) -> bool:
    """False where one of the two does not want the other: then the old follow stays.

    Whoever let nobody in by hand there is asked here: else all would be in who follow just before.
    """
    if follower.id == new.id or await follow_rows.between(tx.conn, follower.id, new.id):
        return True
    options = follows.Options(row.reblogs, row.notify, row.languages)
    try:
        made = await follows.follow(tx, follower, new, options=options)
    except Forbidden:
        return False
    if new.local and made.accepted_at is None and old.locked:
        await follows.accept(tx, new, made, follower)  # they were let in before, by the same
    return True


async def carry_blocks(tx: Tx, old_id: int, new_id: int, after: int) -> None:
    """A batch of those of ours who block the old account; then a job for the next one."""
    new = await accounts.by_id(tx.conn, new_id)
    rows = await moves.blockers(tx.conn, old_id, new_id, after, BATCH)
    if new is None or not rows:
        return
    people = await accounts.by_ids(tx.conn, [row.account_id for row in rows])
    for person in people.values():
        # Who alone steers a community cannot leave it.
        if person.id != new.id and not await roles.is_last_organiser(tx, new, person):
            await follows.block(tx, person, new)
    await _next(tx, BLOCKS, old_id, new_id, rows[-1].row_id)
