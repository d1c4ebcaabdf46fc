"""A member's own pages: what they change, what is refused, and that nobody else's is in reach."""

from __future__ import annotations

import re

import pytest

from server.domain.members import oauth
from server.web import browsers, menus, scope_words
from storage import attention, call_notices, notification_requests, preferences
from storage import oauth as oauth_rows
from storage import places as place_rows
from storage import skills as skill_rows
from storage import users as user_rows
from storage.accounts import Account
from tests.web.house import House
from tests.web.test_ways_in import PASSWORD, member

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1"
CHROME = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36"
EDGE = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36 Edg/140.0"


@pytest.mark.parametrize("entry", menus.SETTINGS, ids=lambda e: e.path)
async def test_settings_are_for_members(house: House, entry: menus.Entry) -> None:
    stranger = await house.browser()
    seen = await stranger.get(entry.path)
    assert seen.headers["Location"].startswith("/sign-in?next=")
    own = await house.browser(await house.person("gardener"))
    seen = await own.get(entry.path)
    assert seen.status == 200
    assert seen.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    "path",
    [
        "profile", "account/email", "delete", "sessions/others", "sessions/apps", "sessions/1/end",
        "notifications/hours", "notifications/communities", "notifications/senders",
        "privacy/posts", "privacy/area", "privacy/skills", "persons", "persons/act",
        "sign-in/codes", "sign-in/codes/confirm", "sign-in/passkeys", "sign-in/passkeys/new",
    ],
)  # fmt: skip
async def test_a_form_of_another_site_changes_nothing(house: House, path: str) -> None:
    browser = await house.browser(await house.person("gardener"))
    assert (await browser.post(f"/settings/{path}", token="0" * 64)).status == 403


# Browsers and apps


@pytest.mark.parametrize(
    ("agent", "kind"),
    [
        (FIREFOX, "Firefox, Linux"), (SAFARI, "Safari, iPhone"), (CHROME, "Chrome, Android"),
        (EDGE, "Edge, Windows"), ("curl/8", ""), ("", ""),
    ],
)  # fmt: skip
def test_a_browser_is_told_apart_roughly(agent: str, kind: str) -> None:
    assert browsers.kind(agent) == kind


async def test_another_browser_is_signed_out(house: House) -> None:
    gardener = await house.person("gardener")
    here, there = await house.browser(gardener), await house.browser(gardener)
    listed = await here.get("/settings/sessions")
    assert listed.text.count("This one") == 1
    (other,) = re.findall(r"/settings/sessions/(\d+)/end", listed.text)
    assert (await here.post(f"/settings/sessions/{other}/end")).status == 303
    assert (await there.get("/settings/sessions")).status == 303
    assert (await here.get("/settings/sessions")).status == 200


async def test_all_other_browsers_are_signed_out_at_once(house: House) -> None:
    gardener = await house.person("gardener")
    here, *others = [await house.browser(gardener) for _ in range(3)]
    await here.get("/settings/sessions")
    await here.post("/settings/sessions/others")
    assert [(await each.get("/settings/sessions")).status for each in (here, *others)] == [
        200,
        303,
        303,
    ]


async def test_nobody_signs_out_somebody_elses_browser(house: House) -> None:
    gardener, baker = await house.person("gardener"), await house.person("baker")
    here, _, theirs = [await house.browser(a) for a in (gardener, gardener, baker)]
    (mine,) = re.findall(r"/sessions/(\d+)/end", (await here.get("/settings/sessions")).text)
    await theirs.get("/settings/sessions")
    assert (await theirs.post(f"/settings/sessions/{mine}/end")).status == 404
    assert (await theirs.post("/settings/sessions/x/end")).status == 404


async def app_of(house: House, account: Account) -> tuple[int, bytes]:
    """An app that acts for somebody, and the digest of its token."""
    async with house.work.transaction() as tx:
        app, _ = await oauth.register_app(tx, "Rake <b>", [oauth.OUT_OF_BAND], "read write", None)
        issued = await oauth.issue(
            tx, app, ["read", "write:statuses"], user_id=account.user_id, account_id=account.id
        )
    return app.id, issued.token.digest


async def test_an_app_is_shut_out_by_its_own_user_alone(house: House) -> None:
    gardener, baker = await house.person("gardener"), await house.person("baker")
    app_id, digest = await app_of(house, gardener)
    fields = {"app": str(app_id), "person": str(gardener.id)}
    theirs = await house.browser(baker)
    await theirs.get("/settings/sessions")
    assert (await theirs.post("/settings/sessions/apps", **fields)).status == 404
    own = await house.browser(gardener)
    listed = await own.get("/settings/sessions")
    assert "Rake <b>" in listed.words
    assert "Post and answer calls in your name" in listed.words
    assert (await own.post("/settings/sessions/apps", **fields)).status == 303
    async with house.work.reading() as tx:
        assert await oauth_rows.token(tx.conn, digest) is None


def test_every_scope_is_told_in_words() -> None:
    from server.domain.members import scopes

    assert set(scope_words.WORDS) == set(scopes.KNOWN)
    told = scope_words.meanings(["read", "read:lists", "write:lists"])
    assert told == [scope_words.WORDS["read"], scope_words.WORDS["write:lists"]]


