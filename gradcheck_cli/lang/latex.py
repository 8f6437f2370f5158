r"""Reads LaTeX formulas as writeups print them: a Pratt parser with a symbol table, nothing guessed.

The tree holds what is printed; where the shapes decide what it means
(`A B`, `x^2`, `\mathbf 1`), `shapes.resolve` settles it afterwards.
"""

from __future__ import annotations

from fractions import Fraction

from gradcheck_cli.lang.ast import (
    Binary,
    Call,
    Equation,
    Expr,
    Juxtapose,
    Name,
    Negative,
    Node,
    Noted,
    Number,
    Transpose,
    Unsized,
    children,
)
from gradcheck_cli.lang.latex_cursor import MAX_FACTORS, Cursor
from gradcheck_cli.lang.latex_derivatives import (
    adjoint,
    differential,
    fraction,
    inline,
    is_ambiguous_d,
    is_d,
    is_partial,
    nabla,
    product,
)
from gradcheck_cli.lang.latex_functions import (
    CLOSING,
    COMPARISONS,
    absolute,
    apply,
    cases,
    indexed,
    indicator,
    inner_product,
    kronecker,
    matrix,
    norm,
    series,
    unknown_function,
)
from gradcheck_cli.lang.latex_layout import chunks
from gradcheck_cli.lang.latex_names import PRIMES, ellipsis, indices, is_loss, is_symbol, read_id, sized, symbol
from gradcheck_cli.lang.latex_symbols import PRODUCTS, Symbols
from gradcheck_cli.lang.latex_tokens import Token, tokens
from gradcheck_cli.lang.plain import MAX_DEPTH
from gradcheck_cli.text import Problem, Text, UserError

SIGNS = {
    r"\cdot": "cdot", r"\times": "cdot", "*": "cdot", r"\ast": "cdot", r"\odot": "odot", r"\circ": "odot",
    r"\oslash": "oslash", r"\otimes": "otimes", r"\bullet": "cdot", r"\circledast": "odot",
}  # fmt: skip
"""The product signs; words such as `bmm` are matrix products."""

_EQUALS = frozenset({"=", r"\equiv", r"\triangleq", r"\coloneqq", r"\doteq"})
_STARTS = frozenset(
    r"( [ { \{ \frac \dfrac \tfrac \cfrac \sqrt \sum \prod \partial \nabla \ones \zeros \langle \| | \lvert \lVert \vert"
    r" \Vert \infty \ldots \dots \cdots \vdots \ddots \int \lim \arg \dd \lbrack \lparen \binom \sup \inf".split()
)
_DOTS = frozenset({r"\ldots", r"\dots", r"\cdots", r"\vdots", r"\ddots"})
_TRANSPOSES = frozenset({"T", r"\top", r"\intercal", r"\mathsf", "⊤"})
_REFUSED = {
    r"\int": ("integrals are not judged", "claims are equations between arrays"),
    r"\lim": ("limits are not judged", "claims are equations between arrays"),
    r"\arg": ("`arg max` has no derivative", "give the position as an input with `domain: index(n)`"),
    r"\binom": ("binomials are not read", "write the number"),
    r"\sup": ("`sup` is not read", r"write `\max`"),
    r"\inf": ("`inf` is not read", r"write `\min`"),
}


def is_latex(text: Text) -> bool:
    r"""Whether a formula is written in LaTeX: between `$`, `\(`, `\[`, or in an environment."""
    return text.value.startswith(("$", "\\(", "\\[", "\\begin"))


def parse_latex_equations(text: Text, symbols: Symbols) -> tuple[Equation, ...]:
    """All equations of a display, each perhaps a chain. Raises UserError with the place of what cannot be read."""
    found = []
    for part in chunks(text, tokens(text)):
        parser = _Parser(text, symbols.words(part), symbols)
        sides = [parser.expression()]
        while parser.equals():
            sides.append(parser.expression())
        parser.expect_end("an operator, `=` or the end")
        for side in sides:
            parser.check_depth(side)
        if len(sides) == 1:
            raise UserError(
                Problem(
                    "a claim is an equation, and this one has no `=`",
                    text.span(part[0].start, part[-1].end),
                    help=r"write what it claims: `\frac{\partial L}{\partial X} = …`",
                )
            )
        found.append(Equation(tuple(sides), span=text.span(part[0].start, part[-1].end)))
    return tuple(found)


