"""A project with data that is removed, unneeded or damaged, for looking at its pages: part of :mod:`tests.browser.states`.

Rows are set where the real way would take a job, a broken disk or weeks.
"""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from ropewalk.access.types import ProjectAccess
from ropewalk.buckets import services as buckets
from ropewalk.buckets.models import BucketObject
from ropewalk.core import clock
from ropewalk.data import selectors
from ropewalk.data import services as data
from ropewalk.data.models import (
    Collection,
    OutputSet,
    RevisionIndex,
    StoredObject,
    TrackedOutput,
    UnneededObject,
)
from ropewalk.data.oids import ObjectAddress
from ropewalk.data.types import FIND_UNNEEDED, INDEX_REVISION

FOLDERS = (
    "raw",
    "features/of-every-greenhouse-by-the-minute",
    "labels",
    "an/overlong/name/that/somebody/gave/without/thinking",
)
PAGES = {
    "storage": "/settings/storage", "removals": "/settings/data/removed", "collect": "/settings/data/collect",
    "bucket": "/bucket?prefix=exports/", "bucket-delete": "/bucket/delete?key=exports/2026.parquet",
}  # fmt: skip


def _content(number: int, version: int) -> bytes:
    return f"moisture of house {number}, version {version}\n".encode() * (number % 7 + 1)


def _address(content: bytes) -> ObjectAddress:
    return ObjectAddress(hashlib.md5(content).hexdigest())


def _indexed(project_id: int, version: int, number: int) -> None:
    """One commit's index, with ``number`` datasets."""
    kept = OutputSet.objects.create(project_id=project_id, fingerprint=f"version {version}")
    contents = [(one, _content(one, version)) for one in range(number)]
    TrackedOutput.objects.bulk_create(
        TrackedOutput(
            project_id=project_id, output_set=kept, path=f"data/{FOLDERS[one % len(FOLDERS)]}/moisture-{one:03}.csv",
            algorithm="md5", oid=_address(content).oid, is_dir=False, size=len(content), pointer="moisture.dvc",
        )
        for one, content in contents
    )  # fmt: skip
    when = clock.now() - timedelta(days=3 * version)
    RevisionIndex.objects.create(
        project_id=project_id, commit_sha=hashlib.sha1(str(version).encode()).hexdigest(), version=INDEX_REVISION.version,
        output_set=kept, author="Otto", subject=f"Measure again, week {version}: every house, with the sensors of the north side",
        committed_at=when, created_at=when,
    )  # fmt: skip


def _unneeded(access: ProjectAccess, job: Callable[..., Any]) -> int:
    """A search that has found the older versions."""
    project_id = access.project.id
    rows = list(StoredObject.objects.for_project(project_id).order_by("pk"))
    report = {"objects": len(rows), "size": 48_300_000_000, "of": 20_431, "commits": 1_204, "unreadable": 2}
    found = Collection.objects.create(
        project_id=project_id, keep="tips", grace_days=14, asked_at=clock.now(), report=report
    )
    UnneededObject.objects.bulk_create(
        UnneededObject(project_id=project_id, collection=found, object_id=row.pk, kind=row.kind, oid=row.oid)
        for row in rows
    )
    job(access, FIND_UNNEEDED, f"collection:{found.pk}.", state="succeeded", progress=1)
    return found.pk


def make(
    access: ProjectAccess, user_id: int, job: Callable[..., Any], *, datasets: int = 5, versions: int = 4
) -> dict[str, str]:
    """The project's pages. ``job`` makes a job's row."""
    project_id = access.project.id
    for version in range(versions):
        _indexed(project_id, version, datasets)
        for one in range(datasets):
            content = _content(one, version)
            data.receive_object(
                project_id=project_id, address=_address(content), blocks=[content], user_id=user_id
            )
    gone = [_address(_content(one, versions - 1)) for one in range(datasets)]
    data.remove_objects(project_id=project_id, addresses=gone, user_id=user_id)
    (removal,) = selectors.removals(project_id)
    for key in ("exports/2026.parquet", f"exports/{'a name that goes on and on ' * 4}.csv"):
        buckets.put_object(
            project_id=project_id,
            bucket="files",
            incoming=buckets.Incoming(key=key, blocks=[b"x" * 5000]),
            user_id=user_id,
        )
    BucketObject.objects.for_project(project_id).update(damaged_at=clock.now())
    collection = _unneeded(access, job)
    newest = [_address(_content(one, 0)).oid for one in range(3)]
    StoredObject.objects.for_project(project_id).filter(oid__in=newest).update(sha256="", complete=False)
    return {
        **PAGES,
        "removal": f"/settings/data/removed/{removal.id}",
        "collection": f"/settings/data/collect/{collection}",
    }
