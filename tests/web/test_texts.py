"""No page has a text that cannot be translated: each is named for the catalogues, but where nobody reads it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from server import pages, texts

TEMPLATES = Path(__file__).parents[2] / "server" / "templates"
READ_ALOUD = re.compile(r'\s(?:aria-label|placeholder|title|alt)="([^"]*)"')
TAGS = re.compile(r"<[^>]*>|&[a-z#0-9]+;|[\w-]+=\"[^\"]*\"")
HOLE = "\0"
LETTERS = re.compile(r"[^\W\d_]{2,}")
UNTOLD = {}
"""Templates whose texts are not named yet. None may be added."""


NO_TEXT = {"face large", "stack loose", "beckon backup backup.tar.gz", "Beckon ", ", PostgreSQL "}
"""Strings inside of Jinja's marks that look like texts: classes of the style sheet, what is typed, names."""


def unsaid(source: str) -> Iterator[str]:
    """Strings inside of Jinja's marks that read like a text and are not given to ``_``: of several words, or with a
    capital letter."""
    for found in _strings(Environment(extensions=["jinja2.ext.i18n"]).parse(source)):
        several = LETTERS.search(found) and " " in found.strip()
        if (several or re.match("[A-Z][a-z]", found)) and found not in NO_TEXT:
            yield found


def _strings(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
        return
    names = isinstance(node, nodes.Call) and getattr(node.node, "name", "") in pages.FUNCTIONS
    for child in node.kwargs if names else node.iter_child_nodes():
        yield from _strings(child)


def untold(source: str) -> Iterator[str]:
    """What a template says in its own words, outside of ``trans`` and ``_``."""
    page = "".join(_data(source))
    yield from (found for found in READ_ALOUD.findall(page) if LETTERS.search(found))
    bare = TAGS.sub(HOLE, re.sub(r"<!--.*?-->", "", page, flags=re.DOTALL))
    yield from (part.strip() for part in bare.split(HOLE) if LETTERS.search(part))


def _data(source: str) -> Iterator[str]:
    """The text between the marks of Jinja, with a hole for whatever they put there."""
    inside, block = False, False
    for _, token, value in Environment(extensions=["jinja2.ext.i18n"]).lex(source):
        if token == "block_begin":
            block = True
        elif block and token == "name":
            inside = value == "trans" or (inside and value != "endtrans")
            block = False
        elif token == "data" and not inside:
            yield value
        elif token == "variable_begin":
            yield HOLE


@pytest.mark.parametrize("name", sorted(p.name for p in TEMPLATES.glob("*.html")))
def test_every_text_can_be_translated(name: str) -> None:
    found = list(untold((TEMPLATES / name).read_text()))
    if name in UNTOLD:
        assert found, f"{name} is told now: take it off the list"
    else:
        assert not found


@pytest.mark.parametrize("name", sorted(p.name for p in TEMPLATES.glob("*.html")))
def test_no_text_hides_inside_of_a_mark(name: str) -> None:
    assert list(unsaid((TEMPLATES / name).read_text())) == []


def test_the_look_finds_texts_inside_of_marks() -> None:
    page = """{% set a = {"x": "Not fine"} %}{{ b("Bad", c=_("Fine"), d="quiet") }}{{ _("Fine", e="not so") }}"""
    assert list(unsaid(page)) == ["Not fine", "Bad", "not so"]


def test_the_look_finds_what_is_said_in_one_language_alone() -> None:
    page = (
        """<p title="Hello">{{ _("fine") }}, {% trans %}fine too{% endtrans %}<b>not fine</b></p>"""
    )
    assert list(untold(page)) == ["Hello", "not fine"]


# --- sentences of errors

SERVER = TEMPLATES.parent
PEOPLE = ("domain", "web", "decoding")
"""Folders whose errors people meet on pages."""


def unmarked(source: str) -> Iterator[str]:
    """Sentences of errors that no catalogue knows: put together in place, or a constant that is not marked. One that
    stands in the call itself is gathered there."""
    tree = ast.parse(source)
    constants = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, (ast.Constant, ast.JoinedStr))
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and _name(node.func) in texts.ERRORS:
            first = node.args[0]
            bare = isinstance(first, (ast.JoinedStr, ast.BinOp)) or _name(first) in constants
            if bare or (isinstance(first, ast.Call) and _name(first.func) == "format"):
                yield ast.unparse(node)


def _name(node: ast.expr) -> str:
    return getattr(node, "attr", "") or getattr(node, "id", "")


@pytest.mark.parametrize("folder", PEOPLE)
def test_every_sentence_of_an_error_can_be_translated(folder: str) -> None:
    found = {
        str(path.relative_to(SERVER)): list(unmarked(path.read_text()))
        for path in (SERVER / folder).rglob("*.py")
    }
    assert {path: calls for path, calls in found.items() if calls} == {}


@pytest.mark.parametrize(
    "source",
    [
        'raise Invalid(f"At most {MOST}.")',
        'raise errors.Forbidden("No, " + name)',
        'WRONG = "No."\nraise NotFound(WRONG)',
        'raise Invalid("{}".format(name), field="x")',
    ],
)
def test_the_look_finds_an_error_in_one_language_alone(source: str) -> None:
    assert len(list(unmarked(source))) == 1


def test_the_look_passes_what_is_gathered() -> None:
    source = 'WRONG = mark("No.")\nraise NotFound(WRONG)\nraise Invalid("Never.", field="x")'
    assert list(unmarked(source)) == []
