"""THE table of functions: what a formula may call, and everything that is known of it by name.

Nothing here computes. `shapes.rules` implements the shape rules named here,
`evaluate` binds the names to torch and NumPy, and a test proves that every
entry is bound twice, that both bindings agree, and that the documentation
lists exactly this table.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Kind = Literal[
    "array", "axis", "axes", "flag", "int", "dim", "shape", "number", "string", "expression", "name"
]

_STATIC: dict[str, Kind] = {
    "axis": "axis",
    "axes": "axes",
    "axis1": "int",
    "axis2": "int",
    "keepdims": "flag",
    "lower": "flag",
    "correction": "number",
    "k": "int",
    "shift": "int",
    "n": "dim",
    "m": "dim",
    "before": "dim",
    "after": "dim",
    "times": "dim",
    "start": "dim",
    "stop": "dim",
    "step": "dim",
    "shape": "shape",
    "reps": "shape",
    "subscripts": "string",
    "expression": "expression",
    "expressions": "expression",
    "quantity": "name",
}
"""What a parameter of this name takes; any other name takes an array."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a function. `default` is its text, None where it is required."""

    name: str
    kind: Kind
    default: str | None = None
    variadic: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """One entry of the table."""

    name: str
    group: str
    rule: str
    parameters: tuple[Parameter, ...]
    latex: str
    doc: str
    kinked: bool = False
    """Whether it has points where it is not differentiable."""

    @property
    def signature(self) -> str:
        """How the function is called, as documented."""
        parts = []
        for p in self.parameters:
            star = "*" if p.variadic else ""
            parts.append(f"{star}{p.name}" + (f"={p.default}" if p.default is not None else ""))
        return f"{self.name}({', '.join(parts)})"


def _function(
    signature: str, group: str, rule: str, latex: str, doc: str, *, kinked: bool = False
) -> Function:
    match = re.fullmatch(r"(\w+)\((.*)\)", signature)
    assert match is not None, signature
    name, inside = match.groups()
    parameters = []
    for part in filter(None, (p.strip() for p in inside.split(","))):
        head, _, default = part.partition("=")
        bare = head.lstrip("*")
        kind = _STATIC.get(bare, "array")
        parameters.append(Parameter(bare, kind, default or None, head.startswith("*")))
    return Function(name, group, rule, tuple(parameters), latex, doc, kinked)


