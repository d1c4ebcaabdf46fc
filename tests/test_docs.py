"""The documents tell the truth: what they name exists, and what is printed from code matches it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

import click
import pytest
from aiohttp import web

from federation import vocab
from server import cli, config
from server.api.routes import routes
from server.domain import forms
from server.domain.calling import kinds

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
SPECIFICATIONS = {"w3id.org", "www.w3.org", "www.rfc-editor.org"}
OTHER_NAMES = {
    "BECKON_TEST_BROWSER",
    "BECKON_TEST_DATABASE_URL",
    "BECKON_TEST_WORKERS",
}  # of the tests, not of the server

each_document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def between(text: str, marker: str) -> str:
    """What stands between ``<!-- marker: … -->`` and ``<!-- marker end -->``."""
    found = re.search(rf"<!-- {marker}:[^>]*-->\n(.*?)<!-- {marker} end -->", text, re.DOTALL)
    assert found, f"no marker {marker}"
    return found[1]


# --- links, files, settings, commands


def foreign_links(text: str) -> set[str]:
    """Links to hosts that are neither of specifications nor made up nor on this machine."""
    hosts = {urlsplit(url).hostname or "" for url in re.findall(r"https?://[^\s)`\"'>|]+", text)}
    return {host for host in hosts - SPECIFICATIONS - {"localhost"} if not is_made_up(host)}


def is_made_up(host: str) -> bool:
    return host.endswith(".example") or host.startswith("127.")


@each_document
def test_links_only_to_specifications(path: Path) -> None:
    assert foreign_links(path.read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize("text", ["see https://somewhere.test/a", "(http://w3id.org.evil.test)"])
def test_finds_a_foreign_link(text: str) -> None:
    assert foreign_links(text)


def missing_targets(path: Path, text: str) -> list[str]:
    targets = re.findall(r"\]\(([^)#:]+)\)", text)
    return [target for target in targets if not (path.parent / target).exists()]


@each_document
def test_relative_links_lead_somewhere(path: Path) -> None:
    assert missing_targets(path, path.read_text(encoding="utf-8")) == []


def test_finds_a_dead_link() -> None:
    assert missing_targets(ROOT / "README.md", "[no](docs/no.md)") == ["docs/no.md"]


def unknown_settings(text: str) -> set[str]:
    known = {config.variable(name) for name in config.Settings.model_fields}
    named = set(re.findall(r"\bBECKON_[A-Z0-9_]+\b|\bDATABASE_URL\b", text))
    return named - known - OTHER_NAMES - set(config.OTHER_NAMES)


@each_document
def test_settings_exist(path: Path) -> None:
    assert unknown_settings(path.read_text(encoding="utf-8")) == set()


def test_finds_an_unknown_setting() -> None:
    assert unknown_settings("BECKON_COLOUR=blue") == {"BECKON_COLOUR"}


def unknown_commands(text: str) -> list[str]:
    """What is typed after ``beckon`` in code and is no command, with options that it does not have."""
    code = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL)).replace("\\\n", " ")
    spans = re.findall(r"`((?:\.venv/bin/)?beckon [^`]+)`", text)
    spans += re.findall(r"^    (beckon .+)$", text, re.MULTILINE)
    typed = [
        line for line in [*code.splitlines(), *spans] if re.match(r"(\.venv/bin/)?beckon ", line)
    ]
    return [line for line in typed if not is_a_command(line.split("#")[0].split()[1:])]


def is_a_command(words: list[str]) -> bool:
    found: click.Command = cli.main
    while isinstance(found, click.Group) and words and words[0] in found.commands:
        found = found.commands[words.pop(0)]
    options = {option for parameter in found.params for option in parameter.opts}
    used = {word for word in words if word.startswith("--")}
    return not isinstance(found, click.Group) and used <= options


@each_document
def test_commands_exist(path: Path) -> None:
    assert unknown_commands(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        "`beckon fly`",
        "`beckon account`",
        "Type:\n\n    beckon fly\n",
        "```sh\n.venv/bin/beckon serve --backwards\n```",
    ],
)
def test_finds_an_unknown_command(text: str) -> None:
    assert unknown_commands(text)


@each_document
def test_scripts_exist(path: Path) -> None:
    scripts = re.findall(r"\./deploy/[\w.]+", path.read_text(encoding="utf-8"))
    assert [script for script in scripts if not (ROOT / script).is_file()] == []


def test_the_readme_says_how_to_run_and_to_test() -> None:
    assert {"./deploy/run", "./deploy/test"} <= set(re.findall(r"\./deploy/\w+", read("README.md")))


# --- nothing is cited that is not here

TEXTS = [
    path
    for folder in ("deploy", "docs", "federation", "server", "storage", "tests")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in {".py", ".md", ".sql", ".html", ".sh", ".toml", ".example", ".service", ""}
    and path.is_file()
]
TEXTS += [*ROOT.glob("*.md"), ROOT / "pyproject.toml"]
NAMES = {path.name for path in TEXTS}
MADE_UP = {"no.md"}  # of the tests of this file
TAG = re.compile(r"[(,] ?([A-Z][0-9]{1,2})(?=[,) ])|(?:\"|# ?)([A-Z][0-9]{1,2})(?=[:,] )")
MACHINE = re.compile(r"(?<![\w.}-])/(?:home|root|work|Users|tmp)/\w+")


def citations(text: str) -> set[str]:
    """Documents that are not here, tags of lists that are not here, paths of somebody's machine."""
    documents = set(re.findall(r"[\w-]+\.md\b", text)) - NAMES - MADE_UP
    tags = {first or second for first, second in TAG.findall(text)}
    return documents | tags | set(MACHINE.findall(text))


