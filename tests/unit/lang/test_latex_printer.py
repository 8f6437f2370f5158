"""What is printed as LaTeX reads back: random well-shaped trees, and the print of each kind of node."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradcheck_cli.lang import ast
from gradcheck_cli.lang.latex import Symbols, parse_latex_expression
from gradcheck_cli.lang.latex_printer import name_latex, to_latex
from gradcheck_cli.lang.plain import parse_equation, parse_expression
from gradcheck_cli.lang.printer import to_plain
from gradcheck_cli.shapes.dims import Dim
from gradcheck_cli.shapes.infer import Scope
from gradcheck_cli.shapes.resolve import resolve_expression
from gradcheck_cli.shapes.typed import Program, Type
from gradcheck_cli.text import Text

DIMS = {name: Dim.of(name) for name in "nmrbld"}
SHAPES = {
    "x": "n", "w": "n", "gamma": "n", "x_hat": "n", "z": "m", "X": "nm", "P": "nm", "W_0": "mr", "A": "nn",
    "B_t": "nn", "s": "", "eta": "", "rms": "", "Q": "bld", "K": "bld", "S": "bll", "V": "bld",
}  # fmt: skip
TYPES = {name: Type(tuple(DIMS[d] for d in shape)) for name, shape in SHAPES.items()}
RANKS = {name: len(shape) for name, shape in SHAPES.items()} | dict.fromkeys(DIMS, 0)
PROGRAM = Program(TYPES, frozenset(TYPES), (), ("x",), False, DIMS, {n: frozenset({n}) for n in TYPES})
SYMBOLS = Symbols(frozenset(TYPES), frozenset(DIMS))


def reads_back(node):
    latex = to_latex(node, ranks=RANKS)
    scope = Scope(TYPES, DIMS, "gradient", PROGRAM)
    (found,) = resolve_expression(parse_latex_expression(Text.whole("f", f"${latex}$"), SYMBOLS), scope).sides
    return latex, found


def leaves(shape):
    names = [ast.Name(name) for name, own in SHAPES.items() if own == shape]
    found = [st.sampled_from(names)] if names else []
    if not shape:
        found.append(st.integers(0, 20).map(lambda n: ast.Number(Fraction(n))))
        found.append(st.sampled_from(["0.5", "1.25", "0.044715"]).map(lambda t: ast.Number(Fraction(t))))
        found.append(st.sampled_from("nm").map(ast.Name))
    else:
        found.append(st.just(ast.Call("ones", tuple(ast.Name(d) for d in shape))))
        if names:
            found.append(st.sampled_from(names).map(lambda n: ast.Call("grad", (n,))))
    return st.one_of(found)


FUNCTIONS = ["exp", "tanh", "sigmoid", "relu", "log1p", "gelu_tanh", "sqrt", "abs", "sign"]


@st.composite
def trees(draw, shape, depth):  # noqa: C901  one case a kind
    """A well-shaped tree as the resolver writes it."""
    if depth == 0:
        return draw(leaves(shape))

    def sub(of=shape):
        return draw(trees(of, draw(st.integers(0, depth - 1))))

    kinds = [
        "leaf",
        "sum",
        "difference",
        "product",
        "quotient",
        "negative",
        "power",
        "function",
        "scaled",
        "where",
        "maximum",
    ]
    if not shape:
        kinds += ["dot", "trace", "norm", "mean", "over"]
    if shape in {"n", "m"}:
        kinds += ["matvec", "vecmat", "reduced", "softmax"]
    if shape in {"nn", "nm", "mr"}:
        kinds += ["matmul", "outer", "softmax"]
    if shape == "nn":
        kinds += ["transpose", "inv", "diag", "eye", "kept"]
    if shape == "bll":
        kinds += ["batch"]
    match draw(st.sampled_from(kinds)):
        case "sum":
            return ast.Binary("+", sub(), sub())
        case "difference":
            return ast.Binary("-", sub(), sub())
        case "product":
            return ast.Binary("*", sub(), sub())
        case "quotient":
            return ast.Binary("/", sub(), sub(draw(st.sampled_from(["", shape]))))
        case "negative":
            return ast.Negative(sub())
        case "power":
            return ast.Binary("**", sub(), ast.Number(Fraction(draw(st.integers(2, 3)))))
        case "function":
            return ast.Call(draw(st.sampled_from(FUNCTIONS)), (sub(),))
        case "scaled":
            pair = (sub(""), sub())
            return ast.Binary("*", *(pair if draw(st.booleans()) else pair[::-1]))
        case "where":
            return ast.Call(
                "where", (ast.Binary(draw(st.sampled_from(["<", ">=", "!="])), sub(), sub()), sub(), sub())
            )
        case "maximum":
            return ast.Call("maximum", (sub(), sub()))
        case "dot":
            own = draw(st.sampled_from("nm"))
            return ast.Call("dot", (sub(own), sub(own)))
        case "trace":
            return ast.Call("trace", (sub("nn"),))
        case "norm":
            return ast.Call("norm", (sub(draw(st.sampled_from(["n", "nm"]))),))
        case "mean":
            return ast.Call(
                draw(st.sampled_from(["mean", "sum", "max"])),
                (sub(draw(st.sampled_from(["n", "nm", "bld"]))),),
            )
        case "over":
            i, j = ast.Name("i"), ast.Name("j")
            body = ast.Binary("*", ast.Subscript(ast.Name("X"), (i, j)), ast.Subscript(ast.Name("x"), (i,)))
            return ast.Over("sum", (i, j), body)
        case "matvec":
            inner = draw(st.sampled_from([s for s in ("nn", "nm") if s[0] == shape] or ["T"]))
            if inner == "T":
                return ast.Binary("@", ast.Transpose(sub("nm"), "T"), sub("n"))
            return ast.Binary("@", sub(inner), sub(inner[1]))
        case "vecmat":
            inner = "nn" if shape == "n" else "nm"
            return ast.Binary("@", sub("n"), sub(inner))
        case "reduced":
            axis = ast.Negative(ast.Number(Fraction(1))) if shape == "n" else ast.Number(Fraction(0))
            return ast.Call("sum", (sub("nm"),), (ast.Keyword("axis", axis),))
        case "kept":
            axis = ast.Keyword("axis", ast.Negative(ast.Number(Fraction(1))))
            kept = ast.Keyword("keepdims", ast.Boolean(True))
            return ast.Binary("-", sub(), ast.Call("mean", (sub(),), (axis, kept)))
        case "softmax":
            return ast.Call("softmax", (sub(),))
        case "matmul":
            left, right = {"nn": [("nn", "nn")], "nm": [("nn", "nm")], "mr": [("mr", "rr")]}[shape][0]
            if shape == "mr":
                return ast.Binary("@", ast.Binary("@", ast.Transpose(sub("nm"), "T"), sub("nm")), sub("mr"))
            return ast.Binary("@", sub(left), sub(right))
        case "outer":
            return ast.Call("outer", (sub(shape[0]), sub(shape[1]))) if shape != "mr" else sub()
        case "transpose":
            return ast.Transpose(sub(), "T")
        case "inv":
            return ast.Call("inv", (sub(),))
        case "diag":
            return ast.Call("diag", (sub("n"),))
        case "eye":
            return ast.Call("eye", (ast.Name("n"),))
        case "batch":
            return ast.Binary("@", sub("bld"), ast.Transpose(sub("bld"), "mT"))
    return draw(leaves(shape))


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(["", "n", "m", "nn", "nm", "mr", "bld", "bll"]).flatmap(lambda s: trees(s, 4)))
def test_random_trees_read_back(tree):
    Scope(TYPES, DIMS, "gradient", PROGRAM).infer(tree)
    latex, found = reads_back(tree)
    assert found == tree, (latex, to_plain(tree), to_plain(found))


PRINTS = [
    ("x @ A", r"x^\top A"),
    ("A @ x", "A x"),
    ("(x @ A) @ A", r"x^\top A A"),
    ("dot(x @ A, w)", r"x^\top A w"),
    ("outer(x, w) @ gamma", r"x w^\top \gamma"),
    ("2 * x * w", r"\left(2 x\right) \odot w"),
    ("x * 2", r"x \cdot 2"),
    ("x / s - (w + x)", r"\frac{x}{s} - \left(w + x\right)"),
    ("-x * w", r"\left(-x\right) \odot w"),
    ("x**2 + s**2", r"x^{\odot 2} + s^{2}"),
    ("Q @ K.mT / sqrt(d)", r"\frac{Q K^\top}{\sqrt{d}}"),
    ("softmax(X)", r"\operatorname{softmax}\left(X\right)"),
    (
        "sum(X, axis=-1, keepdims=True)",
        r"\operatorname{sum}\left(X, \text{axis} = -1, \text{keepdims} = \text{True}\right)",
    ),
    ("sum(X, axis=(0, 1))", r"\operatorname{sum}\left(X, \text{axis} = (0, 1)\right)"),
    ("sum[i](x[i] * w[i])", r"\sum_{i} x_{i} w_{i}"),
    (
        "x[0] + dot(X[0, :], z) + X[:, None, 1:][0, 0, 0]",
        r"x_{[0]} + X_{[0, :]}^\top z + X_{[:, \text{None}, 1:]}_{[0, 0, 0]}",
    ),
    ("(x > 0) * x", r"\mathbf{1}\{x > 0\} \odot x"),
    ("grad(X)", r"\frac{\partial \mathcal{L}}{\partial X}"),
    ("D(tanh(X), X)", r"\frac{\partial \tanh\left(X\right)}{\partial X}"),
    ("jacobian(x, w)", r"\operatorname{jacobian}\left(x, w\right)"),
    ("dX + dX", r"\mathrm{d}X + \mathrm{d}X"),
    ("inv(A) @ B_t.T", r"A^{-1} B_{t}^\top"),
    ("eye(n) - ones(n, n) / n", r"I_{n} - \frac{\mathbf{1}_{n \times n}}{n}"),
    ("ones(2*n)", r"\operatorname{ones}\left(2 n\right)"),
    ("einsum('ij,jk->ik', A, A)", r"\operatorname{einsum}\left(\text{'ij,jk->ik'}, A, A\right)"),
    ("kron(A, A)", r"A \otimes A"),
    ("stack(x, w)", r"\left[x, w\right]"),
    ("sigmoid(x) + abs(x)", r"\sigma\left(x\right) + \operatorname{abs}\left(x\right)"),
    ("maximum(x, 0)", r"\max\left(x, 0\right)"),
    ("pi * e**s + 0.00001", r"\pi e^{\odot s} + 0.00001"),
]


@pytest.mark.parametrize(("plain", "latex"), PRINTS, ids=[row[0] for row in PRINTS])
def test_prints(plain, latex):
    tree = parse_expression(Text.whole("f", plain))
    printed, found = reads_back(tree)
    assert printed == latex
    assert to_plain(found) == to_plain(tree)


NAMES = [
    ("x", "x"), ("gamma", r"\gamma"), ("x_hat", r"\hat{x}"), ("gamma_1", r"\gamma_{1}"), ("W_in", r"W_{\text{in}}"),
    ("rms", r"\text{rms}"), ("hat_1", r"\text{hat}_{1}"), ("i_", "i"), ("a_b_c", r"\text{a\_b\_c}"), ("Δ", r"\text{Δ}"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "latex"), NAMES, ids=[row[0] for row in NAMES])
def test_names(name, latex):
    assert name_latex(name) == latex
    if not name.endswith("_"):
        symbols = Symbols(frozenset({name}))
        assert parse_latex_expression(Text.whole("f", f"${latex}$"), symbols) == ast.Name(name)


def test_notation_prints_the_symbols_of_the_source():
    equation = parse_equation(Text.whole("f", "A_1 = A - eta * grad(A)"))
    names = {"A_1": "A_{t+1}", "A": "A_t"}
    assert to_latex(equation, names, {"A": 2, "A_1": 2, "eta": 0}) == (
        r"A_{t+1} = A_t - \eta \frac{\partial \mathcal{L}}{\partial A_t}"
    )