_GROUPS: dict[str, tuple[str, list[tuple[str, str, str, str]]]] = {
    # group: (title, [(signature, rule, LaTeX, one line of documentation)])
    # In the LaTeX form #1, #2 stand for the arguments; without them the name is called as `f(x)`.
    "arithmetic": (
        "Arithmetic; the operators `+ - * / ** @` and the comparisons call these",
        [
            ("add(x, y)", "elementwise", "#1 + #2", "sum of two arrays"),
            ("subtract(x, y)", "elementwise", "#1 - #2", "difference of two arrays"),
            ("multiply(x, y)", "elementwise", r"#1 \odot #2", "elementwise (Hadamard) product"),
            ("divide(x, y)", "elementwise", r"\frac{#1}{#2}", "elementwise quotient"),
            ("power(x, y)", "elementwise", "{#1}^{#2}", "elementwise power"),
            ("negative(x)", "elementwise", "-#1", "the negative"),
            ("less(x, y)", "comparison", "#1 < #2", "where x < y"),
            ("less_equal(x, y)", "comparison", r"#1 \le #2", "where x <= y"),
            ("greater(x, y)", "comparison", "#1 > #2", "where x > y"),
            ("greater_equal(x, y)", "comparison", r"#1 \ge #2", "where x >= y"),
            ("equal(x, y)", "comparison", "#1 = #2", "where x equals y"),
            ("not_equal(x, y)", "comparison", r"#1 \ne #2", "where x differs from y"),
        ],
    ),
    "elementwise": (
        "Elementwise functions",
        [
            ("exp(x)", "elementwise", r"\exp", "e to the power x"),
            ("log(x)", "elementwise", r"\log", "natural logarithm"),
            ("log1p(x)", "elementwise", r"\operatorname{log1p}", "log(1 + x), accurate near 0"),
            ("expm1(x)", "elementwise", r"\operatorname{expm1}", "exp(x) - 1, accurate near 0"),
            ("sqrt(x)", "elementwise kinked", r"\sqrt{#1}", "square root"),
            ("rsqrt(x)", "elementwise", r"\frac{1}{\sqrt{#1}}", "1 / sqrt(x)"),
            ("abs(x)", "elementwise kinked", r"\left|#1\right|", "absolute value"),
            ("sign(x)", "elementwise kinked", r"\operatorname{sign}", "-1, 0 or 1"),
            ("sin(x)", "elementwise", r"\sin", "sine"),
            ("cos(x)", "elementwise", r"\cos", "cosine"),
            ("tan(x)", "elementwise", r"\tan", "tangent"),
            ("asin(x)", "elementwise", r"\arcsin", "inverse sine"),
            ("acos(x)", "elementwise", r"\arccos", "inverse cosine"),
            ("atan(x)", "elementwise", r"\arctan", "inverse tangent"),
            ("atan2(y, x)", "elementwise", r"\operatorname{atan2}", "angle of the point (x, y)"),
            ("sinh(x)", "elementwise", r"\sinh", "hyperbolic sine"),
            ("cosh(x)", "elementwise", r"\cosh", "hyperbolic cosine"),
            ("tanh(x)", "elementwise", r"\tanh", "hyperbolic tangent"),
            ("asinh(x)", "elementwise", r"\operatorname{arsinh}", "inverse hyperbolic sine"),
            ("acosh(x)", "elementwise", r"\operatorname{arcosh}", "inverse hyperbolic cosine"),
            ("atanh(x)", "elementwise", r"\operatorname{artanh}", "inverse hyperbolic tangent"),
            ("erf(x)", "elementwise", r"\operatorname{erf}", "error function"),
            ("erfc(x)", "elementwise", r"\operatorname{erfc}", "1 - erf(x)"),
            ("erfinv(x)", "elementwise", r"\operatorname{erf}^{-1}", "inverse error function"),
            ("lgamma(x)", "elementwise", r"\log\Gamma", "log of the absolute Gamma function"),
            ("digamma(x)", "elementwise", r"\psi", "derivative of lgamma"),
            ("sigmoid(x)", "elementwise", r"\sigma", "1 / (1 + exp(-x))"),
            ("logsigmoid(x)", "elementwise", r"\log\sigma", "log(sigmoid(x))"),
            ("softplus(x)", "elementwise", r"\operatorname{softplus}", "log(1 + exp(x))"),
            ("relu(x)", "elementwise kinked", r"\operatorname{ReLU}", "maximum(x, 0)"),
            ("silu(x)", "elementwise", r"\operatorname{SiLU}", "x * sigmoid(x)"),
            ("gelu(x)", "elementwise", r"\operatorname{GELU}", "x * (1 + erf(x / sqrt(2))) / 2, exact"),
            (
                "gelu_tanh(x)",
                "elementwise",
                r"\operatorname{GELU}_{\tanh}",
                "the tanh approximation of gelu (GPT-2's)",
            ),
            (
                "where(condition, x, y)",
                "elementwise",
                r"\operatorname{where}",
                "x where condition is true, else y",
            ),
            ("clip(x, low, high)", "elementwise kinked", r"\operatorname{clip}", "x limited to low ... high"),
            ("minimum(x, y)", "elementwise kinked", r"\min", "the smaller, elementwise"),
            ("maximum(x, y)", "elementwise kinked", r"\max", "the larger, elementwise"),
            (
                "floor(x)",
                "elementwise kinked",
                r"\left\lfloor #1 \right\rfloor",
                "largest whole number not above x",
            ),
        ],
    ),
    "reduction": (
        "Reductions; `axis=None` means all axes, negative axes count from the last",
        [
            ("sum(x, axis=None, keepdims=False)", "reduction", r"\operatorname{sum}", "sum"),
            ("mean(x, axis=None, keepdims=False)", "reduction", r"\operatorname{mean}", "arithmetic mean"),
            ("prod(x, axis=None, keepdims=False)", "reduction", r"\operatorname{prod}", "product"),
            (
                "var(x, axis=None, correction=0, keepdims=False)",
                "reduction",
                r"\operatorname{var}",
                "variance; correction=1 divides by n - 1",
            ),
            (
                "std(x, axis=None, correction=0, keepdims=False)",
                "reduction kinked",
                r"\operatorname{std}",
                "standard deviation; correction=1 divides by n - 1",
            ),
            ("max(x, axis=None, keepdims=False)", "reduction kinked", r"\max", "largest element"),
            ("min(x, axis=None, keepdims=False)", "reduction kinked", r"\min", "smallest element"),
            (
                "logsumexp(x, axis=None, keepdims=False)",
                "reduction",
                r"\operatorname{logsumexp}",
                "log(sum(exp(x)))",
            ),
            (
                "norm(x, axis=None, keepdims=False)",
                "reduction kinked",
                r"\left\|#1\right\|",
                "Euclidean (Frobenius) norm",
            ),
            ("cumsum(x, axis=-1)", "along", r"\operatorname{cumsum}", "running sum"),
            ("cumprod(x, axis=-1)", "along", r"\operatorname{cumprod}", "running product"),
            ("softmax(x, axis=-1)", "along", r"\operatorname{softmax}", "exp(x) / sum(exp(x))"),
            ("log_softmax(x, axis=-1)", "along", r"\operatorname{log\,softmax}", "log(softmax(x))"),
        ],
    ),
    "linear algebra": (
        "Linear algebra; on the last two axes, the ones before are a batch",
        [
            ("matmul(x, y)", "matmul", "#1 #2", "matrix product, as `@`"),
            ("trace(x)", "matrix to scalar", r"\operatorname{tr}", "sum of the diagonal"),
            ("det(x)", "square to scalar", r"\det", "determinant"),
            ("logdet(x)", "square to scalar", r"\log\det", "log of the absolute determinant"),
            (
                "rank(x)",
                "rank kinked",
                r"\operatorname{rank}",
                "number of singular values above 1e-7 of the largest",
            ),
            ("inv(x)", "square", "{#1}^{-1}", "inverse"),
            ("pinv(x)", "pinv", "{#1}^{+}", "Moore-Penrose inverse"),
            ("solve(a, b)", "solve", "{#1}^{-1} #2", "the x with a @ x = b"),
            ("cholesky(x)", "square", r"\operatorname{chol}", "lower L with L @ L.mT = x"),
            (
                "solve_triangular(a, b, lower=True)",
                "solve",
                r"\operatorname{solve\_triangular}",
                "the x with a @ x = b, reading one triangle of a",
            ),
            (
                "eigh(x)",
                "eigh",
                r"\operatorname{eigh}",
                "(eigenvalues ascending, eigenvectors as columns) of a symmetric matrix; the largest"
                " component of each eigenvector is positive",
            ),
            (
                "svd(x)",
                "svd",
                r"\operatorname{svd}",
                "(U, s, Vt), thin; the largest component of each column of U is positive",
            ),
            ("kron(x, y)", "kron", r"#1 \otimes #2", "Kronecker product of two matrices or vectors"),
            ("outer(x, y)", "outer", "#1 {#2}^{\\top}", "all products of two vectors"),
            ("dot(x, y)", "dot", "{#1}^{\\top} #2", "inner product of two vectors"),
            (
                "einsum(subscripts, *arrays)",
                "einsum",
                r"\operatorname{einsum}",
                "sum of products by index letters, `einsum('ij,jk->ik', A, B)`",
            ),
            ("tril(x, k=0)", "matrix", r"\operatorname{tril}", "the part on and below the k-th diagonal"),
            ("triu(x, k=0)", "matrix", r"\operatorname{triu}", "the part on and above the k-th diagonal"),
            (
                "diag(x)",
                "diag",
                r"\operatorname{diag}",
                "vector to diagonal matrix, or matrix to its diagonal",
            ),
        ],
    ),
    "constructor": (
        "Arrays out of dimensions",
        [
            ("eye(n, m=None)", "eye", "I", "identity matrix, n x n or n x m"),
            ("ones(*shape)", "filled", r"\mathbf{1}", "all ones"),
            ("zeros(*shape)", "filled", r"\mathbf{0}", "all zeros"),
            ("ones_like(x)", "like", r"\mathbf{1}", "ones in the shape of x"),
            ("zeros_like(x)", "like", r"\mathbf{0}", "zeros in the shape of x"),
            ("arange(n)", "arange", r"\operatorname{arange}", "the whole numbers 0 ... n - 1"),
        ],
    ),
    "shape": (
        "Shape",
        [
            (
                "reshape(x, *shape)",
                "reshape",
                r"\operatorname{reshape}",
                "the same elements in another shape",
            ),
            (
                "transpose(x, *axes)",
                "transpose",
                r"\operatorname{transpose}",
                "axes reordered; without axes: reversed",
            ),
            ("swapaxes(x, axis1, axis2)", "swapaxes", r"\operatorname{swapaxes}", "two axes exchanged"),
            (
                "concatenate(*arrays, axis=0)",
                "concatenate",
                r"\operatorname{concat}",
                "arrays joined along an axis",
            ),
            ("stack(*arrays, axis=0)", "stack", r"\operatorname{stack}", "arrays joined along a new axis"),
            (
                "broadcast_to(x, *shape)",
                "broadcast_to",
                r"\operatorname{broadcast}",
                "repeated by NumPy's broadcasting",
            ),
            ("expand_dims(x, axis)", "expand_dims", r"\operatorname{expand\_dims}", "a new axis of size 1"),
            ("squeeze(x, axis)", "squeeze", r"\operatorname{squeeze}", "an axis of size 1 removed"),
            (
                "repeat(x, times, axis=-1)",
                "repeat",
                r"\operatorname{repeat}",
                "each element repeated along an axis",
            ),
            (
                "tile(x, *reps)",
                "tile",
                r"\operatorname{tile}",
                "the whole array repeated along its last axes",
            ),
            ("flip(x, axis=-1)", "along", r"\operatorname{flip}", "reversed along an axis"),
            ("roll(x, shift, axis=-1)", "along", r"\operatorname{roll}", "shifted cyclically along an axis"),
            (
                "pad(x, before, after, axis=-1)",
                "pad",
                r"\operatorname{pad}",
                "zeros added before and after along an axis",
            ),
        ],
    ),
    "indexing": (
        "Indexing; see also brackets `x[...]`",
        [
            (
                "gather(x, indices, axis=0)",
                "gather",
                r"\operatorname{gather}",
                "x at whole-number indices along an axis, as `x[indices]`",
            ),
            (
                "take_along_axis(x, indices, axis=-1)",
                "take_along_axis",
                r"\operatorname{take}",
                "for each position the element of x that indices names along an axis",
            ),
            (
                "one_hot(indices, n)",
                "one_hot",
                r"\operatorname{onehot}",
                "a new last axis of size n: 1 at the index, else 0",
            ),
            (
                "scatter_add(x, indices, updates)",
                "scatter_add",
                r"\operatorname{scatter\_add}",
                "x with updates[t] added to x[indices[t]]; repeated indices add up",
            ),
            (
                "slice(x, axis, start, stop, step)",
                "slice",
                r"\operatorname{slice}",
                "every step-th position from start up to stop along an axis, as `x[start:stop:step]`",
            ),
        ],
    ),
    "derivative": (
        "Derivatives, inside claims",
        [
            (
                "grad(quantity)",
                "grad",
                r"\frac{\partial L}{\partial #1}",
                "the true gradient of the loss with respect to an input or intermediate; in a `gradient`"
                " claim `dX` is short for it",
            ),
            (
                "d(expression)",
                "d",
                r"\mathrm{d}#1",
                "the differential of an expression; in a `differential` claim `dX` is short for `d(X)`",
            ),
            (
                "D(expression, quantity)",
                "D",
                r"\frac{\partial #1}{\partial #2}",
                "the derivative: elementwise where the dependence is elementwise, else the Jacobian",
            ),
            (
                "jacobian(expression, quantity)",
                "jacobian",
                r"\frac{\partial #1}{\partial #2}",
                "all partial derivatives, in the shape of the expression followed by that of the quantity",
            ),
        ],
    ),
    "special": (
        "In claims of one kind only",
        [
            (
                "E(expression)",
                "E",
                r"\mathbb{E}[#1]",
                "the expectation over the random inputs, in an `expectation` claim",
            ),
            (
                "O(expression)",
                "O",
                r"\mathcal{O}(#1)",
                "terms of that order in a small scalar input, in a `property` claim",
            ),
            (
                "shape(expression)",
                "shape",
                r"\operatorname{shape}",
                "the shape of an array, in a `shape` claim",
            ),
            (
                "flops(*expressions)",
                "flops",
                r"\operatorname{flops}",
                "operations of evaluating expressions together, in a `cost` claim",
            ),
            (
                "peak(*expressions)",
                "peak",
                r"\operatorname{peak}",
                "elements of the largest array on the way to expressions, in a `cost` claim",
            ),
            (
                "elements(*expressions)",
                "elements",
                r"\operatorname{elements}",
                "elements of arrays, in a `cost` claim",
            ),
        ],
    ),
}

