"""Shape rules: NumPy agrees at random sizes on shape and value; what cannot be says so in symbols, verbatim."""

import math

import numpy as np
import pytest
import scipy.linalg
import scipy.special

from gradcheck_cli.evaluate.interpret import Evaluation, shape_of
from gradcheck_cli.evaluate.numpy_backend import NumpyBackend
from gradcheck_cli.lang.functions import FUNCTIONS
from gradcheck_cli.lang.plain import parse_expression
from gradcheck_cli.shapes.dims import Dim
from gradcheck_cli.shapes.infer import Scope
from gradcheck_cli.shapes.mismatch import ShapeMismatch
from gradcheck_cli.shapes.rules import RULES, Application, parts
from gradcheck_cli.shapes.typed import Apply, Part, Type, nodes
from gradcheck_cli.text import Text, UserError, draw

DIMS = {name: Dim.of(name) for name in "nmrbv"} | {"k": Dim.of(2) * Dim.of("r")}
SHAPES = {
    "s": "", "x": "n", "y": "n", "z": "m", "u": "k", "A": "n m", "B": "m r", "C": "n m", "S": "n n", "P": "n n",
    "R": "n 1", "K": "n k", "T": "b n m", "U": "b m r", "Q": "b n n", "W": "r n m",
    "i": "n", "I": "n m", "t": "b", "J": "n r", "mask": "n m",
}  # fmt: skip
WHOLE = {"i": "v", "I": "m", "t": "n", "J": "m"}
"""Whole numbers below a size."""


def dtype(name):
    return "int" if name in WHOLE else "bool" if name == "mask" else "real"


TYPES = {
    name: Type(tuple(DIMS.get(d, Dim.of(1)) for d in shape.split()), dtype(name))
    for name, shape in SHAPES.items()
}
TYPES["V"] = Type((DIMS["v"], DIMS["m"]))


def infer(text):
    return Scope(TYPES, DIMS).infer(parse_expression(Text.whole("f", text)))


def _one_hot(indices, n):
    return (np.asarray(indices)[..., None] == np.arange(n)).astype(float)


def _scatter_add(x, indices, updates):
    out = np.array(x)
    np.add.at(out, indices, updates)
    return out


def _pad(x, before, after, axis=-1):
    width = [(0, 0)] * np.ndim(x)
    width[axis] = (before, after)
    return np.pad(x, width)


def _slice(x, axis, start, stop, step):
    at = [slice(None)] * np.ndim(x)
    at[axis] = slice(start, stop, step)
    return x[tuple(at)]


def _argument_list(function):
    return lambda *arrays, **rest: function(arrays[0] if isinstance(arrays[0], tuple) else arrays, **rest)


def _positive(columns):
    """The sign that makes the largest component of each column positive."""
    largest = np.take_along_axis(columns, np.abs(columns).argmax(-2)[..., None, :], -2)
    return np.sign(largest)


def _eigh(x):
    values, vectors = np.linalg.eigh(x)
    return values, vectors * _positive(vectors)


def _svd(x):
    u, s, vt = np.linalg.svd(x, full_matrices=False)
    signs = _positive(u)
    return u * signs, s, vt * np.swapaxes(signs, -1, -2)


