"""How much the hook costs: ratios to a bare Python and to torch, minima of interleaved runs.

    python tests/bench/hook.py [--repeat N] [--cold]

Warm: 50 specs whose verdicts are known, against `python -c pass` and `import torch`.
Cold: 49 small specs that nobody judged before, with `--oracle differences`,
against the same derivatives as a script of torch.autograd.gradcheck (slow mode).
All figures are CPU seconds of a process of its own.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

HOOK = [str(Path(sys.executable).with_name("gradcheck-hook"))]

OPERATORS = {
    # name: (formula of Y, gradient, the same in torch)
    "sigmoid": ("1 / (1 + exp(-X))", "dX = dY * Y * (1 - Y)", "torch.sigmoid(X)"),
    "tanh": ("tanh(X)", "dX = dY * (1 - Y**2)", "torch.tanh(X)"),
    "silu": (
        "X / (1 + exp(-X))",
        "dX = dY * (Y + (1 - Y) / (1 + exp(-X)))",
        "torch.nn.functional.silu(X)",
    ),
    "softmax": (
        "softmax(X, axis=-1)",
        "dX = Y * (dY - sum(dY * Y, axis=-1, keepdims=True))",
        "torch.softmax(X, -1)",
    ),
    "square": ("X @ X.T", "dX = (dY + dY.T) @ X", "X @ X.T"),
    "log": ("log(1 + X**2)", "dX = 2 * dY * X / (1 + X**2)", "torch.log(1 + X**2)"),
    "sums": (
        "exp(X - sum(X, axis=-1, keepdims=True) / n)",
        "dX = dY * Y - sum(dY * Y, axis=-1, keepdims=True) / n",
        "torch.exp(X - X.mean(-1, keepdim=True))",
    ),
}
ROWS = range(4, 11)
"""Each operator with so many rows, so that 49 specs differ."""

SCRIPT = """\
import torch
torch.set_num_threads(1)
"""


def spec(name: str, rows: int, columns: str = "n") -> str:
    """A small spec of one operator."""
    formula, gradient, _ = OPERATORS[name]
    return (
        f"operator: {name} {rows}\ninputs: {{X: [m, {columns}]}}\ndims: {{m: {rows}}}\n"
        f"forward: {{Y: '{formula}'}}\nclaims:\n  - gradient: {gradient}\n"
    )


def script() -> str:
    """The same checks with torch alone."""
    lines = [
        f"assert torch.autograd.gradcheck(lambda X: {code}, torch.randn({rows}, 5, dtype=torch.float64, requires_grad=True))"
        for _, _, code in OPERATORS.values()
        for rows in ROWS
    ]
    return SCRIPT + "\n".join(lines) + "\n"


def cpu(command: list[str], folder: Path, cache: Path) -> float:
    """CPU seconds of a command, which must succeed and say nothing."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GRADCHECK_CACHE_DIR": str(cache)}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def warm(folder: Path, repeat: int) -> None:
    """Known verdicts."""
    files = [f"{name}-{rows}.yaml" for name in OPERATORS for rows in ROWS] + ["more.yaml"]
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "hook, 50 known specs": [*HOOK, "--oracle", "differences", *files],
        "import torch": [sys.executable, "-c", "import torch"],
    }
    cpu(commands["hook, 50 known specs"], folder, folder / "warm")
    best = dict.fromkeys(commands, float("inf"))
    for number in range(repeat):
        for name, command in commands.items():
            if name != "import torch" or number % 10 == 0:
                best[name] = min(best[name], cpu(command, folder, folder / "warm"))
    bare, hook, torch = best.values()
    for name, seconds in best.items():
        print(f"{name:22} {1000 * seconds:8.1f} ms")
    print(f"hook / bare {hook / bare:.2f} (goal 4)    torch / hook {torch / hook:.0f} (goal 30)")


def cold(folder: Path, repeat: int) -> None:
    """Nothing known."""
    (folder / "slow.py").write_text(script())
    files = [f"{name}-{rows}.yaml" for name in OPERATORS for rows in ROWS]
    commands = {
        "hook, 49 new specs": [*HOOK, "--oracle", "differences", *files],
        "torch gradcheck script": [sys.executable, "slow.py"],
    }
    best = dict.fromkeys(commands, float("inf"))
    for number in range(max(1, repeat // 10)):
        for name, command in commands.items():
            best[name] = min(best[name], cpu(command, folder, folder / f"cold-{number}"))
    hook, torch = best.values()
    for name, seconds in best.items():
        print(f"{name:22} {1000 * seconds:8.1f} ms")
    print(f"torch / hook {torch / hook:.2f} (goal 10)")


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeat", type=int, default=40)
    parser.add_argument("--cold", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for operator in OPERATORS:
            for rows in ROWS:
                (folder / f"{operator}-{rows}.yaml").write_text(spec(operator, rows))
        (folder / "more.yaml").write_text(spec("tanh", 3))
        (cold if options.cold else warm)(folder, options.repeat)


if __name__ == "__main__":
    main()
