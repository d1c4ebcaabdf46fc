"""Following a community by e-mail, without an account.

    form → (human step, limits) → new, and a mail → the button behind its link → confirmed → one mail a week
    → the link in each of them, or the mail program's own button → forgotten at once

The page says the same whoever the address belongs to: that somebody follows already is told in a mail to them
alone. An address is sealed for the community (domain/mailing/sealed.py) and known by a fingerprint that is of no use
for another one. Only what is public can be followed so: who makes a community private ends it.

One job for each community runs on Mondays. It marks each follower with the ISO week and adds the job of their
mail in one transaction, so that a crash neither loses nor doubles one; a mail that a relay took just before a
crash goes out again with the same Message-ID. After a standstill there is one mail, not one for each week.
What stands in it is asked when it is sent (domain/mailing/mail_digests.py). An address that its mail server refuses
``FAILURES`` times in a row is forgotten (RFC 5321, 4.2.1: 5yz is for good).
"""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta

from server import i18n, ids
from server.domain.mailing import digests, mail_budgets, sealed
from server.domain.mailing.mail_budgets import Asked
from server.domain.members import users
from server.domain.moderating import barriers
from server.domain.tx import Tx
from server.errors import Forbidden, Invalid, NotFound
from server.i18n import mark
from server.sealing import Sealed
from storage import accounts, communities, mail_lists
from storage import mail_follows as rows
from storage.accounts import Account
from storage.mail_follows import Due, MailFollow

PURPOSE = "mail follow"
JOB, WEEK = "mail_follow", "mail_follow_week"
CONFIRM_WITHIN = timedelta(days=7)
FAILURES = 3
MOST = 5000
"""Followers by e-mail of one community: each costs a mail a week, and none of them can be asked who they are."""
MOST_NEW = 2000
"""Who has yet to confirm, of one community: anybody can type addresses, so the oldest of them make room."""
HOUR = 8
"""Of Monday, in UTC."""
AT_ONCE = 200
USED = mark("This link is not complete, or its time is over.")


def statement(name: str, domain: str) -> str:
    """What is shown before, and agreed to."""
    return mark(
        "%(domain)s keeps your address, encrypted for %(name)s, to send you one mail a week at most about what is"
        " public there. Nobody else learns it, the organisers neither. Each mail has a link that ends this and"
        " deletes your address at once. A fingerprint of it stays for a year, so that no list invites you again.",
        domain=domain,
        name=name,
    )


def name_of(group: Account) -> str:
    return group.display_name or group.username


def offered(tx: Tx) -> bool:
    """Whether this server can send such mails, and keep addresses."""
    return tx.site.mail and tx.site.secret is not None


async def may_follow(tx: Tx, group: Account) -> bool:
    """Of ours, there, and not private."""
    row = await communities.by_id(tx.conn, group.id)
    return bool(
        row and group.local and row.visibility != "private"
        and not (group.is_hidden or group.moved_to)
    )  # fmt: skip


async def require(tx: Tx, group: Account) -> None:
    """Raises ``Invalid``; ``NotFound`` where it cannot be followed so."""
    if not offered(tx):
        raise Invalid("This server sends no mail.", field="address")
    if not await may_follow(tx, group):
        raise NotFound


async def check(tx: Tx, given: str) -> str:
    """An address that may be written to. Raises ``Invalid``."""
    address = users.check_email(given.strip())
    if await barriers.refuses_email(tx, address):
        raise Invalid("This address cannot be used here.", field="email")
    return address


async def begin(
    tx: Tx, group: Account, given: str, source: str | None = None, language: str = ""
) -> None:
    """Write an address down, and send a mail that asks whether it was its owner. ``source``: the network address of
    who typed it; ``language``: of the page where they did, in which their mails speak.

    Raises ``Invalid``, ``NotFound``, ``Forbidden`` (there are too many), ``TooMany`` (as ``mail_budgets.may_mail``).
    """
    await require(tx, group)
    address = await check(tx, given)
    await require_room(tx, group)
    if await mail_budgets.may_mail(tx, address, Asked(f"community {group.id}", source)):
        kept = await keep(tx, group, address, "form", language=language)
        await want(tx, kept, "again" if kept.state == "confirmed" else "confirm")