NUMPY = {name: getattr(np, name) for name in FUNCTIONS if hasattr(np, name)}
NUMPY |= {name: getattr(np.linalg, name) for name in ("det", "inv", "pinv", "cholesky")}
NUMPY["rank"] = np.linalg.matrix_rank
NUMPY |= {
    name: getattr(scipy.special, name)
    for name in ("erf", "erfc", "erfinv", "digamma", "softmax", "log_softmax", "logsumexp")
}
NUMPY |= {
    "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "atan2": np.arctan2, "asinh": np.arcsinh, "acosh": np.arccosh,
    "atanh": np.arctanh, "lgamma": scipy.special.gammaln, "sigmoid": scipy.special.expit, "logsigmoid": scipy.special.log_expit,
    "softplus": lambda x: np.logaddexp(x, 0), "relu": lambda x: np.maximum(x, 0), "silu": lambda x: x * scipy.special.expit(x),
    "gelu": lambda x: x * (1 + scipy.special.erf(x / 2**0.5)) / 2, "rsqrt": lambda x: x**-0.5,
    "gelu_tanh": lambda x: 0.5 * x * (1 + np.tanh((2 / np.pi) ** 0.5 * (x + 0.044715 * x**3))),
    "cumsum": lambda x, axis=-1: np.cumsum(x, axis), "cumprod": lambda x, axis=-1: np.cumprod(x, axis),
    "softmax": lambda x, axis=-1: scipy.special.softmax(x, axis), "log_softmax": lambda x, axis=-1: scipy.special.log_softmax(x, axis),
    "norm": lambda x, axis=None, keepdims=False: np.sqrt(np.sum(x**2, axis=axis, keepdims=keepdims)),
    "trace": lambda x: np.trace(x, axis1=-2, axis2=-1), "logdet": lambda x: np.linalg.slogdet(x)[1],
    "solve": lambda a, b: (np.linalg.inv(a) @ b), "eigh": _eigh, "svd": _svd,
    "solve_triangular": lambda a, b, lower=True: np.linalg.inv(np.tril(a) if lower else np.triu(a)) @ b,
    "eye": lambda n, m=None: np.eye(n, m), "ones": lambda *s: np.ones(s[0] if s and isinstance(s[0], tuple) else s),
    "zeros": lambda *s: np.zeros(s[0] if s and isinstance(s[0], tuple) else s),
    "reshape": lambda x, *s, shape=None: np.reshape(x, shape or (s[0] if isinstance(s[0], tuple) else s)),
    "transpose": lambda x, *axes: np.transpose(x, axes or None), "concatenate": _argument_list(np.concatenate),
    "stack": _argument_list(np.stack), "broadcast_to": lambda x, *s: np.broadcast_to(x, s),
    "repeat": lambda x, times, axis=-1: np.repeat(x, times, axis), "tile": lambda x, *reps: np.tile(x, reps),
    "flip": lambda x, axis=-1: np.flip(x, axis), "roll": lambda x, shift, axis=-1: np.roll(x, shift, axis), "pad": _pad,
    "gather": lambda x, indices, axis=0: np.take(x, indices, axis), "one_hot": _one_hot, "scatter_add": _scatter_add,
    "take_along_axis": lambda x, indices, axis=-1: np.take_along_axis(x, indices, axis), "slice": _slice, "pi": math.pi, "e": math.e,
}  # fmt: skip
"""The same functions by NumPy's and SciPy's own names; the formulas below are evaluated as Python."""

