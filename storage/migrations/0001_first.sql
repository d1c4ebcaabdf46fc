-- oldest-code: 1
-- The first schema. Until the first tagged version this file may be rewritten.

create sequence id_tail;

-- Whether a host is that one or below it. A name without a port means every port.
create function host_within(host text, above text) returns boolean
language sql immutable parallel safe
    return host = above or split_part(host, ':', 1) = above
        or right(split_part(host, ':', 1), length(above) + 1) = '.' || above;

-- The same of an account, by the host of its id or what its handle ends in.
create function account_within(host text, handle_host text, above text) returns boolean
language sql immutable parallel safe
    return host_within(host, above) or (handle_host <> host and host_within(handle_host, above));

-- How the words of a post are read, by its language; an index stands on it, so it is no mere function.
create function post_config(language text) returns regconfig
language sql immutable parallel safe
    return case split_part(lower(language), '-', 1)
        when 'ar' then 'pg_catalog.arabic'::regconfig
        when 'hy' then 'pg_catalog.armenian'::regconfig
        when 'eu' then 'pg_catalog.basque'::regconfig
        when 'ca' then 'pg_catalog.catalan'::regconfig
        when 'da' then 'pg_catalog.danish'::regconfig
        when 'nl' then 'pg_catalog.dutch'::regconfig
        when 'en' then 'pg_catalog.english'::regconfig
        when 'fi' then 'pg_catalog.finnish'::regconfig
        when 'fr' then 'pg_catalog.french'::regconfig
        when 'de' then 'pg_catalog.german'::regconfig
        when 'el' then 'pg_catalog.greek'::regconfig
        when 'hi' then 'pg_catalog.hindi'::regconfig
        when 'hu' then 'pg_catalog.hungarian'::regconfig
        when 'id' then 'pg_catalog.indonesian'::regconfig
        when 'ga' then 'pg_catalog.irish'::regconfig
        when 'it' then 'pg_catalog.italian'::regconfig
        when 'lt' then 'pg_catalog.lithuanian'::regconfig
        when 'ne' then 'pg_catalog.nepali'::regconfig
        when 'no' then 'pg_catalog.norwegian'::regconfig
        when 'nb' then 'pg_catalog.norwegian'::regconfig
        when 'nn' then 'pg_catalog.norwegian'::regconfig
        when 'pt' then 'pg_catalog.portuguese'::regconfig
        when 'ro' then 'pg_catalog.romanian'::regconfig
        when 'ru' then 'pg_catalog.russian'::regconfig
        when 'sr' then 'pg_catalog.serbian'::regconfig
        when 'es' then 'pg_catalog.spanish'::regconfig
        when 'sv' then 'pg_catalog.swedish'::regconfig
        when 'ta' then 'pg_catalog.tamil'::regconfig
        when 'tr' then 'pg_catalog.turkish'::regconfig
        when 'yi' then 'pg_catalog.yiddish'::regconfig
        else 'pg_catalog.simple'::regconfig
    end;

-- The languages that are read in a way of their own; '-' stands for all others.
create function post_codes() returns text[]
language sql immutable parallel safe
    return string_to_array(
        '- ar hy eu ca da nl en fi fr de el hi hu id ga it lt ne no nb nn pt ro ru sr es sv ta tr yi', ' ');

-- Markup is no word to the parser. '=de' among the words tells one language from the others in the index.
create function post_words(language text, title text, summary text, content text) returns tsvector
language sql immutable parallel safe
    return to_tsvector(post_config(language), title || ' ' || summary || ' ' || content)
        || array_to_tsvector(array['=' || case
            when post_config(language) = 'pg_catalog.simple'::regconfig then '-'
            else split_part(lower(language), '-', 1) end]);

create table instance (
    one boolean primary key default true check (one),  -- exactly one row
    domain text not null,                              -- in handles
    web_domain text not null,                          -- in addresses
    title text not null,
    description text not null default '',
    rules text[] not null default '{}',
    contact_email text not null default '',
    setup_digest bytea,                                -- of the one-time link; null once used
    vapid_private text,                                -- PEM; who pushes (RFC 8292): made once, kept for good
    registrations text not null default 'closed'
        check (registrations in ('open', 'approved', 'invited', 'closed')),
    secret uuid not null default gen_random_uuid(),    -- seals addresses that we alone may make
    limited boolean not null default false,            -- speaks with the hosts of host_allows alone
    secret_mark bytea,                                 -- which secret opens contact data; that is not here
    created_at timestamptz not null
);

-- When everything was last written into a file, and where.
create table backups (
    one boolean primary key default true check (one),
    made_at timestamptz not null,
    place text not null,
    size bigint not null
);

-- Who signs in, apart from who acts: one user may have several persons.
create table users (
    id bigint primary key,
    email text not null,
    password_hash text,
    role text not null default 'member' check (role in ('member', 'moderator', 'admin')),
    created_at timestamptz not null,
    disabled_at timestamptz,
    confirmed_at timestamptz,           -- the e-mail address is theirs; null: they have not shown it yet
    approved_at timestamptz,            -- let in; null: a moderator has to decide
    reason text not null default '',    -- why they want to join, for whoever decides
    app_id bigint,                      -- the app with which they signed up, if they did with one
    language text                       -- in which pages and mails speak to them; null: as the browser asks
        check (language ~ '^[a-z]{2}$')
);
create unique index users_email on users (lower(email));
create index users_waiting on users (created_at) where confirmed_at is null or approved_at is null;

-- One-time links in mails. Digests only: what would sign somebody in stands in the mail alone.
create table links (
    digest bytea primary key,
    user_id bigint not null references users on delete cascade,
    purpose text not null check (purpose in ('confirm', 'reset', 'email')),
    email text not null,                -- where it was sent
    expires_at timestamptz not null
);
create index links_user on links (user_id);

-- The one-time codes of who signs in with them (RFC 6238). The secret is sealed: see server/domain/members/second_factor.py.
create table one_time_codes (
    user_id bigint primary key references users on delete cascade,
    sealed bytea not null,
    last_step bigint not null default 0,    -- of the last code that was taken: no code up to it is taken again
    created_at timestamptz not null,
    confirmed_at timestamptz                -- asked for at sign-in from then on; null: not yet
);

-- What is left of a user's recovery codes, as digests: each is good once.
create table recovery_codes (
    user_id bigint not null references users on delete cascade,
    digest bytea not null,
    primary key (user_id, digest)
);

-- Keys of devices with which somebody signs in (WebAuthn).
create table passkeys (
    id bigint generated always as identity primary key,
    user_id bigint not null references users on delete cascade,
    credential bytea not null unique check (octet_length(credential) between 1 and 1023),
    public_key bytea not null,              -- COSE
    sign_count bigint not null,
    name text not null,
    added_at timestamptz not null,
    used_at timestamptz
);
create index passkeys_user on passkeys (user_id);

-- What is good once and for minutes on the way in: the step after the password, and what a passkey is to sign.
create table sign_in_steps (
    digest bytea primary key,
    purpose text not null check (purpose in ('code', 'add', 'enter')),
    user_id bigint references users on delete cascade,
    expires_at timestamptz not null,
    check ((user_id is null) = (purpose = 'enter'))  -- who enters with a passkey is known by it
);
create index sign_in_steps_user on sign_in_steps (user_id);

-- Invitations to sign up, by the digest of their code.
create table invites (
    digest bytea primary key,
    uses integer not null default 0,
    max_uses integer check (uses <= max_uses),
    expires_at timestamptz,
    created_at timestamptz not null
);

-- Who may not sign up: addresses of these domains and those below them, these very addresses (by the
-- digest of their canonical form), and people from these networks.
create table email_domain_blocks (
    id bigint generated always as identity primary key,
    domain text not null unique,
    created_at timestamptz not null
);

create table canonical_email_blocks (
    id bigint generated always as identity primary key,
    digest text not null unique          -- SHA-256, in hexadecimal, as Mastodon shows it
);

create table ip_blocks (
    id bigint generated always as identity primary key,
    network cidr not null unique,
    severity text not null check (severity in ('sign_up_requires_approval', 'sign_up_block')),
    comment text not null default '',
    expires_at timestamptz,
    created_at timestamptz not null
);

-- Hosts, with all below them, that the instance keeps out or keeps down. What follows for their accounts is
-- written on these when a block or an account is.
create table host_blocks (
    id bigint generated always as identity primary key,
    host text not null unique check (host <> ''),
    severity text not null check (severity in ('noop', 'silence', 'suspend')),
    reject_media boolean not null,
    reject_reports boolean not null,
    private_comment text not null default '',
    public_comment text not null default '',
    obfuscate boolean not null,         -- in what everybody is shown
    created_at timestamptz not null
);

-- Hosts, with all below them, that a limited instance speaks with.
create table host_allows (
    id bigint generated always as identity primary key,
    host text not null unique check (host <> ''),
    created_at timestamptz not null
);

-- Whatever changes these rows, each process is told to forget what it remembers of them.
create function hosts_changed() returns trigger language plpgsql as $$
begin
    perform pg_notify('beckon_hosts', '');
    return null;
end $$;
create trigger hosts_changed after insert or update or delete or truncate on host_blocks
    for each statement execute function hosts_changed();
create trigger hosts_changed after insert or update or delete or truncate on host_allows
    for each statement execute function hosts_changed();
create trigger hosts_changed after update of limited on instance
    for each statement execute function hosts_changed();

