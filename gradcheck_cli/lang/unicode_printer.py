"""Prints trees as Unicode mathematics for a terminal: `∂L/∂X = Xᵀ ∂L/∂Y`; to be read by people, not back."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gradcheck_cli.lang import ast
from gradcheck_cli.lang.latex_symbols import GREEK
from gradcheck_cli.lang.printer import number, to_plain
from gradcheck_cli.lang.ranks import Ranks

_SUM, _SERIES, _QUOTIENT, _INNER, _HADAMARD, _SIDE, _FRACTION, _ATOM = range(1, 9)
"""How tightly the outermost sign of a text binds, loosest first; `xᵀ y` is _INNER, `∂L/∂X` a _FRACTION."""

_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_DIGITS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_LOWERED = dict(zip("0123456789aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))
_ACCENTS = {"hat": "\u0302", "tilde": "\u0303", "bar": "\u0304", "dot": "\u0307"}
_LETTERS = {forms[0]: forms[-1] for forms in GREEK.values() if len(forms[-1]) == 1}
_COMPARED = {"<": "<", ">": ">", "<=": "≤", ">=": "≥", "==": "=", "!=": "≠"}
_OVER = {"sum": "Σ", "prod": "Π"}
_UNSIZED = {"ones": "𝟏", "eye": "I"}
_SIGNS = {"cdot": "·", "odot": "⊙", "oslash": "⊘", "otimes": "⊗"}
_OPEN = re.compile(r"/∂[^ ()]+$")
"""A derivative at the end, below whose stroke the next factor would seem to stand."""


def to_unicode(node: ast.Node, ranks: Mapping[str, int] | None = None) -> str:
    """The expression or equation on one line; `ranks` as for `to_latex`."""
    printer = _Printer(Ranks(ranks or {}))
    if isinstance(node, ast.Equation):
        return " = ".join(printer.text(side) for side in node.sides)
    return printer.text(node)


def name_unicode(id: str) -> str:
    """`gamma_1` is γ₁, `x_hat` is x̂."""
    base, _, label = id.rstrip("_").partition("_")
    base = _LETTERS.get(base, base)
    if label in _ACCENTS and len(base) == 1:
        return base + _ACCENTS[label]
    return base + (label.translate(_DIGITS) if label.isdigit() else f"_{label}" if label else "")


class _Printer:
    def __init__(self, ranks: Ranks) -> None:
        self.ranks = ranks

    def text(self, node: ast.Node) -> str:
        return self.printed(node)[0]

    def within(self, node: ast.Expr, *levels: int) -> str:
        """The text, in brackets unless its sign binds as one of these."""
        text, level = self.printed(node)
        return text if level in levels else f"({text})"

    def term(self, node: ast.Expr) -> str:
        return self.within(node, *range(_SERIES, _ATOM + 1))

    def factor(self, node: ast.Expr) -> str:
        return self.within(node, _FRACTION, _ATOM)

    def name(self, id: str) -> str:
        if id not in self.ranks.names:
            if id in {"pi", "inf"}:
                return {"pi": "π", "inf": "∞"}[id]
            if id.startswith("d") and len(id) > 1:
                return "d" + name_unicode(id[1:])
        return name_unicode(id)

    def printed(self, node: ast.Node) -> tuple[str, int]:  # noqa: C901  one case a node
        """The text of a node and how tightly its outermost sign binds."""
        match node:
            case ast.Number(value):
                text = number(value)
                return text, _QUOTIENT if "/" in text else _SUM if value < 0 else _ATOM
            case ast.Name(id):
                return self.name(id), _ATOM
            case ast.Negative(operand):
                return f"−{self.term(operand)}", _SUM
            case ast.Binary("*" | "@" | "/" as op, ast.Negative(operand), right):
                return f"−{self.term(ast.Binary(op, operand, right))}", _SUM
            case ast.Binary("+" | "-" as op, left, right):
                return f"{self.text(left)} {'−' if op == '-' else '+'} {self.term(right)}", _SUM
            case ast.Binary("*", left, right):
                return self.times(left, right)
            case ast.Binary("@", left, right):
                return self.product(left, right, node)
            case ast.Binary("/", left, right):
                return (
                    f"{self.within(left, _INNER, _HADAMARD, _SIDE, _ATOM)} / {self.within(right, _ATOM)}",
                    _QUOTIENT,
                )
            case ast.Binary("**" | "^", left, ast.Number(value)) if value.denominator == 1:
                return f"{self.within(left, _ATOM)}{str(value).translate(_RAISED)}", _ATOM
            case ast.Binary("**" | "^", left, right):
                return f"{self.within(left, _ATOM)}^{self.within(right, _ATOM)}", _ATOM
            case ast.Binary(op, left, right):
                return f"𝟏{{{self.text(left)} {_COMPARED[op]} {self.text(right)}}}", _ATOM
            case ast.Transpose(operand, _):
                return f"{self.within(operand, _ATOM)}ᵀ", _ATOM
            case ast.Subscript(operand, items):
                return self.subscript(operand, items)
            case ast.Over(function, indices, body) | ast.Series(function, indices, body=body):
                letters = ",".join(self.name(i.id) for i in indices)
                below = self.lowered(indices) or (f"_{letters}" if letters else "")
                inside = self.within(body, *range(_QUOTIENT, _ATOM + 1))
                return f"{_OVER.get(function, function)}{below} {inside}", _SERIES
            case ast.Call("stack", items, ()):
                return f"[{', '.join(map(self.text, items))}]", _ATOM
            case ast.Call():
                return self.call(node)
            case ast.Juxtapose(items, signs):
                return self.side_by_side(items, signs)
            case ast.Noted(operand, _) | ast.Either((*_, operand)):
                return self.printed(operand)
            case ast.Unsized("ones" | "eye" as function):
                return _UNSIZED[function], _ATOM
        return to_plain(node), _ATOM

    # products

    def times(self, left: ast.Expr, right: ast.Expr) -> tuple[str, int]:
        """A scalar stands beside its array; arrays are joined by ⊙."""
        if self.ranks.of(left) and self.ranks.of(right):
            return f"{self.within(left, _HADAMARD, _FRACTION, _ATOM)} ⊙ {self.factor(right)}", _HADAMARD
        return self.beside(self.within(left, _SIDE, _FRACTION, _ATOM), self.factor(right)), _SIDE

    def beside(self, left: str, right: str) -> str:
        """Two factors; with a dot where `∂L/∂S K` or `x 2` would read as something else."""
        number = right[:1].isdecimal() and right[:1].isascii()
        return f"{left} · {right}" if number or _OPEN.search(left) else f"{left} {right}"

    def product(self, left: ast.Expr, right: ast.Expr, whole: ast.Expr) -> tuple[str, int]:
        """A matrix product; one that is a scalar is bracketed beside other factors."""
        first, second = self.turned(left, row=True), self.turned(right, row=False)
        return self.beside(first, second), _SIDE if self.ranks.of(whole) else _INNER

    def side_by_side(self, items: tuple[ast.Expr, ...], signs: tuple[str, ...]) -> tuple[str, int]:
        """Factors as they were printed: which products are meant is not known yet."""
        text, level = self.factor(items[0]), _SIDE
        for item, sign in zip(items[1:], signs, strict=True):
            if sign in _SIGNS:
                text, level = f"{text} {_SIGNS[sign]} {self.factor(item)}", _HADAMARD
            else:
                text = self.beside(text, self.factor(item))
        return text, level

    def turned(self, node: ast.Expr, *, row: bool) -> str:
        """A factor of a matrix product: a vector in front of it lies, one behind it stands."""
        if self.ranks.of(node) == 1 and self.ranks.lies(node) != row:
            return f"{self.within(node, _ATOM)}ᵀ"
        return self.within(node, _SIDE, _FRACTION, _ATOM) if row else self.factor(node)

    # indices

    def subscript(self, operand: ast.Expr, items: tuple[ast.Expr, ...]) -> tuple[str, int]:
        """`Aᵢⱼ` where the letters exist, else `A[i, b]`; positions always in brackets."""
        match operand:
            case ast.Call("grad", (of,)):
                return f"∂L/∂{self.indexed(of, items)}", _FRACTION
            case ast.Call("jacobian", (ast.Name() as y, ast.Name() as x)):
                listed = items[1:] if items and isinstance(items[0], ast.Ellipsis) else items
                cut = self.ranks.of(y)
                if len(listed) == cut + self.ranks.of(x):
                    return f"∂{self.indexed(y, listed[:cut])}/∂{self.indexed(x, listed[cut:])}", _FRACTION
        return self.indexed(operand, items), _ATOM

    def indexed(self, operand: ast.Expr, items: tuple[ast.Expr, ...]) -> str:
        text = self.within(operand, _ATOM)
        if not items:
            return text
        marked = (
            isinstance(operand, ast.Name) and "_" in text + operand.id and text[-1] not in _ACCENTS.values()
        )
        return text + ((not marked and self.lowered(items)) or f"[{', '.join(map(self.text, items))}]")

    def lowered(self, items: tuple[ast.Expr, ...]) -> str:
        """Free indices as small letters below the line; nothing where one has none, or is none."""
        names = [i.id.rstrip("_") for i in items if isinstance(i, ast.Name) and i.id not in self.ranks.names]
        return _below("".join(names)) if len(names) == len(items) and all(len(n) == 1 for n in names) else ""

    # calls

    def call(self, call: ast.Call) -> tuple[str, int]:
        """A function in its usual print, else by its name."""
        args = call.args
        match call.function, len(args), bool(call.keywords):
            case "grad", 1, False:
                return f"∂L/∂{self.within(args[0], _ATOM)}", _FRACTION
            case "D" | "jacobian", 2, False:
                return f"∂{self.within(args[0], _ATOM)}/∂{self.text(args[1])}", _FRACTION
            case "sqrt", 1, False:
                text, level = self.printed(args[0])
                return (f"√{text}" if level == _ATOM and len(text) < 3 else f"√({text})"), _ATOM
            case "norm", 1, False:
                return f"‖{self.text(args[0])}‖", _ATOM
            case "abs", 1, False:
                return f"|{self.text(args[0])}|", _ATOM
            case "inv", 1, False:
                return f"{self.within(args[0], _ATOM)}⁻¹", _ATOM
            case "dot", 2, False:
                return self.product(args[0], args[1], call)
            case "outer", 2, False:
                first, second = (
                    f"{self.within(node, _ATOM)}ᵀ" if self.ranks.lies(node) != lies else self.factor(node)
                    for node, lies in zip(args, (False, True), strict=True)
                )
                return self.beside(first, second), _SIDE
            case "kron", 2, False:
                return f"{self.within(args[0], _HADAMARD, _ATOM)} ⊗ {self.factor(args[1])}", _HADAMARD
            case "ones" | "eye" as f, n, False if (
                n and (below := self.sizes(args)) and (f == "ones" or n == 1)
            ):
                return _UNSIZED[f] + below, _ATOM
            case "sigmoid", 1, False if "sigma" not in self.ranks.names:
                return f"σ({self.text(args[0])})", _ATOM
            case "trace", 1, False:
                return f"tr({self.text(args[0])})", _ATOM
        inside = [self.text(a) for a in args] + [to_plain(k) for k in call.keywords]
        return f"{call.function}({', '.join(inside)})", _ATOM

    def sizes(self, shape: tuple[ast.Expr, ...]) -> str:
        """A shape below the line, `ₘₓₙ`; nothing where it has no such letters."""
        parts = [_below(to_plain(size)) for size in shape]
        return "ₓ".join(parts) if all(parts) else ""


def _below(text: str) -> str:
    """The text in small letters below the line, or nothing where one does not exist."""
    return "".join(_LOWERED[c] for c in text) if all(c in _LOWERED for c in text) else ""
