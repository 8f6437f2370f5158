r"""Reads LaTeX formulas as writeups print them: a Pratt parser with a symbol table, nothing guessed.

The tree holds what is printed; where the shapes decide what it means
(`A B`, `x^2`, `\mathbf 1`), `shapes.resolve` settles it afterwards.
"""

from __future__ import annotations

from gradcheck_cli.lang.ast import Binary, Call, Equation, Expr, Negative, Node, Noted, Number, Over, children
from gradcheck_cli.lang.latex_atoms import DOTS, EQUALS, SIGNS, atom
from gradcheck_cli.lang.latex_cursor import MAX_FACTORS, Cursor
from gradcheck_cli.lang.latex_derivatives import is_d, product
from gradcheck_cli.lang.latex_functions import indexed
from gradcheck_cli.lang.latex_indices import ellipsis, indices, space
from gradcheck_cli.lang.latex_layout import chunks
from gradcheck_cli.lang.latex_names import PRIMES, is_symbol
from gradcheck_cli.lang.latex_powers import ones_in_digits, power, prime
from gradcheck_cli.lang.latex_shapes import COMPARISONS
from gradcheck_cli.lang.latex_symbols import PRODUCTS, Symbols
from gradcheck_cli.lang.latex_tokens import tokens
from gradcheck_cli.lang.plain import MAX_DEPTH
from gradcheck_cli.text import Problem, Text, UserError

_BEGINNINGS = r"""
( [ { \{ \lbrack \lparen | \| \lvert \lVert \vert \Vert \langle \frac \dfrac \tfrac \cfrac \sqrt \sum \prod
\partial \nabla \ones \zeros \infty \ldots \dots \cdots \vdots \ddots \int \lim \arg \dd \binom \sup \inf
"""
_STARTS = frozenset(_BEGINNINGS.split())


def is_latex(text: Text) -> bool:
    r"""Whether a formula is written in LaTeX: between `$`, `\(`, `\[`, or in an environment."""
    return text.value.startswith(("$", "\\(", "\\[", "\\begin"))


def _check_closed(text: Text) -> None:
    """Raises UserError for an opening sign whose partner does not end the formula."""
    value = text.value.rstrip()
    for opening, closing in (("$$", "$$"), ("$", "$"), (r"\(", r"\)"), (r"\[", r"\]")):
        if value.startswith(opening):
            if len(value) < len(opening) + len(closing) or not value.endswith(closing):
                raise UserError(
                    Problem(
                        f"this `{opening}` is never closed",
                        text.span(0, len(opening)),
                        label=f"expected `{closing}` at the end of the formula",
                        help=f"write `{opening}…{closing}`",
                    )
                )
            return


def parse_latex_equations(
    text: Text, symbols: Symbols, *, relational: bool = False, members: bool = False
) -> tuple[Equation, ...]:
    r"""All equations of a display, each perhaps a chain. Raises UserError.

    `relational` ones may be inequalities; `members` may say `X \in \mathbb R^{n\times m}`.
    """
    _check_closed(text)
    found = []
    for part in chunks(text, tokens(text), members=members):
        parser = _Parser(text, symbols.words(part), symbols)
        sides = [parser.expression()]
        signs: list[str] = []
        while sign := parser.sign(relational=relational, members=members):
            signs.append(sign)
            sides.append(space(parser) if sign == r"\in" else parser.expression())
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
        sides = _members(sides) if r"\in" in signs else [_printed(side) for side in sides]
        relations = tuple(signs) if relational and any(s != "=" for s in signs) else ()
        found.append(Equation(tuple(sides), relations, span=text.span(part[0].start, part[-1].end)))
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
    return _printed(expression)


def _members(sides: list[Expr]) -> list[Expr]:
    r"""`X \in \mathbb R^{n\times m}` says what `shape(X) = [n, m]` says."""
    lists = [isinstance(s, Call) and s.function in {"stack", "shape"} for s in sides]
    return [s if done else Call("shape", (s,), span=s.span) for s, done in zip(sides, lists, strict=True)]


def _printed(side: Expr) -> Expr:
    """Marks an expression for `shapes.resolve`, even if nothing in it is open: `diag(p)`, `x + A`."""
    whole = isinstance(side, (Binary, Negative, Over)) or (isinstance(side, Call) and side.function != "grad")
    number = isinstance(side, Negative) and isinstance(side.operand, Number)
    return Noted(side, "", span=side.span) if whole and not number else side


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

    def equals(self) -> bool:
        """Takes an equals sign."""
        if self.token.text == ":" and self.peek().text == "=":
            self.advance()
        return self.accept(*EQUALS)

    def sign(self, *, relational: bool, members: bool) -> str:
        """Takes the sign between two sides, and gives it in plain text; nothing where there is none."""
        if self.equals():
            return "="
        token = self.token
        if relational and token.text in COMPARISONS and token.kind != "text":
            return COMPARISONS[self.advance().text]
        return self.advance().text if members and token.text == r"\in" else ""

    def expect_end(self, expected: str) -> None:
        """Nothing may be left."""
        token = self.token
        if token.kind == "end":
            return
        if token.text in {r"\approx", r"\propto", r"\simeq", r"\sim", r"\in"} or token.text in COMPARISONS:
            raise self.problem(
                f"`{token.text}` is not an equation",
                token,
                "a claim is an equation: its sides stand around `=`",
            )
        if token.kind == "command" and token.text not in DOTS:
            self.atom()
        if token.text in DOTS:
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
            raise self.problem(
                "`±` claims two equations at once", self.token, "write one claim for each sign"
            )
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
            sign = (
                SIGNS.get(token.text)
                if token.kind != "text"
                else "matmul"
                if token.text in PRODUCTS
                else None
            )
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
                    f"this product has more than {MAX_FACTORS} factors",
                    token,
                    "name its parts under `where:`",
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
        base = ones_in_digits(self) or atom(self)
        while True:
            if self.token.text == "^":
                self.advance()
                base = power(self, base, start)
            elif self.token.text == "_":
                self.advance()
                base = indexed(base, indices(self), self, start)
            elif self.token.text in PRIMES:
                base = prime(self, base, start)
            else:
                break
        self.open -= 1
        return base

    def atom(self) -> Expr:
        """One sign, name, group or function."""
        return atom(self)


__all__ = ["Symbols", "is_latex", "parse_latex_equations", "parse_latex_expression"]