create table accounts (
    id bigint primary key,
    user_id bigint references users on delete set null,
    local boolean not null,
    kind text not null check (kind in ('person', 'group', 'application', 'service', 'organization')),
    username text not null,
    host text not null,                 -- of its id: '' for ours; a port only where it is not 443
    handle_host text not null,          -- what its handle ends in: another than host where both hosts say so
    uri text not null unique,
    url text not null,
    inbox text not null,
    shared_inbox text,
    outbox text,
    followers_uri text,
    featured_uri text,
    moderators_uri text,
    display_name text not null default '',
    note text not null default '',      -- HTML, cleaned at the door
    note_source text not null default '',
    fields jsonb not null default '[]', -- [{"name","value"}]
    avatar_url text,
    header_url text,
    avatar_description text not null default '',
    header_description text not null default '',
    emojis jsonb not null default '[]',  -- of others: [{"shortcode","url"}] for :shortcode: in what stands above
    locked boolean not null default false,
    bot boolean not null default false,
    discoverable boolean not null default true,
    indexable boolean not null default true,
    hide_collections boolean not null default false,  -- whom they follow, and who follows them
    quote_policy text not null default 'public'  -- of what they post, unless they say another
        check (quote_policy in ('public', 'followers', 'nobody')),
    followers_count integer not null default 0,
    following_count integer not null default 0,
    posts_count integer not null default 0,
    last_post_at timestamptz,
    created_at timestamptz not null,
    fetched_at timestamptz,
    suspended_at timestamptz,           -- not seen at all
    suspended_by_host boolean not null default false,  -- it ends with the block of the host
    silenced_at timestamptz,            -- shown only to followers and to who asks
    silenced_by_host boolean not null default false,
    sensitized_at timestamptz,          -- its media are hidden behind a click
    media_refused boolean not null default false,      -- nor shown: by a block of the host
    waiting boolean not null default false,      -- signed up and not let in: not to be seen yet
    erased boolean not null default false,       -- for good: its id and its keys are all that is left
    handle_lost boolean not null default false,  -- another actor of that host took the name
    also_known_as text[] not null default '{}',  -- who it says it is, too: ids of actors
    moved_to text check (moved_to <> uri),       -- the id of the actor that took its place
    copied_to text,                              -- the id of one that takes its place, while that goes on
    moved_at timestamptz,                        -- when its followers were last carried over
    featured_at timestamptz,                     -- when the collection of what it pinned was last read
    affiliation text                             -- speaks for an office or a firm; null: for themselves
        check (affiliation in ('official', 'commercial')),
    check (local = (host = '') and local = (handle_host = '')),
    check (suspended_at is not null or not suspended_by_host),
    check (silenced_at is not null or not silenced_by_host)
);
-- People, communities and the instance share one space of handles.
create unique index accounts_handle on accounts (lower(username), handle_host) where not handle_lost;
-- No two of ours look alike: 0 as o, 1 and i as l, rn as m, vv as w (server/domain/members/names.py).
create unique index accounts_looks on accounts (
    replace(replace(translate(lower(username), '01i', 'oll'), 'rn', 'm'), 'vv', 'w')) where local;
create index accounts_begin on accounts (lower(username) text_pattern_ops);
create index accounts_names on accounts using gin (to_tsvector('simple', display_name));
create index accounts_url on accounts (url);
create index accounts_user on accounts (user_id);
create index accounts_host on accounts (host) where host <> '';

-- Public keys of everyone we met; private ones of ours.
create table keys (
    id text primary key,                -- as it stands in documents
    account_id bigint not null references accounts on delete cascade,
    kind text not null check (kind in ('rsa', 'ed25519')),
    public text not null,               -- PEM (SPKI)
    private text,                       -- PEM (PKCS 8)
    fetched_at timestamptz not null
);
create index keys_account on keys (account_id);

create table follows (
    id bigint generated always as identity primary key,
    uri text unique,
    follower_id bigint not null references accounts on delete cascade,
    target_id bigint not null references accounts on delete cascade,
    accepted_at timestamptz,            -- null while it waits for an answer
    reblogs boolean not null default true,
    notify boolean not null default false,
    languages text[],                   -- only these reach home, in lower case; null: all
    created_at timestamptz not null,
    unique (follower_id, target_id),
    check (follower_id <> target_id)
);
create index follows_target on follows (target_id, id);

-- What another server says of those of ours who follow an account of it (FEP-8fcf), until it was looked at.
create table follower_checks (
    account_id bigint primary key references accounts on delete cascade,
    url text not null,                  -- where they are listed
    digest text not null check (digest ~ '^[0-9a-f]{64}$'),
    heard_at timestamptz not null,
    checked_at timestamptz              -- when the list was last read
);

-- What a member wrote down about somebody, for their own eyes.
create table account_notes (
    account_id bigint not null references accounts on delete cascade,
    target_id bigint not null references accounts on delete cascade,
    comment text not null check (comment <> ''),
    primary key (account_id, target_id)
);
create index account_notes_target on account_notes (target_id);

-- Whom a member shows on their profile, among those whom they follow: it ends with the follow.
create table endorsements (
    id bigint generated always as identity primary key,
    account_id bigint not null references accounts on delete cascade,
    target_id bigint not null references accounts on delete cascade,
    created_at timestamptz not null,
    unique (account_id, target_id),
    foreign key (account_id, target_id)
        references follows (follower_id, target_id) on delete cascade
);
create index endorsements_target on endorsements (target_id);

create table blocks (
    id bigint generated always as identity primary key,
    uri text unique,
    account_id bigint not null references accounts on delete cascade,
    target_id bigint not null references accounts on delete cascade,
    created_at timestamptz not null,
    unique (account_id, target_id)
);
create index blocks_target on blocks (target_id);

-- Whom a member does not want to read. Nobody else learns of it.
create table mutes (
    id bigint generated always as identity primary key,
    account_id bigint not null references accounts on delete cascade,
    target_id bigint not null references accounts on delete cascade,
    notifications boolean not null,     -- nor be told of
    expires_at timestamptz,
    created_at timestamptz not null,
    unique (account_id, target_id),
    check (account_id <> target_id)
);
create index mutes_target on mutes (target_id);
create index mutes_ending on mutes (expires_at) where expires_at is not null;

-- Hosts that one member wants nothing from.
create table account_domain_blocks (
    id bigint generated always as identity primary key,
    account_id bigint not null references accounts on delete cascade,
    host text not null check (host <> ''),
    created_at timestamptz not null,
    unique (account_id, host)
);

-- Conversations that a member is not told of any more.
create table thread_mutes (
    account_id bigint not null references accounts on delete cascade,
    thread_id bigint not null,          -- as in posts
    created_at timestamptz not null,
    primary key (account_id, thread_id)
);

-- What becomes of notifications by people of a kind.
create table notification_policies (
    account_id bigint primary key references accounts on delete cascade,
    for_not_following text not null check (for_not_following in ('accept', 'filter', 'drop')),
    for_not_followers text not null check (for_not_followers in ('accept', 'filter', 'drop')),
    for_new_accounts text not null check (for_new_accounts in ('accept', 'filter', 'drop')),
    for_private_mentions text not null check (for_private_mentions in ('accept', 'filter', 'drop')),
    for_limited_accounts text not null check (for_limited_accounts in ('accept', 'filter', 'drop')),
    for_bots text not null check (for_bots in ('accept', 'filter', 'drop'))
);

-- Whose notifications a member wants whatever the policy says.
create table notification_permissions (
    account_id bigint not null references accounts on delete cascade,
    from_account_id bigint not null references accounts on delete cascade,
    created_at timestamptz not null,
    primary key (account_id, from_account_id)
);
create index notification_permissions_from on notification_permissions (from_account_id);

-- Who waits before the door; what they did is counted from the filtered notifications.
create table notification_requests (
    id bigint generated always as identity primary key,
    account_id bigint not null references accounts on delete cascade,
    from_account_id bigint not null references accounts on delete cascade,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    unique (account_id, from_account_id)
);
create index notification_requests_account on notification_requests (account_id, id);
create index notification_requests_from on notification_requests (from_account_id);

create table communities (
    account_id bigint primary key references accounts on delete cascade,
    policy text not null default 'open' check (policy in ('open', 'request', 'invited')),
    visibility text not null default 'public' check (visibility in ('public', 'unlisted', 'private')),
    rules text[] not null default '{}',
    cards boolean not null default true,
    created_at timestamptz not null,
    purpose text not null default '' check (length(purpose) <= 200),
    norms text not null default '',
    norms_at timestamptz,               -- since when they read so
    language text,
    topics text[] not null default '{}' check (cardinality(topics) <= 5),  -- in lower case
    questions text[] not null default '{}' check (cardinality(questions) <= 3),  -- asked of who wants to join
    capacity integer check (capacity > 0),  -- of people; null: as many as come
    proposals text not null default 'approved' check (proposals in ('open', 'seconded', 'approved')),
    seconds integer not null default 2 check (seconds between 1 and 50),  -- that let a proposal through
    welcome_post_id bigint,             -- references posts, below
    check (policy <> 'open' or visibility <> 'private')
);
create index communities_topics on communities using gin (topics);

-- Membership is an accepted follow of the group; only what goes beyond it stands here.
create table community_roles (
    community_id bigint not null references communities on delete cascade,
    account_id bigint not null references accounts on delete cascade,
    role text not null check (role in ('organiser', 'moderator')),
    granted_at timestamptz not null,
    primary key (community_id, account_id)
);
create index community_roles_account on community_roles (account_id);

-- What a community keeps to read again. It says what its newest version says.
create table documents (
    id bigint generated always as identity primary key,
    community_id bigint not null references communities on delete cascade,
    editors text not null check (editors in ('stewards', 'members')),
    pinned boolean not null default false,
    version integer not null check (version > 0),  -- the newest one
    created_at timestamptz not null
);
create index documents_community on documents (community_id, id);

create table document_versions (
    document_id bigint not null references documents on delete cascade,
    number integer not null,
    title text not null check (title <> ''),
    source text not null,
    author_id bigint references accounts on delete set null,
    created_at timestamptz not null,
    primary key (document_id, number)
);
create index document_versions_author on document_versions (author_id);

-- All that a community said and kept, as a ZIP for its organisers, for some days.
create table community_archives (
    community_id bigint primary key references communities on delete cascade,
    asked_by bigint not null references accounts on delete cascade,
    asked_at timestamptz not null,
    made_at timestamptz,                -- null while it is being made
    body bytea,
    check ((made_at is null) = (body is null))
);
create index community_archives_asked on community_archives (asked_by);

-- Beginnings of calls, as docs/templates.md says. origin: where one was fetched from.
create table call_templates (
    id bigint generated always as identity primary key,
    community_id bigint not null references communities on delete cascade,
    body jsonb not null,
    origin text,
    shared boolean not null,            -- with everybody who may read what the community says
    revision integer not null default 1,
    created_at timestamptz not null,
    changed_at timestamptz not null,
    unique (community_id, origin)
);
create index call_templates_community on call_templates (community_id, id);

-- Who may not take part in a community, of ours or (as its moderators say) of another server.
create table community_bans (
    id bigint generated always as identity primary key,
    community_id bigint not null references accounts on delete cascade,
    account_id bigint not null references accounts on delete cascade,
    until timestamptz,                  -- null: without end
    reason text not null default '',
    by_id bigint references accounts on delete set null,
    created_at timestamptz not null,
    unique (community_id, account_id),
    check (community_id <> account_id)
);
create index community_bans_account on community_bans (account_id);
create index community_bans_by on community_bans (by_id);

-- Who moderates a group of another server, as its collection said when it was last asked.
create table group_moderators (
    group_id bigint primary key references accounts on delete cascade,
    uris text[] not null,
    fetched_at timestamptz not null
);

-- What a group of another server is about, and in which languages, as its document says.
create table group_properties (
    account_id bigint primary key references accounts on delete cascade,
    topics text[] not null check (cardinality(topics) <= 10),  -- in lower case
    languages text[] not null check (cardinality(languages) <= 10)
);

