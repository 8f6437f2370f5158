"""Why some mutants are right as well: facts that take more than algebra, one line each."""

from __future__ import annotations

from fnmatch import fnmatchcase

LISTED: tuple[tuple[str, str, str, str], ...] = (
    # claim, kind of mistake, what the mutant contains, why it is right too
    (
        "000-elem-1*",
        "index",
        "jacobian",
        "an elementwise map has a symmetric Jacobian: 0 where i, j is not p, q",
    ),
    (
        "001-act-1*",
        "index",
        "jacobian",
        "an elementwise map has a symmetric Jacobian: 0 where i, j is not p, q",
    ),
    ("001-matvec-3", "index", "[i, p, j]", "the Jacobian is x[j] where i = p, so i and p may be exchanged"),
    ("002-S-*", "index", "(A, S)", "the Jacobian of a softmax is symmetric in its last axes"),
    ("002-code-7", "index", "(A, S)", "the Jacobian of a softmax is symmetric in its last axes"),
    ("002-S-*", "swapped name", "(A, B)", "B enters S by addition alone, so derivatives by B are those by S"),
    (
        "002-code-7",
        "swapped name",
        "(A, B)",
        "B enters S by addition alone, so derivatives by B are those by S",
    ),
    ("002-B-0:derivative", "*", "", "S depends on B, and each on itself, elementwise with slope 1: all ones"),
    ("002-S-6", "dropped factor", "", "the rows of a softmax sum to 1"),
    ("002-S-5", "transpose", "", "all elements are the same number, and the axes as long as each other"),
    (
        "002-VA-3~correction",
        "transpose",
        "",
        "all elements are the same number, and the axes as long as each other",
    ),
    ("000-softmax-[24]*", "dropped factor", "", "a number (or row sum) in place of its copies broadcasts"),
    (
        "000-softmax-[24]*",
        "product",
        "",
        "a column times a row of ones, elementwise or not, repeats the column",
    ),
    ("000-softmax-[24]*", "transpose", "", "the denominator is the same number everywhere"),
    (
        "000-softmax-3a~correction",
        "operands",
        "",
        "the matrix is symmetric, and a vector may stand on either side",
    ),
    (
        "001-softmax-[67]*",
        "operands",
        "",
        "diag(y) and outer(y, y) are symmetric, and vectors have no orientation",
    ),
    ("001-rms-9*", "operands", "", "outer(x, x) is symmetric, and vectors have no orientation"),
    ("001-ln-4a*", "operands", "", "the projection is symmetric, and a vector may stand on either side"),
    (
        "001-ln-4a*",
        "neighbour",
        "ones(n) * ones(n)",
        "1/n in every column, by broadcasting as by an outer product",
    ),
    ("001-ln-4a:projection", "*", "P: eye(n) - ", "what remains is a projection too"),
    ("001-ln-1~correction", "keepdims", "", "along the only axis: one element broadcasts as a number does"),
    ("001-rms-3*", "keepdims", "", "along the only axis: one element broadcasts as a number does"),
    ("001-ln-10:eps-zero", "neighbour", "std", "a variance of 1 is a standard deviation of 1"),
    ("001-ln-4c:eps-zero", "upstream", "", "the elements of x_hat sum to 0"),
    ("001-ln-5:uniform", "dropped factor", "", "a product with ones"),
    ("001-ln-7*", "swapped name", " / ", "a scalar factor, or another vector, in front of what sums to 0"),
    ("001-ln-7*", "swapped name", "g: ", "any vector less its mean sums to 0"),
    ("001-ln-7*", "upstream", "", "any vector less its mean sums to 0"),
    ("001-ln-7*", "constant", " / sigma", "a scalar factor in front of what sums to 0"),
    ("001-ln-7*", "dropped function", "", "0 sums to 0"),
    ("001-ln-8*", "dropped term", "", "the term that is gone is a number, and x_hat sums to 0"),
    (
        "001-ln-8*",
        "swapped name",
        "mean(",
        "x_hat sums to 0: no constant vector, nor any number for its factor, matters",
    ),
    ("001-ln-8*", "swapped name", "g: ", "holds for every g"),
    ("001-ln-8*", "upstream", "", "holds for every g"),
    ("001-dot-3…001-dot-4", "index", "jacobian", "y is a number: nothing stands in front of its last axis"),
    (
        "003-eta-3:first-order",
        "swapped name",
        "",
        "A_1 and A_t, B_1 and B_t differ by a term of first order only",
    ),
    ("003-eta-3:first-order", "exponent", "", "what is of second order is of first order too"),
    ("004-loss-3:prefix", "*", "t_ < N - 0.", "any bound between the last position and the one before it"),
    ("003-E-[12]*", "transpose", "", "a second moment is symmetric"),
    ("003-E-[12]*", "product", "", "a column times a row, elementwise or not, is the outer product"),
    (
        "003-E-4:as-printed",
        "product",
        "G @ v.T * v",
        "a column times a row, elementwise or not, is the outer product",
    ),
    ("003-E-4:as-printed", "dropped factor", "+ G)", "u @ u.T is the identity on average"),
    ("003-add-8:nonzero", "dropped factor", "rank(", "both factors have rank 1 too"),
    ("003-rp-3*", "swapped name", "shape(sgd)", "sgd has the shape of G"),
    ("003-rp-3:square", "transpose", "", "square matrices, whose transposes have their shape"),
    ("001-relu-1", "swapped name", "", "relu(relu(x)) = relu(x)"),
    ("001-relu-2", "swapped name", "", "Y > 0 exactly where X > 0, and masking twice is masking once"),
    ("004-ref-mlp:relu", "swapped name", "", "H > 0 exactly where U > 0, and masking twice is masking once"),
    ("001-rms-10:left-to-right~correction", "*", "g: ", "holds for every g"),
    ("001-silu-2", "*", "z: ", "holds for every z"),
    ("001-softmax-2*", "neighbour", "expm1", "exp and expm1 have the same derivative"),
    ("001-swish-2:elementwise~correction", "product", "sum(g @", "a sum of one number is that number"),
    ("003-add-*", "transpose", "ones_like", "a sum of ones over all elements, in whatever order"),
    ("003-add-*", "product", "", "a column times a row of ones, elementwise or not, repeats the column"),
    ("003-blk-0", "product", "", "a column times a row of ones, elementwise or not, repeats the column"),
    ("003-com-10", "product", "", "a column times a row, elementwise or not, is the outer product"),
    (
        "003-eta-3:first-order",
        "swapped name",
        "D(W_1, eta)",
        "W_1 is the step and what does not depend on eta",
    ),
    (
        "004-P-[56]",
        "*",
        "jacobian",
        "still 0: no position depends on a later one, in no layer, with no factor",
    ),
    ("004-loss-1", "keepdims", "", "a mean over all elements does not see axes of length 1"),
    ("004-loss-1", "transpose", "", "a mean over all elements, in whatever order"),
    (
        "004-loss-2*~correction",
        "product",
        " @ ",
        "the sum of products of two vectors; a sum of one number is that number",
    ),
    ("004-loss-3:prefix", "*", "N - 1", "no whole number lies between this bound and N - 1/2"),
    (
        "004-ref-mha:db_V",
        "swapped name",
        "dO_c",
        "the rows of a softmax sum to 1, so dV and dO have the same sum",
    ),
    (
        "004-ref-softmax:skipped",
        "swapped name",
        "",
        "the last position has no target, so nothing of it has a gradient",
    ),
)


def fact(claim: str, kind: str, text: str) -> str | None:
    """The reason that the list has for a mutant."""
    for pattern, of_kind, contains, why in LISTED:
        if fnmatchcase(claim, pattern) and of_kind in {"*", kind} and contains in text:
            return why
    return None
