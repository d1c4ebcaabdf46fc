"""Every page there is, and whose eyes it is for: what is looked at by ``test_every_page`` and by ``shots``.

A page that is added is added here: a test compares this table with the routes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from aiohttp import web

STRANGER, READER = "stranger", "reader"


@dataclass(frozen=True)
class Place:
    """``path``: with nouns of the world in braces, as ``{calls}``; ``who``: ``STRANGER`` or ``READER``, who runs the
    instance and steers the community ``plot``."""

    path: str
    who: str = STRANGER


PLACES: Mapping[str, tuple[Place, ...]] = {
    "/": (Place("/"), Place("/", READER)),
    "/calls": (Place("/calls"), Place("/calls?kind=event&page=2")),
    "/communities": (Place("/communities"), Place("/communities?words=nobody", READER)),
    "/about": (Place("/about"),),
    "/offline": (Place("/offline"),),
    "/sign-in": (Place("/sign-in"),),
    "/sign-up": (Place("/sign-up"),),
    "/new-community": (Place("/new-community", READER),),
    "/settings/password": (Place("/settings/password", READER),),
    "/admin": (Place("/admin", READER),),
    "/admin/accounts": (Place("/admin/accounts", READER),),
    "/admin/accounts/{id}": (Place("/admin/accounts/{friend}", READER),),
    "/admin/sign-ups": (Place("/admin/sign-ups", READER),),
    "/admin/reports": (Place("/admin/reports", READER),),
    "/admin/reports/{id}": (Place("/admin/reports/{reports}", READER),),
    "/admin/invitations": (Place("/admin/invitations", READER),),
    "/admin/barred": (Place("/admin/barred", READER),),
    "/admin/servers": (Place("/admin/servers", READER),),
    "/admin/servers/import": (Place("/admin/servers/import", READER),),
    "/admin/deliveries": (Place("/admin/deliveries", READER),),
    "/admin/announcements": (Place("/admin/announcements", READER),),
    "/admin/settings": (Place("/admin/settings", READER),),
    "/admin/begin": (Place("/admin/begin", READER),),
    "/admin/storage": (Place("/admin/storage", READER),),
    "/admin/jobs": (Place("/admin/jobs", READER),),
    "/admin/mail": (Place("/admin/mail", READER),),
    "/admin/servers/blocks/{id}": (Place("/admin/servers/blocks/1", READER),),
    "/admin/log": (Place("/admin/log", READER),),
    **{
        f"/settings/{name}": (Place(f"/settings/{name}", READER),)
        for name in (
            "profile",
            "account",
            "delete",
            "sign-in",
            "sessions",
            "notifications",
            "privacy",
            "persons",
            "data",
            "move",
            "decisions",
        )
    },
    "/settings/data/imports/{id}": (Place("/settings/data/imports/{imports}", READER),),
    "/tags/{tag}": (Place("/tags/spring"),),
    "/@{name}": (Place("/@plot"), Place("/@plot", READER), Place("/@reader")),
    "/@{name}/impact": (Place("/@plot/impact"),),
    "/@{name}/calendar": (Place("/@plot/calendar"), Place("/@plot/calendar?month=2030-01", READER)),
    "/@{name}/calls/new": tuple(
        Place(f"/@plot/calls/new{query}", READER)
        for query in (
            "",
            "?kind=event",
            "?kind=volunteer",
            "?kind=decision",
            "?kind=donate",
            "?template=event",
        )
    ),
    "/@{name}/log": (Place("/@plot/log"),),
    "/@{name}/steer": (Place("/@plot/steer", READER),),
    "/@{name}/steer/queue": (Place("/@plot/steer/queue", READER),),
    "/@{name}/steer/reports": (Place("/@plot/steer/reports", READER),),
    "/@{name}/steer/appeals": (Place("/@plot/steer/appeals", READER),),
    "/@{name}/steer/templates": (Place("/@plot/steer/templates", READER),),
    "/@{name}/steer/templates/{template}": (Place("/@plot/steer/templates/{templates}", READER),),
    "/@{name}/steer/rules": (Place("/@plot/steer/rules", READER),),
    "/@{name}/steer/bans": (Place("/@plot/steer/bans?handle=@waiter", READER),),
    "/@{name}/steer/ties": (Place("/@plot/steer/ties", READER),),
    "/@{name}/steer/settings": (Place("/@plot/steer/settings", READER),),
    "/@{name}/documents": (Place("/@plot/documents"), Place("/@plot/documents", READER)),
    "/@{name}/documents/new": (Place("/@plot/documents/new", READER),),
    "/documents/{id}": (Place("/documents/{documents}", READER),),
    "/documents/{id}/edit": (Place("/documents/{documents}/edit", READER),),
    "/documents/{id}/versions": (Place("/documents/{documents}/versions", READER),),
    "/documents/{id}/versions/{number}": (Place("/documents/{documents}/versions/1", READER),),
    "/posts/{id}": (Place("/posts/{posts}"),),
    "/calls/{id}": (Place("/calls/{calls}"), Place("/calls/{calls}", READER)),
    "/calls/{id}/embed": (Place("/calls/{own}/embed"),),
    "/calls/{id}/poster": (Place("/calls/{calls}/poster"),),
    "/calls/{id}/numbers": (Place("/calls/{own}/numbers"),),
    "/calls/{id}/edit": (Place("/calls/{own}/edit", READER),),
    "/calls/{id}/organise": (Place("/calls/{organised}/organise", READER),),
    "/calls/{id}/organise/people": (
        Place("/calls/{organised}/organise/people", READER),
        Place("/calls/{own}/organise/people?state=waiting", READER),
    ),
    "/calls/{id}/organise/message": (Place("/calls/{own}/organise/message", READER),),
    "/calls/{id}/organise/change": (Place("/calls/{organised}/organise/change", READER),),
    "/calls/{id}/organise/series": (Place("/calls/{repeated}/organise/series", READER),),
    "/calls/{id}/organise/targets": (Place("/calls/{contact}/organise/targets", READER),),
    "/calls/{id}/organise/promises": (Place("/calls/{need}/organise/promises", READER),),
    "/calls/{id}/organise/decision": (Place("/calls/{decision}/organise/decision", READER),),
    "/calls/{id}/organise/outside": (Place("/calls/{own}/organise/outside", READER),),
    "/calls/{id}/organise/outcome": (
        Place("/calls/{own}/organise/outcome", READER),
        Place("/calls/{closed}/organise/outcome", READER),
    ),
    "/calls/{id}/door": (Place("/calls/{own}/door", READER),),
}
"""By the route, as it is written in server/web/routes.py, without the patterns of its parts."""

LINKS = "a link out of a mail or an invitation: the tests of what it does"
INTENTS = "what another server asks for: tests/web/test_intents.py"
ELSEWHERE: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "/setup/{secret}",
            "/settings/email/{secret}",
            "/answers/confirm/{secret}",
            "/answers/{secret}",
            "/answers/{secret}/feedback",
            "/by-email/confirm/{token}",
            "/by-email/stop/{token}",
            "/confirm/{secret}",
            "/invite/{secret}",
            "/join/{code}",
            "/letters/stop/{token}",
            "/open/{token}",
            "/password/{secret}",
            "/receipts/{secret}",
            "/receipts/{secret}/feedback",
            "/unsubscribe/{token}",
        ),
        LINKS,
    ),
    **dict.fromkeys(
        ("/authorize_interaction", "/intents/create", "/intents/{kind}", "/share"), INTENTS
    ),
    "/oauth/authorize": "the tests of consent",
    "/sign-in/code": "after a password: tests/browser/test_member.py",
    "/settings/sign-in/codes": "once begun: tests/browser/test_member.py",
    "/password": "only where mail is sent: tests/web/test_sign_up.py",
    "/calls/{id}/feedback": "only when it is over: tests/web/test_email_answers.py",
    "/cards/{id}": "leads to its call",
    "/@{name}/calls/new/preview": "leads to the form; what it answers is looked at by tests/browser/test_preview.py",
    "/calls/{id}/edit/preview": "leads to the form, as the one above",
    "/oembed": "for programs: tests/web/test_embeds.py",
}
"""Routes whose page needs more than an address, and what looks at them instead."""

FILES = re.compile(r"\.(ics|atom|rss|csv|zip|png|svg|json|js|webmanifest)$|^/(assets|media|files)/")


def pages(app: web.Application) -> Iterator[str]:
    """The routes of pages: looked at with GET, and no file."""
    for route in app.router.routes():
        if route.method != "GET" or route.resource is None:
            continue
        if not route.handler.__module__.startswith(("server.web", "server.dispatch")):
            continue
        path = re.sub(r":[^{}]*(\{[^{}]*\}[^{}]*)*\}", "}", route.resource.canonical)
        if not FILES.search(path.rstrip("/")):
            yield path.rstrip("/") or "/"