-- What a private group of another server said of who reads it: an actor elsewhere who asks us for a post of ours in it.
create table group_readers (
    group_id bigint not null references accounts on delete cascade,
    account_id bigint not null references accounts on delete cascade,
    reads boolean not null,
    asked_at timestamptz not null,
    primary key (group_id, account_id)
);
create index group_readers_account on group_readers (account_id);
create index group_readers_asked on group_readers (asked_at);

-- Who was asked to join, until they do. Their request is accepted at once.
create table community_invites (
    community_id bigint not null references communities on delete cascade,
    account_id bigint not null references accounts on delete cascade,
    invited_by bigint references accounts on delete set null,
    uri text not null unique,
    created_at timestamptz not null,
    primary key (community_id, account_id)
);
create index community_invites_account on community_invites (account_id);
create index community_invites_by on community_invites (invited_by) where invited_by is not null;

-- A member's own link to join, by the digest of its code. How many came is counted, and never who.
create table community_links (
    id bigint generated always as identity primary key,
    community_id bigint not null references communities on delete cascade,
    account_id bigint not null references accounts on delete cascade,
    digest bytea not null unique,
    admits boolean not null,            -- of who steers: lets in, as an invitation does
    uses integer not null default 0,
    max_uses integer not null check (uses <= max_uses),
    expires_at timestamptz not null,
    created_at timestamptz not null
);
create index community_links_community on community_links (community_id, account_id);
create index community_links_account on community_links (account_id);

-- What goes with a follow of a community of ours, and is gone with it.
create sequence community_line;
create table community_joins (
    follow_id bigint primary key references follows on delete cascade,
    community_id bigint not null references communities on delete cascade,
    answers text[] not null default '{}',  -- until somebody decided
    link_id bigint references community_links on delete set null,  -- by which they came, until they are in
    norms_at timestamptz,               -- when they said yes to the norms
    line bigint unique,                 -- let in, and waits for a place: the lowest is next
    created_at timestamptz not null
);
create index community_joins_line on community_joins (community_id, line) where line is not null;
create index community_joins_link on community_joins (link_id) where link_id is not null;

-- An organiser offers their role to a member, until that one answers.
create table community_handovers (
    community_id bigint primary key references communities on delete cascade,
    from_id bigint not null references accounts on delete cascade,
    to_id bigint not null references accounts on delete cascade,
    created_at timestamptz not null,
    check (from_id <> to_id)
);
create index community_handovers_from on community_handovers (from_id);
create index community_handovers_to on community_handovers (to_id);

-- Communities of ours that show another one. Where that one is ours too, it has to show this one as well.
create table community_ties (
    community_id bigint not null references communities on delete cascade,
    other_id bigint not null references accounts on delete cascade,
    by_id bigint references accounts on delete set null,
    created_at timestamptz not null,
    primary key (community_id, other_id),
    check (community_id <> other_id)
);
create index community_ties_other on community_ties (other_id);
create index community_ties_by on community_ties (by_id) where by_id is not null;

-- The same with groups of other servers: asked by ours, wanted by the other, or agreed on.
create table ties_elsewhere (
    community_id bigint not null references communities on delete cascade,
    other_id bigint not null references accounts on delete cascade,
    state text not null check (state in ('asked', 'wanted', 'agreed')),
    uri text not null unique,           -- of the Offer
    ours boolean not null,              -- the Offer; of another server only it may be taken back by that
    by_id bigint references accounts on delete set null,
    changed_at timestamptz not null,
    primary key (community_id, other_id),
    check (case state when 'asked' then ours when 'wanted' then not ours else true end)
);
create index ties_elsewhere_other on ties_elsewhere (other_id);
create index ties_elsewhere_by on ties_elsewhere (by_id) where by_id is not null;

-- How far the past of a group of another server was read, for its first members here.
create table group_histories (
    account_id bigint primary key references accounts on delete cascade,
    started_at timestamptz not null,
    finished_at timestamptz,
    pages integer not null default 0,
    found integer not null default 0,
    next text                           -- the page of its outbox to go on with
);

create table posts (
    id bigint primary key,
    uri text not null unique,
    url text not null,
    local boolean not null,
    account_id bigint not null references accounts on delete cascade,
    kind text not null check (kind in ('note', 'page', 'article', 'question', 'event', 'call', 'other', 'boost')),
    reblog_of_id bigint references posts on delete cascade,
    community_id bigint references accounts on delete set null,
    in_reply_to_id bigint references posts on delete set null,
    in_reply_to_account_id bigint references accounts on delete set null,
    locked_at timestamptz,              -- no more replies, to it and below it
    removed text  -- from its community, of ours or of others; held: it waits for those who steer one of ours;
        -- deleted: a call of ours, until those who answered it have heard
        check (removed in ('here', 'elsewhere', 'held', 'deleted')),
    thread_id bigint not null,          -- the head of the thread; itself for a head
    title text not null default '',
    content text not null default '',   -- HTML, cleaned at the door
    source text not null default '',    -- what our member typed
    summary text not null default '',   -- plain text: the warning, or the short text of a titled post
    sensitive boolean not null default false,
    language text,
    visibility text not null  -- members: of the community alone, the author's followers or not
        check (visibility in ('public', 'unlisted', 'members', 'private', 'direct')),
    attachments jsonb not null default '[]',
    emojis jsonb not null default '[]', -- of others: [{"shortcode","url"}] for :shortcode: in its texts
    tags text[] not null default '{}',
    app_id bigint,
    quote_id bigint references posts on delete set null,  -- null with a state: what was quoted is gone
    quoted_account_id bigint references accounts on delete set null,
    quote_state text check (quote_state in ('pending', 'accepted', 'rejected', 'revoked')),
    quote_stamp text unique,            -- the id of its approval (FEP-044f), once there is one
    quote_automatic text[] not null default '{}'  -- who may quote this one without being asked
        check (quote_automatic <@ '{public,followers,following,unsupported_policy}'),
    quote_manual text[] not null default '{}'     -- and whom its author answers
        check (quote_manual <@ '{public,followers,following,unsupported_policy}'),
    replies_count integer not null default 0,
    reblogs_count integer not null default 0,
    favourites_count integer not null default 0,
    dislikes_count integer not null default 0,
    quotes_count integer not null default 0,
    published_at timestamptz not null,
    edited_at timestamptz,
    created_at timestamptz not null,
    check ((kind = 'boost') = (reblog_of_id is not null)),
    check (quote_id is null or (quote_state is not null and quote_id <> id)),
    check (quote_stamp is null or quote_state = 'accepted')
);
create unique index posts_one_boost on posts (account_id, reblog_of_id) where reblog_of_id is not null;
create index posts_url on posts (url);
create index posts_account on posts (account_id, id);
create index posts_thread on posts (thread_id, id);
create index posts_reply on posts (in_reply_to_id) where in_reply_to_id is not null;
create index posts_reply_account on posts (in_reply_to_account_id)
    where in_reply_to_account_id is not null;
create index posts_quotes on posts (quote_id, id) where quote_id is not null;
create index posts_quoted_account on posts (quoted_account_id) where quoted_account_id is not null;
create index posts_boosts on posts (reblog_of_id, id) where reblog_of_id is not null;
create index posts_community on posts (community_id, id) where community_id is not null;
create index posts_public on posts (id) where visibility = 'public' and reblog_of_id is null;
create index posts_public_local on posts (id)
    where visibility = 'public' and reblog_of_id is null and local;
create index posts_local on posts (created_at, account_id) where local and reblog_of_id is null;
create index posts_tags on posts using gin (tags);
create index posts_words on posts using gin (post_words(language, title, summary, content))
    with (fastupdate = off)  -- each search looks into it once for each language, and would read the list of what is new
    where reblog_of_id is null;

create table post_mentions (
    post_id bigint not null references posts on delete cascade,
    account_id bigint not null references accounts on delete cascade,
    primary key (post_id, account_id)
);
create index post_mentions_account on post_mentions (account_id, post_id);

create table post_edits (
    id bigint generated always as identity primary key,
    post_id bigint not null references posts on delete cascade,
    title text not null,
    content text not null,
    summary text not null,
    sensitive boolean not null,
    attachments jsonb not null,
    created_at timestamptz not null     -- when this version was published
);
create index post_edits_post on post_edits (post_id, id);

-- Posts to be: what their author wants, as plain values, until its time.
create table scheduled_posts (
    id bigint generated always as identity primary key,
    account_id bigint not null references accounts on delete cascade,
    wanted jsonb not null,              -- the fields of server.domain.posting.composing.Wanted
    scheduled_at timestamptz not null,
    idempotency_key text,
    failure text,                       -- why it could not be published at its time
    created_at timestamptz not null
);
create index scheduled_posts_account on scheduled_posts (account_id, id);

-- Files that members of ours uploaded. What a post shows of them, and in which order, stands in the post.
create table media (
    id bigint primary key,
    account_id bigint references accounts on delete set null,
    post_id bigint references posts on delete set null,  -- the only one that uses it, or did before an edit
    scheduled_id bigint references scheduled_posts on delete set null,  -- the one that will
    use text not null default 'post' check (use in ('post', 'avatar', 'header')),
    state text not null default 'waiting' check (state in ('waiting', 'ready', 'failed')),
    kind text not null check (kind in ('image', 'gifv', 'video', 'audio')),
    keys text[] not null default '{}',  -- names of its files: the original, then the preview if there is one
    meta jsonb not null default '{}',
    description text not null default '',
    focus double precision[] check (cardinality(focus) = 2),  -- x and y, -1 to 1
    blurhash text,
    created_at timestamptz not null,
    touched_at timestamptz not null,    -- when it was uploaded, or last taken from a post
    check (state <> 'ready' or cardinality(keys) > 0),
    check (post_id is null or scheduled_id is null)
);
create index media_account on media (account_id);
create index media_post on media (post_id) where post_id is not null;
create index media_scheduled on media (scheduled_id) where scheduled_id is not null;
create index media_idle on media (touched_at) where post_id is null and scheduled_id is null;

-- Files of other servers that somebody here looked at. They are fetched again when they are old or lost.
create table remote_media (
    digest bytea primary key,           -- SHA-256 of the address
    key text,                           -- null: what was there is not shown
    expires_at timestamptz not null
);
create index remote_media_expires on remote_media (expires_at);

-- What was here and is not: a repeat of its Create is not an event, and a GET answers 410.
create table tombstones (
    uri text not null,
    said_by text not null default '',   -- who said so of what was not here: it counts for their own alone
    kind text,                          -- of a public post; null: nobody is told that it was here
    deleted_at timestamptz not null,
    primary key (uri, said_by)
);

create table favourites (
    id bigint generated always as identity primary key,
    uri text unique,
    account_id bigint not null references accounts on delete cascade,
    post_id bigint not null references posts on delete cascade,
    created_at timestamptz not null,
    unique (account_id, post_id)
);
create index favourites_post on favourites (post_id, id);

