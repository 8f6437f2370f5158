"""`gradcheck-hook FILES`: silent and nearly free where every file is known to be as expected.

It hashes before it parses. Only for a file whose content, options or
surroundings are new does it load anything, and hand over to `gradcheck check
--quiet`. What is kept of a file is that nothing had to be said about it, and in
what state the documents were that it names.
"""

# pathlib takes longer to load than all the rest:
# ruff: noqa: PTH116, PTH118, PTH120

from __future__ import annotations

import os
import sys
import time

from gradcheck_cli.cli.streams import prepare
from gradcheck_cli.run.cache import Cache
from gradcheck_cli.run.digest import configuration, content, digest, document, surroundings

TYPE_CHECKING = False  # as in typing, which takes longer to load than this command
if TYPE_CHECKING:
    from gradcheck_cli.report.result import ClaimResult, RunResult
    from gradcheck_cli.run.options import Options

FLAGS = ("--allow-code", "--no-cache")
VALUES = (
    "--baseline",
    "--device",
    "--diagnose",
    "--draws",
    "--ignore",
    "--oracle",
    "--seed",
    "--select",
    "--sources",
)
"""The options of `check` with which a verdict is kept; with any other one it is not."""

SPECS = (".yaml", ".yml")
WRITEUPS = (".md", ".markdown", ".html", ".htm", ".tex", ".rst", ".ipynb", ".txt")
"""Files that hold specs in blocks, if at all."""

MARK = b"gradcheck"
"""What every such block begins with."""


def main() -> None:
    """The entry point; what hinders the short cut is left to `check`, which says what it is."""
    prepare()
    try:
        status = run(sys.argv[1:])
    except KeyboardInterrupt:
        status = 130
    except Exception:  # noqa: BLE001  its traceback would come with the status of a wrong claim
        status = _handed_over(sys.argv[1:], None)
    sys.exit(status)


def run(arguments: list[str]) -> int:
    """The exit status of `gradcheck check`, 0 where there is nothing to check."""
    options, files, known = _split(arguments)
    if not known:
        return _handed_over([*options, *files], None)
    states = {file: content(file) for file in files}
    files = [file for file in files if _may_hold_specs(file, states[file])]
    if not files:
        return 0
    cache = Cache()
    try:
        verdicts = _Verdicts(cache, options, {file: states[file] for file in files})
        if "--no-cache" not in options and all(verdicts.green(file) for file in files):
            return 0
        checked = [file for file in files if _holds_specs(file, states[file])]
        for file in files:
            if file not in checked:
                verdicts.store(file, [])
        if not checked:
            return 0
        return _handed_over([*options, "--", *checked], verdicts)
    finally:
        cache.close()


def _split(arguments: list[str]) -> tuple[list[str], list[str], bool]:
    """The options, the files, and whether all options are known here."""
    options: list[str] = []
    files: list[str] = []
    rest = iter(arguments)
    for word in rest:
        if word == "--":
            files += rest
        elif word in VALUES:
            options += [word, *(value for value in [next(rest, None)] if value is not None)]
        elif word in FLAGS or (word.startswith("--") and word.partition("=")[0] in VALUES):
            options.append(word)
        elif word.startswith("-"):
            return arguments, [], False
        else:
            files.append(word)
    return options, files, True


def _may_hold_specs(file: str, data: bytes | None) -> bool:
    return data is None or not file.lower().endswith(WRITEUPS) or MARK in data


def _holds_specs(file: str, data: bytes | None) -> bool:
    """Whether a file that has the word has a block as well; what cannot be read is left to `check`."""
    if data is None or not file.lower().endswith(WRITEUPS):
        return True
    from pathlib import Path  # noqa: PLC0415  not needed where all is known, as whatever is imported below

    from gradcheck_cli.spec.load import read_text  # noqa: PLC0415
    from gradcheck_cli.text import Source  # noqa: PLC0415
    from gradcheck_cli.writeups.fences import find_specs  # noqa: PLC0415

    text = read_text(Path(file), file)
    return not isinstance(text, str) or bool(find_specs(Source(file, text)))


