"""Something of everything: whoever reads it is shown every entity, in each of its forms."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

from server.api.routes import described
from server.domain.calling import contacts
from server.domain.calling.contacts import Typed
from server.domain.members import accounts as account_verbs
from server.domain.members import follows, moves
from server.domain.moderating import announcements, ban_lists
from server.domain.posting.drafts import Draft, PollDraft
from storage import accounts, cards, invitations, threads
from storage import ban_lists as ban_list_rows
from storage import contacts as contact_rows
from storage import posts as post_rows
from storage.accounts import Account
from storage.calls import Details
from storage.cards import Card
from tests.api.people import House, Member
from tests.samples import picture
from tests.wire.browser import Browser

DAY = timedelta(days=1)
STORY = "https://news.example/story"
BECKON = "/api/beckon/v1"
PHONE = {"endpoint": "https://push.example/send/1", "keys": Browser.new().keys()}
FILES = (
    {"kind": "image", "url": "https://far.example/a.png", "width": 4, "height": 2},
    {"kind": "video", "url": "https://far.example/b.mp4", "focus": [0.1, 0.2]},
    {"kind": "document", "url": "https://far.example/c.pdf", "description": "minutes"},
    {"kind": "link", "url": STORY},
)


async def busy(house: House) -> Member:
    """A home with one post of each kind, and something of everything beside it; gives its owner."""
    reader = await house.member("reader", role="admin")
    organiser = await house.member("organiser")
    far = await house.remote("far_writer")
    garden = await house.community(organiser, "garden")
    for other in (organiser.id, str(garden.id), str(far.id)):
        await reader.post(f"/api/v1/accounts/{other}/follow")
    await organiser.post(f"/api/v1/accounts/{reader.id}/follow")
    soon = datetime.now(UTC) + DAY
    await house.call(organiser, garden, Details(soon, None, "Europe/Rome", "Shed", "1 Lane"), "Dig")
    await organiser.says("@garden hello #Spring @reader", title="A plan", spoiler_text="long")
    await organiser.says("quiet", poll={"options": ["a", "b"], "expires_in": 3600})
    await _from_afar(house, far, soon)
    own = await reader.says("mine")
    await organiser.post(f"/api/v1/statuses/{own['id']}/favourite")
    await organiser.post(f"/api/v1/statuses/{own['id']}/reblog")
    return reader


async def _answer_by_email(house: House, call_id: int) -> None:
    """Somebody without an account, as if mail could be sent."""
    typed = Typed("guest@mail.example", "going", "Guest", ("Bread",), ("answer", "news"))
    async with house.work.transaction() as tx:
        mailing = replace(tx, site=replace(tx.site, mail=True))
        post = await post_rows.by_id(tx.conn, call_id)
        assert post
        await contacts.begin(mailing, post, typed)
        kept = await tx.conn.fetchval("select max(id) from contacts")
        row = await contact_rows.by_id(tx.conn, kept)
        assert row
        await contacts.confirm(mailing, await contacts.new_link(tx, row, "confirm"))


async def _from_afar(house: House, far: Account, soon: datetime) -> None:
    async with house.work.transaction() as tx:
        await tx.conn.execute("update follows set accepted_at = now() where target_id = $1", far.id)
    await house.arrives(far, "1", Draft(content="<p>x</p>", attachments=FILES, summary="cw"))
    await house.arrives(far, "2", Draft(kind="article", title="T & <T>", content="<p>x</p>"))
    poll = PollDraft((("yes", 3), ("no", 1)), closed_at=soon - 2 * DAY, voters_count=None)
    await house.arrives(far, "3", Draft(kind="question", content="<p>?</p>", poll=poll))


@dataclass
class World:
    """``ids``: by the noun that stands before the id in a path, or by two where one is not enough."""

    house: House
    reader: Member
    ids: dict[str, list[str]] = field(default_factory=dict[str, list[str]])


async def full(house: House) -> World:
    reader = await busy(house)
    asking = await house.member("spring")  # found by the same word as the tag
    async with house.work.transaction() as tx:
        await tx.conn.execute("update instance set rules = '{Be kind}'")
    home = await reader.good("GET", "/api/v1/timelines/home?limit=40")
    posts = [*home, *(s["reblog"] for s in home if s["reblog"])]
    call = next(s for s in posts if s["poll"] and "Dig" in s["content"])
    world = World(house, reader)
    world.ids["statuses"] = [s["id"] for s in posts]
    world.ids["posts"] = world.ids["statuses"][:3]
    world.ids["calls"] = [call["id"]]
    world.ids["polls"] = [s["poll"]["id"] for s in posts if s["poll"]]
    world.ids["accounts"] = list({s["account"]["id"]: 1 for s in posts} | {asking.id: 1})
    world.ids["tag"] = world.ids["tags"] = ["spring"]
    mine = next(s for s in posts if s["content"] == "<p>mine</p>")
    await _deal(reader, asking, mine, world)
    await _organise(reader, asking, world)
    await _know(reader, asking, world)
    await _keep(reader, world)
    await _talk(house)
    return world


async def _talk(house: House) -> None:
    """A tag and a post that people are fond of, by somebody whom the reader may want to follow."""
    first, *others = [await house.member(f"talker{n}") for n in range(4)]
    post = await first.says("#Spring at last")
    for other in others:
        await other.says("#Spring indeed")
        await other.good("POST", f"/api/v1/statuses/{post['id']}/favourite")
        await other.good("POST", f"/api/v1/accounts/{first.id}/follow")


async def _deal(reader: Member, asking: Member, mine: Any, world: World) -> None:
    """A thread, a quote, a version, marks, somebody who asks, somebody blocked, somebody muted, a word apart."""
    one = f"/api/v1/statuses/{mine['id']}"
    await reader.good("PUT", one, json={"status": "mine, better"})
    reply = await asking.says("@reader why?", in_reply_to_id=mine["id"])
    await reader.says("@spring because", in_reply_to_id=reply["id"])
    await asking.says("@reader between us", visibility="direct")
    quote = await asking.says("look", quoted_status_id=mine["id"])
    world.ids["statuses"] += [reply["id"], quote["id"]]
    for act in ("favourite", "bookmark", "pin"):
        await reader.good("POST", f"{one}/{act}")
    await reader.good("PATCH", "/api/v1/accounts/update_credentials", json=PROFILE)
    await asking.good("POST", f"/api/v1/accounts/{reader.id}/follow")
    blocked = await world.house.member("blocked")
    await reader.good("POST", f"/api/v1/accounts/{blocked.id}/block")
    muted = await world.house.member("muted")
    await reader.good("POST", f"/api/v1/accounts/{muted.id}/mute", json={"duration": 3600})


PROFILE = {"note": "I dig", "locked": True, "fields_attributes": [{"name": "site", "value": "x"}]}


async def _organise(reader: Member, asking: Member, world: World) -> None:
    """A community and a call of the reader's own, with people in them."""
    made = await reader.good(
        "POST", f"{BECKON}/communities", json={"name": "plot", "title": "Plot", "policy": "request"}
    )
    starts = (datetime.now(UTC) + DAY).isoformat()
    call = await reader.good(
        "POST",
        f"{BECKON}/communities/{made['id']}/calls",
        json={
            "title": "Sow",
            "starts_at": starts,
            "ends_at": starts,
            "capacity": 1,
            "questions": [{"text": "What do you bring?", "required": False}],
            "place": {"name": "Field", "latitude": 45.46, "longitude": 9.19},
        },
    )
    await _place(reader, made["id"], call["id"])
    await reader.good("POST", f"{BECKON}/calls/{call['id']}/answer", json={"answer": "going"})
    await asking.good("POST", f"/api/v1/accounts/{made['id']}/follow")
    async with world.house.work.transaction() as tx:
        assert reader.account and asking.account
        plot = await accounts.by_id(tx.conn, int(made["id"]))
        for named in (reader.account, plot):
            assert named
            await moves.add_alias(tx, named, asking.account)
    world.ids["calls"].append(call["id"])
    repeats = {"title": "Supper", "starts_at": "2035-03-01T18:30", "rule": "FREQ=WEEKLY;BYDAY=TH"}
    path = f"{BECKON}/communities/{made['id']}/series"
    world.ids["series"] = [(await reader.good("POST", path, json=repeats))["id"]]
    await _live(reader, asking, made["id"], world)
    await _answer_by_email(world.house, int(call["id"]))
    await keep_documents(reader, made["id"], world.ids)
    await reader.good("POST", f"{BECKON}/communities/{made['id']}/archive")
    talk = await reader.says("@plot The river wants us", title="River")
    path = f"{BECKON}/posts/{talk['id']}/call"
    begun = await reader.good("POST", path, json={"starts_at": starts, "title": "Clean"})
    world.ids["posts"].append(talk["id"])
    world.ids["calls"].append(begun["id"])
    await _other_kinds(reader, f"{BECKON}/communities/{made['id']}/calls", world)
    loud = await world.house.member("loud")
    await reader.good("POST", f"{BECKON}/communities/{made['id']}/ban/{loud.id}")
    await _look_first(reader, loud, world, f"{BECKON}/communities/{made['id']}")


