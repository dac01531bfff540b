"""From two commits to a stored report: profiles computed once, reports asked for once, failures as values."""

from collections.abc import Callable
from io import BytesIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ropewalk.access.roles import Permission
from ropewalk.access.types import ProjectAccess
from ropewalk.core import blobs, jobs
from ropewalk.core.models import Job
from ropewalk.data import selectors as data
from ropewalk.monitors import selectors, services
from ropewalk.monitors.errors import ReportNotFound, SameData
from ropewalk.monitors.models import DriftReport, FileProfile
from ropewalk.monitors.types import COMPARE_DATA, ContentKey
from ropewalk.projects.models import Project
from ropewalk.repos import selectors as repos
from ropewalk.repos.errors import RevisionNotFound
from tests.factories.builders import access_of, make_project
from tests.integration.monitors.repository import Repository
from workers.runners import data_files

Work = Callable[[], list[Job]]


def _table(shift: float, rows: int = 1200, seed: int = 1) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    return {"x": random.normal(shift, 1, rows), "word": np.array(["a", "b"])[random.integers(0, 2, rows)]}


def _csv(shift: float, rows: int = 1200, seed: int = 1) -> str:
    columns = _table(shift, rows, seed)
    return "x,word\n" + "".join(
        f"{x},{word}\n" for x, word in zip(columns["x"], columns["word"], strict=True)
    )


def _parquet(shift: float, rows: int = 1200, seed: int = 1) -> bytes:
    sink = BytesIO()
    pq.write_table(pa.table(_table(shift, rows, seed)), sink)
    return sink.getvalue()


