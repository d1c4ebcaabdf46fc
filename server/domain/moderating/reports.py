"""Reports: what a member, or another server, asks the moderators to look at.

Whoever is reported never learns by whom. A report may be forwarded to the server of a remote account: it
leaves as a Flag of the instance itself, with the comment and the posts and without the member's name; for posts
in a group of another server it goes to that group as well, in the form that Lemmy reads. A
Flag that comes from elsewhere is a report like any other, by the actor who sent it.

Those who steer a community of ours are told of reports of posts in it, in the community's name: who reported
is not for them to know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server import text
from server.clock import stamp
from server.domain import effects, forms
from server.domain.calling import calls_elsewhere
from server.domain.members import accounts as account_verbs
from server.domain.moderating import staff_log
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from server.i18n import mark
from storage import accounts as account_rows
from storage import communities, instance, outbox, posts, reports, users
from storage.accounts import Account
from storage.posts import Post
from storage.reports import NewReport, Report

CATEGORIES = ("spam", "legal", "violation", "other")
COMMENT_MAX = 1000  # characters
FLAG_MAX = 5000
POSTS_MAX = 50
GROUP_FLAGS = 10
"""Posts of a report that groups are told of: one Flag each."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """``category``: None lets the rules decide. ``forward``: to the server of the one reported."""

    post_ids: Sequence[int] = ()
    comment: str = ""
    category: str | None = None
    rule_ids: Sequence[int] = ()
    forward: bool = False


async def report(tx: Tx, actor: Account, target: Account, said: Complaint) -> Report:
    """Tell the moderators. Raises ``Invalid``, and ``NotFound`` for a post not to be seen or not theirs."""
    if target.id == actor.id:
        raise Invalid("Validation failed: You cannot report yourself", field="account_id")
    if len(said.comment) > COMMENT_MAX:
        raise Invalid(
            mark("Validation failed: A comment has at most %(most)s characters", most=COMMENT_MAX),
            field="comment",
        )
    category = await _category(tx, said)
    shown = await _posts(tx, actor, target, said.post_ids)
    groups = await _groups_elsewhere(tx, target, shown) if said.forward else {}
    forwarded = said.forward and (not target.local or bool(groups))
    made = await reports.insert(
        tx.conn,
        NewReport(
            account_id=actor.id,
            target_id=target.id,
            post_ids=[p.id for p in shown],
            category=category,
            comment=said.comment.strip(),
            rule_ids=sorted(set(said.rule_ids)),
            forwarded=forwarded,
        ),
        tx.now,
    )
    assert made, "only a Flag is ever a repeat"
    if forwarded:
        await _forward(tx, target, shown, groups, made.comment)
    await _tell(tx, actor, made)
    return made


async def _groups_elsewhere(tx: Tx, target: Account, shown: Sequence[Post]) -> dict[int, Account]:
    """Those that are told besides the author's server. A Beckon that has both makes one report of the one Flag,
    and of two it would make two."""
    ids = [post.community_id for post in shown if post.community_id]
    found = await account_rows.by_ids(tx.conn, ids)
    known = await outbox.hosts(tx.conn, [target.host])
    told = {h.host for h in known.values() if h.software == forms.BECKON}
    return {g.id: g for g in found.values() if not g.local and g.host not in told}


async def _forward(
    tx: Tx, target: Account, shown: Sequence[Post], groups: Mapping[int, Account], comment: str
) -> None:
    us = await account_verbs.instance_actor(tx)
    if not target.local:
        await effects.flag(tx, us, target, [p.uri for p in shown], comment)
    for post in shown[:GROUP_FLAGS]:
        if group := groups.get(post.community_id or 0):
            await effects.flag_to_group(tx, us, group, post, comment)


async def _category(tx: Tx, said: Complaint) -> str:
    category = said.category or ("violation" if said.rule_ids else "other")
    await _check(tx, category, said.rule_ids)
    return category


async def _check(tx: Tx, category: str, rule_ids: Sequence[int]) -> None:
    if category not in CATEGORIES:
        raise Invalid("Validation failed: Category is not included in the list", field="category")
    here = await instance.get(tx.conn)
    known = len(here.rules) if here else 0
    if any(not 1 <= number <= known for number in rule_ids):
        raise Invalid("Validation failed: There is no such rule", field="rule_ids")


async def _posts(tx: Tx, actor: Account, target: Account, ids: Sequence[int]) -> list[Post]:
    wanted = list(dict.fromkeys(ids))
    if len(wanted) > POSTS_MAX:
        raise Invalid(
            mark(
                "Validation failed: At most %(most)s posts can be reported at once", most=POSTS_MAX
            ),
            field="status_ids",
        )
    found = await posts.by_ids(tx.conn, wanted)
    # Not as ``sight`` has it: whoever writes to somebody and blocks them then can still be reported.
    known = await reports.known_at(tx.conn, wanted, actor.host, actor.id)
    if len(known) != len(wanted) or any(p.account_id != target.id for p in found.values()):
        raise NotFound
    return [found[i] for i in wanted]


async def _tell(tx: Tx, reporter: Account, made: Report) -> None:
    """A notification shows the report as it came: what becomes of it stands in the report itself."""
    about = {
        "id": str(made.id),
        "action_taken": False,
        "action_taken_at": None,
        "category": made.category,
        "comment": made.comment,
        "forwarded": made.forwarded,
        "created_at": stamp(made.created_at),
        "status_ids": [str(i) for i in made.post_ids],
        "rule_ids": [str(i) for i in made.rule_ids],
        "target_account_id": made.target_id,
    }
    staff = await users.staff(tx.conn)
    await effects.tell(tx, staff, "admin.report", reporter, None, about=about)
    told = {made.target_id, made.account_id, *(person.id for person in staff)}
    for community in await _communities(tx, made):
        stewards = await communities.stewards(tx.conn, community.id)
        new = [person for person in stewards if person.id not in told]
        await effects.tell(tx, new, "admin.report", community, None, about=about)
        told |= {person.id for person in new}


async def _communities(tx: Tx, made: Report) -> list[Account]:
    """Those of ours in which what is reported stands."""
    found = await posts.by_ids(tx.conn, made.post_ids)
    ids = [post.community_id for post in found.values() if post.community_id]
    groups = await account_rows.by_ids(tx.conn, ids)
    return [group for group in groups.values() if group.local]


def _is_of(target: Account, post: Post) -> bool:
    """By them; or a call by somebody, whose card is the community's."""
    as_card = post.is_call and post.community_id == target.id
    return as_card or post.account_id == target.id


