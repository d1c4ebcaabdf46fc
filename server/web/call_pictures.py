"""Pictures in the form of a call: taken in whenever the form comes, so that none has to be chosen a second time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from aiohttp import web

from server import ids, limits
from server.context import UPLOADS, context
from server.decoding import bounds
from server.domain.calling import pictures
from server.domain.posting import media
from server.domain.tx import Tx
from server.errors import BadRequest, Invalid, TooMany, Unavailable
from server.web.call_fields import ROWS, CallForm, row_of
from server.web.session import Viewer
from storage import media as rows
from storage.accounts import Account
from storage.posts import Post

BODY = ROWS["picture"].most * bounds.IMAGE_BYTES + bounds.MIB
FILES = tuple(f"picture_file_{at}" for at in range(ROWS["picture"].most))


async def take_in(
    request: web.Request, viewer: Viewer, values: dict[str, str], files: Mapping[str, Path]
) -> dict[str, str]:
    """Each file becomes the id of its row in ``values``. Gives what is wrong with them, by field."""
    faults: dict[str, str] = {}
    for name, path in files.items():
        if name not in FILES:
            raise BadRequest("This form is not one of ours.", cause=name)
        try:
            taken = await _take(request, viewer, path)
        except (Invalid, TooMany, Unavailable) as error:
            faults[name] = error.sentence
        else:
            values[name.replace("file", "id")] = str(taken)
    return faults


async def _take(request: web.Request, viewer: Viewer, source: Path) -> int:
    ctx = context(request)
    ctx.limits.require(limits.MEDIA, str(viewer.account.id), ctx.work.clock.now())
    return (await request.app[UPLOADS].take(viewer.account, source)).id


async def describe(
    tx: Tx, form: CallForm, who: Account, author: Account, post: Post | None
) -> None:
    """In the words of the form. ``who``: brings them; ``author``: of the call, whose they are from then on. Raises
    ``Invalid``."""
    said = [row_of(form.values, "picture", at) for at in form.rows("picture")]
    words = {number: told for kept, told in said if (number := ids.parse(kept)) is not None}
    for owner in {who.id: who, author.id: author}.values():
        await pictures.describe(tx, owner, words, post)


async def shown(tx: Tx, form: CallForm, owners: list[int]) -> dict[str, str]:
    """Addresses of the pictures in the form that are one of these owners', by their id."""
    kept = [row_of(form.values, "picture", at)[0] for at in form.rows("picture")]
    wanted = [number for each in kept if (number := ids.parse(each)) is not None]
    found: dict[str, str] = {}
    for owner in sorted(set(owners)) if wanted else ():
        for row in (await rows.of_account(tx.conn, owner, wanted)).values():
            if row.state == "ready":
                entry = media.entry(tx.site.urls, row)
                found[str(row.id)] = entry["preview"] or entry["url"]
    return found
