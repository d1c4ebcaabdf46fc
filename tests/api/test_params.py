"""Every form of request says the same, and nothing that a client sends by mistake is an error."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from urllib.parse import urlencode

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from server.api import params
from server.api.params import Params, from_json, from_pairs
from server.errors import BadRequest

FORM = "application/x-www-form-urlencoded; charset=utf-8"
PAIRS = [("text", "a & b"), ("media_ids[]", "1"), ("media_ids[]", "2"), ("poll[options][]", "x")]
PAIRS += [("poll[options][]", "y"), ("poll[multiple]", "true"), ("poll[expires_in]", "600")]
TREE = {
    "text": "a & b",
    "media_ids": [1, "2"],
    "poll": {"options": ["x", "y"], "multiple": True, "expires_in": 600},
}
EXPECTED = {
    "text": "a & b",
    "media_ids": [1, 2],
    "options": ["x", "y"],
    "multiple": True,
    "expires_in": 600,
}


def told(given: Params) -> dict[str, object]:
    poll = given.child("poll")
    return {
        "text": given.text("text"),
        "media_ids": given.ids("media_ids"),
        "options": poll.texts("options"),
        "multiple": poll.boolean("multiple"),
        "expires_in": poll.integer("expires_in", 300, 1000),
    }


@pytest.fixture
async def echo(free_port: Callable[[], int]) -> AsyncIterator[str]:
    """A server that answers what it understood."""

    async def answer(request: web.Request) -> web.Response:
        try:
            return web.json_response(told(await params.read(request, max_body=10_000)))
        except BadRequest as error:
            return web.json_response({"error": error.sentence}, status=400)

    app = web.Application()
    app.router.add_route("*", "/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield f"http://127.0.0.1:{port}/"
    await runner.cleanup()


def multipart() -> dict[str, object]:
    """As Mastodon for iOS writes it: a quoted boundary, and a charset behind it."""
    parts = [
        f'--b o\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in PAIRS
    ]
    kind = 'multipart/form-data; boundary="b o"; charset=utf-8'
    return {"data": "".join(parts) + "--b o--\r\n", "headers": {"Content-Type": kind}}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("form", ["query", "urlencoded", "multipart", "json", "untyped json"])
async def test_says_the_same_in_every_form(echo: str, method: str, form: str) -> None:
    ways: dict[str, dict[str, object]] = {
        "query": {"params": PAIRS},
        "urlencoded": {"data": urlencode(PAIRS), "headers": {"Content-Type": FORM}},
        "multipart": multipart(),
        "json": {"data": json.dumps(TREE), "headers": {"Content-Type": "application/json"}},
        "untyped json": {"data": json.dumps(TREE), "headers": {"Content-Type": "text/plain"}},
    }
    async with aiohttp.ClientSession() as http, http.request(method, echo, **ways[form]) as got:
        assert await got.json() == EXPECTED


async def test_the_body_wins_over_the_query(echo: str) -> None:
    async with aiohttp.ClientSession() as http:
        got = await http.post(echo, params={"text": "query"}, json={"text": "body"})
        assert (await got.json())["text"] == "body"


@pytest.mark.parametrize("kind", ["application/json", "text/plain", FORM, "multipart/form-data"])
async def test_an_empty_body_says_nothing(echo: str, kind: str) -> None:
    async with aiohttp.ClientSession() as http:
        got = await http.post(echo, data=b"", headers={"Content-Type": kind})
        assert (got.status, (await got.json())["text"]) == (200, None)


@pytest.mark.parametrize("body", ["[1]", "null", '"text"', "{}"])
async def test_json_that_is_no_object_says_nothing(echo: str, body: str) -> None:
    async with aiohttp.ClientSession() as http:
        got = await http.post(echo, data=body, headers={"Content-Type": "application/json"})
        assert (got.status, (await got.json())["text"]) == (200, None)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ("{", "application/json", 400),
        ("x" * 10_001, FORM, 413),
        ('{"text": "' + "x" * 10_000 + '"}', "application/json", 413),
        ("a[b][c][d][e][f][g]=1", FORM, 400),
        ("no boundary", "multipart/form-data", 400),
        ("--b\r\nnot a part", "multipart/form-data; boundary=b", 400),
    ],
)
async def test_refuses_what_cannot_be_read(echo: str, body: str, kind: str, status: int) -> None:
    async with aiohttp.ClientSession() as http:
        got = await http.post(echo, data=body, headers={"Content-Type": kind})
        assert got.status == status


def test_refuses_too_many_parameters() -> None:
    with pytest.raises(BadRequest):
        from_pairs((f"k{n}", "") for n in range(params.MAX_PAIRS + 1))


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        *((word, False) for word in "0 f F false FALSE off OFF".split()),
        *((word, True) for word in "1 t true on yes x".split()),
        ("", None),
        (None, None),
        ([], None),
        ({"a": 1}, None),
        (False, False),
        (True, True),
        (0, False),
        (1, True),
    ],
)
def test_booleans(sent: object, meant: bool | None) -> None:
    assert Params({"k": sent}).boolean("k") is meant


@pytest.mark.parametrize(
    ("sent", "meant"),
    [("7", 7), (7, 7), (7.0, 7), ("-3", 1), ("99", 40), ("", None), ("x", None), (None, None)],
)
def test_integers_are_clamped(sent: object, meant: int | None) -> None:
    assert Params({"k": sent}).integer("k", 1, 40) == meant


@pytest.mark.parametrize(
    "tree",
    [
        from_pairs([("k[]", "a"), ("k[]", "b")]),
        from_pairs([("k[1]", "b"), ("k[0]", "a")]),
        from_pairs([("k[10]", "b"), ("k[9]", "a")]),
        from_json(b'{"k": ["a", "b"]}'),
        from_json(b'{"k[]": ["a", "b"]}'),
        from_json(b'{"k": {"0": "a", "1": "b"}}'),
    ],
)
def test_lists(tree: dict[str, object]) -> None:
    assert Params(tree).texts("k") == ["a", "b"]


def test_a_list_in_doubled_brackets() -> None:
    """Mastodon.py writes the ids of notification requests so."""
    given = Params(from_pairs([("id[][]", "1"), ("id[][]", "2"), ("a[b][][]", "x")]))
    assert given.ids("id") == [1, 2]
    assert given.child("a").texts("b") == ["x"]


def test_one_value_is_a_list_of_one() -> None:
    assert Params(from_pairs([("k", "a")])).texts("k") == ["a"]


@pytest.mark.parametrize(
    "tree",
    [
        from_pairs([("f[][n]", "a"), ("f[][v]", "1"), ("f[][n]", "b"), ("f[][v]", "2")]),
        from_pairs([("f[0][n]", "a"), ("f[0][v]", "1"), ("f[1][n]", "b"), ("f[1][v]", "2")]),
        from_json(b'{"f": [{"n": "a", "v": 1}, {"n": "b", "v": "2"}]}'),
        from_json(b'{"f": {"0": {"n": "a", "v": 1}, "1": {"n": "b", "v": "2"}}}'),
    ],
)
def test_lists_of_hashes(tree: dict[str, object]) -> None:
    found = [(item.text("n"), item.text("v")) for item in Params(tree).children("f")]
    assert found == [("a", "1"), ("b", "2")]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def ask_everything(read: Params) -> None:
    answers = (read.text("k"), read.boolean("k"), read.integer("k"), read.id("k"))
    assert all(a is None or isinstance(a, str | int) for a in answers)
    assert all(isinstance(item, str) for item in read.texts("k"))
    assert all(isinstance(item, int) for item in [*read.ids("k"), *read.integers("k")])
    assert all(isinstance(item, Params) for item in [read.child("k"), *read.children("k")])


@given(JSON)
def test_a_wrong_type_is_never_an_error(value: object) -> None:
    ask_everything(Params({"k": value}))


@given(st.lists(st.tuples(st.text("k[]01a", max_size=9), st.text(max_size=3))))
def test_any_names_can_be_read(pairs: list[tuple[str, str]]) -> None:
    ask_everything(Params(from_pairs(pairs)))
