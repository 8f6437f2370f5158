"""The function table on torch: float64 on the CPU or a CUDA device, differentiable."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import partial
from typing import Any

import torch

from gradcheck_cli.evaluate.numpy_backend import as_float
from gradcheck_cli.evaluate.torch_functions import TORCH
from gradcheck_cli.lang.functions import FUNCTIONS

_ON_A_DEVICE = tuple(name for name in TORCH if FUNCTIONS[name].group == "constructor")


class TorchBackend:
    """float64 on one device."""

    name = "torch"
    failures: tuple[type[Exception], ...] = (RuntimeError,)  # LinAlgError is one

    def __init__(self, device: str = "cpu") -> None:
        self.device = torch.device(device)
        bound = {name: partial(TORCH[name], device=self.device) for name in _ON_A_DEVICE}
        self.functions: Mapping[str, Callable[..., Any]] = {**TORCH, **bound}

    def number(self, value: Fraction | float, *, whole: bool) -> Any:
        """A scalar tensor, int64 if `whole`."""
        if whole:
            return torch.tensor(int(value), dtype=torch.int64, device=self.device)
        return torch.tensor(as_float(value), dtype=torch.float64, device=self.device)

    def array(self, value: Any) -> Any:
        """A NumPy array, or a tensor as it is, on the device."""
        if isinstance(value, torch.Tensor):
            return value
        return torch.tensor(value, device=self.device)

    def numpy(self, value: Any) -> Any:
        """A tensor brought back."""
        return value.detach().cpu().numpy()

    def real(self, value: Any) -> Any:
        """The tensor as float64."""
        return value.to(torch.float64)

    def arange(self, n: int) -> Any:
        """The whole numbers below n."""
        return torch.arange(n, device=self.device)

    def reshape(self, value: Any, shape: tuple[int, ...]) -> Any:
        """The same elements in another shape."""
        return value.reshape(shape)

    def broadcast(self, value: Any, shape: tuple[int, ...]) -> Any:
        """A view of a larger shape."""
        return value.expand(shape)

    def permute(self, value: Any, order: tuple[int, ...]) -> Any:
        """The axes in another order."""
        return value.permute(order)

    def release(self) -> None:
        """Gives memory of a GPU back that torch keeps for later."""
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
