"""Commands about other servers: which are kept out, let in, and followed."""

from __future__ import annotations

from pathlib import Path

import click

from server.cli.base import carry_out, main

_DRY_RUN = click.option("--dry-run", is_flag=True, help="Only say what would come of it.")
_FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@main.group()
def blocks() -> None:
    """Hosts that are kept out or down, as a file (CSV) that servers pass on to each other."""


@blocks.command(name="export")
def export_blocks() -> None:
    """Print all blocks; comments for the moderators alone are left out."""
    from server import host_commands

    click.echo(carry_out(host_commands.export_blocks), nl=False)


@blocks.command(name="import")
@_FILE
@_DRY_RUN
def import_blocks(file: Path, dry_run: bool) -> None:
    """Block the hosts of FILE: such a CSV, or a domain on each line, which is then suspended. Where a host
    is blocked already, the stricter of both holds. A file with a bad line changes nothing.
    """
    from server import host_commands

    done = carry_out(lambda s: host_commands.import_blocks(s, file, dry_run=dry_run))
    host_commands.say_imported(done, dry_run=dry_run)


@main.group()
def allows() -> None:
    """The only hosts that a limited instance speaks with (see `beckon limit`)."""


@allows.command(name="add")
@click.argument("host")
def add_allow(host: str) -> None:
    """Put HOST, with all below it, on the list."""
    from server import host_commands

    click.echo(f"{carry_out(lambda s: host_commands.add(s, host))} is on the list.")


@allows.command(name="remove")
@click.argument("host")
def remove_allow(host: str) -> None:
    """Take HOST from the list."""
    from server import host_commands

    click.echo(f"{carry_out(lambda s: host_commands.remove(s, host))} is no longer on the list.")


@allows.command(name="export")
def export_allows() -> None:
    """Print the list."""
    from server import host_commands

    click.echo(carry_out(host_commands.export_allows), nl=False)


@allows.command(name="import")
@_FILE
@_DRY_RUN
def import_allows(file: Path, dry_run: bool) -> None:
    """Put the hosts of FILE on the list: a CSV, or a domain on each line."""
    from server import host_commands

    count = carry_out(lambda s: host_commands.import_allows(s, file, dry_run=dry_run))
    click.echo(f"{count} {'would be ' if dry_run else ''}added.")


@main.command()
@click.argument("mode", type=click.Choice(["on", "off"]))
def limit(mode: str) -> None:
    """Speak with the hosts of `beckon allows` only (on), or with all that are not blocked (off). At once,
    while `beckon serve` runs.
    """
    from server import host_commands

    count = carry_out(lambda s: host_commands.limit(s, limited=mode == "on"))
    said = f"only with the {count} hosts on the list" if mode == "on" else "with all servers"
    click.echo(f"This instance speaks {said}.")


@main.group()
def instances() -> None:
    """Other servers, followed as a whole: their public events and posts are shown where everybody looks."""


@instances.command(name="follow")
@click.argument("host")
def follow_instance(host: str) -> None:
    """Follow HOST; it is asked as soon as `beckon serve` runs."""
    from server import host_commands

    click.echo(f"{carry_out(lambda s: host_commands.follow(s, host))} is asked.")


@instances.command(name="unfollow")
@click.argument("host")
def unfollow_instance(host: str) -> None:
    """Follow HOST no more; what came from it stays."""
    from server import host_commands

    click.echo(f"{carry_out(lambda s: host_commands.unfollow(s, host))} is followed no more.")


@instances.command(name="list")
def list_instances() -> None:
    """Print who is followed."""
    from server import host_commands

    for row in carry_out(host_commands.followed):
        click.echo(f"{row.host} {'accepted' if row.accepted_at else 'requested'}")
