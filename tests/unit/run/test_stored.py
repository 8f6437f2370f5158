"""Results as JSON: what comes back is what went in, and nothing else comes in."""

import json
from dataclasses import fields, replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.compare.verdict import Judgement, Place, Sight
from gradcheck_cli.report import json as json_report
from gradcheck_cli.report import junit, markdown, sarif, terminal
from gradcheck_cli.report.result import ClaimResult, Crash, LinkResult
from gradcheck_cli.run.jobs import Job
from gradcheck_cli.run.options import Options
from gradcheck_cli.run.pipeline import run
from gradcheck_cli.run.stored import (
    KNOWN,
    Outcome,
    Unfit,
    _codec,
    dump,
    dump_outcome,
    restore,
    restore_outcome,
)
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.text import Problem, Source, Span

GOLDEN = Path(__file__).parent.parent.parent / "golden"
SPEC = load_text(
    "s.yaml", "operator: o\ninputs: {X: [n]}\nforward: {Y: X * 2}\nclaims:\n  - gradient: dX = 2 * dY\n"
)
JOB = Job("s.yaml", SPEC.operators[0], SPEC.operators[0].claims[0])


def job_of(result):
    return Job(
        result.spec,
        result.operator,
        result.claim,
        place=result.place,
        document_file=result.document_file,
        drifted=result.drifted,
    )


def there_and_back(result):
    return restore(json.loads(json.dumps(dump(result), allow_nan=False)), job_of(result))


def test_every_report_says_the_same_of_restored_results():
    found = run(Options((Path(),), Settings("differences", draws=1)), GOLDEN / "every_verdict")
    assert len(found.claims) > 5
    restored = replace(found, claims=tuple(there_and_back(result) for result in found.claims))
    assert restored.claims == found.claims
    for report in (json_report, junit, markdown, sarif):
        assert report.render(restored) == report.render(found)
    assert terminal.render(restored, verbosity=1) == terminal.render(found, verbosity=1)
    for before, after in zip(found.claims, restored.claims, strict=True):
        assert terminal.explain(after) == terminal.explain(before)


numbers = st.floats(allow_nan=False) | st.integers(-(2**70), 2**70)
places = st.builds(Place, st.text(), numbers, numbers)
spans = st.tuples(st.integers(0, 30), st.integers(30, 60)).map(lambda at: Span(JOB.sources[0], *at))
sights = st.builds(
    Sight,
    st.sampled_from(["holds", "wrong", "undecided"]),
    st.dictionaries(st.text(), st.integers()),
    numbers,
    numbers,
    place=st.none() | places,
    reason=st.text(),
)
judgements = st.builds(
    Judgement,
    st.sampled_from(["holds", "wrong", "conditional"]),
    st.text(),
    st.lists(sights, max_size=3).map(tuple),
    st.none() | spans,
    st.none() | st.text(),
)
links = st.builds(
    LinkResult, st.text(), st.text(), st.text(), st.none() | spans, judgements, st.none(), st.none()
)


@settings(max_examples=25, deadline=None)
@given(st.lists(links, max_size=3).map(tuple), st.integers(0, 2**63))
def test_any_result_comes_back(found, seed):
    result = ClaimResult(JOB.operator, JOB.claim, JOB.spec, seed, found)
    assert there_and_back(result) == result


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan"), -0.0, 5e-324])
def test_numbers_that_json_lacks(number):
    codec = _codec(float)
    assert repr(codec.read(json.loads(json.dumps(codec.write(number, ()), allow_nan=False)), JOB)) == repr(
        number
    )


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (Fraction, Fraction(-3, 7)),
        (tuple[int, str], (1, "a")),
        (tuple[float, ...], (1.0, 2)),
        (bool | None, None),
        (int | str, "x"),
    ],
)
def test_other_types(hint, value):
    codec = _codec(hint)
    assert codec.read(json.loads(json.dumps(codec.write(value, ()))), JOB) == value


def test_a_place_in_another_text_brings_the_text_along():
    span = Span(Source("suggestion", "dX = dY"), 5, 7)
    back = _codec(Span).read(_codec(Span).write(span, JOB.sources), JOB)
    assert (back.source.name, back.source.text, back.text) == ("suggestion", "dX = dY", "dY")


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (float, True),
        (float, "1.0"),
        (float, float("inf")),
        (int, 1.0),
        (str, None),
        (bool, 1),
        (tuple[int, ...], "12"),
        (tuple[int, str], [1]),
        (Fraction, [1, 0]),
        (Span, [0, 0, 10**9]),
        (Span, [7, 0, 1]),
        (Span, [0, -1, 1]),
        (Sight, {"verdict": "holds"}),
        (Place, {"index": "a", "left": 1.0, "right": 2.0, "more": 3}),
        (ClaimResult, {}),
        (ClaimResult, None),
    ],
)
def test_what_does_not_fit_is_told(hint, value):
    with pytest.raises(Unfit):
        _codec(hint).read(value, JOB)


@pytest.mark.parametrize("value", [object(), {1}, b"x", print])
def test_only_data_is_stored(value):
    judgement = Judgement("holds", value)
    link = LinkResult("a", "b", "c", None, judgement, None)
    with pytest.raises(Unfit):
        dump(ClaimResult(JOB.operator, JOB.claim, "s.yaml", 1, (link,)))


def test_a_verdict_that_there_is_not():
    value = dump(ClaimResult(JOB.operator, JOB.claim, "s.yaml", 1, ()))
    assert value.keys() == {f.name for f in fields(ClaimResult) if f.init} - set(KNOWN)
    stored = _codec(Judgement).write(Judgement("holds"), ())
    with pytest.raises(Unfit, match="'perhaps' instead of one of"):
        _codec(Judgement).read({**stored, "verdict": "perhaps"}, JOB)


def test_outcomes_without_a_result():
    span = JOB.claim.span
    outcome = Outcome(
        None,
        (Problem("bad", span, help="mend it"), Problem("gone", file="x")),
        Crash("s", "i", span, "e", "t"),
    )
    assert restore_outcome(json.loads(json.dumps(dump_outcome(outcome, JOB))), JOB) == outcome
    assert outcome.lasting is None
