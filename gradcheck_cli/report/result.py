"""What a run found, as data: the one currency of all reports."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from gradcheck_cli.compare.verdict import Judgement, overall
from gradcheck_cli.spec.model import Claim, Operator, Verdict
from gradcheck_cli.text import Problem, Span

_CODES: dict[Verdict, str] = {
    "wrong": "GC001",
    "shape-mismatch": "GC002",
    "undecided": "GC003",
    "holds": "GC004",
    "conditional": "GC007",
}


@dataclass(frozen=True)
class LinkResult:
    """One link of a claim."""

    id: str
    left: str
    right: str
    span: Span | None
    judgement: Judgement
    expected: Verdict | None
    """None where the expectation is about the claim as a whole."""
    pretty: tuple[str, str] | None = None
    """Both sides as mathematics in Unicode, where the claim is written in LaTeX."""
    relation: str = "="
    verbatim: bool = False
    """Whether `left` and `right` are the source's own LaTeX, which has no plain form."""
    special: tuple[str, ...] = ()
    """Sizes under which a wrong link holds, as many wrong formulas do: "`n` is 1"."""

    @property
    def verdict(self) -> Verdict:
        """The verdict on the link."""
        return self.judgement.verdict

    def shown(self, *, unicode: bool) -> tuple[str, str]:
        """Both sides for a reader."""
        return self.pretty if unicode and self.pretty else (self.left, self.right)


@dataclass(frozen=True)
class CorrectionResult:
    """The right formula that the spec gives, judged too: its sides in plain text."""

    sides: tuple[str, ...]
    verdict: Verdict
    reason: str = ""
    pretty: tuple[str, ...] | None = None
    """The sides as mathematics in Unicode, where the claim is written in LaTeX."""
    latex: str | None = None
    """The whole in LaTeX, without `$`, where the claim or the correction is written in it."""
    relations: tuple[str, ...] = ()
    """What stands between the sides; empty means `=`."""

    @property
    def text(self) -> str:
        """The whole equation or chain."""
        return self._joined(self.sides, 0)

    def whole(self, *, unicode: bool) -> str:
        """The same for a reader."""
        return self._joined(self.shown(unicode=unicode), 0)

    def shown(self, *, unicode: bool) -> tuple[str, ...]:
        """The sides for a reader."""
        return self.pretty if unicode and self.pretty else self.sides

    def for_link(self, number: int, *, unicode: bool = False) -> str:
        """The step that corrects link `number` of a chain, where the correction has as many steps."""
        sides = self.shown(unicode=unicode)
        step = sides[number : number + 2]
        return self._joined(step, number) if len(step) == 2 else self._joined(sides, 0)

    def _joined(self, sides: tuple[str, ...], first: int) -> str:
        text = sides[0]
        for number, side in enumerate(sides[1:], first):
            text += f" {self.relations[number] if self.relations else '='} {side}"
        return text


@dataclass(frozen=True)
class SuggestionResult:
    """A formula near the claimed one that holds, in plain text and in the notation of the claim."""

    text: str
    latex: str | None
    """Without `$`, where the claim is written in LaTeX."""
    pretty: str | None
    edits: tuple[str, ...]
    """What was changed, in words: "`Q` → `Q / sqrt(d)`"."""
    draws: int
    """At how many fresh draws it was judged to hold."""


@dataclass(frozen=True)
class DiagnosisResult:
    """Where a link is wrong, what kind of slip it is, and what would be right."""

    link: int
    code: str | None
    title: str
    span: Span | None
    where: str
    suggestions: tuple[SuggestionResult, ...]
    known: tuple[str, ...]


@dataclass(frozen=True)
class ConsequenceResult:
    """What the gradients of inputs would be, were a false link followed as it is written."""

    link: int
    errors: tuple[tuple[str, float], ...]
    """Names of inputs, and by how much their gradients would be off, relative to the largest element."""


@dataclass(frozen=True)
class InstabilityResult:
    """Where floats cannot evaluate a right formula, though its value is a float."""

    link: int
    trouble: str
    """`overflows`, `underflows`, `keeps 9 of 16 digits`, `loses all digits`."""
    at: str
    """`x = -800`, or the size of the inputs in words."""
    gives: float
    true: str
    """A decimal number, which may be smaller than any float."""
    stable: str
    """A formula of the same value that does better there, in plain text; empty where none is known."""


@dataclass(frozen=True)
class WeaknessResult:
    """Why it says little that a link holds."""

    link: int
    reason: str


@dataclass(frozen=True)
class PowerResult:
    """What would have been found of errors in a link that holds: they were put in, and judged."""

    link: int
    element: float | None
    """The smallest error of one element, relative to the largest."""
    everywhere: float | None
    """The smallest relative error of all elements; None where they are zero."""
    changed: int
    """How many changed formulas were judged."""
    found: int
    survivors: tuple[str, ...]
    """Those that hold as well, in plain text."""
    undecided: tuple[str, ...]
    complete: bool
    """Whether there was time for all of them."""


