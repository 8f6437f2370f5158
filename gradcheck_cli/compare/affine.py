"""Whether a formula is affine in its expectations, so that a sample of each gives a sample of the whole."""

from __future__ import annotations

from gradcheck_cli.shapes.typed import Apply, Expected, Given, Part, Reduce, Tabulate, Typed, nodes

_LINEAR = frozenset({
    "add", "subtract", "negative", "sum", "mean", "trace", "cumsum", "diag", "tril", "triu", "reshape",
    "transpose", "swapaxes", "concatenate", "stack", "broadcast_to", "expand_dims", "squeeze", "repeat",
    "tile", "flip", "roll", "pad", "slice",
})  # fmt: skip
"""Linear in all arguments together."""

_PRODUCTS = frozenset({"multiply", "matmul", "dot", "outer", "kron", "einsum"})
"""Linear in each argument."""


def is_affine(tree: Typed) -> bool:
    """Whether nothing is done to the expectations of a tree but linear operations."""
    return all(map(_keeps, nodes(tree)))


def _keeps(node: Typed) -> bool:
    """Whether one operation is linear in what holds expectations below it."""
    match node:
        case Apply(function, args) if any(map(_holds, args)):
            if function in _LINEAR:
                return True
            if function in _PRODUCTS:
                return sum(map(_holds, args)) == 1
            if function in {"divide", "gather", "take_along_axis"}:
                return not any(map(_holds, args[1:]))
            if function == "where":
                return not _holds(args[0])
            return False
        case Reduce(function, _, body) if _holds(body):
            return function in {"sum", "mean"}
        case Part(of):
            return not _holds(of)
        case Tabulate():
            return True
    return True


def _holds(tree: Typed) -> bool:
    """Whether an expectation stands in a tree."""
    return any(isinstance(n, Given) and isinstance(n.quantity, Expected) for n in nodes(tree))
