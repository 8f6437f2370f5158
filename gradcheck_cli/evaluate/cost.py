"""What a formula costs to evaluate as it is written: operations and memory, as polynomials in the sizes.

The convention, in floating point operations:
- one addition, multiplication or other elementwise operation or function costs
  1 for each element of its result; a sum, mean, product, maximum or minimum 1
  for each element that goes in;
- a matrix product [n, k] @ [k, m] costs 2*n*k*m, as torch.utils.flop_counter has it;
- what abbreviates a formula (softmax, logsumexp, norm, var …) costs what that formula costs;
- factorisations cost their leading term, see `_CUBIC`;
- moving elements (transpose, reshape, slice, broadcast, concatenate, gather …) costs nothing,
  nor does what is known before any input is: `1/2`, `sqrt(d)`, `eye(n)`;
- inputs, intermediates and gradients are given, and cost nothing.

The same subtree is worked out once, wherever it stands: the same function of
the same arguments, so that a formula costs the same with a local definition
and with the definition written out. Under `sum[i, j](…)` a part is worked out
once for each value of those indices that it depends on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import prod
from types import MappingProxyType

from gradcheck_cli.evaluate.cost_compare import undominated
from gradcheck_cli.lang.functions import FUNCTIONS
from gradcheck_cli.shapes.dims import Dim, DimError
from gradcheck_cli.shapes.typed import (
    Apply,
    Constant,
    Given,
    Index,
    Part,
    Position,
    Reduce,
    Size,
    Special,
    Tabulate,
    Typed,
    below,
)
from gradcheck_cli.text import Problem, UserError

Cost = Callable[[Apply], Dim]

_ONE = Dim.of(1)


def elements(tree: Typed) -> Dim:
    """How many elements an array has; under an index, for one value of it.

    Raises UserError where that is no polynomial of a bearable length.
    """
    try:
        return _count(tree.type.shape)
    except DimError:
        raise _too_complicated(tree) from None


def flops(trees: Sequence[Typed]) -> Dim:
    """The floating point operations of evaluating the trees together; the convention is above.

    Raises UserError where the polynomial has too many terms, or the cost is none (`pinv` of [n, m]).
    """
    ledger = Ledger(trees)
    total = Dim.of(0)
    for entry in ledger.entries:
        try:
            total = total + _cost(entry)
        except DimError:
            raise _too_complicated(entry.node) from None
    return total


def peak(trees: Sequence[Typed]) -> tuple[Dim, ...]:
    """The elements of the largest array that is made and is neither given nor a final result.

    The result is left out since all ways to it make it. A view (transpose, reshape, slice, `ones`) is
    no array of its own; under an index the loop holds one value at a time. The largest of polynomials
    is none, so all are returned that may be it; `(0,)` where nothing is made on the way.
    """
    ledger = Ledger(trees)
    results = {ledger.stripped(tree) for tree in trees}
    sizes = [
        elements(entry.node)
        for entry in ledger.entries
        if entry.key not in results and _is_made(entry.node) and (entry.varies or entry.node.type.rank)
    ]
    return undominated(sizes) or (Dim.of(0),)


def _too_complicated(tree: Typed) -> UserError:
    return UserError(Problem("the cost has too many terms, or too high powers", tree.node.span))


# --- the table of costs ----------------------------------------------------------------------------


def _count(shape: Iterable[Dim]) -> Dim:
    return prod(shape, start=_ONE)


def _nothing(_: Apply) -> Dim:
    return Dim.of(0)


def _each(call: Apply) -> Dim:
    return _count(call.type.shape)


def _reads(per_input: int, per_output: int = 0) -> Cost:
    """So many operations for each element that goes in, and for each that comes out."""

    def cost(call: Apply) -> Dim:
        read, made = (_count(t.type.shape) for t in (call.args[0], call))
        return read * Dim.of(per_input) + made * Dim.of(per_output)

    return cost


def _log_softmax(call: Apply) -> Dim:
    # x - log(sum(exp(x))): three for each element, and a logarithm for each row
    axis = dict(call.statics)["axis"]
    shape = call.type.shape
    rows = _count(d for i, d in enumerate(shape) if i - len(shape) != axis)
    return _count(shape) * Dim.of(3) + rows


_CUBIC: Mapping[str, Fraction] = MappingProxyType(
    {
        "det": Fraction(2, 3),
        "logdet": Fraction(2, 3),
        "inv": Fraction(2),
        "cholesky": Fraction(1, 3),
        "eigh": Fraction(9),
        "svd": Fraction(21),
        "rank": Fraction(8, 3),
        "pinv": Fraction(23),
    }
)
"""Operations in n**3 for an n x n matrix, leading terms.

