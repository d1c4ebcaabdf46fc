"""The files that a member takes along: byte by byte as Mastodon makes them, and nobody else's."""

from __future__ import annotations

import pytest

from server.domain.members import takeout
from storage import domain_blocks, marks, mutes
from storage.accounts import Account
from tests.web.house import House

EXPECTED = {
    "following_accounts.csv": (
        "Account address,Show boosts,Notify on new posts,Languages\n"
        'baker@far.example,false,true,"de, en"\n'
        "cook@green.example,true,false,\n"
    ),
    "lists.csv": '"Cooks, near",cook@green.example\n',
    "blocked_accounts.csv": "baker@far.example\n",
    "muted_accounts.csv": "Account address,Hide notifications\ncook@green.example,false\n",
    "blocked_domains.csv": "loud.example\n",
    "bookmarks.csv": "https://far.example/calls/1\n",
}
HEADS = {
    "following_accounts.csv": "Account address,Show boosts,Notify on new posts,Languages\n",
    "muted_accounts.csv": "Account address,Hide notifications\n",
}


async def _keep(house: House, owner: Account) -> None:
    """One of each for ``owner``."""
    cook, baker = await house.person("cook"), await house.elsewhere("baker", "far.example")
    seen = await house.call_elsewhere("far.example")
    async with house.work.transaction() as tx:
        for sql, target in (
            ("true, false, null", cook),
            ("false, true, array['de', 'en']", baker),
        ):
            await tx.conn.execute(
                "insert into follows (follower_id, target_id, accepted_at, created_at, reblogs, notify, languages)"
                f" values ($1, $2, $3, $3, {sql})", owner.id, target.id, tx.now,
            )  # fmt: skip
        await tx.conn.execute(
            "insert into blocks (account_id, target_id, created_at) values ($1, $2, $3)",
            owner.id, baker.id, tx.now,
        )  # fmt: skip
        await mutes.put(tx.conn, owner.id, cook.id, tx.now, notifications=False, expires_at=None)
        await marks.bookmark(tx.conn, owner.id, seen.id, tx.now)
        await domain_blocks.insert(tx.conn, owner.id, "loud.example", tx.now)
        await tx.conn.execute(
            "with l as (insert into lists values (77, $1, 'Cooks, near', 'list', false, $3) returning id)"
            " insert into list_accounts (list_id, account_id) select id, $2 from l",
            owner.id, cook.id, tx.now,
        )  # fmt: skip


@pytest.mark.parametrize("name", takeout.FILES)
async def test_a_file_is_as_mastodon_makes_it_and_for_its_owner_alone(
    house: House, name: str
) -> None:
    owner, other = await house.person("gardener"), await house.person("neighbour")
    await _keep(house, owner)
    seen = await (await house.browser(owner)).get(f"/settings/data/{name}")
    assert (seen.status, seen.text) == (200, EXPECTED[name])
    assert seen.headers["Cache-Control"] == "private, no-store"
    assert seen.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    page = await (await house.browser(owner)).get("/settings/data")
    assert f'href="/settings/data/{name}"' in page.text
    seen = await (await house.browser(other)).get(f"/settings/data/{name}")
    assert seen.text == HEADS.get(name, "")
    seen = await (await house.browser()).get(f"/settings/data/{name}")
    assert seen.headers["Location"].startswith("/sign-in?next=")


async def test_no_other_file_is_made(house: House) -> None:
    browser = await house.browser(await house.person("gardener"))
    assert (await browser.get("/settings/data/passwords.csv")).status == 404
