r"""A formula printed back as its source writes it: LaTeX to copy, mathematics to read on a terminal.

The letters are taken from the source itself (`\mathbf X`, `A_{t+1}`). What is
printed as LaTeX is read again first, and printed only if it says the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property

from gradcheck_cli.lang.ast import Call, Equation, Name, Node, transform, walk
from gradcheck_cli.lang.latex import is_latex, parse_latex_equations
from gradcheck_cli.lang.latex_printer import to_latex
from gradcheck_cli.lang.latex_symbols import Symbols
from gradcheck_cli.lang.printer import to_plain
from gradcheck_cli.lang.unicode_printer import to_unicode
from gradcheck_cli.shapes.infer import Meaning, Scope
from gradcheck_cli.shapes.resolve import is_loose, resolve_expression
from gradcheck_cli.shapes.scope import Local
from gradcheck_cli.spec.model import Claim, Formula, Operator
from gradcheck_cli.spec.typing import TypedClaim, type_claim
from gradcheck_cli.text import Span, Text, UserError

_D = re.compile(r"(?:\\(?:mathrm|text|operatorname)\s*(?:\{\s*d\s*\}|d(?![A-Za-z]))|d)\s*")
_LOSS = re.compile(r"\\partial\s*(\\mathcal\s*(?:\{\s*L\s*\}|L)|L|\\ell)(?![A-Za-z])")
_NABLA = re.compile(
    r"\\nabla\s*_\s*(?:\{(?:[^{}]|\{[^{}]*\})*\}|\\[A-Za-z]+|\w)\s*(\\mathcal\s*(?:\{\s*L\s*\}|L)|L|\\ell)(?![A-Za-z])"
)
_PARTIAL = re.compile(r"\\frac\{\\partial \\mathcal\{L\}\}\{\\partial ((?:[^{}]|\{[^{}]*\})+)\}")
_FONT = re.compile(
    r"(\\(?:mathbf|boldsymbol|bm|pmb|mathit|mathcal|mathscr|mathfrak|mathbb|vec))(?![A-Za-z])\s*"
    r"(?:\{([^{}]*)\}|([A-Za-z]))"
)
_WRAPPED = re.compile(r"\$\$(.*)\$\$|\$(.*)\$|\\\((.*)\\\)|\\\[(.*)\\\]", re.DOTALL)


class Notation:
    """How one claim is written, and everything else about it with it."""

    def __init__(self, operator: Operator, claim: Claim, typed: TypedClaim) -> None:
        self.operator = operator
        self.claim = claim
        self.program = typed.program

    @property
    def is_latex(self) -> bool:
        """Whether the claim is written in LaTeX."""
        return is_latex(self.claim.formula.text)

    def pretty(self, formula: Formula, typed: TypedClaim) -> tuple[str, ...] | None:
        """The sides as mathematics in Unicode, where the claim is LaTeX.

        Products stand as they were read; where the shapes do not fit, as they were printed.
        """
        if not self.is_latex:
            return None
        sides = (typed.equation or formula.equation).sides
        return tuple(to_unicode(self._long(side), self.ranks) for side in sides)

    def latex(self, formula: Formula, typed: TypedClaim) -> str | None:
        """The formula in LaTeX without `$`: its very characters if it is LaTeX, else printed and verified."""
        if is_latex(formula.text):
            text = " ".join(formula.text.value.split())
            match = _WRAPPED.fullmatch(text)
            return next(g for g in match.groups() if g is not None).strip() if match else text
        if typed.equation is None or not self.is_latex:
            return None
        equation = self._long(typed.equation)
        noted = {name: symbol.strip().strip("$") for symbol, name in self.operator.notation}
        own = to_latex(equation, {**noted, **self._letters}, self.ranks)
        plainest = to_latex(equation, noted, self.ranks)
        for printed in (self._with_nabla(self._with_d(own)), self._with_d(own), own, plainest):
            text = printed.replace(r"\mathcal{L}", self._loss)
            if self._says(text, typed.equation):
                return text
        return None

    @cached_property
    def ranks(self) -> Mapping[str, int]:
        """The number of axes of every declared name."""
        program = self.program
        found = {name: type_.rank for name, type_ in program.types.items()} | dict.fromkeys(program.dims, 0)
        locals_: dict[str, Local] = {}
        scope = Scope(program.types, program.dims, self._meaning, program, locals_)
        for line in (*self.operator.where, *self.claim.where):
            try:
                expression = line.expression
                if is_loose(expression):
                    with scope.binding(line.indices):
                        (side,) = resolve_expression(expression, scope, self.operator.vectors).sides
                    if isinstance(side, UserError):
                        continue
                    expression = side
                locals_[line.name] = Local(expression, line.indices)
                found[line.name] = scope.infer(Name(line.name)).type.rank
            except UserError:
                continue  # a definition that means nothing here is not in the claim either
        return found

    @property
    def _meaning(self) -> Meaning:
        if self.claim.kind in {"identity", "expectation"}:
            return "values"
        return "differential" if self.claim.kind == "differential" else "gradient"

    def _long(self, node: Node) -> Node:
        """Where `dX` is `grad(X)`, that has a print of its own."""
        gradient = self._meaning == "gradient"

        def change(node: Node) -> Node:
            match node:
                case Name(id) if gradient and id[1:] in self.program.types and id not in self.ranks:
                    if id[0] == "d":
                        return Call("grad", (Name(id[1:], span=node.span),), span=node.span)
            return node

        return transform(node, change)

    @cached_property
    def _letters(self) -> Mapping[str, str]:
        """How the formulas of this operator write the names, the claim itself first."""
        claims = (self.claim, *(c for c in self.operator.claims if c is not self.claim))
        lines = [(d.text, d.expression) for d in (*self.operator.forward, *self.operator.where)]
        found: dict[str, str] = {}
        for text, tree in [*((c.formula.text, c.formula.equation) for c in claims), *lines]:
            fonts = fonts_of(text) if is_latex(text) else {}
            for node in walk(tree) if is_latex(text) else ():
                if not isinstance(node, Name) or not node.span:
                    continue
                if node.id in self.ranks:
                    found.setdefault(node.id, _lettered(node.span, fonts))
                elif node.id[1:] in self.ranks and (d := _D.match(node.span.text)):
                    span = Span(node.span.source, node.span.start + d.end(), node.span.end)
                    found.setdefault(node.id[1:], _lettered(span, fonts))
        return found

    def _with_d(self, text: str) -> str:
        r"""A differential is `dX` where the source has no `\mathrm`."""
        return text if r"\mathrm" in self.claim.formula.text.value else text.replace(r"\mathrm{d}", "d")

    def _with_nabla(self, text: str) -> str:
        r"""A gradient is `\nabla_X L` where the claim has no fraction of partials."""
        claimed = self.claim.formula.text.value
        if r"\nabla" not in claimed or r"\partial" in claimed:
            return text

        def nabla(match: re.Match[str]) -> str:
            name = match.group(1)
            return rf"\nabla_{name if len(name) == 1 else f'{{{name}}}'} \mathcal{{L}}"

        return _PARTIAL.sub(nabla, text)

    @cached_property
    def _loss(self) -> str:
        claimed = self.claim.formula.text.value
        match = _LOSS.search(claimed) or _NABLA.search(claimed)
        return match.group(1) if match else r"\mathcal{L}"

    def _says(self, latex: str, equation: Equation) -> bool:
        """Whether a text, read as the source's LaTeX is, gives the equation."""
        text = Text.whole("correction", f"${latex}$")
        try:
            (again,) = parse_latex_equations(text, self._symbols)
            typed = type_claim(self.operator, self.claim, Formula(text, again))
        except (UserError, ValueError):  # cannot be read, or is more than one equation
            return False
        return typed.equation is not None and to_plain(self._long(typed.equation)) == to_plain(
            self._long(equation)
        )

    @cached_property
    def _symbols(self) -> Symbols:
        operator, program = self.operator, self.program
        return Symbols(
            frozenset(program.types),
            frozenset(program.dims),
            frozenset(d.name for d in (*operator.where, *self.claim.where)),
            {
                d.name: frozenset(n.id for n in walk(d.expression) if isinstance(n, Name))
                for d in operator.forward
            },
            dict(operator.notation),
            operator.vectors,
        )


def fonts_of(text: Text) -> dict[int, str]:
    r"""The font of every character that has one, by its place: the `QK` of `\mathbf{QK}` are bold."""
    start, end = text.all.start, text.all.end
    found: dict[int, str] = {}
    for match in _FONT.finditer(text.source.text, start, end):
        group = 2 if match.group(2) is not None else 3
        found |= dict.fromkeys(range(match.start(group), match.end(group)), match.group(1))
    return found


def _lettered(span: Span, fonts: Mapping[int, str]) -> str:
    """A name as it is written, with its font, which may end inside of it: `W}_t`."""
    letters, font = " ".join(span.text.split()), fonts.get(span.start)
    if font is None:
        # the place of a `\hat{\mathbf{x}}` may end with its letter
        return letters + "}" * (letters.count("{") - letters.count("}"))
    return f"{font}{{{letters}" if letters.count("}") > letters.count("{") else f"{font}{{{letters}}}"
