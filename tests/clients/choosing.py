"""What people do to see what they want to see: filters, lists, tags, search, and what others are fond of."""

from __future__ import annotations

from tests.clients.cast import Cast, ids, scene


@scene(
    """
    GET,POST /api/v2/filters
    DELETE /api/v2/filters/keywords/{}
    DELETE,GET /api/v2/filters/statuses/{}
    DELETE,GET,PUT /api/v2/filters/{}
    GET,POST /api/v2/filters/{}/keywords
    GET,POST /api/v2/filters/{}/statuses
    """
)
def filters(cast: Cast) -> None:
    reader, writer = cast.joins("choosy"), cast.joins("weather")
    post = writer.status_post("It may rain").id
    words = [{"keyword": "rain", "whole_word": True}]
    made = reader.create_filter_v2("Weather", ["home", "public"], "hide", keywords_attributes=words)
    assert (made.title, made.filter_action) == ("Weather", "hide")
    assert set(made.context) == {"home", "public"}
    (match,) = reader.status(post).filtered
    assert (match.filter.title, match.keyword_matches) == ("Weather", ["rain"])
    reader.add_filter_keyword_v2(made.id, "snow", whole_word=False)
    rain, snow = reader.filter_keywords_v2(made.id)
    assert (rain.keyword, snow.keyword, snow.whole_word) == ("rain", "snow", False)
    reader.delete_filter_keyword_v2(rain.id)
    assert not reader.status(post).filtered
    single = reader.add_filter_status_v2(made.id, post)
    assert str(reader.filter_status_v2(single.id).status_id) == post
    assert ids(reader.filter_statuses_v2(made.id)) == [single.id]
    assert [str(m) for m in reader.status(post).filtered[0].status_matches] == [post]
    reader.delete_filter_status_v2(single.id)
    changed = reader.update_filter_v2(
        made.id, title="Clouds", expires_in=3600, filter_action="warn"
    )
    assert (changed.title, changed.filter_action) == ("Clouds", "warn")
    assert changed.expires_at
    assert reader.filter_v2(made.id).title == reader.filters_v2()[0].title == "Clouds"
    reader.delete_filter_v2(made.id)
    assert reader.filters_v2() == []


@scene(
    """
    GET,POST /api/v1/filters
    DELETE,GET,PUT /api/v1/filters/{}
    """
)
def old_filters(cast: Cast) -> None:
    reader = cast.joins("olden")
    made = reader.filter_create("hail", ["home"], whole_word=True, expires_in=600)
    assert (made.phrase, made.whole_word, made.context) == ("hail", True, ["home"])
    assert reader.filter(made.id).expires_at
    assert reader.filter_update(made.id, "sleet", ["home", "thread"]).phrase == "sleet"
    (kept,) = reader.filters()
    assert (kept.phrase, set(kept.context)) == ("sleet", {"home", "thread"})
    reader.filter_delete(made.id)
    assert reader.filters() == []


@scene(
    """
    GET /api/v1/accounts/{}/lists
    GET,POST /api/v1/lists
    DELETE,GET,PUT /api/v1/lists/{}
    DELETE,GET,POST /api/v1/lists/{}/accounts
    GET /api/v1/timelines/list/{}
    """
)
def lists(cast: Cast) -> None:
    reader, friend = cast.joins("listing"), cast.joins("listed")
    who = friend.me().id
    reader.account_follow(who)
    made = reader.list_create("Friends", replies_policy="none", exclusive=True)
    assert (made.title, made.replies_policy, made.exclusive) == ("Friends", "none", True)
    reader.list_accounts_add(made.id, [who])
    assert ids(reader.list_accounts(made.id)) == [who]
    assert ids(reader.account_lists(who)) == ids(reader.lists()) == [made.id]
    post = friend.status_post("Seeds").id
    assert (ids(reader.timeline_list(made.id)), ids(reader.timeline_home())) == ([post], [])
    assert reader.list_update(made.id, "Neighbours", exclusive=False).title == "Neighbours"
    assert reader.list(made.id).exclusive is False
    reader.list_accounts_delete(made.id, [who])
    assert reader.list_accounts(made.id) == []
    reader.list_delete(made.id)
    assert reader.lists() == []


@scene(
    """
    GET /api/v1/accounts/{}/featured_tags
    GET,POST /api/v1/featured_tags
    GET /api/v1/featured_tags/suggestions
    DELETE /api/v1/featured_tags/{}
    GET /api/v1/followed_tags
    GET /api/v1/tags/{}
    POST /api/v1/tags/{}/feature
    POST /api/v1/tags/{}/follow
    POST /api/v1/tags/{}/unfeature
    POST /api/v1/tags/{}/unfollow
    """
)
def tags(cast: Cast) -> None:
    reader, writer = cast.joins("tagging"), cast.joins("tagged")
    assert reader.tag_follow("Spring").following
    assert reader.tag("spring").following
    assert [tag.name for tag in reader.followed_tags()] == ["spring"]
    post = writer.status_post("#spring at last").id
    assert ids(reader.timeline_home()) == [post]
    assert not reader.tag_unfollow("spring").following
    assert reader.followed_tags() == []
    reader.status_post("#soil and #clay")
    reader.status_post("more of #clay")
    assert {tag.name for tag in reader.featured_tag_suggestions()} == {"soil", "clay"}
    shown = reader.featured_tag_create("soil")
    assert [tag.name for tag in reader.featured_tags()] == ["soil"]
    (row,) = writer.account_featured_tags(reader.me().id)
    assert (row.name, int(row.statuses_count)) == ("soil", 1)
    reader.featured_tag_delete(shown.id)
    assert reader.featured_tags() == []
    assert reader.tag_feature("clay").featuring
    assert not reader.tag_unfeature("clay").featuring


@scene(
    """
    GET /api/v1/search
    GET /api/v2/search
    """
)
def looks(cast: Cast) -> None:
    reader, writer = cast.joins("seeker"), cast.joins("radish")
    post = writer.status_post("A radish is ripe #radishes").id
    found = reader.search_v2("radish")
    assert ids(found.accounts) == [writer.me().id]
    assert ids(found.statuses) == [post]
    assert [tag.name for tag in found.hashtags] == ["radishes"]
    only = reader.search("radish", result_type="statuses", account_id=writer.me().id, limit=5)
    assert (only.accounts, ids(only.statuses), only.hashtags) == ([], [post], [])
    assert ids(reader.search(reader.status(post).url).statuses) == [post]
    assert ids(reader.search_v1("radish").accounts) == [writer.me().id]
    assert ids(reader.search("@radish").accounts) == [writer.me().id]


@scene(
    """
    GET /api/v1/trends/links
    GET /api/v1/trends/statuses
    GET /api/v1/trends/tags
    """
)
def trends(cast: Cast) -> None:
    fans = [cast.joins(f"fan{n}") for n in range(4)]
    post = fans[0].status_post("#harvest").id
    for fan in fans[1:]:
        fan.status_post("#harvest indeed")
        fan.status_favourite(post)
    cast.here.clock.forward(minutes=6)
    (tag,) = fans[0].trending_tags()
    assert (tag.name, tag.history[0].accounts) == ("harvest", "4")
    assert ids(fans[0].trending_statuses()) == [post]
    assert fans[0].trending_links() == []


SCENES = (filters, old_filters, lists, tags, looks, trends)
