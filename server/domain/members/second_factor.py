"""What is asked besides a password: one-time codes of an app (RFC 6238), and recovery codes for when that is lost.

The secret of the codes is sealed, and recovery codes are kept as keyed digests: who has the database alone can
make neither. A code is good for its half minute and the one before and after it (RFC 6238, 5.2: clocks differ),
and once: with a code, all up to it are used up. Between the password and the code there is a *step*: a secret in
the browser's cookie, good for minutes and for this user alone.

Where somebody is asked is decided in one place, ``asked_of``; each way in goes through it.
"""

from __future__ import annotations

import base64
import hmac
import io
import os
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import segno
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from server import ids, limits
from server.domain.mailing import mails
from server.domain.members import passwords, users
from server.domain.tx import Tx, Work
from server.errors import Invalid, NotFound, Unavailable
from server.i18n import mark
from server.limits import Limits
from server.sealing import Sealed, Secret
from storage import passkeys as passkey_rows
from storage import second_factor as rows
from storage import users as user_rows
from storage.second_factor import Step
from storage.users import User

DIGITS = 6
PERIOD = 30
"""Seconds. With SHA-1 and six digits it is what every app knows; some know nothing else."""
SECRET_BYTES = 20
DRIFT = (-1, 0, 1)
RECOVERY_CODES = 10
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Nothing that looks like something else: 12 of them are 59 bits."""
LIFETIME = timedelta(minutes=10)
WRONG = mark("This code is not right, or was used before.")
SEALED = "one-time codes"
RECOVERY = "recovery code"


@dataclass(frozen=True, slots=True)
class Codes:
    """What an app needs to make codes. ``typed``: the secret in letters, for who cannot scan ``address``."""

    typed: str
    address: str

    @property
    def picture(self) -> str:
        """``address`` to be scanned, as SVG."""
        drawn = io.BytesIO()
        made = segno.make_qr(self.address, error="m")
        made.save(drawn, kind="svg", border=4, light="#fff", omitsize=True, xmldecl=False)
        return drawn.getvalue().decode()


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody signs in. ``codes_since``: None where no codes are asked."""

    codes_since: datetime | None
    recovery_left: int
    passkeys: list[passkey_rows.Passkey]


def available(tx: Tx) -> bool:
    """Whether there is a secret that seals those of the codes."""
    return tx.site.secret is not None


def _secret(tx: Tx) -> Secret:
    if tx.site.secret is None:
        raise Unavailable("This server cannot keep a secret, so it takes no codes.")
    return tx.site.secret


async def standing(tx: Tx, user_id: int) -> Standing:
    row = await rows.one_time(tx.conn, user_id)
    return Standing(
        row.confirmed_at if row else None,
        await rows.recovery_left(tx.conn, user_id),
        await passkey_rows.of_user(tx.conn, user_id),
    )


async def asked_of(tx: Tx, user_id: int) -> bool:
    """Whether a password alone does not let this user in."""
    row = await rows.one_time(tx.conn, user_id)
    return row is not None and row.confirmed_at is not None


async def require_password(
    work: Work, counters: Limits, user_id: int, password: str, field: str = "password"
) -> User:
    """What changes how somebody signs in asks for their password again. Raises ``Invalid``, ``TooMany``."""
    counters.require(limits.SIGN_IN_ACCOUNT, f"user/{user_id}", work.clock.now())
    async with work.reading() as tx:
        user = await user_rows.by_id(tx.conn, user_id)
    if user is None or not await users.is_password(user, password):
        raise Invalid(passwords.NOT_YOURS, field=field)
    return user


# One-time codes


def _totp(key: bytes) -> TOTP:
    return TOTP(key, DIGITS, SHA1(), PERIOD)  # noqa: S303 - as an HMAC, which is not broken


async def begin(tx: Tx, user_id: int) -> None:
    """A new secret, which is asked for by nobody until ``confirm``. Raises ``Invalid`` where codes are in use."""
    if await asked_of(tx, user_id):
        raise Invalid("Codes are in use already.")
    sealed = _secret(tx).wrap(os.urandom(SECRET_BYTES), SEALED, user_id)
    await rows.put_one_time(tx.conn, user_id, sealed, tx.now)


