"""The shape rules that the table of functions names: what a call returns, or why it cannot be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from gradcheck_cli.lang import ast
from gradcheck_cli.lang.calls import Bound
from gradcheck_cli.lang.functions import OPERATORS
from gradcheck_cli.shapes import static
from gradcheck_cli.shapes.dims import Dim, DimError, Shape, show
from gradcheck_cli.shapes.mismatch import ShapeMismatch
from gradcheck_cli.shapes.typed import Dtype, Type
from gradcheck_cli.text import Problem, UserError

_SYMBOLS = {function: symbol for symbol, function in OPERATORS.items()}

Statics = tuple[tuple[str, object], ...]


@dataclass
class Application:
    """A call on its way through a rule: argument types in, result type and statics out."""

    function: str
    args: tuple[Type, ...]
    node: ast.Expr
    dims: Mapping[str, Dim]
    given: Bound = field(default_factory=dict)

    @property
    def shown(self) -> str:
        """How the function is named in a message."""
        return f"`{_SYMBOLS.get(self.function, self.function)}`"

    def mismatch(self, left: Shape, right: Shape, advice: str = "") -> ShapeMismatch:
        """Two operands that do not fit."""
        message = f"{self.shown} cannot combine {show(left)} with {show(right)}"
        return ShapeMismatch(message, self.node, left, right, advice)

    def unfit(self, needed: str, shape: Shape, advice: str = "") -> ShapeMismatch:
        """One operand of a shape that the function does not take."""
        return ShapeMismatch(f"{self.shown} needs {needed}, not {show(shape)}", self.node, shape, None, advice)

    def expr(self, name: str) -> ast.Expr | None:
        """The argument of a parameter, if one was given."""
        value = self.given.get(name)
        return None if isinstance(value, (tuple, ast.Absent)) else value

    def several(self, name: str) -> tuple[ast.Expr, ...]:
        """The arguments of a variadic parameter, or the items of a tuple."""
        value = self.given.get(name)
        if value is None:
            return ()
        if isinstance(value, tuple):
            return value
        return value.items if isinstance(value, ast.Tuple) else (value,)

    def axis(self, shape: Shape, default: int = -1) -> int:
        """The parameter `axis`, negative."""
        expr = self.expr("axis")
        return static.as_axis(expr or ast.Number(Fraction(default), span=self.node.span), shape)

    def flag(self, name: str, default: bool) -> bool:
        """A parameter that is true or false."""
        expr = self.expr(name)
        return default if expr is None else static.as_flag(expr)

    def dim(self, name: str, default: int | None = None) -> Dim:
        """A parameter that is a dimension."""
        expr = self.expr(name)
        if expr is None:
            assert default is not None
            return Dim.of(default)
        return static.as_dim(expr, self.dims)

    def shape(self, name: str) -> Shape:
        """A parameter that is a shape."""
        return tuple(static.as_dim(e, self.dims) for e in self.several(name))


Rule = Callable[[Application], tuple[Type, Statics]]


def broadcast(call: Application, *shapes: Shape) -> Shape:
    """NumPy's broadcasting, in symbols: equal, or one of them 1."""
    result: list[Dim] = []
    for i in range(1, max(len(s) for s in shapes) + 1):
        found = Dim.of(1)
        for shape in shapes:
            if i <= len(shape) and not shape[-i].is_one:
                if not found.is_one and found != shape[-i]:
                    raise call.mismatch(shapes[-2] if len(shapes) > 1 else shapes[0], shapes[-1])
                found = shape[-i]
        result.append(found)
    return tuple(reversed(result))


_WHOLE = {"add", "subtract", "multiply", "negative", "where", "minimum", "maximum", "abs", "sign", "clip"}
"""Elementwise functions that keep whole numbers whole."""


def _elementwise(call: Application) -> tuple[Type, Statics]:
    shape = broadcast(call, *(a.shape for a in call.args))
    values = call.args[1:] if call.function == "where" else call.args
    whole = call.function in _WHOLE and all(a.dtype == "int" for a in values)
    return Type(shape, "int" if whole else "real"), ()


def _comparison(call: Application) -> tuple[Type, Statics]:
    return Type(broadcast(call, *(a.shape for a in call.args)), "bool"), ()


