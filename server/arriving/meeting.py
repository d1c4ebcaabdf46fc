"""Somebody whom a member names, as they describe themselves at this moment: before a move, or to be another name."""

from __future__ import annotations

from federation.errors import Gone, Refused, Unreachable
from server.arriving import resolve
from server.arriving.resolve import Net
from server.errors import Invalid
from storage.accounts import Account


async def met_now(net: Net | None, text: str) -> Account:
    """Whoever an address or a handle leads to; asked anew where they are of another server.

    Raises ``Invalid`` where nobody answers. ``net``: None where there is no way out, and so nobody to be met.
    """
    found = await resolve.search(net, text.strip()) if net else None
    try:
        if isinstance(found, Account) and not found.local and net:
            found = await resolve.actor(net, found.uri, refresh=True)
    except (Gone, Refused, Unreachable) as error:
        raise Invalid("That account does not answer.", field="acct", cause=str(error)) from error
    if not isinstance(found, Account) or found.is_hidden:
        raise Invalid("There is no such account.", field="acct")
    return found
