"""A proven activity becomes the call of one verb: one function per type of activity.

By now the sender is proven, and what the activity leans on was fetched (inbox.py, resolve.py); here rows
are looked up and the verb is called, all in one transaction, without network. What cannot be carried
out raises ``Refused`` with a named reason, which is kept with the arrival.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from federation import activities as wire_acts
from federation.errors import Refused
from federation.objects import Post, QuoteAuthorization
from federation.origin import same_origin
from server.arriving import budgets, drafts, receive_calls, receive_moderation, receive_ties
from server.arriving.acts import Act
from server.domain import policy, wire
from server.domain.calling import calls_elsewhere, participations, taken_back
from server.domain.members import farewell, follows, moves
from server.domain.moderating import host_blocks, reports
from server.domain.posting import dislikes, marks, polls, posts, quotes, sharing
from server.domain.tx import Arrived, Tx
from storage import accounts
from storage import calls as call_rows
from storage import communities as community_rows
from storage import dislikes as dislike_rows
from storage import follows as follow_rows
from storage import marks as mark_rows
from storage import participations as participation_rows
from storage import polls as poll_rows
from storage import posts as post_rows
from storage import quotes as quote_rows
from storage.accounts import Account


async def apply(tx: Tx, act: Act) -> None:
    """Carry an activity out. Raises ``Refused``, or what the verb raises (``BeckonError``)."""
    require_welcome(act.by)
    handler = HANDLERS.get(type(act.activity))
    if handler is None:
        raise Refused("unsupported", "This kind of activity means nothing here.")
    await handler(tx, act, act.activity)
    for _ in tx.carried:
        await budgets.take(tx, budgets.CARRIED, act.by.host)
        await budgets.take_key(tx, budgets.CARRIED_OF_ONE, str(act.by.id))


def require_welcome(account: Account) -> None:
    """Raises ``Refused``: asked of whoever acts or writes, whatever way it came in (Mastodon CVE-2026-23961)."""
    if account.suspended_at:
        raise Refused("suspended", "This account is suspended here.")


# Posts


async def store(
    tx: Tx, value: Post, stamp: QuoteAuthorization | None = None, *, history: bool = False
) -> post_rows.Post | None:
    """Write down a post that was fetched from its origin; it is shown, but no community carries it."""
    author = await accounts.by_uri(tx.conn, value.attributed_to)
    if author is None or author.local:
        raise Refused("unknown_author", "The author of this post is not known.")
    require_welcome(author)
    made = await _publish(tx, author, value, Arrived(value.id, {}, history=history), stamp)
    if made:
        await receive_calls.started(tx, author.host, made)
    return made or await post_rows.by_uri(tx.conn, value.id)


async def _publish(
    tx: Tx, author: Account, value: Post, arrived: Arrived, stamp: QuoteAuthorization | None
) -> post_rows.Post | None:
    draft = await drafts.draft_of(tx, author, value, stamp)
    # The verb is given the object's id, and the activity as it came.
    named = replace(arrived, uri=value.id)
    # A call is made by those who steer its community, which only their common server knows.
    community = draft.community
    own = community is not None and same_origin(community.uri, author.uri)
    # Any other event is its author's, but in a community of ours, which passes it on as a post.
    anybodys = value.call is None and not (community and community.local)
    if draft.is_call and drafts.is_call(value) and (own or anybodys):
        return await calls_elsewhere.receive(
            tx, author, draft, drafts.details_of(value), drafts.reported_of(value), named
        )
    poll = None if draft.is_call else draft.poll
    plain = replace(draft, kind=drafts.plain_kind(draft), poll=poll)
    return await posts.publish(tx, author, plain, arrived=named)


async def _create(tx: Tx, act: Act, activity: wire_acts.Create) -> None:
    if activity.votes:
        await _votes(tx, act, activity)
        return
    value = activity.post
    if value is None:
        return  # only an id: it was fetched before, or is not there
    if value.card_for:
        raise Refused("card", "An answer card stands for its call and is never kept.")
    asked = act.through is not None and await is_followed(tx, act.through)
    if not asked and not await is_for_us(tx, act.by, value):
        raise Refused("nobody_asked", "Nobody here follows or is addressed.")
    made = await _publish(tx, act.by, value, act.arrived, act.stamp)
    if made:
        await _spend_on_mentions(tx, act.by, made)
        await receive_calls.replied(tx, act, made, value.in_reply_to)
        await receive_calls.started(tx, act.by.host, made)
        await receive_calls.refuse_short_form(tx, act, made)
    if act.through:
        await _shared(tx, act.through, value.id, act)


async def is_for_us(tx: Tx, author: Account, value: Post) -> bool:
    """Whether a post that somebody sends concerns somebody here."""
    named = (*value.to, *value.cc, *([value.audience] if value.audience else []))
    if await receive_calls.is_started_from_ours(tx, value):
        return True
    return await concerns_us(tx, author, named, value.in_reply_to)


async def concerns_us(
    tx: Tx, author: Account, named: Sequence[str], in_reply_to: str | None
) -> bool:
    """Addressed to somebody here, followed from here, or part of what is here."""
    if await is_followed(tx, author):
        return True
    for account in (await accounts.by_uris(tx.conn, named[:100])).values():
        if account.local or await is_followed(tx, account):
            return True
    return in_reply_to is not None and await drafts.open_to(tx, author, in_reply_to) is not None


async def is_followed(tx: Tx, account: Account) -> bool:
    """Whether somebody here follows an account."""
    return await follow_rows.has_local_follower(tx.conn, account.id)


async def is_known(tx: Tx, uri: str) -> bool:
    """Whether a post or call of this id is here."""
    return await calls_elsewhere.known_by(tx, uri) is not None


async def _shared(tx: Tx, group: Account, uri: str, act: Act) -> None:
    """A community's post shows in home as a boost by the community, once per thread's head."""
    post = await calls_elsewhere.known_by(tx, uri)
    call = await call_rows.by_id(tx.conn, post.id) if post else None
    shift = call is not None and call.parent_id is not None  # its call is what followers hear of
    if post and post.is_head and not group.local and not shift:
        await sharing.share(tx, group, post, at=act.activity.published)


async def _spend_on_mentions(tx: Tx, author: Account, post: post_rows.Post) -> None:
    """Who is called by somebody they never asked for is told, as far as the budget of that domain goes."""
    unasked = await follow_rows.unasked(tx.conn, post.id, author.id)
    if not unasked.people:
        return
    new = unasked.met_at is None or unasked.met_at > tx.now - budgets.NEW
    rule = budgets.UNASKED_OF_NEW if new else budgets.UNASKED
    await budgets.take(tx, rule, author.host, count=unasked.people)


async def _votes(tx: Tx, act: Act, activity: wire_acts.Create) -> None:
    first = activity.votes[0]
    post = await _poll_of_ours(tx, act, first.in_reply_to)
    options = await poll_rows.options(tx.conn, [post.id])
    positions = {o.title: o.position for o in options}
    if any(v.name not in positions or v.in_reply_to != first.in_reply_to for v in activity.votes):
        raise Refused("unknown_option", "This poll has no such option.")
    await budgets.take(tx, budgets.VOTES, act.by.host, of=post.id)
    picked = [positions[v.name] for v in activity.votes]
    await polls.vote(tx, act.by, post, picked, uris=[v.id for v in activity.votes])


async def _poll_vote(tx: Tx, act: Act, activity: wire_acts.PollVote) -> None:
    post = await _poll_of_ours(tx, act, activity.object)
    await budgets.take(tx, budgets.VOTES, act.by.host, of=post.id)
    options = await poll_rows.options(tx.conn, [post.id])
    picked = [o.position for o in options if o.title == activity.name]
    await polls.vote(tx, act.by, post, picked, uris=[activity.id])


async def _poll_of_ours(tx: Tx, act: Act, uri: str) -> post_rows.Post:
    post = await drafts.open_to(tx, act.by, uri)
    if post is None or not post.local:
        raise Refused("unknown_poll", "This poll is not counted here.")
    return post


async def _update(tx: Tx, act: Act, activity: wire_acts.Update) -> None:
    value = activity.post
    if value is None:
        return  # an actor was refreshed from its origin before
    post = await post_rows.by_uri(tx.conn, value.id)
    if post is None:
        raise Refused("unknown_object", "There is nothing here to update.")
    if post.account_id != act.by.id:
        raise Refused("foreign_object", "Only its author may change a post.")
    if value.updated and post.edited_at and value.updated < post.edited_at:
        raise Refused("stale", "A later version of this post is known.")
    draft = await drafts.draft_of(tx, act.by, value, act.stamp)
    await posts.edit(tx, act.by, post, draft, arrived=act.arrived)
    if drafts.is_call(value) and await _is_same_call(tx, post, value):
        await calls_elsewhere.hear(tx, post, drafts.details_of(value), drafts.reported_of(value))


async def _is_same_call(tx: Tx, post: post_rows.Post, value: Post) -> bool:
    """Whether it is a call here, of the kind that it says now: a call stays of its kind."""
    found = await call_rows.by_id(tx.conn, post.id)
    said = (value.call.kind, value.call.variant) if value.call else ("event", "")
    return found is not None and (found.kind, found.variant) == said


async def _delete(tx: Tx, act: Act, activity: wire_acts.Delete) -> None:
    if activity.is_self:
        await farewell.forget(tx, act.by)
        return
    post = await post_rows.by_uri(tx.conn, activity.object)
    if post is None:
        await _stamp_gone(tx, act, activity.object)
        await receive_calls.unsaid(tx, act, activity.object)
        if same_origin(act.by.uri, activity.object):
            await _spend_for_good(tx, budgets.BURIED, act.by.host)
            await post_rows.bury(tx.conn, activity.object, tx.now, said_by=act.by.uri)
        return
    if post.account_id != act.by.id:
        await receive_moderation.remove(tx, act, post, activity.summary)
        return
    boosted = await post_rows.by_id(tx.conn, post.reblog_of_id) if post.reblog_of_id else None
    if boosted:
        await marks.unboost(tx, act.by, boosted)
        return
    await calls_elsewhere.deleted(tx, post)
    await posts.delete(tx, act.by, post, arrived=act.arrived)


async def _spend_for_good(tx: Tx, rule: budgets.Rule, host: str) -> None:
    """What is not worth to be tried again. Raises ``Refused``."""
    try:
        await budgets.take(tx, rule, host)
    except budgets.OverBudget as error:
        raise Refused(error.reason, error.sentence, cause=error.cause) from error


async def _stamp_gone(tx: Tx, act: Act, uri: str) -> None:
    """An approval to quote is taken back by who gave it."""
    quoting = await quote_rows.by_stamp(tx.conn, uri)
    if quoting and quoting.quoted_account_id == act.by.id:
        await quotes.refused(tx, quoting)


async def _quote_request(tx: Tx, act: Act, activity: wire_acts.QuoteRequest) -> None:
    quoted = await calls_elsewhere.known_by(tx, activity.object)
    # What is not for everybody does not exist for who asks: no answer tells of it.
    if quoted is None or not quoted.local or not quoted.is_public or quoted.reblog_of_id:
        raise Refused("unknown_object", "This post is not known here.")
    quoting = await post_rows.by_uri(tx.conn, activity.instrument)
    if quoting is None and activity.post:
        quoting = await _publish(tx, act.by, activity.post, Arrived(activity.instrument, {}), None)
    if quoting is None:
        raise Refused("unknown_instrument", "The quoting post could not be found.")
    if quoting.account_id != act.by.id or quoting.quote_id != quoted.id:
        raise Refused("foreign_instrument", "Only its author asks for a post that quotes.")
    if quoting.held:
        policy.HELD.require()
    await quotes.asked(tx, act.by, quoting, quoted, activity.id, quoted_uri=activity.object)


async def gone(tx: Tx, uri: str) -> None:
    """Its origin says that a post is gone."""
    post = await post_rows.by_uri(tx.conn, uri)
    if post and not post.local:
        await calls_elsewhere.deleted(tx, post)
        await posts.remove(tx, post)


async def _announce(tx: Tx, act: Act, activity: wire_acts.Announce) -> None:
    post = await _seen(tx, act.by, activity.object)
    await marks.boost(tx, act.by, post, uri=activity.id, at=activity.published)


async def _like(tx: Tx, act: Act, activity: wire_acts.Like) -> None:
    post = await _seen(tx, act.by, activity.object)
    await marks.like(tx, act.by, post, arrived=act.arrived)


async def _dislike(tx: Tx, act: Act, activity: wire_acts.Dislike) -> None:
    await dislikes.dislike(
        tx, act.by, await _seen(tx, act.by, activity.object), arrived=act.arrived
    )


async def _lock(tx: Tx, act: Act, activity: wire_acts.Lock) -> None:
    post = await _seen(tx, act.by, activity.object)
    await receive_moderation.lock(tx, act, post, activity.summary, locked=True)


async def _seen(tx: Tx, by: Account, uri: str) -> post_rows.Post:
    post = await drafts.open_to(tx, by, uri)
    if post is None:
        raise Refused("unknown_object", "This post is not known here.")
    return post


async def _add(tx: Tx, act: Act, activity: wire_acts.Add) -> None:
    await _listed(tx, act, activity.object, activity.target, added=True)


async def _remove(tx: Tx, act: Act, activity: wire_acts.Remove) -> None:
    await _listed(tx, act, activity.object, activity.target, added=False)


async def _listed(tx: Tx, act: Act, uri: str, target: str, *, added: bool) -> None:
    if target == act.by.featured_uri:
        await marks.feature(tx, act.by, await _seen(tx, act.by, uri), added=added)
        return
    group = await receive_moderation.group_of(tx, act.activity, target)
    if group is None:
        raise Refused("foreign_target", "Only the owner of a collection changes it.")
    if target == group.moderators_uri:
        await receive_moderation.list_moderator(tx, act, group, uri, added=added)
    else:
        await receive_moderation.feature(tx, act, await _seen(tx, act.by, uri), added=added)


# People


async def _follow(tx: Tx, act: Act, activity: wire_acts.Follow) -> None:
    target = await accounts.by_uri(tx.conn, activity.object)
    if target is None or not target.local or target.waiting:
        raise Refused("unknown_target", "There is nobody of that address here.")
    await follows.asked(tx, act.by, target, activity.id)


async def _move(tx: Tx, act: Act, activity: wire_acts.Move) -> None:
    named = await accounts.by_uris(tx.conn, [activity.object, activity.target])
    if len(named) < 2:
        raise Refused("unknown_target", "Who moves, or where to, is not known here.")
    await moves.arrived(tx, act.by, named[activity.object], named[activity.target])


async def _accept(tx: Tx, act: Act, activity: wire_acts.Accept) -> None:
    quoting = await _asked_to_quote(tx, act, activity.object)
    if quoting and not activity.result:
        raise Refused("no_result", "An approval needs a stamp of its own server.")
    if quoting and activity.result:
        await quotes.approved(tx, quoting, activity.result)
        return
    await _answer(tx, act, activity.object, activity.inner, "granted", "going")


async def _asked_to_quote(tx: Tx, act: Act, asked: str) -> post_rows.Post | None:
    """The post of ours for which we asked whether it may quote."""
    uri = asked.removesuffix(wire.QUOTE_REQUEST)
    quoting = await post_rows.by_uri(tx.conn, uri) if uri != asked else None
    if quoting is None or not quoting.local:
        return None
    if quoting.quoted_account_id != act.by.id:
        raise Refused("foreign_answer", "Only who was asked may answer.")
    return quoting


async def _tentative(tx: Tx, act: Act, activity: wire_acts.TentativeAccept) -> None:
    await _answer(tx, act, activity.object, activity.inner, "waiting", "maybe")


async def _reject(tx: Tx, act: Act, activity: wire_acts.Reject) -> None:
    quoting = await _asked_to_quote(tx, act, activity.object)
    if quoting:
        await quotes.refused(tx, quoting)
        return
    await _answer(tx, act, activity.object, activity.inner, "refused", "declined")


async def _answer(
    tx: Tx, act: Act, uri: str, inner: wire_acts.Activity | None, state: str, said: str
) -> None:
    """To a Follow or a Join of ours; or, of an event of ours, an RSVP (Friendica, gathio)."""
    asked = uri or (inner.id if inner else "")
    if await receive_ties.answered(tx, act, asked, state):
        return
    follow = await follow_rows.by_uri(tx.conn, asked)
    if follow:
        await _follow_answered(tx, act.by, follow, state)
        return
    joined = await participation_rows.by_uri(tx.conn, asked)
    if joined:
        agreed = act.activity.agreement if isinstance(act.activity, wire_acts.Accept) else None
        await receive_calls.join_answered(
            tx, act, joined, state, inner, agreement=agreed.id if agreed else ""
        )
        return
    post = await drafts.open_to(tx, act.by, asked)
    if post is None or not post.local or not post.is_call:
        raise Refused("never_asked", "Nothing of that id was asked.")
    await budgets.take(tx, budgets.ANSWERS, act.by.host, of=post.id)
    await participations.answer(tx, act.by, post, said, "join", uri=act.activity.id)


async def _follow_answered(tx: Tx, by: Account, follow: follow_rows.Follow, state: str) -> None:
    follower = await accounts.by_id(tx.conn, follow.follower_id)
    if follow.target_id != by.id or follower is None or not follower.local:
        raise Refused("foreign_answer", "Only who was asked may answer.")
    if state == "granted":
        await follows.accept(tx, by, follow, follower)
    elif state == "refused":
        await follows.reject(tx, by, follow, follower)


async def _undo(tx: Tx, act: Act, activity: wire_acts.Undo) -> None:
    undo = UNDOING.get(type(activity.inner)) if activity.inner else None
    if undo and activity.inner:
        await undo(tx, act, activity.inner)
        return
    if undo_moderation := receive_moderation.UNDOING.get(type(activity.inner)):
        await undo_moderation(tx, act, activity)
        return
    await _undo_by_id(tx, act, activity.object)


async def _undo_follow(tx: Tx, act: Act, inner: wire_acts.Follow) -> None:
    target = await accounts.by_uri(tx.conn, inner.object)
    if target:
        await follows.unfollow(tx, act.by, target)


async def _undo_like(tx: Tx, act: Act, inner: wire_acts.Like) -> None:
    post = await calls_elsewhere.known_by(tx, inner.object)
    if post and inner.content and inner.id:
        counted = await mark_rows.favourite_uri(tx.conn, act.by.id, post.id)
        if counted != inner.id:
            return  # one reaction of several (Pleroma): what counts still stands
    if post:
        await marks.unlike(tx, act.by, post, arrived=act.arrived)


async def _undo_dislike(tx: Tx, act: Act, inner: wire_acts.Dislike) -> None:
    post = await calls_elsewhere.known_by(tx, inner.object)
    if post:
        await dislikes.undislike(tx, act.by, post, arrived=act.arrived)


async def _undo_announce(tx: Tx, act: Act, inner: wire_acts.Announce) -> None:
    post = await drafts.meant_by(tx, inner.object)
    if post:
        await marks.unboost(tx, act.by, post)


async def _undo_block(tx: Tx, act: Act, inner: wire_acts.Block) -> None:
    if inner.target:
        await receive_moderation.unban(tx, act, inner)
        return
    target = await accounts.by_uri(tx.conn, inner.object)
    if target:
        await follows.unblock(tx, act.by, target)


async def _undo_join(tx: Tx, act: Act, inner: wire_acts.Join) -> None:
    await receive_calls.withdraw(tx, act, inner.object, inner.id)


async def _undo_offer(tx: Tx, act: Act, inner: wire_acts.Offer) -> None:
    if not await receive_calls.offer_undone(tx, act, inner.id):
        await receive_calls.offer_overtaken(tx, act, inner)


async def _undo_by_id(tx: Tx, act: Act, uri: str) -> None:
    """Only the id was sent: whatever of the sender's has it."""
    if await receive_calls.offer_undone(tx, act, uri) or await receive_ties.undone(tx, act, uri):
        return
    follow = await follow_rows.by_uri(tx.conn, uri)
    if follow and follow.follower_id == act.by.id:
        target = await accounts.by_id(tx.conn, follow.target_id)
        if target:
            await follows.unfollow(tx, act.by, target)
        return
    joined = await participation_rows.by_uri(tx.conn, uri)
    if joined and joined.account_id == act.by.id:
        await receive_calls.withdraw_from(tx, act, await post_rows.by_id(tx.conn, joined.post_id))
        return
    liked = await mark_rows.favourite_by_uri(tx.conn, uri)
    disliked = await dislike_rows.by_uri(tx.conn, uri)
    if disliked and disliked.account_id == act.by.id:
        about = await post_rows.by_id(tx.conn, disliked.post_id)
        if about:
            await dislikes.undislike(tx, act.by, about, arrived=act.arrived)
        return
    boost = await post_rows.by_uri(tx.conn, uri)
    post_id = liked.post_id if liked else (boost.reblog_of_id if boost else None)
    post = await post_rows.by_id(tx.conn, post_id) if post_id else None
    if post and liked and liked.account_id == act.by.id:
        await marks.unlike(tx, act.by, post, arrived=act.arrived)
    elif post and boost and boost.account_id == act.by.id:
        await marks.unboost(tx, act.by, post)
    elif follow or joined or liked or disliked or boost:
        raise Refused("unknown_object", "There is nothing of yours here to undo.")
    else:
        await _undone_early(tx, act, uri)


