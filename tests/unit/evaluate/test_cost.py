"""Costs agree with torch's own counter, with counts made by hand, and with the formulas that functions abbreviate."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from gradcheck_cli.evaluate.cost import COSTS, elements, flops, peak
from gradcheck_cli.evaluate.cost_orders import associations
from gradcheck_cli.evaluate.interpret import Evaluation
from gradcheck_cli.evaluate.torch_backend import TorchBackend
from gradcheck_cli.lang.functions import FUNCTIONS
from gradcheck_cli.lang.plain import parse_expression
from gradcheck_cli.lang.printer import to_plain
from gradcheck_cli.shapes.dims import Dim
from gradcheck_cli.shapes.infer import Local, Scope
from gradcheck_cli.shapes.static import as_dim
from gradcheck_cli.shapes.typed import Apply, Type
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.spec.typing import type_claim
from gradcheck_cli.text import Text, UserError

DIMS = {name: Dim.of(name) for name in "bnmrdl"}
SHAPES = {
    "X": "b n",
    "dY": "b m",
    "A": "n r",
    "B": "r m",
    "W": "n m",
    "P": "n n",
    "R": "n n",
    "x": "n",
    "y": "n",
    "z": "m",
    "Q": "b l d",
    "K": "b l d",
    "V": "b l d",
    "T": "b n n",
    "c": "",
}
TYPES = {name: Type(tuple(DIMS[d] for d in dims.split())) for name, dims in SHAPES.items()}
TYPES["k"] = Type((DIMS["b"],), "int")


def tree(text, **where):
    locals_ = {name: Local(parse_expression(Text.whole("f", t))) for name, t in where.items()}
    scope = Scope(TYPES, DIMS, locals=locals_, invents=True)
    return scope.infer(parse_expression(Text.whole("f", text)))


def poly(text):
    return as_dim(parse_expression(Text.whole("f", text)), DIMS)


def test_every_function_of_the_table_has_a_cost():
    assert COSTS.keys() == FUNCTIONS.keys()


# --- counted by hand -------------------------------------------------------------------------------

BY_HAND = [
    # the two orders of LoRA's gradient
    ("(X.T @ dY) @ B.T", "2*b*n*m + 2*n*m*r"),
    ("X.T @ (dY @ B.T)", "2*b*m*r + 2*b*n*r"),
    ("X", "0"),
    ("X.T", "0"),
    ("X @ W + z", "2*b*n*m + b*m"),
    ("2 * X", "b*n"),
    ("X / sqrt(d)", "b*n"),
    ("(1 / 2) * c", "1"),
    ("(eye(n) - ones(n, n) / n) @ P", "2*n**3"),
    ("Q @ K.mT / sqrt(d)", "2*b*l*l*d + b*l*l"),
    ("P @ x", "2*n*n"),
    ("x @ P @ y", "2*n*n + 2*n"),
    ("x @ y", "2*n"),
    ("dot(x, y)", "2*n"),
    ("outer(x, z)", "n*m"),
    ("x[:, None] * z", "n*m"),
    ("kron(A, B)", "n*m*r**2"),
    ("sum(W)", "n*m"),
    ("sum(W, axis=0)", "n*m"),
    ("mean(W, axis=-1)", "n*m"),
    ("trace(P)", "n"),
    ("trace(T)", "b*n"),
    ("trace(P @ R)", "2*n**3 + n"),
    ("sum(P * R.T)", "2*n**2"),
    ("relu(W)", "n*m"),
    ("W * (W > 0)", "2*n*m"),
    ("softmax(W)", "3*n*m"),
    ("log_softmax(W)", "3*n*m + n"),
    ("logsumexp(W, axis=-1)", "2*n*m + n"),
    ("norm(x)", "2*n + 1"),
    ("var(x)", "4*n"),
    ("std(x)", "4*n + 1"),
    ("cumsum(x)", "n"),
    ("diag(x) @ P", "2*n**3"),
    ("x[:, None] * P", "n**2"),
    ("inv(P)", "2*n**3"),
    ("inv(T)", "2*b*n**3"),
    ("det(P)", "2/3*n**3"),
    ("solve(P, W)", "2/3*n**3 + 2*n**2*m"),
    ("solve(P, x)", "2/3*n**3 + 2*n**2"),
    ("solve(T, W)", "2/3*b*n**3 + 2*b*n**2*m"),
    ("solve_triangular(P, W)", "n**2*m"),
    ("cholesky(P)", "n**3/3"),
    ("eigh(P)[1] * eigh(P)[0]", "9*n**3 + n**2"),
    ("svd(P)[0] @ svd(P)[2]", "21*n**3 + 2*n**3"),
    ("pinv(P)", "23*n**3"),
    ("rank(P)", "8/3*n**3"),
    ("einsum('ij,jk->ik', A, B)", "2*n*m*r"),
    ("einsum('ij->j', A)", "n*r"),
    ("einsum('ij->ji', A)", "0"),
    ("einsum('i,j->ij', x, z)", "n*m"),
    ("einsum('bi,ij,bj->', X, W, dY)", "3*b*n*m"),
    ("scatter_add(dY, k, dY)", "b*m"),
    ("concatenate(x, y)[1:]", "0"),
    ("tril(P) + flip(P)", "n**2"),
]


@pytest.mark.parametrize(("text", "expected"), BY_HAND, ids=[c[0] for c in BY_HAND])
def test_operations_are_those_counted_by_hand(text, expected):
    assert flops([tree(text)]) == poly(expected)


INDICES = [
    # the formula, and what it costs without indices
    ("sum[i, j](P[i, j] * R[j, i])", "sum(P * R.T)"),
    ("sum[j](exp(x[j]))", "sum(exp(x))"),
    ("sum[i](x[i] * y[i])", "sum(x * y)"),
    ("x[i] * z[j]", "outer(x, z)"),
    ("sum[j](P[i, j] * x[j])", "sum(P * x, axis=-1)"),
    ("sum[i, j](exp(x[i]) * P[i, j])", "sum(exp(x)[:, None] * P)"),
    ("sum[i, j]((P @ R)[i, j] * P[i, j])", "sum((P @ R) * P)"),
    ("sum[i](sum[j](P[i, j]) * x[i])", "sum(sum(P, axis=-1) * x)"),
    ("sum[i](exp(x[i])) + sum[j](exp(x[j]))", "sum(exp(x)) + sum(exp(x))"),
    ("sum[i](where(i == 2, x[i], 0))", "sum(relu(x))"),
    ("sum[i](x * y[i])", "sum(outer(x, y), axis=-1)"),
]


@pytest.mark.parametrize(("text", "plain"), INDICES, ids=[c[0] for c in INDICES])
def test_index_notation_costs_what_the_arrays_cost(text, plain):
    assert flops([tree(text)]) == flops([tree(plain)])


def test_indices_of_different_ranges_are_not_taken_for_one_another():
    assert flops([tree("sum[i](exp(x[i])) + sum[i](exp(z[i]))")]) == poly("2*n + 2*m + 1")
    twice = "sum[i](sum[j](P[i, j])) + sum[j](sum[i](P[i, j]))"
    assert flops([tree(twice)]) == poly("2*(n**2 + n) + 1")


ABBREVIATIONS = [
    ("softmax(W)", "exp(W) / sum(exp(W), axis=-1, keepdims=True)"),
    ("log_softmax(W)", "W - log(sum(exp(W), axis=-1, keepdims=True))"),
    ("logsumexp(W, axis=0)", "log(sum(exp(W), axis=0))"),
    ("norm(W, axis=0)", "sqrt(sum(W * W, axis=0))"),
    ("std(W, axis=0)", "sqrt(mean((W - mean(W, axis=0))**2, axis=0))"),
    ("norm(W)", "sqrt(sum(W**2))"),
    ("dot(x, y)", "x @ y"),
    ("outer(x, z)", "x[:, None] * z"),
    ("einsum('ij,jk->ik', A, B)", "A @ B"),
    ("einsum('ij,ij->', P, R)", "sum(P * R)"),
    ("einsum('bij,bkj->bik', Q, K)", "Q @ K.mT"),
]


@pytest.mark.parametrize(("short", "long"), ABBREVIATIONS, ids=[c[0] for c in ABBREVIATIONS])
def test_an_abbreviation_costs_what_it_stands_for(short, long):
    assert flops([tree(short)]) == flops([tree(long)])


def test_what_is_worked_out_twice_is_counted_once():
    once = flops([tree("exp(g) + g", g="X @ W")])
    assert flops([tree("exp(X @ W) + X @ W")]) == once == poly("2*b*n*m + 2*b*m")
    shared = flops([tree("X.T @ (dY @ B.T)"), tree("sum(dY @ B.T)")])
    assert shared == flops([tree("X.T @ (dY @ B.T)")]) + poly("b*r")


def test_a_claim_is_costed_over_what_its_spec_gives():
    spec = """
