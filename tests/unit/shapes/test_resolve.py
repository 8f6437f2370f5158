"""What LaTeX means by its shapes: the plain text that each formula is read as, and what is ambiguous."""

from __future__ import annotations

import pytest

from gradcheck_cli.lang import ast
from gradcheck_cli.lang.latex import Symbols, parse_latex_equations, parse_latex_expression
from gradcheck_cli.lang.printer import to_plain
from gradcheck_cli.shapes.infer import Scope
from gradcheck_cli.shapes.mismatch import ShapeMismatch
from gradcheck_cli.shapes.resolve import is_loose, resolve_equation, resolve_expression
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.spec.typing import type_program
from gradcheck_cli.text import Text, UserError, draw

SPEC = """
operator: test
inputs:
  {X: [n, m], W: [m, r], A: [n, n], B: [n, n], P: [n, m], x: [n], w: [n], z: [m], s: [], gamma: [n],
   Q: [b, l, d], K: [b, l, d], c: [n, 1], W_0: [m, r], h_1: [n], A_t: [n, n]}
forward: {Y: X @ W, y: A @ x, x_hat: x / s, f: x * s, S: Q @ K.mT}
claims: [{identity: Y = X @ W}]
"""
(OPERATOR,) = load_text("test", SPEC).operators
PROGRAM = type_program(OPERATOR)


def symbols(notation=(), vectors="column"):
    needs = {
        d.name: frozenset(n.id for n in ast.walk(d.expression) if isinstance(n, ast.Name))
        for d in OPERATOR.forward
    }
    return Symbols(
        frozenset(PROGRAM.types),
        frozenset(PROGRAM.dims),
        needs=needs,
        notation=dict(notation),
        vectors=vectors,
    )


def resolve(formula, notation=(), vectors="column"):
    (equation,) = parse_latex_equations(Text.whole("f", f"${formula}$"), symbols(notation, vectors))
    meaning = "differential" if r"\mathrm d" in formula or r"\mathrm{d}" in formula else "gradient"
    resolved = resolve_equation(equation.sides, scope(meaning), vectors)
    checked = scope(meaning)
    for side in resolved.sides:
        if not isinstance(side, ShapeMismatch):
            assert not is_loose(side)
            checked.infer(side)
        checked.invents = False
    return resolved


def scope(meaning="gradient"):
    return Scope(PROGRAM.types, PROGRAM.dims, meaning, PROGRAM, invents=True)


def read(formula, **options):
    return " = ".join(map(to_plain, resolve(formula, **options).sides))


