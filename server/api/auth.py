"""Who asks, and whether their token allows it. Every route of the client API is declared here.

There is no route without a rule: a handler is joined to its path by one of

* ``for_member``: a token that acts for an account, with one of the scopes; gives a ``Caller``;
* ``for_anyone``: no token, or a good one; gives the ``Caller`` or None;
* ``for_app``: any good token, that of an app alone too; gives the ``Token``.

A token comes in the Authorization header, or as ``access_token`` in the query or body, as Mastodon takes it.
It is looked up by digest at every request, so a revoked one is refused at once, by all processes. Of
somebody who signed up and was not let in yet it says so (403); where anybody may ask they are nobody. A token
that is sent and not good is 401 on every route: a client must learn that it was signed out.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from aiohttp import web
from aiohttp.typedefs import Handler

from server import ids, limits
from server.api import params
from server.api.answers import STANDING
from server.context import context
from server.domain.members import scopes, users
from server.domain.tx import Tx
from server.errors import Forbidden, Invalid, Unauthenticated
from server.peer import address_of
from storage import oauth
from storage.accounts import Account
from storage.oauth import Bearer, Token
from storage.users import User

TOUCH_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Caller:
    """A member, and the token by which they act."""

    token: Token
    account: Account
    user: User


@dataclass(frozen=True, slots=True)
class Rule:
    """``who``: member, anyone or app. ``scopes``: any of these will do; none given: any token."""

    who: str
    scopes: tuple[str, ...]


class Guarded(web.RouteDef):
    """A route that tells its rule, for the OpenAPI document."""

    __slots__ = ("rule",)

    def __init__(self, method: str, path: str, handler: Handler, rule: Rule) -> None:
        super().__init__(method, path, handler, {})
        object.__setattr__(self, "rule", rule)  # route definitions are frozen

    rule: Rule


ForMember: TypeAlias = Callable[[web.Request, Caller], Awaitable[web.StreamResponse]]
ForAnyone: TypeAlias = Callable[[web.Request, Caller | None], Awaitable[web.StreamResponse]]
ForApp: TypeAlias = Callable[[web.Request, Token], Awaitable[web.StreamResponse]]


def for_member(
    method: str,
    path: str,
    handler: ForMember,
    scope: str,
    *or_scopes: str,
    limit: limits.Rule | None = None,
) -> web.RouteDef:
    """401 without a good token, 422 for an app alone, 403 without one of the scopes or not let in yet.

    ``limit``: how often each user may ask for this, beside what holds for all.
    """

    async def answer(request: web.Request) -> web.StreamResponse:
        bearer = await _require_bearer(request)
        _require_scope(bearer.token, (scope, *or_scopes))
        caller = caller_of(bearer)
        if caller is None:
            if bearer.user:
                users.refuse_waiting(bearer.user)
            raise Invalid("This method requires an authenticated user")
        if limit:
            count(request, limit, str(caller.user.id))
        return await handler(request, caller)

    return Guarded(method, path, answer, Rule("member", (scope, *or_scopes)))


def for_anyone(method: str, path: str, handler: ForAnyone, *any_scopes: str) -> web.RouteDef:
    """Without scopes given, any good token will do. An app alone is nobody in particular."""

    async def answer(request: web.Request) -> web.StreamResponse:
        bearer = await admit(request)
        caller = caller_of(bearer) if bearer else None
        if caller:
            _require_scope(caller.token, any_scopes)
        return await handler(request, caller)

    return Guarded(method, path, answer, Rule("anyone", any_scopes))


def for_app(method: str, path: str, handler: ForApp, *any_scopes: str) -> web.RouteDef:
    async def answer(request: web.Request) -> web.StreamResponse:
        bearer = await _require_bearer(request)
        _require_scope(bearer.token, any_scopes)
        return await handler(request, bearer.token)

    return Guarded(method, path, answer, Rule("app", any_scopes))


async def _require_bearer(request: web.Request) -> Bearer:
    bearer = await admit(request)
    if bearer is None:
        raise Unauthenticated("The access token is invalid")
    return bearer


def _require_scope(token: Token, any_scopes: tuple[str, ...]) -> None:
    if any_scopes and not any(scopes.covers(token.scopes, scope) for scope in any_scopes):
        raise Forbidden("This action is outside the authorized scopes", reason="scope")


async def admit(request: web.Request, else_secret: str = "") -> Bearer | None:
    """The request's token, counted against its limit; without a good one its address is counted.

    ``else_secret``: a token that came by another way. Raises ``Unauthenticated`` for a bad one.
    """
    secret = await secret_of(request) or else_secret
    bearer = await bearer_of(request, secret) if secret else None
    count_for(request, bearer.token if bearer else None, bearer.user if bearer else None)
    if secret and bearer is None:
        raise Unauthenticated("The access token is invalid")
    return bearer


def count_for(request: web.Request, token: Token | None, user: User | None) -> None:
    """Count one thing that was asked for: against the token and its user, or the address of a stranger.

    Raises ``TooMany``.
    """
    if token is None:
        count(request, limits.ADDRESS, neighbour(request))
        return
    count(request, limits.TOKEN, str(token.id))
    if user:
        count(request, limits.USER, str(user.id))


def neighbour(request: web.Request) -> str:
    """Whose requests those of a stranger count as."""
    return limits.neighbourhood(address_of(request))


def count(request: web.Request, rule: limits.Rule, key: str) -> None:
    """Count this request against one more rule; the answer tells of the one with the least left.

    Raises ``TooMany`` beyond the limit.
    """
    ctx = context(request)
    now = ctx.work.clock.now()
    standing = ctx.limits.take(rule, key, now)
    before = request.get(STANDING)
    if before is None or standing.exceeded or standing.remaining < before.remaining:
        request[STANDING] = standing
    limits.refuse_beyond(standing, now)


async def secret_of(request: web.Request) -> str:
    """The token as it was sent, or ""."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if request.query.get("access_token"):
        return request.query["access_token"]
    return (await params.read(request)).text("access_token") or ""


async def bearer_of(request: web.Request, secret: str) -> Bearer | None:
    """The token of a secret and who acts by it; None where there is none, or its account may not act."""
    async with context(request).work.reading() as tx:
        bearer = await oauth.bearer(tx.conn, ids.digest(secret))
        if bearer:
            await _touch(tx, bearer.token)
    return bearer


async def _touch(tx: Tx, token: Token) -> None:
    if token.last_used_at is None or tx.now - token.last_used_at > TOUCH_AFTER:
        await oauth.touch_token(tx.conn, token.id, tx.now)


def caller_of(bearer: Bearer) -> Caller | None:
    """None for an app alone."""
    account, user = bearer.account, bearer.user
    return Caller(bearer.token, account, user) if account and user else None