operator: lora
inputs: {X: [b, n], A: [n, r], B: [r, m]}
forward: {H: X @ A, Y: H @ B}
claims:
  - gradient: dA = X.T @ (dY @ B.T)
  - gradient: dB = H.T @ dY
  - gradient: dX[i, j] = sum[k, l](dY[i, k] * B[l, k] * A[j, l])
"""
    (operator,) = load_text("lora.yaml", spec).operators
    sides = [type_claim(operator, claim).links[0].right for claim in operator.claims]
    assert flops(sides[:1]) == poly("2*b*m*r + 2*b*n*r")
    assert flops(sides[1:2]) == poly("2*b*m*r")
    assert flops(sides[:2]) == poly("4*b*m*r + 2*b*n*r")
    # a loop over i, k and l for the first product, over j too for the second and the sum
    assert flops(sides[2:]) == poly("b*m*r + 2*b*n*m*r")


def test_a_pseudoinverse_of_unknown_proportions_has_no_cost():
    with pytest.raises(UserError, match="which size is smaller"):
        flops([tree("pinv(W)")])


def test_a_cost_that_is_too_complicated_is_an_error_with_a_place():
    with pytest.raises(UserError, match="too many terms") as caught:
        flops([deep()])
    assert caught.value.problems[0].span


def deep():
    """The inverse of a matrix of n**6 rows: n**18 is more than a polynomial may have."""
    square = tree("kron(P, P)")
    scope = Scope(TYPES, DIMS)
    result = square
    for _ in range(2):
        result = scope.apply("kron", (result, square), square.node)
    return scope.apply("inv", (result,), square.node)


def test_a_shared_node_is_costed_in_linear_time():
    result = tree("x + 1")
    scope = Scope(TYPES, DIMS)
    for _ in range(200):
        result = scope.apply("add", (result, result), result.node)
    assert flops([result]) == poly("201*n")


# --- torch's counter -------------------------------------------------------------------------------

NUMBERS = st.lists(st.integers(1, 7), min_size=4, max_size=4)
MATRICES = {one + other: (one, other) for one in "bnmr" for other in "bnmr"}
MATRIX_TYPES = {f"M{name}": Type((DIMS[a], DIMS[b])) for name, (a, b) in MATRICES.items()}


@st.composite
def products(draw):
    """A product of two to six matrices, with brackets and transposes anywhere."""
    dims = draw(st.text("bnmr", min_size=3, max_size=7))

    def text(start, stop, flipped):
        if draw(st.integers(0, 4)) == 4:
            return f"{text(start, stop, not flipped)}.T"
        if stop == start + 1:
            return f"M{dims[stop]}{dims[start]}" if flipped else f"M{dims[start]}{dims[stop]}"
        middle = draw(st.integers(start + 1, stop - 1))
        parts = [text(start, middle, flipped), text(middle, stop, flipped)]
        return f"({' @ '.join(reversed(parts) if flipped else parts)})"

    return text(0, len(dims) - 1, False)


def matrices(numbers, seed=0):
    sizes = dict(zip("bnmr", numbers, strict=True))
    rng = torch.Generator().manual_seed(seed)
    arrays = {
        f"M{name}": torch.randn([1, sizes[a], sizes[b]], dtype=torch.float64, generator=rng)
        for name, (a, b) in MATRICES.items()
    }
    return sizes, lambda quantity: arrays[quantity.name]


@settings(max_examples=80, deadline=None)
@given(products(), NUMBERS)
def test_products_cost_what_torch_counts(text, numbers):
    sizes, arrays = matrices(numbers)
    root = Scope(MATRIX_TYPES, DIMS).infer(parse_expression(Text.whole("f", text)))
    # the counter sees every product, so those written twice are evaluated as one node
    with FlopCounterMode(display=False) as counter:
        Evaluation(TorchBackend(), sizes, arrays).value(merged(root, {}))
    assert flops([root]).value(sizes) == counter.get_total_flops() > 0


def merged(node, known):
    """The same tree with equal formulas as one node, by their text."""
    if not isinstance(node, Apply):
        return node
    text = to_plain(node.node)
    if text not in known:
        args = tuple(merged(a, known) for a in node.args)
        known[text] = Apply(node.function, args, node.type, node.node, node.statics)
    return known[text]


# --- memory ----------------------------------------------------------------------------------------

PEAKS = [
    ("(X.T @ dY) @ B.T", {"n*m"}),
    ("X.T @ (dY @ B.T)", {"b*r"}),
    ("X", {"0"}),
    ("X @ W", {"0"}),
    ("(X @ W).T", {"0"}),
    ("(A @ B).T @ X.T", {"n*m"}),
    ("softmax(Q @ K.mT / sqrt(d)) @ V", {"b*l*l"}),
    ("sum(outer(x, z))", {"n*m"}),
    ("sum(x[:, None] * z)", {"n*m"}),
    ("diag(x) @ P", {"n**2"}),
    ("sum(X @ W) + sum(A @ B)", {"b*m", "n*m"}),
    ("sum(x * y) + sum(P)", {"n"}),
    ("x / sqrt(d)", {"0"}),
    ("eigh(P)[1] @ x", {"n**2"}),
    ("P @ ones(n)[:, None]", {"0"}),
    ("eye(n) @ W", {"n**2"}),
    ("sum[j](P[i, j] * x[j])", {"1"}),
    ("sum[i, j]((P @ R)[i, j] * P[i, j])", {"n**2"}),
    ("sum(kron(A, B))", {"n*m*r*r"}),
]


@pytest.mark.parametrize(("text", "expected"), PEAKS, ids=[c[0] for c in PEAKS])
def test_the_largest_array_on_the_way(text, expected):
    assert set(peak([tree(text)])) == {poly(e) for e in expected}


def test_elements_of_one_array():
    assert elements(tree("kron(A, B)")) == poly("n*r*r*m")
    assert elements(tree("c")) == poly("1")


# --- orders of a product ---------------------------------------------------------------------------


def test_the_advice_for_lora():
    found = associations(tree("(X.T @ dY) @ B.T")).found
    assert [to_plain(a.expression) for a in found] == ["X.T @ (dY @ B.T)"]
    (other,) = found
    assert other.flops == poly("2*b*m*r + 2*b*n*r")
    assert other.peak == (poly("b*r"),)
    assert other.cheaper.answer == "conditional"
    assert other.cheaper.region == "b*r*(m + n) < m*n*(b + r)"
    assert other.smaller.region == "b*r < m*n"


ORDERS = [
    ("P @ R @ x", ["P @ (R @ x)"]),
    ("P @ (R @ x)", []),
    ("x @ (P @ R)", ["x @ P @ R"]),
    ("(W.T @ P).T @ z", ["P.T @ (W @ z)"]),
    ("P @ R", []),
    ("x", []),
    ("(P @ x) @ W", []),
    ("P @ P @ P", []),
    ("x @ P @ R @ y", []),
    ("x @ (P @ (R @ P)) @ y", None),
    ("(Q @ K.mT) @ V", ["Q @ (K.mT @ V)"]),
    ("(Q.mT @ K).mT @ (V.mT @ Q)", None),
]


@pytest.mark.parametrize(("text", "expected"), ORDERS, ids=[c[0] for c in ORDERS])
def test_better_orders(text, expected):
    result = associations(tree(text))
    assert not result.not_tried
    if expected is None:
        assert result.found
    else:
        assert [to_plain(a.expression) for a in result.found] == expected


@settings(max_examples=30, deadline=None)
@given(products(), NUMBERS)
def test_every_order_has_the_same_value_and_the_cost_that_is_said(text, numbers):
    sizes, arrays = matrices(numbers)
    scope = Scope(MATRIX_TYPES, DIMS)
    root = scope.infer(parse_expression(Text.whole("f", text)))
    value = Evaluation(TorchBackend(), sizes, arrays).value(root)
    for other in associations(root).found:
        again = scope.infer(parse_expression(Text.whole("f", to_plain(other.expression))))
        assert again.type.shape == root.type.shape
        assert flops([again]) == other.flops
        assert peak([again]) == other.peak
        torch.testing.assert_close(Evaluation(TorchBackend(), sizes, arrays).value(again), value)
        for comparison, mine, theirs in (
            (other.cheaper, other.flops, flops([root])),
            (other.smaller, other.peak, peak([root])),
        ):
            if comparison.example:
                assert most(mine, comparison.example) < most(theirs, comparison.example)


def most(dims, sizes):
    filled = {name: sizes.get(name, 1) for name in "bnmr"}
    return max(d.value(filled) for d in (dims if isinstance(dims, tuple) else (dims,)))


def test_a_long_product_is_not_tried():
    assert "more than 6" in associations(tree(" @ ".join(["P"] * 7))).not_tried
    assert associations(tree(" @ ".join(["P", "R"] * 3 + ["x"]))).not_tried


def test_a_product_that_doubles_and_doubles_is_given_up_at_once():
    result = tree("P")
    scope = Scope(TYPES, DIMS)
    for _ in range(60):
        result = scope.apply("matmul", (result, result), result.node)
    assert associations(result).not_tried
    assert flops([result]) == poly("120*n**3")


def test_vectors_and_batches_together_are_not_tried():
    assert associations(tree("T @ T @ x")).not_tried


def test_the_cheapest_order_is_that_of_dynamic_programming():
    dims = [3, 17, 2, 29, 5, 11, 7]
    names = [f"p{i}" for i in range(7)]
    sizes = dict(zip(names, dims, strict=True))
    symbols = {n: Dim.of(n) for n in names}
    types = {f"M{i}": Type((symbols[names[i]], symbols[names[i + 1]])) for i in range(6)}
    text = " @ ".join(types)
    root = Scope(types, symbols).infer(parse_expression(Text.whole("f", text)))
    costs = [a.flops.value(sizes) for a in associations(root).found]
    best = [[0] * 6 for _ in range(6)]
    for length in range(1, 6):
        for i in range(6 - length):
            j = i + length
            best[i][j] = min(
                best[i][k] + best[k + 1][j] + 2 * dims[i] * dims[k + 1] * dims[j + 1] for k in range(i, j)
            )
    assert min([*costs, flops([root]).value(sizes)]) == best[0][5]
