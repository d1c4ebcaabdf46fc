"""Taking part that comes from other servers: a Join, its answer, an invitation, and taking it back."""

from __future__ import annotations

from federation import activities as wire_acts
from federation.errors import Refused
from federation.objects import Post
from federation.origin import same_origin
from federation.vocab import PRIMARY
from server.arriving import budgets, drafts
from server.arriving.acts import Act
from server.domain.calling import (
    calls_elsewhere,
    commitments,
    copies,
    decisions,
    participations,
    replies,
    short_calls,
    tallies,
)
from server.domain.groups import invitations
from server.domain.members import follows
from server.domain.tx import Tx
from server.errors import Forbidden, Invalid, NotFound
from storage import accounts, ties_elsewhere
from storage import call_copies as copy_rows
from storage import commitments as commitment_rows
from storage import communities as community_rows
from storage import participations as participation_rows
from storage import posts as post_rows
from storage.accounts import Account


async def join(tx: Tx, act: Act, activity: wire_acts.Join) -> None:
    group = await accounts.by_uri(tx.conn, activity.object)
    if group and await community_rows.by_id(tx.conn, group.id):
        await follows.follow(tx, act.by, group, uri=activity.id)
        return
    post = await drafts.open_to(tx, act.by, activity.object)
    if post is None or not post.local:
        raise Refused("unknown_call", "There is no call of that address here.")
    await budgets.take(tx, budgets.ANSWERS, act.by.host, of=post.id)
    await _join(tx, act, post, activity)


async def _join(tx: Tx, act: Act, post: post_rows.Post, activity: wire_acts.Join) -> None:
    said, role = activity.answer or None, activity.role or None
    fields = None if activity.fields is None else dict(activity.fields)
    try:
        counts = await participations.join(
            tx, act.by, post, activity.id, said, role, activity.guests, fields, activity.ballot
        )
        if counts:  # a reason goes with the answer for which it was given
            await decisions.note_reason(tx, act.by, post, activity.message)
    except Invalid as unknown:
        if unknown.field == "fields":
            raise Refused("not_asked", unknown.sentence) from unknown
        if activity.ballot is not None:
            raise Refused("bad_ballot", unknown.sentence) from unknown
        raise Refused("unknown_answer", "This call has no such answer.") from unknown


async def invite(tx: Tx, act: Act, activity: wire_acts.Invite) -> None:
    """Who is called so by a stranger costs as much as a mention."""
    invited = await accounts.by_uri(tx.conn, activity.target)
    if invited is None or not invited.local or invited.kind != "person":
        raise Refused("unknown_target", "There is nobody of that address here.")
    to = await accounts.by_uri(tx.conn, activity.object) or await drafts.open_to(
        tx, invited, activity.object
    )
    group, post = (to, None) if isinstance(to, Account) else (None, to)
    if not (group and group.is_group) and not (post and post.is_call):
        raise Refused("unknown_object", "That is no group and no event.")
    assert to, "one of them"
    await budgets.take(tx, budgets.UNASKED, act.by.host)
    await invitations.arrived(tx, act.by, invited, to, activity.id)


async def leave(tx: Tx, act: Act, activity: wire_acts.Leave) -> None:
    group = await accounts.by_uri(tx.conn, activity.object)
    if group:
        await follows.unfollow(tx, act.by, group)
        return
    await withdraw(tx, act, activity.object)


async def withdraw(tx: Tx, act: Act, uri: str, joined: str | None = None) -> None:
    """``joined``: the id of the Join, where it was named. It may come after this."""
    post = _ours(await calls_elsewhere.known_by(tx, uri))
    if await participations.withdraw(tx, act.by, post):
        return
    await budgets.take(tx, budgets.ANSWERS, act.by.host, of=post.id)
    await participations.overtaken(tx, act.by, post, joined)


async def withdraw_from(tx: Tx, act: Act, post: post_rows.Post | None) -> None:
    await participations.withdraw(tx, act.by, _ours(post))


def _ours(post: post_rows.Post | None) -> post_rows.Post:
    if post is None or not post.local or not post.is_call:
        raise Refused("unknown_call", "There is no call of that address here.")
    return post


async def replied(tx: Tx, act: Act, reply: post_rows.Post, above: str | None) -> None:
    """A reply that answered a call counts as an answer for its domain too; one to a message about a place
    means the call."""
    if above and reply.in_reply_to_id is None:
        await replies.to_receipt(tx, act.by, reply, above)
    given = await participation_rows.by_uri(tx.conn, reply.uri)
    if given:
        await budgets.take(tx, budgets.ANSWERS, act.by.host, of=given.post_id)


async def is_started_from_ours(tx: Tx, value: Post) -> bool:
    """Whether it is a copy of a call of ours that may be started elsewhere: that is told here, and asked by
    nobody."""
    uri = value.call.started_from if value.call else None
    origin = await post_rows.by_uri(tx.conn, uri) if uri else None
    return origin is not None and origin.local and await copies.may_be_started(tx, origin)


async def started(tx: Tx, host: str, copy: post_rows.Post) -> None:
    """So many copies of one call come from one domain."""
    uri = await copy_rows.origin(tx.conn, copy.id)
    origin = await post_rows.by_uri(tx.conn, uri) if uri else None
    if origin and origin.local:
        await budgets.take(tx, budgets.COPIES, host, of=origin.id)


