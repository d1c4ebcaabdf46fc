"""Where an address should be, something that is none for us: another scheme, a line end, another kind of sign.

A service listens for whoever follows such an address in any of its readings. Nobody comes, nothing
is shown of it, and where the address says what something is, nothing is written at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import orjson
import pytest

from storage.accounts import Account
from tests.federation.acting import followed, outcome
from tests.federation.instance import Instance
from tests.federation.peer import Json, Peer, Person, cavage_headers
from tests.hostile.unchanged import unchanged

ODD: Final = (
    "file:///etc/passwd",
    "gopher://{host}/_GET%20/",
    "ftp://{host}/a",
    "ldap://{host}/a",
    "dict://{host}/a",
    "jar:https://{host}!/a",
    "data:application/activity+json,%7B%7D",
    "javascript:alert(1)",
    "bear:?u=https://{host}/a&t=x",
    "ap://did:key:z6Mk/a",
    "//{host}/a",
    "https:{host}",
    "https://{host}/a\r\nX-Injected: 1\r\n\r\nGET /b HTTP/1.1",
    "https://{host}/a\nX-Injected: 1",
    "https://{host}/a\tb",
    "https://{host}/a b",
    "https://{host}\\@{host}/a",
    "https://us@{host}/a",
    "https://{host}/" + "a" * 5000,
)


class Service:
    """Waits at an address for whoever comes in whichever way."""

    def __init__(self) -> None:
        self.connections = 0
        self.host = ""

    async def serve(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        writer.close()

    def addresses(self) -> list[str]:
        return [odd.format(host=self.host) for odd in ODD]


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    made = Service()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield made
        assert made.connections == 0


# What says what something is


async def test_what_stands_at_an_odd_address_is_nothing(
    ours: Instance, attacker: Peer, organiser: Account, service: Service
) -> None:
    """As object, in whatever is said of it."""
    mallory = attacker.person("mallory")
    await followed(ours, organiser, attacker, mallory)
    async with unchanged(ours):
        for address in service.addresses():
            for kind in (
                "Announce",
                "Create",
                "Update",
                "Delete",
                "Like",
                "Follow",
                "Undo",
                "Move",
            ):
                said = attacker.activity(mallory, kind, address)
                became = await outcome(ours, attacker, mallory, said)
                assert became not in ("done", "waiting"), (kind, address)


async def test_nobody_is_at_an_odd_address(
    ours: Instance, attacker: Peer, garden: Account, service: Service
) -> None:
    """As actor, as its key, or as the id of what it does."""
    mallory = attacker.person("mallory")
    async with unchanged(ours):
        for address in service.addresses():
            follow = attacker.activity(mallory, "Follow", garden.uri)
            for changed in ({"actor": address}, {"id": address}):
                status, _ = await attacker.send(mallory, {**follow, **changed}, ours.inbox)
                assert status in (400, 401), address
            if address.isprintable():
                body = orjson.dumps(follow)
                headers = cavage_headers(mallory.private, address, ours.inbox, body)
                assert (await attacker.post(ours.inbox, body, headers)).status in (400, 401)
    assert attacker.requests.count(("GET", "/users/mallory")) <= 1


async def test_an_actor_that_lives_at_odd_addresses(
    ours: Instance, attacker: Peer, garden: Account, service: Service
) -> None:
    """Without an inbox of its own server there is no actor; all else is left out of one."""
    more = ("outbox", "followers", "featured", "url", "icon", "image", "movedTo", "alsoKnownAs")
    for number, address in enumerate(service.addresses()):
        who = attacker.person(f"troll{number}")
        attacker.serve({**who.document(), "inbox": address})
        follow = attacker.activity(who, "Follow", garden.uri)
        async with unchanged(ours):
            assert (await attacker.send(who, follow, ours.inbox)).status == 401
        odd = attacker.person(f"odd{number}")
        tag = {"type": "Emoji", "name": ":x:", "icon": {"type": "Image", "url": address}}
        said = dict.fromkeys(more, address)
        endpoints = {"sharedInbox": address}
        attacker.serve({**odd.document(), **said, "tag": [tag], "endpoints": endpoints})
        await attacker.send(odd, attacker.activity(odd, "Follow", garden.uri), ours.inbox)
    await ours.settle()
    rows = await ours.rows(
        "select outbox, followers_uri, featured_uri, shared_inbox, avatar_url, header_url, moved_to,"
        " also_known_as, emojis::text, url from accounts where username like 'odd%'"
    )
    assert len(rows) == len(ODD)
    assert not [row for row in rows if any(odd in str(row) for odd in service.addresses())]
    assert service.host not in str(rows)


# What leans on something


def leaning(address: str) -> dict[str, object]:
    """All that a post may name."""
    picture = {"type": "Image", "url": address, "mediaType": "image/png"}
    return {
        "inReplyTo": address,
        "quote": address,
        "quoteUrl": address,
        "quoteAuthorization": address,
        "url": address,
        "audience": address,
        "context": address,
        "replies": address,
        "externalParticipationUrl": address,
        "icon": picture,
        "image": picture,
        "attachment": [picture, {"type": "Link", "href": address}],
        "tag": [
            {"type": "Mention", "href": address, "name": "@x"},
            {"type": "Hashtag", "href": address, "name": "#x"},
            {"type": "Emoji", "name": ":x:", "icon": picture},
            {"type": "Link", "mediaType": "application/activity+json", "href": address},
        ],
    }


async def shown(ours: Instance, server: Peer, note: Json) -> str:
    """As the client API shows it, and as it stands in the rows of the post."""
    post = await ours.post(note["id"])
    assert post
    async with server.session.get(f"https://{ours.host}/api/v1/statuses/{post.id}") as answer:
        return await answer.text()


@pytest.mark.parametrize("kind", ["Note", "Event", "Page"])
async def test_a_post_that_leans_on_odd_addresses(
    ours: Instance, attacker: Peer, organiser: Account, service: Service, kind: str
) -> None:
    mallory: Person = attacker.person("mallory")
    await followed(ours, organiser, attacker, mallory)
    for address in service.addresses():
        note = attacker.note(
            mallory, "<p>x</p>", [organiser.uri], type=kind, name="x",
            startTime="2030-01-01T10:00:00Z", **leaning(address),
        )  # fmt: skip
        created = attacker.create(mallory, note)
        assert await outcome(ours, attacker, mallory, created) == "done", address
        page = await shown(ours, attacker, note)
        assert service.host not in page, address
        assert not [
            odd for odd in ("file:", "data:", "javascript:", "bear:", "X-Injected") if odd in page
        ]
