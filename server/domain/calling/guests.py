"""Whom somebody brings: how many each may is the organiser's word, and each takes a place as who brings them does.

Nobody overtakes. The line moves in order of receipt and stops at the first who does not fit with all whom they bring,
even where somebody behind them would. Who needs more places than there are at all, since their number was lowered,
keeps waiting and holds nobody up. Who has a place may bring fewer at any time, and more where these fit and nobody
waits for the places; otherwise what was said before stands.
"""

from __future__ import annotations

from collections.abc import Sequence

from server.domain import policy
from server.domain.tx import Tx
from server.errors import Invalid
from server.i18n import mark
from storage.accounts import Account
from storage.calls import Call, Details
from storage.participations import Participation
from storage.posts import Post

MOST = 10
BRINGING = ("event", "volunteer")
"""The kinds of call that people come to."""
REFUSED = "reply_refused"
"""The job that tells somebody why their reply is no answer (``receipts.py``)."""


def check(kind: str, details: Details) -> None:
    """What an organiser says of guests. Raises ``Invalid``."""
    if not 0 <= details.guests_max <= MOST:
        raise Invalid(mark("Each brings 0 to %(most)s guests.", most=MOST), field="guests_max")
    if details.guests_max and kind not in BRINGING:
        raise Invalid("To such a call nobody brings guests.", field="guests_max")


def wanted(call: Call, given: int | None, old: Participation | None) -> int:
    """How many come with an answer that takes part. ``given``: None where the door cannot say, which changes
    nothing for who takes part already. Raises ``Forbidden``."""
    if given is None:
        return old.guests if old else 0
    kept = old is not None and given <= old.guests  # since the organiser allowed fewer
    policy.may_bring(given, call.guests_max, kept=kept).require()
    return given


def require_room(old: Participation, guests: int, room: int | None) -> None:
    """Before the same answer comes with another number. ``room``: free places, None where there is no limit.
    Raises ``Forbidden``."""
    more = guests - old.guests
    fits = old.state == "granted" and (room is None or more <= room)
    policy.may_bring_more(fits=more <= 0 or fits).require()


def in_turn(line: Sequence[Participation], free: int) -> list[Participation]:
    """Who of these gets a place now. ``line``: in order of receipt; ``free``: places."""
    found: list[Participation] = []
    for row in line:
        if row.places > free:
            break
        free -= row.places
        found.append(row)
    return found


async def refuse_reply(tx: Tx, person: Account, post: Post, sentence: str) -> None:
    """Let somebody hear in a message why what they replied to a call is no answer to it."""
    args = {"post_id": post.id, "account_id": person.id, "sentence": sentence}
    await tx.later(f"refused:{post.id}:{person.id}", REFUSED, args, tx.now)
