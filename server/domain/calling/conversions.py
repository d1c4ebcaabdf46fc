"""From talk to action: a call is made of what somebody said in the community.

The call takes the words of the post, where its organiser writes no others, and links back to it. Under the post
a reply of the organiser leads to the call, so that every reader of the thread finds it, on whatever server.
"""

from __future__ import annotations

from dataclasses import replace

from server import text
from server.domain import policy
from server.domain.calling import calls
from server.domain.calling.drafting import ABOUT_MAX, TITLE_MAX, Wanted
from server.domain.groups import communities
from server.domain.posting import drafts, posts
from server.domain.tx import Tx
from storage import conversions
from storage.accounts import Account
from storage.posts import Post


async def make_call(
    tx: Tx, author: Account, community: Account, said: Post, wanted: Wanted
) -> Post:
    """A call of the community to which ``said`` belongs; an empty title or text is the post's.

    Raises ``Forbidden`` (not in this community, not for everybody, not who steers, removed,
    locked), ``Invalid``.
    """
    if said.community_id != community.id:
        policy.NOT_IN_COMMUNITY.require()
    among_members = said.visibility == "members" and await communities.is_private(tx, community)
    if not (said.is_public or among_members):
        policy.NOT_SAID_IN_PUBLIC.require()
    call = await calls.create(tx, author, community, _worded(said, wanted))
    await conversions.put(tx.conn, call.id, said.id)
    await _tell_thread(tx, author, said, call)
    return call


def _worded(said: Post, wanted: Wanted) -> Wanted:
    words = text.plain(said.content)
    title = wanted.title.strip() or said.title or text.one_line(words, TITLE_MAX)
    link = f"\n\nIt began here: {said.url}"
    about = (wanted.about.strip() or words)[: ABOUT_MAX - len(link)]
    return replace(wanted, title=title, about=f"{about}{link}".strip())


async def _tell_thread(tx: Tx, author: Account, said: Post, call: Post) -> None:
    reply = drafts.Typed(f"This is a call now: {call.title}\n\n{call.url}", in_reply_to=said)
    await posts.publish(tx, author, await drafts.draft(tx, author, reply))
