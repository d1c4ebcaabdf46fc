"""Calls by members who steer nothing, where a community lets all of them call at once (its rule is *open*).

Such a call is read before it is shown, as a post is: by the community's rules on words, links and new members
(``hold_rules``), and slow mode holds for it. What a rule catches is not made: it can be proposed, and then waits as an
idea until somebody who steers lets it through. And nobody has more than ``MOST`` open calls in a community.
"""

from __future__ import annotations

from server import text
from server.domain import policy
from server.domain.calling.drafting import Wanted
from server.domain.moderating import hold_rules
from server.domain.tx import Tx
from storage import calls, communities
from storage import hold_rules as rule_rows
from storage.accounts import Account

MOST = 5
"""Open calls of one member in one community."""


async def is_caught(tx: Tx, community: Account, author: Account, wanted: Wanted) -> bool:
    """Whether those who steer are to look first. Raises ``Forbidden`` for one call too many, ``TooMany`` in slow
    mode."""
    if await communities.role(tx.conn, community.id, author.id):
        return False
    await rule_rows.take_turns(tx.conn, community.id, author.id)
    running = await calls.running_of(tx.conn, community.id, author.id, tx.now)
    policy.may_call_again(full=running >= MOST).require()
    return await hold_rules.caught(tx, community, author, _said(tx, wanted)) is not None


def _said(tx: Tx, wanted: Wanted) -> hold_rules.Said:
    """Everything that people read of a call, wherever it stands: links and words are spread in any field."""
    details, shifts = wanted.details, wanted.shifts or ()
    roles = [role.name for shift in shifts for role in shift.roles]
    fields = (
        wanted.about, details.place_name, details.place_address, *wanted.options, wanted.note or "",
        *(shift.title for shift in shifts), *roles,
    )  # fmt: skip
    html = text.compose("\n\n".join(fields), {}, tx.site.urls.tag)
    return hold_rules.said(
        text.one_line(wanted.title), "", html, ({"url": details.external_url or ""},)
    )


async def require(tx: Tx, community: Account, author: Account, wanted: Wanted) -> None:
    """Raises ``Forbidden`` for a call that is to be proposed first; and as ``is_caught``."""
    if await is_caught(tx, community, author, wanted):
        policy.CALL_CAUGHT.require()
