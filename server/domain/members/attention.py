"""How much a member is told, and when: a level for each community, and quiet hours for all that reaches out.

**Levels.** ``everything``: each new thread. ``calls`` (where nothing was chosen): calls, and what an
organiser announces with a title. ``mentions``: who speaks to or quotes the member. ``nothing``: only what
the member takes part in (a changed call, the end of a poll) and what the server has to say. They decide
about notifications, so about pushes too, and ``nothing`` keeps a community out of the weekly digest. Home is
not touched: it is a place where one looks, and nothing rings there; who wants less of it hides the boosts of
the community or puts it into an exclusive list.

**Quiet hours.** Pushes and mails wait until the hours are over; the rows stay, with a later time. What
somebody has just asked for (a link to confirm or to choose a password) and what guards an account does not wait.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from server.domain.tx import Tx
from server.errors import Forbidden, Invalid
from server.i18n import mark
from storage import attention, follows
from storage.accounts import Account
from storage.attention import DIGESTS, LEVELS, Attention

DEFAULT = "calls"


def at_minute(day: datetime, minute: int, zone: ZoneInfo) -> datetime:
    """This minute of a local day: the later one where clocks go back, and behind the gap where they go on."""
    local = day.replace(hour=minute // 60, minute=minute % 60, second=0, microsecond=0, tzinfo=zone)
    utc = ZoneInfo("UTC")
    return max(local.replace(fold=fold).astimezone(utc) for fold in (0, 1))


def quiet_until(timezone: str, begin: int, end: int, now: datetime) -> datetime | None:
    """When the quiet hours end in which ``now`` falls; None where it falls in none."""
    zone = ZoneInfo(timezone)
    local = now.astimezone(zone)
    minute = local.hour * 60 + local.minute
    quiet = begin <= minute < end if begin < end else minute >= begin or minute < end
    if not quiet:
        return None
    day = local + timedelta(days=1) if minute >= end else local
    return at_minute(day, end, zone)


async def ready_at(tx: Tx, user_id: int) -> datetime:
    """When something may reach this user: now, or after their quiet hours."""
    chosen = await attention.of(tx.conn, user_id)
    if chosen.quiet_from is None or chosen.quiet_until is None:
        return tx.now
    over = quiet_until(chosen.timezone, chosen.quiet_from, chosen.quiet_until, tx.now)
    return over or tx.now


async def hushed(tx: Tx, token_ids: Sequence[int]) -> dict[int, datetime]:
    """Tokens whose users have quiet hours now, and when these end."""
    rows = await attention.of_tokens(tx.conn, token_ids)
    ends = {
        row.token_id: quiet_until(row.timezone, row.quiet_from, row.quiet_until, tx.now)
        for row in rows
    }
    return {token_id: over for token_id, over in ends.items() if over}


async def level(tx: Tx, member: Account, community: Account) -> str:
    return await attention.level(tx.conn, member.id, community.id) or DEFAULT


async def set_level(tx: Tx, member: Account, community: Account, wanted: str) -> None:
    """Raises ``Forbidden`` for who is no member, ``Invalid`` for a word that is no level."""
    if wanted not in LEVELS:
        raise Invalid(
            mark("The level is one of %(known)s.", known=", ".join(LEVELS)), field="level"
        )
    if community.id not in await follows.followed_among(tx.conn, member.id, [community.id]):
        raise Forbidden("Only members choose how much they are told.", reason="no_member")
    await attention.put_level(tx.conn, member.id, community.id, wanted)


async def choose(tx: Tx, user_id: int, wanted: Attention) -> Attention:
    """Raises ``Invalid``."""
    if wanted.timezone not in available_timezones():
        raise Invalid("The time zone is a name such as Europe/Lisbon.", field="timezone")
    if (wanted.quiet_from is None) != (wanted.quiet_until is None):
        raise Invalid("Quiet hours have a beginning and an end.", field="quiet_until")
    if wanted.quiet_from is not None and wanted.quiet_from == wanted.quiet_until:
        raise Invalid("Quiet hours end at another time than they begin.", field="quiet_until")
    if wanted.digest not in DIGESTS:
        raise Invalid(
            mark("The digest is one of %(known)s.", known=", ".join(DIGESTS)), field="digest"
        )
    await attention.put(tx.conn, user_id, wanted)
    return wanted
