"""Moderation that comes from other servers becomes the verbs of ``group_moderation``.

Who may is asked in one place, ``_steward``: in a community of ours the roles decide; in a group of
another server what that group says of its moderators, which was asked before (vouching.py). Everybody
else is refused by name, and so is whoever reaches for a post of another community.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from federation import activities as wire_acts
from federation.errors import Refused
from server.arriving.acts import Act
from server.domain.calling import calls_elsewhere
from server.domain.groups import communities
from server.domain.moderating import group_moderation as verbs
from server.domain.moderating.group_moderation import Ban, Steward
from server.domain.tx import Tx
from storage import accounts
from storage import communities as community_rows
from storage.accounts import Account
from storage.posts import Post

NAMED = 50


async def group_of(tx: Tx, activity: wire_acts.Activity, target: str) -> Account | None:
    """The group of whose collections ``target`` is one, among those that the activity names: Lemmy
    writes it in ``audience`` and ``cc``."""
    named = (*([activity.audience] if activity.audience else []), *activity.to, *activity.cc)
    found = (await accounts.by_uris(tx.conn, named[:NAMED])).values()
    mine = [g for g in found if g.is_group and target in (g.featured_uri, g.moderators_uri)]
    return mine[0] if mine else None


async def remove(tx: Tx, act: Act, post: Post, reason: str) -> None:
    """A Delete by somebody else than the author."""
    by = await _steward(tx, act, post.community_id)
    await verbs.remove(tx, by, post, reason, arrived=act.arrived)


async def lock(tx: Tx, act: Act, post: Post, reason: str, *, locked: bool) -> None:
    by = await _steward(tx, act, post.community_id)
    change = verbs.lock if locked else verbs.unlock
    await change(tx, by, post, reason, arrived=act.arrived)


async def feature(tx: Tx, act: Act, post: Post, *, added: bool) -> None:
    by = await _steward(tx, act, post.community_id)
    await verbs.feature(tx, by, post, added=added, arrived=act.arrived)


async def list_moderator(tx: Tx, act: Act, group: Account, uri: str, *, added: bool) -> None:
    """Whoever is appointed in a community of ours must be a member. A list of another server is asked
    anew when it is needed (vouching.py)."""
    if not group.local:
        await _steward(tx, act, group.id)
        return
    person = await accounts.by_uri(tx.conn, uri)
    if person is None:
        raise Refused("unknown_object", "Nobody of that address is known here.")
    if added and await community_rows.role(tx.conn, group.id, person.id):
        return  # an organiser is on the list, too
    if added:
        await communities.grant(tx, act.by, group, person, "moderator", arrived=act.arrived)
    else:
        await communities.dismiss(tx, act.by, group, person, arrived=act.arrived)


async def ban(tx: Tx, act: Act, activity: wire_acts.Block) -> None:
    """Also of somebody whom we have never met: nothing is to be done then."""
    by, person = await _banned(tx, act, activity)
    wanted = Ban(activity.end_time, activity.summary, activity.remove_data)
    await verbs.ban(tx, by, person, wanted, arrived=act.arrived)


async def unban(tx: Tx, act: Act, inner: wire_acts.Block) -> None:
    by, person = await _banned(tx, act, inner)
    undo = act.activity
    restore = isinstance(undo, wire_acts.Undo) and undo.restore_data
    await verbs.unban(tx, by, person, restore_data=restore, arrived=act.arrived)


async def _banned(tx: Tx, act: Act, activity: wire_acts.Block) -> tuple[Steward, Account]:
    target = await accounts.by_uri(tx.conn, activity.target or "")
    if target is None or not target.is_group:
        raise Refused("unknown_target", "There is no group of that address here.")
    by = await _steward(tx, act, target.id)
    person = await accounts.by_uri(tx.conn, activity.object)
    if person is None:
        raise Refused("unknown_object", "Nobody of that address is known here.")
    return by, person


async def _steward(tx: Tx, act: Act, community_id: int | None) -> Steward:
    """Raises ``Refused`` where nobody moderates (it is in no community), ``Forbidden`` for who may not."""
    if act.vouched and act.vouched.id == community_id:
        return verbs.vouched(act.vouched, act.by)
    community = await accounts.by_id(tx.conn, community_id) if community_id else None
    if community is None:
        raise Refused("foreign_object", "Only its author may do this to a post.")
    if not community.local:
        raise Refused("not_a_moderator", "Only who moderates this group may do this.")
    return await verbs.steward(tx, community, act.by)


# Undo


async def _undo_delete(tx: Tx, act: Act, undo: wire_acts.Undo) -> None:
    post = await _about(tx, undo.inner)
    if post.account_id == act.by.id:
        raise Refused("own_object", "What its author deleted does not come back.")
    by = await _steward(tx, act, post.community_id)
    await verbs.restore(tx, by, post, undo.summary, arrived=act.arrived)


async def _undo_lock(tx: Tx, act: Act, undo: wire_acts.Undo) -> None:
    await lock(tx, act, await _about(tx, undo.inner), undo.summary, locked=False)


async def _about(tx: Tx, inner: wire_acts.Activity | None) -> Post:
    assert isinstance(inner, wire_acts.Delete | wire_acts.Lock), "the table says so"
    post = await calls_elsewhere.known_by(tx, inner.object)
    if post is None:
        raise Refused("unknown_object", "This post is not known here.")
    return post


UNDOING: dict[type[Any], Callable[[Tx, Act, wire_acts.Undo], Awaitable[None]]] = {
    wire_acts.Delete: _undo_delete,
    wire_acts.Lock: _undo_lock,
}
