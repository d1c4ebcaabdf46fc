"""The command ``beckon``.

Exit codes: 0 done, 1 refused or faults found, 2 a command that cannot be read, 3 faults in the settings
(all of them are told), 4 no database. Errors are a sentence each on standard error; standard output holds
the result alone.

What a command needs is imported when it runs, so that `beckon --help` and a mistyped option answer at once.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Coroutine, Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
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


# People, communities, calls


@main.group()
def announcement() -> None:
    """What all members are told."""


@announcement.command(name="create")
@click.argument("text")
@click.option("--until", type=LOCAL_TIME, help=f"When it is over, in UTC, such as {SHOWN}.")
def create_announcement(text: str, until: datetime | None) -> None:
    """Tell all members TEXT; prints its number."""
    from server import commands

    click.echo(carry_out(lambda settings: commands.make_announcement(settings, text, until)))


@announcement.command(name="list")
def list_announcements() -> None:
    """Print the announcements that are shown, a line each."""
    from server import commands

    click.echo("".join(carry_out(commands.announcements)), nl=False)


@announcement.command(name="delete")
@click.argument("number", type=int)
def delete_announcement(number: int) -> None:
    """Take announcement NUMBER back."""
    from server import commands

    carry_out(lambda settings: commands.withdraw_announcement(settings, number))


@main.group()
def account() -> None:
    """People of this instance."""


@account.command(name="create")
@click.argument("name")
@click.option("--email", required=True, help="Where to reach them. Not shown to anybody.")
@click.option("--password", help="Without it: asked for on a terminal, else made up and printed.")
@click.option(
    "--role",
    type=click.Choice(["member", "moderator", "admin"]),
    default="member",
    show_default=True,
    help="What they may do on this instance.",
)
def create_account(name: str, email: str, password: str | None, role: str) -> None:
    """Make an account for the handle NAME; prints the address of its profile."""
    from server import commands

    if password is None and sys.stdin.isatty():
        password = _ask_password()
    url, made = carry_out(lambda s: commands.create_account(s, name, email, password, role))
    click.echo(url)
    if made:
        click.echo(f"Password: {made}")


def _ask_password() -> str | None:
    given = click.prompt(
        "Password (empty: make one up)",
        default="",
        show_default=False,
        hide_input=True,
        confirmation_prompt=True,
        err=True,
    )
    return given or None


@account.command(name="approve")
@click.argument("name")
def approve_account(name: str) -> None:
    """Let NAME in, who signed up and waits for it."""
    from server import commands

    carry_out(lambda settings: commands.approve_account(settings, name))
    click.echo(f"@{name.removeprefix('@')} was let in.")


@account.command(name="reject")
@click.argument("name")
def reject_account(name: str) -> None:
    """Forget NAME, who signed up and waits to be let in."""
    from server import commands

    carry_out(lambda settings: commands.reject_account(settings, name))
    click.echo(f"@{name.removeprefix('@')} was turned away.")


@main.group()
def instance() -> None:
    """Say what this instance is."""


@instance.command(name="set")
@click.option(
    "--title", help="Its name. A running server shows it everywhere once it is restarted."
)
@click.option("--description", help="What it is for.")
@click.option("--rule", "rules", multiple=True, help="May be repeated; replaces all former rules.")
@click.option("--no-rules", is_flag=True, help="Take back all rules.")
@click.option("--contact", help="An e-mail address that everybody may see; empty for none.")
def describe_instance(
    title: str | None,
    description: str | None,
    rules: tuple[str, ...],
    no_rules: bool,
    contact: str | None,
) -> None:
    """Change what apps and the pages say of this instance; what is not given stays."""
    from server import commands

    if rules and no_rules:
        raise click.UsageError("--rule and --no-rules exclude each other")
    chosen = rules if rules or no_rules else None
    if title is None and description is None and chosen is None and contact is None:
        raise click.UsageError("nothing to change was given")
    carry_out(lambda settings: commands.describe(settings, title, description, chosen, contact))
    later = (
        ""
        if title is None
        else " The pages of a server that runs show the new title after a restart."
    )
    click.echo(f"Changed.{later}")


@main.command()
@click.argument("mode", type=click.Choice(["open", "approved", "invited", "closed"]))
def registrations(mode: str) -> None:
    """Say who may sign up: everybody (open), whom a moderator approves (approved), who has an invitation
    (invited), or nobody (closed), as it is at first. At once, while `beckon serve` runs.
    """
    from server import commands

    carry_out(lambda settings: commands.set_registrations(settings, mode))
    click.echo(f"Sign-up is {mode}.")


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


@main.group()
def invite() -> None:
    """Invitations to sign up."""


@invite.command(name="create")
@click.option(
    "--uses",
    type=click.IntRange(0, 100_000),
    default=1,
    show_default=True,
    help="How many people it invites; 0: any number.",
)
@click.option(
    "--days",
    type=click.IntRange(0, 3650),
    default=7,
    show_default=True,
    help="How long it is good; 0: for ever.",
)
def create_invite(uses: int, days: int) -> None:
    """Make an invitation; prints its link, which is shown this once."""
    from server import commands

    click.echo(carry_out(lambda s: commands.create_invite(s, uses or None, days or None)))


@main.group()
def token() -> None:
    """Tokens for programs."""


@token.command(name="create")
@click.argument("name")
@click.option(
    "--scopes",
    default="read write follow push",
    show_default=True,
    help="What it may do, separated by spaces.",
)
def create_token(name: str, scopes: str) -> None:
    """Make a token with which a program acts as NAME; prints the token and nothing else."""
    from server import commands

    click.echo(carry_out(lambda settings: commands.create_token(settings, name, scopes)))


@main.group()
def community() -> None:
    """Communities of this instance."""


@community.command(name="create")
@click.argument("name")
@click.option("--title", required=True, help="Its name for people.")
@click.option("--by", required=True, help="Who founds it: an account of ours, its first organiser.")
@click.option("--about", default="", help="What it is for.")
@click.option(
    "--policy",
    type=click.Choice(["open", "request", "invited"]),
    default="open",
    show_default=True,
    help="Whether anybody joins, or whom its organisers let in, or invite.",
)
@click.option(
    "--visibility",
    type=click.Choice(["public", "unlisted", "private"]),
    default="public",
    show_default=True,
    help="Whether it is listed, or only found by its address, or for its members alone.",
)
@click.option("--rule", "rules", multiple=True, help="A rule; give it once for each.")
def create_community(
    name: str,
    title: str,
    by: str,
    about: str,
    policy: str,
    visibility: str,
    rules: tuple[str, ...],
) -> None:
    """Make a community with the handle NAME; prints the address of its page."""
    from server import commands

    click.echo(
        carry_out(
            lambda s: commands.create_community(
                s, name, title, by, about, policy, rules, visibility
            )
        )
    )


@community.command(name="appoint")
@click.argument("name")
@click.option("--to", required=True, help="A member of the community.")
def appoint_organiser(name: str, to: str) -> None:
    """Make a member organiser of the community NAME, where whoever steered it fell silent."""
    from server import commands

    carry_out(lambda s: commands.appoint_organiser(s, name, to))


@main.group()
def call() -> None:
    """Calls to action."""


@call.command(name="create")
@click.argument("community")
@click.option("--title", required=True, help="What people are called to.")
@click.option(
    "--starts", type=LOCAL_TIME, metavar=SHOWN, required=True, help="As clocks there show it."
)
@click.option("--ends", type=LOCAL_TIME, metavar=SHOWN, help="As clocks there show it.")
@click.option("--timezone", type=Zone(), required=True, help="Such as Europe/Rome.")
@click.option("--by", required=True, help="Who calls: an organiser of the community.")
@click.option("--place", default="", help="The name of the place.")
@click.option("--address", default="", help="Street, number and town.")
@click.option("--capacity", type=click.IntRange(1), help="How many places there are.")
@click.option("--text", default="", help="More about it.")
def create_call(
    community: str,
    title: str,
    starts: datetime,
    ends: datetime | None,
    timezone: ZoneInfo,
    by: str,
    place: str,
    address: str,
    capacity: int | None,
    text: str,
) -> None:
    """Call the people of COMMUNITY to an event; prints the address of the call."""
    from server import commands
    from storage.calls import Details

    details = Details(
        starts_at=starts.replace(tzinfo=timezone),
        ends_at=ends.replace(tzinfo=timezone) if ends else None,
        timezone=timezone.key,
        place_name=place,
        place_address=address,
        capacity=capacity,
    )
    click.echo(carry_out(lambda s: commands.create_call(s, community, by, title, text, details)))


if __name__ == "__main__":
    main()
