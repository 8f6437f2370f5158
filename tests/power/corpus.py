"""Every formula of `specs/` that is right: claims that hold, and the corrections of those that do not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from gradcheck_cli.compare.judge import judge
from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.compare.verdict import Judgement
from gradcheck_cli.lang.ast import Call, Equation, Name, Node, transform
from gradcheck_cli.lang.latex import is_latex
from gradcheck_cli.lang.plain import parse_equation, parse_expression
from gradcheck_cli.lang.printer import to_plain
from gradcheck_cli.shapes.infer import Scope
from gradcheck_cli.shapes.mismatch import ShapeMismatch
from gradcheck_cli.shapes.resolve import is_loose, resolve_expression
from gradcheck_cli.spec.load import load
from gradcheck_cli.spec.model import Claim, Definition, Formula, Operator
from gradcheck_cli.spec.typing import TypedClaim, type_claim, type_program
from gradcheck_cli.text import Text

SPECS = Path(__file__).parents[2] / "specs"


@dataclass(frozen=True, eq=False)
class Case:
    """One formula, in the claim that it stands in. `right` tells for each link whether it holds."""

    source: str
    operator: Operator
    claim: Claim
    formula: Formula
    right: tuple[bool, ...]
    suffix: str = ""

    @property
    def id(self) -> str:
        """The claim's id; a correction is marked."""
        return self.claim.id + self.suffix

    @property
    def definitions(self) -> tuple[Definition, ...]:
        """The local definitions that the formula may use; the claim's own come last."""
        return (*self.operator.where, *self.claim.where)

    def typed(self) -> TypedClaim:
        """The formula with shapes."""
        return type_claim(self.operator, self.claim, self.formula)

    def judge(self, settings: Settings) -> tuple[Judgement, ...]:
        """The verdict on each link. Raises UserError for a formula that means nothing."""
        return judge(self.operator, self.claim, self.typed(), settings)

    def changed(self, equation: Equation, where: tuple[Definition, ...]) -> Case:
        """The same claim with other words; the seed stays, for it hangs on the claim's own text."""
        formula = Formula(self.formula.text, equation)
        return replace(self, claim=replace(self.claim, where=where), formula=formula)


def cases(pattern: str = "", specs: Path = SPECS) -> Iterator[Case]:
    """All right formulas whose id or file contains the pattern."""
    word = pattern.partition("~")[0].partition("…")[0]
    for path in sorted(specs.glob("*/*.yaml")):
        if word not in str(path.relative_to(specs)) and word not in path.read_text(encoding="utf-8"):
            continue
        file = load(path)
        assert not file.problems, file.problems
        for operator in file.operators:
            for claim in operator.claims:
                claim = _with_plain_where(operator, claim)
                if claim.kind in {"value", "code"}:
                    continue  # their mistakes are of another sort: a digit, a line of Python
                if claim.kind == "shape" and is_latex(claim.formula.text):
                    continue  # it has no plain form
                for case in _of(path.parent.name, operator, claim):
                    if pattern in f"{path.relative_to(specs)} {case.id}":
                        yield case


def _with_plain_where(operator: Operator, claim: Claim) -> Claim:
    """The claim with its local definitions as they were read, where they are LaTeX."""
    if not any(is_loose(d.expression) for d in claim.where):
        return claim
    program = type_program(operator, claim.when)
    scope = Scope(program.types, program.dims, "gradient", program)
    found = []
    for d in claim.where:
        (side,) = resolve_expression(d.expression, scope, operator.vectors).sides
        assert not isinstance(side, ShapeMismatch)
        found.append(replace(d, expression=parse_expression(Text.whole("where", to_plain(side)))))
    return replace(claim, where=tuple(found))


def _of(source: str, operator: Operator, claim: Claim) -> Iterator[Case]:
    expected = claim.expect if len(claim.expect) > 1 else claim.expect * claim.links
    right = tuple(e == "holds" for e in expected)
    if any(right):
        yield Case(source, operator, claim, plain(operator, claim, claim.formula), right)
    if claim.correction is not None:
        links = len(claim.correction.equation.sides) - 1
        correction = plain(operator, claim, claim.correction)
        yield Case(source, operator, claim, correction, (True,) * links, "~correction")


def plain(operator: Operator, claim: Claim, formula: Formula) -> Formula:
    """The formula in plain text: LaTeX as it was read, `dX` for `grad(X)` where they are the same."""
    if not is_latex(formula.text):
        return formula
    equation = type_claim(operator, claim, formula).equation
    assert equation is not None, formula.text.value

    def short(node: Node) -> Node:
        match node:
            case Call("grad", (Name(name),)) if claim.kind == "gradient":
                return Name(f"d{name}")
        return node

    return Formula(formula.text, read(to_plain(transform(equation, short))))


def read(text: str) -> Equation:
    """An equation or chain of relations out of its plain text, so that each node has a place."""
    return parse_equation(Text.whole("mutant", text), relational=True)
