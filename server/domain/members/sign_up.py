"""Signing up: who may, what is asked, and what has to happen before somebody may act.

The instance is open, approves (a moderator decides), takes the invited only, or is closed, as it is from
the start; ``beckon registrations`` changes that while it runs. An invitation also lets in without
approval.

    signed up → (mail can be sent?) address confirmed → (approval?) approved → let in

The account is made at once, so that its handle is taken and the app has its token, but until it is let in
nobody sees it (``waiting``) and its token may only ask whether it is let in yet. Moderators are told when
the address is confirmed: what robots type is not worth their time. Whoever never confirms is forgotten after
``PATIENCE``, and the handle and the address are free again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from server import ids
from server.domain import effects
from server.domain.mailing import mails
from server.domain.members import accounts, names, users
from server.domain.moderating import barriers, staff_log
from server.domain.tx import Tx, Work
from server.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from server.i18n import mark
from storage import accounts as account_rows
from storage import instance, invites, links, second_factor
from storage import users as user_rows
from storage.accounts import Account
from storage.db import UniqueViolation
from storage.users import User

MODES = ("open", "approved", "invited", "closed")
PATIENCE = timedelta(days=7)
REASON_MAX = 2000
NOT_ALLOWED = "contains a disallowed e-mail provider"


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody typed. ``app_id``: the app that they typed it into; ``address``: on the network;
    ``language``: of the page, or "" where that is not known."""

    username: str
    email: str
    password: str
    agreement: bool
    reason: str = ""
    invite: str = ""
    app_id: int | None = None
    address: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """``code`` is Mastodon's name for it; ``description`` completes a sentence that begins with the field."""

    field: str
    code: str
    description: str


class Faults(Invalid):
    """All that is wrong with what was typed (422)."""

    def __init__(self, faults: list[Fault]) -> None:
        told = ", ".join(f"{f.field.capitalize()} {f.description}" for f in faults)
        super().__init__(f"Validation failed: {told}", field=faults[0].field)
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Ready:
    """A wish without faults as far as could be seen, and its password, hashed. Made by ``prepare`` only."""

    wish: Wish
    password_hash: str


async def mode(tx: Tx) -> str:
    """One of ``MODES``. Raises ``Unavailable`` before the first start."""
    here = await instance.get(tx.conn)
    if here is None:
        raise Unavailable("This instance is not set up yet.")
    return here.registrations


async def set_mode(tx: Tx, wanted: str, by: User | None = None) -> None:
    """Raises ``Invalid`` for a word that is no mode."""
    if wanted not in MODES:
        raise Invalid(mark("Sign-up is one of %(known)s.", known=", ".join(MODES)))
    await instance.set_registrations(tx.conn, wanted)
    await staff_log.note(tx, by, "sign_ups", about=wanted)


async def invite(tx: Tx, uses: int | None = 1, days: int | None = 7, by: User | None = None) -> str:
    """A new code; with None it is good any number of times, or for ever."""
    code = ids.secret()
    ends = tx.now + timedelta(days=days) if days else None
    await invites.insert(tx.conn, ids.digest(code), uses, ends, tx.now)
    await staff_log.note(tx, by, "invite")
    return code


async def needs_approval(tx: Tx, code: str, address: str) -> bool:
    """Whether a moderator will decide about somebody with this code ("": none), from this address.

    Raises ``Forbidden`` where they may not sign up at all.
    """
    here = await mode(tx)
    invited = bool(code) and await invites.good(tx.conn, ids.digest(code), tx.now)
    return _verdict(here, await barriers.severity(tx, address), invited=invited)


def _verdict(here: str, severity: str | None, *, invited: bool) -> bool:
    if here == "closed" or severity == "sign_up_block":
        raise Forbidden("Nobody can sign up here at the moment.", reason="closed")
    if here == "invited" and not invited:
        raise Forbidden("Signing up here needs an invitation that is still good.", reason="invited")
    return severity is not None or (here == "approved" and not invited)


