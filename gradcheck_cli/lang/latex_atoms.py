r"""Reads one atom: a number, name, group, fraction, sum, or whatever a command begins."""

from __future__ import annotations

from fractions import Fraction

from gradcheck_cli.lang.ast import Binary, Call, Expr, Name, Number, String, Subscript
from gradcheck_cli.lang.latex_cursor import Cursor
from gradcheck_cli.lang.latex_derivatives import (
    adjoint,
    delta,
    differential,
    fraction,
    inline,
    is_ambiguous_d,
    is_d,
    nabla,
)
from gradcheck_cli.lang.latex_expectation import expectation, is_expectation
from gradcheck_cli.lang.latex_functions import apply, kronecker, series, unknown_function
from gradcheck_cli.lang.latex_indices import ellipsis, index_name, sized
from gradcheck_cli.lang.latex_names import is_loss, is_symbol, read_id, symbol
from gradcheck_cli.lang.latex_shapes import (
    CLOSING,
    COMPARISONS,
    absolute,
    cases,
    indicator,
    inner_product,
    matrix,
    norm,
)
from gradcheck_cli.lang.latex_tokens import Token
from gradcheck_cli.text import Problem, UserError

SIGNS = {
    r"\cdot": "cdot", r"\times": "cdot", "*": "cdot", r"\ast": "cdot", r"\odot": "odot", r"\circ": "odot",
    r"\oslash": "oslash", r"\otimes": "otimes", r"\bullet": "cdot", r"\circledast": "odot",
}  # fmt: skip
"""The product signs; words such as `bmm` are matrix products."""

EQUALS = frozenset({"=", r"\equiv", r"\triangleq", r"\coloneqq", r"\doteq"})
DOTS = frozenset({r"\ldots", r"\dots", r"\cdots", r"\vdots", r"\ddots"})
_AFTER_NAME = frozenset({")", "]", "}", r"\}", ",", ":", "+", "-", "/", "=", "^", "_", "&", *SIGNS})
"""What stands behind a size called `\\text{d}`, and never behind a differential."""

_REFUSED = {
    r"\int": ("integrals are not judged", "claims are equations between arrays"),
    r"\lim": ("limits are not judged", "claims are equations between arrays"),
    r"\arg": ("`arg max` has no derivative", "give the position as an input with `domain: index(n)`"),
    r"\binom": ("binomials are not read", "write the number"),
    r"\sup": ("`sup` is not read", r"write `\max`"),
    r"\inf": ("`inf` is not read", r"write `\min`"),
}


def atom(p: Cursor) -> Expr:
    """One sign, name, group or function."""
    token = p.token
    start = token.start
    if token.text in DOTS or (token.text == "." and p.peek().text == "."):
        raise ellipsis(p)
    noted = p.symbols.noted(p.tokens, p.position)
    if noted is not None and "[" in noted[0]:
        return element(p, *noted)
    if noted is not None or token.kind in {"word", "text"} or is_symbol(token):
        return word(p)
    if token.kind == "number":
        p.advance()
        return Number(Fraction(token.text), span=p.place(token))
    if token.kind == "begin":
        p.advance()
        if token.font in {"cases", "dcases", "rcases"}:
            return cases(p, start)
        return matrix(p, start, token.font)
    if token.text in CLOSING:
        return group(p)
    if token.kind == "command":
        return command(p)
    if token.text == "|":
        return barred(p, absolute, "|")
    raise p.unexpected("an expression")


def element(p: Cursor, text: str, count: int) -> Expr:
    r"""A symbol that `notation` reads as an element: `p(y_t \mid x_{<t})` as `p[t]`."""
    start = p.token.start
    p.position += count
    name, _, inside = text.partition("[")
    letters = [letter.strip() for letter in inside.removesuffix("]").split(",")]
    if name not in p.symbols.names or not text.endswith("]") or not all(map(str.isidentifier, letters)):
        raise p.refuse(
            f"`notation` reads this as `{text}`, which is no element of a declared array",
            start,
            "write a name, or a name with indices: `p[t]`",
        )
    place = p.span(start)
    items = tuple(Name(index_name(p, letter), span=place) for letter in letters)
    return Subscript(Name(name, span=place), items, span=place)


def group(p: Cursor) -> Expr:
    """Brackets of any kind; a list in them is a vector."""
    opening = p.advance()
    p.deeper()
    items = [p.expression()]
    while opening.text != "{" and p.accept(","):
        items.append(p.expression())
    p.open -= 1
    p.expect(CLOSING[opening.text])
    place = p.span(opening.start)
    if len(items) > 1:
        return Call("stack", tuple(items), span=place)
    return items[0].at(place)  # type: ignore[return-value]


def barred(p: Cursor, read: object, closing: str) -> Expr:
    """Something between bars."""
    p.bars.append(closing)
    assert callable(read)
    found: Expr = read(p, closing)
    p.bars.pop()
    return found


