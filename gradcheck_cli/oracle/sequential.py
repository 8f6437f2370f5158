"""A sequential test that the mean of a random array is a given one: looks at doubling sample sizes.

Each look compares Student's t of batch means with a critical value; the false-alarm budget is split
evenly over all looks and elements (Bonferroni), so that it holds for all of them together.

Why batch means: t is exact for normal data, and what formulas make of random numbers (cubes, products
of several) has heavy, skewed tails. The mean of a batch is much nearer to normal, while the spread of
the batch means still shows the true error of their mean. There are about as many batches as samples in
a batch, at least 32 of each, so that both the normality and the degrees of freedom grow with the sample.

What no sample shows is an event too rare to be in it (Bahadur & Savage 1956): an indicator that was never
1 has no spread at all. Hence the bar has a second part, as in the empirical Bernstein bound (Audibert,
Munos & Szepesvari 2009): an event of probability p stays out of n samples with (1 - p)^n, so that
whatever has p > log(1/tail)/n was seen, and what was not, if no larger than what was, moves the mean by
at most `largest * log(1/tail)/n`. And an alarm counts only if a fresh sample of the same size confirms it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import isfinite, log, sqrt
from typing import Any, Literal

import numpy as np

from gradcheck_cli.evaluate import deadline

FIRST = 1 << 10
"""Samples at the first look."""

MOST = 1 << 18
"""Samples at the last look."""

RESOLUTION = 0.05
"""`holds` needs that a deviation of this size, relative to the scale, would have been seen."""

POWER = 0.999
"""… with this probability."""

CONFIRM = 1e-4
"""The false-alarm probability of the confirmation alone, which a real deviation passes with ease."""

PEAKS = 3.0
"""By how much the largest of one sample may exceed that of another; with heavy tails it does."""

CHUNK_ELEMENTS = 1 << 19
"""Elements of samples held at once (4 MiB)."""

CHUNK_SAMPLES = 1 << 12
"""Samples asked for at once: an evaluation has intermediates larger than its result."""

ROUNDING = 64 * float(np.finfo(np.float64).eps)
"""What the mean may be off by from rounding, relative to the largest sample."""

Sample = Callable[[np.random.Generator, int], Any]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What was found, at the last look that was taken."""

    verdict: Literal["holds", "wrong", "undecided"]
    samples: int
    """How many the numbers here rest on; a confirmation took as many again."""
    deviation: float
    """The distance of mean and target at `place`, in standard errors."""
    smallest: float
    """The deviation of any one element, relative to `scale`, that is seen with a probability of `POWER`.

    Where the fourth moment is infinite or nearly so, measured 0.95 rather than that.
    """
    place: tuple[int, ...]
    """The index of the worst element; it has `mean` and standard `error`."""
    mean: float
    error: float
    scale: float
    reason: str = ""


class _NotFinite(Exception):  # noqa: N818  it is an outcome
    """A sample was not finite."""


