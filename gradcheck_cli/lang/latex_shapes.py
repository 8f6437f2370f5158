r"""Reads what brackets and bars enclose: norms, `|x|`, `\langle a, b\rangle`, indicators, cases, matrices."""

from __future__ import annotations

from gradcheck_cli.lang.ast import Binary, Blocks, Call, Either, Expr, Noted, Tuple
from gradcheck_cli.lang.latex_cursor import Cursor

COMPARISONS = {
    "<": "<", ">": ">", r"\le": "<=", r"\leq": "<=", r"\leqslant": "<=", r"\ge": ">=", r"\geq": ">=",
    r"\geqslant": ">=", r"\ne": "!=", r"\neq": "!=", "=": "==", r"\lt": "<", r"\gt": ">",
}  # fmt: skip

CLOSING = {"(": ")", "[": "]", "{": "}", r"\{": r"\}", r"\lbrack": r"\rbrack", r"\lparen": r"\rparen"}


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
    raise p.problem(
        "this norm is not known", token, r"known are `\|x\|_2`, `\|X\|_F`, `\|x\|_1` and `\|x\|_\infty`"
    )


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
    return Call("sum", (Binary("*", left, right, span=place),), span=place)


# indicators, cases, matrices


def indicator(p: Cursor, start: int) -> Expr | None:
    r"""`\mathbf 1\{X>0\}`, `\mathbf 1_{X>0}`, `\mathbb 1[X>0]`: the condition; None if there is none."""
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
    r"""`\begin{cases} a & x > 0 \\ b & \text{otherwise} \end{cases}`: `where`, nested."""
    rows: list[tuple[Expr, Expr | None]] = []
    p.deeper()
    while p.token.kind != "end-of":
        value = p.expression()
        condition: Expr | None = None
        p.accept(",")
        while p.accept("&", ",") or (
            p.token.kind == "text" and p.token.text in {"if", "for", "when", "otherwise", "else"}
        ):
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
    """Rows of numbers, vectors or blocks."""
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
    found: Expr = Blocks(tuple(Tuple(tuple(row), span=place) for row in rows), span=place)
    return Call("det", (found,), span=place) if kind == "vmatrix" else found