OPERATORS = MappingProxyType(
    {
        "+": "add",
        "-": "subtract",
        "*": "multiply",
        "/": "divide",
        "**": "power",
        "@": "matmul",
        "<": "less",
        "<=": "less_equal",
        ">": "greater",
        ">=": "greater_equal",
        "==": "equal",
        "!=": "not_equal",
    }
)
"""What each binary operator calls."""

OVER = MappingProxyType(
    {"sum": r"\sum", "prod": r"\prod", "max": r"\max", "min": r"\min", "mean": r"\operatorname{mean}"}
)
"""The reductions that may run over named indices: `sum[i, j](...)`, and their LaTeX."""

CONSTANTS = MappingProxyType({"pi": r"\pi", "e": "e", "inf": r"\infty"})
"""Names with a fixed value, unless the spec declares them; and their LaTeX."""

GROUPS = MappingProxyType({group: title for group, (title, _) in _GROUPS.items()})
"""The groups in the order of the documentation, with their titles."""

FUNCTIONS: MappingProxyType[str, Function] = MappingProxyType(
    {
        f.name: f
        for group, (_, rows) in _GROUPS.items()
        for signature, rule, latex, doc in rows
        for f in [
            _function(
                signature,
                group,
                rule.removesuffix(" kinked"),
                latex,
                doc,
                kinked="kinked" in rule or rule == "comparison",
            )
        ]
    }
)

