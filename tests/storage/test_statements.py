"""Every SQL text of the program is prepared against the migrated database, and fits its row type."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import fields, is_dataclass

import asyncpg

import storage
from storage import db


def load_all() -> None:
    for module in pkgutil.iter_modules(storage.__path__):
        importlib.import_module(f"storage.{module.name}")


async def test_every_statement_is_valid_and_fits_its_row(database_url: str) -> None:
    load_all()
    assert len(db.statements) > 150
    conn = await asyncpg.connect(database_url)
    try:
        for text, row in db.statements:
            prepared = await conn.prepare(text)
            columns = [a.name for a in prepared.get_attributes()]
            if isinstance(row, tuple):
                for part in row:
                    named = [f.name for f in fields(part)]
                    assert sorted(columns[: len(named)]) == sorted(named), text
                    del columns[: len(named)]
                assert columns == [], text
            elif row is not None and is_dataclass(row):
                assert sorted(columns) == sorted(f.name for f in fields(row)), text
            elif row is not None:
                assert len(columns) == 1, text
            else:
                assert columns == [] or text.strip().lower().startswith("select"), text
    finally:
        await conn.close()


UNINDEXED = """
    select format('%s (%s)', c.conrelid::regclass, a.attname)
    from pg_constraint c
    join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
    where c.contype = 'f' and c.confrelid in ('posts'::regclass, 'accounts'::regclass)
        and c.conrelid not in ('authorization_codes'::regclass, 'sessions'::regclass)
        and not exists (
            select from pg_index i where i.indrelid = c.conrelid and i.indkey[0] = c.conkey[1])
"""


async def test_no_table_is_read_whole_when_a_post_or_an_account_goes(database_url: str) -> None:
    """Both go every day. Codes and sessions are few, and expire."""
    conn = await asyncpg.connect(database_url)
    try:
        assert [row[0] for row in await conn.fetch(UNINDEXED)] == []
    finally:
        await conn.close()
