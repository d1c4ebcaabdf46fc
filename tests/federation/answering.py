"""People who answer a call of ours: one of another server, through its signed activities, and a member, through
the client API and the pages; each with every way back that they have."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from server import ids
from server.domain.members import oauth, scopes, users
from storage import oauth as oauth_rows
from storage.accounts import Account
from storage.posts import Post
from tests.federation.instance import Instance
from tests.federation.peer import Json, Peer, Person

TOKEN = re.compile(r'name="csrf" value="([0-9a-f]+)"')
LINK = re.compile(r'href="(https://[^"]+/receipts/[^"]+)"')


@dataclass
class Remote:
    """``said``: the object with which they answered."""

    ours: Instance
    server: Peer
    who: Person
    call: Post
    community: Account
    said: Json = field(default_factory=dict[str, Any])

    async def send(self, document: Json) -> str:
        """What became of it, when all is done that follows."""
        await self.post(document)
        await self.ours.settle()
        return await self.ours.outcome(document["id"])

    async def post(self, document: Json) -> None:
        """Without the work that follows."""
        assert (await self.server.send(self.who, document, self.ours.inbox)).status == 202

    # In

    def a_vote(self, choice: str = "I'm coming") -> Json:
        card = {"id": self.card, "attributedTo": self.community.uri}
        ballot = self.server.vote(self.who, card, choice)
        self.said = ballot["object"]
        return ballot

    def a_join(self) -> Json:
        self.said = self.server.activity(self.who, "Join", self.call.uri)
        return self.said

    def a_reply(self, words: str = "count me in", to: str = "") -> Json:
        note = self.server.note(
            self.who, f"<p>{words}</p>", [self.community.uri], inReplyTo=to or self.card
        )
        self.said = note
        return self.server.create(self.who, note)

    @property
    def card(self) -> str:
        return self.ours.work.site.urls.card(self.call.id)

    async def vote(self) -> str:
        return await self.send(self.a_vote())

    async def join(self) -> str:
        return await self.send(self.a_join())

    async def reply(self) -> str:
        return await self.send(self.a_reply())

    # Out

    async def leave(self) -> str:
        return await self.send(self.server.activity(self.who, "Leave", self.call.uri))

    async def undo_join(self) -> str:
        inner = {"type": "Join", "actor": self.who.uri, "object": self.call.uri}
        inner["id"] = self.said["id"]
        return await self.send(self.server.activity(self.who, "Undo", inner))

    async def undo_by_id(self) -> str:
        return await self.send(self.server.activity(self.who, "Undo", self.said["id"]))

    async def delete_what_was_said(self) -> str:
        gone = {"id": self.said["id"], "type": "Tombstone"}
        return await self.send(self.server.activity(self.who, "Delete", gone))

    async def delete_actor(self) -> str:
        """Their server has nobody of that name any more."""
        del self.server.documents[urlsplit(self.who.uri).path]
        return await self.send(self.server.activity(self.who, "Delete", self.who.uri))

    async def edit(self, words: str = "I cannot come") -> str:
        changed = {
            **self.said,
            "content": f"<p>{words}</p>",
            "updated": "2040-01-01T00:00:00Z",
        }
        return await self.send(self.server.activity(self.who, "Update", self.server.serve(changed)))

    async def keyword(self) -> str:
        return await self.send(self.a_reply("#withdraw"))

    async def answer_to_receipt(self) -> str:
        note = self.server.note(
            self.who, "<p>#withdraw</p>", [], inReplyTo=self.messages()[-1]["id"],
            to=[self.community.uri],
            tag=[{"type": "Mention", "href": self.community.uri, "name": "@garden"}],
        )  # fmt: skip
        return await self.send(self.server.create(self.who, note))

    async def link(self) -> str:
        """Looking does nothing; the button does it."""
        address = self.links()[-1]
        async with self.server.session.get(address) as seen:
            assert seen.status == 200
            assert "Take my answer back" in await seen.text()
        assert (await self.ours.call(self.call)).counted == 1
        async with self.server.session.post(address) as done:
            assert "taken back" in await done.text()
        async with self.server.session.get(address) as after:
            assert after.status == 404
        return "done"

    # What they are told

    def messages(self) -> list[Json]:
        """Notes to them alone, in the order in which they came."""
        created = (d["object"] for d in self.server.of_type("Create"))
        return [n for n in created if n["to"] == [self.who.uri]]

    def words(self) -> list[str]:
        return [unescape(re.sub(r"<[^>]+>", "", m["content"])) for m in self.messages()]

    def links(self) -> list[str]:
        return [link for m in self.messages() for link in LINK.findall(m["content"])]


@dataclass
class Member:
    """A member of ours with a client and a browser. ``http``: a session that trusts the instance."""

    ours: Instance
    http: Any
    account: Account
    bearer: Mapping[str, str]
    cookie: Mapping[str, str]
    found: Post | None = None
    """The call, as it is on their server."""
    status: str = ""

    @property
    def call(self) -> Post:
        assert self.found, "they know of no call yet"
        return self.found

    async def asks(self, method: str, path: str, **body: object) -> tuple[int, Json]:
        """The status, and what was answered."""
        url = f"https://{self.ours.host}/api{path}"
        async with self.http.request(
            method, url, json=body or None, headers=self.bearer
        ) as response:
            return response.status, await response.json()

    async def api(self, method: str, path: str, **body: object) -> Json:
        status, said = await self.asks(method, path, **body)
        assert status == 200, said
        return said

    async def client(self, choice: int = 0) -> None:
        await self.api("POST", f"/v1/polls/{self.call.id}/votes", choices=[choice])

    async def own_api(self) -> None:
        await self.api("POST", f"/beckon/v1/calls/{self.call.id}/answer", answer="going")

    async def reply(self) -> None:
        said = {"status": "@garden count me in", "in_reply_to_id": str(self.call.id)}
        self.status = (await self.api("POST", "/v1/statuses", **said))["id"]

    async def page(self) -> None:
        await self._press("going")

    async def see(self) -> str:
        """The page of the call, as HTML."""
        at = f"https://{self.ours.host}/calls/{self.call.id}"
        async with self.http.get(at, headers={**self.cookie, "Accept": "text/html"}) as seen:
            assert seen.status == 200
            return await seen.text()

    async def press(self, said: str) -> tuple[int, str]:
        """A button of the page: the status, and the page that came."""
        token = TOKEN.search(await self.see())
        assert token
        at = f"https://{self.ours.host}/calls/{self.call.id}/answer"
        form = {"said": said, "csrf": token[1]}
        async with self.http.post(
            at, data=form, headers=self.cookie, allow_redirects=False
        ) as done:
            return done.status, await done.text()

    async def _press(self, said: str) -> None:
        assert (await self.press(said))[0] == 303

    async def out_by_api(self) -> None:
        await self.api("DELETE", f"/beckon/v1/calls/{self.call.id}/answer")

    async def out_by_page(self) -> None:
        await self._press("withdrawn")

    async def out_by_keyword(self) -> None:
        said = {"status": "#withdraw", "in_reply_to_id": str(self.call.id)}
        await self.api("POST", "/v1/statuses", **said)

    async def out_by_delete(self) -> None:
        await self.api("DELETE", f"/v1/statuses/{self.status}")

    async def out_by_edit(self) -> None:
        await self.api("PUT", f"/v1/statuses/{self.status}", status="I cannot come")

    async def messages(self) -> list[str]:
        """What they were written to, oldest first."""
        found = await self.api("GET", "/v1/conversations")
        said = [c["last_status"] for c in found if c["last_status"]]
        return [re.sub(r"<[^>]+>", "", unescape(s["content"])) for s in reversed(said)]

    async def answer(self) -> Json:
        return (await self.api("GET", f"/beckon/v1/calls/{self.call.id}"))["answer"]


async def member(ours: Instance, server: Peer, name: str, call: Post | None = None) -> Member:
    """Somebody of ours who is signed in with a client and with a browser."""
    secret = ids.secret()
    async with ours.work.transaction() as tx:
        user, account = await users.register(
            tx, f"{name}@people.example", name, "a long enough password", "member"
        )
        app, _ = await oauth.register_app(tx, "Client", [oauth.OUT_OF_BAND], "read write", None)
        issued = await oauth.issue(
            tx, app, scopes.parse("read write"), user_id=user.id, account_id=account.id
        )
        row = oauth_rows.Session(
            ids.digest(secret), user.id, account.id, tx.now, tx.now + timedelta(days=1)
        )
        await oauth_rows.insert_session(tx.conn, row)
    own = hashlib.sha256(ours.work.site.urls.base.encode()).hexdigest()[:8]
    return Member(
        ours, server.session, account,
        {"Authorization": f"Bearer {issued.secret}"}, {"Cookie": f"__Host-beckon-{own}={secret}"},
        call,
    )  # fmt: skip
