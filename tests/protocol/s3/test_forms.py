"""Forms signed by boto3 and posted as browsers do: what the policy says is stored, and nothing else."""

import hashlib
import os
from base64 import b64encode
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.protocol.s3.conftest import Storage, make_storage
from tests.protocol.s3.test_remote import key, refused


@pytest.fixture(scope="module")
def place(instance: Any) -> tuple[Storage, Any]:
    """A project, and boto3 with a key pair whose user may write to no other project of its name."""
    made = make_storage(instance)
    key_id, secret = made.pair("writer")
    return made, made.client(url=made.buckets_url, key=key_id, secret=secret)


class Bucket:
    """What a person does with one bucket and forms for it."""

    def __init__(self, place: tuple[Storage, Any]) -> None:
        self.storage, self.client = place
        self.name = self.storage.slug

    def form(
        self, name: str, fields: dict[str, str] | None = None, conditions: list[Any] | None = None
    ) -> Any:
        covered = [{field: value} for field, value in (fields or {}).items()]
        return self.client.generate_presigned_post(
            self.name, name, Fields=fields, Conditions=[*covered, *(conditions or [])], ExpiresIn=60
        )

    def read(self, name: str) -> bytes:
        return bytes(self.client.get_object(Bucket=self.name, Key=name)["Body"].read())

    def is_there(self, name: str) -> bool:
        return name in {
            found["Key"] for found in self.client.list_objects_v2(Bucket=self.name).get("Contents", [])
        }


@pytest.fixture
def bucket(place: tuple[Storage, Any]) -> Bucket:
    return Bucket(place)


def post(form: Any, content: Any = b"hello", *, filename: str = "a.txt", **more: str) -> requests.Response:
    return requests.post(
        form["url"],
        data={**form["fields"], **more},
        files={"file": (filename, content)},
        timeout=60,
        allow_redirects=False,
    )


def test_a_form_stores_its_file(bucket: Bucket) -> None:
    data = os.urandom(3 << 20)
    fields = {
        "Content-Type": "text/csv", "x-amz-meta-made-by": "a form",
        "x-amz-checksum-sha256": b64encode(hashlib.sha256(data).digest()).decode(),
    }  # fmt: skip
    answer = post(bucket.form("folder/ü b.bin", fields), data)
    assert (answer.status_code, answer.text) == (204, "")
    assert answer.headers["ETag"] == f'"{hashlib.md5(data).hexdigest()}"'
    assert answer.headers["Location"].endswith(f"/{bucket.name}/folder/%C3%BC%20b.bin")
    assert answer.headers["x-amz-checksum-sha256"] == fields["x-amz-checksum-sha256"]
    got = bucket.client.get_object(Bucket=bucket.name, Key="folder/ü b.bin")
    assert (got["Body"].read(), got["ContentType"], got["Metadata"]) == (
        data,
        "text/csv",
        {"made-by": "a form"},
    )


def test_the_files_own_name(bucket: Bucket) -> None:
    answer = post(bucket.form("by-name/${filename}"), filename="C:\\data\\x.csv")
    assert answer.status_code == 204
    assert bucket.read("by-name/x.csv") == b"hello"
    assert post(bucket.form("by-name/${filename}"), filename="../../evil").status_code == 204
    assert bucket.is_there("by-name/evil")


def test_what_is_answered(bucket: Bucket) -> None:
    said = post(bucket.form("a1", {"success_action_status": "201"}))
    assert said.status_code == 201
    assert f"<Bucket>{bucket.name}</Bucket><Key>a1</Key>" in said.text
    assert post(bucket.form("a2", {"success_action_status": "200"})).status_code == 200
    assert post(bucket.form("a3", {"success_action_status": "302"})).status_code == 204
    led = post(bucket.form("a4", {"success_action_redirect": "https://app.example/done?x=1"}))
    assert led.status_code == 303
    assert led.headers["Location"].startswith("https://app.example/done?x=1&")
    told = parse_qs(urlsplit(led.headers["Location"]).query)
    assert (told["bucket"], told["key"]) == ([bucket.name], ["a4"])


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "//evil.example", "https://a@b.example/", "/there"]
)
def test_no_redirect_to_what_is_no_address(bucket: Bucket, address: str) -> None:
    assert post(bucket.form("r1", {"success_action_redirect": address})).status_code == 204


