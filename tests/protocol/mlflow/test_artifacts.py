"""The artifact proxy: streamed, inside the project, never a page of ours."""

import io
import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from ropewalk.core import blobs
from tests.factories.builders import make_project, make_token, make_user
from tests.protocol.mlflow.tenant import Tenant, basic

pytestmark = pytest.mark.django_db(transaction=True)
PROXY = "/api/2.0/mlflow-artifacts/artifacts"


@pytest.fixture
def tenant(mlflow_in_process: None, objects: Path) -> Tenant:
    """A project's tracking server as its owner reaches it."""
    owner = make_user("ada")
    return Tenant(make_project("lab", owner=owner), basic("ada", make_token(owner)))


def body_of(answer: Any) -> bytes:
    """All of a streamed answer."""
    stream: Iterator[bytes] = answer.streaming_content
    return b"".join(stream)


def test_what_is_put_comes_back_with_safe_headers(tenant: Tenant) -> None:
    data = os.urandom(3 << 20)
    assert tenant.send("PUT", f"{PROXY}/1/r/artifacts/page.html", data).json() == {}
    got = tenant.send("GET", f"{PROXY}/1/r/artifacts/page.html")
    assert body_of(got) == data and got.headers["Content-Length"] == str(len(data))
    assert (
        got.headers["Content-Disposition"].startswith("attachment")
        and got.headers["X-Content-Type-Options"] == "nosniff"
    )
    assert blobs.store().stat(f"p/{tenant.project.pk}/mlflow/1/r/artifacts/page.html") is not None
    head = tenant.send("HEAD", f"{PROXY}/1/r/artifacts/page.html")
    assert head.status_code == 200 and head.headers["Content-Length"] == str(len(data))
    tenant.send("PUT", f"{PROXY}/1/r/artifacts/page.html", b"new")
    assert body_of(tenant.send("GET", f"{PROXY}/1/r/artifacts/page.html")) == b"new"


@pytest.mark.parametrize(
    ("wanted", "status", "part", "content_range"),
    [
        ("bytes=0-3", 206, b"0123", "bytes 0-3/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-2", 206, b"89", "bytes 8-9/10"),
        ("bytes=5-100", 206, b"56789", "bytes 5-9/10"),
        ("bytes=0-9", 200, b"0123456789", None),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("bytes=-0", 416, b"", "bytes */10"),
        ("bytes=3-1", 416, b"", "bytes */10"),
        ("lines=1-2", 200, b"0123456789", None),
        ("bytes=0-1,3-4", 200, b"0123456789", None),
        ("bytes=" + "9" * 5000 + "-", 200, b"0123456789", None),
    ],
)
def test_ranges(tenant: Tenant, wanted: str, status: int, part: bytes, content_range: str | None) -> None:
    tenant.send("PUT", f"{PROXY}/1/ten.bin", b"0123456789")
    got = tenant.send("GET", f"{PROXY}/1/ten.bin", Range=wanted)
    assert got.status_code == status and got.headers.get("Content-Range") == content_range
    assert (body_of(got) if got.streaming else got.content) == part


@pytest.mark.parametrize(
    "path",
    [
        "../2/x",
        "1/../../2/x",
        quote("../../p/1/x", safe=""),
        quote(quote("../x", safe=""), safe=""),
        "/absolute",
        quote("a\\..\\b", safe=""),
        "a%00b",
        "a%0Ab",
        "a%23b",
        "C:/windows",
        "workspaces/project-1/x",
        quote("workspaces/project-1/x", safe=""),
        "./x",
        "x" * 400 + "/y",
        "d/" * 600 + "y",
    ],
)
def test_hostile_paths_are_refused_and_leave_nothing(tenant: Tenant, objects: Path, path: str) -> None:
    for method in ("PUT", "GET", "DELETE"):
        answer = tenant.send(method, f"{PROXY}/{path}", b"x" if method == "PUT" else None)
        assert answer.status_code in {400, 404}, (method, answer.status_code)
        assert answer.json()["error_code"] in {
            "INVALID_PARAMETER_VALUE",
            "RESOURCE_DOES_NOT_EXIST",
            "ENDPOINT_NOT_FOUND",
        }
    listing = tenant.send("GET", PROXY, None, {"path": path})
    assert listing.status_code == 400 or listing.json() == {}
    assert not [file for file in objects.rglob("*") if file.is_file()]