-- Votes against: counted, and no list tells of whom.
create table dislikes (
    uri text unique,
    account_id bigint not null references accounts on delete cascade,
    post_id bigint not null references posts on delete cascade,
    created_at timestamptz not null,
    primary key (account_id, post_id)
);
create index dislikes_post on dislikes (post_id);

-- Votes of which a group of another server tells and which nobody proved: for the score of its own posts alone.
create table group_votes (
    post_id bigint not null references posts on delete cascade,
    voter bytea not null,               -- SHA-256 of the id of the actor, as no name is needed
    value smallint not null check (value in (-1, 1)),
    created_at timestamptz not null,
    primary key (post_id, voter)
);

-- What those who steer a community did in it. Everybody may read it; it names them by their role.
create table moderation_log (
    id bigint generated always as identity primary key,
    community_id bigint not null references accounts on delete cascade,
    action text not null check (action in ('lock', 'unlock', 'remove', 'restore', 'feature',
        'unfeature', 'ban', 'unban', 'appoint', 'dismiss', 'approve', 'refuse', 'hold_rule',
        'slow_mode', 'note', 'uphold', 'overturn', 'ban_list')),
    role text not null check (role in ('organiser', 'moderator', 'member')),
    by_id bigint references accounts on delete set null,
    post_id bigint references posts on delete set null,
    account_id bigint references accounts on delete set null,  -- whom it met
    reason text not null default '',
    created_at timestamptz not null
);
create index moderation_log_community on moderation_log (community_id, id);
create index moderation_log_by on moderation_log (by_id);
create index moderation_log_post on moderation_log (post_id);
create index moderation_log_account on moderation_log (account_id);

-- What a community of ours looks at before it is shown.
create table hold_rules (
    id bigint generated always as identity primary key,
    community_id bigint not null references accounts on delete cascade,
    kind text not null check (kind in ('word', 'host', 'links', 'newcomer')),
    value text not null default '',     -- the word or phrase, or the host
    days integer not null default 0 check (days between 0 and 365),     -- of membership, at least
    amount integer not null default 0 check (amount between 0 and 100), -- of links, or of posts shown before
    created_at timestamptz not null,
    unique (community_id, kind, value),
    check ((kind in ('word', 'host')) = (value <> '')),
    check (kind <> 'links' or amount > 0),
    check (kind <> 'newcomer' or days > 0 or amount > 0)
);

create table community_moderation (
    community_id bigint primary key references accounts on delete cascade,
    slow_seconds integer not null default 0 check (slow_seconds between 0 and 86400),
    shares_bans boolean not null default false
);

-- Posts that are not shown yet, or were refused a while ago: posts.removed is 'held'.
create table held_posts (
    post_id bigint primary key references posts on delete cascade,
    community_id bigint not null references accounts on delete cascade,
    account_id bigint not null references accounts on delete cascade,
    reason text not null check (reason in ('word', 'host', 'links', 'newcomer', 'slow_mode')),
    rule_id bigint references hold_rules on delete set null,
    matched text not null default '',   -- the word or host that was found
    document jsonb not null,            -- the activity that brought it; {} where none did
    changed jsonb,                      -- the last one that changed it since
    held_at timestamptz not null,
    refused_at timestamptz
);
create index held_posts_community on held_posts (community_id, post_id);
create index held_posts_account on held_posts (account_id);
create index held_posts_rule on held_posts (rule_id) where rule_id is not null;

-- Once per decision, by whom it met.
create table appeals (
    id bigint generated always as identity primary key,
    entry_id bigint not null unique references moderation_log on delete cascade,
    community_id bigint not null references accounts on delete cascade,
    account_id bigint not null references accounts on delete cascade,
    words text not null,
    state text not null default 'pending' check (state in ('pending', 'approved', 'rejected')),
    answer text not null default '',
    answered_by_id bigint references accounts on delete set null,
    answered_at timestamptz,
    created_at timestamptz not null,
    check ((state = 'pending') = (answered_at is null))
);
create index appeals_community on appeals (community_id, id);
create index appeals_account on appeals (account_id);
create index appeals_answered_by on appeals (answered_by_id) where answered_by_id is not null;

-- What those who steer a community say beside a post, for everybody who reads it.
create table post_notes (
    post_id bigint primary key references posts on delete cascade,
    words text not null check (words <> ''),
    role text not null check (role in ('organiser', 'moderator')),
    by_id bigint references accounts on delete set null,
    created_at timestamptz not null
);
create index post_notes_by on post_notes (by_id) where by_id is not null;

-- The bans of other communities, which a community of ours may follow.
create table ban_lists (
    id bigint generated always as identity primary key,
    community_id bigint not null references accounts on delete cascade,
    source_id bigint not null references accounts on delete cascade,
    read_at timestamptz,
    failure text,                       -- why it could not be read the last time
    created_at timestamptz not null,
    unique (community_id, source_id),
    check (community_id <> source_id)
);
create index ban_lists_source on ban_lists (source_id);

create table ban_proposals (
    id bigint generated always as identity primary key,
    list_id bigint not null references ban_lists on delete cascade,
    uri text not null,                  -- of whom they banned
    reason text not null default '',
    until timestamptz,
    state text not null default 'proposed' check (state in ('proposed', 'accepted', 'dismissed')),
    created_at timestamptz not null,
    unique (list_id, uri)
);

-- Who asked a member of ours to join a group, or to come to an event, until they answer.
create table invitations (
    id bigint generated always as identity primary key,
    uri text not null,                  -- of the Invite
    account_id bigint not null references accounts on delete cascade,  -- who is invited
    by_id bigint not null references accounts on delete cascade,
    group_id bigint references accounts on delete cascade,
    post_id bigint references posts on delete cascade,
    created_at timestamptz not null,
    unique nulls not distinct (account_id, group_id, post_id),
    check (num_nonnulls(group_id, post_id) = 1)
);
create index invitations_by on invitations (by_id);
create index invitations_group on invitations (group_id) where group_id is not null;
create index invitations_post on invitations (post_id) where post_id is not null;

-- What members want to try: each becomes a call when its community lets it through.
create table proposals (
    id bigint generated always as identity primary key,
    community_id bigint not null references communities on delete cascade,
    account_id bigint not null references accounts on delete cascade,
    kind text not null,
    title text not null,
    wanted jsonb not null,              -- of the call
    state text not null default 'idea'
        check (state in ('idea', 'trial', 'review', 'accepted', 'declined', 'withdrawn')),
    note text not null default '',      -- of who last changed the state
    post_id bigint references posts on delete set null,  -- the call that tries it
    created_at timestamptz not null,
    changed_at timestamptz not null,
    check (state <> 'idea' or post_id is null)
);
create index proposals_community on proposals (community_id, id);
create index proposals_account on proposals (account_id);
create index proposals_post on proposals (post_id) where post_id is not null;

create table proposal_seconds (
    proposal_id bigint not null references proposals on delete cascade,
    account_id bigint not null references accounts on delete cascade,
    created_at timestamptz not null,
    primary key (proposal_id, account_id)
);
create index proposal_seconds_account on proposal_seconds (account_id);

alter table communities add foreign key (welcome_post_id) references posts on delete set null;
create index communities_welcome on communities (welcome_post_id) where welcome_post_id is not null;

create table bookmarks (
    id bigint generated always as identity primary key,
    account_id bigint not null references accounts on delete cascade,
    post_id bigint not null references posts on delete cascade,
    created_at timestamptz not null,
    unique (account_id, post_id)
);
create index bookmarks_post on bookmarks (post_id);

-- What members, and other servers, ask the moderators to look at.
create table reports (
    id bigint generated always as identity primary key,
    uri text unique,                    -- of the Flag that brought it
    account_id bigint not null references accounts on delete cascade,
    target_id bigint not null references accounts on delete cascade,
    post_ids bigint[] not null default '{}',  -- they may be gone since
    category text not null check (category in ('spam', 'legal', 'violation', 'other')),
    comment text not null default '',
    rule_ids integer[] not null default '{}',  -- places in the instance's rules, from 1
    forwarded boolean not null default false,
    assigned_id bigint references accounts on delete set null,
    resolved_at timestamptz,
    resolved_by_id bigint references accounts on delete set null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    check (resolved_at is not null or resolved_by_id is null)
);
create index reports_account on reports (account_id, id);
create index reports_target on reports (target_id, id);
create index reports_assigned on reports (assigned_id) where assigned_id is not null;
create index reports_resolved_by on reports (resolved_by_id) where resolved_by_id is not null;
create index reports_open on reports (id) where resolved_at is null;

-- What those who run the instance decided: a row for every act, never changed, kept for two years.
create table staff_log (
    id bigint generated always as identity primary key,
    by_id bigint references accounts on delete set null,
    role text not null                  -- as it was then; operator: by the command line
        check (role in ('member', 'moderator', 'admin', 'operator')),
    action text not null check (action <> ''),
    account_id bigint references accounts on delete set null,  -- whom it met
    about text not null default '',     -- what it met, where that is no account
    reason text not null default '',
    created_at timestamptz not null
);
create index staff_log_created on staff_log (created_at);
create index staff_log_by on staff_log (by_id) where by_id is not null;
create index staff_log_account on staff_log (account_id) where account_id is not null;

-- When a thread of another server was last completed from its origin.
create table thread_refreshes (
    thread_id bigint primary key,       -- as in posts
    started_at timestamptz not null,
    finished_at timestamptz,
    found integer not null default 0
);

-- What a member wants hidden or warned of; matched by the server when a page is rendered.
create table filters (
    id bigint generated always as identity primary key,
    account_id bigint not null references accounts on delete cascade,
    title text not null,
    context text[] not null check (
        context <> '{}' and context <@ '{home,notifications,public,thread,account}'),
    action text not null check (action in ('warn', 'hide', 'blur')),
    expires_at timestamptz,             -- null: never
    created_at timestamptz not null
);
create index filters_account on filters (account_id, id);

create table filter_keywords (
    id bigint generated always as identity primary key,
    filter_id bigint not null references filters on delete cascade,
    keyword text not null check (keyword <> ''),
    whole_word boolean not null
);
create index filter_keywords_filter on filter_keywords (filter_id, id);

create table filter_posts (
    id bigint generated always as identity primary key,
    filter_id bigint not null references filters on delete cascade,
    post_id bigint not null references posts on delete cascade,
    unique (filter_id, post_id)
);
create index filter_posts_post on filter_posts (post_id);

-- Which state of all filters of an account this is: what is compiled in memory is good while it stands.
create table filter_versions (
    account_id bigint primary key references accounts on delete cascade,
    version uuid not null
);

