"""The sentences of the reports: numbers and verdicts as people say them."""

from __future__ import annotations

from gradcheck_cli.compare.verdict import Place, Sight
from gradcheck_cli.report.result import ClaimResult, LinkResult
from gradcheck_cli.report.rules import RULES

MOST = 5
"""How many gradients are listed by name."""


def percent(error: float) -> str:
    """A relative error in words: `31 %`, `12 × the true size`, `3e-07`."""
    if error >= 10:
        return f"{error:.0f} × the true size" if error < 1e6 else f"{error:.0e} × the true size"
    if error >= 0.0995:
        return f"{100 * error:.0f} %"
    if error >= 0.001:
        return f"{100 * error:.2g} %"
    return f"{error:.0e}"


def only(condition: str) -> str:
    """`only when …`, or `only to first order in …`."""
    return f"only {condition}" if condition.startswith("to ") else f"only when {condition}"


def headline(c: ClaimResult) -> str:
    """What a finding says, in the words of the kind of claim."""
    assert c.code is not None
    return _HEADLINES.get((c.claim.kind, c.code), RULES[c.code][1])


_HEADLINES = {
    ("shape", "GC001"): "the two sides have different shapes",
    ("cost", "GC001"): "the relation is true for no sizes",
    ("cost", "GC003"): "the relation is neither proved nor refuted",
    ("expectation", "GC001"): "the two sides differ, by more than chance where they were sampled",
    ("expectation", "GC003"): "there is no exact value, and not enough precision by samples",
    ("value", "GC001"): "the true value lies outside of what the printed digits allow",
    ("value", "GC003"): "the true value is too near to what the printed digits allow",
    ("code", "GC001"): "the listing gives something else",
    ("code", "GC003"): "the listing does not run to the end, or nothing can be compared",
    ("property", "GC001"): "the relation is violated by more than rounding can explain",
    ("property", "GC003"): "the data that were tried do not decide it",
}
"""Where the general sentence does not fit."""


def finding_message(c: ClaimResult) -> str:
    """One line on what is the matter with a claim, without its place."""
    link = c.first_unexpected or c.first_error
    if c.as_expected and c.correction is not None and c.correction.verdict != "holds":
        return f"the correction is {c.correction.verdict} itself: {c.correction.text}"
    if c.as_expected and c.drifted:
        return f"the quoted formula is not in {c.operator.document.document} any more"
    if link is None or link.verdict == "holds":
        return "the claim holds, and the spec expects that it does not"
    return link_message(link)


def link_message(link: LinkResult) -> str:
    """One line on what is the matter with a link."""
    worst = link.judgement.worst
    if link.verdict == "wrong" and worst is not None and not link.judgement.reason:
        return f"off by {percent(worst.error)}{_share(worst)}"
    if link.verdict == "conditional":
        told = f"true {only(link.judgement.condition or '')}"
        if worst is not None:
            return f"{told}; else off by {percent(worst.error)}{_share(worst)}"
        return f"{told} ({link.judgement.reason})" if link.judgement.reason else told
    return link.judgement.reason


def spread(c: ClaimResult, link: LinkResult | None) -> str:
    """What following a false link as written would do: "followed as written, `dQ` would be wrong by 31 %"."""
    found = [r for r in c.consequences if link is not None and c.links[r.link] is link]
    if not found:
        return ""
    errors = [error for _, error in found[0].errors]
    names = [f"`d{name}`" for name, _ in found[0].errors]
    if len(names) > MOST:
        names[MOST - 1 :] = [f"{len(names) - MOST + 1} more gradients"]
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    low, high = percent(min(errors)), percent(max(errors))
    return f"followed as written, {listed} would be wrong by {low if low == high else f'{low} to {high}'}"


def _share(sight: Sight) -> str:
    if sight.share >= 1:
        return ", in every element"
    if 0 < sight.share < 1:
        return f", in {100 * sight.share:.3g} % of the elements"
    return ""


def element(link: LinkResult, place: Place) -> str:
    """How an element of the left side is named."""
    left = link.left if len(link.left) <= 40 else "the left side"
    if "=" in place.index or not place.index:
        return f"{left}" + (f" ({place.index})" if place.index else "")
    simple = left.replace("_", "").replace(".", "").isalnum()
    return f"{left}[{place.index}]" if simple else f"({left})[{place.index}]"


def names_truth(link: LinkResult) -> bool:
    """Whether the left side is nothing but a true quantity, such as `dX`: the right one is the claim."""
    worst = link.judgement.worst
    return worst is not None and any(a.what == link.left for a in worst.agreements)


def sizes(sight: Sight) -> str:
    """`n = 5, m = 3`."""
    return ", ".join(f"{name} = {value}" for name, value in sorted(sight.sizes.items()))


def count(n: int, one: str, many: str = "") -> str:
    """`1 claim`, `2 claims`."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"
