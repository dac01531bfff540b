"""A project that may go to this machine, and a bucket in it without asking its server first."""

import ipaddress
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache

from ropewalk.core import blobs, clock
from ropewalk.outside.models import ConnectedBucket
from ropewalk.projects.models import Project
from tests.factories import builders


@pytest.fixture
def project(transactional_db: None, settings: Any, tmp_path: Path) -> Iterator[Project]:
    settings.REPOSITORIES_ROOT = tmp_path / "repos"
    settings.OBJECTS_ROOT = tmp_path / "objects"
    settings.ROPEWALK_ALLOWED_NETWORKS = (ipaddress.ip_network("127.0.0.1/32"),)
    blobs.store.cache_clear()
    cache.clear()
    yield builders.make_project()
    blobs.store.cache_clear()


@pytest.fixture
def connected(project: Project) -> Callable[..., ConnectedBucket]:
    def connect(endpoint: str, prefix: str = "") -> ConnectedBucket:
        row = ConnectedBucket(
            project=project, name="theirs", endpoint=endpoint, region="us-east-1", bucket="data", prefix=prefix,
            created_at=clock.now(),
        )  # fmt: skip
        row.save()
        return row

    return connect
