"""Exact expectations against scipy's moments, closed forms, Isserlis' theorem, quadrature and plain NumPy."""

from fractions import Fraction

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcheck_cli.evaluate.deadline import OutOfTime, limited
from gradcheck_cli.evaluate.interpret import Evaluation, shape_of
from gradcheck_cli.evaluate.numpy_backend import NumpyBackend
from gradcheck_cli.evaluate.objects import Inexact
from gradcheck_cli.lang.plain import parse_expression
from gradcheck_cli.oracle.moments import Distribution, expectation, polynomials
from gradcheck_cli.oracle.polynomials import MAX_SYMBOLS, Ring
from gradcheck_cli.oracle.sequential import judge_mean
from gradcheck_cli.shapes.dims import Dim
from gradcheck_cli.shapes.infer import Scope
from gradcheck_cli.shapes.typed import Type
from gradcheck_cli.text import Text, UserError

DIMS = {name: Dim.of(name) for name in "nm"}
N, M = DIMS.values()
ONE = Dim.of(1)
TYPES = {
    "u": Type((N, ONE)), "v": Type((ONE, M)), "x": Type((N,)), "z": Type((N,)), "U": Type((N, N)), "s": Type(()),
    "A": Type((N, N)), "B": Type((N, N)), "G": Type((N, M)), "a": Type((N,)), "c": Type(()),
    "i": Type((M,), "int"), "mask": Type((N, M), "bool"),
}  # fmt: skip
RANDOM = {"u", "v", "x", "z", "U", "s"}
STANDARD = Distribution("normal", (Fraction(0), Fraction(1)))


def law(name, *parameters):
    return Distribution(name, tuple(Fraction(p) for p in parameters))


class World:
    """A ring, sizes, and a value for every name; `random` decides which of them are symbols."""

    def __init__(self, n=3, m=2, random=frozenset(RANDOM), law=STANDARD, seed=0):
        rng = np.random.default_rng(seed)
        self.ring, self.sizes, self.values = Ring(), {"n": n, "m": m}, {}
        for name, type_ in TYPES.items():
            shape = shape_of(type_, self.sizes)
            if type_.dtype == "bool":
                self.values[name] = rng.random(shape) < 0.5
            elif type_.dtype == "int":
                self.values[name] = rng.integers(0, n, shape)
            elif name in random:
                self.values[name] = self.ring.symbols(law, shape)
            else:
                numbers = [Fraction(int(k), 7) for k in rng.integers(-9, 10, int(np.prod(shape)))]
                self.values[name] = np.array(numbers, dtype=object).reshape(shape)

    def typed(self, text, over=()):
        scope = Scope(TYPES, DIMS, invents=bool(over))
        if over:
            scope.infer(parse_expression(Text.whole("f", over)))
        free = tuple(range(len(scope.indices)))
        scope.invents = False
        tree = scope.infer(parse_expression(Text.whole("f", text)))
        return tree, self.sizes, lambda q: self.values[q.name], self.ring, len(scope.indices), free

    def __call__(self, text, over=()):
        return expectation(*self.typed(text, over))

    def value(self, text):
        found = self(text)
        assert found.value is not None, found.reason
        return found.value


# The laws ---------------------------------------------------------------------------------------------------

LAWS = [
    (law("normal", 0, 1), scipy.stats.norm()),
    (law("normal", "3/2", "1/3"), scipy.stats.norm(1.5, 1 / 3)),
    (law("normal", -2, 0), None),
    (law("uniform", 0, 1), scipy.stats.uniform()),
    (law("uniform", "-1/2", "3/4"), scipy.stats.uniform(-0.5, 1.25)),
    (law("rademacher"), scipy.stats.rv_discrete(values=([-1, 1], [0.5, 0.5]))),
]


@pytest.mark.parametrize(("ours", "scipys"), LAWS)
def test_moments_are_those_of_scipy(ours, scipys):
    for k in range(9):
        value = ours.moment(k)
        assert isinstance(value, Fraction)
        expected = (-2.0) ** k if scipys is None else 1.0 if not k else scipys.moment(k)
        assert float(value) == pytest.approx(expected, rel=1e-7, abs=1e-7)


