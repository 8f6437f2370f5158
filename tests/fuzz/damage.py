"""What the campaigns share: how a text is damaged, what a campaign met, and its command line."""

from __future__ import annotations

import argparse
import random
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from gradcheck_cli.text import Problem, draw

STRANGE = (
    *(
        "é",
        "∂",
        "²",
        "𝟏",
        "γ",
        "⊙",
        "−",
        "ᵀ",
        "\x00",
        "\x1b[31m",
        "\x85",
        "\u2028",
        "\u202e",
        "\u200b",
        "\ufeff",
    ),
    *("\ud800", "e\u0301" * 40, "\r", "\r\n", "\t", "\n", "\n\n", " " * 200, "\x07", "\x9b1m"),
)
"""What editors and terminals take for something else."""

INJECTIONS = (
    *(
        "<script>alert(1)</script>",
        "</script><img src=x onerror=alert(1)>",
        "\"><svg onload='x'>",
        "]]>",
        "<!--",
    ),
    *(
        "::error file=x::forged",
        "%0A::error::forged",
        "\n::error::forged",
        "javascript:alert(1)",
        "&lt;b&gt;",
    ),
    *(
        "[link](https://example.org)",
        "@everyone",
        "`````",
        "|",
        "</testcase>",
        "\x1b]8;;https://example.org\x07",
    ),
)
"""What readers of the reports might take for their own language."""


@dataclass
class Outcome:
    """What a campaign met."""

    cases: int = 0
    read: int = 0
    """Of these so many could be read as what they were meant to be."""
    slowest: float = 0.0
    slowest_case: str = ""
    faults: list[str] = field(default_factory=list)


def damaged(text: str, fragments: Sequence[str], others: Sequence[str], rng: random.Random) -> str:
    """A text after a few insertions, deletions, repetitions, and splices of other texts."""
    for _ in range(rng.choice((0, 1, 1, 2, 3, 5))):
        at = rng.randrange(len(text) + 1)
        end = min(len(text), at + rng.choice((1, 1, 3, 8, 40)))
        kind = rng.random()
        if kind < 0.4:
            text = text[:at] + rng.choice(fragments) + text[rng.choice((at, at, end)) :]
        elif kind < 0.5:
            text = text[:at] + rng.choice((*STRANGE, *INJECTIONS)) + text[at:]
        elif kind < 0.65:
            text = text[:at] + text[end:]
        elif kind < 0.75:
            text = text[:at] + text[at:end] * rng.choice((2, 3, 5, 50)) + text[end:]
        elif kind < 0.85:
            other = rng.choice(others)
            start = rng.randrange(len(other) + 1)
            text = text[:at] + other[start : start + rng.randint(1, 200)] + text[at:]
        elif kind < 0.95:
            lines = text.split("\n")
            number = rng.randrange(len(lines))
            moved = lines.pop(number)
            if rng.random() < 0.7:
                lines.insert(rng.randrange(len(lines) + 1), rng.choice(("", "  ", "    ", "\t")) + moved)
            text = "\n".join(lines)
        else:
            text = text[:at]
    return text


def untold(problem: Problem) -> str:
    """What is wrong with a message; nothing if it says what and where, and can be shown."""
    said = draw(problem)
    if not problem.message or not problem.where:
        return f"no message or no place: {said!r}"
    if problem.span and not 0 <= problem.span.start <= problem.span.end <= len(problem.span.source.text):
        return f"a place outside of the text: {said!r}"
    if any(c != "\n" and (c < " " or "\x7f" <= c <= "\x9f" or c in "\u202e\u2028") for c in said):
        return f"a control character: {said!r}"
    return ""


def campaign(
    count: int,
    seed: int,
    case: Callable[[random.Random], str],
    attempt: Callable[[str, int], tuple[bool, list[str]]],
    slow: float,
) -> Iterator[Outcome]:
    """Yields the outcome so far, after every case.

    `attempt` is told a case and its number, and says whether it could be read
    and what was wrong with that; no case may take more than `slow` seconds of CPU.
    """
    rng = random.Random(seed)
    outcome = Outcome()
    for number in range(count):
        text = case(rng)
        started = time.process_time()
        try:
            read, wrong = attempt(text, number)
        except Exception:  # noqa: BLE001  the very thing that is looked for
            outcome.faults.append(f"crash: {text!r}\n{traceback.format_exc(limit=-4)}")
        else:
            outcome.read += read
            outcome.faults += [f"{fault}\n    in {text!r}" for fault in wrong]
        took = time.process_time() - started
        if took > outcome.slowest:
            outcome.slowest, outcome.slowest_case = took, text
        if took > slow:
            outcome.faults.append(f"slow ({took:.1f} s): {text!r}")
        outcome.cases += 1
        yield outcome


def command(description: str | None, what: str, run: Callable[[int, int], Iterator[Outcome]]) -> None:
    """The command line of a campaign; its status is 1 if there are faults, and it ends at the twentieth."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    outcome = Outcome()
    for outcome in run(options.count, options.seed):
        if len(outcome.faults) >= 20:
            break
    for fault in outcome.faults:
        print(fault.encode("utf-8", "backslashreplace").decode())
    print(
        f"{outcome.cases:,} {what}, {outcome.read:,} could be read, {len(outcome.faults)} faults; "
        f"slowest {outcome.slowest * 1000:.0f} ms: {outcome.slowest_case[:100]!r}"
    )
    raise SystemExit(bool(outcome.faults))
