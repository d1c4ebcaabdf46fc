"""What the instance says of itself beyond its first answer, and what it does not do, said plainly.

There are no terms of service and no translations; a yearly report is made for nobody, and nobody is asked
for donations. The answers are those with which clients show nothing, and never an error at every start.
"""

from __future__ import annotations

from aiohttp import web

from server import text
from server.api import params
from server.api.answers import PUBLIC, empty, ok
from server.api.auth import Caller, for_anyone, for_member
from server.api.describe import Described, a_text, op
from server.api.reading import id_of
from server.api.schema import ANY, TEXT, array, entity, mapping
from server.context import context
from server.domain import sight
from server.errors import Forbidden, NotFound
from storage import instance

FOUND = 10


async def extended_description(request: web.Request, _: Caller | None) -> web.Response:
    """The description of the instance, as HTML."""
    async with context(request).work.reading() as tx:
        here = await instance.get(tx.conn)
    said = text.compose(here.description, {}, context(request).work.site.urls.tag) if here else ""
    return ok({"updated_at": None, "content": said}, headers=PUBLIC)


async def no_text(_request: web.Request, _: Caller | None) -> web.Response:
    """``PrivacyPolicy``: none was written."""
    return ok({"updated_at": None, "content": ""}, headers=PUBLIC)


async def none_there(_request: web.Request, _: Caller | None) -> web.Response:
    raise NotFound


async def nothing(_request: web.Request, _: Caller | None) -> web.Response:
    return ok({}, headers=PUBLIC)


async def languages(_request: web.Request, _: Caller | None) -> web.Response:
    """Those of the pages."""
    return ok([{"code": "en", "name": "English"}], headers=PUBLIC)


async def search_peers(request: web.Request, _: Caller | None) -> web.Response:
    """``q``: how the name of a server that we know begins."""
    begin = ((await params.read(request)).text("q") or "").strip().lower()
    async with context(request).work.reading() as tx:
        return ok(await instance.peers_like(tx.conn, begin, FOUND) if begin else [])


async def translate(request: web.Request, caller: Caller) -> web.Response:
    """Nothing is given to a translator, as the instance document says."""
    async with context(request).work.reading() as tx:
        await sight.subject(tx, id_of(request), caller.account)
    raise Forbidden("This server does not translate.", reason="no_translator")


async def no_reports(_request: web.Request, _caller: Caller) -> web.Response:
    return ok({"annual_reports": [], "accounts": [], "statuses": []})


async def report_state(_request: web.Request, _caller: Caller) -> web.Response:
    return ok({"state": "ineligible"})


async def no_report(_request: web.Request, _caller: Caller) -> web.Response:
    raise NotFound


async def no_campaign(_request: web.Request, _caller: Caller) -> web.Response:
    return empty()


_INSTANCE = "/api/v1/instance"
_YEAR = "/api/v1/annual_reports/{year}"


def routes() -> list[web.RouteDef]:
    return [
        for_anyone("GET", f"{_INSTANCE}/extended_description", extended_description),
        for_anyone("GET", f"{_INSTANCE}/privacy_policy", no_text),
        for_anyone("GET", f"{_INSTANCE}/terms_of_service", none_there),
        for_anyone("GET", f"{_INSTANCE}/terms_of_service/{{date}}", none_there),
        for_anyone("GET", f"{_INSTANCE}/translation_languages", nothing),
        for_anyone("GET", f"{_INSTANCE}/languages", languages),
        for_anyone("GET", "/api/v1/peers/search", search_peers),
        for_member("POST", "/api/v1/statuses/{id}/translate", translate, "read:statuses"),
        for_member("GET", "/api/v1/annual_reports", no_reports, "read:accounts"),
        for_member("GET", _YEAR, no_report, "read:accounts"),
        for_member("GET", f"{_YEAR}/state", report_state, "read:accounts"),
        for_member("POST", f"{_YEAR}/read", no_report, "write:accounts"),
        for_member("POST", f"{_YEAR}/generate", no_report, "write:accounts"),
        for_member("GET", "/api/v1/donation_campaigns", no_campaign, "read"),
    ]


_NONE = array(ANY) | {"maxItems": 0}
DESCRIBED: Described = {
    f"GET {_INSTANCE}/extended_description": op("ExtendedDescription"),
    f"GET {_INSTANCE}/privacy_policy": op("PrivacyPolicy"),
    f"GET {_INSTANCE}/terms_of_service": op("Empty", also=(404,)),
    f"GET {_INSTANCE}/terms_of_service/{{date}}": op("Empty", also=(404,)),
    f"GET {_INSTANCE}/translation_languages": op(mapping(array(TEXT))),
    f"GET {_INSTANCE}/languages": op(array("Language")),
    "GET /api/v1/peers/search": op(array(TEXT), a_text("q")),
    "POST /api/v1/statuses/{id}/translate": op("Translation"),
    "GET /api/v1/annual_reports": op(entity(annual_reports=_NONE, accounts=_NONE, statuses=_NONE)),
    f"GET {_YEAR}": op("Empty", also=(404,)),
    f"GET {_YEAR}/state": op(entity(state=TEXT)),
    f"POST {_YEAR}/read": op("Empty", also=(404,)),
    f"POST {_YEAR}/generate": op("Empty", also=(404,)),
    "GET /api/v1/donation_campaigns": op("Empty"),
}
