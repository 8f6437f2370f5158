"""Evaluation: one fold over the typed tree, on torch or on NumPy."""
