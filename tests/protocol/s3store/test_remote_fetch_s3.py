"""DVC data fetched from an S3 remote: a real S3 server, requests signed by us and sent to the checked address only."""

import hashlib
import ipaddress
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from ropewalk.core import blobs
from ropewalk.core.models import Job
from ropewalk.data import services
from ropewalk.data.selectors import remote_fetches
from ropewalk.data.types import FetchReport
from ropewalk.projects.models import Project
from tests.factories import builders
from tests.integration.monitors.repository import Repository
from workers.runners import base


@pytest.fixture
def project(transactional_db: None, settings: Any, tmp_path: Path) -> Iterator[Project]:
    settings.REPOSITORIES_ROOT = tmp_path / "repos"
    settings.OBJECTS_ROOT = tmp_path / "objects"
    settings.ROPEWALK_ALLOWED_NETWORKS = (ipaddress.ip_network("127.0.0.1/32"),)
    blobs.store.cache_clear()
    yield builders.make_project()
    blobs.store.cache_clear()


def test_signed_reads(
    project: Project,
    s3_server: tuple[str, str, str],
    bucket: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    endpoint, key, secret = s3_server
    client = boto3.client(
        "s3", endpoint_url=endpoint, aws_access_key_id=key, aws_secret_access_key=secret, region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}),
    )  # fmt: skip
    data, gone = b"d" * 2_500_000, "0" * 32
    oid = hashlib.md5(data).hexdigest()
    client.put_object(Bucket=bucket, Key=f"a folder/x+y/files/md5/{oid[:2]}/{oid[2:]}", Body=data)
    Repository(project, tmp_path / "work").commit({
        "a.dvc": f"outs:\n- md5: {oid}\n  hash: md5\n  path: a\n",
        "b.dvc": f"outs:\n- md5: '{gone}'\n  hash: md5\n  path: b\n",
    })  # fmt: skip
    # Nothing of the machine's own credentials is ever used.
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)

    def run(**sign_in: str) -> tuple[Job, FetchReport]:
        services.start_data_fetch(
            project_id=project.pk, user_id=project.created_by_id, url=f"s3://{bucket}/a folder/x+y", endpoint=endpoint,
            **sign_in,
        )  # fmt: skip
        job = Job.objects.filter(kind="fetch-data").latest("created_at")
        base.run(str(job.pk), "test")
        job.refresh_from_db()
        found = remote_fetches.remote_fetch(project.pk)
        assert found is not None
        return job, found.report

    job, report = run()
    assert (job.state, report.fetched) == ("failed", 0)
    assert job.error_code in {"bad_answer", "sign_in_refused"}  # servers have several words for it
    job, _ = run(name=key, secret="wrong")
    assert (job.state, job.error_code) == ("failed", "sign_in_refused")
    assert "wrong" not in job.error_message
    job, report = run(name=key, secret=secret)
    assert (job.state, report.fetched, report.size, report.missing) == ("succeeded", 1, len(data), 1)
