"""Judges claims about cost: operations, memory and sizes as polynomials, compared for all sizes at once."""

from __future__ import annotations

from typing import cast

from gradcheck_cli.compare.verdict import Judgement
from gradcheck_cli.evaluate.cost import elements, flops, peak
from gradcheck_cli.evaluate.cost_compare import Comparison, Relation, compare
from gradcheck_cli.lang import ast
from gradcheck_cli.lang.calls import bind
from gradcheck_cli.lang.functions import FUNCTIONS
from gradcheck_cli.shapes import static
from gradcheck_cli.shapes.dims import Dim
from gradcheck_cli.shapes.infer import Scope
from gradcheck_cli.shapes.mismatch import ShapeMismatch
from gradcheck_cli.shapes.resolve import resolve_expression
from gradcheck_cli.shapes.typed import Given, Program, Quantity, Typed, Value, quantities
from gradcheck_cli.spec.typing import TypedClaim
from gradcheck_cli.text import Problem, UserError

_RELATIONS = {"=": "==", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def judge_costs(typed: TypedClaim, vectors: str) -> tuple[Judgement, ...]:
    """When each link is true: for all sizes, for none, or in a region, which is the condition.

    Raises UserError for what has no cost.
    """
    assert typed.equation is not None
    assert typed.scope is not None
    counter = _Counter(typed.program, typed.scope, vectors)
    whole = tuple(typed.program.dims.values())
    sides = [counter.side(side) for side in typed.equation.sides]
    found = []
    for number, link in enumerate(typed.links):
        if link.relation not in _RELATIONS:
            raise UserError(
                Problem(
                    "costs are compared by `=`, `<`, `<=`, `>` and `>=`",
                    typed.equation.sides[number + 1].span,
                )
            )
        relation = cast(Relation, _RELATIONS[link.relation])
        comparison = compare(sides[number], sides[number + 1], relation, whole)
        found.append(_judged(comparison, f"{_shown(sides[number])} {relation} {_shown(sides[number + 1])}"))
    return tuple(found)


def _judged(comparison: Comparison, meant: str) -> Judgement:
    match comparison.answer:
        case "always":
            return Judgement("holds", basis=f"{meant}, proved for all sizes")
        case "never":
            return Judgement("wrong", f"{meant} is true for no sizes")
        case "conditional":
            names = frozenset[str]().union(*(d.names for d in (*comparison.left, *comparison.right)))
            yes, no = (_sizes(s, names) for s in (comparison.example, comparison.counterexample))
            return Judgement(
                "conditional", f"{meant}: true at {yes}, false at {no}", condition=comparison.region
            )
    return Judgement("undecided", f"{meant} is {comparison.reason}")


def _shown(side: Dim | tuple[Dim, ...]) -> str:
    if isinstance(side, Dim):
        return str(side)
    return str(side[0]) if len(side) == 1 else f"max({', '.join(map(str, side))})"


def _sizes(sizes: dict[str, int] | None, names: frozenset[str]) -> str:
    return ", ".join(f"{name}={size:,}" for name, size in sorted((sizes or {}).items()) if name in names)


class _Counter:
    """Turns one side into a polynomial; a lone `peak(…)` is the largest of several."""

    def __init__(self, program: Program, scope: Scope, vectors: str) -> None:
        self.program = program
        self.scope = scope
        self.vectors = vectors
        self.dims: dict[str, Dim] = dict(scope.dims)

    def side(self, expr: ast.Expr) -> Dim | tuple[Dim, ...]:
        """The cost of one side. Raises UserError."""
        while isinstance(expr, ast.Noted):
            expr = expr.operand
        if isinstance(expr, ast.Call) and expr.function == "peak":
            return peak(self.trees(expr))
        return static.as_dim(self.named(expr), self.dims)

    def named(self, node: ast.Expr) -> ast.Expr:
        """Every `flops(…)` as a size of its own, so that what is left is arithmetic of sizes."""
        match node:
            case ast.Call("flops"):
                return self.size(flops(self.trees(node)), node)
            case ast.Call("elements"):
                counts = [elements(tree) for tree in self.trees(node, expand=False)]
                return self.size(sum(counts, Dim.of(0)), node)
            case ast.Call("peak"):
                raise UserError(
                    Problem(
                        "the largest of several arrays is no polynomial",
                        node.span,
                        help="let `peak(…)` be a whole side, and compare it with `peak(…)` or a size",
                    )
                )
            case ast.Call(function) if FUNCTIONS[function].group != "special":
                raise UserError(
                    Problem(
                        f"`{function}` of sizes is not a cost",
                        node.span,
                        help="costs are `flops(…)`, `peak(…)`, `elements(…)` and sums, products of sizes",
                    )
                )
            case ast.Noted(operand):
                return self.named(operand)
            case ast.Juxtapose(items):
                product = self.named(items[0])
                for item in items[1:]:
                    product = ast.Binary("*", product, self.named(item), span=node.span)
                return product
            case ast.Negative(operand):
                return ast.Negative(self.named(operand), span=node.span)
            case ast.Binary(op, left, right):
                op = "**" if op == "^" else op
                return ast.Binary(op, self.named(left), self.named(right), span=node.span)
            case ast.Name(id) if id not in self.dims and id in self.scope.locals:
                return self.local(id, node)
        return node

    def local(self, id: str, node: ast.Name) -> ast.Expr:
        """A size that is defined under `where`."""
        try:
            return self.size(static.as_dim(self.scope.locals[id].expression, self.scope.dims), node)
        except UserError:
            raise UserError(
                Problem(f"`{id}` is not a size", node.span, help=f"its cost is `flops({id})`")
            ) from None

    def size(self, dim: Dim, node: ast.Expr) -> ast.Name:
        """A name for a polynomial."""
        name = f"({len(self.dims)})"
        self.dims[name] = dim
        return ast.Name(name, span=node.span)

    def trees(self, call: ast.Call, *, expand: bool = True) -> tuple[Typed, ...]:
        """The arguments with their shapes; a line of `forward` is worked out from the inputs."""
        arguments = bind(call)["expressions"]
        assert isinstance(arguments, tuple)
        found: list[Typed] = []
        for argument in arguments:
            (side,) = resolve_expression(argument, self.scope, self.vectors).sides
            if isinstance(side, ShapeMismatch):
                raise side
            tree = self.scope.infer(side)
            found += self.lines(tree, call) if expand else [tree]
        return tuple(found)

    def lines(self, tree: Typed, call: ast.Call) -> list[Typed]:
        """What has to be worked out for a tree; only a line of `forward` by itself is not given."""
        if not isinstance(tree, Given):
            return [tree]
        quantity: Quantity = tree.quantity
        if not isinstance(quantity, Value):
            name = call.args[0].span.text if call.args and call.args[0].span else "a derivative"
            raise UserError(
                Problem(
                    f"the cost of `{name}` depends on how it is computed",
                    call.span,
                    help="give the formula: `flops(X.T @ dY)`",
                )
            )
        below = {quantity.name}
        needed = []
        for line in reversed(self.program.definitions):
            if line.name in below:
                needed.append(line.tree)
                below |= {q.name for q in quantities(line.tree) if isinstance(q, Value)}
        return needed or [tree]
