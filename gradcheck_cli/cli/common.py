"""What the commands share: options in, results run, text out."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from functools import wraps
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal, ParamSpec

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from gradcheck_cli.cli.streams import silence
from gradcheck_cli.text import Problem, draw, plain

if TYPE_CHECKING:
    from gradcheck_cli.compare.settings import OracleName
    from gradcheck_cli.report.result import RunResult
    from gradcheck_cli.run.options import Options

PATIENCE = 1.0
"""Seconds after which work counts as long and a progress bar appears."""

_P = ParamSpec("_P")

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


def interruptible(command: Callable[_P, None]) -> Callable[_P, None]:
    """The command with status 130 where it is interrupted, also while it reports."""

    @wraps(command)
    def called(*args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None

    return called


def refuse(message: str, advice: str = "") -> typer.Exit:
    """Prints a usage error; the caller raises what is returned."""
    typer.echo(f"error: {message}", err=True)
    if advice:
        typer.echo(f"   = help: {advice}", err=True)
    return typer.Exit(USAGE)


def make_options(
    paths: list[Path] | None,
    *,
    device: str | None,
    seed: int | None,
    draws: int | None,
    oracle: OracleName | None,
    keyword: str | None,
    sources: Path | None = None,
    allow_code: bool = False,
    diagnose: Literal["off", "quick", "full"] | None = None,
    select: list[str] | None = None,
    ignore: list[str] | None = None,
    baseline: Path | None = None,
    update: bool = False,
    known_too: bool = False,
    power: bool = False,
) -> Options:
    """The options of a run; what is not given comes from the environment, pyproject.toml, or is usual.

    Exits with 2 for a device that is not there.
    """
    from gradcheck_cli.run.configuration import configuration  # noqa: PLC0415  --help needs none of it
    from gradcheck_cli.run.options import Options  # noqa: PLC0415

    if sources is not None and not sources.is_dir():
        raise refuse(f"`--sources {sources}` is not a folder")
    given = {
        "paths": tuple(paths) if paths else None,
        "sources": sources,
        "draws": draws,
        "seed": seed,
        "device": device,
        "oracle": oracle,
        "diagnose": diagnose,
        "allow-code": allow_code or None,
        "select": select or None,
        "ignore": ignore or None,
        "baseline": baseline,
    }
    chosen = configuration(Path.cwd(), given={k: v for k, v in given.items() if v is not None})
    if update and chosen.baseline is None and not chosen.problems:
        raise refuse(
            "`--update-baseline` needs to know the file", "give `--baseline gradcheck-baseline.json`"
        )
    if not chosen.problems:
        _possible(chosen.oracle, chosen.device, given=device is not None)
    return replace(Options.of(chosen), keyword=keyword, known_too=known_too, update=update, power=power)


def _possible(oracle: OracleName, device: str, *, given: bool) -> None:
    """Whether a device can be had, as far as that can be told without loading torch for the CPU.

    `given` says that the command line names the device.
    """
    kind, _, number = device.partition(":")
    if kind not in {"cpu", "cuda"} or (number and not number.isdigit()):
        raise refuse(f"there is no device `{device}`", "devices are `cpu`, `cuda` and `cuda:1`, `cuda:2` …")
    if oracle in {"differences", "exact"}:
        if device != "cpu":
            raise refuse(
                f"`--oracle {oracle}` runs on the CPU, not on `{device}`",
                "leave `--device` or `--oracle` out" if given else "give `--device cpu` as well",
            )
    elif kind == "cuda":
        load_torch()
        import torch  # noqa: PLC0415

        if not torch.cuda.is_available() or int(number or 0) >= torch.cuda.device_count():
            raise refuse(f"torch sees no device `{device}`", "leave `--device` out to run on the CPU")
    elif find_spec("torch") is None:
        raise _no_torch()


def load_torch() -> None:
    """Imports torch, which takes two seconds, where something has to be judged. Exits with 2 without it."""
    try:
        import torch  # noqa: PLC0415
    except ImportError:
        raise _no_torch() from None
    # the arrays are small: a second thread costs more than it brings
    torch.set_num_threads(1)


def _no_torch() -> typer.Exit:
    return refuse("torch cannot be imported", "install torch, or judge without it: `--oracle differences`")


def perform(options: Options) -> RunResult:
    """Runs the checks, with a progress bar on stderr when it takes long. Exits with 130 if stopped early."""
    from gradcheck_cli.report.result import RunResult  # noqa: PLC0415
    from gradcheck_cli.run.cache import Cache  # noqa: PLC0415
    from gradcheck_cli.run.excuses import excused  # noqa: PLC0415
    from gradcheck_cli.run.pipeline import run  # noqa: PLC0415
    from gradcheck_cli.run.remembered import Remembered  # noqa: PLC0415

    if options.problems:
        return RunResult(problems=options.problems)
    with ExitStack() as stack:
        watch = _progress(stack)
        memories = [stack.enter_context(Remembered(Cache(), options))] if options.cache else []
        ready = load_torch if options.settings.needs_torch else (lambda: None)
        return excused(run(options, Path.cwd(), watch, memories, ready), options, Path.cwd())


def update_baseline(result: RunResult, options: Options) -> tuple[RunResult, bool]:
    """Writes the findings of a run into its baseline and says so on stderr.

    Returns the run as that baseline sees it, and whether the file could be written.
    """
    from gradcheck_cli.report.words import count  # noqa: PLC0415
    from gradcheck_cli.run.excuses import excused, update  # noqa: PLC0415
    from gradcheck_cli.run.jobs import shown  # noqa: PLC0415

    if result.interrupted or not result.claims:
        typer.echo("error: the baseline stays as it is: the run was interrupted or judged nothing", err=True)
        return result, False
    done = update(result, options, Path.cwd())
    if isinstance(done, Problem):
        typer.echo(draw(done), err=True)
        return result, False
    now, before = done
    assert options.baseline is not None
    typer.echo(
        f"{shown(options.baseline, Path.cwd())}: {count(now, 'finding')} ({now - before:+,})", err=True
    )
    return excused(result, options, Path.cwd()), True


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
    """Writes a report to a file, or to stdout; whether it could be written."""
    if output is None:
        return _print(report)
    text = report.plain if isinstance(report, Text) else report
    try:
        output.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        typer.echo(f"error: the report cannot be written to {output}: {error.strerror or error}", err=True)
        typer.echo("   = it follows on stdout instead", err=True)
        _print(report)
        return False
    return True


def mended(result: RunResult) -> bool:
    """Writes the corrections into the files and says so on stderr; whether all could be written."""
    from gradcheck_cli.report.words import count  # noqa: PLC0415  NumPy is not needed for --help
    from gradcheck_cli.run.mend import mend  # noqa: PLC0415

    done = mend(result, Path.cwd())
    for file, changes in done.files:
        typer.echo(f"mended {plain(file)}: {count(changes, 'formula', 'formulas')}", err=True)
    for problem in done.problems:
        typer.echo(f"error: {plain(problem.file)}: {problem.message}", err=True)
    if not done.files and not done.problems:
        nothing_to_mend()
    return not done.problems


def nothing_to_mend() -> None:
    """Says on stderr why there is no patch."""
    typer.echo("nothing was mended: no finding has a verified correction that can be written here", err=True)
    left = "known errors, steps of chains, and formulas over several lines, with macros or in notebooks"
    typer.echo(f"   = help: {left} are left to you", err=True)


def _print(report: Text | str) -> bool:
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
        silence(sys.stdout)
    except OSError as error:  # a full disk
        typer.echo(f"error: the report cannot be written: {error.strerror or error}", err=True)
        silence(sys.stdout)
        return False
    return True
