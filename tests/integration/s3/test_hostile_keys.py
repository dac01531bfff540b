"""Keys and places that no object can have are answered in words, by whichever way they come."""

from base64 import urlsafe_b64encode
from typing import Any

import pytest
from django.test import Client

from ropewalk.core import blobs
from tests.factories.builders import make_project, make_token

TOKEN = urlsafe_b64encode(b"a\0b").decode()


@pytest.fixture
def ask(db: None, settings: Any, tmp_path: Any) -> Any:
    settings.OBJECTS_ROOT = tmp_path
    blobs.store.cache_clear()
    project = make_project()
    secret = make_token(project.created_by)
    name = f"{project.owner.slug}/{project.slug}"
    roots = (f"/{name}.s3/dvc", f"/api/v1/repo-buckets/s3/{name}")
    client = Client(headers={"Authorization": f"Bearer {secret}"}, raise_request_exception=False)

    def asked(method: str, rest: str, source: str = "") -> list[int]:
        copies = [
            {"x-amz-copy-source": f"/{root.rpartition('/')[2]}/{source}"} if source else {} for root in roots
        ]
        answers = [
            client.generic(method, root + rest, headers=more)
            for root, more in zip(roots, copies, strict=True)
        ]
        return [answer.status_code for answer in answers]

    yield asked
    blobs.store.cache_clear()


@pytest.mark.parametrize(
    ("method", "rest"),
    [
        *((method, "/a%00b") for method in ("GET", "HEAD", "PUT", "DELETE")),
        ("POST", "/a%00b?uploads"),
        ("PUT", f"/a%00b?partNumber=1&uploadId={'0' * 32}"),
        ("GET", "?list-type=2&prefix=%00"),
        ("GET", f"?list-type=2&continuation-token={TOKEN}"),
        ("GET", "?uploads&prefix=%00"),
        ("GET", "?uploads&key-marker=%00"),
    ],
)
def test_zero_bytes(ask: Any, method: str, rest: str) -> None:
    assert all(status < 500 for status in ask(method, rest))


def test_a_zero_byte_in_a_copys_source(ask: Any) -> None:
    assert set(ask("PUT", "/runs/aa/" + "a" * 64 + "/" + "b" * 64, "a%00b")) == {404}
