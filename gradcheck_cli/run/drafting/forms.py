"""Works out which sizes a formula makes equal, before any of them is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from gradcheck_cli.lang import ast
from gradcheck_cli.lang.functions import FUNCTIONS
from gradcheck_cli.run.drafting.products import SCALAR, Form, Guess, Products
from gradcheck_cli.run.drafting.unify import ClashError

MAX_STEPS = 20_000
"""How many nodes one solution may visit."""

_SCALARS = frozenset({"trace", "det", "logdet", "rank", "norm", "dot", "logsumexp"})
_REDUCTIONS = frozenset({"sum", "mean", "prod", "var", "std", "max", "min", "norm", "logsumexp"})
_SAME = frozenset(
    {"softmax", "log_softmax", "cumsum", "cumprod", "inv", "tril", "triu", "cholesky", "logsigmoid"}
)


@dataclass
class Reader(Products):
    """Reads formulas over names whose forms are given."""

    indices: dict[str, int] = field(default_factory=dict)
    placed: list[tuple[str, int]] = field(default_factory=list)
    """Names of sizes with the size that they most likely are: `d` in `Q K^T / sqrt(d)`."""
    steps: int = 0

    def equation(self, sides: Sequence[ast.Expr]) -> None:
        """All sides of a chain have the same form. Raises ClashError."""
        self.indices = {}
        first: Guess = None
        for side in sides:
            found = self.read(side)
            if isinstance(side, ast.Number) or (found is not None and not found.rank and _number(side)):
                continue
            first = found if first is None else self.alike(first, found)

    def definition(self, node: ast.Expr, indices: Sequence[str]) -> Guess:
        """The form of a line of `forward`. Raises ClashError."""
        self.indices = {i: self.sizes.fresh() for i in indices}
        own = tuple(self.indices.values())
        found = self.read(node)
        if not indices:
            return found
        return Form((*own, *found.sizes)) if found is not None else None

    def read(self, node: ast.Expr) -> Guess:  # noqa: C901  one case a node
        """The form of an expression. Raises ClashError where it can have none."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise ClashError("too long")
        match node:
            case ast.Number() | ast.Boolean():
                return SCALAR
            case ast.Name(id):
                return self.name(id)
            case ast.Noted(operand, _) | ast.Negative(operand):
                return self.read(operand)
            case ast.Transpose(operand, _):
                return self.turned(self.read(operand))
            case ast.Juxtapose(items, signs):
                return self.product(items, signs)
            case ast.Binary("^" | "**", base, exponent):
                self.read(exponent)
                return self.read(base)
            case ast.Binary("@", left, right):
                return self.times("matmul", self.read(left), self.read(right))
            case ast.Binary(op, left, right):
                above = self.read(left)
                summed = self.summed[-1:] if op == "/" else []
                below = self.read(right)
                if op == "/" and summed:
                    self.place(right, summed[0])
                return self.elementwise(above, below)
            case ast.Subscript(operand, items):
                return self.element(self.read(operand), items)
            case ast.Over(_, names, body):
                return self.series(tuple(n.id for n in names), None, body)
            case ast.Series():
                return self.series(tuple(n.id for n in node.indices), node.high, node.body)
            case ast.Either(options):
                return self.first([partial(self.read, option) for option in options])
            case ast.Call():
                return self.call(node)
        return None

    def name(self, id: str) -> Guess:
        """The form of a name, or of the quantity that a d-name belongs to."""
        id = self.folded.get(id, id)
        if id in self.forms:
            return self.forms[id]
        if id in {"L", "dL", "pi", "e", "inf"} or id in self.numbers or id in self.indices:
            return SCALAR
        inner = self.folded.get(id[1:], id[1:])
        if id.startswith("d") and inner in self.forms:
            return self.forms[inner]
        return None

    def place(self, node: ast.Expr, size: int) -> None:
        """Notes which size a name in a divisor most likely is."""
        for part in ast.walk(node):
            if isinstance(part, ast.Name) and part.id in self.numbers:
                self.placed.append((part.id, size))

    def product(self, items: Sequence[ast.Expr], signs: Sequence[str]) -> Guess:
        """Factors side by side; side by side binds tighter than `⊙`, that tighter than `·`."""
        return self.multiplied([self.read(item) for item in items], list(signs))

    # elements, sums and functions

    def element(self, form: Guess, items: Sequence[ast.Expr]) -> Guess:
        """`x_{ij}`. Raises ClashError where there are more indices than axes."""
        if form is None:
            return SCALAR
        if len(items) > form.rank:
            raise ClashError("too many indices")
        for item, size in zip(items, form.sizes, strict=False):
            if isinstance(item, ast.Name) and item.id not in self.numbers:
                self.sizes.equal(self.indices.setdefault(item.id, size), size)
        return Form(form.sizes[len(items) :])

    def series(self, names: tuple[str, ...], high: ast.Expr | None, body: ast.Expr) -> Guess:
        """A sum over indices, up to a size that may have a name."""
        before = dict(self.indices)
        found = self.read(body)
        inside = [self.indices[n] for n in names if n in self.indices]
        if not names:
            inside = [size for index, size in self.indices.items() if index not in before]
        self.summed += inside
        if isinstance(high, ast.Name) and high.id in self.numbers and len(inside) == 1:
            self.sizes.equal(inside[0], self.sizes.named(high.id))
        self.indices = {i: s for i, s in self.indices.items() if i in before or (names and i not in names)}
        return found if names or found is None or not found.rank else SCALAR

    def call(self, node: ast.Call) -> Guess:
        """A function of the table."""
        function = node.function
        if function == "D" and len(node.args) == 2:
            above, below = map(self.read, node.args)
            return self.alike(above, below) if above and below and above.rank == below.rank else None
        if function in {"ones", "zeros", "eye"}:
            return self.given(node.args * 2 if function == "eye" and len(node.args) == 1 else node.args)
        args = [self.read(a) for a in node.args]
        if function in {"grad", "d", "E"} or function in _SAME:
            return args[0] if args else None
        if function in _REDUCTIONS | _SCALARS and not node.keywords:
            known = args[0] if args else None
            if function == "trace" and known is not None and known.rank >= 2:
                self.sizes.equal(known.sizes[-1], known.sizes[-2])
            if function in _REDUCTIONS and known is not None and known.rank:
                self.summed.append(known.sizes[-1])
            return SCALAR
        if function == "diag" and args and args[0] is not None:
            if args[0].rank == 1:
                return Form(args[0].sizes * 2)
            return Form(args[0].sizes[:1])
        if function == "where" or FUNCTIONS[function].rule == "elementwise":
            found: Guess = SCALAR
            for arg in args:
                found = self.elementwise(found, arg)
            return found
        return None

    def given(self, items: Sequence[ast.Expr]) -> Guess:
        r"""`\mathbf 1_{n\times m}`."""
        found = []
        for item in items:
            if isinstance(item, ast.Name):
                found.append(self.sizes.named(item.id))
            elif isinstance(item, ast.Number):
                found.append(self.sizes.named(str(item.value)))
            else:
                return None
        return Form(tuple(found))


def _number(side: ast.Expr) -> bool:
    return all(isinstance(n, (ast.Number, ast.Negative, ast.Noted)) for n in ast.walk(side))
