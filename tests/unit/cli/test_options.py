"""Options and their errors, without a process of their own."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from gradcheck_cli.cli import main as entry
from gradcheck_cli.cli.main import app, main
from gradcheck_cli.report.rules import RULES
from gradcheck_cli.run import judged, pipeline

SPEC = """\
operator: o
inputs: {X: [n]}
forward: {Y: X * 2}
claims:
  - {id: right, gradient: dX = 2 * dY}
  - {id: [step-a, step-b], gradient: dX = 2 * dY = dY * 2}
  - {gradient: dX = 2 * dY = dY + dY}
"""
QUICK = ["--oracle", "differences", "--draws", "1"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "s.yaml").write_text(SPEC)
    return tmp_path


def invoke(*args):
    return CliRunner().invoke(app, args)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--device", "foo"], "error: there is no device `foo`\n   = help: devices are `cpu`, `cuda` and `cuda:1`, `cuda:2` …\n"),
        (["--device", "cuda:x"], "error: there is no device `cuda:x`\n   = help: devices are `cpu`, `cuda` and `cuda:1`, `cuda:2` …\n"),
        (["--device", "cuda:99"], "error: torch sees no device `cuda:99`\n   = help: leave `--device` out to run on the CPU\n"),
        (
            ["--device", "cuda", "--oracle", "differences"],
            "error: `--oracle differences` runs on the CPU, not on `cuda`\n   = help: leave `--device` or `--oracle` out\n",
        ),
        (["--sources", "nowhere"], "error: `--sources nowhere` is not a folder\n"),
    ],
)  # fmt: skip
def test_refused(args, message):
    done = invoke("check", *args)
    assert (done.exit_code, done.stdout, done.stderr) == (2, "", message)


@pytest.mark.skipif("__import__('torch').cuda.is_available()")
def test_cuda_where_there_is_none():
    done = invoke("check", "--device", "cuda")
    assert (done.exit_code, done.stdout) == (2, "")
    assert (
        done.stderr
        == "error: torch sees no device `cuda`\n   = help: leave `--device` out to run on the CPU\n"
    )


@pytest.mark.parametrize(
    "args",
    [
        ("--draws", "0"),
        ("--draws", "10001"),
        ("--draws", "many"),
        ("--seed", "-1"),
        ("--seed", str(2**63)),
        ("--oracle", "delphi"),
        ("--format", "pdf"),
        ("--nonsense",),
    ],
    ids=" ".join,
)
def test_bounds(args):
    """The words are typer's own and change with it; they name the option."""
    done = invoke("check", *args)
    assert (done.exit_code, done.stdout) == (2, "")
    assert args[0] in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("seed", ["0", "7", str(2**63 - 1)])
def test_seeds(seed):
    done = invoke("explain", "right", *QUICK, "--seed", seed)
    assert done.exit_code == 0
    assert done.stdout.endswith(f"\n  seed {seed}; the same seed gives the same data (`--seed {seed}`)\n")


def test_keyword():
    assert invoke("check", *QUICK, "-k", "STEP").stdout == "✓ 1 claim: 1 holds\n"
    done = invoke("check", *QUICK, "-k", "[/x]")
    assert (done.exit_code, done.stdout) == (2, "error: no claim matches `-k [/x]`\n")


@pytest.mark.parametrize("claim", ["right", "step-a", "step-b", "s#3", "s#3.2"])
def test_explain_finds_claims_and_links(claim):
    done = invoke("explain", claim, *QUICK)
    assert done.exit_code == 0, done.stderr
    assert " gradient claim about o\n" in done.stdout


@pytest.mark.parametrize("code", RULES)
def test_explain_a_code(code):
    name, meaning = RULES[code]
    assert invoke("explain", code).stdout == f"{code} {name}\n  {meaning}\n"


@pytest.mark.parametrize(
    ("args", "status", "out", "err"),
    [
        (["righ"], 2, "", "error: no claim has the id `righ`\n   = help: did you mean `right`?\n"),
        (
            ["zzz"],
            2,
            "",
            "error: no claim has the id `zzz`\n   = help: `gradcheck check --verbose` lists all ids\n",
        ),
        (
            ["right", "gone.yaml"],
            2,
            "error: this file does not exist\n  --> gone.yaml\n\n✗ 1 problem in the specs\n",
            "",
        ),
    ],
)
def test_explain_what_is_not_there(args, status, out, err):
    done = invoke("explain", *args, *QUICK)
    assert (done.exit_code, done.stdout, done.stderr) == (status, out, err)


def test_crash_in_one_claim(monkeypatch):
    real = judged.judge_certified

    def judge(operator, claim, *rest):
        if claim.id == "right":
            raise ZeroDivisionError("oops")
        return real(operator, claim, *rest)

    monkeypatch.setattr(judged, "judge_certified", judge)
    done = invoke("check", *QUICK)
    assert done.exit_code == 3
    assert done.stdout == (
        "internal error: ZeroDivisionError: oops\n"
        "  --> specs/s.yaml:5:5 (right)\n"
        "   = this is a fault of gradcheck, not of the claim; please report it\n"
        "\n"
        "✗ 2 claims: 2 hold; 1 internal error\n"
    )


def test_fault_outside_of_any_claim(monkeypatch, capsys):
    def broken(*_, **__):
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(entry, "app", broken)
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 3
    assert capsys.readouterr().err.endswith(
        "internal error: ZeroDivisionError: oops\nthis is a fault of gradcheck, not of your spec; please report it\n"
    )


def test_interrupt_before_the_first_claim(monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "discover", interrupted)
    assert invoke("check", *QUICK).exit_code == 130


def test_bundled_sources_are_announced(folder, monkeypatch):
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    done = invoke("check", *QUICK, "-k", "001-relu")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[-2] == "There are no specs here: these are the audited sources that come with gradcheck."
    assert lines[-1].startswith("✓ ")


def test_help_tells_the_exit_statuses():
    shown = " ".join(invoke("check", "--help").stdout.split())
    for said in (
        "0 every claim is as expected",
        "1 some claim is not",
        "3 an internal error",
        "130 interrupted",
    ):
        assert said in shown


def test_unreadable_configuration(folder: Path):
    (folder / "pyproject.toml").write_text("[tool.gradcheck]\npathes = []\n")
    done = invoke("check", *QUICK)
    assert done.exit_code == 2
    assert done.stdout.startswith("error: `[tool.gradcheck]` has no setting `pathes`\n")
