"""OAuth 2.0 for clients (RFC 6749), with PKCE (RFC 7636) and revocation (RFC 7009).

An app registers itself and gets a secret. A member consents in the browser, which makes a code; the app
redeems the code once, within ten minutes, for a token. Tokens do not expire: no client refreshes them.
Of every secret only the digest is kept.

A redirect address is compared byte for byte with one that the app registered, because each of them means
something to some client. A code that comes a second time was stolen by one of the two who had it, so
the tokens made from it end (RFC 6749, 4.1.2).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from server import ids, text
from server.domain.members import scopes
from server.domain.tx import Tx
from server.errors import BadRequest, BeckonError, Invalid
from storage import oauth
from storage.accounts import Account
from storage.oauth import App, Code, Token

OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
CODE_LIFETIME = timedelta(minutes=10)
NAME_MAX = 60
URI_MAX = 2000
URIS_MAX = 20
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
FORBIDDEN_SCHEMES = frozenset({"data:", "javascript:", "vbscript:"})  # these run in the page
CHALLENGE = re.compile(r"[A-Za-z0-9_\-]{43}")  # S256: 32 bytes in base64url


class Refused(BeckonError):  # noqa: N818
    """``code`` is the error of RFC 6749, 5.2, and the status that it asks for."""

    status = 400

    def __init__(self, code: str, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.code = code
        self.status = status


@dataclass(frozen=True, slots=True)
class Issued:
    """A row, and the secret that is shown this once."""

    token: Token
    secret: str


@dataclass(frozen=True, slots=True)
class Ask:
    """What an app asks a member for, checked against what the app registered."""

    app: App
    redirect_uri: str
    scopes: list[str]
    challenge: str | None


async def register_app(
    tx: Tx, name: str, redirect_uris: Sequence[str], scope: str, website: str | None
) -> tuple[App, str]:
    """A new app and its secret. Raises ``Invalid``, or ``BadRequest`` for a scope unknown here."""
    shown = text.one_line(name, NAME_MAX)
    if not shown:
        raise Invalid("Validation failed: Application name can't be blank", field="client_name")
    if not redirect_uris or len(redirect_uris) > URIS_MAX:
        raise Invalid("Validation failed: Redirect URI can't be blank", field="redirect_uris")
    uris = [check_redirect(uri) for uri in redirect_uris]
    secret = ids.secret()
    digest = ids.digest(secret)
    site = website if website and website.startswith(("https://", "http://")) else None
    words = scopes.parse(scope)
    app = await oauth.insert_app(
        tx.conn, ids.secret(), digest, shown, site and site[:URI_MAX], uris, words, tx.now
    )
    return app, secret


def check_redirect(uri: str) -> str:
    """Any absolute URI of any scheme but those that run in a page. Raises ``Invalid``."""
    scheme = SCHEME.match(uri)
    plain = uri.isprintable() and " " not in uri and len(uri) <= URI_MAX
    if not plain or not scheme or scheme[0].lower() in FORBIDDEN_SCHEMES:
        raise Invalid(
            "Validation failed: Redirect URI must be an absolute URI.", field="redirect_uris"
        )
    return uri


async def client(tx: Tx, client_id: str, secret: str) -> App:
    """The app that proves itself by its secret. Raises ``Refused`` (invalid_client)."""
    app = await oauth.app_by_client(tx.conn, client_id)
    stored = app.secret_digest if app else bytes(32)
    good = hmac.compare_digest(stored, ids.digest(secret))
    if app is None or not good:
        # Elk registers itself again when it reads these words.
        raise Refused("invalid_client", "Client authentication failed.", 401)
    return app


async def ask(
    tx: Tx, client_id: str, redirect_uri: str, scope: str, challenge: str, method: str
) -> Ask:
    """Check what stands in the address of the consent page. Raises ``BadRequest``."""
    app = await oauth.app_by_client(tx.conn, client_id)
    if app is None:
        raise BadRequest("This app is not registered here. It may have to be set up again.")
    if redirect_uri not in app.redirect_uris:
        raise BadRequest("The app asks to be answered at an address that it did not register.")
    check_redirect(redirect_uri)
    wanted = scopes.parse(scope)
    if not scopes.within(wanted, app.scopes):
        raise BadRequest("The app asks for more than it registered for.")
    if challenge and (method != "S256" or not CHALLENGE.fullmatch(challenge)):
        raise BadRequest("The app proves itself in a way that is not known here (only S256 is).")
    return Ask(app, redirect_uri, wanted, challenge or None)


async def consent(tx: Tx, asked: Ask, account: Account) -> str:
    """A new code for the app to act as ``account``, which must be the consenting user's own."""
    if account.user_id is None:
        raise Invalid("This account belongs to nobody.")
    secret = ids.secret()
    code = Code(
        digest=ids.digest(secret),
        app_id=asked.app.id,
        user_id=account.user_id,
        account_id=account.id,
        redirect_uri=asked.redirect_uri,
        scopes=asked.scopes,
        challenge=asked.challenge,
        expires_at=tx.now + CODE_LIFETIME,
        used_at=None,
    )
    await oauth.insert_code(tx.conn, code)
    return secret


