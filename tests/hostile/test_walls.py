"""What a decoder could do that somebody has taken over by a file."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from server.decoding import process, walls

PROGRAM = """
import os, socket, sys
from pathlib import Path
from server.decoding import walls
source, out, other, parent, port = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4], int(sys.argv[5])
walls.put_up(Path(walls.__file__).parents[1], source, out)

def tried(name, act):
    try:
        act()
    except (OSError, PermissionError):
        return
    print(name)

tried("source", source.read_bytes)
tried("out", lambda: (out / "made").write_bytes(b"x"))
tried("rename", lambda: (out / "made").rename(out / "named"))
tried("other", other.read_bytes)
tried("list", lambda: os.listdir(other.parent))
tried("write", lambda: other.write_bytes(b"x"))
tried("change source", lambda: source.write_bytes(b"x"))
tried("settings", lambda: Path(f"/proc/{parent}/environ").read_bytes())
tried("memory", lambda: open(f"/proc/{parent}/mem", "rb"))
tried("passwords", lambda: Path("/etc/passwd").read_bytes())
tried("signal", lambda: os.kill(int(parent), 0))
tried("network", lambda: socket.create_connection(("127.0.0.1", port), 5))
tried("program", lambda: os.spawnv(os.P_WAIT, "/bin/sh", ["sh", "-c", f"cat {other} > {out}/got"]) and 1 / 1)
print((out / "got").read_bytes() if (out / "got").exists() else b"")
"""


@pytest.mark.skipif(walls.version() < 6, reason="this kernel has no such walls")
def test_it_reaches_its_own_file_and_folder_and_nothing_else(tmp_path: Path) -> None:
    folder, other, program = tmp_path / "own", tmp_path / "other", tmp_path / "program.py"
    out = folder / "out"
    out.mkdir(parents=True)
    source = folder / "source"
    source.write_bytes(b"given")
    other.write_bytes(b"secret")
    program.write_text(PROGRAM)
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = subprocess.run(
            [sys.executable, program, source, out, other, str(os.getpid()),
             str(server.getsockname()[1])],
            cwd=out,
            env={"PYTHONPATH": str(process.ROOT), "PATH": os.defpath},
            capture_output=True,
            text=True,
            check=True,
        )  # fmt: skip
    assert done.stdout.split("\n")[:-2] == ["source", "out", "rename", "program"]
    assert done.stdout.split("\n")[-2] == "b''"
