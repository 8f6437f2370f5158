"""The elementwise functions over balls: what each is, its slope, and which branch of a kinked one is taken.

A ball is a midpoint and a radius that hold the true number (Johansson, "Arb",
IEEE Trans. Comput. 66, 2017). A branch is taken only where the whole ball is on
its side; where it is not, or where a derivative meets a kink, Inexact is raised.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
from flint import arb, ctx, fmpq

from gradcheck_cli.evaluate.objects import Implementation, Inexact
from gradcheck_cli.evaluate.tape import Traced, raised, value_of

Ball = Any
"""An `arb`; its precision is that of `flint.ctx` when it is made."""


def ball(value: Fraction | int) -> Ball:
    """The smallest ball around a rational number."""
    return _ball(value.numerator, value.denominator, ctx.prec)


@lru_cache(maxsize=4096)
def _ball(above: int, below: int, prec: int) -> Ball:  # noqa: ARG001  the precision is that of the context
    """The same numbers come again and again."""
    return arb(above) if below == 1 else arb(fmpq(above, below))


def side(x: Ball) -> int | None:
    """The sign of a number: -1, 0 or 1; None where the ball does not tell."""
    if x > 0:
        return 1
    if x < 0:
        return -1
    return 0 if x == 0 else None


def certain(x: Any, name: str) -> int:
    """The sign of a number, for a branch. Raises Inexact where the ball does not tell, and at a kink."""
    found = side(value_of(x))
    if found is None:
        raise Inexact(f"a branch of `{name}` cannot be decided: the ball holds the kink")
    if found == 0 and type(x) is Traced:
        raise Inexact(f"`{name}` has a kink at this point")
    return found


_HALF = Fraction(1, 2)


def _sigmoid(x: Ball) -> Ball:
    return 1 / (1 + (-x).exp())


def _root_of_two_over_pi() -> Ball:
    return (2 / arb.pi()).sqrt()


def _gate(x: Ball) -> Ball:
    """(1 + tanh u) / 2 = sigmoid(2 u), with the u of GPT-2's gelu."""
    return _sigmoid(2 * _root_of_two_over_pi() * (x + ball(Fraction("0.044715")) * x * x * x))


def _silu_slope(x: Ball) -> Ball:
    gate = _sigmoid(x)
    return gate + x * gate * (1 - gate)


def _gelu_tanh_slope(x: Ball) -> Ball:
    gate = _gate(x)
    inner = 2 * _root_of_two_over_pi() * (1 + ball(Fraction("0.134145")) * x * x)
    return gate + x * gate * (1 - gate) * inner


def _normal_cdf(x: Ball) -> Ball:
    return (-x * ball(_HALF).sqrt()).erfc() / 2


def _normal_pdf(x: Ball) -> Ball:
    return (-x * x / 2).exp() / (2 * arb.pi()).sqrt()


def _lgamma(x: Ball) -> Ball:
    return x.lgamma() if x > 0 else abs(x.gamma()).log()


def _trigamma(x: Ball) -> Ball:
    """ζ(2, x); on the left by reflection, ψ₁(1 - x) + ψ₁(x) = π² / sin² πx."""
    if x > 0:
        return arb(2).zeta(x)
    root = arb.pi() / x.sin_pi()
    return root * root - arb(2).zeta(1 - x)


Map = Callable[[Ball], Ball]

