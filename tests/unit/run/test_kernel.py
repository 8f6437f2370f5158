"""Implementations of backward passes, right ones and broken ones, judged in three precisions."""

import pytest
import torch
from typer.testing import CliRunner

from gradcheck_cli.cli.main import app
from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.report.terminal_kernel import render
from gradcheck_cli.run.kernel import judge_kernel
from gradcheck_cli.run.kernel_call import understand
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.spec.typing import type_program
from gradcheck_cli.text import UserError, draw

SOFTMAX = "operator: softmax\ninputs: {X: [n, m]}\nforward: {P: 'softmax(X, axis=-1)'}\nclaims: [{identity: P = P}]\n"
LINEAR = "operator: linear\ninputs: {X: [n, m], W: [m, k], i: {shape: [n], domain: index(m)}}\nforward: {H: X @ W, Y: H * H}\nclaims: [{identity: Y = Y}]\n"


def judge(text, target, dtype="float32", returns=(), sizes=None, draws=3):
    (operator,) = load_text("spec.yaml", text).operators
    program = type_program(operator)
    differentiable = [n for n in program.inputs if n in program.differentiable]
    kernel = understand(target, "k", list(program.types), list(program.inputs), differentiable, program.outputs, returns)  # fmt: skip
    return judge_kernel(operator, kernel, Settings(draws=draws), dtype, sizes or {}, 1)


def verdicts(*args, **more):
    return {r.name: r.verdict for r in judge(*args, **more)}


def softmax(P, dP):
    return P * (dP - (P * dP).sum(-1, keepdim=True))


def from_the_input(X, dP):
    return softmax(torch.softmax(X, -1), dP)


class Function(torch.autograd.Function):
    @staticmethod
    def forward(ctx, X):
        P = torch.softmax(X, -1)
        ctx.save_for_backward(P)
        return P

    @staticmethod
    def backward(ctx, g):
        return softmax(ctx.saved_tensors[0], g)


class WrongBackward(Function):
    @staticmethod
    def backward(ctx, g):
        return ctx.saved_tensors[0] * g


class WrongForward(Function):
    @staticmethod
    def forward(ctx, X):
        P = torch.softmax(X, 0)
        ctx.save_for_backward(torch.softmax(X, -1))
        return P


