"""MLflow's server inside the test process; imported by the conftest of each folder that uses it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ropewalk.core import blobs
from ropewalk.edges.mlflow_http import runtime


@pytest.fixture(scope="session")
def mlflow_in_process(django_db_setup: None) -> Iterator[None]:
    """Ends MLflow's own connections before the test database is dropped."""
    yield
    runtime.close()


@pytest.fixture
def objects(settings: Any, tmp_path: Path) -> Iterator[Path]:
    """An empty object store on disk."""
    settings.OBJECTS_ROOT = tmp_path / "objects"
    blobs.store.cache_clear()
    yield tmp_path / "objects"
    blobs.store.cache_clear()
