"""Both oracles against gradients, tangents and Jacobians derived by hand; forward, reverse and differences agree."""

import numpy as np
import pytest

from gradcheck_cli.compare.court import laws_of
from gradcheck_cli.evaluate.sampling import draw, generator
from gradcheck_cli.evaluate.torch_backend import TorchBackend
from gradcheck_cli.oracle.agreement import MARGIN, agree, name_of
from gradcheck_cli.oracle.autograd import Autograd
from gradcheck_cli.oracle.differences import EDGE, KINK, Differences
from gradcheck_cli.shapes.typed import Gradient, Loss, LossTangent, Tangent, Value, quantities
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.spec.typing import type_claim
from gradcheck_cli.text import draw as shown

SIZES = {"n": 5, "m": 3, "h": 2, "l": 4, "d": 3, "k": 7}


class Case:
    """An operator with data, and the quantities that one claim asks for."""

    def __init__(self, inputs, forward, claim, more="", seed=0, rows=1, **values):
        lines = "".join(f"  {name}: {text!r}\n" for name, text in forward.items())
        text = f"operator: o\n{more}inputs: {inputs}\nforward:\n{lines}claims:\n  - {claim}\n"
        file = load_text("s", text)
        assert not file.problems, shown(file.problems[0])
        op = file.operators[0]
        self.typed = type_claim(op, op.claims[0])
        self.program = self.typed.program
        data = draw(self.program, laws_of(op, self.typed), self.typed.given, SIZES, 1.0, generator(seed))
        self.inputs = {**data.inputs, **values}
        self.tangents, self.cotangents = data.tangents, data.cotangents
        sides = [s for link in self.typed.links for s in (link.left, link.right) if s is not None]
        self.wanted = list(dict.fromkeys(q for side in sides for q in quantities(side)))

    @property
    def autograd(self):
        def batch(arrays):
            return {name: np.asarray(a)[None] for name, a in arrays.items()}

        return Autograd(
            TorchBackend(),
            self.program,
            SIZES,
            batch(self.inputs),
            batch(self.tangents),
            batch(self.cotangents),
            self.typed.fixed,
        )

    @property
    def differences(self):
        return Differences(self.program, SIZES, self.inputs, self.tangents, self.cotangents, self.typed.fixed)

    def truth(self):
        """Name → (autograd's answer, the estimate by differences)."""
        one = self.autograd.quantities(self.wanted)
        two = self.differences.quantities(self.wanted)
        return {name_of(q): (one[q].numpy()[0], two[q]) for q in self.wanted}


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def softmax_case(i, g):
    y = softmax(i["x"])
    dy = g["y"]
    return {"dx": y * (dy - (dy * y).sum(-1, keepdims=True)), "dy": dy}


def layernorm_case(i, g):
    x, gamma, dy = i["x"], i["gamma"], g["y"]
    mu, var = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    s = 1 / np.sqrt(var + 1e-5)
    xh = (x - mu) * s
    dxh = dy * gamma
    dx = s * (dxh - dxh.mean(-1, keepdims=True) - xh * (dxh * xh).mean(-1, keepdims=True))
    return {"dx": dx, "dxh": dxh, "dgamma": (dy * xh).sum(0), "dbeta": dy.sum(0)}


def attention_case(i, g):
    q, k, v, do = i["Q"], i["K"], i["V"], g["O"]
    s = q @ k.mT / np.sqrt(3) + i["B"]
    a = softmax(s)
    da = do @ v.mT
    ds = a * (da - (da * a).sum(-1, keepdims=True))
    return {
        "dV": a.mT @ do,
        "dA": da,
        "dS": ds,
        "dQ": ds @ k / np.sqrt(3),
        "dK": ds.mT @ q / np.sqrt(3),
        "dB": ds,
    }


def inverse_case(i, g):
    y = np.linalg.inv(i["A"])
    return {"dA": -y.T @ g["Y"] @ y.T}


