"""Whether the two oracles agree: autograd's answer against differences of the independent forward.

A gradient is tested along a random signed direction and along itself, a
tangent and an elementwise derivative at every element, a Jacobian along random
directions. Only an agreement makes autograd's answer the truth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck_cli.evaluate.noise import AMPLITUDE, UNIT, rms
from gradcheck_cli.evaluate.sampling import signs
from gradcheck_cli.lang.printer import to_plain
from gradcheck_cli.oracle.differences import Differences
from gradcheck_cli.oracle.estimate import Estimate
from gradcheck_cli.shapes.typed import (
    Derivative,
    Given,
    Gradient,
    Loss,
    LossTangent,
    Quantity,
    Tangent,
    Value,
)

MARGIN = 10.0
"""How many error bars apart the oracles may be, besides the rounding of autograd itself."""

ROUNDING_MARGIN = 40.0


@dataclass(frozen=True)
class Agreement:
    """One comparison of the oracles. `what` is the quantity in words, `bars` their distance in error bars."""

    what: str
    autograd: float
    differences: float
    error: float
    ok: bool
    reason: str = ""


def agree(
    quantity: Quantity,
    rows: Any,
    differences: Differences,
    project: Callable[[str, Any], Any],
    rng: np.random.Generator,
) -> Agreement | None:
    """Compares autograd's rows (row 0 and its disturbed replicas) with differences; None for values."""
    if isinstance(quantity, (Value, Loss)):
        return None
    what = name_of(quantity)
    if isinstance(quantity, Gradient):
        if differences.brief and differences.is_drawn(quantity.name):
            return None
        directions = _directions(quantity.name, rows[0], project, rng, together=differences.brief)
        estimate = differences.loss_along(quantity.name, directions)
        flat = rows.reshape(len(rows), -1)
        # np.sum adds pairwise; einsum would be off by hundreds of units in the last place at 10⁶ elements
        with np.errstate(all="ignore"):
            answers = np.stack([np.sum(flat * d.ravel(), axis=1) for d in directions], 1)
    elif isinstance(quantity, Derivative) and not quantity.elementwise:
        shape = differences.values[quantity.name].shape[1:]
        directions = np.stack([project(quantity.name, signs(shape, rng)) for _ in range(2)])
        estimate = differences.derivative_along(quantity, directions)
        axes = tuple(range(-len(shape), 0))
        answers = np.stack([np.sum(rows * d, axis=axes) for d in directions], 1)
    else:
        assert isinstance(quantity, (Tangent, LossTangent, Derivative))
        estimate = differences.estimate(quantity)
        answers = rows
    return _compared(what, answers, estimate)


def _directions(
    name: str, gradient: Any, project: Callable[[str, Any], Any], rng: np.random.Generator, *, together: bool
) -> Any:
    """A signed direction and the gradient itself, (2, *shape); `together` is their sum, (1, *shape).

    Of equal weight: where ⟨g, s⟩ and ⟨g, g⟩/|g| have the same sign, an error in proportion to
    the gradient cannot hide, nor one of a single element more than in s alone.
    """
    signed = project(name, signs(gradient.shape, rng))
    largest = np.max(np.abs(gradient), initial=0.0)
    if not largest or not np.isfinite(largest):
        return signed[None]
    itself = project(name, gradient / largest)
    if not together:
        return np.stack((signed, itself))
    itself *= 1 / np.sqrt(np.sum(itself * itself) or 1.0)
    return (signed + itself if np.sum(itself * signed) >= 0 else signed - itself)[None]


def _compared(what: str, answers: Any, estimate: Estimate) -> Agreement:
    answers = answers.reshape(len(answers), -1)
    value, error = np.ravel(estimate.value), np.ravel(estimate.error)
    if not value.size:
        return Agreement(what, 0.0, 0.0, 0.0, True)
    with np.errstate(all="ignore"):
        noise: Any = 0.0
        if len(answers) > 1:
            noise = rms(answers[1:] - answers[0]) * (UNIT / AMPLITUDE)
        bar = MARGIN * error + ROUNDING_MARGIN * (noise + UNIT * np.abs(answers[0])) + 1e-300
        apart = np.abs(answers[0] - value) / bar
    apart = np.where(np.isfinite(error) & np.isfinite(apart), apart, np.inf)
    worst = int(np.argmax(apart))
    ok = bool(apart[worst] <= 1)
    reason = ""
    if not ok:
        reason = estimate.reason or "the differences do not settle" * (not np.isfinite(error[worst]))
        reason = reason or "autograd and differences disagree"
    return Agreement(what, float(answers[0][worst]), float(value[worst]), float(error[worst]), ok, reason)


def name_of(quantity: Quantity) -> str:
    """A quantity in the words of the language."""
    match quantity:
        case Value(name=name):
            return name
        case Loss():
            return "L"
        case Gradient(name=name):
            return f"d{name}"
        case LossTangent():
            return "dL"
        case Tangent(tree=Given(Value(name=name))):
            return f"d{name}"
        case Tangent(tree=tree):
            return f"d({to_plain(tree.node)})"
        case Derivative(tree=tree, name=name):
            return f"D({to_plain(tree.node)}, {name})"
    raise TypeError(f"not a quantity: {quantity}")
