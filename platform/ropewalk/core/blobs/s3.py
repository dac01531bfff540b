"""The object store on an S3-compatible service, through boto3: small objects in one PUT, larger ones as a multipart upload."""

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

import boto3
import structlog
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from ropewalk.core.blobs.base import (
    BLOCK,
    BlobMissing,
    BlobStat,
    StoreUnavailable,
    checked_key,
    checked_prefix,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = structlog.get_logger("ropewalk.blobs")

# An upload's length is not known, and S3 allows 10,000 parts: parts grow by 8 MiB every 250, which reaches 1.6 TiB,
# while an object below 2 GB, the usual case, costs a writer 8 MiB of memory.
PART = 8 << 20
PARTS_OF_ONE_SIZE = 250
_MISSING = {"404", "NoSuchKey", "NotFound"}


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def _faults() -> Iterator[None]:
    """Every failure of the service is one error of ours; its text may name keys and hosts, so only the log gets it."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise StoreUnavailable(
            "The object store does not answer as it should.", hint="Try again later."
        ) from error


class S3Writer:
    """Gathers one part and uploads it with its MD5, which the service verifies; memory stays constant."""

    def __init__(self, client: "S3Client", bucket: str, key: str) -> None:
        self._client, self._bucket, self._key = client, bucket, key
        self._buffer = bytearray()
        self._upload = ""
        self._parts: list[Any] = []
        self._done = False

    def write(self, block: bytes) -> None:
        """Append a block, sending a part when enough is gathered."""
        self._buffer += block
        if len(self._buffer) >= PART * (1 + len(self._parts) // PARTS_OF_ONE_SIZE):
            with _faults():
                self._send()

    def _send(self) -> None:
        where: dict[str, Any] = {"Bucket": self._bucket, "Key": self._key}
        if not self._upload:
            self._upload = self._client.create_multipart_upload(**where)["UploadId"]
        number = len(self._parts) + 1
        part: Any = self._buffer  # botocore takes a bytearray, which saves a copy; its stubs do not know
        answer = self._client.upload_part(
            **where, UploadId=self._upload, PartNumber=number, Body=part, ContentMD5=_md5(part)
        )
        self._parts.append({"PartNumber": number, "ETag": answer["ETag"]})
        self._buffer = bytearray()

    def commit(self) -> None:
        """One PUT for a small object, completion of the upload for a large one."""
        with _faults():
            if self._upload:
                if self._buffer:
                    self._send()
                self._client.complete_multipart_upload(
                    Bucket=self._bucket,
                    Key=self._key,
                    UploadId=self._upload,
                    MultipartUpload={"Parts": self._parts},
                )
            else:
                body: Any = self._buffer
                self._client.put_object(Bucket=self._bucket, Key=self._key, Body=body, ContentMD5=_md5(body))
        self._done = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._buffer = bytearray()
        if not self._done and self._upload:
            try:
                self._client.abort_multipart_upload(Bucket=self._bucket, Key=self._key, UploadId=self._upload)
            except (ClientError, BotoCoreError) as error:  # invisible in any case; the sweep aborts it later
                log.warning("blobs.abort_failed", key=self._key, error=str(error))


class S3Store:
    """Objects below ``prefix`` in one bucket. The only client of S3 in Ropewalk."""

    def __init__(
        self,
        *,
        bucket: str,
        endpoint: str,
        region: str,
        access_key_id: str,
        secret_access_key: str,
        prefix: str,
    ) -> None:
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

    def _where(self, key: str) -> dict[str, Any]:
        return {"Bucket": self._bucket, "Key": self._prefix + checked_key(key)}

    def writer(self, key: str, *, lasting: bool = True) -> S3Writer:
        """See :class:`~ropewalk.core.blobs.base.BlobStore`. Whatever this keeps lasts."""
        return S3Writer(self._client, self._bucket, self._prefix + checked_key(key))

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """See :class:`~ropewalk.core.blobs.base.BlobStore`."""
        if end is not None and end <= start:
            return self._nothing(key)
        ranged: dict[str, Any] = {}
        if start or end is not None:
            ranged["Range"] = f"bytes={start}-{'' if end is None else end - 1}"
        try:
            with _faults():
                answer = self._client.get_object(**self._where(key), **ranged)
        except StoreUnavailable as fault:
            error = fault.__cause__
            if isinstance(error, ClientError) and _code(error) in _MISSING:
                raise BlobMissing(key) from None
            if isinstance(error, ClientError) and error.response["ResponseMetadata"]["HTTPStatusCode"] == 416:
                return self._nothing(key)
            raise
        return _drained(answer["Body"])

    def _nothing(self, key: str) -> Iterator[bytes]:
        """An empty range of an object that exists."""
        if self.stat(key) is None:
            raise BlobMissing(key)
        return iter(())

    def stat(self, key: str) -> BlobStat | None:
        """See :class:`~ropewalk.core.blobs.base.BlobStore`."""
        with _faults():
            try:
                head = self._client.head_object(**self._where(key))
            except ClientError as error:
                if _code(error) in _MISSING:
                    return None
                raise
        return BlobStat(key, head["ContentLength"], head["LastModified"])

    def delete(self, key: str) -> None:
        """See :class:`~ropewalk.core.blobs.base.BlobStore`."""
        with _faults():
            try:
                self._client.delete_object(**self._where(key))
            except ClientError as error:  # S3 says 204 for a missing key; some servers do not
                if _code(error) not in _MISSING:
                    raise

    def list(self, prefix: str, after: str = "", limit: int = 1000) -> list[BlobStat]:
        """See :class:`~ropewalk.core.blobs.base.BlobStore`."""
        where: dict[str, Any] = {"Bucket": self._bucket, "Prefix": self._prefix + checked_prefix(prefix)}
        options: dict[str, Any] = {"StartAfter": self._prefix + after} if after else {}
        found: list[BlobStat] = []
        while len(found) < limit:
            with _faults():
                page = self._client.list_objects_v2(**where, MaxKeys=min(1000, limit - len(found)), **options)
            for item in page.get("Contents", []):
                found.append(BlobStat(item["Key"][len(self._prefix) :], item["Size"], item["LastModified"]))
            if not page.get("IsTruncated"):
                break
            options = {"ContinuationToken": page["NextContinuationToken"]}
        return found

    def check(self) -> None:
        """Ask for the bucket; raises when it does not answer."""
        with _faults():
            self._client.head_bucket(Bucket=self._bucket)

    def sweep(self, older_than: datetime) -> int:
        """Abort multipart uploads that a killed process left; returns how many."""
        aborted = 0
        with _faults():
            for page in self._client.get_paginator("list_multipart_uploads").paginate(
                Bucket=self._bucket, Prefix=self._prefix
            ):
                for upload in page.get("Uploads", []):
                    if upload["Initiated"] < older_than:
                        self._client.abort_multipart_upload(
                            Bucket=self._bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                        )
                        aborted += 1
        return aborted

    def wipe(self, prefix: str) -> None:
        """See :class:`~ropewalk.core.blobs.base.BlobStore`."""
        below = checked_key(prefix.rstrip("/")) + "/"
        while entries := self.list(below):
            for entry in entries:
                self.delete(entry.key)


def _drained(body: Any) -> Iterator[bytes]:
    try:
        with _faults():
            yield from body.iter_chunks(BLOCK)
    finally:
        body.close()


def _md5(body: bytes | bytearray) -> str:
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
