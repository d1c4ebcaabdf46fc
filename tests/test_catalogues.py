"""What translators are given is what the code says; a language that is whole says all of it, and as it was meant."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from server import i18n, pages, texts

COMPLETE: tuple[str, ...] = ("de", "fr", "ar")
"""Languages that miss nothing. A text that is new here has to be translated into each of them."""

PLACES = re.compile(r"%(?:\((\w+)\)s|%|(?=\W|$))")
TAGS = re.compile(r"</?\w+[^>]*>|&\w+;")


def keys(catalogue: Catalog) -> set[tuple[str | None, str | tuple[str, ...]]]:
    return {(m.context, id_of(m)) for m in catalogue if m.id}


def id_of(message: Message) -> str | tuple[str, ...]:
    return message.id if isinstance(message.id, str) else tuple(message.id)


def test_the_template_has_every_text_of_the_code_and_no_other() -> None:
    kept = keys(read_po(io.BytesIO(texts.TEMPLATE.read_bytes())))
    assert kept == keys(texts.gathered()), "run: python -m server.texts"


@pytest.mark.parametrize("language", sorted(texts.PLURALS))
def test_a_catalogue_is_read(language: str) -> None:
    assert texts.known(language).num_plurals == len(
        {i18n.tongue(language).locale.plural_form(n) for n in range(1001)}
    )


def test_every_language_but_our_own_has_a_catalogue() -> None:
    assert {*texts.PLURALS, i18n.DEFAULT} == set(i18n.LANGUAGES)


def test_a_whole_language_lacks_nothing() -> None:
    said = keys(texts.gathered())
    for language in COMPLETE:
        catalogue = texts.known(language)
        assert keys(catalogue) == said, f"run: python -m server.texts {language}"
        wrong = [fault for m in catalogue if m.id for fault in faults(m, catalogue)]
        assert (language, wrong) == (language, [])


def faults(message: Message, catalogue: Catalog) -> Iterator[str]:
    """What is wrong with a translation, as sentences."""
    wanted = catalogue.num_plurals if isinstance(message.id, tuple) else 1
    said = (message.string,) if isinstance(message.string, str) else tuple(message.string)
    if len(said) != wanted or not all(said):
        yield f"{message.id!r} is not translated"
        return
    if message.fuzzy:
        yield f"{message.id!r} is fuzzy"
    for text in said:
        yield from strays(message, text)


def strays(message: Message, text: str) -> Iterator[str]:
    """Places and tags that the translation has and the text has not, or the other way round. A form that stands for
    one number alone may tell it in words."""
    source = message.id if isinstance(message.id, str) else message.id[-1]
    missing = (
        places(source)
        - places(text)
        - ({"num", "number"} if isinstance(message.id, tuple) else set())
    )
    if missing or places(text) - places(source):
        yield f"{source!r} has other places than {text!r}"
    if sorted(TAGS.findall(source)) != sorted(TAGS.findall(text)):
        yield f"{source!r} has other tags than {text!r}"


def places(text: str) -> set[str]:
    """``num`` for ``%(num)s``; a sign for percent is one as it stands, ``%`` or ``%%``."""
    return {found[1] or found[0] for found in PLACES.finditer(text)}


# --- the look itself, on texts that are wrong on purpose

HEADER = 'msgid ""\nmsgstr ""\n"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
WRONG = {
    'msgid "Yes"\nmsgstr ""': "is not translated",
    '#, fuzzy\nmsgid "Yes"\nmsgstr "Ja"': "is fuzzy",
    'msgid "%(who)s left"\nmsgstr "%(wer)s ging"': "has other places",
    'msgid "%(who)s left"\nmsgstr "ging"': "has other places",
    'msgid "50 %%"\nmsgstr "50 %"': "has other places",
    'msgid "<b>Now</b>"\nmsgstr "Jetzt"': "has other tags",
    'msgid "a"\nmsgid_plural "%(num)s a"\nmsgstr[0] "ein a"\nmsgstr[1] ""': "is not translated",
    'msgid "a"\nmsgid_plural "%(num)s a"\nmsgstr[0] "ein a"\nmsgstr[1] "%(n)s a"': "has other places",
}
RIGHT = (
    'msgid "%(who)s has <b>left</b>, 5 %%"\nmsgstr "5 %% <b>ohne</b> %(who)s"',
    'msgid "a"\nmsgid_plural "%(num)s a"\nmsgstr[0] "ein a"\nmsgstr[1] "%(num)s a"',
)


def looked(entry: str) -> list[str]:
    catalogue = read_po(io.BytesIO((HEADER + entry).encode()), locale="de")
    return [fault for message in catalogue if message.id for fault in faults(message, catalogue)]


@pytest.mark.parametrize(("entry", "fault"), WRONG.items())
def test_a_wrong_translation_is_found(entry: str, fault: str) -> None:
    (found,) = looked(entry)
    assert fault in found


@pytest.mark.parametrize("entry", RIGHT)
def test_a_right_translation_passes(entry: str) -> None:
    assert looked(entry) == []


def test_arabic_tells_its_six_plurals_in_the_order_of_unicode() -> None:
    entry = 'msgid "a"\nmsgid_plural "b"\n' + "".join(
        f'msgstr[{n}] "{name}"\n'
        for n, name in enumerate(("zero", "one", "two", "few", "many", "other"))
    )
    kept = texts.written(Catalog(), "ar") + b"\n" + entry.encode()
    spoken = i18n.compiled(kept, "ar")
    locale = i18n.tongue("ar").locale
    assert all(spoken.ngettext("a", "b", n) == locale.plural_form(n) for n in range(1001))


def test_a_template_gives_its_texts_as_the_page_has_them() -> None:
    page = """{{ _("One") }}{% trans n=2 %}Two {{ n }}{% pluralize %}Twos {{ n }}{% endtrans %}"""
    first, second = (said for _, _, said in pages.texts(page))
    assert (first, second[:2]) == ("One", ("Two %(n)s", "Twos %(n)s"))
