"""What organisers ask who takes part: what do you bring, do you need a lift. Three questions at most.

A page, Beckon's own API and the form for e-mail ask at once; so does an instance of ours whose member answers a call
of another, and tells it in the ``Join``. Through a door that cannot ask (a card, a plain ``Join``, a reply) the answer
counts, and its receipt asks, with a link (``receipts.py``). In a shift the questions are those of its call.

What is answered is kept by the words of the question, so that it keeps its meaning when the organisers ask something
else later: sealed for the community as contact data is, shown to who may see the people, kept as long, and gone with
the answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

from server import text
from server.domain.mailing import sealed
from server.domain.tx import Tx
from server.errors import Invalid
from server.i18n import mark
from server.sealing import Sealed
from storage import questions as rows
from storage.calls import Call
from storage.participations import Participation
from storage.posts import Post
from storage.questions import Question

MOST = 3
TEXT_MAX = 200
FIELD_MAX = 500
PURPOSE = "questions"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as an organiser writes it. ``required``: who takes part answers it, where they can be asked."""

    text: str
    required: bool = False


def clean(asked: Sequence[Asked]) -> tuple[Asked, ...]:
    """Each on one line. Raises ``Invalid``."""
    found = tuple(Asked(text.one_line(each.text), each.required) for each in asked)
    if len(found) > MOST:
        raise Invalid(mark("A call asks %(most)s questions at most.", most=MOST), field="questions")
    if not all(0 < len(each.text) <= TEXT_MAX for each in found):
        raise Invalid(
            mark("A question has 1 to %(most)s characters.", most=TEXT_MAX), field="questions"
        )
    if len({each.text for each in found}) < len(found):
        raise Invalid("Two questions are the same.", field="questions")
    return found


async def put(tx: Tx, post: Post, asked: Sequence[Asked] | None) -> None:
    """What a call of ours asks from now on; None: as before. Raises ``Invalid``, ``Unavailable``."""
    if asked is None:
        return
    if asked:
        sealed.secret_of(tx)  # else nobody could answer
    await rows.put(tx.conn, post.id, [(each.text, each.required) for each in clean(asked)])


async def hear(tx: Tx, post: Post, asked: Sequence[Asked]) -> None:
    """What a call of another server asks; of what is too much nothing."""
    try:
        found = clean(asked)
    except Invalid:
        found = ()
    await rows.put(tx.conn, post.id, [(each.text, each.required) for each in found])


async def wanted(tx: Tx, post_id: int) -> tuple[Asked, ...]:
    """As ``put`` takes it: for a copy of the call."""
    return tuple(Asked(q.text, q.required) for q in await rows.of_calls(tx.conn, [post_id]))


async def of_calls(tx: Tx, found: Sequence[Call]) -> dict[int, list[Question]]:
    """By call, of those that ask something: one statement, however many they are."""
    asked: dict[int, list[Question]] = {}
    ids = {i for call in found for i in (call.post_id, call.parent_id) if i}
    for question in await rows.of_calls(tx.conn, sorted(ids)):
        asked.setdefault(question.post_id, []).append(question)
    told = {c.post_id: asked.get(c.parent_id or c.post_id, []) for c in found}
    return {post_id: each for post_id, each in told.items() if each}


async def of(tx: Tx, call: Call) -> list[Question]:
    """What is asked of who takes part in this call, or in this shift of one."""
    return (await of_calls(tx, [call])).get(call.post_id, [])


def answered(
    asked: Sequence[Question], given: Sequence[str], *, required: bool
) -> Mapping[str, str]:
    """Pure: what was answered, by the question. ``given``: in the order of the questions; ``required``: those that
    have to be answered are. Raises ``Invalid``."""
    said = [text.CONTROL.sub("", each).strip() for each in given]
    if any(said[len(asked) :]):
        raise Invalid("This call does not ask so much.", field="fields")
    found = {q.text: each for q, each in zip(asked, said, strict=False) if each}
    if any(len(each) > FIELD_MAX for each in found.values()):
        raise Invalid(
            mark("An answer to a question has at most %(most)s characters.", most=FIELD_MAX),
            field="fields",
        )
    missing = next((q.text for q in asked if q.required and q.text not in found), None)
    if required and missing:
        raise Invalid(mark("Please answer: %(missing)s", missing=missing), field="fields")
    return found


async def keep(tx: Tx, call: Call, given: Participation, fields: Sequence[str] | None) -> None:
    """With an answer that takes part. ``fields``: as ``answered`` takes them, None where the door cannot ask.
    Nothing said anew leaves what was said before. Raises ``Invalid``."""
    if fields is None or not given.counts:
        return
    asked = await of(tx, call)
    if not asked:
        answered((), fields, required=False)
        return
    before = await rows.fields(tx.conn, [given.id])
    if before and not any(each.strip() for each in fields):
        return
    await _write(tx, call, given, answered(asked, fields, required=True))


async def keep_named(tx: Tx, call: Call, given: Participation, said: Mapping[str, str]) -> None:
    """The same from another instance of ours, which names each question. Raises ``Invalid``."""
    asked = await of(tx, call) if given.counts else []
    if set(said) - {q.text for q in asked}:
        raise Invalid("This call does not ask that.", field="fields")
    told = answered(asked, [said.get(q.text, "") for q in asked], required=False)
    if asked:
        await _write(tx, call, given, told)


async def _write(tx: Tx, call: Call, given: Participation, said: Mapping[str, str]) -> None:
    ring = await sealed.ring(tx, call.community_id)
    box = ring.seal(orjson.dumps(dict(said)), PURPOSE, given.id)
    await rows.put_fields(tx.conn, given.id, box)


async def open_to(tx: Tx, call: Call, given: Participation) -> list[Question]:
    """What somebody who takes part was not asked yet, as their door could not."""
    asked = await of(tx, call) if given.counts and not given.contact_id else []
    return asked if asked and not await rows.fields(tx.conn, [given.id]) else []


async def read(tx: Tx, call: Call, found: Sequence[Participation]) -> dict[int, Mapping[str, str]]:
    """What was answered, by participation, then by question, as far as it is kept and opens. Callers asked
    before whether it may be shown (``communities.require_people``)."""
    kept = await rows.fields(tx.conn, [row.id for row in found])
    ring = await sealed.known(tx, call.community_id) if kept else None
    return {i: _opened(ring, i, box) for i, box in kept.items()} if ring else {}


def _opened(ring: sealed.Ring, participation_id: int, box: bytes) -> Mapping[str, str]:
    try:
        return orjson.loads(ring.open(box, PURPOSE, participation_id))
    except Sealed:
        return {}