def test_whoever_holds_a_form_chooses_no_redirect(bucket: Bucket) -> None:
    field = "success_action_redirect"
    form = bucket.form("r2", conditions=[["starts-with", f"${field}", "https://app.example"]])
    assert post(form, **{field: "https://app.example.evil.example/"}).status_code == 204


def test_what_was_not_signed_for_is_not_stored(bucket: Bucket) -> None:
    def says(answer: requests.Response) -> tuple[int, str]:
        return answer.status_code, answer.text.partition("<Code>")[2].partition("</Code>")[0]

    denied = (403, "AccessDenied")
    assert says(post(bucket.form("no"), key="other")) == denied
    assert says(post(bucket.form("no"), **{"x-amz-meta-a": "1"})) == denied
    assert says(post(bucket.form("no"), policy="e30=")) == (403, "SignatureDoesNotMatch")
    ranged = bucket.form("no", conditions=[["content-length-range", 3, 4]])
    assert says(post(ranged)) == (400, "EntityTooLarge")
    assert says(post(ranged, b"12")) == (400, "EntityTooSmall")
    md5 = b64encode(hashlib.md5(b"other").digest()).decode()
    assert says(post(bucket.form("no", {"Content-MD5": md5}))) == (400, "BadDigest")
    late = bucket.client.generate_presigned_post(bucket.name, "no", ExpiresIn=-1)
    assert says(post(late)) == denied
    assert says(post(bucket.form("no", {"acl": "public-read"}))) == (400, "AccessControlListNotSupported")
    assert says(post(bucket.form("no", {"tagging": "<Tagging/>"}))) == (501, "NotImplemented")
    unsigned = requests.post(bucket.form("no")["url"], data={"key": "no"}, files={"file": b"x"}, timeout=60)
    assert says(unsigned) == denied
    assert not bucket.is_there("no") and not bucket.is_there("other")
    assert post(bucket.form("yes", {"acl": "private"})).status_code == 204


def test_who_signs(bucket: Bucket) -> None:
    def signed_by(who: str, *, bare: bool = False) -> requests.Response:
        key_id, secret = (bucket.storage.token(who),) * 2 if bare else bucket.storage.pair(who)
        client = bucket.storage.client(url=bucket.storage.buckets_url, key=key_id, secret=secret)
        return post(client.generate_presigned_post(bucket.name, f"of-{who}"))

    assert signed_by("reader").status_code == 403
    assert (signed_by("stranger").status_code, "NoSuchBucket" in signed_by("stranger").text) == (404, True)
    assert "give the token away" in signed_by("writer", bare=True).text
    assert signed_by("owner").status_code == 204


def test_a_cut_off_form_stores_nothing(bucket: Bucket) -> None:
    prepared = requests.Request(
        "POST",
        bucket.form("cut")["url"],
        data=bucket.form("cut")["fields"],
        files={"file": ("a", b"x" * 1000)},
    ).prepare()
    assert isinstance(prepared.body, bytes)
    prepared.body = prepared.body[:-40]
    prepared.headers["Content-Length"] = str(len(prepared.body))
    with requests.Session() as session:
        answer = session.send(prepared, timeout=60)
    assert (answer.status_code, "MalformedPOSTRequest" in answer.text) == (400, True)
    assert not bucket.is_there("cut")


def test_a_form_is_good_for_one_project(bucket: Bucket) -> None:
    """The signature says only the bucket's name, and every project's remote is called dvc."""
    data = b"of a form"
    remote = bucket.storage.client(
        key=bucket.storage.pair("writer")[0], secret=bucket.storage.pair("writer")[1]
    )
    form = remote.generate_presigned_post("dvc", key(data))
    answer = post(form, data)
    assert (answer.status_code, "for this project only" in answer.text) == (403, True)
    key_id, secret = bucket.storage.project_pair("writer")
    own = bucket.storage.client(key=key_id, secret=secret)
    form = own.generate_presigned_post("dvc", key(data))
    assert post(form, b"something else").status_code == 400
    assert refused(own.head_object, Bucket="dvc", Key=key(data))[0] == 404
    assert post(form, data).status_code == 204
    assert own.get_object(Bucket="dvc", Key=key(data))["Body"].read() == data
    elsewhere = {
        **form,
        "url": form["url"].replace(f"/{bucket.name}.s3", f"/{make_storage(bucket.storage.instance).slug}.s3"),
    }
    assert post(elsewhere, data).status_code == 404
