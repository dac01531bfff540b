"""A sync of a mirror for which there is no room changes nothing, says so, and goes through as soon as there is."""

from pathlib import Path

from ropewalk.core.derived import cache
from ropewalk.projects.models import Project
from ropewalk.quotas.services import set_project_quota
from ropewalk.repos import git
from tests.fixtures.upstream import Upstream
from tests.integration.repos.test_mirror import allowed, daemon, folder, here, imported, row, sync, upstream

__all__ = ["allowed", "daemon", "folder", "upstream"]


def files(project: Project) -> list[str]:
    root = git.repository_path(project.pk) / "objects"
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_it_changes_nothing_and_goes_through_later(upstream: Upstream) -> None:
    project = imported(upstream)
    upstream.git("update-ref", "-d", "refs/heads/side")
    upstream.commits("main", 2000, start=100)
    before, files_before = here(project), files(project)
    set_project_quota(project_id=project.pk, limit=20_000)
    cache.clear()  # what a commit of this transaction would have forgotten
    job = sync(project)
    assert (job.state, job.error_code) == ("failed", "over_quota")
    for said in (job.error_message, row(project).last_error):
        assert "may store 19.5 KiB" in said and "ask this server's operator for more room" in said
    assert (here(project), files(project)) == (before, files_before)
    assert not list(Path(git.repository_path(project.pk)).parent.glob(".new-*"))
    set_project_quota(project_id=project.pk, limit=None)
    cache.clear()
    assert sync(project).state == "succeeded"
    assert here(project) == upstream.refs()