async def _other_kinds(reader: Member, of: str, world: World) -> None:
    """A decision with a reason, a letter that was answered, and a need that an offer fits."""

    async def made(**wanted: Any) -> str:
        call = await reader.good("POST", of, json=wanted)
        world.ids["calls"].append(call["id"])
        return f"{BECKON}/calls/{call['id']}"

    asked = await made(kind="decision", variant="consent", title="The path")
    await reader.good("POST", f"{asked}/answer", json={"answer": "object", "reason": "Mud"})
    letters = await made(kind="contact", title="Ask the council", about="Build it")
    target = {"name": "The council", "address": "council@town.example"}
    (to,) = await reader.good("POST", f"{letters}/targets", json=target)
    world.ids["targets"] = [to["id"]]
    await reader.good("PUT", f"{letters}/targets/{to['id']}", json={"status": "refused"})
    said = {"answered": True, "said": "No"}
    await reader.good("POST", f"{letters}/targets/{to['id']}/report", json=said)
    await made(kind="need", variant="offer", title="Our van")
    need = await made(kind="need", title="A van", capacity=2)
    await reader.good("POST", f"{need}/commitments", json={"quantity": 1, "text": "Mine"})


async def _look_first(reader: Member, loud: Member, world: World, plot: str) -> None:
    """A post that the reader is to let in, and one of their own that waits elsewhere."""
    waiter = await world.house.member("waiter")
    await waiter.good("POST", f"/api/v1/accounts/{plot.rsplit('/', 1)[1]}/follow")
    await reader.good("POST", f"{plot}/requests/{waiter.id}/approve")
    strict = await world.house.community(loud, "strict")
    for by, where in ((reader, plot), (loud, f"{BECKON}/communities/{strict.id}")):
        rule = {"kind": "word", "value": "frost"}
        await by.good("POST", f"{where}/hold_rules", json=rule)
    await waiter.says("@plot frost?")
    await _share_bans(world.house, reader, loud, waiter, plot, strict)
    await _appeal(reader, plot, waiter)
    await _appeal(loud, f"{BECKON}/communities/{strict.id}", reader)
    await reader.says("@strict frost!")


