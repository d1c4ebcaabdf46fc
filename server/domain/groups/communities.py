"""Communities: a Group of ours with a policy of joining, rules, and people who steer it."""

from __future__ import annotations

from collections.abc import Sequence

from server.domain import effects, forms, policy
from server.domain.groups import affiliations, letters, roles
from server.domain.members import accounts, follows, names
from server.domain.moderating import group_effects
from server.domain.tx import Arrived, Tx
from server.errors import Invalid, NotFound
from storage import communities, invitations, outbox, persons
from storage import follows as follow_rows
from storage import group_moderation as moderation_rows
from storage.accounts import Account
from storage.posts import Post

POLICIES = ("open", "request", "invited")
VISIBILITIES = ("public", "unlisted", "private")


async def create(
    tx: Tx,
    founder: Account,
    username: str,
    title: str,
    *,
    about: str = "",
    community_policy: str = "open",
    visibility: str = "public",
    rules: Sequence[str] = (),
) -> Account:
    """A new community; its founder is its first member and organiser. Raises ``Invalid``, ``Conflict``."""
    check_settings(visibility, community_policy)
    if not title.strip():
        raise Invalid("A community needs a title.", field="title")
    if names.is_instances(username, tx.site.urls.domain):
        raise Invalid("This handle is reserved for the server itself.", field="username")
    group = await accounts.create(
        tx, "group", username, display_name=title, note=about,
        locked=community_policy != "open", discoverable=visibility == "public",
    )  # fmt: skip
    await communities.insert(tx.conn, group.id, community_policy, visibility, list(rules), tx.now)
    await communities.grant(tx.conn, group.id, founder.id, "organiser", tx.now)
    await follow_rows.insert(tx.conn, None, founder.id, group.id, tx.now, tx.now)
    return group


def check_settings(visibility: str, community_policy: str) -> None:
    """Raises ``Invalid`` naming the field."""
    if community_policy not in POLICIES:
        raise Invalid("A community is open, joined on request, or by invitation.", field="policy")
    if visibility not in VISIBILITIES:
        raise Invalid("A community is public, unlisted or private.", field="visibility")
    if visibility == "private" and community_policy == "open":
        raise Invalid("A private community is joined on request, or by invitation.", field="policy")


async def may_be_private(tx: Tx, group: Account) -> bool:
    """Whether posts can be for the members of a group alone. Of another server's we know by the
    addressing of what is posted to it."""
    return not group.local or await communities.is_private(tx.conn, group.id)


async def is_private(tx: Tx, group: Account) -> bool:
    """Whether what our members post to a group is for its members. Groups of Lemmy and of Beckon approve
    their followers by hand where they are private, and only there."""
    return await communities.is_private(tx.conn, group.id) if group.local else group.locked


async def invite(tx: Tx, actor: Account, community: Account, invited: Account) -> None:
    """An organiser or moderator asks somebody to join; whoever asked already is let in. A repeat is no
    event. Raises ``Forbidden``, ``Invalid``."""
    await require_steward(tx, community, actor)
    if invited.kind not in ("person", "service"):
        raise Invalid("Only people are invited.", field="account_id")
    blocked = await follow_rows.blocked(tx.conn, actor.id, invited.id)
    policy.may_interact(blocked=blocked).require()
    if await is_banned(tx, community.id, invited):
        policy.BANNED_GUEST.require()
    known = await follow_rows.between(tx.conn, invited.id, community.id)
    if known:
        await follows.accept(tx, community, known, invited)
        return
    uri = await effects.new_id(tx)
    if await communities.invite(tx.conn, community.id, invited.id, actor.id, uri, tx.now):
        await effects.invite(tx, actor, community, invited, uri)
        if invited.local:
            await invitations.insert(tx.conn, uri, invited.id, actor.id, community.id, None, tx.now)
        await _write_to(tx, actor, community, invited)


async def _write_to(tx: Tx, actor: Account, community: Account, invited: Account) -> None:
    """A letter besides, which any client shows; but to where an Invite is read and becomes a letter. Of a private
    community it says no more than its name and its address: it may lie on a server of strangers."""
    if not invited.local:
        host = await outbox.host(tx.conn, invited.host)
        reads = host is not None and host.software in forms.INVITED
        if reads or not await letters.may_ring(tx, actor, invited, "invited"):
            return
    facts = {"subject": community.display_name, "url": community.url}
    if not invited.local and await is_private(tx, community):
        await letters.send(tx, community, invited, "invited_closed", **facts)
    else:
        by = actor.display_name or actor.username
        await letters.send(tx, community, invited, "invited", by=by, **facts)


async def require_belonging(tx: Tx, group: Account, viewer: Account | None) -> None:
    """Who is in a private community, and what is done there, is for who joined it, and not for guests yet: raises
    ``NotFound`` for others. A group of another server says so itself."""
    if not await communities.is_private(tx.conn, group.id):
        return
    if viewer is None or not await follow_rows.is_following(tx.conn, viewer.id, group.id):
        raise NotFound


async def require_may_call(tx: Tx, community: Account, actor: Account) -> None:
    """Raises ``Forbidden`` for who has to propose a call first, or is no member (``policy``)."""
    row = await communities.by_id(tx.conn, community.id)
    policy.may_call_at_once(
        row.proposals if row else "approved",
        member=await follow_rows.is_following(tx.conn, actor.id, community.id),
        role=await communities.role(tx.conn, community.id, actor.id),
    ).require()


