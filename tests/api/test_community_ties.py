"""What leads into a community and from one to another: hand-over, links, the directory, persons."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from server.domain.groups import roles
from server.domain.members import accounts as account_verbs
from server.domain.members import farewell
from storage import accounts
from tests.api.conftest import PASSWORD, Running
from tests.api.people import House, Member
from tests.api.test_community_life import COMMUNITIES, follow, founded, letters, set_up
from tests.api.working import run_jobs

BECKON = "/api/beckon/v1"


@pytest.fixture
async def organiser(house: House) -> Member:
    return await house.member("organiser")


@pytest.fixture
async def garden(organiser: Member) -> str:
    return await founded(organiser)


async def role_of(who: Member, garden: str) -> Any:
    return (await who.good("GET", f"{COMMUNITIES}/{garden}"))["role"]


# The hand-over


async def test_a_role_is_handed_over_to_who_accepts(
    house: House, organiser: Member, garden: str
) -> None:
    heir, other = await house.member("heir"), await house.member("other")
    path = f"{COMMUNITIES}/{garden}/handover"
    assert (await organiser.post(path, json={"account_id": heir.id})).status == 422
    for each in (heir, other):
        await follow(each, garden)
    assert (await other.post(path, json={"account_id": heir.id})).status == 403
    assert (await organiser.post(path, json={"account_id": organiser.id})).status == 422
    leave = f"/api/v1/accounts/{garden}/unfollow"
    assert (await organiser.post(leave)).status == 403
    await organiser.good("POST", path, json={"account_id": heir.id})
    await run_jobs(house.work)
    assert "offers you the role of organiser" in (await letters(heir))[0]
    assert (await other.post(f"{path}/accept")).status == 404
    assert (await organiser.post(f"{path}/accept")).status == 403
    assert (await heir.good("GET", f"{COMMUNITIES}/{garden}"))["handover_offered"]
    assert (await organiser.post(leave)).status == 403  # an offer alone is nobody who steers
    await heir.good("POST", f"{path}/accept")
    assert [await role_of(m, garden) for m in (organiser, heir)] == ["member", "organiser"]
    assert (await heir.post(f"{path}/accept")).status == 404
    await organiser.good("POST", leave)


async def test_an_offer_may_be_declined_and_ends_with_who_leaves(
    house: House, organiser: Member, garden: str
) -> None:
    heir = await house.member("heir")
    path = f"{COMMUNITIES}/{garden}/handover"
    for act in (f"{path}/decline", f"/api/v1/accounts/{garden}/unfollow"):
        await follow(heir, garden)
        await organiser.good("POST", path, json={"account_id": heir.id})
        await heir.good("POST", act)
        assert (await heir.post(f"{path}/accept")).status == 404
    assert await role_of(organiser, garden) == "organiser"


async def test_somebody_steers_when_the_last_organiser_is_gone(
    house: House, organiser: Member, garden: str
) -> None:
    """Who moderates goes before who came earlier."""
    early, late = await house.member("early"), await house.member("late")
    for each in (early, late):
        await follow(each, garden)
    role = {"account_id": late.id, "role": "moderator"}
    await organiser.good("POST", f"{COMMUNITIES}/{garden}/roles", json=role)
    assert organiser.account
    async with house.work.transaction() as tx:
        gone = await accounts.suspend(tx.conn, organiser.account.id, tx.now)
        await farewell.erase(tx, gone)
    await run_jobs(house.work)
    assert [await role_of(m, garden) for m in (early, late)] == ["member", "organiser"]
    assert "You are its organiser now" in (await letters(late))[0]
    async with house.work.transaction() as tx:
        group = await accounts.by_id(tx.conn, int(garden))
        assert group and early.account
        await roles.appoint(tx, group, early.account, by=group)
    assert await role_of(early, garden) == "organiser"


# Links


async def test_a_link_counts_who_came_and_not_who(
    here: Running, house: House, organiser: Member
) -> None:
    garden = await founded(organiser, policy="request")
    friend, guest = await house.member("friend"), await house.member("guest")
    links = f"{COMMUNITIES}/{garden}/links"
    assert (await friend.post(links)).status == 403
    await follow(friend, garden)
    await organiser.good("POST", f"{COMMUNITIES}/{garden}/requests/{friend.id}/approve")
    made = await friend.good("POST", links, json={"max_uses": 2, "days": 3})
    assert (made["joined"], made["admits"]) == (0, False)
    async with here.http.get(made["url"]) as answer:
        page = await answer.text()
        assert answer.status == 200
        assert "Set-Cookie" not in answer.headers
    assert "The garden" in page
    code = made["url"].rpartition("/")[2]
    join = f"{COMMUNITIES}/{garden}/join"
    assert (await guest.good("POST", join, json={"code": code}))["requested"]
    assert (await friend.good("GET", f"{BECKON}/links"))[0]["joined"] == 0
    await organiser.good("POST", f"{COMMUNITIES}/{garden}/requests/{guest.id}/approve")
    (mine,) = await friend.good("GET", f"{BECKON}/links")
    assert mine == made | {"joined": 1, "url": None}
    async with house.work.reading() as tx:
        rows = await tx.conn.fetch("select * from community_joins where link_id is not null")
    assert rows == []
    assert (await guest.ask("DELETE", f"{BECKON}/links/{made['id']}")).status == 404
    await friend.good("DELETE", f"{BECKON}/links/{made['id']}")
    assert (await guest.post(join, json={"code": code})).status == 422
    async with here.http.get(made["url"]) as answer:
        assert answer.status == 404


async def test_a_link_of_who_steers_lets_in(here: Running, house: House, organiser: Member) -> None:
    sent = {"name": "shed", "title": "The shed", "policy": "invited", "visibility": "private"}
    shed = (await organiser.good("POST", COMMUNITIES, json=sent))["id"]
    guest, late, plain = [await house.member(name) for name in ("guest", "late", "plain")]
    join = f"{COMMUNITIES}/{shed}/join"
    assert (await guest.post(join)).status == 404
    links = f"{COMMUNITIES}/{shed}/links"
    made = await organiser.good("POST", links, json={"max_uses": 2, "days": 1})
    code = made["url"].rpartition("/")[2]
    assert (await guest.good("POST", join, json={"code": code}))["member"]
    assert (await guest.post(links)).status == 403  # members do not invite to this one
    assert (await guest.good("POST", join, json={"code": code}))["member"]
    assert (await organiser.good("GET", f"{BECKON}/links"))[0]["joined"] == 1
    assert (await plain.post(join, json={"code": code[:-1]})).status == 404
    here.clock.forward(days=1)
    assert (await late.post(join, json={"code": code})).status == 404


@pytest.mark.parametrize("sent", [{"max_uses": 0}, {"max_uses": 101}, {"days": 0}, {"days": 91}])
async def test_links_are_bounded(organiser: Member, garden: str, sent: dict[str, int]) -> None:
    assert (await organiser.post(f"{COMMUNITIES}/{garden}/links", json=sent)).status == 422


async def test_nobody_has_links_without_end(organiser: Member, garden: str) -> None:
    links = f"{COMMUNITIES}/{garden}/links"
    for _ in range(20):
        await organiser.good("POST", links)
    assert (await organiser.post(links)).status == 422


async def test_somebody_joins_on_the_page_of_a_link(
    here: Running, house: House, organiser: Member, garden: str
) -> None:
    await set_up(organiser, garden, norms="Be kind")
    guest = await house.member("guest")
    made = await organiser.good("POST", f"{COMMUNITIES}/{garden}/links")
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(here.base, cookie_jar=jar) as browser:
        form = {"name": "guest", "password": PASSWORD}
        async with browser.post("/sign-in", data=form) as answer:
            assert answer.status == 200
        async with browser.get(made["url"]) as answer:
            page = await answer.text()
        csrf = page.partition('name="csrf" value="')[2].partition('"')[0]
        async with browser.post(made["url"], data={"csrf": csrf}) as answer:
            assert answer.status == 422
            assert "read the norms" in await answer.text()
        async with browser.post(made["url"], data={"csrf": csrf, "norms": "yes"}) as answer:
            assert answer.status == 200
    shown = await guest.good("GET", f"{COMMUNITIES}/{garden}")
    assert (shown["member"], shown["norms_accepted"]) == (True, True)


# One shows another


async def test_communities_show_each_other_when_both_agree(
    house: House, organiser: Member, garden: str
) -> None:
    other = await house.member("other")
    hill = await founded(other, name="hill", title="Hill")
    path = f"{COMMUNITIES}/{garden}/linked"
    assert (await other.post(path, json={"other_id": hill})).status == 403
    assert (await organiser.post(path, json={"other_id": garden})).status == 422
    assert await organiser.good("POST", path, json={"other_id": hill}) == []
    await run_jobs(house.work)
    assert "show each other" in (await letters(other))[0]
    asked = await other.good("GET", f"{COMMUNITIES}/{hill}/settings")
    assert [a["id"] for a in asked["asked_by"]] == [garden]
    assert await house.stranger.good("GET", path) == []
    back = f"{COMMUNITIES}/{hill}/linked"
    await other.good("POST", back, json={"other_id": garden})
    for where, shown in ((path, hill), (back, garden)):
        assert [c["id"] for c in await house.stranger.good("GET", where)] == [shown]
    await other.good("DELETE", f"{back}/{garden}")
    assert await house.stranger.good("GET", path) == []


async def test_a_private_community_is_shown_by_none(house: House, organiser: Member) -> None:
    sent = {"name": "shed", "title": "Shed", "policy": "request", "visibility": "private"}
    shed = (await organiser.good("POST", COMMUNITIES, json=sent))["id"]
    hill = await founded(organiser, name="hill", title="Hill")
    answer = await organiser.post(f"{COMMUNITIES}/{shed}/linked", json={"other_id": hill})
    assert answer.status == 422
    await organiser.good("POST", f"{COMMUNITIES}/{hill}/linked", json={"other_id": shed})
    assert await house.stranger.good("GET", f"{COMMUNITIES}/{hill}/linked") == []


async def test_the_directory_lists_who_wants_to_be_found(house: House, organiser: Member) -> None:
    for name, topics, more in (
        ("garden", ["food", "soil"], {}),
        ("orchard", ["food"], {"language": "it"}),
        ("quiet", ["food"], {"visibility": "unlisted"}),
        ("shed", ["food"], {"policy": "request", "visibility": "private"}),
    ):
        made = await founded(organiser, name=name, title=name)
        await set_up(organiser, made, topics=topics, **more)
    far = await house.remote("far_food", "group")
    shy = await house.remote("far_shy", "group")
    async with house.work.transaction() as tx:
        note = '<p>We eat <a href="https://far.example/tags/food">#<span>food</span></a></p>'
        for group, discoverable in ((far, True), (shy, False)):
            await account_verbs.set_profile(tx, group, note=note, discoverable=discoverable)

    async def found(query: str) -> list[str]:
        shown = await house.stranger.good("GET", f"{BECKON}/directory?{query}")
        return sorted(c["name"] for c in shown)

    assert await found("") == ["far_food", "garden", "orchard"]
    assert await found("topic=%23Food") == ["far_food", "garden", "orchard"]
    assert await found("topic=soil") == ["garden"]
    assert await found("language=it") == ["orchard"]
    assert await found("topic=foo") == await found("topic=.*") == []
    assert len(await found("limit=1&offset=1")) == 1


# Persons


async def test_nothing_public_links_the_persons_of_a_user(
    here: Running, house: House, organiser: Member, garden: str
) -> None:
    """Not the API, not ActivityPub, no page, no suggestion, no search, no badge, no notification."""
    boss = await house.member("xyzzy", role="admin")
    sent = {"username": "mask", "display_name": "A gardener", "community_id": garden}
    made = await boss.good("POST", f"{BECKON}/persons", json=sent)
    token = {"Authorization": f"Bearer {made['access_token']}"}
    mask = Member(house.http, house.base, None, token)
    mask_id = made["person"]["id"]
    assert (await mask.good("GET", "/api/v1/accounts/verify_credentials"))["id"] == mask_id
    assert (await mask.good("GET", f"{COMMUNITIES}/{garden}"))["member"]
    await follow(boss, garden)
    said = await mask.says("@garden hello", title="Hello")
    await mask.good("POST", f"/api/v1/accounts/{organiser.id}/follow")
    other = await house.member("other")
    await other.good("POST", f"/api/v1/accounts/{boss.id}/follow")
    for who in (house.stranger, other, organiser):
        for one, not_told in ((mask_id, "xyzzy"), (boss.id, "mask")):
            shown = await who.good("GET", f"/api/v1/accounts/{one}")
            assert not_told not in str(shown)
        assert not any((await who.good("GET", f"/api/v1/accounts/{mask_id}"))["roles"])
    assert (await house.stranger.good("GET", f"/api/v1/accounts/{boss.id}"))["roles"]
    looked = [
        await other.good("GET", path)
        for path in (
            f"/api/v1/accounts/{mask_id}/statuses",
            f"/api/v1/accounts/{mask_id}/following",
            f"/api/v1/accounts/familiar_followers?id[]={mask_id}",
            "/api/v2/search?q=mask",
            f"/api/v1/statuses/{said['id']}/context",
            f"{COMMUNITIES}/{garden}/roles",
        )
    ]
    assert "xyzzy" not in str(looked)
    for told in await organiser.good("GET", "/api/v1/notifications"):
        assert not ("xyzzy" in str(told) and "mask" in str(told))
    suggested = [a["account"]["acct"] for a in await other.good("GET", "/api/v2/suggestions")]
    listed = [a["acct"] for a in await other.good("GET", "/api/v1/directory?local=true")]
    assert "mask" not in suggested + listed
    for path, accept in (
        (f"/users/{mask_id}", "application/activity+json"),
        ("/@mask", "text/html"),
    ):
        async with house.http.get(path, headers={"Accept": accept}) as answer:
            assert answer.status == 200
            assert "xyzzy" not in await answer.text()


async def test_persons_are_ones_own(house: House) -> None:
    one, other = await house.member("one"), await house.member("other")
    made = await one.good("POST", f"{BECKON}/persons", json={"username": "mask"})
    mine = await one.good("GET", f"{BECKON}/persons")
    assert [(p["account"]["username"], p["first"]) for p in mine] == [
        ("one", True),
        ("mask", False),
    ]
    assert len(await other.good("GET", f"{BECKON}/persons")) == 1
    path = f"{BECKON}/persons/{made['person']['id']}/token"
    assert (await other.post(path)).status == 404
    again = await one.good("POST", path)
    assert again["scope"] == made["scope"]
    taken = await other.post(f"{BECKON}/persons", json={"username": "mask"})
    assert taken.status == 409
    for number in range(8):
        await one.good("POST", f"{BECKON}/persons", json={"username": f"mask_number{number}"})
    more = await one.post(f"{BECKON}/persons", json={"username": "mask_too_many"})
    assert more.status == 422


async def test_an_offer_ends_with_the_role_that_was_offered(
    house: House, organiser: Member, garden: str
) -> None:
    """Who was dismissed meanwhile has nothing to hand over."""
    second, heir = await house.member("second"), await house.member("heir")
    for each in (second, heir):
        await follow(each, garden)
    role = {"account_id": second.id, "role": "organiser"}
    await organiser.good("POST", f"{COMMUNITIES}/{garden}/roles", json=role)
    path = f"{COMMUNITIES}/{garden}/handover"
    await second.good("POST", path, json={"account_id": heir.id})
    await organiser.good("POST", f"{COMMUNITIES}/{garden}/roles/{second.id}/dismiss")
    assert (await heir.post(f"{path}/accept")).status == 404
    assert await role_of(heir, garden) == "member"


async def test_asking_again_and_again_rings_once_a_day(
    here: Running, house: House, organiser: Member, garden: str
) -> None:
    """Anybody may found a community, and would have a bell at every door."""
    nuisance = await house.member("nuisance")
    own = await founded(nuisance, name="noise", title="Noise")
    path = f"{COMMUNITIES}/{own}"
    await follow(organiser, own)
    for _ in range(3):
        await nuisance.good("POST", f"{path}/linked", json={"other_id": garden})
        await nuisance.good("DELETE", f"{path}/linked/{garden}")
        await nuisance.good("POST", f"{path}/handover", json={"account_id": organiser.id})
        await run_jobs(house.work)
    assert len(await letters(organiser)) == 2
    here.clock.forward(days=1)
    await nuisance.good("POST", f"{path}/linked", json={"other_id": garden})
    await run_jobs(house.work)
    assert len(await letters(organiser)) == 3


async def test_who_comes_and_goes_at_a_full_community_rings_once_a_day(
    house: House, organiser: Member, garden: str
) -> None:
    await set_up(organiser, garden, capacity=1)
    nuisance = await house.member("nuisance")
    for _ in range(3):
        await follow(nuisance, garden)
        await nuisance.good("POST", f"/api/v1/accounts/{garden}/unfollow")
        await run_jobs(house.work)
    assert [len(await letters(each)) for each in (organiser, nuisance)] == [1, 1]


async def test_a_link_for_one_lets_one_into_the_line_for_a_place(
    house: House, organiser: Member
) -> None:
    shed = await founded(organiser, policy="invited", capacity=1)
    await set_up(organiser, shed, capacity=1)
    made = await organiser.good("POST", f"{COMMUNITIES}/{shed}/links", json={"max_uses": 1})
    code = {"code": made["url"].rpartition("/")[2]}
    first, second = await house.member("first"), await house.member("second")
    for _ in range(2):
        assert (await first.post(f"{COMMUNITIES}/{shed}/join", json=code)).status in (200, 422)
    assert (await second.post(f"{COMMUNITIES}/{shed}/join", json=code)).status == 422
    await set_up(organiser, shed, capacity=3)
    await run_jobs(house.work)
    assert [await role_of(each, shed) for each in (first, second)] == ["member", None]
    (kept,) = await organiser.good("GET", f"{BECKON}/links")
    assert kept["joined"] == 1


async def test_what_a_private_community_shows_is_for_its_members(
    house: House, organiser: Member
) -> None:
    garden = await founded(organiser, visibility="private", policy="request")
    outsider = await house.member("outsider")
    for who in (outsider, house.stranger):
        assert (await who.get(f"{COMMUNITIES}/{garden}/linked")).status == 404
    assert await organiser.good("GET", f"{COMMUNITIES}/{garden}/linked") == []
