"""How far a right claim may be trusted, in sentences for a reader."""

from __future__ import annotations

from collections.abc import Iterator

from gradcheck_cli.report.result import ClaimResult, InstabilityResult, LinkResult, PowerResult, RunResult
from gradcheck_cli.report.words import count

MOST = 5
"""So many changed formulas are listed."""


def trust_lines(claim: ClaimResult, link: LinkResult) -> Iterator[str]:
    """Everything about one link, most important first."""
    number = claim.links.index(link)
    for weak in claim.weak:
        if weak.link == number:
            yield f"weakly tested: {weak.reason}"
    for one in claim.power:
        if one.link == number:
            yield from power_lines(one)
    for unstable in claim.unstable:
        if unstable.link == number:
            yield instability(unstable)


def instability(found: InstabilityResult) -> str:
    """`right, but unstable: overflows at x = -800 (gives nan, the true value is 3.67e-348)`."""
    stable = f"; stable: {found.stable}" if found.stable else ""
    values = f"gives {found.gives:.10g}, the true value is {found.true}"
    return f"right, but unstable: {found.trouble} at {found.at} ({values}){stable}"


def power_lines(power: PowerResult) -> Iterator[str]:
    """What would have been found, and what would not."""
    errors = []
    if power.element is not None:
        errors.append(f"{power.element:.0e} in any one element")
    if power.everywhere is not None:
        errors.append(f"{power.everywhere:.0e} everywhere")
    comma = "," * (len(errors) > 1)
    told = f"an error of {', or '.join(errors)}{comma} would have been found" if errors else ""
    if power.changed:
        formulas = count(power.changed, "changed formula")
        changed = f"{power.found} of {formulas} {'is' if power.changed == 1 else 'are'} found"
        told = f"{told}; {changed}" if told else changed
    more = "" if power.complete else " (there was no time for more)"
    if told:
        yield f"power: {told}{more}"
    for word, some in (("holds as well", power.survivors), ("undecided", power.undecided)):
        for text in some[:MOST]:
            yield f"  {word}: {text}"
        if len(some) > MOST:
            yield f"  … and {len(some) - MOST} more"


def power_summary(result: RunResult) -> Iterator[str]:
    """The power of a whole run, nothing where nobody asked."""
    every = [p for c in result.claims for p in c.power]
    if not every:
        return
    changed, found = sum(p.changed for p in every), sum(p.found for p in every)
    undecided = sum(len(p.undecided) for p in every)
    held = sum(len(p.survivors) for p in every)
    links = count(len(every), "link holds", "links hold")
    rest = [f"{held:,} hold as well"] * bool(held) + [f"{undecided:,} are undecided"] * bool(undecided)
    formulas = count(changed, "changed formula")
    yield f"{links}; {found:,} of {formulas} are found" + "".join(f", {r}" for r in rest)
    for claim in result.claims:
        for one in claim.power:
            for text in one.survivors[:MOST] if one.link not in {w.link for w in claim.weak} else ():
                yield f"  holds as well: {claim.links[one.link].id}  {text}"


def weak_summary(result: RunResult) -> Iterator[str]:
    """The claims that hold and say little: nobody should take them for tested."""
    ids: dict[str, list[str]] = {}
    for claim in result.claims:
        for weak in claim.weak:
            ids.setdefault(weak.reason, []).append(claim.links[weak.link].id)
    for reason, some in ids.items():
        more = f" and {len(some) - MOST} more" if len(some) > MOST else ""
        yield f"weakly tested: {', '.join(some[:MOST])}{more}: {reason}"
