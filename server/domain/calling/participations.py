"""Taking part in a call: through whatever door, one answer of one person.

The card's vote, a Join, a member's client and the page all end in ``answer``: one row per person, places granted
one at a time under the lock of the call, in order of receipt. Where the host of a remote call is to know who
takes part, our members' answers go to it and wait for its word; where it is not (petitions and the like), they
count here, and the host is told how many (``server/domain/calling/tallies.py``).

Counts change in the same transaction. Other servers hear of them by a job, at most every three minutes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from server.domain import distribution, effects, forms, policy
from server.domain.calling import ballots, kinds, line, questions, shift_roles, taken_back, tallies
from server.domain.calling import guests as bringing
from server.domain.calling.kinds import Answer
from server.domain.groups import communities
from server.domain.tx import Tx
from server.errors import Forbidden, Invalid, NotFound
from server.i18n import mark
from storage import (
    accounts,
    calls,
    decisions,
    follows,
    opened_calls,
    participations,
    persons,
    polls,
)
from storage import posts as post_rows
from storage.accounts import Account
from storage.calls import Call
from storage.participations import Participation, Said
from storage.polls import Option
from storage.posts import Post

HELD = ("granted", "waiting")
OPENED = "opened"
"""The door of an account that is no member, where a private community opened one call to everybody (``opened``)."""
REFUSALS = (
    policy.CALL_OVER,
    policy.CALL_CANCELLED,
    policy.BANNED,
    policy.CHOOSE_SHIFT,
    policy.TAKEN_BACK,
)
REJECTED = tuple(v.reason for v in REFUSALS)
"""Why a Join of another server is answered by a Reject."""
NO_MORE = (policy.NO_ROOM.reason, policy.TOO_MANY_TOGETHER.reason, policy.TOO_MANY_GUESTS)
"""As these, but what somebody said before stands."""


async def answers(tx: Tx, call: Call) -> tuple[Answer, ...]:
    """What can be answered to a call, in the order of its card."""
    shifts = await shift_roles.on_card(tx, call)
    return offered(call, shifts, await polls.options(tx.conn, [call.post_id]))


def offered(call: Call, shifts: Mapping[int, int], options: Sequence[Option]) -> tuple[Answer, ...]:
    """The same. ``shifts``: as ``shift_roles.on_card``; ``options``: of its card."""
    if shifts or shift_roles.divided(call, options):
        return shift_roles.answers(options, shifts)
    if not kinds.has_own_options(call.kind, call.variant):
        return kinds.answers(call.kind, call.variant)
    return kinds.answers(call.kind, call.variant, [o.title for o in options])


async def _find(tx: Tx, call: Call, said: str | None) -> tuple[int, Answer]:
    """The answer of this key, with its place on the card; without a key what a plain Join says."""
    known = await answers(tx, call)
    for at, found in enumerate(known):
        if shift_roles.is_there(found) and (found.key == said or (said is None and found.counts)):
            return at, found
    keys = ", ".join(a.key for a in known if shift_roles.is_there(a))
    raise Invalid(mark("An answer to this call is one of: %(keys)s.", keys=keys), field="answer")


async def lead(tx: Tx, call: Call, ballot: Sequence[int]) -> str:
    """The key of what a ballot puts first. Raises ``Invalid``."""
    known = await answers(tx, call)
    ballots.check(call.variant, len(known), ballot)
    return known[ballots.first(call.variant, ballot)].key


async def answer(
    tx: Tx,
    account: Account,
    post: Post,
    said: str | None,
    door: str,
    *,
    uri: str | None = None,
    invited: bool = False,
    message: str = "",
    role: str | None = None,
    guests: int | None = None,
    fields: Sequence[str] | None = None,
    ballot: Sequence[int] | None = None,
) -> Participation:
    """Take part, or say that one cannot; the last answer counts. ``said``: the key of an answer of this
    kind of call, None for the first that counts; ``uri``: of a remote activity; ``invited``: by its organiser;
    ``message``: said with it to the host of a remote call; ``role``: in a shift that has roles; ``guests``: whom
    they bring, None where the door cannot say; ``fields``: what they answer to the organisers' questions, in their
    order, None where the door cannot ask; ``ballot``: points or places of all options, instead of ``said``.

    A volunteer call with shifts is answered by choosing one of them, which moves who chose another before.
    Raises ``Forbidden`` (over, cancelled, blocked, no shift chosen, no room for guests), ``Invalid`` (no such
    answer, a question left open), ``NotFound`` (no call).
    """
    call = await locked(tx, post)
    if uri and not account.local:
        await taken_back.require_current(tx, post.id, account, door, uri)
    shifts = await shift_roles.on_card(tx, call)
    if shifts and said in (None, kinds.HELPING[0].key):
        policy.CHOOSE_SHIFT.require()
    said = said if ballot is None else await lead(tx, call, ballot)
    choice, found = await _find(tx, call, said)
    if choice in shifts:
        return await _choose(tx, account, post, shifts[choice], door, uri, role, guests, fields)
    await _require_answer(tx, account, post, call, door)
    if shifts:
        await _leave_shifts(tx, account, post)
    old = await participations.of_account(tx.conn, post.id, account.id)
    tier = "confirmed" if account.local or door == "join" else "expressed"
    new = Said(found.key, choice, found.counts, "granted", tier, door, uri)
    new = replace(new, ballot=list(ballot) if ballot else None)
    if found.counts:
        same = old if old and old.answer == found.key and old.state in HELD else None
        new = replace(new, guests=bringing.wanted(call, guests, same))
    if not post.local:
        mode = call.join_mode if found.counts else "free"
        policy.may_take_part(mode, call.external_url, invited=invited).require()
        await shift_roles.require_known(tx, call, role)
        new = replace(new, role=role if found.counts else None)
        return await _answer_elsewhere(tx, account, post, call, old, new, message, fields)
    return await _answer_here(tx, account, post, call, old, new, role, fields)


async def _answer_here(
    tx: Tx,
    account: Account,
    post: Post,
    call: Call,
    old: Participation | None,
    new: Said,
    role: str | None,
    fields: Sequence[str] | None,
) -> Participation:
    """``role``: as it was asked for."""
    if not account.local and new.door != "reply":  # which any software writes
        await _note_form(tx, account, call, new.door)
    if new.counts:
        place = await shift_roles.place(tx, call, old, role, 1 + new.guests)
        new = replace(new, role=place.role, state="granted" if place.free else "waiting")
    said = (new.answer, new.role, new.ballot)
    if old and (old.answer, old.role, old.ballot) == said and old.state in HELD:
        await questions.keep(tx, call, old, fields)
        return await _say_again(tx, account, post, call, old, new)
    row = await participations.put(tx.conn, post.id, account.id, new, tx.now)
    await _keep_objection(tx, call, row)
    await questions.keep(tx, call, row, fields)
    await line.reply(tx, post, account, row, new.uri)
    await line.tell(tx, row)
    await line.settle(tx, post, call)
    return row


async def _keep_objection(tx: Tx, call: Call, row: Participation) -> None:
    if call.kind == "decision" and row.answer == kinds.OBJECTING:
        await decisions.object_silently(tx.conn, row.id)


async def _note_form(tx: Tx, account: Account, call: Call, door: str) -> None:
    """What a host answered it has read; of a shift the card is its volunteer call's."""
    form = forms.answered(door)
    about = call.parent_id if call.parent_id and form == forms.CARD else call.post_id
    await calls.put_form(tx.conn, about, account.host, form)


