"""Known findings are recognised wherever they have moved, come back when they change, and go when they are gone."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.report.json import document
from gradcheck_cli.report.json_schema import schema
from gradcheck_cli.run.baseline import Baseline, read_baseline
from gradcheck_cli.run.excuses import excused, update
from gradcheck_cli.run.options import Options
from gradcheck_cli.run.pipeline import run
from gradcheck_cli.text import Problem, draw

FILE = Path("known.json")
QUICK = Options(
    (Path("specs"),), Settings("differences", draws=1), diagnose="off", baseline=FILE, update=True
)

HEAD = "operator: o\ninputs: {X: [n]}\nforward: {Y: X * 2}\nclaims:\n"
CLAIMS = """\
  - {id: right, gradient: dX = 2 * dY}
  - {gradient: dX = 3 * dY}
  - {id: better, gradient: dX = 2 * dY, expect: wrong}
"""
WRITTEN = """\
{"version": 1, "findings": [
{"spec": "specs/a.yaml", "operator": "o", "claim": "a#2", "code": "GC001", "formula": "dX = 3 * dY", "digest": "9e47509350aac8f6"},
{"spec": "specs/a.yaml", "operator": "o", "claim": "better", "code": "GC004", "formula": "dX = 2 * dY", "digest": "dd87bf74e36756a1"}
]}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "specs").mkdir()
    spec(tmp_path, CLAIMS)
    return tmp_path


def spec(folder, claims, name="a.yaml"):
    (folder / "specs" / name).write_text(HEAD + claims)


def check(folder, options=QUICK):
    return excused(run(options, folder), options, folder)


def write(folder, options=QUICK):
    return update(check(folder, options), options, folder)


def found(result):
    return [c.claim.id for c in result.unexpected], [c.claim.id for c in result.baselined], list(result.gone)


def test_written_and_recognised(folder):
    assert found(check(folder)) == (["a#2", "better"], [], [])
    assert write(folder) == (2, 0)
    assert (folder / FILE).read_text() == WRITTEN
    result = check(folder)
    assert found(result) == ([], ["a#2", "better"], [])
    assert result.status == 0


def test_the_file_stays_as_it_is_when_nothing_changes(folder):
    write(folder)
    before = (folder / FILE).stat().st_mtime_ns
    assert write(folder) == (2, 2)
    assert (folder / FILE).stat().st_mtime_ns == before


def test_a_claim_may_move(folder):
    write(folder)
    first, second, third = CLAIMS.splitlines(keepends=True)
    spec(folder, "# a comment\n" + third + "  - {gradient: dX = dY * 2}\n" + first + second)
    assert found(check(folder)) == ([], ["better", "a#4"], [])


@pytest.mark.parametrize(
    ("old", "new", "open_", "gone"),
    [
        ("3 * dY", "4 * dY", ["a#2"], "GC001 a#2 in specs/a.yaml: dX = 3 * dY"),
        ("gradient: dX = 3 * dY", "id: own, gradient: dX = 3 * dY", ["own"], "GC001 a#2 in specs/a.yaml: dX = 3 * dY"),
        ("better", "best", ["best"], "GC004 better in specs/a.yaml: dX = 2 * dY"),
        ("dX = 3 * dY", "dX = sum(dY)", ["a#2"], "GC001 a#2 in specs/a.yaml: dX = 3 * dY"),
        ("3 * dY", "2 * dY", [], "GC001 a#2 in specs/a.yaml: dX = 3 * dY"),
        ("  - {gradient: dX = 3 * dY}\n", "", [], "GC001 a#2 in specs/a.yaml: dX = 3 * dY"),
    ],
    ids=["formula", "given an id", "another id", "code", "mended", "removed"],
)  # fmt: skip
def test_what_has_changed_comes_back_or_is_gone(folder, old, new, open_, gone):
    write(folder)
    spec(folder, CLAIMS.replace(old, new))
    result = check(folder)
    assert (found(result)[0], found(result)[2]) == (open_, [gone])
    assert result.status == bool(open_)


def test_an_entry_excuses_one_claim(folder):
    write(folder)
    spec(folder, CLAIMS + "  - {gradient: dX = 3 * dY}\n")
    assert found(check(folder))[:2] == (["a#4"], ["a#2", "better"])


def test_update_keeps_what_was_not_judged(folder):
    spec(folder, CLAIMS, "b.yaml")
    assert write(folder) == (4, 0)
    spec(folder, CLAIMS.replace("3 * dY", "2 * dY"))
    only_a = replace(QUICK, paths=(Path("specs/a.yaml"),))
    assert found(check(folder, only_a))[2] == ["GC001 a#2 in specs/a.yaml: dX = 3 * dY"]
    one = replace(QUICK, keyword="better")
    assert found(check(folder, one)) == ([], ["better", "better"], [])
    assert write(folder, one) == (4, 4)
    assert write(folder, only_a) == (3, 4)
    (folder / "specs" / "b.yaml").unlink()
    assert len(found(check(folder, only_a))[2]) == 2
    assert write(folder, only_a) == (1, 3)


