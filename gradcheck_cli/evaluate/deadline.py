"""How long one judgement may take: looked at before every node of every evaluation.

A single array operation is bounded by its size (`extent`), so that looking
between them is enough. The limit is ambient, since oracles and back ends make
evaluations of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic


class OutOfTime(Exception):  # noqa: N818  it is an outcome
    """The time is over."""


_end: ContextVar[float] = ContextVar("end", default=float("inf"))
_cuts: ContextVar[int] = ContextVar("cuts", default=0)


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Within this block `check` raises OutOfTime when the seconds are over."""
    token = _end.set(min(_end.get(), monotonic() + seconds))
    try:
        yield
    finally:
        _end.reset(token)


def check() -> None:
    """Raises OutOfTime if the time is over."""
    if monotonic() > _end.get():
        cut()
        raise OutOfTime


def cut() -> None:
    """Notes that the time was over: what comes out may be less than on a faster machine."""
    _cuts.set(_cuts.get() + 1)


def cuts() -> int:
    """How often the time was over so far."""
    return _cuts.get()
