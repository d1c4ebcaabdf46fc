"""What moderators of the instance do to accounts.

*Silenced* (clients say limited): posts come unasked to followers alone, in no public timeline, trend or
suggestion, and what such an account does waits with the notifications of whom does not follow it.
*Sensitive*: the media of its posts are behind a click.

*Disabled*: a user of ours cannot sign in, and their tokens are void; what they wrote stays. *Suspended*: an
account, ours or remote, is not seen, nor is anything it wrote (``sight``), it cannot act (its tokens and
sessions are void, what its server sends is refused), and nothing is sent to it. Both are taken back
whole. Whom an action meets is told, with the words of the moderator. *Deleted* is for good, by
administrators and only who is suspended. Short of that nothing is deleted.

Of a suspension of one of ours the followers' servers are told by an Update whose ``suspended`` is true, as
Mastodon does, and of its end by one without: they hold their own copies, and a Delete could not be taken back.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from server import i18n
from server.domain import effects
from server.domain.mailing import mails
from server.domain.members import farewell
from server.domain.moderating import reports as report_verbs
from server.domain.moderating import staff_log
from server.domain.tx import Tx
from server.errors import Forbidden, Invalid, NotFound
from server.i18n import gettext, joined, mark
from storage import accounts, reports, users
from storage.accounts import Account
from storage.reports import Report
from storage.users import User

STAFF = ("moderator", "admin")
REFUSED = mark("This action is not allowed")
WORDS_MAX = 5000
RANKS = {"member": 0, "moderator": 1, "admin": 2}


def require_staff(by: User) -> None:
    """Raises ``Forbidden`` for who is neither moderator nor administrator."""
    if by.role not in STAFF:
        raise Forbidden(REFUSED, reason="role")


def require_admin(by: User) -> None:
    """Raises ``Forbidden``."""
    if by.role != "admin":
        raise Forbidden(REFUSED, reason="role")


async def user_of(tx: Tx, account: Account) -> User | None:
    return await users.by_id(tx.conn, account.user_id) if account.user_id else None


def outranks(by: User, user: User | None) -> bool:
    """Whether ``by`` may judge an account of this user (None: nobody of ours)."""
    return by.role in STAFF and (user is None or RANKS[user.role] < RANKS[by.role])


async def user_below(tx: Tx, by: User, account: Account) -> User | None:
    """The user of an account that ``by`` may act upon. Raises ``Forbidden``: nobody judges their like."""
    require_staff(by)
    user = await user_of(tx, account)
    if account.kind == "application" or not outranks(by, user):
        raise Forbidden(REFUSED, reason="rank")
    return user


@dataclass(frozen=True, slots=True)
class Action:
    """``type``: one of ``ACTIONS``. ``words``: what its user is told. ``report_id``: what it answers. ``mail``: whether
    they get a mail as well: the suspended can read nothing else."""

    type: str
    words: str = ""
    report_id: int | None = None
    mail: bool = True


async def act(tx: Tx, by: User, moderator: Account, account: Account, wanted: Action) -> None:
    """Do it, close the report, and tell the one whom it meets.

    Raises ``Forbidden``; ``Invalid`` for an unknown type, too many words, or a report about another.
    """
    if wanted.type not in ACTIONS:
        raise Invalid(
            mark("The type is one of %(known)s here.", known=", ".join(ACTIONS)), field="type"
        )
    if len(wanted.words) > WORDS_MAX:
        raise Invalid(mark("A text has at most %(most)s characters.", most=WORDS_MAX), field="text")
    user = await user_below(tx, by, account)
    about = await _report(tx, account, wanted.report_id)
    verb = ACTIONS[wanted.type]
    if verb:
        await verb(tx, by, account)
    reason = wanted.words or (f"report {about.id}" if about else "")
    await staff_log.note(tx, by, wanted.type, account=account, reason=reason)
    if about:
        await report_verbs.resolve(tx, moderator, about)
    if user:
        await _warn(tx, user, account, wanted, about)


async def _report(tx: Tx, account: Account, report_id: int | None) -> Report | None:
    if report_id is None:
        return None
    row = await reports.show(tx.conn, report_id)
    if row is None or row.target_id != account.id:
        raise Invalid("There is no such report about this account.", field="report_id")
    return row


async def _warn(tx: Tx, user: User, account: Account, wanted: Action, about: Report | None) -> None:
    """Told as from the account itself: which moderator it was stays unsaid."""
    if wanted.type == "none" and not wanted.words:
        return
    told = {
        "action": wanted.type,
        "text": wanted.words,
        "status_ids": [str(i) for i in about.post_ids] if about else [],
        "target_account_id": account.id,
        "appeal": None,
    }
    await effects.tell(tx, [account], "moderation_warning", account, None, about=told)
    if wanted.mail:
        with i18n.speaking(i18n.best(user.language)):
            sentence = gettext(_sentence(wanted, about))
        said = {"sentence": sentence, "words": wanted.words, "community": ""}
        await mails.want(tx, user.id, "warning", handle=f"@{account.username}", **said)


def _sentence(wanted: Action, about: Report | None) -> str:
    reason = REASONS.get(about.category, "") if about else ""
    return joined(SENTENCES[wanted.type], reason)


async def suspend(tx: Tx, by: User, account: Account) -> Account:
    """Raises ``Forbidden``. A repeat changes nothing."""
    await user_below(tx, by, account)
    suspended = await accounts.suspend(tx.conn, account.id, tx.now)
    if account.local and account.suspended_at is None:
        await effects.profile(tx, suspended)
    return suspended


async def unsuspend(tx: Tx, by: User, account: Account) -> Account:
    """Raises ``Forbidden``, and ``Invalid`` where its whole host is kept out."""
    await user_below(tx, by, account)
    if account.suspended_by_host:
        raise Invalid("Its server is suspended: lift that block first.")
    back = await accounts.unsuspend(tx.conn, account.id)
    await staff_log.note(tx, by, "unsuspend", account=account)
    if account.local and account.suspended_at:
        await effects.profile(tx, back)
    return back


async def silence(tx: Tx, by: User, account: Account) -> Account:
    """Raises ``Forbidden``. A repeat changes nothing."""
    await user_below(tx, by, account)
    return await accounts.silence(tx.conn, account.id, tx.now)


async def unsilence(tx: Tx, by: User, account: Account) -> Account:
    """Raises ``Forbidden``, and ``Invalid`` where its whole host is kept down."""
    await user_below(tx, by, account)
    if account.silenced_by_host:
        raise Invalid("Its server is silenced: lift that block first.")
    await staff_log.note(tx, by, "unsilence", account=account)
    return await accounts.unsilence(tx.conn, account.id)


async def sensitize(tx: Tx, by: User, account: Account) -> Account:
    """Raises ``Forbidden``. A repeat changes nothing."""
    await user_below(tx, by, account)
    return await accounts.sensitize(tx.conn, account.id, tx.now)


async def unsensitize(tx: Tx, by: User, account: Account) -> Account:
    """Raises ``Forbidden``."""
    await user_below(tx, by, account)
    await staff_log.note(tx, by, "unsensitive", account=account)
    return await accounts.unsensitize(tx.conn, account.id)


async def set_disabled(tx: Tx, by: User, account: Account, *, disabled: bool) -> None:
    """Raises ``Forbidden``, and ``Invalid`` for an account that nobody here signs in to."""
    user = await user_below(tx, by, account)
    if user is None:
        raise Invalid("Nobody here signs in to this account.")
    await users.set_disabled(tx.conn, user.id, tx.now if disabled else None)


async def erase(tx: Tx, by: User, account: Account) -> Account:
    """Remove all data of a suspended person for good (``farewell``).

    Raises ``Forbidden``: administrators alone, and of who is suspended; ``Invalid`` for a community.
    """
    require_admin(by)
    await user_below(tx, by, account)
    if account.suspended_at is None:
        raise Forbidden(REFUSED, reason="not_suspended")
    if account.local and account.is_group:
        raise Invalid("A community is not deleted in this way.")
    await staff_log.note(tx, by, "erase", account=account, about=f"@{account.handle}")
    return await farewell.erase(tx, account)


async def disable(tx: Tx, by: User, account: Account) -> None:
    await set_disabled(tx, by, account, disabled=True)


async def enable(tx: Tx, by: User, account: Account) -> None:
    await set_disabled(tx, by, account, disabled=False)
    await staff_log.note(tx, by, "enable", account=account)


Verb: TypeAlias = Callable[[Tx, User, Account], Awaitable[object]]
ACTIONS: Mapping[str, Verb | None] = {
    "none": None,
    "sensitive": sensitize,
    "disable": disable,
    "silence": silence,
    "suspend": suspend,
}
SENTENCES = {
    "none": mark("The moderators of this server want to tell you something."),
    "sensitive": mark("The moderators of this server hide the media of your posts behind a click."),
    "disable": mark(
        "The moderators of this server closed your account to you. What you wrote stays."
    ),
    "silence": mark("The moderators of this server show your posts to your followers alone."),
    "suspend": mark("The moderators of this server suspended your account."),
}

REASONS = {
    "spam": mark("The reason: spam."),
    "legal": mark("The reason: what you wrote may be against the law."),
    "violation": mark("The reason: a rule of this server was broken."),
}
"""By the category of the report that it answers."""


async def waiting_user(tx: Tx, by: User, account: Account) -> User:
    """Whose sign-up ``by`` decides. Raises ``Forbidden``, and ``NotFound`` where nobody signs in."""
    require_staff(by)
    user = await user_of(tx, account)
    if user is None:
        raise NotFound
    return user
