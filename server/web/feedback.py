"""Saying what was good and what could be better, once a call is over: three ways to one page.

A member signs in; who answered from elsewhere or by e-mail has a link with a secret, which is all that is asked of
them. Looking changes nothing. Who steers the community reads here what was said, once it may be read.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from server.context import context
from server.domain import sight
from server.domain.calling import contacts, feedback, receipts
from server.domain.calling.feedback import Giver, Heard, Said
from server.domain.tx import Tx
from server.errors import Forbidden
from server.web import answers, session
from server.web.session import Viewer
from storage.accounts import Account
from storage.posts import Post

BEHIND = "{secret:[A-Za-z0-9_-]{43}}"


async def of_member(request: web.Request) -> web.Response:
    """``GET /calls/{id}/feedback``"""
    viewer = await answers.signed_in(request)
    async with context(request).work.transaction() as tx:
        post = await sight.post(tx, answers.number(request), viewer.account)
        heard = await _heard(tx, viewer.account, post)
        try:
            giver = await feedback.member(tx, viewer.account, post)
        except Forbidden as refused:
            if heard is None:
                raise
            return _page(request, viewer, post, heard=heard, why=refused.sentence)
        return await _form(tx, request, viewer, giver, heard)


async def _heard(tx: Tx, account: Account, post: Post) -> Heard | None:
    try:
        return await feedback.heard(tx, account, post)
    except Forbidden:
        return None


async def by_member(request: web.Request) -> web.Response:
    """``POST /calls/{id}/feedback``"""
    viewer, form = await answers.form(request)
    async with context(request).work.transaction() as tx:
        post = await sight.post(tx, answers.number(request), viewer.account)
        giver = await feedback.member(tx, viewer.account, post)
        await feedback.give(tx, giver, _said(form))
    return _page(request, viewer, giver.post, done=True)


async def of_link(request: web.Request) -> web.Response:
    """``GET /receipts/{secret}/feedback`` and ``GET /answers/{secret}/feedback``"""
    async with context(request).work.transaction() as tx:
        return await _form(tx, request, None, await _behind(tx, request), None)


async def by_link(request: web.Request) -> web.Response:
    """``POST`` to the same."""
    session.require_same_origin(request)
    sent = await request.post()
    form = {n: v.replace("\0", "") for n, v in sent.items() if isinstance(v, str)}
    async with context(request).work.transaction() as tx:
        giver = await _behind(tx, request)
        await feedback.give(tx, giver, _said(form))
    return _page(request, None, giver.post, done=True)


async def _behind(tx: Tx, request: web.Request) -> Giver:
    secret = request.match_info["secret"]
    if request.path.startswith("/answers/"):
        return await feedback.behind(tx, (await contacts.shown(tx, secret, "manage")).place)
    given, _ = await receipts.of_link(tx, secret)
    return await feedback.behind(tx, given)


def _said(form: dict[str, str]) -> Said:
    return Said(form.get("good", ""), form.get("better", ""), form.get("again", ""))


async def _form(
    tx: Tx, request: web.Request, viewer: Viewer | None, giver: Giver, heard: Heard | None
) -> web.Response:
    given = await feedback.has_given(tx, giver)
    readers = await feedback.readers(tx, giver.call, member=viewer is not None)
    return _page(request, viewer, giver.post, heard=heard, given=given, readers=readers)


def _page(
    request: web.Request,
    viewer: Viewer | None,
    post: Post,
    *,
    heard: Heard | None = None,
    why: str = "",
    readers: str = "",
    given: bool = False,
    done: bool = False,
) -> web.Response:
    """``why``: the viewer may not say something; ``given``: they did before, ``done``: just now."""
    shown: dict[str, Any] = {
        "post": post,
        "heard": heard,
        "why": why,
        "readers": readers,
        "given": given,
    }
    limit = feedback.TEXT_MAX
    response = answers.page(request, "feedback.html", viewer, **shown, done=done, limit=limit)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def routes() -> list[web.AbstractRouteDef]:
    return [
        web.get("/calls/{id}/feedback", of_member),
        web.post("/calls/{id}/feedback", by_member),
        web.get(f"/receipts/{BEHIND}/feedback", of_link),
        web.post(f"/receipts/{BEHIND}/feedback", by_link),
        web.get(f"/answers/{BEHIND}/feedback", of_link),
        web.post(f"/answers/{BEHIND}/feedback", by_link),
    ]