-- Lists of a member's own. A community that they joined is a list too, and has no row here.
create table lists (
    id bigint primary key,              -- of next_id, as accounts have: never the id of a community
    account_id bigint not null references accounts on delete cascade,
    title text not null check (title <> ''),
    replies_policy text not null check (replies_policy in ('followed', 'list', 'none')),
    exclusive boolean not null,         -- what its members post stands in no home of the owner
    created_at timestamptz not null
);
create index lists_account on lists (account_id, id);

create table list_accounts (
    id bigint generated always as identity primary key,
    list_id bigint not null references lists on delete cascade,
    account_id bigint not null references accounts on delete cascade,
    follow_id bigint references follows on delete cascade,  -- null: the owner themselves
    unique (list_id, account_id)
);
create index list_accounts_account on list_accounts (account_id);
create index list_accounts_follow on list_accounts (follow_id);

-- All that a member has here, as a file for them, for some days. The file has a name of its own in its own store.
create table own_archives (
    account_id bigint primary key references accounts on delete cascade,
    asked_at timestamptz not null,
    key text not null unique,           -- known before the file is there, so that none is forgotten
    made_at timestamptz,                -- null while it is being made
    size bigint check (size >= 0),
    left_out integer not null,          -- files that there was no room or time for
    check ((made_at is null) = (size is null))
);

-- Lists that members brought along as files, and what became of each line; for some days.
create table imports (
    id bigint generated always as identity primary key,
    account_id bigint not null references accounts on delete cascade,
    kind text not null check (kind in ('following', 'lists', 'blocks', 'mutes', 'domains', 'bookmarks')),
    overwrites boolean not null,        -- what is not in the file goes
    state text not null check (state in ('checked', 'running', 'done', 'cancelled', 'stopped')),
    created_at timestamptz not null,
    ended_at timestamptz,
    check ((ended_at is null) = (state in ('checked', 'running')))
);
create index imports_account on imports (account_id, id);
create unique index imports_open on imports (account_id) where ended_at is null;
create index imports_created on imports (created_at);

create table import_lines (
    id bigint generated always as identity primary key,
    import_id bigint not null references imports on delete cascade,
    number integer,                     -- of the line in the file; null: it takes away what no line has
    subject text not null check (length(subject) <= 2048),
    options jsonb not null,
    state text not null check (state in ('waiting', 'done', 'failed')),
    reason text not null,               -- of what failed, as a sentence
    tries integer not null default 0,
    due_at timestamptz not null,
    check ((state = 'failed') = (reason <> '')),
    unique (import_id, number)
);
create index import_lines_waiting on import_lines (import_id, id) where state = 'waiting';

-- What a member's posts are, where a client does not say.
create table preferences (
    account_id bigint primary key references accounts on delete cascade,
    visibility text not null check (visibility in ('public', 'unlisted', 'private')),
    sensitive boolean not null,
    language text                       -- null: not chosen
);

-- The secret address of a member's own calendar, and of feeds of private communities. A digest only.
create table subscriptions (
    account_id bigint primary key references accounts on delete cascade,
    digest bytea not null unique,
    created_at timestamptz not null
);

-- What members can do. Nobody else learns of it but by their choice.
create table skill_sets (
    account_id bigint primary key references accounts on delete cascade,
    shown boolean not null default false,    -- to others, by name
    matched boolean not null default false   -- counted where a call asks, and never named
);

create table skills (
    account_id bigint not null references skill_sets on delete cascade,
    skill text not null check (length(skill) between 1 and 40),
    primary key (account_id, skill)
);
create index skills_skill on skills (skill);

-- About where members live. Whole tenths of a degree: the database could not keep a better place.
create table home_areas (
    account_id bigint primary key references accounts on delete cascade,
    latitude smallint not null check (latitude between -900 and 900),
    longitude smallint not null check (longitude between -1800 and 1799),
    reach_km smallint not null check (reach_km between 1 and 500),  -- how far they go to help
    shown boolean not null default false
);
create index home_areas_place on home_areas (latitude, longitude);

-- Where a community is at home, as its organisers say.
create table community_places (
    community_id bigint primary key references communities on delete cascade,
    name text not null check (name <> ''),
    latitude double precision not null check (latitude between -90 and 90),
    longitude double precision not null check (longitude between -180 and 180)
);
create index community_places_place on community_places (latitude, longitude);

-- How much a member is told of a community, where they chose; else calls and announcements.
create table attention_levels (
    account_id bigint not null references accounts on delete cascade,
    community_id bigint not null references accounts on delete cascade,
    level text not null check (level in ('everything', 'calls', 'mentions', 'nothing')),
    primary key (account_id, community_id)
);
create index attention_levels_community on attention_levels (community_id);

-- When and how a user is to be reached, where they chose. Quiet hours are minutes of their own day.
create table attention (
    user_id bigint primary key references users on delete cascade,
    timezone text not null,
    quiet_from smallint check (quiet_from between 0 and 1439),
    quiet_until smallint check (quiet_until between 0 and 1439),
    digest text not null check (digest in ('mail', 'message', 'none')),
    digest_day smallint not null check (digest_day between 0 and 6),  -- Monday is 0
    digest_hour smallint not null check (digest_hour between 0 and 23),
    check ((quiet_from is null) = (quiet_until is null)),
    check (quiet_from <> quiet_until)
);

-- Of which weeks a user was written, each once; the last is kept for where the next begins.
create table digests (
    user_id bigint not null references users on delete cascade,
    week text not null,                 -- 2030-W05, by the user's calendar
    made_at timestamptz not null,
    primary key (user_id, week)
);

-- Which organiser was told that a community has gone quiet, and when.
create table quiet_nudges (
    community_id bigint not null references communities on delete cascade,
    account_id bigint not null references accounts on delete cascade,
    told_at timestamptz not null,
    primary key (community_id, account_id)
);
create index quiet_nudges_account on quiet_nudges (account_id);

-- Public posts with these tags come into the member's home.
create table followed_tags (
    id bigint generated always as identity primary key,
    account_id bigint not null references accounts on delete cascade,
    name text not null,                 -- in lower case, without #
    created_at timestamptz not null,
    unique (account_id, name)
);
create index followed_tags_name on followed_tags (name);

-- Shown on a profile.
create table featured_tags (
    id bigint generated always as identity primary key,
    account_id bigint not null references accounts on delete cascade,
    name text not null,
    created_at timestamptz not null,
    unique (account_id, name)
);

-- Who used a tag in public posts of the last days, and how often.
create table tag_uses (
    name text not null,
    day date not null,
    account_id bigint not null references accounts on delete cascade,
    uses integer not null check (uses > 0),
    primary key (name, day, account_id)
);
create index tag_uses_account on tag_uses (account_id);
create index tag_uses_day on tag_uses (day);

-- Whom a member does not want to be suggested again.
create table dismissals (
    account_id bigint not null references accounts on delete cascade,
    target_id bigint not null references accounts on delete cascade,
    created_at timestamptz not null,
    primary key (account_id, target_id)
);
create index dismissals_target on dismissals (target_id);

-- The featured collection of a person or a community.
create table pins (
    account_id bigint not null references accounts on delete cascade,
    post_id bigint not null references posts on delete cascade,
    pinned_at timestamptz not null,
    primary key (account_id, post_id)
);
create index pins_post on pins (post_id);

-- Tags of public posts, to be found by how they begin.
create table tag_names (
    name text collate "C" primary key
);

create table polls (
    post_id bigint primary key references posts on delete cascade,
    multiple boolean not null default false,
    ends_at timestamptz,
    closed_at timestamptz,
    voters_count integer                -- null where the origin does not say
);
create index polls_ending on polls (ends_at) where closed_at is null and ends_at is not null;

create table poll_options (
    post_id bigint not null references polls on delete cascade,
    position integer not null,
    title text not null,
    votes_count integer not null default 0 check (votes_count >= 0),
    primary key (post_id, position)
);

create table poll_votes (
    id bigint generated always as identity primary key,
    uri text unique,
    post_id bigint not null,
    position integer not null,
    account_id bigint not null references accounts on delete cascade,
    created_at timestamptz not null,
    unique (post_id, account_id, position),
    foreign key (post_id, position) references poll_options on delete cascade
);
create index poll_votes_account on poll_votes (account_id);

-- The first address in a public post, as far as it may have a preview.
create table post_links (
    post_id bigint primary key references posts on delete cascade,
    url text not null
);
create index post_links_url on post_links (url, post_id);

-- What a web page says of itself: asked once for all posts that link to it.
create table cards (
    url text primary key,
    title text not null,                -- '': asked, and nothing to show
    description text not null default '',
    provider_name text not null default '',
    author_name text not null default '',
    language text,
    image_url text,                     -- at the other side
    image_description text not null default '',
    width integer not null default 0,
    height integer not null default 0,
    published_at timestamptz,
    fetched_at timestamptz not null
);
create index cards_fetched on cards (fetched_at);

-- A call to action. Its post is what threads, timelines and likes know of it.
create table calls (
    post_id bigint primary key references posts on delete cascade,
    community_id bigint not null references accounts on delete cascade,
    kind text not null check (kind in
        ('event', 'volunteer', 'petition', 'contact', 'need', 'donate', 'decision', 'share')),
    variant text not null default ''
        check (variant in ('', 'pledge', 'offer', 'sense', 'consent', 'score', 'ranked')),
    state text not null default 'open' check (state in ('open', 'postponed', 'cancelled', 'closed')),
    starts_at timestamptz,              -- of what people come to
    ends_at timestamptz,
    closes_at timestamptz,              -- until when answers count
    timezone text not null,
    place_name text not null default '',
    place_address text not null default '',
    latitude double precision,
    longitude double precision,
    capacity integer check (capacity > 0),
    guests_max smallint not null default 0 check (guests_max between 0 and 10),  -- whom each may bring
    goal integer check (goal > 0),      -- how many of what
    goal_metric text not null default 'people',
    urgent boolean not null default false,
    -- Who may take part: as Mobilizon says it of its events, and FEP-8a8e; of ours everybody may.
    join_mode text not null default 'free'
        check (join_mode in ('free', 'restricted', 'invite', 'external', 'none')),
    external_url text,                  -- where one signs up for an external one, or gives
    card_uri text unique,               -- the answer card by the community
    confirmed integer not null default 0 check (confirmed >= 0),  -- who takes part, by tier
    expressed integer not null default 0 check (expressed >= 0),
    waiting integer not null default 0 check (waiting >= 0),
    taken integer not null default 0 check (taken >= 0),  -- places: who takes part, and their guests
    tally_sent_at timestamptz,          -- when the counts last left in an Update
    revision integer not null default 0,  -- grows when time, place or state change: iCalendar's SEQUENCE
    outcome text not null default '',   -- what came of it, as HTML
    outcome_at timestamptz,
    receipts boolean not null default true,  -- whether who gets a place at once is written to
    may_be_started boolean not null default true,  -- whether other communities may start it in their town
    secret_until_closed boolean not null default false,  -- nobody sees how many gave which answer before
    parent_id bigint references calls on delete cascade,  -- the volunteer call whose shift this is
    choice smallint check (choice >= 0),  -- a shift's place on the card of that call; null: not on it
    check (parent_id is null or (kind = 'volunteer' and card_uri is null)),
    check (guests_max = 0 or kind in ('event', 'volunteer')),
    check (choice is null or parent_id is not null),
    check (not secret_until_closed or kind = 'decision'),
    unique (parent_id, choice),
    check (ends_at is null or ends_at >= starts_at),
    check ((starts_at is not null) = (kind in ('event', 'volunteer'))),
    check ((kind, variant) in (
        ('event', ''), ('volunteer', ''), ('petition', ''), ('petition', 'pledge'), ('contact', ''),
        ('need', ''), ('need', 'offer'), ('donate', ''), ('share', ''), ('decision', ''),
        ('decision', 'sense'), ('decision', 'consent'), ('decision', 'score'), ('decision', 'ranked')))
);