async def _share_bans(
    house: House, reader: Member, loud: Member, waiter: Member, plot: str, strict: Account
) -> None:
    """The plot shares whom it bans, and follows the list of another community."""
    there = f"{BECKON}/communities/{strict.id}"
    await loud.good("POST", f"{there}/ban/{waiter.id}", json={"reason": "Loud"})
    for by, where in ((reader, plot), (loud, there)):
        await by.good("PUT", f"{where}/ban_list", json={"shared": True})
    sent = {"account_id": strict.id}
    followed = await reader.good("POST", f"{plot}/ban_lists", json=sent)
    async with house.work.transaction() as tx:
        row = await ban_list_rows.by_id(tx.conn, int(followed["id"]))
        assert row
        await ban_lists.heard(tx, row, await ban_lists.shared(tx, strict))


async def _appeal(by: Member, where: str, author: Member) -> None:
    """Something of somebody's was removed, and they want it looked at again."""
    post = await author.says("hail", community_id=where.rsplit("/", 1)[1])
    removed = f"{where}/posts/{post['id']}/remove"
    await by.good("POST", removed, json={"reason": "Off topic"})
    found = (await author.good("GET", f"{BECKON}/decisions"))[0]
    sent = {"text": "It is not"}
    await author.good("POST", f"{BECKON}/decisions/{found['id']}/appeal", json=sent)


