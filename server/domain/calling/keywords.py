"""Answering a call with a reply: the words that the call itself prints, in its language, and who says them.

Pure. A reply counts where its first line is such a keyword and nothing else, in whatever letters; mentions
around it do not matter. Everything else is a comment: what stands in quotation marks, after ``>`` or in a block of
somebody else's words, what asks (``count me in?``), and a keyword in the middle of a sentence. ``#withdraw`` takes an
answer back in every language, beside the word that is printed. Whom somebody brings follows the keyword: ``+2``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server import text
from server.domain.calling import kinds

WITHDRAW = "#withdraw"
"""Understood everywhere; also the key of what it says."""


@dataclass(frozen=True, slots=True)
class Language:
    """``says``: the keyword of each answer that counts, by its key, or by variant and key where one key means
    different things; ``option``: of a call that brings its own; ``sentence``: how it is printed; ``others``: the same of guests."""

    says: Mapping[str, str]
    option: str
    withdraw: str
    sentence: str
    others: str


@dataclass(frozen=True, slots=True)
class Keyword:
    """``key``: of the answer that it gives; ``title``: of the option, where the words do not say it."""

    words: str
    key: str
    title: str = ""


LANGUAGES: Mapping[str, Language] = {
    "en": Language(
        {
            "going": "count me in",
            "sign": "count me in",
            "sign_named": "count me in by name",
            "did": "I did it",
            "answered": "I got an answer",
            "help": "I can help",
            "offer.help": "I would like this",
            "gave": "I gave",
            "shared": "I passed it on",
            "agree": "looks good",
            "unsure": "I am not sure",
            "concern": "I have concerns",
            "consent.agree": "I consent",
            "abstain": "I stand aside",
            "object": "I object",
        },
        "vote {}",
        WITHDRAW,
        "Or answer in a reply, which others can read, with this as its first line: {}. To take it back: {}.",
        "Not alone? Add how many come with you: {}.",
    ),
    "de": Language(
        {
            "going": "ich bin dabei",
            "sign": "ich bin dabei",
            "sign_named": "ich bin mit Namen dabei",
            "did": "ich habe geschrieben",
            "answered": "ich habe Antwort bekommen",
            "help": "ich kann helfen",
            "offer.help": "ich möchte das",
            "gave": "ich habe gespendet",
            "shared": "ich habe es weitergesagt",
            "agree": "passt für mich",
            "unsure": "ich bin unsicher",
            "concern": "ich habe Bedenken",
            "consent.agree": "ich stimme zu",
            "abstain": "ich enthalte mich",
            "object": "ich habe einen Einwand",
        },
        "Stimme {}",
        "#zurückziehen",
        "Oder antworte, für andere lesbar, mit dieser ersten Zeile: {}. Zum Zurücknehmen: {}.",
        "Nicht allein? Sag dazu, wie viele mitkommen: {}.",
    ),
    "es": Language(
        {
            "going": "cuenten conmigo",
            "sign": "cuenten conmigo",
            "sign_named": "cuenten conmigo con mi nombre",
            "did": "ya escribí",
            "answered": "recibí respuesta",
            "help": "puedo ayudar",
            "offer.help": "me interesa",
            "gave": "ya doné",
            "shared": "lo compartí",
            "agree": "me parece bien",
            "unsure": "tengo dudas",
            "concern": "tengo reparos",
            "consent.agree": "doy mi consentimiento",
            "abstain": "me abstengo",
            "object": "me opongo",
        },
        "voto {}",
        "#retirar",
        "O responde, a la vista de otros, con esto en la primera línea: {}. Para retirarlo: {}.",
        "¿Vienes con más gente? Añade cuántas personas: {}.",
    ),
    "fr": Language(
        {
            "going": "comptez sur moi",
            "sign": "comptez sur moi",
            "sign_named": "comptez sur moi avec mon nom",
            "did": "j'ai écrit",
            "answered": "j'ai reçu une réponse",
            "help": "je peux aider",
            "offer.help": "ça m'intéresse",
            "gave": "j'ai donné",
            "shared": "j'ai partagé",
            "agree": "ça me va",
            "unsure": "j'hésite",
            "concern": "j'ai des réserves",
            "consent.agree": "je consens",
            "abstain": "je m'abstiens",
            "object": "je m'oppose",
        },
        "vote {}",
        "#retirer",
        "Ou répondez, à la vue des autres, avec ceci en première ligne : {}. Pour le retirer : {}.",
        "Vous venez avec d'autres ? Ajoutez combien : {}.",
    ),
    "ar": Language(
        {
            "going": "احسبوني معكم",
            "sign": "احسبوني معكم",
            "sign_named": "احسبوني معكم باسمي",
            "did": "لقد كتبت",
            "answered": "وصلني رد",
            "help": "يمكنني المساعدة",
            "offer.help": "أرغب في هذا",
            "gave": "لقد تبرعت",
            "shared": "لقد نشرت النداء",
            "agree": "يبدو جيدا",
            "unsure": "عندي شك",
            "concern": "عندي تحفظات",
            "consent.agree": "أوافق",
            "abstain": "أمتنع",
            "object": "أعترض",
        },
        "صوت {}",
        "#انسحاب",
        "أو أجيبوا برد يراه الآخرون، سطره الأول: {}. وللتراجع: {}.",
        "إن جاء معكم آخرون فأضيفوا عددهم: {}.",
    ),
}  # fmt: skip


def of_language(code: str | None) -> Language:
    """``code``: as ``pt-BR``; where there is no table, English."""
    return LANGUAGES.get((code or "en").lower().partition("-")[0], LANGUAGES["en"])


def of_call(
    kind: str, variant: str, options: Sequence[str], language: str | None
) -> tuple[Keyword, ...]:
    """One for each answer that counts. ``options``: as the card of the call has them."""
    words = of_language(language)
    offered = kinds.answers(kind, variant, options)
    if kinds.has_own_options(kind, variant):
        return tuple(Keyword(words.option.format(a.key), a.key, a.title) for a in offered)
    named = ((words.says.get(f"{variant}.{a.key}") or words.says.get(a.key), a) for a in offered)
    return tuple(Keyword(said, a.key) for said, a in named if said and a.counts)


def printed(keywords: Sequence[Keyword], language: str | None, guests_max: int = 0) -> str:
    """The paragraph that a call's text carries, as HTML. ``guests_max``: whom each may bring."""
    words = of_language(language)
    parts = (
        f"<strong>{text.escape(k.words)}</strong>"
        + (f" ({text.escape(k.title)})" if k.title else "")
        for k in keywords
    )
    taken_back = f"<strong>{text.escape(words.withdraw)}</strong>"
    said = words.sentence.format(" / ".join(parts), taken_back)
    if guests_max and keywords:
        example = f"{text.escape(keywords[0].words)} +{min(guests_max, EXAMPLE)}"
        said += " " + words.others.format(f"<strong>{example}</strong>")
    return f"<p>{said}</p>"


