"""Diagnosis: what is behind a claim that does not hold."""
