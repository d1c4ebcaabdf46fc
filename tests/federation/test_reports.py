"""Reports between servers: what leaves names nobody, and what comes reaches the moderators."""

from __future__ import annotations

from server.domain.moderating import reports
from server.domain.moderating.reports import Complaint
from storage.accounts import Account
from tests.federation.instance import Instance
from tests.federation.peer import Peer, Person
from tests.federation.test_group_moderation import Group, far, in_shed, lemmy, shed

__all__ = ["far", "lemmy", "shed"]


async def test_a_report_leaves_in_the_name_of_the_instance(
    ours: Instance, microblog: Peer, organiser: Account, garden: Account
) -> None:
    rude = microblog.person("rude")
    named = microblog.note(rude, "<p>rude</p>", [organiser.uri])
    await microblog.send(rude, microblog.create(rude, named), ours.inbox)
    await ours.settle()
    target, post = await ours.known(rude.uri), await ours.post(named["id"])
    assert target
    assert post
    said = Complaint(post_ids=[post.id], comment="Not nice", forward=True)
    async with ours.work.transaction() as tx:
        made = await reports.report(tx, organiser, target, said)
    assert made.forwarded
    await ours.settle()
    (flag,) = microblog.of_type("Flag")
    assert flag["actor"] == f"https://{ours.host}/actor"
    assert (flag["object"], flag["content"]) == ([rude.uri, named["id"]], "Not nice")
    assert organiser.uri not in str(flag)
    assert "proof" not in flag


async def test_a_flag_reaches_the_moderators(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    post = await ours.publish(organiser, "what they did not like")
    other = await ours.publish(await ours.member("other"), "not theirs")
    server = microblog.person("server", kind="Application")
    about = [organiser.uri, post.uri, other.uri, "https://nowhere.example/1"]
    flag = microblog.activity(server, "Flag", about, content="<b>Spam</b>", to=organiser.uri)
    for _ in range(2):
        await microblog.send(server, flag, ours.inbox)
        await ours.settle()
    assert await ours.outcome(flag["id"]) == "done"
    (kept,) = await ours.rows("select * from reports")
    assert (kept["target_id"], kept["post_ids"]) == (organiser.id, [post.id])
    assert (kept["comment"], kept["category"]) == ("Spam", "other")


async def test_a_flag_of_posts_alone_means_their_author(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    post = await ours.publish(organiser, "hello")
    server = microblog.person("server", kind="Application")
    flag = microblog.activity(server, "Flag", [post.uri], summary="x")
    await microblog.send(server, flag, ours.inbox)
    await ours.settle()
    assert await ours.value("select target_id from reports") == organiser.id


async def test_a_flag_of_nobody_here_is_refused(ours: Instance, microblog: Peer) -> None:
    server = microblog.person("server", kind="Application")
    flag = microblog.activity(server, "Flag", ["https://nowhere.example/1"])
    await microblog.send(server, flag, ours.inbox)
    await ours.settle()
    assert await ours.outcome(flag["id"]) == "unknown_target"
    assert await ours.value("select count(*) from reports") == 0


# Groups


async def told(ours: Instance) -> list[tuple[int, int]]:
    """Who was told of reports, and in whose name."""
    rows = await ours.rows(
        "select account_id, from_account_id from notifications where type = 'admin.report' order by id"
    )
    return [tuple(row.values()) for row in rows]


async def test_a_report_goes_to_the_group_in_which_the_post_stands(
    ours: Instance, lemmy: Peer, microblog: Peer, shed: Group, far: Person
) -> None:
    """And to the server of its author; to nobody where it is not to be forwarded."""
    post = await in_shed(ours, shed, microblog, far)
    author = await ours.known(far.uri)
    assert author
    for forward in (False, True):
        async with ours.work.transaction() as tx:
            said = Complaint(post_ids=[post.id], comment="Not nice", forward=forward)
            await reports.report(tx, shed.reader, author, said)
        await ours.settle()
        assert len(lemmy.of_type("Flag")) == len(microblog.of_type("Flag")) == int(forward)
    (flag,) = lemmy.of_type("Flag")
    assert (flag["object"], flag["summary"], flag["to"]) == (post.uri, "Not nice", [shed.uri])
    assert flag["actor"] == f"https://{ours.host}/actor"
    assert shed.reader.uri not in str(flag)
    assert microblog.of_type("Flag")[0]["object"] == [far.uri, post.uri]


async def test_a_post_of_ours_is_reported_to_its_group_elsewhere(
    ours: Instance, lemmy: Peer, shed: Group
) -> None:
    post = await ours.publish(shed.reader, f"@shed@{lemmy.host} hello", title="Hello")
    other = await ours.member("other")
    async with ours.work.transaction() as tx:
        said = Complaint(post_ids=[post.id], comment="Not nice", forward=True)
        made = await reports.report(tx, other, shed.reader, said)
    assert made.forwarded
    await ours.settle()
    assert [flag["object"] for flag in lemmy.of_type("Flag")] == [post.uri]


async def test_a_flag_of_what_is_in_our_community_reaches_who_steers_it(
    ours: Instance, microblog: Peer, organiser: Account, garden: Account
) -> None:
    """Also of somebody of another server; they do not learn who reported."""
    author = microblog.person("author")
    note = microblog.note(author, "<p>Loud</p>", [garden.uri], audience=garden.uri)
    await microblog.send(author, microblog.create(author, note), ours.inbox)
    await ours.settle()
    reporter = microblog.person("reporter", key=1)
    flag = microblog.activity(reporter, "Flag", note["id"], summary="Spam", to=[garden.uri])
    await microblog.send(reporter, flag, ours.inbox)
    await ours.settle()
    assert await ours.outcome(flag["id"]) == "done"
    (kept,) = await ours.rows("select target_id, comment, post_ids from reports")
    known, post = await ours.known(author.uri), await ours.post(note["id"])
    assert known
    assert post
    assert (kept["target_id"], kept["comment"], kept["post_ids"]) == (known.id, "Spam", [post.id])
    assert await told(ours) == [(organiser.id, garden.id)]


async def test_who_steers_a_community_is_not_told_of_reports_of_themselves_or_elsewhere(
    ours: Instance, organiser: Account, garden: Account
) -> None:
    member = await ours.member("member")
    own = await ours.publish(organiser, "@garden mine")
    outside = await ours.publish(member, "hello")
    assert own.community_id == garden.id
    async with ours.work.transaction() as tx:
        await reports.report(tx, member, organiser, Complaint(post_ids=[own.id]))
        await reports.report(tx, organiser, member, Complaint(post_ids=[outside.id]))
    assert await told(ours) == []
