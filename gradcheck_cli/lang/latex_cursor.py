"""Where the LaTeX parser stands, what it expects, and how it says that something else came."""

from __future__ import annotations

from gradcheck_cli.lang.ast import Expr
from gradcheck_cli.lang.latex_symbols import Symbols
from gradcheck_cli.lang.latex_tokens import Token
from gradcheck_cli.text import Problem, Span, Text, UserError

MAX_NESTING = 50
"""How deep brackets, fractions and functions may nest; each level costs several Python frames."""

MAX_FACTORS = 60
"""How many factors one product may have."""


class Cursor:
    """The tokens of one equation with a position; the grammar itself is in `latex`."""

    def __init__(self, text: Text, found: list[Token], symbols: Symbols) -> None:
        self.text = text
        self.tokens = found
        self.symbols = symbols
        self.position = 0
        self.open = 0
        self.bars: list[str] = []
        """The `|` and `\\|` that are open: the next one closes."""
        self.bound: list[str] = []
        """The indices of the sums that are open."""

    # what the grammar provides

    def expression(self) -> Expr:
        """A sum of terms."""
        raise NotImplementedError

    def relation(self) -> Expr:
        """A sum, or two of them compared."""
        raise NotImplementedError

    def term(self) -> Expr:
        """A product."""
        raise NotImplementedError

    def run(self) -> Expr:
        """Factors that stand side by side: the argument of a function without brackets."""
        raise NotImplementedError

    def factor(self) -> Expr:
        """An atom with its exponents and indices."""
        raise NotImplementedError

    def starts_factor(self) -> bool:
        """Whether a factor may begin here."""
        raise NotImplementedError

    # tokens

    @property
    def token(self) -> Token:
        """The next token."""
        return self.tokens[self.position]

    @property
    def before(self) -> Token:
        """The last token read."""
        return self.tokens[max(0, self.position - 1)]

    def peek(self, ahead: int = 1) -> Token:
        """A token further on; the end stands behind the last."""
        return self.tokens[min(self.position + ahead, len(self.tokens) - 1)]

    def advance(self) -> Token:
        """Takes the next token; the end is never passed."""
        token = self.token
        if token.kind != "end":
            self.position += 1
        return token

    def accept(self, *texts: str) -> bool:
        """Takes the next token if it is one of these."""
        if self.token.text in texts and self.token.kind != "text":
            self.advance()
            return True
        return False

    def expect(self, *texts: str) -> Token:
        """Takes the next token, which must be one of these."""
        if self.token.text not in texts or self.token.kind == "text":
            raise self.unexpected(f"`{texts[0]}`")
        return self.advance()

    # places and problems

    def span(self, start: int) -> Span:
        """From a start offset to the end of the last token read."""
        return self.text.span(start, max(start, self.before.end))

    def place(self, token: Token) -> Span:
        """Where a token stands."""
        return self.text.span(token.start, token.end)

    def problem(self, message: str, token: Token, help: str = "") -> UserError:
        """An error at a token."""
        return UserError(Problem(message, self.place(token), help=help))

    def refuse(self, message: str, start: int, help: str = "") -> UserError:
        """An error from an offset to the last token read."""
        return UserError(Problem(message, self.span(start), help=help))

    def unexpected(self, expected: str, help: str = "") -> UserError:
        """Says what was expected, and after what."""
        token, before = self.token, self.before
        after = f" after `{before.text}`" if self.position else ""
        if token.kind == "end":
            return self.problem(f"the formula ends too early: expected {expected}{after}", token, help)
        shown = r"\\" if token.kind == "row" else token.text
        return self.problem(f"expected {expected}{after}, not `{shown}`", token, help)

    def deeper(self) -> None:
        """Counts a level of nesting."""
        self.open += 1
        if self.open > MAX_NESTING:
            raise self.problem(
                f"this formula nests more than {MAX_NESTING} deep",
                self.token,
                "name its parts under `where:`",
            )

    def argument(self) -> Expr:
        r"""What a command such as `\frac` takes: a group in braces, or one sign."""
        if not self.accept("{"):
            self.deeper()
            atom = self.atom()
            self.open -= 1
            return atom
        inner = self.relation()
        self.expect("}")
        return inner

    def atom(self) -> Expr:
        """One sign, name, group or function."""
        raise NotImplementedError
