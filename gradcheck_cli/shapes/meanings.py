"""All readings of a loose tree, from the leaves up: one method a kind of node."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import partial
from itertools import product

from gradcheck_cli.lang import ast
from gradcheck_cli.lang.functions import FUNCTIONS
from gradcheck_cli.lang.printer import to_plain
from gradcheck_cli.shapes import rules
from gradcheck_cli.shapes.applied import Calls
from gradcheck_cli.shapes.blocks import joined
from gradcheck_cli.shapes.dims import show
from gradcheck_cli.shapes.mismatch import ShapeMismatch
from gradcheck_cli.shapes.readings import Reading, best, eye, ones, static_form
from gradcheck_cli.shapes.series import body_of, found_indices
from gradcheck_cli.shapes.unsized import unsettled
from gradcheck_cli.text import Problem, UserError

_LOOSEST = {"cdot", "matmul"}
_HADAMARD = {"odot", "oslash", "otimes"}


class Meanings(Calls):
    """The readings of one formula in a scope, which also collects its indices."""

    def readings(self, node: ast.Expr) -> list[Reading]:  # noqa: C901  one case a node
        """Every way in which a part can be well-shaped. Raises UserError where there is none."""
        match node:
            case ast.Juxtapose(items, signs):
                return self.juxtaposed(items, signs, node)
            case ast.Binary("^", base, exponent):
                return self.power(base, exponent, node)
            case ast.Binary("@", left, right):
                return self.combined(left, right, lambda a, b: self.products.multiply("matmul", a, b, node))
            case ast.Binary(op, left, right):
                return self.combined(left, right, lambda a, b: [self.products.elementwise(op, a, b, node)])
            case ast.Negative(operand):
                return [self.negative(r, node) for r in self.readings(operand)]
            case ast.Transpose(operand, kind):
                return [self.transposed(r, kind, node) for r in self.readings(operand)]
            case ast.Subscript(operand, items):
                return self.subscript(operand, items, node)
            case ast.Call(function) if FUNCTIONS[function].group in {"derivative", "special"}:
                return self.derivative(node)
            case ast.Call():
                return self.call(node)
            case ast.Over(function, indices, _):
                return self.over(function, indices, node)
            case ast.Series():
                return self.series(node)
            case ast.Blocks(rows):
                return [self.blocks(rows, node)]
            case ast.Either(options):
                return self.first_fitting([partial(self.readings, option) for option in options])
            case ast.Noted(operand, remark):
                found = self.readings(operand)
                return [r.noted(remark.replace("{}", to_plain(r.expr))) for r in found] if remark else found
            case ast.Unsized(function):
                make = ones if function == "ones" else eye
                key = self.keys.of(function)
                return [
                    Reading(
                        node, None, self.row and function == "ones", key=key, fill=lambda s: make(s, node)
                    )
                ]
        return [self.leaf(node)]

    # one operand

    def negative(self, reading: Reading, node: ast.Expr) -> Reading:
        """`-x`."""
        key = self.keys.of("-", reading.key)
        fill = reading.fill
        expr = ast.Negative(reading.expr, span=node.span)
        if fill is not None:

            def negated(shape: tuple) -> ast.Expr | None:  # type: ignore[type-arg]
                inner = fill(shape)
                return None if inner is None else ast.Negative(inner, span=node.span)

            return Reading(expr, None, reading.row, reading.cost, reading.remarks, key, negated)
        return Reading(expr, reading.type, reading.row, reading.cost, reading.remarks, key)

    def transposed(self, reading: Reading, kind: str, node: ast.Expr) -> Reading:
        """`x^\\top`: a vector turns, a scalar stays, the last two axes of anything else are swapped."""
        turned = reading.type is None or reading.rank < 2
        if turned and kind == "top":
            key = self.keys.of("turned", reading.key) if reading.type is None or reading.rank else reading.key
            row = not reading.row if reading.type is None or reading.rank else False
            key = key if row != self.row else reading.key
            return Reading(reading.expr, reading.type, row, reading.cost, reading.remarks, key, reading.fill)
        if kind == "top":
            kind = "T" if reading.rank == 2 else "mT"
        expr = ast.Transpose(reading.expr, kind, span=node.span)
        assert reading.type is not None
        function, rule = ("transpose", "transpose") if kind == "T" else ("swapaxes", "mT")
        type_ = rules.RULES[rule](rules.Application(function, (reading.type,), expr, self.scope.dims))[0]
        return Reading(
            expr, type_, reading.row, reading.cost, reading.remarks, self.keys.of("T", reading.key)
        )

    def subscript(self, operand: ast.Expr, items: tuple[ast.Expr, ...], node: ast.Expr) -> list[Reading]:
        """`x_{ij}`; the operand is read so that it has an axis for every index."""
        items = tuple(map(static_form, items))
        dots = any(isinstance(i, ast.Ellipsis) for i in items)
        taken = sum(not isinstance(i, ast.Absent) for i in items)
        if isinstance(operand, ast.Call) and FUNCTIONS[operand.function].rule in {"eigh", "svd"}:
            return [self.leaf(node)]
        options = self.readings(operand)
        fitting = [r for r in options if r.type is not None and (dots or r.rank >= taken)]
        if not fitting:
            shown = [r for r in options if r.type is not None]
            if not shown:
                raise unsettled(options[0])
            raise ShapeMismatch(
                f"{taken} indices for an array of {shown[0].rank} axes, {shown[0].type}",
                node,
                shown[0].shape,
            )
        found = []
        for reading in fitting:
            expr = ast.Subscript(reading.expr, items, span=node.span)
            found.append(self.known(expr, self.scope.infer(expr).type, reading))
        return found

    # combinations

    def combined(
        self, left: ast.Expr, right: ast.Expr, join: Callable[[Reading, Reading], list[Reading]]
    ) -> list[Reading]:
        """Two operands in all their readings."""
        return self.fold([self.readings(left), self.readings(right)], [join])

    def fold(
        self, parts: list[list[Reading]], joins: list[Callable[[Reading, Reading], list[Reading]]]
    ) -> list[Reading]:
        """Several parts joined from the left; what does not fit is dropped, unless nothing does."""
        current = parts[0]
        for part, join in zip(parts[1:], joins, strict=True):
            found: list[Reading] = []
            problem: UserError | None = None
            for left, right in product(current, part):
                try:
                    found += join(left, right)
                except UserError as error:
                    problem = problem or error
            if not found:
                assert problem is not None
                raise problem
            current = best(found)
        return current

    def first_fitting(self, options: Iterable[Callable[[], list[Reading]]]) -> list[Reading]:
        """The readings of all options that fit. Raises the last problem if none does."""
        found: list[Reading] = []
        problem: UserError | None = None
        for option in options:
            try:
                found += option()
            except UserError as error:
                problem = error
        if not found:
            assert problem is not None
            raise problem
        return best(found)

    # products and powers

    def juxtaposed(
        self, items: tuple[ast.Expr, ...], signs: tuple[str, ...], node: ast.Expr
    ) -> list[Reading]:
        """A product: side by side binds tighter than `·`; beside `⊙` both groupings are tried."""
        parts = [self.readings(item) for item in items]
        kinds = set(signs)
        plans: list[list[set[str]]] = [[{""}, _HADAMARD, _LOOSEST]]
        if kinds & _HADAMARD and len(kinds) > 1:
            plans.append([_HADAMARD, {""}, _LOOSEST])
            if kinds & _LOOSEST:
                plans.append([{""}, _LOOSEST, _HADAMARD])
        return self.first_fitting([partial(self.grouped, parts, list(signs), plan, node) for plan in plans])

    def grouped(
        self, parts: list[list[Reading]], signs: list[str], levels: list[set[str]], node: ast.Expr
    ) -> list[Reading]:
        """The product with the signs of the first level bound first."""
        for level in levels:
            joined, left = [[parts[0]]], list[str]()
            inner: list[list[str]] = [[]]
            for part, sign in zip(parts[1:], signs, strict=True):
                if sign in level:
                    joined[-1].append(part)
                    inner[-1].append(sign)
                else:
                    joined.append([part])
                    inner.append([])
                    left.append(sign)
            parts = [
                self.fold(run, [self.join(s, node) for s in own])
                for run, own in zip(joined, inner, strict=True)
            ]
            signs = left
        return parts[0]

    def join(self, sign: str, node: ast.Expr) -> Callable[[Reading, Reading], list[Reading]]:
        """The product of two neighbours."""

        def multiply(left: Reading, right: Reading) -> list[Reading]:
            place = left.expr.span.to(right.expr.span) if left.expr.span and right.expr.span else node.span
            return self.products.multiply(sign, left, right, node.at(place))  # type: ignore[arg-type]

        return multiply

    def power(self, base: ast.Expr, exponent: ast.Expr, node: ast.Expr) -> list[Reading]:
        """`x^2`, `A^{-1}`: of a scalar a power; of a square matrix its inverse, or one of two squares."""
        found: list[Reading] = []
        minus = exponent == ast.Negative(ast.Number(Fraction(1)))
        for reading in self.readings(base):
            if reading.type is None:
                raise unsettled(reading)
            square = reading.rank > 1 and reading.shape[-1] == reading.shape[-2]
            if minus and reading.rank > 1:
                if not square:
                    raise ShapeMismatch(
                        f"only a square matrix has an inverse, not {show(reading.shape)}", node, reading.shape
                    )
                expr: ast.Expr = ast.Call("inv", (reading.expr,), span=node.span)
                key = self.keys.of("inv", reading.key)
                found.append(Reading(expr, reading.type, False, reading.cost, reading.remarks, key))
                continue
            for raised in self.readings(exponent):
                power = self.products.elementwise("**", reading, raised, node)
                if reading.rank > 1 and not square:
                    remark = f"read elementwise: `{to_plain(power.expr)}`"
                    power = power.noted(remark)
                found.append(power)
            if square and isinstance(exponent, ast.Number) and exponent.value in {2, 3}:
                expr = reading.expr
                for _ in range(int(exponent.value) - 1):
                    expr = ast.Binary("@", expr, reading.expr, span=node.span)
                key = self.keys.of("matrix power", reading.key, exponent.value)
                found.append(Reading(expr, reading.type, False, reading.cost, reading.remarks, key))
        return best(found)

    def blocks(self, rows: tuple[ast.Tuple, ...], node: ast.Expr) -> Reading:
        """A matrix of symbols, each in its best reading."""
        cells = [[min(self.readings(cell), key=lambda r: r.cost) for cell in row.items] for row in rows]
        expr = joined(cells, node)
        found = self.known(expr, self.scope.infer(expr).type)
        lies = len(rows) == 1 and found.rank == 1
        costs = sum(cell.cost for row in cells for cell in row)
        remarks = tuple(dict.fromkeys(m for row in cells for cell in row for m in cell.remarks))
        return Reading(found.expr, found.type, lies or found.row, costs, remarks, found.key)

    # sums over indices

    def over(self, function: str, names: tuple[ast.Name, ...], node: ast.Over) -> list[Reading]:
        """`\\sum_{i,j}`."""
        with self.scope.binding(names) as indices:
            inner = self.readings(node.body)
            self.scope.ranges(indices, names)
        return [self.reduced(function, names, r, node) for r in inner]

    def reduced(self, function: str, names: tuple[ast.Name, ...], inner: Reading, node: ast.Expr) -> Reading:
        """A body under its reduction."""
        if inner.type is None:
            raise unsettled(inner)
        key = self.keys.of("over", function, inner.key, names)
        expr = ast.Over(function, names, inner.expr, span=node.span)
        return Reading(expr, inner.type, inner.row, inner.cost, inner.remarks, key)

    def series(self, node: ast.Series) -> list[Reading]:
        """`\\sum_{i=1}^n`, `\\sum_{k\\ne i}`, and `\\sum` without an index."""
        names = node.indices or found_indices(node.body, self.scope)
        if not names:
            return [
                r.noted(f"`{node.function}` without an index is read as over all elements")
                for r in self.readings(ast.Call(node.function, (node.body,), span=node.span))
            ]
        if not node.indices and len(names) > 1:
            listed = ", ".join(f"`{n.id}`" for n in names)
            raise UserError(
                Problem(f"this sum may run over {listed}", node.span, help=r"name its indices: `\sum_{i,j}`")
            )
        with self.scope.binding(names) as indices:
            inner = self.readings(node.body)
            self.scope.ranges(indices, names)
            found = []
            for reading in inner:
                expr = body_of(node, names, indices, reading.expr, self.scope)
                if reading.type is None:
                    raise unsettled(reading)
                masked = expr is not reading.expr
                key = self.keys.of("masked", reading.key, expr) if masked else reading.key
                found.append(Reading(expr, reading.type, reading.row, reading.cost, reading.remarks, key))
        return [self.reduced(node.function, names, r, node) for r in found]