async def refuse_short_form(tx: Tx, act: Act, post: post_rows.Post) -> None:
    """Who tries to make a call from another server is told why there is none, so many a day of a domain."""
    if not await short_calls.is_from_elsewhere(tx, post):
        return
    try:
        await budgets.take(tx, budgets.RECEIPTS, act.by.host)
    except budgets.OverBudget:
        return
    await short_calls.explain(tx, act.by, post)


async def unsaid(tx: Tx, act: Act, uri: str) -> None:
    """What said an answer and was never kept, such as a vote, is deleted."""
    given = await participation_rows.by_uri(tx.conn, uri)
    if given and given.account_id == act.by.id:
        await withdraw_from(tx, act, await post_rows.by_id(tx.conn, given.post_id))


async def offer(tx: Tx, act: Act, activity: wire_acts.Offer) -> None:
    """Something is promised to a need of ours (FEP-0837)."""
    value = activity.agreement
    post = await drafts.open_to(tx, act.by, value.satisfies.removesuffix(PRIMARY))
    if post is None or not post.local or not value.satisfies.endswith(PRIMARY):
        raise Refused("unknown_call", "There is no need or offer of that address here.")
    await budgets.take(tx, budgets.ANSWERS, act.by.host, of=post.id)
    said = commitments.Offered(
        activity.id,
        value.quantity,
        value.unit,
        value.conforms_to,
        value.in_return,
        activity.message,
    )
    try:
        await commitments.offered(tx, act.by, post, said)
    except NotFound as other:
        raise Refused("unknown_call", "There is no need or offer of that address here.") from other


async def confirm(tx: Tx, act: Act, activity: wire_acts.Confirm) -> None:
    """What one of ours promised came true, says who they promised it to."""
    asked = await commitment_rows.by_uri(tx.conn, activity.agreement)
    given = await participation_rows.by_id(tx.conn, asked.id) if asked else None
    if given is None:
        raise Refused("never_asked", "Nothing of that id was agreed on.")
    if not await participations.answers_for(tx, act.by, given):
        raise Refused("foreign_answer", "Only who was asked may answer.")
    await commitments.heard(tx, act.by, given, "fulfilled", None)


async def offer_undone(tx: Tx, act: Act, uri: str) -> bool:
    """What was promised by an Offer is taken back; False where there is none of theirs."""
    asked = await commitment_rows.by_uri(tx.conn, uri)
    if asked is None or asked.account_id != act.by.id:
        return False
    post = _ours(await post_rows.by_id(tx.conn, asked.post_id))
    await participations.withdraw(tx, act.by, post)
    await participations.overtaken(tx, act.by, post, uri)  # the same again counts no more
    return True


async def is_anothers(tx: Tx, uri: str) -> bool:
    """Whether what was offered by this id is here, and so not the sender's (``offer_undone``)."""
    offered = await commitment_rows.by_uri(tx.conn, uri) or await ties_elsewhere.by_uri(
        tx.conn, uri
    )
    return offered is not None


async def offer_overtaken(tx: Tx, act: Act, offer: wire_acts.Offer) -> None:
    """An Offer is taken back that is not here: it may come after this."""
    about = offer.agreement.satisfies.removesuffix(PRIMARY)
    post = await drafts.open_to(tx, act.by, about)
    if post is None or not post.local or not post.is_call or not offer.id:
        raise Refused("unknown_object", "There is nothing of yours here to undo.")
    await budgets.take(tx, budgets.ANSWERS, act.by.host, of=post.id)
    await participations.overtaken(tx, act.by, post, offer.id)


async def join_answered(
    tx: Tx,
    act: Act,
    joined: participation_rows.Participation,
    state: str,
    inner: wire_acts.Activity | None = None,
    *,
    agreement: str = "",
) -> None:
    """``agreement``: the id of what was agreed on, where an Offer is answered."""
    try:
        guests = inner.guests if isinstance(inner, wire_acts.Join) else None
        await participations.hear_answer(tx, act.by, joined, state, guests)
    except Forbidden as refused:
        raise Refused("foreign_answer", "Only who was asked may answer.") from refused
    became = {"granted": "accepted", "refused": "declined"}.get(state)
    if became:
        named = agreement if same_origin(agreement or act.by.uri, act.by.uri) else ""
        await commitments.heard(tx, act.by, joined, became, named or None)


async def tell(tx: Tx, act: Act, activity: wire_acts.Tell) -> None:
    """How many of another server's people take part in a call of ours. Only public ones are told elsewhere."""
    said = activity.tally
    post = await calls_elsewhere.known_by(tx, said.object)
    if post is None or not post.local or not post.is_call or not post.is_public:
        raise Refused("unknown_call", "There is no call of that address here.")
    await budgets.take(tx, budgets.TALLIES, act.by.host)
    await tallies.hear(tx, act.by, post, drafts.tally_of(act.by, post, said, tx.now))


async def ignore(tx: Tx, act: Act, activity: wire_acts.Ignore) -> None:
    joined = await participation_rows.by_uri(tx.conn, activity.object)
    if joined is None:
        raise Refused("never_asked", "Nothing of that id was asked.")
    await join_answered(tx, act, joined, "refused")
