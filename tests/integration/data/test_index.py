"""The index of commits: from a real repository to outputs, presence, versions and the bytes of a path."""

import os
import subprocess
from pathlib import Path

import pytest

from ropewalk.core.blobs.disk import DiskStore
from ropewalk.core.errors import NotFound
from ropewalk.core.models import Job, JobState
from ropewalk.data import selectors, services
from ropewalk.data.models import OutputSet, RevisionIndex
from ropewalk.data.types import INDEX_HISTORY, INDEX_REVISION
from ropewalk.projects.models import Project
from ropewalk.repos import git as repository
from ropewalk.repos import services as repos
from tests.factories.builders import make_project
from tests.integration.data.conftest import listing, md5, send
from workers.runners import base


class Clone:
    """A working copy whose commits go to the project's repository."""

    def __init__(self, folder: Path, project: Project) -> None:
        self.folder, self.project = folder, project
        repos.ensure_repository(project_id=project.pk)
        folder.mkdir()
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str) -> str:
        who = {
            f"GIT_{role}_{what}": "t@example.org"
            for role in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        }
        environment = {**os.environ, **who, "GIT_CONFIG_GLOBAL": "/dev/null"}
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def commit(self, files: dict[str, str]) -> str:
        for path, text in files.items():
            target = self.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", f"commit {len(files)}")
        self.git("push", "-q", str(repository.repository_path(self.project.pk)), "+HEAD:refs/heads/main")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def project(transactional_db: None, objects: DiskStore, tmp_path: Path, settings) -> Project:  # type: ignore[no-untyped-def]
    settings.REPOSITORIES_ROOT = tmp_path / "repos"
    return make_project()


@pytest.fixture
def clone(project: Project, tmp_path: Path) -> Clone:
    return Clone(tmp_path / "clone", project)


def pointer(content: bytes, path: str, *, is_dir: bool = False) -> str:
    return f"outs:\n- md5: {md5(content)}{'.dir' if is_dir else ''}\n  size: {len(content)}\n  hash: md5\n  path: {path}\n"


def work(project: Project) -> None:
    """Run the project's queued index jobs as a worker would."""
    kinds = [INDEX_REVISION.name, INDEX_HISTORY.name]
    for job in Job.objects.filter(project_id=project.pk, state=JobState.QUEUED, kind__in=kinds).order_by(
        "created_at"
    ):
        base.run(str(job.pk), "test")
        job.refresh_from_db()
        assert job.state == JobState.SUCCEEDED, job.error_detail


def test_push_is_indexed_with_its_history(project: Project, clone: Clone) -> None:
    first = clone.commit({"data/a.csv.dvc": pointer(b"one", "a.csv"), "params.yaml": "lr: 1"})
    same = clone.commit({"README.md": "text"})
    second = clone.commit({"data/a.csv.dvc": pointer(b"two", "a.csv")})
    services.index_pushed_commits(project_id=project.pk, shas=[second], requested_by_id=None)
    work(project)
    assert selectors.indexed(project.pk, [first, same, second]) == {first, same, second}
    assert OutputSet.objects.for_project(project.pk).count() == 2
    found = selectors.revision(project.pk, second)
    assert found is not None and found.problems == () and found.author == "t@example.org"
    [output] = selectors.outputs(project.pk, second)
    assert (output.path, output.oid, output.size, output.present) == ("data/a.csv", md5(b"two"), 3, False)
    send(project, b"two")
    assert selectors.outputs(project.pk, second)[0].present
    [dataset] = selectors.datasets(project.pk)
    assert (dataset.output.path, dataset.tabular, dataset.versions) == ("data/a.csv", True, 2)
    versions = selectors.versions(project.pk, "data/a.csv")
    assert [(one.commit_sha, one.oid, one.present) for one in versions] == [
        (second, md5(b"two"), True),
        (first, md5(b"one"), False),
    ]
    services.index_pushed_commits(project_id=project.pk, shas=[second], requested_by_id=None)
    assert RevisionIndex.objects.for_project(project.pk).count() == 3


def test_another_projects_commit_is_not_read(project: Project, clone: Clone) -> None:
    sha = clone.commit({"a.dvc": pointer(b"one", "a")})
    services.ensure_indexed(project_id=project.pk, commit_sha=sha)
    work(project)
    other = make_project()
    assert selectors.outputs(other.pk, sha) == [] and selectors.revision(other.pk, sha) is None