async def redeem(
    tx: Tx, app: App, secret: str, redirect_uri: str, verifier: str
) -> Issued | Refused:
    """A token for a code. The refusal is returned, not raised: what it revokes must be committed."""
    code = await oauth.lock_code(tx.conn, ids.digest(secret))
    if code is None or code.app_id != app.id:
        return _bad_grant()
    if code.used_at:
        await oauth.drop_tokens_of_code(tx.conn, code.digest)
        return _bad_grant()
    if code.expires_at <= tx.now or code.redirect_uri != redirect_uri:
        return _bad_grant()
    # A verifier without a challenge: somebody took the challenge away on its way here (RFC 9700, 2.1.1).
    if bool(code.challenge) != bool(verifier):
        return _bad_grant()
    if code.challenge and not _proves(code.challenge, verifier):
        return _bad_grant()
    await oauth.use_code(tx.conn, code.digest, tx.now)
    return await issue(
        tx, app, code.scopes, user_id=code.user_id, account_id=code.account_id, code=code.digest
    )


def _bad_grant() -> Refused:
    return Refused(
        "invalid_grant",
        "The provided authorization grant is invalid, expired, revoked, or was made for another"
        " client or address.",
    )


def _proves(challenge: str, verifier: str) -> bool:
    """RFC 7636, 4.6."""
    hashed = hashlib.sha256(verifier.encode()).digest()
    made = base64.urlsafe_b64encode(hashed).rstrip(b"=")
    return hmac.compare_digest(made, challenge.encode())


async def issue(
    tx: Tx,
    app: App,
    words: Sequence[str],
    *,
    user_id: int | None = None,
    account_id: int | None = None,
    code: bytes | None = None,
) -> Issued:
    """A new token: for an account, or (without one) for the app itself."""
    secret = ids.secret()
    digest = ids.digest(secret)
    token = await oauth.insert_token(
        tx.conn, digest, app.id, user_id, account_id, code, words, tx.now
    )
    return Issued(token, secret)


async def for_app(tx: Tx, app: App, scope: str) -> Issued:
    """A token for the app alone (RFC 6749, 4.4). Raises ``Refused`` (invalid_scope)."""
    words = parse_scope(scope)
    if not scopes.within(words, app.scopes):
        raise Refused("invalid_scope", "The requested scope is more than the app registered for.")
    return await issue(tx, app, words)


def parse_scope(scope: str) -> list[str]:
    """Raises ``Refused`` (invalid_scope)."""
    try:
        return scopes.parse(scope)
    except BadRequest as error:
        raise Refused("invalid_scope", error.sentence) from error


async def revoke(tx: Tx, app: App, secret: str) -> None:
    """End a token; one that is not there has ended already (RFC 7009, 2.2).

    Raises ``Refused`` (403) where it is another app's.
    """
    token = await oauth.token(tx.conn, ids.digest(secret))
    if token is None:
        return
    if token.app_id != app.id:
        raise Refused(
            "unauthorized_client", "You are not authorized to revoke this token.", status=403
        )
    await oauth.drop_token(tx.conn, token.id)
