"""Where the secret of this instance is: in ``BECKON_SECRET``, or in the file ``secret`` in ``BECKON_DATA``.

The file is made at the first start, for its owner alone. Machines that share a database share the secret by
the setting. The database knows which secret it is by a mark (``sealing.Secret.mark``), so that a wrong one is
noticed at the start; ``beckon backup`` leaves the secret out, so that a backup alone opens nothing.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from contextlib import suppress
from pathlib import Path

from server.config import Settings
from server.errors import SettingsError
from server.sealing import SECRET_BYTES, Secret

NAME = "secret"


def place(settings: Settings) -> str:
    """Where an operator finds it, for a sentence."""
    return "BECKON_SECRET" if settings.secret else str(settings.data / NAME)


def find(settings: Settings) -> Secret | None:
    """The secret, if there is one. Raises ``SettingsError`` where what is there is none."""
    if settings.secret:
        return read(settings.secret, "BECKON_SECRET")
    path = settings.data / NAME
    try:
        return read(path.read_text().strip(), str(path))
    except FileNotFoundError:
        return None


def read(text: str, where: str) -> Secret:
    """Raises ``SettingsError``, which never shows the text."""
    try:
        return Secret(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (Error, ValueError) as error:
        raise SettingsError(
            [f"{where} must be {SECRET_BYTES} random bytes in base64url."]
        ) from error


def write(secret: Secret) -> str:
    """As ``read`` takes it."""
    return urlsafe_b64encode(secret.value).decode().rstrip("=")


def make(settings: Settings) -> Secret:
    """A new secret in its file (mode 600), or the one of a process that was faster."""
    settings.data.mkdir(parents=True, exist_ok=True)
    path = settings.data / NAME
    descriptor, name = tempfile.mkstemp(prefix=f".{NAME}-", dir=settings.data)  # mode 0600
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(write(Secret(secrets.token_bytes(SECRET_BYTES))) + "\n")
            file.flush()
            os.fsync(descriptor)
        with suppress(FileExistsError):
            os.link(name, path)  # unlike a rename, never replaces
    finally:
        Path(name).unlink(missing_ok=True)
    return read(path.read_text().strip(), str(path))