def parse_latex_expression(text: Text, symbols: Symbols) -> Expr:
    """The tree of one expression. Raises UserError."""
    part = chunks(text, tokens(text))[0]
    parser = _Parser(text, symbols.words(part), symbols)
    expression = parser.relation()
    if parser.token.text == "=":
        raise parser.problem("one expression is expected here, not an equation", parser.token)
    parser.expect_end("an operator or the end")
    parser.check_depth(expression)
    return expression


class _Parser(Cursor):
    """A Pratt parser over one equation.

    Grammar, loosest first::

        equation   = expression ("=" expression)+
        relation   = expression [("<" | ">" | …) expression]
        expression = ["-"] term (("+" | "-") term)*
        term       = factor (["·" | "×" | "⊙" | "⊘" | "⊗" | "bmm" | "/"] factor)*
        factor     = atom ("^" argument | "_" indices | "'")*
        atom       = number | name | "(" expression ")" | function argument | fraction | sum | d atom | …
    """

    def __init__(self, text: Text, found: list[Token], symbols: Symbols) -> None:
        super().__init__(text, found, symbols)
        self.bars: list[str] = []
        """The `|` and `\\|` that are open: the next one closes."""

    def equals(self) -> bool:
        """Takes an equals sign."""
        if self.token.text == ":" and self.peek().text == "=":
            self.advance()
        return self.accept(*_EQUALS)

    def expect_end(self, expected: str) -> None:
        """Nothing may be left."""
        token = self.token
        if token.kind == "end":
            return
        if token.text in {r"\approx", r"\propto", r"\simeq", r"\sim"} or token.text in COMPARISONS:
            raise self.problem(
                f"`{token.text}` is not an equation", token, "a claim is an equation: its sides stand around `=`"
            )
        if token.kind == "command" and token.text not in _DOTS:
            self.atom()
        if token.text in _DOTS:
            raise ellipsis(self)
        raise self.unexpected(expected)

    def check_depth(self, expression: Expr) -> None:
        """Bounds the tree itself, which a long sum makes deep without a bracket."""
        level: list[Node] = [expression]
        for _ in range(MAX_DEPTH):
            level = [child for node in level for child in children(node)]
            if not level:
                return
        raise UserError(
            Problem(
                f"this formula nests more than {MAX_DEPTH} deep",
                level[0].span or self.text.all,
                help="name its parts under `where:`",
            )
        )

    # sums and products

    def relation(self) -> Expr:
        """A sum, or two of them compared."""
        left = self.expression()
        if self.token.text not in COMPARISONS or self.token.kind == "text":
            return left
        start = self.token.start if left.span is None else None
        sign = COMPARISONS[self.advance().text]
        right = self.expression()
        place = left.span.to(right.span) if left.span and right.span else self.span(start or 0)
        return Binary(sign, left, right, span=place)

    def expression(self) -> Expr:
        """A sum of terms."""
        start = self.token.start
        left = self.signed()
        while self.token.text in {"+", "-"} and self.token.kind == "sign":
            sign = self.advance().text
            left = Binary(sign, left, self.term(), span=self.span(start))
        if self.token.text in {r"\pm", r"\mp"}:
            raise self.problem("`±` claims two equations at once", self.token, "write one claim for each sign")
        return left

    def signed(self) -> Expr:
        """A term with a sign in front."""
        start = self.token.start
        if self.accept("+"):
            return self.term()
        if not self.accept("-"):
            return self.term()
        return Negative(self.term(), span=self.span(start))

    def term(self) -> Expr:
        """A product; `/` divides by the one factor behind it."""
        start = self.token.start
        items = [self.factor()]
        signs: list[str] = []
        while True:
            token = self.token
            sign = SIGNS.get(token.text) if token.kind != "text" else "matmul" if token.text in PRODUCTS else None
            if token.text in {"/", r"\div"}:
                items, signs = [self.quotient(items, signs, start)], []
                continue
            if sign is not None:
                self.advance()
            elif self.starts_factor():
                sign = ""
            else:
                return product(items, signs, self, start)
            if len(items) >= MAX_FACTORS:
                raise self.problem(
                    f"this product has more than {MAX_FACTORS} factors", token, "name its parts under `where:`"
                )
            signs.append(sign)
            negative = self.token.text == "-" and bool(sign)
            here = self.token.start
            if negative:
                self.advance()
            factor = self.factor()
            items.append(Negative(factor, span=self.span(here)) if negative else factor)

    def quotient(self, items: list[Expr], signs: list[str], start: int) -> Expr:
        """What stands before `/`, divided by one factor."""
        above = product(items, signs, self, start)
        self.advance()
        below = self.factor()
        found: Expr = Binary("/", above, below, span=self.span(start))
        if self.starts_factor():
            found = Noted(found, "of `a / b c` only `b` is read as the divisor", span=found.span)
        return found

    def run(self) -> Expr:
        """Factors side by side up to the next sign or function."""
        start = self.token.start
        items = [self.factor()]
        while self.starts_factor() and len(items) < MAX_FACTORS:
            if self.symbols.function(self.token) or self.token.text in {r"\sum", r"\prod"} or is_d(self):
                break
            items.append(self.factor())
        return product(items, [""] * (len(items) - 1), self, start)

    def starts_factor(self) -> bool:
        """Whether a factor may begin here."""
        token = self.token
        if token.kind == "text":
            return token.text not in PRODUCTS
        if self.bars and token.text == self.bars[-1]:
            return False
        return (
            token.kind in {"number", "begin"}
            or is_symbol(token)
            or token.text in _STARTS
            or (token.kind == "command" and self.symbols.function(token) is not None)
            or token.text in self.symbols.printed
        )

    # exponents and indices

    def factor(self) -> Expr:
        """An atom with its exponents and indices."""
        start = self.token.start
        self.deeper()
        base = self.ones_in_digits() or self.atom()
        while True:
            if self.token.text == "^":
                self.advance()
                base = self.power(base, start)
            elif self.token.text == "_":
                self.advance()
                base = indexed(base, indices(self), self, start)
            elif self.token.text in PRIMES:
                base = self.prime(base, start)
            else:
                break
        self.open -= 1
        return base

    def ones_in_digits(self) -> Expr | None:
        """`1^T` and `11^T`, which are vectors of ones."""
        token = self.token
        if token.kind != "number" or set(token.text) != {"1"} or self.peek().text != "^":
            return None
        if not self.is_transpose(2) or len(token.text) > 2:
            return None
        self.advance()
        one = Unsized("ones", span=self.place(token))
        if len(token.text) == 1:
            return one
        self.advance()
        self.transpose_mark()
        turned = Transpose(one, "top", span=self.span(token.start))
        return Juxtapose((one, turned), ("",), span=self.span(token.start))

    def is_transpose(self, ahead: int = 0) -> bool:
        """Whether the exponent is a transpose; a declared `T` is a power."""
        token = self.peek(ahead)
        return token.text in _TRANSPOSES and (token.text != "T" or "T" not in self.symbols.names)

    def transpose_mark(self) -> None:
        """Takes `T`, `\\top` or `\\mathsf T`."""
        if self.advance().text == r"\mathsf":
            self.advance()

    def power(self, base: Expr, start: int) -> Expr:
        """What stands behind `^`."""
        token = self.token
        if self.is_transpose():
            self.transpose_mark()
            return Transpose(base, "top", span=self.span(start))
        if token.text in PRIMES:
            return self.prime(base, start)
        if token.text in {"+", r"\dagger"}:
            self.advance()
            return Call("pinv", (base,), span=self.span(start))
        if token.text in {"*", "H"} and token.text not in self.symbols.names:
            raise self.problem("conjugates are not judged: all arrays are real", token, r"a transpose is `^\top`")
        if token.text == "{" and self.peek().text == "-" and self.is_transpose(2):
            self.advance()
            self.advance()
            self.transpose_mark()
            self.expect("}")
            inverse = Binary("^", base, Negative(Number(Fraction(1))), span=self.span(start))
            return Transpose(inverse, "top", span=self.span(start))
        if token.text == "{" and self.peek().text in {r"\odot", r"\circ"}:
            self.advance()
            self.advance()
            exponent = self.expression()
            self.expect("}")
            return Binary("**", base, exponent, span=self.span(start))
        if token.text == "{" and self.peek().text == "(":
            raise self.problem(
                "an index in brackets belongs to a name", token, "declare the name, or say in `notation` what is meant"
            )
        exponent = self.argument()
        if isinstance(base, Name) and base.id == "e" and "e" not in self.symbols.names:
            return Call("exp", (exponent,), span=self.span(start))
        return Binary("^", base, exponent, span=self.span(start))

    def prime(self, base: Expr, start: int) -> Expr:
        """A prime: the derivative of a function of the forward, or a transpose if `notation` says so."""
        token = self.advance()
        if self.symbols.notation.get("'") in {"T", "transpose"}:
            return Transpose(base, "top", span=self.span(start))
        if isinstance(base, Name) and base.id in self.symbols.needs and self.accept("("):
            by = symbol(self)
            if isinstance(by, Name) and self.accept(")"):
                return Call("D", (base, by), span=self.span(start))
        raise self.problem(
            "a prime is a derivative only behind a function of a named quantity",
            token,
            r"write `f'(x)`, or for a transpose `^\top` (or `notation: {\"'\": T}`)",
        )

    # atoms

    def atom(self) -> Expr:
        """One sign, name, group or function."""
        token = self.token
        start = token.start
        if token.text in _DOTS or (token.text == "." and self.peek().text == "."):
            raise ellipsis(self)
        if self.symbols.noted(self.tokens, self.position) or (token.kind in {"word", "text"} or is_symbol(token)):
            return self.word()
        if token.kind == "number":
            self.advance()
            return Number(Fraction(token.text), span=self.place(token))
        if token.kind == "begin":
            self.advance()
            if token.font in {"cases", "dcases", "rcases"}:
                return cases(self, start)
            return matrix(self, start, token.font)
        if token.text in CLOSING:
            return self.group()
        if token.kind == "command":
            return self.command()
        if token.text == "|":
            return self.barred(absolute, "|")
        raise self.unexpected("an expression")

    def group(self) -> Expr:
        """Brackets of any kind; a list in them is a vector."""
        opening = self.advance()
        self.deeper()
        items = [self.expression()]
        while opening.text != "{" and self.accept(","):
            items.append(self.expression())
        self.open -= 1
        self.expect(CLOSING[opening.text])
        place = self.span(opening.start)
        if len(items) > 1:
            return Call("stack", tuple(items), span=place)
        return items[0].at(place)  # type: ignore[return-value]

    def barred(self, read: object, closing: str) -> Expr:
        """Something between bars."""
        self.bars.append(closing)
        assert callable(read)
        found: Expr = read(self, closing)
        self.bars.pop()
        return found

    def command(self) -> Expr:  # noqa: C901  one case a command
        """A command that is no letter."""
        token = self.token
        start = token.start
        match token.text:
            case r"\frac" | r"\dfrac" | r"\tfrac" | r"\cfrac":
                return fraction(self)
            case r"\sqrt":
                return self.root()
            case r"\sum" | r"\prod":
                self.advance()
                return series(self, token.text[1:], start)
            case r"\partial":
                return inline(self)
            case r"\nabla":
                return nabla(self)
            case r"\ones":
                self.advance()
                condition = indicator(self, start)
                return condition if condition is not None else sized(self, "ones", start)
            case r"\zeros":
                self.advance()
                return Number(Fraction(0), span=self.place(token))
            case r"\infty":
                self.advance()
                return Name("inf", span=self.place(token))
            case r"\|" | r"\Vert" | r"\lVert":
                return self.barred(norm, r"\rVert" if token.text == r"\lVert" else token.text)
            case r"\vert" | r"\lvert":
                return self.barred(absolute, r"\rvert" if token.text == r"\lvert" else token.text)
            case r"\langle":
                return inner_product(self)
            case r"\dd":
                return differential(self)
        function = self.symbols.function(token)
        if function is not None:
            self.advance()
            return apply(self, function, start)
        if token.text in _REFUSED:
            message, advice = _REFUSED[token.text]
            raise self.problem(message, token, advice)
        if token.text in SIGNS or token.text in COMPARISONS or token.text in _EQUALS or token.text in CLOSING.values():
            raise self.unexpected("an expression")
        raise self.problem(f"`{token.text}` is not known here", token, "say in `notation` which name it stands for")

    def root(self) -> Expr:
        r"""`\sqrt{x}` and `\sqrt[n]{x}`."""
        start = self.advance().start
        order: Expr | None = None
        self.deeper()
        if self.accept("["):
            order = self.expression()
            self.expect("]")
        inner = self.argument()
        self.open -= 1
        if order is None or order == Number(Fraction(2)):
            return Call("sqrt", (inner,), span=self.span(start))
        one = Number(Fraction(1))
        return Binary("**", inner, Binary("/", one, order, span=order.span), span=self.span(start))

    def word(self) -> Expr:  # noqa: C901  one case a meaning
        """A name, function or letter with a meaning of its own."""
        token = self.token
        start = token.start
        if is_ambiguous_d(self):
            following = self.peek().text
            raise self.problem(
                f"`d{following}` may be the differential of `{following}` or `d` times `{following}`",
                token,
                rf"write `\mathrm d{following}` for the one, `d\,{following}` for the other",
            )
        gradient = adjoint(self)
        if gradient is not None:
            return gradient
        found = symbol(self)
        if found is not None:
            return found
        position = self.position
        name, known = read_id(self)
        if known:
            return apply(self, name, start)
        self.position = position
        if is_d(self):
            return differential(self)
        if is_loss(self):
            self.advance()
            return Name("L", span=self.place(token))
        return self.undeclared(token)

    def undeclared(self, token: Token) -> Expr:
        """What an undeclared symbol means by itself."""
        start = token.start
        if token.font == r"\mathbb" and token.text in {"E", "P", "R", "N"}:
            what = "expectations are not judged yet" if token.text == "E" else f"`{token.text}` is no array"
            raise self.problem(what, token, "state the claim for given arrays")
        if token.text == r"\delta":
            self.advance()
            if self.accept("_"):
                return kronecker(self, start)
            raise self.problem(
                r"`\delta` alone has no meaning here", token, r"declare it, or write `\delta_{ij}` or `\mathrm dX`"
            )
        if token.text == r"\sigma":
            self.advance()
            return apply(self, "sigmoid", start)
        if token.text == "I" and token.kind in {"word", "text"}:
            self.advance()
            return sized(self, "eye", start)
        function = self.symbols.function(token)
        if function is not None:
            self.advance()
            return apply(self, function, start)
        if token.text == r"\pi":
            self.advance()
            return Name("pi", span=self.place(token))
        if token.kind == "text" and self.peek().text == "(":
            raise unknown_function(self, token)  # type: ignore[misc]
        name, _ = read_id(self)
        return Name(name, span=self.span(start))


__all__ = ["Symbols", "is_latex", "parse_latex_equations", "parse_latex_expression"]