@dataclass(frozen=True)
class ClaimResult:
    """One claim: what was claimed, what was found, and whether that was expected."""

    operator: Operator
    claim: Claim
    spec: str
    seed: int
    links: tuple[LinkResult, ...]
    correction: CorrectionResult | None = None
    place: Span | None = None
    """Where the claim stands in its document, if that was found."""
    document_file: str | None = None
    """That document as a path from the working directory."""
    drifted: bool = False
    """The document was found, and the quoted formula is not in it."""
    remarks: tuple[str, ...] = ()
    """What had to be assumed to read the formula."""
    advice: tuple[str, ...] = ()
    """What a right formula could cost less."""
    diagnoses: tuple[DiagnosisResult, ...] = ()
    """For each false link what is known of the slip."""
    consequences: tuple[ConsequenceResult, ...] = ()

    unstable: tuple[InstabilityResult, ...] = ()
    """Places where right formulas overflow or cancel."""
    weak: tuple[WeaknessResult, ...] = ()
    """Links that hold and say little."""
    power: tuple[PowerResult, ...] = ()
    """Where the user asked for it."""
    excuse: Literal["", "ignored", "baseline"] = ""
    """Why a finding does not count: the user ignores its code, or the baseline knows it."""
    cut_short: bool = False
    """Whether a time limit ended a judgement or a search, which on a faster machine might say more."""

    @property
    def verdict(self) -> Verdict:
        """The verdict of the worst link."""
        return overall(tuple(link.verdict for link in self.links))

    @property
    def skipped(self) -> bool:
        """Whether the claim was not judged, because the user did not allow what it takes."""
        return self.verdict == "skipped"

    @property
    def as_expected(self) -> bool:
        """Whether the verdicts are those that the spec expects, corrections aside."""
        if self.skipped:
            return True
        if len(self.claim.expect) == 1:
            return meets(self.verdict, self.claim.expect[0])
        return all(link.expected and meets(link.verdict, link.expected) for link in self.links)

    @property
    def ok(self) -> bool:
        """Whether nothing has to be done about the claim."""
        return (
            self.as_expected
            and not self.drifted
            and (self.correction is None or self.correction.verdict in {"holds", "skipped"})
        )

    @property
    def counts(self) -> bool:
        """Whether the finding fails the run: somebody has to look at it."""
        return not self.ok and not self.excuse

    @property
    def first_unexpected(self) -> LinkResult | None:
        """The link to show: the first that is not as expected."""
        for link in self.links if not self.skipped else ():
            expected = link.expected or self.claim.expect[0]
            # an expectation of the whole chain does not mean its right links
            excused = link.expected is None and link.verdict == "holds" and not self._all_hold
            if not meets(link.verdict, expected) and not excused:
                return link
        return None

    def diagnosis_of(self, link: LinkResult | None) -> DiagnosisResult | None:
        """What is known of the slip in a link."""
        return next((d for d in self.diagnoses if link is not None and self.links[d.link] is link), None)

    @property
    def first_error(self) -> LinkResult | None:
        """The first link that does not hold."""
        return next((link for link in self.links if link.verdict != "holds"), None)

    @property
    def first_wrong(self) -> int | None:
        """The number of the first link that is false, not counting those that nobody could decide."""
        false = ("wrong", "shape-mismatch", "conditional")
        return next((n for n, link in enumerate(self.links) if link.verdict in false), None)

    @property
    def _all_hold(self) -> bool:
        return all(link.verdict == "holds" for link in self.links)

    @property
    def code(self) -> str | None:
        """The code of the finding, None where the claim holds as expected."""
        if not self.as_expected:
            link = self.first_unexpected
            return _CODES[link.verdict if link else self.verdict]
        if self.correction is not None and self.correction.verdict not in {"holds", "skipped"}:
            return "GC005"
        if self.drifted:
            return "GC006"
        return _CODES[self.verdict] if self.verdict not in {"holds", "skipped"} else None


def meets(verdict: Verdict, expected: Verdict) -> bool:
    """Whether a verdict is the expected one; what is true under a condition only is wrong in general."""
    return verdict == expected or (verdict == "conditional" and expected in {"wrong", "shape-mismatch"})


@dataclass(frozen=True)
class Crash:
    """A claim whose judgement failed inside the tool itself."""

    spec: str
    id: str
    span: Span
    error: str
    traceback: str


@dataclass(frozen=True)
class RunResult:
    """Everything that a run found, in the order of the specs."""

    claims: tuple[ClaimResult, ...] = ()
    problems: tuple[Problem, ...] = ()
    crashes: tuple[Crash, ...] = ()
    oracle: str = "both"
    device: str = "cpu"
    draws: int = 5
    versions: dict[str, str] = field(default_factory=dict)
    bundled: bool = False
    """Whether the specs are those that come with the tool."""
    interrupted: int = 0
    """How many claims were not judged because the user stopped the run."""
    unmatched: str | None = None
    """The `-k` expression that selected nothing."""
    gone: tuple[str, ...] = ()
    """Findings of the baseline that no longer occur."""

    @property
    def unexpected(self) -> tuple[ClaimResult, ...]:
        """The claims that somebody has to look at."""
        return tuple(c for c in self.claims if c.counts)

    @property
    def ignored(self) -> tuple[ClaimResult, ...]:
        """The claims whose findings the user ignores."""
        return tuple(c for c in self.claims if c.excuse == "ignored")

    @property
    def baselined(self) -> tuple[ClaimResult, ...]:
        """The claims whose findings the baseline knows."""
        return tuple(c for c in self.claims if c.excuse == "baseline")

    @property
    def known_errors(self) -> tuple[ClaimResult, ...]:
        """The claims that do not hold, as their specs expect."""
        return tuple(c for c in self.claims if c.ok and c.verdict not in {"holds", "skipped"})

    @property
    def skipped(self) -> tuple[ClaimResult, ...]:
        """The claims that were not judged, because the user did not allow it."""
        return tuple(c for c in self.claims if c.skipped)

    @property
    def status(self) -> int:
        """The exit status: 130 interrupted, 3 internal error, 2 bad specs, 1 findings, 0 all as expected."""
        if self.interrupted:
            return 130
        if self.crashes:
            return 3
        if self.problems or self.unmatched is not None:
            return 2
        return 1 if self.unexpected else 0
