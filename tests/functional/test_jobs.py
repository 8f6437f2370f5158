"""Runs over several processes, as a shell sees them: the same report, whatever dies, and nothing twice."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from importlib.util import find_spec
from itertools import chain
from pathlib import Path

import pytest

GRADCHECK = str(Path(sys.executable).with_name("gradcheck"))
QUICK = ("--oracle", "differences", "--draws", "1", "--diagnose", "off", "--no-cache")
PATIENCE = 60

SPEC = """\
operator: op{0}
inputs: {{X: [5, 7], W: [7, 3]}}
forward: {{S: X @ W, Y: tanh(S)}}
claims:
  - {{id: 'a{0}', gradient: dW = X.T @ (dY * (1 - Y**2))}}
  - {{id: 'b{0}', gradient: dX = (dY * (1 - Y * Y)) @ W.T}}
  - {{id: 'c{0}', gradient: dS = dY * (1 - Y * Y)}}
"""
FILES = 20
IDS = [f"{letter}{number:02}" for number in range(FILES) for letter in "abc"]


@pytest.fixture
def folder(tmp_path):
    for number in range(FILES):
        (tmp_path / f"{number:02}.yaml").write_text(SPEC.format(f"{number:02}"))
    return tmp_path


def environment():
    kept = {k: v for k, v in os.environ.items() if k not in {"NO_COLOR", "FORCE_COLOR", "COLUMNS"}}
    return {**kept, "OMP_NUM_THREADS": "1"}


RUNNING = []


@pytest.fixture(autouse=True)
def nothing_is_left():
    yield
    while RUNNING:
        process = RUNNING.pop()
        if process.poll() is None:
            process.kill()
            process.communicate()


def start(folder, *args):
    process = subprocess.Popen(
        [GRADCHECK, "check", ".", *QUICK, "--format", "json", *args],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    RUNNING.append(process)
    return process


def finish(process):
    output, errors = process.communicate(timeout=PATIENCE)
    return process.returncode, output, errors


def call(folder, *args):
    return finish(start(folder, *args))


def ids(output):
    return [claim["id"] for claim in json.loads(output)["claims"]]


def wait_for(record, lines):
    """Until so many results are written, the header aside."""
    end = time.monotonic() + PATIENCE
    while not record.exists() or record.read_bytes().count(b"\n") < lines + 1:
        assert time.monotonic() < end
        time.sleep(0.01)


def children(pid):
    """The processes below a process, by Linux's own lists, which are those of its threads; nearest first."""
    below = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(FileNotFoundError):
            below += [int(c) for c in task.read_text().split()]
    return [*below, *chain.from_iterable(children(c) for c in below)]


def workers_of(pid):
    """The processes that judge: children of the server that they are forked from."""
    servers = [c for c in children(pid) if "forkserver" in Path(f"/proc/{c}/cmdline").read_text()]
    return [c for server in servers[:1] for c in children(server)]


def keys(record):
    return [json.loads(line)["key"] for line in record.read_bytes().splitlines()[1:]]


linux = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks processes up in /proc")


def test_the_report_is_the_same(folder):
    for number in range(3, FILES):
        (folder / f"{number:02}.yaml").unlink()
    (folder / "bad.yaml").write_text(SPEC.format("bad").replace("tanh(S)", "tanh(Z)"))
    (folder / "odd.yaml").write_text(SPEC.format("odd").replace("dX = (dY", "dX = nothing * (dY"))
    (folder / "wrong.yaml").write_text(SPEC.format("wrong").replace("dS = dY", "dS = dX"))
    alone = call(folder)
    assert (alone[0], alone[2]) == (2, "")
    assert [p["message"] for p in json.loads(alone[1])["problems"]] == [
        "`Z` is unknown",
        "`nothing` is unknown",
    ]
    assert call(folder, "--jobs", "2") == alone


@linux
def test_a_worker_that_is_killed_loses_nothing(folder):
    process = start(folder, "--jobs", "2", "--resume", "record")
    wait_for(folder / "record", 10)
    os.kill(workers_of(process.pid)[0], signal.SIGKILL)
    status, output, errors = finish(process)
    assert (status, errors, ids(output)) == (0, "", IDS)
    assert len(set(keys(folder / "record"))) == len(keys(folder / "record")) == len(IDS)


