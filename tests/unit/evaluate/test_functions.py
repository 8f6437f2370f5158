"""Both bindings of the function table do what each function's definition says, and torch differentiates it.

A case holds a definition of one function on its core arrays, written down
without the library calls that the bindings use. Everything else follows from it: values at any leading axes
on both back ends, and derivatives against differences of the NumPy binding.
"""

from __future__ import annotations

import collections
import itertools
import math
import statistics
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import scipy.linalg
import scipy.stats
import torch
from torch.autograd import forward_ad

from gradcheck_cli.evaluate.numpy_functions import NUMPY
from gradcheck_cli.evaluate.torch_functions import TORCH
from gradcheck_cli.lang.functions import FUNCTIONS

BOUND = {name for name, f in FUNCTIONS.items() if f.group not in {"derivative", "special"}}
TAKES_RANKS = {"matmul", "solve", "solve_triangular", "kron", "diag", "gather", "scatter_add"}
TAKES_LEAD = {"constructor", "shape", "indexing"}


# --- input: what a domain draws ---------------------------------------------------------------------------


def _spread(rng: Any, shape: Any) -> Any:
    """Numbers of which no two are close."""
    n = math.prod(shape)
    return (rng.permutation(n).reshape(shape) - n / 2) * 0.37


def _spd(rng: Any, shape: Any) -> Any:
    a = rng.normal(size=shape)
    return a @ np.swapaxes(a, -1, -2) + np.diag(np.arange(1.0, shape[-1] + 1))


DOMAINS: dict[str, Callable[..., Any]] = {
    "real": lambda rng, shape: rng.normal(size=shape),
    "positive": lambda rng, shape: rng.uniform(0.3, 2.5, shape),
    "inside one": lambda rng, shape: rng.uniform(-0.9, 0.9, shape),
    "above one": lambda rng, shape: rng.uniform(1.1, 3.0, shape),
    "nonzero": lambda rng, shape: rng.uniform(0.3, 2.0, shape) * rng.choice([-1.0, 1.0], shape),
    "not whole": lambda rng, shape: rng.integers(-3, 3, shape) + rng.uniform(0.2, 0.8, shape),
    "spread": _spread,
    "invertible": lambda rng, shape: (
        rng.normal(size=shape) + np.diag([3.0 * (-1) ** k for k in range(shape[-1])])
    ),
    "spd": _spd,
    "truth": lambda rng, shape: rng.integers(0, 2, shape) > 0,
    "whole": lambda rng, shape: rng.integers(-3, 4, shape),
    "index 3": lambda rng, shape: rng.integers(-3, 3, shape),
}

WHOLE = {"truth", "whole", "index 3"}
"""The domains whose numbers cannot be moved a little."""


# --- cases: definitions -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    name: str
    inputs: tuple[tuple[str, tuple[int, ...]], ...]
    definition: Callable[..., Any]
    statics: dict[str, Any] = field(default_factory=dict)
    smooth: bool = True

    @property
    def differentiable(self) -> bool:
        return self.smooth and any(domain not in WHOLE for domain, _ in self.inputs)

    def __str__(self) -> str:
        cores = " ".join(f"{domain}{list(core)}" for domain, core in self.inputs)
        return f"{self.name}({cores} {' '.join(f'{k}={v}' for k, v in self.statics.items())})".replace(
            ",", ""
        )


def elementwise(name: str, scalar: Callable[..., Any], *domains: str) -> Case:
    return Case(name, tuple((d, (3, 2)) for d in domains), np.vectorize(scalar, [float]))


def comparison(name: str, scalar: Callable[..., Any]) -> Case:
    return Case(name, (("whole", (3, 2)), ("whole", (3, 2))), np.vectorize(scalar, [bool]), {}, False)


