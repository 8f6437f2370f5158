"""Reads plain-text formulas: Python and NumPy syntax, exact numbers, nothing evaluated."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from gradcheck_cli.lang.ast import (
    Absent,
    Binary,
    Boolean,
    Call,
    Ellipsis,  # noqa: A004  as Python calls it
    Equation,
    Expr,
    Keyword,
    Name,
    Negative,
    Node,
    Number,
    Over,
    Slice,
    String,
    Subscript,
    Transpose,
    Tuple,
    children,
)
from gradcheck_cli.lang.functions import ALIASES, FUNCTIONS, OVER
from gradcheck_cli.lang.tokens import MAX_DIGITS, Token, tokens
from gradcheck_cli.text import Problem, Span, Text, UserError, nearest

MAX_DEPTH = 100
"""How deep a formula may nest, in brackets or as a tree; a sum of n terms nests n deep."""

MAX_EXPONENT = 400
_SMALLEST = Fraction(1, 10**MAX_EXPONENT)

BINDING = {
    "<": 1,
    "<=": 1,
    ">": 1,
    ">=": 1,
    "==": 1,
    "!=": 1,
    "+": 2,
    "-": 2,
    "*": 3,
    "/": 3,
    "@": 3,
    "**": 5,
}
"""How tightly each operator binds, as in Python; a sign binds at 4, brackets and `.T` at 6."""

SIGN = 4
POSTFIX = 6

_CONSTANTS: dict[str, Expr] = {"True": Boolean(True), "False": Boolean(False), "None": Absent()}


def parse_expression(text: Text) -> Expr:
    """The tree of one expression. Raises UserError with the place of what cannot be read."""
    parser = _Parser(text)
    expression = parser.expression(0)
    if parser.token.text == "=":
        raise parser.problem("one expression is expected here, not an equation", parser.token)
    parser.expect_end()
    parser.check_depth(expression)
    return expression


def parse_equation(text: Text, *, relational: bool = False) -> Equation:
    """The tree of a claim: `a = b`, or a chain `a = b = c`; `relational` ones may be `a <= b < c`."""
    parser = _Parser(text)
    loosest = BINDING["<"] if relational else 0
    sides = [parser.expression(loosest)]
    signs: list[str] = []
    while parser.token.text == "=" or (relational and BINDING.get(parser.token.text) == loosest):
        signs.append(parser.advance().text.replace("==", "="))
        sides.append(parser.expression(loosest))
    parser.expect_end()
    for side in sides:
        parser.check_depth(side)
    if len(sides) == 1 and relational:
        raise UserError(
            Problem(
                "this claim has no relation",
                text.all,
                help="write what it claims: `a = b`, `a <= b`, `a != b`",
            )
        )
    if len(sides) == 1:
        wanted = "write a single `=`" if "==" in text.value else "write what it claims"
        raise UserError(
            Problem("a claim is an equation, and this one has no `=`", text.all, help=f"{wanted}: `dX = …`")
        )
    relations = tuple(signs) if any(s != "=" for s in signs) else ()
    return Equation(tuple(sides), relations, span=text.all)


class _Parser:
    """A Pratt parser over one formula.

    Grammar, loosest first (`BINDING` holds the precedences)::

        equation   = expression ("=" expression)+
        expression = expression binary expression | ("-" | "+") expression | postfix
        postfix    = atom (".T" | ".mT" | "[" item ("," item)* "]")*
        item       = expression | [expression] ":" [expression] [":" [expression]] | "..." | None
        atom       = number | string | name | True | False | None
                   | "[" expression ("," expression)* "]"
                   | name "(" [argument ("," argument)*] ")"
                   | name "[" name ("," name)* "]" "(" expression ")"
                   | "(" expression ("," expression)* ")"
        argument   = [name "="] expression
    """

    def __init__(self, text: Text) -> None:
        self.text = text
        self.tokens = tokens(text)
        self.position = 0
        self.open = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.position]

    @property
    def before(self) -> Token:
        return self.tokens[max(0, self.position - 1)]

    def advance(self) -> Token:
        token = self.token
        self.position += 1
        return token

    def span(self, start: int) -> Span:
        """From a start offset to the end of the last token read."""
        return self.text.span(start, self.before.end)

    def place(self, token: Token) -> Span:
        return self.text.span(token.start, token.end)

    def problem(self, message: str, token: Token, label: str = "", help: str = "") -> UserError:
        return UserError(Problem(message, self.place(token), label, help))

    def unexpected(self, expected: str) -> UserError:
        """Says what was expected, and after what."""
        token, before = self.token, self.before
        after = f" after `{before.text}`" if self.position else ""
        if token.kind == "end":
            return self.problem(f"the formula ends too early: expected {expected}{after}", token)
        return self.problem(
            f"expected {expected}{after}, not `{token.text}`", token, help=self.hint(token, before)
        )

    def hint(self, token: Token, before: Token) -> str:
        operand = before.kind in {"number", "name"} or before.text in {")", "]"}
        if operand and (token.kind in {"number", "name"} or token.text == "("):
            return "a product needs a sign: `*` (elementwise) or `@` (matrix)"
        if token.text == "=":
            return "a comparison is written `==`"
        return ""

    def expect(self, text: str) -> Token:
        if self.token.text != text or self.token.kind == "string":
            raise self.unexpected(f"`{text}`")
        return self.advance()

    def expect_end(self) -> None:
        if self.token.kind != "end":
            raise self.unexpected("an operator or the end")

    def deeper(self, token: Token) -> None:
        self.open += 1
        if self.open > MAX_DEPTH:
            raise self.problem(
                f"this formula nests more than {MAX_DEPTH} deep",
                token,
                help="name its parts under `where:`",
            )

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

    def expression(self, minimum: int) -> Expr:
        opened = self.open
        self.deeper(self.token)
        left = self.prefix()
        while self.token.kind == "op" and BINDING.get(self.token.text, 0) > minimum:
            operator = self.advance()
            binding = BINDING[operator.text]
            # `**` groups to the right, and its exponent may carry a sign: 2**-1
            right = self.expression(SIGN - 1 if operator.text == "**" else binding)
            if binding == 1 and BINDING.get(self.token.text) == 1:
                raise self.problem(
                    "comparisons cannot be chained",
                    self.token,
                    help="multiply two of them: `(a < b) * (b < c)`",
                )
            start = left.span.start if left.span else 0
            end = right.span.end if right.span else start
            left = Binary(operator.text, left, right, span=Span(self.text.source, start, end))
        self.open = opened
        return left

    def prefix(self) -> Expr:
        token = self.token
        if token.text in {"-", "+"} and token.kind == "op":
            self.advance()
            operand = self.expression(SIGN)
            if token.text == "+":
                return operand
            return Negative(operand, span=self.span(token.start))
        return self.postfix(self.atom(), token.start)

    def postfix(self, operand: Expr, start: int) -> Expr:
        while self.token.kind == "op" and self.token.text in {".", "["}:
            if self.advance().text == ".":
                operand = self.attribute(operand, start)
            else:
                items = self.several(self.item, "]")
                if not items:
                    raise self.unexpected("an index")
                self.expect("]")
                operand = Subscript(operand, tuple(items), span=self.span(start))
        return operand

    def attribute(self, operand: Expr, start: int) -> Expr:
        name = self.token
        if name.kind != "name":
            raise self.unexpected("`T` or `mT`")
        if name.text in {"T", "mT"}:
            self.advance()
            return Transpose(operand, name.text, span=self.span(start))
        known = name.text if name.text in FUNCTIONS else ALIASES.get(name.text)
        if name.text in {"t", "H", "mH"}:
            advice = "the transpose is written `.T`, or `.mT` for the last two axes"
        elif known and isinstance(operand, Name) and operand.id in {"np", "numpy", "torch", "jnp", "F"}:
            advice = f"write `{known}(…)` without a module's name"
        elif known:
            advice = f"write it as a call: `{known}(…)`"
        else:
            advice = "only `.T` and `.mT` follow a dot"
        raise self.problem(f"`.{name.text}` is not part of the language", name, help=advice)

    def several(self, one: Callable[[], Expr], closing: str) -> list[Expr]:
        """Comma-separated items up to a closing bracket; a comma may end the list."""
        items: list[Expr] = []
        while self.token.text != closing or self.token.kind == "string":
            items.append(one())
            if self.token.text != ",":
                break
            self.advance()
        return items

    def item(self) -> Expr:
        token = self.token
        if token.text == "...":
            self.advance()
            return Ellipsis(span=self.place(token))
        parts: list[Expr | None] = [None]
        colons = 0
        while True:
            if self.token.text == ":" and colons < 2:
                self.advance()
                colons += 1
                parts.append(None)
            elif self.token.text in {",", "]"} or parts[-1] is not None:
                break
            else:
                parts[-1] = self.expression(0)
        if not colons:
            if parts[0] is None:
                raise self.unexpected("an index")
            return parts[0]
        start, stop, step = [*parts, None, None][:3]
        return Slice(start, stop, step, span=self.span(token.start))

    def atom(self) -> Expr:
        token = self.token
        if token.kind == "number":
            self.advance()
            return Number(self.number(token), span=self.place(token))
        if token.kind == "string":
            self.advance()
            return String(token.text[1:-1], span=self.place(token))
        if token.kind == "name":
            return self.name(self.advance())
        if token.text == "[":
            return self.stacked()
        if token.text == "(":
            self.advance()
            items = self.several(lambda: self.expression(0), ")")
            comma = self.before.text == ","
            if not items:
                raise self.unexpected("an expression")
            self.expect(")")
            if len(items) == 1 and not comma:
                # the brackets belong to the place, so that a caret covers them
                return items[0].at(self.span(token.start))  # type: ignore[return-value]
            return Tuple(tuple(items), span=self.span(token.start))
        raise self.unexpected("an expression")

    def stacked(self) -> Expr:
        """`[a, b]`, the array of its elements: short for `stack(a, b)`."""
        start = self.advance().start
        items = self.several(lambda: self.expression(0), "]")
        if not items:
            raise self.unexpected("an expression")
        self.expect("]")
        return Call("stack", tuple(items), span=self.span(start))

    def number(self, token: Token) -> Fraction:
        mantissa, _, exponent = token.text.lower().partition("e")
        digits = len(mantissa.replace(".", "").lstrip("0"))
        power = int(exponent or 0) if len(exponent) <= 5 else MAX_EXPONENT + 1
        long = digits > MAX_DIGITS or abs(power) > MAX_EXPONENT
        value = Fraction(0) if long else Fraction(mantissa) * Fraction(10) ** power
        # 0.001e-400 would be printed as 1e-403, and could not be read back
        if long or (value and not _SMALLEST <= value < 10 / _SMALLEST):
            raise self.problem(
                "this number is too long to be meant",
                token,
                help=f"at most {MAX_DIGITS} digits, and exponents up to {MAX_EXPONENT}",
            )
        following = self.token
        if following.start == token.end and (following.kind == "name" or following.text == "("):
            raise self.problem(
                f"a product needs a sign: `{token.text}*{following.text}`",
                following,
            )
        return value

    def name(self, token: Token) -> Expr:
        span = self.place(token)
        if token.text in _CONSTANTS:
            return _CONSTANTS[token.text].at(span)  # type: ignore[return-value]
        if self.token.text == "(" and self.token.kind == "op":
            return self.call(token)
        if self.token.text == "[" and token.text in OVER and self.is_over():
            return self.over(token)
        return Name(token.text, span=span)

    def is_over(self) -> bool:
        """Whether `sum[` begins a reduction over indices: the bracket is followed by `(`."""
        depth = 0
        for i in range(self.position, len(self.tokens)):
            text = self.tokens[i].text
            depth += (text == "[") - (text == "]")
            if depth == 0:
                return self.tokens[i + 1].text == "(" if i + 1 < len(self.tokens) else False
        return False

    def over(self, token: Token) -> Expr:
        self.expect("[")
        indices: list[Name] = []
        for item in self.several(lambda: self.expression(0), "]"):
            if not isinstance(item, Name):
                raise UserError(Problem("an index is a single name", item.span, help="write `sum[i, j](…)`"))
            indices.append(item)
        if not indices:
            raise self.unexpected("an index")
        self.expect("]")
        self.expect("(")
        body = self.expression(0)
        self.expect(")")
        return Over(token.text, tuple(indices), body, span=self.span(token.start))

    def call(self, token: Token) -> Expr:
        if token.text not in FUNCTIONS:
            raise self.unknown_function(token)
        self.expect("(")
        args: list[Expr] = []
        keywords: list[Keyword] = []

        def argument() -> Expr:
            following = self.tokens[self.position + 1] if self.token.kind == "name" else None
            if following is not None and following.text == "=":
                name = self.advance()
                self.advance()
                value = self.expression(0)
                keywords.append(Keyword(name.text, value, span=self.span(name.start)))
                return value
            if keywords:
                raise self.unexpected("another keyword")
            value = self.expression(0)
            args.append(value)
            return value

        self.several(argument, ")")
        self.expect(")")
        return Call(token.text, tuple(args), tuple(keywords), span=self.span(token.start))

    def unknown_function(self, token: Token) -> UserError:
        other = ALIASES.get(token.text) or nearest(token.text, FUNCTIONS)
        if other:
            advice = f"did you mean `{other}`?"
        else:
            advice = (
                f"if `{token.text}` is an array, a product needs a sign: `*` (elementwise) or `@` (matrix)"
            )
        return self.problem(f"`{token.text}` is not a function", token, help=advice)
