"""Claims about expectations, relations, shapes and cost: verdicts known by hand, and the words they come with."""

import pytest

from gradcheck_cli.compare.advice import cheaper_orders
from gradcheck_cli.compare.judge import judge
from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.lang.printer import to_plain
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.spec.typing import type_claim
from gradcheck_cli.text import UserError, draw

INPUTS = """
  X: [b, n]
  A: [n, r]
  B: [r, m]
  G: [n, m]
  S: {shape: [n, n], domain: symmetric}
  P: {shape: [n], domain: probability}
  R: {shape: [n, n], domain: orthogonal}
  s: []
  u: {shape: [n, 1], random: normal}
  v: {shape: [1, m], random: normal}
  w: {shape: [n], random: 'uniform(0, 1)'}
  e: {shape: [n], random: rademacher}
  t: {shape: [], random: 'normal(1, 2)'}
"""


def judged(claim, **settings):
    text = f"operator: o\ninputs:{INPUTS}forward:\n  W: A @ B\n  Y: X @ W\n  q: u.T @ S @ u\nclaims:\n  - {claim}\n"
    file = load_text("f.yaml", text)
    assert not file.problems, "\n".join(draw(p) for p in file.problems)
    (operator,) = file.operators
    (claim_,) = operator.claims
    return judge(operator, claim_, type_claim(operator, claim_), Settings(**settings))


EXPECTATIONS = [
    # second and fourth moments of normal vectors (Isserlis), by hand
    ("E(u @ u.T) = eye(n)", "holds"),
    ("E(u @ u.T) = 2 * eye(n)", "wrong"),
    ("E(u.T @ S @ u) = trace(S) * ones(1, 1)", "holds"),
    ("E(q) = trace(S) * ones(1, 1)", "holds"),
    ("E((u.T @ S @ u)**2) = (trace(S)**2 + 2 * trace(S @ S)) * ones(1, 1)", "holds"),
    ("E((u.T @ S @ u)**2) = trace(S)**2 * ones(1, 1)", "wrong"),
    ("E(u @ u.T @ G + G @ v.T @ v) = 2 * G", "holds"),
    ("E(u @ u.T @ G + G @ v.T @ v) = G", "wrong"),
    ("E(u @ v) = 0", "holds"),
    ("E(w) = ones(n) / 2", "holds"),
    ("E(w**2) = ones(n) / 3", "holds"),
    ("E(w**3) = ones(n) / 3", "wrong"),
    ("E(e) = 0", "holds"),
    ("E(outer(e, e)) = eye(n)", "holds"),
    ("E(t**2) = 5", "holds"),
    ("E(t**2) = 4", "wrong"),
    ("'E(w)[i] * s = s / 2'", "holds"),
    ("E(t)**2 = E(t**2) - 4", "holds"),
    ("E(w / sqrt(n)) = ones(n) / (2 * sqrt(n))", "holds"),
    ("'E(u @ u.T)[i, j] = where(i == j, 1, 0)'", "holds"),
    ("$\\mathbb{E}_{u\\sim \\mathcal{N}(0,1)}[u u^{\\top}] = I_{n\\times n}$", "holds"),
    ("$\\mathbb{E}[t] = 1$", "holds"),
    ("E(u.T @ u) = eye(n)", "shape-mismatch"),
]


@pytest.mark.parametrize(("claim", "verdict"), EXPECTATIONS, ids=[c for c, _ in EXPECTATIONS])
def test_expectations_are_exact(claim, verdict):
    (found,) = judged(f"expectation: {claim}")
    assert found.verdict == verdict
    if verdict != "shape-mismatch":
        assert found.basis == ("exact: rational arithmetic and the moments of the laws, at 5 choices of data")


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ("E(exp(w)) = (exp(1) - 1) * ones(n)", "holds"),
        ("E(exp(w)) = 2 * ones(n)", "wrong"),
        ("E(cos(w)) = sin(1) * ones(n)", "holds"),
        ("E(R @ w) = R @ ones(n) / 2", "holds"),
        ("exp(s) * E(sin(w)) = exp(s) * (1 - cos(1)) * ones(n)", "holds"),
        ("0 = E(tanh(u))", "holds"),
    ],
)
def test_other_expectations_are_sampled(claim, verdict):
    (found,) = judged(f"expectation: {claim}")
    assert found.verdict == verdict
    assert "samples, since it is not exact (" in found.basis
    assert found.basis.endswith("; a right claim is called wrong with a probability below 1e-09")


