"""Judgement: from two sides of an equation to a verdict that says how sure it is."""
