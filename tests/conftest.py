"""No test sees what another one, or the user, has in the cache."""

from itertools import count

import pytest

_numbers = count()


@pytest.fixture(scope="session")
def caches(tmp_path_factory):
    return tmp_path_factory.mktemp("caches")


@pytest.fixture(autouse=True)
def cache_folder(caches, monkeypatch):
    folder = caches / str(next(_numbers))  # made when it is first needed
    monkeypatch.setenv("GRADCHECK_CACHE_DIR", str(folder))
    return folder
