"""WebFinger (RFC 7033): from a handle to an actor and back, without any network.

Our side: ``parse_resource`` reads what was asked, ``jrd`` builds the answer.

Their side: a handle is only a claim until both ends agree. From an actor document ``claimed_handle``
says which handle its own host stands for; the JRD fetched from that host either confirms it or names
another one (a server whose handles live on another domain), which ``next_handle`` returns and whose
host is asked once more. ``confirm`` then compares. So an evil host can neither claim another
domain's handle nor give a victim's actor a handle of its own (Mastodon asks the same way round).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, cast
from urllib.parse import quote

from federation.errors import Refused
from federation.media_types import ACTIVITY_JSON, is_activity
from federation.origin import canonical_host, host_of, parse

PATH = "/.well-known/webfinger"
MAX_LINKS = 64
MAX_USERNAME = 128

SELF = "self"
PROFILE_PAGE = "http://webfinger.net/rel/profile-page"
SUBSCRIBE = "http://ostatus.org/schema/1.0/subscribe"
INTENT = "https://w3id.org/fep/3b86/"
"""Prefix of FEP-3b86's relations: an activity's type, or ``Object``."""

_VARIABLE = re.compile(r"\{([^{}]{0,64})\}")
_USERNAME = re.compile(rf"[A-Za-z0-9_.-]{{1,{MAX_USERNAME}}}")


@dataclass(frozen=True, slots=True)
class Handle:
    """``@username@host``. ``host`` is canonical, with ``:port`` when it is not 443.

    The username keeps the case it came in; two handles are the same when their ``key`` is.
    ASCII only: look-alikes of other scripts are no handles (Mastodon 8058).
    """

    username: str
    host: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``user@host``, ``@user@host`` or either with a port. Raises ``Refused``."""
        username, _, host = text.removeprefix("@").partition("@")
        if not _USERNAME.fullmatch(username):
            raise Refused("bad_handle", "A handle is written as @name@host.")
        return cls(username, canonical_host(host))

    @property
    def key(self) -> tuple[str, str]:
        """What identifies a handle: usernames differ in more than case nowhere."""
        return self.username.lower(), self.host

    @property
    def acct(self) -> str:
        """The acct: URI (RFC 7565)."""
        return f"acct:{self}"

    def __str__(self) -> str:
        return f"{self.username}@{self.host}"


def parse_resource(text: str) -> Handle | str:
    """What a ``resource`` parameter asks for: a handle, or an address in canonical spelling.

    Raises ``Refused("bad_resource")``, which the door answers with 400 (RFC 7033 4.2).
    """
    scheme, colon, rest = text.partition(":")
    try:
        if colon and scheme.lower() == "acct":
            return Handle.parse(rest)
        return parse(text).text
    except Refused as error:
        raise Refused(
            "bad_resource", "The resource is no acct: or https: URI.", cause=str(error)
        ) from error


def url_for(handle: Handle) -> str:
    """Where a handle is asked for: its own host, never another."""
    return f"https://{handle.host}{PATH}?resource={quote(handle.acct, safe=':@')}"


