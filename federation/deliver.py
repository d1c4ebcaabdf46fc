"""Sends one signed activity to one inbox and says what became of it.

The answer of the other side is one of three. *Delivered*. *Final*: it will never take this
activity, so it is not sent again. *Retry*: only time can tell, so the caller keeps the row and asks
``backoff`` when to come again. Nothing is remembered here: the caller stores which signature scheme
a host took, and reads the actor again when an inbox has ``moved``.

Double-knocking: most servers read draft-cavage signatures only, some RFC 9421 only. On 401 or 403
the other scheme is tried once, at once. Never on 503, which Mastodon answers when it could not
fetch our key (4.5): a second knock would find the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Literal

from federation.errors import Refused, Unreachable
from federation.fetch import Egress, Fetched, Signer, redirect_target
from federation.media_types import ACTIVITY_JSON
from federation.origin import parse

DEADLINE = 20.0
"""Seconds for one attempt. Longer than a fetch: some servers process before they answer."""

MAX_RETRY_AFTER = timedelta(days=1)
GIVE_UP_AFTER = timedelta(days=14)
"""A host that took nothing for so long is given up; its followers are kept."""

_STEPS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=20),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
    timedelta(hours=12),
    timedelta(hours=24),
)
_JITTER = 0.2

_PASSING = frozenset({408, 425, 429})
_KEEPS_METHOD = frozenset({307, 308})  # RFC 9110 15.4.8, 15.4.9
# What only time mends on our side of the wire: a resolver may answer private addresses for a while
# (a captive portal, a split horizon), and the host behind the name is innocent of it.
_PASSING_REFUSALS = frozenset({"private_address"})

Scheme = Literal["first", "second"]


class Result(Enum):
    """What the caller does with the delivery's row."""

    DELIVERED = "delivered"
    FINAL = "final"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt.

    ``reason`` is a stable name; ``status`` is None when no answer came; ``scheme`` says which of the
    two signatures was taken; ``retry_after`` is what the other side asked for, bounded; ``moved``
    means that the inbox is not at this address any more; ``detail`` is for the log (at most 1 KiB).
    """

    result: Result
    reason: str
    status: int | None = None
    scheme: Scheme | None = None
    retry_after: timedelta | None = None
    moved: bool = False
    detail: str = ""


@dataclass(frozen=True, slots=True)
class _Attempt:
    egress: Egress
    inbox_url: str
    body: bytes
    deadline: float

    async def to(self, url: str, sign: Signer) -> Fetched:
        return await self.egress.post(
            url, self.body, ACTIVITY_JSON, deadline=self.deadline, sign=sign
        )


def backoff(attempt: int, jitter: float) -> timedelta:
    """How long to wait after the ``attempt``-th failure (from 1), spread by ``jitter`` in [0, 1).

    One minute, then 5 and 20, then hours, at last once a day. The spread adds up to a fifth, so
    that hosts which failed together do not come back together.
    """
    step = _STEPS[min(max(attempt, 1), len(_STEPS)) - 1]
    return step * (1 + _JITTER * jitter)


async def post(
    egress: Egress,
    inbox_url: str,
    body: bytes,
    sign_first: Signer,
    sign_second: Signer | None,
    *,
    deadline: float = DEADLINE,
) -> Outcome:
    """Send ``body`` to an inbox; never raises for what the other side or the network does.

    ``sign_second`` is tried when the first signature is refused; None when only one is worth it.
    ``deadline`` is seconds for one attempt.
    """
    attempt = _Attempt(egress, inbox_url, body, deadline)
    first = await _knock(attempt, sign_first, "first")
    if first.status not in {401, 403} or sign_second is None:
        return first
    second = await _knock(attempt, sign_second, "second")
    # A server that does not know the second scheme may refuse it as it likes (400, 500 …): that
    # says nothing about the delivery, so only a success counts.
    return second if second.result is Result.DELIVERED else first


async def _knock(attempt: _Attempt, sign: Signer, scheme: Scheme) -> Outcome:
    try:
        answer = await _send(attempt, sign)
    except Unreachable as error:
        return Outcome(Result.RETRY, error.reason, detail=str(error))
    except Refused as error:
        result = Result.RETRY if error.reason in _PASSING_REFUSALS else Result.FINAL
        return Outcome(result, error.reason, detail=str(error))
    outcome = classify(answer)
    return replace(outcome, scheme=scheme) if outcome.result is Result.DELIVERED else outcome


async def _send(attempt: _Attempt, sign: Signer) -> Fetched:
    """Post, and once more where a 307 or 308 leads inside the same origin."""
    answer = await attempt.to(attempt.inbox_url, sign)
    if answer.status not in _KEEPS_METHOD:
        return answer
    asked = parse(answer.url)
    target = redirect_target(asked, answer.headers)
    return await attempt.to(target.text, sign) if target.origin == asked.origin else answer


def classify(answer: Fetched) -> Outcome:
    """What an answer to a POST means for its delivery; ``scheme`` is left open."""
    status = answer.status
    outcome = Outcome(_result(status), f"http_{status}", status, detail=_text(answer.body))
    if outcome.result is Result.DELIVERED:
        return replace(outcome, reason="delivered")
    if outcome.result is Result.RETRY:
        return replace(outcome, retry_after=retry_after(answer.headers))
    # 404, 410: the actor may have another inbox by now, or be gone. A redirect that we may not follow says so.
    return replace(outcome, moved=status in (404, 410) or 300 <= status < 400)


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """What Retry-After asks for (RFC 9110 10.2.3), at most a day; None when it is absent or odd.

    A date is measured from the answer's own Date, so neither clock has to be right.
    """
    value = headers.get("Retry-After", "").strip()
    try:
        wait = (
            timedelta(seconds=min(int(value), MAX_RETRY_AFTER.total_seconds()))
            if value.isascii() and value.isdigit()
            else parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("Date", ""))
        )
    except (ValueError, TypeError):  # TypeError: one of the two dates names no zone
        return None
    return min(max(wait, timedelta()), MAX_RETRY_AFTER)


def _result(status: int) -> Result:
    if 200 <= status < 300:
        return Result.DELIVERED
    # 401 after both schemes: Mastodon before 4.5 answers so while it cannot fetch our key.
    if status >= 500 or status in _PASSING or status == 401:
        return Result.RETRY
    return Result.FINAL


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")
