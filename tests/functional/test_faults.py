"""What goes wrong around the tool: killed, disk full, streams closed, operations that crash or hang.

Whatever happens, no result that was obtained is lost, no file is half written,
and the exit status is honest: never 0 or 1 for what was not judged.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

GRADCHECK = (sys.executable, "-m", "gradcheck_cli")
QUICK = ("--oracle", "differences", "--draws", "1")
PATIENCE = 60

SPEC = """\
operator: op{0}
inputs: {{X: [5, 7], W: [7, 3]}}
forward: {{S: X @ W, Y: {1}(S)}}
claims:
  - {{id: 'a{0}', gradient: 'dX = grad(S) @ W.T'}}
  - {{id: 'b{0}', gradient: 'dW = X.T @ dS'}}
"""
WRONG = """\
operator: slip
inputs:
  x: [n]
forward:
  y: tanh(x)
claims:
  - gradient: dx = -dy * (1 - y**2)  # the sign is wrong
"""
FILES = 12


@pytest.fixture
def folder(tmp_path):
    below = tmp_path / "specs"
    below.mkdir()
    for number in range(FILES):
        (below / f"{number:02}.yaml").write_text(SPEC.format(f"{number:02}", ("tanh", "exp")[number % 2]))
    return tmp_path


def environment(**more):
    kept = {k: v for k, v in os.environ.items() if k not in {"NO_COLOR", "FORCE_COLOR", "COLUMNS"}}
    return {**kept, "OMP_NUM_THREADS": "1", **more}


def call(folder, *args, **more):
    """Status, stdout and stderr of a run."""
    variables = environment(**more.pop("environment", {}))
    done = subprocess.run(
        [*GRADCHECK, *args],
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        **more,
    )
    return done.returncode, done.stdout, done.stderr


def shell(folder, line, **variables):
    """Status, stdout and stderr of a shell's line, in which `@` is the command."""
    line = line.replace("@", " ".join(GRADCHECK))
    done = subprocess.run(
        ["/bin/bash", "-c", line],
        cwd=folder,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    return done.returncode, done.stdout, done.stderr


# streams and places


def test_closed_streams_change_no_status_and_hit_no_other_file(folder, cache_folder):
    green = f"@ check specs {' '.join(QUICK)} <&- >&- 2>&-"
    assert shell(folder, green) == (0, "", "")
    assert (cache_folder / "results-1.sqlite3").read_bytes().startswith(b"SQLite format 3\0")
    status, output, errors = shell(folder, f"@ check specs {' '.join(QUICK)} 2>&-")
    assert (status, output.splitlines()[-1], errors) == (0, "✓ 24 claims: 24 hold", "")
    (folder / "wrong.yaml").write_text(WRONG)
    assert shell(folder, f"@ check wrong.yaml {' '.join(QUICK)} >&-") == (1, "", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize(
    ("line", "errors"),
    [
        (
            "check specs/00.yaml --format json",
            "error: the report cannot be written: No space left on device\n",
        ),
        ("--help", "error: nothing more can be written: No space left on device\n"),
    ],
)
def test_a_report_that_finds_no_room_is_no_success(folder, line, errors):
    options = " ".join(QUICK) if line.startswith("check") else ""
    assert shell(folder, f"@ {line} {options} > /dev/full") == (2, "", errors)


def test_a_reader_that_goes_away_changes_no_status(folder):
    line = f"@ check specs --verbose {' '.join(QUICK)} | head -1; exit ${{PIPESTATUS[0]}}"
    assert shell(folder, line) == (0, "specs/00.yaml\n", "")


def test_a_poor_environment(folder):
    variables = {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    line = f"env -u HOME -u GRADCHECK_CACHE_DIR @ check specs/00.yaml {' '.join(QUICK)} | cat; exit ${{PIPESTATUS[0]}}"
    assert shell(folder, line, **variables) == (0, "\\u2713 2 claims: 2 hold\n", "")
    unusable = {"GRADCHECK_CACHE_DIR": "/dev/null/cache"}
    assert call(folder, "check", "specs/00.yaml", *QUICK, environment=unusable) == (
        0,
        "✓ 2 claims: 2 hold\n",
        "",
    )


@pytest.mark.parametrize("module", ["gradcheck_cli check", "gradcheck_cli.hook"])
def test_a_working_directory_that_is_gone(folder, module):
    line = f"mkdir gone; cd gone; rmdir ../gone; {sys.executable} -m {module} {folder}/specs/00.yaml"
    assert shell(folder, line) == (2, "", "error: the working directory is not there any more\n")


def test_files_that_never_end_are_not_read(folder):
    os.mkfifo(folder / "pipe.md")
    odd = "it is not a regular file"
    expected = {
        ("draft", "pipe.md"): f"error: this document cannot be read\n  --> pipe.md\n   = {odd}\n",
        ("schema", "--check", "pipe.md"): f"error: pipe.md cannot be read: {odd}\n",
    }
    for args, errors in expected.items():
        assert call(folder, *args) == (2, "", errors)
    status, output, _ = call(folder, "check", "specs/00.yaml", *QUICK, "--resume", "/dev/zero")
    assert (status, output.splitlines()[0]) == (2, f"error: the record cannot be opened: {odd}")
    status, output, _ = call(folder, "check", "specs/00.yaml", *QUICK, "--baseline", "pipe.md")
    assert (status, output.splitlines()[0]) == (2, f"error: this baseline cannot be read: {odd}")


# no room


def test_a_full_disk_loses_no_verdict_and_halves_no_file(folder):
    (folder / "wrong.yaml").write_text(WRONG)
    (folder / "baseline.json").write_text('{"version": 1, "findings": []}\n')
    before = {file: file.read_bytes() for file in (folder / "wrong.yaml", folder / "baseline.json")}
    room = 100
    status, output, errors = call(
        folder,
        *("check", "wrong.yaml", "specs", *QUICK, "--fix", "--resume", "record", "--output", "report.json"),
        *("--baseline", "baseline.json", "--update-baseline"),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)),
    )
    assert status == 2
    report = json.loads(output)
    assert [c["verdict"] for c in report["claims"]] == ["wrong", *["holds"] * 2 * FILES]
    assert [p["message"] for p in report["problems"]] == [
        "the record cannot be written: there is no space left"
    ]
    assert errors.splitlines() == [
        "error: the baseline cannot be written: File too large",
        "  --> baseline.json",
        "error: the report cannot be written to report.json: File too large",
        "   = it follows on stdout instead",
        "error: wrong.yaml: this file cannot be written: File too large",
    ]
    assert {file: file.read_bytes() for file in before} == before
    left = {file.name for file in folder.iterdir()}
    assert left <= {"wrong.yaml", "baseline.json", "specs", "record", "report.json"}
    again = call(folder, "check", "wrong.yaml", "specs", *QUICK, "--resume", "record", "--format", "json")
    assert again[0] == 1
    assert json.loads(again[1])["claims"] == report["claims"]


# killed, interrupted, several at once


def test_killed_at_any_moment_the_next_run_says_the_same(folder):
    expected = call(folder, "check", "specs", *QUICK, "--no-cache", "--format", "json")
    args = ("check", "specs", *QUICK, "--resume", "record", "--format", "json")
    kept = []
    for delay in (0.5, 0.7, 1.0):
        process = subprocess.Popen(
            [*GRADCHECK, *args],
            cwd=folder,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        time.sleep(delay)
        process.kill()
        assert process.communicate(timeout=PATIENCE)[1] == b""
        lines = (folder / "record").read_bytes().splitlines()[1:] if (folder / "record").exists() else []
        whole = [line for line in lines if line.endswith(b"}")]
        assert whole[: len(kept)] == kept
        kept = whole
    assert call(folder, *args) == expected
    (folder / "record").unlink()
    assert call(folder, *args) == expected  # out of the cache alone


def test_two_runs_share_a_cache_and_a_record(folder):
    args = ("check", "specs", *QUICK, "--resume", "record", "--format", "json")
    both = [
        subprocess.Popen(
            [*GRADCHECK, *args],
            cwd=folder,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    found = [process.communicate(timeout=PATIENCE) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert found[0] == found[1] == call(folder, *args, "--no-cache")[1:]


def test_interrupted_again_and_again(folder):
    process = subprocess.Popen(
        [*GRADCHECK, "check", "specs", "--oracle", "differences", "--draws", "2000", "--resume", "record"],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    end = time.monotonic() + PATIENCE
    while not (folder / "record").exists():
        assert time.monotonic() < end
        time.sleep(0.01)
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        time.sleep(0.05)
    output, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode in {130, -signal.SIGINT}  # the latter is 130 to a shell, too
    assert errors == ""
    assert "Traceback" not in output


# operations that fail

PATCH = """
import numpy, os, signal, time

def broken(*args, **kwargs):
    {0}

numpy.exp = broken
"""
"""Run by Python at its start, in the workers too: the one operation that fails is that of every second file."""


def with_broken(folder, how):
    patch = folder / "patch"
    patch.mkdir(exist_ok=True)
    (patch / "sitecustomize.py").write_text(PATCH.format(how))
    return {"PYTHONPATH": str(patch), "GRADCHECK_CACHE_DIR": str(folder / "cache")}


def test_a_segmentation_fault_costs_one_claim(folder):
    variables = with_broken(folder, "os.kill(os.getpid(), signal.SIGSEGV)")
    for number in range(3, FILES):
        (folder / "specs" / f"{number:02}.yaml").unlink()
    args = ("check", "specs", *QUICK, "--jobs", "2", "--format", "json", "--resume", "record")
    status, output, errors = call(folder, *args, environment=variables)
    assert (status, errors) == (3, "")
    report = json.loads(output)
    assert [(c["id"], c["verdict"]) for c in report["claims"]] == [
        (i, "holds") for i in ("a00", "b00", "a02", "b02")
    ]
    words = "the process that judged this claim died (signal 11)"
    assert [(c["id"], c["error"]) for c in report["crashes"]] == [("a01", words), ("b01", words)]
    assert call(folder, *args)[0] == 0  # with an operation that is sound the run goes on where it was


def test_an_operation_that_finds_no_memory_costs_its_claims_only(folder):
    for number in range(2, FILES):
        (folder / "specs" / f"{number:02}.yaml").unlink()
    variables = with_broken(folder, "raise MemoryError")
    status, output, errors = call(folder, "check", "specs", *QUICK, "--format", "json", environment=variables)
    assert (status, errors) == (2, "")
    report = json.loads(output)
    assert [(c["id"], c["verdict"]) for c in report["claims"]] == [("a00", "holds"), ("b00", "holds")]
    said = "there is not enough memory to judge this claim"
    assert [p["message"] for p in report["problems"]] == [said, said]


HANG = """
from pathlib import Path
from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.run.options import Options
from gradcheck_cli.run.pipeline import run
if __name__ == "__main__":
    options = Options((Path("specs"),), Settings("differences", 1), jobs=2, deadline=2.0, diagnose="off")
    result = run(options, Path.cwd())
    print([c.claim.id for c in result.claims], [(c.id, c.error) for c in result.crashes], result.status)
"""


def test_an_operation_that_hangs_is_ended(folder):
    for number in range(2, FILES):
        (folder / "specs" / f"{number:02}.yaml").unlink()
    (folder / "hang.py").write_text(HANG)
    done = subprocess.run(
        [sys.executable, "hang.py"],
        cwd=folder,
        env=environment(**with_broken(folder, "time.sleep(1000)")),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    words = "the process that judged this claim was ended after 2 s"
    assert (done.stdout, done.stderr) == (f"['a00', 'b00'] {[('a01', words), ('b01', words)]} 3\n", "")
