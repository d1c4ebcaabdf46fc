"""What waits to be looked at before it is seen: the queue of a community, the rules that fill it, and its slow mode."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from server import ids
from server.context import context
from server.domain.moderating import held_posts, hold_rules
from server.domain.moderating.hold_rules import Wanted
from server.domain.tx import Tx
from server.errors import BeckonError, Forbidden, Invalid
from server.i18n import mark
from server.web import answers, steering
from server.web.listed import ShownPost
from server.web.session import Viewer
from storage import accounts, posts
from storage import held_posts as rows
from storage import hold_rules as rule_rows
from storage.accounts import Account
from storage.held_posts import Held
from storage.timelines import TOP

EACH = 20
REASONS: Mapping[str, str] = {
    "word": mark("It has a word that is looked at first."),
    "host": mark("It links to a site that is looked at first, or comes from there."),
    "links": mark("It has many links."),
    "newcomer": mark("Its author is new here."),
    "slow_mode": mark("It came soon after another post of the same author."),
}
KIND_NAMES: Mapping[str, str] = {
    "word": mark("A word"),
    "host": mark("A site or a server"),
    "links": mark("Many links"),
    "newcomer": mark("New members"),
}
SLOW: Mapping[int, str] = {
    0: mark("As often as they like"),
    60: mark("Once a minute"),
    300: mark("Once in five minutes"),
    900: mark("Once in a quarter of an hour"),
    3600: mark("Once an hour"),
    86400: mark("Once a day"),
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """A post that waits, and why."""

    held: Held
    shown: ShownPost
    why: str


async def queue(request: web.Request) -> web.Response:
    """``GET /@{name}/steer/queue``"""
    return await _queue(request, await answers.signed_in(request))


async def _queue(
    request: web.Request, viewer: Viewer, fault: BeckonError | None = None, post_id: int = 0
) -> web.Response:
    async with context(request).work.reading() as tx:
        by = await steering.steward_of(tx, request, viewer)
        before = ids.parse(request.query.get("before", "")) or TOP
        found = await rows.of_community(tx.conn, by.community.id, before, 0, EACH)
        waiting = await _waiting(tx, by.community, found)
    return steering.page(
        request, "steer_queue.html", viewer, by, status=fault.status if fault else 200,
        waiting=waiting, older=found[-1].post_id if len(found) == EACH else None,
        fault=fault.sentence if fault else "", faulty=post_id,
    )  # fmt: skip


async def _waiting(tx: Tx, community: Account, found: list[Held]) -> list[Waiting]:
    """Nobody else sees them yet, so sight is not asked: whoever steers looks at all that waits here."""
    by_id = await posts.by_ids(tx.conn, [row.post_id for row in found])
    people = await accounts.by_ids(tx.conn, [row.account_id for row in found])
    return [
        Waiting(row, ShownPost(by_id[row.post_id], people[row.account_id], community), REASONS[row.reason])
        for row in found
        if row.post_id in by_id
    ]  # fmt: skip


async def decide(request: web.Request) -> web.Response:
    """``POST /@{name}/steer/queue``: ``post``, ``verdict`` and ``reason``, which a refusal needs."""
    viewer, form = await answers.form(request)
    verdict = answers.choice(form, "verdict", ("let_in", "refuse"))
    post_id = answers.choice_id(form, "post")
    verb = held_posts.let_through if verdict == "let_in" else held_posts.refuse
    try:
        async with context(request).work.transaction() as tx:
            by = await steering.steward_of(tx, request, viewer)
            await verb(tx, by, post_id, form.get("reason", ""))
    except (Invalid, Forbidden) as refused:
        return await _queue(request, viewer, refused, post_id)
    return answers.back_to(f"/@{by.community.username}/steer/queue", "done")


async def rules(request: web.Request) -> web.Response:
    """``GET /@{name}/steer/rules``"""
    return await _rules(request, await answers.signed_in(request))


async def _rules(
    request: web.Request, viewer: Viewer, fault: Invalid | None = None,
    typed: Mapping[str, str] | None = None,
) -> web.Response:  # fmt: skip
    async with context(request).work.reading() as tx:
        by = await steering.steward_of(tx, request, viewer)
        found = await rule_rows.rules(tx.conn, by.community.id)
        slow = (await rule_rows.settings(tx.conn, by.community.id)).slow_seconds
    return steering.page(
        request, "steer_rules.html", viewer, by, status=422 if fault else 200,
        rules=found, slow=slow, paces=SLOW, kinds=KIND_NAMES, typed=typed or {},
        fault=fault.sentence if fault else "",
    )  # fmt: skip


async def change(request: web.Request) -> web.Response:
    """``POST /@{name}/steer/rules``: ``act`` is ``add`` (kind, value, days, amount), ``drop`` (rule) or ``slow``."""
    viewer, form = await answers.form(request)
    wanted = answers.choice(form, "act", ("add", "drop", "slow"))
    try:
        async with context(request).work.transaction() as tx:
            by = await steering.steward_of(tx, request, viewer)
            to = (tx, by.community, by.account, by.role)
            if wanted == "add":
                await hold_rules.add(*to, _wanted(form))
            elif wanted == "drop":
                await hold_rules.drop(*to, answers.choice_id(form, "rule"))
            else:
                paces = {str(seconds) for seconds in SLOW}
                await hold_rules.slow(*to, int(answers.choice(form, "seconds", paces)))
    except Invalid as refused:
        return await _rules(request, viewer, refused, form)
    return answers.back_to(f"/@{by.community.username}/steer/rules", "saved")


def _wanted(form: Mapping[str, str]) -> Wanted:
    return Wanted(
        answers.choice(form, "kind", KIND_NAMES),
        form.get("value", ""),
        _number(form, "days", hold_rules.MAX_DAYS),
        _number(form, "amount", hold_rules.MAX_AMOUNT),
    )


def _number(form: Mapping[str, str], name: str, most: int) -> int:
    """Raises ``Invalid``."""
    typed = form.get(name, "").strip() or "0"
    if not (typed.isascii() and typed.isdecimal()) or int(typed[:6]) > most:
        raise Invalid(mark("A number up to %(most)s, please.", most=most), field=name)
    return int(typed)


def routes(name: str) -> list[web.AbstractRouteDef]:
    return [
        web.get(f"{name}/steer/queue", queue),
        web.post(f"{name}/steer/queue", decide),
        web.get(f"{name}/steer/rules", rules),
        web.post(f"{name}/steer/rules", change),
    ]
