"""What a document as a whole tells about its letters: which are indices, functions, vectors."""

from __future__ import annotations

from collections.abc import Sequence

from gradcheck_cli.lang.latex_tokens import Token
from gradcheck_cli.run.drafting.statements import Document, Formula, Statement
from gradcheck_cli.run.drafting.symbols import ALWAYS_INDICES, STEPS, SUMS, Habits, group, occurrences

_INDICES = frozenset("ijklmnpqrstuvabc")


def habits(document: Document) -> Habits:
    """How a document uses its letters."""
    found = Habits()
    groups: list[tuple[str, ...]] = []
    stepping: set[str] = set()
    for formula in document.formulas:
        _below(formula, found, groups, stepping)
    found.indices -= stepping - ALWAYS_INDICES
    for _ in range(3):  # an index letter makes its neighbours indices too
        for letters in groups:
            if len(letters) > 1 and set(letters) & found.indices:
                found.indices |= set(letters)
    for statement in document.statements:
        _function(statement, found)
        for side in statement.sides:
            for one in occurrences(side.tokens, found):
                if one.upright == "bold":
                    found.bold.add(one.name)
                if one.indices:
                    found.ranks[one.name] = max(len(one.indices), found.ranks.get(one.name, 0))
    return found


def _below(formula: Formula, found: Habits, groups: list[tuple[str, ...]], stepping: set[str]) -> None:
    """What stands below symbols: indices that are summed over, steps such as `t+1`, groups of letters."""
    tokens = formula.tokens
    for at, token in enumerate(tokens):
        if token.text != "_":
            continue
        content, _ = group(tokens, at + 1)
        letters = _letters(content)
        if len(content) == 3 and content[1].text in STEPS and content[2].kind == "number":
            stepping |= set(content[0].text)
        if at and tokens[at - 1].text in SUMS:
            found.indices |= set(letters[:1] if any(t.text == "=" for t in content) else letters)
        elif letters and all(t.kind in {"word", "sign"} for t in content):
            groups.append(letters)


def _function(statement: Statement, found: Habits) -> None:
    """`f(x) = …` makes `f` a function."""
    left = statement.sides[0].tokens
    seen = occurrences(left, found)
    if len(seen) != 2 or seen[0].at or left[seen[0].end].text != "(":
        return
    if seen[1].at == seen[0].end + 1 and seen[1].end == len(left) - 1:
        found.functions.setdefault(seen[0].name, seen[1].name)


def _letters(content: Sequence[Token]) -> tuple[str, ...]:
    found: list[str] = []
    for token in content:
        if token.text in {"=", "<", ">", r"\neq", r"\ne", r"\in"}:
            break
        if token.kind == "word" and not token.font:
            found += token.text if all(c in _INDICES for c in token.text) else []
    return tuple(found)
