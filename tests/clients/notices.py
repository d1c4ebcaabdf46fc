"""What people are told: notifications one by one and in groups, who may ring, announcements, push."""

from __future__ import annotations

from server.domain.moderating import announcements
from tests.clients.cast import Cast, Client, ids, scene


@scene(
    """
    GET /api/v1/notifications
    POST /api/v1/notifications/clear
    GET /api/v1/notifications/unread_count
    GET /api/v1/notifications/{}
    POST /api/v1/notifications/{}/dismiss
    """
)
def notifications(cast: Cast) -> None:
    me, fan = cast.joins("told"), cast.joins("telling")
    post = me.status_post("Seeds").id
    fan.status_favourite(post)
    fan.account_follow(me.me().id)
    mention = fan.status_post("@told Hello").id
    rows = me.notifications()
    assert [n.type for n in rows] == ["mention", "follow", "favourite"]
    assert [n.type for n in me.notifications(types=["follow"])] == ["follow"]
    assert [n.type for n in me.notifications(exclude_types=["follow"], limit=1)] == ["mention"]
    one = me.notifications(id=rows[0].id)
    assert (str(one.status.id), str(one.account.id)) == (mention, fan.me().id)
    assert me.notifications_unread_count().count == 3
    me.markers_set("notifications", rows[1].id)
    assert me.notifications_unread_count().count == 1
    me.notifications_dismiss(rows[0].id)
    assert ids(me.notifications()) == ids(rows[1:])
    me.notifications_clear()
    assert me.notifications() == []


@scene(
    """
    GET /api/v2/notifications
    GET /api/v2/notifications/unread_count
    GET /api/v2/notifications/{}
    GET /api/v2/notifications/{}/accounts
    POST /api/v2/notifications/{}/dismiss
    """
)
def groups(cast: Cast) -> None:
    me = cast.joins("grouped")
    fans = [cast.joins(f"grouping{n}") for n in range(3)]
    post = me.status_post("Seeds").id
    for fan in fans:
        fan.status_favourite(post)
    found = me.grouped_notifications()
    (group,) = found.notification_groups
    assert (group.type, group.notifications_count, str(group.status_id)) == ("favourite", 3, post)
    assert ids(found.statuses) == [post]
    assert set(ids([*found.accounts, *found.partial_accounts])) == {f.me().id for f in fans}
    assert me.unread_grouped_notifications_count() == 1
    single = me.grouped_notification(group.group_key)
    assert single.notification_groups[0].group_key == group.group_key
    assert len(me.grouped_notification_accounts(group.group_key)) == 3
    me.dismiss_grouped_notification(group.group_key)
    assert me.grouped_notifications().notification_groups == []


@scene(
    """
    GET /api/v1/notifications/requests
    POST /api/v1/notifications/requests/accept
    POST /api/v1/notifications/requests/dismiss
    GET /api/v1/notifications/requests/merged
    GET /api/v1/notifications/requests/{}
    POST /api/v1/notifications/requests/{}/accept
    POST /api/v1/notifications/requests/{}/dismiss
    GET,PATCH /api/v2/notifications/policy
    """
)
def policy(cast: Cast) -> None:
    me = cast.joins("choosing_whom")
    assert me.notifications_policy().for_not_following == "accept"
    changed = me.update_notifications_policy(for_not_following="filter", for_new_accounts="accept")
    assert changed.for_not_following == "filter"
    first, second, third = (cast.joins(f"asking{n}") for n in range(3))
    for asking in (first, second, third):
        asking.status_post("@choosing_whom May I?")
    assert me.notifications() == []
    assert me.notifications_policy().summary.pending_requests_count == 3
    waiting = {str(r.account.id): r for r in me.notification_requests()}
    one = waiting[first.me().id]
    assert (str(one.notifications_count), one.last_status.content.endswith("I?</p>")) == ("1", True)
    assert me.notification_request(one.id).account.acct == "asking0"
    me.accept_notification_request(one.id)
    assert me.notifications_merged()
    assert [n.account.acct for n in me.notifications()] == ["asking0"]
    me.dismiss_notification_request(waiting[second.me().id].id)
    assert [r.account.acct for r in me.notification_requests()] == ["asking2"]
    _answer_many(cast, me, waiting[third.me().id].id)


def _answer_many(cast: Cast, me: Client, request: str) -> None:
    me.dismiss_multiple_notification_requests([request])
    assert me.notification_requests() == []
    fourth = cast.joins("asking3")
    fourth.status_post("@choosing_whom And I?")
    me.accept_multiple_notification_requests(ids(me.notification_requests()))
    assert [n.account.acct for n in me.notifications()] == ["asking3", "asking0"]


@scene(
    """
    GET /api/v1/announcements
    POST /api/v1/announcements/{}/dismiss
    DELETE,PUT /api/v1/announcements/{}/reactions/{}
    """
)
def announced(cast: Cast) -> None:
    me = cast.joins("listener")

    async def tell() -> str:
        async with cast.here.work.transaction() as tx:
            return str((await announcements.announce(tx, "We meet #outside")).id)

    made = cast.wait(tell())
    (shown,) = me.announcements()
    assert (str(shown.id), shown.read) == (made, False)
    me.announcement_reaction_create(made, "🌱")
    (reaction,) = me.announcements()[0].reactions
    assert (reaction.name, reaction.count, reaction.me) == ("🌱", 1, True)
    me.announcement_reaction_delete(made, "🌱")
    assert me.announcements()[0].reactions == []
    me.announcement_dismiss(made)
    assert me.announcements()[0].read


@scene(
    """
    DELETE,GET,POST,PUT /api/v1/push/subscription
    """
)
def push(cast: Cast) -> None:
    """That what is sent is read, with the keys that Mastodon.py makes: tests/api/test_push.py."""
    me = cast.joins("ringing")
    _, keys = me.push_subscription_generate_keys()
    made = me.push_subscription_set(
        "https://push.example/1", keys, mention_events=True, policy="followed", standard=True
    )
    assert (made.alerts.mention, made.alerts.follow) == (True, False)
    assert (made.endpoint, made.policy) == ("https://push.example/1", "followed")
    assert me.push_subscription_update(follow_events=True).alerts.follow
    assert me.push_subscription().id == made.id
    assert me.push_subscription().server_key == me.instance().configuration.vapid.public_key
    me.push_subscription_delete()


SCENES = (notifications, groups, policy, announced, push)
