"""How two names of one shape are related: which slips say which name was meant."""

from __future__ import annotations

from collections.abc import Iterator

from gradcheck_cli.diagnose.edits import Site, mapped, substituted
from gradcheck_cli.diagnose.names import Names, Word, word_key, words_in
from gradcheck_cli.diagnose.slip import Offer, Offers
from gradcheck_cli.lang import ast
from gradcheck_cli.lang.functions import FUNCTIONS
from gradcheck_cli.lang.printer import to_plain


def relation(one: Word, two: Word, names: Names) -> str:
    """`activation`, `input and output` or `other`."""
    if {one.sort, two.sort} <= {"value"}:
        for a, b in ((one.of, two.of), (two.of, one.of)):
            if a in names.program.needs.get(b, frozenset()):
                line = names.line(b)
                direct = isinstance(line, ast.Call) and FUNCTIONS[line.function].rule == "elementwise"
                direct = direct and line is not None and any(n == ast.Name(a) for n in ast.walk(line))
                return "activation" if direct else "input and output"
    return "other"


def renamed(site: Site, kind: str) -> Offers:
    """Another word of the same shape, in this relation to the one that stands there."""
    word = site.names.word(site.node)
    if word is None or word.sort == "size":
        return
    for other in site.names.alike(site.node):
        if other.sort != "size" and relation(word, other, site.names) == kind:
            yield Offer(other.expr, _distance(word, other))


def renamed_throughout(
    sides: tuple[ast.Expr, ...], names: Names, kind: str
) -> Iterator[tuple[tuple[ast.Expr, ...], str]]:
    """The same on the whole right side, where the word stands more than once."""
    right = sides[1]
    keys = [word_key(n) for n in ast.walk(right)]
    for key in sorted(words_in(right)):
        word = next((w for w in names.words if word_key(w.expr) == key), None)
        if word is None or word.sort == "size" or keys.count(key) < 2:
            continue
        for other in names.alike(word.expr):
            if other.sort != "size" and relation(word, other, names) == kind:
                yield (
                    (sides[0], put(right, word, other.expr)),
                    f"`{key}` → `{to_plain(other.expr)}` throughout",
                )


def put(side: ast.Expr, word: Word, new: ast.Expr) -> ast.Expr:
    """The side with another expression for a word."""
    if isinstance(word.expr, ast.Name):
        return substituted(side, {word.expr.id: new})
    return mapped(side, lambda n: new if n == word.expr else n)


def _distance(one: Word, two: Word) -> float:
    """A value for a value is likelier than a gradient for a value."""
    if one.sort == two.sort:
        return 0.0
    return 0.2 if one.of == two.of else 0.5
