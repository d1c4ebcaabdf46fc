"""What other servers see of us: documents that mean what we meant, and nothing that is not for them."""

from __future__ import annotations

from typing import Any, cast

import orjson
import pytest
from pyld import jsonld as pyld

from federation import activities as verbs
from federation import build, jsonld, keys, parse, proofs
from federation.media_types import ACTIVITY_JSON, LD_JSON
from federation.objects import Actor, Post
from federation.vocab import AS, CTA, PUBLIC
from server.domain.calling import deleting
from server.domain.posting import drafts, marks, posts
from server.domain.posting.drafts import Draft
from server.domain.tx import Arrived
from server.web import listed
from storage import calls as call_rows
from storage import outbox, tags
from tests.federation.door import BASE, BROWSER, Door

QUOTES = "https://w3id.org/fep/044f#"
MASTODON = "Mastodon/4.7.0 (http.rb/5.3.1; +https://lemmy.example/)"
LEMMY = "Lemmy/1.0.0; +https://mastodon.example"
MOBILIZON = "mobilizon.example - Mobilizon 5.1.3"
BECKON = "Beckon/0.1.0 (+https://other.example/)"
FORMER_MASTODON = "http.rb/5.1.1 (Mastodon/4.1.0; +https://microblog.example/)"
READERS = [LEMMY, MOBILIZON, BECKON]
MICROBLOGS = [MASTODON, FORMER_MASTODON, "gotosocial/0.20.0 (+https://friendica.example)", ""]


def bundled_only(url: str, _options: object) -> dict[str, Any]:
    context = jsonld.bundled(url)
    assert context is not None, f"{url} is not bundled"
    return {"contentType": "application/ld+json", "contextUrl": None, "documentUrl": url} | {
        "document": context
    }


def expanded(document: dict[str, Any]) -> dict[str, Any]:
    """What the document says to a full JSON-LD reader."""
    options = {"documentLoader": bundled_only}
    (found,) = cast("list[dict[str, Any]]", pyld.expand(document, options))
    return found


def values(node: dict[str, Any], term: str) -> list[Any]:
    """The values and ids of a term."""
    found = node[term if "://" in term else f"{AS}#{term}"]
    return [entry.get("@value", entry.get("@id")) for entry in found]


# --- actors ---


@pytest.mark.parametrize("kind", ["person", "group", "application"])
async def test_an_actor_reads_back_as_itself(door: Door, kind: str) -> None:
    person = await door.person()
    community = await door.community(person)
    uri = {"person": person.uri, "group": community.uri, "application": f"{BASE}/actor"}[kind]
    answer = await door.get(uri)
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith(ACTIVITY_JSON)
    assert answer.vary - {"Signature", "Signature-Input"} == {"Accept"}
    actor = parse.parse_object(answer.json)
    assert isinstance(actor, Actor)
    assert (actor.id, actor.kind) == (uri, kind)
    collections = [actor.outbox, actor.followers, actor.following, actor.featured]
    for collection in collections + ([actor.featured_tags] if kind == "person" else []):
        assert collection
        assert (await door.get(collection)).json["type"] == "OrderedCollection"


async def test_an_actor_lists_both_keys_and_means_it_in_json_ld(door: Door) -> None:
    person = await door.person()
    document = (await door.get(person.uri)).json
    assert document["publicKey"]["owner"] == person.uri
    (key,) = document["assertionMethod"]
    assert (key["type"], key["controller"]) == ("Multikey", person.uri)
    node = expanded(document)
    assert node["@type"] == [f"{AS}#Person"]
    assert values(node, "preferredUsername") == ["gardener"]
    assert values(node, "name") == ["Gardener"]
    assert values(node, "following") == [f"{person.uri}/following"]
    (method,) = node["https://w3id.org/security#assertionMethod"]
    assert method["@id"] == key["id"]
    assert "https://w3id.org/security#publicKeyMultibase" in method


@pytest.mark.parametrize("spelling", ["/@gardener", "/@Gardener"])
async def test_the_address_of_a_profile_is_the_actor_to_other_servers(
    door: Door, spelling: str
) -> None:
    """snac asks the very address that was pasted into its follow box, and never WebFinger."""
    person = await door.person()
    answer = await door.get(spelling, accept=LD_JSON)
    assert (answer.status, answer.json["id"]) == (200, person.uri)
    assert answer.vary == {"Accept", "Signature", "Signature-Input"}
    assert (await door.get(spelling, accept=BROWSER)).body == b"a page"
    community = await door.community(person)
    assert (await door.get("/@garden")).json["id"] == community.uri