def _reduction(call: Application) -> tuple[Type, Statics]:
    (x,) = call.args
    axes = static.as_axes(call.expr("axis"), x.shape)
    keep = call.flag("keepdims", False)
    shape: list[Dim] = []
    for i, dim in enumerate(x.shape):
        if i - x.rank not in axes:
            shape.append(dim)
        elif keep:
            shape.append(Dim.of(1))
    statics: dict[str, object] = {"axis": axes, "keepdims": keep}
    if call.function in {"var", "std"}:
        correction = call.expr("correction")
        statics["correction"] = 0.0 if correction is None else float(static.as_number(correction))
    dtype: Dtype = "int" if x.dtype == "int" and call.function in {"sum", "prod", "max", "min"} else "real"
    return Type(tuple(shape), dtype), tuple(statics.items())


def _along(call: Application) -> tuple[Type, Statics]:
    (x,) = call.args
    if not x.rank:
        raise call.unfit("an array with at least one axis", x.shape)
    statics: dict[str, object] = {"axis": call.axis(x.shape)}
    if call.function == "roll":
        shift = call.expr("shift")
        assert shift is not None
        statics["shift"] = static.as_int(shift)
    keeps = call.function in {"flip", "roll"}
    return Type(x.shape, x.dtype if keeps else "real"), tuple(statics.items())


def _matmul(call: Application) -> tuple[Type, Statics]:
    x, y = call.args
    if not x.rank or not y.rank:
        raise call.unfit("two arrays", (x if not x.rank else y).shape, "multiply by a scalar with `*`")
    inner = y.shape[-2] if y.rank > 1 else y.shape[-1]
    if x.shape[-1] != inner:
        raise call.mismatch(x.shape, y.shape, f"the inner dimensions {x.shape[-1]} and {inner} differ")
    try:
        batch = broadcast(call, x.shape[:-2], y.shape[:-2]) if x.rank > 1 and y.rank > 1 else ()
    except ShapeMismatch:
        raise call.mismatch(x.shape, y.shape, "the batch dimensions differ") from None
    if x.rank == 1:
        batch = y.shape[:-2]
    elif y.rank == 1:
        batch = x.shape[:-2]
    rows = x.shape[-2:-1] if x.rank > 1 else ()
    columns = y.shape[-1:] if y.rank > 1 else ()
    return Type((*batch, *rows, *columns)), (("ranks", (x.rank, y.rank)),)


def _needs_matrix(call: Application, x: Type, *, square: bool) -> None:
    if x.rank < 2:
        raise call.unfit("a matrix", x.shape)
    if square and x.shape[-1] != x.shape[-2]:
        raise call.unfit("a square matrix", x.shape)


def _matrix_to_scalar(call: Application) -> tuple[Type, Statics]:
    (x,) = call.args
    _needs_matrix(call, x, square=True)
    return Type(x.shape[:-2]), ()


def _square(call: Application) -> tuple[Type, Statics]:
    (x,) = call.args
    _needs_matrix(call, x, square=True)
    return Type(x.shape), ()


def _matrix(call: Application) -> tuple[Type, Statics]:
    (x,) = call.args
    _needs_matrix(call, x, square=False)
    k = call.expr("k")
    return Type(x.shape), (("k", 0 if k is None else static.as_int(k)),)


def _pinv(call: Application) -> tuple[Type, Statics]:
    (x,) = call.args
    _needs_matrix(call, x, square=False)
    return Type((*x.shape[:-2], x.shape[-1], x.shape[-2])), ()


def _solve(call: Application) -> tuple[Type, Statics]:
    a, b = call.args
    _needs_matrix(call, a, square=True)
    rows = b.shape[-2:-1] if b.rank > 1 else b.shape
    if rows != a.shape[-1:]:
        raise call.mismatch(a.shape, b.shape)
    if b.rank > 1:
        batch = broadcast(call, a.shape[:-2], b.shape[:-2])
        result = (*batch, *b.shape[-2:])
    else:
        result = (*a.shape[:-2], *b.shape)
    statics: dict[str, object] = {"ranks": (a.rank, b.rank)}
    if call.function == "solve_triangular":
        statics["lower"] = call.flag("lower", True)
    return Type(result), tuple(statics.items())


