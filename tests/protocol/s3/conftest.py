"""A private project's S3 storage in a running instance, and the clients of who may use it."""

import itertools
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.fixtures.instance import Instance

_numbers = itertools.count(1)
_MAKE = """
from ropewalk.accounts.models import User
from ropewalk.projects import services
owner = User.objects.get(username="s3-owner")
project = services.create_project(owner_id=owner.owner_id, slug={slug!r}, created_by_id=owner.pk, visibility={visibility!r})
for name in ("writer", "reader"):
    services.set_collaborator(project_id=project.pk, username="s3-" + name, role=name)
"""
_PAIR = """
from ropewalk.accounts import s3_keys
from ropewalk.accounts.models import AccessToken
token = AccessToken.objects.filter(user__username={name!r}, project_id=None).latest("pk")
pair = s3_keys.pair_of(token.pk, token.digest)
print(pair.key_id, pair.secret)
"""
_PROJECTS_PAIR = """
from ropewalk.accounts import s3_keys, services
from ropewalk.accounts.models import AccessToken, User
from ropewalk.projects.models import Project
project = Project.objects.get(slug={slug!r}, owner__slug="s3-owner")
made = services.create_token(
    user_id=User.objects.get(username={name!r}).pk, name="bound", scopes=["write"], project_id=project.pk
)
token = AccessToken.objects.latest("pk")
pair = s3_keys.pair_of(token.pk, token.digest)
print(pair.key_id, pair.secret)
"""
_CONFIG: dict[str, Any] = {
    "signature_version": "s3v4",
    "s3": {"addressing_style": "path"},
    "retries": {"max_attempts": 1},
}
PEOPLE = ("s3-owner", "s3-writer", "s3-reader", "s3-stranger")


@dataclass
class Storage:
    """A project's ``.s3``."""

    instance: Instance
    slug: str

    @property
    def url(self) -> str:
        return f"{self.instance.url}/s3-owner/{self.slug}.s3"

    @property
    def buckets_url(self) -> str:
        """Where the owner's projects are buckets."""
        return f"{self.instance.url}/api/v1/repo-buckets/s3/s3-owner"

    def token(self, who: str) -> str:
        return self.instance.user(f"s3-{who}")[2]

    def pair(self, who: str) -> tuple[str, str]:
        """The key pair of somebody's newest token for all projects."""
        self.token(who)
        key_id, secret = self.instance.manage(
            "shell", "-v", "0", "-c", _PAIR.format(name=f"s3-{who}")
        ).split()
        return key_id, secret

    def project_pair(self, who: str) -> tuple[str, str]:
        """The key pair of a new token for writing to this project only."""
        self.token(who)
        key_id, secret = self.instance.manage(
            "shell", "-v", "0", "-c", _PROJECTS_PAIR.format(slug=self.slug, name=f"s3-{who}")
        ).split()
        return key_id, secret

    def client(
        self, who: str = "writer", *, key: str = "", secret: str = "", url: str = "", **config: Any
    ) -> Any:
        """boto3 as one of the project's people, with their token as key and secret unless others are given."""
        key = key or self.token(who)
        return boto3.client(
            "s3",
            endpoint_url=url or self.url,
            region_name="us-east-1",
            aws_access_key_id=key,
            aws_secret_access_key=secret or key,
            config=Config(**{**_CONFIG, **config}),
        )


def make_storage(instance: Instance, visibility: str = "private") -> Storage:
    for name in PEOPLE:
        instance.user(name)
    slug = f"s3-{next(_numbers)}"
    instance.manage("shell", "-c", _MAKE.format(slug=slug, visibility=visibility))
    return Storage(instance, slug)


@pytest.fixture(scope="module")
def shared(instance: Instance) -> Storage:
    """One for tests that mind no others."""
    return make_storage(instance)


@pytest.fixture
def storage(instance: Instance) -> Storage:
    return make_storage(instance)
