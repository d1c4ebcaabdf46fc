"""Skills: a member says what they can do, a call says what it needs, and the two find each other.

A skill is a word or a few, free to choose and written in one way, so that "First  Aid" is "first aid". A
member sees the calls that ask for what they can do. Who called sees how many could come, of those who want to
be counted, and never who: a name is learned when its owner answers the call. Below ``FEW`` there is no number
either, for a number of one is nearly a name.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from server import text
from server.domain import sight
from server.domain.groups import communities
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from server.i18n import mark
from storage import calls, skills
from storage.accounts import Account
from storage.posts import Post
from storage.skills import SkillSet

MOST = 20
LONGEST = 40
FEW = 3
ASK = ("event", "volunteer", "need")
"""Kinds of call for which people do something together."""


def normalised(said: str) -> str:
    """One way of writing: no case, no look-alike forms (NFKC), single spaces, no #."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", said).casefold())
    return text.one_line(folded).strip("# ")


def read(said: Iterable[str]) -> list[str]:
    """Each once, in order. Raises ``Invalid`` for too many, or one that is too long."""
    found = sorted({skill for skill in map(normalised, said) if skill})
    if len(found) > MOST:
        raise Invalid(mark("These are more than %(most)s skills.", most=MOST), field="skills")
    if any(len(skill) > LONGEST for skill in found):
        raise Invalid(
            mark("A skill has at most %(longest)s characters.", longest=LONGEST), field="skills"
        )
    return found


async def choose(
    tx: Tx, owner: Account, said: Iterable[str] | None, *, shown: bool | None, matched: bool | None
) -> SkillSet:
    """What the owner can do (None: as before); shown and counted only where they say so."""
    old = await skills.of(tx.conn, owner.id) or SkillSet([])
    chosen = SkillSet(
        old.skills if said is None else read(said),
        shown=old.shown if shown is None else shown,
        matched=old.matched if matched is None else matched,
    )
    await skills.put(tx.conn, owner.id, chosen)
    return chosen


async def ask(tx: Tx, actor: Account, post: Post, said: Iterable[str]) -> None:
    """A call of ours needs people who can do this. Raises ``Forbidden``, ``Invalid``, ``NotFound``."""
    await _require_steward(tx, actor, post)
    call = await calls.by_id(tx.conn, post.id)
    if call is None or call.kind not in ASK:
        raise Invalid("This kind of call asks for no skills.", field="skills")
    await skills.ask(tx.conn, post.id, read(said))


async def how_many(tx: Tx, actor: Account, post: Post) -> int | None:
    """Members who can do what a call asks; None where they are few. Raises ``Forbidden``, ``NotFound``."""
    await _require_steward(tx, actor, post)
    found = await skills.how_many(tx.conn, post.id, actor.id)
    return found if found >= FEW else None


async def _require_steward(tx: Tx, actor: Account, post: Post) -> None:
    if not post.local or post.community_id is None:
        raise NotFound
    group = await sight.group(tx, post.community_id, actor)
    await communities.require_steward(tx, group, actor)
