"""The command ``beckon``.

Exit codes: 0 done, 1 refused or faults found, 2 a command that cannot be read, 3 faults in the settings
(all of them are told), 4 no database. Errors are a sentence each on standard error; standard output holds
the result alone.

What a command needs is imported when it runs, so that `beckon --help` and a mistyped option answer at once.
"""

from __future__ import annotations

from server.cli import communities, hosts, people, running
from server.cli.base import main

__all__ = ["communities", "hosts", "main", "people", "running"]
