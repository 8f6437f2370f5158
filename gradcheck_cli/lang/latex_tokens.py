r"""Cuts LaTeX into tokens; one regular expression, linear, every token with its place.

What only lays a formula out (spacing, sizes, colours, labels, comments) is
dropped here, Unicode signs become the commands that they stand for, and an
argument without braces is cut as TeX does: `x_iy` is `x_i y`, `\frac12` is a half.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace

from gradcheck_cli.lang.tokens import MAX_DIGITS, MAX_LENGTH
from gradcheck_cli.text import Problem, Text, UserError

_NAMED = "text|textrm|textit|textbf|texttt|textsf|textnormal|mathrm|mathsf|mathtt|operatorname|mbox|mathop"

_TOKEN = re.compile(
    rf"(?P<space>\s+|%[^\n]*|~)"
    rf"|\\(?:{_NAMED})\*?\s*(?:\{{(?P<text>[^{{}}]*)\}}|(?<=\s)(?P<letter>[A-Za-z0-9]))"
    r"|(?P<command>\\[A-Za-z]+\*?|\\.)"
    r"|(?P<number>[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"
    r"|(?P<word>[A-Za-z]+)"
    r"|(?P<sign>.)",
    re.DOTALL,
)

_GAPS = frozenset(rf"\{name}" for name in ("quad", "qquad", "hfill", "qquad", "enspace"))
_DROPPED = frozenset(
    [rf"\{sign}" for sign in ",;:!> "]
    + [
        rf"\{name}"
        for name in [
            "thinspace",
            "medspace",
            "thickspace",
            "negthinspace",
            "displaystyle",
            "textstyle",
            "scriptstyle",
            "scriptscriptstyle",
            "limits",
            "nolimits",
            "left",
            "right",
            "middle",
            "big",
            "Big",
            "bigg",
            "Bigg",
            "bigl",
            "bigr",
            "Bigl",
            "Bigr",
            "biggl",
            "biggr",
            "Biggl",
            "Biggr",
            "bigm",
            "Bigm",
            "nonumber",
            "notag",
            "hline",
            "boxed",
            "mathstrut",
            "smash",
            "mathord",
            "mathbin",
            "mathrel",
            "noindent",
            "centering",
            "underbrace",
            "overbrace",
            "mathopen",
            "mathclose",
            "ensuremath",
        ]
    ]
)
_WITH_ARGUMENT = frozenset(
    rf"\{name}"
    for name in [
        "label",
        "tag",
        "eqref",
        "ref",
        "cite",
        "hspace",
        "hspace*",
        "vspace",
        "phantom",
        "hphantom",
        "vphantom",
        "color",
        "textcolor",
        "style",
        "class",
        "cssId",
        "tag*",
        "footnote",
        "colorbox",
    ]
)
"""Dropped together with the group behind them; a second group, as of `\\textcolor`, stays."""

_CUTS = {rf"\{name}": count for name, count in [("frac", 2), ("dfrac", 2), ("tfrac", 2), ("cfrac", 2)]} | {
    rf"\{name}": 1
    for name in [
        "sqrt",
        "hat",
        "tilde",
        "bar",
        "dot",
        "ddot",
        "check",
        "breve",
        "acute",
        "grave",
        "vec",
        "overline",
        "widehat",
        "widetilde",
        "underline",
        "mathring",
        "mathbf",
        "boldsymbol",
        "bm",
        "pmb",
        "mathit",
        "mathcal",
        "mathscr",
        "mathfrak",
        "mathbb",
        "mathbbm",
        "mathds",
    ]
}

_UNICODE = {
    "−": "-", "–": "-", "·": r"\cdot", "⋅": r"\cdot", "∙": r"\cdot", "×": r"\times", "⊙": r"\odot",
    "∘": r"\circ", "⊘": r"\oslash", "⊗": r"\otimes", "∂": r"\partial", "∇": r"\nabla", "∑": r"\sum",
    "∏": r"\prod", "√": r"\sqrt", "≤": r"\le", "≥": r"\ge", "≠": r"\ne", "≈": r"\approx", "∈": r"\in",
    "⊤": r"\top", "‖": r"\|", "∥": r"\|", "∞": r"\infty", "…": r"\ldots", "⋯": r"\cdots", "′": "'", "’": "'",
    "⟨": r"\langle", "⟩": r"\rangle", "𝟏": r"\ones", "𝟙": r"\ones", "𝟎": r"\zeros", "⇒": r"\implies",
    "∣": "|", "∗": "*", "†": r"\dagger",
}  # fmt: skip
_RAISED = {
    "ᵀ": "T", "⁰": "0", "¹": "1", "²": "2", "³": "3", "⁴": "4",
}  # fmt: skip
_GREEK = (
    {
        c: rf"\{unicodedata.name(c).rsplit(' ', 1)[1].lower().replace('lamda', 'lambda')}"
        for c in "αβγδεζηθικλμνξοπρστυφχψω"
    }
    | {
        c: rf"\{unicodedata.name(c).rsplit(' ', 1)[1].capitalize().replace('Lamda', 'Lambda')}"
        for c in "ΓΔΘΛΞΠΣΦΨΩ"
    }
    | {"ϵ": r"\epsilon", "ϕ": r"\phi", "ϑ": r"\theta"}
)

_SIGNS = frozenset("+-*/=<>()[]{}|^_'&,.;:!$@")


@dataclass(frozen=True, slots=True)
class Token:
    r"""One word or sign; `kind` is command, number, word, text, sign or end.

    `text` of a command keeps its backslash. `gap` says that a `\quad` stands
    before it, `font` is the command that its group was set in.
    """

    kind: str
    text: str
    start: int
    end: int
    gap: bool = False
    font: str = ""


def tokens(text: Text) -> list[Token]:
    """All tokens of a formula, with one of kind `end` behind the last. Raises UserError."""
    value = text.value
    if len(value) > MAX_LENGTH:
        raise UserError(
            Problem(
                f"this formula has {len(value):,} characters; at most {MAX_LENGTH:,} are read",
                text.span(0, 1),
                help="split it: name its parts under `where:`",
            )
        )
    found: list[Token] = []
    at, cut, gap, skip = 0, 0, False, False
    while at < len(value):
        match = _TOKEN.match(value, at)
        assert match is not None  # the last alternative takes any character
        token = _token(text, match)
        at = match.end()
        if token is None:
            continue
        if cut and token.kind in {"word", "number"} and len(token.text) > 1:
            token = replace(token, text=token.text[0], end=token.start + 1)
            at = token.end
        cut = _CUTS.get(
            token.text, 1 if token.text in {"^", "_"} else 0 if token.text == "{" else max(0, cut - 1)
        )
        if skip and token.text == "{":
            at = _closing(text, token)
        elif token.text in _GAPS:
            gap = True
        elif token.text in _DROPPED:
            if token.text in {r"\left", r"\right"} and value[at : at + 1] == ".":
                at += 1
        elif token.text not in _WITH_ARGUMENT:
            found += _expanded(replace(token, gap=gap) if gap else token)
            gap = False
        skip = token.text in _WITH_ARGUMENT
    found.append(Token("end", "", len(value), len(value)))
    return found


def _token(text: Text, match: re.Match[str]) -> Token | None:
    kind = match.lastgroup or ""
    start, end = match.span()
    word = match.group()
    if kind == "space":
        return None
    if kind in {"text", "letter"}:
        inside = re.sub(r"\\[,;:! ]", " ", match[kind]).replace("\\_", "_")
        return Token("text", " ".join(inside.split()), start, end)
    if kind == "number" and len(word.replace(".", "").lstrip("0")) > MAX_DIGITS:
        message, advice = "this number is too long to be meant", f"at most {MAX_DIGITS} digits"
        raise UserError(Problem(message, text.span(start, end), help=advice))
    if kind == "command" and word == "\\":
        raise _unreadable(text, start, "a backslash stands alone here")
    if kind != "sign" or word in _SIGNS:
        return Token(kind, word, start, end)
    if word in _RAISED:
        return Token("raised", _RAISED[word], start, end)
    mapped = _UNICODE.get(word) or _GREEK.get(word)
    if mapped is None:
        plain = unicodedata.normalize("NFKC", word)
        mapped = plain if plain.isascii() and plain.isalpha() else _GREEK.get(plain)
    if mapped is None:
        raise _unreadable(text, start, "a formula holds letters, numbers, LaTeX commands and signs")
    kind = "command" if mapped[0] == "\\" else "word" if mapped.isalpha() else "sign"
    return Token(kind, mapped, start, end)


def _expanded(token: Token) -> list[Token]:
    """A raised sign such as `²` is two tokens."""
    if token.kind != "raised":
        return [token]
    kind = "word" if token.text.isalpha() else "number"
    return [replace(token, kind="sign", text="^"), replace(token, kind=kind)]


def _closing(text: Text, opening: Token) -> int:
    """Behind the brace that closes a group which is dropped whole."""
    depth = 0
    for at in range(opening.start, len(text.value)):
        depth += (text.value[at] == "{") - (text.value[at] == "}")
        if not depth:
            return at + 1
    raise UserError(
        Problem("this `{` is never closed", text.span(opening.start, opening.end), help="add the missing `}`")
    )


def _unreadable(text: Text, at: int, hint: str) -> UserError:
    char = text.value[at]
    shown = char if char.isprintable() else f"U+{ord(char):04X}"
    return UserError(Problem(f"`{shown}` cannot stand in a formula", text.span(at, at + 1), help=hint))
