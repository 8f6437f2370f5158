r"""Reads what is applied to something: `\exp(x)`, `\log x`, `\sigma'(X)`, `\max(0, x)`, `\sum_{i\ne j}`, norms, cases."""

from __future__ import annotations

from fractions import Fraction

from gradcheck_cli.lang.ast import (
    Binary,
    Boolean,
    Call,
    Either,
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
)
from gradcheck_cli.lang.functions import FUNCTIONS, OVER
from gradcheck_cli.lang.latex_cursor import Cursor
from gradcheck_cli.lang.latex_names import PRIMES, index_name, indices, is_symbol, read_id
from gradcheck_cli.lang.latex_tokens import Token
from gradcheck_cli.text import nearest

COMPARISONS = {
    "<": "<", ">": ">", r"\le": "<=", r"\leq": "<=", r"\leqslant": "<=", r"\ge": ">=", r"\geq": ">=",
    r"\geqslant": ">=", r"\ne": "!=", r"\neq": "!=", "=": "==", r"\lt": "<", r"\gt": ">",
}  # fmt: skip

CLOSING = {"(": ")", "[": "]", "{": "}", r"\{": r"\}", r"\lbrack": r"\rbrack", r"\lparen": r"\rparen"}
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
            rf"write `\frac{{1}}{{{function}(x)}}`, or the inverse function by its name",
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
            "give the argument a name in `forward`, and write that: derivatives are taken by named quantities",
        )
    call = Call(function, (args[0],), span=p.span(start))
    return Call("D", (call, args[0]), span=p.span(start))


def arguments(p: Cursor, function: str) -> tuple[list[Expr], list[Keyword]]:
    """In brackets separated by commas, or the factors that follow."""
    opening = p.token
    if opening.text not in CLOSING or opening.kind == "text":
        if p.token.kind == "end" or p.token.text in {",", ")", "]", "}", "=", "+", "&", r"\odot", r"\cdot", r"\}"}:
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
    else:
        value = p.expression()
    return Keyword(name.text, value, span=p.span(name.start))


def unknown_function(p: Cursor, token: Token) -> Exception:
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
    body = p.term()
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


# norms and absolute values


def norm(p: Cursor, closing: str) -> Expr:
    r"""`\|x\|`, with `_2`, `_F`, `_1` or `_\infty`."""
    start = p.advance().start
    p.deeper()
    inner = p.expression()
    p.open -= 1
    p.expect(closing, r"\|", r"\rVert", r"\Vert")
    if not p.accept("_"):
        return Call("norm", (inner,), span=p.span(start))
    token = p.token
    grouped = p.accept("{")
    kind = p.advance().text
    if grouped:
        p.expect("}")
    if kind in {"2", "F"}:
        return Call("norm", (inner,), span=p.span(start))
    size = Call("abs", (inner,), span=p.span(start))
    if kind == "1":
        return Call("sum", (size,), span=p.span(start))
    if kind == r"\infty":
        return Call("max", (size,), span=p.span(start))
    raise p.problem("this norm is not known", token, r"known are `\|x\|_2`, `\|X\|_F`, `\|x\|_1` and `\|x\|_\infty`")


def absolute(p: Cursor, closing: str) -> Expr:
    """`|x|`: the absolute value, or of a square matrix the determinant."""
    start = p.advance().start
    p.deeper()
    inner = p.expression()
    p.open -= 1
    p.expect(closing, "|", r"\rvert", r"\vert")
    place = p.span(start)
    return Either((Call("det", (inner,), span=place), Call("abs", (inner,), span=place)), span=place)


def inner_product(p: Cursor) -> Expr:
    r"""`\langle a, b\rangle`: the sum of all products."""
    start = p.advance().start
    p.deeper()
    left = p.expression()
    p.expect(",", "|")
    right = p.expression()
    p.open -= 1
    p.expect(r"\rangle")
    place = p.span(start)
    product = Call("sum", (Binary("*", left, right, span=place),), span=place)
    return Either((Call("dot", (left, right), span=place), product), span=place)


