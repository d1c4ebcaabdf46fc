"""What people do with posts: they write, change, answer, mark, quote, schedule and take them away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO

import mastodon
import pytest

from storage import threads
from tests.clients.cast import Cast, Client, ids, scene
from tests.samples import picture


@scene(
    """
    GET,POST /api/v1/statuses
    DELETE,GET,PUT /api/v1/statuses/{}
    GET /api/v1/statuses/{}/context
    GET /api/v1/statuses/{}/history
    GET /api/v1/statuses/{}/source
    """
)
def writes(cast: Cast) -> None:
    writer = cast.joins("writing")
    post = writer.status_post(
        "Who brings #tea?", spoiler_text="Drinks", language="en", idempotency_key="k"
    )
    assert (post.spoiler_text, post.language, post.sensitive) == ("Drinks", "en", True)
    again = writer.status_post("Who brings #tea?", spoiler_text="Drinks", idempotency_key="k")
    assert again.id == post.id
    assert writer.status(post.id).uri == post.uri
    reply = writer.status_reply(post, "I do")
    assert str(reply.in_reply_to_id) == str(post.id)
    deeper = writer.status_reply(reply, "And cake")
    around = writer.status_context(reply.id)
    assert (ids(around.ancestors), ids(around.descendants)) == ([post.id], [deeper.id])
    assert set(ids(writer.statuses([post.id, reply.id]))) == {post.id, reply.id}
    changed = writer.status_update(post.id, "Who brings #tea today?", spoiler_text="Plan")
    assert changed.edited_at > post.created_at
    assert [v.spoiler_text for v in writer.status_history(post.id)] == ["Drinks", "Plan"]
    assert writer.status_source(post.id).text == "Who brings #tea today?"
    assert writer.status_delete(deeper.id).text.endswith("And cake")
    assert writer.status_context(reply.id).descendants == []
    with pytest.raises(mastodon.MastodonNotFoundError):
        writer.status(deeper.id)


@scene(
    """
    GET /api/v1/bookmarks
    GET /api/v1/favourites
    POST /api/v1/statuses/{}/bookmark
    POST /api/v1/statuses/{}/favourite
    GET /api/v1/statuses/{}/favourited_by
    POST /api/v1/statuses/{}/mute
    POST /api/v1/statuses/{}/pin
    POST /api/v1/statuses/{}/reblog
    GET /api/v1/statuses/{}/reblogged_by
    POST /api/v1/statuses/{}/translate
    POST /api/v1/statuses/{}/unbookmark
    POST /api/v1/statuses/{}/unfavourite
    POST /api/v1/statuses/{}/unmute
    POST /api/v1/statuses/{}/unpin
    POST /api/v1/statuses/{}/unreblog
    """
)
def marks(cast: Cast) -> None:
    writer, reader = cast.joins("marked"), cast.joins("marking")
    post = writer.status_post("Seeds").id
    assert reader.status_favourite(post).favourited
    assert ids(reader.favourites()) == [post]
    assert ids(writer.status_favourited_by(post)) == [reader.me().id]
    assert reader.status_bookmark(post).bookmarked
    assert ids(reader.bookmarks()) == [post]
    boost = reader.status_reblog(post, visibility="private")
    assert (str(boost.reblog.id), boost.visibility) == (post, "private")
    assert writer.status_reblogged_by(post) == []  # who boosts to followers is not listed
    other = writer.status_post("Soil").id
    reader.status_reblog(other)
    assert ids(writer.status_reblogged_by(other)) == [reader.me().id]
    assert reader.status_mute(post).muted
    assert writer.status_pin(post).pinned
    assert ids(reader.account_statuses(writer.me().id, pinned=True)) == [post]
    shown = reader.status(post)
    assert (shown.favourites_count, shown.reblogs_count) == (1, 1)
    assert not reader.status_unfavourite(post).favourited
    assert not reader.status_unbookmark(post).bookmarked
    assert not reader.status_unreblog(post).reblogged
    assert not reader.status_unmute(post).muted
    assert not writer.status_unpin(post).pinned
    assert ids(reader.favourites()) == ids(reader.bookmarks()) == []
    with pytest.raises(mastodon.MastodonAPIError):  # nothing is given to a translator
        reader.status_translate(post, "it")


@scene(
    """
    GET,PUT /api/v1/media/{}
    POST /api/v2/media
    """
)
def shows_pictures(cast: Cast) -> None:
    writer = cast.joins("painter")
    first = writer.media_post(picture(), "image/jpeg", description="Beds", focus=(0.5, -0.5))
    assert (first.type, first.description) == ("image", "Beds")
    assert first.meta.focus.x == 0.5
    assert first.meta.original.width == 320
    second = writer.media_post(
        BytesIO(picture("PNG")), "image/png", file_name="map.png", synchronous=True
    )
    assert writer.media(second.id).url
    assert writer.media_update(second.id, description="Map").description == "Map"
    post = writer.status_post("Look", media_ids=[first, second], sensitive=True)
    assert ids(post.media_attachments) == ids([first, second])
    assert post.sensitive
    edits = [writer.generate_media_edit_attributes(first.id, description="Two beds")]
    changed = writer.status_update(post.id, "Look here", media_attributes=edits)
    assert [m.description for m in changed.media_attachments] == ["Two beds"]
    assert ids(writer.account_statuses(writer.me().id, only_media=True)) == [post.id]
    gone = writer.status_delete(post.id)
    assert ids(gone.media_attachments) == [first.id]
    again = writer.status_post("Once more", media_ids=[m.id for m in gone.media_attachments])
    assert ids(again.media_attachments) == [first.id]


@scene(
    """
    GET /api/v1/polls/{}
    POST /api/v1/polls/{}/votes
    """
)
def asks(cast: Cast) -> None:
    asker, voter = cast.joins("asker"), cast.joins("voter")
    wanted = asker.make_poll(["Beans", "Peas", "Both"], expires_in=600, multiple=True)
    asked = asker.status_post("What?", poll=wanted).poll
    assert (asked.multiple, asked.expired) == (True, False)
    voted = voter.poll_vote(asked.id, [0, 2])
    assert (voted.voted, voted.own_votes) == (True, [0, 2])
    assert [o.votes_count for o in asker.poll(asked.id).options] == [1, 0, 1]
    with pytest.raises(mastodon.MastodonAPIError):
        voter.poll_vote(asked.id, [1])
    cast.here.clock.forward(minutes=11)
    assert voter.poll(asked.id).expired


@scene(
    """
    PUT /api/v1/statuses/{}/interaction_policy
    GET /api/v1/statuses/{}/quotes
    POST /api/v1/statuses/{}/quotes/{}/revoke
    """
)
def quotes(cast: Cast) -> None:
    writer, reader = cast.joins("quoted"), cast.joins("quoting")
    post = writer.status_post("The rule of beds", quote_approval_policy="public")
    assert post.quote_approval.current_user == "automatic"
    quote = reader.status_post("True", quoted_status_id=post.id)
    assert (quote.quote.state, str(quote.quote.quoted_status.id)) == ("accepted", str(post.id))
    assert ids(writer.status_quotes(post.id)) == [quote.id]
    assert writer.status(post.id).quotes_count == 1
    revoked = writer.status_quote_revoke(post.id, quote.id)
    assert revoked.quote.state == "revoked"
    assert ids(writer.status_quotes(post.id)) == []
    closed = writer.status_update_quote_approval_policy(post.id, "nobody")
    assert closed.quote_approval.automatic == []
    with pytest.raises(mastodon.MastodonAPIError):
        reader.status_post("Once more", quoted_status_id=post.id)


@scene(
    """
    GET /api/v1/scheduled_statuses
    DELETE,GET,PUT /api/v1/scheduled_statuses/{}
    """
)
def plans(cast: Cast) -> None:
    writer = cast.joins("planner")
    soon = datetime.now(UTC) + timedelta(hours=2)
    planned = writer.status_post("Dig tomorrow", scheduled_at=soon, visibility="unlisted")
    assert (planned.params.text, planned.params.visibility) == ("Dig tomorrow", "unlisted")
    later = writer.scheduled_status_update(planned.id, soon + timedelta(hours=1))
    assert later.scheduled_at > planned.scheduled_at
    assert writer.scheduled_status(planned.id).scheduled_at == later.scheduled_at
    assert ids(writer.scheduled_statuses()) == [planned.id]
    writer.scheduled_status_delete(planned.id)
    assert writer.scheduled_statuses() == []


@scene(
    """
    GET,POST /api/v1/markers
    GET /api/v1/timelines/link
    GET /api/v1/timelines/public
    GET /api/v1/timelines/tag/{}
    GET /api/v1_alpha/async_refreshes/{}
    """
)
def reads(cast: Cast) -> None:
    writer, reader = cast.joins("author"), cast.joins("visitor")
    said = [writer.status_post(f"{n} #reading").id for n in range(5)]
    for timeline in (reader.timeline_local, reader.timeline_public):
        assert set(said) <= set(ids(timeline()))
    tagged = reader.timeline_hashtag("Reading", limit=2)
    assert ids(tagged) == said[:-3:-1]
    assert ids(reader.fetch_next(tagged)) == said[-3:-5:-1]
    assert ids(reader.fetch_remaining(tagged)) == said[::-1]
    newer = reader.timeline_hashtag("reading", min_id=said[0], limit=2)
    assert ids(newer) == [said[2], said[1]]
    assert ids(reader.fetch_previous(newer)) == [said[4], said[3]]
    assert reader.timeline_link("https://news.example/story") == []
    reader.markers_set(["home", "notifications"], [said[1], "7"])
    kept = reader.markers_get(["home", "notifications"])
    assert (str(kept.home.last_read_id), kept.home.version) == (said[1], 1)
    assert str(kept.notifications.last_read_id) == "7"
    watches_a_thread(cast, reader, said[0])


def watches_a_thread(cast: Cast, reader: Client, post: str) -> None:
    """While a thread of another server is being completed, its reader is told how far that is."""

    async def begins() -> None:
        async with cast.here.work.transaction() as tx:
            await threads.begin(tx.conn, int(post), tx.now, tx.now)

    cast.wait(begins())
    ahead = reader.get_async_refresh_status(post)
    assert ahead.status == "running"


SCENES = (writes, marks, shows_pictures, asks, quotes, plans, reads)