def test_what_can_neither_be_worked_out_nor_sampled_is_undecided():
    (found,) = judged("expectation: E(exp(w)) * E(exp(w)) = exp(E(2 * w))")
    assert found.verdict == "undecided"
    assert found.reason == (
        "not exact (`exp` has no exact value), and not a sum of expectations, which samples could test"
    )


def test_an_error_of_a_part_in_a_million_is_found_exactly():
    (found,) = judged("expectation: E(t**4) = 73.000001")  # mu^4 + 6 mu^2 s^2 + 3 s^4 = 1 + 24 + 48
    assert found.verdict == "wrong"
    assert judged("expectation: E(t**4) = 73")[0].verdict == "holds"


PROPERTIES = [
    ("rank(A @ B) <= r", "holds"),
    ("rank(A @ B) = 0", "wrong"),
    ("rank(A @ B) != 0", "holds"),
    ("R.T @ R = eye(n)", "holds"),
    ("S = S.T", "holds"),
    ("eigh(S @ S)[0] >= 0", "holds"),
    ("eigh(S)[0] >= 0", "wrong"),
    ("sum(P) = 1", "holds"),
    ("0 < P < 1", "holds holds"),
    ("0 < sum(P) = 1 <= 2", "holds holds holds"),
    ("norm(X @ A) <= norm(X) * norm(A)", "holds"),
    ("norm(X @ A) >= norm(X) * norm(A)", "wrong"),
    ("n < n", "wrong"),
    ("n <= n", "holds"),
    ("exp(X) > X + 1", "holds"),
    ("S != S.T", "wrong"),
    ("grad(Y) = dY", "holds"),
    ("shape = X", None),
]


@pytest.mark.parametrize(("claim", "verdicts"), PROPERTIES, ids=[c for c, _ in PROPERTIES])
def test_properties(claim, verdicts):
    if verdicts is None:
        with pytest.raises(UserError):
            judged(f"property: {claim}")
        return
    assert " ".join(j.verdict for j in judged(f"property: {claim}")) == verdicts


ORDERS = [
    ("exp(s * X) = 1 + O(s)", "holds", "1.00"),
    ("exp(s * X) = 1 + s * X + O(s**2)", "holds", "2.00"),
    ("exp(s * X) = 1 + s * X + O(s**3)", "wrong", "2.00"),
    ("exp(s * X) = 1 + s * X + s**2 * X**2 / 2 + O(s**3)", "holds", "3.00"),
    ("exp(s * X) = 1 - s * X + O(s**2)", "wrong", "1.00"),
    ("s**2 * X = O(s**2)", "holds", "2.00"),
    ("s * X = s * X + O(s**7)", "holds", "any"),
    ("$\\exp(s X) = 1 + s X + \\mathcal{O}(s^2)$", "holds", "2.00"),
]


@pytest.mark.parametrize(("claim", "verdict", "order"), ORDERS, ids=[c for c, _, _ in ORDERS])
def test_remainders_are_measured(claim, verdict, order):
    (found,) = judged(f"property: {claim}")
    assert found.verdict == verdict
    measured = found.basis.removeprefix("the remainder is of order ").split()[0]
    assert measured == order or abs(float(measured) - float(order)) < 0.05
    if verdict == "wrong":
        assert found.reason.startswith("the difference is of order ")


def test_equal_within_rounding_is_not_less():
    (found,) = judged("property: sum(P) < 1")
    assert found.verdict == "undecided"
    assert found.reason == "the two sides are equal within rounding"


