"""What a log tells of a failure: where it was, and nothing of what people sent."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

FAILING = """
import structlog
from server import logs
logs.configure("info", "{form}")
def handler():
    home = 45.46427
    raise RuntimeError("no good")
try:
    handler()
except RuntimeError:
    structlog.stdlib.get_logger("beckon.test").exception("failed", path="/area")
"""


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_failure_is_told_without_what_was_sent(form: str) -> None:
    code = FAILING.format(form=form)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "no good" in ran.stderr
    assert "handler" in ran.stderr
    assert "45.46427" not in ran.stderr
    if form == "json":
        assert json.loads(ran.stderr)["path"] == "/area"
