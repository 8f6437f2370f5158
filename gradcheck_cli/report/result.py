"""What a run found, as data: the one currency of all reports."""

from __future__ import annotations

from dataclasses import dataclass, field

from gradcheck_cli.compare.verdict import Judgement, overall
from gradcheck_cli.spec.model import Claim, Operator, Verdict
from gradcheck_cli.text import Problem, Span

RULES: dict[str, tuple[str, str]] = {
    # code: (name, what it means)
    "GC001": ("wrong", "the two sides differ by more than rounding and the oracle's error can explain"),
    "GC002": ("shape-mismatch", "the two sides cannot be equal: their shapes do not fit, in symbols"),
    "GC003": ("undecided", "the oracles disagree, or there is not enough precision to decide"),
    "GC004": ("unexpectedly-right", "the spec expects an error here, and the claim holds"),
    "GC005": ("bad-correction", "the correction that the spec gives does not hold"),
    "GC006": ("drift", "the formula that the spec quotes no longer stands in its document"),
    "GC007": ("conditional", "the claim is wrong in general, and true only under a condition"),
}
"""The findings of this stage, with their codes."""

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

    @property
    def unexpected(self) -> tuple[ClaimResult, ...]:
        """The claims that somebody has to look at."""
        return tuple(c for c in self.claims if not c.ok)

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
