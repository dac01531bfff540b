"""Shared by all tests. PostgreSQL and Valkey come from the plugin ``tests.fixtures.services``, a running instance from
``tests.fixtures.instance`` (both named in pyproject.toml, since they must load before Django's settings).
"""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.core.cache import caches
from django.core.management.commands import flush
from django.db.backends.postgresql.operations import DatabaseOperations
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


@pytest.fixture(scope="session", autouse=True)
def _permissions_stay() -> Iterator[None]:
    """After a test with real transactions Django empties all tables, these too, and fills these anew: two thirds of the time
    that it takes. No test changes them."""
    stays = {"auth_permission", "django_content_type"}
    all_but = DatabaseOperations.sql_flush

    def sql_flush(self: DatabaseOperations, style: Any, tables: Sequence[str], **options: Any) -> list[str]:
        return all_but(self, style, [table for table in tables if table not in stays], **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", sql_flush)
        patch.setattr(flush, "emit_post_migrate_signal", lambda *_args, **_options: None)
        yield
