"""Rules that hold on every route, new ones too: who may call it, whose things it touches, what it lets out.

The routes come from the application itself. What has no place in the tables of this file fails it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import hdrs, web

from server.api.auth import Guarded
from server.api.routes import routes
from server.domain.members import scopes
from tests.api.conftest import Running
from tests.api.people import STAFF, House, Member
from tests.api.world import World, full, keep_documents
from tests.hostile.unchanged import same_rows

WITHOUT_A_RULE = {
    "POST /api/v1/apps": "registers an app, counted by address",
    "POST /oauth/token": "proves itself by the client's secret",
    "POST /oauth/revoke": "proves itself by the client's secret",
    "GET /.well-known/oauth-authorization-server": "the same for all",
}
READ_BY_POST = {
    "POST /oauth/userinfo",
    "POST /api/v1/statuses/{id}/translate",
    "POST /api/v1/admin/measures",
    "POST /api/v1/admin/dimensions",
    "POST /api/v1/admin/canonical_email_blocks/test",
}
TOP = ("read", "admin:read", "profile")
STREAMS = "/api/v1/streaming"


def guarded() -> list[Guarded]:
    return [route for route in routes() if isinstance(route, Guarded)]


def named(route: web.RouteDef) -> str:
    return f"{route.method} {route.path}"


def filled(path: str, value: str = "1") -> str:
    return re.sub(r"{[^}]+}", value, path)


# Who may call it


def test_every_route_declares_its_rule() -> None:
    bare = {named(route) for route in routes() if isinstance(route, web.RouteDef)}
    assert bare - {named(route) for route in guarded()} == set(WITHOUT_A_RULE)


async def test_nothing_else_is_served_below_the_api(here: Running) -> None:
    declared = {named(route) for route in routes() if isinstance(route, web.RouteDef)}
    alike = {"PUT": "PATCH", "PATCH": "PUT", "HEAD": "GET"}
    for route in here.app.router.routes():
        path = route.resource.canonical.rstrip("/") if route.resource else ""
        if path.startswith("/api/"):
            names = {f"{method} {path}" for method in (route.method, alike.get(route.method, ""))}
            assert names & declared, names


def test_what_changes_something_wants_more_than_to_read() -> None:
    """A token to read that also wrote was Pixelfed CVE-2024-25108 and Misskey CVE-2023-52139."""
    loose = {
        named(route)
        for route in guarded()
        if route.method != "GET"
        and any(scopes.covers(TOP, scope) for scope in route.rule.scopes or ("read",))
    }
    assert loose == READ_BY_POST


async def test_every_other_scope_together_is_not_enough(house: House) -> None:
    """The caller is an administrator, so that nothing but the scope is in the way."""
    boss = await house.member("boss", role="admin")
    wanted = [route for route in guarded() if route.rule.who == "member"]
    tokens = {needed: await _all_but(house, boss, needed) for needed in _needs(wanted)}
    async with same_rows(house.work):
        for route in wanted:
            narrow = Member(house.http, house.base, boss.account, tokens[route.rule.scopes])
            answer = await narrow.ask(route.method, filled(route.path), json={})
            assert answer.status == 403, named(route)


def _needs(wanted: Iterable[Guarded]) -> set[tuple[str, ...]]:
    return {route.rule.scopes for route in wanted}


async def _all_but(house: House, who: Member, needed: tuple[str, ...]) -> dict[str, str]:
    """A token with all scopes that there are, but for those that cover one of ``needed``."""
    others = [w for w in scopes.KNOWN if not any(scopes.covers([w], n) for n in needed)]
    return await house.sign_in(who.account, " ".join(others))


async def test_without_somebody_nothing_is_done(house: House) -> None:
    nobody = house.stranger
    app = Member(house.http, house.base, None, await house.sign_in(None, STAFF))
    async with same_rows(house.work):
        for route in guarded():
            if route.rule.who == "member":
                path = filled(route.path)
                assert (await nobody.ask(route.method, path, json={})).status == 401, named(route)
                alone = await app.ask(route.method, path, json={})
                expected = 401 if route.path.startswith(STREAMS) else 422
                assert alone.status == expected, named(route)


@pytest.mark.parametrize("role", ["member", "moderator"])
async def test_administration_wants_the_role_too(house: House, role: str) -> None:
    """Whatever the token says. Some of it moderators may do, and none of it members."""
    plain = await house.member("plain", role=role)
    token = await house.sign_in(plain.account, STAFF)
    caller = Member(house.http, house.base, plain.account, token)
    async with same_rows(house.work):
        seen = {
            named(route): (await caller.ask(route.method, filled(route.path), json={})).status
            for route in guarded()
            if "/admin/" in route.path
        }
    if role == "member":
        assert set(seen.values()) == {403}
    else:
        assert seen["POST /api/v1/admin/domain_blocks"] == 403
        assert seen["DELETE /api/v1/admin/accounts/{id}"] in (403, 404)


# Whose things it touches

OWNED = {  # what stands before an id → where its owner finds the ids, and under which name
    "lists": ("/api/v1/lists", "id"),
    "timelines/list": ("/api/v1/lists", "id"),
    "v2/filters": ("/api/v2/filters", "id"),
    "v1/filters": ("/api/v1/filters", "id"),
    "filters/keywords": ("/api/v1/filters", "id"),
    "filters/statuses": ("/api/v2/filters/{filter}/statuses", "id"),
    "scheduled_statuses": ("/api/v1/scheduled_statuses", "id"),
    "conversations": ("/api/v1/conversations", "id"),
    "v1/notifications": ("/api/v1/notifications?include_filtered=true", "id"),
    "v2/notifications": ("/api/v1/notifications?include_filtered=true", "group_key"),
    "notifications/requests": ("/api/v1/notifications/requests", "id"),
    "featured_tags": ("/api/v1/featured_tags", "id"),
    "invites": ("/api/beckon/v1/invites", "id"),
    "decisions": ("/api/beckon/v1/decisions", "id"),
    "links": ("/api/beckon/v1/links", "id"),
    "persons": ("/api/beckon/v1/persons", "id"),
    "media": ("", ""),
    "statuses": ("", ""),
    "posts": ("", ""),
    "polls": ("", ""),
    "async_refreshes": ("", ""),
    "documents": ("", ""),
    "templates": ("", ""),
}
OPEN_TO_ALL = {
    "accounts": "people are public; what is between two is the caller's own",
    "suggestions": "an account's id, to be left out of one's own",
    "follow_requests": "an account's id, among those who ask the caller",
    "tags": "words",
    "timelines/tag": "words",
    "announcements": "for all members",
    "annual_reports": "years; there are none",
    "terms_of_service": "dates; there are none",
    "communities": "public; who steers is asked by test_requests_are_for_stewards",
    "proposals": "as public as their community; who may do what is asked by test_who_may_propose",
    "series": "as public as their community; who steers is asked by test_only_stewards_make_what_repeats",
    "calls": "public; who steers is asked by test_only_stewards_make_edit_and_delete_calls",
}
NAMED_WITHIN = "v2/notifications"
"""Keys of groups are no ids: whatever a key names, it is among the caller's own notifications."""


