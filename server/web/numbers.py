"""``GET /calls/{id}/numbers``: how a call grew, and of whom its number is made, as drawings with a table behind each.

It is for everybody who may see the call. Strangers are shown days put together, so that no day is a name; who may see the
people sees each day (``server/domain/calling/impact.py``). Counts that are secret until a decision closes are not here before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from aiohttp import web

from server.context import context
from server.domain.calling import impact, tallies
from server.domain.calling import participations as taking_part
from server.domain.calling.impact import Figures, Impact, Period
from server.domain.calling.tallies import Standing
from server.domain.tx import Tx
from server.errors import NotFound
from server.i18n import mark
from server.web import answers, plots, session
from server.web.calls import known
from storage import polls
from storage.calls import Call
from storage.posts import Post

SERVERS = 20


@dataclass(frozen=True, slots=True)
class Bar:
    """``name``: marked, or as somebody typed it; ``share`` in percent of the longest."""

    name: str
    number: int
    share: float


async def page(request: web.Request) -> web.Response:
    """Raises ``NotFound``, ``GoneError``; ``NotFound`` for a call that another server counts."""
    viewer = await session.viewer(request)
    account = viewer.account if viewer else None
    async with context(request).work.reading() as tx:
        post, call = await known(tx, request, viewer)
        if not post.local:
            raise NotFound
        found = await impact.of_call(tx, post, account)
        grown = _grown(post, await impact.grown(tx, post, call, account))
        given = [] if call.hides_counts else await _by_answer(tx, post, call)
        standing = await tallies.standing(tx, post)
    return answers.page(
        request, "numbers.html", viewer, post=post, call=call, grown=grown,
        line=plots.line(grown, call.goal), tiers=_tiers(found), given=given,
        servers=_servers(standing), width=plots.WIDTH, height=plots.HEIGHT,
    )  # fmt: skip


def _grown(post: Post, periods: Sequence[Period]) -> list[tuple[date, int]]:
    """How many of those who take part were with it by the end of each part of the time; nobody when it was made."""
    if not periods:
        return []
    grown = [(min(post.published_at.date(), periods[0].first), 0)]
    for period in periods:
        grown.append((period.last, grown[-1][1] + period.answered))
    return grown


def _tiers(found: Impact) -> list[Bar]:
    figures: Figures = found.calls[0].figures
    return bars([
        (mark("confirmed"), figures.confirmed),
        (mark("expressed"), figures.expressed),
        (mark("waiting"), figures.waiting),
    ])  # fmt: skip


async def _by_answer(tx: Tx, post: Post, call: Call) -> list[Bar]:
    options = await polls.options(tx.conn, [post.id])
    known_answers = await taking_part.answers(tx, call)
    said = zip(known_answers, options, strict=False)
    return bars([(option.title or answer.title, option.votes_count) for answer, option in said])


def _servers(standing: Standing) -> list[Bar]:
    named = [(each.host or mark("other servers"), each.people) for each in standing.servers]
    return bars(named[:SERVERS])


def bars(named: Sequence[tuple[str, int]]) -> list[Bar]:
    """As they come; without those where there is nobody, and none where there is nobody at all."""
    some = [(name, number) for name, number in named if number > 0]
    lengths = plots.shares([number for _, number in some])
    return [Bar(name, number, share) for (name, number), share in zip(some, lengths, strict=True)]


def routes() -> list[web.AbstractRouteDef]:
    return [web.get("/calls/{id}/numbers", page)]
