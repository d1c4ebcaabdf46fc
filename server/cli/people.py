"""Commands about people, and about what the instance says to them."""

from __future__ import annotations

import sys
from datetime import datetime

import click

from server.cli.base import LOCAL_TIME, SHOWN, carry_out, main


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


@account.command(name="role")
@click.argument("name")
@click.argument("role", type=click.Choice(["member", "moderator", "admin"]))
def set_role(name: str, role: str) -> None:
    """Give NAME another ROLE. There is always an administrator."""
    from server import commands

    carry_out(lambda settings: commands.set_role(settings, name, role))
    click.echo(f"@{name.removeprefix('@')} has the role {role}.")


@account.command(name="password-alone")
@click.argument("name")
def password_alone(name: str) -> None:
    """Ask NAME for no code and no passkey any more, who has lost them."""
    from server import commands

    carry_out(lambda settings: commands.password_alone(settings, name))
    click.echo(f"@{name.removeprefix('@')} signs in with the password alone.")


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
