"""Who judges: this process, processes of this machine, or a cluster."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gradcheck_cli.compare.settings import USUAL_DRAWS
from gradcheck_cli.run.options import Options
from gradcheck_cli.run.spread import Venue
from gradcheck_cli.run.workers import Workers
from gradcheck_cli.text import Problem, UserError

TORCH = ("gradcheck_cli.evaluate.torch_backend", "gradcheck_cli.oracle.autograd")
"""What processes need where torch judges; two seconds, once for all of them."""

JUDGING = ("gradcheck_cli.run.spread",)

REACH = 10.0
"""Seconds to reach a cluster, and to wait for its first worker."""

CHUNK = 0.2
"""Seconds of work that are worth the way to another machine."""


@contextmanager
def venue(options: Options, jobs: int) -> Iterator[Venue | None]:
    """Where to judge so many jobs; None: here. Nothing is left of it afterwards.

    Raises UserError for a cluster that is not there.
    """
    patience = options.deadline * max(1.0, options.settings.draws / USUAL_DRAWS)
    if options.executor is not None:
        with _dask(options.executor, patience) as found:
            yield found
    elif options.jobs > 1 and jobs:
        needed = JUDGING + TORCH if options.settings.needs_torch else JUDGING
        count = min(options.jobs, jobs)
        workers = Workers(count, patience, needed)
        try:
            # each process has a call waiting, so that none is idle while its answer is read
            yield Venue(workers, 2 * count, None)
            workers.shutdown()
        finally:
            workers.shutdown(cancel_futures=True)
    else:
        yield None


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _dask(address: str, patience: float) -> Iterator[Venue]:
    match = re.fullmatch(r"dask://([^/\s]+:\d{1,5})/?", address)
    if match is None:
        raise _unusable(f"`--executor {address}` names no executor", "write `--executor dask://HOST:PORT`")
    try:
        from distributed import Client  # noqa: PLC0415  an extra, and slow to import
    except ImportError:
        advice = "pip install 'gradcheck-cli[dask]'"
        raise _unusable(f"`--executor {address}` needs the package `distributed`", advice) from None
    for quiet in ("distributed", "distributed.client"):  # which has a level of its own
        logging.getLogger(quiet).setLevel(logging.CRITICAL)  # what is lost is told by us
    try:
        client: Any = Client(f"tcp://{match[1]}", timeout=REACH, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, RuntimeError) as error:  # TimeoutError is an OSError
        first = (str(error) or type(error).__name__).splitlines()[0]
        raise _unusable(f"no cluster answers at {address}: {first}", "start `dask scheduler`") from None
    try:
        try:
            client.wait_for_workers(1, timeout=REACH)
        except OSError:
            advice = f"start `dask worker tcp://{match[1]}`"
            raise _unusable(f"the cluster at {address} has no workers", advice) from None
        workers = client.scheduler_info(n_workers=-1)["workers"].values()
        executor = client.get_executor(pure=False)
        try:
            yield Venue(
                executor,
                2 * max(1, sum(w["nthreads"] for w in workers)),
                patience,
                CHUNK,
                tries=1,
                pickled=True,
            )
        finally:
            executor.shutdown(wait=False)
    finally:
        client.close(timeout=REACH)


def _unusable(message: str, advice: str) -> UserError:
    return UserError(Problem(message, help=advice))