def test_moments_have_their_closed_forms():
    assert [STANDARD.moment(2 * k) for k in range(6)] == [1, 1, 3, 15, 105, 945]
    assert law("normal", 2, 3).moment(3) == 2**3 + 3 * 2 * 9
    assert law("uniform", -1, 1).moment(4) == Fraction(1, 5)


@pytest.mark.parametrize(("ours", "scipys"), LAWS)
def test_samples_follow_the_law(ours, scipys):
    found = ours.sample(np.random.default_rng(1), (50_000, 2))
    assert found.shape == (50_000, 2)
    assert found.dtype == np.float64
    if ours.name == "rademacher":
        assert set(np.unique(found)) == {-1.0, 1.0}
        assert abs(found.mean()) < 0.02
    elif scipys is None:
        assert (found == -2).all()
    else:
        assert scipy.stats.kstest(found.ravel(), scipys.cdf).pvalue > 1e-4
    if scipys is not None:
        assert abs(np.corrcoef(found.T)[0, 1]) < 0.03


@pytest.mark.parametrize(
    "wrong", [("normal", 1), ("normal", 0, -1), ("uniform", 1, 1), ("rademacher", 1), ("cauchy",)]
)
def test_parameters_that_are_none(wrong):
    with pytest.raises(ValueError, match=r"cannot have|negative|not below"):
        law(*wrong)


# Isserlis ---------------------------------------------------------------------------------------------------


def equal(found, expected):
    assert np.all(found == expected), (found, expected)


@pytest.mark.parametrize("n", [2, 3, 4])
def test_closed_forms_of_normal_vectors(n):
    w = World(n)
    A, B = w.values["A"], w.values["B"]
    eye = np.array([[Fraction(int(i == j)) for j in range(n)] for i in range(n)], dtype=object)
    equal(w.value("u @ u.T"), eye)
    equal(w.value("u.T @ A @ u"), np.trace(A))
    equal(w.value("(x @ A @ x)**2"), np.trace(A) ** 2 + np.trace(A @ A) + np.trace(A @ A.T))
    equal(w.value("u @ u.T @ B @ u @ u.T"), B + B.T + np.trace(B) * eye)
    # E[(x'Ax)(x'Bx)], and the fourth moments themselves
    equal(
        w.value("(x @ A @ x) * (x @ B @ x)"), np.trace(A) * np.trace(B) + np.trace(A @ B) + np.trace(A @ B.T)
    )
    four = w.value("einsum('i,j,k,l->ijkl', x, x, x, x)")
    pairings = [np.einsum(s, eye, eye) for s in ("ij,kl->ijkl", "ik,jl->ijkl", "il,jk->ijkl")]
    equal(four, sum(pairings))


@pytest.mark.parametrize("n", [2, 3])
def test_wishart_moments(n):
    w = World(n)
    eye = np.eye(n, dtype=int)
    equal(w.value("U @ U.T"), n * eye)
    equal(w.value("U @ U.T @ U @ U.T"), (n * n + n * n + n) * eye)  # n (n + n + 1), von Rosen 1988
    equal(w.value("det(U)"), 0)
    equal(w.value("det(U)**2"), {2: 2, 3: 6}[n])  # n!
    equal(w.value("U @ A @ U.T"), np.trace(w.values["A"]) * eye)


def test_the_direction_of_low_rank_adapters():
    """B A with one of them frozen: each product sees the gradient through a random projection, whose mean is the identity."""
    w = World(3, 2)
    equal(w.value("u @ (u.T @ G) + (G @ v.T) @ v"), 2 * w.values["G"])
    equal(w.value("u @ (u.T @ G) + (G @ v.T) @ v - 2 * G"), 0)


def test_laws_matter():
    assert World(2, law=law("rademacher")).value("sum(x**4)") == 2
    assert World(2, law=law("uniform", 0, 1)).value("prod(x)") == Fraction(1, 4)
    assert World(2, law=law("normal", 1, 2)).value("sum(x**2)") == 10
    assert World(3, law=law("normal", 5, "1/2")).value("var(x, correction=1)") == Fraction(1, 4)
    assert World(3, law=law("normal", 5, "1/2")).value("var(x)") == Fraction(1, 6)
    assert World(4, law=law("uniform", -1, 1)).value("mean(x)**2") == Fraction(1, 12)


def test_names_are_independent_and_a_name_is_itself():
    w = World()
    equal(w.value("x * z"), 0)
    equal(w.value("x * x"), 1)
    equal(w.value("x - x"), 0)
    equal(w.value("s * x * x * s"), 1)