def reduction(name: str, of_list: Callable[..., Any], domain: str, **extra: Any) -> list[Case]:
    def case(axis: tuple[int, ...], keepdims: bool) -> Case:
        def definition(x: Any) -> Any:
            last = np.moveaxis(x, axis, range(-len(axis), 0))
            kept = last.shape[: x.ndim - len(axis)]
            values = np.array([of_list([float(v) for v in last[i].ravel()]) for i in np.ndindex(kept)])
            size = [1 if a - x.ndim in axis else n for a, n in enumerate(x.shape)]
            return values.reshape(size if keepdims else kept)

        return Case(name, ((domain, (2, 3, 2)),), definition, {"axis": axis, "keepdims": keepdims, **extra})

    axes = [(-1,), (-2,), (-1, -3), (-3, -2, -1)] + ([] if extra.get("correction") else [()])
    return [case(a, k) for a in axes for k in (False, True)]


def along(name: str, of_list: Callable[..., Any], group: str = "real", **extra: Any) -> list[Case]:
    def case(axis: int) -> Case:
        def definition(x: Any) -> Any:
            return np.apply_along_axis(lambda v: np.array(of_list(v.tolist())), axis, x)

        return Case(name, ((group, (3, 2, 4)),), definition, {**extra, "axis": axis})

    return [case(a) for a in (-1, -2, -3)]


def _softmax(v: list[float]) -> list[float]:
    return [math.exp(a) / math.fsum(map(math.exp, v)) for a in v]


def _rotated(v: list[float], shift: int) -> list[float]:
    queue = collections.deque(v)
    queue.rotate(shift)
    return list(queue)


def _digamma(x: float) -> float:
    total = 0.0
    while x < 30:  # psi(x) = psi(x + 1) - 1 / x, then the asymptotic series
        total -= 1 / x
        x += 1
    return total + math.log(x) - 1 / (2 * x) - 1 / (12 * x**2) + 1 / (120 * x**4) - 1 / (252 * x**6)


def _leibniz(x: Any) -> float:
    """The determinant as a sum over permutations."""
    n = len(x)
    return math.fsum(
        (-1) ** sum(a > b for a, b in itertools.combinations(p, 2)) * math.prod(x[i, p[i]] for i in range(n))
        for p in itertools.permutations(range(n))
    )


def _cramer(x: Any) -> Any:
    """The inverse by cofactors."""
    n = len(x)
    minor = [[np.delete(np.delete(x, j, 0), i, 1) for j in range(n)] for i in range(n)]
    adjugate = [[(-1) ** (i + j) * _leibniz(minor[i][j]) for j in range(n)] for i in range(n)]
    return np.array(adjugate) / _leibniz(x)


def _cholesky(x: Any) -> Any:
    L = np.zeros_like(x)
    for i, j in itertools.product(range(len(x)), repeat=2):
        rest = x[i, j] - L[i] @ L[j]
        if i >= j:
            L[i, j] = math.sqrt(rest) if i == j else rest / L[j, j]
    return L


def _signs(v: Any) -> Any:
    return np.array([math.copysign(1, max(column, key=abs)) for column in v.T])


def _eigh(x: Any) -> Any:
    w, v = scipy.linalg.eigh(x)
    return w, v * _signs(v)


def _svd(x: Any) -> Any:
    u, s, vt = scipy.linalg.svd(x, full_matrices=False)
    return u * _signs(u), s, _signs(u)[:, None] * vt


def _einsum(subscripts: str) -> Callable[..., Any]:
    def definition(*arrays: Any) -> Any:
        operands, out = subscripts.split("->")
        terms = operands.split(",")
        size = {c: n for t, a in zip(terms, arrays, strict=True) for c, n in zip(t, a.shape, strict=True)}
        total = np.zeros([size[c] for c in out])
        for values in itertools.product(*map(range, size.values())):
            at = dict(zip(size, values, strict=True))
            factors = [a[tuple(at[c] for c in term)] for term, a in zip(terms, arrays, strict=True)]
            total[tuple(at[c] for c in out)] += math.prod(factors)
        return total

    return definition


def _triangle(k: int, sign: int) -> Callable[..., Any]:
    def definition(x: Any) -> Any:
        zeroed = [(i, j) for i, j in np.ndindex(x.shape[-2:]) if sign * (j - i - k) > 0]
        out = x.copy()
        for i, j in zeroed:
            out[..., i, j] = 0
        return out

    return definition


