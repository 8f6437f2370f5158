"""The kinds of findings: a code, a word and a sentence for each. Needs nothing else, so that all may ask."""

from __future__ import annotations

RULES: dict[str, tuple[str, str]] = {
    "GC001": ("wrong", "the two sides differ by more than rounding and the oracle's error can explain"),
    "GC002": ("shape-mismatch", "the two sides cannot be equal: their shapes do not fit, in symbols"),
    "GC003": ("undecided", "the oracles disagree, or there is not enough precision to decide"),
    "GC004": ("unexpectedly-right", "the spec expects an error here, and the claim holds"),
    "GC005": ("bad-correction", "the correction that the spec gives does not hold"),
    "GC006": ("drift", "the formula that the spec quotes no longer stands in its document"),
    "GC007": ("conditional", "the claim is wrong in general, and true only under a condition"),
}
"""Code: (name, what it means)."""
