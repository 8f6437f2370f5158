"""Certificates end to end: what they prove, what they refuse, and what they do to a verdict."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gradcheck_cli.compare import exact_court
from gradcheck_cli.compare.certificate import beyond_floats, certified, examined
from gradcheck_cli.compare.judge import judge
from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.compare.verdict import Certificate, Judgement, Sight
from gradcheck_cli.oracle import exact
from gradcheck_cli.spec.load import load, load_text
from gradcheck_cli.spec.typing import type_claim
from gradcheck_cli.text import draw

SPECS = Path(__file__).parents[3] / "specs"


def claims(inputs, forward, *entries, more=""):
    lines = "".join(f"  {name!r}: {text!r}\n" for name, text in forward.items())
    text = f"operator: o\n{more}inputs: {inputs}\nforward:\n{lines}claims:\n"
    file = load_text("s", text + "".join(f"  - {e}\n" for e in entries))
    assert not file.problems, "\n".join(draw(p) for p in file.problems)
    (op,) = file.operators
    return [(op, c, type_claim(op, c)) for c in op.claims]


def certificate(inputs, forward, entry, more=""):
    """Of the only link."""
    ((op, claim, typed),) = claims(inputs, forward, entry, more=more)
    (found,) = examined(op, claim, typed, Settings()).values()
    return found.certificate


def judged(inputs, forward, entry, more="", **settings):
    ((op, claim, typed),) = claims(inputs, forward, entry, more=more)
    given = Settings(**settings)
    (found,) = certified(op, claim, typed, judge(op, claim, typed, given), given)
    return found


SIGMOID = ("{X: [m, n]}", {"Y": "1 / (1 + exp(-X))"})
BILINEAR = ("{X: [n, m], W: [m, k]}", {"Y": "X @ W"})


def test_a_right_claim_is_equal_to_fifty_digits_in_every_element():
    found = certificate(*SIGMOID, "gradient: dX = dY * Y * (1 - Y)")
    assert (found.outcome, found.points) == ("holds", 3)
    assert found.digits > 100
    assert found.witness > 60
    assert found.elements == sum(dict(s)["m"] * dict(s)["n"] for s in found.sizes)
    assert all(dict(s)["m"] != dict(s)["n"] for s in found.sizes[:1])


@pytest.mark.parametrize(
    "formula",
    [
        "dY * X * (1 - X)",
        "dY * Y * (1 + Y)",
        "-dY * Y * (1 - Y)",
        "dY * Y * (1 - Y) * 1.00000000000000000001",
    ],
)
def test_a_wrong_claim_is_proved_false(formula):
    found = certificate(*SIGMOID, f"gradient: dX = {formula}")
    assert found.outcome == "false"
    assert found.left != found.right
    assert [name for name, _ in found.data] == ["X", "dY"]


def test_constants_are_exact_decimals():
    """0.1 + 0.2 is 0.3, which it is not in floats; and a decimal near 1/3 is not 1/3."""
    assert certificate("{X: [n]}", {"Y": "X"}, "identity: 0.1 * X + 0.2 * X = 0.3 * X").outcome == "holds"
    near = "identity: X / 3 = 0.33333333333333333333333333333333333333 * X"
    assert certificate("{X: [n]}", {"Y": "X"}, near).outcome == "false"


def test_polynomials_are_checked_over_a_prime_field_too():
    found = certificate(*BILINEAR, "gradient: dX = dY @ W.T").field
    assert found.degree == 2
    assert 0 < found.chance < 1e-18
    assert certificate(*SIGMOID, "gradient: dX = dY * Y * (1 - Y)").field is None
    rational = certificate("{X: {shape: [n], domain: positive}}", {"Y": "X / sum(X)"}, "identity: sum(Y) = 1")
    assert rational.field is not None


@pytest.mark.parametrize(
    ("entry", "outcome"),
    [
        ("property: sum(X * X) >= 0", "holds"),
        ("property: sum(X * X) < 0", "false"),
        ("property: abs(X) <= X", "false"),
        ("property: X != 2 * X", "holds"),
        ("property: 0 * X != X - X - 0 * X", "none"),
        ("property: 0 * X != -0 * X", "false"),
        ("property: rank(outer(X[0], X[1])) <= 1", "holds"),
        ("property: rank(outer(X[0], X[1])) = 2", "false"),
    ],
)
def test_relations(entry, outcome):
    assert certificate("{X: [n, m]}", {"Y": "X"}, entry).outcome == outcome


@pytest.mark.parametrize(
    ("inputs", "forward", "entry", "reason"),
    [
        (
            "{X: {shape: [n, n], domain: spd}}",
            {"w": "eigh(X)[0]"},
            "identity: sum(w) = trace(X)",
            "`eigh` has no version in ball arithmetic",
        ),
        (
            "{X: [n]}",
            {"Y": "X"},
            "{property: sum(X) > 0, quantifier: some}",
            "that something holds for some data is not decided at single points",
        ),
        (
            "{X: [900, 900]}",
            {"Y": "2 * X"},
            "gradient: dX = 2 * dY",
            "4,860,002 numbers are too many, and the sizes cannot be smaller",
        ),
        ("{X: [n]}", {"Y": "relu(0 * X)"}, "gradient: dX = 0 * dY", "`relu` has a kink at this point"),
        (
            "{X: [n]}",
            {"Y": "log(-X * X)"},
            "gradient: dX = 2 * dY / X",
            "a derivative is not finite at this point",
        ),
        (
            "{X: [n]}",
            {"Y": "X - X"},
            "gradient: dX = Y * dY",
            "both sides are zero at every point, which tests nothing",
        ),
        ("{X: [n]}", {"Y": "X"}, "identity: X[9] = X[9]", "an index is outside of its array"),
    ],
)
def test_no_certificate_says_why(inputs, forward, entry, reason):
    found = certificate(inputs, forward, entry)
    assert (found.outcome, found.reason) == ("none", reason)


def test_branches_are_decided_by_the_balls():
    relu = ("{X: [n, m]}", {"Y": "relu(X)"})
    assert certificate(*relu, "gradient: dX = dY * (X > 0)").outcome == "holds"
    assert certificate(*relu, "gradient: dX = dY * (X > 0.5)").outcome == "false"


def test_the_same_seed_gives_the_same_certificate():
    one, two = (certificate(*SIGMOID, "gradient: dX = dY * X") for _ in range(2))
    assert one == two


def test_no_failure_inside_costs_a_verdict(monkeypatch):
    def broken(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(exact.ExactOracle, "__init__", broken)
    monkeypatch.setattr(exact_court.ExactCourt, "found", lambda self: 1 / 0)
    found = certificate(*SIGMOID, "gradient: dX = dY * Y * (1 - Y)")
    assert found == Certificate("none", "exact arithmetic failed: ZeroDivisionError")


def test_a_wrong_slope_gives_no_certificate(monkeypatch):
    """The witness knows no rule: a wrong one shows."""
    monkeypatch.setattr(exact.ExactOracle, "swept_back", _doubled(exact.ExactOracle.swept_back))
    found = certificate(*SIGMOID, "gradient: dX = dY * Y * (1 - Y)")
    assert (found.outcome, found.reason) == ("none", "the differences do not confirm the tape")


def _doubled(sweep):
    return lambda self, values: [None if v is None else 2 * v for v in sweep(self, values)]


# together with the court


def test_a_proof_against_a_verdict_leaves_it_undecided():
    found = judged(*SIGMOID, "gradient: dX = dY * Y * (1 - Y) * 1.00000000000000000001")
    assert found.verdict == "undecided"
    assert found.contradicted
    assert found.reason.startswith(
        "the draws show no difference, but ball arithmetic proves the claim false at a rational point: at ["
    )


def test_equality_against_a_verdict_leaves_it_undecided():
    ((op, claim, typed),) = claims(*SIGMOID, "gradient: dX = dY * Y * (1 - Y)")
    accused = Judgement("wrong", "", (Sight("wrong", {"m": 3, "n": 5}, 1.0, error=1.0, floor=1e-12),))
    (found,) = certified(op, claim, typed, (accused,), Settings())
    assert found.verdict == "undecided"
    assert found.reason.startswith("the draws show a difference, but the sides are equal to ")
    assert found.certificate.sizes == ((("m", 3), ("n", 5)),) * 3


def test_what_floats_cannot_see_is_decided():
    ((op, claim, typed),) = claims(*SIGMOID, "gradient: dX = dY * Y * (1 - Y)")
    blind = Judgement("undecided", "no", (Sight("undecided", {}, 1.0, floor=0.1, reason="no"),))
    (found,) = certified(op, claim, typed, (blind,), Settings())
    assert (found.verdict, found.reason) == ("holds", "")
    assert found.basis == "decided by ball arithmetic at rational points; the draws have not enough precision"
    kink = Judgement("undecided", "no", (Sight("undecided", {}, 1.0, reason="no"),))
    assert certified(op, claim, typed, (kink,), Settings())[0].verdict == "undecided"


@pytest.mark.parametrize("oracle", ["autograd", "differences"])
def test_one_oracle_alone_stays_alone(oracle):
    ((op, claim, typed),) = claims(*SIGMOID, "gradient: dX = dY")
    given = (Judgement("wrong"),)
    assert certified(op, claim, typed, given, Settings(oracle)) is given


def test_too_fine_for_floats():
    fine = judged(*SIGMOID, "gradient: dX = dY * Y * (1 - Y) * 1.00000000000000000001", oracle="exact")
    assert fine.verdict == "wrong"
    assert fine.worst.error == pytest.approx(1e-20, rel=1e-6)
    assert beyond_floats([fine])
    coarse = judged(*SIGMOID, "gradient: dX = dY * Y", oracle="exact")
    assert not beyond_floats([coarse])


# alone


@pytest.mark.parametrize(
    ("parts", "verdict", "reason"),
    [
        ((*SIGMOID, "gradient: dX = dY * Y * (1 - Y)"), "holds", ""),
        ((*SIGMOID, "differential: dY = dX * Y * (1 - Y)"), "holds", ""),
        ((*SIGMOID, "derivative: D(Y, X) = X * (1 - X)"), "wrong", ""),
        ((*BILINEAR, "gradient: dX = dY @ W"), "shape-mismatch", None),
        (("{X: [n], t: []}", {"Y": "X"}, "property: X * exp(t) = X + O(t)"), "undecided", "a remainder is not judged by exact arithmetic"),
        (("{X: {shape: [n, n], domain: spd}}", {"Y": "eigh(X)[0]"}, "identity: sum(Y) = trace(X)"), "undecided", "`eigh` has no version in ball arithmetic"),
        (("{X: {shape: [2], value: arange(2) / 2}}", {"Y": "sum(X)"}, "value: Y = 0.5"), "holds", None),
        (("{X: {shape: [2], value: arange(2) / 2}}", {"Y": "sum(exp(X))"}, "value: Y = 2.6"), "undecided", "the value is not rational"),
        (("{u: {shape: [n], random: 'normal(0, 1)'}}", {"Y": "u"}, "expectation: E(outer(u, u)) = eye(n)"), "holds", None),
        (("{u: {shape: [n], random: 'normal(0, 1)'}}", {"Y": "u"}, "expectation: E(exp(u)) = ones(n) * sqrt(e)"), "undecided", None),
    ],
    ids=lambda p: p[2][:30] if isinstance(p, tuple) else None,
)  # fmt: skip
def test_exact_alone(parts, verdict, reason):
    found = judged(*parts, oracle="exact")
    assert found.verdict == verdict
    if reason is not None:
        assert found.reason == reason


def test_exact_alone_loads_neither_torch_nor_scipy(tmp_path):
    (tmp_path / "s.yaml").write_text(
        "operator: o\ninputs: {X: [n, m]}\nforward: {Y: sigmoid(X)}\nclaims:\n"
        "  - gradient: dX = dY * Y * (1 - Y)\n  - identity: Y + sigmoid(-X) = ones(n, m)\n"
    )
    code = (
        "import sys\nfrom gradcheck_cli.cli.main import main\n"
        "sys.argv = ['gradcheck', 'check', 's.yaml', '--oracle', 'exact', '--no-cache', '--diagnose', 'off']\n"
        "try:\n    main()\nexcept SystemExit as stop:\n    print(stop.code)\n"
        "print(sorted({m.partition('.')[0] for m in sys.modules} & {'torch', 'scipy', 'flint'}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[-2:] == ["0", "['flint']"], done.stdout + done.stderr


# the audited sources


def test_every_claim_of_the_sources_has_its_certificate():
    """A sample of them: right ones hold, wrong ones are proved false."""
    seen = 0
    wrong = []
    for path in sorted(SPECS.glob("*/*.yaml")):
        for operator in load(path).operators:
            for claim in operator.claims[::12]:
                if len(claim.expect) > 1 or claim.links > 1 or claim.expect[0] not in {"holds", "wrong"}:
                    continue
                typed = type_claim(operator, claim)
                for found in examined(operator, claim, typed, Settings()).values():
                    expected = "holds" if claim.expect[0] == "holds" else "false"
                    outcome = found.certificate.outcome
                    seen += outcome != "none"
                    if outcome not in {expected, "none"}:
                        wrong.append((claim.id, outcome))
    assert wrong == []
    assert seen > 20


def test_a_point_of_equal_sizes_is_not_taken_where_others_are_possible():
    """Division by the wrong one of two sizes shows only where they differ."""
    softmax = ("{Q: [n, d], K: [m, d]}", {"S": "Q @ K.T / sqrt(d)"})
    for size in ("n", "m"):
        assert certificate(*softmax, f"gradient: dQ = dS @ K / sqrt({size})").outcome == "false"
    assert certificate(*softmax, "gradient: dQ = dS @ K / sqrt(d)").outcome == "holds"


def test_nothing_is_changed_where_nothing_is_known():
    ((op, claim, typed),) = claims("{X: {shape: [n, n], domain: spd}}", {"Y": "eigh(X)[0]"}, "identity: sum(Y) = trace(X)")  # fmt: skip
    given = Judgement("holds")
    (found,) = certified(op, claim, typed, (given,), Settings())
    assert replace(found, certificate=None) == given
