"""Which specs are about which writeup: the document that they name is this very file, or they stand in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from gradcheck_cli.run.discover import discover
from gradcheck_cli.run.options import Options
from gradcheck_cli.run.writeups import load_any
from gradcheck_cli.spec.model import Operator
from gradcheck_cli.text import Problem, Source
from gradcheck_cli.writeups.found import FoundFormula
from gradcheck_cli.writeups.locate import find_document


@dataclass(frozen=True, eq=False)
class Subject:
    """A writeup to audit."""

    file: Path
    name: str
    """What it is called in reports."""
    source: Source
    formulas: tuple[FoundFormula, ...]
    has_specs: bool
    """Whether specs stand in it."""


@dataclass
class Group:
    """Writeups whose specs find them from the same folder, so that they are checked in one run."""

    sources: Path | None
    subjects: list[Subject] = field(default_factory=list)
    files: tuple[Path, ...] = ()
    """The specs, and the writeups that hold some."""
    problems: tuple[Problem, ...] = ()


def groups(subjects: Sequence[Subject], specs: Sequence[Path], options: Options, cwd: Path) -> list[Group]:
    """The runs that the audit takes; in the first stand the problems of specs that are about no writeup."""
    found = discover(tuple(specs) or options.paths, cwd)
    problems = list(found.problems)
    by_root: dict[Path | None, Group] = {}
    for subject in subjects:
        if subject.has_specs:
            _add(by_root, options.sources or subject.file.parent, subject, subject.file)
    for file in found.files:
        spec = load_any(file, file.name, options.sources)
        known = False
        for operator in spec.operators:
            for subject in subjects:
                root = _root(operator, file, subject, options.sources)
                if root is not None:
                    _add(by_root, root, subject, file)
                    known = True
        if not known and spec.problems:
            problems += load_any(file, _shown(file, cwd), options.sources).problems
    made = list(by_root.values()) or [Group(None)]
    made[0].problems = tuple(problems)
    return made


def is_about(operator: Operator, spec: Path, subject: Subject, sources: Path | None) -> bool:
    """Whether the document that an operator names is the writeup."""
    name = operator.document.document
    folders = [spec.parent, *([sources] if sources else [])]
    return name is not None and find_document(name, folders) == subject.file.resolve()


def _root(operator: Operator, spec: Path, subject: Subject, sources: Path | None) -> Path | None:
    """The folder in which the check is to look the document up, if it is the writeup.

    Without `--sources` a writeup is found wherever it lies, by its name and as
    many folders above as the spec gives.
    """
    name = operator.document.document
    if name is None:
        return None
    depth = len(PurePosixPath(name).parts)
    parents = subject.file.parents
    for root in (sources, subject.file.parent, parents[depth - 1] if 0 < depth <= len(parents) else None):
        if root is not None and is_about(operator, spec, subject, root):
            return root
    return None


def _add(by_root: dict[Path | None, Group], root: Path, subject: Subject, file: Path) -> None:
    group = by_root.setdefault(root, Group(root))
    if subject not in group.subjects:
        group.subjects.append(subject)
    if file not in group.files:
        group.files = (*group.files, file)


def _shown(file: Path, cwd: Path) -> str:
    return file.relative_to(cwd).as_posix() if file.is_relative_to(cwd) else file.as_posix()
