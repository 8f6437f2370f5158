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


GUARD = """
import os, sys

FORBIDDEN = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "urllib.Request",
             "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "pickle.find_class")

def guard(event, args):
    if event in FORBIDDEN:
        with open({log!r}, "a") as log:
            print(event, args, file=log)

sys.addaudithook(guard)
"""

CANARY = "open('pwned', 'w').write('x')"

STRANGER = """\
operator: a stranger's
source: {document: 'https://example.org/post.md'}
inputs: {X: [n]}
forward: {Y: X * 2}
listing: {document: listing.md, lines: [1, 2]}
claims:
  - gradient: dX = 2 * dY
    quote: nothing
  - code: back(dY) = dX
"""

ELSEWHERE = """\
operator: elsewhere
source: {{document: {0!r}}}
inputs: {{X: [n]}}
forward: {{Y: X * 2}}
claims:
  - gradient: dX = 2 * dY
    quote: SECRET
"""


def test_nothing_runs_and_nothing_is_fetched_that_was_not_asked_for(tmp_path):
    folder = tmp_path / "work"
    guard = tmp_path / "guard"
    folder.mkdir()
    guard.mkdir()
    (guard / "sitecustomize.py").write_text(GUARD.format(log=str(tmp_path / "log")))
    (tmp_path / "secret.md").write_text("SECRET $x$")
    (folder / "stranger.yaml").write_text(STRANGER)
    (folder / "listing.md").write_text(f"{CANARY}\ndef back(dY): return 2 * dY\n")
    (folder / "link.md").symlink_to(tmp_path / "secret.md")
    for name, document in {
        "above": "../secret.md",
        "absolute": str(tmp_path / "secret.md"),
        "link": "link.md",
        "url": "file:///etc/passwd",
        "deeper": "specs/../../secret.md",
    }.items():
        (folder / f"{name}.yaml").write_text(ELSEWHERE.format(document))
    cells = [
        {"cell_type": "code", "source": CANARY, "metadata": {}, "outputs": [], "execution_count": None},
        {
            "cell_type": "markdown",
            "source": f"```gradcheck\n{STRANGER}```\n![x](https://example.org/x.png)",
            "metadata": {},
        },
    ]
    (folder / "post.ipynb").write_text(
        json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}})
    )
    (folder / "pyproject.toml").write_text('[tool.gradcheck]\nallow-code = ["."]\n')
    (folder / "conftest.py").write_text(CANARY)
    (folder / "sitecustomize.py").write_text(CANARY)
    danger = b"cos\nsystem\n(S'touch pwned'\ntR."
    (folder / "record").write_bytes(
        b'{"gradcheck": "results of a run", "version": 1}\n'
        + danger
        + b'\n{"key": "!!python/object", "result": []}\n'
    )
    (folder / "baseline.json").write_text('{"version": 1, "findings": []}\n')
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "results-1.sqlite3").write_bytes(danger * 100)

    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(guard),
        "GRADCHECK_CACHE_DIR": str(cache),
    }
    environment = {k: v for k, v in environment.items() if k != "GRADCHECK_ALLOW_CODE"}
    quick = ("--oracle", "differences", "--draws", "1")
    runs = {
        (
            "check",
            ".",
            "post.ipynb",
            *quick,
            "--resume",
            "record",
            "--baseline",
            "baseline.json",
            "--format",
            "json",
        ): 0,
        ("audit", "post.ipynb", "--specs", ".", *quick, "--format", "html"): 2,  # documents are missing
        ("draft", "post.ipynb"): 1,
    }
    for args, status in runs.items():
        done = subprocess.run(
            [*GRADCHECK, *args], cwd=folder, env=environment, capture_output=True, text=True, timeout=60
        )
        assert "Traceback" not in done.stderr
        assert done.returncode == status, done.stdout + done.stderr
        assert "root:" not in done.stdout
        if args[0] == "check":
            claims = json.loads(done.stdout)["claims"]
            assert {c["verdict"] for c in claims if c["kind"] == "code"} == {"skipped"}
            assert {c["document_line"] for c in claims if c["spec"] != "post.ipynb"} == {None}
    assert not (folder / "pwned").exists()
    assert not (tmp_path / "log").exists()

    allowed = [*GRADCHECK, "check", "stranger.yaml", *quick, "--allow-code"]
    subprocess.run(allowed, cwd=folder, env=environment, capture_output=True, check=False, timeout=60)
    assert "subprocess.Popen" in (tmp_path / "log").read_text()  # the guard sees what it has to see
