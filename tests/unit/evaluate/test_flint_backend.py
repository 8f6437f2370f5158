"""Balls do what the definitions of the functions say, and their slopes are those of differences at 420 bits."""

import importlib.util
import sys
from fractions import Fraction
from math import e, inf, pi
from pathlib import Path

import numpy as np
import pytest
from flint import arb, ctx

from gradcheck_cli.evaluate.flint_backend import BallBackend, ResidueBackend
from gradcheck_cli.evaluate.objects import Inexact, as_objects, each
from gradcheck_cli.evaluate.tape import Tape, Traced, value_of
from gradcheck_cli.lang.functions import FUNCTIONS

_spec = importlib.util.spec_from_file_location(
    "cases_of_functions", Path(__file__).with_name("test_functions.py")
)
assert _spec is not None
assert _spec.loader is not None
table = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = table  # dataclasses look their module up
_spec.loader.exec_module(table)

BALLS = BallBackend.functions
CASES = [case for case in table.CASES if case.name in BALLS]
SMOOTH = [c for c in CASES if c.differentiable and not (c.name == "std" and not c.statics["axis"])]
"""The deviation of one number from itself is zero, where the root has no slope."""

LEADS = [((1, 1), (1, 1)), ((2, 1), (1, 3))]


def objects(array):
    return each(arb, array) if array.dtype == np.float64 else array


def floats(array):
    return array if array.dtype != object else each(lambda v: float(v.mid()), array).astype(float)


def test_only_these_functions_have_no_ball_version():
    computed = {n for n, f in FUNCTIONS.items() if f.group not in {"derivative", "special"}}
    assert computed - set(BALLS) == {"eigh", "svd"}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_values_are_those_of_the_definition(case):
    with ctx.workprec(120):
        for leads in LEADS:
            arrays = table.draw(case, leads)
            (want,) = table.defined(case, arrays, 2)
            (got,) = table.call(BALLS, case, [objects(a) for a in arrays], 2)
            np.testing.assert_allclose(np.broadcast_to(floats(got), want.shape), want, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("case", SMOOTH, ids=str)
def test_slopes_are_those_of_differences(case):
    """The gradient of a weighted sum, along a direction, against f(x + h v) - f(x - h v): no rule at all."""
    rng = np.random.default_rng(3)
    with ctx.workprec(420):
        arrays = [objects(a) for a in table.draw(case, [(1, 2), (1, 1)])]
        real = [i for i, a in enumerate(arrays) if a.dtype == object]
        moves = {i: each(arb, rng.normal(size=arrays[i].shape)) for i in real}

        def value(given):
            (out,) = table.call(BALLS, case, given, 2)
            return out.ravel().tolist()

        tape = Tape()
        traced = [each(tape.leaf, a) if i in moves else a for i, a in enumerate(arrays)]
        outputs = value(traced)
        weights = [arb(w) for w in rng.normal(size=len(outputs))]
        seeds = [(o, w) for o, w in zip(outputs, weights, strict=True) if type(o) is Traced]
        swept = tape.backward(seeds)
        slope = sum(
            (swept[x.index] or arb(0)) * v
            for i in real
            for x, v in zip(traced[i].ravel(), moves[i].ravel(), strict=True)
        )
        starts = {x.index: v for i in real for x, v in zip(traced[i].ravel(), moves[i].ravel(), strict=True)}
        pushed = tape.forward(starts)
        along = sum(w * (pushed[o.index] or 0) for o, w in seeds)

        def moved(sign):
            step = sign * arb(2) ** -140
            given = [a + moves[i] * step if i in moves else a for i, a in enumerate(arrays)]
            return sum(w * o for w, o in zip(weights, value(given), strict=True))

        difference = (moved(1) - moved(-1)) * arb(2) ** 139
        for found in (slope, along):
            assert abs(found - difference) < arb("1e-60")


@pytest.mark.parametrize(
    ("name", "x", "message"),
    [
        ("relu", 0, "`relu` has a kink at this point"),
        ("abs", 0, "`abs` has a kink at this point"),
        ("sign", 0, "`sign` has a kink at this point"),
        ("floor", 2, "`floor` has a kink at this point"),
    ],
)
def test_a_derivative_on_a_kink_is_refused(name, x, message):
    number = as_objects([Tape().leaf(arb(x))], (1,))
    with pytest.raises(Inexact, match=message):
        BALLS[name](number)


def test_a_tie_is_refused_where_there_is_a_derivative_and_taken_where_there_is_none():
    tape = Tape()
    tie = as_objects([tape.leaf(arb(1)), tape.leaf(arb(1))], (1, 2))
    with pytest.raises(Inexact, match="a branch of `max` cannot be decided"):
        BALLS["max"](tie, axis=(-1,), keepdims=False)
    (found,) = BALLS["max"](each(value_of, tie), axis=(-1,), keepdims=False)
    assert found == 1


@pytest.mark.parametrize("name", ["less", "greater_equal", "equal", "not_equal"])
def test_a_branch_inside_a_ball_is_refused(name):
    wide = as_objects([arb(0, 1e-9)], (1,))
    with pytest.raises(Inexact, match=f"a branch of `{name}` cannot be decided: the two balls overlap"):
        BALLS[name](wide, as_objects([arb(0)], (1,)))


def test_numbers_are_exact():
    backend = BallBackend()
    with ctx.workprec(300):
        constant = backend.number(Fraction("0.044715"), whole=False)[()]
        assert abs(constant - arb("0.044715")) < arb("1e-85")
        assert constant != arb(0.044715)
        assert backend.number(pi, whole=False)[()].overlaps(arb.pi())
        assert backend.number(e, whole=False)[()].overlaps(arb.const_e())
        assert backend.number(inf, whole=False)[()] == arb("inf")
    assert backend.number(Fraction(7), whole=True).dtype == np.int64


def test_the_field_refuses_what_is_not_rational():
    with pytest.raises(Inexact, match=r"the constant 3\.1416 is not rational"):
        ResidueBackend().number(pi, whole=False)
    assert "exp" not in ResidueBackend.functions
    assert {"inv", "solve", "det", "matmul", "var", "power"} <= set(ResidueBackend.functions)


@pytest.mark.parametrize(
    ("rows", "rank"),
    [
        ([[1, 2], [2, 4]], 1),
        ([[1, 2], [2, 5]], 2),
        ([[0, 0], [0, 0]], 0),
        ([[1, 0, 1], [0, 1, 1], [1, 1, 2]], 2),
    ],
)
def test_ranks_are_proven(rows, rank):
    third = each(lambda v: arb(int(v)) / 3, np.array(rows)[None])
    assert BALLS["rank"](third).tolist() == [rank]


def test_a_rank_near_the_threshold_is_not_decided():
    near = as_objects([arb(1), arb(0), arb(0), arb("1e-7")], (1, 2, 2))
    with pytest.raises(Inexact, match="a rank cannot be decided"):
        BALLS["rank"](near)
