"""An import by the API, in Gitea's words."""

import ipaddress
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from ropewalk.core.models import Job
from ropewalk.projects.models import Project
from ropewalk.repos import refs
from tests.factories import builders
from tests.fixtures.elsewhere import Elsewhere, make_repository, serving
from workers.runners import base

SECRET = "hidden-token"
Migrate = Callable[..., Any]


@pytest.fixture
def place(db: None, settings: Any, tmp_path: Path) -> Iterator[Elsewhere]:
    settings.REPOSITORIES_ROOT = tmp_path / "repos"
    settings.ROPEWALK_ALLOWED_NETWORKS = (ipaddress.ip_network("127.0.0.1/32"),)
    (tmp_path / "there").mkdir()
    make_repository(tmp_path / "there" / "code.git")
    with serving(Elsewhere(tmp_path / "there", user="oauth2", password=SECRET)) as running:
        yield running


@pytest.fixture
def migrate(client: Client, db: None) -> Migrate:
    user = builders.make_user()
    token = builders.make_token(user)

    def ask(**body: Any) -> Any:
        answer = client.post(
            "/api/v1/repos/migrate",
            json.dumps({"repo_name": "copy", **body}),
            "application/json",
            headers={"Authorization": f"Bearer {body.pop('token', token)}"},
        )
        return answer, answer.json()

    return ask


def test_with_a_token(migrate: Migrate, place: Elsewhere) -> None:
    answer, body = migrate(
        clone_addr=f"{place.url}/code.git", auth_token=SECRET, description="x", private=False,
        service="git", wiki=False, issues=False, mirror=False,
    )  # fmt: skip
    assert (answer.status_code, body["name"], body["empty"], body["private"]) == (201, "copy", True, False)
    assert SECRET not in answer.content.decode()
    job = Job.objects.get(project_id=body["id"], kind="import-repository")
    base.run(str(job.pk), "test")
    assert set(refs.read_refs(body["id"])) == {"refs/heads/trunk", "refs/tags/v1"}
    _, mirrored = migrate(
        clone_addr=f"{place.url}/code.git",
        auth_token=SECRET,
        repo_name="kept",
        mirror=True,
        mirror_interval="1h",
    )
    assert (mirrored["mirror"], mirrored["mirror_interval"]) == (True, "1h0m0s")
    again, _ = migrate(clone_addr=f"{place.url}/code.git")
    assert again.status_code == 409


@pytest.mark.parametrize(("body", "status", "code"), [
    ({"clone_addr": "https://127.0.0.1/a.git", "mirror": True, "mirror_interval": "1s"}, 422, "bad_interval"),
    ({"clone_addr": "https://127.0.0.1/a.git", "mirror": True, "mirror_interval": "often"}, 422, "bad_interval"),
    ({"clone_addr": "https://127.0.0.2/a.git"}, 422, "address_refused"),
    ({"clone_addr": "file:///etc"}, 422, "bad_scheme"),
    ({"clone_addr": "git://127.0.0.1/a.git", "auth_token": "secret"}, 422, "bad_sign_in"),
    ({"clone_addr": "https://127.0.0.1/a.git", "repo_owner": "nobody-there"}, 404, ""),
    ({"clone_addr": "https://127.0.0.1/a.git", "repo_name": "no/name"}, 422, ""),
    ({}, 422, "invalid"),
])  # fmt: skip
def test_refused(migrate: Migrate, place: Elsewhere, body: dict[str, Any], status: int, code: str) -> None:
    answer, said = migrate(**body)
    assert (answer.status_code, code in {"", said["code"]}) == (status, True), said
    assert "secret" not in answer.content.decode()
    assert not Project.objects.exists()


def test_not_for_others_nor_with_a_reading_token(migrate: Migrate, place: Elsewhere) -> None:
    stranger = builders.make_user()
    answer, _ = migrate(clone_addr=f"{place.url}/code.git", repo_owner=stranger.owner.slug)
    assert answer.status_code == 403
    answer, _ = migrate(clone_addr=f"{place.url}/code.git", token=builders.make_token(stranger, "read"))
    assert answer.status_code == 403
    assert not Project.objects.exists()