def test_only_what_is_here_is_cited() -> None:
    cited = {
        str(path.relative_to(ROOT)): found
        for path in TEXTS
        if path != Path(__file__) and (found := citations(path.read_text(encoding="utf-8")))
    }
    assert cited == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("as rules.md says", "rules.md"),
        ("the same answer (C1).", "C1"),
        ("nowhere (C1, C9)", "C9"),
        ("(rules, I5)", "I5"),
        ('"""B19: two posts', "B19"),
        ("# O2: a redirect", "O2"),
        ("in /home/someone/notes", "/home/someone"),
    ],
)
def test_finds_a_citation(text: str, found: str) -> None:
    assert found in citations(text)


# --- tables


def test_forms_are_printed_from_the_code() -> None:
    rows = [" | ".join(row) for row in forms.table()]
    head = ["| software | an event | another call | an Announce |", "|---|---|---|---|"]
    printed = "\n".join([*head, *(f"| {row} |" for row in rows)])
    assert between(read("FEDERATION.md"), "forms").strip() == printed


def test_terms_are_those_of_the_context() -> None:
    table = between(read("FEDERATION.md"), "terms")
    named = set(re.findall(r"^\| `([\w:]+)`", table, re.MULTILINE))
    assert named - {
        "cta:call",
        "cta:answer",
        "cta:ballot",
        "cta:role",
        "cta:guests",
        "cta:fields",
        "cta:Tally",
    } <= {
        *vocab.CALL_TERMS,
        *vocab.TALLY_TERMS,
    }
    assert vocab.CTA in read("FEDERATION.md")


def test_options_of_a_card_are_those_that_we_send() -> None:
    for option in (answer.title for answer in kinds.COMING):
        assert f"*{option}*" in read("FEDERATION.md")
        assert f'"{option}"' in read("docs/fep-d9f9.md")


def test_the_proposal_maps_terms_as_we_do() -> None:
    text = read("docs/fep-d9f9.md")
    mapped = set(re.findall(r'^  "([\w:]+)": ["{].*cta', text, re.MULTILINE))
    assert mapped >= {"kind", "card", "answers", "waiting", "stewards"}
    assert mapped <= {*vocab.CALL_TERMS, *vocab.TALLY_TERMS, "cta"}


def with_colons(path: str) -> str:
    """``/calls/{id}`` as documents write it: ``/calls/:id``."""
    return re.sub(r"{(\w+)}", r":\1", path)


def test_the_api_document_lists_every_route_of_ours() -> None:
    base = "/api/beckon/v1"
    declared = {
        f"{route.method} {with_colons(route.path.removeprefix(base))}"
        for route in routes()
        if isinstance(route, web.RouteDef) and route.path.startswith(base)
    }
    told = set(re.findall(r"^\| `([A-Z]+ /[^`]+)`", read("docs/api.md"), re.MULTILINE))
    assert told == declared


def test_the_proposal_names_every_term_of_a_call() -> None:
    text = read("docs/fep-d9f9.md")
    ours = {name for name, said in vocab.CALL_TERMS.items() if "cta:" in str(said)}
    joined = {f"cta:{name}" for name in ("answer", "ballot", "fields", "guests", "role")}
    missing = {name for name in ours | joined if not re.search(f'`{name}`|"{name}"', text)}
    assert not missing


def test_every_dependency_is_explained() -> None:
    listed = re.search(
        r"^dependencies = \[\n(.*?)^\]", read("pyproject.toml"), re.DOTALL | re.MULTILINE
    )
    assert listed
    names = set(re.findall(r'^    "([\w-]+)', listed[1], re.MULTILINE))
    table = read("ARCHITECTURE.md").partition("## What it stands on")[2]
    assert set(re.findall(r"^\| ([\w-]+) \|", table, re.MULTILINE)) - {"package"} == names


