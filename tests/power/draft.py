"""Measures `gradcheck draft`: `python -m tests.power.draft --sources DIR` drafts the audited sources anew.

What comes out unaided is compared with the specs that people wrote for the same
documents: inputs (name and shape, up to the names of sizes), lines of `forward`
(the same values), claims (the same formula, typed, of the same kind), and verdicts.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from gradcheck_cli.compare.judge import judge
from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.lang.latex import is_latex
from gradcheck_cli.lang.latex_symbols import Symbols
from gradcheck_cli.lang.printer import to_plain
from gradcheck_cli.report.result import meets
from gradcheck_cli.run.drafting.draft import draft
from gradcheck_cli.run.judged import judged
from gradcheck_cli.spec.formula import read_formula
from gradcheck_cli.spec.load import load, load_text
from gradcheck_cli.spec.model import Claim, Definition, Formula, Operator, SpecFile
from gradcheck_cli.spec.names import FORWARD, INPUT, WHERE, Names
from gradcheck_cli.spec.typing import type_claim
from gradcheck_cli.text import Source, Text, UserError
from gradcheck_cli.writeups.locate import printed

from .corpus import SPECS

_LAYOUT = re.compile(
    r"\\(?:left|right|nonumber|quad|qquad|[,;:! ])(?![A-Za-z])|[\s&]|\\\\|\{\\color\{\w+\}|[{}]"
)


@dataclass
class Tally:
    """How much of some specs was found."""

    found: dict[str, int] = field(default_factory=dict)
    of: dict[str, int] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)

    def count(self, what: str, found: bool, name: str = "") -> None:
        """One more."""
        self.of[what] = self.of.get(what, 0) + 1
        self.found[what] = self.found.get(what, 0) + found
        if not found:
            self.missing.append(f"{what} {name}")

    def shown(self, what: str) -> str:
        """`12/20 60%`."""
        of = self.of.get(what, 0)
        return (
            f"{self.found.get(what, 0):3}/{of:<3} {self.found.get(what, 0) / of:4.0%}" if of else f"{'–':>11}"
        )


def bare(latex: str) -> str:
    """A formula without its layout."""
    return _LAYOUT.sub("", latex.strip().strip("$"))


def shapes(operator: Operator) -> dict[str, tuple[str, ...]]:
    """The inputs with their dimensions as text."""
    return {i.name: tuple(to_plain(d) for d in i.shape) for i in operator.inputs}


def alike(wanted: Operator, found: Operator) -> set[str]:
    """The inputs of one operator that another one has too, under one renaming of the sizes."""
    there, renamed = shapes(found), dict[str, str]()
    same: set[str] = set()
    for name, dims in shapes(wanted).items():
        other = there.get(name, there.get({"eps": "epsilon"}.get(name, name)))
        if other is None or len(other) != len(dims):
            continue
        trial = dict(renamed)
        for one, two in zip(dims, other, strict=True):
            number = one.isdigit() or two.isdigit()
            if trial.setdefault(one, two) != two or (number and one != two):
                break
        else:
            if len(set(trial.values())) == len(trial):
                renamed = trial
                same.add(name)
    return same


def names_of(operator: Operator) -> Names:
    """What the formulas of an operator may use."""
    known = Names()
    for input_ in operator.inputs:
        known.declare(input_.name, INPUT, input_.span)
    for role, lines in ((FORWARD, operator.forward), (WHERE, operator.where)):
        for line in lines:
            known.declare(line.name, role, line.span)
            known.depend(line.name, line.expression)
    known.notation = dict(operator.notation)
    return known


def given(symbols: Symbols) -> Callable[[], Symbols]:
    """The symbols, as the reader of formulas asks for them."""
    return lambda: symbols


def computes(wanted: Operator, line: Definition, found: Operator) -> bool:
    """Whether a drafted operator computes a line of `forward`: its formula, put into the wanted operator, holds."""
    for other in found.forward:
        folded = dict(found.notation)
        made_up = other.name.startswith("out") and len(found.forward) == 1
        if line.name not in {other.name, *(k for k, v in folded.items() if v == other.name)} and not made_up:
            continue
        known = names_of(wanted)
        known.notation |= {k: v for k, v in folded.items() if v in known.roles}
        dims = {
            n for i in wanted.inputs for d in shapes(wanted)[i.name] for n in re.findall(r"[A-Za-z_]\w*", d)
        }
        symbols = replace(known.symbols(), dims=frozenset(dims))
        indices = f"_{{{','.join(n.id for n in other.indices)}}}" if other.indices else ""
        text = Text.whole("forward", rf"$\text{{{line.name}}}{indices} = {other.text.value.strip('$')}$")
        if not is_latex(other.text):
            text = Text.whole("forward", f"{line.name} = {other.text.value}")
        try:
            formula = Formula(text, read_formula(text, given(symbols)))
            claim = Claim(("forward",), "identity", formula, text.all)
            links = judge(wanted, claim, type_claim(wanted, claim), Settings(draws=2, seed=1))
            if all(link.verdict == "holds" for link in links):
                return True
        except UserError:
            continue
    return False


def claim_texts(drafted: SpecFile) -> Iterator[tuple[str, str, Operator, Claim]]:
    """The live claims of a draft: kind and bare formula."""
    for operator in drafted.operators:
        for claim in operator.claims:
            yield claim.kind, bare(claim.formula.text.value), operator, claim


def is_printed(claim: Claim) -> bool:
    """Whether the claim is a formula as its document prints it, not a sentence put into one."""
    return is_latex(claim.formula.text)


def measure(folder: Path, document: Path, verdicts: bool) -> tuple[Tally, Tally]:
    """Everything of one source; and what of it the source prints as formulas."""
    source = Source(document.name, document.read_text(encoding="utf-8"))
    drafted = load_text("draft.yaml", draft(source, document.name).text)
    assert not drafted.problems or not drafted.operators, drafted.problems
    everything, in_formulas = Tally(), Tally()
    texts = list(claim_texts(drafted))
    lines = [bare(d.text.value) for o in drafted.operators for d in o.forward]
    for path in sorted(folder.glob("*.yaml")):
        for operator in load(path).operators:
            printed_here = any(is_printed(claim) for claim in operator.claims)
            tallies = [everything, in_formulas] if printed_here else [everything]
            kept = max((alike(operator, o) for o in drafted.operators), key=len, default=set())
            where = f"{path.stem}: {operator.name}: "
            for input_ in operator.inputs:
                for tally in tallies:
                    tally.count("inputs", input_.name in kept, where + input_.name)
            for line in operator.forward:
                good = any(computes(operator, line, o) for o in drafted.operators)
                for tally in tallies:
                    tally.count("forwards", good, where + line.name)
            for claim in operator.claims:
                _claim(claim, texts, lines, (everything, in_formulas), verdicts)
    return everything, in_formulas


def _claim(
    claim: Claim,
    texts: Sequence[tuple[str, str, Operator, Claim]],
    lines: Sequence[str],
    tallies: tuple[Tally, Tally],
    verdicts: bool,
) -> None:
    own = [claim.formula.text.value] if is_latex(claim.formula.text) else []
    wanted = {bare(text) for text in (*own, printed(claim) or claim.formula.text.value) if text}
    match = next(
        ((o, c) for kind, text, o, c in texts if kind == claim.kind and any(w in text for w in wanted)), None
    )
    forward = claim.kind == "identity" and any(w.partition("=")[2] == line for w in wanted for line in lines)
    chosen = tallies if is_printed(claim) else tallies[:1]
    for tally in chosen:
        tally.count("claims", match is not None or forward, f"{claim.ids[0]} {claim.kind} {min(wanted)[:60]}")
    if match is None or not verdicts or claim.when or claim.fixed:
        return
    operator, other = match
    result = judged("draft.yaml", operator, other, Settings())
    if len(result.links) == len(claim.expect):
        good = all(meets(link.verdict, e) for link, e in zip(result.links, claim.expect, strict=True))
    else:
        good = len(claim.expect) == 1 and meets(result.verdict, claim.expect[0])
    for tally in chosen:
        tally.count("verdicts", good, f"{claim.ids[0]}: {result.verdict}, expected {', '.join(claim.expect)}")


def main() -> int:
    """Prints one row a source."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sources", type=Path, required=True, help="the folder with the documents of specs/")
    parser.add_argument("--no-verdicts", action="store_true", help="do not judge the drafted claims")
    parser.add_argument("--missing", action="store_true", help="list what was not found")
    options = parser.parse_args()
    columns = ["inputs", "forwards", "claims", "verdicts"]
    total = [Tally(), Tally()]
    for number, title in enumerate(("of everything in the specs", "of what the source prints as formulas")):
        total[number].missing.append(title)
    print(f"{'':26}" + "".join(f"{c:>14}" for c in columns))
    rows: list[tuple[str, tuple[Tally, Tally]]] = []
    for folder in sorted(p for p in SPECS.iterdir() if p.is_dir()):
        documents = sorted(options.sources.glob(f"{folder.name[:3]}*"))
        if documents:
            rows.append((folder.name[:24], measure(folder, documents[0], not options.no_verdicts)))
    for number in (0, 1):
        print(total[number].missing[0])
        for name, tallies in rows:
            tally = tallies[number]
            print(f"  {name:24}" + "".join(f"{tally.shown(c):>14}" for c in columns))
            for what in columns:
                total[number].of[what] = total[number].of.get(what, 0) + tally.of.get(what, 0)
                total[number].found[what] = total[number].found.get(what, 0) + tally.found.get(what, 0)
        print(f"  {'all':24}" + "".join(f"{total[number].shown(c):>14}" for c in columns))
    if options.missing:
        for _, tallies in rows:
            print("\n".join(tallies[0].missing))
    return 0


if __name__ == "__main__":
    sys.exit(main())
