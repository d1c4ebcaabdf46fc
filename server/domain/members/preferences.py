"""What members choose for their posts once, for all their clients."""

from __future__ import annotations

import re

from server.domain.tx import Tx
from server.errors import Invalid
from storage import preferences
from storage.accounts import Account
from storage.preferences import VISIBILITIES, Preferences

LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")


async def choose(
    tx: Tx,
    owner: Account,
    *,
    visibility: str | None = None,
    sensitive: bool | None = None,
    language: str | None = None,
) -> Preferences:
    """Change what is given (None: leave it; an empty ``language``: none). Raises ``Invalid``."""
    old = await preferences.of(tx.conn, owner.id)
    if visibility is not None and visibility not in VISIBILITIES:
        raise Invalid(
            "Validation failed: Privacy is not included in the list", field="source[privacy]"
        )
    if language and not LANGUAGE.fullmatch(language):
        raise Invalid(
            "Validation failed: Language is not included in the list", field="source[language]"
        )
    new = Preferences(
        visibility=visibility or old.visibility,
        sensitive=old.sensitive if sensitive is None else sensitive,
        language=old.language if language is None else language or None,
    )
    if new != old:
        await preferences.put(tx.conn, owner.id, new)
    return new
