"""What a client sent, however it sent it: one value with typed getters.

Query string, urlencoded form, multipart form and JSON say the same things; clients mix them freely, on
every verb. They are merged into one tree (the body wins over the query). A value of the wrong type is as
if it had not been sent, as in Mastodon; only a body that cannot be read at all is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias, cast
from urllib.parse import parse_qsl

import orjson
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_request import FileField

from server import ids
from server.errors import BadRequest

MAX_BODY = 1024 * 1024  # bytes
MAX_PAIRS = 2000
MAX_DEPTH = 6  # brackets in a name
FALSE = frozenset({"0", "f", "F", "false", "FALSE", "False", "off", "OFF", "Off"})
INT_MAX = 2**31 - 1

Tree: TypeAlias = dict[str, object]


class Params:
    """A tree of parameters. ``None`` means: not given, or not of the asked type."""

    def __init__(self, tree: Mapping[str, object]) -> None:
        self._tree = tree

    def __contains__(self, name: str) -> bool:
        """Whether it was given at all, null included."""
        return name in self._tree

    def text(self, name: str) -> str | None:
        return _text(self._tree.get(name))

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


async def read(request: web.Request, *, max_body: int = MAX_BODY) -> Params:
    """All that this request says, read once. Raises ``BadRequest``; 413 beyond ``max_body`` bytes."""
    if PARAMS not in request:
        tree = from_pairs(request.query.items())
        request[PARAMS] = Params(tree | await _body(request, max_body))
    return request[PARAMS]


async def _body(request: web.Request, max_body: int) -> Tree:
    if not request.body_exists:
        return {}
    sized = request.clone(client_max_size=max_body)
    if request.content_type == "multipart/form-data":
        return await _multipart(sized)
    body = await sized.read()
    is_json = request.content_type.endswith(("/json", "+json"))
    if is_json or (
        request.content_type != "application/x-www-form-urlencoded" and body[:1] == b"{"
    ):
        return from_json(body) if body.strip() else {}
    return from_pairs(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))


async def _multipart(request: web.Request) -> Tree:
    try:
        fields = await request.post()
    except (ValueError, LookupError, HttpProcessingError) as error:
        raise BadRequest("The form cannot be read.", cause=str(error)) from error
    for value in fields.values():
        if isinstance(value, FileField):
            value.file.close()  # no route takes files yet
    return from_pairs(fields.items())
