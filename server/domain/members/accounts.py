"""Accounts: making those of ours, remembering those of others, and their end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from server import text
from server.domain import effects, wire
from server.domain.members import follows
from server.domain.members.names import check_username
from server.domain.moderating import host_blocks
from server.domain.posting import media
from server.domain.tx import Tx
from server.errors import Conflict, Invalid
from server.i18n import mark
from storage import accounts, outbox
from storage.accounts import Account, Key, Profile
from storage.db import UniqueViolation, next_id

log = structlog.get_logger()

NAME_MAX = 100
NOTE_MAX = 5000
FIELDS_MAX = 8


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that a remote actor lists. ``pem`` is SubjectPublicKeyInfo."""

    id: str
    kind: str
    pem: str


async def create(
    tx: Tx,
    kind: str,
    username: str,
    *,
    user_id: int | None = None,
    display_name: str = "",
    note: str = "",
    locked: bool = False,
    discoverable: bool = True,
) -> Account:
    """An account of ours, with its keys. Raises ``Invalid`` or ``Conflict`` (the handle is taken)."""
    account_id = await next_id(tx.conn, tx.now)
    profile = Profile(
        username=check_username(username) if kind != "application" else username,
        url=tx.site.urls.profile(username),
        inbox="",
        display_name=text.one_line(display_name, NAME_MAX),
        note=text.compose(note[:NOTE_MAX], {}, tx.site.urls.tag),
        note_source=note[:NOTE_MAX],
        locked=locked,
        discoverable=discoverable,
        bot=kind == "application",
    )
    uri = tx.site.urls.actor(account_id, kind)
    try:
        async with tx.conn.transaction():
            account = await accounts.insert(
                tx.conn,
                account_id,
                uri,
                kind,
                _with_endpoints(tx, uri, kind, profile),
                user_id=user_id,
                created_at=tx.now,
            )
    except UniqueViolation as error:
        raise Conflict(_taken(username, error), cause=str(error)) from error
    await _make_keys(tx, account)
    return account


def _taken(username: str, error: UniqueViolation) -> str:
    if error.constraint_name == accounts.LOOKS:
        return mark("The handle @%(handle)s looks too much like another one here.", handle=username)
    return mark("The handle @%(handle)s is taken.", handle=username)


def _with_endpoints(tx: Tx, uri: str, kind: str, profile: Profile) -> Profile:
    return replace(
        profile,
        url=uri if kind == "application" else profile.url,
        inbox=f"{uri}/inbox",
        shared_inbox=tx.site.urls.shared_inbox,
        outbox=f"{uri}/outbox",
        followers_uri=f"{uri}/followers",
        featured_uri=f"{uri}/featured",
        moderators_uri=f"{uri}/moderators" if kind == "group" else None,
    )


async def _make_keys(tx: Tx, account: Account) -> None:
    for key_id, kind, public, private in wire.new_keys(account.uri):
        key = Key(key_id, account.id, kind, public, private, tx.now)
        await accounts.add_key(tx.conn, key)


async def instance_actor(tx: Tx) -> Account:
    """The account that fetches in the name of the instance; made when first asked for."""
    found = await accounts.by_uri(tx.conn, tx.site.urls.instance_actor)
    if found:
        return found
    try:
        # Mastodon in secure mode looks it up as acct:HOST@HOST.
        return await create(tx, "application", tx.site.urls.domain.partition(":")[0])
    except Conflict:  # another process of this instance starts beside us and was faster
        found = await accounts.by_uri(tx.conn, tx.site.urls.instance_actor)
        if found is None:
            raise
        return found


async def edit_profile(
    tx: Tx,
    account: Account,
    *,
    display_name: str | None = None,
    note: str | None = None,
    fields: Sequence[tuple[str, str]] | None = None,
    locked: bool | None = None,
    bot: bool | None = None,
    discoverable: bool | None = None,
    indexable: bool | None = None,
    hide_collections: bool | None = None,
) -> Account:
    """Change what is given (None: leave it) and tell the followers. Raises ``Invalid``."""
    old = _profile_of(account)
    changed = replace(
        old,
        display_name=old.display_name if display_name is None else _name(display_name),
        note_source=old.note_source if note is None else _note(note),
        fields=old.fields if fields is None else _fields(tx, fields),
        locked=old.locked if locked is None else locked,
        bot=old.bot if bot is None else bot,
        discoverable=old.discoverable if discoverable is None else discoverable,
        indexable=old.indexable if indexable is None else indexable,
    )
    html = text.compose(changed.note_source, {}, tx.site.urls.tag)
    if hide_collections is not None:
        await accounts.hide_collections(tx.conn, account.id, hidden=hide_collections)
    new = await accounts.update_profile(tx.conn, account.id, replace(changed, note=html), None)
    await effects.profile(tx, new)
    return new