async def arrived(
    tx: Tx, reporter: Account, target: Account, uris: Sequence[str], comment: str, uri: str
) -> None:
    """A Flag about somebody of ours, or in a community of ours; of the posts named, those are kept that are theirs and that the server
    of the reporter was sent: whoever guesses an address does not open a letter of others.
    """
    named = [await calls_elsewhere.known_by(tx, each) for each in uris[:POSTS_MAX]]
    found = list(dict.fromkeys(p.id for p in named if p and _is_of(target, p)))
    made = await reports.insert(
        tx.conn,
        NewReport(
            account_id=reporter.id,
            target_id=target.id,
            post_ids=await reports.known_at(tx.conn, found, reporter.host),
            comment=text.plain(comment)[:FLAG_MAX],
            uri=uri,
        ),
        tx.now,
    )
    if made:
        await _tell(tx, reporter, made)


# What becomes of it. The door has asked for the role; a report that goes meanwhile is not found.


async def sort(
    tx: Tx, row: Report, category: str, rule_ids: Sequence[int], by: Account | None = None
) -> Report:
    """Under another category. Raises ``Invalid``."""
    await _check(tx, category, rule_ids)
    await _note(tx, by, "report_sort", row)
    return _found(await reports.sort(tx.conn, row.id, category, sorted(set(rule_ids)), tx.now))


async def take_on(tx: Tx, by: Account, row: Report) -> Report:
    """``by`` looks after it."""
    await _note(tx, by, "report_take", row)
    return _found(await reports.assign(tx.conn, row.id, by.id, tx.now))


async def let_go(tx: Tx, by: Account, row: Report) -> Report:
    await _note(tx, by, "report_let_go", row)
    return _found(await reports.assign(tx.conn, row.id, None, tx.now))


async def resolve(tx: Tx, by: Account, row: Report) -> Report:
    """Close it. One that is closed stays as whoever closed it first left it."""
    if row.resolved_at:
        return row
    await _note(tx, by, "report_resolve", row)
    return _found(await reports.resolve(tx.conn, row.id, by.id, tx.now))


async def reopen(tx: Tx, by: Account, row: Report) -> Report:
    await _note(tx, by, "report_reopen", row)
    return _found(await reports.reopen(tx.conn, row.id, tx.now))


async def _note(tx: Tx, by: Account | None, action: str, row: Report) -> None:
    await staff_log.note(tx, by.user_id if by else None, action, about=str(row.id))


def _found(row: Report | None) -> Report:
    if row is None:
        raise NotFound
    return row
