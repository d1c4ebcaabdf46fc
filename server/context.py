"""What every door holds: the database, the settings, and the way out to other servers."""

from __future__ import annotations

from dataclasses import dataclass, field

from aiohttp import web

from server.arriving.resolve import Net
from server.blobs import Stores
from server.config import Settings
from server.domain.tx import Work
from server.limits import Limits
from server.proxy import Proxy
from server.uploads import Uploads


@dataclass(slots=True)
class Named:
    """What the instance was named anew since this process began. Other processes say it after a restart."""

    title: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """Made once by app.py for each process; doors read it from the request."""

    settings: Settings
    work: Work
    limits: Limits = field(default_factory=Limits)
    named: Named = field(default_factory=Named)


CONTEXT: web.AppKey[Context] = web.AppKey("context", Context)
NET: web.AppKey[Net] = web.AppKey("net", Net)
"""The way out to other servers; set where there is one."""

STORES: web.AppKey[Stores] = web.AppKey("stores", Stores)
PROXY: web.AppKey[Proxy] = web.AppKey("proxy", Proxy)
"""Set where there is a way out."""
UPLOADS: web.AppKey[Uploads] = web.AppKey("uploads", Uploads)


def context(request: web.Request) -> Context:
    return request.app[CONTEXT]
