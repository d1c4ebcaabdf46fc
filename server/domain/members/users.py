"""Who signs in: registering, passwords, and the first administrator.

A password is kept as Argon2id and never otherwise. Hashing takes tens of milliseconds of a core, so it
runs in two threads of its own: a flood of attempts waits there and leaves the loop to everybody else. An
unknown name costs the same work and gets the same sentence as a wrong password, so that nothing tells
who has an account here; attempts are counted per name and per address (server/limits.py).
"""

from __future__ import annotations

import asyncio
import hmac
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from server import ids, limits
from server.domain.members import accounts as domain_accounts
from server.domain.tx import Tx, Work
from server.errors import Conflict, Forbidden, Invalid, Unauthenticated
from server.i18n import mark
from server.limits import Limits
from storage import accounts, instance, users
from storage.accounts import Account
from storage.db import UniqueViolation
from storage.users import User

PASSWORD_MIN = 8
PASSWORD_MAX = 200
_ATOM = r"[\w!#$%&'*+/=?^`{|}~-]+"
_LABEL = r"[^\W_](?:[\w-]*[^\W_])?"
EMAIL = re.compile(rf"(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")
"""RFC 5321, 4.1.2, without quotes; RFC 6531 for other letters. Nothing else may pass: in the header of a mail
``a,b@c`` are two people, and ``a<b@c>`` is ``b@c``, whose domain may be barred and whose mailbox counts once.
"""
EMAIL_MAX = 254  # RFC 5321, 4.5.3.1.3
ROLES = ("member", "moderator", "admin")
WRONG = mark("The name or the password is wrong.")

UNCONFIRMED = mark("Your login is missing a confirmed e-mail address")
UNAPPROVED = mark("Your login is currently pending approval")
"""Mastodon's sentences, by which apps know the one from the other."""

T = TypeVar("T")

# OWASP's figures for Argon2id: 19 MiB, two passes.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_THREADS = ThreadPoolExecutor(2, thread_name_prefix="password")


async def _apart(work: Callable[[str], T], password: str) -> T:
    return await asyncio.get_running_loop().run_in_executor(_THREADS, work, password)


@cache
def _nobodys() -> str:
    """What the password of an unknown name is compared with."""
    return _HASHER.hash(ids.secret())


def _matches(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


async def is_password(user: User | None, password: str) -> bool:
    """Costs the same time for a user without one, and for nobody."""
    stored = user.password_hash if user else None
    good = await _apart(lambda given: _matches(stored or _nobodys(), given), password[:1000])
    return good and stored is not None


async def hash_password(password: str) -> str:
    """Raises ``Invalid`` for one that is too short or too long."""
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        raise Invalid(
            mark(
                "A password has %(least)s to %(most)s characters.",
                least=PASSWORD_MIN,
                most=PASSWORD_MAX,
            ),
            field="password",
        )
    return await _apart(_HASHER.hash, password)


def check_email(address: str) -> str:
    """Raises ``Invalid`` for what cannot be an e-mail address."""
    if len(address) > EMAIL_MAX or not EMAIL.fullmatch(address):
        raise Invalid("This is not an e-mail address.", field="email")
    return address


async def register(
    tx: Tx, email: str, username: str, password: str | None, role: str = "member"
) -> tuple[User, Account]:
    """A user and their first person. Without a password nobody can sign in as them.

    Raises ``Invalid`` (with the field), or ``Conflict`` where the address or the handle is taken.
    """
    if role not in ROLES:
        raise Invalid(mark("A role is one of %(known)s.", known=", ".join(ROLES)), field="role")
    check_email(email)
    hashed = None if password is None else await hash_password(password)
    try:
        async with tx.conn.transaction():
            user = await users.create(tx.conn, email, hashed, role, tx.now)
    except UniqueViolation as error:
        raise Conflict("This e-mail address cannot be used.", cause=str(error)) from error
    return user, await domain_accounts.create(tx, "person", username, user_id=user.id)


def refuse_waiting(user: User) -> None:
    """Raises ``Forbidden`` for one who was not let in yet, saying what is missing."""
    if user.confirmed_at is None:
        raise Forbidden(UNCONFIRMED, reason="unconfirmed")
    if user.approved_at is None:
        raise Forbidden(UNAPPROVED, reason="unapproved")


async def sign_in(work: Work, counters: Limits, name: str, password: str, address: str) -> User:
    """The user of a handle or e-mail address and its password; ``address`` is the network's.

    Raises ``Unauthenticated`` with one sentence for all reasons, or ``TooMany``. They may not have been let
    in yet: ``refuse_waiting`` says so.
    """
    now = work.clock.now()
    name = name.strip().removeprefix("@")
    counters.require(limits.SIGN_IN_ADDRESS, limits.neighbourhood(address), now)
    counters.require(limits.SIGN_IN_ACCOUNT, name.lower()[:EMAIL_MAX], now)
    async with work.reading() as tx:
        user = await users.by_login(tx.conn, name)
    good = await is_password(user, password)
    if user is None or not good or user.disabled_at:
        raise Unauthenticated(WRONG)
    if _HASHER.check_needs_rehash(user.password_hash or ""):
        await _rehash(work, user, password)
    return user


async def _rehash(work: Work, user: User, password: str) -> None:
    hashed = await _apart(_HASHER.hash, password)
    async with work.transaction() as tx:
        await users.set_password(tx.conn, user.id, hashed)


async def persons(tx: Tx, user_id: int) -> list[Account]:
    """Those of the user's persons that may act, oldest first."""
    return [a for a in await accounts.of_user(tx.conn, user_id) if not a.is_hidden]


async def begin_setup(tx: Tx) -> str:
    """The secret of a new one-time link, with which the first administrator is made. Ends the old one."""
    secret = ids.secret()
    await instance.set_setup(tx.conn, ids.digest(secret))
    return secret


async def may_set_up(tx: Tx, secret: str) -> bool:
    here = await instance.get(tx.conn)
    stored = here.setup_digest if here else None
    return stored is not None and hmac.compare_digest(stored, ids.digest(secret))


async def finish_setup(
    tx: Tx, secret: str, email: str, username: str, password: str
) -> tuple[User, Account]:
    """Make the first administrator and use the link up. Raises ``Forbidden`` where it is not open."""
    if not await instance.use_setup(tx.conn, ids.digest(secret)):
        raise Forbidden("This link was used already, or never was.", reason="setup")
    return await register(tx, email, username, password, "admin")
