"""What organisers say and decide about their community, after it was made.

A change of its visibility has consequences, and where they cannot be had it is refused. What was said for
everybody cannot be taken back from other servers: so a community with posts does not become private. From then on
only people are members: groups, and what acts for a whole server, are sent away. Where a private one opens, what
was written for members stays for members. Whoever waits to be let in is, when anybody may join, and the line moves
when there are more places.

The purpose stands before the description wherever that is shown, on other servers too, and the norms among the
fields of the profile: so people read both before they join, from whatever client.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from server import text
from server.domain import effects, policy
from server.domain.groups import communities, ties_elsewhere
from server.domain.mailing import mail_follows
from server.domain.members import accounts, follows
from server.domain.tx import Tx
from server.errors import Invalid
from server.i18n import mark
from server.urls import Urls
from storage import accounts as account_rows
from storage import communities as rows
from storage import follows as follow_rows
from storage import posts as post_rows
from storage.accounts import Account
from storage.communities import Community

PURPOSE_MAX = 200
NORMS_MAX = 5000
FIELD_MAX = 255
RULES_MAX, RULE_MAX = 30, 500
QUESTIONS_MAX, QUESTION_MAX = 3, 200
TOPICS_MAX = 5
CAPACITY_MAX = 100_000
SECONDS_MAX = 50
PROPOSALS = ("open", "seconded", "approved")
TOPIC = re.compile(r"\w{2,40}")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
LET_IN = 500
"""How many who wait are let in when a community opens; the others ask again."""


@dataclass(frozen=True, slots=True)
class Changes:
    """None leaves a part as it is. ``capacity`` and ``welcome_post_id``: 0 for none."""

    title: str | None = None
    about: str | None = None
    purpose: str | None = None
    norms: str | None = None
    rules: Sequence[str] | None = None
    policy: str | None = None
    visibility: str | None = None
    language: str | None = None
    topics: Sequence[str] | None = None
    questions: Sequence[str] | None = None
    capacity: int | None = None
    proposals: str | None = None
    seconds: int | None = None
    welcome_post_id: int | None = None


async def edit(tx: Tx, actor: Account, group: Account, changes: Changes) -> Account:
    """Change what is given, for organisers. Raises ``Forbidden``, ``Invalid`` naming the field."""
    if await rows.role(tx.conn, group.id, actor.id) != "organiser":
        policy.NOT_AN_ORGANISER.require()
    return await apply(tx, group, changes)


async def apply(tx: Tx, group: Account, changes: Changes) -> Account:
    """As ``edit``, of which the caller knows that it may be done."""
    await follow_rows.hold_all(tx.conn, [group.id])
    old = await rows.by_id(tx.conn, group.id)
    if old is None:
        raise Invalid("Only a community of this server is changed here.", field="id")
    new = _changed(tx, old, changes)
    check(new)
    await _check_welcome(tx, new)
    await _check_closing(tx, old, new)
    group = await _say(tx, group, await rows.save(tx.conn, new), changes)
    await _follow_up(tx, group, old, new)
    return group


def _changed(tx: Tx, old: Community, changes: Changes) -> Community:
    own = {f.name for f in fields(Community)}
    given = {f.name: getattr(changes, f.name) for f in fields(changes) if f.name in own}
    new = replace(old, **{name: value for name, value in given.items() if value is not None})
    return replace(
        new,
        purpose=text.one_line(new.purpose, PURPOSE_MAX + 1),
        norms=new.norms.strip(),
        norms_at=tx.now if new.norms.strip() != old.norms else old.norms_at,
        rules=_lines(new.rules),
        topics=list(
            dict.fromkeys(t.strip().removeprefix("#").lower() for t in new.topics if t.strip())
        ),
        questions=_lines(new.questions),
        language=new.language or None,
        capacity=new.capacity or None,
        welcome_post_id=new.welcome_post_id or None,
    )


def _lines(given: Sequence[str]) -> list[str]:
    return [line.strip() for line in given if line.strip()]


def check(row: Community) -> None:
    """Raises ``Invalid`` naming the field."""
    communities.check_settings(row.visibility, row.policy)
    wrong = (
        (len(row.purpose) > PURPOSE_MAX, "purpose", mark("A purpose has at most %(most)s characters.", most=PURPOSE_MAX)),
        (len(row.norms) > NORMS_MAX, "norms", mark("The norms have at most %(most)s characters.", most=NORMS_MAX)),
        (_too_much(row.rules, RULES_MAX, RULE_MAX), "rules",
         mark("There are at most %(most)s rules of at most %(longest)s characters.", most=RULES_MAX, longest=RULE_MAX)),
        (_too_much(row.questions, QUESTIONS_MAX, QUESTION_MAX), "questions",
         mark("There are at most %(most)s questions of at most %(longest)s characters.", most=QUESTIONS_MAX, longest=QUESTION_MAX)),
        (len(row.topics) > TOPICS_MAX or not all(map(TOPIC.fullmatch, row.topics)), "topics",
         mark("There are at most %(most)s topics, each one word.", most=TOPICS_MAX)),
        (row.language is not None and not LANGUAGE.fullmatch(row.language), "language",
         mark("A language is named by its code, such as en or pt-BR.")),
        (row.capacity is not None and not 0 < row.capacity <= CAPACITY_MAX, "capacity",
         mark("A community has room for 1 to %(most)s people.", most=CAPACITY_MAX)),
        (row.proposals not in PROPOSALS, "proposals",
         mark("Calls are open to all members, seconded by some, or approved.")),
        (not 0 < row.seconds <= SECONDS_MAX, "seconds",
         mark("A proposal is seconded by 1 to %(most)s members.", most=SECONDS_MAX)),
    )  # fmt: skip
    for is_wrong, field, sentence in wrong:
        if is_wrong:
            raise Invalid(sentence, field=field)


def _too_much(lines: Sequence[str], most: int, longest: int) -> bool:
    return len(lines) > most or any(len(line) > longest for line in lines)


async def _check_welcome(tx: Tx, row: Community) -> None:
    """The post that greets new members is one of the community's own."""
    if row.welcome_post_id is None:
        return
    post = await post_rows.by_id(tx.conn, row.welcome_post_id)
    if post is None or post.community_id != row.account_id or post.removed:
        raise Invalid(
            "New members are greeted by a post in this community.", field="welcome_post_id"
        )


