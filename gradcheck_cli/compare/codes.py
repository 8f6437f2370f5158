"""Judges listings: what they give on drawn data against the truth, or what they give by themselves.

A listing is compared to the precision that it computes in: where any of its
numbers are float32, the measured rounding floor is that of float32.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from gradcheck_cli.compare.court import Court, brought
from gradcheck_cli.compare.settings import Settings, seed_of
from gradcheck_cli.compare.sight import look
from gradcheck_cli.compare.values import against
from gradcheck_cli.compare.verdict import Judgement, Sight
from gradcheck_cli.evaluate.backend import Backend
from gradcheck_cli.evaluate.interpret import Evaluation
from gradcheck_cli.evaluate.listing import Answer, ListingFailed, Request, run
from gradcheck_cli.evaluate.noise import Noise
from gradcheck_cli.evaluate.sampling import Draw
from gradcheck_cli.oracle.agreement import Agreement
from gradcheck_cli.shapes.typed import Quantity, Size, quantities
from gradcheck_cli.spec.model import Claim, Listing, Operator
from gradcheck_cli.spec.printed import Printed, flat, shape_of
from gradcheck_cli.spec.typing import TypedClaim
from gradcheck_cli.spec.typing_given import Code
from gradcheck_cli.text import Problem, UserError, nearest

FULL = 53
"""Bits of a float64."""

ROUNDINGS = 16
"""How many units of rounding a printed number may be off, relative to the largest of its array.

