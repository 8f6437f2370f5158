r"""Reads derivatives in all their prints: `\frac{\partial L}{\partial X}`, `\nabla_X L`, `\bar X`, `dX`."""

from __future__ import annotations

from gradcheck_cli.lang import ast
from gradcheck_cli.lang.ast import Binary, Call, Expr, Juxtapose, Name, Noted, Subscript, Transpose
from gradcheck_cli.lang.latex_cursor import Cursor
from gradcheck_cli.lang.latex_names import is_loss, is_symbol, symbol
from gradcheck_cli.lang.latex_tokens import Token

LOSS = Name("L")


def is_partial(token: Token) -> bool:
    r"""`\partial`."""
    return token.text == r"\partial" and token.kind == "command"


def is_d(p: Cursor, ahead: int = 0) -> bool:
    r"""`d` or `\mathrm d` in front of something, unless `d` is declared."""
    token = p.peek(ahead)
    if token.kind == "text" and token.text == "d":
        return True
    return token.kind == "word" and token.text == "d" and "d" not in p.symbols.names and not token.font


def fraction(p: Cursor) -> Expr:
    r"""`\frac{a}{b}`: a derivative where `\partial` or `d` stands above and below, else a quotient."""
    start = p.advance().start
    p.deeper()
    total = False
    if is_partial(p.token) or (p.token.text == "{" and is_partial(p.peek())):
        partial = True
    else:
        partial = False
        total = _is_total(p)
    if partial or total:
        top = _part(p, top=True)
        bottom = _part(p, top=False)
        p.open -= 1
        if top is None:
            top = p.factor()
        return derivative(p, top, bottom, start)
    above = p.argument()
    below = p.argument()
    p.open -= 1
    return Binary("/", above, below, span=p.span(start))


def _is_total(p: Cursor) -> bool:
    r"""Whether both groups of a fraction begin with `d`."""
    if p.token.text != "{":
        return is_d(p) and p.peek().text == "{" and is_d(p, 2)
    if not is_d(p, 1):
        return False
    depth = 0
    for at in range(p.position, len(p.tokens)):
        text = p.tokens[at].text
        depth += (text == "{") - (text == "}")
        if not depth:
            following = at + 1 - p.position
            return p.peek(following).text == "{" and is_d(p, following + 1)
    return False


def _part(p: Cursor, *, top: bool) -> Expr | None:
    r"""`\partial y` above or below; above, the function may be missing."""
    grouped = p.accept("{")
    mark = p.token
    if not is_partial(mark) and not is_d(p):
        raise p.unexpected(r"`\partial`", r"a derivative is written `\frac{\partial L}{\partial X}`")
    p.advance()
    if p.token.text == "^" and p.peek().kind == "number":
        raise p.problem(
            "only first derivatives are judged", p.token, "name the first derivative under `where:`"
        )
    if top and (not grouped or p.token.text == "}"):
        if grouped:
            p.advance()
        return None
    place = p.token
    found = _loss(p) if top and is_loss(p) else p.run() if top else p.factor()
    if grouped and p.token.text != "}":
        if not top:
            raise p.problem(
                "a derivative is taken by one name", p.token, r"write `\frac{\partial y}{\partial x}`"
            )
        raise p.unexpected("`}`")
    if grouped:
        p.advance()
    if (
        not top
        and not isinstance(found, Name)
        and not (isinstance(found, Subscript) and isinstance(found.operand, Name))
    ):
        advice = "transpose the derivative instead" if isinstance(found, Transpose) else "give it a name"
        raise p.refuse("a derivative is taken by a name", place.start, advice)
    return found


def _loss(p: Cursor) -> Expr:
    token = p.advance()
    return Name("L", span=p.place(token))


def derivative(p: Cursor, top: Expr, bottom: Expr | None, start: int) -> Expr:
    """The derivative of an expression by a name, both perhaps with indices."""
    assert bottom is not None
    place = p.span(start)
    bottom, below = _apart(bottom)
    if isinstance(top, Name) and top.id == "L" and "L" not in p.symbols.names:
        gradient = Call("grad", (bottom,), span=place)
        return Subscript(gradient, below, span=place) if below else gradient
    top, above = _apart(top.operand if isinstance(top, Noted) else top)
    if not above and not below:
        return Call("D", (top, bottom), span=place)
    whole = Call("jacobian", (top, bottom), span=place)
    if above:
        return Subscript(whole, (*above, *below), span=place)
    return Subscript(whole, (ast.Ellipsis(), *below), span=place)


def _apart(expr: Expr) -> tuple[Expr, tuple[Expr, ...]]:
    """What is indexed, and its indices."""
    return (expr.operand, expr.items) if isinstance(expr, Subscript) else (expr, ())


