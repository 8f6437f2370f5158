"""The forward computation that the claim belongs to differs from the one in the spec."""

from __future__ import annotations

from gradcheck_cli.diagnose.slip import Example, Slip

SLIP = Slip(
    code="GC123",
    name="forward differs",
    title="the claim is right for a forward computation that differs a little from this one",
    page="""
What it looks like
    The gradient is right for `S: Q @ K.T`, and the spec says `S: Q @ K.T / sqrt(d)`.

Why it happens
    The derivation was made for an earlier version of the forward, or the forward was transcribed
    with a mistake.

How to see it
    Change one line of the forward. If the claim becomes true, one of the two texts has to follow
    the other.
""",
    examples=(
        Example("Q: [l, d]; K: [m, d]", "S: Q @ K.T / sqrt(d)", "dQ = dS @ K", "dQ = dS @ K / sqrt(d)"),
    ),
    cost=2.0,
)