async def _place(reader: Member, community_id: str, call_id: str) -> None:
    """About where the reader lives, what they can do, and where that is wanted."""
    here = {"latitude": 45.4642, "longitude": 9.1896}
    await reader.good("PUT", f"{BECKON}/area", json={**here, "shown": True})
    skills = {"skills": ["Digging"], "shown": True, "matched": True}
    await reader.good("PUT", f"{BECKON}/skills", json=skills)
    await reader.good("PUT", f"{BECKON}/calls/{call_id}/skills", json={"skills": ["digging"]})
    place = {"name": "The valley", **here}
    await reader.good("PUT", f"{BECKON}/communities/{community_id}/place", json=place)


async def _live(reader: Member, asking: Member, plot: str, world: World) -> None:
    """A community that asks, is linked to another, and in which somebody has an idea."""
    one = f"{BECKON}/communities/{plot}"
    other = await reader.good(
        "POST", f"{BECKON}/communities", json={"name": "hill", "title": "Hill"}
    )
    for this, that in ((plot, other["id"]), (other["id"], plot)):
        await reader.good("POST", f"{BECKON}/communities/{this}/linked", json={"other_id": that})
    await reader.good("POST", f"{one}/links", json={"max_uses": 3})
    await reader.good("POST", f"{BECKON}/persons", json={"username": "mask"})
    sent = {"title": "Mulch", "starts_at": (datetime.now(UTC) + DAY).isoformat()}
    idea = await reader.good("POST", f"{one}/proposals", json=sent)
    world.ids["proposals"] = [idea["id"]]


async def keep_documents(reader: Member, community: str, ids: dict[str, list[str]]) -> None:
    """What a community keeps."""
    sent = {"title": "Where the key is", "text": "Under the pot"}
    kept = await reader.good("POST", f"{BECKON}/communities/{community}/documents", json=sent)
    started = {
        "kind": "petition",
        "name": "Ours",
        "title": "To {whom}",
        "places": [{"name": "whom"}],
    }
    begun = await reader.good("POST", f"{BECKON}/communities/{community}/templates", json=started)
    ids["templates"] = [begun["id"], "event"]
    ids["documents"], ids["versions"] = [kept["id"]], ["1"]


KEPT: tuple[tuple[str, dict[str, Any]], ...] = (
    ("POST /api/v1/markers", {"home": {"last_read_id": "1"}, "notifications": {"last_read_id": "1"}}),
    ("POST /api/v1/domain_blocks", {"domain": "loud.example"}),
    ("POST /api/v1/lists", {"title": "Neighbours", "replies_policy": "none"}),
    ("POST /api/v1/push/subscription", {"subscription": PHONE, "data": {"alerts": {"poll": True}}}),
    ("POST /api/v1/statuses", {"status": "more of #Sowing and #Mulch", "visibility": "unlisted"}),
    ("POST /api/beckon/v1/subscription", {}),
    ("PUT /api/beckon/v1/attention", {"timezone": "Europe/Lisbon", "quiet_from": "22:00", "quiet_until": "07:00"}),
    ("POST /api/v1/featured_tags", {"name": "sowing"}),
    ("POST /api/v1/admin/email_domain_blocks", {"domain": "spam.example"}),
    ("POST /api/v1/admin/domain_blocks", {"domain": "loud.example", "public_comment": "Spam"}),
    ("POST /api/v1/admin/domain_allows", {"domain": "friends.example"}),
    ("POST /api/v1/admin/canonical_email_blocks", {"email": "robot@people.example"}),
    ("POST /api/v1/admin/ip_blocks", {"ip": "192.0.2.0/24", "severity": "sign_up_block"}),
)  # fmt: skip


