"""What is true of the data after anything whatever happened in a test of two servers.

``storage.check`` knows what holds always; here stand the rules that a running server may break and these
tests may not: nobody lowers the places of a call, and nothing fails by a fault of ours.
"""

from __future__ import annotations

from storage import check as rules
from tests.federation.instance import Instance

RULES = {
    "nobody has a place that is not there": """
        select post_id from calls where confirmed + expressed > capacity""",
    "an answer card is never a post": """
        select p.id from posts p join calls c on c.card_uri = p.uri""",
    "nothing failed by a fault of ours": """
        select id from inbox where reason = 'fault' union all
        select id from jobs where last_error is not null""",
    "what is ours is by one of ours": """
        select p.id from posts p join accounts a on a.id = p.account_id where p.local <> a.local""",
}


async def check(ours: Instance) -> None:
    """Raises ``AssertionError`` naming every rule that is broken, and by which rows."""
    broken = {rule: rows for rule, sql in RULES.items() if (rows := await ours.rows(sql))}
    async with ours.work.reading() as tx:
        faults = await rules.faults(tx.conn)
    assert (broken, faults) == ({}, [])
