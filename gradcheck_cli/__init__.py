"""gradcheck: decide whether a gradient formula is true, as it was written."""

__version__ = "0.1.0"
