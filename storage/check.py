"""What must be true of the data, whatever happened before: a query each, which finds the exceptions.

Counts are kept beside what they count, because pages show them by the hundred; here each is counted
again. What the database itself refuses (unique, foreign keys, checks) is not asked twice. Counts that
another server reports of its own things are its own business and are left out.

All queries see one moment, so a busy server gives no false alarm.
"""

from __future__ import annotations

from dataclasses import dataclass

from storage.db import Connection, Query

MOST = 20
"""Faults told of each kind."""

FOLLOWERS = """
    select format('%s says %s followers and has %s.', a.uri, a.followers_count, count(f.id))
    from accounts a left join follows f on f.target_id = a.id and f.accepted_at is not null
    group by a.id having a.followers_count <> count(f.id)
"""
FOLLOWING = """
    select format('%s says it follows %s and follows %s.', a.uri, a.following_count, count(f.id))
    from accounts a left join follows f on f.follower_id = a.id and f.accepted_at is not null
    group by a.id having a.following_count <> count(f.id)
"""
POSTS = """
    select format('%s says %s posts and has %s.', a.uri, a.posts_count, count(p.id))
    from accounts a left join posts p on p.account_id = a.id and p.kind <> 'boost'
        and p.removed is distinct from 'held'
    group by a.id having a.posts_count <> count(p.id)
"""
WAITING = """
    select format('%s %s, and its user %s.', a.uri,
        case when a.waiting then 'waits to be let in' else 'is to be seen' end,
        case when a.waiting then 'was let in' else 'was not let in' end)
    from accounts a join users u on u.id = a.user_id
    where a.waiting = (u.confirmed_at is not null and u.approved_at is not null)
"""
REPLIES = """
    select format('%s says %s replies and has %s.', p.uri, p.replies_count, count(r.id))
    from posts p left join posts r on r.in_reply_to_id = p.id
        and r.removed is distinct from 'held'
    group by p.id having p.replies_count <> count(r.id)
"""
QUOTES = """
    select format('%s says %s quotes and has %s.', p.uri, p.quotes_count, count(q.id))
    from posts p left join posts q on q.quote_id = p.id and q.quote_state = 'accepted'
        and q.removed is distinct from 'held'
    group by p.id having p.quotes_count <> count(q.id)
"""
# A community's boost is how it passes on, and is not spread.
BOOSTS = """
    select format('%s says %s boosts and has %s.', p.uri, p.reblogs_count, count(a.id))
    from posts p left join posts b on b.reblog_of_id = p.id
    left join accounts a on a.id = b.account_id and a.kind <> 'group'
    group by p.id having p.reblogs_count <> count(a.id)
"""
FAVOURITES = """
    select format('%s says %s favourites and has %s.', p.uri, p.favourites_count, count(f.id))
    from posts p left join favourites f on f.post_id = p.id
    group by p.id having p.favourites_count <> count(f.id)
"""
DISLIKES = """
    select format('%s says %s dislikes and has %s.', p.uri, p.dislikes_count, count(d.post_id))
    from posts p left join dislikes d on d.post_id = p.id
    group by p.id having p.dislikes_count <> count(d.post_id) union all
    select format('%s is liked and disliked by one account.', p.uri)
    from dislikes d join favourites f using (account_id, post_id) join posts p on p.id = d.post_id
"""
VOTES = """
    select format('Option %s of %s says %s votes and has %s.',
        o.position, p.uri, o.votes_count, count(v.id))
    from poll_options o
    join posts p on p.id = o.post_id and p.local and p.kind not in ('event', 'call')
    left join poll_votes v on v.post_id = o.post_id and v.position = o.position
    group by p.uri, o.post_id, o.position, o.votes_count having o.votes_count <> count(v.id)
"""
VOTERS = """
    select format('%s says %s voters and has %s.',
        p.uri, l.voters_count, count(distinct v.account_id))
    from polls l
    join posts p on p.id = l.post_id and p.local and p.kind not in ('event', 'call')
    left join poll_votes v on v.post_id = l.post_id
    group by p.uri, l.post_id having l.voters_count is distinct from count(distinct v.account_id)
"""
# An organiser may lower the number of places below those granted. The first in line with as many guests as fit at
# all may not wait beside enough free places, but of what is over or called off.
PLACES = """
    with people as (
        select c.post_id, coalesce(-n.account_id, n.id) as person,
            bool_or(n.counts and n.state = 'granted') as granted,
            bool_or(n.counts and n.state = 'granted' and n.tier = 'confirmed') as confirmed,
            bool_or(n.state = 'waiting') as waiting,
            sum(1 + n.guests) filter (where n.counts and n.state = 'granted') as places
        from calls c join participations n
            on n.post_id = c.post_id or n.post_id in (select post_id from calls where parent_id = c.post_id)
        group by c.post_id, coalesce(-n.account_id, n.id)),
    tallies as (
        select c.post_id, p.uri, c.confirmed, c.expressed, c.waiting, c.taken, c.capacity, c.state,
            c.secret_until_closed and c.state <> 'closed' as hides,
            count(*) filter (where n.confirmed) as has_confirmed,
            count(*) filter (where n.granted and not n.confirmed) as has_expressed,
            count(*) filter (where n.waiting and not n.granted) as has_waiting,
            coalesce(sum(n.places), 0) as has_taken
        from calls c
        join posts p on p.id = c.post_id and p.local
        left join people n on n.post_id = c.post_id
        group by c.post_id, p.uri),
    said as (
        select post_id, choice from participations where state = 'granted'
        union all
        select c.parent_id, c.choice from calls c join participations n using (post_id)
        where c.choice is not null and n.counts and n.state = 'granted'),
    cards as (
        select t.uri, o.position, o.votes_count as shown,
            case when t.hides then 0 else count(n.post_id) end as given
        from tallies t join poll_options o using (post_id)
        left join said n on n.post_id = t.post_id and n.choice = o.position
        group by t.uri, t.hides, o.post_id, o.position, o.votes_count),
    roles as (
        select p.uri, r.name, r.places,
            coalesce(sum(1 + n.guests) filter (where n.state = 'granted'), 0) as taken,
            (array_agg(1 + n.guests order by n.turn)
                filter (where n.state = 'waiting' and n.guests < r.places))[1] as next
        from shift_roles r join posts p on p.id = r.post_id and p.local
        join calls c on c.post_id = r.post_id and c.state in ('open', 'postponed')
        join participations n on n.post_id = r.post_id and n.role = r.name
        group by p.uri, r.name, r.places)
    select format('%s says %s, %s and %s (confirmed, expressed, waiting) and has %s, %s and %s.',
        uri, confirmed, expressed, waiting, has_confirmed, has_expressed, has_waiting)
    from tallies
    where (confirmed, expressed, waiting) <> (has_confirmed, has_expressed, has_waiting)
    union all
    select format('%s says that %s places are taken, and %s are.', uri, taken, has_taken)
    from tallies where taken <> has_taken
    union all
    select format('The card of %s shows %s for answer %s, and %s gave it.',
        uri, shown, position, given)
    from cards where shown is distinct from given
    union all
    select format('At %s people wait although places are free.', uri)
    from tallies t
    where has_waiting > 0 and state in ('open', 'postponed')
        and (capacity is null or has_taken + (
            select 1 + n.guests from participations n
            where n.post_id = t.post_id and n.state = 'waiting' and n.guests < t.capacity
            order by n.turn limit 1) <= capacity)
        and not exists (select from calls c where c.parent_id = t.post_id)
        and not exists (select from shift_roles r where r.post_id = t.post_id)
    union all
    select format('At %s people wait to be %s although places are free.', uri, name)
    from roles where taken + next <= places
"""
# Whichever of their persons answers: one user, one answer to a call and its shifts.
PERSONS = """
    select format('User %s answered %s as %s persons.', a.user_id, p.uri, count(distinct a.id))
    from participations n join accounts a on a.id = n.account_id and a.user_id is not null
    join calls c on c.post_id = n.post_id join posts p on p.id = coalesce(c.parent_id, c.post_id)
    group by a.user_id, p.uri having count(distinct a.id) > 1
"""
# What is kept was promised once, and came true before it was taken back.
PROMISES = """
    select format('%s is no need or offer, and something was promised to it.', p.uri)
    from commitments m join participations n on n.id = m.participation_id
    join calls c on c.post_id = n.post_id join posts p on p.id = c.post_id
    where c.kind <> 'need'
    union all
    select format('What was promised to %s is %s, and who promised it is %s.', p.uri, m.state,
        case when n.account_id is null then 'gone' else 'there' end)
    from commitments m join participations n on n.id = m.participation_id
    join posts p on p.id = n.post_id
    where n.state <> 'withdrawn' and n.counts and m.state = 'cancelled'
        or n.state = 'withdrawn' and m.state not in ('cancelled', 'fulfilled')
    union all
    select format('%s is no need or offer, and has a category.', p.uri)
    from call_categories k join calls c using (post_id) join posts p on p.id = c.post_id
    where c.kind <> 'need'
"""
TARGETS = """
    select format('%s is no contact call, and writes to somebody.', p.uri)
    from call_targets t join calls c using (post_id) join posts p on p.id = c.post_id
    where c.kind <> 'contact'
    union all
    select format('A target of %s is %s, and its log says %s.', p.uri, t.status, l.status)
    from call_targets t join posts p on p.id = t.post_id
    join lateral (select status from call_target_changes h where h.target_id = t.id
        order by h.id desc limit 1) l on true
    where l.status <> t.status
    union all
    select format('A target of %s is of %s server.', p.uri, case when p.local then 'another' else 'our' end)
    from call_targets t join posts p on p.id = t.post_id where p.local = (t.uri is not null)
"""
LETTERS = """
    select format('Somebody wrote to a target of another call than %s.', p.uri)
    from call_letters l join call_targets t on t.id = l.target_id
    join participations n on n.id = l.participation_id join posts p on p.id = n.post_id
    where t.post_id <> n.post_id
    union all
    select format('Somebody wrote to a target of %s, and took it back.', p.uri)
    from call_letters l join participations n on n.id = l.participation_id
    join posts p on p.id = n.post_id where n.state = 'withdrawn'
    union all
    select format('A letter to a target of %s waits, or went, and counts as not sent.', p.uri)
    from target_mails m join call_letters l using (participation_id, target_id)
    join call_targets t on t.id = l.target_id join posts p on p.id = t.post_id
    where m.state <> 'stopped' and l.status = 'unsent'
    union all
    select format('Letters to a target of %s wait, and no job sends them.', p.uri)
    from call_targets t join posts p on p.id = t.post_id
    where exists (select from target_mails m where m.target_id = t.id and m.state = 'queued')
        and not exists (select from jobs j where j.kind = 'target_mails'
            and (j.args->>'target_id')::bigint = t.id)
"""
DECISIONS = """
    select format('%s is no decision, and has a rule of one.', p.uri)
    from decision_rules r join calls c using (post_id) join posts p on p.id = c.post_id
    where c.kind <> 'decision'
    union all
    select format('Somebody answered a question of %s, and does not take part.', p.uri)
    from participation_fields f join participations n on n.id = f.participation_id
    join posts p on p.id = n.post_id where n.state = 'withdrawn' or not n.counts
    union all
    select format('Somebody gave a reason for an answer to %s and took it back.', p.uri)
    from reasons r join participations n on n.id = r.participation_id
    join posts p on p.id = n.post_id where n.state = 'withdrawn'
    union all
    select format('A ballot of %s does not fit its options, or was taken back.', p.uri)
    from participations n join calls c using (post_id) join posts p on p.id = c.post_id
    where n.ballot is not null and p.local and (n.state = 'withdrawn' or c.variant not in ('score', 'ranked')
        or cardinality(n.ballot) <> (select count(*) from poll_options o where o.post_id = p.id))
"""
TALLIES = """
    select format('%s is of %s, and has a tally %s.', p.uri,
        case when p.local then 'ours' else 'another server' end,
        case when t.host = '' then 'that we told' else 'that others told' end)
    from tallies t join posts p on p.id = t.post_id where p.local = (t.host = '')
    union all
    select format('%s is answered by name, and has a tally.', p.uri)
    from tallies t join calls c using (post_id) join posts p on p.id = c.post_id
    where c.kind not in ('petition', 'contact', 'donate', 'share')
"""
CALLS = """
    select format('%s is a call by its kind alone, or by its row alone.', p.uri)
    from posts p left join calls c on c.post_id = p.id
    where p.local and (p.kind in ('event', 'call')) <> (c.post_id is not null)
    union all
    select format('%s is an event that nobody comes to, or a call with a time that is none.', p.uri)
    from posts p join calls c on c.post_id = p.id
    where (p.kind = 'event') <> (c.starts_at is not null)
"""
# Give up of what cannot be opened any more (storage/contacts.py) leaves no seal behind, and needs no key.
CONTACTS = """
    select format('Somebody without an account (%s) is %s, and %s in the call.', k.id, k.state,
        case when n.id is null then 'takes no part' else 'takes part' end)
    from contacts k left join participations n on n.contact_id = k.id
    where (k.state = 'confirmed') <> (n.id is not null)
    union all
    select format('What somebody without an account (%s) wrote is sealed for a key that is gone.', k.id)
    from contacts k join calls c on c.post_id = k.post_id
    where k.sealed is not null
        and not exists (select from community_keys y where y.community_id = c.community_id)
"""
THREADS = """
    select format('%s is in another thread than the post that it answers.', p.uri)
    from posts p join posts parent on parent.id = p.in_reply_to_id
    where p.thread_id <> parent.thread_id
"""
QUOTED = """
    select format('%s quotes %s, which is by another author than it says.', q.uri, p.uri)
    from posts q join posts p on p.id = q.quote_id
    where q.quoted_account_id is distinct from p.account_id
"""
# What a post of ours shows is its author's, and no other post has it.
FILES = """
    select format('%s shows the file %s, which is not its own.', p.uri, a.value->>'id')
    from posts p cross join lateral jsonb_array_elements(p.attachments) a
    where p.local and a.value ? 'id' and not exists (
        select from media m where m.id = (a.value->>'id')::bigint and m.post_id = p.id
        and m.account_id = p.account_id and m.state = 'ready')
    union all
    select format('What came of %s is told by another than its community.', p.uri)
    from outcome_posts o join calls c on c.post_id = o.call_id join posts p on p.id = c.post_id
    join posts t on t.id = o.post_id where t.account_id <> c.community_id
"""
LISTS = """
    select format('The list %s holds %s, whom its owner does not follow.', l.id, a.uri)
    from list_accounts m join lists l on l.id = m.list_id join accounts a on a.id = m.account_id
    left join follows f on f.id = m.follow_id
    where (m.follow_id is null and m.account_id <> l.account_id)
        or (m.follow_id is not null
            and (f.follower_id, f.target_id) is distinct from (l.account_id, m.account_id))
"""
OWN_DATA = """
    select format('Import %s is under way, and nothing works it off.', i.id) from imports i
    where i.state = 'running' and not exists (select from jobs j
        where j.kind = 'import_lines' and j.lane = 'import:' || i.id)
    union all
    select format('The archive of account %s waits, and nothing makes it.', a.account_id) from own_archives a
    where a.made_at is null and not exists (select from jobs j
        where j.kind = 'own_archive' and j.lane = 'own-archive:' || a.key)
    union all
    select format('Import %s is over, and its line %s waits.', i.id, l.number) from imports i
    join import_lines l on l.import_id = i.id and l.state = 'waiting' where i.ended_at is not null
"""
CONVERSATIONS = """
    select format('The conversation %s holds %s, which is no private post of its thread.', c.id, p.uri)
    from conversations c join conversation_posts x on x.conversation_id = c.id
    join posts p on p.id = x.post_id
    where p.visibility <> 'direct' or p.thread_id <> c.thread_id
    union all
    select format('The conversation %s is that of %s, who is not ours.', c.id, a.uri)
    from conversations c join accounts a on a.id = c.account_id where not a.local
"""
NOTIFICATIONS = """
    select format('The notification %s (%s) is about no post.', n.id, n.type)
    from notifications n
    where n.post_id is null and n.type in
        ('mention', 'status', 'reblog', 'favourite', 'poll', 'update', 'quote', 'quoted_update')
    union all
    select format('%s waits before the door of %s, and no request leads to it.', s.uri, a.uri)
    from notifications n join accounts a on a.id = n.account_id
    join accounts s on s.id = n.from_account_id
    where n.filtered and not exists (select from notification_requests r
        where r.account_id = n.account_id and r.from_account_id = n.from_account_id)
    group by s.uri, a.uri
"""
# A post that was refused at its time waits for its author, and a poll of others for its origin.
PLANS = """
    select format('The post %s is to be published at %s, and no job will.', s.id, s.scheduled_at)
    from scheduled_posts s
    where s.failure is null and not exists (
        select from jobs j where j.kind = 'publish_scheduled' and j.lane = 'scheduled:' || s.id)
    union all
    select format('The poll of %s ends, and no job will close it.', p.uri)
    from polls l join posts p on p.id = l.post_id and p.local
    where l.closed_at is null and l.ends_at is not null and not exists (
        select from jobs j where (j.kind, j.lane) in (('close_poll', 'poll:' || l.post_id),
            ('close_call', 'call:' || l.post_id)))
"""
# Whoever waits for mail has somebody who writes it, and a key that opens the address.
MAIL_FOLLOWS = """
    select format('Followers of %s by e-mail wait for news, and no job will write.', a.uri)
    from mail_follows f join accounts a on a.id = f.community_id
    where f.state = 'confirmed' and not exists (select from jobs j
        where j.kind = 'mail_follow_week' and j.lane = 'mail_follow_week/' || f.community_id)
    group by a.uri
    union all
    select format('%s is private and followed by e-mail.', a.uri)
    from communities c join accounts a on a.id = c.account_id
    where c.visibility = 'private'
        and exists (select from mail_follows f where f.community_id = c.account_id)
    union all
    select format('Addresses wait to be invited to %s, and no job will.', a.uri)
    from mail_invitations i join accounts a on a.id = i.community_id
    where i.sealed is not null and not exists (select from jobs j
        where j.kind = 'mail_list' and j.lane = 'mail_list/' || i.community_id)
    group by a.uri
    union all
    select format('Addresses of %s are sealed for a key that is gone.', a.uri)
    from accounts a
    where (exists (select from mail_follows f where f.community_id = a.id)
        or exists (select from mail_invitations i where i.community_id = a.id and i.sealed is not null))
        and not exists (select from community_keys y where y.community_id = a.id)
"""
# What is told to users belongs to those who can be told: members of ours who belong, and those who steer.
OUTREACH = """
    select format('%s chose how much to hear of %s, and is no member of ours.', a.uri, g.uri)
    from attention_levels l join accounts a on a.id = l.account_id
    join accounts g on g.id = l.community_id
    where not a.local or g.kind <> 'group'
    union all
    select format('A digest of user %s is of %s, and was made on %s.', d.user_id, d.week, d.made_at)
    from digests d
    where abs(extract(epoch from d.made_at - to_date(d.week, 'IYYY"-W"IW'))) > 11 * 86400
    union all
    select format('%s was told that %s is quiet, and is not ours.', a.uri, g.uri)
    from quiet_nudges n join accounts a on a.id = n.account_id
    join accounts g on g.id = n.community_id
    where not a.local
"""
HOMES = """
    select format('%s is no member of ours and has a home timeline.', a.uri)
    from accounts a where not a.local and exists (select from home_entries where account_id = a.id)
"""
KEYS = """
    select format('%s lacks a private key of one of the two kinds.', a.uri)
    from accounts a left join keys k on k.account_id = a.id and k.private is not null
    where a.local group by a.id having count(distinct k.kind) <> 2
"""
FOREIGN_KEYS = """
    select format('A private key is kept for %s, who is not ours.', a.uri)
    from keys k join accounts a on a.id = k.account_id
    where k.private is not null and not a.local
"""
COMMUNITIES = """
    select format('%s is a group of ours without the settings of a community.', a.uri)
    from accounts a
    where a.local and a.kind = 'group'
        and not exists (select from communities c where c.account_id = a.id)
"""
ORIGINS = """
    select format('%s is a call of another community than %s, of which it was made.', p.uri, f.uri)
    from call_origins o join posts p on p.id = o.post_id join posts f on f.id = o.from_post_id
    where p.community_id is distinct from f.community_id
"""
COPIES = """
    select format('%s was started from %s, which was started itself.', p.uri, c.origin_uri)
    from call_copies c join posts p on p.id = c.post_id join posts o on o.uri = c.origin_uri
    where o.id = c.post_id or exists (select from call_copies again where again.post_id = o.id)
"""
DOCUMENTS = """
    select format('Document %s says it has %s versions, and the newest is %s.', d.id, d.version,
        max(v.number))
    from documents d left join document_versions v on v.document_id = d.id
    group by d.id having d.version is distinct from max(v.number)
"""
# Who was kept out comes back when the ban is over by the clock; its row may stand longer.
BANS = """
    select format('%s is banned from %s and %s it.', a.uri, g.uri, held.how)
    from community_bans b join accounts a on a.id = b.account_id
    join accounts g on g.id = b.community_id and g.local
    join lateral (
        select 'follows' as how from follows f
            where f.follower_id = a.id and f.target_id = g.id
            and f.created_at < coalesce(b.until, 'infinity')
        union all select 'steers' from community_roles r
            where r.account_id = a.id and r.community_id = g.id
            and r.granted_at < coalesce(b.until, 'infinity')
        union all select 'is invited to' from community_invites i
            where i.account_id = a.id and i.community_id = g.id
            and i.created_at < coalesce(b.until, 'infinity')) held on true
"""
INVITED = """
    select format('%s is invited to %s and a member.', a.uri, g.uri)
    from community_invites i join accounts a on a.id = i.account_id
    join accounts g on g.id = i.community_id
    join follows f on f.follower_id = a.id and f.target_id = g.id and f.accepted_at is not null
"""
# Answers are there until somebody decided; a place is free for a moment only, until a job moves the line.
JOINS = """
    select format('%s is a member of %s, and %s.', a.uri, g.uri,
        case when j.line is null then 'its answers are kept' else 'waits for a place' end)
    from community_joins j join follows f on f.id = j.follow_id and f.accepted_at is not null
    join accounts a on a.id = f.follower_id join accounts g on g.id = f.target_id
    where j.line is not null or j.answers <> '{}' or j.link_id is not null
    union all
    select format('%s waits for a place in %s, and follows another one.', a.uri, g.uri)
    from community_joins j join follows f on f.id = j.follow_id
    join accounts a on a.id = f.follower_id join accounts g on g.id = j.community_id
    where f.target_id <> j.community_id
    union all
    select format('In %s people wait although places are free, and no job moves the line.', g.uri)
    from communities c join accounts g on g.id = c.account_id
    where exists (select from community_joins j
            where j.community_id = c.account_id and j.line is not null)
        and coalesce(c.capacity, 2147483647) > (
            select count(*) from follows f join accounts a on a.id = f.follower_id
            where f.target_id = c.account_id and f.accepted_at is not null
                and a.kind in ('person', 'service'))
        and not exists (select from jobs x where x.lane = 'line:' || c.account_id)
"""
# Each group speaks for its own space: ours here, others elsewhere.
REMOVED = """
    select format('%s was removed %s, and its community is not there.', p.uri, p.removed)
    from posts p join accounts g on g.id = p.community_id
    where p.removed is not null and (p.removed in ('here', 'held', 'deleted')) <> g.local
    union all
    select format('%s was removed from its community, which shows it still.', p.uri)
    from posts p join accounts g on g.id = p.community_id and g.local
    where p.removed is not null and exists (
        select from pins x where x.post_id = p.id and x.account_id = g.id)
"""
HELD = """
    select format('%s is held, and nobody is asked about it.', p.uri)
    from posts p where p.removed = 'held'
    and not exists (select from held_posts h where h.post_id = p.id)
    union all
    select format('%s is asked about, and is not held.', p.uri)
    from held_posts h join posts p on p.id = h.post_id
    where p.removed is distinct from 'held'
"""
MEMBERS_ONLY = """
    select format('%s is for the members of %s, which has none of its own.', p.uri, g.uri)
    from posts p join accounts g on g.id = p.community_id
    where p.visibility = 'members' and g.kind <> 'group'
    union all
    select format('%s was posted to %s, which is private, for others than its members.', p.uri, g.uri)
    from posts p join communities c on c.account_id = p.community_id and c.visibility = 'private'
    join accounts g on g.id = p.community_id
    where p.visibility <> 'members'
    union all
    select format('%s is a boost for others of what is for members.', b.uri)
    from posts b join posts p on p.id = b.reblog_of_id and p.visibility = 'members'
    where b.account_id is distinct from p.community_id or b.visibility <> 'private'
"""
HISTORIES = """
    select format('The past of %s is read, which is no group of another server.', a.uri)
    from group_histories h join accounts a on a.id = h.account_id
    where a.local or a.kind <> 'group'
    union all
    select format('The moderators of %s are asked of others.', a.uri)
    from group_moderators m join accounts a on a.id = m.group_id where a.local
"""
# A leased lane may be empty: its worker has not finished it yet. What was to be pushed may be withdrawn.
LANES = """
    with work as (
        select 'inbox' as queue, subject as key from inbox where state = 'waiting'
        union select 'delivery', host from deliveries
        union select 'jobs', lane from jobs
        union select 'push', subscription_id::text from pushes)
    select format('Work waits for %s in %s, and no lane leads to it.', key, queue)
    from work w
    where not exists (select from lanes l where l.queue = w.queue and l.key = w.key)
    union all
    select format('The lane %s in %s leads to no work.', key, queue)
    from lanes l
    where locked_until is null and queue <> 'push'
        and not exists (select from work w where w.queue = l.queue and w.key = l.key)
"""


