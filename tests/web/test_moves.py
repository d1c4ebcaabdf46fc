"""Moving away, being awaited, and coming back, on the page of the settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.domain import policy
from server.domain.members import follows, passwords, users
from storage.accounts import Account
from tests.clock import MovableClock
from tests.federation.peer import Peer, Person, peer
from tests.web.house import DOMAIN, OURS, House, open_house

PATH = "/settings/move"
PASSWORD = "a long enough password"


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
async def house(database_url: str, tmp_path: Path, clock: MovableClock) -> AsyncIterator[House]:
    async with open_house(database_url, net=tmp_path, clock=clock) as made:
        yield made


@pytest.fixture
async def harbour() -> AsyncIterator[Peer]:
    async with peer("mastodon") as made:
        yield made


async def gardener(house: House) -> Account:
    async with house.work.transaction() as tx:
        _, made = await users.register(tx, "g@people.example", "gardener", PASSWORD)
    return made


def new(harbour: Peer, *uris: str) -> Person:
    who = harbour.person("new")
    harbour.serve({**who.document(), "alsoKnownAs": list(uris)})
    return who


async def test_one_moves_away_and_comes_back(
    house: House, harbour: Peer, clock: MovableClock
) -> None:
    owner, friend = await gardener(house), await house.person("friend")
    async with house.work.transaction() as tx:
        await follows.follow(tx, friend, owner)
    target = new(harbour, owner.uri)
    browser = await house.browser(owner)
    assert "Your follower is asked to follow the new account" in (await browser.get(PATH)).words
    typed = {"acct": f"@new@{harbour.host}", "password": PASSWORD}
    done = await browser.post(PATH, **typed)
    assert done.headers["Location"] == f"{PATH}?done=moved"
    assert (await house.reload(owner)).moved_to == target.uri
    seen = await browser.get(PATH)
    assert "This account has moved" in seen.words
    assert f"@new@{harbour.host}" in seen.words
    assert (await browser.post(f"{PATH}/stay")).headers["Location"] == f"{PATH}?done=here"
    assert (await house.reload(owner)).moved_to is None
    seen = await browser.get(PATH)
    assert "You moved lately" in seen.words
    again = await browser.post(PATH, **typed)
    assert again.status == 403
    assert "You moved lately" in again.words
    clock.forward(days=7, minutes=1)
    assert (await browser.post(PATH, **typed)).status == 303


async def test_where_one_cannot_move(house: House, harbour: Peer) -> None:
    owner = await gardener(house)
    new(harbour)
    browser = await house.browser(owner)
    await browser.get(PATH)
    there = f"@new@{harbour.host}"
    for acct, password, status, why in (
        (there, PASSWORD, 403, policy.NO_ALIAS.sentence),
        (there, "a guess", 422, passwords.NOT_YOURS),
        (f"@nobody@{harbour.host}", PASSWORD, 422, "There is no such account."),
        ("", PASSWORD, 422, "There is no such account."),
        (f"@gardener@{DOMAIN}", PASSWORD, 403, policy.OTHER_KIND.sentence),
    ):
        seen = await browser.post(PATH, acct=acct, password=password)
        assert seen.status == status, acct
        assert why in seen.words
        assert PASSWORD not in seen.text
        if acct == there:
            assert f'value="{there}"' in seen.text
    assert (await house.reload(owner)).moved_to is None
    for path in (PATH, f"{PATH}/stay", f"{PATH}/aliases", f"{PATH}/aliases/remove"):
        assert (await browser.post(path, token="0" * 64)).status == 403
        assert (await (await house.browser()).post(path)).status in (303, 401, 403)
    stranger = await (await house.browser()).get(PATH)
    assert stranger.headers["Location"].startswith("/sign-in?next=")


async def test_other_names_are_added_and_removed(house: House, harbour: Peer) -> None:
    owner = await gardener(house)
    old = harbour.person("old")
    browser = await house.browser(owner)
    await browser.get(PATH)
    added = await browser.post(f"{PATH}/aliases", alias=f"@old@{harbour.host}")
    assert added.headers["Location"] == f"{PATH}?done=added"
    assert (await house.reload(owner)).also_known_as == [old.uri]
    assert f"@old@{harbour.host}" in (await browser.get(PATH)).words
    for alias, why in (
        ("nobody", "There is no such account."),
        (f"{OURS}/@gardener", "An account is no other name of itself."),
    ):
        seen = await browser.post(f"{PATH}/aliases", alias=alias)
        assert seen.status == 422
        assert why in seen.words
        assert f'value="{alias}"' in seen.text
    await browser.post(f"{PATH}/aliases/remove", uri=old.uri)
    await browser.post(f"{PATH}/aliases/remove", uri="nothing")
    assert (await house.reload(owner)).also_known_as == []
