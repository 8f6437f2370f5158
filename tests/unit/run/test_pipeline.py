"""The run: whatever happens to one spec or claim, the others keep their results."""

from pathlib import Path

import pytest

from gradcheck_cli.compare import court
from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.run import jobs, judged, pipeline
from gradcheck_cli.run.options import Options
from gradcheck_cli.run.pipeline import run
from gradcheck_cli.run.spread import Stopped
from gradcheck_cli.text import draw

QUICK = Settings("differences", draws=1)

SPEC = """\
operator: {name}
inputs:
  X: [n]
forward:
  Y: X * 2
claims:
  - {{id: {name}-right, gradient: dX = 2 * dY}}
  - {{id: {name}-wrong, derivative: 'D(Y, X) = 3', expect: wrong}}
"""


@pytest.fixture
def folder(tmp_path):
    for name in ("one", "two", "three"):
        (tmp_path / f"{name}.yaml").write_text(SPEC.format(name=name))
    return tmp_path


def check(folder, keyword=None, settings=QUICK, **more):
    return run(Options((Path(),), settings, keyword=keyword), folder, **more)


def ids(result):
    return [c.claim.id for c in result.claims]


ALL = ["one-right", "one-wrong", "three-right", "three-wrong", "two-right", "two-wrong"]


def test_everything(folder):
    result = check(folder)
    assert ids(result) == ALL
    assert [c.spec for c in result.claims] == ["one.yaml"] * 2 + ["three.yaml"] * 2 + ["two.yaml"] * 2
    assert result.status == 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not: a spec",
        SPEC.format(name="x").replace("X * 2", "Z * 2"),
        SPEC.format(name="x").replace("[n]", "[n, n/]"),
        "\0",
    ],
)
def test_one_bad_spec_does_not_stop_the_others(folder, text):
    (folder / "bad.yaml").write_text(text)
    result = check(folder)
    assert ids(result) == ALL
    assert result.problems
    assert {p.where.split(":")[0] for p in result.problems} == {"bad.yaml"}
    assert result.status == 2


def test_one_bad_claim_does_not_stop_the_others(folder):
    with (folder / "one.yaml").open("a") as file:
        file.write("  - {id: bad, gradient: dX = dY @ nothing}\n")
    result = check(folder)
    assert ids(result) == ALL
    assert [p.message for p in result.problems] == ["`nothing` is unknown"]


def fail_at(monkeypatch, claim_id, error):
    real = judged.judge_certified

    def judge(operator, claim, typed, settings):
        if claim.id == claim_id:
            raise error
        return real(operator, claim, typed, settings)

    monkeypatch.setattr(judged, "judge_certified", judge)


def test_crash(folder, monkeypatch):
    fail_at(monkeypatch, "three-right", ZeroDivisionError("the tool\nis broken"))
    result = check(folder)
    assert ids(result) == [i for i in ALL if i != "three-right"]
    (crash,) = result.crashes
    assert (crash.spec, crash.id, crash.error) == (
        "three.yaml",
        "three-right",
        "ZeroDivisionError: the tool\nis broken",
    )
    assert crash.span.line == 7
    assert "raise error" in crash.traceback
    assert result.status == 3


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (RecursionError(), "the definitions behind this claim nest too deep"),
        (MemoryError(), "there is not enough memory to judge this claim"),
    ],
)
def test_exhaustion(folder, monkeypatch, error, message):
    fail_at(monkeypatch, "three-right", error)
    result = check(folder)
    assert ids(result) == [i for i in ALL if i != "three-right"]
    assert [(p.message, p.where) for p in result.problems] == [(message, "three.yaml:7:5")]
    assert result.status == 2


@pytest.mark.parametrize(("at", "kept"), [("one-right", 0), ("three-wrong", 3), ("two-wrong", 5)])
def test_interrupt_keeps_what_was_found(folder, monkeypatch, at, kept):
    fail_at(monkeypatch, at, KeyboardInterrupt())
    result = check(folder)
    assert ids(result) == ALL[:kept]
    assert result.interrupted == 6 - kept
    assert result.status == 130


@pytest.mark.parametrize(
    ("keyword", "found"),
    [
        ("", ALL),
        ("two-wrong", ["two-wrong"]),
        ("TWO-W", ["two-wrong"]),
        ("three.yaml", ["three-right", "three-wrong"]),
        ("derivative", ["one-wrong", "three-wrong", "two-wrong"]),
        ("D(Y, X)", ["one-wrong", "three-wrong", "two-wrong"]),
    ],
)
def test_keyword(folder, keyword, found):
    result = check(folder, keyword)
    assert ids(result) == found
    assert result.unmatched is None


