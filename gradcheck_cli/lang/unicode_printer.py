"""Prints trees as Unicode mathematics for a terminal: `∂L/∂X = Xᵀ ∂L/∂Y`; to be read by people, not back."""

from __future__ import annotations

from collections.abc import Mapping

from gradcheck_cli.lang import ast
from gradcheck_cli.lang.latex_symbols import GREEK
from gradcheck_cli.lang.printer import number, to_plain
from gradcheck_cli.lang.ranks import Ranks

_SUM, _PRODUCT, _ATOM = 1, 2, 3
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_ACCENTS = {"hat": "\u0302", "tilde": "\u0303", "bar": "\u0304", "dot": "\u0307"}
_LETTERS = {forms[0]: forms[-1] for forms in GREEK.values() if len(forms[-1]) == 1}
_COMPARED = {"<": "<", ">": ">", "<=": "≤", ">=": "≥", "==": "=", "!=": "≠"}
_OVER = {"sum": "Σ", "prod": "Π"}


def to_unicode(node: ast.Node, ranks: Mapping[str, int] | None = None) -> str:
    """The expression or equation on one line; `ranks` as for `to_latex`."""
    printer = _Printer(Ranks(ranks or {}))
    if isinstance(node, ast.Equation):
        return " = ".join(printer.printed(side)[0] for side in node.sides)
    return printer.printed(node)[0]


def name_unicode(id: str) -> str:
    """`gamma_1` is γ₁, `x_hat` is x̂."""
    base, _, label = id.rstrip("_").partition("_")
    base = _LETTERS.get(base, base)
    if label in _ACCENTS and len(base) == 1:
        return base + _ACCENTS[label]
    return base + (label.translate(_LOWERED) if label.isdigit() else f"_{label}" if label else "")


class _Printer:
    def __init__(self, ranks: Ranks) -> None:
        self.ranks = ranks

    def within(self, node: ast.Expr, minimum: int) -> str:
        text, level = self.printed(node)
        return text if level >= minimum else f"({text})"

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
                return text, _PRODUCT if "/" in text else _ATOM
            case ast.Name(id):
                return self.name(id), _ATOM
            case ast.Negative(operand):
                return f"−{self.within(operand, _PRODUCT)}", _SUM
            case ast.Binary("+" | "-" as op, left, right):
                sign = "−" if op == "-" else "+"
                return f"{self.within(left, _SUM)} {sign} {self.within(right, _PRODUCT)}", _SUM
            case ast.Binary("*", left, right):
                sign = " ⊙ " if self.ranks.of(left) and self.ranks.of(right) else " "
                return f"{self.within(left, _PRODUCT)}{sign}{self.within(right, _ATOM)}", _PRODUCT
            case ast.Binary("@", left, right):
                return f"{self.within(left, _PRODUCT)} {self.within(right, _ATOM)}", _PRODUCT
            case ast.Binary("/", left, right):
                return f"{self.within(left, _PRODUCT)} / {self.within(right, _ATOM)}", _PRODUCT
            case ast.Binary("**", left, ast.Number(value)) if value.denominator == 1:
                return f"{self.within(left, _ATOM)}{str(value).translate(_RAISED)}", _ATOM
            case ast.Binary("**", left, right):
                return f"{self.within(left, _ATOM)}^{self.within(right, _ATOM)}", _ATOM
            case ast.Binary(op, left, right):
                return f"𝟏{{{self.printed(left)[0]} {_COMPARED[op]} {self.printed(right)[0]}}}", _ATOM
            case ast.Transpose(operand, _):
                return f"{self.within(operand, _ATOM)}ᵀ", _ATOM
            case ast.Subscript(operand, items):
                return f"{self.within(operand, _ATOM)}[{', '.join(map(self.item, items))}]", _ATOM
            case ast.Over(function, indices, body):
                below = ",".join(self.name(i.id) for i in indices)
                return f"{_OVER.get(function, function)}_{below} {self.within(body, _PRODUCT)}", _SUM
            case ast.Call():
                return self.call(node)
        return to_plain(node), _ATOM

    def item(self, item: ast.Expr) -> str:
        return self.printed(item)[0]

    def call(self, call: ast.Call) -> tuple[str, int]:
        """A function in its usual print, else by its name."""
        args = call.args
        match call.function, len(args), bool(call.keywords):
            case "grad", 1, False:
                return f"∂L/∂{self.printed(args[0])[0]}", _ATOM
            case "D", 2, False:
                return f"∂{self.within(args[0], _ATOM)}/∂{self.printed(args[1])[0]}", _ATOM
            case "sqrt", 1, False:
                text, level = self.printed(args[0])
                return (f"√{text}" if level == _ATOM and len(text) < 3 else f"√({text})"), _ATOM
            case "norm", 1, False:
                return f"‖{self.printed(args[0])[0]}‖", _ATOM
            case "abs", 1, False:
                return f"|{self.printed(args[0])[0]}|", _ATOM
            case "inv", 1, False:
                return f"{self.within(args[0], _ATOM)}⁻¹", _ATOM
            case "dot", 2, False:
                return f"{self.within(args[0], _ATOM)}ᵀ {self.within(args[1], _ATOM)}", _PRODUCT
            case "outer", 2, False:
                return f"{self.within(args[0], _ATOM)} {self.within(args[1], _ATOM)}ᵀ", _PRODUCT
            case "kron", 2, False:
                return f"{self.within(args[0], _PRODUCT)} ⊗ {self.within(args[1], _ATOM)}", _PRODUCT
            case "sigmoid", 1, False:
                return f"σ({self.printed(args[0])[0]})", _ATOM
            case "trace", 1, False:
                return f"tr({self.printed(args[0])[0]})", _ATOM
        inside = [self.printed(a)[0] for a in args] + [to_plain(k) for k in call.keywords]
        return f"{call.function}({', '.join(inside)})", _ATOM