def _take_along(axis: int) -> Callable[..., Any]:
    def definition(x: Any, indices: Any) -> Any:
        size = [max(m, n) for m, n in zip(x.shape, indices.shape, strict=True)]
        size[axis] = indices.shape[axis]
        out = np.zeros(size)
        for i, j in np.ndindex(*out.shape):
            at = [i % x.shape[0], j % x.shape[1]]
            at[axis] = indices[i % indices.shape[0], j % indices.shape[1]]
            out[i, j] = x[tuple(at)]
        return out

    return definition


def _scatter_add(x: Any, indices: Any, updates: Any) -> Any:
    out = x.copy()
    for t in np.ndindex(indices.shape):
        out[indices[t]] += updates[t]
    return out


def of(*inputs: Any) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Inputs: a shape of real numbers, or (domain, shape)."""
    return tuple(i if i and isinstance(i[0], str) else ("real", i) for i in inputs)


def _solve_triangular(lower: bool) -> Callable[..., Any]:
    return lambda a, b: _cramer(_triangle(0, 1 if lower else -1)(a)) @ b


INVERTIBLE = ("invertible", (3, 3))
CASES = [
    elementwise("add", lambda x, y: x + y, "real", "real"),
    elementwise("add", lambda x, y: x + y, "real", "whole"),
    elementwise("subtract", lambda x, y: x - y, "real", "real"),
    elementwise("multiply", lambda x, y: x * y, "real", "real"),
    elementwise("divide", lambda x, y: x / y, "real", "nonzero"),
    elementwise("power", lambda x, y: x**y, "positive", "real"),
    elementwise("power", lambda x, y: x**y, "nonzero", "whole"),
    elementwise("negative", lambda x: -x, "real"),
    comparison("less", lambda x, y: x < y),
    comparison("less_equal", lambda x, y: x <= y),
    comparison("greater", lambda x, y: x > y),
    comparison("greater_equal", lambda x, y: x >= y),
    comparison("equal", lambda x, y: x == y),
    comparison("not_equal", lambda x, y: x != y),
    elementwise("exp", math.exp, "real"),
    elementwise("exp", math.exp, "whole"),
    elementwise("log", math.log, "positive"),
    elementwise("log1p", math.log1p, "inside one"),
    elementwise("expm1", math.expm1, "real"),
    elementwise("sqrt", math.sqrt, "positive"),
    elementwise("rsqrt", lambda x: x**-0.5, "positive"),
    elementwise("abs", math.fabs, "nonzero"),
    elementwise("sign", lambda x: math.copysign(1, x), "nonzero"),
    elementwise("sin", math.sin, "real"),
    elementwise("cos", math.cos, "real"),
    elementwise("tan", math.tan, "inside one"),
    elementwise("asin", math.asin, "inside one"),
    elementwise("acos", math.acos, "inside one"),
    elementwise("atan", math.atan, "real"),
    elementwise("atan2", math.atan2, "nonzero", "positive"),
    elementwise("sinh", math.sinh, "real"),
    elementwise("cosh", math.cosh, "real"),
    elementwise("tanh", math.tanh, "real"),
    elementwise("asinh", math.asinh, "real"),
    elementwise("acosh", math.acosh, "above one"),
    elementwise("atanh", math.atanh, "inside one"),
    elementwise("erf", math.erf, "real"),
    elementwise("erfc", math.erfc, "real"),
    elementwise("erfinv", lambda x: scipy.stats.norm.ppf((x + 1) / 2) / math.sqrt(2), "inside one"),
    elementwise("lgamma", math.lgamma, "not whole"),
    elementwise("digamma", _digamma, "not whole"),
    elementwise("sigmoid", lambda x: 1 / (1 + math.exp(-x)), "real"),
    elementwise("sigmoid", lambda x: 1 / (1 + math.exp(-x)), "whole"),
    elementwise("logsigmoid", lambda x: -math.log(1 + math.exp(-x)), "real"),
    elementwise("softplus", lambda x: math.log(1 + math.exp(x)), "real"),
    elementwise("relu", lambda x: max(x, 0.0), "nonzero"),
    elementwise("silu", lambda x: x / (1 + math.exp(-x)), "real"),
    elementwise("gelu", lambda x: x * statistics.NormalDist().cdf(x), "real"),
    elementwise(
        "gelu_tanh", lambda x: x / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))), "real"
    ),
    elementwise("where", lambda c, x, y: x if c else y, "truth", "real", "real"),
    elementwise("where", lambda c, x, y: x if c else y, "whole", "real", "whole"),
    elementwise("clip", lambda *three: sorted(three)[1], "not whole", "inside one", "above one"),
    elementwise("minimum", min, "real", "real"),
    elementwise("maximum", max, "real", "real"),
    elementwise("floor", math.floor, "not whole"),
    *reduction("sum", math.fsum, "real"),
    *reduction("mean", statistics.fmean, "real"),
    *reduction("mean", statistics.fmean, "whole"),
    *reduction("mean", statistics.fmean, "truth"),
    *reduction("prod", math.prod, "nonzero"),
    *reduction("var", statistics.pvariance, "real", correction=0.0),
    *reduction("var", statistics.variance, "real", correction=1.0),
    *reduction("std", statistics.pstdev, "real", correction=0.0),
    *reduction("std", statistics.stdev, "real", correction=1.0),
    *reduction("max", max, "spread"),
    *reduction("min", min, "spread"),
    *reduction("logsumexp", lambda v: math.log(math.fsum(map(math.exp, v))), "real"),
    *reduction("norm", lambda v: math.hypot(*v), "nonzero"),
    *along("cumsum", lambda v: list(itertools.accumulate(v))),
    *along("cumprod", lambda v: list(itertools.accumulate(v, lambda a, b: a * b))),
    *along("softmax", _softmax),
    *along("softmax", _softmax, "whole"),
    *along("log_softmax", lambda v: list(map(math.log, _softmax(v)))),
    *along("flip", lambda v: v[::-1]),
    *along("roll", lambda v: _rotated(v, 1), shift=1),
    *along("roll", lambda v: _rotated(v, -5), shift=-5),
    *(
        Case("matmul", of(x, y), np.matmul)
        for x, y in [
            ((3,), (3,)), ((3,), (3, 2)), ((2, 3), (3,)), ((2, 3), (3, 4)), ((3,), (4, 3, 2)),
            ((4, 2, 3), (3,)), ((4, 2, 3), (3, 2)), ((2, 3), (4, 3, 2)), ((5, 1, 2, 3), (4, 3, 2)),
            ((1, 2), (2, 1)), ((1,), (1, 3)),
        ]
    ),
    Case("matmul", of(("whole", (2, 3)), ("whole", (3, 2))), lambda x, y: np.matmul(x, y).astype(float)),
    Case("trace", of((3, 3)), lambda x: math.fsum(x[i, i] for i in range(3))),
    Case("trace", of((2, 3, 3)), lambda x: np.array([math.fsum(a[i, i] for i in range(3)) for a in x])),
    Case("rank", of(INVERTIBLE), lambda x: len(x)),
    Case("rank", of((2, 3, 4)), lambda x: np.linalg.matrix_rank(x)),
    Case("det", of(INVERTIBLE), _leibniz),
    Case("logdet", of(INVERTIBLE), lambda x: math.log(abs(_leibniz(x)))),
    Case("inv", of(INVERTIBLE), _cramer),
    Case("pinv", of((4, 2)), lambda x: _cramer(x.T @ x) @ x.T),
    Case("pinv", of((2, 4)), lambda x: x.T @ _cramer(x @ x.T)),
    Case("solve", of(INVERTIBLE, (3,)), lambda a, b: _cramer(a) @ b),
    Case("solve", of(INVERTIBLE, (3, 3)), lambda a, b: _cramer(a) @ b),
    Case("solve", of(INVERTIBLE, (2, 3, 4)), lambda a, b: _cramer(a) @ b),
    Case("solve", of(("invertible", (2, 3, 3)), (3,)), lambda a, b: np.array([_cramer(m) @ b for m in a])),
    Case("cholesky", of(("spd", (3, 3))), _cholesky),
    *(
        Case("solve_triangular", of(("invertible", (3, 3)), b), _solve_triangular(lower), {"lower": lower})
        for lower in (True, False)
        for b in [(3,), (3, 2), (2, 3, 2)]
    ),
    Case("eigh", of(("spd", (3, 3))), _eigh),
    Case("svd", of((4, 3)), _svd),
    Case("svd", of((3, 4)), _svd),
    Case("kron", of((3,), (2,)), np.kron),
    Case("kron", of((3, 2), (2, 4)), np.kron),
    Case("outer", of((3,), (2,)), lambda x, y: np.array([[a * b for b in y] for a in x])),
    Case("dot", of((3,), (3,)), lambda x, y: math.fsum(a * b for a, b in zip(x, y, strict=True))),
    *(
        Case("einsum", of(*shapes), _einsum(subscripts), {"subscripts": subscripts})
        for subscripts, shapes in {
            "ij,jk->ik": ((2, 3), (3, 4)), "ii->i": ((3, 3),), "ij->": ((2, 3),), "ij->ji": ((2, 3),),
            "i,j->ij": ((2,), (3,)), "aB,ac,Bcd->da": ((2, 3), (2, 4), (3, 4, 2)), ",i->i": ((), (3,)),
        }.items()
    ),
    *(Case("tril", of((3, 4)), _triangle(k, 1), {"k": k}) for k in (0, -1, 2)),
    *(Case("triu", of((2, 4, 3)), _triangle(k, -1), {"k": k}) for k in (0, 1, -1)),
    Case("diag", of((3,)), np.diag),
    Case("diag", of((3, 4)), np.diag),
    Case("diag", of((4, 3)), np.diag),
    Case("eye", (), lambda: np.diag(np.ones(3)), {"n": 3, "m": None}, False),
    Case("eye", (), lambda: np.array([[1.0, 0, 0], [0, 1, 0]]), {"n": 2, "m": 3}, False),
    Case("ones", (), lambda: np.array([[1.0, 1, 1], [1, 1, 1]]), {"shape": (2, 3)}, False),
    Case("ones", (), lambda: np.array(1.0), {"shape": ()}, False),
    Case("zeros", (), lambda: np.array([0.0, 0]), {"shape": (2,)}, False),
    Case("ones_like", of(("whole", (2,))), lambda x: np.array([1.0, 1.0]), {}, False),
    Case("zeros_like", of((2,)), lambda x: np.array([0.0, 0.0]), {}, False),
    Case("arange", (), lambda: np.array([0, 1, 2, 3]), {"n": 4}, False),
    Case("reshape", of((2, 6)), lambda x: x.reshape(3, 4), {"shape": (3, 4)}),
    Case("reshape", of((2, 6)), np.ravel, {"shape": (-1,)}),
    Case("reshape", of((1, 1)), lambda x: x[0, 0], {"shape": ()}),
    Case("transpose", of((2, 3, 4)), lambda x: x.T, {"axes": ()}),
    Case("transpose", of((2, 3, 4)), lambda x: _einsum("abc->cab")(x), {"axes": (2, 0, 1)}),
    Case("swapaxes", of((2, 3, 4)), _einsum("abc->cba"), {"axis1": -1, "axis2": -3}),
    Case("concatenate", of((2, 3), (1, 3), (2, 3)), lambda *a: np.vstack(a), {"axis": -2}),
    Case("concatenate", of((2, 3), ("whole", (2, 1))), lambda *a: np.hstack(a), {"axis": -1}),
    Case("stack", of((2, 3), ("whole", (2, 3))), lambda *a: np.array(a), {"axis": -3}),
    Case("stack", of((2, 3), (2, 3)), lambda *a: np.dstack(a), {"axis": -1}),
    Case("broadcast_to", of((3, 1)), lambda x: np.zeros((4, 3, 2)) + x, {"shape": (4, 3, 2)}),
    Case("broadcast_to", of(()), lambda x: np.zeros((2,)) + x, {"shape": (2,)}),
    Case("expand_dims", of((3, 2)), lambda x: x[:, None, :], {"axis": -2}),
    Case("expand_dims", of((3, 2)), lambda x: x[None], {"axis": -3}),
    Case("squeeze", of((3, 1, 2)), lambda x: x[:, 0], {"axis": -2}),
    Case("repeat", of((2, 2)), lambda x: x[[0, 0, 0, 1, 1, 1]], {"times": 3, "axis": -2}),
    Case("repeat", of((2, 2)), lambda x: x[:, [0, 0, 1, 1]], {"times": 2, "axis": -1}),
    Case("tile", of((2, 2)), lambda x: np.block([[x, x, x]] * 2), {"reps": (2, 3)}),
    Case("tile", of((2,)), lambda x: np.array([[*x, *x]] * 3), {"reps": (3, 2)}),
    Case(
        "pad", of((2, 2)), lambda x: np.vstack([np.zeros((1, 2)), x, np.zeros((2, 2))]),
        {"before": 1, "after": 2, "axis": -2},
    ),
    Case("pad", of((2, 2)), lambda x: np.c_[x, [0.0, 0.0]], {"before": 0, "after": 1, "axis": -1}),
    *(
        Case("gather", of(x, ("index 3", i)), lambda x, i, axis=axis: np.take(x, i, axis), {"axis": axis})
        for x, axis in [((3,), -1), ((3, 2), -2), ((2, 3), -1), ((2, 3, 4), -2)]
        for i in [(), (4,), (2, 2)]
    ),
    Case("take_along_axis", of((3, 2), ("index 3", (4, 2))), _take_along(-2), {"axis": -2}),
    Case("take_along_axis", of((2, 3), ("index 3", (1, 4))), _take_along(-1), {"axis": -1}),
    Case("take_along_axis", of((1, 3), ("index 3", (2, 1))), _take_along(-1), {"axis": -1}),
    *(
        Case("one_hot", of(("index 3", i)), lambda i: (i[..., None] % 3 == [0, 1, 2]) * 1.0, {"n": 3}, False)
        for i in [(), (4,), (2, 2)]
    ),
    *(
        Case("scatter_add", of((3, *rest), ("index 3", i), (*i, *rest)), _scatter_add)
        for rest in [(), (2,)]
        for i in [(), (5,), (2, 3)]
    ),
    *(
        Case(
            "slice", of((2, 5, 2)), lambda x, s=slice(a, b, c): x[:, s],
            {"axis": -2, "start": a, "stop": b, "step": c},
        )
        for a, b, c in [(1, 4, None), (None, None, -1), (-2, None, -2), (None, -1, 2), (3, 0, -2), (0, 9, 3)]
    ),
]  # fmt: skip

LEADS: list[list[tuple[int, ...]]] = [[()], [(3,), (1,)], [(1,), (3,)], [(2, 1, 2), (1, 3, 2), (2, 3, 1)]]
"""The leading axes of the first argument, the second and so on, cyclically."""


# --- the tests --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", autouse=True)
def quiet_torch() -> None:
    """The first dual number makes torch load a module that warns about torch."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with forward_ad.dual_level():
            forward_ad.make_dual(torch.ones(1), torch.ones(1))


