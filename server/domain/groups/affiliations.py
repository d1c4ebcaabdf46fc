"""Who speaks for an office or a firm, says so: politicians, authorities, parties, companies.

The mark stands beside their name, and whoever bears it never sees who takes part in a call, not even as an
organiser (``policy.may_see_people``). Everybody may mark themselves; those who run the instance mark others,
and they alone take a mark away, so that nobody lays it down to look.
"""

from __future__ import annotations

from server.domain.tx import Tx
from server.errors import Forbidden, Invalid
from storage import accounts
from storage.accounts import Account

KINDS = ("official", "commercial")


async def of(tx: Tx, account: Account) -> str | None:
    """The mark of this person, or of another one of the same user: a pseudonym is no way around it. For
    verdicts alone, and never shown: nobody learns that the persons belong together."""
    if account.affiliation or account.user_id is None:
        return account.affiliation
    persons = await accounts.of_user(tx.conn, account.user_id)
    return next((person.affiliation for person in persons if person.affiliation), None)


async def declare(tx: Tx, account: Account, kind: str) -> Account:
    """Mark oneself. Raises ``Invalid``, and ``Forbidden`` where another mark stands."""
    _check(kind)
    if account.affiliation not in (None, kind):
        raise Forbidden("Only who runs this server changes a mark.", reason="marked")
    return await accounts.set_affiliation(tx.conn, account.id, kind)


async def mark(tx: Tx, account: Account, kind: str | None) -> Account:
    """Mark somebody, or (None) take the mark away; for those who run the instance. Raises ``Invalid``."""
    if kind is not None:
        _check(kind)
    return await accounts.set_affiliation(tx.conn, account.id, kind)


def _check(kind: str) -> None:
    if kind not in KINDS:
        raise Invalid("A mark is official or commercial.", field="affiliation")
