"""«Did you mean …»: the known name that a mistyped one is most likely to be."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The closest of `known`, or None if none is close enough to be worth saying.

    Case is ignored at first, so that `Softmax` finds `softmax`. Ties go to the
    name that stands first. Overlong input is not compared at all.
    """
    if not name or len(name) > 60:
        return None
    lowered = name.lower()
    best, best_score = None, 0.0
    for candidate in known:
        if candidate == name or len(candidate) > 60:
            continue
        if candidate.lower() == lowered:
            return candidate
        score = SequenceMatcher(None, lowered, candidate.lower()).ratio()
        if score > best_score:
            best, best_score = candidate, score
    needed = 0.6 if len(name) > 2 else 0.66
    return best if best_score >= needed else None
