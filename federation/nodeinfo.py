"""NodeInfo 2.0 and 2.1: who we say we are, and what we read of others.

What others say decides nothing about what they can do (FEP-0151: features are never detected from a
software's name); the number of active users only bounds what a server may count for (its absence is
"unknown", never zero).

``metadata`` is always an object and names Mastodon as the upstream of our client API, because client
libraries choose their dialect by it (megalodon fails without either). It is the API that is meant:
``software.name`` stays ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from federation.errors import Refused
from federation.origin import parse as parse_url

PATH = "/.well-known/nodeinfo"
NAME = "beckon"
APPLICATION = "https://www.w3.org/ns/activitystreams#Application"
"""FEP-2677's relation: the instance's own actor, whom relays and event servers follow."""

Version = Literal["2.0", "2.1"]
VERSIONS: tuple[Version, ...] = ("2.0", "2.1")

_SCHEMA = "http://nodeinfo.diaspora.software/ns/schema/"
_READABLE = tuple(f"{_SCHEMA}{version}" for version in ("2.1", "2.0"))
_MAX_LINKS = 64
_MAX_TEXT = 64
_MAX_USERS = 10**9
_SOFTWARE = re.compile(r"[a-z0-9][a-z0-9_. -]*")


@dataclass(frozen=True, slots=True)
class Usage:
    """Our own numbers, each left out where it is None (FEP-0151: optional, but never false)."""

    total: int | None = None
    active_month: int | None = None
    active_half_year: int | None = None
    local_posts: int | None = None


@dataclass(frozen=True, slots=True)
class NodeInfo:
    """What another server says of itself. ``active_users`` is of the last month; None: unknown."""

    software: str
    version: str
    active_users: int | None


def well_known(base: str, application: str) -> dict[str, Any]:
    """The list of links. ``base`` has no slash at its end; ``application`` is an actor's id."""
    links = [
        {"rel": f"{_SCHEMA}{version}", "href": f"{base}/nodeinfo/{version}"} for version in VERSIONS
    ]
    return {"links": [*links, {"rel": APPLICATION, "href": application}]}


def media_type(version: Version) -> str:
    """The Content-Type of a document (NodeInfo protocol, "Retrieval")."""
    return f'application/json; profile="{_SCHEMA}{version}#"'


def document(
    version: Version,
    *,
    software_version: str,
    open_registrations: bool,
    usage: Usage,
    name: str,
    description: str,
    repository: str | None = None,
) -> dict[str, Any]:
    """Our NodeInfo. ``repository`` is where the source is, and told in 2.1 only (as its schema)."""
    software = {"name": NAME, "version": software_version}
    if version == "2.1" and repository is not None:
        software["repository"] = repository
    return {
        "version": version,
        "software": software,
        "protocols": ["activitypub"],
        "services": {"inbound": [], "outbound": []},
        "openRegistrations": open_registrations,
        "usage": _usage(usage),
        "metadata": {
            "nodeName": name,
            "nodeDescription": description,
            "upstream": {"name": "mastodon"},
        },
    }


def href(well_known_document: object) -> str:
    """Where the newest document that we read is. Raises ``Refused("bad_nodeinfo")``."""
    found = _links(well_known_document)
    for schema in _READABLE:
        if schema in found:
            return found[schema]
    raise _bad("it links no version that is known here")


def application(well_known_document: object) -> str | None:
    """The id of the server's own actor (FEP-2677), if it tells. Raises ``Refused``."""
    return _links(well_known_document).get(APPLICATION)


def parse(nodeinfo_document: object) -> NodeInfo:
    """Read what another server says. What is odd is unknown; only a shapeless one is refused.

    Raises ``Refused("bad_nodeinfo")``.
    """
    software = _object(_object(nodeinfo_document).get("software"))
    name = _text(software.get("name")).lower()
    if not _SOFTWARE.fullmatch(name):
        raise _bad("its software has no name")
    users = _object_or_empty(_object_or_empty(_object(nodeinfo_document).get("usage")).get("users"))
    return NodeInfo(name, _text(software.get("version")), _count(users.get("activeMonth")))


def _usage(usage: Usage) -> dict[str, Any]:
    users = {
        "total": usage.total,
        "activeMonth": usage.active_month,
        "activeHalfyear": usage.active_half_year,
    }
    posts = {} if usage.local_posts is None else {"localPosts": usage.local_posts}
    return {"users": {key: count for key, count in users.items() if count is not None}, **posts}


def _links(document: object) -> dict[str, str]:
    """Addresses by relation, the first of each, in canonical spelling."""
    links = _object(document).get("links")
    if not isinstance(links, list) or len(cast("list[object]", links)) > _MAX_LINKS:
        raise _bad("it has no list of links, or too many")
    found: dict[str, str] = {}
    for link in map(_object, cast("list[object]", links)):
        relation, address = link.get("rel"), link.get("href")
        if relation in (*_READABLE, APPLICATION) and isinstance(address, str):
            found.setdefault(cast("str", relation), parse_url(address).text)
    return found


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise _bad("it is not shaped as one")
    return cast("dict[str, object]", value)


def _object_or_empty(value: object) -> Mapping[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _text(value: object) -> str:
    """Printable text of bounded length: moderators see it."""
    kept = value if isinstance(value, str) else ""
    return "".join(filter(str.isprintable, kept[:_MAX_TEXT])).strip()


def _count(value: object) -> int | None:
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_USERS
    return cast("int", value) if is_count else None


def _bad(why: str) -> Refused:
    return Refused("bad_nodeinfo", f"The NodeInfo cannot be used: {why}.")
