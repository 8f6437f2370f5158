"""Shape rules of indexing: slices, gathers and scatters."""

from __future__ import annotations

from gradcheck_cli.shapes import static
from gradcheck_cli.shapes.application import Application, Statics, needs_indices
from gradcheck_cli.shapes.dims import Dim, show
from gradcheck_cli.shapes.typed import Type
from gradcheck_cli.text import Problem, UserError


def gather(call: Application) -> tuple[Type, Statics]:
    """The shape of the indices takes the place of an axis."""
    x, indices = call.args
    needs_indices(call, indices)
    if not x.rank:
        raise call.unfit("an array with at least one axis", x.shape)
    axis = call.axis(x.shape, 0)
    at = axis + x.rank
    shape = (*x.shape[:at], *indices.shape, *x.shape[at + 1 :])
    return Type(shape, x.dtype), (("axis", axis), ("ranks", (x.rank, indices.rank)))


def take_along_axis(call: Application) -> tuple[Type, Statics]:
    """The shape of the indices, which is that of the array but for one axis."""
    x, indices = call.args
    needs_indices(call, indices)
    if x.rank != indices.rank or not x.rank:
        raise call.mismatch(x.shape, indices.shape)
    axis = call.axis(x.shape)
    for i, (a, b) in enumerate(zip(x.shape, indices.shape, strict=True)):
        if i - x.rank != axis and a != b:
            raise call.mismatch(x.shape, indices.shape)
    return Type(indices.shape, x.dtype), (("axis", axis),)


def one_hot(call: Application) -> tuple[Type, Statics]:
    """A new last axis."""
    (indices,) = call.args
    needs_indices(call, indices)
    n = call.dim("n")
    return Type((*indices.shape, n)), (("n", n),)


def scatter_add(call: Application) -> tuple[Type, Statics]:
    """The shape stays; the updates have that of the indices and of the rows of x."""
    x, indices, updates = call.args
    needs_indices(call, indices)
    if not x.rank:
        raise call.unfit("an array with at least one axis", x.shape)
    needed = (*indices.shape, *x.shape[1:])
    if updates.shape != needed:
        raise call.unfit(f"updates of the shape {show(needed)}", updates.shape)
    return Type(x.shape), (("ranks", (x.rank, indices.rank, updates.rank)),)


def slice_(call: Application) -> tuple[Type, Statics]:
    """One size becomes the length of the slice, if that is known in symbols."""
    (x,) = call.args
    axis = call.axis(x.shape)
    parts = [call.expr(name) for name in ("start", "stop", "step")]
    step = 1 if parts[2] is None else static.as_int(parts[2])
    if step == 0:
        raise UserError(Problem("a step of 0 leads nowhere", call.node.span))
    size = x.shape[axis]
    start, stop = (None if p is None else static.as_dim(p, call.dims) for p in parts[:2])
    length = _slice_length(size, start, stop, step)
    if length is None:
        raise UserError(
            Problem(
                f"the length of this slice of {show(x.shape)} is not known in symbols",
                call.node.span,
                help="slice from the start or to the end by a dimension: `x[:r]`, `x[r:]`, `x[::-1]`",
            )
        )
    shape = list(x.shape)
    shape[axis] = length
    return Type(tuple(shape), x.dtype), (("axis", axis), ("start", start), ("stop", stop), ("step", step))


def _slice_length(size: Dim, start: Dim | None, stop: Dim | None, step: int) -> Dim | None:
    if step == -1 and start is None and stop is None:
        return size

    def absolute(bound: Dim) -> Dim:
        value = bound.constant
        return size + bound if value is not None and value < 0 else bound

    first = Dim.of(0) if start is None else absolute(start)
    last = size if stop is None else absolute(stop)
    length = last - first
    if step == 1:
        return length
    constant = length.constant
    if step > 1 and constant is not None:
        return Dim.of(-(-int(constant) // step))
    if step > 1 and all(c.denominator == 1 and c % step == 0 for _, c in length.terms):
        return length / Dim.of(step)
    return None
