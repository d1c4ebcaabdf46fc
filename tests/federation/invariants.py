"""What is true of the data after anything whatever happened."""

from __future__ import annotations

from tests.federation.instance import Instance

RULES = {
    "a call counts its participations": """
        select c.post_id from calls c join posts p on p.id = c.post_id and p.local
        cross join lateral (
            select count(*) filter (where tier = 'confirmed' and state = 'granted') as confirmed,
                count(*) filter (where tier = 'expressed' and state = 'granted') as expressed,
                count(*) filter (where state = 'waiting') as waiting
            from participations where post_id = c.post_id and answer = 'going') n
        where (c.confirmed, c.expressed, c.waiting) <> (n.confirmed, n.expressed, n.waiting)""",
    "nobody has a place that is not there": """
        select post_id from calls where confirmed + expressed > capacity""",
    "nobody waits while a place is free": """
        select post_id from calls c join posts p on p.id = c.post_id and p.local
        where waiting > 0 and (capacity is null or confirmed + expressed < capacity)""",
    "a poll of ours counts its votes": """
        select o.post_id from poll_options o join posts p on p.id = o.post_id
        left join poll_votes v on v.post_id = o.post_id and v.position = o.position
        where p.local and p.kind = 'question'
        group by o.post_id, o.position, o.votes_count having o.votes_count <> count(v.id)""",
    "a poll of ours counts its voters": """
        select q.post_id from polls q join posts p on p.id = q.post_id
        where p.local and p.kind = 'question' and q.voters_count <> (
            select count(distinct account_id) from poll_votes v where v.post_id = q.post_id)""",
    "an account counts its followers": """
        select a.id from accounts a where followers_count <> (
            select count(*) from follows where target_id = a.id and accepted_at is not null)""",
    "an account counts whom it follows": """
        select a.id from accounts a where following_count <> (
            select count(*) from follows where follower_id = a.id and accepted_at is not null)""",
    "a post counts its favourites": """
        select p.id from posts p where favourites_count <> (
            select count(*) from favourites where post_id = p.id)""",
    "a post counts its boosts": """
        select p.id from posts p where reblogs_count <> (
            select count(*) from posts b join accounts a on a.id = b.account_id
            where b.reblog_of_id = p.id and a.kind <> 'group')""",
    "a post counts its replies": """
        select p.id from posts p where replies_count <> (
            select count(*) from posts r where r.in_reply_to_id = p.id)""",
    "an answer card is never a post": """
        select p.id from posts p join calls c on c.card_uri = p.uri""",
    "what waits has a lane": """
        select id from inbox i where state = 'waiting'
            and not exists (select from lanes where queue = 'inbox' and key = i.subject)
        union all select id from deliveries d
            where not exists (select from lanes where queue = 'delivery' and key = d.host)
        union all select id from jobs j
            where not exists (select from lanes where queue = 'jobs' and key = j.lane)""",
    "nothing failed by a fault of ours": "select id from inbox where reason = 'fault'",
    "what is ours has our address": """
        select id from posts where local <> (account_id in (select id from accounts where local))""",
}


async def check(ours: Instance) -> None:
    """Raises ``AssertionError`` naming every rule that is broken, and by which rows."""
    broken = {rule: rows for rule, sql in RULES.items() if (rows := await ours.rows(sql))}
    assert broken == {}
