"""262 odd and hostile objects that others wrote, each by a signed Create over HTTP.

None may end in a fault, none may bring a script into anything that we show, and what is shown is the same
each time. ``pasture.txt`` says of each what becomes of it; where that changes, the test prints the table.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from federation.media_types import ACTIVITY_JSON
from server.domain.members import accounts as account_verbs
from server.domain.members import follows, oauth, scopes, users
from storage.accounts import Account
from tests.conftest import database_of, fresh_database
from tests.federation.harmless import harm_in
from tests.federation.instance import LOOPBACK, Instance, instance
from tests.federation.invariants import check
from tests.federation.pasture import Payload, note_of, payloads
from tests.federation.peer import Peer, client_context, peer
from tests.tls_peer import Names

OUTCOMES = Path(__file__).with_name("pasture.txt")
PAYLOADS, GROUPS = 262, 22
REFUSED = "refused at the door"
HTML_FIELDS = frozenset({"content", "note", "value", "html", "description_html"})
PRESENT = re.compile(r"<time [^>]*>[^<]*</time>|20\d\d-(?!01-01)\d\d-\d\dT[0-9:.]+Z")
NUMBERS = re.compile(r"\b\d{10,}\b|\b[0-9a-f]{32,}\b")


@dataclass(frozen=True)
class Meadow:
    """An instance where a member, who has a client, follows whoever sends. It knows no names of hosts."""

    ours: Instance
    peer: Peer
    http: aiohttp.ClientSession
    member: Account
    garden: Account
    headers: dict[str, str]

    async def get(self, path: str, **headers: str) -> tuple[int, str]:
        url = f"https://{self.ours.host}{path}"
        async with self.http.get(url, headers=self.headers | headers) as answer:
            assert answer.status < 500, (path, answer.status)
            return answer.status, await answer.text()

    async def json(self, path: str) -> Any:
        status, body = await self.get(path)
        assert status == 200, (path, status, body)
        return orjson.loads(body)

    def same(self, said: str) -> str:
        """``said`` without what differs from one run to the next: hosts, numbers and the present."""
        said = PRESENT.sub("now", said)
        text = said.replace(self.peer.host, "peer.example").replace(self.ours.host, "ours.example")
        return NUMBERS.sub("N", text)


@asynccontextmanager
async def meadow(template_url: str, folder: Path) -> AsyncIterator[Meadow]:
    folder.mkdir()
    async with (
        fresh_database(template_url, database_of(template_url)) as url,
        instance(url, folder, LOOPBACK, resolver=Names()) as ours,
        peer() as sender,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=client_context())) as http,
    ):
        async with ours.work.transaction() as tx:
            _, member = await users.register(tx, "m@mail.example", "organiser", "long password")
            app, _ = await oauth.register_app(tx, "A client", [oauth.OUT_OF_BAND], "read", None)
            issued = await oauth.issue(
                tx, app, scopes.parse("read"), user_id=member.user_id, account_id=member.id
            )
        garden = await ours.community(member, "garden")
        sender.serve(
            sender.note(sender.person("farmer"), "One", [])
            | {"id": sender.url("/assets/note1.jsonap")}
        )
        token = {"Authorization": f"Bearer {issued.secret}"}
        made = Meadow(ours, sender, http, member, garden, token)
        await _follow(made)
        yield made
        await check(ours)


async def _follow(made: Meadow) -> None:
    """By a member here, granted there: all that comes is for somebody's home."""
    farmer = made.peer.person("farmer")
    note = made.peer.note(farmer, "First", [made.member.uri])
    assert (
        await made.peer.send(farmer, made.peer.create(farmer, note), made.ours.inbox)
    ).status == 202
    await made.ours.settle()
    known = await made.ours.known(farmer.uri)
    assert known
    async with made.ours.work.transaction() as tx:
        await account_verbs.instance_actor(tx)
        await follows.follow(tx, made.member, known)
    await made.ours.settle()
    (asked,) = made.peer.of_type("Follow")
    accept = made.peer.activity(farmer, "Accept", asked)
    assert (await made.peer.send(farmer, accept, made.ours.inbox)).status == 202
    await made.ours.settle()


async def fed(made: Meadow) -> tuple[list[str], list[dict[str, Any]]]:
    """Send all: what became of each, and the notes as they were sent."""
    sent = [await _send(made, payload) for payload in payloads()]
    outcomes = [await _outcome(made, payload, sent[n]) for n, payload in enumerate(payloads())]
    return outcomes, [note for _, note in sent]


async def shown(made: Meadow, notes: list[dict[str, Any]]) -> list[str]:
    """Everything that every door shows of them."""
    alone = [await _shown(made, note) for note in notes]
    return alone + await _lists(made)


async def _send(made: Meadow, payload: Payload) -> tuple[str, dict[str, Any]]:
    farmer = made.peer.person("farmer")
    note = note_of(payload, made.peer, farmer, [made.member.uri, made.garden.uri])
    create = made.peer.activity(farmer, "Create", note, to=note["to"], cc=note["cc"])
    answer = await made.peer.send(farmer, create, made.ours.inbox)
    assert answer.status in (202, 400), (payload.name, answer)
    await made.ours.settle()
    return create["id"], note if answer.status == 202 else {**note, REFUSED: answer.reason}