async def prepare(work: Work, wish: Wish) -> Ready:
    """Look for faults, and hash the password outside any transaction. Raises ``Forbidden``, ``Faults``."""
    async with work.reading() as tx:
        approval = await needs_approval(tx, wish.invite, wish.address)
        faults = [*_faults(wish, tx.site.urls.domain, approval=approval)]
        wrong = {fault.field for fault in faults}
        faults += [f for f in await _taken(tx, wish) if f.field not in wrong]
    if faults:
        raise Faults(faults)
    return Ready(wish, await users.hash_password(wish.password))


def _faults(wish: Wish, domain: str, *, approval: bool) -> Iterator[Fault]:
    yield from _name_faults(wish.username, domain)
    yield from _email_faults(wish.email)
    yield from _password_faults(wish.password)
    if not wish.agreement:
        yield Fault("agreement", "ERR_ACCEPTED", "must be accepted")
    if approval and not wish.reason.strip():
        yield Fault("reason", "ERR_BLANK", "can't be blank")
    if len(wish.reason) > REASON_MAX:
        yield Fault("reason", "ERR_TOO_LONG", f"is too long (maximum is {REASON_MAX} characters)")


def _name_faults(name: str, domain: str) -> Iterator[Fault]:
    if not name:
        yield Fault("username", "ERR_BLANK", "can't be blank")
    elif not names.USERNAME.fullmatch(name):
        yield Fault(
            "username",
            "ERR_INVALID",
            "must contain only letters, numbers and underscores, 30 of them at most",
        )
    elif names.is_reserved(name) or names.is_instances(name, domain):
        yield Fault("username", "ERR_RESERVED", "is reserved")


def _email_faults(address: str) -> Iterator[Fault]:
    if not address:
        yield Fault("email", "ERR_BLANK", "can't be blank")
        return
    try:
        users.check_email(address)
    except Invalid:
        yield Fault("email", "ERR_INVALID", "is invalid")


def _password_faults(password: str) -> Iterator[Fault]:
    if not password:
        yield Fault("password", "ERR_BLANK", "can't be blank")
    elif len(password) < users.PASSWORD_MIN:
        least = f"(minimum is {users.PASSWORD_MIN} characters)"
        yield Fault("password", "ERR_TOO_SHORT", f"is too short {least}")
    elif len(password) > users.PASSWORD_MAX:
        most = f"(maximum is {users.PASSWORD_MAX} characters)"
        yield Fault("password", "ERR_TOO_LONG", f"is too long {most}")


async def _taken(tx: Tx, wish: Wish) -> list[Fault]:
    faults: list[Fault] = []
    if await account_rows.looks_taken(tx.conn, names.looks(wish.username)):
        faults.append(Fault("username", "ERR_TAKEN", "has already been taken"))
    if await user_rows.by_email(tx.conn, wish.email):
        faults.append(Fault("email", "ERR_TAKEN", "has already been taken"))
    elif await barriers.refuses_email(tx, wish.email):
        faults.append(Fault("email", "ERR_BLOCKED", NOT_ALLOWED))
    return faults


async def sign_up(tx: Tx, ready: Ready) -> tuple[User, Account]:
    """Make the user and their person. Raises ``Forbidden``, or ``Faults`` where somebody was faster."""
    wish = ready.wish
    approval = await _take_invitation(tx, wish.invite, wish.address)
    try:
        async with tx.conn.transaction():
            user = await user_rows.create_waiting(
                tx.conn, wish.email, ready.password_hash, tx.now,
                confirmed=not tx.site.mail, approved=not approval,
                reason=wish.reason.strip(), app_id=wish.app_id,
            )  # fmt: skip
    except UniqueViolation as error:
        raise Faults([Fault("email", "ERR_TAKEN", "has already been taken")]) from error
    try:
        account = await accounts.create(tx, "person", wish.username, user_id=user.id)
    except Conflict as error:
        raise Faults([Fault("username", "ERR_TAKEN", "has already been taken")]) from error
    await account_rows.set_waiting(tx.conn, user.id, waiting=True)
    if wish.language:
        await user_rows.set_language(tx.conn, user.id, wish.language)
    if user.confirmed_at:
        await _came(tx, user)
    else:
        await mails.want(tx, user.id, "confirm")
    return user, account


