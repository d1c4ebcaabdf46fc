"""What this instance is and can do: the first thing that a client asks.

Clients with strict decoders refuse the whole answer for one missing field, so everything that any of them
wants is always there. What is claimed must exist, for clients then call it: the version is computed
(server/version.py).
"""

from __future__ import annotations

from datetime import timedelta

from aiohttp import web

from server.api import answers
from server.api.auth import Caller, for_anyone
from server.api.describe import Described, op
from server.api.schema import TEXT, array
from server.context import context
from server.decoding import bounds, sniff
from server.domain.members import push
from server.domain.members.accounts import FIELDS_MAX
from server.domain.posting import drafts, marks, media
from server.errors import Unavailable
from server.version import Claim
from storage import instance
from storage.instance import Instance, Usage

CLAIM: web.AppKey[Claim] = web.AppKey("claim", Claim)
"""Set by app.py, once all routes are known."""

ACTIVE = timedelta(days=30)
WEEKS = 12
RESERVED_PER_URL = 23
WHY_NOT = {
    "closed": "<p>Nobody can sign up here at the moment.</p>",
    "invited": "<p>Signing up here needs an invitation.</p>",
}
"""HTML, which apps show instead of a form."""
MIN_POLL = 300  # seconds


async def _here(request: web.Request) -> tuple[Instance, Usage]:
    async with context(request).work.reading() as tx:
        here = await instance.get(tx.conn)
        usage = await instance.usage(tx.conn, tx.now - ACTIVE)
    if here is None:
        raise Unavailable("This instance is not set up yet.")
    return here, usage


def statuses_limits() -> dict[str, int]:
    return {
        "max_characters": drafts.MAX_CHARACTERS,
        "max_media_attachments": media.MAX_FILES,
        "characters_reserved_per_url": RESERVED_PER_URL,
    }


def polls_limits() -> dict[str, int]:
    return {
        "max_options": drafts.MAX_OPTIONS,
        "max_characters_per_option": drafts.MAX_OPTION_CHARACTERS,
        "min_expiration": MIN_POLL,
        "max_expiration": int(drafts.MAX_POLL.total_seconds()),
    }


def media_limits() -> dict[str, object]:
    """Every integer must be there (Mastodon iOS)."""
    return {
        "supported_mime_types": list(sniff.SUPPORTED),
        "image_size_limit": bounds.IMAGE_BYTES,
        "image_matrix_limit": bounds.IMAGE_PIXELS,
        "video_size_limit": bounds.FILM_BYTES,
        "video_frame_rate_limit": bounds.FRAME_RATE,
        "video_matrix_limit": bounds.FILM_PIXELS,
    }


def registrations(here: Instance, base: str) -> dict[str, object]:
    """``enabled`` is for those without an invitation: apps show their form then."""
    asked = here.registrations == "approved"
    return {
        "enabled": here.takes_strangers,
        "approval_required": asked,
        "reason_required": asked,
        "message": WHY_NOT.get(here.registrations),
        "min_age": None,
        "url": f"{base}/sign-up",
    }


def rules(here: Instance) -> list[dict[str, str]]:
    return [
        {"id": str(number), "text": rule, "hint": ""} for number, rule in enumerate(here.rules, 1)
    ]


async def show_v1(request: web.Request, _: Caller | None) -> web.Response:
    """``GET /api/v1/instance``"""
    here, usage = await _here(request)
    ctx = context(request)
    urls = ctx.work.site.urls
    return answers.ok(
        {
            "uri": urls.base.partition("://")[2],
            "title": here.title,
            "short_description": here.description,
            "description": here.description,
            "email": here.contact_email,
            "version": request.app[CLAIM].text,
            "urls": {"streaming_api": urls.streaming},
            "stats": {
                "user_count": usage.users,
                "status_count": usage.posts,
                "domain_count": usage.hosts,
            },
            "thumbnail": urls.asset("header.png"),
            "languages": ["en"],
            "registrations": here.takes_strangers,
            "approval_required": here.registrations == "approved",
            "invites_enabled": here.registrations in ("approved", "invited"),
            "configuration": {
                "accounts": {"max_featured_tags": 10},
                "statuses": statuses_limits(),
                "media_attachments": media_limits(),
                "polls": polls_limits(),
            },
            "contact_account": None,
            "rules": rules(here),
            "max_toot_chars": drafts.MAX_CHARACTERS,
        },
        headers=answers.PUBLIC,
    )


