"""The fold: index notation against einsum and NumPy, both back ends, batch rows that know nothing of each other."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcheck_cli.evaluate.interpret import Evaluation, EvaluationFailed, shape_of, size
from gradcheck_cli.evaluate.numpy_backend import NumpyBackend
from gradcheck_cli.evaluate.torch_backend import TorchBackend
from gradcheck_cli.lang import ast
from gradcheck_cli.lang.plain import parse_expression
from gradcheck_cli.shapes.dims import Dim
from gradcheck_cli.shapes.infer import Local, Scope
from gradcheck_cli.shapes.typed import Type
from gradcheck_cli.text import Text, UserError, draw

DIMS = {name: Dim.of(name) for name in "nmrv"}
N, M, R, V = DIMS.values()
TYPES = {
    "x": Type((N,)), "z": Type((M,)), "A": Type((N, M)), "B": Type((M, R)), "S": Type((N, N)), "T": Type((R, N, M)),
    "P": Type((N, V)), "y": Type((N,), "int"), "mask": Type((N, M), "bool"), "s": Type(()),
}  # fmt: skip
SIZES = {"n": 3, "m": 5, "r": 2, "v": 7}
BACKENDS = {"numpy": NumpyBackend(), "torch": TorchBackend()}


def parse(text):
    return parse_expression(Text.whole("f", text))


def arrays_of(rng, rows):
    found = {name: rng.standard_normal((rows, *shape_of(t, SIZES))) for name, t in TYPES.items()}
    found["y"] = rng.integers(0, SIZES["v"], (rows, SIZES["n"]))
    found["mask"] = rng.random((rows, SIZES["n"], SIZES["m"])) < 0.5
    return found


def evaluate(text, arrays, backend="numpy", left=None, where=None):
    """The value of a formula (rows, *free indices, *shape)."""
    engine = BACKENDS[backend]
    locals_ = {n: Local(parse(t), tuple(ast.Name(i) for i in ix)) for n, (ix, t) in (where or {}).items()}
    scope = Scope(TYPES, DIMS, locals=locals_, invents=True)
    if left:
        scope.infer(parse(left))
    free = list(scope.indices)
    scope.invents = False
    tree = scope.infer(parse(text))
    evaluation = Evaluation(engine, SIZES, lambda q: engine.array(arrays[q.name]), len(scope.indices))
    value = np.asarray(engine.numpy(evaluation.value(tree)))
    keep = [0, *(1 + i.position for i in free)]
    gone = tuple(a for a in range(evaluation.lead) if a not in keep)
    assert all(value.shape[a] == 1 for a in gone)
    full = tuple(SIZES[str(i.dim)] for i in free)
    value = np.squeeze(value, gone)
    return np.broadcast_to(value, (value.shape[0], *full, *value.shape[len(keep) :]))


INDEXED = [
    # left side, formula, the same by NumPy's own means on one row
    ("", "sum[i, j](A[i, j])", lambda a: a["A"].sum()),
    ("", "sum[i](x[i] * x[i])", lambda a: a["x"] @ a["x"]),
    ("", "sum[i](S[i, i])", lambda a: np.trace(a["S"])),
    ("", "prod[i](x[i] + 2)", lambda a: np.prod(a["x"] + 2)),
    ("", "max[i, j](A[i, j])", lambda a: a["A"].max()),
    ("", "min[j](z[j]) + mean[i](x[i])", lambda a: a["z"].min() + a["x"].mean()),
    ("", "sum[i](A[i])", lambda a: a["A"].sum(0)),
    ("", "sum[j](A[:, j] * z[j])", lambda a: a["A"] @ a["z"]),
    ("", "sum[k](T[k]) @ B", lambda a: a["T"].sum(0) @ a["B"]),
    ("", "sum[i](2 * A[i, 0]) * z", lambda a: 2 * a["A"][:, 0].sum() * a["z"]),
    ("", "sum[i](x[i] * i)", lambda a: a["x"] @ np.arange(3)),
    ("", "sum[i](sum[j](A[i, j])**2)", lambda a: (a["A"].sum(1) ** 2).sum()),
    ("", "sum[i](x[i] * sum[i](x[i]))", lambda a: a["x"].sum() ** 2),
    ("", "sum[i](P[i, y[i]])", lambda a: a["P"][np.arange(3), a["y"]].sum()),
    ("", "sum[i](log(abs(P[i, y[i]])) * y[i])", lambda a: (np.log(np.abs(a["P"][np.arange(3), a["y"]])) * a["y"]).sum()),
    ("", "sum[i, j](where(mask[i, j], A[i, j], -1))", lambda a: np.where(a["mask"], a["A"], -1).sum()),
    ("", "sum[i, j](where(i < j, S[i, j], 0))", lambda a: np.triu(a["S"], 1).sum()),
    ("w[i]", "x[i] * 2", lambda a: a["x"] * 2),
    ("A[i, j]", "x[i] * z[j]", lambda a: np.outer(a["x"], a["z"])),
    ("A[i, j]", "z[j] * x[i] + A[i, j] / n", lambda a: np.outer(a["x"], a["z"]) + a["A"] / 3),
    ("B.T[k, j]", "B[j, k]", lambda a: a["B"].T),
    ("x[i]", "sum[j](A[i, j] * z[j])", lambda a: a["A"] @ a["z"]),
    ("x[i]", "s", lambda a: np.full(3, a["s"])),
    ("S[i, j]", "where(i == j, 1, 0)", lambda a: np.eye(3)),
    ("S[i, j]", "x[i] * ((i == j) - x[j])", lambda a: np.diag(a["x"]) - np.outer(a["x"], a["x"])),
    ("S[i, j]", "sum[k](S[i, k] * S[k, j])", lambda a: a["S"] @ a["S"]),
    ("A[i]", "x[i] * z", lambda a: np.outer(a["x"], a["z"])),
    ("A[i, j]", "sum[k](T[k, i, j] * B[j, k])", lambda a: np.einsum("kij,jk->ij", a["T"], a["B"])),
    ("P[i, t]", "P[i, t] - (t == y[i])", lambda a: a["P"] - np.eye(7)[a["y"]]),
    ("x[i]", "P[i, y[i]]", lambda a: a["P"][np.arange(3), a["y"]]),
    ("A[i, j]", "T[-1, i, j] + T[0, i, j]", lambda a: a["T"][1] + a["T"][0]),
    ("x[i]", "softmax(A[i])[0]", lambda a: np.exp(a["A"][:, 0]) / np.exp(a["A"]).sum(1)),
    ("x[i]", "norm(A[i]) * det(S)", lambda a: np.linalg.norm(a["A"], axis=1) * np.linalg.det(a["S"])),
    ("x[i]", "outer(A[i], A[i])[1, 2]", lambda a: a["A"][:, 1] * a["A"][:, 2]),
    ("x[i]", "(A[i] @ B)[1]", lambda a: a["A"] @ a["B"][:, 1]),
    ("x[i]", "concatenate(A[i], z)[6]", lambda a: np.full(3, a["z"][1])),
    ("x[i]", "sum(A[i].T * z, keepdims=True)[0]", lambda a: a["A"] @ a["z"]),
    ("x[i]", "sum(reshape(A[i], 1, m)[0, ::-1] * z)", lambda a: a["A"][:, ::-1] @ a["z"]),
]  # fmt: skip


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("left", "text", "closed"), INDEXED, ids=[f"{c[0]} = {c[1]}" for c in INDEXED])
def test_index_notation_row_by_row(left, text, closed, backend):
    arrays = arrays_of(np.random.default_rng(5), rows=4)
    left = left.replace("w[i]", "x[i]")
    value = evaluate(text, arrays, backend, left or None)
    for row in range(4):
        expected = closed({name: array[row] for name, array in arrays.items()})
        got = value[row if value.shape[0] > 1 else 0]
        assert got.shape == np.shape(expected)
        np.testing.assert_allclose(got, expected, rtol=1e-11, atol=1e-12)


LETTERS = {"i": 3, "j": 5, "k": 2}
FACTORS = {"x": "i", "z": "j", "A": "ij", "B": "jk", "T": "kij"}


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(sorted(FACTORS)), min_size=1, max_size=4),
    st.permutations("ijk"),
    st.sets(st.sampled_from("ijk")),
    st.integers(0, 2**31),
)
def test_any_sum_of_products_is_an_einsum(factors, order, summed, seed):
    """`sum[…](A[i, j] * B[j, k] * …)` with the other indices free, against `np.einsum` of the same letters."""
    used = {letter for f in factors for letter in FACTORS[f]}
    summed &= used
    free = [letter for letter in order if letter in used and letter not in summed]
    subscripts = ",".join(FACTORS[f] for f in factors) + "->" + "".join(free)
    product = " * ".join(f"{f}[{', '.join(FACTORS[f])}]" for f in factors)
    text = f"sum[{', '.join(sorted(summed))}]({product})" if summed else product
    axis = {"i": ("x", "x[{}]"), "j": ("z", "z[{}]"), "k": ("B", "B[0, {}]")}
    left = " * ".join(axis[letter][1].format(letter) for letter in free) or None
    arrays = arrays_of(np.random.default_rng(seed), rows=2)
    value = evaluate(text, arrays, left=left)
    for row in range(2):
        expected = np.einsum(subscripts, *(arrays[f][row] for f in factors))
        np.testing.assert_allclose(value[row], expected, rtol=1e-10, atol=1e-12)


WHERE = [
    ({"G": ("ij", "x[i] * z[j]")}, "G @ B", lambda a: np.outer(a["x"], a["z"]) @ a["B"]),
    ({"G": ("ji", "x[i] * z[j]")}, "G", lambda a: np.outer(a["z"], a["x"])),
    ({"G": ("i", "A[i] * 2")}, "G", lambda a: a["A"] * 2),
    ({"G": ("i", "sum[j](A[i, j])"), "H": ("j", "G[j]**2")}, "H * x", lambda a: a["A"].sum(1) ** 2 * a["x"]),
    ({"G": ("ij", "S[j, i]")}, "sum[k](G[k, 0] * G[0, k])", lambda a: a["S"][0] @ a["S"][:, 0]),
    ({"G": ("", "softmax(x)")}, "sum[i](G[i] * G)", lambda a: np.exp(a["x"]) / np.exp(a["x"]).sum()),
    ({"G": ("i", "sum[k](S[i, k] * x[k])")}, "sum[i](x[i] * G[i])", lambda a: a["x"] @ a["S"] @ a["x"]),
]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("where", "text", "closed"), WHERE)
def test_definitions_by_their_elements(where, text, closed, backend):
    arrays = arrays_of(np.random.default_rng(6), rows=3)
    value = evaluate(text, arrays, backend, where=where)
    for row in range(3):
        expected = closed({name: array[row] for name, array in arrays.items()})
        np.testing.assert_allclose(value[row], expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        "softmax(A) @ B",
        "sum[i](x[i] * exp(A[i]))",
        "P[0, y]",
        "inv(S) @ x",
        "eigh(S @ S.T)[1]",
        "max(T, axis=0)",
    ],
)
def test_a_row_of_the_batch_is_what_it_is_alone(text):
    arrays = arrays_of(np.random.default_rng(7), rows=4)
    together = evaluate(text, arrays)
    for row in range(4):
        alone = evaluate(text, {name: a[row : row + 1] for name, a in arrays.items()})
        np.testing.assert_allclose(together[row], alone[0], rtol=1e-10)


def test_a_nan_in_one_row_stays_there():
    arrays = arrays_of(np.random.default_rng(8), rows=3)
    arrays["A"][1, 0, 0] = np.nan
    value = evaluate("sum[i](softmax(A[i])) * 2", arrays)
    assert np.isfinite(value[[0, 2]]).all()
    assert np.isnan(value[1]).all()


def test_an_input_of_one_row_serves_all():
    arrays = arrays_of(np.random.default_rng(9), rows=3)
    arrays["x"] = arrays["x"][:1]
    np.testing.assert_allclose(evaluate("x @ A", arrays), np.einsum("i,rij->rj", arrays["x"][0], arrays["A"]))


def test_torch_can_differentiate_through_the_fold():
    x = torch.randn(1, 3, dtype=torch.float64, requires_grad=True)
    scope = Scope(TYPES, DIMS)
    tree = scope.infer(parse("sum[i](x[i]**2 * sum[j](x[j]))"))
    value = Evaluation(BACKENDS["torch"], SIZES, lambda q: x, len(scope.indices)).value(tree)
    (grad,) = torch.autograd.grad(value.sum(), x)
    v = x.detach()
    torch.testing.assert_close(grad, 2 * v * v.sum() + (v**2).sum())


def test_exact_numbers_become_the_nearest_floats():
    arrays = arrays_of(np.random.default_rng(0), 1)
    assert evaluate("0.1", arrays)[0] == 0.1
    assert evaluate("1e400", arrays)[0] == np.inf
    assert evaluate("-1e400", arrays)[0] == -np.inf
    assert evaluate("1e-400", arrays)[0] == 0
    assert evaluate("n / (m - 1)", arrays)[0] == 0.75
    assert evaluate("pi - e", arrays)[0] == np.pi - np.e


def test_a_singular_matrix_fails_with_its_place():
    arrays = arrays_of(np.random.default_rng(0), 1)
    for backend in BACKENDS:
        for text, reason in [
            ("inv(outer(x, x) * 0)", "`inv` failed: the matrix is singular"),
            ("solve(S * 0, x)", "`solve` failed: the matrix is singular"),
            ("cholesky(-S @ S.T)", "`cholesky` failed: the matrix is not positive definite"),
        ]:
            with pytest.raises(EvaluationFailed) as caught:
                evaluate(text, arrays, backend)
            assert str(caught.value) == reason
            assert caught.value.node.node.span.text == text


def test_a_fixed_index_that_leaves_the_array():
    arrays = arrays_of(np.random.default_rng(0), 1)
    with pytest.raises(UserError) as caught:
        evaluate("x[3]", arrays)
    drawn = draw(caught.value.problems[0])
    assert drawn.startswith("error: an index is outside of its array\n  --> f:1:1\n1 | x[3]\n  | ^^^^ ")
    assert drawn.endswith(
        "\n   = help: a fixed index needs a size that is fixed or large enough: `dims: {n: 4}`"
    )


@pytest.mark.parametrize(
    ("dim", "shown"),
    [
        (N / Dim.of(2), "the dimension n/2 is 3/2 for n = 3"),
        (N - M, "the dimension n - m is -2 for m = 5, n = 3"),
    ],
)
def test_a_size_is_a_whole_number_that_is_not_negative(dim, shown):
    with pytest.raises(UserError) as caught:
        size(dim, SIZES)
    assert caught.value.problems[0].message.replace("-m + n", "n - m") == shown


def test_each_node_is_computed_once():
    class Count:
        calls = 0

        def seen(self, node, value):
            return value

        def called(self, function, args, statics):
            self.calls += function == "exp"

    count = Count()
    scope = Scope(TYPES, DIMS, locals={"g": Local(parse("exp(x)"))})
    tree = scope.infer(parse("g * g + g"))
    arrays = arrays_of(np.random.default_rng(0), 1)
    Evaluation(NumpyBackend(), SIZES, lambda q: arrays[q.name], 0, count).value(tree)
    assert count.calls == 1
