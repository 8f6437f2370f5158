"""The language of formulas: one tree, one table of functions, and the notations read into it."""
