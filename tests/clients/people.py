"""What people do with each other: they look for, follow, mute, block, report and praise."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from tests.clients.cast import Cast, Client, ids, scene
from tests.samples import picture


@scene(
    """
    GET /api/v1/accounts
    GET /api/v1/accounts/lookup
    GET /api/v1/accounts/search
    GET /api/v1/accounts/{}
    POST /api/v1/accounts/{}/follow
    GET /api/v1/accounts/{}/followers
    GET /api/v1/accounts/{}/following
    POST /api/v1/accounts/{}/note
    POST /api/v1/accounts/{}/remove_from_followers
    GET /api/v1/accounts/{}/statuses
    POST /api/v1/accounts/{}/unfollow
    GET /api/v1/timelines/home
    """
)
def follows(cast: Cast) -> None:
    reader, writer = cast.joins("reader"), cast.joins("writer")
    who, me = writer.me().id, reader.me().id
    assert reader.account(who).username == reader.account_lookup("writer").username == "writer"
    assert set(ids(reader.accounts([who, me]))) == {str(who), str(me)}
    assert ids(reader.account_search("writ")) == ids(reader.search("writer").accounts) == [who]
    between = reader.account_follow(who, reblogs=False, notify=True)
    assert (between.following, between.showing_reblogs, between.notifying) == (True, False, True)
    assert (ids(reader.account_following(me)), ids(writer.account_followers(who))) == ([who], [me])
    post = writer.status_post("Seeds are here")
    assert [n.type for n in reader.notifications()] == ["status"]
    assert ids(reader.timeline_home()) == ids(reader.account_statuses(who)) == [str(post.id)]
    assert reader.account_unfollow(who).following is False
    assert ids(reader.timeline_home()) == []
    reader.account_follow(who)
    assert writer.account_remove_from_followers(me).followed_by is False
    assert reader.account_relationships([who])[0].following is False
    assert reader.account_note_set(who, "of old").note == "of old"
    assert reader.account_relationships([who])[0].note == "of old"


@scene(
    """
    GET /api/v1/accounts/verify_credentials
    GET /api/v1/follow_requests
    POST /api/v1/follow_requests/{}/authorize
    POST /api/v1/follow_requests/{}/reject
    """
)
def asks_to_follow(cast: Cast) -> None:
    shy = cast.joins("shy", locked=True)
    first, second = cast.joins("first"), cast.joins("second")
    who = shy.me().id
    for asking in (first, second):
        assert asking.account_follow(who).requested
    assert set(ids(shy.follow_requests())) == {first.me().id, second.me().id}
    assert shy.account_verify_credentials().source.follow_requests_count == 2
    assert shy.follow_request_authorize(first.me().id).followed_by
    assert shy.follow_request_reject(second.me().id).followed_by is False
    assert first.account_relationships(who)[0].following
    assert shy.follow_requests() == []
    assert second.account_relationships(who)[0].requested is False


@scene(
    """
    GET /api/v1/accounts/relationships
    POST /api/v1/accounts/{}/block
    POST /api/v1/accounts/{}/mute
    POST /api/v1/accounts/{}/unblock
    POST /api/v1/accounts/{}/unmute
    GET /api/v1/blocks
    DELETE,GET,POST /api/v1/domain_blocks
    GET /api/v1/mutes
    POST /api/v1/reports
    """
)
def keeps_away(cast: Cast) -> None:
    reader, loud = cast.joins("quiet"), cast.joins("loud")
    who = loud.me().id
    muted = reader.account_mute(who, notifications=False, duration=3600)
    assert (muted.muting, muted.muting_notifications) == (True, False)
    (row,) = reader.mutes()
    assert (str(row.id), row.mute_expires_at is not None) == (who, True)
    assert reader.account_unmute(who).muting is False
    assert reader.account_block(who).blocking
    assert ids(reader.blocks()) == [who]
    assert loud.account_relationships(reader.me().id)[0].blocked_by
    assert reader.account_unblock(who).blocking is False
    reader.domain_block("loud.example")
    assert reader.domain_blocks() == ["loud.example"]
    reader.domain_unblock("loud.example")
    assert reader.domain_blocks() == reader.mutes() == reader.blocks() == []
    post = loud.status_post("Buy!")
    report = reader.report(who, [post.id], comment="Not seeds", category="spam", forward=False)
    assert (report.category, report.comment, ids([report.target_account])) == (
        "spam", "Not seeds", [who],
    )  # fmt: skip
    assert [str(each) for each in report.status_ids] == [str(post.id)]


@scene(
    """
    GET /api/v1/accounts/familiar_followers
    POST /api/v1/accounts/{}/endorse
    POST /api/v1/accounts/{}/pin
    POST /api/v1/accounts/{}/unendorse
    POST /api/v1/accounts/{}/unpin
    GET /api/v1/directory
    GET /api/v1/endorsements
    GET /api/v1/suggestions
    DELETE /api/v1/suggestions/{}
    GET /api/v2/suggestions
    """
)
def praises(cast: Cast) -> None:
    reader, friend, known = cast.joins("praising"), cast.joins("friend"), cast.joins("known")
    who = friend.me().id
    reader.account_follow(who)
    friend.account_follow(known.me().id)
    assert reader.account_endorse(who).endorsed
    assert ids(reader.endorsements()) == [who]
    assert reader.account_unendorse(who).endorsed is False
    assert reader.account_pin(who).endorsed
    assert reader.account_unpin(who).endorsed is False
    (familiar,) = reader.account_familiar_followers(known.me().id)
    assert ids(familiar.accounts) == [who]
    assert str(known.me().id) in ids(s.account for s in reader.suggestions_v2())
    assert str(known.me().id) in ids(reader.suggestions_v1())
    reader.suggestion_delete(known.me().id)
    assert str(known.me().id) not in ids(reader.suggestions_v1())
    friend.status_post("I am #here")
    assert who in ids(reader.directory(order="active", local=True))


@scene(
    """
    PATCH /api/v1/accounts/update_credentials
    GET /api/v1/preferences
    GET,PATCH /api/v1/profile
    DELETE /api/v1/profile/avatar
    DELETE /api/v1/profile/header
    """
)
def presents_themselves(cast: Cast) -> None:
    gardener = cast.member("gardener")
    me = cast.client(gardener)
    face = picture()
    shown = me.account_update_credentials(
        display_name="Gardener",
        note="I dig",
        avatar=face,
        avatar_mime_type="image/jpeg",
        header=face,
        header_mime_type="image/jpeg",
        locked=True,
        bot=True,
        discoverable=True,
        fields=[("Site", "https://garden.example"), ("Soil", "clay")],
        default_privacy="unlisted",
        default_sensitive=True,
        default_language="it",
        avatar_description="A spade",
    )
    assert (shown.display_name, shown.source.note) == ("Gardener", "I dig")
    assert (shown.locked, shown.bot, shown.discoverable) == (True, True, True)
    assert [(f.name, f.value) for f in shown.source.fields][1] == ("Soil", "clay")
    assert (shown.source.privacy, shown.source.sensitive) == ("unlisted", True)
    chosen = me.preferences()
    assert chosen["posting:default:visibility"] == "unlisted"
    assert chosen["posting:default:language"] == "it"
    assert _served(me, shown.avatar)[:2] == b"\xff\xd8"
    without = me.account_delete_avatar()
    assert without.avatar != shown.avatar
    assert me.account_delete_header().header != shown.header
    edits_profile(cast.client(gardener, ahead=True))


def edits_profile(me: Client) -> None:
    """As from 4.6 on, through the document that holds what was typed."""
    changed = me.profile_update(
        display_name="Digger",
        note="I *dig*",
        avatar=BytesIO(picture()),
        avatar_mime_type="image/jpeg",
    )
    assert (changed.display_name, changed.note) == ("Digger", "I *dig*")
    assert me.profile().display_name == me.me().display_name == "Digger"


def _served(me: Client, address: str) -> Any:
    with me.session.get(address, timeout=10) as answer:
        assert answer.status_code == 200
        return answer.content


@scene(
    """
    GET /api/v1/conversations
    POST /api/v1/conversations/{}/read
    GET /api/v1/timelines/direct
    """
)
def talks_privately(cast: Cast) -> None:
    one, other = cast.joins("one"), cast.joins("other")
    sent = one.status_post("@other Between us", visibility="direct")
    (talk,) = other.conversations()
    assert (talk.unread, ids(talk.accounts)) == (True, [str(one.me().id)])
    assert str(talk.last_status.id) == str(sent.id)
    assert other.conversations_read(talk.id).unread is False
    assert ids(other.timeline("direct")) == [str(sent.id)]
    assert str(sent.id) not in ids(one.timeline_public())


SCENES = (follows, asks_to_follow, keeps_away, praises, presents_themselves, talks_privately)