READINGS = [
    # LaTeX, the plain text it is read as, the remarks
    (
        r"s = w^\top x",
        r"s = dot(w, x)",
        [],
    ),
    (
        r"s = x^\mathsf{T} A x",
        r"s = dot(x @ A, x)",
        [],
    ),
    (
        r"A = x w^T",
        r"A = outer(x, w)",
        [],
    ),
    (
        r"y = x x^\top w",
        r"y = outer(x, x) @ w",
        [],
    ),
    (
        r"y = x \odot w",
        r"y = x * w",
        [],
    ),
    (
        r"y = x \circ w",
        r"y = x * w",
        [],
    ),
    (
        r"y = x \oslash w",
        r"y = x / w",
        [],
    ),
    (
        r"A = x \otimes w",
        r"A = outer(x, w)",
        [],
    ),
    (
        r"s = x \cdot w",
        r"s = dot(x, w)",
        [r"read as an inner product: `dot(x, w)`"],
    ),
    (
        r"y = x \cdot w",
        r"y = x * w",
        [r"read as an elementwise product: `x * w`"],
    ),
    (
        r"Y = X \cdot W",
        r"Y = X @ W",
        [],
    ),
    (
        r"Y = X \times W",
        r"Y = X @ W",
        [],
    ),
    (
        r"S = Q \;\mathrm{bmm}\; K^\top",
        r"S = Q @ K.mT",
        [],
    ),
    (
        r"y = \mathbf{1} - x",
        r"y = ones(n) - x",
        [],
    ),
    (
        r"A = \mathbf{1}\mathbf{1}^\top",
        r"A = ones(n, n)",
        [],
    ),
    (
        r"A = 11^T",
        r"A = ones(n, n)",
        [],
    ),
    (
        r"s = \mathbf 1^\top x",
        r"s = dot(ones(n), x)",
        [],
    ),
    (
        r"y = A \mathbf 1",
        r"y = A @ ones(n)",
        [],
    ),
    (
        r"A = A \mathbf 1 \mathbf 1^\top",
        r"A = outer(A @ ones(n), ones(n))",
        [],
    ),
    (
        r"A = x \mathbf 1^\top",
        r"A = outer(x, ones(n))",
        [],
    ),
    (
        r"y = \mathbb 1_{n \times n} x",
        r"y = ones(n, n) @ x",
        [],
    ),
    (
        r"A = I - x x^\top",
        r"A = eye(n) - outer(x, x)",
        [],
    ),
    (
        r"A = A (I + B)",
        r"A = A @ (eye(n) + B)",
        [],
    ),
    (
        r"y = I_n x",
        r"y = eye(n) @ x",
        [],
    ),
    (
        r"X = I_{n \times m}",
        r"X = eye(n, m)",
        [],
    ),
    (
        r"A = A^{-1} B^{-T}",
        r"A = inv(A) @ inv(B).T",
        [],
    ),
    (
        r"A = A^{+}",
        r"A = pinv(A)",
        [],
    ),
    (
        r"y = \frac{x - s}{s}",
        r"y = (x - s) / s",
        [],
    ),
    (
        r"y = \frac12 x",
        r"y = 1 / 2 * x",
        [],
    ),
    (
        r"y = e^{-x^2}",
        r"y = exp(-x**2)",
        [],
    ),
    (
        r"y = \exp(x) + \log x",
        r"y = exp(x) + log(x)",
        [],
    ),
    (
        r"y = 2 e x",
        r"y = 2 * e * x",
        [],
    ),
    (
        r"s = \log\det A",
        r"s = log(det(A))",
        [],
    ),
    (
        r"s = |A|",
        r"s = det(A)",
        [],
    ),
    (
        r"y = |x|",
        r"y = abs(x)",
        [],
    ),
    (
        r"s = \|x\|^2 + \lVert x \rVert_2",
        r"s = norm(x)**2 + norm(x)",
        [],
    ),
    (
        r"s = \|x\|_1 + \|X\|_F + \|x\|_\infty",
        r"s = sum(abs(x)) + norm(X) + max(abs(x))",
        [],
    ),
    (
        r"P = X^2",
        r"P = X**2",
        [r"read elementwise: `X**2`"],
    ),
    (
        r"P = X^{\odot 2}",
        r"P = X**2",
        [],
    ),
    (
        r"y = x^{1/2}",
        r"y = x**(1 / 2)",
        [],
    ),
    (
        r"y = \sqrt[3]{x}",
        r"y = x**(1 / 3)",
        [],
    ),
    (
        r"s = s^2",
        r"s = s**2",
        [],
    ),
    (
        r"\delta_X = \delta_{Y} W^\top",
        r"grad(X) = grad(Y) @ W.T",
        [r"`\delta_{X}` is read as the gradient of `X`", r"`\delta_{Y}` is read as the gradient of `Y`"],
    ),
    (
        r"s = \det\begin{pmatrix} A & 0 \\ P^\top & I \end{pmatrix}",
        r"s = det(concatenate(concatenate(A, zeros(n, m), axis=1), concatenate(P.T, eye(m), axis=1), axis=0))",
        [],
    ),
    (
        r"s = \begin{bmatrix} x \\ w\end{bmatrix}^\top \begin{bmatrix} w \\ x\end{bmatrix}",
        r"s = dot(concatenate(x, w), concatenate(w, x))",
        [],
    ),
    (
        r"s = \begin{bmatrix} x^\top & w^\top\end{bmatrix} \begin{bmatrix} w \\ x\end{bmatrix}",
        r"s = dot(concatenate(x, w), concatenate(w, x))",
        [],
    ),
    (
        r"s = \text{tr}\begin{pmatrix} A & x \\ x^\top & s\end{pmatrix}",
        r"s = trace(concatenate(concatenate(A, x[:, None], axis=1), concatenate(x[None, :], s * ones(1, 1), axis=1), axis=0))",
        [],
    ),
    (
        r"s = \begin{vmatrix} s & 1 \\ 2 & s\end{vmatrix}",
        r"s = det(stack(stack(s, 1), stack(2, s)))",
        [],
    ),
    (
        r"\nabla_X L = \bar{X}",
        r"grad(X) = grad(X)",
        [r"`\bar{X}` is read as the gradient of `X`"],
    ),
    (
        r"\partial L / \partial W = X^\top (\partial L/\partial Y)",
        r"grad(W) = X.T @ grad(Y)",
        [],
    ),
    (
        r"\frac{\partial \mathcal L}{\partial X} = \frac{\partial}{\partial X} L",
        r"grad(X) = grad(X)",
        [],
    ),
    (
        r"\frac{\partial L}{\partial W}^\top = \bar Y^\top X",
        r"grad(W).T = grad(Y).T @ X",
        [r"`\bar{Y}` is read as the gradient of `Y`"],
    ),
    (
        r"\frac{\partial L}{\partial W}_{ij} = \frac{\partial L}{\partial W_{ij}}",
        r"grad(W)[i, j] = grad(W)[i, j]",
        [],
    ),
    (
        r"\frac{\partial y_i}{\partial x_j} = A_{ij}",
        r"jacobian(y, x)[i, j] = A[i, j]",
        [],
    ),
    (
        r"\frac{\partial y}{\partial x} = A",
        r"D(y, x) = A",
        [],
    ),
    (
        r"\frac{\mathrm d f}{\mathrm d x} = s",
        r"D(f, x) = s",
        [],
    ),
    (
        r"\frac{\partial x_i}{\partial x_j} = \delta_{ij}",
        r"jacobian(x, x)[i, j] = where(i == j, 1, 0)",
        [],
    ),
    (
        r"\mathrm d y = A \, \mathrm{d}x + (\mathrm dA) x",
        r"dy = A @ dx + dA @ x",
        [],
    ),
    (
        r"\mathrm{d}L = \operatorname{tr}(\bar Y^\top \mathrm dY)",
        r"dL = trace(grad(Y).T @ dY)",
        [r"`\bar{Y}` is read as the gradient of `Y`"],
    ),
    (
        r"\mathrm{d}(X W) = X \mathrm dW + \mathrm dX\, W",
        r"d(X @ W) = X @ dW + dX @ W",
        [],
    ),
    (
        r"\mathrm d \log x = \mathrm dx / x",
        r"d(log(x)) = dx / x",
        [],
    ),
    (
        r"Y_{ij} = (XW)_{ij}",
        r"Y[i, j] = (X @ W)[i, j]",
        [],
    ),
    (
        r"Y_{ij} = \sum_{k=1}^m X_{ik} W_{kj}",
        r"Y[i, j] = sum[k](X[i, k] * W[k, j])",
        [],
    ),
    (
        r"Y_{ij} = \sum_{k=0}^{m-1} X_{ik} W_{kj}",
        r"Y[i, j] = sum[k](X[i, k] * W[k, j])",
        [],
    ),
    (
        r"Y_{ij} = \sum_{k \neq i} X_{ik} W_{kj}",
        r"Y[i, j] = sum[k](where(k != i, X[i, k] * W[k, j], 0))",
        [],
    ),
    (
        r"s = \sum_{i=1}^{s} x_i",
        r"s = sum[i](where(i < s - 0.5, x[i], 0))",
        [],
    ),
    (
        r"s = \sum x_i^2",
        r"s = sum[i](x[i]**2)",
        [],
    ),
    (
        r"s = \sum x^2",
        r"s = sum(x**2)",
        [r"`sum` without an index is read as over all elements"],
    ),
    (
        r"s = \prod_i x_i",
        r"s = prod[i](x[i])",
        [],
    ),
    (
        r"s = \frac{1}{n} \sum_{i} x_i + s",
        r"s = 1 / n * sum[i](x[i]) + s",
        [],
    ),
    (
        r"S_{bld} = \sum_k Q_{blk} K_{bdk}",
        r"S[b_, l_, d_] = sum[k](Q[b_, l_, k] * K[b_, d_, k])",
        [],
    ),
    (
        r"A_{n,k} = x_n w_k",
        r"A[n_, k] = x[n_] * w[k]",
        [],
    ),
    (
        r"s = x_{[0]} + A_{[0, :]} x",
        r"s = x[0] + A[0, :] * x",
        [r"read as an elementwise product: `A[0, :] * x`"],
    ),
    (
        r"S = QK^\top",
        r"S = Q @ K.mT",
        [],
    ),
    (
        r"y = \max(0, x)",
        r"y = maximum(0, x)",
        [],
    ),
    (
        r"s = \max_i x_i",
        r"s = max[i](x[i])",
        [],
    ),
    (
        r"s = \max(x)",
        r"s = max(x)",
        [],
    ),
    (
        r"y = \begin{cases} x & x > 0 \\ 0 & \text{otherwise} \end{cases}",
        r"y = where(x > 0, x, 0)",
        [],
    ),
    (
        r"y = \begin{cases} x & \text{if } x > 0 \\ s x & x \le 0 \end{cases}",
        r"y = where(x > 0, x, s * x)",
        [r"the last case is read as «otherwise»"],
    ),
    (
        r"y = \mathbf 1_{x > 0} \odot x",
        r"y = (x > 0) * x",
        [],
    ),
    (
        r"y = \mathbf{1}\{x > 0\} \odot x",
        r"y = (x > 0) * x",
        [],
    ),
    (
        r"y = \mathbb{1}[x \ge 0]",
        r"y = x >= 0",
        [],
    ),
    (
        r"y = [1, 2, 3]",
        r"y = stack(1, 2, 3)",
        [],
    ),
    (
        r"A = \text{diag}(x) A",
        r"A = diag(x) @ A",
        [],
    ),
    (
        r"y = \text{diag}(c)",
        r"y = diag(c[:, 0])",
        [],
    ),
    (
        r"c = \text{softmax}(c)",
        r"c = softmax(c, axis=0)",
        [],
    ),
    (
        r"y = softmax(Ax)",
        r"y = softmax(A @ x)",
        [],
    ),
    (
        r"s = tr(x^\top A x)",
        r"s = dot(x @ A, x)",
        [r"the trace of a scalar is the scalar itself"],
    ),
    (
        r"f(x) = s x",
        r"f = s * x",
        [r"`f(x)` is read as `f`"],
    ),
    (
        r"f'(x) = s",
        r"D(f, x) = s",
        [],
    ),
    (
        r"y = \sigma'(x)",
        r"y = D(sigmoid(x), x)",
        [],
    ),
    (
        r"y = \tanh^2(x)",
        r"y = tanh(x)**2",
        [],
    ),
    (
        r"y = \sin x \cos x",
        r"y = sin(x) * cos(x)",
        [r"read as an elementwise product: `sin(x) * cos(x)`"],
    ),
    (
        r"s = \langle x, w \rangle",
        r"s = sum(x * w)",
        [],
    ),
    (
        r"s = \mathrm{tr} A B",
        r"s = trace(A @ B)",
        [r"`trace` is read as applied to `A @ B`"],
    ),
    (
        r"y = \gamma \hat{x} + s",
        r"y = gamma * x_hat + s",
        [r"read as an elementwise product: `gamma * x_hat`"],
    ),
    (
        r"\hat x_i = x_i / s",
        r"x_hat[i] = x[i] / s",
        [],
    ),
    (
        r"Y = X(W + W_0)",
        r"Y = X @ (W + W_0)",
        [],
    ),
    (
        r"y = {\color{red}x} + \boxed{w}",
        r"y = x + w",
        [],
    ),
    (
        r"y = \left(\big(x + w\bigr)\right) \tag{1}\label{eq:y}",
        r"y = x + w",
        [],
    ),
    (
        r"Y &= XW \\ &= X (W)",
        r"Y = X @ W = X @ W",
        [],
    ),
    (
        r"y = x + w \\ + x",
        r"y = x + w + x",
        [],
    ),
    (
        r"y = -A x / s",
        r"y = -(A @ x / s)",
        [],
    ),
    (
        r"y = 1/s x",
        r"y = 1 / s * x",
        [r"of `a / b c` only `b` is read as the divisor"],
    ),
    (
        r"y = 2 x / n",
        r"y = 2 * x / n",
        [],
    ),
    (
        r"y = x ∘ w − γ",
        r"y = x * w - gamma",
        [],
    ),
    (
        r"y = 𝐱 ⊙ xᵀ",
        r"y = x * x",
        [r"read as a row taken for a column: `x * x`"],
    ),
    (
        r"Y = \underbrace{X}W, \quad \text{where } X \in \mathbb{R}^{n \times m}",
        r"Y = X @ W",
        [],
    ),
]