async def _choose(
    tx: Tx,
    account: Account,
    post: Post,
    shift_id: int,
    door: str,
    uri: str | None,
    role: str | None,
    guests: int | None,
    fields: Sequence[str] | None,
) -> Participation:
    """A shift, on the card of its volunteer call: any other answer of theirs to the call goes."""
    shift = await post_rows.by_id(tx.conn, shift_id)
    assert shift, "a foreign key holds it"
    row = await answer(
        tx, account, shift, None, door, uri=uri, role=role, guests=guests, fields=fields
    )
    await _leave_shifts(tx, account, post, but=shift_id)
    if await participations.of_account(tx.conn, post.id, account.id):
        await _withdraw(tx, account, post, await locked(tx, post))
    return row


async def leave(tx: Tx, account: Account, community: Account) -> None:
    """Take all back that somebody said to the calls of a community of ours that are not over: who is banned from
    it, or has left one whose calls are for its members, holds no place that others wait for.

    The ban is written before this: an answer given in the same moment is waited for here and goes, or waits for the
    call and finds the ban.
    """
    await calls.lock_running(tx.conn, community.id)
    ids = await participations.in_community(tx.conn, community.id, account.id)
    found = await post_rows.by_ids(tx.conn, ids)
    for post_id in ids:
        if found[post_id].local:
            await withdraw(tx, account, found[post_id])


