"""Judgement end to end, from the text of a spec to the verdict with its reason."""

import json
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

from gradcheck_cli.compare.judge import judge
from gradcheck_cli.compare.settings import Settings, seed_of
from gradcheck_cli.evaluate import torch_functions
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.spec.typing import type_claim
from gradcheck_cli.text import UserError, draw

ORACLES = ("both", "autograd", "differences")


def spec(inputs, forward, *claims, more=""):
    lines = "".join(f"  {name!r}: {text!r}\n" for name, text in forward.items())
    entries = "".join(f"  - {c}\n" for c in claims)
    return f"operator: o\n{more}inputs: {inputs}\nforward:\n{lines}claims:\n{entries}"


def judgements(text, **settings):
    """All links of all claims."""
    file = load_text("s", text)
    assert not file.problems, "\n".join(draw(p) for p in file.problems)
    (op,) = file.operators
    return [j for c in op.claims for j in judge(op, c, type_claim(op, c), Settings(**settings))]


def one(*parts, more="", **settings):
    (found,) = judgements(spec(*parts, more=more), **settings)
    return found


# --- a dozen typical claims -------------------------------------------------------------------------------

MATMUL = ("{X: [n, m], W: [m, k], b: [k]}", {"Y": "X @ W + b"})
SOFTMAX = ("{x: [n, m]}", {"y": "softmax(x)"})
RELU = ("{x: [n]}", {"y": "relu(x)"})
NORM = ("{x: [n], g: [n]}", {"r": "rsqrt(mean(x**2) + 1e-5)", "y": "x * r * g"})
LOSS = ("{x: [n], t: {shape: [], domain: index(n)}}", {"l": "-log_softmax(x)[t]"})

TYPICAL = [
    (MATMUL, "gradient: dX = dY @ W.T", "holds"),
    (MATMUL, "gradient: dX = -dY @ W.T", "wrong"),
    (MATMUL, "gradient: dW.T = dY.T @ X", "holds"),
    (MATMUL, "gradient: db = sum(dY, axis=0)", "holds"),
    (MATMUL, "gradient: db = mean(dY, axis=0)", "wrong"),
    (MATMUL, "gradient: dX = dY @ W", "shape-mismatch"),
    (MATMUL, "gradient: 'dW[i, j] = sum[k](X[k, i] * dY[k, j])'", "holds"),
    (MATMUL, "gradient: 'dW[i, j] = sum[k](X[k, i] * dY[k, j]) * (i == j)'", "wrong"),
    (SOFTMAX, "gradient: dx = y * (dy - sum(dy * y, axis=-1, keepdims=True))", "holds"),
    (SOFTMAX, "gradient: dx = y * (dy - sum(dy * y))", "wrong"),
    (SOFTMAX, "differential: dy = y * (dx - sum(dx * y, axis=-1, keepdims=True))", "holds"),
    (SOFTMAX, "differential: dy = y * dx", "wrong"),
    (RELU, "gradient: dx = dy * (x > 0)", "holds"),
    (RELU, "gradient: dx = dy * (y >= 0)", "wrong"),
    (RELU, "derivative: D(y, x) = where(x > 0, 1, 0)", "holds"),
    (NORM, "gradient: dx = r * (g * dy - x * r**2 * mean(g * dy * x))", "holds"),
    (NORM, "gradient: dx = r * (g * dy - x * r * mean(g * dy * x))", "wrong"),
    (NORM, "gradient: dr = sum(dy * g * x)", "holds"),
    (NORM, "gradient: 'dx[i] = sum[j](dy[j] * D(y, x)[j, i])'", "holds"),
    (LOSS, "gradient: dx = softmax(x) - one_hot(t, n)", "holds"),
    (LOSS, "gradient: dx = softmax(x)", "wrong"),
    (MATMUL, "identity: trace(X @ X.T) = sum(X * X)", "holds"),
    (MATMUL, "identity: trace(X @ X.T) = sum(X)**2", "wrong"),
]  # fmt: skip


