"""``python -m tests.faults.transfers [POINTS]``: uploads that break, at each point of each form, and what is left of them.

The connection is cut behind so many of a request's bytes, or before its answer arrives. Then: nothing is visible that is not what
its name says, nothing is left in the store, and the same upload succeeds at once.
"""

import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import requests
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infra.embedded.services import temporary_home
from tests.fixtures.instance import Instance
from tests.fixtures.relay import Relay, relay

MIB = 1 << 20
_HEAD = 600  # bytes of a request's head, more or less: the first points lie in it


@dataclass(frozen=True, eq=False)
class Site:
    """A project whose owner uploads, straight to the instance or through a relay before it."""

    instance: Instance
    owner: str
    name: str
    token: str

    @cache  # noqa: B019  # a site lives as long as its test
    def s3(self, url: str = "", *, bucket: bool = False) -> Any:
        """boto3 for the project's remote or its own bucket, with one try a call."""
        place = f"api/v1/repo-buckets/s3/{self.owner}" if bucket else f"{self.owner}/{self.name}.s3"
        return boto3.client(
            "s3", endpoint_url=f"{url or self.instance.url}/{place}", region_name="us-east-1",
            aws_access_key_id=self.token, aws_secret_access_key=self.token,
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0, "mode": "standard"}),
        )  # fmt: skip

    def dvc(self, oid: str, url: str = "") -> str:
        """An object's address at the remote's HTTP form."""
        return f"{url or self.instance.url}/{self.owner}/{self.name}.dvc/files/md5/{oid[:2]}/{oid[2:]}"

    @property
    def auth(self) -> tuple[str, str]:
        return self.owner, self.token

    def stored(self) -> set[str]:
        """Every file of the object store, visible or not."""
        root = self.instance.home / "objects"
        return {
            str(path) for folder in ("o", ".tmp") for path in (root / folder).rglob("*") if path.is_file()
        }

    def settle(self, before: set[str], patience: float = 90) -> list[str]:
        """Wait until nothing is stored that was not there; what is left then."""
        deadline = time.monotonic() + patience
        while (left := self.stored() - before) and time.monotonic() < deadline:
            time.sleep(0.1)
        return [f"left in the store: {path}" for path in left]


def make_site(instance: Instance) -> Site:
    owner, _, token = instance.user("fault-data")
    name = f"data-{os.urandom(4).hex()}"
    body = {"name": name, "private": True}
    answer = requests.post(f"{instance.url}/api/v1/user/repos", json=body, auth=(owner, token), timeout=60)
    answer.raise_for_status()
    return Site(instance, owner, name, token)


class Form:
    """One way to upload. ``send`` sends everything; ``seen`` is what is visible afterwards, None for nothing."""

    name = ""

    def __init__(self, site: Site, data: bytes) -> None:
        self.site, self.data, self.oid = site, data, hashlib.md5(data).hexdigest()
        self.length = len(data) + _HEAD

    def send(self, url: str = "") -> None:
        raise NotImplementedError

    def seen(self) -> bytes | None:
        answer = requests.get(self.site.dvc(self.oid), auth=self.site.auth, timeout=60)
        if answer.status_code == 404:
            return None
        answer.raise_for_status()
        return answer.content

    def forgets(self) -> None:
        """What a client does that gives up."""


class DvcPut(Form):
    name = ".dvc PUT"

    def send(self, url: str = "") -> None:
        pieces = (self.data[at : at + 100_000] for at in range(0, len(self.data), 100_000))
        answer = requests.put(self.site.dvc(self.oid, url), data=pieces, auth=self.site.auth, timeout=60)
        answer.raise_for_status()


class S3Put(Form):
    name = ".s3 PUT"

    def send(self, url: str = "") -> None:
        key = f"files/md5/{self.oid[:2]}/{self.oid[2:]}"
        self.site.s3(url).put_object(Bucket="dvc", Key=key, Body=self.data)


class BucketPut(Form):
    name = "bucket PUT"

    def send(self, url: str = "") -> None:
        self.site.s3(url, bucket=True).put_object(Bucket=self.site.name, Key=self.oid, Body=self.data)

    def seen(self) -> bytes | None:
        try:
            answer = self.site.s3(bucket=True).get_object(Bucket=self.site.name, Key=self.oid)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise
        return bytes(answer["Body"].read())


class InParts(BucketPut):
    """An upload in parts; its beginning, and what is not under test, go straight to the instance."""

    def __init__(self, site: Site, data: bytes) -> None:
        super().__init__(site, data)
        self.where = {"Bucket": site.name, "Key": self.oid}
        self.upload = site.s3(bucket=True).create_multipart_upload(**self.where)["UploadId"]

    def part(self, url: str = "") -> str:
        client = self.site.s3(url, bucket=True)
        return str(
            client.upload_part(**self.where, UploadId=self.upload, PartNumber=1, Body=self.data)["ETag"]
        )

    def complete(self, etag: str, url: str = "") -> None:
        parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
        self.site.s3(url, bucket=True).complete_multipart_upload(
            **self.where, UploadId=self.upload, MultipartUpload=parts
        )

    def forgets(self) -> None:
        client = self.site.s3(bucket=True)
        try:
            client.abort_multipart_upload(**self.where, UploadId=self.upload)
        except client.exceptions.NoSuchUpload:
            return