async def test_a_profile_that_nobody_may_see_is_no_actor_either(door: Door) -> None:
    await door.person()
    async with door.work.transaction() as tx:
        await tx.conn.execute("update accounts set suspended_at = $1", tx.now)
    await door.stranger()
    instance = (await door.get("/actor")).json["preferredUsername"]
    for name in ("gardener", instance, "stranger", "nobody"):
        assert (await door.get(f"/@{name}")).status == 404, name


@pytest.mark.parametrize("accept", [BROWSER, "*/*", None, f"{ACTIVITY_JSON};q=0.1, text/html"])
async def test_a_browser_is_sent_to_the_profile(door: Door, accept: str | None) -> None:
    person = await door.person()
    answer = await door.get(person.uri, accept=accept)
    assert (answer.status, answer.headers["Location"]) == (302, f"{BASE}/@gardener")
    assert answer.vary == {"Accept", "Signature", "Signature-Input"}
    instance = await door.get("/actor", accept=accept)
    assert (instance.status, instance.headers["Location"]) == (302, f"{BASE}/")


@pytest.mark.parametrize(
    "accept",
    [
        ACTIVITY_JSON,
        LD_JSON,
        f"application/ld+json;profile={AS}",
        "application/ld+json",
        f"text/html;q=0.1, {LD_JSON}, {ACTIVITY_JSON}",
    ],
)
async def test_each_spelling_of_activitystreams_gets_the_document(door: Door, accept: str) -> None:
    person = await door.person()
    written = await door.write(person)
    assert (await door.get(person.uri, accept=accept)).json["id"] == person.uri
    assert (await door.get(written.uri, accept=accept)).json["id"] == written.uri


@pytest.mark.parametrize(
    "accept", [BROWSER, "*/*", 'application/ld+json; profile="https://x.example"']
)
async def test_a_post_is_a_page_to_people(door: Door, accept: str) -> None:
    written = await door.write(await door.person())
    answer = await door.get(written.uri, accept=accept)
    assert answer.body == b"a page"
    assert answer.vary == {"Accept"}


async def test_an_unchanged_document_is_not_sent_again(door: Door) -> None:
    person = await door.person()
    first = await door.get(person.uri)
    again = await door.get(person.uri, If_None_Match=first.headers["ETag"])
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize(
    "path", ["/users/1", "/users/x", "/users/%00", "/users/99999999999999999999"]
)
async def test_nobody_is_there(door: Door, path: str) -> None:
    answer = await door.get(path)
    assert (answer.status, answer.headers["Cache-Control"]) == (404, "no-store")


async def test_one_account_has_one_address(door: Door) -> None:
    person = await door.person()
    assert (await door.get(f"/communities/{person.id}")).status == 404
    assert (await door.get(f"/users/0{person.id}")).status == 404


# --- posts ---


async def test_a_post_reads_back_as_itself(door: Door) -> None:
    person = await door.person()
    community = await door.community(person)
    written = await door.write(
        person, "Who has #seeds?", title="Seed swap", summary="a question", community=community
    )
    document = (await door.get(written.uri)).json
    post = parse.parse_object(document)
    assert isinstance(post, Post)
    assert (post.id, post.kind, post.name) == (written.uri, "page", "Seed swap")
    assert (post.attributed_to, post.audience) == (person.uri, community.uri)
    assert (post.content, post.hashtags) == (written.content, ("seeds",))
    assert PUBLIC in post.to
    node = expanded(document)
    assert node["@type"] == [f"{AS}#Page"]
    assert values(node, "to") == [community.uri, PUBLIC]
    assert values(node, "content")[0] == written.content


async def test_a_poll_means_its_options_in_json_ld(door: Door) -> None:
    poll = drafts.PollDraft((("Tomatoes", 0), ("Beans", 0)))
    written = await door.write(await door.person(), "Which?", poll=poll)
    node = expanded((await door.get(written.uri)).json)
    assert [values(option, "name") for option in node[f"{AS}#oneOf"]] == [["Tomatoes"], ["Beans"]]


