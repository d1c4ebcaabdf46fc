"""The pages of people and communities, and joining and leaving them.

A community's page names those who steer it and counts its members; it never lists them.
"""

from __future__ import annotations

from dataclasses import replace

from aiohttp import web

from server.context import context
from server.domain import sight
from server.domain.groups import communities
from server.domain.members import follows
from server.domain.tx import Tx
from server.errors import NotFound
from server.web import answers, listed, mail_follows, session
from server.web.instance import older, page_of
from server.web.session import Viewer
from storage import accounts, calls, places, timelines
from storage import communities as community_rows
from storage import follows as follow_rows
from storage import ties as tie_rows
from storage.accounts import Account
from storage.communities import Community
from storage.follows import Follow

CALLS = 20
REQUESTS = 50


async def local(tx: Tx, request: web.Request) -> Account:
    """The person or community of ours that ``{name}`` says. Raises ``NotFound``."""
    found = await accounts.by_handle(tx.conn, request.match_info["name"])
    if found is None or found.is_hidden or found.kind == "application":
        raise NotFound
    return found


async def local_group(tx: Tx, request: web.Request) -> Account:
    """Raises ``NotFound`` for a person too."""
    found = await local(tx, request)
    if not found.is_group:
        raise NotFound
    return found


async def profile(request: web.Request) -> web.Response:
    """``GET /@{name}``."""
    viewer = await session.viewer(request)
    async with context(request).work.reading() as tx:
        account = await local(tx, request)
        follow = await _follow(tx, viewer, account)
        if account.is_group:
            return await _community(tx, request, viewer, account, follow)
        return await _person(tx, request, viewer, account, follow)


async def _follow(tx: Tx, viewer: Viewer | None, account: Account) -> Follow | None:
    if viewer is None:
        return None
    return await follow_rows.between(tx.conn, viewer.account.id, account.id)


async def _person(
    tx: Tx, request: web.Request, viewer: Viewer | None, account: Account, follow: Follow | None
) -> web.Response:
    found = await timelines.of_account(
        tx.conn, account.id, page_of(request), visible=listed.PUBLIC, viewer_id=0,
        exclude_replies=True, exclude_reblogs=True, only_media=False, tag=None,
    )  # fmt: skip
    shown = await listed.posts_by_ids(tx, found)
    return answers.page(
        request, "person.html", viewer,
        account=account, follow=follow, posts=shown, older=older(found),
    )  # fmt: skip


async def _community(
    tx: Tx, request: web.Request, viewer: Viewer | None, group: Account, follow: Follow | None
) -> web.Response:
    group, row, stewards = await _told(tx, viewer, group)
    found = await timelines.community(tx.conn, group.id, page_of(request))
    heads = await listed.posts_by_ids(tx, found)
    coming = await calls.of_community(tx.conn, group.id, tx.now, CALLS)
    open_now = [c for c in coming if c.state != "closed"]
    open_calls = await listed.shown_calls(tx, open_now, viewer.account if viewer else None)
    listed_above = {shown.post.id for shown in open_calls}
    steers = await _steers(tx, viewer, group)
    return answers.page(
        request, "community.html", viewer,
        account=group, community=row, follow=follow,
        stewards=stewards, calls=open_calls,
        posts=[shown for shown in heads if shown.post.id not in listed_above], older=older(found),
        steers=steers, asking=await _asking(tx, group) if steers else [],
        by_email=None if viewer else await mail_follows.form(tx, group),
        place=await places.of_community(tx.conn, group.id) if _is_told(row, viewer, follow) else None,
        linked=[] if row and row.visibility == "private" else await _linked(tx, viewer, group),
    )  # fmt: skip


def _is_told(row: Community | None, viewer: Viewer | None, follow: Follow | None) -> bool:
    """Whether the viewer is told more of a community than that there is one."""
    open_ = row is None or row.visibility != "private"
    return open_ or (viewer is not None and follow is not None and follow.accepted_at is not None)


async def _linked(tx: Tx, viewer: Viewer | None, group: Account) -> list[Account]:
    found = await tie_rows.linked(tx.conn, group.id)
    return await sight.knowable(tx, found, viewer.account if viewer else None)


async def _told(
    tx: Tx, viewer: Viewer | None, group: Account
) -> tuple[Account, Community | None, list[Account]]:
    """What the viewer is told of a community, and who steers it: of a private one its name alone to those
    who might ask to join. Raises ``NotFound`` where only who was invited may."""
    reader = viewer.account if viewer else None
    row = await community_rows.by_id(tx.conn, group.id)
    stewards = await community_rows.stewards(tx.conn, group.id)
    if row is None or row.visibility != "private":
        return group, row, stewards
    if reader and await community_rows.belongs(tx.conn, reader.id, [group.id]):
        return group, row, stewards
    if row.policy == "invited":
        raise NotFound
    return replace(group, note="", followers_count=0), replace(row, rules=[]), []


async def _steers(tx: Tx, viewer: Viewer | None, group: Account) -> bool:
    if viewer is None:
        return False
    return await community_rows.role(tx.conn, group.id, viewer.account.id) is not None


async def _asking(tx: Tx, group: Account) -> list[Account]:
    rows = await follow_rows.requests(tx.conn, group.id, timelines.TOP, 0, REQUESTS)
    by_id = await accounts.by_ids(tx.conn, [row.account_id for row in rows])
    return [by_id[row.account_id] for row in rows]


async def follow(request: web.Request) -> web.Response:
    """``POST /@{name}/follow``: join a community, or follow a person."""
    viewer, _ = await answers.form(request)
    async with context(request).work.transaction() as tx:
        account = await sight.require_known(tx, await local(tx, request), viewer.account)
        await follows.follow(tx, viewer.account, account)
    return answers.back_to(f"/@{request.match_info['name']}")


async def unfollow(request: web.Request) -> web.Response:
    """``POST /@{name}/unfollow``: leave, or take back the request."""
    viewer, _ = await answers.form(request)
    async with context(request).work.transaction() as tx:
        await follows.unfollow(tx, viewer.account, await local(tx, request))
    return answers.back_to(f"/@{request.match_info['name']}")


async def decide(request: web.Request) -> web.Response:
    """``POST /@{name}/requests``: an organiser lets somebody in (``admit``), or not (``refuse``)."""
    viewer, form = await answers.form(request)
    asking_id = answers.choice_id(form, "account")
    verdict = answers.choice(form, "verdict", ("admit", "refuse"))
    async with context(request).work.transaction() as tx:
        group = await local_group(tx, request)
        asking = await accounts.by_id(tx.conn, asking_id)
        if asking is None:
            raise NotFound
        await communities.decide(tx, viewer.account, group, asking, admitted=verdict == "admit")
    return answers.back_to(f"/@{group.username}")
