r"""Reads what stands raised behind a factor: transposes, inverses, powers, primes, and the ones of `11^T`."""

from __future__ import annotations

from fractions import Fraction

from gradcheck_cli.lang.ast import Binary, Call, Expr, Juxtapose, Name, Negative, Number, Transpose, Unsized
from gradcheck_cli.lang.latex_cursor import Cursor
from gradcheck_cli.lang.latex_names import PRIMES, symbol

_TRANSPOSES = frozenset({"T", r"\top", r"\intercal", r"\mathsf", "⊤"})


def ones_in_digits(p: Cursor) -> Expr | None:
    """`1^T` and `11^T`, which are vectors of ones."""
    token = p.token
    if token.kind != "number" or set(token.text) != {"1"} or p.peek().text != "^":
        return None
    if not is_transpose(p, 2) or len(token.text) > 2:
        return None
    p.advance()
    one = Unsized("ones", span=p.place(token))
    if len(token.text) == 1:
        return one
    p.advance()
    transpose_mark(p)
    turned = Transpose(one, "top", span=p.span(token.start))
    return Juxtapose((one, turned), ("",), span=p.span(token.start))


def is_transpose(p: Cursor, ahead: int = 0) -> bool:
    """Whether the exponent is a transpose; a declared `T` is a power."""
    token = p.peek(ahead)
    return token.text in _TRANSPOSES and (token.text != "T" or "T" not in p.symbols.names)


def transpose_mark(p: Cursor) -> None:
    """Takes `T`, `\\top` or `\\mathsf T`."""
    if p.advance().text == r"\mathsf":
        p.advance()


def power(p: Cursor, base: Expr, start: int) -> Expr:
    """What stands behind `^`."""
    token = p.token
    if is_transpose(p):
        transpose_mark(p)
        return Transpose(base, "top", span=p.span(start))
    if token.text in PRIMES:
        return prime(p, base, start)
    if token.text in {"+", r"\dagger"}:
        p.advance()
        return Call("pinv", (base,), span=p.span(start))
    if token.text in {"*", "H"} and token.text not in p.symbols.names:
        raise p.problem("conjugates are not judged: all arrays are real", token, r"a transpose is `^\top`")
    if token.text == "{" and p.peek().text == "-" and is_transpose(p, 2):
        p.advance()
        p.advance()
        transpose_mark(p)
        p.expect("}")
        inverse = Binary("^", base, Negative(Number(Fraction(1))), span=p.span(start))
        return Transpose(inverse, "top", span=p.span(start))
    if token.text == "{" and p.peek().text in {r"\odot", r"\circ"}:
        p.advance()
        p.advance()
        exponent = p.expression()
        p.expect("}")
        return Binary("**", base, exponent, span=p.span(start))
    if token.text == "{" and p.peek().text == "(":
        raise p.problem(
            "an index in brackets belongs to a name",
            token,
            "declare the name, or say in `notation` what is meant",
        )
    exponent = p.argument()
    if isinstance(base, Name) and base.id == "e" and "e" not in p.symbols.names:
        return Call("exp", (exponent,), span=p.span(start))
    return Binary("^", base, exponent, span=p.span(start))


def prime(p: Cursor, base: Expr, start: int) -> Expr:
    """A prime: the derivative of a function of the forward, or a transpose if `notation` says so."""
    token = p.advance()
    if p.symbols.notation.get("'") in {"T", "transpose"}:
        return Transpose(base, "top", span=p.span(start))
    if isinstance(base, Name) and base.id in p.symbols.needs and p.accept("("):
        by = symbol(p)
        if isinstance(by, Name) and p.accept(")"):
            return Call("D", (base, by), span=p.span(start))
    raise p.problem(
        "a prime is a derivative only behind a function of a named quantity",
        token,
        r"write `f'(x)`, or for a transpose `^\top`; `notation` may say that `'` is `T`",
    )