def test_intermediates_stay_polynomials():
    w = World()
    w.values["z"] = polynomials(*w.typed("A @ x"))
    A = w.values["A"]
    equal(w.value("outer(z, z)"), A @ A.T)
    equal(w.value("outer(z, x)"), A)


def test_index_notation():
    w = World()
    A = w.values["A"]
    assert w.value("sum[i, j](A[i, j] * x[i] * x[j])") == np.trace(A)
    assert w.value("sum[k](k * x[k] * x[k])") == 3
    assert w.value("prod[k](1 + x[k])") == 1
    equal(w("x[p] * x[q] + A[p, q]", "A[p, q]").value, A + np.eye(3, dtype=int))
    equal(w("A[p, q] * x[q] * x[q]", "A[q, p]").value, A.T)


# The table --------------------------------------------------------------------------------------------------

TABLE = [
    "A + B", "A - B", "A * B", "-A", "A / 7", "A / c", "A**3", "A**0", "(c**2)**-2", "A @ B", "A @ a", "a @ A",
    "a @ a", "trace(A)", "det(A)", "sum(A)", "sum(A, axis=0, keepdims=True)", "mean(A, axis=-1)", "prod(A)",
    "var(A, axis=0, correction=1)", "cumsum(A, axis=0)", "cumprod(A)", "dot(a, a)", "outer(a, G[:, 0])", "kron(A, G)",
    "kron(a, a)", "einsum('ij,jk,k->i', A, B, a)", "tril(A)", "triu(A, 1)", "diag(a)", "diag(A)", "A.T", "A.mT",
    "transpose(G)", "swapaxes(G, 0, 1)", "reshape(G, n*m)", "A[1:, ::-1]", "A[0]", "A[:, -1]", "concatenate(A, G, axis=1)",
    "stack(A, B, axis=1)", "broadcast_to(a, m, n)", "expand_dims(a, axis=0)", "squeeze(expand_dims(a, axis=0), axis=0)",
    "repeat(G, 2)", "tile(G, 2, 1)", "flip(G)", "roll(A, 1, axis=0)", "pad(G, 1, 2)", "A[i]", "gather(A, i, axis=1)",
    "take_along_axis(A, reshape(arange(n), 1, n), axis=0)", "one_hot(i, n) @ A", "scatter_add(A, i, G.T @ A)",
    "where(mask, G, 2 * G)", "where(A > 0, A, B)", "mask * G", "sum(mask)", "eye(n) @ A", "eye(n, m) + G", "ones(n, m) + G",
    "zeros(n) + a", "ones_like(A)", "zeros_like(A)", "arange(n) * a", "abs(A)", "sign(A)", "relu(A)", "clip(A, -1, 1/2)",
    "minimum(A, B)", "maximum(A, 0)", "floor(A)", "max(A, axis=0)", "min(A)", "sqrt(A**2)", "(4 * A**2)**0.5", "norm(c)",
    "rsqrt(4 * c**2)", "sqrt(4) * a", "n * a / m", "std(stack(c, -c))", "A * (i[0] == 1)",
]  # fmt: skip


@pytest.mark.parametrize("text", TABLE)
def test_functions_of_what_is_not_random_are_those_of_numpy(text):
    w = World(random=frozenset())
    w.values["c"] = Fraction(3, 7)
    found = w.value(text)
    tree, sizes, *_ = w.typed(text)
    arrays = {
        k: np.asarray(v) if TYPES[k].dtype != "real" else np.asarray(v).astype(float)
        for k, v in w.values.items()
    }
    expected = Evaluation(NumpyBackend(), sizes, lambda q: arrays[q.name][None]).value(tree)[0]
    assert found.shape == expected.shape
    assert all(isinstance(v, Fraction) for v in found.ravel())
    np.testing.assert_allclose(found.astype(float), np.asarray(expected, float), rtol=1e-9, atol=1e-12)


LINEAR = [t for t in TABLE if not any(f in t for f in ("abs", "sign", "relu", "clip", "imum", "floor", "max(", "min(", "sqrt", "norm", "std", ">", "0.5"))]  # fmt: skip