-- The post by its community that tells what came of a call.
create table outcome_posts (
    call_id bigint primary key references calls on delete cascade,
    post_id bigint not null unique references posts on delete cascade
);

-- Where one takes part from afar.
create table call_online (
    post_id bigint primary key references calls on delete cascade,
    url text not null check (url like 'http%' and length(url) <= 2000),
    for_participants boolean not null  -- told to who has a place alone
);

-- What a call rests on, as addresses of pages.
create table call_sources (
    post_id bigint not null references calls on delete cascade,
    position smallint not null check (position between 0 and 4),
    url text not null check (url like 'https://%' and length(url) <= 2000),
    title text not null check (length(title) between 1 and 253),
    primary key (post_id, position)
);

-- What whoever has answered a call may do next: another call, or a page elsewhere.
create table call_next (
    post_id bigint primary key references calls on delete cascade,
    next_id bigint references calls on delete cascade check (next_id <> post_id),
    url text check (url like 'https://%' and length(url) <= 2000),
    check ((next_id is null) <> (url is null))
);
create index on call_next (next_id);

-- Calls of private communities that everybody may answer who has the address of their page. The token stands in the
-- open: whoever reads it here has the call beside it. Null: it was taken back; what was answered stays.
create table call_opened (
    post_id bigint primary key references calls on delete cascade,
    token text unique check (token ~ '^[A-Za-z0-9_-]{43}$'),
    hosted_by text not null check (length(hosted_by) <= 100),  -- who calls, as an organiser typed it for strangers
    opened_at timestamptz not null
);

-- By what rule a decision comes out, where its call says one.
create table decision_rules (
    post_id bigint primary key references calls on delete cascade,
    quorum integer check (quorum > 0),                         -- people
    threshold integer check (threshold between 1 and 100),     -- percent of them
    open_votes boolean not null
);

-- To whom those who answer a contact call write.
create table call_targets (
    id bigint generated always as identity primary key,
    post_id bigint not null references calls on delete cascade,
    uri text,                           -- of what another server has
    name text not null check (length(name) between 1 and 100),
    role text not null check (length(role) <= 100),
    address text not null check (length(address) <= 2000),  -- mailto: or https:; empty: not told to us
    area text not null check (length(area) <= 100),
    language text,
    status text not null default 'asked' check (status in ('asked', 'pledged', 'refused', 'answered')),
    note text not null default '' check (length(note) <= 1000),
    changed_at timestamptz not null,
    unique (post_id, uri),
    check (address <> '' or uri is not null)
);
create index on call_targets (post_id, id);

-- What became of each, in order: public, and without who wrote it down.
create table call_target_changes (
    id bigint generated always as identity primary key,
    target_id bigint not null references call_targets on delete cascade,
    status text not null,
    note text not null,
    changed_at timestamptz not null
);
create index on call_target_changes (target_id, id);

-- What is written to a target of which status.
create table call_scripts (
    post_id bigint not null references calls on delete cascade,
    status text not null check (status in ('asked', 'pledged', 'refused', 'answered')),
    subject text not null check (length(subject) between 1 and 200),
    body text not null check (length(body) between 1 and 5000),
    primary key (post_id, status)
);

-- What a need or an offer is about.
create table call_categories (
    post_id bigint primary key references calls on delete cascade,
    category text not null check (category in ('space', 'transport', 'tools', 'food', 'care',
        'money', 'law', 'language', 'media', 'work', 'other'))
);
create index on call_categories (category, post_id);
create index calls_community on calls (community_id, starts_at);
create index calls_place on calls (latitude, longitude) where latitude is not null;

-- Who is wanted in a shift: so many of each. Its places are their sum.
create table shift_roles (
    post_id bigint not null references calls on delete cascade,
    name text not null check (length(name) between 1 and 60),
    position smallint not null check (position >= 0),
    places integer not null check (places > 0),
    skill text not null default '',     -- what one needs to be able to do
    primary key (post_id, name)
);

-- What only those who take part are told, and who steers the community.
create table call_private (
    post_id bigint primary key references calls on delete cascade,
    note text not null check (length(note) between 1 and 2000)
);

-- What its organisers ask who takes part.
create table call_questions (
    post_id bigint not null references calls on delete cascade,
    position smallint not null check (position between 0 and 2),
    text text not null check (length(text) between 1 and 200),
    required boolean not null,
    primary key (post_id, position),
    unique (post_id, text)
);

-- What those who took part said when it was over: without an author, and with no time finer than a day. The ids are in
-- no order, and which of them is whose stands nowhere.
create table call_feedback (
    id uuid primary key default gen_random_uuid(),
    post_id bigint not null references calls on delete cascade,
    good text not null check (length(good) <= 1000),
    better text not null check (length(better) <= 1000),
    again text check (again in ('yes', 'maybe', 'no')),
    said_on date not null,
    check (good <> '' or better <> '' or again is not null)
);
create index on call_feedback (post_id, id);
create index on call_feedback (said_on);

-- That somebody did, so that they do so once: a fingerprint that needs the instance's secret to be made.
create table call_feedback_given (
    post_id bigint not null references calls on delete cascade,
    fingerprint bytea not null check (octet_length(fingerprint) = 32),
    said_on date not null,
    primary key (post_id, fingerprint)
);
create index on call_feedback_given (said_on);

-- For what people write about themselves: each community's key pair. Destroyed with the community.
create table community_keys (
    community_id bigint primary key references communities on delete cascade,
    public bytea not null check (octet_length(public) = 32),
    wrapped bytea not null,             -- the private half, of use with the instance's secret alone
    created_at timestamptz not null
);

-- What is asked of those who answer by e-mail. A text never changes: another one is another version.
create table consent_texts (
    id bigint generated always as identity primary key,
    post_id bigint not null references calls on delete cascade,
    purpose text not null check (purpose in ('answer', 'news')),
    version integer not null check (version > 0),
    text text not null check (text <> ''),
    created_at timestamptz not null,
    unique (post_id, purpose, version)
);

-- Who answered a call by e-mail, with no account.
create table contacts (
    id bigint generated always as identity primary key,
    post_id bigint not null references calls on delete cascade,
    fingerprint bytea check (octet_length(fingerprint) = 32),  -- of the address; of each call other ones
    sealed bytea,                       -- address, name and answers to questions, for the community's key
    answer text not null,               -- of those that its kind of call has
    guests smallint not null default 0 check (guests between 0 and 10),
    state text not null check (state in ('new', 'confirmed')),
    created_at timestamptz not null,
    confirmed_at timestamptz,
    over_at timestamptz,                -- since when the call takes no answers, as far as was noticed
    unique (post_id, fingerprint),
    check ((confirmed_at is null) = (state = 'new')),
    check ((sealed is null) = (fingerprint is null)),
    check (sealed is not null or state = 'confirmed')
);
create index contacts_new on contacts (created_at) where state = 'new';
create index contacts_over on contacts (over_at) where over_at is not null;

-- What each of them agreed to, and when.
create table consents (
    contact_id bigint not null references contacts on delete cascade,
    text_id bigint not null references consent_texts on delete cascade,
    given_at timestamptz not null,
    ended_at timestamptz,
    primary key (contact_id, text_id)
);
create index consents_text on consents (text_id);

-- The links in their mails, by digest.
create table contact_links (
    digest bytea primary key,
    contact_id bigint not null references contacts on delete cascade,
    purpose text not null check (purpose in ('confirm', 'manage')),
    expires_at timestamptz not null
);
create index contact_links_contact on contact_links (contact_id);
create index contact_links_expiring on contact_links (expires_at);

-- Who follows a community by e-mail, without an account.
create table mail_follows (
    id bigint generated always as identity primary key,
    community_id bigint not null references communities on delete cascade,
    fingerprint bytea not null check (octet_length(fingerprint) = 32),  -- of each community other ones
    sealed bytea not null,              -- the address, for the community's key
    state text not null check (state in ('new', 'confirmed')),
    source text not null check (source in ('form', 'answer', 'list')),
    agreed text not null,               -- the sentence they agreed to
    language text not null              -- in which mails speak to them
        check (language ~ '^[a-z]{2}$'),
    created_at timestamptz not null,
    confirmed_at timestamptz,
    failures smallint not null default 0 check (failures between 0 and 2),  -- of their server, in a row
    week text,                          -- 2030-W05: of the last digest
    told_at timestamptz,                -- up to when it told
    unique (community_id, fingerprint),
    check ((confirmed_at is null) = (state = 'new')),
    check ((week is null) = (told_at is null)),
    check (week is null or state = 'confirmed')
);
create index mail_follows_new on mail_follows (created_at) where state = 'new';

-- Addresses of a list that organisers had: sealed until the one mail is written, then a fingerprint alone.
create table mail_invitations (
    id bigint generated always as identity primary key,
    community_id bigint not null references communities on delete cascade,
    fingerprint bytea not null check (octet_length(fingerprint) = 32),  -- as in mail_follows
    sealed bytea,
    refused boolean not null default false,  -- they unsubscribed
    created_at timestamptz not null,
    unique (community_id, fingerprint),
    check (not refused or sealed is null)
);
create index mail_invitations_waiting on mail_invitations (community_id, id) where sealed is not null;
create index mail_invitations_created on mail_invitations (created_at);

-- Taken under the lock of a call: the times of transactions that wait for it are in no order.
create sequence turns;

