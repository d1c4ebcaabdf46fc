"""Bringing a mail list along: each address is asked once whether it wants a community's weekly mail.

    CSV → (organiser or moderator, limits) → sealed, in line → so many an hour: one mail, and the address is
    dropped from the list → the button behind its link → follows (domain/mailing/mail_follows.py)

What the list's people agreed to elsewhere counts for nothing here: who does not press the button is forgotten
in seven days. A fingerprint is kept for a year, so that nobody is asked twice, whatever lists come; who unsubscribed, however they came, has one too.
Nobody is told which of the addresses follow, or had been asked.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.domain.groups import communities
from server.domain.mailing import mail_budgets, mail_follows, sealed
from server.domain.mailing.mail_budgets import Asked
from server.domain.mailing.sealed import Ring
from server.domain.members import users
from server.domain.moderating import barriers
from server.domain.tx import Tx
from server.errors import Invalid, TooMany
from server.i18n import mark
from server.sealing import Sealed
from storage import accounts
from storage import communities as community_rows
from storage import mail_follows as follow_rows
from storage import mail_lists as rows
from storage.accounts import Account
from storage.mail_lists import Invitation

PURPOSE = "mail list"
JOB = "mail_list"
MOST = 500
"""Addresses of one list."""
A_YEAR = 2000
"""Of one community in a year."""
PER_HOUR = 40
HOUR = timedelta(hours=1)
ONCE_IN = timedelta(days=365)
A_DAY = 1000
"""Of one user, in all their communities."""
MAX_CHARACTERS = 100_000
RETRY = 86_400
"""Seconds: tomorrow those of a year ago may be gone."""


@dataclass(frozen=True, slots=True)
class Standing:
    """``added``: how many a list brought."""

    followers: int
    waiting: int
    added: int = 0


async def standing(tx: Tx, actor: Account, group: Account, added: int = 0) -> Standing:
    """For those who steer the community. Raises ``Forbidden``."""
    await communities.require_people(tx, group, actor)
    return Standing(
        await follow_rows.count(tx.conn, group.id, "confirmed"),
        await rows.waiting(tx.conn, group.id),
        added,
    )


async def upload(tx: Tx, actor: Account, group: Account, text: str) -> Standing:
    """Put the addresses of a CSV file in line.

    Raises ``Forbidden``, ``NotFound`` (of a private community), ``Unavailable``, ``Invalid`` (no address in
    it, one that is none, too many), ``TooMany`` (of this year,
    or of this day in all communities).
    """
    await communities.require_people(tx, group, actor)
    await mail_follows.require(tx, group)
    found = addresses(text)
    await community_rows.hold(tx.conn, group.id)
    if await rows.count(tx.conn, group.id) + len(found) > A_YEAR:
        raise TooMany(
            mark("A community may invite %(a_year)s addresses in a year.", a_year=A_YEAR),
            retry_after=RETRY,
        )
    if not await mail_budgets.may_invite(tx, actor.user_id or 0, len(found), A_DAY):
        raise TooMany(
            mark("One may invite %(a_day)s addresses in a day.", a_day=A_DAY), retry_after=RETRY
        )
    ring = await sealed.ring(tx, group.id)
    added = [await _add(tx, ring, group, each) for each in found]
    await tx.later(f"mail_list/{group.id}", JOB, {"community_id": group.id}, tx.now)
    return await standing(tx, actor, group, sum(added))


async def _add(tx: Tx, ring: Ring, group: Account, address: str) -> bool:
    mark = ring.fingerprint(sealed.plain(address), 0)
    box = ring.seal(address.encode(), PURPOSE)
    return await rows.add(tx.conn, group.id, mark, box, tx.now)


def addresses(text: str) -> list[str]:
    """The addresses of a CSV file, each once: of every line the first field with an @. Raises ``Invalid``."""
    if len(text) > MAX_CHARACTERS:
        raise Invalid(
            mark("A list has at most %(most)s characters.", most=MAX_CHARACTERS), field="addresses"
        )
    found: dict[str, str] = {}
    try:
        for number, line in enumerate(csv.reader(text.splitlines(), strict=True), 1):
            given = next((field.strip() for field in line if "@" in field), "")
            if given:
                found.setdefault(sealed.plain(given), _checked(given, number))
    except csv.Error as error:
        raise Invalid("This is no CSV file.", field="addresses", cause=str(error)) from error
    if not found:
        raise Invalid("There is no e-mail address in it.", field="addresses")
    if len(found) > MOST:
        raise Invalid(mark("A list has at most %(most)s addresses.", most=MOST), field="addresses")
    return list(found.values())


def _checked(given: str, line: int) -> str:
    try:
        return users.check_email(given)
    except Invalid as error:
        raise Invalid(
            mark("Line %(line)s has no good address.", line=line), field="addresses"
        ) from error


async def drip(tx: Tx, community_id: int) -> datetime | None:
    """Write to the next ones. Gives when to go on; None where nobody waits."""
    await community_rows.hold(tx.conn, community_id)
    group = await accounts.by_id(tx.conn, community_id)
    if group is None or not await mail_follows.may_follow(tx, group):
        await rows.drop_waiting(tx.conn, community_id)
        return None
    for each in await rows.upcoming(tx.conn, community_id, PER_HOUR):
        if await _invite(tx, group, each):
            await rows.blank(tx.conn, each.id)
    return tx.now + HOUR if await rows.waiting(tx.conn, community_id) else None


async def _invite(tx: Tx, group: Account, each: Invitation) -> bool:
    """Whether this one is done. Who follows, or was asked a moment ago, gets nothing."""
    ring = await sealed.ring(tx, group.id)
    try:
        address = ring.open(each.sealed, PURPOSE).decode()
    except Sealed:
        return True
    mark = ring.fingerprint(sealed.plain(address), 0)
    known = await follow_rows.by_fingerprint(tx.conn, group.id, mark)
    if known or await barriers.refuses_email(tx, address):
        return True
    try:
        if not await mail_budgets.may_mail(tx, address, Asked(f"list {group.id}")):
            return False
    except TooMany:
        return False
    if await follow_rows.count(tx.conn, group.id, "confirmed") >= mail_follows.MOST:
        return False
    kept = await mail_follows.keep(tx, group, address, "list")
    await mail_follows.want(tx, kept, "invited")
    return True
