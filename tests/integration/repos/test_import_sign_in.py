"""A repository that asks for a sign-in: git gets it, and nobody and nothing else does."""

import ipaddress
import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import serializers
from structlog.testing import capture_logs

from ropewalk.core import clock
from ropewalk.core.errors import Conflict, Invalid
from ropewalk.core.models import AuditEvent, Job
from ropewalk.data import services
from ropewalk.projects.models import Project
from ropewalk.repos import git, refs, selectors
from ropewalk.repos import services as repos
from ropewalk.repos.models import ImportSource
from tests.factories import builders
from tests.fixtures.elsewhere import Elsewhere, make_repository, serving
from workers.runners import base

SECRET = "s3cret/:@ tokén"


@pytest.fixture
def place(db: None, settings: Any, tmp_path: Path) -> Iterator[Elsewhere]:
    settings.REPOSITORIES_ROOT = tmp_path / "repos"
    settings.ROPEWALK_ALLOWED_NETWORKS = (ipaddress.ip_network("127.0.0.1/32"),)
    (tmp_path / "there").mkdir()
    make_repository(tmp_path / "there" / "code.git")
    with serving(Elsewhere(tmp_path / "there", user="ada", password=SECRET)) as running:
        yield running


def _start(url: str, **sign_in: str) -> tuple[Project, Job]:
    user = builders.make_user()
    project = services.start_import(
        url=url,
        owner_id=user.owner.pk,
        slug="copy",
        created_by_id=user.pk,
        description="",
        visibility="private",
        **sign_in,
    )
    return project, _run(project)


def _run(project: Project) -> Job:
    job = Job.objects.get(project_id=project.pk, kind="import-repository")
    base.run(str(job.pk), "test")
    job.refresh_from_db()
    return job


def _processes_with(secret: str) -> list[str]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            for name in ("cmdline", "environ"):
                try:
                    data = (folder / name).read_bytes()
                except OSError:  # it ended, or belongs to somebody else
                    continue
                if secret.encode() in data:
                    found.append(f"{folder.name} {name}")
    return found


def _rows(project: Project) -> str:
    rows = [
        *Job.objects.filter(project_id=project.pk),
        *AuditEvent.objects.filter(project_id=project.pk),
        *ImportSource.objects.for_project(project.pk),
    ]
    return serializers.serialize("json", rows)


def test_signed_in_and_seen_by_nobody(place: Elsewhere, tmp_path: Path) -> None:
    leaks: list[str] = []
    place.watch = lambda: leaks.extend(_processes_with(SECRET))
    with capture_logs() as logs:
        project, job = _start(f"{place.url}/code.git", username="ada", password=SECRET)
    assert (job.state, job.error_message) == ("succeeded", "")
    assert set(refs.read_refs(project.pk)) == {"refs/heads/trunk", "refs/tags/v1"}
    assert len(place.seen) > 3
    assert not leaks
    assert SECRET not in json.dumps(logs, default=str) + json.dumps(
        json.loads(_rows(project)), ensure_ascii=False
    )
    for path in git.repository_path(project.pk).rglob("*"):
        assert path.is_dir() or SECRET.encode() not in path.read_bytes()
    source = selectors.import_source(project.pk)
    assert source is not None
    assert not source.has_sign_in  # it ended well: the secret is forgotten
    assert not any(name.endswith("sign-in (deleted)") for name in _open_files())


def _open_files() -> list[str]:
    return [str(path.readlink()) for path in Path(f"/proc/{os.getpid()}/fd").iterdir() if path.is_symlink()]


def test_sign_in_typed_into_the_address(place: Elsewhere) -> None:
    typed = place.url.replace("http://", "http://ada:s3cret%2F%3A%40%20tok%C3%A9n@")
    project, job = _start(f"{typed}/code.git")
    assert (job.state, job.error_message) == ("succeeded", "")
    source = selectors.import_source(project.pk)
    assert source is not None
    assert source.url == f"{place.url}/code.git"
    assert "s3cret" not in _rows(project)


