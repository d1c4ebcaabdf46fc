"""The house stays as ARCHITECTURE.md draws it: who may import whom, no cycles, honest lock files."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = ("federation", "server", "storage")
LEAVES = {"accepts", "blobs", "clock", "config", "dates", "decoding", "errors", "i18n", "ids"}
LEAVES |= {
    "keeper",
    "limits",
    "mail",
    "pages",
    "peer",
    "pictures",
    "sealing",
    "text",
    "texts",
    "urls",
    "version",
}
ARRIVING = {"arriving", "context", "host_lists", "instances", "proxy", "uploads", "waiting"}
DOORS = {"api", "activitypub", "web", "jobs"}
JOINTS = {"app", "backup", "cli", "commands", "demo", "dispatch", "logs", "metrics", "middleware"}
JOINTS |= {"host_commands", "processes", "run", "worker"}

INNER = {"storage", "leaves", "domain"}
SHARED = INNER | {"federation", "render", "stream"} | ARRIVING
MAY_IMPORT: dict[str, set[str]] = {
    "storage": {"storage"},
    "federation": {"federation"},
    "leaves": {"leaves"},
    "domain": INNER,
    "render": {"storage", "leaves", "render"},
    "stream": {"storage", "leaves", "render"},
    **{part: INNER | {"federation"} | ARRIVING for part in ARRIVING},
    **{door: SHARED | {door} for door in DOORS},
    "joints": SHARED | DOORS | {"joints"},
}
NEVER = {
    "storage": {"aiohttp"},
    "federation": {"asyncpg"},
    "leaves": {"asyncpg"},
    "domain": {"aiohttp"},
}
MAY_BUILD = {
    f"server.domain.{name}"
    for name in (
        *("distribution", "effects", "moderating.group_effects"),
        *("wire", "wire_calls", "wire_values"),
    )
}
BUILDERS = tuple(
    f"federation.{name}"
    for name in (
        *(
            "addressing",
            "build",
            "build_agreement",
            "build_moderation",
            "build_relationship",
            "jsonld",
            "keys",
            "objects",
        ),
        *("origin", "proofs", "vocab"),
    )
)


def modules() -> dict[str, Path]:
    """Our modules by their dotted names."""
    found = (path for floor in FLOORS for path in (ROOT / floor).rglob("*.py"))
    return {name_of(path): path for path in found}


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def part_of(module: str) -> str:
    """The row of the table that a module of ours belongs to; ``""`` where there is none."""
    floor, _, rest = module.partition(".")
    if floor != "server":
        return floor
    noun = rest.partition(".")[0]
    if noun in LEAVES:
        return "leaves"
    if noun in JOINTS:
        return "joints"
    return noun if noun in MAY_IMPORT else ""


def imports_of(source: str, module: str, *, is_package: bool = False) -> Iterator[str]:
    """Every module that a source names in an import, wherever in it the import stands.

    ``from a import b`` yields both ``a`` and ``a.b``; ``importlib.import_module("a")`` counts.
    """
    package = module if is_package else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = absolute(node, package)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and called(node) in {"import_module", "__import__"}:
            first = node.args[0] if node.args else None
            yield str(first.value) if isinstance(first, ast.Constant) else "<computed>"


def absolute(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    base = ".".join(parts[: len(parts) - node.level + 1])
    return f"{base}.{node.module}" if node.module else base


def called(node: ast.Call) -> str:
    function = node.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def breaches(module: str, source: str, *, is_package: bool = False) -> list[str]:
    """What the source of ``module`` imports against the table, as sentences."""
    part = part_of(module)
    if not part and module != "server":
        return [f"{module} has no place in the table"]
    found = imports_of(source, module, is_package=is_package)
    return [fault for name in found for fault in faults(module, part, name)]


def faults(module: str, part: str, name: str) -> Iterator[str]:
    top = name.partition(".")[0]
    if name == "<computed>":
        yield f"{module} imports a module whose name is computed"
    if top == "tests" or top in NEVER.get(part, set()):
        yield f"{module} imports {name}"
    if top not in FLOORS:
        return
    if module in MAY_BUILD and is_within(name, ("federation", *BUILDERS)):
        if name.count(".") == 1 and name not in BUILDERS:
            yield f"{module} imports {name}"
        return
    other = part_of(name)
    if other and other not in MAY_IMPORT.get(part, set()):
        yield f"{module} ({part}) imports {name} ({other})"


def is_within(name: str, packages: Iterable[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


# --- the code as it is


@pytest.mark.parametrize(("module", "path"), modules().items(), ids=modules())
def test_imports_what_it_may(module: str, path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert breaches(module, source, is_package=path.name == "__init__.py") == []


def graph(sources: dict[str, tuple[str, bool]]) -> dict[str, set[str]]:
    """Who imports whom among the modules given as ``name: (source, is_package)``."""
    return {
        module: {
            name
            for name in imports_of(source, module, is_package=is_package)
            if name in sources and name != module and not (is_ancestor(name, module))
        }
        for module, (source, is_package) in sources.items()
    }


def is_ancestor(package: str, module: str) -> bool:
    """``from server.api import x`` in server.api.y names the package that holds it: no cycle."""
    return module.startswith(f"{package}.")


def cycle_in(edges: dict[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_cycles() -> None:
    sources = {
        name: (path.read_text(encoding="utf-8"), path.name == "__init__.py")
        for name, path in modules().items()
    }
    assert cycle_in(graph(sources)) == []


# --- the reading of imports, refused on purpose

REFUSED = [
    ("storage.posts", "import aiohttp"),
    ("storage.posts", "from aiohttp import web"),
    ("storage.posts", "import server.config"),
    ("storage.posts", "from server import config"),
    ("storage.posts", "from federation import build"),
    ("storage.posts", "def f():\n    from server.domain import posts"),
    ("storage.posts", "if TYPE_CHECKING:\n    import federation.parse"),
    ("storage.posts", "try:\n    import server.urls\nexcept ImportError:\n    pass"),
    ("storage.posts", "importlib.import_module('server.urls')"),
    ("storage.posts", "__import__('aiohttp')"),
    ("storage.posts", "importlib.import_module(name)"),
    ("storage.posts", "import tests.conftest"),
    ("federation.parse", "import asyncpg"),
    ("federation.parse", "from storage import posts"),
    ("federation.parse", "from server import clock"),
    ("server.config", "import asyncpg.pool"),
    ("server.config", "from server.domain import calls"),
    ("server.config", "from .domain import calls"),
    ("server.domain.calling.calls", "import aiohttp.web"),
    ("server.domain.calling.calls", "from federation import build"),
    ("server.domain.calling.calls", "import federation.parse"),
    ("server.domain.calling.calls", "from server.api import calls"),
    ("server.domain.calling.calls", "from ...api import calls"),
    ("server.domain.effects", "from federation import parse"),
    ("server.domain.effects", "import federation.deliver"),
    ("server.render.statuses", "from server.domain import posts"),
    ("server.render.statuses", "import federation.objects"),
    ("server.arriving.inbox", "from server.render import statuses"),
    ("server.api.calls", "from server.web import calls"),
    ("server.api.calls", "from server import app"),
    ("server.jobs.deliver", "import server.activitypub.actors"),
    ("server.helpers", "import os"),
]
ALLOWED = [
    ("storage.posts", "import asyncpg\nfrom storage import db\nfrom . import ids"),
    ("federation.fetch", "import aiohttp\nfrom federation.errors import Refused"),
    ("server.urls", "from server.config import Settings"),
    (
        "server.domain.calling.calls",
        "from storage import calls\nfrom server import clock\nimport asyncpg",
    ),
    ("server.domain.effects", "from federation import addressing, build"),
    ("server.domain.wire", "from federation.build import note\nimport federation.addressing"),
    ("server.render.statuses", "from storage import posts\nfrom server.render import media"),
    ("server.arriving.inbox", "from federation import parse\nfrom server.domain import posts"),
    ("server.api.calls", "from server.domain import calls\nfrom server.render import statuses"),
    ("server.cli", "from server.web import calls\nfrom storage import embedded"),
]


@pytest.mark.parametrize(("module", "source"), REFUSED)
def test_refuses(module: str, source: str) -> None:
    assert breaches(module, source)


@pytest.mark.parametrize(("module", "source"), ALLOWED)
def test_allows(module: str, source: str) -> None:
    assert breaches(module, source) == []


def test_finds_a_cycle() -> None:
    sources = {
        "storage": ("", True),
        "storage.a": ("from storage import b", False),
        "storage.b": ("def late():\n    from . import c", False),
        "storage.c": ("import storage.a", False),
    }
    assert set(cycle_in(graph(sources))) == {"storage.a", "storage.b", "storage.c"}
    assert cycle_in(graph(sources | {"storage.c": ("", False)})) == []


# --- the table as ARCHITECTURE.md prints it

GROUPS = {"the leaves": LEAVES, "arriving": ARRIVING, "the doors": DOORS, "the joints": JOINTS}


def told() -> dict[str, tuple[set[str], str, str]]:
    """The rows of the document: part → (its modules of ``server/``, what it may import, never)."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \*\*(.+?)\*\*(.*?) \| (.*?) \| (.*?) ?\|$", text, re.MULTILINE)
    return {
        part: (set(re.findall(r"\w+", members)), may.strip(), never)
        for part, members, may, never in rows
    }