@linux
def test_ctrl_c_keeps_what_is_done_and_leaves_no_process(folder):
    process = start(folder, "--jobs", "2", "--resume", "record")
    wait_for(folder / "record", 10)
    below = children(process.pid)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all processes at once
    status, output, errors = finish(process)
    found = ids(output)
    assert (status, errors) == (130, "")
    assert 10 <= len(found) < len(IDS)
    assert found == [i for i in IDS if i in found]
    assert json.loads(output)["summary"]["not_judged"] == len(IDS) - len(found)
    end = time.monotonic() + PATIENCE
    while any(Path(f"/proc/{pid}").exists() for pid in below):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_kill_9_loses_nothing_that_was_written(folder):
    process = start(folder, "--resume", "record")
    wait_for(folder / "record", 20)
    process.kill()
    finish(process)
    record = folder / "record"
    written = record.read_bytes()
    before = keys(record)
    record.write_bytes(written + b'{"key": "cut o')
    first = FILES // 2
    text = (folder / "00.yaml").read_text()
    (folder / "00.yaml").write_text(text.replace("(1 - Y**2)", "(1 - Y*Y)"))
    status, output, errors = call(folder, "--resume", "record", "--jobs", "2")
    assert (status, errors, ids(output)) == (0, "", IDS)
    assert record.read_bytes().startswith(written)
    lines = [json.loads(line) for line in record.read_bytes()[len(written) :].splitlines()[1:]]
    after = [line["key"] for line in lines]
    assert not set(before) & set(after)
    # the three claims of the file that was changed are judged again, and those that were missing
    assert sorted(line["claim"] for line in lines) == sorted(["a00", "b00", "c00", *IDS[len(before) :]])
    assert len(before) >= first
    assert call(folder, "--resume", "record")[1] == output
    assert len(record.read_bytes().splitlines()) == len(written.splitlines()) + 1 + len(lines)


@pytest.fixture
def cluster(tmp_path_factory):
    """A scheduler and two workers, processes of their own; the address, and what the workers run in."""
    if find_spec("distributed") is None:
        pytest.skip("needs the extra `dask`")
    place = tmp_path_factory.mktemp("cluster")
    file, quiet = place / "scheduler.json", {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    quiet["start_new_session"] = True  # so that what they started can be ended with them
    python = [sys.executable, "-m"]
    scheduler = [*python, "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    worker = [*python, "distributed.cli.dask_worker", "--nworkers", "2", "--nthreads", "1", "--no-dashboard"]
    processes = [
        subprocess.Popen([*scheduler, "--no-dashboard", "--scheduler-file", str(file)], cwd=place, **quiet),
        subprocess.Popen(
            [*worker, "--scheduler-file", str(file), "--local-directory", str(place)], cwd=place, **quiet
        ),
    ]
    end = time.monotonic() + PATIENCE
    while not file.exists() or not file.read_text():
        assert time.monotonic() < end
        time.sleep(0.05)
    address = json.loads(file.read_text())["address"].removeprefix("tcp://")
    yield f"dask://{address}", processes[1].pid
    for process in reversed(processes):
        process.terminate()
    for process in processes:
        # a nanny that is just starting another worker may wait for it forever
        with suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE / 6)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)


@linux
def test_a_cluster_that_loses_a_worker_loses_no_claim(folder, cluster):
    address, nanny = cluster
    process = start(folder, "--executor", address, "--resume", "record")
    wait_for(folder / "record", 10)
    spawned = [c for c in children(nanny) if "spawn_main" in Path(f"/proc/{c}/cmdline").read_text()]
    os.kill(spawned[0], signal.SIGKILL)
    status, output, errors = finish(process)
    assert (status, errors, ids(output)) == (0, "", IDS)
    assert len(set(keys(folder / "record"))) == len(keys(folder / "record")) == len(IDS)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            ("--jobs", "0"),
            "error: `--jobs 0` is no number of processes\n   = help: write 1 to 1024, or `auto`\n",
        ),
        (
            ("--jobs", "2", "--executor", "dask://h:1"),
            "error: `--jobs` and `--executor` exclude each other\n   = help: a cluster has workers of its own\n",
        ),
        (
            ("--shard", "3/2"),
            "error: `--shard 3/2` is no part of a run\n   = help: write `--shard 1/4` to `--shard 4/4`\n",
        ),
    ],
)
def test_usage(folder, args, message):
    done = subprocess.run(
        [GRADCHECK, "check", *args], cwd=folder, env=environment(), capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (2, "", message)


@pytest.mark.parametrize(
    ("args", "message", "advice"),
    [
        (
            ("--executor", "ray://here"),
            "`--executor ray://here` names no executor",
            "write `--executor dask://HOST:PORT`",
        ),
        (
            ("--resume", "00.yaml"),
            "this file is no record of a run",
            "name a file that does not exist yet, or one that `--resume` has made",
        ),
    ],
)
def test_what_cannot_be_used_is_a_problem(folder, args, message, advice):
    status, output, _ = call(folder, *args)
    (problem,) = json.loads(output)["problems"]
    assert (status, problem["message"], problem["help"]) == (2, message, advice)
    assert (folder / "00.yaml").read_text() == SPEC.format("00")
