"""Reports between servers: what leaves names nobody, and what comes reaches the moderators."""

from __future__ import annotations

from server.domain import reports
from server.domain.reports import Complaint
from storage.accounts import Account
from tests.federation.instance import Instance
from tests.federation.peer import Peer


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
