"""What moderators do with the library."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import mastodon
import pytest

from server.domain.members import sign_up
from tests.api.conftest import PASSWORD
from tests.clients.cast import Cast, ids, scene


def _waits(cast: Cast, name: str) -> str:
    """Somebody who signed up and waits for a moderator."""

    async def asks() -> str:
        async with cast.here.work.transaction() as tx:
            await sign_up.set_mode(tx, "approved")
        wish = sign_up.Wish(
            name, f"{name}@people.example", PASSWORD, agreement=True, reason="Beans"
        )
        ready = await sign_up.prepare(cast.here.work, wish)
        async with cast.here.work.transaction() as tx:
            return str((await sign_up.sign_up(tx, ready))[1].id)

    return cast.wait(asks())


@scene(
    """
    GET /api/v1/admin/accounts
    GET /api/v1/admin/accounts/{}
    POST /api/v1/admin/accounts/{}/action
    POST /api/v1/admin/accounts/{}/approve
    POST /api/v1/admin/accounts/{}/enable
    POST /api/v1/admin/accounts/{}/reject
    POST /api/v1/admin/accounts/{}/unsuspend
    GET /api/v1/admin/trends/links
    GET /api/v1/admin/trends/statuses
    GET /api/v1/admin/trends/tags
    GET /api/v2/admin/accounts
    """
)
def people(cast: Cast) -> None:
    staff, loud = cast.joins("organiser", role="moderator"), cast.joins("loud_one")
    who = loud.me().id
    asking, robot = _waits(cast, "asking"), _waits(cast, "robot")
    assert set(ids(staff.admin_accounts_v2(status="pending"))) == {asking, robot}
    plain = staff.admin_accounts_v1(status="pending")  # which the library gives as they came
    assert {account["id"] for account in plain} == {asking, robot}
    assert staff.admin_account(asking).invite_request == "Beans"
    assert staff.admin_account_approve(asking).approved
    staff.admin_account_reject(robot)
    assert staff.admin_accounts_v2(status="pending") == []
    staff.admin_account_moderate(who, action="disable")
    with pytest.raises(mastodon.MastodonUnauthorizedError):
        loud.timeline_home()
    assert not staff.admin_account_enable(who).disabled
    assert loud.timeline_home() == []
    staff.admin_account_moderate(who, action="suspend")
    assert staff.admin_account(who).suspended
    assert not staff.admin_account_unsuspend(who).suspended
    assert staff.admin_trending_tags() == staff.admin_trending_statuses() == []
    assert staff.admin_trending_links() == []


@scene(
    """
    GET,POST /api/v1/admin/canonical_email_blocks
    POST /api/v1/admin/canonical_email_blocks/test
    DELETE,GET /api/v1/admin/canonical_email_blocks/{}
    GET,POST /api/v1/admin/email_domain_blocks
    DELETE,GET /api/v1/admin/email_domain_blocks/{}
    GET,POST /api/v1/admin/ip_blocks
    DELETE,GET,PUT /api/v1/admin/ip_blocks/{}
    GET,POST /api/v1/admin/domain_allows
    DELETE,GET /api/v1/admin/domain_allows/{}
    """
)
def barriers(cast: Cast) -> None:
    staff = cast.joins("keeper", role="admin")
    domain = staff.admin_create_email_domain_block("spam.example")
    assert ids(staff.admin_email_domain_blocks()) == [str(domain.id)]
    assert staff.admin_email_domain_block(domain.id).domain == "spam.example"
    staff.admin_delete_email_domain_block(domain.id)
    friend = staff.admin_create_domain_allow("friends.example")
    assert ids(staff.admin_domain_allows()) == [str(friend.id)]
    assert staff.admin_domain_allow(friend.id).domain == "friends.example"
    staff.admin_delete_domain_allow(friend.id)
    one = staff.admin_create_canonical_email_block(email="robot@people.example")
    assert ids(staff.admin_canonical_email_blocks()) == [str(one.id)]
    assert (
        staff.admin_canonical_email_block(one.id).canonical_email_hash == one.canonical_email_hash
    )
    (matching,) = staff.admin_test_canonical_email_block("Robot+x@people.example")
    assert matching.canonical_email_hash == one.canonical_email_hash
    staff.admin_delete_canonical_email_block(one.id)
    net = staff.admin_create_ip_block("192.0.2.0/24", "sign_up_block", comment="robots")
    changed = staff.admin_update_ip_block(
        net.id, severity="sign_up_requires_approval", expires_in=3600
    )
    assert (changed.severity, changed.ip) == ("sign_up_requires_approval", "192.0.2.0/24")
    with pytest.raises(mastodon.MastodonAPIError):  # what is not done is not taken
        staff.admin_update_ip_block(net.id, severity="no_access")
    assert staff.admin_ip_block(net.id).comment == "robots"
    assert ids(staff.admin_ip_blocks()) == [str(net.id)]
    staff.admin_delete_ip_block(net.id)
    assert staff.admin_ip_blocks() == staff.admin_email_domain_blocks() == []


@scene(
    """
    GET /api/v1/admin/reports
    GET /api/v1/admin/reports/{}
    POST /api/v1/admin/reports/{}/assign_to_self
    POST /api/v1/admin/reports/{}/reopen
    POST /api/v1/admin/reports/{}/resolve
    POST /api/v1/admin/reports/{}/unassign
    """
)
def reports(cast: Cast) -> None:
    staff, loud = cast.joins("judge", role="moderator"), cast.joins("loud_two")
    made = cast.joins("bothered").report(loud.me().id, comment="Not seeds").id
    assert ids(staff.admin_reports()) == [str(made)]
    assert staff.admin_report(made).comment == "Not seeds"
    assert str(staff.admin_report_assign(made).assigned_account.id) == str(staff.me().id)
    assert staff.admin_report_unassign(made).assigned_account is None
    assert staff.admin_report_resolve(made).action_taken
    assert staff.admin_reports() == []
    assert not staff.admin_report_reopen(made).action_taken


@scene(
    """
    DELETE /api/v1/admin/accounts/{}
    POST /api/v1/admin/accounts/{}/unsensitive
    POST /api/v1/admin/accounts/{}/unsilence
    """
)
def limits(cast: Cast) -> None:
    staff, loud = cast.joins("chair", role="admin"), cast.joins("loud_three")
    who = loud.me().id
    staff.admin_account_moderate(who, action="silence")
    assert staff.account(who).limited
    assert not staff.admin_account_unsilence(who).silenced
    staff.admin_account_moderate(who, action="sensitive")
    assert staff.admin_account(who).sensitized
    assert not staff.admin_account_unsensitive(who).sensitized
    with pytest.raises(mastodon.MastodonAPIError):  # what is for good begins with a suspension
        staff.admin_account_delete(who)
    staff.admin_account_moderate(who, action="suspend")
    staff.admin_account_delete(who)
    with pytest.raises(mastodon.MastodonUnauthorizedError):
        loud.me()


@scene(
    """
    GET,POST /api/v1/admin/domain_blocks
    DELETE,GET,PUT /api/v1/admin/domain_blocks/{}
    """
)
def hosts(cast: Cast) -> None:
    staff = cast.joins("warden", role="admin")
    made = staff.admin_create_domain_block("spam.example", severity="silence", reject_media=True)
    assert (made.domain, made.severity, made.reject_media) == ("spam.example", "silence", True)
    changed = staff.admin_update_domain_block(made.id, severity="suspend", public_comment="Spam")
    assert (changed.severity, changed.public_comment) == ("suspend", "Spam")
    assert ids(staff.admin_domain_blocks()) == [str(made.id)]
    assert staff.admin_domain_blocks(made.id).severity == "suspend"
    staff.admin_delete_domain_block(made.id)
    assert staff.admin_domain_blocks() == []


@scene("POST /api/v1/admin/dimensions\nPOST /api/v1/admin/measures")
def figures(cast: Cast) -> None:
    staff = cast.joins("counter", role="admin")
    until = datetime.now(UTC)
    since = until - timedelta(days=7)
    (measured,) = staff.admin_measures(since, until, new_users=True)
    assert measured.key == "new_users"
    assert int(measured.total) >= 1
    (dimension,) = staff.admin_dimensions(since, until, servers=True)
    assert (dimension.key, dimension.data) == ("servers", [])


SCENES = (people, barriers, reports, limits, hosts, figures)
