"""Finds the spec files that a run is about."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from gradcheck_cli.text import Problem

SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class Found:
    """The files, in a stable order, and what was wrong with the request."""

    files: tuple[Path, ...]
    problems: tuple[Problem, ...] = ()
    bundled: bool = False


def discover(paths: tuple[Path, ...], cwd: Path) -> Found:
    """The spec files of the given paths; without any, those of `specs/`, or the bundled ones.

    A file is taken whatever its name; a folder gives its `.yaml` and `.yml`
    files, hidden ones left out; links to other folders are not followed.
    """
    if paths:
        return _of(paths, cwd)
    if (cwd / "specs").is_dir():
        return _of((Path("specs"),), cwd)
    found = _of((bundled(),), cwd)
    return Found(found.files, found.problems, bundled=True)


def bundled() -> Path:
    """The audited sources that come with the tool."""
    package = Path(str(resources.files("gradcheck_cli")))
    installed = package / "bundled_specs"
    return installed if installed.is_dir() else package.parent / "specs"


def _of(paths: tuple[Path, ...], cwd: Path) -> Found:
    files: dict[Path, None] = {}
    problems: list[Problem] = []
    for path in paths:
        try:
            if (cwd / path).is_dir():
                inside = _inside(cwd / path)
                if not inside:
                    problems.append(
                        Problem(
                            "there are no specs in this folder",
                            file=_shown(path, cwd),
                            help="a spec is a file that ends in `.yaml` or `.yml`",
                        )
                    )
                files |= dict.fromkeys(inside)
            else:
                files[cwd / path] = None
        except OSError as error:
            problems.append(
                Problem(
                    f"this folder cannot be read: {error.strerror or error}", file=str(error.filename or path)
                )
            )
    return Found(tuple(files), tuple(problems))


def _shown(path: Path, cwd: Path) -> str:
    """A path as it was given; one of the configuration from the working directory."""
    return str(path.relative_to(cwd) if path.is_relative_to(cwd) else path)


def _inside(folder: Path) -> list[Path]:
    found: list[Path] = []
    # links to folders are not followed, so that a loop of them ends; links to files are
    for here, folders, files in os.walk(folder, onerror=_refuse):
        folders[:] = [f for f in folders if not f.startswith(".")]
        found += (
            Path(here, f) for f in files if Path(f).suffix.lower() in SUFFIXES and not f.startswith(".")
        )
    return sorted(found)


def _refuse(error: OSError) -> None:
    raise error