@pytest.mark.parametrize(("formula", "plain", "remarks"), READINGS, ids=[row[0] for row in READINGS])
def test_readings(formula, plain, remarks):
    resolved = resolve(formula)
    assert " = ".join(map(to_plain, resolved.sides)) == plain
    assert list(resolved.remarks) == remarks


MESSAGES = [
    (
        r"y = x_{ij}",
        r"""error: 2 indices for an array of 1 axes, [n]
  --> f:1:6
1 | $y = x_{ij}$
  |      ^^^^^^""",
    ),
    (
        r"y_i = x_{i+1}",
        r"""error: an index that is calculated may leave the array
  --> f:1:11
1 | $y_i = x_{i+1}$
  |           ^
   = help: use `roll`, a slice, or an array of whole numbers""",
    ),
    (
        r"y = x_i",
        r"""error: the index `i` is neither on the left side nor summed over
  --> f:1:8
1 | $y = x_i$
  |        ^
   = help: sum over it, `sum[i](…)`, or name it on the left""",
    ),
    (
        r"s = \text{sum}(\mathbf 1)",
        r"""error: nothing here says which shape this has
  --> f:1:17
1 | $s = \text{sum}(\mathbf 1)$
  |                 ^^^^^^^^^
   = help: write the shape below it: `\mathbf 1_n`, `\mathbf 1_{n\times m}`, `I_n`""",
    ),
    (
        r"s = \text{sum}(x \cdot w)",
        r"""error: this formula can be read in 2 ways
  --> f:1:6
1 | $s = \text{sum}(x \cdot w)$
  |      ^^^^^^^^^^^^^^^^^^^^^
   = help: it may mean `sum(dot(x, w))` or `sum(x * w)`: `x^\top y` is the inner product, `\odot` and `^{\odot 2}` are elementwise, brackets group""",
    ),
    (
        r"A = A^2",
        r"""error: this formula can be read in 2 ways
  --> f:1:6
1 | $A = A^2$
  |      ^^^
   = help: it may mean `A**2` or `A @ A`: `x^\top y` is the inner product, `\odot` and `^{\odot 2}` are elementwise, brackets group""",
    ),
    (
        r"y = x w^\top h_1 \odot x",
        r"""error: this formula can be read in 2 ways
  --> f:1:6
1 | $y = x w^\top h_1 \odot x$
  |      ^^^^^^^^^^^^^^^^^^^^
   = help: it may mean `outer(x, w) @ h_1 * x` or `outer(x, w) @ (h_1 * x)`: `x^\top y` is the inner product, `\odot` and `^{\odot 2}` are elementwise, brackets group""",
    ),
    (
        r"y = \sum_{i=1}^n i x_i",
        r"""error: the index `i` is used as a number
  --> f:1:19
1 | $y = \sum_{i=1}^n i x_i$
  |                   ^
   = help: it counts from 1 in the formula and from 0 here: give the numbers as an input""",
    ),
    (
        r"y = \sum_{i=2}^n x_i",
        r"""error: a sum begins at 0 or 1 here
  --> f:1:14
1 | $y = \sum_{i=2}^n x_i$
  |              ^
   = help: write a condition: `\sum_{i > 2}`""",
    ),
    (
        r"y = \sum x_i w_j",
        r"""error: this sum may run over `i`, `j`
  --> f:1:6
1 | $y = \sum x_i w_j$
  |      ^^^^^^^^^^^^
   = help: name its indices: `\sum_{i,j}`""",
    ),
    (
        r"x \cdot w = w \cdot x",
        r"""error: this formula can be read with the shape [] and with the shape [n]
  --> f:1:2
1 | $x \cdot w = w \cdot x$
  |  ^^^^^^^^^
   = help: it may mean `dot(x, w)` or `dot(w, x)` or `x * w` or `w * x`: `x^\top y` is the inner product, `\odot` and `^{\odot 2}` are elementwise, brackets group""",
    ),
    (
        r"s = \max_{i > 2} x_i",
        r"""error: `max` takes no condition
  --> f:1:6
1 | $s = \max_{i > 2} x_i$
  |      ^^^^^^^^^^^^^^^^
   = help: conditions stand below sums and products""",
    ),
]