async def require_room(tx: Tx, group: Account) -> None:
    await communities.hold(tx.conn, group.id)
    if await rows.count(tx.conn, group.id, "confirmed") >= MOST:
        raise Forbidden(
            mark("More than %(most)s people cannot follow by e-mail.", most=MOST), reason="full"
        )


async def keep(
    tx: Tx, group: Account, address: str, source: str, agreed: str | None = None, language: str = ""
) -> MailFollow:
    """The row of this address: a new one, or the one that is there."""
    ring = await sealed.ring(tx, group.id)
    fingerprint = ring.fingerprint(sealed.plain(address), 0)
    row = await communities.by_id(tx.conn, group.id)
    spoken = i18n.best(language, row and row.language)
    with i18n.speaking(spoken):
        text = agreed or i18n.gettext(statement(name_of(group), tx.site.urls.domain))
    box = ring.seal(address.encode(), PURPOSE)
    kept = await rows.put(tx.conn, group.id, fingerprint, box, source, text, spoken, tx.now)
    kept = kept or await rows.by_fingerprint(tx.conn, group.id, fingerprint)
    assert kept, "the community is locked"
    await rows.drop_oldest_new(tx.conn, group.id, MOST_NEW)
    return kept


async def want(tx: Tx, follow: MailFollow, kind: str, **said: str) -> None:
    """Send a mail, soon; ``kind`` as in domain/mailing/mail_digests.py."""
    args = {"follow_id": follow.id, "kind": kind, **said}
    await tx.later(f"mail_follow/{follow.id}", JOB, args, tx.now)


async def address_of(tx: Tx, follow: MailFollow) -> str | None:
    """None where it cannot be opened any more."""
    ring = await sealed.known(tx, follow.community_id)
    try:
        return ring.open(follow.sealed, PURPOSE).decode() if ring else None
    except Sealed:
        return None


def token(tx: Tx, follow: MailFollow, purpose: str) -> str:
    """What stands in a link; ``purpose``: confirm or stop."""
    return f"{follow.id}.{_seal(tx, purpose, follow.id)}"


def _seal(tx: Tx, purpose: str, follow_id: int) -> str:
    return sealed.secret_of(tx).digest(PURPOSE, purpose, follow_id).hex()[:32]


def _behind(tx: Tx, given: str, purpose: str) -> int:
    """Raises ``NotFound`` for what we did not make."""
    number, _, seal = given.partition(".")
    follow_id = ids.parse(number)
    if (
        follow_id is None
        or tx.site.secret is None
        or not hmac.compare_digest(seal.encode(), _seal(tx, purpose, follow_id).encode())
    ):
        raise NotFound(USED)
    return follow_id


async def asked(tx: Tx, given: str) -> tuple[Account, MailFollow]:
    """What a link to confirm is about: looking changes nothing. Raises ``NotFound``."""
    follow = await rows.by_id(tx.conn, _behind(tx, given, "confirm"))
    if follow is None or (follow.state == "new" and tx.now - follow.created_at > CONFIRM_WITHIN):
        raise NotFound(USED)
    group = await accounts.by_id(tx.conn, follow.community_id)
    if group is None or not await may_follow(tx, group):
        raise NotFound(USED)
    return group, follow


async def confirm(tx: Tx, given: str) -> tuple[Account, MailFollow]:
    """From now on they get the weekly mail; a repeat is no event. Raises ``NotFound``, ``Forbidden`` (too many)."""
    group, follow = await asked(tx, given)
    if follow.state == "new":
        await require_room(tx, group)
    done = await rows.confirm(tx.conn, follow.id, tx.now)
    await plan(tx, group.id)
    return group, done or follow


