"""The exact oracle against torch's autograd, and its witness against a wrong derivative rule."""

import numpy as np
import pytest
from flint import ctx

from gradcheck_cli.compare.court import laws_of
from gradcheck_cli.evaluate.objects import Inexact, each
from gradcheck_cli.evaluate.sampling import generator
from gradcheck_cli.evaluate.torch_backend import TorchBackend
from gradcheck_cli.oracle.agreement import name_of
from gradcheck_cli.oracle.autograd import Autograd
from gradcheck_cli.oracle.exact import ExactOracle
from gradcheck_cli.oracle.exact_points import draw
from gradcheck_cli.oracle.exact_witness import BITS, Witness, digits
from gradcheck_cli.shapes.typed import quantities
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.spec.typing import type_claim
from gradcheck_cli.text import draw as shown

SIZES = {"n": 3, "m": 2, "h": 2, "l": 4, "d": 3}


class Case:
    """An operator at one rational point, and the quantities that one claim asks for."""

    def __init__(self, inputs, forward, claim, more=""):
        lines = "".join(f"  {name}: {text!r}\n" for name, text in forward.items())
        text = f"operator: o\n{more}inputs: {inputs}\nforward:\n{lines}claims:\n  - {claim}\n"
        file = load_text("s", text)
        assert not file.problems, shown(file.problems[0])
        op = file.operators[0]
        self.typed = type_claim(op, op.claims[0])
        program = self.typed.program
        self.point = draw(program, laws_of(op, self.typed), SIZES, generator(9), program.inputs, moving=True)
        sides = [s for link in self.typed.links for s in (link.left, link.right)]
        self.wanted = list(dict.fromkeys(q for side in sides for q in quantities(side)))
        self.oracle = ExactOracle(program, self.point, self.typed.given, self.wanted, self.typed.fixed)

    def autograd(self):
        def batch(arrays):
            return {
                n: np.asarray(a)[None].astype(float if a.dtype == object else a.dtype)
                for n, a in arrays.items()
            }

        tangents = {n: np.zeros(np.shape(x)) for n, x in self.point.inputs.items()} | dict(
            self.point.tangents
        )
        oracle = Autograd(
            TorchBackend(),
            self.typed.program,
            SIZES,
            batch(self.point.inputs),
            batch(tangents),
            batch(self.point.cotangents),
            self.typed.fixed,
        )
        return oracle.quantities(self.wanted)


ATTENTION = ("{Q: [n, h, l, d], K: [n, h, l, d], V: [n, h, l, d]}", {"S": "Q @ K.mT / sqrt(d)", "A": "softmax(S)", "O": "A @ V"})  # fmt: skip
NORM = ("{X: [n, d], g: [d]}", {"s": "sqrt(var(X, axis=-1, keepdims=True) + 1e-5)", "x_hat": "(X - mean(X, axis=-1, keepdims=True)) / s", "Y": "g * x_hat"})  # fmt: skip
CASES = [
    (*ATTENTION, "gradient: dS = A * dA + 0 * dQ @ dK.mT"),
    (*NORM, "gradient: dX = 0 * dx_hat * sum(ds) * sum(dg)"),
    (*NORM, "differential: dY = dg * x_hat + 0 * dX"),
    ("{X: [n, d]}", {"Y": "relu(X) * where(X < 0, exp(X), X**3)"}, "derivative: D(Y, X) = X"),
    ("{x: [d]}", {"p": "softmax(x)"}, "derivative: D(p, x) = diag(p)"),
    ("{X: [n, n]}", {"Y": "inv(X) @ X.T", "c": "logdet(X) + det(X)", "Z": "Y * c"}, "gradient: dX = dY"),
    ("{X: {shape: [n, n], domain: spd}}", {"C": "cholesky(X)"}, "gradient: dX = 0 * dC"),
    (
        "{X: [n, d], t: {shape: [m], domain: index(n)}}",
        {"Y": "X[t] * cumsum(X, axis=0)[0]"},
        "gradient: dX = 0 * X",
    ),
    ("{X: [n, d]}", {"Y": "max(X, axis=1) - norm(X, axis=1) + lgamma(X[:, 0])**2"}, "gradient: dX = 0 * X"),
    ("{a: [n], b: [n]}", {"c": "a * b", "e": "c * a"}, "{differential: de = dc * a + c * da, fixed: b}"),
    ("{x: [d]}", {"L": "sum(x**4)"}, "gradient: dx = 4 * x**3", "loss: true\n"),
]


@pytest.mark.parametrize("parts", CASES, ids=lambda p: p[2][:40])
def test_every_quantity_is_that_of_autograd_and_of_differences(parts):
    with ctx.workprec(BITS):
        case = Case(*parts)
        exact = case.oracle.quantities()
        witness = Witness(case.oracle, generator(1))
        digits_ = [witness.confirms(q, value) for q, value in exact.items()]
    assert all(d is None or d > 60 for d in digits_)
    assert any(d is not None for d in digits_)
    for quantity, want in case.autograd().items():
        got = each(lambda v: float(v.mid()), case.oracle.backend.real(exact[quantity])).astype(float)
        np.testing.assert_allclose(got, want.numpy(), rtol=1e-11, atol=1e-12, err_msg=name_of(quantity))


def test_the_gradient_of_a_view_is_its_own():
    """Y is X transposed, and X is used again: ∂L/∂Y does not see that."""
    with ctx.workprec(100):
        case = Case("{X: [n, n]}", {"Y": "X.T", "Z": "Y + 5 * X"}, "gradient: dY = dZ")
        found = {name_of(q): v for q, v in case.oracle.quantities().items()}
    assert all(a.overlaps(b) for a, b in zip(found["dY"].ravel(), found["dZ"].ravel(), strict=True))


def test_the_witness_does_not_believe_a_wrong_rule():
    with ctx.workprec(BITS):
        case = Case("{X: [n, d]}", {"Y": "sin(X)"}, "gradient: dX = dY * cos(X)")
        ((quantity, right), *_) = case.oracle.quantities().items()
        witness = Witness(case.oracle, generator(1))
        assert witness.confirms(quantity, right) > 60
        off = right.copy()
        off[0, 0, 0] = off[0, 0, 0] * (1 + ball_of("1e-45"))
        with pytest.raises(Inexact, match="the differences do not confirm the tape"):
            witness.confirms(quantity, off)


def ball_of(text):
    from flint import arb

    return arb(text)


def test_digits():
    assert digits(ball_of("1e-30"), ball_of("1")) in {29, 30}
    assert digits(ball_of("1e-30"), ball_of("1000")) in {32, 33}
    assert digits(ball_of(0), ball_of(1)) == 999
    assert digits(ball_of(5), ball_of(1)) == 0
