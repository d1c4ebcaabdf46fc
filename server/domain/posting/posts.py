"""Posts: publishing, editing, deleting, boosting, liking, keeping.

The same verbs serve our members and other servers. A remote act brings an ``Arrived``: the id of the
object and the activity as it came, which a community of ours passes on unchanged.

What is done to a post holds its row first (a parent before its replies), then the rows of accounts, then
what hangs on either. All take them in this order, so nobody waits in a ring, and who comes too late finds
that the post is gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from server.domain import effects, policy
from server.domain.calling import replies
from server.domain.groups import communities, letterbox
from server.domain.moderating import hold_rules
from server.domain.moderating.hold_rules import Caught
from server.domain.posting import cards, conversations, drafts, media, quotes, sharing
from server.domain.tx import Arrived, Tx
from server.errors import NotFound
from storage import accounts, community_archives, follows, held_posts, marks, polls, posts, search
from storage.accounts import Account
from storage.db import next_id
from storage.posts import NewPost, Post


async def publish(
    tx: Tx, author: Account, draft_: drafts.Draft, *, arrived: Arrived | None = None
) -> Post | None:
    """Write a post once, and let everything follow from it.

    None where it was here before (a repeat is no event) or was deleted. Raises ``Forbidden``.
    """
    if arrived and await posts.is_buried(tx.conn, arrived.uri, author.uri):
        return None
    community = draft_.community
    await _may_publish(tx, author, draft_, community)
    if draft_.visibility == "members" and community:
        draft_ = await _among_members(tx, draft_, community.id)
    await replies.hold(tx, draft_.in_reply_to)
    caught = await _caught(tx, author, draft_)
    await _hold_above(tx, draft_)
    uri = arrived.uri if arrived else None
    post = await _insert(tx, author, draft_, uri, held=caught is not None)
    if post is None:
        return None
    if author.local:
        await media.attach(tx, post)
    draft_ = await _reach_stewards(tx, author, draft_)
    await posts.add_mentions(tx.conn, post.id, [a.id for a in draft_.mentions])
    if draft_.poll:
        await _open_poll(tx, post, draft_.poll)
    if caught and community:
        await hold_rules.hold(tx, community, author, post, caught, arrived)
        return post
    news = post.published_at > tx.now - sharing.LATE
    await _come_out(tx, author, post, draft_, arrived, news=news)
    return post


async def _reach_stewards(tx: Tx, author: Account, draft_: drafts.Draft) -> drafts.Draft:
    """What a community is told in private is for those who steer it, too."""
    if draft_.visibility != "direct":
        return draft_
    named = {a.id for a in draft_.mentions}
    through = await letterbox.behind(tx, author, draft_.mentions)
    reached = tuple(steward for _, steward in through if steward.id not in named)
    return replace(draft_, mentions=(*draft_.mentions, *reached))


async def _tell_mentioned(
    tx: Tx, author: Account, post: Post, mentioned: Sequence[Account]
) -> None:
    """Of what came for a community its stewards are told by it, whoever wrote: it is no stranger to them."""
    direct = post.visibility == "direct"
    through = await letterbox.behind(tx, author, mentioned) if direct else []
    stewards = {steward.id for _, steward in through}
    others = [a for a in mentioned if a.id not in stewards]
    await effects.tell(tx, others, "mention", author, post.id)
    for group, steward in through:
        await effects.tell(tx, [steward], "mention", group, post.id)


async def _caught(tx: Tx, author: Account, draft_: drafts.Draft) -> Caught | None:
    """What holds it back, if it is for a community of ours. Who may call is asked where calls are made."""
    community = draft_.community
    if community is None or not community.local or _is_call(author, draft_):
        return None
    said = hold_rules.said(draft_.title, draft_.summary, draft_.content, draft_.attachments)
    return await hold_rules.caught(tx, community, author, said)


async def _come_out(
    tx: Tx,
    author: Account,
    post: Post,
    draft_: drafts.Draft,
    arrived: Arrived | None,
    *,
    news: bool,
) -> None:
    """It is counted, shown and sent. ``news``: it is not history."""
    await _name_tags(tx, post)
    if post.in_reply_to_id:
        await posts.count_reply(tx.conn, post.in_reply_to_id, 1)
    await accounts.count_post(tx.conn, author.id, 1, post.published_at)
    if not _is_call(author, draft_):
        await _spread(tx, author, post, draft_, arrived, news=news)
    elif news:
        effects.appear(tx, post)  # a call enters homes as a boost by its community alone
    if draft_.quote:
        await quotes.begun(tx, author, post, draft_.quote.post, late=not news)
    if not (arrived and arrived.history):
        await replies.heard(tx, author, post)


async def let_out(
    tx: Tx, author: Account, community: Account, post: Post, document: Mapping[str, object]
) -> None:
    """A post that was held is shown and sent as if it were new; ``document``: what brought it."""
    named = [m.account_id for m in await posts.mentions(tx.conn, [post.id])]
    mentions = tuple((await accounts.by_ids(tx.conn, named)).values())
    quoted = await posts.by_id(tx.conn, post.quote_id) if post.quote_id else None
    quoting = quotes.Quoting(quoted) if quoted else None
    draft_ = drafts.Draft(kind=post.kind, community=community, mentions=mentions, quote=quoting)
    arrived = None if post.local else Arrived(post.uri, document)
    await _come_out(tx, author, post, draft_, arrived, news=True)


def _is_call(author: Account, draft_: drafts.Draft) -> bool:
    """Whether it is an event of the community that carries it; any other is its author's post."""
    group = draft_.community
    return draft_.is_call and group is not None and group.host == author.host


