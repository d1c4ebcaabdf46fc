"""A stranger asks every route of an instance for everything that its private communities have.

The world has two private communities, one joined on request and one for the invited, and in every text that can be
typed there stands a word. All ids that their rows have, and their names, are put into every address of the route
table, and asked for in each form; no answer may hold the word, in its body or its headers, or differ from the
answer about something that is not there. An unlisted community may be read by whoever has its address, and no
address without it may name it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from io import BytesIO
from urllib.parse import quote, urlencode

import pytest
from aiohttp import hdrs

from server.app import make_app
from server.config import Settings
from server.domain.calling import drafting, kinds
from tests.api.networked import Town, town
from tests.api.people import House, Member
from tests.samples import picture

__all__ = ["town"]

BECKON = "/api/beckon/v1"
WORD = "xyzzy"
"""In every text of the private communities; of the one for the invited also in its name."""
QUIET = "plugh"
"""In every text of the unlisted one."""
NOWHERE = "7777777777777"
NOBODY = "nobody_there"
HOLE = re.compile(r"{[^}]+}")
FORMS = ("text/html", "application/activity+json", "application/json")
TITLES = {f"{WORD}_den": f"{WORD} title", "shed": "The shed"}
VARYING = frozenset({"X-Request-ID", "Date", "ETag"})
"""Headers that differ between any two answers."""


REFERENCES = """
    select c.table_name::text as "table", c.column_name::text as "column" from information_schema.columns c
    where c.table_schema = 'public' and c.data_type = 'bigint'
        and c.column_name in ('community_id', 'group_id', 'target_id', 'post_id', 'thread_id')
        and exists (select from information_schema.columns i where i.table_name = c.table_name
            and i.table_schema = 'public' and i.column_name = 'id' and i.data_type = 'bigint')"""


APART = """
    do $$ declare s record; begin
        for s in select row_number() over () as n, oid::regclass as name from pg_class
            where relkind = 'S' and relnamespace = 'public'::regnamespace
        loop perform setval(s.name, 100000 * s.n); end loop;
    end $$"""
"""No number is the id of two things, so that what is public is not asked for by chance."""


SHOWN = {
    "/@{name}": ("shed",),  # where to ask to be let in: its name, and nothing that it says
    "/api/v1/tags/{name}": (
        "shed",
        f"{WORD}_den",
        WORD,
    ),  # any word is a tag, with an id made of it
}
"""What strangers are told: by design, and besides a key, without which no server could check its signature."""
ASKED = {
    "/api/v2/search", "/api/v1/accounts/lookup", "/api/v1/accounts/search", "/api/oembed",
    "/.well-known/webfinger", "/take-part",
}  # fmt: skip
STREAMS = "/api/v1/streaming"


async def _write(
    by: Member, other: Member, made: Mapping[str, str], handle: str, word: str
) -> None:
    """Something of all that a community can hold, with the word in it."""
    here = f"{BECKON}/communities/{made['id']}"
    told = {
        "about": f"{word} about", "purpose": f"{word} purpose",
        "norms": f"{word} norms", "rules": [f"{word} rule"], "topics": [word],
        "questions": [f"{word} question?"],
    }  # fmt: skip
    await by.good("PUT", here, json=told)
    await by.good("PUT", f"{here}/place", json={"name": word, "latitude": 45.4, "longitude": 9.1})
    await by.good("POST", f"{here}/invites", json={"account_id": other.id})
    wish = {"answers": [f"{word} answer"], "norms": True}
    await other.good("POST", f"{here}/join", json=wish)
    upload = {"file": BytesIO(picture()), "description": f"{word} picture"}
    file = await by.good("POST", "/api/v1/media", data=upload)
    await _call(by, other, here, word)
    talk = await by.says(
        f"@{handle} {word} #{word} https://news.example/{word}", media_ids=[file["id"]]
    )
    poll = {"options": [f"{word} a", f"{word} b"], "expires_in": 3600}
    asked = await other.says(f"@{handle} {word}?", poll=poll, spoiler_text=word)
    await other.says(f"{word} reply", in_reply_to_id=talk["id"])
    one = f"{here}/posts/{talk['id']}"
    await by.good("POST", f"{one}/note", json={"text": f"{word} note"})
    removed = f"{here}/posts/{asked['id']}/remove"
    await by.good("POST", removed, json={"reason": f"{word} reason"})
    await by.good("POST", f"{here}/hold_rules", json={"kind": "word", "value": f"{word}held"})
    await other.says(f"@{handle} {word}held")
    sent = {"title": f"{word} document", "text": f"{word} text"}
    await by.good("POST", f"{here}/documents", json=sent)
    start = {"kind": "petition", "name": f"{word} template", "title": f"{word} {{whom}}", "places": [{"name": "whom"}]}  # fmt: skip
    await by.good("POST", f"{here}/templates", json=start | {"shared": True})
    await by.good("POST", f"{here}/links", json={"max_uses": 3})
    await by.good("POST", f"{here}/archive")
    complaint = {"account_id": by.id, "status_ids": [talk["id"]], "comment": word}
    await other.good("POST", "/api/v1/reports", json=complaint)
    await other.good("POST", f"/api/v1/statuses/{talk['id']}/favourite")
    found = await other.good("GET", f"{BECKON}/decisions")
    path = f"{BECKON}/decisions/{found[0]['id']}/appeal"
    await other.good("POST", path, json={"text": f"{word} appeal"})


async def _call(by: Member, other: Member, here: str, word: str) -> None:
    """A call of each kind, with an answer where that can be one word, and an idea of one."""
    soon = (datetime.now(UTC) + timedelta(days=9)).isoformat()
    await _opened(by, other, here, soon)
    more = {
        "event": {"starts_at": soon, "place": {"name": word, "latitude": 45.4, "longitude": 9.1}},
        "volunteer": {"shifts": [{"title": f"{word} shift", "starts_at": soon}]},
        "donate": {"external_url": f"https://give.example/{word}"},
        "decision": {"options": [f"{word} yes", f"{word} no"]},
    }
    said = {"about": f"{word} call #{word}", "participants_note": f"{word} note"}
    for kind in kinds.KINDS:
        text = said if kind in drafting.NOTED else {"about": said["about"]}
        wish = {"kind": kind, "title": f"{word} {kind}", **text, **more.get(kind, {})}
        made = await by.good("POST", f"{here}/calls", json=wish)
        one = f"{BECKON}/calls/{made['id']}"
        first = {"answer": made["answers"][0]["key"]}
        taken = {"shift_id": made["shifts"][0]["id"]} if made["shifts"] else first
        await other.good("POST", f"{one}/answer", json=taken)
        await other.says(f"{word} comment", in_reply_to_id=made["id"])
    idea = {"kind": "petition", "title": f"{word} idea", "about": f"{word} idea"}
    await other.good("POST", f"{here}/proposals", json=idea)
    await by.good("PUT", f"{one}", json={"state": "closed"})
    await by.good("POST", f"{one}/outcome", json={"outcome": f"{word} outcome"})


async def _opened(by: Member, other: Member, here: str, soon: str) -> None:
    """One call without the word, which everybody may answer."""
    wish = {"kind": "event", "title": "An open door", "about": "Bring tea", "starts_at": soon}
    made = await by.good("POST", f"{here}/calls", json=wish)
    one = f"{BECKON}/calls/{made['id']}"
    await by.good("PUT", f"{one}/opened", json={"hosted_by": "A neighbour"})
    await other.good("POST", f"{one}/answer", json={"answer": made["answers"][0]["key"]})
    await other.says("plain comment", in_reply_to_id=made["id"])


@dataclass
class World:
    town: Town
    stranger: Member
    ids: set[str]
    names: list[str]
    groups: list[str]


@pytest.fixture
async def world(town: Town) -> World:
    house = town.house
    async with house.work.transaction() as tx:
        await tx.conn.execute(APART)
    by, other, loud = [await house.member(name) for name in ("organiser", "member", "loud")]
    names = [f"{WORD}_den", "shed"]
    groups: list[int] = []
    for name, policy in zip(names, ("invited", "request"), strict=True):
        wish = {"name": name, "title": TITLES[name], "policy": policy, "visibility": "private"}
        made = await by.good("POST", f"{BECKON}/communities", json=wish)
        groups.append(int(made["id"]))
        await _write(by, other, made, name, WORD)
        ban = f"{BECKON}/communities/{made['id']}/ban/{loud.id}"
        await by.good("POST", ban, json={"reason": f"{WORD} ban"})
    await by.says("Hello world")
    await town.later(minutes=10)
    return World(town, house.stranger, await _ids(house, groups), names, [str(n) for n in groups])


async def _ids(house: House, groups: list[int]) -> set[str]:
    """Of every row that belongs to these communities, or to a post of theirs, whatever its table."""
    async with house.work.reading() as tx:
        rows = await tx.conn.fetch("select id from posts where community_id = any($1)", groups)
        own = groups + [row["id"] for row in rows]
        found = {str(number) for number in own}
        for table, column in await tx.conn.fetch(REFERENCES):
            text = f"select id from {table} where {column} = any($1)"
            found |= {str(row["id"]) for row in await tx.conn.fetch(text, own)}
        sent = await tx.conn.fetch("select id from outbox where body::text like $1", f"%{WORD}%")
    return found | {str(row["id"]) for row in sent}


@dataclass(frozen=True)
class Got:
    """An answer, its headers with it, but for those that differ in any two."""

    status: int
    text: str

    def about(self, value: str) -> tuple[int, str]:
        """With a hole where it says again what was asked for."""
        return self.status, self.text.replace(value, "{}")


async def _ask(world: World, method: str, path: str, accept: str) -> Got:
    plain = {"Accept-Encoding": "identity"}  # packed, its length would tell of what it is made
    url, headers = world.stranger.base + path, {"Accept": accept, **plain}
    async with world.stranger.http.request(
        method, url, headers=headers, allow_redirects=False
    ) as answer:
        body = (await answer.read()).decode("utf-8", "replace")
        told = sorted(f"{n}: {v}" for n, v in answer.headers.items() if n not in VARYING)
    return Got(answer.status, "\n".join([*told, body]))


def _routes(world: World) -> list[tuple[str, str]]:
    """Method and pattern of every route there is."""
    app = make_app(Settings(domain=world.town.ours.host), world.town.ours.work, world.town.ours.net)
    return sorted(
        {
            (route.method, route.resource.canonical)
            for route in app.router.routes()
            if route.resource and route.method not in (hdrs.METH_HEAD, hdrs.METH_ANY)
        }
    )


def _forms(path: str) -> tuple[str, ...]:
    """What is one document to all is asked for once."""
    return FORMS[2:] if path.startswith("/api/") else FORMS


def _asked(world: World, pattern: str) -> Iterator[tuple[str, str]]:
    """What to put into an address: something private, and what is as long and not there."""
    if "{" in pattern:
        for real in (*sorted(world.ids), *world.names, WORD):
            yield real, ("7" if real.isdigit() else "n") * len(real)


async def test_nothing_is_told_of_what_is_private(world: World) -> None:
    """Every route with every id and name: no word, and the answer about what is not there."""
    leaks: set[str] = set()
    nothing: dict[tuple[str, str, str], Got] = {}
    for method, pattern in _routes(world):
        for real, other in _asked(world, pattern):
            for accept in _forms(pattern):
                got = await _ask(world, method, HOLE.sub(real, pattern), accept)
                key = (method, HOLE.sub(other, pattern), accept)
                if key not in nothing:
                    nothing[key] = await _ask(world, *key)
                if got.about(real) != nothing[key].about(other):  # one of them may have come late
                    nothing[key] = await _ask(world, *key)
                same = got.about(real) == nothing[key].about(other)
                if WORD in got.about(real)[1] or not (same or _told(world, pattern, real)):
                    leaks.add(f"{method} {pattern} {real} {accept}: {got}"[:400])
    assert sorted(leaks) == []
    assert len(nothing) > 500


async def test_the_page_of_an_opened_call_is_all_that_is_told(world: World) -> None:
    """Whoever has its address is shown that call; no other address takes it, and no word or name is on it."""
    async with world.town.house.work.reading() as tx:
        rows = await tx.conn.fetch("select token, post_id from call_opened")
    assert len(rows) == 2
    for token, post_id in rows:
        page = await _ask(world, "GET", f"/open/{token}", "text/html")
        assert page.status == 200
        for said in ("An open door", "Bring tea", "A neighbour"):
            assert said in page.text
        hidden = (
            WORD,
            *world.names,
            *TITLES.values(),
            "@",
            f"/{post_id}",
            "organiser",
            "plain comment",
        )
        assert [said for said in hidden if said in page.text.replace("@media", "")] == []
        for method, pattern in _routes(world):
            if "{" not in pattern or pattern.startswith("/open/"):
                continue
            for accept in _forms(pattern):
                got = await _ask(world, method, HOLE.sub(token, pattern), accept)
                assert "An open door" not in got.text, (method, pattern, accept)
                assert WORD not in got.text
        url = quote(f"{world.stranger.base}/open/{token}", safe="")
        for pattern in ASKED:
            names = ("q", "acct", "url", "uri", "resource")
            path = f"{pattern}?{'&'.join(f'{name}={url}' for name in names)}"
            assert "An open door" not in (await _ask(world, "GET", path, FORMS[2])).text


def _told(world: World, pattern: str, real: str) -> bool:
    """Whether there is something for strangers: never with the word in it."""
    told = SHOWN.get(pattern.rstrip("/"), ())
    return real in told or (pattern.rstrip("/") == "/communities/{id}" and real in world.groups)


async def test_no_question_finds_what_is_private(world: World) -> None:
    """Addresses that ask for nothing by name, and all that take a question: search, lookup, embeds, WebFinger."""
    base, host = world.stranger.base, world.town.ours.host
    targets = [f"{base}/communities/{n}" for n in world.groups] + [f"{base}/@{WORD}_den"]
    asked = [WORD, f"{WORD}_den", f"@{WORD}_den@{host}", *targets]
    asked += [f"{base}/posts/{number}" for number in sorted(world.ids)]
    found: list[str] = []
    for method, pattern in _routes(world):
        if method != "GET" or "{" in pattern or pattern.startswith(STREAMS):
            continue
        questions = asked if pattern in ASKED else asked[:2]
        for said in ("", *questions):
            sent = dict.fromkeys(("q", "acct", "url", "uri", "resource", "object"), said)
            path = f"{pattern}?{urlencode(sent)}" if said else pattern
            for accept in _forms(pattern):
                got = await _ask(world, method, path, accept)
                rest = (
                    got.text.replace(quote(said, safe=""), "").replace(said, "")
                    if said
                    else got.text
                )
                rest = rest.replace(escape(said), "") if said else rest
                found += [f"{path} {accept}"] if WORD in rest else []
    assert found == []
    for kind in ("acct:", ""):
        name = f"{kind}{WORD}_den@{host}"
        other = f"{kind}nnnnn_den@{host}"
        path = "/.well-known/webfinger?resource="
        got = await _ask(world, "GET", path + name, FORMS[2])
        nothing = await _ask(world, "GET", path + other, FORMS[2])
        assert got.about(name) == nothing.about(other)


async def test_an_unlisted_community_is_named_by_no_address_but_its_own(world: World) -> None:
    """Directory, near-me, search, start page, feeds, calendars, instance: none tells of it."""
    by = await world.town.house.member("gardener")
    wish = {"name": f"{QUIET}_hall", "title": QUIET, "about": QUIET, "visibility": "unlisted"}
    made = await by.good("POST", f"{BECKON}/communities", json=wish)
    here = f"{BECKON}/communities/{made['id']}"
    await by.good("PUT", f"{here}/place", json={"name": QUIET, "latitude": 45.4, "longitude": 9.1})
    await by.good("PUT", here, json={"topics": [QUIET], "purpose": QUIET})
    found: list[str] = []
    for method, pattern in _routes(world):
        if method != "GET" or pattern.startswith(STREAMS):
            continue
        path = HOLE.sub("45", pattern) + "?latitude=45.4&longitude=9.1&local=true&order=new"
        for accept in _forms(pattern):
            got = await _ask(world, method, path, accept)
            found += [f"{path} {accept}"] if QUIET in got.text else []
    assert found == []
    assert QUIET in (await _ask(world, "GET", f"/@{QUIET}_hall", "text/html")).text
