"""The file of results: what was judged is not judged again, unless it or the way of judging changed."""

import json
import os
from pathlib import Path

import pytest

from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.report import json as json_report
from gradcheck_cli.run import attempt
from gradcheck_cli.run.options import Options
from gradcheck_cli.run.pipeline import run
from gradcheck_cli.run.record import HEADER

SPEC = """\
operator: o
inputs: {X: [3]}
forward: {Y: X * 2}
claims:
  - {id: a, gradient: dX = 2 * dY}
  - {id: b, gradient: dX = dY + dY}
"""


@pytest.fixture
def check(tmp_path, monkeypatch):
    """A run with a record; gives the result and the ids of the claims that were judged."""
    (tmp_path / "s.yaml").write_text(SPEC)
    real = attempt.judged
    seen = []

    def judged(spec, operator, claim, settings):
        seen.append(claim.id)
        return real(spec, operator, claim, settings)

    monkeypatch.setattr(attempt, "judged", judged)

    def call(resume=tmp_path / "record", draws=1, **more):
        seen.clear()
        options = Options((Path("s.yaml"),), Settings("differences", draws=draws), resume=resume, **more)
        return run(options, tmp_path), tuple(seen)

    return call


def test_what_is_there_is_not_judged_again(check, tmp_path):
    first, judged = check()
    assert judged == ("a", "b")
    again, judged = check()
    assert judged == ()
    assert json_report.render(again) == json_report.render(first)
    assert (tmp_path / "record").read_bytes().count(b"\n") == 3


@pytest.mark.parametrize("more", [{"draws": 2}, {"diagnose": "full"}, {"known_too": True}, {"power": True}])
def test_other_options_are_another_question(check, more):
    check()
    assert check(**more)[1] == ("a", "b")


def test_another_text_is_another_question(check, tmp_path):
    check()
    (tmp_path / "s.yaml").write_text("# new\n" + SPEC)
    assert check()[1] == ("a", "b")


@pytest.mark.parametrize("left", [0, 7, len(HEADER) - 1])
def test_a_header_that_was_cut_off(check, tmp_path, left):
    (tmp_path / "record").write_bytes(HEADER[:left])
    check()
    assert (tmp_path / "record").read_bytes().startswith(HEADER)
    assert check()[1] == ()


@pytest.mark.parametrize("cut", [1, 2, 30, 200])
def test_a_line_that_was_cut_off_is_judged_again(check, tmp_path, cut):
    check()
    record = tmp_path / "record"
    record.write_bytes(record.read_bytes()[:-cut])
    assert check()[1] == (() if cut == 1 else ("b",))
    assert check()[1] == ()


@pytest.mark.parametrize("line", [b"{}", b"[1]", b"1e999", b"\xff", b'{"key": 3}', b"[" * 5000])
def test_strange_lines_are_passed_over(check, tmp_path, line):
    check()
    with (tmp_path / "record").open("ab") as file:
        file.write(line + b"\n")
    assert check()[1] == ()


def test_a_result_that_does_not_fit_is_judged_again(check, tmp_path):
    check()
    record = tmp_path / "record"
    lines = record.read_text().splitlines()
    changed = json.loads(lines[1])
    changed["result"]["seed"] = "x"
    record.write_text("\n".join([lines[0], json.dumps(changed), lines[2]]) + "\n")
    assert check()[1] == ("a",)


def test_no_record_of_ours(check, tmp_path):
    result, judged = check(tmp_path / "s.yaml")
    assert [p.message for p in result.problems] == ["this file is no record of a run"]
    assert (judged, result.status, (tmp_path / "s.yaml").read_text()) == ((), 2, SPEC)


def test_a_record_that_cannot_be_opened(check, tmp_path):
    result, judged = check(tmp_path / "gone" / "record")
    assert [p.message for p in result.problems] == ["the record cannot be opened: No such file or directory"]
    assert (judged, result.status) == ((), 2)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no /dev/full")
def test_a_full_disk_is_told_once_and_the_run_goes_on(check, tmp_path, monkeypatch):
    (tmp_path / "record").write_bytes(HEADER)
    real = os.open

    def full(path, *args, **more):
        return real("/dev/full" if str(path).endswith("record") else path, *args, **more)

    with monkeypatch.context() as patched:
        patched.setattr("gradcheck_cli.run.record.os.open", full)
        result, judged = check()
    assert [p.message for p in result.problems] == ["the record cannot be written: No space left on device"]
    assert (judged, len(result.claims), result.status) == (("a", "b"), 2, 2)
