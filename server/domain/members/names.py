"""Handles: their form, which are kept back, and which look alike. Pure.

People, communities and the instance share one space of handles, whatever their case. A handle that looks
like another could speak in its name, so both are compared by their *looks*; among the handles of ours the
database keeps the rule (the index ``accounts_looks`` spells it once more).
"""

from __future__ import annotations

import re

from server.errors import Invalid

USERNAME = re.compile(r"[A-Za-z0-9_]{1,30}")
# Roles that people trust (RFC 2142 among them), and the first parts of our addresses.
RESERVED = frozenset(
    "about abuse account accounts activities actor admin admins administration administrator"
    " administrators all anonymous api assets auth beckon calls cards communities confirm contact"
    " everyone followers following health help helpdesk hostmaster inbox info instance invite"
    " join localhost mail mailer_daemon me media mod moderation moderator moderators mods new_community"
    " nobody nodeinfo no_reply noc noreply null oauth official outbox owner owners password"
    " passwords postmaster posts press privacy root rules safety search security server service"
    " settings setup sign_in sign_out sign_up signin signup staff status support sysadmin system tags"
    " team terms trust undefined users verified webfinger webmaster www".split()
)


def looks(name: str) -> str:
    """The same for handles that a hurried reader takes for each other."""
    flat = name.lower().translate(str.maketrans("01i", "oll"))
    return flat.replace("rn", "m").replace("vv", "w")


def _bare(name: str) -> str:
    """Nobody reads an underscore: ``admin_`` speaks as ``admin`` does."""
    return looks(name).replace("_", "")


_RESERVED_LOOKS = frozenset(map(_bare, RESERVED))


def is_reserved(name: str) -> bool:
    return _bare(name) in _RESERVED_LOOKS


def check_username(name: str) -> str:
    """A handle for somebody of ours: ASCII, so that nobody looks like another. Raises ``Invalid``."""
    if not USERNAME.fullmatch(name):
        raise Invalid(
            "A handle has 1 to 30 of the letters a to z, digits and underscores.", field="username"
        )
    if is_reserved(name):
        raise Invalid("This handle is reserved.", field="username")
    return name


def is_instances(name: str, domain: str) -> bool:
    """Whether a handle reads as the name of the instance at ``domain``: its first part, or all of it."""
    host = domain.partition(":")[0]
    own = {host.partition(".")[0], host.replace(".", "")}
    return _bare(name) in {_bare(part.replace("-", "")) for part in own}
