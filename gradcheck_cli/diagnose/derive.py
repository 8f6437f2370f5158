"""What the forward itself gives: the gradient of a quantity, worked out from the lines that use it.

Where no small change of a claim makes it true, this is still known. Each line
sends the gradient of its own result back through its operations (the textbook
rules of reverse mode), and what arrives at the quantity is added up. A rule
that is missing here means that nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator

from gradcheck_cli.diagnose.edits import call, matmul, number, over, times
from gradcheck_cli.diagnose.names import Names
from gradcheck_cli.diagnose.slopes import ONE, SLOPES, TWO, back, minus, negative, plus, power_back
from gradcheck_cli.lang import ast
from gradcheck_cli.lang.functions import FUNCTIONS
from gradcheck_cli.shapes.readings import as_expr
from gradcheck_cli.shapes.typed import Type

YES = ast.Boolean(True)


class NoRule(Exception):  # noqa: N818  it is an outcome
    """An operation whose way back is not known here."""


def derived(names: Names, of: str | None = None) -> ast.Expr | None:
    """The gradient of a quantity, out of those of later lines; None where a rule is missing.

    Without a name it is the one that the claim is about.
    """
    if names.meaning != "gradient":
        return None
    if of is None:
        if names.subject is None or names.subject[0] != "d":
            return None
        of = names.subject[1]
    uses = [d for d in names.program.definitions if of in _names(d.tree.node)]
    if of in names.program.outputs or not uses:
        return None
    arriving = {w.of: w.expr for w in names.all_words if w.sort == "gradient"}
    try:
        way = _Back(names, of)
        found = [part for d in uses for part in way.parts(d.tree.node, _known(arriving, d.name, d.indices))]
        return way.total(found)
    except NoRule:
        return None


def _known(arriving: dict[str, ast.Expr], name: str, indices: int) -> ast.Expr:
    if indices or name not in arriving:
        raise NoRule
    return arriving[name]


def _names(node: ast.Node) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


class _Back:
    """The way back from one line to one quantity.

    A gradient may be narrower than its array where broadcasting makes up for it.
    """

    def __init__(self, names: Names, of: str) -> None:
        self.names = names
        self.of = of
        self.named = {d.tree.node: ast.Name(d.name) for d in names.program.definitions if not d.indices}

    def total(self, parts: list[ast.Expr]) -> ast.Expr | None:
        """The sum of what arrives, in the shape of the quantity."""
        if not parts:
            return None
        found = parts[0]
        for part in parts[1:]:
            found = plus(found, part)
        return self.full(found, ast.Name(self.of))

    def type(self, node: ast.Expr) -> Type:
        """The type of a part."""
        found = self.names.type_of(node)
        if found is None:
            raise NoRule
        return found

    def full(self, g: ast.Expr, node: ast.Expr) -> ast.Expr:
        """A gradient in the whole shape of its array."""
        return g if self.type(g).shape == self.type(node).shape else times(g, call("ones_like", node))

    def narrow(self, g: ast.Expr, node: ast.Expr, part: ast.Expr) -> ast.Expr:
        """The gradient of a part that was broadcast to the shape of the node: summed over those axes."""
        whole, shape = self.type(node).shape, self.type(part).shape
        if whole == shape:
            return g
        g = self.full(g, node)
        extra = len(whole) - len(shape)
        if not shape:
            return call("sum", g)
        if extra:
            g = call("sum", g, axis=_axes(range(extra)))
        for axis, (mine, its) in enumerate(zip(shape, whole[extra:], strict=True)):
            if mine != its:
                g = call("sum", g, axis=number(axis), keepdims=YES)
        return g

    def parts(self, node: ast.Expr, g: ast.Expr) -> Iterator[ast.Expr]:
        """What arrives at the quantity where the gradient of the node is g."""
        if node == ast.Name(self.of):
            yield g
        elif self.of in _names(node):
            yield from self._through(node, g)

    def _through(self, node: ast.Expr, g: ast.Expr) -> Iterator[ast.Expr]:
        value = self.named.get(node, node)
        match node:
            case ast.Negative(x):
                yield from self.parts(x, negative(g))
            case ast.Transpose(x, kind):
                yield from self.parts(x, ast.Transpose(self.full(g, node), kind))
            case ast.Binary("+" | "-" as op, a, b):
                yield from self.parts(a, self.narrow(g, node, a))
                yield from self.parts(b, self.narrow(g if op == "+" else negative(g), node, b))
            case ast.Binary("*", a, b):
                yield from self.parts(a, self.narrow(times(g, b), node, a))
                yield from self.parts(b, self.narrow(times(g, a), node, b))
            case ast.Binary("/", a, b):
                yield from self.parts(a, self.narrow(over(g, b), node, a))
                yield from self.parts(b, self.narrow(negative(over(times(g, value), b)), node, b))
            case ast.Binary("**", x, k) if self.of not in _names(k):
                yield from self.parts(x, self.narrow(power_back(g, x, k), node, x))
            case ast.Binary("@", a, b) | ast.Call("matmul" | "dot", (a, b)):
                yield from self._product(node, a, b, g)
            case ast.Call(function, (x,), ()) if function in SLOPES:
                yield from self.parts(x, back(function, g, x, value))
            case ast.Call(function, (ast.Name() as x,), ()) if FUNCTIONS[function].group == "elementwise":
                yield from self.parts(x, times(g, call("D", node, x)))
            case ast.Call(function, (x,)) if FUNCTIONS[function].rule == "reduction":
                yield from self._reduction(node, x, value, g)
            case ast.Subscript(ast.Name() as table, (ast.Name() as rows,)) if self.type(rows).dtype == "int":
                yield from self.parts(
                    table, call("scatter_add", call("zeros_like", table), rows, self.full(g, node))
                )
            case ast.Call("einsum", (ast.String(letters), a, b)):
                yield from self._einsum(letters, a, b, self.full(g, node))
            case ast.Call():
                yield from self._call(node, value, g)
            case _:
                raise NoRule

    def _product(self, node: ast.Expr, a: ast.Expr, b: ast.Expr, g: ast.Expr) -> Iterator[ast.Expr]:
        ranks = self.type(a).rank, self.type(b).rank
        g = self.full(g, node)
        match ranks:
            case (1, 1):
                ways = times(g, b), times(g, a)
            case (2, 1):
                ways = call("outer", g, b), matmul(self.turned(a), g)
            case (1, 2):
                ways = matmul(b, g), call("outer", a, g)
            case (m, n) if m >= 2 and n >= 2:
                ways = matmul(g, self.turned(b)), matmul(self.turned(a), g)
            case _:
                raise NoRule
        for part, way in zip((a, b), ways, strict=True):
            if max(ranks) > 2 and self.of in _names(part):
                shape = self.type(part).shape
                extra = self.type(way).rank - len(shape)
                if shape[:-2] != self.type(way).shape[extra:-2]:
                    raise NoRule
                yield from self.parts(part, call("sum", way, axis=_axes(range(extra))) if extra else way)
            else:
                yield from self.parts(part, way)

    def turned(self, x: ast.Expr) -> ast.Expr:
        """The transpose of the last two axes."""
        if isinstance(x, ast.Transpose) and (x.kind == "mT" or self.type(x).rank == 2):
            return x.operand
        return ast.Transpose(x, "T" if self.type(x).rank == 2 else "mT")

    def _reduction(self, node: ast.Call, x: ast.Expr, value: ast.Expr, g: ast.Expr) -> Iterator[ast.Expr]:
        words = {k.name: k.value for k in node.keywords}
        shape, axis = self.type(x).shape, words.get("axis")
        kept = len(self.type(node).shape) == len(shape)
        given = () if axis is None or isinstance(axis, ast.Absent) else _numbers(axis, len(shape))
        axes = given or tuple(range(len(shape)))
        if set(words) - {"axis", "keepdims"}:
            raise NoRule
        if given and not kept and axes != tuple(range(len(axes))):
            if len(axes) > 1:
                raise NoRule
            g, value = (call("expand_dims", v, axis=number(axes[0])) for v in (g, value))
        size = [as_expr(shape[a], node) for a in axes]
        keep = {} if not given else {"axis": _axes(axes), "keepdims": YES}
        match node.function:
            case "sum":
                yield from self.parts(x, g)
            case "mean":
                yield from self.parts(x, _divided(g, size))
            case "var":
                yield from self.parts(
                    x, _divided(times(times(TWO, g), minus(x, call("mean", x, **keep))), size)
                )
            case "std":
                centred = minus(x, call("mean", x, **keep))
                yield from self.parts(x, _divided(over(times(g, centred), value), size))
            case "norm":
                yield from self.parts(x, over(times(g, x), value))
            case "logsumexp":
                yield from self.parts(x, times(g, call("exp", minus(x, value))))
            case _:
                raise NoRule

    def _call(self, node: ast.Call, y: ast.Expr, g: ast.Expr) -> Iterator[ast.Expr]:
        g = self.full(g, node)
        words = {k.name: k.value for k in node.keywords}
        match node.function, node.args:
            case "softmax" | "log_softmax", (x,):
                along = (
                    {} if self.type(x).rank == 1 else {"axis": words.get("axis", number(-1)), "keepdims": YES}
                )
                if node.function == "softmax":
                    yield from self.parts(x, times(y, minus(g, call("sum", times(g, y), **along))))
                else:
                    yield from self.parts(x, minus(g, times(call("exp", y), call("sum", g, **along))))
            case "where", (condition, a, b) if self.type(condition).dtype == "bool":
                nothing = number(0)
                yield from self.parts(a, self.narrow(call("where", condition, g, nothing), node, a))
                yield from self.parts(b, self.narrow(call("where", condition, nothing, g), node, b))
            case "diag" | "tril" | "triu" | "flip" | "swapaxes", (x, *rest):
                yield from self.parts(x, ast.Call(node.function, (g, *rest), node.keywords))
            case "roll", (x, shift, *rest):
                yield from self.parts(x, ast.Call("roll", (g, negative(shift), *rest), node.keywords))
            case "cumsum", (x, *rest):
                for function in ("flip", "cumsum", "flip"):
                    g = ast.Call(function, (g, *rest), node.keywords)
                yield from self.parts(x, g)
            case "transpose", (x, *axes):
                order = [_numbers(a, len(axes))[0] for a in axes]
                inverse = [number(order.index(n)) for n in range(len(order))]
                yield from self.parts(x, call("transpose", g, *inverse))
            case "reshape", (x, *_):
                yield from self.parts(x, call("reshape", g, *(as_expr(d, node) for d in self.type(x).shape)))
            case _:
                yield from self._matrices(node, y, g)

    def _einsum(self, letters: str, a: ast.Expr, b: ast.Expr, g: ast.Expr) -> Iterator[ast.Expr]:
        inside, arrow, out = letters.replace(" ", "").partition("->")
        first, _, second = inside.partition(",")
        for part, other, mine, its in ((a, b, first, second), (b, a, second, first)):
            if not arrow or set(mine) - set(out) - set(its) or len(set(mine)) < len(mine):
                raise NoRule
            yield from self.parts(part, call("einsum", ast.String(f"{out},{its}->{mine}"), g, other))

    def _matrices(self, node: ast.Call, y: ast.Expr, g: ast.Expr) -> Iterator[ast.Expr]:
        if not node.args or self.type(node.args[0]).rank > 2:
            raise NoRule
        match node.function, node.args:
            case "inv", (x,):
                turned = self.turned(y)
                yield from self.parts(x, negative(matmul(matmul(turned, g), turned)))
            case "solve", (a, b):
                behind = call("solve", self.turned(a), g)
                pair = matmul(behind, self.turned(y)) if self.type(b).rank > 1 else call("outer", behind, y)
                yield from self.parts(a, negative(pair))
                yield from self.parts(b, behind)
            case "logdet", (x,):
                yield from self.parts(x, times(g, self.turned(call("inv", x))))
            case "det", (x,):
                yield from self.parts(x, times(times(g, y), self.turned(call("inv", x))))
            case "trace", (x,):
                yield from self.parts(x, times(g, call("eye", as_expr(self.type(x).shape[0], node))))
            case "outer", (a, b):
                yield from self.parts(a, matmul(g, b))
                yield from self.parts(b, matmul(self.turned(g), a))
            case _:
                raise NoRule


def _axes(axes: range | tuple[int, ...]) -> ast.Expr:
    found = tuple(map(number, axes))
    return found[0] if len(found) == 1 else ast.Tuple(found)


def _numbers(axis: ast.Expr, rank: int) -> tuple[int, ...]:
    """The axes that are named, counted from the first."""
    items = axis.items if isinstance(axis, ast.Tuple) else (axis,)
    found = []
    for item in items:
        match item:
            case ast.Number(value):
                found.append(int(value))
            case ast.Negative(ast.Number(value)):
                found.append(rank - int(value))
            case _:
                raise NoRule
    return tuple(sorted(found))


def _divided(g: ast.Expr, sizes: list[ast.Expr]) -> ast.Expr:
    below = sizes[0] if sizes else ONE
    for size in sizes[1:]:
        below = times(below, size)
    return over(g, below)
