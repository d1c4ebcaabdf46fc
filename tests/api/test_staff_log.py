"""What those who run the instance do with a client stands in the same log as what they do in the browser."""

from __future__ import annotations

from typing import Any

from server.domain.moderating import moderation, staff_log
from storage import staff_log as rows
from storage.timelines import Page
from tests.api.people import House

ADMIN, OWN = "/api/v1/admin", "/api/beckon/v1/admin"
ACTS: list[tuple[str, str, dict[str, Any], str]] = [
    ("POST", f"{ADMIN}/domain_blocks", {"domain": "loud.example"}, "host_block"),
    ("PUT", f"{ADMIN}/domain_blocks/1", {"severity": "suspend"}, "host_change"),
    ("DELETE", f"{ADMIN}/domain_blocks/1", {}, "host_lift"),
    ("POST", f"{OWN}/domain_blocks/list", {"list": "one.example"}, "host_import"),
    ("POST", f"{ADMIN}/domain_allows", {"domain": "friends.example"}, "host_allow"),
    ("DELETE", f"{ADMIN}/domain_allows/1", {}, "host_disallow"),
    ("POST", f"{OWN}/domain_allows/list", {"list": "two.example"}, "allow_import"),
    ("PUT", f"{OWN}/limited", {"limited": True}, "limit"),
    ("PUT", f"{OWN}/limited", {"limited": False}, "unlimit"),
    ("POST", f"{ADMIN}/email_domain_blocks", {"domain": "spam.example"}, "bar_add"),
    ("DELETE", f"{ADMIN}/email_domain_blocks/1", {}, "bar_lift"),
    ("POST", f"{ADMIN}/canonical_email_blocks", {"email": "robot@people.example"}, "bar_add"),
    ("DELETE", f"{ADMIN}/canonical_email_blocks/1", {}, "bar_lift"),
    ("POST", f"{ADMIN}/ip_blocks", {"ip": "192.0.2.0/24", "severity": "sign_up_block"}, "bar_add"),
    ("PUT", f"{ADMIN}/ip_blocks/1", {"comment": "Robots"}, "bar_change"),
    ("DELETE", f"{ADMIN}/ip_blocks/1", {}, "bar_lift"),
    ("PUT", f"{ADMIN}/reports/1", {"category": "spam"}, "report_sort"),
    ("POST", f"{ADMIN}/reports/1/assign_to_self", {}, "report_take"),
    ("POST", f"{ADMIN}/reports/1/unassign", {}, "report_let_go"),
    ("POST", f"{ADMIN}/reports/1/resolve", {}, "report_resolve"),
    ("POST", f"{ADMIN}/reports/1/reopen", {}, "report_reopen"),
    *(
        ("POST", f"{ADMIN}/accounts/{{loud}}/action", {"type": kind, "text": "Less"}, kind)
        for kind in moderation.ACTIONS
    ),
    ("POST", f"{ADMIN}/accounts/{{loud}}/enable", {}, "enable"),
    ("POST", f"{ADMIN}/accounts/{{loud}}/unsensitive", {}, "unsensitive"),
    ("POST", f"{ADMIN}/accounts/{{loud}}/unsilence", {}, "unsilence"),
    ("POST", f"{ADMIN}/accounts/{{loud}}/unsuspend", {}, "unsuspend"),
]


async def entries(house: House) -> list[rows.Entry]:
    """The latest first."""
    async with house.work.reading() as tx:
        return await rows.listed(tx.conn, Page(100), rows.Asked())


async def test_every_act_leaves_a_row(house: House) -> None:
    keeper = await house.member("keeper", role="admin")
    loud = await house.member("loud")
    await keeper.good("POST", "/api/v1/reports", json={"account_id": loud.id})
    for count, (method, path, sent, action) in enumerate(ACTS, 1):
        await keeper.good(method, path.format(loud=loud.id), json=sent)
        found = await entries(house)
        assert len(found) == count, path
        assert (found[0].action, found[0].role, found[0].by_id) == (
            action,
            "admin",
            int(keeper.id),
        ), path


async def test_what_is_refused_leaves_none(house: House) -> None:
    member, loud = await house.member("member"), await house.member("loud")
    for method, path, sent, _ in ACTS:
        answer = await member.ask(method, path.format(loud=loud.id), json=sent)
        assert answer.status == 403, path
    assert await entries(house) == []


async def test_the_command_line_is_the_operator(house: House) -> None:
    async with house.work.transaction() as tx:
        await staff_log.note(tx, None, "announce", about="We pause")
    (entry,) = await entries(house)
    assert (entry.by_id, entry.role, entry.about) == (None, "operator", "We pause")
