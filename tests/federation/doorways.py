"""The doors by which people take part in a call, each with one person behind it.

All have the same movements: ``say`` an answer, ``change`` it where one can, take it ``back``, say it too ``late``, and what they ``heard``
of the call in the end. Each speaks as its software does: a microblog votes on the card and replies, Mobilizon
joins, members use a client or a browser, who comes from another server of ours is led home first, and who has no
account has a mailbox.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

import aiohttp

from server.domain.calling import keywords, kinds
from storage.posts import Post
from tests.federation import mobilizon
from tests.federation.answering import Member, Remote
from tests.federation.five import Five
from tests.federation.instance import Instance
from tests.federation.peer import Json, Peer
from tests.relay import Kept

BROWSER = {"Accept": "text/html"}
STAMP = re.compile(r'name="stamp" value="([^"]+)"')
LINK = re.compile(r"https://\S+?(/answers/\S+)")
OVER = "This call is over."


@dataclass
class Stage:
    """``home`` has the call, ``away`` is the other of ours; ``microblog`` and ``events`` are peers."""

    both: Five
    home: Instance
    away: Instance
    microblog: Peer
    events: Peer
    kept: Kept

    async def settle(self, **by: float) -> None:
        """Time goes on, and everybody does what is due then."""
        await self.both.live(**by)
        for server in (self.microblog, self.events):
            server.now = self.both.clock.now()

    @property
    def http(self) -> aiohttp.ClientSession:
        return self.microblog.session

    @property
    def address(self) -> str:
        return f"https://{self.home.host}"


@dataclass(frozen=True)
class Asked:
    """A call, and what can be answered to it."""

    post: Post
    answers: Sequence[kinds.Answer]
    words: Sequence[keywords.Keyword]

    def at(self, key: str) -> int:
        """Its place on the card."""
        return [a.key for a in self.answers].index(key)

    def title(self, key: str) -> str:
        return self.answers[self.at(key)].title

    def keyword(self, key: str) -> str:
        """What to reply; a comment where there is no word for it."""
        return next((k.words for k in self.words if k.key == key), "I am not sure after all")


class Door(Protocol):
    async def say(self, key: str) -> None: ...

    async def change(self, key: str) -> None:
        """To another answer; most say it as the first."""
        ...

    async def back(self) -> None: ...

    async def late(self, key: str) -> str:
        """What they are told who answer when it is over."""
        ...

    async def heard(self) -> str:
        """All words that reached them."""
        ...


@dataclass
class Card:
    """A vote on a microblog; who takes it back opens the link of the receipt."""

    stage: Stage
    asked: Asked
    who: Remote

    async def say(self, key: str) -> None:
        assert await self.who.send(self.who.a_vote(self.asked.title(key))) == "done"

    async def change(self, key: str) -> None:
        await self.say(key)

    async def back(self) -> None:
        address = self.who.links()[-1]
        async with self.stage.http.get(address) as seen:
            assert "Take my answer back" in await seen.text()
        async with self.stage.http.post(address) as done:
            assert "taken back" in await done.text()

    async def late(self, key: str) -> str:
        return await self.who.send(self.who.a_vote(self.asked.title(key)))

    async def heard(self) -> str:
        return " ".join(self.who.words())


@dataclass
class Reply(Card):
    """The words that the call prints, in a reply on a microblog; who takes it back deletes it."""

    async def say(self, key: str) -> None:
        assert await self.who.send(self.who.a_reply(self.asked.keyword(key))) == "done"

    async def change(self, key: str) -> None:
        assert await self.who.edit(self.asked.keyword(key)) == "done"

    async def back(self) -> None:
        assert await self.who.delete_what_was_said() == "done"

    async def late(self, key: str) -> str:
        """It stays a comment, and its author hears nothing."""
        await self.say(key)
        return await self.heard()


@dataclass
class Join:
    """Mobilizon's; of the event as it was sent there."""

    stage: Stage
    who: Remote
    asked_with: Json = field(default_factory=dict[str, Any])

    @property
    def event(self) -> Json:
        return next(d["object"] for d in self.stage.events.of_type("Create"))

    @property
    def answers(self) -> list[Json]:
        """To the last Join; that one waits is among them, which Mobilizon does not hear."""
        told = self.stage.events.of_type("Accept", "TentativeAccept", "Reject")
        return [d for d in told if d["object"]["id"] == self.asked_with["id"]]

    async def say(self, key: str) -> None:
        await self._join("I bring tea")

    async def _join(self, message: str | None) -> None:
        self.asked_with = mobilizon.join(self.stage.events, self.who.who, self.event, message)
        assert await self.who.send(self.asked_with) == "done"
        assert self.answers, "who joins is answered"

    async def change(self, key: str) -> None:
        raise NotImplementedError("Mobilizon sends no second Join")

    async def back(self) -> None:
        left = mobilizon.leave(self.stage.events, self.who.who, self.event)
        assert await self.who.send(left) == "done"

    async def late(self, key: str) -> str:
        await self._join(None)
        return self.answers[-1]["type"]

    async def heard(self) -> str:
        told = (d["object"] for d in self.stage.events.of_type("Update") if mobilizon.hears(d))
        return " ".join(d.get("content", "") for d in told)


