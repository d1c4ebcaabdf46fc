"""What we send to readers of events, checked key by key against what the code of each demands.

Every list says in a comment where in that reader's code it stands. The documents are those that reach a peer
over HTTP whose NodeInfo names the software, from the first Create to the Delete.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from server.domain.calling import calls, deleting, drafting
from storage.accounts import Account
from storage.calls import Details
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
from tests.federation.instance import Instance
from tests.federation.peer import PUBLIC, Peer, peer
from tests.federation.test_instances_follow import follow_us
from tests.federation.test_microblog import act, join

Demands = tuple[Demand, ...]

STATUS = one_of("CONFIRMED", "TENTATIVE", "CANCELLED")

# Mobilizon 5.1
MOBILIZON_EVENT: Demands = (
    # lib/mobilizon/events/event.ex: changeset, validate_lengths, validate_end_time
    need("id", URL),
    need("name", like(".{3,200}")),
    need("startTime", TIME),
    may("endTime", nullable(TIME)),
    holds("it ends after it begins", lambda d: not d["endTime"] or d["startTime"] <= d["endTime"]),
    # lib/federation/activity_stream/converter/utils.ex: maybe_fetch_actor_and_attributed_to_id wants one
    # id; with an `actor` beside it the event would be a group's
    need("attributedTo", URL),
    never("actor"),
    # utils.ex, get_medias and get_banner_picture: Map.get on every entry
    need("attachment", list_of(dict)),
    need("attachment.*.type", a(str)),
    # converter/media.ex, find_or_create_media: a Document or Image has url and name
    # converter/event.ex, get_online_address: a Link of exactly this name and type
    # converter/event_metadata.ex: of a PropertyValue `propertyID` is read
    holds(
        "no PropertyValue",
        lambda d: all(entry["type"] != "PropertyValue" for entry in d["attachment"]),
    ),
    # utils.ex, get_address: one object or a string, nothing else
    may("location", a(dict, str)),
    # converter/address.ex: is_float, an integer is dropped
    may("location.latitude", a(float)),
    may("location.longitude", a(float)),
    may("location.address", a(dict, str)),
    # converter/event.ex, as_to_model_data: String.downcase, then the enum of the database
    need("status", STATUS),
    need("joinMode", one_of("free", "restricted", "invite", "external")),
    # lib/mobilizon/events/event_options.ex: an integer of at least 0, enum of comment_moderation
    need("maximumAttendeeCapacity", a(int)),
    need("repliesModerationOption", one_of("allow_all", "moderated", "closed")),
    need("anonymousParticipationEnabled", a(bool)),
    need("isOnline", a(bool)),
    need("timezone", like(r"[A-Za-z_]+(/[A-Za-z_]+)*")),
    need("category", like("[A-Z_]{2,100}")),
    # converter/utils.ex, visibility_public?: else it is unlisted
    need("to", holding(PUBLIC)),
    # utils.ex, fetch_tags and fetch_mentions
    need("tag", list_of(dict)),
    may("contacts", list_of(str)),
    may("draft", one_of(False)),
    may("uuid", like("[0-9a-f-]{36}")),
    need("content", a(str)),
)
MOBILIZON_ANSWER: Demands = (
    # lib/federation/activity_pub/transmogrifier.ex, get_participant: the Join is found by its id
    need("object.id", URL),
    need("object.type", one_of("Join")),
    need("object.object", URL),
    need("id", URL),
    # can_manage_event?: by the organiser of the event
    need("actor", URL),
)
MOBILIZON_DELETE: Demands = (
    # transmogrifier.ex, handle_group_being_gone: same origin as the actor, and gone when it is fetched
    holds("the actor is on the host of the event", lambda d: host(d["actor"]) == host(of(d)["id"])),
    need("object.type", one_of("Tombstone")),
    need("object.formerType", one_of("Event")),
)

# Gancio 1.21, server/federation/helpers.js (parseAPEvent, parsePlace) and events.js (update)
GANCIO_EVENT: Demands = (
    need("id", URL),
    need("name", SAID),
    need("startTime", TIME),
    may("endTime", nullable(TIME)),
    # update: `attachment.length` without a question mark; create: `mediaType.includes` on every entry
    need("attachment", list_of(dict)),
    need("attachment.*.mediaType", a(str)),
    # update: the picture is fetched from the first entry, whatever that is
    holds(
        "an image comes first, or nothing does",
        lambda d: not d["attachment"] or d["attachment"][0]["mediaType"].startswith("image/"),
    ),
    # `t?.name?.substr(1)`; a null name becomes a tag of its own
    need("tag", list_of(dict)),
    need("tag.*.name", like("[#@].+")),
    need("content", a(str)),
    may("location.name", SAID),
    may("location.address.streetAddress", a(str)),
)
GANCIO_DELETE: Demands = (
    # inbox.js: a Tombstone becomes its former type, and only an Event goes to Events.remove
    need("object.type", one_of("Tombstone")),
    need("object.formerType", one_of("Event")),
    need("object.id", URL),
)

# The Event Bridge 1.2 of WordPress, includes/class-event-sources.php
WORDPRESS_EVENT: Demands = (
    # is_valid_activitypub_event_object
    need("id", URL),
    need("startTime", TIME),
    need("name", SAID),
    # includes/activitypub/transmogrifier/class-base.php: get_featured_image reads `type` of every entry,
    # address_to_string an address with a type
    need("attachment.*.type", a(str)),
    may("location.address.type", one_of("PostalAddress")),
    # ActivityPub's is_activity_public
    need("to", holding(PUBLIC)),
)
WORDPRESS_ACTIVITY: Demands = (
    # same_host asks it of the three
    holds(
        "actor, activity and event share a host",
        lambda d: len({host(uri) for uri in (d["actor"], d["id"], of(d)["id"])}) == 1,
    ),
    need("to", holding(PUBLIC)),
)

# PieFed 1.6, app/activitypub/util.py (create_post): what it takes by key raises where it is absent
PIEFED_EVENT: Demands = (
    need("startTime", TIME),
    need("endTime", nullable(TIME)),
    need("timezone", a(str)),
    need("maximumAttendeeCapacity", nullable(a(int))),
    need("participantCount", a(int)),
    need("onlineLink", nullable(URL)),
    need("joinMode", a(str)),
    need("externalParticipationUrl", nullable(URL)),
    need("anonymousParticipation", a(bool)),
    need("isOnline", a(bool)),
    need("buyTicketsLink", nullable(URL)),
    need("feeCurrency", nullable(a(str))),
    need("feeAmount", a(int, float)),
    need("attachment.*.type", a(str)),
    may("image.url", URL),
    need("to", list_of(str)),
    need("cc", list_of(str)),
    need("name", SAID),
)

# Lemmy 1.0-beta, crates/apub/objects/src/protocol/page.rs
LEMMY_EVENT: Demands = (
    need("type", one_of("Event")),
    need("id", URL),
    need("attributedTo", URL),
    holds("author and event share a host", lambda d: host(d["attributedTo"]) == host(d["id"])),
    need("to", list_of(str)),
    need("cc", list_of(str)),
    need("to", holding(PUBLIC)),
    need("name", SAID),
    may("mediaType", one_of("text/html")),
    # the enum Attachment knows three, and another rejects the whole object
    need("attachment", list_of(dict)),
    need("attachment.*.type", one_of("Link", "Image", "Document")),
    may("context", a(str)),
    need("audience", URL),
    may("image.type", one_of("Image")),
    may("language.identifier", a(str)),
    never("inReplyTo"),
    may("source.mediaType", a(str)),
)
LEMMY_ANNOUNCE: Demands = (
    # protocol/activities/community/announce.rs: arrays, and the community announces what is in it
    need("to", list_of(str)),
    need("cc", list_of(str)),
    holds("the announcer is the audience", lambda d: d["actor"] == of(of(d)).get("audience")),
    need("object.type", one_of("Create", "Update")),
    need("object.to", list_of(str)),
    need("object.cc", list_of(str)),
    need("object.audience", URL),
    holds("the inner actor is the author", lambda d: of(d)["actor"] == of(of(d))["attributedTo"]),
)

# Mastodon 4.5, app/lib/activitypub/activity/create.rb and parser/poll_parser.rb
MASTODON_CARD: Demands = (
    need("type", one_of("Question")),
    need("content", SAID),
    need("attributedTo", URL),
    need("oneOf", each(a(dict))),
    holds("at most four options", lambda d: 2 <= len(d["oneOf"]) <= 4),
    # Poll::MAX_OPTION_CHARS of its own forms is 50
    need("oneOf.*.name", like(".{1,50}")),
    need("oneOf.*.replies.totalItems", a(int)),
    may("endTime", TIME),
    may("votersCount", a(int)),
    need("to", holding(PUBLIC)),
    # summary of a Question is a content warning
    never("summary"),
    # an `updated` would mark the post as edited, and tell all who boosted it
    never("updated"),
    never("inReplyTo"),
)
# Friendica shows an Event as Mastodon converts one, app/lib/activitypub/activity/create.rb: CONVERTED_TYPES show name, summary and url, not content
MASTODON_CONVERTED: Demands = (
    need("name", SAID),
    need("summary", SAID),
    may("url", URL),
    need("summary", like(".+")),
)
# GoToSocial 0.20, internal/ap/extract.go: a Question's options are Notes with a name, `to` says public
GOTOSOCIAL_CARD: Demands = (
    need("attributedTo", URL),
    need("oneOf.*.type", one_of("Note")),
    need("oneOf.*.name", SAID),
    need("to", holding(PUBLIC)),
    need("published", TIME),
    need("url", URL),
)
# internal/ap/ap.go, internal/federation/federatingdb: the Create's actor is the author
SAME_ACTOR: Demands = (
    holds("the actor is the author", lambda d: d["actor"] == of(d).get("attributedTo", d["actor"])),
)


def of(document: Json) -> Json:
    return document["object"]


WHERE = Details(
    starts_at=None,  # pyright: ignore[reportArgumentType] - set by the test's clock
    ends_at=None,
    timezone="Europe/Rome",
    place_name="Mill Bridge",
    place_address="1 Main Street",
    latitude=43.0,
    longitude=11.0,
    capacity=2,
)


@asynccontextmanager
async def follower(ours: Instance, software: str, garden: Account) -> AsyncIterator[Peer]:
    """A server that has a member of the community; a calendar follows the instance."""
    async with peer(software) as server:
        if software in ("gancio", "wordpress"):
            await follow_us(ours, server)
        else:
            await join(ours, server, server.person("member"), garden)
        yield server


async def lived(ours: Instance, by: Account, garden: Account, *, open_end: bool = False) -> Post:
    """An event that is made, filled, postponed, cancelled, opened and deleted."""
    event = await ours.event(by, garden, "River clean-up")
    starts = (await ours.call(event)).starts_at
    details = replace(WHERE, starts_at=starts, ends_at=None if open_end else starts)
    wanted = drafting.Wanted("River clean-up", details, about="Bring gloves. #river", language="en")
    async with ours.work.transaction() as tx:
        event = await calls.edit(tx, by, event, wanted=wanted)
    for state in ("postponed", "cancelled", "open"):
        async with ours.work.transaction() as tx:
            await calls.edit(tx, by, event, state=state)
        await ours.settle()
    async with ours.work.transaction() as tx:
        await deleting.delete(tx, by, event)
    await ours.settle()
    return event


DEMANDS: dict[str, tuple[Demands, Demands, Demands]] = {
    # software: of the activity, of the event or card in it, of the Delete
    "mobilizon": (SAME_ACTOR, MOBILIZON_EVENT, MOBILIZON_DELETE),
    "gancio": ((), GANCIO_EVENT, GANCIO_DELETE),
    "wordpress": (WORDPRESS_ACTIVITY, WORDPRESS_EVENT, GANCIO_DELETE),
    "piefed": (LEMMY_ANNOUNCE, PIEFED_EVENT, ()),
    "lemmy": (LEMMY_ANNOUNCE, LEMMY_EVENT, ()),
    "friendica": (SAME_ACTOR, MASTODON_CONVERTED, MOBILIZON_DELETE),
    "mastodon": (SAME_ACTOR, MASTODON_CARD, ()),
    "gotosocial": (SAME_ACTOR, GOTOSOCIAL_CARD, ()),
}


@pytest.mark.parametrize("open_end", [False, True])
@pytest.mark.parametrize("software", sorted(DEMANDS))
async def test_the_life_of_an_event_is_as_its_reader_demands(
    ours: Instance, garden: Account, organiser: Account, software: str, open_end: bool
) -> None:
    of_activity, of_object, of_delete = DEMANDS[software]
    async with follower(ours, software, garden) as server:
        await lived(ours, organiser, garden, open_end=open_end)
        told = [d for d in server.of_type("Create", "Update", "Announce") if a(dict)(d["object"])]
        wrapped = [d for d in told if d["type"] == "Announce"]
        inner = [of(d) for d in wrapped] or told
        spoken = [d for d in inner if d["type"] in ("Create", "Update")]
        assert [d["type"] for d in spoken] == ["Create", *["Update"] * 4]
        for document in [d for d in wrapped or told if d in spoken or of(d) in spoken]:
            assert unmet(document, of_activity) == []
        for document in spoken:
            assert unmet(of(document), of_object) == []
        deletes = server.of_type("Delete") + [of(d) for d in wrapped if of(d)["type"] == "Delete"]
        assert len(deletes) == 1
        assert unmet(deletes[0], of_delete) == []


STATES = {
    "postponed": ("TENTATIVE", "EventPostponed"),
    "cancelled": ("CANCELLED", "EventCancelled"),
    "open": ("CONFIRMED", "EventScheduled"),
}


async def test_the_state_of_an_event_is_told_in_both_words(
    ours: Instance, garden: Account, organiser: Account
) -> None:
    """Mobilizon's and FEP-8a8e's."""
    async with follower(ours, "mobilizon", garden) as server:
        await lived(ours, organiser, garden)
        said = [(of(d)["status"], of(d)["eventStatus"]) for d in server.of_type("Update")]
        assert said[1:] == list(STATES.values())


@pytest.mark.parametrize("capacity", [1, None])
async def test_joins_are_answered_as_mobilizon_demands(
    ours: Instance, garden: Account, organiser: Account, capacity: int | None
) -> None:
    async with peer("mobilizon") as server:
        event = await ours.event(organiser, garden, "Digging", capacity=capacity)
        for name in ("first", "second"):
            await act(ours, server, server.person(name), "Join", event.uri)
        kinds = {1: ["Accept", "TentativeAccept"], None: ["Accept", "Accept"]}[capacity]
        answers = server.of_type("Accept", "TentativeAccept", "Reject")
        assert [d["type"] for d in answers] == kinds
        for answer in answers:
            assert unmet(answer, MOBILIZON_ANSWER) == []
            assert answer["actor"] == organiser.uri