FORMULAS = """
x + y | s + x | A + z | A * R | R * z | A - 1 | x / s | s**2 | -A | T + A | T * z | A + C * R
exp(A) | atan2(A, C) | where(mask, A, z) | where(A > 0, 1, 0) | clip(A, -0.5, 0.5) | maximum(x, 0) | minimum(A, R) | A >= z | A == A
sum(A) | sum(T, axis=0) | sum(T, axis=(0, -1)) | mean(T, axis=1, keepdims=True) | prod(A, axis=-1) | max(T, keepdims=True)
min(A, axis=0) | var(A, axis=1, correction=1) | std(A) | logsumexp(T, axis=(1, 2)) | norm(A, axis=-1, keepdims=True) | sum(s)
cumsum(A, axis=0) | cumprod(A) | softmax(T) | log_softmax(A, axis=0) | flip(A) | flip(T, axis=0) | roll(A, 2) | roll(A, -1, axis=0)
A @ B | x @ A | A @ z | x @ y | T @ B | T @ U | T @ z | x @ T | T.mT @ T | A.T @ A | matmul(A, B) | A @ U
trace(S) | trace(Q) | rank(A) | rank(T) | det(Q) | logdet(S) | inv(Q) | pinv(A) | pinv(T) | cholesky(P) | tril(T) | triu(A, k=1) | tril(A, -1)
solve(S, x) | solve(S, A) | solve(Q, T) | solve(S, T) | solve_triangular(P, x) | solve_triangular(P, A, lower=False)
kron(A, B) | kron(x, z) | outer(x, z) | dot(x, y) | diag(x) | diag(S)
einsum('ij,jk->ik', A, B) | einsum('bij,jk', T, B) | einsum('ii->i', S) | einsum('ij->', A) | einsum('i,j,k->kij', x, z, x) | einsum('ij', A)
eigh(P)[0] | eigh(P)[1] | svd(S)[0] | svd(S)[1] | svd(Q)[2] | svd(Q)[1]
eye(n) | eye(n, m) | ones(n, k) | zeros((m,)) | ones() | ones_like(T) | zeros_like(x) | arange(n) | arange(2*r) * 1
reshape(A, n*m) | reshape(T, b, -1) | reshape(A, (m, n)) | reshape(K, n, 2, r) | reshape(A, shape=(-1,)) | reshape(s, 1, 1)
A.T | T.T | x.T | T.mT | transpose(T) | transpose(T, 1, 0, 2) | transpose(T, -1, 0, 1) | swapaxes(T, 0, 2) | swapaxes(A, -1, 0)
concatenate(A, C) | concatenate(A, C, axis=1) | concatenate((A, K), axis=-1) | concatenate(T, W) | stack(x, y) | stack((A, C), axis=1)
stack(A, C, axis=-1) | stack(s, s, s) | broadcast_to(x, m, n) | broadcast_to(R, n, m) | broadcast_to(s, n) | expand_dims(A, 0)
expand_dims(A, -1) | expand_dims(A, 1) | squeeze(R, 1) | squeeze(x[None], 0) | repeat(A, 3) | repeat(A, r, axis=0) | tile(x, 2)
tile(A, 2, 3) | tile(x, m, 2) | tile(T, 2) | pad(A, 1, 2) | pad(T, m, 0, axis=0)
gather(A, t) | gather(T, t, axis=1) | gather(V, i, axis=0) | V[i] | take_along_axis(A, J) | one_hot(i, v) | one_hot(I, m)
scatter_add(x, t, ones(b)) | scatter_add(A, t, ones(b, m)) | slice(A, 1, 1, m, 1) | slice(x, 0, None, None, -1)
A[0] | A[:, 0] | A[-1, 2] | A[:, 1:] | A[:, :-1] | T[..., 0] | T[0, ...] | T[:, None] | T[..., None] | x[None, :, None] | A[1:n]
K[:, :r] | K[:, r:] | K[:, ::2] | x[::-1] | x[1:3] | T[1:, ..., 0] | A[t] | T[:, t] | A[None, t] | u[r]
n | sqrt(n) * x | k - 1 | x * n / (n - 1) | pi * e | A * (n == m)
"""

CASES = [formula.strip() for line in FORMULAS.strip().splitlines() for formula in line.split(" | ")]


def data(sizes, rng, rows):
    """Batches of every array; `P` is positive definite."""
    found = {}
    for name, type_ in TYPES.items():
        shape = (rows, *shape_of(type_, sizes))
        if name in WHOLE:
            found[name] = rng.integers(0, sizes[WHOLE[name]], shape)
        elif name == "mask":
            found[name] = rng.random(shape) < 0.5
        else:
            found[name] = rng.standard_normal(shape)
    found["P"] = found["P"] @ np.swapaxes(found["P"], -1, -2) + np.eye(sizes["n"])
    return found


def evaluate(tree, sizes, arrays, indices=0):
    evaluation = Evaluation(NumpyBackend(), sizes, lambda q: arrays[q.name], indices)
    value = np.asarray(evaluation.value(tree))
    return value.reshape(value.shape[:1] + value.shape[evaluation.lead :])