def said(html: str, keywords: Sequence[Keyword], language: str | None) -> str | None:
    """What a reply says: the key of an answer, ``WITHDRAW``, or None: it is a comment. ``html``: cleaned."""
    line = first_line(html)
    if line in (WITHDRAW, plain(of_language(language).withdraw)):
        return WITHDRAW
    alone = BROUGHT.sub("", line)
    return next((k.key for k in keywords if plain(k.words) == alone), None)


def guests(html: str) -> int:
    """Whom a reply that answers brings, by what follows its keyword."""
    found = BROUGHT.search(first_line(html))
    return int(found[1]) if found else 0


BLOCKQUOTE = re.compile(r"<blockquote>.*</blockquote>", re.DOTALL)
QUOTED = "<p>&gt;</p>"
APOSTROPHES = re.compile("[\u2018\u2019\u02bc\u0060\u00b4]")
BROUGHT = re.compile(r" ?\+ ?(\d{1,3})$")
EXAMPLE = 2
ENDINGS = " .!\u2026"


def first_line(html: str) -> str:
    """The first line of a reply that says anything, as ``plain`` makes it; a quote stays one."""
    whole = text.plain(BLOCKQUOTE.sub(QUOTED, text.without_quote_link(html)))
    lines = (plain(text.HANDLE.sub(" ", line)) for line in whole.splitlines())
    return next((line for line in lines if line), "")


def plain(line: str) -> str:
    """Without marks, accents and capitals, and without what ends a sentence."""
    apart = unicodedata.normalize("NFKD", text.CONTROL.sub("", APOSTROPHES.sub("'", line)))
    bare = "".join(c for c in apart if unicodedata.category(c) not in ("Mn", "Cf"))
    return " ".join(bare.casefold().split()).rstrip(ENDINGS)
