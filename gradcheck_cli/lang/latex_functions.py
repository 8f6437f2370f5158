r"""Reads what is applied to something: `\exp(x)`, `\log x`, `\sigma'(X)`, `\max(0, x)`, `\sum_{i\ne j}`."""

from __future__ import annotations

from fractions import Fraction

from gradcheck_cli.lang.ast import (
    Binary,
    Boolean,
    Call,
    Expr,
    Juxtapose,
    Keyword,
    Name,
    Negative,
    Noted,
    Number,
    Over,
    Series,
    Subscript,
    Tuple,
)
from gradcheck_cli.lang.functions import FUNCTIONS, OVER
from gradcheck_cli.lang.latex_cursor import Cursor
from gradcheck_cli.lang.latex_indices import index_name, indices
from gradcheck_cli.lang.latex_names import PRIMES, is_symbol, read_id
from gradcheck_cli.lang.latex_shapes import CLOSING, COMPARISONS
from gradcheck_cli.lang.latex_tokens import Token
from gradcheck_cli.text import UserError, nearest

_TWO = {"max": "maximum", "min": "minimum"}


def apply(p: Cursor, function: str, start: int) -> Expr:
    r"""A function behind its name: primes, `^2`, an index, then the argument, in brackets or not."""
    primes = 0
    power: Expr | None = None
    while True:
        if p.token.text in PRIMES or (p.token.text == "^" and p.peek().text in PRIMES):
            p.accept("^")
            p.advance()
            primes += 1
        elif p.token.text == "^" and power is None:
            p.advance()
            power = p.argument()
        elif p.token.text == "_" and function in OVER and p.peek().text != "[":
            p.advance()
            return series(p, function, start, indexed=True)
        elif p.token.text == "_":
            raise p.problem(
                f"`{function}` takes no index here",
                p.token,
                f"index its result: `({function}(x))_i`" if function != "log" else r"write `\log x / \log 2`",
            )
        else:
            break
    args, keywords = arguments(p, function)
    if primes:
        call = _derivative(p, function, args, primes, start)
    else:
        name = _TWO.get(function, function) if len(args) > 1 else function
        call = Call(name, tuple(args), tuple(keywords), span=p.span(start))
    if power is None:
        return call
    if isinstance(power, Negative):
        raise p.refuse(
            f"a negative exponent at `{function}` may be its inverse or its reciprocal",
            start,
            "write the reciprocal as a fraction, or the inverse function by its name",
        )
    return Binary("^", call, power, span=p.span(start))


def _derivative(p: Cursor, function: str, args: list[Expr], primes: int, start: int) -> Expr:
    """`f'(x)`: the derivative of an elementwise function at a named quantity."""
    if primes > 1:
        raise p.refuse("only first derivatives are judged", start, "name the first derivative under `where:`")
    if len(args) != 1 or not isinstance(args[0], Name):
        raise p.refuse(
            f"`{function}'` is applied to an expression",
            start,
            "name the argument in `forward`, and write that: derivatives are taken by named quantities",
        )
    call = Call(function, (args[0],), span=p.span(start))
    return Call("D", (call, args[0]), span=p.span(start))


def arguments(p: Cursor, function: str) -> tuple[list[Expr], list[Keyword]]:
    """In brackets separated by commas, or the factors that follow."""
    opening = p.token
    if opening.text not in CLOSING or opening.kind == "text":
        if p.token.kind == "end" or p.token.text in {
            ",",
            ")",
            "]",
            "}",
            "=",
            "+",
            "&",
            r"\odot",
            r"\cdot",
            r"\}",
        }:
            raise p.unexpected(f"the argument of `{function}`")
        p.deeper()
        argument = p.run()
        p.open -= 1
        if isinstance(argument, Juxtapose):
            argument = Noted(argument, f"`{function}` is read as applied to `{{}}`", span=argument.span)
        return [argument], []
    p.advance()
    p.deeper()
    args: list[Expr] = []
    keywords: list[Keyword] = []
    while True:
        if p.token.kind == "text" and p.peek().text == "=":
            keywords.append(_keyword(p))
        else:
            args.append(p.relation())
        if not p.accept(",", ";"):
            break
    p.open -= 1
    p.expect(CLOSING[opening.text])
    return args, keywords