@pytest.mark.parametrize("oracle", ORACLES)
@pytest.mark.parametrize(("operator", "claim", "verdict"), TYPICAL, ids=[t[1] for t in TYPICAL])
def test_the_three_oracles_reach_one_verdict(operator, claim, verdict, oracle):
    more = "loss: true\n" if operator is LOSS else ""
    found = one(*operator, claim, more=more, oracle=oracle)
    assert found.verdict == verdict, found
    if verdict == "holds":
        assert found.worst.error < 1e-9
        assert 0 < found.floor < 1e-7
        assert len(found.sights) == 5
    elif verdict == "wrong":
        assert found.worst.error > 1e-3
        place = found.worst.place
        assert place.left != place.right
        assert found.worst.share > 0


def test_each_link_is_judged_by_itself():
    claim = "gradient: dX = dY @ W.T = -dY @ W.T = dY @ W = 0"
    assert [j.verdict for j in judgements(spec(*MATMUL, claim))] == [
        "holds",
        "wrong",
        "shape-mismatch",
        "shape-mismatch",
    ]


def test_a_mismatch_says_where_in_symbols():
    found = one(*MATMUL, "gradient: dX = dY @ W")
    assert found.reason == "`@` cannot combine [n, k] with [m, k]; the inner dimensions k and m differ"
    assert found.span.text == "dY @ W"
    assert found.sights == ()


# --- undecided, with the reason ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inputs", "forward", "claim", "reasons"),
    [
        (
            "{x: [n]}", {"z": "x * 0", "y": "relu(z)"}, "gradient: dz = dy * (z > 0)",
            ["a step of the differences crosses a kink (at `dz`)", None, "a step of the differences crosses a kink"],
        ),
        (
            "{x: {shape: [n], domain: positive}}", {"y": "exp(exp(exp(1000 * x)))"}, "gradient: dx = dy * y",
            ["a step of the differences leaves the domain of the forward (at `dx`)", None, "a step of the differences leaves the domain of the forward"],
        ),
        (
            "{x: [n]}", {"y": "inv(outer(x, x))"}, "gradient: dx = x",
            ["`inv` failed: the matrix is singular", None, "`inv` failed: the matrix is singular"],
        ),
        (
            "{A: [n, n]}", {"y": "cholesky(-A @ A.T)"}, "gradient: dA = A",
            ["`cholesky` failed: the matrix is not positive definite"] * 3,
        ),
        (
            "{x: {shape: [n], domain: positive}}", {"y": "x"}, "identity: exp(exp(1000 + x)) = 7 * exp(exp(1000 + x))",
            ["both sides are infinite everywhere"] * 3,
        ),
        ("{x: [n]}", {"y": "x"}, "gradient: dx = dy * log(-1 - x**2)", ["the right side is nan at [0]"] * 3),
        ("{x: [n]}", {"y": "x"}, "identity: 0 * x / 0 = 0 * x / 0", ["the left side is nan at [0], and so is the other"] * 3),
    ],
)  # fmt: skip
@pytest.mark.parametrize("number", range(3))
def test_what_cannot_be_decided_says_why(inputs, forward, claim, reasons, number):
    found = one(inputs, forward, claim, oracle=ORACLES[number])
    if reasons[number]:
        assert (found.verdict, found.reason) == ("undecided", reasons[number])
        assert found.floor is None


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("oracle", ORACLES)
def test_a_matrix_that_is_singular_but_for_rounding_accuses_nobody(oracle, seed):
    """Torch may divide by a pivot that is zero but for rounding; its noise is then too large to be measured."""
    found = one("{x: [n]}", {"y": "inv(outer(x, x))"}, "gradient: dx = x", oracle=oracle, seed=seed)
    assert found.verdict == "undecided"


