"""The results of a run in a file, a line each as they come, so that a run that was stopped can go on.

Lines are JSON: first what the file is, then `{"key": …, "claim": …, "result": …}`.
The key says what was judged and how; a claim whose spec, options or tool has
changed has another key and is judged again. A line is written at once, and one
that was cut off by a crash counts as not written.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Self

from gradcheck_cli.report.result import ClaimResult
from gradcheck_cli.run.digest import surroundings
from gradcheck_cli.run.files import regular
from gradcheck_cli.run.jobs import Job
from gradcheck_cli.run.options import Options
from gradcheck_cli.run.stored import Unfit, dump, restore
from gradcheck_cli.text import Problem, UserError

HEADER = b'{"gradcheck": "results of a run", "version": 1}\n'


class Record:
    """A file of results."""

    def __init__(self, path: Path, options: Options) -> None:
        """Opens the file, or makes it. Raises UserError if it is none of ours."""
        self.path = path
        self._recipe = repr((surroundings(), options.recipe))
        self._lines: dict[str, bytes] = {}
        self._file = -1
        try:
            begun = regular(path).read_bytes() if path.exists() else b""
            if not HEADER.startswith(begun) and not begun.startswith(HEADER):
                raise UserError(
                    Problem(
                        "this file is no record of a run",
                        file=str(path),
                        help="name a file that does not exist yet, or one that `--resume` has made",
                    )
                )
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
            self._read(begun[len(HEADER) :])
            if len(begun) < len(HEADER):
                os.truncate(path, 0)
                self._write(HEADER)
            elif not begun.endswith(b"\n"):
                self._write(b"\n")
        except OSError as error:
            self.__exit__()
            message = f"the record cannot be opened: {error.strerror or error}"
            raise UserError(Problem(message, file=str(path))) from None

    def _read(self, lines: bytes) -> None:
        for line in lines.splitlines():
            try:
                key = json.loads(line)["key"]
            except (ValueError, TypeError, KeyError, RecursionError):
                continue  # cut off
            if isinstance(key, str):
                self._lines[key] = line

    def get(self, job: Job) -> ClaimResult | None:
        """The result of a job, if it is there."""
        line = self._lines.get(self._key(job))
        if line is None:
            return None
        try:
            return restore(json.loads(line)["result"], job)
        except (Unfit, KeyError):
            return None

    def put(self, job: Job, result: ClaimResult) -> None:
        """Writes a result. Raises UserError if that is not possible any more."""
        try:
            line = {"key": self._key(job), "claim": job.claim.id, "result": dump(result)}
        except Unfit:
            return  # it will be judged again
        try:
            self._write(json.dumps(line, separators=(",", ":"), allow_nan=False).encode() + b"\n")
        except OSError as error:
            message = f"the record cannot be written: {error.strerror or error}"
            raise UserError(Problem(message, file=str(self.path))) from None

    def _write(self, line: bytes) -> None:
        """In one piece, so that two runs may share a file."""
        if os.write(self._file, line) < len(line):
            raise OSError(0, "there is no space left")

    def _key(self, job: Job) -> str:
        return hashlib.sha256(f"{self._recipe}\n{job.content}".encode()).hexdigest()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