CLOSED = {
    "softmax": ("{x: [n, m]}", {"y": "softmax(x)"}, "gradient: dx = dy", softmax_case),
    "layernorm": (
        "{x: [n, m], gamma: [m], beta: [m]}",
        {
            "mu": "mean(x, axis=-1, keepdims=True)",
            "xh": "(x - mu) / sqrt(mean((x - mu)**2, axis=-1, keepdims=True) + 1e-5)",
            "y": "xh * gamma + beta",
        },
        "gradient: dx = dxh * sum(dgamma) * sum(dbeta)",
        layernorm_case,
    ),
    "attention": (
        "{Q: [h, l, d], K: [h, l, d], V: [h, l, d], B: [h, l, l]}",
        {"S": "Q @ K.mT / sqrt(d) + B", "A": "softmax(S, axis=-1)", "O": "A @ V"},
        "gradient: dV = dA.mT @ dQ + dK + dS @ V + dB @ V",
        attention_case,
    ),
    "inverse": ("{A: {shape: [n, n], domain: invertible}}", {"Y": "inv(A)"}, "gradient: dA = dA", inverse_case),
    "affine": (
        "{X: [n, m], W: [m, k], b: [k]}",
        {"Y": "X @ W + b"},
        "gradient: dX = 0 * sum(dW) * sum(db)",
        lambda i, g: {"dX": g["Y"] @ i["W"].T, "dW": i["X"].T @ g["Y"], "db": g["Y"].sum(0)},
    ),
    "index notation": (
        "{X: [n, m], W: [m, k]}",
        {"Y[i, j]": "sum[c](X[i, c] * W[c, j])**2"},
        "gradient: dX = 0 * sum(dW)",
        lambda i, g: {"dX": 2 * (g["Y"] * (i["X"] @ i["W"])) @ i["W"].T, "dW": 2 * i["X"].T @ (g["Y"] * (i["X"] @ i["W"]))},
    ),
    "a constant forward": ("{x: [n], c: [n]}", {"y": "ones(n) * 3"}, "gradient: dx = dc + dy", lambda i, g: {"dx": 0 * i["x"], "dc": 0 * i["x"], "dy": g["y"]}),
}  # fmt: skip


@pytest.mark.parametrize("name", CLOSED)
@pytest.mark.parametrize("seed", range(3))
def test_gradients_of_inputs_and_intermediates_by_hand(name, seed):
    inputs, forward, claim, closed = CLOSED[name]
    case = Case(inputs, forward, claim, seed=seed)
    expected = closed(case.inputs, case.cotangents)
    truth = case.truth()
    asked = expected.keys() & truth.keys()
    assert "d" + next(iter(case.program.inputs)) in asked
    assert {q for q in truth if q.startswith("d")} <= expected.keys()
    for quantity in asked:
        autograd, differences = truth[quantity]
        np.testing.assert_allclose(autograd, expected[quantity], rtol=1e-10, atol=1e-12)
        assert (np.abs(differences.value - expected[quantity]) <= MARGIN * differences.error).all()
        assert np.max(differences.error) < 1e-7


TANGENTS = [
    ("{x: [n]}", {"y": "softmax(x)"}, "differential: dy = dx", "dy", lambda i, t: softmax(i["x"]) * (t["x"] - (softmax(i["x"]) * t["x"]).sum())),
    ("{A: [n, m], B: [m, k]}", {"Y": "A @ B"}, "differential: dY = dA @ B", "dY", lambda i, t: t["A"] @ i["B"] + i["A"] @ t["B"]),
    ("{A: [n, m], B: [m, k]}", {"Y": "A @ B"}, "differential: dY = dA @ B\n    fixed: B", "dY", lambda i, t: t["A"] @ i["B"]),
    ("{A: [n, m], B: [m, k]}", {"Y": "A @ B"}, "differential: dY = dA @ B\n    fixed: [A, B]", "dY", lambda i, t: 0 * (i["A"] @ i["B"])),
    ("{x: [n]}", {"z": "x**2", "y": "z * x"}, "differential: dy = dx\n    fixed: z", "dy", lambda i, t: i["x"] ** 2 * t["x"]),
    ("{A: {shape: [n, n], domain: spd}}", {"y": "logdet(A)"}, "differential: dy = sum(dA)", "dy", lambda i, t: np.trace(np.linalg.inv(i["A"]) @ t["A"])),
    ("{x: [n], c: {shape: [n], value: 2}}", {"y": "x * c"}, "differential: dy = dx", "dy", lambda i, t: 2 * t["x"]),
]  # fmt: skip


@pytest.mark.parametrize(("inputs", "forward", "claim", "name", "closed"), TANGENTS)
def test_tangents_by_hand_and_in_three_ways(inputs, forward, claim, name, closed):
    case = Case(inputs, forward, claim)
    expected = closed(case.inputs, case.tangents)
    quantity = next(q for q in case.wanted if isinstance(q, Tangent) and q.tree.quantity == Value(name[1:]))
    estimate = case.differences.estimate(quantity)
    for found in (case.autograd.forward_mode([quantity]), case.autograd.reverse_twice([quantity])):
        np.testing.assert_allclose(found[quantity].numpy()[0], expected, rtol=1e-10, atol=1e-12)
    assert (np.abs(estimate.value - expected) <= MARGIN * estimate.error + 1e-300).all()


