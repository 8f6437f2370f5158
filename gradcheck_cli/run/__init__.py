"""A run: from paths to results."""