async def test_a_quote_and_its_stamp_mean_in_json_ld_what_they_say(door: Door) -> None:
    quoted = await door.write(await door.person())
    neighbour = await door.person("neighbour")
    written = await door.write(neighbour, "Look", quote=quoted, quote_policy="followers")
    node = expanded((await door.get(written.uri)).json)
    assert values(node, f"{QUOTES}quote") == [quoted.uri]
    assert values(node, f"{AS}#quoteUrl") == [quoted.uri]
    assert values(node, f"{QUOTES}quoteAuthorization") == [written.quote_stamp]
    (policy,) = node["https://gotosocial.org/ns#interactionPolicy"]
    (rules,) = policy["https://gotosocial.org/ns#canQuote"]
    approved = values(rules, "https://gotosocial.org/ns#automaticApproval")
    assert approved == [neighbour.followers_uri]
    stamp = expanded((await door.get(written.quote_stamp or "")).json)
    assert stamp["@type"] == [f"{QUOTES}QuoteAuthorization"]
    assert values(stamp, "https://gotosocial.org/ns#interactingObject") == [written.uri]
    assert values(stamp, "https://gotosocial.org/ns#interactionTarget") == [quoted.uri]
    request = build.quote_request(f"{BASE}/1", neighbour.uri, quoted.uri, written.uri)
    asked = expanded(request)
    assert asked["@type"] == [f"{QUOTES}QuoteRequest"]
    assert values(asked, "instrument") == [written.uri]


async def test_the_page_of_a_quote_links_to_what_it_quotes(door: Door) -> None:
    quoted = await door.write(await door.person())
    written = await door.write(await door.person("neighbour"), "Look", quote=quoted)
    async with door.work.reading() as tx:
        (shown,) = await listed.shown_posts(tx, [written])
    assert f'<a href="{quoted.url}">' in shown.post.content


PARTS = ("", "/activity", "/replies", "/context")


@pytest.mark.parametrize("visibility", ["private", "direct"])
async def test_what_is_not_public_is_nowhere(door: Door, visibility: str) -> None:
    """Not by its id, not in any collection, and not once it is deleted."""
    person = await door.person()
    head = await door.write(person)
    hidden = await door.write(person, "A secret", visibility=visibility, in_reply_to=head)
    async with door.work.transaction() as tx:
        sent = await tx.conn.fetch("select uri from outbox where subject = $1", hidden.uri)
    assert sent
    routes = [*(f"{hidden.uri}{part}" for part in PARTS), *(row["uri"] for row in sent)]
    never = await door.get("/posts/1")
    for route in routes:
        answer = await door.get(route)
        assert (answer.status, answer.body) == (404, never.body), route
    outbox_uri = f"{person.uri}/outbox"
    first = (await door.get(outbox_uri)).json["first"]
    for listing in (outbox_uri, first, f"{head.uri}/replies", f"{head.uri}/context"):
        answer = await door.get(listing)
        assert answer.status == 200
        assert hidden.uri.encode() not in answer.body, listing
    async with door.work.transaction() as tx:
        await posts.delete(tx, person, hidden)
    assert (await door.get(hidden.uri)).status == 404


async def test_what_was_deleted_is_gone(door: Door) -> None:
    person = await door.person()
    written = await door.write(person)
    async with door.work.transaction() as tx:
        sent = await tx.conn.fetchval("select uri from outbox where subject = $1", written.uri)
        assert (await door.get(sent)).status == 200
        await posts.delete(tx, person, written)
    answer = await door.get(written.uri)
    assert answer.status == 410
    assert answer.headers["Content-Type"].startswith(ACTIVITY_JSON)
    assert (answer.json["type"], answer.json["formerType"]) == ("Tombstone", "Note")
    assert (answer.json["id"], "content" in answer.json) == (written.uri, False)
    assert (await door.get(f"{written.uri}/activity")).status == 410
    # the Create that was delivered still lies in the outbox, with all that was said in it
    assert (await door.get(sent)).status == 404


async def test_posts_of_others_are_not_ours_to_serve(door: Door) -> None:
    stranger = await door.stranger()
    async with door.work.transaction() as tx:
        arrived = Arrived("https://peer.example/posts/7", {"id": "https://peer.example/posts/7"})
        theirs = await posts.publish(tx, stranger, Draft(content="<p>Hi</p>"), arrived=arrived)
    assert theirs
    for part in PARTS:
        assert (await door.get(f"/posts/{theirs.id}{part}")).status == 404
    assert (await door.get(f"/users/{stranger.id}")).status == 404