Golub & Van Loan, Matrix Computations: LU 2/3 (§3.2), the inverse from it 2 (LU, then 4/3 for the
triangular solves; also Higham, Accuracy and Stability of Numerical Algorithms, §14.3), Cholesky 1/3
(§4.2), symmetric QR with eigenvectors 9 (§8.3), Golub-Reinsch SVD with U and V 4*m**2*n + 8*m*n**2 + 9*n**3,
which is 21, and without them, for `rank`, 4*m*n**2 - 4/3*n**3, which is 8/3 (§8.6). `pinv` is an SVD and
one product of two matrices.
"""


def _cubic(call: Apply) -> Dim:
    (x,) = call.args
    n = x.type.shape[-1]
    if x.type.shape[-2] != n:
        raise UserError(
            Problem(
                f"the cost of `{call.function}` of {x.type} depends on which size is smaller",
                call.node.span,
                help="write it out, as in `inv(X.T @ X) @ X.T`",
            )
        )
    return _count(x.type.shape[:-2]) * n**3 * Dim.of(_CUBIC[call.function])


def _solve(call: Apply) -> Dim:
    # one LU for each matrix, and two triangular solves of n**2 for each right side
    a = call.args[0].type.shape
    return _count(a[:-2]) * a[-1] ** 3 * Dim.of(Fraction(2, 3)) + _each(call) * a[-1] * Dim.of(2)


def _solve_triangular(call: Apply) -> Dim:
    return _each(call) * call.args[0].type.shape[-1]


def _matmul(call: Apply) -> Dim:
    return Dim.of(2) * _each(call) * call.args[0].type.shape[-1]


def _trace(call: Apply) -> Dim:
    return _each(call) * call.args[0].type.shape[-1]


def _einsum(call: Apply) -> Dim:
    """For each choice of all letters: a multiplication between two operands, an addition if one is summed."""
    terms, _, result = str(dict(call.statics)["subscripts"]).partition("->")
    letters = {
        letter: dim
        for term, arg in zip(terms.split(","), call.args, strict=True)
        for letter, dim in zip(term, arg.type.shape, strict=True)
    }
    each = len(call.args) - 1 + (len(letters) > len(result))
    return _count(letters.values()) * Dim.of(each)


def _scatter_add(call: Apply) -> Dim:
    return _count(call.args[2].type.shape)


def _table() -> dict[str, Cost]:
    costs: dict[str, Cost] = {
        f.name: _each for f in FUNCTIONS.values() if f.rule in {"elementwise", "comparison"}
    }
    costs |= dict.fromkeys(("sum", "mean", "prod", "max", "min", "cumsum", "cumprod"), _reads(1))
    # mean((x - mean(x))**2), its root, log(sum(exp(x))), sqrt(sum(x**2)), exp(x) / sum(exp(x))
    costs |= {"var": _reads(4), "std": _reads(4, 1), "logsumexp": _reads(2, 1), "norm": _reads(2, 1)}
    costs |= {"softmax": _reads(3), "log_softmax": _log_softmax}
    costs |= dict.fromkeys(_CUBIC, _cubic)
    costs |= {"solve": _solve, "solve_triangular": _solve_triangular}
    costs |= {"matmul": _matmul, "dot": _reads(2), "outer": _each, "kron": _each, "trace": _trace}
    costs |= {"einsum": _einsum, "scatter_add": _scatter_add}
    free = "tril triu diag eye ones zeros ones_like zeros_like arange reshape transpose swapaxes concatenate"
    free += " stack broadcast_to expand_dims squeeze repeat tile flip roll pad gather take_along_axis one_hot"
    costs |= dict.fromkeys(f"{free} slice".split(), _nothing)
    # derivatives and expectations are quantities, which are given
    return costs | {f.name: _nothing for f in FUNCTIONS.values() if f.group in {"derivative", "special"}}


COSTS: Mapping[str, Cost] = MappingProxyType(_table())
"""Function → its operations for one call, arguments not included; every function of the table is here."""

_REPEATED = ("ones", "zeros", "ones_like", "zeros_like")
_VIEWS = frozenset(
    (
        "transpose",
        "swapaxes",
        "reshape",
        "expand_dims",
        "squeeze",
        "slice",
        "broadcast_to",
        "flip",
        *_REPEATED,
    )
)


def _is_view(node: Typed) -> bool:
    """Whether an array shares the memory of its argument, or is one repeated number."""
    if not isinstance(node, Apply):
        return False
    ranks = dict(node.statics).get("ranks")
    picked = node.function == "gather" and isinstance(ranks, tuple) and ranks[1] == 0
    return picked or node.function in _VIEWS or (node.function == "diag" and ranks == (2,))


def _is_made(node: Typed) -> bool:
    # what has several results is counted by its parts
    several = isinstance(node, Apply) and FUNCTIONS[node.function].rule in {"eigh", "svd"}
    return isinstance(node, (Apply, Part, Reduce, Tabulate)) and not _is_view(node) and not several


# --- every subtree once ----------------------------------------------------------------------------

_Label = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One subtree, however often it stands there."""

    key: int
    node: Typed
    indices: Mapping[_Label, Dim]
    """The indices that it depends on, those that it sums over included, and their ranges."""
    varies: bool
    """Whether it depends on anything that is given."""


