"""The catalogue of mistakes: each function says what somebody could have written in place of a node."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import combinations

from gradcheck_cli.lang import ast
from gradcheck_cli.lang.functions import FUNCTIONS
from gradcheck_cli.lang.printer import to_plain

from .places import Names, Place, put_arg

Mistakes = Iterator[ast.Expr]

NEIGHBOURS = {
    "sigmoid": ("tanh", "silu"),
    "tanh": ("sigmoid", "sin"),
    "exp": ("expm1",),
    "expm1": ("exp",),
    "log": ("log1p",),
    "log1p": ("log",),
    "sqrt": ("rsqrt",),
    "rsqrt": ("sqrt",),
    "sin": ("cos",),
    "cos": ("sin",),
    "erf": ("erfc", "tanh"),
    "erfc": ("erf",),
    "relu": ("silu", "abs"),
    "silu": ("gelu", "sigmoid"),
    "gelu": ("gelu_tanh", "silu"),
    "gelu_tanh": ("gelu", "silu"),
    "softmax": ("log_softmax",),
    "log_softmax": ("softmax",),
    "max": ("min",),
    "min": ("max",),
    "maximum": ("minimum",),
    "minimum": ("maximum",),
    "var": ("std",),
    "std": ("var",),
    "cumsum": ("cumprod",),
    "tril": ("triu",),
    "triu": ("tril",),
    "ones": ("zeros",),
    "zeros": ("ones",),
    "ones_like": ("zeros_like",),
    "zeros_like": ("ones_like",),
    "trace": ("det",),
    "det": ("trace",),
    "pinv": ("inv",),
}
"""Functions of the same call that are mixed up."""


def number(value: int | Fraction) -> ast.Expr:
    """A constant as it is written: a negative one is a sign and a number."""
    found = ast.Number(abs(Fraction(value)))
    return ast.Negative(found) if value < 0 else found


def sign(place: Place, names: Names) -> Mistakes:
    """The opposite sign of a side or of a term."""
    match place.node:
        case ast.Binary("+", left, right):
            yield ast.Binary("-", left, right)
        case ast.Binary("-", left, right):
            yield ast.Binary("+", left, right)
        case ast.Negative(operand):
            yield operand
    if place.role == "side":
        yield ast.Negative(place.node)


def factor(place: Place, names: Names) -> Mistakes:
    """A side or a term twice or half as large."""
    if place.role in {"side", "term"}:
        yield ast.Binary("*", ast.Number(Fraction(2)), place.node)
        yield ast.Binary("/", place.node, ast.Number(Fraction(2)))


def dropped_term(place: Place, names: Names) -> Mistakes:
    """A sum without one of its terms."""
    match place.node:
        case ast.Binary("+", left, right):
            yield from (left, right)
        case ast.Binary("-", left, right):
            yield from (left, ast.Negative(right))


def dropped_factor(place: Place, names: Names) -> Mistakes:
    """A product without one of its factors, a quotient without its divisor."""
    match place.node:
        case ast.Binary("*" | "@", left, right):
            yield from (left, right)
        case ast.Binary("/", left, _):
            yield left


def transpose(place: Place, names: Names) -> Mistakes:
    """A transpose too many or too few."""
    match place.node:
        case ast.Transpose(operand, _):
            yield operand
        case ast.Name() | ast.Binary("@") | ast.Call():
            rank = names.rank(place.node)
            if rank is not None and rank >= 2:
                yield ast.Transpose(place.node, "mT")
            if rank is not None and rank > 2:
                yield ast.Transpose(place.node, "T")


def swapped_name(place: Place, names: Names) -> Mistakes:
    """Output for input, one gradient for another: any name of the same shape."""
    match place.node:
        case ast.Name(id):
            yield from (ast.Name(n) for n in names.alike(id))
        case ast.Call("grad", (ast.Name(id),)):
            yield from (ast.Call("grad", (ast.Name(n),)) for n in names.alike(id) if not names.is_gradient(n))
        case ast.Call("D" | "jacobian" as f, (of, ast.Name(id))):
            yield from (ast.Call(f, (of, ast.Name(n))) for n in names.alike(id) if not names.is_gradient(n))


def upstream(place: Place, names: Names) -> Mistakes:
    """The gradient that comes from above forgotten: ones in its place."""
    match place.node:
        case ast.Name(id) if names.is_gradient(id):
            yield ast.Call("ones_like", (place.node,))
        case ast.Call("grad", (of,)):
            yield ast.Call("ones_like", (of,))


def mean_for_sum(place: Place, names: Names) -> Mistakes:
    """A mean for a sum, or back."""
    other = {"sum": "mean", "mean": "sum"}
    match place.node:
        case ast.Call(function) | ast.Over(function) if function in other:
            yield replace(place.node, function=other[function])


def dropped_function(place: Place, names: Names) -> Mistakes:
    """A square root, an activation or a reduction forgotten."""
    match place.node:
        case ast.Call(function, (x, *_)) if FUNCTIONS[function].group in {"elementwise", "reduction"}:
            yield x
        case ast.Call("diag" | "tril" | "triu" | "roll" | "flip" | "inv" | "pinv", (x, *_)):
            yield x


def neighbour(place: Place, names: Names) -> Mistakes:
    """A function that resembles the right one."""
    match place.node:
        case ast.Call(function) if function in NEIGHBOURS:
            yield from (replace(place.node, function=f) for f in NEIGHBOURS[function])
        case ast.Call("eye", args):
            yield ast.Call("ones", args * 2 if len(args) == 1 else args)
        case ast.Call("inv" | "pinv", (x,)):
            yield ast.Transpose(x, "mT")
        case ast.Call("norm", (x, *rest), keywords):
            yield ast.Call("sum", (x, *rest), keywords)
        case ast.Call("outer", (x, y)):
            yield ast.Binary("*", x, y)


def axis(place: Place, names: Names) -> Mistakes:
    """A reduction along another axis."""
    node = place.node
    if not isinstance(node, ast.Call) or not node.args:
        return
    if "axis" not in {p.name for p in FUNCTIONS[node.function].parameters}:
        return
    rank = names.rank(node.args[0]) or 0
    others: list[ast.Expr] = [ast.Number(Fraction(a)) for a in range(rank)]
    given = next((k.value for k in node.keywords if k.name == "axis"), None)
    if given is not None and FUNCTIONS[node.function].rule == "reduction":
        others.append(ast.Absent())
    default = next(p.default for p in FUNCTIONS[node.function].parameters if p.name == "axis")
    if (to_plain(given) if given else default) == "-1":
        others = [o for o in others if o != ast.Number(Fraction(rank - 1))]
    rest = tuple(k for k in node.keywords if k.name != "axis")
    if rank > 1:
        for other in others:
            if other != given and (given or to_plain(other) != default):
                yield replace(node, keywords=(ast.Keyword("axis", other), *rest))


def keepdims(place: Place, names: Names) -> Mistakes:
    """An axis kept or lost."""
    node = place.node
    if isinstance(node, ast.Call) and "keepdims" in {p.name for p in FUNCTIONS[node.function].parameters}:
        rest = tuple(k for k in node.keywords if k.name != "keepdims")
        kept = len(rest) < len(node.keywords)
        yield replace(node, keywords=rest if kept else (*rest, ast.Keyword("keepdims", ast.Boolean(True))))


def operands(place: Place, names: Names) -> Mistakes:
    """Two operands exchanged where their order matters."""
    node = place.node
    match node:
        case ast.Binary("@" | "/" | "<" | ">" | "<=" | ">=" as op, left, right):
            yield ast.Binary(op, right, left)
        case ast.Call("where", (condition, x, y)):
            yield replace(node, args=(condition, y, x))
        case ast.Call("outer" | "kron" | "concatenate" | "stack" | "solve", (x, y, *rest)):
            yield replace(node, args=(y, x, *rest))
        case ast.Call("reshape" | "transpose", (x, *order)) if len(order) > 1:
            for i, j in combinations(range(len(order)), 2):
                swapped = list(order)
                swapped[i], swapped[j] = swapped[j], swapped[i]
                yield replace(node, args=(x, *swapped))


def product(place: Place, names: Names) -> Mistakes:
    """An elementwise product for a matrix product, or back."""
    match place.node:
        case ast.Binary("@", left, right):
            yield ast.Binary("*", left, right)
        case ast.Binary("*", left, right) if names.rank(left) and names.rank(right):
            yield ast.Binary("@", left, right)
        case ast.Binary("/", left, right):
            yield ast.Binary("*", left, right)
        case ast.Call("dot", (x, y)):
            yield ast.Binary("*", x, y)


def exponent(place: Place, names: Names) -> Mistakes:
    """Another power, or none."""
    match place.node:
        case ast.Binary("**", base, ast.Number(value)):
            yield base
            yield ast.Binary("**", base, ast.Number(value + 1))


def constant(place: Place, names: Names) -> Mistakes:
    """Another number: off by one, or by a thousandth."""
    if place.role != "exponent" and isinstance(place.node, ast.Number):
        yield number(place.node.value + 1)
        if place.node.value:
            yield number(place.node.value * Fraction(1001, 1000))


def dimension(place: Place, names: Names) -> Mistakes:
    """One size for another, or forgotten."""
    if isinstance(place.node, ast.Name) and place.node.id in names.dims and place.node not in names.types:
        yield from (ast.Name(d) for d in names.dims if d != place.node.id)
        yield ast.Number(Fraction(1))


def index(place: Place, names: Names) -> Mistakes:
    """Indices exchanged, shifted, or another one in their place."""
    node = place.node
    match node:
        case ast.Subscript(operand, items):
            for i, j in combinations(range(len(items)), 2):
                if items[i] != items[j]:
                    swapped = list(items)
                    swapped[i], swapped[j] = swapped[j], swapped[i]
                    yield ast.Subscript(operand, tuple(swapped))
            for i, item in enumerate(items):
                yield from (ast.Subscript(operand, (*items[:i], o, *items[i + 1 :])) for o in _shifted(item))
        case ast.Call("roll", (_, ast.Number(shift), *_)):
            yield put_arg(node, 1, number(-shift))
        case ast.Call("pad", (x, before, after, *rest)):
            yield replace(node, args=(x, after, before, *rest))
        case ast.Binary("==" | "<" | ">" as op, left, right):
            yield ast.Binary("!=" if op == "==" else ">" if op == "<" else "<", left, right)


def _shifted(item: ast.Expr) -> Mistakes:
    match item:
        case ast.Number(value):
            yield number(value + 1)
        case ast.Slice(ast.Number(start), None, None):
            yield ast.Slice(None, number(-start), None)
        case ast.Slice(None, ast.Number(stop), None):
            yield ast.Slice(number(-stop), None, None)


KINDS: dict[str, Callable[[Place, Names], Mistakes]] = {
    "sign": sign,
    "factor": factor,
    "dropped term": dropped_term,
    "dropped factor": dropped_factor,
    "transpose": transpose,
    "swapped name": swapped_name,
    "upstream": upstream,
    "mean for sum": mean_for_sum,
    "dropped function": dropped_function,
    "neighbour": neighbour,
    "axis": axis,
    "keepdims": keepdims,
    "operands": operands,
    "product": product,
    "exponent": exponent,
    "constant": constant,
    "dimension": dimension,
    "index": index,
}
"""Every kind of mistake, in the order of the table."""
