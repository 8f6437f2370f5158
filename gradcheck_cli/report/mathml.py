"""LaTeX as MathML, which browsers draw without a script; what cannot be drawn is shown as code.

The converter escapes what it passes on. Its output is read again all the same,
and kept only if it holds nothing but the elements and attributes of formulas.
"""

from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser

from markupsafe import Markup, escape
from math_core import LatexError, LatexToMathML

from gradcheck_cli.report.findings import one_line
from gradcheck_cli.text import plain

MAX_LENGTH = 8_000
"""A longer formula is shown as code."""

MAX_DEPTH = 60
"""So is one that nests deeper."""

_TAGS = """
math mi mo mn mtext mspace ms mrow mfrac msqrt mroot mstyle mpadded mphantom menclose msub msup msubsup
munder mover munderover mmultiscripts mprescripts mtable mtr mtd merror
"""
TAGS = frozenset(_TAGS.split())
"""The elements of formulas."""

_ATTRIBUTES = """
display displaystyle scriptlevel mathvariant stretchy symmetric lspace rspace minsize maxsize form accent
accentunder width height depth voffset linethickness columnalign rowspacing columnspacing fence separator
largeop movablelimits style class notation columnspan rowspan intent arg
"""
ATTRIBUTES = frozenset(_ATTRIBUTES.split())
"""Their attributes, of which none names anything outside."""

_INVISIBLE = frozenset("\u2061\u2062\u2063\u2064")
"""Application, times, separator, plus."""

_STYLE = re.compile(r"(?:[a-z-]{1,30}+:[a-zA-Z0-9#.% -]{1,40}+;?\s?){1,12}+")
_LABEL = re.compile(r"\\(?:label|tag\*?|nonumber|notag)(?![A-Za-z])\s?(?:\{[^{}]*\})?")
_NUMBERED = re.compile(r"\\(begin|end)\{(equation|align|alignat|flalign|gather|multline)\}")
_ROWS = re.compile(r"(?<!\\)&|\\\\")


def mathml(latex: str, *, display: bool = False, environment: str = "") -> Markup:
    """A formula without its delimiters, drawn; `environment` is what it stood in."""
    text = _LABEL.sub("", latex).strip()
    if environment:
        text = f"\\begin{{{environment}}}{text}\\end{{{environment}}}"
    elif _ROWS.search(text) and "\\begin" not in text:
        text = f"\\begin{{aligned}}{text}\\end{{aligned}}"  # a part of a display
    text = _NUMBERED.sub(r"\\\1{\2*}", text)
    if len(text) > MAX_LENGTH or _depth(text) > MAX_DEPTH:
        return code(latex)
    try:
        drawn = _converter().convert_with_local_state(text, displaystyle=display)
    except (LatexError, UnicodeEncodeError):  # half of a surrogate pair is no text
        return code(latex)
    checker = _Checker()
    checker.feed(drawn)
    checker.close()
    # whatever is kept was found to be a formula and nothing else
    return Markup(checker.kept()) if checker.clean else code(latex)  # noqa: S704


def code(text: str) -> Markup:
    """A text as code, escaped, its control characters visible; what is too long is cut."""
    return Markup("<code>{}</code>").format(one_line(text, MAX_LENGTH))


@cache
def _converter() -> LatexToMathML:
    return LatexToMathML(pretty_print="never", fancy_error=False)


def _depth(text: str) -> int:
    depth = deepest = 0
    for sign in re.findall(r"\\[\s\S]|[{}]", text):
        depth += (sign == "{") - (sign == "}")
        deepest = max(deepest, depth)
    return deepest + text.count("\\begin") + text.count("\\left")


class _Checker(HTMLParser):
    """Writes markup anew out of what may stand in a formula; anything else makes it unclean."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.clean = True
        self.parts: list[str] = []
        self.open: list[str] = []

    def kept(self) -> str:
        """The markup."""
        return "".join(self.parts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element of a formula, with the attributes of formulas."""
        kept = [(name, value or "") for name, value in attrs if name in ATTRIBUTES]
        self.clean &= tag in TAGS and all(name in ATTRIBUTES or name == "id" for name, _ in attrs)
        self.clean &= all(name != "style" or _STYLE.fullmatch(value) for name, value in kept)
        written = "".join(f' {name}="{escape(value)}"' for name, value in kept)
        self.parts.append(f"<{tag}{written}>")
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """The end of the innermost element."""
        self.clean &= bool(self.open) and self.open.pop() == tag
        self.parts.append(f"</{tag}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element without content."""
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_data(self, data: str) -> None:
        """A sign; one of MathML's invisible operators stays what it is."""
        self.parts.append(f"&#x{ord(data):x};" if data in _INVISIBLE else str(escape(plain(data))))

    def handle_comment(self, data: str) -> None:  # noqa: ARG002
        """Never in a formula."""
        self.clean = False

    def handle_decl(self, decl: str) -> None:  # noqa: ARG002
        """Never in a formula."""
        self.clean = False

    def handle_pi(self, data: str) -> None:  # noqa: ARG002
        """Never in a formula."""
        self.clean = False

    def unknown_decl(self, data: str) -> None:  # noqa: ARG002
        """Never in a formula."""
        self.clean = False
