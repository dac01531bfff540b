"""A private project of a running instance and who may use it."""

import http.client
import itertools
from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest

from tests.fixtures.instance import Instance

_numbers = itertools.count(1)
_MAKE = """
from ropewalk.accounts.models import User
from ropewalk.projects import services
owner = User.objects.get(username={owner!r})
project = services.create_project(owner_id=owner.owner_id, slug={slug!r}, created_by_id=owner.pk, visibility={visibility!r})
for name, role in {roles!r}.items():
    services.set_collaborator(project_id=project.pk, username=name, role=role)
"""


@dataclass
class Remote:
    """A project's DVC remote: requests as one of its people (``anonymous`` is nobody)."""

    instance: Instance
    path: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.instance.url + self.path

    def credentials(self, name: str) -> tuple[str, str]:
        username, _, token = self.instance.user(name)
        return username, token

    def basic(self, name: str) -> dict[str, str]:
        if name == "anonymous":
            return {}
        pair = "wrong:wrong" if name == "wrong" else ":".join(self.credentials(name))
        return {"Authorization": "Basic " + b64encode(pair.encode()).decode()}

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(urlsplit(self.instance.url).netloc, timeout=120)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        who: str = "dvc-owner",
        chunked: bool = True,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = self.connect()
        sent = (
            body if not (chunked and body is not None) else iter([body[:7], body[7:]] if body[7:] else [body])
        )
        extra = {"Transfer-Encoding": "chunked"} if chunked and body is not None else {}
        where = f"{self.path}/{path}" if path else self.path
        connection.request(
            method,
            where,
            body=sent,
            headers={**self.basic(who), **extra, **(headers or {})},
            encode_chunked=chunked,
        )
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response.status, response.headers, content


def make_remote(instance: Instance, visibility: str = "private") -> Remote:
    slug = f"dvc-{next(_numbers)}"
    for name in ("dvc-owner", "dvc-writer", "dvc-reader", "dvc-stranger"):
        instance.user(name)
    roles = {"dvc-writer": "writer", "dvc-reader": "reader"}
    script = _MAKE.format(owner="dvc-owner", slug=slug, visibility=visibility, roles=roles)
    instance.manage("shell", "-c", script)
    return Remote(instance, f"/dvc-owner/{slug}.dvc")


@pytest.fixture(scope="module")
def remote(instance: Instance) -> Remote:
    return make_remote(instance)


@pytest.fixture(scope="module")
def public_remote(instance: Instance) -> Remote:
    return make_remote(instance, "public")
