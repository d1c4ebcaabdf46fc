"""Who takes part in a call and in its shifts, for those who organise it: a page at a time, or all for a table.

Each way asks first whether the viewer may see people at all (``communities.require_people``), and names whom ``kinds.shows``
names. Who answered by e-mail stands here with the name that they typed, and never with an address.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from server.domain.calling import contacts, kinds, naming
from server.domain.groups import communities
from server.domain.tx import Tx
from storage import accounts, attendance, calls, participants
from storage import posts as post_rows
from storage.accounts import Account
from storage.calls import Call
from storage.participants import Sought
from storage.participations import Participation
from storage.posts import Post


@dataclass(frozen=True, slots=True)
class Listed:
    """``name``: of who answered by e-mail, as it was typed; ``fields``: what they answered, by the question; ``came``: as
    it was written down; ``shift``: of the call, where it has some."""

    given: Participation
    account: Account | None
    name: str
    fields: Mapping[str, str]
    came: bool | None
    shift: Post | None


@dataclass(frozen=True, slots=True)
class Table:
    """Everybody who counts. ``people``: by account, those who are named; ``shifts``: their titles, by post."""

    rows: Sequence[Participation]
    people: Mapping[int, Account]
    fields: Mapping[int, Mapping[str, str]]
    shifts: Mapping[int, str]


async def _shifts(tx: Tx, call: Call) -> dict[int, Post]:
    ids = [shift.post_id for shift in await calls.shifts(tx.conn, [call.post_id])]
    return await post_rows.by_ids(tx.conn, ids) if ids else {}


async def _require(tx: Tx, viewer: Account, call: Call) -> None:
    community = await accounts.by_id(tx.conn, call.community_id)
    assert community, "a foreign key holds it"
    await communities.require_people(tx, community, viewer)


async def page(
    tx: Tx,
    viewer: Account,
    post: Post,
    call: Call,
    sought: Sought,
    after: int,
    limit: int,
    shift_id: int | None = None,
) -> list[Listed]:
    """In order of receipt, behind the turn ``after``. ``shift_id``: of that shift alone. What is secret until the call closes is
    neither told nor sought. Raises ``Forbidden``."""
    await _require(tx, viewer, call)
    below = await _shifts(tx, call)
    wanted = [post.id, *below] if shift_id not in below else [shift_id]
    by = "" if kinds.by_name(call.kind, post.visibility) else kinds.NAMED
    if call.hides_counts:
        sought = replace(sought, answer="")
    found = await participants.page(tx.conn, wanted, sought, by, after, limit)
    if call.hides_counts:
        found = [replace(row, answer="", ballot=None) for row in found]
    people = await naming.people(tx, post, call, found)
    typed = await contacts.people(tx, call, found)
    told = await contacts.fields(tx, call, found)
    came = await attendance.of_many(tx.conn, [row.id for row in found])
    return [
        Listed(
            row, people.get(row.account_id or 0), typed[row.id].name if row.id in typed else "",
            told.get(row.id, {}), came.get(row.id), below.get(row.post_id),
        )
        for row in found
    ]  # fmt: skip


async def table(tx: Tx, viewer: Account, post: Post, call: Call, *, below: bool = False) -> Table:
    """``below``: with those who are in its shifts. Raises ``Forbidden``."""
    await _require(tx, viewer, call)
    shifts = await _shifts(tx, call) if below else {}
    rows = await participants.all_of(tx.conn, [post.id, *shifts])
    if call.hides_counts:
        rows = [replace(row, answer="") for row in rows]
    return Table(
        rows,
        await naming.people(tx, post, call, rows),
        await contacts.fields(tx, call, rows),
        {id_: shift.title for id_, shift in shifts.items()},
    )
