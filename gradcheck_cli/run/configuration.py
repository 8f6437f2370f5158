"""The settings of a run and where they come from: command line, environment, pyproject.toml, defaults.

`setting_rules` says what each may be. In the file, `[tool.gradcheck]`, paths are relative to the
file; in the environment (`GRADCHECK_DRAWS`) to the working directory.

A file belongs to whoever wrote the repository, so that it cannot allow code to
run: `allow-code` there is a list of paths, to which it *limits* what the user
allows by `--allow-code` or `GRADCHECK_ALLOW_CODE=1`.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from gradcheck_cli.run.setting_rules import SETTINGS, Setting, UnfitError, by_comma, listed, read_path
from gradcheck_cli.run.toml_places import key_place, table_place, value_place
from gradcheck_cli.text import Problem, Source, Span, nearest

MAX_BYTES = 1024 * 1024
"""How long a pyproject.toml may be."""


@dataclass(frozen=True)
class Configuration:
    """All settings, decided."""

    paths: tuple[Path, ...] = ()
    sources: Path | None = None
    draws: int = 5
    seed: int | None = None
    device: str = "cpu"
    oracle: Literal["both", "autograd", "differences", "exact"] = "both"
    diagnose: Literal["off", "quick", "full"] = "quick"
    allow_code: bool = False
    code_in: tuple[Path, ...] | None = None
    """Code runs only for specs at or below these paths; None: for all, if at all."""
    select: tuple[str, ...] = ()
    """Only findings with these codes count; empty: all."""
    ignore: tuple[str, ...] = ()
    """Findings with these codes do not count."""
    baseline: Path | None = None
    problems: tuple[Problem, ...] = ()
    """What is wrong with the settings; with these nothing should run."""


_YES, _NO = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")


def configuration(
    cwd: Path, environ: Mapping[str, str] | None = None, given: Mapping[str, Any] | None = None
) -> Configuration:
    """The settings of a run in `cwd`.

    `given` are those of the command line by the names of `SETTINGS`: values as in
    `Configuration`, but `select` and `ignore` as lists of texts, `allow-code` a truth value.
    Never raises for what a file or the environment holds: see `problems`.
    """
    found: dict[str, Any] = {}
    problems: list[Problem] = []
    table, source, folder = _table(cwd, problems)
    for key, value in table.items():
        _from_file(key, value, source, folder, found, problems)
    _from_environment(os.environ if environ is None else environ, cwd, found, problems)
    for key, value in (given or {}).items():
        _from_command_line(key, value, found, problems)
    return Configuration(**found, problems=tuple(problems))


def _from_file(
    key: str, value: Any, source: Source, folder: Path, found: dict[str, Any], problems: list[Problem]
) -> None:
    setting = SETTINGS.get(key)
    if setting is None:
        other = nearest(key, SETTINGS)
        advice = f"did you mean `{other}`?" if other else f"it has {listed(SETTINGS)}"
        message = f"`[tool.gradcheck]` has no setting `{key}`"
        problems.append(_problem(message, source, key_place(source, key) or table_place(source), advice))
        return
    try:
        found[setting.field or key] = setting.read(value, folder)
    except (UnfitError, OSError, RuntimeError) as wrong:  # RuntimeError: a loop of links
        message, advice, word = _said(wrong, f"`{key}`", setting, f"{key} = {setting.example}", value)
        problems.append(_problem(message, source, value_place(source, key, word), advice))


def _from_environment(
    environ: Mapping[str, str], cwd: Path, found: dict[str, Any], problems: list[Problem]
) -> None:
    for key, setting in SETTINGS.items():
        name = "GRADCHECK_" + key.upper().replace("-", "_")
        text = environ.get(name)
        if text is None or (text == "" and key != "allow-code"):
            continue
        if key == "allow-code":
            if text.strip().lower() not in (*_YES, *_NO):
                problems.append(Problem(f"`{name}` must be `1` or `0`, not `{text}`"))
            found["allow_code"] = text.strip().lower() in _YES
            continue
        value = setting.parse(text)
        try:
            found[setting.field or key] = _reader(key, setting)(value, cwd)
        except (UnfitError, OSError, RuntimeError) as wrong:
            shown = setting.example.strip('[]"')
            message, advice, _ = _said(wrong, f"`{name}`", setting, f"{name}={shown}", text)
            problems.append(Problem(message, help=advice))


def _from_command_line(key: str, value: Any, found: dict[str, Any], problems: list[Problem]) -> None:
    """What typer has read; it does not know the codes."""
    field = "allow_code" if key == "allow-code" else SETTINGS[key].field or key
    if key not in {"select", "ignore"}:
        found[field] = value
        return
    try:
        found[field] = SETTINGS[key].read([code for text in value for code in by_comma(text)], Path())
    except UnfitError as wrong:
        problems.append(Problem(f"`--{key}`: {wrong.message}", help=wrong.advice))


def _reader(key: str, setting: Setting) -> Callable[[Any, Path], Any]:
    """What the user says may be anywhere."""
    return read_path if key == "baseline" else setting.read


def _said(wrong: Exception, subject: str, setting: Setting, example: str, value: Any) -> tuple[str, str, str]:
    """Message, advice and offending word of a value that does not do."""
    advice, word = getattr(wrong, "advice", ""), getattr(wrong, "word", "")
    message = getattr(wrong, "message", str(wrong))
    if not message:
        message = f"{subject} must be {setting.expected}, not {_sort(value)}"
        advice = advice or f"for example `{example}`"
    return message, advice, word


def _sort(value: Any) -> str:
    """What stands there instead, in few words."""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, int | float):
        return f"`{value!r:.40}`"
    if isinstance(value, str):
        return f"`{value:.60}`" if value else "empty"
    if isinstance(value, list):
        return "a list" + (" of other things" if value else "")
    return "a table" if isinstance(value, dict) else "a date"


def _problem(message: str, source: Source, place: Span | None, advice: str = "") -> Problem:
    return Problem(message, place, help=advice, file="" if place else source.name)


def _table(cwd: Path, problems: list[Problem]) -> tuple[dict[str, Any], Source, Path]:
    """The table of the nearest pyproject.toml above, its text, and its folder."""
    for folder in (cwd, *cwd.parents):
        file = folder / "pyproject.toml"
        source = Source(file.name if folder == cwd else file.as_posix(), "")
        try:
            if not file.is_file():
                continue
            if file.stat().st_size > MAX_BYTES:
                problems.append(Problem("this configuration is longer than 1 MiB", file=source.name))
                break
            source = Source(source.name, file.read_text(encoding="utf-8"))
            tool = tomllib.loads(source.text).get("tool", {})
        except (OSError, ValueError, RecursionError) as error:
            problems.append(_unreadable(error, source))
            break
        table = tool.get("gradcheck", {}) if isinstance(tool, dict) else {}
        if isinstance(table, dict):
            return table, source, folder
        message = "`[tool.gradcheck]` is a table of settings"
        problems.append(_problem(message, source, table_place(source)))
        break
    return {}, Source("", ""), cwd


_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def _unreadable(error: Exception, source: Source) -> Problem:
    """What the reader of TOML says, with the place that it names."""
    if isinstance(error, OSError):
        said: str | None = error.strerror
    elif isinstance(error, UnicodeDecodeError):
        said = "it is not UTF-8"
    elif isinstance(error, RecursionError):
        said = "it nests too deep"
    elif not isinstance(error, tomllib.TOMLDecodeError):
        said = "a number in it is too long"
    else:
        said = str(error)
    said = said or type(error).__name__
    at, place = _AT.search(said), None
    if at is not None and source.text:
        end = len(source.text)
        if at[1]:
            lines = source.text.split("\n")
            end = sum(len(line) + 1 for line in lines[: int(at[1]) - 1]) + int(at[2]) - 1
        place = source.span(min(end, len(source.text)), min(end + 1, len(source.text)))
        said = said[: at.start()]
    return _problem(f"this configuration cannot be read: {said}", source, place)
