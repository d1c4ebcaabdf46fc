"""What a document says to us, in a line that a reader can check beside it.

``tests/fixtures/<neighbour>/meaning.txt`` holds such a line for every document of that neighbour, or the
reason for which it is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from federation import activities as verbs
from federation.addressing import visibility_of
from federation.errors import Refused
from federation.jsonld import is_plain
from federation.objects import Actor, Collection, Post, Vote
from federation.parse import parse_activity, parse_collection, parse_object
from federation.shapes import plain
from federation.vocab import COLLECTION_TYPES

FIXTURES = Path(__file__).parents[1] / "fixtures"
TABLE = "meaning.txt"
SHOWN = 60

Json = dict[str, Any]
Value = verbs.Activity | Actor | Post | Vote | Collection


def neighbours() -> list[str]:
    return sorted(path.name for path in FIXTURES.iterdir() if path.is_dir())


def shapes(neighbour: str) -> list[str]:
    return sorted(path.stem for path in (FIXTURES / neighbour).glob("*.json"))


def shape(name: str) -> Json:
    return json.loads((FIXTURES / f"{name}.json").read_text())


def expected(neighbour: str) -> list[str]:
    return (FIXTURES / neighbour / TABLE).read_text().splitlines()


def meaning_of(document: Mapping[str, object]) -> str:
    try:
        return said(_read(document))
    except Refused as refused:
        return f"refused: {refused.reason}"


def _read(document: Mapping[str, object]) -> Value:
    if not is_plain(document):
        document = plain(document)
    if document.get("type") in COLLECTION_TYPES:
        return parse_collection(document)
    return parse_activity(document) if "actor" in document else parse_object(document)


def said(value: Value) -> str:
    match value:
        case Actor():
            return _actor(value)
        case Post():
            return _post(value)
        case Vote():
            return f"vote for {value.name!r} in {value.in_reply_to}"
        case Collection():
            page = f"; page of {len(value.first_page.items)}" if value.first_page else ""
            return f"collection of {value.total}: {len(value.items)} here{page}"
        case _:
            return _activity(value)


def _activity(value: verbs.Activity) -> str:
    kind = type(value).__name__
    about = getattr(value, "object", "") or " ".join(getattr(value, "objects", ()))
    return " ".join(filter(None, [kind, about, *_more(value)]))


def _more(value: verbs.Activity) -> Iterable[str]:
    match value:
        case verbs.Create(votes=votes) if votes:
            return [f"votes: {', '.join(vote.name for vote in votes)}"]
        case verbs.Create(post=Post() as post) | verbs.Update(post=Post() as post):
            return [f"[{_post(post)}]"]
        case verbs.Update(person=Actor() as person):
            return [f"[{_actor(person)}]"]
        case verbs.Announce(embedded=inner) if inner:
            return [f"[{meaning_of(inner)}]"]
        case verbs.Accept() | verbs.Reject() | verbs.TentativeAccept() | verbs.Undo():
            result = getattr(value, "result", None)
            inner = f"[{_activity(value.inner)}]" if value.inner else ""
            return [inner, f"result {result}" if result else ""]
        case verbs.Add() | verbs.Remove() | verbs.Move():
            return [f"target {value.target}"]
        case verbs.QuoteRequest():
            return [f"by {value.instrument}", "[embedded]" if value.post else ""]
        case _:
            return _words(value)


def _words(value: verbs.Activity) -> Iterable[str]:
    named = ("target", "content", "summary", "message", "name", "former_type", "remove_data")
    found = {name: getattr(value, name, None) for name in (*named, "end_time")}
    return [f"{name}={said!s}" for name, said in found.items() if said]


def _actor(actor: Actor) -> str:
    flags = {
        "locked": actor.locked,
        "discoverable": actor.discoverable,
        "indexable": actor.indexable,
        "posting restricted": actor.posting_restricted,
    }
    parts = [
        f"{actor.kind} {actor.username} {actor.name!r}",
        *(name for name, is_set in flags.items() if is_set),
        f"shared inbox {actor.shared_inbox}" if actor.shared_inbox else "no shared inbox",
        *_given(actor, "moderators", "featured", "moved_to", "webfinger", "url"),
        f"icon {actor.icon.url}" if actor.icon else "",
        f"fields {actor.fields}" if actor.fields else "",
    ]
    return "; ".join(filter(None, parts))


def _post(post: Post) -> str:
    followers = next((entry for entry in (*post.to, *post.cc) if "followers" in entry), None)
    parts = [
        f"{post.kind} {post.id} {visibility_of(post.to, post.cc, followers)}",
        *_given(post, "attributed_to", "in_reply_to", "audience", "context", "quote", "language"),
        *_given(post, "name", "summary", "content", "media_type"),
        "sensitive" if post.sensitive else "",
        "" if post.comments_enabled else "comments closed",
        "edited" if post.updated and post.updated != post.published else "",
        *(f"{file.kind} {file.url} {file.description!r}" for file in post.attachments),
        f"mentions {len(post.mentions)}" if post.mentions else "",
        f"tags {' '.join(post.hashtags)}" if post.hashtags else "",
        f"emoji {' '.join(emoji.shortcode for emoji in post.emojis)}" if post.emojis else "",
        *_poll(post),
        *_event(post),
    ]
    return "; ".join(filter(None, parts))


def _poll(post: Post) -> Iterable[str]:
    if post.poll:
        options = ", ".join(f"{option.name} {option.votes}" for option in post.poll.options)
        yield f"poll {options}" + (" (several)" if post.poll.multiple else "")
        yield from _given(post.poll, "end_time", "closed_at")


def _event(post: Post) -> Iterable[str]:
    event = post.event
    if event is None:
        return
    yield f"event {event.start.isoformat()} {event.status} {event.join_mode}"
    yield from _given(event, "end", "timezone", "capacity", "online_url", "external_url")
    if event.place:
        yield f"at {event.place.name!r}, {event.place.address.street if event.place.address else ''}"


def _given(value: object, *names: str) -> Iterable[str]:
    for name in names:
        found = getattr(value, name)
        if found:
            words = " ".join(str(found).split())
            yield f"{name.replace('_', ' ')} {words:.{SHOWN}}"