async def show_v2(request: web.Request, _: Caller | None) -> web.Response:
    """``GET /api/v2/instance``"""
    here, usage = await _here(request)
    ctx = context(request)
    async with ctx.work.reading() as tx:
        vapid_key = await push.server_key(tx)
    urls = ctx.work.site.urls
    picture = urls.asset("header.png")
    return answers.ok(
        {
            "domain": urls.domain,
            "title": here.title,
            "version": request.app[CLAIM].text,
            "source_url": f"{urls.base}/about",
            "description": here.description,
            "usage": {"users": {"active_month": usage.active}},
            "thumbnail": {"url": picture, "blurhash": None, "versions": {}, "description": ""},
            "icon": [{"src": urls.asset("avatar.png"), "size": "400x400"}],
            "languages": ["en"],
            "configuration": _configuration(request, vapid_key),
            "registrations": registrations(here, urls.base),
            "contact": {"email": here.contact_email, "account": None},
            "rules": rules(here),
            **_numbers(request.app[CLAIM]),
        },
        headers=answers.PUBLIC,
    )


def _numbers(claim: Claim) -> dict[str, object]:
    return {} if claim.number is None else {"api_versions": {"mastodon": claim.number}}


def _configuration(request: web.Request, vapid_key: str) -> dict[str, object]:
    urls = context(request).work.site.urls
    everybody = {"local": "public", "remote": "public"}
    return {
        "urls": {
            "streaming": urls.streaming,
            "status": None,
            "about": f"{urls.base}/about",
            "privacy_policy": None,
            "terms_of_service": None,
        },
        "vapid": {"public_key": vapid_key},
        "accounts": {
            "max_featured_tags": 10,
            "max_pinned_statuses": marks.MAX_PINNED,
            "max_profile_fields": FIELDS_MAX,
        },
        "statuses": statuses_limits(),
        "media_attachments": {**media_limits(), "description_limit": media.DESCRIPTION_MAX},
        "polls": polls_limits(),
        "translation": {"enabled": False},
        "timelines_access": {
            "live_feeds": everybody,
            "hashtag_feeds": everybody,
            "trending_link_feeds": everybody,
        },
        "limited_federation": False,
    }


async def peers(request: web.Request, _: Caller | None) -> web.Response:
    """``GET /api/v1/instance/peers``"""
    async with context(request).work.reading() as tx:
        return answers.ok(await instance.peers(tx.conn), headers=answers.PUBLIC)


async def activity(request: web.Request, _: Caller | None) -> web.Response:
    """``GET /api/v1/instance/activity``: newest week first, all figures as text."""
    async with context(request).work.reading() as tx:
        found = await instance.weeks(tx.conn, tx.now, WEEKS)
    return answers.ok(
        [
            {
                "week": str(int(week.began.timestamp())),
                "statuses": str(week.posts),
                "logins": str(week.logins),
                "registrations": str(week.registrations),
            }
            for week in found
        ],
        headers=answers.PUBLIC,
    )


async def show_rules(request: web.Request, _: Caller | None) -> web.Response:
    """``GET /api/v1/instance/rules``"""
    here, _usage = await _here(request)
    return answers.ok(rules(here), headers=answers.PUBLIC)


async def custom_emojis(_request: web.Request, _: Caller | None) -> web.Response:
    """``GET /api/v1/custom_emojis``: Beckon has none of its own."""
    return answers.ok([], headers=answers.PUBLIC)


def routes() -> list[web.RouteDef]:
    return [
        for_anyone("GET", "/api/v1/instance", show_v1),
        for_anyone("GET", "/api/v2/instance", show_v2),
        for_anyone("GET", "/api/v1/instance/peers", peers),
        for_anyone("GET", "/api/v1/instance/activity", activity),
        for_anyone("GET", "/api/v1/instance/rules", show_rules),
        for_anyone("GET", "/api/v1/custom_emojis", custom_emojis),
    ]


DESCRIBED: Described = {
    "GET /api/v1/instance": op("InstanceV1"),
    "GET /api/v2/instance": op("Instance"),
    "GET /api/v1/instance/peers": op(array(TEXT)),
    "GET /api/v1/instance/activity": op(array("Week")),
    "GET /api/v1/instance/rules": op(array("Rule")),
    "GET /api/v1/custom_emojis": op(array("CustomEmoji")),
}
