"""Code out of a writeup, run in a process of its own: a request goes out, numbers or a reason come back.

Nothing of a listing is parsed or evaluated here. The process (`listing_runner`)
is started when it is first needed, and ends with this one.
"""

from __future__ import annotations

import atexit
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gradcheck_cli.evaluate.listing_frames import pack, receive, send, unpack

SECONDS = 20.0
"""How long one run of a listing may take."""

START = 120.0
"""How long the process may take to load torch."""

MEMORY = 2 << 30
"""Bytes that a listing may ask for."""

MAX_CODE = 200_000
"""Characters of a listing."""

_TORCH = re.compile(r"\btorch\b")

_START_UP = """\
import sys
sys.path.insert(0, sys.argv[1])
from gradcheck_cli.evaluate.listing_runner import main
sys.path.pop(0)
main(int(sys.argv[2]), int(sys.argv[3]))
"""

_ENVIRONMENT = {
    "PATH": os.defpath,
    "LANG": "C.UTF-8",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "CUDA_VISIBLE_DEVICES": "",
    "OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES",
    "PYTHONDONTWRITEBYTECODE": "1",
}


@dataclass(frozen=True)
class Request:
    """What to run."""

    code: str
    first: int
    """The line in which the code begins, so that errors name the lines of the document."""
    expression: str
    whole: bool
    """The whole listing, or only its imports, definitions and constants."""
    count: int = 1
    """How many values the expression gives."""
    sizes: Mapping[str, int] = field(default_factory=dict)
    arrays: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    arrays: tuple[Any, ...] = ()
    text: str | None = None
    bits: int = 53
    """The precision of the coarsest numbers that it was computed with."""


class ListingFailed(Exception):  # noqa: N818  it is an outcome
    """The listing gave nothing to compare; `kind` is the name of its exception, if it raised one."""

    def __init__(self, reason: str, kind: str = "", line: int | None = None) -> None:
        super().__init__(reason)
        self.kind = kind
        self.line = line


class _Host:
    """The process and the pipes to it."""

    def __init__(self) -> None:
        requests, self.requests = os.pipe()
        self.answers, answers = os.pipe()
        self.folder = tempfile.TemporaryDirectory(prefix="gradcheck-")
        package = str(Path(__file__).parent.parent.parent)
        try:
            self.process = subprocess.Popen(  # noqa: S603  our own script, by our own interpreter
                [sys.executable, "-I", "-c", _START_UP, package, str(requests), str(answers)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=self.folder.name,
                env=_ENVIRONMENT | {"TMPDIR": self.folder.name},
                pass_fds=(requests, answers),
                start_new_session=True,
            )
        finally:
            os.close(requests)
            os.close(answers)
        self.started = False

    def ask(self, frame: bytes, seconds: float) -> bytes:
        """The body of the answer. Raises ListingFailed when the process does not answer."""
        try:
            send(self.requests, frame)
            body = receive(self.answers, time.monotonic() + seconds + 10 + (0 if self.started else START))
        except (OSError, ValueError):
            body = None
        except BaseException:  # a late answer must not be taken for that to another request
            close()
            raise
        if body is None:
            close()
            raise ListingFailed("the process that runs listings has ended")
        self.started = True
        return body

    def end(self) -> None:
        """Kills the process with all that belongs to it."""
        for fd in (self.requests, self.answers):
            with suppress(OSError):
                os.close(fd)
        with suppress(OSError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.folder.cleanup()


_hosts: list[_Host] = []


def close() -> None:
    """Ends the process that runs listings, if there is one."""
    while _hosts:
        _hosts.pop().end()


atexit.register(close)


def run(request: Request) -> Answer:
    """Runs a listing with its expression. Raises ListingFailed where nothing comes back."""
    if not hasattr(os, "fork"):
        raise ListingFailed("listings can be run on POSIX systems only")
    if len(request.code) > MAX_CODE:
        raise ListingFailed(f"the listing has {len(request.code):,} characters; at most {MAX_CODE:,} are run")
    try:
        if not _hosts:
            _hosts.append(_Host())
    except OSError as error:
        raise ListingFailed(f"no process can be started: {error.strerror}") from None
    header = {
        "code": request.code,
        "first": request.first,
        "expression": request.expression,
        "whole": request.whole,
        "count": request.count,
        "sizes": dict(request.sizes),
        "torch": _TORCH.search(request.code) is not None,
        "seconds": SECONDS,
        "memory": MEMORY,
    }
    body = _hosts[0].ask(pack(header, dict(request.arrays)), SECONDS)
    try:
        answer, arrays = unpack(body)
        if not isinstance(answer.get("ok"), bool):
            raise ValueError("no outcome")
        if not answer["ok"]:
            raise _failure(answer)
        found = Answer(
            tuple(arrays[str(n)] for n in range(len(arrays))), _text(answer), min(53, int(answer["bits"]))
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        raise ListingFailed("what the listing sent back cannot be read") from None
    return found


def _text(answer: Mapping[str, Any]) -> str | None:
    text = answer.get("text")
    return None if text is None else str(text)


def _failure(answer: Mapping[str, Any]) -> ListingFailed:
    """How a listing ended, in words."""
    ended = answer.get("ended")
    if ended is None:
        line = answer["line"]
        return ListingFailed(str(answer["error"]), str(answer["kind"]), None if line is None else int(line))
    if ended == "time":
        return ListingFailed(f"the listing takes longer than {SECONDS:g} s")
    if ended == "too long":
        return ListingFailed("what the listing sent back cannot be read")
    status = int(answer["status"])
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number == signal.SIGXCPU:
            return ListingFailed(f"the listing takes longer than {SECONDS:g} s")
        return ListingFailed(f"the listing crashes ({signal.Signals(number).name})")
    return ListingFailed(f"the listing ends the process (status {os.WEXITSTATUS(status)})")
