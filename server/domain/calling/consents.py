"""What those who answer a call by e-mail are asked to agree to, for each purpose in its own words.

``answer`` is the condition: without it nothing is kept. Every other purpose has a box of its own that is empty
at first. A text never changes: what an organiser writes anew is another version, asked of those who come
after; who agreed before agreed to the text that they saw, which stays beside their consent with its time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from server import text
from server.domain.calling import audience
from server.domain.groups import communities
from server.domain.tx import Tx
from server.errors import Conflict, Invalid
from server.i18n import mark
from storage import accounts, consents, posts
from storage.accounts import Account
from storage.calls import Call
from storage.consents import ConsentText

ANSWER, NEWS = "answer", "news"
PURPOSES = (ANSWER, NEWS)
TEXT_MIN, TEXT_MAX = 20, 1000
NO_NAME = "those who make this call"
"""Instead of the name of a private community, whose weekly mail is not for strangers either (``opened``)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A text as it is shown. ``version``: 1 for the one that nobody has written yet."""

    purpose: str
    version: int
    text: str


async def present(tx: Tx, call: Call) -> list[Asked]:
    """What is asked now, the condition first."""
    written = await consents.present(tx.conn, call.post_id)
    community = await accounts.by_id(tx.conn, call.community_id)
    post = await posts.by_id(tx.conn, call.post_id)
    assert community, "a foreign key holds it"
    assert post, "a foreign key holds it"
    closed = post.visibility == "members"
    name = NO_NAME if closed else community.display_name or community.username
    purposes = (ANSWER,) if closed else PURPOSES
    return [_asked(tx, purpose, written.get(purpose), call, name) for purpose in purposes]


def _asked(tx: Tx, purpose: str, written: ConsentText | None, call: Call, name: str) -> Asked:
    """``name``: of those for whom it is."""
    if written:
        return Asked(purpose, written.version, written.text)
    return Asked(purpose, 1, audience.consent(purpose, call.kind, name, tx.site.urls.domain))


async def change(tx: Tx, actor: Account, call: Call, purpose: str, wanted: str) -> Asked:
    """Another version of a text; the same text once more is no event. Raises ``Forbidden``, ``Invalid``."""
    community = await accounts.by_id(tx.conn, call.community_id)
    assert community, "a foreign key holds it"
    await communities.require_steward(tx, community, actor)
    present_ = {a.purpose: a for a in await present(tx, call)}
    if purpose not in present_:
        raise Invalid(
            mark("A purpose is one of %(known)s.", known=", ".join(present_)), field="purpose"
        )
    said = text.one_line(wanted, TEXT_MAX + 1)
    if not TEXT_MIN <= len(said) <= TEXT_MAX:
        raise Invalid(
            mark("The text has %(least)s to %(most)s characters.", least=TEXT_MIN, most=TEXT_MAX),
            field="text",
        )
    asked = present_[purpose]
    if asked.text == said:
        return asked
    await _keep(tx, call, asked)
    made = await consents.add(tx.conn, call.post_id, purpose, said, tx.now)
    return Asked(purpose, made.version, made.text)


async def _keep(tx: Tx, call: Call, asked: Asked) -> int:
    """The id of a text, which is written down with the first that needs it."""
    written = (await consents.present(tx.conn, call.post_id)).get(asked.purpose)
    if written is None:
        written = await consents.add(tx.conn, call.post_id, asked.purpose, asked.text, tx.now)
    return written.id


async def require(
    tx: Tx, call: Call, agreed: Collection[str], seen: Mapping[str, int]
) -> list[int]:
    """The ids of the texts agreed to. ``seen``: the version of each that was shown; empty: the present ones.

    Raises ``Invalid`` without the condition, and ``Conflict`` where a text has changed meanwhile.
    """
    if ANSWER not in agreed:
        raise Invalid("Without your consent your answer cannot be kept.", field=ANSWER)
    asked = [a for a in await present(tx, call) if a.purpose in agreed]
    if any(seen.get(a.purpose, a.version) != a.version for a in asked):
        raise Conflict("The text has changed since you opened the form. Please read it again.")
    return [await _keep(tx, call, a) for a in asked]