DTYPES = ["float64", "float32", "bfloat16"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_right_ones_hold(dtype):
    assert verdicts(SOFTMAX, softmax, dtype) == {"dX": "holds"}
    assert verdicts(SOFTMAX, from_the_input, dtype) == {"dX": "holds"}
    assert verdicts(SOFTMAX, Function, dtype) == {"P": "holds", "dX": "holds"}


@pytest.mark.parametrize("dtype", DTYPES)
def test_broken_ones_are_found(dtype):
    def mean(P, dP):
        return P * (dP - (P * dP).mean(-1, keepdim=True))

    assert verdicts(SOFTMAX, mean, dtype) == {"dX": "wrong"}
    assert verdicts(SOFTMAX, lambda P, dP: -softmax(P, dP), dtype) == {"dX": "wrong"}
    assert verdicts(SOFTMAX, WrongBackward, dtype) == {"P": "holds", "dX": "wrong"}
    assert verdicts(SOFTMAX, WrongForward, dtype)["P"] == "wrong"


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_report_says_what_would_be_seen(dtype):
    """An error just above what is promised is found, in one element and in all."""

    def one(factor):
        def kernel(P, dP):
            found = softmax(P.double(), dP.double())
            found.view(-1)[0] += factor * found.abs().max()
            return found

        return kernel

    (exact,) = judge(SOFTMAX, one(0.0), dtype)
    element, whole = max(s.element for s in exact.seen), max(s.whole for s in exact.seen)
    assert element < {"float64": 1e-12, "float32": 1e-4, "bfloat16": 2}[dtype]
    assert verdicts(SOFTMAX, one(1.5 * element), dtype) == {"dX": "wrong"}
    assert verdicts(SOFTMAX, one(1e-3 * element), dtype) == {"dX": "holds"}
    assert verdicts(SOFTMAX, lambda P, dP: softmax(P.double(), dP.double()) * (1 + 1.5 * whole), dtype) == {"dX": "wrong"}  # fmt: skip


def test_what_is_right_but_unstable_is_told_from_what_is_wrong():
    def large(X, dP):
        return softmax(torch.softmax(X + 1e5 - 1e5, -1), dP)

    (found,) = judge(SOFTMAX, large)
    assert (found.verdict, found.stable) == ("wrong", False)
    assert "      the error shrinks with the precision: the formula is right, and its rounding too large\n" in render([found], "k", "float32", 1).plain  # fmt: skip
    (found,) = judge(SOFTMAX, WrongBackward)[1:]
    assert (found.verdict, found.stable) == ("wrong", True)


def linear(X, W, H, dY):
    dH = 2 * H * dY
    return dH @ W.T, X.T @ dH


def test_several_results_in_any_form():
    right = {"dX": "holds", "dW": "holds"}
    assert verdicts(LINEAR, linear) == right
    assert verdicts(LINEAR, lambda X, W, H, dY: list(linear(X, W, H, dY))) == right
    assert verdicts(LINEAR, lambda X, W, H, dY: dict(zip(("dX", "dW"), linear(X, W, H, dY), strict=True))) == right  # fmt: skip
    assert verdicts(LINEAR, lambda X, dH: X.T @ dH, returns=["dW"]) == {"dW": "holds"}
    assert verdicts(LINEAR, lambda H, dY, eps=0: 2 * H * dY, returns=["dH"]) == {"dH": "holds"}
    swapped = verdicts(LINEAR, linear, returns=["dW", "dX"])
    assert swapped == {"dW": "shape-mismatch", "dX": "shape-mismatch"}


def test_sizes_can_be_given():
    seen = []

    def kernel(X, W, H, dY):
        seen.append((*X.shape, W.shape[1]))
        return linear(X, W, H, dY)

    assert verdicts(LINEAR, kernel, sizes={"n": 64, "k": 32}) == {"dX": "holds", "dW": "holds"}
    assert {(n, k) for n, _, k in seen} == {(64, 32)}


REASONS = {
    "it raised ValueError: no": lambda P: (_ for _ in ()).throw(ValueError("no")),
    "it changes its argument `P`": lambda P: P.mul_(2),
    "it is None, not a tensor": lambda P: None,
    "it returns 2 gradients, not 1 (dX); say which with `--outputs`": lambda P: (P, P),
    "it returns no `dX`; it returns dx": lambda P: {"dx": P},
    "it is nan at [0, 0]": lambda P: P / 0 * 0,
}


@pytest.mark.parametrize("reason", REASONS)
def test_what_goes_wrong_is_told(reason):
    (found,) = judge(SOFTMAX, REASONS[reason], draws=1)
    assert (found.verdict, found.worst.reason) == ("wrong", reason)


MODULE = """\
import torch
def right(P, dP): return P * (dP - (P * dP).sum(-1, keepdim=True))
def wrong(P, dP): return P * dP
def odd(P, dQ): return P
number = 3
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spec.yaml").write_text(SOFTMAX)
    (tmp_path / "two.yaml").write_text(f"{SOFTMAX}---\n{LINEAR}")
    (tmp_path / "my_kernels_for_a_test.py").write_text(MODULE)
    (tmp_path / "broken.py").write_text("1 / 0")
    return tmp_path


def invoke(*args):
    done = CliRunner().invoke(app, ["kernel", *args])
    return done.exit_code, done.stdout, done.stderr


def test_one_mistake_is_said_once(folder):
    (folder / "linear.yaml").write_text(LINEAR)
    (folder / "two.py").write_text("def back(X, dY): return X, X, X")
    status, out, _ = invoke("two.py:back", "--spec", "linear.yaml", "--draws", "1")
    assert status == 1
    assert out.splitlines()[1] == (
        "  ✗ dX, dW  wrong: it returns 3 gradients, not 2 (dX, dW); say which with `--outputs`"
    )


def test_a_function_has_the_gradients_of_its_inputs_only():
    with pytest.raises(UserError) as caught:
        judge(SOFTMAX, Function, returns=("dP",))
    assert draw(caught.value.problems[0]) == (
        "error: a `torch.autograd.Function` gives no `dP`, which is no input's gradient\n"
        "   = help: leave `dP` out of `--outputs`, or judge a function that returns it"
    )


def test_the_command(folder):
    status, out, _ = invoke("my_kernels_for_a_test:right", "--spec", "spec.yaml", "--seed", "3")
    lines = out.splitlines()
    assert status == 0
    assert lines[0] == "my_kernels_for_a_test:right in float32 on cpu, against softmax (spec.yaml)"
    assert lines[1].startswith("  ✓ dX  holds; largest error ")
    assert lines[2:] == [
        "floors: the rounding measured in float64, scaled to the unit roundoff 2⁻²⁴ of float32",
        "5 draws, seed 3",
        "✓ 1 result as the spec has it",
    ]
    again = ("my_kernels_for_a_test.py:wrong", "--spec", "two.yaml", "--operator", "softmax", "--draws", "2")
    status, out, _ = invoke(*again)
    assert status == 1
    assert out.splitlines()[-1] == "✗ 1 of 1 result not as the spec has it"
    assert invoke(*again)[1] == out


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["k", "--spec", "spec.yaml"], "error: `k` names no callable\n   = help: write `module:name`, or `file.py:name`\n"),
        (["broken.py:f", "--spec", "spec.yaml"], "error: `broken.py` cannot be imported: ZeroDivisionError: division by zero\n"),
        (["my_kernels_for_a_test:rihgt", "--spec", "spec.yaml"], "error: `my_kernels_for_a_test` has no `rihgt`\n   = help: did you mean `right`?\n"),
        (["my_kernels_for_a_test:number", "--spec", "spec.yaml"], "error: `my_kernels_for_a_test:number` cannot be called\n"),
        (
            ["my_kernels_for_a_test:odd", "--spec", "spec.yaml"],
            "error: `odd` has the parameter `dQ`, which is no name of the operator\n   = help: it has `X`, `P`, `dX`, `dP`\n",
        ),
        (
            ["my_kernels_for_a_test:right", "--spec", "spec.yaml", "--outputs", "dx"],
            "error: the operator has no gradient `dx`\n   = help: did you mean `dX`?\n",
        ),
        (["m:f", "--spec", "gone.yaml"], "error: this file does not exist\n  --> gone.yaml\n"),
        (["m:f", "--spec", "two.yaml"], "error: two.yaml holds several operators\n   = help: choose one by `--operator`: `softmax`, `linear`\n"),
        (["m:f", "--spec", "two.yaml", "--operator", "line"], "error: two.yaml has no operator `line`\n   = help: did you mean `linear`?\n"),
        (["m:f", "--spec", "spec.yaml", "--size", "q=3"], "error: the operator has no dimension `q`\n   = help: it has m, n\n"),
        (["m:f", "--spec", "spec.yaml", "--size", "n"], "error: `--size n` is not a size\n   = help: for example `--size n=64`\n"),
    ],
)  # fmt: skip
def test_refused(folder, args, message):
    assert invoke(*args) == (2, "", message)
