"""What becomes of parts that a power cut took or cut short after the client was told that they are here."""

import pytest

from ropewalk.buckets import selectors, services
from ropewalk.buckets.types import blob_key
from ropewalk.core import blobs
from ropewalk.core.blobs import BlobMissing
from ropewalk.core.blobs.disk import DiskStore
from ropewalk.projects.models import Project


@pytest.mark.parametrize("left", [b"", b"firs", b"forged", None])
def test_a_damaged_part_is_never_made_part_of_an_object(
    project: Project, objects: DiskStore, left: bytes | None
) -> None:
    upload = services.begin(
        project_id=project.pk, bucket="files", key="a", content_type="", metadata={}, user_id=None
    )
    parts = [
        services.receive_part(upload, number=number, blocks=[content])
        for number, content in ((1, b"first."), (2, b"second"))
    ]
    assert b"".join(selectors.open_parts(upload, parts, checked=True)) == b"first.second"
    key = blob_key(project.pk, parts[0].blob)
    if left is None:
        blobs.store().delete(key)
    else:
        with blobs.store().writer(key) as writer:
            writer.write(left)
            writer.commit()
    with pytest.raises(BlobMissing):
        b"".join(selectors.open_parts(upload, parts, checked=True))
