"""Each reader is written to in their own language, through a real relay: with a catalogue of a few words."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from gettext import NullTranslations

import pytest

from federation.fetch import Egress, EgressConfig
from server import i18n, mail, text
from server.arriving import resolve
from server.arriving.resolve import Net
from server.config import load
from server.domain.calling import audience
from server.domain.groups import letters
from server.domain.mailing import mails
from server.domain.moderating import notices
from server.errors import Invalid
from server.i18n import joined, mark
from server.jobs import later
from storage import accounts, users
from tests.clock import MovableClock
from tests.relay import Kept, relay
from tests.web.house import House, open_house
from tests.web.test_mail_follows import STAMP
from tests.web.test_sign_up import set_mode

GERMAN = """\
msgid ""
msgstr ""
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "A new password for %(server)s"
msgstr "Ein neues Kennwort für %(server)s"

msgid "To choose it, open this link within %(num)s hour:"
msgid_plural "To choose it, open this link within %(num)s hours:"
msgstr[0] "Öffnen Sie innerhalb einer Stunde diesen Link:"
msgstr[1] "Öffnen Sie innerhalb von %(num)s Stunden diesen Link:"

msgid "Was this you? A weekly mail about %(group)s"
msgstr "Waren Sie das? Eine Mail jede Woche über %(group)s"

msgid "Confirm your address for %(server)s"
msgstr "Bestätigen Sie Ihre Adresse für %(server)s"

msgid "%(by)s is an organiser of %(title)s now: %(url)s"
msgstr "%(by)s organisiert jetzt %(title)s: %(url)s"

msgid "At most %(most)s people."
msgstr "Höchstens %(most)s Leute."

msgid "Line %(number)s: %(sentence)s"
msgstr "Zeile %(number)s: %(sentence)s"

