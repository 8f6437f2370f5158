"""Shape rules of what works element by element, and of reductions along axes."""

from __future__ import annotations

from gradcheck_cli.shapes import static
from gradcheck_cli.shapes.application import Application, Statics, broadcast
from gradcheck_cli.shapes.dims import Dim
from gradcheck_cli.shapes.typed import Dtype, Type

_WHOLE = {"add", "subtract", "multiply", "negative", "where", "minimum", "maximum", "abs", "sign", "clip"}
"""Elementwise functions that keep whole numbers whole."""


def elementwise(call: Application) -> tuple[Type, Statics]:
    """All arguments broadcast together."""
    shape = broadcast(call, *(a.shape for a in call.args))
    values = call.args[1:] if call.function == "where" else call.args
    whole = call.function in _WHOLE and all(a.dtype == "int" for a in values)
    return Type(shape, "int" if whole else "real"), ()


def comparison(call: Application) -> tuple[Type, Statics]:
    """The same, with truth values as the result."""
    return Type(broadcast(call, *(a.shape for a in call.args)), "bool"), ()


def reduction(call: Application) -> tuple[Type, Statics]:
    """The axes go, or stay with size 1."""
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
    counts = x.dtype != "real" and call.function == "sum"
    whole = x.dtype == "int" and call.function in {"prod", "max", "min"}
    dtype: Dtype = "int" if counts or whole else "real"
    return Type(tuple(shape), dtype), tuple(statics.items())


def along(call: Application) -> tuple[Type, Statics]:
    """The shape stays."""
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
