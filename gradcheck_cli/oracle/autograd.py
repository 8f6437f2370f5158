"""Truth by torch float64: reverse mode for gradients, forward mode for tangents, intermediates included."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

import torch
from torch.autograd import forward_ad as untyped_forward_ad

from gradcheck_cli.evaluate.backend import is_exhausted
from gradcheck_cli.evaluate.interpret import Evaluation, Observer
from gradcheck_cli.evaluate.torch_backend import TorchBackend
from gradcheck_cli.shapes.typed import (
    Derivative,
    Gradient,
    Loss,
    LossTangent,
    Program,
    Quantity,
    Tangent,
    Typed,
    TypedDefinition,
    Value,
)

forward_ad: Any = untyped_forward_ad


@cache
def _load_forward_mode() -> None:
    """The first dual number makes torch import rules that warn about torch's own deprecations."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        with forward_ad.dual_level():
            forward_ad.make_dual(torch.zeros(1), torch.zeros(1))


class Autograd:
    """A forward computation on torch, and every quantity that a claim may ask of it.

    All arrays have one leading axis, the batch; its rows are independent.
    """

    def __init__(
        self,
        backend: TorchBackend,
        program: Program,
        sizes: Mapping[str, int],
        inputs: Mapping[str, Any],
        tangents: Mapping[str, Any],
        cotangents: Mapping[str, Any],
        fixed: frozenset[str] = frozenset(),
        observer: Observer | None = None,
    ) -> None:
        self.backend = backend
        self.program = program
        self.sizes = sizes
        self.inputs = {name: backend.array(x) for name, x in inputs.items()}
        self.tangents = tangents
        self.cotangents = {name: backend.array(c) for name, c in cotangents.items()}
        self.fixed = fixed
        self.observer = observer
        self.rows = next(iter(self.cotangents.values())).shape[0]

    def quantities(self, wanted: Iterable[Quantity]) -> dict[Quantity, Any]:
        """The true value of each quantity, of shape (rows, *shape), detached."""
        wanted = list(wanted)
        found: dict[Quantity, Any] = {}
        values = self.forward()
        gradients = [q for q in wanted if isinstance(q, Gradient)]
        found |= self.gradients(values, gradients)
        for quantity in wanted:
            if isinstance(quantity, Value):
                found[quantity] = values[quantity.name].detach()
            elif isinstance(quantity, Loss):
                found[quantity] = self.loss(values).detach()
            elif isinstance(quantity, Derivative):
                found[quantity] = self.derivative(values, quantity)
        tangents = [q for q in wanted if isinstance(q, (Tangent, LossTangent))]
        if tangents:
            found |= self.all_tangents(tangents)
        return found

    def forward(self) -> dict[str, Any]:
        """The value of every name; at the real ones gradients can be asked."""
        values: dict[str, Any] = {}
        for name, x in self.inputs.items():
            values[name] = x.detach().requires_grad_() if x.dtype == torch.float64 else x
        for definition in self.program.definitions:
            value = self.line(definition, values)
            if value.dtype == torch.float64 and not value.requires_grad:
                value = value.detach().requires_grad_()
            values[definition.name] = value
        return values

    def follow(self, values: dict[str, Any], hold: Callable[[Any], Any]) -> None:
        """Runs the definitions over the inputs in `values`; `hold` makes a fixed one constant."""
        for definition in self.program.definitions:
            value = self.line(definition, values)
            values[definition.name] = hold(value) if definition.name in self.fixed else value

    def line(self, definition: TypedDefinition, values: Mapping[str, Any]) -> Any:
        """The value of one line of the forward, for every row."""
        return self.expanded(self.tree(definition.tree, values, definition.indices))

    def target(self, quantity: Tangent | LossTangent, values: Mapping[str, Any]) -> Any:
        """What the tangent is of."""
        if isinstance(quantity, LossTangent):
            return self.loss(values)
        return self.expanded(self.tree(quantity.tree, values, quantity.indices))

    def tree(self, tree: Typed, values: Mapping[str, Any], indices: int) -> Any:
        """The value of a tree over forward values, of shape (rows or 1, *shape)."""

        def given(quantity: Quantity) -> Any:
            assert isinstance(quantity, Value)
            return values[quantity.name]

        evaluation = Evaluation(self.backend, self.sizes, given, indices, self.observer)
        value = evaluation.value(tree)
        return value.reshape(value.shape[:1] + value.shape[evaluation.lead :])

    def expanded(self, value: Any) -> Any:
        """One row for each of the batch."""
        return value if value.shape[0] == self.rows else value.expand(self.rows, *value.shape[1:])

    def loss(self, values: Mapping[str, Any]) -> Any:
        """Σ ⟨dO, O⟩ for each row."""
        return sum(
            (self.cotangents[o] * values[o]).reshape(self.rows, -1).sum(1) for o in self.program.outputs
        )

    def gradients(self, values: Mapping[str, Any], wanted: list[Gradient]) -> dict[Quantity, Any]:
        """∂L/∂name, by one pass backwards."""
        if not wanted:
            return {}
        loss = self.loss(values).sum()
        points = [values[q.name] for q in wanted]
        if not loss.requires_grad:
            return {q: torch.zeros_like(p) for q, p in zip(wanted, points, strict=True)}
        grads = torch.autograd.grad(loss, points, allow_unused=True, retain_graph=True)
        return {
            q: torch.zeros_like(p) if g is None else g.detach()
            for q, p, g in zip(wanted, points, grads, strict=True)
        }

    def pulled_back(self, name: str, gradient: Any, onto: Iterable[str]) -> dict[str, Any]:
        """What `gradient`, arriving at `name`, brings to each of the names that it is made of."""
        values = self.forward()
        if not values[name].requires_grad:
            return {}
        names = list(onto)
        grads = torch.autograd.grad(values[name], [values[n] for n in names], gradient, allow_unused=True)
        return {n: g.detach() for n, g in zip(names, grads, strict=True) if g is not None}

    def derivative(self, values: Mapping[str, Any], quantity: Derivative) -> Any:
        """The elementwise derivative or the Jacobian of a tree, (rows, *tree shape, *shape)."""
        value = self.expanded(self.tree(quantity.tree, values, quantity.indices))
        point = values[quantity.name]
        shape = () if quantity.elementwise else tuple(value.shape[1:])
        if not value.requires_grad:
            return torch.zeros(
                (self.rows, *shape, *point.shape[1:]), dtype=torch.float64, device=point.device
            )
        if quantity.elementwise:
            (grad,) = torch.autograd.grad(value.sum(), point, allow_unused=True, retain_graph=True)
            return torch.zeros_like(point) if grad is None else grad.detach()
        flat = value.reshape(self.rows, -1).sum(0)
        rows = []
        for element in flat:
            (grad,) = torch.autograd.grad(element, point, allow_unused=True, retain_graph=True)
            rows.append(torch.zeros_like(point) if grad is None else grad.detach())
        if not rows:
            return point.new_zeros((self.rows, *shape, *point.shape[1:]))
        return torch.stack(rows, 1).reshape(self.rows, *shape, *point.shape[1:])

    def all_tangents(self, wanted: list[Tangent | LossTangent]) -> dict[Quantity, Any]:
        """Forward mode; where an operation has no forward rule, reverse mode applied twice."""
        try:
            return self.forward_mode(wanted)
        except (NotImplementedError, RuntimeError) as error:
            if is_exhausted(error):
                raise
            return self.reverse_twice(wanted)

    def forward_mode(self, wanted: list[Tangent | LossTangent]) -> dict[Quantity, Any]:
        """Dual numbers: every tangent in one pass forwards."""
        found: dict[Quantity, Any] = {}
        _load_forward_mode()
        with forward_ad.dual_level():
            values: dict[str, Any] = {}
            for name, x in self.inputs.items():
                moves = x.dtype == torch.float64 and name not in self.fixed
                values[name] = (
                    forward_ad.make_dual(x, self.backend.array(self.tangents[name])) if moves else x
                )
            self.follow(values, hold=lambda v: forward_ad.unpack_dual(v).primal)
            for quantity in wanted:
                value = self.target(quantity, values)
                tangent = forward_ad.unpack_dual(value).tangent
                found[quantity] = (
                    torch.zeros_like(value.detach()) if tangent is None else tangent.detach().clone()
                )
        return found

    def reverse_twice(self, wanted: list[Tangent | LossTangent]) -> dict[Quantity, Any]:
        """⟨u, J t⟩ is linear in u; its gradient by u is J t."""
        values: dict[str, Any] = {}
        for name, x in self.inputs.items():
            moves = x.dtype == torch.float64 and name not in self.fixed
            values[name] = x.detach().requires_grad_() if moves else x
        moving = [name for name, x in values.items() if x.requires_grad]
        self.follow(values, hold=lambda v: v.detach())
        found: dict[Quantity, Any] = {}
        for quantity in wanted:
            value = self.target(quantity, values)
            found[quantity] = torch.zeros_like(value.detach())
            if not value.requires_grad:
                continue
            u = torch.ones_like(value, requires_grad=True)
            grads = torch.autograd.grad(
                value, [values[n] for n in moving], u, create_graph=True, allow_unused=True
            )
            pairing = sum(
                (g * self.backend.array(self.tangents[n])).sum()
                for n, g in zip(moving, grads, strict=True)
                if g is not None
            )
            if isinstance(pairing, torch.Tensor) and pairing.requires_grad:
                (tangent,) = torch.autograd.grad(pairing, u, retain_graph=True, allow_unused=True)
                if tangent is not None:
                    found[quantity] = tangent.detach()
        return found