async def test_a_boost_is_an_announce(door: Door) -> None:
    person, booster = await door.person(), await door.person("baker")
    written = await door.write(person)
    async with door.work.transaction() as tx:
        boost = await marks.boost(tx, booster, written)
    document = (await door.get(boost.uri)).json
    announce = parse.parse_activity(document)
    assert isinstance(announce, verbs.Announce)
    assert (announce.id, announce.actor) == (boost.uri, booster.uri)
    assert announce.object == written.uri
    node = expanded(document)
    assert values(node, "actor") == [booster.uri]
    assert values(node, "object") == [written.uri]


async def test_a_boost_of_what_is_not_public_shows_nothing(door: Door) -> None:
    person = await door.person()
    hidden = await door.write(person, "For followers", visibility="private")
    async with door.work.transaction() as tx:
        boost = await marks.boost(tx, person, hidden)
    assert (await door.get(boost.uri)).status == 404
    first = (await door.get(f"{person.uri}/outbox")).json["first"]
    assert (await door.get(first)).json["orderedItems"] == []


async def test_answers_and_threads_are_listed_oldest_first(door: Door) -> None:
    person = await door.person()
    head = await door.write(person)
    one = await door.write(person, "First", in_reply_to=head)
    two = await door.write(person, "Second", in_reply_to=one)
    replies = parse.parse_collection((await door.get(f"{head.uri}/replies")).json)
    assert (replies.total, replies.items) == (1, (one.uri,))
    document = (await door.get(f"{head.uri}/context")).json
    assert document["attributedTo"] == person.uri
    assert parse.parse_collection(document).items == (head.uri, one.uri, two.uri)
    assert (await door.get(f"{one.uri}/context")).status == 404
    assert (await door.get(one.uri)).json["context"] == f"{head.uri}/context"


# --- what we sent ---


async def test_a_public_activity_is_served_as_it_was_sent(door: Door) -> None:
    person = await door.person()
    written = await door.write(person)
    async with door.work.reading() as tx:
        sent = await tx.conn.fetchval("select uri from outbox where subject = $1", written.uri)
        body = await outbox.body_of(tx.conn, sent)
    answer = await door.get(sent)
    assert answer.body == body
    assert isinstance(parse.parse_activity(answer.json), verbs.Create)
    listed = {key.id: key for key in keys.keys_of((await door.get(person.uri)).json)}
    proofs.verify_proof(answer.json, listed[proofs.proof_key_id(answer.json) or ""], tx.now)


async def test_an_activity_for_some_is_not_served(door: Door) -> None:
    person = await door.person()
    uri = f"{BASE}/activities/5"
    body = orjson.dumps(
        {"id": uri, "type": "Follow", "actor": person.uri, "to": ["https://x.example/"]}
    )
    async with door.work.transaction() as tx:
        await outbox.send(tx.conn, uri, person.id, uri, body, {}, tx.now)
    assert (await door.get(uri)).status == 404


# --- collections ---


async def test_followers_are_counted_and_not_named(door: Door) -> None:
    person = await door.person()
    community = await door.community(person)
    answer = await door.get(f"{community.uri}/followers")
    assert parse.parse_collection(answer.json).total == 1
    assert person.uri.encode() not in answer.body
    following = await door.get(f"{person.uri}/following")
    assert following.json["totalItems"] == 1
    assert community.uri.encode() not in following.body


async def test_the_moderators_of_a_community_are_named(door: Door) -> None:
    person = await door.person()
    community = await door.community(person)
    actor = parse.parse_object((await door.get(community.uri)).json)
    assert isinstance(actor, Actor)
    assert actor.moderators
    assert (await door.get(actor.moderators)).json["orderedItems"] == [person.uri]
    assert (await door.get(f"{person.uri}/moderators")).status == 404


async def test_an_outbox_is_read_page_by_page(door: Door) -> None:
    person = await door.person()
    written = [await door.write(person, f"Number {n}") for n in range(23)]
    listing = parse.parse_collection((await door.get(f"{person.uri}/outbox")).json)
    assert (listing.total, listing.items) == (23, ())
    found: list[str] = []
    page_uri = listing.first
    while page_uri:
        page = parse.parse_collection((await door.get(page_uri)).json)
        creates = [cast("dict[str, Any]", item) for item in page.items]
        found += [create["object"]["id"] for create in creates]
        page_uri = page.next
    assert found == [row.uri for row in reversed(written)]
    create = parse.parse_activity((await door.get(f"{found[0]}/activity")).json)
    assert isinstance(create, verbs.Create)
    assert create.object == found[0]