DEVICES = ["cpu", *([pytest.param("cuda", marks=pytest.mark.gpu)] if torch.cuda.is_available() else [])]


def draw(case: Case, leads: list[tuple[int, ...]]) -> list[Any]:
    rng = np.random.default_rng(7)
    shapes = zip(case.inputs, itertools.cycle(leads))
    return [np.asarray(DOMAINS[domain](rng, lead + core)) for (domain, core), lead in shapes]


def call(table: Any, case: Case, arrays: list[Any], lead: int, device: str = "cpu") -> tuple[Any, ...]:
    """What the binding gives, always as a tuple."""
    statics = dict(case.statics)
    group = FUNCTIONS[case.name].group
    if group in TAKES_LEAD:
        statics["lead"] = lead
    if group == "constructor" and table is TORCH:
        statics["device"] = device
    if case.name in TAKES_RANKS:
        statics["ranks"] = tuple(len(core) for _, core in case.inputs)
    out = table[case.name](*arrays, **statics)
    return out if isinstance(out, tuple) else (out,)


def to_torch(arrays: list[Any], device: str = "cpu") -> list[Any]:
    return [torch.tensor(a, device=device) for a in arrays]


def defined(case: Case, arrays: list[Any], lead: int) -> list[Any]:
    """The definition at every place of the leading axes."""
    full = np.broadcast_shapes((1,) * lead, *(a.shape[:lead] for a in arrays))
    wide = [np.broadcast_to(a, full + a.shape[lead:]) for a in arrays]
    rows = [case.definition(*(a[i] for a in wide)) for i in np.ndindex(full)]
    rows = [r if isinstance(r, tuple) else (r,) for r in rows]
    return [np.array(column).reshape(full + np.shape(column[0])) for column in zip(*rows, strict=True)]


