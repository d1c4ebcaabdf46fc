"""What would run in a browser, in every place of every kind of thing that others send, and then every door.

Each payload has somebody of its own, who has it in their profile, writes, asks, invites, answers, reports and
likes with it, and a page that says it of itself. Then everything that can be had with a GET is asked for, by an
administrator and by a browser, and read as a browser would read it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import orjson
import pytest
from aiohttp import web
from bs4 import BeautifulSoup

from server import ids
from server.activitypub.routes import DOCUMENTS
from server.activitypub.routes import routes as document_routes
from server.api.routes import routes as api_routes
from server.web.routes import routes as web_routes
from storage import oauth
from storage.accounts import Account
from storage.oauth import Session
from storage.posts import Post
from tests.api.networked import Pages, Town, pages, town
from tests.api.people import Member
from tests.federation.acting import followed
from tests.federation.harmless import harm_in
from tests.federation.peer import ACTIVITY_JSON, Json, Peer, Person
from tests.federation.test_remote_events import event_of

__all__ = ["pages", "town"]

PAYLOADS: Final = (
    "<script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "<a href=\"java\nscript:alert(1)\">x</a><a href='\x01javascript:alert(1)'>y</a>",
    '<p title="\n" onmouseover\n=\nalert(1) x="">x</p>',
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a><animate onbegin=alert(1)></svg>",
    "<style>@import '//evil.example'</style><link rel=stylesheet href=//evil.example><p style='position:fixed'>x",
    "<meta http-equiv=refresh content='0;url=https://evil.example'><base href=https://evil.example/>",
    "<form action=https://evil.example><input name=password><button formaction=javascript:alert(1)>x</form>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe><object data=data:text/html,x></object><embed src=x>",
    "--><!--><img src=x onerror=alert(1)>]]><![CDATA[<script>alert(1)</script>",
    "</title></textarea></noscript></template><script>alert(1)</script>",
    "{{7*7}}{% raw %}${7*7}<%= 7*7 %>",
    "BEGIN:VEVENT\r\nATTACH:javascript:alert(1)\r\nEND:VEVENT\r\nEND:VCALENDAR",
)  # fmt: skip
ADDRESSES: Final = (
    "javascript:alert(1)",
    " javascript:alert(1)",
    "java\nscript:alert(1)",
    "JaVaScRiPt://evil.example/%0Aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    'https://evil.example/"onmouseover="alert(1)',
    "//evil.example/x",
)
HTML: Final = frozenset({"content", "note", "value", "html", "description_html", "comment_html"})
HOST_NAMED_URI: Final = "/api/v1/instance"
SHOWN: Final = 100
ENDLESS: Final = ("/api/v1/streaming", "/health", "/metrics")


@dataclass(frozen=True)
class Stage:
    """Where all is shown: a community of ours with a post and a call, and who looks at it."""

    town: Town
    peer: Peer
    pages: Pages
    boss: Member
    garden: int
    post: Post
    call: Post
    cookie: Json
    """Of the boss's browser, who steers the community and runs the instance."""

    async def arrives(self, who: Person, document: Json) -> str:
        assert (await self.peer.send(who, document, self.town.ours.inbox)).status == 202
        await self.town.ours.settle()
        return await self.town.ours.outcome(document["id"])


@pytest.fixture
async def stage(town: Town, microblog: Peer, pages: Pages) -> Stage:
    boss = await town.house.member("boss", role="admin")
    assert boss.account
    garden = await town.house.community(boss, "garden")
    post = await town.ours.publish(boss.account, "@garden The beans are up #beans")
    call = await town.ours.event(boss.account, garden, "Digging")
    cookie = await browsing(town, boss.account)
    return Stage(town, microblog, pages, boss, garden.id, post, call, cookie)


async def browsing(town: Town, account: Account) -> Json:
    """The header of somebody's browser."""
    secret = ids.secret()
    assert account.user_id
    async with town.ours.work.transaction() as tx:
        ends = tx.now + timedelta(days=30)
        row = Session(ids.digest(secret), account.user_id, account.id, tx.now, ends)
        await oauth.insert_session(tx.conn, row)
    name = hashlib.sha256(f"https://{town.ours.host}".encode()).hexdigest()[:8]
    return {"Cookie": f"__Host-beckon-{name}={secret}"}


# What is sent


def actor(stage: Stage, number: int) -> Person:
    """With the payload in its profile, and addresses that are none in all places for addresses."""
    bad, odd = PAYLOADS[number], ADDRESSES[number % len(ADDRESSES)]
    who = stage.peer.person(f"troll{number}", key=1)
    emoji = {"type": "Emoji", "name": f":{bad}:", "icon": {"type": "Image", "url": odd}}
    stage.peer.serve(
        {
            **who.document(),
            "name": bad,
            "summary": bad,
            "url": odd,
            "icon": {"type": "Image", "url": odd, "name": bad},
            "image": {"type": "Image", "url": [{"type": "Link", "href": odd}], "name": bad},
            "attachment": [{"type": "PropertyValue", "name": bad, "value": bad}],
            "tag": [emoji, {"type": "Emoji", "name": ":ok:", "icon": {"url": odd}}],
        }
    )
    return who


