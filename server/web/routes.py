"""Every address that answers with a page.

``PAGES`` are the addresses that documents have too (server/dispatch.py chooses by ``Accept``); ``routes``
are the others, and are to be added first: ``/calls/{id}`` would take ``/calls/1.ics`` as well.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from aiohttp import web

from server.web import (
    accounts,
    assets,
    attention,
    bans,
    calendars,
    calls,
    community_settings,
    documents,
    door,
    email_answers,
    embeds,
    feedback,
    feeds,
    finding,
    founding,
    held,
    impact,
    instance,
    intents,
    joining,
    languages,
    letters,
    mail_follows,
    media,
    oauth,
    opened,
    organise,
    own_account,
    own_data,
    own_profile,
    passing_on,
    passwords,
    persons,
    pictures,
    posts,
    privacy,
    receipts,
    sessions,
    setup,
    sign_in,
    sign_up,
    steering,
    unsubscribe,
    visitors,
    ways_in,
)
from server.web.organising import routes as organising
from server.web.running import routes as running

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

NAME = "/@{name:[A-Za-z0-9_]+}"
OWN = "/subscriptions/{secret}"

PAGES: dict[str, Handler] = {
    "/posts/{id}": posts.post,
    "/calls/{id}": calls.page,
    "/cards/{id}": calls.card,
    NAME: accounts.profile,
}


def routes() -> list[web.AbstractRouteDef]:
    return [
        *pictures.routes(),
        *assets.routes(),
        *media.routes(),
        *sign_in.routes(),
        *sign_up.routes(),
        *passing_on.routes(),
        *embeds.routes(),
        *feedback.routes(),
        *passwords.routes(),
        *ways_in.routes(),
        *sessions.routes(),
        *privacy.routes(),
        *persons.routes(),
        *own_profile.routes(),
        *own_account.routes(),
        *own_data.routes(),
        *attention.routes(),
        *setup.routes(),
        *running.routes(),
        *oauth.routes(),
        *intents.routes(),
        *receipts.routes(),
        *opened.routes(),
        *door.routes(),
        *visitors.routes(),
        *unsubscribe.routes(),
        *letters.routes(),
        *joining.routes(),
        *languages.routes(),
        *email_answers.routes(),
        *mail_follows.routes(),
        web.get("/", instance.start),
        web.get("/calls", finding.calls),
        web.get("/communities", finding.communities),
        web.get("/about", instance.about),
        web.get("/tags/{tag}", instance.tag),
        web.get("/documents/{id}", documents.page),
        web.get("/new-community", founding.new),
        web.post("/new-community", founding.create),
        web.get("/calendar.ics", calendars.whole),
        web.get("/feed.atom", feeds.whole),
        web.get(NAME + ".ics", calendars.profile),
        web.get(NAME + ".atom", feeds.profile),
        web.get(NAME + ".rss", feeds.profile),
        web.get(NAME + "/impact", impact.page),
        *steering.routes(NAME),
        *held.routes(NAME),
        *bans.routes(NAME),
        *community_settings.routes(NAME),
        web.get(OWN + "/calendar.ics", calendars.taken_part),
        web.get(OWN + "/communities/{id}.ics", calendars.community),
        web.get(OWN + "/communities/{id}.atom", feeds.community),
        web.post(NAME + "/by-email", mail_follows.send),
        web.post(NAME + "/follow", accounts.follow),
        web.post(NAME + "/unfollow", accounts.unfollow),
        web.post(NAME + "/requests", accounts.decide),
        web.get(NAME + "/calls/new", organise.new),
        web.post(NAME + "/calls/new", organise.create),
        web.get(NAME + "/calls/new/preview", organise.previewed),
        web.post(NAME + "/calls/new/preview", organise.preview),
        *organising.routes(),
        web.get("/calls/{id}.ics", calendars.one),
        web.get("/calls/{id}.atom", feeds.call),
        web.get("/calls/{id}/poster", calls.poster),
        web.post("/calls/{id}/answer", calls.answer),
        web.post("/calls/{id}/state", calls.set_state),
        web.post(NAME + "/calls/templates", organise.forget),
        web.get("/calls/{id}/edit", organise.edit),
        web.post("/calls/{id}/template", organise.keep),
        web.post("/calls/{id}/edit", organise.change),
        web.get("/calls/{id}/edit/preview", organise.previewed_change),
        web.post("/calls/{id}/edit/preview", organise.preview_change),
    ]
