"""``/settings/profile``: what others see of a member, as the one that the browser acts as."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from aiohttp import web

from server import limits
from server.context import UPLOADS, context
from server.decoding import bounds
from server.domain.members import accounts as verbs
from server.domain.posting import media
from server.errors import Invalid, TooMany, Unavailable
from server.web.answers import back_to, page, signed_in
from server.web.forms import Form, refused, with_files
from server.web.session import Viewer
from storage.accounts import Account
from storage.media import Media

PATH = "/settings/profile"
BODY = 2 * bounds.IMAGE_BYTES + bounds.MIB
FLAGS = ("locked", "discoverable", "indexable", "bot")
WORDS = ("display_name", "note", "avatar_description", "header_description")
FIELDS = tuple(f"field_{what}_{i}" for i in range(verbs.FIELDS_MAX) for what in ("name", "value"))
NAMES = {"description": "avatar_description"}


def _values(account: Account) -> dict[str, str]:
    told = {name: str(getattr(account, name)) for name in WORDS} | {"note": account.note_source}
    ticked = {name: "yes" if getattr(account, name) else "" for name in FLAGS}
    pairs = dict.fromkeys(FIELDS, "")
    for i, each in enumerate(account.fields[: verbs.FIELDS_MAX]):
        pairs |= {
            f"field_name_{i}": each["name"],
            f"field_value_{i}": each.get("source", each["value"]),
        }
    return told | ticked | pairs


async def show(request: web.Request) -> web.Response:
    """``GET /settings/profile``"""
    viewer = await signed_in(request)
    return _profile(request, viewer, Form(_values(viewer.account)))


def _profile(request: web.Request, viewer: Viewer, typed: Form, status: int = 200) -> web.Response:
    return page(
        request, "settings_profile.html", viewer, status=status, form=typed,
        name_max=verbs.NAME_MAX, note_max=verbs.NOTE_MAX, many=verbs.FIELDS_MAX,
        description_max=media.DESCRIPTION_MAX,
    )  # fmt: skip


async def save(request: web.Request) -> web.Response:
    """``POST /settings/profile``: all fields at once; a picture that is not sent stays, or goes where that is ticked."""
    async with with_files(request, BODY) as sent:
        viewer = sent.viewer
        try:
            pictures = {
                use: await _picture(request, viewer, sent.files.get(use), use)
                for use in ("avatar", "header")
            }
            await _save(request, viewer.account, sent.values, pictures)
        except (Invalid, TooMany, Unavailable) as error:
            blank = dict.fromkeys((*WORDS, *FLAGS, *FIELDS), "")
            typed = refused(blank | sent.values, error, NAMES)
            return _profile(request, viewer, typed, error.status)
    return back_to(PATH, "saved")


async def _picture(
    request: web.Request, viewer: Viewer, source: Path | None, use: Literal["avatar", "header"]
) -> Media | None:
    if source is None:
        return None
    ctx = context(request)
    ctx.limits.require(limits.MEDIA, str(viewer.account.id), ctx.work.clock.now())
    try:
        return await request.app[UPLOADS].take(viewer.account, source, purpose=use)
    except Invalid as error:
        raise Invalid(error.sentence, field=use) from error


async def _save(
    request: web.Request, account: Account, sent: Mapping[str, str], new: Mapping[str, Media | None]
) -> None:
    pairs = [
        (sent.get(f"field_name_{i}", ""), sent.get(f"field_value_{i}", ""))
        for i in range(verbs.FIELDS_MAX)
    ]
    async with context(request).work.transaction() as tx:
        shown = await media.set_pictures(
            tx, account, avatar=new["avatar"], header=new["header"],
            avatar_description=sent.get("avatar_description", ""),
            header_description=sent.get("header_description", ""),
        )  # fmt: skip
        for use in ("avatar", "header"):
            if sent.get(f"no_{use}") == "yes" and new[use] is None:
                shown = await media.drop_picture(tx, shown, use)
        await verbs.edit_profile(
            tx, shown, display_name=sent.get("display_name", ""), note=sent.get("note", ""),
            fields=pairs, **{name: sent.get(name) == "yes" for name in FLAGS},
        )  # fmt: skip


def routes() -> list[web.AbstractRouteDef]:
    return [web.get(PATH, show), web.post(PATH, save)]
