"""A contact call of another server: its targets, where each stands, the letter, and that one of ours wrote it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from server.arriving import resolve
from server.domain.calling import calls, participations, tallies, targets
from server.domain.calling.drafting import Wanted
from server.domain.members import follows
from server.errors import Forbidden, Invalid, NotFound
from storage import targets as rows
from storage.accounts import Account
from storage.calls import Details
from storage.posts import Post
from storage.targets import NewTarget, Script, Target
from tests.federation.five import Five, five
from tests.federation.instance import Instance
from tests.federation.test_tallies import age


@dataclass
class Two:
    both: Five
    home: Instance
    away: Instance
    organiser: Account
    member: Account
    made: Post
    copy: Post

    async def there(self) -> list[Target]:
        async with self.away.work.reading() as tx:
            return await rows.of_call(tx.conn, self.copy.id)

    async def letter(self) -> Script | None:
        (target,) = await self.there()
        async with self.away.work.reading() as tx:
            return await targets.letter(tx, self.copy, target)

    async def later(self) -> None:
        self.both.clock.forward(minutes=4)
        await self.both.settle()


@pytest.fixture
async def two(template_url: str, tmp_path: Path) -> AsyncIterator[Two]:
    async with five(template_url, tmp_path, ["home", "away"]) as both:
        home, away = (server.here for server in both.servers)
        organiser, member = await home.member("organiser"), await away.member("neighbour")
        group = await home.community(organiser, "river")
        followed = await resolve.actor(away.net, group.uri)
        async with away.work.transaction() as tx:
            await follows.follow(tx, member, followed)
        await both.settle()
        for at in (home, away):
            await age(at)
        async with home.work.transaction() as tx:
            wanted = Wanted("The path", Details(None, None, "UTC"), kind="contact")
            made = await calls.create(tx, organiser, group, wanted)
            council = NewTarget("Council", "council", "council@town.example", "Town", "en")
            await targets.add(tx, organiser, made, council)
            for status, subject in (("asked", "Please"), ("answered", "Thank you")):
                await targets.set_script(tx, organiser, made, Script(status, subject, "Dear all"))
        world = Two(both, home, away, organiser, member, made, made)
        await world.later()
        copy = await away.post(made.uri)
        assert copy
        world.copy = copy
        yield world


async def test_targets_and_letters_are_known_elsewhere(two: Two) -> None:
    (target,) = await two.there()
    assert (target.name, target.role, target.area) == ("Council", "council", "Town")
    assert (target.address, target.language) == ("mailto:council@town.example", "en")
    assert target.uri
    assert target.uri.startswith(f"{two.made.uri}#target-")
    assert await two.letter() == Script("asked", "Please", "Dear all")


async def test_an_address_that_few_mail_servers_carry_is_not_taken_over(two: Two) -> None:
    """A server that checks less names it; here nobody is led to write there."""
    async with two.home.work.transaction() as tx:
        new = NewTarget("Mayor", "", "mailto:bürgermeister@town.example", "", None)
        await rows.insert(tx.conn, two.made.id, new, tx.now)
        new = NewTarget("Mill", "", "mailto:rat@städtchen.example", "", None)
        await rows.insert(tx.conn, two.made.id, new, tx.now)
        (council, *_) = await rows.of_call(tx.conn, two.made.id)
        await targets.set_status(tx, two.organiser, two.made, council.id, "answered", "")
    await two.later()
    found = {target.name: target.address for target in await two.there()}
    assert (found["Mayor"], found["Mill"]) == ("", "mailto:rat@xn--stdtchen-1za.example")


async def test_where_a_target_stands_changes_the_letter(two: Two) -> None:
    (ours,) = await _of(two.home, two.made)
    for status, subject in (("answered", "Thank you"), ("pledged", None), ("refused", "Please")):
        async with two.home.work.transaction() as tx:
            await targets.set_status(tx, two.organiser, two.made, ours.id, status, "As they said")
        await two.later()
        (target,) = await two.there()
        assert (target.status, target.note) == (status, "As they said")
        letter = await two.letter()
        assert (letter.subject if letter else None) == subject
    async with two.away.work.reading() as tx:
        log = [change.status for change in await rows.changes(tx.conn, two.copy.id)]
    assert log == ["answered", "pledged", "refused"]
    async with two.home.work.transaction() as tx:
        await targets.remove(tx, two.organiser, two.made, ours.id)
    await two.later()
    assert await two.there() == []


async def _of(at: Instance, post: Post) -> list[Target]:
    async with at.work.reading() as tx:
        return await rows.of_call(tx.conn, post.id)


async def test_a_letter_counts_without_a_name(two: Two) -> None:
    (target,) = await two.there()
    async with two.away.work.transaction() as tx:
        await targets.report(tx, two.member, two.copy, target.id, answered=False)
    await two.later()
    async with two.home.work.reading() as tx:
        found = await tallies.standing(tx, two.made)
        named = await tx.conn.fetchval("select count(*) from participations")
    assert (found.by_tally, found.joined, named) == (1, 0, 0)
    assert await two.home.value("select count(*) from accounts where uri = $1", two.member.uri) == 1
    with pytest.raises(Forbidden, match="already"):
        async with two.away.work.transaction() as tx:
            await targets.report(tx, two.member, two.copy, target.id, answered=False)
    async with two.away.work.transaction() as tx:
        await participations.withdraw(tx, two.member, two.copy)
    await two.later()
    async with two.home.work.reading() as tx:
        assert (await tallies.standing(tx, two.made)).by_tally == 0


async def test_what_a_target_said_is_not_taken_for_others(two: Two) -> None:
    (target,) = await two.there()
    with pytest.raises(Invalid, match="organisers"):
        async with two.away.work.transaction() as tx:
            await targets.report(
                tx, two.member, two.copy, target.id, answered=True, said="They will think about it"
            )
    assert await two.away.value("select count(*) from call_letters") == 0


async def test_only_the_host_steers_its_targets(two: Two) -> None:
    (target,) = await two.there()
    with pytest.raises(NotFound):
        async with two.away.work.transaction() as tx:
            await targets.set_status(tx, two.member, two.copy, target.id, "pledged", "")
