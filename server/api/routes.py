"""All routes of the client API, and the document that describes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from aiohttp import web

from server import version
from server.api import (
    about,
    accounts,
    admin,
    admin_reports,
    announcements,
    appeals,
    around_calls,
    attention,
    ban_lists,
    barriers,
    call_copies,
    call_series,
    call_templates,
    calls,
    claims,
    communities,
    community_archives,
    community_life,
    conversations,
    conversions,
    decisions,
    dislikes,
    documents,
    domain_blocks,
    exports,
    feedback,
    filters,
    group_moderation,
    holding,
    host_allows,
    host_blocks,
    impact,
    instance,
    instances,
    invitations,
    lists,
    mail_follows,
    markers,
    marks,
    measures,
    media,
    moves,
    mutes,
    nearby,
    needs,
    nothing,
    notification_groups,
    notification_requests,
    notifications,
    oauth,
    oembed,
    openapi,
    opened,
    passing_on,
    people,
    persons,
    polls,
    privacy,
    profile,
    proposals,
    push,
    quotes,
    relations,
    reports,
    scheduled,
    search,
    sign_up,
    skills,
    statuses,
    streaming,
    subscriptions,
    suggestions,
    tags,
    target_mails,
    targets,
    threads,
    timelines,
    trends,
    waiting,
)
from server.api.describe import Described, Op
from server.api.entities import ENTITIES
from server.api.schema import references


class Part(Protocol):
    """A module with routes; ``DESCRIBED`` says what each of them answers and takes."""

    @property
    def DESCRIBED(self) -> Described: ...  # noqa: N802 - a module's constant

    def routes(self) -> Sequence[web.RouteDef]: ...


PARTS: tuple[Part, ...] = (  # what is static stands before ``{id}``, which would take it
    oauth,
    sign_up,
    admin,
    admin_reports,
    barriers,
    host_allows,
    host_blocks,
    impact,
    measures,
    waiting,
    instance,
    instances,
    invitations,
    about,
    oembed,
    announcements,
    nothing,
    people,
    relations,
    reports,
    mutes,
    domain_blocks,
    moves,
    accounts,
    profile,
    statuses,
    scheduled,
    conversations,
    threads,
    marks,
    polls,
    quotes,
    timelines,
    streaming,
    lists,
    filters,
    notification_requests,
    notifications,
    notification_groups,
    search,
    tags,
    trends,
    suggestions,
    markers,
    push,
    media,
    attention,
    nearby,
    skills,
    decisions,
    target_mails,
    targets,
    needs,
    communities,
    community_life,
    persons,
    proposals,
    group_moderation,
    appeals,
    ban_lists,
    holding,
    documents,
    call_templates,
    dislikes,
    exports,
    conversions,
    community_archives,
    calls,
    around_calls,
    call_copies,
    opened,
    passing_on,
    feedback,
    call_series,
    claims,
    privacy,
    mail_follows,
    subscriptions,
)


def routes() -> Sequence[web.RouteDef]:
    every = [route for part in PARTS for route in part.routes()]
    return [*every, openapi.serving(every, described())]


def described() -> dict[str, Op]:
    """By method and path."""
    tables = (*(part.DESCRIBED for part in PARTS), openapi.DESCRIBED)
    return {key: op for table in tables for key, op in table.items()}


def claim(every: Iterable[web.RouteDef]) -> version.Claim:
    """Which version of the client API these routes amount to."""
    return version.claim({f"{route.method} {route.path}" for route in every}, answered())


def answered() -> set[str]:
    """The fields that some route always sends, as ``Status.quote``."""
    return {f"{name}.{field}" for name in shown() for field in ENTITIES[name].get("required", ())}


def shown() -> set[str]:
    """The entities that some route answers, alone or inside of another."""
    told = [op.answers for op in described().values()]
    seen: set[str] = set()
    found = references(told)
    while found - seen:
        seen |= found
        found = references([ENTITIES[name] for name in seen])
    return seen