def test_every_function_is_bound_twice_and_nothing_else_is() -> None:
    assert set(NUMPY) == BOUND
    assert set(TORCH) == BOUND


def test_every_function_has_a_case() -> None:
    assert {case.name for case in CASES} == BOUND


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_values_are_those_of_the_definition(case: Case, device: str) -> None:
    for leads in LEADS:
        lead, arrays = len(leads[0]), draw(case, leads)
        expected = defined(case, arrays, lead)
        ours = call(NUMPY, case, arrays, lead)
        theirs = call(TORCH, case, to_torch(arrays, device), lead, device)
        assert len(ours) == len(theirs) == len(expected)
        for want, a, b in zip(expected, ours, theirs, strict=True):
            assert b.device.type == device
            for got in (np.asarray(a), b.cpu().numpy()):
                assert got.ndim == want.ndim
                assert got.dtype == want.dtype
                np.testing.assert_allclose(np.broadcast_to(got, want.shape), want, rtol=1e-10, atol=1e-12)


def difference(f: Callable[[float], Any]) -> list[Any]:
    """df/dt at 0 by central differences, extrapolated once."""

    def central(h: float) -> list[Any]:
        return [(a - b) / (2 * h) for a, b in zip(f(h), f(-h), strict=True)]

    h = 1e-3
    return [(4 * fine - coarse) / 3 for fine, coarse in zip(central(h / 2), central(h), strict=True)]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("case", [c for c in CASES if c.differentiable], ids=str)
