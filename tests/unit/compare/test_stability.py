"""Right formulas that floats cannot evaluate are told with their input and a stable form; others are not."""

import math

import numpy as np
import pytest

from gradcheck_cli.compare.stability import instabilities
from gradcheck_cli.compare.stable_forms import REMEDIES, stable_forms
from gradcheck_cli.compare.verdict import Judgement
from gradcheck_cli.evaluate.interpret import Evaluation
from gradcheck_cli.evaluate.numpy_backend import NumpyBackend
from gradcheck_cli.lang.plain import parse_expression
from gradcheck_cli.lang.printer import to_plain
from gradcheck_cli.shapes.dims import Dim
from gradcheck_cli.shapes.infer import Scope
from gradcheck_cli.shapes.typed import Type
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.spec.typing import type_claim
from gradcheck_cli.text import Text


def found(claim, forward="y: x", kind="identity", inputs="x: [n, m]", verdict="holds"):
    lines = "".join(f"  {line}\n" for line in forward.split("; "))
    text = f"operator: o\ninputs: {{{inputs}}}\nforward:\n{lines}claims:\n  - {kind}: '{claim}'\n"
    file = load_text("s", text)
    assert not file.problems, file.problems
    (operator,) = file.operators
    (claim_,) = operator.claims
    typed = type_claim(operator, claim_)
    return instabilities(operator, claim_, typed, tuple(Judgement(verdict) for _ in typed.links), 1)


def one(*args, **more):
    (remark,) = found(*args, **more)
    return remark


def test_the_derivative_of_the_sigmoid_overflows():
    remark = one("D(y, x) = exp(-x) / (1 + exp(-x))**2", "y: 1 / (1 + exp(-x))", "derivative")
    assert (remark.trouble, remark.at, remark.true) == ("overflows", "x = -800", "3.67e-348")
    assert math.isnan(remark.gives)
    assert remark.stable == "sigmoid(x) * sigmoid(-x)"


@pytest.mark.parametrize(
    ("claim", "trouble", "at", "stable"),
    [
        ("softplus(x) = log(1 + exp(x))", "overflows", "x = 800", "softplus(x)"),
        (
            "softmax(x) = exp(x) / sum(exp(x), axis=-1, keepdims=True)",
            "overflows",
            "`x` of the size of 1000",
            "softmax(x, axis=-1)",
        ),
        ("log_softmax(x) = log(softmax(x))", "underflows", "`x` of the size of 1000", "log_softmax(x)"),
        (
            "logsumexp(x, axis=-1) = log(sum(exp(x), axis=-1))",
            "overflows",
            "`x` of the size of 1000",
            "logsumexp(x, axis=-1)",
        ),
        ("1 / cosh(x)**2 = 1 - tanh(x)**2", "keeps 9 of 16 digits", "x = -8", "1 / cosh(x)**2"),
        ("expm1(x) = exp(x) - 1", "keeps 8 of 16 digits", "x = -7e-09", "expm1(x)"),
        (
            "var(x, axis=-1) = mean(x**2, axis=-1) - mean(x, axis=-1)**2",
            "keeps 6 of 16 digits",
            "`x` of the size of 10 and 0.0001 of that apart",
            "var(x, axis=-1)",
        ),
        (
            "1 / (sqrt(x**2 + 1) + x) = sqrt(x**2 + 1) - x",
            "keeps 7 of 16 digits",
            "x = 9000",
            "1 / (sqrt(x**2 + 1) + x)",
        ),
    ],
)
def test_textbook_cases(claim, trouble, at, stable):
    remark = one(claim)
    assert (remark.trouble, remark.at, remark.stable) == (trouble, at, stable)


def test_the_true_value_is_that_of_the_formula_without_rounding():
    remark = one("1 / cosh(x)**2 = 1 - tanh(x)**2")
    assert float(remark.true) == pytest.approx(1 / math.cosh(8) ** 2, rel=1e-9)
    assert remark.gives == 1 - math.tanh(8) ** 2


@pytest.mark.parametrize(
    ("claim", "forward", "kind"),
    [
        # as good as the y that it is given
        ("dx = dy * y * (1 - y)", "y: sigmoid(x)", "gradient"),
        ("dx = dy * (1 - y**2)", "y: tanh(x)", "gradient"),
        ("dx = y * (dy - sum(y * dy, axis=-1, keepdims=True))", "y: softmax(x)", "gradient"),
        # the true value overflows too, or nothing does
        ("dx = dy * exp(x)", "y: exp(x)", "gradient"),
        ("dx = dy * sigmoid(x)", "y: softplus(x)", "gradient"),
        ("dx = 2 * dy * x", "y: x**2", "gradient"),
        ("y = sigmoid(x)", "y: sigmoid(x)", "identity"),
        # where x is large the product is far below what matters
        ("sigmoid(x) * sigmoid(-x) = sigmoid(x) * (1 - sigmoid(x))", "y: x", "identity"),
    ],
)
def test_nothing_is_said_of_formulas_that_do_as_well_as_can_be(claim, forward, kind):
    assert found(claim, forward, kind) == ()


def test_the_domain_is_kept():
    assert found("softplus(x) = log(1 + exp(x))", inputs="x: {shape: [n], domain: 'range(-5, 5)'}") == ()
    remark = one("softplus(x) = log(1 + exp(x))", inputs="x: {shape: [n], domain: positive}")
    assert remark.at == "x = 800"


@pytest.mark.parametrize("verdict", ["wrong", "undecided", "conditional"])
def test_only_of_what_holds(verdict):
    assert found("softplus(x) = log(1 + exp(x))", verdict=verdict) == ()


def expression(text):
    return parse_expression(Text.whole("f", text))


@pytest.mark.parametrize(("before", "after"), REMEDIES)
def test_every_remedy_is_an_identity(before, after):
    n = Dim.of("n")
    rng = np.random.default_rng(5)
    given = {"x_": rng.uniform(0.2, 0.9, (1, 7)), "y_": rng.uniform(0.5, 2, (1, 7))}
    values = []
    for text in (before, after):
        tree = Scope({name: Type((n,)) for name in given}, {"n": n}).infer(expression(text))
        run = Evaluation(NumpyBackend(), {"n": 7}, lambda q: given[q.name])
        values.append(run.value(tree))
    np.testing.assert_allclose(*values, rtol=1e-12)


def test_remedies_keep_what_stands_around_and_the_keywords():
    shown = {to_plain(form) for form in stable_forms(expression("3 * log(softmax(2 * z, axis=0)) + w"))}
    assert shown == {"3 * log_softmax(2 * z, axis=0) + w"}
    shown = [to_plain(form) for form in stable_forms(expression("g * exp(-z) / (1 + exp(-z))**2"))]
    assert shown[0] == "g * sigmoid(z) * sigmoid(-z)"
    assert list(stable_forms(expression("exp(z) / (1 + exp(w))**2"))) == []
