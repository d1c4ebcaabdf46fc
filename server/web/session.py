"""Who is looking: the browser's session, and the token that every form carries.

The cookie holds 256 random bits; the database holds their digest only, so a stolen database signs nobody
in. The form token is a digest of the same secret: another site can neither read nor guess it, and nothing
has to be stored for it. A sign-in form has no session yet; ``require_same_origin`` guards that one.

Sessions survive a restart; they end after ``LIFETIME``, at signing out, or when the user is disabled. Of the browser
its kind is kept, and to the hour when it was last used, so that its owner finds it in a list; no address is.

Between a password and a code a browser has another cookie, for minutes: it tells who is to give the code, and
signs nobody in.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from aiohttp import web

from server import ids
from server.context import context
from server.domain.tx import Tx
from server.errors import Forbidden
from server.i18n import mark
from server.web import browsers
from storage import accounts, oauth
from storage.accounts import Account
from storage.oauth import Session

LIFETIME = timedelta(days=60)
TOUCH = timedelta(hours=1)
"""So seldom it is written down that a session is used."""
FORM_FIELD = "csrf"
EXPIRED = mark(
    "This form is from another session. Please go back, load the page again, and send it again."
)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody of ours who is signed in, and the token for their forms."""

    user_id: int
    account: Account
    csrf: str
    role: str = "member"
    language: str | None = None

    @property
    def runs(self) -> bool:
        """Whether this person runs the instance, with others."""
        return self.role == "admin"

    @property
    def moderates(self) -> bool:
        return self.role in ("moderator", "admin")


def _secure(request: web.Request) -> bool:
    return context(request).settings.base.startswith("https:")


def _cookie(request: web.Request) -> str:
    """``__Host-``: no subdomain and no plain connection can set it (RFC 6265bis, 4.1.3.2).

    A browser sends a cookie to every port of its host (RFC 6265, 8.5), so the name carries a digest of
    our address: several instances on one loopback address do not sign each other out.
    """
    base = context(request).settings.base
    own = f"beckon-{hashlib.sha256(base.encode()).hexdigest()[:8]}"
    return f"__Host-{own}" if _secure(request) else own


def _step_cookie(request: web.Request) -> str:
    return f"{_cookie(request)}-step"


def _form_token(secret: str) -> str:
    return hmac.new(secret.encode(), b"form", "sha256").hexdigest()


def current(request: web.Request) -> bytes:
    """The digest of this browser's session, be it good or not."""
    return ids.digest(request.cookies.get(_cookie(request), ""))


async def viewer(request: web.Request) -> Viewer | None:
    """Who is signed in, or None."""
    secret = request.cookies.get(_cookie(request))
    if not secret:
        return None
    async with context(request).work.reading() as tx:
        session = await oauth.session(tx.conn, ids.digest(secret), tx.now)
        if session and tx.now - session.used_at > TOUCH:
            await oauth.touch_session(tx.conn, ids.digest(secret), tx.now)
        account = await accounts.by_id(tx.conn, session.account_id) if session else None
    if session is None or account is None or account.is_hidden:
        return None
    return Viewer(session.user_id, account, _form_token(secret), session.role, session.language)


async def begin(
    request: web.Request, response: web.StreamResponse, tx: Tx, user_id: int, account_id: int
) -> None:
    """Sign a browser in: a row, and the cookie on the response. A new secret each time."""
    secret = ids.secret()
    kind = browsers.kind(request.headers.get("User-Agent", ""))
    row = Session(ids.digest(secret), user_id, account_id, tx.now, tx.now + LIFETIME, kind)
    await oauth.insert_session(tx.conn, row)
    _set_cookie(request, response, _cookie(request), secret, LIFETIME)
    forget_step(request, response)


def _set_cookie(
    request: web.Request, response: web.StreamResponse, name: str, value: str, lasts: timedelta
) -> None:
    response.set_cookie(
        name, value, max_age=int(lasts.total_seconds()), path="/", secure=_secure(request),
        httponly=True, samesite="Lax",
    )  # fmt: skip


def remember_step(
    request: web.Request, response: web.StreamResponse, secret: str, lasts: timedelta
) -> None:
    """This browser is to give a code next."""
    _set_cookie(request, response, _step_cookie(request), secret, lasts)


def step(request: web.Request) -> str:
    """The secret of the step at which this browser is, or ""."""
    return request.cookies.get(_step_cookie(request), "")


def forget_step(request: web.Request, response: web.StreamResponse) -> None:
    if step(request):
        response.del_cookie(_step_cookie(request), path="/", secure=_secure(request), httponly=True)


async def end(request: web.Request, response: web.StreamResponse, tx: Tx) -> None:
    """Sign a browser out, here and in the database."""
    secret = request.cookies.get(_cookie(request))
    if secret:
        await oauth.drop_session(tx.conn, ids.digest(secret))
    response.del_cookie(_cookie(request), path="/", secure=_secure(request), httponly=True)


def require_csrf(someone: Viewer, form: Mapping[str, object]) -> None:
    """Raises ``Forbidden`` unless the form carries the token of this session."""
    given = form.get(FORM_FIELD)
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), someone.csrf.encode()):
        raise Forbidden(EXPIRED, reason="csrf")


def require_same_origin(request: web.Request) -> None:
    """For forms without a session. Raises ``Forbidden`` where a browser says the form is not ours.

    Browsers send ``Origin`` with every POST (Fetch, 3.2) and say themselves where a form stood
    (Fetch Metadata, 2.4); what sends neither is no browser.
    """
    if request.headers.get("Sec-Fetch-Site", "none") not in {"same-origin", "none"}:
        raise Forbidden(EXPIRED, reason="origin")
    origin = request.headers.get("Origin")
    ours = urlsplit(context(request).settings.base)
    if origin is not None and origin != f"{ours.scheme}://{ours.netloc}":
        raise Forbidden(EXPIRED, reason="origin")
