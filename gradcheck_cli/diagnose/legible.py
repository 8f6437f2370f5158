r"""The equation that a repair starts from, even where its shapes do not fit.

Where ones are printed without a shape and none fits, as in `\exp(s) \mathbf{11}^\top`
for a column s, they are taken as long as an axis of the claim; the search does the rest.
"""

from __future__ import annotations

from dataclasses import replace

from gradcheck_cli.diagnose.names import MEANING
from gradcheck_cli.lang import ast
from gradcheck_cli.shapes.infer import Scope
from gradcheck_cli.shapes.literal import literal_sides
from gradcheck_cli.spec.model import Claim, Operator
from gradcheck_cli.spec.typing import TypedClaim
from gradcheck_cli.text import UserError


def legible(operator: Operator, claim: Claim, typed: TypedClaim) -> ast.Equation | None:
    """The equation in plain form, as it was judged or sign by sign; None where it has none."""
    found = typed.equation or typed.literal
    printed = claim.formula.equation
    if found is not None or printed.relations or claim.kind not in MEANING:
        return found
    for dim in typed.program.dims:
        try:
            sides = tuple(_filled(side, ast.Name(dim)) for side in printed.sides)
            program = typed.program
            scope = Scope(program.types, program.dims, MEANING[claim.kind], program, invents=True)
            plain = literal_sides(sides, scope, operator.vectors)
        except UserError:
            continue
        if plain is not None:
            return replace(printed, sides=plain)
    return None


def _filled(side: ast.Expr, size: ast.Name) -> ast.Expr:
    """The side with ones of a length: `1 1^T` is a square, and a single one a vector."""

    def change(node: ast.Node) -> ast.Node:
        match node:
            case ast.Juxtapose((ast.Call("ones", (_,)), ast.Transpose(ast.Call("ones", (_,)), _))):
                return ast.Call("ones", (size, size), span=node.span)
            case ast.Unsized("ones"):
                return ast.Call("ones", (size,), span=node.span)
            case ast.Unsized("eye"):
                return ast.Call("eye", (size,), span=node.span)
        return node

    changed = ast.transform(side, change)
    assert isinstance(changed, ast.Expr)
    return changed
