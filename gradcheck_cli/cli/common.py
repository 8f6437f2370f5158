"""What the commands share: options in, results run, text out."""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

if TYPE_CHECKING:
    from gradcheck_cli.compare.settings import OracleName
    from gradcheck_cli.report.result import RunResult
    from gradcheck_cli.run.options import Options

PATIENCE = 1.0
"""Seconds after which work counts as long and a progress bar appears."""

USAGE = 2
INTERRUPTED = 130


class _Console(Console):
    """Rich would end the program with status 1 when the reader goes away."""

    def on_broken_pipe(self) -> None:
        """Leaves it to `emit`."""
        raise BrokenPipeError


def console() -> Console:
    """The terminal for the report; Rich itself respects NO_COLOR, FORCE_COLOR and TERM=dumb."""
    return _Console(highlight=False, markup=False, emoji=False, soft_wrap=True)


def width() -> int:
    """Columns for the report; a file or a pipe is read in an editor, which is wider than 80."""
    return min(console().width, 160) if sys.stdout.isatty() else 110


def refuse(message: str, advice: str = "") -> typer.Exit:
    """Prints a usage error; the caller raises what is returned."""
    typer.echo(f"error: {message}", err=True)
    if advice:
        typer.echo(f"   = help: {advice}", err=True)
    return typer.Exit(USAGE)


def make_options(
    paths: list[Path] | None,
    *,
    device: str,
    seed: int | None,
    draws: int,
    oracle: OracleName,
    keyword: str | None,
    sources: Path | None = None,
    allow_code: bool = False,
    diagnose: Literal["off", "quick", "full"] = "quick",
    known_too: bool = False,
) -> Options:
    """The options of a run. Exits with 2 for a device that is not there."""
    from gradcheck_cli.compare.settings import Settings  # noqa: PLC0415  NumPy is not needed for --help
    from gradcheck_cli.run.options import Options  # noqa: PLC0415

    if sources is not None and not sources.is_dir():
        raise refuse(f"`--sources {sources}` is not a folder")
    if oracle == "differences":
        if device != "cpu":
            raise refuse(
                f"`--oracle differences` runs on the CPU, not on `{device}`",
                "leave `--device` or `--oracle` out",
            )
    else:
        _prepare_torch(device)
    settings = Settings(oracle, draws, seed, device, allow_code)
    return Options(tuple(paths or ()), settings, sources, keyword, diagnose, known_too)


def _prepare_torch(device: str) -> None:
    kind, _, number = device.partition(":")
    if kind not in {"cpu", "cuda"} or (number and not number.isdigit()):
        raise refuse(f"there is no device `{device}`", "devices are `cpu`, `cuda` and `cuda:1`, `cuda:2` …")
    try:
        import torch  # noqa: PLC0415  two seconds
    except ImportError:
        raise refuse(
            "torch cannot be imported", "install torch, or judge without it: `--oracle differences`"
        ) from None
    # the arrays are small: a second thread costs more than it brings
    torch.set_num_threads(1)
    if kind == "cuda" and (not torch.cuda.is_available() or int(number or 0) >= torch.cuda.device_count()):
        raise refuse(f"torch sees no device `{device}`", "leave `--device` out to run on the CPU")


def perform(options: Options) -> RunResult:
    """Runs the checks, with a progress bar on stderr when it takes long. Exits with 130 if stopped early."""
    from gradcheck_cli.run.pipeline import run  # noqa: PLC0415

    with ExitStack() as stack:
        watch = _progress(stack)
        return run(options, Path.cwd(), watch)


def _progress(stack: ExitStack) -> Callable[[int, int, str], None] | None:
    if not sys.stderr.isatty():
        return None
    bar = Progress(
        TextColumn("checking"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[claim]}", markup=False),
        console=Console(stderr=True, highlight=False, markup=False, emoji=False),
        transient=True,
    )
    task = bar.add_task("checking", claim="")
    started = time.monotonic()
    shown: list[AbstractContextManager[Progress]] = []

    def watch(done: int, total: int, claim: str) -> None:
        if not shown and time.monotonic() - started > PATIENCE:
            shown.append(stack.enter_context(bar))
        bar.update(task, completed=done, total=total, claim=claim[:40])

    return watch


def emit(report: Text | str, output: Path | None) -> bool:
    """Writes a report to a file, or to stdout; whether the file could be written."""
    if output is None:
        _print(report)
        return True
    text = report.plain if isinstance(report, Text) else report
    try:
        output.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        typer.echo(f"error: the report cannot be written to {output}: {error.strerror or error}", err=True)
        typer.echo("   = it follows on stdout instead", err=True)
        _print(report)
        return False
    return True


def _print(report: Text | str) -> None:
    try:
        if isinstance(report, Text):
            console().print(report, end="")
        else:
            if isinstance(sys.stdout, io.TextIOWrapper):
                sys.stdout.reconfigure(encoding="utf-8")  # which JSON is, whatever the terminal speaks
            sys.stdout.write(report)
        sys.stdout.flush()
    except BrokenPipeError:
        # the reader went away (`| head`): the exit status still tells; the flush at exit must not complain
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