class Part(InParts):
    name = "part"

    def send(self, url: str = "") -> None:
        self.complete(self.part(url))


class Completion(InParts):
    name = "completion"

    def __init__(self, site: Site, data: bytes) -> None:
        super().__init__(site, data)
        self.etag, self.length = self.part(), _HEAD + 200

    def send(self, url: str = "") -> None:
        self.complete(self.etag, url)


FORMS: tuple[type[Form], ...] = (DvcPut, S3Put, BucketPut, Part, Completion)
_BROKEN = (requests.RequestException, BotoCoreError, ClientError)


def cuts(site: Site, points: int, size: int, forms: tuple[type[Form], ...] = FORMS) -> Iterator[str]:
    """Cut each form at each point, the last of which is its lost answer; yields what is wrong."""
    with relay(site.instance.url) as front:
        for make in forms:
            for point in range(points):
                yield from (
                    f"{make.name}, cut at {point} of {points}: {fault}"
                    for fault in _cut(site, front, make, point, points, size)
                )


def _cut(site: Site, front: Relay, make: type[Form], point: int, points: int, size: int) -> Iterator[str]:
    form = make(site, os.urandom(size))
    before, last = site.stored(), point == points - 1
    front.passes = None if last else form.length * point // (points - 1)
    front.loses_answers = last
    cuts = front.cuts
    try:
        form.send(front.url)
        yield "the client took it for a success"
    except _BROKEN:
        pass
    front.calm()
    if front.cuts == cuts:
        yield "nothing was cut"
    seen = form.seen()
    if seen is not None and seen != form.data:
        yield f"{len(seen)} wrong bytes are visible"
    if seen is not None and not last:
        yield "it is visible although its client heard nothing"
    if not last and make is not Completion:
        yield from site.settle(before)
    form.send()
    if form.seen() != form.data:
        yield "it is not there after it was sent again"
    form.forgets()
    yield from _extra(site, before)


def _extra(site: Site, before: set[str]) -> Iterator[str]:
    """An upload leaves one file in the store, and no other."""
    deadline = time.monotonic() + 60
    while len(left := site.stored() - before) > 1 and time.monotonic() < deadline:
        time.sleep(0.1)
    if len(left) > 1:
        yield f"left in the store beside it: {sorted(left)}"


def limited(site: Site, most: int, call: Callable[[], None]) -> None:
    """Call while no process of the web server can write a file longer than ``most`` bytes: to an upload, a full disk."""
    import resource

    pids = site.instance.pids("web")
    before = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in pids}
    for pid in pids:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, before[pid][1]))
    try:
        call()
    finally:
        for pid in pids:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, before[pid])


def full_disk(site: Site, size: int, forms: tuple[type[Form], ...] = FORMS) -> Iterator[str]:
    """Every form while the disk takes no more than half of it; yields what is wrong."""
    for make in forms:
        form = make(site, os.urandom(size))
        before, said = site.stored(), []

        def send(form: Form = form, said: list[str] = said) -> None:
            try:
                form.send()
                said.append("the client took it for a success")
            except (requests.HTTPError, ClientError) as error:
                answer = getattr(error, "response", None)
                status = (
                    answer["ResponseMetadata"]["HTTPStatusCode"]
                    if isinstance(answer, dict)
                    else getattr(answer, "status_code", 0)
                )
                said.extend([f"it answers {status}"] * (status != 503))
            except _BROKEN as error:
                said.append(f"the client heard no answer: {error}")

        limited(site, size // 2, send)
        found = [*said, *(["something is visible"] if form.seen() is not None else []), *site.settle(before)]
        form.send()
        found += ["it is not there after it was sent again"] * (form.seen() != form.data)
        form.forgets()
        yield from (f"{make.name}, full disk: {fault}" for fault in found)


BROKEN = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def failing_store(site: Site, back: Relay, size: int, forms: tuple[type[Form], ...] = FORMS) -> Iterator[str]:
    """Every form while the S3 store behind ``back`` answers 500, is cut off, or is slow; yields what is wrong."""
    for make in forms:
        for state in ("500", "cut", "slow"):
            form = make(site, os.urandom(size))
            back.answers = BROKEN if state == "500" else b""
            back.passes = 2000 if state == "cut" else None
            back.seconds = 0.05 if state == "slow" else 0.0
            back.sever()
            try:
                form.send()
                found = [] if state == "slow" else ["the client took it for a success"]
            except _BROKEN as error:
                found = [f"it failed: {error}"] if state == "slow" else []
            back.calm()
            seen = form.seen()
            if seen is not None and (seen != form.data or state != "slow"):
                found.append(f"{len(seen)} bytes are visible")
            if state != "slow":
                form.send()
            found += ["it is not there at last"] * (form.seen() != form.data)
            form.forgets()
            yield from (f"{make.name}, store {state}: {fault}" for fault in found)


def main() -> int:
    """Everything, on an instance of its own."""
    points = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with temporary_home() as home:
        instance = Instance(Path(home))
        try:
            site = make_site(instance.start())
            faults = [*cuts(site, points, 8 * MIB), *full_disk(site, 8 * MIB)]
        finally:
            instance.discard()
    print(
        "\n".join(faults) or f"No faults after {points} cuts of each of {len(FORMS)} forms, and a full disk."
    )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
