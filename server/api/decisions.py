"""Decisions in Beckon's own API: the rule, the reasons, and the record.

``DecisionRecord``: call_id, title, variant?, state, closes_at?, rules {quorum? (people), threshold? (percent),
open_votes}, answers [{key, title, people? (who put it first, where they score or rank), points?, mean? (of 0 to 5)}],
rounds [{votes [{key, people}], out (keys), exhausted (people)}] of a ranked one (domain/calling/ballots.py), result
{word (nobody, too_few, heard, chosen, tie, below_threshold, consent, blocked, secret), sentence, leading (keys)}, reasons
[{id, answer, reason, resolution?, resolved_at?, account?}] of all
sides in no telling order, outcome? (HTML) and decided_by? (the role of who wrote it). Names stand there only where the call said that votes
are open, for members of the community. Where counts are secret until it closes there are no ``people`` and no reasons before.
"""

from __future__ import annotations

from aiohttp import web

from server.api import paging, params
from server.api.answers import ok
from server.api.auth import Caller, for_anyone, for_member
from server.api.calls import rules_of
from server.api.describe import Described, a_text, flag, integer, op, paged
from server.api.reading import call_of, viewer_of
from server.context import context
from server.domain import sight
from server.domain.calling import decisions
from server.domain.calling.ballots import Round
from server.domain.calling.decisions import Record
from server.domain.tx import Tx
from server.errors import NotFound
from server.ids import parse
from server.render import account
from server.render.view import Json, maybe_stamp
from storage.accounts import Account
from storage.calls import Call
from storage.decisions import Reason
from storage.posts import Post

ONE = "/api/beckon/v1/calls/{id}"


async def show(request: web.Request, caller: Caller | None) -> web.Response:
    """``DecisionRecord``, while it is open too; its reasons are paged by the Link header."""
    return await _answer(request, viewer_of(caller))


async def _answer(request: web.Request, viewer: Account | None) -> web.Response:
    async with context(request).work.reading() as tx:
        post, call = await call_of(tx, request, viewer)
        await sight.group(tx, call.community_id, viewer)
        page = paging.page(request, 40, 80)
        found = await decisions.record(tx, post, viewer, page)
        body = _entity(tx, post, call, found)
    more = len(found.reasons) == page.limit
    shown = [row.id for row in found.reasons]
    return ok(body, headers=paging.link(request, shown, prev="since_id", more=more))


def _entity(tx: Tx, post: Post, call: Call, found: Record) -> Json:
    rules = found.rules
    return {
        "call_id": str(post.id),
        "title": post.title,
        "variant": call.variant or None,
        "state": call.state,
        "closes_at": maybe_stamp(call.closes_at),
        "rules": {
            "quorum": rules.quorum,
            "threshold": rules.threshold,
            "open_votes": rules.open_votes,
        },
        "answers": [_answered(found, at) for at in range(len(found.answers))],
        "rounds": [_round(found, each) for each in found.rounds],
        "result": {
            "word": found.result.word,
            "sentence": found.result.sentence,
            "leading": list(found.result.leading),
        },
        "reasons": [_reason(tx, each, found) for each in found.reasons],
        "outcome": call.outcome or None,
        "decided_by": "organisers and moderators" if call.outcome else None,
    }


def _answered(found: Record, at: int) -> Json:
    people = sum(each.people for each in found.given)
    points = found.points[at] if found.points is not None else None
    return {
        "key": found.answers[at].key,
        "title": found.answers[at].title,
        "people": found.given[at].people if found.given else None,
        "points": points,
        "mean": round(points / people, 2) if points is not None and people else None,
    }


def _round(found: Record, each: Round) -> Json:
    keys = [answer.key for answer in found.answers]
    return {
        "votes": [{"key": key, "people": n} for key, n in zip(keys, each.votes, strict=True)],
        "out": [keys[at] for at in each.out],
        "exhausted": each.exhausted,
    }


def _reason(tx: Tx, row: Reason, found: Record) -> Json:
    who = found.people.get(row.account_id or 0)
    return {
        "id": str(row.id),
        "answer": row.answer,
        "reason": row.reason,
        "resolution": row.resolution or None,
        "resolved_at": maybe_stamp(row.resolved_at),
        "account": account.account(tx.site.urls, who) if who else None,
    }


async def set_rules(request: web.Request, caller: Caller) -> web.Response:
    """``quorum``, ``threshold``, ``open_votes``: all of them anew, before the first answer. For organisers and
    moderators."""
    sent = await params.read(request)
    wanted = rules_of(sent)
    async with context(request).work.transaction() as tx:
        post, _ = await call_of(tx, request, caller.account)
        await decisions.set_rules(tx, caller.account, post, wanted)
    return await _answer(request, caller.account)


async def resolve(request: web.Request, caller: Caller) -> web.Response:
    """``resolution``: how the objection was met. For organisers and moderators."""
    said = (await params.read(request)).text("resolution") or ""
    objection_id = parse(request.match_info["objection"])
    if objection_id is None:
        raise NotFound
    async with context(request).work.transaction() as tx:
        post, _ = await call_of(tx, request, caller.account)
        await decisions.resolve(tx, caller.account, post, objection_id, said)
    return await _answer(request, caller.account)


def routes() -> list[web.RouteDef]:
    return [
        for_anyone("GET", f"{ONE}/record", show, "read:statuses"),
        for_member("PUT", f"{ONE}/rules", set_rules, "write:statuses"),
        for_member("POST", f"{ONE}/objections/{{objection}}/resolve", resolve, "write:statuses"),
    ]


DESCRIBED: Described = {
    f"GET {ONE}/record": op("DecisionRecord", *paged(40, 80)),
    f"PUT {ONE}/rules": op(
        "DecisionRecord", integer("quorum", 1), integer("threshold", 1, 100), flag("open_votes")
    ),
    f"POST {ONE}/objections/{{objection}}/resolve": op(
        "DecisionRecord", a_text("resolution", required=True)
    ),
}
