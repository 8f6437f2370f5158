"""Tries a draft on the spec reader itself: what it cannot read or type is found here, with the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gradcheck_cli.lang.ast import Name, walk
from gradcheck_cli.lang.latex_symbols import Symbols
from gradcheck_cli.run.drafting.operators import ClaimLine, Operator
from gradcheck_cli.run.drafting.shaped import Shaped
from gradcheck_cli.run.drafting.solve import Solution
from gradcheck_cli.run.drafting.write import head
from gradcheck_cli.spec.formula import read_formula
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.spec.model import Claim, Formula, Kind
from gradcheck_cli.spec.model import Operator as Spec
from gradcheck_cli.spec.names import Names
from gradcheck_cli.spec.typing import type_claim, type_program
from gradcheck_cli.text import Problem, Text, UserError


def best(here: Operator, solutions: Sequence[Solution], laws: Mapping[str, str]) -> Shaped:
    """The solution under which most claims can be typed; the earlier one of equals."""
    found: Shaped | None = None
    for solution in solutions:
        tried = attempt(here, solution, laws)
        if found is None or (tried.live, -len(tried.flawed)) > (found.live, -len(found.flawed)):
            found = tried
        if not tried.refused and not tried.flawed:
            break
    assert found is not None
    return found


def attempt(here: Operator, solution: Solution, laws: Mapping[str, str]) -> Shaped:
    """One solution, tried."""
    tried = Shaped(here, solution, laws)
    for line in here.lines.values():
        if line.trouble:
            tried.flawed[line.name] = line.trouble
    spec = None
    for _ in range(2 * len(here.lines) + 1):
        spec = _forward(tried)
        if spec is not None or tried.unreadable:
            break
    if spec is None:
        tried.unreadable = tried.unreadable or "the forward cannot be read"
        return tried
    symbols = _symbols(spec)
    for number, claim in enumerate(here.claims):
        _claim(tried, spec, symbols, number, claim)
    return tried


def _forward(tried: Shaped) -> Spec | None:
    """The operator without its claims; None where a line had to be changed: try again."""
    text, lines = head(tried)
    some = next((n for n in tried.here.lines if n not in tried.flawed), None)
    if some is None:
        tried.unreadable = "no line of it can be read"
        return None
    loaded = load_text("draft", text + f"claims:\n  - identity: {some} = {some}\n")
    problems = list(loaded.problems)
    spec = loaded.operators[0] if loaded.operators and not problems else None
    if spec is not None:
        try:
            type_program(spec)
        except UserError as error:
            problems, spec = list(error.problems), None
        except RecursionError:
            tried.unreadable = "it nests too deeply"
            return None
    if spec is not None:
        return spec
    for problem in problems:
        name = lines.get(problem.span.line) if problem.span is not None else None
        if (
            name is not None
            and _may_be_dotted(problem, tried.here.lines[name].latex)
            and name not in tried.dotted
        ):
            tried.dotted.add(name)
            return None
        if name is not None and name not in tried.flawed:
            tried.flawed[name] = _reason(problem)
            return None
    tried.unreadable = _reason(problems[0]) if problems else "it cannot be read"
    return None


def _may_be_dotted(problem: Problem, latex: str) -> bool:
    """Whether a line is unclear because its dot may be the inner product."""
    return r"\cdot" in latex and problem.message.startswith("this formula can be read")


def _symbols(spec: Spec) -> Symbols:
    """What the formulas of an operator may use."""
    names = [i.name for i in spec.inputs] + [d.name for d in spec.forward]
    dims = {n.id for i in spec.inputs for d in i.shape for n in walk(d) if isinstance(n, Name)}
    needs = {d.name: frozenset(n.id for n in walk(d.expression) if isinstance(n, Name)) for d in spec.forward}
    known = Names()
    known.notation = dict(spec.notation)
    known.laws = {i.name: (i.random.name, i.random.parameters) for i in spec.inputs if i.random}
    base = known.symbols()
    locals_ = frozenset(d.name for d in spec.where)
    return Symbols(frozenset(names), frozenset(dims), locals_, needs, base.notation, base.vectors, base.laws)


def _claim(tried: Shaped, spec: Spec, symbols: Symbols, number: int, claim: ClaimLine) -> None:
    text = Text.whole("claim", f"${claim.latex}$")
    kind: Kind = claim.kind  # type: ignore[assignment]
    try:
        formula = Formula(text, read_formula(text, lambda: symbols, kind))
        typed = type_claim(spec, Claim(("draft",), kind, formula, text.all))
    except UserError as error:
        tried.refused[number] = _reason(error.problems[0])
        return
    except RecursionError:
        tried.refused[number] = "it nests too deeply"
        return
    for link in typed.links:
        if link.mismatch is not None:
            reason = _reason(link.mismatch.problems[0])
            sure = _sure(tried, claim)
            (tried.misfits if sure else tried.refused)[number] = reason
            return


def _sure(tried: Shaped, claim: ClaimLine) -> bool:
    """Whether every shape behind a claim is stated, or follows from what is."""
    here, solution = tried.here, tried.solution
    inputs = here.inputs_of(here.folded.get(n, n) for n in claim.names) & solution.shapes.keys()
    sizes = {size for name in solution.stated for size in solution.shapes[name]}
    followed = {n for n, shape in solution.shapes.items() if shape and set(shape) <= sizes}
    return inputs <= solution.stated.keys() | followed


def _reason(problem: Problem) -> str:
    return problem.message
