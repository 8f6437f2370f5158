"""The table: well-formed, and documented in specs/README.md line by line, with nothing more and nothing less."""

import re
from pathlib import Path

import pytest

from gradcheck_cli.evaluate.numpy_kinks import BRANCHES
from gradcheck_cli.lang.functions import (
    ALIASES,
    CONSTANTS,
    FUNCTIONS,
    GROUPS,
    KEYWORD_ALIASES,
    OPERATORS,
    OVER,
)
from gradcheck_cli.lang.plain import BINDING
from gradcheck_cli.shapes.rules import RULES

README = Path(__file__).parents[3] / "specs" / "README.md"


def documented() -> list[tuple[str, list[tuple[str, str]]]]:
    """The groups of the page with their rows, read as a person reads them."""
    section = README.read_text(encoding="utf-8").split("\n## The functions\n")[1].split("\n## ")[0]
    groups: list[tuple[str, list[tuple[str, str]]]] = []
    for line in section.splitlines():
        title = re.fullmatch(r"\*\*(.*)\.\*\*", line)
        row = re.fullmatch(r"\| `(.*?)` \| (.*) \|", line)
        if title:
            groups.append((title[1], []))
        elif row:
            groups[-1][1].append((row[1], row[2]))
        else:
            assert line in {"", "| call | meaning |", "| --- | --- |"}, line
    return groups


def test_the_documentation_lists_exactly_the_table():
    table = [
        (title, [(f.signature, f.doc) for f in FUNCTIONS.values() if f.group == group])
        for group, title in GROUPS.items()
    ]
    assert documented() == table


def test_every_function_belongs_to_a_group_and_a_rule():
    for function in FUNCTIONS.values():
        assert function.group in GROUPS
        assert function.rule in RULES or function.group in {"derivative", "special"}


def test_every_rule_is_used():
    assert set(RULES) - {f.rule for f in FUNCTIONS.values()} == {"mT"}


def test_a_doc_line_is_one_line_without_a_final_stop():
    for function in FUNCTIONS.values():
        assert function.doc == function.doc.strip()
        assert "\n" not in function.doc
        assert "|" not in function.doc
        assert not function.doc.endswith(".")


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=lambda f: f.name)
def test_a_latex_form_names_only_arguments_that_exist(function):
    numbers = [int(n) for n in re.findall(r"#(\d)", function.latex)]
    assert all(1 <= n <= len(function.parameters) for n in numbers)
    assert function.latex.count("{") == function.latex.count("}")


def test_operators_call_functions_and_every_one_binds():
    assert set(OPERATORS) == set(BINDING)
    assert set(OPERATORS.values()) <= set(FUNCTIONS)
    assert all(len(FUNCTIONS[name].parameters) == 2 for name in OPERATORS.values())


def test_names_from_elsewhere_lead_to_ours():
    assert not set(ALIASES) & set(FUNCTIONS)
    assert set(ALIASES.values()) <= set(FUNCTIONS)
    ours = {p.name for f in FUNCTIONS.values() for p in f.parameters}
    assert set(KEYWORD_ALIASES.values()) <= ours


def test_constants_and_reductions_over_indices():
    assert set(CONSTANTS) == {"pi", "e", "inf"}
    assert not set(CONSTANTS) & set(FUNCTIONS)
    assert all(FUNCTIONS[name].group == "reduction" for name in OVER)


def test_kinked_functions_are_those_with_branches():
    """A kink that the differences cannot see would let them vouch for a wrong answer."""
    assert {f.name for f in FUNCTIONS.values() if f.kinked} == set(BRANCHES)
