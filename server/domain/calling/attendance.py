"""Who came: written down at the door by somebody who is named with it.

Those who steer the community, and whom they ask to, mark each who takes part as come or not, once it has begun. Who
is banned does so no more. They alone see the names; everybody else sees how many. A month after its end who came is
forgotten, and the counts stay. That somebody did not come follows them nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from server.domain import policy
from server.domain.calling import contacts, naming
from server.domain.groups import affiliations, communities
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from storage import accounts, calls
from storage import attendance as rows
from storage import communities as community_rows
from storage import contacts as contact_rows
from storage.accounts import Account
from storage.attendance import Attendance
from storage.calls import Call
from storage.participations import Participation
from storage.posts import Post

KEEP = timedelta(days=30)
"""After its end for which it is kept, and written down, who came (domain/retention.py)."""


@dataclass(frozen=True, slots=True)
class AtDoor:
    """``name``: of the account, or as it was typed in the form; "" where that is forgotten.
    ``fields``: what they answered, by the question, where a steward looks."""

    given: Participation
    name: str
    came: Attendance | None
    fields: Mapping[str, str]


async def _call(tx: Tx, actor: Account, post: Post, *, looks: bool = False) -> Call:
    """Raises ``Forbidden``, ``NotFound``."""
    call = await calls.lock(tx.conn, post.id)
    if call is None or not post.local or call.starts_at is None:
        raise NotFound
    role = await community_rows.role(tx.conn, call.community_id, actor.id)
    steward = policy.may_steer(role).allowed
    recorder = await rows.records(tx.conn, post.id, actor.id)
    await communities.require_part(tx, call.community_id, actor)
    begun = looks or call.starts_at <= tx.now
    forgotten = not looks and (call.ends_at or call.starts_at) + KEEP < tx.now
    policy.may_record(
        steward=steward, recorder=recorder, begun=begun, forgotten=forgotten
    ).require()
    policy.may_see_people("organiser", await affiliations.of(tx, actor)).require()
    return call


async def record(
    tx: Tx, actor: Account, post: Post, participation_id: int, *, attended: bool
) -> None:
    """Write down that somebody came, or did not; the last word stands. Raises ``Forbidden``, ``NotFound``."""
    await _call(tx, actor, post)
    if not await rows.put(tx.conn, post.id, participation_id, actor.id, tx.now, attended=attended):
        raise NotFound


async def at_door(tx: Tx, actor: Account, post: Post) -> list[AtDoor]:
    """Who takes part, then who waits, with their names. Raises ``Forbidden``, ``NotFound``."""
    call = await _call(tx, actor, post, looks=True)
    found = await naming.answered(tx, call)
    people = await naming.people(tx, post, call, found)
    came = await rows.of_call(tx.conn, post.id)
    told = await contacts.fields(tx, call, found) if await _steers(tx, actor, call) else {}
    return [
        AtDoor(row, await _name(tx, call, row, people), came.get(row.id), told.get(row.id, {}))
        for row in found
    ]


async def _steers(tx: Tx, actor: Account, call: Call) -> bool:
    role = await community_rows.role(tx.conn, call.community_id, actor.id)
    return policy.may_see_people(role, await affiliations.of(tx, actor)).allowed


async def _name(tx: Tx, call: Call, row: Participation, people: dict[int, Account]) -> str:
    if row.account_id in people:
        account = people[row.account_id]
        return account.display_name or account.username
    contact = await contact_rows.by_id(tx.conn, row.contact_id or 0)
    person = await contacts.read(tx, contact, call) if contact else None
    return person.name if person else ""


async def appoint(tx: Tx, actor: Account, post: Post, who: Account, *, on: bool) -> None:
    """Ask a member of ours to write down who came, or no more. Raises ``Forbidden``, ``Invalid``, ``NotFound``."""
    call = await calls.lock(tx.conn, post.id)
    community = await accounts.by_id(tx.conn, call.community_id) if call else None
    if community is None or not post.local:
        raise NotFound
    await communities.require_steward(tx, community, actor)
    if on and not (who.local and who.kind == "person"):
        raise Invalid("Only somebody of this server can write down who came.", field="account_id")
    await (rows.appoint if on else rows.dismiss)(tx.conn, post.id, who.id)