@pytest.mark.parametrize("text", CASES)
@pytest.mark.parametrize("seed", [0, 1])
def test_numpy_agrees_on_the_shape_and_on_every_row(text, seed):
    rng = np.random.default_rng(seed)
    sizes = dict(zip("nmrbv", (int(p) for p in rng.permutation([3, 5, 7, 4, 6])), strict=True))
    arrays = data(sizes, rng, rows=3)
    tree = infer(text)
    value = evaluate(tree, sizes, arrays)
    assert value.shape[1:] == shape_of(tree.type, sizes)
    for row in range(3):
        scope = NUMPY | sizes | {"k": 2 * sizes["r"]} | {name: array[row] for name, array in arrays.items()}
        expected = eval(text, {}, scope)
        got = value[row if value.shape[0] > 1 else 0]
        assert np.shape(expected) == got.shape
        np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-10)


def test_every_rule_and_every_function_with_arrays_stands_in_a_case():
    trees = [node for text in CASES for node in nodes(infer(text))]
    used = {n.function for n in trees if isinstance(n, Apply)} | {
        n.of.function for n in trees if isinstance(n, Part)
    }
    rules = {FUNCTIONS[name].rule for name in used} | {"mT"}
    assert rules == set(RULES)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("i + 1", "int"), ("i * i - n", "int"), ("i / 2", "real"), ("i + 0.5", "real"), ("sum(i)", "int"), ("mean(i)", "real"),
        ("max(i)", "int"), ("i[0]", "int"), ("i.T", "int"), ("I.T", "int"), ("stack(i, i)", "int"), ("stack(i, x)", "real"),
        ("x > 0", "bool"), ("mask.T", "bool"), ("where(mask, 1, 0)", "int"), ("where(mask, I, A)", "real"), ("flip(i)", "int"),
        ("arange(n)", "int"), ("n", "int"), ("-i", "int"), ("exp(i)", "real"), ("reshape(I, n*m)", "int"), ("V[i]", "real"),
        ("one_hot(i, v)", "real"), ("2", "int"), ("0.5", "real"), ("True", "int"), ("i**2", "real"),
    ],
)  # fmt: skip
def test_whole_numbers_stay_whole_where_they_can(text, kind):
    assert infer(text).type.dtype == kind


# --- messages ---------------------------------------------------------------------------------------------

INDICES = "declare them with `domain: index(n)`, or use `arange(n)`"