def _kron(call: Application) -> tuple[Type, Statics]:
    x, y = call.args
    if x.rank not in {1, 2} or y.rank != x.rank:
        raise call.unfit("two matrices or two vectors", y.shape if x.rank in {1, 2} else x.shape)
    return Type(tuple(a * b for a, b in zip(x.shape, y.shape, strict=True))), (("ranks", (x.rank, y.rank)),)


def _outer(call: Application) -> tuple[Type, Statics]:
    for x in call.args:
        if x.rank != 1:
            raise call.unfit("two vectors", x.shape)
    return Type((call.args[0].shape[0], call.args[1].shape[0])), ()


def _dot(call: Application) -> tuple[Type, Statics]:
    x, y = call.args
    for v in call.args:
        if v.rank != 1:
            raise call.unfit("two vectors", v.shape)
    if x.shape != y.shape:
        raise call.mismatch(x.shape, y.shape)
    return Type(()), ()


def _einsum(call: Application) -> tuple[Type, Statics]:
    text = call.expr("subscripts")
    if not isinstance(text, ast.String):
        raise UserError(Problem("einsum begins with its letters in quotes", call.node.span, help="`einsum('ij,jk->ik', A, B)`"))
    letters, arrow, result = text.value.replace(" ", "").partition("->")
    terms = letters.split(",")
    if not all(t.isalpha() or not t for t in [*terms, result]) or not text.value.isascii():
        raise UserError(Problem("einsum's subscripts are letters, commas and one `->`", text.span))
    if len(terms) != len(call.args):
        raise UserError(
            Problem(f"einsum's subscripts name {len(terms)} arrays, and {len(call.args)} are given", text.span)
        )
    sizes: dict[str, Dim] = {}
    for term, arg in zip(terms, call.args, strict=True):
        if len(term) != arg.rank:
            raise call.unfit(f"{len(term)} axes for `{term}`", arg.shape)
        for letter, dim in zip(term, arg.shape, strict=True):
            if sizes.setdefault(letter, dim) != dim:
                raise ShapeMismatch(
                    f"`einsum`'s index `{letter}` runs over {sizes[letter]} and {dim}",
                    call.node, (sizes[letter],), (dim,),
                )
    if not arrow:
        joined = "".join(terms)
        result = "".join(sorted(c for c in set(joined) if joined.count(c) == 1))
    if len(set(result)) < len(result) or not set(result) <= sizes.keys():
        raise UserError(Problem(f"einsum cannot return `{result}`", text.span, help="each letter once, and only known ones"))
    return Type(tuple(sizes[c] for c in result)), (("subscripts", f"{','.join(terms)}->{result}"),)


def _diag(call: Application) -> tuple[Type, Statics]:
    (x,) = call.args
    if x.rank == 1:
        return Type(x.shape * 2), (("ranks", (1,)),)
    if x.rank == 2 and x.shape[0] == x.shape[1]:
        return Type(x.shape[:1]), (("ranks", (2,)),)
    raise call.unfit("a vector or a square matrix", x.shape)


def _eye(call: Application) -> tuple[Type, Statics]:
    n = call.dim("n")
    m = n if call.expr("m") is None else call.dim("m")
    return Type((n, m)), (("n", n), ("m", m))


def _filled(call: Application) -> tuple[Type, Statics]:
    shape = call.shape("shape")
    return Type(shape), (("shape", shape),)


def _like(call: Application) -> tuple[Type, Statics]:
    return Type(call.args[0].shape), ()


def _arange(call: Application) -> tuple[Type, Statics]:
    n = call.dim("n")
    return Type((n,), "int"), (("n", n),)


def _size(shape: Shape) -> Dim:
    total = Dim.of(1)
    for dim in shape:
        total = total * dim
    return total


def _reshape(call: Application) -> tuple[Type, Statics]:
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
            f"`reshape` cannot turn {show(x.shape)} into {show(shape)}", call.node, x.shape, shape,
            f"the one has {_size(x.shape)} elements, the other {_size(shape)}",
        )
    return Type(shape, x.dtype), (("shape", shape),)


