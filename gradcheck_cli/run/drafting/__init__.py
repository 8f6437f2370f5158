"""Proposes a spec from a writeup: statements → symbols → operators → shapes → a trial → YAML."""
