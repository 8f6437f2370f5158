"""The verdict that needs no numbers: shapes that cannot meet, with the node where they meet."""

from __future__ import annotations

from gradcheck_cli.lang.ast import Expr
from gradcheck_cli.shapes.dims import Shape
from gradcheck_cli.text import Problem, UserError


class ShapeMismatch(UserError):  # noqa: N818  it is a verdict
    """Raised by shape inference; `left` and `right` are the shapes that do not fit."""

    def __init__(
        self, message: str, node: Expr | None, left: Shape, right: Shape | None = None, advice: str = ""
    ) -> None:
        super().__init__(Problem(message, node.span if node else None, help=advice))
        self.left = left
        self.right = right
