"""What every request passes: who asks, what is answered to a failure, and the headers of every answer.

Errors become answers here, in the form of their door: JSON for clients and servers, a page for people. An
unexpected one is logged whole and told as one safe sentence. Headers are added when an answer begins, so
that errors carry them too: web clients could not read an error without CORS.
"""

from __future__ import annotations

import secrets
import time
from urllib.parse import quote

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler

from server import peer
from server.api import answers
from server.context import context
from server.errors import BeckonError, TooMany, Unauthenticated
from server.i18n import mark
from server.peer import ADDRESS, REQUEST_ID
from server.version import VERSION
from server.web.answers import headers as page_headers
from server.web.answers import page
from server.web.zipping import SECRETS
from storage.db import LOST, MOVED

log = structlog.stdlib.get_logger("beckon.http")

OPEN = ("/api/", "/oauth/token", "/oauth/revoke", "/oauth/userinfo", "/.well-known/", "/nodeinfo/")
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key",
    "Access-Control-Expose-Headers": "Link, X-RateLimit-Limit, X-RateLimit-Remaining,"
    " X-RateLimit-Reset, X-Request-Id, Mastodon-Async-Refresh",
    "Access-Control-Max-Age": "86400",
}
SENTENCES = {
    400: mark("The request cannot be read."),
    404: "Not Found",
    405: mark("This address does not answer that method."),
    413: mark("This is too large."),
}

LOOKS = ("GET", "HEAD")
CALLS = ("/calls/", "/api/beckon/v1/calls/")
"""Below these somebody answers, says or signs something, and it is nobody's business from which address."""

UNNAMED = "/feedback"
"""How other addresses end at which people say something that nobody is to know from whom it is."""

BROKEN = "Something went wrong on our side."


def _for_programs(request: web.Request) -> bool:
    """Whether whoever asks reads JSON: by the address, else by what is accepted or sent."""
    if request.path.startswith(OPEN) or request.path.rstrip("/").endswith("/inbox"):
        return True
    wants = request.headers.get("Accept", "")
    return "json" in wants.partition("text/html")[0] or "json" in request.content_type


@web.middleware
async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    request[REQUEST_ID] = secrets.token_hex(8)
    request[ADDRESS] = peer.address(
        request.remote or "",
        ",".join(request.headers.getall("X-Forwarded-For", [])),
        context(request).settings.trusted_proxies,
    )
    began = time.perf_counter()
    response = await _answer(request, handler)
    log.info(
        "request",
        id=request[REQUEST_ID],
        address=request[ADDRESS],
        method=request.method,
        path=_safe_path(request),
        status=response.status,
        ms=round((time.perf_counter() - began) * 1000, 1),
    )
    return response


def _safe_path(request: web.Request) -> str:
    """Without the query, where tokens may stand, and without links that are a secret. Of who only looks, and
    of all that is done at a call, the log tells the kind of page: with the address beside it, it would be a list of who
    looked at which call, and who answered it."""
    resource = request.match_info.route.resource
    hidden = request.method in LOOKS or bool(SECRETS & request.match_info.keys())
    hidden = hidden or request.path.startswith(CALLS) or request.path.endswith(UNNAMED)
    return resource.canonical if resource and hidden and request.match_info else request.path


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    if request.method == "OPTIONS" and request.path.startswith(OPEN):
        return answers.empty()
    if "\0" in request.path:  # PostgreSQL's text cannot hold it, so nothing has such a name
        return _failure(request, 404, SENTENCES[404])
    try:
        return await _again(request, handler)
    except BeckonError as error:
        return _refusal(request, error)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _failure(request, error.status, SENTENCES.get(error.status, error.reason))
    except HttpProcessingError:  # a multipart body that is none, read by a page
        return _failure(request, 400, SENTENCES[400])
    except LOST:
        log.exception("database.lost", id=request[REQUEST_ID], path=_safe_path(request))
        return _later(request)
    except Exception:
        log.exception("failed", id=request[REQUEST_ID], path=_safe_path(request))
        return _failure(request, 500, BROKEN)


async def _again(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Once more where others changed the same rows meanwhile: nothing was written, and all is looked up anew."""
    try:
        return await handler(request)
    except MOVED:
        log.info("again", id=request[REQUEST_ID], path=_safe_path(request))
        return await handler(request)


def _later(request: web.Request) -> web.StreamResponse:
    response = _failure(request, 503, "This server cannot answer just now; please try again.")
    response.headers["Retry-After"] = "5"
    return response


def _refusal(request: web.Request, error: BeckonError) -> web.StreamResponse:
    if error.cause:
        log.info("refused", id=request[REQUEST_ID], sentence=error.sentence, cause=error.cause)
    if _must_sign_in(request, error):
        back = quote(request.path_qs, safe="")
        return web.Response(status=303, headers={"Location": f"/sign-in?next={back}"})
    response = _failure(request, error.status, error.sentence)
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _must_sign_in(request: web.Request, error: BeckonError) -> bool:
    looks = request.method in {"GET", "HEAD"} and not _for_programs(request)
    return looks and isinstance(error, Unauthenticated)


def _failure(request: web.Request, status: int, sentence: str) -> web.Response:
    if _for_programs(request):
        # Pinafore and others fall back to older routes on 404 only, never on 405.
        unknown = status == 405
        return answers.error(404 if unknown else status, SENTENCES[404] if unknown else sentence)
    return page(request, "error.html", None, status=status, sentence=sentence)


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Run when any answer begins; what a handler has set stays."""
    headers = response.headers
    headers["Server"] = f"Beckon/{VERSION}"
    if REQUEST_ID in request:
        headers["X-Request-Id"] = request[REQUEST_ID]
    if request.path.startswith(OPEN):
        headers.update(CORS)
    if request.path.startswith("/api/"):
        headers.setdefault("Cache-Control", "private, no-store")
        headers.setdefault("Vary", "Authorization, Origin")
        if answers.STANDING in request:
            headers.update(answers.rate_headers(request[answers.STANDING]))
    for name, value in (
        page_headers(request).items() if response.content_type == "text/html" else ()
    ):
        headers.setdefault(name, value)
    headers.setdefault("X-Content-Type-Options", "nosniff")