@pytest.mark.parametrize("oracle", ["both", "differences"])
def test_one_side_infinite_is_never_a_pass(oracle):
    found = one("{x: [n]}", {"y": "x"}, "gradient: dx = dy / 0", oracle=oracle)
    assert found.verdict == "undecided"
    assert found.reason.startswith("the right side is ")
    assert found.reason.split()[4] in {"inf", "-inf"}


def test_a_wrong_claim_is_wrong_even_where_some_elements_overflow_alike():
    """-inf on both sides of a mask agrees; the finite elements decide."""
    inputs = "{S: [n, n], M: {shape: [n, n], domain: mask}}"
    right = one(inputs, {"Y": "where(M, S, -inf)"}, "identity: Y = where(M, S, -inf)")
    wrong = one(inputs, {"Y": "where(M, S, -inf)"}, "identity: Y = where(M, 2 * S, -inf)")
    assert (right.verdict, wrong.verdict) == ("holds", "wrong")


# --- zeros ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("oracle", ORACLES)
@pytest.mark.parametrize(
    ("inputs", "forward", "claim", "verdict"),
    [
        ("{x: [n], w: [n]}", "x * 2", "gradient: dw = 0", "holds"),
        ("{x: [n], w: [n]}", "x * 2", "gradient: dw = zeros(n)", "holds"),
        ("{x: [n], w: [n]}", "x * 2", "gradient: dw = x - x", "holds"),
        ("{x: [n], w: [n]}", "x * 2", "gradient: dw = x", "wrong"),
        ("{x: [n], w: [n]}", "x * 2", "gradient: dw = 1e-9", "wrong"),
        ("{x: [n], w: [n]}", "x * 2", "gradient: dx = 0", "wrong"),
        ("{x: [n]}", "0 * x", "gradient: dx = 0", "holds"),
        ("{x: [n]}", "0 * x", "gradient: dx = dy", "wrong"),
        ("{x: [n]}", "ones(n)", "gradient: dx = 0", "holds"),
        ("{x: [n]}", "sum(softmax(x)) * ones(n)", "gradient: dx = 0", "holds"),
        ("{x: [n]}", "sum(softmax(x)) * ones(n)", "gradient: dx = 0.001 * x", "wrong"),
    ],
)
def test_gradients_that_are_zero(inputs, forward, claim, verdict, oracle):
    assert one(inputs, {"y": forward}, claim, oracle=oracle).verdict == verdict


# --- a wrong oracle ---------------------------------------------------------------------------------------


