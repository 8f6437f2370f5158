"""Mutants that are as right as the formula: the reason for each, in words that a reader can check."""

from __future__ import annotations

REASONS: dict[tuple[str, str], str] = {}
"""(claim id, mutant as printed) → why the mutated formula is true as well."""
