"""Beside the form of a call: how others will see it, and who will.

A button asks for it, and gets the whole form again; a script asks while somebody types (``part``), and gets the
preview alone. The call is made for it and undone at once (``previewing``). What keeps it from being made is told
instead, with a way to each field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from server import limits
from server.context import context
from server.domain.calling import previewing
from server.domain.calling.previewing import Preview
from server.errors import BeckonError, Forbidden, Invalid, TooMany, Unavailable
from server.web import answers, call_form
from server.web.call_form import CallForm
from server.web.session import Viewer
from storage.accounts import Account

PART = "preview"
"""What a script says that wants nothing else of the page."""


@dataclass(frozen=True, slots=True)
class Looked:
    """``preview``: None where nobody asked yet, or where it could not be made: by a fault of the form, or by
    ``refused``."""

    asked: bool = False
    preview: Preview | None = None
    refused: BeckonError | None = None

    def status(self, form: CallForm) -> int:
        if self.refused:
            return self.refused.status
        return 422 if form.errors else 200


NOT_ASKED = Looked()


async def look(request: web.Request, viewer: Viewer, group: Account, form: CallForm) -> Looked:
    """What the form describes, as others would see it. Faults are put into the form. The caller has asked whether
    they may make calls there."""
    ctx = context(request)
    wanted = call_form.wanted(form)
    try:
        ctx.limits.require(limits.PREVIEWS, f"user/{viewer.user_id}", ctx.work.clock.now())
        if wanted is None:
            return Looked(asked=True)
        async with ctx.work.trying(dry_run=True) as tx:
            preview = await previewing.of_new(tx, viewer.account, group, wanted)
    except Invalid as error:
        form.refuse(error)
        return Looked(asked=True)
    except (Forbidden, TooMany, Unavailable) as error:
        return Looked(asked=True, refused=error)
    return Looked(asked=True, preview=preview)


def wants_part(sent: Mapping[str, str]) -> bool:
    return sent.get("part") == PART


def part(request: web.Request, viewer: Viewer, values: Mapping[str, object]) -> web.Response:
    """The preview alone: a fault of the form is what it says, and no failure."""
    return answers.page(request, "call_preview.html", viewer, status=200, **values)