# Account


async def email_of(house: House, account: Account) -> str:
    async with house.work.reading() as tx:
        user = await user_rows.by_id(tx.conn, account.user_id or 0)
    assert user
    return user.email


async def test_an_address_is_changed_with_the_password(house: House) -> None:
    gardener = await member(house, "gardener")
    browser = await house.browser(gardener)
    await browser.get("/settings/account")
    wrong = await browser.post("/settings/account/email", email="new@mail.example", password="no")
    assert wrong.status == 422
    assert 'value="new@mail.example"' in wrong.text
    bad = await browser.post("/settings/account/email", email="a,b@c", password=PASSWORD)
    assert "not an e-mail address" in bad.words
    await browser.post("/settings/account/email", email="new@mail.example", password=PASSWORD)
    assert await email_of(house, gardener) == "new@mail.example"


async def test_an_address_that_is_taken_stays_with_who_has_it(house: House) -> None:
    gardener, _ = await member(house, "gardener"), await member(house, "baker")
    browser = await house.browser(gardener)
    await browser.get("/settings/account")
    seen = await browser.post(
        "/settings/account/email", email="Baker@mail.example", password=PASSWORD
    )
    assert seen.status == 422
    assert await email_of(house, gardener) == "gardener@mail.example"


async def test_a_member_deletes_their_account(house: House) -> None:
    gardener = await member(house, "gardener")
    browser = await house.browser(gardener)
    await browser.get("/settings/delete")
    assert (await browser.post("/settings/delete", password="no")).status == 422
    assert (await browser.get("/@gardener")).status == 200
    await browser.get("/settings/delete")
    gone = await browser.post("/settings/delete", password=PASSWORD)
    assert "is deleted" in gone.words
    assert (await browser.get("/@gardener")).status == 404
    again = await browser.post("/sign-in", name="gardener", password=PASSWORD)
    assert again.status == 401
    async with house.work.reading() as tx:
        assert await user_rows.by_email(tx.conn, "gardener@mail.example") is None


async def test_the_last_who_runs_the_server_stays(house: House) -> None:
    keeper = await member(house, "keeper")
    async with house.work.transaction() as tx:
        await tx.conn.execute("update users set role = 'admin' where id = $1", keeper.user_id)
    browser = await house.browser(keeper)
    await browser.get("/settings/delete")
    seen = await browser.post("/settings/delete", password=PASSWORD)
    assert seen.status == 403
    assert "make somebody else an administrator" in seen.words


# Notifications


HOURS = {
    "timezone": "Europe/Rome", "quiet_from": "22:00", "quiet_until": "07:30", "digest": "message",
    "digest_day": "5", "digest_hour": "9",
}  # fmt: skip


async def test_hours_are_kept(house: House) -> None:
    gardener = await house.person("gardener")
    browser = await house.browser(gardener)
    await browser.get("/settings/notifications")
    assert (await browser.post("/settings/notifications/hours", **HOURS)).status == 303
    async with house.work.reading() as tx:
        chosen = await attention.of(tx.conn, gardener.user_id or 0)
        off = await call_notices.reminders_off(tx.conn, gardener.id)
    assert (chosen.quiet_from, chosen.quiet_until, chosen.digest_day) == (1320, 450, 5)
    assert off


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("timezone", "Mars/Base", 422), ("quiet_from", "", 422), ("quiet_from", "25:00", 422),
        ("quiet_until", "22:00", 422), ("digest", "daily", 422), ("digest_day", "7", 400),
        ("digest_hour", "x", 400),
    ],
)  # fmt: skip
async def test_hours_that_cannot_be_change_nothing(
    house: House, name: str, value: str, status: int
) -> None:
    gardener = await house.person("gardener")
    browser = await house.browser(gardener)
    await browser.get("/settings/notifications")
    seen = await browser.post("/settings/notifications/hours", **{**HOURS, name: value})
    assert seen.status == status
    async with house.work.reading() as tx:
        assert (await attention.of(tx.conn, gardener.user_id or 0)) == attention.Attention()


async def test_levels_are_of_communities_that_one_joined(house: House) -> None:
    gardener, baker = await house.person("gardener"), await house.person("baker")
    group = await house.community(gardener)
    browser = await house.browser(baker)
    await browser.get("/settings/notifications")
    await browser.post("/settings/notifications/communities", **{f"level_{group.id}": "everything"})
    own = await house.browser(gardener)
    assert "The shared garden" in (await own.get("/settings/notifications")).words
    name = f"level_{group.id}"
    assert (await own.post("/settings/notifications/communities", **{name: "no"})).status == 400
    await own.post("/settings/notifications/communities", **{name: "mentions"})
    async with house.work.reading() as tx:
        assert await attention.level(tx.conn, baker.id, group.id) is None
        assert await attention.level(tx.conn, gardener.id, group.id) == "mentions"


