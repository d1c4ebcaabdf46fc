"""docs/running.md and the files beside it name only what exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from server import cli
from server.config import OTHER_NAMES, Settings, variable

ROOT = Path(__file__).parents[1]
FILES = [
    "docs/running.md",
    "deploy/beckon.service",
    "deploy/Caddyfile.example",
    "deploy/nginx.conf.example",
    "deploy/Containerfile",
]
SETTINGS = {variable(name) for name in Settings.model_fields} | set(OTHER_NAMES)


@pytest.mark.parametrize("name", FILES)
def test_names_only_settings_that_exist(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert set(re.findall(r"BECKON_[A-Z0-9_]+|DATABASE_URL", text)) <= SETTINGS


@pytest.mark.parametrize("name", FILES)
def test_names_only_commands_that_exist(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    named = set(re.findall(r"(?:`|    |/bin/)beckon ([a-z]+)", text))
    assert named <= set(cli.main.commands)


@pytest.mark.parametrize("name", FILES)
def test_names_only_files_that_exist(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    for path in re.findall(r"(?:deploy|docs)/[A-Za-z][A-Za-z.\-]*[A-Za-z]", text):
        assert (ROOT / path).exists(), path
