"""Signing up from an app, and asking whether the address is confirmed.

The app signs somebody up with its own token and gets theirs at once. As long as they are not let in that
token answers 403 on the routes of a member, and the app asks again from time to time: with
``check_confirmation``, or as Mastodon for Android with ``verify_credentials``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from aiohttp import web

from server import limits
from server.api import answers, oauth, params
from server.api.auth import count, for_app, neighbour
from server.api.describe import Described, Param, a_text, op
from server.api.params import Params
from server.api.schema import BOOL
from server.context import context
from server.domain.members import oauth as oauth_verbs
from server.domain.members import sign_up as verbs
from server.domain.members.sign_up import Faults, Wish
from server.domain.tx import Tx
from server.errors import Forbidden, Invalid
from server.peer import address_of
from storage import oauth as oauth_rows
from storage import users as user_rows
from storage.oauth import Token
from storage.users import User


async def create(request: web.Request, token: Token) -> web.Response:
    """``POST /api/v1/accounts``. ``locale`` and ``date_of_birth`` are ignored: neither is kept."""
    count(request, limits.SIGN_UP, neighbour(request))
    wish = replace(_wish(await params.read(request), token), address=address_of(request))
    work = context(request).work
    try:
        ready = await verbs.prepare(work, wish)
        async with work.transaction() as tx:
            user, account = await verbs.sign_up(tx, ready)
            app = (await oauth_rows.apps(tx.conn, [token.app_id]))[token.app_id]
            issued = await oauth_verbs.issue(
                tx, app, token.scopes, user_id=user.id, account_id=account.id
            )
    except Faults as refused:
        return answers.error(422, refused.sentence, details=_details(refused))
    return oauth.token_answer(issued)


def _wish(sent: Params, token: Token) -> Wish:
    return Wish(
        username=(sent.text("username") or "").strip(),
        email=(sent.text("email") or "").strip(),
        password=sent.text("password") or "",
        agreement=sent.flag("agreement"),
        reason=sent.text("reason") or "",
        invite=sent.text("invite_code") or "",
        app_id=token.app_id,
    )


def _details(refused: Faults) -> dict[str, list[dict[str, str]]]:
    """Field to faults, as Mastodon's apps show them beside the fields."""
    details: dict[str, list[dict[str, str]]] = {}
    for fault in refused.faults:
        told = {"error": fault.code, "description": fault.description}
        details.setdefault(fault.field, []).append(told)
    return details


async def _user(tx: Tx, token: Token) -> User:
    """Raises ``Invalid`` for the token of an app alone."""
    user = await user_rows.by_id(tx.conn, token.user_id) if token.user_id else None
    if user is None:
        raise Invalid("This method requires an authenticated user")
    return user


async def resend(request: web.Request, token: Token) -> web.Response:
    """``POST /api/v1/emails/confirmations``, with another ``email`` if the first was wrong."""
    count(request, limits.CONFIRMATIONS, neighbour(request))
    count(request, limits.CONFIRMATIONS, f"user/{token.user_id}")
    email = ((await params.read(request)).text("email") or "").strip()
    async with context(request).work.transaction() as tx:
        user = await _user(tx, token)
        if user.app_id != token.app_id:
            raise Forbidden(
                "This method is only available to the application the user originally signed up with"
            )
        await verbs.send_again(tx, user, email or None)
    return answers.empty()


async def check(request: web.Request, token: Token) -> web.Response:
    """``GET /api/v1/emails/check_confirmation``: true or false."""
    async with context(request).work.reading() as tx:
        user = await _user(tx, token)
    return answers.ok(user.confirmed_at is not None)


DESCRIBED: Described = {
    "POST /api/v1/accounts": op(
        "Token",
        a_text("username", required=True),
        a_text("email", required=True),
        a_text("password", required=True),
        Param("agreement", BOOL, required=True),
        a_text("reason"),
        a_text("invite_code"),
        a_text("locale"),
        a_text("date_of_birth"),
        also=(422,),
    ),
    "POST /api/v1/emails/confirmations": op("Empty", a_text("email"), also=(422,)),
    "GET /api/v1/emails/check_confirmation": op(BOOL, also=(422,)),
}


def routes() -> Sequence[web.RouteDef]:
    return [
        for_app("POST", "/api/v1/accounts", create, "write:accounts"),
        for_app("POST", "/api/v1/emails/confirmations", resend, "write:accounts"),
        for_app("GET", "/api/v1/emails/check_confirmation", check, "read:accounts"),
    ]
