"""Shape rules of linear algebra: products, solvers and decompositions on the last two axes."""

from __future__ import annotations

from gradcheck_cli.lang import ast
from gradcheck_cli.shapes import static
from gradcheck_cli.shapes.application import Application, Statics, broadcast, needs_matrix
from gradcheck_cli.shapes.dims import Dim, Shape
from gradcheck_cli.shapes.mismatch import ShapeMismatch
from gradcheck_cli.shapes.typed import Type
from gradcheck_cli.text import Problem, UserError


def _batch(call: Application, x: Type, y: Type) -> Shape:
    """The axes before the last two, broadcast; a vector has none."""
    try:
        return broadcast(call, x.shape[:-2], y.shape[:-2])
    except ShapeMismatch:
        raise call.mismatch(x.shape, y.shape, "the batch dimensions differ") from None


def matmul(call: Application) -> tuple[Type, Statics]:
    """[…, n, k] and […, k, m] give […, n, m]; a vector stands for one row or one column, as in NumPy."""
    x, y = call.args
    if not x.rank or not y.rank:
        raise call.unfit("two arrays", (x if not x.rank else y).shape, "multiply by a scalar with `*`")
    inner = y.shape[-2] if y.rank > 1 else y.shape[-1]
    if x.shape[-1] != inner:
        raise call.mismatch(x.shape, y.shape, f"the inner dimensions {x.shape[-1]} and {inner} differ")
    batch = _batch(call, x, y)
    rows = x.shape[-2:-1] if x.rank > 1 else ()
    columns = y.shape[-1:] if y.rank > 1 else ()
    return Type((*batch, *rows, *columns)), (("ranks", (x.rank, y.rank)),)


def matrix_to_scalar(call: Application) -> tuple[Type, Statics]:
    """[…, n, n] gives […]."""
    (x,) = call.args
    needs_matrix(call, x, square=True)
    return Type(x.shape[:-2]), ()


def rank(call: Application) -> tuple[Type, Statics]:
    """[…, n, m] gives a whole number for each matrix."""
    (x,) = call.args
    needs_matrix(call, x, square=False)
    return Type(x.shape[:-2], "int"), ()


def square(call: Application) -> tuple[Type, Statics]:
    """[…, n, n] stays."""
    (x,) = call.args
    needs_matrix(call, x, square=True)
    return Type(x.shape), ()


def matrix(call: Application) -> tuple[Type, Statics]:
    """[…, n, m] stays."""
    (x,) = call.args
    needs_matrix(call, x, square=False)
    k = call.expr("k")
    return Type(x.shape), (("k", 0 if k is None else static.as_int(k)),)


def pinv(call: Application) -> tuple[Type, Statics]:
    """[…, n, m] gives […, m, n]."""
    (x,) = call.args
    needs_matrix(call, x, square=False)
    return Type((*x.shape[:-2], x.shape[-1], x.shape[-2])), ()


def solve(call: Application) -> tuple[Type, Statics]:
    """[…, n, n] and […, n, m] give […, n, m]; a vector [n] gives […, n]."""
    a, b = call.args
    needs_matrix(call, a, square=True)
    rows = b.shape[-2:-1] if b.rank > 1 else b.shape
    if rows != a.shape[-1:]:
        raise call.mismatch(a.shape, b.shape)
    batch = _batch(call, a, b) if b.rank > 1 else a.shape[:-2]
    result = (*batch, *b.shape[-2:])
    statics: dict[str, object] = {"ranks": (a.rank, b.rank)}
    if call.function == "solve_triangular":
        statics["lower"] = call.flag("lower", True)
    return Type(result), tuple(statics.items())


def kron(call: Application) -> tuple[Type, Statics]:
    """[a, b] and [c, d] give [a*c, b*d]; [a] and [c] give [a*c]."""
    x, y = call.args
    if x.rank not in {1, 2} or y.rank != x.rank:
        raise call.unfit("two matrices or two vectors", y.shape if x.rank in {1, 2} else x.shape)
    return Type(tuple(a * b for a, b in zip(x.shape, y.shape, strict=True))), (("ranks", (x.rank, y.rank)),)


