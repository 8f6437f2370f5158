"""What `--power` says is found is found, and what it says holds as well does."""

import pytest

from gradcheck_cli.compare.judge import judge
from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.diagnose.changes import changes
from gradcheck_cli.diagnose.power import power
from gradcheck_cli.lang.plain import parse_expression
from gradcheck_cli.lang.printer import to_plain
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.spec.typing import type_claim, type_program
from gradcheck_cli.text import Text

SEEDED = Settings(seed=5)


def operator(claim, inputs="x: [n, m], W: [m, k]", forward="y: x @ W", kind="gradient", more=""):
    lines = "".join(f"  {line}\n" for line in forward.split("; "))
    text = f"operator: o\ninputs: {{{inputs}}}\nforward:\n{lines}claims:\n  - {kind}: '{claim}'\n{more}"
    file = load_text("s", text)
    assert not file.problems, file.problems
    return file.operators[0]


def verdicts(claim, **more):
    o = operator(claim, **more)
    return [j.verdict for j in judge(o, o.claims[0], type_claim(o, o.claims[0]), Settings(seed=5))]


def powers(claim, settings=SEEDED, **more):
    o = operator(claim, **more)
    typed = type_claim(o, o.claims[0])
    return power(o, o.claims[0], typed, judge(o, o.claims[0], typed, settings), settings)


def test_the_errors_that_are_named_are_found_in_the_claim_itself():
    (found,) = powers("dx = dy @ W.T")
    assert found.element is not None
    assert found.everywhere is not None
    assert 1e-16 < found.everywhere <= found.element < 1e-11
    assert verdicts(f"dx = {1 + 1.1 * found.everywhere:.17f} * (dy @ W.T)") == ["wrong"]
    assert verdicts(f"dx = {1 + 1e-3 * found.everywhere:.20f} * (dy @ W.T)") == ["holds"]


@pytest.mark.parametrize("oracle", ["both", "autograd", "differences"])
def test_every_change_of_a_plain_formula_is_found(oracle):
    (found,) = powers("dx = dy @ W.T", Settings(oracle=oracle, draws=2, seed=1))
    assert found.changed >= 4
    assert (found.found, found.survivors, found.undecided) == (found.changed, (), ())


def test_a_formula_that_follows_from_the_data_holds_as_well():
    (found,) = powers("dx = dy * (x > 0)", inputs="x: [n]", forward="y: relu(x)")
    assert "dx * (x > 0)" in found.survivors  # a mask masks once
    assert found.found == found.changed - len(found.survivors)
    for text in found.survivors:
        assert verdicts(f"dx = {text}", inputs="x: [n]", forward="y: relu(x)") == ["holds"]


def test_degenerate_data_let_everything_pass():
    more = {"inputs": "x: [n]", "forward": "y: softmax(x); u: sum(y)"}
    (found,) = powers("dx = dx * y", **more)
    assert {"-(dx * y)", "2 * (dx * y)"} <= set(found.survivors)


def test_the_same_formula_in_other_words_is_no_change():
    (found,) = powers("dx = dy * w + 0 * x", inputs="x: [n], w: [n]", forward="y: x * w")
    assert not any("0" in text for text in found.survivors)


def test_a_definition_of_the_claim_is_changed_too():
    (found,) = powers("dx = g", more="    where: {g: dy @ W.T}\n")
    assert found.changed >= 3
    assert found.found == found.changed


def test_only_links_that_hold_have_power():
    assert powers("dx = 2 * dy @ W.T") == ()
    first, *rest = powers("dx = dy @ W.T = dy @ W")
    assert (first.link, rest) == (0, [])


def test_changes_are_bounded_distinct_and_of_many_kinds():
    o = operator("dx = dy @ W.T")
    side = parse_expression(Text.whole("f", "dy @ W.T + sum(dy, axis=-1, keepdims=True) / n"))
    texts = [to_plain(c) for c in changes(side, type_program(o))]
    assert len(texts) == len(set(texts)) <= 24
    assert to_plain(side) not in texts
    assert {
        "dy @ W.T - sum(dy, axis=-1, keepdims=True) / n",
        "dy @ W.T",
        "dy @ W + sum(dy, axis=-1, keepdims=True) / n",
        "dy @ W.T + mean(dy, axis=-1, keepdims=True) / n",
        "dy @ W.T + sum(dy, axis=0, keepdims=True) / n",
        "ones_like(y) @ W.T + sum(dy, axis=-1, keepdims=True) / n",
        "2 * (dy @ W.T + sum(dy, axis=-1, keepdims=True) / n)",
    } <= set(texts)
