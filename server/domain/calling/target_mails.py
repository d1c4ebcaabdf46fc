"""Letters to targets that this server sends for who takes part, a few an hour.

    a steward lets it → somebody sees the whole letter, with their name, and says yes → it waits → so many an hour
    and a day for one address, whatever calls they are of → sent → or not, as the target has pledged

One letter of a person to a target, as with those that people send themselves (``targets.py``). Each mail has a link that
ends all letters from here to that address: it is kept as a fingerprint that only this server can make. What waits is
a row and one job for each target, so that a restart finds it; a mail that a relay took just before a crash goes out again
with the same Message-ID. What a relay refuses for good is not tried again, and was not written (``targets.unsent``). Where an
answer goes is what the letter said when it was shown: an address that its writer changes later is in no letter of before.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from server import ids, text
from server.domain import effects, policy
from server.domain.calling import participations, targets
from server.domain.groups import communities
from server.domain.mailing import mail_budgets, sealed
from server.domain.tx import Tx
from server.errors import Conflict, Invalid, NotFound
from server.i18n import mark
from server.mail import Mail
from server.pages import render_text
from storage import accounts, calls, users
from storage import participations as participation_rows
from storage import posts as post_rows
from storage import target_mails as rows
from storage import targets as target_rows
from storage.accounts import Account
from storage.calls import Call
from storage.posts import Post
from storage.target_mails import Mailing, New, TargetMail
from storage.targets import Target

DRIP, JOB = "target_mails", "target_mail"
PER_HOUR, PER_DAY = 20, 200
NAME_MAX = 100
PURPOSE = "no letters"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def allow(tx: Tx, actor: Account, post: Post, wanted: Mailing | None) -> None:
    """Let this server send the letters of a call, or (None) no more, which shows no address that was hidden; for
    stewards. Raises ``Forbidden``, ``Invalid``,
    ``NotFound``."""
    call = await participations.locked(tx, post)
    community = await accounts.by_id(tx.conn, call.community_id)
    if community is None or not post.local or call.kind != "contact":
        raise NotFound
    await communities.require_steward(tx, community, actor)
    before = await rows.mailing(tx.conn, post.id)
    if wanted is None:
        await rows.pause_mailing(tx.conn, post.id)
        return
    _require_mail(tx)
    if not 1 <= wanted.per_hour <= PER_HOUR:
        raise Invalid(
            mark("To one target go 1 to %(per_hour)s letters an hour.", per_hour=PER_HOUR),
            field="per_hour",
        )
    if not 1 <= wanted.per_day <= PER_DAY:
        raise Invalid(
            mark("To one target go 1 to %(per_day)s letters a day.", per_day=PER_DAY),
            field="per_day",
        )
    await rows.put_mailing(tx.conn, post.id, wanted)
    await _let_hear(tx, call, before, wanted)


async def _let_hear(tx: Tx, call: Call, before: Mailing | None, after: Mailing) -> None:
    """Other servers show the addresses that they were told: that these are hidden now, they hear without delay."""
    if (before is not None and before.hidden) != after.hidden:
        effects.changed(tx, call.post_id)
        await tx.later(f"call:{call.post_id}", "send_tally", {"post_id": call.post_id}, tx.now)


def _require_mail(tx: Tx) -> None:
    if not tx.site.mail:
        policy.NO_MAIL.require()
    sealed.secret_of(tx)


@dataclass(frozen=True, slots=True)
class Shown:
    """The whole letter, as it would go now. ``stamp``: names exactly this text; ``reply_to``: where an answer goes, empty
    for nowhere."""

    subject: str
    body: str
    reply_to: str
    stamp: str


async def preview(
    tx: Tx, actor: Account, post: Post, target_id: int, name: str, *, reply: bool
) -> Shown:
    """What would be sent in somebody's name. Raises ``Forbidden``, ``Invalid``, ``NotFound``."""
    target = await _sendable(tx, post, target_id)
    script = await targets.letter(tx, post, target)
    call = await calls.by_id(tx.conn, post.id)
    signed = text.one_line(name)
    if script is None or call is None:
        policy.HAS_PLEDGED.require()
        raise NotFound
    if not 0 < len(signed) <= NAME_MAX:
        raise Invalid(mark("A name has 1 to %(most)s characters.", most=NAME_MAX), field="name")
    group = await accounts.by_id(tx.conn, call.community_id)
    assert group, "a foreign key holds it"
    body = render_text(
        "mail_target.txt", said=script.body, writer=signed, site=tx.site, post=post,
        group=group.display_name or group.username,
    )  # fmt: skip
    reply_to = await _reply_to(tx, actor) if reply else ""
    stamp = ids.digest(f"{target.id} {script.subject} {reply_to} {body}").hex()
    return Shown(script.subject, body, reply_to, stamp)


