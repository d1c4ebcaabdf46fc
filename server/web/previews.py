"""Beside the form of a call: how others will see it, and who will.

A button asks for it, and gets the whole form again; a script asks while somebody types (``part``), and gets the
preview alone. The call is made or changed for it, and that undone at once (``previewing``). What keeps it from being made is told
instead, with a way to each field.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

from server import limits
from server.context import context
from server.domain.calling.drafting import Wanted
from server.domain.calling.previewing import Preview
from server.domain.tx import Tx
from server.errors import BeckonError, Forbidden, Invalid, TooMany, Unavailable
from server.web import answers, call_form
from server.web.call_form import CallForm
from server.web.session import Viewer
from storage.accounts import Account
from storage.calls import Call
from storage.posts import Post

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


async def look(
    request: web.Request,
    viewer: Viewer,
    form: CallForm,
    make: Callable[[Tx, Wanted], Awaitable[Preview]],
    old: Call | None = None,
) -> Looked:
    """What the form describes, as others would see it, by ``make``; ``old``: the call that it changes. Faults are put
    into the form. The caller has asked whether they may."""
    ctx = context(request)
    wanted = call_form.wanted(form, old)
    try:
        ctx.limits.require(limits.PREVIEWS, f"user/{viewer.user_id}", ctx.work.clock.now())
        if wanted is None:
            return Looked(asked=True)
        async with ctx.work.trying(dry_run=True) as tx:
            preview = await make(tx, wanted)
    except Invalid as error:
        form.refuse(error)
        return Looked(asked=True)
    except (Forbidden, TooMany, Unavailable) as error:
        return Looked(asked=True, refused=error)
    return Looked(asked=True, preview=preview)


def wants_part(sent: Mapping[str, str]) -> bool:
    return sent.get("part") == PART


def part(
    request: web.Request,
    viewer: Viewer,
    *,
    group: Account,
    form: CallForm,
    post: Post | None,
    looked: Looked,
    privacy: str,
) -> web.Response:
    """The preview alone. A fault of the form is what it says, and no failure; who asks too often keeps what is
    there."""
    status = 429 if isinstance(looked.refused, TooMany) else 200
    return answers.page(
        request, "call_preview.html", viewer, status=status,
        group=group, form=form, post=post, looked=looked, privacy=privacy,
    )  # fmt: skip
