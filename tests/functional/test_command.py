"""The installed command as a shell sees it: exit status, streams, colours, signals."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

GRADCHECK = str(Path(sys.executable).with_name("gradcheck"))
QUICK = ("--oracle", "differences", "--draws", "1")

SPEC = """\
operator: o
inputs: {X: [n]}
forward: {Y: X * 2}
claims:
  - {id: right, gradient: dX = 2 * dY}
"""
WRONG = SPEC + "  - {id: wrong, gradient: dX = 3 * dY}\n"
SLOW = """\
operator: o
inputs: {X: [12, 12]}
forward: {Y: inv(X @ X.T + eye(12)) @ X}
claims:
"""


def environment(**more):
    names = ("NO_COLOR", "FORCE_COLOR", "TERM", "COLUMNS", "PYTHONPATH", "CLICOLOR_FORCE")
    kept = {k: v for k, v in os.environ.items() if k not in names}
    return {**kept, "OMP_NUM_THREADS": "1", "TERM": "xterm", **more}


def call(folder, *args, seconds=60, **more):
    return subprocess.run(
        [GRADCHECK, *args],
        cwd=folder,
        env=environment(**more),
        capture_output=True,
        text=True,
        timeout=seconds,
    )


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "right.yaml").write_text(SPEC)
    (tmp_path / "wrong.yaml").write_text(WRONG)
    return tmp_path


def test_green(folder):
    done = call(folder, "check", "right.yaml")
    assert (done.returncode, done.stdout, done.stderr) == (0, "✓ 1 claim: 1 holds\n", "")


def test_findings(folder):
    done = call(folder, "check", *QUICK, "wrong.yaml")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("error[GC001] wrong: ")
    assert done.stdout.endswith("\n✗ 1 claim of 2 not as expected\n")
    assert "\x1b" not in done.stdout


def test_quiet_is_silent_when_green(folder):
    done = call(folder, "check", *QUICK, "--quiet", "right.yaml")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_usage(folder):
    done = call(folder, "check", *QUICK, "gone.yaml")
    assert done.returncode == 2
    assert done.stdout == "error: this file does not exist\n  --> gone.yaml\n\n✗ 1 problem in the specs\n"


@pytest.mark.parametrize(
    ("variables", "coloured"), [({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)]
)
def test_colour(folder, variables, coloured):
    done = call(folder, "check", *QUICK, "wrong.yaml", **variables)
    assert ("\x1b[1;31m" in done.stdout) is coloured
    assert ("31m" in done.stdout) is coloured


PROBE = """\
import sys
sys.argv = {argv}
from gradcheck_cli.cli.main import main
try:
    main()
except SystemExit as end:
    status = end.code or 0
loaded = [m for m in ("torch", "numpy", "scipy", "yaml", "rich.progress") if m in sys.modules]
print(status, *loaded, file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("argv", "loaded"),
    [
        (["gradcheck", "--help"], ""),
        (["gradcheck", "check", "--help"], ""),
        (["gradcheck", "explain", "--help"], ""),
        (["gradcheck", "--version"], ""),
        (["gradcheck", "check", "--oracle", "differences", "right.yaml"], "numpy yaml"),
    ],
    ids=lambda a: " ".join(a[1:]) if isinstance(a, list) else "",
)
def test_what_is_imported(folder, argv, loaded):
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(argv=argv)],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
    )
    status, *found = done.stderr.split()
    assert status == "0", done.stderr
    assert [m for m in found if m != "rich.progress"] == loaded.split()


def test_reader_that_goes_away(folder):
    command = f"'{GRADCHECK}' check {' '.join(QUICK)} --format json . | head -1; echo ${{PIPESTATUS[0]}}"
    for path in folder.glob("*.yaml"):  # more than a pipe holds
        path.write_text(SPEC + "  - {gradient: dX = 3 * dY}\n" * 60)
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment(), capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("{\n1\n", "")


def test_report_to_a_file(folder):
    done = call(folder, "check", *QUICK, "--format", "json", "--output", "report.json", "wrong.yaml")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
    written = (folder / "report.json").read_text(encoding="utf-8")
    assert json.loads(written)["summary"]["unexpected"] == 1
    ascii_only = call(folder, "check", *QUICK, "--format", "json", "wrong.yaml", PYTHONIOENCODING="ascii")
    assert ascii_only.stdout == written


def test_report_is_kept_where_the_file_cannot_be_written(folder):
    done = call(folder, "check", *QUICK, "--output", "no/such/folder.txt", "right.yaml")
    assert done.returncode == 2
    assert done.stdout == "✓ 1 claim: 1 holds\n"
    assert done.stderr == (
        "error: the report cannot be written to no/such/folder.txt: No such file or directory\n"
        "   = it follows on stdout instead\n"
    )


def test_without_torch(folder):
    """A quick answer where torch cannot be imported, and advice where it is needed."""
    (folder / "broken").mkdir()
    (folder / "broken" / "torch.py").write_text("raise ImportError('no torch here')")
    done = call(folder, "check", "right.yaml", PYTHONPATH=str(folder / "broken"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error: torch cannot be imported\n   = help: install torch, or judge without it: `--oracle differences`\n"
    )
    done = call(folder, "check", *QUICK, "right.yaml", PYTHONPATH=str(folder / "broken"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "✓ 1 claim: 1 holds\n", "")


def test_interrupt_keeps_what_was_found(folder):
    claims = "".join(f"  - {{id: c{n}, gradient: dX = {n} * dY}}\n" for n in range(400))
    (folder / "slow.yaml").write_text(SLOW + claims)
    process = subprocess.Popen(
        [GRADCHECK, "check", "--oracle", "differences", "right.yaml", "slow.yaml"],
        cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    time.sleep(6)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err == ""
    assert "error[GC001] wrong" in out
    last = out.splitlines()[-1]
    assert "not as expected; interrupted: " in last
    assert last.endswith(" claims not judged")


def test_module_is_the_command(folder):
    done = subprocess.run(
        [sys.executable, "-m", "gradcheck_cli", "--version"], cwd=folder, capture_output=True, text=True
    )
    assert done.stdout == call(folder, "--version").stdout
    assert done.stdout.startswith("gradcheck 0.")
