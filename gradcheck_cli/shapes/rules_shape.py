"""Shape rules of constructors, and of what moves elements without looking at them."""

from __future__ import annotations

from gradcheck_cli.shapes import static
from gradcheck_cli.shapes.application import Application, Statics
from gradcheck_cli.shapes.dims import Dim, DimError, Shape, show
from gradcheck_cli.shapes.mismatch import ShapeMismatch
from gradcheck_cli.shapes.typed import Type
from gradcheck_cli.text import Problem, UserError


def eye(call: Application) -> tuple[Type, Statics]:
    """[n, m], square by default."""
    n = call.dim("n")
    m = n if call.expr("m") is None else call.dim("m")
    return Type((n, m)), (("n", n), ("m", m))


def filled(call: Application) -> tuple[Type, Statics]:
    """The shape that is asked for."""
    shape = call.shape("shape")
    return Type(shape), (("shape", shape),)


def like(call: Application) -> tuple[Type, Statics]:
    """The shape of the argument."""
    return Type(call.args[0].shape), ()


def arange(call: Application) -> tuple[Type, Statics]:
    """[n], whole numbers."""
    n = call.dim("n")
    return Type((n,), "int"), (("n", n),)


def _size(shape: Shape) -> Dim:
    total = Dim.of(1)
    for dim in shape:
        total = total * dim
    return total


def reshape(call: Application) -> tuple[Type, Statics]:
    """Any shape with as many elements; one dimension may be -1."""
    (x,) = call.args
    shape = call.shape("shape")
    minus = Dim.of(-1)
    if shape.count(minus) == 1:
        known = _size(tuple(d for d in shape if d != minus))
        try:
            rest = _size(x.shape) / known
        except (DimError, ZeroDivisionError):
            raise call.mismatch(x.shape, shape) from None
        shape = tuple(rest if d == minus else d for d in shape)
    if _size(shape) != _size(x.shape):
        raise ShapeMismatch(
            f"`reshape` cannot turn {show(x.shape)} into {show(shape)}",
            call.node,
            x.shape,
            shape,
            f"the one has {_size(x.shape)} elements, the other {_size(shape)}",
        )
    return Type(shape, x.dtype), (("shape", shape),)


def transpose(call: Application) -> tuple[Type, Statics]:
    """The axes in another order, reversed by default."""
    (x,) = call.args
    axes = tuple(static.as_axis(e, x.shape) + x.rank for e in call.several("axes"))
    order = axes or tuple(reversed(range(x.rank)))
    if sorted(order) != list(range(x.rank)):
        raise UserError(Problem(f"`transpose` needs each of the {x.rank} axes once", call.node.span))
    return Type(tuple(x.shape[a] for a in order), x.dtype), (("axes", order),)


def swapaxes(call: Application) -> tuple[Type, Statics]:
    """Two axes change places."""
    (x,) = call.args
    one, two = call.expr("axis1"), call.expr("axis2")
    assert one is not None
    assert two is not None
    a, b = static.as_axis(one, x.shape), static.as_axis(two, x.shape)
    shape = list(x.shape)
    shape[a], shape[b] = shape[b], shape[a]
    return Type(tuple(shape), x.dtype), (("axis1", a), ("axis2", b))


def mt(call: Application) -> tuple[Type, Statics]:
    """[…, n, m] gives […, m, n]."""
    (x,) = call.args
    if x.rank < 2:
        raise ShapeMismatch(f"`.mT` needs a matrix, not {show(x.shape)}", call.node, x.shape)
    shape = (*x.shape[:-2], x.shape[-1], x.shape[-2])
    return Type(shape, x.dtype), (("axis1", -2), ("axis2", -1))


def join(call: Application, *, new: bool) -> tuple[Type, Statics]:
    """The sum of the sizes along an axis, or how many there are along a new one."""
    first = call.args[0]
    room = (*first.shape, Dim.of(1)) if new else first.shape
    if not room:
        raise call.unfit("arrays with at least one axis", first.shape)
    axis = call.axis(room, 0)
    total = Dim.of(0)
    for x in call.args:
        if x.rank != first.rank:
            raise call.mismatch(first.shape, x.shape)
        for i, (a, b) in enumerate(zip(first.shape, x.shape, strict=True)):
            if a != b and (new or i - x.rank != axis):
                raise call.mismatch(first.shape, x.shape)
        total = total + (Dim.of(1) if new else x.shape[axis])
    shape = list(first.shape)
    if new:
        shape.insert(axis + first.rank + 1, total)
    else:
        shape[axis] = total
    whole = all(x.dtype == "int" for x in call.args)
    return Type(tuple(shape), "int" if whole else "real"), (("axis", axis),)


def broadcast_to(call: Application) -> tuple[Type, Statics]:
    """The shape that is asked for, where every size is kept or was 1."""
    (x,) = call.args
    shape = call.shape("shape")
    padded = (Dim.of(1),) * (len(shape) - x.rank) + x.shape
    if x.rank > len(shape) or any(a != b and not a.is_one for a, b in zip(padded, shape, strict=True)):
        raise ShapeMismatch(
            f"`broadcast_to` cannot turn {show(x.shape)} into {show(shape)}", call.node, x.shape, shape
        )
    return Type(shape, x.dtype), (("shape", shape),)


def expand_dims(call: Application) -> tuple[Type, Statics]:
    """A new axis of size 1."""
    (x,) = call.args
    axis = call.axis((*x.shape, Dim.of(1)))
    shape = list(x.shape)
    shape.insert(axis + x.rank + 1, Dim.of(1))
    return Type(tuple(shape), x.dtype), (("axis", axis),)


def squeeze(call: Application) -> tuple[Type, Statics]:
    """An axis of size 1 goes."""
    (x,) = call.args
    axis = call.axis(x.shape)
    if not x.shape[axis].is_one:
        raise call.unfit(f"a size of 1 at axis {axis}", x.shape)
    shape = list(x.shape)
    del shape[axis]
    return Type(tuple(shape), x.dtype), (("axis", axis),)


def repeat(call: Application) -> tuple[Type, Statics]:
    """One size is multiplied."""
    (x,) = call.args
    axis, times = call.axis(x.shape), call.dim("times")
    shape = list(x.shape)
    shape[axis] = shape[axis] * times
    return Type(tuple(shape), x.dtype), (("axis", axis), ("times", times))


def tile(call: Application) -> tuple[Type, Statics]:
    """The last sizes are multiplied."""
    (x,) = call.args
    reps = call.shape("reps")
    rank = max(len(reps), x.rank)
    reps = (Dim.of(1),) * (rank - len(reps)) + reps
    padded = (Dim.of(1),) * (rank - x.rank) + x.shape
    shape = tuple(a * b for a, b in zip(padded, reps, strict=True))
    return Type(shape, x.dtype), (("reps", reps),)


def pad(call: Application) -> tuple[Type, Statics]:
    """One size grows."""
    (x,) = call.args
    axis, before, after = call.axis(x.shape), call.dim("before"), call.dim("after")
    shape = list(x.shape)
    shape[axis] = shape[axis] + before + after
    return Type(tuple(shape)), (("axis", axis), ("before", before), ("after", after))
