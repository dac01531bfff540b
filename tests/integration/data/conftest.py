"""A project with an object store of its own."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ropewalk.core import blobs
from ropewalk.core.blobs.disk import DiskStore
from ropewalk.data import services
from ropewalk.data.oids import ObjectAddress
from ropewalk.projects.models import Project
from tests.factories.builders import make_project


@pytest.fixture
def objects(tmp_path: Path, settings: Any) -> Iterator[DiskStore]:
    settings.OBJECTS_ROOT = tmp_path / "objects"
    blobs.store.cache_clear()
    yield blobs.store()  # type: ignore[misc]  # the disk store, by these settings
    blobs.store.cache_clear()


@pytest.fixture
def project(db: None, objects: DiskStore) -> Project:
    return make_project()


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


def listing(files: dict[str, bytes]) -> bytes:
    """A folder's list as DVC writes it."""
    entries = [{"md5": md5(content), "relpath": path} for path, content in sorted(files.items())]
    return json.dumps(entries, sort_keys=True).encode()


def send(project: Project, content: bytes, *, is_dir: bool = False, legacy: bool = False) -> ObjectAddress:
    """Store an object under its right address."""
    address = ObjectAddress(md5(content), is_dir=is_dir, legacy=legacy)
    services.receive_object(project_id=project.pk, address=address, blocks=iter([content]), user_id=None)
    return address


def stored_files(store: DiskStore) -> list[str]:
    """Every file below the store's root, temporary ones too."""
    return sorted(str(path.relative_to(store.root)) for path in store.root.rglob("*") if path.is_file())
