"""Mutants that are as right as the formula, each with the reason: by algebra, by a fact, or from the list."""

from __future__ import annotations

from gradcheck_cli.lang import ast

from .algebra import Algebra
from .corpus import Case
from .facts import fact
from .mutations import Mutant
from .places import names_of


def reason_for(mutant: Mutant, original: Case) -> str | None:
    """Why a mutant is right too; None where nobody knows a reason."""
    if _same(mutant.case, original):
        return "the same by algebra"
    return _rule(mutant, original) or fact(original.id, mutant.kind, mutant.text)


HARMLESS = {
    "sign",
    "factor",
    "dropped factor",
    "product",
    "operands",
    "mean for sum",
    "keepdims",
    "transpose",
    "exponent",
}
"""What leaves a 0 a 0: factors that are 0 nowhere, another order of the elements."""


def _rule(mutant: Mutant, original: Case) -> str | None:
    if original.claim.kind in {"cost", "shape"}:
        return "what holds is proved in symbols"
    if any(r != "=" for r in original.formula.equation.relations):
        return "a relation that leaves room, and holds for the changed formula too"
    sides = original.formula.equation.sides
    if mutant.kind in HARMLESS and any(_is_zero(s) for s in sides):
        return "a factor or another order of the elements leaves a 0 a 0"
    ranks = any(isinstance(s, ast.Call) and s.function == "rank" for s in sides)
    if ranks and mutant.kind in {"sign", "factor", "transpose"}:
        return "for almost all data a sign, a factor or a transpose changes no rank"
    if any(_compares(s) for s in sides) and any(_compares(s) for s in mutant.case.formula.equation.sides):
        return "it says only that two things differ, and these differ too"
    return None


def _is_zero(side: ast.Expr) -> bool:
    return isinstance(side, ast.Number) and side.value == 0


def _compares(side: ast.Expr) -> bool:
    """Whether a side is the truth value of an inequality."""
    if isinstance(side, ast.Call) and side.function == "where":
        return _compares(side.args[0])
    return isinstance(side, ast.Binary) and side.op in {"!=", ">", "<"}


def _same(mutant: Case, original: Case) -> bool:
    """Whether every right link of the mutant says what it said before."""
    one, other = algebra(mutant), algebra(original)
    sides = [case.formula.equation.sides for case in (mutant, original)]
    for number, right in enumerate(original.right):
        if right:
            new, old = ((s[number], s[number + 1]) for s in sides)
            if not one.same(new, old, other):
                return False
    return True


def algebra(case: Case) -> Algebra:
    names = names_of(case)
    operator = case.operator
    inputs = {i.name for i in operator.inputs}
    local = {d.name: d.expression for d in (*operator.forward, *case.definitions) if not d.indices}
    local |= {i.name: i.value.expression for i in operator.inputs if i.value is not None}
    local |= {d.name: d.expression for d in case.claim.when if d.name in inputs}
    gradients = case.claim.kind in {"gradient", "derivative"}
    return Algebra(names.types, local, added(case), gradients=gradients)


def added(case: Case) -> dict[str, str]:
    """What enters one line by addition alone has the gradient of that line: `S: … + B` makes dB = dS."""
    used: dict[str, int] = {}
    for line in case.operator.forward:
        for node in ast.walk(line.expression):
            if isinstance(node, ast.Name):
                used[node.id] = used.get(node.id, 0) + 1
    types = case.typed().program.types
    outputs = {o.id for o in case.operator.outputs}
    found: dict[str, str] = {}
    for line in reversed(case.operator.forward):
        for term in _terms(line.expression):
            if not isinstance(term, ast.Name) or term.id not in types or term.id in outputs:
                continue
            if used[term.id] == 1 and types[term.id].shape == types[line.name].shape:
                found[term.id] = found.get(line.name, line.name)
    return found


def _terms(node: ast.Expr) -> list[ast.Expr]:
    match node:
        case ast.Binary("+", left, right):
            return _terms(left) + _terms(right)
        case ast.Binary("-", left, _):
            return _terms(left)
    return [node]