def noun_of(path: str) -> str:
    """What the first id in a path is of: by two words where there is such an entry, else by one."""
    parts = path.split("/")
    at = next(at for at, part in enumerate(parts) if part.startswith("{"))
    pair = "/".join(parts[at - 2 : at])
    return pair if pair in OWNED or pair in OPEN_TO_ALL else parts[at - 1]


def with_ids() -> list[Guarded]:
    return [route for route in guarded() if "{" in route.path and "/admin/" not in route.path]


def test_every_id_in_a_path_is_of_something_known() -> None:
    """A new noun has to be put among what is somebody's own, or among what is for all."""
    nouns = {noun_of(route.path) for route in with_ids()}
    assert nouns == set(OWNED) | set(OPEN_TO_ALL)


@dataclass
class Private:
    """What one member has that is nobody else's business: ids by noun."""

    world: World
    outsider: Member
    ids: dict[str, list[str]]


@pytest.fixture
async def private(house: House) -> Private:
    world = await full(house)
    reader = world.reader
    poll = {"options": ["a", "b"], "expires_in": 600}
    note = await reader.says("xyzzy to myself", visibility="direct", poll=poll)
    ids = {
        "media": world.ids["media"],
        "statuses": [note["id"]],
        "posts": [note["id"]],
        "polls": [note["poll"]["id"]],
        "async_refreshes": [note["id"]],
    } | await _kept_in_private(reader)
    for noun, (path, key) in OWNED.items():
        if path:
            found = await reader.good("GET", path.format(filter=world.ids["filters"][0]))
            ids[noun] = [str(each[key]) for each in found]
    outsider = await house.member("outsider")
    return Private(world, outsider, ids)


async def _kept_in_private(reader: Member) -> dict[str, list[str]]:
    """What a private community of the reader's keeps."""
    wish = {"name": "closed", "title": "Closed", "policy": "invited", "visibility": "private"}
    made = await reader.good("POST", "/api/beckon/v1/communities", json=wish)
    ids: dict[str, list[str]] = {}
    await keep_documents(reader, made["id"], ids)
    return {noun: found[:1] for noun, found in ids.items() if noun in OWNED}


async def test_what_is_somebodys_own_is_not_there_for_others(private: Private) -> None:
    """Whoever guesses or reads an id somewhere gets 404 from every route, and nothing moves
    (Mastodon CVE-2026-23964, CVE-2026-22246)."""
    tried: set[str] = set()
    async with same_rows(private.world.house.work):
        for route in with_ids():
            for value in private.ids.get(noun_of(route.path), ()):
                tried.add(noun_of(route.path))
                answer = await private.outsider.ask(
                    route.method, filled(route.path, value), json=_sent(route)
                )
                nothing = noun_of(route.path) == NAMED_WITHIN and answer.json in ([], {})
                assert answer.status == 404 or nothing, (named(route), value, answer.json)
    assert tried == set(OWNED)