@pytest.mark.parametrize(("formula", "expected"), MESSAGES, ids=[row[0] for row in MESSAGES])
def test_messages(formula, expected):
    with pytest.raises(UserError) as caught:
        resolve(formula)
    assert "\n".join(map(draw, caught.value.problems)) == expected


MISMATCHES = [
    (r"y = \begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix} x", r"no product fits [2, 2] and the column [n]"),
    (r"y = A x^\top", r"no product fits [n, n] and the row [n]"),
    (r"y = X w", r"no product fits [n, m] and the column [n]"),
    (r"A = X^{-1}", r"only a square matrix has an inverse, not [n, m]"),
    (r"y = \mathbf 1 x^\top", r"no array of ones gives this the shape [n]"),
]


@pytest.mark.parametrize(("formula", "message"), MISMATCHES, ids=[row[0] for row in MISMATCHES])
def test_what_fits_no_reading_is_a_mismatch(formula, message):
    found = [side for side in resolve(formula).sides if isinstance(side, ShapeMismatch)]
    assert [m.problems[0].message for m in found] == [message]
    assert found[0].problems[0].span is not None


ROWS = [
    (r"y = x A", "y = x @ A"),
    (r"s = x w^\top", "s = dot(x, w)"),
    (r"A = x^\top w", "A = outer(x, w)"),
    (r"s = x \mathbf 1^\top", "s = dot(x, ones(n))"),
]


