"""Another function, or one forgotten: tanh for sigmoid, a variance without its root."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from gradcheck_cli.diagnose.edits import Site, call
from gradcheck_cli.diagnose.slip import Example, Offer, Offers, Slip
from gradcheck_cli.lang import ast
from gradcheck_cli.lang.functions import FUNCTIONS

FAMILIES = (
    ("sigmoid", "tanh", "silu", "gelu", "gelu_tanh", "relu", "abs", "softplus", "sin", "erf"),
    ("exp", "expm1", "log", "log1p"),
    ("sqrt", "rsqrt"),
    ("sin", "cos", "tanh"),
    ("erf", "erfc", "tanh"),
    ("softmax", "log_softmax"),
    ("max", "min"),
    ("maximum", "minimum"),
    ("var", "std", "mean"),
    ("norm", "sum"),
    ("cumsum", "cumprod"),
    ("tril", "triu"),
    ("ones", "zeros"),
    ("ones_like", "zeros_like"),
    ("trace", "det", "logdet"),
    ("pinv", "inv"),
    ("sum", "prod", "mean"),
)
"""Functions of one call that are mixed up."""

ONE_ARRAY = (
    "exp",
    "log",
    "sqrt",
    "sigmoid",
    "tanh",
    "softmax",
    "relu",
    "inv",
    "pinv",
    "diag",
    "tril",
    "triu",
)
"""Functions of one array that are forgotten."""


def at(site: Site) -> Offers:
    """A function of the same family; one less; one more."""
    node = site.node
    match node:
        case ast.Call("ones", (n, m)) if n == m:
            yield Offer(call("eye", n), 0.1)
        case ast.Call("ones", (n, m)):
            yield Offer(call("eye", n, m), 0.3)
    match node:
        case ast.Call(function, (x, *_)):
            for family in FAMILIES:
                if function in family:
                    yield from (Offer(replace(node, function=f), -0.1) for f in family if f != function)
            simple = FUNCTIONS[function].group == "elementwise" or function in ONE_ARRAY
            if simple and function not in {"where", "sqrt"}:
                yield Offer(x)
            if function == "std":
                yield Offer(replace(node, keywords=_other_correction(node)), 0.0)
            if function == "var":
                yield Offer(replace(node, keywords=_other_correction(node)), 0.0)
        case ast.Transpose(x, _):
            yield Offer(call("inv", x), 0.6)
            yield Offer(call("pinv", x), 0.7)
    if site.role == "exponent" or isinstance(node, (ast.Number, ast.Negative)):
        return
    likely = site.names.functions
    for function in dict.fromkeys((*ONE_ARRAY, *sorted(likely))):
        group = FUNCTIONS[function].group
        parameters = [p for p in FUNCTIONS[function].parameters if p.default is None]
        if (
            len(parameters) != 1
            or parameters[0].variadic
            or group not in {"elementwise", "linear algebra", "reduction"}
        ):
            continue
        if isinstance(node, ast.Call) and node.function == function:
            continue
        yield Offer(call(function, node), 0.2 if function in likely else 0.5)


def _other_correction(node: ast.Call) -> tuple[ast.Keyword, ...]:
    rest = tuple(k for k in node.keywords if k.name != "correction")
    given = next((k.value for k in node.keywords if k.name == "correction"), None)
    now = isinstance(given, ast.Number) and given.value == 1
    return rest if now else (*rest, ast.Keyword("correction", ast.Number(Fraction(1))))


SLIP = Slip(
    code="GC125",
    name="wrong function",
    title="another function is meant, or one was forgotten",
    page="""
What it looks like
    `tanh` for `sigmoid`, `var` for `std`, the unbiased variance for the biased one, `exp(x)` for
    `x`.

Why it happens
    The letter sigma is the sigmoid, a standard deviation and a generic activation. Approximations
    (GELU by tanh) have other derivatives than what they approximate; frameworks divide a variance
    by n - 1, papers by n.

How to see it
    Evaluate both functions at one number, such as x = 1.
""",
    examples=(
        Example("x: [n]", "y: softplus(x)", "dx = dy * tanh(x)", "dx = dy * sigmoid(x)"),
        Example("x: [n]", "y: sin(x)", "dx = dy * sin(x)", "dx = dy * cos(x)"),
        Example(
            "x: [n]",
            "y: (x - mean(x)) / std(x)",
            "y = (x - mean(x)) / std(x, correction=1)",
            "y = (x - mean(x)) / std(x)",
            kind="identity",
        ),
    ),
    cost=1.1,
    at=at,
)