ALIASES = MappingProxyType(
    {
        "tr": "trace",
        "arcsin": "asin",
        "arccos": "acos",
        "arctan": "atan",
        "arcsinh": "asinh",
        "arccosh": "acosh",
        "arctanh": "atanh",
        "arctan2": "atan2",
        "pow": "power",
        "absolute": "abs",
        "concat": "concatenate",
        "cat": "concatenate",
        "permute": "transpose",
        "clamp": "clip",
        "cumulative_sum": "cumsum",
        "cumulative_prod": "cumprod",
        "ln": "log",
        "unsqueeze": "expand_dims",
        "index_add": "scatter_add",
        "hadamard": "multiply",
        "mm": "matmul",
        "bmm": "matmul",
        "expit": "sigmoid",
        "swish": "silu",
        "ReLU": "relu",
        "identity": "eye",
        "amax": "max",
        "amin": "min",
        "logabsdet": "logdet",
    }
)
"""Names from elsewhere; not accepted, but the message names ours."""

KEYWORD_ALIASES = MappingProxyType(
    {
        "dim": "axis",
        "keepdim": "keepdims",
        "ddof": "correction",
        "unbiased": "correction",
        "dims": "axis",
        "axes": "axis",
        "num_classes": "n",
    }
)
"""Keywords from elsewhere; not accepted, but the message names ours."""
