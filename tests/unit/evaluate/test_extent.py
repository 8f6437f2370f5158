"""The size of an evaluation is known beforehand: an observer of the evaluation sees exactly that much."""

import math

import numpy as np
import pytest

from gradcheck_cli.evaluate.extent import largest
from gradcheck_cli.evaluate.interpret import Evaluation
from gradcheck_cli.evaluate.numpy_backend import NumpyBackend
from gradcheck_cli.lang.plain import parse_expression
from gradcheck_cli.shapes.dims import Dim
from gradcheck_cli.shapes.infer import Scope
from gradcheck_cli.shapes.typed import Type
from gradcheck_cli.text import Text

DIMS = {name: Dim.of(name) for name in "nmr"}
TYPES = {
    "x": Type((DIMS["n"],)),
    "A": Type((DIMS["n"], DIMS["m"])),
    "B": Type((DIMS["m"], DIMS["r"])),
    "T": Type((DIMS["r"], DIMS["n"], DIMS["m"])),
}
SIZES = {"n": 5, "m": 7, "r": 3}


class Largest:
    def __init__(self):
        self.count, self.text = 0, ""

    def seen(self, node, value):
        if value.size > self.count:
            self.count, self.text = value.size, node.node.span.text
        return value

    def called(self, function, args, statics):
        for array in args:
            self.count = max(self.count, array.size)


CASES = [
    # formula, elements of the largest array, where it stands
    ("x + 1", 5, None),
    ("sum(outer(x, x))", 25, "outer(x, x)"),
    ("A @ B", 35, "A"),
    ("kron(A, B)", 35 * 21, "kron(A, B)"),
    ("sum(x[:, None] * A)", 35, None),
    ("exp(sum(T))", 105, "T"),
    ("sum[i, j](A[i, j] * A[i, j])", 35, None),
    ("sum[i, j, k](A[i, j] * B[j, k])", 105, "A[i, j] * B[j, k]"),
    ("sum[i](sum[j](A[i, j] * B[j]))", 105, None),
    ("sum[i, j](x[i] * x[j] * exp(x))", 125, None),
    ("ones(n, m, r)[0, 0, 0]", 105, "ones(n, m, r)"),
    ("sum[i](where(i == 2, x[i], 0))", 5, None),
    ("stack(A, A, A)", 105, "stack(A, A, A)"),
]


@pytest.mark.parametrize(("text", "count", "place"), CASES, ids=[c[0] for c in CASES])
def test_what_is_predicted_is_what_is_held(text, count, place):
    scope = Scope(TYPES, DIMS)
    tree = scope.infer(parse_expression(Text.whole("f", text)))
    rng = np.random.default_rng(0)
    arrays = {n: rng.standard_normal((1, *(SIZES[str(d)] for d in t.shape))) for n, t in TYPES.items()}
    watch = Largest()
    Evaluation(NumpyBackend(), SIZES, lambda q: arrays[q.name], len(scope.indices), watch).value(tree)
    predicted, node = largest(tree, SIZES)
    assert predicted == count
    assert watch.count == count
    if place:
        assert node.node.span.text == place


def test_the_prediction_costs_nothing_however_large_it_is():
    tree = Scope(TYPES, DIMS).infer(parse_expression(Text.whole("f", "kron(A, A) @ kron(A, A).T")))
    count, _ = largest(tree, {"n": 10**9, "m": 10**9, "r": 1})
    assert count == 10**36


def test_a_shared_node_is_counted_once_and_in_linear_time():
    text = Text.whole("f", "x")
    tree = Scope(TYPES, DIMS).infer(parse_expression(text))
    for _ in range(200):
        tree = Scope(TYPES, DIMS).apply("add", (tree, tree), parse_expression(text))
    assert largest(tree, SIZES)[0] == math.prod((5,))
