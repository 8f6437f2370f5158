"""Claims about code, from the text of a spec to the verdict; run only with the user's word."""

import pytest

from gradcheck_cli.compare.judge import judge
from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.evaluate import listing
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.spec.typing import type_claim
from gradcheck_cli.text import UserError, draw

CODE = """\
import torch

def forward(X, W):
    return X @ W

def backward(dY, X, W):
    dX = dY @ W.T
    # dX = dY @ W
    dW = X.T @ dY
    return dX, dW

def rough(dY, X, W):
    return dY @ W.T * torch.tensor(1 / 3) * 3

def numbers(x):
    return x + undefined

torch.manual_seed(0)
X = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
W = torch.tensor([[0.5, 0.25], [0.125, 1.0]])
Y = forward(X, W)
Y.sum().backward()
third = torch.tensor([1.0, 1e-4]) / 3
print("sum", Y.sum().item())
print("passed")
"""

SPEC = """\
operator: o
inputs: {{X: [n, m], W: [m, k], t: {{shape: [n], domain: index(m)}}}}
forward: {{Y: X @ W}}
listing: |
{code}
claims:
  - {claim}
"""


@pytest.fixture(autouse=True, scope="module")
def ended():
    yield
    listing.close()


def judgement(claim, code=CODE, **settings):
    indented = "".join(f"  {line}\n" for line in code.splitlines())
    file = load_text("s.yaml", SPEC.format(code=indented, claim=claim))
    assert not file.problems, "\n".join(draw(p) for p in file.problems)
    (op,) = file.operators
    (found,) = op.claims
    settings = {"allow_code": True, "draws": 2} | settings
    (one,) = judge(op, found, type_claim(op, found), Settings(**settings))
    return one


def outcome(formula, more="", **settings):
    found = judgement(f"{{code: {formula!r}{more}}}", **settings)
    return found.verdict, found.reason


def test_nothing_runs_without_the_users_word(monkeypatch):
    def never(*_):
        raise AssertionError("it was run")

    monkeypatch.setattr(listing, "_Host", never)
    listing.close()
    assert outcome("backward(dY, X, W) = dX, dW", allow_code=False) == ("skipped", "needs --allow-code")
    assert outcome("printed[1] = 'passed'", allow_code=False) == ("skipped", "needs --allow-code")
    with pytest.raises(AssertionError, match="it was run"):
        outcome("printed[1] = 'passed'")


@pytest.mark.parametrize("oracle", ["both", "autograd", "differences"])
def test_functions_on_drawn_data(oracle):
    assert outcome("backward(dY, X, W) = dX, dW", oracle=oracle) == ("holds", "")
    assert outcome("forward(X, W) = Y", oracle=oracle) == ("holds", "")
    assert outcome("backward(dY, X, W)[1] = X.T @ dY", oracle=oracle) == ("holds", "")
    assert outcome("backward(dY, X, W)[0] = -dX", oracle=oracle) == ("wrong", "")
    assert outcome("backward(dY, X, W) = dX, -dW", oracle=oracle) == (
        "wrong",
        "value 2, `-dW`, is off by 200 %",
    )


def test_our_quantities_are_there():
    assert outcome("(X @ W * 2 + n).sum(0) / m + k = sum(2 * Y + n, axis=0) / m + k") == ("holds", "")
    assert outcome("dX + dY.mean() = dX + mean(dY)") == ("holds", "")
    assert outcome("X[torch.arange(n), t] = take_along_axis(X, t[:, None])[:, 0]") == ("holds", "")
    assert outcome("torch.autograd.grad(forward(X.requires_grad_(), W), X, dY)[0] = dX") == ("holds", "")


def test_the_precision_of_the_listing_counts():
    fine = judgement("{code: 'backward(dY, X, W)[0] = dX'}")
    coarse = judgement("{code: 'rough(dY, X, W) = dX'}")
    assert (fine.verdict, coarse.verdict) == ("holds", "holds")
    assert fine.floor < 1e-11
    assert 1e-6 < coarse.floor < 1e-3
    assert outcome("rough(dY, X, W) * 1.01 = dX") == ("wrong", "")


def test_a_line_in_place_of_another():
    more = ", replace: {'dX = dY @ W.T': 'dX = -dY @ W.T'}"
    assert outcome("backward(dY, X, W)[0] = dX", more) == ("wrong", "")
    assert outcome("backward(dY, X, W)[0] = -dX", more) == ("holds", "")
    more = ", replace: {'dX = dY @ W.T': '# dX = dY @ W.T', '# dX = dY @ W': 'dX = dY @ W'}"
    verdict, reason = outcome("backward(dY, X, W)[0] = dX", more)
    assert verdict == "undecided"
    assert reason.startswith("RuntimeError: mat1 and mat2 shapes cannot be multiplied (")
    assert reason.endswith(") (line 12 of s.yaml)")
    with pytest.raises(UserError) as caught:
        outcome("backward(dY, X, W)[0] = dX", ", replace: {'dX = dY @ W.t': 'dX = dY'}")
    assert draw(caught.value.problems[0]).replace("^", "") == (
        "error: the listing has no line `dX = dY @ W.t`\n"
        "  --> s.yaml:32:70\n"
        "32 |   - {code: 'backward(dY, X, W)[0] = dX', replace: {'dX = dY @ W.t': 'dX = dY'}}\n"
        "   |                                                                      \n"
        "   = help: did you mean `dX = dY @ W.T`?"
    )