def test_for_some_data():
    (found,) = judged("{property: 's > 0', quantifier: some}", seed=1)
    assert found.verdict == "holds"
    (found,) = judged("{property: 's > 1000', quantifier: some}")
    assert found.verdict == "undecided"
    assert found.reason == "none of 5 draws shows it, which is no proof that no data do"


SHAPES = [
    ("shape(A @ B) = [n, m]", "holds", ""),
    ("shape(dA) = shape(A)", "holds", ""),
    ("shape(A @ B) = [m, n]", "wrong", "the left side is [n, m], the right side [m, n]"),
    ("shape(s) = shape(A)", "wrong", "the left side is [], the right side [n, r]"),
    ("shape(B @ A) = [r, r]", "shape-mismatch", "`@` cannot combine [r, m] with [n, r]"),
    ("'[b, m] = [b, n] @ [n, m]'", "holds", ""),
    ("'[b, m] = [b, n] @ [m, n]'", "shape-mismatch", "`@` cannot combine [b, n] with [m, n]"),
    ("'$A\\in\\mathbb{R}^{n\\times r}$'", "holds", ""),
    ("'$A B\\in\\mathbb{R}^{n\\times r}$'", "wrong", "the left side is [n, m], the right side [n, r]"),
    ("'$[b,m] = [b,n] \\times [n,m]$'", "holds", ""),
    ("'$s\\in\\mathbb R$'", "holds", ""),
]


@pytest.mark.parametrize(("claim", "verdict", "reason"), SHAPES, ids=[c for c, _, _ in SHAPES])
def test_shapes(claim, verdict, reason):
    (found,) = judged(f"shape: {claim}")
    assert found.verdict == verdict
    assert found.reason.startswith(reason)


COSTS = [
    # by hand: [n, k] @ [k, m] takes 2 n k m operations
    ("flops(X @ A) = 2 * b * n * r", "holds", None),
    ("flops(X @ A) = b * n * r", "wrong", None),
    ("flops(A + A) = n * r", "holds", None),
    ("flops(Y) = 2 * n * r * m + 2 * b * n * m", "holds", None),
    ("flops(W, Y) = flops(Y)", "holds", None),
    ("flops((X.T @ dY) @ B.T) > flops(X.T @ (dY @ B.T))", "conditional", "m*n*(b + r) > b*r*(m + n)"),
    ("elements(A, B) < elements(W)", "conditional", "r*(m + n) < m*n"),
    ("peak((X.T @ dY) @ B.T) = n * m", "holds", None),
    ("peak(X.T @ (dY @ B.T)) < n * m", "conditional", "b*r < m*n"),
    ("n * m >= n", "holds", None),
    ("'$r (n + m) < n m$'", "conditional", "r*(m + n) < m*n"),
    ("'$\\text{flops}(X A) = 2 b n r$'", "holds", None),
]


@pytest.mark.parametrize(("claim", "verdict", "condition"), COSTS, ids=[c for c, _, _ in COSTS])
def test_costs(claim, verdict, condition):
    (found,) = judged(f"cost: {claim}")
    assert (found.verdict, found.condition) == (verdict, condition)


def test_a_condition_comes_with_sizes_on_both_sides_of_it():
    (found,) = judged("cost: r * (n + m) < n * m")
    assert found.reason == "m*r + n*r < m*n: true at m=2, n=3, r=1, false at m=1, n=1, r=1"
    (found,) = judged("cost: flops(X @ A) = 2 * b * n * r")
    assert found.basis == "2*b*n*r == 2*b*n*r, proved for all sizes"


