"""What a client sent, however it sent it: one value with typed getters.

Query string, urlencoded form, multipart form and JSON say the same things; clients mix them freely, on
every verb. They are merged into one tree (the body wins over the query). A value of the wrong type is as
if it had not been sent, as in Mastodon; only a body that cannot be read at all is refused.

Files are taken by routes that ask for them (``with_files``): they are written to disk as they come, in a
folder that is removed when the request is answered. Elsewhere a file is passed over.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeAlias, cast
from urllib.parse import parse_qsl

import orjson
from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from server import ids
from server.context import context
from server.errors import BadRequest

MAX_BODY = 1024 * 1024  # bytes
MAX_PAIRS = 2000
MAX_DEPTH = 6  # brackets in a name
CHUNK = 64 * 1024  # bytes of a file at once
FALSE = frozenset({"0", "f", "F", "false", "FALSE", "False", "off", "OFF", "Off"})
INT_MAX = 2**31 - 1
UPLOADS = "uploads"
"""The folder below that of all data where files wait until they are looked at."""

Tree: TypeAlias = dict[str, object]


class Params:
    """A tree of parameters. ``None`` means: not given, or not of the asked type."""

    def __init__(self, tree: Mapping[str, object]) -> None:
        self._tree = tree

    def __contains__(self, name: str) -> bool:
        """Whether it was given at all, null included."""
        return name in self._tree

    @property
    def tree(self) -> Mapping[str, object]:
        """All of it as it came, for what has a reader of its own."""
        return self._tree

    def text(self, name: str) -> str | None:
        return _text(self._tree.get(name))

    def file(self, name: str) -> Path | None:
        """Where a file was put that was sent; empty ones say nothing."""
        value = self._tree.get(name)
        return value if isinstance(value, Path) and value.stat().st_size else None

    def boolean(self, name: str) -> bool | None:
        """Rails' rule: some words are false, nothing is nothing, all else is true."""
        text = self.text(name)
        return None if text is None or text == "" else text not in FALSE

    def flag(self, name: str) -> bool:
        """True only where it was given and is true."""
        return self.boolean(name) or False

    def integer(self, name: str, low: int = 0, high: int = INT_MAX) -> int | None:
        """Clamped to ``low`` … ``high``."""
        return _integer(self._tree.get(name), low, high)

    def id(self, name: str) -> int | None:
        """An id of ours (a string of digits)."""
        return ids.parse(self.text(name) or "")

    def texts(self, name: str) -> list[str]:
        """A list of texts; a single value is a list of one."""
        return [text for item in self._items(name) if (text := _text(item)) is not None]

    def integers(self, name: str, low: int = 0, high: int = INT_MAX) -> list[int]:
        found = (_integer(item, low, high) for item in self._items(name))
        return [number for number in found if number is not None]

    def ids(self, name: str) -> list[int]:
        return [number for text in self.texts(name) if (number := ids.parse(text)) is not None]

    def child(self, name: str) -> Params:
        """The hash of that name; an empty one where there is none."""
        value = self._tree.get(name)
        return Params(cast("Tree", value) if isinstance(value, dict) else {})

    def children(self, name: str) -> list[Params]:
        """A list of hashes: ``a[][x]``, ``a[0][x]``, or a JSON list or object."""
        return [Params(cast("Tree", item)) for item in self._items(name) if isinstance(item, dict)]

    def _items(self, name: str) -> list[object]:
        value = self._tree.get(name)
        if value is None:
            return []
        if isinstance(value, list):
            return cast("list[object]", value)
        if isinstance(value, dict):
            return _by_index(cast("Tree", value))
        return [value]


def _by_index(tree: Tree) -> list[object]:
    """``k[0]=a&k[1]=b`` and ``{"0": …}``: a list by its numbers."""
    if not all(key.isascii() and key.isdigit() and len(key) < 10 for key in tree):
        return [tree]
    return [tree[key] for key in sorted(tree, key=int)]


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    # NUL cannot be stored in PostgreSQL's text, and means nothing.
    return value.replace("\0", "") if isinstance(value, str) else None


def _integer(value: object, low: int, high: int) -> int | None:
    text = (_text(value) or "").strip().removesuffix(".0")
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 18:
        return None
    return min(max(int(text), low), high)


def from_pairs(pairs: Iterable[tuple[str, object]], into: Tree | None = None) -> Tree:
    """Read ``a[b][c]``, ``k[]`` and ``k[0]`` as Rails does. Raises ``BadRequest`` beyond the limits."""
    tree: Tree = {} if into is None else into
    for count, (name, value) in enumerate(pairs):
        if count >= MAX_PAIRS:
            raise BadRequest("Too many parameters.")
        _put(tree, _path(name), value)
    return tree


def _path(name: str) -> list[str]:
    head, bracket, rest = name.partition("[")
    if not bracket or not rest.endswith("]") or not head:
        return [name]
    path = [head, *rest[:-1].split("][")]
    while path[-2:] == ["", ""]:  # id[][], as Mastodon.py writes a list, is id[]
        path.pop()
    if len(path) > MAX_DEPTH:
        raise BadRequest("A parameter is nested too deeply.")
    return path


