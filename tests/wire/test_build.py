"""What we write is what we meant when read back, and has each key that a neighbour's reader demands."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyld import jsonld

from federation import activities as verbs
from federation import build, capabilities
from federation.jsonld import bundled
from federation.objects import (
    Actor,
    Address,
    Attachment,
    Call,
    Emoji,
    Event,
    Goal,
    Mention,
    Option,
    Picture,
    Place,
    Poll,
    Post,
    QuotePolicy,
    Vote,
)
from federation.parse import parse_activity, parse_actor, parse_collection, parse_object
from federation.vocab import PUBLIC

HOST = "https://beckon.example"
ORGANISER = f"{HOST}/users/1"
COMMUNITY = f"{HOST}/communities/3"
FOLLOWER = "https://microblog.example/users/gardener"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)

# --- values ---

words = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=40
)
lines = words.map(lambda text: " ".join(text.split())).filter(bool)
uris = st.builds("https://{}.example/x/{}".format, st.sampled_from("abc"), st.integers(1, 99))
own_uris = st.builds(f"{HOST}/x/{{}}".format, st.integers(1, 99))
zones = st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours)))
NAIVE = NOON.replace(tzinfo=None)
times = st.datetimes(NAIVE.replace(year=1990), NAIVE.replace(year=2100), timezones=zones)
optional = st.none


def several(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(strategy, max_size=3, unique=True).map(tuple)


media = {
    "image": "image/png",
    "video": "video/mp4",
    "audio": "audio/ogg",
    "document": "application/pdf",
    "link": "text/html",
}
attachments = st.sampled_from(sorted(media)).flatmap(
    lambda kind: st.builds(
        Attachment,
        url=uris,
        kind=st.just(cast("Any", kind)),
        media_type=st.just(media[kind]),
        description=st.just("") | lines,
        **(
            {}
            if kind == "link"
            else {
                "width": optional() | st.integers(1, 4000),
                "height": optional() | st.integers(1, 4000),
                "preview": optional() | uris,
                "focus": optional() | st.tuples(st.floats(-1, 1), st.floats(-1, 1)),
            }
        ),
    )
)
options = st.builds(Option, words, st.integers(0, 1000))
polls = st.builds(
    Poll,
    options=st.lists(options, min_size=1, max_size=6).map(tuple),
    multiple=st.booleans(),
    end_time=optional() | times,
    closed_at=optional() | times,
    voters_count=optional() | st.integers(0, 1000),
)
addresses = st.builds(
    Address, street=words, locality=words, postal_code=words, region=words, country=words
)
places = st.builds(
    Place, name=words, address=optional() | addresses, url=optional() | uris
) | st.builds(Place, name=words, latitude=st.floats(-90, 90), longitude=st.floats(-180, 180))
events = st.builds(
    Event,
    start=times,
    timezone=optional() | st.sampled_from(["Europe/Rome", "Asia/Kathmandu", "UTC"]),
    place=optional() | places,
    online_url=optional() | st.just("https://meet.example/room"),
    capacity=optional() | st.integers(1, 9999),
    participant_count=st.integers(0, 9999),
    external_url=optional() | uris | st.just("mailto:organiser@beckon.example"),
    anonymous=st.booleans(),
).flatmap(
    lambda event: st.sampled_from([None, timedelta(0), timedelta(hours=3)]).map(
        lambda length: dataclasses.replace(
            event, end=event.start + length if length is not None else None
        )
    )
)
calls = st.builds(
    Call,
    goal=optional() | st.builds(Goal, metric=words, value=st.integers(0, 9999)),
    card=optional() | own_uris,
    answers=several(options),
    waiting=st.integers(0, 99),
    deadline=optional() | times,
    outcome=st.just("") | words,
    tallies=optional() | own_uris,
    stewards=several(uris),
)
policies = st.builds(
    QuotePolicy, automatic=several(uris | st.just(PUBLIC)), manual=several(uris | st.just(PUBLIC))
)
common: dict[str, st.SearchStrategy[Any]] = {
    "id": own_uris,
    "attributed_to": st.just(ORGANISER),
    "content": words,
    "published": optional() | times,
    "updated": optional() | times,
    "to": several(uris | st.just(PUBLIC)),
    "cc": several(uris | st.just(PUBLIC)),
    "audience": optional() | uris,
    "context": optional() | uris,
    "replies": optional() | own_uris,
    "url": optional() | own_uris,
    "sensitive": st.booleans(),
    "language": optional() | st.sampled_from(["en", "pt-BR"]),
    "comments_enabled": st.booleans(),
    "mentions": several(st.builds(Mention, uris, words)),
    "hashtags": several(st.sampled_from(["river", "Käse", "a/b", "二"])),
    "emojis": st.lists(
        st.builds(Emoji, st.sampled_from(["seed", "a_b"]), uris),
        max_size=2,
        unique_by=lambda emoji: emoji.shortcode,
    ).map(tuple),
    "quote": optional() | uris,
    "quote_authorization": optional() | uris,
    "quote_policy": optional() | policies,
}


def sourced(**more: st.SearchStrategy[Any]) -> st.SearchStrategy[Post]:
    return st.builds(Post, **common, **more)


notes = sourced(
    kind=st.just("note"),
    summary=st.just("") | words,
    source=st.none() | words,
    in_reply_to=optional() | uris,
    attachments=several(attachments),
)
pages = sourced(
    kind=st.sampled_from(["page", "article"]),
    name=words,
    summary=st.just("") | lines,
    attachments=several(attachments),
    call=optional() | calls.map(lambda call: call),
)
questions = sourced(
    kind=st.just("question"),
    name=st.just("") | words,
    summary=st.just("") | words,
    poll=polls,
    card_for=optional() | uris,
)
event_posts = sourced(
    kind=st.just("event"),
    name=words,
    summary=lines,
    event=events,
    call=optional() | calls,
    attachments=several(attachments).map(
        lambda found: tuple(sorted(found, key=lambda entry: entry.kind != "image"))
    ),
)
pictures = st.builds(
    Picture, uris, st.just("") | lines, st.sampled_from([None, "image/png", "image/webp"])
)
people = st.builds(
    Actor,
    id=st.just(ORGANISER),
    kind=st.sampled_from(["person", "application", "service", "organization"]),
    username=st.just("organiser"),
    inbox=own_uris,
    name=st.just("") | words,
    summary=st.just("") | words,
    url=optional() | own_uris,
    shared_inbox=optional() | own_uris,
    outbox=optional() | own_uris,
    followers=optional() | own_uris,
    following=optional() | own_uris,
    featured=optional() | own_uris,
    featured_tags=optional() | own_uris,
    icon=optional() | pictures,
    image=optional() | pictures,
    locked=st.booleans(),
    discoverable=optional() | st.booleans(),
    indexable=optional() | st.booleans(),
    fields=several(st.tuples(words, words)),
    published=optional() | times,
    also_known_as=several(uris),
    moved_to=optional() | uris,
    webfinger=optional() | st.just("organiser@beckon.example"),
)
groups = people.flatmap(
    lambda actor: st.builds(
        dataclasses.replace,
        st.just(actor),
        kind=st.just("group"),
        moderators=optional() | own_uris,
        posting_restricted=st.booleans(),
    )
)


def wire(document: build.Json) -> Any:
    """The document after the wire: whatever is not plain JSON fails here."""
    return json.loads(json.dumps(document, allow_nan=False))


def an_event(**changes: Any) -> Post:
    event = Event(start=NOON, timezone="Europe/Rome", place=Place(name="Mill Bridge"))
    plain = Post(
        id=f"{HOST}/calls/17",
        kind="event",
        attributed_to=ORGANISER,
        name="River clean-up",
        summary="Sat 9 May 10:00,\n Mill Bridge",
        to=(COMMUNITY, PUBLIC),
        audience=COMMUNITY,
        event=event,
        call=Call(kind="event", goal=Goal(metric="people", value=40)),
    )
    return dataclasses.replace(plain, **changes)


# --- there and back ---


@given(notes | pages | questions | event_posts)
def test_a_post_means_the_same_after_the_wire(value: Post) -> None:
    assert parse_object(wire(build.post(value))) == value


@given(notes | pages | questions | event_posts)
def test_a_created_post_means_the_same_after_the_wire(value: Post) -> None:
    activity = build.create(f"{value.id}/create", ORGANISER, build.post(value))
    found = parse_activity(wire(activity))
    assert isinstance(found, verbs.Create)
    assert (found.post, found.to, found.cc) == (value, value.to, value.cc)


@given(people | groups)
def test_an_actor_means_the_same_after_the_wire(value: Actor) -> None:
    document = wire(build.actor(value, build.PublicKeys("PEM", "z6Mk")))
    assert parse_actor(document) == value
    found = parse_activity(build.update(f"{value.id}#u1", value.id, document, to=[PUBLIC]))
    assert isinstance(found, verbs.Update)
    assert (found.person, found.to) == (value, (PUBLIC,))


def test_a_vote_means_the_same_after_the_wire() -> None:
    vote = Vote(
        id=f"{ORGANISER}/votes/1",
        attributed_to=ORGANISER,
        in_reply_to=f"{FOLLOWER}/9",
        name="Maybe",
    )
    document = build.vote(vote, to=FOLLOWER)
    assert "published" not in document  # PieFed
    found = parse_activity(wire(build.create(f"{vote.id}/create", ORGANISER, document)))
    assert isinstance(found, verbs.Create)
    assert (found.votes, found.to) == ((vote,), (FOLLOWER,))


def test_verbs_mean_the_same_after_the_wire() -> None:
    act, them = f"{ORGANISER}#a", FOLLOWER
    follow = build.follow(act, ORGANISER, them)
    theirs = build.follow(f"{them}#f", them, ORGANISER)
    post, pins = f"{HOST}/posts/4", f"{COMMUNITY}/featured"
    both = {"id": act, "actor": ORGANISER}
    public = {"to": (PUBLIC,), **both}
    following = verbs.Follow(object=them, to=(them,), **both)
    asked = verbs.Follow(id=f"{them}#f", actor=them, object=ORGANISER, to=(ORGANISER,))
    answer = {"object": f"{them}#f", "inner": asked, "to": (them,), **both}
    expected = [
        (follow, following),
        (build.accept(act, ORGANISER, theirs), verbs.Accept(**answer)),
        (build.reject(act, ORGANISER, theirs), verbs.Reject(**answer)),
        (build.tentative_accept(act, ORGANISER, theirs), verbs.TentativeAccept(**answer)),
        (
            build.undo(act, ORGANISER, follow),
            verbs.Undo(object=act, inner=following, to=(them,), **both),
        ),
        (build.announce(act, ORGANISER, post), verbs.Announce(object=post, **public)),
        (build.like(act, ORGANISER, post, to=[them]), verbs.Like(object=post, to=(them,), **both)),
        (build.add(act, ORGANISER, post, pins), verbs.Add(object=post, target=pins, **public)),
        (
            build.remove(act, ORGANISER, post, pins),
            verbs.Remove(object=post, target=pins, **public),
        ),
        (
            build.join(act, ORGANISER, post, to=[them], message="+2"),
            verbs.Join(object=post, message="+2", to=(them,), **both),
        ),
        (
            build.leave(act, ORGANISER, post, to=[them]),
            verbs.Leave(object=post, to=(them,), **both),
        ),
        (build.block(act, ORGANISER, them), verbs.Block(object=them, to=(them,), **both)),
        (
            build.flag(act, ORGANISER, [them, post], "spam", to=[them]),
            verbs.Flag(objects=(them, post), content="spam", to=(them,), **both),
        ),
        (
            build.move(act, ORGANISER, them, followers=f"{ORGANISER}/followers"),
            verbs.Move(object=ORGANISER, target=them, to=(f"{ORGANISER}/followers",), **both),
        ),
        (
            build.delete(act, ORGANISER, build.tombstone(post, "Note", NOON)),
            verbs.Delete(object=post, former_type="Note", **public),
        ),
        (build.delete(act, ORGANISER, ORGANISER), verbs.Delete(object=ORGANISER, **public)),
    ]
    for document, meaning in expected:
        assert parse_activity(wire(document)) == meaning
        assert isinstance(document["to"], list)  # Lemmy
        assert isinstance(document["cc"], list)


def test_collections_mean_the_same_after_the_wire() -> None:
    address = f"{COMMUNITY}/outbox"
    paged = parse_collection(wire(build.collection(address, 3, first=f"{address}?page=1")))
    assert (paged.total, paged.first, paged.items) == (3, f"{address}?page=1", ())
    short = parse_collection(wire(build.collection(address, 1, items=[ORGANISER])))
    assert (short.total, short.items) == (1, (ORGANISER,))
    assert build.collection(address, 0, items=[])["orderedItems"] == []
    page = build.collection_page(
        f"{address}?page=1", address, [ORGANISER], next_page=f"{address}?page=2"
    )
    assert parse_collection(wire(page)).next == f"{address}?page=2"


# --- what readers demand ---


def test_an_announced_activity_is_the_very_value_that_came_in() -> None:
    inner = build.create(
        f"{FOLLOWER}#c",
        FOLLOWER,
        build.vote(
            Vote(
                id=f"{FOLLOWER}#v", attributed_to=FOLLOWER, in_reply_to=f"{HOST}/cards/1", name="a"
            ),
            ORGANISER,
        ),
    )
    inner["proof"] = {"type": "DataIntegrityProof"}
    before = json.dumps(inner)
    announce = build.announce(f"{COMMUNITY}#1", COMMUNITY, inner, cc=[f"{COMMUNITY}/followers"])
    assert announce["object"] is inner
    assert json.dumps(inner) == before


def test_an_embedded_object_keeps_its_context_only_with_a_proof() -> None:
    document = build.post(an_event())
    create = cast("Any", build.create(f"{HOST}/calls/17/create", ORGANISER, document))
    assert "@context" not in create["object"]
    assert create["@context"] == document["@context"]
    proven = document | {"proof": {"type": "DataIntegrityProof"}}
    assert build.create(f"{HOST}/c", ORGANISER, proven)["object"] is proven


def test_an_event_has_every_key_that_piefed_reads() -> None:
    keys = """startTime endTime timezone maximumAttendeeCapacity participantCount onlineLink joinMode
    externalParticipationUrl anonymousParticipation isOnline buyTicketsLink feeCurrency feeAmount"""
    assert set(keys.split()) <= build.post(an_event(event=Event(start=NOON))).keys()


def test_an_event_is_as_mobilizon_reads_it() -> None:
    place = Place(name="Mill Bridge", latitude=43, longitude=11)
    value = an_event(
        event=Event(start=NOON, timezone="Europe/Rome", place=place, status="postponed")
    )
    document = cast("Any", build.post(value))
    assert isinstance(document["location"], dict)
    assert isinstance(document["location"]["latitude"], float)
    assert document["startTime"] == "2026-11-20T13:00:00+01:00"
    assert (document["status"], document["eventStatus"]) == ("TENTATIVE", "EventPostponed")
    assert document["attributedTo"] == ORGANISER
    assert document["maximumAttendeeCapacity"] == 0


def test_an_event_is_as_gancio_reads_it() -> None:
    files = (
        Attachment(url=f"{HOST}/m/1", kind="document"),
        Attachment(url=f"{HOST}/m/2.jpg", kind="image", media_type="image/jpeg"),
    )
    document = cast("Any", build.post(an_event(attachments=files, hashtags=("river",))))
    assert document["attachment"][0]["url"] == f"{HOST}/m/2.jpg"
    assert all(isinstance(entry["mediaType"], str) for entry in document["attachment"])
    assert all(entry["name"] for entry in document["tag"])


def test_attachments_are_of_the_types_that_lemmy_knows() -> None:
    files = tuple(
        Attachment(url=f"{HOST}/m/{kind}", kind=cast("Any", kind), media_type=media[kind])
        for kind in media
    )
    document = cast("Any", build.post(an_event(attachments=files)))
    assert {entry["type"] for entry in document["attachment"]} == {"Document", "Link"}


def test_a_hybrid_event_has_one_place_and_a_link() -> None:
    event = Event(start=NOON, place=Place(name="Hall"), online_url="https://meet.example/room")
    document = cast("Any", build.post(an_event(event=event)))
    assert document["location"] == {"type": "Place", "name": "Hall"}
    assert document["isOnline"] is False
    assert document["attachment"] == [
        {
            "type": "Link",
            "href": "https://meet.example/room",
            "mediaType": "text/html",
            "name": "Website",
        }
    ]


def test_the_summary_of_a_titled_post_is_one_line() -> None:
    assert build.post(an_event())["summary"] == "Sat 9 May 10:00, Mill Bridge"
    page = Post(id=f"{HOST}/posts/4", kind="page", attributed_to=ORGANISER, summary="x" * 900)
    assert len(cast("str", build.post(page)["summary"])) == 500


def test_a_note_never_has_a_name() -> None:
    """It would look like a vote."""
    reply = Post(
        id=f"{HOST}/posts/4",
        kind="note",
        attributed_to=ORGANISER,
        name="Saturday",
        in_reply_to=f"{FOLLOWER}/9",
    )
    assert "name" not in build.post(reply)


def test_a_card_names_its_call_and_ends_only_if_the_call_does() -> None:
    poll = Poll(options=(Option("I'm coming", 12),))
    card = Post(
        id=f"{HOST}/cards/17",
        kind="question",
        attributed_to=COMMUNITY,
        poll=poll,
        card_for=f"{HOST}/calls/17",
    )
    document = build.post(card)
    assert document["cta:cardFor"] == f"{HOST}/calls/17"
    assert "endTime" not in document
    assert "updated" not in document


def test_our_terms_are_mapped_where_they_are_used_and_nowhere_else() -> None:
    def terms(value: Post) -> Any:
        return cast("Any", build.post(value)["@context"])[-1]

    assert terms(an_event())["cta"] == "https://w3id.org/fep/d9f9/"
    assert "cta" not in terms(an_event(call=None))
    assert "joinMode" not in terms(an_event(kind="page", event=None))


def load_bundled(url: str, _options: object) -> dict[str, object]:
    document = bundled(url)
    assert document is not None, f"{url} is not bundled"
    return {"contextUrl": None, "documentUrl": url, "document": document}


def unmapped(node: Any) -> set[str]:
    """The terms of an expanded document that no context gives a meaning."""
    if isinstance(node, list):
        return {name for entry in node for name in unmapped(entry)}
    if not isinstance(node, dict):
        return set()
    bare = {name for name in node if not name.startswith("@") and not name.startswith("http")}
    return bare | unmapped(list(node.values()))


@given(notes | pages | questions | event_posts)
def test_every_term_of_a_post_has_a_meaning_in_json_ld(value: Post) -> None:
    activity = build.create(f"{value.id}/create", ORGANISER, build.post(value))
    expanded = jsonld.expand(activity, {"documentLoader": load_bundled})
    piefed = {"_:anonymousParticipation", "_:feeAmount", "_:onlineLink"}
    assert unmapped(expanded) <= (piefed if value.kind == "event" else set())


@given(people | groups)
def test_every_term_of_an_actor_has_a_meaning_in_json_ld(value: Actor) -> None:
    document = build.actor(value, build.PublicKeys("PEM", "z6Mk"))
    assert unmapped(jsonld.expand(document, {"documentLoader": load_bundled})) == set()


def test_our_terms_expand_to_our_namespace() -> None:
    expanded = json.dumps(jsonld.expand(build.post(an_event()), {"documentLoader": load_bundled}))
    for term in ("call", "kind", "goal", "metric", "stewards", "waiting"):
        assert f'"https://w3id.org/fep/d9f9/{term}"' in expanded


def test_an_actor_carries_both_keys() -> None:
    value = Actor(id=ORGANISER, kind="person", username="organiser", inbox=f"{ORGANISER}/inbox")
    document = cast("Any", build.actor(value, build.PublicKeys("PEM", "z6Mk")))
    assert document["publicKey"] == {
        "id": f"{ORGANISER}#main-key",
        "owner": ORGANISER,
        "publicKeyPem": "PEM",
    }
    assert document["assertionMethod"][0]["controller"] == ORGANISER
    assert "assertionMethod" not in build.actor(value, build.PublicKeys("PEM"))


def test_an_actor_says_what_its_server_reads() -> None:
    """FEP-844e: of the software behind it, and the instance's own actor of itself."""
    value = Actor(id=ORGANISER, kind="person", username="organiser", inbox=f"{ORGANISER}/inbox")
    person = cast("Any", build.actor(value, build.PublicKeys("PEM")))
    assert person["generator"]["type"] == "Application"
    assert "implements" not in person
    instance = dataclasses.replace(value, kind="application")
    application = cast("Any", build.actor(instance, build.PublicKeys("PEM")))
    assert application["implements"] == person["generator"]["implements"]
    assert "generator" not in application
    both = {capabilities.RFC9421, capabilities.RFC9421_ED25519}
    assert capabilities.implemented(person) == capabilities.implemented(application) == both


@pytest.mark.parametrize(
    "said",
    [
        {"implements": [{"href": capabilities.RFC9421}]},  # a person is no software
        {"generator": "https://social.example/actor"},
        {"generator": {"type": "Note", "implements": [{"href": capabilities.RFC9421}]}},
        {"generator": {"type": "Application", "implements": [capabilities.RFC9421]}},
        {"generator": {"type": "Application", "implements": {"href": 9421}}},
    ],
)
def test_a_server_can_do_only_what_it_says_in_full(said: dict[str, object]) -> None:
    assert capabilities.implemented({"type": "Person", **said}) == frozenset()


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        build.post(an_event(published=NAIVE))
    with pytest.raises(ValueError, match="zone"):
        build.post(an_event(event=Event(start=NAIVE)))


def test_an_event_post_without_its_event_is_refused() -> None:
    with pytest.raises(ValueError, match="event"):
        build.post(an_event(event=None))