async def _among_members(tx: Tx, draft_: drafts.Draft, community_id: int) -> drafts.Draft:
    """In what is for members nobody else is named."""
    ids = [account.id for account in draft_.mentions]
    members = await follows.followers_among(tx.conn, community_id, ids) if ids else set[int]()
    return replace(draft_, mentions=tuple(a for a in draft_.mentions if a.id in members))


async def _name_tags(tx: Tx, post: Post) -> None:
    if post.tags and post.visibility == "public":
        await search.name_tags(tx.conn, post.tags)


async def _hold_above(tx: Tx, draft_: drafts.Draft) -> None:
    """What is answered and what is quoted. Raises ``NotFound`` where either is gone."""
    leaned_on = (draft_.in_reply_to, draft_.quote.post if draft_.quote else None)
    above = {post.id for post in leaned_on if post}
    if above and await posts.hold_many(tx.conn, sorted(above)) != above:
        raise NotFound


async def _may_publish(
    tx: Tx, author: Account, draft_: drafts.Draft, community: Account | None
) -> None:
    policy.may_act(moved=author.local and author.moved_to is not None).require()
    parent = draft_.in_reply_to
    if draft_.quote and draft_.quote.post.held:
        policy.HELD.require()
    if parent:
        blocked = await follows.blocked(tx.conn, author.id, parent.account_id)
        policy.may_interact(blocked=blocked).require()
    if parent and parent.community_id and draft_.visibility != "direct":
        where = await accounts.by_id(tx.conn, parent.community_id)
        if where:
            await communities.require_reply(tx, where, author, parent)
    if community and community.local:
        (await communities.may_post(tx, community, author, draft_.visibility)).require()
    elif community and author.local:
        await communities.require_part(tx, community.id, author)


