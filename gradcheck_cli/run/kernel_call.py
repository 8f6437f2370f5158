"""An implementation of a backward pass, named by the user: found, called by the names of a spec, unpacked.

Two forms: a function that takes inputs, intermediates and gradients under their
names (`X`, `P`, `dP`) and returns gradients, or a `torch.autograd.Function` that
takes the inputs and is run forwards and backwards.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from gradcheck_cli.text import Problem, UserError, nearest


class KernelError(Exception):
    """The implementation raised, or what it returned cannot be understood."""


@dataclass(frozen=True)
class Kernel:
    """A callable, what it takes, and the gradients it is asked for."""

    target: Any
    name: str
    parameters: tuple[str, ...]
    returns: tuple[str, ...]
    """Names such as `dX`."""
    outputs: tuple[str, ...] = ()
    """The outputs of the spec, where the target is a `torch.autograd.Function`."""

    def gradients(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """What it computes from values and gradients by name; of a Function the outputs too.

        Raises KernelError.
        """
        given = {p: values[p].clone() for p in self.parameters}
        try:
            found = self._differentiated(given, values) if self.outputs else self.target(**given)
        except Exception as error:
            raise KernelError(f"it raised {type(error).__name__}: {error}") from error
        changed = [p for p in self.parameters if not torch.equal(given[p], values[p])]
        if changed and not all(torch.isnan(values[p]).any() for p in changed):
            raise KernelError(f"it changes its argument `{changed[0]}`")
        return found if self.outputs else self._named(found)

    def _differentiated(self, given: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
        """The outputs and gradients of a Function."""
        wanted = [n.removeprefix("d") for n in self.returns]
        leaves = {p: x.detach().requires_grad_(p in wanted) for p, x in given.items()}
        found = self.target.apply(*(leaves[p] for p in self.parameters))
        outputs = found if isinstance(found, tuple) else (found,)
        if len(outputs) != len(self.outputs):
            raise KernelError(f"it returns {len(outputs)} outputs, the operator has {len(self.outputs)}")
        upstream = [values[f"d{name}"] for name in self.outputs]
        grads = torch.autograd.grad(outputs, [leaves[n] for n in wanted], upstream, allow_unused=True)
        named = dict(zip(self.outputs, (o.detach() for o in outputs), strict=True))
        return named | dict(zip(self.returns, grads, strict=True))

    def _named(self, found: Any) -> dict[str, Any]:
        """What a function returned, by name."""
        if isinstance(found, Mapping):
            missing = [name for name in self.returns if name not in found]
            if missing:
                raise KernelError(f"it returns no `{missing[0]}`; it returns {', '.join(map(str, found))}")
            return {name: found[name] for name in self.returns}
        several = tuple(found) if isinstance(found, tuple | list) else (found,)
        if len(several) != len(self.returns):
            names = ", ".join(self.returns)
            gradients = "gradient" if len(several) == 1 else "gradients"
            told = f"it returns {len(several)} {gradients}, not {len(self.returns)} ({names})"
            raise KernelError(f"{told}; say which with `--outputs`")
        return dict(zip(self.returns, several, strict=True))


def find_kernel(where: str, folder: Path) -> Any:
    """What `module:name` or `file.py:name` names; imports it. Raises UserError."""
    module_name, colon, name = where.rpartition(":")
    if not colon or not module_name or not name:
        raise UserError(
            Problem(f"`{where}` names no callable", help="write `module:name`, or `file.py:name`")
        )
    module = _module(module_name, folder)
    target: Any = module
    for part in name.split("."):
        if not hasattr(target, part):
            other = nearest(part, [n for n in dir(target) if not n.startswith("_")])
            advice = f"did you mean `{other}`?" if other else ""
            raise UserError(Problem(f"`{module_name}` has no `{name}`", help=advice))
        target = getattr(target, part)
    if not callable(target):
        raise UserError(Problem(f"`{where}` cannot be called"))
    return target


def _module(name: str, folder: Path) -> Any:
    try:
        if not name.endswith(".py"):
            sys.path.insert(0, str(folder))
            try:
                return importlib.import_module(name)
            finally:
                sys.path.remove(str(folder))
        spec = importlib.util.spec_from_file_location(Path(name).stem, folder / name)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    except Exception as error:  # noqa: BLE001  whatever the user's module does
        problem = Problem(f"`{name}` cannot be imported: {type(error).__name__}: {error}")
        raise UserError(problem) from None
    return module


def understand(
    target: Any,
    name: str,
    values: Sequence[str],
    inputs: Sequence[str],
    differentiable: Sequence[str],
    outputs: Sequence[str],
    returns: Sequence[str],
) -> Kernel:
    """How to call it. `values` are all names of the operator, `returns` the gradients asked for, if said.

    Raises UserError where its parameters are not names of the operator.
    """
    asked = tuple(returns) or tuple(f"d{n}" for n in differentiable)
    for gradient in asked:
        if gradient[:1] != "d" or gradient[1:] not in values:
            other = nearest(gradient, [f"d{v}" for v in values])
            advice = (
                f"did you mean `{other}`?"
                if other
                else "gradients are called `dX`, where X is a name of the spec"
            )
            raise UserError(Problem(f"the operator has no gradient `{gradient}`", help=advice))
    if isinstance(target, type) and issubclass(target, torch.autograd.Function):
        wrong = [g for g in asked if g[1:] not in differentiable]
        if wrong:
            advice = f"leave `{wrong[0]}` out of `--outputs`, or judge a function that returns it"
            message = f"a `torch.autograd.Function` gives no `{wrong[0]}`, which is no input's gradient"
            raise UserError(Problem(message, help=advice))
        parameters = [p.name for p in list(_parameters(target.forward))]
        parameters = [p for p in parameters if p != "ctx"]
        if set(parameters) - set(inputs):
            parameters = list(inputs)
        return Kernel(target, name, tuple(parameters), asked, tuple(outputs))
    known = [*values, *(f"d{v}" for v in values)]
    taken = []
    for parameter in _parameters(target):
        if parameter.name in known:
            taken.append(parameter.name)
        elif parameter.default is inspect.Parameter.empty:
            other = nearest(parameter.name, known)
            advice = f"did you mean `{other}`?" if other else f"it has {', '.join(f'`{v}`' for v in known)}"
            message = f"`{name}` has the parameter `{parameter.name}`, which is no name of the operator"
            raise UserError(Problem(message, help=advice))
    return Kernel(target, name, tuple(taken), asked)


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """The parameters that can be given by name. Raises UserError."""
    try:
        found = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        message = "this callable does not tell the names of its parameters"
        raise UserError(
            Problem(message, help="wrap it: `def backward(X, dY): return kernel(X, dY)`")
        ) from None
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [p for p in found if p.kind in kinds]