async def _undone_early(tx: Tx, act: Act, uri: str) -> None:
    """Nothing here has that id: it may come after this, and is theirs if it is of their server."""
    if not same_origin(act.by.uri, uri) or await receive_calls.is_anothers(tx, uri):
        raise Refused("unknown_object", "There is nothing of yours here to undo.")
    await _spend_for_good(tx, budgets.UNDONE, act.by.host)
    await taken_back.expect_by_id(tx, act.by, uri)


async def _block(tx: Tx, act: Act, activity: wire_acts.Block) -> None:
    if activity.target:
        await receive_moderation.ban(tx, act, activity)
        return
    target = await accounts.by_uri(tx.conn, activity.object)
    if target is None or not target.local:
        raise Refused("unknown_target", "There is nobody of that address here.")
    await follows.block(tx, act.by, target, uri=activity.id)


async def _flag(tx: Tx, act: Act, activity: wire_acts.Flag) -> None:
    """A report: of an account, of posts, or of both; Mastodon names the account first."""
    named = (await accounts.by_uris(tx.conn, activity.objects[:100])).values()
    target = next((a for a in named if a.local), None) or await _author_of_any(tx, activity)
    if target is None:
        raise Refused("unknown_target", "There is nobody of that address here.")
    if (await host_blocks.stance(tx, act.by.host)).reports_refused:
        raise Refused("reports_refused", "Reports of this server are not taken.")
    await _spend_for_good(tx, budgets.FLAGS, act.by.host)
    await reports.arrived(tx, act.by, target, activity.objects, activity.content, activity.id)