def test_the_tangent_of_the_loss_is_the_gradient_along_the_tangent():
    case = Case("{x: [n], w: [n]}", {"y": "sin(x) * w"}, "differential: dL = sum(dy)")
    found = case.autograd.quantities([LossTangent(), Gradient("x"), Gradient("w")])
    along = sum((found[Gradient(n)].numpy()[0] * case.tangents[n]).sum() for n in "xw")
    np.testing.assert_allclose(found[LossTangent()].numpy()[0], along)
    estimate = case.differences.estimate(LossTangent())
    assert abs(estimate.value - along) <= MARGIN * estimate.error


JACOBIANS = [
    ("{x: [n]}", {"y": "softmax(x)"}, "derivative: D(y, x) = 0", lambda i: np.diag(softmax(i["x"])) - np.outer(softmax(i["x"]), softmax(i["x"]))),
    ("{x: [n]}", {"y": "tanh(x)"}, "derivative: D(y, x) = 0", lambda i: 1 - np.tanh(i["x"]) ** 2),
    ("{x: [n]}", {"y": "tanh(x)"}, "derivative: jacobian(y, x) = 0", lambda i: np.diag(1 - np.tanh(i["x"]) ** 2)),
    ("{A: [m, n], x: [n]}", {"y": "A @ x"}, "derivative: D(y, x) = A", lambda i: i["A"]),
    ("{A: [m, n], x: [n]}", {"y": "A @ x"}, "derivative: D(y, A) = 0", lambda i: np.einsum("ij,k->ijk", np.eye(3), i["x"])),
    ("{x: [n], z: [n]}", {"y": "x * 2"}, "derivative: D(y, z) = 0", lambda i: np.zeros((5, 5))),
    ("{x: [n]}", {"z": "x**2", "y": "z * x"}, "derivative: D(y, z) = x", lambda i: i["x"]),
    ("{x: [n]}", {"z": "x**2", "y": "sum(z)"}, "derivative: D(y, x) = x", lambda i: 2 * i["x"]),
]  # fmt: skip


@pytest.mark.parametrize(("inputs", "forward", "claim", "closed"), JACOBIANS)
def test_derivatives_by_hand(inputs, forward, claim, closed):
    case = Case(inputs, forward, claim)
    expected = closed(case.inputs)
    (quantity,) = [q for q in case.wanted if name_of(q).startswith("D(")]
    autograd = case.autograd.quantities([quantity])[quantity].numpy()[0]
    estimate = case.differences.estimate(quantity)
    assert autograd.shape == expected.shape == estimate.value.shape
    np.testing.assert_allclose(autograd, expected, rtol=1e-10, atol=1e-12)
    assert (np.abs(estimate.value - expected) <= MARGIN * estimate.error + 1e-300).all()


def test_values_and_the_loss_have_no_bar():
    case = Case("{x: [n]}", {"y": "x**2"}, "gradient: dx = L * y")
    for quantity in (Value("y"), Loss()):
        estimate = case.differences.estimate(quantity)
        assert not estimate.error.any()
        np.testing.assert_allclose(case.autograd.quantities([quantity])[quantity].numpy()[0], estimate.value)
    np.testing.assert_allclose(
        case.differences.estimate(Loss()).value, case.inputs["x"] ** 2 @ case.cotangents["y"]
    )


def test_several_outputs_add_up():
    case = Case("{x: [n]}", {"y": "x**2", "z": "sum(x)"}, "gradient: dx = 0", more="output: [y, z]\n")
    found, estimate = case.truth()["dx"]
    expected = 2 * case.inputs["x"] * case.cotangents["y"] + case.cotangents["z"]
    np.testing.assert_allclose(found, expected)
    assert (np.abs(estimate.value - expected) <= MARGIN * estimate.error).all()


