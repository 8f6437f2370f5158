"""`D(y, x)` is elementwise exactly where element (i, j) of y depends on element (i, j) of x alone: autograd agrees."""

import numpy as np
import pytest
import torch

from gradcheck_cli.evaluate.torch_backend import TorchBackend
from gradcheck_cli.lang.plain import parse_expression
from gradcheck_cli.oracle.autograd import Autograd
from gradcheck_cli.shapes.elementwise import depends, is_elementwise
from gradcheck_cli.shapes.infer import Scope
from gradcheck_cli.shapes.typed import Derivative
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.spec.typing import type_program
from gradcheck_cli.text import Text

SPEC = """\
operator: o
inputs: {x: [n], w: [n], s: [], A: [n, n], M: [m, n]}
forward:
  z: x * w
  a: tanh(z) + w
  q: softmax(a)
  u: x
  k: w * 2
claims: []
"""
CASES = [
    # expression, by, whether it is elementwise
    ("z", "x", True),
    ("a", "x", True),
    ("a", "z", True),
    ("a * x + 1", "x", True),
    ("where(x > 0, x, a)", "x", True),
    ("u", "u", True),
    ("x + sum(w)", "x", True),
    ("x * s", "x", True),
    ("x + (A @ w)", "x", True),
    ("q", "x", False),
    ("q", "a", False),
    ("softmax(x)", "x", False),
    ("A @ x", "x", False),
    ("sum(x)", "x", False),
    ("x * sum(x)", "x", False),
    ("x * s", "s", False),
    ("s * 2", "s", True),
    ("M * x", "x", False),
    ("M * x", "M", True),
    ("A.T", "A", False),
    ("roll(x, 1)", "x", False),
    ("x[::-1]", "x", False),
    ("cumsum(x)", "x", False),
    ("outer(x, w)", "x", False),
    ("x[:, None] * A", "A", True),
    ("x[:, None] * A", "x", False),
    ("k", "x", False),
    ("w", "x", False),
]


@pytest.fixture(scope="module")
def program():
    file = load_text("f", SPEC.replace("claims: []", "claims:\n  - gradient: dx = dx"))
    assert not file.problems, file.problems
    return type_program(file.operators[0])


def infer(program, text):
    return Scope(program.types, program.dims).infer(parse_expression(Text.whole("f", text)))


@pytest.mark.parametrize(("text", "by", "yes"), CASES)
def test_cases(program, text, by, yes):
    assert is_elementwise(infer(program, text), by, program) is yes


@pytest.mark.parametrize(("text", "by", "yes"), [c for c in CASES if c[2]])
def test_where_it_is_elementwise_the_jacobian_is_diagonal_and_holds_it(program, text, by, yes):
    rng = np.random.default_rng(0)
    sizes = {"n": 3, "m": 2}
    inputs = {
        name: rng.standard_normal((1, *(sizes[str(d)] for d in t.shape)))
        for name, t in program.inputs.items()
    }
    cotangents = {o: np.ones((1, 3)) for o in program.outputs}
    oracle = Autograd(TorchBackend(), program, sizes, inputs, {}, cotangents)
    tree = infer(program, text)
    short, full = Derivative(tree, by, True), Derivative(tree, by, False)
    found = oracle.quantities([short, full])
    size = found[short].numel()
    assert torch.allclose(torch.diag(found[short].reshape(-1)), found[full].reshape(size, size))


def test_depends(program):
    assert depends(infer(program, "q * 2"), "x", program)
    assert depends(infer(program, "q * 2"), "q", program)
    assert not depends(infer(program, "k"), "x", program)
    assert not depends(infer(program, "n + 1"), "x", program)