What a listing prints depends in its last digits on the processor and the
libraries; float32 gives seven digits of the largest number, and no more.
"""

_FORMATS = {24: "float32", 11: "float16", 8: "bfloat16"}


def judge_code(
    operator: Operator, claim: Claim, typed: TypedClaim, settings: Settings
) -> tuple[Judgement, ...]:
    """The verdict on the one link of a claim about code. Raises UserError for a line that is not there."""
    listing, code = operator.listing, typed.code
    assert listing is not None
    if code is None:
        (link,) = typed.links
        assert link.mismatch is not None
        problem = link.mismatch.problems[0]
        return (Judgement("shape-mismatch", problem.message, span=problem.span),)
    if not settings.allow_code:
        return (Judgement("skipped", "needs --allow-code"),)
    if listing.code is None:
        where = f"`{listing.document}`, is neither beside the spec nor in --sources"
        return (Judgement("skipped", f"the document with the listing, {where}"),)
    request = Request(_edited(listing, claim), listing.first, code.expression, whole=not code.expected)
    try:
        if code.expected:
            court = _Court(operator, typed, settings, seed_of(operator, claim, settings), code, request)
            return (_conclude(court.sessions(), code),)
        return (_by_itself(run(request), code),)
    except ListingFailed as failure:
        at = f" (line {failure.line} of {listing.name})" if failure.line is not None else ""
        if failure.kind == "AssertionError":
            return (Judgement("wrong", f"the listing contradicts itself: {failure}{at}"),)
        verdict = "wrong" if failure.kind == "unfit" else "undecided"
        return (Judgement(verdict, f"{failure}{at}"),)  # type: ignore[arg-type]


def _edited(listing: Listing, claim: Claim) -> str:
    """The code with the lines that the claim replaces, indented as those were. Raises UserError."""
    assert listing.code is not None
    lines = listing.code.split("\n")
    for old, new in claim.replace:
        places = [n for n, line in enumerate(lines) if line.strip() == old]
        if not places:
            near = nearest(old, [line.strip() for line in lines])
            advice = f"did you mean `{near}`?" if near else "write it as it stands there, without the indent"
            raise UserError(Problem(f"the listing has no line `{old}`", new.all, help=advice))
        for n in places:
            indent = lines[n][: len(lines[n]) - len(lines[n].lstrip())]
            lines[n] = indent + new.value.strip()
    return "\n".join(lines)


# the whole listing


def _by_itself(answer: Answer, code: Code) -> Judgement:
    """What the listing gives on its own data, against what is printed."""
    if code.text is not None:
        if answer.text is None:
            return Judgement("wrong", "the listing gives numbers, and a text is claimed")
        right = answer.text == code.text
        return Judgement("holds") if right else Judgement("wrong", f"the listing gives {answer.text[:100]!r}")
    if answer.text is not None:
        return Judgement("wrong", f"the listing gives the text {answer.text[:100]!r}")
    (found,) = answer.arrays
    if code.truth is not None:
        if found.dtype != np.bool_ or found.size != 1:
            return Judgement(
                "wrong", f"the listing gives an array of {found.size} numbers, not one truth value"
            )
        right = bool(found.reshape(())) == code.truth
        return Judgement("holds") if right else Judgement("wrong", f"the listing gives `{bool(found)}`")
    assert code.printed is not None
    claimed = shape_of(code.printed)
    if found.shape != claimed:
        return Judgement(
            "shape-mismatch", f"the listing gives {_shape(found.shape)}, and {_shape(claimed)} is printed"
        )
    largest = float(np.max(np.abs(np.where(np.isfinite(found), found, 0)), initial=0.0))
    bar = ROUNDINGS * 2.0**-answer.bits * largest
    sight = against(code.printed, found, bar, lenient=True, said="the listing gives")
    return Judgement(sight.verdict, sight.reason, (sight,), basis=_basis(code.printed, found, bar, answer))


def _basis(printed: Printed, found: Any, bar: float, answer: Answer) -> str:
    """Which printed digits differ here, where rounding explains it."""
    differ = [
        (d, float(v))
        for d, v in zip(flat(printed), found.reshape(-1), strict=True)
        if not d.low <= v <= d.high and np.isfinite(v)
    ]
    if not differ:
        return "every printed digit comes out again"
    # the one that is off by the most of its own last digits
    digits, value = max(
        differ, key=lambda pair: abs(float(pair[0].value) - pair[1]) / float(pair[0].half or 1)
    )
    places = max(5, len(digits.text) - 4)
    return (
        f"to the rounding of {_FORMATS.get(answer.bits, 'float64')}, {bar:.1g}: the last digits of"
        f" {len(differ)} of {found.size} numbers depend on the machine"
        f" (printed {digits.text}, here {value:.{places}g})"
    )


def _shape(shape: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, shape))}]"


# on drawn data


class _Court(Court):
    """A court in which the left side is what the listing gives."""

    row_by_row = False

    def __init__(
        self,
        operator: Operator,
        typed: TypedClaim,
        settings: Settings,
        seed: int,
        code: Code,
        request: Request,
    ) -> None:
        super().__init__(operator, typed, settings, seed, list(range(len(code.expected))))
        self.code = code
        self.request = request
        asked = [q for tree in code.names.values() for q in quantities(tree)]
        self.wanted = tuple(dict.fromkeys([*self.wanted, *asked]))
        self.answers: dict[int, tuple[Draw, Answer]] = {}

    def compare(
        self,
        backend: Backend,
        data: Draw,
        given: Mapping[Quantity, Any],
        noise: Noise,
        rounding_rows: int,
        agreements: tuple[Agreement, ...],
    ) -> list[Sight]:
        """Each value of the listing against the truth. Raises ListingFailed."""
        evaluation = Evaluation(backend, data.sizes, given.__getitem__, len(self.typed.indices), noise)
        if id(data) not in self.answers:
            self.answers[id(data)] = (data, self.answer(backend, evaluation))
        _, answer = self.answers[id(data)]
        sights = []
        for number, (tree, found) in enumerate(zip(self.code.expected, answer.arrays, strict=True)):
            truth = brought(backend.numpy(backend.real(evaluation.value(tree))), evaluation.lead, [])
            if found.shape != truth.shape[1:]:
                what = f"value {number + 1} of the listing" if len(self.code.expected) > 1 else "the listing"
                reason = f"{what} is {_shape(found.shape)}, and `{_text(tree)}` is {_shape(truth.shape[1:])}"
                sights.append(
                    Sight("shape-mismatch", data.sizes, data.scale, reason=reason, agreements=agreements)
                )
                continue
            rows = np.array(truth, dtype=np.float64)
            # the noise of our own evaluation, made as coarse as the numbers of the listing
            noisy = slice(1, 1 + rounding_rows)
            rows[noisy] = rows[:1] + (rows[noisy] - rows[:1]) * 2.0 ** (FULL - answer.bits)
            left = np.broadcast_to(found.astype(np.float64), rows.shape)
            sight = look(left, rows, rounding_rows, data, (), agreements)
            if len(self.code.expected) > 1 and sight.place is not None:
                index = ", ".join(filter(None, (str(number), sight.place.index)))
                sight = replace(sight, place=replace(sight.place, index=index))
            sights.append(sight)
        return sights

    def answer(self, backend: Backend, evaluation: Evaluation) -> Answer:
        """Runs the listing on the undisturbed data. Raises ListingFailed."""
        sizes: dict[str, int] = {}
        arrays: dict[str, Any] = {}
        for name, tree in self.code.names.items():
            value = brought(backend.numpy(evaluation.value(tree)), evaluation.lead, [])[0]
            if isinstance(tree, Size):
                sizes[name] = int(value)
            else:
                arrays[name] = np.array(value)
        found = run(replace(self.request, count=len(self.code.expected), sizes=sizes, arrays=arrays))
        if len(found.arrays) != len(self.code.expected):
            raise ListingFailed("the listing gives a text, and an array is claimed", "unfit")
        return found


def _conclude(sessions: list[list[Sight]], code: Code) -> Judgement:
    """The worst of all values and draws."""
    for verdict in ("shape-mismatch", "wrong", "undecided"):
        for sights in sessions:
            for number, sight in enumerate(sights):
                if sight.verdict != verdict:
                    continue
                reason = sight.reason
                if verdict == "wrong" and len(code.expected) > 1:
                    what = f"value {number + 1}, `{_text(code.expected[number])}`,"
                    reason = f"{what} is off by {100 * sight.error:.3g} %"
                return Judgement(sight.verdict, reason, tuple(s[number] for s in sessions))
    return Judgement("holds", "", tuple(max(sights, key=lambda s: s.floor) for sights in sessions))


def _text(tree: Any) -> str:
    span = tree.node.span
    return span.text if span is not None else "the truth"
