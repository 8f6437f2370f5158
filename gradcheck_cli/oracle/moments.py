"""Exact expectations: the formula becomes a polynomial in the random numbers, the moments do the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any, Literal

import numpy as np

from gradcheck_cli.evaluate.extent import Extent
from gradcheck_cli.evaluate.interpret import Evaluation
from gradcheck_cli.evaluate.objects import Inexact, each
from gradcheck_cli.oracle.exact_backend import ExactBackend
from gradcheck_cli.oracle.polynomials import Ring
from gradcheck_cli.shapes.typed import Quantity, Typed

MAX_ELEMENTS = 1 << 16
"""Elements of all arrays of one formula together."""

_PARAMETERS = {"normal": 2, "uniform": 2, "rademacher": 0}


@dataclass(frozen=True)
class Distribution:
    """The law of one random number: normal(mu, sigma), uniform(a, b), or rademacher, ±1 with equal odds.

    Raises ValueError for parameters that are none of such a law.
    """

    name: Literal["normal", "uniform", "rademacher"]
    parameters: tuple[Fraction, ...] = ()

    def __post_init__(self) -> None:
        if len(self.parameters) != _PARAMETERS.get(self.name):
            raise ValueError(f"`{self.name}` cannot have {len(self.parameters)} parameters")
        if self.name == "normal" and self.parameters[1] < 0:
            raise ValueError("the standard deviation is negative")
        if self.name == "uniform" and not self.parameters[0] < self.parameters[1]:
            raise ValueError("the lower end is not below the upper end")

    def moment(self, k: int) -> Fraction:
        """E[x^k], exactly, for k ≥ 0."""
        return _moment(self.name, self.parameters, k)

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        """Independent draws, float64."""
        numbers = [float(p) for p in self.parameters]
        if self.name == "normal":
            return numbers[0] + numbers[1] * rng.standard_normal(shape)
        if self.name == "uniform":
            return rng.uniform(numbers[0], numbers[1], shape)
        return rng.integers(0, 2, shape) * 2.0 - 1.0


@cache
def _moment(name: str, parameters: tuple[Fraction, ...], k: int) -> Fraction:
    if name == "rademacher":
        return Fraction(1 - k % 2)
    if name == "uniform":  # the integral of x^k over [a, b] by its length
        a, b = parameters
        return (b ** (k + 1) - a ** (k + 1)) / ((k + 1) * (b - a))
    # Stein's identity, E[(x - mu) g(x)] = sigma² E[g'(x)], with g = x^(k-1)
    mu, sigma = parameters
    before, now = Fraction(0), Fraction(1)
    for j in range(k):
        before, now = now, mu * now + j * sigma**2 * before
    return now


@dataclass(frozen=True, eq=False)
class Expectation:
    """The exact elements, Fractions in an object array; or None, and `reason` tells why there are none."""

    value: Any
    reason: str = ""


def expectation(
    tree: Typed,
    sizes: Mapping[str, int],
    value_of: Callable[[Quantity], Any],
    ring: Ring,
    indices: int = 0,
    free: tuple[int, ...] = (),
) -> Expectation:
    """E[tree] in exact arithmetic, in the shape (*free, *shape); the arguments are those of `polynomials`.

    For normal laws this is Isserlis' theorem (Biometrika 12, 1918): the moments of a monomial count the
    pairings of its factors. There is no value where the tree is no polynomial of what is random, where a
    number in it is irrational, or where a bound of the ring is crossed. Raises UserError for sizes that
    cannot be, OutOfTime.
    """
    try:
        return Expectation(each(ring.expectation, polynomials(tree, sizes, value_of, ring, indices, free)))
    except Inexact as error:
        return Expectation(None, str(error))


def polynomials(
    tree: Typed,
    sizes: Mapping[str, int],
    value_of: Callable[[Quantity], Any],
    ring: Ring,
    indices: int = 0,
    free: tuple[int, ...] = (),
) -> Any:
    """The elements of a tree as polynomials of the ring: an object array (*free, *shape).

    `value_of` gives each quantity in its own shape: `ring.symbols(law, shape)` for what is random (the
    same array each time), what this function returned for an intermediate, else ints, Fractions or truth
    values. `indices` is how many indices the tree uses, `free` the positions of those that it leaves
    free; the axis of a free index that the tree does not depend on has size 1. Raises Inexact, UserError,
    OutOfTime.
    """
    if Extent([tree]).total(sizes) > MAX_ELEMENTS:
        raise Inexact(f"there are more than {MAX_ELEMENTS} elements")
    backend = ExactBackend(ring)

    def given(quantity: Quantity) -> Any:
        value = np.asarray(value_of(quantity))[None]
        return value if value.dtype == np.bool_ else backend.real(value)

    value = backend.real(Evaluation(backend, sizes, given, indices).value(tree))
    lead = 1 + indices
    keep = [1 + i for i in free]
    gone = [i for i in range(lead) if i not in keep]  # the batch, and the summed indices: all of size 1
    value = value.transpose(*keep, *gone, *range(lead, value.ndim))
    return value.reshape(value.shape[: len(keep)] + value.shape[lead:])