def test_keyword_that_selects_nothing(folder):
    result = check(folder, "[nothing")
    assert (result.unmatched, result.claims, result.status) == ("[nothing", (), 2)


def test_keyword_where_no_spec_could_be_read(tmp_path):
    (tmp_path / "bad.yaml").write_text("")
    result = check(tmp_path, "x")
    assert (result.unmatched, len(result.problems), result.status) == (None, 1, 2)


def test_watch_is_told_before_each_claim(folder):
    seen = []
    check(folder, "one", watch=lambda *told: seen.append(told))
    assert seen == [(0, 2, "one-right"), (1, 2, "one-wrong")]


def test_files_are_named_relative_to_the_working_directory(folder):
    inside = folder / "inside"
    inside.mkdir()
    options = Options((folder / "one.yaml", Path("../two.yaml")), QUICK)
    outside = folder.as_posix()
    assert {c.spec for c in run(options, inside).claims} == {f"{outside}/one.yaml", "../two.yaml"}
    assert {c.spec for c in run(options, folder / "inside" / "..").claims} >= {"one.yaml"}


@pytest.mark.parametrize("length", [30, 300, 3000])
def test_long_chain_of_definitions(folder, length):
    """Each uses the one before twice; what is too deep is told, and nothing breaks."""
    lines = ["g0: dY", *(f"g{n}: (g{n - 1} + g{n - 1}) / 2" for n in range(1, length))]
    with (folder / "one.yaml").open("a") as file:
        file.write(
            f"  - id: long\n    gradient: dX = 2 * g{length - 1}\n    where:\n      " + "\n      ".join(lines)
        )
    result = check(folder, "one")
    assert not result.crashes
    messages = [p.message for p in result.problems]
    if length == 30:
        assert ids(result) == ["one-right", "one-wrong", "long"]
        assert result.status == 0
    else:
        assert ids(result)[:2] in (["one-right", "one-wrong"], [])
        assert len(messages) == 1
        assert "long" not in ids(result)


def test_long_forward(folder):
    lines = ["Y0: X", *(f"Y{n}: Y{n - 1} * 1" for n in range(1, 300))]
    (folder / "one.yaml").write_text(
        SPEC.format(name="one").replace("  Y: X * 2", "  " + "\n  ".join(lines) + "\n  Y: Y299 * 2")
    )
    result = check(folder)
    assert [*ids(result)[-4:]] == ALL[-4:]
    assert not result.crashes


def test_versions_are_those_that_computed(folder):
    assert check(folder, "one-right").versions.keys() == {"gradcheck", "numpy"}
    settings = Settings("autograd", draws=1)
    assert check(folder, "one-right", settings).versions.keys() == {"gradcheck", "numpy", "torch"}


def test_problems_are_told_once(folder):
    (folder / "bad.yaml").write_text(
        SPEC.format(name="bad")
        .replace("{id: bad-wrong, derivative: 'D(Y, X) = 3'", "{id: bad-wrong, derivative: 'D(Y, X) = Q'")
        .replace("expect: wrong", "expect: wrong, correction: 'D(Y, X) = 2'")
    )
    assert [draw(p).splitlines()[0] for p in check(folder, "bad").problems] == ["error: `Q` is unknown"]


def test_a_claim_that_takes_too_long_is_undecided(folder, monkeypatch):
    monkeypatch.setattr(court, "SECONDS", 0.0)
    result = check(folder)
    assert ids(result) == ALL
    assert {c.verdict for c in result.claims} == {"undecided"}
    (link,) = result.claims[0].links
    assert link.judgement.reason == "the time limit of 0 s for one claim is over"
    assert result.status == 1


def test_what_was_not_judged_is_told_and_how_to_go_on(folder, monkeypatch):
    def gone(*_):
        yield from ()
        raise Stopped("the workers are gone")

    monkeypatch.setattr(pipeline, "one_by_one", gone)
    result = check(folder)
    assert result.status == 2
    assert [draw(p) for p in result.problems] == [
        "error: 6 claims were not judged: the workers are gone\n"
        "   = help: with `--resume FILE` another run goes on from here"
    ]


def test_a_forward_that_nests_too_deep_is_told(folder, monkeypatch):
    def deep(operator):
        raise RecursionError

    monkeypatch.setattr(jobs, "type_program", deep)
    result = check(folder)
    assert draw(result.problems[0]) == (
        "error: this forward computation nests too deep\n"
        "  --> one.yaml:1:11\n"
        "1 | operator: one\n"
        "  |           ^^^\n"
        "   = help: split long formulas into several lines of `forward`"
    )
