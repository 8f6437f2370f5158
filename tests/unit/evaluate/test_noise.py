"""Rounding noise: row 0 is untouched, the replicas move by the stated amplitude, and only where a computer rounds."""

import numpy as np
import pytest

from gradcheck_cli.evaluate.interpret import Evaluation
from gradcheck_cli.evaluate.noise import AMPLITUDE, REPLICAS, UNIT, Noise, is_rounded, replicas
from gradcheck_cli.evaluate.numpy_backend import NumpyBackend
from gradcheck_cli.lang.plain import parse_expression
from gradcheck_cli.shapes.dims import Dim
from gradcheck_cli.shapes.infer import Scope
from gradcheck_cli.shapes.typed import Type
from gradcheck_cli.text import Text

N = Dim.of("n")
TYPES = {"x": Type((N,)), "A": Type((N, N)), "i": Type((N,), "int"), "m": Type((N,), "bool")}


def infer(text):
    return Scope(TYPES, {"n": N}).infer(parse_expression(Text.whole("f", text)))


def test_unit_roundoff():
    assert 1 + UNIT == 1
    assert 1 + 2 * UNIT > 1
    assert UNIT * 1000 < AMPLITUDE < 1e-11


def test_replicas_move_by_the_amplitude():
    x = np.random.default_rng(0).standard_normal(20_000) + 3
    rows = replicas(x, np.random.default_rng(1))
    assert rows.shape == (1 + REPLICAS, 20_000)
    assert np.array_equal(rows[0], x)
    relative = rows[1:] / x - 1
    assert np.std(relative) == pytest.approx(AMPLITUDE, rel=0.02)
    assert abs(np.mean(relative)) < AMPLITUDE / 50
    assert np.abs(np.corrcoef(relative) - np.eye(REPLICAS)).max() < 0.05


def test_zeros_and_infinities_stay():
    rows = replicas(np.array([0.0, np.inf, -np.inf]), np.random.default_rng(0))
    assert (rows == [0.0, np.inf, -np.inf]).all()


@pytest.mark.parametrize("x", [np.arange(5), np.array([True, False])])
def test_whole_numbers_and_masks_are_repeated(x):
    rows = replicas(x, np.random.default_rng(0))
    assert rows.dtype == x.dtype
    assert (rows == x).all()
    assert len(rows) == 1 + REPLICAS


@pytest.mark.parametrize(
    ("text", "rounds"),
    [
        ("x + x", True), ("x * 2", True), ("x / 3", True), ("exp(x)", True), ("sum(x)", True), ("A @ x", True), ("softmax(x)", True),
        ("inv(A)", True), ("mean(x)", True), ("0.1", True), ("1 / 3", False), ("0.5", False), ("3", False), ("0.375", False),
        ("1e400", True), ("-x", False), ("abs(x)", False), ("relu(x)", False), ("max(x)", False), ("where(m, x, x)", False),
        ("x > 0", False), ("i + 1", False), ("sum(i)", False), ("i / n", False), ("x / n", True), ("sqrt(n)", True), ("x.T", False), ("x[::-1]", False),
        ("reshape(A, n*n)", False), ("tril(A)", False), ("diag(x)", False), ("x[0]", False), ("eye(n)", False), ("stack(x, x)", False),
        ("minimum(x, 0)", False), ("clip(x, 0, 1)", False), ("floor(x)", False), ("sign(x)", False), ("i * 0.5", True), ("n", False),
    ],
)  # fmt: skip
def test_what_rounds(text, rounds):
    assert is_rounded(infer(text)) is rounds


def spread(text, x, seed=0, rows=400):
    """The relative spread of the replicas of a formula whose inputs are exact."""
    tree = infer(text)
    exact = np.broadcast_to(x, (rows, *x.shape))
    noise = Noise(rows, np.random.default_rng(seed), rows - 1)
    value = Evaluation(NumpyBackend(), {"n": len(x)}, lambda q: exact, 0, noise).value(tree)
    return value[0], np.std(value[1:], axis=0) / np.abs(value[0])


X = np.array([1.5, -0.75, 2.0])


def test_one_operation_moves_by_one_amplitude():
    value, relative = spread("x * x", X)
    assert np.array_equal(value, X * X)
    np.testing.assert_allclose(relative, AMPLITUDE, rtol=0.15)


def test_operations_add_up_like_independent_errors():
    _, relative = spread("x * x * x * x * x", X)
    np.testing.assert_allclose(relative, 2 * AMPLITUDE, rtol=0.15)


def test_cancellation_amplifies():
    value, relative = spread("(1e6 + x * x) - 1e6", X)
    np.testing.assert_allclose(relative, 1e6 * AMPLITUDE / np.abs(value), rtol=0.2)


def test_what_does_not_round_does_not_move():
    for text in ("-x[::-1]", "relu(x)", "abs(x)", "max(x)"):
        _, relative = spread(text, np.abs(X))
        assert (relative == 0).all()


def test_the_same_seed_the_same_noise():
    assert np.array_equal(spread("exp(x)", X, 3)[1], spread("exp(x)", X, 3)[1])
    assert not np.array_equal(spread("exp(x)", X, 3)[1], spread("exp(x)", X, 4)[1])
