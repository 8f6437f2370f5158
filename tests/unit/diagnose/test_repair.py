"""The diagnosis of whole claims: what it proposes, what it must not propose, and how long it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import monotonic

import numpy as np
import pytest

from gradcheck_cli.diagnose.engine import BUDGETS, Budget
from gradcheck_cli.diagnose.locate import pattern

ATTENTION = (
    "Q: [h, l, d]; K: [h, l, d]; V: [h, l, d]",
    "S: Q @ K.mT / sqrt(d); A: softmax(S); O: A @ V",
)
LINEAR = ("X: [m, k]; W: [k, n]; b: [n]", "Y: X @ W + b")


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> Budget:
    """Less time, for what is not found however long the search takes."""
    short = replace(BUDGETS["quick"], search=0.8, whole=3.0, forwards=0.4)
    monkeypatch.setitem(BUDGETS, "quick", short)
    return short


def first(found: Callable, program: tuple[str, str], claim: str, effort: str = "quick") -> str | None:
    texts = found(*program, claim, effort=effort).texts
    return texts[0] if texts else None


def test_two_edits_at_once(found: Callable) -> None:
    assert first(found, ATTENTION, "dK = dS @ Q") == "dK = dS.mT @ Q / sqrt(d)"


@pytest.mark.usefixtures("hurried")
def test_where_no_edit_helps_the_forward_gives_the_formula(found: Callable) -> None:
    repaired = first(found, ATTENTION, "dS = dA * (dA - (dA @ A.mT) @ ones(l, 1))")
    assert repaired == "dS = A * (dA - sum(dA * A, axis=-1, keepdims=True))"
    program = ("x: [n]", "y: cumsum(exp(cumsum(sin(x))))")
    result = found(*program, "dx = flip(dy)")
    inside = "flip(cumsum(flip(flip(cumsum(flip(dy))) * exp(cumsum(sin(x))))))"
    assert result.texts == [f"dx = {inside} * cos(x)"]
    assert result.diagnoses[0].code == "GC130"


SOFTMAX = ("S: [p, q]", "A: softmax(S, axis=-1)")


@pytest.mark.parametrize(
    ("program", "claim", "repaired", "edit"),
    [
        # a step of a derivation that should repeat the line above
        (LINEAR, "dX = dY @ W.T = 2 * dY @ W.T", "dY @ W.T = dY @ W.T", "`2 * dY` → `dY`"),
        (LINEAR, "dX = dY @ W.T = dY @ W", "dY @ W.T = dY @ W.T", "`W` → `W.T`"),
        # a factor inside of a reduction, not a second reduction around it
        (
            SOFTMAX,
            "dS = A * (dA - sum(dA, axis=-1, keepdims=True))",
            "dS = A * (dA - sum(dA * A, axis=-1, keepdims=True))",
            "`dA` → `dA * A`",
        ),
        # index notation in, index notation out
        (
            SOFTMAX,
            "dS[i, j] = A[i, j] * dA[i, j]",
            "dS[i, j] = A[i, j] * (dA[i, j] - sum[k](dA[i, k] * A[i, k]))",
            "`dA[i, j]` → `dA[i, j] - sum[k](dA[i, k] * A[i, k])`",
        ),
        (LINEAR, "dX[i, j] = sum[l](dY[i, l] * W[l, j])", "dX[i, j] = sum[l](dY[i, l] * W[j, l])", None),
    ],
)
def test_the_first_suggestion_is_the_textbook_form(
    program: tuple[str, str], claim: str, repaired: str, edit: str | None, found: Callable
) -> None:
    result = found(*program, claim)
    assert result.texts[0] == repaired
    best = result.diagnoses[0].suggestions[0]
    assert edit is None or best.edits == (edit,)
    silly = ("/ 2", ".mT", "mean(")
    assert not [t for t in result.texts for s in silly if s in t]


def test_a_definition_is_put_right_by_a_closed_form(found: Callable) -> None:
    extra = "    where: {F: 'dA * (dA - (dA @ A.T) @ ones(p, 1))'}\n"
    claim = "F[i, j] = sum[t, u](D(A, S)[t, u, i, j] * dA[t, u])"
    result = found(
        "S: [p, q]; B: [p, q]", "Z: S + B; A: softmax(Z, axis=-1)", claim.replace("S)", "Z)"), extra=extra
    )
    assert result.texts == [
        "A[i, j] * (dA[i, j] - sum[t](dA[i, t] * A[i, t])) = sum[t, u](D(A, Z)[t, u, i, j] * dA[t, u])"
    ]


def test_what_a_where_defines_may_be_claimed(found: Callable) -> None:
    extra = "    where: {F: 'dA * (dA - sum(A * dA, axis=-1, keepdims=True))'}\n"
    result = found(*ATTENTION, "F = dS", extra=extra)
    assert result.verdicts == ("wrong",)
    assert result.texts[0] == "A * (dA - sum(A * dA, axis=-1, keepdims=True)) = dS"


def test_what_would_be_true_of_anything_is_no_correction(found: Callable) -> None:
    program = ("x: [n]; eps: {shape: [], domain: positive}", "s: sqrt(var(x) + eps); h: (x - mean(x)) / s")
    texts = found(*program, "dot(h, dx) = 0").texts
    assert not [t for t in texts if "dx / h" in t]
    texts = found("x: [n]", "h: x - mean(x)", "sum(dx) = 1").texts
    assert texts[:1] == ["sum(dx) = 0"]


def test_latex_whose_shapes_do_not_fit_is_repaired(found: Callable) -> None:
    result = found("Q: [n, d]; K: [m, d]", "S: Q @ K.T", r"$\mathrm dK = Q\,\mathrm dS^\top$")
    assert result.verdicts == ("shape-mismatch",)
    assert result.texts[0] == "dK = dS.T @ Q"
    result = found(
        "s: [n, 1]", "p: softmax(s, axis=0)", r"$p = \exp(s) \oslash [\exp(s) 11^\top]$", "identity"
    )
    assert result.verdicts == ("shape-mismatch",)
    assert result.texts[0] == "p = exp(s) / (ones(n, n) @ exp(s))"


def test_what_a_diagnosis_says(found: Callable) -> None:
    result = found(*ATTENTION, "dQ = dS @ K")
    (diagnosis,) = result.diagnoses
    assert diagnosis.link == 0
    assert diagnosis.code == "GC102"
    assert diagnosis.title == "a constant factor is missing or too many"
    assert diagnosis.where == "every element"
    assert diagnosis.span is not None
    assert diagnosis.span.text == "dS @ K"
    best = diagnosis.suggestions[0]
    assert best.edits == ("`dS @ K` → `dS @ K / sqrt(d)`",)
    assert (best.sides, best.codes, best.draws) == ((1,), ("GC102",), BUDGETS["quick"].draws)


def test_the_caret_is_at_the_smallest_part(found: Callable) -> None:
    (diagnosis,) = found("X: [m, k]; W: [k, k]", "Y: X @ W", "dX = dY @ W").diagnoses
    assert diagnosis.span is not None
    assert diagnosis.span.text == "W"


@pytest.mark.parametrize(
    ("program", "claim", "kind"),
    [
        (LINEAR, "dX = dY @ W.T", "gradient"),
        (LINEAR, "db = sum(dY, axis=0)", "gradient"),
        (LINEAR, "dY = dX @ W + X @ dW + db", "differential"),
        (ATTENTION, "dS = A * (dA - sum(dA * A, axis=-1, keepdims=True))", "gradient"),
    ],
)
def test_right_claims_are_never_repaired(
    program: tuple[str, str], claim: str, kind: str, found: Callable
) -> None:
    result = found(*program, claim, kind)
    assert result.verdicts == ("holds",)
    assert result.diagnoses == ()


OUT_OF_REACH = [
    # far from anything that stands in the claim or the forward
    (("x: [n]", "y: erf(sin(x)) * lgamma(x**2 + 2)"), "dx = dy", "gradient"),
    (("A: {shape: [n, n], domain: spd}", "L_: cholesky(A); y: sum(sin(L_))"), "dA = dy * A", "gradient"),
    (("x: [n, m]", "y: cumprod(sin(x), axis=0)"), "dx = flip(dy, 1)", "gradient"),
]


@pytest.mark.parametrize(("program", "claim", "kind"), OUT_OF_REACH)
def test_nothing_is_suggested_that_is_out_of_reach(
    program: tuple[str, str], claim: str, kind: str, found: Callable, hurried: Budget
) -> None:
    began = monotonic()
    result = found(*program, claim, kind)
    assert result.verdicts == ("wrong",)
    assert result.texts == []
    assert monotonic() - began < hurried.whole + 6


@pytest.mark.parametrize(
    ("program", "claim", "forbidden"),
    [
        (LINEAR, "dW = 0", ("dW = dW", "grad(W)")),
        (("x: [n]", "y: sin(x)"), "y = cos(x)", ("y = y",)),
        (("x: [n]; b: [n]", "s: x + b; y: sin(s)"), "ds = dy", ("ds = db", "ds = dx")),
    ],
)
def test_a_tautology_is_no_correction(
    program: tuple[str, str], claim: str, forbidden: tuple[str, ...], found: Callable
) -> None:
    kind = "identity" if claim.startswith("y") else "gradient"
    result = found(*program, claim, kind)
    assert result.verdicts == ("wrong",)
    assert not [t for t in result.texts for f in forbidden if f in t]


def test_what_says_nothing_is_no_correction(found: Callable) -> None:
    program = ("x: [n]; g: [n]", "h: x - mean(x); y: h * g")
    texts = found(*program, "dot(h, dx) = 0").texts
    assert not [t for t in texts if "h / h" in t or "h - h" in t or ".T.T" in t]


def test_a_zero_does_not_make_an_equation_true(found: Callable) -> None:
    result = found("x: [n]; g: [n]", "y: x * g", "sum(x * g - mean(g)) = 0", "identity")
    assert not [t for t in result.texts if "x - x" in t or "g - g" in t or "0 *" in t]


def test_hostile_formulas_keep_the_budget(hurried: Budget, found: Callable) -> None:
    deep = "x"
    for _ in range(40):
        deep = f"sin({deep} + x)"
    began = monotonic()
    result = found("x: [n]", "y: exp(x)", f"dx = dy * {deep}")
    assert monotonic() - began < hurried.whole + 6
    assert all(t.startswith("dx = ") for t in result.texts)


def test_huge_sizes_give_no_suggestion(found: Callable) -> None:
    result = found("x: [n]; w: [n]", "y: x * w", "dx = dy", top="dims: {n: 210000}\n")
    assert result.verdicts == ("wrong",)
    assert result.diagnoses == ()


@pytest.mark.parametrize(
    ("program", "claim", "known"),
    [
        (("x: {shape: [n], domain: positive}", "y: lgamma(x)"), "dx = -dy * digamma(x)", ()),
        (("X: [m, n]", "y: sum(X * erfinv(tanh(X) / 2))"), "dX = dy * X", None),
    ],
)
@pytest.mark.usefixtures("hurried")
def test_known_is_told_only_without_a_suggestion(
    program: tuple[str, str], claim: str, known: object, found: Callable
) -> None:
    (diagnosis,) = found(*program, claim).diagnoses
    if diagnosis.suggestions:
        assert diagnosis.known == ()


def test_the_forward_may_be_the_one_that_is_wrong(found: Callable) -> None:
    result = found("Q: [l, d]; K: [m, d]", "S: Q @ K.T / sqrt(d)", "dQ = dS @ K", effort="full")
    (diagnosis,) = result.diagnoses
    assert result.texts[0] == "dQ = dS @ K / sqrt(d)"
    assert diagnosis.known == ("the claim is right for the forward `S: Q @ K.T`",)


def test_definitions_are_edited_everywhere(found: Callable) -> None:
    extra = "    where: {c: sqrt(n), g: dy * c}\n"
    result = found("x: [n]", "y: x**2 / n", "dx = 2 * g * x / c", extra=extra)
    assert result.verdicts == ("wrong",)
    assert result.texts


def test_each_false_link_has_its_own_diagnosis(found: Callable) -> None:
    result = found("x: [n]", "y: sin(x)", "dx = dy * cos(x) = dy * sin(x)")
    assert result.verdicts == ("holds", "wrong")
    (diagnosis,) = result.diagnoses
    assert diagnosis.link == 1
    assert result.texts[0] == "dy * cos(x) = dy * cos(x)"


def test_kinds_without_values_have_no_diagnosis(found: Callable) -> None:
    assert found(*LINEAR, "shape(Y) = shape(X)", "shape").diagnoses == ()


EYE = np.eye(4, dtype=bool)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (np.zeros((3, 4), dtype=bool), "no element"),
        (np.ones((3, 4), dtype=bool), "every element"),
        (np.ones((), dtype=bool), "the number"),
        (EYE, "only the diagonal"),
        (~EYE, "everything off the diagonal"),
        (np.tril(np.ones((4, 4), dtype=bool), -1), "only below the diagonal"),
        (np.triu(np.ones((4, 4), dtype=bool)), "the diagonal and above"),
        (np.arange(3)[:, None] + np.zeros((3, 4)) == 1, "only row 1"),
        (np.zeros((3, 4)) + np.arange(4) == 3, "only the last column"),
        (np.zeros((3, 4)) + np.arange(4) > 0, "every column but the first"),
        (np.arange(5) == 2, "only element 2"),
        (np.arange(5) < 4, "every element but the last"),
        (np.zeros((2, 3, 5)) + np.arange(3)[:, None] == 1, "only place 1 of axis 1"),
    ],
)
def test_where_it_is_wrong(wrong: np.ndarray, words: str) -> None:
    assert pattern(wrong) == words


def test_the_boundary() -> None:
    wrong = np.ones((4, 6), dtype=bool)
    wrong[1:-1, 1:-1] = False
    assert pattern(wrong) == "only the boundary"
