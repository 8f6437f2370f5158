"""Which names a spec declares, and the rules they keep."""

from __future__ import annotations

import re

from gradcheck_cli.lang.ast import Expr, Name, Subscript, walk
from gradcheck_cli.lang.latex_symbols import Law, Symbols
from gradcheck_cli.lang.plain import parse_expression
from gradcheck_cli.spec.prose import NONE, Prose
from gradcheck_cli.spec.yaml_tree import Scalar
from gradcheck_cli.text import Problem, Span, UserError, nearest

MAX_NAME = 64
"""How many characters a name or an id may have."""

RESERVED = ("inf", "True", "False", "None")
"""Words that keep their meaning; `pi` and `e` may be declared and then mean what is declared."""

_NAME = re.compile(r"[^\W\d]\w*")
_NAME_HELP = "a name is made of letters, digits and `_`, and begins with a letter"


def check_name(name: str, span: Span) -> None:
    """Raises UserError if a name cannot be declared."""
    if len(name) > MAX_NAME:
        raise UserError(Problem(f"this name has {len(name)} characters; at most {MAX_NAME} are read", span))
    if name in RESERVED:
        raise UserError(
            Problem(
                f"`{name}` cannot be declared: the word has a meaning already",
                span,
                help="choose another name",
            )
        )
    if _NAME.fullmatch(name) is None:
        raise UserError(Problem(f"`{name}` is not a name", span, help=_NAME_HELP))


def read_target(key: Scalar) -> tuple[str, tuple[Name, ...]]:
    """The left side of a definition: `S`, or in index notation `S[i, j]`. Raises UserError."""
    if "[" not in key.value:
        check_name(key.value, key.span)
        return key.value, ()
    wrong = UserError(
        Problem(
            f"`{key.value}` cannot be defined",
            key.span,
            help="write a name, or a name with indices: `S[i, j]`",
        )
    )
    try:
        target = parse_expression(key.text)
    except UserError:
        raise wrong from None
    if not isinstance(target, Subscript) or not isinstance(target.operand, Name):
        raise wrong
    indices = tuple(item for item in target.items if isinstance(item, Name))
    if len(indices) != len(target.items):
        raise wrong
    name = target.operand.id
    check_name(name, key.span)
    seen: set[str] = set()
    for index in indices:
        if index.id in seen:
            raise UserError(Problem(f"the index `{index.id}` stands here twice", index.span))
        seen.add(index.id)
    return name, indices


class Names:
    """The names declared so far, each with its role and place; a claim adds its own to a copy."""

    def __init__(self, outer: Names | None = None, prose: Prose = NONE) -> None:
        self.roles: dict[str, tuple[str, Span]] = dict(outer.roles) if outer else {}
        self.needs: dict[str, frozenset[str]] = dict(outer.needs) if outer else {}
        """For each line of `forward` the names in it."""
        self.notation: dict[str, str] = outer.notation if outer else {}
        self.vectors: str = outer.vectors if outer else "column"
        self.laws: dict[str, Law] = outer.laws if outer else {}
        """For each random input its law."""
        self.prose: Prose = outer.prose if outer else prose

    def declare(self, name: str, role: str, span: Span) -> None:
        """Raises UserError if the name is taken, or would make a `dX` ambiguous."""
        if name in self.roles:
            before, place = self.roles[name]
            raise UserError(
                Problem(
                    f"`{name}` is declared twice: {role} here, {before} in line {place.line}",
                    span,
                    help="give one of them another name",
                )
            )
        if name[0] == "d" and self.role(name[1:]) not in {None, DIMENSION}:
            raise UserError(_ambiguous(name, span))
        if role != DIMENSION and f"d{name}" in self.roles:
            raise UserError(_ambiguous(f"d{name}", span))
        self.roles[name] = (role, span)

    def depend(self, name: str, expression: Expr) -> None:
        """Notes down what a line of `forward` is made of."""
        self.needs[name] = frozenset(n.id for n in walk(expression) if isinstance(n, Name))

    def symbols(self) -> Symbols:
        """The names as the LaTeX parser wants them."""
        quantities = frozenset(self.of(INPUT, FORWARD))
        dims, locals_ = frozenset(self.of(DIMENSION)), frozenset(self.of(WHERE))
        return Symbols(quantities, dims, locals_, self.needs, self.notation, self.vectors, self.laws)

    def role(self, name: str) -> str | None:
        """What a name is, if it is declared."""
        found = self.roles.get(name)
        return found[0] if found else None

    def of(self, *roles: str) -> list[str]:
        """All names of some roles, in order."""
        return [name for name, (role, _) in self.roles.items() if role in roles]

    def unknown(self, name: str, span: Span, message: str, *roles: str) -> UserError:
        """A name that is none of some roles, with the one that may be meant."""
        candidates = self.of(*roles)
        other = nearest(name, candidates)
        listed = ", ".join(f"`{c}`" for c in candidates[:12])
        advice = f"did you mean `{other}`?" if other else f"declared are {listed}" if listed else ""
        return UserError(Problem(message, span, help=advice))


INPUT = "an input"
FORWARD = "a line of `forward`"
WHERE = "a line of `where`"
DIMENSION = "a dimension"


def _ambiguous(gradient: str, span: Span) -> Problem:
    return Problem(
        f"`{gradient}` would be ambiguous: it is declared, and it is the gradient of `{gradient[1:]}`",
        span,
        help="give one of them another name",
    )
