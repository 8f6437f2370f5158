"""Checks a document against the table of keys in `schema`; every problem points at the node it is about."""

from __future__ import annotations

from collections.abc import Iterable

from gradcheck_cli.spec.schema import OPERATOR, Either, Keys, Leaf, ListOf, Named, Rule
from gradcheck_cli.spec.yaml_tree import Mapping, Node, Scalar, Sequence
from gradcheck_cli.text import Problem, nearest

MAX_HINTS = 100
"""Beyond this many problems no more «did you mean» is looked up."""

COMMA = "inside `{…}` a comma ends a value: put a value with commas between quotes"


def check(root: Node) -> list[Problem]:
    """All structural problems of one document."""
    checker = _Checker()
    checker.visit(root, OPERATOR, "a spec", "")
    return checker.problems


class _Checker:
    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def report(self, message: str, node: Node, advice: str = "") -> None:
        self.problems.append(Problem(message, node.span, help=advice))

    def visit(self, node: Node, rule: Rule, subject: str, example: str) -> None:
        """`subject` names the node in messages; `example` shows how its key is written."""
        if isinstance(node, Scalar) and node.flawed:
            return
        if isinstance(rule, Either):
            chosen = _choose(rule, node)
            if chosen is None:
                self.wrong(node, rule.expected, subject, example)
            else:
                self.visit(node, chosen, subject, example)
        elif isinstance(rule, Leaf):
            self.leaf(node, rule, subject, example)
        elif isinstance(rule, ListOf):
            if not isinstance(node, Sequence):
                self.wrong(node, "a list", subject, example)
                return
            self.enough(node, len(node.items), rule.least, subject, example)
            for number, item in enumerate(node.items, 1):
                self.visit(item, rule.item, f"item {number} of {subject}", example)
        elif not isinstance(node, Mapping):
            self.wrong(node, "a mapping", subject, example)
        elif isinstance(rule, Named):
            self.enough(node, len(node.entries), rule.least, subject, example)
            for key, value in node.entries:
                if _cut_by_comma(node, key, value):
                    self.report(f"`{key.value}` is not a name", key, COMMA)
                else:
                    self.visit(value, rule.value, f"`{key.value}`", example)
        else:
            self.mapping(node, rule, subject)

    def enough(self, node: Node, count: int, least: int, subject: str, example: str) -> None:
        if count < least:
            self.report(f"{subject} is empty", node, f"for example `{example}`" if example else "")

    def leaf(self, node: Node, rule: Leaf, subject: str, example: str) -> None:
        if not isinstance(node, Scalar) or node.kind not in rule.kinds:
            return self.wrong(node, rule.expected, subject, example)
        if len(rule.choices) == 1 and node.value not in rule.choices:
            return self.wrong(node, rule.expected, subject, example)
        if rule.choices and node.value not in rule.choices:
            words = ", ".join(f"`{c}`" for c in rule.choices)
            other = self.nearest(node.value, rule.choices)
            advice = f"did you mean `{other}`?" if other else f"it is one of {words}"
            self.report(f"`{node.value}` is not {rule.expected}", node, advice)
        return None

    def wrong(self, node: Node, expected: str, subject: str, example: str) -> None:
        if isinstance(node, Scalar) and node.kind == "null":
            advice = f"for example `{example}`" if example else ""
            return self.report(f"{subject} has no value: expected {expected}", node, advice)
        advice = f"for example `{example}`" if example else ""
        if expected == "a formula" and not isinstance(node, Scalar):
            advice = "a formula that begins with a bracket needs quotes: `'[…]'`"
        elif isinstance(node, Scalar) and node.kind == "boolean" and expected != "a mapping":
            advice = f"if it is meant as text, quote it: `'{node.value}'`"
        return self.report(f"{subject} must be {expected}, not {_sort(node)}", node, advice)

    def mapping(self, node: Mapping, rule: Keys, subject: str) -> None:
        meant: set[str | None] = set()
        for key, value in node.entries:
            known = rule.keys.get(key.value)
            if known is not None:
                self.visit(value, known.rule, f"`{key.value}`", known.example)
            elif _cut_by_comma(node, key, value):
                self.report(f"unknown key `{key.value}`", key, COMMA)
            else:
                other = self.nearest(key.value, rule.keys)
                meant.add(other)
                listed = ", ".join(f"`{k}`" for k in rule.keys)
                advice = f"did you mean `{other}`?" if other else f"the keys here are {listed}"
                self.report(f"unknown key `{key.value}`", key, advice)
        for name, needed in rule.keys.items():
            # a key that is only misspelt is not missing as well
            if needed.required and node.key(name) is None and not node.flawed and name not in meant:
                place: Node = node.entries[0][0] if node.entries else node
                self.report(f"{subject} needs the key `{name}`", place, f"for example `{needed.example}`")

    def nearest(self, word: str, known: Iterable[str]) -> str | None:
        return nearest(word, known) if len(self.problems) < MAX_HINTS else None


def _choose(rule: Either, node: Node) -> Rule | None:
    if isinstance(node, Scalar):
        return rule.scalar
    return rule.sequence if isinstance(node, Sequence) else rule.mapping


def _cut_by_comma(node: Mapping, key: Scalar, value: Node) -> bool:
    """Whether a «key» is the second half of a value: `{S: sum(x, axis=0)}`."""
    empty = isinstance(value, Scalar) and value.kind == "null" and value.start == value.end
    return node.flow and empty and not key.value.isidentifier()


def _sort(node: Node) -> str:
    if isinstance(node, Sequence):
        return "a list"
    if isinstance(node, Mapping):
        return "a mapping"
    return {"null": "nothing", "boolean": f"`{node.value}`", "number": "a number", "text": "text"}[node.kind]