async def left(tx: Tx, account_id: int, community_id: int) -> None:
    """Somebody is no member any more: where the calls are for members, their places go to others."""
    account = await accounts.by_id(tx.conn, account_id)
    community = await accounts.by_id(tx.conn, community_id)
    if account is None or community is None or not await communities.is_private(tx, community):
        return
    if not await follows.is_following(tx.conn, account_id, community_id):
        await leave(tx, account, community)


async def _leave_shifts(tx: Tx, account: Account, post: Post, but: int | None = None) -> bool:
    """Whether there was one to leave."""
    left = False
    for taken in await participations.in_shifts(tx.conn, post.id, account.id):
        shift = await post_rows.by_id(tx.conn, taken.post_id)
        if shift and shift.id != but:
            left = await withdraw(tx, account, shift) or left
    return left


async def answer_by_contact(
    tx: Tx,
    post: Post,
    contact_id: int,
    said: str,
    guests: int = 0,
    ballot: Sequence[int] | None = None,
) -> Participation:
    """As ``answer``, of somebody without an account, who has confirmed their address. Raises the same."""
    call = await locked(tx, post)
    opened = await opened_calls.is_open(tx.conn, post.id)
    policy.may_take_up(post.visibility, member=False, opened=opened).require()
    said = said if ballot is None else await lead(tx, call, ballot)
    choice, found = await _find(tx, call, said)
    require_open(tx, call)
    if choice in await shift_roles.on_card(tx, call):
        policy.CHOOSE_SHIFT.require()
    new = Said(found.key, choice, found.counts, "granted", "confirmed", "email")
    new = replace(new, ballot=list(ballot) if ballot else None)
    if found.counts:
        guests = bringing.wanted(call, guests, None)
        place = await shift_roles.place(tx, call, None, None, 1 + guests)
        state = "granted" if place.free else "waiting"
        new = replace(new, role=place.role, state=state, guests=guests)
    row = await participations.put_contact(tx.conn, post.id, contact_id, new, tx.now)
    await _keep_objection(tx, call, row)
    await line.settle(tx, post, call)
    return row


async def withdraw_contact(tx: Tx, post: Post, contact_id: int) -> None:
    """As ``withdraw``, of somebody without an account."""
    call = await locked(tx, post)
    old = await participations.of_contact(tx.conn, contact_id)
    if old and await participations.withdraw(tx.conn, old.id, tx.now):
        await line.settle(tx, post, call)


async def ask_elsewhere(tx: Tx, account: Account, post: Post, said: str) -> Participation:
    """As ``answer`` to a call of another server, which the caller tells: by the ``uri`` of what this gives."""
    call = await locked(tx, post)
    choice, found = await _find(tx, call, said)
    await _require_answer(tx, account, post, call, "client")
    uri = await effects.new_id(tx)
    new = Said(found.key, choice, found.counts, "pending", "confirmed", "client", uri)
    return await participations.put(tx.conn, post.id, account.id, new, tx.now)


async def join(
    tx: Tx,
    account: Account,
    post: Post,
    uri: str,
    said: str | None = None,
    role: str | None = None,
    guests: int | None = None,
    fields: Mapping[str, str] | None = None,
    ballot: Sequence[int] | None = None,
) -> bool:
    """A Join of another server, which is answered in any case but by those who block each other. False where it
    counts for nothing.

    ``said``, ``role`` and ``guests``: the answer, the role and whom they bring, if it says so; ``fields``: what it
    answers, by the question; ``ballot``: of a decision that takes one. Raises ``Forbidden`` for
    these, and ``Invalid``. Where an answer of theirs stands that cannot be changed so, they are told that.
    """
    if not post.is_call:
        await distribution.ignore_join(tx, post, account, uri)
        return False
    try:
        row = await answer(
            tx, account, post, said, "join", uri=uri, role=role, guests=guests, ballot=ballot
        )
        await _keep_named(tx, row, fields)
    except Forbidden as refused:
        if refused.reason not in (*REJECTED, *NO_MORE):
            raise
        await _refuse(tx, account, post, uri, refused.reason)
        return False
    return True


async def _keep_named(tx: Tx, row: Participation, fields: Mapping[str, str] | None) -> None:
    call = await calls.by_id(tx.conn, row.post_id) if fields is not None else None
    if call and fields is not None:
        await questions.keep_named(tx, call, row, fields)


