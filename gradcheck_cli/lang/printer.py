"""Prints trees as plain text, with the fewest brackets that read back to the same tree."""

from __future__ import annotations

from fractions import Fraction

from gradcheck_cli.lang import ast
from gradcheck_cli.lang.plain import BINDING, POSTFIX, SIGN

_ATOM = 7
_SIGNS = {"": "", "odot": "⊙ ", "oslash": "⊘ ", "otimes": "⊗ "}


def to_plain(node: ast.Node) -> str:
    """The plain text of an expression or equation; `parse(to_plain(x)) == x`."""
    if isinstance(node, ast.Equation):
        return _equation(node)
    return _print(node)[0]


def _equation(equation: ast.Equation) -> str:
    """The sides with their relations; a comparison in a side gets brackets, so that it stays one."""
    loosest = BINDING["<"] + 1
    text = _within(equation.sides[0], loosest)
    for number, side in enumerate(equation.sides[1:]):
        text += f" {equation.relation(number)} {_within(side, loosest)}"
    return text


def number(value: Fraction) -> str:
    """A decimal, exact; a fraction that is none is printed as a quotient."""
    if value.denominator == 1:
        digits = str(value.numerator)
        stripped = digits.rstrip("0")
        zeros = len(digits) - len(stripped)
        return f"{stripped}e{zeros}" if zeros > 6 else digits
    twos = fives = 0
    rest = value.denominator
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest != 1:
        return f"{value.numerator} / {value.denominator}"
    places = max(twos, fives)
    digits = str(abs(value.numerator) * 10**places // value.denominator)
    sign = "-" if value < 0 else ""
    if len(digits) <= places - 4:
        tail = digits[1:].rstrip("0")
        return f"{sign}{digits[0]}{'.' + tail if tail else ''}e-{places - len(digits) + 1}"
    digits = digits.rjust(places + 1, "0")
    return f"{sign}{digits[:-places]}.{digits[-places:]}"


def _print(node: ast.Node) -> tuple[str, int]:  # noqa: C901  one case a node
    """The text of a node and how tightly its outermost operator binds."""
    match node:
        case ast.Number(value):
            text = number(value)
            return text, BINDING["/"] if "/" in text else SIGN if value < 0 else _ATOM
        case ast.Name(id):
            return id, _ATOM
        case ast.Boolean(value):
            return str(value), _ATOM
        case ast.Absent():
            return "None", _ATOM
        case ast.Ellipsis():
            return "...", _ATOM
        case ast.String(value):
            return (f"'{value}'" if "'" not in value else f'"{value}"'), _ATOM
        case ast.Negative(operand):
            return f"-{_within(operand, SIGN)}", SIGN
        case ast.Binary("**", left, right):
            # Python's own rule: the exponent may carry a sign, the base may not
            return f"{_within(left, POSTFIX)}**{_within(right, SIGN)}", BINDING["**"]
        case ast.Binary("^", left, right):
            return f"{_within(left, POSTFIX)}^{_within(right, POSTFIX)}", BINDING["**"]
        case ast.Binary(op, left, right):
            binding = BINDING[op]
            return f"{_within(left, binding + (binding == 1))} {op} {_within(right, binding + 1)}", binding
        case ast.Transpose(operand, kind):
            return f"{_within(operand, POSTFIX, dotted=True)}.{kind}", POSTFIX
        case ast.Slice(start, stop, step):
            text = f"{to_plain(start) if start else ''}:{to_plain(stop) if stop else ''}"
            return (f"{text}:{to_plain(step)}" if step else text), 0
        case ast.Subscript(operand, items):
            inside = ", ".join(to_plain(i) for i in items)
            return f"{_within(operand, POSTFIX, dotted=True)}[{inside}]", POSTFIX
        case ast.Tuple(items):
            inside = ", ".join(to_plain(i) for i in items)
            return f"({inside},)" if len(items) == 1 else f"({inside})", _ATOM
        case ast.Keyword(name, value):
            return f"{name}={to_plain(value)}", 0
        case ast.Call(function, args, keywords):
            inside = ", ".join(to_plain(a) for a in (*args, *keywords))
            return f"{function}({inside})", _ATOM
        case ast.Over(function, indices, body):
            return f"{function}[{', '.join(i.id for i in indices)}]({to_plain(body)})", _ATOM
        case ast.Juxtapose(items, signs):
            # as it was printed: which products are meant is not known yet
            marks = [_SIGNS.get(s, "· ") for s in ("", *signs)]
            return " ".join(m + _within(i, POSTFIX) for m, i in zip(marks, items, strict=True)), BINDING["*"]
        case ast.Noted(operand, _):
            return _print(operand)
        case ast.Either(options):
            return _print(options[-1])
        case ast.Unsized(function):
            return {"ones": "𝟏", "eye": "I"}.get(function, function), _ATOM
        case ast.Blocks(rows):
            return f"[{'; '.join(', '.join(map(to_plain, row.items)) for row in rows)}]", _ATOM
        case ast.Series(function, indices, _, _, _, body):
            return f"{function}[{', '.join(i.id for i in indices)}]({to_plain(body)})", _ATOM
    raise TypeError(f"not an expression: {type(node).__name__}")


def _within(node: ast.Expr, minimum: int, *, dotted: bool = False) -> str:
    text, binding = _print(node)
    # `2.T` would be read as a number and a name
    bare_number = isinstance(node, ast.Number) and dotted
    return f"({text})" if binding < minimum or bare_number else text
