"""Mirrors by the API, as Gitea's clients ask: their state in the project's body, a sync, and the servers that are pushed to."""

import ipaddress
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ropewalk.core.models import Job
from ropewalk.data import services as data
from ropewalk.edges.api.durations import go_duration, read_duration
from ropewalk.projects.models import Project
from ropewalk.repos.models import PushMirror
from ropewalk.repos.services import followed_refs
from tests.factories import builders
from tests.fixtures.elsewhere import Elsewhere, make_repository, serving
from tests.integration.api.conftest import Ask
from tests.integration.repos.conftest import Fill, commit, write

USER, PASSWORD = "robot", "s3cret-of-the-mirror"


@pytest.fixture
def there(settings: Any, tmp_path: Path) -> Iterator[Elsewhere]:
    """A server with a sign-in: ``original.git`` has history, ``copy.git`` has none."""
    settings.ROPEWALK_ALLOWED_NETWORKS = (ipaddress.ip_network("127.0.0.1/32"),)
    root = tmp_path / "there"
    make_repository(root / "original.git")
    subprocess.run(["git", "init", "--quiet", "--bare", str(root / "copy.git")], check=True)
    with serving(Elsewhere(root, user=USER, password=PASSWORD)) as place:
        yield place


def test_a_mirror_shows_itself_and_syncs(
    project: Project, ask: Ask, there: Elsewhere, index: Callable[[], None]
) -> None:
    before = ask("GET", "").json()
    assert (before["mirror"], before["mirror_interval"], before["mirror_updated"]) == (False, "", None)
    assert ask("POST", "mirror-sync").status_code == 404
    data.start_mirror(
        project_id=project.pk,
        address=f"{there.url}/original.git",
        interval=8 * 3600,
        requested_by_id=project.created_by_id,
        username=USER,
        password=PASSWORD,
    )
    index()
    body = ask("GET", "").json()
    assert (body["mirror"], body["mirror_interval"]) == (True, "8h0m0s")
    assert body["mirror_updated"]
    assert body["original_url"] == f"{there.url}/original.git"
    assert body["permissions"] == {"admin": True, "push": False, "pull": True}
    assert set(followed_refs(project.pk)) == {"refs/heads/trunk", "refs/tags/v1"}
    assert ask("POST", "mirror-sync").status_code == 200
    waiting = Job.objects.get(project_id=project.pk, kind="sync-mirror", state="queued")
    assert waiting.subject == "sync:api"


def test_the_interval_is_patched(project: Project, ask: Ask, there: Elsewhere) -> None:
    data.start_mirror(
        project_id=project.pk, address=f"{there.url}/original.git", interval=0, requested_by_id=1
    )
    answer = ask("PATCH", "", body={"mirror_interval": "12h30m"})
    assert (answer.status_code, answer.json()["mirror_interval"]) == (200, "12h30m0s")
    for wrong in ("1m", "often", "-1h", "h", "9" * 25 + "h"):
        assert ask("PATCH", "", body={"mirror_interval": wrong}).status_code == 422
    assert ask("GET", "").json()["mirror_interval"] == "12h30m0s"


def test_push_mirrors(
    project: Project, ask: Ask, fill: Fill, there: Elsewhere, index: Callable[[], None]
) -> None:
    fill(commit("refs/heads/main", 1_700_000_000, "one", write("a", b"1")))
    wanted = {
        "remote_address": f"{there.url}/copy.git",
        "remote_username": USER,
        "remote_password": PASSWORD,
        "interval": "8h",
        "sync_on_commit": False,
    }
    made = ask("POST", "push_mirrors", body=wanted)
    assert made.status_code == 200
    assert PASSWORD not in made.content.decode()
    name = made.json()["remote_name"]
    index()
    listed = ask("GET", "push_mirrors")
    assert listed["X-Total-Count"] == "1"
    (one,) = listed.json()
    assert (one["remote_name"], one["interval"], one["sync_on_commit"]) == (name, "8h0m0s", False)
    assert (one["last_error"], bool(one["last_update"])) == ("", True)
    out = subprocess.run(
        ["git", "-C", str(there.root / "copy.git"), "rev-parse", "main"], check=True, capture_output=True
    )
    assert out.stdout.decode().strip() == followed_refs(project.pk)["refs/heads/main"]
    assert ask("POST", "push_mirrors-sync").status_code == 200
    assert Job.objects.filter(project_id=project.pk, subject=f"push:{name}:api").count() == 1
    assert ask("GET", f"push_mirrors/{name}").json()["remote_name"] == name
    assert ask("DELETE", f"push_mirrors/{name}").status_code == 204
    assert ask("DELETE", f"push_mirrors/{name}").status_code == 404
    assert not PushMirror.objects.for_project(project.pk).exists()


def test_who_may(project: Project, ask: Ask, there: Elsewhere) -> None:
    writer = builders.make_token(builders.make_collaborator(project, "writer"))
    reader = builders.make_token(builders.make_collaborator(project, "reader"))
    wanted = {"remote_address": f"{there.url}/copy.git"}
    assert ask("POST", "push_mirrors", body=wanted, token=writer).status_code == 403
    assert ask("GET", "push_mirrors", token=writer).status_code == 403
    assert ask("POST", "push_mirrors-sync", token=reader).status_code == 403
    assert ask("POST", "push_mirrors-sync", token=writer).status_code == 200
    assert ask("POST", "push_mirrors", body={"remote_address": "http://10.0.0.1/a"}).status_code == 422
    assert ask("POST", "push_mirrors", body={}).status_code == 422


@pytest.mark.parametrize(("text", "seconds"), [("8h0m0s", 28800), ("0", 0), ("90m", 5400), ("1h30s", 3630)])
def test_durations(text: str, seconds: int) -> None:
    assert read_duration(text) == seconds
    assert read_duration(go_duration(seconds)) == seconds
