"""Corrections written into files: all of one, whole, and only where nothing has changed meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from gradcheck_cli.cli.main import app
from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.run.mend import mend
from gradcheck_cli.run.options import Options
from gradcheck_cli.run.pipeline import run

SPEC = """\
operator: o
inputs: {X: [n]}
forward: {Y: 2 * X}
claims:
  - {id: c, gradient: dX = 3 * dY, correction: dX = 2 * dY}
  - {id: d, gradient: dX = dY, correction: dX = dY + dY}
"""
RIGHT = SPEC.replace("gradient: dX = 3 * dY", "gradient: dX = 2 * dY").replace(
    "gradient: dX = dY,", "gradient: dX = dY + dY,"
)


def judged(folder):
    return run(Options((folder / "s.yaml",), Settings("differences", draws=1), diagnose="off"), folder)


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_ends_and_mark_stay(tmp_path, mark, end):
    file = tmp_path / "s.yaml"
    file.write_bytes((mark + SPEC.replace("\n", end)).encode())
    done = mend(judged(tmp_path), tmp_path)
    assert (done.files, done.problems) == ((("s.yaml", 2),), ())
    assert file.read_bytes() == (mark + RIGHT.replace("\n", end)).encode()
    assert judged(tmp_path).status == 0
    assert [p.name for p in tmp_path.iterdir()] == ["s.yaml"]


def test_nothing_to_mend(tmp_path):
    (tmp_path / "s.yaml").write_text(RIGHT)
    assert mend(judged(tmp_path), tmp_path).files == ()


SAID = (
    "nothing was mended: no finding has a verified correction that can be written here\n"
    "   = help: known errors, steps of chains, and formulas over several lines, with macros or in notebooks are left to you\n"
)


@pytest.mark.parametrize("option", ["--diff", "--fix"])
def test_it_is_told_why_nothing_is_mended(tmp_path, monkeypatch, option):
    monkeypatch.chdir(tmp_path)
    Path("s.yaml").write_text(
        SPEC.replace(", correction: dX = 2 * dY", "").replace(", correction: dX = dY + dY", "")
    )
    done = CliRunner().invoke(
        app, ["check", "s.yaml", "--oracle", "differences", "--diagnose", "off", option]
    )
    assert (done.exit_code, done.stderr) == (1, SAID)
    assert (done.stdout == "") == (option == "--diff")


def test_a_file_that_changed_meanwhile_is_left_alone(tmp_path):
    file = tmp_path / "s.yaml"
    file.write_text(SPEC)
    result = judged(tmp_path)
    file.write_text(SPEC + "# mine\n")
    done = mend(result, tmp_path)
    assert done.files == ()
    assert [(p.message, p.file) for p in done.problems] == [
        ("this file has changed meanwhile and was left alone", "s.yaml")
    ]
    assert file.read_text() == SPEC + "# mine\n"


def test_a_file_that_is_gone_is_told(tmp_path):
    file = tmp_path / "s.yaml"
    file.write_text(SPEC)
    result = judged(tmp_path)
    file.unlink()
    (problem,) = mend(result, tmp_path).problems
    assert problem.message == "this file cannot be written: No such file or directory"


def test_a_link_stays_a_link_and_rights_stay(tmp_path):
    real = tmp_path / "real.yaml"
    real.write_text(SPEC)
    real.chmod(0o640)
    (tmp_path / "s.yaml").symlink_to(real)
    mend(judged(tmp_path), tmp_path)
    assert (tmp_path / "s.yaml").is_symlink()
    assert real.read_text() == RIGHT
    assert real.stat().st_mode & 0o777 == 0o640