async def _insert(
    tx: Tx, author: Account, draft_: drafts.Draft, uri: str | None, *, held: bool
) -> Post | None:
    published = min(draft_.published_at or tx.now, tx.now)
    post_id = await next_id(tx.conn, published)
    parent = draft_.in_reply_to
    own = tx.site.urls.call(post_id) if draft_.is_call else tx.site.urls.post(post_id)
    quoted = draft_.quote.post if draft_.quote else None
    state, stamp = quotes.opening(author, draft_.quote) if draft_.quote else (None, None)
    return await posts.insert(
        tx.conn,
        NewPost(
            id=post_id,
            uri=uri or own,
            url=draft_.url or uri or own,
            local=author.local,
            account_id=author.id,
            kind=draft_.kind,
            visibility=draft_.visibility,
            published_at=published,
            thread_id=parent.thread_id if parent else post_id,
            community_id=draft_.community.id if draft_.community else None,
            in_reply_to_id=parent.id if parent else None,
            in_reply_to_account_id=parent.account_id if parent else None,
            title=draft_.title,
            content=draft_.content,
            source=draft_.source,
            summary=draft_.summary,
            sensitive=draft_.sensitive,
            language=draft_.language,
            attachments=list(draft_.attachments),
            tags=list(draft_.tags),
            app_id=draft_.app_id,
            quote_id=quoted.id if quoted else None,
            quoted_account_id=quoted.account_id if quoted else None,
            quote_state=state,
            quote_stamp=stamp,
            quote_automatic=list(draft_.quote_policy.automatic),
            quote_manual=list(draft_.quote_policy.manual),
            emojis=list(draft_.emojis),
            removed="held" if held else None,
        ),
        tx.now,
    )


async def _open_poll(tx: Tx, post: Post, poll: drafts.PollDraft) -> None:
    row = polls.Poll(post.id, poll.multiple, poll.ends_at, poll.closed_at, poll.voters_count)
    await polls.insert(tx.conn, row, poll.options)
    if poll.ends_at and not poll.closed_at:
        args = {"post_id": post.id}
        await tx.later(f"poll:{post.id}", "close_poll", args, poll.ends_at)


async def _spread(
    tx: Tx,
    author: Account,
    post: Post,
    draft_: drafts.Draft,
    arrived: Arrived | None,
    *,
    news: bool,
) -> None:
    document = await effects.publish(tx, author, post) or (arrived.document if arrived else None)
    news = news and not (arrived and arrived.history)
    if news:
        await effects.show(tx, author, post)
        await _tell_mentioned(tx, author, post, draft_.mentions)
    if post.visibility == "direct":
        await conversations.enter(tx, author, post, draft_.mentions, news=news)
    await cards.note(tx, post, draft_.mentions, news=news)
    community = draft_.community
    if community and community.local and document and post.is_shared:
        await sharing.carry(tx, community, document, post)


async def edit(
    tx: Tx, author: Account, post: Post, draft_: drafts.Draft, *, arrived: Arrived | None = None
) -> Post:
    """Replace the text; the old version stays in the history. Raises ``Forbidden``, also for a boost.

    The owner, the audience, the thread and the community of a post never change.
    """
    if post.account_id != author.id or post.reblog_of_id is not None:
        policy.NOT_YOURS.require()
    await communities.require_part(tx, post.community_id, author)
    await replies.hold_parent(tx, post)
    await posts.hold_many(tx.conn, quotes.held_by(post, draft_.quote))
    post = await sharing.hold(tx, post)
    if post.visibility == "members" and post.community_id:
        draft_ = await _among_members(tx, draft_, post.community_id)
    if arrived and not post.held:
        await quotes.changed(tx, author, post, draft_.quote, draft_.quote_policy)
    if not _differs(post, draft_):
        await _set_poll(tx, post, draft_.poll)
        return post
    if not post.held:
        await _may_change(tx, author, post, draft_)
    new = await posts.edit(
        tx.conn,
        post,
        title=draft_.title,
        content=draft_.content,
        source=draft_.source,
        summary=draft_.summary,
        sensitive=draft_.sensitive,
        language=draft_.language,
        tags=list(draft_.tags),
        attachments=list(draft_.attachments),
        emojis=list(draft_.emojis),
        now=min(draft_.edited_at or tx.now, tx.now),
    )
    if author.local:
        await media.attach(tx, new)
    await _set_poll(tx, post, draft_.poll)
    before = {m.account_id for m in await posts.mentions(tx.conn, [post.id])}
    await posts.set_mentions(tx.conn, post.id, [a.id for a in draft_.mentions])
    if new.held:
        if arrived:
            await held_posts.changed(tx.conn, new.id, arrived.document)
        return new
    await _name_tags(tx, new)
    if (new.edited_at or tx.now) > tx.now - sharing.LATE and not (arrived and arrived.history):
        await _tell_added(tx, author, new, draft_.mentions, before)
    await cards.note(tx, new, draft_.mentions, news=True)
    document = await effects.publish_edit(tx, author, new) if not post.is_call else None
    await sharing.pass_on(tx, new, document or (arrived.document if arrived else None))
    readers = [r.id for r in await marks.reblogged_by(tx.conn, post.id, 2**63 - 1, 0, 200)]
    boosters = (await accounts.by_ids(tx.conn, readers)).values()
    await effects.tell(tx, boosters, "update", author, post.id)
    await quotes.tell_of_edit(tx, author, new)
    await replies.heard(tx, author, new)
    effects.changed(tx, post.id)
    return new


