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
    "none": mark("sent a word to"),
    "sensitive": mark("hid the media of"),
    "unsensitive": mark("shows the media again of"),
    "disable": mark("closed the account to its owner:"),
    "enable": mark("opened the account to its owner again:"),
    "silence": mark("silenced"),
    "unsilence": mark("ended the silence of"),
    "suspend": mark("suspended"),
    "unsuspend": mark("ended the suspension of"),
    "erase": mark("deleted for good"),
    "role": mark("changed the role of"),
    "sign_out": mark("ended all sessions of"),
    "approve": mark("let in"),
    "reject": mark("refused a sign-up"),
    "report_sort": mark("sorted report"),
    "report_take": mark("took on report"),
    "report_let_go": mark("let go of report"),
    "report_resolve": mark("closed report"),
    "report_reopen": mark("opened again report"),
    "host_block": mark("blocked the server"),
    "host_change": mark("changed the block of the server"),
    "host_lift": mark("lifted the block of the server"),
    "host_import": mark("brought in a list of blocks"),
    "host_allow": mark("put on the list of servers"),
    "host_disallow": mark("took off the list of servers"),
    "allow_import": mark("brought in a list of servers to speak with"),
    "limit": mark("limited this server to its list"),
    "unlimit": mark("opened this server to all others"),
    "host_retry": mark("tried again at once"),
    "host_forget": mark("dropped what waited for"),
    "job_again": mark("ran again the job"),
    "bar_add": mark("kept from signing up"),
    "bar_change": mark("changed who is kept from signing up"),
    "bar_lift": mark("no longer keeps from signing up"),
    "describe": mark("changed what this server says of itself"),
    "sign_ups": mark("changed who may sign up"),
    "invite": mark("made an invitation"),
    "uninvite": mark("took back an invitation"),
    "announce": mark("told all members"),
    "withdraw": mark("took back an announcement"),
    "clean": mark("cleaned up files"),
    "mail_test": mark("sent a test mail"),
}
"""What was done, said after the name of who did it and before whom or what it met."""


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
