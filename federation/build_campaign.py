"""Charters and entries of a campaign's log as documents (docs/fep-d9f9.md, "Campaigns"). The proof is added by the sender."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar, cast

from federation.build_post import Json, utc
from federation.campaigns import (
    Act,
    AddCall,
    Agree,
    Amend,
    Charter,
    Decline,
    Digest,
    Entry,
    Exclude,
    Found,
    Funder,
    Invite,
    Leave,
    RemoveCall,
    Seat,
    Silent,
    Statement,
    TakeBack,
    Unvouch,
    Vouch,
)
from federation.vocab import AS, CALLS, CAMPAIGN_TERMS, CO_HOSTS, COUNTERS, DATA_INTEGRITY, SILENT


def charter(value: Charter) -> Json:
    """Its digest is that of this document; ``value.digest`` is not looked at."""
    goal = {
        "type": "cta:Goal", "metric": value.metric, "hasUnit": "one", "hasNumericalValue": str(value.goal),
    }  # fmt: skip
    said: Json = {
        "type": "cta:Charter",
        "name": value.name,
        "content": value.content,
        "kinds": list(value.kinds),
        "opened": utc(value.opened),
        "quorum": value.quorum,
        "milestones": [str(each) for each in value.milestones],
        "targets": list(value.targets),
        "data": value.data,
        "funders": [_funder(each) for each in value.funders],
        "large": list(value.large),
    }
    said |= {"goal": goal} if value.goal is not None else {}
    said |= {"endTime": utc(value.ends)} if value.ends else {}
    return said | ({"replaces": value.replaces} if value.replaces else {})


def _funder(value: Funder) -> Json:
    more: Json = {"amount": value.amount, "url": value.url}
    said: Json = {"type": "Organization", "name": value.name}
    return said | {name: part for name, part in more.items() if part}


def entry(value: Entry) -> Json:
    """Without a proof, and with what its charter said when it was made. ``value.digest`` is not looked at."""
    head: Json = {
        "@context": [AS, DATA_INTEGRITY, CAMPAIGN_TERMS],
        "id": value.id,
        "actor": value.chapter,
        "campaign": value.campaign,
        "published": utc(value.at),
        "seen": list(value.seen),
    }
    head |= {"previous": value.previous} if value.previous else {}
    said = _ACTS[type(value.act)](value.act)
    return head | {name: part for name, part in said.items() if part}


ACT = TypeVar("ACT")


def _as(act: Act, _: type[ACT]) -> ACT:
    return cast(ACT, act)


def _found(act: Act) -> Json:
    said = _as(act, Found)
    return {"type": "Create", "object": charter(said.charter), "seat": _seat(said.seat)}


def _seat(value: Seat) -> Json:
    return {"type": "cta:Seat", "community": value.community, "publicKeyMultibase": value.key}


def _invite(act: Act) -> Json:
    return {"type": "Invite", "object": _as(act, Invite).community, "target": CO_HOSTS}


def _agree(act: Act) -> Json:
    said = _as(act, Agree)
    seat = _seat(said.seat) if said.seat else None
    return {"type": "Accept", "object": _entry(said.to), "charterDigest": said.charter, "seat": seat}  # fmt: skip


def _entry(value: Digest) -> Json:
    return {"type": "cta:Entry", "digest": value}


def _decline(act: Act) -> Json:
    return {"type": "Reject", "object": _entry(_as(act, Decline).to)}


def _take_back(act: Act) -> Json:
    return {"type": "Undo", "object": _entry(_as(act, TakeBack).entry)}


def _amend(act: Act) -> Json:
    return {"type": "Update", "object": charter(_as(act, Amend).charter)}


def _exclude(act: Act) -> Json:
    said = _as(act, Exclude)
    return {"type": "Remove", "object": said.chapter, "target": CO_HOSTS, "summary": said.reason}


def _vouch(act: Act) -> Json:
    return {"type": "Add", "object": f"https://{_as(act, Vouch).host}/", "target": COUNTERS}


def _unvouch(act: Act) -> Json:
    said = _as(act, Unvouch)
    host = f"https://{said.host}/"
    return {"type": "Remove", "object": host, "target": COUNTERS, "summary": said.reason}


def _leave(act: Act) -> Json:
    return {"type": "Leave", "object": CO_HOSTS, "movedTo": _as(act, Leave).moved_to}


def _add_call(act: Act) -> Json:
    said = _as(act, AddCall)
    call: Json = {"id": said.call, "type": "cta:Call", "kind": said.kind}
    call |= {"replaces": said.replaces} if said.replaces else {}
    return {"type": "Add", "object": call, "target": CALLS}


def _remove_call(act: Act) -> Json:
    return {"type": "Remove", "object": _as(act, RemoveCall).call, "target": CALLS}


def _statement(act: Act) -> Json:
    return {"type": "Create", "object": {"type": "Note", "content": _as(act, Statement).content}}


def _silent(act: Act) -> Json:
    return {"type": "Flag", "object": _as(act, Silent).chapter, "target": SILENT}


_ACTS: Mapping[type[Act], Callable[[Act], Json]] = {
    Found: _found,
    Invite: _invite,
    Agree: _agree,
    Decline: _decline,
    TakeBack: _take_back,
    Amend: _amend,
    Exclude: _exclude,
    Vouch: _vouch,
    Unvouch: _unvouch,
    Leave: _leave,
    AddCall: _add_call,
    RemoveCall: _remove_call,
    Statement: _statement,
    Silent: _silent,
}
