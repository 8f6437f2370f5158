"""The shape rules that the table of functions names: what a call returns, or why it cannot be."""

from __future__ import annotations

from collections.abc import Mapping

from gradcheck_cli.shapes import rules_elementwise, rules_indexing, rules_linalg, rules_shape
from gradcheck_cli.shapes.application import Application, Rule
from gradcheck_cli.shapes.rules_linalg import parts

__all__ = ["RULES", "Application", "Rule", "parts"]

RULES: Mapping[str, Rule] = {
    "elementwise": rules_elementwise.elementwise,
    "comparison": rules_elementwise.comparison,
    "reduction": rules_elementwise.reduction,
    "along": rules_elementwise.along,
    "matmul": rules_linalg.matmul,
    "matrix to scalar": rules_linalg.matrix_to_scalar,
    "square to scalar": rules_linalg.matrix_to_scalar,
    "rank": rules_linalg.rank,
    "square": rules_linalg.square,
    "matrix": rules_linalg.matrix,
    "pinv": rules_linalg.pinv,
    "solve": rules_linalg.solve,
    "kron": rules_linalg.kron,
    "outer": rules_linalg.outer,
    "dot": rules_linalg.dot,
    "einsum": rules_linalg.einsum,
    "diag": rules_linalg.diag,
    "eigh": rules_linalg.eigh,
    "svd": rules_linalg.svd,
    "eye": rules_shape.eye,
    "filled": rules_shape.filled,
    "like": rules_shape.like,
    "arange": rules_shape.arange,
    "reshape": rules_shape.reshape,
    "transpose": rules_shape.transpose,
    "mT": rules_shape.mt,
    "swapaxes": rules_shape.swapaxes,
    "concatenate": lambda call: rules_shape.join(call, new=False),
    "stack": lambda call: rules_shape.join(call, new=True),
    "broadcast_to": rules_shape.broadcast_to,
    "expand_dims": rules_shape.expand_dims,
    "squeeze": rules_shape.squeeze,
    "repeat": rules_shape.repeat,
    "tile": rules_shape.tile,
    "pad": rules_shape.pad,
    "gather": rules_indexing.gather,
    "take_along_axis": rules_indexing.take_along_axis,
    "one_hot": rules_indexing.one_hot,
    "scatter_add": rules_indexing.scatter_add,
    "slice": rules_indexing.slice_,
}
"""Rule name → rule; the derivatives are resolved by `infer`."""
