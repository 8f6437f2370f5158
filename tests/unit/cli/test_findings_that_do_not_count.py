"""`--select`, `--ignore`, `--baseline`: what the reports say of findings that do not fail the run."""

import json
import xml.etree.ElementTree as ET

import pytest
from typer.testing import CliRunner

from gradcheck_cli.cli.main import app

SPEC = """\
operator: o
inputs: {X: [n]}
forward: {Y: X * 2}
claims:
  - {id: right, gradient: dX = 2 * dY}
  - {id: wrong, gradient: dX = 3 * dY}
  - {id: better, gradient: dX = 2 * dY, expect: wrong}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, value in (("ORACLE", "differences"), ("DRAWS", "1"), ("DIAGNOSE", "off"), ("CACHE_DIR", str(tmp_path / "c"))):  # fmt: skip
        monkeypatch.setenv(f"GRADCHECK_{name}", value)
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "s.yaml").write_text(SPEC)
    return tmp_path


def check(*args):
    done = CliRunner().invoke(app, ["check", *args])
    return done.exit_code, done.stdout, done.stderr


def last(*args):
    status, out, _ = check(*args)
    return status, out.splitlines()[-1]


def test_the_summary_counts_what_is_ignored():
    assert last() == (1, "✗ 2 claims of 3 not as expected")
    assert last("--ignore", "GC004") == (1, "✗ 1 claim of 3 not as expected; 1 ignored")
    assert last("--ignore", "GC004,GC001") == (0, "✓ 3 claims: 2 hold, 1 wrong; 2 ignored")
    assert last("--select", "GC002") == (0, "✓ 3 claims: 2 hold, 1 wrong; 2 ignored")


def test_the_command_line_outranks_the_file(folder):
    (folder / "pyproject.toml").write_text('[tool.gradcheck]\nignore = ["GC001", "GC004"]\n')
    assert last() == (0, "✓ 3 claims: 2 hold, 1 wrong; 2 ignored")
    assert last("--ignore", "GC004") == (1, "✗ 1 claim of 3 not as expected; 1 ignored")


def test_a_baseline_is_not_written_from_nothing(folder):
    status, _, err = check("--baseline", "known.json", "--update-baseline", "-k", "nowhere")
    assert (status, err) == (
        2,
        "error: the baseline stays as it is: the run was interrupted or judged nothing\n",
    )
    assert not (folder / "known.json").exists()


def test_a_code_without_a_page():
    done = CliRunner().invoke(app, ["explain", "GC199"])
    assert (done.exit_code, done.stderr) == (
        2,
        "error: there is no code `GC199`\n   = help: findings name their codes: `GC001`, `GC103`\n",
    )


def test_a_code_that_is_none():
    assert check("--ignore", "GC44") == (
        2,
        "error: `--ignore`: `GC44` is not the code of a finding\n   = help: did you mean `GC004`?\n\n✗ 1 problem in the specs\n",
        "",
    )


def test_a_baseline_from_the_first_day_to_the_last(folder):
    written = ("--baseline", "known.json", "--update-baseline")
    assert check("--update-baseline") == (
        2,
        "",
        "error: `--update-baseline` needs to know the file\n   = help: give `--baseline gradcheck-baseline.json`\n",
    )
    status, out, err = check(*written)
    assert (status, out, err) == (0, "✓ 3 claims: 2 hold, 1 wrong; 2 in the baseline\n", "known.json: 2 findings (+2)\n")  # fmt: skip
    (folder / "pyproject.toml").write_text('[tool.gradcheck]\nbaseline = "known.json"\n')
    assert check() == (0, "✓ 3 claims: 2 hold, 1 wrong; 2 in the baseline\n", "")
    (folder / "specs" / "s.yaml").write_text(SPEC.replace("3 * dY", "dY + dY"))
    assert check() == (
        0,
        "1 finding of the baseline no longer occurs:\n"
        "  GC001 wrong in specs/s.yaml: dX = 3 * dY\n"
        "  `gradcheck check --update-baseline` strikes out what is gone\n"
        "✓ 3 claims: 3 hold; 1 in the baseline\n",
        "",
    )
    assert check("--update-baseline")[2] == "known.json: 1 finding (-1)\n"
    assert len(json.loads((folder / "known.json").read_text())["findings"]) == 1


def test_nothing_else_is_overwritten(folder):
    (folder / "notes.txt").write_text("mine")
    status, _, err = check("--baseline", "notes.txt", "--update-baseline")
    assert status == 2
    assert err.startswith("error: this baseline is not JSON: Expecting value\n  --> notes.txt:1:1\n")
    assert (folder / "notes.txt").read_text() == "mine"


def test_other_reports(folder):
    check("--baseline", "known.json", "--update-baseline")
    args = ("--baseline", "known.json", "--ignore", "GC004")
    cases = ET.fromstring(check(*args, "--format", "junit")[1]).iter("testcase")
    skipped = {c.get("name"): c.find("skipped").get("message") for c in cases if c.find("skipped") is not None}  # fmt: skip
    assert skipped["wrong"] == "in the baseline: off by 50 %, in every element"
    assert skipped["better"].startswith("GC004 is ignored: ")
    assert "::error" not in check(*args, "--format", "github")[1]
    assert json.loads(check(*args, "--format", "sarif")[1])["runs"][0]["results"] == []
    assert "2 hold, 1 wrong; 1 ignored; 1 in the baseline" in check(*args, "--format", "markdown")[1]
