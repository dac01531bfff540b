"""Another server says that something was pushed: by its own way of proving who it is, and nobody else can."""

import hashlib
import hmac
import json
from typing import Any

import pytest
from django.test import Client

from ropewalk.core.models import Job
from ropewalk.data import services
from ropewalk.projects.models import Project
from ropewalk.repos.mirrors import MirrorView
from ropewalk.repos.models import PullMirror
from ropewalk.repos.selectors import pull_mirror
from tests.factories import builders

BODY = json.dumps({"ref": "refs/heads/main", "commits": []}).encode()


@pytest.fixture
def project(db: None) -> Project:
    """A mirror; nothing answers at its address, and nobody asks."""
    project = builders.make_project()
    project.mirror_of = "https://example.org:443/team/original.git"
    project.save()
    PullMirror.objects.create(project=project, interval=0, hook_id="a" * 32, created_at=project.created_at)
    return project


def mirror_of(project: Project) -> MirrorView:
    found = pull_mirror(project.pk)
    assert found is not None
    return found


def post(path: str, body: bytes = BODY, **headers: str) -> Any:
    return Client(headers={name.replace("_", "-"): value for name, value in headers.items()}).post(
        path, body, content_type="application/json"
    )


def signed(secret: str, body: bytes = BODY) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def asked(project: Project) -> int:
    return Job.objects.filter(project_id=project.pk, kind="sync-mirror").count()


@pytest.mark.parametrize("way", ["path", "gitlab", "github", "gitea"])
def test_each_way_of_proving_it(project: Project, way: str) -> None:
    mirror = mirror_of(project)
    path, secret = f"/api/v1/hooks/mirror/{mirror.hook_id}", mirror.hook_secret
    answer = {
        "path": lambda: post(f"{path}/{secret}", b""),
        "gitlab": lambda: post(path, X_Gitlab_Token=secret),
        "github": lambda: post(path, X_Hub_Signature_256=f"sha256={signed(secret)}"),
        "gitea": lambda: post(path, X_Gitea_Signature=signed(secret)),
    }[way]()
    assert answer.status_code == 202
    assert asked(project) == 1
    assert post(f"{path}/{secret}").status_code == 202  # and no second one waits
    assert asked(project) == 1


def test_anything_else_is_the_same_404(project: Project) -> None:
    mirror = mirror_of(project)
    path, secret = f"/api/v1/hooks/mirror/{mirror.hook_id}", mirror.hook_secret
    answers = [
        post(path),
        post(f"{path}/wrong"),
        post(f"{path}/ü\0"),
        post(path, X_Gitlab_Token="wrong"),
        post(path, X_Gitlab_Token="ü"),
        post(path, X_Hub_Signature_256="sha256=" + "0" * 64),
        post(path, BODY + b" ", X_Hub_Signature_256=f"sha256={signed(secret)}"),
        post(f"/api/v1/hooks/mirror/{'b' * 32}/{secret}"),
        post(f"/api/v1/hooks/mirror/%00/{secret}"),
    ]
    assert {(answer.status_code, answer.content) for answer in answers} == {(404, answers[0].content)}
    assert asked(project) == 0


def test_a_renewed_secret_ends_the_old_one(project: Project) -> None:
    old = mirror_of(project)
    services.renew_hook(project_id=project.pk)
    new = mirror_of(project)
    assert post(f"/api/v1/hooks/mirror/{old.hook_id}/{old.hook_secret}").status_code == 404
    assert post(f"/api/v1/hooks/mirror/{new.hook_id}/{old.hook_secret}").status_code == 404
    assert post(f"/api/v1/hooks/mirror/{new.hook_id}/{new.hook_secret}").status_code == 202


def test_a_former_key_of_the_installation_still_counts(project: Project, settings: Any) -> None:
    before = mirror_of(project)
    path, secret = f"/api/v1/hooks/mirror/{before.hook_id}", before.hook_secret
    settings.ROPEWALK_OLD_SECRET_KEYS, settings.SECRET_KEY = (settings.SECRET_KEY,), "another" * 10
    assert mirror_of(project).hook_secret != secret
    assert post(path, X_Hub_Signature_256=f"sha256={signed(secret)}").status_code == 202
    assert post(path, X_Gitlab_Token=secret).status_code == 202
    settings.ROPEWALK_OLD_SECRET_KEYS = ()
    assert post(path, X_Gitlab_Token=secret).status_code == 404


def test_a_large_body_is_refused(project: Project) -> None:
    mirror = mirror_of(project)
    answer = post(f"/api/v1/hooks/mirror/{mirror.hook_id}", b" " * ((25 << 20) + 1), X_Hub_Signature_256="x")
    assert answer.status_code == 413
