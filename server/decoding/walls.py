"""Walls around the process that opens one file: what a decoder with a hole in it can still reach.

Linux 5.13 and later have them (Landlock, Linux's Documentation/userspace-api/landlock.rst): from then on the
process reads the programs it is made of and its one file, writes to its one folder, reaches no other process
(in ``/proc`` stand the settings of the server), and, from 6.7 on, nobody over TCP. Elsewhere there are none:
the clean environment, the limits and the short life of a worker are all that holds there.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterable
from pathlib import Path

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same numbers on every architecture
_VERSION = 1
_PATH_BENEATH = 1
_NO_NEW_PRIVS = 38  # prctl(2)
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_OF_FILES = (
    _EXECUTE | _WRITE_FILE | _READ_FILE | 1 << 14 | 1 << 15
)  # what a rule for a file may hold
_BITS = {1: 13, 2: 14, 3: 15, 4: 15}  # of the file system, by version; later ones have 16
_TCP = 0b11  # bind and connect
_SCOPES = 0b11  # abstract sockets, and signals, of others
_PROGRAMS = ("/usr", "/lib", "/lib64", "/bin", "/nix/store", "/etc/ld.so.cache")
_DEVICES = ("/dev/null", "/dev/urandom")


class _Ruleset(ctypes.Structure):
    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


_libc = ctypes.CDLL(None, use_errno=True)


def version() -> int:
    """Of Landlock here; 0 where there is none."""
    if sys.platform != "linux":
        return 0
    return max(_libc.syscall(_CREATE, None, ctypes.c_size_t(0), _VERSION), 0)


def put_up(code: Path, source: Path, out: Path) -> None:
    """For the rest of this process. ``code``: the folder of our own modules. Raises ``OSError``."""
    kernel = version()
    if not kernel:
        return
    every = (1 << _BITS.get(kernel, 16)) - 1
    wanted = _Ruleset(every, _TCP if kernel >= 4 else 0, _SCOPES if kernel >= 6 else 0)
    size = 8 if kernel < 4 else 16 if kernel < 6 else 24
    rules = _checked(_libc.syscall(_CREATE, ctypes.byref(wanted), ctypes.c_size_t(size), 0))
    try:
        for path in (*_programs(), code, source, *map(Path, _DEVICES)):
            _allow(rules, path, _READ)
        _allow(rules, out, every)
        _checked(_libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0))
        _checked(_libc.syscall(_RESTRICT, rules, 0))
    finally:
        os.close(rules)


def _programs() -> Iterable[Path]:
    """Where Python and its packages are; not the folder that all of ours lies in, nor where we work."""
    packages = (p for p in sys.path if "site-packages" in p or "dist-packages" in p)
    return map(Path, (*_PROGRAMS, sys.prefix, sys.base_prefix, *packages))


def _allow(rules: int, path: Path, access: int) -> None:
    """On a path and all below it; nothing where there is no such path."""
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        allowed = access if path.is_dir() else access & _OF_FILES
        rule = _Beneath(allowed, opened)
        _checked(_libc.syscall(_ADD, rules, _PATH_BENEATH, ctypes.byref(rule), 0))
    finally:
        os.close(opened)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