# --- traps and attacks


def all_tests() -> set[str]:
    """The names of all tests."""
    return defined((ROOT / "tests").rglob("test_*.py"))


def defined(files: Iterable[Path]) -> set[str]:
    """The names of the tests in these files."""
    return {
        name
        for path in files
        for name in re.findall(
            r"^(?:async )?def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE
        )
    }


def unheld(text: str, tests: set[str]) -> list[str]:
    """The beginnings of entries that no test holds, or whose tests are not there."""
    entries = re.split(r"^- ", text.partition("\n## ")[2], flags=re.MULTILINE)[1:]
    return [e[:40] for e in entries if not (held := set(held_by(e))) or held - tests]


def held_by(entry: str) -> list[str]:
    return re.findall(r"`(test_\w+)`", entry)


def test_every_trap_is_held_by_a_test() -> None:
    text = read("docs/traps.md")
    assert len(held_by(text)) > 50
    assert unheld(text, all_tests()) == []


@pytest.mark.parametrize("entry", ["**Nothing.** No test.", "**Gone.** Test: `test_gone`."])
def test_finds_a_trap_that_nothing_holds(entry: str) -> None:
    assert unheld(f"# Traps\n\n## Some\n\n- {entry}\n", {"test_other"})


LAST_OF_EACH = {"A": 40, "B": 31, "C": 16, "D": 12, "E": 9}
CANNOT_HAPPEN = "## What cannot happen here"


def attacks(text: str) -> dict[str, str]:
    """What stands behind the label of each entry; a label that comes twice is an error."""
    parts = re.split(r"^- \*\*([A-Z][0-9]+)\.\*\*", text, flags=re.MULTILINE)[1:]
    labels = parts[::2]
    assert len(set(labels)) == len(labels)
    return dict(zip(labels, parts[1::2], strict=True))


def hostile_tests() -> set[str]:
    return defined(sorted((ROOT / "tests" / "hostile").glob("test_*.py")))


def badly_held(text: str, tests: set[str], hostile: set[str]) -> list[str]:
    """Entries with a test that is not there, or that stands elsewhere and its place is not named."""
    return [
        label
        for label, entry in attacks(text).items()
        if not (held := set(held_by(entry)))
        or held - tests
        or (held - hostile and "in tests/" not in entry.lower().replace("\n  ", " "))
    ]


def test_every_attack_is_held_by_a_test() -> None:
    happens, _, cannot = read("docs/attacks.md").partition(CANNOT_HAPPEN)
    wanted = {f"{group}{n}" for group, last in LAST_OF_EACH.items() for n in range(1, last + 1)}
    assert len(wanted) == 108
    assert attacks(happens).keys() | attacks(cannot).keys() == wanted
    assert not attacks(happens).keys() & attacks(cannot).keys()
    assert len(attacks(cannot)) < 6
    assert badly_held(happens, all_tests(), hostile_tests()) == []


@pytest.mark.parametrize(
    "entry",
    ["- **A1.** No test.", "- **A1.** Gone: `test_gone`.", "- **A1.** Elsewhere: `test_other`."],
)
def test_finds_an_attack_that_nothing_holds(entry: str) -> None:
    assert badly_held(entry, {"test_other", "test_here"}, {"test_here"}) == ["A1"]
    held = "- **A1.** Test: `test_here`; in tests/web `test_other`."
    assert badly_held(held, {"test_other", "test_here"}, {"test_here"}) == []


# --- claims

LATER = ("with campaigns", "Not yet: ")
"""What an entry says that no test holds yet."""


def unkept(text: str, tests: set[str]) -> list[str]:
    """Claims that name a test that is not there, or neither one nor why there is none."""
    return [
        label
        for label, entry in attacks(text).items()
        if (held := set(held_by(entry))) - tests
        or not (held or any(word in entry for word in LATER))
    ]


def test_every_claim_is_held_by_a_test_or_says_why_not() -> None:
    text = read("docs/claims.md")
    assert attacks(text).keys() == {f"C{n}" for n in range(1, 52)}
    assert unkept(text, all_tests()) == []
    held = [label for label, entry in attacks(text).items() if held_by(entry)]
    assert len(held) > 40
    calls = text.partition("\n## Campaigns")[0]
    assert "with campaigns" not in calls.replace("come with campaigns", "")


@pytest.mark.parametrize("entry", ["- **C1.** Nothing.", "- **C1.** Gone: `test_gone`."])
def test_finds_a_claim_that_nothing_holds(entry: str) -> None:
    assert unkept(entry, {"test_other"}) == ["C1"]
