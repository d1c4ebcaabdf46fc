"""Two doors at one address: the document of a post for servers, the page about it for people."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from aiohttp import web

from server.accepts import vary, wants_activity

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


def shared(documents: Mapping[str, Handler], pages: Mapping[str, Handler]) -> list[web.RouteDef]:
    """Routes for every path of either door. What only one of them has is answered by that one."""
    joined = {
        path: by_accept(documents[path], pages[path]) for path in documents.keys() & pages.keys()
    }
    return [web.get(path, handler) for path, handler in {**documents, **pages, **joined}.items()]


def by_accept(document: Handler, page: Handler) -> Handler:
    """Answers with ``document`` who asks for ActivityStreams, and everybody else with ``page``."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = await (document if wants_activity(request) else page)(request)
        vary(response, "Accept")
        return response

    return answer
