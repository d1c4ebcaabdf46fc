"""Choosing the language of the pages: kept with the user who is signed in, else in a cookie that says nothing else."""

from __future__ import annotations

from aiohttp import web

from server import i18n
from server.context import context
from server.web import answers, session
from server.web.sign_in import local_path
from storage import users

YEAR = 365 * 24 * 3600


async def choose(request: web.Request) -> web.Response:
    """``POST /language``: ``language`` and the path to go back to, ``back``."""
    session.require_same_origin(request)
    sent = {name: str(value) for name, value in (await request.post()).items()}
    chosen = answers.choice(sent, "language", i18n.LANGUAGES)
    viewer = await session.viewer(request)
    if viewer:
        async with context(request).work.transaction() as tx:
            await users.set_language(tx.conn, viewer.user_id, chosen)
    response = answers.back_to(local_path(sent.get("back", "/")))
    response.set_cookie(
        answers.LANGUAGE, chosen, max_age=YEAR, path="/", httponly=True, samesite="Lax"
    )
    return response


def routes() -> list[web.AbstractRouteDef]:
    return [web.post("/language", choose)]
