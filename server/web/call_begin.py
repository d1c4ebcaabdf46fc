"""Templates in the browser: what the form of a call may begin with, and keeping a call as one.

First somebody fills in its places, where it has some; what they leave out stands in braces in the text, for them to see.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from server import ids
from server.domain.calling import call_templates
from server.domain.calling import templates as verbs
from server.domain.calling.call_templates import DEFAULTS, Template
from server.domain.tx import Tx
from server.errors import NotFound
from server.web.call_fields import CallForm, Choice
from storage.accounts import Account
from storage.call_templates import Row
from storage.calls import Call
from storage.posts import Post

NUMBERS = ("capacity", "goal", "quorum", "threshold")
"""What stands in a field of the same name."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """``key``: in its address; ``own``: the community keeps it."""

    key: str
    template: Template
    own: bool

    def fits(self, chosen: Choice) -> bool:
        return (self.template.kind, self.template.variant) == (chosen.kind, chosen.variant)


async def offered(tx: Tx, group: Account, viewer: Account) -> list[Beginning]:
    """Those of the community, and then those that come with Beckon."""
    kept = await verbs.of_community(tx, group, viewer)
    own = [Beginning(str(row.id), call_templates.read(row.body), own=True) for row in kept]
    known = call_templates.ready_made().items()
    return own + [Beginning(key, template, own=False) for key, template in known]


async def of_key(tx: Tx, group: Account, viewer: Account, key: str) -> Template:
    """Raises ``NotFound``."""
    known = call_templates.ready_made().get(key)
    return known or call_templates.read((await kept(tx, group, viewer, key)).body)


async def kept(tx: Tx, group: Account, viewer: Account, key: str) -> Row:
    """One that this community keeps. Raises ``NotFound``."""
    template_id = ids.parse(key)
    row = await verbs.known(tx, template_id, viewer) if template_id is not None else None
    if row is None or row.community_id != group.id:
        raise NotFound
    return row


def begun(form: CallForm, template: Template, given: Mapping[str, str], now: datetime) -> CallForm:
    """The empty form with what the template says. ``given``: into its places."""
    made = call_templates.fill(template, given)
    said = {name: str(template.defaults[name]) for name in NUMBERS if name in template.defaults}
    if "closes_in_days" in template.defaults:
        said["closes_date"] = (
            f"{now + timedelta(days=template.defaults['closes_in_days']):%Y-%m-%d}"
        )
        said["timezone"] = "UTC"
    words = {"title": made.title, "about": made.text, "language": template.language or ""}
    options = {"options": "\n".join(template.options)} if template.options else {}
    return replace(form, values={**form.values, **words, **options, **said})


def of_call(name: str, post: Post, call: Call, form: CallForm) -> Template:
    """What may be done again another time. Raises ``Invalid``."""
    return call_templates.of_fields(
        {
            "kind": call.kind,
            "variant": call.variant,
            "name": name,
            "language": post.language,
            "title": post.title,
            "text": post.source,
            "options": form.values["options"].splitlines(),
            "defaults": _defaults(call, form),
        }
    )


def _defaults(call: Call, form: CallForm) -> dict[str, int]:
    """The numbers of a call, as far as a template may have them."""
    said = {name: int(form.said(name)) for name in NUMBERS if form.said(name)}
    if call.starts_at and call.ends_at:
        said["duration_minutes"] = int((call.ends_at - call.starts_at).total_seconds() / 60)
    allowed = DEFAULTS[call.kind]
    return {n: v for n, v in said.items() if n in allowed and allowed[n][0] <= v <= allowed[n][1]}