@pytest.mark.parametrize(
    ("formula", "verdict", "reason"),
    [
        ("X.grad = [[0.75, 1.12], [0.75, 1.13]]", "holds", ""),
        ("X.grad = [[0.75, 1.13], [0.75, 1.14]]", "wrong", "printed 1.14, the listing gives 1.125, outside of [1.135, 1.145]"),
        ("X.grad = [0.75, 1.13]", "shape-mismatch", "the listing gives [2, 2], and [2] is printed"),
        ("list(Y.shape) = [2, 2]", "holds", ""),
        ("Y.shape = 2, 3", "wrong", "printed 3, the listing gives 2"),
        ("printed[-1] = 'passed'", "holds", ""),
        ("printed[-1] = 'failed'", "wrong", "the listing gives 'passed'"),
        ("printed[0] = 3", "wrong", "the listing gives the text 'sum 9.75'"),
        ("len(printed) = 2", "holds", ""),
        ("torch.allclose(Y, X @ W) = True", "holds", ""),
        ("torch.allclose(Y, X) = True", "wrong", "the listing gives `False`"),
        ("Y = True", "wrong", "the listing gives an array of 4 numbers, not one truth value"),
        ("Y = 'text'", "wrong", "the listing gives numbers, and a text is claimed"),
        ("numbers(1) = 2.0", "undecided", "NameError: name 'undefined' is not defined (line 20 of s.yaml)"),
        ("nothing = 2.0", "undecided", "NameError: name 'nothing' is not defined"),
        ("numbers(Y) = Y", "undecided", "NameError: name 'undefined' is not defined (line 20 of s.yaml)"),
        ("backward(dY, X, W) = dX", "wrong", "the listing gives 2 arrays, and the claim names one"),
        ("forward(X, W) = dX, dW", "wrong", "the listing gives one value, and the claim names 2"),
        ("backward(dY, X, W) = dX, dW, dY", "wrong", "the listing gives 2 values, and the claim names 3"),
        ("'text' = dX", "wrong", "the listing gives a text, and an array is claimed"),
        ("None = dX", "wrong", "the expression gives `None`"),
        ("forward(X, W) = dX", "shape-mismatch", "the listing is [3, 5], and `dX` is [3, 7]"),
        ("third = [0.33333, 3.33333e-5]", "holds", ""),
        ("third = [0.33334, 3.33333e-5]", "wrong", "printed 0.33334, the listing gives 0.333333, outside of [0.333335, 0.333345]"),
    ],
)  # fmt: skip
def test_one(formula, verdict, reason):
    found = outcome(formula)
    assert found[0] == verdict
    if verdict == "shape-mismatch" and "dX" in reason:
        assert found[1].startswith("the listing is [")
        assert "`dX` is [" in found[1]
    else:
        assert found[1] == reason


def test_last_digits_below_the_rounding_of_float32_are_the_machines():
    """The printed digits of 1e-4 / 3 are more than float32 has, beside a number of 0.3."""
    claim = "{code: 'third = [0.33333, 3.3333333e-5]'}"
    found = judgement(claim.replace("3.3333333e-5", "3.3340000e-5"))
    assert found.verdict == "holds"
    assert found.basis.startswith(
        "to the rounding of float32, 3e-07: the last digits of 1 of 2 numbers depend on the machine (printed "
    )
    assert judgement(claim.replace("0.33333", "0.333")).verdict == "holds"
    assert judgement(claim.replace("3.3333333e-5", "3.4e-5")).basis != ""
    assert judgement(claim.replace("3.3333333e-5", "4.3e-5")).verdict == "wrong"


def test_a_listing_that_contradicts_itself_is_wrong():
    code = "x = 1\nassert x == 2, 'x is not 2'\n"
    assert outcome("x = 1", code=code) == (
        "wrong",
        "the listing contradicts itself: AssertionError: x is not 2 (line 6 of s.yaml)",
    )


def test_the_assertions_of_a_library_are_not_its_own():
    for call, verdict in [("textwrap.dedent(1)", "undecided"), ("np.testing.assert_allclose(1, 2)", "wrong")]:
        code = f"import textwrap, numpy as np\ndef check(x):\n    assert x\n{call}\n"
        assert outcome("1 = 1", code=code)[0] == verdict
    assert outcome("check(0) = 1", code=code.replace(call, ""))[0] == "wrong"


def test_numpy_listings_are_given_arrays():
    code = (
        "import numpy as np\ndef f(d, w):\n    assert type(d) is np.ndarray\n    return d @ np.transpose(w)\n"
    )
    assert outcome("f(dY, W) = dX", code=code) == ("holds", "")


def test_a_slow_one_is_undecided(monkeypatch):
    monkeypatch.setattr(listing, "SECONDS", 0.3)
    code = "def f(x):\n    while True: pass\n"
    assert outcome("f(X) = dX", code=code) == ("undecided", "the listing takes longer than 0.3 s")


def test_names_that_no_claim_may_use():
    with pytest.raises(UserError) as caught:
        outcome("forward(X, W) = dQ")
    assert caught.value.problems[0].message == "`dQ` is unknown: there is no `Q`"
