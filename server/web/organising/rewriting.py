"""A call as its organiser would fill it in to leave it as it is: what a small form changes one thing of."""

from __future__ import annotations

from server.domain.calling import kinds
from server.domain.calling.drafting import Wanted
from server.domain.tx import Tx
from storage import polls
from storage.calls import Call, Details
from storage.posts import Post


async def same(tx: Tx, post: Post, call: Call) -> Wanted:
    """``calls.edit`` with this changes nothing."""
    own = kinds.has_own_options(call.kind, call.variant)
    options = await polls.options(tx.conn, [post.id]) if own else []
    return Wanted(
        post.title,
        details(call),
        post.source,
        language=post.language,
        kind=call.kind,
        variant=call.variant,
        options=tuple(option.title for option in options),
    )


def details(call: Call) -> Details:
    return Details(
        starts_at=call.starts_at,
        ends_at=call.ends_at,
        timezone=call.timezone,
        place_name=call.place_name,
        place_address=call.place_address,
        latitude=call.latitude,
        longitude=call.longitude,
        capacity=call.capacity,
        join_mode=call.join_mode,
        external_url=call.external_url,
        closes_at=call.closes_at,
        goal=call.goal,
        goal_metric=call.goal_metric,
        urgent=call.urgent,
        guests_max=call.guests_max,
    )
