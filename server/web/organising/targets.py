"""``/calls/{id}/organise/targets``: to whom a contact call writes, where each stands, what is written, and what they said."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web

from server.context import context
from server.domain.calling import target_mails as mail_verbs
from server.domain.calling import targets as verbs
from server.domain.groups import communities
from server.domain.tx import Tx
from server.errors import BeckonError, Forbidden, Invalid, NotFound, Unavailable
from server.i18n import mark
from server.web import answers
from server.web.organising import frame
from server.web.organising.frame import Organised
from server.web.session import Viewer
from storage import target_mails, targets
from storage.target_mails import Mailing
from storage.targets import NewTarget, Script

STATUSES: Mapping[str, str] = {
    "asked": mark("Asked"),
    "pledged": mark("Said yes"),
    "refused": mark("Said no"),
    "answered": mark("Answered something else"),
}
ACTS = ("add", "status", "remove", "script", "mailing")
COLUMNS = 5
LINES_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Typed:
    """What was sent and could not stand: ``act`` and the field ``which`` say in which form."""

    act: str = ""
    fault: str = ""
    status: int = 200
    sent: Mapping[str, str] = field(default_factory=dict[str, str])

    def of(self, act: str, name: str, otherwise: str = "", key: str = "") -> str:
        """What stands in a field: what was typed, in the form where it was."""
        mine = self.act == act and self.sent.get("which", "") == key
        return self.sent.get(name, otherwise) if mine else otherwise


async def show(request: web.Request) -> web.Response:
    """``GET /calls/{id}/organise/targets``"""
    return await _show(request, await answers.signed_in(request), Typed())


async def _found(tx: Tx, request: web.Request, viewer: Viewer) -> Organised:
    """Raises ``NotFound`` for a call that writes to nobody."""
    of = await frame.organised(tx, request, viewer)
    if of.call.kind != "contact":
        raise NotFound
    return of


async def _show(request: web.Request, viewer: Viewer, typed: Typed) -> web.Response:
    async with context(request).work.reading() as tx:
        of = await _found(tx, request, viewer)
        sees = (await communities.may_see_people(tx, of.group, viewer.account)).allowed
        values = {
            "targets": await targets.of_call(tx.conn, of.post.id),
            "scripts": {each.status: each for each in await targets.scripts(tx.conn, of.post.id)},
            "reports": await verbs.reports(tx, viewer.account, of.post) if sees else [],
            "mailing": await target_mails.mailing(tx.conn, of.post.id),
            "mails": tx.site.mail,
        }
    return frame.page(
        request, "organise_targets.html", viewer, of, status=typed.status, typed=typed,
        statuses=STATUSES, limits=verbs, per=mail_verbs, **values,
    )  # fmt: skip


async def act(request: web.Request) -> web.Response:
    """``POST /calls/{id}/organise/targets``: ``act``, ``which`` it is about, and what its form asks."""
    viewer, sent = await answers.form(request)
    wanted = answers.choice(sent, "act", ACTS)
    try:
        async with context(request).work.transaction() as tx:
            of = await _found(tx, request, viewer)
            await _do(tx, of, viewer, wanted, sent)
    except (Invalid, Forbidden, Unavailable) as refused:
        return await _again(request, viewer, wanted, sent, refused)
    done = {"add": "added", "remove": "removed"}.get(wanted, "saved")
    return answers.back_to(f"{of.path}/organise/targets", done)


async def _again(
    request: web.Request, viewer: Viewer, act: str, sent: Mapping[str, str], refused: BeckonError
) -> web.Response:
    return await _show(request, viewer, Typed(act, refused.sentence, refused.status, sent))


async def _do(tx: Tx, of: Organised, viewer: Viewer, wanted: str, sent: Mapping[str, str]) -> None:
    by, post = viewer.account, of.post
    if wanted == "add":
        await _add(tx, of, viewer, sent.get("lines", ""))
    elif wanted == "status":
        which, status = answers.choice_id(sent, "which"), answers.choice(sent, "status", STATUSES)
        await verbs.set_status(tx, by, post, which, status, sent.get("note", ""))
    elif wanted == "remove":
        await verbs.remove(tx, by, post, answers.choice_id(sent, "which"))
    elif wanted == "script":
        status = answers.choice(sent, "which", STATUSES)
        said = Script(status, sent.get("subject", ""), sent.get("body", ""))
        await verbs.set_script(tx, by, post, said)
    else:
        await mail_verbs.allow(tx, by, post, _mailing(sent))


async def _add(tx: Tx, of: Organised, viewer: Viewer, typed: str) -> None:
    """All of them or none. Raises ``Invalid``, which says the line."""
    found = _lines(typed)
    if not found:
        raise Invalid("Write at least one line.", field="lines")
    for number, new in found:
        try:
            await verbs.add(tx, viewer.account, of.post, new)
        except Invalid as refused:
            told = mark("Line %(line)s: %(what)s", line=number, what=refused.sentence)
            raise Invalid(told, field="lines") from refused


def _lines(typed: str) -> list[tuple[int, NewTarget]]:
    """Each line with its number: name, address, role, area and language. Pure. Raises ``Invalid``."""
    if len(typed) > LINES_MAX:
        raise Invalid("That is too much at once.", field="lines")
    rows = [(at, line) for at, line in enumerate(typed.splitlines(), start=1) if line.strip()]
    if len(rows) > verbs.MOST:
        raise Invalid(mark("A call has at most %(most)s targets.", most=verbs.MOST), field="lines")
    return [(at, _line(at, line)) for at, line in rows]


def _line(number: int, line: str) -> NewTarget:
    parted = ";" if ";" in line and "," not in line else "\t" if "\t" in line else ","
    try:
        cells = [
            cell.strip()
            for cell in next(csv.reader([line], delimiter=parted, skipinitialspace=True))
        ]
    except (csv.Error, StopIteration) as error:
        told = mark("Line %(line)s: this cannot be read.", line=number)
        raise Invalid(told, field="lines") from error
    if not 1 < len(cells) <= COLUMNS:
        told = mark(
            "Line %(line)s: a name, then an address; a role and an area may follow.", line=number
        )
        raise Invalid(told, field="lines")
    name, address, role, area, language = (*cells, "", "", "")[:COLUMNS]
    return NewTarget(name, role, address, area, language or None)


def _mailing(sent: Mapping[str, str]) -> Mailing | None:
    """As the form says; None for no letters."""
    if sent.get("on") != "yes":
        return None
    return Mailing(_number(sent, "per_hour"), _number(sent, "per_day"), sent.get("hidden") == "yes")


def _number(sent: Mapping[str, str], name: str) -> int:
    typed = sent.get(name, "").strip()
    if not (typed.isascii() and typed.isdecimal() and len(typed) < 6):
        raise Invalid("A number such as 20, please.", field=name)
    return int(typed)


def routes() -> list[web.AbstractRouteDef]:
    return [web.get(f"{frame.BELOW}/targets", show), web.post(f"{frame.BELOW}/targets", act)]
