"""The LaTeX parser: what is cut away, what the tree points at, and every message, verbatim."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest

from gradcheck_cli.lang import ast
from gradcheck_cli.lang.latex import Symbols, is_latex, parse_latex_equations, parse_latex_expression
from gradcheck_cli.lang.printer import to_plain
from gradcheck_cli.text import Text, UserError, draw

SYMBOLS = Symbols(
    frozenset(
        {
            "X",
            "W",
            "A",
            "B",
            "x",
            "w",
            "y",
            "Y",
            "s",
            "Q",
            "K",
            "QK",
            "W_0",
            "A_t",
            "x_hat",
            "x_2",
            "gamma",
            "rms",
        }
    ),
    frozenset({"n", "m", "d", "l"}),
    needs={"y": frozenset({"x"}), "f": frozenset({"y"})},
    laws={"u": ("normal", (Fraction(0), Fraction(3))), "r": ("rademacher", ())},
)


def equations(formula, symbols=SYMBOLS):
    return parse_latex_equations(Text.whole("f", formula), symbols)


def read(formula, symbols=SYMBOLS):
    return [to_plain(e) for e in equations(formula, symbols)]


def message(formula, symbols=SYMBOLS):
    with pytest.raises(UserError) as caught:
        equations(f"${formula}$", symbols)
    return "\n".join(map(draw, caught.value.problems))


MESSAGES = [
    (
        r"C_{t+1} = A",
        r"""error: `C_{t+1}` is not declared
  --> f:1:2
1 | $C_{t+1} = A$
  |  ^^^^^^^
   = help: say in `notation` what it is: `notation: {'C_{t+1}': …}`""",
    ),
    (
        r"y = \foo x",
        r"""error: `\foo` is not known here
  --> f:1:6
1 | $y = \foo x$
  |      ^^^^
   = help: say in `notation` which name it stands for""",
    ),
    (
        r"y = (x",
        r"""error: the formula ends too early: expected `)` after `x`
  --> f:1:8
1 | $y = (x$
  |        ^""",
    ),
    (
        r"y = x)",
        r"""error: expected an operator, `=` or the end after `x`, not `)`
  --> f:1:7
1 | $y = x)$
  |       ^""",
    ),
    (
        r"y = x +",
        r"""error: the formula ends too early: expected an expression after `+`
  --> f:1:9
1 | $y = x +$
  |         ^""",
    ),
    (
        r"y = \frac{x}",
        r"""error: the formula ends too early: expected an expression after `x`
  --> f:1:13
1 | $y = \frac{x}$
  |             ^""",
    ),
    (
        r"y = \frac{x}{s",
        r"""error: the formula ends too early: expected `}` after `s`
  --> f:1:16
