"""THE fold: evaluates typed trees on any back end, natively batched.

Every array carries leading axes before its own: one for the batch (of
directions, or of replicas), then one for each index of the formula, of size 1
where the array does not depend on it. `A[i, j]` therefore turns axes of `A`
into leading axes, and `sum[i]` reduces a leading axis.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import e, pi
from typing import Protocol

from gradcheck_cli.evaluate import deadline
from gradcheck_cli.evaluate.backend import Array, Backend, is_exhausted
from gradcheck_cli.lang.functions import FUNCTIONS
from gradcheck_cli.shapes.dims import Dim
from gradcheck_cli.shapes.typed import (
    Apply,
    Constant,
    Given,
    Index,
    Part,
    Position,
    Quantity,
    Reduce,
    Size,
    Special,
    Tabulate,
    Type,
    Typed,
)
from gradcheck_cli.text import Problem, UserError

_SPECIAL = {"pi": pi, "e": e, "inf": float("inf")}

_KEEPS_BOOL = {"where", "less", "less_equal", "greater", "greater_equal", "equal", "not_equal"}
_WITH_LEAD = {"shape", "constructor", "indexing"}


class EvaluationFailed(Exception):  # noqa: N818  it is an outcome
    """A function could not take its data (a singular matrix); `node` is where."""

    def __init__(self, function: str, reason: str, node: Typed) -> None:
        super().__init__(f"`{function}` failed: {reason}")
        self.node = node


class Observer(Protocol):
    """Watches or disturbs an evaluation."""

    def seen(self, node: Typed, value: Array) -> Array:
        """Called with the value of every inner node; what it returns is used instead."""

    def called(self, function: str, args: tuple[Array, ...], statics: Mapping[str, object]) -> None:
        """Called before every function with the very arguments."""


def size(dim: Dim, sizes: Mapping[str, int], node: Typed | None = None) -> int:
    """The number that a dimension is. Raises UserError where it is not a whole number ≥ 0."""
    value = dim.value(sizes)
    if value.denominator != 1 or value < 0:
        span = node.node.span if node else None
        chosen = ", ".join(f"{n} = {sizes[n]}" for n in sorted(dim.names))
        raise UserError(
            Problem(
                f"the dimension {dim} is {value} for {chosen}"
                if chosen
                else f"a dimension cannot be {value}",
                span,
                help="say how the sizes are related: `dims: {m: 2*r}`",
            )
        )
    return int(value)


def shape_of(type_: Type, sizes: Mapping[str, int], node: Typed | None = None) -> tuple[int, ...]:
    """A shape in numbers."""
    return tuple(size(d, sizes, node) for d in type_.shape)


class Evaluation:
    """One evaluation: the sizes, the given quantities, and the values found so far.

    `given` returns, for a quantity, an array of the shape (batch or 1, *shape).
    """

    def __init__(
        self,
        backend: Backend,
        sizes: Mapping[str, int],
        given: Callable[[Quantity], Array],
        indices: int = 0,
        observer: Observer | None = None,
    ) -> None:
        self.backend = backend
        self.sizes = sizes
        self.given = given
        self.lead = 1 + indices
        self.observer = observer
        self.values: dict[int, Array] = {}
        self.kept: list[Typed] = []

    def value(self, tree: Typed) -> Array:
        """The array of a node, with its leading axes. Raises EvaluationFailed and UserError."""
        found = self.values.get(id(tree))
        if found is None:
            deadline.check()
            found = self.compute(tree)
            if self.observer is not None and not isinstance(tree, (Given, Part)):
                watch = self.observer.seen
                several = isinstance(found, tuple)
                found = tuple(watch(tree, f) for f in found) if several else watch(tree, found)
            self.values[id(tree)] = found
            self.kept.append(tree)  # so that no other node can take over its id
        return found

    def compute(self, tree: Typed) -> Array:
        """The value of a node, from those of the nodes below."""
        match tree:  # the frequent ones first
            case Apply():
                return self.apply(tree)
            case Given(quantity=quantity):
                array = self.given(quantity)
                return self.backend.reshape(
                    array, (array.shape[0],) + (1,) * (self.lead - 1) + tuple(array.shape[1:])
                )
            case Constant(value=value, type=type_):
                return self.scalar(value, whole=type_.dtype == "int")
            case Special(name=name):
                return self.scalar(_SPECIAL[name], whole=False)
            case Size(dim=dim):
                return self.scalar(self.whole(dim, tree), whole=True)
            case Position(index=index):
                return self.position(index)
            case Part(of=of, number=number):
                return self.value(of)[number]
            case Reduce(function=function, indices=indices, body=body):
                full = self.spread(self.backend.real(self.value(body)), indices)
                axes = tuple(1 + i.position - full.ndim for i in indices)
                return self.backend.functions[function](full, axis=axes, keepdims=True)
            case Tabulate():
                return self.tabulate(tree)
        raise TypeError(f"not a typed node: {type(tree).__name__}")

    def scalar(self, value: Fraction | float, *, whole: bool) -> Array:
        """A number, with leading axes of size 1."""
        return self.backend.reshape(self.backend.number(value, whole=whole), (1,) * self.lead)

    def whole(self, dim: Dim, node: Typed) -> int:
        """A dimension, or a fixed index, as a number."""
        # an index such as -1 or 0 is a dimension too
        constant = dim.constant
        number = (
            int(constant)
            if constant is not None and constant.denominator == 1
            else size(dim, self.sizes, node)
        )
        if abs(number) >= 2**63:
            raise UserError(Problem("this whole number is too large", node.node.span))
        return number

    def range(self, index: Index) -> int:
        """How many values an index takes."""
        assert index.dim is not None
        return size(index.dim, self.sizes)

    def position(self, index: Index) -> Array:
        """0 … size - 1 along the leading axis of the index."""
        n = self.range(index)
        shape = [1] * self.lead
        shape[1 + index.position] = n
        return self.backend.reshape(self.backend.arange(n), tuple(shape))

    def spread(self, value: Array, indices: tuple[Index, ...]) -> Array:
        """The array with the leading axes of the indices at full size."""
        shape = list(value.shape)
        for index in indices:
            shape[1 + index.position] = self.range(index)
        return self.backend.broadcast(value, tuple(shape))

    def tabulate(self, tree: Tabulate) -> Array:
        """Leading axes of indices become axes of the array."""
        body = self.spread(self.value(tree.body), tree.indices)
        moved = [1 + i.position for i in tree.indices]
        stay = [a for a in range(self.lead) if a not in moved]
        core = list(range(self.lead, body.ndim))
        value = self.backend.permute(body, tuple(stay + moved + core))
        lead = [1 if a in moved else body.shape[a] for a in range(self.lead)]
        return self.backend.reshape(value, (*lead, *(body.shape[a] for a in moved + core)))

    def apply(self, tree: Apply) -> Array:
        """A function of the table, called with its arguments and statics."""
        function = FUNCTIONS[tree.function]
        args = [self.value(a) for a in tree.args]
        if tree.type.dtype != "int" and function.group not in _WITH_LEAD:
            keep = 1 if tree.function == "where" else len(args) if tree.function in _KEEPS_BOOL else 0
            args = [
                a if n < keep or below.type.dtype == "real" else self.backend.real(a)
                for n, (a, below) in enumerate(zip(args, tree.args, strict=True))
            ]
        if function.rule in {"elementwise", "comparison"}:
            args = self.aligned(args)
        statics = {name: self.static(value, tree) for name, value in tree.statics} if tree.statics else {}
        if function.group in _WITH_LEAD:
            statics["lead"] = self.lead
        if self.observer is not None:
            self.observer.called(tree.function, tuple(args), statics)
        try:
            return self.backend.functions[tree.function](*args, **statics)
        except (IndexError, OverflowError) as error:
            if _is_empty(error):
                raise EvaluationFailed(tree.function, "there are no elements", tree) from None
            raise UserError(
                Problem(
                    "an index is outside of its array",
                    tree.node.span,
                    label=str(error).splitlines()[0][:120],
                    help="a fixed index needs a size that is fixed or large enough: `dims: {n: 4}`",
                )
            ) from None
        except MemoryError:
            raise
        except self.backend.failures as error:  # before ValueError: LinAlgError is one
            if is_exhausted(error):
                raise
            raise EvaluationFailed(tree.function, _reason(error), tree) from None
        except ValueError as error:
            if not _is_empty(error):
                raise
            raise EvaluationFailed(tree.function, "there are no elements", tree) from None

    def aligned(self, args: list[Array]) -> list[Array]:
        """Puts axes between the leading ones and those of the array, so that plain broadcasting is right."""
        rank = max(a.ndim for a in args)
        return [
            a
            if a.ndim == rank
            else self.backend.reshape(
                a, tuple(a.shape[: self.lead]) + (1,) * (rank - a.ndim) + tuple(a.shape[self.lead :])
            )
            for a in args
        ]

    def static(self, value: object, node: Typed) -> object:
        """A static argument with its dimensions in numbers."""
        if isinstance(value, Dim):
            return self.whole(value, node)
        if isinstance(value, tuple):
            return tuple(self.static(v, node) for v in value)
        return value


def _is_empty(error: Exception) -> bool:
    """Whether a reduction complains that there is nothing to reduce: NumPy's words, then torch's."""
    return "zero-size" in str(error) or "non-zero size" in str(error)


def _reason(error: Exception) -> str:
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    if "singular" in text.lower():
        return "the matrix is singular"
    if "positive" in text.lower() and "definite" in text.lower():
        return "the matrix is not positive definite"
    return text[:120]
