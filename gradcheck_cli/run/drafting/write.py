"""Writes a draft as YAML for a stranger to read: what is assumed or open is said beside what it is about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from gradcheck_cli.lang.ast import Call, walk
from gradcheck_cli.run.drafting.operators import ClaimLine, Line
from gradcheck_cli.run.drafting.shaped import POSITIVE, Shaped
from gradcheck_cli.run.drafting.spelling import comment, noted, quoted, scalar, word


def head(draft: Shaped, document: str = "", name: str = "draft") -> tuple[str, dict[int, str]]:
    """All of an operator but its claims; and which line of `forward` stands in which line of the text."""
    here = draft.here
    rows = [f"operator: {word(name)}"]
    if document:
        rows += ["source:", f"  document: {word(document)}"]
        rows += [f"  section: {word(here.title)}"] if here.title else []
    rows += ["inputs:", *_inputs(draft), "forward:"]
    where: dict[int, str] = {}
    ordered = [line for line in here.ordered() if line.name not in draft.flawed]
    for line in ordered:
        start = len(rows)
        rows += _forward(line, draft).split("\n")
        where |= dict.fromkeys(range(start + 1, len(rows) + 1), line.name)
    outputs = [name for name in here.outputs if name in here.lines and name not in draft.flawed]
    if ordered and outputs not in ([], [ordered[-1].name]):
        rows.append(f"output: {outputs[0] if len(outputs) == 1 else '[' + ', '.join(outputs) + ']'}")
    if here.upstream:
        remark = f"assumed: the gradient of {here.output}"
        rows += ["where:", noted(f"  {here.upstream}: grad({here.output})", remark)]
    printed = {**here.folded, **draft.steps}
    if printed:
        inside = ", ".join(f"{s if s.isalnum() else quoted(s)}: {n}" for s, n in printed.items())
        remark = "assumed: a letter and its capital are the same" if here.folded else ""
        rows.append(noted(f"notation: {{{inside}}}", remark))
    return "\n".join(rows) + "\n", where


def _inputs(draft: Shaped) -> list[str]:
    solution = draft.solution
    rows = []
    for name, shape in solution.shapes.items():
        value = "[" + ", ".join(shape) + "]"
        law = draft.laws.get(name)
        if law:
            value = f"{{shape: {value}, random: {law}}}"
        elif name in POSITIVE and not shape:
            value = f"{{shape: {value}, domain: positive}}"
        if name in solution.stated:
            remark = f"line {solution.stated[name]}"
        elif name in draft.open:
            remark = "TODO: not explained; an input, or a line of forward?"
        else:
            guessed = [d for d in dict.fromkeys(shape) if d in solution.guessed]
            remark = "assumed" + (f", with {' and '.join(guessed)} as its size" if guessed else "")
        rows.append(noted(f"  {name}: {value}", remark))
    for name, reason in draft.flawed.items():
        remark = f"TODO: its shape; its formula cannot be read here: {comment(reason)}"
        rows.append(noted(f"  {name}: []", remark))
        line = draft.here.lines[name]
        rows.append(f"  # {line.reading.statement.place}: {comment(name)} = {comment(line.latex)}")
    return rows


def _forward(line: Line, draft: Shaped) -> str:
    key = f"{line.name}[{', '.join(line.indices)}]" if line.indices else line.name
    remarks = [line.remark or line.reading.statement.place]
    latex = line.latex
    if _sigmoid(line):
        remarks.append(r"assumed: \sigma is the sigmoid")
    if line.name in draft.dotted:
        latex = latex.replace(r"\cdot", r"\odot")
        remarks.append("assumed: its dot is elementwise")
    shown = latex if line.plain else f"${latex}$"
    return noted(f"  {key}: {scalar(shown, 2, len(key) + 4)}", "; ".join(remarks))


def _sigmoid(line: Line) -> bool:
    tree = line.expression
    if r"\sigma" not in line.latex or tree is None:
        return False
    return any(isinstance(n, Call) and n.function == "sigmoid" for n in walk(tree))


class Names:
    """Names of operators and ids of claims, each once in a file."""

    def __init__(self, drafts: Sequence[Shaped]) -> None:
        self.titles = Counter(d.here.title for d in drafts)
        self.stems = Counter(stem(c) for d in drafts for c in d.here.claims)
        self.taken: set[str] = set()

    def operator(self, draft: Shaped) -> str:
        """The section, and the line where it holds several operators."""
        title = draft.here.title[:80] or "draft"
        if self.titles[draft.here.title] > 1:
            title = f"{title} (line {draft.here.line})"
        return self._once(title, " ")

    def id(self, claim: ClaimLine) -> str:
        """A word that says what the claim is about."""
        base = stem(claim)
        if self.stems[base] > 1:
            base = f"{base}-{claim.reading.statement.line}"
        return self._once(base, "-")

    def _once(self, base: str, sign: str) -> str:
        found, number = base, 1
        while found in self.taken:
            number += 1
            found = f"{base}{sign}{number}"
        self.taken.add(found)
        return found


def stem(claim: ClaimLine) -> str:
    """`dX` for a gradient, else the kind of claim and what it is about."""
    target = claim.reading.target
    if claim.kind == "gradient" and target:
        return f"d{target}"[:50]
    return f"{claim.kind}-{target}"[:50] if target and target != "L" else claim.kind


def operator(draft: Shaped, document: str, names: Names) -> str:
    """One operator with its claims."""
    text, _ = head(draft, document, names.operator(draft))
    rows = ["claims:"]
    for number, claim in enumerate(draft.here.claims):
        places = comment(", ".join((claim.reading.statement.place, *claim.again)))
        id_ = names.id(claim)
        formula = f"{claim.kind}: {scalar(f'${claim.latex}$', 4, len(claim.kind) + 6)}"
        if number in draft.refused:
            rows.append(f"  # TODO {places}, cannot be judged as it stands: {comment(draft.refused[number])}")
            rows += [f"  # - id: {id_}", *(f"  #   {row.strip()}" for row in formula.split("\n"))]
            continue
        if number in draft.misfits:
            places += "; the shapes do not fit"
        rows += [noted(f"  - id: {id_}", places), f"    {formula}"]
        if quote := claim.reading.statement.quote:
            rows.append(f"    quote: {scalar(quote, 4, 11)}")
    return text + "\n".join(rows) + "\n"
