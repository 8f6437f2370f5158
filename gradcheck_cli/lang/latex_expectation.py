r"""Reads `\mathbb E_{u\sim\mathcal N(0,1)}[u u^\top]`, and compares its laws with the declared ones."""

from __future__ import annotations

from fractions import Fraction

from gradcheck_cli.lang.ast import Call, Expr
from gradcheck_cli.lang.latex_cursor import Cursor
from gradcheck_cli.lang.latex_names import is_symbol, read_id
from gradcheck_cli.lang.latex_shapes import CLOSING
from gradcheck_cli.lang.latex_symbols import Law
from gradcheck_cli.lang.latex_tokens import Token

_LAWS = {
    "N": "normal", "Normal": "normal", "normal": "normal", "U": "uniform", "Uniform": "uniform",
    "uniform": "uniform", "Unif": "uniform", "Rademacher": "rademacher", "rademacher": "rademacher",
}  # fmt: skip
_FONTS = frozenset({r"\mathbb", r"\mathbbm", r"\mathds"})


def is_expectation(token: Token, following: Token) -> bool:
    r"""`\mathbb E`, or `\operatorname{E}` in front of something."""
    if token.text != "E":
        return False
    return token.font in _FONTS or (token.kind == "text" and following.text in {"[", "(", "_", r"\{", "{"})


def expectation(p: Cursor) -> Expr:
    """`E` with its laws below and its argument, in brackets or not."""
    start = p.advance().start
    if p.accept("_"):
        _below(p)
    p.deeper()
    if p.token.text in CLOSING and p.token.kind != "text":
        opening = p.advance()
        argument = p.expression()
        p.expect(CLOSING[opening.text])
    else:
        argument = p.run()
    p.open -= 1
    return Call("E", (argument,), span=p.span(start))


def _below(p: Cursor) -> None:
    """`{u}`, `{u\\sim\\mathcal N(0,1)}`, `{u,v\\sim …}`: every name must be random, by that law."""
    if not p.accept("{"):
        _random(p)
        return
    names: list[tuple[str, int]] = []
    while True:
        names.append(_random(p))
        if p.accept(r"\sim"):
            law, start = _law(p)
            for name, _ in names:
                _compare(p, name, law, start)
            names = []
        if not p.accept(",", ";"):
            break
    p.expect("}")


def _random(p: Cursor) -> tuple[str, int]:
    """The name of a random input."""
    token = p.token
    if not is_symbol(token) or token.kind == "text":
        raise p.unexpected(
            "a random input", r"an expectation is written `\mathbb E_{u\sim\mathcal N(0,1)}[\dots]`"
        )
    name, _ = read_id(p)
    if name not in p.symbols.laws:
        known = name in p.symbols.quantities
        raise p.refuse(
            f"`{name}` is not random" if known else f"`{name}` is not declared",
            token.start,
            f"give the input a law: `{name}: {{shape: …, random: normal(0, 1)}}`",
        )
    return name, token.start


def _law(p: Cursor) -> tuple[Law, int]:
    r"""`\mathcal N(0, 1)`, where the second is the variance; `\mathcal N(0, I)`; `\mathcal U(a, b)`."""
    token = p.advance()
    start = token.start
    name = _LAWS.get(token.text)
    if name is None:
        raise p.problem("this law is not known", token, r"known are `\mathcal N(0, 1)`, `\mathcal U(a, b)`")
    parameters: list[Fraction] = []
    if p.token.text in {"(", "["}:
        closing = CLOSING[p.advance().text]
        while p.token.text != closing and p.token.kind != "end":
            parameters.append(_parameter(p))
            p.accept(",", ";")
        p.expect(closing)
    return (name, tuple(parameters)), start


def _parameter(p: Cursor) -> Fraction:
    """A number, a zero vector, or the identity as a covariance."""
    sign = -1 if p.accept("-") else 1
    token = p.advance()
    value = None
    if token.kind == "number":
        value = Fraction(token.text)
    elif token.text == r"\zeros":
        value = Fraction(0)
    elif token.text in {"I", r"\ones"}:
        value = Fraction(1)
    if value is None:
        raise p.problem("a number is expected here", token, r"a law is written `\mathcal N(0, 1)`")
    if p.accept("_"):
        p.argument()
    if p.accept("^"):
        power = p.advance()
        if power.text != "2":
            raise p.problem("only a square is read here", power, "write the number")
        value **= 2
    return sign * value


def _compare(p: Cursor, name: str, law: Law, start: int) -> None:
    """Raises UserError where the formula and the spec draw from different laws."""
    declared = p.symbols.laws[name]
    kind, parameters = declared
    if kind == "normal":  # on paper the second number is the variance
        declared = (kind, (parameters[0], parameters[1] ** 2))
    if law != declared:
        inside = ", ".join(str(x) for x in parameters)
        spec = f"{kind}({inside})" if inside else kind
        advice = " (mean and standard deviation)" if kind == "normal" else ""
        raise p.refuse(
            f"the formula draws `{name}` by another law than the spec, `{spec}`{advice}",
            start,
            "the spec must say what the formula says",
        )