async def test_a_page_that_no_post_begins_is_refused(door: Door) -> None:
    person = await door.person()
    assert (await door.get(f"{person.uri}/outbox?before=yesterday")).status == 400


async def test_the_outbox_of_a_community_announces_whole_activities(door: Door) -> None:
    """As Lemmy fills a new community, and Gancio reads events after a follow."""
    person = await door.person()
    community = await door.community(person)
    written = await door.write(person, title="Seed swap", community=community)
    event = await door.event(person, community)
    listing = (await door.get(f"{community.uri}/outbox")).json
    page = (await door.get(listing["first"])).json
    assert listing["orderedItems"] == page["orderedItems"]
    assert [item["object"]["object"]["id"] for item in page["orderedItems"]] == [
        event.uri,
        written.uri,
    ]
    for item in page["orderedItems"]:
        alone = (await door.get(item["id"])).json
        assert isinstance(parse.parse_activity(alone), verbs.Announce)
        assert alone["object"] == item["object"]


# --- calls and cards ---


@pytest.mark.parametrize("agent", READERS)
async def test_who_reads_calls_gets_the_call_by_both_ids(door: Door, agent: str) -> None:
    person = await door.person()
    event = await door.event(person, await door.community(person))
    card_uri = f"{BASE}/cards/{event.id}"
    answer = await door.get(event.uri, User_Agent=agent)
    assert (answer.status, answer.json["type"]) == (200, "Event")
    assert {"Accept", "User-Agent", "Signature"} <= answer.vary
    moved = await door.get(card_uri, User_Agent=agent)
    assert (moved.status, moved.headers["Location"]) == (302, event.uri)
    assert {"Accept", "User-Agent", "Signature"} <= moved.vary


@pytest.mark.parametrize("agent", MICROBLOGS)
async def test_a_microblog_gets_the_card_by_both_ids(door: Door, agent: str) -> None:
    person = await door.person()
    community = await door.community(person)
    event = await door.event(person, community)
    card_uri = f"{BASE}/cards/{event.id}"
    moved = await door.get(event.uri, User_Agent=agent)
    assert (moved.status, moved.headers["Location"]) == (302, card_uri)
    assert {"Accept", "User-Agent", "Signature"} <= moved.vary
    card = parse.parse_object((await door.get(card_uri, User_Agent=agent)).json)
    assert isinstance(card, Post)
    assert (card.kind, card.card_for) == ("question", event.uri)
    assert card.attributed_to == community.uri


@pytest.mark.parametrize(
    ("software", "agent", "kind"),
    [("mobilizon", MASTODON, "Event"), ("mastodon", LEMMY, None), (None, LEMMY, "Event")],
)
@pytest.mark.parametrize(
    "signed",
    [
        {"Signature": 'keyId="https://peer.example/users/1#main-key",signature="x"'},
        {
            "Signature": "sig=:x:",
            "Signature_Input": 'sig=("@method");keyid="https://peer.example/k"',
        },
    ],
)
async def test_a_signature_says_more_than_a_user_agent(
    door: Door, software: str | None, agent: str, kind: str | None, signed: dict[str, str]
) -> None:
    person = await door.person()
    event = await door.event(person, await door.community(person))
    async with door.work.transaction() as tx:
        await outbox.describe(tx.conn, "peer.example", software, None, None, tx.now)
    answer = await door.get(event.uri, User_Agent=agent, **signed)
    assert (answer.json["type"] if answer.status == 200 else None) == kind


async def test_what_a_host_was_first_sent_is_what_it_goes_on_seeing(door: Door) -> None:
    person = await door.person()
    event = await door.event(person, await door.community(person))
    async with door.work.transaction() as tx:
        await outbox.describe(tx.conn, "peer.example", "mobilizon", None, None, tx.now)
        await call_rows.put_form(tx.conn, event.id, "peer.example", "card")
    signature = 'keyId="https://peer.example/users/1#main-key",signature="x"'
    answer = await door.get(event.uri, User_Agent=MOBILIZON, Signature=signature)
    assert (answer.status, answer.headers["Location"]) == (302, f"{BASE}/cards/{event.id}")