def command(p: Cursor) -> Expr:  # noqa: C901  one case a command
    """A command that is no letter."""
    token = p.token
    start = token.start
    match token.text:
        case r"\frac" | r"\dfrac" | r"\tfrac" | r"\cfrac":
            return fraction(p)
        case r"\sqrt":
            return root(p)
        case r"\sum" | r"\prod":
            p.advance()
            return series(p, token.text[1:], start)
        case r"\partial":
            return inline(p)
        case r"\nabla":
            return nabla(p)
        case r"\ones":
            p.advance()
            condition = indicator(p, start)
            return condition if condition is not None else sized(p, "ones", start)
        case r"\zeros":
            p.advance()
            return Number(Fraction(0), span=p.place(token))
        case r"\infty":
            p.advance()
            return Name("inf", span=p.place(token))
        case r"\|" | r"\Vert" | r"\lVert":
            return barred(p, norm, r"\rVert" if token.text == r"\lVert" else token.text)
        case r"\vert" | r"\lvert":
            return barred(p, absolute, r"\rvert" if token.text == r"\lvert" else token.text)
        case r"\langle":
            return inner_product(p)
        case r"\dd":
            return differential(p)
    function = p.symbols.function(token)
    if function is not None:
        p.advance()
        return apply(p, function, start)
    if token.text in _REFUSED:
        message, advice = _REFUSED[token.text]
        raise p.problem(message, token, advice)
    if (
        token.text in SIGNS
        or token.text in COMPARISONS
        or token.text in EQUALS
        or token.text in CLOSING.values()
    ):
        raise p.unexpected("an expression")
    raise p.problem(f"`{token.text}` is not known here", token, "say in `notation` which name it stands for")


def root(p: Cursor) -> Expr:
    r"""`\sqrt{x}` and `\sqrt[n]{x}`."""
    start = p.advance().start
    order: Expr | None = None
    p.deeper()
    if p.accept("["):
        order = p.expression()
        p.expect("]")
    inner = p.argument()
    p.open -= 1
    if order is None or order == Number(Fraction(2)):
        return Call("sqrt", (inner,), span=p.span(start))
    one = Number(Fraction(1))
    return Binary("**", inner, Binary("/", one, order, span=order.span), span=p.span(start))


def word(p: Cursor) -> Expr:
    """A name, function or letter with a meaning of its own."""
    token = p.token
    start = token.start
    if is_expectation(token, p.peek()):
        return expectation(p)
    if token.text == "O" and p.peek().text == "(" and (token.font or "O" not in p.symbols.names):
        return remainder(p)
    if token.kind == "text" and len(token.text) > 1 and token.text[0] == token.text[-1] == "'":
        p.advance()
        return String(token.text[1:-1], span=p.place(token))
    if is_ambiguous_d(p):
        following = p.peek().text
        raise p.problem(
            f"`d{following}` may be the differential of `{following}` or `d` times `{following}`",
            token,
            rf"write `\mathrm d{following}` for the one, `d\,{following}` for the other",
        )
    if (
        token.text == "d"
        and token.kind == "text"
        and p.peek().text not in _AFTER_NAME
        and p.peek().kind != "end"
    ):
        return differential(p)
    gradient = adjoint(p)
    if gradient is not None:
        return gradient
    found = symbol(p)
    if found is not None:
        return found
    position = p.position
    name, known = read_id(p)
    if known:
        return apply(p, name, start)
    p.position = position
    if is_d(p):
        return differential(p)
    if is_loss(p):
        p.advance()
        return Name("L", span=p.place(token))
    return undeclared(p, token)


def remainder(p: Cursor) -> Expr:
    r"""`O(\eta^2)`, `\mathcal O(\eta^2)`."""
    start = p.advance().start
    p.advance()
    p.deeper()
    inner = p.expression()
    p.open -= 1
    p.expect(")")
    return Call("O", (inner,), span=p.span(start))


def undeclared(p: Cursor, token: Token) -> Expr:
    """What an undeclared symbol means by itself."""
    start = token.start
    if token.font == r"\mathbb" and token.text in {"P", "R", "N"}:
        raise p.problem(f"`{token.text}` is no array", token, "state the claim for given arrays")
    if token.text == r"\delta":
        p.advance()
        if p.accept("_"):
            return delta(p, start) or kronecker(p, start)
        raise p.problem(
            r"`\delta` alone has no meaning here",
            token,
            r"declare it, or write `\delta_X` for the gradient, `\delta_{ij}`, or `\mathrm dX`",
        )
    if token.text == r"\sigma":
        p.advance()
        return apply(p, "sigmoid", start)
    if token.text == "I" and token.kind in {"word", "text"}:
        p.advance()
        return sized(p, "eye", start)
    function = p.symbols.function(token)
    if function is not None:
        p.advance()
        return apply(p, function, start)
    if token.text == r"\pi":
        p.advance()
        return Name("pi", span=p.place(token))
    if token.kind == "text" and p.peek().text == "(":
        raise unknown_function(p, token)
    name, _ = read_id(p)
    if p.token.text == "_":
        raise not_declared(p, start)
    return Name(name, span=p.span(start))


def not_declared(p: Cursor, start: int) -> UserError:
    """The error for `A_{t+1}`, where neither that nor `A` is declared."""
    p.advance()
    depth = 0
    while p.token.kind != "end":
        text = p.advance().text
        depth += (text == "{") - (text == "}")
        if depth <= 0:
            break
    end = p.before.end
    place = p.text.span(start, end)
    if place.text.count("{") > place.text.count("}"):  # braces around a single sign are no tokens
        place = p.text.span(start, min(end + 1, len(p.text.value)))
    shown = " ".join(place.text.split())
    advice = f"say in `notation` what it is: `notation: {{'{shown}': …}}`"
    return UserError(Problem(f"`{shown}` is not declared", place, help=advice))