def printed(parts: set[str]) -> set[str]:
    """Parts as the document calls them: ``domain``, ``the leaves``."""
    named = {
        "leaves": "the leaves",
        "joints": "the joints",
        **dict.fromkeys(ARRIVING, "arriving"),
        **dict.fromkeys(DOORS, "the doors"),
    }
    return {named.get(part, part) for part in parts}


def test_architecture_prints_the_table() -> None:
    rows = told()
    assert set(rows) == printed(set(MAY_IMPORT))
    assert {part: rows[part][0] for part in GROUPS} == GROUPS
    for part, may in MAY_IMPORT.items():
        (name,) = printed({part})
        _, allowed, never = rows[name]
        others = printed(may - DOORS) if part in DOORS else printed(may)
        assert set(allowed.partition(";")[0].split(", ")) - {"itself"} == others - {name}
        assert set(never.split(", ")) - {"each other", ""} == NEVER.get(part, set())
        assert ("each other" in never) == (part in DOORS)


def test_the_table_names_what_exists() -> None:
    parts = {*LEAVES, *ARRIVING, *DOORS, *JOINTS, "domain", "render", "stream"}
    there = {name.split(".")[1] for name in modules() if name.startswith("server.")}
    assert there == parts


# --- files at the root


@pytest.mark.parametrize(
    "lock", sorted((ROOT / "deploy").glob("*.lock")), ids=lambda lock: lock.name
)
def test_locks_name_no_place_and_every_digest(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text
    assert unhashed(text) == []


def unhashed(text: str) -> list[str]:
    """The requirements of a lock that are not pinned to one version with a SHA-256."""
    lines = text.replace("\\\n", " ").splitlines()
    requirements = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    sound = re.compile(r"[A-Za-z0-9._-]+(\[[^]]*\])?==[^\s;]+.*--hash=sha256:[0-9a-f]{64}")
    return [line for line in requirements if not sound.match(line)]


def test_the_lock_of_the_clients_names_no_place_and_every_digest() -> None:
    text = (ROOT / "tests/clients/package-lock.json").read_text(encoding="utf-8")
    assert "://" not in text
    packages = {name: p for name, p in json.loads(text)["packages"].items() if name}
    assert packages
    assert all(p["integrity"].startswith("sha512-") for p in packages.values())


@pytest.mark.parametrize(
    "line",
    ["aiohttp==3.0", "aiohttp>=3.0 --hash=sha256:" + "0" * 64, "--index-url somewhere", "-e ."],
)
def test_refuses_a_loose_requirement(line: str) -> None:
    assert unhashed(line)


def test_architecture_names_files_that_exist() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w.-]+(?:/[\w.-]+)*/?)`", text))
    ours = {name for name in named if "/" in name or re.search(r"\.(py|md|sql|toml|lock)$", name)}
    assert ours, "it names no file at all"
    assert sorted(name for name in ours if not (ROOT / name).exists()) == []
