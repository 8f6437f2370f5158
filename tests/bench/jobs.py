"""Claims per second for one process, for two, and for a cluster that loses a worker halfway.

`python tests/bench/jobs.py [CLAIMS]` writes that many simple claims into a
temporary folder (10,000 unless told), runs them three ways, and compares the
reports: nothing lost, nothing twice, the order the same. CPU seconds are those
of the run and of the processes it started, as far as the system tells.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

GRADCHECK = str(Path(sys.executable).with_name("gradcheck"))
QUICK = ("--oracle", "differences", "--draws", "1", "--no-cache", "--format", "json")
EACH = 20
FORMULAS = (
    "dW = X.T @ (dY * (1 - Y**2))",
    "dX = (dY * (1 - Y * Y)) @ W.T",
    "dS = dY * (1 - Y * Y)",
    "dY = dY",
)


def specs(folder: Path, claims: int) -> None:
    for number in range(0, claims, EACH):
        lines = [
            f"operator: op{number}",
            "inputs: {X: [5, 7], W: [7, 3]}",
            "forward: {S: X @ W, Y: tanh(S)}",
            "claims:",
            *(
                f"  - {{id: 'c{n}', gradient: {FORMULAS[n % 4]}}}"
                for n in range(number, min(claims, number + EACH))
            ),
        ]
        (folder / f"{number:06}.yaml").write_text("\n".join(lines) + "\n")


def run(folder: Path, claims: int, name: str, *args: str, halfway=None) -> str:
    record = folder / f"{name.replace(' ', '-')}.record"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [GRADCHECK, "check", "specs", *QUICK, "--resume", record.name, *args], cwd=folder, stdout=output
        )
        while halfway is not None and process.poll() is None:
            time.sleep(0.2)
            if record.exists() and record.read_bytes().count(b"\n") > claims // 2:
                halfway()
                halfway = None
        status = process.wait()
        seconds = time.monotonic() - start
        output.seek(0)
        report = json.loads(output.read())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    ids = [claim["id"] for claim in report["claims"]]
    keys = [json.loads(line)["key"] for line in record.read_bytes().splitlines()[1:]]
    assert status == 0, status
    assert ids == [f"c{n}" for n in range(claims)], "lost, twice, or in another order"
    assert len(keys) == len(set(keys)) == claims, "judged twice"
    print(f"{name:24} {seconds:7.1f} s  {claims / seconds:7.1f} claims/s  {cpu:7.1f} CPU s", flush=True)
    return json.dumps(report["claims"])


def main() -> None:
    claims = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "specs").mkdir()
        specs(folder / "specs", claims)
        one = run(folder, claims, "--jobs 1", "--jobs", "1")
        assert run(folder, claims, "--jobs 2", "--jobs", "2") == one
        from distributed import LocalCluster

        with LocalCluster(2, threads_per_worker=1, dashboard_address=None) as cluster:
            workers = list(cluster.workers.values())

            def kill() -> None:
                os.kill(workers[0].pid, signal.SIGKILL)

            address = cluster.scheduler_address.replace("tcp://", "dask://")
            name = "dask, one worker killed"
            assert run(folder, claims, name, "--executor", address, halfway=kill) == one


if __name__ == "__main__":
    main()