async def begun(tx: Tx, user_id: int, name: str) -> Codes:
    """What is to be typed into the app that makes the codes. Raises ``NotFound`` where nothing was begun."""
    row = await rows.one_time(tx.conn, user_id)
    if row is None or row.confirmed_at:
        raise NotFound
    key = _open(tx, row)
    typed = base64.b32encode(key).decode()
    spaced = " ".join(typed[at : at + 4] for at in range(0, len(typed), 4))
    return Codes(spaced, _totp(key).get_provisioning_uri(name, tx.site.urls.domain))


async def confirm(tx: Tx, user_id: int, code: str) -> list[str]:
    """From now on codes are asked for. Gives the recovery codes, this once. Raises ``Invalid``, ``NotFound``."""
    row = await rows.one_time(tx.conn, user_id)
    if row is None or row.confirmed_at:
        raise NotFound
    if not await _take_one_time(tx, row, code):
        raise Invalid(WRONG, field="code")
    await mails.want(tx, user_id, "sign_in_changed")
    return await new_recovery(tx, user_id)


async def new_recovery(tx: Tx, user_id: int) -> list[str]:
    """Ten codes; those before are good no more. Raises ``Invalid`` where no codes are asked for."""
    if not await asked_of(tx, user_id):
        raise Invalid("Recovery codes go with one-time codes.")
    codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
    await rows.put_recovery(tx.conn, user_id, [_digest(tx, user_id, code) for code in codes])
    return codes


async def end(tx: Tx, user_id: int) -> None:
    """The password is enough again."""
    await rows.drop(tx.conn, user_id)
    await mails.want(tx, user_id, "sign_in_changed")


async def take(tx: Tx, user_id: int, code: str) -> None:
    """Use up a one-time code or a recovery code. Raises ``Invalid``."""
    row = await rows.one_time(tx.conn, user_id)
    if row is None or row.confirmed_at is None:
        raise Invalid(WRONG, field="code")
    if await _take_one_time(tx, row, code) or await _take_recovery(tx, user_id, code):
        return
    raise Invalid(WRONG, field="code")


def _open(tx: Tx, row: rows.OneTime) -> bytes:
    try:
        return _secret(tx).unwrap(row.sealed, SEALED, row.user_id)
    except Sealed as error:
        raise Unavailable("The secret of this server is another one than before.") from error


async def _take_one_time(tx: Tx, row: rows.OneTime, code: str) -> bool:
    given = "".join(code.split())
    if len(given) != DIGITS or not given.isascii() or not given.isdigit():
        return False
    made = _totp(_open(tx, row))
    now = int(tx.now.timestamp()) // PERIOD
    for step in (now + drift for drift in DRIFT):
        if hmac.compare_digest(made.generate(step * PERIOD), given.encode()):
            return await rows.take_code(tx.conn, row.user_id, step, tx.now)
    return False


# Recovery codes


def _recovery_code() -> str:
    letters = [secrets.choice(ALPHABET) for _ in range(12)]
    return "-".join("".join(letters[at : at + 4]) for at in range(0, 12, 4))


def _digest(tx: Tx, user_id: int, code: str) -> bytes:
    plain = "".join(letter for letter in code.lower() if letter.isalnum())
    return _secret(tx).digest(RECOVERY, user_id, plain)


async def _take_recovery(tx: Tx, user_id: int, code: str) -> bool:
    return await rows.take_recovery(tx.conn, user_id, _digest(tx, user_id, code[:100]))


# The step between the password and the code


async def pause(tx: Tx, user_id: int) -> str:
    """The password was right: the secret with which this browser goes on."""
    secret = ids.secret()
    await rows.put_step(tx.conn, Step(ids.digest(secret), "code", user_id, tx.now + LIFETIME))
    return secret


async def paused(tx: Tx, secret: str) -> int | None:
    """Whose code this browser is to give."""
    step = await rows.step(tx.conn, ids.digest(secret), "code", tx.now)
    return step.user_id if step else None


async def go_on(tx: Tx, counters: Limits, secret: str, code: str) -> int:
    """Who it is, with the code too. Raises ``Invalid``, ``TooMany``, ``NotFound`` where the step is too old."""
    user_id = await paused(tx, secret)
    if user_id is None:
        raise NotFound("This took too long. Please sign in once more.")
    counters.require(limits.SIGN_IN_ACCOUNT, f"code/{user_id}", tx.now)
    await take(tx, user_id, code)
    await rows.take_step(tx.conn, ids.digest(secret), "code", tx.now)
    return user_id
