"""``/settings/privacy``: who reads what a member posts, where they live, about, and what they can do."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from server import ids
from server.context import context
from server.domain.groups import places, skills
from server.domain.groups.places import Point
from server.domain.members import accounts as account_verbs
from server.domain.members import preferences
from server.domain.posting import quotes
from server.domain.tx import Tx
from server.errors import Invalid
from server.i18n import mark
from server.web.answers import back_to, choice, form, page, signed_in
from server.web.forms import Form, refused
from server.web.session import Viewer
from storage import places as place_rows
from storage import preferences as preference_rows
from storage import skills as skill_rows
from storage.skills import SkillSet

PATH = "/settings/privacy"
VISIBILITIES = {
    "public": mark("Everybody, and it is listed"),
    "unlisted": mark("Everybody, but it is not listed"),
    "private": mark("Your followers"),
}
QUOTES = {
    "public": mark("Everybody"),
    "followers": mark("Your followers"),
    "nobody": mark("Nobody but you"),
}
DEGREES = mark("Please write degrees, such as 45.5.")


async def _values(tx: Tx, viewer: Viewer) -> dict[str, str]:
    chosen = await preference_rows.of(tx.conn, viewer.account.id)
    area = await place_rows.area(tx.conn, viewer.account.id)
    able = await skill_rows.of(tx.conn, viewer.account.id) or SkillSet([])
    where = places.middle(area) if area else None
    ticked = {
        "sensitive": chosen.sensitive,
        "hide_collections": viewer.account.hide_collections,
        "area_shown": area is not None and area.shown,
        "skills_shown": able.shown,
        "matched": able.matched,
    }
    return {
        "visibility": chosen.visibility,
        "quotes": viewer.account.quote_policy,
        "language": chosen.language or "",
        "latitude": str(where.latitude) if where else "",
        "longitude": str(where.longitude) if where else "",
        "reach_km": str(area.reach_km if area else places.REACH_KM),
        "skills": ", ".join(able.skills),
        **{name: "yes" if on else "" for name, on in ticked.items()},
    }


async def show(request: web.Request) -> web.Response:
    """``GET /settings/privacy``"""
    return await _page(request, await signed_in(request), {})


async def _page(
    request: web.Request, viewer: Viewer, sent: Mapping[str, str], error: Invalid | None = None
) -> web.Response:
    """``sent``: what was typed into the one form that ``error`` is about."""
    async with context(request).work.reading() as tx:
        values = await _values(tx, viewer)
    typed = refused(values | dict(sent), error, {}) if error else Form(values)
    return page(
        request, "settings_privacy.html", viewer, status=error.status if error else 200, form=typed,
        visibilities=VISIBILITIES, quotes=QUOTES, grain=places.GRAIN_KM, reach_max=places.MAX_KM,
    )  # fmt: skip


async def save_posts(request: web.Request) -> web.Response:
    """``POST /settings/privacy/posts``"""
    viewer, sent = await form(request)
    visibility, quoting = choice(sent, "visibility", VISIBILITIES), choice(sent, "quotes", QUOTES)
    try:
        async with context(request).work.transaction() as tx:
            await preferences.choose(
                tx, viewer.account, visibility=visibility,
                sensitive=sent.get("sensitive") == "yes", language=sent.get("language", "").strip(),
            )  # fmt: skip
            row = await quotes.set_default(tx, viewer.account, quoting)
            await account_verbs.edit_profile(
                tx, row, hide_collections=sent.get("hide_collections") == "yes"
            )
    except Invalid:
        wrong = Invalid(mark("A language is written as two letters, such as en."), field="language")
        off = {"sensitive": "", "hide_collections": ""}
        return await _page(request, viewer, off | sent, wrong)
    return back_to(PATH, "saved")


async def save_area(request: web.Request) -> web.Response:
    """``POST /settings/privacy/area``: rounded before it is kept; ``forget`` forgets it."""
    viewer, sent = await form(request)
    try:
        async with context(request).work.transaction() as tx:
            if sent.get("forget") == "yes":
                await place_rows.drop_area(tx.conn, viewer.account.id)
                return back_to(PATH, "removed")
            point = Point(_degrees(sent, "latitude"), _degrees(sent, "longitude"))
            await places.settle(
                tx, viewer.account, point, reach_km=ids.parse(sent.get("reach_km", "")),
                shown=sent.get("area_shown") == "yes",
            )  # fmt: skip
    except Invalid as error:
        return await _page(request, viewer, {"area_shown": "", **sent}, error)
    return back_to(PATH, "saved")


def _degrees(sent: Mapping[str, str], name: str) -> float:
    try:
        return float(sent.get(name, "").replace(",", "."))
    except ValueError:
        raise Invalid(DEGREES, field=name) from None


async def save_skills(request: web.Request) -> web.Response:
    """``POST /settings/privacy/skills``: ``skills`` with commas between them."""
    viewer, sent = await form(request)
    try:
        async with context(request).work.transaction() as tx:
            await skills.choose(
                tx, viewer.account, sent.get("skills", "").split(","),
                shown=sent.get("skills_shown") == "yes", matched=sent.get("matched") == "yes",
            )  # fmt: skip
    except Invalid as error:
        return await _page(request, viewer, {"skills_shown": "", "matched": "", **sent}, error)
    return back_to(PATH, "saved")


def routes() -> list[web.AbstractRouteDef]:
    return [
        web.get(PATH, show),
        web.post(f"{PATH}/posts", save_posts),
        web.post(f"{PATH}/area", save_area),
        web.post(f"{PATH}/skills", save_skills),
    ]