create table participations (
    id bigint generated always as identity primary key,
    turn bigint not null default nextval('turns'),  -- order of receipt; a new answer is a new turn
    uri text unique,                    -- of the activity that said it
    post_id bigint not null references calls on delete cascade,
    account_id bigint references accounts on delete cascade,  -- null once it is taken back, or by e-mail:
    contact_id bigint unique references contacts on delete set null,  -- until they are forgotten
    answer text not null,               -- one of those that its kind of call has,
    choice smallint not null check (choice >= 0),  -- its place on the card,
    counts boolean not null,            -- and whether it is taking part
    state text not null check (state in ('granted', 'waiting', 'pending', 'refused', 'withdrawn')),
    tier text not null check (tier in ('confirmed', 'expressed')),
    door text not null check (door in ('card', 'join', 'client', 'page', 'reply', 'email', 'opened')),
    created_at timestamptz not null,
    answered_at timestamptz not null,
    role text,                          -- in a shift that has roles
    guests smallint not null default 0 check (guests between 0 and 10),  -- each takes a place more
    ballot smallint[]                   -- points or place of each option of a decision by ballots
        check (cardinality(ballot) between 2 and 4 and 0 <= all (ballot) and 5 >= all (ballot)),
    unique (post_id, account_id),
    foreign key (post_id, role) references shift_roles (post_id, name) on update cascade,
    check (role is null or counts),
    check (guests = 0 or (counts and state <> 'withdrawn')),
    check (account_id is not null or state = 'withdrawn' or door = 'email'),
    check (num_nonnulls(account_id, contact_id) <= case state when 'withdrawn' then 0 else 1 end),
    check (uri is null or state <> 'withdrawn')
);

-- What who takes part answered to the questions of the organisers, for the community's key.
create table participation_fields (
    participation_id bigint primary key references participations on delete cascade,
    sealed bytea not null,
    over_at timestamptz                 -- since when the call takes no answers, as far as was noticed
);
create index participation_fields_over on participation_fields (over_at) where over_at is not null;

-- What was taken back before it came, or might come again: digests of the activities that gave an answer; with an end
-- where only the actor is known.
create table taken_back (
    post_id bigint not null references calls on delete cascade,
    digest bytea not null check (octet_length(digest) = 32),
    expires_at timestamptz,
    primary key (post_id, digest)
);
create index taken_back_expiring on taken_back (expires_at) where expires_at is not null;

-- What was undone by its id alone before it came: nobody knows what it is about.
create table undone_early (
    digest bytea primary key check (octet_length(digest) = 32),
    expires_at timestamptz not null
);
create index undone_early_expiring on undone_early (expires_at);

-- Why somebody answered so. It goes with the answer; how an objection was met is the stewards'.
create table reasons (
    participation_id bigint primary key references participations on delete cascade,
    -- Of its own and by chance: in the order of the answers it would tell whose it is.
    id bigint not null unique default trunc(random() * 9007199254740991)::bigint,
    reason text not null check (length(reason) between 1 and 2000),
    resolution text not null default '' check (length(resolution) <= 2000),
    resolved_at timestamptz,
    check ((resolved_at is null) = (resolution = ''))
);

-- One letter of a person to a target.
create table call_letters (
    participation_id bigint not null references participations on delete cascade,
    target_id bigint not null references call_targets on delete cascade,
    status text not null check (status in ('did', 'answered', 'unsent')),  -- unsent: it never went, and does not count
    said text not null default '' check (length(said) <= 2000),  -- what the target said, for stewards
    written_at timestamptz not null,
    primary key (participation_id, target_id)
);
create index on call_letters (target_id);

-- Calls whose letters this server may send for who takes part; so many to one target.
create table call_mailing (
    post_id bigint primary key references calls on delete cascade,
    per_hour integer not null check (per_hour between 1 and 20),
    per_day integer not null check (per_day between 1 and 200),
    hidden boolean not null,            -- whether addresses are for stewards alone
    active boolean not null default true -- whether letters are sent: what is hidden stays so without
);

-- The letters that it sends, as they were shown before.
create table target_mails (
    id bigint generated always as identity primary key,
    participation_id bigint not null,
    target_id bigint not null,
    subject text not null check (length(subject) between 1 and 200),
    body text not null check (length(body) between 1 and 8000),
    reply_to text not null check (length(reply_to) <= 254),  -- where an answer goes, as it was shown; empty: nowhere
    counts boolean not null,            -- whether who wrote it takes part since then
    state text not null check (state in ('queued', 'sent', 'stopped')),
    asked_at timestamptz not null,
    sent_at timestamptz,
    over_at timestamptz,                -- when the call was found to be over
    unique (participation_id, target_id),
    foreign key (participation_id, target_id) references call_letters on delete cascade,
    check ((state = 'sent') = (sent_at is not null))
);
create index on target_mails (target_id, state, id);
create index on target_mails (over_at);

-- Addresses to which no letters go from here any more, as a keyed fingerprint.
create table mail_refusals (
    fingerprint bytea primary key check (octet_length(fingerprint) = 32),
    refused_at timestamptz not null
);

-- How many mails were caused, and when; a key is a digest that names nobody: see server/domain/mailing/mail_budgets.py.
create table mail_counts (
    key text not null,
    at timestamptz not null,
    count integer not null check (count > 0),
    primary key (key, at)
);
create index on mail_counts (at);

-- What somebody promised to a need, or took of an offer.
create table commitments (
    participation_id bigint primary key references participations on delete cascade,
    quantity integer not null check (quantity between 1 and 1000000),
    said text not null default '' check (length(said) <= 500),
    state text not null check (state in ('promised', 'accepted', 'declined', 'fulfilled', 'cancelled')),
    changed_at timestamptz not null,
    uri text unique,                    -- of the Offer of somebody elsewhere
    agreement text,                     -- its name at the server of a call elsewhere
    check (state <> 'cancelled' or said = ''),
    check (num_nonnulls(uri, agreement) <= case state when 'cancelled' then 0 else 1 end)
);
create index commitments_agreement on commitments (agreement) where agreement is not null;
create index participations_account on participations (account_id);
create index participations_answered on participations (answered_at);
create index participations_role on participations (post_id, role) where role is not null;
create index participations_waiting on participations (post_id, turn) where state = 'waiting';

-- What those who take part were told of it, and the links with which those elsewhere take it back.
create table participation_tokens (
    digest bytea primary key check (octet_length(digest) = 32),  -- of the secret in the link
    participation_id bigint not null references participations on delete cascade,
    said text not null check (said in ('granted', 'waiting')),
    told_at timestamptz not null
);
create index participation_tokens_participation on participation_tokens (participation_id, told_at);

-- What was said before it became a call: a post of the same community.
create table call_origins (
    post_id bigint primary key references calls on delete cascade,
    from_post_id bigint not null references posts on delete cascade
);
create index call_origins_from on call_origins (from_post_id);

-- What a host was first sent for a call never changes.
create table call_forms (
    post_id bigint not null references calls on delete cascade,
    host text not null,
    form text not null check (form in ('card', 'event', 'gancio', 'page', 'beckon')),
    -- In whose name it was told: of the instance, which the host follows, or of the community.
    by_instance boolean not null default false,
    primary key (post_id, host)
);

-- Calls that were started from another one, which may be of any server, or be gone.
create table call_copies (
    post_id bigint primary key references calls on delete cascade,
    origin_uri text not null,  -- the id of the first call: never one that was started from another
    taken_off boolean not null default false  -- by those who steer the first
);
create index on call_copies (origin_uri, post_id);

-- Who came, as somebody wrote it down who is named here; forgotten soon, while the counts stay.
create table attendances (
    participation_id bigint primary key references participations on delete cascade,
    attended boolean not null,
    recorded_by bigint references accounts on delete set null,
    recorded_at timestamptz not null
);
create index attendances_by on attendances (recorded_by) where recorded_by is not null;

create table call_attendance (
    post_id bigint primary key references calls on delete cascade,
    attended integer not null check (attended >= 0),
    absent integer not null check (absent >= 0)
);

-- Who may write down who came, beside those who steer the community.
create table call_recorders (
    post_id bigint not null references calls on delete cascade,
    account_id bigint not null references accounts on delete cascade,
    primary key (post_id, account_id)
);
create index call_recorders_account on call_recorders (account_id);

-- When a call was marked as urgent, whether or not it still is: that is limited for each community.
create table urgent_calls (
    post_id bigint primary key references calls on delete cascade,
    community_id bigint not null references accounts on delete cascade,
    marked_at timestamptz not null
);
create index urgent_calls_community on urgent_calls (community_id, marked_at);

-- Calls that repeat: the template of those to come, which are made three ahead as ordinary calls.
create table call_series (
    id bigint generated always as identity primary key,
    community_id bigint not null references accounts on delete cascade,
    author_id bigint not null references accounts on delete cascade,
    rule text not null,                 -- RFC 5545, 3.3.10
    first_at timestamp not null,        -- by the clock on the wall
    lasts interval,
    timezone text not null,
    template jsonb not null,            -- what else an organiser says of a call
    state text not null default 'running' check (state in ('running', 'paused', 'ended')),
    made_until timestamp not null,      -- the last local time that was looked at
    confirmed_at timestamptz not null,  -- when an organiser last said that it goes on
    asked_at timestamptz,               -- since when that is asked anew
    created_at timestamptz not null
);
create index call_series_community on call_series (community_id, id);
create index call_series_author on call_series (author_id);

create table call_occurrences (
    post_id bigint primary key references calls on delete cascade,
    series_id bigint not null references call_series on delete cascade,
    local_at timestamp not null,        -- when the rule has it, however it was moved since
    unique (series_id, local_at)
);

-- What those who take part in a call are told, each once, in the order of their answers.
create table call_notices (
    id bigint generated always as identity primary key,
    post_id bigint not null references calls on delete cascade,
    what text not null check (what in ('reminder', 'morning', 'changed', 'postponed', 'cancelled',
        'reopened', 'outcome', 'message')),
    by_account_id bigint references accounts on delete set null,
    text text not null default '',      -- as it was typed: of a message, or why it is put off or called off
    created_at timestamptz not null,
    check (case when what = 'message' then text <> '' else text = '' or what in ('postponed', 'cancelled') end)
);
create index call_notices_post on call_notices (post_id, what, created_at);
create index call_notices_by on call_notices (by_account_id) where by_account_id is not null;

-- Who wants no reminders of what they take part in.
create table reminders_off (
    account_id bigint primary key references accounts on delete cascade
);

-- What a call asks that people can do.
create table call_skills (
    post_id bigint not null references calls on delete cascade,
    skill text not null check (length(skill) between 1 and 40),
    primary key (post_id, skill)
);
create index call_skills_skill on call_skills (skill);