BY_POINT: Mapping[str, tuple[Map, Map]] = MappingProxyType(
    {
        "log": (arb.log, lambda x: 1 / x),
        "log1p": (arb.log1p, lambda x: 1 / (1 + x)),
        "sin": (arb.sin, arb.cos),
        "cos": (arb.cos, lambda x: -x.sin()),
        "asin": (arb.asin, lambda x: (1 - x * x).rsqrt()),
        "acos": (arb.acos, lambda x: -(1 - x * x).rsqrt()),
        "atan": (arb.atan, lambda x: 1 / (1 + x * x)),
        "sinh": (arb.sinh, arb.cosh),
        "cosh": (arb.cosh, arb.sinh),
        "asinh": (arb.asinh, lambda x: (1 + x * x).rsqrt()),
        "acosh": (arb.acosh, lambda x: (x * x - 1).rsqrt()),
        "atanh": (arb.atanh, lambda x: 1 / (1 - x * x)),
        "erf": (arb.erf, lambda x: 2 * (-x * x).exp() / arb.pi().sqrt()),
        "erfc": (arb.erfc, lambda x: -2 * (-x * x).exp() / arb.pi().sqrt()),
        "lgamma": (_lgamma, arb.digamma),
        "digamma": (arb.digamma, _trigamma),
        "logsigmoid": (lambda x: -(-x).exp().log1p(), lambda x: _sigmoid(-x)),
        "softplus": (lambda x: x.exp().log1p(), _sigmoid),
        "silu": (lambda x: x * _sigmoid(x), _silu_slope),
        "gelu": (lambda x: x * _normal_cdf(x), lambda x: _normal_cdf(x) + x * _normal_pdf(x)),
        "gelu_tanh": (lambda x: x * _gate(x), _gelu_tanh_slope),
    }
)
"""Name of a smooth function → its value and its slope, both at x."""

BY_VALUE: Mapping[str, tuple[Map, Map]] = MappingProxyType(
    {
        "exp": (arb.exp, lambda y: y),
        "expm1": (arb.expm1, lambda y: y + 1),
        "sqrt": (arb.sqrt, lambda y: 1 / (2 * y)),
        "rsqrt": (arb.rsqrt, lambda y: -y * y * y / 2),
        "tan": (arb.tan, lambda y: 1 + y * y),
        "tanh": (arb.tanh, lambda y: 1 - y * y),
        "erfinv": (arb.erfinv, lambda y: arb.pi().sqrt() * (y * y).exp() / 2),
        "sigmoid": (_sigmoid, lambda y: y * (1 - y)),
    }
)
"""The same, with the slope out of the value."""


def by_point(value: Map, slope: Map) -> Callable[[Any], Any]:
    """The function of one number, recorded if the number is."""

    def call(x: Any) -> Any:
        return x.tape.made(value(x.value), (x.index, slope(x.value))) if type(x) is Traced else value(x)

    return call


def by_value(value: Map, slope: Map) -> Callable[[Any], Any]:
    """The same, with the slope out of the value."""

    def call(x: Any) -> Any:
        if type(x) is not Traced:
            return value(x)
        y = value(x.value)
        return x.tape.made(y, (x.index, slope(y)))

    return call


def power(x: Any, y: Any) -> Any:
    """x^y; whole exponents by multiplication, so that x may be negative."""
    base, exponent = value_of(x), value_of(y)
    if type(y) is not Traced:
        whole = exponent.unique_fmpz() if exponent.is_exact() and exponent.is_integer() else None
        if whole is not None and abs(int(whole)) < 2**31:
            return x ** int(whole) if type(x) is Traced else raised(x, int(whole))
        if type(x) is not Traced:
            return base**exponent
        return x.tape.made(base**exponent, (x.index, exponent * base ** (exponent - 1)))
    value = base**exponent
    entry: tuple[Any, ...] = (y.index, value * base.log())
    if type(x) is Traced:
        entry += (x.index, exponent * base ** (exponent - 1))
    return y.tape.made(value, entry)


def atan2(y: Any, x: Any) -> Any:
    """The angle of the point (x, y)."""
    a, b = value_of(y), value_of(x)
    value = arb.atan2(a, b)
    entry: tuple[Any, ...] = ()
    if type(y) is Traced:
        entry += (y.index, b / (a * a + b * b))
    if type(x) is Traced:
        entry += (x.index, -a / (a * a + b * b))
    tape = y.tape if type(y) is Traced else x.tape if type(x) is Traced else None
    return value if tape is None else tape.made(value, entry)