async def _know(reader: Member, asking: Member, world: World) -> None:
    """Somebody featured and somebody known in common, a link that was looked at, a thread too."""
    friend = await world.house.member("friend")
    await reader.good("POST", f"/api/v1/accounts/{friend.id}/follow")
    await friend.good("POST", f"/api/v1/accounts/{asking.id}/follow")
    await reader.good("POST", f"/api/v1/accounts/{friend.id}/endorse")
    await reader.good("POST", f"/api/v1/accounts/{friend.id}/note", json={"comment": "of old"})
    world.ids["accounts"].append(friend.id)
    linking = await friend.says(f"Read {STORY}")
    world.ids["statuses"].append(linking["id"])
    world.ids["annual_reports"] = ["2025"]
    world.ids["async_refreshes"] = [linking["id"]]
    relay = await world.house.remote("relay", "application")
    async with world.house.work.transaction() as tx:
        page = Card(
            STORY, "A story", "Of spring", "News", "A writer", "en", None, "", 0, 0, tx.now, tx.now
        )
        await cards.put(tx.conn, page)
        await announcements.announce(tx, "We meet #outside")
        await tx.conn.execute(
            "insert into announcement_reactions (announcement_id, account_id, name)"
            " select 1, $1, '🌱'",
            int(reader.id),
        )
        await threads.begin(tx.conn, int(linking["id"]), tx.now, tx.now)
        assert reader.account
        await invitations.insert(
            tx.conn, f"{relay.uri}/invites/1", reader.account.id, relay.id, relay.id, None, tx.now
        )
        await follows.follow(tx, await account_verbs.instance_actor(tx), relay)
    at = (datetime.now(UTC) + DAY).isoformat()
    await reader.says("tomorrow", scheduled_at=at, poll={"options": ["a", "b"], "expires_in": 600})


async def _keep(reader: Member, world: World) -> None:
    """What only the reader has."""
    for route, sent in KEPT:
        assert route in described()
        await reader.good(*route.split(" "), json=sent)
    await reader.good("POST", "/api/v1/tags/spring/follow")
    upload = await reader.good("POST", "/api/v1/media", data={"file": BytesIO(picture())})
    world.ids["media"] = [upload["id"]]
    complaint = {"account_id": world.ids["accounts"][-1], "rule_ids": ["1"]}
    await reader.good("POST", "/api/v1/reports", json=complaint)
    lists = await reader.good("GET", "/api/v1/lists")
    world.ids["list"] = [each["id"] for each in lists]
    await _choose(reader, lists[0]["id"], world)


async def _choose(reader: Member, list_id: str, world: World) -> None:
    """Somebody in a list, and filters that catch a word, and a single post."""
    members = {"account_ids": [reader.id]}
    await reader.good("POST", f"/api/v1/lists/{list_id}/accounts", json=members)
    catch = {"title": "Quiet", "context": ["home"], "keywords_attributes": [{"keyword": "plan"}]}
    made = await reader.good("POST", "/api/v2/filters", json=catch)
    listed = await reader.good(
        "POST", f"/api/v2/filters/{made['id']}/statuses", json={"status_id": world.ids["calls"][0]}
    )
    world.ids["filters"] = [made["id"]]
    world.ids["keywords"] = [made["keywords"][0]["id"]]
    world.ids["filters/statuses"] = [listed["id"]]