async def _sendable(tx: Tx, post: Post, target_id: int) -> Target:
    """Raises ``NotFound`` where this server sends no letters for this call, or to no such address."""
    _require_mail(tx)
    target = await target_rows.by_id(tx.conn, post.id, target_id)
    allowed = await rows.mailing(tx.conn, post.id)
    if target is None or _mailbox(target) is None or not post.local:
        raise NotFound
    if allowed is None or not allowed.active:
        raise NotFound
    if await rows.is_refused(tx.conn, fingerprint(tx, target)):
        policy.WANTS_NO_LETTERS.require()
    return target


def _mailbox(target: Target) -> str | None:
    kind, _, address = target.address.partition(":")
    return address if kind == "mailto" else None


async def _reply_to(tx: Tx, account: Account) -> str:
    """Raises ``Invalid``."""
    user = await users.by_id(tx.conn, account.user_id) if account.user_id else None
    if user is None or user.confirmed_at is None:
        raise Invalid("You have no confirmed address for an answer.", field="reply")
    try:
        return targets.mailbox(user.email)
    except Invalid as error:
        raise Invalid("Answers cannot come to your address.", field="reply") from error


def fingerprint(tx: Tx, target: Target) -> bytes:
    """Of an address; nobody else can make it, or say which address it is."""
    return sealed.secret_of(tx).digest(PURPOSE, sealed.plain(_mailbox(target) or ""))


async def ask(
    tx: Tx,
    actor: Account,
    post: Post,
    target_id: int,
    name: str,
    *,
    reply: bool,
    seen: str,
) -> None:
    """Have the letter sent that was shown; it is taking part. ``seen``: the stamp of what was shown.

    Raises as ``preview``, ``Conflict`` where that is another letter now, and ``Forbidden`` for a second one.
    """
    await participations.locked(tx, post)
    shown = await preview(tx, actor, post, target_id, name, reply=reply)
    if shown.stamp != seen:
        raise Conflict("The letter has changed. Please read it again.")
    before = await participation_rows.of_account(tx.conn, post.id, actor.id)
    row = await targets.report(tx, actor, post, target_id, answered=False)
    fresh = before is None or not before.counts
    new = New(shown.subject, shown.body, shown.reply_to, fresh)
    await rows.insert(tx.conn, row, target_id, new, tx.now)
    await tx.later(f"letters:{target_id}", DRIP, {"target_id": target_id}, tx.now)


async def drip(tx: Tx, target_id: int) -> datetime | None:
    """Send what may go to a target now. Gives the time to go on, where more waits."""
    target = await target_rows.any_by_id(tx.conn, target_id)
    post = await post_rows.by_id(tx.conn, target.post_id) if target else None
    if target is None or post is None:
        return None
    call = await participations.locked(tx, post)
    allowed = await rows.mailing(tx.conn, post.id)
    if allowed is None or not allowed.active or await _is_settled(tx, target, call):
        await targets.stop(tx, post, call, target_id)
        return None
    while mail_id := await rows.next_of(tx.conn, target_id):
        again = await _wait(tx, target, allowed)
        if again:
            return again
        await rows.sent(tx.conn, mail_id, tx.now)
        await tx.later(f"mail/target/{mail_id}", JOB, {"mail_id": mail_id}, tx.now)
    return None


