r"""Prints trees as LaTeX that reads back, and resolves, to the same tree: as a source would write them."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from gradcheck_cli.lang import ast
from gradcheck_cli.lang.functions import FUNCTIONS, OVER
from gradcheck_cli.lang.latex_symbols import GREEK
from gradcheck_cli.lang.ranks import Ranks

_SUM, _SERIES, _HADAMARD, _SIDE, _RAISED, _ATOM = range(1, 7)
"""How tightly the outermost sign of a text binds, loosest first."""

_COMPARED = {"<": "<", ">": ">", "<=": r"\le", ">=": r"\ge", "==": "=", "!=": r"\ne"}
_RELATIONS = _COMPARED | {"=": "="}
_COMMANDS = frozenset({"exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "det", "max", "min"})
_SHORT = {
    "trace": "tr", "relu": "ReLU", "gelu": "GELU", "silu": "SiLU", "asin": r"arcsin", "acos": "arccos",
    "atan": "arctan",
}  # fmt: skip
_ACCENTS = {"hat": r"\hat", "tilde": r"\tilde", "bar": r"\bar", "dot": r"\dot", "check": r"\check"}
_GREEK = {
    forms[0]: command
    for command, forms in GREEK.items()
    if not command.startswith((r"\var", r"\imath", r"\jmath"))
}


def to_latex(
    node: ast.Node, names: Mapping[str, str] | None = None, ranks: Mapping[str, int] | None = None
) -> str:
    r"""The LaTeX of an expression or equation, without `$`.

    `names` gives the LaTeX of names where the rules do not (`A_1` → `A_{t+1}`),
    `ranks` the number of axes of every declared name: a vector in front of a
    matrix is printed `x^\top A`, a scalar factor without `\odot`.
    """
    printer = _Printer(names or {}, Ranks(ranks or {}))
    if isinstance(node, ast.Equation):
        text = printer.text(node.sides[0])
        for number, side in enumerate(node.sides[1:]):
            text += f" {_RELATIONS[node.relation(number)]} {printer.text(side)}"
        return text
    return printer.text(node)


def name_latex(id: str) -> str:
    r"""`gamma_1` is `\gamma_{1}`, `x_hat` is `\hat{x}`, `rms` is `\text{rms}`."""
    base, _, label = id.partition("_")
    if label in _ACCENTS and base:
        return f"{_ACCENTS[label]}{{{_base(base)}}}"
    head, _, rest = label.partition("_")
    if base and head in _ACCENTS and rest and not rest.startswith("_"):
        return rf"\text{{{id}}}".replace("_", r"\_")
    if not base or label.endswith("_") or "_" in label or (not label and id.endswith("_")):
        stripped = id.rstrip("_")
        return stripped if len(stripped) == 1 else rf"\text{{{id}}}".replace("_", r"\_")
    if not label:
        return _base(base)
    below = label if label.isdigit() or (len(label) == 1 and label.isascii()) else rf"\text{{{label}}}"
    return f"{_base(base)}_{{{below}}}"


def _base(word: str) -> str:
    if word in _GREEK:
        return _GREEK[word]
    return word if len(word) == 1 and word.isascii() else rf"\text{{{word}}}"


def number(value: Fraction) -> str:
    """A decimal without an exponent, or a fraction."""
    if value.denominator == 1:
        return str(value.numerator)
    rest, places = value.denominator, 0
    while rest % 10 == 0 or rest % 2 == 0 or rest % 5 == 0:
        rest //= 10 if rest % 10 == 0 else 2 if rest % 2 == 0 else 5
        places += 1
    if rest != 1:
        return rf"\frac{{{value.numerator}}}{{{value.denominator}}}"
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    return f"{'-' if value < 0 else ''}{digits[:-places]}.{digits[-places:].rstrip('0') or '0'}"


class _Printer:
    def __init__(self, names: Mapping[str, str], ranks: Ranks) -> None:
        self.names = names
        self.ranks = ranks

    def text(self, node: ast.Node) -> str:
        return self.printed(node)[0]

    def within(self, node: ast.Expr, minimum: int) -> str:
        text, level = self.printed(node)
        return text if level >= minimum else rf"\left({text}\right)"

    def name(self, id: str) -> str:
        if id in self.names:
            return self.names[id]
        if id not in self.ranks.names:
            if id == "L":
                return r"\mathcal{L}"
            if id == "pi":
                return r"\pi"
            if id == "inf":
                return r"\infty"
            if id.startswith("d") and len(id) > 1:
                return rf"\mathrm{{d}}{self.name(id[1:])}"
        return name_latex(id)

    def printed(self, node: ast.Node) -> tuple[str, int]:  # noqa: C901  one case a node
        """The text of a node and how tightly its outermost sign binds."""
        match node:
            case ast.Number(value):
                return number(value), _SUM if value < 0 else _ATOM
            case ast.Name(id):
                return self.name(id), _ATOM
            case ast.Boolean() | ast.Absent():
                return rf"\text{{{node.value if isinstance(node, ast.Boolean) else None}}}", _ATOM
            case ast.String(value):
                return rf"\text{{'{value}'}}", _ATOM
            case ast.Negative(operand):
                return f"-{self.within(operand, _SERIES)}", _SUM
            case ast.Binary("+" | "-" as op, left, right):
                return f"{self.within(left, _SUM)} {op} {self.within(right, _SERIES)}", _SUM
            case ast.Binary("/", left, right):
                return rf"\frac{{{self.text(left)}}}{{{self.text(right)}}}", _ATOM
            case ast.Binary("**", left, right):
                plain = not self.ranks.of(left) and not (isinstance(left, ast.Name) and left.id == "e")
                sign = "" if plain else r"\odot "
                return f"{self.within(left, _ATOM)}^{{{sign}{self.text(right)}}}", _RAISED
            case ast.Binary("*", left, right):
                return self.times(left, right)
            case ast.Binary("@", left, right):
                return self.side(self.turned(left, row=True), self.turned(right, row=False), left)
            case ast.Binary(op, left, right):
                return rf"\mathbf{{1}}\{{{self.text(left)} {_COMPARED[op]} {self.text(right)}\}}", _ATOM
            case ast.Transpose(operand, kind):
                return self.transpose(operand, kind)
            case ast.Subscript(operand, items):
                return f"{self.within(operand, _ATOM)}_{{{self.items(items)}}}", _ATOM
            case ast.Tuple(items):
                return f"({', '.join(map(self.text, items))})", _ATOM
            case ast.Slice(start, stop, step):
                parts = [self.text(p) if p else "" for p in (start, stop)]
                return ":".join([*parts, *([self.text(step)] if step else [])]), _SUM
            case ast.Ellipsis():
                return r"\ldots", _ATOM
            case ast.Keyword(name, value):
                return rf"\text{{{name}}} = {self.text(value)}", _SUM
            case ast.Over(function, indices, body):
                below = ", ".join(self.name(i.id) for i in indices)
                return f"{OVER[function]}_{{{below}}} {self.within(body, _HADAMARD)}", _SERIES
            case ast.Call():
                return self.call(node)
        raise TypeError(f"not an expression: {type(node).__name__}")

    def items(self, items: tuple[ast.Expr, ...]) -> str:
        """Free indices as `i, j`; positions, counted from 0, in brackets."""
        listed = ", ".join(map(self.text, items))
        free = all(isinstance(i, ast.Name) and self.ranks.name(i.id) == 0 for i in items)
        return (
            listed
            if free and not any(i.id in self.ranks.names for i in items if isinstance(i, ast.Name))
            else f"[{listed}]"
        )

    # products

    def times(self, left: ast.Expr, right: ast.Expr) -> tuple[str, int]:
        """A scalar stands beside its array; arrays are joined by `\\odot`."""
        if self.ranks.of(left) and self.ranks.of(right):
            return rf"{self.within_hadamard(left)} \odot {self.within(right, _RAISED)}", _HADAMARD
        return self.side(self.within_side(left), self.within(right, _RAISED), left)

    def within_hadamard(self, node: ast.Expr) -> str:
        text, level = self.printed(node)
        return text if level in {_HADAMARD, _RAISED, _ATOM} else rf"\left({text}\right)"

    def within_side(self, node: ast.Expr) -> str:
        text, level = self.printed(node)
        return text if level >= _SIDE else rf"\left({text}\right)"

    def side(self, left: str, right: str, _: ast.Expr) -> tuple[str, int]:
        """Two factors side by side; a number on the right needs a dot."""
        return (rf"{left} \cdot {right}" if right[:1].isdigit() else f"{left} {right}"), (
            _HADAMARD if right[:1].isdigit() else _SIDE
        )

    def turned(self, node: ast.Expr, *, row: bool) -> str:
        """A factor of a matrix product: a vector in front of it lies, one behind it stands."""
        if self.ranks.of(node) == 1 and self.ranks.lies(node) != row:
            return rf"{self.within(node, _ATOM)}^\top"
        return self.within_side(node) if row else self.within(node, _RAISED)

    def transpose(self, operand: ast.Expr, kind: str) -> tuple[str, int]:
        rank = self.ranks.of(operand)
        if rank < 2:
            return self.printed(operand)
        if rank > 2 and kind == "T":
            return rf"\operatorname{{transpose}}({self.text(operand)})", _ATOM
        return rf"{self.within(operand, _ATOM)}^\top", _RAISED

    # calls

    def call(self, call: ast.Call) -> tuple[str, int]:  # noqa: C901  one case a print
        """A function in its usual print, else by its name."""
        args = call.args
        match call.function, len(args), bool(call.keywords):
            case "grad", 1, False:
                return rf"\frac{{\partial \mathcal{{L}}}}{{\partial {self.text(args[0])}}}", _ATOM
            case "D", 2, False:
                return (
                    rf"\frac{{\partial {self.within(args[0], _ATOM)}}}{{\partial {self.text(args[1])}}}",
                    _ATOM,
                )
            case "d", 1, False:
                return rf"\mathrm{{d}}\left({self.text(args[0])}\right)", _ATOM
            case "sqrt", 1, False:
                return rf"\sqrt{{{self.text(args[0])}}}", _ATOM
            case "norm", 1, False:
                bars = (r"\|", r"\|")
                if any(isinstance(n, ast.Call) and n.function == "norm" for n in ast.walk(args[0])):
                    bars = (r"\lVert ", r"\rVert")  # which tell the inner end from the outer one
                return rf"\left{bars[0]}{self.text(args[0])}\right{bars[1]}", _ATOM
            case "E", 1, False:
                return rf"\mathbb{{E}}\left[{self.text(args[0])}\right]", _ATOM
            case "inv", 1, False:
                return f"{self.within(args[0], _ATOM)}^{{-1}}", _RAISED
            case "pinv", 1, False:
                return f"{self.within(args[0], _ATOM)}^{{+}}", _RAISED
            case "dot", 2, False:
                return self.side(self.turned(args[0], row=True), self.turned(args[1], row=False), call)
            case "outer", 2, False:
                return self.side(self.standing(args[0]), self.lying(args[1]), call)
            case "kron", 2, False if self.ranks.of(args[0]) == 2:
                return rf"{self.within_hadamard(args[0])} \otimes {self.within(args[1], _RAISED)}", _HADAMARD
            case "eye", 1, False if _is_size(args[0]):
                return f"I_{{{self.text(args[0])}}}", _ATOM
            case "ones", _, False if args and all(map(_is_size, args)):
                shape = r" \times ".join(map(self.text, args))
                return rf"\mathbf{{1}}_{{{shape}}}", _ATOM
            case "maximum" | "minimum" as f, 2, False:
                return rf"\{f[:3]}\left({self.text(args[0])}, {self.text(args[1])}\right)", _ATOM
            case "stack", n, False if n > 1:
                return rf"\left[{', '.join(map(self.text, args))}\right]", _ATOM
        inside = ", ".join(map(self.text, (*args, *call.keywords)))
        return rf"{self.function(call.function)}\left({inside}\right)", _ATOM

    def standing(self, node: ast.Expr) -> str:
        """The first factor of an outer product."""
        return rf"{self.within(node, _ATOM)}^\top" if self.ranks.lies(node) else self.within_side(node)

    def lying(self, node: ast.Expr) -> str:
        """The second factor of an outer product."""
        return self.within(node, _RAISED) if self.ranks.lies(node) else rf"{self.within(node, _ATOM)}^\top"

    def function(self, name: str) -> str:
        if name in _COMMANDS:
            return f"\\{name}"
        if name == "sigmoid" and "sigma" not in self.ranks.names:
            return r"\sigma"
        shown = _SHORT.get(name, name)
        assert name in FUNCTIONS
        return rf"\operatorname{{{shown}}}".replace("_", r"\_")


def _is_size(node: ast.Expr) -> bool:
    return isinstance(node, ast.Name) or (isinstance(node, ast.Number) and node.value.denominator == 1)