-- How many of its own people another instance counted for a call of ours, as it last said; with no host, what
-- we last said of ours for a call of another. No names.
create table tallies (
    post_id bigint not null references calls on delete cascade,
    host text not null,
    seq bigint not null check (seq > 0),  -- grows with each
    own integer not null check (own >= 0),  -- its accounts,
    email integer not null check (email >= 0),  -- confirmed addresses,
    withdrawn integer not null check (withdrawn >= 0),
    told_at timestamptz not null,
    expressed jsonb not null default '{}',  -- and others, by server
    primary key (post_id, host)
);

-- What organisers say was counted outside. It is shown apart, and added to nothing.
create table call_claims (
    id bigint generated always as identity primary key,
    post_id bigint not null references calls on delete cascade,
    account_id bigint not null references accounts on delete cascade,
    people integer not null check (people > 0),
    what text not null check (what <> ''),
    evidence text not null check (evidence <> ''),
    created_at timestamptz not null
);
create index call_claims_post on call_claims (post_id);
create index call_claims_account on call_claims (account_id);

-- Which parts of its goal a call has reached, and when its community said so.
create table call_milestones (
    post_id bigint not null references calls on delete cascade,
    percent smallint not null check (percent > 0),
    reached_at timestamptz not null,
    announced_at timestamptz check (announced_at >= reached_at),
    primary key (post_id, percent)
);

create table home_entries (
    account_id bigint not null references accounts on delete cascade,
    post_id bigint not null references posts on delete cascade,
    subject_id bigint not null,         -- the post itself, or what is boosted: shown once
    primary key (account_id, post_id)
);
create unique index home_entries_once on home_entries (account_id, subject_id);
create index home_entries_post on home_entries (post_id);

-- Direct posts as their reader sees them: by thread and by who else takes part.
create table conversations (
    id bigint generated always as identity primary key,
    account_id bigint not null references accounts on delete cascade,
    thread_id bigint not null,
    participants bigint[] not null,     -- the others, in order
    unread boolean not null,
    unique (account_id, thread_id, participants)
);

create table conversation_posts (
    conversation_id bigint not null references conversations on delete cascade,
    post_id bigint not null references posts on delete cascade,
    primary key (conversation_id, post_id)
);
create index conversation_posts_post on conversation_posts (post_id);

create table notifications (
    id bigint generated by default as identity primary key,
    account_id bigint not null references accounts on delete cascade,
    type text not null check (type in
        ('mention', 'status', 'reblog', 'follow', 'follow_request', 'favourite', 'poll', 'update',
         'quote', 'quoted_update', 'admin.sign_up', 'admin.report', 'moderation_warning',
         'severed_relationships')),
    from_account_id bigint not null references accounts on delete cascade,
    post_id bigint references posts on delete cascade,
    about jsonb,                        -- the report, warning or event, as clients are shown it
    group_key text not null,            -- shown as one; of a single one, its own id
    filtered boolean not null default false,
    created_at timestamptz not null
);
create unique index notifications_once
    on notifications (account_id, type, from_account_id, post_id) nulls not distinct
    where about is null;
create index notifications_account on notifications (account_id, id);
create index notifications_group on notifications (account_id, group_key, id);
create index notifications_filtered on notifications (account_id, from_account_id) where filtered;
create index notifications_from on notifications (from_account_id);
create index notifications_post on notifications (post_id) where post_id is not null;

-- What those who run the instance tell all its members.
create table announcements (
    id bigint generated always as identity primary key,
    source text not null,
    content text not null,              -- HTML
    starts_at timestamptz,              -- of what it is about
    ends_at timestamptz,                -- when it is over, and shown no more
    published_at timestamptz not null,
    updated_at timestamptz not null,
    check (ends_at >= starts_at)
);

create table announcement_reads (
    announcement_id bigint not null references announcements on delete cascade,
    account_id bigint not null references accounts on delete cascade,
    primary key (announcement_id, account_id)
);
create index announcement_reads_account on announcement_reads (account_id);

create table announcement_reactions (
    id bigint generated always as identity primary key,
    announcement_id bigint not null references announcements on delete cascade,
    account_id bigint not null references accounts on delete cascade,
    name text not null,
    unique (announcement_id, account_id, name)
);
create index announcement_reactions_account on announcement_reactions (account_id);

-- How far a person has read, for all their clients.
create table markers (
    account_id bigint not null references accounts on delete cascade,
    timeline text not null check (timeline in ('home', 'notifications')),
    last_read_id bigint not null,
    version integer not null,
    updated_at timestamptz not null,
    primary key (account_id, timeline)
);

create table apps (
    id bigint generated always as identity primary key,
    client_id text not null unique,
    secret_digest bytea not null,
    name text not null,
    website text,
    redirect_uris text[] not null,
    scopes text[] not null,
    created_at timestamptz not null
);

create table authorization_codes (
    digest bytea primary key,
    app_id bigint not null references apps on delete cascade,
    user_id bigint not null references users on delete cascade,
    account_id bigint not null references accounts on delete cascade,
    redirect_uri text not null,
    scopes text[] not null,
    challenge text,                     -- PKCE, S256
    expires_at timestamptz not null,
    used_at timestamptz
);

create table tokens (
    id bigint generated always as identity primary key,
    digest bytea not null unique,
    app_id bigint not null references apps on delete cascade,
    user_id bigint references users on delete cascade,
    account_id bigint references accounts on delete cascade,  -- null: the app itself
    code_digest bytea,
    scopes text[] not null,
    created_at timestamptz not null,
    last_used_at timestamptz,
    check ((user_id is null) = (account_id is null))
);
create index tokens_account on tokens (account_id);
create index tokens_user on tokens (user_id);
create index tokens_code on tokens (code_digest) where code_digest is not null;

-- Where the browser or telephone of a token is reached (web push). It goes with its token.
create table push_subscriptions (
    id integer generated always as identity primary key,  -- clients read it as a 32-bit number
    token_id bigint not null unique references tokens on delete cascade,
    endpoint text not null,
    public_key bytea not null check (octet_length(public_key) = 65),
    auth bytea not null check (octet_length(auth) = 16),
    standard boolean not null,          -- RFC 8291; else the draft before it
    alerts text[] not null,             -- types of notifications
    policy text not null check (policy in ('all', 'followed', 'follower', 'none')),
    sealed_token bytea not null,        -- the secret of the token: see server/domain/members/push.py
    created_at timestamptz not null
);

-- Notifications that wait to be pushed, in a lane for each subscription.
create table pushes (
    id bigint generated always as identity primary key,
    subscription_id integer not null references push_subscriptions on delete cascade,
    notification_id bigint not null references notifications on delete cascade,
    attempts integer not null default 0,
    last_error text,
    created_at timestamptz not null,
    unique (subscription_id, notification_id)
);
create index pushes_notification on pushes (notification_id);

-- Signed in by a browser.
create table sessions (
    digest bytea primary key,
    id bigint generated always as identity unique,
    user_id bigint not null references users on delete cascade,
    account_id bigint not null references accounts on delete cascade,
    browser text not null default '',   -- what it is, roughly; no address is kept
    created_at timestamptz not null,
    used_at timestamptz not null,       -- to the hour
    expires_at timestamptz not null
);
create index sessions_user on sessions (user_id);

create table idempotency_keys (
    account_id bigint not null references accounts on delete cascade,
    key text not null,
    post_id bigint not null references posts on delete cascade,
    created_at timestamptz not null,
    primary key (account_id, key)
);
create index idempotency_keys_post on idempotency_keys (post_id);

-- Work that must happen: one row per lane, so that a dead host or a stuck object costs one row.
create table lanes (
    queue text not null,                -- 'inbox', 'delivery', 'jobs', 'push'
    key text not null,
    ready_at timestamptz not null,
    locked_until timestamptz,
    worker integer,                     -- who leased it; holds an advisory lock while it lives
    share text not null default '' collate "C",  -- with whom it takes turns: the domain it comes from
    primary key (queue, key)
);
create index lanes_ready on lanes (queue, ready_at);
create index lanes_turns on lanes (queue, share, ready_at);

create table inbox (
    id bigint generated always as identity primary key,
    origin text not null,
    activity_id text not null,
    request text not null default '',   -- which request, for what comes again under the same id
    signer text not null,               -- the actor whose key signed the request
    subject text not null,              -- the object that orders it: its lane
    domain text not null default '',    -- registrable: who shares a budget
    body bytea not null,                -- as it came: a proof covers these bytes
    state text not null default 'waiting' check (state in ('waiting', 'done', 'refused')),
    reason text,
    attempts integer not null default 0,
    received_at timestamptz not null,
    done_at timestamptz,
    unique (origin, activity_id, request)
);
create index inbox_waiting on inbox (subject, id) where state = 'waiting';
create index inbox_domain on inbox (domain) where state = 'waiting';
create index inbox_done on inbox (done_at) where state <> 'waiting';

create table outbox (
    id bigint generated always as identity primary key,
    uri text not null unique,
    account_id bigint not null references accounts on delete cascade,
    subject text not null,
    kind text not null default '',      -- what it does ('Update', 'Announce Update'), and to what: see
    about text not null default '',     -- server/domain/relevance.py
    body bytea not null,
    created_at timestamptz not null
);
create index outbox_account on outbox (account_id, subject);
create index outbox_created on outbox (created_at);

create table hosts (
    host text primary key,
    software text,                      -- as its NodeInfo says; null: not asked yet
    version text,
    active_users integer,
    checked_at timestamptz,
    scheme text not null default 'cavage' check (scheme in ('cavage', 'rfc9421')),
    failures integer not null default 0,
    failing_since timestamptz,
    tried_at timestamptz,               -- when it last took nothing
    last_success_at timestamptz,
    given_up_at timestamptz,
    returned_at timestamptz,            -- when it first took something after a month of nothing
    met_at timestamptz not null default now()
);
create index hosts_met on hosts (met_at);

-- What the hosts of one domain have used up of something in a window of time: see server/arriving/budgets.py.
create table budgets (
    rule text not null,
    key text not null,
    since timestamptz not null,
    used integer not null check (used > 0),
    primary key (rule, key, since)
);
create index budgets_since on budgets (since);

create table deliveries (
    id bigint generated always as identity primary key,
    outbox_id bigint not null references outbox on delete cascade,
    host text not null,
    inbox text not null,
    subject text not null,
    attempts integer not null default 0,
    ready_at timestamptz not null,
    last_error text,
    unique (outbox_id, inbox)
);
create index deliveries_host on deliveries (host, id);

create table jobs (
    id bigint generated always as identity primary key,
    lane text not null,
    kind text not null,
    args jsonb not null,
    attempts integer not null default 0,
    last_error text,
    run_at timestamptz not null,
    created_at timestamptz not null
);
-- The same work waiting twice is one job. By its digest, as an index takes no long texts.
create unique index jobs_once on jobs (lane, kind, md5(args::text));
create index jobs_lane on jobs (lane, run_at, id);
