"""Uploads in parts to a project's own bucket while programs are killed under them."""

import hashlib
import random
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.faults.workloads import NotAcknowledged, Workload

PART = 5 << 20
_BROKEN = (BotoCoreError, ClientError)


class BucketUploads(Workload):
    """boto3 without a second try: two parts and their completion, or nothing."""

    name = "s3 upload in parts"

    def __init__(self, project: Any) -> None:
        super().__init__(project)
        self.made: set[str] = set()
        self.taken: set[str] = set()

    def step(self) -> None:
        parts = [random.randbytes(PART), random.randbytes(random.randint(1, 100_000))]
        key = hashlib.md5(b"".join(parts), usedforsecurity=False).hexdigest()
        self.made.add(key)
        where, client = (
            {"Bucket": self.project.name, "Key": key},
            _client(self._endpoint(), self.project.token),
        )
        try:
            upload = client.create_multipart_upload(**where)["UploadId"]
            etags = [
                client.upload_part(**where, UploadId=upload, PartNumber=number, Body=part)["ETag"]
                for number, part in enumerate(parts, 1)
            ]
            named = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, 1)]
            client.complete_multipart_upload(**where, UploadId=upload, MultipartUpload={"Parts": named})
        except _BROKEN as error:
            raise NotAcknowledged(str(error)[:200]) from None
        self.taken.add(key)

    def _endpoint(self) -> str:
        server = self.project.api.partition("/repos/")[0]
        return f"{server}/repo-buckets/s3/{self.project.owner}"

    def verify(self) -> list[str]:
        found, client = [], _client(self._endpoint(), self.project.token)
        for key in self.made:
            try:
                content = client.get_object(Bucket=self.project.name, Key=key)["Body"].read()
            except client.exceptions.NoSuchKey:
                if key in self.taken:
                    found.append(f"acknowledged object {key} is missing")
                continue
            except _BROKEN as error:
                found.append(f"object {key}: {str(error)[:200]}")
                continue
            if hashlib.md5(content, usedforsecurity=False).hexdigest() != key:
                found.append(f"object {key} is visible with {len(content)} bytes, which are not its own")
        return found


@cache
def _client(endpoint: str, token: str) -> Any:
    config = Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0}, read_timeout=60)
    return boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=token, aws_secret_access_key=token,
        config=config,
    )  # fmt: skip
