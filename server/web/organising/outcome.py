"""``/calls/{id}/organise/outcome``: what came of it, in words and pictures, for all who took part and for everybody else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from aiohttp import web

from server import ids, limits, text
from server.context import UPLOADS, context
from server.decoding import bounds
from server.domain import policy
from server.domain.calling import outcomes
from server.domain.posting import media
from server.domain.tx import Tx
from server.errors import BeckonError, Forbidden, Invalid, TooMany, Unavailable
from server.i18n import mark
from server.web import answers, forms
from server.web.forms import Form
from server.web.organising import frame
from server.web.organising.frame import Organised
from server.web.session import Viewer
from storage import attendance, participants
from storage import outcomes as outcome_rows
from storage import posts as post_rows
from storage.posts import Post

BODY = media.MAX_FILES * bounds.IMAGE_BYTES + bounds.MIB
NEW = tuple(range(media.MAX_FILES))
FIELDS = ("outcome", *(f"{what}_{at}" for at in NEW for what in ("picture", "words")))
NO_WORDS = mark("Say in words what this picture shows.")


async def show(request: web.Request) -> web.Response:
    """``GET /calls/{id}/organise/outcome``"""
    return await _show(request, await answers.signed_in(request))


async def _show(
    request: web.Request, viewer: Viewer, typed: Form | None = None, status: int = 200
) -> web.Response:
    async with context(request).work.reading() as tx:
        of = await frame.organised(tx, request, viewer)
        told = await _told(tx, of)
        over = of.call.over_at is not None and of.call.over_at <= tx.now
        values = {
            "telling": told,
            "shown": [each for each in (told.attachments if told else ()) if "id" in each],
            "many": await participants.many(tx.conn, of.post.id, viewer.account.id),
            "came": await attendance.counts(tx.conn, of.post.id),
            "may": policy.may_report(of.call.state, over=over).allowed,
        }
    blank = dict.fromkeys(FIELDS, "") | {"outcome": text.plain(of.call.outcome)}
    return frame.page(
        request, "organise_outcome.html", viewer, of, status=status, form=typed or Form(blank),
        files=media.MAX_FILES, most=outcomes.MAX, words_max=media.DESCRIPTION_MAX, **values,
    )  # fmt: skip


async def _told(tx: Tx, of: Organised) -> Post | None:
    """The community's post about it."""
    at = (await outcome_rows.of_calls(tx.conn, [of.post.id])).get(of.post.id)
    return await post_rows.by_id(tx.conn, at) if at else None


async def save(request: web.Request) -> web.Response:
    """``POST /calls/{id}/organise/outcome``: ``outcome``, ``keep`` for each picture that stays, and new ones with words."""
    async with forms.with_files(request, BODY) as sent:
        viewer = sent.viewer
        values = dict.fromkeys(FIELDS, "") | sent.values
        async with context(request).work.reading() as tx:
            of = await frame.organised(tx, request, viewer)
            told = await _told(tx, of)
        try:
            _check(values, sent.files)
            kept = _kept(told, sent.values)
            new = [
                await _take(request, viewer, path, values[_words(n)])
                for n, path in sent.files.items()
            ]
            chosen = None if not new and len(kept) == len(_ids(told)) else [*kept, *new]
            async with context(request).work.transaction() as tx:
                of = await frame.organised(tx, request, viewer)
                await outcomes.note(tx, viewer.account, of.post, values["outcome"], chosen)
        except (Forbidden, Invalid, TooMany, Unavailable) as refused:
            return await _again(request, viewer, values, refused)
    return answers.back_to(f"{of.path}/organise/outcome", "saved")


async def _again(
    request: web.Request, viewer: Viewer, values: Mapping[str, str], refused: BeckonError
) -> web.Response:
    known = {"media_ids": "picture_0", "description": "words_0"}
    return await _show(request, viewer, forms.refused(values, refused, known), refused.status)


def _words(name: str) -> str:
    """The field of what a picture shows, of the one that brings it."""
    return name.replace("picture", "words")


def _check(values: Mapping[str, str], files: Mapping[str, Path]) -> None:
    """Before any picture is taken in. Raises ``Invalid``."""
    if not 0 < len(values["outcome"].strip()) <= outcomes.MAX:
        said = mark("An outcome has 1 to %(most)s characters.", most=outcomes.MAX)
        raise Invalid(said, field="outcome")
    for name in files:
        if name not in FIELDS:
            raise Invalid("This form is not one of ours.")
        if not values[_words(name)].strip():
            raise Invalid(NO_WORDS, field=_words(name))


def _ids(told: Post | None) -> list[int]:
    given = (ids.parse(str(each.get("id", ""))) for each in (told.attachments if told else ()))
    return [number for number in given if number is not None]


def _kept(told: Post | None, sent: Mapping[str, str]) -> list[int]:
    return [number for number in _ids(told) if sent.get(f"keep_{number}") == "yes"]


async def _take(request: web.Request, viewer: Viewer, source: Path, words: str) -> int:
    ctx = context(request)
    ctx.limits.require(limits.MEDIA, str(viewer.account.id), ctx.work.clock.now())
    taken = await request.app[UPLOADS].take(viewer.account, source, description=words)
    return taken.id


def routes() -> list[web.AbstractRouteDef]:
    return [web.get(f"{frame.BELOW}/outcome", show), web.post(f"{frame.BELOW}/outcome", save)]
