"""A table file of a connected bucket is measured once for a content; another content is another measurement."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from ropewalk.core.errors import NotFound
from ropewalk.core.models import Job
from ropewalk.monitors import selectors
from ropewalk.monitors.models import DataProfile, DriftReport
from ropewalk.monitors.outside import outside_side
from ropewalk.outside.models import MeasuredFile
from ropewalk.outside.services import disconnect_bucket
from ropewalk.projects.models import Project
from tests.factories.builders import make_collaborator, make_project
from tests.fixtures.foreign_s3 import Reply, answering
from tests.integration.monitors.repository import Repository
from workers.runners import base

Connect = Callable[..., Any]
ROWS = b"fruit,weight\n" + b"".join(
    b"%s,%d\n" % (fruit, n) for n in range(50) for fruit in (b"apple", b"pear")
)


class Served:
    """One file, as its server tells of it now."""

    def __init__(self, body: bytes) -> None:
        self.body, self.etag, self.size = body, "first", len(body)
        self.swap_before_read = False

    def __call__(self, method: str, path: str) -> Reply:
        if method == "GET" and self.swap_before_read:
            return Reply(status=412)
        headers = {"ETag": f'"{self.etag}"', "Last-Modified": "Fri, 02 Jan 2026 03:04:05 GMT"}
        return Reply(body=[self.body], headers=headers, length=self.size)

    def becomes(self, body: bytes, etag: str) -> None:
        self.body, self.etag, self.size = body, etag, len(body)


def run_newest(project: Project) -> Job:
    job = Job.objects.filter(project_id=project.pk, kind="profile_outside").latest("created_at")
    base.run(str(job.pk), "test")
    job.refresh_from_db()
    return job


def reader_of(project: Project, role: str = "reader") -> Client:
    client = Client()
    client.force_login(make_collaborator(project, role))
    return client


def test_columns_of_the_present_content(project: Project, connected: Connect) -> None:
    served, client = Served(ROWS), reader_of(project)
    address = f"/{project}/buckets/theirs/columns?key=in/fruit.csv"
    with answering(served) as (endpoint, seen):
        connected(endpoint, "data/")
        assert (
            "columns?key=in%2Ffruit.csv"
            in client.get(f"/{project}/buckets/theirs/file?key=in/fruit.csv").content.decode()
        )
        client.get(address)
        client.get(address)
        assert Job.objects.filter(kind="profile_outside").count() == 1
        job = run_newest(project)
        assert (job.state, job.result) == ("succeeded", {"files": 1, "rows": 100}), job.error_message
        page = client.get(address).content.decode()
        assert "<strong>100</strong> rows" in page and "weight" in page and "apple" in page
        part = client.get(f"{address}&fragment=1&q=weigh")
        assert part["X-Fragment"] == "1" and "weight" in part.content.decode()
        assert '<h3 class="mono" title="fruit"' not in part.content.decode()
        assert 'name="key" value="in/fruit.csv"' in part.content.decode()
        reads = len([one for one in seen if one[0] == "GET"])
        client.get(address)
        assert len([one for one in seen if one[0] == "GET"]) == reads == 1

        served.becomes(ROWS * 2, "second")
        client.get(address)
        assert run_newest(project).result["rows"] == 201
        facts = client.get(f"/{project}/buckets/theirs/file?key=in/fruit.csv").content.decode()
        assert "Changed since" in facts and "first" in facts
        assert DataProfile.objects.for_project(project.pk).count() == 2


@pytest.mark.parametrize(
    ("fault", "code"), [("swapped", "content_changed"), ("cut", "broken_answer"), ("gone", "no_such_bucket")]
)
def test_no_other_content_is_measured_in_its_place(
    project: Project, connected: Connect, fault: str, code: str
) -> None:
    served, client = Served(ROWS), reader_of(project)
    with answering(served) as (endpoint, _):
        connected(endpoint)
        client.get(f"/{project}/buckets/theirs/columns?key=fruit.csv")
        if fault == "swapped":
            served.becomes(ROWS * 2, "second")
        elif fault == "cut":
            served.body = ROWS[:-100]
        else:
            disconnect_bucket(project_id=project.pk, name="theirs")
        job = run_newest(project)
    assert (job.state, job.error_code) == ("failed", code)
    assert DataProfile.objects.for_project(project.pk).get().summary is None
    assert MeasuredFile.objects.for_project(project.pk).count() == (0 if fault == "gone" else 1)


def test_a_changing_server_does_not_fill_the_queue(project: Project, connected: Connect) -> None:
    served, client = Served(ROWS), reader_of(project)
    with answering(served) as (endpoint, _):
        connected(endpoint)
        for number in range(25):
            served.etag = f"tag-{number}"
            answer = client.get(f"/{project}/buckets/theirs/columns?key=fruit.csv")
    assert answer.status_code == 429
    assert Job.objects.filter(kind="profile_outside").count() <= 20


def test_who_may_only_look_starts_small_ones_only(project: Project, connected: Connect) -> None:
    project.visibility = "public"
    project.save()
    served = Served(ROWS)
    served.size = 65 << 20
    with answering(served) as (endpoint, _):
        connected(endpoint)
        page = Client().get(f"/{project}/buckets/theirs/columns?key=fruit.csv").content.decode()
        assert "Nobody had the columns of this version measured yet" in page
        assert not Job.objects.filter(kind="profile_outside").exists()
        assert Client().get(f"/{project}/buckets/theirs/columns?key=fruit.exe").status_code == 404
        assert reader_of(project).get(f"/{project}/buckets/theirs/columns?key=fruit.csv").status_code == 200
        assert Job.objects.filter(kind="profile_outside").count() == 1


def ask_for_report(client: Client, project: Project, **form: str) -> Any:
    return client.post(f"/{project}/buckets/theirs/compare?key=fruit.csv", form)


def run_report(project: Project) -> DriftReport:
    job = Job.objects.filter(project_id=project.pk, kind="compare_data").latest("created_at")
    base.run(str(job.pk), "test")
    job.refresh_from_db()
    assert job.state == "succeeded", job.error_message
    return DriftReport.objects.for_project(project.pk).get(job=job)


def test_drift_against_what_the_file_was(project: Project, connected: Connect) -> None:
    """The former content is gone from its server; its profile is kept, which is all that a report needs."""
    served, client = Served(ROWS), reader_of(project)
    with answering(served) as (endpoint, _):
        connected(endpoint)
        client.get(f"/{project}/buckets/theirs/columns?key=fruit.csv")
        run_newest(project)
        former = MeasuredFile.objects.for_project(project.pk).get().pin
        served.becomes(ROWS.replace(b"pear", b"plum"), "second")
        assert former in client.get(f"/{project}/buckets/theirs/compare?key=fruit.csv").content.decode()
        answer = ask_for_report(client, project, pin=former)
        assert (answer.status_code, answer["Location"]) == (302, f"/{project}/drift/1")
        report = run_report(project)
        assert (report.verdict, report.reference_pin, report.current_path) == ("drift", former, "fruit.csv")
        page = client.get(f"/{project}/drift/1").content.decode()
        assert (
            "connected bucket" in page
            and former[3:11] in page
            and "/commit/" not in page.partition("Versions</h2>")[2]
        )
        assert "Report 1" in client.get(f"/{project}/drift").content.decode()
        assert "Report 1" in client.get(f"/{project}/buckets/theirs/file?key=fruit.csv").content.decode()
        assert ask_for_report(client, project, pin=former)["Location"] == f"/{project}/drift/1"
        assert (
            selectors.list_reports(project.pk, path="fruit.csv").items == []
        )  # a file of the repository is another one


def test_drift_against_tracked_data(project: Project, connected: Connect, tmp_path: Path) -> None:
    rows = b"fruit,weight\n" + b"".join(b"apple,%d\npear,%d\n" % (n, n) for n in range(1000))
    Repository(project, tmp_path / "work").commit({"data/fruit.csv": rows.decode()})
    served, client = Served(rows), reader_of(project)
    with answering(served) as (endpoint, _):
        connected(endpoint)
        assert ask_for_report(client, project, path="data/fruit.csv", revision="main").status_code == 302
        assert run_report(project).verdict == "stable"
        page = client.get(f"/{project}/drift/1").content.decode()
        assert "data/fruit.csv" in page and "connected bucket" in page


def test_sides_that_can_not_be_compared(project: Project, connected: Connect, tmp_path: Path) -> None:
    Repository(project, tmp_path / "work").commit({"data/fruit.csv": ROWS.decode()})
    served, client = Served(ROWS), reader_of(project)
    other = make_project()
    with answering(served) as (endpoint, _):
        connected(endpoint)
        client.get(f"/{project}/buckets/theirs/columns?key=fruit.csv")
        present = MeasuredFile.objects.for_project(project.pk).get()
        assert ask_for_report(client, project).status_code == 400
        assert ask_for_report(client, project, pin=present.pin).status_code == 400  # itself
        assert ask_for_report(client, project, pin="s3-" + "0" * 64).status_code == 400
        assert ask_for_report(client, project, path="data/fruit.csv", revision="nowhere").status_code == 400
        assert ask_for_report(client, project, path="x", revision="main", pin=present.pin).status_code == 400
        with pytest.raises(NotFound):
            outside_side(other.pk, present.pin)
    assert not Job.objects.filter(kind="compare_data").exists()
