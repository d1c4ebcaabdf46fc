"""The frame of these pages: whose call it is, who may organise it, and which pages a call of its kind has."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from server.domain.calling.kinds import KINDS, Kind
from server.domain.tx import Tx
from server.web import answers, calls, menus
from server.web.menus import Entry
from server.web.session import Viewer
from storage import call_series
from storage.accounts import Account
from storage.calls import Call
from storage.posts import Post

BELOW = "/calls/{id}/organise"


@dataclass(frozen=True, slots=True)
class Organised:
    """A call of ours, with its community, as one of those who steer it looks at it."""

    post: Post
    call: Call
    group: Account
    repeats: bool

    @property
    def path(self) -> str:
        return f"/calls/{self.post.id}"

    @property
    def kind(self) -> Kind:
        return KINDS[self.call.kind]


async def organised(tx: Tx, request: web.Request, viewer: Viewer) -> Organised:
    """Raises ``NotFound`` for who may not see it, ``Forbidden`` for who does not steer its community."""
    post, call, group = await calls.steered(tx, request, viewer)
    return Organised(post, call, group, await call_series.of_post(tx.conn, post.id) is not None)


def menu(of: Organised) -> tuple[Entry, ...]:
    """The pages that a call like this has. What came of a shift is told with its call."""
    own = menus.ORGANISING_KINDS.get(of.call.kind, ())
    repeats = (menus.REPEATS,) if of.repeats else ()
    last = menus.ORGANISING[-1:] if of.call.parent_id else menus.ORGANISING[-2:]
    return (*menus.ORGANISING[:-2], *repeats, *own, *last)


def page(
    request: web.Request,
    name: str,
    viewer: Viewer,
    of: Organised,
    *,
    status: int = 200,
    **more: object,
) -> web.Response:
    """A page about one call, with its menu. It names people: it is kept nowhere."""
    response = answers.page(
        request, name, viewer, status=status, of=of, post=of.post, call=of.call, group=of.group,
        menu=menu(of), root=of.path, section=of.post.title, **more,
    )  # fmt: skip
    response.headers["Cache-Control"] = "private, no-store"
    return response
