"""Settings, declared once. The reference (``beckon config``) and deploy/env.example are printed from here.

They come from the environment, or from a file of the same form named by ``BECKON_CONFIG``. All faults
are found together and told in a sentence each; an unknown ``BECKON_`` name is a fault too, because a
misspelt setting would silently do nothing.
"""

from __future__ import annotations

import os
import textwrap
from collections.abc import Mapping
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Literal, TypeAlias
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from server.errors import SettingsError

Network: TypeAlias = IPv4Network | IPv6Network
Networks: TypeAlias = tuple[Network, ...]

OTHER_NAMES = ("BECKON_CONFIG", "BECKON_PYTHON")  # read by the scripts that start us


def _listen_parts(value: str) -> tuple[str, int]:
    host, _, port = value.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        msg = "must be ADDRESS:PORT, for example 127.0.0.1:8420"
        raise ValueError(msg)
    return host.strip("[]"), int(port)


SMTP_PORTS = {"smtps": 465, "smtp": 587, "smtp+plain": 25}


def _check_smtp(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in SMTP_PORTS or not parts.hostname or parts.path not in ("", "/"):
        msg = "must be smtps://HOST, smtp://HOST or smtp+plain://HOST, with a name and password if needed"
        raise ValueError(msg)
    if parts.port == 0:  # raises for what is no port
        msg = "must have a port from 1 to 65535, or none"
        raise ValueError(msg)
    if parts.scheme == "smtp+plain" and parts.username and not _is_loopback(parts.hostname):
        msg = "must not send a password without TLS"
        raise ValueError(msg)
    return value


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check_host(value: str) -> str:
    name, _, port = value.partition(":")
    labels = name.split(".")
    good = all(part and len(part) < 64 and part.replace("-", "a").isalnum() for part in labels)
    if not good or not name.isascii() or (":" in value and not port.isdigit()):
        msg = "must be a host name such as beckon.example (in punycode), with a port only in a test"
        raise ValueError(msg)
    return value.lower()


class Settings(BaseModel):
    """The settings of one instance; each field is ``BECKON_`` and its name in capitals."""

    model_config = ConfigDict(frozen=True, validate_default=True, extra="forbid")

    domain: Annotated[
        str,
        Field(
            description="The name that handles end in: @somebody@THIS. Stored at the first start and never changed after it."
        ),
    ] = "localhost:8420"
    web_domain: Annotated[
        str,
        Field(
            description="The host of all addresses, where it is another than BECKON_DOMAIN. Stored at the first start too."
        ),
    ] = ""
    listen: Annotated[str, Field(description="Where to listen: ADDRESS:PORT.")] = "127.0.0.1:8420"
    data: Annotated[Path, Field(description="The folder of the database and of all files.")] = Path(
        "data"
    )
    database_url: Annotated[
        str,
        Field(
            description="A PostgreSQL (15 to 18) of your own, postgresql://…; empty: Beckon runs its own in BECKON_DATA."
        ),
    ] = ""
    secret: Annotated[
        str,
        Field(
            description="What opens contact data, and is not in the database: 32 random bytes in base64url. Empty: the file secret in BECKON_DATA, made at the first start. Machines that share a database need the same here.",
            repr=False,
        ),
    ] = ""
    tls_cert: Annotated[
        Path | None,
        Field(
            description="A certificate chain in PEM: Beckon then speaks https itself. Empty where a proxy does."
        ),
    ] = None
    tls_key: Annotated[Path | None, Field(description="The private key of BECKON_TLS_CERT.")] = None
    scheme: Annotated[
        Literal["", "http", "https"],
        Field(
            description="How people reach this instance. Empty: https, except on localhost without a certificate."
        ),
    ] = ""
    ca_file: Annotated[
        Path | None,
        Field(
            description="More certificate authorities (PEM) that other servers may be certified by."
        ),
    ] = None
    allow_networks: Annotated[
        Networks,
        Field(
            description="Networks that Beckon may reach besides public addresses, separated by commas: 127.0.0.0/8,10.1.0.0/16. For test networks; other ports than 443 work inside them only."
        ),
    ] = ()
    trusted_proxies: Annotated[
        Networks,
        Field(
            description="Networks of the proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, separated by commas."
        ),
    ] = ()
    smtp_url: Annotated[
        str,
        Field(
            description="The relay that takes our mail: smtps://NAME:PASSWORD@HOST:465 (TLS from the start), smtp://NAME:PASSWORD@HOST:587 (TLS is asked for, and nothing sent without), or smtp+plain://HOST:25 (no TLS, for one on this machine). Empty: no mail is sent, and addresses are not confirmed."
        ),
    ] = ""
    smtp_from: Annotated[
        str,
        Field(
            description='The address that mail comes from, such as noreply@beckon.example or "The garden <noreply@beckon.example>".'
        ),
    ] = ""
    federation: Annotated[
        Literal["auto", "on", "off"],
        Field(
            description="Whether to talk to other servers. auto: yes, but not while BECKON_DOMAIN is localhost."
        ),
    ] = "auto"
    authorized_fetch: Annotated[
        Literal["on", "off"],
        Field(
            description="Whether other servers must sign what they ask for, so that blocks hold for reading too. Some small servers and tools cannot. Always so while `beckon limit` is on."
        ),
    ] = "off"
    rate_limits: Annotated[
        Literal["on", "off"],
        Field(
            description="Whether to refuse who asks too often. off is for tests and for a proxy that does it."
        ),
    ] = "on"
    database_connections: Annotated[
        int,
        Field(
            ge=2,
            le=200,
            description="How many connections each process keeps to PostgreSQL at most.",
        ),
    ] = 10
    s3_bucket: Annotated[
        str,
        Field(
            description="The bucket of an S3-compatible store for all files; empty: they are kept in BECKON_DATA."
        ),
    ] = ""
    s3_endpoint: Annotated[
        str,
        Field(description="Where that store is, as https://host; empty: at Amazon."),
    ] = ""
    s3_region: Annotated[str, Field(description="Its region.")] = "us-east-1"
    s3_access_key: Annotated[str, Field(description="The name of the key to it.")] = ""
    s3_secret_key: Annotated[str, Field(description="The secret of that key.", repr=False)] = ""
    s3_public_url: Annotated[
        str,
        Field(
            description="Where everybody may read media/ of the bucket, as https://files.example; empty: Beckon passes the files on itself."
        ),
    ] = ""
    remote_media_days: Annotated[
        int,
        Field(
            ge=1,
            le=365,
            description="Days for which a picture or film of another server is kept here after it was fetched.",
        ),
    ] = 7
    metrics_token: Annotated[
        str,
        Field(
            description="What Prometheus sends as Authorization: Bearer to read /metrics. Empty: there is nothing at that address.",
            repr=False,
        ),
    ] = ""
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Field(description="How much to write to standard error."),
    ] = "info"
    log_format: Annotated[Literal["text", "json"], Field(description="How to write it.")] = "text"
    clock_offset: Annotated[
        float,
        Field(
            description="Seconds by which all clocks are shifted, in a test. Refused unless BECKON_LISTEN is a loopback address."
        ),
    ] = 0.0

    @field_validator("domain", "web_domain")
    @classmethod
    def _domain(cls, value: str) -> str:
        return _check_host(value) if value else value

    @field_validator("domain")
    @classmethod
    def _some_domain(cls, value: str) -> str:
        if not value:
            msg = "must not be empty"
            raise ValueError(msg)
        return value

    @field_validator("listen")
    @classmethod
    def _listen(cls, value: str) -> str:
        _listen_parts(value)
        return value

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        if value and not value.startswith(("postgres://", "postgresql://")):
            msg = "must begin with postgresql://"
            raise ValueError(msg)
        return value

    @field_validator("smtp_url")
    @classmethod
    def _smtp(cls, value: str) -> str:
        return _check_smtp(value) if value else value

    @field_validator("smtp_from")
    @classmethod
    def _sender(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("smtp_url") and not parseaddr(value)[1].partition("@")[2]:
            msg = "must be an address where BECKON_SMTP_URL is set"
            raise ValueError(msg)
        return value

    @field_validator("s3_endpoint", "s3_public_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://")):
            msg = "must begin with https://"
            raise ValueError(msg)
        return value.rstrip("/")

    @field_validator("s3_secret_key")
    @classmethod
    def _with_its_keys(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("s3_bucket") and not (value and info.data.get("s3_access_key")):
            msg = "and BECKON_S3_ACCESS_KEY go with BECKON_S3_BUCKET: set all or none"
            raise ValueError(msg)
        return value

    @field_validator("tls_cert", "tls_key", "ca_file", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("tls_cert", "tls_key", "ca_file")
    @classmethod
    def _readable(cls, value: Path | None) -> Path | None:
        if value and not value.is_file():
            msg = f"names a file that is not there: {value}"
            raise ValueError(msg)
        return value

    @field_validator("tls_key")
    @classmethod
    def _pair(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if "tls_cert" in info.data and (value is None) != (info.data["tls_cert"] is None):
            msg = "and BECKON_TLS_CERT go together: set both or neither"
            raise ValueError(msg)
        return value

    @field_validator("allow_networks", "trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(ip_network(part.strip()) for part in value.split(",") if part.strip())

    @field_validator("clock_offset")
    @classmethod
    def _only_in_tests(cls, value: float, info: ValidationInfo) -> float:
        listen = info.data.get("listen")
        if value and listen and not _is_loopback(_listen_parts(listen)[0]):
            msg = "may be set only while BECKON_LISTEN is a loopback address"
            raise ValueError(msg)
        return value

    @property
    def address(self) -> tuple[str, int]:
        """Host and port to listen on."""
        return _listen_parts(self.listen)

    @property
    def on_localhost(self) -> bool:
        return self.domain.partition(":")[0] == "localhost"

    @property
    def federates(self) -> bool:
        return self.federation == "on" or (self.federation == "auto" and not self.on_localhost)

    @property
    def base(self) -> str:
        """Scheme, host and port of every address, with no slash at the end."""
        scheme = self.scheme or ("http" if self.on_localhost and not self.tls_cert else "https")
        return f"{scheme}://{self.web_domain or self.domain}"


def variable(field: str) -> str:
    """The environment variable of a field."""
    return "DATABASE_URL" if field == "database_url" else f"BECKON_{field.upper()}"


def _sentence(field: str, kind: str, message: str) -> str:
    name = variable(field)
    text = message.removeprefix("Value error, ")
    if kind == "extra_forbidden":
        return f"{name} is not a setting of Beckon; `beckon config` lists them."
    text = text[0].lower() + text[1:]
    verb = "" if text.startswith(("must", "may", "and", "names")) else "is wrong: "
    return f"{name} {verb}{text.rstrip('.')}."


def _given(environ: Mapping[str, str]) -> dict[str, str]:
    values: dict[str, str] = {}
    file = environ.get("BECKON_CONFIG")
    if file:
        if not Path(file).is_file():
            raise SettingsError([f"BECKON_CONFIG names a file that is not there: {file}."])
        values |= {k: v for k, v in dotenv_values(file).items() if v is not None}
    values |= environ
    chosen = {
        name.removeprefix("BECKON_").lower(): value
        for name, value in values.items()
        if name.startswith("BECKON_")
        and name not in OTHER_NAMES
        and not name.startswith("BECKON_TEST_")
    }
    if values.get("DATABASE_URL"):
        chosen["database_url"] = values["DATABASE_URL"]
    return chosen


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings. Raises ``SettingsError`` with every fault at once."""
    try:
        return Settings.model_validate(_given(os.environ if environ is None else environ))
    except ValidationError as error:
        faults = [_sentence(str(e["loc"][0]), e["type"], e["msg"]) for e in error.errors()]
        raise SettingsError(faults) from error


def reference() -> str:
    """Every setting with its meaning and default, in the form of an environment file."""
    lines = ["# Settings of Beckon, with their defaults. Printed by `beckon config`.", ""]
    for name, field in Settings.model_fields.items():
        lines += textwrap.wrap(
            field.description or "", 98, initial_indent="# ", subsequent_indent="# "
        )
        default = field.default
        text = "" if default is None or default == () else str(default)
        lines += [f"#{variable(name)}={text}", ""]
    return "\n".join(lines)
