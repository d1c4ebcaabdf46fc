"""What is to be carried out: an activity whose sender is proven."""

from __future__ import annotations

from dataclasses import dataclass

from federation import activities as wire_acts
from federation.objects import QuoteAuthorization
from server.domain.tx import Arrived
from storage.accounts import Account


@dataclass(frozen=True, slots=True)
class Act:
    """What is to be applied: who did it (proven), what, and the document as it came.

    ``through`` is the group that passed it on, if one did. ``stamp`` is the approval to quote that the
    post names, as it was fetched from the server of who vouches (resolve.py). ``vouched`` is the group of
    another server that lets ``by`` moderate in it (vouching.py).
    """

    by: Account
    activity: wire_acts.Activity
    arrived: Arrived
    through: Account | None = None
    stamp: QuoteAuthorization | None = None
    vouched: Account | None = None
