"""A bench: two sets of data on which candidates are tried out before any of them is judged.

What only an oracle knows is asked of it once; everything else is the fold,
with the values of shared parts kept.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from gradcheck_cli.compare.laws import laws_of
from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.diagnose.scope import NONE, SharedScope
from gradcheck_cli.evaluate import deadline
from gradcheck_cli.evaluate.extent import Extent
from gradcheck_cli.evaluate.interpret import Evaluation, EvaluationFailed, shape_of
from gradcheck_cli.evaluate.numpy_backend import NumpyBackend
from gradcheck_cli.evaluate.sampling import Draw, choose_sizes, draw, generator
from gradcheck_cli.lang.ast import Expr
from gradcheck_cli.lang.printer import to_plain
from gradcheck_cli.oracle.differences import Differences
from gradcheck_cli.shapes.typed import (
    Derivative,
    Gradient,
    Quantity,
    Tangent,
    Type,
    Typed,
    Value,
)
from gradcheck_cli.spec.model import Operator
from gradcheck_cli.spec.typing import TypedClaim
from gradcheck_cli.text import UserError

DRAWS = 2
BUDGET = 3_000
"""Elements of the largest array that the sizes of a bench are chosen for."""
SMALL = 150
"""The same where every gradient is found by differences."""
LARGEST = 200_000
"""Elements of an array that a candidate may make on its way."""

SPREAD = 1_000_000
"""The same with the axes of indices, all of which an element of a sum may depend on."""

CLOSE = 1e-8
"""The relative difference of two values that may be the same; the judge decides."""
ZERO = 1e-11
"""What is below this share of its own terms has cancelled."""


class TooLarge(Exception):  # noqa: N818  it is an outcome
    """The sizes that the spec asks for are too large to try candidates on."""


class Bench:
    """Data, true quantities and the values of all parts of candidates."""

    def __init__(
        self, operator: Operator, typed: TypedClaim, scope: SharedScope, seed: int, settings: Settings
    ) -> None:
        self.scope = scope
        self.typed = typed
        self.free = len(scope.indices)
        self.lead = 1 + self.free + scope.slots
        self.draws = [_Data(operator, typed, seed, number, settings) for number in range(DRAWS)]
        self.runs = [Evaluation(NumpyBackend(), d.draw.sizes, d.given, self.lead - 1) for d in self.draws]

    def typed_of(self, expr: Expr) -> Typed | None:
        """The typed tree of a part outside of sums over indices, if it has one."""
        try:
            return self.scope.infer(expr)
        except (UserError, RecursionError):
            return None

    def type_of(self, expr: Expr) -> Type | None:
        """The type of a part, even of one below a sum over indices."""
        found = self.scope.seen.get(id(expr))
        if found is not None and found[1] is not NONE:
            return found[1]
        tree = self.typed_of(expr)
        return None if tree is None else tree.type

    def value(self, expr: Expr, number: int) -> Any:
        """The value of a part on one set of data, with its leading axes; None where it has none."""
        tree = self.typed_of(expr)
        return None if tree is None else self.of(tree, number)

    def of(self, tree: Typed, number: int) -> Any:
        """The value of a typed tree; None where it has none."""
        deadline.check()
        run = self.runs[number]
        found = run.values.get(id(tree))
        if found is None:
            try:
                if prod(shape_of(tree.type, run.sizes)) > LARGEST:
                    return None
                if self.lead > 1 and Extent([tree]).largest(run.sizes)[0] > SPREAD:
                    return None
                with np.errstate(all="ignore"):
                    found = run.value(tree)
            except (EvaluationFailed, UserError, ValueError, ArithmeticError):
                return None
        return np.asarray(found, dtype=np.float64)

    def values(self, expr: Expr) -> list[Any] | None:
        """The values on all sets of data, if all are finite."""
        tree = self.typed_of(expr)
        if tree is None:
            return None
        found = []
        for number in range(DRAWS):
            value = self.of(tree, number)
            if value is None or not np.isfinite(value).all():
                return None
            found.append(value)
        return found


def same(left: Any, right: Any, terms: float = 0.0) -> bool:
    """Whether two values agree as far as floats tell; `terms` is the size of what may have cancelled."""
    left, right = padded(left, right)
    try:
        difference = np.abs(left - right)
    except ValueError:
        return False
    if not difference.size:
        return False
    scale = max(float(np.max(np.abs(left))), float(np.max(np.abs(right))))
    return bool(np.max(difference) <= max(CLOSE * scale, ZERO * terms))


def padded(left: Any, right: Any) -> tuple[Any, Any]:
    """Both with as many axes: a bare number stands for a whole array."""
    rank = max(left.ndim, right.ndim)
    one, two = (x.reshape(x.shape + (1,) * (rank - x.ndim)) for x in (left, right))
    return one, two


class _Data:
    """One set of data, and the oracle beside it."""

    def __init__(
        self, operator: Operator, typed: TypedClaim, seed: int, number: int, settings: Settings
    ) -> None:
        program = typed.program
        trees = [d.tree for d in program.definitions]
        trees += [s for link in typed.links for s in (link.left, link.right) if s is not None]
        extent = Extent(trees)

        def largest(sizes: Any) -> int:
            inputs = [prod(shape_of(t, sizes)) for t in program.inputs.values()]
            return max(extent.largest(sizes)[0], *inputs)

        rng = generator(seed, 7919, number)
        self.slow = settings.oracle == "differences"
        sizes = choose_sizes(program, rng, largest, SMALL if self.slow else BUDGET)
        if largest(sizes) > LARGEST:
            raise TooLarge
        self.program, self.fixed, self.device = program, typed.fixed, settings.device
        self.draw: Draw = draw(program, laws_of(operator, typed), typed.given, sizes, 1.0, rng)
        self.found: dict[Any, Any] = {}
        wanted: list[Quantity] = [Value(name) for name in program.types]
        wanted += [] if self.slow else [Gradient(name) for name in program.differentiable]
        self.ask(wanted)

    def given(self, quantity: Quantity) -> Any:
        """The value of a quantity, (1, *shape)."""
        key = _key(quantity)
        if key not in self.found:
            self.ask([quantity])
        return self.found[key]

    def ask(self, wanted: list[Quantity]) -> None:
        """Asks the oracle."""
        d = self.draw
        if self.slow:
            differences = Differences(
                self.program, d.sizes, d.inputs, d.tangents, d.cotangents, self.fixed, min(1.0, d.scale)
            )
            for quantity in wanted:
                if isinstance(quantity, Value):
                    self.found[_key(quantity)] = np.asarray(differences.values[quantity.name])
                else:
                    estimate = differences.quantities((quantity,))[quantity]
                    self.found[_key(quantity)] = np.asarray(estimate.value)[None]
            return
        from gradcheck_cli.evaluate.torch_backend import TorchBackend  # noqa: PLC0415  two seconds to import
        from gradcheck_cli.oracle.autograd import Autograd  # noqa: PLC0415

        backend = TorchBackend(self.device)
        inputs, tangents, cotangents = (
            {n: np.asarray(x)[None] for n, x in arrays.items()}
            for arrays in (d.inputs, d.tangents, d.cotangents)
        )
        oracle = Autograd(backend, self.program, d.sizes, inputs, tangents, cotangents, self.fixed)
        truth = oracle.quantities(wanted)
        self.found |= {_key(q): np.asarray(backend.numpy(v)) for q, v in truth.items()}


def _key(quantity: Quantity) -> Any:
    """Quantities by content: the same expression is typed anew in every candidate."""
    match quantity:
        case Tangent(tree):
            return ("d", to_plain(tree.node))
        case Derivative(tree, name):
            return ("D", to_plain(tree.node), name, quantity.elementwise)
    return quantity