def everywhere(bad: str, odd: str) -> Json:
    """In each place of a post that is shown."""
    picture = {"type": "Image", "url": odd, "name": bad, "mediaType": bad, "blurhash": bad}
    true = {
        "type": "Document",
        "url": "https://far.example/a.png",
        "mediaType": "image/png",
        "name": bad,
    }
    return {
        "name": bad,
        "summary": bad,
        "contentMap": {"en": bad},
        "source": {"content": bad, "mediaType": "text/markdown"},
        "url": odd,
        "sensitive": True,
        "attachment": [picture, true, {"type": "Link", "href": odd, "name": bad}],
        "icon": picture,
        "image": picture,
        "location": {
            "type": "Place",
            "name": bad,
            "address": {"type": "PostalAddress", "streetAddress": bad, "addressLocality": bad},
            "url": odd,
        },
        "generator": {"type": "Application", "name": bad, "url": odd},
        "externalParticipationUrl": odd,
        "category": bad,
        "inLanguage": bad,
        "timezone": bad,
    }  # fmt: skip


def tags(bad: str, odd: str) -> list[Json]:
    return [
        {"type": "Hashtag", "name": f"#{bad}", "href": odd},
        {"type": "Mention", "name": bad, "href": odd},
        {"type": "Emoji", "name": f":{bad}:", "icon": {"type": "Image", "url": odd}},
        {"type": "Emoji", "name": ":fine:", "icon": {"type": "Image", "url": odd}},
    ]


async def perform(stage: Stage, number: int) -> list[str]:
    """All that one of them does. Gives the ids of what they wrote."""
    bad, odd = PAYLOADS[number], ADDRESSES[number % len(ADDRESSES)]
    who, ours = actor(stage, number), stage.town.ours
    assert stage.boss.account
    await followed(ours, stage.boss.account, stage.peer, who)
    garden = f"https://{ours.host}/communities/{stage.garden}"
    named = [stage.boss.account.uri, garden]
    more = everywhere(bad, odd)
    answer = stage.peer.note(who, bad, named, **more, inReplyTo=stage.post.uri)
    answer.pop("name")  # with one, it would be a vote
    poll = stage.peer.note(
        who, bad, named, **(more | {"type": "Question"}), endTime="2030-01-01T00:00:00Z",
        oneOf=[{"type": "Note", "name": f"{n}{bad}"} for n in range(2)],
    )  # fmt: skip
    page = stage.peer.note(who, bad, named, **more, type="Page")
    event = event_of(stage.peer, ours, who, None, **more)
    event["cc"] = named
    written = [answer, poll, page, event]
    for document in written:
        document["tag"] += tags(bad, odd)
        stage.peer.serve(document)
        await stage.arrives(who, stage.peer.create(who, document))
    for document in written:
        changed = {**document, "content": f"changed {bad}", "updated": "2030-01-01T00:00:00Z"}
        stage.peer.serve(changed)
        await stage.arrives(who, stage.peer.activity(who, "Update", changed))
    for kind, about, words in (
        ("Like", stage.post.uri, {"content": bad, "tag": tags(bad, odd)}),
        ("EmojiReact", stage.post.uri, {"content": f":{bad}:", "tag": tags(bad, odd)}),
        ("Announce", stage.post.uri, {"content": bad}),
        ("Follow", garden, {"summary": bad}),
        ("Join", stage.call.uri, {"participationMessage": bad}),
        ("Flag", [stage.boss.account.uri, stage.post.uri], {"content": bad, "summary": bad}),
    ):
        await stage.arrives(who, stage.peer.activity(who, kind, about, **words))
    await preview(stage, number)
    return [document["id"] for document in written]


async def preview(stage: Stage, number: int) -> None:
    """A page that says all this of itself, and a post of ours that leads there."""
    bad, odd = PAYLOADS[number].replace('"', "&quot;"), ADDRESSES[number % len(ADDRESSES)]
    names = "og:title og:description og:site_name article:author twitter:title og:image:alt".split()
    metas = "".join(f'<meta property="{name}" content="{bad}">' for name in names)
    link = odd.replace('"', "&quot;")
    metas += "".join(
        f'<meta property="{name}" content="{link}">' for name in ("og:image", "og:url", "og:video")
    )
    url = stage.pages.put(f"/{number}", f"<html><head><title>{bad}</title>{metas}</head></html>")
    assert stage.boss.account
    await stage.town.ours.publish(stage.boss.account, f"@garden Look {url}")


# What is shown


def paths() -> Iterator[str]:
    """Of everything that is served to a GET."""
    for route in (*api_routes(), *web_routes(), *document_routes()):
        if isinstance(route, web.RouteDef) and route.method == "GET":
            yield route.path
    yield from DOCUMENTS


