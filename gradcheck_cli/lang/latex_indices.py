r"""Reads what stands below a symbol: indices `_{ij}`, positions `_{[0, :]}`, shapes `I_{n\times m}`."""

from __future__ import annotations

from fractions import Fraction

from gradcheck_cli.lang import ast
from gradcheck_cli.lang.ast import (
    Absent,
    Binary,
    Call,
    Expr,
    Name,
    Negative,
    Number,
    Slice,
    Subscript,
    Unsized,
)
from gradcheck_cli.lang.latex_cursor import Cursor
from gradcheck_cli.lang.latex_names import is_symbol, read_id
from gradcheck_cli.text import UserError


def index_name(p: Cursor, letter: str) -> str:
    """An index called like a dimension gets a name of its own: `n` in `\\sum_{m,n}` is not the size `n`."""
    while letter in p.symbols.dims:
        letter += "_"
    return letter


def indices(p: Cursor) -> tuple[Expr, ...]:
    r"""What stands behind `_`: `i`, `{ij}`, `{i,j+1}`, `{y_i}`; `{[0, :]}` are positions counted from 0."""
    if not p.accept("{"):
        return (_index(p),)
    if p.token.text == "[" and p.token.kind == "sign":
        p.advance()
        items = [_position(p)]
        while p.accept(","):
            items.append(_position(p))
        p.expect("]")
        p.expect("}")
        return tuple(items)
    found: list[Expr] = []
    p.deeper()
    while p.token.text != "}":
        item = _index(p)
        while p.token.text in {"+", "-"}:
            sign = p.advance().text
            right: Expr = _number(p) if p.token.kind == "number" else _index(p)
            item = Binary(sign, item, right, span=item.span)
        found.append(item)
        p.accept(",")
    p.expect("}")
    p.open -= 1
    if not found:
        raise p.problem("these indices are empty", p.before)
    return tuple(found)


def _index(p: Cursor) -> Expr:
    token = p.token
    if token.kind == "number":
        raise p.problem(
            "it is not clear from where this index counts",
            token,
            rf"write `_{{[{token.text}]}}` for the position {token.text} counted from 0, or declare the name",
        )
    if token.text in {r"\ldots", r"\dots", r"\cdots", "."}:
        raise ellipsis(p)
    if not is_symbol(token) or token.kind == "text":
        raise p.unexpected("an index", "indices are letters: `A_{ij}`, `A_{i,j}`, `x_{i+1}`")
    if token.kind == "word" and len(token.text) > 1:
        raise p.problem(f"`{token.text}` is not declared", token, "separate indices by commas: `A_{i,j}`")
    name, known = read_id(p)
    place = p.span(token.start)
    if known and name in p.symbols.dims:
        return Name(index_name(p, name), span=place)
    if p.token.text == "_":
        p.advance()
        return Subscript(Name(name, span=place), indices(p), span=p.span(token.start))
    return Name(name, span=place)


def _number(p: Cursor) -> Number:
    token = p.advance()
    return Number(Fraction(token.text), span=p.place(token))


def _position(p: Cursor) -> Expr:
    start = p.token.start
    if p.token.text in {r"\ldots", r"\dots"}:
        p.advance()
        return ast.Ellipsis(span=p.span(start))
    if p.token.kind == "text" and p.token.text == "None":
        p.advance()
        return Absent(span=p.span(start))
    parts: list[Expr | None] = [None]
    while p.token.text not in {",", "]"} and p.token.kind != "end":
        if p.accept(":"):
            parts.append(None)
        elif parts[-1] is None:
            parts[-1] = p.expression()
        else:
            raise p.unexpected("`,` or `]`")
    if len(parts) == 1 and parts[0] is not None:
        return parts[0]
    low, high, step = [*parts, None, None][:3]
    return Slice(low, high, step, span=p.span(start))


def ellipsis(p: Cursor) -> UserError:
    """The error for `…`."""
    return p.problem(
        "an ellipsis leaves open what is meant",
        p.token,
        r"write the sum out with an index: `\sum_{i=1}^n x_i`, or give every term",
    )


def sized(p: Cursor, function: str, start: int) -> Expr:
    r"""`\mathbf 1` and `I`, with the shape that stands below: `_{n\times m}`, `_n`, `_{n,m}`."""
    if p.token.text != "_":
        return Unsized(function, span=p.span(start))
    p.advance()
    grouped = p.accept("{")
    bracket = p.accept("(")
    shape = [_size(p, alone=not grouped)]
    while grouped and p.token.text in {r"\times", ","}:
        p.advance()
        shape.append(_size(p))
    if bracket:
        p.expect(")")
    if grouped:
        p.expect("}")
    if function == "eye":
        same = len(shape) == 1 or shape[0] == shape[1]
        return Call("eye", tuple(shape[:1] if same else shape), span=p.span(start))
    return Call(function, tuple(shape), span=p.span(start))


def space(p: Cursor) -> Expr:
    r"""`\mathbb R^{n\times m}`: the list of its dimensions."""
    start = p.token.start
    if p.token.text != "R":
        raise p.unexpected(r"`\mathbb R`", r"a shape is written `X \in \mathbb R^{n\times m}`")
    p.advance()
    shape: list[Expr] = []
    if p.accept("^"):
        grouped = p.accept("{")
        shape.append(_size(p, alone=not grouped))
        while grouped and p.token.text in {r"\times", ","}:
            p.advance()
            shape.append(_size(p))
        if grouped:
            p.expect("}")
    return Call("stack", tuple(shape), span=p.span(start))


def _size(p: Cursor, *, alone: bool = False) -> Expr:
    """A dimension: a number, a name, or a product or sum of them."""
    start = p.token.start
    if p.accept("-"):
        return Negative(_size(p), span=p.span(start))
    if p.token.kind == "number":
        size: Expr = _number(p)
    elif is_symbol(p.token):
        size = Name(read_id(p)[0], span=p.span(start))
    else:
        raise p.unexpected("a dimension", r"a shape is written `_{n\times m}`")
    if alone:
        return size
    if p.token.text in {"/", "+", "-", "*"}:
        sign = p.advance().text
        return Binary(sign, size, _size(p), span=p.span(start))
    if is_symbol(p.token) or p.token.kind == "number":
        return Binary("*", size, _size(p), span=p.span(start))
    return size
