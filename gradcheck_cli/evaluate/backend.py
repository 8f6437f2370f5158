"""What the fold needs of an array library."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, Protocol

Array = Any
"""A float64, int64 or bool array of the back end."""

RANK = 1e-7
"""The share of the largest singular value that counts as zero: far above the noise of an evaluation."""


_EXHAUSTED = (
    "out of memory",
    "Unable to allocate",
    "ALLOC_FAILED",
    "CUBLAS_STATUS_NOT_INITIALIZED",
    "CUSOLVER_STATUS_NOT_INITIALIZED",
    "CUSOLVER_STATUS_INTERNAL_ERROR",
)
"""How libraries say it: torch on any device, NumPy, those that torch calls on a GPU (the last three
where there is no room for their handles)."""


def is_exhausted(error: BaseException) -> bool:
    """Whether memory, of this machine or of a device, was not enough."""
    return isinstance(error, MemoryError) or any(words in str(error) for words in _EXHAUSTED)


class Backend(Protocol):
    """An array library behind the function table."""

    name: str
    functions: Mapping[str, Callable[..., Array]]
    failures: tuple[type[Exception], ...]
    """What its functions raise for data they cannot take, such as a singular matrix."""

    def number(self, value: Fraction | float, *, whole: bool) -> Array:
        """A scalar array, int64 if `whole`."""

    def array(self, value: Any) -> Array:
        """A NumPy array brought over."""

    def numpy(self, value: Array) -> Any:
        """An array brought back to NumPy."""

    def real(self, value: Array) -> Array:
        """The array as float64."""

    def arange(self, n: int) -> Array:
        """The whole numbers below n."""

    def reshape(self, value: Array, shape: tuple[int, ...]) -> Array:
        """The same elements in another shape."""

    def broadcast(self, value: Array, shape: tuple[int, ...]) -> Array:
        """A view of a larger shape."""

    def permute(self, value: Array, order: tuple[int, ...]) -> Array:
        """The axes in another order."""

    def release(self) -> None:
        """Gives memory back that is kept for later."""
