"""A role in a community ends with its holder's membership: who left steers nothing.

The last organiser of ours is refused, as nobody would be left to steer. Who left on another server has left:
then their role goes whatever follows, and the operators appoint somebody.
"""

from __future__ import annotations

from server.domain import group_effects, policy
from server.domain.tx import Tx
from storage import communities
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