def _transpose(call: Application) -> tuple[Type, Statics]:
    (x,) = call.args
    axes = tuple(static.as_axis(e, x.shape) + x.rank for e in call.several("axes"))
    order = axes or tuple(reversed(range(x.rank)))
    if sorted(order) != list(range(x.rank)):
        raise UserError(Problem(f"`transpose` needs each of the {x.rank} axes once", call.node.span))
    return Type(tuple(x.shape[a] for a in order), x.dtype), (("axes", order),)


def _swapaxes(call: Application) -> tuple[Type, Statics]:
    (x,) = call.args
    one, two = call.expr("axis1"), call.expr("axis2")
    assert one is not None
    assert two is not None
    a, b = static.as_axis(one, x.shape), static.as_axis(two, x.shape)
    shape = list(x.shape)
    shape[a], shape[b] = shape[b], shape[a]
    return Type(tuple(shape), x.dtype), (("axis1", a), ("axis2", b))


def _mt(call: Application) -> tuple[Type, Statics]:
    (x,) = call.args
    if x.rank < 2:
        raise ShapeMismatch(f"`.mT` needs a matrix, not {show(x.shape)}", call.node, x.shape)
    shape = (*x.shape[:-2], x.shape[-1], x.shape[-2])
    return Type(shape, x.dtype), (("axis1", -2), ("axis2", -1))


def _join(call: Application, *, new: bool) -> tuple[Type, Statics]:
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


def _broadcast_to(call: Application) -> tuple[Type, Statics]:
    (x,) = call.args
    shape = call.shape("shape")
    padded = (Dim.of(1),) * (len(shape) - x.rank) + x.shape
    if x.rank > len(shape) or any(a != b and not a.is_one for a, b in zip(padded, shape, strict=True)):
        raise ShapeMismatch(
            f"`broadcast_to` cannot turn {show(x.shape)} into {show(shape)}", call.node, x.shape, shape
        )
    return Type(shape, x.dtype), (("shape", shape),)


def _expand_dims(call: Application) -> tuple[Type, Statics]:
    (x,) = call.args
    axis = call.axis((*x.shape, Dim.of(1)))
    shape = list(x.shape)
    shape.insert(axis + x.rank + 1, Dim.of(1))
    return Type(tuple(shape), x.dtype), (("axis", axis),)


def _squeeze(call: Application) -> tuple[Type, Statics]:
    (x,) = call.args
    axis = call.axis(x.shape)
    if not x.shape[axis].is_one:
        raise call.unfit(f"a size of 1 at axis {axis}", x.shape)
    shape = list(x.shape)
    del shape[axis]
    return Type(tuple(shape), x.dtype), (("axis", axis),)


def _repeat(call: Application) -> tuple[Type, Statics]:
    (x,) = call.args
    axis, times = call.axis(x.shape), call.dim("times")
    shape = list(x.shape)
    shape[axis] = shape[axis] * times
    return Type(tuple(shape), x.dtype), (("axis", axis), ("times", times))


def _tile(call: Application) -> tuple[Type, Statics]:
    (x,) = call.args
    reps = call.shape("reps")
    rank = max(len(reps), x.rank)
    reps = (Dim.of(1),) * (rank - len(reps)) + reps
    padded = (Dim.of(1),) * (rank - x.rank) + x.shape
    shape = tuple(a * b for a, b in zip(padded, reps, strict=True))
    return Type(shape, x.dtype), (("reps", reps),)


def _pad(call: Application) -> tuple[Type, Statics]:
    (x,) = call.args
    axis, before, after = call.axis(x.shape), call.dim("before"), call.dim("after")
    shape = list(x.shape)
    shape[axis] = shape[axis] + before + after
    return Type(tuple(shape)), (("axis", axis), ("before", before), ("after", after))


def _needs_indices(call: Application, indices: Type) -> None:
    if indices.dtype != "int":
        raise UserError(
            Problem(
                f"{call.shown} needs whole numbers as indices",
                call.node.span,
                help="declare them with `domain: index(n)`, or use `arange(n)`",
            )
        )