@dataclass(frozen=True, slots=True)
class Check:
    """``faults`` gives a sentence for each row that breaks the rule."""

    name: str
    faults: Query[str]


CHECKS = (
    Check("followers", Query(FOLLOWERS, str)),
    Check("following", Query(FOLLOWING, str)),
    Check("posts", Query(POSTS, str)),
    Check("waiting", Query(WAITING, str)),
    Check("replies", Query(REPLIES, str)),
    Check("quotes", Query(QUOTES, str)),
    Check("boosts", Query(BOOSTS, str)),
    Check("favourites", Query(FAVOURITES, str)),
    Check("dislikes", Query(DISLIKES, str)),
    Check("votes", Query(VOTES, str)),
    Check("voters", Query(VOTERS, str)),
    Check("places", Query(PLACES, str)),
    Check("persons", Query(PERSONS, str)),
    Check("calls", Query(CALLS, str)),
    Check("promises", Query(PROMISES, str)),
    Check("targets", Query(TARGETS, str)),
    Check("letters", Query(LETTERS, str)),
    Check("decisions", Query(DECISIONS, str)),
    Check("tallies", Query(TALLIES, str)),
    Check("contacts", Query(CONTACTS, str)),
    Check("threads", Query(THREADS, str)),
    Check("quoted", Query(QUOTED, str)),
    Check("files", Query(FILES, str)),
    Check("lists", Query(LISTS, str)),
    Check("own data", Query(OWN_DATA, str)),
    Check("conversations", Query(CONVERSATIONS, str)),
    Check("notifications", Query(NOTIFICATIONS, str)),
    Check("plans", Query(PLANS, str)),
    Check("mail follows", Query(MAIL_FOLLOWS, str)),
    Check("outreach", Query(OUTREACH, str)),
    Check("homes", Query(HOMES, str)),
    Check("keys", Query(KEYS, str)),
    Check("foreign keys", Query(FOREIGN_KEYS, str)),
    Check("communities", Query(COMMUNITIES, str)),
    Check("call origins", Query(ORIGINS, str)),
    Check("call copies", Query(COPIES, str)),
    Check("documents", Query(DOCUMENTS, str)),
    Check("bans", Query(BANS, str)),
    Check("invited", Query(INVITED, str)),
    Check("joins", Query(JOINS, str)),
    Check("removed", Query(REMOVED, str)),
    Check("held", Query(HELD, str)),
    Check("members only", Query(MEMBERS_ONLY, str)),
    Check("histories", Query(HISTORIES, str)),
    Check("lanes", Query(LANES, str)),
)


async def faults(conn: Connection) -> list[str]:
    """What is wrong, a sentence each and the kind before it; empty where all is well."""
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        return [
            f"{check.name}: {sentence}"
            for check in CHECKS
            for sentence in (await check.faults.all(conn))[:MOST]
        ]