async def require_inside(tx: Tx, group: Account, viewer: Account | None) -> None:
    """What is kept in a private community is for who joined, and not for guests yet: raises ``NotFound``
    for others, and for a group of another server, of which we keep nothing."""
    row = await communities.by_id(tx.conn, group.id)
    if row is None:
        raise NotFound
    if row.visibility == "private" and not (
        viewer and await follow_rows.is_following(tx.conn, viewer.id, group.id)
    ):
        raise NotFound


async def require_steward(tx: Tx, community: Account, actor: Account) -> None:
    """Raises ``Forbidden`` unless the actor is an organiser or moderator of this community of ours."""
    policy.may_steer(await communities.role(tx.conn, community.id, actor.id)).require()


async def steers(tx: Tx, community: Account, actor: Account) -> bool:
    """Whether the actor is an organiser or moderator of this community of ours."""
    return policy.may_steer(await communities.role(tx.conn, community.id, actor.id)).allowed


async def may_see_people(tx: Tx, community: Account, actor: Account) -> policy.Verdict:
    """Whether the actor may see who takes part in a call of this community of ours."""
    role = await communities.role(tx.conn, community.id, actor.id)
    return policy.may_see_people(role, await affiliations.of(tx, actor))


async def require_people(tx: Tx, community: Account, actor: Account) -> None:
    """Raises ``Forbidden`` unless the actor may see who takes part."""
    (await may_see_people(tx, community, actor)).require()


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


async def grant(
    tx: Tx,
    actor: Account,
    community: Account,
    to: Account,
    role: str,
    *,
    arrived: Arrived | None = None,
) -> None:
    """Make a member organiser or moderator. Raises ``Forbidden``, ``Invalid``."""
    await communities.hold(tx.conn, community.id)
    if await communities.role(tx.conn, community.id, actor.id) != "organiser":
        policy.NOT_AN_ORGANISER.require()
    if role not in ("organiser", "moderator"):
        raise Invalid("A role is organiser or moderator.", field="role")
    if not await follow_rows.is_following(tx.conn, to.id, community.id):
        raise Invalid("Only a member can have a role.", field="account")
    if role != "organiser" and await roles.is_last_organiser(tx, community, to):
        policy.LAST_ORGANISER.require()
    had = await communities.role(tx.conn, community.id, to.id)
    await communities.grant(tx.conn, community.id, to.id, role, tx.now)
    if had == role:
        return
    await moderation_rows.write(
        tx.conn, community.id, "appoint", "organiser", actor.id, tx.now, account_id=to.id
    )
    if had is None:
        await group_effects.listed(tx, actor, community, to, added=True, arrived=arrived)


async def dismiss(
    tx: Tx,
    actor: Account,
    community: Account,
    from_: Account,
    *,
    arrived: Arrived | None = None,
) -> None:
    """Take a role away, or lay down one's own; a repeat is no event.

    Raises ``Forbidden``: organisers alone dismiss others, and the last organiser stays.
    """
    await communities.hold(tx.conn, community.id)
    role = await communities.role(tx.conn, community.id, actor.id)
    last = await roles.is_last_organiser(tx, community, from_)
    policy.may_dismiss(role, own=actor.id == from_.id, last_organiser=last).require()
    if not await communities.revoke(tx.conn, community.id, from_.id):
        return
    await moderation_rows.write(
        tx.conn, community.id, "dismiss", role or "member", actor.id, tx.now, account_id=from_.id
    )
    await group_effects.listed(tx, actor, community, from_, added=False, arrived=arrived)


async def may_post(tx: Tx, community: Account, author: Account, visibility: str) -> policy.Verdict:
    """Whether the author may post to a community of ours, for those who may see it then."""
    if community.moved_to:
        return policy.MOVED
    row = await communities.by_id(tx.conn, community.id)
    private = row is not None and row.visibility == "private"
    if private and visibility != "members":
        return policy.NOT_FOR_MEMBERS
    return policy.may_post_to(
        row.policy if row else "open",
        member=author.id == community.id
        or await follow_rows.is_following(tx.conn, author.id, community.id),
        blocked=await follow_rows.blocked(tx.conn, community.id, author.id),
        banned=await is_shut_out(tx, community.id, author),
    )


async def is_banned(tx: Tx, community_id: int, account: Account) -> bool:
    return await moderation_rows.banned(tx.conn, community_id, account.id, tx.now)


async def is_shut_out(tx: Tx, community_id: int, account: Account) -> bool:
    """As ``is_banned``; and who is no member where another person of the same user is banned. To be asked of who
    acts alone: those who steer would learn from it which persons are one."""
    return await persons.shut_out(tx.conn, community_id, account.id, tx.now)


async def require_part(tx: Tx, community_id: int | None, account: Account) -> None:
    """Raises ``Forbidden`` for who is shut out of the community, if it is one."""
    if community_id is not None and await is_shut_out(tx, community_id, account):
        policy.BANNED.require()


async def require_reply(tx: Tx, community: Account, author: Account, parent: Post) -> None:
    """Raises ``Forbidden`` where a post of the community takes no reply.

    In a group of another server it holds for our members: what others write there is that group's to
    take, and may be older than the lock.
    """
    if community.local or author.local:
        locked = await moderation_rows.locked_above(tx.conn, parent.id)
        policy.may_reply(locked=locked, removed=parent.removed is not None).require()