@pytest.fixture
def access(project: Project) -> ProjectAccess:
    return access_of(project.owner.user, project, Permission.ANALYSES_START)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of the data files that were really read."""
    seen: list[str] = []
    profile = data_files._profile

    def noted(project_id: int, file: data_files.TableFile, tell: Callable[[float], None]) -> object:
        seen.append(file.path)
        return profile(project_id, file, tell)

    monkeypatch.setattr(data_files, "_profile", noted)
    return seen


def test_two_versions_of_a_csv(access: ProjectAccess, repository: Repository, work: Work) -> None:
    first = repository.commit({"data/train.csv": _csv(0)}, tag="v1")
    second = repository.commit({"data/train.csv": _csv(1, seed=2)})
    number = services.request_drift_report(
        access=access, path="data/train.csv", reference="v1", current="main"
    )
    waiting = selectors.get_report(access.project.id, number)
    assert waiting.result is None and waiting.job is not None and waiting.job.state == "queued"
    (job,) = work()
    assert (job.state, job.result["verdict"], job.result["files"]) == ("succeeded", "drift", 2)

    detail = selectors.get_report(access.project.id, number)
    summary, result = detail.summary, detail.result
    assert (summary.number, summary.verdict, summary.state) == (1, "drift", "succeeded")
    assert (summary.reference.revision, summary.reference.commit) == ("v1", first)
    assert (summary.current.revision, summary.current.commit) == ("main", second)
    assert summary.reference.content_hash.startswith("git:") and summary.computed_at
    assert summary.sentence == "1 of 2 columns drifted: x." == result["verdict"]["sentence"]
    assert [column["verdict"] for column in result["columns"]] == ["drift", "stable"]
    assert selectors.latest_report(access.project.id) == summary
    assert selectors.list_reports(access.project.id).items == [summary]
    assert selectors.list_reports(access.project.id, path="other.csv").items == []


def test_asking_twice_is_one_report_and_one_job(
    access: ProjectAccess, repository: Repository, work: Work
) -> None:
    repository.commit({"t.csv": _csv(0)}, tag="v1")
    sha = repository.commit({"t.csv": _csv(1)})
    numbers = {
        services.request_drift_report(access=access, path="t.csv", reference="v1", current=current)
        for current in ("main", sha, sha[:10], "main")
    }
    assert numbers == {1} and Job.objects.filter(kind="compare_data").count() == 1
    work()
    assert services.request_drift_report(access=access, path="t.csv", reference="v1", current="main") == 1
    assert work() == []
    assert services.request_drift_report(access=access, path="t.csv", reference="main", current="v1") == 2


def test_the_second_report_reads_only_what_is_new(
    access: ProjectAccess, repository: Repository, work: Work, reads: list[str]
) -> None:
    parts = {f"d/part{index}.parquet": _parquet(0, seed=index) for index in range(4)}
    repository.commit(parts | {"d/readme.md": "about"}, tag="v1")
    repository.commit({"d/part3.parquet": _parquet(3, seed=9)}, tag="v2")
    repository.commit({"d/part2.parquet": _parquet(3, seed=8)}, tag="v3")
    services.request_drift_report(access=access, path="d", reference="v1", current="v2")
    (job,) = work()
    assert job.state == "succeeded" and sorted(reads) == [*sorted(parts), "d/part3.parquet"]
    reads.clear()
    number = services.request_drift_report(access=access, path="d", reference="v1", current="v3")
    work()
    assert reads == ["d/part2.parquet"]
    result = selectors.get_report(access.project.id, number).result
    assert result is not None and result["rows"] == {"reference": 4800, "current": 4800, "change": 0}
    assert result["files"] == {"reference": 4, "current": 4}


def test_a_profile_is_a_function_of_content_and_stays_in_its_project(
    access: ProjectAccess, repository: Repository, work: Work, reads: list[str], tmp_path: object
) -> None:
    repository.commit({"a.csv": _csv(0), "b.csv": _csv(0), "same.txt": "x"}, tag="v1")
    repository.commit({"a.csv": _csv(1)})
    services.request_drift_report(access=access, path="a.csv", reference="v1", current="main")
    work()
    tip = repos.resolve(access.project.id, "v1").sha
    services.request_data_profile(
        project_id=access.project.id, file=data.resolve_data_file(access.project.id, tip, "b.csv")
    )
    (job,) = work()
    assert job.state == "succeeded" and job.result == {"files": 1, "rows": 1200}
    assert reads == ["a.csv", "a.csv"]  # b.csv at v1 has the content of a.csv at v1
    rows = FileProfile.objects.for_project(access.project.id)
    assert rows.count() == 2
    row = rows.order_by("pk")[0]
    assert row.key.startswith(f"p/{access.project.id}/profiles/v1/git/")
    assert blobs.store().stat(row.key) and blobs.store().stat(f"{row.key}.sample")
    content = ContentKey(row.algorithm, row.content_hash, row.options)
    assert selectors.stored_profiles(make_project().pk, [content]) == {}
    stored = selectors.stored_profiles(access.project.id, [content])[content]
    assert stored.rows == 1200 and [column["name"] for column in stored.summary["columns"]] == ["x", "word"]
    assert stored.summary["columns"][1]["top"][0]["share"] == pytest.approx(0.5, abs=0.05)


def test_a_lost_or_damaged_profile_is_computed_again(
    access: ProjectAccess, repository: Repository, work: Work, reads: list[str]
) -> None:
    repository.commit({"t.csv": _csv(0)}, tag="v1")
    repository.commit({"t.csv": _csv(1)}, tag="v2")
    repository.commit({"t.csv": _csv(2)}, tag="v3")
    services.request_drift_report(access=access, path="t.csv", reference="v1", current="v2")
    work()
    lost, damaged = FileProfile.objects.for_project(access.project.id).order_by("pk")
    blobs.store().delete(lost.key)
    with blobs.store().writer(damaged.key) as writer:
        writer.write(b"no profile")
        writer.commit()
    reads.clear()
    for reference in ("v1", "v2"):
        services.request_drift_report(access=access, path="t.csv", reference=reference, current="v3")
    assert [job.state for job in work()] == ["succeeded", "succeeded"]
    assert reads == ["t.csv"] * 3
    assert FileProfile.objects.for_project(access.project.id).count() == 3


@pytest.mark.parametrize(
    ("path", "content", "code", "words"),
    [
        ("t.csv", "a,b\n1,2\n3\n", "ragged_rows", "t.csv: Row 3 has 1 cells"),
        ("t.parquet", b"not parquet", "wrong_format", "does not begin like a Parquet file"),
        ("t.csv", b"", "empty_file", "The file is empty"),
        ("notes.bin", "hello", "unsupported_format", "CSV, TSV"),
    ],
)
def test_what_cannot_be_profiled_fails_with_words(
    access: ProjectAccess,
    repository: Repository,
    work: Work,
    path: str,
    content: bytes | str,
    code: str,
    words: str,
) -> None:
    repository.commit({path: "x,word\n1,a\n" if path.endswith("csv") else b"PAR1"}, tag="v1")
    repository.commit({path: content})
    number = services.request_drift_report(access=access, path=path, reference="main", current="v1")
    (job,) = work()
    assert (job.state, job.error_code) == ("failed", code) and words in job.error_message
    assert "Traceback" not in job.error_message
    detail = selectors.get_report(access.project.id, number)
    assert detail.result is None and detail.job is not None and detail.job.error_code == code
    services.request_drift_report(access=access, path=path, reference="main", current="v1")
    assert Job.objects.get(pk=job.pk).state == "queued"  # asking again tries again


def test_paths_that_are_not_there(access: ProjectAccess, repository: Repository, work: Work) -> None:
    repository.commit({"src/main.py": "print()", "t.csv": _csv(0)}, tag="v1")
    repository.commit({"u.csv": _csv(0)})
    services.request_drift_report(access=access, path="u.csv", reference="v1", current="main")
    services.request_drift_report(access=access, path="src", reference="v1", current="main")
    assert [job.error_code for job in work()] == ["path_not_found", "nothing_to_compare"]
    services.request_drift_report(
        access=access, path="t.csv", current_path="u.csv", reference="v1", current="main"
    )
    assert [job.state for job in work()] == ["succeeded"]


def test_bad_questions_are_refused_at_once(access: ProjectAccess, repository: Repository) -> None:
    repository.commit({"t.csv": _csv(0)}, tag="v1")
    with pytest.raises(SameData):
        services.request_drift_report(access=access, path="t.csv", reference="main", current="v1")
    for revision in ("nowhere", "v1/t.csv", "--upload-pack=x", "main:t.csv"):
        with pytest.raises(RevisionNotFound):
            services.request_drift_report(access=access, path="t.csv", reference=revision, current="main")
    assert not DriftReport.objects.for_project(access.project.id).exists()


def test_reports_are_numbered_and_seen_by_project(
    access: ProjectAccess, repository: Repository, work: Work
) -> None:
    repository.commit({"t.csv": _csv(0)}, tag="v1")
    repository.commit({"t.csv": _csv(1)})
    services.request_drift_report(access=access, path="t.csv", reference="v1", current="main")
    other = make_project()
    assert selectors.list_reports(other.pk).items == [] and selectors.latest_report(other.pk) is None
    with pytest.raises(ReportNotFound):
        selectors.get_report(other.pk, 1)
    with pytest.raises(ReportNotFound):
        selectors.sides_of_report(other.pk, DriftReport.objects.for_project(access.project.id)[0].pk)


def test_a_newer_runner_computes_again_in_place(
    access: ProjectAccess, repository: Repository, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit({"t.csv": _csv(0)}, tag="v1")
    repository.commit({"t.csv": _csv(1)})
    ask = {"access": access, "path": "t.csv", "reference": "v1", "current": "main"}
    services.request_drift_report(**ask)
    work()
    newer = jobs.JobKind(COMPARE_DATA.name, COMPARE_DATA.version + 1, COMPARE_DATA.time_limit)
    monkeypatch.setattr(services, "COMPARE_DATA", newer)
    assert services.request_drift_report(**ask) == 1
    detail = selectors.get_report(access.project.id, 1)
    assert detail.result is not None and detail.job is not None and detail.job.state == "queued"


def test_text_that_postgresql_cannot_hold_is_replaced(
    access: ProjectAccess, repository: Repository, work: Work
) -> None:
    def table(word: str) -> bytes:
        sink = BytesIO()
        pq.write_table(pa.table({"nul\x00name": ["a\x00b", word] * 600}), sink)
        return sink.getvalue()

    repository.commit({"t.parquet": table("c")}, tag="v1")
    repository.commit({"t.parquet": table("d\x00")})
    services.request_drift_report(access=access, path="t.parquet", reference="v1", current="main")
    (job,) = work()
    assert job.state == "succeeded", job.error_detail
    result = selectors.get_report(access.project.id, 1).result
    assert result is not None and result["columns"][0]["name"] == "nul\ufffdname"


def test_limits_on_files_are_told(
    access: ProjectAccess, repository: Repository, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit({"d/a.csv": _csv(0), "d/b.csv": _csv(0)}, tag="v1")
    repository.commit({"d/a.csv": _csv(1)})
    monkeypatch.setattr(data_files, "MOST_FILES", 1)
    services.request_drift_report(access=access, path="d", reference="v1", current="main")
    (job,) = work()
    assert job.error_code == "data_too_large" and "2 tables" in job.error_message
    monkeypatch.setattr(data_files, "MOST_FILE_BYTES", 1000)
    services.request_drift_report(access=access, path="d/a.csv", reference="v1", current="main")
    (job,) = work()
    assert job.error_code == "data_too_large" and "d/a.csv" in job.error_message
