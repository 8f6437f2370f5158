"""Where the bindings could go wrong one by one: extremes, kinks, ties, types, indices out of range."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch

from gradcheck_cli.evaluate.numpy_functions import NUMPY
from gradcheck_cli.evaluate.numpy_kinks import BRANCHES
from gradcheck_cli.evaluate.torch_functions import TORCH
from gradcheck_cli.lang.functions import FUNCTIONS


def both(name: str, *arrays: Any, **statics: Any) -> Any:
    """The value of a function, which must be the same from both bindings."""
    given = [np.asarray(a) for a in arrays]
    ours = np.asarray(NUMPY[name](*given, **statics))
    theirs = TORCH[name](*map(torch.tensor, given), **statics).numpy()
    assert ours.dtype == theirs.dtype
    np.testing.assert_allclose(theirs, ours, rtol=1e-13, atol=1e-300)
    return ours


def slope(name: str, x: list[float], *rest: Any, **statics: Any) -> list[float]:
    """The gradient of the summed result with respect to the first argument, by torch."""
    tensor = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    TORCH[name](tensor, *map(torch.tensor, rest), **statics).sum().backward()
    assert tensor.grad is not None
    return tensor.grad.tolist()  # type: ignore[no-any-return]


# --- extremes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected", "slopes"),
    [
        ("sigmoid", [0, 1], [0, 0]),
        ("logsigmoid", [-1000, 0], [1, 0]),
        ("softplus", [0, 1000], [0, 1]),
        ("silu", [0, 1000], [0, 1]),
        ("gelu", [0, 1000], [0, 1]),
        ("gelu_tanh", [0, 1000], [0, 1]),
        ("tanh", [-1, 1], [0, 0]),
    ],
)
def test_far_from_zero_values_and_slopes_are_the_limits(name: str, expected: Any, slopes: Any) -> None:
    with np.errstate(under="ignore"):
        np.testing.assert_allclose(both(name, [-1000.0, 1000.0]), expected, atol=1e-300)
    assert slope(name, [-1000.0, 1000.0]) == pytest.approx(slopes)


def test_softplus_is_exact_where_torchs_own_is_not() -> None:
    assert both("softplus", 21.0) - 21 == pytest.approx(math.log1p(math.exp(-21)), rel=1e-4)


@pytest.mark.parametrize("name", ["gelu", "gelu_tanh", "logsigmoid", "softplus", "erfc"])
def test_tails_keep_their_relative_accuracy(name: str) -> None:
    exact = {
        "gelu": lambda x: x / 2 * math.erfc(-x / math.sqrt(2)),
        "gelu_tanh": lambda x: x / (1 + math.exp(-2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
        "logsigmoid": lambda x: x - math.log1p(math.exp(x)),
        "softplus": lambda x: math.log1p(math.exp(x)),
        "erfc": math.erfc,
    }[name]
    points = [-6.0, -3.0, -1.0]
    assert both(name, points).tolist() == pytest.approx([exact(x) for x in points], rel=1e-13)


@pytest.mark.parametrize("shift", [-1000.0, 0.0, 1000.0])
def test_softmax_and_logsumexp_do_not_overflow(shift: float) -> None:
    x = np.array([shift, shift + math.log(3.0)])
    assert both("softmax", x, axis=-1).tolist() == pytest.approx([0.25, 0.75])
    assert both("log_softmax", x, axis=-1).tolist() == pytest.approx([math.log(0.25), math.log(0.75)])
    assert both("logsumexp", x, axis=(-1,), keepdims=False) == pytest.approx(shift + math.log(4.0))


def test_masked_scores() -> None:
    inf = math.inf
    assert both("softmax", [0.0, -inf, 0.0], axis=-1).tolist() == [0.5, 0.0, 0.5]
    with np.errstate(divide="ignore"):  # the logarithm of 0 is what is meant
        assert both("logsumexp", [-inf, -inf], axis=(-1,), keepdims=False) == -inf
    assert both("logsumexp", [inf, 0.0], axis=(-1,), keepdims=False) == inf


# --- kinks and degenerate points --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "statics"),
    [
        ("relu", {}),
        ("abs", {}),
        ("sign", {}),
        ("norm", {"axis": (-1,), "keepdims": False}),
        ("std", {"axis": (-1,), "keepdims": False, "correction": 0.0}),
    ],
)
def test_slope_at_zero_is_zero(name: str, statics: Any) -> None:
    assert slope(name, [0.0, 0.0], **statics) == [0.0, 0.0]


def test_whole_powers_at_zero_and_below() -> None:
    x, y = [0.0, -3.0, 0.0, -2.0, 0.0], np.array([2.0, 2.0, 1.0, 3.0, 0.0])
    assert both("power", x, y).tolist() == [0, 9, 0, -8, 1]
    assert slope("power", x, y) == [0, -6, 1, 12, 0]
    assert slope("power", x, np.array(2)) == [0, -6, 0, -4, 0]


def test_product_with_a_zero_still_has_its_gradient() -> None:
    assert slope("prod", [0.0, 2.0, 5.0], axis=(-1,), keepdims=False) == [10, 0, 0]
    assert slope("cumprod", [3.0, 0.0, 5.0], axis=-1) == [1, 18, 0]


@pytest.mark.parametrize("name", ["var", "std"])
@pytest.mark.parametrize("correction", [0.0, 1.0])
def test_the_spread_of_one_number_is_zero(name: str, correction: float) -> None:
    assert both(name, [3.0, 4.0], axis=(), keepdims=False, correction=correction).tolist() == [0, 0]


@pytest.mark.parametrize("name", ["var", "std"])
def test_the_spread_without_degrees_of_freedom_is_not_a_number(name: str) -> None:
    with np.errstate(invalid="ignore"):
        ours = NUMPY[name](np.array([[3.0]]), axis=(-1,), keepdims=False, correction=1.0)
    assert np.isnan(ours).all()


# --- types ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "maximum", "minimum"])
def test_whole_numbers_stay_whole(name: str) -> None:
    assert both(name, [7, -2], [2, 3]).dtype == np.int64
    assert both(name, [7, -2], [2.0, 3.0]).dtype == np.float64


@pytest.mark.parametrize("name", ["divide", "power", "atan2"])
def test_whole_numbers_become_real(name: str) -> None:
    assert both(name, [7, 2], [2, -1]).dtype == np.float64


@pytest.mark.parametrize("name", ["sum", "prod", "max", "min"])
def test_reductions_of_whole_numbers_are_whole_and_of_truth_values_real(name: str) -> None:
    assert both(name, [7, 2], axis=(-1,), keepdims=False).dtype == np.int64
    assert both(name, [True, False], axis=(-1,), keepdims=False).dtype == np.float64
    assert both(name, [True, False], axis=(), keepdims=False).dtype == np.float64


def test_floor_clip_and_where_mix_types() -> None:
    assert both("floor", [3, -4]).tolist() == [3, -4]
    assert both("clip", [3, -4, 1], 0, 2).dtype == np.int64
    assert both("clip", [3, -4, 1], 0.5, 2).tolist() == [2, 0.5, 1]
    assert both("where", [0.0, 0.5, -1.0], [1, 2, 3], 0.25).tolist() == [0.25, 2, 3]
    assert both("where", [True, False], [True, True], 0.25).tolist() == [1, 0.25]


# --- linear algebra ---------------------------------------------------------------------------------------


def test_a_tie_for_the_largest_component_goes_to_the_first() -> None:
    w, v = NUMPY["eigh"](np.array([[2.0, 1.0], [1.0, 2.0]]))
    np.testing.assert_allclose(w, [1, 3])
    np.testing.assert_allclose(v, np.array([[1, 1], [-1, 1]]) / math.sqrt(2))
    np.testing.assert_allclose(TORCH["eigh"](torch.tensor([[2.0, 1.0], [1.0, 2.0]]).double())[1], v)


def test_eigenvectors_and_singular_vectors_reconstruct_and_have_their_sign() -> None:
    rng = np.random.default_rng(3)
    a = rng.normal(size=(7, 5, 5))
    symmetric = a + np.swapaxes(a, -1, -2)
    w, v = NUMPY["eigh"](symmetric)
    np.testing.assert_allclose(v @ (w[..., None] * np.swapaxes(v, -1, -2)), symmetric, atol=1e-12)
    u, s, vt = NUMPY["svd"](a)
    np.testing.assert_allclose(u @ (s[..., None] * vt), a, atol=1e-12)
    for columns in (v, u):
        assert (columns.max(-2) == np.abs(columns).max(-2)).all()


def test_only_the_symmetric_part_counts() -> None:
    a = np.array([[3.0, 1.0], [0.0, 2.0]])
    even = (a + a.T) / 2
    for name in ("cholesky", "eigh"):
        for table, to in ((NUMPY, np.asarray), (TORCH, torch.tensor)):
            np.testing.assert_array_equal(table[name](to(a))[0], table[name](to(even))[0])
    x = torch.tensor(even, requires_grad=True)
    TORCH["cholesky"](x).sum().backward()
    torch.testing.assert_close(x.grad, x.grad.mT)  # type: ignore[union-attr]


def test_pinv_of_a_matrix_without_full_rank() -> None:
    x = np.outer([1.0, 2.0], [3.0, 0.0, 4.0])
    np.testing.assert_allclose(both("pinv", x), x.T / np.sum(x * x), atol=1e-15)


def test_solve_triangular_reads_one_triangle() -> None:
    a, b = np.array([[2.0, math.nan], [1.0, 4.0]]), np.array([2.0, 9.0])
    assert both("solve_triangular", a, b, lower=True, ranks=(2, 1)).tolist() == [1, 2]


def test_kron_of_transposed_operands() -> None:
    x, y = torch.arange(6.0).reshape(2, 3).double().mT, torch.arange(4.0).reshape(2, 2).double().mT
    expected = np.kron(x.numpy(), y.numpy())
    np.testing.assert_array_equal(TORCH["kron"](x, y, ranks=(2, 2)), expected)


def test_einsum_allows_spaces() -> None:
    assert both("einsum", np.eye(2), [1.0, 2.0], subscripts="ij, j -> i").tolist() == [1, 2]


@pytest.mark.parametrize("name", ["inv", "solve", "cholesky"])
def test_what_cannot_be_solved_is_an_error(name: str) -> None:
    zero, b = np.zeros((2, 2)), np.ones(2)
    more = ((b,), {"ranks": (2, 1)}) if name == "solve" else ((), {})
    with pytest.raises(np.linalg.LinAlgError):
        NUMPY[name](zero, *more[0], **more[1])
    with pytest.raises(torch.linalg.LinAlgError):
        TORCH[name](torch.tensor(zero), *map(torch.tensor, more[0]), **more[1])


# --- indexing and shape -----------------------------------------------------------------------------------


@pytest.mark.parametrize("index", [3, -4])
@pytest.mark.parametrize(
    ("name", "before", "after", "statics"),
    [
        ("gather", [np.ones(3)], [], {"axis": -1, "ranks": (1, 1)}),
        ("take_along_axis", [np.ones(3)], [], {"axis": -1}),
        ("one_hot", [], [], {"n": 3}),
        ("scatter_add", [np.ones(3)], [np.ones(1)], {"ranks": (1, 1, 1)}),
    ],
)
def test_an_index_out_of_range_is_an_error(
    name: str, before: Any, after: Any, statics: Any, index: int
) -> None:
    arrays = [*before, np.array([index]), *after]
    for table, to in ((NUMPY, np.asarray), (TORCH, torch.tensor)):
        with pytest.raises(IndexError):
            table[name](*map(to, arrays), **statics, lead=0)


def test_a_free_index_variable_gathers_along_its_own_leading_axis() -> None:
    x, i = np.arange(12.0).reshape(1, 3, 4), np.arange(3).reshape(3)
    out = both("gather", x, i, axis=-2, ranks=(2, 0), lead=1)
    np.testing.assert_array_equal(out, x[0])


def test_scatter_add_leaves_its_argument_alone() -> None:
    for x, to in ((np.zeros(2), np.asarray), (torch.zeros(2).double(), torch.tensor)):
        table: Any = NUMPY if isinstance(x, np.ndarray) else TORCH
        out = table["scatter_add"](x, to([1, 1]), to([1.0, 2.0]), ranks=(1, 1, 1), lead=0)
        assert out.tolist() == [0, 3]
        assert x.tolist() == [0, 0]


@pytest.mark.parametrize(("table", "x"), [(NUMPY, np.ones((2, 3))), (TORCH, torch.ones(2, 3))])
def test_only_an_axis_of_size_one_can_be_squeezed(table: Any, x: Any) -> None:
    with pytest.raises(ValueError, match=r"squeeze|size"):
        table["squeeze"](x, axis=-1, lead=0)


def test_flip_and_roll_do_not_ask_for_lead() -> None:
    assert both("flip", [1, 2, 3], axis=-1).tolist() == [3, 2, 1]
    assert both("roll", [1, 2, 3], shift=1, axis=-1).tolist() == [3, 1, 2]


def test_constructors_have_leading_axes_of_size_one() -> None:
    for table in (NUMPY, TORCH):
        assert tuple(table["eye"](n=2, m=3, lead=2).shape) == (1, 1, 2, 3)
        assert tuple(table["ones"](shape=(), lead=3).shape) == (1, 1, 1)
        assert tuple(table["arange"](n=4, lead=1).shape) == (1, 4)


# --- branches ---------------------------------------------------------------------------------------------


def test_every_kinked_function_has_branches_and_no_other() -> None:
    assert set(BRANCHES) == {name for name, f in FUNCTIONS.items() if f.kinked}


@pytest.mark.parametrize(
    ("name", "arrays", "statics", "expected"),
    [
        ("relu", [[-1.0, 0.0, 2.0]], {}, [0, 0, 1]),
        ("abs", [[-1.0, 0.0, 2.0]], {}, [-1, 0, 1]),
        ("sign", [[-1.0, 0.0, 2.0]], {}, [-1, 0, 1]),
        ("floor", [[-1.5, 0.0, 2.7]], {}, [-2, 0, 2]),
        ("clip", [[-1.0, 0.5, 2.0], [0.0], [1.0]], {}, [0, 1, 2]),
        ("minimum", [[1.0, 2.0, 3.0], [2.0]], {}, [-1, 0, 1]),
        ("maximum", [[1.0, 2.0, math.inf], [2.0, 2.0, math.inf]], {}, [-1, 0, 0]),
        ("less", [[1.0, 2.0, 3.0], [2.0]], {}, [1, 0, 0]),
        ("less_equal", [[1.0, 2.0, 3.0], [2.0]], {}, [1, 1, 0]),
        ("greater", [[1.0, 2.0, 3.0], [2.0]], {}, [0, 0, 1]),
        ("greater_equal", [[1.0, 2.0, 3.0], [2.0]], {}, [0, 1, 1]),
        ("equal", [[1.0, 2.0, 3.0], [2.0]], {}, [0, 1, 0]),
        ("not_equal", [[1.0, 2.0, 3.0], [2.0]], {}, [1, 0, 1]),
        ("max", [[[1.0, 3.0], [4.0, 2.0]]], {"axis": (-1,), "keepdims": False}, [[0, 1], [1, 0]]),
        ("max", [[[1.0, 3.0], [4.0, 2.0]]], {"axis": (-1, -2), "keepdims": True}, [[0, 0], [1, 0]]),
        ("min", [[[1.0, 3.0], [4.0, 2.0]]], {"axis": (-2,), "keepdims": False}, [[1, 0], [0, 1]]),
        ("min", [[1.0, 3.0]], {"axis": (), "keepdims": False}, [1, 1]),
        ("sqrt", [[0.0, 4.0]], {}, [1, 0]),
        ("norm", [[[0.0, 0.0], [0.0, 2.0]]], {"axis": (-1,), "keepdims": False}, [0, 1]),
        ("std", [[[3.0, 3.0], [0.0, 2.0]]], {"axis": (-1,), "keepdims": False}, [0, 1]),
    ],
)
def test_branches(name: str, arrays: Any, statics: Any, expected: Any) -> None:
    got = BRANCHES[name](*map(np.array, arrays), **statics)
    assert got.dtype.kind in "ib"
    assert got.astype(int).tolist() == expected


# --- the cost of importing --------------------------------------------------------------------------------


def test_importing_the_numpy_bindings_loads_neither_scipy_nor_torch() -> None:
    script = (
        "import sys, gradcheck_cli.evaluate.numpy_functions\n"
        "assert not {'scipy', 'torch'} & set(sys.modules), 'loaded'"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
