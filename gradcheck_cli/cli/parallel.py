"""The options that spread a run: over processes, machines, CI jobs, and over time."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gradcheck_cli.cli.common import refuse

if TYPE_CHECKING:
    from gradcheck_cli.run.options import Options

MAX_JOBS = 1024

Jobs = Annotated[
    str,
    typer.Option(
        "--jobs", "-j", metavar="N|auto", help="How many processes judge; auto: one for each processor."
    ),
]
ExecutorOption = Annotated[
    str | None,
    typer.Option(
        metavar="dask://HOST:PORT",
        help="Judge on a cluster: the address of its scheduler (needs the extra `dask`).",
        show_default=False,
    ),
]
ShardOption = Annotated[
    str | None,
    typer.Option(metavar="I/N", help="Only every N-th claim, from the I-th on.", show_default=False),
]
Resume = Annotated[
    Path | None,
    typer.Option(
        help="Keep each result in this file as it comes, and go on from those that are there.",
        show_default=False,
    ),
]


@dataclass(frozen=True)
class Spread:
    """What the options ask for."""

    jobs: int
    executor: str | None
    shard: tuple[int, int]
    resume: Path | None

    def into(self, options: Options) -> Options:
        """The options with these."""
        return replace(options, jobs=self.jobs, executor=self.executor, shard=self.shard, resume=self.resume)


def spread_of(jobs: str, executor: str | None, shard: str | None, resume: Path | None) -> Spread:
    """The options, read. Exits with 2 for what cannot be."""
    if executor is not None and jobs != "1":
        raise refuse("`--jobs` and `--executor` exclude each other", "a cluster has workers of its own")
    return Spread(_jobs(jobs), executor, _shard(shard), resume)


def _jobs(text: str) -> int:
    if text == "auto":
        from gradcheck_cli.run.executors import processors  # noqa: PLC0415  NumPy is not needed for --help

        return processors()
    if re.fullmatch("[0-9]{1,5}", text) is None or not 1 <= int(text) <= MAX_JOBS:
        raise refuse(f"`--jobs {text}` is no number of processes", f"write 1 to {MAX_JOBS}, or `auto`")
    return int(text)


def _shard(text: str | None) -> tuple[int, int]:
    if text is None:
        return 1, 1
    match = re.fullmatch("([0-9]{1,5})/([0-9]{1,5})", text)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise refuse(f"`--shard {text}` is no part of a run", "write `--shard 1/4` to `--shard 4/4`")
    return int(match[1]), int(match[2])