async def _outcome(made: Meadow, payload: Payload, sent: tuple[str, dict[str, Any]]) -> str:
    activity, note = sent
    arrival = await made.ours.arrival(activity)
    if arrival is None:
        return f"{payload.name} refused at the door: {note[REFUSED]}"
    if arrival.state != "done":
        return f"{payload.name} {arrival.state}: {arrival.reason}"
    status = await _status(made, note)
    return f"{payload.name} {_meaning(status) if status else 'nothing kept'}"


async def _status(made: Meadow, note: dict[str, Any]) -> dict[str, Any] | None:
    post = await made.ours.post(note["id"]) if isinstance(note.get("id"), str) else None
    return await made.json(f"/api/v1/statuses/{post.id}") if post else None


def _meaning(status: dict[str, Any]) -> str:
    files = [
        f"{f['type']}" + ("+text" if f["description"] else "") for f in status["media_attachments"]
    ]
    parts = {
        "warning": "yes" if status["spoiler_text"] else "",
        "sensitive": "yes" if status["sensitive"] else "",
        "language": status["language"] or "",
        "files": ",".join(files),
        "tags": ",".join(tag["name"] for tag in status["tags"]),
        "mentions": str(len(status["mentions"]) or ""),
        "reply": "yes" if status["in_reply_to_id"] else "",
        "quote": status["quote"]["state"] if status["quote"] else "",
        "poll": "yes" if status["poll"] else "",
    }
    said = "".join(f" {name}={value}" for name, value in parts.items() if value)
    return f"kept: {status['visibility']}, {len(status['content'])} characters{said}"


async def _shown(made: Meadow, note: dict[str, Any]) -> str:
    """Everything that a door shows of one post; empty where it was not kept."""
    post = await made.ours.post(note["id"]) if isinstance(note.get("id"), str) else None
    if post is None:
        return ""
    paths = [f"/api/v1/statuses/{post.id}{part}" for part in ("", "/context", "/history")]
    told = [await made.get(path) for path in paths]
    page = await made.get(f"/posts/{post.id}", Accept="text/html")
    document = await made.get(f"/posts/{post.id}", Accept=ACTIVITY_JSON)
    assert [status for status, _ in told] == [200] * 3
    assert (page[0], document[0]) == (200, 404)
    for _, body in told:
        _require_harmless_json(orjson.loads(body))
    assert harm_in(page[1], page=True) == []
    return made.same("\n".join(body for _, body in [*told, page]))


def _require_harmless_json(value: Any) -> None:
    if isinstance(value, list):
        for entry in value:
            _require_harmless_json(entry)
    elif isinstance(value, dict):
        for name, entry in value.items():
            _require_harmless_field(name, entry)
            _require_harmless_json(entry)


def _require_harmless_field(name: str, entry: Any) -> None:
    if not isinstance(entry, str):
        return
    if name in HTML_FIELDS:
        assert harm_in(entry) == [], entry
    if name == "url" or name.endswith("_url") or name in {"uri", "avatar", "header"}:
        assert entry == "" or entry.startswith(("https://", "http://")), (name, entry)


LISTED = (
    "/api/v1/timelines/home?limit=40",
    "/api/v1/timelines/public?limit=40",
    "/api/v1/timelines/tag/test",
    "/api/v1/notifications?limit=80",
    "/api/v1/conversations",
    "/api/v2/search?q=text",
)
PAGES = ("/@garden", "/tags/test", "/", "/about")


async def _lists(made: Meadow) -> list[str]:
    bodies: list[str] = []
    for path in LISTED:
        found = await made.json(path)
        _require_harmless_json(found)
        # Of two that were published at once the one that came first comes first: jobs decide that.
        each = found if isinstance(found, list) else [found]
        bodies.append("\n".join(sorted(made.same(orjson.dumps(one).decode()) for one in each)))
    for path in PAGES:
        status, page = await made.get(path, Accept="text/html")
        assert status == 200, path
        assert harm_in(page, page=True) == [], path
        bodies.append("\n".join(sorted(made.same(page).splitlines())))
    return bodies


async def test_every_payload_is_taken_and_nothing_of_it_runs(
    template_url: str, tmp_path: Path
) -> None:
    found = payloads()
    assert (len(found), len({payload.group for payload in found})) == (PAYLOADS, GROUPS)
    async with meadow(template_url, tmp_path / "one") as made:
        outcomes, notes = await fed(made)
        assert len(outcomes) == PAYLOADS
        first = await shown(made, notes)
        assert await shown(made, notes) == first
    table = "\n".join(outcomes) + "\n"
    (tmp_path / OUTCOMES.name).write_text(table)
    assert table == OUTCOMES.read_text(), f"what happens now is in {tmp_path / OUTCOMES.name}"
    async with meadow(template_url, tmp_path / "two") as made:
        again, notes = await fed(made)
        assert again == outcomes
        for before, after in zip(first, await shown(made, notes), strict=True):
            assert after == before
