"""How many axes an expression has, and whether a vector lies: as much as a printer has to know."""

from __future__ import annotations

from collections.abc import Mapping

from gradcheck_cli.lang import ast
from gradcheck_cli.lang.functions import FUNCTIONS

_SCALAR = frozenset({"trace", "det", "logdet", "rank"})
_GIVEN = frozenset({"ones", "zeros"})


class Ranks:
    """The ranks of the declared names; an unknown name counts as a matrix."""

    def __init__(self, names: Mapping[str, int]) -> None:
        self.names = names

    def of(self, node: ast.Expr) -> int:
        """The number of axes."""
        match node:
            case ast.Number() | ast.Boolean():
                return 0
            case ast.Name(id):
                return self.name(id)
            case ast.Negative(operand) | ast.Transpose(operand, _):
                return self.of(operand)
            case ast.Binary("@", left, right):
                a, b = self.of(left), self.of(right)
                return a + b - 2 if 1 in {a, b} else max(a, b)
            case ast.Binary(_, left, right):
                return max(self.of(left), self.of(right))
            case ast.Subscript(operand, items):
                taken = sum(not isinstance(i, (ast.Slice, ast.Absent, ast.Ellipsis)) for i in items)
                return max(0, self.of(operand) - taken + sum(isinstance(i, ast.Absent) for i in items))
            case ast.Over(_, _, body):
                return self.of(body)
            case ast.Call(function, args, _):
                return self.call(function, args, node)
        return 2

    def name(self, id: str) -> int:
        """The rank of a name, or of the quantity that a d-name belongs to."""
        if id in self.names:
            return self.names[id]
        if id in {"pi", "e", "inf", "L", "dL"}:
            return 0
        if id.startswith("d") and id[1:] in self.names:
            return self.names[id[1:]]
        return 0 if len(id.rstrip("_")) == 1 and id.islower() and self.names else 2

    def call(self, function: str, args: tuple[ast.Expr, ...], node: ast.Call) -> int:
        """The rank of what a function returns."""
        group, rule = FUNCTIONS[function].group, FUNCTIONS[function].rule
        if function == "dot":
            return 0
        if function in {"outer", "eye"}:
            return 2
        if function in _GIVEN:
            return len(args)
        first = self.of(args[0]) if args else 0
        if function in _SCALAR:
            return max(0, first - 2)
        if rule in {"elementwise", "comparison"}:
            return max((self.of(a) for a in args), default=0)
        if rule == "reduction":
            given = {k.name: k.value for k in node.keywords}
            axis = given.get("axis", args[1] if len(args) > 1 else None)
            if axis is None:
                return 0
            kept = given.get("keepdims") == ast.Boolean(True)
            return first if kept else first - (len(axis.items) if isinstance(axis, ast.Tuple) else 1)
        if function == "diag":
            return 3 - first
        if function == "stack":
            return first + 1
        if group == "derivative":
            return self.of(args[-1]) if function != "jacobian" else first + self.of(args[-1])
        return first

    def lies(self, node: ast.Expr) -> bool:
        """Whether a vector is a row as it is printed: `x^\\top A` is, `A x` is not."""
        if self.of(node) != 1:
            return False
        match node:
            case ast.Binary("@", left, _):
                return self.of(left) == 1
            case ast.Binary(_, left, right):
                return self.lies(left if self.of(left) == 1 else right)
            case ast.Negative(operand) | ast.Transpose(operand, _):
                return self.lies(operand)
            case ast.Over(_, _, body):
                return self.lies(body)
            case ast.Call(_, args, _) if args and self.of(args[0]) == 1:
                return FUNCTIONS[node.function].group != "derivative" and self.lies(args[0])
        return False
