"""Says what in a piece of HTML a browser would run, or be led away by."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Final

ADDRESSES: Final = frozenset(
    {"action", "background", "cite", "data", "formaction", "href", "poster", "src", "srcset"}
)
SAFE_STARTS: Final = ("https://", "http://", "/", "#", "mailto:", "?")
NEVER: Final = frozenset(
    {"script", "style", "iframe", "object", "embed", "applet", "base", "svg", "math", "template"}
)
"""A page of ours has a ``link`` for its style, and no script but that file of ours."""
NEVER_IN_CONTENT: Final = NEVER | {
    "form", "input", "button", "textarea", "select", "link", "meta", "html", "head", "body", "title",
    "video", "audio", "img", "frame", "frameset",
}  # fmt: skip


def harm_in(html: str, *, page: bool = False) -> list[str]:
    """What is wrong with it: nothing of that may be in a page of ours (``page``), or in content."""
    reader = _Reader(NEVER if page else NEVER_IN_CONTENT, page=page)
    reader.feed(html)
    reader.close()
    return reader.found


OURS = {("role", "img"), ("aria-hidden", "true")}


class _Reader(HTMLParser):
    def __init__(self, never: frozenset[str], *, page: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._never = never
        self._page = page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        drawn = self._page and tag == "svg" and OURS & set(attrs)  # bars of our own
        ours = self._page and tag == "script" and _is_our_script(dict(attrs))
        if tag in self._never and not (drawn or ours):
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            self._look(tag, name, (value or "").strip())

    def _look(self, tag: str, name: str, value: str) -> None:
        runs = name.startswith("on") or name in {"style", "srcdoc", "id", "http-equiv"}
        if runs and not (self._page and name in {"id", "http-equiv"}):
            self.found.append(f"{tag} {name}={value}")
        if name in ADDRESSES and value and not value.lower().startswith(SAFE_STARTS):
            self.found.append(f"{tag} {name}={value}")

    def handle_decl(self, decl: str) -> None:
        if not self._page:
            self.found.append(f"<!{decl}>")

    def handle_comment(self, data: str) -> None:
        if not self._page:
            self.found.append(f"<!--{data}-->")

    def handle_pi(self, data: str) -> None:
        self.found.append(f"<?{data}>")


def _is_our_script(attrs: dict[str, str | None]) -> bool:
    if attrs == {"type": "application/ld+json"}:  # it is data, and runs nothing
        return True
    return set(attrs) == {"src", "defer"} and (attrs["src"] or "").startswith(
        "/assets/beckon.js?v="
    )
