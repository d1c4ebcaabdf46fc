"""Signing up from an app, with a real relay for the mail."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from mastodon import Mastodon

from federation.fetch import Egress, EgressConfig
from server import mail
from server.arriving import resolve
from server.arriving.resolve import Net
from server.config import load
from server.domain.members import sign_up
from server.jobs import later
from storage.accounts import Account
from tests.api.conftest import PASSWORD, Running, serving
from tests.relay import Kept, relay

FORM = {
    "username": "gardener",
    "email": "gardener@people.example",
    "password": PASSWORD,
    "agreement": "true",
    "locale": "en",
    "date_of_birth": "1990-01-01",
}
USER_ROUTE = "/api/v1/accounts/verify_credentials"


@dataclass
class Answer:
    status: int
    json: Any
    headers: Any


async def ask(here: Running, method: str, path: str, token: dict[str, str], **more: Any) -> Answer:
    async with here.http.request(method, path, headers=token, **more) as got:
        return Answer(got.status, await got.json(), got.headers)


async def register(here: Running, **changed: str) -> Answer:
    app = await here.token(None)
    return await ask(here, "POST", "/api/v1/accounts", app, data=FORM | changed)


def bearer(answer: Answer) -> dict[str, str]:
    assert answer.status == 200, answer.json
    return {"Authorization": f"Bearer {answer.json['access_token']}"}


async def set_mode(here: Running, mode: str) -> None:
    async with here.work.transaction() as tx:
        await sign_up.set_mode(tx, mode)


async def invite(here: Running, uses: int | None = 1, days: int | None = 7) -> str:
    async with here.work.transaction() as tx:
        return await sign_up.invite(tx, uses, days)


@dataclass
class Mailing:
    here: Running
    kept: Kept
    net: Net

    async def deliver(self) -> None:
        while await later.work_once(self.net):
            pass

    async def link(self) -> str:
        """The path of the newest link that was sent."""
        await self.deliver()
        found = re.search(r"https?://\S+?(/(?:confirm|password)/\S+)", self.kept.text())
        assert found, self.kept.text()
        return found[1]

    async def confirm(self) -> None:
        path = await self.link()
        async with self.here.http.post(path) as got:
            assert got.status == 200


async def net_of(here: Running, **settings: str) -> Net:
    known = load({f"BECKON_{name.upper()}": value for name, value in settings.items()})
    egress = Egress(EgressConfig("test", None, ()))
    return await resolve.open_net(here.work, egress, relay=mail.relay(known))


@pytest.fixture
async def mailing(database_url: str, free_port: Callable[[], int]) -> AsyncIterator[Mailing]:
    """An instance that is open and sends mail."""
    port = free_port()
    smtp = {"smtp_url": f"smtp+plain://127.0.0.1:{port}", "smtp_from": "noreply@beckon.example"}
    async with relay(port) as kept, serving(database_url, free_port(), **smtp) as here:
        net = await net_of(here, **smtp)
        await set_mode(here, "open")
        yield Mailing(here, kept, net)
        await net.egress.close()


# --- who may


@pytest.mark.parametrize("mode", ["closed", "invited"])
async def test_a_closed_door_is_403(here: Running, mode: str) -> None:
    await set_mode(here, mode)
    answer = await register(here, invite_code="guess")
    assert answer.status == 403
    assert set(answer.json) == {"error"}
    async with here.work.reading() as tx:
        assert await tx.conn.fetchval("select count(*) from users") == 0


async def test_it_is_closed_at_first(here: Running) -> None:
    assert (await register(here)).status == 403


async def test_the_token_must_be_good_and_may_write(here: Running) -> None:
    await set_mode(here, "open")
    bad = await ask(here, "POST", "/api/v1/accounts", {"Authorization": "Bearer no"}, data=FORM)
    narrow = await ask(here, "POST", "/api/v1/accounts", await here.token(None, "read"), data=FORM)
    none = await ask(here, "POST", "/api/v1/accounts", {}, data=FORM)
    assert (bad.status, narrow.status, none.status) == (401, 403, 401)


async def test_open_and_without_mail_somebody_is_in_at_once(here: Running) -> None:
    await set_mode(here, "open")
    made = await register(here)
    assert set(made.json) == {"access_token", "token_type", "scope", "created_at"}
    assert made.json["token_type"] == "Bearer"
    assert made.json["scope"] == "read write follow push profile"
    assert type(made.json["created_at"]) is int
    me = await ask(here, "GET", USER_ROUTE, bearer(made))
    assert (me.status, me.json["username"]) == (200, "gardener")
    seen = await ask(here, "GET", "/api/v1/accounts/lookup?acct=gardener", {})
    assert seen.status == 200


async def test_an_invitation_is_used_up(here: Running) -> None:
    await set_mode(here, "invited")
    code = await invite(here, uses=1)
    assert (await register(here, invite_code=code)).status == 200
    again = await register(here, invite_code=code, username="baker", email="baker@people.example")
    assert again.status == 403


async def test_an_invitation_ends(here: Running) -> None:
    await set_mode(here, "invited")
    code = await invite(here, uses=None, days=7)
    here.clock.forward(days=8)
    assert (await register(here, invite_code=code)).status == 403


async def test_what_is_refused_uses_no_invitation_up(here: Running) -> None:
    await set_mode(here, "invited")
    code = await invite(here)
    assert (await register(here, invite_code=code, agreement="false")).status == 422
    assert (await register(here, invite_code=code)).status == 200


# --- what is wrong

WRONG = [
    ({"username": ""}, "username", "ERR_BLANK"),
    ({"username": "a b"}, "username", "ERR_INVALID"),
    ({"username": "ünï"}, "username", "ERR_INVALID"),
    ({"username": "a" * 31}, "username", "ERR_INVALID"),
    ({"username": "admin"}, "username", "ERR_RESERVED"),
    ({"username": "Adm1n"}, "username", "ERR_RESERVED"),
    ({"username": "127"}, "username", "ERR_RESERVED"),
    ({"email": ""}, "email", "ERR_BLANK"),
    ({"email": "nowhere"}, "email", "ERR_INVALID"),
    ({"password": ""}, "password", "ERR_BLANK"),
    ({"password": "short"}, "password", "ERR_TOO_SHORT"),
    ({"password": "x" * 201}, "password", "ERR_TOO_LONG"),
    ({"agreement": "false"}, "agreement", "ERR_ACCEPTED"),
    ({"reason": "x" * 2001}, "reason", "ERR_TOO_LONG"),
]


@pytest.mark.parametrize(("changed", "field", "code"), WRONG)
async def test_a_fault_is_named(
    here: Running, changed: dict[str, str], field: str, code: str
) -> None:
    await set_mode(here, "open")
    answer = await register(here, **changed)
    assert answer.status == 422
    assert list(answer.json["details"]) == [field]
    (fault,) = answer.json["details"][field]
    assert fault["error"] == code
    assert answer.json["error"] == f"Validation failed: {field.capitalize()} {fault['description']}"
    async with here.work.reading() as tx:
        assert await tx.conn.fetchval("select count(*) from users") == 0


async def test_all_faults_are_told_at_once(here: Running) -> None:
    await set_mode(here, "approved")
    app = await here.token(None)
    answer = await ask(here, "POST", "/api/v1/accounts", app, json={})
    assert answer.status == 422
    assert set(answer.json["details"]) == {"username", "email", "password", "agreement", "reason"}


@pytest.mark.parametrize("username", ["gardener", "GARDENER", "9ardener", "g4rdener"])
async def test_names_are_taken_whatever_their_case(here: Running, username: str) -> None:
    await set_mode(here, "open")
    await here.member("gardener")
    answer = await register(here, username=username, email="other@people.example")
    taken = username.lower() == "gardener"
    assert answer.status == (422 if taken else 200)
    if taken:
        assert answer.json["details"]["username"][0]["error"] == "ERR_TAKEN"


@pytest.mark.parametrize(
    ("there", "typed"),
    [("paolo", "pa0l0"), ("lily", "1i1y"), ("modern", "modem"), ("wendy", "vvendy")],
)
async def test_a_name_that_looks_like_another_is_taken(
    here: Running, there: str, typed: str
) -> None:
    await set_mode(here, "open")
    await here.member(there)
    answer = await register(here, username=typed)
    assert answer.status == 422
    assert answer.json["details"]["username"][0]["error"] == "ERR_TAKEN"


async def test_communities_and_people_share_the_handles(here: Running) -> None:
    from server.domain.groups import communities

    await set_mode(here, "open")
    founder = await here.member("founder")
    async with here.work.transaction() as tx:
        await communities.create(tx, founder, "choir", "The choir")
    assert (await register(here, username="cho1r")).status == 422


async def test_one_user_for_each_address(here: Running) -> None:
    await set_mode(here, "open")
    await register(here)
    answer = await register(here, username="baker", email="Gardener@People.example")
    assert answer.json["details"] == {
        "email": [{"error": "ERR_TAKEN", "description": "has already been taken"}]
    }


# --- approval


async def test_who_must_be_approved_waits_unseen(here: Running) -> None:
    await set_mode(here, "approved")
    moderator = await here.member("organiser", "moderator")
    made = await register(here, reason="I grow beans")
    token = bearer(made)
    refused = await ask(here, "GET", USER_ROUTE, token)
    assert (refused.status, refused.json["error"]) == (
        403, "Your login is currently pending approval",
    )  # fmt: skip
    assert (await ask(here, "POST", "/api/v1/statuses", token, json={"status": "Hi"})).status == 403
    account = await account_of(here, "gardener")
    assert await unseen(here, account)
    told = await ask(here, "GET", "/api/v1/notifications", await here.token(moderator))
    assert [n["type"] for n in told.json] == ["admin.sign_up"]
    assert told.json[0]["account"]["username"] == "gardener"
    async with here.work.transaction() as tx:
        await sign_up.approve(tx, await user_of(here, account))
    assert (await ask(here, "GET", USER_ROUTE, token)).status == 200
    assert not await unseen(here, account)


async def account_of(here: Running, name: str) -> Account:
    from storage import accounts

    async with here.work.reading() as tx:
        found = await accounts.by_handle(tx.conn, name)
    assert found
    return found


async def user_of(here: Running, account: Account) -> Any:
    from storage import users as rows

    assert account.user_id
    async with here.work.reading() as tx:
        return await rows.by_id(tx.conn, account.user_id)


async def unseen(here: Running, account: Account) -> bool:
    """Whether every way to somebody answers as if they were not there; fails where the ways differ."""
    name = account.username
    paths = [
        f"/api/v1/accounts/lookup?acct={name}",
        f"/api/v1/accounts/{account.id}",
        f"/@{name}",
        f"/users/{account.id}",
        f"/.well-known/webfinger?resource=acct:{name}@{here.base.partition('://')[2]}",
    ]
    found: set[int] = set()
    for path in paths:
        async with here.http.get(path, allow_redirects=False) as got:
            found.add(404 if got.status == 404 else 200)
    async with here.http.get(f"/api/v1/accounts?id[]={account.id}") as got:
        found.add(200 if await got.json() else 404)
    assert len(found) == 1, found
    return found == {404}


async def test_where_anybody_may_ask_who_waits_is_nobody(here: Running) -> None:
    await set_mode(here, "approved")
    token = bearer(await register(here, reason="I grow beans"))
    assert (await ask(here, "GET", "/api/v1/instance", token)).status == 200


async def test_an_invitation_needs_no_approval(here: Running) -> None:
    await set_mode(here, "approved")
    made = await register(here, invite_code=await invite(here))
    assert (await ask(here, "GET", USER_ROUTE, bearer(made))).status == 200


async def test_who_is_turned_away_is_forgotten(here: Running) -> None:
    await set_mode(here, "approved")
    token = bearer(await register(here, reason="I grow beans"))
    user = await user_of(here, await account_of(here, "gardener"))
    async with here.work.transaction() as tx:
        await sign_up.reject(tx, user)
    assert (await ask(here, "GET", USER_ROUTE, token)).status == 401
    assert (await register(here, reason="Once more")).status == 200


# --- confirming


async def test_the_app_waits_for_the_link_in_the_mail(mailing: Mailing) -> None:
    here = mailing.here
    token = bearer(await register(here))
    path = "/api/v1/emails/check_confirmation"
    assert (await ask(here, "GET", path, token)).json is False
    refused = await ask(here, "GET", USER_ROUTE, token)
    assert (refused.status, refused.json["error"]) == (
        403, "Your login is missing a confirmed e-mail address",
    )  # fmt: skip
    assert await unseen(here, await account_of(here, "gardener"))
    await mailing.confirm()
    sent = mailing.kept.mails[0]
    assert (sent["To"], sent["From"]) == ("gardener@people.example", "noreply@beckon.example")
    assert sent["Auto-Submitted"] == "auto-generated"
    assert sent.get_content_type() == "text/plain"
    assert (await ask(here, "GET", path, token)).json is True
    assert (await ask(here, "GET", USER_ROUTE, token)).status == 200


async def test_a_link_is_good_once_and_not_for_ever(mailing: Mailing) -> None:
    here = mailing.here
    token = bearer(await register(here))
    path = await mailing.link()
    async with here.http.get(path) as got:  # a scanner of mail that opens every link
        assert got.status == 200
    assert (await ask(here, "GET", "/api/v1/emails/check_confirmation", token)).json is False
    here.clock.forward(days=3)
    for method in ("GET", "POST"):
        async with here.http.request(method, path) as got:
            assert got.status == 404
    await ask(here, "POST", "/api/v1/emails/confirmations", token)
    path = await mailing.link()
    for expected in (200, 404):
        async with here.http.post(path) as got:
            assert got.status == expected


async def test_a_wrong_address_is_put_right(mailing: Mailing) -> None:
    here = mailing.here
    await here.member("baker")
    token = bearer(await register(here, email="gardner@people.example"))
    old = await mailing.link()
    path = "/api/v1/emails/confirmations"
    taken = await ask(here, "POST", path, token, data={"email": "baker@people.example"})
    wrong = await ask(here, "POST", path, token, data={"email": "nowhere"})
    assert (taken.status, wrong.status) == (422, 422)
    again = await ask(here, "POST", path, token, data={"email": "gardener@people.example"})
    assert (again.status, again.json) == (200, {})
    await mailing.deliver()
    assert mailing.kept.mails[-1]["To"] == "gardener@people.example"
    async with here.http.post(old) as got:
        assert got.status == 404
    await mailing.confirm()
    assert (await ask(here, "POST", path, token)).status == 403


async def test_only_the_app_that_signed_up_may_ask_again(mailing: Mailing) -> None:
    here = mailing.here
    await register(here)
    account = await account_of(here, "gardener")
    other = await here.token(account)
    path = "/api/v1/emails/confirmations"
    assert (await ask(here, "POST", path, other)).status == 403
    assert (await ask(here, "POST", path, await here.token(None))).status == 422
    assert (
        await ask(here, "GET", "/api/v1/emails/check_confirmation", await here.token(None))
    ).status == 422


async def test_moderators_hear_of_those_who_confirmed(mailing: Mailing) -> None:
    here = mailing.here
    await set_mode(here, "approved")
    moderator = await here.token(await here.member("organiser", "admin"))
    token = bearer(await register(here, reason="I grow beans"))
    assert (await ask(here, "GET", "/api/v1/notifications", moderator)).json == []
    await mailing.confirm()
    assert len((await ask(here, "GET", "/api/v1/notifications", moderator)).json) == 1
    refused = await ask(here, "GET", USER_ROUTE, token)
    assert refused.json["error"] == "Your login is currently pending approval"
    async with here.work.transaction() as tx:
        await sign_up.approve(tx, await user_of(here, await account_of(here, "gardener")))
    await mailing.deliver()
    assert "was approved" in mailing.kept.text()
    assert (await ask(here, "GET", USER_ROUTE, token)).status == 200


async def test_who_never_confirms_is_forgotten(mailing: Mailing) -> None:
    here = mailing.here
    bearer(await register(here))
    await here.member("baker")
    for days, left in (6, 2), (2, 1):
        here.clock.forward(days=days)
        async with here.work.transaction() as tx:
            await sign_up.clean(tx)
            assert await tx.conn.fetchval("select count(*) from users") == left
    assert (await register(here)).status == 200


async def test_a_relay_that_is_away_gets_it_later_and_not_for_ever(mailing: Mailing) -> None:
    here, kept = mailing.here, mailing.kept
    kept.refusal = "451 Not now"
    bearer(await register(here))
    await mailing.deliver()
    assert kept.mails == []
    kept.refusal = ""
    here.clock.forward(hours=2)
    await mailing.deliver()
    assert len(kept.mails) == 1
    kept.refusal = "550 Nobody here"
    bearer(await register(here, username="baker", email="baker@people.example"))
    await mailing.deliver()
    async with here.work.reading() as tx:
        assert await tx.conn.fetchval("select count(*) from jobs where kind = 'mail'") == 0


# --- limits


async def test_five_in_half_an_hour_from_one_household(strict: Running) -> None:
    await set_mode(strict, "open")
    for number in range(5):
        answer = await register(strict, username="a b")
        assert answer.status == 422
        assert answer.headers["X-RateLimit-Limit"] == "5"
        assert answer.headers["X-RateLimit-Remaining"] == str(4 - number)
    last = await register(strict)
    assert last.status == 429
    assert last.headers["X-RateLimit-Remaining"] == "0"
    assert "Retry-After" in last.headers


async def test_thirty_deletes_in_half_an_hour(strict: Running) -> None:
    token = await strict.token(await strict.member("gardener"))
    for _ in range(30):
        answer = await ask(strict, "DELETE", "/api/v1/statuses/1", token)
        assert answer.status == 404
    assert answer.headers["X-RateLimit-Limit"] == "30"
    assert (await ask(strict, "DELETE", "/api/v1/statuses/1", token)).status == 429
    assert (await ask(strict, "POST", "/api/v1/statuses/1/unreblog", token)).status == 429
    assert (await ask(strict, "GET", "/api/v1/preferences", token)).status == 200


# --- what clients read before


@pytest.mark.parametrize(
    ("mode", "v1", "enabled", "asked"),
    [
        ("open", (True, False, False), True, False),
        ("approved", (True, True, True), True, True),
        ("invited", (False, False, True), False, False),
        ("closed", (False, False, False), False, False),
    ],
)
async def test_the_instance_tells_how(
    here: Running, mode: str, v1: tuple[bool, ...], enabled: bool, asked: bool
) -> None:
    await set_mode(here, mode)
    one = (await ask(here, "GET", "/api/v1/instance", {})).json
    assert (one["registrations"], one["approval_required"], one["invites_enabled"]) == v1
    two = (await ask(here, "GET", "/api/v2/instance", {})).json["registrations"]
    assert (two["enabled"], two["approval_required"], two["reason_required"]) == (
        enabled, asked, asked,
    )  # fmt: skip
    assert two["url"] == f"{here.base}/sign-up"
    assert (two["message"] is None) is enabled
    async with here.http.get("/nodeinfo/2.0") as got:
        assert (await got.json())["openRegistrations"] is enabled


async def test_mastodon_py_signs_somebody_up(here: Running) -> None:
    import asyncio

    await set_mode(here, "open")
    client_id, secret = await asyncio.to_thread(
        Mastodon.create_app, "Garden", scopes=["read", "write"], api_base_url=here.base
    )
    client = await asyncio.to_thread(Mastodon, client_id, secret, api_base_url=here.base)
    token = await asyncio.to_thread(
        client.create_account,
        "gardener",
        PASSWORD,
        "gardener@people.example",
        agreement=True,
        scopes=["read", "write"],
    )
    me = await ask(here, "GET", USER_ROUTE, {"Authorization": f"Bearer {token}"})
    assert me.json["username"] == "gardener"
