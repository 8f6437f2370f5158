"""The process that runs listings: it loads torch once, and forks a child for every request.

It never runs foreign code itself: it waits for the child's answer, kills it
when the time is over, and clears up whatever it leaves behind.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import signal
import struct
import tempfile
import time
from typing import Any

from gradcheck_cli.evaluate.listing_child import DIES_WITH_PARENT, prctl, run
from gradcheck_cli.evaluate.listing_frames import Arrays, pack, receive, send, unpack

ADOPTS, GAINS_NOTHING = 36, 38
"""PR_SET_CHILD_SUBREAPER: grandchildren come back here; PR_SET_NO_NEW_PRIVS."""


def main(requests: int, answers: int) -> None:
    """One request after the other, until the other end is closed."""
    prctl(DIES_WITH_PARENT, signal.SIGKILL)
    prctl(ADOPTS, 1)
    prctl(GAINS_NOTHING, 1)
    while (body := receive(requests, float("inf"))) is not None:
        header, arrays = unpack(body)
        if header["torch"]:
            _load_torch()
        send(answers, _served(header, arrays, (requests, answers)))


def _load_torch() -> None:
    with contextlib.suppress(Exception):  # the listing will say so where it imports it
        importlib.import_module("torch").set_num_threads(1)


def _served(header: dict[str, Any], arrays: Arrays, pipes: tuple[int, int]) -> bytes:
    """The answer of a child, or how it ended without one."""
    folder = tempfile.mkdtemp(prefix="gradcheck-")
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            for fd in (reading, *pipes):
                os.close(fd)
            run(header, arrays, folder, writing)
        finally:
            os._exit(1)
    os.close(writing)
    try:
        answer = receive(reading, time.monotonic() + header["seconds"])
        ended = "nothing"
    except ValueError:
        answer, ended = None, "too long"
    os.close(reading)
    status = None if answer is not None else _gone(pid)
    if answer is None and ended == "nothing" and status is None:
        ended = "time"
    _end(pid, status is not None)
    shutil.rmtree(folder, ignore_errors=True)
    if answer is None:
        return pack({"ok": False, "ended": ended, "status": status or 0})
    return struct.pack(">Q", len(answer)) + answer


def _gone(pid: int) -> int | None:
    """How a child ended by itself that has closed its pipe; it may need a moment for that."""
    for _ in range(50):
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return status
        time.sleep(0.002)
    return None


def _end(pid: int, gone: bool) -> None:
    """Kills a child with its group, and whatever it has left behind."""
    with contextlib.suppress(OSError):
        os.killpg(pid, signal.SIGKILL)
    if not gone:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    me = os.getpid()
    for _ in range(1000):
        try:
            with open(f"/proc/{me}/task/{me}/children", encoding="ascii") as file:  # noqa: PTH123
                left = [int(word) for word in file.read().split()]
        except OSError:
            left = []
        for other in left:
            with contextlib.suppress(OSError):
                os.kill(other, signal.SIGKILL)
                os.waitpid(other, 0)
        if not left:
            return
