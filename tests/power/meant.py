"""Whether a suggestion says what the claim said before it was broken, by the judge and by algebra alone.

A suggestion that only holds may say something else: `trace(A) = trace(A.T)` is
true, and no repair of `trace(A @ B) = trace(B @ A)`.
"""

from __future__ import annotations

from dataclasses import replace

from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.diagnose.names import subject_of, words_in
from gradcheck_cli.lang import ast
from gradcheck_cli.lang.printer import to_plain
from gradcheck_cli.spec.model import Formula
from gradcheck_cli.text import Text, UserError

from .corpus import Case
from .equivalent import algebra

FRESH = Settings(draws=3, seed=0xC0FFEE)
"""Data that neither the search nor its verification has seen."""


def reads(equation: ast.Equation) -> str:
    """An equation as a reader sees it."""
    return to_plain(equation)


def is_meant(original: Case, broken: Case, link: int, suggestion: ast.Equation) -> tuple[bool, bool]:
    """Whether a suggestion holds at fresh data, and whether it says what link `link` of the original said."""
    left, right = suggestion.sides
    if not _holds(broken, suggestion):
        return False, False
    true_left, true_right = original.formula.equation.sides[link : link + 2]
    if (left, right) in {(true_left, true_right), (true_right, true_left)}:
        return True, True
    if not any(_is_zero(s) for s in (left, right, true_left, true_right)):
        # both are true: what has one side in common has both
        changed = (
            {d.name for d in broken.claim.where} if broken.claim.where != original.claim.where else set()
        )
        same = [s for s, t in ((left, true_left), (right, true_right)) if s == t]
        if any(not words_in(s) & changed for s in same):
            return True, left != right
        program = original.typed().program
        if subject_of(true_left, program) is not None:
            return True, subject_of(left, program) == subject_of(true_left, program)
        pairs = ((left, true_left), (right, true_right))
        if any(not words_in(s) & changed and _holds(original, ast.Equation((s, t))) for s, t in pairs):
            return True, left != right
    return True, _same(original, broken, link, (left, right))


def _is_zero(side: ast.Expr) -> bool:
    return (isinstance(side, ast.Number) and side.value == 0) or (
        isinstance(side, ast.Call) and side.function in {"zeros", "zeros_like"}
    )


def _holds(case: Case, equation: ast.Equation) -> bool:
    formula = Formula(Text.whole("suggestion", to_plain(equation)), equation)
    one = replace(case, formula=formula, right=(True,))
    try:
        return all(j.verdict == "holds" for j in one.judge(FRESH))
    except UserError:
        return False


def _same(original: Case, broken: Case, link: int, sides: tuple[ast.Expr, ast.Expr]) -> bool:
    """By school algebra, whose normal form knows multiples and transposes."""
    suggested = replace(broken, formula=Formula(broken.formula.text, ast.Equation(sides)), right=(True,))
    try:
        one, other = algebra(suggested), algebra(original)
    except UserError:
        return False
    true = original.formula.equation.sides[link : link + 2]
    return one.same(sides, (true[0], true[1]), other)