@dataclass
class Client:
    """A member with a client of Mastodon's API."""

    stage: Stage
    asked: Asked
    who: Member

    async def say(self, key: str) -> None:
        await self.who.client(self.asked.at(key))

    async def change(self, key: str) -> None:
        await self.say(key)

    async def back(self) -> None:
        await self.who.out_by_api()

    async def late(self, key: str) -> str:
        path = f"/v1/polls/{self.who.call.id}/votes"
        status, said = await self.who.asks("POST", path, choices=[self.asked.at(key)])
        assert status == 403
        return said["error"]

    async def heard(self) -> str:
        """The outcome stands in the status of which their client is notified."""
        found: Any = await self.who.api("GET", "/v1/notifications")
        of_call = [n["status"] for n in found if n["type"] == "update" and n["status"]]
        return " ".join(s["content"] for s in of_call if s["id"] == str(self.who.call.id))


@dataclass
class Page(Client):
    """A member with a browser."""

    async def say(self, key: str) -> None:
        assert (await self.who.press(key))[0] == 303

    async def back(self) -> None:
        await self.who.out_by_page()

    async def late(self, key: str) -> str:
        assert key not in re.findall(r'name="said" value="([^"]+)"', await self.who.see())
        status, said = await self.who.press(key)
        assert status == 403
        return said

    async def heard(self) -> str:
        return await self.who.see()


@dataclass
class FromHome(Page):
    """On the page of a server where they have no account, with the account of their own. ``steps``: what they did."""

    steps: int = 0

    async def say(self, key: str) -> None:
        """Step one: say where home is. Step two: press the answer there. All else browsers do by themselves."""
        shown = await seen(self.stage.http, self.asked.post.url)
        assert 'action="/take-part"' in shown
        handle = f"@{self.who.account.username}@{self.who.ours.host}"
        form = {"uri": self.asked.post.uri, "kind": "join", "handle": handle}
        async with self.stage.http.post(f"{self.stage.address}/take-part", data=form) as led:
            self.steps += 1
            there = html.unescape(led.headers["Refresh"].partition("url=")[2])
        assert urlsplit(there).netloc == self.who.ours.host
        at_home = await seen(self.stage.http, there, **self.who.cookie)
        assert f'name="said" value="{key}"' in at_home
        await super().say(key)
        self.steps += 1


@dataclass
class Mailbox:
    """Somebody without an account."""

    stage: Stage
    asked: Asked
    address: str
    stamp: str = ""

    @property
    def _form(self) -> str:
        return f"{self.asked.post.url}/by-email"

    async def post(self, url: str, **typed: str) -> tuple[int, str, str]:
        """Status, page, and where it leads."""
        headers = {"Origin": self.stage.address}
        async with self.stage.http.post(
            url, data=typed, headers=headers, allow_redirects=False
        ) as done:
            return done.status, await done.text(), done.headers.get("Location", "")

    async def _fill_in(self, key: str) -> tuple[int, str, str]:
        typed = {"email": self.address, "said": key, "name": "Neighbour", "agree_answer": "1"}
        return await self.post(self._form, stamp=self.stamp, **typed)

    async def open(self) -> None:
        """The form, and a minute to read it."""
        found = STAMP.search(await seen(self.stage.http, self.asked.post.url))
        assert found
        self.stamp = found[1]
        await self.stage.settle(minutes=1)

    @property
    def mails(self) -> list[str]:
        """What reached them, oldest first."""
        mine = [m for m in self.stage.kept.mails if m["To"] == self.address]
        return [f"{m['Subject']}\n{m.get_content()}" for m in mine]

    def _link(self) -> str:
        found = LINK.search(self.mails[-1])
        assert found, self.mails[-1]
        return self.stage.address + found[1]

    async def say(self, key: str) -> None:
        await self.open()
        status, page, _ = await self._fill_in(key)
        assert (status, "Look into your mail" in page) == (200, True), page
        await self.stage.settle()
        link = self._link()
        assert self.asked.title(key) in html.unescape(await seen(self.stage.http, link))
        status, _, receipt = await self.post(link)
        assert status == 303
        assert self.address in await seen(self.stage.http, self.stage.address + receipt)

    async def change(self, key: str) -> None:
        raise NotImplementedError("one takes the answer back first")

    async def back(self) -> None:
        """By the link in the mail that says that it counts."""
        link = self._link()
        assert "Take my answer back" in await seen(self.stage.http, link)
        status, page, _ = await self.post(link, act="withdraw")
        assert (status, "Your answer is taken back" in page) == (200, True)

    async def late(self, key: str) -> str:
        """The form was open when the call was closed."""
        status, page, _ = await self._fill_in(key)
        assert status == 403
        return page

    async def heard(self) -> str:
        return " ".join(self.mails)


async def seen(http: aiohttp.ClientSession, url: str, **cookie: str) -> str:
    """A page, as whoever has this cookie sees it."""
    async with http.get(url, headers={**BROWSER, **cookie}) as page:
        assert page.status == 200, url
        return await page.text()