async def _check_closing(tx: Tx, old: Community, new: Community) -> None:
    closes = new.visibility == "private" and old.visibility != "private"
    if closes and await rows.has_posts(tx.conn, new.account_id):
        raise Invalid(
            "What was posted here was for everybody: a community becomes private before its first post.",
            field="visibility",
        )


async def _say(tx: Tx, group: Account, row: Community, changes: Changes) -> Account:
    """Its account as everybody reads it; followers are told."""
    if changes.title is not None and not changes.title.strip():
        raise Invalid("A community needs a title.", field="title")
    title = group.display_name if changes.title is None else changes.title
    about = group.note_source if changes.about is None else changes.about
    told = await accounts.set_profile(
        tx,
        group,
        display_name=title,
        note_source=about,
        note=shown_about(tx.site.urls, row.purpose, about),
        fields=_fields(tx.site.urls, row.norms),
        locked=row.policy != "open",
        discoverable=row.visibility == "public",
    )
    await effects.profile(tx, told)
    return told


def shown_about(urls: Urls, purpose: str, about: str) -> str:
    """HTML: the purpose, and the description below it."""
    return text.compose("\n\n".join(part for part in (purpose, about) if part), {}, urls.tag)


def _fields(urls: Urls, norms: str) -> list[dict[str, str]]:
    short = text.one_line(norms, FIELD_MAX)
    return (
        [{"name": "Norms", "value": text.compose_line(short, urls.tag), "source": short}]
        if short
        else []
    )


async def _follow_up(tx: Tx, group: Account, old: Community, new: Community) -> None:
    if new.visibility == "private" and old.visibility != "private":
        await mail_follows.end_all(tx, group.id)
        await ties_elsewhere.end_all(tx, group)
        for other in await rows.no_people(tx.conn, group.id):
            await tx.later(
                f"expel:{group.id}",
                "expel",
                {"community_id": group.id, "account_id": other.id},
                tx.now,
            )
    if new.policy == "open" and old.policy != "open":
        for asking in await rows.asking(tx.conn, group.id, LET_IN):
            await tx.later(
                f"admit:{group.id}",
                "admit",
                {"community_id": group.id, "account_id": asking.id},
                tx.now,
            )
    if new.capacity != old.capacity:
        await follows.free_places(tx, group.id)


async def admit(tx: Tx, community_id: int, account_id: int, *, admitted: bool) -> None:
    """What a change of the settings means for one who waits, or for one who cannot stay: as a job."""
    people = await account_rows.by_ids(tx.conn, [community_id, account_id])
    known = await follow_rows.between(tx.conn, account_id, community_id)
    if known is None or len(people) < 2:
        return
    act = follows.accept if admitted else follows.reject
    await act(tx, people[community_id], known, people[account_id])