def filled(path: str, numbers: list[int], ours: str, names: list[str]) -> set[str]:
    """A path with each thing that may stand in it; what is in the path of a name."""
    if path.startswith(ENDLESS):
        return set()
    if "{name" in path:
        return {re.sub(r"{[^}]+}", name, path) for name in names}
    if "{tag" in path:
        return {re.sub(r"{[^}]+}", "beans", path)}
    return {re.sub(r"{[^}]+}", str(number), path) for number in numbers}


def faults_of(path: str, media_type: str, body: str) -> list[str]:
    if media_type == "text/html":
        return _of_a_page(body)
    if "json" in media_type:
        return list(_of_json(orjson.loads(body)))
    if media_type == "text/calendar":
        return _of_a_calendar(body)
    assert media_type.startswith(
        ("text/plain", "text/css", "text/csv", "text/javascript", "image/", "application/")
    ), (
        path,
        media_type,
    )
    return []


def _of_a_page(body: str) -> list[str]:
    found = harm_in(body, page=True)
    here = BeautifulSoup(body, "html.parser")
    found += [str(tag) for tag in here.find_all("meta", attrs={"http-equiv": True})]
    found += [
        str(f) for f in here.find_all("form") if not str(f.get("action", "/")).startswith("/")
    ]
    elsewhere = (str(tag.get("formaction", "/")) for tag in here.find_all(["input", "button"]))
    found += [f"formaction={path}" for path in elsewhere if not path.startswith("/")]
    return found + (["a template"] if ">49<" in body or "$49" in body else [])


def _of_a_calendar(body: str) -> list[str]:
    lines = body.replace("\r\n ", "").split("\r\n")
    events = lines.count("BEGIN:VEVENT") - lines.count("END:VEVENT")
    odd = [line for line in lines if line.startswith("ATTACH")]
    odd += [
        line for line in lines if re.match(r"[A-Z-]+[;:].*javascript:", line) and "URL" in line[:4]
    ]
    return odd + (["events"] if events or lines.count("END:VCALENDAR") != 1 else [])


def _of_json(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, list):
        for entry in value:
            yield from _of_json(entry, name)
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield from _of_json(entry, key)
    elif isinstance(value, str):
        yield from _of_text(name, value)


def _of_text(name: str, value: str) -> Iterator[str]:
    if name in HTML:
        yield from (f"{name}: {fault}" for fault in harm_in(value))
    address = (
        name == "url"
        or name.endswith("_url")
        or name in {"uri", "href", "avatar", "header", "image"}
    )
    if address and value and not value.startswith(("https://", "http://", "wss://", "/")):
        yield f"{name}: {value}"
    if address and (value.startswith("//") or '"' in value):
        yield f"{name}: {value}"


async def test_every_door_after_every_payload(stage: Stage) -> None:
    ours, boss = stage.town.ours, stage.boss
    written: list[str] = []
    for number in range(len(PAYLOADS)):
        written += await perform(stage, number)
    ours.clock.forward(hours=1)
    await ours.settle()
    assert await ours.value("select count(*) from cards where title <> ''") > 5
    stored = {uri: row for uri in written if (row := await ours.post(uri))}
    assert len(stored) == len(written), sorted(set(written) - stored.keys())
    trolls = await ours.rows("select id from accounts where username like 'troll%'")
    first = [row.id for row in list(stored.values())[:4]]
    known = [stage.post.id, stage.call.id, stage.garden, int(boss.id), *first, trolls[0]["id"]]
    asked = {p for path in paths() for p in filled(path, known, ours.host, ["boss", "garden"])}
    for row in stored.values():
        asked |= {f"/api/v1/statuses/{row.id}{part}" for part in ("", "/history", "/context")}
        asked |= {f"/posts/{row.id}", f"/calls/{row.id}", f"/calls/{row.id}.ics"}
    asked |= {
        f"/api/v1/accounts/{troll['id']}{part}" for troll in trolls for part in ("", "/statuses")
    }
    seen: set[str] = set()
    harm = {path: faults for path in sorted(asked) if (faults := await look(stage, path, seen))}
    harm.pop(HOST_NAMED_URI)  # where ``uri`` is a host
    assert harm == {}
    assert len(seen) > SHOWN
    assert {"/admin/reports", "/@garden/steer"} <= seen, "the browser was signed in"


async def look(stage: Stage, path: str, seen: set[str]) -> list[str]:
    """What is wrong at an address, for an app, a browser and a server. ``seen``: where there is a payload."""
    found: list[str] = []
    looks = (
        ("application/json", stage.boss.token),
        ("text/html", {}),
        ("text/html", stage.cookie),
        (ACTIVITY_JSON, {}),
    )
    for accept, token in looks:
        headers = {"Accept": accept, **token}
        url = stage.boss.base + path
        async with stage.boss.http.get(url, headers=headers, allow_redirects=False) as answer:
            body = await answer.read()
            if b"alert(1)" in body:
                seen.add(path)
            assert answer.status < 500, (path, answer.status)
            where = answer.headers.get("Location", "/")
            found += [] if where.startswith(("/", stage.boss.base)) else [where]
            if body and not answer.content_type.startswith("image/"):
                found += faults_of(path, answer.content_type, body.decode())
    return found
