"""What this door answers to GET.

``DOCUMENTS`` are the addresses that people visit too: ``server.dispatch`` joins them with the pages.
"""

from __future__ import annotations

from aiohttp import web

from server.activitypub import actors, collections, inboxes, objects, wellknown
from server.activitypub.answers import Handler, answering

DOCUMENTS: dict[str, Handler] = {
    "/posts/{id}": answering(objects.post),
    "/calls/{id}": answering(objects.call),
    "/cards/{id}": answering(objects.card),
    "/@{name:[A-Za-z0-9_]+}": answering(actors.by_handle),
}

_ACTORS = ("/users/{id}", "/communities/{id}", "/actor")
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
    "/users/{id}": actors.actor,
    "/communities/{id}": actors.actor,
    "/actor": actors.instance_actor,
    "/communities/{id}/moderators": collections.moderators,
    "/users/{id}/tags": collections.featured_tags,
    "/activities/{id}": objects.activity,
    "/cards/{id}/quotes/{stamp}": objects.stamp,
    "/calls/{id}/attendees": objects.attendees,
    "/calls/{id}/organizers": objects.organizers,
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
        *(web.get(path, answering(handler)) for path, handler in _DOCUMENTS_ALONE.items()),
        *(web.get(path, wellknown.answering(handler)) for path, handler in _WELL_KNOWN.items()),
        *inboxes.routes(),
    ]
