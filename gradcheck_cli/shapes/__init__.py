"""Shapes in symbols: decided before anything runs."""