def test_where_the_bytes_of_a_path_are(project: Project, clone: Clone) -> None:
    files = {"x.csv": b"x\n1\n", "sub/y.csv": b"y\n22\n"}
    folder = listing(files)
    sha = clone.commit(
        {
            "table.csv.dvc": pointer(b"a,b\n", "table.csv"),
            "folder.dvc": pointer(folder, "folder", is_dir=True),
            "absent.csv.dvc": pointer(b"never pushed", "absent.csv"),
            "code.py": "print()",
        }
    )
    with pytest.raises(NotFound) as waiting:
        selectors.resolve_data_file(project.pk, sha, "table.csv")
    assert waiting.value.code == "not_indexed"
    services.ensure_indexed(project_id=project.pk, commit_sha=sha)
    work(project)
    send(project, b"a,b\n")
    table = selectors.resolve_data_file(project.pk, sha, "table.csv")
    assert (table.source, table.size, table.present) == ("dvc", 4, True)
    assert table.content_hash.startswith("sha256:")
    assert b"".join(selectors.open_data_file(project.pk, table)) == b"a,b\n"
    with pytest.raises(NotFound):
        selectors.resolve_data_file(project.pk, sha, "folder/x.csv")
    for body in (*files.values(),):
        send(project, body)
    send(project, folder, is_dir=True)
    inner = selectors.resolve_data_file(project.pk, sha, "folder/sub/y.csv")
    assert b"".join(selectors.open_data_file(project.pk, inner)) == files["sub/y.csv"]
    whole = selectors.resolve_data_file(project.pk, sha, "folder")
    assert whole.is_dir and whole.present
    assert [(one.path, one.size, one.present) for one in selectors.dir_files(project.pk, whole)] == [
        ("folder/sub/y.csv", 5, True),
        ("folder/x.csv", 4, True),
    ]
    assert [one.oid for one in selectors.versions(project.pk, "folder/x.csv")] == [md5(files["x.csv"])]
    absent = selectors.resolve_data_file(project.pk, sha, "absent.csv")
    assert not absent.present and absent.content_hash == f"md5:{md5(b'never pushed')}"
    with pytest.raises(NotFound):
        selectors.open_data_file(project.pk, absent)
    code = selectors.resolve_data_file(project.pk, sha, "code.py")
    assert (code.source, b"".join(selectors.open_data_file(project.pk, code))) == ("git", b"print()")
    assert [one.source for one in selectors.versions(project.pk, "code.py")] == ["git"]
    with pytest.raises(NotFound):
        selectors.resolve_data_file(project.pk, sha, "folder/none.csv")


def test_hostile_repository_gives_problems(project: Project, clone: Clone, tmp_path: Path) -> None:
    secret = tmp_path / "secret.dvc"
    secret.write_text(pointer(b"secret", "secret"))
    (clone.folder / "link.dvc").symlink_to(secret)
    (clone.folder / "dvc.yaml").symlink_to("/etc/passwd")
    sha = clone.commit(
        {
            "bomb.dvc": "a: &a [1,1,1,1,1,1,1,1,1,1]\n"
            + "".join(f"b{i}: &b{i} [{','.join([f'*b{i - 1}' if i else '*a'] * 10)}]\n" for i in range(9)),
            "code.dvc": "!!python/object/apply:os.system ['touch hacked']",
            "out.dvc": pointer(b"x", "../../../etc/passwd"),
            "nul.dvc": f'outs:\n- md5: {md5(b"x")}\n  path: "a\\0b"\n',
            "long.dvc": pointer(b"x", "a" * 5000),
            "big.dvc": "#" * (5 << 20),
            "good.dvc": pointer(b"x", "good"),
        }
    )
    services.ensure_indexed(project_id=project.pk, commit_sha=sha)
    work(project)
    found = selectors.revision(project.pk, sha)
    assert found is not None
    # PostgreSQL holds no NUL: the path is shown with a replacement, and names nothing.
    assert [output.path for output in selectors.outputs(project.pk, sha)] == ["a\ufffdb", "good"]
    assert {(problem.path, problem.code) for problem in found.problems} == {
        ("bomb.dvc", "too_many_nodes"),
        ("code.dvc", "bad_tag"),
        ("out.dvc", "bad_output"),
        ("long.dvc", "bad_output"),
        ("big.dvc", "too_large"),
    }