MESSAGES = [
    (
        "cost: flops(dA) > 0",
        """\
error: the cost of `dA` depends on how it is computed
  --> f.yaml:21:11
21 |   - cost: flops(dA) > 0
   |           ^^^^^^^^^
   = help: give the formula: `flops(X.T @ dY)`""",
    ),
    (
        "cost: sqrt(n) > 1",
        """\
error: `sqrt` of sizes is not a cost
  --> f.yaml:21:11
21 |   - cost: sqrt(n) > 1
   |           ^^^^^^^
   = help: costs are `flops(…)`, `peak(…)`, `elements(…)` and sums, products of sizes""",
    ),
    (
        "cost: 2 * peak(X @ A) > 1",
        """\
error: the largest of several arrays is no polynomial
  --> f.yaml:21:15
21 |   - cost: 2 * peak(X @ A) > 1
   |               ^^^^^^^^^^^
   = help: let `peak(…)` be a whole side, and compare it with `peak(…)` or a size""",
    ),
    (
        "cost: n != m",
        """\
error: costs are compared by `=`, `<`, `<=`, `>` and `>=`
  --> f.yaml:21:16
21 |   - cost: n != m
   |                ^""",
    ),
    (
        "expectation: u = E(u)",
        """\
error: `u` is random: by itself it has no value
  --> f.yaml:21:18
21 |   - expectation: u = E(u)
   |                  ^
   = help: take it under the expectation: `E(…)`""",
    ),
    (
        "shape: 2 * shape(X) = [b, n]",
        """\
error: this is no shape
  --> f.yaml:21:12
21 |   - shape: 2 * shape(X) = [b, n]
   |            ^
   = help: a side of a `shape` claim is `shape(X)`, a list `[n, m]`, or a product of lists""",
    ),
    (
        "property: X = O(X)",
        """\
error: this is no order of a scalar input
  --> f.yaml:21:19
21 |   - property: X = O(X)
   |                   ^^^^
   = help: a remainder is a power of one scalar input: `O(eta)`, `O(eta**2)`""",
    ),
    (
        "identity: X = O(s)",
        """\
error: `O` has no meaning here
  --> f.yaml:21:19
21 |   - identity: X = O(s)
   |                   ^^^^
   = help: it belongs to a `property` claim""",
    ),
    (
        "identity: E(u) = 0",
        """\
error: `E` has no meaning here
  --> f.yaml:21:15
21 |   - identity: E(u) = 0
   |               ^^^^
   = help: it belongs to an `expectation` claim""",
    ),
    (
        "gradient: flops(dA) = 0",
        """\
error: `flops` has no meaning here
  --> f.yaml:21:15
21 |   - gradient: flops(dA) = 0
   |               ^^^^^^^^^
   = help: it belongs to a `cost` claim""",
    ),
]


@pytest.mark.parametrize(("claim", "expected"), MESSAGES, ids=[c for c, _ in MESSAGES])
def test_messages(claim, expected):
    with pytest.raises(UserError) as caught:
        judged(claim)
    assert "\n".join(map(draw, caught.value.problems)) == expected


def advice(claim):
    text = f"operator: o\ninputs:{INPUTS}forward:\n  W: A @ B\n  Y: X @ W\nclaims:\n  - {claim}\n"
    (operator,) = load_text("f.yaml", text).operators
    (claim_,) = operator.claims
    typed = type_claim(operator, claim_)
    return cheaper_orders(typed, judge(operator, claim_, typed, Settings()), to_plain)


def test_a_right_formula_that_could_cost_less_says_so():
    assert advice("gradient: dA = (X.T @ dY) @ B.T") == (
        "`X.T @ (dY @ B.T)` is the same with fewer operations when b*r*(m + n) < m*n*(b + r):"
        " 2*b*m*r + 2*b*n*r, not 2*b*m*n + 2*m*n*r; on the way b*r numbers, not m*n",
    )


@pytest.mark.parametrize(
    "claim", ["dA = X.T @ (dY @ B.T)", "dW = X.T @ dY", "dA = 2 * X.T @ dY @ B.T", "dY = dY"]
)
def test_a_formula_that_is_cheap_or_wrong_gets_no_advice(claim):
    assert advice(f"gradient: {claim}") == ()
