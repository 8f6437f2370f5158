"""Which assumptions a link can be asked, and how data are moved into them."""

import numpy as np
import pytest

from gradcheck_cli.diagnose import moves
from gradcheck_cli.diagnose.regimes import MOST_NAMES, mentioned, pairs, singles
from gradcheck_cli.evaluate.sampling import Draw
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.spec.typing import type_claim
from gradcheck_cli.text import draw as drawn


def read(inputs, forward, claim, more=""):
    lines = "".join(f"  {name!r}: {text!r}\n" for name, text in forward.items())
    file = load_text("s", f"operator: o\n{more}inputs: {inputs}\nforward:\n{lines}claims:\n  - {claim}\n")
    assert not file.problems, "\n".join(drawn(p) for p in file.problems)
    (operator,) = file.operators
    claim = operator.claims[0]
    return operator, claim, type_claim(operator, claim)


def texts(*parts, **more):
    """The real assumptions, remarks aside."""
    return [r.text for r in singles(*read(*parts, **more), 0) if not r.remark]


# --- candidates -------------------------------------------------------------------------------------------


def test_the_weakest_stand_first():
    found = texts(
        "{x: [n], gamma: [n], W: [n, n], A: [m, n], eps: {shape: [], domain: positive}}",
        {"s": "sqrt(mean(x**2) + eps)", "h": "gamma * x / s", "y": "A @ W @ h"},
        "differential: dy = dy",
    )
    assert found == [
        "`x` is fixed",
        "`gamma` is fixed",
        "`W` is fixed",
        "`A` is fixed",
        "`eps` is fixed",
        "`s` is fixed",
        "`h` is fixed",
        "to first order in `eps`",
        "all elements of `gamma` are equal",
        "`x` has zero mean",
        "`gamma` has zero mean",
        "each row of `W` has zero mean",
        "each row of `A` has zero mean",
        "`W` is symmetric",
        "`W` is orthogonal",
        "the columns of `A` are orthonormal",
        "the rows of `A` are orthonormal",
        "`m = n`",
        "`eps` is 0",
        "`eps` is 1",
        "`gamma` is 0",
        "`gamma` is 1",
    ]


def test_sizes_of_one_come_last_as_remarks():
    found = singles(*read("{A: [m, n]}", {"Y": "2 * A"}, "gradient: dA = dY"), 0)
    assert [(r.text, r.remark) for r in found[-3:]] == [
        ("`m` is 1", True),
        ("`n` is 1", True),
        ("all sizes are 1", True),
    ]
    assert not any(r.remark for r in found[:-3])


def test_what_the_formula_mentions_was_not_forgotten():
    parts = ("{x: [n], a: []}", {"y": "a * x"})
    assert {"`a` is 0", "`a` is 1"} <= set(texts(*parts, "gradient: dx = dy"))
    assert not {"`a` is 0", "`a` is 1"} & set(texts(*parts, "gradient: dx = -a * dy"))
    assert "`a` is fixed" in texts(*parts, "differential: dy = dx")
    assert "`a` is fixed" not in texts(*parts, "differential: dy = dx + da")
    # neither in a local definition
    assert "`a` is 1" not in texts(*parts, "{gradient: dx = g, where: {g: -a * dy}}")
    # nor where the shapes do not fit
    mismatch = texts(*parts, "{gradient: 'dx = outer(g, g)', where: {g: -a * dy}}")
    assert not {"`a` is 0", "`a` is 1"} & set(mismatch)


def test_what_is_differentiated_by_is_never_a_point():
    parts = ("{x: [n], a: []}", {"y": "a**2 * x"})
    found = texts(*parts, "gradient: da = 2 * sum(dy * x)")
    assert not [t for t in found if "`a`" in t]
    found = mentioned(*read(*parts, "gradient: da = 2 * sum(dy * x)"), 0)
    assert (found.targets, found.values) == ({"a", "y"}, {"x"})


@pytest.mark.parametrize(
    ("domain", "has"),
    [
        ("real", "small 0 1"),
        ("positive", "small 0 1"),
        ("nonzero", "small 1"),
        ("unit", "small"),
        ("range(1, 3)", "1"),
        ("range(-1, 0.5)", "small 0"),
    ],
)
def test_values_lie_in_the_domain(domain, has):
    found = texts(f"{{x: [n], a: {{shape: [], domain: '{domain}'}}}}", {"y": "a * x"}, "gradient: dx = dy")
    words = {"to first order in `a`": "small", "`a` is 0": "0", "`a` is 1": "1"}
    assert [words[t] for t in found if t in words] == has.split()


def test_values_stay_away_from_kinks():
    found = texts("{x: [n], a: {shape: [], away_from: 0}}", {"y": "abs(a) * x"}, "gradient: dx = dy")
    assert [t for t in found if "`a`" in t] == ["`a` is 1"]


def test_given_inputs_indices_and_masks_are_left_alone():
    found = texts(
        "{x: [n], g: {shape: [n], value: ones(n)}, t: {shape: [], domain: index(n)}, k: {shape: [n], domain: mask}}",
        {"y": "where(k, g * x, x[t])"},
        "{identity: y = 2 * y, when: {x: ones(n)}}",
    )
    assert found == []


