"""Text and places: everything the tool says about a file points into it from here."""

from gradcheck_cli.text.nearest import nearest
from gradcheck_cli.text.problem import Problem, UserError
from gradcheck_cli.text.snippet import draw, plain
from gradcheck_cli.text.source import Source, Span, Text

__all__ = ["Problem", "Source", "Span", "Text", "UserError", "draw", "nearest", "plain"]