MISMATCHES = [
    # text, caret, message, help
    ("x + z", "x + z", "`+` cannot combine [n] with [m]", ""),
    ("1 + (x - z)", "(x - z)", "`-` cannot combine [n] with [m]", ""),
    ("A * x", "A * x", "`*` cannot combine [n, m] with [n]", ""),
    ("T / U", "T / U", "`/` cannot combine [b, n, m] with [b, m, r]", ""),
    ("A**x", "A**x", "`**` cannot combine [n, m] with [n]", ""),
    ("x < z", "x < z", "`<` cannot combine [n] with [m]", ""),
    ("u + x", "u + x", "`+` cannot combine [2*r] with [n]", ""),
    ("maximum(A, x)", "maximum(A, x)", "`maximum` cannot combine [n, m] with [n]", ""),
    ("where(x > 0, z, z)", "where(x > 0, z, z)", "`where` cannot combine [n] with [m]", ""),
    ("where(z > 0, s, x)", "where(z > 0, s, x)", "`where` cannot combine [m] with [n]", ""),
    ("where(s > 0, x, z)", "where(s > 0, x, z)", "`where` cannot combine [n] with [m]", ""),
    ("clip(x, 0, z)", "clip(x, 0, z)", "`clip` cannot combine [n] with [m]", ""),
    ("A @ x", "A @ x", "`@` cannot combine [n, m] with [n]", "the inner dimensions m and n differ"),
    ("W @ A", "W @ A", "`@` cannot combine [r, n, m] with [n, m]", "the inner dimensions m and n differ"),
    ("A @ K", "A @ K", "`@` cannot combine [n, m] with [n, 2*r]", "the inner dimensions m and n differ"),
    ("x @ z", "x @ z", "`@` cannot combine [n] with [m]", "the inner dimensions n and m differ"),
    ("T @ W.mT", "T @ W.mT", "`@` cannot combine [b, n, m] with [r, m, n]", "the batch dimensions differ"),
    ("s @ x", "s @ x", "`@` needs two arrays, not []", "multiply by a scalar with `*`"),
    ("x @ 2", "x @ 2", "`@` needs two arrays, not []", "multiply by a scalar with `*`"),
    (
        "matmul(A, C)",
        "matmul(A, C)",
        "`@` cannot combine [n, m] with [n, m]",
        "the inner dimensions m and n differ",
    ),
    ("softmax(s)", "softmax(s)", "`softmax` needs an array with at least one axis, not []", ""),
    ("trace(A)", "trace(A)", "`trace` needs a square matrix, not [n, m]", ""),
    ("trace(x)", "trace(x)", "`trace` needs a matrix, not [n]", ""),
    ("inv(T)", "inv(T)", "`inv` needs a square matrix, not [b, n, m]", ""),
    ("det(K)", "det(K)", "`det` needs a square matrix, not [n, 2*r]", ""),
    ("tril(x)", "tril(x)", "`tril` needs a matrix, not [n]", ""),
    ("pinv(x)", "pinv(x)", "`pinv` needs a matrix, not [n]", ""),
    ("x.mT", "x.mT", "`.mT` needs a matrix, not [n]", ""),
    ("solve(S, z)", "solve(S, z)", "`solve` cannot combine [n, n] with [m]", ""),
    ("solve(S, B)", "solve(S, B)", "`solve` cannot combine [n, n] with [m, r]", ""),
    (
        "solve(Q, W)",
        "solve(Q, W)",
        "`solve` cannot combine [b, n, n] with [r, n, m]",
        "the batch dimensions differ",
    ),
    ("solve(A, x)", "solve(A, x)", "`solve` needs a square matrix, not [n, m]", ""),
    ("kron(A, x)", "kron(A, x)", "`kron` needs two matrices or two vectors, not [n]", ""),
    ("kron(T, A)", "kron(T, A)", "`kron` needs two matrices or two vectors, not [b, n, m]", ""),
    ("outer(x, A)", "outer(x, A)", "`outer` needs two vectors, not [n, m]", ""),
    ("dot(x, z)", "dot(x, z)", "`dot` cannot combine [n] with [m]", ""),
    ("dot(A, x)", "dot(A, x)", "`dot` needs two vectors, not [n, m]", ""),
    ("diag(A)", "diag(A)", "`diag` needs a vector or a square matrix, not [n, m]", ""),
    ("einsum('ij,jk->ik', A, C)", "einsum('ij,jk->ik', A, C)", "`einsum`'s index `j` runs over m and n", ""),
    ("einsum('ijk->i', A)", "einsum('ijk->i', A)", "`einsum` needs 3 axes for `ijk`, not [n, m]", ""),
    (
        "reshape(A, n, r)",
        "reshape(A, n, r)",
        "`reshape` cannot turn [n, m] into [n, r]",
        "the one has m*n elements, the other n*r",
    ),
    (
        "reshape(A, n + m, -1)",
        "reshape(A, n + m, -1)",
        "`reshape` cannot combine [n, m] with [m + n, -1]",
        "",
    ),
    ("broadcast_to(A, n)", "broadcast_to(A, n)", "`broadcast_to` cannot turn [n, m] into [n]", ""),
    ("broadcast_to(x, n, m)", "broadcast_to(x, n, m)", "`broadcast_to` cannot turn [n] into [n, m]", ""),
    ("squeeze(A, 0)", "squeeze(A, 0)", "`squeeze` needs a size of 1 at axis -2, not [n, m]", ""),
    ("concatenate(A, B)", "concatenate(A, B)", "`concatenate` cannot combine [n, m] with [m, r]", ""),
    ("concatenate(A, x)", "concatenate(A, x)", "`concatenate` cannot combine [n, m] with [n]", ""),
    (
        "concatenate(s, s)",
        "concatenate(s, s)",
        "`concatenate` needs arrays with at least one axis, not []",
        "",
    ),
    ("stack(A, C, x)", "stack(A, C, x)", "`stack` cannot combine [n, m] with [n]", ""),
    ("stack(x, z)", "stack(x, z)", "`stack` cannot combine [n] with [m]", ""),
    ("gather(s, i)", "gather(s, i)", "`gather` needs an array with at least one axis, not []", ""),
    (
        "take_along_axis(A, i)",
        "take_along_axis(A, i)",
        "`take_along_axis` cannot combine [n, m] with [n]",
        "",
    ),
    (
        "take_along_axis(B, I)",
        "take_along_axis(B, I)",
        "`take_along_axis` cannot combine [m, r] with [n, m]",
        "",
    ),
    (
        "scatter_add(x, t, ones(n))",
        "scatter_add(x, t, ones(n))",
        "`scatter_add` needs updates of the shape [b], not [n]",
        "",
    ),
    ("A[0, 0, 0]", "A[0, 0, 0]", "3 indices for an array of 2 axes, [n, m]", ""),
    ("s[0]", "s[0]", "1 indices for an array of 0 axes, []", ""),
    ("R[:, 1]", "1", "the index 1 is outside of [n, 1]", ""),
    ("x[n]", "n", "the index n is outside of [n]", ""),
]