@pytest.mark.parametrize("text", LINEAR)
def test_polynomials_take_the_values_of_numpy(text):
    """The same functions of random symbols: the polynomial, with numbers for the symbols, is NumPy's value."""
    w = World(random=frozenset({"A", "B", "G", "a"}))
    w.values["c"] = Fraction(3, 7)
    found = polynomials(*w.typed(text))
    numbers = np.random.default_rng(3).integers(-3, 4, len(w.ring.laws))
    arrays, at = {}, 0
    for name, value in w.values.items():
        if TYPES[name].dtype != "real":
            arrays[name] = value
        elif name in "ABGa":
            arrays[name] = numbers[at : at + value.size].reshape(value.shape).astype(float)
            at += value.size
        else:
            arrays[name] = np.asarray(value).astype(float)
    tree, sizes, *_ = w.typed(text)
    expected = Evaluation(NumpyBackend(), sizes, lambda q: arrays[q.name][None]).value(tree)[0]
    substituted = [
        sum(
            c
            * np.prod(
                [int(x) ** p for x, p in zip(numbers, m.to_bytes(64, "little"), strict=False)], dtype=object
            )
            for m, c in p.terms.items()
        )
        for p in found.ravel()
    ]
    assert found.shape == expected.shape
    np.testing.assert_allclose(
        np.array(substituted, float).reshape(found.shape), expected, rtol=1e-9, atol=1e-9
    )


# Against quadrature -----------------------------------------------------------------------------------------

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(16)  # exact up to degree 31
WEIGHTS = WEIGHTS / WEIGHTS.sum()


def expressions():
    leaf = st.sampled_from(["x[0]", "x[1]", "s", "2", "0.5", "c", "sum(x)", "(x @ x)"])
    return st.recursive(
        leaf,
        lambda e: st.one_of(
            st.tuples(e, st.sampled_from(["+", "-", "*"]), e).map(lambda t: f"({' '.join(t)})"),
            st.tuples(e, st.integers(0, 3)).map(lambda t: f"({t[0]})**{t[1]}"),
            e.map(lambda t: f"(-{t})"),
            e.map(lambda t: f"({t} / 3)"),
        ),
        max_leaves=6,
    )


@settings(max_examples=150, deadline=None)
@given(expressions(), st.sampled_from([(0, 1), (1, "1/2"), ("-1/3", 2)]))
def test_random_polynomials_agree_with_gauss_hermite_quadrature(text, parameters):
    w = World(2, law=law("normal", *parameters))
    tree, sizes, value_of, ring, *_ = w.typed(text)
    found = polynomials(tree, sizes, value_of, ring)
    if found.item().degree > 30:
        return
    mu, sigma = (float(Fraction(p)) for p in parameters)
    grid = np.stack([g.ravel() for g in np.meshgrid(*[mu + sigma * NODES] * 3)], 1)
    weights = np.prod([g.ravel() for g in np.meshgrid(*[WEIGHTS] * 3)], axis=0)
    arrays = {"x": grid[:, :2], "s": grid[:, 2], "c": np.array([float(w.values["c"].item())])}

    def mean(tree, change):
        values = Evaluation(NumpyBackend(), sizes, lambda q: change(arrays[q.name])).value(tree)
        return np.sum(np.broadcast_to(values, weights.shape) * weights)

    # the same without any cancellation is what rounding is relative to
    size = mean(w.typed(text.replace("(-", "(").replace("-", "+"))[0], np.abs)
    assert abs(float(w.value(text).item()) - mean(tree, np.asarray)) <= 1e-10 * size


SAMPLED = [
    "u @ u.T",
    "(x @ A @ x) * c",
    "u @ (u.T @ G) + (G @ v.T) @ v",
    "outer(x, z) + A",
    "var(x, correction=1)",
    "s * x * s",
]


@pytest.mark.parametrize("text", SAMPLED)
@pytest.mark.parametrize("of", [STANDARD, law("uniform", "-1/2", 2), law("rademacher")], ids=lambda d: d.name)
def test_the_two_engines_agree(text, of):
    w = World(law=of)
    tree, sizes, *_ = w.typed(text)

    def sample(rng, count):
        drawn = {}

        def value(quantity):
            name = quantity.name
            if name not in drawn:
                fixed = w.values[name]
                shape = (count, *fixed.shape)
                drawn[name] = of.sample(rng, shape) if name in RANDOM else np.asarray(fixed, float)[None]
            return drawn[name]

        return Evaluation(NumpyBackend(), sizes, value).value(tree)

    exact = w.value(text).astype(float)
    assert judge_mean(sample, exact, np.random.default_rng(0)).verdict != "wrong"
    off = exact + 0.25 * np.max(np.abs(exact), initial=0.2)
    assert judge_mean(sample, off, np.random.default_rng(0)).verdict == "wrong"


