"""Templates become pages here. Everything is escaped; HTML of posts is cleaned once more on its way out.

Every template knows ``site`` (domain/tx.py) and ``viewer`` (web/session.py, or None for a stranger), and
fills the blocks ``title``, ``head`` and ``main`` of base.html. A name that is missing is an error at once
and never an empty place on a page. Texts are named for the translators: ``{{ _("Sign in") }}``,
``{{ ngettext("%(num)s person", "%(num)s people", n) }}``, ``{% trans name=x %}Hello {{ name }}{% endtrans %}``;
what Python has marked is said as it is put on the page, and by the filter ``said`` where it becomes part of another text.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from server import dates, i18n, text


def _clean(html: str) -> Markup:
    """Cleaned again, so that nothing written before a rule was tightened outlives it; links that name another
    host than their own say so."""
    return Markup(text.with_targets(text.clean(html)))  # noqa: S704 - nh3 has just decided what may live


def _still(html: str) -> Markup:
    """As ``_clean``, of what is not published yet: nothing in it can be followed."""
    return Markup(text.without_links(text.clean(html)))  # noqa: S704 - as above


def _web(url: str | None) -> str:
    """An address that a link may have, or nothing: ``javascript:`` and its kin never get out."""
    return url if url and url.startswith(("http://", "https://")) else ""


def _iso(at: datetime) -> str:
    """For the ``datetime`` attribute of <time>."""
    return at.isoformat(timespec="seconds")


def _said(value: object) -> object:
    """Whatever is put on a page: what Python has marked, in the language that is spoken."""
    return i18n.gettext(value) if isinstance(value, i18n.Told) else value


_ENVIRONMENT = Environment(
    loader=PackageLoader("server"),
    autoescape=True,
    extensions=["jinja2.ext.i18n"],
    undefined=StrictUndefined,
    finalize=_said,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
FUNCTIONS = ("_", "gettext", "ngettext", "pgettext", "npgettext")
"""That name a text in a template."""

_FILTERS = {
    "clean": _clean,
    "clock": dates.clock,
    "date": dates.date,
    "day": dates.day,
    "hour": dates.hour,
    "iso": _iso,
    "month": dates.month,
    "number": dates.number,
    "plain": text.plain,
    "said": i18n.gettext,
    "still": _still,
    "web": _web,
    "weekday": dates.weekday,
    "when": dates.when,
}
cast("dict[str, Any]", _ENVIRONMENT.filters).update(_FILTERS)
cast("dict[str, Any]", _ENVIRONMENT.globals).update(viewer=None)
cast("Any", _ENVIRONMENT).install_gettext_callables(
    i18n.gettext, i18n.ngettext, newstyle=True, pgettext=i18n.pgettext, npgettext=i18n.npgettext
)


def texts(source: str) -> Iterator[tuple[int, str, str | tuple[str | None, ...]]]:
    """What a template names for the translators: the line, the function, and what that is given. White space is
    what a page has: this is the environment that makes it."""
    found = cast("Any", _ENVIRONMENT).extract_translations(source, FUNCTIONS)
    return cast("Iterator[tuple[int, str, str | tuple[str | None, ...]]]", found)


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