def _put(tree: Tree, path: Sequence[str], value: object) -> None:
    key, rest = path[0], path[1:]
    if not rest:
        tree[key] = value
    elif rest[0] == "":
        _append(_list_at(tree, key), rest[1:], value)
    else:
        below = tree.get(key)
        if not isinstance(below, dict):
            below = tree[key] = {}
        _put(cast("Tree", below), rest, value)


def _list_at(tree: Tree, key: str) -> list[object]:
    found = tree.get(key)
    if not isinstance(found, list):
        found = tree[key] = []
    return cast("list[object]", found)


def _append(items: list[object], rest: Sequence[str], value: object) -> None:
    if not rest:
        # A JSON key may literally be "media_ids[]", with the whole list as its value.
        items.extend(cast("list[object]", value) if isinstance(value, list) else [value])
        return
    # a[][x]=1&a[][y]=2&a[][x]=3: a repeated name begins the next hash.
    last = items[-1] if items else None
    target: Tree = cast("Tree", last) if isinstance(last, dict) else {}
    if last is not target or _holds(target, rest):
        target = {}
        items.append(target)
    _put(target, rest, value)


def _holds(tree: Tree, path: Sequence[str]) -> bool:
    below = tree.get(path[0])
    if len(path) == 1 or not isinstance(below, dict):
        return path[0] in tree and (len(path) == 1 or path[1] != "")
    return _holds(cast("Tree", below), path[1:])


def from_json(body: bytes) -> Tree:
    """Raises ``BadRequest`` for what is not JSON; what is no object says nothing."""
    try:
        value: object = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest("The body is not valid JSON.", cause=str(error)) from error
    return from_pairs(cast("Tree", value).items()) if isinstance(value, dict) else {}


PARAMS: web.RequestKey[Params] = web.RequestKey("params", Params)


async def read(
    request: web.Request, *, max_body: int = MAX_BODY, folder: Path | None = None
) -> Params:
    """All that this request says, read once. Raises ``BadRequest``; 413 beyond ``max_body`` bytes.

    ``folder``: where files are written; without one they are passed over.
    """
    if PARAMS not in request:
        tree = from_pairs(request.query.items())
        request[PARAMS] = Params(tree | await _body(request, max_body, folder))
    return request[PARAMS]


@asynccontextmanager
async def with_files(request: web.Request, max_body: int) -> AsyncGenerator[Params]:
    """As ``read``; the files that were sent are on disk until the block is left."""
    if request.content_type != "multipart/form-data":
        yield await read(request)
        return
    above = context(request).settings.data / UPLOADS
    folder = await asyncio.to_thread(_make_folder, above)
    try:
        yield await read(request, max_body=max_body, folder=folder)
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def _make_folder(above: Path) -> Path:
    above.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(dir=above))


async def _body(request: web.Request, max_body: int, folder: Path | None) -> Tree:
    if not request.body_exists:
        return {}
    if request.content_type == "multipart/form-data":
        return await _multipart(request, max_body, folder)
    body = await request.clone(client_max_size=min(max_body, MAX_BODY)).read()
    is_json = request.content_type.endswith(("/json", "+json"))
    if is_json or (
        request.content_type != "application/x-www-form-urlencoded" and body[:1] == b"{"
    ):
        return from_json(body) if body.strip() else {}
    return from_pairs(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))


async def _multipart(request: web.Request, max_body: int, folder: Path | None) -> Tree:
    try:
        return from_pairs(await _parts(request, max_body, folder))
    except (ValueError, LookupError, HttpProcessingError) as error:
        raise BadRequest("The form cannot be read.", cause=str(error)) from error


async def _parts(
    request: web.Request, max_body: int, folder: Path | None
) -> list[tuple[str, object]]:
    """The fields of a form; a file is the path where it was put."""
    pairs: list[tuple[str, object]] = []
    left, text_left = max_body, MAX_BODY
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            raise BadRequest("The form cannot be read.")
        if len(pairs) >= MAX_PAIRS:
            raise BadRequest("Too many parameters.")
        if part.filename is None:
            value = await _field(part, min(left, text_left))
            left, text_left = left - len(value), text_left - len(value)
            pairs.append((part.name, value.decode(errors="replace")))
        else:
            path = folder / str(len(pairs)) if folder else None
            left -= await _file(part, path, left)
            if path:
                pairs.append((part.name, path))
    return pairs


async def _field(part: BodyPartReader, left: int) -> bytes:
    body = bytearray()
    while chunk := await part.read_chunk(CHUNK):
        body += chunk
        if len(body) > left:
            raise web.HTTPRequestEntityTooLarge(max_size=left, actual_size=len(body))
    return bytes(body)


async def _file(part: BodyPartReader, path: Path | None, left: int) -> int:
    """Write it down as it comes, or read past it; gives its size in bytes."""
    size = 0
    with (path or Path("/dev/null")).open("wb") as out:
        while chunk := await part.read_chunk(CHUNK):
            size += len(chunk)
            if size > left:
                raise web.HTTPRequestEntityTooLarge(max_size=left, actual_size=size)
            out.write(chunk)
    return size