async def _author_of_any(tx: Tx, activity: wire_acts.Flag) -> Account | None:
    """Of posts of ours, or in a community of ours."""
    for uri in activity.objects[: reports.POSTS_MAX]:
        post = await calls_elsewhere.known_by(tx, uri)
        ours = post and (post.local or await _in_community_of_ours(tx, post))
        if post and ours:
            return await accounts.by_id(tx.conn, post.account_id)
    return None


async def _in_community_of_ours(tx: Tx, post: post_rows.Post) -> bool:
    return await community_rows.by_id(tx.conn, post.community_id or 0) is not None


Handler = Callable[[Tx, Act, Any], Awaitable[None]]

HANDLERS: dict[type[wire_acts.Activity], Handler] = {
    wire_acts.Accept: _accept,
    wire_acts.Add: _add,
    wire_acts.Announce: _announce,
    wire_acts.Block: _block,
    wire_acts.Confirm: receive_calls.confirm,
    wire_acts.Create: _create,
    wire_acts.Delete: _delete,
    wire_acts.Dislike: _dislike,
    wire_acts.Flag: _flag,
    wire_acts.Follow: _follow,
    wire_acts.Ignore: receive_calls.ignore,
    wire_acts.Invite: receive_calls.invite,
    wire_acts.Join: receive_calls.join,
    wire_acts.Leave: receive_calls.leave,
    wire_acts.Like: _like,
    wire_acts.Lock: _lock,
    wire_acts.Move: _move,
    wire_acts.Offer: receive_calls.offer,
    wire_acts.OfferTie: receive_ties.offered,
    wire_acts.PollVote: _poll_vote,
    wire_acts.QuoteRequest: _quote_request,
    wire_acts.Reject: _reject,
    wire_acts.Remove: _remove,
    wire_acts.Tell: receive_calls.tell,
    wire_acts.TentativeAccept: _tentative,
    wire_acts.Undo: _undo,
    wire_acts.Update: _update,
}
UNDOING: dict[type[wire_acts.Activity], Handler] = {
    wire_acts.Announce: _undo_announce,
    wire_acts.Block: _undo_block,
    wire_acts.Dislike: _undo_dislike,
    wire_acts.Follow: _undo_follow,
    wire_acts.Join: _undo_join,
    wire_acts.Like: _undo_like,
    wire_acts.Offer: _undo_offer,
    wire_acts.OfferTie: receive_ties.undo,
}