async def _take_invitation(tx: Tx, code: str, address: str) -> bool:
    """As ``needs_approval``, and one more use is counted, where the invitation made a difference."""
    here = await mode(tx)
    needed = bool(code) and here in ("approved", "invited")
    invited = needed and await invites.use(tx.conn, ids.digest(code), tx.now)
    return _verdict(here, await barriers.severity(tx, address), invited=invited)


async def _came(tx: Tx, user: User) -> None:
    """The address is confirmed, or needed not be: let in who was approved, and tell the moderators."""
    if user.approved_at:
        await account_rows.set_waiting(tx.conn, user.id, waiting=False)
    for person in await account_rows.of_user(tx.conn, user.id):
        staff = await account_rows.staff(tx.conn)
        await effects.tell(tx, staff, "admin.sign_up", person, None)


async def may_confirm(tx: Tx, secret: str) -> bool:
    return await links.get(tx.conn, ids.digest(secret), "confirm", tx.now) is not None


async def confirm(tx: Tx, secret: str) -> User:
    """Use a link up. Raises ``NotFound`` where it is not good (any more)."""
    link = await links.take(tx.conn, ids.digest(secret), "confirm", tx.now)
    user = await user_rows.confirm(tx.conn, link.user_id, link.email, tx.now) if link else None
    if user is None:
        raise NotFound("This link was used already, or is too old.")
    await links.drop_of_user(tx.conn, user.id, "confirm")
    await _came(tx, user)
    return user


async def send_again(tx: Tx, user: User, email: str | None = None) -> None:
    """The mail with the link once more, to another address if one is given.

    Raises ``Forbidden`` for who has confirmed theirs, and ``Invalid`` for an address that cannot be used.
    """
    if user.confirmed_at:
        raise Forbidden("This method is only available while the e-mail is awaiting confirmation")
    if email and email != user.email:
        users.check_email(email)
        if await barriers.refuses_email(tx, email):
            raise Invalid(
                mark("Validation failed: Email %(not_allowed)s", not_allowed=NOT_ALLOWED),
                field="email",
            )
        try:
            async with tx.conn.transaction():
                await user_rows.set_email(tx.conn, user.id, email)
        except UniqueViolation as error:
            raise Invalid(
                "Validation failed: Email has already been taken", field="email"
            ) from error
    await mails.want(tx, user.id, "confirm")


async def approve(tx: Tx, user: User, by: User | None = None) -> None:
    """Let somebody in who waits for it. Raises ``Forbidden`` where nothing is to be decided."""
    approved = await user_rows.approve(tx.conn, user.id, tx.now)
    if approved is None:
        raise Forbidden("This account was let in already.", reason="approved")
    people = await account_rows.of_user(tx.conn, user.id)
    await staff_log.note(tx, by, "approve", account=people[0] if people else None)
    if approved.confirmed_at:
        await account_rows.set_waiting(tx.conn, user.id, waiting=False)
        await mails.want(tx, user.id, "approved")


async def reject(tx: Tx, user: User, by: User | None = None) -> None:
    """Forget somebody who waits to be let in. Raises ``Forbidden`` where nothing is to be decided."""
    if user.approved_at:
        raise Forbidden("This account was let in already.", reason="approved")
    await staff_log.note(tx, by, "reject")
    await _forget(tx, user.id)


async def _forget(tx: Tx, user_id: int) -> None:
    for person in await account_rows.of_user(tx.conn, user_id):
        await account_rows.delete(tx.conn, person.id)
    await user_rows.delete(tx.conn, user_id)


async def clean(tx: Tx) -> None:
    """Forget who never confirmed, and links and invitations that are good no more."""
    for user_id in await user_rows.unconfirmed(tx.conn, tx.now - PATIENCE):
        await _forget(tx, user_id)
    await links.drop_expired(tx.conn, tx.now)
    await second_factor.drop_expired(tx.conn, tx.now)
    await invites.drop_expired(tx.conn, tx.now)
