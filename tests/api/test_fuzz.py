"""Every route of the client API, asked in every wrong way: it answers in JSON, soon, and never with 5xx.

Hypothesis makes the requests from what is known to hurt (wrong types, other people's ids, numbers beyond
64 bits, NUL, half surrogates, nested keys, bodies that are none), the same ones in every run; then all
are sent. A request that does harm is shown whole. Afterwards the data must be sound.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, cast
from urllib.parse import quote, urlencode

import aiohttp
import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from yarl import URL

from server.api.routes import routes
from storage import check
from tests.api.conftest import Running
from tests.api.people import House, Member
from tests.samples import picture

EXAMPLES = 20  # for each route
AT_ONCE = 4
STREAMS = "/api/v1/streaming"
PATIENCE = aiohttp.ClientTimeout(total=10)

NAMES = (
    "status visibility title spoiler_text sensitive language in_reply_to_id community_id poll media_ids"
    " scheduled_at id limit max_id since_id min_id q type resolve offset following account_id acct"
    " reblogs notify choices timeline home notifications display_name note fields_attributes locked"
    " bot discoverable types exclude_types client_name redirect_uris scopes website grant_type code"
    " redirect_uri client_id client_secret scope token access_token name about policy rules role"
    " starts_at ends_at timezone place capacity state answer any all none local only_media pinned"
    " tagged exclude_replies quoted_status_id quote_approval_policy media_attributes description focus"
    " thumbnail delete_media duration notifications comment category rule_ids status_ids forward context"
    " filter_action keywords_attributes expires_in keyword whole_word phrase irreversible status_id"
    " replies_policy exclusive account_ids title subscription data for_not_following filter_not_following"
    " grouped_types expand_accounts domain ip severity email username password agreement reason invite"
    " text ends_at pinned languages account_ids user_ids timeline action_taken resolved origin status"
).split()
NESTED = (
    "options expires_in multiple last_read_id name value latitude longitude address 0 x"
    " id description focus keyword whole_word _destroy endpoint keys alerts policy p256dh auth standard"
).split()
ODD = (
    "", " ", "0", "-1", "1", "true", "null", "\0", "a\0b", "\ud800", "\U0001f33b" * 9, "é" * 300,
    "%", "_", "\\", "'; drop table posts; --", "<script>", "../../etc", "@", "@@", "@a@b@c", "#", "//",
    "https://", "https://[", "https://far.example/%zz", "9" * 18, "9" * 19, "9" * 20, "9" * 400,
    str(2**63), str(2**63 - 1), str(2**31), "-" + "9" * 30, "1e400", "nan", "inf", "-0", "1.5", "٣",
    "2030-01-01T10:00:00", "0001-01-01T00:00:00", "9999-12-31T23:59:59-14:00", "2030-01-01",
    "Europe/Rome", "Europe", "a" * 6000, "public", "direct", "going", "open", "organiser", "statuses",
    "read write", "authorization_code", "client_credentials", "urn:ietf:wg:oauth:2.0:oob",
)  # fmt: skip
LITERALS: Sequence[Any] = (
    None, True, False, 0, -1, 1.5, 2**31, 2**53, 2**63, 2**64 - 1, -(2**63), 1e308, [], {}, [[]], [{}],
    {"0": "a"}, {"a": {"b": {"c": {"d": [1]}}}}, [None, 1, "x", {"y": 2}], {"-1": 1}, [[[[[[[1]]]]]]],
)  # fmt: skip


@dataclass(frozen=True)
class Sent:
    method: str
    path: str
    query: str
    who: str
    headers: dict[str, str]
    body: bytes | None

    def url(self, base: str) -> URL:
        return URL(f"{base}{self.path}?{self.query}", encoded=True)


def _quoted(text: str) -> str:
    return quote(text.encode(errors="surrogatepass"), safe="")


def _pairs(known: Sequence[str]) -> st.SearchStrategy[list[tuple[str, str]]]:
    plain = st.sampled_from(NAMES)
    below = st.sampled_from(["", *NESTED])
    keys = st.one_of(
        plain,
        st.builds("{}[]".format, plain),
        st.builds("{}[{}]".format, plain, below),
        st.builds("{}[{}][{}]".format, plain, below, below),
        st.sampled_from(
            ["[", "]", "[]", "a[", "a]b", "a[b", "[a]", "a[][]", "a" + "[b]" * 50, "\0"]
        ),
    )
    return st.lists(st.tuples(keys, st.sampled_from([*ODD, *known])), max_size=8)


def _trees(known: Sequence[str]) -> st.SearchStrategy[Any]:
    leaves = st.sampled_from([*LITERALS, *[o for o in ODD if o != "\ud800"], *known])
    nested = st.dictionaries(st.sampled_from(NESTED), leaves, max_size=4)
    values = st.one_of(leaves, st.lists(leaves, max_size=4), nested, st.lists(nested, max_size=3))
    return st.dictionaries(st.sampled_from([*NAMES, "media_ids[]", "poll[x]"]), values, max_size=8)


def _form(pairs: list[tuple[str, str]]) -> bytes:
    return urlencode(pairs, errors="surrogatepass").encode()


def _multipart(pairs: list[tuple[str, str]]) -> bytes:
    parts = [
        b'--x\r\nContent-Disposition: form-data; name="%b"%b\r\n\r\n%b\r\n'
        % (
            name.encode(errors="replace"),
            b'; filename="f"' if len(value) % 3 == 0 else b"",
            value.encode(errors="surrogatepass"),
        )
        for name, value in pairs
    ]
    return b"".join([*parts, b"--x--\r\n"])


def _bodies(known: Sequence[str]) -> st.SearchStrategy[tuple[str, bytes | None]]:
    pairs = _pairs(known)
    form, json_ = "application/x-www-form-urlencoded", "application/json"
    parts = 'multipart/form-data; boundary="x"; charset=utf-8'
    return st.one_of(
        st.just(("", None)),
        st.tuples(st.just(json_), _trees(known).map(lambda tree: json.dumps(tree).encode())),
        st.tuples(st.just(json_), _trees(known).map(lambda tree: json.dumps(tree).encode())),
        st.tuples(st.just(form), pairs.map(_form)),
        st.tuples(st.just(parts), pairs.map(_multipart)),
        st.tuples(
            st.sampled_from(["", "text/html", json_, form, parts, "multipart/form-data", "x/y; charset=z"]),
            st.sampled_from([
                b"", b"{", b"[1]", b"null", b'"x"', b"\xff\xfe", b"\0", b"a=%ff&b=%00", b"--x", b"[" * 3000,
                b'{"status":"\\ud800"}', b'{"status":1e999}', b"a&" * 3000, b"--x\r\n\r\n\r\n--x--",
            ]),
        ),
    )  # fmt: skip


def _requests(
    method: str, path: str, ids: Sequence[str], members: Sequence[str]
) -> st.SearchStrategy[Sent]:
    filled = st.sampled_from([*ids * 4, *ODD]).map(lambda text: _quoted(text) or "0")
    names = [part for part in path.split("/") if part.startswith("{")]
    paths = st.lists(filled, min_size=len(names), max_size=len(names)).map(
        lambda values: _fill(path, names, values)
    )
    extra = st.sampled_from([{}, {}, {"Idempotency-Key": "k"}, {"Idempotency-Key": "\u00e9\x85"}])

    def made(
        at: str,
        query: list[tuple[str, str]],
        who: str,
        more: dict[str, str],
        body: tuple[str, bytes | None],
    ) -> Sent:
        kind, content = body
        headers = {"Content-Type": kind, **more} if kind else more
        query_ = urlencode(query, errors="surrogatepass")
        return Sent(method, at, query_, who, headers, None if method == "GET" else content)

    return st.builds(made, paths, _pairs(ids), st.sampled_from(members), extra, _bodies(ids))


def _fill(path: str, names: Sequence[str], values: Sequence[str]) -> str:
    for name, value in zip(names, values, strict=True):
        path = path.replace(name, value)
    return path


def _declared() -> list[tuple[str, str]]:
    found = [cast("web.RouteDef", route) for route in routes()]
    # A stream has no end to wait for; test_streaming.py asks it odd things.
    return sorted({(r.method, r.path) for r in found if not r.path.startswith(STREAMS)})


def _generate(ids: Sequence[str], members: Sequence[str]) -> list[Sent]:
    made: list[Sent] = []
    for method, path in _declared():

        @seed(8420)
        @settings(
            max_examples=EXAMPLES,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(_requests(method, path, ids, members))
        def collect(sent: Sent) -> None:
            made.append(sent)

        collect()
    return made


async def _people(house: House) -> tuple[dict[str, dict[str, str]], list[str]]:
    """Headers by who asks, and ids of all that there is."""
    gardener = await house.member("gardener")
    baker = await house.member("baker", locked=True)
    keeper = await house.member("keeper", role="admin")
    garden = await house.community(gardener, "garden")
    poll = {"options": ["a", "b"], "expires_in": 3600}
    said = [
        await gardener.says("Tea #tea @baker"),
        await gardener.says("Which?", poll=poll),
        await baker.says("Mine", visibility="private"),
        await keeper.says("@gardener hush", visibility="direct"),
    ]
    await baker.good("POST", f"/api/v1/accounts/{gardener.id}/follow")
    await gardener.good("POST", f"/api/v1/accounts/{baker.id}/follow")
    call = await gardener.good(
        "POST",
        f"/api/beckon/v1/communities/{garden.id}/calls",
        json={"title": "Digging", "starts_at": "2040-01-01T10:00:00", "capacity": 1},
    )
    made = await _things(gardener, baker, said[0]["id"])
    assert gardener.account
    who = {
        "nobody": {},
        "liar": {"Authorization": "Bearer \u00ff\x85wrong"},
        "empty": {"Authorization": "Bearer "},
        "odd": {"Authorization": "Basic ////"},
        "app": await house.sign_in(None),
        "reader": await house.sign_in(gardener.account, "read"),
        "gardener": dict(gardener.token),
        "baker": dict(baker.token),
        "keeper": dict(keeper.token),
    }
    people = [gardener.id, baker.id, keeper.id, str(garden.id)]
    return who, [*people, *(s["id"] for s in said), *made, call["id"], "garden", "tea"]


async def _things(gardener: Member, baker: Member, post: str) -> list[str]:
    """Ids of one of everything else that a member may have."""
    upload = {"file": BytesIO(picture())}
    planned = {"status": "later", "scheduled_at": "2040-01-01T10:00:00Z"}
    filter_ = {"title": "t", "context": ["home"], "keywords_attributes": [{"keyword": "tea"}]}
    made = [
        await gardener.good("POST", "/api/v1/media", data=upload),
        await gardener.good("POST", "/api/v1/statuses", json=planned),
        await gardener.good("POST", "/api/v1/lists", json={"title": "Friends"}),
        await gardener.good("POST", "/api/v2/filters", json=filter_),
        await gardener.good("POST", "/api/v1/featured_tags", json={"name": "tea"}),
        await baker.says("look", quoted_status_id=post),
    ]
    found = await gardener.good("GET", "/api/v1/notifications")
    return [*{each["id"]: 1 for each in (*made, *found)}]


async def _ask(here: Running, sent: Sent, who: dict[str, dict[str, str]]) -> str | None:
    """What is wrong with the answer."""
    headers = who[sent.who] | sent.headers
    url = sent.url(here.base)
    try:
        async with here.http.request(
            sent.method,
            url,
            headers=headers,
            data=sent.body,
            timeout=PATIENCE,
            allow_redirects=False,
        ) as response:
            body = await response.read()
    except (TimeoutError, aiohttp.ClientError) as error:
        return f"{error!r} to {sent}"
    if response.status >= 500 or response.content_type != "application/json":
        return f"{response.status} {response.content_type} to {sent}"
    told = json.loads(body)
    if response.status >= 400 and not isinstance(told.get("error"), str):
        return f"{response.status} {body[:200]!r} to {sent}"
    return None


async def _ask_all(here: Running, cases: list[Sent], who: dict[str, dict[str, str]]) -> None:
    waiting = iter(cases)

    async def ask() -> list[str]:
        return [wrong for sent in waiting if (wrong := await _ask(here, sent, who))]

    found = await asyncio.gather(*(ask() for _ in range(AT_ONCE)))
    wrong = [sentence for some in found for sentence in some]
    assert not wrong, f"{len(wrong)} wrong answers:\n" + "\n".join(wrong[:10])
    async with here.work.pool.acquire() as conn:
        assert await check.faults(conn) == []


async def test_nothing_that_is_asked_breaks_a_route(here: Running, house: House) -> None:
    who, ids = await _people(house)
    await _ask_all(here, _generate(ids, [*who, "gardener", "gardener", "baker"]), who)


async def test_no_path_breaks_a_route(here: Running, house: House) -> None:
    who, _ = await _people(house)
    cases = [
        Sent(method, _fill(path, [part], [_quoted(odd)]), "", "gardener", {}, None)
        for method, path in _declared()
        for part in path.split("/")
        if part.startswith("{")
        for odd in ODD
    ]
    await _ask_all(here, cases, who)


@pytest.mark.parametrize("name", ["Authorization", "Idempotency-Key", "X-Forwarded-For", "Cookie"])
async def test_a_header_that_is_no_text_is_answered(here: Running, house: House, name: str) -> None:
    """aiohttp reads such bytes as half surrogates, which cannot be written as UTF-8."""
    member = await house.member("gardener")
    body = b'{"status":"Tea"}'
    lines = [b"POST /api/v1/statuses HTTP/1.1", b"Host: x", b"Connection: close"]
    lines += [b"Content-Type: application/json", b"Content-Length: %d" % len(body)]
    if name != "Authorization":
        lines.append(f"Authorization: {member.token['Authorization']}".encode())
    lines.append(name.encode() + b": Bearer \xff\xfe\xed\xa0\x80")
    reader, writer = await asyncio.open_connection("127.0.0.1", URL(here.base).port)
    writer.write(b"\r\n".join([*lines, b"", body]))
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    status, kind = int(answer.split(b" ", 2)[1]), answer.lower()
    assert status == (401 if name == "Authorization" else 200), answer
    assert b"content-type: application/json" in kind


@pytest.mark.parametrize("told", ["\u00ff:x", "\0:x", "a%00b:c", "nothing"])
async def test_basic_credentials_that_are_none_are_refused(here: Running, told: str) -> None:
    for value in (base64.b64encode(told.encode("latin-1")).decode(), "\u00ff"):
        headers = {"Authorization": f"Basic {value}"}
        async with here.http.post("/oauth/token", headers=headers) as answer:
            assert (answer.status, (await answer.json())["error"]) == (401, "invalid_client")
