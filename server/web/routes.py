"""All pages."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from server.web import assets, oauth, pictures, setup, sign_in


def routes() -> Sequence[web.AbstractRouteDef]:
    return [
        *pictures.routes(),
        *assets.routes(),
        *sign_in.routes(),
        *setup.routes(),
        *oauth.routes(),
    ]