msgid "In public only numbers are shown."
msgstr "Öffentlich stehen nur Zahlen."
"""


@pytest.fixture(autouse=True)
def german(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """German has these few texts, and nothing else; all others have none."""
    none, words = NullTranslations(), i18n.compiled(GERMAN.encode(), "de")
    locales = {code: i18n.tongue(code).locale for code in i18n.LANGUAGES}
    kept = {code: i18n.Tongue(code, none, locale) for code, locale in locales.items()}
    kept["de"] = i18n.Tongue("de", words, locales["de"])
    monkeypatch.setattr(i18n, "tongue", kept.__getitem__)
    yield


@dataclass
class Post:
    house: House
    clock: MovableClock
    kept: Kept
    net: Net

    async def sent(self) -> tuple[str, str]:
        """Subject and words of the mail that goes now."""
        while await later.work_once(self.net):
            pass
        return str(self.kept.mails[-1]["Subject"]), self.kept.text()


@pytest.fixture
async def post(database_url: str, free_port: Callable[[], int]) -> AsyncIterator[Post]:
    port = free_port()
    known = {
        "BECKON_SMTP_URL": f"smtp+plain://127.0.0.1:{port}",
        "BECKON_SMTP_FROM": "noreply@green.example",
    }
    egress = Egress(EgressConfig("test", None, ()))
    clock = MovableClock()
    async with relay(port) as kept, open_house(database_url, mail=True, clock=clock) as house:
        net = await resolve.open_net(house.work, egress, relay=mail.relay(load(known)))
        yield Post(house, clock, kept, net)
        await egress.close()


@pytest.mark.parametrize(
    ("language", "subject", "within"),
    [
        ("de", "Ein neues Kennwort für", "innerhalb von 2 Stunden"),
        ("fr", "A new password for", "within 2 hours"),
        (None, "A new password for", "within 2 hours"),
    ],
)
async def test_a_member_gets_mails_in_their_language(
    post: Post, language: str | None, subject: str, within: str
) -> None:
    person = await post.house.person("gardener")
    async with post.house.work.transaction() as tx:
        account = await accounts.by_id(tx.conn, person.id)
        assert account and account.user_id
        if language:
            await users.set_language(tx.conn, account.user_id, language)
        await mails.want(tx, account.user_id, "reset")
    title, words = await post.sent()
    assert title.startswith(subject)
    assert within in words
    assert i18n.spoken().code == "en", "the language of one mail is not that of the next"


@pytest.mark.parametrize(
    ("chosen", "subject"),
    [("de", "Waren Sie das?"), ("fr", "Was this you?"), ("", "Was this you?")],
)
async def test_a_stranger_gets_mails_in_the_language_of_the_page(
    post: Post, chosen: str, subject: str
) -> None:
    await post.house.community(await post.house.person("organiser"))
    browser = await post.house.browser()
    if chosen:
        await browser.post("/language", language=chosen, back="/@garden")
    stamp = STAMP.search((await browser.get("/@garden")).text)
    assert stamp
    post.clock.forward(seconds=60)
    await browser.post("/@garden/by-email", stamp=stamp[1], email="neighbour@mail.example")
    title, _ = await post.sent()
    assert title.startswith(subject)


async def test_who_signs_up_is_spoken_to_as_the_page_was(post: Post) -> None:
    await set_mode(post.house, "open")
    browser = await post.house.browser()
    await browser.post("/language", language="de", back="/sign-up")
    await browser.get("/sign-up")
    typed = {"username": "gardener", "email": "gardener@mail.example", "agreement": "yes"}
    await browser.post("/sign-up", password="a long enough password", **typed)
    title, _ = await post.sent()
    assert title.startswith("Bestätigen Sie Ihre Adresse")


def test_a_sentence_is_english_to_programs_and_german_on_a_page() -> None:
    wrong = Invalid(mark("At most %(most)s people.", most=5000)).sentence
    told = mark("Line %(number)s: %(sentence)s", number=3, sentence=wrong)
    assert told == "Line 3: At most 5,000 people."
    with i18n.speaking("de"):
        assert i18n.gettext(told) == "Zeile 3: Höchstens 5.000 Leute."
    assert i18n.gettext(told) == told


def test_values_of_a_sentence_are_left_as_they_are() -> None:
    named = mark("Line %(number)s: %(sentence)s", number=1, sentence="100 % %(num)s")
    assert named == i18n.gettext(named) == "Line 1: 100 % %(num)s"


def test_sentences_that_follow_each_other_are_said_one_by_one() -> None:
    told = joined(audience.of_call("event", audience.Place("green.example", "the garden")))
    with i18n.speaking("de"):
        assert i18n.gettext(told).endswith("to its members. Other servers keep copies, which a deletion may not"
            " reach. green.example and the organisers of the garden learn who answers. Öffentlich stehen nur Zahlen.")  # fmt: skip


async def test_a_letter_of_the_server_is_in_the_reader_s_language(post: Post) -> None:
    organiser, member = await post.house.person("organiser"), await post.house.person("gardener")
    group = await post.house.community(organiser)
    async with post.house.work.transaction() as tx:
        assert organiser.user_id
        await users.set_language(tx.conn, organiser.user_id, "de")
        for reader in (organiser, member):
            await letters.send(tx, group, reader, "handed_over", by="@gardener", url=group.url)
    while await later.work_once(post.net):
        pass
    async with post.house.work.reading() as tx:
        said = await tx.conn.fetch("select content from posts where visibility = 'direct'")
    told = sorted(text.plain(row["content"]) for row in said)
    assert any("organisiert jetzt The shared garden" in each for each in told), told
    assert any("is an organiser of The shared garden now" in each for each in told), told


async def test_what_a_decision_meets_hears_of_it_in_their_language(post: Post) -> None:
    organiser, member = await post.house.person("organiser"), await post.house.person("gardener")
    group = await post.house.community(organiser)
    async with post.house.work.transaction() as tx:
        assert member.user_id
        await users.set_language(tx.conn, member.user_id, "de")
        words = joined(mark("At most %(most)s people.", most=3), "As agreed.")
        await notices.tell(tx, group, member, "none", words, by_mail=True)
        told = await tx.conn.fetchval("select about from notifications where about is not null")
    assert "Höchstens 3 Leute. As agreed." in str(told)
    _, mailed = await post.sent()
    assert "Höchstens 3 Leute. As agreed." in mailed