def _gather(call: Application) -> tuple[Type, Statics]:
    x, indices = call.args
    _needs_indices(call, indices)
    if not x.rank:
        raise call.unfit("an array with at least one axis", x.shape)
    axis = call.axis(x.shape, 0)
    at = axis + x.rank
    shape = (*x.shape[:at], *indices.shape, *x.shape[at + 1 :])
    return Type(shape, x.dtype), (("axis", axis), ("ranks", (x.rank, indices.rank)))


def _take_along_axis(call: Application) -> tuple[Type, Statics]:
    x, indices = call.args
    _needs_indices(call, indices)
    if x.rank != indices.rank or not x.rank:
        raise call.mismatch(x.shape, indices.shape)
    axis = call.axis(x.shape)
    for i, (a, b) in enumerate(zip(x.shape, indices.shape, strict=True)):
        if i - x.rank != axis and a != b:
            raise call.mismatch(x.shape, indices.shape)
    return Type(indices.shape, x.dtype), (("axis", axis),)


def _one_hot(call: Application) -> tuple[Type, Statics]:
    (indices,) = call.args
    _needs_indices(call, indices)
    n = call.dim("n")
    return Type((*indices.shape, n)), (("n", n),)


def _scatter_add(call: Application) -> tuple[Type, Statics]:
    x, indices, updates = call.args
    _needs_indices(call, indices)
    if not x.rank:
        raise call.unfit("an array with at least one axis", x.shape)
    needed = (*indices.shape, *x.shape[1:])
    if updates.shape != needed:
        raise call.unfit(f"updates of the shape {show(needed)}", updates.shape)
    return Type(x.shape), (("ranks", (x.rank, indices.rank, updates.rank)),)


def _slice(call: Application) -> tuple[Type, Statics]:
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


def _eigh(call: Application) -> tuple[Type, Statics]:
    raise _several_results(call, "`eigh(A)[0]` are the eigenvalues, `eigh(A)[1]` the eigenvectors")


def _svd(call: Application) -> tuple[Type, Statics]:
    raise _several_results(call, "`svd(A)[0]` is U, `svd(A)[1]` the singular values, `svd(A)[2]` V transposed")


def _several_results(call: Application, advice: str) -> UserError:
    return UserError(Problem(f"{call.shown} has several results, and one is needed here", call.node.span, help=advice))


def parts(call: Application) -> tuple[Type, ...]:
    """The types of all results of a function that has several."""
    (x,) = call.args
    _needs_matrix(call, x, square=call.function == "eigh")
    batch, (n, m) = x.shape[:-2], x.shape[-2:]
    if call.function == "eigh":
        return Type((*batch, n)), Type(x.shape)
    if n != m:
        raise call.unfit("a square matrix (the smaller dimension of another is not known in symbols)", x.shape)
    return Type((*batch, n, n)), Type((*batch, n)), Type((*batch, n, n))


RULES: Mapping[str, Rule] = {
    "elementwise": _elementwise,
    "comparison": _comparison,
    "reduction": _reduction,
    "along": _along,
    "matmul": _matmul,
    "matrix to scalar": _matrix_to_scalar,
    "square to scalar": _matrix_to_scalar,
    "square": _square,
    "matrix": _matrix,
    "pinv": _pinv,
    "solve": _solve,
    "kron": _kron,
    "outer": _outer,
    "dot": _dot,
    "einsum": _einsum,
    "diag": _diag,
    "eigh": _eigh,
    "svd": _svd,
    "eye": _eye,
    "filled": _filled,
    "like": _like,
    "arange": _arange,
    "reshape": _reshape,
    "transpose": _transpose,
    "mT": _mt,
    "swapaxes": _swapaxes,
    "concatenate": lambda call: _join(call, new=False),
    "stack": lambda call: _join(call, new=True),
    "broadcast_to": _broadcast_to,
    "expand_dims": _expand_dims,
    "squeeze": _squeeze,
    "repeat": _repeat,
    "tile": _tile,
    "pad": _pad,
    "gather": _gather,
    "take_along_axis": _take_along_axis,
    "one_hot": _one_hot,
    "scatter_add": _scatter_add,
    "slice": _slice,
}
"""Rule name → rule; the derivatives are resolved by `infer`."""
