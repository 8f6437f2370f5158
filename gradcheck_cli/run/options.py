"""The options of a run."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Literal

from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.run.configuration import Configuration
from gradcheck_cli.text import Problem

NEUTRAL = (
    "paths", "sources", "settings", "keyword", "select", "ignore", "baseline", "update", "code_in",
    "problems", "jobs", "executor", "deadline", "shard", "resume", "cache",
)  # fmt: skip
"""Options that the result of a claim does not depend on; the settings are those of each job."""


@dataclass(frozen=True)
class Options:
    """What to check and how."""

    paths: tuple[Path, ...] = ()
    settings: Settings = field(default_factory=Settings)
    sources: Path | None = None
    """Where the documents are that the specs name, besides the folders of the specs."""
    keyword: str | None = None
    """Only claims whose id, operator, file or text contains this (`-k`)."""
    diagnose: Literal["off", "quick", "full"] = "quick"
    """How hard to look for the slip behind a wrong claim, and for the right formula."""
    known_too: bool = False
    """Whether the errors that the specs expect are diagnosed as well."""
    power: bool = False
    """Whether errors are put into the claims that hold, to tell which would have been found."""
    select: tuple[str, ...] = ()
    """Only findings with these codes count; empty: all."""
    ignore: tuple[str, ...] = ()
    """Findings with these codes do not count."""
    baseline: Path | None = None
    """The file of the findings that are known and put off."""
    update: bool = False
    """Whether that file is about to be written."""
    code_in: tuple[Path, ...] | None = None
    """Only specs at or below these paths may run their listings; None: all."""
    problems: tuple[Problem, ...] = ()
    """What is wrong with the request; nothing is judged then."""
    jobs: int = 1
    """How many processes judge; 1: this one."""
    executor: str | None = None
    """Who judges instead: the address of a cluster, `dask://HOST:PORT`."""
    deadline: float = 300.0
    """Seconds after which a process of `jobs` that is still at the same claim is ended. The limits inside
    a judgement end it in good order long before."""
    shard: tuple[int, int] = (1, 1)
    """`(i, n)`: only every n-th claim, from the i-th on."""
    resume: Path | None = None
    """The file that keeps the results of this run, and has those of an earlier one that was stopped."""
    cache: bool = False
    """Whether results of earlier runs are taken from the user's cache, and those of this one kept there."""

    @classmethod
    def of(cls, chosen: Configuration) -> Options:
        """The options that the settings give."""
        return cls(
            chosen.paths,
            Settings(chosen.oracle, chosen.draws, chosen.seed, chosen.device, chosen.allow_code),
            chosen.sources,
            diagnose=chosen.diagnose,
            select=chosen.select,
            ignore=chosen.ignore,
            baseline=chosen.baseline,
            code_in=chosen.code_in,
            problems=chosen.problems,
        )

    @property
    def recipe(self) -> str:
        """What a result depends on besides the settings: every option that is not known to be neutral."""
        return "\n".join(f"{f.name}={getattr(self, f.name)!r}" for f in fields(self) if f.name not in NEUTRAL)

    def may_run(self, spec: Path) -> bool:
        """Whether the listings of a spec may be run."""
        if not self.settings.allow_code or self.code_in is None:
            return self.settings.allow_code
        try:
            return any(spec.resolve().is_relative_to(path.resolve()) for path in self.code_in)
        except (OSError, RuntimeError):  # a loop of links
            return False

    def settings_for(self, spec: Path) -> Settings:
        """How to judge the claims of a spec."""
        return replace(self.settings, allow_code=self.may_run(spec))
