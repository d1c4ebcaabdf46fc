"""A role in a community ends with its holder's membership: who left steers nothing.

The last organiser of ours is refused, as nobody would be left to steer: they hand over first, to a member who
accepts. Where the last one is gone all the same (their account was deleted), whoever moderates there, else who has
been a member longest, is organiser from then on. Who left on another server has left, whatever follows; and of
one who only fell silent nobody but the operators can tell: they appoint somebody (``beckon community appoint``).
"""

from __future__ import annotations

from server.domain import policy
from server.domain.groups import letters
from server.domain.moderating import group_effects
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from storage import accounts as account_rows
from storage import communities, handovers
from storage import follows as follow_rows
from storage import group_moderation as moderation_rows
from storage.accounts import Account


async def is_last_organiser(tx: Tx, community: Account, account: Account) -> bool:
    roles = await communities.roles(tx.conn, community.id)
    return [i for i, role in roles.items() if role == "organiser"] == [account.id]


async def leave(tx: Tx, holder: Account, community: Account) -> None:
    """Of who stops following, and is about to. Raises ``Forbidden`` for the last organiser, of ours."""
    if not (community.local and community.is_group):
        return
    await communities.hold(tx.conn, community.id)
    if holder.local and await is_last_organiser(tx, community, holder):
        policy.LAST_ORGANISER.require()
    await end(tx, holder, community)


async def lay_down(tx: Tx, holder: Account) -> None:
    """All the roles of who moved away, but where nobody would be left to steer."""
    for community in await communities.run_by(tx.conn, holder.id):
        await communities.hold(tx.conn, community.id)
        if not await is_last_organiser(tx, community, holder):
            await end(tx, holder, community)


async def end(tx: Tx, holder: Account, community: Account) -> None:
    """Take the role away, if there is one, and tell the members and other servers."""
    role = await communities.role(tx.conn, community.id, holder.id)
    if role is None or not await communities.revoke(tx.conn, community.id, holder.id):
        return
    await moderation_rows.write(
        tx.conn, community.id, "dismiss", role, holder.id, tx.now, account_id=holder.id
    )
    # For whom we cannot sign, the community says it.
    by = holder if holder.local else community
    await group_effects.listed(tx, by, community, holder, added=False)


# From one hand to another


async def offer(tx: Tx, holder: Account, community: Account, to: Account) -> None:
    """An organiser offers their role to a member of ours; a later offer takes the place of an older one.

    Raises ``Forbidden``, ``Invalid``.
    """
    await communities.hold(tx.conn, community.id)
    await _require_organiser(tx, community, holder)
    member = await follow_rows.is_following(tx.conn, to.id, community.id)
    if to.id == holder.id or not member or not to.local or to.kind != "person":
        raise Invalid(
            "The role is handed over to another member of this server.", field="account_id"
        )
    await handovers.offer(tx.conn, community.id, holder.id, to.id, tx.now)
    if await letters.may_ring(tx, holder, to, "handover"):
        by = holder.display_name or holder.username
        await letters.send(tx, community, to, "handover", by=by, url=community.url)


async def take_over(tx: Tx, member: Account, community: Account, *, accepted: bool) -> None:
    """Say yes or no to the offer. The former organiser stays as a member. Raises ``NotFound``."""
    await communities.hold(tx.conn, community.id)
    found = await handovers.of(tx.conn, community.id)
    if found is None or member.id not in (found.to_id, found.from_id):
        raise NotFound
    if accepted and member.id != found.to_id:
        policy.NOT_YOURS.require()
    if accepted and await communities.role(tx.conn, community.id, found.from_id) != "organiser":
        raise NotFound  # they were dismissed since, and have nothing to hand over
    await handovers.take(tx.conn, community.id)
    holder = await account_rows.by_id(tx.conn, found.from_id)
    if not accepted or holder is None:
        return
    await appoint(tx, community, member, by=holder)
    await end(tx, holder, community)
    by = member.display_name or member.username
    await letters.send(tx, community, holder, "handed_over", by=by, url=community.url)


async def succeed(tx: Tx, community: Account) -> None:
    """Somebody steers a community of ours that has no organiser any more, if a member of ours is left."""
    await communities.hold(tx.conn, community.id)
    held = await communities.roles(tx.conn, community.id)
    heir = await communities.heir(tx.conn, community.id)
    if "organiser" in held.values() or heir is None:
        return
    await appoint(tx, community, heir, by=community)
    await letters.send(tx, community, heir, "appointed", url=community.url)


async def appoint(tx: Tx, community: Account, member: Account, *, by: Account) -> None:
    """Make a member organiser, in the name of ``by``: who hands over, or the community itself.

    Raises ``Invalid`` for who is no member.
    """
    if not await follow_rows.is_following(tx.conn, member.id, community.id):
        raise Invalid("Only a member can have a role.", field="account_id")
    had = await communities.role(tx.conn, community.id, member.id)
    await communities.grant(tx.conn, community.id, member.id, "organiser", tx.now)
    if had == "organiser":
        return
    await moderation_rows.write(
        tx.conn, community.id, "appoint", "organiser", by.id, tx.now, account_id=member.id
    )
    if had is None:
        await group_effects.listed(tx, by, community, member, added=True)


async def _require_organiser(tx: Tx, community: Account, account: Account) -> None:
    if await communities.role(tx.conn, community.id, account.id) != "organiser":
        policy.NOT_AN_ORGANISER.require()
