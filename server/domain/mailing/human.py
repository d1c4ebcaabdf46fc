"""The human step of a form that strangers send: it was opened before, a while ago, and by nobody who fills in
what no person sees.

The form carries the time at which it was made, sealed with the instance's secret and bound to its subject. It
needs no script and no puzzle; what it does not stop, the limits and the mail to be confirmed do.
"""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta

from server.domain.mailing.sealed import secret_of
from server.domain.tx import Tx
from server.errors import Forbidden
from server.i18n import mark

TRAP = "website"
"""A field that no person sees, and programs fill in."""
LEAST = timedelta(seconds=3)
MOST = timedelta(days=1)
TOO_FAST = mark("That was faster than anybody reads. Please send the form once more.")
TOO_OLD = mark("This form is from another day. Please send it once more.")


def stamp(tx: Tx, subject: str) -> str:
    """What a form for this subject carries. Raises ``Unavailable``."""
    at = int(tx.now.timestamp())
    return f"{at}.{_seal(tx, subject, at)}"


def _seal(tx: Tx, subject: str, at: int) -> str:
    return secret_of(tx).digest("form", subject, at).hex()[:32]


def require(tx: Tx, subject: str, given: str, trap: str) -> None:
    """``given``: the stamp; ``trap``: what stands in the field nobody sees. Raises ``Forbidden``."""
    written, _, seal = given.partition(".")
    at = int(written) if written.isascii() and written.isdigit() and len(written) < 12 else 0
    good = hmac.compare_digest(seal.encode(), _seal(tx, subject, at).encode())
    if trap or not good:
        raise Forbidden(TOO_OLD, reason="not_human")
    age = tx.now - datetime.fromtimestamp(at, UTC)
    if age < LEAST:
        raise Forbidden(TOO_FAST, reason="too_fast")
    if age > MOST:
        raise Forbidden(TOO_OLD, reason="form_too_old")
