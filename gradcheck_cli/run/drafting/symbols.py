r"""Which symbols a formula uses, and what a spec calls them: `\hat{\mathbf x}_i` is `x_hat` with an index.

Nothing is declared yet when a writeup is read, so that names, indices and
functions are told apart by how they are printed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache

from gradcheck_cli.lang.latex_symbols import ACCENTS, GREEK, LOSSES, PRODUCTS, Law, Symbols
from gradcheck_cli.lang.latex_tokens import Token

ALWAYS_INDICES = frozenset("ij")
_WORDS = frozenset(
    [
        "where",
        "with",
        "for",
        "if",
        "when",
        "since",
        "because",
        "otherwise",
        "else",
        "and",
        "or",
        "d",
        "such",
        "that",
        "then",
        "so",
        "is",
        "the",
        "a",
        "of",
    ]
)
SUMS = frozenset({r"\sum", r"\prod", r"\max", r"\min"})
_PRIMES = frozenset({"'", r"\prime"})
_PLAIN = Symbols()
STEPS = {"+": "next", "-": "prev"}
MAX_NAME = 32
"""How many characters a drafted name may have."""

MAX_ACCENTED = 30
"""How many tokens may stand under an accent."""


@dataclass(frozen=True)
class Occurrence:
    """A symbol at one place."""

    name: str
    at: int
    """The position of its first token."""
    end: int
    """The position behind its last one."""
    indices: tuple[str, ...] = ()
    upright: str = ""
    """`bold` or `plain`, as far as the print tells vectors from numbers."""
    printed: str = ""
    """What `notation` has to say, where the rules of the language do not give the name."""


@dataclass
class Habits:
    """What a document as a whole tells about its letters."""

    indices: set[str] = field(default_factory=lambda: set(ALWAYS_INDICES))
    """Letters that are indices below a symbol."""
    functions: dict[str, str] = field(default_factory=dict)
    """Names defined as `f(x) = …`, with the argument."""
    ranks: dict[str, int] = field(default_factory=dict)
    """The most indices that a name has anywhere."""
    laws: dict[str, str] = field(default_factory=dict)
    """Random names with their laws."""
    bold: set[str] = field(default_factory=set)
    """Names that are printed bold somewhere."""


def group(tokens: Sequence[Token], at: int) -> tuple[Sequence[Token], int]:
    """What stands in the braces from `at` on, or the one token there; and the position behind."""
    if at >= len(tokens):
        return (), at
    if tokens[at].text != "{":
        return tokens[at : at + 1], at + 1
    depth = 0
    for end in range(at, len(tokens)):
        depth += (tokens[end].text == "{") - (tokens[end].text == "}")
        if not depth:
            return tokens[at + 1 : end], end + 1
    return tokens[at + 1 :], len(tokens)


@cache
def _split(word: str) -> tuple[str, ...]:
    """A run of letters as functions and single letters; a long word without a function is one name."""
    parts = tuple(_PLAIN.split(word))
    if len(word) >= 4 and word[1:].islower() and all(len(p) == 1 for p in parts):
        return (word,)
    return parts


def occurrences(found: Sequence[Token], habits: Habits) -> list[Occurrence]:
    """Every symbol of a formula that may be the name of something, in order."""
    positions, tokens = _apart(found)
    kept: list[Occurrence] = []
    at = 0
    while at < len(tokens):
        position = positions[at]
        step = _symbol(tokens, at, habits)
        if step is None:
            at += 1
            continue
        base, at, font = step
        if base:
            name, indices, at, printed = _marks(tokens, base, at, habits)
            if len(name) <= MAX_NAME and name.isidentifier():
                end = positions[at] if at < len(tokens) else len(found)
                upright = "bold" if font in {r"\mathbf", r"\boldsymbol", r"\bm", r"\vec"} else "plain"
                if printed:
                    printed = f"{found[position].text}{printed}"
                kept.append(Occurrence(name, position, end, indices, upright, printed))
    return kept


def _apart(found: Sequence[Token]) -> tuple[list[int], list[Token]]:
    """The positions and tokens, with every run of letters taken apart."""
    positions: list[int] = []
    apart: list[Token] = []
    for position, token in enumerate(found):
        if token.kind == "word" and len(token.text) > 1:
            at = token.start
            for part in _split(token.text):
                positions.append(position)
                apart.append(Token("word", part, at, at + len(part), False, token.font))
                at += len(part)
        elif token.kind != "end":
            positions.append(position)
            apart.append(token)
    return positions, apart


def _symbol(tokens: Sequence[Token], at: int, habits: Habits) -> tuple[str, int, str] | None:
    """The base of a name at a position, "" for a letter with a meaning of its own; None for a sign."""
    token = tokens[at]
    if token.text == "_" and at and tokens[at - 1].text == r"\nabla":
        return None
    if token.text == "_":  # of a bracket or fraction
        return "", _behind(tokens, at + 1), ""
    behind = tokens[at + 1] if at + 1 < len(tokens) else Token("end", "", 0, 0)
    if token.kind == "text":
        word = token.text.replace("-", "_").replace(" ", "_")
        meant = token.text.lower() in _WORDS or token.text in PRODUCTS or _PLAIN.function(token) is not None
        return ("" if meant or " " in token.text else word), at + 1, ""
    if token.kind == "command":
        if token.text in ACCENTS:
            return _accented(tokens, at, habits)
        if token.text in SUMS and behind.text == "_":
            return "", _behind(tokens, at + 2), ""
        if token.text not in GREEK:
            return None
        raised = tokens[at + 2].text if behind.text == "^" and at + 2 < len(tokens) else ""
        applied = behind.text in {"(", *_PRIMES} or raised in {"{", *_PRIMES}
        meant = (token.text == r"\sigma" and applied) or token.text == r"\pi"
        if token.text == r"\delta" and behind.text == "_":
            return "", _behind(tokens, at + 2), ""
        if token.text == r"\Delta" and behind.kind == "word":
            return None
        return ("" if meant else GREEK[token.text][0]), at + 1, token.font
    if token.kind != "word":
        return None
    if _meant(tokens, at, token, behind):
        return "", _behind(tokens, at + 2) if behind.text == "_" and token.font != r"\mathbf" else at + 1, ""
    return token.text, at + 1, token.font


def _behind(tokens: Sequence[Token], at: int) -> int:
    return group(tokens, at)[1]


def _meant(tokens: Sequence[Token], at: int, token: Token, behind: Token) -> bool:
    """Whether a letter or word has a meaning that needs no declaration."""
    word, before = token.text, tokens[at - 1].text if at else ""
    if _PLAIN.function(token) is not None:
        return True
    if word == "d" and not token.font:
        return behind.kind in {"word", "text"} or behind.text in {"(", *GREEK, *ACCENTS}
    if word == "e":
        return behind.text == "^"
    if word == "T":
        return before == "^"
    if word in LOSSES or token.text == "ell":
        return True
    if word == "R" and token.font in {r"\mathbb", r"\mathbf"} and before == r"\in":
        return True
    if token.font == r"\mathbb" and word in {"R", "E", "P", "N"}:
        return True
    if token.font == r"\mathcal" and word in {"N", "O", "U"}:
        return True
    return word == "I"


def _accented(tokens: Sequence[Token], at: int, habits: Habits) -> tuple[str, int, str]:
    accent = ACCENTS[tokens[at].text]
    content, end = group(tokens, at + 1)
    inside = occurrences(content, habits) if len(content) <= MAX_ACCENTED else []
    if len(inside) != 1:
        return "", end, ""
    return f"{inside[0].name}_{accent}", end, content[0].font


def _marks(
    tokens: Sequence[Token], base: str, at: int, habits: Habits
) -> tuple[str, tuple[str, ...], int, str]:
    """The name with what is printed below or above it, its indices, and the position behind."""
    indices: tuple[str, ...] = ()
    printed = ""
    name = base
    for _ in range(2):
        if at >= len(tokens):
            break
        content, end = group(tokens, at + 1)
        inner = [t.text for t in content]
        if tokens[at].text == "_":
            label, letters, step = _below(content, habits)
            if step:
                printed = f"_{{{''.join(t.text for t in content)}}}"
            if not label and not letters:
                break
            name, indices = (f"{name}_{label}", indices) if label else (name, letters)
        elif tokens[at].text == "^" and inner[:1] == ["("] and inner[-1:] == [")"]:
            label = "".join(inner[1:-1])
            if not label.isalnum():
                break
            name = f"{name}_{label}"
        elif tokens[at].text == "^" and inner == ["*"]:
            name = f"{name}_star"
        else:
            break
        at = end
    return name, indices, at, printed


def _below(content: Sequence[Token], habits: Habits) -> tuple[str, tuple[str, ...], bool]:
    """An index group as a label or as indices; whether the label is a step such as `t+1`."""
    texts = [t.text for t in content if t.text not in {",", "{", "}"}]
    if len(texts) == 3 and texts[1] in STEPS and texts[2].isdigit():
        count = "" if texts[2] == "1" else texts[2]
        if texts[0] in habits.indices:
            return "", (texts[0],), False
        return STEPS[texts[1]] + count, (), True
    if not texts or not all(t.isalnum() or t[1:].isalpha() or t.isidentifier() for t in texts):
        return "", (), False
    letters = [letter for t in content if t.kind == "word" for letter in t.text]
    plain = all(t.kind == "word" or t.text == "," for t in content)
    if plain and letters and all(letter in habits.indices for letter in letters):
        return "", tuple(letters), False
    parts = ["_" if t.text == "," else t.text.lstrip("\\") for t in content if t.text not in {"{", "}"}]
    label = "".join(parts).replace("-", "_").replace(" ", "_")
    return (label if label.isidentifier() or label.isalnum() else ""), (), False


def table(found: Sequence[Occurrence], habits: Habits) -> Symbols:
    """The symbols as the LaTeX parser wants them, every name a quantity."""
    names = frozenset(o.name for o in found)
    calls: Mapping[str, frozenset[str]] = {
        f: frozenset({x}) for f, x in habits.functions.items() if f in names
    }
    steps = {o.printed: o.name for o in found if o.printed}
    return Symbols(names, needs=calls, notation=steps, laws=_laws(habits))


def _laws(habits: Habits) -> dict[str, Law]:
    return {n: (law, (Fraction(0), Fraction(1))) for n, law in habits.laws.items()}
