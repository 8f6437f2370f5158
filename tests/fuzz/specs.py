"""A campaign of damaged YAML against the reader of specs, the judges, and every report.

The seeds are the audited specs, cut to a few claims. Whatever is done to them,
the answer is claims or messages with a place in them; one case in fifty is
judged as well, and then every report must still be one.

    python tests/fuzz/specs.py --count 1000000 --seed 1
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from damage import INJECTIONS, STRANGE, Outcome, campaign, command, damaged, untold
from reports import FORMATS, faults, rendered

from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.run.options import Options
from gradcheck_cli.run.pipeline import run
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.spec.typing import type_claim, type_program
from gradcheck_cli.text import Problem, UserError

sys.path.pop(0)

SPECS = Path(__file__).parent.parent.parent / "specs"

SLOW = 20.0
"""Seconds of CPU that no file may take, judged or not."""

EVERY = 50
"""One case of so many is judged and reported."""

FRAGMENTS = (
    *(
        "&a ",
        "*a",
        "<<: *a",
        "? ",
        "- ",
        ": ",
        "|",
        ">",
        "|+2\n",
        "'",
        '"',
        '"\\ud800"',
        "{",
        "}",
        "[",
        "]",
        "[" * 60,
    ),
    *(
        "---\n",
        "...\n",
        "%YAML 1.1\n",
        "%TAG ! tag:x,2000:\n",
        "#",
        "!!python/object/apply:os.system ",
        "!x ",
        "@",
        ",",
    ),
    *(
        "~",
        "yes",
        "0x7f",
        "1e999999",
        "-1",
        "1.5",
        ".inf",
        "\n  ",
        "\n- ",
        "\n    ",
        "{a: ",
        "[n, ",
        "n**9",
        "1000000007",
    ),
    *(
        "when: ",
        "where: ",
        "notation: ",
        "dims: ",
        "vectors: column\n",
        "domain: spd",
        "expect: wrong",
        "correction: ",
    ),
    *(
        "claims:\n",
        "inputs: ",
        "forward: ",
        "fixed: [x]",
        "quote: ",
        "id: ",
        "listing: ",
        "document: ../../x",
        "value: ",
    ),
    *(
        "property: ",
        "cost: ",
        "code: ",
        "identity: ",
        "expectation: ",
        "differential: ",
        "random: normal",
        "note: ",
    ),
    *("$", "$$", r"\frac{", "softmax(", "sum[i](", "@", " = ", "dX", "inv(", "**", ".mT", "ones(", "E("),
)


@lru_cache
def seeds() -> tuple[str, ...]:
    """The specs, each with the head of its operator and a window of its claims."""
    found = []
    for path in sorted(SPECS.rglob("*.yaml")):
        head, mark, claims = path.read_text(encoding="utf-8").partition("\nclaims:\n")
        items = claims.split("\n  - ")
        found += [
            f"{head}{mark}  - " + "\n  - ".join(item.removeprefix("  - ") for item in items[at : at + 3])
            for at in range(0, len(items), 3)
        ]
    return tuple(found)


def case(rng: random.Random) -> str:
    """A damaged spec."""
    text = damaged(rng.choice(seeds()), FRAGMENTS, seeds(), rng)
    if rng.random() < 0.2:  # a word that every report repeats
        words = text.split(" ")
        words[rng.randrange(len(words))] = rng.choice((*INJECTIONS, *STRANGE))
        text = " ".join(words)
    return text


def attempt(text: str, number: int) -> tuple[bool, list[str]]:
    """Whether a text is a spec, and what is wrong with what is said about it."""
    problems: list[Problem] = []
    spec = load_text("spec.yaml", text)
    problems += spec.problems
    for operator in spec.operators:
        try:
            type_program(operator)
            for claim in operator.claims:
                if claim.kind != "code":
                    type_claim(operator, claim)
        except UserError as error:
            problems += error.problems
    wrong = [fault for fault in map(untold, problems) if fault]
    if not spec.operators and not problems:
        wrong.append("neither an operator nor a message")
    if number % EVERY == 0:
        wrong += judged(text)
    return bool(spec.operators), wrong


def judged(text: str) -> list[str]:
    """What is wrong with the reports of a run over the text, in a file with a difficult name."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "<b>a&b%0A::error::x,y.yaml"
        file.write_bytes(text.encode("utf-8", "surrogatepass"))
        result = run(Options((file,), Settings("differences", 1), diagnose="off"), Path(folder))
        found = [f"crash: {crash.error}\n{crash.traceback}" for crash in result.crashes]
        found += [fault for fault in map(untold, result.problems) if fault]
        for name in FORMATS:
            found += faults(name, rendered(result, name))
    return found


def specs(count: int, seed: int) -> Iterator[Outcome]:
    """The campaign."""
    return campaign(count, seed, case, attempt, SLOW)


if __name__ == "__main__":
    command(__doc__, "specs", specs)
