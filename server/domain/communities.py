"""Communities: a Group of ours with a policy of joining, rules, and people who steer it."""

from __future__ import annotations

from collections.abc import Sequence

from server.domain import accounts, follows, names, policy
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from storage import communities
from storage import follows as follow_rows
from storage.accounts import Account

POLICIES = ("open", "request")


async def create(
    tx: Tx,
    founder: Account,
    username: str,
    title: str,
    *,
    about: str = "",
    community_policy: str = "open",
    rules: Sequence[str] = (),
) -> Account:
    """A new community; its founder is its first member and organiser. Raises ``Invalid``, ``Conflict``."""
    if community_policy not in POLICIES:
        raise Invalid("A community is open, or joined on request.", field="policy")
    if not title.strip():
        raise Invalid("A community needs a title.", field="title")
    if names.is_instances(username, tx.site.urls.domain):
        raise Invalid("This handle is reserved for the server itself.", field="username")
    group = await accounts.create(
        tx, "group", username, display_name=title, note=about, locked=community_policy == "request"
    )
    await communities.insert(tx.conn, group.id, community_policy, list(rules), tx.now)
    await communities.grant(tx.conn, group.id, founder.id, "organiser", tx.now)
    await follow_rows.insert(tx.conn, None, founder.id, group.id, tx.now, tx.now)
    return group


async def require_steward(tx: Tx, community: Account, actor: Account) -> None:
    """Raises ``Forbidden`` unless the actor is an organiser or moderator of this community of ours."""
    policy.may_steer(await communities.role(tx.conn, community.id, actor.id)).require()


async def decide(
    tx: Tx, actor: Account, community: Account, asking: Account, *, admitted: bool
) -> None:
    """An organiser or moderator answers a request to join. Raises ``Forbidden``, ``NotFound``."""
    await require_steward(tx, community, actor)
    request = await follow_rows.between(tx.conn, asking.id, community.id)
    if request is None:
        raise NotFound
    if admitted:
        await follows.accept(tx, community, request, asking)
    else:
        await follows.reject(tx, community, request, asking)


async def grant(tx: Tx, actor: Account, community: Account, to: Account, role: str) -> None:
    """Make a member organiser or moderator. Raises ``Forbidden``, ``Invalid``."""
    if await communities.role(tx.conn, community.id, actor.id) != "organiser":
        policy.NOT_A_STEWARD.require()
    if role not in ("organiser", "moderator"):
        raise Invalid("A role is organiser or moderator.", field="role")
    if not await follow_rows.is_following(tx.conn, to.id, community.id):
        raise Invalid("Only a member can have a role.", field="account")
    await communities.grant(tx.conn, community.id, to.id, role, tx.now)


async def may_post(tx: Tx, community: Account, author: Account) -> policy.Verdict:
    """Whether the author may post to a community of ours."""
    if community.moved_to:
        return policy.MOVED
    row = await communities.by_id(tx.conn, community.id)
    return policy.may_post_to(
        row.policy if row else "open",
        member=await follow_rows.is_following(tx.conn, author.id, community.id),
        blocked=await follow_rows.blocked(tx.conn, community.id, author.id),
    )
