"""What a member is told: the verdict in every case, and the groups that it falls into."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.notifications import ACTIONS, SYSTEM, UNFILTERED, Verdict, group_keys, verdict
from server.domain.posting import drafts, posts
from storage import notifications as rows
from storage.notifications import TYPES, Facts
from tests.domain.conftest import World

NOW = datetime(2030, 5, 4, 12, 0, tzinfo=UTC)
FRIEND = Facts(
    account_id=1, following=True, followed_since=NOW - timedelta(days=60), blocking=False,
    muting=False, domain_blocking=False, thread_muted=False, permitted=False, from_staff=False,
    sender_since=NOW - timedelta(days=90), sender_is_bot=False, sender_limited=False, private=False,
    answers_recipient=False, for_not_following=None, for_not_followers=None, for_new_accounts=None,
    for_private_mentions=None, for_limited_accounts=None, for_bots=None,
)  # fmt: skip
STRANGER = replace(FRIEND, following=False, followed_since=None)
YOUNG = {"sender_since": NOW - timedelta(days=29)}
FRESH = {"followed_since": NOW - timedelta(days=2)}
CHOICE = st.sampled_from([None, *ACTIONS])
AGES = st.one_of(st.none(), st.timedeltas(timedelta(0), timedelta(days=100)))
FACTS = st.builds(
    Facts,
    account_id=st.just(1),
    followed_since=AGES.map(lambda age: None if age is None else NOW - age),
    sender_since=st.timedeltas(timedelta(0), timedelta(days=100)).map(lambda age: NOW - age),
    **{name: st.booleans() for name in (
        "following", "blocking", "muting", "domain_blocking", "thread_muted", "permitted",
        "from_staff", "sender_is_bot", "sender_limited", "private", "answers_recipient")},
    **dict.fromkeys(("for_not_following", "for_not_followers", "for_new_accounts", "for_private_mentions", "for_limited_accounts", "for_bots"), CHOICE),
)  # fmt: skip
KINDS = (
    ("for_not_following", "not_following", STRANGER),
    ("for_not_followers", "not_follower", replace(FRIEND, followed_since=None)),
    ("for_not_followers", "not_follower", replace(FRIEND, **FRESH)),
    ("for_new_accounts", "new_account", replace(FRIEND, **YOUNG)),
    ("for_private_mentions", "private_mention", replace(STRANGER, private=True)),
    ("for_limited_accounts", "limited_account", replace(STRANGER, sender_limited=True)),
    ("for_bots", "bot", replace(STRANGER, sender_is_bot=True)),
)


@pytest.mark.parametrize(("kind", "reason", "facts"), KINDS)
@pytest.mark.parametrize("action", ["filter", "drop"])
def test_each_kind_of_sender_is_treated_as_chosen(
    kind: str, reason: str, facts: Facts, action: str
) -> None:
    chosen: dict[str, Any] = {kind: action}
    assert verdict("mention", replace(facts, **chosen), NOW) == Verdict(action, reason)
    assert verdict("mention", replace(FRIEND, **chosen), NOW).action == "accept"
    open_ = replace(facts, **chosen, permitted=True)
    assert verdict("mention", open_, NOW) == Verdict("accept", "permitted")


def test_without_a_choice_only_unasked_private_mentions_wait() -> None:
    private = replace(STRANGER, private=True)
    assert verdict("mention", private, NOW) == Verdict("filter", "private_mention")
    assert verdict("favourite", private, NOW).action == "accept"
    assert verdict("mention", replace(private, answers_recipient=True), NOW).action == "accept"
    assert verdict("mention", replace(private, following=True), NOW).action == "accept"
    assert verdict("mention", STRANGER, NOW) == Verdict("accept", "welcome")


@pytest.mark.parametrize(
    ("silence", "reason"),
    [
        ({"blocking": True}, "blocked"),
        ({"muting": True}, "muted"),
        ({"thread_muted": True}, "conversation_muted"),
        ({"domain_blocking": True, "following": False}, "host_blocked"),
    ],
)
def test_silence_drops(silence: dict[str, bool], reason: str) -> None:
    quiet = replace(FRIEND, permitted=True, **silence)
    assert verdict("mention", quiet, NOW) == Verdict("drop", reason)
    assert verdict("update", quiet, NOW) == Verdict("drop", reason)
    # Who keeps order is heard, and so is the server.
    assert verdict("mention", replace(quiet, from_staff=True), NOW) == Verdict("accept", "staff")
    assert verdict("admin.report", quiet, NOW) == Verdict("accept", "system")


@given(st.sampled_from(TYPES), FACTS)
def test_nothing_is_held_back_without_a_reason(type_: str, facts: Facts) -> None:
    found = verdict(type_, facts, NOW)
    assert found.action in ACTIONS
    silent = facts.blocking or facts.muting or facts.thread_muted
    silent = silent or (facts.domain_blocking and not facts.following)
    exempt = type_ in SYSTEM or (type_ == "mention" and facts.from_staff)
    if exempt:
        assert found.action == "accept"
    elif silent:
        assert found.action == "drop"
    elif type_ in UNFILTERED or facts.permitted:
        assert found.action == "accept"


@given(st.sampled_from(TYPES), FACTS, st.sampled_from([kind for kind, _, _ in KINDS]))
def test_a_stricter_policy_never_lets_more_in(type_: str, facts: Facts, kind: str) -> None:
    found = [
        ACTIONS.index(verdict(type_, replace(facts, **{kind: action}), NOW).action)
        for action in ACTIONS
    ]
    assert found == sorted(found)


@given(st.integers(0, 30), st.integers(0, 30))
def test_a_group_stays_open_for_twelve_hours(began: int, later: int) -> None:
    _, first = group_keys("favourite", 5, NOW + timedelta(hours=began))
    joins, _ = group_keys("favourite", 5, NOW + timedelta(hours=later))
    assert (first in joins) == (0 <= later - began < 12)


def test_what_stands_alone_has_no_group() -> None:
    assert group_keys("mention", 5, NOW) == ([], "")
    assert group_keys("follow", None, NOW)[1] == f"follow-{int(NOW.timestamp()) // 3600}"


async def test_it_is_known_who_opened_a_private_conversation(world: World) -> None:
    """An answer to what the member wrote privately is no unasked private mention."""
    member, far = await world.person("member"), await world.stranger("far", "b.example")

    async def action(post_id: int) -> str:
        async with world.work.reading() as tx:
            found = await rows.facts(tx.conn, [member.id], far.id, post_id, tx.now)
        return verdict("mention", found[0], world.clock.now()).action

    async with world.work.transaction() as tx:
        unasked = await posts.publish(
            tx, far, drafts.Draft(visibility="direct", content="<p>hi</p>", mentions=(member,))
        )
        asked = await posts.publish(
            tx, member, drafts.Draft(visibility="direct", content="<p>hi</p>", mentions=(far,))
        )
        assert unasked
        assert asked
        answer = await posts.publish(
            tx,
            far,
            drafts.Draft(
                visibility="direct", content="<p>yes</p>", mentions=(member,), in_reply_to=asked
            ),
        )
        assert answer
    assert await action(unasked.id) == "filter"
    assert await action(answer.id) == "accept"
