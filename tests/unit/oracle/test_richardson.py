"""Richardson's bars cover the true error, over functions, points, magnitudes and noise; a kink or an edge has no small bar."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcheck_cli.oracle.agreement import MARGIN
from gradcheck_cli.oracle.richardson import FIRST_STEP, LEVELS, extrapolate, leaps, steps

FUNCTIONS = {
    "exp": (np.exp, np.exp, (-4, 4)),
    "sin": (np.sin, np.cos, (-6, 6)),
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2, (-4, 4)),
    "log": (np.log, lambda x: 1 / x, (0.3, 9)),
    "square": (lambda x: x * x, lambda x: 2 * x, (-9, 9)),
    "x**7": (lambda x: x**7, lambda x: 7 * x**6, (-3, 3)),
    "1/x": (lambda x: 1 / x, lambda x: -1 / x**2, (0.4, 9)),
    "sqrt": (np.sqrt, lambda x: 0.5 / np.sqrt(x), (0.3, 9)),
    "gaussian": (lambda x: np.exp(-x * x), lambda x: -2 * x * np.exp(-x * x), (-4, 4)),
    "constant": (lambda x: 3.7 + 0 * x, lambda x: 0 * x, (-4, 4)),
    "linear": (lambda x: 2.5 * x - 1, lambda x: 2.5 + 0 * x, (-9, 9)),
    "sin(5x)": (lambda x: np.sin(5 * x), lambda x: 5 * np.cos(5 * x), (-3, 3)),
}


def estimate(f, x, scale=1.0, size=None):
    h = steps(scale)
    with np.errstate(all="ignore"):
        plus, minus = f(x + h), f(x - h)
    return extrapolate(plus, minus, h, np.ones(LEVELS, dtype=bool), size)


def test_the_ladder():
    h = steps(0.5)
    assert len(h) == LEVELS
    assert h[0] == FIRST_STEP * 0.5
    assert (h[:-1] / h[1:] == 2).all()


@pytest.mark.parametrize("name", FUNCTIONS)
@settings(max_examples=150, deadline=None)
@given(st.floats(0, 1), st.floats(-30, 30), st.sampled_from([1.0, 0.3, 0.5]))
def test_the_bar_covers_the_true_error(name, at, decade, scale):
    f, derivative, (low, high) = FUNCTIONS[name]
    x = low + at * (high - low)
    factor = 10.0**decade
    found = estimate(lambda t: factor * f(t), x, scale)
    true = factor * derivative(np.float64(x))
    assert abs(found.value - true) <= MARGIN * found.error


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_bar_is_small_enough_to_be_worth_something(name):
    f, derivative, (low, high) = FUNCTIONS[name]
    for x in np.linspace(low + 0.1, high - 0.1, 25):
        found = estimate(f, x)
        assert found.error <= 1e-8 * max(1.0, abs(derivative(x)), abs(f(x)))


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 6))
def test_the_bar_covers_a_random_polynomial_times_a_wave(seed, degree):
    rng = np.random.default_rng(seed)
    p = np.polynomial.Polynomial(rng.standard_normal(degree + 1))
    w, x = rng.uniform(0.2, 4), rng.uniform(-2, 2)
    terms = sum(abs(c) * (abs(x) + 1) ** k for k, c in enumerate(p.coef))  # what cancels rounds
    found = estimate(lambda t: p(t) * np.sin(w * t), x, size=terms)
    true = p.deriv()(x) * math.sin(w * x) + p(x) * w * math.cos(w * x)
    assert abs(found.value - true) <= MARGIN * found.error


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([1e-15, 1e-16]))
def test_the_bar_covers_the_noise_of_rounding(seed, level):
    rng = np.random.default_rng(seed)
    found = estimate(lambda t: np.sin(t) * (1 + level * rng.standard_normal(np.shape(t))), 0.7)
    assert abs(found.value - math.cos(0.7)) <= MARGIN * found.error


def test_shapes_and_elementwise_choice():
    x = np.linspace(-1, 1, 6).reshape(2, 3)
    h = steps(1.0)
    moves = h[:, None, None]
    found = extrapolate(np.exp(x + moves), np.exp(x - moves), h, np.ones(LEVELS, dtype=bool))
    assert found.value.shape == found.error.shape == (2, 3)
    assert (abs(found.value - np.exp(x)) <= found.error).all()
    assert (found.error < 1e-9).all()


def test_only_levels_that_count_are_used():
    h = steps(1.0)
    plus, minus = np.sin(1 + h), np.sin(1 - h)
    plus[:5] += 7  # beyond a kink
    valid = np.arange(LEVELS) >= 5
    found = extrapolate(plus, minus, h, valid)
    assert abs(found.value - math.cos(1)) <= found.error < 1e-7


def test_no_bar_is_too_small_by_chance():
    """Among many elements some entries of the table agree by chance, or where the steps are too coarse to see.

    Softmax along a line, whose derivative is known: p * (v - sum(p * v)); at every
    scale of the logits the differences must be within their bars of it.
    """
    rng = np.random.default_rng(11)
    h = steps(1.0)
    worst = 0.0
    for scale in (1.0, 3.0, 10.0, 30.0):
        logits, v = scale * rng.standard_normal((2, 400, 12))
        ladder = h[:, None, None]

        def softmax(x):
            e = np.exp(x - x.max(-1, keepdims=True))
            return e / e.sum(-1, keepdims=True)

        found = extrapolate(
            softmax(logits + ladder * v), softmax(logits - ladder * v), h, np.ones(LEVELS, dtype=bool), 1.0
        )
        p = softmax(logits)
        true = p * (v - (p * v).sum(-1, keepdims=True))
        worst = max(worst, float(np.max(np.abs(found.value - true) / found.error)))
    assert worst <= MARGIN


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_levels_say_nothing(count):
    h = steps(1.0)
    found = extrapolate(np.sin(h), np.sin(-h), h, np.arange(LEVELS) < count)
    assert found.error == np.inf


def test_what_is_not_finite_is_not_used():
    found = estimate(np.log, 0.01)  # the first steps leave the domain
    assert abs(found.value - 100) <= MARGIN * found.error
    assert found.error < 1e-2
    assert estimate(np.log, 1e-6).error == np.inf
    assert estimate(lambda t: np.full(np.shape(t), np.nan), 1.0).error == np.inf


def test_a_kink_beyond_the_smallest_steps_does_no_harm():
    """Within all of them the steps may agree with one another and be no derivative: the check of branches sees that."""
    found = estimate(np.abs, 1e-3)
    assert abs(found.value - 1) <= MARGIN * found.error
    assert found.error < 1e-9


def test_the_size_says_what_rounding_is_relative_to():
    h = steps(1.0)
    ones = np.ones(LEVELS, dtype=bool)
    assert (
        extrapolate(np.sin(h), np.sin(-h), h, ones, 1e6).error
        > 1e3 * extrapolate(np.sin(h), np.sin(-h), h, ones, 1.0).error
    )


def test_each_column_removes_one_power_of_the_step():
    """No rounding to speak of: a polynomial of degree five is differentiated exactly, and a fourth level shows it."""
    h = steps(8.0)[:4]
    found = extrapolate((1 + h) ** 5, (1 - h) ** 5, h, np.ones(4, dtype=bool), 0.0)
    assert abs(found.value - 5) < 1e-13


def leap(f, x, scale=1.0):
    h = np.append(steps(scale), FIRST_STEP * scale * 2.0**-20)
    with np.errstate(all="ignore"):
        plus, minus, base = f(x + h), f(x - h), f(np.float64(x))
    return bool(leaps(plus, minus, base, max(abs(base), abs(plus[-1]))))


@pytest.mark.parametrize("name", FUNCTIONS)
@settings(max_examples=100, deadline=None)
@given(st.floats(0, 1), st.floats(-30, 30))
def test_smooth_functions_do_not_leap(name, at, decade):
    f, _, (low, high) = FUNCTIONS[name]
    factor = 10.0**decade
    assert not leap(lambda t: factor * f(t), low + at * (high - low))


def test_steep_functions_do_not_leap():
    assert not any(leap(lambda t: np.sin(400 * t + 1), x) for x in np.linspace(-1, 1, 40))


@pytest.mark.parametrize("width", [1e-9, 1e-12, 1e-15])
@pytest.mark.parametrize("power", [1, 2, 3])
def test_a_singularity_nearer_than_any_step_is_a_leap(width, power):
    assert leap(lambda t: 1 / (abs(t) + width) ** power, 0.0)


@pytest.mark.parametrize("width", [1e-2, 1e-4])
def test_a_singularity_beyond_the_smallest_step_is_left_to_the_bars(width):
    assert not leap(lambda t: 1 / (t + width), 0.0)
