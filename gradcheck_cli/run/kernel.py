"""An implementation judged against the true gradients of a spec, in the precision it is made for.

The data are rounded to that precision first, so that both see the same numbers;
the truth is autograd's in float64, confirmed by differences. What rounding can
explain is measured in float64 as for a formula (`compare.floor`), and scaled by
the ratio of the unit roundoffs: 2⁻²⁴ to 2⁻⁵³ for float32. An element is wrong
beyond one such floor (40 standard deviations), and a gradient as a whole beyond
a quarter of it (10) in the root mean square, where chance averages out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from gradcheck_cli.compare.court import Court
from gradcheck_cli.compare.floor import floor
from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.compare.sight import index_text
from gradcheck_cli.evaluate.interpret import EvaluationFailed
from gradcheck_cli.evaluate.noise import REPLICAS, UNIT
from gradcheck_cli.evaluate.sampling import Draw, generator
from gradcheck_cli.evaluate.torch_backend import TorchBackend
from gradcheck_cli.lang.plain import parse_equation, parse_expression
from gradcheck_cli.oracle.autograd import Autograd
from gradcheck_cli.oracle.backward_noise import BackwardNoise
from gradcheck_cli.report.kernel_result import KernelResult, KernelVerdict, Seen
from gradcheck_cli.run.kernel_call import Kernel, KernelError
from gradcheck_cli.shapes.typed import Gradient, Quantity, Value
from gradcheck_cli.spec.model import Claim, Definition, Formula, Operator
from gradcheck_cli.spec.typing import type_claim
from gradcheck_cli.text import Text

DTYPES = {"float64": torch.float64, "float32": torch.float32, "bfloat16": torch.bfloat16}

WHOLE = 0.25
"""The share of a floor that a whole gradient may be off in the root mean square."""

SHRINKS = 1e-3
"""An error that shrinks to this share of itself in float64 is one of rounding, and not of the formula."""

COARSEST = 0.5
"""A floor above this share of the gradient shows nothing."""


def judge_kernel(
    operator: Operator, kernel: Kernel, settings: Settings, dtype: str, sizes: Mapping[str, int], seed: int
) -> tuple[KernelResult, ...]:
    """What every draw shows of every result. Raises UserError for sizes that the operator has not."""
    results = _judged(operator, kernel, settings, dtype, sizes, seed)
    if dtype == "float64" or all(r.verdict == "holds" for r in results):
        return results
    again = _judged(operator, kernel, settings, "float64", sizes, seed)
    precise = {r.name: r.worst.error for r in again}
    return tuple(
        replace(r, stable=r.verdict != "wrong" or not precise[r.name] < SHRINKS * r.worst.error)
        for r in results
    )


def _judged(
    operator: Operator, kernel: Kernel, settings: Settings, dtype: str, sizes: Mapping[str, int], seed: int
) -> tuple[KernelResult, ...]:
    court = _court(operator, kernel, settings, sizes, seed)
    names = [*kernel.outputs, *kernel.returns]
    seen: dict[str, list[Seen]] = {name: [] for name in names}
    for number in range(settings.draws):
        rng = generator(seed, number)
        data = _rounded(court.data(number, 0, rng), DTYPES[dtype])
        try:
            found = _session(court, kernel, data, dtype, rng)
        except EvaluationFailed as failure:
            found = {name: Seen("undecided", str(failure)) for name in names}
        for name in names:
            seen[name].append(replace(found[name], sizes=data.sizes))
    return tuple(KernelResult(name, tuple(some)) for name, some in seen.items())


def _court(
    operator: Operator, kernel: Kernel, settings: Settings, sizes: Mapping[str, int], seed: int
) -> Court:
    """Where the data come from: a claim about any gradient has them all."""
    name = kernel.returns[0][1:]
    text = Text.whole("kernel", f"grad({name}) = grad({name})")
    given = []
    for dim, size in sizes.items():
        value = Text.whole("--size", str(size))
        given.append(Definition(dim, value.all, value, parse_expression(value)))
    claim = Claim(
        ("kernel",), "gradient", Formula(text, parse_equation(text)), operator.span, when=tuple(given)
    )
    court = Court(operator, type_claim(operator, claim), settings, seed, [0])
    taken = {p[1:] for p in kernel.parameters if p not in court.program.types}
    wanted = {*(n[1:] for n in kernel.returns), *taken}
    court.wanted = tuple(Gradient(n) for n in court.program.types if n in wanted)
    return court


def _rounded(data: Draw, dtype: torch.dtype) -> Draw:
    """The same data as numbers of the precision."""

    def cast(x: Any) -> Any:
        x = np.asarray(x)
        return torch.tensor(x).to(dtype).double().numpy() if x.dtype == np.float64 else x

    return replace(
        data,
        inputs={n: cast(x) for n, x in data.inputs.items()},
        cotangents={n: cast(c) for n, c in data.cotangents.items()},
    )


def _session(
    court: Court, kernel: Kernel, data: Draw, dtype: str, rng: np.random.Generator
) -> dict[str, Seen]:
    """What one set of data shows."""
    backend = TorchBackend(court.settings.device)
    noise = BackwardNoise(backend, rng)
    oracle = Autograd(
        backend,
        court.program,
        data.sizes,
        {n: noise.leaf(x) for n, x in data.inputs.items()},
        {n: noise.leaf(t) for n, t in data.tangents.items()},
        {n: noise.leaf(c) for n, c in data.cotangents.items()},
        observer=noise,
    )
    values = tuple(Value(n) for n in court.program.types)
    truth: dict[Quantity, Any] = oracle.quantities((*court.wanted, *values))
    gradients: dict[Quantity, Any] = {
        q: backend.numpy(v) for q, v in truth.items() if isinstance(q, Gradient)
    }
    doubts = [a for a in court.agreements(data, gradients, rng) if not a.ok]
    names = [*kernel.outputs, *kernel.returns]
    if doubts:
        return {n: Seen("undecided", f"{doubts[0].reason} (at `{doubts[0].what}`)") for n in names}
    rows = {q.name if isinstance(q, Value) else f"d{q.name}": v for q, v in truth.items()}  # type: ignore[union-attr]
    given = {name: v[0] for name, v in rows.items()} | {
        f"d{name}": backend.array(c) for name, c in data.cotangents.items()
    }
    kind = DTYPES[dtype]
    given = {n: v.to(kind) if v.dtype == torch.float64 else v for n, v in given.items()}
    try:
        computed = kernel.gradients(given)
    except KernelError as error:
        return {n: Seen("wrong", str(error), error=np.inf) for n in names}
    return {n: _look(backend.numpy(rows[n]), computed[n], kind) for n in names}


def _look(truth: Any, computed: Any, kind: torch.dtype) -> Seen:
    """`truth`: (1 + REPLICAS, *shape), the true gradient and what rounding makes of it in float64."""
    if not isinstance(computed, torch.Tensor):
        return Seen(
            "wrong", f"it is {'None' if computed is None else type(computed).__name__}, not a tensor", np.inf
        )
    shape = tuple(computed.shape)
    if shape != truth.shape[1:]:
        return Seen("shape-mismatch", f"its shape is {_shape(shape)}, the true one {_shape(truth.shape[1:])}")
    found = computed.detach().double().cpu().numpy()
    true = truth[0]
    if not found.size:
        return Seen("undecided", "the array is empty")
    broken = np.argwhere(~np.isfinite(found) & np.isfinite(true))
    if len(broken):
        at = tuple(broken[0])
        return Seen("wrong", f"it is {found[at]} at [{index_text(at, ())}]", np.inf)
    factor = torch.finfo(kind).eps / 2 / UNIT
    allowed = floor(truth, REPLICAS, np.abs(true)) * factor
    difference = np.abs(found - true)
    scale = float(np.max(np.abs(true))) or float(np.max(allowed)) or 1.0
    size = float(np.sqrt(np.mean(true**2))) or scale
    at = np.unravel_index(int(np.argmax(difference)), difference.shape)
    bound = WHOLE * float(np.sqrt(np.mean(allowed**2)))
    element, whole = float(np.max(allowed)) / scale, bound / size
    off = bool(np.any(difference > allowed)) or float(np.sqrt(np.mean(difference**2))) > bound
    coarse = whole > COARSEST
    verdict: KernelVerdict = "undecided" if coarse else "wrong" if off else "holds"
    reason = f"not enough precision: rounding alone may be {whole:.0%}" if coarse else ""
    error = float(difference[at]) / scale
    return Seen(verdict, reason, error, element, whole, index_text(at, ()), float(true[at]), float(found[at]))


def _shape(shape: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, shape))}]"
