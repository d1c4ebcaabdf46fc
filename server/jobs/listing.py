"""Reading a short collection of another server: the ids that it lists, page by page, on its owner's origin."""

from __future__ import annotations

from federation import parse
from federation.objects import Collection
from server.arriving import resolve
from server.arriving.resolve import Net


async def ids(net: Net, url: str, owner: str, *, pages: int, most: int) -> list[str]:
    """At most ``most`` ids, from at most ``pages`` pages, none of them twice. An embedded member proves nothing: its id counts.

    Raises ``federation.errors``.
    """
    found = await _read(net, url, owner, most)
    listed = _of(found)
    page = found.first_page
    following = None if page else found.first
    asked = {url}
    for _ in range(pages):
        if page:
            listed += _of(page)
            following = page.next
        if following is None or following in asked or len(listed) >= most:
            break
        asked.add(following)
        page = await _read(net, following, owner, most)
    return list(dict.fromkeys(listed))[:most]


async def _read(net: Net, url: str, owner: str, most: int) -> Collection:
    return parse.parse_collection(await resolve.own_document(net, url, owner), limit=most)


def _of(found: Collection) -> list[str]:
    named = (item if isinstance(item, str) else item.get("id") for item in found.items)
    return [uri for uri in named if isinstance(uri, str)]
