"""The function table on NumPy: the witness that is independent of torch."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from gradcheck_cli.evaluate.numpy_functions import NUMPY


class NumpyBackend:
    """float64 on the CPU."""

    name = "numpy"
    functions = NUMPY
    failures: tuple[type[Exception], ...] = (np.linalg.LinAlgError, FloatingPointError)

    def number(self, value: Fraction | float, *, whole: bool) -> Any:
        """A scalar array, int64 if `whole`."""
        return np.asarray(int(value) if whole else as_float(value), dtype=np.int64 if whole else np.float64)

    def array(self, value: Any) -> Any:
        """The array itself."""
        return np.asarray(value)

    def numpy(self, value: Any) -> Any:
        """The array itself."""
        return np.asarray(value)

    def real(self, value: Any) -> Any:
        """The array as float64."""
        return np.asarray(value, dtype=np.float64)

    def arange(self, n: int) -> Any:
        """The whole numbers below n."""
        return np.arange(n, dtype=np.int64)

    def reshape(self, value: Any, shape: tuple[int, ...]) -> Any:
        """The same elements in another shape."""
        return np.reshape(value, shape)

    def broadcast(self, value: Any, shape: tuple[int, ...]) -> Any:
        """A view of a larger shape."""
        return np.broadcast_to(value, shape)

    def permute(self, value: Any, order: tuple[int, ...]) -> Any:
        """The axes in another order."""
        return np.transpose(value, order)

    def release(self) -> None:
        """Nothing is kept."""


def as_float(value: Fraction | float) -> float:
    """The nearest float; beyond the range of floats an infinity, not an exception."""
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
