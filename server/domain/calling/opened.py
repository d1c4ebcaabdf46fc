"""One call of a private community, opened to everybody who is given the address of its page.

The call stays what it is: for the members of its community, and on no wire but theirs. Who steers gives it a page at
an address that nobody guesses, and takes that back. The page shows the call alone; never the community, who is in it,
what else it says, nor who calls, but a word that an organiser typed for strangers.

A stranger answers there by e-mail, or with an account here that is no member (the door ``opened``). They are counted
as answers to this call and get nothing else. What becomes of the call is told them by mail, or in a letter by the
server itself, without the community's name; the link there leads to their own answer, which they take back
whether the page is still there or not. Once it is taken back nobody answers any more; opened again it
has another address.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from server import ids, text
from server.domain import policy, sight, wire_calls
from server.domain.calling import consents, participations, passing_on, questions
from server.domain.groups import communities
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from server.i18n import mark
from storage import accounts, calls, follows, opened_calls, sources
from storage import participations as rows
from storage import posts as post_rows
from storage.accounts import Account
from storage.calls import Call
from storage.participations import Participation
from storage.posts import Post

HOSTED_BY_MAX = 100
GONE = mark("There is no call behind this address: it was taken back, or never was.")


@dataclass(frozen=True, slots=True)
class Standing:
    """What who steers is shown. ``url``: of the page, None where there is none; ``words``: to pass on; ``names``: what
    of the community stands in the organisers' own text, and so on the page."""

    url: str | None
    words: str | None
    hosted_by: str
    opened_at: datetime | None
    names: list[str]


@dataclass(frozen=True, slots=True)
class Behind:
    """What is behind the address of a page. ``post``: with that address as its own."""

    post: Post
    call: Call
    hosted_by: str


async def put(tx: Tx, actor: Account, post: Post, hosted_by: str) -> None:
    """Give a call of ours its page, or call its host otherwise there. Raises ``Forbidden``, ``Invalid``, ``NotFound``."""
    call, _ = await _steered(tx, actor, post)
    said = text.one_line(hosted_by, HOSTED_BY_MAX + 1)
    if len(said) > HOSTED_BY_MAX:
        raise Invalid(
            mark("It has at most %(most)s characters.", most=HOSTED_BY_MAX), field="hosted_by"
        )
    divided = bool(await calls.shifts(tx.conn, [post.id]))
    policy.may_open(post.visibility, call.kind, divided=divided).require()
    participations.require_open(tx, call)
    await opened_calls.put(tx.conn, post.id, ids.secret(), said, tx.now)


async def revoke(tx: Tx, actor: Account, post: Post) -> None:
    """Take the page back; a repeat is no event. What was answered stays. Raises ``Forbidden``, ``NotFound``."""
    await _steered(tx, actor, post)
    await opened_calls.revoke(tx.conn, post.id)


async def standing(tx: Tx, actor: Account, post: Post) -> Standing:
    """For who may open it. Raises ``Forbidden``, ``NotFound``."""
    call, community = await _steered(tx, actor, post)
    kept = await opened_calls.by_id(tx.conn, post.id)
    if kept is None or kept.token is None:
        return Standing(None, None, kept.hosted_by if kept else "", None, [])
    url = tx.site.urls.opened(kept.token)
    told = text.CALL_STATES.get(call.state, "") + wire_calls.line(call)
    shown = await _shown(tx, post, call, kept.hosted_by)
    names = [n for n in (community.username, community.display_name) if n and _says(shown, n)]
    return Standing(
        url, passing_on.fit(post.title, told, url), kept.hosted_by, kept.opened_at, names
    )


async def _shown(tx: Tx, post: Post, call: Call, hosted_by: str) -> str:
    """All that organisers wrote, as far as it is on the page."""
    asked = await questions.of(tx, call)
    named = await sources.of_call(tx.conn, post.id)
    asks = await consents.present(tx, call)
    return " ".join(
        (
            post.title, text.plain(post.content), call.place_name, call.place_address, hosted_by,
            call.external_url or "", text.plain(call.outcome), *(each.text for each in (*asked, *asks)),
            *(f"{each.title} {each.url}" for each in named),
        )
    )  # fmt: skip


def _says(shown: str, name: str) -> bool:
    return name.casefold() in shown.casefold()


async def _steered(tx: Tx, actor: Account, post: Post) -> tuple[Call, Account]:
    call = await participations.locked(tx, post)
    community = await accounts.by_id(tx.conn, call.community_id)
    if community is None or not post.local:
        raise NotFound
    await communities.require_steward(tx, community, actor)
    return call, community


async def behind(tx: Tx, token: str) -> Behind:
    """What a page shows. Raises ``NotFound``, for what was removed from its community and whose author or community
    may not be seen, too."""
    kept = await opened_calls.by_token(tx.conn, token)
    post = await post_rows.by_id(tx.conn, kept.post_id) if kept else None
    call = await calls.by_id(tx.conn, kept.post_id) if kept else None
    if not (kept and post and call) or post.removed:
        raise NotFound(GONE)
    makers = await accounts.by_ids(tx.conn, [post.account_id, call.community_id])
    if any(maker.is_hidden for maker in makers.values()):
        raise NotFound(GONE)
    return Behind(replace(post, url=tx.site.urls.opened(token)), call, kept.hosted_by)


async def answerable(tx: Tx, post_id: int) -> Post:
    """The call to which somebody without an account says yes once more. Raises ``NotFound``."""
    kept = await opened_calls.by_id(tx.conn, post_id)
    if kept and kept.token:
        return (await behind(tx, kept.token)).post
    return await sight.post(tx, post_id, None)


async def answer(
    tx: Tx, account: Account, token: str, said: str, guests: int | None, fields: list[str]
) -> Participation:
    """As ``participations.answer``, by the page. A member answers as on the page of the call. Raises the same; who is
    shut out is told no more than that."""
    found = await behind(tx, token)
    await participations.locked(tx, found.post)
    found = await behind(tx, token)  # it may have been taken back while this waited
    group = found.call.community_id
    shut = await communities.is_shut_out(tx, group, account)
    blocked = await follows.blocked(tx.conn, account.id, group)
    if shut or blocked or await follows.blocked(tx.conn, account.id, found.post.account_id):
        policy.NOT_FROM_YOU.require()
    member = await follows.is_following(tx.conn, account.id, group)
    door = "page" if member else participations.OPENED
    return await participations.answer(
        tx, account, found.post, said, door, guests=guests, fields=fields
    )


async def mine(tx: Tx, account: Account, post: Post) -> Participation | None:
    return await rows.of_account(tx.conn, post.id, account.id)


async def path(tx: Tx, post: Post) -> str:
    """Of the page of a call for who answers it without an account; "" where that was taken back."""
    if post.visibility != "members":
        return f"/calls/{post.id}"
    kept = await opened_calls.by_id(tx.conn, post.id)
    return f"/open/{kept.token}" if kept and kept.token else ""


async def host(tx: Tx, post: Post, community: Account) -> str:
    """Who calls, as whoever answers without being a member is told: of what is for members never the community."""
    if post.visibility != "members":
        return community.display_name or community.username
    kept = await opened_calls.by_id(tx.conn, post.id)
    return kept.hosted_by if kept else ""


async def for_strangers(tx: Tx, post: Post) -> Post:
    """The post with the address that a stranger may have; "" where there is none, or no more."""
    if post.is_deleted:
        return replace(post, url="")
    if post.visibility != "members":
        return post
    kept = await opened_calls.by_id(tx.conn, post.id)
    return replace(post, url=tx.site.urls.opened(kept.token) if kept and kept.token else "")
