"""Every address of an instance. Identity is a number and never a name (names change, ids never)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Urls:
    """``domain`` is what handles end in; ``base`` is scheme, host and port, with no slash at the end."""

    domain: str
    base: str

    @property
    def instance_actor(self) -> str:
        return f"{self.base}/actor"

    @property
    def shared_inbox(self) -> str:
        return f"{self.base}/inbox"

    @property
    def streaming(self) -> str:
        return self.base.replace("http", "ws", 1)

    def actor(self, account_id: int, kind: str) -> str:
        if kind == "application":
            return self.instance_actor
        part = "communities" if kind == "group" else "users"
        return f"{self.base}/{part}/{account_id}"

    def profile(self, username: str) -> str:
        """The page that people look at; it moves when the name does."""
        return f"{self.base}/@{username}"

    def post(self, post_id: int) -> str:
        return f"{self.base}/posts/{post_id}"

    def call(self, post_id: int) -> str:
        return f"{self.base}/calls/{post_id}"

    def card(self, post_id: int) -> str:
        return f"{self.base}/cards/{post_id}"

    def activity(self, number: int) -> str:
        return f"{self.base}/activities/{number}"

    def setup(self, secret: str) -> str:
        return f"{self.base}/setup/{secret}"

    def confirm(self, secret: str) -> str:
        return f"{self.base}/confirm/{secret}"

    def reset(self, secret: str) -> str:
        return f"{self.base}/password/{secret}"

    def invite(self, code: str) -> str:
        return f"{self.base}/invite/{code}"

    def tag(self, name: str) -> str:
        return f"{self.base}/tags/{name}"

    def asset(self, name: str) -> str:
        return f"{self.base}/assets/{name}"

    def is_ours(self, url: str) -> bool:
        return url == self.base or url.startswith(self.base + "/")

    def number(self, url: str, *parts: str) -> int | None:
        """The number in one of our addresses ``/part/N``, or None."""
        for part in parts:
            prefix = f"{self.base}/{part}/"
            rest = url.removeprefix(prefix)
            if rest != url and rest.isascii() and rest.isdigit() and len(rest) < 20:
                return int(rest)
        return None