ERRORS = [
    ("sum(A, axis=2)", "2", "axis 2 is out of range: the array has the shape [n, m]", "its axes are -2, -1"),
    ("sum(A, axis=x)", "x", "a whole number is expected here", ""),
    ("sum(A, axis=(0, -2))", "(0, -2)", "an axis is named twice", ""),
    ("sum(A, keepdims=1)", "1", "`True` or `False` is expected here", ""),
    ("var(A, correction=x)", "x", "a number is expected here", ""),
    ("roll(A, n)", "n", "a whole number is expected here", ""),
    ("expand_dims(A, 3)", "3", "axis 3 is out of range: the array has the shape [n, m, 1]", "its axes are -3, -2, -1"),
    ("eye(x)", "x", "`x` is not a dimension", "dimensions are declared by the shapes of inputs"),
    ("transpose(T, 0, 1)", "transpose(T, 0, 1)", "`transpose` needs each of the 3 axes once", ""),
    ("transpose(A, 0, 0)", "transpose(A, 0, 0)", "`transpose` needs each of the 2 axes once", ""),
    ("einsum(A, B)", "einsum(A, B)", "einsum begins with its letters in quotes", "`einsum('ij,jk->ik', A, B)`"),
    ("einsum('i1->i', A)", "'i1->i'", "einsum's subscripts are letters, commas and one `->`", ""),
    ("einsum('...i', A)", "'...i'", "einsum's subscripts are letters, commas and one `->`", ""),
    ("einsum('ij,jk', A)", "'ij,jk'", "einsum's subscripts name 2 arrays, and 1 are given", ""),
    ("einsum('ij->ik', A)", "'ij->ik'", "einsum cannot return `ik`", "each letter once, and only known ones"),
    ("einsum('ij->ii', A)", "'ij->ii'", "einsum cannot return `ii`", "each letter once, and only known ones"),
    ("V[x]", "V[x]", "`gather` needs whole numbers as indices", INDICES),
    ("one_hot(x, n)", "one_hot(x, n)", "`one_hot` needs whole numbers as indices", INDICES),
    ("A[mask]", "A[mask]", "`gather` needs whole numbers as indices", INDICES),
    ("A[t, t]", "t", "two index arrays in one pair of brackets", "use index notation, `P[i, y[i]]`, or `take_along_axis`"),
    ("A[..., ...]", "A[..., ...]", "`...` can stand only once in brackets", ""),
    ("x[::0]", "x[::0]", "a step of 0 leads nowhere", ""),
    ("x[::2]", "x[::2]", "the length of this slice of [n] is not known in symbols",
     "slice from the start or to the end by a dimension: `x[:r]`, `x[r:]`, `x[::-1]`"),
    ("x[::-2]", "x[::-2]", "the length of this slice of [n] is not known in symbols",
     "slice from the start or to the end by a dimension: `x[:r]`, `x[r:]`, `x[::-1]`"),
    ("eigh(S)", "eigh(S)", "`eigh` has several results, and one is needed here",
     "`eigh(A)[0]` are the eigenvalues, `eigh(A)[1]` the eigenvectors"),
    ("svd(S) + 1", "svd(S)", "`svd` has several results, and one is needed here",
     "`svd(A)[0]` is U, `svd(A)[1]` the singular values, `svd(A)[2]` V transposed"),
    ("eigh(S)[2]", "eigh(S)[2]", "`eigh` has 2 results", "name one: `[0]`, `[1]` …"),
    ("eigh(S)[0, 1]", "eigh(S)[0, 1]", "`eigh` has 2 results", "name one: `[0]`, `[1]` …"),
    ("svd(S)[-1]", "svd(S)[-1]", "`svd` has 3 results", "name one: `[0]`, `[1]` …"),
    ("eigh(A)[0]", "eigh(A)", "`eigh` needs a square matrix, not [n, m]", ""),
    ("svd(A)[0]", "svd(A)", "`svd` needs a square matrix (the smaller dimension of another is not known in symbols), not [n, m]", ""),
    ("(x, y) + 1", "(x, y)", "a list in brackets is not an array", "it can only be an argument"),
    ("exp('x')", "'x'", "a quoted word is not an array", "it can only be an argument"),
    ("exp(None)", "None", "`None` is not an array", "it can only be an argument"),
    ("exp + 1", "exp", "`exp` is a function", "call it: `exp(x)`"),
    ("zeta + 1", "zeta", "`zeta` is unknown", "it is neither declared above nor a dimension"),
    ("masc * A", "masc", "`masc` is unknown", "did you mean `mask`?"),
    ("grad(x)", "grad(x)", "`grad` has no meaning here", "derivatives stand in claims, and not inside one another"),
]  # fmt: skip


