"""The standard streams as they ought to be: there, and able to show any character."""

from __future__ import annotations

import os
import sys

STREAMS = ("stdin", "stdout", "stderr")


def prepare() -> None:
    """Puts the null device where a stream was closed (`>&-`); lets the others show what they cannot encode.

    The next file that is opened would get the number of a closed stream, and
    what is written to that stream would end in that file.
    """
    for number, name in enumerate(STREAMS):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest free number: this
        if getattr(sys, name) is None:
            mode = "r" if number == 0 else "w"
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        # a formula may hold any character, the terminal's encoding perhaps not
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def silence(stream: object) -> None:
    """Drops what a stream still holds and whatever follows, so that the flush at exit does not complain."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())  # type: ignore[attr-defined]
    os.close(null)
