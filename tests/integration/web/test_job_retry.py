"""A failed job's button: the job runs again, and its user stays where the button was."""

import pytest
from django.test import Client

from ropewalk.core import jobs
from ropewalk.core.models import Job, JobState
from ropewalk.projects.models import Project
from tests.factories.builders import make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project()


@pytest.fixture
def failed(project: Project) -> Job:
    kind = jobs.JobKind("test.kind", 1)
    job = jobs.enqueue(kind, subject="s", fingerprint="f", payload={}, project_id=project.pk)
    Job.objects.filter(pk=job.pk).update(state=JobState.FAILED, error_message="Damaged.")
    return job


@pytest.fixture
def owner(client: Client, project: Project) -> Client:
    client.force_login(project.owner.user)
    return client


def test_back_to_the_page_of_the_button(owner: Client, project: Project, failed: Job) -> None:
    here = f"/{project.owner.slug}/{project.slug}"
    back = f"{here}/diff/a/b/c%20d.csv?view=split"
    answer = owner.post(f"{here}/jobs/{failed.pk}/retry", {"back": back})
    assert (answer.status_code, answer["Location"]) == (302, back)
    failed.refresh_from_db()
    assert failed.state == JobState.QUEUED and not failed.error_message


@pytest.mark.parametrize(
    "back",
    [
        "",
        "//evil.example/o/p/",
        "https://evil.example/",
        "javascript:alert(1)",
        "/settings/tokens",
        "{here}x/src",
        "\\evil",
        "{here}/" + "x" * 4000,
    ],
)
def test_never_to_another_place(owner: Client, project: Project, failed: Job, back: str) -> None:
    here = f"/{project.owner.slug}/{project.slug}"
    answer = owner.post(f"{here}/jobs/{failed.pk}/retry", {"back": back.replace("{here}", here)})
    assert (answer.status_code, answer["Location"]) == (302, f"{here}/jobs")


def test_a_line_break_in_the_address_makes_no_header(owner: Client, project: Project, failed: Job) -> None:
    here = f"/{project.owner.slug}/{project.slug}"
    answer = owner.post(f"{here}/jobs/{failed.pk}/retry", {"back": f"{here}/src\r\nX-Evil: 1"})
    assert answer.status_code == 302 and "X-Evil" not in answer.headers


def test_a_script_gets_the_state_and_no_message_waits_for_the_next_page(
    owner: Client, project: Project, failed: Job
) -> None:
    here = f"/{project.owner.slug}/{project.slug}"
    answer = owner.post(f"{here}/jobs/{failed.pk}/retry", headers={"Accept": "application/json"})
    assert answer.json() == {"state": "queued", "percent": 0, "message": "", "error": ""}
    assert "The job runs again." not in owner.get(f"{here}/jobs").content.decode()