class SubtlyWrong(torch.autograd.Function):
    """tanh whose derivative is off by one part in ten thousand."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x):
        return torch.tanh(x)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(output)
        ctx.save_for_forward(output)

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g * (1 - y * y) * 1.0001

    @staticmethod
    def jvp(ctx, t):
        (y,) = ctx.saved_tensors
        return t * (1 - y * y) * 1.0001


@pytest.mark.parametrize(
    "claim",
    [
        "gradient: dx = dy * (1 - y**2)",
        "gradient: dx = dy * (1 - y**2) * 1.0001",
        "differential: dy = dx * (1 - y**2)",
        "derivative: D(y, x) = 1 - y**2",
    ],
)
def test_a_subtly_wrong_autograd_is_never_believed(monkeypatch, claim):
    table = {**torch_functions.TORCH, "tanh": SubtlyWrong.apply}
    monkeypatch.setattr("gradcheck_cli.evaluate.torch_backend.TORCH", table)
    found = one("{x: [n]}", {"y": "tanh(x)"}, claim)
    assert found.verdict == "undecided"
    assert found.reason.startswith("autograd and differences disagree (at `")
    monkeypatch.undo()
    assert one("{x: [n]}", {"y": "tanh(x)"}, claim).verdict == ("wrong" if "1.0001" in claim else "holds")


def test_a_wrong_value_in_one_back_end_is_never_believed(monkeypatch):
    table = {**torch_functions.TORCH, "tanh": lambda x: torch.tanh(x) * 1.0001}
    monkeypatch.setattr("gradcheck_cli.evaluate.torch_backend.TORCH", table)
    found = one("{x: [n]}", {"y": "x"}, "identity: tanh(x) = (exp(x) - exp(-x)) / (exp(x) + exp(-x))")
    assert (found.verdict, found.reason) == ("undecided", "torch and NumPy disagree (holds)")


# --- the floor --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "verdict"), [(1e-3, "wrong"), (1e-11, "wrong"), (1e-16, "holds"), (0, "holds")]
)
def test_an_error_in_a_single_element_is_found_down_to_the_floor(size, verdict):
    planted = f"gradient: dx = dy * y * (1 + {size} * (arange(n) == 1))"
    found = one("{x: [n]}", {"y": "exp(x)"}, planted)
    assert found.verdict == verdict
    if verdict == "wrong" and size > 1e-9:
        assert found.worst.place.index == "1"
        assert found.worst.error <= size
    if verdict == "holds":
        assert found.worst.error < found.floor < 1e-11


def test_the_floor_is_what_would_have_been_seen():
    floor = one("{x: [n]}", {"y": "exp(x)"}, "gradient: dx = dy * y").floor
    assert (
        one("{x: [n]}", {"y": "exp(x)"}, f"gradient: dx = dy * y * (1 + {3 * floor:.20f})").verdict == "wrong"
    )


def test_an_ill_conditioned_claim_has_a_higher_floor_and_is_not_accused():
    """(x + 1e8)**2 - 1e16 - 2e8*x cancels sixteen digits down to none."""
    found = one("{x: [n]}", {"y": "x"}, "identity: x**2 = (x + 1e6)**2 - 1e12 - 2e6*x")
    assert found.verdict in {"holds", "undecided"}
    assert found.floor is None or found.floor > 1e-5


# --- places, bounds, determinism --------------------------------------------------------------------------


def test_the_place_names_free_indices():
    found = one(*MATMUL, "gradient: 'dW[i, j] = sum[r](X[r, i] * dY[r, j]) * where(i == 0, 2, 1)'")
    assert found.verdict == "wrong"
    index = dict(part.split("=") for part in found.worst.place.index.split(", "))
    assert index["i"] == "0"
    assert set(index) == {"i", "j"}


@pytest.mark.parametrize(
    ("inputs", "forward", "place"),
    [
        ("{x: [n]}", "x * 2", "[n]"),
        ("{x: {shape: [n, n, n], domain: positive}}", "sum(x)", "[n, n, n]"),
        ("{x: []}", "x * ones(n)", "ones(n)"),
    ],
)
@pytest.mark.parametrize("oracle", ORACLES)
def test_huge_dimensions_are_refused_at_once_with_their_place(inputs, forward, place, oracle):
    text = spec(inputs, {"y": forward}, "gradient: dx = 0", more="dims: {n: 1000000000}\n")
    started = time.process_time()
    with pytest.raises(UserError) as caught:
        judgements(text, oracle=oracle)
    assert time.process_time() - started < 1
    (problem,) = caught.value.problems
    assert problem.message.startswith("this would hold 1,000,000,000")
    assert problem.message.endswith(" numbers at once, more than 3,355,443")
    assert problem.span.text == place
    assert problem.help == "let the sizes be free (`n`, not 1000000): small ones show the same errors"


def test_a_size_that_is_never_whole_is_an_error_with_advice():
    with pytest.raises(UserError) as caught:
        one("{x: [n, n/4]}", {"y": "x"}, "gradient: dx = dy")
    assert caught.value.problems[0].help == "say how the sizes are related: `dims: {m: 2*r}`"


def same(a, b):
    """Equal as data, NaN and arrays included."""
    return repr(a) == repr(b)


@pytest.mark.parametrize("oracle", ORACLES)
def test_judging_twice_is_judging_once(oracle):
    text = spec(
        *SOFTMAX, "gradient: dx = y * dy", "gradient: dx = y * (dy - sum(dy * y, axis=-1, keepdims=True))"
    )
    assert same(judgements(text, oracle=oracle), judgements(text, oracle=oracle))


def test_the_seed_is_the_claims_own_unless_given():
    file = load_text("s", spec(*SOFTMAX, "gradient: dx = y * dy", "gradient: dx = dy * y"))
    (op,) = file.operators
    own = [seed_of(op, c, Settings()) for c in op.claims]
    assert own == [seed_of(op, c, Settings()) for c in op.claims]
    assert own[0] != own[1]
    assert all(seed_of(op, c, Settings(seed=7)) == 7 for c in op.claims)


def test_other_seeds_give_other_data():
    claim = "gradient: dx = 0"
    found = {one(*SOFTMAX, claim, seed=s).worst.place.left for s in range(5)}
    assert len(found) == 5
    assert same(one(*SOFTMAX, claim, seed=3), one(*SOFTMAX, claim, seed=3))


def test_draws_have_distinct_sizes_and_several_magnitudes():
    found = one(*MATMUL, "gradient: dX = dY @ W.T", draws=5)
    assert len({s.scale for s in found.sights}) == 5
    assert all(len(set(s.sizes.values())) == 3 for s in found.sights)
    assert len(one(*MATMUL, "gradient: dX = dY @ W.T", draws=2).sights) == 2


@pytest.mark.parametrize(
    "claim", ["x**2 = (x + 1e9)**2 - 1e18 - 2e9*x", "x**2 = 2 * ((x + 1e9)**2 - 1e18 - 2e9*x)"]
)
@pytest.mark.parametrize("oracle", ORACLES)
def test_what_cancels_to_nothing_is_not_called_right(claim, oracle):
    found = one("{x: [n]}", {"y": "x"}, f"identity: {claim}", oracle=oracle)
    assert found.verdict == "undecided"
    assert found.reason.startswith("not enough precision: errors below ")
    assert found.reason.endswith(" cannot be seen")


@pytest.mark.parametrize("seed", range(12))
def test_right_claims_are_never_accused_and_wrong_ones_never_pass(seed):
    for operator, claim, verdict in TYPICAL[::3]:
        if operator is not LOSS:
            assert one(*operator, claim, seed=seed, draws=2).verdict == verdict


# --- without torch ----------------------------------------------------------------------------------------


def test_differences_alone_never_import_torch():
    script = """
