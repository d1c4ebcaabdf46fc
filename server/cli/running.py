"""Commands that run an instance and keep its data."""

from __future__ import annotations

import json
import sys
from collections.abc import Coroutine, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from server import config
from server.cli.base import REFUSED, carry_out, main
from server.config import Settings

# Running


@main.command()
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="How many processes share the address. One is enough for most; PostgreSQL runs beside them.",
)
@click.option("--no-work", is_flag=True, help="Leave deliveries and other work to `beckon work`.")
@click.option("--socket", type=int, hidden=True, help="A listening socket of our parent's.")
def serve(processes: int, no_work: bool, socket: int | None) -> None:
    """Serve this instance until Ctrl-C or SIGTERM.

    Starts PostgreSQL too, unless DATABASE_URL names one. The first start prints a link with which the
    first administrator is made.
    """
    from server import commands

    def run(settings: Settings) -> Coroutine[Any, Any, None]:
        if socket is not None:
            return commands.serve_on(settings, socket, work=not no_work)
        if processes > 1:
            return commands.serve_many(settings, processes, work=not no_work)
        return commands.serve(settings, work=not no_work)

    carry_out(run, quiet=False)


@main.command()
def work() -> None:
    """Deliver, apply what arrives and run jobs, without serving, until Ctrl-C or SIGTERM."""
    from server import commands

    carry_out(commands.work, quiet=False)


@main.command()
@click.option(
    "--seconds", type=click.FloatRange(0), help="End by itself so long after all is shown."
)
def demo(seconds: float | None) -> None:
    """Run three instances on this machine that federate with each other, to try things out.

    They serve https on loopback addresses, with people, two communities and a call that crosses them.
    Ctrl-C ends it and leaves nothing behind.
    """
    from server import demo

    carry_out(lambda _: demo.run(seconds))


# The database


@main.command()
def migrate() -> None:
    """Bring the database to the version of this code. `serve` and the others do so by themselves."""
    from server import commands

    applied = carry_out(commands.bring_forward)
    click.echo("\n".join(applied) if applied else "The database is up to date.")


@main.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE where it is there already.")
def backup(file: Path, force: bool) -> None:
    """Write everything that this instance holds into FILE, while it runs or not.

    FILE holds private keys and passwords' digests: only its owner may read it. The secret that opens contact
    data is not in it: keep a copy of the file secret in BECKON_DATA (or of BECKON_SECRET) elsewhere.
    """
    from server import backup

    made = carry_out(lambda settings: backup.backup(settings, file, force=force))
    click.echo(made.sentence("Wrote"))


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--without-contacts",
    is_flag=True,
    help="Give up contact data whose secret (BECKON_SECRET) is lost.",
)
def restore(file: Path, without_contacts: bool) -> None:
    """Make an instance out of FILE, which `beckon backup` wrote: into an empty database, while nothing
    serves it, under the same BECKON_DOMAIN, and with the same BECKON_SECRET.
    """
    from server import backup

    made = carry_out(
        lambda settings: backup.restore(settings, file, without_contacts=without_contacts)
    )
    click.echo(made.sentence("Restored"))


@main.command()
def check() -> None:
    """Count everything again and look for what cannot be. Exit code 1 where something is wrong."""
    from server import commands

    faults = carry_out(commands.find_faults)
    click.echo("\n".join(faults) if faults else "All is well.")
    sys.exit(REFUSED if faults else 0)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def status(as_json: bool) -> None:
    """Show versions, the size of the database, and what waits: arrivals, deliveries, jobs, and why."""
    from server import commands

    found = carry_out(commands.status)
    click.echo(json.dumps(found, indent=2) if as_json else "\n".join(status_lines(found)))


def status_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """The same for people: a figure on each line, then a line for everything that waits."""
    for name, value in found.items():
        if name == "database_bytes":
            yield f"{'database':<18}{value / 1e6:.1f} MB"
        elif not isinstance(value, list | dict) and value is not None:
            yield f"{name.replace('_', ' '):<18}{value}"
    yield from _waiting_lines(found)


def _waiting_lines(found: Mapping[str, Any]) -> Iterator[str]:
    for lane in found["deliveries"]:
        why = f", {lane['last_error']}" if lane["last_error"] else ""
        failing = f", failing since {lane['failing_since']}" if lane["failing_since"] else ""
        next_at = f"next at {lane['ready_at']}"
        yield f"  to {lane['host']}: {lane['waiting']} since {lane['oldest']}, {next_at}{failing}{why}"
    for row in found["arrivals"]:
        why = f", {', '.join(row['reasons'])}" if row["reasons"] else ""
        yield f"  from {row['domain']}: {row['waiting']} since {row['oldest']}{why}"
    for row in found["jobs"]:
        why = f", {row['failing']} tried before, {row['last_error']}" if row["failing"] else ""
        yield f"  job {row['kind']}: {row['waiting']}, next at {row['next_at']}{why}"
    pushes = found["pushes"]
    if pushes["waiting"]:
        why = f", {pushes['last_error']}" if pushes["last_error"] else ""
        yield f"  to push: {pushes['waiting']} since {pushes['oldest']}{why}"
    for row in found["over_budget"]:
        yield f"  over budget: {row['rule']} of {row['key']}, {row['used']} since {row['since']}"
    for row in found["refused"]:
        yield f"  refused within a day: {row['count']} {row['reason']}"


@main.command(name="config")
def print_config() -> None:
    """Print every setting with its meaning and default, in the form of an environment file."""
    click.echo(config.reference(), nl=False)