async def begin_confirmed(tx: Tx, group: Account, address: str, agreed: str, language: str) -> None:
    """For an address that was confirmed with an answer to a call; nothing where it cannot be."""
    if not offered(tx) or not await may_follow(tx, group):
        return
    await communities.hold(tx.conn, group.id)
    if await rows.count(tx.conn, group.id, "confirmed") < MOST:
        kept = await keep(tx, group, address, "answer", agreed, language)
        await rows.confirm(tx.conn, kept.id, tx.now)
        await plan(tx, group.id)


async def end_of_answer(tx: Tx, group: Account, address: str) -> None:
    """They took back what they agreed to with an answer."""
    ring = await sealed.known(tx, group.id)
    if ring:
        mark = ring.fingerprint(sealed.plain(address), 0)
        await rows.drop_by_fingerprint(tx.conn, group.id, mark, "answer")


def stopping(tx: Tx, given: str) -> int:
    """Which follow a link ends, that there may be or not. Raises ``NotFound`` for what we did not make."""
    return _behind(tx, given, "stop")


async def stop(tx: Tx, given: str) -> None:
    """No more mails, and the address is forgotten; a repeat is no event. Raises ``NotFound``.

    A fingerprint stays for a while, so that no list of addresses has them asked again.
    """
    follow = await rows.by_id(tx.conn, stopping(tx, given))
    if follow:
        await mail_lists.refuse(tx.conn, follow.community_id, follow.fingerprint, tx.now)
        await rows.drop(tx.conn, follow.id)


async def end_all(tx: Tx, community_id: int) -> None:
    """The community is not public any more."""
    await rows.drop_of_community(tx.conn, community_id)


async def told(tx: Tx, follow_id: int, *, arrived: bool) -> None:
    """What became of a mail: who is refused for good too often, or before they confirmed, is forgotten."""
    follow = await rows.by_id(tx.conn, follow_id)
    if follow is None:
        return
    if arrived:
        await rows.arrived(tx.conn, follow_id)
    elif follow.state == "new" or not await rows.failed(tx.conn, follow_id, FAILURES):
        await rows.drop(tx.conn, follow_id)


def next_at(after: datetime) -> datetime:
    """The first Monday's hour after this moment."""
    day = after.astimezone(UTC).replace(hour=HOUR, minute=0, second=0, microsecond=0)
    found = day + timedelta(days=-day.weekday() % 7)
    return found if found > after else found + timedelta(days=7)


def week_of(now: datetime) -> str:
    """The ISO week in UTC, as 2030-W05."""
    year, week, _ = now.astimezone(UTC).isocalendar()
    return f"{year}-W{week:02}"


async def plan(tx: Tx, community_id: int) -> None:
    """The job of a community; planned twice it is one."""
    args = {"community_id": community_id}
    await tx.later(f"mail_follow_week/{community_id}", WEEK, args, next_at(tx.now))


async def make(tx: Tx, community_id: int) -> datetime | None:
    """Write to all who follow. Gives when to run once more; None where nobody can follow any more."""
    row = await communities.by_id(tx.conn, community_id)
    group = await accounts.by_id(tx.conn, community_id)
    if row is None or group is None:
        return None
    if row.visibility == "private":
        await end_all(tx, community_id)
        return None
    if not await may_follow(tx, group):
        return next_at(tx.now)
    due = await rows.claim(tx.conn, community_id, week_of(tx.now), tx.now, AT_ONCE)
    await _send(tx, group, due)
    return tx.now if len(due) == AT_ONCE else next_at(tx.now)


async def _send(tx: Tx, group: Account, due: list[Due]) -> None:
    """A mail with nothing in it is none; its week then counts as had."""
    since = {each.id: max(each.since, tx.now - digests.LONGEST) for each in due}
    told = {at for at in set(since.values()) if await digests.for_everybody(tx, group, at, tx.now)}
    for follow_id, at in since.items():
        if at in told:
            args = {"follow_id": follow_id, "kind": "week", "since": at.isoformat()}
            args |= {"until": tx.now.isoformat()}
            await tx.later(f"mail_follow/{follow_id}", JOB, args, tx.now)
