"""Specs: one YAML file read into data, every value with its place."""