async def test_a_call_means_in_json_ld_what_it_says(door: Door) -> None:
    person = await door.person()
    community = await door.community(person)
    event = await door.event(person, community)
    document = (await door.get(event.uri, User_Agent=BECKON)).json
    post = parse.parse_object(document)
    assert isinstance(post, Post)
    assert post.event
    assert post.event.capacity == 5
    assert post.call
    assert post.call.card == f"{BASE}/cards/{event.id}"
    node = expanded(document)
    assert node["@type"] == [f"{AS}#Event"]
    assert values(node, "name") == ["Spring clean-up"]
    assert values(node, "startTime") == [document["startTime"]]
    (call,) = node[f"{CTA}call"]
    assert call["@type"] == [f"{CTA}Call"]
    assert values(call, f"{CTA}kind") == ["event"]
    assert values(call, f"{CTA}card") == [f"{BASE}/cards/{event.id}"]
    assert values(call, f"{CTA}waiting") == [0]
    (answers,) = call[f"{CTA}answers"]
    assert len(answers["@list"]) == 3
    assert f"{CTA}count" in answers["@list"][0]
    assert set(document["cta:call"]) == {
        "type",
        "kind",
        "state",
        "stewards",
        "card",
        "answers",
        "waiting",
        "about",
    }
    (stewards,) = call[f"{CTA}stewards"]
    assert stewards["@list"] == [{"@id": community.uri}]


async def test_a_card_says_in_json_ld_which_call_it_is_for(door: Door) -> None:
    person = await door.person()
    event = await door.event(person, await door.community(person))
    node = expanded((await door.get(f"/cards/{event.id}", User_Agent=MASTODON)).json)
    assert values(node, f"{CTA}cardFor") == [event.uri]


async def test_featured_lists_what_each_reader_can_read(door: Door) -> None:
    person = await door.person()
    community = await door.community(person)
    event = await door.event(person, community)
    for agent, shown in ((MASTODON, f"{BASE}/cards/{event.id}"), (LEMMY, event.uri)):
        answer = await door.get(f"{community.uri}/featured", User_Agent=agent)
        assert answer.json["orderedItems"] == [shown]
        assert {"Accept", "User-Agent", "Signature"} <= answer.vary


async def test_the_tags_of_a_profile(door: Door) -> None:
    person = await door.person()
    async with door.work.transaction() as tx:
        for name in ("spring", "straße"):
            await tags.feature(tx.conn, person.id, name, tx.now)
    document = (await door.get(person.uri)).json
    found = (await door.get(document["featuredTags"])).json
    assert found["totalItems"] == 2
    assert [item["name"] for item in found["orderedItems"]] == ["#spring", "#straße"]
    first = found["orderedItems"][0]
    assert (first["type"], first["href"]) == ("Hashtag", f"{BASE}/tags/spring")
    items = expanded(found)[f"{AS}#items"][0]["@list"]
    assert [item["@type"] for item in items] == [[f"{AS}#Hashtag"]] * 2


async def test_a_deleted_call_takes_its_card_with_it(door: Door) -> None:
    person = await door.person()
    event = await door.event(person, await door.community(person))
    async with door.work.transaction() as tx:
        await deleting.delete(tx, person, event)
    for path, former in ((event.uri, "Event"), (f"/cards/{event.id}", "Question")):
        answer = await door.get(path, User_Agent=MASTODON)
        assert (answer.status, answer.json["formerType"]) == (410, former)


async def test_a_call_is_at_its_own_address_only(door: Door) -> None:
    person = await door.person()
    event = await door.event(person, await door.community(person))
    assert (await door.get(f"/posts/{event.id}")).status == 404
    written = await door.write(person)
    assert (await door.get(f"/calls/{written.id}")).status == 404
    assert (await door.get(f"/cards/{written.id}")).status == 404


async def test_a_suspended_account_is_not_shown(door: Door) -> None:
    person = await door.person()
    async with door.work.transaction() as tx:
        await tx.conn.execute("update accounts set suspended_at = $1", tx.now)
    shown = (await door.get(person.uri)).json
    assert shown["suspended"] is True  # and the key that proves it, as Mastodon shows one
    assert not {"name", "summary", "icon", "outbox", "url"} & set(shown)
    assert (await door.get(person.uri, accept=BROWSER)).status == 404
    for part in ("outbox", "followers", "featured"):
        assert (await door.get(f"{person.uri}/{part}")).status == 404
    assert (await door.get(f"/.well-known/webfinger?resource={person.uri}")).status == 404
    async with door.work.transaction() as tx:
        await tx.conn.execute("update accounts set erased = true")
    assert (await door.get(person.uri)).status == 404