1 | $y = \frac{x}{s$
  |                ^""",
    ),
    (
        r"y = x \approx w",
        r"""error: `\approx` is not an equation
  --> f:1:8
1 | $y = x \approx w$
  |        ^^^^^^^
   = help: a claim is an equation: its sides stand around `=`""",
    ),
    (
        r"y = x = ",
        r"""error: the formula ends too early: expected an expression after `=`
  --> f:1:9
1 | $y = x = $
  |         ^""",
    ),
    (
        r"= y",
        r"""error: expected an expression, not `=`
  --> f:1:2
1 | $= y$
  |  ^""",
    ),
    (
        r"y",
        r"""error: a claim is an equation, and this one has no `=`
  --> f:1:2
1 | $y$
  |  ^
   = help: write what it claims: `\frac{\partial L}{\partial X} = …`""",
    ),
    (
        r"y = \text{foo}(x)",
        r"""error: `foo` is neither declared nor a function
  --> f:1:6
1 | $y = \text{foo}(x)$
  |      ^^^^^^^^^^
   = help: did you mean `floor`?""",
    ),
    (
        r"y = x_1",
        r"""error: it is not clear from where this index counts
  --> f:1:8
1 | $y = x_1$
  |        ^
   = help: write `_{[1]}` for the position 1 counted from 0, or declare the name""",
    ),
    (
        r"y = x + \ldots + w",
        r"""error: an ellipsis leaves open what is meant
  --> f:1:10
1 | $y = x + \ldots + w$
  |          ^^^^^^
   = help: write the sum out with an index: `\sum_{i=1}^n x_i`, or give every term""",
    ),
    (
        r"y = \mathbb{E}_{x}[x]",
        r"""error: `x` is not random
  --> f:1:18
1 | $y = \mathbb{E}_{x}[x]$
  |                  ^
   = help: give the input a law: `x: {shape: …, random: normal(0, 1)}`""",
    ),
    (
        r"y = \mathbb{E}_{z}[x]",
        r"""error: `z` is not declared
  --> f:1:18
1 | $y = \mathbb{E}_{z}[x]$
  |                  ^
   = help: give the input a law: `z: {shape: …, random: normal(0, 1)}`""",
    ),
    (
        r"y = \mathbb{E}_{u\sim\mathcal N(0,4)}[u]",
        r"""error: the formula draws `u` by another law than the spec, `normal(0, 3)` (mean and standard deviation)
  --> f:1:23
1 | $y = \mathbb{E}_{u\sim\mathcal N(0,4)}[u]$
  |                       ^^^^^^^^^^^^^^^
   = help: the spec must say what the formula says""",
    ),
    (
        r"y = \mathbb{E}_{u\sim\Gamma}[u]",
        r"""error: this law is not known
  --> f:1:23
1 | $y = \mathbb{E}_{u\sim\Gamma}[u]$
  |                       ^^^^^^
   = help: known are `\mathcal N(0, 1)`, `\mathcal U(a, b)`""",
    ),
    (
        r"y = \mathbb{E}_{u\sim N(0,x)}[u]",
        r"""error: a number is expected here
  --> f:1:28
1 | $y = \mathbb{E}_{u\sim N(0,x)}[u]$
  |                            ^
   = help: a law is written `\mathcal N(0, 1)`""",
    ),
    (
        r"y = \mathbb{E}_{1}[u]",
        r"""error: expected a random input after `_`, not `1`
  --> f:1:18
1 | $y = \mathbb{E}_{1}[u]$
  |                  ^
   = help: an expectation is written `\mathbb E_{u\sim\mathcal N(0,1)}[\dots]`""",
    ),
    (
        r"y = \mathbb{P}[x]",
        r"""error: `P` is no array
  --> f:1:6
1 | $y = \mathbb{P}[x]$
  |      ^^^^^^^^^^
   = help: state the claim for given arrays""",
    ),
    (
        r"y = \int x",
        r"""error: integrals are not judged
  --> f:1:6
1 | $y = \int x$
  |      ^^^^
   = help: claims are equations between arrays""",
    ),
    (
        r"y = \lim x",
        r"""error: limits are not judged
  --> f:1:6
1 | $y = \lim x$
  |      ^^^^
   = help: claims are equations between arrays""",
    ),
    (
        r"y = x^*",
        r"""error: conjugates are not judged: all arrays are real
  --> f:1:8
1 | $y = x^*$
  |        ^
   = help: a transpose is `^\top`""",
    ),
    (
        r"y = x'",
        r"""error: a prime is a derivative only behind a function of a named quantity
  --> f:1:7
1 | $y = x'$
  |       ^
   = help: write `f'(x)`, or for a transpose `^\top`; `notation` may say that `'` is `T`""",
    ),
    (
        r"y = x^{(3)}",
        r"""error: an index in brackets belongs to a name
  --> f:1:8
1 | $y = x^{(3)}$
  |        ^
   = help: declare the name, or say in `notation` what is meant""",
    ),
    (
        r"y = \sigma'(A x)",
        r"""error: `sigmoid'` is applied to an expression
  --> f:1:6
1 | $y = \sigma'(A x)$
  |      ^^^^^^^^^^^^
   = help: name the argument in `forward`, and write that: derivatives are taken by named quantities""",
    ),
    (
        r"y = \sigma''(x)",
        r"""error: only first derivatives are judged
  --> f:1:6
1 | $y = \sigma''(x)$
  |      ^^^^^^^^^^^
   = help: name the first derivative under `where:`""",
    ),
    (
        r"y = \exp^{-1}(x)",
        r"""error: a negative exponent at `exp` may be its inverse or its reciprocal
  --> f:1:6
1 | $y = \exp^{-1}(x)$
  |      ^^^^^^^^^^^^
   = help: write the reciprocal as a fraction, or the inverse function by its name""",
    ),
    (
        r"y = \exp",
        r"""error: the formula ends too early: expected the argument of `exp` after `\exp`
  --> f:1:10
1 | $y = \exp$
  |          ^""",
    ),
    (
        r"y = \log_2 x",
        r"""error: `log` takes no index here
  --> f:1:10
1 | $y = \log_2 x$
  |          ^
   = help: write `\log x / \log 2`""",
    ),
    (
        r"y = \sum_+ x",
        r"""error: expected an index after `_`, not `+`
  --> f:1:11
1 | $y = \sum_+ x$
  |           ^
   = help: sums are written `\sum_{i=1}^n`, `\sum_{i,j}`, `\sum_{k\neq i}`""",
    ),
    (
        r"y = \begin{cases} x \\ w \end{cases}",
        r"""error: every case but the last needs a condition
  --> f:1:6
1 | $y = \begin{cases} x \\ w \end{cases}$
  |      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   = help: write `a & x > 0 \\ b & \text{otherwise}`""",
    ),
    (
        r"y = \begin{foo} x \end{foo}",
        r"""error: the environment `foo` cannot be read here
  --> f:1:6
1 | $y = \begin{foo} x \end{foo}$
  |      ^^^^^^
   = help: `align`, `aligned`, `equation`, `gather`, `cases` and the matrices are read""",
    ),
    (
        r"y = \begin{cases} x",
        r"""error: this environment is never closed: expected `\end{cases}`
  --> f:1:6
1 | $y = \begin{cases} x$
  |      ^^^^^^^^^^^^^""",
    ),
    (
        r"y = \begin{align} x \end{cases}",
        r"""error: expected `\end{align}` here, not `\end{cases}`
  --> f:1:22
1 | $y = \begin{align} x \end{cases}$
  |                      ^^^^^^^^^^^""",
    ),
    (
        r"y = \end{cases}",
        r"""error: expected no `\end` here, not `\end{cases}`
  --> f:1:6
1 | $y = \end{cases}$
  |      ^^^^^^^^^^^""",
    ),
    (
        r"y = \begin{bmatrix} 1 & 2 \\ 3 \end{bmatrix}",
        r"""error: the rows of this matrix differ in length
  --> f:1:6
1 | $y = \begin{bmatrix} 1 & 2 \\ 3 \end{bmatrix}$
  |      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^""",
    ),
    (
        r"y = \frac{\partial L}{\partial (x + w)}",
        r"""error: a derivative is taken by a name
  --> f:1:33
1 | $y = \frac{\partial L}{\partial (x + w)}$
  |                                 ^^^^^^^^
   = help: give it a name""",
    ),
    (
        r"y = \frac{\partial L}{\partial x^\top}",
        r"""error: a derivative is taken by a name
  --> f:1:33
1 | $y = \frac{\partial L}{\partial x^\top}$
  |                                 ^^^^^^^
   = help: transpose the derivative instead""",
    ),
    (
        r"y = \frac{\partial^2 L}{\partial x}",
        r"""error: only first derivatives are judged
  --> f:1:20
1 | $y = \frac{\partial^2 L}{\partial x}$
  |                    ^
   = help: name the first derivative under `where:`""",
    ),
    (
        r"y = \frac{\partial L}{x}",
        r"""error: expected `\partial` after `}`, not `x`
  --> f:1:24
1 | $y = \frac{\partial L}{x}$
  |                        ^
   = help: a derivative is written `\frac{\partial L}{\partial X}`""",
    ),
    (
        r"y = \partial x",
        r"""error: the formula ends too early: expected `/` after `x`
  --> f:1:16
1 | $y = \partial x$
  |                ^
   = help: a derivative is written `\frac{\partial L}{\partial X}` or `\partial L/\partial X`""",
    ),
    (
        r"y = \nabla L",
        r"""error: expected `_` after `\nabla`, not `L`
  --> f:1:13
1 | $y = \nabla L$
  |             ^
   = help: say by what the gradient is taken: `\nabla_X L`""",
    ),
    (
        r"y = \delta x",
        r"""error: `\delta` alone has no meaning here
  --> f:1:6
1 | $y = \delta x$
  |      ^^^^^^
   = help: declare it, or write `\delta_X` for the gradient, `\delta_{ij}`, or `\mathrm dX`""",
    ),
    (
        r"y = \delta_{i}",
        r"""error: the Kronecker delta has two indices
  --> f:1:6
1 | $y = \delta_{i}$
  |      ^^^^^^^^^
   = help: write `\delta_{ij}`""",
    ),
    (
        r"y = x \pm w",
        r"""error: `±` claims two equations at once
  --> f:1:8
1 | $y = x \pm w$
  |        ^^^
   = help: write one claim for each sign""",
    ),
    (
        r"y = #",
        r"""error: `#` cannot stand in a formula
  --> f:1:6
1 | $y = #$
  |      ^
   = help: a formula holds letters, numbers, LaTeX commands and signs""",
    ),
    (
        r"y = é",
        r"""error: `é` cannot stand in a formula
  --> f:1:6
1 | $y = é$
  |      ^
   = help: a formula holds letters, numbers, LaTeX commands and signs""",
    ),
    (
        "y = \\",
        r"""error: `\$` is not known here
  --> f:1:6
1 | $y = \$
  |      ^^
   = help: say in `notation` which name it stands for""",
    ),
    (
        r"y = \label{a",
        r"""error: this `{` is never closed
  --> f:1:12
1 | $y = \label{a$
  |            ^
   = help: add the missing `}`""",
    ),
    (
        r"y = \hat{x + w}",
        r"""error: expected `}` after `x`, not `+`
  --> f:1:13
1 | $y = \hat{x + w}$
  |             ^
   = help: an accent stands over one name; name what it means in `notation`""",
    ),
    (
        r"y = \|x\|_3",
        r"""error: this norm is not known
  --> f:1:12
1 | $y = \|x\|_3$
  |            ^
   = help: known are `\|x\|_2`, `\|X\|_F`, `\|x\|_1` and `\|x\|_\infty`""",
    ),
    (
        r"y = dQ",
        r"""error: `dQ` may be the differential of `Q` or `d` times `Q`
  --> f:1:6
1 | $y = dQ$
  |      ^
   = help: write `\mathrm dQ` for the one, `d\,Q` for the other""",
    ),
    (
        r"y = A_{\text{in}}",
        r"""error: expected an index after `_`, not `in`
  --> f:1:9
1 | $y = A_{\text{in}}$
  |         ^^^^^^^^^
   = help: indices are letters: `A_{ij}`, `A_{i,j}`, `x_{i+1}`""",
    ),
    (
        r"y = x_{}",
        r"""error: the formula ends too early: expected an index after `_`
  --> f:1:8
1 | $y = x_{}$
  |        ^
   = help: indices are letters: `A_{ij}`, `A_{i,j}`, `x_{i+1}`""",
    ),
    (
        r"y = I_{+}",
        r"""error: expected a dimension after `_`, not `+`
  --> f:1:9
1 | $y = I_{+}$
  |         ^
   = help: a shape is written `_{n\times m}`""",
    ),
    (
        r"y = \left( x \right]",
        r"""error: expected `)` after `x`, not `]`
  --> f:1:21
1 | $y = \left( x \right]$
  |                     ^""",
    ),
    (
        r"y = \binom n 2",
        r"""error: binomials are not read
  --> f:1:6
1 | $y = \binom n 2$
  |      ^^^^^^
   = help: write the number""",
    ),
]


@pytest.mark.parametrize(("formula", "expected"), MESSAGES, ids=[row[0] for row in MESSAGES])
def test_messages(formula, expected):
    assert message(formula) == expected


WRAPPERS = ["$%s$", "$$ %s $$", r"\(%s\)", r"\[ %s \]", r"\begin{equation}%s\label{eq:1}\end{equation}",
            r"\begin{equation*} \begin{aligned} %s \\[5pt] \end{aligned} \end{equation*}", r"\[\begin{align} %s \\ \end{align}\]"]  # fmt: skip


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_wrappers(wrapper):
    formula = wrapper % r"Y &= \, {\color{red} X} \left( x \right), \tag{3}"
    assert is_latex(Text.whole("f", formula))
    assert read(formula) == ["Y = X x"]


DISPLAYS = [
    (r"$A = B,\quad B = A$", ["A = B", "B = A"]),
    (r"$$A = B \implies B = A$$", ["A = B", "B = A"]),
    (r"\begin{align} A &= B \\ &= X \\ Y &= W \end{align}", ["A = B = X", "Y = W"]),
    (r"\begin{align} Y =&\, A + B \\ &+ X \end{align}", ["Y = A + B + X"]),
    (r"$W = W_0 + A,\qquad A\in\mathbb{R}^{n\times d},B\in\mathbb{R}^{d\times m}$", ["W = W_0 + A"]),
    (r"$A = B \quad ([n,h] = [n,l] \times [l,h])$", ["A = B"]),
    (r"$A = B, \text{ where } x > 0$", ["A = B"]),
    (r"$\text{Input: } \quad A = B$", ["A = B"]),
    (r"$A = B.$", ["A = B"]),
    ("$A % a comment\n = B$", ["A = B"]),
]


@pytest.mark.parametrize(("formula", "found"), DISPLAYS, ids=[row[0] for row in DISPLAYS])
def test_a_display_may_hold_several_equations(formula, found):
    assert read(formula) == found


NAMES = [
    (r"\hat{\mathbf{x}}", "x_hat"),
    (r"\hat x", "x_hat"),
    (r"W_0", "W_0"),
    (r"W_{0}", "W_0"),
    (r"A_t", "A_t"),
    (r"A_{\text{t}}", "A_t"),
    (r"x^{(2)}", "x_2"),
    (r"\boldsymbol\gamma", "gamma"),
    ("γ", "gamma"),
    ("𝐱", "x"),
    (r"\text{rms}", "rms"),
    (r"\operatorname{rms}", "rms"),
    (r"\mathrm{rms}(x)", "rms x"),
    (r"rms", "rms"),
    (r"y(x)", "y"),
    (r"\text{QK}", "QK"),
    (r"\mathbf{XW}^\top", "X W.top"),
    (r"XW_0A_t", "X W_0 A_t"),
]


@pytest.mark.parametrize(("formula", "name"), NAMES, ids=[row[0] for row in NAMES])
def test_names(formula, name):
    assert to_plain(parse_latex_expression(Text.whole("f", f"${formula}$"), SYMBOLS)) == name


def test_a_group_that_is_a_name_and_a_product_is_ambiguous():
    assert (
        message(r"Y = \mathbf{QK}^\top")
        == r"""error: `QK` may be the name `QK` or the product `Q K`
  --> f:1:14
1 | $Y = \mathbf{QK}^\top$
  |              ^^
   = help: write `\text{QK}` for the name, `Q K` for the product"""
    )


def test_notation_must_name_what_exists():
    symbols = Symbols(frozenset({"x"}), notation={r"\theta": "phi"})
    assert (
        message(r"x = \theta", symbols)
        == r"""error: `notation` reads this as `phi`, which is not declared
  --> f:1:6
1 | $x = \theta$
  |      ^^^^^^"""
    )


def test_notation_may_name_an_element():
    symbols = Symbols(frozenset({"p", "y"}), frozenset({"t"}), notation={r"p(y_t \mid x)": "p[t]"})
    assert read(r"$\sum_{t=1}^t p(y_t \mid x) = y$", symbols) == ["sum[t_](p[t_]) = y"]
    wrong = Symbols(frozenset({"p", "y"}), notation={r"p(y_t \mid x)": "q[t]"})
    assert (
        message(r"p(y_t \mid x) = y", wrong)
        == r"""error: `notation` reads this as `q[t]`, which is no element of a declared array
  --> f:1:2
1 | $p(y_t \mid x) = y$
  |  ^^^^^^^^^^^^^
   = help: write a name, or a name with indices: `p[t]`"""
    )


def test_places_point_into_the_characters():
    (equation,) = equations(r"$\frac{\partial L}{\partial X} = A\,(B + \hat{x}_i)^\top$")
    left, right = equation.sides
    assert left.span.text == r"\frac{\partial L}{\partial X}"
    assert right.span.text == r"A\,(B + \hat{x}_i)^\top"
    places = {type(n).__name__: n.span.text for n in ast.walk(right)}
    assert places["Transpose"] == r"(B + \hat{x}_i)^\top"
    assert places["Subscript"] == r"\hat{x}_i"
    assert all(n.span is not None for n in ast.walk(right))


@pytest.mark.parametrize(
    "formula",
    [
        "(" * 5000,
        "x" + "^{x" * 3000,
        r"\frac{" * 2000,
        r"\sqrt" * 3000 + "x",
        r"\hat" * 3000 + "x",
        "x = " + "+".join(["x"] * 5000),
        "x = " + " ".join(["x"] * 5000),
        "x = x" + "/x" * 5000,
        "x = " + r"\sum_i " * 2000 + "x_i",
        "x = " + r"\exp " * 3000 + "x",
        "x = " + r"d " * 3000 + "x",
        "x = " + r"-" * 5000 + "x",
        r"x = \begin{cases}" + r"x & x \\ " * 2000,
        r"\begin{align}" * 500,
        "{" * 6000 + "x" + "}" * 6000,
        "x = |" * 3000,
        r"x = \label{" + "{" * 9000,
        r"x_{" * 3000,
    ],
    ids=lambda f: f[:20],
)
def test_a_hostile_formula_is_refused_in_bounded_time(formula):
    start = time.process_time()
    with pytest.raises(UserError) as caught:
        equations(f"${formula}$")
    assert caught.value.problems[0].span is not None
    assert time.process_time() - start < 1


def test_a_formula_has_a_length():
    assert message("x" * 30_000).startswith(
        "error: this formula has 30,002 characters; at most 20,000 are read"
    )


@pytest.mark.parametrize(
    ("formula", "plain"),
    [
        (r"\mathbb{E}[x] = y", "E(x) = y"),
        (r"\mathbb E_{u} \left[ u u^\top \right] = y", "E(u u.top) = y"),
        (r"\mathbb{E}_{u\sim \mathcal{N}(0,9)}[u] = y", "E(u) = y"),
        (r"\mathbb{E}_{u\sim N(0, 3^2)} u = y", "E(u) = y"),
        (r"\mathbb{E}_{u,r\sim\text{Rademacher}}[r] = y", None),
        (r"\mathbb{E}_{r\sim\text{Rademacher}}\{r\} = y", "E(r) = y"),
        (r"\operatorname{E}[x] = y", "E(x) = y"),
        (r"\operatorname{E}_{u}(x) = y", "E(x) = y"),
        (r"\text{E} = y", "E = y"),
    ],
)
def test_expectations(formula, plain):
    if plain is None:
        assert "another law" in message(formula)
    else:
        assert read(f"${formula}$") == [plain]


@pytest.mark.parametrize(
    ("formula", "plain"),
    [
        (r"0 \le x < y", "0 <= x < y"),
        (r"x = y \neq 0", "x = y != 0"),
        (r"x \geqslant y", "x >= y"),
        (r"\text{rank}(A) \leq n", "rank(A) <= n"),
    ],
)
def test_relations(formula, plain):
    (found,) = parse_latex_equations(Text.whole("f", f"${formula}$"), SYMBOLS, relational=True)
    assert to_plain(found) == plain
    with pytest.raises(UserError):
        equations(f"${formula}$")


@pytest.mark.parametrize(
    ("formula", "plain"),
    [
        (r"A\in\mathbb{R}^{n\times m}", ["shape(A) = stack(n, m)"]),
        (r"x \in \mathbb R^n", ["shape(x) = stack(n)"]),
        (r"s \in \mathbb R", ["shape(s) = stack()"]),
        (
            r"A\in\mathbb{R}^{n\times 1}, B \in \mathbb{R}^{2m \times n}",
            ["shape(A) = stack(n, 1)", "shape(B) = stack(2 * m, n)"],
        ),
    ],
)
def test_members(formula, plain):
    found = parse_latex_equations(Text.whole("f", f"${formula}$"), SYMBOLS, members=True)
    assert [to_plain(e) for e in found] == plain


def test_a_font_belongs_to_the_place_of_its_letter():
    (found,) = equations(r"$\mathbf{x} = \mathbf y + \mathrm{w}$")
    assert [n.span.text for n in ast.walk(found) if isinstance(n, ast.Name)] == [
        r"\mathbf{x}",
        r"\mathbf y",
        r"\mathrm{w}",
    ]


@pytest.mark.parametrize(
    ("written", "opening", "closing"),
    [
        ("$y = x", "$", "$"),
        ("$$y = x$", "$$", "$$"),
        (r"\(y = x", r"\(", r"\)"),
        (r"\[y = x\)", r"\[", r"\]"),
        ("$", "$", "$"),
    ],
)
def test_an_opening_sign_has_its_partner_at_the_end(written, opening, closing):
    text = Text.whole("f", written)
    with pytest.raises(UserError) as caught:
        parse_latex_equations(text, SYMBOLS)
    assert draw(caught.value.problems[0]) == (
        f"error: this `{opening}` is never closed\n"
        "  --> f:1:1\n"
        f"1 | {written}\n"
        f"  | {'^' * len(opening)} expected `{closing}` at the end of the formula\n"
        f"   = help: write `{opening}…{closing}`"
    )
