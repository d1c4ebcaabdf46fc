"""What every command shares: the group that they stand in, codes of exit, and the settings."""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from server import config
from server.config import Settings
from server.errors import BeckonError, DatabaseUnreachable, SettingsError
from server.version import VERSION

T = TypeVar("T")

REFUSED, WRONG_SETTINGS, NO_DATABASE = 1, 3, 4


@contextmanager
def exit_codes() -> Generator[None]:
    """Failures become sentences and codes."""
    try:
        yield
    except SettingsError as error:
        _end("\n".join(error.faults), WRONG_SETTINGS)
    except DatabaseUnreachable as error:
        _end(error.sentence, NO_DATABASE)
    except BeckonError as error:
        _end(error.sentence, REFUSED)


def _end(text: str, code: int) -> None:
    click.echo(text, err=True)
    sys.exit(code)


def carry_out(main: Callable[[Settings], Coroutine[Any, Any, T]], *, quiet: bool = True) -> T:
    """Run a command with the settings. ``quiet``: only warnings are logged, the result is the point."""
    from server import logs, run

    with exit_codes():
        settings = config.load()
        level = "warning" if quiet and settings.log_level == "info" else settings.log_level
        logs.configure(level, settings.log_format)
        return run.until_done(lambda: main(settings))
    raise AssertionError("exit_codes ends the process")


class Zone(click.ParamType[ZoneInfo]):
    """The name of a time zone, such as Europe/Rome."""

    name = "zone"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> ZoneInfo:
        try:
            return ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.fail(f"there is no time zone {value!r}; one is named like Europe/Rome", param, ctx)


LOCAL_TIME = click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"])
SHOWN = "2026-12-05T10:00"


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(VERSION, prog_name="beckon")
def main() -> None:
    """Beckon: small communities, and calls to action that cross servers.

    Settings come from the environment, or from the file that BECKON_CONFIG names; `beckon config` lists
    them. Commands may be used while `beckon serve` runs.
    """