async def _refuse(tx: Tx, account: Account, post: Post, uri: str, reason: str) -> None:
    organiser = await accounts.by_id(tx.conn, post.account_id)
    old = await participations.of_account(tx.conn, post.id, account.id)
    stands = old is not None and old.counts and old.state in HELD and reason in NO_MORE
    state, guests = (old.state, old.guests) if old and stands else ("refused", 0)
    if organiser:
        await distribution.answer_join(tx, organiser, post, account, uri, state, guests)


async def _say_again(
    tx: Tx,
    account: Account,
    post: Post,
    call: Call,
    old: Participation,
    new: Said,
) -> Participation:
    """The same answer once more keeps its place, with other guests too; through a better door it is confirmed."""
    if old.tier == "expressed" and new.tier == "confirmed":
        await participations.confirm(tx.conn, old.id, new.uri, new.door)
        await line.settle(tx, post, call)
    if new.door == "join":  # the last one is what a later Undo names
        await participations.set_guests(tx.conn, old.id, old.guests, new.uri)
    if old.guests != new.guests:
        now = await _bring(tx, post, call, old, new.guests, new.uri)
        if now.state != old.state:
            return now  # with fewer guests they fit in, and were told
        old = now
    again = replace(old, door=new.door)
    await line.reply(tx, post, account, again, new.uri)
    return again


async def _bring(
    tx: Tx, post: Post, call: Call, old: Participation, guests: int, uri: str | None = None
) -> Participation:
    """Another number comes with an answer that keeps its place. Raises ``Forbidden``."""
    bringing.require_room(old, guests, await shift_roles.room(tx, call, old.role))
    await participations.set_guests(tx.conn, old.id, guests, uri)
    await line.settle(tx, post, call)
    now = await participations.by_id(tx.conn, old.id)
    assert now, "it was just written"
    return now


async def bring_by_contact(tx: Tx, post: Post, contact_id: int, guests: int) -> None:
    """Somebody without an account brings another number. A repeat is no event. Raises ``Forbidden``, ``NotFound``."""
    call = await locked(tx, post)
    require_open(tx, call)
    old = await participations.of_contact(tx.conn, contact_id)
    if old is None or not old.counts or old.state not in HELD:
        raise NotFound
    if bringing.wanted(call, guests, old) != old.guests:
        await _bring(tx, post, call, old, guests)


async def locked(tx: Tx, post: Post) -> Call:
    """The call of a post, held until the transaction ends. Raises ``NotFound``.

    Of a shift its volunteer call is held too, and first, by all: both are counted.
    """
    found = await calls.by_id(tx.conn, post.id)
    if found and found.parent_id:
        await calls.lock(tx.conn, found.parent_id)
    call = await calls.lock(tx.conn, post.id)
    if call is None:
        raise NotFound
    return call


async def _require_answer(tx: Tx, account: Account, post: Post, call: Call, door: str) -> None:
    await communities.require_part(tx, call.community_id, account)
    if post.local:
        member = await follows.is_following(tx.conn, account.id, call.community_id)
        opened = door == OPENED and await opened_calls.is_open(tx.conn, post.id)
        policy.may_take_up(post.visibility, member=member, opened=opened).require()
    blocked = await follows.blocked(tx.conn, account.id, call.community_id)
    blocked = blocked or await follows.blocked(tx.conn, account.id, post.account_id)
    require_open(tx, call, blocked=blocked)
    if account.local and await persons.answered(
        tx.conn, call.parent_id or call.post_id, account.id
    ):
        policy.COUNTED_ONCE.require()


def require_open(tx: Tx, call: Call, *, blocked: bool = False) -> None:
    """Raises ``Forbidden`` where a call takes no answers, or not of this person."""
    over = call.over_at is not None and call.over_at < tx.now
    policy.may_answer(call.state, over=over, blocked=blocked).require()


async def _answer_elsewhere(
    tx: Tx,
    account: Account,
    post: Post,
    call: Call,
    old: Participation | None,
    new: Said,
    message: str,
    fields: Sequence[str] | None,
) -> Participation:
    """To a call of another server: its host hears who it was where it is to know; else it counts here.

    What was asked is not asked again before it was refused: Mobilizon takes no second Join.
    """
    said = (new.answer, new.role, new.guests, new.ballot)
    same = old and (old.answer, old.role, old.guests, old.ballot) == said
    told = await _named(tx, call, old, new, fields)
    if old and same and old.state != "refused" and not message and not told:
        return old
    if kinds.by_name(call.kind, post.visibility):
        new = replace(new, uri=await effects.new_id(tx), tier="confirmed")
        new = replace(new, state="pending") if new.counts else new
        guests = new.guests if call.guests_max or new.guests else None
        await _tell_host(
            tx,
            account,
            post,
            new.answer,
            new.uri or "",
            message,
            new.role,
            guests,
            told,
            new.ballot,
        )
    else:
        await tallies.due(tx, post)
    return await participations.put(tx.conn, post.id, account.id, new, tx.now)