def _sent(route: Guarded) -> dict[str, Any]:
    """A body that would do, were the thing one's own."""
    return {
        "title": "Mine now", "keyword": "mine", "phrase": "mine", "context": ["home"],
        "status": "mine", "status_id": "1", "choices": [0], "account_ids": ["1"],
        "description": "mine", "scheduled_at": "2099-01-01T00:00:00Z",
        "quote_approval_policy": "nobody", "text": "mine", "version": 1, "kind": "event", "name": "mine",
    }  # fmt: skip


async def test_a_private_community_is_not_there_for_others(private: Private) -> None:
    """On no route that names it, to read or to steer; and its account is nobody (Discourse PRs 308 and 317)."""
    wish = {"name": "hidden", "title": "Hidden", "policy": "invited", "visibility": "private"}
    made = await private.world.reader.good("POST", "/api/beckon/v1/communities", json=wish)
    of_it = [route for route in with_ids() if noun_of(route.path) in ("communities", "accounts")]
    assert len(of_it) > 30
    async with same_rows(private.world.house.work):
        for route in of_it:
            seen = [
                await private.outsider.ask(
                    route.method, filled(route.path, number), json=_sent(route)
                )
                for number in (made["id"], str(int(made["id"]) + 1))
            ]
            assert seen[0].status == seen[1].status, named(route)
            assert seen[0].json == seen[1].json, named(route)
    outsider, here = private.outsider, private.world.house.base
    assert (await outsider.get("/api/v1/accounts/lookup?acct=hidden")).status == 404
    for asked in ("hidden", "@hidden", f"{here}/@hidden", made["url"], made["uri"]):
        query = {"q": asked, "resolve": "true"}
        found = await outsider.good("GET", "/api/v2/search", params=query)
        assert found["accounts"] == []
        assert await outsider.good("GET", "/api/v1/accounts/search", params=query) == []


# What it lets out

SECRET, ASKED = "xyzzy", "plugh"
"""What must not come out, and what stands beside it and is asked for."""


async def test_what_is_private_comes_out_of_no_door(private: Private, here: Running) -> None:
    """Every page, document, feed, calendar, list and search, asked by a stranger and by another member."""
    reader = private.world.reader
    await _secrets(reader)
    assert SECRET in str(await reader.good("GET", f"/api/v2/search?q={ASKED}"))
    leaks: list[str] = []
    asked = 0
    for path in _addresses(here, private):
        for accept in ("text/html", "application/activity+json", "application/json"):
            for token in ({}, dict(private.outsider.token)):
                headers = {"Accept": accept, **token}
                async with here.http.get(path, headers=headers) as answer:
                    body = await answer.read()
                asked += 1
                leaks += [path] if SECRET.encode() in body else []
    assert leaks == []
    assert asked > 300


async def _secrets(reader: Member) -> None:
    """The word in everything that is for the reader alone, or for few."""
    await reader.says(f"{SECRET} #{ASKED} {ASKED}", visibility="private")
    await reader.says(f"@organiser {SECRET} {ASKED}", visibility="direct")
    await reader.says("later", spoiler_text=SECRET, visibility="private")
    await reader.good("POST", "/api/v1/lists", json={"title": SECRET})
    wish = {"title": SECRET, "context": ["home"]}
    await reader.good("POST", "/api/v2/filters", json=wish)


def _addresses(here: Running, private: Private) -> Iterator[str]:
    """Every GET address of the application, with each id and name that could lead to the secret."""
    reader = private.world.reader
    assert reader.account
    numbers = [
        reader.id,
        *private.ids["statuses"],
        *private.ids["lists"][-1:],
        *private.ids["v2/filters"][-1:],
        *private.ids["conversations"][-1:],
    ]
    values = {
        "id": numbers, "name": [reader.account.username, ASKED], "tag": [ASKED],
        "group_key": private.ids["v2/notifications"][:1],
    }  # fmt: skip
    for route in here.app.router.routes():
        canonical = route.resource.canonical if route.resource else ""
        if route.method != hdrs.METH_GET or canonical.startswith(STREAMS) or not canonical:
            continue
        hole = re.search(r"{(\w+)", canonical)
        for value in values.get(hole[1], ["1"]) if hole else [""]:
            path = filled(canonical, value)
            yield path
            yield f"{path}?q={ASKED}&acct={reader.account.username}&url={here.base}/posts/{numbers[1]}"


async def test_what_a_token_reads_is_kept_by_no_cache(private: Private) -> None:
    """What differs from a stranger's answer is stored nowhere (Mastodon PR 10969)."""
    reader, stranger = private.world.reader, private.world.house.stranger
    own = 0
    for route in guarded():
        if route.method != "GET" or route.path.startswith(STREAMS):
            continue
        for value in private.ids.get(noun_of(route.path), ["1"]) if "{" in route.path else [""]:
            path = filled(route.path, value)
            answer = await reader.get(path)
            theirs = await stranger.get(path)
            if answer.json != theirs.json:
                own += 1
                for each in (answer, theirs):
                    kept = each.status == 200 and "no-store" not in each.headers["Cache-Control"]
                    assert not kept, path
    assert own > 50
