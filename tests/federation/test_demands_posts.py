"""What we send as posts, actors and gestures has, key by key, what each reader's parser demands.

The documents are those that an instance serves and sends, not samples. Facts about Lemmy 1.0 stand in its
``crates/apub/objects/src/protocol`` and ``crates/apub/activities/src/protocol``, about Mastodon 4.7 in
``app/lib/activitypub`` and ``app/services/activitypub``, about the others where each list says.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
import pytest

from federation.vocab import PUBLIC
from server.domain.members import follows
from server.domain.posting import drafts, marks, posts
from server.domain.tx import Arrived
from storage.accounts import Account
from storage.posts import Post
from tests.federation.demands import (
    SAID,
    TIME,
    URL,
    Demand,
    Json,
    a,
    each,
    holding,
    holds,
    host,
    like,
    list_of,
    may,
    need,
    never,
    nullable,
    one_of,
    unmet,
)
from tests.federation.door import Door

FILES = one_of("Link", "Image", "Document")


def _same_host(document: Json) -> bool:
    return host(document["id"]) == host(document["attributedTo"])


SIGNED_BY_OWNER = holds("the key names its owner", lambda d: d["publicKey"]["owner"] == d["id"])

# Every reader takes an actor by these; Misskey's validateActor (ApPersonService) is the strictest about the
# name, GoToSocial's extractor (ap/extract.go) about the key, Discourse's about inbox and outbox.
ACTOR = (
    need("id", URL),
    need("type", one_of("Person", "Group", "Application")),
    need("preferredUsername", like(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,126}[A-Za-z0-9_])?")),
    need("inbox", URL),
    need("outbox", URL),
    need("followers", URL),
    need("following", URL),
    need("url", URL),
    need("publicKey.id", URL),
    need("publicKey.publicKeyPem", like(r"(?s)-----BEGIN PUBLIC KEY-----.*")),
    SIGNED_BY_OWNER,
    may("name", a(str)),
    may("summary", a(str)),
    may("manuallyApprovesFollowers", a(bool)),
    may("published", TIME),
    may("icon.url", URL),
    may("endpoints.sharedInbox", URL),
    may("attachment", list_of(dict)),
    may("tag", list_of(dict)),
)
# Lemmy group.rs: the collections are addresses, the languages a list; PieFed reads the moderators too
GROUP = (
    *ACTOR,
    need("type", one_of("Group")),
    need("attributedTo", URL),
    need("featured", URL),
    need("endpoints.sharedInbox", URL),
    may("postingRestrictedToMods", a(bool)),
    may("sensitive", a(bool)),
    may("mediaType", one_of("text/html")),
    may("source.mediaType", one_of("text/markdown")),
    may("language", list_of(dict)),
)

# What all readers of posts share. Pleroma (object_validators) wants lists and a time.
POST = (
    need("id", URL),
    need("attributedTo", URL),
    need("to", list_of(str)),
    need("cc", list_of(str)),
    need("published", TIME),
    need("content", a(str)),
    may("summary", nullable(a(str))),
    may("sensitive", a(bool)),
    may("context", a(str)),
    may("updated", TIME),
    may("tag", list_of(dict)),
    need("tag.*.type", one_of("Mention", "Hashtag", "Emoji", "Link")),
    need("tag.*.name", SAID),
    may("attachment", list_of(dict)),
    need("attachment.*.type", FILES),
    holds("the author is on the host of the post", _same_host),
)
# Lemmy page.rs; PieFed (util.py, find_community) wants strings alone in to, cc and audience; Mbin and
# NodeBB find the group among the recipients or in audience
LEMMY_PAGE = (
    *POST,
    need("type", one_of("Page")),
    need("name", SAID),
    need("audience", URL),
    need("attachment", list_of(dict)),
    # of another type than markdown it is passed over, and the content taken
    may("source.content", a(str)),
    may("mediaType", one_of("text/html")),
    may("image.url", URL),
    may("language.identifier", SAID),
    may("language.name", SAID),
    never("inReplyTo"),
    holds("the community is addressed", lambda d: d["audience"] in (*d["to"], *d["cc"])),
    holds("everybody is addressed in full", lambda d: PUBLIC in d["to"]),
)
# Lemmy note.rs: a comment answers something, and its author is told
LEMMY_COMMENT = (
    *POST,
    need("type", one_of("Note")),
    need("inReplyTo", URL),
    need("audience", URL),
    never("name", "would be a vote in a poll for those who read votes"),
)
# Mastodon's Note and Misskey's (ApNoteService): the page of it is https and of the id's own host
MICROBLOG_NOTE = (
    *POST,
    need("type", one_of("Note")),
    need("url", URL),
    never("name"),
    holds("its page is on its host", lambda d: host(d["url"]) == host(d["id"])),
)
# FEP-9967; PieFed wants endTime, GoToSocial the options as a list, Misskey a name in each
POLL = (
    *POST,
    need("type", one_of("Question")),
    need("endTime", TIME),
    need("oneOf", list_of(dict)),
    need("oneOf.*.type", one_of("Note")),
    need("oneOf.*.name", SAID),
    need("oneOf.*.replies.type", one_of("Collection")),
    need("oneOf.*.replies.totalItems", a(int)),
    need("votersCount", a(int)),
    never("anyOf"),
)
ACTIVITY = (
    need("id", URL),
    need("actor", URL),
    holds("it is of its actor's host", lambda d: host(d["id"]) == host(d["actor"])),
)
# Lemmy create_or_update/*.rs and deletion/delete.rs read to and cc as arrays
WRAPPED = (*ACTIVITY, need("to", list_of(str)), need("cc", list_of(str)), need("object.id", URL))
ANNOUNCE = (
    *ACTIVITY,
    need("type", one_of("Announce")),
    need("to", holding(PUBLIC)),
    need("cc", list_of(str)),
    holds("the community speaks", lambda d: "/communities/" in d["actor"]),
)
# Mastodon's Delete takes the id out of a Tombstone, Mobilizon and Misskey its type
DELETE = (
    *ACTIVITY,
    need("type", one_of("Delete")),
    need("to", list_of(str)),
    need("object.id", URL),
    need("object.type", one_of("Tombstone")),
)
# Friendica, Pleroma and Lemmy look for the whole Follow; snac and Mastodon for its id
ACCEPT = (
    *ACTIVITY,
    need("type", one_of("Accept")),
    need("object.id", URL),
    need("object.type", one_of("Follow")),
    need("object.actor", URL),
    need("object.object", URL),
    holds("who was followed answers", lambda d: d["object"]["object"] == d["actor"]),
)
LIKE = (*ACTIVITY, need("type", one_of("Like")), need("object", URL))
UNDO = (
    *ACTIVITY,
    need("type", one_of("Undo")),
    need("object.id", URL),
    need("object.type", SAID),
    need("object.object", URL),
    holds("one's own act is undone", lambda d: d["object"]["actor"] == d["actor"]),
)
COLLECTION = (
    need("id", URL),
    need("type", one_of("OrderedCollection", "OrderedCollectionPage")),
    may("totalItems", a(int)),
    may("orderedItems", each(a(str, dict))),
)

READERS: dict[str, dict[str, tuple[Demand, ...]]] = {
    "mastodon": {"person": ACTOR, "group": ACTOR, "note": MICROBLOG_NOTE, "poll": POLL,
                 "delete": DELETE, "accept": ACCEPT, "like": LIKE, "undo": UNDO, "page": POST},
    "gotosocial": {"person": ACTOR, "note": MICROBLOG_NOTE, "poll": POLL, "accept": ACCEPT,
                   "delete": DELETE, "like": LIKE, "undo": UNDO},
    "misskey": {"person": ACTOR, "note": MICROBLOG_NOTE, "poll": POLL, "accept": ACCEPT,
                "delete": DELETE, "like": LIKE, "undo": UNDO},
    "pleroma": {"person": ACTOR, "note": MICROBLOG_NOTE, "poll": POLL, "accept": ACCEPT,
                "delete": DELETE, "like": LIKE, "undo": UNDO},
    "lemmy": {"person": ACTOR, "group": GROUP, "page": LEMMY_PAGE, "comment": LEMMY_COMMENT,
              "create": WRAPPED, "announce": ANNOUNCE, "moderators": COLLECTION,
              "featured": COLLECTION, "outbox": COLLECTION, "accept": ACCEPT},
    "piefed": {"person": ACTOR, "group": GROUP, "page": LEMMY_PAGE, "comment": LEMMY_COMMENT,
               "poll": POLL, "announce": ANNOUNCE, "moderators": COLLECTION, "accept": ACCEPT},
    "mbin": {"person": ACTOR, "group": GROUP, "page": LEMMY_PAGE, "comment": LEMMY_COMMENT,
             "announce": ANNOUNCE, "accept": ACCEPT, "like": LIKE},
    "nodebb": {"person": ACTOR, "group": GROUP, "page": LEMMY_PAGE, "comment": LEMMY_COMMENT,
               "announce": ANNOUNCE, "poll": POLL, "delete": DELETE},
    "discourse": {"person": ACTOR, "group": GROUP, "page": LEMMY_PAGE, "comment": LEMMY_COMMENT,
                  "announce": ANNOUNCE, "delete": DELETE, "accept": ACCEPT, "undo": UNDO},
}  # fmt: skip
PAIRS = [(reader, kind) for reader, kinds in READERS.items() for kind in kinds]


@dataclass(frozen=True)
class Sent:
    """What an instance serves and sends, by kind."""

    documents: dict[str, Json]


@pytest.fixture
async def sent(door: Door) -> Sent:
    organiser = await door.person("organiser")
    stranger = await door.stranger()
    garden = await door.community(organiser)
    page = await door.write(organiser, "Bring #seeds", title="Seed swap", community=garden)
    note = await door.write(organiser, "A plain #word")
    comment = await door.write(organiser, "And soil", in_reply_to=page)
    poll = await door.write(
        organiser,
        "Which?",
        poll=drafts.PollDraft((("Peas", 0), ("Beans", 0)), ends_at=_later(door)),
    )
    served = {
        "person": organiser.uri, "group": garden.uri, "page": page.uri, "note": note.uri,
        "comment": comment.uri, "poll": poll.uri, "moderators": f"{garden.uri}/moderators",
        "featured": f"{garden.uri}/featured", "outbox": f"{garden.uri}/outbox",
    }  # fmt: skip
    documents = {kind: (await door.get(uri)).json for kind, uri in served.items()}
    documents["announce"] = documents["outbox"]["orderedItems"][0]
    documents["create"] = documents["announce"]["object"]
    return Sent(documents | await _gestures(door, organiser, stranger, note))


def _later(door: Door) -> datetime:
    return door.work.clock.now() + timedelta(days=1)


async def _gestures(door: Door, me: Account, stranger: Account, note: Post) -> dict[str, Json]:
    """A stranger follows and is answered; something of theirs is liked, and not any more; a note goes."""
    async with door.work.transaction() as tx:
        await follows.follow(tx, stranger, me, uri=f"{stranger.uri}/follows/1")
        uri = f"{stranger.uri}/posts/1"
        theirs = await posts.publish(
            tx, stranger, drafts.Draft(content="<p>Hi</p>"), arrived=Arrived(uri, {"id": uri})
        )
        assert theirs
        await marks.like(tx, me, theirs)
        await marks.unlike(tx, me, theirs)
        await posts.delete(tx, me, note)
        rows = await tx.conn.fetch("select body from outbox order by id")
    found = [orjson.loads(row["body"]) for row in rows]
    return {kind: _last(found, kind) for kind in ("accept", "like", "undo", "delete")}


def _last(found: Iterable[Json], kind: str) -> Json:
    return [document for document in found if document["type"] == kind.capitalize()][-1]


async def test_every_reader_gets_all_that_its_parser_demands(sent: Sent) -> None:
    missing = {
        (reader, kind): unmet(sent.documents[kind], READERS[reader][kind]) for reader, kind in PAIRS
    }
    assert {pair: said for pair, said in missing.items() if said} == {}


@pytest.mark.parametrize(
    ("kind", "damage"),
    [
        ("page", {"to": PUBLIC}),
        ("page", {"attachment": [{"type": "PropertyValue"}]}),
        ("page", {"inReplyTo": "https://a.example/1"}),
        ("comment", {"name": "A vote?"}),
        ("poll", {"endTime": None}),
        ("group", {"attributedTo": ["https://a.example/moderators"]}),
        ("delete", {"object": "https://a.example/1"}),
        ("announce", {"cc": "https://a.example/followers"}),
    ],
)
async def test_a_damaged_document_would_be_noticed(sent: Sent, kind: str, damage: Json) -> None:
    damaged = {**sent.documents[kind], **damage}
    readers = [reader for reader in READERS if kind in READERS[reader]]
    assert all(unmet(damaged, READERS[reader][kind]) for reader in readers if reader != "mastodon")
