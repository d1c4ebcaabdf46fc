"""Templates that a community keeps for its calls, its own and those that it took over from others.

Those who steer write them. Members read all; whoever may read what the community says reads those that it
shares, and so do other servers, which take over a copy. A copy knows where it came from: fetched again,
it replaces the one that came from there. What is fetched is data, read by ``call_templates.read`` alone.
"""

from __future__ import annotations

from server.domain.calling import call_templates
from server.domain.calling.call_templates import Template
from server.domain.groups import communities
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from server.i18n import mark
from storage import call_templates as rows
from storage import communities as community_rows
from storage import follows
from storage.accounts import Account
from storage.call_templates import Row

MOST = 100
"""Templates of a community."""


async def keep(
    tx: Tx,
    steward: Account,
    community: Account,
    template: Template,
    *,
    shared: bool | None,
    origin: str | None = None,
) -> Row:
    """A new one, or the newer state of one from ``origin``. Raises ``Forbidden``, ``Invalid``.

    ``shared``: None where nobody said: as the community is, so that what is typed in a private one does not come out
    with a later setting.
    """
    await communities.require_steward(tx, community, steward)
    await community_rows.hold(tx.conn, community.id)
    body = call_templates.write(template)
    known = await rows.by_origin(tx.conn, community.id, origin) if origin else None
    if known:
        return await rows.change(tx.conn, known.id, body, known.shared, tx.now)
    if await rows.count(tx.conn, community.id) >= MOST:
        raise Invalid(
            mark("A community keeps at most %(most)s templates.", most=MOST), field="name"
        )
    if shared is None:
        shared = not await communities.is_private(tx, community)
    return await rows.insert(tx.conn, community.id, body, origin, shared, tx.now)


async def change(
    tx: Tx, steward: Account, community: Account, row: Row, template: Template, *, shared: bool
) -> Row:
    """All of it anew. Raises ``Forbidden``."""
    await communities.require_steward(tx, community, steward)
    return await rows.change(tx.conn, row.id, call_templates.write(template), shared, tx.now)


async def delete(tx: Tx, steward: Account, community: Account, row: Row) -> None:
    """Raises ``Forbidden``."""
    await communities.require_steward(tx, community, steward)
    await rows.delete(tx.conn, row.id)


async def of_community(tx: Tx, community: Account, viewer: Account | None) -> list[Row]:
    """What the viewer may read; whoever calls asked ``communities.require_inside`` before."""
    found = await rows.of_community(tx.conn, community.id)
    if await _belongs(tx, community.id, viewer):
        return found
    return [row for row in found if row.shared]


async def known(tx: Tx, template_id: int, viewer: Account | None) -> Row:
    """Raises ``NotFound`` for one that is not shared with the viewer. See ``of_community``."""
    row = await rows.by_id(tx.conn, template_id)
    if row is None or not (row.shared or await _belongs(tx, row.community_id, viewer)):
        raise NotFound
    return row


async def _belongs(tx: Tx, community_id: int, viewer: Account | None) -> bool:
    return viewer is not None and await follows.is_following(tx.conn, viewer.id, community_id)