@pytest.mark.parametrize(
    ("forward", "scale"),
    [
        ("gamma * (x - mean(x)) + gamma / 2", True),
        ("tanh(gamma) * x", True),
        ("x * mean(gamma)", False),
        ("x * gamma * rsqrt(mean(gamma**2))", False),
        ("softmax(gamma) * x", False),
        ("diag(gamma) @ x", False),
    ],
)
def test_only_a_scale_is_constant(forward, scale):
    found = texts("{x: [n], gamma: [n]}", {"y": forward}, "gradient: dx = -dy")
    assert ("`gamma` is constant" in found) is scale


def test_data_are_no_scale():
    assert "`x` is constant" not in texts("{x: [n]}", {"y": "x**2"}, "gradient: dx = dy")
    assert "`B` is constant" not in texts("{X: [m, n], B: [m, n]}", {"Y": "X + B"}, "gradient: dX = -dY")


def test_rows_of_one_element_have_no_set():
    found = texts("{A: [n, 1], B: [1, n]}", {"Y": "A @ B"}, "gradient: dA = dA / 2")
    assert found == ["each row of `B` has zero mean"]


def test_domains_that_are_sets_stay():
    found = texts(
        "{S: {shape: [n, n], domain: spd}, Q: {shape: [n, n], domain: orthogonal}, p: {shape: [n], domain: probability}}",
        {"y": "S @ Q @ p"},
        "gradient: dp = dp / 2",
    )
    assert found == []


def test_pairs_are_of_two_subjects_and_bounded():
    operator, claim, typed = read(
        "{A: [m, k], B: [k, l], C: [l, n]}", {"Y": "A @ B @ C"}, "differential: dY = 0"
    )
    found = pairs(singles(operator, claim, typed, 0), 100)
    assert [p.text for p in found[:3]] == [
        "`A` is fixed and `B` is fixed",
        "`A` is fixed and `C` is fixed",
        "`B` is fixed and `C` is fixed",
    ]
    assert all("symmetric" not in p.text and "order" not in p.text for p in found)
    assert len(pairs(singles(operator, claim, typed, 0), 5)) == 5
    scalar = singles(*read("{x: [n], a: []}", {"y": "a * x"}, "identity: y = x"), 0)
    assert "`a` is 0 and `a` is 1" not in [p.text for p in pairs(scalar, 100)]


def test_names_are_bounded():
    names = [f"x_{k}" for k in range(20)]
    inputs = "{" + ", ".join(f"{n}: []" for n in names) + "}"
    found = texts(inputs, {"y": " + ".join(names)}, "differential: dy = 0")
    assert len([t for t in found if "fixed" in t]) == MOST_NAMES


def test_an_assumption_as_the_spec_would_write_it():
    operator, claim, typed = read(
        "{x: [n], g: [m], a: []}", {"y": "a * sum(g) * x"}, "{differential: dy = dx, fixed: [x]}"
    )
    found = {r.text: r.claim(claim) for r in singles(operator, claim, typed, 0)}
    assert [n.id for n in found["`g` is fixed"].fixed] == ["x", "g"]
    assert [(d.name, d.text.value) for d in found["`a` is 0"].when] == [("a", "0")]
    assert [(d.name, d.text.value) for d in found["`m = n`"].when] == [("m", "n")]
    assert "`x` is fixed" not in found


# --- moves ------------------------------------------------------------------------------------------------


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    arrays = {"g": (5,), "X": (3, 4), "W": (4, 4), "Q": (5, 3), "a": ()}
    inputs = {n: rng.standard_normal(s) for n, s in arrays.items()}
    tangents = {n: rng.standard_normal(s) for n, s in arrays.items()}
    return Draw({}, 1.0, inputs, tangents, {})


def test_constant(data):
    after = moves.constant("g")(data)
    assert np.array_equal(after.inputs["g"], np.full(5, data.inputs["g"][0]))
    assert np.allclose(after.tangents["g"], np.mean(data.tangents["g"]), rtol=1e-14)
    assert after.inputs["X"] is data.inputs["X"]


def test_centred(data):
    after = moves.centred("X")(data)
    for x in (after.inputs["X"], after.tangents["X"]):
        assert np.allclose(x.sum(axis=1), 0, atol=1e-14)
        assert abs(x.sum(axis=0)).min() > 1e-3


def test_symmetric(data):
    after = moves.symmetric("W")(data)
    for x in (after.inputs["W"], after.tangents["W"]):
        assert np.array_equal(x, x.T)
    assert np.array_equal(np.diag(after.inputs["W"]), np.diag(data.inputs["W"]))


def test_orthonormal(data):
    after = moves.orthonormal("Q")(data)
    q, t = after.inputs["Q"], after.tangents["Q"]
    assert np.allclose(q.T @ q, np.eye(3), atol=1e-14)
    assert np.allclose(q.T @ t + t.T @ q, 0, atol=1e-14)
    # it may leave the span of the columns
    assert abs(t - q @ (q.T @ t)).max() > 1e-2
    with pytest.raises(moves.Unfit):
        moves.orthonormal("X")(data)
    rows = moves.orthonormal("X", transposed=True)(data).inputs["X"]
    assert np.allclose(rows @ rows.T, np.eye(3), atol=1e-14)


def test_scaled(data):
    after = moves.scaled("a", 0.25)(data)
    assert after.inputs["a"] == data.inputs["a"] / 4
    assert after.tangents["a"] == data.tangents["a"]