def refusal(text):
    with pytest.raises(UserError) as caught:
        infer(text)
    (problem,) = caught.value.problems
    return draw(problem), caught.value


def message(text, caret, headline, advice):
    at = text.rindex(caret)
    drawn = f"error: {headline}\n  --> f:1:{at + 1}\n1 | {text}\n  | {' ' * at}{'^' * len(caret)}"
    return drawn + (f"\n   = help: {advice}" if advice else "")


@pytest.mark.parametrize(("text", "caret", "headline", "advice"), MISMATCHES, ids=[m[0] for m in MISMATCHES])
def test_shapes_that_cannot_meet_are_named_in_symbols(text, caret, headline, advice):
    drawn, error = refusal(text)
    assert drawn == message(text, caret, headline, advice)
    assert isinstance(error, ShapeMismatch)


@pytest.mark.parametrize(("text", "caret", "headline", "advice"), ERRORS, ids=[e[0] for e in ERRORS])
def test_what_means_nothing_is_an_error(text, caret, headline, advice):
    assert refusal(text)[0] == message(text, caret, headline, advice)


def test_a_size_that_is_not_whole_is_found_when_the_sizes_are_known():
    tree = infer("reshape(A, r, -1)")
    with pytest.raises(UserError) as caught:
        shape_of(tree.type, {"n": 3, "m": 5, "r": 2}, tree)
    assert draw(caught.value.problems[0]) == (
        "error: the dimension m*n/r is 15/2 for m = 5, n = 3, r = 2\n  --> f:1:1\n1 | reshape(A, r, -1)\n"
        "  | ^^^^^^^^^^^^^^^^^\n   = help: say how the sizes are related: `dims: {m: 2*r}`"
    )


def test_the_names_that_others_import_are_here():
    call = Application("eigh", (TYPES["S"],), parse_expression(Text.whole("f", "eigh(S)")), DIMS)
    assert [str(t) for t in parts(call)] == ["[n]", "[n, n]"]