async def _may_change(tx: Tx, author: Account, post: Post, draft_: drafts.Draft) -> None:
    """Raises ``Forbidden`` for what a community of ours would look at first."""
    community = await accounts.by_id(tx.conn, post.community_id) if post.community_id else None
    if community and community.local:
        said = hold_rules.said(draft_.title, draft_.summary, draft_.content, draft_.attachments)
        await hold_rules.require_edit(tx, community, author, said)


def _differs(post: Post, draft_: drafts.Draft) -> bool:
    new = (draft_.title, draft_.content, draft_.summary, draft_.sensitive, draft_.language)
    old = (post.title, post.content, post.summary, post.sensitive, post.language)
    return old != new or post.attachments != list(draft_.attachments)


async def _set_poll(tx: Tx, post: Post, poll: drafts.PollDraft | None) -> None:
    """The counts that the origin reports; options never change (a vote names its option)."""
    if poll is None or post.local:
        return
    options = await polls.options(tx.conn, [post.id])
    if [o.title for o in options] == [title for title, _ in poll.options]:
        await polls.set_counts(tx.conn, post.id, [n for _, n in poll.options], poll.voters_count)
        await polls.set_end(tx.conn, post.id, poll.ends_at, poll.closed_at)
        await effects.recount(tx, post.id)


async def _tell_added(
    tx: Tx, author: Account, post: Post, named: Sequence[Account], before: set[int]
) -> None:
    """Whom an edit mentions that the post did not mention before; a direct post is new to them."""
    added = [account for account in named if account.id not in before]
    if not added:
        return
    await effects.tell(tx, added, "mention", author, post.id)
    if post.visibility == "direct":
        await conversations.enter(tx, author, post, named, news=True, for_=added)


async def delete(tx: Tx, author: Account, post: Post, *, arrived: Arrived | None = None) -> None:
    """Remove a post everywhere. Raises ``Forbidden`` where it is not the author's, ``NotFound``."""
    if post.account_id != author.id:
        policy.NOT_YOURS.require()
    await replies.gone(tx, post)
    if (await _hold_whole(tx, post)).held:
        await remove(tx, post)  # nobody has heard of it
        return
    document = await effects.publish_delete(tx, author, post) if not post.is_call else None
    await sharing.pass_on(tx, post, document or (arrived.document if arrived else None), gone=True)
    await remove(tx, post)


async def remove(tx: Tx, post: Post) -> None:
    """Take a post away here; what is told to whom is the caller's part. Raises ``NotFound``."""
    await replies.gone(tx, post)
    held = await _hold_whole(tx, post)
    if not held.local:
        await effects.take_back_boosts(tx, held)
    else:
        await media.release(tx, held)
    if not held.held:
        await _uncount(tx, held)
    await effects.vanish(tx, held)
    if held.community_id:
        await community_archives.drop(tx.conn, held.community_id)
    await posts.delete(tx.conn, held, tx.now)


async def _uncount(tx: Tx, post: Post) -> None:
    await accounts.count_post(tx.conn, post.account_id, -1, None)
    if post.in_reply_to_id:
        await posts.count_reply(tx.conn, post.in_reply_to_id, -1)
    await quotes.ended(tx, post)


async def _hold_whole(tx: Tx, post: Post) -> Post:
    above = [i for i in (post.in_reply_to_id, post.quote_id) if i is not None]
    if above:
        await posts.hold_many(tx.conn, above)
    held = await sharing.hold(tx, post)
    await posts.hold_below(tx.conn, post.id)
    return held