def outer(call: Application) -> tuple[Type, Statics]:
    """[n] and [m] give [n, m]."""
    for x in call.args:
        if x.rank != 1:
            raise call.unfit("two vectors", x.shape)
    return Type((call.args[0].shape[0], call.args[1].shape[0])), ()


def dot(call: Application) -> tuple[Type, Statics]:
    """[n] and [n] give []."""
    x, y = call.args
    for v in call.args:
        if v.rank != 1:
            raise call.unfit("two vectors", v.shape)
    if x.shape != y.shape:
        raise call.mismatch(x.shape, y.shape)
    return Type(()), ()


def einsum(call: Application) -> tuple[Type, Statics]:
    """Each letter has one size; the result has those behind the arrow."""
    text = call.expr("subscripts")
    if not isinstance(text, ast.String):
        raise UserError(
            Problem(
                "einsum begins with its letters in quotes", call.node.span, help="`einsum('ij,jk->ik', A, B)`"
            )
        )
    letters, arrow, result = text.value.replace(" ", "").partition("->")
    terms = letters.split(",")
    if not all(t.isalpha() or not t for t in [*terms, result]) or not text.value.isascii():
        raise UserError(Problem("einsum's subscripts are letters, commas and one `->`", text.span))
    if len(terms) != len(call.args):
        raise UserError(
            Problem(
                f"einsum's subscripts name {len(terms)} arrays, and {len(call.args)} are given", text.span
            )
        )
    sizes: dict[str, Dim] = {}
    for term, arg in zip(terms, call.args, strict=True):
        if len(term) != arg.rank:
            raise call.unfit(f"{len(term)} axes for `{term}`", arg.shape)
        for letter, dim in zip(term, arg.shape, strict=True):
            if sizes.setdefault(letter, dim) != dim:
                raise ShapeMismatch(
                    f"`einsum`'s index `{letter}` runs over {sizes[letter]} and {dim}",
                    call.node,
                    (sizes[letter],),
                    (dim,),
                )
    if not arrow:
        joined = "".join(terms)
        result = "".join(sorted(c for c in set(joined) if joined.count(c) == 1))
    if len(set(result)) < len(result) or not set(result) <= sizes.keys():
        raise UserError(
            Problem(
                f"einsum cannot return `{result}`", text.span, help="each letter once, and only known ones"
            )
        )
    return Type(tuple(sizes[c] for c in result)), (("subscripts", f"{','.join(terms)}->{result}"),)


def diag(call: Application) -> tuple[Type, Statics]:
    """[n] gives [n, n], and [n, n] gives [n]."""
    (x,) = call.args
    if x.rank == 1:
        return Type(x.shape * 2), (("ranks", (1,)),)
    if x.rank == 2 and x.shape[0] == x.shape[1]:
        return Type(x.shape[:1]), (("ranks", (2,)),)
    raise call.unfit("a vector or a square matrix", x.shape)


def eigh(call: Application) -> tuple[Type, Statics]:
    """Several results: only its parts have a shape."""
    raise _several_results(call, "`eigh(A)[0]` are the eigenvalues, `eigh(A)[1]` the eigenvectors")


def svd(call: Application) -> tuple[Type, Statics]:
    """Several results: only its parts have a shape."""
    raise _several_results(
        call, "`svd(A)[0]` is U, `svd(A)[1]` the singular values, `svd(A)[2]` V transposed"
    )


def _several_results(call: Application, advice: str) -> UserError:
    return UserError(
        Problem(f"{call.shown} has several results, and one is needed here", call.node.span, help=advice)
    )


def parts(call: Application) -> tuple[Type, ...]:
    """The types of all results of a function that has several."""
    (x,) = call.args
    needs_matrix(call, x, square=call.function == "eigh")
    batch, (n, m) = x.shape[:-2], x.shape[-2:]
    if call.function == "eigh":
        return Type((*batch, n)), Type(x.shape)
    if n != m:
        raise call.unfit(
            "a square matrix (the smaller dimension of another is not known in symbols)", x.shape
        )
    return Type((*batch, n, n)), Type((*batch, n)), Type((*batch, n, n))
