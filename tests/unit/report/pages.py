"""Reads a page back as a browser would, and says what is on it."""

from __future__ import annotations

from html.parser import HTMLParser
from itertools import pairwise

from gradcheck_cli.report.mathml import TAGS as MATH

TAGS = MATH | frozenset(
    "html head meta title style body a header h1 h2 h3 h4 h5 h6 p nav ul li main section pre dl dt dd span table"
    " thead tbody tfoot tr th td details summary article footer code div svg line circle text".split()
)
VOID = {"meta"}
HARMLESS = frozenset(
    "lang charset http-equiv content name class href id aria-label aria-labelledby aria-hidden title scope colspan"
    " role viewbox width height x x1 x2 y y1 y2 cx cy r text-anchor"
    " display displaystyle scriptlevel mathvariant stretchy symmetric lspace rspace minsize maxsize form accent"
    " accentunder depth voffset linethickness columnalign style fence separator largeop movablelimits".split()
)


class Page(HTMLParser):
    """What stands on a page; anything that a page of ours never has fails."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.headings: list[tuple[int, str]] = []
        self.words: list[str] = []
        self.metas: list[dict[str, str | None]] = []
        self.languages: list[str | None] = []
        self.images: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open, self.open

    @property
    def text(self) -> str:
        return "".join(self.words)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, tag
        for name, value in attrs:
            assert name in HARMLESS, (tag, name)
            assert name != "href" or (value or "").startswith("#"), value
            assert name != "style" or (tag in MATH and "(" not in (value or "")), value
        values = dict(attrs)
        if "id" in values:
            self.ids.append(values["id"] or "")
        if tag == "a":
            self.links.append((values["href"] or "")[1:])
        if tag == "html":
            self.languages.append(values.get("lang"))
        if tag == "svg":
            assert values["role"] == "img"
            self.images.append(values["aria-labelledby"] or "")
        if tag == "meta":
            self.metas.append(values)
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self.headings.append((int(tag[1]), ""))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)
        if self.open and len(self.open[-1]) == 2 and self.open[-1][1].isdigit():
            self.headings[-1] = (self.headings[-1][0], self.headings[-1][1] + data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_decl(self, decl: str) -> None:
        assert decl == "doctype html"

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"an instruction: {data}")

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(f"a declaration: {data}")


def sound(text: str) -> Page:
    """A page that keeps its promises: no script, no network, links that lead somewhere, headings in order."""
    page = Page(text)
    assert page.languages == ["en"]
    policy = next(m["content"] for m in page.metas if m.get("http-equiv") == "Content-Security-Policy")
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    assert len(page.ids) == len(set(page.ids)), [i for i in page.ids if page.ids.count(i) > 1]
    assert set(page.links) <= set(page.ids), set(page.links) - set(page.ids)
    assert set(page.images) <= set(page.ids)
    levels = [level for level, _ in page.headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels)), page.headings
    for outside in ("http:", "https:", "url(", "@import", "javascript:"):
        assert outside not in text.split("</style>", maxsplit=1)[0], outside
    return page
