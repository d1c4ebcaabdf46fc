"""Who asks for a call: one that reads events, or a microblog that gets the answer card instead.

The signature is not verified: it only chooses between two public forms. It names a host, and what that
host was first sent of a call decides; then its software; then what ``User-Agent`` says. Both ids
lead to one call, and each reader sees one of them only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from federation import origin
from federation.errors import Refused
from server.domain import forms
from server.domain.tx import Tx
from storage import calls, outbox

DEPENDS = ("User-Agent", "Signature", "Signature-Input")
"""For ``Vary``."""

# draft-cavage has it in Signature, RFC 9421 in Signature-Input.
_KEY_ID = re.compile(r'\bkeyid="([^"]{1,2048})"', re.IGNORECASE)


async def software(tx: Tx, headers: Mapping[str, str]) -> str | None:
    """The software of who asks, as far as it is known."""
    host = signer_host(headers)
    known = await outbox.host(tx.conn, host) if host else None
    agent = headers.get("User-Agent", "")
    return known.software if known and known.software else forms.named_in(agent)


async def wants_card(tx: Tx, headers: Mapping[str, str], call_id: int) -> bool:
    """Whether who asks reads the answer card of a call, and not the call itself."""
    host = signer_host(headers)
    sent = await calls.form(tx.conn, call_id, host) if host else None
    return (sent or forms.of_call(await software(tx, headers))) == forms.CARD


def signer_host(headers: Mapping[str, str]) -> str | None:
    """The host of the key that a request says it is signed with."""
    said = headers.get("Signature-Input") or headers.get("Signature", "")
    key_id = _KEY_ID.search(said)
    try:
        return origin.host_of(key_id[1]) if key_id else None
    except Refused:
        return None
