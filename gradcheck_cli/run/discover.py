"""Finds the spec files that a run is about."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from gradcheck_cli.text import Problem, nearest

SUFFIXES = (".yaml", ".yml")
_KEYS = ("paths",)


@dataclass(frozen=True)
class Found:
    """The files, in a stable order, and what was wrong with the request."""

    files: tuple[Path, ...]
    problems: tuple[Problem, ...] = ()
    bundled: bool = False


def discover(paths: tuple[Path, ...], cwd: Path) -> Found:
    """The spec files of the given paths; without any, of the configuration, of `specs/`, or the bundled ones.

    A file is taken whatever its name; a folder gives its `.yaml` and `.yml`
    files, hidden ones left out; links to other folders are not followed.
    """
    if paths:
        return _of(paths, cwd)
    configured, problems = configuration(cwd)
    if problems:
        return Found((), problems)
    if configured:
        return _of(configured, cwd)
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
                            file=str(path),
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


def configuration(cwd: Path) -> tuple[tuple[Path, ...], tuple[Problem, ...]]:
    """The `paths` of `[tool.gradcheck]` in the nearest pyproject.toml above, relative to that file."""
    for folder in (cwd, *cwd.parents):
        file = folder / "pyproject.toml"
        if not file.is_file():
            continue
        try:
            table = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("gradcheck")
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, AttributeError) as error:
            return (), (Problem(f"this configuration cannot be read: {error}", file=str(file)),)
        if table is None:
            return (), ()
        return _paths_of(table, file)
    return (), ()


def _paths_of(table: object, file: Path) -> tuple[tuple[Path, ...], tuple[Problem, ...]]:
    if not isinstance(table, dict):
        return (), (Problem("`[tool.gradcheck]` is a table of settings", file=str(file)),)
    for key in table:
        if key not in _KEYS:
            other = nearest(str(key), _KEYS)
            advice = f"did you mean `{other}`?" if other else "it has: " + ", ".join(f"`{k}`" for k in _KEYS)
            return (), (Problem(f"`[tool.gradcheck]` has no setting `{key}`", file=str(file), help=advice),)
    paths = table.get("paths", [])
    if not isinstance(paths, list) or not all(isinstance(p, str) for p in paths):
        return (), (
            Problem(
                "`paths` in `[tool.gradcheck]` is a list of files and folders",
                file=str(file),
                help='write `paths = ["specs"]`',
            ),
        )
    return tuple(file.parent / p for p in paths), ()