def test_torch_differentiates_both_ways(case: Case, device: str) -> None:
    arrays = draw(case, [(3, 1), (1, 2)])
    rng = np.random.default_rng(11)
    real = [i for i, a in enumerate(arrays) if a.dtype == np.float64]
    tensors = to_torch(arrays, device)
    for i in real:
        tensors[i].requires_grad_()
    outputs = call(TORCH, case, tensors, 2)
    weights = [torch.tensor(rng.normal(size=o.shape), device=device) for o in outputs]
    loss = sum((w * o).sum() for w, o in zip(weights, outputs, strict=True))
    loss = loss + 0 * sum(tensors[i].sum() for i in real)  # where a result is constant: derivative 0
    gradients = torch.autograd.grad(loss, [tensors[i] for i in real])

    for i, gradient in zip(real, gradients, strict=True):
        direction = rng.normal(size=arrays[i].shape)

        def moved(t: float, i: int = i, direction: Any = direction) -> Any:
            there = [a + t * direction if j == i else a for j, a in enumerate(arrays)]
            return call(NUMPY, case, there, 2)

        expected = difference(moved)
        products = [w.cpu().numpy() * e for w, e in zip(weights, expected, strict=True)]
        size = sum(np.abs(p).sum() for p in products)
        slope = float((gradient.cpu().numpy() * direction).sum())
        assert slope == pytest.approx(sum(p.sum() for p in products), rel=1e-8, abs=1e-8 * (1 + size))

        with forward_ad.dual_level():
            dual = to_torch(arrays, device)
            dual[i] = forward_ad.make_dual(dual[i], torch.tensor(direction, device=device))
            for o, e in zip(call(TORCH, case, dual, 2), expected, strict=True):
                tangent = forward_ad.unpack_dual(o).tangent
                tangent = torch.zeros_like(o) if tangent is None else tangent
                np.testing.assert_allclose(tangent.cpu(), e, rtol=1e-7, atol=1e-8 * (1 + np.abs(e).max()))
