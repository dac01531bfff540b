"""The object store on an S3-compatible service, through boto3: small objects in one PUT, larger ones as a multipart upload."""

import base64
import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from ropewalk.core.blobs.base import BLOCK, BlobMissing, BlobStat, checked_key

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PART = 16 << 20  # 16 MiB x 10,000 parts = 160 GiB at the least; parts grow beyond that
_MISSING = {"404", "NoSuchKey", "NotFound"}


class S3Writer:
    """Buffers one part (16 MiB, growing with the object) and uploads it with a signed MD5, so that memory stays constant."""

    def __init__(self, client: "S3Client", bucket: str, key: str) -> None:
        self._client, self._bucket, self._key = client, bucket, key
        self._buffer = bytearray()
        self._upload = ""
        self._parts: list[Any] = []
        self._done = False

    def write(self, block: bytes) -> None:
        """Append a block, sending a part when enough is gathered."""
        self._buffer += block
        if len(self._buffer) >= self._part_size():
            self._send()

    def _part_size(self) -> int:
        return PART * (1 + len(self._parts) // 1000)

    def _send(self) -> None:
        if not self._upload:
            self._upload = self._client.create_multipart_upload(Bucket=self._bucket, Key=self._key)["UploadId"]
        number, body = len(self._parts) + 1, bytes(self._buffer)
        answer = self._client.upload_part(
            Bucket=self._bucket, Key=self._key, UploadId=self._upload, PartNumber=number, Body=body, ContentMD5=_md5(body)
        )
        self._parts.append({"PartNumber": number, "ETag": answer["ETag"]})
        self._buffer.clear()

    def commit(self) -> None:
        """One PUT for a small object, completion of the upload for a large one."""
        if self._upload:
            if self._buffer:
                self._send()
            self._client.complete_multipart_upload(
                Bucket=self._bucket, Key=self._key, UploadId=self._upload, MultipartUpload={"Parts": self._parts}
            )
        else:
            body = bytes(self._buffer)
            self._client.put_object(Bucket=self._bucket, Key=self._key, Body=body, ContentMD5=_md5(body))
        self._done = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        if not self._done and self._upload:
            self._client.abort_multipart_upload(Bucket=self._bucket, Key=self._key, UploadId=self._upload)


class S3Store:
    """Objects below ``prefix`` in one bucket. The only client of S3 in Ropewalk."""

    def __init__(self, *, bucket: str, endpoint: str, region: str, access_key_id: str, secret_access_key: str, prefix: str) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._client: S3Client = boto3.client(
            "s3",
            endpoint_url=endpoint or None,
            region_name=region,
            aws_access_key_id=access_key_id or None,
            aws_secret_access_key=secret_access_key or None,
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "path" if endpoint else "auto"},
                max_pool_connections=64,
                connect_timeout=5,
                read_timeout=60,
                retries={"max_attempts": 4, "mode": "standard"},
                # Older S3-compatible servers reject the newer default checksums; integrity rests on the signed MD5.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def writer(self, key: str) -> S3Writer:
        """See :class:`~ropewalk.core.blobs.base.BlobStore`."""
        return S3Writer(self._client, self._bucket, self._prefix + checked_key(key))

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """See :class:`~ropewalk.core.blobs.base.BlobStore`."""
        if end is not None and end <= start:
            if self.stat(key) is None:
                raise BlobMissing(key)
            return iter(())
        ranged: dict[str, Any] = {}
        if start or end is not None:
            ranged["Range"] = f"bytes={start}-{'' if end is None else end - 1}"
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + checked_key(key), **ranged)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in _MISSING:
                raise BlobMissing(key) from None
            if code == "InvalidRange":
                return iter(())
            raise
        return _drained(answer["Body"])

    def stat(self, key: str) -> BlobStat | None:
        """See :class:`~ropewalk.core.blobs.base.BlobStore`."""
        try:
            head = self._client.head_object(Bucket=self._bucket, Key=self._prefix + checked_key(key))
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _MISSING:
                return None
            raise
        return BlobStat(key, head["ContentLength"], head["LastModified"])

    def delete(self, key: str) -> None:
        """See :class:`~ropewalk.core.blobs.base.BlobStore`."""
        self._client.delete_object(Bucket=self._bucket, Key=self._prefix + checked_key(key))

    def list(self, prefix: str, after: str = "", limit: int = 1000) -> list[BlobStat]:
        """See :class:`~ropewalk.core.blobs.base.BlobStore`."""
        options: dict[str, Any] = {"StartAfter": self._prefix + after} if after else {}
        found: list[BlobStat] = []
        while len(found) < limit:
            page = self._client.list_objects_v2(
                Bucket=self._bucket, Prefix=self._prefix + prefix, MaxKeys=min(1000, limit - len(found)), **options
            )
            for item in page.get("Contents", []):
                found.append(BlobStat(item["Key"][len(self._prefix) :], item["Size"], item["LastModified"]))
            if not page.get("IsTruncated"):
                break
            options = {"ContinuationToken": page["NextContinuationToken"]}
        return found

    def check(self) -> None:
        """Ask for the bucket; raises botocore's error when it does not answer."""
        self._client.head_bucket(Bucket=self._bucket)

    def sweep(self, older_than: datetime) -> int:
        """Abort multipart uploads that a killed process left; returns how many."""
        aborted = 0
        for page in self._client.get_paginator("list_multipart_uploads").paginate(Bucket=self._bucket, Prefix=self._prefix):
            for upload in page.get("Uploads", []):
                if upload["Initiated"] < older_than:
                    self._client.abort_multipart_upload(Bucket=self._bucket, Key=upload["Key"], UploadId=upload["UploadId"])
                    aborted += 1
        return aborted

    def wipe(self, prefix: str) -> None:
        """Remove every object below a prefix (a deleted project)."""
        while entries := self.list(prefix.rstrip("/") + "/"):
            for entry in entries:
                self.delete(entry.key)


def _drained(body: Any) -> Iterator[bytes]:
    try:
        yield from body.iter_chunks(BLOCK)
    finally:
        body.close()


def _md5(body: bytes) -> str:
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
