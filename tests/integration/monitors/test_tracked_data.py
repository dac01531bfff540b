"""Data that DVC tracks: single files, folders, pipeline outputs, and bytes that nobody pushed."""

import hashlib
import json
from collections.abc import Callable

import pytest

from ropewalk.access.roles import Permission
from ropewalk.access.types import ProjectAccess
from ropewalk.core.models import Job
from ropewalk.monitors import selectors, services
from ropewalk.projects.models import Project
from tests.factories.builders import access_of
from tests.integration.monitors.repository import Repository
from tests.integration.monitors.tracked import md5, pointer, push, push_folder

Work = Callable[[], list[Job]]


def _csv(shift: float, rows: int = 600) -> bytes:
    return (
        "x,y\n" + "".join(f"{row * 7919 % 601 / 100 + shift},{row % 3}\n" for row in range(rows))
    ).encode()


@pytest.fixture
def access(project: Project) -> ProjectAccess:
    return access_of(project.owner.user, project, Permission.ANALYSES_START)


def test_a_tracked_file(access: ProjectAccess, project: Project, repository: Repository, work: Work) -> None:
    for version, shift in (("v1", 0), ("v2", 5)):
        content = _csv(shift)
        text = pointer(push(project, content), "train.csv", len(content))
        repository.commit({"data/train.csv.dvc": text}, tag=version)
    for path in ("data/train.csv", "data/train.csv.dvc", "data"):
        number = services.request_drift_report(access=access, path=path, reference="v1", current="v2")
        (job,) = work()
        assert job.state == "succeeded", job.error_detail
        detail = selectors.get_report(project.pk, number)
        assert detail.summary.verdict == "drift" and detail.result is not None
        assert detail.summary.reference.content_hash == f"sha256:{hashlib.sha256(_csv(0)).hexdigest()}"


def test_a_tracked_folder_and_a_part_of_it(
    access: ProjectAccess, project: Project, repository: Repository, work: Work
) -> None:
    first = {"a/one.csv": _csv(0), "b/two.csv": _csv(0), "notes.txt": b"hello"}
    for version, files in (("v1", first), ("v2", first | {"b/two.csv": _csv(9)})):
        repository.commit({"raw.dvc": pointer(push_folder(project, files), "raw", 1)}, tag=version)
    verdicts = {}
    for path in ("raw", "raw/a", "raw/b/two.csv", "raw/missing"):
        number = services.request_drift_report(access=access, path=path, reference="v1", current="v2")
        (job,) = work()
        detail = selectors.get_report(project.pk, number)
        verdicts[path] = (detail.summary.verdict, job.error_code)
    assert verdicts == {
        "raw": ("drift", ""),
        "raw/a": ("stable", ""),
        "raw/b/two.csv": ("drift", ""),
        "raw/missing": ("", "path_not_found"),
    }
    whole = selectors.get_report(project.pk, 1)
    assert whole.summary.current.content_hash.startswith(
        "md5:"
    ) and whole.summary.current.content_hash.endswith(".dir")
    assert whole.result is not None and whole.result["files"] == {"reference": 2, "current": 2}


def test_an_output_of_the_pipeline_beside_files_in_git(
    access: ProjectAccess, project: Project, repository: Repository, work: Work
) -> None:
    for version, shift in (("v1", 0), ("v2", 5)):
        content = _csv(shift)
        out = {"path": "out/made.csv", "md5": push(project, content), "size": len(content), "hash": "md5"}
        lock = json.dumps({"schema": "2.0", "stages": {"make": {"cmd": "make", "outs": [out]}}})
        stage = "stages:\n  make:\n    cmd: make\n    outs:\n    - out/made.csv\n"
        repository.commit({"dvc.yaml": stage, "dvc.lock": lock, "out/fixed.csv": _csv(0)}, tag=version)
    number = services.request_drift_report(access=access, path="out", reference="v1", current="v2")
    (job,) = work()
    assert job.state == "succeeded", job.error_detail
    detail = selectors.get_report(project.pk, number)
    assert detail.result is not None and detail.result["rows"]["current"] == 1200
    assert detail.summary.current.content_hash.startswith("files:")


def test_bytes_that_nobody_pushed_are_named(
    access: ProjectAccess, project: Project, repository: Repository, work: Work
) -> None:
    here, missing = _csv(0), _csv(1)
    repository.commit({"t.csv.dvc": pointer(push(project, here), "t.csv", len(here))}, tag="v1")
    sha = repository.commit({"t.csv.dvc": pointer(md5(missing), "t.csv", len(missing))}, tag="v2")
    services.request_drift_report(access=access, path="t.csv", reference="v1", current="v2")
    (job,) = work()
    assert job.error_code == "missing_data"
    assert job.error_message.startswith(f"The bytes of t.csv at commit {sha[:8]} were never pushed")
    assert "dvc push" in job.error_message
    push(project, missing)
    services.request_drift_report(access=access, path="t.csv", reference="v1", current="v2")
    assert [job.state for job in work()] == ["succeeded"]


def test_a_folder_whose_list_nobody_pushed_is_named(
    access: ProjectAccess, project: Project, repository: Repository, work: Work
) -> None:
    oid = push_folder(project, {"a.csv": _csv(0)})
    repository.commit({"raw.dvc": pointer(oid, "raw", 1)}, tag="v1")
    repository.commit({"raw.dvc": pointer(f"{'0' * 32}.dir", "raw", 1)}, tag="v2")
    services.request_drift_report(access=access, path="raw", reference="v1", current="v2")
    (job,) = work()
    assert job.error_code == "missing_data" and "raw" in job.error_message


def test_the_same_bytes_in_two_projects_have_two_profiles(
    access: ProjectAccess, project: Project, repository: Repository, work: Work
) -> None:
    from ropewalk.monitors.models import FileProfile

    content = _csv(0)
    repository.commit({"t.csv.dvc": pointer(push(project, content), "t.csv", len(content))}, tag="v1")
    repository.commit({"t.csv.dvc": pointer(push(project, _csv(1)), "t.csv", len(content))}, tag="v2")
    services.request_drift_report(access=access, path="t.csv", reference="v1", current="v2")
    work()
    keys = FileProfile.objects.for_project(project.pk).values_list("key", flat=True)
    assert len(keys) == 2 and all(key.startswith(f"p/{project.pk}/profiles/") for key in keys)
