"""What this door answers to GET.

``DOCUMENTS`` are the addresses that people visit too: ``server.dispatch`` joins them with the pages.
"""

from __future__ import annotations

from aiohttp import web

from server.activitypub import actors, collections, inboxes, objects, wellknown
from server.activitypub.answers import Handler, answering
from server.activitypub.gate import guarded

DOCUMENTS: dict[str, Handler] = {
    "/posts/{id}": answering(guarded(objects.post)),
    "/calls/{id}": answering(guarded(objects.call)),
    "/cards/{id}": answering(guarded(objects.card)),
    "/@{name:[A-Za-z0-9_]+}": answering(guarded(actors.by_handle, actors.key_by_handle)),
}

_ACTORS = ("/users/{id}", "/communities/{id}")
_POSTS = ("/posts/{id}", "/calls/{id}")

_OF_ACTORS: dict[str, Handler] = {
    "outbox": collections.outbox,
    "followers": collections.followers,
    "followers_synchronization": collections.followers_of_host,
    "following": collections.following,
    "featured": collections.featured,
    "upcoming": collections.upcoming,
}
_OF_POSTS: dict[str, Handler] = {
    "activity": objects.activity_of,
    "replies": objects.replies,
    "context": objects.thread,
    "quotes/{stamp}": objects.stamp,
}
_DOCUMENTS_ALONE: dict[str, Handler] = {
    "/communities/{id}/bans": collections.bans,
    "/communities/{id}/moderators": collections.moderators,
    "/users/{id}/tags": collections.featured_tags,
    "/activities/{id}": objects.activity,
    "/cards/{id}/quotes/{stamp}": objects.stamp,
    "/calls/{id}/page": objects.companion,
    "/calls/{id}/attendees": objects.attendees,
    "/calls/{id}/organizers": objects.organizers,
    **{f"/actor/{name}": handler for name, handler in _OF_ACTORS.items()},
    **{f"{path}/{name}": handler for path in _ACTORS for name, handler in _OF_ACTORS.items()},
    **{f"{path}/{name}": handler for path in _POSTS for name, handler in _OF_POSTS.items()},
}
_WELL_KNOWN: dict[str, Handler] = {
    "/.well-known/webfinger": wellknown.finger,
    "/.well-known/host-meta": wellknown.host_meta,
    "/.well-known/host-meta.json": wellknown.host_meta_json,
    "/.well-known/nodeinfo": wellknown.nodeinfo_links,
    "/nodeinfo/{version}": wellknown.nodeinfo_document,
}


def routes() -> list[web.AbstractRouteDef]:
    """Everything but ``DOCUMENTS``."""
    return [
        *(web.get(path, answering(guarded(actors.actor, actors.key))) for path in _ACTORS),
        *(web.get(path, answering(guarded(h))) for path, h in _DOCUMENTS_ALONE.items()),
        web.get("/actor", answering(actors.instance_actor)),
        *(web.get(path, wellknown.answering(handler)) for path, handler in _WELL_KNOWN.items()),
        *inboxes.routes(),
    ]
