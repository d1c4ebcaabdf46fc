"""Commands about communities and their calls."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import click

from server.cli.base import LOCAL_TIME, SHOWN, Zone, carry_out, main


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
