"""Who may come to which page below ``/admin``, and what these pages share.

To who runs nothing here there are no such pages: 404, as for an unknown address. A moderator finds those for
administrators closed (403), and does not see them in the menu. The verbs ask again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from aiohttp import web

from server.domain.moderating import moderation
from server.domain.tx import Tx
from server.errors import Forbidden, NotFound, Unauthenticated
from server.i18n import mark
from server.web import answers, menus
from server.web.session import Viewer
from storage import accounts, users
from storage.accounts import Account
from storage.users import User

ROOM = 40
"""Rows of a list on one page."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A form that somebody of the staff sent."""

    viewer: Viewer
    fields: Mapping[str, str]

    def text(self, name: str) -> str:
        return self.fields.get(name, "").strip()

    def flag(self, name: str) -> bool:
        return bool(self.fields.get(name))


@dataclass(frozen=True, slots=True)
class Form:
    """What was typed, and a sentence for each field that cannot stand; that for none of them is under ``form``."""

    values: Mapping[str, str]
    errors: dict[str, str] = field(default_factory=dict[str, str])

    def refuse(self, name: str, sentence: str) -> None:
        self.errors[name if name in self.values else "form"] = sentence


Look: TypeAlias = Callable[[web.Request, Viewer], Awaitable[web.StreamResponse]]
Act: TypeAlias = Callable[[web.Request, Sent], Awaitable[web.StreamResponse]]


def _require(viewer: Viewer, *, admin: bool) -> None:
    if not viewer.moderates:
        raise NotFound
    if admin and not viewer.runs:
        raise Forbidden(mark("Only administrators may do this."), reason="role")


def look(path: str, page: Look, *, admin: bool = False) -> web.RouteDef:
    """A page for staff, or for administrators alone."""

    async def answer(request: web.Request) -> web.StreamResponse:
        viewer = await answers.signed_in(request)
        _require(viewer, admin=admin)
        return await page(request, viewer)

    return web.get(path, answer)


def act(path: str, verb: Act, *, admin: bool = False) -> web.RouteDef:
    """What a form does, for staff, or for administrators alone."""

    async def answer(request: web.Request) -> web.StreamResponse:
        viewer, fields = await answers.form(request)
        _require(viewer, admin=admin)
        return await verb(request, Sent(viewer, fields))

    return web.post(path, answer)


MODERATORS = frozenset({"", "/reports", "/accounts", "/sign-ups", "/barred", "/deliveries", "/log"})
"""Pages that moderators see too, below ``/admin``."""


def page(
    request: web.Request, name: str, viewer: Viewer, *, status: int = 200, **values: object
) -> web.Response:
    menu = [
        entry
        for entry in menus.RUNNING
        if viewer.runs or entry.path.removeprefix("/admin") in MODERATORS
    ]
    return answers.page(
        request, name, viewer, status=status, menu=menu, root="", **values
    )  # fmt: skip


async def user(tx: Tx, viewer: Viewer) -> User:
    """Who acts, as the verbs want them. Raises ``Unauthenticated`` for who was removed meanwhile."""
    found = await users.by_id(tx.conn, viewer.user_id)
    if found is None:
        raise Unauthenticated("Please sign in first.")
    moderation.require_staff(found)
    return found


async def account(tx: Tx, request: web.Request) -> Account:
    """The one in ``{id}``, also who waits to be let in. Raises ``NotFound``."""
    found = await accounts.by_id(tx.conn, answers.number(request))
    if found is None or found.kind == "application":
        raise NotFound
    return found