@pytest.mark.parametrize(
    ("forward", "values", "reason"),
    [
        ("relu(x)", {"x": np.array([1.0, 0.0, -1.0, 2.0, 3.0])}, KINK),
        ("abs(x)", {"x": np.array([1.0, 0.0, -1.0, 2.0, 3.0])}, KINK),
        ("abs(x)", {"x": np.array([1.0, 1e-4, -1.0, 2.0, 3.0])}, KINK),
        ("maximum(x, 1)", {"x": np.array([1.0, 0.0, -1.0, 2.0, 3.0])}, KINK),
        ("where(x > 0, x, x**2)", {"x": np.array([1.0, 0.0, -1.0, 2.0, 3.0])}, KINK),
        ("max(x) * x", {"x": np.array([3.0, 0.0, -1.0, 2.0, 3.0])}, KINK),
        ("floor(x)", {"x": np.array([1.0, 0.5, -1.5, 2.5, 3.5])}, KINK),
        ("log(x)", {"x": np.array([1.0, 1e-9, 1.0, 2.0, 3.0])}, EDGE),
        ("sqrt(x)", {"x": np.array([1.0, 0.0, 1.0, 2.0, 3.0])}, EDGE),
        ("asin(x)", {"x": np.array([1.0, 0.0, 0.1, 0.2, 0.3])}, EDGE),
        ("exp(exp(exp(x)))", {"x": np.array([9.0, 0.0, 0.1, 0.2, 0.3])}, EDGE),
    ],
)
def test_a_kink_or_an_edge_has_an_infinite_bar_and_its_reason(forward, values, reason):
    case = Case("{x: [n]}", {"y": forward}, "gradient: dx = 0", **values)
    estimate = case.differences.estimate(Gradient("x"))
    assert estimate.reason == reason
    assert np.isinf(estimate.error).any()
    verdict = agree(Gradient("x"), np.ones((1, 5)), case.differences, lambda n, v: v, generator(0))
    assert not verdict.ok
    assert verdict.reason == reason


def test_a_kink_at_a_distance_does_no_harm():
    case = Case("{x: [n]}", {"y": "relu(x)"}, "gradient: dx = 0", x=np.array([0.01, -0.01, 1.0, -1.0, 0.002]))
    estimate = case.differences.estimate(Gradient("x"))
    expected = case.cotangents["y"] * (case.inputs["x"] > 0)
    assert np.isfinite(estimate.error).all()
    assert (np.abs(estimate.value - expected) <= MARGIN * estimate.error).all()


# --- agreement --------------------------------------------------------------------------------------------


def agreement(case, name, rows, seed=0):
    return agree(Gradient(name), np.asarray(rows), case.differences, lambda n, v: v, generator(seed))


ATTENTION = CLOSED["attention"]


@pytest.mark.parametrize("name", ["Q", "S", "A", "V"])
@pytest.mark.parametrize("error", [1e-5, 1e-3, 1.0])
def test_a_wrong_answer_of_autograd_is_found_and_a_right_one_agrees(name, error):
    case = Case(*ATTENTION[:3])
    right = case.autograd.quantities([Gradient(name)])[Gradient(name)].numpy()
    assert agreement(case, name, right).ok
    rng = np.random.default_rng(1)
    for _ in range(10):
        wrong = right * (1 + error * rng.standard_normal(right.shape))
        found = agreement(case, name, wrong)
        assert not found.ok
        assert found.reason == "autograd and differences disagree"
        assert found.what == f"d{name}"


@pytest.mark.parametrize(
    "mistake",
    [
        lambda g: -g,
        lambda g: 2 * g,
        lambda g: g[..., ::-1],
        lambda g: g * 0,
        lambda g: np.abs(g),
        lambda g: g + 1e-4,
    ],
)
def test_typical_mistakes_are_found_at_every_seed(mistake):
    case = Case("{X: [n, m], W: [m, k]}", {"Y": "tanh(X @ W)"}, "gradient: dX = 0")
    right = case.autograd.quantities([Gradient("X")])[Gradient("X")].numpy()
    for seed in range(20):
        assert agreement(case, "X", right, seed).ok
        assert not agreement(case, "X", mistake(right), seed).ok


def test_an_answer_that_is_not_finite_never_agrees():
    case = Case("{x: [n]}", {"y": "x**2"}, "gradient: dx = 0")
    for bad in (np.nan, np.inf):
        assert not agreement(case, "x", np.full((1, 5), bad)).ok


def test_forward_values_need_no_agreement():
    case = Case("{x: [n]}", {"y": "x**2"}, "gradient: dx = 0")
    assert agree(Value("x"), None, case.differences, lambda n, v: v, generator(0)) is None
    assert agree(Loss(), None, case.differences, lambda n, v: v, generator(0)) is None
