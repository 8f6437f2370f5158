"""A court: everything that stays the same over the draws of one claim, and what each draw shows.

The one place where sampling, evaluation, oracles and floors meet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcheck_cli.compare.laws import laws_of
from gradcheck_cli.compare.room import Room
from gradcheck_cli.compare.settings import USUAL_DRAWS, Settings
from gradcheck_cli.compare.sight import look
from gradcheck_cli.compare.verdict import Sight
from gradcheck_cli.evaluate.backend import Backend, is_exhausted
from gradcheck_cli.evaluate.deadline import OutOfTime, limited
from gradcheck_cli.evaluate.interpret import Evaluation, EvaluationFailed, Observer
from gradcheck_cli.evaluate.noise import FEW_REPLICAS, REPLICAS, Noise, replicas
from gradcheck_cli.evaluate.numpy_backend import NumpyBackend
from gradcheck_cli.evaluate.sampling import HUGE, SCALES, Draw, choose_sizes, draw, generator, project
from gradcheck_cli.oracle.agreement import Agreement, agree
from gradcheck_cli.oracle.differences import Differences
from gradcheck_cli.shapes.typed import Derivative, Loss, LossTangent, Quantity, Tangent, Value, quantities
from gradcheck_cli.spec.model import Operator
from gradcheck_cli.spec.typing import TypedClaim

if TYPE_CHECKING:
    from gradcheck_cli.evaluate.torch_backend import TorchBackend

TRIES = 5
"""How many fresh sets of data a draw may try when one of them shows nothing."""

BUDGET = 60_000
"""Elements of the largest array that free sizes are chosen for."""

SMALL_BUDGET = 600
"""The same where every gradient is found by differences, one element at a time."""

SECONDS = 60.0
"""How long the usual draws of one claim may take; more draws may take longer."""


class Court:
    """Everything that stays the same over the draws of one claim."""

    row_by_row = True
    """Whether a draw for which a device has no memory may be made again with fewer rows at once."""

    def __init__(
        self,
        operator: Operator,
        typed: TypedClaim,
        settings: Settings,
        seed: int,
        links: list[int],
        regime: Callable[[Draw], Draw] | None = None,
    ) -> None:
        self.typed = typed
        self.program = typed.program
        self.settings = settings
        self.seed = seed
        self.laws = laws_of(operator, typed)
        self.sides = [
            (left, right)
            for n in links
            if (left := typed.links[n].left) is not None and (right := typed.links[n].right) is not None
        ]
        self.relations = [typed.links[n].relation for n in links]
        self.wanted = tuple(
            dict.fromkeys(q for pair in self.sides for side in pair for q in quantities(side))
        )
        trees = [d.tree for d in self.program.definitions] + [s for pair in self.sides for s in pair]
        trees += [q.tree for q in self.wanted if isinstance(q, (Tangent, Derivative))]
        self.room = Room(operator, typed, trees)
        self.labels = tuple(i.name for i in typed.free)
        self.regime = regime
        """What is done to the data of every draw, to judge under an assumption."""
        self.budget = SMALL_BUDGET if settings.oracle == "differences" else BUDGET

    # draws

    def sessions(self) -> list[list[Sight]]:
        """All draws, as far as time allows: a formula from a stranger must not stop the others."""
        seconds = SECONDS * max(1.0, self.settings.draws / USUAL_DRAWS)
        sights: list[list[Sight]] = []
        try:
            with limited(seconds):
                for number in range(self.settings.draws):
                    sights.append(self.session(number))  # noqa: PERF401  those before the limit stay
        except OutOfTime:
            reason = f"the time limit of {seconds:.0f} s for one claim is over"
            sights.append([Sight("undecided", {}, 0.0, reason=reason) for _ in self.sides])
        return sights

    def session(self, number: int) -> list[Sight]:
        """One draw; data that show nothing are replaced by fresh ones, a few times."""
        kept: list[Sight] | None = None
        for attempt in range(TRIES):
            rng = generator(self.seed, number, attempt)
            data = self.data(number, attempt, rng)
            try:
                with np.errstate(all="ignore"):  # what is not finite is told in words
                    sights = self.sights(data, rng)
            except EvaluationFailed as failure:
                reason = str(failure)
                sights = [Sight("undecided", data.sizes, data.scale, reason=reason) for _ in self.sides]
            if kept is None:
                kept = sights
            kept = [new if old.verdict == "undecided" else old for old, new in zip(kept, sights, strict=True)]
            if all(s.verdict != "undecided" for s in kept):
                break
        assert kept is not None
        return kept

    def data(self, number: int, attempt: int, rng: np.random.Generator) -> Draw:
        """Sizes and arrays."""
        sizes = choose_sizes(self.program, rng, self.room.extent, self.budget)
        self.room.bounded(sizes)
        scale = SCALES[number % len(SCALES)] * 0.5 ** (attempt // 2)
        moving = any(isinstance(q, (Tangent, LossTangent)) for q in self.wanted)
        drawn = draw(self.program, self.laws, self.typed.given, sizes, scale, rng, moving=moving)
        return drawn if self.regime is None else self.regime(drawn)

    # one draw

    def sights(self, data: Draw, rng: np.random.Generator) -> list[Sight]:
        """What one set of data shows about each link."""
        if self.settings.oracle == "differences":
            return self.by_differences(data, rng)
        return self.by_autograd(data, rng)

    def by_autograd(self, data: Draw, rng: np.random.Generator) -> list[Sight]:
        """Truth from torch, guarded by differences unless `--oracle autograd` says otherwise."""
        from gradcheck_cli.evaluate.torch_backend import TorchBackend  # noqa: PLC0415  two seconds to import

        backend = TorchBackend(self.settings.device)
        count = REPLICAS if self.room.extent(data.sizes) < HUGE else FEW_REPLICAS
        try:
            found = self.at_once(backend, data, rng, count)
        except Exception as error:
            if not self.row_by_row or not is_exhausted(error):
                raise
            found = None  # what the attempt held goes with its frames, at the end of this clause
        if found is None:
            backend.release()
            found = self.by_rows(backend, data, rng, count)
        sights, agreements = found
        if self.settings.oracle == "both" and not agreements:
            sights = self.confirmed(sights, data, rng)
        return sights

    def truth(
        self, backend: TorchBackend, data: Draw, rng: np.random.Generator, count: int
    ) -> tuple[dict[Quantity, Any], Noise]:
        """What the claim asks for, (1 + count, *shape), and what disturbs the rows but the first."""
        from gradcheck_cli.oracle.autograd import Autograd  # noqa: PLC0415  two seconds to import
        from gradcheck_cli.oracle.backward_noise import BackwardNoise  # noqa: PLC0415

        noise = BackwardNoise(backend, rng, count)
        inputs, tangents, cotangents = (
            {n: noise.leaf(x) for n, x in arrays.items()}
            for arrays in (data.inputs, data.tangents, data.cotangents)
        )
        oracle = Autograd(
            backend, self.program, data.sizes, inputs, tangents, cotangents, self.typed.fixed, noise
        )
        return oracle.quantities(self.wanted), noise

    def at_once(
        self, backend: TorchBackend, data: Draw, rng: np.random.Generator, count: int
    ) -> tuple[list[Sight], list[Agreement]]:
        """What a draw shows with all its rows together, and how the oracles agree."""
        truth, noise = self.truth(backend, data, rng, count)
        agreements = self.agreements(data, {q: backend.numpy(v) for q, v in truth.items()}, rng)
        sights = doubted(agreements, data, len(self.sides))
        return sights or self.compare(backend, data, truth, noise, count, tuple(agreements)), agreements

    def by_rows(
        self, backend: TorchBackend, data: Draw, rng: np.random.Generator, count: int
    ) -> tuple[list[Sight], list[Agreement]]:
        """The same with one disturbed row at a time, where a device has no memory for all of them."""
        truths: list[dict[Quantity, Any]] = []
        sides: list[list[tuple[Any, Any]]] = []
        for _ in range(count):
            truth, noise = self.truth(backend, data, rng, 1)
            sides.append(list(self.evaluated(backend, data, truth, noise)))
            truths.append({q: backend.numpy(v) for q, v in truth.items()})
            del truth, noise
            backend.release()
        agreements = self.agreements(data, {q: joined([t[q] for t in truths]) for q in self.wanted}, rng)
        sights = doubted(agreements, data, len(self.sides))
        whole = [tuple(map(joined, zip(*parts, strict=True))) for parts in zip(*sides, strict=True)]
        return sights or self.shown(whole, data, count, tuple(agreements)), agreements

    def agreements(
        self, data: Draw, truth: Mapping[Quantity, Any], rng: np.random.Generator, *, brief: bool = False
    ) -> list[Agreement]:
        """How the oracles compare for every quantity that the claim asks for, where both are asked."""
        if self.settings.oracle != "both":
            return []
        differences = self.differences(data, brief=brief)
        found = (agree(q, truth[q], differences, self.project(data), rng) for q in self.wanted)
        return [a for a in found if a is not None]

    def differences(self, data: Draw, *, brief: bool = False) -> Differences:
        """The witness on NumPy, at the undisturbed data."""
        return Differences(
            self.program,
            data.sizes,
            data.inputs,
            data.tangents,
            data.cotangents,
            self.typed.fixed,
            min(1.0, data.scale),
            brief=brief,
            stepping=self.stepping(),
        )

    def stepping(self) -> Backend | None:
        """Who runs the steps of the witness where arrays are huge; None for NumPy itself."""
        if not self.settings.needs_torch:
            return None
        from gradcheck_cli.evaluate.torch_backend import TorchBackend  # noqa: PLC0415  two seconds to import

        return TorchBackend(self.settings.device)

    def project(self, data: Draw) -> Any:
        """Keeps directions of an input inside its domain."""

        def onto(name: str, v: Any) -> Any:
            return project(self.laws[name], data.inputs[name], v) if name in data.inputs else v

        return onto

    def by_differences(self, data: Draw, rng: np.random.Generator) -> list[Sight]:
        """Truth from NumPy alone: every gradient element by element, with its bar."""
        oracle = self.differences(data)
        estimates = oracle.quantities(self.wanted)
        lost = [(q, e) for q, e in estimates.items() if not np.all(np.isfinite(e.error))]
        if lost:
            reason = lost[0][1].reason or "the differences do not settle"
            return [Sight("undecided", data.sizes, data.scale, reason=reason) for _ in self.sides]
        barred = any(np.any(e.error) for e in estimates.values())
        rows = 1 + REPLICAS + (REPLICAS if barred else 0)
        noise = Noise(rows, rng)
        values = oracle.run({n: replicas(x, rng, rows) for n, x in data.inputs.items()}, noise)
        given: dict[Quantity, Any] = {}
        for quantity, estimate in estimates.items():
            if isinstance(quantity, Value):
                given[quantity] = values[quantity.name]
            elif isinstance(quantity, Loss):
                given[quantity] = oracle.total(values)
            else:
                value = replicas(estimate.value, rng, rows)
                value[1 + REPLICAS :] += estimate.error * rng.standard_normal(value[1 + REPLICAS :].shape)
                given[quantity] = value
        return self.compare(NumpyBackend(), data, given, noise, REPLICAS, ())

    def compare(
        self,
        backend: Backend,
        data: Draw,
        given: Mapping[Quantity, Any],
        noise: Noise,
        rounding_rows: int,
        agreements: tuple[Agreement, ...],
    ) -> list[Sight]:
        """Evaluates both sides of every link and looks at their difference."""
        return self.shown(self.evaluated(backend, data, given, noise), data, rounding_rows, agreements)

    def shown(
        self,
        sides: Iterable[tuple[Any, ...]],
        data: Draw,
        rounding_rows: int,
        agreements: tuple[Agreement, ...],
    ) -> list[Sight]:
        """What the evaluated sides of every link show."""
        sights = []
        for (left, right), relation in zip(sides, self.relations, strict=True):
            self.seen(left, right)
            sights.append(look(left, right, rounding_rows, data, self.labels, agreements, relation))
        return sights

    def evaluated(
        self, backend: Backend, data: Draw, given: Mapping[Quantity, Any], observer: Observer | None
    ) -> Iterator[tuple[Any, Any]]:
        """Both sides of every link, (rows, *free indices, *shape)."""
        evaluation = Evaluation(backend, data.sizes, given.__getitem__, len(self.typed.indices), observer)
        free = [1 + i.position for i in self.typed.free]
        for pair in self.sides:
            values = [
                brought(backend.numpy(backend.real(evaluation.value(side))), evaluation.lead, free)
                for side in pair
            ]
            rank = max(v.ndim for v in values)
            # a bare number stands for a whole array
            values = [v.reshape(v.shape + (1,) * (rank - v.ndim)) for v in values]
            rows = max(v.shape[0] for v in values)
            left, right = (np.broadcast_to(v, (rows, *v.shape[1:])) for v in values)
            yield left, right

    def seen(self, left: Any, right: Any) -> None:
        """The two evaluated sides of a link, (rows, *shape); a place for others to watch."""

    def confirmed(self, sights: list[Sight], data: Draw, rng: np.random.Generator) -> list[Sight]:
        """A claim without derivatives is evaluated on NumPy too; the back ends must agree."""
        others = self.by_differences(data, rng)
        return [
            one
            if one.verdict == other.verdict or one.verdict == "undecided"
            else Sight(
                "undecided",
                data.sizes,
                data.scale,
                reason=f"torch and NumPy disagree ({other.reason or other.verdict})",
            )
            for one, other in zip(sights, others, strict=True)
        ]


def doubted(agreements: Sequence[Agreement], data: Draw, links: int) -> list[Sight]:
    """The sights of all links where the oracles do not agree; none where they do."""
    doubts = [a for a in agreements if not a.ok]
    if not doubts:
        return []
    reason = f"{doubts[0].reason} (at `{doubts[0].what}`)"
    sight = Sight("undecided", data.sizes, data.scale, reason=reason, agreements=tuple(agreements))
    return [sight] * links


def joined(parts: Sequence[Any]) -> Any:
    """Rows that were found apart: the first one, and the disturbed ones of every part."""
    return np.concatenate([parts[0], *(part[1:] for part in parts[1:])])


def brought(value: Any, lead: int, free: list[int]) -> Any:
    """(rows, *every index, *shape) → (rows, *free indices, *shape): the summed ones have size 1 by now."""
    keep = [0, *free]
    gone = [a for a in range(lead) if a not in keep]
    value = value.transpose(*keep, *gone, *range(lead, value.ndim))
    return value.reshape(value.shape[: len(keep)] + value.shape[lead:])
