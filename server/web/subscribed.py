"""What calendars and feeds have in common: for whom they are, and how they are answered.

A public one shows what a stranger may see, whoever asks. One below ``/subscriptions/{secret}`` shows what the
holder of the secret may see; of a private community there is no other. Both are the same bytes as long as
nothing changed, so that a program that asks each hour is told so in a few bytes (RFC 9110, 13.1.2).
"""

from __future__ import annotations

import hashlib

from aiohttp import ETag, web

from server.domain import sight
from server.domain.groups import communities
from server.domain.members import subscriptions
from server.domain.tx import Tx
from server.errors import NotFound
from server.web import answers
from server.web.accounts import local
from storage.accounts import Account


async def public(tx: Tx, request: web.Request) -> Account:
    """The person or community of ours that ``{name}`` says. Raises ``NotFound``, for a private one too."""
    return await sight.require_known(tx, await local(tx, request), None)


async def own(tx: Tx, request: web.Request) -> tuple[Account, Account]:
    """A community that ``{id}`` says, and the member whose secret is in the address. Raises ``NotFound``."""
    member = await subscriptions.holder(tx, request.match_info["secret"])
    group = await sight.group(tx, answers.number(request), member)
    await communities.require_belonging(tx, group, member)
    if not group.local:
        raise NotFound
    return group, member


def answer(
    request: web.Request, body: bytes, media_type: str, name: str, viewer: Account | None
) -> web.Response:
    """The file, or 304 where the asker has it. What is for one member is in no shared cache."""
    tag = ETag(hashlib.sha256(body).hexdigest()[:32])
    headers = {
        "Cache-Control": "private, no-cache" if viewer else "no-cache",
        "X-Content-Type-Options": "nosniff",
    }
    had = request.if_none_match or ()
    if any(each.value in (tag.value, "*") for each in had):
        fresh = web.Response(status=304, headers=headers)
    else:
        headers["Content-Disposition"] = f'inline; filename="{name}"'
        fresh = web.Response(body=body, content_type=media_type, charset="utf-8", headers=headers)
    fresh.etag = tag
    return fresh
