"""Every address of an instance. Identity is a number and never a name (names change, ids never)."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Urls:
    """``domain`` is what handles end in; ``base`` is scheme, host and port, with no slash at the end.

    ``secret`` seals the addresses by which we show files of other servers; without one those are shown
    from where they are.
    """

    domain: str
    base: str
    secret: str = field(default="", repr=False)

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

    def opened(self, token: str) -> str:
        """The page of one call of a private community, for everybody who has its address."""
        return f"{self.base}/open/{token}"

    def companion(self, call_uri: str) -> str:
        """The page beside a decision, for those who cannot read a Question."""
        return f"{call_uri}/page"

    def document(self, document_id: int) -> str:
        return f"{self.base}/documents/{document_id}"

    def template(self, key: str) -> str:
        """Where other instances fetch a template of a call."""
        return f"{self.base}/api/beckon/v1/templates/{key}/export"

    def card(self, post_id: int) -> str:
        return f"{self.base}/cards/{post_id}"

    def tally(self, post_id: int) -> str:
        """What was counted here for a call of another server."""
        return f"{self.base}/tallies/{post_id}"

    def activity(self, number: int) -> str:
        return f"{self.base}/activities/{number}"

    @property
    def subscribe(self) -> str:
        """Where a member of ours follows somebody of another server: a template with ``{uri}``."""
        return f"{self.base}/authorize_interaction?uri={{uri}}"

    @property
    def intents(self) -> dict[str, str]:
        """Where members of ours act on what is elsewhere: templates by their names in FEP-3b86."""
        after = "on-success={on-success}&on-cancel={on-cancel}"
        about = f"object={{object}}&{after}"
        names = ("Follow", "Like", "Announce", "Object", "Join")
        written = (
            f"{self.base}/intents/create?name={{name}}&content={{content}}&inReplyTo={{inReplyTo}}"
        )
        acted = {name: f"{self.base}/intents/{name.lower()}?{about}" for name in names}
        return acted | {"Create": f"{written}&{after}"}

    def setup(self, secret: str) -> str:
        return f"{self.base}/setup/{secret}"

    def confirm(self, secret: str) -> str:
        return f"{self.base}/confirm/{secret}"

    def reset(self, secret: str) -> str:
        return f"{self.base}/password/{secret}"

    def new_email(self, secret: str) -> str:
        """Where somebody says that a new address is theirs."""
        return f"{self.base}/settings/email/{secret}"

    def confirm_answer(self, secret: str) -> str:
        """Where somebody without an account says that an answer is theirs."""
        return f"{self.base}/answers/confirm/{secret}"

    def my_answer(self, secret: str) -> str:
        """Where they see it, and take it back."""
        return f"{self.base}/answers/{secret}"

    def subscription(self, secret: str) -> str:
        """Below it are a member's own calendar and feeds."""
        return f"{self.base}/subscriptions/{secret}"

    def receipt(self, secret: str) -> str:
        """Where somebody of another server sees their answer to a call, and takes it back."""
        return f"{self.base}/receipts/{secret}"

    def told(self, participation_id: int, number: int) -> str:
        """A message to them about it."""
        return f"{self.base}/receipts/{participation_id}/{number}"

    def receipt_of(self, url: str) -> int | None:
        """The participation that such a message was about."""
        whole, _, number = url.rpartition("/")
        return self.number(whole, "receipts") if number.isdigit() else None

    def unsubscribe(self, user_id: int) -> str:
        """Ends a user's digests without signing in: for who has the mail in which it stands."""
        return f"{self.base}/unsubscribe/{user_id}.{self._seal(f'unsubscribe:{user_id}')}"

    def unsubscribing(self, token: str) -> int | None:
        """Whose digests such a link ends; None where we did not make it."""
        number, _, seal = token.partition(".")
        good = hmac.compare_digest(seal.encode(), self._seal(f"unsubscribe:{number}").encode())
        return int(number) if self.secret and good and number.isdecimal() else None

    def no_letters(self, token: str) -> str:
        """Where who is written to by those who take part in calls ends it, for their address."""
        return f"{self.base}/letters/stop/{token}"

    def mail_follow(self, token: str, *, stop: bool = False) -> str:
        """Where somebody without an account says that they want a community's mails, or no more of them."""
        return f"{self.base}/by-email/{'stop' if stop else 'confirm'}/{token}"

    def join(self, code: str) -> str:
        """Where somebody with a member's link joins a community."""
        return f"{self.base}/join/{code}"

    def invite(self, code: str) -> str:
        return f"{self.base}/invite/{code}"

    def tag(self, name: str) -> str:
        return f"{self.base}/tags/{name}"

    def asset(self, name: str) -> str:
        return f"{self.base}/assets/{name}"

    def media(self, key: str) -> str:
        """A file that a member uploaded."""
        return f"{self.base}/media/{key}"

    def remote_media(self, url: str) -> str:
        """Where we show a file of another server, so that it does not learn who looks at it.

        Only who knows the secret can make such an address, so that strangers cannot have us fetch things.
        """
        if not self.secret or not url.startswith(("https://", "http://")):
            return url
        address = urlsafe_b64encode(url.encode()).decode().rstrip("=")
        return f"{self.base}/media/remote/{self._seal(url)}/{address}"

    def unsealed(self, seal: str, address: str) -> str | None:
        """The file of another server that such an address means; None where we did not make it."""
        try:
            url = urlsafe_b64decode(address + "=" * (-len(address) % 4)).decode()
        except ValueError:
            return None
        good = hmac.compare_digest(seal.encode(), self._seal(url).encode())
        return url if self.secret and good else None

    def _seal(self, url: str) -> str:
        return hmac.digest(self.secret.encode(), url.encode(), "sha256").hex()[:32]

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
