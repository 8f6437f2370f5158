r"""What the symbols of a formula mean: the names that a spec declares, and the words of mathematics.

`\gamma` is `gamma`, `\hat{\mathbf x}` is `x_hat`, `W_0` is `W_0` where that is
declared, and `QK` is `Q K` where those are. Whatever these rules do not give,
`notation` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property

from gradcheck_cli.lang.functions import ALIASES, FUNCTIONS
from gradcheck_cli.lang.latex_layout import canonical
from gradcheck_cli.lang.latex_tokens import Token, tokens
from gradcheck_cli.text import Text

_GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η",
    "theta": "θ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π",
    "rho": "ρ", "sigma": "σ", "tau": "τ", "upsilon": "υ", "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω",
    "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Phi": "Φ",
    "Psi": "Ψ", "Omega": "Ω", "ell": "ℓ", "hbar": "ħ", "imath": "i", "jmath": "j",
}  # fmt: skip
GREEK: Mapping[str, tuple[str, ...]] = {rf"\{name}": (name, letter) for name, letter in _GREEK.items()} | {
    r"\epsilon": ("epsilon", "eps", "varepsilon", "ε", "ϵ"),
    r"\varepsilon": ("varepsilon", "epsilon", "eps", "ε"),
    r"\phi": ("phi", "varphi", "φ", "ϕ"),
    r"\varphi": ("varphi", "phi", "φ"),
    r"\vartheta": ("vartheta", "theta", "ϑ"),
    r"\varrho": ("varrho", "rho"),
    r"\varsigma": ("varsigma", "sigma"),
    r"\lambda": ("lambda", "lam", "lambda_", "λ"),
    r"\imath": ("i",),
    r"\jmath": ("j",),
}
"""Which declared names a Greek letter may stand for; the first that exists is taken."""

ACCENTS: Mapping[str, str] = {
    r"\hat": "hat", r"\widehat": "hat", r"\tilde": "tilde", r"\widetilde": "tilde", r"\bar": "bar",
    r"\overline": "bar", r"\dot": "dot", r"\ddot": "ddot", r"\check": "check", r"\breve": "breve",
    r"\underline": "underline", r"\mathring": "ring", r"\acute": "acute", r"\grave": "grave",
}  # fmt: skip

_BARE = [
    "tr",
    "Tr",
    "trace",
    "exp",
    "log",
    "ln",
    "det",
    "diag",
    "softmax",
    "sum",
    "mean",
    "max",
    "min",
    "sin",
    "cos",
    "tan",
    "tanh",
    "sinh",
    "cosh",
    "sigmoid",
    "relu",
    "ReLU",
    "gelu",
    "GELU",
    "silu",
    "SiLU",
    "swish",
    "erf",
    "sqrt",
    "norm",
    "var",
    "std",
    "sign",
    "logsumexp",
    "softplus",
]
_SAME = {
    "tr": "trace", "ln": "log", "swish": "silu", "sgn": "sign", "lse": "logsumexp", "average": "mean",
    "avg": "mean",
    "identity": "eye", "arsinh": "asinh", "arcosh": "acosh", "artanh": "atanh", "chol": "cholesky",
    "concat": "concatenate", "onehot": "one_hot", "logsoftmax": "log_softmax", "log softmax": "log_softmax",
    "broadcast": "broadcast_to", "logdet": "logdet", "variance": "var", "take": "take_along_axis",
}  # fmt: skip
_COMMANDS = {
    rf"\{name}": _SAME.get(name, ALIASES.get(name, name))
    for name in [
        "exp",
        "log",
        "ln",
        "sin",
        "cos",
        "tan",
        "sinh",
        "cosh",
        "tanh",
        "arcsin",
        "arccos",
        "arctan",
        "det",
        "max",
        "min",
        "tr",
        "Tr",
        "diag",
        "softmax",
        "relu",
        "ReLU",
        "sgn",
        "sign",
        "erf",
        "trace",
        "sigmoid",
        "sech",
    ]
} | {r"\Tr": "trace", r"\ReLU": "relu", r"\lg": "log"}
LOSSES = frozenset({"L", "ell"})
PRODUCTS = frozenset({"bmm", "mm", "matmul"})
"""Words that stand between two factors."""


Law = tuple[str, tuple[Fraction, ...]]
"""The name of a law and its parameters."""


def word_function(word: str) -> str | None:
    r"""The function that `\text{word}` names."""
    for form in (word, word.lower(), word.lower().replace("-", "_"), word.lower().replace(" ", "_")):
        known = _SAME.get(form) or (form if form in FUNCTIONS else ALIASES.get(form))
        if (
            known is not None
            and known in FUNCTIONS
            and (FUNCTIONS[known].group != "derivative" or known == "jacobian")
            and known not in {"E", "O"}
        ):
            return known
    return None


@dataclass(frozen=True)
class Symbols:
    """The names that a formula may use, and how its author writes them."""

    quantities: frozenset[str] = frozenset()
    """Inputs and lines of `forward`: they have gradients."""
    dims: frozenset[str] = frozenset()
    locals: frozenset[str] = frozenset()
    needs: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """For each line of `forward` the names in it."""
    notation: Mapping[str, str] = field(default_factory=dict)
    vectors: str = "column"
    laws: Mapping[str, Law] = field(default_factory=dict)
    """For each random input its law: `normal` with mean and deviation, `uniform` with its ends, …"""

    def depends(self, name: str, on: str) -> bool:
        """Whether a line of `forward` is made of a name, perhaps through others: then `f(x)` is `f`."""
        seen, stack = {name}, [name]
        while stack:
            below = self.needs.get(stack.pop(), frozenset())
            if on in below:
                return True
            stack += below - seen
            seen |= below
        return False

    @cached_property
    def names(self) -> frozenset[str]:
        """Everything that is declared."""
        return self.quantities | self.dims | self.locals

    def declared(self, candidates: tuple[str, ...]) -> str | None:
        """The first of some names that is declared."""
        return next((c for c in candidates if c in self.names), None)

    @cached_property
    def _long(self) -> tuple[str, ...]:
        """Declared names of several letters and bare function words, longest first."""
        known = {n for n in self.names if len(n) > 1 and n.isalpha()} | set(_BARE)
        return tuple(sorted(known, key=lambda n: (-len(n), n)))

    def split(self, word: str) -> list[str]:
        """A run of letters as names and functions: the longest that is known, else single letters."""
        parts: list[str] = []
        at = 0
        while at < len(word):
            part = next((n for n in self._long if word.startswith(n, at)), word[at])
            parts.append(part)
            at += len(part)
        return parts

    def is_product(self, word: str) -> bool:
        """Whether every letter of a word is declared by itself."""
        return len(word) > 1 and all(letter in self.names for letter in word)

    def function(self, token: Token) -> str | None:
        """The function that a word or command names, unless the name is declared."""
        if token.kind == "command":
            return _COMMANDS.get(token.text)
        if token.kind == "text" or token.text in _BARE:
            return word_function(token.text)
        return None

    @cached_property
    def printed(self) -> Mapping[str, tuple[tuple[tuple[Token, ...], str], ...]]:
        """The keys of `notation` as tokens, by the text of the first; longest first."""
        table: dict[str, list[tuple[tuple[Token, ...], str]]] = {}
        for key, name in self.notation.items():
            found = tuple(canonical(tokens(Text.whole("notation", key.strip().strip("$")))))
            if found:
                table.setdefault(found[0].text, []).append((found, name))
        for rows in table.values():
            rows.sort(key=lambda row: (-len(row[0]), not any(t.font for t in row[0])))
        return {first: tuple(rows) for first, rows in table.items()}

    def noted(self, found: list[Token], at: int) -> tuple[str, int] | None:
        """The name that `notation` gives to the tokens from `at` on, and how many they are."""
        for row, name in self.printed.get(found[at].text, ()):
            stretch = found[at : at + len(row)]
            if len(stretch) == len(row) and all(map(_same, row, stretch)):
                return name, len(row)
        return None

    def words(self, found: list[Token]) -> list[Token]:
        """The tokens with every run of letters taken apart."""
        whole = {row[0].text for rows in self.printed.values() for row, _ in rows if row[0].kind == "word"}
        kept: list[Token] = []
        for token in found:
            if token.kind != "word" or len(token.text) == 1:
                kept.append(token)
                continue
            at = token.start
            parts = [token.text] if token.text in whole else self.split(token.text)
            for part in parts:
                end = at + len(part) if len(parts) > 1 else token.end
                kept.append(replace(token, text=part, start=at, end=end, gap=token.gap and at == token.start))
                at = end
        return kept


def _same(key: Token, token: Token) -> bool:
    return key.text == token.text and (not key.font or key.font == token.font)
