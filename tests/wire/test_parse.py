"""What each neighbour writes means what it should, and what nobody may write is refused by name."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation import activities as verbs
from federation.addressing import visibility_of
from federation.errors import Refused
from federation.fields import contact_url, time, uri, web_url, whole
from federation.objects import Actor, Address, Emoji, Option, Picture, Place, Post, Vote
from federation.parse import (
    parse_activity,
    parse_actor,
    parse_collection,
    parse_object,
    parse_post,
    strip_private,
)
from federation.vocab import PUBLIC
from tests.wire.meaning import neighbours, shape, shapes

OURS = "https://beckon.example"
GARDENER = "https://microblog.example/users/gardener"

Json = dict[str, Any]


def activity(kind: str, actor: str = GARDENER, **fields: Any) -> Json:
    return {
        "id": f"{actor}#act",
        "type": kind,
        "actor": actor,
        "object": f"{OURS}/posts/4",
    } | fields


def note(**fields: Any) -> Json:
    return {"id": f"{GARDENER}/statuses/1", "type": "Note", "attributedTo": GARDENER} | fields


def refusal(parse: Callable[[Json], object], document: Json) -> str:
    with pytest.raises(Refused) as refused:
        parse(document)
    assert refused.value.sentence
    return refused.value.reason


def created(name: str) -> Post:
    found = parse_activity(shape(name))
    assert isinstance(found, verbs.Create)
    assert found.post is not None
    return found.post


def announced(name: str) -> verbs.Activity:
    outer = parse_activity(shape(name))
    assert isinstance(outer, verbs.Announce)
    assert outer.embedded == shape(name)["object"]
    return parse_activity(outer.embedded or {})


def all_shapes() -> list[str]:
    return [f"{neighbour}/{name}" for neighbour in neighbours() for name in shapes(neighbour)]


# --- actors ---


def test_a_person_of_mastodon() -> None:
    actor = parse_actor(shape("mastodon/person"))
    assert actor == Actor(
        id=GARDENER,
        kind="person",
        username="gardener",
        inbox=f"{GARDENER}/inbox",
        name="A gardener :seed:",
        summary="<p>Grows beans</p>",
        url="https://microblog.example/@gardener",
        shared_inbox="https://microblog.example/inbox",
        outbox=f"{GARDENER}/outbox",
        followers=f"{GARDENER}/followers",
        following=f"{GARDENER}/following",
        featured=f"{GARDENER}/collections/featured",
        featured_tags=f"{GARDENER}/collections/tags",
        icon=Picture("https://files.microblog.example/a.png", "", "image/png"),
        image=Picture("https://files.microblog.example/h.jpg", "", "image/jpeg"),
        locked=True,
        discoverable=True,
        indexable=False,
        fields=(("Garden", '<a href="https://garden.example" rel="me">garden.example</a>'),),
        published=datetime(2024, 3, 2, tzinfo=UTC),
        also_known_as=("https://old.example/users/gardener",),
    )
    assert actor.document == shape("mastodon/person")


def test_a_person_of_gotosocial_has_a_field_that_is_no_list() -> None:
    actor = parse_actor(shape("gotosocial/person"))
    assert actor.fields == (("pronouns", "they"),)
    assert (actor.shared_inbox, actor.discoverable, actor.indexable) == (None, False, None)


@pytest.mark.parametrize(
    ("name", "moderators", "restricted"),
    [
        ("lemmy/group", "https://links.example/c/allotments/moderators", True),
        ("piefed/group", "https://plots.example/c/meetups/moderators", False),
        ("mobilizon/group", None, False),
    ],
)
def test_a_group_names_its_moderators(name: str, moderators: str | None, restricted: bool) -> None:
    group = parse_actor(shape(name))
    assert group.kind == "group"
    assert group.moderators == moderators
    assert group.posting_restricted is restricted


def test_an_application_of_gancio() -> None:
    actor = parse_actor(shape("gancio/application"))
    assert (actor.kind, actor.url) == ("application", "https://agenda.example")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"type": "Note"}, "unknown_type"),
        ({"type": ["Person", "Group"]}, "ambiguous_type"),
        ({"id": "http://microblog.example/users/gardener"}, "no_id"),
        ({"id": None}, "no_id"),
        ({"inbox": None}, "no_inbox"),
        ({"inbox": "javascript:alert(1)"}, "no_inbox"),
        ({"preferredUsername": None}, "bad_username"),
        ({"preferredUsername": "gardener@evil.example"}, "bad_username"),
        ({"preferredUsername": "a" * 256}, "bad_username"),
    ],
)
def test_an_actor_is_refused(change: Json, reason: str) -> None:
    assert refusal(parse_actor, shape("mastodon/person") | change) == reason


def test_an_actor_cannot_claim_the_collections_of_another_server() -> None:
    foreign = "https://victim.example/users/a"
    claims = {"followers": f"{foreign}/followers", "featured": f"{foreign}/f", "outbox": foreign}
    actor = parse_actor(shape("mastodon/person") | claims)
    assert (actor.followers, actor.featured, actor.outbox) == (None, None, None)


def test_addresses_that_a_browser_would_run_are_dropped() -> None:
    bad = {"url": "javascript:alert(1)", "icon": {"type": "Image", "url": "data:image/png,x"}}
    actor = parse_actor(shape("mastodon/person") | bad)
    assert (actor.url, actor.icon) == (None, None)


# --- posts ---


def test_a_note_of_mastodon() -> None:
    post = created("mastodon/create_note")
    assert (post.kind, post.attributed_to, post.language) == ("note", GARDENER, "en")
    assert (post.summary, post.sensitive) == ("vegetables", True)
    assert post.in_reply_to == f"{OURS}/posts/4"
    assert post.context == "https://microblog.example/contexts/11"
    assert post.replies == f"{GARDENER}/statuses/11/replies"
    assert post.hashtags == ("beans",)
    assert post.mentions[0].href == f"{OURS}/communities/3"
    assert post.emojis == (Emoji("seed", "https://files.microblog.example/seed.png"),)
    picture = post.attachments[0]
    assert (picture.kind, picture.description, picture.width) == ("image", "Green shoots", 640)
    assert picture.focus == (-0.25, 0.5)


def test_a_note_of_gotosocial_has_a_tag_that_is_no_list_and_a_short_public() -> None:
    post = created("gotosocial/create_note")
    assert [mention.name for mention in post.mentions] == ["@organiser@beckon.example"]
    assert post.cc == (PUBLIC, f"{OURS}/users/1")
    assert (
        visibility_of(post.to, post.cc, "https://small.example/users/neighbour/followers")
        == "unlisted"
    )
    assert post.published == datetime(2026, 11, 20, 8, 30, tzinfo=UTC)


def test_a_direct_note_of_pleroma_loses_its_hidden_recipients() -> None:
    found = parse_activity(shape("pleroma/create_note"))
    assert isinstance(found, verbs.Create)
    assert found.post is not None
    assert "secret.example" not in repr(found) + json.dumps(found.embedded)
    assert visibility_of(found.post.to, found.post.cc) == "direct"
    assert found.post.source == "Only **you**"
    video = found.post.attachments[0]
    assert (video.kind, video.url) == ("video", "https://forest.example/media/burrow.mp4")


def test_a_quote_of_misskey() -> None:
    assert created("misskey/create_note").quote == f"{OURS}/posts/4"


def test_polls() -> None:
    update = parse_activity(shape("mastodon/update_question"))
    assert isinstance(update, verbs.Update)
    assert update.post is not None
    assert update.post.poll is not None
    assert update.post.poll.options == (Option("Peas", 2), Option("Beans", 3))
    assert update.post.poll.closed_at == datetime(2026, 11, 21, 10, tzinfo=UTC)
    assert (update.post.poll.voters_count, update.post.poll.multiple) == (5, False)


def test_a_poll_of_misskey_says_only_that_it_is_closed() -> None:
    poll = created("misskey/create_question").poll
    assert poll is not None
    assert poll.multiple
    assert poll.closed_at == datetime(2026, 11, 15, 1, 2, 3, 4000, tzinfo=UTC)


def test_lemmy_announces_a_page_twice() -> None:
    create = announced("lemmy/announce_create")
    assert isinstance(create, verbs.Create)
    assert create.post is not None
    assert (create.post.kind, create.post.name, create.post.language) == (
        "page",
        "Which spade?",
        "en",
    )
    assert create.post.audience == "https://links.example/c/allotments"
    assert [entry.kind for entry in create.post.attachments] == ["link"]
    bare = parse_activity(shape("lemmy/announce_page"))
    assert isinstance(bare, verbs.Announce)
    assert (bare.object, bare.embedded) == (create.object, None)


def test_an_article_of_nodebb() -> None:
    create = announced("nodebb/announce_create_article")
    assert isinstance(create, verbs.Create)
    assert create.post is not None
    assert (create.post.kind, create.post.name) == ("article", "A topic")
    assert create.post.replies == "https://forum.example/post/5/replies"


def test_a_video_of_peertube_is_by_the_person_that_it_lists() -> None:
    post = parse_post(shape("peertube/video"))
    assert post.attributed_to == "https://tube.example/accounts/filmer"
    assert post.url == "https://tube.example/w/7c"
    assert (post.media_type, post.comments_enabled) == ("text/markdown", False)


# --- events ---


def test_an_event_of_mobilizon() -> None:
    post = created("mobilizon/create_event")
    assert post.attributed_to == "https://events.example/@walker"
    assert post.audience == "https://events.example/@river_friends"
    assert (post.comments_enabled, post.language) == (False, "it")
    assert [entry.kind for entry in post.attachments] == ["image", "link"]
    event = post.event
    assert event is not None
    assert event.start.utcoffset() == timedelta(hours=1)
    assert (event.timezone, event.capacity, event.participant_count) == ("Europe/Rome", 20, 3)
    assert (event.join_mode, event.status, event.anonymous) == ("restricted", "tentative", True)
    street = Address(
        street="Via del Mulino 1", locality="Prato", region="Toscana", country="Italia"
    )
    assert event.place == Place(name="Mill Bridge", address=street, latitude=43.88, longitude=11.09)


def test_an_event_of_mobilizon_with_null_where_others_have_values() -> None:
    post = created("mobilizon/create_event_bare")
    event = post.event
    assert event is not None
    assert (event.end, event.place, event.timezone, event.capacity) == (None, None, None, None)
    assert (event.join_mode, event.external_url) == ("external", "https://tickets.example/40")
    assert post.language is None


def test_an_event_of_gancio_is_in_two_places() -> None:
    post = created("gancio/create_event")
    event = post.event
    assert event is not None
    assert event.place is not None
    assert event.place.address == Address(street="Via Prima 1")
    assert event.online_url == "https://meet.example/repair"
    assert [entry.kind for entry in post.attachments] == ["image"]


def test_an_event_of_piefed() -> None:
    create = announced("piefed/announce_create_event")
    assert isinstance(create, verbs.Create)
    assert create.post is not None
    event = create.post.event
    assert event is not None
    assert event.place == Place(name="Library", address=Address(street="2 High St"))
    assert event.online_url == "https://meet.example/seeds"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"status": "CANCELLED"}, "cancelled"),
        ({"eventStatus": "https://schema.org/EventCancelled"}, "cancelled"),
        ({"status": "TENTATIVE", "eventStatus": "EventPostponed"}, "postponed"),
        ({"status": "CANCELLED", "eventStatus": "EventPostponed"}, "cancelled"),
        ({"status": "TENTATIVE", "eventStatus": "EventScheduled"}, "tentative"),
        ({"status": 7}, "confirmed"),
    ],
)
def test_the_status_of_an_event(fields: Json, status: str) -> None:
    event = parse_post(note(type="Event", startTime="2026-12-05T10:00:00Z", **fields)).event
    assert event is not None
    assert event.status == status


def test_an_event_without_a_start_is_still_a_post() -> None:
    assert parse_post(note(type="Event", name="Some day")).event is None


@pytest.mark.parametrize(
    "fields",
    [
        {"endTime": "2026-12-04T10:00:00Z"},
        {"timezone": "../../etc/passwd"},
        {"location": {"type": "Place", "latitude": 91, "longitude": 0}},
        {"location": {"type": "Place", "latitude": "NaN", "longitude": 0}},
        {"externalParticipationUrl": "javascript:alert(1)"},
        {"joinMode": "anything"},
        {"maximumAttendeeCapacity": -4},
        {"onlineLink": "data:text/html,x"},
    ],
)
def test_an_unusable_part_of_an_event_is_as_if_absent(fields: Json) -> None:
    plain = note(type="Event", startTime="2026-12-05T10:00:00Z")
    assert parse_post(plain | fields) == parse_post(plain)


# --- the other verbs ---


def test_votes() -> None:
    one = parse_activity(shape("mastodon/create_vote"))
    assert isinstance(one, verbs.Create)
    vote = Vote(
        id=f"{GARDENER}#votes/9",
        attributed_to=GARDENER,
        in_reply_to=f"{OURS}/cards/17",
        name="I'm coming",
    )
    assert one.votes == (vote,)
    assert one.post is None
    several = parse_activity(shape("gotosocial/create_votes"))
    assert isinstance(several, verbs.Create)
    assert [vote.name for vote in several.votes] == ["Shovels", "Cake"]
    by_piefed = parse_activity(shape("piefed/poll_vote"))
    assert isinstance(by_piefed, verbs.PollVote)
    assert (by_piefed.object, by_piefed.name) == (f"{OURS}/posts/44", "Saturday")


def test_a_named_reply_with_content_is_no_vote() -> None:
    reply = note(name="Saturday", inReplyTo=f"{OURS}/posts/4", content="<p>why not Sunday</p>")
    found = parse_activity(activity("Create", object=reply))
    assert isinstance(found, verbs.Create)
    assert (found.votes, found.post is not None) == ((), True)


def test_deletes() -> None:
    of_self = parse_activity(shape("mastodon/delete_actor"))
    of_note = parse_activity(shape("mastodon/delete_note"))
    by_moderator = parse_activity(shape("lemmy/delete"))
    assert isinstance(of_self, verbs.Delete)
    assert of_self.is_self
    assert isinstance(of_note, verbs.Delete)
    assert not of_note.is_self
    assert of_note.object == f"{GARDENER}/statuses/11"
    assert isinstance(by_moderator, verbs.Delete)
    assert by_moderator.summary == "off topic"


def test_undos() -> None:
    follow = parse_activity(shape("mastodon/undo_follow"))
    assert isinstance(follow, verbs.Undo)
    assert isinstance(follow.inner, verbs.Follow)
    assert follow.inner.object == f"{OURS}/communities/3"
    like = announced("lemmy/announce_undo_like")
    assert isinstance(like, verbs.Undo)
    assert isinstance(like.inner, verbs.Like)


def test_an_undo_by_id_and_of_an_unknown_verb_keep_the_id() -> None:
    by_id = parse_activity(activity("Undo", object=f"{GARDENER}#likes/1"))
    warning = {
        "id": f"{GARDENER}#warnings/1",
        "type": "Warn",
        "actor": GARDENER,
        "object": f"{OURS}/posts/4",
    }
    unknown = parse_activity(activity("Undo", object=warning))
    assert isinstance(by_id, verbs.Undo)
    assert (by_id.object, by_id.inner) == (f"{GARDENER}#likes/1", None)
    assert isinstance(unknown, verbs.Undo)
    assert (unknown.object, unknown.inner) == (f"{GARDENER}#warnings/1", None)


def test_answers() -> None:
    follow = parse_activity(shape("mastodon/accept_follow"))
    assert isinstance(follow, verbs.Accept)
    assert follow.object == f"{OURS}/users/1/follows/8"
    assert isinstance(follow.inner, verbs.Follow)
    join = parse_activity(shape("mobilizon/accept_join"))
    assert isinstance(join, verbs.Accept)
    assert isinstance(join.inner, verbs.Join)
    rsvp = parse_activity(
        activity("TentativeAccept", object={"id": f"{OURS}/calls/17", "type": "Event"})
    )
    assert isinstance(rsvp, verbs.TentativeAccept)
    assert (rsvp.object, rsvp.inner) == (f"{OURS}/calls/17", None)


def test_an_accept_may_embed_a_follow_without_an_id() -> None:
    follow = {"type": "Follow", "actor": f"{OURS}/users/1", "object": GARDENER}
    found = parse_activity(activity("Accept", object=follow))
    assert isinstance(found, verbs.Accept)
    assert (found.object, found.inner is not None) == ("", True)


def test_gestures() -> None:
    plain = parse_activity(activity("Like"))
    emoji = parse_activity(shape("pleroma/emoji_react"))
    reaction = parse_activity(shape("misskey/like"))
    assert isinstance(plain, verbs.Like)
    assert plain.content == ""
    assert isinstance(emoji, verbs.Like)
    assert emoji.content == "🌱"
    assert isinstance(reaction, verbs.Like)
    assert reaction.content == ":seedling:"
    assert isinstance(parse_activity(activity("Dislike")), verbs.Dislike)


def test_moderation() -> None:
    block = parse_activity(shape("lemmy/ban"))
    assert isinstance(block, verbs.Block)
    assert (block.target, block.remove_data) == ("https://links.example/c/allotments", True)
    assert block.end_time == datetime(2026, 12, 1, tzinfo=UTC)
    flag = parse_activity(shape("mastodon/flag"))
    assert isinstance(flag, verbs.Flag)
    assert flag.objects == (f"{OURS}/users/1", f"{OURS}/posts/4")


def test_taking_part() -> None:
    join = parse_activity(shape("mobilizon/join"))
    leave = parse_activity(shape("mobilizon/leave"))
    assert isinstance(join, verbs.Join)
    assert (join.object, join.message) == (f"{OURS}/calls/17", "With a dog")
    assert isinstance(leave, verbs.Leave)


def test_an_announced_copy_of_a_post_counts_as_its_id() -> None:
    found = parse_activity(activity("Announce", object=note(content="<p>forged</p>")))
    assert isinstance(found, verbs.Announce)
    assert (found.object, found.embedded) == (f"{GARDENER}/statuses/1", None)


# --- who may say what ---


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (activity("Travel"), "unknown_type"),
        (activity("Like", type=["Like", "Delete"]), "ambiguous_type"),
        (activity("Like", id=None), "no_id"),
        (activity("Like", id="http://microblog.example/1"), "no_id"),
        (activity("Like", id="https://victim.example/1"), "foreign_id"),
        (activity("Like", id="https://microblog.example:8443/1"), "foreign_id"),
        (activity("Like", id=f"{GARDENER}#1", actor=""), "no_actor"),
        (activity("Like", object=None), "no_object"),
        (activity("Like", object="bear:?u=https://x.example"), "no_object"),
        (activity("Add"), "no_target"),
        (activity("Flag", object=[]), "no_object"),
        (activity("PollVote"), "no_choice"),
        (activity("Create", object=note(type="ChatMessage")), "unknown_object_type"),
        (activity("Update", object=note(type="Flight")), "unknown_object_type"),
        (activity("Create", object=note(attributedTo=None)), "no_author"),
        (activity("Create", object=note(attributedTo=f"{GARDENER}2")), "foreign_author"),
        (activity("Create", object=note(attributedTo=f"{OURS}/users/1")), "foreign_author"),
        (activity("Create", object=[note(), note()]), "mixed_objects"),
        (activity("Update", object=f"{OURS}/posts/4"), "foreign_object"),
        (activity("Update", object=note(id=f"{OURS}/posts/4")), "foreign_object"),
        (activity("Undo", object=activity("Like", actor=f"{OURS}/users/1")), "foreign_undo"),
        (
            activity("Accept", object=activity("Follow", actor=f"{OURS}/users/1")),
            "foreign_accept",
        ),
        (activity("Accept", object={"type": "Travel"}), "no_object"),
        (activity("Move", target="https://new.example/users/a"), "foreign_move"),
        (activity("Like", to=[f"{OURS}/users/{n}" for n in range(1001)]), "too_many_recipients"),
        (activity("Create", object=note(content="a" * (1 << 20) + "a")), "content_too_long"),
        (
            activity("Create", object=note(type="Question", oneOf=[{"name": "a"}] * 65)),
            "too_many_options",
        ),
    ],
)
def test_an_activity_is_refused(document: Json, reason: str) -> None:
    assert refusal(parse_activity, document) == reason


def test_a_vote_of_snac_names_the_author_too_and_is_no_post() -> None:
    cast = parse_activity(shape("snac/create_vote"))
    assert isinstance(cast, verbs.Create)
    assert [(v.in_reply_to, v.name) for v in cast.votes] == [(f"{OURS}/cards/17", "I can't")]
    assert cast.post is None


@pytest.mark.parametrize("content", ["<br>", "<p></p>", "<p>\n<br /></p>"])
def test_a_vote_may_be_wrapped_in_nothing(content: str) -> None:
    """snac 2.38 sends a line break."""
    cast = parse_activity(activity("Create", object=vote_with(content)))
    assert isinstance(cast, verbs.Create)
    assert [v.name for v in cast.votes] == ["I can't"]


@pytest.mark.parametrize("content", ["I can't", "<br>but<br>", '<img src="x">', ["<br>"]])
def test_a_named_reply_with_a_word_is_no_vote(content: object) -> None:
    said = parse_activity(activity("Create", object=vote_with(content)))
    assert isinstance(said, verbs.Create)
    assert (said.votes, said.post is None) == ((), False)


def vote_with(content: object) -> Json:
    return note(name="I can't", inReplyTo=f"{OURS}/cards/17", content=content)


def test_a_quiet_note_of_snac_is_unlisted_though_it_names_no_followers() -> None:
    quiet = created("snac/create_quiet_note")
    assert visibility_of(quiet.to, quiet.cc, "https://plain.example/sailor/followers") == "unlisted"
    assert quiet.summary == ""


def test_a_reaction_of_snac_is_a_like() -> None:
    reaction = parse_activity(shape("snac/emoji_react"))
    assert isinstance(reaction, verbs.Like)
    assert reaction.object == f"{OURS}/posts/4"


def test_votes_of_somebody_else_or_for_two_polls_are_refused() -> None:
    document = shape("gotosocial/create_votes")
    foreign = copy.deepcopy(document)
    foreign["object"][1]["attributedTo"] = "https://small.example/users/other"
    assert refusal(parse_activity, foreign) == "foreign_author"
    document["object"][1]["inReplyTo"] = f"{OURS}/cards/18"
    assert refusal(parse_activity, document) == "mixed_objects"


def test_a_copy_of_another_servers_object_is_dropped_to_its_id() -> None:
    forged = note(id=f"{OURS}/posts/4", attributedTo=GARDENER, content="forged")
    found = parse_activity(activity("Create", object=forged))
    assert isinstance(found, verbs.Create)
    assert (found.object, found.post, found.embedded) == (f"{OURS}/posts/4", None, None)


def test_an_update_by_another_actor_of_the_same_server_keeps_only_the_id() -> None:
    document = activity("Update", object=note(attributedTo=f"{GARDENER}2"))
    found = parse_activity(document)
    assert isinstance(found, verbs.Update)
    assert (found.object, found.post) == (f"{GARDENER}/statuses/1", None)
    person = shape("mastodon/person") | {"id": f"{GARDENER}2"}
    found = parse_activity(activity("Update", object=person))
    assert isinstance(found, verbs.Update)
    assert found.person is None


def test_an_actor_may_update_itself() -> None:
    found = parse_activity(activity("Update", object=shape("mastodon/person")))
    assert isinstance(found, verbs.Update)
    assert found.person == parse_actor(shape("mastodon/person"))


def test_mobilizon_cannot_name_an_actor_of_another_server_as_author() -> None:
    document = note(type="Event", actor="https://victim.example/a", attributedTo=GARDENER)
    assert parse_post(document).attributed_to == GARDENER


@pytest.mark.parametrize(
    ("context", "reason"),
    [
        ({"actor": "https://evil.example/ns#actor"}, "context_redefines"),
        ({"object": {"@id": "as:target", "@type": "@id"}}, "context_redefines"),
        ({"culprit": "as:actor"}, "context_redefines"),
        ({"culprit": f"{PUBLIC.removesuffix('Public')}actor"}, "context_redefines"),
        ({"culprit": "@id"}, "context_redefines"),
        ({"to": None}, "context_redefines"),
        ({"as": "https://evil.example/ns#"}, "context_redefines"),
    ],
)
def test_a_context_that_gives_a_core_word_another_meaning_is_refused(
    context: Json, reason: str
) -> None:
    contexts = ["https://www.w3.org/ns/activitystreams", context]
    assert refusal(parse_activity, activity("Like", **{"@context": contexts})) == reason
    embedded = note(**{"@context": contexts})
    assert refusal(parse_activity, activity("Create", object=embedded)) == reason


def test_a_context_may_repeat_the_meaning_of_core_words() -> None:
    context = {"actor": {"@id": "as:actor", "@type": "@id"}, "id": "@id", "foo": None}
    parse_activity(activity("Like", **{"@context": [context]}))


@pytest.mark.parametrize("keyword", ["@graph", "@included", "@reverse"])
def test_keywords_that_move_nodes_are_refused(keyword: str) -> None:
    assert refusal(parse_activity, activity("Like", **{keyword: []})) == "jsonld_shape"


def test_hidden_recipients_are_stripped_and_nothing_else_is_touched() -> None:
    clean = activity("Create", object=note())
    assert strip_private(clean) is clean
    hidden = activity("Announce", bto=["x"], object=activity("Create", object=note(bcc=["y"])))
    stripped = strip_private(hidden)
    assert stripped == activity("Announce", object=activity("Create", object=note()))


# --- bounds and odd values ---


def test_text_is_cut_and_loses_nul() -> None:
    post = parse_post(note(name="n" * 600, summary="s" * 20_000, content="a\0b"))
    assert (len(post.name), len(post.summary), post.content) == (500, 10_000, "ab")


def test_lists_are_cut() -> None:
    picture = {"type": "Image", "url": "https://microblog.example/a.png"}
    tags = [{"type": "Hashtag", "name": f"#t{n}"} for n in range(600)]
    post = parse_post(note(attachment=[picture] * 40, tag=tags))
    assert (len(post.attachments), len(post.hashtags)) == (32, 512)


@pytest.mark.parametrize(
    "tag",
    [
        {"type": "Emoji", "name": ":<img>:", "icon": {"url": "https://a.example/e.png"}},
        {"type": "Emoji", "name": ":ok:", "icon": {"url": "http://a.example/e.png"}},
        {"type": "Emoji", "name": ":ok:"},
        {"type": "Mention", "href": "javascript:alert(1)", "name": "@a"},
        {"type": "Hashtag", "name": "#"},
        {"type": ["Hashtag"], "name": "#a"},
        "text",
        None,
    ],
)
def test_an_unusable_tag_is_passed_over(tag: object) -> None:
    assert parse_post(note(tag=[tag])) == parse_post(note())


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("2026-11-20T09:00:00Z", datetime(2026, 11, 20, 9, tzinfo=UTC)),
        ("2026-11-20T10:00:00.250+01:00", datetime(2026, 11, 20, 9, 0, 0, 250_000, tzinfo=UTC)),
        ("2026-11-20T09:00:00.123456789Z", datetime(2026, 11, 20, 9, 0, 0, 123_456, tzinfo=UTC)),
        ("2026-11-20T09:00:00", datetime(2026, 11, 20, 9, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59-12:00", None),
        ("yesterday", None),
        ("2" * 5000, None),
        (1_795_000_000, None),
    ],
)
def test_times(said: object, found: datetime | None) -> None:
    assert time(said) == found


@pytest.mark.parametrize(
    "said",
    [
        "http://a.example/1",
        "https://user@a.example/1",
        "https://a.example:443/1",
        "https://A.example/1",
        "https://a.example./1",
        "https://a.example\\@b.example/",
        "https://a.example/ 1",
        "https://a.example/" + "a" * 2048,
        "//a.example/1",
        "acct:a@a.example",
        "",
        7,
        None,
    ],
)
def test_what_is_no_id(said: object) -> None:
    assert uri(said) is None


def test_web_and_contact_addresses() -> None:
    assert web_url("http://old.example/page") == "http://old.example/page"
    assert web_url("mailto:a@b.example") is None
    assert contact_url("mailto:a@b.example") == "mailto:a@b.example"
    assert contact_url("mailto:\n@b.example") is None
    assert (
        web_url([{"type": "Link", "href": "vbscript:x"}, "https://a.example/"])
        == "https://a.example/"
    )
    assert web_url("https://[::1") is None


def test_counts() -> None:
    assert [whole(said) for said in (3, 3.0, "40", 10**30)] == [3, 3, 40, 1_000_000_000]
    assert [whole(said) for said in (-1, True, "٣", "4.5", 3.5, None, [])] == [None] * 7


def test_collections() -> None:
    members = parse_collection(
        {
            "id": "https://a.example/c/1/moderators",
            "type": "OrderedCollection",
            "totalItems": 3,
            "orderedItems": ["https://a.example/u/1", {"type": "Note"}, 7, "http://a.example/u/2"],
            "next": "https://evil.example/more",
        }
    )
    assert members.items == ("https://a.example/u/1", {"type": "Note"})
    assert (members.total, members.next) == (3, None)
    paged = parse_collection(shape("mastodon/create_note")["object"]["replies"])
    assert paged.first_page is not None
    assert paged.first_page.next == f"{GARDENER}/statuses/11/replies?page=true"
    assert refusal(parse_collection, {"type": "Note"}) == "unknown_type"


# --- nothing that a peer writes may do anything but parse or be refused ---

_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["https://microblog.example/x", PUBLIC, "2026-11-20T09:00:00Z", "Note"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(st.sampled_from(all_shapes()), st.data())
def test_a_damaged_document_parses_or_is_refused(name: str, data: st.DataObject) -> None:
    document = shape(name)
    node: Json = document
    while isinstance(node.get("object"), dict) and data.draw(st.booleans()):
        node = node["object"]
    node[data.draw(st.sampled_from(sorted(node)))] = data.draw(_json)
    for parse in (parse_activity, parse_object, parse_collection):
        try:
            parse(document)
        except Refused as refused:
            assert refused.reason.isidentifier()


def test_an_inbox_of_another_server() -> None:
    person = {
        "id": "https://a.example/users/1",
        "type": "Person",
        "preferredUsername": "gardener",
        "inbox": "https://b.example/inbox",
    }
    with pytest.raises(Refused, match="foreign_inbox"):
        parse_object(person)
