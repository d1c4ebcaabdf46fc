"""The command line as its users meet it: what it prints, where, and with which exit code."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import asyncpg
import click
import pytest
from click.testing import CliRunner

from server import config
from server.cli import main
from tests.conftest import with_database
from tests.serving import ROOT, beckon, environment

Command = Callable[..., CompletedProcess[str]]


@pytest.fixture
def env(place: Path, free_port: Callable[[], int], database_url: str) -> dict[str, str]:
    return environment(place / "data", free_port(), DATABASE_URL=database_url)


@pytest.fixture
def run(env: dict[str, str]) -> Command:
    return lambda *words, **settings: beckon(env | settings, *words)


def succeeds(done: CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def fails(done: CompletedProcess[str], code: int) -> str:
    assert done.returncode == code, done.stdout + done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.stderr.strip()


def gardener(run: Command) -> None:
    succeeds(run("account", "create", "gardener", "--email", "g@mail.example"))


def garden(run: Command) -> None:
    gardener(run)
    succeeds(run("community", "create", "garden", "--title", "The garden", "--by", "gardener"))


# --- help


def commands(group: click.Group, *before: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        yield (*before, name), command
        if isinstance(command, click.Group):
            yield from commands(command, *before, name)


EVERY = {"beckon": ((), main)} | {" ".join(words): (words, c) for words, c in commands(main)}


@pytest.mark.parametrize(("words", "command"), EVERY.values(), ids=EVERY)
def test_every_command_explains_itself(words: tuple[str, ...], command: click.Command) -> None:
    shown = CliRunner().invoke(main, [*words, "--help"])
    assert shown.exit_code == 0
    assert shown.output.startswith("Usage: ")
    assert command.help, "says what it does"
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.hidden or option.help, f"{option.name} says what it is for"


def test_the_example_environment_is_what_config_prints() -> None:
    shown = CliRunner().invoke(main, ["config"])
    assert shown.output == (ROOT / "deploy" / "env.example").read_text(encoding="utf-8")
    assert shown.output == config.reference()


# --- settings and usage


def test_all_faults_of_the_settings_are_told_at_once(run: Command) -> None:
    told = fails(
        run(
            "status",
            BECKON_LISTEN="nowhere",
            BECKON_FEDERATION="maybe",
            BECKON_DATABASE_CONNECTIONS="0",
            BECKON_TLS_CERT="/nowhere.pem",
            BECKON_MISSPELT="1",
        ),
        3,
    )
    named = re.findall(r"^BECKON_[A-Z_]+", told, re.MULTILINE)
    assert set(named) == {
        "BECKON_LISTEN",
        "BECKON_FEDERATION",
        "BECKON_DATABASE_CONNECTIONS",
        "BECKON_TLS_CERT",
        "BECKON_MISSPELT",
    }
    assert all(line.endswith(".") for line in told.splitlines())


def test_a_certificate_without_its_key_is_refused(run: Command, place: Path) -> None:
    for name in ("cert.pem", "key.pem"):
        (place / name).write_text("no PEM")
    cert, key = str(place / "cert.pem"), str(place / "key.pem")
    assert "BECKON_TLS_KEY" in fails(run("serve", BECKON_TLS_CERT=cert), 3)
    told = fails(run("serve", BECKON_TLS_CERT=cert, BECKON_TLS_KEY=key), 3)
    assert told.startswith("BECKON_TLS_CERT and its key cannot be used together")


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["serve", "--processes", "0"],
        ["account", "create", "gardener"],
        ["account", "create", "gardener", "--email", "g@mail.example", "--role", "king"],
        ["community", "create", "garden", "--title", "x", "--by", "y", "--policy", "secret"],
        ["call", "create", "garden", "--title", "x", "--by", "y", "--starts", "soon"],
        ["restore", "/nowhere/at/all"],
    ],
    ids=" ".join,
)
def test_a_command_that_cannot_be_read(run: Command, words: list[str]) -> None:
    fails(run(*words), 2)


def test_operators_appoint_a_member_alone(run: Command) -> None:
    garden(run)
    succeeds(run("account", "create", "neighbour", "--email", "n@mail.example"))
    assert "Only a member" in fails(run("community", "appoint", "garden", "--to", "neighbour"), 1)
    assert "is no community" in fails(run("community", "appoint", "neighbour", "--to", "garden"), 1)
    succeeds(run("community", "appoint", "garden", "--to", "gardener"))
    closed = (
        "--title",
        "Shed",
        "--by",
        "gardener",
        "--policy",
        "invited",
        "--visibility",
        "private",
    )
    succeeds(run("community", "create", "shed", *closed))


# --- the database


def unreachable(url: str) -> dict[str, str]:
    return {
        "nobody there": "postgresql://beckon@127.0.0.1:1/beckon",
        "no such database": with_database(url, "nothing"),
        "no such role": url.replace("//beckon:", "//nobody:"),
        "no such host": "postgresql://beckon@nowhere.invalid/beckon",
        "not readable": "postgresql://beckon@127.0.0.1:port/beckon",
    }


@pytest.mark.parametrize("which", list(unreachable("")))
def test_no_database(run: Command, database_url: str, which: str) -> None:
    told = fails(run("status", DATABASE_URL=unreachable(database_url)[which]), 4)
    assert told.startswith("PostgreSQL cannot be reached: ")


async def test_a_database_that_is_too_new(run: Command, connection: asyncpg.Connection) -> None:
    await connection.execute(
        "insert into schema_migrations (version, name, digest, oldest_code)"
        " values (9999, '9999_later', '', 9999)"
    )
    assert "upgrade it" in fails(run("status"), 1)


def test_migrate_says_what_it_did(run: Command, empty_database_url: str) -> None:
    assert "0001_first" in succeeds(run("migrate", DATABASE_URL=empty_database_url))
    assert "up to date" in succeeds(run("migrate", DATABASE_URL=empty_database_url))


# --- people, communities, calls


def test_an_account_with_a_password_made_up(run: Command) -> None:
    printed = succeeds(run("account", "create", "gardener", "--email", "g@mail.example"))
    address, password = printed.splitlines()
    assert re.fullmatch(r"http://localhost:\d+/@gardener", address)
    assert re.fullmatch(r"Password: [\w-]{16}", password)


def test_a_password_of_ones_own_is_not_printed(run: Command) -> None:
    password = secrets.token_urlsafe(12)
    words = ("account", "create", "gardener", "--email", "g@mail.example", "--password", password)
    assert len(succeeds(run(*words)).splitlines()) == 1


def test_what_is_no_account(run: Command) -> None:
    gardener(run)
    create = ("account", "create")
    assert "taken" in fails(run(*create, "Gardener", "--email", "h@mail.example"), 1)
    assert "cannot be used" in fails(run(*create, "other", "--email", "G@mail.example"), 1)
    assert "letters" in fails(run(*create, "gard-ener", "--email", "h@mail.example"), 1)
    assert "reserved" in fails(run(*create, "admin", "--email", "h@mail.example"), 1)
    assert "e-mail" in fails(run(*create, "other", "--email", "nothing"), 1)
    short = run(*create, "other", "--email", "h@mail.example", "--password", "short")
    assert "8 to 200" in fails(short, 1)


def test_an_announcement_comes_and_goes(run: Command) -> None:
    made = succeeds(
        run("announcement", "create", "We meet #outside", "--until", "2090-05-01T10:00")
    )
    assert made.strip() == "1"
    assert succeeds(run("announcement", "list")).endswith("  We meet #outside\n")
    assert succeeds(run("announcement", "delete", "1")) == ""
    assert succeeds(run("announcement", "list")) == ""
    assert "not found" in fails(run("announcement", "delete", "1"), 1)
    assert "characters" in fails(run("announcement", "create", " "), 1)


def test_a_token_and_nothing_else(run: Command) -> None:
    garden(run)
    assert re.fullmatch(r"[\w-]{43}\n", succeeds(run("token", "create", "@gardener")))
    assert "no @nobody here" in fails(run("token", "create", "nobody"), 1)
    assert "nobody who signs in" in fails(run("token", "create", "garden"), 1)
    assert "scope" in fails(run("token", "create", "gardener", "--scopes", "everything"), 1)


async def test_who_may_sign_up(run: Command, connection: asyncpg.Connection) -> None:
    assert succeeds(run("registrations", "invited")) == "Sign-up is invited.\n"
    assert await connection.fetchval("select registrations from instance") == "invited"
    fails(run("registrations", "maybe"), 2)
    link = succeeds(run("invite", "create", "--uses", "0", "--days", "0"))
    assert re.fullmatch(r"http://localhost:\d+/invite/[\w-]{43}\n", link)
    row = await connection.fetchrow("select max_uses, expires_at from invites")
    assert tuple(row or ()) == (None, None)


async def test_what_the_instance_is(run: Command, connection: asyncpg.Connection) -> None:
    given = ("--title", "The garden", "--description", "Beans", "--contact", "us@people.example")
    assert succeeds(run("instance", "set", *given)).startswith("Changed.")
    assert succeeds(run("instance", "set", "--rule", "Be kind", "--rule", "No spam"))
    row = await connection.fetchrow("select title, description, contact_email, rules from instance")
    assert tuple(row or ()) == ("The garden", "Beans", "us@people.example", ["Be kind", "No spam"])
    fails(run("instance", "set"), 2)
    fails(run("instance", "set", "--rule", "x", "--no-rules"), 2)
    for wrong in (("--title", " "), ("--rule", ""), ("--contact", "nobody")):
        fails(run("instance", "set", *wrong), 1)
    assert succeeds(run("instance", "set", "--no-rules", "--contact", ""))
    row = await connection.fetchrow("select title, contact_email, rules from instance")
    assert tuple(row or ()) == ("The garden", "", [])


async def test_roles_and_who_has_lost_their_key(
    run: Command, connection: asyncpg.Connection
) -> None:
    garden(run)
    succeeds(run("account", "create", "warden", "--email", "warden@mail.example"))
    assert succeeds(run("account", "role", "warden", "admin")) == "@warden has the role admin.\n"
    assert "Nobody else runs" in fails(run("account", "role", "warden", "member"), 1)
    succeeds(run("account", "role", "gardener", "admin"))
    succeeds(run("account", "role", "@warden", "member"))
    fails(run("account", "role", "warden", "king"), 2)
    user = await connection.fetchval("select id from users where email = 'warden@mail.example'")
    await connection.execute(
        "insert into passkeys (user_id, credential, public_key, sign_count, name, added_at)"
        " values ($1, 'c', 'k', 0, 'Key ring', now())", user,
    )  # fmt: skip
    said = succeeds(run("account", "password-alone", "warden"))
    assert said == "@warden signs in with the password alone.\n"
    assert await connection.fetchval("select count(*) from passkeys") == 0
    log = await connection.fetch("select action, role from staff_log order by id")
    assert [tuple(row) for row in log] == [("role", "operator")] * 3 + [
        ("password_alone", "operator")
    ]


async def test_letting_in_and_turning_away(run: Command, connection: asyncpg.Connection) -> None:
    garden(run)
    assert "was let in already" in fails(run("account", "approve", "gardener"), 1)
    assert "was let in already" in fails(run("account", "reject", "gardener"), 1)
    assert "nobody who signs in" in fails(run("account", "approve", "garden"), 1)
    for name in ("visitor", "robot"):
        succeeds(run("account", "create", name, "--email", f"{name}@mail.example"))
    await connection.execute("update users set approved_at = null where email like '%o%@mail%'")
    await connection.execute(
        "update accounts a set waiting = true from users u"
        " where u.id = a.user_id and u.approved_at is null"
    )
    assert succeeds(run("account", "approve", "@visitor")) == "@visitor was let in.\n"
    assert succeeds(run("account", "reject", "robot")) == "@robot was turned away.\n"
    left = await connection.fetch(
        "select username from accounts where user_id is not null order by 1"
    )
    assert [row[0] for row in left] == ["gardener", "visitor"]
    assert succeeds(run("check")) == "All is well.\n"


CALL = ("call", "create", "garden", "--title", "Dig", "--by", "gardener")
TIME = ("--starts", "2999-12-05T10:00", "--timezone", "Europe/Rome")


async def test_a_call(run: Command, connection: asyncpg.Connection) -> None:
    garden(run)
    printed = succeeds(
        run(*CALL, *TIME, "--ends", "2999-12-05T12:30", "--place", "Bridge", "--capacity", "3")
    )
    assert re.fullmatch(r"http://localhost:\d+/calls/\d+\n", printed)
    row = await connection.fetchrow("select * from calls")
    assert row
    assert row["starts_at"].isoformat() == "2999-12-05T09:00:00+00:00"
    assert row["ends_at"].isoformat() == "2999-12-05T11:30:00+00:00"
    assert (row["place_name"], row["capacity"]) == ("Bridge", 3)
    assert succeeds(run("check")) == "All is well.\n"


def test_what_is_no_call(run: Command) -> None:
    garden(run)
    succeeds(run("account", "create", "visitor", "--email", "v@mail.example"))
    zone = ("--timezone", "Europe/Rome")
    assert "past" in fails(run(*CALL, "--starts", "2020-12-05T10:00", *zone), 1)
    assert "before it begins" in fails(run(*CALL, *TIME, "--ends", "2999-12-05T09:00"), 1)
    assert "is no community" in fails(run(*CALL[:2], "gardener", *CALL[3:], *TIME), 1)
    assert fails(run(*CALL[:-1], "visitor", *TIME), 1).endswith(".")
    nowhere = run(*CALL, "--starts", "2999-12-05T10:00", "--timezone", "Europe/Nowhere")
    assert "no time zone" in fails(nowhere, 2)


# --- looking


async def test_status(run: Command, connection: asyncpg.Connection) -> None:
    garden(run)
    await connection.execute(
        "with o as (insert into outbox (uri, account_id, subject, body, created_at)"
        " select 'https://a.example/1', id, '', '', now() from accounts limit 1 returning id)"
        " insert into deliveries (outbox_id, host, inbox, subject, ready_at, last_error)"
        " select id, 'b.example', 'https://b.example/inbox', '', now(), 'refused' from o"
    )
    found = json.loads(succeeds(run("status", "--json")))
    assert found["users"] == found["communities"] == found["delivery_waiting"] == 1
    assert found["database_bytes"] > 1e6
    assert found["schema"] >= 1
    assert [(d["host"], d["last_error"]) for d in found["deliveries"]] == [("b.example", "refused")]
    told = succeeds(run("status"))
    assert "users             1\n" in told
    assert re.search(r"to b\.example: 1 since .*refused", told)


async def test_check_tells_of_a_fault(run: Command, connection: asyncpg.Connection) -> None:
    gardener(run)
    assert succeeds(run("check")) == "All is well.\n"
    await connection.execute("update accounts set posts_count = 7 where username = 'gardener'")
    done = run("check")
    assert done.returncode == 1
    assert re.fullmatch(r"posts: http://\S+/users/\d+ says 7 posts and has 0\.\n", done.stdout)


# --- hosts


def test_blocks_go_from_one_instance_to_another(run: Command, place: Path) -> None:
    file = place / "blocks.csv"
    file.write_text("#domain,#severity\nspam.example,suspend\nloud.example,silence\n")
    tried = succeeds(run("blocks", "import", str(file), "--dry-run"))
    assert tried.startswith("2 would be added, ")
    assert succeeds(run("blocks", "export")).count("\n") == 1
    assert succeeds(run("blocks", "import", str(file))).startswith("2 added, ")
    out = succeeds(run("blocks", "export"))
    assert "spam.example,suspend,false,false,,false\n" in out
    file.write_text(out)
    assert succeeds(run("blocks", "import", str(file))) == (
        "0 added, 0 made stricter, 2 left as they are.\n"
    )


def test_a_list_with_a_bad_line_changes_nothing(run: Command, place: Path) -> None:
    file = place / "blocks.csv"
    file.write_text("good.example\nnot a host\n")
    said = fails(run("blocks", "import", str(file)), 1)
    assert "line 2: 'not a host' is no domain" in said
    assert succeeds(run("blocks", "export")).count("\n") == 1


def test_a_server_that_is_not_there_is_not_followed(run: Command) -> None:
    assert succeeds(run("instances", "list")) == ""
    assert "not followed" in fails(run("instances", "unfollow", "a.example"), 1)
    assert "no domain" in fails(run("instances", "follow", "nonsense"), 1)


def test_an_instance_is_limited_to_a_list(run: Command, place: Path) -> None:
    file = place / "friends.txt"
    file.write_text("a.example\nb.example\n")
    assert succeeds(run("allows", "import", str(file))) == "2 added.\n"
    assert succeeds(run("allows", "add", "C.example")) == "c.example is on the list.\n"
    assert succeeds(run("allows", "remove", "a.example")) == "a.example is no longer on the list.\n"
    assert "not on the list" in fails(run("allows", "remove", "a.example"), 1)
    assert succeeds(run("allows", "export")) == "#domain\nb.example\nc.example\n"
    assert "only with the 2 hosts" in succeeds(run("limit", "on"))
    assert "with all servers" in succeeds(run("limit", "off"))