def test_listing_and_deleting(tenant: Tenant) -> None:
    for name in ("a.txt", "dir/b.txt", "dir/deep/c.txt", "empty"):
        tenant.send("PUT", f"{PROXY}/1/{name}", b"" if name == "empty" else b"xyz")
    assert tenant.send("GET", PROXY, None, {"path": "1"}).json()["files"] == [
        {"path": "a.txt", "is_dir": False, "file_size": 3},
        {"path": "dir", "is_dir": True},
        {"path": "empty", "is_dir": False},
    ]
    assert tenant.send("DELETE", f"{PROXY}/1/dir").json() == {}
    assert [one["path"] for one in tenant.send("GET", PROXY, None, {"path": "1"}).json()["files"]] == [
        "a.txt",
        "empty",
    ]
    assert tenant.send("DELETE", f"{PROXY}/1/dir").status_code == 200
    assert tenant.send("GET", PROXY, None, {"path": "no/such"}).json() == {}
    missing = tenant.send("GET", f"{PROXY}/1/none.txt")
    assert missing.status_code == 404 and missing.json()["error_code"] == "RESOURCE_DOES_NOT_EXIST"


def test_a_broken_upload_leaves_what_was_there(tenant: Tenant, settings: Any) -> None:
    """Shorter than declared, or over the limit: the old bytes stay."""
    tenant.send("PUT", f"{PROXY}/1/x", b"old")
    broken = {"wsgi.input": io.BytesIO(b"new"), "CONTENT_LENGTH": "100"}
    short = tenant.client.generic("PUT", f"{tenant.base}{PROXY}/1/x", b"", headers=tenant.headers, **broken)
    assert short.status_code == 400
    settings.ROPEWALK_MAX_ARTIFACT_BYTES = 5
    large = tenant.send("PUT", f"{PROXY}/1/x", b"x" * 6)
    assert large.status_code == 413 and large.json()["error_code"] == "BAD_REQUEST"
    assert body_of(tenant.send("GET", f"{PROXY}/1/x")) == b"old"


def test_the_uis_own_routes_stream_too(tenant: Tenant) -> None:
    """get-artifact of a run, of a version and of a logged model, without a temporary copy."""
    tenant.fill()
    ids = tenant.ids
    for path, query in (
        ("/get-artifact", {"run_id": ids["run_id"], "path": "file.txt"}),
        ("/model-versions/get-artifact", {"name": "vault", "version": "1", "path": "MLmodel"}),
        (
            f"/ajax-api/2.0/mlflow/logged-models/{ids['model_id']}/artifacts/files",
            {"artifact_file_path": "MLmodel"},
        ),
    ):
        got = tenant.send("GET", path, None, query)
        assert got.status_code == 200 and got.streaming and body_of(got) == tenant.secret.encode(), path
        assert got.headers["Content-Disposition"].startswith("attachment")
        part = tenant.send("GET", path, None, query, Range="bytes=0-1")
        assert part.status_code == 206 and body_of(part) == tenant.secret.encode()[:2]
    up = {"run_uuid": ids["run_id"], "path": "notes/up.txt"}
    assert tenant.send("POST", "/ajax-api/2.0/mlflow/upload-artifact", b"from the UI", up).status_code == 200
    got = tenant.send("GET", "/get-artifact", None, {"run_id": ids["run_id"], "path": "notes/up.txt"})
    assert body_of(got) == b"from the UI"
    missing = tenant.send("GET", "/get-artifact", None, {"run_id": ids["run_id"], "path": "none"})
    assert missing.status_code == 404


def test_memory_stays_constant(tenant: Tenant) -> None:
    """64 MB through the edge with a few MB of Python's memory (beyond the test's own body)."""
    size = 64 << 20
    data = b"\0" * size
    tracemalloc.start()
    try:
        tenant.send("PUT", f"{PROXY}/1/big", data)
        got = tenant.send("GET", f"{PROXY}/1/big")
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        assert sum(len(block) for block in got.streaming_content) == size
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - before < 8 << 20
