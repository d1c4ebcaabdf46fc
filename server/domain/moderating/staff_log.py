"""The log of those who run the instance: a row for every act that decides about others or about the whole.

The verbs write it in their own transaction, so that whatever door an act came by, it is here, and what failed is
not. An act without a person is one of the operator, who has the command line. Rows are never changed. Nobody but
those who run the instance reads them, so a reason may name things plainly.
"""

from __future__ import annotations

from collections.abc import Mapping

from server.domain.tx import Tx
from server.i18n import mark
from storage import staff_log
from storage.accounts import Account
from storage.users import User

ABOUT_MAX = 300
REASON_MAX = 1000
ACTIONS: Mapping[str, str] = {
    "none": mark("%(by)s sent a word to %(whom)s"),
    "sensitive": mark("%(by)s hid the media of %(whom)s"),
    "unsensitive": mark("%(by)s shows the media of %(whom)s again"),
    "disable": mark("%(by)s closed the account of %(whom)s to its owner"),
    "enable": mark("%(by)s lets %(whom)s sign in again"),
    "silence": mark("%(by)s silenced %(whom)s"),
    "unsilence": mark("%(by)s ended the silence of %(whom)s"),
    "suspend": mark("%(by)s suspended %(whom)s"),
    "unsuspend": mark("%(by)s ended the suspension of %(whom)s"),
    "erase": mark("%(by)s deleted %(what)s for good"),
    "role": mark("%(by)s gave %(whom)s another role: %(what)s"),
    "sign_out": mark("%(by)s ended all sessions of %(whom)s"),
    "password_alone": mark("%(by)s ended the codes and passkeys of %(whom)s"),
    "approve": mark("%(by)s let in %(whom)s"),
    "reject": mark("%(by)s refused a sign-up"),
    "report_sort": mark("%(by)s put report %(what)s under another heading"),
    "report_take": mark("%(by)s took on report %(what)s"),
    "report_let_go": mark("%(by)s left report %(what)s to others"),
    "report_resolve": mark("%(by)s closed report %(what)s"),
    "report_reopen": mark("%(by)s opened report %(what)s again"),
    "host_block": mark("%(by)s blocked the server %(what)s"),
    "host_change": mark("%(by)s changed the block of the server %(what)s"),
    "host_lift": mark("%(by)s lifted the block of the server %(what)s"),
    "host_import": mark("%(by)s brought in a list of blocks: %(what)s"),
    "host_allow": mark("%(by)s put %(what)s on the list of servers to speak with"),
    "host_disallow": mark("%(by)s took %(what)s off the list of servers to speak with"),
    "allow_import": mark("%(by)s brought in a list of servers to speak with: %(what)s"),
    "limit": mark("%(by)s limited this server to its list"),
    "unlimit": mark("%(by)s opened this server to all others"),
    "host_retry": mark("%(by)s had what waits for %(what)s tried at once"),
    "host_forget": mark("%(by)s dropped what waited for %(what)s"),
    "job_again": mark("%(by)s had a job done again: %(what)s"),
    "bar_add": mark("%(by)s keeps %(what)s from signing up"),
    "bar_change": mark("%(by)s changed what keeps %(what)s from signing up"),
    "bar_lift": mark("%(by)s no longer keeps %(what)s from signing up"),
    "describe": mark("%(by)s changed what this server says of itself: %(what)s"),
    "sign_ups": mark("%(by)s changed who may sign up: %(what)s"),
    "invite": mark("%(by)s made an invitation"),
    "uninvite": mark("%(by)s took back an invitation"),
    "announce": mark("%(by)s told all members: %(what)s"),
    "withdraw": mark("%(by)s took back announcement %(what)s"),
    "clean": mark("%(by)s cleaned up files"),
    "mail_test": mark("%(by)s sent a test mail"),
}
"""What was done, in a sentence: ``by`` whom, to ``whom``, and ``what`` it met where that is no account."""


async def note(
    tx: Tx,
    by: User | int | None,
    action: str,
    *,
    account: Account | None = None,
    about: str = "",
    reason: str = "",
) -> None:
    """``by``: the user who did it, or their id; None: the operator. ``action``: of ``ACTIONS``."""
    assert action in ACTIONS, action
    await staff_log.insert(
        tx.conn,
        by.id if isinstance(by, User) else by,
        action,
        account.id if account else None,
        about[:ABOUT_MAX],
        reason[:REASON_MAX],
        tx.now,
    )
