"""Cost and detection beside the peers: `python tests/bench/peers.py` prints one table a size.

Eight operators, at about 50, 5,000 and 500,000 input elements, before
`gradcheck` (one draw; every verdict takes five) and `torch.autograd.gradcheck`
in fast and in slow mode, and `jax.test_util.check_grads` where jax is installed,
interleaved in one run. Times are CPU seconds on the CPU and wall seconds on a
GPU, the quickest of some runs, as multiples of the forward and backward pass of
the operator itself. Never a timed test.
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from unittest import mock

import torch

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]

from eight import OPERATORS, SIZES, Operator  # noqa: E402

from gradcheck_cli.compare.glance import GlancingCourt  # noqa: E402
from gradcheck_cli.compare.judge import judge  # noqa: E402
from gradcheck_cli.compare.settings import OracleName, Settings  # noqa: E402
from gradcheck_cli.compare.verdict import Judgement  # noqa: E402
from gradcheck_cli.oracle.autograd import Autograd  # noqa: E402
from gradcheck_cli.oracle.forward import Forward  # noqa: E402
from gradcheck_cli.spec.load import load_text  # noqa: E402
from gradcheck_cli.spec.typing import type_claim  # noqa: E402

SLOW_UP_TO = 50
SHARE = 0.99
"""Which share of the seeds must find an error for it to count as seen."""


class Bench:
    """One operator at one size on one device."""

    def __init__(self, operator: Operator, size: int, device: str) -> None:
        self.operator, self.size, self.device = operator, size, device
        self.first = next(iter(operator.gradients))
        self.claims: dict[tuple[str, str], Any] = {}

    def typed(self, of: str, error: str = "") -> Any:
        """A claim, read and typed once."""
        if (of, error) not in self.claims:
            file = load_text("bench", self.operator.spec(self.size, of, error))
            assert not file.problems, file.problems
            (operator,) = file.operators
            (claim,) = operator.claims
            self.claims[of, error] = operator, claim, type_claim(operator, claim)
        return self.claims[of, error]

    def ours(
        self, seed: int, of: str = "", error: str = "", oracle: OracleName = "both", *, proven: bool = False
    ) -> Judgement:
        """Our judgement on one claim, at one draw; `proven`, as after a certificate."""
        settings = Settings(oracle, draws=1, seed=seed, device=self.device)
        (found,) = judge(*self.typed(of or self.first, error), settings, {0: 3} if proven else {})
        return found

    def measured(self, seed: int, error: str = "") -> Judgement:
        """The same with a measured floor, at any size."""
        with mock.patch.object(GlancingCourt, "glanced", return_value=None):
            return self.ours(seed, error=error)

    @property
    def planted(self) -> str:
        """Half an error in one element, to be added to the formula."""
        rows, columns = self.axes
        return f" + 0.5 * outer(arange({rows}) == 0, arange({columns}) == 1)"

    @property
    def axes(self) -> list[str]:
        """The sizes of the first input."""
        return [d.strip() for d in self.operator.inputs[self.first].strip("[]").split(",")]

    def all_ours(self, seed: int) -> None:
        """All claims of the operator, each by itself."""
        for name in self.operator.gradients:
            self.ours(seed, name, proven=True)

    def pass_(self) -> Callable[[], object]:
        """The forward and backward pass of the operator."""
        leaves = self.operator.leaves(self.size, 0, self.device)
        inputs = [x.requires_grad_() for x in leaves.values()]
        arriving = torch.ones_like(self.operator.peer(*inputs))
        return lambda: torch.autograd.grad(self.operator.peer(*inputs), inputs, arriving)

    def torch(self, seed: int, *, fast: bool, error: float = 0.0) -> bool:
        """Whether torch's gradcheck accepts the gradients, with an error added to one element of the first."""
        peer, leaves = self.operator.peer, self.operator.leaves(self.size, seed, self.device)

        class Claimed(torch.autograd.Function):
            @staticmethod
            def forward(ctx: Any, *inputs: Any) -> Any:
                ctx.inputs = inputs
                return peer(*inputs)

            @staticmethod
            def backward(ctx: Any, arriving: Any) -> Any:
                with torch.enable_grad():
                    inputs = [x.detach().requires_grad_() for x in ctx.inputs]
                    grads = list(torch.autograd.grad(peer(*inputs), inputs, arriving))
                if error:
                    moved = grads[0].clone()
                    moved.view(-1)[1] += error * moved.square().mean().sqrt()
                    grads[0] = moved
                return tuple(grads)

        inputs = [x.requires_grad_() for x in leaves.values()]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.autograd.gradcheck(Claimed.apply, inputs, fast_mode=fast, raise_exception=False)

    def jax(self, seed: int) -> None:
        """The check of jax, on the torch function's own arrays. Raises ImportError without jax."""
        os.environ.setdefault("JAX_PLATFORMS", "cpu")  # on a GPU it would take all memory for itself
        import jax
        from jax.test_util import check_grads

        jax.config.update("jax_enable_x64", True)
        functions = {
            "linear": lambda X, W, c: X @ W + c,
            "softmax": lambda X: jax.nn.softmax(X, -1),
            "silu": jax.nn.silu,
            "LoRA": lambda X, W, A, B: X @ W + 2 * (X @ A) @ B,
        }
        leaves = self.operator.leaves(self.size, seed)
        check_grads(
            functions[self.operator.name], tuple(x.numpy() for x in leaves.values()), 1, modes=("rev",)
        )

    def smallest(self, seeds: int) -> float:
        """The smallest error of one element, relative to the root mean square, that is seen."""
        shape = self.operator.shapes(self.size)[self.first]
        rows, columns = self.axes
        one = f"outer(arange({rows}) == 0, arange({columns}) == 1)"
        root = f"norm(d{self.first}) / {math.isqrt(math.prod(shape))}"
        floor = self.ours(0).floor or 1e-4
        found = math.inf
        for exponent in range(math.ceil(2 * math.log10(floor)) + 5, -33, -1):  # half decades
            relative = 10 ** (exponent / 2)
            error = f" + {relative:.2e} * {one} * {root}"
            missed = 0
            for seed in range(seeds):
                missed += self.ours(seed, error=error).verdict != "wrong"
                if missed > (1 - SHARE) * seeds:
                    return found
            found = relative
        return found

    def smallest_of_torch(self, seeds: int) -> float:
        """The same of torch's fast mode, in whole decades."""
        found = math.inf
        # a failing check runs slow mode for its message, which takes minutes here and memory on top
        module = sys.modules["torch.autograd.gradcheck"]
        with mock.patch.object(module, "_run_slow_mode_and_get_error", return_value=""):
            for exponent in range(8, -12, -1):
                missed = sum(self.torch(seed, fast=True, error=10.0**exponent) for seed in range(seeds))
                if missed > (1 - SHARE) * seeds:
                    return found
                found = 10.0**exponent
        return found