def _keyword(p: Cursor) -> Keyword:
    name = p.advance()
    p.advance()
    if p.token.kind == "text" and p.token.text in {"True", "False"}:
        value: Expr = Boolean(p.advance().text == "True")
    elif p.token.text == "(":
        p.advance()
        items = [p.expression()]
        while p.accept(","):
            items.append(p.expression())
        p.expect(")")
        value = Tuple(tuple(items), span=p.span(name.start))
    else:
        value = p.expression()
    return Keyword(name.text, value, span=p.span(name.start))


def unknown_function(p: Cursor, token: Token) -> UserError:
    """The error for `\\text{foo}(x)`."""
    other = nearest(token.text, [*p.symbols.names, *FUNCTIONS])
    advice = f"did you mean `{other}`?" if other else "declare it, or say in `notation` what it means"
    return p.problem(f"`{token.text}` is neither declared nor a function", token, advice)


# sums


def series(p: Cursor, function: str, start: int, *, indexed: bool = False) -> Expr:
    r"""`\sum`, `\prod`, `\max_i`: indices below, a bound above, and a product as the body."""
    names: list[Name] = []
    low: Expr | None = None
    high: Expr | None = None
    condition: Expr | None = None
    while indexed or p.token.text in {"_", "^"}:
        if not indexed and p.advance().text == "^":
            high = p.argument()
            continue
        indexed = False
        names, low, condition = _below(p)
    if p.token.text == "{" and p.peek().kind == "end":
        raise p.unexpected("what is summed")
    p.deeper()
    p.bound += [name.id for name in names]
    body = p.term()
    del p.bound[len(p.bound) - len(names) :]
    p.open -= 1
    if function not in {"sum", "prod"} and not names:
        return Call(function, (body,), span=p.span(start))
    if names and low is None and high is None and condition is None:
        return Over(function, tuple(names), body, span=p.span(start))
    return Series(function, tuple(names), low, high, condition, body, span=p.span(start))


def _below(p: Cursor) -> tuple[list[Name], Expr | None, Expr | None]:
    """`i,j`, `ij`, `i=1`, `k\\neq i`: the indices, where they start, and what they have to fulfil."""
    names: list[Name] = []
    low: Expr | None = None
    condition: Expr | None = None
    grouped = p.accept("{")
    while True:
        token = p.token
        if not is_symbol(token) or token.kind == "text":
            raise p.unexpected("an index", r"sums are written `\sum_{i=1}^n`, `\sum_{i,j}`, `\sum_{k\neq i}`")
        name, _ = read_id(p)
        names.append(Name(index_name(p, name), span=p.span(token.start)))
        if not grouped:
            return names, low, condition
        if p.accept("="):
            low = p.expression()
        elif p.token.text in COMPARISONS:
            sign = COMPARISONS[p.advance().text]
            condition = Binary(sign, names[-1], _renamed(p, p.expression()), span=p.span(token.start))
        elif p.accept(r"\in"):
            while p.token.text != "}" and p.token.kind != "end":
                p.advance()
        p.accept(",")
        if p.accept("}"):
            return names, low, condition


def _renamed(p: Cursor, expr: Expr) -> Expr:
    return Name(index_name(p, expr.id), span=expr.span) if isinstance(expr, Name) else expr


def kronecker(p: Cursor, start: int) -> Expr:
    r"""`\delta_{ij}`."""
    items = indices(p)
    if len(items) != 2:
        raise p.refuse("the Kronecker delta has two indices", start, r"write `\delta_{ij}`")
    one, zero = Number(Fraction(1)), Number(Fraction(0))
    return Call(
        "where", (Binary("==", items[0], items[1], span=p.span(start)), one, zero), span=p.span(start)
    )


def indexed(operand: Expr, items: tuple[Expr, ...], p: Cursor, start: int) -> Expr:
    """`x_{ij}`."""
    return Subscript(operand, items, span=p.span(start))
