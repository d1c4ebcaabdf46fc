"""Passkeys (Web Authentication, level 3): a device signs what we ask, and so tells who enters.

What it signs is asked once and for minutes: its digest is a *step* (storage/second_factor.py), found again by what
the device says that it signed. The keys belong to the host of our pages, and are found by the device itself, so
nobody types a name. Where the device did not check who holds it, who signs in with one-time codes is asked for one.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import (
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from server import ids, text
from server.domain.mailing import mails
from server.domain.members import second_factor
from server.domain.tx import Tx
from server.errors import Invalid, NotFound, Unauthenticated
from server.i18n import mark
from storage import passkeys as rows
from storage import second_factor as steps
from storage import users
from storage.accounts import Account
from storage.db import UniqueViolation
from storage.passkeys import Passkey
from storage.second_factor import Step
from storage.users import User

MOST = 20
NAME_MAX = 60
ANSWER_MAX = 20_000
"""Characters of what a device answers."""
CHALLENGE_BYTES = 32
UNREAD = mark("This passkey was not understood. Please try again.")
UNKNOWN = mark("This passkey is not known here. Please sign in with your password.")
PREFERRED = UserVerificationRequirement.PREFERRED


@dataclass(frozen=True, slots=True)
class Entered:
    """``verified``: whether the device checked who holds it."""

    user: User
    verified: bool


def _host(tx: Tx) -> str:
    return urlsplit(tx.site.urls.base).hostname or ""


async def _challenge(tx: Tx, purpose: str, user_id: int | None) -> bytes:
    challenge = os.urandom(CHALLENGE_BYTES)
    ends = tx.now + second_factor.LIFETIME
    await steps.put_step(tx.conn, Step(_digest(challenge), purpose, user_id, ends))
    return challenge


def _digest(challenge: bytes) -> bytes:
    return ids.digest(challenge.hex())


async def _asked(tx: Tx, client_data: bytes, purpose: str) -> tuple[Step, bytes]:
    """What we asked, by what the device says that it signed: good once. Raises ``Invalid``."""
    challenge = parse_client_data_json(client_data).challenge
    step = await steps.take_step(tx.conn, _digest(challenge), purpose, tx.now)
    if step is None:
        raise Invalid(UNREAD)
    return step, challenge


# Adding


async def begin(tx: Tx, user_id: int, person: Account) -> str:
    """What the browser is asked to make a key with, as JSON. Raises ``Invalid`` where there are too many."""
    known = await rows.of_user(tx.conn, user_id)
    if len(known) >= MOST:
        raise Invalid(mark("You have %(most)s passkeys. Please remove one first.", most=MOST))
    secret = tx.site.secret
    handle = secret.digest("passkey user", user_id) if secret else str(user_id).encode()
    options = webauthn.generate_registration_options(
        rp_id=_host(tx),
        rp_name=tx.site.title or tx.site.urls.domain,
        user_id=handle,
        user_name=person.username,
        user_display_name=person.display_name or person.username,
        challenge=await _challenge(tx, "add", user_id),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=PREFERRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(k.credential) for k in known],
    )
    return webauthn.options_to_json(options)


async def add(tx: Tx, user_id: int, name: str, answer: str) -> None:
    """Keep the key that the browser made. Raises ``Invalid``."""
    try:
        made = parse_registration_credential_json(answer[:ANSWER_MAX])
        step, challenge = await _asked(tx, made.response.client_data_json, "add")
        verified = webauthn.verify_registration_response(
            credential=made,
            expected_challenge=challenge,
            expected_rp_id=_host(tx),
            expected_origin=tx.site.urls.base,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise Invalid(UNREAD, cause=repr(error)) from error
    if step.user_id != user_id:
        raise Invalid(UNREAD)
    await _keep(tx, user_id, name, verified)


async def _keep(tx: Tx, user_id: int, name: str, made: VerifiedRegistration) -> None:
    shown = text.one_line(name, NAME_MAX)
    if not shown:
        raise Invalid("Please give the passkey a name.", field="name")
    try:
        async with tx.conn.transaction():
            await rows.insert(
                tx.conn, user_id, made.credential_id, made.credential_public_key, made.sign_count,
                shown, tx.now,
            )  # fmt: skip
    except UniqueViolation as error:
        raise Invalid("This passkey was added before.") from error
    await mails.want(tx, user_id, "sign_in_changed")


async def remove(tx: Tx, user_id: int, passkey_id: int) -> None:
    """Raises ``NotFound``."""
    if not await rows.drop(tx.conn, user_id, passkey_id):
        raise NotFound
    await mails.want(tx, user_id, "sign_in_changed")


# Entering


async def ask(tx: Tx) -> str:
    """What any browser is asked to sign in order to enter, as JSON."""
    challenge = await _challenge(tx, "enter", None)
    options = webauthn.generate_authentication_options(
        rp_id=_host(tx), challenge=challenge, user_verification=PREFERRED
    )
    return webauthn.options_to_json(options)


async def enter(tx: Tx, answer: str) -> Entered:
    """Who signed. Raises ``Invalid`` for what cannot be read or proves nothing, ``Unauthenticated`` for one unknown."""
    try:
        signed = parse_authentication_credential_json(answer[:ANSWER_MAX])
        _, challenge = await _asked(tx, signed.response.client_data_json, "enter")
        known = await rows.lock_by_credential(tx.conn, signed.raw_id)
        if known is None:
            raise Unauthenticated(UNKNOWN)
        verified = await _verify(tx, signed, challenge, known)
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise Invalid(UNREAD, cause=repr(error)) from error
    user = await users.by_id(tx.conn, known.user_id)
    if user is None or user.disabled_at:
        raise Unauthenticated(UNKNOWN)
    return Entered(user, verified)


async def _verify(
    tx: Tx, signed: AuthenticationCredential, challenge: bytes, known: Passkey
) -> bool:
    """Whether the device checked who holds it. A key that counted backwards was copied: the library refuses it."""
    verified = webauthn.verify_authentication_response(
        credential=signed,
        expected_challenge=challenge,
        expected_rp_id=_host(tx),
        expected_origin=tx.site.urls.base,
        credential_public_key=known.public_key,
        credential_current_sign_count=known.sign_count,
    )
    await rows.used(tx.conn, known.id, verified.new_sign_count, tx.now)
    return verified.user_verified