def clock(device: str, work: Callable[[], object], times: int) -> float:
    """Seconds of the quickest of some runs: of the processor, or of the wall for a GPU."""
    now = time.process_time if device == "cpu" else time.perf_counter
    best = math.inf
    for _ in range(times):
        began = now()
        work()
        if device != "cpu":
            torch.cuda.synchronize()
        best = min(best, now() - began)
    return best


@contextmanager
def counted() -> Iterator[dict[str, int]]:
    """How many forward passes our judgement makes: the rows of a batch count as one."""
    found = {"forwards": 0}

    def counting(function: Callable[..., Any]) -> Callable[..., Any]:
        def inner(*args: Any, **kwargs: Any) -> Any:
            found["forwards"] += 1
            return function(*args, **kwargs)

        return inner

    with (
        mock.patch.object(Autograd, "forward", counting(Autograd.forward)),
        mock.patch.object(Forward, "run", counting(Forward.run)),
    ):
        yield found


def row(bench: Bench, times: int) -> str:
    """The costs of one operator, in forward and backward passes."""
    device = bench.device
    one = clock(device, bench.pass_(), 3 * times)
    with counted() as count:
        bench.ours(1, proven=True)
    forwards = count["forwards"]
    cells = [
        clock(device, lambda: bench.ours(1, proven=True), times),
        clock(device, lambda: bench.all_ours(1), max(1, times // 2)) / len(bench.operator.gradients),
        clock(device, lambda: bench.measured(1), max(1, times // 2)),
        clock(device, lambda: bench.ours(1, error=bench.planted), max(1, times // 2)),
        clock(device, lambda: bench.torch(1, fast=True), times),
    ]
    text = f"{bench.operator.name:13}{one * 1e3:10.2f}" + "".join(f"{c / one:10.1f}" for c in cells)
    slow = exact = jax = math.nan
    if bench.size <= SLOW_UP_TO:
        slow = clock(device, lambda: bench.torch(1, fast=False), 2) / one
    if device == "cpu":
        with suppress(ImportError, KeyError):
            bench.jax(1)
            jax = clock(device, lambda: bench.jax(1), 2) / one
    if bench.size <= SLOW_UP_TO:
        exact = clock(device, lambda: bench.ours(1, oracle="exact"), times) / one
    return (
        text
        + "".join("         -" if math.isnan(c) else f"{c:10.1f}" for c in (slow, jax, exact))
        + (f"{forwards:10}")
    )


def costs(size: int, device: str, times: int) -> None:
    """One table: a draw that confirms a proof or is large, the mean of all claims of the operator, one with
    a measured floor, one of a wrong claim; then the peers, and exact arithmetic alone at three points.
    """
    print(f"\n{size:,} input elements on {device}: one draw of one claim, in forward + backward passes")
    head = ("fb, ms", "draw", "mean", "floor", "wrong", "fast", "slow", "jax", "exact", "forwards")
    print(" " * 13 + "".join(f"{h:>10}" for h in head), flush=True)
    for operator in OPERATORS:
        print(row(Bench(operator, size, device), times), flush=True)


def detection(size: int, device: str, seeds: int, right: int) -> None:
    """The smallest error found, and right claims that are accused."""
    print(
        f"\n{size:,} input elements on {device}: the smallest error of one element, over its rms; {seeds} seeds"
    )
    print(
        f"{'':13}{'gradcheck':>12}{'torch fast':>12}{'accused of ' + str(right) + ' right':>24}", flush=True
    )
    for operator in OPERATORS:
        bench = Bench(operator, size, device)
        names = list(operator.gradients)
        accused = sum(bench.ours(s, names[s % len(names)]).verdict == "wrong" for s in range(right))
        mine, theirs = bench.smallest(seeds), bench.smallest_of_torch(min(seeds, 10))
        shown = "never" if math.isinf(theirs) else f"{theirs:.0e}"
        print(f"{operator.name:13}{mine:12.0e}{shown:>12}{accused:>24}", flush=True)


def memory(size: int, device: str) -> None:
    """How much more memory a process needs at most than to import torch and draw the data."""
    print(f"\n{size:,} input elements: peak memory above the data, in MiB")
    print(f"{'':13}{'fb':>8}{'gradcheck':>12}{'wrong claim':>13}{'torch fast':>12}", flush=True)
    for number, operator in enumerate(OPERATORS):
        cells = []
        for what in ("pass", "ours", "wrong", "fast"):
            command = [sys.executable, __file__, "--child", f"{number}:{size}:{what}", "--device", device]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            cells.append(float(done.stdout))
        shown = "".join(f"{c:{w}.0f}" for c, w in zip(cells, (8, 12, 13, 12), strict=True))
        print(operator.name.ljust(13) + shown, flush=True)


def child(told: str, device: str) -> None:
    """One measurement of memory, in a process of its own."""
    number, size, what = told.split(":")
    bench = Bench(OPERATORS[int(number)], int(size), device)
    work: dict[str, Callable[[], object]] = {
        "pass": bench.pass_(),
        "ours": lambda: bench.ours(1, proven=True),
        "wrong": lambda: bench.ours(1, error=bench.planted),
        "fast": lambda: bench.torch(1, fast=True),
    }
    small = Bench(OPERATORS[int(number)], SIZES[0], device)
    small.ours(1)  # everything is imported
    before = peak(device)
    work[what]()
    print((peak(device) - before) / 2**20)


def peak(device: str) -> int:
    """The most bytes that this process held so far: of the GPU, or of its own memory."""
    if device != "cpu":
        return int(torch.cuda.max_memory_allocated())
    # ru_maxrss of a child starts at what its parent had
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def main() -> None:
    """Prints the tables that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=list(SIZES), choices=SIZES)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--times", type=int, default=9, help="runs of which the quickest counts")
    parser.add_argument("--seeds", type=int, default=100, help="of the smallest error; 0 leaves it out")
    parser.add_argument("--right", type=int, default=1000, help="right trials for each operator")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.child:
        child(given.child, given.device)
        return
    for size in given.sizes:
        times = given.times if size < 100_000 else max(2, given.times // 3)
        costs(size, given.device, times)
        if given.memory:
            memory(size, given.device)
        if given.seeds:
            few = given.seeds if size < 100_000 else max(3, given.seeds // 20)
            detection(size, given.device, few, given.right if size < 100_000 else max(10, given.right // 50))


if __name__ == "__main__":
    main()
