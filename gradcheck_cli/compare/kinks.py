"""Claims at a kink: a slope that lies between those of the smooth pieces around is as true as any.

Data that a spec gives (`x: zeros(n)`) can sit where the forward has no gradient.
The gradients of the adjoining pieces come from autograd a hair away, in many
directions; the slopes to the left and to the right from differences of the
NumPy forward, which have to agree with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from gradcheck_cli.compare.court import Court
from gradcheck_cli.compare.settings import Settings, seed_of
from gradcheck_cli.compare.sight import index_text
from gradcheck_cli.compare.subgradients import CLOSE, Kink, nearest_subgradient
from gradcheck_cli.compare.verdict import Judgement, Place, Sight
from gradcheck_cli.evaluate.interpret import Evaluation, EvaluationFailed
from gradcheck_cli.evaluate.numpy_backend import NumpyBackend
from gradcheck_cli.evaluate.sampling import Draw, generator
from gradcheck_cli.oracle.differences import KINK, Differences
from gradcheck_cli.shapes.typed import (
    Derivative,
    Given,
    Gradient,
    Program,
    Quantity,
    Typed,
    Value,
    quantities,
)
from gradcheck_cli.spec.model import Claim, Operator
from gradcheck_cli.spec.typing import TypedClaim
from gradcheck_cli.text import UserError

DIRECTIONS = 256
"""So many points around the kink are looked at."""

CHECKED = 16
"""In so many of them the differences have to give the slopes that autograd does."""

AWAY = 1e-7
"""How far away they are."""

STEP = 1e-4
"""The step of the one-sided differences, and half of it."""

MOST_ELEMENTS = 200
MOST_NUMBERS = 20_000
"""Of all inputs together."""

DRAWS = 3

_AT = "at a kink"


def at_kink(
    operator: Operator, claim: Claim, typed: TypedClaim, number: int, settings: Settings, before: Judgement
) -> Judgement | None:
    """The verdict on a link at given data that sit on a kink; None where they do not, or nobody can tell."""
    link = typed.links[number]
    asked = _asked(claim, typed, link.left, link.right)
    puzzled = before.verdict == "undecided" and (KINK in before.reason or "nan" in before.reason)
    accused = before.verdict == "wrong" and settings.oracle == "autograd"
    if asked is None or link.relation != "=" or not typed.given or not (puzzled or accused):
        return None
    if settings.oracle not in {"both", "autograd"} or link.right is None:
        return None
    court = Court(operator, typed, settings, seed_of(operator, claim, settings), [number])
    found: list[tuple[Sight, str]] = []
    for draw in range(min(DRAWS, settings.draws)):
        rng = generator(court.seed, draw, 0)
        try:
            with np.errstate(all="ignore"):
                shown = _look(court, court.data(draw, 0, rng), asked, link.right, rng)
        except (EvaluationFailed, UserError, ArithmeticError, ValueError, MemoryError):
            return None
        if shown is None:
            return None
        found.append(shown)
    sights = tuple(sight for sight, _ in found)
    wrong = next((said for sight, said in found if sight.verdict == "wrong"), None)
    if wrong is not None:
        return Judgement("wrong", wrong, sights)
    return Judgement("holds", "", sights, basis=found[0][1])


def is_at_kink(judgement: Judgement) -> bool:
    """Whether a verdict is about subgradients."""
    return (judgement.reason or judgement.basis).startswith(_AT)


def _asked(claim: Claim, typed: TypedClaim, left: Typed | None, right: Typed | None) -> Quantity | None:
    """The derivative that a link is about, if the other side is made of values and gradients alone."""
    if claim.kind not in {"gradient", "derivative"} or typed.indices or not isinstance(left, Given):
        return None
    asked = left.quantity
    elementwise = isinstance(asked, Derivative) and asked.elementwise
    if right is None or not (isinstance(asked, Gradient) or elementwise):
        return None
    return asked if all(isinstance(q, (Value, Gradient)) for q in quantities(right)) else None


def _look(
    court: Court, data: Draw, asked: Quantity, right: Typed, rng: np.random.Generator
) -> tuple[Sight, str] | None:
    """What one set of data shows, and in words."""
    differences = court.differences(data)
    kink, given = _explored(court, data, differences, asked, quantities(right), rng)
    if kink is None:
        return None
    known: dict[Quantity, Any] = {
        q: differences.values[q.name] if isinstance(q, Value) else given[q] for q in quantities(right)
    }
    run = Evaluation(NumpyBackend(), data.sizes, known.__getitem__)
    claimed = np.asarray(run.value(right), dtype=np.float64)
    claimed = np.broadcast_to(claimed.reshape(claimed.shape[run.lead :]), kink.shape).ravel()
    if not np.isfinite(claimed).all():
        return None
    shown = nearest_subgradient(kink, claimed)
    if shown is None:
        return None
    nearest, how = shown
    off = np.abs(claimed - nearest)
    kinked = np.ptp(kink.around, axis=0) > kink.close
    outside = float(np.max(off)) > kink.close
    worst = int(np.argmax(off)) if outside else int(np.argmax(kinked))
    index = index_text(np.unravel_index(worst, kink.shape), ())
    sight = Sight(
        "wrong" if outside else "holds",
        data.sizes,
        data.scale,
        error=float(off[worst]) / kink.size if outside else 0.0,
        floor=CLOSE,
        share=float(np.mean(off > kink.close)),
        place=Place(index, float(nearest[worst]), float(claimed[worst])),
    )
    return sight, _said(kink, worst, index, claimed, how, getattr(asked, "name", ""))


def _said(kink: Kink, at: int, index: str, claimed: Any, how: str, name: str) -> str:
    low, high = float(np.min(kink.around[:, at])), float(np.max(kink.around[:, at]))
    sides = kink.left[at], kink.right[at]
    low, high = min(low, *sides), max(high, *sides)
    if high - low <= kink.close:
        told = f"the slope at `{name}`[{index}] is {low:.4g}; claimed {claimed[at]:.4g}"
        return f"{_AT} of other elements: {told}"
    where = f"`{name}`[{index}]" if index else f"`{name}`"
    numbers = ", ".join(
        f"{word} {_short(value, kink.close)}"
        for word, value in (
            ("claimed", claimed[at]),
            ("autograd", kink.own[at]),
            ("left", kink.left[at]),
            ("right", kink.right[at]),
        )
    )
    interval = f"[{_short(low, kink.close)}, {_short(high, kink.close)}]"
    return f"{_AT} ({where}): {how.format(interval)}; {numbers}"


def _short(value: float, close: float) -> str:
    return "0" if abs(value) < close else f"{value:.4g}"


# the pieces


def _explored(
    court: Court,
    data: Draw,
    differences: Differences,
    asked: Quantity,
    used: tuple[Quantity, ...],
    rng: np.random.Generator,
) -> tuple[Kink | None, Mapping[Quantity, Any]]:
    """What is around the point, and the gradients that the claim uses there; None where it is smooth."""
    assert isinstance(asked, (Gradient, Derivative))
    name = asked.name
    x = np.asarray(differences.values[name][0], dtype=np.float64)
    numbers = sum(np.size(v) for v in data.inputs.values())
    if not 0 < x.size <= MOST_ELEMENTS or numbers > MOST_NUMBERS:
        return None, {}
    signs = rng.choice((-1.0, 1.0), (DIRECTIONS, *x.shape)) * rng.uniform(0.5, 1, (DIRECTIONS, *x.shape))
    rows = np.concatenate((x[None], x + AWAY * signs))
    gradients = [q for q in used if isinstance(q, Gradient)]
    found = _autograd(court, data, name, rows, (asked, *gradients))
    for quantity in gradients:
        value = found[quantity]
        if not np.isfinite(value).all() or np.max(np.abs(value - value[:1]), initial=0) > CLOSE:
            return None, {}  # what the claim is made of is no number here either
    flat = found[asked].reshape(len(rows), -1)
    around = flat[1:]
    if not np.isfinite(around).all():
        return None, {}
    size = float(np.max(np.abs(around), initial=0.0)) or 1.0
    kinked = np.ptp(around, axis=0) > CLOSE * size
    if not kinked.any():
        return None, {}

    def slopes(directions: Any) -> Any:
        return _one_sided(differences, asked, x, directions)

    some = signs[:CHECKED]
    along = np.sum(around[:CHECKED] * some.reshape(len(some), -1), axis=1)
    if not (np.abs(slopes(some) - along) <= 10 * CLOSE * size * np.sqrt(x.size)).all():
        return None, {}  # the oracles disagree
    unit = np.eye(x.size).reshape(x.size, *x.shape)
    kink = Kink(x.shape, around, flat[0], -slopes(-unit), slopes(unit), slopes, size)
    return kink, {q: found[q][:1] for q in gradients}


def _autograd(
    court: Court,
    data: Draw,
    name: str,
    rows: Any,
    wanted: tuple[Quantity, ...],
) -> Mapping[Quantity, Any]:
    """The wanted quantities where `name` has the values of the rows, (rows, *shape)."""
    from gradcheck_cli.evaluate.torch_backend import TorchBackend  # noqa: PLC0415  two seconds to import
    from gradcheck_cli.oracle.autograd import Autograd  # noqa: PLC0415

    def repeated(arrays: Mapping[str, Any]) -> dict[str, Any]:
        return {n: np.repeat(np.asarray(a)[None], len(rows), axis=0) for n, a in arrays.items()}

    backend = TorchBackend(court.settings.device)
    program = _cut(court.program, name)
    inputs = repeated(data.inputs) | {name: rows}
    oracle = Autograd(
        backend, program, data.sizes, inputs, repeated(data.tangents), repeated(data.cotangents)
    )
    return {q: backend.numpy(v) for q, v in oracle.quantities(wanted).items()}


def _cut(program: Program, name: str) -> Program:
    """The program with an intermediate as an input, to be moved by itself."""
    if name in program.inputs:
        return program
    kept = tuple(d for d in program.definitions if d.name != name)
    return replace(program, inputs=program.inputs | {name: program.types[name]}, definitions=kept)


def _one_sided(differences: Differences, asked: Quantity, x: Any, directions: Any) -> Any:
    """Slopes to one side along each direction, extrapolated from two steps."""
    assert isinstance(asked, (Gradient, Derivative))

    def total(h: float) -> Any:
        rows = np.concatenate((x[None], x + h * directions))
        values = differences.run({asked.name: rows}, None)
        if isinstance(asked, Gradient):
            found = differences.total(values)
        else:
            tree = differences.tree(asked.tree, values, asked.indices, None)
            found = tree.reshape(len(tree), -1).sum(1)
        found = np.broadcast_to(found, (len(rows),))
        return (found[1:] - found[0]) / h

    return 2 * total(STEP / 2) - total(STEP)
