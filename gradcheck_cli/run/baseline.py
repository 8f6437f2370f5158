"""Findings that are known and put off: a JSON file that is kept beside the specs and reads well in a diff.

    {"version": 1, "findings": [
    {"spec": "a.yaml", "operator": "o", "claim": "dX", "code": "GC001", "formula": "…", "digest": "…"}
    ]}

One finding a line, sorted. A finding is recognised by its spec (relative to the
file), operator, claim, code and the digest of its formula, so that it may move
in its file, and comes back when the formula or the verdict changes. An id that
merely counts the claims (`spec#3`) is for the reader alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from pathlib import Path, PurePosixPath

from gradcheck_cli.report.result import ClaimResult, RunResult
from gradcheck_cli.run.files import regular
from gradcheck_cli.text import Problem, Source, plain

VERSION = 1
MAX_BYTES = 16 * 1024 * 1024
LONGEST = 100
"""So many characters of a formula are kept for the reader; the digest is of all."""

_KEYS = ("spec", "operator", "claim", "code", "formula", "digest")
_EXAMPLE = "write it again: `gradcheck check --update-baseline`"


@dataclass(frozen=True, order=True)
class Entry:
    """One finding as the file has it."""

    spec: str
    operator: str
    claim: str
    code: str
    formula: str
    digest: str

    @property
    def key(self) -> tuple[str, ...]:
        """What makes it the same finding."""
        counted = re.escape(PurePosixPath(self.spec).stem) + r"#[0-9]+"
        own = "" if re.fullmatch(counted, self.claim) else self.claim
        return self.spec, self.operator, own, self.code, self.digest

    def __str__(self) -> str:
        return f"{self.code} {self.claim} in {self.spec}: {self.formula}"


@dataclass(frozen=True)
class Baseline:
    """The entries of a file; paths in them are relative to its folder."""

    file: Path
    entries: tuple[Entry, ...] = ()

    def entry(self, c: ClaimResult, cwd: Path) -> Entry | None:
        """The finding of a claim as an entry; None where it has none."""
        if c.code is None or c.ok:
            return None
        text = " ".join(c.claim.formula.text.value.split())
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        shown = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
        return Entry(self.place(c.spec, cwd), c.operator.name, c.claim.id, c.code, plain(shown), digest)

    def place(self, spec: str, cwd: Path) -> str:
        """A spec as the file names it."""
        # `abspath`, not `resolve`: a link to a spec is named as the user names it
        path = os.path.relpath(os.path.abspath(cwd / spec), os.path.abspath(cwd / self.file.parent))  # noqa: PTH100
        return Path(path).as_posix()

    def known(self, claims: Iterable[ClaimResult], cwd: Path) -> set[int]:
        """The positions of the claims whose finding is in the file; an entry excuses one claim."""
        left = Counter(entry.key for entry in self.entries)
        found = set()
        for number, c in enumerate(claims):
            entry = self.entry(c, cwd)
            if entry is not None and left[entry.key] > 0:
                left[entry.key] -= 1
                found.add(number)
        return found

    def gone(self, result: RunResult, cwd: Path, *, partial: bool) -> tuple[Entry, ...]:
        """The entries that no longer occur, as far as this run can tell.

        `partial` says that claims were left out on purpose (`-k`).
        """
        seen = Counter(e.key for c in result.claims if (e := self.entry(c, cwd)) is not None)
        bad = {p.span.source.name if p.span else p.file for p in result.problems}
        bad |= {crash.spec for crash in result.crashes}
        places = {spec: self.place(spec, cwd) for spec in {c.spec for c in result.claims}}
        whole = {places[c.spec] for c in result.claims}
        if partial or result.interrupted:
            whole = set()
        whole -= {places[c.spec] for c in result.claims if c.spec in bad or c.skipped}
        judged = {(places[c.spec], c.operator.name, c.claim.id) for c in result.claims if not c.skipped}
        present = set(places.values())
        gone = []
        for entry in self.entries:
            if seen[entry.key] > 0:
                seen[entry.key] -= 1
            elif (
                entry.spec in whole
                or (entry.spec, entry.operator, entry.claim) in judged
                or (entry.spec not in present and not (cwd / self.file.parent / entry.spec).exists())
            ):
                gone.append(entry)
        return tuple(gone)

    def updated(self, result: RunResult, cwd: Path, *, partial: bool) -> Baseline:
        """With the findings of a run; entries about what was not judged stay."""
        gone = Counter(self.gone(result, cwd, partial=partial))
        kept = Counter(self.entries) - gone
        fresh = [e for c in result.claims if c.excuse != "ignored" and (e := self.entry(c, cwd)) is not None]
        found = Counter(e.key for e in fresh)
        for entry in list(kept.elements()):
            if found[entry.key] > 0:  # replaced by what it is called now
                found[entry.key] -= 1
                kept[entry] -= 1
        return Baseline(self.file, tuple(sorted([*kept.elements(), *fresh])))

    def render(self) -> str:
        """The file's text."""
        lines = ",\n".join(
            json.dumps(dict(zip(_KEYS, astuple(entry), strict=True)), ensure_ascii=False)
            for entry in self.entries
        )
        return f'{{"version": {VERSION}, "findings": [\n{lines}\n]}}\n' if lines else _EMPTY


_EMPTY = f'{{"version": {VERSION}, "findings": []}}\n'


def read_baseline(file: Path, name: str) -> Baseline | Problem:
    """The baseline in a file; `name` is what it is called in messages. Never raises for what it holds."""
    try:
        if regular(file).stat().st_size > MAX_BYTES:
            return Problem("this baseline is longer than 16 MiB", file=name, help=_EXAMPLE)
        source = Source(name, file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Problem("this baseline does not exist", file=name, help=_EXAMPLE.replace(" again", ""))
    except (OSError, ValueError) as error:
        return Problem(
            f"this baseline cannot be read: {getattr(error, 'strerror', None) or error}", file=name
        )
    try:
        data = json.loads(source.text)
    except json.JSONDecodeError as error:
        place = source.span(min(error.pos, len(source.text)), min(error.pos + 1, len(source.text)))
        return Problem(f"this baseline is not JSON: {error.msg}", place, help=_EXAMPLE)
    except (RecursionError, ValueError):  # nests too deep; a number of more than 4300 digits
        return Problem("this baseline is not one that gradcheck wrote", file=name, help=_EXAMPLE)
    if not isinstance(data, dict) or "version" not in data or not isinstance(data.get("findings"), list):
        return Problem("this file is not a baseline", file=name, help="is it another file that is meant?")
    if data["version"] != VERSION:
        shown = f"{data['version']!r:.20}"
        return Problem(
            f"this baseline has the version {shown}; this gradcheck reads {VERSION}", file=name, help=_EXAMPLE
        )
    entries = []
    for number, item in enumerate(data["findings"], 1):
        if (
            not isinstance(item, dict)
            or set(item) != set(_KEYS)
            or not all(isinstance(v, str) for v in item.values())
        ):
            needed = ", ".join(f"`{key}`" for key in _KEYS)
            message = f"finding {number} of this baseline must have the texts {needed}, and no more"
            return Problem(message, file=name, help=_EXAMPLE)
        entries.append(Entry(**item))
    return Baseline(file, tuple(entries))
