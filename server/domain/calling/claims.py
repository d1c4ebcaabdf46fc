"""Claims: signatures on paper, heads in a street. An organiser says how many, where it can be seen, and by name.

Nobody else can count them, so that they are shown apart and never added to those who answered.
"""

from __future__ import annotations

from server import text
from server.domain.calling import sources
from server.domain.groups import communities
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from server.i18n import mark
from storage import accounts
from storage import calls as call_rows
from storage import claims as rows
from storage.accounts import Account
from storage.claims import Claim
from storage.posts import Post

PEOPLE_MAX = 1_000_000_000
WHAT_MAX = 200
EACH = 20
"""Of one call."""


async def add(tx: Tx, actor: Account, post: Post, people: int, what: str, evidence: str) -> Claim:
    """Say that so many took part elsewhere. Raises ``Forbidden``, ``Invalid``, ``NotFound``."""
    await _require_steward(tx, actor, post)
    what = text.one_line(what)
    if not 0 < people <= PEOPLE_MAX:
        raise Invalid(mark("It is 1 to %(most)s people.", most=PEOPLE_MAX), field="people")
    if not 0 < len(what) <= WHAT_MAX:
        raise Invalid(
            mark("Say in 1 to %(most)s characters what was counted.", most=WHAT_MAX), field="what"
        )
    if not sources.is_web(evidence):
        raise Invalid("It needs the address of what shows it, as https://…", field="evidence")
    if len(await rows.of_call(tx.conn, post.id)) >= EACH:
        raise Invalid(mark("A call has at most %(each)s claims.", each=EACH), field="people")
    return await rows.insert(tx.conn, post.id, actor.id, people, what, evidence, tx.now)


async def remove(tx: Tx, actor: Account, post: Post, claim_id: int) -> None:
    """Take one back. Raises ``Forbidden``, ``NotFound``."""
    await _require_steward(tx, actor, post)
    if not await rows.remove(tx.conn, post.id, claim_id):
        raise NotFound


async def _require_steward(tx: Tx, actor: Account, post: Post) -> None:
    """The call is held, so that no two are added at once."""
    call = await call_rows.lock(tx.conn, post.id)
    community = await accounts.by_id(tx.conn, call.community_id) if call else None
    if community is None or not post.local:
        raise NotFound
    await communities.require_steward(tx, community, actor)