async def _named(
    tx: Tx, call: Call, old: Participation | None, new: Said, fields: Sequence[str] | None
) -> Mapping[str, str] | None:
    """What its host is told of the answers to its questions, by the question, where it is to have them. Who takes part
    already and says nothing anew is told to have said nothing."""
    if fields is None or not new.counts:
        return None
    asked = await questions.of(tx, call)
    stands = old is not None and old.counts and old.state != "refused"
    said = questions.answered(asked, fields, required=not stands)
    if not asked or (stands and not said):
        return None
    return {q.text: said.get(q.text, "") for q in asked}


async def _tell_host(
    tx: Tx,
    account: Account,
    post: Post,
    said: str,
    uri: str,
    message: str = "",
    role: str | None = None,
    guests: int | None = None,
    fields: Mapping[str, str] | None = None,
    ballot: Sequence[int] | None = None,
) -> None:
    host = await accounts.by_id(tx.conn, post.account_id)
    assert host, "a foreign key holds it"
    await distribution.taking_part(
        tx, account, post, host, said, uri, message, role, guests, fields, ballot
    )


async def overtaken(tx: Tx, account: Account, post: Post, uri: str | None) -> None:
    """Another server took back what has not come. ``uri``: of the activity that gives it, where it was named."""
    await locked(tx, post)
    if uri:
        await taken_back.remember(tx, post.id, account, uri)
    else:
        await taken_back.expect(tx, post.id, account)


async def withdraw(tx: Tx, account: Account, post: Post) -> bool:
    """Take an answer back. False where there was none, which is no event. Of a volunteer call those to its shifts
    go too."""
    call = await locked(tx, post)
    left = call.kind == "volunteer" and await _leave_shifts(tx, account, post)
    return await _withdraw(tx, account, post, call) or left


async def _withdraw(tx: Tx, account: Account, post: Post, call: Call) -> bool:
    old = await participations.of_account(tx.conn, post.id, account.id)
    if old is None or not await participations.withdraw(tx.conn, old.id, tx.now):
        return False
    if old.uri and post.local and old.door in taken_back.DOORS:
        await taken_back.remember(tx, post.id, account, old.uri)
    if post.local:
        await line.settle(tx, post, call)
    elif kinds.by_name(call.kind, post.visibility):
        await _tell_host(tx, account, post, "withdrawn", await effects.new_id(tx))
    else:
        await tallies.due(tx, post)
    return True


async def take_back(tx: Tx, given: Participation, post: Post) -> None:
    """As ``withdraw``, of one answer, by what proves that it is theirs: the reply that gave it, or a link."""
    account = await accounts.by_id(tx.conn, given.account_id or 0)
    if account:
        await withdraw(tx, account, post)


async def hear_answer(
    tx: Tx, host: Account, participation: Participation, state: str, guests: int | None = None
) -> None:
    """The host of a remote call grants a place, lets one wait, or refuses.

    Only its author may say so, or in an event of a group somebody of the group's server: Mobilizon's
    moderators answer for their group. ``state``: granted, waiting or refused; ``guests``: for whom besides there is a
    place, where it says so: never more than were asked for.
    """
    if not await answers_for(tx, host, participation):
        policy.NOT_YOURS.require()
    await participations.set_participation_state(tx.conn, participation.id, state)
    if guests is not None and guests < participation.guests:
        await participations.set_guests(tx.conn, participation.id, guests)


async def answers_for(tx: Tx, host: Account, participation: Participation) -> bool:
    """Whether it is of a remote call for which this account may speak."""
    post = await post_rows.by_id(tx.conn, participation.post_id)
    call = await calls.by_id(tx.conn, participation.post_id)
    if post is None or call is None:
        return False
    if post.account_id == host.id:
        return True
    group = await accounts.by_id(tx.conn, call.community_id)
    return group is not None and group.is_group and group.host == host.host