async def test_by_whom_one_is_told(house: House) -> None:
    gardener = await house.person("gardener")
    browser = await house.browser(gardener)
    await browser.get("/settings/notifications")
    names = notification_requests.Policy.__dataclass_fields__
    assert (await browser.post("/settings/notifications/senders")).status == 400
    await browser.post("/settings/notifications/senders", **dict.fromkeys(names, "drop"))
    async with house.work.reading() as tx:
        chosen = await notification_requests.policy(tx.conn, gardener.id)
    assert chosen == notification_requests.Policy(*["drop"] * len(names))


# Privacy


async def test_what_one_posts_is_for_whom_one_says(house: House) -> None:
    gardener = await house.person("gardener")
    browser = await house.browser(gardener)
    await browser.get("/settings/privacy")
    said = {"visibility": "private", "quotes": "nobody", "language": "it"}
    assert (await browser.post("/settings/privacy/posts", **said)).status == 303
    seen = await browser.post("/settings/privacy/posts", **{**said, "language": "Italian!"})
    assert seen.status == 422
    assert 'value="Italian!"' in seen.text
    async with house.work.reading() as tx:
        chosen = await preferences.of(tx.conn, gardener.id)
    assert (chosen.visibility, chosen.language) == ("private", "it")
    assert (await house.reload(gardener)).quote_policy == "nobody"


@pytest.mark.parametrize("latitude", ["", "north", "91", "nan", "inf"])
async def test_nowhere_is_no_region(house: House, latitude: str) -> None:
    gardener = await house.person("gardener")
    browser = await house.browser(gardener)
    await browser.get("/settings/privacy")
    seen = await browser.post(
        "/settings/privacy/area", latitude=latitude, longitude="9", reach_km="20"
    )
    assert seen.status == 422


async def test_a_region_is_rounded_and_forgotten(house: House) -> None:
    gardener = await house.person("gardener")
    browser = await house.browser(gardener)
    await browser.get("/settings/privacy")
    where = {"latitude": "45,4643", "longitude": "9.1895", "reach_km": "30"}
    assert (await browser.post("/settings/privacy/area", **where)).status == 303
    async with house.work.reading() as tx:
        area = await place_rows.area(tx.conn, gardener.id)
    assert area
    assert (area.latitude, area.reach_km, area.shown) == (455, 30, False)
    await browser.post("/settings/privacy/area", forget="yes")
    async with house.work.reading() as tx:
        assert await place_rows.area(tx.conn, gardener.id) is None


async def test_skills_are_kept_and_too_many_are_not(house: House) -> None:
    gardener = await house.person("gardener")
    browser = await house.browser(gardener)
    await browser.get("/settings/privacy")
    await browser.post("/settings/privacy/skills", skills="First aid, Driving", matched="yes")
    many = ",".join(f"skill {i}" for i in range(21))
    assert (await browser.post("/settings/privacy/skills", skills=many)).status == 422
    async with house.work.reading() as tx:
        own = await skill_rows.of(tx.conn, gardener.id)
    assert own
    assert (own.skills, own.shown, own.matched) == (["driving", "first aid"], False, True)


# Persons


async def test_one_acts_as_another_person_of_ones_own_alone(house: House) -> None:
    gardener, baker = await house.person("gardener"), await house.person("baker")
    browser = await house.browser(gardener)
    await browser.get("/settings/persons")
    assert (await browser.post("/settings/persons/act", person=str(baker.id))).status == 404
    taken = await browser.post("/settings/persons", username="baker")
    assert taken.status == 422
    assert (await browser.post("/settings/persons", username="moth")).status == 303
    (other,) = re.findall(
        r'name="person" value="(\d+)"', (await browser.get("/settings/persons")).text
    )
    await browser.post("/settings/persons/act", person=other)
    assert "@moth" in (await browser.get("/settings/profile")).words


# Profile


async def test_a_profile_is_changed(house: House) -> None:
    gardener = await house.person("gardener")
    browser = await house.browser(gardener)
    await browser.get("/settings/profile")
    said = {
        "display_name": "The gardener", "note": "Beans & roses <b>", "locked": "yes",
        "field_name_0": "Languages", "field_value_0": "Italian",
    }  # fmt: skip
    assert (await browser.send("/settings/profile", **said)).status == 303
    now = await house.reload(gardener)
    assert (now.display_name, now.note_source, now.locked) == (
        "The gardener",
        "Beans & roses <b>",
        True,
    )
    assert not now.discoverable
    assert now.fields[0]["name"] == "Languages"
    shown = await browser.get("/settings/profile")
    assert 'value="Italian"' in shown.text


async def test_a_name_that_is_too_long_is_told_beside_its_field(house: House) -> None:
    browser = await house.browser(await house.person("gardener"))
    await browser.get("/settings/profile")
    seen = await browser.send("/settings/profile", display_name="x" * 101, note="kept")
    assert seen.status == 422
    assert 'id="display_name-error"' in seen.text
    assert ">\nkept</textarea>" in seen.text


async def test_a_form_with_files_of_another_site_changes_nothing(house: House) -> None:
    browser = await house.browser(await house.person("gardener"))
    assert (await browser.send("/settings/profile", csrf="0" * 64)).status == 403