def judge_mean(
    sample: Sample,
    target: Any,
    rng: np.random.Generator,
    false_alarm: float = 1e-9,
    most: int = MOST,
    resolution: float = RESOLUTION,
) -> Outcome:
    """Whether E[x] = target, for an array x that can only be sampled.

    `sample(rng, count)` returns independent draws (count, *shape of the target) in float64. A look that
    is beyond its critical value, and confirmed, is `wrong`; the last look passed is `holds` if `smallest`
    is within the resolution. The scale is the largest magnitude of the target; where that is 0, the
    largest root mean square of an element, since the mean itself is then nothing but noise.

    With a finite variance `false_alarm` bounds the probability that a true claim is called wrong, as far
    as means of 32 and more samples are normal. `most` counts down to FIRST times a power of two. Raises
    ValueError for a `most` below FIRST, a non-finite target or samples of another shape; OutOfTime.
    """
    target = np.asarray(target, dtype=np.float64)
    if most < FIRST:
        raise ValueError(f"fewer than {FIRST} samples are too few")
    if not np.all(np.isfinite(target)):
        raise ValueError("the target is not finite")
    if not target.size:
        return Outcome("holds", 0, 0.0, 0.0, (), 0.0, 0.0, 0.0, "there are no elements")
    batches = _Batches(sample, target, rng)
    looks = (most // FIRST).bit_length()
    tail = false_alarm / (2 * looks * target.size)
    try:
        for look in range(looks):
            batches.grow(FIRST << look)
            found = _Look(batches, tail, last=look == looks - 1)
            if found.apart[found.place] > 1 and _confirmed(found, _Batches(sample, target, rng)):
                return replace(_outcome(found, target), verdict="wrong")
    except _NotFinite:
        nan = float("nan")
        return Outcome("undecided", 0, nan, float("inf"), (), nan, nan, nan, "a sample is not finite")
    outcome = _outcome(found, target)
    if outcome.smallest <= resolution:
        return replace(outcome, verdict="holds")
    seen = f"only deviations above {outcome.smallest:.2g} of the scale would have been seen"
    return replace(outcome, reason=f"not enough precision: {seen}")


def _confirmed(found: _Look, fresh: _Batches) -> bool:
    """Whether a fresh sample of the same size deviates to the same side at the same place."""
    fresh.grow(found.samples)
    again, place = _Look(fresh, CONFIRM / 2), found.place
    return bool(again.apart[place] > 1 and again.mean[place] * found.mean[place] > 0)


def _outcome(found: _Look, target: Any) -> Outcome:
    """The numbers of a look, undecided so far."""
    scale = float(np.max(np.abs(target))) or found.magnitude
    smallest = (
        found.visible / scale if scale else 0.0
    )  # without any scale all samples are 0, as is the target
    place = found.place
    off, error = float(found.mean[place]), float(found.error[place])
    deviation = abs(off) / error if error else 0.0
    mean = off + float(target[place])
    return Outcome("undecided", found.samples, deviation, smallest, place, mean, error, scale)


class _Look:
    """One look: `mean` is that of sample - target, `apart` its distance from 0 in bars, `place` the worst."""

    def __init__(self, data: _Batches, tail: float, *, last: bool = True) -> None:
        count = len(data.means)
        self.samples, self.freedom = data.samples, count - 1
        from scipy.special import stdtrit  # noqa: PLC0415  a tenth of a second, rarely needed

        self.critical = -float(stdtrit(self.freedom, tail))
        with np.errstate(all="ignore"):
            self.mean = np.mean(data.means, axis=0)
            spread = np.std(data.means, axis=0, ddof=1) / sqrt(count)
            self.magnitude = float(np.sqrt(np.max(data.squares) / data.samples))
        largest = max(float(np.max(data.peaks)), float(np.max(np.abs(data.target))))
        rounding = ROUNDING * largest
        self.error = np.hypot(spread, rounding)
        if not (np.all(np.isfinite(self.error)) and isfinite(self.magnitude)):
            raise _NotFinite
        still = spread <= rounding
        # What never changed says nothing of how large its rare values are: like those of the other
        # elements, and not less than the 1 of an indicator. Where it is right there is nothing to explain.
        peaks = np.where(still, max(1.0, largest), data.peaks)
        right = still & (np.abs(self.mean) <= self.critical * self.error)
        self.unseen = np.where(right, 0.0, peaks * log(1 / tail) / self.samples)
        bar = self.critical * self.error + self.unseen
        # … and it is not judged while more is to come.
        judged = (bar > 0) & (~still | last)
        self.apart = np.divide(np.abs(self.mean), bar, out=np.zeros_like(bar), where=judged)
        self.place = tuple(int(i) for i in np.unravel_index(np.argmax(self.apart), self.apart.shape))

    @property
    def visible(self) -> float:
        """The deviation that any one element would have shown with a probability of `POWER`.

        t exceeds c where z + deviation/error > c s, with s² = chi²/f about 1 and of variance 2/f: that is
        normal with the variance 1 + c²/(2 f). The error is itself estimated, and is taken from the upper
        end of its confidence interval; the largest of another sample may well be some times larger.
        """
        from scipy.special import chdtri, ndtri  # noqa: PLC0415

        needed = self.critical + float(ndtri(POWER)) * sqrt(1 + self.critical**2 / (2 * self.freedom))
        upper = sqrt(self.freedom / float(chdtri(self.freedom, POWER)))
        return float(np.max(needed * upper * self.error + PEAKS * self.unseen))


class _Batches:
    """The means of batches of (sample - target), as (batches, *shape), and how large samples are."""

    def __init__(self, sample: Sample, target: Any, rng: np.random.Generator) -> None:
        self.sample, self.target, self.rng = sample, target, rng
        self.means = np.zeros((0, *target.shape))
        self.samples, self.size = 0, 1
        self.peaks = np.zeros(target.shape)
        """The largest magnitudes of the samples."""
        self.squares = np.zeros(target.shape)
        """The sums of their squares."""

    def grow(self, samples: int) -> None:
        """Draws until there are so many samples, a power of two: about as many batches as samples in each."""
        count = 1 << (samples.bit_length() - 1) // 2
        size = samples // count
        while self.samples and self.size < size:
            self.means = (self.means[0::2] + self.means[1::2]) / 2
            self.size *= 2
        self.size = size
        self.means = np.concatenate([self.means, self.draw(count - len(self.means))])
        self.samples = samples

    def draw(self, count: int) -> Any:
        """The means of so many new batches."""
        most = max(1, min(CHUNK_SAMPLES, CHUNK_ELEMENTS // self.target.size))
        together = max(1, most // self.size)
        means = []
        for start in range(0, count, together):
            batches = min(together, count - start)
            total: Any = 0.0
            for at in range(0, self.size, most):
                piece = min(most, self.size - at)
                values = self.values(batches * piece).reshape(batches, piece, *self.target.shape)
                with np.errstate(all="ignore"):
                    total = total + np.sum(values, axis=1)
            means.append(total / self.size)
        return np.concatenate(means)

    def values(self, count: int) -> Any:
        """New values of sample - target. Raises _NotFinite, OutOfTime."""
        deadline.check()
        values = np.asarray(self.sample(self.rng, count), dtype=np.float64)
        if values.shape != (count, *self.target.shape):
            raise ValueError(f"the samples have the shape {values.shape}, not (count, *target)")
        if not np.all(np.isfinite(values)):
            raise _NotFinite
        self.peaks = np.maximum(self.peaks, np.max(np.abs(values), axis=0))
        with np.errstate(all="ignore"):
            self.squares = self.squares + np.sum(values * values, axis=0)
            return values - self.target
