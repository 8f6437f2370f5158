"""No file can hurt: one call judges a folder of hostile specs, under a limit of memory and time.

All of them lie beside one sound spec, and each gets its message or verdict.
"""

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from hostile import CASES, spec

sys.path.pop(0)

GRADCHECK = (sys.executable, "-m", "gradcheck_cli")
GIB = 1 << 30


def call(folder, *args, memory, seconds=90):
    """One run with an address space of `memory` GiB."""
    limit = (memory * GIB, memory * GIB)
    return subprocess.run(
        [*GRADCHECK, "check", *args],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=seconds,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, limit),
    )


@pytest.fixture(scope="module", params=[("differences", 2), ("both", 6)], ids=lambda p: p[0])
def report(request, tmp_path_factory):
    oracle, memory = request.param
    folder = tmp_path_factory.mktemp("hostile")
    for case in CASES:
        (folder / f"{case.name}.yaml").write_bytes(case.data)
    (folder / "sound.yaml").write_bytes(spec())
    done = call(folder, "--oracle", oracle, "--draws", "2", "--format", "json", ".", memory=memory)
    assert done.stderr == ""
    assert done.returncode == 2
    assert not (folder / "pwned").exists()
    return json.loads(done.stdout)


def test_nothing_crashes_and_nothing_is_lost(report):
    assert report["crashes"] == []
    told = {p["file"] for p in report["problems"]} | {c["spec"] for c in report["claims"]}
    assert told == {f"{c.name}.yaml" for c in CASES} | {"sound.yaml"}
    assert [c["verdict"] for c in report["claims"] if c["spec"] == "sound.yaml"] == ["holds"]


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_case(report, case):
    file = f"{case.name}.yaml"
    messages = [p["message"] for p in report["problems"] if p["file"] == file]
    verdicts = [(c["verdict"], c["links"][0]["reason"] or "") for c in report["claims"] if c["spec"] == file]
    if case.verdict:
        assert messages == []
        ((verdict, reason),) = verdicts
        assert verdict == case.verdict
        assert reason.startswith(case.reason)
    else:
        assert verdicts == []
        assert case.message in messages


def test_paths_that_are_no_files(tmp_path):
    (tmp_path / "specs" / "x.yaml").mkdir(parents=True)
    (tmp_path / "specs" / "good.yaml").write_bytes(spec())
    (tmp_path / "specs" / "loop").symlink_to(tmp_path / "specs")
    (tmp_path / "me.yaml").symlink_to("me.yaml")
    os.mkfifo(tmp_path / "pipe.yaml")
    os.mkfifo(tmp_path / "specs" / "pipe.yaml")
    paths = (
        "specs",
        "specs/x.yaml",
        "me.yaml",
        "pipe.yaml",
        "/dev/zero",
        "gone.yaml",
        "specs/good.yaml/below",
    )
    done = call(
        tmp_path, "--oracle", "differences", "--draws", "1", "--format", "json", *paths, memory=2, seconds=30
    )
    assert done.stderr == ""
    assert done.returncode == 2
    found = json.loads(done.stdout)
    assert [(p["file"], p["message"]) for p in found["problems"]] == [
        ("specs/x.yaml", "there are no specs in this folder"),
        ("specs/pipe.yaml", "this is not a regular file"),
        ("me.yaml", "this file cannot be read"),
        ("pipe.yaml", "this is not a regular file"),
        ("/dev/zero", "this is not a regular file"),
        ("gone.yaml", "this file does not exist"),
        ("specs/good.yaml/below", "this file cannot be read"),
    ]
    assert [c["spec"] for c in found["claims"]] == ["specs/good.yaml"]


def test_one_bad_spec_among_a_thousand(tmp_path):
    for number in range(999):
        (tmp_path / f"s{number:03}.yaml").write_bytes(spec())
    (tmp_path / "bad.yaml").write_bytes(b"operator: [")
    start = time.monotonic()
    done = call(tmp_path, "--oracle", "differences", "--draws", "1", ".", memory=2)
    assert time.monotonic() - start < 60
    assert done.returncode == 2
    assert done.stderr == ""
    assert done.stdout.startswith("error: ")
    assert "  --> bad.yaml:1:12\n" in done.stdout
    assert done.stdout.endswith("✗ 999 claims: 999 hold; 1 problem in the specs\n")
