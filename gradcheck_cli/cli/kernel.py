"""`gradcheck kernel`: an implementation of a backward pass judged against a spec."""

from __future__ import annotations

import zlib
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gradcheck_cli.cli.check import Device, Draws, Seed
from gradcheck_cli.cli.common import INTERRUPTED, USAGE, emit, load_torch, make_options, refuse
from gradcheck_cli.text import UserError, draw, nearest

if TYPE_CHECKING:
    from gradcheck_cli.report.kernel_result import KernelResult
    from gradcheck_cli.run.options import Options
    from gradcheck_cli.spec.model import Operator


class Precision(StrEnum):
    """What the numbers are that the implementation is given."""

    float64 = "float64"
    float32 = "float32"
    bfloat16 = "bfloat16"


def kernel(
    implementation: Annotated[
        str,
        typer.Argument(
            metavar="MODULE:NAME",
            help="A function or a torch.autograd.Function: `kernels:backward`, `src/kernels.py:Softmax`."
            " It is imported and run.",
        ),
    ],
    spec: Annotated[Path, typer.Option(help="The spec that says what is computed.")],
    operator: Annotated[
        str | None, typer.Option(help="Which operator of the spec, by its name.", show_default=False)
    ] = None,
    outputs: Annotated[
        str | None,
        typer.Option(
            help="The gradients that are returned, in order: `dX,dW`.  [default: of every input]",
            show_default=False,
        ),
    ] = None,
    dtype: Annotated[Precision, typer.Option(help="The precision of the numbers.")] = Precision.float32,
    size: Annotated[
        list[str] | None,
        typer.Option(help="A size that is not free: `n=64`; may be given several times.", show_default=False),
    ] = None,
    device: Device = None,
    draws: Draws = None,
    seed: Seed = None,
) -> None:
    """Judge an implementation of a backward pass against the true gradients of a spec.

    A function gets by the names of its parameters: inputs and lines of the
    forward (X, P), and gradients (dO). It returns one gradient, several in
    order, or a dict by name. A torch.autograd.Function gets the inputs and is
    run forwards and backwards.

    Exit status: 0 every gradient is the true one; 1 some is not; 2 the request cannot be read.
    """
    try:
        chosen = make_options([spec], device=device, seed=seed, draws=draws, oracle="both", keyword=None)
        if chosen.problems:
            raise UserError(*chosen.problems)
        found = _operator(spec, operator)
        load_torch()
        results, number = _judge(found, implementation, outputs, dtype.value, size or [], chosen)
    except UserError as error:
        for problem in error.problems:
            typer.echo(draw(problem), err=True)
        raise typer.Exit(USAGE) from None
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    from gradcheck_cli.report.terminal_kernel import render  # noqa: PLC0415  NumPy is not needed for --help

    settings = chosen.settings
    heading = (
        f"{implementation} in {dtype.value} on {settings.device}, against {found.name} ({spec.as_posix()})"
    )
    if not emit(render(results, heading, dtype.value, number), None):
        raise typer.Exit(USAGE)
    raise typer.Exit(0 if all(r.verdict == "holds" for r in results) else 1)


def _operator(spec: Path, name: str | None) -> Operator:
    """The operator that is meant. Raises UserError."""
    from gradcheck_cli.run.writeups import load_any  # noqa: PLC0415

    file = load_any(spec, spec.as_posix())
    if not file.operators:
        raise UserError(*file.problems)
    names = [o.name for o in file.operators]
    if name is None and len(names) > 1:
        listed = ", ".join(f"`{n}`" for n in names)
        raise refuse(f"{spec} holds several operators", f"choose one by `--operator`: {listed}")
    found = [o for o in file.operators if name is None or o.name == name]
    if not found:
        other = nearest(name or "", names)
        raise refuse(
            f"{spec} has no operator `{name}`",
            f"did you mean `{other}`?" if other else f"it has `{names[0]}`",
        )
    return found[0]


def _judge(
    operator: Operator, where: str, outputs: str | None, dtype: str, size: list[str], chosen: Options
) -> tuple[tuple[KernelResult, ...], int]:
    """The results and the seed. Raises UserError."""
    from gradcheck_cli.run.kernel import judge_kernel  # noqa: PLC0415
    from gradcheck_cli.run.kernel_call import find_kernel, understand  # noqa: PLC0415
    from gradcheck_cli.spec.typing import type_program  # noqa: PLC0415

    program = type_program(operator)
    sizes = {}
    for given in size:
        dim, equals, number = given.partition("=")
        if not equals or not number.isdigit() or int(number) < 1 or len(number) > 9:
            raise refuse(f"`--size {given}` is not a size", "for example `--size n=64`")
        if dim not in program.dims:
            raise refuse(
                f"the operator has no dimension `{dim}`", f"it has {', '.join(sorted(program.dims))}"
            )
        sizes[dim] = int(number)
    kernel_ = understand(
        find_kernel(where, Path.cwd()),
        where.rpartition(":")[2],
        list(program.types),
        list(program.inputs),
        [n for n in program.inputs if n in program.differentiable],
        program.outputs,
        [word.strip() for word in (outputs or "").split(",") if word.strip()],
    )
    seed = chosen.settings.seed
    if seed is None:
        seed = zlib.crc32(f"{operator.name}\n{where}".encode())
    return judge_kernel(operator, kernel_, chosen.settings, dtype, sizes, seed), seed
