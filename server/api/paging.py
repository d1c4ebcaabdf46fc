"""Pages of the client API: cursors in, a Link header out, as Mastodon has them and clients read them."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote, urlencode

from aiohttp import web

from server import ids
from server.context import context
from storage.timelines import TOP, Page

LONGEST = 3500
"""Bytes of a Link header: proxies refuse an answer whose headers fill more than a page of memory."""
NOT_KEPT = frozenset({"max_id", "since_id", "min_id", "offset", "access_token"})


def limit(request: web.Request, default: int, maximum: int) -> int:
    """Clamped, never refused: Ivory asks for 100 where Mastodon gives 40."""
    given = request.query.get("limit", "")
    if not given.isascii() or not given.isdigit() or len(given) > 9:
        return default
    return min(max(int(given), 1), maximum)


def page(request: web.Request, default: int = 20, maximum: int = 40) -> Page:
    """The page asked for by limit, max_id, since_id and min_id; what is no id is ignored."""
    low = _cursor(request, "min_id")
    return Page(
        limit(request, default, maximum),
        _cursor(request, "max_id") or TOP,
        _cursor(request, "since_id") or 0,
        low,
    )


def _cursor(request: web.Request, name: str) -> int | None:
    return ids.parse(request.query.get(name, ""))


def link(
    request: web.Request, found: Sequence[int], *, prev: str = "min_id", more: bool = True
) -> dict[str, str]:
    """The Link header of a page whose rows (not always what is shown) have these ids, newest first.

    ``prev``: the cursor of the page above: min_id on timelines, since_id on lists of accounts.
    ``more``: whether there may be a next page: on lists of accounts, only after a full one.
    An empty page has no Link header, nor has one that was asked for in a thousand words. "next" stands
    first, for old clients take the first one.
    """
    if not found:
        return {}
    after = [f'<{_address(request, "max_id", found[-1])}>; rel="next"'] if more else []
    before = f'<{_address(request, prev, found[0])}>; rel="prev"'
    return _header([*after, before])


def offset(request: web.Request) -> int:
    """Where a page of a ranked list begins."""
    given = request.query.get("offset", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 7 else 0


def link_by_offset(request: web.Request, size: int, *, more: bool) -> dict[str, str]:
    """The Link header of a page of a ranked list, ``size`` at most; ``more``: whether one comes after it."""
    at = offset(request)
    after = [f'<{_address(request, "offset", at + size)}>; rel="next"'] if more else []
    before = [f'<{_address(request, "offset", max(at - size, 0))}>; rel="prev"'] if at else []
    return _header([*after, *before])


def _header(links: Sequence[str]) -> dict[str, str]:
    value = ", ".join(links)
    return {"Link": value} if 0 < len(value) <= LONGEST else {}


def _address(request: web.Request, cursor: str, value: int) -> str:
    kept = [(k, v) for k, v in request.query.items() if k not in NOT_KEPT]
    path = quote(
        request.path.rstrip("/"), safe="/@:"
    )  # megalodon splits at any comma and semicolon
    query = urlencode([*kept, (cursor, str(value))])
    return f"{context(request).work.site.urls.base}{path}?{query}"
