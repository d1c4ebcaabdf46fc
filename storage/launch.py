"""Becomes another program: changes the user, asks to be stopped when its parent dies, and execs.

Run as a script (``python -I -S launch.py PARENT SIGNAL UID GID PROGRAM …``), so that nothing has to
run between fork and exec in a process that has threads. A UID of -1 keeps the user. The order
matters: Linux forgets PR_SET_PDEATHSIG when the user changes (prctl(2)), so it is asked for last,
and a parent that died before that is noticed by the changed parent id.
"""

from __future__ import annotations

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def become(uid: int, gid: int) -> None:
    """Drop to ``uid`` and ``gid`` with no supplementary groups, for good."""
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def die_with(parent: int, signal: int) -> None:
    """Have the kernel send ``signal`` to this process when ``parent`` dies (Linux; else nothing)."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the parent died before this process could begin")


def main(arguments: list[str]) -> None:
    """Exec the program named after the four numbers; returns never."""
    parent, signal, uid, gid = map(int, arguments[:4])
    program = arguments[4:]
    os.umask(0o077)
    if uid >= 0:
        become(uid, gid)
    die_with(parent, signal)
    os.execv(program[0], program)  # noqa: S606 - the whole purpose


if __name__ == "__main__":
    main(sys.argv[1:])