# indicators, cases, matrices


def indicator(p: Cursor, start: int) -> Expr | None:
    r"""`\mathbf 1\{X>0\}`, `\mathbf 1_{X>0}`, `\mathbb 1[X>0]`: the condition itself; None if there is none."""
    before = p.position
    subscript = p.accept("_")
    opening = p.token.text
    if opening not in CLOSING or (opening == "(" and subscript):
        p.position = before
        return None
    depth = 0
    for at in range(p.position, len(p.tokens)):
        text = p.tokens[at].text
        depth += (text in CLOSING) - (text in CLOSING.values())
        if depth == 1 and text in COMPARISONS:
            break
        if depth == 0:
            p.position = before
            return None
    p.advance()
    p.deeper()
    condition = p.relation()
    p.open -= 1
    p.expect(CLOSING[opening])
    return condition.at(p.span(start))  # type: ignore[return-value]


def cases(p: Cursor, start: int) -> Expr:
    r"""`\begin{cases} a & x > 0 \\ b & \text{otherwise} \end{cases}`: `where`, nested; the last row is the rest."""
    rows: list[tuple[Expr, Expr | None]] = []
    p.deeper()
    while p.token.kind != "end-of":
        value = p.expression()
        condition: Expr | None = None
        p.accept(",")
        while p.accept("&", ",") or (p.token.kind == "text" and p.token.text in {"if", "for", "when", "otherwise", "else"}):
            if p.token.kind == "text":
                p.advance()
        if p.token.kind not in {"row", "end-of"}:
            condition = p.relation()
        p.accept(",", ".")
        rows.append((value, condition))
        if p.token.kind == "row":
            p.advance()
    p.advance()
    p.open -= 1
    if len(rows) < 2 or any(condition is None for _, condition in rows[:-1]):
        raise p.refuse(
            "every case but the last needs a condition", start, r"write `a & x > 0 \\ b & \text{otherwise}`"
        )
    found, last = rows[-1]
    for value, condition in reversed(rows[:-1]):
        assert condition is not None
        found = Call("where", (condition, value, found), span=p.span(start))
    if last is not None:
        found = Noted(found, "the last case is read as «otherwise»", span=p.span(start))
    return found


def matrix(p: Cursor, start: int, kind: str) -> Expr:
    """Rows of numbers or scalars; one row or one column is a vector."""
    rows: list[list[Expr]] = [[]]
    p.deeper()
    while p.token.kind != "end-of":
        if p.token.kind == "row":
            p.advance()
            rows.append([])
        elif not p.accept("&"):
            rows[-1].append(p.expression())
            if p.token.kind not in {"row", "end-of"} and p.token.text != "&":
                raise p.unexpected(r"`&`, `\\` or the end of the matrix")
    p.advance()
    p.open -= 1
    rows = [row for row in rows if row]
    place = p.span(start)
    if not rows or any(len(row) != len(rows[0]) for row in rows):
        raise p.refuse("the rows of this matrix differ in length", start)
    if len(rows) == 1 or len(rows[0]) == 1:
        return Call("stack", tuple(cell for row in rows for cell in row), span=place)
    found = Call("stack", tuple(Call("stack", tuple(row), span=place) for row in rows), span=place)
    return Call("det", (found,), span=place) if kind == "vmatrix" else found


def kronecker(p: Cursor, start: int) -> Expr:
    r"""`\delta_{ij}`."""
    items = indices(p)
    if len(items) != 2:
        raise p.refuse("the Kronecker delta has two indices", start, r"write `\delta_{ij}`")
    one, zero = Number(Fraction(1)), Number(Fraction(0))
    return Call("where", (Binary("==", items[0], items[1], span=p.span(start)), one, zero), span=p.span(start))


def indexed(operand: Expr, items: tuple[Expr, ...], p: Cursor, start: int) -> Expr:
    """`x_{ij}`."""
    return Subscript(operand, items, span=p.span(start))
