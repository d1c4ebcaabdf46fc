"""Handles that look alike, as the database and the code see them."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.domain.groups import communities
from server.domain.members import names
from server.errors import Conflict, Invalid
from tests.domain.conftest import World

NAMES = st.text("abilmnorvw01IOLRN_", min_size=1, max_size=8)


@given(NAMES)
def test_case_changes_no_looks(name: str) -> None:
    assert names.looks(name.upper()) == names.looks(name) == names.looks(name.lower())


@pytest.mark.parametrize(
    ("one", "other"),
    [("paolo", "pa0l0"), ("Lily", "1I1y"), ("modern", "modem"), ("vvendy", "wendy")],
)
async def test_who_looks_like_another_is_refused(world: World, one: str, other: str) -> None:
    await world.person(one)
    with pytest.raises(Conflict, match="looks too much like another"):
        await world.person(other)


async def test_the_same_name_is_taken(world: World) -> None:
    await world.person("gardener")
    with pytest.raises(Conflict, match="is taken"):
        await world.person("Gardener")


async def test_people_elsewhere_may_look_as_they_like(world: World) -> None:
    await world.person("paolo")
    await world.stranger("pa0l0", "far.example")
    await world.stranger("paolo", "far.example")


@pytest.mark.parametrize("name", ["admin", "Adm1n", "r00t", "SUPPORT", "supp0rt", "webmaster"])
def test_reserved_names_and_their_looks(name: str) -> None:
    with pytest.raises(Invalid, match="reserved"):
        names.check_username(name)


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("green", True),
        ("green_valley_example", False),
        ("green_example", True),
        ("greenexample", True),
        ("example", False),
        ("gardener", False),
    ],
)
def test_the_name_of_the_instance(name: str, own: bool) -> None:
    assert names.is_instances(name, "green.example:8443") is own


SPELT = "select pg_get_expr(indexprs, indrelid) from pg_index where indexrelid = 'accounts_looks'::regclass"


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)
@given(NAMES)
async def test_the_database_looks_as_the_code_does(world: World, name: str) -> None:
    async with world.work.reading() as tx:
        expression = await tx.conn.fetchval(SPELT)
        seen = await tx.conn.fetchval(
            f"select {expression} from (values ($1::text)) v (username)", name
        )
    assert seen == names.looks(name)


async def test_a_community_cannot_speak_as_the_instance(world: World) -> None:
    founder = await world.person("founder")
    own = world.work.site.urls.domain.partition(".")[0]
    for name in (own, own.upper(), "admin", "sign_up"):
        async with world.work.transaction() as tx:
            with pytest.raises(Invalid, match="reserved"):
                await communities.create(tx, founder, name, "A title")
