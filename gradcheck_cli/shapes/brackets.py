"""What stands in brackets: positions, slices, new axes, free indices, index arrays, results by number."""

from __future__ import annotations

from fractions import Fraction

from gradcheck_cli.lang import ast
from gradcheck_cli.lang.calls import Bound, bind
from gradcheck_cli.lang.functions import FUNCTIONS
from gradcheck_cli.shapes import rules, static
from gradcheck_cli.shapes.mismatch import ShapeMismatch
from gradcheck_cli.shapes.scope import NameScope
from gradcheck_cli.shapes.typed import Apply, Index, Part, Position, Size, Type, Typed
from gradcheck_cli.text import Problem, UserError


class BracketScope(NameScope):
    """A scope that reads brackets."""

    def subscript(self, operand: ast.Expr, items: tuple[ast.Expr, ...], node: ast.Expr) -> Typed:
        """`x[...]`, one axis after the other."""
        if isinstance(operand, ast.Call) and FUNCTIONS[operand.function].rule in {"eigh", "svd"}:
            return self.part(operand, items, node)
        x = self.infer(operand)
        taken = sum(not isinstance(i, (ast.Absent, ast.Ellipsis)) for i in items)
        dots = sum(isinstance(i, ast.Ellipsis) for i in items)
        if taken > x.type.rank or dots > 1:
            raise ShapeMismatch(
                f"{taken} indices for an array of {x.type.rank} axes, {x.type}"
                if dots <= 1
                else "`...` can stand only once in brackets",
                node,
                x.type.shape,
            )
        axis = 0
        arrays = 0
        for item in items:
            if isinstance(item, ast.Ellipsis):
                axis += (
                    x.type.rank
                    - axis
                    - sum(
                        not isinstance(i, (ast.Absent, ast.Ellipsis)) for i in items[items.index(item) + 1 :]
                    )
                )
            elif isinstance(item, ast.Absent):
                at: Bound = {"axis": _number(axis, item)}
                x = self.apply("expand_dims", (x,), node, given=at)
                axis += 1
            elif isinstance(item, ast.Slice):
                if item.start or item.stop or item.step:
                    at = {
                        "axis": _number(axis, item),
                        "start": item.start,
                        "stop": item.stop,
                        "step": item.step,
                    }
                    x = self.apply("slice", (x,), node, given=at)
                axis += 1
            else:
                index = self.index(item, x.type, axis)
                arrays += index.type.rank > 0
                if arrays > 1:
                    raise UserError(
                        Problem(
                            "two index arrays in one pair of brackets",
                            item.span,
                            help="use index notation, `P[i, y[i]]`, or `take_along_axis`",
                        )
                    )
                x = self.apply("gather", (x, index), node, given={"axis": _number(axis, item)})
                axis += index.type.rank
        return x

    def index(self, item: ast.Expr, of: Type, axis: int) -> Typed:
        """One index in brackets: a position, a free or bound index, or an array of whole numbers."""
        dim = of.shape[axis]
        if isinstance(item, ast.Name):
            if self.invents and item.id not in self.bound and not self.knows(item.id):
                created = Index(item.id, len(self.indices))
                self.indices.append(created)
                self.bound[item.id] = created
            if item.id in self.bound:
                index = self.bound[item.id]
                if index.dim is None:
                    index.dim = dim
                elif index.dim != dim:
                    raise ShapeMismatch(
                        f"the index `{item.id}` runs over {index.dim} and over {dim}",
                        item,
                        (index.dim,),
                        (dim,),
                    )
                return Position(index, Type((), "int"), item)
            if not self.knows(item.id):
                raise UserError(
                    Problem(
                        f"the index `{item.id}` is neither on the left side nor summed over",
                        item.span,
                        help=f"sum over it, `sum[{item.id}](…)`, or name it on the left",
                    )
                )
        unshadowed = {n: d for n, d in self.dims.items() if n not in self.bound}
        if static.is_dim(item, unshadowed):
            position = static.as_dim(item, unshadowed)
            constant, size = position.constant, dim.constant
            if constant is not None and size is not None and not -size <= constant < size:
                raise ShapeMismatch(f"the index {constant} is outside of {of}", item, of.shape)
            if position.terms and position == dim:
                raise ShapeMismatch(f"the index {position} is outside of {of}", item, of.shape)
            return Size(position, Type((), "int"), item)
        index_ = self.infer(item)
        if index_.type.dtype == "int" and any(
            isinstance(n, ast.Name) and n.id in self.bound for n in ast.walk(item)
        ):
            if isinstance(item, ast.Subscript):
                return index_
            raise UserError(
                Problem(
                    "an index that is calculated may leave the array",
                    item.span,
                    help="use `roll`, a slice, or an array of whole numbers",
                )
            )
        return index_

    def part(self, operand: ast.Call, items: tuple[ast.Expr, ...], node: ast.Expr) -> Typed:
        """`eigh(A)[0]`."""
        bound = bind(operand)
        argument = bound["x"]
        assert isinstance(argument, ast.Node)
        x = self.infer(argument)
        types = rules.parts(rules.Application(operand.function, (x.type,), operand, self.dims, bound))
        if len(items) != 1 or not 0 <= (number := static.as_int(items[0])) < len(types):
            raise UserError(
                Problem(
                    f"`{operand.function}` has {len(types)} results",
                    node.span,
                    help="name one: `[0]`, `[1]` …",
                )
            )
        key = ("part", operand.function, operand)
        if key not in self.cache:
            self.cache[key] = Apply(operand.function, (x,), types[0], operand)
        whole = self.cache[key]
        assert isinstance(whole, Apply)
        return Part(whole, number, types[number], node)


def _number(value: int, at: ast.Node) -> ast.Number:
    return ast.Number(Fraction(value), span=at.span)
