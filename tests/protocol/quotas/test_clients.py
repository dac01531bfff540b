"""What people see in their own tools when there is no room: loud, at once, in words, and nothing is stored."""

import hashlib
import os
import subprocess
from base64 import b64encode
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from boto3.exceptions import S3UploadFailedError
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from tests.protocol.clients import client_python
from tests.protocol.dvc.conftest import Remote
from tests.protocol.dvc.test_client import working_copy as over_http
from tests.protocol.git.conftest import Git
from tests.protocol.s3.conftest import Storage
from tests.protocol.s3.test_dvc import working_copy as over_s3

MIB = 1 << 20


def limit(storage: Storage, size: str) -> str:
    return storage.instance.manage("set_quota", f"s3-owner/{storage.slug}", size)


def used(storage: Storage) -> str:
    return limit(storage, "").partition("; ")[2].strip()


def test_dvc_over_http(storage: Storage, tmp_path: Path) -> None:
    limit(storage, "3MiB")
    copy = over_http(
        tmp_path / "repo", Remote(storage.instance, f"/s3-owner/{storage.slug}.dvc"), "s3-writer", "PUT"
    )
    (copy.folder / "fits.bin").write_bytes(os.urandom(2 * MIB))
    copy.dvc("add", "fits.bin")
    copy.dvc("push")
    (copy.folder / "big.bin").write_bytes(os.urandom(40 * MIB))
    copy.dvc("add", "big.bin")
    said = copy.dvc("push", fails=True)
    assert "413" in said and "may store 3.0 MiB; 2.0 MiB are used" in said
    assert used(storage) == "2.0 MiB are used."
    limit(storage, "50MiB")
    copy.dvc("push")


def test_dvc_over_s3(storage: Storage, tmp_path: Path) -> None:
    limit(storage, "3MiB")
    copy = over_s3(tmp_path / "repo", storage, "writer")
    for name, size in (("small.bin", 4 * MIB), ("parts.bin", 60 * MIB)):
        (copy.folder / name).write_bytes(os.urandom(size))
        copy.dvc("add", name)
        said = copy.dvc("push", name, fails=True)
        assert "may store 3.0 MiB; 0 B are used, and" in said
    limit(storage, "none")
    copy.dvc("push")


def test_boto3_whole_in_parts_and_by_copy(storage: Storage, tmp_path: Path) -> None:
    limit(storage, "20MiB")
    client, name = storage.client("writer", url=storage.buckets_url), storage.slug

    def code_of(call: str, **values: object) -> tuple[int, str]:
        with pytest.raises(ClientError) as caught:
            getattr(client, call)(Bucket=name, **values)
        assert "may store 20.0 MiB" in caught.value.response["Error"]["Message"]
        return caught.value.response["ResponseMetadata"]["HTTPStatusCode"], caught.value.response["Error"][
            "Code"
        ]

    refused = (403, "QuotaExceeded")
    client.put_object(Bucket=name, Key="a", Body=b"x" * (12 * MIB))
    assert code_of("put_object", Key="b", Body=b"x" * (12 * MIB)) == refused
    assert code_of("copy_object", Key="b", CopySource={"Bucket": name, "Key": "a"}) == refused
    upload = client.create_multipart_upload(Bucket=name, Key="c")["UploadId"]
    parts = {"Key": "c", "UploadId": upload}
    first = client.upload_part(Bucket=name, PartNumber=1, Body=b"y" * (6 * MIB), **parts)
    assert code_of("upload_part", PartNumber=2, Body=b"y" * (6 * MIB), **parts) == refused
    source = {"Bucket": name, "Key": "a"}
    assert code_of("upload_part_copy", PartNumber=2, CopySource=source, **parts) == refused
    # Its bytes are here already: completing is never refused.
    etags = {"Parts": [{"PartNumber": 1, "ETag": first["ETag"]}]}
    client.complete_multipart_upload(Bucket=name, MultipartUpload=etags, **parts)
    assert used(storage) == "18.0 MiB are used."
    data = os.urandom(9 * MIB)
    key = f"files/md5/{hashlib.md5(data).hexdigest()[:2]}/{hashlib.md5(data).hexdigest()[2:]}"
    (tmp_path / "parts.bin").write_bytes(data)
    config = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB)
    with pytest.raises(S3UploadFailedError, match="QuotaExceeded"):
        storage.client("writer").upload_file(str(tmp_path / "parts.bin"), "dvc", key, Config=config)
    client.delete_object(Bucket=name, Key="a")
    client.put_object(Bucket=name, Key="b", Body=b"x" * (12 * MIB))


def test_git_over_http(storage: Storage, git: Git) -> None:
    limit(storage, "3MiB")
    url = storage.instance.url.replace("://", f"://s3-writer:{storage.token('writer')}@")
    url = f"{url}/s3-owner/{storage.slug}.git"
    git.commit("README.md", "x")
    git.run("push", url, "main")
    git.commit("big.bin", os.urandom(8 * MIB))
    said = git.run("push", url, "main", ok=False).err
    assert "remote: Ropewalk: The project" in said and "may store 3.0 MiB" in said and "over quota" in said
    limit(storage, "1B")
    git.run("reset", "-q", "--hard", "HEAD~1")
    git.commit("small", "x")
    said = git.run("push", url, "main", ok=False).err
    assert "may store 1 B" in said and "over quota" in said
    limit(storage, "none")
    git.run("push", url, "main", "main:other")
    limit(storage, "1B")
    git.run("push", url, ":other")  # what makes room is never refused


def test_mlflow(storage: Storage, tmp_path: Path) -> None:
    limit(storage, "3MiB")
    (tmp_path / "big.bin").write_bytes(os.urandom(8 * MIB))
    script = (
        "import mlflow\n"
        "with mlflow.start_run():\n"
        "    mlflow.log_text('x', 'small.txt')\n"
        f"    mlflow.log_artifact({str(tmp_path / 'big.bin')!r})\n"
    )
    environment = {
        **os.environ,
        "MLFLOW_TRACKING_URI": f"{storage.instance.url}/s3-owner/{storage.slug}.mlflow",
        "MLFLOW_TRACKING_USERNAME": "s3-writer",
        "MLFLOW_TRACKING_PASSWORD": storage.token("writer"),
    }
    done = subprocess.run(
        [str(client_python("mlflow3")), "-c", script],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode != 0
    assert "413" in done.stderr
    assert used(storage) == "1 B are used."


def test_the_answers_body_says_what_to_do(storage: Storage) -> None:
    limit(storage, "1KiB")
    basic = b64encode(f"s3-writer:{storage.token('writer')}".encode()).decode()
    data = b"x" * 2000
    where = f"{storage.instance.url}/s3-owner/{storage.slug}.dvc/files/md5/{'0' * 2}/{'0' * 30}"
    request = Request(where, data=data, method="PUT", headers={"Authorization": f"Basic {basic}"})
    with pytest.raises(HTTPError) as caught:
        urlopen(request, timeout=60)
    with caught.value as answer:
        assert answer.code == 413
        assert b"ask this server's operator for more room" in answer.read()