def inline(p: Cursor) -> Expr:
    r"""`\partial L / \partial X`."""
    start = p.advance().start
    top = _loss(p) if is_loss(p) else p.factor()
    if not p.accept("/"):
        raise p.unexpected(
            r"`/`", r"a derivative is written `\frac{\partial L}{\partial X}` or `\partial L/\partial X`"
        )
    grouped = p.accept("(")
    if not is_partial(p.token):
        raise p.unexpected(r"`\partial`")
    p.advance()
    bottom = p.factor()
    if grouped:
        p.expect(")")
    return derivative(p, top, _named(p, bottom, start), start)


def _named(p: Cursor, bottom: Expr, start: int) -> Expr:
    inner = bottom.operand if isinstance(bottom, Subscript) else bottom
    if not isinstance(inner, Name):
        raise p.refuse("a derivative is taken by a name", start, "give it a name")
    return bottom


def nabla(p: Cursor) -> Expr:
    r"""`\nabla_X L`."""
    start = p.advance().start
    if not p.accept("_"):
        raise p.unexpected("`_`", r"say by what the gradient is taken: `\nabla_X L`")
    bottom = p.argument()
    bracket = p.accept("(", "[")
    closing = {"(": ")", "[": "]"}.get(p.before.text, "")
    top = _loss(p) if is_loss(p) else p.factor()
    if bracket:
        p.expect(closing)
    return derivative(p, top, _named(p, bottom, start), start)


def adjoint(p: Cursor) -> Expr | None:
    r"""`\bar X`, where `X_bar` is not declared and `X` is: in the language of back ends the gradient of X."""
    start = p.position
    if p.token.text not in {r"\bar", r"\overline"} or symbol(p) is not None:
        p.position = start
        return None
    place = p.advance().start
    grouped = p.accept("{")
    found = symbol(p) if is_symbol(p.token) else None
    if not isinstance(found, Name) or found.id not in p.symbols.quantities or (grouped and not p.accept("}")):
        p.position = start
        return None
    gradient = Call("grad", (found,), span=p.span(place))
    remark = rf"`\bar{{{found.id}}}` is read as the gradient of `{found.id}`"
    return Noted(gradient, remark, span=p.span(place))


def delta(p: Cursor, start: int) -> Expr | None:
    r"""What stands behind `\delta_`: a quantity, whose gradient is meant; None (and no step) for indices."""
    position = p.position
    grouped = p.accept("{")
    found = symbol(p) if is_symbol(p.token) and p.token.kind != "text" else None
    if not isinstance(found, Name) or found.id not in p.symbols.quantities or (grouped and not p.accept("}")):
        p.position = position
        return None
    gradient = Call("grad", (found,), span=p.span(start))
    return Noted(
        gradient, rf"`\delta_{{{found.id}}}` is read as the gradient of `{found.id}`", span=p.span(start)
    )


def differential(p: Cursor) -> Expr:
    r"""`dX`, `\mathrm dX`, `d\mathbf x`, `d(X W)`, `de^{x_i}`."""
    start = p.advance().start
    if is_loss(p):
        p.advance()
        return Name("dL", span=p.span(start))
    if p.token.kind == "end":
        raise p.unexpected("what the differential is of")
    if p.token.text in {"(", "["}:
        closing = {"(": ")", "[": "]"}[p.advance().text]
        p.deeper()
        inner = p.expression()
        p.open -= 1
        p.expect(closing)
        return _differential(p, inner, start)
    if is_symbol(p.token):
        found = symbol(p)
        if found is not None:
            return _differential(p, found, start)
    p.deeper()
    inner = p.factor()
    p.open -= 1
    return _differential(p, inner, start)


def _differential(p: Cursor, of: Expr, start: int) -> Expr:
    if isinstance(of, Name) and of.id in p.symbols.quantities:
        return Name(f"d{of.id}", span=p.span(start))
    return Call("d", (of,), span=p.span(start))


def is_ambiguous_d(p: Cursor) -> bool:
    """`dX` where `d` is a declared size and `X` a quantity, without a space between them."""
    token = p.token
    if token.kind != "word" or token.text != "d" or "d" not in p.symbols.names:
        return False
    following = p.peek()
    if following.start != token.end or not is_symbol(following):
        return False
    start = p.position
    p.advance()
    found = symbol(p)
    p.position = start
    return isinstance(found, Name) and found.id in p.symbols.quantities


def product(items: list[Expr], signs: list[str], p: Cursor, start: int) -> Expr:
    """Factors side by side; one factor is itself."""
    if len(items) == 1:
        return items[0]
    return Juxtapose(tuple(items), tuple(signs), span=p.span(start))
