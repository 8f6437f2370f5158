"""Writeups: the documents that claims were published in, and the places of formulas in them."""