import json, sys
sys.modules["torch"] = None  # importing it would be an ImportError
from gradcheck_cli.compare.judge import judge
from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.spec.typing import type_claim
found = []
for text in json.loads(sys.stdin.read()):
    (op,) = load_text("s", text).operators
    for c in op.claims:
        found += [j.verdict for j in judge(op, c, type_claim(op, c), Settings(oracle="differences", draws=2))]
print(json.dumps([found, [m for m in sys.modules if m.split(".")[0] == "torch" and sys.modules[m]]]))
"""
    cases = [t for t in TYPICAL if t[0] is not LOSS]
    texts = [spec(*operator, claim) for operator, claim, _ in cases]
    result = subprocess.run(
        [sys.executable, "-c", script], input=json.dumps(texts), capture_output=True, text=True, check=True
    )
    found, loaded = json.loads(result.stdout)
    assert found == [verdict for _, _, verdict in cases]
    assert loaded == []


def test_nothing_is_printed_on_the_way(capfd):
    judgements(
        spec("{x: {shape: [n], domain: positive}}", {"y": "exp(exp(exp(1000 * x)))"}, "gradient: dx = dy * y")
    )
    assert capfd.readouterr() == ("", "")


def test_data_are_numbers_of_python():
    place = one(*SOFTMAX, "gradient: dx = 0").worst.place
    assert type(place.left) is float
    assert np.isfinite(place.left)
