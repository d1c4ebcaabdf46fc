"""The way from a client's request to other servers, always before a transaction and never inside one."""

from __future__ import annotations

from aiohttp import web

from federation.errors import Unreachable
from server.arriving import meeting, resolve, vouching
from server.arriving.resolve import Net
from server.context import NET
from server.errors import Unavailable
from storage.accounts import Account
from storage.posts import Post


def net_of(request: web.Request) -> Net:
    """The way out. Raises ``Unavailable`` where there is none."""
    net = request.app.get(NET)
    if net is None:
        raise Unavailable("This server does not talk to others.")
    return net


async def look_up(request: web.Request, text: str) -> Account | Post | None:
    """What an address or a handle leads to, there or here."""
    net = request.app.get(NET)
    return await resolve.search(net, text) if net else None


async def met_now(request: web.Request, text: str) -> Account:
    """As ``meeting.met_now``, by the way out of this request."""
    return await meeting.met_now(request.app.get(NET), text)


async def learn_handles(request: web.Request, typed: str) -> None:
    """Make the handles in a text known, so that they become mentions."""
    net = request.app.get(NET)
    if net:
        await resolve.handles(net, typed)


async def moderates(request: web.Request, group: Account, member: Account) -> bool:
    """Whether a group of another server names a member of ours as its moderator; False for one of ours.

    Raises ``Unavailable`` where its server does not answer.
    """
    net = request.app.get(NET)
    if group.local or net is None:
        return False
    try:
        return await vouching.is_listed(net, group, member.uri)
    except Unreachable as error:
        raise Unavailable("The server of this group does not answer.", cause=str(error)) from error