# What has no exact answer -----------------------------------------------------------------------------------

REASONS = [
    ("exp(x)", "`exp` has no exact value"),
    ("exp(c)", "`exp` has no exact value"),
    ("softmax(x)", "`softmax` has no exact value"),
    ("inv(U)", "`inv` has no exact value"),
    ("abs(x)", "`abs` of something random is no polynomial"),
    ("max(x)", "`max` of something random is no polynomial"),
    ("relu(x)", "`relu` of something random is no polynomial"),
    ("where(x > 0, x, 0)", "`greater` of something random is no polynomial"),
    ("where(x, x, 0)", "a condition or an index is random"),
    ("sqrt(x)", "a square root of something random is no polynomial"),
    ("norm(x)**2", "a square root of something random is no polynomial"),
    ("x / sqrt(n)", "a square root is not rational"),
    ("sqrt(-n) * x", "the square root of a negative number"),
    ("1 / x", "a random quantity stands in a denominator"),
    ("x**-1", "a random quantity stands in a denominator"),
    ("x / (n - 3)", "a division by zero"),
    ("mean(x[1:1])", "a division by zero"),
    ("var(s, correction=1)", "a division by zero"),
    ("x**s", "an exponent is random"),
    ("x**(1/3)", "the power 1/3 has no exact value"),
    ("pi * x", "the constant 3.1416 is not rational"),
    ("(x**8)**9", "the degree is above 64"),
    ("2**(10**9) * x", "a number has more than 4096 bits"),
    ("(1/3)**(10**9) * x", "a number has more than 4096 bits"),
    ("x**(10**15)", "the degree is above 64"),
    ("sum(U)**9", "there are more than 20000 terms"),
    ("sum(U)**5 * sum(U)**5", "it would be too much work"),
    ("ones(n, 30000) * c", "there are more than 65536 elements"),
]


@pytest.mark.parametrize(("text", "reason"), REASONS)
def test_why_there_is_no_exact_answer(text, reason):
    found = World()(text)
    assert found.value is None
    assert found.reason == reason


def test_random_things_that_cancel_are_not_random():
    assert World().value("sqrt(4 + s - s)") == 2


def test_the_number_of_terms_is_bounded(monkeypatch):
    monkeypatch.setattr("gradcheck_cli.oracle.polynomials.MAX_TERMS", 50)
    assert World()("sum(x)**8").value is not None  # 45 monomials of degree 8 in 3 symbols
    assert World()("sum(x)**9").reason == "there are more than 50 terms"  # 55 of degree 9


def test_the_number_of_symbols_is_bounded():
    ring = Ring()
    ring.symbols(STANDARD, (MAX_SYMBOLS,))
    with pytest.raises(Inexact, match="more than 256 random numbers"):
        ring.symbols(STANDARD, ())


def test_what_is_given_must_be_finite():
    w = World()
    w.values["a"] = np.array([1.0, np.inf, 2.0])
    assert w("a * x").reason == "a number is not finite"
    w.values["a"] = np.array([0.5, 0.25, 2.0])  # floats are exact binary fractions
    assert w.value("sum(a * x * x)") == Fraction(11, 4)


def test_errors_of_the_sizes_are_the_users():
    w = World(n=2)
    with pytest.raises(UserError, match="outside of its array"):
        w("x[3]")


def test_the_deadline_is_honoured():
    w = World(4)
    with pytest.raises(OutOfTime), limited(0.0):
        w("U @ U.T @ U @ U.T")
    w.ring.spend(10)
    with pytest.raises(OutOfTime), limited(0.0):
        w.ring.spend(100_000)


def test_how_a_polynomial_prints():
    ring = Ring()
    x, y = ring.symbols(STANDARD, (2,))
    assert repr(x * x * y - 2) == "-2 + 1*x0^2*x1"
    assert repr(x - x) == "0"
    assert (x * 0).constant == 0
    assert x.constant is None
    assert (1 + x - x).constant == 1