def test_wrong_one_is_forgotten_and_another_is_taken(place: Elsewhere) -> None:
    place.echo = True
    with capture_logs() as logs:
        project, job = _start(f"{place.url}/code.git", username="ada", password="wrong-one")
    assert (job.state, job.error_code) == ("failed", "sign_in_refused")
    assert "did not accept the sign-in" in job.error_message
    assert "wrong-one" not in json.dumps(logs, default=str) + _rows(project)
    assert "YWRhOndyb25nLW9uZQ" not in json.dumps(logs, default=str) + _rows(project)
    source = selectors.import_source(project.pk)
    assert source is not None
    assert not source.has_sign_in
    services.retry_import(
        project_id=project.pk, user_id=project.created_by_id, username="ada", password=SECRET
    )
    assert _run(project).state == "succeeded"
    with pytest.raises(Conflict):
        services.retry_import(project_id=project.pk, user_id=project.created_by_id)


@pytest.mark.parametrize(("status", "password", "code"), [
    (403, "wrong", "sign_in_refused"), (401, "", "sign_in_needed"), (403, "", "sign_in_needed"),
])  # fmt: skip
def test_what_the_other_server_says(place: Elsewhere, status: int, password: str, code: str) -> None:
    place.status = status
    _, job = _start(f"{place.url}/code.git", username="ada" if password else "", password=password)
    assert (job.state, job.error_code) == ("failed", code)


def test_one_that_nobody_used_again_is_forgotten_after_a_week(place: Elsewhere) -> None:
    old, new = (_start(f"{place.url}/none{n}.git", username="ada", password=SECRET)[0] for n in range(2))
    rows = ImportSource.objects.for_project(old.pk)
    rows.update(updated_at=clock.now() - timedelta(days=6, hours=23))
    assert repos.forget_old_import_sign_ins() == 0
    rows.update(updated_at=clock.now() - timedelta(days=7, hours=1))
    assert repos.forget_old_import_sign_ins() == 1
    assert not rows.get().sign_in
    assert ImportSource.objects.for_project(new.pk).get().sign_in
    rows.update(sign_in="x", updated_at=clock.now() - timedelta(days=8))
    services.retry_import(project_id=old.pk, user_id=old.created_by_id, username="ada", password=SECRET)
    assert repos.forget_old_import_sign_ins() == 0  # a new one begins its own week


def test_token_without_a_name(place: Elsewhere) -> None:
    place.user = "oauth2"
    _, job = _start(f"{place.url}/code.git", password=SECRET)
    assert job.state == "succeeded"


def test_another_address_does_not_get_what_was_meant_for_the_first(place: Elsewhere, tmp_path: Path) -> None:
    project, job = _start(f"{place.url}/none.git", username="ada", password=SECRET)
    assert (job.state, job.error_code) == ("failed", "fetch_failed")
    source = selectors.import_source(project.pk)
    assert source is not None
    assert source.has_sign_in  # nothing was wrong with it
    with serving(Elsewhere(tmp_path / "there", user="ada", password=SECRET)) as other:
        services.retry_import(
            project_id=project.pk, user_id=project.created_by_id, url=f"{other.url}/code.git"
        )
        assert _run(project).error_code == "sign_in_needed"
        assert all(header == "" for _, _, header in other.seen)


@pytest.mark.parametrize(("url", "username", "password"), [
    ("git://example.org/a.git", "ada", "x"),
    ("https://example.org/a.git", "ada", ""),
    ("https://example.org/a.git", "ada:x", "secret"),
    ("https://example.org/a.git", "ada", "secret\nhost=evil"),
    ("https://example.org/a.git", "ada", "secret\0"),
    ("https://example.org/a.git", "ada", "s" * 5000),
    ("https://example.org/a.git", "a" * 300, "secret"),
    ("git://ada:secret@example.org/a.git", "", ""),
    ("https://ada:secret@[::1/a.git", "", ""),
    ("https://ada:secret@example.org/a.git?x", "", ""),
])  # fmt: skip
def test_malformed(db: None, url: str, username: str, password: str) -> None:
    with pytest.raises(Invalid) as caught:
        _start(url, username=username, password=password)
    assert "secret" not in str(caught.value) + caught.value.hint
    assert not Project.objects.exists()
