r"""The relation signs of a formula: what makes it a statement, which can be true or false.

Only signs outside of braces and of what is read as text count: the `=` of
`\sum_{i=1}^n x_i` says where the sum begins.
"""

from __future__ import annotations

import re

EQUALITIES = frozenset(["=", r"\equiv", ":=", r"\coloneqq", r"\triangleq", r"\stackrel", r"\overset"])
"""Signs for "equals"; the last two put something above the sign."""

INEQUALITIES = frozenset(
    ["<", ">", r"\lt", r"\gt", r"\le", r"\leq", r"\leqslant", r"\ge", r"\geq", r"\geqslant", r"\ne", r"\neq",
     r"\ll", r"\gg"]
)  # fmt: skip

MEMBERSHIPS = frozenset([r"\in", r"\subset", r"\subseteq", r"\ni", r"\notin"])

LOOSE = frozenset(
    [r"\approx", r"\simeq", r"\sim", r"\propto", r"\to", r"\rightarrow", r"\leftarrow", r"\mapsto", r"\gets",
     r"\Rightarrow", r"\implies", r"\iff", r"\longrightarrow", r"\longmapsto", r"\Leftrightarrow"]
)  # fmt: skip
"""Signs of what is nearly so, of a step, or of a conclusion."""

_SIGNS = EQUALITIES | INEQUALITIES | MEMBERSHIPS | LOOSE
_TOKEN = re.compile(
    r"\\(?:text[a-z]{0,6}|mbox|label|tag\*?|operatorname\*?|mathrm)\s?\{[^{}]{0,300}\}"
    r"|\\(?:begin|end)\s?\{[A-Za-z]{1,30}\*?\}|\\[A-Za-z]+|\\[\s\S]|:=|[{}=<>]"
)


def relations(formula: str) -> tuple[str, ...]:
    """The relation signs of a formula in order, those in braces left out."""
    depth = 0
    found: list[str] = []
    for match in _TOKEN.finditer(formula):
        sign = match.group()
        depth += (sign == "{") - (sign == "}")
        if depth <= 0 and sign in _SIGNS:
            found.append(sign)
    return tuple(found)


def states(formula: str) -> bool:
    """Whether a formula is an equation, an inequality or a membership: something that could be claimed."""
    return any(sign not in LOOSE for sign in relations(formula))
