"""Gives an operator and its claims their shapes: from what a spec says to what can be evaluated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from gradcheck_cli.lang import ast
from gradcheck_cli.lang.ast import Equation
from gradcheck_cli.shapes import static
from gradcheck_cli.shapes.dims import Dim, Shape
from gradcheck_cli.shapes.infer import Local, Meaning, Scope, same_shape, sides_differ
from gradcheck_cli.shapes.literal import literal_sides
from gradcheck_cli.shapes.mismatch import ShapeMismatch
from gradcheck_cli.shapes.resolve import Resolved, is_loose, resolve_equation, resolve_expression
from gradcheck_cli.shapes.typed import Index, Program, Type, Typed, TypedDefinition, Value, quantities
from gradcheck_cli.spec.model import Claim, Definition, Formula, Kind, Operator
from gradcheck_cli.spec.printed import Printed
from gradcheck_cli.spec.remainder import Remainder, put_back, taken_off
from gradcheck_cli.spec.typing_given import Code, printed_links, read_code_sides
from gradcheck_cli.text import Problem, UserError

_MEANING: Mapping[Kind, Meaning] = {
    "gradient": "gradient",
    "derivative": "gradient",
    "differential": "differential",
    "identity": "values",
    "expectation": "values",
    "property": "gradient",
    "shape": "gradient",
    "cost": "gradient",
    "value": "gradient",
    "code": "gradient",
}


@dataclass(frozen=True, eq=False)
class Link:
    """One `left = right` of a claim, ready to be evaluated; or why it cannot be."""

    left: Typed | None
    right: Typed | None
    mismatch: ShapeMismatch | None = None
    relation: str = "="
    remainder: Remainder | None = None
    """What the link leaves out, of a `property` claim."""
    printed: Printed | None = None
    """Of a `value` claim: the numbers that are printed for both sides, which are then the same tree."""
    printed_first: bool = False
    """Whether they are printed on the left."""


@dataclass(frozen=True, eq=False)
class TypedClaim:
    """A claim with every shape known."""

    program: Program
    given: Mapping[str, Typed]
    """Inputs whose value is fixed, by the operator's `value` or the claim's `when`."""
    links: tuple[Link, ...]
    indices: tuple[Index, ...]
    """All indices; each is one leading axis."""
    free: tuple[Index, ...]
    """Those that stand on the left side, in order."""
    fixed: frozenset[str] = frozenset()
    equation: Equation | None = None
    """The claim in plain form, as it was judged."""
    remarks: tuple[str, ...] = ()
    """What had to be assumed to read it."""
    scope: Scope | None = None
    """Of a `cost` claim, whose sides are no arrays: what its names mean."""
    literal: Equation | None = None
    """Where the shapes of a claim in LaTeX do not fit: its signs one by one, which a repair starts from."""
    code: Code | None = None
    """Of a `code` claim: what is run, and what it has to give."""


def type_program(operator: Operator, when: Iterable[Definition] = ()) -> Program:
    """The forward computation with shapes. Raises UserError for what is wrong with it."""
    dims = _dims(operator, when)
    types: dict[str, Type] = {}
    for input_ in operator.inputs:
        shape = tuple(static.as_dim(d, dims) for d in input_.shape)
        dtype = {"index": "int", "mask": "bool"}.get(input_.domain.kind, "real")
        types[input_.name] = Type(shape, dtype)  # type: ignore[arg-type]
    inputs = dict(types)
    differentiable = {i.name for i in operator.inputs if i.differentiable}
    needs = {name: frozenset({name}) for name in inputs}
    definitions: list[TypedDefinition] = []
    for line in operator.forward:
        scope = Scope(types, dims)
        local = _plain(Local(line.expression, line.indices), Scope(types, dims), operator.vectors, [])
        tree = scope.definition(local, line.expression)
        definitions.append(TypedDefinition(line.name, tree, len(scope.indices)))
        types = types | {line.name: tree.type}
        used = [needs[q.name] for q in quantities(tree) if isinstance(q, Value)]
        needs[line.name] = frozenset({line.name}).union(*used)
        if tree.type.dtype == "real":
            differentiable.add(line.name)
    outputs = tuple(o.id for o in operator.outputs)
    if operator.loss and any(types[o].shape for o in outputs):
        name = next(o for o in operator.outputs if types[o.id].shape)
        raise UserError(
            Problem(f"the loss `{name.id}` is not a scalar: it has the shape {types[name.id]}", name.span)
        )
    return Program(inputs, frozenset(differentiable), tuple(definitions), outputs, operator.loss, dims, needs)


def _dims(operator: Operator, when: Iterable[Definition]) -> dict[str, Dim]:
    """Every dimension name; those under a constraint in terms of the others."""
    names = {n.id for i in operator.inputs for d in i.shape for n in ast.walk(d) if isinstance(n, ast.Name)}
    inputs = {i.name for i in operator.inputs}
    constraints = {d.name: d for d in operator.dims}
    constraints |= {d.name: d for d in when if d.name not in inputs}
    names |= constraints.keys()
    for line in constraints.values():
        names |= {n.id for n in ast.walk(line.expression) if isinstance(n, ast.Name)}
    dims = {name: Dim.of(name) for name in sorted(names)}
    # a constraint may use another one; each round resolves one level
    for _ in range(len(constraints) + 1):
        resolved = dict(dims)
        for name, line in constraints.items():
            resolved[name] = static.as_dim(line.expression, {**dims, name: Dim.of(name)})
            if name in resolved[name].names:
                raise UserError(Problem(f"the dimension `{name}` is defined by itself", line.span))
        if resolved == dims:
            break
        dims = resolved
    return dims


def type_claim(operator: Operator, claim: Claim, formula: Formula | None = None) -> TypedClaim:
    """A claim (or its correction) with shapes; a link that cannot be well-typed says so.

    Raises UserError for a name that does not exist and the like.
    """
    program = type_program(operator, claim.when)
    given = _given(operator, claim, program)
    remarks: list[str] = []
    random = _random(operator, claim, program)
    locals_ = _locals(operator, claim, program, remarks)

    def fresh() -> Scope:
        meaning = _MEANING[claim.kind]
        return Scope(program.types, program.dims, meaning, program, locals_, invents=True, random=random)

    equation = (formula or claim.formula).equation
    if claim.kind == "cost":
        empty = tuple(Link(None, None, relation=equation.relation(n)) for n in range(len(equation.sides) - 1))
        return TypedClaim(program, given, empty, (), (), equation=equation, scope=fresh())
    if claim.kind == "value":
        scope = fresh()
        found = printed_links(equation.sides, scope, operator.vectors, given)
        lines = tuple(Link(f.left, f.right, f.mismatch, "=", None, f.printed, f.printed_first) for f in found)
        return TypedClaim(program, given, lines, tuple(scope.indices), ())
    if claim.kind == "code":
        scope = fresh()
        code = read_code_sides(equation.sides, scope, operator.vectors, program.types)
        if isinstance(code, ShapeMismatch):
            return TypedClaim(program, given, (Link(None, None, code),), (), ())
        trees = tuple(Link(tree, tree) for tree in code.expected)
        return TypedClaim(program, given, trees, tuple(scope.indices), (), code=code)
    remainders: tuple[Remainder | None, ...] = (None,) * len(equation.sides)
    if claim.kind == "property":
        equation, remainders = taken_off(equation, program)
    if claim.kind == "shape":
        equation = Equation(tuple(map(_as_array, equation.sides)), span=equation.span)
    resolved = resolve_equation(equation.sides, fresh(), operator.vectors)
    scope = fresh()
    sides: list[Typed | ShapeMismatch] = []
    for number, side in enumerate(resolved.sides):
        try:
            sides.append(side if isinstance(side, ShapeMismatch) else scope.infer(side))
        except ShapeMismatch as mismatch:
            sides.append(mismatch)
        if number == 0:
            scope.invents = False
            free = tuple(
                scope.indices[i]
                for i in range(len(scope.indices))
                if scope.indices[i] in scope.bound.values()
            )
    links = []
    for number, (left, right) in enumerate(pairwise(sides)):
        relation = equation.relation(number)
        if isinstance(left, ShapeMismatch) or isinstance(right, ShapeMismatch):
            first = right if isinstance(right, ShapeMismatch) else left
            assert isinstance(first, ShapeMismatch)
            links.append(Link(None, None, first, relation))
        else:
            differ = None if same_shape(left, right) else sides_differ(left, right)
            remainder = remainders[number] or remainders[number + 1]
            links.append(Link(left, right, differ, relation, remainder))
    return TypedClaim(
        program,
        given,
        tuple(links),
        tuple(scope.indices),
        free,
        frozenset(name.id for name in claim.fixed),
        None if claim.kind == "shape" else put_back(_equation(equation, resolved), remainders),
        (*remarks, *resolved.remarks),
        literal=_literal(equation, resolved, fresh(), operator.vectors),
    )


def _random(operator: Operator, claim: Claim, program: Program) -> frozenset[str]:
    """In an `expectation` claim the names that depend on a random input. Raises UserError without one."""
    if claim.kind != "expectation":
        return frozenset()
    drawn = {i.name for i in operator.inputs if i.random is not None}
    if not drawn:
        raise UserError(
            Problem(
                "no input is random, so that there is nothing to take an expectation over",
                claim.formula.text.all,
                help="give an input a law: `u: {shape: [n], random: normal(0, 1)}`",
            )
        )
    return frozenset(name for name, needs in program.needs.items() if needs & drawn)


def _as_array(side: ast.Expr) -> ast.Expr:
    """In a `shape` claim a list of dimensions is any array of that shape, and `shape(X)` is X itself.

    Lists may be multiplied, as in `[n, m] = [n, k] @ [k, m]`. Raises UserError for what is no shape.
    """
    match side:
        case ast.Call("stack", items):
            return ast.Call("ones", items, span=side.span)
        case ast.Call("shape", (inner,)):
            return inner
        case ast.Noted(inner, remark):
            return ast.Noted(_as_array(inner), remark, span=side.span)
        case ast.Juxtapose(items, signs):
            return ast.Juxtapose(tuple(map(_as_array, items)), signs, span=side.span)
        case ast.Binary("@" | "*" as op, left, right):
            return ast.Binary(op, _as_array(left), _as_array(right), span=side.span)
    raise UserError(
        Problem(
            "this is no shape",
            side.span,
            help="a side of a `shape` claim is `shape(X)`, a list `[n, m]`, or a product of lists",
        )
    )


def _equation(printed: Equation, resolved: Resolved) -> Equation | None:
    """The equation with its sides in plain form, if every side has one."""
    sides = tuple(s for s in resolved.sides if not isinstance(s, ShapeMismatch))
    return (
        Equation(sides, printed.relations, span=printed.span) if len(sides) == len(resolved.sides) else None
    )


def _literal(printed: Equation, resolved: Resolved, scope: Scope, vectors: str) -> Equation | None:
    """The equation sign by sign, if some side has no reading that fits."""
    if printed.relations or not any(isinstance(s, ShapeMismatch) for s in resolved.sides):
        return None
    sides = literal_sides(printed.sides, scope, vectors)
    return None if sides is None else Equation(sides, span=printed.span)


def _locals(operator: Operator, claim: Claim, program: Program, remarks: list[str]) -> dict[str, Local]:
    """The local definitions of a claim in plain form. Raises UserError where their LaTeX cannot be read."""
    found = {d.name: Local(d.expression, d.indices) for d in (*operator.where, *claim.where)}
    for name, local in list(found.items()):
        if is_loose(local.expression):
            scope = Scope(program.types, program.dims, _MEANING[claim.kind], program, found)
            found[name] = _plain(local, scope, operator.vectors, remarks)
    return found


def _plain(local: Local, scope: Scope, vectors: str, remarks: list[str]) -> Local:
    with scope.binding(local.indices):
        resolved = resolve_expression(local.expression, scope, vectors)
    remarks += [r for r in resolved.remarks if r not in remarks]
    (expression,) = resolved.sides
    assert not isinstance(expression, ShapeMismatch)
    return Local(expression, local.indices)


def _given(operator: Operator, claim: Claim, program: Program) -> dict[str, Typed]:
    """The inputs that are not drawn: constants of the operator and assumptions of the claim."""
    lines = {i.name: i.value for i in operator.inputs if i.value is not None}
    lines |= {line.name: line for line in claim.when if line.name in program.inputs}
    trees: dict[str, Typed] = {}
    free = {n: t for n, t in program.inputs.items() if n not in lines}
    for name, line in lines.items():
        value = _plain(Local(line.expression), Scope(free, program.dims), operator.vectors, [])
        tree = Scope(free, program.dims).infer(value.expression)
        needed: Shape = program.inputs[name].shape
        if tree.type.shape not in {needed, ()}:
            raise ShapeMismatch(
                f"`{name}` has the shape {program.inputs[name]}, and this value {tree.type}",
                line.expression,
                needed,
                tree.type.shape,
            )
        trees[name] = tree
    return trees