@pytest.mark.parametrize(("formula", "plain"), ROWS)
def test_vectors_may_be_rows(formula, plain):
    assert read(formula, vectors="row") == plain


NOTATION = [
    ({r"\sigma": "tanh"}, r"y = \sigma(x) \odot \sigma'(x)", "y = tanh(x) * D(tanh(x), x)"),
    ({r"A_{t+1}": "A"}, r"y = A_{t+1} x", "y = A @ x"),
    ({r"\mathbf{X}": "A", "X": "X"}, r"A = \mathbf X A", "A = A @ A"),
    ({r"\Delta w": "A"}, r"\Delta w_{ij} = x_i w_j", "A[i, j] = x[i] * w[j]"),
    ({r"\frac{\partial L}{\partial W_t}": "B"}, r"A = \frac{\partial L}{\partial W_t} A", "A = B @ A"),
    ({"f": "y"}, r"f'(x) = A", "D(y, x) = A"),
    ({"'": "T"}, r"s = x' w", "s = dot(x, w)"),
]


@pytest.mark.parametrize(("notation", "formula", "plain"), NOTATION, ids=[row[1] for row in NOTATION])
def test_notation(notation, formula, plain):
    assert read(formula, notation=notation) == plain


def test_an_expression_alone():
    expression = parse_latex_expression(Text.whole("f", r"$X W + W_0$"), symbols())
    with pytest.raises(UserError):
        resolve_expression(expression, scope())
    expression = parse_latex_expression(Text.whole("f", r"$\frac{1}{n} x^\top w$"), symbols())
    assert to_plain(resolve_expression(expression, scope()).sides[0]) == "dot(1 / n * x, w)"


def test_every_part_of_the_result_has_a_place():
    for formula, _, _ in READINGS:
        for side in resolve(formula).sides:
            assert all(
                n.span is not None for n in ast.walk(side) if isinstance(n, (ast.Binary, ast.Call, ast.Name))
            )
