"""Shared by all tests. PostgreSQL and Valkey come from the plugin ``tests.fixtures.services``, a running instance from
``tests.fixtures.instance`` (both named in pyproject.toml, since they must load before Django's settings).
"""

from collections.abc import Iterator

import pytest
from django.core.cache import caches
from hypothesis import settings

# No test asserts on wall time; a loaded machine must not make one flaky.
settings.register_profile("ropewalk", deadline=None)
settings.load_profile("ropewalk")


@pytest.fixture(autouse=True)
def _fresh_cache(request: pytest.FixtureRequest) -> Iterator[None]:
    """Rate limits and caches of one test must not reach the next; only for tests that use the database at all."""
    yield
    if {"db", "transactional_db", "client"} & set(request.fixturenames):
        for cache in caches.all():
            cache.clear()
