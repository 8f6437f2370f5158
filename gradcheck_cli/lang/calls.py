"""Matches the arguments of a call with the parameters of the table's entry."""

from __future__ import annotations

from gradcheck_cli.lang.ast import Call, Expr, Tuple
from gradcheck_cli.lang.functions import FUNCTIONS, KEYWORD_ALIASES, Function, Parameter
from gradcheck_cli.text import Problem, Span, UserError, nearest

Bound = dict[str, Expr | tuple[Expr, ...] | None]
"""Parameter → argument; a tuple for a variadic one, None where the default holds."""


def bind(call: Call) -> Bound:
    """The arguments of a call by parameter. Raises UserError where they do not fit."""
    function = FUNCTIONS[call.function]
    bound: Bound = {}
    positional = list(call.args)
    for parameter in function.parameters:
        if parameter.variadic:
            bound[parameter.name] = _variadic(function, parameter, positional, call.span)
            positional = []
        elif positional:
            bound[parameter.name] = positional.pop(0)
    if positional:
        most = len(function.parameters)
        raise UserError(
            Problem(
                f"`{function.name}` takes at most {most} argument{'s' * (most != 1)}",
                positional[0].span,
                help=f"it is called as `{function.signature}`",
            )
        )
    for keyword in call.keywords:
        _keyword(function, keyword.name, keyword.value, keyword.span, bound)
    for parameter in function.parameters:
        if parameter.name not in bound:
            if parameter.default is None:
                raise UserError(
                    Problem(
                        f"`{function.name}` needs `{parameter.name}`",
                        call.span,
                        help=f"it is called as `{function.signature}`",
                    )
                )
            bound[parameter.name] = None
    return bound


def _variadic(
    function: Function, parameter: Parameter, arguments: list[Expr], span: Span | None
) -> tuple[Expr, ...]:
    # ones((n, m)) and ones(n, m), stack((A, B)) and stack(A, B) are both common
    if len(arguments) == 1 and isinstance(arguments[0], Tuple):
        arguments = list(arguments[0].items)
    if not arguments and parameter.kind == "array":
        raise UserError(
            Problem(
                f"`{function.name}` needs at least one array",
                span,
                help=f"it is called as `{function.signature}`",
            )
        )
    return tuple(arguments)


def _keyword(function: Function, name: str, value: Expr, span: Span | None, bound: Bound) -> None:
    known = [p.name for p in function.parameters]
    variadic = [p.name for p in function.parameters if p.variadic]
    if name not in known:
        other = KEYWORD_ALIASES.get(name)
        other = other if other in known else nearest(name, known)
        raise UserError(
            Problem(
                f"`{function.name}` has no keyword `{name}`",
                span,
                help=f"did you mean `{other}`?" if other else f"it is called as `{function.signature}`",
            )
        )
    if name in variadic and not bound.get(name):
        bound[name] = _variadic(function, function.parameters[known.index(name)], [value], span)
        return
    if bound.get(name) is not None:
        raise UserError(
            Problem(f"`{name}` is given twice", span, help=f"it is called as `{function.signature}`")
        )
    bound[name] = value