@dataclass
class Ledger:
    """The distinct subtrees of some trees, children first."""

    trees: Sequence[Typed]
    entries: list[Entry] = field(default_factory=list)
    keys: dict[int, int] = field(default_factory=dict)
    """id of a node → number of its entry."""

    def __post_init__(self) -> None:
        nodes = _children_first(self.trees)
        self.labels = _labels(nodes)
        known: dict[object, int] = {}
        for node in nodes:
            content = self.content(node)
            if content not in known:
                known[content] = len(self.entries)
                self.entries.append(self.entry(node))
            self.keys[id(node)] = known[content]

    def content(self, node: Typed) -> object:
        """Equal for two nodes exactly if they are the same function of the same arguments."""
        inner = tuple(self.keys[id(c)] for c in below(node))
        match node:
            case Constant(value=value):
                return "constant", value
            case Special(name=name):
                return "special", name
            case Size(dim=dim):
                return "size", dim
            case Position(index=index):
                return "index", self.label(index)
            case Given(quantity=quantity):
                return "given", quantity
            case Apply(function=function, statics=statics):
                return "apply", function, statics, inner
            case Part(number=number):
                return "part", number, inner
            case Reduce(function=function, indices=indices):
                return "over", function, tuple(map(self.label, indices)), inner
            case Tabulate(indices=indices):
                return "table", tuple(map(self.label, indices)), inner
        raise TypeError(f"not a typed node: {type(node).__name__}")

    def label(self, index: Index) -> _Label:
        """An index without its name: two sums that differ only in the name are the same."""
        return (*self.labels.get(id(index), (id(index),)), index.dim)

    def entry(self, node: Typed) -> Entry:
        """The record of a node whose children have theirs."""
        indices: dict[_Label, Dim] = {}
        children = [(c, self.entries[self.keys[id(c)]]) for c in below(node)]
        for child, entry in children:
            bound = child.indices if isinstance(child, (Reduce, Tabulate)) else ()
            gone = {self.label(i) for i in bound}
            indices |= {label: dim for label, dim in entry.indices.items() if label not in gone}
        own = node.indices if isinstance(node, (Reduce, Tabulate)) else ()
        own = (node.index,) if isinstance(node, Position) else own
        indices |= {self.label(i): i.dim or _ONE for i in own}
        varies = isinstance(node, Given) or any(e.varies for _, e in children)
        return Entry(len(self.entries), node, indices, varies)

    def stripped(self, tree: Typed) -> int:
        """The entry whose memory a tree is, beneath the views."""
        while _is_view(tree) and isinstance(tree, Apply) and tree.args:
            tree = tree.args[0]
        return self.keys[id(tree)]


def _children_first(trees: Iterable[Typed]) -> list[Typed]:
    order: list[Typed] = []
    seen: set[int] = set()
    stack = [(tree, False) for tree in trees]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack += [(child, False) for child in below(node)]
    return order


def _labels(nodes: Sequence[Typed]) -> dict[int, _Label]:
    """For each bound index how many binders nest below its own: inside one another they all differ."""
    heights: dict[int, int] = {}
    labels: dict[int, _Label] = {}
    for node in nodes:
        heights[id(node)] = max((heights[id(c)] for c in below(node)), default=0)
        if isinstance(node, (Reduce, Tabulate)):
            heights[id(node)] += 1
            labels |= {id(i): (heights[id(node)], n) for n, i in enumerate(node.indices)}
    return labels


def _cost(entry: Entry) -> Dim:
    """What the node itself costs, for all values of the indices."""
    if not entry.varies:
        return Dim.of(0)
    times = _count(entry.indices.values())
    match entry.node:
        case Apply(function=function):
            return COSTS[function](entry.node) * times
        case Reduce(body=body):
            return _count(body.type.shape) * times
    return Dim.of(0)
