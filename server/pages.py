"""Templates become pages here. Everything is escaped; HTML of posts is cleaned once more on its way out.

Every template knows ``site`` (domain/tx.py) and ``viewer`` (web/session.py, or None for a stranger), and
fills the blocks ``title``, ``head`` and ``main`` of base.html. A name that is missing is an error at once
and never an empty place on a page.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from server import text


def _clean(html: str) -> Markup:
    """Cleaned again, so that nothing written before a rule was tightened outlives it; links that name another
    host than their own say so."""
    return Markup(text.with_targets(text.clean(html)))  # noqa: S704 - nh3 has just decided what may live


def _number(value: int) -> str:
    return f"{value:,}"


def _web(url: str | None) -> str:
    """An address that a link may have, or nothing: ``javascript:`` and its kin never get out."""
    return url if url and url.startswith(("http://", "https://")) else ""


def _day(at: datetime, timezone: str) -> dict[str, str]:
    """The parts of a date as the calendar on the wall shows them there."""
    local = at.astimezone(ZoneInfo(timezone))
    return {"weekday": f"{local:%a}", "day": str(local.day), "month": f"{local:%b}"}


def _iso(at: datetime) -> str:
    """For the ``datetime`` attribute of <time>."""
    return at.isoformat(timespec="seconds")


_ENVIRONMENT = Environment(
    loader=PackageLoader("server"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_FILTERS = {
    "clean": _clean,
    "day": _day,
    "iso": _iso,
    "number": _number,
    "plain": text.plain,
    "web": _web,
    "when": text.when,
}
cast("dict[str, Any]", _ENVIRONMENT.filters).update(_FILTERS)
cast("dict[str, Any]", _ENVIRONMENT.globals).update(viewer=None)


# What is no HTML must not be escaped as if it were.
_PLAIN = _ENVIRONMENT.overlay(autoescape=False)


def render_text(name: str, **values: object) -> str:
    """A template of plain text (``mail_confirm.txt``), as ``render`` does."""
    return _PLAIN.get_template(name).render(**values)


def render(name: str, **values: object) -> str:
    """The template ``name`` (``call.html``) with its values; ``site`` is always needed.

    Raises ``jinja2.UndefinedError`` where the template asks for a value that was not given.
    """
    return _ENVIRONMENT.get_template(name).render(**values)