def jrd(
    handle: Handle,
    actor: str,
    *,
    profile: str,
    subscribe: str | None = None,
    intents: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The JRD of one of our actors.

    ``actor`` is its id and ``profile`` its page for people. ``subscribe`` is a template with
    ``{uri}``. ``intents`` maps FEP-3b86 names (``Create``, ``Object`` …) to their templates.
    """
    links: list[dict[str, str]] = [
        {"rel": SELF, "type": ACTIVITY_JSON, "href": actor},
        {"rel": PROFILE_PAGE, "type": "text/html", "href": profile},
    ]
    if subscribe is not None:
        links.append({"rel": SUBSCRIBE, "template": subscribe})
    links += [
        {"rel": f"{INTENT}{name}", "template": template}
        for name, template in (intents or {}).items()
    ]
    aliases = list(dict.fromkeys([profile, actor]))
    return {"subject": handle.acct, "aliases": aliases, "links": links}


def subject(document: object) -> Handle:
    """The handle that a JRD is about. Raises ``Refused("bad_jrd")``."""
    text = _object(document).get("subject")
    if not isinstance(text, str) or not text.lower().startswith("acct:"):
        raise _bad_jrd("it has no subject")
    try:
        return Handle.parse(text[len("acct:") :])
    except Refused as error:
        raise _bad_jrd("its subject is no handle") from error


def actor_links(document: object, expected: Handle) -> tuple[str, ...]:
    """The actor ids that a JRD names for ``expected``, at least one, in canonical spelling.

    Lemmy names two when a person and a community share a name. Raises ``Refused``: ``bad_jrd``, or
    ``other_subject`` when the JRD is about another handle.
    """
    found = subject(document)
    if found.key != expected.key:
        raise Refused("other_subject", f"Asked for {expected}, the answer is about {found}.")
    ids = tuple(dict.fromkeys(parse(href).text for href in _self_links(document)))
    if not ids:
        raise _bad_jrd("it links no actor")
    return ids


def actor_link(document: object, expected: Handle) -> str:
    """The first of ``actor_links``."""
    return actor_links(document, expected)[0]


def intent(document: object, names: Sequence[str], uri: str) -> str | None:
    """Where the owner of a JRD acts on ``uri`` at home: the first of these intents (FEP-3b86) that there is,
    else ``subscribe``. None where there is none. Raises ``Refused``."""
    templates = _templates(document)
    for relation in (*(f"{INTENT}{name}" for name in names), SUBSCRIBE):
        if relation in templates:
            return parse(_expanded(templates[relation], uri)).text
    return None


def _templates(document: object) -> dict[str, str]:
    """By relation; FEP-3b86's own example has some in ``href``."""
    found: dict[str, str] = {}
    for link in _links(document):
        relation, template = link.get("rel"), link.get("template", link.get("href"))
        if isinstance(relation, str) and isinstance(template, str) and "{" in template:
            found.setdefault(relation, template)
    return found


def _expanded(template: str, uri: str) -> str:
    """What is not known becomes empty (FEP-3b86, 3.2); what is put in is percent-encoded (3.3)."""
    said = quote(uri, safe="")
    return _VARIABLE.sub(lambda name: said if name[1] in ("object", "uri") else "", template)


def claimed_handle(actor: Mapping[str, Any]) -> Handle:
    """The handle to ask for first: FEP-2c59's ``webfinger``, else the name at the id's own host.

    Raises ``Refused`` (``bad_handle``, ``bad_url``).
    """
    claim = actor.get("webfinger")
    if isinstance(claim, str):
        return Handle.parse(claim.removeprefix("acct:"))
    name, actor_id = actor.get("preferredUsername"), actor.get("id")
    if not isinstance(name, str) or not isinstance(actor_id, str) or "@" in name:
        raise Refused("bad_handle", "The actor has no name.")
    return Handle.parse(f"{name}@{host_of(actor_id)}")


def next_handle(actor: Mapping[str, Any], first: object) -> Handle | None:
    """The handle whose host must be asked too, after ``first``, the JRD of ``claimed_handle``.

    None when ``first`` already speaks about the claimed handle. Raises ``Refused``.
    """
    named = subject(first)
    return None if named.key == claimed_handle(actor).key else named


def confirm(actor: Mapping[str, Any], first: object, second: object | None = None) -> Handle:
    """The actor's handle, agreed on by both sides.

    ``first`` is the JRD of ``claimed_handle(actor)`` from that handle's host; ``second`` the JRD of
    ``next_handle``, when there is one. Raises ``Refused``: ``handle_mismatch``, or as
    ``actor_links``.
    """
    other = next_handle(actor, first)
    handle = other or claimed_handle(actor)
    name, actor_id = actor.get("preferredUsername"), actor.get("id")
    if not isinstance(name, str) or not isinstance(actor_id, str):
        raise Refused("bad_handle", "The actor has no name.")
    if name.lower() != handle.username.lower():
        raise _mismatch(handle)
    for answer in (first,) if other is None else (first, second):
        if parse(actor_id).text not in actor_links(answer, handle):
            raise _mismatch(handle)
    return Handle(name, handle.host)


def _links(document: object) -> list[dict[str, object]]:
    links = _object(document).get("links")
    if not isinstance(links, list) or len(cast("list[object]", links)) > MAX_LINKS:
        raise _bad_jrd("it has no list of links, or too many")
    if not all(isinstance(link, dict) for link in cast("list[object]", links)):
        raise _bad_jrd("a link is no object")
    return cast("list[dict[str, object]]", links)


def _self_links(document: object) -> list[str]:
    found = map(_actor_href, _links(document))
    return [href for href in found if href is not None]


def _actor_href(entry: dict[str, object]) -> str | None:
    kind, href = entry.get("type"), entry.get("href")
    if entry.get("rel") != SELF or not isinstance(kind, str) or not is_activity(kind):
        return None
    if not isinstance(href, str):
        raise _bad_jrd("a link has no address")
    return href


def _object(document: object) -> dict[str, object]:
    if not isinstance(document, dict):
        raise _bad_jrd("it is no object")
    return cast("dict[str, object]", document)


def _bad_jrd(why: str) -> Refused:
    return Refused("bad_jrd", f"The WebFinger answer cannot be used: {why}.")


def _mismatch(handle: Handle) -> Refused:
    return Refused("handle_mismatch", f"The actor and {handle} do not name each other.")
