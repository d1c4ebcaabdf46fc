"""Markup that came in a signed activity, as it goes out again: in the client API and on a page."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup, Tag

from storage.accounts import Account
from tests.federation.instance import Instance
from tests.federation.peer import Json, Peer
from tests.hostile.test_activities import outcome

CONTENTS = {
    "script": "<p>hi<script>alert(1)</script></p>",
    "nested": "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "broken attribute": '<p title="><img src=x onerror=alert(1)>">hi</p>',
    "new line in an attribute": '<a href="java\nscript:alert(1)">x</a><a\nhref\n=\n"\x01javascript:alert(1)">y</a>',
    "entities": '<a href="&#106;avascript:alert(1)">x</a><a href="data:text/html,x">y</a>',
    "handlers": '<p onclick="alert(1)" onmouseover=alert(1)>x</p><svg/onload=alert(1)>',
    "foreign content": "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "template": "<template><img src=x onerror=alert(1)></template><noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "frames": "<iframe src=https://evil.example></iframe><object data=x></object><embed src=x>",
    "style": "<style>*{display:none}</style><p style='position:fixed;inset:0'>x</p>",
    "page": "<base href=https://evil.example/><meta http-equiv=refresh content='0;url=//evil.example'>",
    "form": "<form action=https://evil.example><input name=password><button>Sign in</button></form>",
    "pictures": '<img src="https://evil.example/pixel.png"><video autoplay src=https://evil.example/x>',
    "classes": '<p class="button quiet invisible-x bar">x</p><a id=main href=https://a.example>b</a>',
    "opener": '<a href="https://evil.example" target=_blank rel="opener me">https://bank.example</a>',
    "comment": "<!--><img src=x onerror=alert(1)>--><![CDATA[<script>alert(1)</script>]]>",
    "unclosed": "<p><b><i>" * 500 + "x",
}  # fmt: skip
TAGS = frozenset(
    "p br span a b strong i em u del s ul ol li blockquote pre code h1 h2 h3 h4 h5 h6 ruby rt rp"
    " sub sup small abbr hr div html body table thead tbody tr th td details summary".split()
)
ATTRIBUTES = frozenset("href rel class lang dir translate start reversed value title".split())


def faults(html: str) -> list[str]:
    """What a reader of this HTML could be harmed by."""
    found: list[str] = []
    for tag in BeautifulSoup(html, "html.parser").find_all(True):
        assert isinstance(tag, Tag)
        found += [tag.name] if tag.name not in TAGS else []
        found += [name for name in tag.attrs if name not in ATTRIBUTES]
        scheme = urlsplit(str(tag.get("href", "https://"))).scheme
        found += [] if scheme in ("http", "https", "mailto") else [scheme]
        if tag.name == "a" and not {"nofollow", "noopener"} <= set(tag.get("rel") or ()):
            found.append("rel")
        if "me" in (tag.get("rel") or ()) or "button" in (tag.get("class") or ()):
            found.append("trust")
    return found


async def shown(ours: Instance, server: Peer, note: Json) -> tuple[Json, str]:
    """A remote answer to a post of ours: as the client API shows it, and the page where it stands."""
    row = await ours.post(note["id"])
    assert row
    assert row.in_reply_to_id
    base = f"https://{ours.host}"
    async with server.session.get(f"{base}/api/v1/statuses/{row.id}") as answer:
        status: Json = await answer.json()
    page = f"{base}/posts/{row.in_reply_to_id}"
    async with server.session.get(page, headers={"Accept": "text/html"}) as answer:
        policy = answer.headers["Content-Security-Policy"].split("; ")
        assert {"default-src 'none'", "script-src 'self'"} <= set(policy)
        return status, await answer.text()


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
async def test_no_markup_does_harm(
    ours: Instance, attacker: Peer, organiser: Account, content: str
) -> None:
    mallory = attacker.person("mallory")
    post = await ours.publish(organiser, "The beans are up")
    note = attacker.note(
        mallory, content, [organiser.uri], inReplyTo=post.uri,
        source={"mediaType": "text/markdown", "content": content},
    )  # fmt: skip
    assert await outcome(ours, attacker, mallory, attacker.create(mallory, note)) == "done"
    status, page = await shown(ours, attacker, note)
    assert faults(status["content"]) == []
    here = BeautifulSoup(page, "html.parser")
    assert here.find_all(["style", "iframe", "object", "embed", "base", "svg"]) == []
    assert [s.attrs.get("src", "")[:17] for s in here.find_all("script")] == ["/assets/beckon.js"]
    assert not [t for t in here.find_all(True) if any(name.startswith("on") for name in t.attrs)]
    assert "evil.example/pixel" not in page
    assert all(str(f["action"]).startswith("/") for f in here.find_all("form", action=True))


BOLD = '"><img src=x onerror=alert(1)><b>bold</b>'


async def test_names_are_text(ours: Instance, attacker: Peer, organiser: Account) -> None:
    """Name, warning, field, option, tag and alt text: whatever is no HTML is shown as it was typed."""
    mallory = attacker.person("mallory")
    fields = [{"type": "PropertyValue", "name": BOLD, "value": BOLD}]
    attacker.serve({**mallory.document(), "name": BOLD, "attachment": fields})
    post = await ours.publish(organiser, "The beans are up")
    picture = {"type": "Image", "url": "https://far.example/a.png", "name": BOLD}
    emoji = {"type": "Emoji", "name": f":{BOLD}:", "icon": {"type": "Image", "url": "https://far.example/e.png"}}  # fmt: skip
    hashtag = {"type": "Hashtag", "name": f"#{BOLD}", "href": "https://far.example/t"}
    note = attacker.note(
        mallory, "<p>x</p>", [organiser.uri], inReplyTo=post.uri, summary=BOLD,
        attachment=[picture], type="Question", oneOf=[{"type": "Note", "name": BOLD}],
    )  # fmt: skip
    note["tag"] += [emoji, hashtag]
    assert await outcome(ours, attacker, mallory, attacker.create(mallory, note)) == "done"
    status, page = await shown(ours, attacker, note)
    assert status["spoiler_text"] == status["account"]["display_name"] == BOLD
    assert [option["title"] for option in status["poll"]["options"]] == [BOLD]
    assert [file["description"] for file in status["media_attachments"]] == [BOLD]
    assert faults(str(status["account"]["fields"][0]["value"])) == []
    assert status["emojis"] == []
    here = BeautifulSoup(page, "html.parser")
    assert here.find_all("b") == []
    assert not [t for t in here.find_all("img") if t.get("onerror")]