async def set_profile(tx: Tx, account: Account, **changes: object) -> Account:
    """Columns of ``Profile`` as they are to be stored. The caller has made them safe, and tells the followers."""
    profile = replace(_profile_of(account), **changes)
    name, source = _name(profile.display_name), _note(profile.note_source)
    return await accounts.update_profile(
        tx.conn, account.id, replace(profile, display_name=name, note_source=source), None
    )


def _name(value: str) -> str:
    if len(value) > NAME_MAX:
        raise Invalid(
            mark("A name has at most %(most)s characters.", most=NAME_MAX), field="display_name"
        )
    return text.one_line(value, NAME_MAX)


def _note(value: str) -> str:
    if len(value) > NOTE_MAX:
        raise Invalid(
            mark("A description has at most %(most)s characters.", most=NOTE_MAX), field="note"
        )
    return value


def _fields(tx: Tx, given: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    named = [(text.one_line(n, 255), v[:255]) for n, v in given if n.strip() or v.strip()]
    if len(named) > FIELDS_MAX:
        raise Invalid(
            mark("A profile has at most %(most)s fields.", most=FIELDS_MAX),
            field="fields_attributes",
        )
    return [
        {"name": n, "value": text.compose_line(v, tx.site.urls.tag), "source": v} for n, v in named
    ]


def _profile_of(account: Account) -> Profile:
    return Profile(**{name: getattr(account, name) for name in Profile.__dataclass_fields__})


async def remember(
    tx: Tx,
    uri: str,
    host: str,
    kind: str,
    profile: Profile,
    listed: Sequence[PublicKey],
    published: datetime | None,
    *,
    confirmed: bool = True,
) -> Account:
    """Write down what a remote actor says of itself, new or known. Its id never changes hands.

    ``confirmed``: both sides agree on the handle. Another actor that had it loses it then, else this one
    has none while the other keeps it: handles never merge accounts.
    """
    said = [f[key] for f in profile.fields for key in ("name", "value")]
    safe = replace(
        profile,
        display_name=text.one_line(profile.display_name, NAME_MAX),
        note=text.clean(profile.note),
        fields=[
            {"name": text.one_line(f["name"], 255), "value": text.clean(f["value"])}
            for f in profile.fields[:16]
        ],
        avatar_description=text.one_line(profile.avatar_description, media.DESCRIPTION_MAX),
        header_description=text.one_line(profile.header_description, media.DESCRIPTION_MAX),
        emojis=text.emojis_used(profile.emojis, profile.display_name, profile.note, *said),
    )
    known = await accounts.by_uri(tx.conn, uri)
    if known:
        await _note_new_keys(tx, known, listed)
    ends_in = safe.handle_host or host
    if confirmed:
        await accounts.lose_handle(tx.conn, safe.username, ends_in, uri)
    else:
        holder = await accounts.by_handle(tx.conn, safe.username, ends_in)
        safe = replace(safe, handle_lost=holder is not None and holder.uri != uri)
    if known:
        account = await accounts.update_profile(tx.conn, known.id, safe, tx.now)
    else:
        account = await _meet(tx, uri, host, kind, safe, published)
    await accounts.replace_keys(
        tx.conn,
        account.id,
        [Key(k.id, account.id, k.kind, k.pem, None, tx.now) for k in listed],
    )
    return account


async def _note_new_keys(tx: Tx, known: Account, listed: Sequence[PublicKey]) -> None:
    """All keys of an actor at once are other ones: its domain may have a new owner, who operators look at.

    Where its server had been gone for a month, too, its people are asked about anew (``follows.doubt``).
    """
    before = {key.public for key in await accounts.keys_of(tx.conn, known.id)}
    if before and before.isdisjoint(key.pem for key in listed):
        log.warning("actor.keys_replaced", actor=known.uri, fetched_at=known.fetched_at)
        host = await outbox.host(tx.conn, known.host)
        if host and host.was_gone(known.fetched_at, tx.now):
            await follows.doubt(tx, known.host)


async def _meet(
    tx: Tx, uri: str, host: str, kind: str, profile: Profile, published: datetime | None
) -> Account:
    """A new row, or the one of somebody who met the same actor at the same moment."""
    account_id = await next_id(tx.conn, tx.now)
    created = min(published or tx.now, tx.now)
    try:
        async with tx.conn.transaction():
            made = await accounts.insert(
                tx.conn, account_id, uri, kind, profile,
                host=host, created_at=created, fetched_at=tx.now,
            )  # fmt: skip
            return await host_blocks.met(tx, made)
    except UniqueViolation:
        known = await accounts.by_uri(tx.conn, uri)
        if known is None:
            raise
        return await accounts.update_profile(tx.conn, known.id, profile, tx.now)
