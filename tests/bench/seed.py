"""Fills a database quickly: people without the cost of their keys, and a hundred thousand statuses."""

from __future__ import annotations

from federation.keys import SigningKey, generate_rsa, public_pem
from server import ids
from server.domain.tx import Tx
from storage import accounts, oauth, outbox, posts, users
from storage.accounts import Account, Key, Profile
from storage.db import next_id
from storage.posts import NewPost, Post


async def member(tx: Tx, name: str, *, locked: bool = False) -> Account:
    """Somebody of ours who signs nothing."""
    number = await next_id(tx.conn, tx.now)
    uri = tx.site.urls.actor(number, "person")
    profile = Profile(
        username=name,
        url=tx.site.urls.profile(name),
        inbox=f"{uri}/inbox",
        shared_inbox=tx.site.urls.shared_inbox,
        followers_uri=f"{uri}/followers",
        display_name=name.capitalize(),
        note="<p>Grows vegetables behind the station.</p>",
        locked=locked,
    )
    return await accounts.insert(tx.conn, number, uri, "person", profile, created_at=tx.now)


async def remote(tx: Tx, name: str, host: str) -> Account:
    """Somebody of another server, known as of now."""
    number = await next_id(tx.conn, tx.now)
    uri = f"https://{host}/users/{name}"
    profile = Profile(
        username=name,
        url=f"https://{host}/@{name}",
        inbox=f"{uri}/inbox",
        shared_inbox=f"https://{host}/inbox",
        followers_uri=f"{uri}/followers",
        display_name=name.capitalize(),
        note="<p>Repairs bicycles.</p>",
        avatar_url=f"https://{host}/avatars/{name}.png",
    )
    return await accounts.insert(
        tx.conn, number, uri, "person", profile, host=host, created_at=tx.now, fetched_at=tx.now
    )


async def stranger(tx: Tx, host: str) -> tuple[Account, SigningKey]:
    """The same with a key that signs, on a server that was asked what it runs."""
    account = await remote(tx, "sender", host)
    private = generate_rsa()
    key = SigningKey(f"{account.uri}#main-key", private)
    pem = public_pem(private.public_key())
    await accounts.add_key(
        tx.conn, Key(f"{account.uri}#main-key", account.id, "rsa", pem, None, tx.now)
    )
    await outbox.describe(tx.conn, host, "mastodon", "4.5.0", 100, tx.now)
    return account, key


async def post(tx: Tx, author: Account) -> Post:
    """A public post of a member, without what would follow from it."""
    number = await next_id(tx.conn, tx.now)
    uri = tx.site.urls.post(number)
    new = NewPost(
        number, uri, uri, True, author.id, "note", "public", tx.now, number,
        content="<p>Seedlings are here.</p>",
    )  # fmt: skip
    made = await posts.insert(tx.conn, new, tx.now)
    assert made, "its id is new"
    return made


# A timeline's worth

AUTHORS = 100
FOLLOWED = 5
"""Authors whom each reader follows."""

OWN = "update accounts set user_id = $1 where id = $2"
FOLLOWS = """
    insert into follows (follower_id, target_id, accepted_at, created_at)
    select unnest($1::bigint[]), unnest($2::bigint[]), $3, $3
"""
# One every 20 seconds until now; every tenth a boost of the one before, every fifth with a picture.
STATUSES = """
    insert into posts (id, uri, url, local, account_id, kind, visibility, thread_id, reblog_of_id,
        content, language, attachments, tags, published_at, created_at, favourites_count)
    select s.id, uri, uri, false, s.author, case when s.boosted is null then 'note' else 'boost' end,
        'public', s.id, s.boosted, case when s.boosted is null then content else '' end, 'en',
        case when s.boosted is null and n % 5 = 0 then pictures else '[]' end,
        case when n % 7 = 0 then array['garden', 'repair'] else '{}' end, at, at, n % 30
    from (
        select n, at, (extract(epoch from at) * 1000)::bigint << 16 as id,
            ($1::bigint[])[1 + n * 7919 % cardinality($1::bigint[])] as author,
            case when n % 10 = 9 then
                (extract(epoch from at - interval '20 s') * 1000)::bigint << 16 end as boosted,
            'https://elsewhere.example/statuses/' || n as uri,
            '<p>' || repeat('Tomatoes want sun, and water in the evening. ', 2 + n % 9) || n || '</p>'
                as content,
            jsonb_build_array(jsonb_build_object('url', 'https://elsewhere.example/media/' || n,
                'kind', 'image', 'media_type', 'image/jpeg', 'description', 'A bed of tomatoes',
                'width', 1200, 'height', 800, 'blurhash', 'UBL_:rOpGG-oBUNG,qRj2so|=eE1w^n4S5NH'))
                as pictures
        from generate_series(1, $2::int) n
        cross join lateral (select $3::timestamptz - ($2::int - n) * interval '20 s' as at) t) s
"""
MENTIONS = """
    insert into post_mentions (post_id, account_id)
    select id, $1 from posts where not local and reblog_of_id is null and id % 9 = 0
"""
HOMES = """
    insert into home_entries (account_id, post_id, subject_id)
    select f.follower_id, p.id, coalesce(p.reblog_of_id, p.id)
    from follows f join posts p on p.account_id = f.target_id
    on conflict do nothing
"""


async def readers(tx: Tx, count: int, statuses: int) -> list[str]:
    """Members who read what ``FOLLOWED`` authors each wrote; gives a token of each."""
    authors = [await remote(tx, f"author{n}", f"author{n}.example") for n in range(AUTHORS)]
    members = [await member(tx, f"reader{n}") for n in range(count)]
    pairs = [
        (reader.id, authors[(n * FOLLOWED + each) % AUTHORS].id)
        for n, reader in enumerate(members)
        for each in range(FOLLOWED)
    ]
    await tx.conn.execute(FOLLOWS, [p[0] for p in pairs], [p[1] for p in pairs], tx.now)
    await tx.conn.execute(STATUSES, [a.id for a in authors], statuses, tx.now)
    await tx.conn.execute(MENTIONS, members[0].id)
    await tx.conn.execute(HOMES)
    return [await token(tx, reader) for reader in members]


async def token(tx: Tx, account: Account) -> str:
    user = await users.create(tx.conn, f"{account.username}@people.example", None, "member", tx.now)
    await tx.conn.execute(OWN, user.id, account.id)
    secret = ids.secret()
    app = await oauth.insert_app(
        tx.conn, secret, ids.digest(secret), "Bench", None, [], ["read"], tx.now
    )
    await oauth.insert_token(
        tx.conn, ids.digest(secret), app.id, user.id, account.id, None, ["read"], tx.now
    )
    return secret
