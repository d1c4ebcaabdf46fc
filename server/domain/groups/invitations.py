"""Invitations of our members: to groups, and to events of other servers.

Mobilizon's ``Invite`` names the group or the event as its object and who is invited as its target. It is kept
until the member says yes, which is a Follow of the group or a Join of the event besides the Accept of the
invitation, or no. No client knows such a notification, so the server itself writes the member a letter, which
rings as a mention does; Beckon's own API lists the invitations.
"""

from __future__ import annotations

from server import text
from server.domain import effects, policy
from server.domain.calling import participations
from server.domain.groups import letters
from server.domain.members import follows
from server.domain.tx import Tx
from server.errors import NotFound
from storage import accounts, communities, invitations
from storage import follows as follow_rows
from storage import posts as post_rows
from storage.accounts import Account
from storage.invitations import Invitation
from storage.posts import Post


async def arrived(tx: Tx, by: Account, invited: Account, to: Account | Post, uri: str) -> None:
    """Somebody of another server invites a member. Raises ``Forbidden`` for those who block each other."""
    blocked = await follow_rows.blocked(tx.conn, by.id, invited.id)
    policy.may_interact(blocked=blocked).require()
    group_id = to.id if isinstance(to, Account) else None
    post_id = to.id if isinstance(to, Post) else None
    if not await invitations.insert(tx.conn, uri, invited.id, by.id, group_id, post_id, tx.now):
        return
    named = to.display_name or to.username if isinstance(to, Account) else to.title
    what = "invited" if isinstance(to, Account) else "invited_event"
    facts = {"by": by.handle, "subject": text.one_line(named, 200), "url": to.url}
    await letters.send(tx, None, invited, what, **facts)


async def accept(tx: Tx, member: Account, id_: int) -> None:
    """Join the group, or take part. Raises ``NotFound``, and as ``follow`` and ``answer`` do."""
    row, to = await _take(tx, member, id_)
    await _answer(tx, member, row, to, accepted=True)
    if isinstance(to, Account):
        await follows.follow(tx, member, to)
    else:
        await participations.answer(tx, member, to, None, "client", invited=True)


async def decline(tx: Tx, member: Account, id_: int) -> None:
    """Raises ``NotFound``."""
    row, to = await _take(tx, member, id_)
    if isinstance(to, Account):
        await communities.end_invite(tx.conn, to.id, member.id)
    await _answer(tx, member, row, to, accepted=False)


async def _take(tx: Tx, member: Account, id_: int) -> tuple[Invitation, Account | Post]:
    row = await invitations.take(tx.conn, id_, member.id)
    if row is None:
        raise NotFound
    group = await accounts.by_id(tx.conn, row.group_id) if row.group_id else None
    to = group or await post_rows.by_id(tx.conn, row.post_id or 0)
    assert to, "foreign keys hold it"
    return row, to


async def _answer(
    tx: Tx, member: Account, row: Invitation, to: Account | Post, *, accepted: bool
) -> None:
    by = await accounts.by_id(tx.conn, row.by_id)
    if by and not by.local:
        await effects.answer_invite(tx, member, by, to.uri, row.uri, accepted=accepted)