def _abs(x: Any) -> Any:
    if type(x) is not Traced:
        return abs(x)
    return x if certain(x, "abs") > 0 else -x


def _relu(x: Any) -> Any:
    if type(x) is not Traced:
        return x.max(arb(0))
    return x if certain(x, "relu") > 0 else arb(0)


def larger(x: Any, y: Any, name: str = "maximum") -> Any:
    """The larger of two numbers."""
    if type(x) is not Traced and type(y) is not Traced:
        return x.max(y)
    return x if _difference(x, y, name) > 0 else y


def smaller(x: Any, y: Any, name: str = "minimum") -> Any:
    """The smaller of two numbers."""
    if type(x) is not Traced and type(y) is not Traced:
        return x.min(y)
    return x if _difference(x, y, name) < 0 else y


def _difference(x: Any, y: Any, name: str) -> int:
    found = side(value_of(x) - value_of(y))
    if not found:  # a tie, or two balls that overlap: which one has the gradient?
        raise Inexact(f"a branch of `{name}` cannot be decided: the two are equal, or too near")
    return found


def _floor(x: Any) -> Any:
    value = value_of(x)
    below = value.floor()
    if not below.is_exact():
        raise Inexact("a branch of `floor` cannot be decided: the ball holds a whole number")
    if type(x) is Traced and below == value:
        raise Inexact("`floor` has a kink at this point")
    return below


def _chosen(condition: Any, x: Any, y: Any) -> Any:
    if not isinstance(condition, (bool, np.bool_)):
        condition = certain(value_of(condition), "where") != 0
    return x if condition else y


KINKED: Mapping[str, tuple[Callable[..., Any], int]] = MappingProxyType(
    {
        "abs": (_abs, 1),
        "sign": (lambda x: arb(certain(x, "sign")), 1),
        "relu": (_relu, 1),
        "floor": (_floor, 1),
        "clip": (lambda x, low, high: smaller(larger(x, low, "clip"), high, "clip"), 3),
        "maximum": (larger, 2),
        "minimum": (smaller, 2),
        "where": (_chosen, 3),
    }
)
"""Name of a piecewise function → what it does to numbers, and how many it takes."""

_COMPARED: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        "less": (-1,),
        "less_equal": (-1, 0),
        "greater": (1,),
        "greater_equal": (0, 1),
        "equal": (0,),
        "not_equal": (-1, 1),
    }
)
"""Name of a comparison → the signs of x - y for which it is true."""


def compare(name: str) -> Callable[[Any, Any], bool]:
    """A comparison of two numbers. Raises Inexact where the balls do not tell."""
    signs = _COMPARED[name]

    def call(x: Any, y: Any) -> bool:
        a, b = value_of(x), value_of(y)
        found = (1 if a > b else -1) if a > b or a < b else 0 if a == b else None
        if found is None:
            raise Inexact(f"a branch of `{name}` cannot be decided: the two balls overlap")
        return found in signs

    return call


def elementwise() -> dict[str, Implementation]:
    """The functions on object arrays."""
    table: dict[str, Implementation] = {
        name: np.frompyfunc(by_point(*both), 1, 1) for name, both in BY_POINT.items()
    }
    table |= {name: np.frompyfunc(by_value(*both), 1, 1) for name, both in BY_VALUE.items()}
    table |= {name: np.frompyfunc(function, count, 1) for name, (function, count) in KINKED.items()}
    table |= {"power": np.frompyfunc(power, 2, 1), "atan2": np.frompyfunc(atan2, 2, 1)}
    return table


COMPARISONS: Mapping[str, Implementation] = MappingProxyType(
    {name: np.frompyfunc(compare(name), 2, 1) for name in _COMPARED}
)
"""The comparisons on object arrays; their results are objects too."""