class _Verdicts:
    """Which files are known to be as expected."""

    def __init__(self, cache: Cache, options: list[str], states: dict[str, bytes | None]) -> None:
        self.cache = cache
        self.options = options
        self.started = time.time_ns()
        environment = [
            f"{name}={value}"
            for name, value in sorted(os.environ.items())
            if name.startswith("GRADCHECK_") and name != "GRADCHECK_CACHE_DIR"
        ]
        recipe = digest("file", surroundings(), *configuration("."), *options, "--", *environment)
        self.keys = {
            file: digest(recipe, file, data) if data is not None else None for file, data in states.items()
        }

    def green(self, file: str) -> bool:
        """Whether the file was as expected, with the documents that it names in the state they are in now."""
        key = self.keys[file]
        kept = self.cache.get(key) if key is not None else None
        if kept is None or kept == "[]":
            return kept is not None
        import json  # noqa: PLC0415

        try:
            needs = json.loads(kept)
            return isinstance(needs, list) and all(document(*where) == state for *where, state in needs)
        except (ValueError, TypeError, AttributeError, RecursionError):
            return False

    def store(self, file: str, names: list[tuple[str, str]]) -> None:
        """Notes that a file is as expected, if it and its documents, (folder, name), are as they were."""
        key, data = self.keys[file], content(file)
        if key is None or data is None or "--no-cache" in self.options:
            return
        found = [(folder, name, document(folder, name)) for folder, name in names]
        read = [file, *(os.path.join(folder, name) for folder, name, state in found if state)]
        if all(map(self.unchanged, read)):
            import json  # noqa: PLC0415

            self.cache.put(key, json.dumps(found, separators=(",", ":")))

    def unchanged(self, file: str) -> bool:
        """Whether a file is what it was when it was hashed, so that it is what was judged."""
        try:
            return os.stat(file).st_ctime_ns < self.started
        except OSError:
            return False

    def __call__(self, options: Options, result: RunResult) -> None:
        """Stores which files a run found to be as expected."""
        from pathlib import Path  # noqa: PLC0415

        from gradcheck_cli.run.jobs import shown  # noqa: PLC0415

        loud = {problem.span.source.name if problem.span else problem.file for problem in result.problems}
        loud |= {crash.spec for crash in result.crashes}
        loud |= {c.spec for c in result.claims if c.counts or _may_change(c)}
        if options.settings.device != "cpu" or result.interrupted or result.gone or "" in loud:
            return
        shared = [os.path.split(os.path.relpath(options.baseline))] if options.baseline else []
        sources = [os.path.relpath(options.sources)] if options.sources else []
        for file in self.keys:
            name = shown(Path.cwd() / file, Path.cwd())
            if name in loud:
                continue
            operators = {id(c.operator): c.operator for c in result.claims if c.spec == name}.values()
            named = {o.document.document for o in operators} | {
                o.listing.document for o in operators if o.listing
            }
            folders = [os.path.dirname(file), *sources]
            self.store(
                file, [*shared, *((folder, one) for one in sorted(filter(None, named)) for folder in folders)]
            )


def _may_change(claim: ClaimResult) -> bool:
    """Whether another run may find otherwise: time was over, or a listing was run, whose answers may vary."""
    from gradcheck_cli.run.remembered import decided  # noqa: PLC0415

    return (claim.cut_short and not decided(claim)) or (claim.claim.kind == "code" and not claim.skipped)


def _handed_over(arguments: list[str], after: _Verdicts | None) -> int:
    """The exit status of `gradcheck check --quiet`."""
    from gradcheck_cli.cli.main import main as command  # noqa: PLC0415

    try:
        command(["check", "--quiet", *arguments], after)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


if __name__ == "__main__":
    main()