def test_a_spec_that_cannot_be_read_says_nothing_about_its_findings(folder):
    write(folder)
    spec(folder, CLAIMS.replace("gradient: dX = 3 * dY", "gradient: dX = 3 * dZ"))
    result = check(folder)
    assert (result.status, found(result)) == (2, ([], ["better"], []))
    spec(folder, "not: [a claim")
    assert found(check(folder)) == ([], [], [])


def test_ignored_findings_are_not_written(folder):
    ignoring = replace(QUICK, ignore=("GC004",))
    assert write(folder, ignoring) == (1, 0)
    result = check(folder, ignoring)
    assert [c.claim.id for c in result.ignored] == ["better"]
    assert found(result) == ([], ["a#2"], [])


@pytest.mark.parametrize(
    ("select", "ignore", "left"),
    [
        ((), (), ["a#2", "better"]),
        (("GC001",), (), ["a#2"]),
        (("GC001",), ("GC001",), []),
        ((), ("GC001", "GC004"), []),
        (("GC002",), (), []),
    ],
)
def test_select_and_ignore(folder, select, ignore, left):
    result = check(folder, replace(QUICK, select=select, ignore=ignore))
    assert [c.claim.id for c in result.unexpected] == left
    assert len(result.ignored) == 2 - len(left)
    assert result.status == bool(left)


def test_the_report_tells(folder):
    write(folder)
    spec(folder, CLAIMS.replace("3 * dY", "4 * dY"))
    said = document(check(folder, replace(QUICK, ignore=("GC001",))))
    jsonschema.validate(said, schema())
    assert [c["excuse"] for c in said["claims"]] == [None, "ignored", "baseline"]
    summary = said["summary"]
    assert (summary["unexpected"], summary["ignored"], summary["in_baseline"], summary["gone_from_baseline"]) == (0, 1, 1, 1)  # fmt: skip


AGAIN = "   = help: write it again: `gradcheck check --update-baseline`"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "error: this baseline does not exist\n  --> known.json\n   = help: write it: `gradcheck check --update-baseline`"),
        ("{}", "error: this file is not a baseline\n  --> known.json\n   = help: is it another file that is meant?"),
        ("[1]", "error: this file is not a baseline\n  --> known.json\n   = help: is it another file that is meant?"),
        (
            '{"version": 1,\n<<<<<<< HEAD\n',
            "error: this baseline is not JSON: Expecting property name enclosed in double quotes\n"
            f"  --> known.json:2:1\n2 | <<<<<<< HEAD\n  | ^\n{AGAIN}",
        ),
        ("[" * 200_000, f"error: this baseline is not one that gradcheck wrote\n  --> known.json\n{AGAIN}"),
        ("9" * 5_000, f"error: this baseline is not one that gradcheck wrote\n  --> known.json\n{AGAIN}"),
        (" " * (1 + (16 << 20)), f"error: this baseline is longer than 16 MiB\n  --> known.json\n{AGAIN}"),
        (
            '{"version": 2, "findings": []}',
            f"error: this baseline has the version 2; this gradcheck reads 1\n  --> known.json\n{AGAIN}",
        ),
        (
            WRITTEN.replace('"code": "GC004"', '"code": 4'),
            "error: finding 2 of this baseline must have the texts `spec`, `operator`, `claim`, `code`, `formula`, "
            f"`digest`, and no more\n  --> known.json\n{AGAIN}",
        ),
    ],
    ids=["missing", "other", "list", "conflict", "deep", "number", "long", "version", "entry"],
)  # fmt: skip
def test_files_that_are_no_baseline(folder, text, message):
    if text is not None:
        (folder / FILE).write_text(text)
    result = check(folder, replace(QUICK, update=False))
    assert "\n".join(draw(p) for p in result.problems) == message
    assert result.status == 2
    if text is not None:  # and it is not overwritten
        assert isinstance(write(folder), Problem)
        assert (folder / FILE).read_text() == text


def test_written_texts_are_read_again(folder):
    spec(folder, "  - {id: 'dX\"–\\', gradient: 'dX = 3 *  dY + " + "0 * dY + " * 30 + "dY'}\n")
    assert write(folder) == (1, 0)
    read = read_baseline(folder / FILE, "known.json")
    assert isinstance(read, Baseline)
    (entry,) = read.entries
    assert (entry.claim, len(entry.formula), entry.formula[-1]) == ('dX"–\\', 100, "…")
    assert read.render() == (folder / FILE).read_text()
    assert len((folder / FILE).read_text().splitlines()) == 3
    assert found(check(folder))[0] == []


def test_names_that_are_not_unicode(folder):
    (folder / "specs" / "a.yaml").rename(folder / "specs" / "\udcff.yaml")
    assert write(folder) == (2, 0)
    assert found(check(folder)) == ([], ["\udcff#2", "better"], [])


def test_paths_are_relative_to_the_file(folder):
    (folder / "ci").mkdir()
    elsewhere = replace(QUICK, baseline=folder / "ci" / "known.json")
    write(folder, elsewhere)
    assert {f["spec"] for f in json.loads((folder / "ci" / "known.json").read_text())["findings"]} == {"../specs/a.yaml"}  # fmt: skip
    here = replace(elsewhere, paths=(Path("a.yaml"),))
    result = excused(run(here, folder / "specs"), here, folder / "specs")
    assert found(result) == ([], ["a#2", "better"], [])
