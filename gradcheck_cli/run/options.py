"""The options of a run, and the bounds on them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from gradcheck_cli.compare.judge import Settings

MAX_DRAWS = 10_000


@dataclass(frozen=True)
class Options:
    """What to check and how."""

    paths: tuple[Path, ...] = ()
    settings: Settings = field(default_factory=Settings)
    keyword: str | None = None
    """Only claims whose id, operator, file or text contains this (`-k`)."""
