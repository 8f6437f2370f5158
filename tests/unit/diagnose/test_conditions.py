"""Conditions of wrong claims: closed forms that hold under one assumption, and near misses that do not."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from gradcheck_cli.compare.judge import judge
from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.compare.verdict import Judgement, Sight
from gradcheck_cli.diagnose import conditions as module
from gradcheck_cli.diagnose.conditions import Found, always_wrong, conditions, refined
from gradcheck_cli.diagnose.trial import Trial
from gradcheck_cli.spec.load import load, load_text
from gradcheck_cli.spec.typing import type_claim
from gradcheck_cli.text import draw

SPECS = Path(__file__).parents[3] / "specs"


def asked(inputs, forward, claim, more="", **settings):
    """The judgements on the one claim, and what was found."""
    lines = "".join(f"  {name!r}: {text!r}\n" for name, text in forward.items())
    text = f"operator: o\n{more}inputs: {inputs}\nforward:\n{lines}claims:\n  - {claim}\n"
    file = load_text("s", text)
    assert not file.problems, "\n".join(draw(p) for p in file.problems)
    (operator,) = file.operators
    return searched(operator, operator.claims[0], **settings)


def searched(operator, claim, **settings):
    options = Settings(**settings)
    typed = type_claim(operator, claim)
    judgements = judge(operator, claim, typed, options)
    return judgements, conditions(operator, claim, typed, judgements, options)


def phrases(*parts, **more):
    """The conditions of a claim with one link, remarks aside."""
    judgements, (found,) = asked(*parts, **more)
    assert judgements[0].verdict in {"wrong", "shape-mismatch"}
    return [f.phrase for f in found if not f.remark]


MATMUL = ("{A: [m, k], B: [k, n]}", {"Y": "A @ B"})
CHAIN = ("{A: [m, k], B: [k, l], C: [l, n]}", {"Y": "A @ B @ C"})
NORMALIZED = ("{x: [n]}", {"Z": "sum(exp(x))", "y": "exp(x) / Z"})
LAYERNORM = (
    "{x: [n], gamma: [n], eps: {shape: [], domain: positive}}",
    {"s": "sqrt(var(x) + eps)", "h": "(x - mean(x)) / s", "y": "gamma * h"},
)
RMSNORM = (
    "{x: [n], gamma: [n], eps: {shape: [], domain: positive}}",
    {"y": "gamma * x / sqrt(mean(x**2) + eps)"},
)
CENTRED = ("{x: [n], gamma: [n]}", {"y": "gamma * (x - mean(x))"})
QUADRATIC = ("{x: [n], W: [n, n]}", {"y": "dot(x, W @ x)"})
SQUARE = ("{x: [n], W: [n, n]}", {"y": "W @ x"})
TALL = ("{Q: [m, n]}", {"G": "Q.T @ Q", "H": "Q @ Q.T"})
AFFINE = ("{X: [b, n], W: [n, m], b_0: [m]}", {"Y": "X @ W + b_0"})
GROWTH = ("{x: [n], eta: []}", {"y": "exp(eta) * x"})
SCALED = ("{x: [n], a: [], c: []}", {"y": "a * x + c"})

EACH = [
    # operator, what holds under the condition, the condition, a near miss
    (MATMUL, "differential: dY = dA @ B", "only when `B` is fixed", "differential: dY = -dA @ B"),
    (MATMUL, "differential: dY = A @ dB", "only when `A` is fixed", "differential: dY = dA @ B - A @ dB"),
    (NORMALIZED, "differential: dy = y * dx", "only when `Z` is fixed", "differential: dy = 2 * y * dx"),
    (
        LAYERNORM,
        "gradient: dx = gamma / s * (dy - mean(dy) - h * mean(dy * h))",
        "only when `gamma` is constant",
        "gradient: dx = gamma / s * (dy - mean(dy) - 2 * h * mean(dy * h))",
    ),
    (
        CENTRED,
        "differential: dy = gamma * (dx - mean(dx)) + mean(dgamma) * (x - mean(x))",
        "only when all elements of `gamma` are equal",
        "differential: dy = gamma * (dx - mean(dx)) + sum(dgamma) * (x - mean(x))",
    ),
    (
        ("{x: [n]}", {"y": "x / sqrt(mean(x**2))"}),
        "identity: y = x / std(x)",
        "only when `x` has zero mean",
        "identity: y = x / std(x, correction=1)",
    ),
    (
        ("{X: [b, n]}", {"Y": "X - mean(X, axis=-1, keepdims=True)"}),
        "differential: dY = dX",
        "only when each row of `X` has zero mean",
        "differential: dY = dX / 2",
    ),
    (QUADRATIC, "gradient: dx = 2 * dy * W @ x", "only when `W` is symmetric", "gradient: dx = dy * W @ x"),
    (
        SQUARE,
        "differential: dy = dW.T @ x + W @ dx",
        "only when `W` is symmetric",
        "differential: dy = -dW.T @ x + W @ dx",
    ),
    (
        TALL,
        "identity: G = eye(n)",
        "only when the columns of `Q` are orthonormal",
        "identity: G = 2 * eye(n)",
    ),
    (TALL, "identity: H = eye(m)", "only when the rows of `Q` are orthonormal", "identity: H = -eye(m)"),
    (
        TALL,
        "differential: Q.T @ dQ + dQ.T @ Q = 0",
        "only when the columns of `Q` are orthonormal",
        "differential: Q.T @ dQ - dQ.T @ Q = 0",
    ),
    (
        ("{Q: [m, n]}", {"D": "Q.T @ Q - eye(n)"}),
        "identity: D = 0",
        "only when the columns of `Q` are orthonormal",
        "identity: D = 1",
    ),
    (
        ("{Q: {shape: [n, n], domain: invertible}}", {"P": "inv(Q)"}),
        "identity: P = Q.T",
        "only when `Q` is orthogonal",
        "identity: P = Q.T / 2",
    ),
    (
        ("{X: [m, n]}", {"y": "sum(X) / m"}),
        "gradient: dX = dy * ones(m, n) / n",
        "only when `m = n`",
        "gradient: dX = dy * ones(m, n) / (2 * n)",
    ),
    (
        ("{A: [m, k], B: [n, k]}", {"y": "sum(A) + sum(B)"}),
        "identity: sum(A * B) = trace(A @ B.T)",
        "only when `m = n`",
        "identity: sum(A * B) = -trace(A @ B.T)",
    ),
    (
        RMSNORM,
        "identity: y = gamma * x / sqrt(mean(x**2))",
        "only when `eps` is 0",
        "identity: y = gamma * x / sqrt(mean(x**2) - eps)",
    ),
    (LAYERNORM, "gradient: dot(h, dx) = 0", "only when `eps` is 0", "gradient: dot(h, dx) = 1"),
    (SCALED, "gradient: dx = dy", "only when `a` is 1", "gradient: dx = 2 * dy"),
    (AFFINE, "identity: Y = X @ W", "only when `b_0` is 0", "identity: Y = X @ W / 2"),
    (LAYERNORM, "gradient: dh = dy", "only when `gamma` is 1", "gradient: dh = -dy"),
    (
        GROWTH,
        "identity: y = x * (1 + eta)",
        "only to first order in `eta`",
        "identity: y = x * (1 + 2 * eta)",
    ),
    (
        GROWTH,
        "identity: y = x * (1 + eta + eta**2 / 2)",
        "only to second order in `eta`",
        "identity: y = x * (1 + eta + eta**2)",
    ),
    (
        ("{x: [n], eta: []}", {"y": "x + eta**2 * sin(x)"}),
        "gradient: dx = dy",
        "only to first order in `eta`",
        "gradient: dx = dy * (1 + 2 * eta**2 * cos(x))",
    ),
    (
        CHAIN,
        "differential: dY = A @ dB @ C",
        "only when `A` is fixed and `C` is fixed",
        "differential: dY = 2 * A @ dB @ C",
    ),
    (
        LAYERNORM,
        "gradient: dot(h, gamma / s * (dy - mean(dy) - h * mean(dy * h))) = 0",
        "only when `gamma` is constant and `eps` is 0",
        "gradient: dot(h, gamma / s * (dy - mean(dy) + h * mean(dy * h))) = 0",
    ),
    (SCALED, "identity: y = x", "only when `c` is 0 and `a` is 1", "identity: y = -x"),
    (
        ("{u: [m], v: [n]}", {"M": "outer(u, v)"}),
        "shape: shape(M) = [n, m]",
        "only when `m = n`",
        "shape: shape(M) = [n, m, 1]",
    ),
]


@pytest.mark.parametrize(("operator", "claim", "phrase", "miss"), EACH, ids=[f"{e[2]}: {e[1]}" for e in EACH])
def test_a_condition_is_found_and_a_near_miss_has_none(operator, claim, phrase, miss):
    assert phrases(*operator, claim) == [phrase]
    assert phrases(*operator, miss) == []


@pytest.mark.parametrize("oracle", ["autograd", "differences"])
@pytest.mark.parametrize("number", range(0, len(EACH), 4))
def test_every_oracle_finds_them(number, oracle):
    operator, claim, phrase, _ = EACH[number]
    assert phrases(*operator, claim, oracle=oracle) == [phrase]


# --- what is no condition ---------------------------------------------------------------------------------

PLAIN = [
    (MATMUL, "gradient: dA = -dY @ B.T"),
    (MATMUL, "gradient: dA = 2 * dY @ B.T"),
    (MATMUL, "gradient: dA = dY @ B"),
    (MATMUL, "gradient: dB = A @ dY"),
    (NORMALIZED, "gradient: dx = y * (dy + sum(dy * y))"),
    (AFFINE, "gradient: db_0 = mean(dY, axis=0)"),
    (LAYERNORM, "gradient: dgamma = -sum(dy * h)"),
    (RMSNORM, "gradient: dgamma = dy * x"),
    (GROWTH, "gradient: dx = -exp(eta) * dy"),
]


@pytest.mark.parametrize(("operator", "claim"), PLAIN, ids=[p[1] for p in PLAIN])
def test_plain_errors_have_none(operator, claim):
    assert phrases(*operator, claim) == []


EMPTY = [
    # both sides vanish
    (("{x: [n], eta: []}", {"y": "eta * x"}), "identity: y = 0"),
    (("{x: [n], eta: []}", {"y": "eta * x"}), "gradient: dx = -eta * dy"),
    (MATMUL, "differential: dY = 0"),
    (MATMUL, "gradient: dA = 0"),
    # the loss does not depend on x at all
    (("{x: [n], W: [n, n]}", {"y": "(W - W.T) @ x"}), "gradient: dx = 0"),
    # a factor vanishes
    (("{x: [n]}", {"m": "mean(x)", "y": "x**2 + m"}), "gradient: m * sum(dx) = 0"),
    (("{Q: [m, n]}", {"D": "Q.T @ Q - eye(n)"}), "identity: sum(D * exp(Q[0])) = 0"),
    # the second order of nothing
    (("{x: [n], eta: []}", {"y": "eta**2 * x"}), "gradient: dx = 3 * eta**2 * dy"),
    (("{x: [n], eta: []}", {"y": "eta**3 * x"}), "gradient: dx = 2 * eta**3 * dy"),
    # softmax does not see a constant
    (("{x: [n], c: [n]}", {"y": "softmax(x + c)"}), "identity: y = softmax(x + c / 2)"),
    # nothing is left of a branch
    (("{x: [n], g: [n]}", {"h": "tanh(x)", "y": "x + g * h"}), "gradient: dx = dy * (1 + h)"),
    # x - mean(x) of a constant x
    (("{x: [n]}", {"y": "(x - mean(x)) ** 3 + x"}), "identity: y = x"),
    # the point of a function, not a condition
    (("{x: []}", {"y": "x**2"}), "derivative: D(y, x) = 2"),
    (("{x: []}", {"y": "exp(x) - 1"}), "gradient: dx = dy"),
    # true by chance at some draws
    (("{x: [], y: []}", {"z": "x * y"}), "identity: where(z > 0, 1, 0) = 1"),
    # inequalities may hold by chance
    (TALL, "property: norm(G - eye(n)) < 0.001"),
]


@pytest.mark.parametrize(("operator", "claim"), EMPTY, ids=[e[1] for e in EMPTY])
def test_truths_without_content_are_none(operator, claim):
    judgements, (found,) = asked(*operator, claim)
    assert judgements[0].verdict == "wrong"
    assert [f.phrase for f in found if not f.remark] == []


def test_sizes_of_one_are_remarks():
    attention = ("{Q: [l, d], K: [t, d]}", {"S": "Q @ K.T / sqrt(d)"})
    judgements, found = asked(*attention, "gradient: dQ = dS @ K")
    assert [(f.text, f.remark) for f in found[0]] == [("`d` is 1", True)]
    assert refined(judgements, found) == judgements


def test_all_sizes_of_one_are_a_remark():
    judgements, found = asked("{A: [m, k], B: [k, n]}", {"Y": "A @ B"}, "identity: Y = B @ A")
    assert judgements[0].verdict == "shape-mismatch"
    assert [(f.text, f.remark) for f in found[0]] == [("all sizes are 1", True)]


# --- verdicts ---------------------------------------------------------------------------------------------


def test_a_refined_judgement_keeps_its_numbers():
    judgements, found = asked(*MATMUL, "differential: dY = dA @ B = dY = -dA @ B")
    after = refined(judgements, found)
    assert [j.verdict for j in after] == ["conditional", "conditional", "wrong"]
    assert after[0].condition == "`B` is fixed"
    assert after[0] == replace(judgements[0], verdict="conditional", condition="`B` is fixed")
    assert after[0].sights == judgements[0].sights != ()
    assert after[2] is judgements[2]
    assert found[2] == ()


@pytest.mark.parametrize("verdict", ["holds", "undecided", "conditional"])
def test_other_verdicts_are_not_refined(verdict):
    judgement = Judgement(verdict)
    assert refined([judgement], [(Found("`B` is fixed", 0),)]) == (judgement,)


def test_what_a_spec_would_say():
    _, ((fixed,),) = asked(*MATMUL, "differential: dY = dA @ B")
    assert (fixed.fixed, fixed.when, fixed.small) == (("B",), (), False)
    _, ((zero,),) = asked(*RMSNORM, "identity: y = gamma * x / sqrt(mean(x**2))")
    assert [(d.name, d.text.value) for d in zero.when] == [("eps", "0")]
    _, ((small,),) = asked(*GROWTH, "identity: y = x * (1 + eta)")
    assert small.small
    assert small.text == "to first order in `eta`"


def test_a_right_claim_is_never_asked(monkeypatch):
    def refuse(*_):
        raise AssertionError("asked")

    monkeypatch.setattr(module, "_Search", refuse)
    judgements, found = asked(*MATMUL, "gradient: dA = dY @ B.T")
    assert judgements[0].verdict == "holds"
    assert found == [()]
    with pytest.raises(AssertionError, match="asked"):
        asked(*MATMUL, "gradient: dA = -dY @ B.T")


def test_a_claim_that_is_wrong_at_some_draws_only_is_not_asked():
    claim = (
        load_text("s", "operator: o\ninputs: {x: []}\nforward: {y: x}\nclaims: [{identity: y = x}]")
        .operators[0]
        .claims[0]
    )
    wrong, right, unclear = (Sight(v, {}, 1.0) for v in ("wrong", "holds", "undecided"))
    assert always_wrong(claim, Judgement("wrong", sights=(wrong, wrong, unclear)))
    assert not always_wrong(claim, Judgement("wrong", sights=(wrong, right)))
    assert not always_wrong(claim, Judgement("undecided", sights=(unclear,)))
    assert not always_wrong(claim, Judgement("holds", sights=(right,)))


def test_the_same_claim_finds_the_same():
    operator, claim, *_ = EACH[3]
    assert asked(*operator, claim)[1][0][0].text == asked(*operator, claim)[1][0][0].text


def test_an_assumption_that_the_claim_makes_is_kept():
    claim = "{identity: 'y = gamma * x / (sqrt(mean(x**2)) * 2)', when: {eps: 0}}"
    assert phrases(*RMSNORM, claim) == []
    held = "{differential: dY = A @ dB @ C, fixed: [A]}"
    assert phrases(*CHAIN, held) == ["only when `C` is fixed"]


def test_every_draw_is_asked_at_fresh_seeds(monkeypatch):
    looked, at = [], None
    real = Trial.look

    def look(self, number):
        looked.append((self.settings.oracle, number, self.seed))
        return "wrong" if number == at else real(self, number)

    monkeypatch.setattr(Trial, "look", look)
    operator, claim, phrase, _ = EACH[1]
    assert phrases(*operator, claim, draws=4) == [phrase]
    trial, *judged = looked[-5:]  # that of `B`, the last of its rank
    assert trial[:2] == ("autograd", 0)
    assert [j[:2] for j in judged] == [("both", n) for n in range(4)]
    assert trial[2] != judged[0][2]
    at = 3
    assert phrases(*operator, claim, draws=4) == []


# --- hostile ----------------------------------------------------------------------------------------------


def test_no_inputs():
    assert phrases("{x: {shape: [n], value: ones(n)}}", {"y": "2 * x"}, "identity: y = x") == []


def test_huge_fixed_sizes():
    started = time.process_time()
    found = phrases("{X: [2000, 3000], c: []}", {"Y": "c * X"}, "identity: Y = X.T")
    assert found == []
    assert time.process_time() - started < 30


def test_a_search_ends_in_time(monkeypatch):
    monkeypatch.setattr(module, "SECONDS", 0.0)
    judgements, found = asked(*MATMUL, "differential: dY = dA @ B")
    assert found == [()]
    assert refined(judgements, found) == judgements


def test_many_inputs_and_sizes_are_bounded(monkeypatch):
    tried = []
    real = module._Search.tried
    monkeypatch.setattr(module._Search, "tried", lambda self, r: tried.append(r) or real(self, r))
    names = [f"x_{k}" for k in range(30)]
    inputs = "{" + ", ".join(f"{n}: [n_{k}]" for k, n in enumerate(names)) + "}"
    total = " + ".join(f"sum({n})" for n in names)
    assert phrases(inputs, {"y": total}, "identity: y = 0", draws=1) == []
    assert len(tried) <= module.MOST + module.MOST_PAIRS + 9


def test_kinds_without_draws_are_left_alone():
    judgements, found = asked("{X: [n, m]}", {"Y": "X"}, "cost: n*m = n*m + 1")
    assert judgements[0].verdict == "wrong"
    assert found == [()]


# --- the audited sources ----------------------------------------------------------------------------------

AUDITED = {
    "001-ln-1": "only when `eps` is 0",
    "001-ln-4a": "only when `gamma` is constant",
    "001-ln-4c": "only when `eps` is 0",
    "001-ln-5": "only when `gamma` is constant",
    "001-ln-6": "only when `gamma` is 1",
    "001-ln-7": "only when `gamma` is constant",
    "001-ln-10": "only when `eps` is 0",
    "001-matmul-5": "only when `B` is fixed",
    "001-matmul-12": "only when `A` is fixed",
    "001-rms-3": "only when `eps` is 0",
    "001-rms-4": "only when `gamma` is fixed",
    "001-rms-8": "only when `gamma` is fixed",
    "003-eta-2": "only to first order in `eta`",
    "003-eta-3": "only to first order in `eta`",
    "003-eta-4": "only to first order in `eta`",
    "003-rp-3": "only when `m = n`",
    "003-rp-4": "only to first order in `eta`",
    # plainly wrong
    "001-ln-3": None,
    "001-sigmoid-4": None,
    "002-S-4": None,
    "003-note-1": None,
    "004-loss-2": None,
}


@pytest.fixture(scope="module")
def claims():
    files = [load(path) for path in sorted(SPECS.glob("*/*.yaml"))]
    return {c.ids[0]: (o, c) for f in files for o in f.operators for c in o.claims}


@pytest.mark.parametrize("id_", AUDITED)
def test_the_audited_sources(claims, id_):
    judgements, found = searched(*claims[id_], draws=3)
    assert judgements[0].verdict == "wrong"
    assert [f.phrase for f in found[0] if not f.remark] == ([AUDITED[id_]] if AUDITED[id_] else [])