async def _is_settled(tx: Tx, target: Target, call: Call) -> bool:
    """Whether no letter is to go any more: they pledged, want none, or the call is over, or its community is
    suspended."""
    over = call.state in ("closed", "cancelled")
    if over or target.status == "pledged" or await _is_suspended(tx, call.community_id):
        return True
    return await rows.is_refused(tx.conn, fingerprint(tx, target))


async def _wait(tx: Tx, target: Target, allowed: Mailing) -> datetime | None:
    """Until when one more letter has to wait, for what the call allows, or for what any address gets from here."""
    address = sealed.plain(_mailbox(target) or "")
    of_call = ((HOUR, allowed.per_hour), (DAY, allowed.per_day))
    of_all = ((HOUR, PER_HOUR), (DAY, PER_DAY))
    wanted = [
        *mail_budgets.bounds("letters of a call", f"{target.post_id} {address}", of_call),
        *mail_budgets.bounds("letters", address, of_all),
    ]
    return await mail_budgets.wait_to_write(tx, address, wanted)


async def write(tx: Tx, mail_id: int) -> Mail | None:
    """The mail as it is to be sent now; None where it has lost its reason."""
    found = await rows.by_id(tx.conn, mail_id)
    target = await target_rows.any_by_id(tx.conn, found.target_id) if found else None
    call = await calls.by_id(tx.conn, found.post_id) if found else None
    if found is None or target is None or call is None or found.state != "sent":
        return None
    if await _is_settled(tx, target, call) or await _is_suspended(tx, found.account_id or 0):
        await refused(tx, mail_id)
        return None
    return _mail(tx, found, target)


async def _is_suspended(tx: Tx, account_id: int) -> bool:
    account = await accounts.by_id(tx.conn, account_id)
    return account is None or account.suspended_at is not None


def _mail(tx: Tx, found: TargetMail, target: Target) -> Mail:
    stop = tx.site.urls.no_letters(_token(tx, fingerprint(tx, target)))
    body = f"{found.body}\n{stop}\n"
    return Mail(
        _mailbox(target) or "", found.subject, body, tx.now, unsubscribe=stop,
        key=f"{tx.site.urls.domain} letter {found.id}",
        reply_to=found.reply_to,
    )  # fmt: skip


async def refused(tx: Tx, mail_id: int) -> None:
    """It does not go: the relay will never take it, or it has lost its reason."""
    found = await rows.by_id(tx.conn, mail_id)
    post = await post_rows.by_id(tx.conn, found.post_id) if found else None
    if post is None:
        return
    call = await participations.locked(tx, post)
    await targets.unsent(tx, post, call, await rows.stop_one(tx.conn, mail_id))


def _token(tx: Tx, mark: bytes) -> str:
    return f"{mark.hex()}.{_seal(tx, mark.hex())}"


def _seal(tx: Tx, mark: str) -> str:
    return sealed.secret_of(tx).digest("no letters link", mark).hex()[:32]


def mark_of(tx: Tx, token: str) -> bytes:
    """The fingerprint that a link is about. Raises ``NotFound`` where this server did not make it."""
    mark, _, seal = token.partition(".")
    if tx.site.secret is None:
        raise NotFound  # and so it makes none
    if not hmac.compare_digest(seal.encode(), _seal(tx, mark).encode()):
        raise NotFound("This link is not complete. Please copy all of it from the mail.")
    return bytes.fromhex(mark)


async def refuse(tx: Tx, token: str) -> None:
    """Who was written to wants no letters from here any more. Raises ``NotFound``."""
    await rows.refuse(tx.conn, mark_of(tx, token), tx.now)
