"""Reads HTML: the text that a page shows, entities decoded, each character with its place in the file.

A scanner of its own, after the rules of the HTML standard: the tokenizer of
the standard library takes quadratic time on broken pages, and gives no places
of decoded characters. What is drawn twice (KaTeX's and MathJax's output) is left out in favour of its TeX.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from gradcheck_cli.text import Text
from gradcheck_cli.writeups.found import HIDDEN, Block, Piece, Reading

_TAG = re.compile(
    r"<(?P<close>/?)(?P<name>[A-Za-z][A-Za-z0-9:-]{0,40})(?=[\s/>])"
    r"(?P<attributes>(?:[^>=]++|=\s*+(?:\"[^\"]*\"|'[^']*')?+)*+)>"
)
_ATTRIBUTE = re.compile(r"([^\s\"'=<>/]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'=<>`]+)))?")
_SIGN = re.compile(r"<!--|<[!?]|</?[A-Za-z]|&(?=[#A-Za-z])")
_ENTITY = re.compile(r"&(?:#[0-9]{1,8}|#[xX][0-9a-fA-F]{1,7}|[A-Za-z][A-Za-z0-9]{1,40});?")


def _words(*lines: str) -> Iterator[str]:
    return (word for line in lines for word in line.split())


_BLOCKS = frozenset(
    _words(
        "address article aside blockquote body caption center dd details div dl dt fieldset figcaption",
        "figure footer form h1 h2 h3 h4 h5 h6 head header hr html li main nav ol p pre section summary",
        "table tbody td th thead title tr ul",
    )
)
_HEADINGS = frozenset(["h1", "h2", "h3", "h4", "h5", "h6"])
_RAW = frozenset(["script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes"])
_CODE = frozenset(["pre", "code", "kbd", "samp", "tt", "svg", "math", "mjx-container", "template", "select"])
_DRAWN = frozenset(
    [
        "katex-html",
        "MathJax_Preview",
        "MathJax",
        "MathJax_Display",
        "MathJax_SVG",
        "MathJax_CHTML",
        "mwe-math-fallback-image-inline",
    ]
)
_TEX = frozenset(["application/x-tex", "latex", "text/x-tex", "tex", "application/x-latex"])


class _Reader:
    """One pass over the page, which copies what is shown."""

    def __init__(self, text: Text) -> None:
        self.page = text
        self.html = text.value
        self.out: list[str] = []
        self.places: list[int] = []
        self.prose: list[str] = []
        self.size = 0
        self.headings: list[tuple[int, str]] = []
        self.pieces: list[Piece] = []
        self.blocks: list[Block] = []
        self.skip: list[str] = []
        """The element that is left out, once for each time it stands in itself."""
        self.taking: tuple[str, int, int, str] | None = None
        """What is taken out of a left-out element: what, where its text begins, and in `out`, the display."""
        self.pending: Piece | None = None
        """The TeX of an attribute, used where no annotation follows."""
        self.heading: tuple[int, int] | None = None
        self.display = "inline"

    def read(self) -> None:
        """Reads the page."""
        at = 0
        while match := _SIGN.search(self.html, at):
            start = match.start()
            self.copy(at, start)
            at = self.sign(match.group(), start)
        self.copy(at, len(self.html))

    def sign(self, sign: str, start: int) -> int:
        """Takes what begins at a `<` or `&`; returns where it ends."""
        if sign == "&":
            entity = _ENTITY.match(self.html, start)
            if entity is None:
                self.put("&", [start])
                return start + 1
            self.put(decoded := unescape(entity.group()), [start] * len(decoded))
            return entity.end()
        if sign[:2] in {"<!", "<?"}:
            closing = "-->" if sign == "<!--" else ">"
            end = self.html.find(closing, start + len(sign))
            if sign == "<!--" and end >= 0:
                self.comment(start, end)
            return len(self.html) if end < 0 else end + len(closing)
        tag = _TAG.match(self.html, start)
        if tag is not None:
            return self.tag(tag)
        if re.match(r"</?[A-Za-z][A-Za-z0-9:-]{0,40}[\s/]", self.html[start : start + 60]):
            return len(self.html)  # a tag that never ends hides the rest, as in a browser
        self.put("<", [start])
        return start + 1

    def copy(self, start: int, end: int) -> None:
        """Copies shown text."""
        if end > start:
            self.put(self.html[start:end], range(start, end))

    def put(self, text: str, places: range | list[int], *, hidden: bool = False) -> None:
        """Adds characters to the text, hidden ones if they are left out of the prose."""
        self.out.append(text)
        self.prose.append(HIDDEN * len(text) if hidden or self.skip else text)
        self.places.extend(places)
        self.size += len(text)

    def edge(self, at: int, sign: str = HIDDEN) -> None:
        """Ends a paragraph: no formula reaches further."""
        self.put(sign, [at], hidden=sign == HIDDEN)

    def comment(self, start: int, end: int) -> None:
        """A comment is hidden; one that begins with the word is a spec."""
        first, line, _ = self.html[start + 4 : end].lstrip().partition("\n")
        if line and first.strip() == "gradcheck":
            inner = self.html.index("\n", self.html.index("gradcheck", start)) + 1
            self.take("spec", start)
            self.put(self.html[inner:end], range(inner, end), hidden=True)
            self.taken(end + 3)

    def tag(self, tag: re.Match[str]) -> int:
        """Takes a tag, and with it the text of those elements that hold no markup."""
        name = tag["name"].lower()
        start, end = tag.span()
        if tag["close"]:
            self.closing(name, start, end)
            return end
        attributes = _attributes(tag["attributes"])
        if name in _RAW:
            return self.raw(name, attributes, start, end)
        if self.skip:
            self.inside(name, attributes, start)
            return end
        classes = set(attributes.get("class", "").split())
        if name in _BLOCKS:
            self.edge(start)
        if name in _HEADINGS:
            self.heading = (self.size, start)
        if name == "br":
            self.put("\n", [start])
        elif name in _CODE or classes & _DRAWN:
            self.edge(start)
            self.skip.append(name)
            self.display = "display" if attributes.get("display") == "block" else "inline"
            self.inside(name, attributes, start, first=True)
            if name == "math" and attributes.get("alttext"):
                self.alttext(tag)
            if tag["attributes"].endswith("/"):
                self.closing(name, end, end)
        return end

    def inside(self, name: str, attributes: dict[str, str], start: int, *, first: bool = False) -> None:
        """A tag in an element that is left out: it may hold the TeX, or a spec."""
        if self.skip[-1] == name and not first:
            self.skip.append(name)
        words = attributes.get("class", "").lower().split()
        if name in {"pre", "code"} and not {"gradcheck", "language-gradcheck"}.isdisjoint(words):
            if self.taking is None:
                self.take(f"spec {name}", start)
        elif name == "annotation" and attributes.get("encoding", "").lower() in _TEX:
            self.take("formula annotation", start, self.display)

    def closing(self, name: str, start: int, end: int) -> None:
        """Takes a closing tag."""
        if self.taking is not None and self.taking[0].endswith(f" {name}"):
            self.taken(end)
        if self.skip:
            if self.skip[-1] == name:
                self.skip.pop()
                if not self.skip:
                    if self.pending is not None:
                        self.pieces.append(self.pending)
                        self.pending = None
                    self.edge(start)
            elif self.skip[-1] in {"code", "kbd", "samp", "tt"} and name in _BLOCKS:
                self.skip.clear()  # never closed
                self.taking = None
                self.edge(start)
            return
        if name in _HEADINGS and self.heading is not None:
            self.headings.append((self.heading[0], self.text_from(self.heading[0])))
            self.heading = None
        if name in _BLOCKS:
            self.edge(start)

    def text_from(self, begin: int) -> str:
        """The last characters, from an offset on."""
        parts: list[str] = []
        size = self.size
        for part in reversed(self.prose):
            if size <= begin or len(parts) > 200:
                break
            size -= len(part)
            parts.append(part)
        return " ".join("".join(reversed(parts)).replace(HIDDEN, " ").replace("¶", " ").split())[:300]

    def raw(self, name: str, attributes: dict[str, str], start: int, end: int) -> int:
        """An element whose text is no markup: a script may hold TeX or a spec."""
        closing = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE).search(self.html, end)
        stop = closing.start() if closing else len(self.html)
        behind = self.html.find(">", stop) + 1 or len(self.html)
        kind = attributes.get("type", "").lower()
        if name == "script" and kind.startswith("math/tex"):
            display = "display" if "mode=display" in kind.replace(" ", "") else "inline"
            self.take("formula", start, display)
        elif name == "script" and kind in {"text/gradcheck", "application/gradcheck", "text/x-gradcheck"}:
            self.take("spec", start)
        elif name in {"script", "style"}:
            return behind
        self.put(self.html[end:stop], range(end, stop), hidden=True)
        if self.taking is not None and " " not in self.taking[0]:
            self.taken(behind)
        return behind

    def alttext(self, tag: re.Match[str]) -> None:
        """The TeX that LaTeXML keeps in an attribute; an annotation inside goes before it."""
        found = re.search(r"\balttext\s*=\s*([\"'])", tag["attributes"])
        if found is None:
            return
        inner = tag.start("attributes") + found.end()
        end = self.html.find(found[1], inner)
        begin = self.size
        for match in re.finditer(r"&[#\w]{1,40};|[^&]+|&", self.html[inner:end]):
            value = unescape(match.group())
            at = inner + match.start()
            self.put(
                value,
                [at] * len(value) if value != match.group() else range(at, at + len(value)),
                hidden=True,
            )
        self.pending = Piece(begin, self.size, begin, self.size, self.display)

    def take(self, what: str, tag: int, display: str = "") -> None:
        """Begins to take out what follows."""
        self.edge(tag)
        self.pending = None
        self.taking = (what, self.size, len(self.out), display)

    def taken(self, end: int) -> None:
        """What was begun ends here."""
        assert self.taking is not None
        what, begin, first, display = self.taking
        self.taking = None
        inner = self.size
        self.edge(end - 1)
        if what.startswith("formula"):
            self.pieces.append(Piece(begin - 1, inner + 1, begin, inner, display))
        else:
            places = [*self.places[begin:inner], self.places[inner - 1] + 1 if inner > begin else end - 1]
            value = "".join(self.out[first:-1])
            self.blocks.append(Block(begin - 1, inner + 1, Text(value, self.page.source, places)))


def _attributes(written: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(written[:5000]):
        found.setdefault(match[1].lower(), unescape(match[2] or match[3] or match[4] or ""))
    return found


def read_html(text: Text) -> Reading:
    """The text of an HTML page, its headings, formulas and specs."""
    reader = _Reader(text)
    reader.read()
    behind = text.places[-1]
    whole = text.places == range(len(text.value) + 1)
    places = reader.places if whole else [text.places[p] for p in reader.places]
    shown = Text("".join(reader.out), text.source, [*places, behind])
    return Reading(
        shown, "".join(reader.prose), tuple(reader.headings), tuple(reader.pieces), tuple(reader.blocks)
    )
