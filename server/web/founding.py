"""Starting a community in the browser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web

from server.context import context
from server.domain.groups import communities
from server.errors import Conflict, Invalid
from server.web import answers
from server.web.session import Viewer

FIELDS = ("title", "username", "about", "rules", "policy", "visibility")


@dataclass(frozen=True, slots=True)
class CommunityForm:
    """What was typed, and a sentence for each field that cannot stand."""

    values: Mapping[str, str]
    errors: dict[str, str] = field(default_factory=dict[str, str])


def _page(request: web.Request, viewer: Viewer, form: CommunityForm) -> web.Response:
    status = 422 if form.errors else 200
    return answers.page(request, "community_form.html", viewer, status=status, form=form)


async def new(request: web.Request) -> web.Response:
    """``GET /new-community``, for everybody who is signed in."""
    viewer = await answers.signed_in(request)
    values = dict.fromkeys(FIELDS, "") | {"policy": "open", "visibility": "public"}
    return _page(request, viewer, CommunityForm(values))


async def create(request: web.Request) -> web.Response:
    """``POST /new-community``: who founds a community is its first organiser."""
    viewer, sent = await answers.form(request)
    form = CommunityForm({name: str(sent.get(name, "")).strip() for name in FIELDS})
    typed = form.values
    try:
        async with context(request).work.transaction() as tx:
            group = await communities.create(
                tx,
                viewer.account,
                typed["username"].removeprefix("@"),
                typed["title"],
                about=typed["about"],
                community_policy=typed["policy"],
                visibility=typed["visibility"] or "public",
                rules=[line.strip() for line in typed["rules"].splitlines() if line.strip()],
            )
    except Invalid as error:
        form.errors[error.field if error.field in FIELDS else "form"] = error.sentence
    except Conflict as error:
        form.errors["username"] = error.sentence
    else:
        return answers.back_to(f"/@{group.username}")
    return _page(request, viewer, form)
